"""One function for everything that is fetched: feeds, pages, robots.txt.

    get(url) -> [robots.txt?] -> turn at the host -> connect to a checked address -> headers -> body under the cap
             -> redirect: once more from the left, at most `max_redirects` times -> Page, or an error of errors.py

The time for name lookup, connecting, TLS, headers, body and redirects together is limited; waiting for the turn at a host
is not counted. Nothing is shared between fetches but connections, robots.txt and the hosts' own wishes: no cookies,
no credentials.
HTTP/2 stays off: every feed and page is one request every few minutes, its framing would need limits of its own, and h2 costs
more processor time than HTTP/1.1 here; no outlet is known to refuse HTTP/1.1.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

import httpx

from pipelines import answers
from pipelines.addresses import AddressForbidden, NetworkProblem, networks
from pipelines.errors import (
    AddressRefused,
    BadAnswer,
    BotWall,
    FetchError,
    Gone,
    RateLimited,
    RobotsRefused,
    StatusError,
    TimedOut,
    TooLarge,
    TooManyRedirects,
)
from pipelines.network import LOCATION, Exchange, Pools, exchange_in_hand, possible_connections
from pipelines.records import Page
from pipelines.robots import MAX_BYTES as MAX_ROBOTS_BYTES
from pipelines.robots import Robots, parse_robots, product_token, robots_url
from pipelines.urls import absolute, host_of

Purpose = Literal["feed", "page", "robots"]

_MAX_HEADERS = 300  # newspapers send 20 to 60; a list of thousands is an attack or a fault
_ERROR_BODY_SECONDS = 2.0  # the body of a refusal is only looked at for the mark of a bot wall
_ROBOTS_SECONDS = 15.0
_ROBOTS_KEPT = timedelta(hours=24)  # RFC 9309: at most a day
_ROBOTS_UNREACHABLE = timedelta(minutes=10)  # before a robots.txt that could not be read is asked for again
_MAX_SITES = 1000  # robots.txt files and host states remembered
_MAX_ROBOTS_LINES = 100_000  # of all of them together; a rule takes about half a kilobyte
_LARGE_BODY = 1_000_000  # bytes; only so many larger bodies are held at a time (`_LARGE_AT_ONCE`), which bounds the memory
_LARGE_AT_ONCE = 6
_LONGEST_LOCATION = 4096

_ACCEPT: dict[Purpose, bytes] = {
    "feed": b"application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5",
    "page": b"text/html, application/xhtml+xml, application/xml;q=0.8, */*;q=0.5",
    "robots": b"text/plain, */*;q=0.5",
}


@dataclass(frozen=True)
class FetchRules:
    """How we behave as a guest. Times in seconds, sizes in decoded bytes.

    `timeout` and `page_timeout` are total; `pause` lies between the starts of two requests to one host, `per_host` of them may
    run at a time, `max_active` to all hosts together. `allow_addresses` are networks permitted beyond public ones. `proxy`
    ("http://host:port") is the only way to use one: the environment is not looked at.
    """

    user_agent: str = "Vigie/0.1 (news monitor)"
    contact: str = ""
    timeout: float = 30.0
    page_timeout: float = 45.0
    max_bytes: int = 15_000_000
    max_page_bytes: int = 5_000_000
    per_host: int = 2
    pause: float = 1.0
    respect_robots: bool = True
    allow_addresses: tuple[str, ...] = ()
    max_redirects: int = 5
    proxy: str | None = None
    max_active: int = 64

    @property
    def agent(self) -> str:
        """The User-Agent header: who we are and how to reach us."""
        contact = self.contact.strip()
        text = self.user_agent if not contact or contact in self.user_agent else f"{self.user_agent} (+{contact})"
        return "".join(c for c in text if " " <= c <= "~")


@dataclass(slots=True)
class _Visit:
    """One call of `get`: what is left of its time and what its chain of redirects has met."""

    asked: str
    purpose: Purpose
    seconds: float
    limit: int
    validators: list[tuple[bytes, bytes]]
    spent: float = 0.0
    cookies: dict[str, answers.Cookies] = field(default_factory=dict)

    def cookie(self, target: str) -> bytes:
        """The Cookie header for an address: what its own host set earlier in this chain."""
        jar = self.cookies.get(host_of(target))
        return jar.header(secure=target.startswith("https:")) if jar is not None else b""

    @contextlib.asynccontextmanager
    async def on_the_clock(self, exchange: Exchange) -> AsyncIterator[asyncio.Timeout]:
        """Network time: counted, and cut off at the total deadline. Raises TimedOut."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(max(self.seconds - self.spent, 0.001)) as timer:
                yield timer
        except TimeoutError as e:
            if not timer.expired():
                raise
            raise TimedOut(self.asked, f"no complete answer within {self.seconds:g} s ({exchange.phase})") from e
        finally:
            self.spent += time.monotonic() - started

    @contextlib.asynccontextmanager
    async def off_the_clock(self, timer: asyncio.Timeout) -> AsyncIterator[None]:
        """Time spent waiting for ourselves, which is not the server's."""
        started, deadline = time.monotonic(), timer.when()
        timer.reschedule(None)
        yield
        waited = time.monotonic() - started
        self.spent -= waited
        if deadline is not None:
            timer.reschedule(deadline + waited)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer of the chain; of a refusal's body only the start."""

    url: str
    status: int
    headers: answers.Headers
    body: bytes
    location: bytes


