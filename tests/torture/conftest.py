"""The table of the long run, and what the tests here share."""

from __future__ import annotations

import pytest

TABLE = pytest.StashKey[list[tuple[str, str, bool, str]]]()


def note(config: pytest.Config, row: str, fault: str, passed: bool, recorded: str) -> None:
    """Put a line into the table that is printed at the end of the long run."""
    config.stash.setdefault(TABLE, []).append((row, fault, passed, recorded))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(TABLE, [])
    if not lines or "torture" not in (config.option.markexpr or ""):
        return
    terminalreporter.section("the fault catalogue")
    for row, fault, passed, recorded in lines:
        plain = "".join(c if c.isprintable() else "?" for c in recorded)
        terminalreporter.write_line(f"{row:5} | {'passed' if passed else 'FAILED'} | {fault[:44]:44} | {plain[:140]}")
    good = sum(passed for _, _, passed, _ in lines)
    terminalreporter.write_line(f"{good} of {len(lines)} rows hold")
