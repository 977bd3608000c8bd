"""Cities, countries, regions and demonyms in a text, and whether the words make them a place where something happened.

"à Rabat" is where, "l'accord de Paris" is a name, "Rabat et Paris se félicitent" are two governments, "Rabat - Le ministre ..." is where
the agency sat. All are found; `prep` is set only where a preposition, a proclitic or a verb of travel makes the place one of a journey
or a meeting. The register and the words are data (`data/register/places.toml`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

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
    _phrases: Mapping[str, Mapping[str, tuple[_Phrase, ...]]] = field(repr=False)  # by first and second word, longest first
    _words: Mapping[str, _Words] = field(repr=False)


# --- register ----------------------------------------------------------------------------------------------------------------


class _Named(NamedTuple):
    """What a spelling stands for (a tuple: thousands are made at the start)."""

    kind: PlaceKind | Literal["ignored"]
    city_id: str | None = None
    city: str | None = None
    country: str | None = None
    ambiguous: bool = False
    unless: frozenset[str] = frozenset()  # words that, anywhere in the text, say that the other one is meant
    acronym: bool = False  # counts only in capitals
    venue: bool = False
    state: _Named | None = None  # of a country: the city of its name
    state_languages: tuple[str, ...] = ()  # in which the bare name after a preposition of place means that city
    people: bool = False  # of a country: in small letters, its people ("chine", "china")


@dataclass(frozen=True, slots=True)
class _WordSet:
    whole: frozenset[str]
    stems: tuple[str, ...]

    def __contains__(self, word: str) -> bool:
        return word in self.whole or (bool(self.stems) and word.startswith(self.stems))


_WORD_KEYS = (
    "in", "from", "to", "of", "articles", "and", "capital", "town", "arrive", "travel", "visit", "envoy", "beside",
    "office", "moving", "addressed", "host", "be", "stage", "site", "colloquial",
)  # fmt: skip


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
_COUNTRY = {"iso", "name", "names", "demonyms", "ambiguous", "city", "city_languages"}
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
            names = self._strings(entry.get("names"), f"{key}.names")
            self._spellings(names, city._replace(venue=True, ambiguous=False), [], f"{key}.names")
        for number, entry in enumerate(self._entries("region")):
            key = f"region[{number}]"
            self._keys(entry, f"{key}.", {"name", "country", "names", "demonyms"})
            if entry.get("country") is not None and entry["country"] not in countries:
                raise self._wrong(f"{key}.country", f"no country {entry['country']!r}")
            names = [self._text(entry, "name", key), *self._optional(entry, "names", key)]
            self._spellings(names, _Named("region", country=entry.get("country")), [], f"{key}.names")
            if entry.get("country") is not None:
                self._people(entry, entry["country"], key)
        for spelling in self._optional(self.data, "ignored", ""):
            self.pending.append((spelling, _Named("ignored"), "ignored"))
        self._fold_all()
        return Places(cities, countries, capitals, self.single, self._by_two_words(), self._words())

    def _by_two_words(self) -> dict[str, dict[str, tuple[_Phrase, ...]]]:
        found: dict[str, dict[str, tuple[_Phrase, ...]]] = {}
        for first, some in self.phrases.items():
            seconds = found.setdefault(first, {})
            for rest, named in sorted(some.items(), key=lambda item: -len(item[0])):
                seconds[rest[0]] = (*seconds.get(rest[0], ()), (rest, named))
        return found

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
            spoken = tuple(self._optional(entry, "city_languages", key))
            if not set(spoken) <= set(_LANGUAGES):
                raise self._wrong(f"{key}.city_languages", f"no language {sorted(set(spoken) - set(_LANGUAGES))[0]!r}")
            what = _Named("country", country=iso, state=named.get(city or ""), state_languages=spoken)
            self._spellings(names, what, self._optional(entry, "ambiguous", key), f"{key}.names")
            self._people(entry, iso, key)
        for entry in self._entries("city"):
            key = f"city {entry['id']!r}"
            if entry["country"] not in countries:
                raise self._wrong(f"{key}.country", f"no country {entry['country']!r}")
            names = [entry["name"], *self._optional(entry, "names", key)]
            if entry["id"] in bearing:
                names = [name for name in names if fold_key(name) not in bearing[entry["id"]]]
            self._spellings(names, named[entry["id"]], self._optional(entry, "ambiguous", key), f"{key}.names")
        return countries

    def _people(self, entry: dict[str, Any], iso: str, key: str) -> None:
        """The words for the people of a country or region, each with its language."""
        demonyms = entry.get("demonyms", {})
        self._keys(demonyms, f"{key}.demonyms.", set(_LANGUAGES))
        for language, spellings in demonyms.items():
            for spelling in self._strings(spellings, f"{key}.demonyms.{language}"):
                self.demonyms.append((spelling, _Named("demonym", country=iso), language))

    def _spellings(self, names: list[str], what: _Named, ambiguous: list[str], key: str) -> None:
        for one in ambiguous:
            if one not in names:
                raise self._wrong(key, f"{one!r} is called ambiguous but is no name")
        for name in names:
            acronym = len(name) <= 5 and name.isupper() and name.isascii()
            variant = what._replace(acronym=acronym, ambiguous=name in ambiguous) if acronym or name in ambiguous else what
            self.pending.append((name, variant, key))

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
        elif other.kind == "country" and other.country == what.country and not _is_arabic(word):
            self.single[word] = other._replace(people=True)

    def _words(self) -> dict[str, _Words]:
        tables = self.data.get("words", {})
        self._keys(tables, "words.", set(_LANGUAGES))
        found = {}
        for language in _LANGUAGES:
            table = tables.get(language, {})
            self._keys(table, f"words.{language}.", set(_WORD_KEYS))
            sets = {}
            for key in _WORD_KEYS:
                entries = table.get(key, [] if key == "colloquial" else None)
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


def _is_arabic(word: str) -> bool:
    return "\u0600" <= word[0] <= "\u06ff"


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


_Phrase = tuple[tuple[str, ...], _Named]  # the words after the first


# --- finding -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Hit:
    """A name at tokens `first` up to `last`; `prefix` are the Arabic proclitics before it."""

    first: int
    last: int
    named: _Named
    prefix: str = ""


_PROCLITICS = "وفبلك"
_CONTEXT = 7  # how many words back an embassy or an office is looked for
_REACH = 9  # ... and a verb of travel


def find_places(text: str, language: str, *, folded: Folded | None = None) -> tuple[PlaceMention, ...]:
    """The places named in a text, in order. `language` says which prepositions count; `folded` spares folding the text again."""
    plain = folded or fold(text)
    places = load_places()
    return _Finder(plain, places, language if language in _LANGUAGES else "fr").find()


@lru_cache(maxsize=16384)
def _stem(word: str) -> tuple[str, str] | None:
    """(proclitics, name's first word) of an Arabic word that begins a name of the register once they are off."""
    places = load_places()
    for prefix, stem in _without_proclitics(word):
        # "كلاوس" is a name; "like Laos" nobody writes
        if len(stem) > 2 and prefix[-1] != "ك" and (stem in places._single or stem in places._phrases):
            return prefix, stem
    return None


def _without_proclitics(word: str) -> Iterator[tuple[str, str]]:
    yield word[0], word[1:]
    if word.startswith("لل"):
        yield "ل", "ا" + word[1:]
    if word[0] in "وف" and len(word) > 2 and word[1] in "بلك":
        yield word[:2], word[2:]
        if word.startswith("لل", 1):
            yield word[:2], "ا" + word[2:]


class _Finder:
    """Reads one text."""

    def __init__(self, plain: Folded, places: Places, language: str) -> None:
        self.plain = plain
        self.places = places
        self.language = language
        self.words = places._words[language]
        self.texts, self.starts = plain.tokens()
        self.vocabulary: frozenset[str] | None = None
        head = plain.original[:400]
        # A text without capitals (a chat, a list of tags) does not tell names by them
        self.capitals = head != head.lower() or len(head) < 40

    def find(self) -> tuple[PlaceMention, ...]:
        hits = list(self._hits())
        mentions: list[PlaceMention] = []
        at_tokens: list[_Hit] = []
        for number, hit in enumerate(hits):
            mention = self._mention(hits, number)
            if mention is not None:
                mentions.append(mention)
                at_tokens.append(hit)
        shared = self._with_shared(mentions, at_tokens)
        return tuple(one for one, hit in zip(shared, at_tokens, strict=True) if self._counts(one, hit))

    def _counts(self, mention: PlaceMention, hit: _Hit) -> bool:
        """An ambiguous name needs a preposition or a dateline to be a place."""
        if not hit.named.ambiguous or mention.kind == "demonym":
            return True
        if mention.prep is None and not mention.dateline:
            return False
        return not hit.named.unless or hit.named.unless.isdisjoint(self._vocabulary())

    def _with_shared(self, mentions: list[PlaceMention], hits: list[_Hit]) -> list[PlaceMention]:
        """In "à Ceuta, Madrid et Ibiza" the preposition of the first holds for all that "and" joins to it."""
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
        """What joins two names: "and", "," or nothing of the kind."""
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
        for at, word in enumerate(texts):
            prefix = ""
            if word not in single and word not in phrases:
                if word[-1] == "'":
                    # "Morocco's"
                    word = word[:-1]
                    if word not in single and word not in phrases:
                        continue
                elif arabic and word[0] in _PROCLITICS and (stem := _stem(word)) is not None:
                    prefix, word = stem
                else:
                    continue
            if at < done:
                continue
            hit = self._hit(at, word, prefix)
            if hit is not None:
                yield hit
                done = hit.last

    def _hit(self, at: int, word: str, prefix: str) -> _Hit | None:
        for rest, named in self._beginning(at, word):
            last = self._follows(at + 1, rest)
            if last:
                return _Hit(at, last, named, prefix) if self._is_written(at, last, named, prefix) else None
        named_one = self.places._single.get(word)
        if named_one is None:
            return None
        if not self._is_written(at, at + 1, named_one, prefix):
            if not named_one.people:
                return None
            named_one = _Named("demonym", country=named_one.country)
        return _Hit(at, at + 1, named_one, prefix)

    def _beginning(self, at: int, word: str) -> tuple[_Phrase, ...]:
        """The names of several words whose first two stand here."""
        seconds = self.places._phrases.get(word)
        if seconds is None:
            return ()
        following = self.texts[at + 1 : at + 3]
        if following and following[0] == "-":
            del following[0]
        return seconds.get(following[0], ()) if following else ()

    def _follows(self, at: int, rest: tuple[str, ...]) -> int:
        """The place after the words if they stand here, hyphens aside; else 0."""
        texts = self.texts
        for word in rest:
            if at < len(texts) and texts[at] == "-":
                at += 1
            if at >= len(texts) or texts[at].rstrip("'") != word.rstrip("'"):
                return 0
            at += 1
        return at

    def _is_written(self, first: int, last: int, named: _Named, prefix: str) -> bool:
        """With the capitals that a name in Latin script has."""
        if named.kind == "ignored" or not self.capitals:
            return True
        start = self.plain.start(self.starts[first] + len(prefix))
        original = self.plain.original
        if named.acronym:
            end = self.plain.end(self.starts[last - 1] + len(self.texts[last - 1]))
            return original[start:end].isupper()
        if named.kind == "demonym":
            return self.language != "en" or not original[start : start + 1].islower()
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
        prep, before = (None, -1) if self._is_possessive(hit) else self._preposition(hit)
        if prep is None and named.kind == "city" and (self._is_host(hit) or self._is_site(hit)):
            prep = "in"
        if named.state is not None and self._is_its_city(hit, before, prep):
            named = named.state
        dateline, byline = self._line(hit, prep)
        return replace(self._made(hit, named, prep), dateline=dateline, byline=byline)

    def _is_possessive(self, hit: _Hit) -> bool:
        """Whether something of the place's is spoken of: "Morocco's"."""
        return self.language == "en" and self.texts[hit.last - 1].endswith("'")

    def _made(self, hit: _Hit, named: _Named, prep: Preposition | None) -> PlaceMention:
        start, end = self._span(hit)
        kind = cast(PlaceKind, named.kind)
        return PlaceMention(start, end, named.city_id, named.city, named.country, kind, prep)

    def _span(self, hit: _Hit) -> tuple[int, int]:
        # "للمغرب" is "ل" and "المغرب" without its alef: the place begins at the second lam
        start = self.starts[hit.first] + len(hit.prefix)
        last = self.texts[hit.last - 1]
        return self.plain.span(start, self.starts[hit.last - 1] + len(last.rstrip("'")))

    def _is_its_city(self, hit: _Hit, before: int, prep: Preposition | None) -> bool:
        """Whether a country's name means its city: "à Mexico", not "au Mexique"; a city state whenever somebody goes there."""
        if self._line(hit, prep)[0]:
            return True
        if self.language in hit.named.state_languages and hit.last - hit.first == 1 and prep in ("in", "to"):
            return True
        return self.language == "fr" and before >= 0 and self.texts[before] == "a" and before == hit.first - 1

    def _capital(self, hits: Sequence[_Hit], number: int) -> PlaceMention | None:
        """The city of "dans la capitale espagnole", "the Moroccan capital", "بالعاصمة السنغالية" where its name does not follow."""
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
        after = hit.last + (self._is_possessive(hit) and hit.last < len(texts) and texts[hit.last] == "s")
        if at >= 0 and self._is_capital_word(texts[at]):
            first, last = at, hit.last
            prefix = self._prefix_of(texts[at], "capital")
        elif self.language == "en" and after < len(texts) and texts[after] in words["capital"]:
            first, last = hit.first, after + 1
        else:
            return None
        following = hits[number + 1] if number + 1 < len(hits) else None
        if following is not None and following.named.kind == "city" and following.first - last <= 1:
            return None
        whole = _Hit(first, last, hit.named._replace(kind="city", city_id=city, city=self.places.cities[city][0]), prefix)
        prep, _ = self._preposition(whole)
        return self._made(whole, whole.named, prep)

    def _is_capital_word(self, word: str) -> bool:
        return word in self.words["capital"] or bool(self._prefix_of(word, "capital"))

    def _prefix_of(self, word: str, key: str) -> str:
        """The Arabic proclitics before a word of that key; "" if there are none or it is another word."""
        if self.language != "ar" or word[0] not in _PROCLITICS or len(word) < 4:
            return ""
        return next((prefix for prefix, stem in _without_proclitics(word) if stem in self.words[key]), "")

    def _preposition(self, hit: _Hit) -> tuple[Preposition | None, int]:
        """What the words before a name make of it, and at which word they stand (-1 if nowhere)."""
        if hit.prefix:
            letter = hit.prefix[-1]
            if letter == "ب":
                return (None if self._is_attribute(hit.first, hit) else "in"), hit.first
            if letter == "ل":
                return ("to" if self._near(hit.first, "travel") else None), hit.first
            if letter == "ف" and self._is_colloquial():
                return "in", hit.first
        at = self._before_town(hit.first - 1)
        if at < 0:
            return None, -1
        word = self.texts[at]
        prefix = self._prefix_of(word, "town") or self._prefix_of(word, "capital") if self.language == "ar" else ""
        if prefix and prefix[-1] == "ب":
            return (None if self._is_attribute(at, hit) else "in"), at
        skipped = at
        while skipped > 0 and self.texts[skipped] in self.words["articles"] and skipped > at - 2:
            skipped -= 1
        return self._of_word(hit, skipped if self._allows_article(hit, skipped) else at)

    def _of_word(self, hit: _Hit, at: int) -> tuple[Preposition | None, int]:
        words = self.words
        word = self.texts[at]
        if self.language == "ar" and word not in words["in"] and word[0] in "وف" and word[1:] in words["in"]:
            word = word[1:]
        if word in words["in"] and not self._is_before(at, "addressed"):
            return (None if self._is_attribute(at, hit) else "in"), at
        if word in words["from"]:
            return "from", at
        if word in words["to"] or (self.language == "es" and word in ("a", "al")):
            certain = self.language == "fr" or word in ("hacia", "صوب", "نحو", "towards", "toward")
            # Spanish puts "a" before whoever is spoken to, English goes "to" a city but gives "to" a country
            certain = certain or (self.language == "en" and hit.named.kind == "city" and not self._is_before(at, "addressed"))
            return ("to" if certain or self._near(at, "travel") or self._near(at, "from") else None), at
        if word in words["of"] and self._is_before(at, "arrive"):
            return "from", at
        if word in words["visit"]:
            return "to", at
        if hit.named.venue and at == hit.first - 1 and word not in words["articles"] and word not in words["of"] and self._is_street(hit):
            return "in", at
        return None, -1

    def _is_host(self, hit: _Hit) -> bool:
        """Whether the city receives what is told of: "Madrid accueillera", "Faro ha sido el escenario", "احتضنت الرباط"."""
        texts, words = self.texts, self.words
        if self.language == "ar":
            before = texts[hit.first - 1] if hit.first and not hit.prefix else ""
            return bool(before) and (before in words["host"] or self._arabic_rest(before) in words["host"])
        following = texts[hit.last : hit.last + 7]
        if not following or (following[0] not in words["host"] and following[0] not in words["be"]):
            return False
        for number, word in enumerate(following):
            if word in ",.;:":
                return False
            if (number < 3 and word in words["host"]) or word in words["stage"]:
                return True
        return False

    def _is_site(self, hit: _Hit) -> bool:
        """Whether it happens at a building of the city: "à la base aérienne de Niamey", "بمقر ولاية أمن الرباط"."""
        texts, words = self.texts, self.words
        at = hit.first - 1
        if self.language == "ar":
            for back in range(at, max(-1, at - 3), -1):
                if texts[back] in ",.;:":
                    return False
                if self._prefix_of(texts[back], "site").endswith("ب"):
                    return True
                if texts[back] in words["site"] and back > 0 and texts[back - 1] in words["in"]:
                    return True
            return False
        if at < 0 or texts[at] not in words["of"]:
            return False
        for back in range(at - 1, max(-1, at - 6), -1):
            if texts[back] in ",.;:":
                return False
            if texts[back] in words["site"]:
                before = self._without_articles(back - 1)
                return before >= 0 and (texts[before] in words["in"] or texts[before] in words["visit"])
        return False

    def _is_colloquial(self) -> bool:
        """Moroccan spoken Arabic, where ف before a word is "in"."""
        return len(self.words["colloquial"].whole & self._vocabulary()) > 1

    def _vocabulary(self) -> frozenset[str]:
        if self.vocabulary is None:
            self.vocabulary = frozenset(self.texts)
        return self.vocabulary

    def _allows_article(self, hit: _Hit, at: int) -> bool:
        """An article between is usual in "en los Países Bajos", "in the Netherlands", "à l'Élysée"; but "à la France" asks France."""
        if self.language != "fr" or hit.named.venue:
            return True
        return self.texts[at] not in ("a",) or hit.named.kind == "city"

    def _is_street(self, hit: _Hit) -> bool:
        return self.texts[hit.first] in ("place", "boulevard", "quai", "avenue", "rue", "hotel", "caserne", "plaza", "calle")

    def _before_town(self, at: int) -> int:
        """The word before "la ville de", "la capitale espagnole," and the like; `at` itself if there is none."""
        texts, words = self.texts, self.words
        back = at
        for _ in range(5):
            if back < 0:
                return at
            word = texts[back]
            if word in words["town"] or word in words["capital"]:
                return back - 1 if self.language == "ar" else self._without_articles(back - 1)
            if self._prefix_of(word, "town") or self._prefix_of(word, "capital"):
                return back
            people = self.places._single.get(word)
            between = word in words["of"] or word in words["articles"] or word == "," or (self.language == "en" and word == "s")
            if not between and (people is None or people.kind not in ("demonym", "country")):
                return at
            back -= 1
        return at

    def _without_articles(self, at: int) -> int:
        """The word before articles and "Morocco's", "the Moroccan"."""
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
        for back in range(at - 1, max(-1, at - 1 - _REACH), -1):
            word = self.texts[back]
            if word in words or (word[0] in "وف" and word[1:] in words):
                return True
            if word in ".\n":
                return False
        return False

    def _is_attribute(self, at: int, hit: _Hit) -> bool:
        """Whose, not where: "l'ambassadeur de France à Rabat", "la sécurité intérieure en France"."""
        texts, words = self.texts, self.words
        if hit.named.kind == "country" and self._is_of_office(at):
            return True
        envoy = words["envoy"]
        back = at - 1
        for _ in range(_CONTEXT):
            if back < 0:
                return False
            word = texts[back]
            if word in envoy or (self._arabic_rest(word) in envoy):
                return True
            known = word in words["of"] or word in words["articles"] or word in words["beside"] or word in "-s"
            named = word in self.places._single or word in self.places._phrases or self._arabic_name(word)
            if not known and not named:
                return False
            back -= 1
        return False

    def _is_of_office(self, at: int) -> bool:
        """An office or service stands shortly before, and nothing that moves or meets."""
        texts, office, moving = self.texts, self.words["office"], self.words["moving"]
        for back in range(at - 1, max(-1, at - 1 - _CONTEXT), -1):
            word = texts[back]
            bare = self._arabic_rest(word)
            if word in moving or bare in moving or word in ",.;:\n" or word[0] == "\n":
                return False
            if word in office or bare in office:
                return True
        return False

    def _arabic_name(self, word: str) -> bool:
        return self.language == "ar" and word[0] in _PROCLITICS and len(word) > 1 and _stem(word) is not None

    def _arabic_rest(self, word: str) -> str:
        return word[1:] if self.language == "ar" and word[0] in _PROCLITICS else ""

    # Lines

    def _line(self, hit: _Hit, prep: Preposition | None) -> tuple[bool, bool]:
        """(in a dateline, in a byline)."""
        text = self.plain.text
        start = self.starts[hit.first]
        end = self.starts[hit.last - 1] + len(self.texts[hit.last - 1])
        before = text.rfind("\n", max(0, start - 60), start) + 1
        if before == 0 and start > 60:
            return False, False
        head = text[before:start].strip(" -\"'(*•·▪►")
        if len(head) > 30 or head.count(" ") > 3:
            return False, False
        after = text[end : end + 80].split("\n")[0]
        if not head and _DATELINE.match(after):
            return True, False
        following = text[end : end + 80]
        if "\n" not in following and len(text) > end + 80:
            return not head and self._heads_item(hit, after), False
        if head and head.count(" ") < 2 and prep != "in" and (_SIGNED_PLACE if prep is None else _SIGNED_FROM).match(after):
            return False, True
        stamped = (not head and before > 0) or (not head and "\n" in following)
        if stamped and len(after.split()) <= 12 and not after.rstrip().endswith((".", "!", "?")) and _DATED.match(after):
            return True, True
        alone = len(head.split()) + len(after.split()) <= 6 and (before > 0 or "\n" in following)
        if alone and not after.rstrip().endswith((".", "!", "?")) and _PARTED.search(text[before : end + len(after)]):
            return not head, True
        return not head and self._heads_item(hit, after), False

    def _heads_item(self, hit: _Hit, after: str) -> bool:
        """Whether it opens an item of a round-up or a title: "BAMAKO. Les ministres", "الدوحة: التقى", "Agadir: la DGSN"."""
        if hit.named.kind != "city" and hit.named.state is None:
            return False
        if after.startswith((": ", " : ")):
            return True
        start, end = self._span(hit)
        return after.startswith(". ") and self.plain.original[start:end].isupper()


# What follows a place in a dateline: ", 12 sept (MAP) -", " (MAP)-", " في 20 يناير / وام /"
_DATELINE = re.compile(
    r"(?:\s?,[^\n\-]{1,40})?(?:\s?\([^()\n]{1,30}\))?\s?(?:\.-|--?(?:\s|$)|(?<=\))-)"
    r"|\s(?:في )?\d{1,2} [^\n/-]{3,14} ?[/-]|\s?\([^()\n]{2,30}\)\s?-|,\s\d{1,2} [^\W\d]{3,12}(?: \d{4})?[.:]\s"
)
# "إيلاف من الرباط: ..." and "الأخبار (نواكشوط) - ..." begin the first sentence
_SIGNED_PLACE = re.compile(r"\)\s?-\s")
_SIGNED_FROM = re.compile(r":\s|\)?\s?-\s")
_DATED = re.compile(r"\s?,?\s?(?:في )?\d{1,2}[ /.]")
_PARTED = re.compile(r"\s-|-\s|\(|:|/| من |,\s?\d")
