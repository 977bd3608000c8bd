"""All commands, registered on the application by being imported."""

from monitor.cli import corrections, database, digests, feeds, reading, running, store

__all__ = ["corrections", "database", "digests", "feeds", "reading", "running", "store"]
