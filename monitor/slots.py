"""When a digest is due: one slot per profile and local date, its instant by the rules of the profile's time zone.

A scheduler only ticks; what is owed is worked out here from the last slot that was made and the time that is given.
APScheduler's own cron trigger skips a day after the spring change and doubles 02:30 in autumn, so it is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
"""Monday is 0."""

_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        ["mon monday lun lundi", "tue tuesday mar mardi", "wed wednesday mer mercredi", "thu thursday jeu jeudi",
         "fri friday ven vendredi", "sat saturday sam samedi", "sun sunday dim dimanche"]
    )
    for name in names.split()
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slot:
    """A digest that is owed. Times are UTC; the period is after `period_from`, up to and with `period_to`."""

    profile: str
    local_date: date  # in the profile's zone
    due_at: datetime
    period_from: datetime
    period_to: datetime
    covers: int = 1  # mornings it stands for; above 1: a catch-up
    zone: str = "UTC"
    id: int | None = None  # in the store


def parse_days(words: Iterable[str]) -> tuple[int, ...]:
    """Weekdays as numbers, Monday 0, sorted. English and French names, long or short. Raises ValueError naming the word."""
    numbers = set()
    for word in words:
        if word.strip().lower() not in _WEEKDAYS:
            raise ValueError(f"{word!r} is not a day of the week (mon, tue, wed, thu, fri, sat, sun)")
        numbers.add(_WEEKDAYS[word.strip().lower()])
    return tuple(sorted(numbers))


def instant(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """The UTC instant at which the wall clock of `zone` shows `at` on `day`.

    An hour that the spring change leaves out is its end (02:30 becomes 03:00), one that comes twice in autumn is its first.
    None if the zone has no such day at all (Samoa left out 2011-12-30).
    """
    wall = datetime.combine(day, at.replace(tzinfo=None), tzinfo=zone)
    at_utc = wall.astimezone(UTC)
    if at_utc.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return at_utc
    # In a gap fold=1 is read with the new offset and so falls before the change, fold=0 after it.
    before, after = wall.replace(fold=1).astimezone(UTC), at_utc
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    change = after.replace(microsecond=0)
    return change if change.astimezone(zone).date() == day else None


def due_slots(profile: str, at: time, days: Iterable[int], zone: str, after: datetime, now: datetime) -> list[Slot]:
    """Every slot with `after` < instant <= `now`, oldest first.

    Each period begins where the one before it ends, the first at `after`. `days` are weekdays of the local date
    (Monday 0). Nothing is due while the clock stands before `after`.
    Raises zoneinfo.ZoneInfoNotFoundError for an unknown zone.
    """
    after, now = after.astimezone(UTC), now.astimezone(UTC)
    slots: list[Slot] = []
    since = after
    for day, due in _instants(at, days, zone, after):
        if due > now:
            break
        slots.append(Slot(profile, day, due, since, due, zone=zone))
        since = due
    return slots


def catch_up(slots: list[Slot]) -> Slot | None:
    """The one slot that stands for all of them: the last one's date, with everything since the first one's beginning."""
    if not slots:
        return None
    return replace(slots[-1], period_from=slots[0].period_from, covers=sum(slot.covers for slot in slots))


def next_slot(at: time, days: Iterable[int], zone: str, after: datetime) -> datetime:
    """The first due instant later than `after`, in UTC."""
    return next(due for _, due in _instants(at, days, zone, after))


def _instants(at: time, days: Iterable[int], zone: str, after: datetime) -> Iterator[tuple[date, datetime]]:
    wanted = frozenset(days)
    if not wanted & set(EVERY_DAY):
        raise ValueError("no day of the week to send on")
    rules = ZoneInfo(zone)
    # A day earlier, as a gap can push an instant past midnight of `after`'s own day
    day = after.astimezone(rules).date() - timedelta(days=1)
    while day < date.max - timedelta(days=2):
        if day.weekday() in wanted:
            due = instant(day, at, rules)
            if due is not None and due > after:
                yield day, due
        day += timedelta(days=1)
