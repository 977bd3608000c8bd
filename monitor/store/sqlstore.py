"""The store whole: connections, feeds, entries, meetings, questions, care, corrections."""

from __future__ import annotations

from monitor.store.corrections import CorrectionStore
from monitor.store.upkeep import Finding


class SqlStore(CorrectionStore):
    """What `monitor.store.open_store` returns. Safe for threads; several processes may open one store."""


__all__ = ["Finding", "SqlStore"]
