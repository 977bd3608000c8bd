"""Bytes of a feed or sitemap to entries. Pure; feedparser is used here and nowhere else.

RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed 1.x, and through `pipelines.sitemaps` news sitemaps. XML is decoded and repaired
before feedparser sees it (`charset`, `wellformed`), so that its lenient parser, which is slow and can raise, is never needed.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import unicodedata
import xml.etree.ElementTree as ElementTree
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import feedparser

from pipelines import sitemaps, urls
from pipelines.charset import decode
from pipelines.errors import FeedError
from pipelines.pagekind import challenge_in, login_in
from pipelines.plaintext import one_line, plain_text, plain_title, without_trailer
from pipelines.records import Entry, FeedKind, ParsedFeed
from pipelines.timestamps import parse_date, sane_date
from pipelines.wellformed import root_of, wellformed

MAX_TITLE = 1_000  # characters
MAX_SUMMARY = 20_000
MAX_FULL_HTML = 500_000
MAX_GUID = 2_000  # shown; the key is made of the whole
MAX_AUTHOR = 300
MAX_ENTRIES = 50_000
MAX_UNPACKED = 15 << 20  # bytes, as for a feed's body (fetch)
# A description longer than this is the article itself in many feeds without content:encoded
_LONG_DESCRIPTION = 1_500

_MAGIC = (
    (b"\x89PNG", "an image (PNG)"),
    (b"GIF8", "an image (GIF)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"RIFF", "an image or a film"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"\x00\x00\x01\x00", "an image (icon)"),
)
_LINK_TAG = re.compile(r"<link\b[^>]{0,2000}>", re.IGNORECASE)
_FEED_TYPE = re.compile(r"type\s*=\s*[\"']?application/(?:rss\+xml|atom\+xml|rdf\+xml|feed\+json|json)", re.IGNORECASE)
_HREF = re.compile(r"href\s*=\s*(?:\"([^\"]{1,2000})\"|'([^']{1,2000})'|([^\s>]{1,2000}))", re.IGNORECASE)


def parse_feed(
    body: bytes,
    url: str,
    *,
    content_type: str | None = None,
    charset: str | None = None,
    kind: FeedKind = "feed",
    now: datetime,
) -> ParsedFeed:
    """The entries of a feed or news sitemap, in the order given. `url` is its address, `charset` the one of the HTTP header.

    What the document is decides, not `content_type` or `kind`: an RSS file labelled text/plain is read, a sitemap is recognised.
    Raises FeedError, with the feeds the page offers, if the bytes are no feed.
    """
    if body[:2] == b"\x1f\x8b":
        body = _unpacked(body, url)
    body = body.lstrip(b" \t\r\n")
    for magic, name in _MAGIC:
        if body.startswith(magic):
            raise FeedError(url, f"{name}, not a feed")
    decoded = decode(body, charset)
    text = decoded.text.lstrip("\ufeff \t\r\n\0")
    if not text:
        raise FeedError(url, "the answer is empty")
    feed = _json_feed(text, url, now) if text[0] in "{[" else _xml_feed(text, url, now)
    problems = feed.problems
    if decoded.doubtful:
        problems = (f"encoding in doubt: read as {decoded.charset}", *problems)
    return replace(feed, entries=_with_keys(feed.entries, url, feed.link), problems=problems)


@dataclass(frozen=True, slots=True)
class _Raw:
    """What a feed says of one item, before it is cleaned and judged."""

    title: str = ""
    link: str | None = None
    guid: str | None = None
    summary: str = ""
    content: str | None = None
    author: str | None = None
    published: str | None = None
    updated: str | None = None
    language: str | None = None
    source: str | None = None


def _xml_feed(text: str, url: str, now: datetime) -> ParsedFeed:
    root = root_of(text)
    document = wellformed(text) if root != "html" else None
    if document is None:
        raise _no_feed(text, url, root)
    if document.root in ("urlset", "sitemapindex"):
        return _sitemap(document.xml, url, document.whole, document.problems, now)
    problems = document.problems
    try:
        parsed = _parsed(document.xml)
    except Exception:
        # feedparser raises KeyError and the like on some well-formed but senseless documents
        parsed, lost = _parsed_one_by_one(document.xml)
        problems = (*problems, f"{lost} items cannot be read")
    if not document.whole and not parsed.entries:
        raise FeedError(url, "the feed is cut off before its first item ends")
    feed = parsed.feed
    entries = tuple(_entry(_raw_item(item), url, now) for item in parsed.entries[:MAX_ENTRIES])
    return ParsedFeed(
        entries=tuple(entry for entry in entries if entry is not None),
        title=plain_title(feed.get("title") or "")[:MAX_TITLE] or None,
        language=_language(feed.get("language")),
        link=urls.absolute(url, feed.get("link") or ""),
        version=parsed.get("version") or document.root,
        ttl=_ttl(feed),
        whole=document.whole,
        problems=problems,
    )


def _parsed(xml: str) -> Any:
    """feedparser's reading. Nothing can be fetched or opened by it: it is given a stream, not a name, and there is no DOCTYPE."""
    return feedparser.parse(
        io.BytesIO(xml.encode()),
        # No content-location: feedparser would resolve guids against it, and a feed that moves would bring all its items again
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )


