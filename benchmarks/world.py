"""A world of outlets on loopback: feeds, news sitemaps and the pages behind them, answered by a process of its own.

    with World(feeds=100, articles=20, seed=7) as world:
        ...poll world.feeds, compare with world.stories, look at world.counts()

Each outlet has an address of its own (127.0.1.1, 127.0.1.2 ...) so that everything counted per host behaves as on the real web.
Pages weigh 60 to 200 kB and carry what pages carry: scripts, styles, menus, share bars, teasers inside the text, related boxes,
comments, a footer. The process ends with its parent, or after `seconds`.
"""

from __future__ import annotations

import argparse
import asyncio
import email.utils
import gzip
import hashlib
import html
import json
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self

from benchmarks import press

Kind = Literal["rss", "atom", "sitemap", "rss-fulltext"]
PATHS: dict[Kind, str] = {"rss": "/feed", "atom": "/atom.xml", "sitemap": "/news-sitemap.xml", "rss-fulltext": "/feed"}
KINDS: tuple[Kind, ...] = ("rss", "atom", "rss", "sitemap", "rss", "rss", "rss-fulltext", "rss", "atom", "rss")
VALIDATORS: tuple[tuple[str, ...], ...] = (("etag", "last-modified"), ("etag",), ("etag", "last-modified"), ("last-modified",), ())
MEETINGS_PER_100_ARTICLES = 2  # reports of security meetings
OUTLETS_PER_MEETING = 3
PAGE_BYTES = (60_000, 200_000)


@dataclass(frozen=True, slots=True)
class Feed:
    """One outlet with its one feed. `validators` are the headers it offers for conditional requests."""

    number: int
    host: str
    outlet: str
    language: press.Language
    kind: Kind
    validators: tuple[str, ...]
    theme: int


@dataclass(frozen=True, slots=True)
class Story:
    """One article: where it stands, what it says, and the number of the meeting it reports."""

    feed: Feed
    path: str
    told: press.Told
    author: str
    published: datetime
    meeting: int | None

    @property
    def text(self) -> str:
        return "\n\n".join(self.told.paragraphs)


