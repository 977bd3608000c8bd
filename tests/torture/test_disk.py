"""A disk that is full, a store that is locked, cut or damaged: said in words, survived, and healed without a hand (D01 to D06, K21)."""

from __future__ import annotations

import contextlib
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from torture.catalogue import ROWS
from torture.run import ENVIRONMENT, Run, configure
from torture.test_crash import SEED, VIGIE, daemon, is_quiet, recover, rows, wait_for
from torture.test_crash import run as run  # the fixture
from torture.web import Web

ROOM = 300_000  # bytes a file may have: the empty store fits, what is found does not


def limit(pid: int, size: int) -> None:
    """Let no file of a running process grow beyond this size, as a full disk would."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def trouble(run: Run) -> list[str]:
    """The log's lines about the store."""
    return [line for line in run.log.splitlines() if " store-trouble " in line]


def make_store(run: Run) -> None:
    """An empty store, as a first start leaves it."""
    from monitor.store import open_store

    run.store.parent.mkdir(exist_ok=True)
    open_store(str(run.store)).close()


def test_a_full_disk_is_said_and_outlived(run: Run) -> None:
    make_store(run)
    with daemon(run.folder) as process:
        limit(process.pid, run.store.stat().st_size + 40_000)
        wait_for(lambda: bool(trouble(run)), 40)
        assert "nothing of this step was stored" in trouble(run)[0]
        assert process.poll() is None
        # What was stored is whole, entries and validators together
        assert rows(run, "PRAGMA integrity_check") == [("ok",)]
        assert rows(
            run, "SELECT count(*) FROM feeds f WHERE etag IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.feed_id = f.id)"
        ) == [(0,)]
        limit(process.pid, resource.RLIM_INFINITY)
        wait_for(lambda: is_quiet(run), 90)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert "Traceback" not in run.log
    recover(run)


def test_a_pass_on_a_full_disk_ends_with_one_line(run: Run) -> None:
    make_store(run)
    size = run.store.stat().st_size + 20_000
    done = subprocess.run(
        [*VIGIE, "poll"],
        cwd=run.folder,
        env=ENVIRONMENT | {"VIGIE_LOG": "quiet"},
        capture_output=True,
        text=True,
        timeout=100,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY)),
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "nothing of this step was stored" in done.stderr.splitlines()[-1]
    done = subprocess.run([*VIGIE, "poll"], cwd=run.folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-500:]
    assert is_quiet(run)
    assert rows(run, "PRAGMA integrity_check") == [("ok",)]


@contextlib.contextmanager
def locked(store: Path) -> Iterator[None]:
    """Another program in the middle of a write."""
    with contextlib.closing(sqlite3.connect(store, isolation_level=None, timeout=30)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("COMMIT")


@pytest.mark.torture
def test_a_store_that_is_locked_for_a_while_is_waited_for(run: Run) -> None:
    make_store(run)
    with daemon(run.folder) as process:
        wait_for(lambda: bool(rows(run, "SELECT 1 FROM polls LIMIT 1")), 40)
        with locked(run.store):
            time.sleep(4)
        wait_for(lambda: is_quiet(run), 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert "store locked" not in run.log and not trouble(run)


@pytest.mark.torture
def test_asked_to_stop_while_the_store_is_locked_it_stops(run: Run) -> None:
    make_store(run)
    with daemon(run.folder) as process:
        wait_for(lambda: bool(rows(run, "SELECT 1 FROM polls LIMIT 1")), 40)
        with locked(run.store):
            time.sleep(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(25) == 0  # 10 s for the units in hand, 3 for giving back the others
    recover(run)


@pytest.mark.torture
def test_a_start_after_the_log_of_the_store_was_removed_needs_no_hand(run: Run) -> None:
    with daemon(run.folder) as process:
        wait_for(lambda: bool(rows(run, "SELECT 1 FROM articles LIMIT 1")), 40)
        process.kill()
        process.wait()
    for tail in ("-wal", "-shm"):
        Path(f"{run.store}{tail}").unlink(missing_ok=True)
    recover(run)


@pytest.mark.parametrize("command", [("run",), ("meetings",)])
def test_a_file_that_is_no_store_is_refused_in_one_line_and_left_as_it_is(run: Run, command: tuple[str, ...]) -> None:
    run.store.parent.mkdir()
    run.store.write_bytes(b"SQLite format 3\0" + b"not really " * 10_000)
    before = run.store.read_bytes()
    done = subprocess.run([*VIGIE, *command], cwd=run.folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "not a database, or a damaged one" in done.stderr
    assert run.store.read_bytes() == before


def cuts(run: Run, folder: Path, times: int) -> None:
    """The store as a power cut leaves it: its log ends anywhere, and at most the last commits are lost."""
    with daemon(run.folder) as process:
        wait_for(lambda: bool(rows(run, "SELECT 1 FROM articles LIMIT 1")), 40)
        process.kill()
        process.wait()
    log = Path(f"{run.store}-wal").read_bytes()
    assert len(log) > 32, "nothing was in the log"
    dice, counts = random.Random(SEED), []
    for length in sorted(dice.randrange(len(log) + 1) for _ in range(times)):
        copy = folder / "cut.sqlite"
        shutil.copy(run.store, copy)
        Path(f"{copy}-wal").write_bytes(log[:length])
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            has_tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'polls'").fetchone()[0]
            counts.append(connection.execute("SELECT count(*) FROM polls").fetchone()[0] if has_tables else 0)
        for tail in ("", "-wal", "-shm"):
            Path(f"{copy}{tail}").unlink(missing_ok=True)
    assert counts == sorted(counts), "a longer log held less"


def test_a_power_cut_loses_the_last_commits_at_most(run: Run, tmp_path: Path) -> None:
    cuts(run, tmp_path, 6)


@pytest.mark.torture
@pytest.mark.timeout(300)
def test_a_power_cut_at_any_byte_loses_the_last_commits_at_most(run: Run, tmp_path: Path) -> None:
    cuts(run, tmp_path, 200)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB, where the machine lets us have one."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.torture
@pytest.mark.timeout(300)
def test_a_disk_that_runs_full_and_one_that_becomes_read_only_are_outlived(small_disk: Path) -> None:
    chosen = [row for row in ROWS if row.id in ("T00", "F20", "F13", "C01", "P01")]
    with Web([row.id for row in chosen]).running() as web:
        configure(small_disk, web, chosen, '[schedule]\npoll_every = "2s"')
        run = Run(web, small_disk)
        with daemon(small_disk) as process:
            wait_for(lambda: is_quiet(run), 60)
            ballast = small_disk / "ballast"
            with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            wait_for(lambda: web.hits["/F20"] > 20, 60)
            assert process.poll() is None
            ballast.unlink()
            subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
            time.sleep(8)
            assert process.poll() is None
            subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
            before = rows(run, "SELECT count(*) FROM polls")
            wait_for(lambda: rows(run, "SELECT count(*) FROM polls") > before, 90)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        assert rows(run, "PRAGMA integrity_check") == [("ok",)]
        assert web.canary.hits == 0
