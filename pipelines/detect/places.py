"""Cities, countries, regions and demonyms in a text, and whether the words make them a place where something happened.

"à Rabat" is where, "l'accord de Paris" is a name, "Rabat et Paris se félicitent" are two governments, "Rabat - Le ministre ..." is where the
agency sat. All are found; `prep` is set only where a preposition, a proclitic or a verb of travel makes the place one of a journey or a
meeting. The register and the words are data (`data/register/places.toml`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, cast

from pipelines.detect.fold import Folded, fold, fold_key

PlaceKind = Literal["city", "country", "demonym", "region"]
Preposition = Literal["in", "from", "to"]

_FILE = Path(__file__).parent / "data" / "register" / "places.toml"
_LANGUAGES = ("fr", "ar", "es", "en")


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A place named in a text: `text[start:end]`, without preposition or proclitic.

    `city` is the usual French form; buildings and streets that stand for a city ("place Beauvau") and "the Spanish capital" give that
    city. `prep` is "in" where the words make it a venue, "to" a destination, "from" an origin, None where it is only named (a government,
    a part of a name, an embassy's seat). `dateline`: it stands before the first sentence of a line; `byline`: in a line that is no prose.
    """

    start: int
    end: int
    city_id: str | None
    city: str | None
    country: str | None  # ISO 3166 alpha-2
    kind: PlaceKind
    prep: Preposition | None = None
    dateline: bool = False
    byline: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """The register of places, as published: ids, usual French names, ISO codes."""

    cities: Mapping[str, tuple[str, str]]  # id -> (usual French form, country)
    countries: Mapping[str, str]  # ISO code -> usual French form
    capitals: Mapping[str, str]  # ISO code -> city id
    _single: Mapping[str, _Named] = field(repr=False)  # names of one word
    _phrases: Mapping[str, tuple[tuple[tuple[str, ...], _Named], ...]] = field(repr=False)  # by first word, longest first
    _words: Mapping[str, _Words] = field(repr=False)


# --- register ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Named:
    """What a spelling stands for."""

    kind: PlaceKind | Literal["ignored"]
    city_id: str | None = None
    city: str | None = None
    country: str | None = None
    ambiguous: bool = False
    unless: frozenset[str] = frozenset()  # words that, anywhere in the text, say that the other one is meant
    acronym: bool = False  # counts only in capitals
    arabic: bool = False
    venue: bool = False
    state: _Named | None = None  # of a country: the city of its name
    city_state: bool = False
    people: bool = False  # of a country: in small letters, its people ("chine", "china")


@dataclass(frozen=True, slots=True)
class _WordSet:
    whole: frozenset[str]
    stems: tuple[str, ...]

    def __contains__(self, word: str) -> bool:
        return word in self.whole or (bool(self.stems) and word.startswith(self.stems))


_WORD_KEYS = ("in", "from", "to", "of", "articles", "and", "capital", "town", "arrive", "travel", "visit", "envoy", "addressed")


@dataclass(frozen=True, slots=True)
class _Words:
    """One language's words around places."""

    by_key: Mapping[str, _WordSet]

    def __getitem__(self, key: str) -> _WordSet:
        return self.by_key[key]


@cache
def load_places(path: Path = _FILE) -> Places:
    """The register of places. ValueError names the file and the key that is wrong: unknown key, duplicate, empty list, dangling id."""
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: {error}") from error
    return _RegisterReader(path.name, data).read()


_TOP = {"ignored", "words", "country", "city", "venue", "region"}
_COUNTRY = {"iso", "name", "names", "demonyms", "ambiguous", "city", "city_state"}
_CITY = {"id", "country", "name", "names", "capital", "ambiguous", "unless"}
_SIGNS = re.compile(r"[^\W\d_]+'?|\d+|[^\w\s-]")


