"""Making the tables, the full-text index and the views, and bringing an older store up to date.

A new store is made from `tables.py` at once (importing Alembic costs half a second); the migrations lead to the same tables,
which a test holds them to. Views belong to the program, not to the data: they are dropped and made anew with every upgrade.
"""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from monitor.store import tables  # noqa: F401  fills the metadata
from monitor.store.database import sqlite_version
from monitor.store.metadata import metadata
from monitor.store.views import VIEWS, sql_for

HEAD = "0002"
"""The schema this program works with: the newest file under `migrations/versions`."""


def version_of(connection: Connection) -> str | None:
    """The schema of a store; None for one without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def make(connection: Connection) -> None:
    """Make everything in an empty database, at the newest schema."""
    metadata.create_all(connection)
    make_search(connection)
    make_views(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    drop_views(connection)
    config = Config()
    config.set_main_option("script_location", "migrations:")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    make_views(connection)


def make_views(connection: Connection) -> None:
    """Make all views."""
    for view in VIEWS:
        connection.exec_driver_sql(sql_for(view, sqlite=connection.dialect.name == "sqlite"))


def drop_views(connection: Connection) -> None:
    """Drop all views, so that tables can change beneath them."""
    for view in inspect(connection).get_view_names():
        if view.startswith("v_"):
            connection.execute(text(f"DROP VIEW IF EXISTS {view}{' CASCADE' if connection.dialect.name == 'postgresql' else ''}"))


def make_search(connection: Connection) -> None:
    """Make the full-text index over folded titles and texts, and what empties it when an article goes."""
    for statement in search_statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


def search_statements(dialect: str) -> tuple[str, ...]:
    """The SQL of the full-text index. Its rowid is the article's id; the words in it are folded, so accents do not matter."""
    if dialect == "postgresql":
        return (
            "CREATE TABLE article_search (rowid INTEGER PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE, words tsvector NOT NULL)",
            "CREATE INDEX ix_article_search_words ON article_search USING gin (words)",
        )
    # Without the words themselves the index is half the size; removing rows from such an index needs SQLite 3.43
    contentless = ", content='', contentless_delete=1" if sqlite_version() >= (3, 43) else ""
    return (
        f"CREATE VIRTUAL TABLE article_search USING fts5(title, body{contentless}, tokenize='unicode61 remove_diacritics 2')",
        """CREATE TRIGGER articles_leave_search AFTER DELETE ON articles BEGIN
             DELETE FROM article_search WHERE rowid = old.id;
           END""",
    )
