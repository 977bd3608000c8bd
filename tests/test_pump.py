"""What keeps units in work does when the store cannot: it waits, gives back what was lost, and goes on."""

from __future__ import annotations

import asyncio

import pytest

from monitor import jobs
from monitor.jobs import Pump
from monitor.store import StoreError, StoreFull


class Bench:
    """Units 1 to 3; the store refuses whatever is asked of it while `full`."""

    def __init__(self) -> None:
        self.full = False
        self.waiting, self.claimed, self.done, self.returned = [1, 2, 3], [], [], []

    async def claim(self, free: int) -> list[int]:
        self._store()
        units, self.waiting = self.waiting[:free], self.waiting[free:]
        self.claimed += units
        return units

    async def work(self, unit: int) -> None:
        await asyncio.sleep(0.01)
        self._store()
        self.done.append(unit)

    async def give_back(self, units: list[int]) -> None:
        self._store()
        self.returned += units
        self.waiting += units

    def _store(self) -> None:
        if self.full:
            raise StoreFull("store.sqlite: the disk is full")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SHORTEST_PAUSE", 0.05)


async def reached(condition, seconds: float = 5.0) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_units_that_could_not_be_stored_are_given_back_and_done_when_the_store_works_again(quick: None) -> None:
    bench, stopping = Bench(), asyncio.Event()
    pump = Pump(bench.claim, bench.work, 8, stopping, bench.give_back)
    running = asyncio.create_task(pump.forever())
    await reached(lambda: bench.claimed == [1, 2, 3])
    bench.full = True
    await asyncio.sleep(0.2)
    assert not running.done()
    assert bench.done == []
    bench.full = False
    await reached(lambda: sorted(bench.done) == [1, 2, 3])
    assert sorted(bench.returned) == [1, 2, 3]
    stopping.set()
    pump.wake.set()
    await asyncio.wait_for(running, 5)


async def test_told_to_stop_it_stops_while_the_store_is_in_trouble() -> None:
    bench, stopping = Bench(), asyncio.Event()
    bench.full = True
    pump = Pump(bench.claim, bench.work, 8, stopping, bench.give_back)
    running = asyncio.create_task(pump.forever())
    await asyncio.sleep(0.05)
    stopping.set()
    await asyncio.wait_for(running, 2)


async def test_a_single_pass_ends_with_what_the_store_said_after_its_units_ended() -> None:
    bench = Bench()
    pump = Pump(bench.claim, bench.work, 2, asyncio.Event())
    passing = asyncio.create_task(pump.until_dry())
    await reached(lambda: bench.claimed == [1, 2])
    bench.full = True
    with pytest.raises(StoreError, match="full"):
        await passing
    assert pump.running == 0
    assert bench.claimed == [1, 2]
