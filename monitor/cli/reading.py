"""explain, detect, import, evaluate: reading texts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli import app as cli
from monitor.cli.context import Failure, as_json, configuration, say
from monitor.terminal import plain


@cli.command()
def explain(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="URL-or-FILE-or-ID")],
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Each stage's verdict on one article, with the quotes; also why it is not flagged."""
    import asyncio

    from monitor.explaining import explain_target

    told = asyncio.run(explain_target(configuration(context), target))
    if json:
        print(as_json(told.as_fields()))
    else:
        for line in told.lines():
            print(plain(line) if line.strip() else "")


@cli.command()
def detect(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="One article a line; - for standard input.")],
) -> None:
    """One article a line (id, published, title, text) in, one prediction a line out, in the label format."""
    from monitor.importing import detect_lines

    _must_exist(file)
    bad = 0
    for line, problem in detect_lines(configuration(context), file):
        if problem:
            bad += 1
            say(f"{file}: {problem}")
        if line is not None:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    raise typer.Exit(1 if bad else 0)


@cli.command("import")
def import_articles(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl")],
    results: Annotated[
        Path | None, typer.Option(metavar="OUT.jsonl", help="Prediction, outcome and meeting ids, a line an article.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Back-fill: articles into the store as if read, in order of publication. Running it twice changes nothing."""
    from monitor import log
    from monitor.importing import import_file

    log.configure(quiet=True)
    _must_exist(file)
    summary = import_file(configuration(context), file, results)
    for problem in summary.problems:
        say(f"{file}: {problem}")
    if json:
        print(as_json(summary.as_fields()))
    else:
        print(summary.in_words())
    raise typer.Exit(1 if summary.problems else 0)


@cli.command()
def evaluate(
    context: typer.Context,
    labels: Annotated[list[Path], typer.Argument(metavar="LABELS.jsonl...")],
    predictions: Annotated[Path | None, typer.Option("--pred", help="Score these predictions instead of reading the articles now.")] = None,
    show: Annotated[int, typer.Option(min=0, help="How many differences to list.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="The scores as JSON.")] = False,
) -> None:
    """Precision, recall and field scores of the detection on labelled articles."""
    from monitor.evaluation import evaluate_files

    for file in labels:
        _must_exist(file)
    scores = evaluate_files(configuration(context), labels, predictions)
    for note in scores.notes[:show]:
        say(note)
    if json:
        print(as_json(scores.as_fields()))
    else:
        for line in scores.lines():
            print(line)


def _must_exist(file: Path) -> None:
    if str(file) != "-" and not file.is_file():
        raise Failure(f"{file}: no such file", 2)


@cli.command()
def replay(
    context: typer.Context,
    apply: Annotated[bool, typer.Option("--apply", help="Make the difference, in one transaction. Nothing is mailed.")] = False,
    since: Annotated[str | None, typer.Option(help="Only articles published since: 2026-03-14, or 30d.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Read stored texts again with today's register and rules; print meetings gained, lost and changed."""
    from datetime import UTC, datetime, time

    from monitor.cli.context import opened_store, parse_day
    from monitor.cli.store import day_in_words
    from monitor.replaying import replay as read_again

    day = parse_day(since, "--since")
    store = opened_store(context, read_only=False)
    try:
        done = read_again(configuration(context), store, apply=apply, since=datetime.combine(day, time(), UTC) if day else None)
    finally:
        store.close()
    if json:
        changed = [{"before": before, "after": after} for before, after in done.changed]
        told = {"articles": done.articles, "gained": done.gained, "lost": done.lost, "changed": changed, "applied": done.applied}
        print(as_json(told))
        return

    def line(meeting: dict[str, Any]) -> str:
        return plain(f"{meeting['id']:>5}  {day_in_words(meeting)}  {meeting.get('status')}  {meeting.get('headline') or ''}")

    for sign, meetings in (("+", done.gained), ("-", done.lost)):
        for meeting in meetings:
            print(f"{sign} {line(meeting)}")
    for before, after in done.changed:
        print(f"~ {line(before)}\n  {line(after)}")
    state = "made" if done.applied else "not made: say --apply"
    print(f"{done.articles} articles read again: {len(done.gained)} gained, {len(done.lost)} lost, {len(done.changed)} changed ({state})")
