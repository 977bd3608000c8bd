"""The register: persons, bodies, dated offices, and the words for offices and fields of work in each language.

Shipped in `data/register/{persons,bodies}.toml` and `data/roles/*.toml`; users add files of the same form as the register's.
Every mistake in a file raises `RegisterError`, which names the file and the dotted key. Nothing here looks at a text.
"""

from __future__ import annotations

import calendar
import difflib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"
LANGUAGES = ("fr", "ar", "es", "en")
KINDS = (
    "intelligence", "police", "gendarmerie", "interior", "justice", "prosecutor", "military", "border", "cyber",
    "state", "diplomacy", "other",
)  # fmt: skip
RANKS = ("leader", "minister", "head", "deputy", "diplomat", "liaison", "generic")
_OFFICE_ORDER = {"minister": 0, "head": 0, "leader": 0, "diplomat": 1, "generic": 1, "deputy": 2, "liaison": 3}


class RegisterError(ValueError):
    """A register or role file is wrong. `file`, `key` (dotted, with the entry's id or number) and `problem` say where and how."""

    def __init__(self, file: Path | str, key: str, problem: str):
        super().__init__(f"{file}: {key}: {problem}")
        self.file = str(file)
        self.key = key
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Title:
    """How an office is called in the four languages, and its rank."""

    fr: str
    ar: str
    es: str
    en: str
    rank: str

    def in_language(self, language: str | None) -> str:
        """The title as the press of that language says it (French if the language is another)."""
        return {"ar": self.ar, "es": self.es, "en": self.en}.get(language or "fr", self.fr)


@dataclass(frozen=True, slots=True)
class Office:
    """A post held at a body. `start` and `end` are the widest days that the register allows; None = not known, or not ended."""

    person_id: str
    body: str
    title: Title
    start: date | None
    end: date | None

    def held(self, on: date) -> bool:
        """The post was held on that day, as far as the register knows."""
        return (self.start is None or self.start <= on) and (self.end is None or on <= self.end)


