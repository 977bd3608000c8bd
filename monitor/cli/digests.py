"""digest, digests, bounces: build, show or send what people read in the morning, and look back at it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import app as cli
from monitor.cli.context import Failure, as_json, configuration, opened_store, parse_day, say, show_rows
from monitor.terminal import plain

if TYPE_CHECKING:
    from datetime import date, datetime

    from monitor.mail.delivery import DeliveryReport
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
    to: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Send a trial copy to this address alone; nothing is kept.")] = None,
    resend: Annotated[
        str | None, typer.Option(metavar="SLOT", help="Send the digest of that day (YYYY-MM-DD) once more, in the same bytes.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show the digest of a morning as text; --preview writes its HTML, --send sends it, --to sends a trial copy."""
    from monitor import app, log
    from monitor.mail import service

    _at_most_one({"--preview": preview, "--send": send, "--to": to if not resend else None, "--resend": resend})
    log.configure(quiet=True)
    config = configuration(context)
    profiles, settings = app.profiles(config), app.mail_settings(config)
    chosen = _chosen(profiles, profile)
    morning = parse_day(day, "--date")
    store = opened_store(context, read_only=not (send or resend))
    try:
        if send:
            _print_told(asyncio.run(send_now(store, chosen, settings, morning, profiles)), json)
        if resend:
            again = parse_day(resend, "--resend")
            assert again is not None
            _print_told(asyncio.run(send_again(store, chosen, settings, again, to, profiles)), json)
        period = _period(store, chosen, morning)
        if to:
            told = asyncio.run(send_trial(store, chosen, settings, period, to))
            print(as_json(told) if json else plain(f"a trial copy went to {told['to']}: {told['answer']}"))
            return
        subject, html, text, _ = service.preview(store, chosen, period, app.now(), settings=settings)
    finally:
        store.close()
    if preview:
        try:
            preview.write_text(html, encoding="utf-8")
        except OSError as problem:
            raise Failure(f"{preview}: cannot write: {problem.strerror}") from None
        if not json:
            print(f"{preview}: {plain(subject)}")
    if json:
        print(as_json({"subject": subject, "text": text, "html": html}))
    elif not preview:
        print(f"{plain(subject)}\n\n{_printable(text)}")


def _at_most_one(given: dict[str, Any]) -> None:
    asked = [option for option, value in given.items() if value]
    if len(asked) > 1:
        raise Failure(f"{' and '.join(asked)} exclude each other", 2)


def _print_told(told: dict[str, Any], json: bool) -> None:
    """Say how sending went, and end."""
    print(as_json(told) if json else _in_words(told))
    done = told["sent"] or told["written"] or told["skipped"]
    raise typer.Exit(0 if done and not told["refused"] and not told["problem"] else 1)


async def send_now(
    store: SqlStore, profile: Profile, settings: MailSettings, day: date | None, profiles: tuple[Profile, ...] | None = None
) -> dict[str, Any]:
    """Build the digest of `day` (default today) unless it was, and deliver all that is due. What came of it, as fields."""
    from monitor import app
    from monitor.mail import service

    now = app.now()
    slot = service.slot_for(store, profile, _end_of(profile, day) or now)
    built = service.build_digest(store, profile, slot, now, settings=settings)
    report = await service.deliver(store, settings, now, owner=app.owner_name(), profiles=profiles)
    return _told(profile, slot.local_date, built.subject, built.skipped, report, settings)


async def send_again(
    store: SqlStore, profile: Profile, settings: MailSettings, day: date, only: str | None, profiles: tuple[Profile, ...]
) -> dict[str, Any]:
    """Send the mails of a day's digest once more, to all its recipients or to one. Raises Failure if there are none."""
    from monitor import app
    from monitor.mail import archive, service
    from monitor.mail.message import BadAddress

    now = app.now()
    try:
        mails = archive.resend(store, profile.name, day, now, only=only, readers=profile.recipients)
    except (archive.NoSuchDigest, BadAddress) as problem:
        raise Failure(f"--resend: {problem}") from None
    report = await service.deliver(store, settings, now, owner=app.owner_name(), profiles=profiles)
    subject = archive.show_digest(store, mails[0].digest_id).summary["subject"]
    return _told(profile, day, subject, None, report, settings)


async def send_trial(
    store: SqlStore, profile: Profile, settings: MailSettings, period: tuple[datetime, datetime], to: str
) -> dict[str, Any]:
    """Send what the digest would be to one address. Raises Failure."""
    from monitor import app
    from monitor.mail import archive
    from monitor.mail.message import BadAddress
    from monitor.mail.smtp import DeliveryError

    if not settings.host:
        raise Failure("--to: there is no mail server; set [mail] host, or use --preview FILE.html", 2)
    try:
        answer = await archive.send_copy(store, profile, period, to, app.now(), settings=settings)
    except BadAddress as problem:
        raise Failure(f"--to: {problem}", 2) from None
    except DeliveryError as problem:
        raise Failure(f"--to: not sent: {problem.reply}") from None
    return {"to": to, "answer": answer}


