"""What the register calls people, posts and bodies in the language of a digest."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib import resources

from pipelines.detect.resources import Register
from pipelines.digest import Who

SHORT = 3
"""Words up to which the whole name of an international body is no longer than is good for a line."""


class Names:
    """Names from the register; without one, nothing is known and the texts' own words stand."""

    def __init__(self, register: Register | None = None):
        self._register = register

    def name(self, who: Who, language: str) -> str | None:
        """A known person's name as that language writes it: in Arabic letters for Arabic, else the record's own."""
        person = self._register.persons.get(who.person_id or "") if self._register else None
        return person.aliases_ar[0] if person and language == "ar" and person.aliases_ar else who.name

    def title(self, who: Who, on: date | None, language: str) -> str | None:
        """The post a known person held on that day, at the body they sat for if it is one of theirs. None if not known."""
        person = self._register.persons.get(who.person_id or "") if self._register and on else None
        if person is None or on is None:
            return None
        held = [office for office in person.offices if office.held(on)]
        fitting = [office for office in held if office.body == who.body_id] if who.body_id else held
        return fitting[0].title.in_language(language) if fitting else None

    def body(self, who: Who, language: str) -> str | None:
        """A body as that language writes it: an acronym stays, but in Arabic; else the register's name for it."""
        body = self._register.bodies.get(who.body_id or "") if self._register else None
        names = body.names.get(language) if body else None
        if body is None or not names or language == "fr":
            return who.body
        if language != "ar" and (who.body in body.acronyms or who.body == body.label) and body.country in ("INT", "EU"):
            # Interpol is Interpol everywhere; the United Nations are not called by their French acronym
            return names[0] if who.body and who.body.isupper() and len(names[0].split()) <= SHORT else who.body
        return who.body if who.body in body.acronyms and language != "ar" else names[0]

    def city(self, name: str | None, country: str | None, language: str) -> str | None:
        """A city as that language writes it, as far as known: in Arabic letters for Arabic."""
        return _arabic_cities().get((name, country), name) if self._register and language == "ar" else name

    def bodies(self, who: Who, language: str) -> tuple[str, ...]:
        """All that a body is called in that language."""
        body = self._register.bodies.get(who.body_id or "") if self._register else None
        return body.names.get(language, ()) if body else ()


@cache
def _arabic_cities() -> dict[tuple[str | None, str | None], str]:
    """(name, country) -> the first spelling in Arabic letters that the register of places has."""
    source = resources.files("pipelines.detect") / "data" / "register" / "places.toml"
    cities = tomllib.loads(source.read_text(encoding="utf-8"))["city"]
    spelt: dict[tuple[str | None, str | None], str] = {}
    for city in cities:
        if arabic := [name for name in city.get("names", ()) if "\u0600" <= name[0] <= "\u06ff"]:
            spelt[city["name"], city["country"]] = arabic[0]
    return spelt
