"""A fetched page and its entry to an article. Pure; trafilatura and lxml are used here and nowhere else.

Where the text may come from, in this order: the page (trafilatura on a tree that was pruned first), the page's JSON-LD, the feed's own
full text, the feed's summary. What the page is instead of an article (login, error page ...) is recognised and never becomes the text.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import lxml.etree
import lxml.html
import trafilatura
from trafilatura.settings import Extractor

from pipelines import urls
from pipelines.charset import decode
from pipelines.errors import PageError
from pipelines.pagekind import PageFacts, fold, is_furniture, is_offer, kind_of
from pipelines.plaintext import one_line, plain_text, plain_title, tidy, unescape, without_trailer
from pipelines.records import Article, Entry, Page, TextFrom
from pipelines.timestamps import sane_date

MAX_MARKUP = 2_000_000  # characters left when scripts, styles and data: addresses are gone; trafilatura needs 4 s for 1 MB on one line
MAX_TAGS = 60_000  # trafilatura is quadratic in paragraphs: 16 s for 50,000 of two words. Large news pages have under 15,000 tags
MAX_TABLES = 1_000_000  # characters of markup above which tables are left out
MAX_JSON = 1_000_000  # characters of one JSON-LD script; those of articles with their text stay under 100,000
MAX_TEXT = 300_000  # characters of an article's text; a long parliamentary report has 100,000
MAX_UNPACKED = 5 << 20  # bytes, as for a page's body (fetch)
MAX_TITLE = 1_000

_NOT_HTML = (
    b"%PDF",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"RIFF",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b"\x00\x00\x01\x00",
    b"ID3",
    b"OggS",
    b"{\\rtf",
)
_OTHER_TYPES = re.compile(r"^(?:application/(?!xhtml|xml|octet-stream)|image/|audio/|video/|font/)", re.IGNORECASE)
_ARTICLE_TYPES = re.compile(r"Article|BlogPosting|Report|LiveBlog", re.IGNORECASE)

_PARSER = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, huge_tree=False)
# lxml.html asks a Python function for the class of each element it hands out: a tenth of a page's time (measured)
_PARSER.set_element_class_lookup(lxml.etree.ElementDefaultClassLookup(element=lxml.html.HtmlElement))
_LENGTH = lxml.etree.XPath("string-length()")
_PARAGRAPH_TEXT = lxml.etree.XPath(".//p//text()", smart_strings=False)

# Elements that hold no text of an article
_DROPPED = ("script", "style", "template", "iframe", "svg", "input", "canvas", "select", "textarea", "option")
# Dropped unless much of the page's text is in them, as on pages with unclosed tags, or in one form from top to bottom
_SUSPECT = ("nav", "aside", "footer", "form", "button", "dialog", "menu", "object", "noscript")
_LAYOUT_CELL = 500  # characters; a table with such a cell lays out a page, it is no table
_CONTAINERS = ("div", "section", "ul", "ol", "aside", "figure", "header", "table", "details", "p", "span", "blockquote")
_OTHER_ROLES = frozenset({"navigation", "complementary", "dialog", "alertdialog", "contentinfo", "search", "menu", "toolbar"})
# Parts of a class or id that name boxes around or between the paragraphs of an article
_BOX = re.compile(
    r"(?:^|[\s_-])(?:related|similar|recommend(?:ed|ations?)?|newsletters?|shar(?:e|ing)|social|sociable|commentaires|disqus|cookies?"
    r"|consent|gdpr|breadcrumbs?|promo|advert(?:isement|s|ising)?|sponsor(?:ed)?|publicite|pub|popup|modal|outbrain|taboola"
    r"|read-?(?:more|also|next)|lire-?aussi|a-?lire|voir-?aussi|most-?(?:read|popular)|plus-?lus|trending|tags|toolbar|author-bio"
    r"|bio-author|about-author|whatsapp|telegram|skip-?link|screen-reader-text|sr-only|visually-hidden|jp-relatedposts|yarpp"
    r"|addtoany|noticias-relacionadas|te-puede-interesar|copyright)(?:$|[\s_-])"
    # Whole names, or their beginning: as parts they also name the grid or the wall that an article stands in
    r"|(?:^|\s)(?:sidebar|paywall|abonnement|subscribe|subscription|suscripcion|follow|suivez|print|footer|nav|menu|banner|ads?)(?:$|\s)"
    r"|(?:^|\s)comments?(?:$|[\s_-])",
    re.IGNORECASE,
)
# Names of subjects that publishing software puts among the classes of an article ("category-social tag-newsletter")
_SUBJECTS = re.compile(r"(?:^|(?<=\s))(?:category|tag|author|type|format|status|post)-\S+")
_BODY = re.compile(
    r"(?:^|[\s_-])(?:hentry|article-?body|entry-?content|post-?content|article-?content|story-?body)(?:$|[\s_-])", re.IGNORECASE
)
_WALL = re.compile("paywall|premium|abonn|subscri|suscri|restricted|locked|piano|regwall|teaser", re.IGNORECASE)
_BLOCKS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "pre", "td", "th", "dt", "dd", "figcaption", "div", "section"),
    *("article", "main", "header", "tr", "table", "ul", "ol", "dl", "summary", "details", "center", "body", "html", "address", "figure"),
}
# What the extractor is given besides: links, which tell a menu from a text, line ends, and what belongs to a block
_KEPT = _BLOCKS | {"a", "br", "hr", "q", "nav", "aside", "footer", "form", "tbody", "thead", "tfoot", "caption", "time", "hgroup"}


def read_page(page: Page, entry: Entry, *, language: str | None = None, outlet: str | None = None) -> Article:
    """The article of an entry whose page was fetched. `language` is what outlet or feed declare, `outlet` its name.

    Whatever the page is, an article comes back as long as the page, the feed or its summary has a text: `text_from` says which,
    `problems` why it was not the page. Raises PageError only if there is no text at all.
    """
    sheet = _read_sheet(page, entry.title)
    best = _choose(sheet, entry)
    if best is None:
        kind = sheet.kind or "empty"
        raise PageError(page.url, kind, _REASONS.get(kind, kind))
    text, text_from, partial = best
    problems = tuple(dict.fromkeys((*filter(None, (sheet.kind,)), *sheet.problems, *(("paywall",) if sheet.locked else ()))))
    title, other = _title(sheet, entry, page)
    published = entry.published or sheet.published
    modified = sheet.modified or entry.updated
    return Article(
        url=page.final_url or page.url if sheet.is_the_article else entry.url or page.url,
        title=title,
        text=text,
        text_from=text_from,
        language=sheet.language or entry.language or language,
        author=sheet.author or entry.author,
        outlet=outlet,
        published=published,
        modified=modified if modified and published and modified > published else None,
        canonical_url=sheet.canonical,
        partial=partial,
        problems=(*problems, *((other,) if other else ())),
    )


def read_feed_text(entry: Entry, *, language: str | None = None, outlet: str | None = None, problems: tuple[str, ...] = ()) -> Article:
    """The article as the feed gives it: its full text, or its summary marked `partial`. For feeds that carry everything, and for
    pages that could not be had; `problems` says why. Raises PageError if the feed has no text either (a title alone is a text)."""
    text, text_from, partial = _feed_text(entry)
    if not text:
        raise PageError(entry.url or "", "empty", "neither text nor title")
    return Article(
        url=entry.url,
        title=entry.title,
        text=text,
        text_from=text_from,
        language=entry.language or language,
        author=entry.author,
        outlet=outlet,
        published=entry.published,
        modified=entry.updated if entry.updated and entry.published and entry.updated > entry.published else None,
        partial=partial,
        problems=problems,
    )


def why_not_read(article: Article) -> str | None:
    """Why an article that was fetched is no more than its summary, in words; None if it is more, or the page was just short."""
    if article.text_from != "summary":
        return None
    return next((_REASONS[problem] for problem in article.problems if problem in _REASONS), None)


def page_text_quick(body: bytes, charset: str | None = None) -> str:
    """All text of a page, menus included, without parsing it: enough to tell that no watched word is on it. About 1 ms per 100 kB."""
    return unescape(_TAGS.sub(" ", _slim(decode(_plain(body), charset).text)[0]))


@dataclass(slots=True)
class _Sheet:
    """What a page gave."""

    kind: str | None = None  # what it is instead of an article
    text: str = ""
    json_text: str = ""
    locked: bool = False  # a paywall stands before the rest
    titles: tuple[str, ...] = ()
    language: str | None = None
    author: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    canonical: str | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def is_the_article(self) -> bool:
        """Whether the page is that of the article, though its text may be missing: its marks (author, dates ...) hold then."""
        return self.kind in (None, "script-shell", "empty")


_REASONS = {
    "empty": "the page holds no text",
    "not-html": "not an HTML page",
    "soft-404": "an error page in place of the article",
    "login": "a login page in place of the article",
    "consent": "a consent wall in place of the article",
    "challenge": "a bot challenge in place of the article",
    "script-shell": "an empty shell that scripts would fill",
    "too-long": "too long to be extracted",
}


def _read_sheet(page: Page, announced: str) -> _Sheet:
    body = _plain(page.body)
    if not body.strip(b" \t\r\n\0\xef\xbb\xbf"):
        return _Sheet(kind="empty")
    if body.startswith(_NOT_HTML) or (_OTHER_TYPES.match(page.content_type or "") and body.lstrip()[:1] != b"<"):
        return _Sheet(kind="not-html")
    markup = decode(body, page.charset).text
    if "<" not in markup or markup[:2000].count("\ufffd") > 200:
        return _Sheet(kind="not-html")
    slim, scripts = _slim(markup)
    if len(slim) > MAX_MARKUP or slim.count("<") > MAX_TAGS:
        return _Sheet(kind="too-long")
    try:
        tree = lxml.html.document_fromstring(slim.encode("utf-8", "replace"), parser=_PARSER)
    except (lxml.etree.LxmlError, ValueError):
        return _Sheet(kind="empty")
    sheet = _Sheet()
    nodes = list(_json_nodes(scripts))
    standfirst = _read_marks(sheet, tree, nodes, page)
    facts = _facts(tree, slim, page, len(scripts), is_announced=_is_alike(announced, sheet.titles))
    body = tree.find("body")
    if body is not None:
        weights = _Weights(body)
        sheet.locked = _prune(tree, weights) or sheet.locked
        paragraphs = _main_paragraphs(tree, weights, len(slim))
        if standfirst and paragraphs and not _holds(paragraphs, standfirst):
            paragraphs.insert(0, standfirst)
        sheet.text, sheet.locked = _told(paragraphs, sheet.titles, locked=sheet.locked)
    sheet.json_text, _ = _told(_json_paragraphs(nodes), sheet.titles, locked=False)
    sheet.kind = "soft-404" if _sent_to_front(page) else kind_of(facts, sheet.text, lambda: one_line(_TAGS.sub(" ", slim)))
    if not sheet.is_the_article:
        # A login page's canonical address, taken for the article's, would make one article of all
        return _Sheet(kind=sheet.kind)
    return sheet


def _sent_to_front(page: Page) -> bool:
    """Whether a redirect led from an article to the front page, as many outlets do with articles that are gone."""
    asked, got = urlsplit(page.url), urlsplit(page.final_url or page.url)
    return len(asked.path) > 1 and got.path in ("", "/") and not got.query


def _choose(sheet: _Sheet, entry: Entry) -> tuple[str, TextFrom, bool] | None:
    """The best text there is, where it comes from, and whether it is only a part."""
    fed, fed_from, fed_partial = _feed_text(entry)
    if sheet.is_the_article:
        page_words = _words(sheet.text) if sheet.kind is None else 0
        json_words = _words(sheet.json_text)
        fed_words = _words(fed) if fed_from == "feed" else 0
        # Another source wins only if clearly longer: the page keeps paragraphs and captions apart better than JSON-LD does
        if page_words and page_words * 2 >= max(json_words, fed_words) and page_words >= min(30, _words(entry.summary)):
            return sheet.text, "page", sheet.locked
        if json_words > max(page_words, _words(entry.summary)) and json_words * 1.3 >= fed_words:
            return sheet.json_text, "json-ld", sheet.locked and json_words < 150
        if fed_words < page_words and page_words > _words(entry.summary):
            return sheet.text, "page", sheet.locked
    return (fed, fed_from, fed_partial) if fed else None


def _feed_text(entry: Entry) -> tuple[str, TextFrom, bool]:
    """The feed's own text; the summary, or at least the title, marked as a part."""
    if entry.full_html:
        text, locked = _told(_fragment_paragraphs(entry.full_html), (entry.title,), locked=False)
        text = without_trailer(text)
        # Shortened ones end in an ellipsis
        cut = bool(re.search(r"(?:\[?(?:…|\.\.\.)\]?|»?…)\s*$", text))
        if _words(text) > max(60, _words(entry.summary)) or (_words(text) >= _words(entry.summary) and not cut):
            return text, "feed", locked or cut or _words(text) < 60
    summary = "\n\n".join(part for part in entry.summary.split("\n\n") if not is_furniture(part) and not is_offer(part))
    return summary or entry.title, "summary", True