def _parsed_one_by_one(xml: str) -> tuple[Any, int]:
    """The items that feedparser can read when each stands alone, as it gives them, and how many it cannot."""
    result, lost = feedparser.FeedParserDict(entries=[], feed=feedparser.FeedParserDict()), 0
    for element in ElementTree.fromstring(xml).iter():  # noqa: S314  made well-formed, without DOCTYPE and entities
        name = element.tag.rpartition("}")[2].lower()
        if name in ("item", "entry"):
            frame = (
                "<feed xmlns='http://www.w3.org/2005/Atom'>{}</feed>"
                if name == "entry"
                else "<rss version='2.0'><channel>{}</channel></rss>"
            )
            try:
                result["entries"] += _parsed(frame.format(ElementTree.tostring(element, "unicode"))).entries
            except Exception:
                lost += 1
    return result, lost


def _sitemap(xml: str, url: str, whole: bool, problems: tuple[str, ...], now: datetime) -> ParsedFeed:
    sitemap = sitemaps.read_sitemap(xml)
    if sitemap.children:
        children = tuple(child for each in sitemap.children if (child := urls.absolute(url, each)))
        raise FeedError(url, f"an index of {len(children)} sitemaps, not a sitemap", alternates=children)
    pages, left_out = sitemaps.newest(sitemap.pages, parse_date, now)
    entries = (
        _entry(
            _Raw(title=page.title, link=page.url, published=page.published, updated=page.modified, language=page.language),
            url,
            now,
        )
        for page in pages
    )
    if left_out:
        problems = (*problems, f"{left_out} older pages of the sitemap left out")
    return ParsedFeed(tuple(entry for entry in entries if entry is not None), version="sitemap", whole=whole, problems=problems)


def _raw_item(item: dict[str, Any]) -> _Raw:
    """feedparser's item in our words."""
    link = item.get("feedburner_origlink") or item.get("link")
    guid = item.get("id")
    if link and link == guid and not re.match(r"https?:", link.strip(), re.IGNORECASE):
        # A guid is an address only if it looks like one, whatever isPermaLink says
        link = None
    contents = [part for part in item.get("content", ()) if str(part.get("type", "")).startswith(("text/", "application/xhtml"))]
    content = max((str(part.get("value", "")) for part in contents), key=len, default=None)
    source = item.get("source")
    return _Raw(
        title=item.get("title") or "",
        link=link,
        guid=guid,
        summary="" if item.get("summary") == content else item.get("summary") or "",  # feedparser copies one into the other
        content=content or None,
        author=item.get("author"),
        published=dict.get(item, "published") or dict.get(item, "created"),
        updated=dict.get(item, "updated"),
        language=_item_language(item),
        source=source.get("title") if isinstance(source, Mapping) else None,
    )


def _item_language(item: Mapping[str, Any]) -> str | None:
    """The item's own language, not one inherited from the feed's element."""
    return item.get("dc_language") or item.get("language")


