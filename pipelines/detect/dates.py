"""Days, ranges and months in a text, as far as the text and its publication time say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from pipelines.detect.fold import Folded, fold
from pipelines.detect.model import UNKNOWN_DAYS, Days

DateKind = Literal["absolute", "relative", "weekday", "duration"]
Direction = Literal["past", "future", "same"]


@dataclass(frozen=True, slots=True)
class DateMention:
    """A time named in a text. `alternative` is the other reading of a bare weekday: the coming one."""

    start: int
    end: int
    days: Days
    kind: DateKind
    direction: Direction | None = None
    alternative: Days | None = None


_MONTHS = {
    "fr": ["janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre", "decembre"],
    "es": ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
    "en": ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"],
    "ar": ["يناير", "فبراير", "مارس", "ابريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "اكتوبر", "نونبر", "دجنبر"],
}
_WEEKDAYS = {
    "fr": ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    "es": ["lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo"],
    "en": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    "ar": ["الاثنين", "الثلاثاء", "الاربعاء", "الخميس", "الجمعه", "السبت", "الاحد"],
}
_RELATIVE = {
    "fr": {"aujourd'hui": 0, "hier": -1, "demain": 1},
    "es": {"hoy": 0, "ayer": -1, "mañana": 1},
    "en": {"today": 0, "yesterday": -1, "tomorrow": 1},
    "ar": {"اليوم": 0, "امس": -1, "غدا": 1},
}


def _pattern(language: str) -> re.Pattern[str]:
    months, weekdays, relative = _MONTHS[language], _WEEKDAYS[language], _RELATIVE[language]
    return re.compile(
        rf"\b(?P<day>\d{{1,2}}) (?:de )?(?P<month>{'|'.join(months)})(?: (?:de )?(?P<year>\d{{4}}))?\b"
        rf"|\b(?P<weekday>{'|'.join(weekdays)})\b|\b(?P<relative>{'|'.join(relative)})\b"
    )


_PATTERNS = {language: _pattern(language) for language in _MONTHS}


def find_dates(text: str, language: str, published: datetime | None, *, folded: Folded | None = None) -> tuple[DateMention, ...]:
    """The times named in a text, in order."""
    pattern = _PATTERNS.get(language)
    if pattern is None:
        return ()
    plain = folded or fold(text)
    today = published.date() if published else None
    found = []
    for match in pattern.finditer(plain.text):
        start, end = plain.span(match.start(), match.end())
        if match["month"]:
            found.append(DateMention(start, end, _absolute(match, language, today), "absolute"))
        elif match["weekday"]:
            number = _WEEKDAYS[language].index(match["weekday"])
            found.append(DateMention(start, end, resolve_weekday(number, today), "weekday"))
        else:
            offset = _RELATIVE[language][match["relative"]]
            days = _day(today + timedelta(offset)) if today else UNKNOWN_DAYS
            found.append(DateMention(start, end, days, "relative"))
    return tuple(found)


def resolve_weekday(weekday: int, today: date | None, *, future: bool = False) -> Days:
    """The last such day up to today (0 = Monday), or the next one after it."""
    if today is None:
        return UNKNOWN_DAYS
    back = (today.weekday() - weekday) % 7
    return _day(today + timedelta(7 - back if future else -back))


def _day(day: date) -> Days:
    return Days(day, day, "day")


def _absolute(match: re.Match[str], language: str, today: date | None) -> Days:
    month = _MONTHS[language].index(match["month"]) + 1
    years = [int(match["year"])] if match["year"] else [today.year, today.year - 1] if today else []
    for year in years:
        try:
            day = date(year, month, int(match["day"]))
        except ValueError:
            continue
        if match["year"] or (today and day <= today + timedelta(31)):
            return _day(day)
    return UNKNOWN_DAYS
