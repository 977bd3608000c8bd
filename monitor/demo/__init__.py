"""`vigie demo`: a small world of outlets on this machine, watched by the same code as any other, over real HTTP."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.demo.server import World
from monitor.terminal import plain

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.jobs import Tally
    from monitor.mail.delivery import DeliveryReport
    from monitor.store import SqlStore

_CONFIG = """# Written by `vigie demo`: ask its store with  vigie --config {path} meetings
feeds = [
{feeds}
]
[store]
url = "sqlite:///vigie.sqlite"
[fetch]
user_agent = "Vigie/0.1 (demonstration)"
contact = "demo@localhost"
pause = "0s"
per_host = 8
allow_addresses = ["127.0.0.0/8"]
[mail]
out_dir = "digests"
[[profiles]]
name = "demo"
recipients = ["reader@localhost"]
"""


async def show(folder: Path, *, say: Callable[[str], object]) -> dict[str, Any]:
    """Build the world, poll it, tell what was found, write the digest. Everything is kept in `folder`.

    The result holds `meetings`, `digest` (path of its HTML), `seconds`, and `problems`, which is empty if all went well.
    """
    from monitor import app
    from monitor.config import load_config
    from pipelines.store import MeetingFilter

    started = time.monotonic()
    with World() as world:
        config = load_config(_prepare(folder, world))
        say(f"{len(world.outlets)} outlets with {len(world.articles)} articles answer on this machine; nothing leaves it.\n")
        store = app.open_store(config)
        try:
            tally, again = await _replay(config, store, world)
            rows = store.meetings(MeetingFilter(possible=None, limit=200))
            meetings = [meeting for row in rows if (meeting := store.meeting(row["id"]))]
            delivered = await _digest(config, store, world.mornings())
        finally:
            store.close()
    for line in _told(meetings, tally, again):
        say(line)
    files = sorted(path for path in (folder / "digests").rglob("*.html"))
    problems = _problems(meetings, tally, again, files)
    for path in files:
        say(f"The digest is at {path} (and as a mail beside it).")
    say(f"Ask the store:  vigie --config {folder / 'config.toml'} meetings")
    return {
        "meetings": meetings,
        "outcomes": {str(key): value for key, value in tally.outcomes.items()},
        "digest": str(files[0]) if files else None,
        "delivered": delivered.as_fields(),
        "seconds": round(time.monotonic() - started, 1),
        "problems": problems,
    }


async def _replay(config: Config, store: SqlStore, world: World) -> tuple[Tally, int]:
    """Poll the world on each morning of its autumn, as a daemon would have; then once more, which must bring nothing new.

    Returns what was done, and how many entries the last poll brought.
    """
    from monitor.cli.running import working

    moment = world.mornings()[0]
    async with working(config, store, lambda: moment) as work:
        for moment in world.mornings():
            world.move_to(moment)
            await work.pass_over(everything=True)
        before = work.tally.new_entries
        await work.pass_over(everything=True)
        return work.tally, work.tally.new_entries - before


async def _digest(config: Config, store: SqlStore, mornings: list[datetime]) -> DeliveryReport:
    """One digest over the whole time, written as files."""
    from monitor import app
    from monitor.mail import service
    from monitor.slots import Slot
    from monitor.store import digests as kept

    profile, mail, now = app.profiles(config)[0], app.mail_settings(config), mornings[-1]
    with store.writing() as connection:
        slot = Slot(profile.name, now.date(), now, mornings[0] - timedelta(days=1), now, zone=profile.timezone)
        kept.first_seen(connection, profile.name, slot.period_from)
        kept.add_slot(connection, slot, now)
        owed = kept.slot_of(connection, profile.name, slot.local_date)
    assert owed is not None
    service.build_digest(store, profile, owed, now, settings=mail)
    return await service.deliver(store, mail, now, owner=app.owner_name())


def _prepare(folder: Path, world: World) -> Path:
    """An empty folder for this run: what an earlier demonstration left in it goes, nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("vigie.sqlite*"):
        path.unlink()
    shutil.rmtree(folder / "digests", ignore_errors=True)
    config = folder / "config.toml"
    lines = [
        "  { "
        + f"url = {json.dumps(outlet.feed_url)}, outlet = {json.dumps(outlet.name, ensure_ascii=False)}, "
        + f'country = "{outlet.country}", language = "{outlet.language}"'
        + (', kind = "sitemap"' if outlet.kind == "sitemap" else "")
        + (", full_text = true" if outlet.kind == "rss-fulltext" else "")
        + " },"
        for outlet in world.outlets
    ]
    config.write_text(_CONFIG.format(path=config, feeds="\n".join(lines)), encoding="utf-8")
    return config


_HEADINGS = {
    "new": "NEW MEETINGS",
    "planned": "ANNOUNCED",
    "background": "EARLIER ONES, RECALLED (kept for the ledger, never news)",
    "possible": "JUST BELOW THE LINE",
    "cancelled": "CANCELLED",
    "denied": "DENIED",
}


def _told(meetings: list[dict[str, Any]], tally: Tally, again: int) -> list[str]:
    from monitor.cli.store import meeting_lines

    lines = []
    for status, heading in _HEADINGS.items():
        group = [m for m in meetings if (("possible" if m.get("possible") else m["status"]) == status)]
        if not group:
            continue
        lines += [heading, ""]
        for meeting in group:
            count = _counted(meeting) if status == "new" else ""
            told = meeting_lines(meeting) if status == "new" else meeting_lines(meeting)[:3]
            lines += [*told, plain(f"   {count}") if count else "", ""]
    rest = ", ".join(f"{count} {outcome}" for outcome, count in sorted(tally.outcomes.items()))
    lines.append(f"{tally.read} articles read: {rest}.")
    lines.append(f"{tally.polls} polls, {tally.unchanged} of them answered by 304 or unchanged; asked once more, {again} new entries.\n")
    return lines


def _counted(meeting: dict[str, Any]) -> str:
    articles, independent = meeting["articles"], meeting["independent_reports"]
    return f"{articles} article{'s' * (articles != 1)}, {independent} independent"


def _problems(meetings: list[dict[str, Any]], tally: Tally, again: int, files: list[Path]) -> list[str]:
    problems = [f"{address}: {reason}" for address, reason in tally.failing.items()]
    if not any(meeting["status"] == "new" for meeting in meetings):
        problems.append("no meeting was found")
    if again:
        problems.append(f"the last pass stored {again} entries again")
    if not files:
        problems.append("no digest was written")
    return problems
