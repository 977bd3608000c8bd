"""A clock that is wrong, jumps or stands still: nothing is lost, nothing is sent twice, nobody is asked too often."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from torture.catalogue import HEALTHY
from torture.run import Run, configure, order, vigie
from torture.web import Web

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ROWS = HEALTHY[:3]
START = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with Web([row.id for row in ROWS]).running() as web:
        configure(tmp_path, web, ROWS)
        yield Run(web, tmp_path)


def at(run: Run, *moments: datetime) -> list[dict[str, Any]]:
    """Passes over what is due at these moments, in one process."""
    with vigie(run.folder) as process:
        assert process.stdout is not None and process.stdout.readline(), run.log[-2000:]
        return [order(process, do="pass", at=moment.isoformat(), feeds=None) for moment in moments]


def polls(passes: list[dict[str, Any]]) -> list[int]:
    """How many feeds were asked in each pass."""
    return [len(told["polled"]) for told in passes]


def asked(run: Run, query: str) -> list[Any]:
    with run.reading() as connection:
        return connection.execute(query).fetchall()


def digests(run: Run) -> list[tuple[str]]:
    return asked(run, "SELECT local_date FROM v_digests ORDER BY id")


def nothing_twice(run: Run) -> None:
    assert asked(run, "SELECT count(*), count(DISTINCT url), count(outcome) FROM v_entries") == [(9, 9, 9)]


def test_at_a_clock_of_1970_nothing_is_asked_seen_or_sent(run: Run) -> None:
    assert polls(at(run, datetime(1970, 1, 1, 0, 1, tzinfo=UTC), START)) == [0, 3]
    assert asked(run, "SELECT min(first_seen_at) > '2025' FROM v_entries") == [(1,)]
    assert run.web.hits["/T00"] == 3


def test_a_clock_set_back_sends_nothing_again_and_does_not_stop_the_polling(run: Run) -> None:
    passes = at(run, START, START + DAY, START + 23 * HOUR, START, START - DAY, START + DAY + HOUR, START + 2 * DAY)
    # Those that the later clock had polled are asked at once, as their next poll would lie too far ahead
    assert polls(passes)[:2] == [3, 3] and all(count == 3 for count in polls(passes)[2:5])
    assert len(digests(run)) == len(set(digests(run))) == 2
    nothing_twice(run)


def test_a_clock_a_day_ahead_and_back_makes_at_most_one_early_digest_and_loses_none(run: Run) -> None:
    at(run, START, START + DAY, START + HOUR, START + 2 * HOUR, START + 25 * HOUR, START + 2 * DAY)
    days = digests(run)
    assert days == sorted(set(days)) and len(days) == 2
    nothing_twice(run)


@pytest.mark.torture
def test_a_clock_years_ahead_and_back_holds_nothing_up(run: Run) -> None:
    passes = at(run, START, START + 3650 * DAY, START + HOUR, START + 2 * HOUR + 15 * HOUR)
    assert polls(passes) == [3, 3, 3, 3]
    nothing_twice(run)


def test_after_a_suspension_each_feed_is_asked_once(run: Run) -> None:
    assert polls(at(run, START, START + 8 * HOUR, START + 8 * HOUR + timedelta(seconds=30))) == [3, 3, 0]
    assert run.web.hits["/T00"] == 6


@pytest.mark.torture
def test_restarts_ask_no_feed_more_often(run: Run) -> None:
    """Each start is a new reading of the store; a process for each would only cost time."""
    moments = [START + n * timedelta(seconds=12) for n in range(3)]
    counts = [polls(at(run, moment)) for moment in moments]
    assert counts == [[3], [0], [0]]
    assert run.web.hits["/T00"] == 3
