"""The words around the news: one frame per language, loaded from data; dates, plurals and countries by CLDR (babel)."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time

from pipelines.detect.model import Days

LANGUAGES = ("fr", "en", "es", "ar")


class FrameError(Exception):
    """A frame lacks a word or has one too many."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The fixed words of one language and how it writes dates, counts and countries."""

    language: str
    locale: Locale
    words: dict[str, Any] = field(repr=False)

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return str(self.locale.text_direction)

    def text(self, key: str, **values: Any) -> str:
        """The words at `section.name`, place holders filled. Raises FrameError for an unknown key."""
        section, _, name = key.partition(".")
        try:
            return str(self.words[section][name]).format(**values) if values else str(self.words[section][name])
        except KeyError as problem:
            raise FrameError(f"{self.language}: no words for {key} ({problem})") from problem

    def count(self, what: str, n: int, **values: Any) -> str:
        """A counted thing in the right plural: `count("articles", 7)` -> 7 articles."""
        forms = self.words["counts"][what]
        return str(forms.get(self.locale.plural_form(n), forms["other"])).format(n=n, **values)

    def label(self, section: str, key: str) -> str:
        """The word for a topic, mode or the like; the key itself where there is none."""
        return str(self.words[section].get(key, key))

    def country(self, code: str | None) -> str | None:
        """The country's name in this language; the code itself for one nobody knows."""
        if code is None:
            return None
        return str(self.words["country"].get(code) or self.locale.territories.get(code) or code)

    def sequence(self, parts: Sequence[str]) -> str:
        """A, B and C."""
        if len(parts) < 2:
            return "".join(parts)
        return self.text("frame.and", first=self.text("frame.separator").join(parts[:-1]), last=parts[-1])

    def day(self, day: date, today: date | None = None) -> str:
        """A day with its weekday; the year only if it is not that of `today`."""
        return self._date(day, "day" if today is not None and day.year == today.year else "day_year")

    def short(self, day: date) -> str:
        """Day and month in few letters."""
        return self._date(day, "short")

    def month(self, day: date) -> str:
        """The month with its year."""
        return self._date(day, "month")

    def month_short(self, day: date) -> str:
        """The month in three or four letters, for a chart."""
        return self._date(day, "month_short").rstrip(".")

    def days(self, days: Days, today: date) -> str:
        """Which day, in words; says so where it is not known."""
        if days.first is None or days.precision == "unknown":
            return self.text("dates.unknown")
        if days.precision == "month":
            return self.text("dates.in_month", month=self.month(days.first))
        if days.precision == "year":
            return self.text("dates.in_year", year=days.first.year)
        last = days.last or days.first
        if days.precision == "range" and last > days.first:
            same_month = (days.first.year, days.first.month) == (last.year, last.month)
            first = self._date(days.first, "day_alone") if same_month else self.day(days.first, last)
            return self.text("dates.range", first=first, last=self.day(last, today))
        if days.first == today:
            return self.text("dates.today", day=self.day(days.first, today))
        if days.first == today - timedelta(days=1):
            return self.text("dates.yesterday", day=self.day(days.first, today))
        return self.day(days.first, today)

    def clock(self, when: datetime, zone: str, today: date) -> str:
        """A day and hour in `zone`."""
        local = when.astimezone(ZoneInfo(zone))
        return self.text("dates.clock", day=self.day(local.date(), today), time=format_time(local, "HH:mm", locale=self.locale))

    def length(self, span: timedelta) -> str:
        """How long: 3 h 05 or 42 min."""
        minutes = max(1, round(span.total_seconds() / 60))
        if minutes < 60:
            return self.text("dates.minutes", minutes=minutes)
        return self.text("dates.hours", hours=minutes // 60, minutes=minutes % 60)

    def _date(self, day: date, pattern: str) -> str:
        return str(format_date(day, self.words["dates"][pattern], locale=self.locale))


@cache
def frame(language: str) -> Frame:
    """The frame of one of LANGUAGES. Raises FrameError for another."""
    if language not in LANGUAGES:
        raise FrameError(f"no frame for the language {language!r}; there are {', '.join(LANGUAGES)}")
    source = resources.files("monitor") / "templates" / "frames" / f"{language}.toml"
    words = tomllib.loads(source.read_text(encoding="utf-8"))
    return Frame(words["language"], Locale.parse(words["locale"]), words)


def direction(text: str) -> str:
    """`rtl` if the first strongly directed character says so, else `ltr`."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("R", "AL"):
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"