@dataclass(frozen=True, slots=True)
class Person:
    """One person; `offices` latest first. `surnames` never match alone, `context` full names neither.

    A `rare` surname needs no more than something of the trade in the same article.
    """

    id: str
    name: str
    aliases: tuple[str, ...]
    aliases_ar: tuple[str, ...]
    surnames: tuple[str, ...]
    context: bool
    rare: bool
    offices: tuple[Office, ...]
    qid: str | None = None
    source: str | None = None
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """One body. `label` is its one name in records; `kinds` has more than one entry for a body that is more than one thing."""

    id: str
    label: str
    country: str
    kind: str
    kinds: tuple[str, ...]
    types: tuple[str, ...]
    parent: str | None
    names: Mapping[str, tuple[str, ...]]
    acronyms: tuple[str, ...]
    qid: str | None = None
    source: str | None = None
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A field of work ("police", "intel-domestic"): its kind, and the label of a body of a country the register lacks."""

    type: str
    kind: str
    label: str  # {adjective} = French feminine adjective, {of} = French genitive of the country
    wider: str | None = None  # the field to look under when a country has no body of this one


@dataclass(frozen=True, slots=True)
class Words:
    """A group of words of one language that mean the same: `use` is the table of the role file they stand in."""

    use: str
    words: tuple[str, ...]
    rank: str | None = None
    type: str | None = None
    country: str | None = None
    alone: bool = False
    plural: bool = False
    bare: str | None = None  # the field an office has when only a country or a name follows: "le président tunisien"


@dataclass(frozen=True, slots=True)
class Roles:
    """The role words of one language."""

    language: str
    groups: tuple[Words, ...]

    def of(self, use: str) -> tuple[str, ...]:
        """All words of one table, in order."""
        return tuple(word for group in self.groups if group.use == use for word in group.words)


@dataclass(frozen=True, eq=False)
class Register:
    """Everything known about people and bodies. Compared by identity; use `load`."""

    persons: Mapping[str, Person]
    bodies: Mapping[str, Body]
    titles: Mapping[str, Title]
    acronyms: Mapping[str, tuple[str, ...]]
    weak_acronyms: frozenset[str]
    countries: Mapping[str, tuple[str, str]]
    fields: Mapping[str, Field]
    roles: Mapping[str, Roles]
    as_of: date
    _holders: dict[str, tuple[Office, ...]] = field(default_factory=dict, repr=False)
    _by_type: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)

    def holder(self, body_id: str, on: date, called: str = "") -> Person | None:
        """Who led the body on that day: its head or minister, the latest to have come. None if the register does not know.

        Where a body has two heads (a president and a secretary general), `called` says by the title which of them is meant.
        """
        offices = self.offices_at(body_id)
        fitting = [o for o in offices if o.held(on) and _OFFICE_ORDER.get(o.title.rank, 2) < 2]
        if not fitting:
            return None
        words = called.casefold()
        named = [o for o in fitting if words and any(t.casefold() in words for t in (o.title.fr, o.title.ar, o.title.es, o.title.en))]
        fitting = named or fitting
        best = min(fitting, key=lambda o: (_OFFICE_ORDER[o.title.rank], -(o.start or date.min).toordinal()))
        return self.persons[best.person_id]

    def office(self, person_id: str, on: date) -> Office | None:
        """The post the person held on that day; the first named one of several. None before the first and after the last."""
        person = self.persons.get(person_id)
        if person is None:
            return None
        return next((office for office in person.offices if office.held(on)), None)

    def latest_office(self, person_id: str, on: date | None) -> Office | None:
        """The post on that day, else the last one that had begun by then, else the first of all."""
        person = self.persons.get(person_id)
        if person is None or not person.offices:
            return None
        if on is None:
            return person.offices[0]
        begun = [o for o in person.offices if o.start is None or o.start <= on]
        return self.office(person_id, on) or (begun[0] if begun else person.offices[-1])

    def body_for(self, type_: str, country: str) -> Body | None:
        """The country's body for a field of work, or for the wider field."""
        wanted: str | None = type_
        while wanted is not None:
            found = self._types().get((wanted, country))
            if found is not None:
                return self.bodies[found]
            known = self.fields.get(wanted)
            wanted = known.wider if known else None
        return None

    def label_for(self, type_: str, country: str | None) -> str | None:
        """A label for a body that the register lacks, from its field and country."""
        known = self.fields.get(type_)
        if known is None:
            return None
        if country is None or country not in self.countries:
            return known.label.replace(" {adjective}", "").replace(" {of}", "")
        adjective, of = self.countries[country]
        return known.label.replace("{adjective}", adjective).replace("{of}", of)

    def offices_at(self, body_id: str) -> tuple[Office, ...]:
        """All posts held at a body, in the order of the files."""
        if not self._holders:
            found: dict[str, list[Office]] = {}
            for person in self.persons.values():
                for office in person.offices:
                    found.setdefault(office.body, []).append(office)
            self._holders.update({key: tuple(value) for key, value in found.items()})
        return self._holders.get(body_id, ())

    def _types(self) -> dict[tuple[str, str], str]:
        if not self._by_type:
            for body in self.bodies.values():
                for type_ in body.types:
                    self._by_type.setdefault((type_, body.country), body.id)
        return self._by_type


def load(registers: Sequence[Path] = ()) -> Register:
    """The shipped register, with the users' files added. Raises RegisterError naming file and key."""
    return _load(tuple(Path(p) for p in registers))


