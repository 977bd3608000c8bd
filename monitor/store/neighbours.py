"""Finding the reports whose place may depend on one another: what joining must look at, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from monitor.store.feeds import chunks
from monitor.store.kin import KIN_BY_ID, KIN_OF_ARTICLES, KIN_OF_MEETINGS, Content, Kin, any_of, kin_of
from monitor.store.tables import corrections, report_keys, rulings
from pipelines.detect.model import Status
from pipelines.identity import ANY_TIME, LONGEST, SLACK, could_be_one

MOST_NEIGHBOURS = 600
"""Accounts looked at for one new report. Real neighbourhoods hold some dozens; this bounds what a flood of look-alikes can cost."""
MOST_ROWS = 4_000  # index rows read for one question: a report has about a dozen keys
NEAREST = 200  # ... for an undated account, which belongs to a meeting near its article if to any


class Neighbours:
    """Reports around some others, read as they are asked for. `kin` are all that were read."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.kin: dict[int, Kin] = {}
        self._verdicts: dict[frozenset[Hashable], bool] = {}
        self._held: dict[int, set[int]] = {}
        self._answers: dict[tuple[Hashable, str], set[int]] = {}
        self._has_rulings = connection.execute(_ANY_RULING).first() is not None

    def _load(self, ids: Collection[int]) -> dict[int, Kin]:
        """These reports, read if they were not yet."""
        for some in chunks(i for i in ids if i not in self.kin):
            self._load_by(KIN_BY_ID, {"ids": some})
        return {i: self.kin[i] for i in ids if i in self.kin}

    def _load_by(self, query: Any, values: Mapping[str, Any]) -> dict[int, Kin]:
        found: dict[int, Kin] = {}
        for row in self.connection.execute(query, values):
            if row.id not in self.kin:
                self.kin[row.id] = kin_of(row)
            found[row.id] = self.kin[row.id]
        return found

    def _neighbourhood(self, changed: Collection[int], touched: Collection[int]) -> set[int]:
        """All reports whose place may depend on the changed ones."""
        start = set(self._load(set(changed) | self._members(touched)))
        start |= self._partners(start)
        dated = self._dated(self._tier(start, 1))
        beside = self._members(self._records(dated))
        undated = self._undated(self._tier(start | beside | self._alike(dated, "firm"), 2))
        alone = self._unclaimed(undated)
        beside |= self._members(self._records(alone))
        loose = self._loose(self._tier(start | beside, 3) | self._alike(dated | alone, "loose"))
        # What a vague account may be claimed by is needed with all that decides on it
        undated |= self._news_beside(undated | loose)
        undated |= self._unclaimed(self._tier(self._alike(loose, "firm"), 2))
        undated = self._undated(undated)
        dated |= self._dated(self._tier(self._alike(undated | loose, "firm"), 1))
        return dated | undated | loose | self._partners(dated | undated | loose)

    def _records(self, ids: Iterable[int]) -> set[int]:
        return {m for i in ids if (m := self.kin[i].meeting_id)}

    def _members(self, meeting_ids: Collection[int]) -> set[int]:
        for some in chunks(meeting_id for meeting_id in meeting_ids if meeting_id not in self._held):
            self._held |= {meeting_id: set() for meeting_id in some}
            for known in self._load_by(KIN_OF_MEETINGS, {"ids": some}).values():
                self._held[known.meeting_id or 0].add(known.id)
        return {number for meeting_id in meeting_ids for number in self._held[meeting_id]}

    def _tier(self, ids: Collection[int], tier: int) -> set[int]:
        return {i for i in ids if self.kin[i].content.tier == tier}

    def _unclaimed(self, ids: Collection[int]) -> set[int]:
        """Those in whose records no report tells the day: they hold together by themselves."""
        self._members(self._records(ids))
        dated = {m for m in self._records(ids) if self._tier(self._held[m], 1)}
        return {i for i in ids if self.kin[i].meeting_id not in dated}

    def _dated(self, start: set[int]) -> set[int]:
        """These and the other reports with a day that they hang together with, or are in one record with."""

        def more(edge: set[int]) -> set[int]:
            found = self._tier(self._alike(edge, "firm"), 1)
            return found | self._tier(self._members(self._records(found)), 1)

        return self._closure(start, more)

    def _undated(self, start: set[int]) -> set[int]:
        """These and the unclaimed reports without a day that they hang together with."""
        return self._closure(start, lambda edge: self._unclaimed(self._tier(self._alike(edge, "firm"), 2)))

    def _loose(self, start: set[int]) -> set[int]:
        """These and the vague reports that they hang together with."""
        return self._closure(start, lambda edge: self._alike(edge, "loose"))

    def _closure(self, start: set[int], more: Callable[[set[int]], set[int]]) -> set[int]:
        closed, edge = set(start), set(start)
        while edge and len(closed) < MOST_NEIGHBOURS:
            edge = more(edge) - closed
            closed |= edge
        return closed

    def _news_beside(self, ids: Collection[int]) -> set[int]:
        """What the articles of these recollections and announcements tell as their news without a day: it is claimed first."""
        articles_of_others = {self.kin[i].article_id for i in ids if self.kin[i].account.report.status is not Status.NEW}
        found: set[int] = set()
        for some in chunks(articles_of_others):
            found |= self._load_by(KIN_OF_ARTICLES, {"ids": some}).keys()
        return {i for i in self._tier(found, 2) if self.kin[i].account.report.status is Status.NEW}

    def _alike(self, ids: Collection[int], kind: str) -> set[int]:
        """The reports of one kind (firm, loose) that could be of one meeting with one of these, by themselves."""
        mine = {content.sameness: content for content in (self.kin[i].content for i in ids)}
        unasked = {key: content for key, content in mine.items() if (key, kind) not in self._answers}
        if unasked:
            answer = self._find(unasked.values(), kind)
            self._answers |= {(key, kind): answer for key in unasked}
        found: set[int] = set().union(*(self._answers[key, kind] for key in mine))
        # Copies of one text tell the very same: each pair of tellings is compared once
        alike: dict[Hashable, bool] = {}
        for number in found - set(ids):
            other = self.kin[number].content
            if other.sameness not in alike:
                alike[other.sameness] = any(self._could_be_one(one, other) for one in mine.values())
        return {number for number in found - set(ids) if alike[self.kin[number].content.sameness]}

    def _could_be_one(self, one: Content, other: Content) -> bool:
        pair = frozenset((one.sameness, other.sameness))
        verdict = self._verdicts.get(pair)
        if verdict is None:
            verdict = self._verdicts[pair] = could_be_one(one.known, other.known)
        return verdict

    def _find(self, contents: Iterable[Content], kind: str) -> set[int]:
        """Reports of one kind (firm, loose) whose days overlap those of one of `contents` and that share a key with it.

        Of very many the ones nearest in time: those next before a vague account's article, those next after a firm one's day.
        """
        found: set[int] = set()
        for first, last, keys in _questions(contents, kind):
            wide = last - first > LONGEST
            longest, query = (ANY_TIME, _FIND_AFTER) if kind == "loose" else (LONGEST, _FIND_BEFORE)
            span = {"from": first - longest - 2 * SLACK, "until": last + SLACK, "since": first - SLACK}
            most = NEAREST if wide else MOST_ROWS
            for some in chunks(sorted(keys)):
                found.update(self.connection.execute(query, span | {"keys": some, "most": most}).scalars())
        self._load(found)
        return found

    def _partners(self, ids: Collection[int]) -> set[int]:
        """Reports that a person has ruled to be of one meeting with one of these."""
        found: set[int] = set()
        for some in chunks(ids) if self._has_rulings else ():
            for one, other in self.connection.execute(_PARTNERS, {"ids": some}):
                found |= {one, other}
        self._load(found)
        return found


