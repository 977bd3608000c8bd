"""What must be kept, and `keep`: from a reading to its place among the known articles and meetings.

The Protocols say what the stages need of a store; the real one is `monitor.store`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from pipelines.detect.fold import fold
from pipelines.detect.model import Detection, Report, Status
from pipelines.fingerprint import fingerprint, is_copy
from pipelines.identity import Account, Standing, family_of
from pipelines.records import Article, FeedKind, FeedState, Kept, Outcome, PendingEntry, PollResult, Reading, TextFrom
from pipelines.urls import link_key


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """A feed as configured. `every` is the floor between polls; `full_text`: the feed carries whole articles."""

    url: str
    outlet: str
    country: str | None = None
    language: str | None = None
    kind: FeedKind = "feed"
    every: timedelta = timedelta(minutes=15)
    full_text: bool = False


@dataclass(frozen=True, slots=True)
class SyncResult:
    """How many feeds were added (or came back), changed and retired."""

    added: int
    changed: int
    retired: int


class Plan(Protocol):
    """When to poll next, as `pipelines.polling.plan` answers."""

    @property
    def next_poll_at(self) -> datetime: ...
    @property
    def interval(self) -> timedelta: ...
    @property
    def failures(self) -> int: ...


Planner = Callable[[FeedState, PollResult, int, datetime], Plan]


@dataclass(frozen=True, slots=True)
class PollSaved:
    """What storing a poll came to. `moved_to`: a new address was adopted by it. `suspected`: what is newly odd about a good poll."""

    new: int
    changed: int
    next_poll_at: datetime
    moved_to: str | None = None
    suspected: str | None = None


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """The store in numbers, for the live view and `status`."""

    feeds: int
    failing: int
    silent: int
    due: int
    entries: int
    pending: int  # entries without an outcome
    ready: int  # of these, those that may be read now
    articles: int
    flagged: int
    meetings: int  # held, flagged, not withdrawn
    possible: int
    planned: int
    background: int
    new_today: int  # meetings first recorded within the last 24 hours
    next_poll_at: datetime | None
    next_try_at: datetime | None
    last_poll_at: datetime | None


@dataclass(frozen=True, slots=True)
class MeetingFilter:
    """Which meetings to list; every part that is set must hold. `person` and `body` match an id or a part of the name."""

    since: date | None = None  # day of the meeting, or of its first report where the day is unknown
    until: date | None = None
    country: str | None = None  # of a participant or of the place
    person: str | None = None
    body: str | None = None
    status: str | None = None
    text: str | None = None  # words that a report's article holds
    category: str | None = None
    possible: bool | None = False  # None: both
    wrong: bool = False  # True: list those marked as wrong instead
    limit: int = 100


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """A stored article with its words, for reading it again with today's rules."""

    id: int
    outlet: str
    url: str | None
    title: str
    text: str
    text_from: TextFrom
    language: str | None
    published: datetime | None
    read_at: datetime
    partial: bool
    gave_up: str | None
    flagged: bool


@dataclass(frozen=True, slots=True)
class Replayed:
    """What reading stored articles again came to. Meetings as `meetings` lists them; a change as the meeting before and after."""

    articles: int
    gained: tuple[dict[str, Any], ...]
    lost: tuple[dict[str, Any], ...]
    changed: tuple[tuple[dict[str, Any], dict[str, Any]], ...]
    applied: bool


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """A stored article, as far as `keep` needs it."""

    id: int
    entry_id: int | None
    outlet: str | None
    link_key: str | None
    text_hash: str
    title: str
    text: str
    version: int
    outcome: Outcome
    flagged: bool
    reports: tuple[tuple[int, int | None], ...] = ()  # report id and its meeting, in order


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article as it is written."""

    article: Article
    outlet: str
    family: str
    link_key: str | None
    text_hash: str
    detection: Detection
    outcome: Outcome
    entry_id: int | None
    feed_id: int | None
    external_id: str | None
    read_at: datetime
    gave_up: str | None
    fingerprint: tuple[int, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Joined:
    """Where an article's reports went: the meeting of each (None: no record), and which are news for the first time."""

    meeting_ids: tuple[int | None, ...]
    new_meeting_ids: tuple[int, ...]