@cache
def _load(registers: tuple[Path, ...]) -> Register:
    reader = _Reader()
    for path in (*(_DATA / "roles" / f"{language}.toml" for language in LANGUAGES), _DATA / "roles" / "fields.toml"):
        reader.read_roles(path)
    files = (_DATA / "register" / "bodies.toml", _DATA / "register" / "persons.toml")
    parsed = [(path, _parse(path)) for path in (*files, *registers)]
    for path, data in parsed:
        reader.read_bodies(path, data, shipped=path in files)
    for path, data in parsed:
        reader.read_persons(path, data, shipped=path in files)
    return reader.register()


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RegisterError(path, "file", f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RegisterError(path, "file", f"is not UTF-8: {error.reason} at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise RegisterError(path, "file", f"is not TOML: {error}") from error


_TOP_KEYS = ("version", "as_of", "title", "person", "body", "acronyms", "weak_acronyms", "countries")
_TITLE_KEYS = ("fr", "ar", "es", "en", "rank")
_PERSON_KEYS = ("id", "name", "aliases", "aliases_ar", "context", "rare", "surnames", "offices", "qid", "source", "seen")
_OFFICE_KEYS = ("body", "title", "start", "end")
_BODY_KEYS = ("id", "label", "country", "kind", "kinds", "types", "parent", *LANGUAGES, "acronyms", "qid", "source", "seen")
_USES = (
    "head", "title", "field", "counterpart", "group", "delegation",
    "honorific", "given", "former", "modifier", "led", "trade", "linker", "stop",
)  # fmt: skip
_WORDS_KEYS = ("words", "rank", "type", "country", "alone", "plural", "bare")
_FIELD_KEYS = ("type", "kind", "label", "wider")


class _Reader:
    """Checks entries one after the other and keeps them."""

    def __init__(self) -> None:
        self.persons: dict[str, Person] = {}
        self.bodies: dict[str, Body] = {}
        self.titles: dict[str, Title] = {}
        self.acronyms: dict[str, tuple[str, ...]] = {}
        self.weak_acronyms: set[str] = set()
        self.countries: dict[str, tuple[str, str]] = {}
        self.fields: dict[str, Field] = {}
        self.roles: dict[str, Roles] = {}
        self.as_of = date.min
        self.where: dict[str, str] = {}  # "person.x" -> file that defines it
        self.title_words: dict[str, str] = {}

    def register(self) -> Register:
        return Register(
            self.persons,
            self.bodies,
            self.titles,
            self.acronyms,
            frozenset(self.weak_acronyms),
            self.countries,
            self.fields,
            self.roles,
            self.as_of,
        )

    def read_roles(self, path: Path) -> None:
        data = _parse(path)
        if path.stem == "fields":
            _keys(path, "", data, ("field",))
            for number, entry in enumerate(_tables(path, "field", data.get("field", []))):
                at = f"field[{number}]"
                _keys(path, at, entry, _FIELD_KEYS)
                name = _text(path, at, entry, "type")
                at = f"field.{name}"
                kind = _one_of(path, f"{at}.kind", _text(path, at, entry, "kind"), KINDS)
                self.fields[name] = Field(name, kind, _text(path, at, entry, "label"), _text(path, at, entry, "wider", None))
            for known in self.fields.values():
                if known.wider is not None:
                    _one_of(path, f"field.{known.type}.wider", known.wider, self.fields)
            for roles in self.roles.values():
                for group in roles.groups:
                    for key, value in (("type", group.type), ("bare", group.bare)):
                        if value is not None:
                            _one_of(path.with_name(f"{roles.language}.toml"), f"{group.use}.{key}", value, self.fields)
            return
        _keys(path, "", data, ("language", *_USES))
        groups: list[Words] = []
        for use in _USES:
            for number, entry in enumerate(_tables(path, use, data.get(use, []))):
                at = f"{use}[{number}]"
                _keys(path, at, entry, _WORDS_KEYS)
                rank = _text(path, at, entry, "rank", None)
                if rank is not None:
                    _one_of(path, f"{at}.rank", rank, RANKS)
                groups.append(
                    Words(
                        use,
                        _texts(path, at, entry, "words", needed=True),
                        rank,
                        _text(path, at, entry, "type", None),
                        _text(path, at, entry, "country", None),
                        _flag(path, at, entry, "alone"),
                        _flag(path, at, entry, "plural"),
                        _text(path, at, entry, "bare", None),
                    )
                )
        language = _text(path, "", data, "language")
        self.roles[language] = Roles(language, tuple(groups))

    def read_bodies(self, path: Path, data: dict[str, Any], *, shipped: bool) -> None:
        _keys(path, "", data, _TOP_KEYS)
        as_of = data.get("as_of")
        if as_of is not None and type(as_of) is not date:
            raise RegisterError(path, "as_of", f"must be a day like 2026-11-22, not {as_of!r}")
        if as_of is not None and shipped:
            self.as_of = max(self.as_of, as_of)
        self.weak_acronyms.update(_texts(path, "", data, "weak_acronyms"))
        for iso, pair in _table(path, "countries", data.get("countries", {})).items():
            if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) and one for one in pair)):
                raise RegisterError(path, f"countries.{iso}", "must be [French adjective, French genitive]")
            self.countries[iso] = (pair[0], pair[1])
        new: list[tuple[str, Body]] = []
        for number, entry in enumerate(_tables(path, "body", data.get("body", []))):
            at = _at(path, "body", number, entry)
            _keys(path, at, entry, _BODY_KEYS)
            body = self._body(path, at, entry)
            self._claim(path, at, "body", body.id)
            self.bodies[body.id] = body
            new.append((at, body))
        for at, body in new:
            if body.parent is not None:
                _one_of(path, f"{at}.parent", body.parent, self.bodies)
        for text, ids in _table(path, "acronyms", data.get("acronyms", {})).items():
            at = f"acronyms.{text}"
            for one in _texts(path, "acronyms", {text: ids}, text, needed=True):
                _one_of(path, at, one, self.bodies)
            self.acronyms[text] = tuple(ids)

    def read_persons(self, path: Path, data: dict[str, Any], *, shipped: bool) -> None:
        for number, entry in enumerate(_tables(path, "title", data.get("title", []))):
            at = f"title[{number}]"
            _keys(path, at, entry, _TITLE_KEYS)
            fr, ar, es, en = (_text(path, at, entry, language) for language in LANGUAGES)
            rank = _one_of(path, f"{at}.rank", _text(path, at, entry, "rank"), RANKS)
            self.titles[fr] = Title(fr, ar, es, en, rank)
            for word in (fr, ar, es, en):
                self.title_words.setdefault(word.casefold(), fr)
        for number, entry in enumerate(_tables(path, "person", data.get("person", []))):
            at = _at(path, "person", number, entry)
            _keys(path, at, entry, _PERSON_KEYS)
            known = self.persons.get(entry.get("id", "")) if not shipped else None
            if known is not None and self.where[f"person.{known.id}"] != str(path):
                self.persons[known.id] = self._extended(path, at, entry, known)
                continue
            person = self._person(path, at, entry)
            self._claim(path, at, "person", person.id)
            self.persons[person.id] = person

    def _claim(self, path: Path, at: str, what: str, id_: str) -> None:
        first = self.where.get(f"{what}.{id_}")
        if first is not None:
            raise RegisterError(path, f"{at}.id", f"{id_!r} is already in {first}")
        self.where[f"{what}.{id_}"] = str(path)

    def _body(self, path: Path, at: str, entry: dict[str, Any]) -> Body:
        kind = _one_of(path, f"{at}.kind", _text(path, at, entry, "kind"), KINDS)
        kinds = _texts(path, at, entry, "kinds") or (kind,)
        for one in kinds:
            _one_of(path, f"{at}.kinds", one, KINDS)
        types = _texts(path, at, entry, "types")
        for one in types:
            _one_of(path, f"{at}.types", one, self.fields)
        country = _text(path, at, entry, "country")
        if len(country) not in (2, 3) or not country.isascii() or not country.isupper():
            raise RegisterError(path, f"{at}.country", f"must be two capital letters, INT or EU, not {country!r}")
        label = _text(path, at, entry, "label")
        return Body(
            _text(path, at, entry, "id"),
            label,
            country,
            kind,
            kinds,
            types,
            _text(path, at, entry, "parent", None),
            {language: _texts(path, at, entry, language) for language in LANGUAGES},
            _texts(path, at, entry, "acronyms"),
            *(_text(path, at, entry, key, None) for key in ("qid", "source", "seen")),
        )

    def _person(self, path: Path, at: str, entry: dict[str, Any]) -> Person:
        id_ = _text(path, at, entry, "id")
        return Person(
            id_,
            _text(path, at, entry, "name"),
            _texts(path, at, entry, "aliases"),
            _texts(path, at, entry, "aliases_ar"),
            _texts(path, at, entry, "surnames"),
            _flag(path, at, entry, "context"),
            _flag(path, at, entry, "rare"),
            self._offices(path, at, entry, id_),
            *(_text(path, at, entry, key, None) for key in ("qid", "source", "seen")),
        )

    def _extended(self, path: Path, at: str, entry: dict[str, Any], known: Person) -> Person:
        """A shipped person with what a user's file adds: more spellings, and newer offices in front."""
        return replace(
            known,
            name=_text(path, at, entry, "name", None) or known.name,
            aliases=known.aliases + _texts(path, at, entry, "aliases"),
            aliases_ar=known.aliases_ar + _texts(path, at, entry, "aliases_ar"),
            surnames=known.surnames + _texts(path, at, entry, "surnames"),
            context=_flag(path, at, entry, "context") if "context" in entry else known.context,
            rare=_flag(path, at, entry, "rare") or known.rare,
            offices=(self._offices(path, at, entry, known.id) if "offices" in entry else ()) + known.offices,
        )

    def _offices(self, path: Path, at: str, entry: dict[str, Any], person_id: str) -> tuple[Office, ...]:
        if "offices" not in entry:
            raise RegisterError(path, f"{at}.offices", "is missing")
        offices = entry["offices"]
        if not isinstance(offices, list) or not offices:
            raise RegisterError(path, f"{at}.offices", "must be a list of at least one office")
        found = []
        for number, one in enumerate(offices):
            here = f"{at}.offices[{number}]"
            if not isinstance(one, dict):
                raise RegisterError(path, here, 'must be a table like { body = "...", title = "..." }')
            _keys(path, here, one, _OFFICE_KEYS)
            body = _one_of(path, f"{here}.body", _text(path, here, one, "body"), self.bodies)
            title = self._title(_text(path, here, one, "title"))
            start = _day(path, f"{here}.start", _text(path, here, one, "start", None), last=False)
            end = _day(path, f"{here}.end", _text(path, here, one, "end", None), last=True)
            if start is not None and end is not None and end < start:
                raise RegisterError(path, f"{here}.end", f"{end} is before the start, {start}")
            found.append(Office(person_id, body, title, start, end))
        return tuple(found)

    def _title(self, text: str) -> Title:
        known = self.title_words.get(text.casefold())
        if known is not None:
            return self.titles[known]
        return Title(text, text, text, text, "head")


