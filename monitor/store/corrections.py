"""What people rule: this is no meeting, these two are one, this article is of another. Remembered, and undone by number.

A ruling is kept between reports, not between records: it holds for whatever records the reports come to be in, and a later
copy that joins them shares it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from monitor.store.errors import NoSuchRow
from monitor.store.joining import Joining
from monitor.store.tables import corrections, meetings, reports, rulings
from monitor.store.upkeep import UpkeepStore


class CorrectionStore(UpkeepStore):
    """Corrections of meetings. All of these take effect at once and for reports that come later."""

    def mark_wrong(self, meeting_id: int, why: str, now: datetime | None = None) -> int:
        """This is no meeting of ours: it leaves lists and digests, and later copies with it. Returns the correction's number."""
        at = now or datetime.now(UTC)
        with self.writing("marked wrong") as connection:
            number = _standing(connection, meeting_id)
            told = _reports_of(connection, [number])
            correction = _record(connection, "wrong", number, None, None, why, at, told)
            connection.execute(
                insert(rulings), [{"correction_id": correction, "one": one, "other": one, "kind": "wrong"} for one in sorted(told)]
            )
            Joining(connection, at).rejoin(told, [number])
        return correction

    def merge(self, one: int, other: int, why: str | None = None, now: datetime | None = None) -> int:
        """These two are one meeting. The older record stays, the other becomes its alias. Returns the correction's number."""
        at = now or datetime.now(UTC)
        with self.writing("merged") as connection:
            first, second = sorted((_standing(connection, one), _standing(connection, other)))
            if first == second:
                raise NoSuchRow(f"{one} and {other} are one record already")
            told = _reports_of(connection, [first, second])
            sides = [[r for r, m in told.items() if m == number] for number in (first, second)]
            correction = _record(connection, "merge", first, second, None, why, at, told)
            # One of each side to every one of the other: the ruling holds whichever of them moves
            _rule(connection, correction, sides[0], sides[1], "same")
            Joining(connection, at).rejoin(told, [first, second])
        return correction

    def split(self, meeting_id: int, article_id: int, why: str | None = None, now: datetime | None = None) -> int:
        """This article is of another meeting than the rest. Returns the correction's number."""
        at = now or datetime.now(UTC)
        with self.writing("split") as connection:
            number = _standing(connection, meeting_id)
            told = _reports_of(connection, [number])
            of_article = set(
                connection.execute(select(reports.c.id).where(reports.c.article_id == article_id, reports.c.id.in_(told))).scalars()
            )
            rest = set(told) - of_article
            if not of_article:
                raise NoSuchRow(f"article {article_id} does not report meeting {number}")
            if not rest:
                raise NoSuchRow(f"article {article_id} is all that reports meeting {number}; there is nothing to split it from")
            correction = _record(connection, "split", number, None, article_id, why, at, told)
            _rule(connection, correction, of_article, rest, "apart")
            Joining(connection, at).rejoin(told, [number])
        return correction

    def undo(self, correction_id: int, now: datetime | None = None) -> list[int]:
        """Take a correction back: the records are again what their reports make of them. Returns the records concerned."""
        at = now or datetime.now(UTC)
        with self.writing("undone") as connection:
            row = connection.execute(select(corrections).where(corrections.c.id == correction_id)).first()
            if row is None:
                raise NoSuchRow(f"there is no correction {correction_id}; `vigie corrections` lists them")
            if row.undone_at is not None:
                raise NoSuchRow(f"correction {correction_id} was undone already")
            connection.execute(update(corrections).where(corrections.c.id == correction_id).values(undone_at=at))
            ruled = set(connection.execute(select(rulings.c.one).where(rulings.c.correction_id == correction_id)).scalars())
            ruled |= set(connection.execute(select(rulings.c.other).where(rulings.c.correction_id == correction_id)).scalars())
            concerned = {m for m in _meetings_of(connection, ruled) if m} | {row.meeting_id, *([row.other_id] if row.other_id else [])}
            standing = {_standing(connection, number) for number in concerned}
            Joining(connection, at).rejoin(ruled, standing)
            return sorted({m for m in _meetings_of(connection, ruled) if m})

    def corrections(self, *, undone: bool = False) -> list[dict[str, Any]]:
        """What was ruled, latest first; with `undone` also what was taken back."""
        query = select(corrections, meetings.c.headline).join(meetings, meetings.c.id == corrections.c.meeting_id)
        if not undone:
            query = query.where(corrections.c.undone_at.is_(None))
        with self.reading() as connection:
            return [dict(row) for row in connection.execute(query.order_by(corrections.c.id.desc())).mappings()]

    def precision(self, now: datetime, days: int = 30) -> tuple[int, int]:
        """Of the meetings that became news within so many days: how many stand, of how many."""
        since = now - timedelta(days=days)
        with self.reading() as connection:
            news = select(func.count()).select_from(meetings).where(meetings.c.news_at > since, meetings.c.merged_into.is_(None))
            told = int(connection.execute(news).scalar() or 0)
            wrong = int(connection.execute(news.where(meetings.c.wrong)).scalar() or 0)
        return told - wrong, told


def _standing(connection: Connection, meeting_id: int) -> int:
    """The record a number stands for. Raises NoSuchRow."""
    number = meeting_id
    while True:
        row = connection.execute(select(meetings.c.merged_into).where(meetings.c.id == number)).first()
        if row is None:
            raise NoSuchRow(f"there is no meeting {meeting_id}; `vigie meetings` lists them")
        if row.merged_into is None:
            return number
        number = row.merged_into


def _reports_of(connection: Connection, meeting_ids: Collection[int]) -> dict[int, int]:
    query = select(reports.c.id, reports.c.meeting_id).where(reports.c.meeting_id.in_(meeting_ids))
    return {row.id: row.meeting_id for row in connection.execute(query)}


def _meetings_of(connection: Connection, report_ids: Collection[int]) -> list[int]:
    query = select(reports.c.meeting_id).where(reports.c.id.in_(report_ids))
    return list(connection.execute(query.distinct()).scalars())


def _record(
    connection: Connection,
    kind: str,
    meeting_id: int,
    other_id: int | None,
    article_id: int | None,
    why: str | None,
    at: datetime,
    before: dict[int, int],
) -> int:
    values = {
        "kind": kind,
        "meeting_id": meeting_id,
        "other_id": other_id,
        "article_id": article_id,
        "why": why,
        "at": at,
        "before": {str(report): meeting for report, meeting in before.items()},
    }
    result: Any = connection.execute(insert(corrections).values(values))
    return int(result.inserted_primary_key[0])


def _rule(connection: Connection, correction: int, ones: Collection[int], others: Collection[int], kind: str) -> None:
    pairs = [{"correction_id": correction, "one": a, "other": b, "kind": kind} for a, b in product(sorted(ones), sorted(others))]
    if pairs:
        connection.execute(insert(rulings), pairs)
