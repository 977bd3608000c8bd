"""A text cut into sentences, each with its paragraph and with what kind of line it stands in.

A page's text holds more than the article: headlines of other articles, credits, share lines, the agency's name. A headline in a
"Lire aussi" box tells of a meeting as well as the article does, so each sentence says what it is, and readers leave out what is not prose.
The words are data (`data/blocks/*.toml`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pipelines.detect.dates import DateMention, find_dates
from pipelines.detect.fold import Folded, fold, fold_key
from pipelines.detect.places import PlaceMention, find_places

SentenceKind = Literal["body", "heading", "related", "caption", "share", "byline"]

_FOLDER = Path(__file__).parent / "data" / "blocks"
_LANGUAGES = ("fr", "ar", "es", "en")


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text[start:end]`. Paragraphs count from 0.

    `kind`: "body" is the article's prose and "heading" a short line without a full stop (a title, a subtitle); "related" points to
    other articles, "caption" is a photo's, "share" anything around the article, "byline" names only author, agency, place or date.
    """

    start: int
    end: int
    paragraph: int
    kind: SentenceKind


@dataclass(frozen=True, slots=True)
class Dateline:
    """Place, and day if any, before the first sentence: `text[start:end]` is `RABAT, 12 sept (MAP) -`."""

    start: int
    end: int
    city_id: str | None
    country: str | None
    date: DateMention | None


# --- words -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Phrases:
    """Phrases of up to six words, and their first words."""

    whole: frozenset[str]
    first: frozenset[str]

    def __contains__(self, phrase: object) -> bool:
        return phrase in self.whole


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The words of the lines that are no prose; one language's, or all together."""

    abbreviations: frozenset[str]
    related: _Phrases
    share: _Phrases
    share_alone: _Phrases
    share_inside: tuple[str, ...]
    caption: _Phrases
    byline: _Phrases
    stamp: frozenset[str]
    outlets: _Phrases


_KEYS = ("abbreviations", "related", "share", "share_alone", "share_inside", "caption", "byline", "stamp", "outlets")
_WORD = re.compile(r"[^\W_]+")
# The longest phrase at the beginning of a line that is looked up, in words
_PHRASE = 6


def _words_of(text: str) -> str:
    return " ".join(_WORD.findall(text))


@cache
def _load_blocks(language: str | None, folder: Path = _FOLDER) -> _Blocks:
    """The words of one language, or of all for None. ValueError names the file and the key that is wrong."""
    files = [_read_file(folder / f"{one}.toml") for one in ([language] if language in _LANGUAGES else _LANGUAGES)]
    # Pages mix languages: an Arabic article may end in an English share line
    every = files if language not in _LANGUAGES else [_read_file(folder / f"{one}.toml") for one in _LANGUAGES]

    def words(key: str, some: Iterable[dict[str, list[str]]]) -> frozenset[str]:
        return frozenset(_words_of(fold_key(entry)) for one in some for entry in one[key])

    def phrases(key: str) -> _Phrases:
        whole = words(key, every)
        return _Phrases(whole, frozenset(one.split(" ", 1)[0] for one in whole))

    return _Blocks(
        frozenset(fold_key(entry) for one in files for entry in one["abbreviations"]),
        phrases("related"),
        phrases("share"),
        phrases("share_alone"),
        tuple(sorted(words("share_inside", every))),
        phrases("caption"),
        phrases("byline"),
        words("stamp", every),
        phrases("outlets"),
    )


@cache
def _read_file(path: Path) -> dict[str, list[str]]:
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: {error}") from error
    for key in data:
        if key not in _KEYS:
            raise ValueError(f"{path.name}: {key}: unknown key")
    for key in _KEYS:
        entries = data.get(key)
        if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
            raise ValueError(f"{path.name}: {key}: must be a list of words")
        if not entries:
            raise ValueError(f"{path.name}: {key}: empty list")
        seen: set[str] = set()
        for entry in entries:
            folded = fold_key(entry)
            if folded in seen:
                raise ValueError(f"{path.name}: {key}: {entry!r} stands twice")
            seen.add(folded)
    return data


# --- lines -------------------------------------------------------------------------------------------------------------------

