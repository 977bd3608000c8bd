"""The verdict: whether two sets of accounts are of one meeting, with named reasons and vetoes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pipelines.detect.model import Status
from pipelines.identity.accounts import UNDATED_BEFORE, Window, is_loose, is_wide, span_of
from pipelines.identity.known import KnownMeeting
from pipelines.identity.seats import CLASH, COUNTRY, NAME, NOTHING, STRONG, seat_likeness


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two accounts are of one meeting. A single veto decides against it."""

    same: bool
    score: float = 0.0
    reasons: tuple[str, ...] = ()
    vetoes: tuple[str, ...] = ()


def compare(one: KnownMeeting, other: KnownMeeting, *, tolerant: bool = True) -> Verdict:
    """Whether two sets of accounts are of one meeting, with named reasons and vetoes. Symmetric.

    `tolerant` allows for one contradiction between outlets that tell the same meeting: a day beside the other, another city.
    """
    apart = _told_apart(one, other)
    if apart:
        return Verdict(False, vetoes=(apart,))
    day, day_score = _compare_days(one, other)
    if day == "other-days":
        return Verdict(False, vetoes=("other-days",))
    place, place_score = _compare_places(one, other)
    levels, veto = _compare_seats(one, other)
    multilateral = "multilateral" in one.modes and "multilateral" in other.modes
    strong = sum(level >= STRONG for level in levels.values())
    matched = sum(level >= COUNTRY for level in levels.values())
    same_day, same_city = day == "same-days", place == "same-city"
    if veto and not (multilateral and same_day and same_city and strong):
        return Verdict(False, vetoes=(veto,))
    people = sum(levels.values()) / max(len(levels), 2)
    reasons = (f"people-{people:.2f}", day, place)
    score = 3 * people + 0.1 * min(matched, 5) + day_score + place_score
    if not tolerant and (day == "next-day" or place == "other-city"):
        return Verdict(False, score, reasons, (day if day == "next-day" else place,))
    refusal = _refusal(one, other, levels, day, place, strong, matched, multilateral)
    if refusal:
        return Verdict(False, score, reasons, (refusal,))
    return Verdict(True, score, reasons)


def could_be_one(one: KnownMeeting, other: KnownMeeting) -> bool:
    """Whether one group could come to hold both single accounts: directly, as a vague one, or as retellings."""
    if compare(one, other).same:
        return True
    return is_loose(one.accounts[0]) and is_loose(other.accounts[0]) and same_retelling(one, other)


def _refusal(
    one: KnownMeeting,
    other: KnownMeeting,
    levels: Mapping[str, float],
    day: str,
    place: str,
    strong: int,
    matched: int,
    multilateral: bool,
) -> str | None:
    """What is missing for these two to be one meeting; None if nothing is."""
    exact_people = strong >= 2 and len(levels) >= 2
    calls = _is_call(one), _is_call(other)
    if place == "other-country":
        return "other-country"
    if place == "other-city" and not (day == "same-days" and exact_people and one.sides.keys() == other.sides.keys()):
        return "other-city"
    if calls[0] is not calls[1] and None not in calls and not (day == "same-days" and exact_people):
        return "other-mode"
    if day == "next-day":
        same_table = exact_people and one.sides.keys() == other.sides.keys() and place in ("same-city", "no-place")
        if not (same_table and _same_news(one, other)):
            return "next-day"
    elif day == "loose-days" and not (exact_people or (strong and place == "same-city")):
        return "too-vague"
    if matched >= 2 and strong >= 1:
        return None
    if matched >= 2:
        return None if day == "same-days" and place != "other-city" else "countries-only"
    if strong and day == "same-days" and place == "same-city" and (multilateral or _is_one_sided(one) or _is_one_sided(other)):
        return None
    return "other-people"


def _told_apart(one: KnownMeeting, other: KnownMeeting) -> str | None:
    """An article that tells both as two meetings knows better than we do."""
    for article in one.told.keys() & other.told.keys():
        for status, window in one.told[article]:
            for other_status, other_window in other.told[article]:
                if status is not other_status or window.gap(other_window):
                    return "told-apart"
    return None


