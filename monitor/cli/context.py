"""What every command needs: the options before it, the configuration, and one way to show rows."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.terminal import is_terminal, plain, shortened

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.store import SqlStore


class Failure(Exception):
    """The command ends with this line and code: 1 failed, 2 wrong usage or configuration."""

    def __init__(self, line: str, code: int = 1):
        super().__init__(line)
        self.code = code


@dataclass(frozen=True, slots=True)
class Options:
    """The options that stand before a command."""

    config: Path | None = None
    quiet: bool = False
    debug: bool = False


def options(context: typer.Context) -> Options:
    return context.obj if isinstance(context.obj, Options) else Options()


def configuration(context: typer.Context) -> Config:
    """The configuration asked for. Raises ConfigError."""
    from monitor.config import load_config

    return load_config(options(context).config)


def opened_store(context: typer.Context, *, read_only: bool = True) -> SqlStore:
    """The configured store. A command that only reads says so and never creates one."""
    from monitor import app
    from monitor.daemon import sqlite_path

    config = configuration(context)
    path = sqlite_path(config.store_url)
    if read_only and path is not None and not path.exists():
        raise Failure(f"{path}: there is no store yet; `vigie poll` or `vigie run` makes one")
    return app.open_store(config, read_only=read_only)


def as_json(value: Any) -> str:
    """`value` as JSON for machines: dates and times in ISO 8601, text unescaped."""
    return json.dumps(value, ensure_ascii=False, default=_plain_value)


def _plain_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes):
        return value.hex()
    if hasattr(value, "_asdict"):
        return value._asdict()
    return str(value)


def say(line: str) -> None:
    """One line for people, on standard error."""
    print(plain(line), file=sys.stderr)


def show_rows(columns: Sequence[tuple[str, str]], rows: Iterable[Mapping[str, Any]], *, nothing: str) -> None:
    """Rows for people: a table on a terminal, tab-separated lines elsewhere. `columns` are (key, heading)."""
    rows = list(rows)
    if not is_terminal():
        print("\t".join(heading for _, heading in columns))
        for row in rows:
            print("\t".join(plain(cell(row.get(key))) for key, _ in columns))
        return
    if not rows:
        say(nothing)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False, padding=(0, 2, 0, 0))
    for number, (_, heading) in enumerate(columns):
        table.add_column(heading, overflow="fold", ratio=3 if number == len(columns) - 1 else None)
    for row in rows:
        table.add_row(*(Text(shortened(cell(row.get(key)), 400)) for key, _ in columns))
    Console().print(table)


def cell(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value)
    return str(value)


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """CSV for spreadsheets. A cell that a spreadsheet would run as a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_harmless(value) for value in row])
    return out.getvalue()


def _harmless(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = "".join(c if c == "\n" or c.isprintable() or c == "\u00a0" else " " for c in str(value))
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@", "\t", "\r", "|", "%") and text else text


def parse_day(value: str | None, what: str) -> date | None:
    """A day given as YYYY-MM-DD, or "7d" for so many days ago. Raises Failure."""
    if value is None:
        return None
    import re
    from datetime import timedelta

    from monitor.app import now

    if found := re.fullmatch(r"(\d{1,4})d", value):
        return (now() - timedelta(days=int(found[1]))).date()
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Failure(f'{what}: {value!r} is not a day such as 2026-03-14 or "7d"', 2) from None


def read_jsonl(path: Path) -> Iterable[tuple[int, dict[str, Any] | None, str]]:
    """(line number, object, problem) for every line that is not empty; the object is None where there is a problem."""
    import gzip

    stream: Any
    if str(path) == "-":
        stream = sys.stdin.buffer
    elif path.suffix == ".gz":
        stream = gzip.open(path, "rb")  # noqa: SIM115  closed by the block below
    elif path.suffix == ".zst":
        import zstandard

        stream = zstandard.open(path, "rb")
    else:
        stream = path.open("rb")
    with stream:
        for number, raw in enumerate(stream, start=1):
            if not raw.strip():
                continue
            try:
                value = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError as problem:
                yield number, None, f"not UTF-8 text (byte {problem.start + 1} of the line)"
                continue
            except (json.JSONDecodeError, RecursionError) as problem:
                yield number, None, f"not JSON: {problem}"
                continue
            if isinstance(value, dict):
                yield number, value, ""
            else:
                yield number, None, "not a JSON object"
