"""The catalogue at full width: through the command line, beside many healthy feeds, with few descriptors, and twice alike."""

from __future__ import annotations

import contextlib
import resource
import signal
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from torture.catalogue import QUICK, ROWS, TIMEOUT, Row
from torture.judging import LIMIT_MB
from torture.run import ENVIRONMENT, Run, configure, order, run_all, vigie
from torture.test_crash import VIGIE, is_quiet, rows, wait_for
from torture.web import Web

pytestmark = [pytest.mark.torture, pytest.mark.timeout(1500)]


def peak_mb(process: subprocess.Popen[Any]) -> int:
    """The largest resident size of a process so far, in MB; 0 when it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) // 1024
    return 0


def test_the_whole_catalogue_five_times_through_the_command_line(tmp_path: Path) -> None:
    """L10: 170 subscriptions, five polls, in ten minutes and 300 MB, each poll a process of its own."""
    chosen = [row for row in ROWS if row.id != "F17"]
    with Web([row.id for row in chosen]).running() as web:
        configure(tmp_path, web, chosen)
        run, started, peaks = Run(web, tmp_path), time.monotonic(), [0]
        for _ in range(5):
            with (tmp_path / "log").open("ab") as log:
                process = subprocess.Popen([*VIGIE, "poll", "--all"], cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=log)
                watching = threading.Thread(target=lambda process=process: watch(process, peaks))
                watching.start()
                printed, _ = process.communicate(timeout=300)
                watching.join()
            assert process.returncode == 0
        seconds = time.monotonic() - started
        assert seconds < 600
        assert peaks[0] < LIMIT_MB
        assert "Traceback" not in run.log and b"\x1b" not in printed
        assert web.canary.hits == 0
        assert rows(run, "PRAGMA integrity_check") == [("ok",)]
        assert rows(run, "SELECT count(*) - count(DISTINCT url) FROM entries WHERE url IS NOT NULL") == [(0,)]
        assert rows(run, "SELECT count(*) FROM polls WHERE error_kind = 'Bug'") == [(0,)]


def watch(process: subprocess.Popen[Any], peaks: list[int]) -> None:
    """Keep the largest size of a process until it ends."""
    while process.poll() is None:
        peaks[0] = max(peaks[0], peak_mb(process))
        time.sleep(0.1)


def test_a_dozen_feeds_that_hang_do_not_hold_up_a_hundred_that_answer(tmp_path: Path) -> None:
    """I8: one in nine uses its whole time at every poll; of the others 99 in 100 are through in two deadlines."""
    healthy = [Row(f"Q{n:02}", "healthy", (), path="/T00") for n in range(1, 100)]
    hanging = [Row(f"W{n:02}", "hangs", (), path=f"/T0{1 + n % 3}") for n in range(12)]
    mixed = [row for n in range(99) for row in ([healthy[n], hanging[n // 9]] if n % 9 == 0 and n // 9 < 12 else [healthy[n]])]
    with Web([row.id for row in mixed]).running() as web:
        configure(tmp_path, web, mixed)
        start = datetime.now(UTC)
        with vigie(tmp_path) as process:
            assert process.stdout is not None and process.stdout.readline()
            for number in range(3):
                feeds = [web.at(row.id, row.address) for row in mixed]
                told = order(process, do="pass", at=(start + number * timedelta(minutes=30)).isoformat(), feeds=feeds)
                late = sorted(told["polled"][web.at(row.id, row.address)] for row in healthy)
                assert late[97] < 2 * TIMEOUT, late[-5:]
                assert told["peak_mb"] < LIMIT_MB


def test_with_few_descriptors_there_are_fewer_connections_and_no_loss(tmp_path: Path) -> None:
    """O09."""
    chosen = [row for row in QUICK if row.id[0] in "FCQ" and not row.more and row.id != "F30"]
    with Web([row.id for row in chosen]).running() as web:
        configure(tmp_path, web, chosen)
        run = Run(web, tmp_path)
        with (tmp_path / "log").open("ab") as log:
            process = subprocess.Popen(
                [*VIGIE, "run"],
                cwd=tmp_path,
                env=ENVIRONMENT,
                stderr=log,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
            )
            try:
                wait_for(lambda: is_quiet(run), 120)
                process.send_signal(signal.SIGTERM)
                assert process.wait(20) == 0
            finally:
                process.kill()
                process.wait()
        assert "Too many open files" not in run.log and "Traceback" not in run.log
        assert rows(run, "SELECT count(*) FROM feeds WHERE failures > 0") == [(0,)]


# Which of two reports that are read at the same time brings the meeting is for the network to say
EXPORTED = (
    "SELECT outlet, url, title, replace(outcome, 'known-', 'new-'), reason FROM v_entries ORDER BY 1, 2, 3, 4, 5",
    """SELECT outlet, url, title, language, replace(outcome, 'known-', 'new-'), flagged, score, words, version, partial
       FROM v_articles ORDER BY 1, 2, 3""",
    "SELECT status, date_precision, city, country, mode, categories, topics, headline, score, articles FROM v_meetings ORDER BY 8, 9, 10",
    "SELECT outlet, failures, last_error, entries, silent FROM v_feeds ORDER BY 1, 2, 3, 4",
)


def test_the_same_input_gives_the_same_store(tmp_path: Path) -> None:
    """I14, as far as two runs at different times of one day can be compared."""
    # What hangs or counts requests is told in times and numbers of its own
    chosen = [row for row in QUICK if row.id[0] in "XFCPS" and row.id not in ("S14", "S16", "X08", "F30", "P24", "F24")]
    exports = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        with Web([row.id for row in chosen]).running() as web:
            run = run_all(web, tmp_path / name, chosen)
            exports.append([str(row).replace(f":{web.port}", "") for query in EXPORTED for row in rows(run, query)])
    for one, other in zip(*exports, strict=True):
        assert one == other


def test_it_stays_flat_over_three_days_of_polls(tmp_path: Path) -> None:
    """I7: after the first day the main process grows no more, and neither do its descriptors and threads."""
    ids = ("T00", "T04", "T09", "T12", "T15", "T28", "F01", "F13", "F14", "F20", "X15", "C01", "P01", "H05", "S01")
    chosen = [row for row in QUICK if row.id in ids]
    with Web([row.id for row in chosen]).running() as web:
        configure(tmp_path, web, chosen)
        run, start = Run(web, tmp_path), datetime.now(UTC)
        feeds = [web.at(row.id, row.address) for row in chosen]
        with vigie(tmp_path) as process:
            assert process.stdout is not None and process.stdout.readline()
            sizes = []
            for number in range(3 * 48):
                order(process, do="pass", at=(start + number * timedelta(minutes=30)).isoformat(), feeds=feeds)
                sizes.append((resident_mb(process.pid), descriptors(process.pid), threads(process.pid)))
            assert peak_mb(process) < LIMIT_MB
        (first, files, spun), (last, files_later, spun_later) = sizes[48], sizes[-1]
        assert last - first <= 20, [size[0] for size in sizes[::12]]
        assert files_later - files <= 5 and spun_later - spun <= 3
        assert "Traceback" not in run.log


def resident_mb(pid: int) -> int:
    """The present resident size in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() // 2**20


def descriptors(pid: int) -> int:
    """How many files and sockets a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def threads(pid: int) -> int:
    """How many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
