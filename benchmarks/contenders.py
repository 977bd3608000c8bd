"""Who is measured, in a process of its own: `python -m benchmarks.contenders NAME < task.json` prints what two passes cost.

plain        feedparser, one httpx.Client, trafilatura and sqlite3 in a loop: the script everybody writes first
all          what `vigie poll --all` does, with [read] mode = "all"
candidates   the same with mode = "candidates"
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Protocol

from benchmarks.processes import cpu_seconds

NAMES = ("plain", "all", "candidates")
PLAIN_STORE, STORE, LOG = "plain.sqlite", "vigie.sqlite", "vigie.log"

Item = tuple[str, str, str | None, str | None]  # address, title, time, full text


class Contender(Protocol):
    """One way of doing a pass. `conditional`: whether it asks feeds with validators."""

    conditional: bool

    def one_pass(self) -> None: ...


def main() -> None:
    name, task = sys.argv[1], json.load(sys.stdin)
    contender: Contender = Plain(task) if name == "plain" else Ours(task, name)
    result: dict[str, Any] = {"conditional": contender.conditional}
    for which in ("first", "second"):
        cpu, own, clock = cpu_seconds(os.getpid()), time.process_time(), time.perf_counter()
        if which == "first" and task["profile"]:
            _profiled(contender, task["profile"])
        else:
            contender.one_pass()
        seconds, own = time.perf_counter() - clock, time.process_time() - own
        time.sleep(0.2)  # for ended workers to be waited for, so that their time counts
        result[which] = {"seconds": seconds, "cpu": cpu_seconds(os.getpid()) - cpu, "main cpu": own, "answers": _answers(task)}
    print(json.dumps(result))


def _profiled(contender: Contender, path: str) -> None:
    import cProfile

    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    contender.one_pass()
    profile.disable()
    profile.dump_stats(path)


def _answers(task: dict[str, Any]) -> dict[str, int]:
    """What the world has answered since it was last asked this."""
    with urllib.request.urlopen(task["world"] + "/-/counts", timeout=10) as answer:
        counts: dict[str, int] = json.load(answer)
    return counts


class Plain:
    """One thing after the other; every feed is read whole at every pass, every article is committed at once."""

    conditional = False

    def __init__(self, task: dict[str, Any]):
        import httpx

        self._feeds = task["feeds"]
        self._client = httpx.Client(follow_redirects=True, timeout=30)
        self._store = sqlite3.connect(Path(task["folder"]) / PLAIN_STORE)
        self._store.execute("PRAGMA journal_mode = WAL")
        self._store.execute("CREATE TABLE articles (url TEXT PRIMARY KEY, title TEXT, published TEXT, author TEXT, text TEXT)")

    def one_pass(self) -> None:
        import feedparser
        import trafilatura

        for feed in self._feeds:
            body = self._client.get(feed["url"]).content
            items = _sitemap_items(body) if feed["kind"] == "sitemap" else _feed_items(feedparser.parse(body), feed["full_text"])
            for url, title, published, full in items:
                if self._store.execute("SELECT 1 FROM articles WHERE url = ?", (url,)).fetchone():
                    continue
                if full is None:
                    found: Any = trafilatura.bare_extraction(self._client.get(url).text, url=url, with_metadata=True)
                    row = (url, title, found.date or published, found.author, found.text)
                else:
                    row = (url, title, published, None, re.sub(r"<[^>]+>", "\n", full))
                with self._store:
                    self._store.execute("INSERT INTO articles VALUES (?, ?, ?, ?, ?)", row)


def _feed_items(parsed: Any, full_text: bool) -> list[Item]:
    return [(entry.link, entry.title, entry.get("published"), entry.content[0].value if full_text else None) for entry in parsed.entries]


def _sitemap_items(body: bytes) -> list[Item]:
    from xml.etree import ElementTree

    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "n": "http://www.google.com/schemas/sitemap-news/0.9"}
    return [
        (
            url.findtext("s:loc", "", space),
            url.findtext(".//n:title", "", space),
            url.findtext(".//n:publication_date", None, space),
            None,
        )
        for url in ElementTree.fromstring(body).iterfind("s:url", space)
    ]


class Ours:
    """The application's own pass, its log in a file. Opening store and register is start-up and not part of the pass."""

    conditional = True

    def __init__(self, task: dict[str, Any], mode: str):
        from monitor import app, log
        from monitor.config import load_config

        folder = Path(task["folder"])
        path = folder / "config.toml"
        path.write_text(_config(task["feeds"], mode), encoding="utf-8")
        self._config = load_config(path, {})
        log.configure((folder / LOG).open("w", encoding="utf-8"))
        app.load_register(self._config)
        self._store = app.open_store(self._config)

    def one_pass(self) -> None:
        import asyncio

        from monitor.cli.running import pass_once

        asyncio.run(pass_once(self._config, self._store, everything=True))


def _config(feeds: list[dict[str, Any]], mode: str) -> str:
    """config.toml for the world: as shipped but for its addresses and for pauses, which would measure patience."""
    lines = []
    for feed in feeds:
        pairs = [f"{key} = {json.dumps(feed[key], ensure_ascii=False)}" for key in ("url", "outlet", "language", "kind")]
        lines.append(f'  {{ {", ".join(pairs)}, country = "MA", full_text = {json.dumps(feed["full_text"])} }},')
    return "\n".join(
        [
            "feeds = [",
            *lines,
            "]",
            f'[store]\nurl = "sqlite:///{STORE}"',
            '[fetch]\npause = "0s"\nallow_addresses = ["127.0.0.0/8"]\ncontact = "https://vigie.example/"',
            f'[read]\nmode = "{mode}"\n',
        ]
    )


if __name__ == "__main__":
    main()