class _RegisterReader:
    """Checks the register and turns it into tables. All spellings are folded in one go, which takes a fifth of the time."""

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self.name = name
        self.data = data
        self.single: dict[str, _Named] = {}
        self.phrases: dict[str, dict[tuple[str, ...], _Named]] = {}
        self.pending: list[tuple[str, _Named, str]] = []  # spelling, what it stands for, key
        self.demonyms: list[tuple[str, _Named, str]] = []  # basic form, what it stands for, language

    def read(self) -> Places:
        self._keys(self.data, "", _TOP)
        cities, capitals, named = self._cities()
        countries = self._countries(cities, named)
        for number, entry in enumerate(self._entries("venue")):
            key = f"venue[{number}]"
            self._keys(entry, f"{key}.", {"names", "city"})
            city = named.get(entry.get("city", ""))
            if city is None:
                raise self._wrong(f"{key}.city", f"no city {entry.get('city')!r}")
            self._spellings(self._strings(entry.get("names"), f"{key}.names"), replace(city, venue=True, ambiguous=False), [], f"{key}.names")
        for number, entry in enumerate(self._entries("region")):
            key = f"region[{number}]"
            self._keys(entry, f"{key}.", {"name", "country", "names"})
            if entry.get("country") is not None and entry["country"] not in countries:
                raise self._wrong(f"{key}.country", f"no country {entry['country']!r}")
            names = [self._text(entry, "name", key), *self._optional(entry, "names", key)]
            self._spellings(names, _Named("region", country=entry.get("country")), [], f"{key}.names")
        for spelling in self._optional(self.data, "ignored", ""):
            self.pending.append((spelling, _Named("ignored"), "ignored"))
        self._fold_all()
        phrases = {first: tuple(sorted(some.items(), key=lambda item: -len(item[0]))) for first, some in self.phrases.items()}
        return Places(cities, countries, capitals, self.single, phrases, self._words())

    def _cities(self) -> tuple[dict[str, tuple[str, str]], dict[str, str], dict[str, _Named]]:
        cities: dict[str, tuple[str, str]] = {}
        capitals: dict[str, str] = {}
        named: dict[str, _Named] = {}
        for number, entry in enumerate(self._entries("city")):
            key = f"city[{number}]"
            self._keys(entry, f"{key}.", _CITY)
            identity = self._text(entry, "id", key)
            key = f"city {identity!r}"
            if identity in cities:
                raise self._wrong(f"{key}.id", "stands twice")
            name, country = self._text(entry, "name", key), self._text(entry, "country", key)
            cities[identity] = (name, country)
            if entry.get("capital"):
                if country in capitals:
                    raise self._wrong(f"{key}.capital", f"{country} has the capital {capitals[country]!r} already")
                capitals[country] = identity
            unless = frozenset(self._optional(entry, "unless", key))
            named[identity] = _Named("city", identity, name, country, unless=frozenset(fold(" ".join(unless)).text.split()))
        return cities, capitals, named

    def _countries(self, cities: dict[str, tuple[str, str]], named: dict[str, _Named]) -> dict[str, str]:
        countries: dict[str, str] = {}
        bearing: dict[str, set[str]] = {}  # city id -> spellings it shares with its country
        for number, entry in enumerate(self._entries("country")):
            key = f"country[{number}]"
            self._keys(entry, f"{key}.", _COUNTRY)
            iso = self._text(entry, "iso", key)
            key = f"country {iso}"
            if iso in countries:
                raise self._wrong(f"{key}.iso", "stands twice")
            countries[iso] = self._text(entry, "name", key)
            names = [countries[iso], *self._optional(entry, "names", key)]
            city = entry.get("city")
            if city is not None and city not in cities:
                raise self._wrong(f"{key}.city", f"no city {city!r}")
            if city is not None:
                bearing.setdefault(city, set()).update(fold_key(name) for name in names)
            what = _Named("country", country=iso, state=named.get(city or ""), city_state=bool(entry.get("city_state")))
            self._spellings(names, what, self._optional(entry, "ambiguous", key), f"{key}.names")
            demonyms = entry.get("demonyms", {})
            self._keys(demonyms, f"{key}.demonyms.", set(_LANGUAGES))
            for language, spellings in demonyms.items():
                for spelling in self._strings(spellings, f"{key}.demonyms.{language}"):
                    self.demonyms.append((spelling, _Named("demonym", country=iso, arabic=language == "ar"), language))
        for entry in self._entries("city"):
            key = f"city {entry['id']!r}"
            if entry["country"] not in countries:
                raise self._wrong(f"{key}.country", f"no country {entry['country']!r}")
            names = [entry["name"], *self._optional(entry, "names", key)]
            if entry["id"] in bearing:
                names = [name for name in names if fold_key(name) not in bearing[entry["id"]]]
            self._spellings(names, named[entry["id"]], self._optional(entry, "ambiguous", key), f"{key}.names")
        return countries

    def _spellings(self, names: list[str], what: _Named, ambiguous: list[str], key: str) -> None:
        for one in ambiguous:
            if one not in names:
                raise self._wrong(key, f"{one!r} is called ambiguous but is no name")
        variants: dict[tuple[bool, bool, bool], _Named] = {(False, False, False): what}
        for name in names:
            traits = (name.isupper() and len(name) <= 5 and name.isascii(), "\u0600" <= name[0] <= "\u06ff", name in ambiguous)
            if traits not in variants:
                variants[traits] = replace(what, acronym=traits[0], arabic=traits[1], ambiguous=traits[2])
            self.pending.append((name, variants[traits], key))

    def _fold_all(self) -> None:
        spellings = [spelling for spelling, _, _ in self.pending]
        folded = _folded(spellings)
        for plain, (spelling, what, key) in zip(folded, self.pending, strict=True):
            self._put((plain,) if plain.isalpha() else tuple(_SIGNS.findall(plain)), what, spelling, key)
        folded = _folded([spelling for spelling, _, _ in self.demonyms])
        for plain, (_, what, language) in zip(folded, self.demonyms, strict=True):
            for form in _inflected(language, plain):
                if form.isalpha():
                    self._put_demonym(form, what)
                elif len(words := tuple(_SIGNS.findall(form))) > 1:
                    self.phrases.setdefault(words[0], {}).setdefault(words[1:], what)
                elif words:
                    self._put_demonym(words[0], what)

    def _put(self, words: tuple[str, ...], what: _Named, spelling: str, key: str) -> None:
        if not words:
            raise self._wrong(key, f"{spelling!r} has no letters")
        table: dict[Any, _Named] = self.single if len(words) == 1 else self.phrases.setdefault(words[0], {})
        place: Any = words[0] if len(words) == 1 else words[1:]
        other = table.get(place)
        if other is not None and (other.kind, other.city_id, other.country) != (what.kind, what.city_id, what.country):
            raise self._wrong(key, f"{spelling!r} names {other.city_id or other.country or other.kind} too")
        if other is None or other.acronym:
            table[place] = what

    def _put_demonym(self, word: str, what: _Named) -> None:
        other = self.single.get(word)
        if other is None:
            self.single[word] = what
        elif other.kind == "country" and other.country == what.country and not what.arabic:
            self.single[word] = replace(other, people=True)

    def _words(self) -> dict[str, _Words]:
        tables = self.data.get("words", {})
        self._keys(tables, "words.", set(_LANGUAGES))
        found = {}
        for language in _LANGUAGES:
            table = tables.get(language, {})
            self._keys(table, f"words.{language}.", set(_WORD_KEYS))
            sets = {}
            for key in _WORD_KEYS:
                entries = table.get(key)
                if not isinstance(entries, list):
                    raise self._wrong(f"words.{language}.{key}", "must be a list of words")
                folded = _folded(entries)
                sets[key] = _WordSet(
                    frozenset(one for one in folded if not one.endswith("*")), tuple(one[:-1] for one in folded if one.endswith("*"))
                )
            found[language] = _Words(sets)
        return found

    def _entries(self, key: str) -> list[dict[str, Any]]:
        entries = self.data.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self._wrong(key, "must be a list of tables")
        return entries

    def _keys(self, table: Any, prefix: str, known: set[str]) -> None:
        if not isinstance(table, dict):
            raise self._wrong(prefix.rstrip("."), "must be a table")
        for key in table:
            if key not in known:
                raise self._wrong(prefix + key, "unknown key")

    def _text(self, entry: dict[str, Any], key: str, where: str) -> str:
        value = entry.get(key)
        if not isinstance(value, str) or not value:
            raise self._wrong(f"{where}.{key}", "must be a text")
        return value

    def _optional(self, entry: dict[str, Any], key: str, where: str) -> list[str]:
        return self._strings(entry[key], f"{where}.{key}" if where else key) if key in entry else []

    def _strings(self, value: Any, key: str) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self._wrong(key, "must be a list of names")
        if not value:
            raise self._wrong(key, "empty list")
        return value

    def _wrong(self, key: str, reason: str) -> ValueError:
        return ValueError(f"{self.name}: {key}: {reason}")


