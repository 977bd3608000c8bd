"""What detection returns: the meetings an article reports, each field with the quote that proves it.

Spans are offsets (in Python characters) into the title or text that was given, never into a cleaned copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

Field = Literal["title", "text"]
Language = Literal["fr", "ar", "es", "en"]
Precision = Literal["day", "range", "month", "year", "unknown"]
Mode = Literal["in-person", "visit", "call", "video", "multilateral"]
Side = Literal["host", "visitor"]


class Status(StrEnum):
    """How one article tells one meeting. It belongs to the meeting in that article, never to the article."""

    NEW = "new"
    BACKGROUND = "background"
    PLANNED = "planned"
    DENIED = "denied"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Quote:
    """A piece of the article: `text` is exactly `title[start:end]` or `text[start:end]`."""

    field: Field
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Days:
    """When: a day, a range of days, a month, a year, or honestly unknown. Local days at the place of the meeting."""

    first: date | None = None
    last: date | None = None
    precision: Precision = "unknown"

    @property
    def label(self) -> str | None:
        """The label format's date: the (first) day, the month as YYYY-MM, else None (a year alone gives None)."""
        if self.first is None or self.precision in ("unknown", "year"):
            return None
        return self.first.isoformat() if self.precision in ("day", "range") else f"{self.first:%Y-%m}"


UNKNOWN_DAYS = Days()


@dataclass(frozen=True, slots=True)
class Place:
    """Where: `city` in its usual French spelling, `city_id` of the register, `country` as ISO 3166 alpha-2."""

    city: str | None = None
    country: str | None = None
    city_id: str | None = None
    city_in_text: str | None = None


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Participant:
    """One who took part: a known person, an unknown one with what the text says, or a body alone."""

    name: str | None  # the register's usual form for a known person, else as the text has it
    role: str | None  # as the text has it
    body: str | None  # usual acronym or name of the body, in Latin script
    country: str | None  # ISO 3166 alpha-2; INT international organisation, EU European Union body
    name_in_text: str | None = None
    person_id: str | None = None
    body_id: str | None = None
    kind: str | None = None  # kind of the body: intelligence, police, gendarmerie, interior, justice ...
    known: bool = False  # the person is in the register
    side: Side | None = None
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One named part of a score or verdict, with the words it rests on where there are any."""

    name: str
    weight: float = 0.0
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words that prove one field of a report (`participants`, `date`, `place`, `status`, `mode`, `topic:drugs` ...)."""

    about: str
    quote: Quote


@dataclass(frozen=True, slots=True)
class Report:
    """One article's account of one meeting."""

    status: Status
    days: Days
    place: Place
    mode: Mode
    participants: tuple[Participant, ...]
    topics: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()  # kinds of the bodies at the table
    security: bool = False  # security cooperation is a subject
    score: float = 0.0  # 0..1
    reasons: tuple[Reason, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    quote: Quote | None = None  # the one sentence that tells it best


@dataclass(frozen=True, slots=True)
class Mention:
    """Something of the register or lexicon found in the text."""

    kind: str  # person, body, office, place, date, topic, cue
    quote: Quote
    id: str | None = None
    detail: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Detection:
    """All that was found in one article, also when that is nothing."""

    language: str | None
    flag: bool  # at least one new meeting at which security cooperation is a subject, score at or above the threshold
    possible: bool  # not flagged, but the best new meeting lies just below the line
    score: float  # of the best new report; 0 without one
    reports: tuple[Report, ...] = ()
    categories: tuple[str, ...] = ()  # of the flagged new reports; empty if unflagged
    missing: tuple[str, ...] = ()  # why not flagged, in words
    mentions: tuple[Mention, ...] = field(default=(), repr=False)
