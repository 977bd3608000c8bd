"""The daemon's digest half, with a clock of our own: owe, build, alert, deliver, publish."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta

import feedparser
import pytest
from mail.desk import ANNE, BADR, mail_to, parse
from mail.samples import MORNING, ZONE
from mail.servers import FaultySmtp
from mail.world import open_world, talks, told_by

from monitor import app
from monitor.config import Config
from monitor.daemon import Daemon
from monitor.jobs import Work
from monitor.mail import service
from monitor.mail.profile import Profile

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
MATIN = Profile("matin", (ANNE,), timezone=ZONE, digest_at=time(7, 30))


@pytest.fixture
def store(tmp_path):
    opened = open_world(tmp_path / "vigie.sqlite")
    yield opened
    opened.close()


def daemon(store, profiles, mail, now) -> Daemon:
    config = Config()
    work = Work(store, None, None, app.read_rules(config), app.owner_name(), clock=lambda: now)  # type: ignore[arg-type]
    return Daemon(config, store, work, None, tuple(profiles), mail)  # type: ignore[arg-type]


async def test_one_profiles_trouble_is_none_of_the_others(store, tmp_path, capfd):
    broken = Profile("faux", (BADR,), language="xx", timezone=ZONE, digest_at=time(7, 30))
    service.owe(store, [broken, MATIN], MORNING - DAY)
    told_by(store, "Atlas", talks())
    async with FaultySmtp() as server:
        running = daemon(store, [broken, MATIN], mail_to(server.port, out_dir=tmp_path / "out"), MORNING + timedelta(minutes=1))
        await running._send_what_is_due()
        await running._send_what_is_due()
    assert [mail.recipients for mail in server.taken] == [(ANNE,)]
    printed = "".join(capfd.readouterr())
    assert "digest-built" in printed and "no frame for the language 'xx'" in printed
    assert running.next_digest == MORNING + DAY


async def test_a_sure_meeting_is_announced_at_once_and_marked_as_known_next_morning(store, tmp_path):
    eager = Profile("vite", (ANNE,), timezone=ZONE, digest_at=time(7, 30), alert=0.8)
    service.owe(store, [eager], NOON - timedelta(hours=4))
    told_by(store, "Atlas", talks(), at=NOON - timedelta(minutes=20))
    async with FaultySmtp() as server:
        mail = mail_to(server.port, out_dir=tmp_path / "out")
        await daemon(store, [eager], mail, NOON)._send_what_is_due()
        await daemon(store, [eager], mail, NOON + timedelta(minutes=1))._send_what_is_due()
        (alert,) = [parse(mail.octets) for mail in server.taken]
        assert str(alert["Subject"]).startswith("Alerte")
        entries = feedparser.parse((tmp_path / "out" / "vite.atom").read_bytes()).entries
        assert len(entries) == 1 and "Hammouchi" in entries[0].title
        await daemon(store, [eager], mail, MORNING + DAY + timedelta(minutes=1))._send_what_is_due()
    text = parse(server.taken[1].octets).get_body(("plain",)).get_content()
    assert "Déjà annoncée par une alerte" in text and len(server.taken) == 2


async def test_the_feeds_and_calendars_are_written_at_the_start(store, tmp_path):
    mail = mail_to(25, out_dir=tmp_path / "out")
    running = daemon(store, [MATIN], mail, MORNING - timedelta(hours=2))
    running.work.stopping.set()
    await asyncio.wait_for(running._digests(), 10)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["matin.atom", "matin.ics"]


async def test_a_skipped_morning_is_logged_with_its_reason(store, tmp_path, capfd):
    quiet = Profile("matin", (ANNE,), timezone=ZONE, digest_at=time(7, 30), empty="skip")
    service.owe(store, [quiet], MORNING - DAY)
    async with FaultySmtp() as server:
        await daemon(store, [quiet], mail_to(server.port, out_dir=tmp_path / "out"), MORNING)._send_what_is_due()
    assert server.taken == []
    assert "digest-skipped" in "".join(capfd.readouterr())
