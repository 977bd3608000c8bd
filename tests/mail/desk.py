"""A real store with mails owed in it."""

from __future__ import annotations

import email
import email.policy
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from fast_mail_parser import parse_email
from mail.samples import MORNING, digest, rabat_talks

from monitor.mail.build import keep_digest, write
from monitor.mail.profile import Profile
from monitor.mail.settings import MailSettings
from monitor.store import digests as kept
from monitor.store.database import Database, create_file, parse_url
from monitor.store.metadata import metadata

ANNE, BADR = "anne@readers.test", "badr@readers.test"


def open_desk(path: Path) -> Database:
    """A store file, with its tables."""
    if not path.exists():
        create_file(path)
    store = Database(parse_url(str(path)))
    with store.writing() as connection:
        metadata.create_all(connection)
    return store


def owe_mails(
    store: Database,
    recipients: tuple[str, ...] = (ANNE, BADR),
    *,
    meetings=None,
    mailed=(),
    built_at: datetime = MORNING,
    profile: str = "matin",
    settings: MailSettings | None = None,
    **more,
) -> int:
    """A digest with one mail owed to each of them. Returns its number."""
    made = digest(meetings or [rabat_talks()], mailed, profile=profile, **{"built_at": built_at, **more})
    reader = Profile(profile, recipients)
    settings = settings or mail_to(25)
    with store.writing() as connection:
        return keep_digest(connection, made, reader, write(made, reader, settings), settings)[0]


def mail_to(port: int, **more) -> MailSettings:
    """Settings for a plain server on loopback, impatient as tests are."""
    values = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "Vigie <vigie@watch.test>",
        "timeout": 2.0,
        "final_reply": 3.0,
    }
    return MailSettings(**values | more)


def states(store: Database, digest_id: int) -> dict[str, str]:
    """Recipient -> state of the mail."""
    with store.reading() as connection:
        return {row.recipient: row.state for row in kept.mails_of(connection, digest_id)}


def rows(store: Database, digest_id: int) -> dict[str, kept.OutboxRow]:
    with store.reading() as connection:
        return {row.recipient: row for row in kept.mails_of(connection, digest_id)}


def parse(octets: bytes) -> EmailMessage:
    return email.message_from_bytes(octets, policy=email.policy.default)


def read_by_both(octets: bytes):
    """As the standard library reads it, after a second, unrelated parser (mailparse, in Rust) was seen to read the same."""
    mail, other = parse(octets), parse_email(octets)
    assert list(other.headers) == list(mail.keys())
    assert other.subject == str(mail["Subject"])
    assert [address.address for address in other.to] == [str(mail["To"])] and not other.cc and not other.bcc
    assert not other.attachments
    texts = [part.get_payload(decode=True).decode("utf-8") for part in mail.iter_parts()]
    assert [other.text_plain[0], other.text_html[0]] == texts
    return mail


def later(**span) -> datetime:
    return MORNING + timedelta(**span)
