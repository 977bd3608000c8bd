"""Runs revisions on the connection it is given, inside that connection's transaction. There is no alembic.ini to keep in step."""

from __future__ import annotations

from alembic import context

from monitor.store import tables  # noqa: F401  fills the metadata
from monitor.store.metadata import metadata


def _keep(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """The full-text index has tables of its own that SQLite makes."""
    return not (kind == "table" and name is not None and name.startswith("article_search"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    include_object=_keep,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
