"""How the store came to its present tables: Alembic revisions, run by `monitor.store` when a store is older than the program."""
