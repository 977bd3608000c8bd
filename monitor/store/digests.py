"""Slots, digests and the outbox in the store. Every function works on the connection it is given and commits nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, RowMapping, and_, case, delete, func, insert, or_, select, update

from monitor.slots import Slot
from monitor.store.mail_tables import (
    alerts,
    digest_items,
    digest_parts,
    digests,
    outbox,
    profile_marks,
    published_meetings,
    recipient_marks,
    slots,
)
from pipelines.digest import Facts, Item, Told, facts_as_json, facts_from_json, facts_of

SUSPEND_AFTER = 3
"""Digests in a row that a recipient's server refuses for good before we stop writing to them."""

TRY_AGAIN_AFTER = timedelta(days=30)
"""A suspended recipient gets one mail again after this."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One mail for one recipient."""

    id: int
    digest_id: int
    kind: str
    profile: str
    part: int
    recipient: str
    message_id: str
    state: str
    attempts: int
    first_try_at: datetime | None
    built_at: datetime
    last_reply: str | None = None
    next_try_at: datetime | None = None
    sent_at: datetime | None = None
    maybe_twice: bool = False
    phase: str | None = None


class Store(Protocol):
    """What is asked of the store here: a connection for reading, and one that is alone in writing."""

    def reading(self) -> AbstractContextManager[Connection]: ...

    def writing(self, step: str = ...) -> AbstractContextManager[Connection]: ...


@dataclass(frozen=True, slots=True)
class SharedPart:
    """One part of a digest: what all its recipients get."""

    part: int
    subject: str
    text: str
    html: str
    body: bytes


# Slots


def first_seen_or_none(connection: Connection, profile: str) -> datetime | None:
    """When this profile was first met, if it was."""
    found: datetime | None = connection.scalar(select(profile_marks.c.first_seen_at).where(profile_marks.c.profile == profile))
    return found


def first_seen(connection: Connection, profile: str, now: datetime) -> datetime:
    """When this profile was first met; now, if it was not yet."""
    found = first_seen_or_none(connection, profile)
    if found is None:
        connection.execute(insert(profile_marks).values(profile=profile, first_seen_at=now))
        return now
    return found


def covered_until(connection: Connection, profile: str, now: datetime) -> datetime | None:
    """The end of the profile's last period; a slot that lies ahead of the clock (which was set back) does not count."""
    found: datetime | None = connection.scalar(select(func.max(slots.c.period_to)).where(slots.c.profile == profile, slots.c.due_at <= now))
    return found


def add_slot(connection: Connection, slot: Slot, now: datetime) -> bool:
    """Keep a slot that is due. False if its profile has one for that local date already."""
    if slot_of(connection, slot.profile, slot.local_date) is not None:
        return False
    connection.execute(
        insert(slots).values(
            profile=slot.profile,
            local_date=slot.local_date,
            zone=slot.zone,
            due_at=slot.due_at,
            period_from=slot.period_from,
            period_to=slot.period_to,
            covers=slot.covers,
            state="owed",
            owed_at=now,
        )
    )
    return True


def slot_of(connection: Connection, profile: str, day: date) -> Slot | None:
    """The profile's slot of that local date, whatever its state."""
    row = connection.execute(select(slots).where(slots.c.profile == profile, slots.c.local_date == day)).mappings().first()
    return _slot(row) if row else None


def owed_slots(connection: Connection, profile: str | None = None) -> list[Slot]:
    """Slots whose digest is not built yet, oldest first."""
    query = select(slots).where(slots.c.state == "owed").order_by(slots.c.due_at, slots.c.id)
    if profile is not None:
        query = query.where(slots.c.profile == profile)
    return [_slot(row) for row in connection.execute(query).mappings()]


def slot_state(connection: Connection, slot_id: int) -> str | None:
    """owed, built or skipped."""
    return connection.scalar(select(slots.c.state).where(slots.c.id == slot_id))


def close_slot(connection: Connection, slot_id: int, state: str, now: datetime, note: str | None = None) -> None:
    """A slot has its digest, or needs none."""
    connection.execute(update(slots).where(slots.c.id == slot_id).values(state=state, done_at=now, note=note))


def _slot(row: RowMapping) -> Slot:
    return Slot(
        row["profile"],
        row["local_date"],
        row["due_at"],
        row["period_from"],
        row["period_to"],
        row["covers"],
        row["zone"],
        row["id"],
    )


