"""The stages in order: feed -> entries, entry -> page -> article -> meetings.

    poll_feed    network, then a worker     FeedState    -> PollResult     (never raises an expected failure)
    read_entry   network, then a worker     PendingEntry -> Reading        (raises TryLater while trying again can help)

Neither touches a database. What a worker runs is a plain function of values (`parse`, `read`), so that a page that hangs
it costs one process and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from pipelines import detect as detection
from pipelines.errors import BotWall, FeedError, FetchError, Gone, PageError, PipelineError, RateLimited, TooLarge, WorkerFailure
from pipelines.extract import page_text_quick, read_feed_text, read_page, why_not_read
from pipelines.feeds import parse_feed
from pipelines.fingerprint import fingerprint
from pipelines.localtime import local_time
from pipelines.polling import asks_unconditionally, next_try
from pipelines.records import Article, FeedState, Page, ParsedFeed, PendingEntry, PollResult, Reading
from pipelines.urls import host_of, is_google_news

Result = TypeVar("Result")

MOST_TRIES = 6  # with pauses of 5, 10, 20, 40, 80 minutes: about two and a half hours of outage are bridged
TRIES_AT_GONE = 3  # some outlets announce a page minutes before it is there
TRIES_AT_LARGE = 2  # five megabytes each
TRIES_AT_CRASH = 2  # a page that kills or hangs its worker twice will do so again


class Fetches(Protocol):
    """What fetches: `pipelines.fetch.Fetcher`."""

    async def get(
        self,
        url: str,
        *,
        purpose: Literal["feed", "page", "robots"],
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Page: ...


class Runs(Protocol):
    """What runs a function in a process that can be killed: `monitor.workers.Workers`."""

    async def call(self, function: Callable[..., Result], *args: Any, timeout: float) -> Result: ...


class TryLater(PipelineError):
    """An entry could not be read now, and trying again can help.

    `counts`: its host was asked, so that this was a try. `silence`: a host that asked for no requests until then.
    """

    def __init__(self, reason: str, retry_at: datetime, *, counts: bool = True, silence: tuple[str, datetime] | None = None):
        super().__init__(reason)
        self.reason = reason
        self.retry_at = retry_at
        self.counts = counts
        self.silence = silence


@dataclass(frozen=True, slots=True)
class ReadRules:
    """How entries are read. Times in seconds; `registers` are files of persons and bodies beyond our own."""

    page_timeout: float = 15.0
    feed_timeout: float = 30.0
    mode: Literal["all", "candidates"] = "all"
    threshold: float = 0.5
    possible: float = 0.3
    registers: tuple[Path, ...] = ()
    languages: tuple[str, ...] = ("fr", "ar", "es", "en")


async def poll_feed(feed: FeedState, fetcher: Fetches, workers: Runs, rules: ReadRules, now: datetime) -> PollResult:
    """Ask `feed` once and read what it answers. A failure is a result too, with one line that says what went wrong."""
    unconditional = asks_unconditionally(feed, now)
    try:
        page = await fetcher.get(
            feed.url,
            purpose="feed",
            etag=None if unconditional else feed.etag,
            last_modified=None if unconditional else feed.last_modified,
        )
        result = PollResult(
            feed.id,
            True,
            now,
            status=page.status,
            moved_to=page.moved_to,
            bytes=len(page.body),
            elapsed_ms=page.elapsed_ms,
            unconditional=unconditional or not (feed.etag or feed.last_modified),
        )
        if page.not_modified:
            return replace(result, not_modified=True, ttl=page.max_age)
        body_hash = hashlib.sha256(page.body).hexdigest()
        if body_hash == feed.body_hash:
            return replace(
                result,
                not_modified=True,
                keep_validators=True,
                etag=page.etag,
                last_modified=page.last_modified,
                ttl=page.max_age,
            )
        parsed = await workers.call(
            parse, page.body, page.final_url, page.content_type, page.charset, feed.kind, now, timeout=rules.feed_timeout
        )
    except FetchError as problem:
        return _failed(
            feed,
            now,
            problem.reason,
            type(problem).__name__,
            status=problem.status,
            retry_after=problem.retry_after,
            host_wide=problem.host_wide,
            host=problem.host,
            gone=problem.status == 410,
        )
    except FeedError as problem:
        return _failed(feed, now, problem.in_words, "FeedError", status=200)
    except WorkerFailure as problem:
        return _failed(feed, now, f"the feed could not be parsed: {problem}", "WorkerFailure", status=200)
    return replace(
        result,
        entries=parsed.entries,
        etag=page.etag,
        last_modified=page.last_modified,
        body_hash=body_hash if parsed.whole else None,
        keep_validators=parsed.whole,
        title=parsed.title,
        language=parsed.language,
        ttl=max((t for t in (parsed.ttl, page.max_age) if t), default=None),
        problems=parsed.problems,
    )


def _failed(feed: FeedState, now: datetime, reason: str, kind: str, **more: Any) -> PollResult:
    return PollResult(feed.id, False, now, error=reason[:500], error_kind=kind, unconditional=not feed.etag, **more)


def parse(
    body: bytes, url: str, content_type: str | None, charset: str | None, kind: Literal["feed", "sitemap"], now: datetime
) -> ParsedFeed:
    """Read a feed's bytes (in a worker)."""
    return parse_feed(body, url, content_type=content_type, charset=charset, kind=kind, now=now)


