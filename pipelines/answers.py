"""What an answer's headers and bytes say: waiting times, codings, challenges. Pure: no network, no clock."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_WAIT = timedelta(hours=24)  # no server may silence us for longer: Retry-After of 100 years exists
_LONGEST_AGE = timedelta(days=366)
_LONGEST_VALIDATOR = 2048  # bytes of an ETag worth echoing; servers cut requests with more than 8 kB of headers
_GZIP = b"\x1f\x8b\x08"
_MAX_MEMBERS = 1000  # of one gzip file; each costs about 0.1 ms however empty
_PIECE = 1 << 18  # bytes decompressed at a time


class Headers:
    """The headers of one answer. Names are folded, values are bytes as latin-1 text, the first of several wins."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]):
        self._values: dict[str, str] = {}
        self._joined: dict[str, str] = {}
        for name, value in raw:
            key = name.decode("latin-1").lower()
            text = value.decode("latin-1")
            self._values.setdefault(key, text)
            if key in ("content-encoding", "cache-control"):
                self._joined[key] = f"{self._joined[key]}, {text}" if key in self._joined else text

    def get(self, name: str) -> str:
        """The first value of a header, "" if it is absent."""
        return self._values.get(name, "")

    def joined(self, name: str) -> str:
        """All values of Content-Encoding or Cache-Control, joined by commas."""
        return self._joined.get(name, "")


def validator(value: str) -> str | None:
    """An ETag or Last-Modified worth keeping, byte for byte; None if absent or absurdly long."""
    return value if 0 < len(value) <= _LONGEST_VALIDATOR else None


def http_date(text: str) -> datetime | None:
    """An HTTP date (any of its three forms) in UTC; None if it is none."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def retry_after(headers: Headers, now: datetime) -> datetime | None:
    """When the server wants to be asked again: `now` plus at most 24 h; None without a readable wish.

    A date counts from the server's own Date header: its clock may be days off (reader 3.22 learnt this).
    """
    text = headers.get("retry-after").strip()
    if re.fullmatch(r"\d+(\.\d*)?", text):
        whole = text.partition(".")[0]
        seconds = int(whole) if len(whole) < 10 else 10**9
        return now + min(timedelta(seconds=seconds), LONGEST_WAIT)
    if "," not in text and ":" not in text:
        return None
    wished = http_date(text)
    if wished is None:
        return None
    wait = wished - (http_date(headers.get("date")) or now)
    return now + min(max(wait, timedelta()), LONGEST_WAIT)


def max_age(headers: Headers) -> timedelta | None:
    """How long the answer may be kept by Cache-Control, at most a year; None if it says nothing or forbids keeping."""
    directives = headers.joined("cache-control").lower()
    if "no-store" in directives or "no-cache" in directives:
        return None
    found = re.search(r'\bmax-age\s*=\s*"?(\d+)', directives)
    if not found:
        return None
    return min(timedelta(seconds=int(found[1][:9])), _LONGEST_AGE) if len(found[1]) < 10 else _LONGEST_AGE


def charset(content_type: str) -> str | None:
    """The charset a Content-Type names, lower case; None without one."""
    found = re.search(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", content_type, re.IGNORECASE)
    return found[1].lower() if found else None


def content_coding(headers: Headers) -> str | None:
    """ "gzip", or None for a plain body. Raises ValueError naming a coding that was not asked for, or several."""
    codings = [c for c in (c.strip().lower() for c in headers.joined("content-encoding").split(",")) if c]
    # "none" and a charset are common mistakes for "identity"
    codings = [c for c in codings if c not in ("identity", "none") and not c.startswith(("utf-8", "utf8", "iso-8859", "windows-"))]
    if not codings:
        return None
    if codings in (["gzip"], ["x-gzip"]):
        return "gzip"
    named = ", ".join(codings)[:80]
    raise ValueError(f"content-coding {named!r} was not asked for" if len(codings) == 1 else f"stacked content-codings {named!r}")


class Cookies:
    """The cookies one host sets in one chain of redirects. Paths and lifetimes beyond "delete" are not needed for that."""

    def __init__(self) -> None:
        self._values: dict[bytes, tuple[bytes, bool]] = {}

    def take(self, raw: Iterable[tuple[bytes, bytes]], *, secure: bool) -> None:
        """Remember what an answer's Set-Cookie headers say; `secure`: it came over TLS."""
        for header, text in raw:
            if header.lower() != b"set-cookie":
                continue
            pair, _, attributes = text.partition(b";")
            name, equals, value = (part.strip() for part in pair.partition(b"="))
            if not equals or not name or len(pair) > _LONGEST_COOKIE:
                continue
            if _DELETED.search(attributes):
                self._values.pop(name, None)
            elif name in self._values or len(self._values) < _MOST_COOKIES:
                only_secure = secure and re.search(rb";\s*secure\s*(;|$)", b";" + attributes, re.IGNORECASE) is not None
                self._values[name] = (value, only_secure)

    def header(self, *, secure: bool) -> bytes:
        """The Cookie header for the same host, b"" for none; `secure`: it goes over TLS."""
        return b"; ".join(name + b"=" + value for name, (value, only) in self._values.items() if secure or not only)


_LONGEST_COOKIE = 4096  # RFC 6265 asks for this much
_MOST_COOKIES = 50
_DELETED = re.compile(rb"max-age\s*=\s*(0\s*(;|$)|-)|expires\s*=[^;]*\b19[0-9]{2}\b", re.IGNORECASE)


class TooLong(Exception):
    """The body passed the cap."""


class Broken(Exception):
    """The coded body is damaged; the text says how."""


