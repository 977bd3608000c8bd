"""digest, digests, bounces and the mail half of check, as a user types them: a store on disk, a mail server on loopback."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import structlog
from mail.desk import parse
from mail.servers import FaultySmtp

from monitor import app
from monitor.cli import main
from monitor.config import Config, ConfigError, load_config

ANNE, BADR = "anne@readers.test", "badr@readers.test"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def vigie(*arguments: object, cwd: Path, given: bytes = b"", **environment: str) -> Done:
    """The command in this process: a process of its own for each would spend minutes on imports."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["vigie", *map(str, arguments)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        for name in [name for name in os.environ if name.startswith("VIGIE_")]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            with pytest.raises(SystemExit) as ended:
                main()
        finally:
            structlog.reset_defaults()  # commands set the log up for a process of their own
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


class Served:
    """A mail server in a thread of its own, for commands that run as processes."""

    def __init__(self, fault: str = "", **more: object):
        self.smtp = FaultySmtp(fault, **more)  # type: ignore[arg-type]
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> FaultySmtp:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.smtp.__aenter__(), self._loop).result(10)
        return self.smtp

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._put_away(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _put_away(self) -> None:
        await self.smtp.__aexit__()
        sessions = asyncio.all_tasks() - {asyncio.current_task()}
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)
        await asyncio.sleep(0)


def configure(folder: Path, mail: str = "", *, recipients: tuple[str, ...] = (ANNE, BADR), profile: str = "") -> None:
    (folder / "config.toml").write_text(
        f'feeds = []\n[mail]\n{mail}\n[[profiles]]\nname = "matin"\nrecipients = {json.dumps(recipients)}\n{profile}\n', encoding="utf-8"
    )


def mail_to(smtp: FaultySmtp) -> str:
    return f'host = "127.0.0.1"\nport = {smtp.port}\nsecurity = "none"\ntimeout = "5s"'


@pytest.fixture
def served() -> Iterator[FaultySmtp]:
    with Served() as smtp:
        yield smtp


def test_a_digest_is_sent_once_and_again_only_when_asked_in_the_same_bytes(tmp_path, served):
    configure(tmp_path, mail_to(served))
    first = vigie("digest", "--send", cwd=tmp_path)
    assert first.returncode == 0 and "2 sent" in first.stdout, first.stderr
    day = first.stdout[:10]
    second = vigie("digest", "--send", cwd=tmp_path)
    assert second.returncode == 0 and f"built already; --resend {day} sends it once more" in second.stdout
    assert sorted(mail.recipients for mail in served.taken) == [(ANNE,), (BADR,)]
    again = vigie("digest", "--resend", day, "--to", BADR, cwd=tmp_path)
    assert again.returncode == 0 and "1 sent" in again.stdout
    assert [mail.recipients for mail in served.taken[2:]] == [(BADR,)]
    assert served.taken[2].octets in [mail.octets for mail in served.taken[:2]]
    listed = vigie("digests", cwd=tmp_path)
    assert "2 sent" in listed.stdout and listed.stdout == vigie("digests", "list", cwd=tmp_path).stdout
    shown = vigie("digests", "show", 1, cwd=tmp_path)
    assert "Pas de nouvelle rencontre" in shown.stdout and f"{ANNE}  sent" in shown.stderr and "(maybe twice)" in shown.stderr
    told = json.loads(vigie("digests", "show", 1, "--json", cwd=tmp_path).stdout)
    assert {mail["recipient"]: mail["state"] for mail in told["deliveries"]} == {ANNE: "sent", BADR: "sent"}


