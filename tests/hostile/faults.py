"""The faults of transport (T), status (H), redirects (R) and addresses (S), each a handler under "/" + its id.

Times are short: a "slow" server sends a byte every 0.2 s, so that tests with a deadline of a second can tell.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hostile.server import CANARY_HOST, Ask, Handler, Wire, feed

FAULTS: dict[str, Handler] = {}

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nTransfer-Encoding: chunked\r\n\r\n"
CHALLENGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>"
    b"<script>window._cf_chl_opt={cType:'managed'};</script><noscript>Enable JavaScript and cookies</noscript></body></html>"
)


def fault(name: str) -> Callable[[Handler], Handler]:
    """Register a handler under a row of the catalogue."""

    def register(handler: Handler) -> Handler:
        FAULTS[name] = handler
        return handler

    return register


@functools.cache
def gzip_bomb(megabytes: int) -> bytes:
    """A single gzip member that unpacks to that many megabytes of zeros, made without ever holding them."""
    block = bytes(1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)  # after a full flush every block is packed alike
    check = 0
    for _ in range(megabytes):
        check = zlib.crc32(block, check)
    size = (megabytes << 20) & 0xFFFFFFFF
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    tail = packer.flush(zlib.Z_FINISH)
    return head + first + again * (megabytes - 1) + tail + check.to_bytes(4, "little") + size.to_bytes(4, "little")


# Transport


@fault("T00")
async def healthy(ask: Ask, wire: Wire) -> None:
    validators = [("ETag", '"v1"'), ("Last-Modified", "Tue, 24 Nov 2026 08:00:00 GMT")]
    if ask.header("If-None-Match") == '"v1"':
        await wire.answer(status=304, headers=validators)
    else:
        await wire.answer(feed(ask), headers=validators)


@fault("T01")
async def slow_headers(ask: Ask, wire: Wire) -> None:
    await wire.drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n" + b"X-Slow: 1\r\n" * 1000)


@fault("T02")
async def slow_body(ask: Ask, wire: Wire) -> None:
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    await wire.drip(b"<rss>" + b" " * 99995)


@fault("T03")
async def mute(ask: Ask, wire: Wire) -> None:
    await wire.hang()


@fault("T04")
async def endless_body(ask: Ask, wire: Wire) -> None:
    await wire.send(CHUNKED)
    while True:
        await wire.chunk(b"<item>" * 10000)


@fault("T05")
async def endless_header(ask: Ask, wire: Wire) -> None:
    await wire.send(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    while True:
        await wire.send(b"a" * 65536)


@fault("T06")
async def huge_header(ask: Ask, wire: Wire) -> None:
    await wire.answer(feed(ask), headers=[("X-Huge", "a" * (1 << 20))])


@fault("T07")
async def many_headers(ask: Ask, wire: Wire) -> None:
    await wire.answer(feed(ask), headers=[(f"X-{n}", "v") for n in range(10_000)])


@fault("T08")
async def gzip_bomb_1gb(ask: Ask, wire: Wire) -> None:
    await wire.answer(gzip_bomb(1024), headers=[("Content-Encoding", "gzip")])


@fault("T09")
async def stacked_gzip(ask: Ask, wire: Wire) -> None:
    await wire.answer(gzip.compress(gzip_bomb(1024)), headers=[("Content-Encoding", "gzip, gzip")])


@fault("T09/hidden")
async def stacked_gzip_hidden(ask: Ask, wire: Wire) -> None:
    """The second layer is not announced."""
    await wire.answer(gzip.compress(gzip_bomb(1024)), headers=[("Content-Encoding", "gzip")])


@fault("T09/two-headers")
async def stacked_gzip_two_headers(ask: Ask, wire: Wire) -> None:
    await wire.answer(gzip.compress(gzip_bomb(1024)), headers=[("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")])


@fault("T10")
async def says_gzip_is_plain(ask: Ask, wire: Wire) -> None:
    await wire.answer(feed(ask), headers=[("Content-Encoding", "gzip")])


@fault("T11")
async def gzip_unannounced(ask: Ask, wire: Wire) -> None:
    await wire.answer(gzip.compress(feed(ask)))


@fault("T11/bomb")
async def gzip_bomb_unannounced(ask: Ask, wire: Wire) -> None:
    await wire.answer(gzip_bomb(1024))


@fault("T12")
async def gzip_cut(ask: Ask, wire: Wire) -> None:
    await wire.answer(gzip.compress(feed(ask, 20))[:-60], headers=[("Content-Encoding", "gzip")])


@fault("T13")
async def zstd_unasked(ask: Ask, wire: Wire) -> None:
    await wire.answer(b"\x28\xb5\x2f\xfd" + bytes(60), headers=[("Content-Encoding", "zstd")])


@fault("T14")
async def gzip_damaged(ask: Ask, wire: Wire) -> None:
    packed = bytearray(gzip.compress(feed(ask, 20)))
    packed[40:60] = bytes(20)
    await wire.answer(bytes(packed), headers=[("Content-Encoding", "gzip")])


@fault("T15")
async def short_body(ask: Ask, wire: Wire) -> None:
    await wire.answer(feed(ask), length=len(feed(ask)) + 500, close=True)


@fault("T16")
async def surplus_body(ask: Ask, wire: Wire) -> None:
    """Beyond its length the body goes on with a second answer."""
    body = feed(ask)
    smuggled = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled"
    await wire.answer(body + smuggled, length=len(body))


@fault("T16/chunked")
async def surplus_after_chunks(ask: Ask, wire: Wire) -> None:
    body = feed(ask)
    smuggled = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled"
    await wire.send(CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) + smuggled)


@fault("T17")
async def bad_chunk(ask: Ask, wire: Wire) -> None:
    await wire.send(CHUNKED + b"zz\r\n<rss>\r\n0\r\n\r\n")


@fault("T18")
async def no_last_chunk(ask: Ask, wire: Wire) -> None:
    await wire.send(CHUNKED)
    await wire.chunk(feed(ask))
    wire.close()


@fault("T19")
async def reset_in_body_once(ask: Ask, wire: Wire) -> None:
    body = feed(ask)
    if ask.hit > 1:
        await wire.answer(body)
        return
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:100])
    await asyncio.sleep(0.1)
    wire.reset()


@fault("T20")
async def reset_at_once(ask: Ask, wire: Wire) -> None:
    if ask.hit > 1:
        await wire.answer(feed(ask))
    else:
        wire.reset()


@fault("T21")
async def reset_kept_connection(ask: Ask, wire: Wire) -> None:
    """The first request of a connection is answered, the second resets it."""
    if ask.turn > 1:
        wire.reset()
    else:
        await wire.answer(feed(ask))


@fault("T21/close")
async def close_kept_connection(ask: Ask, wire: Wire) -> None:
    """As T21, but the connection ends politely."""
    if ask.turn > 1:
        wire.close()
    else:
        await wire.answer(feed(ask))


@fault("T22")
async def close_at_once(ask: Ask, wire: Wire) -> None:
    wire.close()


@fault("T23")
async def ssh_banner(ask: Ask, wire: Wire) -> None:
    await wire.send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    await wire.hang()


@fault("T24")
async def two_lengths(ask: Ask, wire: Wire) -> None:
    body = feed(ask)
    await wire.answer(body, headers=[("Content-Length", str(len(body) // 2))])


@fault("T25")
async def endless_early_hints(ask: Ask, wire: Wire) -> None:
    while True:
        await wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n")
        await asyncio.sleep(0.05)


@fault("T25/fast")
async def flood_of_early_hints(ask: Ask, wire: Wire) -> None:
    while True:
        await wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" * 100)


@fault("T25/once")
async def one_early_hint(ask: Ask, wire: Wire) -> None:
    await wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n")
    await wire.answer(feed(ask))


@fault("T26")
async def not_modified_unasked(ask: Ask, wire: Wire) -> None:
    await wire.answer(status=304, headers=[("ETag", '"x"')])


@fault("T27")
async def stuck_etag(ask: Ask, wire: Wire) -> None:
    """A cache that answers 304 for ever, though the content changes."""
    if ask.header("If-None-Match"):
        await wire.answer(status=304, headers=[("ETag", '"stuck"')])
    else:
        await wire.answer(feed(ask, 3 if ask.hit == 1 else 6), headers=[("ETag", '"stuck"')])


@fault("T28")
async def restless_etag(ask: Ask, wire: Wire) -> None:
    await wire.answer(feed(ask), headers=[("ETag", f'"{ask.hit}"')])


STRANGE_ETAG = "W/strange \u00e9\u00ff tag"
STRANGE_DATE = "last Tuesday or so"


@fault("T29")
async def strange_validators(ask: Ask, wire: Wire) -> None:
    await wire.send(
        b"HTTP/1.1 200 OK\r\nETag: "
        + STRANGE_ETAG.encode("latin-1")
        + b"\r\nLast-Modified: "
        + STRANGE_DATE.encode()
        + b"\r\nContent-Length: %d\r\n\r\n" % len(feed(ask))
        + feed(ask)
    )


# Status and manners


@fault("H01")
async def wait_seconds(ask: Ask, wire: Wire) -> None:
    if ask.hit == 1:
        await wire.answer(status=429, headers=[("Retry-After", ask.query.get("after", "20"))])
    else:
        await wire.answer(feed(ask))


@fault("H02")
async def wait_until_date(ask: Ask, wire: Wire) -> None:
    """The server's clock is three days slow; its Retry-After counts from its own Date."""
    now = datetime.now(UTC) - timedelta(days=3)
    if ask.hit == 1:
        wish = format_datetime(now + timedelta(seconds=int(ask.query.get("after", "20"))), usegmt=True)
        await wire.answer(status=429, headers=[("Date", format_datetime(now, usegmt=True)), ("Retry-After", wish)])
    else:
        await wire.answer(feed(ask))


