"""The demonstration's outlets: feeds and pages as real sites serve them, from `world/*.json`, on loopback.

Each outlet listens on a port of its own. Feeds have validators and answer 304; pages carry what pages carry: a cookie bar,
navigation, related headlines, share buttons, comments, a footer.
"""

from __future__ import annotations

import hashlib
import html
import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

ATOM = "http://www.w3.org/2005/Atom"
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_CHROME = {  # words around an article: cookie bar | menu | read also | share | comments | footer
    "fr": "Nous utilisons des cookies.|Politique Économie Société Sport|Lire aussi|Partager|Commentaires|Tous droits réservés",
    "ar": "نستعمل ملفات تعريف الارتباط.|سياسة اقتصاد مجتمع رياضة|اقرأ أيضا|شارك|تعليقات|جميع الحقوق محفوظة",
    "es": "Utilizamos cookies.|Política Economía Sociedad Deportes|Lea también|Compartir|Comentarios|Todos los derechos reservados",
    "en": "We use cookies.|Politics Business Society Sport|Read also|Share|Comments|All rights reserved",
}


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet of the world and where it answers."""

    id: str
    name: str
    country: str
    language: str
    kind: str
    site_title: str
    base: str = ""

    @property
    def feed_url(self) -> str:
        return self.base + {"sitemap": "/news-sitemap.xml", "jsonfeed": "/feed.json", "atom": "/atom.xml"}.get(self.kind, "/feed")


class World:
    """The outlets, answering for as long as the `with` block runs."""

    def __init__(self) -> None:
        folder = files("monitor.demo").joinpath("world")
        self.articles: list[dict[str, Any]] = json.loads(folder.joinpath("articles.json").read_text("utf-8"))["articles"]
        self._described: list[dict[str, Any]] = json.loads(folder.joinpath("outlets.json").read_text("utf-8"))["outlets"]
        self.outlets: list[Outlet] = []
        self._servers: list[ThreadingHTTPServer] = []
        self._of: dict[str, tuple[ThreadingHTTPServer, list[dict[str, Any]]]] = {}

    def __enter__(self) -> World:
        for described in self._described:
            mine = [article for article in self.articles if article["outlet"] == described["id"]]
            server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
            server.daemon_threads = True
            outlet = Outlet(
                described["id"],
                described["name"],
                described["country"],
                described["language"],
                described["feed"],
                described["site_title"],
                f"http://127.0.0.1:{server.server_address[1]}",
            )
            server.answers = _answers(outlet, mine)  # type: ignore[attr-defined]
            self._of[outlet.id] = (server, mine)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            self._servers.append(server)
            self.outlets.append(outlet)
        return self

    def mornings(self) -> list[datetime]:
        """A moment on each day after one on which something was published, UTC, in order."""
        days = {_when(article).astimezone(UTC).date() for article in self.articles}
        return [datetime.combine(day + timedelta(days=1), time(6), tzinfo=UTC) for day in sorted(days)]

    def move_to(self, moment: datetime) -> None:
        """Show the outlets as they were at `moment`: what is published later is not there yet."""
        for outlet in self.outlets:
            server, articles = self._of[outlet.id]
            server.answers = _answers(outlet, [a for a in articles if _when(a) <= moment])  # type: ignore[attr-defined]

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        answers: dict[str, tuple[str, bytes]] = self.server.answers  # type: ignore[attr-defined]
        found = answers.get(unquote(self.path.split("?")[0]))
        if found is None:
            self._send(404, "text/plain; charset=utf-8", b"nothing here", None)
            return
        kind, body = found
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self.send_header("ETag", etag)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._send(200, kind, body, etag)

    def _send(self, status: int, kind: str, body: bytes, etag: str | None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the watcher's own log tells it."""


def _answers(outlet: Outlet, articles: list[dict[str, Any]]) -> dict[str, tuple[str, bytes]]:
    newest = sorted(articles, key=lambda a: datetime.fromisoformat(a["published"]), reverse=True)
    feed, kind = _FEEDS[outlet.kind](outlet, newest)
    answers = {
        outlet.feed_url.removeprefix(outlet.base): (kind, feed.encode()),
        "/robots.txt": ("text/plain", b"User-agent: *\nDisallow: /admin/\n"),
    }
    for article in articles:
        answers[unquote(article["path"])] = ("text/html; charset=utf-8", _page(outlet, article).encode())
    return answers


