"""`vigie run` as a process: a world of loopback outlets, real signals, a real store."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.demo.server import World

VIGIE = [sys.executable, "-c", "from monitor.cli import main; main()"]
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith(("VIGIE_", "NOTIFY_"))}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as answering:
        yield answering


def configure(folder: Path, world: World, *more: str) -> None:
    feeds = "\n".join(
        f"  {{ url = {outlet.feed_url!r}, outlet = {outlet.name!r}, language = {outlet.language!r}, kind = {kind!r} }},".replace("\\'", "'")
        if "'" not in outlet.name
        else f'  {{ url = "{outlet.feed_url}", outlet = "{outlet.name}", language = "{outlet.language}", kind = "{kind}" }},'
        for outlet in world.outlets
        for kind in ["sitemap" if outlet.kind == "sitemap" else "feed"]
    )
    extra = "\n".join(more)
    (folder / "config.toml").write_text(
        f"feeds = [\n{feeds}\n{extra}\n]\n"
        '[fetch]\npause = "0s"\nper_host = 8\nallow_addresses = ["127.0.0.0/8"]\n[[profiles]]\nname = "daily"\n',
        encoding="utf-8",
    )


@contextlib.contextmanager
def running(folder: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    log = (folder / "log").open("a")
    process = subprocess.Popen(
        [*VIGIE, "run", *arguments],
        cwd=folder,
        env=ENVIRONMENT | environment,
        stderr=log,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        log.close()
        if process.poll() is None:
            process.kill()
            process.wait()


def rows(folder: Path, query: str) -> list[tuple]:
    path = folder / "var" / "vigie.sqlite"
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []  # the tables are just being made


def wait_for(reached: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "not reached in time"
        time.sleep(0.1)


def all_read(folder: Path, count: int) -> bool:
    told = rows(folder, "SELECT count(*), count(outcome) FROM entries")
    return bool(told) and told[0][0] == told[0][1] == count


def test_it_reads_everything_and_stops_in_good_order(tmp_path, world):
    configure(tmp_path, world)
    with running(tmp_path) as process:
        wait_for(lambda: all_read(tmp_path, len(world.articles)))
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert re.search(r" info stopped polls=\d+ entries=49 ", log)
    assert " warning " not in log
    assert "Traceback" not in log
    assert rows(tmp_path, "SELECT count(*) FROM feeds WHERE lease_owner IS NOT NULL") == [(0,)]


def test_a_feed_that_fails_is_named_and_the_others_go_on(tmp_path, world):
    configure(
        tmp_path,
        world,
        '  { url = "http://127.0.0.1:9/feed", outlet = "Nobody" },',
        f'  {{ url = "{world.outlets[0].base}{world.articles[0]["path"]}", outlet = "A page" }},',
        '  { url = "http://name.invalid/feed", outlet = "No such name" },',
    )
    with running(tmp_path) as process:
        wait_for(lambda: all_read(tmp_path, len(world.articles)))
        wait_for(lambda: rows(tmp_path, "SELECT count(*) FROM v_feeds WHERE failures > 0") == [(3,)])
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
    errors = dict(rows(tmp_path, "SELECT outlet, last_error FROM v_feeds WHERE failures > 0"))
    assert "refused" in errors["Nobody"]
    assert "HTML page" in errors["A page"]
    assert "DNS" in errors["No such name"]


def test_killed_at_any_time_it_loses_nothing_and_stores_nothing_twice(tmp_path, world):
    configure(tmp_path, world)
    for pause in (1.2, 1.6, 2.0):
        with running(tmp_path) as process:
            time.sleep(pause)
            process.kill()
            process.wait()
    # What was claimed by the killed ones is free at once: their owner is known to be gone, or the lease is taken over
    with running(tmp_path) as process:
        wait_for(lambda: all_read(tmp_path, len(world.articles)), 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    assert rows(tmp_path, "SELECT count(*), count(DISTINCT url) FROM v_articles") == [(len(world.articles),) * 2]
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def test_a_second_daemon_on_the_store_is_refused_and_names_the_first(tmp_path, world):
    configure(tmp_path, world)
    with running(tmp_path) as first:
        wait_for(lambda: (tmp_path / "var" / "vigie.sqlite.lock").exists() and (tmp_path / "var" / "vigie.sqlite.lock").read_text())
        second = subprocess.run([*VIGIE, "run"], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=30)
        assert second.returncode == 1
        assert f"another vigie runs on {tmp_path}/var/vigie.sqlite already (process {first.pid})" in second.stderr
        assert first.poll() is None


def test_a_broken_configuration_is_refused_at_reload_and_the_old_one_stays(tmp_path, world):
    configure(tmp_path, world)
    with running(tmp_path) as process:
        wait_for(lambda: "started" in (tmp_path / "log").read_text())
        good = (tmp_path / "config.toml").read_text()
        (tmp_path / "config.toml").write_text("[nonsense]\n")
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: "reload-refused" in (tmp_path / "log").read_text())
        (tmp_path / "config.toml").write_text(good)
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: " reloaded " in (tmp_path / "log").read_text())
        assert process.poll() is None


def test_it_tells_the_service_manager_that_it_is_ready_and_stopping(tmp_path, world):
    import socket

    configure(tmp_path, world)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        with running(tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify")) as process:
            assert manager.recv(1000) == b"READY=1"
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0
            told = b""
            while b"STOPPING=1" not in told:
                told = manager.recv(1000)


def test_no_process_is_left_when_it_is_killed(tmp_path, world):
    configure(tmp_path, world)
    with running(tmp_path) as process:
        wait_for(lambda: bool(children(process.pid)) and bool(rows(tmp_path, "SELECT 1 FROM articles LIMIT 1")))
        family = descendants(process.pid)
        process.kill()
        process.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), 15)


def children(pid: int) -> list[int]:
    try:
        return [int(n) for task in Path(f"/proc/{pid}/task").iterdir() for n in (task / "children").read_text().split()]
    except OSError:
        return []


def descendants(pid: int) -> list[int]:
    return [one for child in children(pid) for one in [child, *descendants(child)]]


def test_on_a_terminal_it_shows_what_it_is_doing(tmp_path, world):
    configure(tmp_path, world)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execve(sys.executable, [*VIGIE, "run"], ENVIRONMENT | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"})
    shown = b""
    end = time.monotonic() + 40
    asked = False
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            shown += piece
        if not asked and all_read(tmp_path, len(world.articles)):
            time.sleep(1.5)
            os.kill(pid, signal.SIGINT)
            asked = True
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown).decode("utf-8", "replace")
    assert "8 watched" in text
    assert re.search(r"meetings\s+\d+ found since the start", text)
    assert re.search(r"digest\s+\d\d/\d\d \d\d:\d\d", text)
    assert "★" in text
    assert (tmp_path / "var" / "vigie.log").exists()