class Body:
    """Collects a body and undoes gzip, never holding more than `limit` decoded bytes.

    "Says gzip, is plain" is read as plain; gzip that nobody announced is unpacked under the same cap.
    """

    def __init__(self, coding: str | None, limit: int):
        self._coding = coding
        self._limit = limit
        self._out = io.BytesIO()
        self._size = 0
        self._wire = 0
        self._held = b""  # first bytes, until they tell gzip from plain; later the start of a next gzip member
        self._plain: bool | None = None
        self._members = 0
        self._unpacker = zlib.decompressobj(wbits=31)

    @property
    def wire(self) -> int:
        """Bytes received so far, before decoding."""
        return self._wire

    @property
    def size(self) -> int:
        """Decoded bytes held."""
        return self._size

    def so_far(self) -> bytes:
        """What could be decoded, complete or not."""
        return self._out.getvalue()

    def discard(self) -> None:
        """Let go of the bytes."""
        self._out = io.BytesIO()

    def feed(self, data: bytes) -> None:
        """Take the next received bytes. Raises TooLong or Broken."""
        self._wire += len(data)
        if self._wire > self._limit:
            raise TooLong
        if self._plain is None:
            data = self._held + data
            if len(data) < len(_GZIP):
                self._held = data
                return
            self._held = b""
            self._plain = not data.startswith(_GZIP)
        if self._plain:
            self._keep(data)
        else:
            self._unpack(data)

    def finish(self) -> bytes:
        """The decoded body. Raises Broken if it ends early or is gzip once more inside."""
        if self._plain is None:
            self._keep(self._held)
        elif not self._plain and not self._unpacker.eof:
            raise Broken("answer cut short: the gzip data ends early")
        body = self._out.getvalue()
        if body.startswith(_GZIP):
            raise Broken("gzip inside gzip")
        return body

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            raise TooLong
        self._out.write(data)

    def _unpack(self, data: bytes) -> None:
        data = self._held + data
        self._held = b""
        while True:
            if self._unpacker.eof:
                if len(data) < len(_GZIP) and _GZIP.startswith(data):
                    self._held = data
                    return
                if not data.startswith(_GZIP):
                    return  # padding after the last member is no part of the body
                self._members += 1
                if self._members > _MAX_MEMBERS:
                    raise Broken(f"more than {_MAX_MEMBERS} gzip members")
                self._unpacker = zlib.decompressobj(wbits=31)
            try:
                piece = self._unpacker.decompress(data, _PIECE)
            except zlib.error as e:
                raise Broken("damaged gzip data") from e
            self._keep(piece)
            data = self._unpacker.unused_data if self._unpacker.eof else self._unpacker.unconsumed_tail
            # With the output limit reached, zlib may hold more without any input left
            if not data and len(piece) < _PIECE:
                return


# What names a wall of bot protection, seen in its answers. Header marks are certain; the marks in a body are looked for
# only in refusals and in small pages, because sites behind Cloudflare carry its scripts in ordinary pages too.
_WALL_HEADERS = (
    ("cf-mitigated", re.compile("challenge"), "Cloudflare"),
    ("x-amzn-waf-action", re.compile("challenge|captcha"), "AWS WAF"),
)
# These stand in ordinary answers of guarded sites as well: they tell only who refused
_REFUSAL_HEADERS = (("x-datadome", "DataDome"), ("x-dd-b", "DataDome"), ("x-sucuri-block", "Sucuri"))
_WALL_MARKS = (
    (b"_cf_chl_opt", "Cloudflare"),
    (b"cf-browser-verification", "Cloudflare"),
    (b"cf_captcha_kind", "Cloudflare"),
    (b"attention required! | cloudflare", "Cloudflare"),
    (b"captcha-delivery.com", "DataDome"),
    (b"_incapsula_resource", "Imperva"),
    (b"px-captcha", "HUMAN"),
    (b"sucuri website firewall", "Sucuri"),
    (b"errors.edgesuite.net", "Akamai"),
    (b"ddos-guard", "DDoS-Guard"),
    (b"anubis_challenge", "Anubis"),
    (b"awswafintegration", "AWS WAF"),
    (b"/.well-known/sgcaptcha", "SiteGround"),
)
_WALL_TITLES = re.compile(
    rb"<title>\s*(just a moment|un instant|un momento|attention required|access denied|ddos-guard|one moment, please"
    rb"|checking your browser|please wait\.\.\.|verifying you are human|security check|robot challenge|pardon our interruption"
    rb"|are you a robot|making sure you|\xd9\x84\xd8\xad\xd8\xb8\xd8\xa9)",
    re.IGNORECASE,
)
WALL_SAMPLE = 64 * 1024  # bytes of a body that are looked at
_SMALL_PAGE = 48 * 1024  # a challenge instead of a page is small
_TINY_PAGE = 12 * 1024  # an article is larger: a mark alone is enough


def bot_wall(status: int, headers: Headers, body: bytes) -> str | None:
    """Whose bot protection answered instead of the site; None if the site did. `body` is decoded; its start is enough."""
    for name, mark, owner in _WALL_HEADERS:
        if mark.search(headers.get(name).lower()):
            return owner
    refusal = status in (202, 401, 403, 405, 406, 429, 503)
    if not refusal and (status != 200 or len(body) > _SMALL_PAGE):
        return None
    if refusal:
        for name, owner in _REFUSAL_HEADERS:
            if headers.get(name):
                return owner
    sample = body[:WALL_SAMPLE].lower()
    if status == 200 and b"<html" not in sample and b"<!doctype html" not in sample and b"<script" not in sample:
        return None
    title = bool(_WALL_TITLES.search(sample))
    if not (refusal or title or len(body) < _TINY_PAGE):
        return None
    named = next((owner for mark, owner in _WALL_MARKS if mark in sample), None)
    return named or ("bot protection" if title and (refusal or b"challenge" in sample or b"captcha" in sample) else None)
