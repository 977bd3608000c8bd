"""Connections for httpx: to permitted addresses only, a pool per origin, every failure in words.

The address that was checked is the one connected to: there is no second lookup that could answer differently. This is
httpcore's network backend and httpx's transport; `fetch.py` stands above it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
import resource
import ssl
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

from pipelines.addresses import IPAddress, IPNetwork, NetworkProblem, Resolver

MAX_HEAD = 256 * 1024  # bytes of status lines and headers, 1xx answers included; h11 itself stops at 100 kB per answer
_READ_AHEAD = 256 * 1024  # bytes held for a reader before the peer is made to wait
_NEXT_ADDRESS_AFTER = 0.25  # seconds (RFC 8305) before the next address is tried beside the first
_KEEP_ALIVE = 20.0  # seconds an idle connection is kept: longer than the pause between pages, shorter than most servers'


@dataclass(slots=True)
class Exchange:
    """What happened on the wire for one request. The stream writes it, the fetcher reads it."""

    phase: str = "waiting for a connection"
    connected: bool = False  # a new connection was opened for it
    sent: bool = False  # the request went out
    received: int = 0  # bytes of the answer
    head: bytearray | None = field(default_factory=bytearray)  # everything received so far, until `end_of_head`
    head_length: int = 0
    tail: bytes = b""  # last bytes received
    stream: Stream | None = None

    def note(self, stream: Stream, data: bytes) -> None:
        """Count received bytes. Raises NetworkProblem when headers do not end."""
        self.stream = stream
        self.received += len(data)
        self.tail = (self.tail + data[-8:])[-8:]
        if self.head is not None:
            self.head += data
            if not self.head.startswith(b"HTTP/"[: len(self.head)]):
                # Said at once: a server of another kind sends its greeting and waits
                raise NetworkProblem("not an HTTP answer", broken=True)
            if len(self.head) > MAX_HEAD + _READ_AHEAD:
                raise NetworkProblem(f"headers larger than {MAX_HEAD // 1024} kB", broken=True)

    def end_of_head(self) -> None:
        """The final answer's headers are read: remember where they ended. Raises NetworkProblem if they were too long."""
        head, self.head = bytes(self.head or b""), None
        self.head_length = _head_length(head)
        if self.head_length > MAX_HEAD:
            raise NetworkProblem(f"headers larger than {MAX_HEAD // 1024} kB", broken=True)

    def end_of_body(self, length: int | None) -> None:
        """The body is read. A connection that brought more than its Content-Length or last chunk is not used again."""
        if self.stream is None:
            return
        surplus = self.received > self.head_length + length if length is not None else not self.tail.endswith(b"0\r\n\r\n")
        if surplus:
            self.stream.spent = True


LOCATION = "location"  # where an answer's Location header is kept: among its extensions
exchange_in_hand: ContextVar[Exchange | None] = ContextVar("exchange_in_hand", default=None)

_BLANK_LINE = re.compile(rb"\n\r?\n")
_INTERIM = re.compile(rb"HTTP/1\.\d 1\d\d")


def _head_length(head: bytes) -> int:
    """Bytes up to the end of the final answer's headers, 1xx answers before it included."""
    start = 0
    while end := _BLANK_LINE.search(head, start):
        if not _INTERIM.match(head, start):
            return end.end()
        start = end.end()
    return len(head)