def _told(
    profile: Profile, day: date, subject: str, skipped: str | None, report: DeliveryReport, settings: MailSettings
) -> dict[str, Any]:
    return {
        "profile": profile.name,
        "day": day,
        "subject": subject,
        "skipped": skipped,
        "sent": report.sent,
        "written": report.written,
        "deferred": report.deferred,
        "refused": report.refused,
        "unknown": report.unknown,
        "problem": report.problem,
        "out_dir": str(settings.out_dir) if report.written or not settings.host else None,
    }


def _in_words(told: dict[str, Any]) -> str:
    done = [f"{told['sent']} sent"] if told["sent"] or not told["out_dir"] else []
    done += [f"{told['written']} written to {told['out_dir']}"] if told["out_dir"] else []
    done += [f"{told[key]} {key}" for key in ("deferred", "refused", "unknown") if told[key]]
    if told["skipped"]:
        again = f"; --resend {told['day']} sends it once more" if told["skipped"] == "built already" else ""
        done.append(f"no new digest: {told['skipped']}{again}")
    if told["problem"]:
        done.append(told["problem"])
    return f"{told['day']}  {plain(told['subject'])}\n{plain('; '.join(done))}"


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


listing = typer.Typer(help="The digests that were built: list them, or show one as it was sent.", no_args_is_help=False)
cli.add_typer(listing, name="digests")


@listing.callback(invoke_without_command=True)
def digests(
    context: typer.Context,
    profile: Annotated[str | None, typer.Option(help="Of this profile only.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 30,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    if context.invoked_subcommand is None:
        list_digests(context, profile, limit, json)


@listing.command("list")
def list_digests(
    context: typer.Context,
    profile: Annotated[str | None, typer.Option(help="Of this profile only.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 30,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The digests and alerts that were built, newest first, and how their mails fared."""
    from monitor.mail import archive

    store = opened_store(context)
    try:
        rows = archive.list_digests(store, profile, limit=limit)
    finally:
        store.close()
    if json:
        print(as_json(rows))
        return
    columns = [(name, name) for name in ("id", "kind", "profile", "day", "mails", "subject")]
    told = [
        {**row, "day": row["local_date"], "mails": ", ".join(f"{count} {state}" for state, count in sorted(row["states"].items()))}
        for row in rows
    ]
    show_rows(columns, told, nothing="no digest was built yet")


@listing.command("show")
def show_digest(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID")],
    html: Annotated[bool, typer.Option("--html", help="The HTML part instead of the text.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON, with every mail and its state.")] = False,
) -> None:
    """One digest as it was sent, and who got it."""
    from dataclasses import asdict

    from monitor.mail import archive

    store = opened_store(context)
    try:
        found = archive.show_digest(store, number)
    except archive.NoSuchDigest as problem:
        raise Failure(str(problem)) from None
    finally:
        store.close()
    if json:
        mails = [asdict(mail) for mail in found.mails]
        print(as_json({**found.summary, "text": found.text, "html": found.html, "deliveries": mails}))
    elif html:
        print("\n".join(found.html))
    else:
        print(f"{plain(found.summary['subject'])}\n\n{_printable(found.text)}")
        for mail in found.mails:
            sent = f" {mail.sent_at:%Y-%m-%d %H:%M} UTC" if mail.sent_at else ""
            said = f": {mail.last_reply}" if mail.last_reply else ""
            say(f"{mail.recipient or 'file'}  {mail.state}{sent}{' (maybe twice)' if mail.maybe_twice else ''}{said}")


def _printable(text: str) -> str:
    """Lines for a terminal: nothing in them can move its cursor."""
    return "\n".join(line if line.isprintable() else plain(line) for line in text.splitlines())


@cli.command()
def bounces(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="Mails, or folders of them; - or none: standard input.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, one line a mail.")] = False,
) -> None:
    """Read mails that came back: a recipient whose digests bounce three times in a row gets no more. Nothing is answered."""
    from dataclasses import asdict

    from monitor import app
    from monitor.mail.bounces import note

    store = opened_store(context, read_only=False)
    try:
        for octets in _mails(files or [Path("-")]):
            noted = note(store, octets, app.now())
            print(as_json(asdict(noted)) if json else plain(noted.in_words))
    finally:
        store.close()


def _mails(files: list[Path]) -> Iterator[bytes]:
    """The beginning of each mail, as much as is looked at. Raises Failure."""
    from monitor.mail.bounces import LARGEST

    for path in files:
        if str(path) == "-":
            yield sys.stdin.buffer.read(LARGEST)
            continue
        try:
            for one in sorted(child for child in path.iterdir() if child.is_file()) if path.is_dir() else [path]:
                with one.open("rb") as stream:
                    yield stream.read(LARGEST)
        except OSError as problem:
            raise Failure(f"{problem.filename or path}: {problem.strerror}") from None
