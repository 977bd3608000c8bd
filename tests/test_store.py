"""Opening, asking, copying and checking the store, and what it says when something is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from storing import article_with, telling

from monitor.store import (
    QueryRefused,
    SqlStore,
    StoreDamaged,
    StoreError,
    StoreMissing,
    StoreUnwritable,
    durable,
    open_store,
    schema,
)
from monitor.store.database import sqlite_module, sqlite_version
from pipelines.polling import plan
from pipelines.records import Entry, PollResult
from pipelines.store import FeedSpec, MeetingFilter, keep

NOW = datetime(2025, 9, 12, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(str(tmp_path / "store.sqlite"))
    yield opened
    opened.close()


@pytest.fixture
def filled(store: SqlStore) -> SqlStore:
    """Three meetings, one of them announced, and articles without any."""
    readings = [
        article_with(
            telling("hammouchi", "berthon", day="2025-09-11"),
            title="Sûreté : Hammouchi reçoit Berthon",
            text="À Rabat, jeudi, la sécurité intérieure était au menu. " * 8,
        ),
        article_with(
            telling("hammouchi", "pardo", day="2025-01-28", city="Madrid", country="ES"),
            outlet="Walaw",
            published="2025-01-29T10:00:00+00:00",
            title="حموشي في مدريد",
            text="استقبل المدير العام للأمن الوطني نظيره الإسباني في العاصمة.",
        ),
        article_with(
            telling("laftit", "marlaska", day="2025-10-02", status="planned"),
            outlet="Europa Press",
            title="Marlaska viajará a Rabat",
            text="El ministro viajará el jueves.",
        ),
        article_with(outlet="Hespress", title="Le championnat reprend", text="La rencontre de football est reportée à Rabat."),
    ]
    for reading in readings:
        keep(reading, store, NOW)
    return store


# --- opening


def test_a_store_is_made_with_its_directories_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "store.sqlite"
    open_store(str(path)).close()
    store = open_store(f"sqlite:///{path}")
    assert store.schema_version() == schema.HEAD
    assert store.status(NOW).articles == 0
    store.close()


def test_the_settings_that_keep_commits_safe_are_on(store: SqlStore) -> None:
    names = ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
    with store.writing() as connection:
        values = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in names}
    assert values == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 60_000}


def test_the_sqlite_in_use_is_without_the_wal_reset_bug_where_its_wheel_is_installed() -> None:
    pytest.importorskip("pysqlite3")
    assert sqlite_version() >= (3, 51, 3)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda p: p.write_bytes(b"this is a text file, not a database" * 100), StoreDamaged, "not a database"),
        (lambda p: p.mkdir(), StoreUnwritable, "cannot be opened"),
    ],
)
def test_a_file_that_is_no_store_is_named_in_one_sentence(tmp_path: Path, make: object, kind: type[StoreError], words: str) -> None:
    path = tmp_path / "store.sqlite"
    make(path)  # type: ignore[operator]
    with pytest.raises(kind) as error:
        open_store(str(path))
    assert str(path) in str(error.value) and words in str(error.value) and "\n" not in str(error.value)


def test_a_directory_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnwritable, match=r"(?s)file.*set \[store\] url to another place"):
        open_store(str(tmp_path / "file" / "store.sqlite"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreUnwritable):
            open_store(str(tmp_path / "store.sqlite"))
    finally:
        tmp_path.chmod(0o700)


def test_reading_a_store_that_is_not_there_says_so_and_makes_none(tmp_path: Path) -> None:
    for more in ({"read_only": True}, {"create": False}):
        with pytest.raises(StoreMissing, match="there is no store there"):
            open_store(str(tmp_path / "store.sqlite"), **more)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["mysql://x/y", "what://", "sqlite://"])
def test_an_address_that_is_no_store_is_refused_in_words(url: str) -> None:
    with pytest.raises(StoreError, match=r"store url .*(only sqlite and postgresql|names no file|cannot be read)"):
        open_store(url)


def test_a_store_opened_for_reading_answers_and_refuses_to_write(filled: SqlStore) -> None:
    reader = open_store(str(filled.path), read_only=True)
    assert len(reader.meetings(MeetingFilter())) == 3
    with pytest.raises(StoreUnwritable, match="for reading only"):
        reader.sync_feeds([], NOW)
    reader.close()


READER = """
import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print("ready", flush=True)
for _ in range(2000):
    (odd,) = connection.execute("SELECT (SELECT count(*) FROM articles) - (SELECT count(*) FROM article_texts)").fetchone()
    assert odd == 0
