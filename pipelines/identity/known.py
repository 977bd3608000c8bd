"""A known meeting: the sum of the accounts of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import reduce
from typing import TypeVar

from pipelines.detect.model import Status
from pipelines.identity.accounts import Account, Window, city_key, order_of, window_of
from pipelines.identity.seats import Seat, add_seats, seats_of


@dataclass(frozen=True, slots=True)
class KnownMeeting:
    """The sum of the accounts of one meeting."""

    accounts: tuple[Account, ...]
    seats: tuple[Seat, ...]
    sides: Mapping[str, Sequence[Seat]]  # seats by country; where only one is told, the country of the place is the other
    windows: frozenset[Window]
    day_votes: Mapping[Window, int]  # accounts behind each exact day or range
    city_votes: Mapping[str, int]
    countries: frozenset[str]  # of the place
    modes: frozenset[str]
    statuses: frozenset[Status]
    dates: frozenset[date]  # on which it was told
    published: tuple[datetime, datetime]  # first and last
    told: Mapping[str, tuple[tuple[Status, Window], ...]]  # by article

    @property
    def days(self) -> frozenset[Window]:
        """The days with the most accounts behind them: what a few outlets have wrong is not compared by."""
        return _foremost(self.day_votes)

    @property
    def cities(self) -> frozenset[str]:
        """The cities with the most accounts behind them."""
        return _foremost(self.city_votes)


def known_meeting(accounts: Iterable[Account]) -> KnownMeeting:
    """The sum of these accounts (at least one)."""
    return reduce(add, map(alone, sorted(accounts, key=order_of)))


def alone(account: Account, seats: tuple[Seat, ...] | None = None) -> KnownMeeting:
    """A meeting known from one account. `seats` saves working them out, where that was done."""
    report = account.report
    window = window_of(report, account.published)
    city = city_key(report.place)
    seats = seats_of(report) if seats is None else seats
    countries = frozenset({report.place.country} if report.place.country else ())
    return KnownMeeting(
        accounts=(account,),
        seats=seats,
        sides=_by_side(seats, countries),
        windows=frozenset({window}),
        day_votes={window: 1} if window.exact else {},
        city_votes={city: 1} if city else {},
        countries=countries,
        modes=frozenset({report.mode}),
        statuses=frozenset({report.status}),
        dates=frozenset({account.published.astimezone(UTC).date()}),
        published=(account.published, account.published),
        told={account.article: ((report.status, window),)},
    )


def add(one: KnownMeeting, other: KnownMeeting) -> KnownMeeting:
    """What is known from both."""
    seats = add_seats(one.seats, other.seats)
    countries = one.countries | other.countries
    told = dict(one.told)
    for article, pairs in other.told.items():
        told[article] = told.get(article, ()) + pairs
    return KnownMeeting(
        accounts=one.accounts + other.accounts,
        seats=seats,
        sides=_by_side(seats, countries),
        windows=one.windows | other.windows,
        day_votes=_votes(one.day_votes, other.day_votes),
        city_votes=_votes(one.city_votes, other.city_votes),
        countries=countries,
        modes=one.modes | other.modes,
        statuses=one.statuses | other.statuses,
        dates=one.dates | other.dates,
        published=(min(one.published[0], other.published[0]), max(one.published[1], other.published[1])),
        told=told,
    )


T = TypeVar("T")


def _votes(one: Mapping[T, int], other: Mapping[T, int]) -> Mapping[T, int]:
    if not one or not other:
        return one or other
    return {value: one.get(value, 0) + other.get(value, 0) for value in one.keys() | other.keys()}


def _foremost(votes: Mapping[T, int]) -> frozenset[T]:
    if len(votes) < 2:
        return frozenset(votes)
    most = max(votes.values())
    return frozenset(value for value, count in votes.items() if count == most)


def _by_side(seats: Iterable[Seat], countries: frozenset[str]) -> dict[str, list[Seat]]:
    sides: dict[str, list[Seat]] = defaultdict(list)
    for seat in seats:
        if seat.country:
            sides[seat.country].append(seat)
    if len(sides) < 2:
        for country in countries - sides.keys():
            sides[country].append(Seat(country))
    return dict(sides)


def sameness(known: KnownMeeting) -> tuple[object, ...]:
    """All that a single account is compared by. When it was told counts only where the day was not."""
    dated = all(window.exact and not window.loose for window in known.windows)
    return (
        frozenset(known.seats),
        known.windows,
        frozenset(known.city_votes),
        known.countries,
        known.modes,
        known.statuses,
        None if dated else known.dates,
    )


def apart_from_article(known: KnownMeeting, name: str) -> KnownMeeting:
    """A single account without its article and hour, so that it stands for all that tell the very same."""
    ((told, *_),) = known.told.values()
    return replace(known, told={name: (told,)}, published=(_EVER[0], _EVER[1]))


_EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
