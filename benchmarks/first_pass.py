"""A first pass over a loopback world, ours beside the obvious way, and the pass after it in which nothing is new.

    python -m benchmarks.first_pass [--feeds 100 --articles 20 --rounds 1]

Each contender (see `contenders.py`) runs in a process of its own, alternating, against the same world. Exits 1 when an entry was
lost, stored twice or has no outcome, when a second pass fetched an article or asked a feed without the validators it had offered, when
bodies read worse than with trafilatura alone, or when mode "candidates" loses a meeting that mode "all" finds.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contenders import LOG, NAMES, PLAIN_STORE, STORE
from benchmarks.processes import Watch
from benchmarks.world import Story, World

F1_SLACK = 0.002  # below trafilatura's own by less than this is the same
# Outcomes that nothing in the world gives a reason for
_ODD = ("gave-up", "no-text", "unknown-language", "duplicate")
_WORD = re.compile(r"\w+")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=100)
    parser.add_argument("--articles", type=int, default=20, help="per feed")
    parser.add_argument("--rounds", type=int, default=1, help="how often each contender runs; medians are printed")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer of the world")
    parser.add_argument("--only", choices=NAMES, action="append", help="leave the other contenders out")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--profile", type=Path, help="profile the main process (cProfile, processor time of its main thread)")
    arguments = parser.parse_args()
    chosen = [name for name in NAMES if name in (arguments.only or NAMES)]
    runs: dict[str, list[Run]] = {name: [] for name in chosen}
    with World(arguments.feeds, arguments.articles, arguments.seed, latency=arguments.latency) as world:
        _describe(world)
        for number in range(arguments.rounds):
            for name in chosen if number % 2 == 0 else reversed(chosen):
                runs[name].append(_run(name, world, arguments.profile))
    problems = [f"{name}: {problem}" for name in chosen for run in runs[name] for problem in run.problems]
    problems += _compared({name: of_name[0] for name, of_name in runs.items()})
    figures = {name: _figures(of_name, len(world.stories)) for name, of_name in runs.items()}
    _print(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))
    for problem in problems[:20]:
        print(f"WRONG    {problem}")
    if not problems:
        print("correct  every entry stored once with one outcome; nothing-new passes fetched no article")
    return 1 if problems else 0


def _describe(world: World) -> None:
    load = os.getloadavg()[0]
    print(f"world    {len(world.feeds)} feeds, {len(world.stories)} articles, {_pages(world)} pages to fetch; {os.cpu_count()} cores")
    if load > 0.7:
        print(f"note     other work is running here (load {load:.1f}): trust processor time, not articles/s", flush=True)


def _pages(world: World) -> int:
    """Articles whose page has to be fetched: full-text feeds carry theirs."""
    return sum(story.feed.kind != "rss-fulltext" for story in world.stories)


# One run of one contender ---------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """What one run came to. `f1` compares stored texts with those the world was made of; `flagged` are addresses."""

    figures: dict[str, Any]
    main_mb: float
    worker_mb: float
    problems: list[str]
    flagged: set[str]
    meetings: str
    f1: float


def _run(name: str, world: World, profile: Path | None) -> Run:
    """A fresh store, a fresh process, two passes; then the store is compared with the world."""
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        world.counts()
        figures, watch = _contend(name, world, Path(folder), profile)
        problems = _wrong_requests(world, figures)
        flagged: set[str] = set()
        meetings = ""
        if name == "plain":
            stored = _rows(Path(folder) / PLAIN_STORE, "SELECT url, text FROM articles")
        else:
            store = Path(folder) / STORE
            problems += _wrong_entries(store, world)
            stored = _rows(store, "SELECT a.url, t.text FROM articles a JOIN article_texts t ON t.article_id = a.id")
            flagged = set(_rows(store, "SELECT url, id FROM v_articles WHERE flagged"))
            meetings, missed = _reports_found(world, flagged)
            problems += missed
            problems += _logged_errors(Path(folder) / LOG)
    expected = {world.story_url(story) for story in world.stories}
    problems += [f"not stored: {url}" for url in sorted(expected - set(stored))[:3]]
    problems += [f"stored, though the world has no such article: {url}" for url in sorted(set(stored) - expected)[:3]]
    return Run(figures, watch.main_mb, watch.worker_mb, problems, flagged, meetings, _body_f1(world, stored))


def _contend(name: str, world: World, folder: Path, profile: Path | None) -> tuple[dict[str, Any], Watch]:
    feeds = [
        {
            "url": world.url(feed),
            "outlet": feed.outlet,
            "language": feed.language,
            "kind": "sitemap" if feed.kind == "sitemap" else "feed",
            "full_text": feed.kind == "rss-fulltext",
        }
        for feed in world.feeds
    ]
    task = {"folder": str(folder), "world": world.base, "feeds": feeds, "profile": str(profile.resolve()) if profile else None}
    with (folder / "stderr").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contenders", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        watch = Watch(process.pid)
        try:
            output, _ = process.communicate(json.dumps(task), timeout=1800)
        finally:
            watch.stop()
            process.kill()
        if process.returncode:
            log.seek(0)
            raise SystemExit(f"{name} ended with code {process.returncode}\n{log.read()[-3000:]}")
    return json.loads(output), watch


def _wrong_requests(world: World, figures: dict[str, Any]) -> list[str]:
    """What the world's own count of answers says against a contender."""
    problems = []
    first, second = Counter(figures["first"]["answers"]), Counter(figures["second"]["answers"])
    asked, expected = (first["page 200"], first["feed 200"]), (_pages(world), len(world.feeds))
    if asked != expected:
        problems.append(f"first pass fetched {asked[0]} pages and {asked[1]} feeds, not {expected[0]} and {expected[1]}")
    if second["page 200"]:
        problems.append(f"second pass fetched {second['page 200']} articles")
    offering = sum(bool(feed.validators) for feed in world.feeds)
    if figures["conditional"] and (second["feed 304"], second["feed 200"]) != (offering, len(world.feeds) - offering):
        problems.append(f"second pass: 304 from {second['feed 304']} of the {offering} feeds that offer validators")
    return problems