async def read_entry(pending: PendingEntry, fetcher: Fetches, workers: Runs, rules: ReadRules, now: datetime) -> Reading:
    """Fetch the entry's page, extract it, detect. Raises TryLater while trying again can help.

    When tries have run out, or the page may not be fetched, title and summary are read instead and the reading says why.
    """
    page, gave_up = None, None
    if pending.entry.url and not pending.full_text and not is_google_news(pending.entry.url):
        try:
            page = await fetcher.get(pending.entry.url, purpose="page")
        except FetchError as problem:
            gave_up = _reason_to_give_up(problem, pending.attempts + 1)
            if gave_up is None:
                retry_at = next_try(pending.attempts + 1, now, problem.retry_after)
                raise TryLater(problem.reason, retry_at, counts=not _kept_silent(problem), silence=_silence(problem)) from problem
    elif pending.entry.url is None:
        gave_up = next((problem for problem in pending.entry.problems if problem.startswith("link refused")), None)
    try:
        reading = await workers.call(read, page, pending, rules, timeout=rules.page_timeout)
    except WorkerFailure as problem:
        if pending.attempts + 1 < TRIES_AT_CRASH:
            raise TryLater(str(problem), now + timedelta(minutes=1)) from problem
        gave_up = f"the page could not be extracted: {problem}"
        try:
            reading = await workers.call(read, None, pending, rules, timeout=rules.page_timeout)
        except WorkerFailure:
            reading = bare_reading(pending)
    return replace(reading, gave_up=gave_up or reading.gave_up, read_at=now)


def _silence(problem: FetchError) -> tuple[str, datetime] | None:
    """The host that asked to be left in peace, and until when."""
    return (problem.host or host_of(problem.url), problem.retry_after) if problem.host_wide and problem.retry_after else None


def _kept_silent(problem: FetchError) -> bool:
    """Whether we asked nothing at all, because the host's wish for silence still holds."""
    return isinstance(problem, RateLimited) and problem.status is None


def _reason_to_give_up(problem: FetchError, tries: int) -> str | None:
    if _kept_silent(problem):
        return None
    if isinstance(problem, Gone) and problem.status != 410:
        return problem.reason if tries >= TRIES_AT_GONE else None
    if isinstance(problem, TooLarge) and tries >= TRIES_AT_LARGE:
        return problem.reason
    # A robots.txt that fails, or a name that points inside for a while, is not permanent; a refusal of robots.txt is
    if problem.permanent or isinstance(problem, BotWall | Gone):
        return problem.reason
    return f"{problem.reason} ({tries} tries)" if tries >= MOST_TRIES else None


def read(page: Page | None, pending: PendingEntry, rules: ReadRules) -> Reading:
    """Extract and detect (in a worker). Without a page, or one without an article, the feed's own words are read."""
    entry, outlet, language = pending.entry, pending.outlet, pending.language
    if page and rules.mode == "candidates" and not _may_hold_a_meeting(page, pending):
        article = read_feed_text(entry, language=language, outlet=outlet)
        return _reading(pending, article, _nothing(article), candidate=False)
    try:
        if page:
            article = read_page(page, entry, language=language, outlet=outlet)
        else:
            article = read_feed_text(entry, language=language, outlet=outlet)
    except PageError as problem:
        return replace(bare_reading(pending), gave_up=problem.reason)
    # What whoever configured the feed says of its language is surer than what templates and feeds declare
    published = local_time(article.published or pending.first_seen, pending.country)
    spoken = replace(article, language=language or article.language, published=published)
    reading = _reading(pending, article, detect_article(spoken, outlet, rules))
    return replace(reading, gave_up=why_not_read(article)) if page else reading


def detect_article(
    article: Article, outlet: str | None, rules: ReadRules, first_seen: datetime | None = None
) -> detection.Detection:
    """The meetings an article reports. Without a publication time the time we first saw it counts."""
    return detection.detect(
        article.title,
        article.text,
        article.published or first_seen,
        article.language,
        outlet,
        resources=detection.load(rules.registers, rules.languages),
        threshold=rules.threshold,
        possible=rules.possible,
    )


def bare_reading(pending: PendingEntry) -> Reading:
    """What is left when nothing can be read: the title, unexamined."""
    entry = pending.entry
    article = Article(entry.url, entry.title, "", "summary", published=entry.published, outlet=pending.outlet, partial=True)
    return _reading(pending, article, _nothing(article))


def _may_hold_a_meeting(page: Page, pending: PendingEntry) -> bool:
    entry = pending.entry
    return detection.is_candidate(f"{entry.title}\n{entry.summary}") or detection.is_candidate(page_text_quick(page.body))


def _nothing(article: Article) -> detection.Detection:
    return detection.Detection(article.language, False, False, 0.0, missing=("nothing of ours is named in it",))


def _reading(pending: PendingEntry, article: Article, found: detection.Detection, *, candidate: bool = True) -> Reading:
    return Reading(
        article,
        found,
        entry_id=pending.id,
        feed_id=pending.feed_id,
        outlet=pending.outlet,
        fingerprint=fingerprint(article.text),
        candidate=candidate,
    )


async def warm(workers: Runs, rules: ReadRules) -> None:
    """Have a worker load its language and register files before the first page needs them."""
    await workers.call(_load, rules, timeout=60)


def _load(rules: ReadRules) -> None:
    detection.load(rules.registers, rules.languages)


__all__ = [
    "Fetches",
    "ReadRules",
    "Runs",
    "TryLater",
    "WorkerFailure",
    "detect_article",
    "poll_feed",
    "read",
    "read_entry",
    "warm",
]
