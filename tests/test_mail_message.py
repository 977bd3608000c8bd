"""Bytes of mails: nothing from a feed can add a header, a recipient or a message."""

from __future__ import annotations

import email
import email.policy
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mail.desk import read_by_both

from monitor.mail import message

BUILT = datetime(2026, 11, 25, 7, 30, 20, 5, tzinfo=timezone(timedelta(hours=1)))
NASTY = [
    "=?utf-8?Q?=0D=0ABcc:_x@evil.test?= rencontre",
    "title\r\nBcc: x@evil.test\r\n\r\nbody",
    "line\u2028separator\u2029paragraph\u0085next",
    "nul\0and \ud800 half",
    "\u202ereversed\u202c and \u200bzero \u2066isolate",
    "a" * 5000,
    "é" * 5000,
    "=?utf-8?b?DQpCY2M6IHhAZXZpbC50ZXN0?=",
    "{{ 7 * 7 }} ${7*7} <script>alert(1)</script>",
    "لقاء أمني بالرباط بين حموشي ونظيره الإسباني لتعزيز التعاون في مكافحة الإرهاب والجريمة المنظمة",
    "",
]


def mail(subject="x", text="t", html="<p>h</p>", **more) -> bytes:
    values = {
        "sender": "Vigie <vigie@watch.test>",
        "recipient": "anne@readers.test",
        "subject": subject,
        "built_at": BUILT,
        "message_id": message.message_id("matin", "20261125", "anne@readers.test", 1, "watch.test"),
        "profile": "matin",
    }
    return message.head(**values | more) + message.body(text, html)


def parsed(octets: bytes):
    return email.message_from_bytes(octets, policy=email.policy.default)


@pytest.mark.parametrize("title", NASTY)
@pytest.mark.parametrize("where", ["subject", "sender", "text", "html"])
def test_a_hostile_title_stays_where_it_is_put(title, where):
    plain = parsed(mail())
    value = f"{title} <vigie@watch.test>".replace("<script>alert(1)</script>", "") if where == "sender" else title
    octets = mail(**{where: value})
    message.check(octets)
    for policy in (email.policy.default, email.policy.compat32, email.policy.SMTP):
        read = email.message_from_bytes(octets, policy=policy)
        assert [name.lower() for name in read.keys()] == [name.lower() for name in plain.keys()]  # noqa: SIM118
        assert "bcc" not in {name.lower() for name in read.keys()}  # noqa: SIM118
        assert len(list(read.walk())) == 3
    assert octets.count(b"\nSubject:") == 1


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_as_subject_gives_one_clean_line(title):
    octets = mail(message.scrub(title, message.SUBJECT_LENGTH))
    message.check(octets)
    subject = read_by_both(octets)["Subject"]
    assert len(str(subject)) <= message.SUBJECT_LENGTH
    assert not any(ord(c) < 32 or c in "\u2028\u2029\x85\x7f" for c in str(subject))
    assert str(subject) == message.scrub(title, message.SUBJECT_LENGTH)


@given(st.text(max_size=2000), st.text(max_size=2000))
@settings(max_examples=80, deadline=None)
def test_any_text_arrives_as_it_was_written(text, html):
    octets = mail(text=text, html=html)
    message.check(octets)
    parts = list(read_by_both(octets).iter_parts())
    for part, written in zip(parts, (text, html), strict=True):
        unix = written.encode("utf-8", "replace").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        arrived = part.get_payload(decode=True).replace(b"\r\n", b"\n")
        if part["Content-Transfer-Encoding"] == "base64":
            unix = written.encode("utf-8", "replace").replace(b"\r\n", b"\n")
        assert arrived.rstrip(b"\n") == unix.rstrip(b"\n")


def test_headers_are_those_of_a_polite_list():
    read = parsed(mail("3 rencontres", reply_to="desk@watch.test"))
    assert read["From"] == "Vigie <vigie@watch.test>"
    assert read["Date"] == "Wed, 25 Nov 2026 06:30:20 +0000"
    assert read["List-Id"] == "<matin.vigie.watch.test>"
    assert read["List-Unsubscribe"] == "<mailto:desk@watch.test?subject=unsubscribe%20matin>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Reply-To"] == "desk@watch.test"
    assert "Precedence" not in read
    assert read.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]


def test_the_message_id_is_made_of_profile_slot_recipient_and_part_and_of_nothing_else():
    first = message.message_id("matin", "20261125", "anne@readers.test", 1, "watch.test")
    assert first == message.message_id("matin", "20261125", "Anne@Readers.TEST", 1, "watch.test")
    others = {
        message.message_id("soir", "20261125", "anne@readers.test", 1, "watch.test"),
        message.message_id("matin", "20261126", "anne@readers.test", 1, "watch.test"),
        message.message_id("matin", "20261125", "badr@readers.test", 1, "watch.test"),
        message.message_id("matin", "20261125", "anne@readers.test", 2, "watch.test"),
    }
    assert len(others) == 4 and first not in others
    assert first.startswith("<vigie.20261125.") and first.endswith("@watch.test>") and "anne" not in first


def test_the_same_digest_is_the_same_bytes():
    assert mail("Réunion à Rabat", "texte", "<p>é</p>") == mail("Réunion à Rabat", "texte", "<p>é</p>")


def test_a_long_subject_is_folded_into_lines_that_decode_to_it():
    subject = "لقاء أمني بالرباط بين حموشي ونظيره الإسباني"
    octets = mail(subject)
    lines = [line for line in octets.split(b"\r\n\r\n")[0].split(b"\r\n") if b"=?" in line]
    assert len(lines) > 1 and max(len(line) for line in lines) <= 76
    assert parsed(octets)["Subject"] == subject


def test_references_are_folded_and_kept_whole():
    identifiers = tuple(f"<vigie.2026111{n}.{'0' * 32}@watch.test>" for n in range(5))
    read = parsed(mail(references=identifiers, in_reply_to=identifiers[-1]))
    assert tuple(read["References"].split()) == identifiers and read["In-Reply-To"] == identifiers[-1]


@pytest.mark.parametrize(
    "octets",
    [
        mail().replace(b"\r\n", b"\n", 1),
        mail() + b"x" * 999,
        mail() + b"\0",
        b"Bcc: x@evil.test\r\n" + mail(),
        b"Subject: again\r\n" + mail(),
        mail().replace(b"Date:", b"X-Date:"),
        mail().replace(b"Subject: x", b"Subject: x\rBcc: y@evil.test"),
    ],
)
def test_bytes_that_are_no_clean_mail_are_refused(octets):
    with pytest.raises(message.UnsafeMail):
        message.check(octets)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "anne",
        "anne@",
        "@readers.test",
        "a b@readers.test",
        "a\r\nBcc:x@evil.test",
        "anne@readers.test>",
        "a@b@c.test",
        "x@" + "a" * 80 + ".test",
    ],
)
def test_what_cannot_be_an_address_is_named(written):
    with pytest.raises(message.BadAddress):
        message.address(written)


def test_an_address_is_bare_and_its_domain_ascii():
    assert message.address("Équipe <desk@bücher.test>") == "desk@xn--bcher-kva.test"
    assert message.recipient_key("Anne@Readers.TEST") == "anne@readers.test"


def test_a_cut_is_between_words_and_says_so():
    assert message.cut("un deux trois quatre", 14) == "un deux trois…"
    assert message.cut("un deux trois", 13) == "un deux trois"
    assert len(message.cut("x" * 100, 70)) == 70
