"""Processes for work that may hang, eat memory or crash: each call has a time limit, a memory limit and one process at a time.

A call that breaks takes down its own process only; the next call gets a fresh one. pebble is used here and nowhere else.

How the processes hang together:

    daemon ----pipe----> fork server (imports done once, no threads, ignores SIGTERM)
                            |-- worker: address space limited, ignores SIGINT and SIGTERM, dies with the fork server
                            `-- worker

Killing the daemon in any way closes the pipe; the fork server then ends, and the kernel kills the workers with it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import ctypes
import multiprocessing
import os
import pickle
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from typing import Any, TypeVar

import pebble
from pebble.common.types import CONSTS

from pipelines.errors import WorkerFailure

T = TypeVar("T")

# How long a worker may take to appear (interpreter, imports, initializer) before a call counts as lost: seconds.
# Measured 1.5 to 2.5 s for the first one on two busy cores, 0.02 s for the later ones, which are forked ready.
START_ALLOWANCE = 60.0
# A result larger than this is refused in the worker: the daemon's memory stays bounded whatever a page does. Bytes.
RESULT_LIMIT = 64 << 20
# Imported by the fork server before the first worker is forked from it: all that is slow to load, shared by all workers. There is
# one fork server for all Workers of a process: what the first of them names holds for all.
PRELOAD = ("monitor.workerload",)
# What the fork server imports first: it makes the server deaf to SIGTERM and keeps the main script out of the workers.
_SERVER_MODULE = "monitor.workerserver"
_PR_SET_PDEATHSIG = 1

# pebble waits this long between SIGTERM and SIGKILL. Our workers ignore the first, so only delay would come of it: seconds.
CONSTS.term_timeout = 0.05
# pebble's threads look at their processes this often; 0.1 s would cost an idle daemon twice as many wake-ups: seconds.
CONSTS.sleep_unit = 0.2


class WorkerError(WorkerFailure):
    """The work could not be finished in its process. Another try in a fresh process is possible."""


class WorkerTimeout(WorkerError):
    """The work took longer than allowed; its process was killed."""


class WorkerDied(WorkerError):
    """The process ended in the middle of the work: killed, crashed, or its result could not be sent."""


class WorkerOutOfMemory(WorkerError, MemoryError):
    """The work wanted more memory than a worker may have."""


class Workers:
    """A fixed number of worker processes, called from one event loop.

    `memory_bytes` limits the address space of each worker, what it needs to exist included. A worker is replaced after
    `tasks_per_worker` calls. `initializer` (picklable, no arguments) runs in every new worker; `preload` names modules to
    import once for all of them.
    """

    def __init__(
        self,
        count: int,
        memory_bytes: int = 1 << 30,
        tasks_per_worker: int = 200,
        initializer: Callable[[], object] | None = None,
        *,
        preload: Sequence[str] = PRELOAD,
        result_limit: int = RESULT_LIMIT,
    ):
        if count < 1:
            raise ValueError("at least one worker is needed")
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([_SERVER_MODULE, *preload])
        self._make = _PoolMaker(self._context, memory_bytes, tasks_per_worker, initializer)
        self._result_limit = result_limit
        self._slots = [_Slot(self._make) for _ in range(count)]
        self._idle: asyncio.LifoQueue[_Slot] = asyncio.LifoQueue()
        for slot in self._slots:
            self._idle.put_nowait(slot)
        self._stopped = False

    async def warm_up(self) -> None:
        """Starts every worker and waits until each can take work. Calling it is optional: the first calls start them too."""
        await asyncio.gather(*(self.call(os.getpid, timeout=START_ALLOWANCE) for _ in self._slots))

    @property
    def busy(self) -> int:
        """How many workers are at work now."""
        return len(self._slots) - self._idle.qsize()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that exist now."""
        return tuple(pid for slot in self._slots for pid in slot.pids())

    async def call(self, function: Callable[..., T], *args: Any, timeout: float) -> T:
        """What `function(*args)` returns, run in a worker within `timeout` seconds (waiting for a free worker not counted).

        `function` must be importable by name, and not from the main script; arguments and result must be picklable.
        Exceptions of the function arrive as they are.
        Raises WorkerTimeout, WorkerDied or WorkerOutOfMemory when the process could not finish; RuntimeError after `stop`.
        """
        slot = await self._idle.get()
        try:
            if self._stopped:
                raise RuntimeError("the workers have been stopped")
            packed = await self._run(slot, _Task(function, args, self._result_limit), timeout)
        finally:
            self._idle.put_nowait(slot)
        return _unpack(packed)  # type: ignore[no-any-return]

    async def _run(self, slot: _Slot, task: _Task, timeout: float) -> bytes:
        """The packed answer of one task. A worker found dead before it took the task is replaced without a word, once."""
        for attempt in (1, 2):
            try:
                async with asyncio.timeout(START_ALLOWANCE):
                    future = await slot.submit(task)
            except TimeoutError as error:
                slot.discard()
                raise WorkerDied(f"no worker came up within {START_ALLOWANCE:g} s") from error
            try:
                packed = await _answer(slot, future, timeout)
            except TimeoutError as error:
                slot.discard()
                raise WorkerTimeout(f"not finished after {timeout:g} s") from error
            except asyncio.CancelledError as error:
                slot.discard()
                task_itself = asyncio.current_task()
                if self._stopped and task_itself is not None and not task_itself.cancelling():
                    raise WorkerDied("the workers were stopped") from error
                raise
            except BrokenProcessPool as error:
                slot.discard()
                if attempt == 1 and not future.running():
                    continue
                raise WorkerDied("the worker process was lost") from error
            except pebble.ProcessExpired as error:
                slot.discard()
                raise WorkerDied(f"the worker process ended with {_exit_words(error.exitcode)}") from error
            except MemoryError as error:
                slot.discard()
                raise WorkerOutOfMemory("the worker's memory limit was reached") from error
            slot.ready = True
            if packed[:1] == _MEMORY:
                slot.discard()  # a process that ran out once is fragmented and would fail sooner the next time
                raise WorkerOutOfMemory("the worker's memory limit was reached")
            return packed
        raise AssertionError("unreachable")

    async def stop(self, wait: bool = True) -> None:
        """Ends the workers. With `wait`, work in hand is finished first; without, it fails with WorkerDied. May be repeated."""
        if wait and not self._stopped:
            self._stopped = True
            for _ in self._slots:
                await self._idle.get()
            for slot in self._slots:
                self._idle.put_nowait(slot)  # callers that still wait wake up and are told
        self._stopped = True
        closers = [thread for slot in self._slots if (thread := slot.discard()) is not None]
        for thread in closers:
            await asyncio.to_thread(thread.join)


