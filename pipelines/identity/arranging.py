"""Arranging accounts into meetings, in a way that depends on the accounts alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from functools import reduce
from itertools import combinations

from pipelines.detect.model import Status
from pipelines.identity.accounts import Account, Window, order_of, tier_of
from pipelines.identity.known import KnownMeeting, add, alone, sameness
from pipelines.identity.verdict import compare, same_retelling


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person has ruled on accounts (by position): these two are of one meeting, or are not.

    `copy`: the second repeats the text of the first, on which a person has ruled, and goes where that goes.
    """

    one: int
    other: int
    same: bool
    copy: bool = False


TORN = 0.1
"""An account that fits two different meetings as well as this is of neither for sure: `une délégation française`, two received."""


FAR_MORE = 3
"""A vague account is taken for the meeting that this many times more articles tell than any other it fits."""


CLEARLY = 0.35
"""By how much the best meeting must fit a vague account better than the next one."""


def arrange(
    accounts: Sequence[Account], rulings: Collection[Ruling] = (), known: Sequence[KnownMeeting] | None = None
) -> list[tuple[int, ...]]:
    """Group the positions of accounts by meeting. The grouping depends on the accounts alone, not on their order.

    Accounts that tell much are placed first; those that tell little join the one meeting they fit, or one another.
    `known` are the accounts as `alone` makes them, where that was done.
    """
    order = sorted(range(len(accounts)), key=lambda i: order_of(accounts[i]))
    apart = _Apart(rulings)
    newcomers = _newcomers(accounts, known or [alone(account) for account in accounts], order, rulings)
    dated, undated, loose = ([group for group, tier in newcomers if tier == wanted] for wanted in (1, 2, 3))
    placed = _gather(dated, apart)
    placed += _gather(_unclaimed(undated, placed, apart, TORN), apart)
    vague = _unclaimed(loose, placed, apart, CLEARLY)
    found = [group.members | group.guests for group in placed] + _retellings(vague, apart)
    return [tuple(sorted(group)) for group in _united(found, rulings)]


def _gather(newcomers: Sequence[_Group], apart: _Apart) -> list[_Group]:
    """Group accounts of one strength with one another."""
    placed: list[_Group] = []
    torn = [newcomer for newcomer in newcomers if not _place(newcomer, placed, apart)]
    _merge(placed, apart, tolerant=False)
    _merge(placed, apart, tolerant=True)
    alone: list[_Group] = []
    for newcomer in _unclaimed(torn, placed, apart, CLEARLY):
        if not _place(newcomer, alone, apart):
            alone.append(newcomer)
    return placed + alone


def _unclaimed(newcomers: Sequence[_Group], placed: Sequence[_Group], apart: _Apart, margin: float) -> list[_Group]:
    """Let meetings claim the vague accounts that are theirs; the others are returned.

    What an article tells as its news goes first: what it recalls beside it is another meeting.
    """
    left = []
    for newcomer in sorted(newcomers, key=lambda group: Status.NEW not in group.known.statuses):
        host = _host(newcomer, _fitting(newcomer, placed, apart), margin)
        if host is None:
            left.append(newcomer)
        else:
            host.claim(newcomer)
    return left


def _united(groups: list[set[int]], rulings: Collection[Ruling]) -> list[set[int]]:
    """Unite the groups that a person has ruled to be one. What each draws to it is drawn to the whole.

    A later ruling that would put together what was ruled apart is left out.
    """
    apart = {frozenset((r.one, r.other)) for r in rulings if not r.same}
    for ruling in rulings:
        if ruling.same:
            one, other = (next(g for g in groups if i in g) for i in (ruling.one, ruling.other))
            if one is not other and not any(frozenset((a, b)) in apart for a in one for b in other):
                one |= other
                groups.remove(other)
    return groups


def _host(newcomer: _Group, fitting: Sequence[tuple[float, _Group]], margin: float) -> _Group | None:
    """The meeting a vague account is of: the one it fits clearly best, or that far more tell, or, undated, the nearest one.

    Articles that recall a meeting without a day mean the last one; those that announce one mean the next.
    """
    if len(fitting) < 2:
        return fitting[0][1] if fitting else None
    best = [group for score, group in fitting if score > fitting[0][0] - margin]
    if len(best) == 1:
        return best[0]
    first, second = sorted((len(group.known.told) for group in best), reverse=True)[:2]
    if first >= FAR_MORE * second:
        return max(best, key=lambda group: len(group.known.told))
    if not all(a.report.days.first is None for a in newcomer.known.accounts):
        return None
    published = min(a.published for a in newcomer.known.accounts).astimezone(UTC).date()
    nearest = {id(group): min(_distance(w, published) for w in group.known.windows) for group in best}
    closest = min(nearest.values())
    near = [group for group in best if nearest[id(group)] == closest]
    return near[0] if len(near) == 1 else None


def _distance(window: Window, day: date) -> int:
    return max((window.first - day).days, (day - window.last).days, 0)


