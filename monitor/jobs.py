"""The work of one feed, one entry and one pass, on this machine: network here, extraction in workers, the store in one thread.

    claim (store) -> poll_feed (network, worker) -> save_poll (store)
    claim (store) -> read_entry (network, worker) -> keep (store)

An unexpected error keeps its traceback in the log; its feed or entry is put off for an hour, so that the others go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from monitor.app import now as present
from monitor.clerk import Clerk
from monitor.log import logger
from monitor.store import SqlStore, StoreError
from pipelines.flow import Fetches, ReadRules, Runs, TryLater, poll_feed, read_entry
from pipelines.polling import plan
from pipelines.records import FeedState, Kept, Outcome, PendingEntry, PollResult, Reading
from pipelines.store import keep

T = TypeVar("T")

EARLIEST_SANE = datetime(2025, 1, 1, tzinfo=UTC)  # a clock before this has not been set yet: nothing is seen or sent by it
LEASE = timedelta(minutes=10)  # longer than any poll or reading may take, waiting for its host included
AFTER_A_BUG = timedelta(hours=1)
FEEDS_AT_ONCE = 24
ENTRIES_AT_ONCE = 24
SHORTEST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # seconds until a store that was full, locked or unwritable is tried again
RELEASE_SECONDS = 3.0  # a service manager counts: of the 10 s until it kills, the units in hand may use the rest
PATIENCE = 0.2  # seconds until places are filled one by one: most of them may be held by slow hosts
PER_HOST_CLAIMS = 4  # entries of one host claimed at a time: enough to keep it busy, few enough not to block others


class Watches(Protocol):
    """Who wants to know what is being done: the live view, the progress bar, nobody."""

    def polled(self, feed: FeedState, result: PollResult, new: int) -> None: ...

    def read(self, entry: PendingEntry, kept: Kept | None) -> None: ...


@dataclass(slots=True)
class Tally:
    """What was done since the start."""

    polls: int = 0
    failed_polls: int = 0
    unchanged: int = 0
    new_entries: int = 0
    read: int = 0
    put_off: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    new_meetings: list[int] = field(default_factory=list)
    failing: dict[str, str] = field(default_factory=dict)  # address -> what is wrong
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=8))  # the last events, for people
    last_progress: float = field(default_factory=time.monotonic)


class Work:
    """Does the jobs of one process. `owner` names its leases."""

    def __init__(
        self,
        store: SqlStore,
        fetcher: Fetches,
        workers: Runs,
        rules: ReadRules,
        owner: str,
        *,
        clock: Callable[[], datetime] = present,
        per_host: int = 2,
    ):
        self.store = store
        self.fetcher = fetcher
        self.workers = workers
        self.rules = rules
        self.owner = owner
        self.clock = clock
        self.per_host = per_host
        self.tally = Tally()
        self.stopping = asyncio.Event()
        self._clerk = Clerk(store.exclusive)
        self._log = logger()

    async def in_store(self, function: Callable[..., T], *args: Any, **more: Any) -> T:
        """Run `function` in the one thread that talks to the store, so that the event loop never waits for a disk."""
        return await self._clerk.call(function, *args, **more)

    async def release(self) -> bool:
        """Give back what was claimed and not finished. False if the store cannot be written for now, and its thread hangs in there.

        What cannot be given back is free at the next start here, or when its lease ends.
        """
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                with contextlib.suppress(StoreError):
                    await self.in_store(self.store.release, self.owner)
                await self._clerk.close()
        except TimeoutError:
            self._log.warning("store-busy", doing="giving back what was claimed")
            return False
        except RuntimeError:  # it was closed before
            pass
        return True

    def has_a_clock(self) -> bool:
        """Whether the clock has been set since the machine started; without one nothing is claimed."""
        return self.clock() >= EARLIEST_SANE

    async def claim_feeds(self, free: int, *, everything: bool = False, only: Collection[int] | None = None) -> list[FeedState]:
        if not self.has_a_clock():
            return []
        return await self._clerk.write(
            self.store.claim_feeds,
            self.clock(),
            owner=self.owner,
            limit=free,
            lease=LEASE,
            per_host=self.per_host,
            everything=everything,
            only=only,
        )

    async def claim_entries(self, free: int) -> list[PendingEntry]:
        if not self.has_a_clock():
            return []
        return await self._clerk.write(
            self.store.claim_entries, self.clock(), owner=self.owner, limit=free, lease=LEASE, per_host=PER_HOST_CLAIMS
        )

    async def give_back_feeds(self, feeds: list[FeedState]) -> None:
        """Free feeds whose poll could not be stored."""
        await self._clerk.write(self.store.give_back, self.owner, feed_ids=[feed.id for feed in feeds])

    async def give_back_entries(self, entries: list[PendingEntry]) -> None:
        """Free entries whose reading could not be stored."""
        await self._clerk.write(self.store.give_back, self.owner, entry_ids=[entry.id for entry in entries])

    async def poll(self, feed: FeedState, watch: Watches | None = None) -> None:
        """One feed, from asking to stored."""
        now = self.clock()
        try:
            result = await poll_feed(feed, self.fetcher, self.workers, self.rules, now)
        except Exception as bug:  # a bug of ours must not stop the others
            self._log.exception("bug", outlet=feed.outlet, url=feed.url, doing="polling")
            result = PollResult(
                feed.id,
                False,
                now,
                error=f"internal error: {type(bug).__name__}: {bug}"[:500],
                error_kind="Bug",
                retry_after=now + AFTER_A_BUG,
            )
        saved = await self._clerk.write(self.store.save_poll, result, self.clock(), plan=plan)
        tally = self.tally
        tally.polls += 1
        tally.last_progress = time.monotonic()
        tally.new_entries += saved.new
        if result.ok:
            tally.unchanged += result.not_modified
            tally.failing.pop(feed.url, None)
            self._log.info(
                "feed-polled",
                outlet=feed.outlet,
                url=feed.url,
                status=result.status,
                new=saved.new,
                changed=saved.changed or None,
                bytes=result.bytes,
                ms=result.elapsed_ms,
                note="; ".join(result.problems[:3]) or None,
            )
            if saved.suspected:
                self._log.warning("feed-suspect", outlet=feed.outlet, url=feed.url, why=saved.suspected)
            if saved.moved_to:
                self._log.warning("feed-moved", outlet=feed.outlet, url=feed.url, to=saved.moved_to)
        else:
            tally.failed_polls += 1
            tally.failing[feed.url] = result.error or ""
            tally.recent.append(f"✗ {feed.outlet}: {result.error}")
            self._log.warning(
                "feed-failed",
                outlet=feed.outlet,
                url=feed.url,
                error=result.error,
                kind=result.error_kind,
                failures=feed.failures + 1,
                next=f"{saved.next_poll_at:%Y-%m-%dT%H:%M:%SZ}",
            )
        if watch:
            watch.polled(feed, result, saved.new)

    async def read(self, pending: PendingEntry, watch: Watches | None = None) -> None:
        """One entry, from its address to its outcome."""
        started = time.monotonic()
        where = {"outlet": pending.outlet, "url": pending.entry.url, "entry": pending.id}
        kept: Kept | None = None
        try:
            reading = await read_entry(pending, self.fetcher, self.workers, self.rules, self.clock())
            kept = await self._clerk.write(keep, reading, self.store, self.clock())
        except TryLater as later:
            await self._put_off(pending, later.reason, later.retry_at, counts=later.counts)
            if later.silence:
                host, until = later.silence
                await self._clerk.write(self.store.pause_host, host, until, self.clock(), reason=later.reason)
            self._log.info("entry-put-off", **where, reason=later.reason, until=f"{later.retry_at:%Y-%m-%dT%H:%M:%SZ}")
        except StoreError:
            raise  # neither the entry's fault nor ours: it is read again when the store works
        except Exception as bug:
            self._log.exception("bug", **where, doing="reading")
            await self._put_off(pending, f"internal error: {type(bug).__name__}: {bug}"[:500], self.clock() + AFTER_A_BUG)
        else:
            self._done(pending, reading, kept, started)
        self.tally.last_progress = time.monotonic()
        if watch:
            watch.read(pending, kept)

    async def _put_off(self, pending: PendingEntry, reason: str, until: datetime, *, counts: bool = True) -> None:
        self.tally.put_off += 1
        await self._clerk.write(self.store.postpone_entry, pending.id, self.clock(), reason=reason, retry_at=until, counts=counts)

    def _done(self, pending: PendingEntry, reading: Reading, kept: Kept, started: float) -> None:
        tally = self.tally
        tally.read += 1
        tally.outcomes[kept.outcome] += 1
        tally.new_meetings += kept.new_meeting_ids
        title = reading.article.title
        if kept.outcome in (Outcome.NEW_MEETING, Outcome.KNOWN_MEETING):
            sign = "★" if kept.outcome is Outcome.NEW_MEETING else "＋"
            tally.recent.append(f"{sign} {pending.outlet}: {title}")
        self._log.info(
            "entry-done",
            outlet=pending.outlet,
            url=pending.entry.url,
            outcome=str(kept.outcome),
            text=reading.article.text_from,
            words=reading.article.words,
            score=reading.detection.score or None,
            meetings=",".join(str(m) for m in kept.meeting_ids if m) or None,
            gave_up=reading.gave_up,
            ms=round((time.monotonic() - started) * 1000),
        )

    async def pass_over(
        self, *, everything: bool = False, only: Collection[int] | None = None, watch: Watches | None = None
    ) -> Tally:
        """One pass: every due (or every) feed is asked once, then every entry that can be finished now is finished.

        Raises StoreError when the store cannot be written; what was stored until then stays.
        """
        wanted: set[int] | None = None
        if everything or only is not None:
            wanted = set(only if only is not None else await self.in_store(self.store.active_feed_ids))

        async def feeds(free: int) -> list[FeedState]:
            """Each feed once a pass, however soon it is due again."""
            if wanted is not None and not wanted:
                return []
            claimed = await self.claim_feeds(free, everything=wanted is not None, only=wanted)
            if wanted is not None:
                wanted.difference_update(feed.id for feed in claimed)
            return claimed

        polling = Pump(feeds, lambda feed: self.poll(feed, watch), FEEDS_AT_ONCE, self.stopping)
        reading = Pump(self.claim_entries, lambda entry: self.read(entry, watch), ENTRIES_AT_ONCE, self.stopping)
        polled = asyncio.create_task(polling.until_dry())
        # Reading begins while feeds are still being asked; it ends when they are through and nothing is left to claim
        try:
            await reading.until_dry(also=polled)
        except StoreError as trouble:
            polling.stop_for(trouble)
            await asyncio.gather(polled, return_exceptions=True)
            raise
        await polled
        return self.tally


class Pump(Generic[T]):
    """Keeps up to `width` units in work: claims as many as there are free places, runs each to its end."""

    def __init__(
        self,
        claim: Callable[[int], Awaitable[list[T]]],
        work: Callable[[T], Awaitable[None]],
        width: int,
        stopping: asyncio.Event,
        give_back: Callable[[list[T]], Awaitable[None]] | None = None,
    ):
        self._claim = claim
        self._work = work
        self._width = width
        self._stopping = stopping
        self._give_back = give_back
        self._failed: list[T] = []  # units whose end the store could not take
        self._running: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._room_at = 0  # running units at which `_room` is set
        self._trouble: StoreError | None = None  # what the store said to a unit
        self.wake = asyncio.Event()

    @property
    def running(self) -> int:
        """Units in work."""
        return len(self._running)

    async def until_dry(self, also: asyncio.Task[None] | None = None) -> None:
        """Work until nothing can be claimed and, with `also`, that task is through too. Raises StoreError: no use in going on."""
        try:
            while not self._stopping.is_set() and not self._trouble:
                over = also is None or also.done()
                started = await self._fill()
                if not self._running and not started:
                    if over:
                        break
                    await asyncio.sleep(0.05)
                else:
                    await self._room_for_more()
        except StoreError as trouble:
            self._trouble = trouble
        await self.finish()
        if self._trouble:
            raise self._trouble

    def stop_for(self, trouble: StoreError) -> None:
        """Claim nothing more, because of what the store said elsewhere."""
        self._trouble = trouble

    async def forever(self) -> None:
        """Work until told to stop; between claims wait for `wake`. What the store cannot do now is tried again later."""
        pause = SHORTEST_PAUSE
        while not self._stopping.is_set():
            try:
                await self._return_failed()
                started = await self._fill()
                if self._trouble:
                    raise self._trouble
            except StoreError as trouble:
                self._trouble = None
                logger().error("store-trouble", error=str(trouble), again_in_s=pause)
                await self._sit_out(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            pause = SHORTEST_PAUSE
            if self._running:
                await self._room_for_more()
            elif not started:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.wake.wait(), 30)
                self.wake.clear()
        await self.finish()

    async def _return_failed(self) -> None:
        """Give back what could not be stored, so that it is claimed anew."""
        if self._failed and self._give_back:
            failed = list(self._failed)
            await self._give_back(failed)
            self._failed = self._failed[len(failed) :]

    async def _sit_out(self, seconds: float) -> None:
        """Wait so long, or until told to stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _fill(self) -> int:
        free = self._width - len(self._running)
        if free <= 0:
            return 0
        units = await self._claim(free)
        for unit in units:
            task: asyncio.Task[None] = asyncio.ensure_future(self._work(unit))
            self._running.add(task)
            task.add_done_callback(partial(self._ended, unit))
        return len(units)

    def _ended(self, unit: T, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if len(self._running) <= self._room_at:
            self._room.set()
        if task.cancelled() or not (error := task.exception()):
            return
        if isinstance(error, StoreError):
            self._trouble = error
            self._failed.append(unit)
        else:
            logger().error("bug", doing="work", error=f"{type(error).__name__}: {error}")

    async def _room_for_more(self) -> None:
        """Wait until a third of the places is free (or of what runs has ended, where the store had no more), but not long.

        A claim costs the store as much for one unit as for a dozen: 4 to 6 ms, measured.
        """
        third = self._width // 3
        running = len(self._running)
        self._room_at = self._width - third if running > self._width - third else running - max(1, running // 3)
        self._room.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._room.wait()

    async def finish(self, most: float = 8.0) -> None:
        """Let what is in work come to its end, for `most` seconds; then cancel it (its leases are given back)."""
        if self._running:
            await asyncio.wait(self._running, timeout=most)
        for task in list(self._running):
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=1.0)
