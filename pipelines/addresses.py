"""Which addresses may be connected to, and what a name's addresses are. Standard library only."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterable, Sequence

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_DNS_SECONDS = 10.0  # glibc asks twice for 5 s each; more name servers than that are not waited for
_DNS_THREADS = 32
_MAX_ADDRESSES = 6  # of one name that are tried

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
    """The host has no address that may be connected to; `permanent` if it never will."""

    def __init__(self, reason: str, *, permanent: bool):
        super().__init__(reason)
        self.permanent = permanent


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

    async def permitted(self, host: str, port: int, *, anywhere: bool = False) -> list[IPAddress]:
        """The addresses of `host` that may be connected to, families alternating; all of them if it may be `anywhere`.

        Raises AddressForbidden if there are only others, NetworkProblem if the name cannot be resolved.
        """
        try:
            found: list[IPAddress] = [ipaddress.ip_address(host)]
            named = False
        except ValueError:
            found = await self._lookup(host, port)
            named = True
        refused = {address: None if anywhere else why_refused(address, self._allowed) for address in found}
        usable = [address for address in found if refused[address] is None]
        if not usable:
            address, word = next(iter(refused.items()))
            shown = f"{host} is {address}" if named else str(address)
            # A name may get another address tomorrow, a number will not
            raise AddressForbidden(f"address not allowed: {shown} ({word})", permanent=not named)
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
