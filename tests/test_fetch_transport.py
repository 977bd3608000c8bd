"""Broken transport: every fault ends in a clear error inside the deadline, or in the right bytes."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hostile.faults import STRANGE_DATE, STRANGE_ETAG
from hostile.guest import rules
from hostile.server import HostileServer

from pipelines.errors import BadAnswer, FetchError, TimedOut, TooLarge
from pipelines.fetch import Fetcher

pytest_plugins = ("hostile.fixtures",)


async def test_a_healthy_feed_is_fetched_and_then_answered_not_modified(server: HostileServer, fetcher: Fetcher) -> None:
    first = await fetcher.get(server.url("/T00"), purpose="feed")
    assert (first.status, first.etag, first.charset) == (200, '"v1"', "utf-8")
    assert first.body.count(b"<item>") == 3

    second = await fetcher.get(server.url("/T00"), purpose="feed", etag=first.etag, last_modified=first.last_modified)
    assert second.not_modified and second.body == b"" and second.etag == '"v1"'
    assert server.asked("/T00")[1].header("If-Modified-Since") == "Tue, 24 Nov 2026 08:00:00 GMT"


async def test_a_request_says_who_we_are_and_asks_for_gzip_only(server: HostileServer, fetcher: Fetcher) -> None:
    await fetcher.get(server.url("/T00"), purpose="feed")
    (ask,) = server.asked("/T00")
    assert ask.header("User-Agent") == "Vigie/0.1 (news monitor) (+vigie@news.example)"
    assert ask.header("Accept-Encoding") == "gzip"
    assert ask.header("Cookie") is None and ask.header("Authorization") is None


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param("T01", "waiting for the answer", id="slow-headers"),
        pytest.param("T02", "reading the body", id="slow-body"),
        pytest.param("T03", "waiting for the answer", id="mute"),
        pytest.param("T25", "waiting for the answer", id="endless-early-hints"),
    ],
)
async def test_a_server_that_keeps_us_waiting_is_left_at_the_total_deadline(server: HostileServer, fault: str, words: str) -> None:
    async with Fetcher(rules(timeout=0.6)) as fetcher:
        started = time.monotonic()
        with pytest.raises(TimedOut, match=words):
            await fetcher.get(server.url(f"/{fault}"), purpose="feed")
        assert 0.5 < time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        pytest.param("T04", TooLarge, "larger than 2 MB", id="endless-body"),
        pytest.param("T05", BadAnswer, "headers", id="endless-header"),
        pytest.param("T06", BadAnswer, "headers", id="header-of-1-MB"),
        pytest.param("T07", BadAnswer, "headers", id="ten-thousand-headers"),
        pytest.param("T08", TooLarge, "larger than", id="gzip-bomb"),
        pytest.param("T09", BadAnswer, "gzip, gzip", id="stacked-gzip"),
        pytest.param("T09/two-headers", BadAnswer, "gzip, gzip", id="stacked-gzip-in-two-headers"),
        pytest.param("T09/hidden", BadAnswer, "gzip inside gzip", id="stacked-gzip-unannounced"),
        pytest.param("T11/bomb", TooLarge, "larger than", id="unannounced-gzip-bomb"),
        pytest.param("T12", BadAnswer, "cut short: the gzip data ends early", id="cut-gzip"),
        pytest.param("T13", BadAnswer, "'zstd' was not asked for", id="zstd"),
        pytest.param("T14", BadAnswer, "damaged gzip", id="damaged-gzip"),
        pytest.param("T15", BadAnswer, r"cut short: \d+ of \d+ bytes", id="short-body"),
        pytest.param("T17", BadAnswer, "invalid chunk size", id="bad-chunk"),
        pytest.param("T18", BadAnswer, "the last chunk is missing", id="no-last-chunk"),
        pytest.param("T19", BadAnswer, "cut short: connection reset", id="reset-in-the-body"),
        pytest.param("T20", FetchError, "connection (reset|closed)", id="reset-at-once"),
        pytest.param("T22", FetchError, "connection closed without an answer", id="closed-at-once"),
        pytest.param("T23", BadAnswer, "not an HTTP answer", id="ssh-banner"),
        pytest.param("T24", BadAnswer, "conflicting Content-Length", id="two-lengths"),
        pytest.param("T25/fast", BadAnswer, "headers", id="flood-of-early-hints"),
    ],
)
async def test_a_broken_answer_is_an_error_in_words(server: HostileServer, fault: str, error: type[FetchError], words: str) -> None:
    async with Fetcher(rules(timeout=10, max_bytes=2_000_000)) as fetcher:
        started = time.monotonic()
        with pytest.raises(error, match=words) as caught:
            await fetcher.get(server.url(f"/{fault}"), purpose="feed")
    assert "\n" not in caught.value.reason and len(caught.value.reason) < 200
    assert not caught.value.permanent
    assert time.monotonic() - started < 8


@pytest.mark.parametrize(
    "fault", [pytest.param("T10", id="says-gzip-is-plain"), pytest.param("T11", id="gzip-unannounced"), "T25/once", "T28"]
)
async def test_a_forgivable_answer_is_read(server: HostileServer, fetcher: Fetcher, fault: str) -> None:
    page = await fetcher.get(server.url(f"/{fault}"), purpose="feed")
    assert page.body.startswith(b"<?xml") and page.body.endswith(b"</rss>")


@pytest.mark.parametrize("fault", ["T16", "T16/chunked"])
async def test_what_follows_a_body_is_never_the_answer_to_another_request(server: HostileServer, fetcher: Fetcher, fault: str) -> None:
    page = await fetcher.get(server.url(f"/{fault}"), purpose="feed")
    assert page.body.endswith(b"</rss>")
    again = await fetcher.get(server.url("/T00"), purpose="feed")
    assert again.body.count(b"<item>") == 3
    assert server.asked("/T00")[0].turn == 1, "the connection with the surplus was used again"


@pytest.mark.parametrize("fault", ["T19", "T20"])
async def test_the_next_try_after_a_reset_succeeds(server: HostileServer, fetcher: Fetcher, fault: str) -> None:
    with pytest.raises(FetchError):
        await fetcher.get(server.url(f"/{fault}"), purpose="feed")
    page = await fetcher.get(server.url(f"/{fault}"), purpose="feed")
    assert page.body.count(b"<item>") == 3


@pytest.mark.parametrize("fault", ["T21", "T21/close"])
async def test_a_kept_connection_that_died_is_replaced_without_a_word(server: HostileServer, fetcher: Fetcher, fault: str) -> None:
    for _ in range(3):
        page = await fetcher.get(server.url(f"/{fault}"), purpose="feed")
        assert page.body.count(b"<item>") == 3
    assert [ask.turn for ask in server.asked(f"/{fault}")] == [1, 2, 1, 2, 1]


async def test_several_dead_connections_are_replaced_at_once(server: HostileServer) -> None:
    async with Fetcher(rules(per_host=3)) as fetcher:
        for _ in range(3):
            pages = await asyncio.gather(*(fetcher.get(server.url("/T21"), purpose="feed") for _ in range(3)))
            assert all(page.status == 200 for page in pages)


async def test_connections_are_kept_for_the_next_request(server: HostileServer, fetcher: Fetcher) -> None:
    for _ in range(5):
        await fetcher.get(server.url("/T00"), purpose="feed")
    assert server.connections == 1


async def test_not_modified_without_a_question_is_an_error(server: HostileServer, fetcher: Fetcher) -> None:
    with pytest.raises(BadAnswer, match="304"):
        await fetcher.get(server.url("/T26"), purpose="feed")


async def test_an_unconditional_request_finds_what_a_stuck_cache_hides(server: HostileServer, fetcher: Fetcher) -> None:
    first = await fetcher.get(server.url("/T27"), purpose="feed")
    assert (await fetcher.get(server.url("/T27"), purpose="feed", etag=first.etag)).not_modified
    assert (await fetcher.get(server.url("/T27"), purpose="feed")).body.count(b"<item>") == 6


async def test_strange_validators_are_echoed_byte_for_byte(server: HostileServer, fetcher: Fetcher) -> None:
    page = await fetcher.get(server.url("/T29"), purpose="feed")
    assert (page.etag, page.last_modified) == (STRANGE_ETAG, STRANGE_DATE)
    await fetcher.get(server.url("/T29"), purpose="feed", etag=page.etag, last_modified=page.last_modified)
    again = server.asked("/T29")[1]
    assert (again.header("If-None-Match"), again.header("If-Modified-Since")) == (STRANGE_ETAG, STRANGE_DATE)


@pytest.mark.parametrize("etag", ["", "a\r\nX-Injected: 1", "\u0627\u0644", " padded "])
async def test_a_validator_that_cannot_be_sent_is_left_out(server: HostileServer, fetcher: Fetcher, etag: str) -> None:
    page = await fetcher.get(server.url("/T00"), purpose="feed", etag=etag)
    assert page.status == 200
    (ask,) = server.asked("/T00")
    assert ask.header("If-None-Match") is None and ask.header("X-Injected") is None


async def test_a_page_has_its_own_size_limit(server: HostileServer) -> None:
    server.page("/big", b"<p>" + b"x" * 200_000)
    async with Fetcher(rules(max_bytes=1_000_000, max_page_bytes=100_000)) as fetcher:
        assert (await fetcher.get(server.url("/big"), purpose="feed")).status == 200
        with pytest.raises(TooLarge, match=r"larger than 0.1 MB"):
            await fetcher.get(server.url("/big"), purpose="page")


async def test_a_cancelled_fetch_leaves_the_fetcher_usable(server: HostileServer) -> None:
    async with Fetcher(rules(per_host=1, timeout=5)) as fetcher:
        for fault in ("T03", "T02", "T01"):
            task = asyncio.create_task(fetcher.get(server.url(f"/{fault}"), purpose="feed"))
            await asyncio.sleep(0.15)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert (await fetcher.get(server.url("/T00"), purpose="feed")).status == 200


async def test_slow_servers_do_not_delay_others(server: HostileServer) -> None:
    async with HostileServer() as healthy, Fetcher(rules(timeout=1.5, per_host=2)) as fetcher:
        slow = [asyncio.create_task(fetcher.get(server.url("/T03"), purpose="feed")) for _ in range(20)]
        await asyncio.sleep(0.05)
        started = time.monotonic()
        await asyncio.gather(*(fetcher.get(healthy.url("/T00"), purpose="feed") for _ in range(20)))
        assert time.monotonic() - started < 1
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


async def test_connections_of_idle_hosts_are_closed_when_there_are_many() -> None:
    async with Fetcher(rules(max_active=4)) as fetcher:
        servers = [await HostileServer().__aenter__() for _ in range(12)]
        try:
            for server in servers:
                await fetcher.get(server.url("/T00"), purpose="feed")
            await asyncio.sleep(0.1)
            still_open = sum(len(server._tasks) for server in servers)
            assert still_open <= 5, "4 active and a quarter more are kept"
        finally:
            for server in servers:
                await server.__aexit__()


async def test_a_refused_connection_and_an_unknown_name_are_said_so(fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match="connection refused"):
        await fetcher.get("http://127.0.0.1:1/", purpose="feed")
    started = time.monotonic()
    with pytest.raises(FetchError, match="DNS: "):
        await fetcher.get("http://nobody.invalid/feed", purpose="feed")
    assert time.monotonic() - started < 2


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority of our own and three certificates: good, expired, for another name."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-subj",
        "/CN=Ours",
        "-days",
        "2",
    )
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndir=.\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n"
        "policy=p\ncopy_extensions=copy\nunique_subject=no\nx509_extensions=e\n[e]\nbasicConstraints=CA:FALSE\n[p]\ncommonName=supplied\n"
    )
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("1000\n")
    for name, alternative, start, end in (
        ("good", "IP:127.0.0.1", "20200101000000Z", "20991231000000Z"),
        ("expired", "IP:127.0.0.1", "20200101000000Z", "20200201000000Z"),
        ("other", "DNS:other.example", "20200101000000Z", "20991231000000Z"),
    ):
        openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName={alternative}",
        )  # fmt: skip
        openssl(
            "ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", f"{name}.csr", "-out",
            f"{name}.pem", "-startdate", start, "-enddate", end, "-notext",
        )  # fmt: skip
    return folder


async def _secure_answer(certificates: Path, name: str) -> bytes:
    """Fetch over TLS from a server with one of the certificates."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        async with Fetcher(rules(timeout=5)) as fetcher:
            first = await fetcher.get(f"https://127.0.0.1:{port}/", purpose="feed")
            second = await fetcher.get(f"https://127.0.0.1:{port}/", purpose="feed")
            return first.body + second.body
    finally:
        server.close()