@fault("H03")
async def absurd_wait(ask: Ask, wire: Wire) -> None:
    wishes = ("3153600000", "-5", "soon", "Fri, 31 Dec 9999 23:59:59 GMT", "9" * 5000)
    wish = ask.query.get("wish") or wishes[(ask.hit - 1) % len(wishes)]
    await wire.answer(status=429, headers=[("Retry-After", wish)])


@fault("H04")
async def every_other_503(ask: Ask, wire: Wire) -> None:
    if ask.hit % 2:
        await wire.answer(b"busy", status=503)
    else:
        await wire.answer(feed(ask))


@fault("H05")
async def server_error(ask: Ask, wire: Wire) -> None:
    await wire.answer(b"<h1>oops</h1>", status=500, content_type="text/html")


@fault("H06")
async def not_found(ask: Ask, wire: Wire) -> None:
    await wire.answer(b"<h1>no</h1>", status=404, content_type="text/html")


@fault("H07")
async def gone(ask: Ask, wire: Wire) -> None:
    await wire.answer(status=410)


@fault("H08")
async def wants_credentials(ask: Ask, wire: Wire) -> None:
    await wire.answer(status=401, headers=[("WWW-Authenticate", 'Basic realm="staff"')])


@fault("H09")
async def bot_challenge(ask: Ask, wire: Wire) -> None:
    await wire.answer(CHALLENGE, status=403, headers=[("cf-mitigated", "challenge")], content_type="text/html")


