"""What travels between the stages: feed bytes -> Entry -> Page -> Article -> Reading. Times are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pipelines.detect.model import Detection

FeedKind = Literal["feed", "sitemap"]
TextFrom = Literal["page", "json-ld", "feed", "summary", "import"]


class Outcome(StrEnum):
    """How an entry ended. Every entry has exactly one, counted and logged once."""

    NEW_MEETING = "new-meeting"  # reports a new meeting nobody had reported yet
    KNOWN_MEETING = "known-meeting"  # reports a new meeting that is already known
    BACKGROUND = "background"  # only recalls earlier meetings
    PLANNED = "planned"  # only announces meetings (or their cancellation or denial)
    POSSIBLE = "possible"  # just below the line
    NO_MEETING = "no-meeting"  # read; nothing of ours in it
    NO_CANDIDATE = "no-candidate"  # not extracted: no watched word in the page ([read] mode = "candidates")
    DUPLICATE = "duplicate"  # the same article under another entry
    NO_TEXT = "no-text"  # nothing to read, not even a summary
    UNKNOWN_LANGUAGE = "unknown-language"  # text in a language we do not read
    GAVE_UP = "gave-up"  # could not be fetched or read after all tries; title and summary were read


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is needed to poll one feed."""

    id: int
    url: str
    outlet: str
    country: str | None
    language: str | None
    kind: FeedKind
    every: timedelta  # configured floor between polls
    full_text: bool  # the feed itself carries the whole article: do not fetch pages
    etag: str | None = None  # as the server sent it, byte for byte (latin-1)
    last_modified: str | None = None
    body_hash: str | None = None  # sha256 of the last body that was parsed
    unconditional_at: datetime | None = None  # last poll that asked without validators
    interval: timedelta | None = None  # adapted time between polls
    failures: int = 0  # in a row
    entries: int = 0  # stored so far
    title: str | None = None  # of the feed, as last seen


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed."""

    url: str | None  # absolute, as published
    title: str
    summary: str  # plain text
    guid: str | None = None
    full_html: str | None = None  # content:encoded and the like, raw
    author: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    language: str | None = None
    guid_key: str | None = None  # identity, strongest first: sha256 hex of guid, canonical address, title + day
    link_key: str | None = None
    title_key: str | None = None
    problems: tuple[str, ...] = ()  # odd date, refused link ...
    source: str | None = None  # the outlet an aggregator's item (Google News) comes from


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed's bytes, read."""

    entries: tuple[Entry, ...]
    title: str | None = None
    language: str | None = None
    link: str | None = None
    version: str | None = None  # rss20, atom10, sitemap ...
    ttl: timedelta | None = None
    whole: bool = True  # False: the document was cut or broken; its validators must not be kept
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """What an address answered: 200 with a body, or 304 (`not_modified`)."""

    url: str  # asked for
    final_url: str  # after redirects
    status: int
    body: bytes  # decoded from any content-coding
    fetched_at: datetime
    content_type: str | None = None
    charset: str | None = None  # from the header
    etag: str | None = None
    last_modified: str | None = None
    not_modified: bool = False
    moved_to: str | None = None  # end of an unbroken chain of 301/308
    max_age: timedelta | None = None
    elapsed_ms: int = 0


@dataclass(frozen=True, slots=True)
class Article:
    """Title, text and times of one article."""

    url: str | None
    title: str
    text: str  # paragraphs split by a blank line
    text_from: TextFrom
    language: str | None = None
    author: str | None = None
    outlet: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    canonical_url: str | None = None
    partial: bool = False  # paywall teaser, summary only, or cut
    problems: tuple[str, ...] = ()  # why the page's own text was not taken: soft-404, login ...

    @property
    def words(self) -> int:
        """Number of space-separated words in the text."""
        return len(self.text.split())


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """A stored entry that has no outcome yet, claimed for reading."""

    id: int
    feed_id: int
    outlet: str
    country: str | None
    entry: Entry
    first_seen: datetime
    full_text: bool = False
    attempts: int = 0
    language: str | None = None  # of the feed, as configured


@dataclass(frozen=True, slots=True)
class Reading:
    """An article and what was found in it: the slow half's result, all that `keep` needs."""

    article: Article
    detection: Detection
    entry_id: int | None = None  # None for imports
    feed_id: int | None = None
    outlet: str | None = None
    external_id: str | None = None  # the import's own id
    read_at: datetime | None = None
    fingerprint: tuple[int, ...] = ()  # hashes of the text's sentences or shingles, for telling copies
    gave_up: str | None = None  # why the page was not read, when tries ran out
    candidate: bool = True


@dataclass(frozen=True, slots=True)
class PollResult:
    """One poll of one feed, ready to be stored in one transaction."""

    feed_id: int
    ok: bool
    polled_at: datetime
    not_modified: bool = False
    entries: tuple[Entry, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    keep_validators: bool = False  # False: leave the stored ones alone
    unconditional: bool = False
    moved_to: str | None = None
    title: str | None = None
    language: str | None = None  # as the feed declares it
    error: str | None = None  # one line for people
    error_kind: str | None = None  # class of the error
    status: int | None = None
    retry_after: datetime | None = None
    host_wide: bool = False
    host: str | None = None  # whose wish `retry_after` is, at the end of the redirects; None: the feed's own host
    gone: bool = False  # 410
    ttl: timedelta | None = None
    bytes: int = 0
    elapsed_ms: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What storing a reading came to."""

    outcome: Outcome
    article_id: int | None
    meeting_ids: tuple[int | None, ...] = ()  # one per report of the detection, in order; None for a report that opened no record
    new_meeting_ids: tuple[int, ...] = ()
    version: int = 1
