"""Delivery against real servers on loopback: a good one (aiosmtpd) and one of our own for everything that goes wrong."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import timedelta

import pytest
from mail.desk import ANNE, BADR, later, mail_to, open_desk, owe_mails, parse, read_by_both, rows, states
from mail.samples import MORNING, rabat_talks
from mail.servers import Closed, FaultySmtp, GoodSmtp, certificate

from monitor.mail.delivery import deliver
from monitor.mail.profile import Profile
from monitor.mail.settings import MailSettings
from monitor.mail.smtp import Misconfigured, Unreachable, try_login
from monitor.store import digests as kept

# The far ends are aiosmtpd's, which leaves sockets of refused sessions to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.fixture
def store(tmp_path):
    store = open_desk(tmp_path / "vigie.sqlite")
    yield store
    store.close()


@pytest.fixture(scope="session")
def own_certificate(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"))


async def test_each_recipient_gets_one_mail_and_no_other_address_in_it(store):
    digest_id = owe_mails(store)
    async with GoodSmtp() as server:
        report = await deliver(store, mail_to(server.port), MORNING)
        again = await deliver(store, mail_to(server.port), later(hours=1))
    assert (report.sent, again.any) == (2, False)
    assert states(store, digest_id) == {ANNE: "sent", BADR: "sent"}
    assert sorted(mail.recipients for mail in server.taken) == [(ANNE,), (BADR,)]
    for mail in server.taken:
        read = read_by_both(mail.octets)
        assert read["To"] == mail.recipients[0] and read["Cc"] is None and read["Bcc"] is None
        other = ({ANNE, BADR} - set(mail.recipients)).pop()
        assert other.encode() not in mail.octets
        assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]


async def test_two_daemons_deliver_each_mail_once(tmp_path):
    one, other = open_desk(tmp_path / "vigie.sqlite"), open_desk(tmp_path / "vigie.sqlite")
    recipients = tuple(f"reader{n}@readers.test" for n in range(12))
    owe_mails(one, recipients)
    async with GoodSmtp() as server:
        settings = mail_to(server.port)
        reports = await asyncio.gather(
            deliver(one, settings, MORNING, owner="first:1:a"), deliver(other, settings, MORNING, owner="second:1:b")
        )
    assert sum(report.sent for report in reports) == 12
    assert sorted(mail.recipients[0] for mail in server.taken) == sorted(recipients)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_login_over_tls_is_made_and_the_password_stays_out_of_the_log(store, own_certificate, security, capsys):
    owe_mails(store)
    login = ("vigie", "s3cret-canary")
    async with GoodSmtp(login=login, security=security, certificate=own_certificate) as server:
        settings = mail_to(
            server.port, host="localhost", security=security, username=login[0], password=login[1], ca_file=own_certificate
        )
        await try_login(settings)
        report = await deliver(store, settings, MORNING)
        wrong = mail_to(
            server.port,
            host="localhost",
            security=security,
            username=login[0],
            password="s3cret-wrong",
            ca_file=own_certificate,
        )
        with pytest.raises(Misconfigured, match="login as vigie refused"):
            await try_login(wrong)
    assert report.sent == 2
    printed = capsys.readouterr()
    assert "s3cret" not in printed.out + printed.err + repr(settings)


async def test_a_certificate_nobody_vouches_for_is_refused_and_nothing_is_sent(store, own_certificate):
    digest_id = owe_mails(store)
    async with GoodSmtp(security="starttls", certificate=own_certificate) as server:
        report = await deliver(store, mail_to(server.port, host="localhost", security="starttls"), MORNING)
    assert server.taken == [] and "certificate" in (report.problem or "").lower()
    assert set(states(store, digest_id).values()) == {"pending"}


async def test_tls_that_is_not_offered_means_no_mail_in_clear(store):
    digest_id = owe_mails(store)
    async with FaultySmtp("no_starttls") as server:
        report = await deliver(store, mail_to(server.port, security="starttls"), MORNING)
    assert server.taken == [] and report.problem is not None and report.sent == 0
    assert not any(command.startswith(("MAIL", "AUTH")) for command in server.commands)
    assert set(states(store, digest_id).values()) == {"pending"}


async def test_a_password_is_not_sent_to_a_far_server_in_clear():
    with pytest.raises(Misconfigured, match="not sent without encryption"):
        await try_login(mail_to(25, host="mail.far.test", username="vigie", password="x"))


@pytest.mark.parametrize("fault", ["mute", "garbage", "starttls_broken", "busy"])
async def test_a_server_that_cannot_be_talked_to_is_asked_again_within_five_minutes(store, fault):
    digest_id = owe_mails(store)
    security = "starttls" if fault == "starttls_broken" else "none"
    async with FaultySmtp(fault) as server:
        started = time.monotonic()
        report = await deliver(store, mail_to(server.port, timeout=0.3, security=security), MORNING)
        assert time.monotonic() - started < 3
        assert report.sent == 0 and report.deferred == 2 and server.taken == []
        for row in rows(store, digest_id).values():
            assert row.state == "pending" and MORNING < row.next_try_at <= later(minutes=5, seconds=5)
        server.fault = ""
        repaired = await deliver(store, mail_to(server.port), later(minutes=6))
    assert repaired.sent == 2 and len(server.taken) == 2


async def test_a_server_that_is_away_for_hours_is_still_asked_every_five_minutes(store):
    digest_id = owe_mails(store)
    settings, now = mail_to(Closed().port), MORNING
    for _ in range(30):
        await deliver(store, settings, now)
        now = max(row.next_try_at for row in rows(store, digest_id).values())
    assert now - MORNING < timedelta(minutes=5 * 30)
    async with GoodSmtp() as server:
        assert (await deliver(store, mail_to(server.port), now)).sent == 2
    with pytest.raises(Unreachable):
        await try_login(settings)


async def test_greylisting_is_waited_out_for_five_minutes_and_brings_one_copy(store):
    digest_id = owe_mails(store, (ANNE,))
    async with FaultySmtp("greylist", faults_left=1) as server:
        first = await deliver(store, mail_to(server.port), MORNING)
        too_soon = await deliver(store, mail_to(server.port), later(minutes=4))
        then = await deliver(store, mail_to(server.port), later(minutes=6))
    assert (first.deferred, too_soon.any, then.sent) == (1, False, True)
    assert len(server.taken) == 1 and states(store, digest_id) == {ANNE: "sent"}


async def test_a_refused_recipient_never_makes_the_others_get_it_twice(store):
    digest_id = owe_mails(store)
    async with FaultySmtp("reject_rcpt", rejected={ANNE}) as server:
        report = await deliver(store, mail_to(server.port), MORNING)
        again = await deliver(store, mail_to(server.port), later(days=1))
    assert (report.sent, report.refused, again.any) == (1, 1, False)
    assert [mail.recipients for mail in server.taken] == [(BADR,)]
    assert states(store, digest_id) == {ANNE: "failed", BADR: "sent"}
    assert rows(store, digest_id)[ANNE].last_reply == "550 5.1.1 no such user"


async def test_a_recipient_refused_three_mornings_in_a_row_is_left_alone_and_the_others_are_served(store):
    async with FaultySmtp("reject_rcpt", rejected={ANNE}) as server:
        for day in range(3):
            owe_mails(store, built_at=later(days=day), local_date=later(days=day).date())
            await deliver(store, mail_to(server.port), later(days=day, minutes=1))
        with store.reading() as connection:
            assert kept.suspended(connection, later(days=3)) == {ANNE: "550 5.1.1 no such user"}
        fourth = owe_mails(store, built_at=later(days=3), local_date=later(days=3).date())
        assert states(store, fourth) == {BADR: "pending"}
        asked = server.commands.count(f"RCPT TO:<{ANNE}>")
    assert asked == 3
    after_a_month = owe_mails(store, built_at=later(days=40), local_date=later(days=40).date())
    assert set(states(store, after_a_month)) == {ANNE, BADR}


async def test_a_recipient_that_is_taken_again_is_no_longer_counted(store):
    async with FaultySmtp("reject_rcpt", rejected={ANNE}) as server:
        for day in range(4):
            server.rejected = {ANNE} if day != 2 else set()
            owe_mails(store, built_at=later(days=day), local_date=later(days=day).date())
            await deliver(store, mail_to(server.port), later(days=day, minutes=1))
    with store.reading() as connection:
        assert kept.suspended(connection, later(days=4)) == {}


async def test_a_reset_before_the_final_dot_is_no_doubt_the_mail_goes_again(store):
    digest_id = owe_mails(store, (ANNE,))
    async with FaultySmtp("drop_in_data", faults_left=1) as server:
        report = await deliver(store, mail_to(server.port), MORNING)
        assert states(store, digest_id) == {ANNE: "pending"}
        then = await deliver(store, mail_to(server.port), later(minutes=6))
    assert (report.deferred, report.unknown, then.sent, then.maybe_twice) == (1, 0, 1, 0)
    assert len(server.taken) == 1


async def test_an_answer_that_comes_before_the_dot_is_heard(store):
    digest_id = owe_mails(store, (ANNE,))
    async with FaultySmtp("early_552", faults_left=1) as server:
        report = await deliver(store, mail_to(server.port), MORNING)
        assert report.shortened == 1 and len(server.taken) == report.sent > 0
    with store.reading() as connection:
        assert [row.state for row in kept.mails_of(connection, digest_id)] == ["failed", *["sent"] * report.sent]


@pytest.mark.parametrize("fault", ["drop_after_dot", "mute_after_dot"])
async def test_no_answer_after_the_final_dot_is_resent_once_in_the_same_bytes(store, fault):
    digest_id = owe_mails(store, (ANNE,))
    async with FaultySmtp(fault, faults_left=1) as server:
        settings = mail_to(server.port, final_reply=0.3)
        report = await deliver(store, settings, MORNING)
        assert report.unknown == 1 and states(store, digest_id) == {ANNE: "unknown"}
        then = await deliver(store, settings, later(minutes=10))
    assert (then.sent, then.maybe_twice) == (1, 1)
    assert len(server.taken) == 2 and server.taken[0] == server.taken[1]
    row = rows(store, digest_id)[ANNE]
    assert row.state == "sent" and row.maybe_twice


async def test_a_mail_in_doubt_twice_is_not_sent_a_third_time(store):
    digest_id = owe_mails(store, (ANNE,))
    async with FaultySmtp("drop_after_dot") as server:
        for hour in range(5):
            await deliver(store, mail_to(server.port), later(hours=hour))
    assert len(server.taken) == 2 and states(store, digest_id) == {ANNE: "unknown"}


async def test_a_mail_in_doubt_is_held_if_so_configured(store):
    digest_id = owe_mails(store, (ANNE,))
    async with FaultySmtp("drop_after_dot", faults_left=1) as server:
        settings = mail_to(server.port, unknown="hold")
        for hour in range(3):
            await deliver(store, settings, later(hours=hour))
    assert len(server.taken) == 1 and states(store, digest_id) == {ANNE: "unknown"}


async def test_a_slow_answer_is_waited_for_and_nobody_else_tries_meanwhile(store):
    digest_id = owe_mails(store, (ANNE,))
    async with FaultySmtp("slow_250", delay=0.6) as server:
        settings = mail_to(server.port, timeout=0.2)
        first = asyncio.create_task(deliver(store, settings, MORNING, owner="first:1:a"))
        await asyncio.sleep(0.3)
        second = await deliver(store, settings, later(minutes=4), owner="second:1:b")
        report = await first
    assert (report.sent, second.any) == (1, False)
    assert len(server.taken) == 1 and states(store, digest_id) == {ANNE: "sent"}


async def test_a_server_that_dies_after_its_yes_has_the_mail(store):
    digest_id = owe_mails(store)
    async with FaultySmtp("die_after_250") as server:
        first = await deliver(store, mail_to(server.port), MORNING)
        second = await deliver(store, mail_to(server.port), later(minutes=10))
    assert first.sent + second.sent == 2
    assert sorted(mail.recipients for mail in server.taken) == [(ANNE,), (BADR,)]
    assert set(states(store, digest_id).values()) == {"sent"}


@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        ("defer_data", "pending", "451 4.3.0 try again later"),
        ("reject_data", "failed", "554 5.7.1 looks like spam"),
        ("small", "failed", "the server takes 1000"),
    ],
)
async def test_what_the_server_says_after_the_text_is_kept_and_obeyed(store, fault, state, words):
    digest_id = owe_mails(store, (ANNE,))
    async with FaultySmtp(fault) as server:
        await deliver(store, mail_to(server.port), MORNING)
        tried = server.commands.count("DATA")
        await deliver(store, mail_to(server.port), later(minutes=2))
        assert server.commands.count("DATA") == tried  # no loop
    row = rows(store, digest_id)[ANNE]
    assert row.state == state and words in (row.last_reply or "")
    assert server.taken == []


@pytest.mark.parametrize("fault", ["too_big", "limited"])
async def test_a_mail_that_is_too_big_arrives_as_text_in_smaller_ones_with_nothing_left_out(store, fault):
    meetings = [rabat_talks(id=number, city=f"Ville {number}") for number in range(1, 13)]
    digest_id = owe_mails(store, meetings=meetings)
    async with FaultySmtp(fault, faults_left=2 if fault == "too_big" else None) as server:
        report = await deliver(store, mail_to(server.port), MORNING)
        again = await deliver(store, mail_to(server.port), later(minutes=10))
    assert report.shortened == 2 and report.sent == len(server.taken) > 2 and not again.any
    with store.reading() as connection:
        whole = kept.parts(connection, digest_id)[0]
        big = [row for row in kept.mails_of(connection, digest_id) if row.part == 1]
    assert {row.state for row in big} == {"failed"} and all("smaller mails of text" in (row.last_reply or "") for row in big)
    for reader in (ANNE, BADR):
        mails = [parse(mail.octets) for mail in server.taken if mail.recipients == (reader,)]
        assert len({mail["Message-ID"] for mail in mails}) == len(mails)
        assert [mail["Subject"][-5:] for mail in mails] == [f"({n}/{len(mails)})" for n in range(1, len(mails) + 1)]
        assert {mail["To"] for mail in mails} == {f"<{reader}>"} or {mail["To"] for mail in mails} == {reader}
        assert "".join(mail.get_content() for mail in mails).split() == whole.text.split()
    if fault == "limited":
        assert max(len(mail.octets) for mail in server.taken) <= 20_000


async def test_a_server_that_finds_everything_too_big_is_not_asked_for_ever(store):
    digest_id = owe_mails(store, (ANNE,), meetings=[rabat_talks(id=number, city=f"Ville {number}") for number in range(1, 13)])
    async with FaultySmtp("too_big") as server:
        for hour in range(5):
            await deliver(store, mail_to(server.port), later(hours=hour))
        tried = server.commands.count("DATA")
    assert server.taken == [] and 1 < tried < 10
    with store.reading() as connection:
        assert {row.state for row in kept.mails_of(connection, digest_id)} == {"failed"}


@pytest.mark.parametrize("fault", ["auth_fail", "need_auth", "reject_sender"])
async def test_a_login_or_sender_that_is_refused_is_not_tried_fast(store, fault, capsys):
    digest_id = owe_mails(store)
    async with FaultySmtp(fault) as server:
        settings = mail_to(server.port, username="vigie", password="s3cret-canary")
        report = await deliver(store, settings, MORNING)
        for minute in range(1, 15):
            await deliver(store, settings, later(minutes=minute))
        assert server.sessions <= 2
    assert report.problem is not None and "s3cret" not in report.problem
    assert set(states(store, digest_id).values()) == {"pending"}
    printed = capsys.readouterr()
    assert "s3cret" not in printed.out + printed.err
    assert not any("s3cret" in (row.last_reply or "") for row in rows(store, digest_id).values())


async def test_tries_end_after_four_days_with_the_servers_words(store):
    digest_id = owe_mails(store, (ANNE,))
    async with FaultySmtp("defer_data") as server:
        await deliver(store, mail_to(server.port), later(days=5))
    row = rows(store, digest_id)[ANNE]
    assert row.state == "failed" and row.last_reply == "given up: 451 4.3.0 try again later"


async def test_someone_taken_off_the_list_after_the_digest_was_built_gets_nothing(store):
    digest_id = owe_mails(store)
    async with GoodSmtp() as server:
        await deliver(store, mail_to(server.port), MORNING, profiles=[Profile("matin", (BADR,))])
    assert [mail.recipients for mail in server.taken] == [(BADR,)]
    assert states(store, digest_id) == {ANNE: "failed", BADR: "sent"}


async def test_an_address_written_twice_is_one_reader_and_an_international_domain_is_ascii_on_the_wire(store):
    owe_mails(store, (ANNE, "Anne@Readers.TEST", "badr@bücher.test"))
    async with GoodSmtp() as server:
        await deliver(store, mail_to(server.port), MORNING)
    assert sorted(mail.recipients[0].lower() for mail in server.taken) == [ANNE, "badr@xn--bcher-kva.test"]


async def test_a_local_part_beyond_ascii_needs_a_server_that_takes_it(store):
    digest_id = owe_mails(store, ("أنس@readers.test",))
    async with GoodSmtp() as server:
        await deliver(store, mail_to(server.port), MORNING)
    assert server.taken[0].recipients == ("أنس@readers.test",)
    other = owe_mails(store, ("أنس@readers.test",), profile="soir")
    async with FaultySmtp() as server:
        await deliver(store, mail_to(server.port), MORNING)
    assert states(store, digest_id) == {"أنس@readers.test": "sent"} and server.taken == []
    assert "SMTPUTF8" in (rows(store, other)["أنس@readers.test"].last_reply or "")


@pytest.mark.parametrize(("phase", "state"), [("connect", "pending"), ("dot", "unknown")])
async def test_a_mail_whose_sender_died_is_freed_when_its_lease_ends(store, phase, state):
    digest_id = owe_mails(store, (ANNE,))
    with store.writing() as connection:
        (row,) = kept.mails_of(connection, digest_id)
        assert kept.claim(connection, row, "elsewhere:7:x", MORNING, later(minutes=15))
        kept.mark(connection, row.id, phase=phase)
    settings = MailSettings(host="127.0.0.1", port=Closed().port, security="none", unknown="hold")
    await deliver(store, settings, later(minutes=5))
    assert states(store, digest_id) == {ANNE: "sending"}
    await deliver(store, settings, later(minutes=16))
    assert states(store, digest_id) == {ANNE: state}


async def test_a_mail_whose_sender_died_on_this_machine_is_freed_at_once(store):
    gone = await asyncio.create_subprocess_exec("true")
    await gone.wait()
    digest_id = owe_mails(store, (ANNE,))
    with store.writing() as connection:
        (row,) = kept.mails_of(connection, digest_id)
        kept.claim(connection, row, f"{socket.gethostname()}:{gone.pid}:x", MORNING, later(minutes=15))
    async with GoodSmtp() as server:
        report = await deliver(store, mail_to(server.port), later(seconds=1))
    assert report.sent == 1 and len(server.taken) == 1


async def test_without_a_mail_server_the_mail_and_its_page_are_written_whole_under_stable_names(store, tmp_path):
    digest_id = owe_mails(store, settings=MailSettings())
    out = tmp_path / "digests"
    report = await deliver(store, MailSettings(out_dir=out), MORNING)
    assert report.written == 2 and set(states(store, digest_id).values()) == {"sent"}
    assert sorted(path.name for path in out.iterdir()) == ["2026-11-25-matin.eml", "2026-11-25-matin.html"]
    read = parse((out / "2026-11-25-matin.eml").read_bytes())
    assert "Abdellatif Hammouchi" in read["Subject"]
    page = (out / "2026-11-25-matin.html").read_text(encoding="utf-8")
    assert read.get_body(("html",)).get_content().split() == page.split()


async def test_a_folder_that_cannot_be_written_keeps_the_mails_owed_and_says_so(store, tmp_path):
    digest_id = owe_mails(store, settings=MailSettings())
    (tmp_path / "digests").write_text("in the way")
    report = await deliver(store, MailSettings(out_dir=tmp_path / "digests"), MORNING)
    assert "cannot write" in (report.problem or "") and set(states(store, digest_id).values()) == {"pending"}
    (tmp_path / "digests").unlink()
    assert (await deliver(store, MailSettings(out_dir=tmp_path / "digests"), later(minutes=6))).written == 2


async def test_dots_at_line_starts_arrive_as_they_were_sent(store):
    owe_mails(store, (ANNE,))
    trap = b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n.\r\nMAIL FROM:<x@evil.test>\r\n.. dots\r\n..\r\n"
    with store.writing() as connection:
        (row,) = kept.due_mails(connection, MORNING, resend_unknown=False)
        connection.exec_driver_sql("UPDATE digest_parts SET body = ?", (trap,))
        whole = kept.mail_bytes(connection, row)
    async with FaultySmtp() as server:
        await deliver(store, mail_to(server.port), MORNING)
    assert [mail.octets for mail in server.taken] == [whole]
