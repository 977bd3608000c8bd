"""Bytes of a mail. What comes from a feed reaches a header through one scrubber only, and the finished bytes are checked.

Headers are written here line by line: the standard library's EmailMessage decodes an encoded line break inside a Subject into
a header of its own (CVE-2024-6923 and its kin).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from email.utils import format_datetime, parseaddr
from urllib.parse import quote

SUBJECT_LENGTH = 70
"""Characters of a subject that mail clients show."""

# RFC 2047: a line with encoded words has at most 76 characters; 39 bytes are 52 of base64 beside =?utf-8?b?...?= and "Subject: "
_ENCODED_BYTES = 39
_LINE_LIMIT = 998  # RFC 5322, 2.1.1, without CRLF

EXPECTED_HEADERS = {
    "from", "to", "subject", "date", "message-id", "in-reply-to", "references", "reply-to", "list-id", "list-unsubscribe",
    "auto-submitted", "mime-version", "content-type", "content-transfer-encoding",
}  # fmt: skip


class UnsafeMail(Exception):
    """The finished bytes are not a mail we may send. A bug or an attack, never an expected failure."""


class BadAddress(ValueError):
    """This cannot be a mail address."""


def scrub(text: str, limit: int | None = None) -> str:
    """One line of plain characters: no line break of any kind, no control, no direction override, no half of a pair.

    `limit` cuts at a word, in characters, with an ellipsis.
    """
    # Words that look encoded would be decoded by the reader's client
    line = clean(text).replace("=?", "= ?").replace("?=", "? =")
    return line if limit is None else cut(line, limit)


def clean(text: str) -> str:
    """One line without controls, direction overrides or halves of a pair, for any output that people read."""
    kept = "".join(" " if _is_unsafe(character) else character for character in text)
    return " ".join(unicodedata.normalize("NFC", kept).split())


def encoded(text: str) -> str:
    """Header text as RFC 2047 words, folded; plain where it is plain ASCII already."""
    line = scrub(text)
    if line.isascii() and len(line) <= SUBJECT_LENGTH:
        return line
    words, piece = [], b""
    for character in line:
        octets = character.encode("utf-8")
        if len(piece) + len(octets) > _ENCODED_BYTES:
            words.append(piece)
            piece = b""
        piece += octets
    words.append(piece)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def address(written: str) -> str:
    """The bare address with its domain in ASCII (IDNA). Raises BadAddress."""
    found = parseaddr(written)[1] if "<" in written else written.strip()
    local, at, domain = found.rpartition("@")
    if not (at and local and domain) or re.search(r"[\s\x00-\x1f\x7f<>(),;:\\\"\[\]@]", local + domain):
        raise BadAddress(f"{written!r} is not a mail address")
    if any(_is_unsafe(character) for character in local):
        raise BadAddress(f"{written!r} is not a mail address")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii').lower()}"
    except UnicodeError:
        raise BadAddress(f"{written!r}: {domain!r} is not a domain") from None


def recipient_key(written: str) -> str:
    """What makes two addresses the same reader: case variants are one. Raises BadAddress."""
    return address(written).casefold()


def message_id(profile: str, slot: str, recipient: str, part: int, domain: str) -> str:
    """The same for the same profile, slot, recipient and part, on any machine and at any time."""
    reader = recipient_key(recipient) if "@" in recipient else recipient
    seed = "\0".join((profile, slot, reader, str(part)))
    digest = hashlib.sha256(seed.encode()).hexdigest()[:32]
    return f"<vigie.{slot}.{digest}@{domain}>"


def head(
    *,
    sender: str,
    recipient: str,
    subject: str,
    built_at: datetime,
    message_id: str,
    profile: str,
    references: Sequence[str] = (),
    in_reply_to: str | None = None,
    reply_to: str | None = None,
) -> bytes:
    """One recipient's header lines, CRLF, ending with the last one. Raises BadAddress."""
    name = parseaddr(sender)[0] if "<" in sender else ""
    own = address(sender)
    contact = address(reply_to) if reply_to else own
    lines = [
        f"From: {encoded(name) + ' ' if name else ''}<{own}>",
        f"To: <{address(recipient)}>",
        f"Subject: {encoded(subject)}",
        f"Date: {format_datetime(built_at.astimezone(UTC).replace(microsecond=0))}",
        f"Message-ID: {message_id}",
    ]
    if in_reply_to:
        lines.append(f"In-Reply-To: {in_reply_to}")
    if references:
        lines.append("References: " + "\r\n ".join(references))
    if reply_to:
        lines.append(f"Reply-To: <{contact}>")
    lines += [
        f"List-Id: <{profile}.vigie.{own.rpartition('@')[2]}>",
        f"List-Unsubscribe: <mailto:{quote(contact, safe='@+')}?subject={quote(f'unsubscribe {profile}')}>",
        "Auto-Submitted: auto-generated",
    ]
    return ("\r\n".join(lines) + "\r\n").encode("utf-8")


