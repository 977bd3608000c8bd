"""feeds: what is watched, and whether it answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli import app as cli
from monitor.cli.context import as_json, configuration, opened_store, say, show_rows
from monitor.terminal import is_terminal, plain

feeds = typer.Typer(help="What is watched: list, check, import, export.", no_args_is_help=True)
cli.add_typer(feeds, name="feeds")


@feeds.command("list")
def list_feeds(
    context: typer.Context,
    failing: Annotated[bool, typer.Option("--failing", help="Only those that fail, stay silent or are suspect.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The feeds with their last poll, failures and number of entries."""
    store = opened_store(context)
    try:
        rows = store.feeds()
    finally:
        store.close()
    if failing:
        rows = [row for row in rows if row["failures"] or row["last_error"]]
    if json:
        print(as_json(rows))
        return
    columns = [
        ("outlet", "outlet"),
        ("language", "lang"),
        ("entries", "entries"),
        ("last_ok_at", "last ok"),
        ("next_poll_at", "next poll"),
        ("failures", "failures"),
        ("last_error", "what is wrong"),
        ("url", "address"),
    ]
    show_rows(columns, rows, nothing="no feed in the store yet; `vigie poll` brings the configured ones in")


@feeds.command("check")
def check_feeds(
    context: typer.Context,
    address: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS...]", help="These instead of the configured ones.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Ask every feed once, without the store, and say in words what is wrong."""
    from monitor.checks import check_feed_addresses

    config = configuration(context)
    shown = 0

    def show(row: dict[str, object]) -> None:
        nonlocal shown
        shown += 1
        if not json:
            sign = "ok  " if row["ok"] else "FAIL"
            print(f"{sign}  {plain(row['outlet']):<24.24}  {plain(row['text'])}\n      {plain(row['url'])}", flush=True)
            if is_terminal():
                say(f"{shown} of {total}") if shown % 20 == 0 else None

    total = len(address) if address else len(config.feeds)
    rows = asyncio.run(check_feed_addresses(config, address or None, show))
    bad = sum(not row["ok"] for row in rows)
    if json:
        print(as_json(rows))
    else:
        print(f"{len(rows) - bad} of {len(rows)} feeds answer as they should")
    raise typer.Exit(1 if bad else 0)


@feeds.command("accept")
def accept_feed(context: typer.Context, address: Annotated[str, typer.Argument(metavar="ADDRESS")]) -> None:
    """Take a feed whose identity changed for what it has become: its held entries are read and its new name is learnt."""
    from monitor.app import now

    store = opened_store(context, read_only=False)
    try:
        held = store.accept_feed(address, now())
    finally:
        store.close()
    print(plain(f"{address}: accepted; {held} held entries will be read"))


@feeds.command("export")
def export_feeds(context: typer.Context) -> None:
    """The configured feeds as OPML, for other readers."""
    from monitor.opml import write_opml

    print(write_opml(configuration(context).feeds))


@feeds.command("import")
def import_feeds(context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE.opml")]) -> None:
    """Read OPML and print its feeds as lines for `feeds = [...]` in config.toml; nothing is fetched or changed."""
    from monitor.opml import as_config_lines, read_opml

    found = read_opml(file)
    known = {feed.url for feed in configuration(context).feeds}
    fresh = [feed for feed in found.feeds if feed.url not in known]
    for line in as_config_lines(fresh):
        print(line)
    for problem in found.problems:
        say(f"{file}: {problem}")
    say(f"{len(fresh)} new, {len(found.feeds) - len(fresh)} configured already, {len(found.problems)} left out")
    raise typer.Exit(0)
