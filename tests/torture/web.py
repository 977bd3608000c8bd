"""The far end: the hostile server on one address for each row, so that what one host asks for does not touch another.

Everything that must never be reached, 127.0.0.1 and 127.0.0.2 and ::1 on the same port, is a canary.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator

from hostile.server import Ask, Canary, HostileServer

NETWORKS = tuple(f"127.{n}.0.0/16" for n in range(1, 7))
_LETTERS = "THRSXFCPQW"


def address_of(row: str) -> str:
    """The loopback address of a row: "T01" lives at 127.1.0.1, "H03" at 127.1.1.3, its variant "H03b" at 127.2.1.3."""
    variant = "abcdef".index(row[3:4] or "a")
    return f"127.{1 + variant}.{_LETTERS.index(row[0])}.{int(row[1:3])}"


class _WideCanary(Canary):
    async def start(self, port: int) -> None:
        await super().start(port)
        self._servers.append(await asyncio.start_server(self._count, "127.0.0.1", port))


class Web(HostileServer):
    """A hostile server that listens on the address of every row it is told of."""

    def __init__(self, rows: Iterable[str]):
        super().__init__(host=address_of("Q00"))
        self.canary = _WideCanary()
        self._addresses = sorted({address_of(row) for row in rows})
        self._listeners: list[asyncio.Server] = []
        from torture import content, documents, pages

        for faults in (documents.FAULTS, content.FAULTS, pages.FAULTS):
            for path, handler in faults.items():
                self.route(f"/{path}", handler)

    def at(self, row: str, path: str | None = None) -> str:
        """The address of a row's feed, or of a path on its host."""
        return f"http://{address_of(row)}:{self.port}{path or '/' + row[:3]}"

    def asked_at(self, row: str, path: str | None = None) -> list[Ask]:
        """The requests for a path on a row's host, in order; without a path all of them but for robots.txt."""
        host = f"{address_of(row)}:{self.port}"
        return [a for a in self.asks if a.host == host and (a.path == path if path else a.path != "/robots.txt")]

    async def __aenter__(self) -> Web:
        for _ in range(20):  # the port must be free on every address, and others use ports of 127.0.0.1
            try:
                await super().__aenter__()
                for address in self._addresses:
                    self._listeners.append(await asyncio.start_server(self._serve, address, self.port, limit=1 << 20, backlog=200))
            except OSError:
                await self.__aexit__()
                self.port, self._listeners = 0, []
                self.canary._servers.clear()
            else:
                return self
        raise RuntimeError("no port is free on all addresses")

    async def __aexit__(self, *error: object) -> None:
        for listener in self._listeners:
            listener.close()
        await super().__aexit__(*error)
        for listener in self._listeners:
            await listener.wait_closed()

    @contextlib.contextmanager
    def running(self) -> Iterator[Web]:
        """The server on a loop and thread of its own."""
        import threading

        loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

        async def run() -> None:
            async with self:
                ready.set()
                await stop.wait()

        thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
        thread.start()
        if not ready.wait(20):
            raise RuntimeError("the hostile web did not start")
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(20)
            loop.close()
