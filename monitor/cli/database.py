"""db: care of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli import app as cli
from monitor.cli.context import Failure, as_json, configuration, opened_store, say
from monitor.terminal import plain

db = typer.Typer(help="Care of the store: upgrade, backup, check, prune.", no_args_is_help=True)
cli.add_typer(db, name="db")


@db.command()
def upgrade(context: typer.Context) -> None:
    """Bring the store to this program's schema (a copy of the file is made first). `run` and `poll` do it by themselves."""
    from monitor import app

    store = app.open_store(configuration(context))
    try:
        print(f"the store is at schema {store.schema_version()}")
    finally:
        store.close()


@db.command()
def backup(context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Write a checked copy of the store, also while a daemon works on it."""
    store = opened_store(context)
    try:
        store.backup(file)
    finally:
        store.close()
    print(f"{file}: a whole copy, checked")


@db.command("check")
def check_store(context: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Look for damage: integrity, references, schema, and known bugs of the SQLite in use."""
    store = opened_store(context)
    try:
        findings = store.check()
    finally:
        store.close()
    if json:
        print(as_json([{"what": f.what, "state": f.state, "text": f.text} for f in findings]))
    else:
        for finding in findings:
            print(f"{finding.state:<4}  {plain(finding.what)}: {plain(finding.text)}")
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(1)


@db.command()
def prune(
    context: typer.Context,
    days: Annotated[int | None, typer.Option(min=1, help="Keep so many days of entries instead of the configured ones.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Drop old entries' texts as the daemon does daily; meetings, their quotes and what was ever seen stay known."""
    import sys

    from monitor import app

    config = configuration(context)
    keep = days or config.store.keep_pages_days
    if not yes:
        if not sys.stdin.isatty():
            raise Failure("db prune asks before it deletes; say --yes where nobody can answer", 2)
        typer.confirm(f"Drop texts of entries without meetings older than {keep} days?", abort=True, err=True)
    store = opened_store(context, read_only=False)
    try:
        counts = store.prune(app.now(), keep, config.store.keep_articles_days)
    finally:
        store.close()
    print(", ".join(f"{number} {what}" for what, number in counts.items()) or "nothing to drop")
    say("the freed space is used again by new articles")