def _when(article: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(article["published"])


def _rss(outlet: Outlet, articles: list[dict[str, Any]]) -> tuple[str, str]:
    items = []
    for article in articles:
        content = ""
        if outlet.kind == "rss-fulltext":
            whole = "".join(f"<p>{html.escape(p)}</p>" for p in article["paragraphs"])
            content = f"<content:encoded><![CDATA[{whole}]]></content:encoded>"
        items.append(
            f"<item><title>{escape(article['title'])}</title><link>{outlet.base}{escape(article['path'])}</link>"
            f'<guid isPermaLink="false">{outlet.id}-{article["id"]}</guid>'
            f"<pubDate>{format_datetime(_when(article))}</pubDate>"
            f"<description>{escape(article.get('standfirst') or '')}</description>{content}</item>"
        )
    head = f"<title>{escape(outlet.site_title)}</title><link>{outlet.base}/</link><language>{outlet.language}</language>"
    namespace = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    document = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {namespace}><channel>{head}{"".join(items)}</channel></rss>'
    return document, "application/rss+xml"


def _atom(outlet: Outlet, articles: list[dict[str, Any]]) -> tuple[str, str]:
    newest = articles[0]["published"] if articles else "2025-01-01T00:00:00Z"
    entries = "".join(
        f"<entry><id>tag:{outlet.id},2025:{article['id']}</id><title>{escape(article['title'])}</title>"
        f'<link href="{outlet.base}{escape(article["path"])}"/><published>{article["published"]}</published>'
        f"<updated>{article['published']}</updated><summary>{escape(article.get('standfirst') or '')}</summary></entry>"
        for article in articles
    )
    head = f"<title>{escape(outlet.site_title)}</title><id>tag:{outlet.id},2025:feed</id><updated>{newest}</updated>"
    return f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="{ATOM}" xml:lang="{outlet.language}">{head}{entries}</feed>', (
        "application/atom+xml"
    )


def _sitemap(outlet: Outlet, articles: list[dict[str, Any]]) -> tuple[str, str]:
    urls = "".join(
        f"<url><loc>{outlet.base}{escape(article['path'])}</loc><news:news><news:publication>"
        f"<news:name>{escape(outlet.name)}</news:name><news:language>{outlet.language}</news:language></news:publication>"
        f"<news:publication_date>{article['published']}</news:publication_date>"
        f"<news:title>{escape(article['title'])}</news:title></news:news></url>"
        for article in articles
    )
    space = f'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="{NEWS}"'
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {space}>{urls}</urlset>', "application/xml"


def _json(outlet: Outlet, articles: list[dict[str, Any]]) -> tuple[str, str]:
    items = [
        {
            "id": f"{outlet.id}/{article['id']}",
            "url": outlet.base + article["path"],
            "title": article["title"],
            "summary": article.get("standfirst") or "",
            "date_published": article["published"],
        }
        for article in articles
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.site_title,
        "language": outlet.language,
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False), "application/feed+json"


_FEEDS = {"rss": _rss, "rss-fulltext": _rss, "atom": _atom, "sitemap": _sitemap, "jsonfeed": _json}


def _page(outlet: Outlet, article: dict[str, Any]) -> str:
    cookies, menu, also, share, comments, foot = _CHROME[outlet.language].split("|")
    direction = "rtl" if outlet.language == "ar" else "ltr"
    e = html.escape
    text = "".join(f"<p>{e(paragraph)}</p>" for paragraph in article["paragraphs"])
    standfirst = f'<p class="standfirst">{e(article["standfirst"])}</p>' if article.get("standfirst") else ""
    author = f'<p class="author">{e(article["author"])}</p>' if article.get("author") else ""
    credit = f"<figure><img src=\"/photo.jpg\" alt=\"\"><figcaption>{e(article['photo_credit'])}</figcaption></figure>" if article.get(
        "photo_credit"
    ) else ""  # fmt: skip
    related = ""
    if article.get("related"):
        links = "".join(f'<li><a href="/r/{number}">{e(title)}</a></li>' for number, title in enumerate(article["related"]))
        related = f'<aside class="related"><h3>{also}</h3><ul>{links}</ul></aside>'
    items = "".join(f'<li><a href="/{number}">{word}</a></li>' for number, word in enumerate(menu.split()))
    moment = _when(article)
    return f"""<!DOCTYPE html>
<html lang="{outlet.language}" dir="{direction}"><head><meta charset="utf-8"><title>{e(article["title"])} | {e(outlet.name)}</title>
<meta property="og:title" content="{e(article["title"])}"><meta property="og:type" content="article">
<meta property="article:published_time" content="{article["published"]}">
<link rel="canonical" href="{outlet.base}{e(article["path"])}">
<meta name="description" content="{e(article.get("standfirst") or "")}"></head>
<body><div class="cookie-bar">{cookies}</div><header><a href="/">{e(outlet.name)}</a><nav><ul>{items}</ul></nav></header>
<main><article><h1>{e(article["title"])}</h1>{standfirst}{author}
<time datetime="{article["published"]}">{moment:%d/%m/%Y %H:%M}</time>{credit}
<div class="body">{text}</div><div class="share"><a href="#">{share}</a></div></article>{related}</main>
<section class="comments"><h3>{comments}</h3><p>…</p></section>
<footer>© {datetime.now(UTC):%Y} {e(outlet.name)}. {foot}.</footer></body></html>"""