# A line without a full stop and with at most so many words is a title or the like, not prose
_HEADING_WORDS = 18
_BYLINE_WORDS = 14
_LONG = 240  # characters: prose
_EDGE = 6  # lines
_ENDS_SENTENCE = re.compile(r"[.!?…:;\"][\")\]']*\Z")
_FULL_STOP = re.compile(r"[.!?…][\")\]' ]*\Z")
_INITIALS = re.compile(r"-.{1,6}-\Z")
_LETTERS_ONLY = re.compile(r"[^\W\d_]{1,3}(?:[/. -]{1,3}[^\W\d_]{1,4}){1,4}\.?\Z")
_SITE = re.compile(r"[\w.-]{1,40}\.(?:ma|com|fr|net|org|es|info|tv|كوم|نت|انفو)\.?\Z")
_SLUG = re.compile(r"(?:[^\W_]+-){3}[^\W_]+(?:-[^\W_]+)*\Z")
_TICKER = re.compile(r"\W{0,4}\d{1,2}[:h]\d{2}\b")
_INSERT = re.compile(r"[+*>#=]{1,3} ?\S.*")


@dataclass(frozen=True, slots=True)
class _Line:
    start: int  # folded offsets, without space around
    end: int
    text: str
    words: tuple[str, ...]  # none of a long line: it is prose


def _lines(plain: Folded) -> list[_Line]:
    """The lines of the text; a sentence wrapped over several lines is one."""
    lines: list[_Line] = []
    text = plain.text
    for block in _blocks_of(text):
        for start, end in _unwrapped(plain, block):
            content = text[start:end]
            lines.append(_Line(start, end, content, tuple(_WORD.findall(content)) if end - start <= _LONG else ()))
    return lines


def _blocks_of(text: str) -> list[list[tuple[int, int]]]:
    """Lines that touch, without space around and without empty ones."""
    blocks: list[list[tuple[int, int]]] = [[]]
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        if end < 0:
            end = len(text)
        content = text[start:end]
        stripped = content.strip()
        if stripped:
            first = start + len(content) - len(content.lstrip())
            blocks[-1].append((first, first + len(stripped)))
        elif blocks[-1]:
            blocks.append([])
        start = end + 1
    return [block for block in blocks if block]


