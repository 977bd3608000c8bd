"""Which addresses are connected to: only permitted ones, checked when connecting, whatever leads there."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hostile.guest import rules
from hostile.server import CANARY_HOST, Ask, HostileServer, Wire
from hypothesis import given
from hypothesis import strategies as st

from pipelines.addresses import networks, why_refused
from pipelines.errors import AddressRefused, FetchError, TimedOut
from pipelines.fetch import Fetcher, FetchRules

pytest_plugins = ("hostile.fixtures",)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.0.0.2", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.2", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:2", "64:ff9b:1::1",
        "100::1", "2001::1", "2001:0:4136:e378::1", "2001:20::1", "2001:db8::1", "2002:7f00:2::", "3fff::1", "5f00::1",
        "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1",
    ],
)  # fmt: skip
def test_special_addresses_are_refused_with_a_word(address: str) -> None:
    assert why_refused(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "196.200.160.1", "2001:4860:4860::8888", "2a00:1450::1",
     "::ffff:8.8.8.8"],
)  # fmt: skip
def test_public_addresses_are_permitted(address: str) -> None:
    assert why_refused(ipaddress.ip_address(address)) is None


@given(st.integers(0, 2**32 - 1))
def test_an_embedded_address_is_never_a_way_round(number: int) -> None:
    """Whatever holds an IPv4 address inside is refused, or judged as that address."""
    inner = ipaddress.IPv4Address(number)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    assert (why_refused(mapped) is None) == (why_refused(inner) is None)
    for prefix in (0, 0x64FF9B << 96, 0x2002 << 112):
        shift = 80 if prefix == 0x2002 << 112 else 0
        assert why_refused(ipaddress.IPv6Address(prefix | (number << shift)))


def test_an_allowed_network_goes_before_the_rule_and_nothing_else_does() -> None:
    allowed = networks(["127.0.0.1/32", "fd00::/8", "10.0.0.5"])
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "fd00::7", "10.0.0.5"):
        assert why_refused(ipaddress.ip_address(address), allowed) is None
    for address in ("127.0.0.2", "::1", "fc00::1", "10.0.0.6", "64:ff9b::7f00:1"):
        assert why_refused(ipaddress.ip_address(address), allowed)


@pytest.mark.parametrize("wrong", ["127.0.0.1/33", "localhost", "10.0.0.0/8/8", ""])
def test_a_network_that_is_none_stops_the_start(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"does not appear|netmask|Only one"):
        Fetcher(FetchRules(allow_addresses=(wrong,)))


@pytest.mark.parametrize("fault", [f"S{n:02}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17)])
async def test_a_redirect_to_a_forbidden_place_is_refused_before_connecting(server: HostileServer, fetcher: Fetcher, fault: str) -> None:
    """The row's redirects in turn; the fixture counts what reached the canary."""
    for _ in range(14 if fault == "S11" else 4):
        started = time.monotonic()
        with pytest.raises(AddressRefused, match="address not allowed") as caught:
            await fetcher.get(server.url(f"/{fault}"), purpose="feed")
        assert caught.value.permanent and caught.value.reason.isprintable()
        assert time.monotonic() - started < 2


@pytest.mark.parametrize("purpose", ["feed", "page", "robots"])
@pytest.mark.parametrize("host", ["127.0.0.2", "[::1]", "0.0.0.0", "2130706434", "0x7f.0.0.2", "[::ffff:127.0.0.2]", "127.2"])
async def test_every_purpose_asks_the_same_rule(server: HostileServer, purpose: str, host: str) -> None:
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        with pytest.raises(AddressRefused, match="address not allowed"):
            await fetcher.get(f"http://{host}:{server.port}/canary", purpose=purpose)  # type: ignore[arg-type]


async def test_robots_txt_cannot_lead_to_a_forbidden_place(server: HostileServer) -> None:
    async def astray(ask: Ask, wire: Wire) -> None:
        await wire.redirect(f"http://{CANARY_HOST}:{server.port}/robots.txt")

    server.route("/robots.txt", astray)
    server.page("/article", b"<p>text")
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        assert (await fetcher.get(server.url("/article"), purpose="page")).body == b"<p>text"


async def test_without_permission_loopback_itself_is_refused(server: HostileServer) -> None:
    async with Fetcher(rules(allow_addresses=())) as fetcher:
        with pytest.raises(AddressRefused, match=r"127\.0\.0\.1 \(loopback\)"):
            await fetcher.get(server.url("/T00"), purpose="feed")
    assert server.connections == 0


async def test_a_feed_of_this_machine_by_name_is_the_users_own_affair(server: HostileServer, fetcher: Fetcher) -> None:
    page = await fetcher.get(f"http://localhost:{server.port}/T00", purpose="feed")
    assert page.status == 200


async def test_a_user_name_does_not_hide_the_host(server: HostileServer, fetcher: Fetcher) -> None:
    with pytest.raises(AddressRefused, match="user name"):
        await fetcher.get(f"http://news.example@127.0.0.2:{server.port}/canary", purpose="page")


