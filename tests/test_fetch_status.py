"""Statuses, waiting times and redirects: what each means, and that no chain leads on for ever."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from hostile.guest import rules
from hostile.server import Ask, HostileServer, Wire

from pipelines.errors import (
    AddressRefused,
    BadAnswer,
    BotWall,
    FetchError,
    Gone,
    RateLimited,
    StatusError,
    TooManyRedirects,
)
from pipelines.fetch import Fetcher

pytest_plugins = ("hostile.fixtures",)

# No waiting time of a server: what it says counts within the second the test takes
SOON = timedelta(seconds=2)


@pytest.mark.parametrize(
    ("fault", "error", "words", "permanent"),
    [
        ("H04", StatusError, r"unavailable \(503\)", False),
        ("H05", StatusError, r"server error \(500\)", False),
        ("H06", Gone, r"not found \(404\)", False),
        ("H07", Gone, r"gone for good \(410\)", True),
        ("H08", StatusError, r"needs credentials \(401\)", True),
        ("H09", BotWall, "blocked by bot protection", False),
        ("H09/body", BotWall, "blocked by bot protection", False),
        ("H10", BotWall, "not a feed: a challenge page", False),
        ("H11", StatusError, r"legal reasons \(451\)", True),
        ("H12", BadAnswer, "empty answer", False),
        ("H13", BadAnswer, "empty answer", False),
        ("H14", BadAnswer, "partial answer", False),
        ("H20", StatusError, "999", False),
    ],
)
async def test_a_status_says_what_it_means(
    server: HostileServer, fetcher: Fetcher, fault: str, error: type[FetchError], words: str, permanent: bool
) -> None:
    with pytest.raises(error, match=words) as caught:
        await fetcher.get(server.url(f"/{fault}"), purpose="feed")
    assert type(caught.value) is error
    assert caught.value.permanent is permanent
    assert caught.value.status is not None
    assert not caught.value.host_wide
    assert server.hits[f"/{fault}"] == 1


async def test_no_credentials_are_ever_sent(server: HostileServer, fetcher: Fetcher) -> None:
    with pytest.raises(StatusError):
        await fetcher.get(server.url("/H08"), purpose="feed")
    (ask,) = server.asks
    assert ask.header("Authorization") is None


async def test_gone_once_can_come_back(server: HostileServer, fetcher: Fetcher) -> None:
    with pytest.raises(Gone):
        await fetcher.get(server.url("/H19"), purpose="feed")
    assert (await fetcher.get(server.url("/H19"), purpose="feed")).status == 200


async def test_a_busy_server_answers_the_next_time(server: HostileServer, fetcher: Fetcher) -> None:
    with pytest.raises(StatusError):
        await fetcher.get(server.url("/H04"), purpose="feed")
    assert (await fetcher.get(server.url("/H04"), purpose="feed")).status == 200


@pytest.mark.parametrize("fault", ["H01", "H02"])
async def test_a_host_that_asks_for_silence_gets_it(server: HostileServer, fetcher: Fetcher, fault: str) -> None:
    """In seconds, and as a date that counts from the server's own wrong clock."""
    now = datetime.now(UTC)
    with pytest.raises(RateLimited) as caught:
        await fetcher.get(server.url(f"/{fault}?after=20"), purpose="feed")
    assert caught.value.host_wide and caught.value.retry_after is not None
    assert abs(caught.value.retry_after - now - timedelta(seconds=20)) < SOON

    for path in (f"/{fault}", "/T00"):
        with pytest.raises(RateLimited, match="asked for no requests until") as again:
            await fetcher.get(server.url(path), purpose="feed")
        assert again.value.retry_after is not None
        assert abs(again.value.retry_after - caught.value.retry_after) < SOON
    assert server.hits.total() == 1, "the host was asked inside the window"


async def test_a_503_with_retry_after_is_a_wish_for_silence(server: HostileServer, fetcher: Fetcher) -> None:
    with pytest.raises(RateLimited) as caught:
        await fetcher.get(server.url("/H21"), purpose="feed")
    assert caught.value.status == 503 and caught.value.host_wide


async def test_the_silence_of_one_host_is_not_that_of_another(server: HostileServer, fetcher: Fetcher) -> None:
    with pytest.raises(RateLimited):
        await fetcher.get(server.url("/H01"), purpose="feed")
    async with HostileServer() as other:
        assert (await fetcher.get(other.url("/T00"), purpose="feed")).status == 200


async def test_the_host_is_asked_again_when_the_silence_is_over(server: HostileServer, fetcher: Fetcher) -> None:
    with pytest.raises(RateLimited):
        await fetcher.get(server.url("/H01?after=1"), purpose="feed")
    started = time.monotonic()
    while time.monotonic() - started < 3:
        try:
            page = await fetcher.get(server.url("/H01"), purpose="feed")
            break
        except RateLimited:
            await asyncio.sleep(0.05)
    assert page.status == 200 and time.monotonic() - started > 0.8


