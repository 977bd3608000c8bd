"""wrong, merge, split, undo, corrections, ledger: what people rule, and what the meetings add up to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import app as cli
from monitor.cli.context import as_json, opened_store, show_rows

if TYPE_CHECKING:
    from monitor.store import SqlStore


def _with_store(context: typer.Context, work: Callable[[SqlStore], Any], *, read_only: bool = False) -> Any:
    store = opened_store(context, read_only=read_only)
    try:
        return work(store)
    finally:
        store.close()


@cli.command()
def wrong(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID")],
    why: Annotated[str, typer.Option("--why", help="One line, for whoever asks later.")],
) -> None:
    """This is no meeting: it leaves lists and digests, and later copies of its reports with it."""
    correction = _with_store(context, lambda store: store.mark_wrong(number, why))
    print(f"meeting {number} is marked as wrong; `vigie undo {correction}` takes it back")


@cli.command()
def merge(
    context: typer.Context,
    one: Annotated[int, typer.Argument(metavar="ID")],
    other: Annotated[int, typer.Argument(metavar="ID")],
    why: Annotated[str | None, typer.Option("--why")] = None,
) -> None:
    """These two are one meeting. The older record stays; the other's number leads to it."""
    correction = _with_store(context, lambda store: store.merge(one, other, why))
    print(f"meetings {one} and {other} are one; `vigie undo {correction}` takes it back")


@cli.command()
def split(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID")],
    article: Annotated[int, typer.Argument(metavar="ARTICLE")],
    why: Annotated[str | None, typer.Option("--why")] = None,
) -> None:
    """This article tells of another meeting than the rest of that record."""
    correction = _with_store(context, lambda store: store.split(number, article, why))
    print(f"article {article} is parted from meeting {number}; `vigie undo {correction}` takes it back")


@cli.command()
def undo(context: typer.Context, correction: Annotated[int, typer.Argument(metavar="CORRECTION")]) -> None:
    """Take a correction back; the records are as if it had never been made."""
    touched = _with_store(context, lambda store: store.undo(correction))
    print(f"correction {correction} is undone; meetings {', '.join(map(str, touched)) or 'none'} were joined anew")


@cli.command()
def corrections(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were undone.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What was ruled by hand, and how many of the last 30 days' meetings stood."""
    from monitor import app

    rows, (right, told) = _with_store(
        context, lambda store: (store.corrections(undone=everything), store.precision(app.now())), read_only=True
    )
    if json:
        print(as_json({"corrections": rows, "right": right, "of": told}))
        return
    columns = [
        ("id", "id"),
        ("at", "when"),
        ("kind", "what"),
        ("meeting_id", "meeting"),
        ("other_id", "other"),
        ("article_id", "article"),
        ("why", "why"),
        ("headline", "headline"),
    ]
    show_rows(columns, rows, nothing="nothing was corrected")
    if told:
        print(f"last 30 days: {right} of {told} meetings stood ({right / told:.0%})")


@cli.command()
def ledger(
    context: typer.Context,
    country: Annotated[str | None, typer.Option(help="Pairs with this country (MA, FR ...).")] = None,
    body: Annotated[str | None, typer.Option(help="Pairs with this body: register id or a part of the name.")] = None,
    person: Annotated[str | None, typer.Option(help="Meetings of this person: register id or a part of the name.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Who met whom over time: pairs of countries or bodies with first and last meeting, or one person's meetings."""
    if person:
        from pipelines.store import MeetingFilter

        rows = _with_store(context, lambda store: store.meetings(MeetingFilter(person=person, limit=limit)), read_only=True)
        columns = [("first_day", "day"), ("city", "city"), ("country", "country"), ("headline", "meeting")]
    else:
        rows = _with_store(context, lambda store: _pairs(store, country, body, limit), read_only=True)
        columns = [("one", "one"), ("other", "other"), ("meetings", "meetings"), ("first_met", "first"), ("last_met", "last")]
    if json:
        print(as_json(rows))
    else:
        show_rows(columns, rows, nothing="no meeting of that kind is known")


def _pairs(store: SqlStore, country: str | None, body: str | None, limit: int) -> list[dict[str, Any]]:
    level, part = ("body", body) if body else ("country", (country or "").upper())
    sql = "SELECT level, one, other, meetings, first_met, last_met FROM v_dyads ORDER BY meetings DESC, last_met DESC"
    names, rows = store.run_sql(sql, 100_000)
    wanted = part.casefold()
    found = [told for row in rows if (told := dict(zip(names, row, strict=True)))["level"] == level]
    if level == "country" and wanted:
        found = [row for row in found if wanted in (str(row["one"]).casefold(), str(row["other"]).casefold())]
    elif wanted:
        found = [row for row in found if wanted in str(row["one"]).casefold() or wanted in str(row["other"]).casefold()]
    return found[:limit]
