"""One mail server, one recipient at a time; every way it can go wrong has its own class, because each asks for something else.

    DeliveryError             has `reply`: the server's words, or ours
    |-- Unreachable           no session: nothing was taken, for anybody; try again soon
    |   `-- Misconfigured     a login, certificate or sender that the server does not want: try again later, tell the operator
    |-- Deferred              this mail is not taken now (greylisting, full mailbox)
    |-- Refused               this mail is not taken, ever; `about` says what was refused
    |   `-- TooBig
    |-- Interrupted           the connection broke before the final dot was sent: nothing was taken
    `-- Unanswered            the final dot was sent and no answer came: it may have been taken

The final dot is sent apart from the text before it, after the text has left. A reset in between is then known to have lost
the mail, and only the time between dot and answer stays in doubt (RFC 1047).
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Literal

import aiosmtplib

from monitor.mail.message import address
from monitor.mail.settings import MailSettings

_SETTLE_SECONDS = 0.02
"""Time for a reset that is on its way to arrive before the final dot is sent."""

_WRONG_PASSWORD = 535

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class DeliveryError(Exception):
    """A mail was not delivered. `reply` is one line for people, without secrets."""

    def __init__(self, reply: str):
        super().__init__(reply)
        self.reply = reply


class Unreachable(DeliveryError):
    """No session with the server."""


class Misconfigured(Unreachable):
    """The server answers but does not want us as we are set up."""


class Deferred(DeliveryError):
    """A temporary refusal of this mail."""


class Refused(DeliveryError):
    """A permanent refusal of this mail."""

    def __init__(self, reply: str, about: Literal["recipient", "mail"]):
        super().__init__(reply)
        self.about = about


class TooBig(Refused):
    """The server takes no mail of this size; `limit` is what it takes, in bytes, if it says so."""

    def __init__(self, reply: str, about: Literal["recipient", "mail"] = "mail", limit: int | None = None):
        super().__init__(reply, about)
        self.limit = limit


class Interrupted(DeliveryError):
    """The connection broke before the final dot."""


class Unanswered(DeliveryError):
    """The final dot was sent, and no answer came."""


class Mailer:
    """A session with the configured server, as an async context manager. Raises Unreachable or Misconfigured on entering."""

    def __init__(self, settings: MailSettings):
        self._settings = settings
        self._client = self._new_client()

    async def __aenter__(self) -> Mailer:
        settings = self._settings
        try:
            await self._open()
        except Misconfigured:
            raise
        except aiosmtplib.SMTPAuthenticationError as problem:
            # The server's text may quote what we sent
            raise Misconfigured(f"login as {settings.username} refused ({problem.code}); look at mail.username and the password") from None
        except aiosmtplib.SMTPResponseException as problem:
            kind = Misconfigured if problem.code >= 500 else Unreachable
            raise kind(f"{settings.host}:{settings.port}: {_line(problem)}") from problem
        except ssl.SSLError as problem:
            reason = problem.reason or problem
            raise Misconfigured(f"{settings.host}:{settings.port}: no safe connection: {reason}") from problem
        except aiosmtplib.SMTPConnectError as problem:
            if isinstance(problem.__cause__, ssl.SSLError):
                raise Misconfigured(f"{settings.host}:{settings.port}: no safe connection: {problem.__cause__}") from problem
            raise Unreachable(f"{settings.host}:{settings.port}: {_cause(problem)}") from problem
        except aiosmtplib.SMTPException as problem:
            if "starttls extension not supported" in str(problem).lower():
                words = 'offers no STARTTLS; set mail.security to "tls" (and its port), or to "none" for a server on this machine'
                raise Misconfigured(f"{settings.host}:{settings.port}: {words}") from problem
            kind = Misconfigured if "not supported" in str(problem).lower() else Unreachable
            raise kind(f"{settings.host}:{settings.port}: {_line(problem)}") from problem
        except (OSError, TimeoutError) as problem:
            raise Unreachable(f"{settings.host}:{settings.port}: {problem or 'no answer in time'}") from problem
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client.is_connected:
            try:
                await self._client.quit(timeout=5)
            except (aiosmtplib.SMTPException, OSError, TimeoutError):
                pass  # the mails have their answers; a rude good-bye changes nothing
        self._client.close()

    @property
    def is_open(self) -> bool:
        """Whether another mail can be sent in this session."""
        return self._client.is_connected

    async def send(self, recipient: str, mail: bytes, before_dot: Callable[[], Awaitable[None]]) -> str:
        """Hand over one mail for one recipient and return the server's answer, once it has taken the mail.

        `before_dot` is awaited when all but the final dot has left; from then on the mail may have been taken.
        Raises a DeliveryError.
        """
        await self._envelope(recipient, mail)
        protocol = self._client.protocol
        if protocol is None:
            raise Interrupted("connection lost")
        try:
            ready = await self._client.execute_command(b"DATA")
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
            raise Interrupted(_line(problem)) from problem
        if ready.code != 354:
            raise _refusal(ready.code, ready.message, "mail")
        answer = asyncio.create_task(protocol.read_response(timeout=self._settings.final_reply))
        try:
            await asyncio.sleep(0)  # lets the reader begin to listen, so that no early answer is lost
            await self._write(protocol, _stuffed(mail), answer)
            if not answer.done():
                await before_dot()
                try:
                    protocol.write(b".\r\n")
                except aiosmtplib.SMTPServerDisconnected as problem:
                    raise Unanswered(_line(problem)) from problem
            response = await self._answer(answer)
        finally:
            if not answer.done():
                answer.cancel()
                self._client.close()
        if response.code != 250:
            raise _refusal(response.code, response.message, "mail")
        return f"250 {_one_line(response.message)}"

    async def _open(self) -> None:
        settings = self._settings
        if settings.username and settings.security == "none" and settings.host not in _LOOPBACK:
            raise Misconfigured(f"{settings.host}: a password is not sent without encryption; set mail.security")
        # The whole of it: a server that accepts and says nothing must not hold us once per step
        async with asyncio.timeout(settings.timeout * 2):
            await self._client.connect()
            if self._client.is_ehlo_or_helo_needed:
                await self._client.ehlo()
            if settings.username:
                await self._login()

    async def _login(self) -> None:
        """With the strongest method both sides know; a password that is wrong is not tried in other ways, which locks accounts."""
        settings, client = self._settings, self._client
        methods = {"cram-md5": client.auth_crammd5, "plain": client.auth_plain, "login": client.auth_login}
        offered = [method for name, method in methods.items() if name in client.supported_auth_methods]
        if not offered:
            raise Misconfigured(f"{settings.host}: offers no login we know; remove mail.username or change mail.security")
        for method in offered:
            try:
                await method(settings.username, settings.password)
                return
            except aiosmtplib.SMTPAuthenticationError as problem:
                if problem.code == _WRONG_PASSWORD or method is offered[-1]:
                    raise

    def _new_client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        trusted = str(settings.ca_file) if settings.ca_file else None
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            cert_bundle=trusted,
            local_hostname=_own_name(settings),
        )

    async def _envelope(self, recipient: str, mail: bytes) -> None:
        options = []
        if self._client.supports_extension("size"):
            limit = self._client.esmtp_extensions.get("size", "")
            if limit.isdigit() and 0 < int(limit) < len(mail):
                raise TooBig(f"the mail has {len(mail)} bytes, the server takes {limit}", limit=int(limit))
            options.append(f"SIZE={len(mail)}")
        if self._client.supports_extension("dsn"):
            # A bounce then names the mail by this, and does not send it back whole
            options += ["RET=HDRS", f"ENVID={envelope_id(mail)}"]
        encoding = "ascii"
        if not recipient.isascii():
            if not self._client.supports_extension("smtputf8"):
                raise Refused("the server does not take addresses beyond ASCII (SMTPUTF8)", "recipient")
            encoding = "utf-8"
            options.append("SMTPUTF8")
        try:
            await self._client.mail(address(self._settings.sender), options=options, encoding=encoding)
        except aiosmtplib.SMTPSenderRefused as problem:
            refusal = _refusal(problem.code, problem.message, "mail")
            if isinstance(refusal, Refused) and not isinstance(refusal, TooBig):
                raise Misconfigured(f"sender refused: {refusal.reply}") from problem
            raise refusal from problem
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
            raise Interrupted(_line(problem)) from problem
        try:
            await self._client.rcpt(recipient, encoding=encoding)
        except aiosmtplib.SMTPRecipientRefused as problem:
            await self._reset()
            raise _refusal(problem.code, problem.message, "recipient") from problem
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
            raise Interrupted(_line(problem)) from problem

    async def _reset(self) -> None:
        """Leave the session fit for the next recipient."""
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            self._client.close()

    async def _write(
        self, protocol: aiosmtplib.protocol.SMTPProtocol, octets: bytes, answer: asyncio.Task[aiosmtplib.SMTPResponse]
    ) -> None:
        """Write the text and wait until it has left this process. Raises Interrupted; returns early if an answer came."""
        transport = protocol.transport
        try:
            protocol.write(octets)
            async with asyncio.timeout(self._settings.final_reply):
                while isinstance(transport, asyncio.WriteTransport) and transport.get_write_buffer_size():
                    if answer.done() or transport.is_closing():
                        break
                    await asyncio.sleep(0.005)
                await asyncio.wait([answer], timeout=_SETTLE_SECONDS)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
            raise Interrupted(_line(problem)) from problem
        failed = answer.exception() if answer.done() else None
        if failed is not None or not protocol.is_connected:
            self._client.close()
            raise Interrupted(_line(failed) if failed else "connection lost") from failed

    async def _answer(self, answer: asyncio.Task[aiosmtplib.SMTPResponse]) -> aiosmtplib.SMTPResponse:
        try:
            return await answer
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
            self._client.close()
            raise Unanswered(_line(problem)) from problem


async def try_login(settings: MailSettings) -> None:
    """Open a session, log in, and leave without sending. Raises Unreachable or Misconfigured."""
    async with Mailer(settings):
        pass


def _refusal(code: int, message: str, about: Literal["recipient", "mail"]) -> DeliveryError:
    reply = f"{code} {_one_line(message)}"
    if code == 421:
        return Interrupted(reply)
    if code < 500:
        return Deferred(reply)
    if about == "mail" and (code == 552 or re.search(r"\b5\.(3\.4|2\.3)\b|too (big|large)|size", message, re.IGNORECASE)):
        return TooBig(reply, about)
    return Refused(reply, about)


def _stuffed(mail: bytes) -> bytes:
    """The mail with the dots at line starts doubled, ending in CRLF. Its lines end in CRLF already (`message.check`)."""
    octets = re.sub(rb"(?m)^\.", b"..", mail)
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"


def envelope_id(mail: bytes) -> str:
    """The part of the Message-ID before the @, by which a bounce may name the mail (RFC 3461: ENVID)."""
    found = re.search(rb"(?im)^message-id: <([a-z0-9.]{1,100})@", mail)
    return found[1].decode("ascii") if found else "unknown"


def _own_name(settings: MailSettings) -> str:
    return address(settings.sender).rpartition("@")[2]


def _cause(problem: BaseException) -> str:
    """Why no connection came about, without the addresses that stand before it already."""
    cause = problem.__cause__
    if isinstance(cause, socket.gaierror):
        return "there is no such host, or no name server answers"
    return os.strerror(cause.errno) if isinstance(cause, OSError) and cause.errno else _line(problem)


def _line(problem: BaseException | None) -> str:
    return _one_line(str(problem)) or type(problem).__name__


def _one_line(message: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in message).split())[:300]