def _title(sheet: _Sheet, entry: Entry, page: Page) -> tuple[str, str | None]:
    """The article's title, and a problem if page and entry do not seem to be about the same."""
    own = sheet.titles[0] if sheet.titles and sheet.kind is None else ""
    if not entry.title or "no title" in entry.problems or (entry.title.endswith(("…", "...")) and len(own) > len(entry.title)):
        return (own or entry.title)[:MAX_TITLE], None
    asked = _title_words(entry.title)
    found = set().union(*map(_title_words, sheet.titles)) if sheet.titles else set()
    if sheet.kind is None and len(asked) >= 3 and len(found) >= 3 and not asked & found:
        shown = _title_words(sheet.text[:5000])
        if len(asked & shown) * 2 < len(asked):
            return entry.title, "title differs from the page's"
    return entry.title, None


def _is_alike(title: str, others: Iterable[str]) -> bool:
    """Whether most words of a title stand in one of the others."""
    words = _title_words(title)
    return len(words) >= 3 and any(len(words & _title_words(other)) * 5 >= len(words) * 3 for other in others)


def _title_words(title: str) -> set[str]:
    return {word for word in re.findall(r"\w+", fold(title)) if len(word) > 2}


def _words(text: str) -> int:
    return len(text.split())


# Markup before parsing ------------------------------------------------------------------------------------------------------------

