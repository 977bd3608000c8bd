"""Words of the register and the role files in a text: one Aho-Corasick scan, word boundaries, Arabic clitics, longest wins.

This file alone imports ahocorasick_rs.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind

from pipelines.detect.fold import Folded, fold_key
from pipelines.detect.places import PlaceMention
from pipelines.detect.resources import Register, Words

# One space, whatever stood there: a word broken over lines or joined by a hyphen is the same word.
_SPACES = str.maketrans({"-": " ", "\n": " ", "\t": " "})
# What may stand between the start of an Arabic word and a name or title in it: and, so, by, for, like, the
_CLITICS = frozenset(("و", "ف", "ب", "ل", "ك", "ال", "وال", "بال", "فال", "كال", "وب", "ول", "وبال", "فب", "فل", "وك"))
_FIRST_ARABIC = "\u0600"


@dataclass(slots=True)
class Entry:
    """All that one folded key can stand for."""

    key: str
    persons: tuple[str, ...] = ()  # ids whose full name this is
    surnames: tuple[str, ...] = ()  # ids whose surname this is
    bodies: tuple[str, ...] = ()  # ids, the preferred one first
    acronym: bool = False  # bodies are named by an acronym: capitals needed
    weak: bool = False  # an acronym that is also a word, or very short: only beside an office
    inner: bool = False  # a direction's name without "Direction générale de": only beside an office, too
    words: dict[str, Words] = field(default_factory=dict)  # use -> group of the role file


@dataclass(slots=True)
class Token:
    """An entry or a place found in a text. Offsets are into the original text."""

    start: int
    end: int
    entry: Entry
    clitic: str = ""  # letters before it in the same word: Arabic ones, or "ex"
    place: PlaceMention | None = None
    taken: bool = False  # part of a phrase already read

    def has(self, use: str) -> bool:
        """The word can be used so."""
        return use in self.entry.words

    @property
    def outer(self) -> int:
        """Where its word begins, clitics included."""
        return self.start - len(self.clitic)


@dataclass(slots=True)
class Lexicon:
    """All entries of one language, ready to be looked for."""

    language: str
    entries: list[Entry]
    automaton: AhoCorasick
    linkers: frozenset[str]
    stops: frozenset[str]  # Arabic words that end a name
    no_name: frozenset[str]  # words in Latin script that neither begin nor end one
    given: frozenset[str]  # folded first names
    name_words: frozenset[str]  # folded words of the register's names


_NOTHING = Entry("")
# "directeur général de la sécurité extérieure": beside an office the direction's name stands without "Direction générale de la"
_DIRECTION = re.compile(
    "^(?:direction (?:generale )?(?:de la |de l'|des |du |d'|de )|direccion general (?:de la |de los |de |del )"
    "|(?:general directorate|directorate general) (?:of the |for the |of |for )|المديريه العامه لل|المديريه العامه ل)"
)


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

    roles = register.roles.get(language) or register.roles["fr"]
    given_by_hand = {fold_key(word) for word in roles.of("given")}
    given = set(given_by_hand)
    name_words = set(given)
    for person in register.persons.values():
        names = person.aliases_ar if language == "ar" else (person.name, *person.aliases, *person.aliases_ar)
        for name in names:
            one = entry(name)
            if person.id not in one.persons:
                one.persons += (person.id,)
            words = one.key.split(" ")
            name_words.update(words)
            if len(words) > 1:
                given.add(words[0])
        for name in person.surnames:
            one = entry(name)
            if person.id not in one.surnames:
                one.surnames += (person.id,)
    _add_bodies(register, language, entry)
    for group in roles.groups:
        if group.use not in ("stop", "linker", "given"):
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
    stops = frozenset(fold_key(word) for word in roles.of("stop")) | {key for key, one in entries.items() if one.words}
    return Lexicon(
        language,
        found,
        AhoCorasick(patterns, matchkind=MatchKind.Standard),
        frozenset(fold_key(word) for word in roles.of("linker")) | {""},
        stops,
        frozenset(fold_key(word) for one in register.roles.values() if one.language != "ar" for word in one.of("stop")),
        frozenset(given) - stops,
        frozenset(name_words) - (stops - given_by_hand),
    )


def _add_bodies(register: Register, language: str, entry: Callable[[str], Entry]) -> None:
    acronyms: dict[str, list[str]] = {}
    inside: list[tuple[str, str]] = []
    for body in register.bodies.values():
        for one in ("ar",) if language == "ar" else ("fr", "es", "en"):
            for name in body.names.get(one, ()):
                found = entry(name)
                if body.id not in found.bodies:
                    found.bodies += (body.id,)
                inner = _DIRECTION.sub("", found.key)
                if inner != found.key and " " in inner:
                    inside.append((inner if one != "ar" or not found.key.startswith("المديريه العامه لل") else "ال" + inner, body.id))
        for acronym in body.acronyms:
            acronyms.setdefault(acronym, []).append(body.id)
    for name, id_ in inside:
        found = entry(name)
        if not found.bodies:
            found.bodies, found.inner = (id_,), True
    for acronym, ids in acronyms.items():
        found = entry(acronym)
        found.acronym = found.acronym or not found.bodies
        found.bodies = tuple(dict.fromkeys((*register.acronyms.get(acronym, ()), *found.bodies, *ids)))
        found.weak = len(acronym) < 3 or acronym in register.weak_acronyms


def tokens(known: Lexicon, folded: Folded, places: Iterable[PlaceMention]) -> list[Token]:
    """Everything found, in order and without overlaps: the leftmost, of those the longest; names of places fill the rest."""
    text = folded.text.translate(_SPACES)
    candidates: list[tuple[int, int, int, str]] = []
    length = len(text)
    for number, start, end in known.automaton.find_matches_as_indexes(text, overlapping=True):
        if end < length and text[end].isalnum():
            continue
        clitic = ""
        if start and text[start - 1].isalnum():
            if text[start] < _FIRST_ARABIC:
                # "exdirector" is a director; any other letters make another word
                if text[start - 2 : start] == "ex" and not (start > 2 and text[start - 3].isalnum()):
                    candidates.append((start, -end, number, "ex"))
                continue
            first = start - 1
            while first and start - first < 5 and text[first - 1].isalnum():
                first -= 1
            clitic = text[first:start]
            if clitic not in _CLITICS:
                continue
        candidates.append((start, -end, number, clitic))
    candidates.sort()
    found: list[Token] = []
    done = 0
    for start, negative, number, clitic in candidates:
        if start < done:
            continue
        first, last = folded.span(start, -negative)
        entry = known.entries[number]
        if _has_capitals(folded.original, first, last, entry):
            found.append(Token(first, last, entry, clitic))
            done = -negative
    return _with_places(found, places)


def _has_capitals(original: str, start: int, end: int, entry: Entry) -> bool:
    """Names and acronyms have the capitals that their script asks for."""
    first = original[start]
    if entry.words or first >= _FIRST_ARABIC or not first.isalpha():
        return True
    if entry.persons or entry.surnames:
        # "al-Sissi", "de Bousquet" begin without
        return first.isupper() or (bool(entry.persons) and any(c.isupper() for c in original[start:end]))
    if entry.acronym:
        letters = original[start:end]
        capitals = sum(c.isupper() for c in letters)
        return capitals * 2 > len(letters) or (first.isupper() and len(letters) > 4)
    return True


def _with_places(found: list[Token], places: Iterable[PlaceMention]) -> list[Token]:
    """The tokens with the places between them. A word that is both stays one token with both meanings."""
    starts = [token.start for token in found]
    extra = []
    for place in places:
        at = bisect_right(starts, place.start) - 1
        before = found[at] if at >= 0 else None
        if before is not None and before.end > place.start:
            if before.start == place.start and before.end <= place.end and not (before.entry.persons or before.entry.bodies):
                before.place = place
                before.end = place.end
        elif not (at + 1 < len(found) and found[at + 1].start < place.end):
            extra.append(Token(place.start, place.end, _NOTHING, place=place))
    return sorted([*found, *extra], key=lambda token: token.start) if extra else found