@pytest.mark.parametrize(
    ("wish", "hours"),
    [("3153600000", 24), ("Fri, 31 Dec 9999 23:59:59 GMT", 24), ("9" * 5000, 24), ("-5", None), ("soon", None)],
)
async def test_an_absurd_wish_is_clamped_or_ignored(server: HostileServer, wish: str, hours: int | None) -> None:
    async with Fetcher(rules()) as fetcher:
        now = datetime.now(UTC)
        with pytest.raises(RateLimited) as caught:
            await fetcher.get(server.url(f"/H03?wish={wish.replace(' ', '%20')}"), purpose="feed")
        if hours is None:
            assert caught.value.retry_after is None
        else:
            assert caught.value.retry_after is not None
            assert abs(caught.value.retry_after - now - timedelta(hours=hours)) < SOON


@pytest.mark.parametrize(("fault", "moved_to"), [("H15", "/H15/new"), ("H17", "/H17/new"), ("H16", None), ("H18", "/H16")])
async def test_only_an_unbroken_chain_of_permanent_redirects_moves_an_address(
    server: HostileServer, fetcher: Fetcher, fault: str, moved_to: str | None
) -> None:
    page = await fetcher.get(server.url(f"/{fault}"), purpose="feed")
    assert page.url == server.url(f"/{fault}") and page.status == 200
    assert page.moved_to == (server.url(moved_to) if moved_to else None)
    assert page.final_url.endswith("/new")


@pytest.mark.parametrize(
    ("fault", "error", "words", "requests"),
    [
        ("R01", TooManyRedirects, "circle", 1),
        ("R02", TooManyRedirects, "circle", 2),
        ("R03", TooManyRedirects, "more than 5 redirects", 6),
        ("R04", BadAnswer, r"redirect \(302\) without an address", 1),
        ("R05?kind=bracket", BadAnswer, "address that cannot be read", 1),
        ("R05?kind=port", BadAnswer, "address that cannot be read", 1),
        ("R05?kind=host", BadAnswer, "address that cannot be read", 1),
        ("R05?kind=empty", BadAnswer, "without an address", 1),
        ("R05?kind=control", BadAnswer, "address that cannot be read|damaged headers", 1),
        ("R06", TooManyRedirects, "more than 5 redirects", 6),
        ("R07", BadAnswer, "address of 95005 characters", 1),
    ],
)
async def test_redirects_that_lead_nowhere_end_in_an_error(
    server: HostileServer, fetcher: Fetcher, fault: str, error: type[FetchError], words: str, requests: int
) -> None:
    with pytest.raises(error, match=words) as caught:
        await fetcher.get(server.url(f"/{fault}"), purpose="feed")
    assert server.hits.total() == requests
    assert len(caught.value.reason) < 250 and caught.value.reason.isprintable()


async def test_a_redirect_in_raw_arabic_is_followed_as_browsers_do(server: HostileServer, fetcher: Fetcher) -> None:
    page = await fetcher.get(server.url("/R05/raw"), purpose="feed")
    assert page.status == 200 and page.final_url.isascii()


async def test_a_cookie_lives_within_one_fetch(server: HostileServer, fetcher: Fetcher) -> None:
    for _ in range(2):
        assert (await fetcher.get(server.url("/R08"), purpose="feed")).status == 200
    assert [ask.header("Cookie") for ask in server.asked("/R08")] == [None, "visitor=7", None, "visitor=7"]


async def test_a_cookie_does_not_follow_to_another_host(server: HostileServer, fetcher: Fetcher) -> None:
    async with HostileServer() as other:
        await fetcher.get(server.url(f"/R08/elsewhere?to={other.url('/T00')}"), purpose="feed")
        assert other.asks[0].header("Cookie") is None


async def test_where_a_login_page_was_reached_is_told(server: HostileServer, fetcher: Fetcher) -> None:
    page = await fetcher.get(server.url("/R09"), purpose="page")
    assert page.final_url == server.url("/R09/login") and page.moved_to is None


async def test_redirects_share_one_deadline(server: HostileServer) -> None:
    async def slow_step(ask: Ask, wire: Wire) -> None:
        await asyncio.sleep(0.3)
        step = int(ask.query.get("n", "0"))
        await wire.redirect(f"/slow-step?n={step + 1}")

    server.route("/slow-step", slow_step)
    async with Fetcher(rules(timeout=0.7)) as fetcher:
        started = time.monotonic()
        with pytest.raises(FetchError, match=r"within 0\.7 s"):
            await fetcher.get(server.url("/slow-step"), purpose="feed")
        assert time.monotonic() - started < 2


@pytest.mark.parametrize("url", ["", "   ", "feed.xml", "http://", "http:///x", "http://[bad", "http://a b/", "http://x:99999/"])
async def test_what_is_no_address_is_an_error_for_good(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(FetchError, match="not an address") as caught:
        await fetcher.get(url, purpose="page")
    assert caught.value.permanent and caught.value.url == url


@pytest.mark.parametrize("url", ["http://reader:secret@news.example/", "http://reader@news.example/", "//reader@news.example/x"])
async def test_an_address_with_a_user_name_is_refused(fetcher: Fetcher, url: str) -> None:
    with pytest.raises((AddressRefused, FetchError)) as caught:
        await fetcher.get(url, purpose="page")
    assert caught.value.permanent and "secret" not in caught.value.reason
