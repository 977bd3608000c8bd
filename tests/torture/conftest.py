"""The run of a module's rows, made once, and the table of the long run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from torture.run import Run, run_all
from torture.table import TABLE
from torture.web import Web


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """What a run of the module's rows left behind; the hostile web is still there."""
    rows = request.module.ROWS_HERE
    with Web([row.id for row in rows]).running() as web:
        yield run_all(web, tmp_path_factory.mktemp("catalogue"), rows)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "row" in metafunc.fixturenames:
        rows = metafunc.module.ROWS_HERE
        metafunc.parametrize("row", rows, ids=[row.id for row in rows])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(TABLE, [])
    if not lines or (config.option.markexpr or "") != "torture":
        return
    terminalreporter.section("the fault catalogue")
    for row, fault, passed, recorded in lines:
        plain = "".join(c if c.isprintable() else "?" for c in recorded)
        terminalreporter.write_line(f"{row:5} | {'passed' if passed else 'FAILED'} | {fault[:44]:44} | {plain[:140]}")
    good = sum(passed for _, _, passed, _ in lines)
    terminalreporter.write_line(f"{good} of {len(lines)} rows hold")
