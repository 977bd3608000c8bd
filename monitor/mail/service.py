"""The digest from being owed to being delivered.

    owe            a slot per profile and local date, kept once whoever ticks
    build_digest   choose, render, and write digest, items and outbox in one transaction
    deliver        each mail to its recipient, its state written before the final dot and after the answer

Each step may be killed and run again: a slot that is owed is built, a mail that is pending is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from monitor.mail import message
from monitor.mail.build import head_of, keep_digest, write
from monitor.mail.delivery import DeliveryReport, deliver
from monitor.mail.profile import Profile
from monitor.mail.settings import MailSettings
from monitor.mail.smtp import DeliveryError, try_login
from monitor.mail.view import subject_of
from monitor.mail.words import frame
from monitor.slots import Slot, catch_up, due_slots
from monitor.store import digests as kept
from monitor.store.digest_sources import meeting_lines, meetings_per_country, meetings_per_month, watch_state
from monitor.store.digests import Store
from pipelines.digest import Digest, choose

TOLD_FOR = timedelta(days=400)
"""How long a mailed meeting is followed for changes."""

WHOLE = 10_000_000
"""A limit for previews, which are not cut into parts."""

@dataclass(frozen=True, slots=True)
class DigestBuilt:
    """What building a slot's digest came to. `digest_id` is None if there was nothing to send or somebody else built it."""

    digest_id: int | None
    slot: Slot
    subject: str
    new: int = 0
    updated: int = 0
    planned: int = 0
    possible: int = 0
    corrections: int = 0
    older: int = 0
    mails: int = 0
    parts: int = 0
    skipped: str | None = None  # why there is no digest


# Owing


def owe(store: Store, profiles: Iterable[Profile], now: datetime) -> list[Slot]:
    """Make due slots owed and return all that await their digest, oldest first. Nights missed are one catch-up slot."""
    profiles = list(profiles)
    with store.reading() as connection:
        due = [profile for profile in profiles if _due(connection, profile, now) is not None or _is_new(connection, profile)]
        owed = kept.owed_slots(connection)
    if due:
        with store.writing("slots owed") as connection:
            for profile in due:
                kept.first_seen(connection, profile.name, now)
                slot = _due(connection, profile, now)
                if slot is not None:
                    kept.add_slot(connection, slot, now)
            owed = kept.owed_slots(connection)
    names = {profile.name for profile in profiles}
    return [slot for slot in owed if slot.profile in names]


def slot_for(store: Store, profile: Profile, now: datetime) -> Slot:
    """The slot of a digest asked for by hand: today's, with everything since the last. An existing one stays as it is."""
    today = now.astimezone(ZoneInfo(profile.timezone)).date()
    with store.writing("slot by hand") as connection:
        since = kept.covered_until(connection, profile.name, now) or kept.first_seen(connection, profile.name, now)
        # A first digest by hand tells at least a day
        since = min(since, now - timedelta(days=1)) if since >= now - timedelta(days=1) else since
        kept.add_slot(connection, Slot(profile.name, today, now, since, now, zone=profile.timezone), now)
        found = kept.slot_of(connection, profile.name, today)
    assert found is not None
    return found


def _is_new(connection: Connection, profile: Profile) -> bool:
    return kept.first_seen_or_none(connection, profile.name) is None


def _due(connection: Connection, profile: Profile, now: datetime) -> Slot | None:
    since = kept.covered_until(connection, profile.name, now) or kept.first_seen_or_none(connection, profile.name)
    if since is None:
        return None
    slot = catch_up(due_slots(profile.name, profile.digest_at, profile.days, profile.timezone, since, now))
    return None if slot is None or kept.slot_of(connection, profile.name, slot.local_date) else slot


# Building


def compose(connection: Connection, profile: Profile, slot: Slot, now: datetime) -> Digest:
    """The digest of a slot as the store stands."""
    told = kept.told_before(connection, profile.name, now - TOLD_FOR)
    lines = meeting_lines(connection, told, slot.period_from, kept.alerted(connection, profile.name))
    keep = profile.filter()
    wanted = frozenset(line.id for line in lines if keep.lets_through(line))
    items, reminders = choose(
        lines,
        told,
        today=slot.local_date,
        period_from=slot.period_from,
        minimum_score=profile.minimum_score,
        wanted=wanted,
    )
    return Digest(
        profile=profile.name,
        local_date=slot.local_date,
        period_from=slot.period_from,
        period_to=slot.period_to,
        built_at=now,
        items=items,
        watch=watch_state(connection, slot.period_from, now),
        reminders=reminders,
        covers=slot.covers,
        late=max(now - slot.due_at, timedelta(0)),
        months=meetings_per_month(connection, slot.local_date),
        countries=meetings_per_country(connection, slot.local_date),
    )


def build_digest(store: Store, profile: Profile, slot: Slot, now: datetime, *, settings: MailSettings) -> DigestBuilt:
    """Build the digest of an owed slot and owe its mails, all in one transaction. Running it twice changes nothing."""
    with store.reading() as connection:
        digest = compose(connection, profile, slot, now)
    if digest.is_empty and profile.empty == "skip":
        with store.writing("slot skipped") as connection:
            if slot.id is not None and kept.slot_state(connection, slot.id) == "owed":
                kept.close_slot(connection, slot.id, "skipped", now, "nothing new")
        return DigestBuilt(None, slot, subject_of(digest, frame(profile.language)), skipped="nothing new")
    written = write(digest, profile, settings)
    with store.writing("digest built") as connection:
        if slot.id is None or kept.slot_state(connection, slot.id) != "owed":
            return DigestBuilt(None, slot, written.subject, skipped="built already")
        digest_id, mails = keep_digest(connection, digest, profile, written, settings, slot_id=slot.id)
        kept.close_slot(connection, slot.id, "built", now)
    return DigestBuilt(
        digest_id,
        slot,
        written.subject,
        new=len(digest.news),
        updated=len(digest.of("updated")),
        planned=len(digest.of("planned")),
        possible=len(digest.of("possible")),
        corrections=len(digest.of("correction")),
        older=len(digest.of("older")),
        mails=mails,
        parts=len(written.parts),
    )


def preview(
    store: Store,
    profile: Profile,
    period: Slot | tuple[datetime, datetime],
    now: datetime,
    *,
    settings: MailSettings | None = None,
) -> tuple[str, str, str, bytes]:
    """(subject, html, text, mail) of a period's digest as it would be now; nothing is stored and nothing sent."""
    settings = settings or MailSettings()
    if isinstance(period, Slot):
        slot = period
    else:
        local = period[1].astimezone(ZoneInfo(profile.timezone)).date()
        slot = Slot(profile.name, local, period[1], period[0], period[1], zone=profile.timezone)
    with store.reading() as connection:
        digest = replace(compose(connection, profile, slot, now), late=timedelta(0))
    written = write(digest, profile, settings, limit=WHOLE)
    (part,) = written.parts
    recipient = next(iter(profile.recipients), settings.sender)
    mail = head_of(digest, profile, settings, recipient, part, kind="preview") + part.body
    message.check(mail)
    return written.subject, part.html, part.text, mail


async def probe(settings: MailSettings) -> str | None:
    """Log into the mail server and leave without sending. None if that works, else what is wrong."""
    try:
        await try_login(settings)
    except DeliveryError as problem:
        return problem.reply
    return None


__all__ = [
    "DeliveryReport",
    "DigestBuilt",
    "MailSettings",
    "build_digest",
    "deliver",
    "owe",
    "preview",
    "probe",
    "slot_for",
]