class _Group:
    """A meeting in the making. `guests` are vague accounts: they do not change what it is compared by."""

    __slots__ = ("claimed", "guests", "known", "members")

    def __init__(self, known: KnownMeeting, members: set[int]):
        self.known = known
        self.members = members
        self.guests: set[int] = set()
        self.claimed: dict[str, frozenset[Status]] = {}  # how the articles of the guests tell it

    def take(self, other: _Group) -> None:
        self.known = add(self.known, other.known)
        self.members |= other.members

    def claim(self, guest: _Group) -> None:
        self.guests |= guest.members
        for article in guest.known.told:
            self.claimed[article] = self.claimed.get(article, frozenset()) | guest.known.statuses

    def tells_otherwise(self, newcomer: _Group) -> bool:
        """Whether a guest's article tells the newcomer as another meeting: as an earlier or a coming one."""
        told = [self.claimed[article] for article in newcomer.known.told if article in self.claimed]
        return any(statuses != newcomer.known.statuses for statuses in told)


class _Apart:
    def __init__(self, rulings: Collection[Ruling]):
        self.pairs = {frozenset((r.one, r.other)) for r in rulings if not r.same}

    def __call__(self, one: _Group, other: _Group) -> bool:
        if not self.pairs:
            return False
        theirs = other.members | other.guests
        return any(frozenset((a, b)) in self.pairs for a in one.members | one.guests for b in theirs)


def _newcomers(
    accounts: Sequence[Account], known: Sequence[KnownMeeting], order: Sequence[int], rulings: Collection[Ruling]
) -> list[tuple[_Group, int]]:
    """The accounts in the order in which they are placed, and their tier.

    Accounts that tell the very same are placed as one, and so are copies of a text that was ruled on.
    """
    together = [{i} for i in range(len(accounts))]
    ruled = {i for ruling in rulings for i in (ruling.one, ruling.other)}
    first: dict[tuple[object, ...], int] = {}
    pairs = [(ruling.one, ruling.other) for ruling in rulings if ruling.same and ruling.copy]
    for i in order:
        if i not in ruled and tier_of(accounts[i]) == 1:
            twin = first.setdefault(sameness(known[i]), i)
            if twin != i:
                pairs.append((twin, i))
    for one, other in pairs:
        if together[one] is not together[other]:
            merged = together[one] | together[other]
            for i in merged:
                together[i] = merged
    newcomers: list[tuple[_Group, int]] = []
    seen: set[int] = set()
    for i in order:
        if i not in seen:
            seen |= together[i]
            members = [j for j in order if j in together[i]] if len(together[i]) > 1 else [i]
            newcomers.append((_Group(reduce(add, (known[j] for j in members)), set(members)), tier_of(accounts[i])))
    return newcomers


def _fitting(newcomer: _Group, placed: Sequence[_Group], apart: _Apart) -> list[tuple[float, _Group]]:
    found = [
        (verdict.score, group)
        for group in placed
        if not (apart(group, newcomer) or group.tells_otherwise(newcomer))
        and (verdict := compare(group.known, newcomer.known, tolerant=False)).same
    ]
    return sorted(found, key=lambda pair: -pair[0])


def _place(newcomer: _Group, placed: list[_Group], apart: _Apart) -> bool:
    """Put the newcomer where it fits best, or by itself. False, and it is put nowhere, if it fits two that are not one."""
    fitting = _fitting(newcomer, placed, apart)
    if not fitting:
        placed.append(newcomer)
        return True
    near = [group for score, group in fitting if score > fitting[0][0] - TORN]
    if len(near) > 1 and any(not compare(near[0].known, other.known).same for other in near[1:]):
        return False
    fitting[0][1].take(newcomer)
    return True


def _merge(placed: list[_Group], apart: _Apart, *, tolerant: bool) -> None:
    """Join groups that turn out to be one, best pair first, until none is left.

    A contradiction is only forgiven to the few: what many outlets tell of two days or two cities are two meetings.
    """
    scores = {(i, j): _merging(placed[i], placed[j], apart, tolerant) for i, j in combinations(range(len(placed)), 2)}
    gone: set[int] = set()
    while True:
        found = [(score, -i, -j) for (i, j), score in scores.items() if score is not None]
        if not found:
            break
        _, i, j = max(found)
        one, other = -i, -j
        placed[one].take(placed[other])
        gone.add(other)
        scores = {pair: score for pair, score in scores.items() if other not in pair}
        for pair in scores:
            if one in pair:
                scores[pair] = _merging(placed[pair[0]], placed[pair[1]], apart, tolerant)
    placed[:] = [group for i, group in enumerate(placed) if i not in gone]


def _merging(one: _Group, other: _Group, apart: _Apart, tolerant: bool) -> float | None:
    """How well two groups fit as one; None if they do not."""
    few, many = sorted((len(one.known.told), len(other.known.told)))
    if apart(one, other) or (tolerant and few > max(1, many // 2)):
        return None
    verdict = compare(one.known, other.known, tolerant=tolerant)
    return verdict.score if verdict.same else None


def _retellings(vague: Sequence[_Group], apart: _Apart) -> list[set[int]]:
    """Group vague accounts that fit no known meeting: the same people, told within days of one another."""
    found: list[list[_Group]] = []
    for newcomer in vague:
        for group in found:
            if all(not apart(g, newcomer) for g in group) and any(same_retelling(g.known, newcomer.known) for g in group):
                group.append(newcomer)
                break
        else:
            found.append([newcomer])
    return [{i for g in group for i in g.members} for group in found]
