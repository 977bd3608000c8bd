"""What comes back to the sender's address, as servers and people send it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from mail.desk import ANNE, BADR, later, mail_to, open_desk, owe_mails, rows, states
from mail.samples import MORNING
from mail.servers import FaultySmtp

from monitor.mail.bounces import LARGEST, note, read_returned
from monitor.mail.delivery import deliver
from monitor.mail.smtp import envelope_id
from monitor.store import digests as kept

DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path):
    desk = open_desk(tmp_path / "vigie.sqlite")
    yield desk
    desk.close()


def bounce(message_id: str, *, status: str = "5.1.1", action: str = "failed", envelope: str = "", headers_back: bool = True) -> bytes:
    """A report as RFC 3464 has it: words for people, fields for programs, the headers of what came back."""
    back = ["Content-Type: text/rfc822-headers", "", f"Message-ID: {message_id}", "Subject: Vigie", "--b1--"]
    lines = [
        "From: MAILER-DAEMON@mx.readers.test",
        "To: vigie@watch.test",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
        "",
        "--b1",
        "Content-Type: text/plain",
        "",
        "Your message could not be delivered.",
        "--b1",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.readers.test",
        *([f"Original-Envelope-Id: {envelope}"] if envelope else []),
        "",
        "Final-Recipient: rfc822; anne@readers.test",
        f"Action: {action}",
        f"Status: {status}",
        "Diagnostic-Code: smtp; 550 5.1.1 <anne@readers.test>: no such",
        "    user here",
        "--b1",
        *(back if headers_back else back[-1:]),
        "",
    ]
    return "\r\n".join(lines).encode()


async def sent(store, days: int = 1, recipients=(ANNE,)) -> list[int]:
    """A digest on each of these mornings, taken by a server that sends it back later."""
    numbers = []
    async with FaultySmtp() as server:
        for day in range(days):
            numbers.append(owe_mails(store, recipients, built_at=MORNING + day * DAY, local_date=(MORNING + day * DAY).date()))
            await deliver(store, mail_to(server.port), MORNING + day * DAY)
    return numbers


@pytest.mark.parametrize("by", ["headers", "envelope", "old text"])
async def test_a_bounce_is_counted_for_the_mail_and_reader_it_is_about(store, by):
    (digest_id,) = await sent(store, recipients=(ANNE, BADR))
    message_id = rows(store, digest_id)[ANNE].message_id
    octets = {
        "headers": bounce(message_id),
        "envelope": bounce("", envelope=message_id[1:].partition("@")[0], headers_back=False),
        "old text": f"From: MAILER-DAEMON@mx\r\nSubject: failure\r\n\r\n<anne@readers.test>: 550 5.1.1 no such user\r\n\r\n"
        f"Message-ID: {message_id}\r\n".encode(),
    }[by]
    noted = note(store, octets, later(hours=1))
    assert (noted.recipient, noted.in_a_row, noted.suspended) == (ANNE, 1, False)
    assert "no such user" in noted.in_words
    assert states(store, digest_id) == {ANNE: "failed", BADR: "sent"}
    assert note(store, octets, later(hours=2)).in_a_row == 1


async def test_three_bounced_digests_in_a_row_suspend_the_reader_though_the_server_takes_every_mail(store):
    numbers = await sent(store, 4)
    told = [note(store, bounce(rows(store, number)[ANNE].message_id), later(days=5)) for number in numbers[:3]]
    assert [(one.in_a_row, one.suspended) for one in told] == [(1, False), (2, False), (3, True)]
    assert "nothing is sent there any more" in told[2].in_words
    assert states(store, owe_mails(store, (ANNE, BADR), built_at=later(days=6), local_date=later(days=6).date())) == {BADR: "pending"}


async def test_a_digest_that_arrived_ends_the_row(store):
    numbers = await sent(store, 4)
    told = [note(store, bounce(rows(store, number)[ANNE].message_id), later(days=5)).in_a_row for number in (*numbers[:2], numbers[3])]
    assert told == [1, 2, 1]


@pytest.mark.parametrize(
    ("octets", "kind", "words"),
    [
        (bounce("<x@y>", status="4.4.7", action="delayed"), "delayed", "a delay"),
        (bounce("<someone.elses@mail>"), "bounced", "not ours"),
        (b"From: anne@readers.test\r\nAuto-Submitted: auto-replied\r\nSubject: Absente\r\n\r\nJe suis absente.", "automatic", "automatic"),
        (b"From: anne@readers.test\r\nAuto-Submitted: auto-replied\r\nSubject: unsubscribe matin\r\n\r\n", "automatic", "automatic"),
        (b"From: Anne <anne@readers.test>\r\nSubject: unsubscribe matin\r\n\r\n", "unsubscribe", "asks to leave profile 'matin'"),
        (b"From: anne@readers.test\r\nSubject: Re: 3 nouvelles rencontres\r\n\r\nMerci !", "other", "ignored"),
        (b"", "other", "ignored"),
        (b"\xff\xfe\0 no mail at all \r\n\r\n\x00", "other", "ignored"),
        (b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n", "delayed", "ignored"),
        (b'From: "a' + b"\r\n x" * 50 + b"\r\nContent-Type: multipart/report; boundary=\r\n\r\n--\r\n", "other", "ignored"),
    ],
)
def test_anything_else_is_named_and_changes_nothing(store, octets, kind, words):
    noted = note(store, octets, MORNING)
    assert noted.returned.kind == kind and words in noted.in_words


def test_a_forged_bounce_of_a_mail_we_never_sent_changes_nothing(store):
    digest_id = owe_mails(store, (ANNE,))
    forged = bounce("<vigie.20261125.00000000000000000000000000000000@watch.test>")
    assert "not ours" in note(store, forged, MORNING).in_words
    assert states(store, digest_id) == {ANNE: "pending"}


async def test_of_a_long_reply_only_the_beginning_is_read(store):
    (digest_id,) = await sent(store)
    message_id = rows(store, digest_id)[ANNE].message_id
    long = b"From: MAILER-DAEMON@mx\r\nSubject: failure\r\n\r\n" + b"> quoted text\r\n" * 300_000 + message_id.encode()
    assert len(long) > 4_000_000 > LARGEST
    assert read_returned(long).about is None


async def test_a_server_that_can_is_told_how_to_name_the_mail_in_a_bounce(store):
    digest_id = owe_mails(store, (ANNE,))
    async with FaultySmtp("dsn") as server:
        assert (await deliver(store, mail_to(server.port), MORNING)).sent == 1
    with store.reading() as connection:
        (mail,) = kept.mails_of(connection, digest_id)
        assert mail.message_id.startswith(f"<{envelope_id(kept.mail_bytes(connection, mail))}@")
    assert any(f"ENVID={mail.message_id[1:].partition('@')[0]}" in command for command in server.commands)
