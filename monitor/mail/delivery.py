"""Mails from the outbox to their recipients, each once, its state written before the final dot and after the answer.

Without a mail server they become files with stable names. Either way a mail that was taken is never taken again, but for the
moment between the final dot and the server's answer, which no protocol can save: what is lost there is `unknown`, and is
sent once more in the same bytes or held, as configured.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from monitor.log import logger
from monitor.mail import message
from monitor.mail.profile import Profile
from monitor.mail.push import is_push, key_of, push
from monitor.mail.settings import MailSettings
from monitor.mail.shorter import ENVELOPE, SMALLEST, pieces
from monitor.mail.smtp import DeliveryError, Interrupted, Mailer, Misconfigured, Refused, TooBig, Unanswered, Unreachable
from monitor.owners import is_dead, remember
from monitor.store import digests as kept
from monitor.store import durable
from monitor.store.digests import OutboxRow, SharedPart, Store

LEASE = timedelta(minutes=15)
"""Longer than any one mail may take: connecting, the commands, and 300 s for the final reply."""

GIVE_UP_AFTER = timedelta(days=4)
"""RFC 5321 (4.5.4.1) asks for 4 to 5 days of tries; a digest older than that is no news."""

GIVE_UP_PUSH_AFTER = timedelta(hours=12)
"""Nobody's telephone should ring with the news of yesterday; the digest has it."""

SMALLER_FROM = 100
"""Parts with a higher number are the text of another part (the hundreds) in small pieces, for a server that takes no more."""

NO_RECIPIENT = "no longer a recipient"

SESSIONS = 3
"""Sessions that may break in one round before the rest waits for the next."""

T = TypeVar("T")
Runner = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """One round of delivery, in mails."""

    sent: int = 0
    written: int = 0  # as files, no mail server being set
    deferred: int = 0
    refused: int = 0
    unknown: int = 0
    shortened: int = 0  # too big for the server: owed as smaller ones
    maybe_twice: int = 0  # of those sent: an earlier answer never came
    problem: str | None = None  # why the server could not be used

    @property
    def any(self) -> bool:
        """Whether anything happened."""
        return self != DeliveryReport()

    def as_fields(self) -> dict[str, Any]:
        """For a log line: what is not zero."""
        return {name: value for name, value in asdict(self).items() if value}


def retry_after(problem: DeliveryError, attempts: int) -> timedelta:
    """How long to wait before the next try, growing with the tries made so far.

    A server that is away is asked again within 5 minutes, so that mail flows soon after a repair; a mail that was put off
    waits 5 minutes at least (greylisting); a refused login is not tried fast, which would lock the account.
    """
    step = min(max(attempts, 1), 8) - 1
    if isinstance(problem, Misconfigured):
        first, longest = 15, 60
    elif isinstance(problem, Unreachable | Interrupted):
        first, longest = 1, 5
    else:
        first, longest = 5, 60
    return timedelta(minutes=min(first << step, longest))


async def deliver(
    store: Store,
    settings: MailSettings,
    now: datetime,
    *,
    owner: str | None = None,
    run: Runner | None = None,
    profiles: Iterable[Profile] | None = None,
) -> DeliveryReport:
    """Deliver every mail that is due, one recipient at a time; without a mail server, write them as files.

    `owner` names this process in leases. `run(function, *arguments)` runs what touches the store (default: here).
    `profiles`, if given, are today's: a recipient no longer in theirs is skipped.
    """
    return await _Delivery(store, settings, now, owner or default_owner(), run or _here, profiles).round()


def default_owner() -> str:
    """This process: host and number."""
    return f"{socket.gethostname()}:{os.getpid()}"


async def _here(function: Callable[..., T], *arguments: Any) -> T:
    return function(*arguments)