# What was mailed


def told_before(connection: Connection, profile: str, since: datetime) -> dict[int, Told]:
    """The last digest item of each meeting that this profile was mailed since then."""
    query = (
        select(digest_items, digests.c.local_date)
        .join(digests, digests.c.id == digest_items.c.digest_id)
        .where(digests.c.profile == profile, digests.c.kind == "digest", digests.c.built_at >= since)
        .order_by(digests.c.id)
    )
    told: dict[int, Told] = {}
    for row in connection.execute(query).mappings():
        told[row["meeting_id"]] = Told(row["meeting_id"], row["section"], row["position"], row["local_date"], facts_from_json(row["facts"]))
    return told


def carriers(connection: Connection, profile: str, meeting_ids: Sequence[int]) -> dict[str, dict[int, str]]:
    """For each recipient, the Message-ID of the mail that first carried each of these meetings."""
    if not meeting_ids:
        return {}
    query = (
        select(outbox.c.recipient, digest_items.c.meeting_id, outbox.c.message_id)
        .join(digests, digests.c.id == digest_items.c.digest_id)
        .join(outbox, and_(outbox.c.digest_id == digests.c.id, outbox.c.part == digest_items.c.part))
        .where(digests.c.profile == profile, digest_items.c.meeting_id.in_(meeting_ids))
        .order_by(digests.c.id)
    )
    found: dict[str, dict[int, str]] = {}
    for recipient, meeting_id, message_id in connection.execute(query):
        found.setdefault(recipient, {}).setdefault(meeting_id, message_id)
    return found


def add_digest(connection: Connection, values: Mapping[str, Any]) -> int:
    """Keep a digest's own row and return its number."""
    result = connection.execute(insert(digests).values(**values))
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def add_parts(connection: Connection, digest_id: int, parts: Iterable[SharedPart]) -> None:
    """Keep what the recipients of a digest share."""
    connection.execute(insert(digest_parts), [{"digest_id": digest_id, **asdict(part)} for part in parts])


def add_part_once(connection: Connection, digest_id: int, part: SharedPart) -> None:
    """Keep one more part, unless it is there."""
    known = select(digest_parts.c.part).where(digest_parts.c.digest_id == digest_id, digest_parts.c.part == part.part)
    if connection.execute(known).first() is None:
        add_parts(connection, digest_id, [part])


def add_items(connection: Connection, digest_id: int, items: Iterable[Item], part_of: Mapping[int, int]) -> None:
    """Keep what a digest said; `part_of` maps printed positions to parts."""
    rows = []
    for item in items:
        facts = facts_of(item.meeting)
        rows.append(
            {
                "digest_id": digest_id,
                "meeting_id": item.meeting.id,
                "section": item.section,
                "position": item.position,
                "part": part_of.get(item.position, 1),
                "score": item.meeting.score,
                "fingerprint": facts.fingerprint,
                "facts": facts_as_json(facts),
            }
        )
    if rows:
        connection.execute(insert(digest_items), rows)


