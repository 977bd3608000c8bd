"""The store whole: connections, feeds, entries, meetings, questions, care, corrections, replay."""

from __future__ import annotations

from monitor.store.replay import ReplayStore
from monitor.store.upkeep import Finding


class SqlStore(ReplayStore):
    """What `monitor.store.open_store` returns. Safe for threads; several processes may open one store."""


__all__ = ["Finding", "SqlStore"]