def _unwrapped(plain: Folded, block: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The block's lines, with those joined that only the width of a page had parted."""
    if len(block) == 1:
        return list(block)
    lengths = [end - start for start, end in block[:-1]]
    even = min(lengths) >= 40 and min(lengths) >= 0.6 * max(lengths) and max(lengths) <= 140
    goes_on = [_goes_on(plain, before, after) for before, after in pairwise(block)]
    wrapped = even and (any(goes_on) or (_is_arabic(plain.text[block[0][0] : block[0][1]]) and len(block) > 2))
    found = [block[0]]
    for (start, end), joined in zip(block[1:], goes_on, strict=True):
        open_end = not _ENDS_SENTENCE.search(plain.text[max(found[-1][0], found[-1][1] - 6) : found[-1][1]])
        if joined or (wrapped and open_end):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _goes_on(plain: Folded, before: tuple[int, int], after: tuple[int, int]) -> bool:
    """The second line begins in the middle of a sentence that the first left open."""
    if _FULL_STOP.search(plain.text[max(before[0], before[1] - 6) : before[1]]):
        return False
    at = plain.start(after[0])
    return plain.original[at : at + 1].islower()


def _is_arabic(text: str) -> bool:
    return any("\u0600" <= letter <= "\u06ff" for letter in text[:20])


def _kinds(plain: Folded, lines: Sequence[_Line], blocks: _Blocks, language: str | None) -> list[SentenceKind]:
    """What each line is."""
    kinds: list[SentenceKind] = []
    box = False
    for number, line in enumerate(lines):
        kind = _kind(line, number, len(lines), blocks, language)
        opener = kind == "related"
        # The headlines below "Lire aussi"; the first one even with a full stop
        first_below = bool(kinds) and kinds[-1] == "related" and _opens_box(lines[number - 1], blocks)
        listed = kind in ("heading", "body") and len(line.words) in range(1, 31)
        if box and listed and (first_below or not _FULL_STOP.search(line.text)):
            kind = "related"
        box = opener or (box and kind == "related")
        kinds.append(kind)
    return kinds


def _kind(line: _Line, number: int, count: int, blocks: _Blocks, language: str | None) -> SentenceKind:
    words = line.words
    if not words:
        return "body" if line.end - line.start > _LONG else "share"
    short = len(words) <= 30
    if short and (_begins(words, blocks.related) or _is_insert(line)):
        return "related"
    stopped = bool(_FULL_STOP.search(line.text))
    if short and _is_share(line, blocks, stopped):
        return "share"
    if _is_caption(line, blocks):
        return "caption"
    # Signatures stand at the top or the end
    edge = number < _EDGE or number >= count - _EDGE
    if len(words) <= _BYLINE_WORDS and (_is_byline(line, blocks, stopped) or (edge and _is_signature(line, blocks, language, stopped))):
        return "byline"
    if len(words) <= _BYLINE_WORDS and _is_stamp(line, blocks, language):
        return "share"
    if not stopped and len(words) <= _HEADING_WORDS and count > 1 and not line.text.endswith((":", '"', ",", ";")):
        return "heading"
    return "body"


def _begins(words: Sequence[str], phrases: _Phrases) -> int:
    """How many words at the beginning are one of the phrases; 0 if they are none."""
    if not words or words[0] not in phrases.first:
        return 0
    for size in range(min(_PHRASE, len(words)), 0, -1):
        if " ".join(words[:size]) in phrases.whole:
            return size
    return 0


def _opens_box(line: _Line, blocks: _Blocks) -> bool:
    """Nothing but the words that announce other articles."""
    return _begins(line.words, blocks.related) == len(line.words)


def _is_insert(line: _Line) -> bool:
    """`+ La visite de X intervient après celle de Y +`"""
    return bool(_INSERT.match(line.text)) and line.text[-1] == line.text[0]


def _is_share(line: _Line, blocks: _Blocks, stopped: bool) -> bool:
    words = line.words
    if _TICKER.match(line.text) and not stopped:
        return True
    known = _begins(words, blocks.share)
    # "Recevez ..." or "L'article ..." may also begin a sentence of the article
    if known and (not stopped or (known > 1 and len(words) <= 18) or len(words) <= 3):
        return True
    alone = _begins(words, blocks.share_alone)
    if alone and len(words) - alone <= (3 if not stopped else 0) and len(words) <= 4 and ":" not in line.text:
        return len(words) == alone or (not stopped and any(word in blocks.share_alone for word in words[alone:]))
    if len(words) <= 20 and not stopped:
        joined = f" {' '.join(words)} "
        return any(f" {phrase} " in joined for phrase in blocks.share_inside)
    return False


def _is_caption(line: _Line, blocks: _Blocks) -> bool:
    text, words = line.text, line.words
    if len(words) > 30:
        return False
    if text[0] in "©" or ("©" in text and len(words) <= 25):
        return True
    if "_camera" in text or (" " not in text and _SLUG.match(text)):
        return True
    known = _begins(words, blocks.caption)
    if not known:
        return False
    rest = text[_offset_after(text, known) :].lstrip()
    return not rest or rest[0] in ":/|-.(©"


def _offset_after(text: str, count: int) -> int:
    for number, match in enumerate(_WORD.finditer(text), 1):
        if number == count:
            return match.end()
    return len(text)


def _is_byline(line: _Line, blocks: _Blocks, stopped: bool) -> bool:
    text, words = line.text, line.words
    bare = text.strip('()[]-—.«»" *')
    if _words_of(bare) in blocks.outlets or _INITIALS.match(text) or _SITE.match(bare) or _SITE.match(text):
        return True
    if not stopped and len(words) <= 8 and _LETTERS_ONLY.match(bare) and (len(words) > 1):
        return True
    known = _begins(words, blocks.byline)
    return bool(known) and len(words) <= 10 and not stopped and (len(words) > known or known > 1 or len(words) == 1)


def _is_signature(line: _Line, blocks: _Blocks, language: str | None, stopped: bool) -> bool:
    """Only place, day and agency: `هسبريس – مراكش`, `أبوظبي (الاتحاد)`, `DAKAR, 30 Oct. (EUROPA PRESS) -`."""
    text = line.text
    places = [place for place in find_places(text, language or "fr") if place.kind in ("city", "country")]
    outlet = _outlet_words(line.words, blocks)
    if not places and not outlet:
        return False
    taken = [(place.start, place.end) for place in places]
    taken += [(day.start, day.end) for day in find_dates(text, language or "fr", None)]
    rest = [word for word in _WORD.finditer(text) if not any(start <= word.start() < end for start, end in taken)]
    unknown = [word[0] for word in rest if not word[0].isdigit() and word[0] not in _SIGNATURE_WORDS and word[0] not in outlet]
    if not unknown:
        return not stopped or (bool(taken) and text.endswith((".-", ". -", ".")) and len(line.words) <= 6)
    parted = any(sign in text for sign in ("-", "(", "/", ":", " - "))
    few = len(unknown) <= (3 if places else 1)
    return not stopped and parted and few and len(line.words) <= 6 and text.count("-") < 3


_SIGNATURE_WORDS = frozenset(
    fold_key(word)
    for word in (
        "le", "la", "de", "à", "en", "في", "من", "م", "ه", "el", "the", "from", "avec", "et", "y", "and", "و", "بتاريخ", "الموافق",
    )
)  # fmt: skip


def _outlet_words(words: Sequence[str], blocks: _Blocks) -> frozenset[str]:
    """The words of the agencies and outlets named in a line."""
    found: set[str] = set()
    for at in range(len(words)):
        size = _begins(words[at:], blocks.outlets)
        found.update(words[at : at + size])
    return frozenset(found)


def _is_stamp(line: _Line, blocks: _Blocks, language: str | None) -> bool:
    """`Publié le 10/04/2024 à 13h10`: nothing but a date, a time of day and the words around them."""
    text = line.text
    if not any(letter.isdigit() for letter in text):
        return False
    taken = [(day.start, day.end) for day in find_dates(text, language or "fr", None)]
    if not taken:
        return False
    rest = [word[0] for word in _WORD.finditer(text) if not any(start <= word.start() < end for start, end in taken)]
    return all(word in blocks.stamp or word[0].isdigit() for word in rest)


# --- sentences ---------------------------------------------------------------------------------------------------------------

# Begins at the first sign of a run, so that a long run of them is read once; the set of characters first, which the engine skips to
_STOP = re.compile(r"[.!?…](?<![.!?…]{2})[.!?…]*+[\"')\]]*+")
_LAST_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)?\Z")
_SENTENCE_START = re.compile(r"[\"'(\[\s-]*")