async def test_tls_is_spoken_with_the_users_own_authorities(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    assert await _secure_answer(certificates, "good") == b"<rss/><rss/>"


@pytest.mark.parametrize(("name", "words"), [("expired", "TLS: certificate expired"), ("other", "TLS: certificate is for another")])
async def test_a_bad_certificate_is_named(certificates: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    with pytest.raises(FetchError, match=words):
        await _secure_answer(certificates, name)


async def test_an_unknown_authority_is_named(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(FetchError, match="TLS: certificate signed by an unknown authority"):
        await _secure_answer(certificates, "good")


async def test_a_missing_list_of_authorities_is_an_error_of_the_fetch_only(server: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/authorities.pem")
    async with Fetcher(rules()) as fetcher:
        with pytest.raises(FetchError, match="trusted authorities cannot be read"):
            await fetcher.get(server.url("/T00").replace("http:", "https:"), purpose="feed")
        assert (await fetcher.get(server.url("/T00"), purpose="feed")).status == 200


async def test_a_server_without_tls_is_said_so(fetcher: Fetcher) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(FetchError, match="TLS: the server does not speak TLS here"):
            await fetcher.get(f"https://127.0.0.1:{port}/", purpose="feed")


@pytest.mark.parametrize("faults", [["T08", "T09", "T09/hidden", "T11/bomb"], ["T04"] * 10, ["T05", "T07"]])
def test_memory_stays_flat_under_bombs(faults: list[str]) -> None:
    """In a process of its own, all at a time: the cap holds inside the decompressor, and few large bodies are held at once."""
    program = """
import asyncio, resource, sys
sys.path.insert(0, sys.argv[1])
from hostile.guest import rules
from pipelines.errors import FetchError
from pipelines.fetch import Fetcher

def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize() / 1e6

async def main():
    async with Fetcher(rules(timeout=20, max_bytes=15_000_000, per_host=20)) as fetcher:
        before = resident()

        async def fetch(url):
            try:
                await fetcher.get(url, purpose="feed")
            except FetchError as e:
                print(type(e).__name__)

        await asyncio.gather(*(fetch(url) for url in sys.argv[2:] * 2))
        # ru_maxrss would tell the size of whoever started this process: it survives exec, this does not
        with open("/proc/self/status") as f:
            peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1e3
        print(round(peak - before))

asyncio.run(main())
"""
    with HostileServer.in_thread() as server:
        urls = [server.url(f"/{fault}") for fault in faults]
        done = subprocess.run(
            [sys.executable, "-c", program, str(Path(__file__).parent), *urls], capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 0, done.stderr
    *errors, growth = done.stdout.split()
    assert len(errors) == 2 * len(faults)
    assert int(growth) < 200, f"grew by {growth} MB"


_ANSWERS = (
    b'HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nETag: "a"\r\nContent-Length: 18\r\n\r\n<rss><item/></rss>',
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n<rss><item/></rss>\r\n0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /x?%C3%A9#f\r\nSet-Cookie: a=b; Path=/; Max-Age=60\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 429 Slow\r\nRetry-After: 0\r\nDate: Tue, 24 Nov 2026 10:00:00 GMT\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.0 403 No\r\ncf-mitigated: no\r\n\r\n<title>x</title>",
)
_PIECES = (
    b"\r\n", b"\n", b"\x00", b"\xff" * 9, b": x\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: gzip\r\n", b"HTTP/2 200\r\n",
    b"Location: http://xn--a/\r\n", b"Location: //\r\n", b"Location: \xe9\xff\r\n", b"Set-Cookie: a=\xb7\r\n", b"Set-Cookie: ;=;;\r\n",
    b"Content-Encoding: ,\r\n", b"\x1f\x8b\x08", b"ffffffffffffffff\r\n", b"Retry-After: Tue, 24 Nov 0001 00:00:00 GMT\r\n", b"101", b"099",
)  # fmt: skip


async def test_no_bytes_of_a_server_raise_anything_but_a_fetch_error() -> None:
    """Damaged answers, the same ones in every run: what comes out is a page or one line of words."""
    dice = random.Random(2026)

    def damaged() -> bytes:
        answer = bytearray(dice.choice(_ANSWERS))
        for _ in range(dice.choice((1, 1, 2, 4))):
            place = dice.randrange(len(answer) + 1)
            change = dice.random()
            if change < 0.3:
                answer[place - 1 : place] = bytes([dice.randrange(256)])
            elif change < 0.7:
                start = answer.find(b"\r\n", place) + 2
                answer[start:start] = dice.choice(_PIECES)
            elif change < 0.85:
                del answer[place : place + dice.randrange(30)]
            else:
                answer += dice.choice(_ANSWERS)
        return bytes(answer)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(damaged())
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        reasons = []
        async with Fetcher(rules(timeout=0.5)) as fetcher:
            for number in range(400):
                fetcher._hosts.clear()
                try:
                    page = await fetcher.get(f"http://127.0.0.1:{port}/{number}", purpose="feed", etag='"a"')
                    assert page.status in (200, 304)
                except FetchError as e:
                    reasons.append(e.reason)
    assert 100 < len(reasons) < 400
    assert all(reason.isprintable() and 0 < len(reason) < 250 for reason in reasons)


async def test_tls_goes_through_a_proxy_as_a_tunnel(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    tunnels: list[str] = []

    async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>")
        writer.close()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        tunnels.append(head.split(b" ")[1].decode())
        far_reader, far_writer = await asyncio.open_connection(*tunnels[-1].split(":"))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

        async def pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while data := await source.read(65536):
                    sink.write(data)
            sink.close()

        await asyncio.gather(pour(reader, far_writer), pour(far_reader, writer))

    async with (
        await asyncio.start_server(origin, "127.0.0.1", 0, ssl=context) as site,
        await asyncio.start_server(proxy, "127.0.0.1", 0) as relay,
    ):
        target = f"https://127.0.0.1:{site.sockets[0].getsockname()[1]}/"
        way = f"http://127.0.0.1:{relay.sockets[0].getsockname()[1]}"
        async with Fetcher(rules(timeout=5, proxy=way)) as fetcher:
            bodies = [(await fetcher.get(target, purpose="feed")).body for _ in range(3)]
        await asyncio.sleep(0.1)  # both ends see the tunnel close
        assert bodies == [b"<rss/>"] * 3
        assert len(tunnels) == 1, "the tunnel is kept for the next request"