class _Delivery:
    """One round of delivery."""

    def __init__(
        self,
        store: Store,
        settings: MailSettings,
        now: datetime,
        owner: str,
        run: Runner,
        profiles: Iterable[Profile] | None,
    ):
        self.store, self.settings, self.owner, self.run = store, settings, owner, run
        remember(owner)
        self._start, self._begun = now, time.monotonic()
        self.report = DeliveryReport()
        self.log = logger()
        profiles = None if profiles is None else list(profiles)
        self.readers = None if profiles is None else {profile.name: _readers(profile) for profile in profiles}
        self.urls = {key_of(url): url for profile in profiles or () for url in profile.alert_urls}

    @property
    def now(self) -> datetime:
        """The time that was given, moving on."""
        return self._start + timedelta(seconds=time.monotonic() - self._begun)

    async def round(self) -> DeliveryReport:
        due = await self.run(self._due)
        pushes = [row for row in due if is_push(row.recipient)]
        # A profile without recipients is read as files, also where there is a mail server
        files = [row for row in due if row not in pushes and (not self.settings.host or not row.recipient)]
        mails = [row for row in due if row not in files and row not in pushes]
        # Whoever delivers without knowing the profiles has no addresses of services
        for row in pushes if self.readers is not None else ():
            await self._push_one(row)
        if files:
            await self.run(self._write_files, files)
        if mails:
            await self._send(mails)
        if self.report.shortened:
            small = [row for row in await self.run(self._due) if row.part > SMALLER_FROM and not is_push(row.recipient)]
            await self._send(small)
        return self.report

    def count(self, **more: int) -> None:
        self.report = replace(self.report, **{name: getattr(self.report, name) + n for name, n in more.items()})

    def _due(self) -> list[OutboxRow]:
        resend = self.settings.unknown == "resend"
        with self.store.reading() as connection:
            gone = [name for name in kept.owners(connection) if is_dead(name)]
            stuck = kept.has_expired(connection, self.now, gone)
        if stuck:
            with self.store.writing("mails recovered") as connection:
                for row in kept.recover(connection, self.now, gone):
                    self._note_unknown(row, "the sender died after the final dot")
        with self.store.reading() as connection:
            return kept.due_mails(connection, self.now, resend_unknown=resend)

    # By SMTP

    async def _send(self, due: Sequence[OutboxRow]) -> None:
        waiting = list(due)
        problem = Unreachable("the session is lost again and again")
        for _ in range(SESSIONS):
            try:
                async with Mailer(self.settings) as mailer:
                    while waiting and mailer.is_open:
                        await self._send_one(mailer, waiting.pop(0))
            except Unreachable as away:
                problem = away
                break
            if not waiting:
                return
        await self.run(self._postpone, waiting, problem)

    async def _send_one(self, mailer: Mailer, row: OutboxRow) -> None:
        mail = await self.run(self._claim, row)
        if mail is None:
            return

        async def before_dot() -> None:
            await self.run(self._mark_phase, row, "dot")

        try:
            reply = await mailer.send(row.recipient, mail, before_dot)
        except DeliveryError as problem:
            await self.run(self._failed, row, problem)
            if isinstance(problem, Unreachable):
                raise
            return
        except asyncio.CancelledError:
            # Stopped in the middle: the row keeps its phase, and its lease ends with this process
            raise
        await self.run(self._sent, row, reply)

    async def _push_one(self, row: OutboxRow) -> None:
        if await self.run(self._claim, row) is None:
            return
        try:
            part = await self.run(self._part, row)
            await self.run(self._mark_phase, row, "dot")
            await push(self.urls[row.recipient], part.subject, part.text)
        except DeliveryError as problem:
            await self.run(self._failed, row, problem)
            return
        await self.run(self._sent, row, "taken")

    def _part(self, row: OutboxRow) -> SharedPart:
        with self.store.reading() as connection:
            return next(part for part in kept.parts(connection, row.digest_id) if part.part == row.part)

    def _claim(self, row: OutboxRow) -> bytes | None:
        if self._is_gone(row):
            with self.store.writing("mail dropped") as connection:
                kept.release(connection, row.id, "failed", last_reply=NO_RECIPIENT)
            return None
        with self.store.writing("mail claimed") as connection:
            if not kept.claim(connection, row, self.owner, self.now, self.now + LEASE):
                return None
            mail = kept.mail_bytes(connection, row)
        if not is_push(row.recipient):
            message.check(mail)
        return mail

    def _is_gone(self, row: OutboxRow) -> bool:
        if self.readers is None or not row.recipient:
            return False
        return _reader(row.recipient) not in self.readers.get(row.profile, set())

    def _mark_phase(self, row: OutboxRow, phase: str) -> None:
        with self.store.writing(f"mail at {phase}") as connection:
            kept.mark(connection, row.id, phase=phase)

    def _sent(self, row: OutboxRow, reply: str) -> None:
        maybe = row.maybe_twice or row.state == "unknown"
        durable.step("mail answered")
        with self.store.writing("mail sent") as connection:
            kept.release(connection, row.id, "sent", phase="answered", last_reply=reply, sent_at=self.now)
            kept.note_delivery(connection, _reader(row.recipient))
        self.count(sent=1, maybe_twice=int(maybe))
        self.log.info("mail-sent", profile=row.profile, part=row.part, message_id=row.message_id, maybe_twice=maybe)

    def _failed(self, row: OutboxRow, problem: DeliveryError) -> None:
        attempts = row.attempts + 1
        until = self.now + retry_after(problem, attempts)
        durable.step("mail not taken")
        with self.store.writing("mail failed") as connection:
            if isinstance(problem, TooBig) and (smaller := self._make_smaller(connection, row, problem)):
                self.count(shortened=1)
                self.log.warning("mail-too-big", profile=row.profile, message_id=row.message_id, reply=problem.reply, then=smaller)
                return
            if isinstance(problem, Unanswered):
                kept.release(connection, row.id, "unknown", last_reply=problem.reply, next_try_at=until)
            elif isinstance(problem, Refused):
                kept.release(connection, row.id, "failed", last_reply=problem.reply)
                if problem.about == "recipient":
                    key = message.recipient_key(row.recipient)
                    if kept.note_refusal(connection, key, row.digest_id, problem.reply, self.now):
                        self.log.error("recipient-suspended", profile=row.profile, reply=problem.reply)
            elif self.now - row.built_at > (GIVE_UP_PUSH_AFTER if is_push(row.recipient) else GIVE_UP_AFTER):
                kept.release(connection, row.id, "failed", last_reply=f"given up: {problem.reply}")
            else:
                # A second failure after an unknown answer leaves the doubt where it was
                state = "unknown" if row.state == "unknown" else "pending"
                kept.release(connection, row.id, state, last_reply=problem.reply, next_try_at=until)
                if state == "unknown":
                    kept.mark(connection, row.id, maybe_twice=False)
        if isinstance(problem, Unanswered):
            self._note_unknown(row, problem.reply)
        elif isinstance(problem, Refused):
            self.count(refused=1)
            self.log.error("mail-refused", profile=row.profile, message_id=row.message_id, reply=problem.reply)
        else:
            self.count(deferred=1)
            self.log.warning("mail-deferred", profile=row.profile, message_id=row.message_id, reply=problem.reply)

    def _make_smaller(self, connection: Connection, row: OutboxRow, problem: TooBig) -> str | None:
        """Owe the text of a mail that is too big in smaller mails instead. In words what was done; None if nothing can be."""
        whole = kept.mail_bytes(connection, row)
        limit = min(problem.limit or len(whole), len(whole) // (1 if problem.limit else 4)) - ENVELOPE
        if row.part > SMALLER_FROM or limit < SMALLEST:
            return None
        part = next(part for part in kept.parts(connection, row.digest_id) if part.part == row.part)
        texts = pieces(part.text, limit)
        head, rows = whole[: len(whole) - len(part.body)], []
        for number, text in enumerate(texts, 1):
            subject = f"{part.subject} ({number}/{len(texts)})" if len(texts) > 1 else part.subject
            small = SharedPart(row.part * SMALLER_FROM + number, subject, text, "", message.text_body(text))
            kept.add_part_once(connection, row.digest_id, small)
            name, at, domain = row.message_id.partition("@")
            message_id = f"{name}.{number}{at}{domain}"
            own_head = message.retitled(head, subject, message_id)
            message.check(own_head + small.body)
            rows.append(
                {
                    "digest_id": row.digest_id,
                    "part": small.part,
                    "recipient": row.recipient,
                    "message_id": message_id,
                    "head": own_head,
                    "state": "pending",
                    "attempts": 0,
                    "next_try_at": self.now,
                    "maybe_twice": False,
                }
            )
        kept.add_outbox(connection, rows)
        done = f"sent as {len(rows)} smaller mail{'s' * (len(rows) != 1)} of text"
        kept.release(connection, row.id, "failed", last_reply=f"{problem.reply}; {done}")
        return done

    def _note_unknown(self, row: OutboxRow, reply: str) -> None:
        self.count(unknown=1)
        once_more = self.settings.unknown == "resend" and not row.maybe_twice
        self.log.warning(
            "mail-unknown",
            profile=row.profile,
            message_id=row.message_id,
            reply=reply,
            maybe="delivered",
            then="sent once more" if once_more else "held",
        )

    def _postpone(self, rows: Sequence[OutboxRow], problem: DeliveryError) -> None:
        """None of these could be tried; each waits longer the more often that was so."""
        waits = {row.id: self.now + retry_after(problem, row.attempts + 1) for row in rows}
        with self.store.writing("mails postponed") as connection:
            kept.postpone(connection, waits, problem.reply)
        self.report = replace(self.report, problem=problem.reply, deferred=self.report.deferred + len(rows))
        self.log.warning("mail-server", error=problem.reply, waiting=len(rows))

    # As files

    def _write_files(self, due: Sequence[OutboxRow]) -> None:
        folder = self.settings.out_dir
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            self._cannot_write(due, folder, problem)
            return
        for row in due:
            with self.store.reading() as connection:
                mail = kept.mail_bytes(connection, row)
                html = kept.part_html(connection, row.digest_id, row.part)
                name = file_name(connection, row)
            path = folder / f"{name}.eml"
            try:
                write_whole(path, mail)
                write_whole(path.with_suffix(".html"), html.encode("utf-8", "replace"))
            except OSError as problem:
                self._cannot_write([row], path, problem)
                continue
            with self.store.writing("digest written") as connection:
                kept.release(
                    connection, row.id, "sent", phase="answered", last_reply="written", sent_at=self.now, path=str(path)
                )
            self.count(written=1)
            self.log.info("digest-written", profile=row.profile, path=str(path))

    def _cannot_write(self, rows: Sequence[OutboxRow], path: Path, problem: OSError) -> None:
        self._postpone(rows, Unreachable(f"cannot write {path}: {problem.strerror}"))


def _reader(recipient: str) -> str:
    return recipient if is_push(recipient) else message.recipient_key(recipient)


def _readers(profile: Profile) -> set[str]:
    return {message.recipient_key(recipient) for recipient in profile.recipients} | set(map(key_of, profile.alert_urls))


def file_name(connection: Connection, row: OutboxRow) -> str:
    """The stable name of a mail's files: date, profile, and part if there are several."""
    day, parts = kept.day_and_parts(connection, row.digest_id)
    name = f"{day.isoformat()}-{row.profile}"
    if row.kind != "digest":
        name += f"-{row.kind}-{row.digest_id}"
    return f"{name}-{row.part}" if parts > 1 else name


def write_whole(path: Path, octets: bytes) -> None:
    """Write a file so that its name never stands for half of it. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        durable.step("file: before")
        draft.replace(path)
        durable.step("file: after")
    finally:
        draft.unlink(missing_ok=True)