class Desk(Protocol):
    """What `keep` asks of the store inside one transaction in which it is alone."""

    def known_article(self, *, entry_id: int | None, link_key: str | None, text_hash: str, outlet: str) -> KnownArticle | None:
        """The article stored for this entry or link, else the same text of the same outlet."""

    def add_article(self, row: ArticleRow, now: datetime) -> int:
        """Store a new article with text, search index and fingerprint."""

    def revise_article(self, known: KnownArticle, row: ArticleRow, now: datetime) -> int:
        """Store a new version over a known article; the earlier text is kept. Returns the version."""

    def rewrite_article(self, article_id: int, row: ArticleRow) -> Outcome:
        """Write anew what was found in an article whose words are the same. Returns the outcome it had."""

    def set_outcome(self, article_id: int, outcome: Outcome) -> None:
        """Write the outcome of an article and of the entry that brought it."""

    def join(self, article_id: int, accounts: Sequence[Account], now: datetime) -> Joined:
        """Store the reports of an article in the place of its earlier ones, and join them to meetings."""

    def end_entry(self, entry_id: int, outcome: Outcome, article_id: int | None, reason: str | None, now: datetime) -> None:
        """Give an entry its outcome and free it."""


class Store(Protocol):
    """The store, as the application and the stages use it. Times are UTC."""

    def exclusive(self) -> AbstractContextManager[Desk]:
        """One write transaction, alone; joins the one that is open in this thread."""

    def sync_feeds(self, specs: Sequence[FeedSpec], now: datetime) -> SyncResult: ...

    def claim_feeds(
        self,
        now: datetime,
        *,
        owner: str,
        limit: int,
        lease: timedelta,
        per_host: int,
        everything: bool = False,
        only: Collection[int] | None = None,
    ) -> list[FeedState]: ...

    def save_poll(self, result: PollResult, now: datetime, *, plan: Planner) -> PollSaved: ...

    def claim_entries(
        self, now: datetime, *, owner: str, limit: int, lease: timedelta, per_host: int, attempts_max: int | None = None
    ) -> list[PendingEntry]: ...

    def postpone_entry(self, entry_id: int, now: datetime, *, reason: str, retry_at: datetime, counts: bool = True) -> None: ...

    def release(self, owner: str) -> int: ...

    def status(self, now: datetime) -> StoreStatus: ...

    def meetings(self, wanted: MeetingFilter) -> list[dict[str, Any]]: ...

    def meeting(self, meeting_id: int) -> dict[str, Any] | None: ...


def keep(reading: Reading, store: Store, now: datetime) -> Kept:
    """Store a reading with everything found in it and give its entry one outcome, in one transaction.

    The same article under another entry is a duplicate; a changed text is a new version whose reports replace the
    earlier ones; the same text again changes nothing. Running it twice on one reading does no harm.
    """
    with store.exclusive() as desk:
        return _keep(reading, desk, now)


def _keep(reading: Reading, desk: Desk, now: datetime) -> Kept:
    row = article_row(reading, now)
    known = desk.known_article(entry_id=reading.entry_id, link_key=row.link_key, text_hash=row.text_hash, outlet=row.outlet)
    if known is not None and _is_other_article(row, known):
        known, row = None, replace(row, link_key=None)
    if known is None:
        article_id = desk.add_article(row, now)
        joined = desk.join(article_id, accounts_of(row), now)
        kept = Kept(_outcome(row, joined), article_id, joined.meeting_ids, joined.new_meeting_ids)
        if kept.outcome is not row.outcome:
            desk.set_outcome(article_id, kept.outcome)
    elif known.text_hash == row.text_hash or _is_poorer(row, known):
        outcome = known.outcome if known.entry_id == reading.entry_id else Outcome.DUPLICATE
        kept = Kept(outcome, known.id, tuple(m for _, m in known.reports), version=known.version)
    else:
        version = desk.revise_article(known, row, now)
        joined = desk.join(known.id, accounts_of(row), now)
        outcome = _lasting(known.outcome, _outcome(row, joined))
        desk.set_outcome(known.id, outcome)
        if known.entry_id != reading.entry_id:
            outcome = Outcome.DUPLICATE
        kept = Kept(outcome, known.id, joined.meeting_ids, joined.new_meeting_ids, version)
    if reading.entry_id is not None:
        desk.end_entry(reading.entry_id, kept.outcome, kept.article_id, reading.gave_up, now)
    return kept