def _wrong_entries(store: Path, world: World) -> list[str]:
    """Entries lost, doubled or without an outcome; outcomes that nothing in the world explains."""
    problems = []
    with closing(sqlite3.connect(store)) as connection:
        counted = connection.execute("SELECT count(*), count(outcome), count(DISTINCT url) FROM entries").fetchone()
        (articles,) = connection.execute("SELECT count(*) FROM v_articles").fetchone()
        outcomes = dict(connection.execute("SELECT outcome, count(*) FROM entries GROUP BY outcome"))
    expected = len(world.stories)
    if counted != (expected,) * 3:
        problems.append(f"{counted[0]} entries ({counted[2]} addresses) stored and {counted[1]} with an outcome, {expected} expected")
    if articles != expected:
        problems.append(f"{articles} articles stored for {expected} entries")
    if odd := {outcome: outcomes[outcome] for outcome in _ODD if outcome in outcomes}:
        problems.append(f"outcomes that this world gives no reason for: {odd}")
    return problems


def _logged_errors(log: Path) -> list[str]:
    """The kinds of errors and warnings in the log, each once with its line or the end of its traceback."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=\d{4}-)", log.read_text("utf-8")):
        _, level, event = (*entry.split(" ", 3), "", "")[:3]
        if level in ("error", "warning", "critical"):
            found.setdefault(f"{event} {entry.rstrip().rsplit(chr(10), 1)[-1].strip()[-160:]}", entry)
    return [f"log: {line}" for line in list(found)[:5]]


def _reports_found(world: World, flagged: set[str]) -> tuple[str, list[str]]:
    """How many of the world's reports of meetings were flagged, in words, and what is wrong with that."""
    told = {world.story_url(story) for story in world.stories if story.meeting is not None}
    words = f"{len(flagged & told)} of {len(told)} reports flagged, {len(flagged - told)} others"
    # Detection has its own measure (`vigie evaluate`); here it must only have been at work
    return words, [f"only {words}"] if len(flagged & told) * 4 < len(told) * 3 else []


