"""What headers and bytes say, without any network."""

from __future__ import annotations

import gzip
import random
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.answers import (
    Body,
    Broken,
    Headers,
    TooLong,
    bot_wall,
    charset,
    content_coding,
    max_age,
    retry_after,
    validator,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def headers(**values: str) -> Headers:
    return Headers([(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in values.items()])


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta()),
        (" 30 ", timedelta(seconds=30)),
        ("1.5", timedelta(seconds=1)),
        ("86401", timedelta(hours=24)),
        ("9" * 10_000, timedelta(hours=24)),
        ("Tue, 24 Nov 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Tuesday, 24-Nov-26 12:10:00 GMT", timedelta(minutes=10)),
        ("Tue Nov 24 12:10:00 2026", timedelta(minutes=10)),
        ("Tue, 24 Nov 2026 13:10:00 +0100", timedelta(minutes=10)),
        ("Tue, 24 Nov 2026 11:00:00 GMT", timedelta()),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(hours=24)),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("12 minutes", None),
        ("Tue, 99 Nov 2026 99:99:99 GMT", None),
        ("1e9", None),
        ("\u0663".encode().decode("latin-1"), None),
    ],
)
def test_a_wish_to_wait_is_read_and_clamped(value: str, wait: timedelta | None) -> None:
    assert retry_after(headers(retry_after=value), NOW) == (None if wait is None else NOW + wait)


def test_a_date_counts_from_the_servers_own_clock() -> None:
    slow = headers(retry_after="Sat, 21 Nov 2026 12:05:00 GMT", date="Sat, 21 Nov 2026 12:00:00 GMT")
    assert retry_after(slow, NOW) == NOW + timedelta(minutes=5)
    fast = headers(retry_after="Fri, 27 Nov 2026 12:05:00 GMT", date="Fri, 27 Nov 2026 12:00:00 GMT")
    assert retry_after(fast, NOW) == NOW + timedelta(minutes=5)


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_waiting_time_raises_or_passes_a_day(value: str) -> None:
    until = retry_after(headers(retry_after=value, date=value), NOW)
    assert until is None or NOW <= until <= NOW + timedelta(hours=24)


@pytest.mark.parametrize(
    ("value", "age"),
    [
        ("max-age=600", timedelta(minutes=10)),
        ("public, Max-Age=60, s-maxage=3600", timedelta(minutes=1)),
        ('max-age="60"', timedelta(minutes=1)),
        ("max-age=31536000000000", timedelta(days=366)),
        ("no-cache, max-age=60", None),
        ("no-store", None),
        ("max-age=-1", None),
        ("s-maxage=60", None),
        ("", None),
    ],
)
def test_how_long_an_answer_may_be_kept(value: str, age: timedelta | None) -> None:
    assert max_age(headers(cache_control=value)) == age


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("text/html; charset=UTF-8", "utf-8"),
        ('text/xml;charset="windows-1256"', "windows-1256"),
        ("text/html; Charset = 'ISO-8859-1'", "iso-8859-1"),
        ("text/html", None),
        ("charset=", None),
        ("", None),
    ],
)
def test_the_charset_of_a_content_type(value: str, name: str | None) -> None:
    assert charset(value) == name


@pytest.mark.parametrize("value", ["", "identity", "none", "utf-8", "identity, identity"])
def test_a_plain_body_may_be_named_in_several_ways(value: str) -> None:
    assert content_coding(headers(content_encoding=value)) is None


@pytest.mark.parametrize("value", ["gzip", "GZIP", "x-gzip", "gzip, identity"])
def test_gzip_may_be_named_in_several_ways(value: str) -> None:
    assert content_coding(headers(content_encoding=value)) == "gzip"


@pytest.mark.parametrize("value", ["br", "deflate", "zstd", "gzip, gzip", "gzip, br", "gzip, gzip, gzip", "x" * 5000])
def test_other_codings_are_named_in_the_error(value: str) -> None:
    with pytest.raises(ValueError, match="content-coding") as caught:
        content_coding(headers(content_encoding=value))
    assert value[:20] in str(caught.value) and len(str(caught.value)) < 150


def test_an_absurd_validator_is_not_kept() -> None:
    assert validator('W/"x"') == 'W/"x"'
    assert validator("") is None and validator("a" * 100_000) is None


