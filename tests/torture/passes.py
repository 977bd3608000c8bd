"""A process that is Vigie: reads orders from standard input, one JSON object a line, and answers with one each.

    {"do": "pass", "at": "2026-05-04T10:00:00+00:00", "feeds": ["http://..."]}   poll these (null: those that are due), read what
                                                                                 can be read, owe and send digests
    {"do": "stop"}

Everything is what `vigie run` is made of (`monitor.cli.running.working`); only the clock is moved. Real time goes on within a pass.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from monitor import app, log
from monitor.cli.running import working
from monitor.config import load_config
from monitor.mail import service
from monitor.mail.published import publish


class Clock:
    """A clock that can be set; it runs on by itself."""

    def __init__(self) -> None:
        self._at, self._since = app.now(), time.monotonic()

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._since)

    def set(self, moment: datetime) -> None:
        self._at, self._since = moment, time.monotonic()


class Watch:
    """Seconds after the start of a pass at which each feed was done, and each entry read."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.polled_after: dict[str, float] = {}
        self.read_after: list[tuple[str, float]] = []

    def polled(self, feed: Any, result: Any, new: int) -> None:
        self.polled_after[feed.url] = round(time.monotonic() - self.started, 2)

    def read(self, entry: Any, kept: Any) -> None:
        self.read_after.append((entry.entry.url or "", round(time.monotonic() - self.started, 2)))


def peak_mb() -> int:
    """The most memory this process has held, in MB. `ru_maxrss` would not do: it survives exec, and tells who started us."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024


async def main(config_file: Path) -> None:
    """Obey until told to stop."""
    log.configure()
    config = load_config(config_file)
    app.load_register(config)
    store = app.open_store(config)
    profiles, settings, clock = app.profiles(config), app.mail_settings(config), Clock()
    loop = asyncio.get_running_loop()
    async with working(config, store, clock) as work:
        print(json.dumps({"ready": True, "peak_mb": peak_mb()}), flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            order = json.loads(line)
            if order["do"] == "stop":
                break
            clock.set(datetime.fromisoformat(order["at"]))
            wanted = order["feeds"]
            ids = None if wanted is None else [row["id"] for row in store.feeds() if row["url"] in set(wanted)]
            watch = Watch()
            await work.pass_over(only=ids, watch=watch)
            seconds = time.monotonic() - watch.started
            for slot in service.owe(store, profiles, clock()) if work.has_a_clock() else ():
                profile = next(p for p in profiles if p.name == slot.profile)
                service.build_digest(store, profile, slot, clock(), settings=settings)
            publish(store, profiles, clock(), settings=settings)
            await service.deliver(store, settings, clock(), owner=work.owner, profiles=profiles)
            told = {"seconds": round(seconds, 1), "polled": watch.polled_after, "read": len(watch.read_after), "peak_mb": peak_mb()}
            print(json.dumps(told), flush=True)
    store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
