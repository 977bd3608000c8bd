"""`vigie check` and `vigie feeds check`: each part of the installation asked once, with what to do where it is not well."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from monitor import app
from monitor.config import Config, ConfigError, FeedConfig
from monitor.daemon import sqlite_path
from monitor.jobs import EARLIEST_SANE

if TYPE_CHECKING:
    from monitor.mail.settings import MailSettings
    from pipelines.fetch import Fetcher

State = Literal["ok", "warn", "fail"]
LEAST_FREE = 500_000_000  # bytes on the store's disk; below that a month of articles may not fit
AT_ONCE = 12
MAILS_TOLD = 20  # mails with a trouble that are named one by one


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part is."""

    what: str
    state: State
    text: str


async def check_all(config: Config) -> list[Finding]:
    """Every part asked, in a steady order. Nothing is sent or changed."""
    return [
        Finding("python", "ok", f"{sys.version.split()[0]}, vigie {version('vigie')}"),
        Finding("config", "ok", f"{config.file}: {len(config.feeds)} feeds, {len(config.profiles)} profiles"),
        *_register(config),
        *_profiles(config),
        *_store(config),
        *_disk(config),
        *_clock(config),
        *await _mail(config),
        *_contact(config),
    ]


def _register(config: Config) -> list[Finding]:
    try:
        register = app.load_register(config)
    except ConfigError as problem:
        return [Finding("register", "fail", line) for line in problem.problems]
    return [Finding("register", "ok", f"{len(register.persons)} persons, {len(register.bodies)} bodies")]


def _profiles(config: Config) -> list[Finding]:
    try:
        made = app.profiles(config)
    except ConfigError as problem:
        return [Finding("profiles", "fail", line) for line in problem.problems]
    if not made:
        return [Finding("profiles", "warn", "none: meetings are stored, but no digest is made; add a [[profiles]] section")]
    return [Finding("profiles", "ok", ", ".join(f"{p.name} at {p.digest_at:%H:%M} {p.timezone}" for p in made))]


def _store(config: Config) -> list[Finding]:
    from monitor.store import StoreError

    path = sqlite_path(config.store_url)
    findings = [_sqlite()] if path is not None else []
    if path is not None and not path.exists():
        parent = next((p for p in path.parents if p.exists()), Path("/"))
        if not _writable(parent):
            return [*findings, Finding("store", "fail", f"{parent} cannot be written; change its owner or [store] url")]
        return [*findings, Finding("store", "ok", f"{path} will be made by the first run")]
    try:
        store = app.open_store(config, read_only=True)
        try:
            found = store.check()
        finally:
            store.close()
    except StoreError as problem:
        return [*findings, Finding("store", "fail", str(problem))]
    bad = [Finding("store", f.state, f"{f.what}: {f.text}") for f in found if f.state != "ok"]
    return [*findings, *(bad or [Finding("store", "ok", f"{path or 'database'}: whole")])]


def _writable(folder: Path) -> bool:
    """Whether a file can be made in `folder`. Asked by making one: permissions do not tell for root, nor of a full disk."""
    import tempfile

    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _sqlite() -> Finding:
    """The SQLite in use: versions before 3.51.3 can damage a write-ahead log that is reset while being read."""
    from monitor.store.database import sqlite_version

    version_ = sqlite_version()
    words = f"SQLite {'.'.join(map(str, version_))}"
    if version_ < (3, 51, 3):
        return Finding("sqlite", "warn", f"{words} has a known bug that can damage the store: install the package pysqlite3")
    return Finding("sqlite", "ok", words)


def _disk(config: Config) -> list[Finding]:
    path = sqlite_path(config.store_url)
    if path is None:
        return []
    place = next((p for p in (path.parent, *path.parents) if p.exists()), Path("/"))
    free = shutil.disk_usage(place).free
    words = f"{free / 1e9:.1f} GB free at {place}"
    return [Finding("disk", "ok" if free >= LEAST_FREE else "warn", words if free >= LEAST_FREE else f"{words}: make room")]


def _clock(config: Config) -> list[Finding]:
    from zoneinfo import ZoneInfo

    now = app.now()
    local = now.astimezone(ZoneInfo(config.schedule.timezone))
    words = f"{local:%Y-%m-%d %H:%M} in {config.schedule.timezone}, time zones of {_tzdata()}"
    if now < EARLIEST_SANE:
        return [Finding("clock", "fail", f"{words}: the clock is not set; digests wait until it is")]
    return [Finding("clock", "ok", words)]


def _tzdata() -> str:
    try:
        return f"tzdata {version('tzdata')}"
    except ImportError:
        return "the system"


