"""Mail servers on loopback: aiosmtpd for what a good one does, and a small one of our own for all that goes wrong."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that a server accepted responsibility for (it answered 250, or would have)."""

    sender: str
    recipients: tuple[str, ...]
    octets: bytes


class FaultySmtp:
    """An SMTP server that does exactly one thing wrong, chosen by `fault`; `faults_left` limits how often (None: always).

    mute            accepts the connection and says nothing
    garbage         greets with bytes that are no SMTP
    starttls_broken offers STARTTLS and then sends garbage
    no_starttls     does not offer STARTTLS
    greylist        451 to RCPT
    reject_rcpt     550 to RCPT for addresses in `rejected`
    reject_sender   550 to MAIL
    busy            421 to MAIL
    need_auth       530 to MAIL
    auth_fail       535 to AUTH
    drop_in_data    resets the connection while the text is coming in
    early_552       answers 552 while the text is coming in, and closes
    drop_after_dot  takes the mail, then resets without an answer
    mute_after_dot  takes the mail, then says nothing
    slow_250        takes the mail and answers after `delay` seconds
    defer_data      451 after the dot
    reject_data     554 after the dot
    too_big         552 after the dot
    small           announces SIZE 1000
    limited         announces SIZE 20000
    dsn             offers delivery status notifications
    die_after_250   answers 250 and resets
    """

    def __init__(
        self,
        fault: str = "",
        *,
        faults_left: int | None = None,
        rejected: Iterable[str] = (),
        delay: float = 0.0,
        tls: Path | None = None,
    ):
        self.fault, self.faults_left, self.rejected, self.delay, self.tls = fault, faults_left, set(rejected), delay, tls
        self.taken: list[Taken] = []
        self.commands: list[str] = []
        self.sessions = 0
        self.port = 0

    async def __aenter__(self) -> FaultySmtp:
        self._server = await asyncio.start_server(self._session, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def _fails(self, *names: str) -> bool:
        if self.fault not in names or self.faults_left == 0:
            return False
        if self.faults_left is not None:
            self.faults_left -= 1
        return True

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._fails("mute"):
            await reader.read()
            return
        if self._fails("garbage"):
            writer.write(b"\x16\x03\x01 hello?\r\n\r\n")
            await writer.drain()
            return
        self._say(writer, "220 faulty.test ESMTP")
        sender, recipients = "", []
        while line := await reader.readline():
            command = line.decode("utf-8", "replace").strip()
            self.commands.append(command)
            verb = command[:4].upper()
            if verb == "EHLO":
                size = {"small": 1000, "limited": 20_000}.get(self.fault, 10_000_000)
                offers = ["faulty.test", f"SIZE {size}", "AUTH PLAIN LOGIN"]
                if self.fault == "dsn":
                    offers.append("DSN")
                if self.fault == "starttls_broken" or (self.tls and self.fault != "no_starttls"):
                    offers.append("STARTTLS")
                for offer in offers[:-1]:
                    self._say(writer, f"250-{offer}")
                self._say(writer, f"250 {offers[-1]}")
            elif verb == "STAR":
                self._say(writer, "220 go ahead")
                if self.fault == "starttls_broken":
                    writer.write(b"this is not TLS\r\n" * 4)
                    await writer.drain()
                    return
                await writer.start_tls(server_tls(self.tls))
            elif verb == "AUTH":
                self._say(writer, "535 5.7.8 wrong password s3cret-canary" if self._fails("auth_fail") else "235 welcome")
            elif verb == "MAIL":
                sender, recipients = _address(command), []
                if self._fails("busy"):
                    self._say(writer, "421 too many connections")
                    return
                if self._fails("need_auth"):
                    self._say(writer, "530 5.7.0 authentication required")
                elif self._fails("reject_sender"):
                    self._say(writer, "550 5.7.1 you may not send")
                else:
                    self._say(writer, "250 ok")
            elif verb == "RCPT":
                address = _address(command)
                if self._fails("greylist"):
                    self._say(writer, "451 4.7.1 greylisted, come back later")
                elif self.fault == "reject_rcpt" and address in self.rejected:
                    self._say(writer, "550 5.1.1 no such user")
                else:
                    recipients.append(address)
                    self._say(writer, "250 ok")
            elif verb == "DATA":
                self._say(writer, "354 go")
                if not await self._data(reader, writer, sender, recipients):
                    return
            elif verb == "QUIT":
                self._say(writer, "221 bye")
                return
            else:
                self._say(writer, "250 ok")

    async def _data(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sender: str, recipients: list[str]
    ) -> bool:
        if self._fails("drop_in_data"):
            await reader.read(200)
            _reset(writer)
            return False
        if self._fails("early_552"):
            await reader.read(200)
            self._say(writer, "552 5.3.4 too much")
            await writer.drain()
            await asyncio.sleep(0.1)
            return False
        octets = b""
        while not octets.endswith(b"\r\n.\r\n"):
            more = await reader.read(65536)
            if not more:
                return False
            octets += more
        mail = Taken(sender, tuple(recipients), octets[:-3].replace(b"\r\n..", b"\r\n."))
        for fault, reply in (
            ("defer_data", "451 4.3.0 try again later"),
            ("reject_data", "554 5.7.1 looks like spam"),
            ("too_big", "552 5.3.4 message too big"),
        ):
            if self._fails(fault):
                self._say(writer, reply)
                return True
        self.taken.append(mail)
        if self._fails("drop_after_dot"):
            _reset(writer)
            return False
        if self._fails("mute_after_dot"):
            await reader.read()
            return False
        if self._fails("slow_250"):
            await asyncio.sleep(self.delay)
        self._say(writer, "250 2.0.0 taken")
        if self._fails("die_after_250"):
            await writer.drain()
            _reset(writer)
            return False
        return True

    def _say(self, writer: asyncio.StreamWriter, line: str) -> None:
        writer.write(line.encode() + b"\r\n")


class GoodSmtp:
    """aiosmtpd on loopback, with what it took. `login` asks for a user and password; `security` as in the configuration."""

    def __init__(self, *, login: tuple[str, str] | None = None, security: str = "none", certificate: Path | None = None):
        self.taken: list[Taken] = []
        self.login = login
        context = server_tls(certificate) if certificate else None
        options: dict[str, object] = {"enable_SMTPUTF8": True}
        if security == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if login:
            options |= {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": security == "starttls"}
        self._controller = Controller(
            self, hostname="127.0.0.1", port=0, ssl_context=context if security == "tls" else None, **options
        )
        self.port = 0

    async def __aenter__(self) -> GoodSmtp:
        # Controller connects to its own port to see whether it is up, and so needs to know it
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._controller.port = self.port = probe.getsockname()[1]
        await asyncio.to_thread(self._controller.start)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._controller.stop)

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(Taken(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.original_content))
        return "250 2.0.0 taken"

    def _authenticate(self, server: SMTP, session, envelope, mechanism: str, given: LoginPassword) -> AuthResult:
        wanted = (self.login[0].encode(), self.login[1].encode())
        return AuthResult(success=(given.login, given.password) == wanted, handled=False)


@dataclass
class Closed:
    """A port nobody listens on."""

    port: int = field(default=0)

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]


@cache
def certificate(folder: Path) -> Path:
    """A self-signed certificate for localhost and 127.0.0.1, with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, and makes the certificate")
    path = folder / "server.pem"
    key, own = folder / "key.pem", folder / "own.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", own],
        check=True,
        capture_output=True,
    )  # fmt: skip
    path.write_bytes(key.read_bytes() + own.read_bytes())
    return path


def server_tls(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _address(command: str) -> str:
    return command[command.index("<") + 1 : command.index(">")]


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a RST, as a crashing host does."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
