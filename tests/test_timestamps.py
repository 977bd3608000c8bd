"""Dates that machines and people write into feeds, and those that cannot be right."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.timestamps import sane_date

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "odd"),
    [
        ("Mon, 01 Jan 0001 00:00:00 GMT", "too old: 0001-01-01"),
        ("0001-01-01T00:00:00Z", "too old: 0001-01-01"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", "too old: 1970-01-01"),
        ("Fri, 01 May 2099 10:00:00 GMT", "in the future: 2099-05-01"),
        ("hier, ou bientôt", "not understood"),
    ],
)
def test_a_date_that_cannot_be_is_none_and_noted(written: str, odd: str) -> None:
    date, note = sane_date(written, NOW)
    assert date is None
    assert note is not None and odd in note


@pytest.mark.parametrize("written", ["Mon, 04 May 26 10:05:00 GMT", "Mon, 04 May 2026 10:05:00 GMT", "lundi 4 mai 2026 à 10h05"])
def test_a_short_year_and_words_are_read(written: str) -> None:
    assert sane_date(written, NOW) == (datetime(2026, 5, 4, 10, 5, tzinfo=UTC), None)