# Without a flag for case: with it the search for "<" would not be done by the fast scan for one character
_OPENING = re.compile(
    r"<([sS][cC][rR][iI][pP][tT]|[sS][tT][yY][lL][eE]|[sS][vV][gG]|[nN][oO][sS][cC][rR][iI][pP][tT]|[tT][eE][mM][pP][lL][aA][tT][eE]|!--)"
)
_CLOSINGS = {name: re.compile(f"</{name}\\s*>", re.IGNORECASE) for name in ("script", "style", "svg", "noscript", "template")}
_CLOSINGS["!--"] = re.compile("-->")
_LONG_NOSCRIPT = 2_000  # characters; a shorter one holds an image that counts visits, a longer one the article
_DATA_ADDRESS = re.compile(r"data:[a-z]+/[^\"'\s>)]{200,}", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…:;,؟؛،»”\"')\]]\s*$")
# What the address of one article has: a number, or a slug of several words
_NAMES_ONE = re.compile(r"\d{3}|[^/]+-[^/]+-[^/]+|[^/]{25}|%[0-9A-F]{2}")
_TAGS = re.compile("<[^<>]*>")
_PASSWORD = re.compile(r"<input[^>]{0,500}type\s*=\s*[\"']?password")
_APP_ROOT = re.compile(r"<div[^>]{0,300}id=[\"']?(?:root|app|__next|__nuxt|___gatsby|main-app)[\"']?[^>]{0,300}>\s*</div>")
_NUMBERED = re.compile(r"&#(?:0*(\d{1,7})|[xX]0*([0-9a-fA-F]{1,6}));?")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def _plain(body: bytes) -> bytes:
    """The body, unpacked once if it is gzip data under an HTML label; packed twice, or too large, it stays what it is: no HTML."""
    if body[:3] != b"\x1f\x8b\x08":
        return body
    unpacker = zlib.decompressobj(31)
    try:
        plain = unpacker.decompress(body, MAX_UNPACKED)
    except zlib.error:
        return body
    return body if unpacker.unconsumed_tail else plain