async def _mail(config: Config) -> list[Finding]:
    """The way out for digests: templates, folder or server, secrets, and mails that need a person."""
    try:
        settings = app.mail_settings(config)
    except ConfigError as problem:
        return [Finding("mail", "fail", line) for line in problem.problems]
    findings = [
        Finding("mail", "warn", f"{name} can be read by others; chmod 600 it")
        for name in (config.mail.password_file, *(profile.alert_urls_file for profile in config.profiles))
        if name and config.path(name).exists() and config.path(name).stat().st_mode & 0o077
    ]
    return [*findings, *await _way_out(config, settings), *_mails(config)]


async def _way_out(config: Config, settings: MailSettings) -> list[Finding]:
    if not settings.host:
        folder = settings.out_dir
        parent = next(p for p in (folder, *folder.parents) if p.exists())
        if not _writable(parent):
            return [Finding("mail", "fail", f"no [mail] host, and {parent} cannot be written; change its owner or out_dir")]
        return [Finding("mail", "ok", f"no [mail] host: digests become files in {folder}")]
    from monitor.mail.service import probe

    if trouble := await probe(settings):
        return [Finding("mail", "fail", f"{trouble}; see [mail] in the configuration")]
    who = f" as {settings.username}" if settings.username else ""
    findings = [Finding("mail", "ok", f"{settings.host}:{settings.port} answers{who}; nothing was sent")]
    if not any(profile.recipients for profile in config.profiles):
        findings.append(Finding("mail", "warn", "no profile has recipients: digests become files in spite of the mail server"))
    return findings


def _mails(config: Config) -> list[Finding]:
    """Mails in doubt, refused or overdue, and readers who get none any more."""
    from monitor.mail.archive import mail_troubles
    from monitor.store import StoreError

    path = sqlite_path(config.store_url)
    if path is not None and not path.exists():
        return []
    try:
        store = app.open_store(config, read_only=True)
        try:
            lines = mail_troubles(store, app.now(), [profile.name for profile in config.profiles])
        finally:
            store.close()
    except StoreError:
        return []  # told by the check of the store
    more = [f"and {len(lines) - MAILS_TOLD} more; `vigie digests list` has them all"] if len(lines) > MAILS_TOLD else []
    return [Finding("mail", "warn", line) for line in [*lines[:MAILS_TOLD], *more]]


def _contact(config: Config) -> list[Finding]:
    if config.fetch.contact:
        return []
    return [Finding("manners", "warn", "[fetch] contact is empty: give outlets an address to write to")]


async def check_feed_addresses(
    config: Config, addresses: Sequence[str] | None, show: Callable[[dict[str, Any]], None]
) -> list[dict[str, Any]]:
    """Ask each feed once and say in words how it answers; `show` gets each row as it comes."""
    feeds = [FeedConfig(url=address, outlet="") for address in addresses] if addresses else list(config.feeds)
    gate = asyncio.Semaphore(AT_ONCE)
    rows: list[dict[str, Any]] = []
    async with app.make_fetcher(config) as fetcher:

        async def one(feed: FeedConfig) -> None:
            async with gate:
                row = await _check_feed(fetcher, feed)
            rows.append(row)
            show(row)

        await asyncio.gather(*(one(feed) for feed in feeds))
    return rows


async def _check_feed(fetcher: Fetcher, feed: FeedConfig) -> dict[str, Any]:
    from pipelines.errors import FeedError, FetchError
    from pipelines.feeds import parse_feed

    row: dict[str, Any] = {"outlet": feed.outlet, "url": feed.url, "ok": False, "entries": 0, "newest": None, "alternates": []}
    try:
        page = await fetcher.get(feed.url, purpose="feed")
        parsed = await asyncio.to_thread(
            parse_feed,
            page.body,
            page.final_url,
            content_type=page.content_type,
            charset=page.charset,
            kind=feed.kind,
            now=app.now(),
        )
    except FetchError as problem:
        return row | {"text": problem.reason}
    except FeedError as problem:
        return row | {"text": problem.in_words, "alternates": list(problem.alternates)}
    newest = max((e.published for e in parsed.entries if e.published), default=None)
    words = [f"{parsed.version or 'feed'}, {len(parsed.entries)} entries"]
    if newest:
        words.append(f"newest {newest:%Y-%m-%d %H:%M}")
        if (datetime.now(UTC) - newest).days > 30:
            words.append("silent for more than a month")
    if not page.etag and not page.last_modified:
        words.append("no validators: it is sent whole each time")
    if page.moved_to:
        words.append(f"moved to {page.moved_to}: change its address")
    words += parsed.problems[:2]
    return row | {
        "ok": bool(parsed.entries),
        "text": "; ".join(words) if parsed.entries else "answers, but holds no entry",
        "entries": len(parsed.entries),
        "newest": newest,
    }
