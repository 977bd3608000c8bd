"""run, poll, check, demo: the work itself."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import app as cli
from monitor.cli.context import Failure, as_json, configuration, options, say
from monitor.terminal import is_terminal, plain, shortened

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.jobs import Tally, Work
    from monitor.store import SqlStore
    from pipelines.records import FeedState, Kept, PendingEntry, PollResult


LARGEST_LOG = 20_000_000  # bytes; at the next start a larger one is put aside in the place of the one before


@cli.command()
def run(
    context: typer.Context,
    plain_log: Annotated[bool, typer.Option("--log", help="Log lines instead of the live view, also on a terminal.")] = False,
) -> None:
    """Watch: poll feeds, read articles, send digests, until SIGTERM or Ctrl-C (which finish the unit in hand)."""
    from monitor import daemon, log

    config = configuration(context)
    live = is_terminal() and not plain_log
    log.configure(stream=open_log(config) if live else None, quiet=options(context).quiet)
    with daemon.only_one(config.store_url):
        code = asyncio.run(daemon.run(config, live=live))
    raise typer.Exit(code)


def open_log(config: Config) -> Any:
    """The file that takes the log lines while the terminal shows the live view. Raises Failure if it cannot be written."""
    from monitor.daemon import sqlite_path

    store = sqlite_path(config.store_url)
    path = (store.parent if store else config.path("var")) / "vigie.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LARGEST_LOG:
            path.replace(path.with_suffix(".log.1"))
        return path.open("a", encoding="utf-8", buffering=1)
    except OSError as problem:
        raise Failure(f"{path}: cannot write the log: {problem.strerror}; check the folder's permissions") from None


@cli.command()
def poll(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Every feed, also those that are not due.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """One pass over the due feeds; works until every entry that can be finished now is finished."""
    from monitor import app, log

    config = configuration(context)
    log.configure(quiet=options(context).quiet or is_terminal() or json)
    app.load_register(config)
    store = app.open_store(config)
    try:
        tally = asyncio.run(pass_once(config, store, everything=everything))
        summary = _summary(store, tally)
    finally:
        store.close()
    if json:
        print(as_json(summary))
    else:
        _print_summary(summary)


@asynccontextmanager
async def working(config: Config, store: SqlStore, clock: Callable[[], datetime] | None = None) -> AsyncIterator[Work]:
    """What does the jobs, for as long as the block runs. It stops in good order on SIGTERM and Ctrl-C."""
    import signal

    from monitor import app
    from monitor.jobs import Work
    from monitor.owners import free_the_dead

    clock = clock or app.now
    store.sync_feeds(app.feed_specs(config), clock())
    free_the_dead(store)
    workers = app.make_workers(config)
    try:
        async with app.make_fetcher(config) as fetcher:
            fetcher.keep_silent(store.pauses(clock()))
            rules, per_host = app.read_rules(config), config.fetch.per_host
            work = Work(store, fetcher, workers, rules, app.owner_name(), clock=clock, per_host=per_host)
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, work.stopping.set)
            try:
                yield work
            finally:
                await work.release()
    finally:
        await workers.stop()


async def pass_once(config: Config, store: SqlStore, *, everything: bool) -> Tally:
    """Poll and read once, with a progress bar on a terminal."""
    async with working(config, store) as work:
        if not work.has_a_clock():
            raise Failure(f"the clock says {work.clock():%Y-%m-%d}: set it first, or everything would be seen on that day")
        with Bars() as bars:
            return await work.pass_over(everything=everything, watch=bars)


class Bars:
    """Two progress bars on a terminal's standard error; nothing elsewhere."""

    def __init__(self) -> None:
        self._progress: Any = None

    def __enter__(self) -> Bars:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            self._progress = Progress(
                TextColumn("{task.description:<8}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[last]}", markup=False),
                console=Console(stderr=True),
                transient=True,
            )
            self._feeds = self._progress.add_task("feeds", total=None, last="")
            self._entries = self._progress.add_task("articles", total=0, last="")
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()

    def polled(self, feed: FeedState, result: PollResult, new: int) -> None:
        if self._progress:
            self._progress.update(self._feeds, advance=1, last=shortened(feed.outlet, 40))
            total = self._progress.tasks[1].total or 0
            self._progress.update(self._entries, total=total + new)

    def read(self, entry: PendingEntry, kept: Kept | None) -> None:
        if self._progress:
            task = self._progress.tasks[1]
            self._progress.update(
                self._entries,
                advance=1,
                total=max(task.total or 0, task.completed + 1),
                last=shortened(entry.entry.title, 60),
            )


def _summary(store: SqlStore, tally: Tally) -> dict[str, Any]:
    from monitor import app

    status = store.status(app.now())
    return {
        "feeds_polled": tally.polls,
        "feeds_failed": tally.failed_polls,
        "feeds_unchanged": tally.unchanged,
        "failing": tally.failing,
        "entries_new": tally.new_entries,
        "entries_read": tally.read,
        "entries_put_off": tally.put_off,
        "entries_pending": status.pending,
        "outcomes": {str(outcome): count for outcome, count in sorted(tally.outcomes.items())},
        "new_meetings": [meeting for number in dict.fromkeys(tally.new_meetings) if (meeting := _line_of(store, number))],
    }


def _line_of(store: SqlStore, number: int) -> dict[str, Any] | None:
    meeting = store.meeting(number)
    if meeting is None:
        return None
    return {key: meeting.get(key) for key in ("id", "status", "first_day", "city", "country", "headline", "articles", "outlets")}


def _print_summary(summary: dict[str, Any]) -> None:
    polled, failed, unchanged = summary["feeds_polled"], summary["feeds_failed"], summary["feeds_unchanged"]
    print(f"feeds     {polled} polled, {unchanged} unchanged, {failed} failed")
    for address, problem in sorted(summary["failing"].items()):
        print(f"          ✗ {plain(address)}: {plain(problem)}")
    print(
        f"entries   {summary['entries_new']} new, {summary['entries_read']} read, "
        f"{summary['entries_put_off']} put off, {summary['entries_pending']} waiting"
    )
    if summary["outcomes"]:
        print("outcomes  " + ", ".join(f"{count} {outcome}" for outcome, count in summary["outcomes"].items()))
    meetings = summary["new_meetings"]
    print(f"meetings  {len(meetings)} new")
    for meeting in meetings:
        day = meeting["first_day"] or "day unknown"
        print(f"          {meeting['id']:>5}  {day}  {plain(meeting['headline'] or '')}")


@cli.command()
def check(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Config, store, mail server, clock, disk, register: each ok, or what to do."""
    from monitor.checks import check_all

    config = configuration(context)
    findings = asyncio.run(check_all(config))
    if json:
        print(as_json([{"what": f.what, "state": f.state, "text": f.text} for f in findings]))
    else:
        sign = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}
        for finding in findings:
            print(f"{sign[finding.state]}  {finding.what:<10} {plain(finding.text)}")
    raise typer.Exit(1 if any(f.state == "fail" for f in findings) else 0)


@cli.command()
def demo(
    context: typer.Context,
    folder: Annotated[str, typer.Option("--dir", help="Where the demonstration keeps its store and digest.")] = "var/demo",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show the whole way offline: outlets of our own on this machine, polled, read, joined, and a digest written."""
    from pathlib import Path

    from monitor import log
    from monitor.demo import show

    log.configure(quiet=True)
    outcome = asyncio.run(show(Path(folder), say=(lambda line: None) if json else print))
    if json:
        print(as_json(outcome))
    if outcome["problems"]:
        for problem in outcome["problems"]:
            say(problem)
        raise typer.Exit(1)