def _rows(store: Path, query: str) -> dict[str, Any]:
    with closing(sqlite3.connect(store)) as connection:
        return dict(connection.execute(query).fetchall())


def _body_f1(world: World, stored: dict[str, str]) -> float:
    """Mean F1 over words of stored texts against the texts themselves, where a page was extracted."""
    scores = []
    for story in world.stories:
        text = stored.get(world.story_url(story)) or ""
        if story.feed.kind != "rss-fulltext" and len(text) > 2 * len(story.told.standfirst):
            scores.append(_f1(story, text))
    return statistics.mean(scores) if scores else 0.0


def _f1(story: Story, text: str) -> float:
    wanted, found = Counter(_WORD.findall(story.text)), Counter(_WORD.findall(text))
    # The standfirst stands above the text: whether it belongs to it is a matter of taste
    standfirst = Counter(_WORD.findall(story.told.standfirst))
    found -= standfirst & (found - wanted)
    return 2 * (wanted & found).total() / max(1, wanted.total() + found.total())


def _compared(first_of: dict[str, Run]) -> list[str]:
    """What one contender's result says against another's."""
    problems = []
    plain, all_, candidates = (first_of.get(name) for name in NAMES)
    if all_ and candidates and (lost := all_.flagged - candidates.flagged):
        problems.append(f"candidates: {len(lost)} articles that mode all flags are not flagged, the first {min(lost)}")
    if plain and all_ and all_.f1 < plain.f1 - F1_SLACK:
        problems.append(f"all: body F1 {all_.f1:.3f} lies below trafilatura's {plain.f1:.3f}")
    return problems


# Figures --------------------------------------------------------------------------------------------------------------------------

# Column, width of its decimals, how it is worked out of a run and the number of articles
_COLUMNS: tuple[tuple[str, int, Callable[[Run, int], float]], ...] = (
    ("articles/s", 1, lambda run, articles: articles / run.figures["first"]["seconds"]),
    ("cpu s/1,000", 1, lambda run, articles: run.figures["first"]["cpu"] * 1000 / articles),
    ("of it main", 1, lambda run, articles: run.figures["first"]["main cpu"] * 1000 / articles),
    ("cores", 2, lambda run, _: run.figures["first"]["cpu"] / run.figures["first"]["seconds"]),
    ("main MB", 0, lambda run, _: run.main_mb),
    ("worker MB", 0, lambda run, _: run.worker_mb),
    ("body F1", 3, lambda run, _: run.f1),
    ("nothing new s", 2, lambda run, _: run.figures["second"]["seconds"]),
    ("cpu s", 2, lambda run, _: run.figures["second"]["cpu"]),
)


def _figures(runs: list[Run], articles: int) -> dict[str, Any]:
    middle = {name: statistics.median(value(run, articles) for run in runs) for name, _, value in _COLUMNS}
    return middle | {"meetings": runs[0].meetings}


def _print(figures: dict[str, dict[str, Any]]) -> None:
    print(f"\n{'':<10}" + "".join(f"{name:>{len(name) + 3}}" for name, _, _ in _COLUMNS))
    for contender, row in figures.items():
        cells = "".join(f"{row[name]:>{len(name) + 3}.{decimals}f}" for name, decimals, _ in _COLUMNS)
        print(f"{contender:<10}{cells}   {row['meetings']}")
    plain = figures.get("plain")
    for contender, row in figures.items():
        if plain and contender != "plain":
            speed, cpu, again = (row[key] / plain[key] for key in ("articles/s", "cpu s/1,000", "nothing new s"))
            print(f"{contender} / plain: {speed:.2f} x articles/s, {cpu:.2f} x processor time, {again:.2f} x nothing-new pass")
    print()


if __name__ == "__main__":
    sys.exit(main())
