"""The store: SQLAlchemy over SQLite (or PostgreSQL by changing the URL)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.store.errors import (
    NoSuchRow,
    QueryRefused,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreMissing,
    StoreTooNew,
    StoreTooOld,
    StoreUnwritable,
)

if TYPE_CHECKING:
    from monitor.store.sqlstore import Finding, SqlStore


def open_store(url: str, *, upgrade: bool = True, read_only: bool = False, create: bool = True) -> SqlStore:
    """Open the store at a SQLAlchemy URL or at the path of a SQLite file.

    A missing SQLite file is created, directories included, and an older schema brought up to date (after a copy of the
    file was made beside it), unless `read_only` or told otherwise. Raises StoreError, whose message is for people.
    """
    from monitor.store.opening import open_at

    return open_at(url, upgrade=upgrade, read_only=read_only, create=create)


def __getattr__(name: str) -> Any:
    # SQLAlchemy costs half a second of import: only who uses the store pays it
    if name in ("SqlStore", "Finding"):
        from monitor.store import sqlstore

        return getattr(sqlstore, name)
    raise AttributeError(name)


__all__ = [
    "Finding",
    "NoSuchRow",
    "QueryRefused",
    "SqlStore",
    "StoreDamaged",
    "StoreError",
    "StoreFull",
    "StoreLocked",
    "StoreMissing",
    "StoreTooNew",
    "StoreTooOld",
    "StoreUnwritable",
    "open_store",
]
