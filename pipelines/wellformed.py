"""Broken or hostile XML to well-formed XML without entities, in one pass over the text.

Whatever comes in, what comes out can be given to any XML parser: no DOCTYPE, no entity but the five of XML, no control characters, every
element closed, every prefix declared, depth and attributes bounded. A document that ends early is cut after its last whole item.
"""

from __future__ import annotations

import html.entities
import re
from collections import Counter
from dataclasses import dataclass, field

MAX_DEPTH = 64  # elements inside each other; feeds need about ten, and expat and feedparser slow down or fail at thousands
MAX_ATTRIBUTES = 64  # of one element; expat is quadratic in them
_PROLOG = 200_000  # characters searched for the root element: PHP warnings and blank lines come before it

_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?(rss|rdf|feed|urlset|sitemapindex)(?=[\s/>])", re.IGNORECASE)
_HTML = re.compile(r"<(?:html|head|body)[\s>]", re.IGNORECASE)
_HTML_DOCTYPE = re.compile(r"<!doctype\s+html", re.IGNORECASE)
_ANY_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")
_DECLARED_ENTITY = re.compile(r"<!ENTITY\s+([A-Za-z_][\w.-]{0,60})\s+(?:\"([^\"]{0,200})\"|'([^']{0,200})'|)", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([A-Za-z_][\w.:-]*)((?>[^<>\"']+|\"[^\"<]*\"|'[^'<]*'|[\"'])*+)>")
_NAME = r"[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?"
_PLAIN_ATTRIBUTES = re.compile(rf"(?:\s+{_NAME}\s*=\s*(?:\"[^\"<&]*\"|'[^'<&]*'))*+\s*")
_ATTRIBUTE = re.compile(rf"({_NAME})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_QNAME = re.compile(_NAME)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&(?:#(\d{1,7});|#[xX]([0-9a-fA-F]{1,6});|([A-Za-z_][\w.-]{0,60});)?")
_AROUND_ITEMS = frozenset({"rss", "rdf", "feed", "urlset", "sitemapindex", "channel"})
_VOID = frozenset({"br", "hr", "img", "wbr", "input"})
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})

# Vocabularies nobody here reads: pictures, sound, places, comment counts. Without them feedparser is a third faster on Le Monde's feeds
_SKIPPED = {
    *("cc", "creativecommons", "gd", "geo", "georss", "gml", "googleplay", "image", "itunes", "media", "opensearch", "podcast"),
    *("slash", "thr", "trackback", "video", "wfw", "yandex"),
}
_SKIPPED_LENGTH = 20_000  # characters within which such an element must end to be skipped with its content

# Prefixes that feeds use, sometimes without declaring them
_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "georss": "http://www.georss.org/georss",
    "image": "http://www.google.com/schemas/sitemap-image/1.1",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "news": "http://www.google.com/schemas/sitemap-news/0.9",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "xhtml": "http://www.w3.org/1999/xhtml",
}


@dataclass(frozen=True, slots=True)
class Wellformed:
    """A document that any XML parser accepts. `whole` is False if its end was missing; `items` counts the whole ones kept."""

    xml: str
    root: str  # local name in lower case: rss, rdf, feed, urlset, sitemapindex
    items: int
    whole: bool
    problems: tuple[str, ...]


def root_of(text: str) -> str | None:
    """The name of the first element, in lower case: "html" for a page (whatever its first element is), None if there is none."""
    head = _without_comments(text[:_PROLOG])
    root, page = _ROOT.search(head), _HTML.search(head)
    if root and not (page and page.start() < root.start()):
        return root[1].lower()
    if page or _HTML_DOCTYPE.search(head):
        return "html"
    first = _ANY_ROOT.search(head)
    return first[1].lower() if first else None


def wellformed(text: str) -> Wellformed | None:
    """The feed or sitemap in `text`, repaired; None if no feed's or sitemap's root element is found in it."""
    text = _NOT_XML.sub("", text)
    root = _ROOT.search(_without_comments(text[:_PROLOG]))
    if root is None:
        return None
    return _Repair(text, root).run()


@dataclass(slots=True, eq=False)
class _Open:
    """An element that is not closed yet: its name as written, and whether it is an item."""

    name: str
    is_item: bool


