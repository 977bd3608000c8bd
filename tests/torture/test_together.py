"""Several processes on one store: nothing is asked twice, nothing stored twice, nothing sent twice (P5)."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from torture.catalogue import ROWS
from torture.run import ENVIRONMENT, Run, configure
from torture.web import Web

VIGIE = [sys.executable, "-c", "from monitor.cli import main; main()"]
CHOSEN = ("T00", "F03", "F20", "F27", "C01", "C05", "P01", "P21", "Q01", "Q02", "Q03")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    chosen = [row for row in ROWS if row.id in CHOSEN]
    with Web([row.id for row in chosen]).running() as web:
        configure(tmp_path, web, chosen)
        yield Run(web, tmp_path)


def at_once(run: Run, *commands: tuple[str, ...]) -> list[str]:
    """What these commands print, all running at the same time."""
    started = [
        subprocess.Popen([*VIGIE, *command], cwd=run.folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for command in commands
    ]
    printed = [process.communicate(timeout=100)[0] for process in started]
    assert [process.returncode for process in started] == [0] * len(commands), printed
    return printed


def test_processes_that_poll_at_once_share_the_work(run: Run) -> None:
    at_once(run, ("poll",), ("poll",), ("poll",))
    asked = Counter((ask.host, ask.path) for ask in run.web.asks if ask.path != "/robots.txt")
    twice = {key: count for key, count in asked.items() if count > 1}
    assert not twice
    with run.reading() as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT url) FROM entries").fetchone() == (41, 41)
        assert connection.execute("SELECT count(*) FROM entries WHERE outcome IS NULL OR lease_owner IS NOT NULL").fetchone() == (0,)
        assert connection.execute("SELECT count(*), count(DISTINCT feed_id) FROM polls").fetchone() == (13, 13)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.torture
def test_digests_asked_for_at_once_are_one(run: Run) -> None:
    at_once(run, ("poll",))
    at_once(run, *[("digest", "--send")] * 3)
    assert len(list((run.folder / "var" / "digests").glob("*.eml"))) == 1
    with run.reading() as connection:
        assert connection.execute("SELECT count(*), min(mails), min(sent) FROM v_digests").fetchone() == (1, 1, 1)
