"""Reading stored articles again with today's rules and register, to see what would be gained, lost or changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from monitor.store.corrections import CorrectionStore
from monitor.store.queries import _participants_of
from monitor.store.tables import article_texts, articles, meetings
from pipelines.records import Reading
from pipelines.store import Replayed, StoredArticle, reconsider

PAGE = 200  # articles read at a time


class ReplayStore(CorrectionStore):
    """What the store gives back to be read again."""

    def stored_articles(self, *, since: datetime | None = None) -> Iterator[StoredArticle]:
        """All articles whose words are still kept, in the order they came; those published since then only."""
        last = 0
        while True:
            query = (
                select(articles, article_texts.c.text)
                .join(article_texts, article_texts.c.article_id == articles.c.id)
                .where(articles.c.id > last)
                .order_by(articles.c.id)
                .limit(PAGE)
            )
            if since is not None:
                query = query.where(articles.c.published_at >= since)
            with self.reading() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            for row in rows:
                yield _stored(row)
            last = rows[-1].id

    def replay(self, readings: Iterable[tuple[int, Reading]], *, apply: bool = False) -> Replayed:
        """Put these readings in the place of what was found in the articles of those numbers, and tell the difference.

        One transaction: without `apply` it is taken back and nothing changed. Nothing of it is mailed: records that are
        opened bear the time their article was read.
        """
        try:
            with self.writing("replayed") as connection:
                before = _standing(connection)
                count = 0
                for article_id, reading in readings:
                    read_at = connection.execute(select(articles.c.fetched_at).where(articles.c.id == article_id)).scalar_one()
                    reconsider(article_id, reading, self, read_at)
                    count += 1
                done = _difference(before, _standing(connection), count, apply)
                if not apply:
                    raise _TakenBack(done)
        except _TakenBack as unapplied:
            return unapplied.done
        return done


class _TakenBack(Exception):
    def __init__(self, done: Replayed):
        super().__init__()
        self.done = done


def _stored(row: Any) -> StoredArticle:
    return StoredArticle(
        id=row.id,
        outlet=row.outlet,
        url=row.url,
        title=row.title,
        text=row.text,
        text_from=row.text_from,
        language=row.language,
        published=row.published_at,
        read_at=row.fetched_at,
        partial=row.partial,
        gave_up=row.gave_up,
        flagged=row.flagged,
    )


def _standing(connection: Connection) -> dict[int, dict[str, Any]]:
    query = select(meetings).where(meetings.c.merged_into.is_(None), ~meetings.c.wrong)
    rows = {row["id"]: dict(row) for row in connection.execute(query).mappings()}
    people = _participants_of(connection, list(rows))
    return {number: row | {"participants": people[number]} for number, row in rows.items()}


_TOLD = ("status", "possible", "first_day", "last_day", "date_precision", "city", "country", "mode")


def _told(meeting: dict[str, Any]) -> tuple[Any, ...]:
    people = {(p["name"] or p["role"], p["body"], p["country"]) for p in meeting["participants"]}
    return (*(meeting[name] for name in _TOLD), people)


def _difference(before: dict[int, dict[str, Any]], after: dict[int, dict[str, Any]], count: int, applied: bool) -> Replayed:
    return Replayed(
        articles=count,
        gained=tuple(after[number] for number in sorted(after.keys() - before.keys())),
        lost=tuple(before[number] for number in sorted(before.keys() - after.keys())),
        changed=tuple(
            (before[number], after[number])
            for number in sorted(before.keys() & after.keys())
            if _told(before[number]) != _told(after[number])
        ),
        applied=applied,
    )