def add_outbox(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Owe these mails."""
    if rows:
        connection.execute(insert(outbox), list(rows))


# The outbox


def _rows(connection: Connection, *conditions: Any) -> list[OutboxRow]:
    query = (
        select(outbox, digests.c.kind, digests.c.profile, digests.c.built_at)
        .join(digests, digests.c.id == outbox.c.digest_id)
        .where(*conditions)
        .order_by(digests.c.built_at, outbox.c.digest_id, outbox.c.part, outbox.c.id)
    )
    names = OutboxRow.__slots__
    return [OutboxRow(**{name: row[name] for name in names}) for row in connection.execute(query).mappings()]


def due_mails(connection: Connection, now: datetime, *, resend_unknown: bool) -> list[OutboxRow]:
    """Mails to be tried now, oldest digest first. An unknown one is tried once more at most, and only if asked for."""
    states = [outbox.c.state == "pending"]
    if resend_unknown:
        states.append(and_(outbox.c.state == "unknown", outbox.c.maybe_twice.is_(False)))
    return _rows(connection, or_(*states), outbox.c.next_try_at <= now)


def mails_of(connection: Connection, digest_id: int) -> list[OutboxRow]:
    """All mails of one digest."""
    return _rows(connection, outbox.c.digest_id == digest_id)


def mails_in_state(connection: Connection, *states: str) -> list[OutboxRow]:
    """All mails in one of these states."""
    return _rows(connection, outbox.c.state.in_(states))


def claim(connection: Connection, row: OutboxRow, owner: str, now: datetime, until: datetime) -> bool:
    """Take a mail for sending. False if somebody else took it or its state has changed."""
    result = connection.execute(
        update(outbox)
        .where(outbox.c.id == row.id, outbox.c.state == row.state, outbox.c.attempts == row.attempts)
        .values(
            state="sending",
            phase="connect",
            attempts=row.attempts + 1,
            first_try_at=func.coalesce(outbox.c.first_try_at, now),
            lease_owner=owner,
            lease_until=until,
            # What was unknown may be there already: if it goes out again, that stays on record
            maybe_twice=row.maybe_twice or row.state == "unknown",
        )
    )
    return result.rowcount == 1


def mark(connection: Connection, row_id: int, **values: Any) -> None:
    """Change one mail's row."""
    connection.execute(update(outbox).where(outbox.c.id == row_id).values(**values))


def release(connection: Connection, row_id: int, state: str, **values: Any) -> None:
    """End a try: the mail is in this state and nobody holds it."""
    mark(connection, row_id, state=state, lease_owner=None, lease_until=None, **values)


def postpone(connection: Connection, waits: Mapping[int, datetime], reply: str) -> None:
    """The server could not be asked: none of these is tried before its time. That counts as a try."""
    for row_id, until in waits.items():
        connection.execute(
            update(outbox)
            .where(outbox.c.id == row_id, outbox.c.state.in_(("pending", "unknown")))
            .values(next_try_at=until, last_reply=reply, attempts=outbox.c.attempts + 1)
        )


def recover(connection: Connection, now: datetime, gone: Iterable[str] = ()) -> list[OutboxRow]:
    """Free the mails of senders that died: lease over, or owner among `gone`.

    Before the final dot nothing can have been taken: pending again. After it: unknown. Returns those that became unknown.
    """
    dead = [outbox.c.lease_until <= now]
    gone = list(gone)
    if gone:
        dead.append(outbox.c.lease_owner.in_(gone))
    held = and_(outbox.c.state == "sending", or_(*dead))
    doubtful = _rows(connection, held, outbox.c.phase == "dot")
    free = {"lease_owner": None, "lease_until": None, "next_try_at": now}
    connection.execute(update(outbox).where(held, outbox.c.phase == "dot").values(state="unknown", **free))
    connection.execute(update(outbox).where(held, outbox.c.phase != "dot").values(state="pending", **free))
    return doubtful


def has_expired(connection: Connection, now: datetime, gone: Sequence[str] = ()) -> bool:
    """Whether `recover` would find anything."""
    dead = [outbox.c.lease_until <= now]
    if gone:
        dead.append(outbox.c.lease_owner.in_(gone))
    query = select(outbox.c.id).where(outbox.c.state == "sending", or_(*dead)).limit(1)
    return connection.execute(query).first() is not None


def owners(connection: Connection) -> set[str]:
    """Who holds a mail now."""
    query = select(outbox.c.lease_owner).where(outbox.c.state == "sending", outbox.c.lease_owner.is_not(None)).distinct()
    return set(connection.scalars(query))


def mail_bytes(connection: Connection, row: OutboxRow) -> bytes:
    """The whole mail, the same at every call."""
    query = (
        select(outbox.c.head, digest_parts.c.body)
        .join(
            digest_parts,
            and_(digest_parts.c.digest_id == outbox.c.digest_id, digest_parts.c.part == outbox.c.part),
        )
        .where(outbox.c.id == row.id)
    )
    head, body = connection.execute(query).one()
    return bytes(head) + bytes(body)


def day_and_parts(connection: Connection, digest_id: int) -> tuple[date, int]:
    """The local date of a digest and its number of parts."""
    day, parts = connection.execute(select(digests.c.local_date, digests.c.parts).where(digests.c.id == digest_id)).one()
    return day, parts


def part_html(connection: Connection, digest_id: int, part: int) -> str:
    """The HTML of one part."""
    return str(connection.scalar(select(digest_parts.c.html).where(digest_parts.c.digest_id == digest_id, digest_parts.c.part == part)))


# Recipients


def note_refusal(connection: Connection, recipient: str, digest_id: int, reply: str, now: datetime) -> bool:
    """A recipient was refused for good. True if they are suspended from now on. A digest in parts counts once."""
    already = connection.scalar(
        select(func.count())
        .select_from(outbox)
        .where(outbox.c.digest_id == digest_id, outbox.c.recipient == recipient, outbox.c.state == "failed")
    )
    row = connection.execute(select(recipient_marks).where(recipient_marks.c.recipient == recipient)).mappings().one_or_none()
    refusals = (row["refusals"] if row else 0) + (0 if already and already > 1 else 1)
    suspended = now if refusals >= SUSPEND_AFTER else None
    values = {"refusals": refusals, "last_reply": reply, "last_refused_at": now, "suspended_at": suspended}
    if row:
        connection.execute(update(recipient_marks).where(recipient_marks.c.recipient == recipient).values(**values))
    else:
        connection.execute(insert(recipient_marks).values(recipient=recipient, **values))
    return suspended is not None and not (row and row["suspended_at"])


def note_bounce(connection: Connection, envelope_id: str, reply: str, now: datetime) -> tuple[str, int, bool] | None:
    """A mail that was taken came back: (recipient, digests in a row that did, whether they are suspended from now on).

    `envelope_id` is its Message-ID up to the @. None if we sent no such mail. A bounce read twice counts once. What counts are
    the digests up to the one that came back: later ones may be on their way back still.
    """
    named = outbox.c.message_id.startswith(f"<{envelope_id}@", autoescape=True)
    row = connection.execute(select(outbox).where(named)).mappings().first()
    if row is None:
        return None
    mark(connection, row["id"], state="failed", last_reply=f"came back: {reply}")
    failed = func.min(case((outbox.c.state == "failed", 1), else_=0))
    query = (
        select(outbox.c.digest_id, failed)
        .where(outbox.c.recipient == row["recipient"], outbox.c.digest_id <= row["digest_id"], outbox.c.part == row["part"])
        .group_by(outbox.c.digest_id)
        .order_by(outbox.c.digest_id.desc())
        .limit(SUSPEND_AFTER)
    )
    in_a_row = 0
    for _, is_failed in connection.execute(query):
        if not is_failed:
            break
        in_a_row += 1
    who = row["recipient"].casefold()
    before = connection.execute(select(recipient_marks).where(recipient_marks.c.recipient == who)).mappings().first()
    suspended_at = before["suspended_at"] if before else None
    new = in_a_row >= SUSPEND_AFTER and suspended_at is None
    values = {
        "refusals": max(in_a_row, before["refusals"] if before else 0),
        "last_reply": reply,
        "last_refused_at": now,
        "suspended_at": now if new else suspended_at,
    }
    if before:
        connection.execute(update(recipient_marks).where(recipient_marks.c.recipient == who).values(**values))
    else:
        connection.execute(insert(recipient_marks).values(recipient=who, **values))
    return row["recipient"], in_a_row, new


def note_delivery(connection: Connection, recipient: str) -> None:
    """A mail was taken: earlier refusals are forgotten."""
    connection.execute(delete(recipient_marks).where(recipient_marks.c.recipient == recipient))


def suspended(connection: Connection, now: datetime) -> dict[str, str]:
    """Recipients we do not write to at present, with the server's words."""
    query = select(recipient_marks.c.recipient, recipient_marks.c.last_reply).where(
        recipient_marks.c.suspended_at.is_not(None), recipient_marks.c.suspended_at > now - TRY_AGAIN_AFTER
    )
    return {recipient: reply or "" for recipient, reply in connection.execute(query)}


# Alerts


def alerted(connection: Connection, profile: str) -> dict[int, datetime]:
    """Meetings that an alert of this profile carried, and when it was built."""
    query = select(alerts.c.meeting_id, alerts.c.done_at).where(alerts.c.profile == profile, alerts.c.state == "built")
    return {meeting_id: done_at for meeting_id, done_at in connection.execute(query) if done_at is not None}


def alerts_sent(connection: Connection, profile: str, since: datetime) -> list[datetime]:
    """When this profile's alerts since then were built."""
    query = select(digests.c.built_at).where(digests.c.profile == profile, digests.c.kind == "alert", digests.c.built_at > since)
    return list(connection.scalars(query.order_by(digests.c.built_at)))


def add_alerts(connection: Connection, profile: str, meeting_ids: Iterable[int], digest_id: int, now: datetime) -> None:
    """These meetings are announced by this alert."""
    rows = [
        {"profile": profile, "meeting_id": number, "owed_at": now, "state": "built", "digest_id": digest_id, "done_at": now}
        for number in meeting_ids
    ]
    connection.execute(insert(alerts), rows)


# The published files


def told_ids(connection: Connection, profile: str, since: datetime) -> set[int]:
    """Meetings that this profile's digests and alerts carried since then, the merely possible ones apart."""
    query = (
        select(digest_items.c.meeting_id)
        .join(digests, digests.c.id == digest_items.c.digest_id)
        .where(digests.c.profile == profile, digests.c.built_at >= since, digest_items.c.section != "possible")
        .distinct()
    )
    return set(connection.scalars(query))


def published(connection: Connection, profile: str) -> dict[int, tuple[str, int, datetime, datetime]]:
    """Meeting -> fingerprint, sequence, first and last change, as the files have them."""
    query = select(published_meetings).where(published_meetings.c.profile == profile)
    return {
        row["meeting_id"]: (row["fingerprint"], row["sequence"], row["first_at"], row["changed_at"])
        for row in connection.execute(query).mappings()
    }


def publish_meeting(connection: Connection, profile: str, meeting_id: int, fingerprint: str, facts: Facts, now: datetime) -> None:
    """Write down what the files say of a meeting from now on; its sequence grows if they said otherwise."""
    key = (published_meetings.c.profile == profile) & (published_meetings.c.meeting_id == meeting_id)
    row = connection.execute(select(published_meetings.c.fingerprint, published_meetings.c.sequence).where(key)).first()
    values = {"fingerprint": fingerprint, "changed_at": now, "facts": facts_as_json(facts)}
    if row is None:
        connection.execute(
            insert(published_meetings).values(profile=profile, meeting_id=meeting_id, sequence=0, first_at=now, withdrawn=False, **values)
        )
    elif row[0] != fingerprint:
        connection.execute(update(published_meetings).where(key).values(sequence=row[1] + 1, **values))


# Looking back


def summaries(connection: Connection, *, profile: str | None = None, digest_id: int | None = None, limit: int) -> list[dict[str, Any]]:
    """Digests and alerts, newest first, each with `states`: its mails by state."""
    query = select(digests).order_by(digests.c.id.desc()).limit(limit)
    if profile is not None:
        query = query.where(digests.c.profile == profile)
    if digest_id is not None:
        query = query.where(digests.c.id == digest_id)
    found = [dict(row) for row in connection.execute(query).mappings()]
    states: dict[int, dict[str, int]] = {row["id"]: {} for row in found}
    counted = (
        select(outbox.c.digest_id, outbox.c.state, func.count())
        .where(outbox.c.digest_id.in_(states))
        .group_by(outbox.c.digest_id, outbox.c.state)
    )
    for number, state, mails in connection.execute(counted):
        states[number][state] = mails
    return [row | {"states": states[row["id"]]} for row in found]


def parts(connection: Connection, digest_id: int) -> list[SharedPart]:
    """The parts of a digest, in order."""
    query = select(digest_parts).where(digest_parts.c.digest_id == digest_id).order_by(digest_parts.c.part)
    return [
        SharedPart(row["part"], row["subject"], row["text"], row["html"], bytes(row["body"]))
        for row in connection.execute(query).mappings()
    ]


def digest_of(connection: Connection, profile: str, day: date) -> int | None:
    """The number of a profile's digest for a local date."""
    query = select(digests.c.id).where(digests.c.profile == profile, digests.c.local_date == day, digests.c.kind == "digest")
    found: int | None = connection.scalar(query)
    return found


def owe_again(connection: Connection, row: OutboxRow, now: datetime) -> None:
    """Owe a mail once more. One that was taken, or may have been, is marked as going out twice."""
    release(
        connection,
        row.id,
        "pending",
        next_try_at=now,
        attempts=0,
        maybe_twice=row.maybe_twice or row.state in ("sent", "unknown"),
    )
