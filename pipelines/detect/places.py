"""Cities, countries, regions and demonyms in a text, and whether the words make them a place where something happened."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pipelines.detect.fold import Folded, fold, fold_key

PlaceKind = Literal["city", "country", "demonym", "region"]
Preposition = Literal["in", "from", "to"]

_FILE = Path(__file__).parent / "data" / "register" / "places.toml"
_LANGUAGES = ("fr", "ar", "es", "en")


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A place named in a text. `prep` is "in" where the words make it a venue."""

    start: int
    end: int
    city_id: str | None
    city: str | None  # usual French form
    country: str | None  # ISO 3166 alpha-2
    kind: PlaceKind
    prep: Preposition | None = None
    dateline: bool = False
    byline: bool = False


@dataclass(frozen=True, slots=True)
class _Name:
    words: tuple[str, ...]
    kind: PlaceKind
    city_id: str | None
    city: str | None
    country: str | None
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class Places:
    """The register of places: names by their first word, longest first."""

    names: Mapping[str, tuple[_Name, ...]]
    cities: Mapping[str, tuple[str, str]]  # id -> (usual French form, country)
    countries: Mapping[str, str]  # ISO code -> usual French form
    capitals: Mapping[str, str]  # ISO code -> city id


_WORD = re.compile(r"[^\W\d_]+")
_IN = {
    "fr": frozenset(("a", "au", "aux", "en")),
    "es": frozenset(("en",)),
    "en": frozenset(("in", "at")),
    "ar": frozenset(("في", "فى")),
}


@cache
def load_places(path: Path = _FILE) -> Places:
    """The register of places. ValueError names the file and the key that is wrong."""
    data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    names: dict[str, list[_Name]] = {}
    cities, countries, capitals = {}, {}, {}

    def add(spelling: str, kind: PlaceKind, city_id: str | None, city: str | None, country: str | None, ambiguous: bool) -> None:
        words = tuple(_WORD.findall(fold_key(spelling)))
        if words:
            names.setdefault(words[0], []).append(_Name(words, kind, city_id, city, country, ambiguous))

    for entry in data.get("country", ()):
        countries[entry["iso"]] = entry["name"]
        weak = set(entry.get("ambiguous", ()))
        for language in _LANGUAGES:
            for spelling in entry[language]:
                add(spelling, "country", None, None, entry["iso"], spelling in weak)
            for spelling in entry[f"{language}_demonyms"]:
                add(spelling, "demonym", None, None, entry["iso"], spelling in weak)
    for entry in data.get("city", ()):
        cities[entry["id"]] = (entry["name"], entry["country"])
        if entry.get("capital"):
            capitals[entry["country"]] = entry["id"]
        weak = set(entry.get("ambiguous", ()))
        for language in _LANGUAGES:
            for spelling in entry[language]:
                add(spelling, "city", entry["id"], entry["name"], entry["country"], spelling in weak)
    ordered = {word: tuple(sorted(set(some), key=lambda name: -len(name.words))) for word, some in names.items()}
    return Places(ordered, cities, countries, capitals)


def find_places(text: str, language: str, *, folded: Folded | None = None) -> tuple[PlaceMention, ...]:
    """The places named in a text, in order."""
    places = load_places()
    plain = folded or fold(text)
    words = [(match[0], match.start(), match.end()) for match in _WORD.finditer(plain.text)]
    prepositions = _IN.get(language, frozenset())
    found = []
    at = 0
    while at < len(words):
        name, prefix = _name_at(places, words, at, language == "ar")
        if name is None:
            at += 1
            continue
        before = words[at - 1][0] if at else ""
        prep: Preposition | None = "in" if before in prepositions or prefix == "ب" else None
        start, end = plain.span(words[at][1] + len(prefix), words[at + len(name.words) - 1][2])
        if not (name.ambiguous and (prep is None or not (language == "ar" or text[start].isupper()))):
            found.append(PlaceMention(start, end, name.city_id, name.city, name.country, name.kind, prep))
        at += len(name.words)
    return tuple(found)


def _name_at(places: Places, words: list[tuple[str, int, int]], at: int, arabic: bool) -> tuple[_Name | None, str]:
    first = words[at][0]
    for prefix in ("", "و", "ب", "ل", "ف", "ك", "وب", "ول") if arabic else ("",):
        if not first.startswith(prefix):
            continue
        stem = first[len(prefix) :]
        for name in places.names.get(stem, ()):
            size = len(name.words)
            if size == 1 or tuple(word for word, _, _ in words[at + 1 : at + size]) == name.words[1:]:
                return name, prefix
    return None, ""