async def _answer(slot: _Slot, future: concurrent.futures.Future[bytes], timeout: float) -> bytes:
    """What the worker answers. Raises TimeoutError when the time is over, BrokenProcessPool when nobody is left to answer.

    The clock is monotonic (pebble's own limit reads the wall clock, which may be set) and starts when the work does.
    """
    waiting = asyncio.wrap_future(future)
    now = asyncio.get_running_loop().time
    started = slot.ready
    deadline = now() + (timeout if started else START_ALLOWANCE)
    while not waiting.done():
        if not started and future.running():
            started, deadline = True, now() + timeout
        if now() >= deadline:
            if started:
                raise TimeoutError
            raise BrokenProcessPool("no worker came up")
        if not future.done() and not slot.is_alive:
            # The worker died idle, and pebble gave its pool up just before it was handed this task: it will never be done
            raise BrokenProcessPool("the pool is broken")
        await asyncio.wait({waiting}, timeout=min(deadline - now(), 0.5 if started else 0.005))
    return waiting.result()


class _PoolMaker:
    """Makes pebble pools of one worker, so that a pipe or lock spoilt by a dying process is shared with nobody."""

    def __init__(self, context: Any, memory_bytes: int, tasks_per_worker: int, initializer: Callable[[], object] | None):
        self._context = context
        self._arguments = (memory_bytes, initializer)
        self._tasks = tasks_per_worker

    def __call__(self) -> pebble.ProcessPool:
        return pebble.ProcessPool(
            max_workers=1, max_tasks=self._tasks, initializer=_prepare_worker, initargs=self._arguments, context=self._context
        )


