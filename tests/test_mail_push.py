"""Alerts to a service beside the mail: a real Apprise, and a real server on loopback that takes its JSON."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from mail.desk import ANNE, mail_to
from mail.samples import ZONE
from mail.servers import Closed, FaultySmtp
from mail.world import open_world, talks, told_by

from monitor.mail import push, service
from monitor.mail.alerts import announce
from monitor.mail.archive import mail_troubles
from monitor.mail.profile import Profile
from monitor.mail.settings import MailSettings
from monitor.mail.smtp import Deferred

pytest.importorskip("apprise", reason="the extra [alerts] is not installed")

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
SECRET = "s3cret-canary"


class Room(ThreadingHTTPServer):
    """Takes what Apprise posts; answers `status`."""

    def __init__(self) -> None:
        self.taken: list[dict[str, str]] = []
        self.status = 200
        room = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                octets = self.rfile.read(int(self.headers["Content-Length"]))
                if room.status == 200:
                    room.taken.append(json.loads(octets))
                self.send_response(room.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"json://user:{SECRET}@127.0.0.1:{self.server_address[1]}/{SECRET}"


@pytest.fixture
def room() -> Iterator[Room]:
    server = Room()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def store(tmp_path):
    opened = open_world(tmp_path / "vigie.sqlite")
    yield opened
    opened.close()


def eager(*urls: str, recipients: tuple[str, ...] = (ANNE,)) -> Profile:
    return Profile("vite", recipients, timezone=ZONE, digest_at=time(7, 30), alert=0.8, alert_urls=urls)


def news(store, profile: Profile, settings: MailSettings) -> None:
    service.owe(store, [profile], NOON - timedelta(days=1))
    told_by(store, "Atlas", talks(), at=NOON - timedelta(minutes=20))
    (built,) = announce(store, [profile], NOON, settings=settings)
    assert built.mails == len(profile.recipients) + len(profile.alert_urls)


def states(store) -> dict[str, str]:
    with store.reading() as connection:
        return dict(connection.exec_driver_sql("SELECT recipient, state FROM outbox").all())


async def test_a_service_gets_the_alert_once_beside_the_mail(store, room, capfd):
    profile = eager(room.url)
    async with FaultySmtp() as server:
        settings = mail_to(server.port)
        news(store, profile, settings)
        report = await service.deliver(store, settings, NOON, profiles=[profile])
        again = await service.deliver(store, settings, NOON + timedelta(hours=1), profiles=[profile])
    assert report.sent == 2 and not again.any and len(server.taken) == 1
    (told,) = room.taken
    assert "Hammouchi" in told["title"] and "Atlas" in told["message"]
    assert "unsubscribe" not in told["message"]
    assert states(store) == {ANNE: "sent", push.key_of(room.url): "sent"}
    printed = capfd.readouterr()
    assert SECRET not in printed.out + printed.err + json.dumps(states(store))


async def test_a_service_that_is_away_is_asked_again_and_the_mail_does_not_wait(store, room, capfd):
    profile, room.status = eager(room.url), 503
    async with FaultySmtp() as server:
        settings = mail_to(server.port)
        news(store, profile, settings)
        report = await service.deliver(store, settings, NOON, profiles=[profile])
        assert (report.sent, report.deferred) == (1, 1) and len(server.taken) == 1
        room.status = 200
        assert not (await service.deliver(store, settings, NOON + timedelta(minutes=2), profiles=[profile])).any
        assert (await service.deliver(store, settings, NOON + timedelta(minutes=6), profiles=[profile])).sent == 1
    assert len(room.taken) == 1
    printed = capfd.readouterr()
    assert "did not take the alert" in printed.out + printed.err
    assert SECRET not in printed.out + printed.err


async def test_an_alert_that_nobody_takes_for_half_a_day_is_left_to_the_digest(store, tmp_path):
    profile = eager(f"json://127.0.0.1:{Closed().port}", recipients=())
    settings = MailSettings(out_dir=tmp_path / "out")
    news(store, replace(profile, recipients=(ANNE,)), settings)
    for hours in (0, 11):
        await service.deliver(store, settings, NOON + timedelta(hours=hours), profiles=[profile])
        assert states(store)[push.key_of(profile.alert_urls[0])] == "pending"
    await service.deliver(store, settings, NOON + timedelta(hours=13), profiles=[profile])
    assert states(store)[push.key_of(profile.alert_urls[0])] == "failed"
    assert any("alert to json:" in line and "given up" in line for line in mail_troubles(store, NOON + timedelta(hours=14)))


async def test_an_address_taken_out_of_the_configuration_gets_nothing(store, room, tmp_path):
    settings = MailSettings(out_dir=tmp_path / "out")
    news(store, eager(room.url), settings)
    await service.deliver(store, settings, NOON, profiles=[eager()])
    assert room.taken == [] and states(store)[push.key_of(room.url)] == "failed"


async def test_whoever_delivers_without_the_profiles_leaves_services_alone(store, room, tmp_path):
    settings = MailSettings(out_dir=tmp_path / "out")
    news(store, eager(room.url), settings)
    await service.deliver(store, settings, NOON)
    assert room.taken == [] and states(store)[push.key_of(room.url)] == "pending"


async def test_a_long_alert_is_cut_at_a_line(room):
    await push.push(room.url, "Titre", "\n".join(f"ligne {n} " + "x" * 60 for n in range(200)) + "\n\n-- \nfoot")
    (told,) = room.taken
    assert len(told["message"]) <= push.BODY_LENGTH + 2 and told["message"].endswith("x\n…")


def test_an_address_that_cannot_be_used_is_named_without_its_secret():
    (problem,) = push.problems([f"nonsense://user:{SECRET}@host", ][:1])
    assert "nonsense:" in problem and SECRET not in problem
    assert push.problems([f"json://user:{SECRET}@127.0.0.1"]) == []


async def test_without_the_extra_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert push.problems([]) == []
    assert push.problems(["json://127.0.0.1"]) == ["alert addresses need Apprise: pip install 'vigie[alerts]'"]
    with pytest.raises(Exception, match="need Apprise"):
        await push.push("json://127.0.0.1", "t", "b")


async def test_a_refused_connection_is_a_reason_to_try_again():
    with pytest.raises(Deferred, match="did not take"):
        await push.push(f"json://127.0.0.1:{Closed().port}", "t", "b")