@dataclass(slots=True)
class _Repair:
    text: str
    root: re.Match[str]
    out: list[str] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    too_deep: Counter[str] = field(default_factory=Counter)
    problems: dict[str, None] = field(default_factory=dict)
    prefixes: set[str] = field(default_factory=set)
    root_attributes: str = ""
    entities: dict[str, str] = field(default_factory=dict)
    items: int = 0
    # Lengths of `out`, and what was open, after the last whole item and before the last one that was begun
    after_item: tuple[int, list[_Open]] = (0, [])
    before_item: tuple[int, list[_Open]] = (0, [])
    items_named: frozenset[str] = frozenset()
    closings: dict[str, int] = field(default_factory=dict)  # where skipped elements are closed next, so that nothing is searched twice

    def run(self) -> Wellformed:
        kind = self.root[1].lower()
        self.items_named = frozenset({"feed": ("entry",), "urlset": ("url",), "sitemapindex": ("sitemap",)}.get(kind, ("item",)))
        self.entities = _declared_entities(self.text[: self.root.start()])
        whole = self._walk()
        if not whole:
            self.problems["the document ends early"] = None
            self._cut_after_last_item()
        while self.stack:
            self._close()
        return Wellformed(self._document(), kind, self.items, whole, tuple(self.problems))

    def _walk(self) -> bool:
        """Goes through the document up to the end of its root element. False if that is missing."""
        text, position = self.text, self.root.start()
        while (at := text.find("<", position)) >= 0:
            if at > position:
                self._text(text[position:at])
            if text.startswith("<![CDATA[", at):
                position = self._cdata(at)
            elif text.startswith("<!--", at):
                position = _after("-->", text, at + 4)
            elif text.startswith(("<?", "<!"), at):
                position = _after(">", text, at)
            elif tag := _TAG.match(text, at):
                position = tag.end()
                if tag[1]:
                    self._end(tag[2])
                elif tag[2].partition(":")[0].lower() in _SKIPPED:
                    position = self._after_skipped(tag)
                else:
                    self._start(tag[2], tag[3])
                if not self.stack:
                    return True
            elif len(text) - at < 100 and text[at:].rstrip() == "</" + self.root[0][1:]:
                return True  # only the last ">" is missing
            else:
                self.out.append("&lt;")
                position = at + 1
            if position < 0:
                return False
        return False

    def _text(self, text: str) -> None:
        if "&" in text:
            text = _REFERENCE.sub(self._reference, text)
        self.out.append(text.replace("]]>", "]]&gt;"))

    def _cdata(self, at: int) -> int:
        """Copies a CDATA section and returns where it ends; -1 if it never does."""
        start, end = at + 9, self.text.find("]]>", at + 9)
        if end < 0:
            return -1
        content, after = self.text[start:end], end + 3
        if "<![CDATA[" in content and any(f"</{name}>" in content for name in self.items_named):
            # The section was never closed and swallowed the next item up to the end of that one's own section
            closing = content.find(f"</{self.stack[-1].name}")
            if closing >= 0:
                content, after = content[:closing], start + closing
                self.problems["a CDATA section is not closed"] = None
        self.out.append(f"<![CDATA[{content}]]>")
        return after

    def _after_skipped(self, tag: re.Match[str]) -> int:
        """Where an element that is not read ends. One that is not closed near by is only its tag."""
        name, after = tag[2], tag.end()
        if tag[3].endswith("/"):
            return after
        closing = self.closings.get(name, 0)
        if 0 <= closing < after:
            closing = self.closings[name] = self.text.find(f"</{name}>", after)
        if closing < 0 or closing - after > _SKIPPED_LENGTH or any(f"</{item}>" in self.text[after:closing] for item in self.items_named):
            return after
        return closing + len(name) + 3

    def _start(self, name: str, attributes: str) -> None:
        closed = attributes.endswith("/")
        if closed:
            attributes = attributes[:-1]
        if not _QNAME.fullmatch(name) or name.startswith("xmlns:"):
            return
        is_item = name.rpartition(":")[2].lower() in self.items_named
        if is_item:
            # Whatever was left open before it, the item before included, ends here
            while self.stack and self.stack[-1].name.rpartition(":")[2].lower() not in _AROUND_ITEMS:
                self.problems["an element is not closed"] = None
                self._close()
            self.before_item = (len(self.out), self.stack[:])
        if len(self.stack) >= MAX_DEPTH:
            self.problems["elements are nested too deep"] = None
            if not closed:
                self.too_deep[name] += 1
            return
        self._note_prefix(name)
        attributes = self._attributes(attributes)
        if not self.stack:
            # Written last, when all prefixes are known
            self.root_attributes = attributes
            self.out.append("")
        elif closed or (name.lower() in _VOID and len(self.stack) > 2):
            self.out.append(f"<{name}{attributes}/>")
            return
        else:
            self.out.append(f"<{name}{attributes}>")
        self.stack.append(_Open(name, is_item))
        if closed:
            self._close()

    def _end(self, name: str) -> None:
        if self.too_deep and self.too_deep[name] > 0:
            self.too_deep[name] -= 1
            return
        if all(element.name != name for element in self.stack):
            return
        while self._close() != name:
            pass

    def _close(self) -> str:
        element = self.stack.pop()
        self.out.append(f"</{element.name}>")
        self.too_deep.clear()
        if element.is_item:
            self.items += 1
            self.after_item = (len(self.out), self.stack[:])
        return element.name

    def _cut_after_last_item(self) -> None:
        """Drops what follows the last whole item; without one, what follows the start of the first."""
        for length, stack in (self.after_item, self.before_item):
            # If the channel was closed after the item, nothing of it is missing
            if length and stack == self.stack[: len(stack)]:
                del self.out[length:]
                del self.stack[len(stack) :]
                return

    def _attributes(self, attributes: str) -> str:
        """The attributes as XML wants them: quoted, escaped, each name once, not too many."""
        if not attributes or attributes.isspace():
            return ""
        if len(attributes) < 2000 and _PLAIN_ATTRIBUTES.fullmatch(attributes):
            names = [found[1] for found in _ATTRIBUTE.finditer(attributes)]
            if len(names) == len(set(names)) and not any(":" in name for name in names):
                return attributes.rstrip()
        kept: dict[str, str] = {}
        for found in _ATTRIBUTE.finditer(attributes):
            if len(kept) >= MAX_ATTRIBUTES:
                self.problems["an element has too many attributes"] = None
                break
            name = found[1]
            value = next(group for group in found.groups()[1:] if group is not None)
            if name not in kept and self._is_allowed(name, value):
                self._note_prefix(name)
                kept[name] = self._attribute_value(value)
        return "".join(f' {name}="{value}"' for name, value in kept.items())

    def _is_allowed(self, name: str, value: str) -> bool:
        """An empty or reserved namespace declaration is refused by parsers."""
        return not name.startswith("xmlns:") or (bool(value.strip()) and name not in ("xmlns:xml", "xmlns:xmlns"))

    def _attribute_value(self, value: str) -> str:
        return _REFERENCE.sub(self._reference, value).replace("<", "&lt;").replace('"', "&quot;")

    def _note_prefix(self, name: str) -> None:
        prefix, colon, _ = name.partition(":")
        if colon and prefix not in ("xml", "xmlns"):
            self.prefixes.add(prefix)

    def _reference(self, found: re.Match[str]) -> str:
        decimal, hexadecimal, name = found.groups()
        if decimal or hexadecimal:
            character = _character(int(decimal) if decimal else int(hexadecimal, 16))
            return f"&#{ord(character)};" if character else ""
        if name is None:
            return "&amp;"
        if name in _XML_ENTITIES:
            return found[0]
        if name in self.entities:
            return _escaped(self.entities[name])
        known = html.entities.html5.get(name + ";")
        return _escaped(known) if known else f"&amp;{name};"

    def _document(self) -> str:
        name = self.root[0][1:]
        declared = set(re.findall(r"xmlns:([\w.-]+)=", self.root_attributes))
        missing = "".join(
            f' xmlns:{prefix}="{_NAMESPACES.get(prefix.lower(), "urn:undeclared:" + prefix)}"'
            for prefix in sorted(self.prefixes - declared)
        )
        self.out[0] = f"<{name}{self.root_attributes}{missing}>"
        return '<?xml version="1.0" encoding="utf-8"?>\n' + "".join(self.out)