async def test_proxy_variables_are_ignored(server: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{CANARY_HOST}:{server.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with Fetcher(rules()) as fetcher:
        assert (await fetcher.get(server.url("/T00"), purpose="feed")).status == 200


@contextlib.contextmanager
def names(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], list[str]]) -> Iterator[list[str]]:
    """The system's resolver answers from a function; yields the names that were looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def lookup(host: str, port: object, *rest: object, **more: object) -> list[tuple[object, ...]]:
        if not isinstance(host, str) or not host.endswith(".example"):
            return real(host, port, *rest, **more)  # type: ignore[arg-type, return-value]
        asked.append(host)
        found = []
        for address in answer(host):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            place = (address, port, 0, 0) if ":" in address else (address, port)
            found.append((family, socket.SOCK_STREAM, 6, "", place))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lookup)
        yield asked


async def test_a_name_that_answers_differently_the_second_time_gains_nothing(
    server: HostileServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the address that was checked is the one connected to."""
    answers = iter([["127.0.0.1"], [CANARY_HOST], [CANARY_HOST]])
    with names(monkeypatch, lambda _: next(answers)) as asked:
        page = await fetcher.get(f"http://rebind.example:{server.port}/T00", purpose="feed")
    assert page.status == 200 and asked == ["rebind.example"]
    assert server.asks[0].host == f"rebind.example:{server.port}"


async def test_of_mixed_addresses_only_the_permitted_are_tried(
    server: HostileServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    with names(monkeypatch, lambda _: [CANARY_HOST, "::1", "10.0.0.1", "127.0.0.1"]):
        assert (await fetcher.get(f"http://mixed.example:{server.port}/T00", purpose="feed")).status == 200


async def test_a_name_with_forbidden_addresses_only_is_refused_but_may_heal(
    server: HostileServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        names(monkeypatch, lambda _: [CANARY_HOST]),
        pytest.raises(AddressRefused, match=r"inside\.example is 127\.0\.0\.2 \(loopback\)") as caught,
    ):
        await fetcher.get(f"http://inside.example:{server.port}/canary", purpose="feed")
    assert not caught.value.permanent


@pytest.mark.parametrize("dead", ["refuses", "swallows"])
async def test_a_dead_address_costs_less_than_a_second(server: HostileServer, monkeypatch: pytest.MonkeyPatch, dead: str) -> None:
    """As with broken IPv6: the first address refuses, or takes the connection attempt and never answers."""
    first = "127.0.0.4" if dead == "refuses" else "127.0.0.3"
    async with Fetcher(rules(timeout=5, allow_addresses=("127.0.0.1/32", "127.0.0.3/32", "127.0.0.4/32"))) as fetcher:
        with _full_backlog("127.0.0.3", server.port), names(monkeypatch, lambda _: [first, "127.0.0.1"]):
            started = time.monotonic()
            page = await fetcher.get(f"http://two.example:{server.port}/T00", purpose="feed")
            assert page.status == 200 and time.monotonic() - started < 1


@contextlib.contextmanager
def _full_backlog(host: str, port: int) -> Iterator[None]:
    """A listener whose queue is full: Linux leaves further connection attempts without an answer."""
    listener = socket.socket()
    listener.bind((host, port))
    listener.listen(0)
    waiting = [socket.socket() for _ in range(4)]
    for each in waiting:
        each.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            each.connect((host, port))
    try:
        yield
    finally:
        for each in (*waiting, listener):
            each.close()


async def test_a_hanging_name_server_is_inside_the_deadline_and_holds_up_nobody(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def hang(host: str) -> list[str]:
        if host == "hang.example":
            release.wait(20)
        return ["127.0.0.1"]

    try:
        async with Fetcher(rules(timeout=0.5)) as fetcher:
            with names(monkeypatch, hang):
                stuck = [asyncio.create_task(fetcher.get("http://hang.example/", purpose="feed")) for _ in range(8)]
                await asyncio.sleep(0.05)
                page = await fetcher.get(f"http://fine.example:{server.port}/T00", purpose="feed")
                assert page.status == 200
                results = await asyncio.gather(*stuck, return_exceptions=True)
                assert all(isinstance(each, TimedOut) and "looking up the name" in each.reason for each in results)
    finally:
        release.set()


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "DNS: name not known"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), r"DNS: no answer \(is this machine online\?\)"),
        (UnicodeError("label too long"), "DNS: not a usable name"),
    ],
)
async def test_a_failed_lookup_is_said_in_words(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, problem: Exception, words: str) -> None:
    def fail(host: str) -> list[str]:
        raise problem

    with names(monkeypatch, fail), pytest.raises(FetchError, match=words) as caught:
        await fetcher.get("http://lost.example/feed", purpose="feed")
    assert not caught.value.permanent and type(caught.value) is FetchError


class _Proxy:
    """A forwarding proxy that notes what it is asked for."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.targets.append(head.split(b" ")[1].decode())
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>")
        writer.close()


async def test_behind_a_proxy_the_same_rule_holds(server: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = _Proxy()
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        async with Fetcher(rules(allow_addresses=(), proxy=f"http://127.0.0.1:{port}")) as fetcher:
            with names(monkeypatch, lambda host: ["8.8.8.8"] if host == "news.example" else [CANARY_HOST]):
                page = await fetcher.get("http://news.example/feed", purpose="feed")
                assert page.body == b"<rss/>"
                for url in (
                    f"http://{CANARY_HOST}:{server.port}/canary",
                    "http://inside.example/canary",
                    f"http://127.0.0.1:{port}/",  # the proxy itself
                ):
                    with pytest.raises(AddressRefused):
                        await fetcher.get(url, purpose="feed")
    assert proxy.targets == ["http://news.example/feed"]


async def test_a_proxy_that_is_down_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Fetcher(rules(proxy="http://127.0.0.1:1")) as fetcher:
        with names(monkeypatch, lambda _: ["8.8.8.8"]), pytest.raises(FetchError, match="proxy: connection refused"):
            await fetcher.get("http://news.example/feed", purpose="feed")


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "127.0.0.1:8080", "http://"])
def test_a_proxy_that_is_none_stops_the_start(proxy: str) -> None:
    with pytest.raises(ValueError, match="is not an http"):
        Fetcher(rules(proxy=proxy))
