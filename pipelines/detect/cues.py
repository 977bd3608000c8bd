"""The words that say a meeting was held, is recalled, is planned, was denied or called off, and what it was about.

`load_lexicon` reads one language's data file, `tokens_of` cuts a text into words, `scan` finds every phrase of the lexicon in one pass.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pipelines.detect.fold import Folded, fold

_DIRECTORY = Path(__file__).parent / "data" / "languages"
_WORD = re.compile(r"[^\W_]+")
# A phrase of the lexicon does not reach across these
_STOPS = frozenset(",;:.?!()\n")
_GAP = 4  # words that "~" in a phrase may stand for
_STEM = 4  # letters by which "word*" entries are looked up

_VERB_FORMS = ("participle", "present", "past", "future", "infinitive")
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "identify": ("words",),
    "tense": ("past", "pluperfect", "future", "conditional", "copula", "negation", "subject_pronouns"),
    "status": (
        "recall", "background_intro", "background_units", "planned_intro", "planned_near", "denied", "cancelled",
    ),
    "reference": (
        "anaphors", "demonstratives", "celle", "counterparts", "agents", "capital", "towards", "returned", "meanwhile",
        "agenda", "attend", "aside_before", "aside_after", "together",
    ),
    "genre": (
        "sport", "fiction", "satire", "trial", "death", "message", "opinion", "poll", "history", "local", "company", "ceremony",
        "operation", "review",
    ),
    "subject": ("security", "other", "not_security"),
    "collective": ("police", "intelligence", "interior", "justice", "military", "cyber", "border"),
}  # fmt: skip
_OPTIONAL = {
    "collective": set(_SECTIONS["collective"]),
    "tense": {"copula", "negation", "conditional", "pluperfect"},
    "reference": {"celle", "together"},
}


class LexiconError(ValueError):
    """A language file is wrong; the message names file and key."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One phrase of the lexicon and what it says."""

    group: str  # phrases of one group do not overlap; the longest wins
    tag: str  # verb, noun, topic, or the key of the data file
    id: str = ""
    kind: str = ""  # meet, receive, visit, sign, attend, session, support
    strength: int = 0
    tense: str = ""  # participle, present, past, future, infinitive
    mode: str | None = None
    reflexive: bool = False  # only with "to be": "s'est entretenu", not "a entretenu"
    bare: bool = True  # counts without an auxiliary, as in headlines
    partner: bool = False  # a verb that counts only with its subject behind it and the other party named: "بحث X مع Y"
    noun: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found: tokens `first` up to and without `last`."""

    first: int
    last: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Hits:
    """The phrases of a text in order, and the token each begins with."""

    found: tuple[Hit, ...]
    firsts: tuple[int, ...]

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.found)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a text, folded, with offsets into the text that was given."""

    words: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    gaps: tuple[str, ...]  # what stands before each word, folded
    original: str

    def holding(self, offset: int) -> int:
        """The token an offset lies in (a name may begin inside a word: بالرباط), or the next one."""
        place = bisect_right(self.starts, offset) - 1
        return place if place >= 0 and offset < self.ends[place] else place + 1

    def at(self, offset: int) -> int:
        """The first token that begins at or after an offset of the text."""
        return bisect_left(self.starts, offset)


_Row = tuple[tuple[str, ...], tuple[Entry, ...]]  # a phrase and what it says


@dataclass(frozen=True, slots=True)
class _Node:
    """The phrases that begin with one word."""

    alone: tuple[_Row, ...]
    longer: Mapping[str, tuple[_Row, ...]]  # by their second word
    stemmed: tuple[_Row, ...]  # whose second word is a stem


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's cues, ready for scanning."""

    language: str
    by_word: Mapping[str, _Node]
    by_stem: Mapping[str, tuple[_Row, ...]]
    common: frozenset[str]
    topics: tuple[str, ...] = ()
    pronouns: frozenset[tuple[str, ...]] = field(default=frozenset())


def tokens_of(folded: Folded) -> Tokens:
    """The words of a folded text. Linear in its length."""
    words, starts, ends, gaps = [], [], [], []
    done = 0
    plain = folded.text
    if not folded._at:
        for match in _WORD.finditer(plain):
            start, end = match.span()
            words.append(match[0])
            starts.append(start)
            ends.append(end)
            gaps.append(plain[done:start])
            done = end
    else:
        for match in _WORD.finditer(plain):
            start, end = match.span()
            first, last = folded.span(start, end)
            words.append(match[0])
            starts.append(first)
            ends.append(last)
            gaps.append(plain[done:start])
            done = end
    return Tokens(tuple(words), tuple(starts), tuple(ends), tuple(gaps), folded.original)


