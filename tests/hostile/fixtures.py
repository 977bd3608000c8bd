"""Fixtures for tests that fetch from the hostile server: `pytest_plugins = ("hostile.fixtures",)`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hostile.guest import rules
from hostile.server import HostileServer
from pipelines.fetch import Fetcher


@pytest.fixture
async def server() -> AsyncIterator[HostileServer]:
    """A hostile server; the test fails if anything reached the canary."""
    async with HostileServer() as running:
        yield running
        assert running.canary.hits == 0, "something connected to a forbidden address"


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    """A fetcher with quick rules."""
    async with Fetcher(rules()) as ready:
        yield ready