class _Reader(asyncio.Protocol):
    """Holds what arrived until it is asked for, and stops the peer when that is too much."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.ended = False
        self.problem: Exception | None = None
        self._held = bytearray()
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > _READ_AHEAD and not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self.ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self.problem = exc
        self._wake()

    def has_news(self) -> bool:
        """Whether an idle connection has bytes or an end waiting: then it cannot be used for another request."""
        return self.ended or bool(self._held)

    async def read(self, limit: int) -> bytes:
        """The next bytes, at most `limit`; b"" at the end. Raises the problem that ended the connection."""
        while not self._held:
            if self.problem is not None:
                raise self.problem
            if self.ended:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        data = bytes(self._held[:limit])
        del self._held[:limit]
        if self._paused and len(self._held) <= _READ_AHEAD // 2 and self.transport is not None and not self.ended:
            self._paused = False
            self.transport.resume_reading()
        return data

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Stream(httpcore.AsyncNetworkStream):
    """One connection. Time limits are the caller's: one total deadline stands above all of them."""

    def __init__(self, reader: _Reader):
        self._reader = reader
        self.spent = False  # True: must not carry another request

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See httpcore. Raises NetworkProblem."""
        try:
            data = await self._reader.read(max_bytes)
        except (OSError, ssl.SSLError) as e:
            raise NetworkProblem(os_words(e)) from e
        exchange = exchange_in_hand.get()
        if exchange is not None and data:
            exchange.note(self, data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See httpcore: a WriteError makes it look for an answer that came before."""
        if not buffer:
            return
        transport = self._reader.transport
        exchange = exchange_in_hand.get()
        if exchange is not None:
            exchange.phase = "waiting for the answer"
            exchange.sent = True
        if transport is None or transport.is_closing():
            raise httpcore.WriteError("connection closed")
        transport.write(buffer)

    async def aclose(self) -> None:
        """Drop the connection at once: a polite TLS farewell would wait for the peer's."""
        if self._reader.transport is not None:
            self._reader.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore. Raises NetworkProblem."""
        exchange = exchange_in_hand.get()
        if exchange is not None:
            exchange.phase = "agreeing on TLS"
        transport = self._reader.transport
        assert transport is not None
        try:
            encrypted = await asyncio.get_running_loop().start_tls(transport, self._reader, ssl_context, server_hostname=server_hostname)
        except (OSError, ssl.SSLError) as e:
            transport.abort()
            raise NetworkProblem(os_words(e) if isinstance(e, ssl.SSLError) else f"TLS: {os_words(e)}") from e
        if encrypted is None:
            raise NetworkProblem("TLS: connection closed during the handshake")
        self._reader.transport = encrypted
        if exchange is not None:
            # What a proxy said to CONNECT is no part of the answer
            exchange.head, exchange.received = bytearray(), 0
        return self

    def get_extra_info(self, info: str) -> Any:
        """See httpcore: "is_readable" on an idle connection means that it has to be closed."""
        if info == "is_readable":
            return self.spent or self._reader.has_news()
        transport = self._reader.transport
        if transport is None:
            return None
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return transport.get_extra_info(names.get(info, info))


class Backend(httpcore.AsyncNetworkBackend):
    """Opens connections to permitted addresses, and to the proxy the user named."""

    def __init__(self, resolver: Resolver, trusted: tuple[str, int] | None = None):
        self._resolver = resolver
        self._trusted = trusted

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore. Raises NetworkProblem or AddressForbidden."""
        exchange = exchange_in_hand.get() or Exchange()
        exchange.phase = "looking up the name"
        through_proxy = (host, port) == self._trusted
        addresses = await self._resolver.permitted(host, port, anywhere=through_proxy)
        exchange.phase = "connecting"
        try:
            reader = await _first_to_accept(addresses, port)
        except OSError as e:
            raise NetworkProblem(("proxy: " if through_proxy else "") + os_words(e)) from e
        exchange.connected = True
        return Stream(reader)

    async def sleep(self, seconds: float) -> None:
        """See httpcore."""
        await asyncio.sleep(seconds)


async def _open(address: IPAddress, port: int) -> _Reader:
    _, protocol = await asyncio.get_running_loop().create_connection(_Reader, str(address), port)
    return protocol


async def _first_to_accept(addresses: Sequence[IPAddress], port: int) -> _Reader:
    """Connect to the address that accepts first; each next one is tried beside the others after a pause or a failure.

    A small form of RFC 8305. Raises the first address's OSError if none accepts.
    """
    if len(addresses) == 1:
        return await _open(addresses[0], port)
    waiting = list(addresses)
    running: set[asyncio.Task[_Reader]] = set()
    problem: OSError | None = None
    winner: _Reader | None = None
    try:
        while winner is None and (waiting or running):
            if waiting:
                running.add(asyncio.create_task(_open(waiting.pop(0), port)))
            done, running = await asyncio.wait(
                running, timeout=_NEXT_ADDRESS_AFTER if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                try:
                    opened = task.result()
                except OSError as e:
                    problem = problem or e
                    continue
                if winner is None:
                    winner = opened
                elif opened.transport is not None:
                    opened.transport.abort()
    finally:
        for task in running:
            task.cancel()
        for late in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(late, _Reader) and late.transport is not None:
                late.transport.abort()
    if winner is None:
        raise problem or OSError("no address")
    return winner


_ERRNO_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection closed",
    errno.ETIMEDOUT: "no answer from the host",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ENETUNREACH: "network unreachable (is this machine online?)",
    errno.EADDRNOTAVAIL: "network unreachable (no address of this kind here)",
    errno.EACCES: "connection not permitted by this machine",
    errno.EPERM: "connection not permitted by this machine",
    errno.EMFILE: "too many open files on this machine",
    errno.ENFILE: "too many open files on this machine",
}
# X509_V_ERR_* of OpenSSL
_CERTIFICATE_WORDS = {
    9: "certificate not valid yet (or the clock here is slow)",
    10: "certificate expired",
    18: "certificate signed by itself",
    19: "certificate signed by an unknown authority",
    20: "certificate signed by an unknown authority, or intermediate certificate missing",
    23: "certificate revoked",
    62: "certificate is for another name",
    64: "certificate is for another address",
}