def _folded(spellings: Sequence[str]) -> list[str]:
    """The plain forms, made in one go."""
    # A blank line between, because folding joins what a hyphen and a line's end have parted
    return fold("\n\n".join(spellings)).text.split("\n\n") if spellings else []


def _inflected(language: str, form: str) -> list[str]:
    """The forms of a demonym (folded): gender, number, and in Arabic the article. A final hyphen (`franco-`) allows none."""
    if form.endswith("-"):
        return [form]
    if language == "ar":
        words = [form] if form.startswith("ال") else [form, "ال" + form]
        if form.endswith("ي") and " " not in form:
            stems = [form, "ال" + form]
            words += [stem + ending for stem in stems for ending in ("ه", "ين", "ون", "ات", "تين")] + [form + "ا"]
        return words
    if language == "en":
        return [form, form + "s"]
    if language == "fr":
        if form.endswith("e"):
            return [form, form + "s"]
        feminine = form + "ne" if form.endswith(("ien", "een", "on")) else form[:-1] + "que" if form.endswith("rc") else form + "e"
        if form == "grec":
            feminine = "grecque"
        return [form, form if form.endswith("s") else form + "s", feminine, feminine + "s"]
    if form.endswith("o"):
        return [form, form[:-1] + "a", form + "s", form[:-1] + "as"]
    if form.endswith(("es", "an", "l", "on", "in")):
        return [form, form + "a", form + "es", form + "as"]
    return [form, form + "s", form + "es"]


