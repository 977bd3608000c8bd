"""Reports as joining sees them, and as they are written: rows on one side, accounts on the other."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from hashlib import blake2b
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, func, select, type_coerce

from monitor.store.feeds import clean
from monitor.store.tables import articles, reports
from pipelines.detect.model import Days, Participant, Place, Report, Status
from pipelines.identity import (
    Account,
    KnownMeeting,
    alone,
    apart_from_article,
    is_loose,
    sameness,
    seats_of,
    tier_of,
    traces_of,
    window_of,
)


@dataclass(frozen=True, slots=True)
class Kin:
    """A stored report as joining sees it."""

    id: int
    article_id: int
    account: Account
    content: Content
    meeting_id: int | None
    home_id: int | None
    copy_of: int | None

    @property
    def known(self) -> KnownMeeting:
        """A meeting known from this report alone."""
        return alone(self.account, self.content.seats)


class Content:
    """What any number of reports tell alike: all that joining compares by, worked out once."""

    def __init__(self, account: Account):
        self.seats = seats_of(account.report)
        self.known = apart_from_article(alone(account, self.seats), f"like {next(_NUMBERS)}")
        self.sameness = sameness(self.known)
        self.window = window_of(account.report, account.published)
        self.tier = tier_of(account)
        self._account = account

    @cached_property
    def firm(self) -> frozenset[int]:
        """Keys of firm accounts that may be of the same meeting."""
        return frozenset(map(key_number, traces_of(self._account).firm))

    @cached_property
    def loose(self) -> frozenset[int]:
        """Keys of vague ones."""
        return frozenset(map(key_number, traces_of(self._account).loose))


_NUMBERS = count()


@lru_cache(maxsize=100_000)
def key_number(key: str) -> int:
    """A key of `traces_of` as it is stored: 63 bits of its hash."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") >> 1


_KIN = select(
    reports.c.id,
    reports.c.article_id,
    reports.c.meeting_id,
    reports.c.home_id,
    reports.c.copy_of,
    # As text where the database holds text: most reports are known already and need no dates made of them
    type_coerce(reports.c.published_at, Text).label("published_at"),
    func.coalesce(articles.c.link_key, articles.c.text_hash).label("article"),
    reports.c.ordinal,
    articles.c.outlet,
    articles.c.family,
    reports.c.standing,
    reports.c.score,
    reports.c.status,
    type_coerce(reports.c.first_day, Text).label("first_day"),
    type_coerce(reports.c.last_day, Text).label("last_day"),
    reports.c.date_precision,
    reports.c.city,
    reports.c.city_id,
    reports.c.country,
    reports.c.mode,
    type_coerce(reports.c.topics, Text).label("topics"),
    type_coerce(reports.c.categories, Text).label("categories"),
    reports.c.security,
    type_coerce(reports.c.participants, Text).label("participants"),
).join(articles, articles.c.id == reports.c.article_id)


_TOLD = tuple(column.key for column in _KIN.selected_columns)[12:]  # what the article tells of the meeting itself
_PRECISION = _TOLD.index("date_precision")


def any_of(column: ColumnElement[Any], name: str = "ids") -> ColumnElement[bool]:
    return column.in_(bindparam(name, expanding=True))


KIN_BY_ID = _KIN.where(any_of(reports.c.id))
KIN_OF_MEETINGS = _KIN.where(any_of(reports.c.meeting_id))
KIN_OF_ARTICLES = _KIN.where(any_of(reports.c.article_id))
KIN_OF_ARTICLE = _KIN.where(reports.c.article_id == bindparam("article"))


def kin_of(row: Any) -> Kin:
    number, article_id, meeting_id, home_id, copy_of, published, article, ordinal, outlet, family, standing, score, *told = row
    published = datetime.fromisoformat(published) if isinstance(published, str) else published
    exact = told[_PRECISION] == "day"
    # An exact day is the same whenever it was told, an undated one reaches back from its article
    content, report = _content(None if exact else published.astimezone(UTC).date(), *map(_raw, told))
    account = Account(replace(report, score=score), published, article, ordinal, outlet, family, standing)
    return Kin(number, article_id, account, content, meeting_id, home_id, copy_of)


# Copies of an agency text tell the same again and again. About 4 kB each.
@lru_cache(maxsize=4_000)
def _content(published: date | None, *fields: Any) -> tuple[Content, Report]:
    told = dict(zip(_TOLD, fields, strict=True))
    report = Report(
        status=Status(told["status"]),
        days=Days(_day(told["first_day"]), _day(told["last_day"]), told["date_precision"]),
        place=Place(told["city"], told["country"], told["city_id"]),
        mode=told["mode"],
        participants=_participants(told["participants"]),
        topics=_texts(told["topics"]),
        categories=_texts(told["categories"]),
        security=told["security"],
    )
    day = published or report.days.first or date(1970, 1, 1)
    return Content(Account(report, datetime(day.year, day.month, day.day, tzinfo=UTC), "", 0, "", "")), report


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _raw(value: Any) -> Any:
    """JSON as text: SQLite gives it so, PostgreSQL's driver has parsed it already."""
    return json.dumps(value) if isinstance(value, list | dict) else value


# Copies of an agency text bring the same participants again and again
@lru_cache(maxsize=4_000)
def _participants(raw: str) -> tuple[Participant, ...]:
    empty = {"name": None, "role": None, "body": None, "country": None}
    return tuple(Participant(**(empty | values)) for values in json.loads(raw))


@lru_cache(maxsize=4_000)
def _texts(raw: str) -> tuple[str, ...]:
    return tuple(json.loads(raw))


def report_values(account: Account) -> dict[str, Any]:
    report = account.report
    window = window_of(report, account.published)
    quote = report.quote
    return {
        "ordinal": account.ordinal,
        "status": str(report.status),
        "standing": account.standing,
        "published_at": account.published,
        "first_day": report.days.first,
        "last_day": report.days.last,
        "date_precision": report.days.precision,
        "window_first": window.first,
        "window_last": window.last,
        "loose": is_loose(account),
        "city": clean(report.place.city),
        "city_id": report.place.city_id,
        "city_in_text": clean(report.place.city_in_text),
        "country": report.place.country,
        "mode": report.mode,
        "topics": list(report.topics),
        "categories": list(report.categories),
        "security": report.security,
        "score": report.score,
        "participants": [_participant_json(p) for p in report.participants],
        "reasons": [[r.name, r.weight, clean(r.quote.text) if r.quote else None] for r in report.reasons],
        "quote": clean(quote.text) if quote else None,
        "quote_field": quote.field if quote else None,
        "quote_start": quote.start if quote else None,
        "quote_end": quote.end if quote else None,
    }


def _participant_json(participant: Participant) -> dict[str, Any]:
    values = asdict(participant)
    del values["quotes"]
    return {name: clean(value[:500]) if isinstance(value, str) else value for name, value in values.items() if value not in (None, False)}


def evidence_rows(report: Report) -> list[dict[str, Any]]:
    told = [(e.about, e.quote) for e in report.evidence]
    told += [(f"participant:{i}", quote) for i, p in enumerate(report.participants) for quote in p.quotes]
    return [
        {"position": i, "about": about[:64], "quote": clean(q.text), "field": q.field, "start": q.start, "end": q.end}
        for i, (about, q) in enumerate(told)
    ]