@lru_cache(maxsize=65536)
def variants(word: str) -> tuple[str, ...]:
    """An Arabic word as written and without its proclitics (و ف ب ل ك ال) and object endings (ها هما هم); any other word alone."""
    if not "\u0600" <= word[:1] <= "\u06ff":
        return (word,)
    found = [word]
    rest = word
    if rest[0] in "وف" and len(rest) > 3:
        rest = rest[1:]
        found.append(rest)
    for prefix in ("بال", "كال", "لل", "ال", "ب", "ل", "ك"):
        if rest.startswith(prefix) and len(rest) - len(prefix) >= 3:
            found.append(rest[len(prefix) :])
            if prefix == "لل":
                found.append("ال" + rest[2:])
    for suffix in ("هما", "ها", "هم", "ته"):
        if rest.endswith(suffix) and len(rest) - len(suffix) >= 4:
            stem = rest[: -len(suffix)]
            found.append(stem + "ه" if suffix == "ته" else stem[:-1] + "ه" if stem.endswith("ت") and suffix != "ها" else stem)
            if stem.endswith("ت"):
                found.append(stem[:-1] + "ه")
            break
    if rest[:1] in "بلك" and rest[1:3] == "ال" and len(rest) > 5:
        found.append(rest[1:])
    return tuple(dict.fromkeys(found))


def scan(tokens: Tokens, lexicon: Lexicon) -> Hits:
    """Every phrase of the lexicon in the text, in order; within one group the longest at a place, without overlap."""
    words, gaps = tokens.words, tokens.gaps
    arabic = lexicon.language == "ar"
    forms = [variants(word) for word in words] if arabic else [(word,) for word in words]
    by_word, by_stem = lexicon.by_word, lexicon.by_stem
    hits: list[Hit] = []
    busy: dict[str, int] = {}
    total = len(words)
    for at in range(total):
        rows: list[_Row] = []
        for form in forms[at]:
            node = by_word.get(form)
            if node is not None:
                rows.extend(node.alone)
                if node.longer and at + 1 < total:
                    for following in forms[at + 1]:
                        rows.extend(node.longer.get(following, ()))
                    rows.extend(node.stemmed)
            stems = by_stem.get(form[:_STEM])
            if stems is not None:
                rows.extend(row for row in stems if form.startswith(row[0][0][:-1]))
        if not rows:
            continue
        if len(rows) > 1:
            rows.sort(key=_longest_first)
        for phrase, entries in rows:
            last = at + 1 if len(phrase) == 1 else _end_of(forms, gaps, at, phrase)
            if last is None:
                continue
            for entry in entries:
                if busy.get(entry.group, -1) > at:
                    continue
                busy[entry.group] = last
                hits.append(Hit(at, last, entry))
    return Hits(tuple(hits), tuple(hit.first for hit in hits))


def _longest_first(row: _Row) -> int:
    return -len(row[0])


def _end_of(forms: Sequence[tuple[str, ...]], gaps: Sequence[str], at: int, phrase: tuple[str, ...]) -> int | None:
    """Where a phrase that begins at `at` ends, or None; "~" stands for up to `_GAP` words."""
    place = at + 1
    total = len(forms)
    free = 0
    for wanted in phrase[1:]:
        if wanted == "~":
            free = _GAP
            continue
        while True:
            if place >= total:
                return None
            gap = gaps[place]
            if gap != " " and not _STOPS.isdisjoint(gap):
                return None
            if wanted in forms[place] or (wanted[-1] == "*" and any(form.startswith(wanted[:-1]) for form in forms[place])):
                break
            if free == 0:
                return None
            free -= 1
            place += 1
        place += 1
        free = 0
    return place


@cache
def load_lexicon(language: str, path: Path | None = None) -> Lexicon:
    """The lexicon of `fr`, `ar`, `es` or `en`. Raises LexiconError with file and key for anything wrong in the data."""
    source = path or _DIRECTORY / f"{language}.toml"
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise LexiconError(f"{source.name}: {error}") from error
    if data.get("language") != language:
        raise LexiconError(f"{source.name}: language: is {data.get('language')!r}, expected {language!r}")
    return _Builder(source.name, language).build(data)


def _node(rows: Sequence[_Row]) -> _Node:
    longer: dict[str, list[_Row]] = {}
    for row in rows:
        if len(row[0]) > 1 and row[0][1][-1] != "*" and row[0][1] != "~":
            longer.setdefault(row[0][1], []).append(row)
    return _Node(
        tuple(row for row in rows if len(row[0]) == 1),
        {second: tuple(found) for second, found in longer.items()},
        tuple(row for row in rows if len(row[0]) > 1 and (row[0][1][-1] == "*" or row[0][1] == "~")),
    )