# --- finding -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Hit:
    """A name at tokens `first` up to `last`; `prefix` are the Arabic proclitics before it."""

    first: int
    last: int
    named: _Named
    prefix: str = ""


_PROCLITICS = "وفبلك"
_CONTEXT = 7  # how many words back an embassy or a verb of travel is looked for


def find_places(text: str, language: str, *, folded: Folded | None = None) -> tuple[PlaceMention, ...]:
    """The places named in a text, in order. `language` says which prepositions count; `folded` spares folding the text again."""
    plain = folded or fold(text)
    places = load_places()
    return _Finder(plain, places, language if language in _LANGUAGES else "fr").find()


@lru_cache(maxsize=16384)
def _stem(token: str) -> tuple[str, str] | None:
    """(proclitics, name's first word) of an Arabic word that begins a name of the register once they are off."""
    places = load_places()
    for prefix, stem in _without_proclitics(token):
        if len(stem) > 2 and (stem in places._single or stem in places._phrases):
            return prefix, stem
    return None


def _without_proclitics(token: str) -> Iterator[tuple[str, str]]:
    yield token[0], token[1:]
    if token.startswith("لل"):
        yield "ل", "ا" + token[1:]
    if token[0] in "وف" and len(token) > 2 and token[1] in "بلك":
        yield token[:2], token[2:]
        if token.startswith("لل", 1):
            yield token[:2], "ا" + token[2:]


