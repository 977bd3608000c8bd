"""The XML of a sitemap or sitemap index (sitemaps.org, Google's news extension) to its pages."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

MAX_PAGES = 1_000  # Google's own limit for a news sitemap; of a larger one the newest are taken
_RECENT = timedelta(days=3)  # without news marks, only pages changed this lately may be news


@dataclass(frozen=True, slots=True)
class SitemapPage:
    """One address of a sitemap; dates as written."""

    url: str
    title: str  # of the news mark, or made of the address
    published: str | None = None
    modified: str | None = None
    language: str | None = None
    is_news: bool = False


@dataclass(frozen=True, slots=True)
class Sitemap:
    """Pages of a sitemap, or the addresses of other sitemaps if it is an index (news ones first, then the newest)."""

    pages: tuple[SitemapPage, ...] = ()
    children: tuple[str, ...] = ()


def read_sitemap(xml: str) -> Sitemap:
    """Reads a document that was made well-formed and free of entities before (`wellformed`)."""
    root = ElementTree.fromstring(xml)  # noqa: S314  no DOCTYPE and no entity can be in it
    if _local(root.tag) == "sitemapindex":
        children = [(_text(child, "loc"), _text(child, "lastmod")) for child in root]
        children.sort(key=lambda child: child[1], reverse=True)
        children.sort(key=lambda child: "news" not in child[0].rpartition("/")[2].lower())
        return Sitemap(children=tuple(loc for loc, _ in children if loc))
    return Sitemap(tuple(page for element in root if _local(element.tag) == "url" and (page := _page(element)) is not None))


def newest(
    pages: Sequence[SitemapPage], parse_date: Callable[[str | None], datetime | None], now: datetime
) -> tuple[list[SitemapPage], int]:
    """The pages that may be news, at most MAX_PAGES, and how many were left out. A plain sitemap lists a site's whole past."""
    dated = [(parse_date(page.published or page.modified), page) for page in pages]
    if not any(page.is_news for page in pages) and any(date for date, _ in dated):
        dated = [(date, page) for date, page in dated if date and date > now - _RECENT]
    if len(dated) > MAX_PAGES:
        oldest = datetime.min.replace(tzinfo=now.tzinfo)
        dated.sort(key=lambda pair: pair[0] or oldest, reverse=True)
        del dated[MAX_PAGES:]
    return [page for _, page in dated], len(pages) - len(dated)


def _page(element: ElementTree.Element) -> SitemapPage | None:
    url = _text(element, "loc")
    if not url:
        return None
    news = next((child for child in element if _local(child.tag) == "news"), None)
    modified = _text(element, "lastmod") or None
    if news is None:
        return SitemapPage(url, _title_of(url), modified=modified)
    publication = next((child for child in news if _local(child.tag) == "publication"), None)
    return SitemapPage(
        url,
        _text(news, "title") or _title_of(url),
        published=_text(news, "publication_date") or None,
        modified=modified,
        language=_text(publication, "language") or None if publication is not None else None,
        is_news=True,
    )


def _text(element: ElementTree.Element, name: str) -> str:
    for child in element:
        if _local(child.tag) == name:
            return "".join(child.itertext()).strip()
    return ""


def _local(tag: str) -> str:
    return tag.rpartition("}")[2].lower()


def _title_of(url: str) -> str:
    """Words of the last part of an address: "…/rencontre-a-rabat-12345.html" -> "rencontre a rabat 12345"."""
    try:
        parts = [part for part in urlsplit(url).path.split("/") if part]
    except ValueError:
        return ""
    last = unquote(parts[-1]).rpartition(".")[0] or unquote(parts[-1]) if parts else ""
    words = last.replace("-", " ").replace("_", " ").split()
    return " ".join(words) if len(words) > 1 else ""