def _slim(markup: str) -> tuple[str, list[str]]:
    """The markup without scripts, styles, comments and embedded images; and the contents of its JSON-LD scripts, one "" for others."""
    pieces: list[str] = []
    scripts: list[str] = []
    never_closed: set[str] = set()  # looked for once: a page of a million opening tags must not be searched a million times
    position = 0
    while opening := _OPENING.search(markup, position):
        pieces.append(markup[position : opening.start()])
        name = opening[1].lower()
        tag_end = opening.end() if name == "!--" else markup.find(">", opening.end()) + 1
        if tag_end == 0:
            position = len(markup)
            break
        if name in ("svg", "noscript", "template") and markup[tag_end - 2] == "/":
            position = tag_end
            continue
        closing = None if name in never_closed else _CLOSINGS[name].search(markup, tag_end)
        if closing is None:
            never_closed.add(name)
            # A browser takes the rest of the page for the script; of the others, only the tag is dropped
            position = len(markup) if name in ("script", "style") else tag_end
            continue
        content = markup[tag_end : closing.start()]
        if name == "script":
            is_data = "ld+json" in markup[opening.start() : tag_end].lower() and len(content) <= MAX_JSON
            scripts.append(content if is_data else "")
        elif name == "noscript" and (len(content) > _LONG_NOSCRIPT or "javascript" in content.lower()):
            pieces += ("<div>", content, "</div>")
        position = closing.end()
    pieces.append(markup[position:])
    slim = _NUMBERED.sub(_allowed, _CONTROLS.sub("", "".join(pieces)))
    return (_DATA_ADDRESS.sub("", slim) if "data:" in slim else slim), scripts