class _Finder:
    """Reads one text."""

    def __init__(self, plain: Folded, places: Places, language: str) -> None:
        self.plain = plain
        self.places = places
        self.language = language
        self.words = places._words[language]
        self.texts, self.starts = plain.tokens()
        head = plain.original[:400]
        # A text without capitals (a chat, a tag line) does not tell names by them
        self.capitals = head != head.lower() or not head.isascii()

    def find(self) -> tuple[PlaceMention, ...]:
        hits = list(self._hits())
        mentions: list[PlaceMention] = []
        at_tokens: list[_Hit] = []
        for number, hit in enumerate(hits):
            mention = self._mention(hits, number)
            if mention is not None:
                mentions.append(mention)
                at_tokens.append(hit)
        return tuple(self._with_shared(mentions, at_tokens))

    def _with_shared(self, mentions: list[PlaceMention], hits: list[_Hit]) -> list[PlaceMention]:
        """"à Ceuta, Madrid et Ibiza": the preposition of the first holds for all that "and" joins to it."""
        number = 0
        while number < len(mentions):
            last = number
            joined = False
            while last + 1 < len(mentions) and (joint := self._joint(hits[last], hits[last + 1])):
                last += 1
                joined = joint == "and"
                if joined:
                    break
            if joined and mentions[number].prep and mentions[number].kind != "demonym":
                for other in range(number + 1, last + 1):
                    if mentions[other].prep is None and mentions[other].kind == mentions[number].kind:
                        mentions[other] = replace(mentions[other], prep=mentions[number].prep)
            number = max(number + 1, last)
        return mentions

    def _joint(self, one: _Hit, two: _Hit) -> str:
        """"and" or "," if that is all that stands between two names."""
        between = self.texts[one.last : two.first]
        if not between:
            return "and" if two.prefix == "و" else ""
        if len(between) == 1 and not two.prefix:
            return "and" if between[0] in self.words["and"] else "," if between[0] == "," else ""
        return ""

    def _hits(self) -> Iterator[_Hit]:
        texts = self.texts
        single, phrases = self.places._single, self.places._phrases
        arabic = self.language == "ar"
        done = 0
        for at, token in enumerate(texts):
            prefix = ""
            if token not in single and token not in phrases:
                if not arabic or token[0] not in _PROCLITICS or (stem := _stem(token)) is None:
                    continue
                prefix, token = stem
            if at < done:
                continue
            hit = self._hit(at, token, prefix)
            if hit is not None:
                yield hit
                done = hit.last

    def _hit(self, at: int, token: str, prefix: str) -> _Hit | None:
        for rest, named in self.places._phrases.get(token, ()):
            last = self._follows(at + 1, rest)
            if last:
                return _Hit(at, last, named, prefix) if self._is_written(at, last, named, prefix) else None
        named_one = self.places._single.get(token)
        if named_one is None:
            return None
        if not self._is_written(at, at + 1, named_one, prefix):
            if not named_one.people:
                return None
            named_one = _Named("demonym", country=named_one.country)
        return _Hit(at, at + 1, named_one, prefix)

    def _follows(self, at: int, rest: tuple[str, ...]) -> int:
        """The place after the words if they stand here, hyphens aside; else 0."""
        texts = self.texts
        for word in rest:
            if at < len(texts) and texts[at] == "-":
                at += 1
            if at >= len(texts) or texts[at] != word:
                return 0
            at += 1
        return at

    def _is_written(self, first: int, last: int, named: _Named, prefix: str) -> bool:
        """With the capitals that a name in Latin script has."""
        if named.arabic or named.kind == "ignored" or not self.capitals:
            return True
        start = self.plain.start(self.starts[first] + len(prefix))
        original = self.plain.original
        if named.acronym:
            end = self.plain.end(self.starts[last - 1] + len(self.texts[last - 1]))
            return original[start:end].isupper()
        if named.kind == "demonym":
            return self.language != "en" or original[start : start + 1].isupper()
        if named.venue and last - first > 1:
            return any(letter.isupper() for letter in original[start : start + 60].split("\n")[0])
        return not original[start : start + 1].islower()

    # Meaning

    def _mention(self, hits: Sequence[_Hit], number: int) -> PlaceMention | None:
        hit = hits[number]
        named = hit.named
        if named.kind == "ignored":
            return None
        if named.kind in ("demonym", "country") and (capital := self._capital(hits, number)) is not None:
            return capital
        if named.kind == "demonym":
            return self._made(hit, named, None)
        prep, before = self._preposition(hit)
        if named.state is not None and self._is_its_city(hit, before, prep):
            named = named.state
        dateline, byline = self._line(hit)
        if named.ambiguous and ((prep is None and not dateline) or not named.unless.isdisjoint(self.texts)):
            return None
        return replace(self._made(hit, named, prep), dateline=dateline, byline=byline)

    def _made(self, hit: _Hit, named: _Named, prep: Preposition | None) -> PlaceMention:
        start, end = self._span(hit)
        kind = cast(PlaceKind, named.kind)
        return PlaceMention(start, end, named.city_id, named.city, named.country, kind, prep)

    def _span(self, hit: _Hit) -> tuple[int, int]:
        skip = 1 if hit.prefix in ("ل", "ول", "فل") and self.texts[hit.first][len(hit.prefix)] == "ل" else 0
        start = self.starts[hit.first] + len(hit.prefix) - (skip and len(hit.prefix) and 0)
        return self.plain.span(start, self.starts[hit.last - 1] + len(self.texts[hit.last - 1]))

    def _is_its_city(self, hit: _Hit, before: int, prep: Preposition | None) -> bool:
        """"à Mexico" is the city, "au Mexique" the country; a city state is always its city to whoever goes there."""
        if self._line(hit)[0]:
            return True
        if hit.named.city_state:
            return prep in ("in", "to")
        return self.language == "fr" and before >= 0 and self.texts[before] == "a" and before == hit.first - 1

    def _capital(self, hits: Sequence[_Hit], number: int) -> PlaceMention | None:
        """"dans la capitale espagnole", "the Moroccan capital", "بالعاصمة السنغالية" without the city's name beside it."""
        hit = hits[number]
        city = self.places.capitals.get(hit.named.country or "")
        if city is None:
            return None
        texts, words = self.texts, self.words
        at = hit.first - 1
        if hit.named.kind == "country":
            while at >= 0 and (texts[at] in words["of"] or texts[at] in words["articles"]):
                at -= 1
        prefix = ""
        if at >= 0 and self._is_capital_word(texts[at]):
            first = at
            prefix = self._prefix_of(texts[at], "capital")
        elif self.language == "en" and hit.last < len(texts) and texts[hit.last] in words["capital"]:
            first = hit.first
        else:
            return None
        last = max(hit.last, at + 1) + (first == hit.first)
        following = hits[number + 1] if number + 1 < len(hits) else None
        if following is not None and following.named.kind == "city" and following.first - last <= 1 and following.named.country == hit.named.country:
            return None
        whole = _Hit(first, last, replace(hit.named, kind="city", city_id=city, city=self.places.cities[city][0]), prefix)
        prep, _ = self._preposition(whole)
        return self._made(whole, whole.named, prep)

    def _is_capital_word(self, token: str) -> bool:
        return token in self.words["capital"] or bool(self._prefix_of(token, "capital"))

    def _prefix_of(self, token: str, key: str) -> str:
        """The Arabic proclitics before a word of that key; "" if there are none or it is another word."""
        if self.language != "ar" or token[0] not in _PROCLITICS or len(token) < 4:
            return ""
        return next((prefix for prefix, stem in _without_proclitics(token) if stem in self.words[key]), "")

    def _preposition(self, hit: _Hit) -> tuple[Preposition | None, int]:
        """What the words before a name make of it, and at which token they stand (-1 if nowhere)."""
        if hit.prefix:
            letter = hit.prefix[-1]
            if letter == "ب":
                return (None if self._is_attribute(hit.first) else "in"), hit.first
            if letter == "ل":
                return ("to" if self._near(hit.first, "travel") else None), hit.first
            if letter == "ك":
                return None, -1
        at = self._before_town(hit.first - 1)
        if at < 0:
            return None, -1
        token = self.texts[at]
        prefix = self._prefix_of(token, "town") or self._prefix_of(token, "capital") if self.language == "ar" else ""
        if prefix and prefix[-1] == "ب":
            return (None if self._is_attribute(at) else "in"), at
        skipped = at
        while skipped > 0 and self.texts[skipped] in self.words["articles"] and skipped > at - 2:
            skipped -= 1
        return self._of_word(hit, skipped if self._allows_article(hit, skipped) else at)

    def _of_word(self, hit: _Hit, at: int) -> tuple[Preposition | None, int]:
        words = self.words
        token = self.texts[at]
        if self.language == "ar" and token not in words["in"] and token[0] in "وف" and token[1:] in words["in"]:
            token = token[1:]
        if token in words["in"] and not self._is_before(at, "addressed"):
            return (None if self._is_attribute(at) else "in"), at
        if token in words["from"]:
            return "from", at
        if token in words["to"] or (self.language == "es" and token in ("a", "al")):
            certain = self.language in ("fr",) or token in ("hacia", "صوب", "نحو", "towards", "toward")
            return ("to" if certain or self._near(at, "travel") else None), at
        if token in words["of"] and self._is_before(at, "arrive"):
            return "from", at
        if token in words["visit"]:
            return "to", at
        if hit.named.venue and at == hit.first - 1 and token not in words["articles"] and token not in words["of"] and self._is_street(hit):
            return "in", at
        return None, -1

    def _allows_article(self, hit: _Hit, at: int) -> bool:
        """"en los Países Bajos", "in the Netherlands", "à l'Élysée"; but "à la France" asks France."""
        if self.language != "fr" or hit.named.venue:
            return True
        return self.texts[at] not in ("a",) or hit.named.kind == "city"

    def _is_street(self, hit: _Hit) -> bool:
        return self.texts[hit.first] in ("place", "boulevard", "quai", "avenue", "rue", "hotel", "caserne", "plaza", "calle")

    def _before_town(self, at: int) -> int:
        """The token before "la ville de", "la capitale espagnole," and the like; `at` itself if there is none."""
        texts, words = self.texts, self.words
        back = at
        for _ in range(5):
            if back < 0:
                return at
            token = texts[back]
            if token in words["town"] or token in words["capital"]:
                return back - 1 if self.language == "ar" else self._without_articles(back - 1)
            if self._prefix_of(token, "town") or self._prefix_of(token, "capital"):
                return back
            people = self.places._single.get(token)
            if token in words["of"] or token in words["articles"] or token == "," or (people is not None and people.kind in ("demonym", "country")):
                back -= 1
                continue
            if self.language == "en" and token == "s":
                back -= 1
                continue
            return at
        return at

    def _without_articles(self, at: int) -> int:
        """The token before articles and "Morocco's", "the Moroccan"."""
        texts, words = self.texts, self.words
        for _ in range(4):
            if at < 0:
                return -1
            people = self.places._single.get(texts[at].rstrip("'"))
            if texts[at] in words["articles"] or (self.language == "en" and (texts[at] == "s" or people is not None)):
                at -= 1
            else:
                break
        return at

    def _is_before(self, at: int, key: str) -> bool:
        return at > 0 and self.texts[at - 1] in self.words[key]

    def _near(self, at: int, key: str) -> bool:
        """One of the words stands shortly before."""
        words = self.words[key]
        for back in range(at - 1, max(-1, at - 6), -1):
            token = self.texts[back]
            if token in words or (token[0] in "وف" and token[1:] in words):
                return True
            if token in ".\n":
                return False
        return False

    def _is_attribute(self, at: int) -> bool:
        """"l'ambassadeur de France à Rabat" says where the embassy is, not where anything happened."""
        texts, words = self.texts, self.words
        envoy = words["envoy"]
        back = at - 1
        for _ in range(_CONTEXT):
            if back < 0:
                return False
            token = texts[back]
            if token in envoy or (self._arabic_rest(token) in envoy):
                return True
            known = token in words["of"] or token in words["articles"] or token in "-'" or token == "s"
            if not known and self.places._single.get(token) is None and token not in self.places._phrases and token not in _ATTRIBUTE_WORDS and _stem_of(token, self.language) is None:
                return False
            back -= 1
        return False

    def _arabic_rest(self, token: str) -> str:
        return token[1:] if self.language == "ar" and token[0] in _PROCLITICS else ""

    # Lines

    def _line(self, hit: _Hit) -> tuple[bool, bool]:
        """(in a dateline, in a byline)."""
        text = self.plain.text
        start = self.starts[hit.first]
        end = self.starts[hit.last - 1] + len(self.texts[hit.last - 1])
        before = text.rfind("\n", max(0, start - 60), start) + 1
        if before == 0 and start > 60:
            return False, False
        head = text[before:start].strip(" -\"'(«")
        if len(head) > 30 or head.count(" ") > 3:
            return False, False
        after = text[end : end + 80].split("\n")[0]
        if not head and _DATELINE.match(after):
            return True, False
        following = text[end : end + 80]
        if "\n" not in following and len(text) > end + 80:
            return False, False
        alone = len(head.split()) + len(after.split()) <= 6 and (before > 0 or "\n" in following)
        if alone and not after.rstrip().endswith((".", "!", "?")) and _PARTED.search(text[before : end + len(after)]):
            return not head, True
        return False, False


_ATTRIBUTE_WORDS = frozenset(("general", "generale", "royal", "royale", "etats", "unis", "pays", "bas", "royaume", "لدي", "العام", "المملكه", "a", "au", "en", "auprès"))
_DATELINE = re.compile(r"(?:\s?,[^\n\-]{1,40})?(?:\s?\([^()\n]{1,30}\))?\s?(?:\.-|--?(?:\s|$)|(?<=\))-)|\s(?:في )?\d{1,2} [^\n/]{3,14} ?/|\s?\([^()\n]{2,30}\)\s?-")
_PARTED = re.compile(r"\s-|-\s|\(|:|/| من |,\s?\d")


def _stem_of(token: str, language: str) -> tuple[str, str] | None:
    return _stem(token) if language == "ar" and token[0] in _PROCLITICS and len(token) > 1 else None
