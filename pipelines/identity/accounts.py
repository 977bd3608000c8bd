"""Accounts of meetings: one article's report each, the days it allows for, and the keys it is found by."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import combinations
from typing import Literal

from pipelines.detect.model import Days, Place, Report, Status
from pipelines.identity.names import skeletons
from pipelines.identity.seats import seat_of

Standing = Literal["flagged", "possible", "aside"]
"""What a report is worth as news: flagged; just below the line; or kept without opening a record as a new meeting."""


UNDATED_BEFORE = timedelta(days=10)
"""A new meeting without a day took place at most this long before its article: press reviews are weekly."""


PLANNED_AHEAD = timedelta(days=60)
"""An announced meeting without a day is expected within this time."""


RETOLD_WITHIN = 10
"""Undated recollections of the same people are of one meeting when they are published in one span of so many days."""


ANY_TIME = timedelta(days=400)
"""An undated recollection reaches back this far when the known meetings are searched."""


LONGEST = timedelta(days=31)
"""A span longer than this tells no meetings apart."""


@dataclass(frozen=True, slots=True)
class Account:
    """One article's report of a meeting, with what joining must know of the article."""

    report: Report
    published: datetime  # or first seen, where the article gives none
    article: str  # identity of the article, the same whenever it is read again
    ordinal: int  # place of the report within its article
    outlet: str
    family: str  # publisher family of the outlet
    standing: Standing = "aside"


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which a meeting can have been. `exact`: the text gives them; `loose`: too wide to tell meetings apart."""

    first: date
    last: date
    exact: bool = False
    loose: bool = False

    def gap(self, other: Window) -> int:
        """Whole days between the two, 0 when they overlap."""
        return max((other.first - self.last).days, (self.first - other.last).days, 0)


def window_of(report: Report, published: datetime) -> Window:
    """The days on which the meeting of a report published then (UTC) can have been."""
    return _window(report.days, report.status, published.astimezone(UTC).date())


@lru_cache(maxsize=10_000)
def _window(days: Days, status: Status, day: date) -> Window:
    # A day of tolerance: local days of the place run ahead of UTC
    ahead = day + timedelta(days=1)
    held = status is Status.NEW
    if days.first is not None and days.precision in ("day", "range"):
        last = max(days.last or days.first, days.first)
        return Window(days.first, last, exact=True, loose=last - days.first > LONGEST)
    if days.first is not None and days.precision in ("month", "year"):
        last = days.last or _end_of(days.first, days.precision)
        if status in (Status.NEW, Status.BACKGROUND) and days.first <= ahead:
            last = min(last, ahead)
        return Window(days.first, last, loose=days.precision == "year")
    if held:
        return Window(day - UNDATED_BEFORE, ahead)
    if status is Status.BACKGROUND:
        return Window(day - ANY_TIME, ahead, loose=True)
    behind = timedelta(days=1) if status is Status.PLANNED else timedelta(days=30)
    return Window(day - behind, day + PLANNED_AHEAD, loose=True)


def _end_of(first: date, precision: str) -> date:
    if precision == "year":
        return date(first.year, 12, 31)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return following - timedelta(days=1)


def order_of(account: Account) -> tuple[object, ...]:
    """The order in which accounts are weighed, whatever order they came in: those that tell most first, then the earliest."""
    report = account.report
    window = window_of(report, account.published)
    somebody = sum(bool(p.person_id or p.name) for p in report.participants)
    return (
        window.loose,
        -somebody,
        not window.exact,
        -len(report.participants),
        account.published,
        account.article,
        account.ordinal,
    )


def city_key(place: Place) -> str | None:
    """A city as it is compared: the register's id, else its plain letters."""
    if place.city_id:
        return place.city_id
    if not place.city:
        return None
    plain = unicodedata.normalize("NFKD", place.city.casefold())
    return "".join(c for c in plain if c.isalnum())