@fault("H09/body")
async def bot_challenge_in_the_body(ask: Ask, wire: Wire) -> None:
    await wire.answer(gzip.compress(CHALLENGE), status=403, headers=[("Content-Encoding", "gzip")], content_type="text/html")


@fault("H10")
async def challenge_as_200(ask: Ask, wire: Wire) -> None:
    await wire.answer(CHALLENGE, content_type="text/html")


@fault("H11")
async def legal_reasons(ask: Ask, wire: Wire) -> None:
    await wire.answer(status=451)


@fault("H12")
async def empty_body(ask: Ask, wire: Wire) -> None:
    await wire.answer(b"", headers=[("ETag", '"empty"')])


@fault("H13")
async def no_content(ask: Ask, wire: Wire) -> None:
    await wire.answer(status=204)


@fault("H14")
async def partial_content(ask: Ask, wire: Wire) -> None:
    await wire.answer(feed(ask)[:200], status=206, headers=[("Content-Range", "bytes 0-199/4000")])


@fault("H15")
async def moved(ask: Ask, wire: Wire) -> None:
    await wire.redirect("/H15/new", status=301)


@fault("H16")
async def elsewhere_for_now(ask: Ask, wire: Wire) -> None:
    await wire.redirect("/H16/new", status=302)


@fault("H17")
async def moved_308(ask: Ask, wire: Wire) -> None:
    await wire.redirect("/H17/new", status=308)


