"""From a chosen digest to the rows of the outbox: rendered once, addressed to each recipient, all of it in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from monitor.log import logger
from monitor.mail import message
from monitor.mail.names import Names
from monitor.mail.profile import Profile
from monitor.mail.push import key_of
from monitor.mail.render import HTML_LIMIT, TemplateError, render
from monitor.mail.settings import MailSettings
from monitor.mail.view import subject_of, view_of
from monitor.mail.words import frame
from monitor.store import digests as kept
from monitor.store.digests import SharedPart
from pipelines.detect.resources import load
from pipelines.digest import Digest

Kind = Literal["digest", "alert", "preview"]

REFERENCES = 5
"""Earlier mails that an update names; more would make the header longer than it is useful."""


@dataclass(frozen=True, slots=True)
class Written:
    """A digest in its final words."""

    subject: str  # of the whole, without a part's number
    parts: tuple[SharedPart, ...]
    part_of: Mapping[int, int]  # printed position -> part


def write(
    digest: Digest, profile: Profile, settings: MailSettings, *, kind: Kind = "digest", limit: int = HTML_LIMIT
) -> Written:
    """Render a digest into parts with HTML of at most `limit` bytes. Raises render.TemplateError."""
    words, alert = frame(profile.language), kind == "alert"
    contact = message.address(settings.contact or settings.sender)
    names = Names(load(settings.registers))
    view = view_of(digest, words, profile.timezone, contact=contact, alert=alert, names=names)
    try:
        rendered = render(view, templates=settings.templates, limit=limit)
    except TemplateError as broken:
        if settings.templates is None:
            raise
        # They were whole at the start; a morning does not wait for whoever is changing them
        logger().error("template-broken", problem=str(broken), then="the shipped one is used")
        rendered = render(view, limit=limit)
    parts = tuple(
        SharedPart(
            part.number,
            subject_of(digest, words, alert=alert, part=(part.number, part.of), names=names),
            part.text,
            part.html,
            message.body(part.text, part.html),
        )
        for part in rendered
    )
    return Written(view.subject, parts, {position: part.number for part in rendered for position in part.positions})


def keep_digest(
    connection: Connection,
    digest: Digest,
    profile: Profile,
    written: Written,
    settings: MailSettings,
    *,
    slot_id: int | None = None,
    kind: Kind = "digest",
) -> tuple[int, int]:
    """Write digest, items and one outbox row per recipient and part. Returns the digest's number and how many mails it owes."""
    digest_id = kept.add_digest(connection, _values(digest, profile, written, slot_id, kind))
    kept.add_parts(connection, digest_id, written.parts)
    # Asked before this digest's own items are written, which would name themselves
    earlier = kept.carriers(connection, profile.name, [item.meeting.id for item in digest.items if item.told])
    kept.add_items(connection, digest_id, digest.items, written.part_of)
    silent = kept.suspended(connection, digest.built_at)
    rows = []
    for recipient in recipients(profile):
        if recipient in silent:
            continue
        for part in written.parts:
            references = _references(earlier.get(recipient, {}), digest, written, part.part)
            head = head_of(digest, profile, settings, recipient, part, references=references, kind=kind)
            message.check(head + part.body)
            rows.append(_owed(digest_id, digest, profile, settings, recipient, part, head, kind))
    if kind == "alert":
        rows += [_owed(digest_id, digest, profile, settings, key_of(url), written.parts[0], b"", kind) for url in profile.alert_urls]
    kept.add_outbox(connection, rows)
    return digest_id, len(rows)


def recipients(profile: Profile) -> tuple[str, ...]:
    """Each reader once, whatever the case; one nameless recipient for a profile that is only written to files."""
    unique = {message.recipient_key(recipient): message.address(recipient) for recipient in profile.recipients}
    return tuple(unique.values()) or ("",)


def head_of(
    digest: Digest,
    profile: Profile,
    settings: MailSettings,
    recipient: str,
    part: SharedPart,
    *,
    references: Sequence[str] = (),
    kind: Kind = "digest",
) -> bytes:
    """The header lines of one recipient's mail. A mail replies to earlier ones only if it brings no news of its own."""
    return message.head(
        sender=settings.sender,
        recipient=recipient or settings.sender,
        subject=part.subject,
        built_at=digest.built_at,
        message_id=_message_id(digest, profile, settings, recipient, part.part, kind),
        profile=profile.name,
        references=references,
        in_reply_to=references[-1] if references and not digest.news else None,
        reply_to=settings.contact,
    )


def _message_id(digest: Digest, profile: Profile, settings: MailSettings, recipient: str, part: int, kind: Kind) -> str:
    domain = message.address(settings.sender).rpartition("@")[2]
    slot = message.slot_key(digest.local_date, kind, "-".join(str(item.meeting.id) for item in digest.items))
    return message.message_id(profile.name, slot, recipient or settings.sender, part, domain)


def _references(carried: Mapping[int, str], digest: Digest, written: Written, part: int) -> tuple[str, ...]:
    """The mails that first carried what this part updates, that of the lead update last."""
    wanted = [item.meeting.id for item in digest.items if item.told and written.part_of.get(item.position) == part]
    found = list(dict.fromkeys(carried[meeting] for meeting in wanted if meeting in carried))
    return tuple(reversed(found[:REFERENCES]))


def _owed(
    digest_id: int,
    digest: Digest,
    profile: Profile,
    settings: MailSettings,
    recipient: str,
    part: SharedPart,
    head: bytes,
    kind: Kind,
) -> dict[str, Any]:
    return {
        "digest_id": digest_id,
        "part": part.part,
        "recipient": recipient,
        "message_id": _message_id(digest, profile, settings, recipient, part.part, kind),
        "head": head,
        "state": "pending",
        "attempts": 0,
        "next_try_at": digest.built_at,
        "maybe_twice": False,
    }


def _values(digest: Digest, profile: Profile, written: Written, slot_id: int | None, kind: Kind) -> dict[str, Any]:
    return {
        "kind": kind,
        "profile": profile.name,
        "slot_id": slot_id,
        "local_date": digest.local_date,
        "period_from": digest.period_from,
        "period_to": digest.period_to,
        "built_at": digest.built_at,
        "late_seconds": int(digest.late.total_seconds()),
        "covers": digest.covers,
        "language": profile.language,
        "subject": written.subject,
        "new_meetings": len(digest.news),
        "updates": len(digest.of("updated")),
        "planned": len(digest.of("planned")),
        "possible": len(digest.of("possible")),
        "corrections": len(digest.of("correction")),
        "feeds_watched": digest.watch.feeds,
        "feeds_failing": len(digest.watch.failing),
        "parts": len(written.parts),
    }
