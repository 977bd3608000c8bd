"""`vigie demo`: a small world of outlets on this machine, watched by the same code as any other, over real HTTP."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from monitor.demo.server import World
from monitor.terminal import plain

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
    from monitor.cli.digests import send_now
    from monitor.cli.running import pass_once
    from monitor.config import load_config
    from pipelines.store import MeetingFilter

    started = time.monotonic()
    with World() as world:
        config = load_config(_prepare(folder, world))
        say(f"{len(world.outlets)} outlets with {len(world.articles)} articles answer on this machine; nothing leaves it.\n")
        profile, mail = app.profiles(config)[0], app.mail_settings(config)
        store = app.open_store(config)
        try:
            tally = await pass_once(config, store, everything=True)
            again = await pass_once(config, store, everything=True)
            meetings = store.meetings(MeetingFilter(status=None, possible=None, limit=200))
            whole = [meeting for row in meetings if (meeting := store.meeting(row["id"]))]
            delivered = await send_now(store, profile, mail, None)
        finally:
            store.close()
    for line in _told(whole, tally, again):
        say(line)
    files = sorted(path for path in (folder / "digests").rglob("*.html"))
    problems = _problems(whole, tally, again, files)
    for path in files:
        say(f"The digest is at {path} (and as a mail beside it).")
    say(f"Ask the store:  vigie --config {folder / 'config.toml'} meetings")
    return {
        "meetings": whole,
        "outcomes": {str(key): value for key, value in tally.outcomes.items()},
        "digest": str(files[0]) if files else None,
        "delivered": delivered,
        "seconds": round(time.monotonic() - started, 1),
        "problems": problems,
    }


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


def _told(meetings: list[dict[str, Any]], tally: Any, again: Any) -> list[str]:
    from monitor.cli.store import meeting_lines

    lines = []
    for status, heading in _HEADINGS.items():
        group = [m for m in meetings if (("possible" if m.get("possible") else m["status"]) == status)]
        if not group:
            continue
        lines += [heading, ""]
        for meeting in group:
            count = f"{meeting['articles']} articles, {meeting['independent_reports']} independent" if status == "new" else ""
            told = meeting_lines(meeting) if status == "new" else meeting_lines(meeting)[:3]
            lines += [*told, plain(f"   {count}") if count else "", ""]
    rest = ", ".join(f"{count} {outcome}" for outcome, count in sorted(tally.outcomes.items()))
    lines.append(f"{tally.read} articles read: {rest}.")
    lines.append(f"Second pass: {again.polls} feeds asked, {again.unchanged} unchanged, {again.new_entries} new entries.\n")
    return lines


def _problems(meetings: list[dict[str, Any]], tally: Any, again: Any, files: list[Path]) -> list[str]:
    problems = [f"{address}: {reason}" for address, reason in tally.failing.items()]
    if not any(meeting["status"] == "new" for meeting in meetings):
        problems.append("no meeting was found")
    if again.new_entries:
        problems.append(f"the second pass stored {again.new_entries} entries again")
    if not files:
        problems.append("no digest was written")
    return problems
