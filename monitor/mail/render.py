"""From a view to the two parts of a mail: HTML with its styles inlined and cut into numbered parts, and plain text.

A mail client clips HTML near 102 kB and hides the rest behind a link; a part stays below that, and no meeting is cut in two.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import css_inline
import jinja2
from markupsafe import Markup

from monitor.mail.view import Card, Link, View

HTML_LIMIT = 98_000
"""Bytes of one part's HTML."""

COLUMNS = 78

_MARKS = ("<!--label-->", "<!--part-->", "<!--top-->", "<!--blocks-->", "<!--foot-->", "<!--end-->")


class TemplateError(Exception):
    """A template cannot be used: which file, which line, why."""


@dataclass(frozen=True, slots=True)
class Part:
    """One mail of a digest: usually the only one."""

    number: int
    of: int
    text: str
    html: str
    positions: tuple[int, ...]  # the numbers of the meetings in it


def render(view: View, *, templates: Path | None = None, limit: int = HTML_LIMIT) -> tuple[Part, ...]:
    """The parts of a digest, each with HTML of at most `limit` bytes unless one meeting alone is longer.

    `templates` is a folder whose files stand before the shipped ones. Raises TemplateError for a broken one.
    """
    pages = _cut(_inlined(view, templates), view, limit)
    many = len(pages)
    parts = []
    for number, (html, cards) in enumerate(pages, 1):
        label = view.words.text("frame.part", part=number, parts=many)
        positions = tuple(card.number for card in cards if card.number)
        text = "\n".join(_text(view, cards, number, many))
        parts.append(Part(number, many, text, html.replace("<!--part-->", label), positions))
    return tuple(parts)


def template_problems(templates: Path | None, view: View) -> list[str]:
    """What is wrong with the templates in this folder, one line each; empty if a mail can be made with them."""
    try:
        render(view, templates=templates)
    except TemplateError as problem:
        return [str(problem)]
    return []


def _inlined(view: View, templates: Path | None) -> str:
    dark = Markup(_style_sheet("digest-dark.css", templates))  # noqa: S704  # shipped, or the user's own file
    try:
        source = _environment(templates).get_template("digest.html.j2").render(v=view, dark=dark)
    except jinja2.TemplateSyntaxError as problem:
        where = Path(problem.filename or problem.name or "digest.html.j2").name
        raise TemplateError(f"{where}, line {problem.lineno}: {problem.message}") from problem
    except jinja2.TemplateError as problem:
        raise TemplateError(f"digest.html.j2: {problem}") from problem
    except Exception as problem:
        # A template may compute, and then fail in any way that Python can
        raise TemplateError(f"digest.html.j2: {type(problem).__name__}: {problem}") from problem
    page = _inliner(_style_sheet("digest.css", templates)).inline(source)
    missing = [mark for mark in _MARKS if mark not in page]
    if missing:
        raise TemplateError(f"digest.html.j2: the mark {missing[0]} is missing; the mail cannot be cut into parts without it")
    return page


@cache
def _environment(templates: Path | None) -> jinja2.Environment:
    shipped = jinja2.PackageLoader("monitor", "templates")
    loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(templates), shipped]) if templates else shipped
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)


@cache
def _inliner(css: str) -> css_inline.CSSInliner:
    return css_inline.CSSInliner(extra_css=css, keep_at_rules=True, load_remote_stylesheets=False, minify_css=True)


def _style_sheet(name: str, templates: Path | None) -> str:
    own = templates / name if templates else None
    source = own if own and own.is_file() else resources.files("monitor") / "templates" / name
    try:
        return source.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise TemplateError(f"{name}: not UTF-8 text") from problem


def _cut(page: str, view: View, limit: int) -> list[tuple[str, list[Card]]]:
    """Pages of at most `limit` bytes and the cards in each. A heading is repeated where its meetings go on."""
    before, rest = page.split("<!--label-->")
    label, rest = rest.split("<!--top-->")
    intro, rest = rest.split("<!--blocks-->")
    blocks, rest = rest.split("<!--foot-->")
    foot, after = rest.split("<!--end-->")
    if len(page.encode()) <= limit:
        whole = before + intro + blocks.replace("<!--cut-->", "") + foot + after
        return [(whole, [card for block in view.blocks for card in block.cards])]
    room = limit - len((before + label + after).encode()) - 64  # the label's words
    chunks = iter(blocks.split("<!--cut-->"))
    pages: list[tuple[list[str], list[Card]]] = [([intro], [])]
    used = len(intro.encode())
    for block in view.blocks:
        heading, needed = next(chunks), True
        for card in block.cards:
            chunk = next(chunks)
            size = len(chunk.encode()) + (len(heading.encode()) if needed else 0)
            if used + size > room and pages[-1][1]:
                pages.append(([], []))
                used, needed = 0, True
                size = len((heading + chunk).encode())
            pages[-1][0].append(heading + chunk if needed else chunk)
            pages[-1][1].append(card)
            used, needed = used + size, False
    if used + len(foot.encode()) > room:
        pages.append(([], []))
    pages[-1][0].append(foot)
    return [(before + label + "".join(chunks) + after, cards) for chunks, cards in pages]


