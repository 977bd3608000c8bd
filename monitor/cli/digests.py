"""digest: build, show or send what people read in the morning."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import app as cli
from monitor.cli.context import Failure, as_json, configuration, opened_store, parse_day

if TYPE_CHECKING:
    from monitor.mail.profile import Profile


@cli.command()
def digest(
    context: typer.Context,
    profile: Annotated[str | None, typer.Option(help="Whose digest (default: the first profile).")] = None,
    date: Annotated[str | None, typer.Option(help="The morning it is for, YYYY-MM-DD (default: today).")] = None,
    preview: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Write the HTML part to this file.")] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Send it now, to the profile's recipients, if it has not been sent.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show the digest of a morning as text; --preview writes its HTML, --send sends it."""
    from monitor import app, log
    from monitor.mail import service

    log.configure(quiet=True)
    config = configuration(context)
    chosen = _chosen(app.profiles(config), profile)
    day = parse_day(date, "--date")
    store = opened_store(context, read_only=not send)
    try:
        if send:
            report = asyncio.run(
                service.send_now(store, chosen, app.mail_settings(config), day, app.now(), owner=app.owner_name())
            )
            print(as_json(report.as_fields()) if json else report.in_words())
            raise typer.Exit(0 if report.ok else 1)
        shown = service.preview(store, chosen, day, app.now())
    finally:
        store.close()
    if preview:
        try:
            preview.write_text(shown.html, encoding="utf-8")
        except OSError as problem:
            raise Failure(f"{preview}: cannot write: {problem.strerror}") from None
        if not json:
            print(f"{preview}: {shown.subject}")
    if json:
        print(as_json({"subject": shown.subject, "text": shown.text, "html": shown.html}))
    elif not preview:
        print(f"{shown.subject}\n\n{shown.text}")


def _chosen(profiles: tuple[Profile, ...], name: str | None) -> Profile:
    if not profiles:
        raise Failure("there is no [[profiles]] in the configuration", 2)
    for profile in profiles:
        if name is None or profile.name == name:
            return profile
    raise Failure(f"--profile: {name!r} is not one of {', '.join(p.name for p in profiles)}", 2)
