"""APScheduler as a clock and nothing more: it wakes the loops; the store says what is due.

Its own idea of a daily time is not used: it loses or doubles digests when the clocks change, and drops a run that comes late.
"""

from __future__ import annotations

from collections.abc import Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger


class Ticker:
    """Calls functions at steady intervals on the running event loop. A tick that comes late comes once."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    def every(self, seconds: float, call: Callable[[], object]) -> None:
        """Call `call` (quick, not a coroutine) every so many seconds."""
        self._scheduler.add_job(call, IntervalTrigger(seconds=max(1, round(seconds))), coalesce=True, misfire_grace_time=None)

    def start(self) -> None:
        """Begin to tick. Needs a running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
