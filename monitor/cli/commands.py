"""All commands, registered on the application by being imported."""

from monitor.cli import database, digests, feeds, reading, running, store

__all__ = ["database", "digests", "feeds", "reading", "running", "store"]
