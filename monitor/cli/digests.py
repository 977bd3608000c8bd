"""digest: build, show or send what people read in the morning."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import app as cli
from monitor.cli.context import Failure, as_json, configuration, opened_store, parse_day
from monitor.terminal import plain

if TYPE_CHECKING:
    from datetime import date, datetime

    from monitor.mail.profile import Profile
    from monitor.mail.settings import MailSettings
    from monitor.store import SqlStore


@cli.command()
def digest(
    context: typer.Context,
    profile: Annotated[str | None, typer.Option(help="Whose digest (default: the first profile).")] = None,
    day: Annotated[str | None, typer.Option("--date", help="The morning it is for, YYYY-MM-DD (default: today).")] = None,
    preview: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Write the HTML part to this file.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it now, to the profile's recipients, if it has not been sent.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show the digest of a morning as text; --preview writes its HTML, --send sends it."""
    from monitor import app, log
    from monitor.mail import service

    log.configure(quiet=True)
    config = configuration(context)
    chosen, settings = _chosen(app.profiles(config), profile), app.mail_settings(config)
    morning = parse_day(day, "--date")
    store = opened_store(context, read_only=not send)
    try:
        if send:
            told = asyncio.run(send_now(store, chosen, settings, morning))
            print(as_json(told) if json else _in_words(told))
            raise typer.Exit(0 if told["sent"] or told["written"] or told["skipped"] else 1)
        period = _period(store, chosen, morning)
        subject, html, text, _ = service.preview(store, chosen, period, app.now(), settings=settings)
    finally:
        store.close()
    if preview:
        try:
            preview.write_text(html, encoding="utf-8")
        except OSError as problem:
            raise Failure(f"{preview}: cannot write: {problem.strerror}") from None
        if not json:
            print(f"{preview}: {subject}")
    if json:
        print(as_json({"subject": subject, "text": text, "html": html}))
    elif not preview:
        print(f"{subject}\n\n{text}")


async def send_now(store: SqlStore, profile: Profile, settings: MailSettings, day: date | None) -> dict[str, Any]:
    """Build the digest of `day` (default today) unless it was, and deliver all that is due. What came of it, as fields."""
    from monitor import app
    from monitor.mail import service

    now = app.now()
    slot = service.slot_for(store, profile, _end_of(profile, day) or now)
    built = service.build_digest(store, profile, slot, now, settings=settings)
    report = await service.deliver(store, settings, now, owner=app.owner_name())
    return {
        "profile": profile.name,
        "day": slot.local_date,
        "subject": built.subject,
        "skipped": built.skipped,
        "sent": report.sent,
        "written": report.written,
        "deferred": report.deferred,
        "refused": report.refused,
        "problem": report.problem,
        "out_dir": None if settings.host else str(settings.out_dir),
    }


def _in_words(told: dict[str, Any]) -> str:
    where = f"written to {told['out_dir']}" if told["out_dir"] else f"{told['sent']} sent"
    more = [f"{told[key]} {key}" for key in ("deferred", "refused") if told[key]]
    if told["skipped"]:
        more.append(f"no new digest: {told['skipped']}")
    if told["problem"]:
        more.append(told["problem"])
    return plain(f"{told['day']}  {told['subject']}\n{'; '.join([where, *more])}".replace("\n", "  |  "))


def _end_of(profile: Profile, day: date | None) -> datetime | None:
    """The moment of `day` at which the profile's digest is due; None for no day. Raises Failure for a day to come."""
    from zoneinfo import ZoneInfo

    from monitor import app
    from monitor.slots import instant

    if day is None:
        return None
    moment = instant(day, profile.digest_at, ZoneInfo(profile.timezone))
    if moment is None or moment > app.now():
        raise Failure(f"--date: the digest of {day} is not due yet", 2)
    return moment


def _period(store: SqlStore, profile: Profile, day: date | None) -> tuple[datetime, datetime]:
    """What a digest covers: for a day, the 24 hours up to its digest; else everything since the last digest."""
    from datetime import timedelta

    from monitor import app
    from monitor.store import digests as kept

    end = _end_of(profile, day)
    if end is not None:
        return end - timedelta(days=1), end
    now = app.now()
    with store.reading() as connection:
        since = kept.covered_until(connection, profile.name, now) or now - timedelta(days=1)
    return min(since, now - timedelta(minutes=1)), now


def _chosen(profiles: tuple[Profile, ...], name: str | None) -> Profile:
    if not profiles:
        raise Failure("there is no [[profiles]] in the configuration", 2)
    for profile in profiles:
        if name is None or profile.name == name:
            return profile
    raise Failure(f"--profile: {name!r} is not one of {', '.join(p.name for p in profiles)}", 2)