def plan(feeds: int, articles: int, seed: int, start: datetime) -> tuple[list[Feed], list[Story]]:
    """The outlets and their articles, newest first within each: the same for the same arguments."""
    rng = random.Random(seed)
    outlets = [_outlet(number, rng) for number in range(feeds)]
    total = feeds * articles
    count = max(1, total * MEETINGS_PER_100_ARTICLES // 100)
    meetings = press.encounters(rng, max(1, count // OUTLETS_PER_MEETING))
    told_in = {place: number % len(meetings) for number, place in enumerate(rng.sample(range(total), count))}
    stories = []
    for feed in outlets:
        moment = start - timedelta(minutes=rng.randint(5, 40))
        titles: set[str] = set()
        for place in range(feed.number * articles, (feed.number + 1) * articles):
            moment -= timedelta(minutes=rng.randint(3, 55))
            meeting = told_in.get(place)
            when = moment
            if meeting is None:
                told = press.ordinary(rng, feed.language)
                # Two articles of one outlet with one title and no summary would be one article told twice
                while told.title in titles:
                    told = press.ordinary(rng, feed.language)
                titles.add(told.title)
            else:
                # All outlets report a meeting within the hour
                when = start - timedelta(hours=3, minutes=rng.randint(0, 40))
                told = press.report(rng, feed.language, meetings[meeting], when)
            section = rng.choice(("actualite", "societe", "monde", "une"))
            path = f"/{section}/{when:%Y/%m}/article-{place:05d}-{rng.randrange(10**6):06d}.html"
            author = f"{rng.choice('ABCDHKLMNRSY')}. {rng.choice(('Alami', 'Bennis', 'Duval', 'Fournier', 'Filali', 'Perrin'))}"
            stories.append(Story(feed, path, told, author, when, meeting))
    return outlets, stories


def _outlet(number: int, rng: random.Random) -> Feed:
    kind: Kind = KINDS[number % len(KINDS)]
    language: press.Language = "ar" if rng.random() < 0.4 else "fr"
    name = f"Le Courrier n° {number + 1}" if language == "fr" else f"جريدة الخبر {number + 1}"
    # Moved on by one every ten outlets, so that each kind comes with each offer
    validators = VALIDATORS[(number // len(KINDS) + number) % len(VALIDATORS)]
    return Feed(number, f"127.0.{1 + number // 250}.{1 + number % 250}", name, language, kind, validators, number % len(_THEMES))


class World:
    """The world as its visitors see it, served by a process of its own for as long as the `with` block runs."""

    def __init__(self, feeds: int = 100, articles: int = 20, seed: int = 7, *, latency: float = 0.0, seconds: float = 1800.0):
        self.start = datetime.now(UTC).replace(microsecond=0)
        self.feeds, self.stories = plan(feeds, articles, seed, self.start)
        self._arguments = [
            f"--feeds={feeds}", f"--articles={articles}", f"--seed={seed}", f"--start={self.start.isoformat()}", f"--latency={latency}",
            f"--seconds={seconds}",
        ]  # fmt: skip
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.world", *self._arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the world's server did not start")
        self.port = int(line)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait(10)

    @property
    def base(self) -> str:
        """The address of the first outlet."""
        return address(self.feeds[0], self.port)

    def url(self, feed: Feed) -> str:
        """The address of an outlet's feed."""
        return address(feed, self.port) + PATHS[feed.kind]

    def story_url(self, story: Story) -> str:
        """The address of an article's page."""
        return address(story.feed, self.port) + story.path

    def counts(self) -> dict[str, int]:
        """Answers since the last call of this, by kind and status: "feed 200", "feed 304", "page 200", "robots 200" ..."""
        with urllib.request.urlopen(f"{self.base}/-/counts", timeout=10) as answer:
            counts: dict[str, int] = json.load(answer)
        return counts


def address(feed: Feed, port: int) -> str:
    return f"http://{feed.host}:{port}"


# Feeds ----------------------------------------------------------------------------------------------------------------------------


def feed_document(feed: Feed, stories: list[Story], port: int) -> tuple[str, str]:
    """The feed's document and its content type."""
    base, e = address(feed, port), html.escape
    if feed.kind == "atom":
        entries = "".join(
            f"<entry><id>tag:{feed.host},2026:{story.path}</id><title>{e(story.told.title)}</title>"
            f'<link href="{base}{story.path}"/>'
            f"<author><name>{story.author}</name></author><published>{story.published.isoformat()}</published>"
            f"<updated>{story.published.isoformat()}</updated><summary>{e(story.told.standfirst)}</summary></entry>"
            for story in stories
        )
        updated = stories[0].published.isoformat() if stories else "2026-01-01T00:00:00Z"
        return (
            f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{feed.language}">'
            f"<title>{e(feed.outlet)}</title><id>tag:{feed.host},2026:feed</id><updated>{updated}</updated>{entries}</feed>"
        ), "application/atom+xml; charset=utf-8"
    if feed.kind == "sitemap":
        urls = "".join(
            f"<url><loc>{base}{story.path}</loc><news:news><news:publication><news:name>{e(feed.outlet)}</news:name>"
            f"<news:language>{feed.language}</news:language></news:publication><news:publication_date>{story.published.isoformat()}"
            f"</news:publication_date><news:title>{e(story.told.title)}</news:title></news:news></url>"
            for story in stories
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
            f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'
        ), "application/xml"
    items = []
    for story in stories:
        content = ""
        if feed.kind == "rss-fulltext":
            content = f"<content:encoded><![CDATA[{full_html(story)}]]></content:encoded>"
        items.append(
            f"<item><title>{e(story.told.title)}</title><link>{base}{story.path}</link><dc:creator>{story.author}</dc:creator>"
            f"<pubDate>{email.utils.format_datetime(story.published)}</pubDate><category>Actualité</category>"
            f'<guid isPermaLink="false">{base}/?p={story.path[-11:-5]}</guid>'
            f"<description><![CDATA[<p>{e(story.told.standfirst)}</p>]]></description>{content}</item>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>{e(feed.outlet)}</title><link>{base}/</link>'
        f"<language>{feed.language}</language>{''.join(items)}</channel></rss>"
    ), "application/rss+xml; charset=utf-8"


def full_html(story: Story) -> str:
    """The article as full-text feeds carry it."""
    return "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in story.told.paragraphs)


# Pages ----------------------------------------------------------------------------------------------------------------------------

# How publishing software names an article, its text and what stands around it
_THEMES = [
    dict(zip(("article", "body", "side", "related", "comments"), names.split("|"), strict=True))
    for names in (
        "post type-post hentry|entry-content|sidebar widget-area|related-posts|comment-list",
        "article article--full|article__body|aside-col|article__related|comments",
        "c-story|c-story__text js-body|l-rail|c-teasers|c-discussion",
        "node node-article|field-body|region-sidebar|block-related|comment-wrapper",
        "single-content|text-wrapper rich-text|right-column|more-stories|reactions",
    )
]
WITH_ARTICLE_BODY = 2  # the theme whose pages carry the whole text as JSON-LD too


class _Stock:
    """Scripts and styles made once, from which every page takes its pieces: making them anew for each page would take minutes."""

    def __init__(self, seed: int):
        rng = random.Random(seed)
        self.scripts = ["".join(_script(rng) for _ in range(rng.randint(20, 60))) for _ in range(60)]
        self.styles = ["".join(_rule(rng) for _ in range(rng.randint(30, 90))) for _ in range(20)]

    def fill(self, rng: random.Random, size: int) -> tuple[list[str], list[str], list[str]]:
        """Styles, scripts of the head and scripts of the foot, of `size` characters together."""
        styles: list[str] = []
        head: list[str] = []
        foot: list[str] = []
        while size > 0:
            if rng.random() < 0.25:
                piece, place = rng.choice(self.styles), styles
            else:
                piece, place = rng.choice(self.scripts), head if rng.random() < 0.4 else foot
            place.append(piece[: max(size, 500)])
            size -= len(place[-1]) + 17
        return styles, head, foot


def _script(rng: random.Random) -> str:
    name = f"{rng.choice(('ad', 'track', 'load', 'slot', 'user', 'page', 'vid', 'cmp'))}{rng.choice(('Init', 'Queue', 'State', 'Map'))}"
    return (
        f"function {name}{rng.randrange(999)}(e,t){{var n=window.{name}||[];if(n.length<{rng.randrange(99)}&&e!==null)"
        f"{{n.push({{k:'{name}',v:t|{rng.randrange(9999)}}});}}return n}}"
    )


def _rule(rng: random.Random) -> str:
    shown = rng.choice(("block", "flex", "grid", "none"))
    sides = f"margin:{rng.randrange(40)}px;padding:{rng.randrange(30)}px"
    return f".block-{rng.randrange(9999)}{{{sides};color:#{rng.randrange(16**6):06x};display:{shown}}}"


class Printer:
    """Makes pages of articles."""

    def __init__(self, seed: int, port: int):
        from jinja2 import Environment, FileSystemLoader

        folder = Path(__file__).parent
        self._template = Environment(loader=FileSystemLoader(folder), autoescape=True).get_template("page.html")
        self._stock = _Stock(seed)
        rng = random.Random(seed)
        # Teasers and comments are drawn from a stock too: an outlet's pages repeat them as it is
        self._headlines = {language: [press.headline(rng, language) for _ in range(2000)] for language in press.LANGUAGES}
        self._sentences = {language: [press.sentence(rng, language) for _ in range(2000)] for language in press.LANGUAGES}
        self._seed = seed
        self._port = port

    def page(self, story: Story, siblings: Sequence[Story]) -> str:
        """The page of an article; `siblings` are the other articles of its outlet."""
        rng = random.Random(f"{self._seed}{story.path}")
        feed, language = story.feed, story.feed.language
        words, headlines = press.page_words(language), self._headlines[language]
        size = rng.randint(*PAGE_BYTES)
        # What all pages have in common weighs some 60 to 90 kB in French, more in Arabic
        styles, head, foot = self._stock.fill(rng, max(0, size - 62_000))
        return self._template.render(
            feed=feed,
            told=story.told,
            link=address(feed, self._port) + story.path,
            author=story.author,
            published=story.published.isoformat(),
            linked_data=json.dumps(_linked_data(story), ensure_ascii=False),
            words=words,
            theme=_THEMES[feed.theme],
            styles=styles,
            head_scripts=head,
            foot_scripts=foot,
            state=json.dumps({"page": {"id": story.path, "related": rng.sample(headlines, 10)}}),
            comments=rng.choice((0, 4, 9, 18, 30, 55)),
            siblings=[(other.path, other.told.title) for other in siblings[:15]],
            number=rng.randrange,
            section=lambda: rng.choice(words["menu"]),
            headline=lambda: rng.choice(headlines),
            sentence=lambda: rng.choice(self._sentences[language]),
        )


def _linked_data(story: Story) -> dict[str, Any]:
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.told.title,
        "description": story.told.standfirst,
        "datePublished": story.published.isoformat(),
        "inLanguage": story.feed.language,
        "author": [{"@type": "Person", "name": story.author}],
        "publisher": {"@type": "Organization", "name": story.feed.outlet},
    }
    return data | {"articleBody": story.text} if story.feed.theme == WITH_ARTICLE_BODY else data


# The server -----------------------------------------------------------------------------------------------------------------------

_ROBOTS = "User-agent: *\nDisallow: /admin/\nDisallow: /recherche\n"


@dataclass(frozen=True, slots=True)
class _Answer:
    kind: str  # feed, page, robots
    head: bytes  # headers but Content-Length and Content-Encoding
    packed: bytes  # body, gzip
    etag: str | None = None
    last_modified: str | None = None


class _Server:
    """All answers, made beforehand."""

    def __init__(self, feeds: list[Feed], stories: list[Story], seed: int, port: int, latency: float):
        self.port = port
        self.latency = latency
        self.counts: Counter[str] = Counter()
        self.answers: dict[tuple[str, str], _Answer] = {}
        printer = Printer(seed, port)
        per_feed: dict[int, list[Story]] = {}
        for story in stories:
            per_feed.setdefault(story.feed.number, []).append(story)
        for feed in feeds:
            mine = per_feed.get(feed.number, [])
            self._add_feed(feed, mine)
            self.answers[feed.host, "/robots.txt"] = _Answer("robots", _head("text/plain"), _packed(_ROBOTS))
            for story in mine:
                self.answers[feed.host, story.path] = _Answer("page", _head("text/html; charset=utf-8"), _packed(printer.page(story, mine)))

    def _add_feed(self, feed: Feed, stories: list[Story]) -> None:
        document, content_type = feed_document(feed, stories, self.port)
        etag = changed = None
        if "etag" in feed.validators:
            etag = f'"{hashlib.sha256(document.encode()).hexdigest()[:20]}"'
        if "last-modified" in feed.validators and stories:
            changed = email.utils.format_datetime(max(story.published for story in stories), usegmt=True)
        head = _head(content_type, *([f"ETag: {etag}"] if etag else []), *([f"Last-Modified: {changed}"] if changed else []))
        self.answers[feed.host, PATHS[feed.kind]] = _Answer("feed", head, _packed(document), etag, changed)

    def answer(self, host: str, path: str, headers: dict[str, str]) -> bytes:
        """The bytes of the whole answer."""
        if path == "/-/counts":
            body = json.dumps(self.counts).encode()
            self.counts.clear()
            return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        found = self.answers.get((host, path.partition("?")[0]))
        if found is None:
            self.counts["other 404"] += 1
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        asked_etag, asked_since = headers.get("if-none-match"), headers.get("if-modified-since")
        # RFC 9110 §13.2.2: with If-None-Match the date does not count
        same = asked_etag == found.etag if asked_etag and found.etag else bool(asked_since) and asked_since == found.last_modified
        self.counts[f"{found.kind} {304 if same else 200}"] += 1
        if same:
            return b"HTTP/1.1 304 Not Modified\r\n" + found.head + b"\r\n"
        if "gzip" in headers.get("accept-encoding", ""):
            body, coding = found.packed, b"Content-Encoding: gzip\r\n"
        else:
            body, coding = gzip.decompress(found.packed), b""
        return b"HTTP/1.1 200 OK\r\n" + found.head + coding + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _head(content_type: str, *more: str) -> bytes:
    lines = (f"Content-Type: {content_type}", "Server: world", "Vary: Accept-Encoding", *more)
    return "".join(f"{line}\r\n" for line in lines).encode()


def _packed(document: str) -> bytes:
    return gzip.compress(document.encode(), 1, mtime=0)


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, GET only: as little work as can be, so that both cores are left to who is measured."""

    def __init__(self, server: _Server):
        self._server = server
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._host = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        self._held += data
        while b"\r\n\r\n" in self._held:
            head, _, self._held = self._held.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            answer = self._server.answer(self._host, first.split(" ")[1], headers)
            if self._server.latency:
                asyncio.get_running_loop().call_later(self._server.latency, self._transport.write, answer)
            else:
                self._transport.write(answer)


async def _serve(arguments: argparse.Namespace) -> None:
    start = datetime.fromisoformat(arguments.start)
    feeds, stories = plan(arguments.feeds, arguments.articles, arguments.seed, start)
    loop = asyncio.get_running_loop()
    held: list[_Server] = []
    # The port must be free at all addresses; the documents name it, so it is found before they are made, and held at once: two worlds
    # may start together. Nobody is told of it before the documents are there
    for port in range(20_000 + arguments.seed, 32_000, 17):
        try:
            await loop.create_server(lambda: _Connection(held[0]), [feed.host for feed in feeds], port, backlog=512)
            break
        except OSError:
            continue
    else:
        raise SystemExit("no free port on 127.0.x.x")
    held.append(_Server(feeds, stories, arguments.seed, port, arguments.latency))
    over = asyncio.Event()
    threading.Thread(target=lambda: (sys.stdin.buffer.read(), loop.call_soon_threadsafe(over.set)), daemon=True).start()
    print(port, flush=True)
    try:
        async with asyncio.timeout(arguments.seconds):
            await over.wait()
    except TimeoutError:
        print("world: time is up", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the world until standard input ends or --seconds have passed; prints the port.")
    parser.add_argument("--feeds", type=int, default=100)
    parser.add_argument("--articles", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--start", default=datetime.now(UTC).replace(microsecond=0).isoformat())
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--seconds", type=float, default=1800.0)
    arguments = parser.parse_args()
    began = time.monotonic()
    asyncio.run(_serve(arguments))
    print(f"world: served for {time.monotonic() - began:.0f} s", file=sys.stderr) if sys.stderr.isatty() else None


if __name__ == "__main__":
    main()