def reconsider(article_id: int, reading: Reading, store: Store, now: datetime) -> Kept:
    """Put what is found in a stored article today in the place of what was found before. Its words are the same.

    `now` is the time that records opened by it bear: the time the article was read, so that nothing old is mailed as new.
    """
    with store.exclusive() as desk:
        row = article_row(reading, now)
        before = desk.rewrite_article(article_id, row)
        joined = desk.join(article_id, accounts_of(row), now)
        outcome = _lasting(before, _outcome(row, joined))
        desk.set_outcome(article_id, outcome)
    return Kept(outcome, article_id, joined.meeting_ids, joined.new_meeting_ids)


def article_row(reading: Reading, now: datetime) -> ArticleRow:
    """The reading as it is written, with the outcome it has before meetings are joined."""
    article = reading.article
    outlet = reading.outlet or article.outlet or ""
    address = article.canonical_url or article.url
    return ArticleRow(
        article=article,
        outlet=outlet,
        family=family_of(outlet),
        link_key=link_key(address) if address else None,
        text_hash=hash_text(article.title, article.text),
        detection=reading.detection,
        outcome=_outcome_alone(reading),
        entry_id=reading.entry_id,
        feed_id=reading.feed_id,
        external_id=reading.external_id,
        read_at=reading.read_at or now,
        gave_up=reading.gave_up,
        fingerprint=reading.fingerprint,
    )


_WORD = re.compile(r"\w+")


def hash_text(title: str, text: str) -> str:
    """sha256 hex of an article's words, blind to case, accents and punctuation: a typographic fix is no new version."""
    words = " ".join(_WORD.findall(fold(f"{title}\n{text}").text))
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def accounts_of(row: ArticleRow) -> list[Account]:
    """The detection's reports with what joining must know of their article."""
    published = told_at(row.article.published, row.read_at)
    return [
        Account(
            report=report,
            published=published,
            article=row.link_key or row.text_hash,
            ordinal=number,
            outlet=row.outlet,
            family=row.family,
            standing=standing_of(report, row.detection),
        )
        for number, report in enumerate(row.detection.reports)
    ]


EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST_AHEAD = timedelta(hours=24)


def told_at(published: datetime | None, read_at: datetime) -> datetime:
    """When an article was told: its own time, unless it gives none or an absurd one (before 1990, a day ahead of its reading)."""
    return published if published and EARLIEST <= published <= read_at + LATEST_AHEAD else read_at


def standing_of(report: Report, detection: Detection) -> Standing:
    """Whether a report of a new meeting is news, a possible one, or neither (kept, but it opens no record)."""
    if report.status is not Status.NEW or not report.security:
        return "aside"
    if detection.flag:
        return "flagged"
    return "possible" if detection.possible else "aside"


def _is_other_article(row: ArticleRow, known: KnownArticle) -> bool:
    """Some sites give all their pages one canonical address: without a sentence or half a title in common it is another article."""
    if known.text_hash == row.text_hash or (row.entry_id is not None and known.entry_id == row.entry_id):
        return False
    old, new = (set(_WORD.findall(fold(title).text)) for title in (known.title, row.article.title))
    if 2 * len(old & new) >= min(len(old), len(new)):
        return False
    return not is_copy(fingerprint(known.text), row.fingerprint or fingerprint(row.article.text))


def _is_poorer(row: ArticleRow, known: KnownArticle) -> bool:
    """A summary read later says nothing new of an article whose text is known."""
    read_before = known.outcome not in (Outcome.NO_TEXT, Outcome.GAVE_UP)
    return read_before and row.article.partial and row.article.text_from == "summary"


def _outcome_alone(reading: Reading) -> Outcome:
    found = reading.detection
    if not reading.candidate:
        return Outcome.NO_CANDIDATE
    if found.flag:
        return Outcome.KNOWN_MEETING
    if found.possible:
        return Outcome.POSSIBLE
    if reading.gave_up:
        return Outcome.GAVE_UP
    if not reading.article.text.strip():
        return Outcome.NO_TEXT
    if found.language is None and not found.reports:
        return Outcome.UNKNOWN_LANGUAGE
    told = {report.status for report in found.reports}
    if told & {Status.PLANNED, Status.DENIED, Status.CANCELLED}:
        return Outcome.PLANNED
    return Outcome.BACKGROUND if Status.BACKGROUND in told else Outcome.NO_MEETING


def _lasting(before: Outcome, after: Outcome) -> Outcome:
    """The article that brought a meeting stays the one that did."""
    return before if before is Outcome.NEW_MEETING and after is Outcome.KNOWN_MEETING else after


def _outcome(row: ArticleRow, joined: Joined) -> Outcome:
    return Outcome.NEW_MEETING if row.detection.flag and joined.new_meeting_ids else row.outcome