def test_a_trial_copy_goes_to_one_address_and_keeps_nothing(tmp_path, served):
    configure(tmp_path, mail_to(served))
    assert vigie("db", "upgrade", cwd=tmp_path).returncode == 0
    done = vigie("digest", "--to", "me@example.test", cwd=tmp_path)
    assert done.returncode == 0 and "went to me@example.test" in done.stdout, done.stderr
    (mail,) = served.taken
    assert mail.recipients == ("me@example.test",) and ANNE not in mail.octets.decode()
    assert vigie("digests", "--json", cwd=tmp_path).stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--to", "me@example.test"], 2, "there is no mail server; set [mail] host, or use --preview"),
        (["--to", "me@@example", "--send"], 2, "--send and --to exclude each other"),
        (["--resend", "today"], 2, "'today' is not a day"),
        (["--resend", "2026-01-01"], 1, "profile matin has no digest of 2026-01-01"),
        (["--date", "2999-01-01"], 2, "the digest of 2999-01-01 is not due yet"),
        (["--profile", "soir"], 2, "'soir' is not one of matin"),
        (["--preview", "/nonexistent/digest.html"], 1, "/nonexistent/digest.html: cannot write: No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(tmp_path, arguments, code, said):
    configure(tmp_path)
    assert vigie("db", "upgrade", cwd=tmp_path).returncode == 0
    done = vigie("digest", *arguments, cwd=tmp_path)
    assert done.returncode == code and said in done.stderr and done.stderr.count("\n") == 1


def test_a_refused_reader_is_said_by_the_command_and_by_check(tmp_path):
    with Served("reject_rcpt", rejected=(ANNE,)) as smtp:
        configure(tmp_path, mail_to(smtp))
        done = vigie("digest", "--send", cwd=tmp_path)
        assert done.returncode == 1 and "1 sent; 1 refused" in done.stdout
        checked = vigie("check", cwd=tmp_path)
        assert f"mail to {ANNE} (matin," in checked.stdout and "550 5.1.1 no such user" in checked.stdout
        assert "answers; nothing was sent" in checked.stdout and len(smtp.taken) == 1


def test_check_logs_in_and_never_shows_the_password(tmp_path):
    with Served("auth_fail") as smtp:
        (tmp_path / "secret").write_text("s3cret-canary\n")
        (tmp_path / "secret").chmod(0o644)
        configure(tmp_path, mail_to(smtp) + '\nusername = "vigie"\npassword_file = "secret"')
        done = vigie("check", cwd=tmp_path)
        assert done.returncode == 1 and "login as vigie refused (535); look at mail.username and the password" in done.stdout
        assert "secret can be read by others; chmod 600 it" in done.stdout
        assert "s3cret" not in done.stdout + done.stderr and smtp.taken == []


@pytest.mark.parametrize(
    ("mail", "profile", "said"),
    [
        ('templates = "none"', "", "mail.templates: no such folder"),
        ('templates = "own"', "", "mail.templates: "),
        ('sender = "Vigie"', "", "mail.sender: 'Vigie' is not a mail address"),
        ('contact = "Vigie"', "", "mail.contact: 'Vigie' is not a mail address"),
        ('host = "smtp.example.test:587"', "", "the port stands in mail.port"),
        ('ca_file = "none"', "", "mail.ca_file: no such file"),
        ("", "days = []", "days"),
        ("", 'timezone = "Europe/Pari"', "did you mean 'Europe/Paris'?"),
        ("", 'countries = ["ma"]', "did you mean 'MA'?"),
        ("", 'countries = ["QQ"]', "there is no country 'QQ'"),
        ("", 'keywords = { any = ["/(a+)+$/"] }', "runs away"),
        ("", 'quiet_hours = "22h"', 'two times of day such as "22:00-06:30"'),
        ("", 'alert = true\nalert_urls = ["json://x"]', "did you mean 'alert_urls_file'?"),
        ("", 'alert = true\nalert_urls_file = "none"', "alert_urls_file: cannot read"),
    ],
)
def test_a_mistake_is_refused_before_the_first_morning(tmp_path, mail, profile, said):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "digest.html.j2").write_text("<html>{{ 1 + v.date }}</html>")
    configure(tmp_path, mail, profile=profile)

    def start(config: Config) -> None:
        app.profiles(config)
        app.mail_settings(config)

    with pytest.raises(ConfigError) as caught:
        start(load_config(tmp_path / "config.toml"))
    assert said in str(caught.value)


def test_an_alert_address_nobody_knows_is_refused_without_its_secret(tmp_path):
    pytest.importorskip("apprise")
    configure(tmp_path, profile="alert = true")
    done = vigie("digest", "--send", cwd=tmp_path, VIGIE_ALERT_URLS="nonsense://s3cret-canary@host")
    assert done.returncode == 2 and "is not one that Apprise knows" in done.stderr and "s3cret" not in done.stderr


def test_bounces_are_read_from_files_folders_and_standard_input(tmp_path, served):
    configure(tmp_path, mail_to(served))
    assert vigie("digest", "--send", cwd=tmp_path).returncode == 0
    message_id = next(parse(mail.octets)["Message-ID"] for mail in served.taken if mail.recipients == (ANNE,))
    bounce = f"From: MAILER-DAEMON@mx\nSubject: failure\n\n550 5.1.1 no such user\n\nMessage-ID: {message_id}\n".encode()
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "1.eml").write_bytes(bounce)
    (tmp_path / "2.eml").write_bytes(b"Subject: unsubscribe matin\nFrom: badr@readers.test\n\n")
    done = vigie("bounces", "box", "2.eml", cwd=tmp_path)
    assert done.returncode == 0
    assert [re.sub(r":.*", "", line) for line in done.stdout.splitlines()] == [ANNE, "badr@readers.test asks to leave profile 'matin'"]
    assert f"{ANNE}: came back (1 in a row)" in vigie("bounces", cwd=tmp_path, given=bounce).stdout
    missing = vigie("bounces", "nothing.eml", cwd=tmp_path)
    assert missing.returncode == 1 and "nothing.eml: No such file" in missing.stderr


def test_a_day_without_news_is_skipped_if_so_configured(tmp_path, served):
    configure(tmp_path, mail_to(served), profile='empty = "skip"')
    done = vigie("digest", "--send", cwd=tmp_path)
    assert done.returncode == 0 and "no new digest: nothing new" in done.stdout and served.taken == []
    assert date.fromisoformat(done.stdout[:10])