def body(text: str, html: str) -> bytes:
    """The rest of the mail: MIME headers, the text part, then the HTML part. The same input gives the same bytes."""
    seed = hashlib.sha256(f"{text}\0{html}".encode("utf-8", "replace")).hexdigest()[:32]
    boundary = f"=_vigie_{seed}"
    parts = [
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
        f"--{boundary}",
        *_part("text/plain", text),
        f"--{boundary}",
        *_part("text/html", html),
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(parts).encode("ascii")


def text_body(text: str) -> bytes:
    """The rest of a mail that has a text part only."""
    return "\r\n".join(["MIME-Version: 1.0", *_part("text/plain", text), ""]).encode("ascii")


def retitled(head: bytes, subject: str, message_id: str) -> bytes:
    """The same header lines with another subject and Message-ID."""
    lines = [line for line in re.split(rb"\r\n(?![ \t])", head) if line]
    named = {b"subject": f"Subject: {encoded(subject)}".encode(), b"message-id": f"Message-ID: {message_id}".encode()}
    return b"".join(named.get(line.partition(b":")[0].lower(), line) + b"\r\n" for line in lines)


def check(mail: bytes) -> None:
    """Raise UnsafeMail unless this is one clean mail: known headers, each once, no bare CR or LF, no long line."""
    if re.search(rb"(?<!\r)\n|\r(?!\n)", mail):
        raise UnsafeMail("a bare CR or LF")
    if b"\0" in mail:
        raise UnsafeMail("a NUL byte")
    for line in mail.split(b"\r\n"):
        if len(line) > _LINE_LIMIT:
            raise UnsafeMail(f"a line of {len(line)} bytes")
    seen: set[str] = set()
    for line in mail.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            continue
        name = line.partition(b":")[0].decode("ascii", "replace").lower()
        if name not in EXPECTED_HEADERS or name in seen:
            raise UnsafeMail(f"header {name!r} is unexpected or stands twice")
        seen.add(name)
    missing = {"from", "to", "subject", "date", "message-id", "mime-version", "content-type"} - seen
    if missing:
        raise UnsafeMail(f"no {', '.join(sorted(missing))}")


def digest_of(text: str) -> str:
    """Sha256 hex."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def slot_key(day: date, kind: str = "digest", about: str = "") -> str:
    """The name of a slot inside a Message-ID; of an alert, which has none, the day and the meetings it is about."""
    if kind == "digest":
        return f"{day:%Y%m%d}"
    return f"{day:%Y%m%d}.{kind}.{hashlib.sha256(about.encode()).hexdigest()[:8]}"


def _part(kind: str, content: str) -> list[str]:
    octets = content.encode("utf-8", "replace")
    if sum(byte > 126 for byte in octets) * 6 > len(octets):
        coding, lines = "base64", base64.encodebytes(octets).decode("ascii").splitlines()
    else:
        coding, lines = "quoted-printable", _quoted_printable(octets)
    return [f"Content-Type: {kind}; charset=utf-8", f"Content-Transfer-Encoding: {coding}", "", *lines]


def _quoted_printable(octets: bytes) -> list[str]:
    lines = []
    for line in octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        # Dots and "From " at the start of a line are what relays have been known to change
        shown = binascii.b2a_qp(line, istext=False, quotetabs=False).decode("ascii")
        for piece in shown.split("=\n"):
            if piece.startswith("."):
                piece = "=2E" + piece[1:]
            elif piece.startswith("From "):
                piece = "=46" + piece[1:]
            lines.append(piece + "=")
        lines[-1] = lines[-1][:-1]
    return lines


def _is_unsafe(character: str) -> bool:
    # Cc control, Cs half of a pair, Zl and Zp line and paragraph separators, Co private use, Cn unassigned;
    # of Cf (format) only the joiners that scripts need are kept
    kind = unicodedata.category(character)
    return kind in ("Cc", "Cs", "Zl", "Zp", "Co", "Cn") or (kind == "Cf" and character not in "\u200c\u200d")


def cut(line: str, limit: int) -> str:
    """At most `limit` characters, cut between words, with an ellipsis if anything was left out."""
    if len(line) <= limit:
        return line
    kept = line[: limit - 1]
    if not line[limit - 1].isspace() and " " in kept[limit // 2 :]:
        kept = kept.rpartition(" ")[0]
    return kept.rstrip(" ,;:–-(·") + "…"
