"""The migrations lead to the tables of the program, and an older store is brought up to date without loss."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from monitor.store import StoreTooNew, StoreTooOld, open_store, schema
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


def test_an_older_store_is_copied_and_then_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = open_store(str(path))
    with store.writing() as connection:
        # A store from before the first revision: Alembic's table is there, empty of ours
        schema.drop_views(connection)
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("DROP TABLE article_search"))
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        from monitor.store.metadata import metadata

        metadata.drop_all(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        connection.execute(text("CREATE TABLE kept (words TEXT)"))
        connection.execute(text("INSERT INTO kept VALUES ('still here')"))
    store.close()
    with pytest.raises(StoreTooOld, match=r"(?s)0000.*vigie db upgrade"):
        open_store(str(path), upgrade=False)
    with pytest.raises(StoreTooOld):
        open_store(str(path), read_only=True)
    assert list(tmp_path.glob("store-schema-*")) == []


def test_a_store_can_be_made_from_an_installed_package_anywhere(tmp_path: Path) -> None:
    code = "from monitor.store import open_store; s = open_store('store.sqlite'); print(s.schema_version())"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == schema.HEAD
