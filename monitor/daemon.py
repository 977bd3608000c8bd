"""`vigie run`: poll, read and send until told to stop.

The loops each take a unit, do it, and look again; a ticker wakes them. SIGTERM or SIGINT: nothing new is begun, what is in
work is finished, leases are given back, exit 0. A second signal ends at once. SIGHUP reads the configuration again and keeps
the old one if the new one has a mistake.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from monitor import app
from monitor.config import Config, ConfigError, load_config
from monitor.health import notify
from monitor.jobs import ENTRIES_AT_ONCE, FEEDS_AT_ONCE, Pump, Work
from monitor.log import logger
from monitor.owners import free_the_dead
from monitor.scheduler import Ticker

if TYPE_CHECKING:
    from monitor.mail.profile import Profile
    from monitor.mail.settings import MailSettings
    from monitor.slots import Slot
    from monitor.store import SqlStore
    from monitor.workers import Workers
    from pipelines.records import FeedState, PendingEntry

TICK = 5.0  # seconds between looks at what is due
MAIL_TICK = 20.0
UPKEEP_EVERY = timedelta(hours=24)
STALLED_AFTER = 300.0  # seconds without any finished work while something was due: no sign of life any more


class AlreadyRunning(Exception):
    """Another daemon works on this store."""


@contextlib.contextmanager
def only_one(store_url: str) -> Iterator[None]:
    """Hold the lock file beside a SQLite store for as long as we run. Raises AlreadyRunning naming the other process.

    The kernel gives the lock back however we end, so that no stale lock can ever keep us from starting.
    """
    path = sqlite_path(store_url)
    if path is None:
        yield
        return
    lock = path.with_name(path.name + ".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another vigie runs on {path} already ({_holder(held)}); stop it first") from None
        held.seek(0)
        held.truncate()
        held.write(f"process {os.getpid()}\n")
        held.flush()
        yield


def _holder(held: TextIO) -> str:
    held.seek(0)
    return held.read(100).strip() or "process unknown"


def sqlite_path(store_url: str) -> Path | None:
    """The file of a SQLite store; None for another kind or one in memory."""
    scheme, _, rest = store_url.partition("://")
    path = rest[1:].partition("?")[0]
    return Path(path) if scheme.startswith("sqlite") and path and path != ":memory:" else None


class Daemon:
    """The parts of a running `vigie run`."""

    def __init__(self, config: Config, store: SqlStore, work: Work, workers: Workers, profiles: tuple[Profile, ...], mail: MailSettings):
        self.config = config
        self.store = store
        self.work = work
        self.workers = workers
        self.profiles = profiles
        self.mail = mail
        self.started_at = app.now()
        self.next_digest: datetime | None = None
        self.reload_asked = False
        self._log = logger()
        self._mail_wake = asyncio.Event()
        self._last_upkeep: datetime | None = None
        self._signals = 0

    async def run(self) -> int:
        """Work until stopped. Returns the exit code."""
        work, ticker = self.work, Ticker()
        polling = Pump(work.claim_feeds, work.poll, FEEDS_AT_ONCE, work.stopping, work.give_back_feeds)
        reading = Pump(work.claim_entries, work.read, ENTRIES_AT_ONCE, work.stopping, work.give_back_entries)
        self._take_signals()
        ticker.every(TICK, polling.wake.set)
        ticker.every(TICK, reading.wake.set)
        ticker.every(MAIL_TICK, self._mail_wake.set)
        ticker.every(30, self._sign_of_life)
        ticker.start()
        notify("READY=1")
        self._log.info("started", feeds=len(self.config.feeds), profiles=len(self.profiles), store=_without_password(self.config.store_url))
        loops = [
            asyncio.create_task(polling.forever()),
            asyncio.create_task(reading.forever()),
            asyncio.create_task(self._digests()),
            asyncio.create_task(self._upkeep()),
        ]
        try:
            await self._until_stopped(loops, (polling, reading))
        finally:
            ticker.stop()
        self._log.info("stopped", polls=work.tally.polls, entries=work.tally.read, meetings=len(work.tally.new_meetings))
        return 1 if any(loop.done() and not loop.cancelled() and loop.exception() for loop in loops) else 0

    async def _until_stopped(self, loops: list[asyncio.Task[None]], pumps: tuple[Pump[FeedState], Pump[PendingEntry]]) -> None:
        stopping = asyncio.create_task(self.work.stopping.wait())
        done, _ = await asyncio.wait([stopping, *loops], return_when=asyncio.FIRST_COMPLETED)
        for loop in done - {stopping}:
            if error := loop.exception():
                self._log.error("loop-ended", error=f"{type(error).__name__}: {error}", exc_info=error)
        self.work.stopping.set()
        notify("STOPPING=1")
        for pump in pumps:
            pump.wake.set()
        self._mail_wake.set()
        await asyncio.wait(loops, timeout=9.5)  # a pump gives its units 9
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        stopping.cancel()

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._asked_to_reload)

    def _asked_to_stop(self, number: int) -> None:
        self._signals += 1
        if self._signals > 1:
            self._log.warning("stopping-at-once", signal=signal.Signals(number).name)
            os._exit(1)
        self._log.info("stopping", signal=signal.Signals(number).name)
        self.work.stopping.set()

    def _asked_to_reload(self) -> None:
        self.reload_asked = True
        self._mail_wake.set()

    def _sign_of_life(self) -> None:
        """Feed the watchdog only while work gets finished, or none is due."""
        if time.monotonic() - self.work.tally.last_progress < STALLED_AFTER:
            tally = self.work.tally
            notify(f"WATCHDOG=1\nSTATUS={tally.polls} polls, {len(tally.failing)} feeds failing, {tally.read} entries read")

    async def _digests(self) -> None:
        await self._publish()
        while not self.work.stopping.is_set():
            if self.reload_asked:
                await self._reload()
            try:
                await self._send_what_is_due()
            except Exception as bug:
                self._log.exception("bug", doing="digests", error=str(bug))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._mail_wake.wait(), MAIL_TICK * 2)
            self._mail_wake.clear()

    async def _send_what_is_due(self) -> None:
        from monitor.mail.service import deliver, owe
        from monitor.slots import next_slot

        now = self.work.clock()
        if not self.work.has_a_clock():
            self._log.warning("clock-not-set", time=f"{now:%Y-%m-%dT%H:%M:%SZ}")
            return
        by_name = {profile.name: profile for profile in self.profiles}
        owed = await self.work.in_store(owe, self.store, self.profiles, now)
        built = [await self._build(by_name[slot.profile], slot, now) for slot in owed]
        built += [await self._announce(profile, now) for profile in self.profiles]
        report = await deliver(self.store, self.mail, now, owner=self.work.owner, run=self.work.in_store, profiles=self.profiles)
        if report.any:
            self._log.info("digest-delivered", **report.as_fields())
        if any(built):
            await self._publish()
        self.next_digest = min((next_slot(p.digest_at, p.days, p.timezone, now) for p in self.profiles), default=None)

    async def _build(self, profile: Profile, slot: Slot, now: datetime) -> bool:
        """Whether a digest came of it. One profile's trouble is none of the others'."""
        from monitor.mail.service import build_digest

        try:
            built = await self.work.in_store(build_digest, self.store, profile, slot, now, settings=self.mail)
        except Exception as bug:
            self._log.exception("bug", doing="digest", profile=profile.name, day=str(slot.local_date), error=str(bug))
            return False
        fields = {"profile": profile.name, "day": str(slot.local_date)}
        if built.skipped:
            self._log.info("digest-skipped", **fields, reason=built.skipped)
            return False
        self._log.info("digest-built", **fields, subject=built.subject, mails=built.mails)
        return True

    async def _announce(self, profile: Profile, now: datetime) -> bool:
        """Whether an alert came of it."""
        from monitor.mail.alerts import announce

        try:
            alerts = await self.work.in_store(announce, self.store, (profile,), now, settings=self.mail)
        except Exception as bug:
            self._log.exception("bug", doing="alert", profile=profile.name, error=str(bug))
            return False
        for alert in alerts:
            self._log.info("alert-built", profile=profile.name, subject=alert.subject, mails=alert.mails)
        return bool(alerts)

    async def _publish(self) -> None:
        """Bring the Atom feeds and calendars up to date."""
        from monitor.mail.published import publish

        try:
            await self.work.in_store(publish, self.store, self.profiles, self.work.clock(), settings=self.mail)
        except Exception as bug:
            self._log.exception("bug", doing="publish", error=str(bug))

    async def _reload(self) -> None:
        self.reload_asked = False
        try:
            config = load_config(self.config.file)
            app.load_register(config)
            profiles, mail = app.profiles(config), app.mail_settings(config)
        except ConfigError as problem:
            for line in problem.problems:
                self._log.error("reload-refused", problem=line)
            return
        self.config, self.profiles, self.mail = config, profiles, mail
        done = await self.work.in_store(self.store.sync_feeds, app.feed_specs(config), self.work.clock())
        self._log.info("reloaded", feeds=len(config.feeds), added=done.added, retired=done.retired)
        await self._publish()

    async def _upkeep(self) -> None:
        """Once a day: old texts go, and a copy of the store is made and checked."""
        while not self.work.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.work.stopping.wait(), 600)
                return
            now = self.work.clock()
            if self._last_upkeep and now - self._last_upkeep < UPKEEP_EVERY and now >= self._last_upkeep:
                continue
            self._last_upkeep = now
            try:
                keep = self.config.store
                counts = await self.work.in_store(self.store.prune, now, keep.keep_pages_days, keep.keep_articles_days)
                self._log.info("pruned", counts=str(counts))
                if path := sqlite_path(self.config.store_url):
                    copy = path.with_name(f"{path.stem}-backup.sqlite")
                    await self.work.in_store(self.store.backup, copy)
                    self._log.info("backed-up", file=str(copy))
            except Exception as bug:
                self._log.exception("bug", doing="upkeep", error=str(bug))


def _without_password(url: str) -> str:
    import re

    return re.sub(r"(//[^:/@]+):[^@]*@", r"\1:***@", url)


async def run(config: Config, *, live: bool) -> int:
    """Build everything, run until stopped, put everything away. Returns the exit code.

    Raises ConfigError, StoreError or AlreadyRunning before anything was begun.
    """
    app.load_register(config)
    profiles, mail = app.profiles(config), app.mail_settings(config)
    store = app.open_store(config)
    rules = app.read_rules(config)
    workers, code, is_free = app.make_workers(config), 1, True
    try:
        store.sync_feeds(app.feed_specs(config), app.now())
        free_the_dead(store)
        async with app.make_fetcher(config) as fetcher:
            fetcher.keep_silent(store.pauses(app.now()))
            work = Work(store, fetcher, workers, rules, app.owner_name(), per_host=config.fetch.per_host)
            daemon = Daemon(config, store, work, workers, profiles, mail)
            try:
                if not live:
                    code = await daemon.run()
                else:
                    from monitor.live import LiveView

                    async with LiveView(daemon):
                        code = await daemon.run()
            finally:
                is_free = await work.release()
    finally:
        await workers.stop(wait=False)
        store.close()
        if not is_free:
            # Another program holds the store locked; our thread would wait for it for a minute, and the process for the thread
            os._exit(code)
    return code
