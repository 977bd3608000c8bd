"""Who holds a lease: processes by host and number, and whether one of them is gone."""

from __future__ import annotations

import os
import socket
import uuid
from typing import Protocol

_OURS: set[str] = set()


class Leases(Protocol):
    """What knows of leases: the store."""

    def lease_owners(self) -> set[str]: ...

    def take_over(self, owner: str) -> int: ...


def owner_name() -> str:
    """A name for the leases of this process, unlike that of any other."""
    name = f"{socket.gethostname()[:32]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    remember(name)
    return name


def remember(name: str) -> None:
    """Count a name among those of this process."""
    _OURS.add(name)


def is_dead(owner: str) -> bool:
    """Whether the process named in a lease ran on this host and is gone. One of another host is given its lease's time.

    A name with our own number that we do not go by is an earlier process that had it (in a container, always 1).
    """
    host, _, rest = owner.partition(":")
    number = rest.partition(":")[0]
    if host != socket.gethostname()[:32] or not number.isdigit():
        return False
    if int(number) == os.getpid():
        return owner not in _OURS
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def free_the_dead(store: Leases) -> int:
    """Free what processes held that were killed, so that a restart need not wait for their leases to end. Returns how much that was."""
    return sum(store.take_over(owner) for owner in store.lease_owners() if is_dead(owner))