print("whole")
"""


def test_other_programs_see_whole_states_while_the_store_is_written(filled: SqlStore) -> None:
    """With their own SQLite, as Datasette or the sqlite3 shell have one."""
    readers = [subprocess.Popen([sys.executable, "-c", READER, str(filled.path)], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for reader in readers:
        assert reader.stdout is not None and reader.stdout.readline() == "ready\n"
    for number in range(15):
        keep(article_with(telling("hammouchi", "lerner", day=f"2025-08-{number + 1:02}"), outlet=f"O{number}"), filled, NOW)
    assert [reader.communicate(timeout=60)[0] for reader in readers] == ["whole\n", "whole\n"]


def test_threads_that_read_and_then_write_wait_for_one_another(store: SqlStore) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(4):
                keep(article_with(telling("hammouchi", "berthon", day="2025-09-11"), outlet=f"Journal {number} {turn}"), store, NOW)
        except BaseException as problem:
            failures.append(problem)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.run_sql("SELECT articles FROM v_meetings")[1] == [(24,)]


def test_a_lock_held_by_another_program_is_waited_for(store: SqlStore) -> None:
    # The same SQLite as the store's: two of them in one process do not see each other's locks
    holder = sqlite_module().connect(store.path or "", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    freed = threading.Timer(1.0, lambda: holder.execute("COMMIT"))
    freed.start()
    started = time.monotonic()
    store.sync_feeds([FeedSpec("https://a.example/feed", "A")], NOW)
    assert time.monotonic() - started > 0.8
    assert len(store.feeds()) == 1
    freed.join()
    holder.close()


def test_two_processes_that_make_the_store_at_once_make_one(tmp_path: Path) -> None:
    code = (
        "import sys; from monitor.store import open_store; from datetime import datetime, UTC; from pipelines.store import FeedSpec\n"
        "s = open_store('store.sqlite'); s.sync_feeds([FeedSpec('https://a.example/feed', 'A')], datetime.now(UTC)); print(len(s.feeds()))"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=60)[0].strip() for process in processes] == ["1", "1", "1"]


def test_a_full_store_says_so_rolls_back_and_goes_on_when_there_is_room(store: SqlStore) -> None:
    with store.writing() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StoreError, match=r"full.*nothing of this step was stored"):
        keep(article_with(telling("hammouchi", "berthon"), text="mot " * 200_000), store, NOW)
    with store.writing() as connection:
        connection.execute(text("PRAGMA max_page_count = 1000000"))
    assert store.status(NOW).articles == 0
    keep(article_with(telling("hammouchi", "berthon"), text="mot " * 200_000), store, NOW)
    assert store.status(NOW).articles == 1


# --- asking


VIEWS = {
    "v_meetings": "id status first_day last_day date_precision city country mode categories topics headline score first_reported_at "
    "articles independent_reports outlets",
    "v_participants": "meeting_id name role body country person_id body_id known",
    "v_reports": "meeting_id article_id status outlet title url language published_at copy_of quote",
    "v_articles": "id outlet feed url title language published_at fetched_at outcome flagged score words version partial",
    "v_feeds": "id outlet url country language last_polled_at last_ok_at next_poll_at failures last_error entries silent",
    "v_digests": "id profile period_from period_to subject",
    "v_ledger": "level one other meeting_id first_day previous_day",
    "v_dyads": "level one other meetings first_met last_met",
}  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
def test_the_public_views_have_their_columns(filled: SqlStore, view: str) -> None:
    columns, _ = filled.run_sql(f"SELECT * FROM {view}")
    assert set(VIEWS[view].split()) <= set(columns)


def test_meetings_are_found_by_every_filter(filled: SqlStore) -> None:
    def headlines(**wanted: object) -> list[str]:
        return [m["headline"] for m in filled.meetings(MeetingFilter(**wanted))]  # type: ignore[arg-type]

    rabat, madrid, planned = (
        "Abdellatif Hammouchi reçoit Céline Berthon à Rabat",
        "Francisco Pardo Piqueras reçoit Abdellatif Hammouchi à Madrid",
        "Prévu : Abdelouafi Laftit reçoit Fernando Grande-Marlaska à Rabat",
    )
    assert headlines() == [planned, rabat, madrid]
    assert headlines(since=datetime(2025, 9, 1).date()) == [planned, rabat]
    assert headlines(until=datetime(2025, 9, 30).date()) == [rabat, madrid]
    assert headlines(country="ES") == [planned, madrid]
    assert headlines(country="FR") == [rabat]
    assert headlines(person="berthon") == headlines(person="Céline") == [rabat]
    assert headlines(person="100%") == []
    assert headlines(body="fr-dgsi") == headlines(body="DGSI") == [rabat]
    assert headlines(status="planned") == [planned]
    assert headlines(category="intelligence") == [rabat]
    assert headlines(text="securite interieure") == [rabat]
    assert headlines(limit=1) == [planned]


def test_full_text_search_is_blind_to_accents_and_arabic_spelling(filled: SqlStore) -> None:
    def titles(words: str) -> list[str]:
        return [row["title"] for row in filled.search(words)]

    assert titles("surete HAMMOUCHI") == ["Sûreté : Hammouchi reçoit Berthon"]
    assert titles("المديرُ الأمن الاسباني") == titles("امن") == titles("والعاصمة") == ["حموشي في مدريد"]
    assert titles('"securite interieure"') == ["Sûreté : Hammouchi reçoit Berthon"]
    assert titles('"interieure securite"') == []
    assert set(titles("à rabat")) == {"Sûreté : Hammouchi reçoit Berthon", "Le championnat reprend", "Marlaska viajará a Rabat"}
    assert titles("rabat -football -marlaska") == ["Sûreté : Hammouchi reçoit Berthon"]
    assert titles("champ*") == ["Le championnat reprend"]


@pytest.mark.parametrize("words", ['"', "AND", "NEAR(", "a OR", "title:", "*", "", "-x", "'; DROP TABLE articles; --", "^a", "{a b}"])
def test_no_search_is_a_syntax_error(filled: SqlStore, words: str) -> None:
    assert isinstance(filled.search(words), list)


def test_a_hit_shows_its_place_in_the_text_as_printed(filled: SqlStore) -> None:
    (hit,) = filled.search("securite")
    assert "la sécurité intérieure était au menu" in hit["snippet"]
    assert len(hit["snippet"]) < 200
    assert hit["meetings"] and hit["outlet"] == "Le360"


def test_an_article_is_found_by_number_and_by_any_spelling_of_its_address(filled: SqlStore) -> None:
    shown = filled.article(1)
    assert shown is not None
    same = filled.article(shown["url"] + "?utm_source=rss")
    assert same is not None and same["id"] == 1
    assert filled.article("https://nowhere.example/") is None
    assert len(shown["reports"]) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM meetings",
        "UPDATE feeds SET url = 'x'",
        "INSERT INTO hosts VALUES ('a', 'b', 'c')",
        "DROP VIEW v_feeds",
        "CREATE TABLE x (y)",
        "CREATE TEMP TABLE x (y)",
        "ATTACH '/tmp/x.sqlite' AS x",
        "PRAGMA query_only = OFF",
        "PRAGMA journal_mode = DELETE",
        "VACUUM INTO '/tmp/stolen.sqlite'",
        "BEGIN",
        "WITH x AS (SELECT 1) DELETE FROM feeds",
        "SELECT load_extension('x')",
        "SELECT 1; DELETE FROM feeds",
        "SELECT * FROM nothing",
        "not sql",
    ],
)
def test_a_query_reads_and_does_nothing_else(filled: SqlStore, sql: str) -> None:
    before = filled.run_sql("SELECT count(*) FROM meetings")
    with pytest.raises(QueryRefused) as error:
        filled.run_sql(sql)
    assert "\n" not in str(error.value)
    assert filled.run_sql("SELECT count(*) FROM meetings") == before


def test_a_query_that_never_ends_is_ended(filled: SqlStore) -> None:
    forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(QueryRefused, match=r"longer than 0\.3 s"):
        filled.run_sql(forever, seconds=0.3)


def test_a_query_gives_no_more_rows_than_asked_for(filled: SqlStore) -> None:
    columns, rows = filled.run_sql("SELECT id, title FROM v_articles ORDER BY id", 2)
    assert columns == ["id", "title"] and len(rows) == 2


def test_the_ledger_knows_who_met_whom_how_often_and_when_last(filled: SqlStore) -> None:
    keep(article_with(telling("hammouchi", "berthon", day="2025-11-03")), filled, NOW)
    dyads = filled.run_sql("SELECT one, other, meetings, first_met, last_met FROM v_dyads WHERE level = 'country' ORDER BY 1, 2")[1]
    assert dyads == [("ES", "MA", 1, "2025-01-28", "2025-01-28"), ("FR", "MA", 2, "2025-09-11", "2025-11-03")]
    people = filled.run_sql("SELECT one, other, nth, previous_day FROM v_ledger WHERE level = 'person' AND one = 'berthon' ORDER BY nth")[1]
    assert people == [("berthon", "hammouchi", 1, None), ("berthon", "hammouchi", 2, "2025-09-11")]
    bodies = filled.run_sql("SELECT count(*) FROM v_ledger WHERE level = 'body' AND one = 'fr-dgsi'")[1]
    assert bodies == [(2,)]


# --- care


def test_a_copy_is_whole_and_made_while_others_write(filled: SqlStore, tmp_path: Path) -> None:
    copy = tmp_path / "copies" / "store.sqlite"
    filled.backup(copy)
    keep(article_with(telling("hammouchi", "lerner", day="2025-11-03")), filled, NOW)
    filled.backup(copy)
    restored = open_store(str(copy))
    assert restored.meetings(MeetingFilter()) == filled.meetings(MeetingFilter())
    assert [f for f in restored.check() if f.state == "fail"] == []
    restored.close()
    assert [p.name for p in copy.parent.iterdir() if p.suffix == ".part"] == []


def test_a_copy_that_cannot_be_written_leaves_the_earlier_one(filled: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="this is the store itself"):
        filled.backup(filled.path or "")
    (tmp_path / "in-the-way").write_text("x")
    with pytest.raises(StoreUnwritable, match="cannot be written"):
        filled.backup(tmp_path / "in-the-way" / "copy.sqlite")


def test_a_healthy_store_passes_its_check(filled: SqlStore) -> None:
    findings = {f.what: f.state for f in filled.check()}
    assert findings["schema"] == findings["integrity"] == findings["references"] == "ok"


def test_a_flipped_byte_is_found(filled: SqlStore, tmp_path: Path) -> None:
    for number in range(40):
        keep(article_with(outlet=f"O{number}", text="mot " * 3000), filled, NOW)
    copy = tmp_path / "copy.sqlite"
    filled.backup(copy)
    data = bytearray(copy.read_bytes())
    page = 4096
    for start in range(4 * page, len(data), page):
        data[start + 5] ^= 0x7F  # in the header of each page: the number of cells
    copy.write_bytes(data)
    damaged = open_store(str(copy), read_only=True)
    findings = {f.what: f for f in damaged.check()}
    assert findings["integrity"].state == "fail" and "last backup" in findings["integrity"].text
    damaged.close()


def test_pruning_lets_words_go_and_keeps_what_reports_meetings(filled: SqlStore) -> None:
    later = NOW + timedelta(days=100)
    assert filled.prune(later, 30, 365) == {"texts": 1}
    assert filled.prune(later, 30, 365) == {}
    assert filled.search("football") == []
    assert len(filled.search("berthon")) == 1
    assert filled.prune(NOW + timedelta(days=400), 30, 365) == {"articles": 1}
    assert filled.run_sql("SELECT count(*) FROM v_articles")[1] == [(3,)]
    assert [f for f in filled.check() if f.state == "fail"] == []


def test_rows_in_use_by_old_readers_do_not_stop_pruning(filled: SqlStore) -> None:
    reader = sqlite_module().connect(f"file:{filled.path}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM articles").fetchone() == (4,)
    filled.prune(NOW + timedelta(days=400), 30, 365)
    assert reader.execute("SELECT count(*) FROM articles").fetchone() == (4,)
    reader.close()


# --- crashes


def _work(place: Path) -> None:
    """A poll, what it brought read and kept, a copy: every kind of step the store makes."""
    store = open_store(str(place / "store.sqlite"))
    store.sync_feeds([FeedSpec("https://a.example/feed", "A")], NOW)
    store.release("me")
    lease = timedelta(minutes=5)
    for feed in store.claim_feeds(NOW, owner="me", limit=9, lease=lease, per_host=9):
        items = tuple(Entry(f"https://a.example/{i}", f"Titre {i}", "", guid_key=f"{i}") for i in range(3))
        store.save_poll(PollResult(feed.id, True, NOW, entries=items, etag="1", keep_validators=True), NOW, plan=plan)
    for pending in store.claim_entries(NOW, owner="me", limit=9, lease=lease, per_host=9):
        report = telling("hammouchi", "berthon", day="2025-09-11")
        reading = article_with(report, outlet="A", url=pending.entry.url, text=f"Texte {pending.entry.url} raconte.")
        keep(replace(reading, entry_id=pending.id, feed_id=pending.feed_id), store, NOW)
    store.backup(place / "copy.sqlite")
    store.close()


def _killed(place: Path, crash_at: int) -> bool:
    """Do the work in a process of its own that is killed at its n-th durable step; whether it was."""
    child = os.fork()
    if child == 0:
        durable._crash_at, durable._count = crash_at, 0
        try:
            _work(place)
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status != 0


def test_killed_at_any_durable_step_the_next_start_loses_and_doubles_nothing(tmp_path: Path) -> None:
    for step in range(1, 100):
        place = tmp_path / str(step)
        place.mkdir()
        killed = _killed(place, step)
        assert not _killed(place, 0)
        store = open_store(str(place / "store.sqlite"))
        assert store.run_sql("SELECT count(*), count(outcome), count(DISTINCT article_id) FROM entries")[1] == [(3, 3, 3)]
        assert store.run_sql("SELECT articles FROM v_meetings")[1] == [(3,)]
        assert store.run_sql("SELECT count(*) FROM articles")[1] == [(3,)]
        assert [f for f in store.check() if f.state == "fail"] == []
        store.close()
        copy = open_store(str(place / "copy.sqlite"), read_only=True)
        assert copy.status(NOW).articles == 3
        copy.close()
        assert not list(place.glob(".*.part"))
        if not killed:
            break
    assert step > 15 and not killed


def test_the_environment_says_at_which_step_to_crash(tmp_path: Path) -> None:
    code = "from monitor.store import open_store; open_store('store.sqlite')"
    environment = {**os.environ, "VIGIE_CRASH_AT": "1", "VIGIE_CRASH_LOG": str(tmp_path / "log")}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "log").read_text() == "1 schema: before\n"