def split(text: str, language: str | None, *, folded: Folded | None = None) -> tuple[Sentence, ...]:
    """The sentences of a text in order, without the space around them. `language` None: words of all four languages."""
    plain = folded or fold(text)
    blocks = _load_blocks(language if language in _LANGUAGES else None)
    lines = _lines(plain)
    found: list[Sentence] = []
    for number, (line, kind) in enumerate(zip(lines, _kinds(plain, lines, blocks, language), strict=True)):
        pieces = _sentences(plain, line, blocks) if kind in ("body", "related") else [(line.start, line.end)]
        own: SentenceKind = kind
        for start, end in pieces:
            if kind == "body" and own == "body":
                own = _kind_within(plain.text[start:end], blocks)
            first, last = plain.span(start, end)
            if first < last:
                found.append(Sentence(first, last, number, own))
            own = kind if own == "byline" else own
    return tuple(found)


def _kind_within(sentence: str, blocks: _Blocks) -> SentenceKind:
    """A pointer to another article or a signature may stand in the middle of a paragraph."""
    first = _WORD.search(sentence)
    if first and first[0] in blocks.related.first and len(sentence) < 200 and _begins(_WORD.findall(sentence[:60]), blocks.related) > 1:
        return "related"
    if len(sentence) < 40:
        bare = sentence.strip('()[]-." ')
        if _words_of(bare) in blocks.outlets or _SITE.match(bare):
            return "byline"
    return "body"


def _sentences(plain: Folded, line: _Line, blocks: _Blocks) -> list[tuple[int, int]]:
    text = plain.text
    pieces = []
    begin = line.start
    for stop in _STOP.finditer(text, line.start, line.end):
        end = stop.end()
        after = _next_start(plain, stop, line.end, blocks)
        if after is None:
            continue
        if text[end : end + 2].strip() == '"' and plain.original[plain.start(text.index('"', end))] in "»”":
            # French puts a space before the closing quote
            end = text.index('"', end) + 1
            after = end
        pieces.append((begin, end))
        begin = _skip_space(text, after, line.end)
    if begin < line.end:
        pieces.append((begin, line.end))
    return pieces


