"""We are guests: a pause and a cap per host, robots.txt for pages, nothing remembered without a bound."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hostile.guest import rules
from hostile.server import Ask, HostileServer, Wire

from pipelines import fetch
from pipelines.errors import FetchError, Gone, RateLimited, RobotsRefused
from pipelines.fetch import Fetcher, FetchRules

pytest_plugins = ("hostile.fixtures",)


class Counter:
    """A handler that notes when it was asked and how many of its answers were under way at a time."""

    def __init__(self, seconds: float = 0.0):
        self.seconds = seconds
        self.starts: list[float] = []
        self.active = 0
        self.most = 0

    async def __call__(self, ask: Ask, wire: Wire) -> None:
        self.starts.append(time.monotonic())
        self.active += 1
        self.most = max(self.most, self.active)
        await asyncio.sleep(self.seconds)
        self.active -= 1
        await wire.answer(b"<p>text")


def robots(server: HostileServer, text: str) -> None:
    server.page("/robots.txt", text.encode(), "text/plain")


async def test_requests_to_one_host_keep_their_distance(server: HostileServer) -> None:
    counter = Counter()
    server.route("/n/*", counter)
    async with Fetcher(rules(pause=0.15, per_host=4)) as fetcher:
        await asyncio.gather(*(fetcher.get(server.url(f"/n/{n}"), purpose="feed") for n in range(5)))
    gaps = [later - earlier for earlier, later in zip(counter.starts, counter.starts[1:], strict=False)]
    assert min(gaps) > 0.12


async def test_feeds_and_pages_share_the_pause(server: HostileServer) -> None:
    counter = Counter()
    server.route("/n/*", counter)
    async with Fetcher(rules(pause=0.2)) as fetcher:
        await asyncio.gather(fetcher.get(server.url("/n/1"), purpose="feed"), fetcher.get(server.url("/n/2"), purpose="page"))
    assert counter.starts[1] - counter.starts[0] > 0.17


async def test_hosts_do_not_wait_for_each_other(server: HostileServer) -> None:
    async with HostileServer() as other, Fetcher(rules(pause=5)) as fetcher:
        started = time.monotonic()
        await asyncio.gather(*(fetcher.get(each.url("/T00"), purpose="feed") for each in (server, other)))
        assert time.monotonic() - started < 0.5


async def test_so_many_requests_to_one_host_at_a_time(server: HostileServer) -> None:
    counter = Counter(0.05)
    server.route("/n/*", counter)
    async with Fetcher(rules(per_host=3)) as fetcher:
        await asyncio.gather(*(fetcher.get(server.url(f"/n/{n}"), purpose="page") for n in range(12)))
    assert counter.most == 3


async def test_waiting_for_the_turn_is_not_the_servers_time(server: HostileServer) -> None:
    async with Fetcher(rules(pause=0.3, timeout=0.4)) as fetcher:
        pages = await asyncio.gather(*(fetcher.get(server.url("/T00"), purpose="feed") for _ in range(4)))
    assert all(page.elapsed_ms < 200 for page in pages)


async def test_a_redirect_within_a_host_does_not_pause_again(server: HostileServer) -> None:
    async with Fetcher(rules(pause=2)) as fetcher:
        started = time.monotonic()
        await fetcher.get(server.url("/H18"), purpose="feed")
        assert time.monotonic() - started < 0.5 and server.hits.total() == 3


async def test_a_page_that_robots_txt_keeps_for_itself_is_not_fetched(server: HostileServer) -> None:
    robots(server, "User-agent: *\nDisallow: /private/\nAllow: /private/open\n")
    server.page("/private/open.html", b"<p>text")
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        with pytest.raises(RobotsRefused, match=r"robots\.txt of 127\.0\.0\.1:\d+ asks us not to") as caught:
            await fetcher.get(server.url("/private/article.html"), purpose="page")
        assert caught.value.permanent
        assert (await fetcher.get(server.url("/private/open.html"), purpose="page")).status == 200
    assert server.hits["/private/article.html"] == 0
    assert server.hits["/robots.txt"] == 1, "robots.txt is remembered"


async def test_robots_txt_is_read_for_our_name(server: HostileServer) -> None:
    robots(server, "User-agent: Vigie\nDisallow: /a\n\nUser-agent: *\nDisallow: /\n")
    server.page("/b", b"<p>text")
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        assert (await fetcher.get(server.url("/b"), purpose="page")).status == 200
        with pytest.raises(RobotsRefused):
            await fetcher.get(server.url("/a"), purpose="page")


async def test_robots_txt_is_fetched_once_for_all_who_wait(server: HostileServer) -> None:
    counter = Counter(0.1)
    server.route("/robots.txt", counter)
    server.page("/article", b"<p>text")
    async with Fetcher(rules(respect_robots=True, per_host=8)) as fetcher:
        await asyncio.gather(*(fetcher.get(server.url("/article"), purpose="page") for _ in range(8)))
    assert len(counter.starts) == 1


async def test_feeds_are_not_asked_of_robots_txt(server: HostileServer) -> None:
    robots(server, "User-agent: *\nDisallow: /\n")
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        assert (await fetcher.get(server.url("/T00"), purpose="feed")).status == 200
    assert server.hits["/robots.txt"] == 0


async def test_robots_txt_may_be_ignored_by_the_rules(server: HostileServer) -> None:
    robots(server, "User-agent: *\nDisallow: /\n")
    async with Fetcher(rules(respect_robots=False)) as fetcher:
        assert (await fetcher.get(server.url("/T00"), purpose="page")).status == 200


async def test_a_redirect_cannot_lead_past_robots_txt(server: HostileServer) -> None:
    robots(server, "User-agent: *\nDisallow: /H16/new\n")
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        with pytest.raises(RobotsRefused):
            await fetcher.get(server.url("/H16"), purpose="page")
    assert server.hits["/H16/new"] == 0


@pytest.mark.parametrize("fault", ["H06", "H07", "H08", "H12", "H13", "R02", "R04", "R09"])
async def test_a_robots_txt_that_is_not_there_allows_everything(server: HostileServer, fault: str) -> None:
    server.route("/robots.txt", server._handlers[f"/{fault}"])
    server.page("/article", b"<p>text")
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        assert (await fetcher.get(server.url("/article"), purpose="page")).status == 200


async def test_a_robots_txt_that_fails_keeps_us_out_for_now(server: HostileServer) -> None:
    server.route("/robots.txt", server._handlers["/H05"])
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        for _ in range(2):
            with pytest.raises(RobotsRefused, match="cannot be read") as caught:
                await fetcher.get(server.url("/article"), purpose="page")
            assert not caught.value.permanent and caught.value.retry_after is not None
    assert server.hits["/robots.txt"] == 1 and server.hits["/article"] == 0


async def test_a_rate_limit_on_robots_txt_holds_for_the_host(server: HostileServer) -> None:
    server.route("/robots.txt", server._handlers["/H01"])
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        with pytest.raises(RateLimited) as caught:
            await fetcher.get(server.url("/article"), purpose="page")
        assert caught.value.host_wide and caught.value.retry_after is not None
        with pytest.raises(RateLimited):
            await fetcher.get(server.url("/T00"), purpose="feed")
    assert server.hits.total() == 1


@pytest.mark.parametrize("fault", ["T17", "T22", "T23"])
async def test_a_host_that_talks_nonsense_is_not_taken_for_a_refusal(server: HostileServer, fault: str) -> None:
    server.route("/robots.txt", server._handlers[f"/{fault}"])
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        with pytest.raises(FetchError, match=r"robots\.txt: ") as caught:
            await fetcher.get(server.url("/article"), purpose="page")
    assert not isinstance(caught.value, RobotsRefused) and not caught.value.permanent
    assert server.hits["/article"] == 0


async def test_a_crawl_delay_is_kept(server: HostileServer) -> None:
    robots(server, "User-agent: *\nCrawl-delay: 0.3\n")
    counter = Counter()
    server.route("/n/*", counter)
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        for n in range(3):
            await fetcher.get(server.url(f"/n/{n}"), purpose="page")
    assert counter.starts[2] - counter.starts[1] > 0.25


async def test_the_copy_of_robots_txt_we_have_outlives_an_outage(server: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_ROBOTS_KEPT", fetch._ROBOTS_KEPT * 0)
    server.page("/open", b"<p>text")

    async def once(ask: Ask, wire: Wire) -> None:
        await wire.answer(b"User-agent: *\nDisallow: /closed", status=200 if ask.hit == 1 else 500, content_type="text/plain")

    server.route("/robots.txt", once)
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        assert (await fetcher.get(server.url("/open"), purpose="page")).status == 200
        assert (await fetcher.get(server.url("/open"), purpose="page")).status == 200
        with pytest.raises(RobotsRefused, match="asks us not to"):
            await fetcher.get(server.url("/closed"), purpose="page")
    assert server.hits["/robots.txt"] == 2


async def test_a_slow_robots_txt_has_its_own_deadline(server: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_ROBOTS_SECONDS", 0.3)
    server.route("/robots.txt", server._handlers["/T02"])
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        started = time.monotonic()
        with pytest.raises(FetchError, match=r"robots\.txt: no complete answer within 0\.3 s"):
            await fetcher.get(server.url("/article"), purpose="page")
        assert time.monotonic() - started < 1


async def test_of_an_endless_robots_txt_the_beginning_counts(server: HostileServer) -> None:
    async def endless(ask: Ask, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        await wire.chunk(b"User-agent: *\nDisallow: /closed\n")
        while True:
            await wire.chunk(b"# more\n" * 5000)

    server.route("/robots.txt", endless)
    server.page("/open", b"<p>text")
    async with Fetcher(rules(respect_robots=True)) as fetcher:
        assert (await fetcher.get(server.url("/open"), purpose="page")).status == 200
        with pytest.raises(RobotsRefused):
            await fetcher.get(server.url("/closed"), purpose="page")


async def test_what_is_remembered_of_hosts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_MAX_SITES", 20)
    async with Fetcher(rules()) as fetcher:
        for n in range(100):
            with pytest.raises(FetchError):
                await fetcher.get(f"http://127.0.0.1:1/?{n}" if n % 2 else f"http://127.0.0.{n + 3}:1/", purpose="feed")
        assert len(fetcher._hosts) <= 21


async def test_large_bodies_wait_for_each_other_without_losing_time(server: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_LARGE_AT_ONCE", 1)

    async def large(ask: Ask, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"a" * 1_500_000)
        await asyncio.sleep(0.25)
        await wire.send(b"a" * 1_500_000)

    server.route("/large/*", large)
    async with Fetcher(rules(timeout=0.6, per_host=8)) as fetcher:
        pages = await asyncio.gather(*(fetcher.get(server.url(f"/large/{n}"), purpose="feed") for n in range(4)))
    assert [len(page.body) for page in pages] == [3_000_000] * 4


def test_few_open_files_mean_fewer_connections_and_no_loss() -> None:
    """In a process of its own with 64 descriptors: 80 hosts at a time are all fetched."""
    program = """
