"""What the register calls people, posts and bodies in the language of a digest."""

from __future__ import annotations

from datetime import date

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
        fitting = [office for office in held if office.body == who.body_id] or held
        return fitting[0].title.in_language(language) if fitting else None

    def body(self, who: Who, language: str) -> str | None:
        """A body as that language writes it: an acronym stays, but in Arabic; else the register's name for it."""
        body = self._register.bodies.get(who.body_id or "") if self._register else None
        names = body.names.get(language) if body else None
        if body is None or not names or language == "fr":
            return who.body
        is_acronym = who.body in body.acronyms and language != "ar"
        # The United Nations are not called by their French acronym, but Interpol is Interpol
        short = body.country == "INT" and len(names[0].split()) <= SHORT
        return who.body if is_acronym and not short else names[0]

    def bodies(self, who: Who, language: str) -> tuple[str, ...]:
        """All that a body is called in that language."""
        body = self._register.bodies.get(who.body_id or "") if self._register else None
        return body.names.get(language, ()) if body else ()
