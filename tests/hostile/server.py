"""A hostile web server on loopback, written with bare sockets so that it can break every rule.

    async with HostileServer() as server:                 # or `with HostileServer.in_thread() as server:`
        server.route("/X01", handler)                      # more faults: `async def handler(ask: Ask, wire: Wire) -> None`
        ... server.url("/T01") ...
        assert server.hits["/T01"] == 1 and server.canary.hits == 0

`python tests/hostile/server.py [PORT]` runs it until it is interrupted. The rows of transport, status, redirect and
address faults are in `faults.py`; they are routed from the start, each under the path "/" + its id.

The canary listens on 127.0.0.2 (and ::1) on the same port. Nothing may ever connect to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

CANARY_HOST = "127.0.0.2"

Header = tuple[str, str]


@dataclass(frozen=True)
class Ask:
    """One request. `hit` counts requests for this path, `turn` requests on this connection, both from 1."""

    path: str
    query: dict[str, str]
    headers: tuple[Header, ...]
    hit: int
    turn: int
    host: str  # as in the Host header, with port
    at: float  # monotonic

    def header(self, name: str) -> str | None:
        """The value of a header, as latin-1 text; None if it was not sent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Wire:
    """The connection a request came on."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: HostileServer):
        self._reader = reader
        self._writer = writer
        self.server = server
        self.closing = False

    async def send(self, data: bytes) -> None:
        """Write raw bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def answer(
        self,
        body: bytes = b"",
        *,
        status: int = 200,
        headers: Sequence[Header] = (),
        content_type: str | None = "application/rss+xml; charset=utf-8",
        length: int | None = -1,
        close: bool = False,
    ) -> None:
        """Write a whole answer. `length`: -1 the body's own, None no Content-Length (then the connection closes)."""
        lines = [f"HTTP/1.1 {status} Whatever"]
        if content_type is not None:
            lines.append(f"Content-Type: {content_type}")
        lines += [f"{name}: {value}" for name, value in headers]
        if length is not None and status not in (204, 304):
            lines.append(f"Content-Length: {len(body) if length == -1 else length}")
        if close or length is None:
            lines.append("Connection: close")
            self.closing = True
        await self.send(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + body)

    async def redirect(self, location: str, *, status: int = 302, headers: Sequence[Header] = ()) -> None:
        """Send the client elsewhere."""
        await self.answer(status=status, headers=[("Location", location), *headers], content_type=None)

    async def drip(self, data: bytes, *, every: float = 0.2) -> None:
        """Write one byte at a time."""
        for index in range(len(data)):
            await self.send(data[index : index + 1])
            await asyncio.sleep(every)

    async def hang(self) -> None:
        """Say nothing until the client goes away."""
        with contextlib.suppress(ConnectionError):
            while await self._reader.read(65536):
                pass
        self.closing = True

    async def chunk(self, data: bytes) -> None:
        """Write one chunk of a chunked body."""
        await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def close(self) -> None:
        """End the connection after this answer."""
        self.closing = True

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
        self.closing = True


Handler = Callable[[Ask, Wire], Awaitable[None]]


