"""meetings, search, query: asking the store."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from monitor.cli import app as cli
from monitor.cli.context import Failure, as_csv, as_json, opened_store, parse_day, show_rows
from monitor.terminal import is_terminal, plain

meetings = typer.Typer(help="List meetings, newest first; `meetings show ID` tells one whole.", invoke_without_command=True)
cli.add_typer(meetings, name="meetings")

MEETING_COLUMNS = [
    ("id", "id"),
    ("day", "day"),
    ("place", "place"),
    ("status", "status"),
    ("articles", "articles"),
    ("independent_reports", "independent"),
    ("topics", "topics"),
    ("headline", "meeting"),
]


@meetings.callback()
def list_meetings(
    context: typer.Context,
    since: Annotated[str | None, typer.Option(help="From this day on: 2026-03-14, or 30d for the last 30 days.")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this day.")] = None,
    country: Annotated[str | None, typer.Option(help="Of a participant or of the place, ISO code (MA, FR ...).")] = None,
    person: Annotated[str | None, typer.Option(help="Register id or a part of the name.")] = None,
    body: Annotated[str | None, typer.Option(help="Register id or a part of the name (DGSI).")] = None,
    status: Annotated[str | None, typer.Option(help="new, background, planned, denied or cancelled.")] = None,
    text: Annotated[str | None, typer.Option(help="Words that one of its articles holds.")] = None,
    category: Annotated[str | None, typer.Option(help="police, intelligence, interior ...")] = None,
    possible: Annotated[bool, typer.Option("--possible", help="List those just below the line instead.")] = False,
    wrong: Annotated[bool, typer.Option("--wrong", help="List those marked as wrong instead.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    if context.invoked_subcommand:
        return
    from pipelines.detect.model import Status
    from pipelines.store import MeetingFilter

    if status is not None and status not in [str(s) for s in Status]:
        raise Failure(f"--status: {status!r} is not one of {', '.join(Status)}", 2)
    wanted = MeetingFilter(
        since=parse_day(since, "--since"),
        until=parse_day(until, "--until"),
        country=country.upper() if country else None,
        person=person,
        body=body,
        status=status,
        text=text,
        category=category,
        possible=possible,
        wrong=wrong,
        limit=limit,
    )
    store = opened_store(context)
    try:
        rows = store.meetings(wanted)
    finally:
        store.close()
    if json:
        print(as_json(rows))
    else:
        show_rows(MEETING_COLUMNS, [row | _in_words(row) for row in rows], nothing="no meeting matches")


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    place = ", ".join(part for part in (row.get("city"), row.get("country")) if part)
    return {"day": day_in_words(row), "place": place}


def day_in_words(row: dict[str, Any]) -> str:
    """The day, range, month or year of a meeting, as ISO text; "unknown" where no text says it."""
    first, last, precision = row.get("first_day"), row.get("last_day"), row.get("date_precision")
    if not first or precision == "unknown":
        return "unknown"
    if precision == "month":
        return str(first)[:7]
    if precision == "year":
        return str(first)[:4]
    return f"{first}" if not last or last == first else f"{first}/{str(last)[5:]}"


@meetings.command("show")
def show_meeting(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID")],
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """One meeting whole: who, where, when, about what, and every report with its quote."""
    store = opened_store(context)
    try:
        meeting = store.meeting(number)
    finally:
        store.close()
    if meeting is None:
        raise Failure(f"there is no meeting {number}; `vigie meetings` lists them")
    if json:
        print(as_json(meeting))
        return
    for line in meeting_lines(meeting):
        print(line)


def meeting_lines(meeting: dict[str, Any]) -> list[str]:
    """A meeting told for a terminal, one fact a line."""
    lines = [
        plain(f"{meeting['id']}  {meeting.get('headline') or ''}"),
        f"   day     {day_in_words(meeting)}",
        plain(f"   place   {', '.join(p for p in (meeting.get('city'), meeting.get('country')) if p) or 'unknown'}"),
        f"   status  {meeting.get('status')}   mode {meeting.get('mode')}   score {meeting.get('score')}",
    ]
    if topics := meeting.get("topics"):
        lines.append(plain(f"   topics  {topics if isinstance(topics, str) else ', '.join(topics)}"))
    for person in meeting.get("participants", []):
        who = " — ".join(str(part) for part in (person.get("name"), person.get("role"), person.get("body")) if part)
        lines.append(plain(f"   who     {who or '?'} ({person.get('country') or '?'})"))
    for report in meeting.get("reports", []):
        copy = "  (copy)" if report.get("copy_of") else ""
        lines.append(plain(f"   report  {report.get('outlet')}: {report.get('title')}{copy}"))
        if report.get("quote"):
            lines.append(plain(f"           « {report['quote']} »"))
        if report.get("url"):
            lines.append(plain(f"           {report['url']}"))
    return lines


@cli.command()
def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS...")],
    limit: Annotated[int, typer.Option(min=1)] = 20,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Full text over titles and texts; accents and Arabic variants do not matter."""
    store = opened_store(context)
    try:
        rows = store.search(" ".join(words), limit)
    finally:
        store.close()
    if json:
        print(as_json(rows))
    else:
        columns = [
            ("id", "article"),
            ("published_at", "published"),
            ("outlet", "outlet"),
            ("title", "title"),
            ("snippet", "found"),
        ]
        show_rows(columns, rows, nothing="nothing found")


@cli.command()
def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(metavar="SQL")],
    csv: Annotated[bool, typer.Option("--csv", help="As CSV, safe for spreadsheets.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 1000,
) -> None:
    """Read-only SQL over the views v_meetings, v_participants, v_reports, v_articles, v_feeds, v_digests."""
    store = opened_store(context)
    try:
        columns, rows = store.run_sql(sql, limit)
    finally:
        store.close()
    if json:
        print(as_json([dict(zip(columns, row, strict=True)) for row in rows]))
    elif csv or not is_terminal():
        print(as_csv(columns, rows), end="")
    else:
        show_rows([(name, name) for name in columns], [dict(zip(columns, row, strict=True)) for row in rows], nothing="no row")