def os_words(problem: Exception) -> str:
    """A system or TLS error as a few plain words."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"TLS: {_CERTIFICATE_WORDS.get(problem.verify_code, problem.verify_message or 'certificate not accepted')}"
    if isinstance(problem, ssl.SSLError):
        reason = (problem.reason or "handshake failed").replace("_", " ").lower()
        return "TLS: the server does not speak TLS here" if reason in ("wrong version number", "http request") else f"TLS: {reason}"
    if isinstance(problem, OSError):
        if isinstance(problem, ConnectionResetError):
            return "connection reset"
        known = _ERRNO_WORDS.get(problem.errno or 0)
        return known or (problem.strerror or "connection failed").lower()
    return "connection failed"


class Pools(httpx.AsyncBaseTransport):
    """One small pool of connections per origin.

    httpx's single pool is searched for every request: with 100 hosts that is half of a request's processor time (measured).
    """

    def __init__(self, *, per_origin: int, most_pools: int, allowed: Sequence[IPNetwork], proxy: str | None):
        """`per_origin` connections each; beyond `most_pools`, unused pools are closed. ValueError for a proxy that is none."""
        self._per_origin = per_origin
        self._most_pools = most_pools
        self._resolver = Resolver(allowed)
        self._proxy: httpcore.URL | None = None
        trusted = None
        if proxy is not None:
            named = httpx.URL(proxy)
            if named.scheme not in ("http", "https") or not named.host:
                raise ValueError(f"proxy {proxy!r} is not an http:// or https:// address")
            trusted = (named.host, named.port or (443 if named.scheme == "https" else 80))
            self._proxy = httpcore.URL(proxy)
        self._backend = Backend(self._resolver, trusted)
        self._pools: OrderedDict[tuple[bytes, bytes, int | None], _Pool] = OrderedDict()
        self._tls: ssl.SSLContext | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx. Raises NetworkProblem or AddressForbidden only."""
        url = request.url
        if self._proxy is not None:
            # The connection to the proxy says nothing about the target
            await self._resolver.permitted(url.raw_host.decode("ascii"), url.port or 80)
        key = (url.raw_scheme, url.raw_host, url.port)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = self._new_pool(secure=url.scheme == "https")
        self._pools.move_to_end(key)
        pool.users += 1
        try:
            response = await self._send(
                pool,
                httpcore.Request(
                    method=b"GET",
                    url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=None,
                    extensions=request.extensions,
                ),
            )
        except BaseException:
            self._left(pool)
            raise
        # httpx would look at Location before we do, and fail on what we can report better or follow
        location = [value for name, value in response.headers if name.lower() == b"location"][:1]
        headers = [pair for pair in response.headers if pair[0].lower() != b"location"]
        return httpx.Response(
            response.status,
            headers=headers,
            stream=_Leaving(response, self, pool),
            extensions={LOCATION: location[0] if location else b""},
        )

    async def _send(self, pool: _Pool, request: httpcore.Request) -> httpcore.Response:
        """Send the request; a kept connection that turns out to be dead is replaced, because GET may be repeated."""
        while True:
            try:
                with _in_words():
                    return await pool.connections.handle_async_request(request)
            except NetworkProblem:
                exchange = exchange_in_hand.get()
                if exchange is None or exchange.connected or exchange.received or not exchange.sent:
                    raise
                # Each failure takes one dead connection out of the pool, so that a new one is the last try
                exchange.sent = False

    async def aclose(self) -> None:
        """Close every connection."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        pools, self._pools = list(self._pools.values()), OrderedDict()
        for pool in pools:
            await pool.connections.aclose()
        await asyncio.gather(*self._closing)

    def _new_pool(self, *, secure: bool) -> _Pool:
        tls = self._tls_context() if secure or self._proxy is not None else None
        if self._proxy is None:
            connections = httpcore.AsyncConnectionPool(
                ssl_context=tls,
                max_connections=self._per_origin,
                max_keepalive_connections=self._per_origin,
                keepalive_expiry=_KEEP_ALIVE,
                network_backend=self._backend,
            )
        else:
            connections = httpcore.AsyncHTTPProxy(
                proxy_url=self._proxy,
                ssl_context=tls,
                max_connections=self._per_origin,
                max_keepalive_connections=self._per_origin,
                keepalive_expiry=_KEEP_ALIVE,
                network_backend=self._backend,
            )
        return _Pool(connections)

    def _tls_context(self) -> ssl.SSLContext:
        """The one TLS context: making it takes 64 ms (measured). Raises NetworkProblem if the authorities cannot be read."""
        if self._tls is None:
            try:
                # SSL_CERT_FILE and SSL_CERT_DIR name the user's own authorities; no other variable is looked at
                self._tls = httpx.create_ssl_context(trust_env=True)
            except (OSError, ssl.SSLError) as e:
                raise NetworkProblem(f"TLS: the list of trusted authorities cannot be read ({e})") from e
        return self._tls

    def _left(self, pool: _Pool) -> None:
        """A request is done with its pool: close the pools idle longest when there are too many, the others by and by."""
        pool.users -= 1
        pool.idle_since = time.monotonic()
        self._close_idle(_KEEP_ALIVE if len(self._pools) <= self._most_pools else 0.0)
        if self._sweeper is None and self._pools:
            self._sweeper = asyncio.get_running_loop().call_later(_KEEP_ALIVE, self._sweep)

    def _sweep(self) -> None:
        self._sweeper = None
        self._close_idle(_KEEP_ALIVE)
        if self._pools:
            self._sweeper = asyncio.get_running_loop().call_later(_KEEP_ALIVE, self._sweep)

    def _close_idle(self, older_than: float) -> None:
        now = time.monotonic()
        for key, pool in list(self._pools.items()):
            if older_than == 0.0 and len(self._pools) <= self._most_pools:
                return
            if not pool.users and now - pool.idle_since >= older_than:
                del self._pools[key]
                task = asyncio.get_running_loop().create_task(pool.connections.aclose())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)


@dataclass(slots=True, eq=False)
class _Pool:
    connections: httpcore.AsyncConnectionPool
    users: int = 0
    idle_since: float = 0.0


class _Leaving(httpx.AsyncByteStream):
    """An answer's body; tells the pools when it is closed."""

    def __init__(self, response: httpcore.Response, pools: Pools, pool: _Pool):
        self._stream = response.stream
        self._pools = pools
        self._pool: _Pool | None = pool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_words():
            async for piece in self._stream:  # type: ignore[union-attr]
                yield piece

    async def aclose(self) -> None:
        """See httpx."""
        try:
            await self._stream.aclose()  # type: ignore[union-attr]
        finally:
            if self._pool is not None:
                pool, self._pool = self._pool, None
                self._pools._left(pool)


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    """Turns httpcore's exceptions into NetworkProblem."""
    try:
        yield
    except httpcore.ProxyError as e:
        raise NetworkProblem(f"proxy: {_one_line(e)}") from e
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as e:
        raise _protocol_problem(e) from e
    except (httpcore.NetworkError, httpcore.TimeoutException) as e:
        raise NetworkProblem(_one_line(e) or "connection lost") from e


