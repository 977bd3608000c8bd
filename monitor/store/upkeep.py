"""Care of the store: copies that were checked, a search for damage, and letting old words go."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import delete, exists, inspect, select, text, update

from monitor.store import durable, schema
from monitor.store.database import connect_file, explain, sqlite_module, sqlite_version
from monitor.store.errors import StoreDamaged, StoreError, StoreUnwritable
from monitor.store.queries import QueryStore
from monitor.store.tables import article_texts, article_versions, articles, entries, entry_bodies, polls, reports
from monitor.store.views import VIEWS

State = Literal["ok", "warn", "fail"]
BATCH = 500  # rows per transaction when pruning, so that polls never wait for long
WAL_WARNING = 64 * 1024 * 1024  # bytes; a reader that never ends keeps the log from being emptied


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what, how it is, and in words what to do."""

    what: str
    state: State
    text: str


class UpkeepStore(QueryStore):
    """What keeps the store well."""

    def schema_version(self) -> str | None:
        """The schema of the store; None for an empty one."""
        with self.reading() as connection:
            return schema.version_of(connection)

    def backup(self, path: Path | str) -> None:
        """Write a whole, checked copy, also while others work on the store. An earlier copy stays until the new one is whole.

        Raises StoreError when the copy cannot be made or does not pass its check.
        """
        target = Path(path)
        if self.path is None:
            raise StoreError(f"{self.where}: use pg_dump for a copy of this store")
        if target.exists() and target.samefile(self.path):
            raise StoreError(f"{target}: this is the store itself; name another file for the copy")
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        module = sqlite_module()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            for left in target.parent.glob(f".{target.name}.*.part"):
                left.unlink(missing_ok=True)  # of a copy that was cut short
            with contextlib.closing(connect_file(self.path, read_only=True)) as connection:
                connection.execute("VACUUM INTO ?", (str(part),))
            _check_copy(part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            durable.step("backup: before rename")
            part.replace(target)
            durable.step("backup: after rename")
        except OSError as problem:
            raise StoreUnwritable(f"{target}: the copy cannot be written ({problem.strerror}); choose another place") from problem
        except module.Error as problem:
            raise explain(problem, str(self.path)) or StoreError(f"{target}: the copy failed: {problem}") from problem
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def check(self) -> list[Finding]:
        """Look for damage: SQLite's own checks, dangling references, the full-text index, the schema, known bugs."""
        findings = [self._check_schema()]
        if self.path is None:
            return findings
        module = sqlite_module()
        try:
            with contextlib.closing(connect_file(self.path, read_only=True)) as connection:
                bad = [row[0] for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
                lost = connection.execute("PRAGMA foreign_key_check").fetchmany(5)
        except module.Error as problem:
            bad, lost = [str(problem)], []
        damage = f"damaged ({'; '.join(bad)}); stop vigie and put the last backup in its place"
        findings.append(Finding("integrity", "fail" if bad else "ok", damage if bad else "every page and index is whole"))
        dangling = ", ".join(sorted({f"{row[0]} -> {row[2]}" for row in lost}))
        findings.append(
            Finding("references", "fail" if lost else "ok", f"rows that point nowhere: {dangling}" if lost else "none dangling")
        )
        findings += [_check_sqlite(), self._check_log()]
        return findings

    def _check_schema(self) -> Finding:
        version = self.schema_version()
        if version == schema.HEAD:
            with self.reading() as connection:
                missing = set(VIEWS) - set(inspect(connection).get_view_names())
            if missing:
                return Finding("schema", "fail", f"views are missing: {', '.join(sorted(missing))}; run `vigie db upgrade`")
            return Finding("schema", "ok", f"{version}, as this program wants it")
        return Finding("schema", "fail", f"{version or 'none'}, this program wants {schema.HEAD}; run `vigie db upgrade`")

    def _check_log(self) -> Finding:
        log = Path(f"{self.path}-wal")
        size = log.stat().st_size if log.exists() else 0
        if size > WAL_WARNING:
            return Finding(
                "write-ahead log", "warn", f"{size // 2**20} MB: a program has been reading for long and keeps it from being emptied"
            )
        return Finding("write-ahead log", "ok", f"{size // 1024} kB")

    def prune(self, now: datetime, keep_pages_days: int, keep_articles_days: int) -> dict[str, int]:
        """Let old words go, in small transactions; what they were is never forgotten. Returns how many of what.

        Older than `keep_pages_days`: texts of articles without meetings, earlier versions, words of finished entries.
        Older than `keep_articles_days`: those articles themselves. Entries stay as tombstones (an item that returns is
        not new), and so does everything that reports a meeting.
        """
        old, older = now - timedelta(days=keep_pages_days), now - timedelta(days=max(keep_articles_days, keep_pages_days))
        reporting = exists().where(reports.c.article_id == articles.c.id)
        aged = select(articles.c.id).where(~reporting, articles.c.fetched_at < old, articles.c.pruned_at.is_(None))
        gone = select(articles.c.id).where(~reporting, articles.c.fetched_at < older)
        counts = {
            "texts": self._in_batches(aged, _drop_texts(now)),
            "articles": self._in_batches(gone, _drop_articles),
            "entries": self._in_batches(
                select(entries.c.id).where(entries.c.first_seen_at < old, entries.c.due_at.is_(None), entries.c.pruned_at.is_(None)),
                _drop_words(now),
            ),
            "polls": self._in_batches(select(polls.c.id).where(polls.c.at < now - timedelta(days=30)), _drop_polls),
        }
        return {what: number for what, number in counts.items() if number}

    def _in_batches(self, query: Any, drop: Any) -> int:
        total = 0
        while True:
            with self.writing("pruned") as connection:
                ids = list(connection.execute(query.limit(BATCH)).scalars())
                if not ids:
                    return total
                drop(connection, ids)
                total += len(ids)


def _drop_texts(now: datetime) -> Any:
    def drop(connection: Any, ids: list[int]) -> None:
        connection.execute(delete(article_texts).where(article_texts.c.article_id.in_(ids)))
        connection.execute(delete(article_versions).where(article_versions.c.article_id.in_(ids)))
        connection.execute(text(f"DELETE FROM article_search WHERE rowid IN ({','.join(map(str, ids))})"))  # noqa: S608  numbers
        connection.execute(update(articles).where(articles.c.id.in_(ids)).values(pruned_at=now))

    return drop


def _drop_articles(connection: Any, ids: list[int]) -> None:
    connection.execute(update(entries).where(entries.c.article_id.in_(ids)).values(article_id=None))
    connection.execute(delete(articles).where(articles.c.id.in_(ids)))


def _drop_words(now: datetime) -> Any:
    def drop(connection: Any, ids: list[int]) -> None:
        connection.execute(delete(entry_bodies).where(entry_bodies.c.entry_id.in_(ids)))
        values = {"title": "", "summary": "", "author": None, "url": None, "problems": None, "reason": None, "pruned_at": now}
        connection.execute(update(entries).where(entries.c.id.in_(ids)).values(values))

    return drop


def _drop_polls(connection: Any, ids: list[int]) -> None:
    connection.execute(delete(polls).where(polls.c.id.in_(ids)))


def _check_copy(path: Path) -> None:
    with contextlib.closing(connect_file(path)) as connection:
        said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if said != "ok":
            raise StoreDamaged(f"{path}: the copy is not whole ({said}); the store itself may be damaged, see `vigie db check`")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _check_sqlite() -> Finding:
    version = sqlite_version()
    shown = ".".join(map(str, version))
    if version < (3, 51, 3):
        return Finding(
            "sqlite",
            "warn",
            f"{shown} can damage a store in WAL mode (the WAL-reset bug, mended in 3.51.3); pip install pysqlite3 brings a newer one",
        )
    return Finding("sqlite", "ok", shown)
