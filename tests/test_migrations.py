"""The migrations lead to the tables of the program, and an older store is brought up to date without loss."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from monitor.store import StoreTooNew, StoreTooOld, durable, open_store, schema
from monitor.store.database import Database, create_file, parse_url


def empty_database(path: Path) -> Database:
    create_file(path)
    return Database(parse_url(str(path)))


def everything(connection: Connection) -> dict[str, str]:
    """All that the database holds, by name, with spaces and the quoting of names evened out."""
    rows = connection.execute(text("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"))
    return {f"{kind} {name}": re.sub(r"\s+", " ", re.sub(r'["\s]+', " ", sql)).strip() for kind, name, sql in rows}


def columns_of(connection: Connection) -> dict[str, list[tuple[str, str, int, int]]]:
    tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")).scalars()
    return {
        table: sorted((row.name, row.type, row.notnull, row.pk) for row in connection.execute(text(f"PRAGMA table_info({table})")).all())
        for table in tables
    }


def test_migrating_from_nothing_gives_the_tables_of_the_program(tmp_path: Path) -> None:
    made, migrated = empty_database(tmp_path / "made.sqlite"), empty_database(tmp_path / "migrated.sqlite")
    with made.writing() as connection:
        schema.make(connection)
    with migrated.writing() as connection:
        schema.upgrade(connection)
    with made.reading() as one, migrated.reading() as other:
        assert columns_of(one) == columns_of(other)
        wanted, got = everything(one), everything(other)
        assert wanted.keys() == got.keys()
        for name in wanted:
            if not name.startswith("table "):
                assert got[name] == wanted[name]
        for table in columns_of(one):
            for pragma in ("foreign_key_list", "index_list"):
                keys = [
                    {tuple(row[1:]) if pragma == "index_list" else tuple(row[2:]) for row in c.execute(text(f"PRAGMA {pragma}({table})"))}
                    for c in (one, other)
                ]
                assert keys[0] == keys[1], f"{pragma} of {table}"


def test_alembic_finds_nothing_left_to_migrate(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from monitor.store.metadata import metadata

    database = empty_database(tmp_path / "store.sqlite")
    with database.writing() as connection:
        schema.upgrade(connection)
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": lambda o, name, kind, *_: not (kind == "table" and name.startswith("article_search"))}
        )
        assert compare_metadata(context, metadata) == []


def test_the_newest_revision_is_the_one_the_program_names() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "migrations:")
    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD


def test_a_newer_store_is_refused_with_both_versions_named(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = open_store(str(path))
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    store.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match=rf"(?s)0999.*{schema.HEAD}"):
        open_store(str(path))
    assert path.read_bytes() == before


def older_store(path: Path) -> None:
    """A store as the first version of the program left it, with an article and a meeting in it."""
    from alembic import command
    from alembic.config import Config

    database = empty_database(path)
    with database.writing() as connection:
        config = Config()
        config.set_main_option("script_location", "migrations:")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO articles (id, outlet, family, title, fetched_at, text_from, text_hash, words, partial, version,"
                " outcome, flagged, possible, score, categories, missing, problems) VALUES (1, 'MAP', 'map', 'Titre',"
                " '2025-09-12T08:00:00.000000Z', 'page', 'x', 2, 0, 1, 'new-meeting', 1, 0, 0.9, '[]', '[]', '[]')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO meetings (id, status, possible, wrong, date_precision, sort_day, mode, categories, topics, headline, score,"
                " articles, independent_reports, outlets, contradictions, recorded_at, changed_at) VALUES (7, 'new', 0, 0, 'unknown',"
                " '2025-09-11', 'visit', '[]', '[]', 'Rencontre', 0.9, 1, 1, '[]', '{}', '2025-09-12T08:00:00.000000Z',"
                " '2025-09-12T08:00:00.000000Z')"
            )
        )
    database.close()


def test_an_older_store_is_copied_and_then_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    older_store(path)
    store = open_store(str(path))
    assert store.schema_version() == schema.HEAD
    assert store.run_sql("SELECT id, headline FROM v_meetings")[1] == [(7, "Rencontre")]
    assert store.run_sql("SELECT title FROM v_articles")[1] == [("Titre",)]
    assert [f for f in store.check() if f.state == "fail"] == []
    store.close()
    (copy,) = tmp_path.glob("store-schema-0001-*.sqlite")
    kept = Database(parse_url(str(copy)))
    with kept.reading() as connection:
        assert schema.version_of(connection) == "0001"
        assert connection.execute(text("SELECT headline FROM meetings")).scalar() == "Rencontre"
    kept.close()


def test_an_older_store_is_left_alone_by_who_may_not_upgrade_it(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    older_store(path)
    for more in ({"upgrade": False}, {"read_only": True}):
        with pytest.raises(StoreTooOld, match=r"(?s)0001.*vigie db upgrade"):
            open_store(str(path), **more)
    assert list(tmp_path.glob("store-schema-*")) == []
    database = Database(parse_url(str(path)))
    with database.reading() as connection:
        assert schema.version_of(connection) == "0001"
    database.close()


def _upgraded(path: Path, crash_at: int) -> bool:
    """Open an older store in a process of its own that is killed at its n-th durable step; whether it came through."""
    child = os.fork()
    if child == 0:
        durable._crash_at, durable._count = crash_at, 0
        try:
            open_store(str(path)).close()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status == 0


def test_killed_at_any_step_of_an_upgrade_the_store_is_the_old_or_the_new_one_and_the_next_start_finishes(tmp_path: Path) -> None:
    original = tmp_path / "original.sqlite"
    older_store(original)
    for step in range(1, 30):
        place = tmp_path / str(step)
        place.mkdir()
        path = place / "store.sqlite"
        path.write_bytes(original.read_bytes())
        done = _upgraded(path, step)
        database = Database(parse_url(str(path)))
        with database.reading() as connection:
            assert schema.version_of(connection) in ("0001", schema.HEAD)
        database.close()
        assert _upgraded(path, 0)
        store = open_store(str(path))
        assert store.run_sql("SELECT id FROM v_meetings")[1] == [(7,)]
        assert [f for f in store.check() if f.state == "fail"] == []
        store.close()
        assert list(place.glob("store-schema-0001-*.sqlite"))
        assert not list(place.glob(".*.part"))
        if done:
            break
    assert step >= 5 and done


def test_a_store_can_be_made_from_an_installed_package_anywhere(tmp_path: Path) -> None:
    code = "from monitor.store import open_store; s = open_store('store.sqlite'); print(s.schema_version())"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == schema.HEAD
