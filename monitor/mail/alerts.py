"""A mail at once for a new meeting that a profile cannot wait for, without ever becoming a nuisance.

All that is new goes into one alert; there are few a day, none at night, none just before the digest, and the digest marks
what was announced. What is not alerted is in the digest anyway: nothing depends on an alert being sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from monitor.mail.build import keep_digest, write
from monitor.mail.profile import Profile
from monitor.mail.service import TOLD_FOR, DigestBuilt
from monitor.mail.settings import MailSettings
from monitor.slots import Slot, next_slot
from monitor.store import digests as kept
from monitor.store.digest_sources import lines_of, newsworthy
from monitor.store.digests import Store
from pipelines.digest import Digest, MeetingLine, Watch, choose

SETTLE = timedelta(minutes=3)
"""Time for a second outlet's report to join the first, so that the alert names more than one source."""

FRESH = timedelta(hours=24)
"""News older than this is left to the digest."""

BEFORE_DIGEST = timedelta(minutes=60)
"""So near to the digest, the digest is soon enough."""


def must_wait(now: datetime, profile: Profile, sent: Sequence[datetime], next_digest: datetime) -> str | None:
    """Why no alert may be sent now, in words; None if one may. `sent` are the profile's alerts of the last day."""
    if profile.quiet_hours and _is_within(now.astimezone(ZoneInfo(profile.timezone)).time(), *profile.quiet_hours):
        return "quiet hours"
    if next_digest - now < BEFORE_DIGEST:
        return "the digest comes soon"
    recent = [at for at in sent if now - at < FRESH]
    if len(recent) >= profile.alerts_a_day:
        return f"{len(recent)} alerts in a day"
    if recent and now - max(recent) < profile.alert_pause:
        return "an alert was sent a moment ago"
    return None


def _is_within(local: time, start: time, end: time) -> bool:
    """Whether a time of day lies in a span, which may go over midnight."""
    return start <= local < end if start <= end else local >= start or local < end


def announce(store: Store, profiles: Iterable[Profile], now: datetime, *, settings: MailSettings) -> list[DigestBuilt]:
    """Build and owe an alert for each profile that asks for one and has news. Running it twice alerts once."""
    built = []
    for profile in profiles:
        if profile.alert is None:
            continue
        with store.reading() as connection:
            lines = _news(connection, profile, now)
        if not lines:
            continue
        digest = _alert(profile, lines, now)
        written = write(digest, profile, settings, kind="alert")
        with store.writing("alert built") as connection:
            # Another process may have been faster
            if {line.id for line in lines} & set(kept.alerted(connection, profile.name)):
                continue
            digest_id, mails = keep_digest(connection, digest, profile, written, settings, kind="alert")
            kept.add_alerts(connection, profile.name, [line.id for line in lines], digest_id, now)
        slot = Slot(profile.name, digest.local_date, now, now, now, zone=profile.timezone)
        built.append(DigestBuilt(digest_id, slot, written.subject, new=len(lines), mails=mails, parts=len(written.parts)))
    return built


def _news(connection: Connection, profile: Profile, now: datetime) -> list[MeetingLine]:
    since = kept.first_seen_or_none(connection, profile.name)
    due = next_slot(profile.digest_at, profile.days, profile.timezone, now)
    if since is None or must_wait(now, profile, kept.alerts_sent(connection, profile.name, now - FRESH), due):
        return []
    told = kept.told_before(connection, profile.name, now - TOLD_FOR)
    known = set(kept.alerted(connection, profile.name)) | {number for number, item in told.items() if item.section != "possible"}
    fresh = newsworthy(connection, max(since, now - FRESH), now - SETTLE, profile.alert or 0.0)
    keep = profile.filter()
    lines = [line for line in lines_of(connection, sorted(fresh - known)) if not line.imported and keep.lets_through(line)]
    items, _ = choose(lines, {}, today=now.astimezone(ZoneInfo(profile.timezone)).date(), period_from=now - FRESH)
    return [item.meeting for item in items if item.section == "new"]


def _alert(profile: Profile, lines: Sequence[MeetingLine], now: datetime) -> Digest:
    today = now.astimezone(ZoneInfo(profile.timezone)).date()
    items, _ = choose(lines, {}, today=today, period_from=now - FRESH)
    return Digest(profile.name, today, now, now, now, items, Watch(feeds=1))