def _entry(raw: _Raw, url: str, now: datetime) -> Entry | None:
    """A cleaned entry without keys; None if the item says nothing at all."""
    problems: list[str] = []
    title = plain_title(raw.title[:MAX_FULL_HTML])
    if len(title) > MAX_TITLE:
        title = title[: MAX_TITLE - 1] + "…"
        problems.append("title cut")
    summary_html, content = raw.summary[:MAX_FULL_HTML], raw.content
    summary = _summary(summary_html)
    if content is None and len(summary) > _LONG_DESCRIPTION:
        content = raw.summary
    if content is not None and len(content) > MAX_FULL_HTML:
        content = content[:MAX_FULL_HTML]
        problems.append("text cut")
    if not summary and content:
        summary = _shortened(_summary(content[:50_000]), _LONG_DESCRIPTION)
    if len(summary) > MAX_SUMMARY:
        summary = summary[: MAX_SUMMARY - 1] + "…"
        problems.append("summary cut")
    link = urls.absolute(url, raw.link) if raw.link else None
    if raw.link and link is None:
        problems.append(f"link refused: {one_line(raw.link)[:80]}")
    source = one_line(raw.source)[:MAX_AUTHOR] if raw.source else None
    if link and source and urls.is_google_news(link):
        title = title.removesuffix(f" - {source}")
        if summary.casefold().startswith(title.casefold()[:60]) and len(summary) < len(title) + len(source) + 20:
            summary = ""
    if not title:
        title = _shortened(summary, 100).replace("\n", " ")
        problems.append("no title")
    if not title and not link:
        return None
    published, odd = sane_date(raw.published or raw.updated, now)
    updated, _ = sane_date(raw.updated, now)
    return Entry(
        url=link,
        title=title,
        summary=summary,
        guid=one_line(raw.guid)[:MAX_GUID] if raw.guid else None,
        full_html=content,
        author=one_line(raw.author)[:MAX_AUTHOR] or None if raw.author else None,
        published=published,
        updated=updated,
        language=_language(raw.language),
        source=source,
        guid_key=_digest(raw.guid.strip()) if raw.guid and raw.guid.strip() else None,
        problems=(*problems, *filter(None, (odd,))),
    )


def _summary(markup: str) -> str:
    """A description as plain text, without the sentence that publishing software adds at its end."""
    return without_trailer(plain_text(markup))


def _shortened(text: str, limit: int) -> str:
    """At most `limit` characters, ended at a sentence or a word, with an ellipsis if cut."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    end = max(head.rfind(mark) + 1 for mark in (". ", "! ", "? ", "؟ ", ".\n"))
    return head[:end] if end > limit // 2 else head.rpartition(" ")[0] + "…"


def _with_keys(entries: Iterable[Entry], url: str, home: str | None) -> tuple[Entry, ...]:
    """The entries with their identity keys; an item that stands twice in the feed is kept once.

    A key must tell items apart. A guid used by items with different links does not, nor does a link that three items with different
    titles share, nor one to the front page: such keys are left out, so that the next weaker one counts.
    """
    entries = list(entries)
    links: list[str | None] = [urls.link_key(entry.url) if entry.url else None for entry in entries]
    fronts = {urls.link_key(front) for front in (home, urls.absolute(url, "/")) if front}
    titles_of_link: dict[str, set[str]] = {}
    links_of_guid: dict[str, set[str | None]] = {}
    for entry, link in zip(entries, links, strict=True):
        if link:
            titles_of_link.setdefault(link, set()).add(entry.title)
        if entry.guid_key:
            links_of_guid.setdefault(entry.guid_key, set()).add(link or _title_key(entry))
    kept: dict[tuple[str | None, ...], Entry] = {}
    seen: Counter[str] = Counter()
    for entry, link in zip(entries, links, strict=True):
        problems = entry.problems
        guid_key = entry.guid_key
        if guid_key and len(links_of_guid[guid_key]) > 1:
            guid_key, problems = None, (*problems, "guid used by several items")
        if link and (link in fronts or len(titles_of_link[link]) > 2):
            link, problems = None, (*problems, "link shared by several items")
        entry = replace(entry, guid_key=guid_key, link_key=link, title_key=_title_key(entry), problems=problems)
        strongest = link or guid_key or entry.title_key
        assert strongest is not None
        if not seen[strongest]:
            kept[(strongest,)] = entry
        seen[strongest] += 1
    return tuple(kept.values())


def _title_key(entry: Entry) -> str:
    """Normalised title and day of publication (as stated, if it can be), hashed."""
    day = entry.published.date().isoformat() if entry.published else ""
    return _digest(f"{_letters(entry.title)}|{day}")


def _letters(title: str) -> str:
    """The letters and digits of a title without case and accents."""
    plain = unicodedata.normalize("NFKD", title).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _language(tag: str | None) -> str | None:
    """A language tag in lower case ("fr-ma"), or None if it is none."""
    tag = (tag or "").strip().lower().replace("_", "-")
    return tag if re.fullmatch(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,3}", tag) else None


def _ttl(feed: Mapping[str, Any]) -> timedelta | None:
    """How long the feed asks not to be polled: RSS ttl (minutes) or the syndication module's period. The caller clamps it."""
    try:
        minutes = int(str(feed.get("ttl", "")).strip()[:12])
    except ValueError:
        periods = {"hourly": 60, "daily": 1440, "weekly": 10080, "monthly": 43200, "yearly": 525600}
        minutes = periods.get(str(feed.get("sy_updateperiod", "")).strip().lower(), 0)
        try:
            minutes //= max(1, int(str(feed.get("sy_updatefrequency", "1")).strip()[:6]))
        except ValueError:
            pass
    return timedelta(minutes=min(minutes, 525_600)) if minutes > 0 else None


