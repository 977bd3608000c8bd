"""What `vigie run` shows on a terminal while it works: feeds, entries, meetings, the next digest, the last events."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from monitor.terminal import shortened

if TYPE_CHECKING:
    from monitor.daemon import Daemon
    from pipelines.store import StoreStatus

REFRESH = 1.0  # seconds
STORE_EVERY = 5  # refreshes between looks into the store


class LiveView:
    """Redraws the view once a second for as long as the daemon runs."""

    def __init__(self, daemon: Daemon, console: Console | None = None):
        self._daemon = daemon
        self._console = console or Console()
        self._live = Live(console=self._console, refresh_per_second=4, transient=False)
        self._task: asyncio.Task[None] | None = None
        self._status: StoreStatus | None = None

    async def __aenter__(self) -> LiveView:
        self._live.start()
        self._task = asyncio.create_task(self._redraw())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._live.update(self.drawn(), refresh=True)
        self._live.stop()

    async def _redraw(self) -> None:
        turn = 0
        while True:
            if turn % STORE_EVERY == 0:
                work = self._daemon.work
                with contextlib.suppress(Exception):  # the view must never stop the work
                    self._status = await work.in_store(work.store.status, work.clock())
            turn += 1
            self._live.update(self.drawn())
            await asyncio.sleep(REFRESH)

    def drawn(self) -> Group:
        """The view as it stands."""
        daemon, tally, status = self._daemon, self._daemon.work.tally, self._status
        now = daemon.work.clock()
        facts = Table.grid(padding=(0, 2))
        facts.add_column(style="dim", no_wrap=True)
        facts.add_column()
        failing = status.failing if status else len(tally.failing)
        feeds = Text(f"{status.feeds if status else len(daemon.config.feeds)} watched, {tally.polls} polls")
        if failing:
            feeds.append(f", {failing} failing", style="yellow")
        if status and status.due:
            feeds.append(f", {status.due} due", style="dim")
        facts.add_row("feeds", feeds)
        waiting = f", {status.pending} waiting" if status else ""
        facts.add_row("entries", f"{tally.new_entries} new, {tally.read} read{waiting}")
        meetings = Text(
            f"{len(set(tally.new_meetings))} found since the start", style="bold green" if tally.new_meetings else ""
        )
        if status:
            meetings.append(f", {status.meetings} in the store", style="dim")
        facts.add_row("meetings", meetings)
        facts.add_row("digest", self._next_digest(now))
        head = Text("Vigie", style="bold")
        head.append(f"  running for {_length(now - daemon.started_at)}", style="dim")
        if daemon.work.stopping.is_set():
            head.append("  stopping: finishing what is in work", style="yellow")
        width = max(20, self._console.width - 2)
        events = [Text(shortened(line, width), style=_style(line), no_wrap=True) for line in tally.recent]
        foot = Text("Ctrl-C stops; the log is beside the store", style="dim")
        return Group(
            head, facts, Text(""), *events, Text("") if events else Text("waiting for the first answers", style="dim"), foot
        )

    def _next_digest(self, now: datetime) -> str:
        due = self._daemon.next_digest
        if due is None:
            return "no profile" if not self._daemon.profiles else "…"
        zone = ZoneInfo(self._daemon.config.schedule.timezone)
        where = self._daemon.mail.host or str(self._daemon.mail.out_dir)
        return f"{due.astimezone(zone):%d/%m %H:%M} (in {_length(due - now)}), to {where}"


def _style(line: str) -> str:
    return {"★": "bold green", "＋": "green", "✗": "yellow"}.get(line[:1], "")


def _length(span: timedelta) -> str:
    minutes = max(0, round(span.total_seconds() / 60))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