def _skip_space(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _next_start(plain: Folded, stop: re.Match[str], end: int, blocks: _Blocks) -> int | None:
    """Where the next sentence begins if this stop ends one, else None."""
    text, at = plain.text, stop.end()
    if at >= end:
        return at
    spaced = text[at].isspace()
    sign = stop[0]
    if not spaced and not (text[at] == "(" and sign[0] == "."):
        return at if _runs_on(plain, stop) else None
    opening = _SENTENCE_START.match(text, at, min(end, at + 8))
    begin = opening.end() if opening else at
    if begin >= end:
        return at
    here = plain.start(begin)
    letter = plain.original[here : here + 1]
    if letter.islower():
        return None
    if "\u0600" <= letter <= "\u06ff" and sign.startswith(".."):
        # Arabic headlines write two dots for a dash
        return None
    if sign[0] == "." and len(sign) == 1 and _is_abbreviation(text, stop.start(), blocks):
        return None
    return at


def _runs_on(plain: Folded, stop: re.Match[str]) -> bool:
    """`pays.Le ministre`: the space was lost."""
    if stop[0] != ".":
        return False
    here = plain.start(stop.end())
    following, before = plain.original[here : here + 2], plain.text[max(0, stop.start() - 3) : stop.start()]
    return len(following) == 2 and following[0].isupper() and following[1].islower() and before.isalpha() and len(before) == 3


def _is_abbreviation(text: str, dot: int, blocks: _Blocks) -> bool:
    word = _LAST_WORD.search(text, max(0, dot - 12), dot)
    if word is None:
        return False
    if len(word[0]) == 1 and word[0].isalpha():
        return True
    if word[0].isdigit():
        # "1. Le ministre" at the beginning of a line is a list
        return len(word[0]) <= 2 and (word.start() == 0 or text[word.start() - 1] == "\n")
    return word[0] in blocks.abbreviations or word[0].rsplit(".", 1)[-1] in blocks.abbreviations


# --- dateline ----------------------------------------------------------------------------------------------------------------

# How far into the text a dateline may reach, in characters
_DATELINE_REACH = 110
_SEPARATOR = re.compile(r"\.?\s?(?:(?<=[)\s.])-{1,2}|-{1,2}(?=\s|$))|:(?=\s|$)|/(?=\s[^/]*$|\s[^\d/]{8})|\n")


def dateline(text: str, language: str | None, published: datetime | None = None) -> Dateline | None:
    """The place, and day if any, that stands before the first sentence; None if there is none.

    `RABAT, 12 sept (MAP) - Le ministre ...`, `الرباط – استقبل ...`, `هسبريس من الرباط`. It stays part of its sentence in `split`.
    A title that begins with a city and a colon has one too.
    """
    plain = fold(text[:_DATELINE_REACH])
    if not _SEPARATOR.search(plain.text, 1):
        return None
    blocks = _load_blocks(language if language in _LANGUAGES else None)
    spoken = language if language in _LANGUAGES else "fr"
    places: Sequence[PlaceMention] = [
        place for place in find_places(plain.original, spoken, folded=plain) if place.kind in ("city", "country")
    ]
    if not places:
        return None
    days = find_dates(plain.original, spoken, published, folded=plain)
    found = None
    for separator in _SEPARATOR.finditer(plain.text):
        if separator.start() == 0:
            continue
        end = plain.end(separator.end())
        inside = [place for place in places if place.end <= end]
        if inside and _only_place_and_day(plain, separator, inside, days, blocks):
            date_ = next((day for day in days if day.end <= end), None)
            found = Dateline(plain.start(_skip_space(plain.text, 0, len(plain.text))), end, inside[0].city_id, inside[0].country, date_)
    return found


def _only_place_and_day(
    plain: Folded, separator: re.Match[str], places: Sequence[PlaceMention], days: Sequence[DateMention], blocks: _Blocks
) -> bool:
    """Nothing but place, day and agency stands before the separator."""
    head = plain.text[: separator.start()]
    taken = [*((place.start, place.end) for place in places), *((day.start, day.end) for day in days)]
    outlet = _outlet_words(_WORD.findall(head), blocks)
    bracketed = _bracketed(head)
    unknown = 0
    for word in _WORD.finditer(head):
        start = plain.start(word.start())
        if any(first <= start < last for first, last in taken) or word[0] in outlet or word[0] in _SIGNATURE_WORDS:
            continue
        if word[0].isdigit() or any(first <= word.start() < last for first, last in bracketed):
            continue
        unknown += 1
    if separator[0].startswith(":") and (places[0].kind != "city" or len(_WORD.findall(head)) > 4):
        return False
    return unknown == 0


def _bracketed(head: str) -> list[tuple[int, int]]:
    """What stands in parentheses, between slashes or in quotes, if it is short: the agency."""
    return [(match.start(), match.end()) for match in _AGENCY.finditer(head)]


_AGENCY = re.compile(r"\([^()]{1,30}\)|/[^/]{1,30}/|\"[^\"]{1,30}\"")