class Canary:
    """A listener that must never be reached."""

    def __init__(self) -> None:
        self.hits = 0
        self._servers: list[asyncio.Server] = []

    async def start(self, port: int) -> None:
        """Listen on every address that the catalogue leads to."""
        for host in (CANARY_HOST, "::1"):
            with contextlib.suppress(OSError):  # no IPv6 here
                self._servers.append(await asyncio.start_server(self._count, host, port))

    async def stop(self) -> None:
        """Stop listening."""
        for server in self._servers:
            server.close()
            await server.wait_closed()

    async def _count(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret")
        writer.close()


@dataclass
class HostileServer:
    """See the module. `hits` counts requests by path, `asks` keeps them, `connections` counts connections."""

    host: str = "127.0.0.1"
    port: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    asks: list[Ask] = field(default_factory=list)
    connections: int = 0
    canary: Canary = field(default_factory=Canary)
    _handlers: dict[str, Handler] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    def __post_init__(self) -> None:
        from hostile.faults import FAULTS

        for name, handler in FAULTS.items():
            self.route(f"/{name}", handler)

    def route(self, path: str, handler: Handler) -> None:
        """Let `handler` answer `path`. A path ending in "/*" covers everything below it."""
        self._handlers[path] = handler

    def page(self, path: str, body: bytes, content_type: str = "text/html; charset=utf-8") -> None:
        """Answer `path` with these bytes."""

        async def handler(ask: Ask, wire: Wire) -> None:
            await wire.answer(body, content_type=content_type)

        self.route(path, handler)

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://{self.host}:{self.port}{path}"

    @property
    def origin(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"

    def asked(self, path: str) -> list[Ask]:
        """All requests for a path, in order."""
        return [ask for ask in self.asks if ask.path == path]

    async def __aenter__(self) -> HostileServer:
        self._server = await asyncio.start_server(self._serve, self.host, self.port, limit=1 << 20, backlog=1000)
        self.port = self._server.sockets[0].getsockname()[1]
        await self.canary.start(self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        await self.canary.stop()

    @classmethod
    @contextlib.contextmanager
    def in_thread(cls, port: int = 0, host: str = "127.0.0.1") -> Iterator[HostileServer]:
        """The server on a loop of its own, for tests without one."""
        server = cls(host=host, port=port)
        ready, stop, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()

        async def run() -> None:
            async with server:
                ready.set()
                await stop.wait()

        thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
        thread.start()
        if not ready.wait(10):
            raise RuntimeError("the hostile server did not start")
        try:
            yield server
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(10)
            loop.close()

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._talk(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer, self)
        turn = 0
        try:
            while not wire.closing:
                head = await reader.readuntil(b"\r\n\r\n")
                turn += 1
                ask = self._note(head, turn)
                await self._handler(ask.path)(ask, wire)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass  # the client went away, as it should
        finally:
            writer.close()

    def _note(self, head: bytes, turn: int) -> Ask:
        first, *lines = head.decode("latin-1").split("\r\n")
        target = first.split(" ")[1]
        path, _, query = target.partition("?")
        headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line))
        self.hits[path] += 1
        host = next((value for name, value in headers if name.lower() == "host"), "")
        ask = Ask(path, dict(parse_qsl(query)), headers, self.hits[path], turn, host, time.monotonic())
        self.asks.append(ask)
        return ask

    def _handler(self, path: str) -> Handler:
        if path in self._handlers:
            return self._handlers[path]
        for prefix, handler in self._handlers.items():
            if prefix.endswith("/*") and path.startswith(prefix[:-1]):
                return handler
        return _missing


async def _missing(ask: Ask, wire: Wire) -> None:
    if ask.path == "/canary":
        # 0.0.0.0 and other spellings of this machine end here
        wire.server.canary.hits += 1
    await wire.answer(b"nothing here", status=404, content_type="text/plain")


def rss(items: Sequence[tuple[str, str]], *, title: str = "Le Fil") -> bytes:
    """An RSS 2.0 feed with these (title, link) items."""
    rows = "".join(
        f"<item><title>{name}</title><link>{link}</link><guid isPermaLink='false'>{name}</guid><description>{name}</description></item>"
        for name, link in items
    )
    return (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{title}</title>"
        f"<link>http://news.example/</link>{rows}</channel></rss>"
    ).encode()


def feed(ask: Ask, count: int = 3) -> bytes:
    """A healthy feed whose items' titles and links are made from the path, so that tests can count them."""
    name = ask.path.strip("/").replace("/", "-")
    return rss([(f"{name} item {n}", f"http://{ask.host}/a/{name}/{n}") for n in range(1, count + 1)])


async def _main(port: int) -> None:
    async with HostileServer(port=port) as server:
        print(server.url("/"), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from hostile.server import _main as main

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