class _Builder:
    def __init__(self, name: str, language: str) -> None:
        self.name, self.language = name, language
        self.entries: dict[tuple[str, ...], list[Entry]] = {}

    def wrong(self, key: str, what: str) -> LexiconError:
        return LexiconError(f"{self.name}: {key}: {what}")

    def build(self, data: Mapping[str, Any]) -> Lexicon:
        for key in data:
            if key not in ("language", "verb", "noun", "topic", *_SECTIONS):
                raise self.wrong(key, "unknown key")
        for section, keys in _SECTIONS.items():
            self.section(section, keys, data.get(section, {}))
        seen: set[str] = set()
        for table in ("verb", "noun", "topic"):
            for number, row in enumerate(data.get(table, ()), 1):
                self.row(table, f"{table}[{number}]", row, seen)
        topics = tuple(row["id"] for row in data.get("topic", ()))
        by_word: dict[str, list[_Row]] = {}
        by_stem: dict[str, list[_Row]] = {}
        for phrase, entries in self.entries.items():
            head = phrase[0]
            place = by_stem.setdefault(head[:_STEM], []) if head.endswith("*") else by_word.setdefault(head, [])
            place.append((phrase, tuple(entries)))
        common = frozenset(word for text in data["identify"]["words"] for word in self.phrase("identify.words", text))
        return Lexicon(
            self.language,
            {head: _node(rows) for head, rows in by_word.items()},
            {head: tuple(rows) for head, rows in by_stem.items()},
            common,
            topics,
        )

    def section(self, section: str, keys: tuple[str, ...], data: Mapping[str, Any]) -> None:
        for key in data:
            if key not in keys:
                raise self.wrong(f"{section}.{key}", "unknown key")
        for key in keys:
            phrases = data.get(key)
            if phrases is None and key in _OPTIONAL.get(section, ()):
                continue
            for text in self.phrases(f"{section}.{key}", phrases):
                if section != "identify":
                    group = section if section in ("tense", "collective") else f"{section}.{key}"
                    tag = f"all-{key}" if section == "collective" else key
                    self.add(self.phrase(f"{section}.{key}", text), Entry(group, tag))

    def phrases(self, key: str, value: object) -> list[str]:
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            raise self.wrong(key, "must be a list of phrases, not empty")
        return list(dict.fromkeys(value))

    def phrase(self, key: str, text: str) -> tuple[str, ...]:
        words: list[str] = []
        for piece in text.split():
            if piece == "~":
                words.append("~")
                continue
            found = _WORD.findall(fold(piece).text)
            if piece.endswith("*") and found:
                if len(found[-1]) < _STEM:
                    raise self.wrong(key, f"{text!r}: a stem needs at least {_STEM} letters")
                found[-1] += "*"
            words.extend(found)
        if not words or words[0] == "~" or words[-1] == "~":
            raise self.wrong(key, f"{text!r} must begin and end with a word")
        return tuple(words)

    def row(self, table: str, key: str, row: Mapping[str, Any], seen: set[str]) -> None:
        allowed = {
            "verb": {"id", "kind", "strength", "mode", "reflexive", "bare", "partner", *_VERB_FORMS},
            "noun": {"id", "kind", "strength", "mode", "words"},
            "topic": {"id", "words"},
        }[table]
        for name in row:
            if name not in allowed:
                raise self.wrong(f"{key}.{name}", "unknown key")
        identity = row.get("id")
        if not isinstance(identity, str) or not identity:
            raise self.wrong(f"{key}.id", "missing")
        if f"{table}:{identity}" in seen:
            raise self.wrong(f"{key}.id", f"{identity!r} is there twice")
        seen.add(f"{table}:{identity}")
        if table == "topic":
            for text in self.phrases(f"{key}.words", row.get("words")):
                self.add(self.phrase(key, text), Entry(f"topic.{identity}", "topic", identity))
            return
        kind, strength = row.get("kind"), row.get("strength")
        if kind not in ("meet", "receive", "visit", "sign", "attend", "session", "support") or strength not in (1, 2, 3):
            raise self.wrong(key, "needs kind (meet, receive, visit, sign, attend, session, support) and strength (1, 2, 3)")
        mode = row.get("mode")
        if table == "noun":
            for text in self.phrases(f"{key}.words", row.get("words")):
                self.add(self.phrase(key, text), Entry("noun", "noun", identity, kind, strength, "", mode, noun=True))
            return
        reflexive, bare = bool(row.get("reflexive")), bool(row.get("bare", not row.get("reflexive")))
        for form in _VERB_FORMS:
            for text in row.get(form, ()):
                entry = Entry("verb", "verb", identity, kind, strength, form, mode, reflexive, bare, bool(row.get("partner")))
                self.add(self.phrase(key, text), entry)

    def add(self, phrase: tuple[str, ...], entry: Entry) -> None:
        entries = self.entries.setdefault(phrase, [])
        if entry not in entries and (entry.tag not in ("verb", "noun") or not any(one.tag == entry.tag for one in entries)):
            entries.append(entry)


def hits_between(hits: Hits, first: int, last: int) -> Sequence[Hit]:
    """The hits that begin in tokens `first` up to and without `last`."""
    return hits.found[bisect_left(hits.firsts, first) : bisect_left(hits.firsts, last)]