def _allowed(reference: re.Match[str]) -> str:
    """A numeric character reference, unless it stands for a character that may not be set as text (libxml2 lets them through)."""
    decimal, hexadecimal = reference.groups()
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return "" if number > 0x10FFFF or _CONTROLS.match(chr(number)) else reference[0]


# JSON-LD --------------------------------------------------------------------------------------------------------------------------


def _json_nodes(scripts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The nodes of all JSON-LD scripts that describe an article."""
    for script in [text for text in scripts if text.strip()][:20]:
        text = script.strip().removeprefix("<![CDATA[").removesuffix("]]>").strip().rstrip(";")
        try:
            data = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        todo, seen = [data], 0
        while todo and seen < 2000:
            node, seen = todo.pop(), seen + 1
            if isinstance(node, list):
                todo += node[:200]
            elif isinstance(node, dict):
                if _ARTICLE_TYPES.search(str(node.get("@type", ""))) or isinstance(node.get("articleBody"), str):
                    yield node
                todo += [node[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if isinstance(node.get(key), dict | list)]


def _json_paragraphs(nodes: Iterable[dict[str, Any]]) -> list[str]:
    bodies = [node["articleBody"] for node in nodes if isinstance(node.get("articleBody"), str)]
    body = max(bodies, key=len, default="")[:MAX_JSON]
    if re.search(r"<(?:p|br|div|h\d|strong|em|a)\b", body, re.IGNORECASE):
        return _fragment_paragraphs(body)
    if "&lt;p&gt;" in body or "&lt;br" in body:
        return _fragment_paragraphs(unescape(body))
    return [one_line(part) for part in re.split(r"\n+|\r+", unescape(unescape(body))) if part.strip()]


# Marks of the page ----------------------------------------------------------------------------------------------------------------


def _read_marks(sheet: _Sheet, tree: Any, nodes: list[dict[str, Any]], page: Page) -> str | None:
    """Title, author, dates, language and canonical address from meta elements, JSON-LD and time elements. Returns the standfirst."""
    metas: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        content = meta.get("content")
        if name and content and name.lower() not in metas:
            metas[name.lower()] = content[:2000]
    node = nodes[0] if nodes else {}
    heading = next(tree.iter("h1"), None)
    titles = (
        plain_title(_text_of(heading)) if heading is not None else "",
        plain_title(metas.get("og:title", "")),
        plain_title(_string(node.get("headline"))),
        plain_title(metas.get("twitter:title", "")),
        plain_title(tree.findtext(".//title") or ""),
    )
    sheet.titles = tuple(title[:MAX_TITLE] for title in dict.fromkeys(titles) if title)
    sheet.author = _author(metas, node)
    sheet.language = _language(tree, metas, node)
    sheet.canonical = _canonical(tree, metas, page)
    published = (
        metas.get("article:published_time"), _string(node.get("datePublished")), metas.get("datepublished"),
        metas.get("og:article:published_time"), metas.get("dc.date.issued"), metas.get("dcterms.created"), metas.get("dc.date"),
        metas.get("date"), metas.get("pubdate"), metas.get("publication_date"), metas.get("sailthru.date"), _time_of(tree),
    )  # fmt: skip
    modified = (
        metas.get("article:modified_time"), metas.get("og:updated_time"), _string(node.get("dateModified")),
        metas.get("datemodified"), metas.get("last-modified"),
    )  # fmt: skip
    sheet.published, odd = _first_sane(published, page.fetched_at)
    sheet.modified, _ = _first_sane(modified, page.fetched_at)
    if odd and sheet.published is None:
        sheet.problems.append(odd)
    free = {str(each.get("isAccessibleForFree")).lower() for each in nodes if "isAccessibleForFree" in each}
    tier = metas.get("article:content_tier", "").lower()
    sheet.locked = bool(free & {"false", "0"}) or tier in ("locked", "metered", "premium")
    return _standfirst(tree, heading, (metas.get("og:description"), metas.get("description"), _string(node.get("description"))))


def _standfirst(tree: Any, heading: Any, descriptions: Iterable[str | None]) -> str | None:
    """The paragraph between title and text. It often stands in a header, which the extractor leaves out (86 of 193 pages tried).

    It is an element that begins like one of the descriptions the page gives of itself, or a sentence right after the title.
    """
    beginnings = {one_line(description)[:30] for description in descriptions if description and len(description) > 60}
    for element in tree.iter("h2", "h3", "p", "div", "span", "strong", "em") if beginnings else ():
        if element.text and one_line(element.text.lstrip()[:60])[:30] in beginnings:
            text = one_line(_text_of(element))
            return text if 60 < len(text) < 1_200 else None
    if heading is None:
        return None
    for element in (*islice(heading.itersiblings("h2", "p", "div"), 2), *islice(heading.getparent().itersiblings("h2", "p", "div"), 1)):
        text = one_line(_text_of(element)) if not element.findall(".//p") else ""
        if 80 < len(text) < 500 and _SENTENCE_END.search(text) and element.find(".//a") is None:
            return text
    return None


def _holds(paragraphs: Iterable[str], text: str) -> bool:
    """Whether the beginning of a text, its letters compared, stands in one of the paragraphs."""
    beginning = _letters(text)[:50]
    return any(beginning in _letters(paragraph) for paragraph in paragraphs)


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text)


def _first_sane(candidates: Iterable[str | None], now: datetime) -> tuple[datetime | None, str | None]:
    odd = None
    for candidate in candidates:
        date, problem = sane_date(candidate, now)
        if date is not None:
            return date, None
        odd = odd or problem
    return None, odd


def _time_of(tree: Any) -> str | None:
    """The first time element with a date: inside the article if there is one there."""
    for scope in (*islice(tree.iter("article"), 1), tree):
        for element in scope.iter("time"):
            if element.get("datetime"):
                return str(element.get("datetime"))[:60]
    return None


def _author(metas: dict[str, str], node: dict[str, Any]) -> str | None:
    names = [_string(each.get("name")) if isinstance(each, dict) else _string(each) for each in _list(node.get("author"))]
    names = [name for name in map(plain_title, names) if name and not name.startswith("http")]
    for candidate in (
        ", ".join(names[:5]),
        metas.get("author", ""),
        metas.get("article:author", ""),
        metas.get("dc.creator", ""),
    ):
        name = plain_title(candidate)
        if name and not re.match(r"https?://|@", name):
            return name[:300]
    return None


def _language(tree: Any, metas: dict[str, str], node: dict[str, Any]) -> str | None:
    tag = (
        tree.get("lang")
        or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
        or _string(node.get("inLanguage"))
        or metas.get("og:locale", "")
    )
    tag = tag.strip().lower().replace("_", "-")
    return tag if re.fullmatch(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,3}", tag) else None


def _canonical(tree: Any, metas: dict[str, str], page: Page) -> str | None:
    """The address the page names as its own, if it is on the same site and can be that of one article.

    Some sites name the front page, a section or "/index.php" on every page; two articles with one such address would become one.
    """
    base = page.final_url or page.url
    links = [link.get("href") for link in tree.iter("link") if "canonical" in (link.get("rel") or "").lower().split()]
    for candidate in (*links[:1], metas.get("og:url")):
        address = urls.absolute(base, candidate) if candidate else None
        if address and urls.same_site(base, address):
            parts = urlsplit(address)
            if _NAMES_ONE.search(parts.path + "?" + parts.query) or parts.path == urlsplit(base).path != "/":
                return address
    return None


def _facts(tree: Any, slim: str, page: Page, scripts: int, *, is_announced: bool) -> PageFacts:
    headings = [*islice(tree.iter("h1"), 2), *islice(tree.iter("h2"), 1)]
    lower = slim.lower() if "assword" in slim or "ASSWORD" in slim else ""
    return PageFacts(
        asked_url=page.url,
        final_url=page.final_url or page.url,
        title=one_line(tree.findtext(".//title") or "")[:300],
        headings=tuple(heading for element in headings if (heading := one_line(_text_of(element))[:300])),
        has_password=bool(lower) and bool(_PASSWORD.search(lower)),
        scripts=scripts,
        has_app_root=bool(_APP_ROOT.search(slim)),
        is_announced=is_announced,
    )


# The text -------------------------------------------------------------------------------------------------------------------------


class _Weights:
    """How much of the page's telling text stands in each element: its paragraphs, or all its text if the page hardly has any."""

    def __init__(self, body: Any):
        self._found: dict[Any, int] = {}
        for paragraph in body.iter("p"):
            length = len(one_line(_text_of(paragraph)))
            if length > 40:
                for element in paragraph.iterancestors():
                    self._found[element] = self._found.get(element, 0) + length
                    if element is body:
                        break
        self._by_paragraphs = self._found.get(body, 0) > 600
        self.total = self.of(body)

    def of(self, element: Any) -> float:
        if not self._by_paragraphs:
            return float(_LENGTH(element))
        return len(one_line(_text_of(element))) if element.tag == "p" else self._found.get(element, 0)


def _prune(tree: Any, weights: _Weights) -> bool:
    """Takes out of the tree what is no article; says whether a paywall's box was among it.

    Half of trafilatura's time goes into such parts otherwise (measured 15 against 8 ms a page).
    """
    body = tree.find("body")
    lxml.etree.strip_elements(body, *_DROPPED, with_tail=False)
    for element in [*body.iter(*_SUSPECT)]:
        if weights.of(element) * 4 <= weights.total and element.getparent() is not None:
            _drop(element)
    for table in [*body.iter("table")]:
        if any(_LENGTH(cell) > _LAYOUT_CELL for cell in table.iter("td")):
            for part in table.iter("table", "tbody", "tr", "td", "th"):
                part.tag = "div"
    offered = False
    for element in [*body.iter(*_CONTAINERS)]:
        marks = f"{element.get('class') or ''} {element.get('id') or ''}"
        if not (element.get("hidden") is not None or element.get("role") in _OTHER_ROLES or _is_box(marks)):
            continue
        if element.getparent() is not None and weights.of(element) * 4 <= weights.total:
            offered = offered or (bool(_WALL.search(marks)) and is_offer(_text_of(element)[:600]))
            _drop(element)
    return offered


@lru_cache(maxsize=4096)
def _is_box(marks: str) -> bool:
    """Whether class and id say that an element stands beside the article. Remembered: an outlet uses the same few hundred."""
    return len(marks) < 400 and bool(_BOX.search(_SUBJECTS.sub("", marks))) and not _BODY.search(marks)


def _drop(element: Any) -> None:
    """Removes an element; the text after it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _narrow(tree: Any, weights: _Weights) -> Any:
    """The part of the page that holds nearly all its paragraphs, as a page of its own; the page itself if none is marked so."""
    for element in tree.find("body").iter("article", "main"):
        if weights.of(element) >= weights.total * 0.8:
            page = _PARSER.makeelement("html")
            page.append(_PARSER.makeelement("body"))
            page[0].append(element)
            return page
    return tree


def _unmark(page: Any, weights: _Weights) -> None:
    """Takes the names off the large parts: the extractor takes the first with a telling name, and an article may be cut into several."""
    for element in page.iter("div", "section", "article", "main"):
        if weights.of(element) * 5 > weights.total:
            for name in ("class", "id", "itemprop"):
                element.attrib.pop(name, None)


def _main_paragraphs(tree: Any, weights: _Weights, size: int) -> list[str]:
    """The lines trafilatura takes for the article. Its slow comparison with two other extractors only where the quick way went wrong."""
    page = _narrow(tree, weights)
    # trafilatura drops most tags inside paragraphs itself, but its time is quadratic in some of them (70 s for 14,000 sup in one)
    lxml.etree.strip_tags(page, *({element.tag for element in page.iter()} - _KEPT))
    for element in page.iter():
        # Joins the pieces that the tags leave behind: the extractor's time is quadratic in them (80 s for 30,000 in one paragraph)
        element.text, element.tail = element.text, element.tail
    quick = _lines(page, size, fast=True)
    told = [text for element in page.iter("p") if len(text := one_line(_text_of(element))) > 80]
    if not _looks_wrong(quick, told, int(_LENGTH(page))):
        return quick
    slow = _lines(page, size, fast=False)
    _unmark(page, weights)
    unmarked = _lines(page, size, fast=True)
    return max((quick, slow, unmarked), key=lambda lines: _likeness(lines, told))


def _lines(tree: Any, size: int, *, fast: bool) -> list[str]:
    options = Extractor(output_format="python", fast=fast, comments=False, tables=size <= MAX_TABLES)
    document = trafilatura.bare_extraction(tree, options=options)
    text = getattr(document, "text", None) or ""
    return [one_line(line) for line in text[:MAX_TEXT].split("\n") if line.strip()]


def _looks_wrong(lines: list[str], told: list[str], all_text: int) -> bool:
    """Whether lines are too short to be sentences, or much less than the page's longer paragraphs, or than a page without any."""
    length = sum(map(len, lines))
    expected = sum(map(len, told))
    if expected < 500 and length < min(1_500, 0.4 * all_text):
        return True
    return length < 0.6 * expected or (len(lines) > 12 and length < 50 * len(lines))


def _likeness(lines: list[str], told: list[str]) -> float:
    """How well lines agree with the page's longer paragraphs: characters in common to characters in either."""
    found, common = set(lines), 0
    for paragraph in told:
        common += len(paragraph) if paragraph in found else 0
    return common / (sum(map(len, lines)) + sum(map(len, told)) - common + 1)


def _fragment_paragraphs(markup: str) -> list[str]:
    """Paragraphs of an HTML fragment that holds little but the article."""
    slim, _ = _slim(markup)
    if not slim.strip():
        return []
    if slim.count("<") > MAX_TAGS:
        return [part for part in plain_text(slim).split("\n\n") if part]
    try:
        tree = lxml.html.document_fromstring(f"<html><body><div>{slim}</div></body></html>".encode("utf-8", "replace"), parser=_PARSER)
    except (lxml.etree.LxmlError, ValueError):
        return []
    body = tree.find("body")
    if body is None:
        return []
    _prune(tree, _Weights(body))
    return _blocks(body)


def _blocks(root: Any) -> list[str]:
    """The text of each block in order; text between blocks counts as a block."""
    blocks: list[str] = []
    current: list[str] = []

    def flush() -> None:
        text = one_line("".join(current))
        current.clear()
        if text:
            blocks.append(text)

    for event, element in lxml.etree.iterwalk(root, events=("start", "end")):
        block = element.tag in _BLOCKS
        if event == "start":
            if block or element.tag == "br":
                flush()
            current.append(element.text or "")
        else:
            if block:
                flush()
            if element is not root:
                current.append(element.tail or "")
    flush()
    return blocks


def _told(paragraphs: list[str], titles: tuple[str, ...], *, locked: bool) -> tuple[str, bool]:
    """The paragraphs that tell the news as one text, without the title, and whether a paywall stands before the rest.

    An offer among the last paragraphs is a paywall; one in the middle of the text is an advertisement for the outlet.
    """
    kept: list[str] = []
    seen: set[str] = set()
    offer_at = -1
    for paragraph in paragraphs:
        if is_furniture(paragraph) or paragraph in titles or (len(paragraph) > 80 and paragraph in seen):
            continue
        if is_offer(paragraph):
            offer_at = len(kept)
        else:
            kept.append(paragraph)
            seen.add(paragraph)
    offered = offer_at >= 0 and sum(map(len, kept[offer_at:])) < 600
    text = tidy("\n\n".join(_without_lists_of_titles(kept)))[:MAX_TEXT]
    return text, offered or (locked and len(text) < 1_500)


def _without_lists_of_titles(lines: list[str]) -> list[str]:
    """Without the lines that are no sentences where many stand together: menus before the text, titles of other articles after it.

    A text without any sentence is left alone.
    """
    sentences = [bool(_SENTENCE_END.search(line)) or len(line) > 160 for line in lines]
    if not any(sentences):
        return lines
    first, last = sentences.index(True), len(lines) - sentences[::-1].index(True)
    kept = lines[:first] if first < 3 else [line for line in lines[:first] if len(line) > 60]
    run: list[str] = []
    for line, is_sentence in zip(lines[first:last], sentences[first:last], strict=True):
        if is_sentence or line.startswith("- "):
            kept += run if len(run) < 6 else []
            kept.append(line)
            run = []
        else:
            run.append(line)
    return kept


def _text_of(element: Any) -> str:
    return " ".join(element.itertext())


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