def _questions(contents: Iterable[Content], kind: str) -> list[tuple[date, date, set[int]]]:
    """Spans of days with the keys to be looked for within them. Days that lie near one another make one question."""
    asked: list[tuple[date, date, set[int]]] = []
    for content in sorted(contents, key=lambda content: (content.window.first, content.window.last)):
        keys = set(content.firm if kind == "firm" else content.loose)
        first, last = content.window.first, content.window.last
        if asked and max(asked[-1][1], last) - asked[-1][0] <= LONGEST:
            asked[-1] = asked[-1][0], max(asked[-1][1], last), asked[-1][2] | keys
        elif keys:
            asked.append((first, last, keys))
    return asked


_FIND = select(report_keys.c.report_id).where(
    any_of(report_keys.c.key, "keys"),
    report_keys.c.first_day >= bindparam("from"),
    report_keys.c.first_day <= bindparam("until"),
    report_keys.c.last_day >= bindparam("since"),
)
_FIND_AFTER = _FIND.order_by(report_keys.c.first_day).limit(bindparam("most"))
_FIND_BEFORE = _FIND.order_by(report_keys.c.first_day.desc()).limit(bindparam("most"))
IN_FORCE: Any = select(rulings.c.one, rulings.c.other, rulings.c.kind).join(corrections, corrections.c.id == rulings.c.correction_id)
IN_FORCE = IN_FORCE.where(corrections.c.undone_at.is_(None))
_ANY_RULING = IN_FORCE.limit(1)
_PARTNERS = IN_FORCE.where(rulings.c.kind == "same", or_(any_of(rulings.c.one), any_of(rulings.c.other)))
_PARTNERS = _PARTNERS.with_only_columns(rulings.c.one, rulings.c.other)