class _Slot:
    """Place of one worker: the pool that runs it, made when first needed and again after it was discarded."""

    def __init__(self, make: _PoolMaker):
        self._make = make
        self._pool: pebble.ProcessPool | None = None
        self._future: concurrent.futures.Future[bytes] | None = None
        self.ready = False  # it has answered, so that the next task starts at once

    async def submit(self, task: _Task) -> concurrent.futures.Future[bytes]:
        """Hands the task to the worker. Off the loop while the worker has yet to be made, which waits for the fork server."""
        if self._pool is not None:
            try:
                self._future = self._pool.schedule(task)
                return self._future
            except RuntimeError:  # its worker died while idle
                self.discard()
        pool = self._pool = self._make()
        self._future = await asyncio.to_thread(pool.schedule, task)
        return self._future

    @property
    def is_alive(self) -> bool:
        """Whether the pool still looks after its worker."""
        return self._pool is not None and bool(self._pool.active)

    def pids(self) -> tuple[int, ...]:
        """The id of the worker process, if there is one."""
        return tuple(self._pool._pool_manager.worker_manager.workers) if self._pool is not None else ()

    def discard(self) -> threading.Thread | None:
        """Kills the worker and forgets its pool. The thread returned ends when the process is gone."""
        pool, self._pool, self.ready = self._pool, None, False
        if self._future is not None:
            self._future.cancel()
        if pool is None:
            return None
        thread = threading.Thread(target=_end_pool, args=(pool,), name="worker-end", daemon=True)
        thread.start()
        return thread


def _end_pool(pool: pebble.ProcessPool) -> None:
    """Kills the pool's worker and waits until it is gone.

    In this order: a pool that runs would replace the worker, and a worker that is just starting when the pool's locks are removed
    fails with a traceback on the daemon's error output.
    """
    pool.stop()  # type: ignore[no-untyped-call]
    if pool._pool_manager_loop is not None:
        pool._pool_manager_loop.join()
    for worker in tuple(pool._pool_manager.worker_manager.workers.values()):
        worker.kill()
        worker.join(1)
    pool.join()


class _Task:
    """What travels to the worker: calls the function there and packs result or exception into bytes."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], limit: int):
        self.function = function
        self.args = args
        self.limit = limit

    def __call__(self) -> bytes:
        try:
            packed = _RESULT + pickle.dumps(self.function(*self.args), pickle.HIGHEST_PROTOCOL)
        except MemoryError:
            return _MEMORY
        except Exception as error:
            return _ERROR + _packed_error(error)
        if len(packed) > self.limit:
            return _ERROR + _packed_error(WorkerDied(f"the result has {len(packed)} bytes, more than the {self.limit} allowed"))
        return packed


_RESULT, _ERROR, _MEMORY = b"r", b"e", b"m"


def _packed_error(error: Exception) -> bytes:
    """The exception as bytes: class, arguments and attributes apart, as pickle alone calls a constructor it cannot know."""
    trace = "".join(traceback.format_exception(error))[-20_000:]
    try:
        return pickle.dumps((type(error), error.args, error.__dict__, trace), pickle.HIGHEST_PROTOCOL)
    except Exception:
        return pickle.dumps((WorkerDied, (f"{type(error).__name__}: {error}"[:2_000],), {}, trace), pickle.HIGHEST_PROTOCOL)


def _unpack(packed: bytes) -> Any:
    value = pickle.loads(memoryview(packed)[1:])  # noqa: S301  packed by our own worker a moment ago
    if packed[:1] == _RESULT:
        return value
    kind, args, attributes, trace = value
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(attributes)
    error.add_note("In the worker:\n" + trace)
    raise error


def _exit_words(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"


def _prepare_worker(memory_bytes: int, initializer: Callable[[], object] | None) -> None:
    """Run in every new worker before its first task."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Every worker is handed the daemon's end of the fork server's pipe. A hung worker would so keep the fork server, and
    # itself, alive after the daemon was killed
    alive = forkserver._forkserver._forkserver_alive_fd  # type: ignore[attr-defined]
    if alive is not None:
        os.close(alive)
        forkserver._forkserver._forkserver_alive_fd = None  # type: ignore[attr-defined]
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent or parent == 1:  # it died before the kernel was told
            os._exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, hard))
    if initializer is not None:
        initializer()