def is_loose(account: Account) -> bool:
    """Whether the account tells too little to bridge between meetings: days too wide, or people of one country only."""
    return is_wide(account) or len(sides_of(account.report)) < 2


def tier_of(account: Account) -> int:
    """How much an account is worth for telling meetings apart.

    1: two sides, and the day. 2: two sides, and a month or the days before the article. 3: a vague one (`is_loose`).
    Those of a higher tier join what those of a lower one have made, and leave it as it is.
    """
    if is_loose(account):
        return 3
    return 1 if window_of(account.report, account.published).exact else 2


def is_wide(account: Account) -> bool:
    """Whether the account's days are too wide to tell meetings apart."""
    return window_of(account.report, account.published).loose


def sides_of(report: Report) -> frozenset[str]:
    """The countries and international bodies at the table; where only one is named, the country of the place is the other."""
    told = frozenset(p.country for p in report.participants if p.country)
    if len(told) < 2 and report.place.country:
        told |= {report.place.country}
    return told


@dataclass(frozen=True, slots=True)
class Traces:
    """Under which keys an account is kept, and under which those are found that may be of the same meeting.

    Whatever `compare` or a retelling can join is found: the relation is symmetric, and the days must overlap but for `SLACK`.
    """

    kept: frozenset[str]
    firm: frozenset[str]  # keys of accounts that tell enough
    loose: frozenset[str]  # keys of vague accounts


SLACK = timedelta(days=2)
"""Days of two accounts of one meeting lie at most this far apart."""


MOST_SIDES = 8  # a summit of forty countries is found by its city


def traces_of(account: Account) -> Traces:
    """The keys of an account.

    Two countries suffice to find one another when the days are known; over a wide span of time two of the same people or bodies
    are asked for, or one at the same city.
    """
    report = account.report
    sides = sorted(sides_of(report))
    tokens = _tokens(report)
    everyone = frozenset(t for told in tokens.values() for t in told)
    city = city_key(report.place)
    pairs = {f"{a}+{b}" for a, b in combinations(sides[:MOST_SIDES], 2)}
    if report.mode == "multilateral" and city:
        pairs.add(f"multilateral@{city}")
    telling = {
        f"{min(x, y)}&{max(x, y)}" for a, b in combinations(sorted(tokens)[:MOST_SIDES], 2) for x in tokens[a] for y in tokens[b]
    } | {f"{x}@{city}" for x in everyone if city}
    if is_wide(account):
        retold = frozenset(f"r:{span_of(account)}:{key}" for key in telling)
        return Traces(retold | {f"w:{key}" for key in telling}, frozenset(f"s:{key}" for key in telling), retold)
    if len(sides) < 2:
        alone = frozenset(f"o:{key}" for key in everyone)
        return Traces(alone, frozenset(f"p:{key}" for key in everyone), alone)
    firm = frozenset(f"f:{key}" for key in pairs)
    return Traces(
        firm | {f"s:{key}" for key in telling} | {f"p:{key}" for key in everyone},
        firm,
        frozenset(f"w:{key}" for key in telling) | {f"o:{key}" for key in everyone},
    )


def span_of(account: Account) -> int:
    """The span of RETOLD_WITHIN days in which the article was published."""
    return account.published.astimezone(UTC).toordinal() // RETOLD_WITHIN


def _tokens(report: Report) -> dict[str, frozenset[str]]:
    """By side, what two seats of one strength share: the person, the bones of the name, the words of the body."""
    sides: dict[str, set[str]] = defaultdict(set)
    for participant in report.participants:
        seat = seat_of(participant)
        told = sides[seat.country or "?"]
        if seat.person_id:
            told.add(f"p {seat.person_id}")
        for name in seat.names:
            told.update(f"n {bones}" for bones in skeletons(name)[-1:])
        told.update(f"b {seat.country} {word}" for word in seat.bodies)
    return {side: frozenset(told) for side, told in sides.items()}