# JSON Feed ------------------------------------------------------------------------------------------------------------------------


def _json_feed(text: str, url: str, now: datetime) -> ParsedFeed:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org). The depth of nesting is bounded by the parser's own recursion limit."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FeedError(url, "not a feed: broken JSON" if text[0] == "{" else "plain text, not a feed") from error
    if not isinstance(data, dict) or "jsonfeed.org" not in str(data.get("version", "")) or not isinstance(data.get("items"), list):
        raise FeedError(url, "JSON, but not a JSON Feed")
    items = [item for item in data["items"][:MAX_ENTRIES] if isinstance(item, dict)]
    entries = tuple(entry for item in items if (entry := _entry(_raw_json(item), url, now)) is not None)
    return ParsedFeed(
        entries=entries,
        title=plain_title(_string(data.get("title")))[:MAX_TITLE] or None,
        language=_language(_string(data.get("language"))),
        link=urls.absolute(url, _string(data.get("home_page_url"))),
        version="json11" if str(data["version"]).rstrip("/").endswith("1.1") else "json1",
    )


def _raw_json(item: dict[str, Any]) -> _Raw:
    listed = item.get("authors")
    authors = listed if isinstance(listed, list) else [item.get("author")]
    names = [_string(author.get("name")) for author in authors if isinstance(author, dict)]
    plain = _string(item.get("content_text"))
    return _Raw(
        title=_string(item.get("title")),
        link=_string(item.get("external_url")) or _string(item.get("url")) or None,
        guid=_string(item.get("id")) or None,
        summary=_string(item.get("summary")) or _as_markup(plain),
        content=_string(item.get("content_html")) or _as_markup(plain) or None,
        author=", ".join(filter(None, names)) or None,
        published=_string(item.get("date_published")) or None,
        updated=_string(item.get("date_modified")) or None,
        language=_string(item.get("language")) or None,
    )


def _string(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _as_markup(plain: str) -> str:
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace("\n\n", "<p>").replace("\n", "<br>")


# What it is instead ---------------------------------------------------------------------------------------------------------------


def _unpacked(body: bytes, url: str) -> bytes:
    """A gzip file (sitemap.xml.gz) unpacked, as far as the size limit allows."""
    unpacker = zlib.decompressobj(31)
    try:
        plain = unpacker.decompress(body, MAX_UNPACKED)
    except zlib.error as error:
        raise FeedError(url, "broken gzip data") from error
    if unpacker.unconsumed_tail:
        raise FeedError(url, f"gzip data that unpacks to more than {MAX_UNPACKED >> 20} MB")
    return plain


def _no_feed(text: str, url: str, root: str | None) -> FeedError:
    """Says in words what the text is, as it is no feed."""
    if root is None:
        return FeedError(url, "binary data, not a feed" if text[:1000].count("\ufffd") > 20 else "plain text, not a feed")
    if root != "html":
        return FeedError(url, f"XML with the root element {root}, not a feed")
    if challenge_in(text):
        return FeedError(url, "a bot challenge, not a feed")
    alternates = _alternates(text, url)
    if login_in(text):
        return FeedError(url, "a login page, not a feed", alternates=alternates)
    offers = "it offers " + ", ".join(alternates[:3]) if alternates else "it offers no feed"
    return FeedError(url, f"an HTML page, not a feed; {offers}", alternates=alternates)


def _alternates(text: str, url: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for tag in _LINK_TAG.finditer(text[:400_000]):
        href = _HREF.search(tag[0])
        if _FEED_TYPE.search(tag[0]) and href and "alternate" in tag[0].lower():
            address = urls.absolute(url, (href[1] or href[2] or href[3]).replace("&amp;", "&"))
            if address:
                found[address] = None
    return tuple(found)[:20]
