"""Real processes, killed with real signals."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from multiprocessing import forkserver
from pathlib import Path

import pytest
import pytest_asyncio

from monitor.workers import WorkerDied, WorkerError, WorkerOutOfMemory, Workers, WorkerTimeout
from pipelines.errors import FetchError, TimedOut


def refuse() -> None:
    raise TimedOut("http://a.example/", "no answer", retry_after=datetime(2026, 1, 2, tzinfo=UTC))


def crash() -> None:
    ctypes.string_at(0)


def stuck_in_c() -> None:
    re.match(r"(a+)+$", "a" * 60 + "b")


def hang(mark: str, seconds: float) -> None:
    Path(mark).write_text(str(os.getpid()))
    time.sleep(seconds)


def memory_limit() -> int:
    import resource

    return resource.getrlimit(resource.RLIMIT_AS)[0]


def unpicklable() -> object:
    return lambda: None


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    pool = Workers(2, memory_bytes=400 << 20)
    yield pool
    await pool.stop(wait=False)


class Hung:
    """A call whose work has begun and does not end by itself."""

    def __init__(self, workers: Workers, folder: Path, timeout: float = 60):
        self.mark = folder / f"{time.monotonic_ns()}"
        self.call = asyncio.create_task(workers.call(hang, str(self.mark), 60, timeout=timeout))

    async def pid(self) -> int:
        """Id of its process, once it is at work."""
        for _ in range(1000):
            if self.mark.exists() and (text := self.mark.read_text()):
                return int(text)
            await asyncio.sleep(0.01)
        raise AssertionError("the work did not begin")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


async def gone(pid: int) -> bool:
    for _ in range(100):
        if not is_alive(pid):
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_call_returns_what_the_function_returns(workers: Workers) -> None:
    assert await workers.call(divmod, 17, 5, timeout=5) == (3, 2)


async def test_calls_run_side_by_side(workers: Workers) -> None:
    await workers.warm_up()
    start = time.monotonic()
    await asyncio.gather(*(workers.call(time.sleep, 0.3, timeout=5) for _ in range(2)))
    assert time.monotonic() - start < 0.55


async def test_an_expected_failure_arrives_whole_with_its_attributes(workers: Workers) -> None:
    with pytest.raises(TimedOut, match="no answer") as caught:
        await workers.call(refuse, timeout=5)
    assert isinstance(caught.value, FetchError)
    assert (caught.value.url, caught.value.retry_after) == ("http://a.example/", datetime(2026, 1, 2, tzinfo=UTC))
    assert "in refuse" in caught.value.__notes__[0]


@pytest.mark.parametrize("work", [time.sleep, stuck_in_c])
async def test_hung_work_is_killed_at_its_limit_and_the_next_call_works(workers: Workers, work) -> None:
    start = time.monotonic()
    with pytest.raises(WorkerTimeout):
        await workers.call(work, *((60,) if work is time.sleep else ()), timeout=0.4)
    assert time.monotonic() - start < 2
    assert await workers.call(len, "abc", timeout=5) == 3


async def test_killed_work_leaves_no_process_behind(workers: Workers, tmp_path: Path) -> None:
    hung = Hung(workers, tmp_path, timeout=3)
    pid = await hung.pid()
    with pytest.raises(WorkerTimeout):
        await hung.call
    assert await gone(pid)


async def test_a_segmentation_fault_fails_only_its_own_call(workers: Workers) -> None:
    other = asyncio.create_task(workers.call(time.sleep, 0.8, timeout=5))
    with pytest.raises(WorkerDied, match="SIGSEGV"):
        await workers.call(crash, timeout=5)
    assert await workers.call(len, "abc", timeout=5) == 3
    await other


async def test_twenty_kills_in_a_row_are_survived(tmp_path: Path) -> None:
    workers = Workers(1)
    for _ in range(20):
        hung = Hung(workers, tmp_path)
        os.kill(await hung.pid(), signal.SIGKILL)
        with pytest.raises(WorkerDied, match="SIGKILL"):
            await hung.call
    assert await workers.call(len, "abc", timeout=5) == 3
    await workers.stop()


async def test_a_worker_killed_while_idle_fails_no_call(workers: Workers) -> None:
    await workers.warm_up()
    for _ in range(5):
        for pid in workers.pids:
            os.kill(pid, signal.SIGKILL)
        results = await asyncio.gather(*(workers.call(len, "abc", timeout=5) for _ in range(4)))
        assert results == [3] * 4
        await asyncio.sleep(0.3)


async def test_the_death_of_the_fork_server_is_survived(workers: Workers) -> None:
    await workers.warm_up()
    old = workers.pids
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)  # type: ignore[attr-defined]
    assert all([await gone(pid) for pid in old])
    assert await workers.call(len, "abc", timeout=5) == 3


async def test_the_fork_server_ignores_the_signal_meant_for_the_daemon(workers: Workers) -> None:
    await workers.warm_up()
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    os.kill(server, signal.SIGTERM)
    await asyncio.sleep(0.2)
    assert is_alive(server)
    assert await workers.call(len, "abc", timeout=5) == 3


async def test_many_kills_among_many_calls_lose_only_what_they_hit(workers: Workers) -> None:
    await workers.warm_up()
    calls = [asyncio.create_task(workers.call(time.sleep, 0.02, timeout=10)) for _ in range(80)]
    killed = 0
    for _ in range(6):
        await asyncio.sleep(0.15)
        for pid in workers.pids[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed += 1
    results = await asyncio.gather(*calls, return_exceptions=True)
    failed = [result for result in results if result is not None]
    assert all(isinstance(result, WorkerDied) for result in failed)
    assert len(failed) <= killed


async def test_work_over_the_memory_limit_is_stopped_and_the_next_call_works(workers: Workers) -> None:
    assert await workers.call(memory_limit, timeout=5) == 400 << 20
    with pytest.raises(WorkerOutOfMemory) as caught:
        await workers.call(bytearray, 500 << 20, timeout=5)
    assert isinstance(caught.value, MemoryError) and isinstance(caught.value, WorkerError)
    assert len(await workers.call(bytearray, 1 << 20, timeout=5)) == 1 << 20


async def test_a_result_over_the_limit_stays_in_the_worker() -> None:
    workers = Workers(1, result_limit=1000)
    with pytest.raises(WorkerDied, match="result has"):
        await workers.call(bytes, 2000, timeout=5)
    assert await workers.call(bytes, 500, timeout=5) == bytes(500)
    await workers.stop()


async def test_a_result_that_cannot_travel_is_an_error_of_its_own_call(workers: Workers) -> None:
    with pytest.raises(Exception, match="pickle"):
        await workers.call(unpicklable, timeout=5)
    assert await workers.call(len, "abc", timeout=5) == 3


async def test_workers_are_replaced_after_their_share_of_tasks() -> None:
    workers = Workers(1, tasks_per_worker=3)
    pids = {await workers.call(os.getpid, timeout=5) for _ in range(10)}
    assert len(pids) == 4
    await workers.stop()


async def test_workers_ignore_the_signals_meant_for_the_daemon(workers: Workers) -> None:
    pid = await workers.call(os.getpid, timeout=5)
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGINT)
    await asyncio.sleep(0.3)
    assert is_alive(pid)
    assert await workers.call(os.getpid, timeout=5) == pid


async def test_a_cancelled_call_kills_its_work(workers: Workers, tmp_path: Path) -> None:
    hung = Hung(workers, tmp_path)
    pid = await hung.pid()
    hung.call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hung.call
    assert await gone(pid)
    assert workers.busy == 0


async def test_stopping_waits_for_the_work_in_hand(workers: Workers, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    work = asyncio.create_task(workers.call(hang, str(mark), 0.5, timeout=5))
    while not mark.exists():  # noqa: ASYNC110  the event happens in another process
        await asyncio.sleep(0.01)
    pid = workers.pids[0]
    waiting = [asyncio.create_task(workers.call(len, "abc", timeout=5)) for _ in range(3)]
    await workers.stop()
    await work
    assert await gone(pid)
    await asyncio.gather(*waiting, return_exceptions=True)
    with pytest.raises(RuntimeError, match="stopped"):
        await workers.call(len, "abc", timeout=5)


async def test_stopping_at_once_fails_the_work_in_hand(workers: Workers, tmp_path: Path) -> None:
    hung = Hung(workers, tmp_path)
    pid = await hung.pid()
    start = time.monotonic()
    await workers.stop(wait=False)
    with pytest.raises(WorkerError):
        await hung.call
    assert await gone(pid)
    assert time.monotonic() - start < 3


async def test_the_loop_is_not_held_up_while_workers_start() -> None:
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # so that it starts again, imports and all
    workers = Workers(2)
    longest, last = 0.0, time.monotonic()
    start = asyncio.create_task(workers.warm_up())
    while not start.done():
        await asyncio.sleep(0.005)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    await start
    await workers.stop()
    assert longest < 0.2


def run_script(folder: Path, text: str) -> subprocess.Popen[str]:
    script = folder / "daemon.py"
    script.write_text(textwrap.dedent(text))
    root = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": str(root)}
    return subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=root)


def test_workers_start_without_the_main_script(tmp_path: Path) -> None:
    daemon = run_script(
        tmp_path,
        """
        import asyncio, os
        from monitor.workers import Workers

        async def main():
            os.remove(__file__)
            workers = Workers(1)
            print(await workers.call(len, "abc", timeout=20))
            await workers.stop()

        asyncio.run(main())
        """,
    )
    assert daemon.communicate(timeout=60) == ("3\n", "")


def test_no_orphans_when_the_daemon_is_killed(tmp_path: Path) -> None:
    daemon = run_script(
        tmp_path,
        """
        import asyncio, time
        from multiprocessing.forkserver import _forkserver
        from monitor.workers import Workers

        async def main():
            workers = Workers(2)
            await workers.warm_up()
            hung = [asyncio.create_task(workers.call(time.sleep, 600, timeout=600)) for _ in range(2)]
            await asyncio.sleep(0.3)
            print(*workers.pids, _forkserver._forkserver_pid, flush=True)
            await asyncio.gather(*hung)

        asyncio.run(main())
        """,
    )
    with daemon:
        assert daemon.stdout is not None
        pids = [int(word) for word in daemon.stdout.readline().split()]
        assert len(pids) == 3 and all(is_alive(pid) for pid in pids)
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
    deadline = time.monotonic() + 5
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in pids if is_alive(pid)] == []