@fault("H18")
async def moved_then_elsewhere(ask: Ask, wire: Wire) -> None:
    """A permanent step, then one for now: only the first is to be remembered."""
    await wire.redirect("/H16", status=301)


@fault("H19")
async def gone_once(ask: Ask, wire: Wire) -> None:
    if ask.hit == 1:
        await wire.answer(status=410)
    else:
        await wire.answer(feed(ask))


@fault("H20")
async def status_999(ask: Ask, wire: Wire) -> None:
    await wire.answer(b"no", status=999)


@fault("H21")
async def silent_while_closed(ask: Ask, wire: Wire) -> None:
    await wire.answer(status=503, headers=[("Retry-After", "30")])


for _name in ("H15/new", "H16/new", "H17/new", "R03/30", "R08/in"):

    @fault(_name)
    async def good_feed(ask: Ask, wire: Wire) -> None:
        await wire.answer(feed(ask))


# Redirects


@fault("R01")
async def to_itself(ask: Ask, wire: Wire) -> None:
    await wire.redirect("/R01")


@fault("R02")
async def to_and_fro(ask: Ask, wire: Wire) -> None:
    await wire.redirect("/R02/b")


@fault("R02/b")
async def fro_and_to(ask: Ask, wire: Wire) -> None:
    await wire.redirect("/R02")


@fault("R03")
async def long_chain(ask: Ask, wire: Wire) -> None:
    await wire.redirect("/R03/1")


@fault("R03/*")
async def long_chain_step(ask: Ask, wire: Wire) -> None:
    await wire.redirect(f"/R03/{int(ask.path.rpartition('/')[2]) + 1}")


@fault("R04")
async def no_location(ask: Ask, wire: Wire) -> None:
    await wire.answer(status=302)


@fault("R05")
async def bad_location(ask: Ask, wire: Wire) -> None:
    """`kind` chooses what is wrong."""
    kinds = {
        "bracket": "http://[bad",
        "port": "http://127.0.0.1:99999999/",
        "host": "http://exa mple.invalid/",
        "empty": "  ",
        "control": "http://\x01bad/",
    }
    await wire.redirect(kinds[ask.query.get("kind", "bracket")])


@fault("R05/raw")
async def raw_utf8_location(ask: Ask, wire: Wire) -> None:
    """Not escaped, as many small sites do; browsers follow it."""
    await wire.redirect("/R05/مقال جديد")


@fault("R05/%D9%85%D9%82%D8%A7%D9%84%20%D8%AC%D8%AF%D9%8A%D8%AF")
async def raw_utf8_target(ask: Ask, wire: Wire) -> None:
    await wire.answer(feed(ask))


@fault("R06")
async def growing_address(ask: Ask, wire: Wire) -> None:
    await wire.redirect(f"/R06?n={int(ask.query.get('n', '0')) + 1}")


