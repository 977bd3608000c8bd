"""Who wants what, when and in which language, and which meetings pass a profile's filter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Literal

import regex

from monitor.slots import EVERY_DAY
from pipelines.detect.fold import fold_key
from pipelines.digest import MeetingLine

PATTERN_SECONDS = 0.05
"""Time a /pattern/ may take on one meeting's few lines; a sane one needs microseconds."""

BAIT_LENGTH = 1500
"""Characters of the texts that a pattern is tried on when it is read: enough for a quadratic one to need seconds."""

# و ف ب ل ك and the article stand before an Arabic word without a space
_PROCLITICS = ("", "و", "ف", "ب", "ل", "ك", "ال", "وال", "فال", "بال", "كال", "لل", "ولل")


@dataclass(frozen=True, slots=True)
class Profile:
    """One digest: its readers, its hour, its language and what it wants. Raises ValueError for an unusable keyword."""

    name: str
    recipients: tuple[str, ...] = ()
    language: str = "fr"
    digest_at: time = time(7, 30)  # local
    timezone: str = "Africa/Casablanca"
    days: tuple[int, ...] = EVERY_DAY  # weekdays, Monday 0
    empty: Literal["skip", "send"] = "send"
    categories: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()  # ISO 3166 alpha-2, INT, EU
    persons: tuple[str, ...] = ()  # ids of the register
    bodies: tuple[str, ...] = ()
    keywords_any: tuple[str, ...] = ()  # words, phrases, or /patterns/
    keywords_all: tuple[str, ...] = ()
    keywords_none: tuple[str, ...] = ()
    minimum_score: float = 0.0
    alert: float | None = None  # score from which a new meeting is mailed at once
    alerts_a_day: int = 4  # the rest is left to the digest
    alert_pause: timedelta = timedelta(minutes=30)  # at least, between two alerts
    quiet_hours: tuple[time, time] | None = (time(22, 0), time(6, 30))  # local, in which nobody is woken
    alert_urls: tuple[str, ...] = field(default=(), repr=False)  # services that get alerts beside the mail; they hold secrets

    def __post_init__(self) -> None:
        self.filter()

    def filter(self) -> Filter:
        """The filter of this profile, ready to be asked. Raises ValueError for a keyword that cannot be used."""
        return Filter(
            frozenset(self.categories),
            frozenset(self.countries),
            frozenset(self.persons),
            frozenset(self.bodies),
            tuple(map(Keyword, self.keywords_any)),
            tuple(map(Keyword, self.keywords_all)),
            tuple(map(Keyword, self.keywords_none)),
        )


_WORD = re.compile(r"[^\W_]+")


class Keyword:
    """A word or phrase, found whatever its accents, case or Arabic spelling; or a /pattern/ with a time limit.

    Raises ValueError for an empty word, a pattern that is not one, or one that runs away.
    """

    def __init__(self, written: str):
        self.written = written
        self._pattern: regex.Pattern[str] | None = None
        self._forms: tuple[str, ...] = ()
        if len(written) > 2 and written.startswith("/") and written.endswith("/"):
            self._pattern = _compile(written[1:-1])
            return
        words = _words(written)
        if not words.strip():
            raise ValueError(f"keyword {written!r} holds no letter or digit")
        arabic = re.search(r"[\u0600-\u06ff]", words) is not None
        self._forms = tuple(f" {proclitic}{words.strip()} " for proclitic in (_PROCLITICS if arabic else ("",)))

    def is_in(self, text: str, words: str) -> bool:
        """Whether it occurs in a text, of which `words` is the folded form (`words_of`). A pattern out of time is not found."""
        if self._pattern is None:
            return any(form in words for form in self._forms)
        try:
            return self._pattern.search(text, timeout=PATTERN_SECONDS) is not None
        except TimeoutError:
            return False


@dataclass(frozen=True, slots=True)
class Filter:
    """Each kind of wish that is set must be met; one of several values is enough, except for `all` and `none`."""

    categories: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    persons: frozenset[str] = frozenset()
    bodies: frozenset[str] = frozenset()
    any: tuple[Keyword, ...] = ()
    all: tuple[Keyword, ...] = ()
    none: tuple[Keyword, ...] = ()

    def lets_through(self, meeting: MeetingLine) -> bool:
        """Whether the profile wants this meeting. Linear in its text."""
        countries = {who.country for who in meeting.participants} | {meeting.country}
        if self.categories and not self.categories & set(meeting.categories):
            return False
        if self.countries and not self.countries & countries:
            return False
        if self.persons and not self.persons & {who.person_id for who in meeting.participants}:
            return False
        if self.bodies and not self.bodies & {who.body_id for who in meeting.participants}:
            return False
        if not (self.any or self.all or self.none):
            return True
        text = text_of(meeting)
        words = _words(text)
        if self.any and not _one_is_in(self.any, text, words):
            return False
        if not all(keyword.is_in(text, words) for keyword in self.all):
            return False
        return not _one_is_in(self.none, text, words)


def text_of(meeting: MeetingLine) -> str:
    """What keywords are looked for in: headlines, quotes, participants, place and topics, one a line."""
    lines: list[str | None] = [meeting.headline, meeting.city, *meeting.topics, *meeting.categories]
    for who in meeting.participants:
        lines += [who.name, who.role, who.body]
    for source in meeting.sources:
        lines += [source.title, source.quote]
    return "\n".join(line for line in lines if line)


def keyword_problems(keywords: Iterable[str]) -> list[str]:
    """What is wrong with these keywords, one line each; empty if nothing is."""
    problems = []
    for written in keywords:
        try:
            Keyword(written)
        except ValueError as problem:
            problems.append(str(problem))
    return problems


def _one_is_in(keywords: tuple[Keyword, ...], text: str, words: str) -> bool:
    return any(keyword.is_in(text, words) for keyword in keywords)


def _words(text: str) -> str:
    """Folded words between single spaces, with one at each end."""
    return f" {' '.join(_WORD.findall(fold_key(text)))} "


def _compile(pattern: str) -> regex.Pattern[str]:
    try:
        compiled = regex.compile(pattern, regex.IGNORECASE)
    except regex.error as problem:
        raise ValueError(f"keyword /{pattern}/ is not a pattern: {problem}") from None
    for bait in _baits(pattern):
        try:
            compiled.search(bait, timeout=2 * PATTERN_SECONDS)
        except TimeoutError:
            raise ValueError(f"keyword /{pattern}/ runs away on {bait[:8]!r}...; write it without nested repeats") from None
    return compiled


def _baits(pattern: str) -> Iterator[str]:
    """Texts that make a careless pattern run away: long runs that do not end as they should, also of its own letters."""
    for run in ("1", " ", "ab", "réunion ", *dict.fromkeys("a" + "".join(filter(str.isalpha, pattern))[:12])):
        yield run * (BAIT_LENGTH // len(run)) + "!"