@dataclass(slots=True)
class _Host:
    """What we know of one host: who may ask, when the next may, and until when nobody may."""

    turns: asyncio.Semaphore
    next_start: float = 0.0  # monotonic
    delay: float = 0.0  # its own Crawl-delay
    silent_until: float = 0.0  # monotonic, so that no change of the clock ends or prolongs it: a Retry-After of 429 or 503
    waiting: int = 0


@dataclass(slots=True)
class _Site:
    """A robots.txt that was read, or why it could not be."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    robots: Robots | None = None
    trouble: FetchError | None = None
    good_until: float = 0.0  # monotonic

    @property
    def lines(self) -> int:
        """What remembering it costs, in lines of rules."""
        return self.robots.lines if self.robots is not None else 0


class Fetcher:
    """Fetches for one process, inside `async with`. Safe for any number of tasks of one event loop."""

    def __init__(self, rules: FetchRules):
        """Raises ValueError when `allow_addresses` or `proxy` cannot be understood."""
        self._rules = rules
        most = possible_connections(rules.max_active)
        # One total deadline stands above every step (`_Visit.on_the_clock`); httpx's own limits are for each step alone
        self._client = httpx.AsyncClient(
            transport=Pools(
                per_origin=rules.per_host,
                most_pools=most + most // 4,
                allowed=networks(rules.allow_addresses),
                proxy=rules.proxy,
            ),
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113
            cookies=_no_cookies(),
        )
        self._active = asyncio.Semaphore(most)
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._hosts: OrderedDict[str, _Host] = OrderedDict()
        self._sites: OrderedDict[str, _Site] = OrderedDict()
        self._token = product_token(rules.user_agent)
        self._agent = rules.agent.encode("ascii")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.aclose()

    def keep_silent(self, pauses: Mapping[str, timedelta]) -> None:
        """Ask none of these hosts for so long: what they wished for in an earlier run, which a restart does not end."""
        for host, left in pauses.items():
            self._host(host).silent_until = time.monotonic() + left.total_seconds()

    async def get(self, url: str, *, purpose: Purpose, etag: str | None = None, last_modified: str | None = None) -> Page:
        """Fetch an address: a Page with a body, or one with `not_modified` if a validator was given and still holds.

        Pages (and their redirects) are asked of robots.txt first. Raises the errors under FetchError, whose `url` is `url`.
        """
        feed = purpose == "feed"
        visit = _Visit(
            asked=url,
            purpose=purpose,
            seconds=self._rules.timeout if feed else self._rules.page_timeout if purpose == "page" else _ROBOTS_SECONDS,
            limit=self._rules.max_bytes if feed else self._rules.max_page_bytes if purpose == "page" else MAX_ROBOTS_BYTES,
            validators=_conditions(etag, last_modified),
        )
        target = _target(url, url, url)
        moved_to: str | None = None
        permanent_so_far = True
        seen: set[tuple[str, bytes]] = set()
        for _ in range(self._rules.max_redirects + 1):
            if purpose == "page" and self._rules.respect_robots:
                await self._ask_robots(visit, target)
            # The same address with another cookie is another question: some sites set one and send us round once
            question = (target, visit.cookie(target))
            if question in seen:
                raise TooManyRedirects(url, f"redirects turn in a circle at {_shown(target)}")
            answer = await self._hop(visit, target, first=not seen)
            seen.add(question)
            if answer.status not in (301, 302, 303, 307, 308):
                return self._page(visit, answer, moved_to, etag, last_modified)
            target = _redirect_target(visit, answer)
            if _is_this_machine(target) and not _is_this_machine(answer.url):
                # A user may watch a feed of this machine's; a stranger has no reason to send us here by name
                raise AddressRefused(url, f"address not allowed: {host_of(target)} is this machine", permanent=True)
            permanent_so_far = permanent_so_far and answer.status in (301, 308)
            if permanent_so_far:
                moved_to = target
        raise TooManyRedirects(url, f"more than {self._rules.max_redirects} redirects, the last to {_shown(target)}")

    # One request and its answer

    async def _hop(self, visit: _Visit, target: str, *, first: bool) -> _Answer:
        """Ask one address when it is its host's turn. A redirect is part of the same visit and does not pause again."""
        async with self._turn(visit, target, pausing=first), self._active:
            exchange = Exchange()
            async with visit.on_the_clock(exchange) as timer:
                try:
                    return await self._exchange(visit, target, exchange, timer)
                except AddressForbidden as e:
                    raise AddressRefused(visit.asked, e.reason, permanent=e.permanent) from e
                except NetworkProblem as e:
                    if e.broken or not exchange.received:
                        raise (BadAnswer if e.broken else FetchError)(visit.asked, e.reason) from e
                    raise BadAnswer(visit.asked, f"answer cut short: {e.reason}") from e
                except httpx.InvalidURL as e:
                    raise FetchError(visit.asked, "not an address that can be fetched", permanent=True) from e

    async def _exchange(self, visit: _Visit, target: str, exchange: Exchange, timer: asyncio.Timeout) -> _Answer:
        """Send the request, read the answer. Raises NetworkProblem, or the FetchError that the body deserves."""
        request = httpx.Request("GET", target, headers=self._headers(visit, target))
        exchange_in_hand.set(exchange)
        response = await self._client.send(request, stream=True)
        try:
            exchange.end_of_head()
            exchange.phase = "reading the body"
            raw = response.headers.raw
            if len(raw) > _MAX_HEADERS:
                raise NetworkProblem(f"{len(raw)} headers", broken=True)
            headers = answers.Headers(raw)
            length = _content_length(headers)
            if response.status_code == 200:
                body = await self._body(visit, response, headers, length, timer)
            else:
                body = await _error_body(response, headers)
            if 300 <= response.status_code < 400:
                jar = visit.cookies.setdefault(host_of(target), answers.Cookies())
                jar.take(raw, secure=target.startswith("https:"))
            exchange.end_of_body(0 if response.status_code in (204, 304) else length)
        finally:
            await response.aclose()
        return _Answer(target, response.status_code, headers, body, response.extensions[LOCATION].strip())

    async def _body(
        self, visit: _Visit, response: httpx.Response, headers: answers.Headers, length: int | None, timer: asyncio.Timeout
    ) -> bytes:
        """The decoded body of a 200. Raises TooLarge or BadAnswer."""
        too_large = f"larger than {visit.limit / 1e6:g} MB"
        whole = visit.purpose != "robots"  # of a robots.txt the beginning counts
        try:
            body = answers.Body(answers.content_coding(headers), visit.limit)
        except ValueError as e:
            raise BadAnswer(visit.asked, str(e)) from e
        if length is not None and length > visit.limit and whole:
            raise TooLarge(visit.asked, too_large)
        async with contextlib.AsyncExitStack() as held:
            heavy = False
            try:
                async for piece in response.aiter_raw():
                    if not heavy and body.size + len(piece) > _LARGE_BODY:
                        heavy = True
                        async with visit.off_the_clock(timer):
                            await held.enter_async_context(self._large)
                    body.feed(piece)
                return body.finish()
            except answers.TooLong as e:
                if not whole:
                    return body.so_far()
                # The error's traceback would keep the bytes alive for as long as somebody keeps the error
                body.discard()
                raise TooLarge(visit.asked, too_large) from e
            except answers.Broken as e:
                raise BadAnswer(visit.asked, str(e)) from e

    def _headers(self, visit: _Visit, target: str) -> list[tuple[bytes, bytes]]:
        sent = [
            (b"Host", host_of(target).encode("ascii")),
            (b"User-Agent", self._agent),
            (b"Accept", _ACCEPT[visit.purpose]),
            (b"Accept-Encoding", b"gzip"),
            (b"Accept-Language", b"fr, ar;q=0.9, es;q=0.8, en;q=0.7, *;q=0.5"),
            *visit.validators,
        ]
        cookie = visit.cookie(target)
        return [*sent, (b"Cookie", cookie)] if cookie else sent

    def _page(self, visit: _Visit, answer: _Answer, moved_to: str | None, etag: str | None, last_modified: str | None) -> Page:
        """The chain's last answer as a Page. Raises what its status or emptiness means."""
        now = datetime.now(UTC)
        headers = answer.headers
        if answer.status not in (200, 304):
            error = _status_error(visit.asked, answer, now)
            if error.host_wide and error.retry_after is not None:
                silence = (error.retry_after - now).total_seconds()
                self._host(host_of(answer.url)).silent_until = time.monotonic() + silence
            raise error
        unchanged = answer.status == 304
        if unchanged and not visit.validators:
            raise BadAnswer(visit.asked, "answered 304 (not modified) to a request without validators", status=304)
        if not unchanged:
            wall = answers.bot_wall(200, headers, answer.body)
            if wall:
                what = "not a feed: a challenge page" if visit.purpose == "feed" else "a challenge page"
                raise BotWall(visit.asked, f"{what} of bot protection ({wall}) came instead", status=200)
            if not answer.body.strip() and visit.purpose != "robots":
                raise BadAnswer(visit.asked, "empty answer", status=200)
        content_type = headers.get("content-type")
        return Page(
            url=visit.asked,
            final_url=answer.url,
            status=answer.status,
            body=b"" if unchanged else answer.body,
            fetched_at=now,
            content_type=content_type or None,
            charset=answers.charset(content_type),
            etag=answers.validator(headers.get("etag")) or (etag if unchanged else None),
            last_modified=answers.validator(headers.get("last-modified")) or (last_modified if unchanged else None),
            not_modified=unchanged,
            moved_to=moved_to if moved_to != visit.asked else None,
            max_age=answers.max_age(headers),
            elapsed_ms=round(visit.spent * 1000),
        )

    # Manners

    def _host(self, name: str) -> _Host:
        host = self._hosts.get(name)
        if host is None:
            if len(self._hosts) >= _MAX_SITES:
                self._forget_hosts()
            host = self._hosts[name] = _Host(asyncio.Semaphore(self._rules.per_host))
        self._hosts.move_to_end(name)
        return host

    def _forget_hosts(self) -> None:
        """Drop hosts that nobody waits for and that nothing has to be remembered of."""
        now = time.monotonic()
        for name, host in list(self._hosts.items()):
            if not host.waiting and max(host.next_start, host.silent_until) <= now:
                del self._hosts[name]

    @contextlib.asynccontextmanager
    async def _turn(self, visit: _Visit, target: str, *, pausing: bool) -> AsyncIterator[None]:
        """Wait until this host may be asked again. Raises RateLimited if it asked for silence until later."""
        host = self._host(host_of(target))
        host.waiting += 1
        try:
            _respect_silence(visit, target, host)
            async with host.turns:
                now = time.monotonic()
                start = max(now, host.next_start) if pausing else now
                host.next_start = max(host.next_start, start + max(self._rules.pause, host.delay))
                if start > now:
                    await asyncio.sleep(start - now)
                _respect_silence(visit, target, host)
                yield
        finally:
            host.waiting -= 1

    async def _ask_robots(self, visit: _Visit, target: str) -> None:
        """Raise RobotsRefused if the site does not want this page fetched, or FetchError if the site cannot be reached."""
        site = await self._site(robots_url(target))
        if site.robots is not None:
            self._host(host_of(target)).delay = site.robots.delay
            if not site.robots.allows(target):
                raise RobotsRefused(visit.asked, f"robots.txt of {host_of(target)} asks us not to fetch it", permanent=True)
            return
        trouble = site.trouble
        if trouble is None:
            return
        until = trouble.retry_after or datetime.now(UTC) + timedelta(seconds=max(site.good_until - time.monotonic(), 0))
        if trouble.status is not None and not isinstance(trouble, RateLimited):
            # RFC 9309 §2.3.1.4: a server error means that everything is disallowed for now
            raise RobotsRefused(visit.asked, f"robots.txt cannot be read ({trouble.reason}): not fetching pages for now", retry_after=until)
        # No answer at all: the page would fare no better, and its error should say why
        raise type(trouble)(
            visit.asked,
            f"robots.txt: {trouble.reason}",
            retry_after=trouble.retry_after,
            host_wide=trouble.host_wide,
            host=trouble.host or host_of(target),
        )

    async def _site(self, url: str) -> _Site:
        """The robots.txt at `url`, from memory or fetched once for all who wait for it."""
        site = self._sites.get(url)
        if site is None:
            site = self._sites[url] = _Site()
            while len(self._sites) > _MAX_SITES or sum(s.lines for s in self._sites.values()) > _MAX_ROBOTS_LINES:
                self._sites.popitem(last=False)
        self._sites.move_to_end(url)
        async with site.lock:
            if site.good_until > time.monotonic():
                return site
            kept = _ROBOTS_KEPT
            try:
                page = await self.get(url, purpose="robots")
                site.robots, site.trouble = parse_robots(page.body, self._token), None
            except (AddressRefused, TooManyRedirects):
                # RFC 9309 §2.3.1.2: unavailable. A page at a forbidden address is refused by its own fetch.
                site.robots, site.trouble = Robots(None, self._token), None
            except FetchError as e:
                unavailable = e.status is not None and e.status < 500 and e.status != 429
                if unavailable:
                    site.robots, site.trouble = Robots(None, self._token), None
                else:
                    kept = _ROBOTS_UNREACHABLE
                    if e.retry_after is not None:
                        kept = min(kept, e.retry_after - datetime.now(UTC))
                    # A copy that we have stays in force
                    site.trouble = e if site.robots is None else None
            site.good_until = time.monotonic() + kept.total_seconds()
        return site


