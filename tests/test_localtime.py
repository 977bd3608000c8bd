from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pipelines.detect import detect
from pipelines.localtime import _ZONES, local_time


def test_an_article_of_half_past_midnight_belongs_to_the_new_day_where_it_was_written():
    moment = datetime(2025, 9, 11, 23, 30, tzinfo=UTC)
    assert local_time(moment, "MA").isoformat() == "2025-09-12T00:30:00+01:00"
    assert local_time(moment, "FR").isoformat() == "2025-09-12T01:30:00+02:00"


def test_a_time_with_a_zone_of_its_own_and_an_unknown_country_stay_as_they_are():
    own = datetime(2025, 9, 11, 23, 30, tzinfo=ZoneInfo("Asia/Dubai"))
    assert local_time(own, "MA") is own
    assert local_time(datetime(2025, 9, 11, tzinfo=UTC), "XX").utcoffset().total_seconds() == 0
    assert local_time(None, "MA") is None


@pytest.mark.parametrize("country", sorted(_ZONES))
def test_every_zone_is_known(country):
    assert local_time(datetime(2025, 1, 1, tzinfo=UTC), country) is not None


def test_today_is_the_outlets_own_day():
    text = "Abdellatif Hammouchi a reçu aujourd'hui à Rabat la directrice générale de la DGSI, Céline Berthon, au sujet du terrorisme."
    published = local_time(datetime(2025, 9, 11, 23, 30, tzinfo=UTC), "MA")
    found = detect("Hammouchi reçoit Berthon", text, published, "fr")
    assert found.reports[0].days.label == "2025-09-12"
