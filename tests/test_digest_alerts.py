"""Alerts: at once, once, in the daytime, few, and marked in the digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from mail.desk import ANNE, mail_to, parse
from mail.samples import MORNING, ZONE
from mail.servers import GoodSmtp
from mail.world import LAUGIER, NEVES, open_world, talks, told_by

from monitor.mail import service
from monitor.mail.alerts import announce, must_wait
from monitor.mail.profile import Profile
from monitor.mail.settings import MailSettings
from pipelines.detect.model import Status

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)
EAGER = Profile("vite", (ANNE,), timezone=ZONE, digest_at=time(7, 30), alert=0.8)
SETTINGS = MailSettings(sender="Vigie <vigie@watch.test>")


@pytest.fixture
def store(tmp_path):
    store = open_world(tmp_path / "vigie.sqlite")
    service.owe(store, [EAGER], NOON - DAY)
    yield store
    store.close()


def alert(store, now=NOON, profile=EAGER):
    return announce(store, [profile], now, settings=SETTINGS)


def news(store, at=NOON - timedelta(minutes=5), other=LAUGIER, outlet="Atlas", **more):
    day = more.pop("day", at.date())
    return told_by(store, outlet, talks(day, other, **more), at=at)


async def test_a_sure_new_meeting_is_mailed_at_once_and_once(store):
    news(store)
    (built,) = alert(store)
    assert built.subject.startswith("Alerte : Abdellatif Hammouchi – Louis Laugier")
    assert alert(store, NOON + timedelta(minutes=1)) == [] and alert(store, NOON + timedelta(hours=3)) == []
    async with GoodSmtp() as server:
        await service.deliver(store, mail_to(server.port), NOON)
    (mail,) = server.taken
    assert "Louis Laugier" in parse(mail.octets).get_body(("plain",)).get_content()
    assert "État de la veille" not in parse(mail.octets).get_body(("html",)).get_content()


def test_the_next_digest_says_that_it_was_announced(store):
    news(store)
    alert(store)
    (slot,) = service.owe(store, [EAGER], MORNING)
    built = service.build_digest(store, EAGER, slot, MORNING, settings=SETTINGS)
    assert built.new == 1
    with store.reading() as connection:
        text = connection.exec_driver_sql("SELECT text FROM digest_parts WHERE digest_id = ?", (built.digest_id,)).scalar()
    assert "Déjà annoncée par une alerte, mardi 24 novembre à 12:00." in text


def test_what_the_digest_told_is_not_alerted_afterwards(store):
    news(store, MORNING - timedelta(minutes=1))
    (slot,) = service.owe(store, [EAGER], MORNING)
    service.build_digest(store, EAGER, slot, MORNING, settings=SETTINGS)
    assert alert(store, MORNING + timedelta(hours=2)) == []


@pytest.mark.parametrize(
    ("case", "more"),
    [
        ("below the score", {"score": 0.79}),
        ("held long ago", {"day": date(2026, 10, 1)}),
        ("only recalled", {"status": Status.BACKGROUND}),
        ("read more than a day ago", {"at": NOON - timedelta(hours=25)}),
        ("read a moment ago", {"at": NOON - timedelta(minutes=1)}),
    ],
)
def test_what_is_not_sure_or_not_fresh_waits_for_the_digest(store, case, more):
    news(store, **more)
    assert alert(store) == [], case


def test_a_profile_is_alerted_to_what_it_asked_for_only(store):
    news(store)
    nobody, others = Profile("rien", (ANNE,), timezone=ZONE), Profile("ailleurs", (ANNE,), timezone=ZONE, alert=0.5, countries=("ES",))
    service.owe(store, [nobody, others], NOON - DAY)
    assert announce(store, [nobody, others], NOON, settings=SETTINGS) == []


def test_many_meetings_at_once_are_one_alert(store):
    news(store)
    news(store, other=NEVES, outlet="Rif")
    (built,) = alert(store)
    assert built.new == 2 and built.mails == 1


def test_two_processes_alert_once(tmp_path, store):
    news(store)
    other = open_world(tmp_path / "vigie.sqlite")
    assert len(announce(store, [EAGER], NOON, settings=SETTINGS) + announce(other, [EAGER], NOON, settings=SETTINGS)) == 1
    other.close()


AT = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)  # noon in Casablanca


@pytest.mark.parametrize(
    ("now", "sent", "reason"),
    [
        (AT, [], None),
        (datetime(2026, 11, 24, 21, 30, tzinfo=UTC), [], "quiet hours"),
        (datetime(2026, 11, 24, 3, 0, tzinfo=UTC), [], "quiet hours"),
        (datetime(2026, 11, 24, 5, 40, tzinfo=UTC), [], "the digest comes soon"),
        (AT, [AT - timedelta(minutes=10)], "an alert was sent a moment ago"),
        (AT, [AT - timedelta(hours=n) for n in (1, 2, 3, 4)], "4 alerts in a day"),
        (AT, [AT - timedelta(hours=n) for n in (1, 2, 3, 25)], None),
    ],
)
def test_alerts_are_few_and_never_at_night(now, sent, reason):
    digest = datetime(2026, 11, 24 if now.hour < 6 else 25, 6, 30, tzinfo=UTC)
    assert must_wait(now, EAGER, sent, digest) == reason


@pytest.mark.parametrize(
    ("more", "now", "sent", "reason"),
    [
        ({"quiet_hours": None}, datetime(2026, 11, 24, 3, 0, tzinfo=UTC), [], None),
        ({"quiet_hours": (time(11, 30), time(13, 0))}, AT, [], "quiet hours"),
        ({"quiet_hours": (time(12, 0), time(12, 0))}, AT, [], None),
        ({"alerts_a_day": 1}, AT, [AT - timedelta(hours=5)], "1 alerts in a day"),
        ({"alert_pause": timedelta(minutes=5)}, AT, [AT - timedelta(minutes=10)], None),
    ],
)
def test_how_many_alerts_and_when_is_the_profiles_own_choice(more, now, sent, reason):
    digest = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
    assert must_wait(now, replace(EAGER, **more), sent, digest) == reason