def unpacked(data: bytes, *, limit: int = 1_000_000, pieces: int = 1, coding: str | None = "gzip") -> bytes:
    body = Body(coding, limit)
    step = max(1, len(data) // pieces)
    for start in range(0, len(data), step):
        body.feed(data[start : start + step])
    return body.finish()


@given(st.binary(max_size=3000), st.integers(1, 3000), st.integers(1, 3), st.booleans())
def test_a_body_is_the_same_however_it_is_cut_and_packed(text: bytes, pieces: int, members: int, announced: bool) -> None:
    text = b"<" + text
    packed = b"".join(gzip.compress(text) for _ in range(members))
    coding = "gzip" if announced else None
    assert unpacked(packed, pieces=pieces, coding=coding) == text * members
    assert unpacked(text, pieces=pieces, coding=coding) == text


@given(st.integers(1, 100))
def test_a_cut_gzip_body_is_never_complete(missing: int) -> None:
    packed = gzip.compress(bytes(random.Random(1).randbytes(3000)))
    with pytest.raises(Broken, match="ends early"):
        unpacked(packed[:-missing])


def test_padding_after_gzip_is_no_part_of_the_body() -> None:
    assert unpacked(gzip.compress(b"<rss/>") + bytes(512)) == b"<rss/>"


@pytest.mark.parametrize("pieces", [1, 7, 5000])
def test_the_cap_counts_decoded_bytes_exactly(pieces: int) -> None:
    text = bytes(100_000)
    assert unpacked(gzip.compress(text), limit=100_000, pieces=pieces) == text
    with pytest.raises(TooLong):
        unpacked(gzip.compress(text), limit=99_999, pieces=pieces)
    with pytest.raises(TooLong):
        unpacked(b"x" * 100_001, limit=100_000, pieces=pieces)


def test_a_bomb_is_stopped_before_it_is_unpacked() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = packer.compress(bytes(200_000_000)) + packer.flush()
    body = Body("gzip", 1_000_000)
    with pytest.raises(TooLong):
        body.feed(bomb)
    assert body.size <= 1_000_000 + (1 << 18)


def test_thousands_of_empty_members_are_refused() -> None:
    with pytest.raises(Broken, match="members"):
        unpacked(gzip.compress(b"") * 5000)


def test_gzip_within_gzip_is_not_unpacked() -> None:
    with pytest.raises(Broken, match="gzip inside gzip"):
        unpacked(gzip.compress(gzip.compress(b"<rss/>")))


ARTICLE = b"<!DOCTYPE html><html><head><title>Le ministre re\xc3\xa7oit</title></head><body>" + b"<p>mot " * 3000 + b"</html>"
CHALLENGE = b"<html><head><title>Just a moment...</title></head><script>window._cf_chl_opt={}</script></html>"


@pytest.mark.parametrize(
    ("status", "head", "body", "owner"),
    [
        (403, {"cf_mitigated": "challenge"}, b"", "Cloudflare"),
        (200, {"cf_mitigated": "challenge"}, b"", "Cloudflare"),
        (202, {"x_amzn_waf_action": "challenge"}, b"", "AWS WAF"),
        (403, {"x_datadome": "protected"}, b"", "DataDome"),
        (403, {}, CHALLENGE, "Cloudflare"),
        (503, {}, CHALLENGE, "Cloudflare"),
        (200, {}, CHALLENGE, "Cloudflare"),
        (403, {}, b"<script src='https://geo.captcha-delivery.com/captcha/'></script>", "DataDome"),
        (200, {}, b"<html><iframe src='/_Incapsula_Resource?x=1'></iframe></html>", "Imperva"),
        (403, {}, b"<title>Access Denied</title>You don't have permission. Reference #18", "bot protection"),
        (403, {}, b"<h1>403 Forbidden</h1><hr>nginx", None),
        (200, {"x_datadome": "protected"}, ARTICLE, None),
        (200, {}, ARTICLE, None),
        (200, {}, ARTICLE + b"<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>", None),
        (200, {}, ARTICLE.replace(b"mot", b"captcha-delivery.com"), None),
        (200, {}, b"<rss><title>Just a moment...</title>" + b"<item/>" * 9 + b"captcha</rss>", None),
        (404, {}, CHALLENGE, None),
    ],
)
def test_a_wall_is_told_from_a_refusal_and_from_an_article(status: int, head: dict[str, str], body: bytes, owner: str | None) -> None:
    assert bot_wall(status, headers(**head), body) == owner
