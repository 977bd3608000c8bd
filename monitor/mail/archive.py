"""Looking back at digests and their mails, sending one again, and what about the mail needs a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from monitor.mail import message
from monitor.mail.delivery import NO_RECIPIENT, SMALLER_FROM
from monitor.mail.profile import Profile
from monitor.mail.push import PREFIX, is_push
from monitor.mail.service import preview
from monitor.mail.settings import MailSettings
from monitor.mail.smtp import Mailer
from monitor.slots import Slot
from monitor.store import digests as kept
from monitor.store.digests import OutboxRow, Store

OVERDUE = timedelta(minutes=30)
"""A slot that is owed for longer than this, with a working server, is a fault."""


class NoSuchDigest(Exception):
    """There is no digest of that number or day. The message is for people."""


@dataclass(frozen=True, slots=True)
class KeptDigest:
    """A digest as it went out."""

    summary: dict[str, Any]  # the row of v_digests, and `states`: mails by state
    text: str  # of all its parts
    html: tuple[str, ...]
    mails: tuple[OutboxRow, ...]


def list_digests(store: Store, profile: str | None = None, *, limit: int = 30) -> list[dict[str, Any]]:
    """The latest digests and alerts, newest first, each with its mails by state."""
    with store.reading() as connection:
        return kept.summaries(connection, profile=profile, limit=limit)


def show_digest(store: Store, digest_id: int) -> KeptDigest:
    """One digest with its text, pages and mails. Raises NoSuchDigest."""
    with store.reading() as connection:
        found = kept.summaries(connection, digest_id=digest_id, limit=1)
        if not found:
            raise NoSuchDigest(f"there is no digest {digest_id}; `vigie digests list` names them")
        # Higher numbers repeat the text of these for a server that took no more at once
        parts = [part for part in kept.parts(connection, digest_id) if part.part <= SMALLER_FROM]
        return KeptDigest(
            found[0],
            "\n".join(part.text for part in parts),
            tuple(part.html for part in parts),
            tuple(kept.mails_of(connection, digest_id)),
        )


def resend(
    store: Store, profile: str, day: date, now: datetime, *, only: str | None = None, readers: Iterable[str] | None = None
) -> list[OutboxRow]:
    """Owe the mails of a day's digest again, in the same bytes, to all its recipients or to one of them.

    Also those refused, in doubt, or held. `readers` are today's recipients, if given: nobody else is written to.
    Raises NoSuchDigest. Returns the mails that are owed.
    """
    still = None if readers is None else {message.recipient_key(reader) for reader in readers} | {""}
    with store.writing("mails owed again") as connection:
        digest_id = kept.digest_of(connection, profile, day)
        if digest_id is None:
            raise NoSuchDigest(f"profile {profile} has no digest of {day}")
        wanted = None if only is None else message.recipient_key(only)
        mails = [(row, message.recipient_key(row.recipient) if row.recipient else "") for row in kept.mails_of(connection, digest_id)]
        rows = [row for row, key in mails if wanted in (None, key)]
        if not rows:
            raise NoSuchDigest(f"the digest of {day} has no mail for {only}")
        rows = [row for row, key in mails if row in rows and (still is None or key in still)]
        if not rows:
            raise NoSuchDigest(f"nobody the digest of {day} was for is a recipient of {profile} any more")
        shortened = {(row.recipient, row.part // SMALLER_FROM) for row in rows if row.part > SMALLER_FROM}
        rows = [row for row in rows if (row.recipient, row.part) not in shortened]
        for row in rows:
            if row.state != "sending":
                kept.owe_again(connection, row, now)
    return rows


async def send_copy(
    store: Store, profile: Profile, period: Slot | tuple[datetime, datetime], to: str, now: datetime, *, settings: MailSettings
) -> str:
    """Send what a period's digest would be now to one address, as a trial: nothing is stored. Returns the server's answer.

    Raises message.BadAddress or smtp.DeliveryError.
    """
    recipient = message.address(to)
    mail = preview(store, replace(profile, recipients=(recipient,)), period, now, settings=settings)[3]

    async def nothing_is_stored() -> None:
        return None

    async with Mailer(settings) as mailer:
        return await mailer.send(recipient, mail, nothing_is_stored)


def mail_troubles(store: Store, now: datetime, profiles: Iterable[str] | None = None) -> list[str]:
    """What a person should look at, one line each: mails in doubt, refused or long overdue, suspended readers, digests not built.

    `profiles` are the names of those that there are: what is owed to another will never be built and is nobody's trouble.
    """
    known = None if profiles is None else set(profiles)
    with store.reading() as connection:
        slots = [slot for slot in kept.owed_slots(connection) if now - slot.due_at > OVERDUE and (known is None or slot.profile in known)]
        mails = kept.mails_in_state(connection, "unknown", "pending", "failed")
        silent = kept.suspended(connection, now)
    lines = [f"digest of {slot.profile} for {slot.local_date} is owed since {slot.due_at:%Y-%m-%d %H:%M} UTC" for slot in slots]
    lines += [line for row in mails if (line := _trouble(row, now)) is not None]
    lines += [f"{who} gets no mail any more after {kept.SUSPEND_AFTER} refusals: {reply}" for who, reply in silent.items()]
    return lines


def _trouble(row: OutboxRow, now: datetime) -> str | None:
    what = "alert to" if is_push(row.recipient) else "mail to"
    mail, age = f"{what} {row.recipient.removeprefix(PREFIX) or 'a file'} ({row.profile}, {row.built_at:%Y-%m-%d})", now - row.built_at
    if row.state == "unknown":
        return f"{mail} may have arrived: {row.last_reply}"
    if row.state == "pending" and age > OVERDUE:
        return f"{mail} waits: {row.last_reply or 'not tried yet'}"
    if row.state == "failed" and age < timedelta(days=7) and row.last_reply != NO_RECIPIENT:
        return f"{mail} failed: {row.last_reply}"
    return None
