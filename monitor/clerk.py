"""One thread for the store: the event loop never waits for a disk, and one commit serves all that has piled up meanwhile.

Waiting for the disk takes 0.5 to 5 ms a commit (measured on a free and on a busy machine), whatever is in it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

MOST_IN_ONE = 32  # calls in one transaction: some 100 ms of work, so that other processes get their turn at the store


class Clerk:
    """Runs functions on the store in one thread. `exclusive` opens a write transaction that calls inside it join."""

    def __init__(self, exclusive: Callable[[], AbstractContextManager[object]]):
        self._exclusive = exclusive
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._waiting: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def call(self, function: Callable[..., T], *args: Any, **more: Any) -> T:
        """What `function` returns; it opens and ends its own transactions."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(function, *args, **more))

    async def write(self, function: Callable[..., T], *args: Any, **more: Any) -> T:
        """What `function` returns, once it is committed, perhaps together with others.

        It may run twice: when one of those it shares a transaction with fails, each is done again by itself.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((partial(function, *args, **more), future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await future

    async def close(self) -> None:
        """Finish what was asked for, then end the thread. No call may follow."""
        while self._writing is not None and not self._writing.done():
            with contextlib.suppress(Exception):
                await asyncio.shield(self._writing)
        await asyncio.to_thread(self._thread.shutdown, wait=True)

    async def _write(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_IN_ONE))]
            try:
                results = await self.call(self._together, [job for job, _ in batch])
            except BaseException as problem:
                results = [problem] * len(batch)
                if not isinstance(problem, Exception):
                    raise
            finally:
                for (_, future), result in zip(batch, results, strict=True):
                    if future.done():  # who asked does not wait any more
                        continue
                    if isinstance(result, BaseException):
                        future.set_exception(result)
                    else:
                        future.set_result(result)

    def _together(self, jobs: list[Callable[[], Any]]) -> list[Any]:
        """The result of each job, or its exception."""
        if len(jobs) > 1:
            # Whatever went wrong, nothing of it is stored: each alone, so that one does not take the others with it
            with contextlib.suppress(Exception), self._exclusive():
                return [job() for job in jobs]
        return [_outcome(job) for job in jobs]


def _outcome(job: Callable[[], Any]) -> Any:
    try:
        return job()
    except Exception as problem:
        return problem
