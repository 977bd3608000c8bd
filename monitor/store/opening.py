"""Opening a store: make it, bring it up to date, or say in words why it cannot be used."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from monitor.store import durable, schema
from monitor.store.database import connect_file, create_file, explain, parse_url, sqlite_module
from monitor.store.errors import StoreError, StoreMissing, StoreTooNew, StoreTooOld, StoreUnwritable
from monitor.store.sqlstore import SqlStore


def open_at(url: str, *, upgrade: bool, read_only: bool, create: bool) -> SqlStore:
    """See `monitor.store.open_store`."""
    parsed = parse_url(url)
    path = Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
    if path is not None:
        if not path.exists() and (read_only or not create):
            raise StoreMissing(f"{path}: there is no store there; `vigie run` or `vigie poll` makes one")
        if not read_only:
            _prepare(path)
    store = SqlStore(parsed, read_only=read_only)
    try:
        _bring_up_to_date(store, upgrade=upgrade and not read_only, create=create and not read_only)
    except BaseException:
        store.close()
        raise
    return store


def _prepare(path: Path) -> None:
    """Make the file and put it into WAL mode, which is kept in the file."""
    if not path.exists() or path.stat().st_size == 0:
        with _alone(path):
            create_file(path)
            _use_wal(path)
        return
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise StoreUnwritable(f"{path}: cannot be written; check the permissions of the file and of its directory")
    _use_wal(path)


def _use_wal(path: Path) -> None:
    module = sqlite_module()
    try:
        with contextlib.closing(connect_file(path)) as connection:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode = WAL")
    except module.Error as problem:
        raise explain(problem, str(path)) or StoreError(f"{path}: {problem}") from problem


def _bring_up_to_date(store: SqlStore, *, upgrade: bool, create: bool) -> None:
    version = store.schema_version()
    if version == schema.HEAD:
        return
    _refuse_newer(store, version)
    if version is None and not create:
        raise StoreMissing(f"{store.where}: there is no store in it yet; `vigie run` or `vigie poll` makes one")
    if version is not None and not upgrade:
        raise StoreTooOld(
            f"{store.where}: its schema is {version}, this program works with {schema.HEAD}; run `vigie db upgrade` (a copy is made first)"
        )
    with _alone(store.path):
        # Another process may have been faster
        version = store.schema_version()
        if version == schema.HEAD:
            return
        _refuse_newer(store, version)
        if version is not None:
            _copy_before(store, version)
        with store.writing("schema") as connection:
            if version is None:
                schema.make(connection)
            else:
                schema.upgrade(connection)


def _refuse_newer(store: SqlStore, version: str | None) -> None:
    if version is not None and _number(version) > _number(schema.HEAD):
        raise StoreTooNew(
            f"{store.where}: its schema is {version}, newer than {schema.HEAD}, with which this program works; "
            "update vigie, or restore the copy that was made before the upgrade"
        )


def _number(version: str) -> int:
    digits = re.match(r"\d+", version)
    return int(digits[0]) if digits else 10**9


def _copy_before(store: SqlStore, version: str) -> None:
    """A whole copy beside the store, named after the schema it holds and the time (UTC)."""
    if store.path is None:
        return
    copy = store.path.with_name(f"{store.path.stem}-schema-{version}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.sqlite")
    store.backup(copy)
    durable.step("copy before upgrade")


@contextlib.contextmanager
def _alone(path: Path | None) -> Iterator[None]:
    """Only one process at a time makes or upgrades a store file (a lock file beside it; PostgreSQL locks by itself)."""
    if path is None:
        yield
        return
    try:
        import fcntl
    except ImportError:  # no such locks on Windows; the database's own lock still serialises the writes
        yield
        return
    lock = path.with_name(path.name + ".upgrade-lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = lock.open("ab")
    except OSError as problem:
        raise StoreUnwritable(
            f"{path}: cannot be made or upgraded ({problem.strerror}: {lock.parent}); "
            "make the directory writable or set [store] url to another place"
        ) from problem
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
