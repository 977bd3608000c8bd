"""Counting durable steps (a commit, a reply read from a mail server, a file renamed), so that tests can crash at each of them."""

from __future__ import annotations

import os
import signal
import threading

_lock = threading.Lock()
_count = 0
_crash_at = int(os.environ.get("VIGIE_CRASH_AT") or 0)


def step(name: str) -> None:
    """Say that a durable step named `name` comes next or was just made.

    With VIGIE_CRASH_AT=n in the environment the process is killed (SIGKILL) at its n-th step; with VIGIE_CRASH_LOG set, every
    step is first noted in that file. Otherwise this does nothing.
    """
    if not _crash_at:
        return
    global _count
    with _lock:
        _count += 1
        log = os.environ.get("VIGIE_CRASH_LOG")
        if log:
            with open(log, "a", encoding="utf-8") as file:
                file.write(f"{_count} {name}\n")
        if _count == _crash_at:
            os.kill(os.getpid(), signal.SIGKILL)