def _respect_silence(visit: _Visit, target: str, host: _Host) -> None:
    """Raise RateLimited while a host's Retry-After runs."""
    left = host.silent_until - time.monotonic()
    if left > 0:
        until = datetime.now(UTC) + timedelta(seconds=left)
        reason = f"the host asked for no requests until {until:%Y-%m-%d %H:%M:%S} UTC"
        raise RateLimited(visit.asked, reason, retry_after=until, host_wide=True, host=host_of(target))


def _target(asked: str, base: str, link: str, *, status: int | None = None) -> str:
    """The address to request for `link`, without fragment. Raises AddressRefused, or FetchError/BadAnswer for garbage."""
    scheme = re.match(r"\s*([A-Za-z][A-Za-z0-9+.-]*):", link)
    if scheme and scheme[1].lower() not in ("http", "https"):
        raise AddressRefused(asked, f"address not allowed: {scheme[1][:40].lower()}: is neither http nor https", permanent=True)
    target = absolute(base, link)
    if target is None and status is None:
        raise FetchError(asked, "not an address that can be fetched", permanent=True)
    if target is None:
        raise BadAnswer(asked, f"redirect ({status}) to an address that cannot be read: {_shown(link)}", status=status)
    with contextlib.suppress(ValueError):
        if "@" in urlsplit(link).netloc:
            # A name before the host is there to be sent to somebody, or to look like another host
            raise AddressRefused(asked, "address not allowed: it carries a user name", permanent=True)
    return target.partition("#")[0]


