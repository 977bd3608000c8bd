"""Connections to permitted addresses only.

A name is resolved here, every address it has is checked, and the checked address is the one connected to: there is no
second lookup that could answer differently. Beneath httpx this is httpcore's network backend.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpcore

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_HEAD = 256 * 1024  # bytes of status lines and headers, 1xx answers included; h11 itself stops at 100 kB per answer
_READ_AHEAD = 256 * 1024  # bytes held for a reader before the peer is made to wait
_DNS_SECONDS = 10.0  # glibc asks twice for 5 s each; more name servers than that are not waited for
_DNS_THREADS = 32
_NEXT_ADDRESS_AFTER = 0.25  # RFC 8305: pause before the next address is tried beside the first
_MAX_ADDRESSES = 6

# IANA special-purpose registries. ipaddress.is_global alone is wrong on Python 3.11 for several of them (multicast, NAT64,
# 6to4, IPv4-compatible), and changes with the version.
_REFUSED_V4 = tuple(
    (ipaddress.IPv4Network(network), word)
    for network, word in (
        ("0.0.0.0/8", "this machine"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "inside a provider's network"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "reserved"),
        ("192.52.193.0/24", "reserved"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")  # the only range handed out for use on the internet
_REFUSED_V6 = tuple(
    (ipaddress.IPv6Network(network), word)
    for network, word in (
        ("::1/128", "loopback"),
        ("::/128", "this machine"),
        ("::/96", "an embedded IPv4 address"),
        ("64:ff9b::/96", "NAT64"),
        ("64:ff9b:1::/48", "NAT64"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
    )
)


class NetworkProblem(Exception):
    """No answer could be had; `reason` says why in words. `broken` if what came is no HTTP."""

    def __init__(self, reason: str, *, broken: bool = False):
        super().__init__(reason)
        self.reason = reason
        self.broken = broken


class AddressForbidden(NetworkProblem):
    """The host has no address that may be connected to."""


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


def networks(texts: Iterable[str]) -> tuple[IPNetwork, ...]:
    """The networks named by `texts` ("127.0.0.1/32", "fd00::/8", "10.0.0.5"). Raises ValueError naming the wrong one."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def why_refused(address: IPAddress, allowed: Sequence[IPNetwork] = ()) -> str | None:
    """Why an address may not be connected to, in a word or two; None if it may. `allowed` networks go before every rule."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        # The kernel connects ::ffff:127.0.0.1 to 127.0.0.1
        address = address.ipv4_mapped
    if any(address.version == network.version and address in network for network in allowed):
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return next((word for network, word in _REFUSED_V4 if address in network), None)
    if address.scope_id is not None:
        return "link-local"
    word = next((word for network, word in _REFUSED_V6 if address in network), None)
    return word or (None if address in _GLOBAL_V6 else "reserved")


class Resolver:
    """Looks names up in threads of its own, so that a hanging name server neither blocks the loop nor the exit."""

    def __init__(self, allowed: Sequence[IPNetwork]):
        self._allowed = tuple(allowed)
        self._threads = asyncio.Semaphore(_DNS_THREADS)

    async def permitted(self, host: str, port: int) -> list[IPAddress]:
        """The addresses of `host` that may be connected to, families alternating. Raises NetworkProblem or AddressForbidden."""
        try:
            found: list[IPAddress] = [ipaddress.ip_address(host.strip("[]"))]
        except ValueError:
            found = await self._lookup(host, port)
        refused = {address: why_refused(address, self._allowed) for address in found}
        usable = [address for address in found if refused[address] is None]
        if not usable:
            address, word = next(iter(refused.items()))
            shown = "" if str(address) == host.strip("[]") else f"{host} is "
            raise AddressForbidden(f"address not allowed: {shown}{address} ({word})")
        return _alternating(usable)[:_MAX_ADDRESSES]

    async def _lookup(self, host: str, port: int) -> list[IPAddress]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[IPAddress]] = loop.create_future()

        def settle(found: list[IPAddress] | None, problem: Exception | None) -> None:
            self._threads.release()
            if answer.done():
                return
            if problem is not None:
                answer.set_exception(problem)
            else:
                answer.set_result(found or [])

        def run() -> None:
            found, problem = None, None
            try:
                infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                # A scope ("fe80::1%eth0") stays in the text, and so in the address that is checked
                found = list(dict.fromkeys(ipaddress.ip_address(info[4][0]) for info in infos))
            except (OSError, UnicodeError, ValueError) as e:
                problem = e
            try:
                loop.call_soon_threadsafe(settle, found, problem)
            except RuntimeError:
                pass  # the loop is closed: nobody waits any more

        await self._threads.acquire()
        threading.Thread(target=run, name=f"dns {host}", daemon=True).start()
        try:
            async with asyncio.timeout(_DNS_SECONDS):
                return await answer
        except TimeoutError as e:
            raise NetworkProblem("DNS: the name server does not answer") from e
        except (OSError, UnicodeError, ValueError) as e:
            raise NetworkProblem(_dns_words(e)) from e


def _alternating(addresses: list[IPAddress]) -> list[IPAddress]:
    """The system's order of preference, but with the families taking turns, so that one broken family costs one pause."""
    first = [a for a in addresses if a.version == addresses[0].version]
    other = [a for a in addresses if a.version != addresses[0].version]
    mixed: list[IPAddress] = []
    for index in range(max(len(first), len(other))):
        mixed += first[index : index + 1] + other[index : index + 1]
    return mixed


