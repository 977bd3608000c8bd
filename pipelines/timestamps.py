"""Dates as feeds and pages write them for machines, or for people, to UTC. (Dates inside a text are `pipelines.detect`'s.)"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)  # no news site is older; an earlier date is a default of some program
_FUTURE = timedelta(hours=24)  # wrong clocks and zones stay below; further ahead is a mistake or a calendar


_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_MONTH_WORDS = (
    "janvier janv jan january enero ene يناير جانفي كانون_الثاني",
    "février fevrier févr fevr fév fev feb february febrero فبراير فيفري شباط",
    "mars mar march marzo مارس آذار",
    "avril avr apr april abril abr أبريل ابريل إبريل أفريل نيسان",
    "mai may mayo ماي مايو أيار",
    "juin jun june junio يونيو يونيه جوان حزيران",
    "juillet juil jul july julio يوليو يوليوز جويلية تموز",
    "août aout aug august agosto ago غشت أغسطس أوت آب",
    "septembre sept sep september septiembre شتنبر سبتمبر أيلول",
    "octobre oct october octubre أكتوبر اكتوبر تشرين_الأول",
    "novembre nov november noviembre نونبر نوفمبر تشرين_الثاني",
    "décembre decembre déc dec december diciembre dic دجنبر ديسمبر كانون_الأول",
)
_MONTHS = {word.replace("_", " "): number for number, words in enumerate(_MONTH_WORDS, 1) for word in words.split()}
_TIME = r"(?:.{0,12}?(\d{1,2})\s*[:hH]\s*(\d{2})(?::(\d{2}))?)?(?:\s*(Z|GMT|UTC|[+-]\d{2}:?\d{2}))?"
_MONTH = "|".join(sorted(map(re.escape, _MONTHS), key=len, reverse=True))
_DAY_MONTH = re.compile(rf"(\d{{1,2}})(?:er)?[\s.-]+(?:de\s+)?({_MONTH})\.?[\s,.-]+(?:del?\s+)?(\d{{4}}){_TIME}", re.IGNORECASE)
_MONTH_DAY = re.compile(rf"({_MONTH})\.?\s+(\d{{1,2}}),?\s+(\d{{4}}){_TIME}", re.IGNORECASE)
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}")
_LEADING_ZEROS = re.compile(r"\s0\d{3}\s")
_DAY_FIRST = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){_TIME}")


def parse_date(raw: str | None) -> datetime | None:
    """A date in UTC; None if it cannot be read. Without a zone it counts as UTC.

    RFC 822, ISO 8601, seconds since 1970, day/month/year, and words in French, Spanish, Arabic and English; Arabic digits too.
    """
    if not raw:
        return None
    text = " ".join(raw[:200].translate(_DIGITS).split())
    for reader in (_iso_date, _mail_date, _worded_date, _numeric_date):
        try:
            found = reader(text)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
        if found is not None:
            return found
    return None


def sane_date(raw: str | None, now: datetime) -> tuple[datetime | None, str | None]:
    """The date if it can be one of publication, else None; and what is odd about the one given."""
    if not raw:
        return None, None
    date = parse_date(raw)
    if date is None:
        return None, f"date not understood: {' '.join(raw.split())[:60]}"
    if date > now + _FUTURE:
        return None, f"date in the future: {date:%Y-%m-%d}"
    if date < _OLDEST:
        return None, f"date too old: {date.year:04}-{date:%m-%d}"
    return date, None


def _utc(date: datetime) -> datetime:
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def _iso_date(text: str) -> datetime | None:
    return _utc(datetime.fromisoformat(text)) if text[:4].isdigit() and text[4:5] == "-" else None


def _mail_date(text: str) -> datetime | None:
    # RFC 2822 reads a year of two or three digits as one of this or the last century: "0001" is no such year
    return _utc(parsedate_to_datetime(text)) if not _LEADING_ZEROS.search(text) else None


def _worded_date(text: str) -> datetime | None:
    if found := _DAY_MONTH.search(text):
        day, month, year, *time = found.groups()
        return _built(year, _MONTHS[month.lower()], day, time)
    if found := _MONTH_DAY.search(text):
        month, day, year, *time = found.groups()
        return _built(year, _MONTHS[month.lower()], day, time)
    return None


def _numeric_date(text: str) -> datetime | None:
    if text.isdigit() and len(text) in (10, 13):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    if found := _YEAR_FIRST.search(text):
        year, month, day, *time = found.groups()
        return _built(year, month, day, time)
    if found := _DAY_FIRST.search(text):
        day, month, year, *time = found.groups()
        if int(month) > 12:
            day, month = month, day
        return _built(year, month, day, time)
    return None


def _built(year: str | int, month: str | int, day: str | int, time: list[str | None]) -> datetime:
    hour, minute, second, zone = time
    naive = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        naive -= offset if zone[0] == "+" else -offset
    return naive.replace(tzinfo=UTC)
