"""What processes cost, read from /proc: processor time of a whole family, highest memory of each member. Linux only."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """The children of a process, their children, and so on."""
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        try:
            tasks = os.listdir(f"/proc/{parent}/task")
        except OSError:
            continue
        for task in tasks:
            try:
                children = [int(child) for child in Path(f"/proc/{parent}/task/{task}/children").read_text().split()]
            except OSError:
                continue
            found += children
            todo += children
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, its descendants, and of those descendants that have ended and were waited for."""
    total = 0
    for member in [pid, *descendants(pid)]:
        try:
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return total / _TICKS


def peak_mb(pid: int | str = "self") -> float:
    """The most memory (resident, shared pages included) a process has had so far, in MB of 10^6 bytes; 0.0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1.024 / 1000 for line in status.splitlines() if line.startswith("VmHWM:")), 0.0)


@dataclass
class Watch:
    """Looks at a process and its descendants ten times a second, from outside, until told to stop."""

    pid: int
    main_mb: float = 0.0
    worker_mb: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self.main_mb = max(self.main_mb, peak_mb(self.pid))
            self.worker_mb = max([self.worker_mb, *map(peak_mb, descendants(self.pid))])

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