def _at(path: Path, what: str, number: int, entry: dict[str, Any]) -> str:
    id_ = entry.get("id")
    return f"{what}.{id_}" if isinstance(id_, str) and id_ else f"{what}[{number}]"


def _keys(path: Path, at: str, entry: Mapping[str, Any], allowed: Sequence[str]) -> None:
    for key in entry:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known keys: {', '.join(allowed)}"
            raise RegisterError(path, f"{at}.{key}" if at else key, f"unknown key{hint}")


def _table(path: Path, at: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RegisterError(path, at, "must be a table")
    return value


def _tables(path: Path, at: str, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise RegisterError(path, at, f"must be written [[{at}]]")
    return value


_NEEDED = object()


def _text(path: Path, at: str, entry: Mapping[str, Any], key: str, default: Any = _NEEDED) -> Any:
    dotted = f"{at}.{key}" if at else key
    if key not in entry:
        if default is _NEEDED:
            raise RegisterError(path, dotted, "is missing")
        return default
    value = entry[key]
    if not isinstance(value, str) or not value.strip():
        raise RegisterError(path, dotted, f"must be a text that is not empty, not {value!r}")
    return value


def _texts(path: Path, at: str, entry: Mapping[str, Any], key: str, *, needed: bool = False) -> tuple[str, ...]:
    dotted = f"{at}.{key}" if at else key
    if key not in entry:
        if needed:
            raise RegisterError(path, dotted, "is missing")
        return ()
    value = entry[key]
    if not isinstance(value, list) or not value:
        raise RegisterError(path, dotted, "must be a list that is not empty (leave the key out instead)")
    for one in value:
        if not isinstance(one, str) or not one.strip():
            raise RegisterError(path, dotted, f"holds {one!r}, which is no text")
    return tuple(value)


def _flag(path: Path, at: str, entry: Mapping[str, Any], key: str) -> bool:
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise RegisterError(path, f"{at}.{key}", f"must be true or false, not {value!r}")
    return value


def _one_of(path: Path, at: str, value: str, known: Iterable[str]) -> str:
    if value not in known:
        near = difflib.get_close_matches(value, list(known), 1)
        raise RegisterError(path, at, f"{value!r} is not known" + (f"; did you mean {near[0]!r}?" if near else ""))
    return value


def _day(path: Path, at: str, value: str | None, *, last: bool) -> date | None:
    """YYYY, YYYY-MM or YYYY-MM-DD as the first or the last day it allows."""
    if value is None:
        return None
    parts = value.split("-")
    try:
        if not (len(parts) <= 3 and len(parts[0]) == 4 and all(len(p) == 2 for p in parts[1:])):
            raise ValueError("must be YYYY, YYYY-MM or YYYY-MM-DD")
        numbers = [int(part) for part in parts]
        if len(numbers) == 1:
            return date(numbers[0], 12, 31) if last else date(numbers[0], 1, 1)
        if len(numbers) == 2:
            return date(numbers[0], numbers[1], calendar.monthrange(numbers[0], numbers[1])[1] if last else 1)
        return date(*numbers)
    except ValueError as error:
        raise RegisterError(path, at, f"{value!r} is no date: {error}") from error
