"""What comes back to the sender's address: bounces, automatic answers, wishes to leave. Nothing is ever answered."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Literal

from monitor.mail.message import clean, cut
from monitor.store import digests as kept
from monitor.store.digests import Store

Kind = Literal["bounced", "delayed", "automatic", "unsubscribe", "other"]

LARGEST = 256_000
"""Bytes of a mail that are looked at. What a bounce has to say stands first; the rest is a quote."""

_OURS = re.compile(r"vigie\.[a-z0-9.]{9,90}(?=[@\s>]|$)")
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_WISH = re.compile(r"\s*(?:re:\s*)?unsubscribe\s+([A-Za-z0-9][A-Za-z0-9_-]{0,63})\s*$", re.IGNORECASE)
_POSTMASTER = re.compile(r"^(mailer-daemon|postmaster)@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Returned:
    """One mail that came back: what it is, and which of ours it is about."""

    kind: Kind
    about: str | None = None  # the part of our Message-ID before the @
    reply: str = ""  # the far server's words; for a wish to leave, the profile
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """What was done about a mail that came back."""

    returned: Returned
    recipient: str | None = None
    in_a_row: int = 0
    suspended: bool = False

    @property
    def in_words(self) -> str:
        """One line for people."""
        returned = self.returned
        if returned.kind == "bounced" and self.recipient is None:
            return "a bounce of a mail that is not ours: ignored"
        if returned.kind == "bounced":
            then = "; nothing is sent there any more" if self.suspended else ""
            return f"{self.recipient}: came back ({self.in_a_row} in a row): {returned.reply}{then}"
        if returned.kind == "unsubscribe":
            return f"{returned.sender or 'somebody'} asks to leave profile {returned.reply!r}: take them off its recipients"
        words = {"delayed": "a delay, not a failure", "automatic": "an automatic answer"}
        return f"{words.get(returned.kind, 'not a bounce')}: ignored"


def read_returned(octets: bytes) -> Returned:
    """What a mail is, from its first LARGEST bytes. Anything at all may be given."""
    try:
        mail = email.message_from_bytes(octets[:LARGEST], policy=email.policy.default)
        sender = _address_in(mail, "From")
        if mail.get_content_type() == "multipart/report" and "delivery-status" in str(mail.get("Content-Type", "")).lower():
            return _of_report(mail, octets[:LARGEST])
        subject = str(mail.get("Subject", ""))
        if _POSTMASTER.match(sender) or (str(mail.get("Return-Path", "")).strip() == "<>" and "fail" in subject.lower()):
            return _of_text(octets[:LARGEST])
        wish = _WISH.match(subject)
        automatic = str(mail.get("Auto-Submitted", "no")).strip().lower() != "no" or bool(mail.get("X-Autoreply"))
        if wish and not automatic:
            return Returned("unsubscribe", reply=wish[1], sender=sender)
        return Returned("automatic" if automatic else "other", sender=sender)
    except (ValueError, LookupError, AttributeError, TypeError, IndexError, RecursionError):
        # The parser of the standard library raises all of these on bytes that are no mail
        return Returned("other")


def note(store: Store, octets: bytes, now: datetime) -> Noted:
    """Read a mail that came back, and count it if it is a bounce of ours. Reading it again changes nothing."""
    returned = read_returned(octets)
    if returned.kind != "bounced" or returned.about is None:
        return Noted(returned)
    with store.writing("bounce noted") as connection:
        found = kept.note_bounce(connection, returned.about, returned.reply, now)
    return Noted(returned) if found is None else Noted(returned, *found)


def _of_report(mail: EmailMessage, octets: bytes) -> Returned:
    """RFC 3464: an own part for each recipient; one mail of ours has one."""
    fields = ""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            payload = part.get_payload()
            fields += "\n".join(str(block) for block in payload) if isinstance(payload, list) else str(payload)
    status, action = _field(fields, "Status"), _field(fields, "Action").lower()
    said = _field(fields, "Diagnostic-Code").partition(";")[2] or status or action
    about = _OURS.match(_field(fields, "Original-Envelope-Id")) or _OURS.search(octets.decode("ascii", "replace"))
    failed = action == "failed" if action else status.startswith("5")
    return Returned("bounced" if failed else "delayed", about[0] if about else None, cut(clean(said), 200))


def _of_text(octets: bytes) -> Returned:
    """A bounce from before the standard, or from one who does not keep to it."""
    text = octets.decode("utf-8", "replace")
    about, status = _OURS.search(text), _STATUS.search(text)
    if status and status[1] != "5":
        return Returned("delayed", about[0] if about else None)
    line = next((line for line in text.splitlines() if status and status[0] in line), "")
    return Returned("bounced" if about else "other", about[0] if about else None, cut(clean(line), 200) or "returned")


def _field(fields: str, name: str) -> str:
    """A field of a delivery status, unfolded; empty if there is none."""
    found = re.search(rf"(?im)^{name}:[ \t]*(.*(?:\n[ \t]+.*)*)", fields)
    return " ".join(found[1].split()) if found else ""


def _address_in(mail: EmailMessage, name: str) -> str:
    from email.utils import parseaddr

    return clean(parseaddr(str(mail.get(name, "")))[1])
