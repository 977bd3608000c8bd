"""The lines of the table that the long run prints at its end."""

from __future__ import annotations

import pytest

TABLE = pytest.StashKey[list[tuple[str, str, bool, str]]]()


def note(config: pytest.Config, row: str, fault: str, passed: bool, recorded: str) -> None:
    """Put a line into the table that is printed at the end of the long run."""
    config.stash.setdefault(TABLE, []).append((row, fault, passed, recorded))
