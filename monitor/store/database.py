"""Connections: one that is alone in writing, several that read. SQLite through pysqlite3 where it is installed, else the standard library.

writing()   BEGIN IMMEDIATE ... COMMIT, alone in this process (a lock) and among processes (SQLite's own)
reading()   a snapshot; inside `writing` of the same thread it is that transaction
"""

from __future__ import annotations

import contextlib
import importlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from monitor.store import durable
from monitor.store.errors import (
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreMissing,
    StoreUnwritable,
)

BUSY_SECONDS = 60  # a backup or a VACUUM from a shell may hold the lock for so long; nobody should see "database is locked"

_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA synchronous = FULL",  # a commit survives a power cut; 2,000 to 4,700 commits/s were measured, we need a few dozen
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",
)


def sqlite_module() -> Any:
    """The SQLite driver: pysqlite3 brings a SQLite without the WAL-reset bug (fixed in 3.51.3), the system's may have it.

    Nobody may open a store with another SQLite in this process: POSIX file locks belong to the process, so that two
    libraries in it do not see each other's (measured: both wrote at once). Other processes may use any.
    """
    for name in ("pysqlite3.dbapi2", "sqlite3.dbapi2"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise StoreError("this Python has no SQLite driver; install pysqlite3")


def sqlite_version() -> tuple[int, ...]:
    """Version of the SQLite in use."""
    return tuple(int(part) for part in sqlite_module().sqlite_version.split("."))


def parse_url(url: str) -> URL:
    """A SQLAlchemy URL, also from the plain path of a SQLite file. Raises StoreError."""
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
    except ArgumentError as problem:
        raise StoreError(f"store url {url!r} cannot be read; write a path or sqlite:///path or postgresql+psycopg://...") from problem
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"store url {url!r}: only sqlite and postgresql+psycopg are supported")
    if parsed.get_backend_name() == "sqlite" and not parsed.database:
        raise StoreError(f"store url {url!r} names no file")
    return parsed


class Database:
    """Engines for one store. `where` is how it is named to people (never with a password)."""

    def __init__(self, url: URL, *, read_only: bool = False):
        self.read_only = read_only
        self.path = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        self.where = str(self.path) if self.path else url.render_as_string(hide_password=True)
        self._lock = threading.RLock()
        self._local = threading.local()
        self._readers = self._engine(url, 8, read_only=True)
        self._writer = None if read_only else self._engine(url, 1, read_only=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is a SQLite file."""
        return self.path is not None

    @contextlib.contextmanager
    def writing(self, step: str = "commit") -> Iterator[Connection]:
        """One write transaction, alone; joins the one already open in this thread. `step` names its commit for crash tests.

        Raises StoreError for what the disk, a lock or a damaged file does.
        """
        held: Connection | None = getattr(self._local, "connection", None)
        if held is not None:
            yield held
            return
        if self._writer is None:
            raise StoreUnwritable(f"{self.where}: opened for reading only")
        with self._lock, self.in_words(), self._writer.connect() as connection:
            transaction = connection.begin()
            self._local.connection = connection
            try:
                yield connection
                durable.step(f"{step}: before")
                transaction.commit()
            except BaseException:
                with contextlib.suppress(DBAPIError):
                    transaction.rollback()
                raise
            finally:
                self._local.connection = None
        durable.step(f"{step}: after")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A snapshot to read from. Raises StoreError as `writing` does."""
        held: Connection | None = getattr(self._local, "connection", None)
        if held is not None:
            yield held
            return
        with self.in_words(), self._readers.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def in_words(self) -> Iterator[None]:
        """Turn what the driver says of disk, locks and damage into a StoreError for people. Other errors pass as they are."""
        try:
            yield
        except DBAPIError as problem:
            known = explain(problem.orig or problem, self.where)
            if known is None:
                raise
            raise known from problem

    def close(self) -> None:
        """Close all connections."""
        self._readers.dispose()
        if self._writer is not None:
            self._writer.dispose()

    def _engine(self, url: URL, size: int, *, read_only: bool) -> Engine:
        options: dict[str, Any] = {
            "poolclass": QueuePool,
            "pool_size": size,
            "max_overflow": 0 if size == 1 else 8,
            "json_serializer": to_json,
            "json_deserializer": json.loads,
        }
        if self.path is None:
            try:
                engine = create_engine(url, pool_pre_ping=True, **options)
            except (ImportError, NoSuchModuleError) as problem:
                raise StoreError(f"{self.where}: the driver is not installed; pip install 'vigie[postgres]'") from problem
            if read_only:
                event.listen(engine, "begin", _begin_read_only)
            else:
                event.listen(engine, "begin", _begin_alone)
            return engine
        path, read_from_file = self.path, self.read_only
        engine = create_engine(
            "sqlite://",
            module=sqlite_module(),
            creator=lambda: connect_file(path, read_only=read_from_file, query_only=read_only),
            **options,
        )
        event.listen(engine, "begin", _begin_read if read_only else _begin_immediate)
        return engine


def _begin_immediate(connection: Connection) -> None:
    # With a plain BEGIN, threads that read and then write met "database is locked" in spite of the busy timeout
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_read(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_read_only(connection: Connection) -> None:
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")


ALONE = 0x7669676965  # "vigie": one advisory lock per database for all that compares and then writes


def _begin_alone(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ALONE})")


def to_json(value: Any) -> str:
    """JSON as it is stored: short, and with letters as they are, so that SQL can search them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def connect_file(path: Path, *, read_only: bool = False, query_only: bool = False) -> Any:
    """A connection of the driver to a SQLite file, set up. The caller begins and ends transactions."""
    module = sqlite_module()
    uri = f"file:{quote(str(path.absolute()))}?mode={'ro' if read_only else 'rw'}"
    connection = module.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        if query_only:
            connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_master")  # says now whether the file can be read
    except module.Error:
        connection.close()
        raise
    return connection


def create_file(path: Path) -> None:
    """Make an empty store file and its directories. Raises StoreUnwritable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass
    except OSError as problem:
        raise StoreUnwritable(
            f"{path}: cannot be written ({problem.strerror}); make the directory writable or set [store] url to another place"
        ) from problem


def explain(problem: BaseException, where: str) -> StoreError | None:
    """A driver's error in words, or None for one that is a bug of ours."""
    text = str(problem).lower()
    if "locked" in text or "busy" in text:
        return StoreLocked(f"{where}: another program has kept the store locked for {BUSY_SECONDS} s; close it and try again")
    if "full" in text and ("disk" in text or "database" in text):
        return StoreFull(f"{where}: the disk is full; nothing of this step was stored, free some space")
    if "malformed" in text or "not a database" in text or "file is encrypted" in text or "corrupt" in text:
        return StoreDamaged(
            f"{where}: not a database, or a damaged one ({problem}); `vigie db check` tells more, restore the last backup beside it"
        )
    if "readonly" in text or "read-only" in text:
        return StoreUnwritable(f"{where}: cannot be written; check the permissions of the file and of its directory")
    if "unable to open" in text:
        if not Path(where).exists():
            return StoreMissing(f"{where}: there is no store there; `vigie run` or `vigie poll` makes one")
        return StoreUnwritable(f"{where}: cannot be opened; check the permissions of the file and of its directory")
    if "disk i/o" in text:
        return StoreError(f"{where}: the disk failed to read or write ({problem}); nothing of this step was stored")
    if "connection" in text and ("refused" in text or "failed" in text or "closed" in text):
        return StoreError(f"{where}: the database cannot be reached ({str(problem).splitlines()[0]})")
    return None
