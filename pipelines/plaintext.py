"""Markup and raw characters to text that is safe to keep: no controls, no hidden direction marks, no lone surrogates."""

from __future__ import annotations

import html.entities
import re
from collections.abc import Callable

# What has no business in a stored text: controls (tab and line ends aside), marks that turn the reading direction, marks without
# width, non-characters, halves of surrogate pairs. U+200C and U+200D stay: Persian and emoji need them
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
_ENTITY = re.compile(r"&(?:#(\d{1,8})|#[xX]([0-9a-fA-F]{1,7})|([A-Za-z][A-Za-z0-9]{1,31}));")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]*)((?>[^<>\"']+|\"[^\"<]*\"|'[^'<]*'|[\"'])*+)>")
_DROPPED = re.compile(r"<(script|style|noscript|template|iframe|object|svg|head|title|textarea|select)\b", re.IGNORECASE)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "video",
        "audio",
    ]
)
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "applet",
        "b",
        "base",
        "bdi",
        "bdo",
        "big",
        "br",
        "button",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "data",
        "del",
        "dfn",
        "em",
        "embed",
        "font",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "label",
        "legend",
        "link",
        "map",
        "area",
        "mark",
        "meta",
        "meter",
        "nobr",
        "optgroup",
        "option",
        "output",
        "param",
        "picture",
        "progress",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "source",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "track",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
_BLANKS = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n[ \n]*")

# Sentences that publishing software adds at the end of a description or of a feed's text
_TRAILER = re.compile(
    r"\s*(?:The (?:post|article|entry)\b.{1,500}?\bappeared first on\b[^\n]{1,200}"
    r"|(?:L['’]|Cet |La )?(?:article|publication|post)\b.{1,500}?\best apparue? en premier sur\b[^\n]{1,200}"
    r"|(?:La|El) (?:entrada|noticia|publicación|artículo)\b.{1,500}?\b(?:se publicó|aparece|apareció) primero en\b[^\n]{1,200}"
    r"|(?:ظهرت|ظهر|نُشرت|نشر|نشرت) (?:هذه |هذا )?(?:المقالة|التدوينة|المقال|الخبر|المشاركة)\b"
    r".{1,500}?(?:أولا|أولاً|أول مرة)\s+(?:على|في)\b[^\n]{1,200}"
    r"|\[?(?:Lire la suite|Lire l['’]article|Continuer la lecture|Lire plus|Read more|Continue reading|Read the rest of this entry"
    r"|Leer más|Seguir leyendo|اقرأ المزيد|إقرأ المزيد|أكمل القراءة|تابع القراءة)\b[^\n]{0,200})\s*$",
    re.IGNORECASE | re.DOTALL,
)
_TRAILER_LENGTH = 1_000  # characters looked at: the expression is tried from every place


def scrub(text: str) -> str:
    """The text without characters that hide, turn or break what is shown. Windows quotes hidden among the C1 controls are decoded."""
    return _UNWANTED.sub(_replacement, text) if _UNWANTED.search(text) else text


def one_line(text: str) -> str:
    """Scrubbed, and every run of blanks and line ends a single space."""
    return " ".join(scrub(text).split())


def unescape(text: str) -> str:
    """Character references (with their semicolon) decoded once; bad ones become U+FFFD."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def plain_title(markup: str) -> str:
    """A title in one line. Formatting tags are dropped, references decoded; what is no formatting (a script) stays visible as text."""
    markup = unescape(markup)
    text = one_line(unescape(_TAG.sub(_formatting_gone, markup)))
    return text or one_line(markup)


def plain_text(markup: str) -> str:
    """A fragment of HTML as text: paragraphs split by a blank line, scripts and the like left out with their content."""
    text = _TAG.sub(_tag_gone, _without_dropped(markup))
    # Twice, as some feeds escape what was escaped already
    return tidy(unescape(unescape(text)))


def without_trailer(text: str) -> str:
    """The text without what publishing software adds at its end: "The post … appeared first on …", "Lire la suite …"."""
    for _ in range(3):
        tail = text[-_TRAILER_LENGTH:]
        shorter = _TRAILER.sub("", tail)
        if shorter == tail:
            break
        text = (text[:-_TRAILER_LENGTH] + shorter).rstrip()
    return text


def tidy(text: str) -> str:
    """Scrubbed text with single spaces, lines trimmed, and paragraphs split by one blank line."""
    text = _BLANKS.sub(" ", scrub(text).replace("\r\n", "\n").replace("\r", "\n"))
    return _LINE_ENDS.sub(lambda found: "\n\n" if found[0].count("\n") > 1 else "\n", text).strip()


def _replacement(found: re.Match[str]) -> str:
    character = found[0]
    if "\x80" <= character <= "\x9f":
        # HTML reads references 128 to 159 as windows-1252, XML parsers do not
        return character.encode("latin-1").decode("cp1252", "ignore")
    return "\ufffd" if "\ud800" <= character <= "\udfff" else ""


def _character(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        return html.entities.html5.get(name + ";", found[0])
    number = int(decimal) if decimal else int(hexadecimal, 16)
    if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF or number == 0:
        return "\ufffd"
    return chr(number)


def _formatting_gone(found: re.Match[str]) -> str:
    name = found[2].lower()
    if name in _BLOCKS or name in ("br", "img"):
        return " "
    return "" if name in _INLINE or ":" in name else found[0]


def _tag_gone(found: re.Match[str]) -> str:
    name = found[2].lower()
    if name in _BLOCKS:
        return "\n\n"
    if name == "br":
        return "\n"
    return "" if name in _INLINE or ":" in name or _DROPPED.match("<" + name) else found[0]


def _without_dropped(markup: str) -> str:
    """Without comments and without elements whose content is no text. One that is never closed reaches to the end."""
    if "<!--" in markup:
        markup = _cut(markup, re.compile("<!--"), lambda _: re.compile("-->"))
    return _cut(markup, _DROPPED, lambda opening: re.compile(f"</{opening[1]}\\s*>", re.IGNORECASE))


def _cut(markup: str, opening: re.Pattern[str], closing_of: Callable[[re.Match[str]], re.Pattern[str]]) -> str:
    pieces, position = [], 0
    while found := opening.search(markup, position):
        pieces.append(markup[position : found.start()])
        end = closing_of(found).search(markup, found.end())
        if end is None:
            return "".join(pieces)
        position = end.end()
    pieces.append(markup[position:])
    return "".join(pieces)