def _dns_words(problem: Exception) -> str:
    if isinstance(problem, socket.gaierror):
        if problem.errno == socket.EAI_NONAME:
            return "DNS: name not known"
        if problem.errno == socket.EAI_AGAIN:
            return "DNS: no answer (is this machine online?)"
        if problem.errno == getattr(socket, "EAI_NODATA", None):
            return "DNS: the name has no address"
        return f"DNS: {problem.strerror or 'lookup failed'}".rstrip(".").lower().replace("dns:", "DNS:")
    return "DNS: not a usable name"


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

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """See httpcore. Raises NetworkProblem."""
        try:
            data = await self._reader.read(max_bytes)
        except (OSError, ssl.SSLError) as e:
            raise NetworkProblem(os_words(e)) from e
        exchange = exchange_in_hand.get()
        if exchange is not None and data:
            exchange.note(self, data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
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
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore. Raises NetworkProblem."""
        exchange = exchange_in_hand.get()
        if exchange is not None:
            exchange.phase = "agreeing on TLS"
        transport = self._reader.transport
        assert transport is not None
        try:
            encrypted = await asyncio.get_running_loop().start_tls(
                transport, self._reader, ssl_context, server_hostname=server_hostname
            )
        except (OSError, ssl.SSLError) as e:
            transport.abort()
            raise NetworkProblem(os_words(e) if isinstance(e, ssl.SSLError) else f"TLS: {os_words(e)}") from e
        if encrypted is None:
            raise NetworkProblem("TLS: connection closed during the handshake")
        self._reader.transport = encrypted
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
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore. Raises NetworkProblem or AddressForbidden."""
        exchange = exchange_in_hand.get() or Exchange()
        exchange.phase = "looking up the name"
        if (host, port) == self._trusted:
            addresses = await Resolver(networks(("0.0.0.0/0", "::/0"))).permitted(host, port)
        else:
            addresses = await self._resolver.permitted(host, port)
        exchange.phase = "connecting"
        try:
            reader = await _first_to_accept(addresses, port)
        except OSError as e:
            raise NetworkProblem(os_words(e)) from e
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
        return (
            "TLS: the server does not speak TLS here"
            if reason in ("wrong version number", "http request")
            else f"TLS: {reason}"
        )
    if isinstance(problem, OSError):
        if isinstance(problem, ConnectionResetError):
            return "connection reset"
        known = _ERRNO_WORDS.get(problem.errno or 0)
        return known or (problem.strerror or "connection failed").lower()
    return "connection failed"
