"""One run of the catalogue: the hostile web, a process that is Vigie, the passes, and what is in the store afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from torture.catalogue import OFFSETS, PAGE_TIMEOUT, SETTLING, TIMEOUT, Row, Seen, look
from torture.web import NETWORKS, Web

TESTS = Path(__file__).resolve().parents[1]
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith(("VIGIE_", "NOTIFY_"))} | {
    "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"
}


@dataclass
class Run:
    """What a run left behind."""

    web: Web
    folder: Path
    passes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.folder / "var" / "vigie.sqlite"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    @property
    def peak_mb(self) -> int:
        """Largest resident size of the main process."""
        return max(told["peak_mb"] for told in self.passes)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=20)) as connection:
            yield connection

    def seen(self, row: Row) -> Seen:
        with self.reading() as connection:
            return look(connection, self.web, row)


def configure(folder: Path, web: Web, rows: Sequence[Row], *more: str) -> Path:
    """Write a configuration that watches these rows."""
    feeds = [
        f'{{ url = "{web.at(row.id, path)}", outlet = "{row.id}{" bis" * number}", language = "fr", country = "MA"'
        + (", full_text = true }," if row.full_text else " },")
        for row in rows
        for number, path in enumerate((row.address, *row.more))
    ]
    allowed = ", ".join(f'"{network}"' for network in NETWORKS)
    file = folder / "config.toml"
    file.write_text(
        "\n".join(
            (
                "feeds = [",
                *feeds,
                "]",
                f'[fetch]\npause = "0s"\ntimeout = "{TIMEOUT:g}s"\nallow_addresses = [{allowed}]',
                f'[read]\nworkers = 2\npage_timeout = "{PAGE_TIMEOUT:g}s"',
                '[[profiles]]\nname = "daily"\nrecipients = ["reader@example.org"]\nlanguage = "fr"',
                *more,
            )
        ),
        encoding="utf-8",
    )
    return file


@contextlib.contextmanager
def vigie(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that takes orders (`torture.passes`)."""
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "torture.passes", str(folder / "config.toml")],
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()


def order(process: subprocess.Popen[str], **what: Any) -> dict[str, Any]:
    """Tell the process what to do and wait for its answer. Raises AssertionError if it ends instead."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, f"the process ended with {process.wait(10)}"
    return json.loads(line)  # type: ignore[no-any-return]


def run_all(web: Web, folder: Path, rows: Sequence[Row]) -> Run:
    """All passes over these rows, in one process."""
    configure(folder, web, rows)
    run = Run(web, folder)
    start = datetime.now(UTC)
    with vigie(folder) as process:
        assert process.stdout is not None and process.stdout.readline(), f"it did not start: {run.log[-2000:]}"
        moments: list[tuple[timedelta, list[str]]] = [
            (offset, [web.at(row.id, path) for row in rows if number in row.passes for path in (row.address, *row.more)])
            for number, offset in enumerate(OFFSETS)
        ]
        for offset, addresses in [*moments, *((offset, []) for offset in SETTLING)]:
            run.passes.append(order(process, do="pass", at=(start + offset).isoformat(), feeds=addresses))
        assert process.stdin is not None
        process.stdin.write('{"do": "stop"}\n')
        process.stdin.flush()
        assert process.wait(20) == 0
    return run