def _protocol_problem(error: Exception) -> NetworkProblem:
    """A protocol error in plain words."""
    text = _one_line(error)
    if "Server disconnected without sending" in text:
        exchange = exchange_in_hand.get()
        begun = exchange is not None and exchange.received
        return NetworkProblem("connection closed in the headers" if begun else "connection closed without an answer")
    if found := re.search(r"received (\d+) bytes, expected (\d+)", text):
        return NetworkProblem(f"answer cut short: {found[1]} of {found[2]} bytes", broken=True)
    words = next((words for mark, words in _PROTOCOL_WORDS.items() if mark in text), f"not a proper HTTP answer: {text}")
    return NetworkProblem(words, broken=True)


def _one_line(error: Exception) -> str:
    """An error's text, printable and short."""
    return "".join(c if c.isprintable() else " " for c in str(error)[:120]).strip()


_PROTOCOL_WORDS = {
    "incomplete chunked read": "answer cut short: the last chunk is missing",
    "illegal status line": "not an HTTP answer",
    "illegal request line": "not an HTTP answer",
    "illegal header line": "damaged headers",
    "Receive buffer too long": "headers too large",
    "illegal chunk header": "damaged answer: invalid chunk size",
    "onflicting Content-Length": "conflicting Content-Length headers",
    "bad Content-Length": "unreadable Content-Length",
}


def possible_connections(wanted: int) -> int:
    """As many connections at a time as the limit of open files leaves room for, half of it being kept for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(2, min(wanted, (soft - 32) // 2))