def _compare_days(one: KnownMeeting, other: KnownMeeting) -> tuple[str, float]:
    exact = [list(m.days) for m in (one, other)]
    if all(exact):
        gap = min(a.gap(b) for a in exact[0] for b in exact[1])
        if gap == 0:
            return "same-days", 1.5
        statuses = one.statuses | other.statuses
        # A meeting announced for one day is often held the day after
        shifted = Status.PLANNED in statuses and len(statuses) > 1
        return ("next-day", 0.2) if gap <= (2 if shifted else 1) else ("other-days", 0.0)
    firm = [[w for w in m.windows if not w.loose] for m in (one, other)]
    if all(firm):
        if min(a.gap(b) for a in firm[0] for b in firm[1]):
            return "other-days", 0.0
        return "within-days", 0.5 + 0.4 * _closeness(one, other, exact)
    if min(a.gap(b) for a in one.windows for b in other.windows):
        return "other-days", 0.0
    return "loose-days", 0.1 + 0.1 * _closeness(one, other, exact)


def _closeness(one: KnownMeeting, other: KnownMeeting, exact: list[list[Window]]) -> float:
    """1 when the day lies right before the undated article, falling to 0 over the time an undated one reaches back."""
    if exact[0] and not exact[1]:
        days, undated = exact[0], other
    elif exact[1] and not exact[0]:
        days, undated = exact[1], one
    else:
        days, undated = [], one
    if not days:
        apart = min(abs((a - b).days) for a in one.dates for b in other.dates)
    else:
        apart = min(abs((a - w.last).days) for a in undated.dates for w in days)
    return max(0.0, 1 - apart / UNDATED_BEFORE.days)


def _compare_places(one: KnownMeeting, other: KnownMeeting) -> tuple[str, float]:
    if one.city_votes and other.city_votes:
        if one.cities & other.cities:
            return "same-city", 1.0
        if one.countries and other.countries and not one.countries & other.countries:
            return "other-country", 0.0
        return "other-city", -0.5
    if one.countries and other.countries:
        return ("same-country", 0.4) if one.countries & other.countries else ("other-country", 0.0)
    told = one.city_votes or other.city_votes or one.countries or other.countries
    return ("place-in-one", 0.0) if told else ("no-place", 0.1)


def _compare_seats(one: KnownMeeting, other: KnownMeeting) -> tuple[dict[str, float], str | None]:
    """The best likeness for each side both have, and a veto when a side is held by different people or bodies."""
    a, b = one.sides, other.sides
    levels: dict[str, float] = {}
    veto = None
    for side in sorted(a.keys() & b.keys()):
        found = [seat_likeness(x, y) for x in a[side] for y in b[side]]
        best = max(found)
        if best > NOTHING:
            levels[side] = best
        else:
            veto = "other-counterpart" if CLASH in found else "other-body"
    for x in one.seats:
        for y in other.seats:
            # Sides that the texts give different or no countries to
            if (not x.country or not y.country or x.country != y.country) and seat_likeness(x, y) >= NAME:
                levels.setdefault(x.country or y.country or f"?{min(x.names, default='')}", NAME)
    return levels, veto


def _is_one_sided(meeting: KnownMeeting) -> bool:
    return len({seat.country for seat in meeting.seats if seat.country}) < 2


def _is_call(meeting: KnownMeeting) -> bool | None:
    """Whether all accounts tell a call; None if they differ."""
    told = {mode in ("call", "video") for mode in meeting.modes}
    return told.pop() if len(told) == 1 else None


def _same_news(one: KnownMeeting, other: KnownMeeting) -> bool:
    """Whether days that differ by one may be two readings of one: told at the same time, or one of them recalled or planned."""
    if one.statuses | other.statuses != {Status.NEW}:
        return True
    return max(one.published[0], other.published[0]) - min(one.published[1], other.published[1]) <= timedelta(hours=48)


def same_retelling(one: KnownMeeting, other: KnownMeeting) -> bool:
    # Fixed spans of time, not a distance: recollections that follow one another would chain up over years
    spans = [{span_of(a) if is_wide(a) else None for a in m.accounts} for m in (one, other)]
    if not spans[0] & spans[1]:
        return False
    if _told_apart(one, other) or one.sides.keys() != other.sides.keys():
        return False
    place, _ = _compare_places(one, other)
    levels, veto = _compare_seats(one, other)
    if veto or place in ("other-city", "other-country") or _compare_days(one, other)[0] == "other-days":
        return False
    kinds = [{a.report.status is Status.BACKGROUND for a in m.accounts} for m in (one, other)]
    if kinds[0] != kinds[1]:
        return False
    strong = sum(level >= STRONG for level in levels.values())
    return strong >= 2 or (strong >= 1 and place == "same-city")
