"""Words of the register and the role files found in a text: one Aho-Corasick scan, word boundaries, Arabic clitics, longest wins.

This file alone imports ahocorasick_rs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind

from pipelines.detect.fold import Folded, fold_key
from pipelines.detect.places import PlaceMention
from pipelines.detect.resources import Register, Words

# One space, whatever stood there: a word broken over lines or joined by a hyphen is the same word.
_SPACES = str.maketrans({"-": " ", "\n": " ", "\t": " "})
# What may stand between the start of an Arabic word and a name or title in it: and, so, by, for, like, the
_CLITICS = frozenset(
    ("و", "ف", "ب", "ل", "ك", "ال", "وال", "بال", "فال", "كال", "وب", "ول", "وبال", "فب", "فل", "وك", "س"),
)


@dataclass(slots=True)
class Entry:
    """All that one folded key can stand for."""

    key: str
    persons: tuple[str, ...] = ()  # ids whose full name this is
    surnames: tuple[str, ...] = ()  # ids whose surname this is
    bodies: tuple[str, ...] = ()  # ids, the preferred one first
    acronym: bool = False  # bodies are named by an acronym: capitals needed
    weak: bool = False  # an acronym that is also a word, or very short: only beside an office
    words: dict[str, Words] = field(default_factory=dict)  # use -> group of the role file


@dataclass(slots=True)
class Token:
    """An entry found in a text. Offsets are into the original text."""

    start: int
    end: int
    entry: Entry
    clitic: str = ""  # Arabic letters before it in the same word
    place: PlaceMention | None = None
    taken: bool = False  # part of a phrase already read

    def has(self, use: str) -> bool:
        """The word can be used so."""
        return use in self.entry.words


@dataclass(slots=True)
class Lexicon:
    """All entries of one language, ready to be looked for."""

    language: str
    entries: list[Entry]
    automaton: AhoCorasick
    stops: frozenset[str]
    given: frozenset[str]
    linkers: frozenset[str]


_NOTHING = Entry("")


@lru_cache(maxsize=16)
def lexicon(register: Register, language: str) -> Lexicon:
    """The entries of one language: all names, and that language's role words (French ones for a language without)."""
    entries: dict[str, Entry] = {}

    def entry(text: str) -> Entry:
        key = fold_key(text).translate(_SPACES)
        found = entries.get(key)
        if found is None:
            found = entries[key] = Entry(key)
        return found

    arabic = language == "ar"
    for person in register.persons.values():
        names = (*person.aliases_ar, *((person.name, *person.aliases) if not arabic else ()))
        for name in names:
            one = entry(name)
            if person.id not in one.persons:
                one.persons += (person.id,)
        for name in person.surnames:
            one = entry(name)
            if person.id not in one.surnames:
                one.surnames += (person.id,)
    _add_bodies(register, language, entry)
    roles = register.roles.get(language) or register.roles["fr"]
    for group in roles.groups:
        if group.use in ("stop", "linker", "given"):
            continue
        for word in group.words:
            entry(word).words.setdefault(group.use, group)
    entries.pop("", None)
    found: list[Entry] = []
    patterns: list[str] = []
    for key, one in entries.items():
        patterns.append(key)
        found.append(one)
        if key.startswith("ال") and len(key) > 4:
            # "for the": the article is written into the preposition
            patterns.append("لل" + key[2:])
            found.append(one)
    return Lexicon(
        language,
        found,
        AhoCorasick(patterns, matchkind=MatchKind.Standard),
        frozenset(fold_key(word) for word in roles.of("stop")),
        frozenset(fold_key(word) for word in roles.of("given")),
        frozenset(fold_key(word) for word in roles.of("linker")) | {""},
    )


def _add_bodies(register: Register, language: str, entry: object) -> None:
    shared: dict[str, list[str]] = {}
    languages = ("ar",) if language == "ar" else ("fr", "es", "en")
    make = entry  # typed below
    assert callable(make)
    for body in register.bodies.values():
        for one in languages:
            for name in body.names.get(one, ()):
                found: Entry = make(name)
                if body.id not in found.bodies:
                    found.bodies += (body.id,)
        for acronym in body.acronyms:
            shared.setdefault(acronym, []).append(body.id)
    for acronym, ids in shared.items():
        order = register.acronyms.get(acronym, ())
        found = make(acronym)
        found.acronym = not found.bodies
        found.bodies = tuple(dict.fromkeys((*order, *found.bodies, *ids)))
        found.weak = len(acronym) < 3 or acronym in register.weak_acronyms


def tokens(known: Lexicon, folded: Folded, places: Iterable[PlaceMention]) -> list[Token]:
    """Everything found, in order and without overlaps: the leftmost, of those the longest; names of places fill the rest."""
    text = folded.text.translate(_SPACES)
    candidates: list[tuple[int, int, Entry, str]] = []
    entries = known.entries
    length = len(text)
    for number, start, end in known.automaton.find_matches_as_indexes(text, overlapping=True):
        if end < length and text[end].isalnum():
            continue
        clitic = ""
        if start and text[start - 1].isalnum():
            if text[start] < "؀":
                continue
            first = start - 1
            while first and start - first < 5 and text[first - 1].isalnum():
                first -= 1
            clitic = text[first:start]
            if clitic not in _CLITICS:
                continue
        candidates.append((start, -end, entries[number], clitic))
    candidates.sort(key=_order)
    straight = not folded._at
    original = folded.original
    found: list[Token] = []
    done = 0
    for start, negative, one, clitic in candidates:
        if start < done:
            continue
        end = -negative
        first, last = (start, end) if straight else folded.span(start, end)
        if not _fits(original, first, last, one, known.language):
            continue
        found.append(Token(first, last, one, clitic))
        done = end
    return _with_places(found, places)


def _order(candidate: tuple[int, int, Entry, str]) -> tuple[int, int]:
    return candidate[0], candidate[1]


def _fits(original: str, start: int, end: int, one: Entry, language: str) -> bool:
    """Names and acronyms begin with a capital where the script has them."""
    first = original[start]
    if first >= "\u0600" or not first.isalpha():
        return True
    if one.acronym and not one.words and not one.persons:
        letters = original[start:end]
        return letters.isupper() or sum(c.isupper() for c in letters) * 2 > len(letters) or (first.isupper() and len(letters) > 4)
    if (one.persons or one.surnames) and not one.words and not one.bodies:
        return first.isupper() or not one.surnames and original[start:end].find(" ") > 0 and first.islower() and _particle(original, start, end)
    return True


def _particle(original: str, start: int, end: int) -> bool:
    """A name that begins with a particle: "al-Sissi", "de Bousquet"."""
    return any(c.isupper() for c in original[start:end])


def _with_places(found: list[Token], places: Iterable[PlaceMention]) -> list[Token]:
    starts = [token.start for token in found]
    extra = []
    for place in places:
        at = bisect_right(starts, place.start) - 1
        inside = at >= 0 and found[at].end > place.start
        overlaps = at + 1 < len(found) and found[at + 1].start < place.end
        if inside and found[at].start == place.start and not _strong(found[at]) and found[at].end <= place.end:
            found[at].place = place
        elif not inside and not overlaps:
            extra.append(Token(place.start, place.end, _NOTHING, place=place))
    if extra:
        found = sorted([*found, *extra], key=lambda token: token.start)
    return found


def _strong(token: Token) -> bool:
    return bool(token.entry.persons or token.entry.bodies)
