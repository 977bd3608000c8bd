from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from monitor.slots import EVERY_DAY, catch_up, due_slots, instant, next_slot, parse_days

PARIS, CASABLANCA = "Europe/Paris", "Africa/Casablanca"
FROM, TO = date(2024, 1, 1), date(2031, 1, 1)


def _at(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize("zone", [PARIS, CASABLANCA, "UTC", "America/Sao_Paulo", "Africa/Cairo"])
@pytest.mark.parametrize("at", [time(0, 0), time(2, 0), time(2, 30), time(3, 0), time(7, 30), time(23, 59)])
def test_every_local_date_of_seven_years_has_one_slot_at_its_local_hour(zone, at):
    start = datetime.combine(FROM, time(0, 0), tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(minutes=1)
    end = datetime.combine(TO, time(0, 0), tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(seconds=1)
    slots = due_slots("p", at, EVERY_DAY, zone, start, end)
    days = [FROM + timedelta(days=n) for n in range((TO - FROM).days)]
    assert [slot.local_date for slot in slots] == days
    shown = [slot.due_at.astimezone(ZoneInfo(zone)) for slot in slots]
    assert [when.date() for when in shown] == days
    odd = [when for when in shown if when.time() != at]
    # only hours that the wall clock skipped that day may differ, and then they are the first minute after the gap
    for when in odd:
        wanted = datetime.combine(when.date(), at)
        just_before = (when.astimezone(UTC) - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
        assert just_before.replace(tzinfo=None) < wanted < when.replace(tzinfo=None)
    assert len(odd) <= 2 * 7
    assert all(a.due_at < b.due_at and a.period_to == b.period_from for a, b in pairwise(slots))


@pytest.mark.parametrize("zone", [PARIS, CASABLANCA])
def test_the_hours_are_those_of_an_independent_cron(zone):
    for at in (time(0, 0), time(2, 30), time(7, 30)):
        start = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)) - timedelta(minutes=1)
        cron = CronSim(f"{at.minute} {at.hour} * * *", start)
        ours = due_slots("p", at, EVERY_DAY, zone, start, datetime(2027, 12, 31, 23, 59, tzinfo=ZoneInfo(zone)))
        assert [slot.due_at for slot in ours] == [next(cron).astimezone(UTC) for _ in ours]


def test_an_hour_left_out_in_spring_is_the_end_of_the_gap():
    assert instant(date(2027, 3, 28), time(2, 30), ZoneInfo(PARIS)) == _at(PARIS, 2027, 3, 28, 3, 0)


def test_an_hour_that_comes_twice_in_autumn_gives_one_slot_at_its_first_coming():
    due = due_slots("p", time(2, 30), EVERY_DAY, PARIS, _at(PARIS, 2026, 10, 24, 12), _at(PARIS, 2026, 10, 25, 12))
    assert [slot.due_at for slot in due] == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("day", "utc_hour"),
    [
        (date(2026, 2, 14), 6),  # UTC+1
        (date(2026, 2, 15), 7),  # Ramadan: UTC+0
        (date(2026, 3, 21), 7),
        (date(2026, 3, 22), 6),
        (date(2027, 2, 7), 7),
        (date(2027, 3, 14), 6),
    ],
)
def test_ramadan_switches_keep_the_local_hour(day, utc_hour):
    assert instant(day, time(7, 30), ZoneInfo(CASABLANCA)) == datetime(day.year, day.month, day.day, utc_hour, 30, tzinfo=UTC)


def test_a_day_that_a_zone_left_out_altogether_has_no_slot():
    assert instant(date(2011, 12, 30), time(7, 30), ZoneInfo("Pacific/Apia")) is None


def test_nothing_is_due_when_the_clock_was_set_back():
    now = _at(PARIS, 2026, 11, 25, 8)
    assert due_slots("p", time(7, 30), EVERY_DAY, PARIS, now, now - timedelta(days=1)) == []


def test_a_late_start_is_one_slot_that_covers_everything_since_the_last():
    last = _at(PARIS, 2026, 11, 20, 7, 30)
    slot = catch_up(due_slots("p", time(7, 30), EVERY_DAY, PARIS, last, _at(PARIS, 2026, 11, 24, 10)))
    assert slot is not None
    assert (slot.local_date, slot.covers) == (date(2026, 11, 24), 4)
    assert (slot.period_from, slot.period_to) == (last, _at(PARIS, 2026, 11, 24, 7, 30))


def test_a_slot_is_due_at_its_second_and_not_before():
    due, last = _at(PARIS, 2026, 11, 25, 7, 30), _at(PARIS, 2026, 11, 24, 7, 30)
    assert due_slots("p", time(7, 30), EVERY_DAY, PARIS, last, due - timedelta(seconds=1)) == []
    assert [slot.due_at for slot in due_slots("p", time(7, 30), EVERY_DAY, PARIS, last, due)] == [due]
    assert next_slot(time(7, 30), EVERY_DAY, PARIS, last) == due
    assert next_slot(time(7, 30), EVERY_DAY, PARIS, due) == _at(PARIS, 2026, 11, 26, 7, 30)


def test_weekdays_are_those_of_the_local_date():
    working = parse_days(["lundi", "Tue", "wed", "jeu", "friday"])
    assert working == (0, 1, 2, 3, 4)
    friday, monday = _at(PARIS, 2026, 11, 27, 7, 30), _at(PARIS, 2026, 11, 30, 7, 30)
    assert next_slot(time(7, 30), working, PARIS, friday) == monday
    (slot,) = due_slots("p", time(7, 30), working, PARIS, friday, monday)
    assert slot.covers == 1 and slot.period_from == friday  # the week-end belongs to Monday's own period


def test_an_unknown_day_is_named():
    with pytest.raises(ValueError, match="'someday'"):
        parse_days(["mon", "someday"])
    with pytest.raises(ValueError, match="no day"):
        next_slot(time(7, 30), (), PARIS, _at(PARIS, 2026, 1, 1))


def test_year_ends_leap_days_and_week_53_have_one_slot_each():
    start = _at(PARIS, 2024, 2, 27, 12)
    days = [slot.local_date for slot in due_slots("p", time(7, 30), EVERY_DAY, PARIS, start, _at(PARIS, 2024, 3, 2, 12))]
    assert days == [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 2)]
    end = due_slots("p", time(7, 30), EVERY_DAY, PARIS, _at(PARIS, 2026, 12, 27, 12), _at(PARIS, 2027, 1, 4, 12))
    assert [slot.local_date for slot in end] == [date(2026, 12, 28) + timedelta(days=n) for n in range(8)]