import asyncio, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
sys.path.insert(0, sys.argv[1])
from hostile.guest import rules
from pipelines.fetch import Fetcher

async def main():
    async with Fetcher(rules(timeout=20, allow_addresses=("127.0.0.0/8",))) as fetcher:
        urls = [f"http://127.0.1.{n}:{sys.argv[2]}/T00" for n in range(1, 81)]
        pages = await asyncio.gather(*(fetcher.get(url, purpose="feed") for url in urls))
        print(sum(page.status == 200 for page in pages))

asyncio.run(main())
"""
    with HostileServer.in_thread(host="0.0.0.0") as server:
        done = subprocess.run(
            [sys.executable, "-c", program, str(Path(__file__).parent), str(server.port)],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "80"


async def test_gone_pages_do_not_cost_the_connection(server: HostileServer, fetcher: Fetcher) -> None:
    for _ in range(3):
        with pytest.raises(Gone):
            await fetcher.get(server.url("/H06"), purpose="page")
    assert server.connections == 1


def test_the_user_agent_names_a_contact_once() -> None:
    assert FetchRules(user_agent="Vigie/1", contact="a@news.example").agent == "Vigie/1 (+a@news.example)"
    assert FetchRules(user_agent="Vigie/1 (a@news.example)", contact="a@news.example").agent == "Vigie/1 (a@news.example)"
    assert "\n" not in FetchRules(user_agent="Vigie/1\r\nX-Injected: 1").agent
