"""What can go wrong with the store, in words: what happened, where, and what to do."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot be used as asked. The message is for people."""


class StoreMissing(StoreError):
    """There is no store there, and none may be created."""


class StoreUnwritable(StoreError):
    """The file or its directory cannot be written."""


class StoreDamaged(StoreError):
    """The file is no database, or a broken one."""


class StoreLocked(StoreError):
    """Another program kept the store locked for longer than we wait."""


class StoreFull(StoreError):
    """The disk is full."""


class StoreTooNew(StoreError):
    """A newer program made the store."""


class StoreTooOld(StoreError):
    """The store needs an upgrade, and this was not allowed to make it."""


class QueryRefused(StoreError):
    """A query was not read-only, wrong, or took too long."""


class NoSuchRow(StoreError):
    """There is no meeting, article or correction of that number."""