def _redirect_target(visit: _Visit, answer: _Answer) -> str:
    """Where a redirect leads. Raises BadAnswer or AddressRefused."""
    status = answer.status
    raw = answer.location
    if not raw:
        raise BadAnswer(visit.asked, f"redirect ({status}) without an address", status=status)
    if len(raw) > _LONGEST_LOCATION:
        raise BadAnswer(visit.asked, f"redirect ({status}) to an address of {len(raw)} characters", status=status)
    try:
        link = raw.decode("utf-8")
    except UnicodeDecodeError:
        link = raw.decode("latin-1")
    return _target(visit.asked, answer.url, link, status=status)


def _is_this_machine(url: str) -> bool:
    host = (urlsplit(url).hostname or "").rstrip(".")
    return host == "localhost" or host.endswith(".localhost")


def _status_error(asked: str, answer: _Answer, now: datetime) -> FetchError:
    """What a status other than 200 and 304 means for us."""
    status, headers = answer.status, answer.headers
    wish = answers.retry_after(headers, now)
    wall = answers.bot_wall(status, headers, answer.body)
    if wall:
        return BotWall(asked, f"blocked by bot protection ({wall}, status {status})", status=status, retry_after=wish)
    if status in (404, 410):
        words = "not found (404)" if status == 404 else "gone for good (410)"
        return Gone(asked, words, status=status, permanent=status == 410)
    if status == 429 or (status == 503 and wish is not None):
        until = f" until {wish:%Y-%m-%d %H:%M:%S} UTC" if wish else ""
        words = "too many requests" if status == 429 else "unavailable"
        reason, host = f"{words} ({status}): asked to wait{until}", host_of(answer.url)
        return RateLimited(asked, reason, status=status, retry_after=wish, host_wide=True, host=host)
    if status in (204, 205):
        return BadAnswer(asked, f"empty answer ({status})", status=status)
    if status == 206:
        return BadAnswer(asked, "partial answer (206) that was not asked for", status=status)
    if status < 300:
        return BadAnswer(asked, f"status {status} carries no document", status=status)
    words = _STATUS_WORDS.get(status) or ("server error" if 500 <= status < 600 else "refused")
    return StatusError(asked, f"{words} ({status})", status=status, permanent=status in _FINAL, retry_after=wish)


