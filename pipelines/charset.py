"""Bytes to text: which encoding a feed or page really uses, whatever it says.

In this order: byte-order mark; UTF-8 if the bytes are UTF-8 (text in another encoding practically never is); UTF-8 with the bad bytes
replaced if most of it is UTF-8; the encoding the server names; the one the document names; a guess between windows-1252 and
windows-1256. A declared Latin encoding is overruled when the bytes read as Arabic.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_XML_DECLARATION = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_ASCII = bytes(range(0x80))
# Browsers read these names as windows-1252 (WHATWG Encoding Standard, table of labels)
_LATIN = frozenset({"ascii", "iso8859-1", "cp1252"})
# Python knows them, but they are no encodings of web pages, or may hide markup
_REFUSED = frozenset({"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "undefined"})
# Bytes that stand for the letters and marks of French and Spanish in windows-1252
_LATIN_LETTERS = frozenset("àâäçèéêëîïôöùûüÿñáíóúÀÂÇÈÉÊËÎÏÔÙÛÜÑÁÍÓÚœŒ’‘“”–—…«»°€¿¡".encode("cp1252"))
_PATCH = "vigie-single-bad-byte"


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the encoding it was read with, and whether that was a guess that may be wrong."""

    text: str
    charset: str
    doubtful: bool = False


def decode(body: bytes, server_says: str | None = None) -> Decoded:
    """The text of a feed or page. `server_says` is the charset of the Content-Type header. Never raises; bad bytes become U+FFFD."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return Decoded(body[len(mark) :].decode(name, "replace"), name)
    if body[:4] in (b"<\0\0\0", b"\0\0\0<"):
        name = "utf-32-le" if body[0] else "utf-32-be"
        return Decoded(body.decode(name, "replace"), name)
    if body[:2] in (b"<\0", b"\0<"):
        name = "utf-16-le" if body[0] else "utf-16-be"
        return Decoded(body.decode(name, "replace"), name)
    try:
        return Decoded(body.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass
    high = len(body.translate(None, _ASCII))
    sequences = _MULTIBYTE.findall(body)
    bad = high - sum(map(len, sequences))
    if len(sequences) > bad:
        return Decoded(body.decode("utf-8", _PATCH), "utf-8", doubtful=True)
    named = _known(server_says) or _known(declared_in(body))
    if named is None or named in _LATIN or named == "utf-8":
        guess = _single_byte(body)
        return Decoded(body.decode(guess, "replace"), guess, doubtful=named not in _LATIN or guess != "cp1252")
    return Decoded(body.decode(named, "replace"), named)


def declared_in(body: bytes) -> str | None:
    """The encoding that an XML declaration or a meta element in the first 4 kB names, as written."""
    head = body[:4096]
    found = _XML_DECLARATION.search(head) or _META.search(head)
    return found[1].decode("ascii") if found else None


def _known(label: str | None) -> str | None:
    """Python's name for an encoding that may be used here, or None."""
    if not label:
        return None
    try:
        info = codecs.lookup(label.strip(" \"';").lower())
    except (LookupError, ValueError):
        return None
    # A document in UTF-16 or UTF-32 has a byte-order mark or was recognised by its first bytes
    if not info._is_text_encoding or info.name in _REFUSED or info.name.startswith(("utf-16", "utf-32")):
        return None
    return info.name


def _single_byte(body: bytes) -> str:
    """windows-1256 or ISO 8859-6 for Arabic, else windows-1252. Arabic words are runs of high bytes, French accents stand alone."""
    runs = [len(run) for run in _HIGH_RUN.findall(body[:200_000])]
    if not runs or sum(runs) / len(runs) < 2:
        return "cp1252"
    # The article "al-" in both Arabic encodings
    windows, iso = body.count(b"\xc7\xe1"), body.count(b"\xc7\xe4")
    if max(windows, iso) * 50 < len(runs):
        return "cp1252"
    return "cp1256" if windows >= iso else "iso8859-6"


def _patch(error: UnicodeError) -> tuple[str, int]:
    """Stands for one undecodable byte inside UTF-8 text: the Latin letter it would be between ASCII letters, else U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    data, at = error.object, error.start
    around = data[max(0, at - 1) : at] + data[error.end : error.end + 1]
    if error.end == at + 1 and data[at] in _LATIN_LETTERS and around.isascii() and any(chr(byte).isalpha() for byte in around):
        return bytes([data[at]]).decode("cp1252"), error.end
    return "\ufffd", error.end


codecs.register_error(_PATCH, _patch)
