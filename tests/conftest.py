"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logging_of_its_own() -> Iterator[None]:
    """Each test begins with logging as it is before the program configures it: an earlier test may have asked for quiet."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()