# The text part


def _text(view: View, cards: Sequence[Card], number: int, of: int) -> Iterable[str]:
    words = view.words
    head = words.text("sections.alert") if view.alert else view.date
    yield from _wrapped(f"VIGIE · {head}")
    if of > 1:
        yield words.text("frame.part", part=number, parts=of)
    if number == 1:
        yield from _text_intro(view)
    shown = {id(card) for card in cards}
    for block in view.blocks:
        listed = [card for card in block.cards if id(card) in shown]
        if listed:
            yield from _text_heading(block.heading)
            for card in listed:
                yield ""
                yield from _text_card(card, view)
    if number == of:
        yield from _text_foot(view)
    yield ""


def _text_intro(view: View) -> Iterable[str]:
    lines = [view.date if view.alert else None, view.counts, None if view.alert else view.period, *view.notices]
    for line in lines:
        if line:
            yield from _wrapped(line)
    if view.alert:
        return
    if view.warning:
        yield ""
        yield from _wrapped(f"! {view.warning}", "  ")
    if view.quiet:
        yield ""
        yield from _wrapped(view.quiet)
        if view.quiet_why:
            yield from _wrapped(view.quiet_why)


def _text_heading(heading: str) -> Iterable[str]:
    yield ""
    yield ""
    yield from _wrapped(heading.upper())
    yield "=" * COLUMNS


def _text_card(card: Card, view: View) -> Iterable[str]:
    words = view.words
    title = " – ".join(name.text for name in card.title) + (f" {card.more}" if card.more else "")
    yield from _wrapped(f"{card.number}. {title}" if card.number else f"- {title}", "   ")
    where = words.text("frame.separator").join(part.text for part in card.where)
    top = [f"[{card.badge}]" if card.badge else None, card.when, where, card.mode]
    yield from _indented(" · ".join(part for part in top if part))
    for person in card.people:
        said = [person.name.text, *(part.text for part in person.rest)]
        yield from _indented("- " + words.text("frame.separator").join(said), "  ")
    if card.topics:
        yield from _indented(f"{words.text('item.topics')}{words.text('frame.colon')}{card.topics}")
    for note in card.notes:
        yield from _indented(note)
    for fact in card.facts:
        label = f"{fact.label}{words.text('frame.colon')}" if fact.label else ""
        yield from _indented(label + "; ".join(value.text for value in fact.values))
    if card.quote:
        yield ""
        yield from _indented(words.text("frame.opening") + card.quote.text + words.text("frame.closing"))
        if card.quoted_from:
            yield from _indented(f"— {card.quoted_from.text}")
    if card.counted:
        yield ""
        yield from _indented(card.counted)
    for link in card.links:
        yield from _text_link(link, words.text("item.copies") + words.text("frame.colon"))
    for key, links in (("others", card.folded), ("announced_by", card.announced)):
        if links:
            yield from _indented(words.text(f"item.{key}") + words.text("frame.colon").rstrip())
        for link in links:
            yield from _indented(f"* {link.outlet.text}", "  ")
            if link.url:
                yield f"     {link.url}"


def _text_link(link: Link, same: str) -> Iterable[str]:
    title = f"{link.outlet.text} — {link.title.text}" if link.title else link.outlet.text
    yield from _indented(f"* {title}" + (f" ({link.day})" if link.day else ""), "  ")
    if link.url:
        yield f"     {link.url}"
    for other in link.more:
        yield from _indented(f"  + {(other.title or other.outlet).text}", "    ")
        if other.url:
            yield f"     {other.url}"
    for copy in link.copies:
        yield from _indented(f"  {same}{copy.outlet.text}", "    ")
        if copy.url:
            yield f"     {copy.url}"


def _text_foot(view: View) -> Iterable[str]:
    words = view.words
    if not view.alert:
        for key, bars in (("months", view.months), ("countries", view.countries)):
            if bars:
                yield from _text_heading(words.text(f"sections.{key}"))
                for bar in bars:
                    yield f"{_padded(bar.label, 22)} {'#' * round(bar.share * 40 / 100)} {bar.count}"
        yield from _text_heading(words.text("sections.watch"))
        yield from _wrapped(view.watch)
        if view.reading:
            yield from _wrapped(view.reading)
        for heading, gaps in view.gaps:
            yield ""
            yield from _wrapped(heading)
            for gap in gaps:
                since = f", {gap.since}" if gap.since else ""
                yield from _indented(f"- {gap.outlet.text}{since}" + (f" — {gap.why.text}" if gap.why else ""), "  ")
    yield ""
    yield "-- "
    yield from _wrapped(view.why)
    if view.leave_url:
        yield f"{view.leave}{words.text('frame.colon')}{view.leave_url}"


def _wrapped(line: str, hanging: str = "", first: str = "") -> list[str]:
    return textwrap.wrap(
        line, COLUMNS, initial_indent=first, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    ) or [""]


def _indented(line: str, hanging: str = "") -> list[str]:
    return _wrapped(line, "   " + hanging, "   ")


def _padded(label: str, width: int) -> str:
    shown = sum(not unicodedata.combining(character) for character in label)
    return label + " " * max(0, width - shown)
