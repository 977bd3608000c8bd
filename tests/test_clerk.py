"""The thread that writes to the store: one commit for all that waited, and no failure that spreads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from storing import article_with

from monitor.clerk import MOST_IN_ONE, Clerk
from monitor.jobs import Pump
from monitor.store import SqlStore, durable, open_store
from pipelines.records import Reading
from pipelines.store import keep

NOW = datetime(2025, 9, 12, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(str(tmp_path / "store.sqlite"))
    yield opened
    opened.close()


@pytest_asyncio.fixture
async def clerk(store: SqlStore) -> AsyncIterator[Clerk]:
    made = Clerk(store.exclusive)
    yield made
    await made.close()


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the commits made."""
    seen: list[str] = []
    monkeypatch.setattr(durable, "step", lambda name: seen.append(name) if name.endswith("after") else None)
    return seen


def article(number: int) -> Reading:
    return article_with(outlet=f"Outlet {number}", title=f"Article {number}", url=f"https://outlet.example/{number}")


def spoiled(number: int, store: SqlStore) -> None:
    with store.exclusive():
        keep(article(number), store, NOW)
        raise ValueError(f"nothing can be made of {number}")


def stored(store: SqlStore) -> list[str]:
    with store.reading() as connection:
        return sorted(connection.exec_driver_sql("SELECT title FROM articles").scalars())


async def while_it_is_busy(clerk: Clerk, *asked: Callable[[], Awaitable[Any]]) -> list[Any]:
    """What each call gives when all of them arrive while the thread is at work on another."""
    gate = threading.Event()
    first = asyncio.create_task(clerk.write(gate.wait, 10))
    await asyncio.sleep(0.05)
    tasks = [asyncio.ensure_future(each()) for each in asked]
    await asyncio.sleep(0.05)
    gate.set()
    await first
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_waited_shares_one_commit(store, clerk, commits):
    kept = await while_it_is_busy(clerk, *(lambda n=n: clerk.write(keep, article(n), store, NOW) for n in range(8)))
    assert len({each.article_id for each in kept}) == 8
    assert len(commits) == 1
    assert len(stored(store)) == 8


async def test_a_result_is_told_only_once_it_is_committed(store, clerk, tmp_path):
    from sqlite3 import connect

    async def written_and_seen(number: int) -> int:
        await clerk.write(keep, article(number), store, NOW)
        with connect(tmp_path / "store.sqlite") as other:
            return other.execute("SELECT count(*) FROM articles").fetchone()[0]

    assert await while_it_is_busy(clerk, *(lambda n=n: written_and_seen(n) for n in range(3))) == [3, 3, 3]


async def test_one_that_fails_takes_no_other_with_it(store, clerk):
    told = await while_it_is_busy(
        clerk,
        lambda: clerk.write(keep, article(1), store, NOW),
        lambda: clerk.write(spoiled, 2, store),
        lambda: clerk.write(keep, article(3), store, NOW),
    )
    assert str(told[1]) == "nothing can be made of 2"
    assert told[0].article_id != told[2].article_id
    assert stored(store) == ["Article 1", "Article 3"]


async def test_a_flood_is_written_in_several_commits(store, clerk, commits):
    count = 2 * MOST_IN_ONE + 1
    await while_it_is_busy(clerk, *(lambda n=n: clerk.write(keep, article(n), store, NOW) for n in range(count)))
    assert len(commits) == 3
    assert len(stored(store)) == count


async def test_who_does_not_wait_any_more_does_not_disturb_the_others(store, clerk):
    async def impatient() -> None:
        async with asyncio.timeout(0.01):
            await clerk.write(keep, article(1), store, NOW)

    told = await while_it_is_busy(clerk, impatient, lambda: clerk.write(keep, article(2), store, NOW))
    assert isinstance(told[0], TimeoutError)
    assert "Article 2" in stored(store)


async def test_closing_finishes_what_was_asked_for(store):
    clerk = Clerk(store.exclusive)
    asked = [asyncio.create_task(clerk.write(keep, article(n), store, NOW)) for n in range(5)]
    await asyncio.sleep(0)
    await clerk.close()
    assert len(await asyncio.gather(*asked)) == 5


async def test_a_stuck_unit_does_not_keep_others_from_being_claimed():
    """A third of the places is waited for, but not for long: most hosts may be slow."""
    waiting = list(range(30))
    done: list[int] = []
    all_quick_ones = asyncio.Event()

    async def claim(free: int) -> list[int]:
        taken = waiting[:free]
        del waiting[:free]
        return taken

    async def work(number: int) -> None:
        await asyncio.sleep(30 if number < 11 else 0.001)
        done.append(number)
        if len(done) == 19:
            all_quick_ones.set()

    pump = Pump(claim, work, 12, asyncio.Event())
    running = asyncio.create_task(pump.forever())
    async with asyncio.timeout(15):
        await all_quick_ones.wait()
    running.cancel()
    await pump.finish(0)


async def test_units_are_claimed_by_the_dozen():
    waiting = list(range(120))
    claims: list[int] = []

    async def claim(free: int) -> list[int]:
        claims.append(free)
        taken = waiting[:free]
        del waiting[:free]
        return taken

    async def work(number: int) -> None:
        await asyncio.sleep(0.001 * (number % 7))

    await Pump(claim, work, 24, asyncio.Event()).until_dry()
    assert len(claims) < 25
