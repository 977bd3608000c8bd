"""Everything people see of what a run stored, and whether it is safe to look at (I12)."""

from __future__ import annotations

import contextlib
import csv
import email
import email.policy
import io
import os
import pty
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from torture.content import EVIL
from torture.run import ENVIRONMENT, Run

VIGIE = [sys.executable, "-c", "from monitor.cli import main; main()"]

# What a terminal, an editor or a reader would act on: controls but line ends and tabs, and what turns or hides letters
_LIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

COMMANDS: dict[str, tuple[str, ...]] = {
    "meetings": ("meetings", "--limit", "500"),
    "feeds": ("feeds", "list"),
    "search": ("search", "Hammouchi", "--limit", "100"),
    "ledger": ("query", "SELECT headline, previous_day FROM v_ledger", "--limit", "500"),
    "titles": ("query", "SELECT title, url FROM v_entries", "--limit", "100000"),
}
ON_A_TERMINAL = tuple(f"{name} on a terminal" for name in COMMANDS)
TEXTS = (*COMMANDS, "search on a terminal", "digests", "calendars")
LONG_TEXTS = (*ON_A_TERMINAL, "every meeting whole", "every article explained")


def command(run: Run, *arguments: str) -> str:
    """What a command prints, not on a terminal."""
    done = subprocess.run([*VIGIE, *arguments], cwd=run.folder, env=ENVIRONMENT, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-500:]
    return done.stdout.decode()


def on_a_terminal(run: Run, *arguments: str) -> str:
    """What a command prints on a terminal, without its own colours."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(run.folder)
        os.execve(sys.executable, [*VIGIE, *arguments], ENVIRONMENT | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"})
    shown = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
        while piece := os.read(terminal, 65536):
            shown += piece
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, shown[-500:]
    return _COLOURS.sub("", shown.decode()).replace("\r\n", "\n")


def text_of(run: Run, where: str) -> str:
    """One of TEXTS."""
    if where == "every meeting whole":
        return "\n".join(command(run, "meetings", "show", str(number)) for number in numbers(run, "SELECT id FROM v_meetings LIMIT 4"))
    if where == "every article explained":
        chosen = numbers(run, "SELECT max(id) FROM v_articles WHERE outlet IN ('C01', 'C06', 'C08') GROUP BY outlet")
        return "\n".join(command(run, "explain", str(number)) for number in chosen)
    if where == "digests":
        texts = (part.get_content() for mail in mails(run) for part in parsed(mail).walk() if part.get_content_type() == "text/plain")
        return "\n".join(texts).replace("\r\n", "\n")
    if where == "calendars":
        return "\n".join(path.read_text("utf-8") for pattern in ("*.ics", "*.atom") for path in files(run, pattern))
    name, _, terminal = where.partition(" ")
    return on_a_terminal(run, *COMMANDS[name]) if terminal else command(run, *COMMANDS[name])


def numbers(run: Run, query: str) -> list[int]:
    with run.reading() as connection:
        return [row[0] for row in connection.execute(query)]


def pages(run: Run) -> list[str]:
    """The digests as pages."""
    return [path.read_text("utf-8") for path in files(run, "*.html")]


def mails(run: Run) -> list[bytes]:
    """The digests as mails."""
    return [path.read_bytes() for path in files(run, "*.eml")]


def files(run: Run, pattern: str) -> list[Path]:
    return sorted((run.folder / "var" / "digests").rglob(pattern))


def parsed(mail: bytes) -> email.message.EmailMessage:
    message = email.message_from_bytes(mail, policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    return message


def harmless_text(text: str) -> None:
    """No controls, nothing that turns or hides letters."""
    found = _LIVE.search(text)
    assert not found, ascii(text[max(found.start() - 60, 0) : found.end() + 30])


def harmless_table(text: str) -> None:
    """No cell that a spreadsheet would run."""
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) > 1
    for cell in (cell for row in rows for cell in row):
        harmless_text(cell)
        stripped = cell.strip()
        assert stripped[:1] not in tuple("=+-@|%\t\r") or not stripped or re.fullmatch(r"[+-]?\d+(\.\d+)?", stripped), ascii(cell)


_ALLOWED = frozenset(
    """
    html head meta title style body table tbody thead tr td th div span p a h1 h2 h3 h4 ul ol li b strong em i br hr blockquote
    small q bdi details summary abbr time section header footer cite
    """.split()  # noqa: SIM905
)


class _Markup(HTMLParser):
    """Every tag, attribute and style of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.styles: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ALLOWED:
            self.problems.append(f"<{tag}>")
        self._in_style = tag == "style"
        for name, value in attrs:
            value = value or ""
            if name.startswith("on") or name in ("src", "srcset", "background", "srcdoc", "action", "formaction", "data", "poster"):
                self.problems.append(f"{tag} {name}={value}")
            if name == "href" and not re.match(r"(https?://|mailto:|#)", value):
                self.problems.append(f"href={value}")
            if name == "http-equiv" and value.casefold() == "refresh":
                self.problems.append("refresh")
            if name == "style":
                self.styles.append(value)
            if EVIL in value and name != "title":
                self.problems.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles.append(data)

    def handle_comment(self, data: str) -> None:
        if not re.match(r"\[if|<!\[endif|\[endif", data.strip()):
            self.problems.append(f"<!--{data[:60]}-->")


def harmless_page(page: str) -> None:
    """Only the tags a digest is made of, nothing loaded, no address of the attacker's, and his words shown as text."""
    reader = _Markup()
    reader.feed(page)
    assert not reader.problems, reader.problems[:5]
    for style in reader.styles:
        assert not re.search(r"url\s*\(|expression|@import|display:none\}", style, re.IGNORECASE), style[:200]
    harmless_text(re.sub(r"&#[xX]?[0-9a-fA-F]+;", "", page).replace("\u200c", ""))


def harmless_mail(mail: bytes) -> None:
    """One head, one recipient, no bare line ends, no line too long, no lone dot."""
    message = parsed(mail)
    names = [name.casefold() for name in message]
    assert names.count("subject") == 1 and names.count("to") == 1 and "bcc" not in names and "cc" not in names, names
    assert str(message["to"]) == "reader@example.org"
    assert not any(EVIL in str(value) for value in message.values())
    assert not message.defects
    lines = mail.replace(b"\r\n", b"\n").split(b"\n")
    assert b"\r" not in b"".join(lines), "a bare carriage return"
    assert max(map(len, lines)) <= 998
    assert b"." not in lines, "a lone dot"
