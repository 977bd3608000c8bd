"""A text cut into sentences, each with its paragraph and with what kind of line it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipelines.detect.dates import DateMention, find_dates
from pipelines.detect.fold import Folded, fold
from pipelines.detect.places import find_places

SentenceKind = Literal["body", "heading", "related", "caption", "share", "byline"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text[start:end]`; paragraphs count from 0."""

    start: int
    end: int
    paragraph: int
    kind: SentenceKind


@dataclass(frozen=True, slots=True)
class Dateline:
    """The place (and day) before the first sentence: `RABAT, 12 sept (MAP) -`."""

    start: int
    end: int
    city_id: str | None
    country: str | None
    date: DateMention | None


_PARAGRAPH = re.compile(r"[^\n]+")
_BREAK = re.compile(r"[.!?؟…]+[\"'»”)\]]*\s+")
_ABBREVIATION = re.compile(r"(?:^|[\s('\"])(?:[a-z]|mm|mme|mlle|dr|me|st|no|art|sr|sra|mr|mrs|gen|col|prof|av|ee|uu|janv|fevr|avr|juil|sept|oct|nov|dec)\.$")
_RELATED = re.compile(r"^\W*(?:lire aussi|a lire aussi|a lire|voir aussi|a voir aussi|sur le meme sujet|lea tambien|leer mas|read also|read more|related|اقرا ايضا|شاهد ايضا|مواضيع ذات صله)\b|^\+ .* \+$")
_DATELINE = re.compile(r"^[^\n.!?]{2,60}?\s[-–—ـ]\s")


def split(text: str, language: str | None, *, folded: Folded | None = None) -> tuple[Sentence, ...]:
    """The sentences of a text in order."""
    plain = folded or fold(text)
    found = []
    for number, line in enumerate(_PARAGRAPH.finditer(plain.text)):
        content = line[0].strip()
        if not content:
            continue
        kind: SentenceKind = "body"
        if _RELATED.search(content):
            kind = "related"
        begin = line.start()
        for stop in _BREAK.finditer(plain.text, line.start(), line.end()):
            tail = plain.text[max(begin, stop.start() - 8) : stop.start() + 1]
            if _ABBREVIATION.search(tail):
                continue
            found.append(_sentence(plain, begin, stop.end(), number, kind))
            begin = stop.end()
        if begin < line.end():
            found.append(_sentence(plain, begin, line.end(), number, kind))
    return tuple(one for one in found if one.start < one.end)


def _sentence(plain: Folded, begin: int, end: int, paragraph: int, kind: SentenceKind) -> Sentence:
    piece = plain.text[begin:end]
    begin += len(piece) - len(piece.lstrip())
    start, stop = plain.span(begin, begin + len(piece.strip()))
    return Sentence(start, stop, paragraph, kind)


def dateline(text: str, language: str | None, published: datetime | None = None) -> Dateline | None:
    """The place and day before the first sentence, or None."""
    match = _DATELINE.match(text)
    if match is None:
        return None
    head = match[0]
    cities = [place for place in find_places(head, language or "fr") if place.kind == "city"]
    if not cities:
        return None
    dates = find_dates(head, language or "fr", published)
    return Dateline(0, match.end(), cities[0].city_id, cities[0].country, dates[0] if dates else None)
