"""Articles as they are kept, and the desk at which `pipelines.store.keep` works: one transaction, alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from monitor.store.entries import EntryStore, end_entry
from monitor.store.feeds import clean
from monitor.store.joining import Joining, new_id
from monitor.store.tables import article_prints, article_texts, article_versions, articles, entries, reports
from monitor.store.words import plain
from pipelines.identity import Account
from pipelines.records import Outcome
from pipelines.store import ArticleRow, Joined, KnownArticle


class MeetingStore(EntryStore):
    """What the store writes of articles and meetings."""

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[SqlDesk]:
        """One write transaction, alone in this process and among processes; joins the one open in this thread."""
        with self.writing("kept") as connection:
            yield SqlDesk(connection)


class SqlDesk:
    """What `pipelines.store.keep` asks for, inside one transaction."""

    def __init__(self, connection: Connection):
        self.connection = connection

    def known_article(self, *, entry_id: int | None, link_key: str | None, text_hash: str, outlet: str) -> KnownArticle | None:
        """The article stored for this entry or link, else the same text of the same outlet."""
        row = None
        if entry_id is not None:
            row = self.connection.execute(_BY_ENTRY, {"entry": entry_id}).first()
        if row is None and link_key:
            row = self.connection.execute(_BY_LINK, {"link": link_key}).first()
        if row is None:
            row = self.connection.execute(_BY_TEXT, {"hash": text_hash, "outlet": outlet}).first()
        if row is None:
            return None
        told = self.connection.execute(_REPORTS_OF_ARTICLE, {"article": row.id})
        return KnownArticle(
            id=row.id,
            entry_id=row.entry_id,
            outlet=row.outlet,
            link_key=row.link_key,
            text_hash=row.text_hash,
            title=row.title,
            text=row.text or "",
            version=row.version,
            outcome=Outcome(row.outcome),
            flagged=row.flagged,
            reports=tuple((report.id, report.meeting_id) for report in told),
        )

    def add_article(self, row: ArticleRow, now: datetime) -> int:
        """Store a new article with its text, search index and fingerprint."""
        values = _article_values(row) | {"entry_id": row.entry_id, "feed_id": row.feed_id, "external_id": row.external_id}
        article_id = new_id(self.connection.execute(_ADD_ARTICLE, values | {"fetched_at": row.read_at, "version": 1}))
        self.connection.execute(_ADD_TEXT, {"article_id": article_id, "text": clean(row.article.text) or ""})
        self._index(article_id, row)
        self._print(article_id, row)
        return article_id

    def revise_article(self, known: KnownArticle, row: ArticleRow, now: datetime) -> int:
        """Store a new version over a known article; the earlier words are kept. Returns its number."""
        old = {"article_id": known.id, "version": known.version, "title": known.title, "text": known.text, "until": now}
        self.connection.execute(insert(article_versions).values(old))
        values = _article_values(row) | {"version": known.version + 1, "fetched_at": row.read_at}
        if known.link_key:
            del values["link_key"]  # the identity it was first known by stays
        self.connection.execute(update(articles).where(articles.c.id == known.id).values(values))
        changed = update(article_texts).where(article_texts.c.article_id == known.id).values(text=clean(row.article.text) or "")
        if not self.connection.execute(changed).rowcount:
            self.connection.execute(insert(article_texts).values(article_id=known.id, text=clean(row.article.text) or ""))
        self.connection.execute(text("DELETE FROM article_search WHERE rowid = :id"), {"id": known.id})
        self._index(known.id, row)
        self.connection.execute(delete(article_prints).where(article_prints.c.article_id == known.id))
        self._print(known.id, row)
        return known.version + 1

    def rewrite_article(self, article_id: int, row: ArticleRow) -> Outcome:
        """Write anew what was found in an article whose words are the same. Returns the outcome it had."""
        found = row.detection
        before = self.connection.execute(select(articles.c.outcome).where(articles.c.id == article_id)).scalar_one()
        values = {
            "language": found.language or row.article.language,
            "flagged": found.flag,
            "possible": found.possible,
            "score": found.score,
            "categories": list(found.categories),
            "missing": list(found.missing),
        }
        self.connection.execute(update(articles).where(articles.c.id == article_id).values(values))
        if not self.connection.execute(select(article_prints.c.hash).where(article_prints.c.article_id == article_id).limit(1)).first():
            self._print(article_id, row)
        return Outcome(before)

    def set_outcome(self, article_id: int, outcome: Outcome) -> None:
        """Write the outcome of an article and of the entry that brought it."""
        self.connection.execute(_SET_OUTCOME, {"article": article_id, "said": str(outcome)})
        self.connection.execute(_SET_ENTRY_OUTCOME, {"article": article_id, "said": str(outcome)})

    def end_entry(self, entry_id: int, outcome: Outcome, article_id: int | None, reason: str | None, now: datetime) -> None:
        """Give an entry its outcome and free it."""
        end_entry(self.connection, entry_id, outcome, article_id, reason, now)

    def join(self, article_id: int, accounts: Sequence[Account], now: datetime) -> Joined:
        """Store the reports of an article in the place of its earlier ones, and join them to meetings."""
        return Joining(self.connection, now, article_id).replace_reports(accounts)

    def _index(self, article_id: int, row: ArticleRow) -> None:
        index_article(self.connection, article_id, row.article.title, row.article.text)

    def _print(self, article_id: int, row: ArticleRow) -> None:
        """Keep the fingerprint of an article that reports meetings: only these are ever compared."""
        if row.fingerprint and row.detection.reports:
            hashes = [{"article_id": article_id, "hash": value} for value in sorted(set(row.fingerprint))[:MOST_PRINTS]]
            self.connection.execute(_ADD_PRINTS, hashes)


MOST_PRINTS = 400  # sentences; a book-length page needs no more to be told from others


def index_article(connection: Connection, article_id: int, title: str, body: str) -> None:
    """Put an article into the full-text index."""
    values = {"id": article_id, "title": clean(plain(title)), "body": clean(plain(body))}
    connection.execute(_INDEX_SQLITE if connection.dialect.name == "sqlite" else _INDEX_POSTGRESQL, values)


def _article_values(row: ArticleRow) -> dict[str, Any]:
    article, found = row.article, row.detection
    return {
        "outlet": row.outlet,
        "family": row.family,
        "url": clean(article.url),
        "link_key": row.link_key,
        "title": clean(article.title[:2_000]),
        "language": found.language or article.language,
        "author": clean(article.author[:300]) if article.author else None,
        "published_at": article.published,
        "modified_at": article.modified,
        "text_from": article.text_from,
        "text_hash": row.text_hash,
        "words": article.words,
        "partial": article.partial,
        "outcome": str(row.outcome),
        "flagged": found.flag,
        "possible": found.possible,
        "score": found.score,
        "categories": list(found.categories),
        "missing": list(found.missing),
        "problems": list(article.problems),
        "gave_up": row.gave_up,
    }


_ARTICLE = select(articles, article_texts.c.text).outerjoin(article_texts, article_texts.c.article_id == articles.c.id)
_ARTICLE = _ARTICLE.order_by(articles.c.id).limit(1)
_BY_ENTRY = _ARTICLE.where(articles.c.entry_id == bindparam("entry"))
_BY_LINK = _ARTICLE.where(articles.c.link_key == bindparam("link"))
_BY_TEXT = _ARTICLE.where(articles.c.text_hash == bindparam("hash"), articles.c.outlet == bindparam("outlet"))
_REPORTS_OF_ARTICLE = select(reports.c.id, reports.c.meeting_id).where(reports.c.article_id == bindparam("article"))
_REPORTS_OF_ARTICLE = _REPORTS_OF_ARTICLE.order_by(reports.c.ordinal)
_ADD_ARTICLE = insert(articles)
_ADD_TEXT = insert(article_texts)
_ADD_PRINTS = insert(article_prints)
_SET_OUTCOME = update(articles).where(articles.c.id == bindparam("article")).values(outcome=bindparam("said"))
_SET_ENTRY_OUTCOME = update(entries).where(
    entries.c.article_id == bindparam("article"),
    entries.c.outcome.is_not(None),
    entries.c.outcome != Outcome.DUPLICATE.value,
)
_SET_ENTRY_OUTCOME = _SET_ENTRY_OUTCOME.values(outcome=bindparam("said"))
_INDEX_SQLITE = text("INSERT INTO article_search (rowid, title, body) VALUES (:id, :title, :body)")
_INDEX_POSTGRESQL = text(
    "INSERT INTO article_search (rowid, words) VALUES (:id, setweight(to_tsvector('simple', :title), 'A') || to_tsvector('simple', :body))"
)