def _without_comments(text: str) -> str:
    """The text with its comments turned into blanks, so that places stay the same."""
    pieces: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0:
        end = _after("-->", text, start + 4)
        end = len(text) if end < 0 else end
        pieces += (text[position:start], " " * (end - start))
        position = end
    return "".join(pieces) + text[position:]


def _after(mark: str, text: str, start: int) -> int:
    end = text.find(mark, start)
    return end + len(mark) if end >= 0 else -1


def _declared_entities(prolog: str) -> dict[str, str]:
    """Entities of the DOCTYPE: plain short texts as they are, all others (external, nested) empty, so that nothing can grow."""
    entities: dict[str, str] = {}
    for found in _DECLARED_ENTITY.finditer(prolog):
        value = found[2] or found[3] or ""
        number = _REFERENCE.fullmatch(value)
        if number and (number[1] or number[2]):
            value = _character(int(number[1]) if number[1] else int(number[2], 16))
        entities.setdefault(found[1], "" if re.search("[&<%]", value) else value)
    return entities


def _character(number: int) -> str:
    """The character of a numeric reference; "" if XML does not allow it."""
    if 0x80 <= number <= 0x9F:
        # Meant as windows-1252, as in HTML
        return bytes([number]).decode("cp1252", "ignore")
    if number > 0x10FFFF or _NOT_XML.match(chr(number)):
        return ""
    return chr(number)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
