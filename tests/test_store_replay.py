"""Reading stored articles again: what would be gained, lost, changed, and only then done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from storing import article_with, telling

from monitor.store import SqlStore, open_store
from pipelines.records import Reading
from pipelines.store import MeetingFilter, keep

NOW = datetime(2025, 9, 12, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(str(tmp_path / "store.sqlite"))
    yield opened
    opened.close()


READINGS = [
    article_with(telling("hammouchi", "berthon", day="2025-09-11"), outlet="Le360"),
    article_with(telling("hammouchi", "pardo", day="2025-01-28"), outlet="Walaw"),
    article_with(outlet="Hespress", text="Une rencontre que les règles d'hier n'ont pas vue."),
    article_with(telling("laftit", "marlaska", day="2025-02-10"), outlet="EFE"),
]


def today(number: int) -> Reading:
    """What today's rules find in the articles above: one unchanged, one other day, one more, one less."""
    reading = READINGS[number - 1]
    reports: dict[int, Any] = {
        1: (telling("hammouchi", "berthon", day="2025-09-11"),),
        2: (telling("hammouchi", "pardo", day="2025-01-29"),),
        3: (telling("hammouchi", "lerner", day="2025-09-10"),),
        4: (),
    }
    found = replace(reading.detection, reports=reports[number], flag=bool(reports[number]))
    return replace(reading, detection=found)


def everything(store: SqlStore) -> list[Any]:
    tables = ("articles", "meetings", "meeting_participants", "reports", "report_keys", "evidence", "article_prints", "meeting_changes")
    return [store.run_sql(f"SELECT * FROM {table} ORDER BY 1, 2", 10_000) for table in tables]


def headlines(meetings: Any) -> list[str]:
    return [meeting["headline"] for meeting in meetings]


def test_stored_articles_come_back_with_their_words(store: SqlStore) -> None:
    for reading in READINGS:
        keep(reading, store, NOW)
    stored = list(store.stored_articles())
    assert [(a.title, a.text, a.outlet, a.published) for a in stored] == [
        (r.article.title, r.article.text, r.outlet, r.article.published) for r in READINGS
    ]
    assert list(store.stored_articles(since=datetime(2026, 1, 1, tzinfo=UTC))) == []


def test_a_trial_tells_what_would_change_and_changes_nothing(store: SqlStore) -> None:
    for reading in READINGS:
        keep(reading, store, NOW)
    before = everything(store)
    done = store.replay([(number, today(number)) for number in range(1, 5)])
    assert (done.articles, done.applied) == (4, False)
    assert headlines(done.gained) == ["Abdellatif Hammouchi reçoit Nicolas Lerner à Rabat"]
    assert headlines(done.lost) == ["Abdelouafi Laftit reçoit Fernando Grande-Marlaska à Rabat"]
    assert [(str(a["first_day"]), str(b["first_day"])) for a, b in done.changed] == [("2025-01-28", "2025-01-29")]
    assert everything(store) == before


def test_applied_it_is_done_and_a_second_time_finds_nothing(store: SqlStore) -> None:
    for reading in READINGS:
        keep(reading, store, NOW)
    trial = store.replay([(number, today(number)) for number in range(1, 5)])
    done = store.replay([(number, today(number)) for number in range(1, 5)], apply=True)
    assert (headlines(done.gained), headlines(done.lost), done.applied) == (headlines(trial.gained), headlines(trial.lost), True)
    assert len(store.meetings(MeetingFilter())) == 3
    outcomes = [outcome for (outcome,) in store.run_sql("SELECT outcome FROM articles ORDER BY id")[1]]
    assert outcomes == ["new-meeting", "new-meeting", "new-meeting", "no-meeting"]
    again = store.replay([(number, today(number)) for number in range(1, 5)], apply=True)
    assert (again.gained, again.lost, again.changed) == ((), (), ())


def test_a_meeting_gained_by_replay_bears_the_time_its_article_was_read(store: SqlStore) -> None:
    for reading in READINGS:
        keep(reading, store, NOW)
    store.replay([(3, today(3))], apply=True)
    rows = store.run_sql("SELECT news_at FROM v_meetings WHERE headline LIKE '%Lerner%'")[1]
    assert rows == [("2025-09-12T09:00:00.000000Z",)]


def test_a_replay_that_fails_changes_nothing(store: SqlStore) -> None:
    for reading in READINGS:
        keep(reading, store, NOW)
    before = everything(store)

    def readings() -> Iterator[tuple[int, Reading]]:
        yield 2, today(2)
        raise RuntimeError("a bug in a rule")

    with pytest.raises(RuntimeError):
        store.replay(readings(), apply=True)
    assert everything(store) == before
