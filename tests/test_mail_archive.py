"""Looking back at digests, sending one again, and what needs a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from mail.desk import ANNE, BADR, later, mail_to, parse, states
from mail.samples import MORNING, TODAY, ZONE
from mail.servers import Closed, FaultySmtp, GoodSmtp
from mail.world import open_world, talks, told_by

from monitor.mail import archive, service
from monitor.mail.message import BadAddress
from monitor.mail.profile import Profile
from monitor.mail.settings import MailSettings
from monitor.mail.smtp import Unreachable
from monitor.slots import Slot

MATIN = Profile("matin", (ANNE, BADR), timezone=ZONE)
SETTINGS = MailSettings(sender="Vigie <vigie@watch.test>")


@pytest.fixture
def store(tmp_path):
    store = open_world(tmp_path / "vigie.sqlite")
    service.owe(store, [MATIN], MORNING - timedelta(days=1))
    told_by(store, "Atlas", talks())
    (slot,) = service.owe(store, [MATIN], MORNING)
    service.build_digest(store, MATIN, slot, MORNING, settings=SETTINGS)
    yield store
    store.close()


async def test_digests_are_listed_and_shown_with_their_mails(store):
    async with FaultySmtp("reject_rcpt", rejected={ANNE}) as server:
        await service.deliver(store, mail_to(server.port), MORNING)
    (row,) = archive.list_digests(store)
    assert (row["profile"], row["new_meetings"], row["states"]) == ("matin", 1, {"failed": 1, "sent": 1})
    assert archive.list_digests(store, "other") == []
    shown = archive.show_digest(store, row["id"])
    assert "Louis Laugier" in shown.text and "Louis Laugier" in shown.html[0]
    assert {mail.recipient: mail.state for mail in shown.mails} == {ANNE: "failed", BADR: "sent"}
    with pytest.raises(archive.NoSuchDigest, match="no digest 99"):
        archive.show_digest(store, 99)


async def test_a_digest_sent_again_is_the_same_bytes_and_says_that_it_is_a_repeat(store):
    async with GoodSmtp() as server:
        await service.deliver(store, mail_to(server.port), MORNING)
        owed = archive.resend(store, "matin", TODAY, later(hours=1), only="Anne@readers.test")
        report = await service.deliver(store, mail_to(server.port), later(hours=1))
    assert [row.recipient for row in owed] == [ANNE] and (report.sent, report.maybe_twice) == (1, 1)
    copies = [mail.octets for mail in server.taken if mail.recipients == (ANNE,)]
    assert len(copies) == 2 and copies[0] == copies[1]
    with pytest.raises(archive.NoSuchDigest, match="2026-11-24"):
        archive.resend(store, "matin", TODAY - timedelta(days=1), MORNING)
    with pytest.raises(archive.NoSuchDigest, match="nobody@readers"):
        archive.resend(store, "matin", TODAY, MORNING, only="nobody@readers.test")


async def test_a_refused_mail_can_be_sent_again_after_the_mailbox_was_repaired(store):
    async with FaultySmtp("reject_rcpt", rejected={ANNE}) as server:
        await service.deliver(store, mail_to(server.port), MORNING)
        server.rejected = set()
        archive.resend(store, "matin", TODAY, later(hours=1), only=ANNE)
        report = await service.deliver(store, mail_to(server.port), later(hours=1))
    assert (report.sent, report.maybe_twice) == (1, 0)
    assert set(states(store, 1).values()) == {"sent"}


async def test_a_trial_copy_goes_to_one_address_and_leaves_no_trace(store):
    slot = Slot("matin", TODAY, MORNING, MORNING - timedelta(days=1), MORNING, zone=ZONE)
    async with GoodSmtp() as server:
        answer = await archive.send_copy(store, MATIN, slot, "moi@desk.test", MORNING, settings=mail_to(server.port))
    assert answer.startswith("250") and [mail.recipients for mail in server.taken] == [("moi@desk.test",)]
    assert parse(server.taken[0].octets)["To"] == "moi@desk.test"
    assert len(archive.list_digests(store)) == 1
    with pytest.raises(BadAddress):
        await archive.send_copy(store, MATIN, slot, "moi", MORNING, settings=mail_to(25))
    with pytest.raises(Unreachable):
        await archive.send_copy(store, MATIN, slot, "moi@desk.test", MORNING, settings=mail_to(Closed().port))


async def test_what_needs_a_person_is_said_in_one_line_each(store):
    assert archive.mail_troubles(store, MORNING) == []
    async with FaultySmtp("drop_after_dot", faults_left=1) as server:
        await service.deliver(store, mail_to(server.port, unknown="hold"), MORNING)
    (line,) = archive.mail_troubles(store, later(hours=1))
    assert line.startswith(f"mail to {ANNE} (matin, 2026-11-25) may have arrived")
    service.owe(store, [MATIN], later(days=1))
    lines = archive.mail_troubles(store, later(days=1, hours=1))
    assert "digest of matin for 2026-11-26 is owed since 2026-11-26 06:30 UTC" in lines