_STATUS_WORDS = {
    300: "several choices and no address",
    401: "needs credentials",
    402: "asks for payment",
    403: "access refused",
    407: "the proxy needs credentials",
    451: "unavailable for legal reasons",
    500: "server error",
    502: "bad gateway",
    503: "unavailable",
    504: "gateway timed out",
    521: "server down behind Cloudflare",
    522: "server does not answer Cloudflare",
    523: "server unreachable for Cloudflare",
    526: "server's certificate refused by Cloudflare",
    530: "server unknown to Cloudflare",
    999: "refused by a status of the site's own",
}
_FINAL = frozenset((401, 402, 451))  # the next try would be answered alike


async def _error_body(response: httpx.Response, headers: answers.Headers) -> bytes:
    """The start of a refusal's body; what there is of it when it is slow or broken."""
    try:
        body = answers.Body(answers.content_coding(headers), 4 * answers.WALL_SAMPLE)
    except ValueError:
        return b""
    with contextlib.suppress(answers.TooLong, answers.Broken, TimeoutError, NetworkProblem):
        async with asyncio.timeout(_ERROR_BODY_SECONDS):
            async for piece in response.aiter_raw():
                body.feed(piece)
                if body.wire > answers.WALL_SAMPLE:
                    break
    return body.so_far()


def _conditions(etag: str | None, last_modified: str | None) -> list[tuple[bytes, bytes]]:
    """The validators as headers, byte for byte as the server sent them. One that cannot be sent is left out."""
    pairs = ((b"If-None-Match", etag), (b"If-Modified-Since", last_modified))
    sent = []
    for name, value in pairs:
        with contextlib.suppress(UnicodeEncodeError):
            raw = (value or "").encode("latin-1")
            if raw and not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]|^[ \t]|[ \t]$", raw):
                sent.append((name, raw))
    return sent


def _content_length(headers: answers.Headers) -> int | None:
    """The body's length in bytes if the server gave one and the body is not chunked. h11 has checked it."""
    text = headers.get("content-length").partition(",")[0].strip()
    return int(text) if text.isdigit() and len(text) < 20 and not headers.get("transfer-encoding") else None


def _shown(text: str) -> str:
    """A stranger's text, short and on one line, for a reason."""
    return "".join(c if c.isprintable() else "?" for c in text[:100])


def _no_cookies() -> CookieJar:
    """A jar that takes nothing: cookies live within one fetch."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))