@fault("R07")
async def huge_location(ask: Ask, wire: Wire) -> None:
    await wire.redirect("/R07/" + "a" * 95_000)


@fault("R08")
async def needs_its_cookie(ask: Ask, wire: Wire) -> None:
    if "visitor=7" in (ask.header("Cookie") or ""):
        await wire.answer(feed(ask))
    else:
        await wire.redirect("/R08", headers=[("Set-Cookie", "visitor=7; Path=/; HttpOnly")])


@fault("R08/elsewhere")
async def sets_cookie_and_leaves(ask: Ask, wire: Wire) -> None:
    """Sets a cookie and sends the client to another server (`to`), which must not get it."""
    await wire.redirect(ask.query["to"], headers=[("Set-Cookie", "visitor=7; Path=/; Domain=127.0.0.1")])


@fault("R09")
async def to_login(ask: Ask, wire: Wire) -> None:
    await wire.redirect("/R09/login")


@fault("R09/login")
async def login_page(ask: Ask, wire: Wire) -> None:
    await wire.answer(b"<html><title>Connexion</title><form><input type=password></form></html>", content_type="text/html")


# Addresses: all of them lead to the canary, or to a place where nothing may be sent


def _leads_to(name: str, *targets: str) -> None:
    """Redirect to each target in turn; "{port}" is the server's and the canary's port."""

    @fault(name)
    async def lead(ask: Ask, wire: Wire) -> None:
        await wire.redirect(targets[(ask.hit - 1) % len(targets)].replace("{port}", str(wire.server.port)))


_leads_to("S01", f"http://{CANARY_HOST}:{{port}}/canary")
_leads_to("S02", "http://localhost:{port}/canary", "http://localhost.:{port}/canary", "http://LOCALHOST:{port}/canary")
_leads_to("S03", "http://2130706434:{port}/canary")
_leads_to("S04", "file:///etc/passwd", "FILE:/etc/passwd", "file://localhost/etc/passwd")
_leads_to("S05", "http://127.2:{port}/canary")
_leads_to("S06", "http://0x7f000002:{port}/canary", "http://0177.0.0.2:{port}/canary", "http://0x7f.0.0.2:{port}/canary")
_leads_to("S07", "http://[::1]:{port}/canary")
_leads_to("S08", "http://[::ffff:127.0.0.2]:{port}/canary", "http://[::ffff:7f00:2]:{port}/canary")
_leads_to("S09", "http://0.0.0.0:{port}/canary", "http://0:{port}/canary", "http://[::]:{port}/canary")
_leads_to("S10", "http://news.example@127.0.0.2:{port}/canary", "http://news.example:80@127.0.0.2:{port}/canary")
_leads_to(
    "S11",
    "http://10.0.0.1:9/",
    "http://172.16.0.1:9/",
    "http://192.168.0.1:9/",
    "http://100.64.0.1:9/",
    "http://169.254.169.254:9/latest/meta-data/",
    "http://[64:ff9b::7f00:2]:9/",
    "http://[2002:7f00:2::]:9/",
    "http://[::127.0.0.2]:9/",
    "http://[fe80::1]:9/",
    "http://[fd00::1]:9/",
    "http://[2001:0:4136:e378::1]:9/",
    "http://224.0.0.1:9/",
    "http://[ff02::1]:9/",
    "http://255.255.255.255:9/",
)
_leads_to("S12", "gopher://127.0.0.2:{port}/_x", "ftp://127.0.0.2:{port}/", "data:text/xml,<rss/>", "javascript:alert(1)")
_leads_to("S13", "/S01")
_leads_to("S15", "http://%31%32%37.0.0.2:{port}/canary", "http://１２７.0.0.2:{port}/canary", "http:\\\\127.0.0.2:{port}\\canary")
_leads_to("S17", "//127.0.0.2:{port}/canary", "\\\\127.0.0.2:{port}/canary", " http://127.0.0.2:{port}/canary")
