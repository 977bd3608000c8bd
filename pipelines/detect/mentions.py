"""People, offices and bodies in a text: who is meant, by which office, for which body and country.

    phrases (phrases.py) -> body and country of each -> person -> counterparts and titles without a country -> who refers back to whom

A full name of the register matches alone. A surname only where a full name or an office has introduced the person. A title finds its holder
on the article's day, a name its office. People the register lacks are taken with what the text says of them.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from pipelines.detect.fold import fold_key
from pipelines.detect.phrases import Cover, Name, Noun, Part, Phrase, Phrases
from pipelines.detect.places import PlaceMention
from pipelines.detect.resources import Body, Office, Register
from pipelines.detect.scan import Lexicon, Token, lexicon

ActorType = Literal["person", "title", "body", "pronoun-group"]

_ABOVE_COUNTRIES = ("INT", "EU")
_LEADING = ("head", "minister", "leader")
_LOOK_BACK = 40  # mentions; further away nobody is meant by "son homologue"
_NEAR = 90  # characters; a country named this close tells bodies of one acronym apart
_TRADE = frozenset(("intelligence", "police", "gendarmerie", "interior", "border", "cyber", "military"))
_TRADE_WORDS = frozenset(("trade", "counterpart", "field"))
_ALIKE = 0.84  # difflib ratio of two spellings of one name, asked only of people of the same body; 0.8 joins brothers


@dataclass(frozen=True, slots=True)
class Actor:
    """One mention of somebody who may act in a meeting. `start` and `end` span the whole phrase in the title or text given.

    `resolved_to` is the index, in the same tuple, of the actor it refers back to (or, from a title, forward to).
    """

    field: Literal["title", "text"]
    start: int
    end: int
    type: ActorType
    name: str | None = None  # the register's form for a known person, else as the text has it
    name_in_text: str | None = None
    role: str | None = None  # as the text has it
    body: str | None = None  # label
    body_id: str | None = None
    kind: str | None = None
    kinds: tuple[str, ...] = ()
    country: str | None = None
    person_id: str | None = None
    known: bool = False
    rank: str | None = None  # leader, minister, head, deputy, diplomat, liaison, generic; delegation, body
    field_type: str | None = None  # field of work: interior, police, intel-domestic ...
    plural: bool = False
    former: bool = False  # an office no longer held, or held then
    confidence: float = 1.0
    resolved_to: int | None = None


def find_actors(
    title: str,
    text: str,
    language: str,
    published: date | None,
    register: Register,
    *,
    home: str | None = None,
    places: tuple[Iterable[PlaceMention], Iterable[PlaceMention]] | None = None,
) -> tuple[Actor, ...]:
    """All mentions in title and text, title first, each in order. Either may be empty.

    `home` is the outlet's country (ISO 3166), for titles without any; `places` what `find_places` gave for title and text, to save a scan.
    """
    known = lexicon(register, language)
    parts = (
        Part("title", title, known, places[0] if places else None),
        Part("text", text, known, places[1] if places else None),
    )
    return _Article(register, known, published, home, parts).actors()


@dataclass(slots=True)
class _Draft:
    """An actor, and what is not yet known of it."""

    actor: Actor
    phrase: Phrase
    sure: bool = True  # the body and country were said, not guessed
    counterpart: bool = False


@dataclass(slots=True)
class _Claims:
    """Which countries already have somebody of a field of work."""

    named: dict[str, list[str]] = field(default_factory=dict)  # field -> countries of named people, in order
    stated: dict[str, set[str]] = field(default_factory=dict)  # ... whose country the text has to say
    counterparts: dict[str, set[str]] = field(default_factory=dict)
    local: list[str] = field(default_factory=list)  # countries of known people, not said in the text


class _Article:
    """Works out what the phrases of one article mean."""

    def __init__(self, register: Register, known: Lexicon, published: date | None, home: str | None, parts: Sequence[Part]):
        self.register = register
        self.known = known
        self.published = published
        self.home = home
        self.parts = parts
        self.full: set[str] = set()  # persons named in full
        self.bodies: set[str] = set()  # bodies named
        self.mentioned: Counter[str] = Counter()  # countries, by how often
        self.types: set[str] = set()  # fields of work named
        self.kinds: set[str] = set()  # kinds of the bodies and fields named
        self.rare: set[str] = set()  # persons of rare surnames
        self.trade = False  # something of the trade is named
        self.strangers: set[str] = set()  # persons whose surname somebody else bears here
        self.reader = Phrases(known, self._fits)
        for part in parts:
            for token in part.tokens:
                self._note(part, token)
            self.mentioned.update(place.country for place in part.places if place.country)
        self._apart: list[str] = []
        self.ranking = [country for country, _ in self.mentioned.most_common()]

    def _note(self, part: Part, token: Token) -> None:
        entry = token.entry
        if entry.persons and self.reader.named_in_full(part, token):
            self.full.update(entry.persons)
        if entry.surnames and not entry.persons and self.reader.other_first_name(part, token):
            self.strangers.update(entry.surnames)
        self.rare.update(one for one in (*entry.surnames, *entry.persons) if self.register.persons[one].rare)
        self.trade = self.trade or not _TRADE_WORDS.isdisjoint(entry.words) or bool(entry.bodies)
        if entry.bodies:
            self.bodies.update(entry.bodies)
            self.kinds.update(kind for one in entry.bodies[:1] for kind in self.register.bodies[one].kinds)
        group = entry.words.get("field") or entry.words.get("title")
        if group is not None and group.type is not None:
            self.types.add(group.type)
            self.kinds.add(self.register.fields[group.type].kind)

    def actors(self) -> tuple[Actor, ...]:
        """All mentions, in order and linked."""
        phrases = [phrase for part in self.parts for phrase in self.reader.read(part)]
        for phrase in phrases:
            if phrase.noun is not None:
                body, _, sure = self._body(phrase.noun, phrase)
                if body is not None and sure:
                    self.bodies.add(body.id)
        drafts = [draft for phrase in phrases if (draft := self._draft(phrase)) is not None]
        self._apart = self._spoken_of()
        self._counterparts(drafts)
        self._without_country(drafts)
        self._inherited(drafts)
        found = [draft.actor for draft in drafts]
        found += self._met_again(found)
        found.sort(key=lambda one: (one.field != "title", one.start, one.end))
        return _linked(found, self.register)

    def _spoken_of(self) -> list[str]:
        """Countries by how often they are named otherwise than as that of somebody."""
        counts: Counter[str] = Counter()
        for part in self.parts:
            for token in part.tokens:
                place = token.place
                if place is not None and place.country is not None and not token.taken:
                    counts[place.country] += 2 if place.prep == "in" or place.dateline else 1
        return [country for country, _ in counts.most_common()]

    # bodies

    def _body(self, noun: Noun, phrase: Phrase) -> tuple[Body | None, str | None, bool]:
        """The body that a phrase means, its country, and whether the text says so."""
        bodies = self.register.bodies
        country = noun.country or (None if noun.solid else noun.default)
        if noun.bodies:
            first = bodies[noun.bodies[0]]
            if country is not None:
                for one in noun.bodies:
                    if bodies[one].country == country:
                        return bodies[one], country, True
                if first.country in _ABOVE_COUNTRIES:
                    return first, first.country, True
                type_ = noun.type or next(iter(first.types), None)
                return (self.register.body_for(type_, country), country, True) if type_ else (first, first.country, True)
            if len(noun.bodies) == 1 and noun.solid:
                return first, first.country, True
            chosen, near = self._preferred(noun, phrase)
            return chosen, chosen.country, near
        if noun.type is not None and country is not None:
            return self.register.body_for(noun.type, country), country, True
        return None, country, country is not None

    def _body_of_one(self, noun: Noun, phrase: Phrase, ids: tuple[str, ...]) -> tuple[Body | None, str | None, bool]:
        """The same beside a known name: of several bodies that where one of the persons has an office."""
        if noun.country is None:
            offices = {office.body for one in ids for office in self.register.persons[one].offices}
            for one in noun.bodies:
                if one in offices:
                    body = self.register.bodies[one]
                    return body, body.country, True
        return self._body(noun, phrase)

    def _preferred(self, noun: Noun, phrase: Phrase) -> tuple[Body, bool]:
        """Of several bodies of one name that whose country is named near by, else the outlet's, the only one spoken of, the usual one."""
        bodies = [self.register.bodies[one] for one in noun.bodies]
        near = self._countries_near(phrase.part, noun)
        close = [body for body in bodies if body.country in near]
        if len(close) == 1:
            return close[0], len(bodies) > 1
        for body in bodies:
            if body.country == self.home:
                return body, True
        if len(bodies) > 1 and not any(body.country in self.mentioned for body in bodies[1:]):
            return bodies[0], True
        if bodies[0].country not in self.mentioned:
            spoken = [body for body in bodies if body.country in self.mentioned]
            if len(spoken) == 1:
                return spoken[0], False
        return bodies[0], False

    def _countries_near(self, part: Part, noun: Noun) -> set[str]:
        """Countries named close by that are not said of somebody else."""
        first = bisect_left(part.tokens, noun.start - _NEAR, key=lambda token: token.start)
        found = set()
        for token in part.tokens[first : first + _LOOK_BACK]:
            if token.start > noun.end + _NEAR:
                break
            if token.place is not None and token.place.kind != "city" and not token.taken and token.place.country:
                found.add(token.place.country)
        return found

    # persons

    def _fits(self, ids: tuple[str, ...], noun: Noun) -> bool:
        """One of the persons may hold the office: something of the same country, or the office names none."""
        country = noun.country
        if country is None and noun.solid and len({self.register.bodies[one].country for one in noun.bodies}) == 1:
            country = self.register.bodies[noun.bodies[0]].country
        if country is None or country in _ABOVE_COUNTRIES or noun.counterpart:
            return True
        places = {self.register.bodies[o.body].country for one in ids for o in self.register.persons[one].offices}
        return country in places or bool(places & set(_ABOVE_COUNTRIES))

    def _draft(self, phrase: Phrase) -> _Draft | None:
        noun, name = phrase.noun, phrase.name
        if phrase.group is not None:
            actor = Actor(phrase.part.which, phrase.start, phrase.end, "pronoun-group", rank=phrase.group, plural=True, confidence=0.6)
            return _Draft(actor, phrase)
        if name is not None and name.ids:
            return self._known(phrase, name)
        return self._unknown(phrase, noun, name) if noun is not None else None

    def _unknown(self, phrase: Phrase, noun: Noun, name: Name | None) -> _Draft | None:
        """A title or body without a name, or somebody the register lacks."""
        body, country, sure = self._body(noun, phrase)
        own = name.country if name is not None else None
        if phrase.listed and phrase.place < len(noun.countries):
            own = own or noun.countries[phrase.place]
        if own is not None:
            country, sure = own, True
            body = self.register.body_for(noun.type, country) if noun.type else body if body and body.country == country else None
        apart = noun.rank in ("body", "delegation")
        if apart and noun.rank == "body" and body is None and country is None:
            return None
        text = phrase.part.text
        called = text[name.bare : name.end] if name is not None else None
        label, kind, kinds = self._label(noun.type, body, country)
        actor = Actor(
            phrase.part.which, phrase.start, phrase.end, "person" if name else "body" if apart else "title",
            name=called, name_in_text=called, role=None if apart or phrase.listed else text[noun.start : noun.end],
            body=label, body_id=body.id if body else None, kind=kind, kinds=kinds, country=country, rank=noun.rank,
            field_type=noun.type or next(iter(body.types), None) if body else noun.type, plural=noun.plural and name is None,
            former=noun.former, confidence=0.7 if name is not None else 0.6,
        )  # fmt: skip
        draft = _Draft(actor, phrase, sure, noun.counterpart)
        if name is None and body is not None and sure and not apart:
            draft.actor = self._with_holder(actor, body, solid=noun.solid)
        elif name is not None and body is not None:
            draft.actor = self._spelt_otherwise(actor, body)
            draft.sure = sure or draft.actor.known
        return draft

    def _spelt_otherwise(self, actor: Actor, body: Body) -> Actor:
        """The name is another spelling of somebody known at that body."""
        key = fold_key(actor.name or "")
        for office in self.register.offices_at(body.id):
            person = self.register.persons[office.person_id]
            for spelling in (person.name, *person.aliases, *person.aliases_ar):
                if difflib.SequenceMatcher(None, key, fold_key(spelling)).ratio() >= _ALIKE:
                    return replace(actor, name=person.name, person_id=person.id, known=True, confidence=0.8)
        return actor

    def _with_holder(self, actor: Actor, body: Body, *, solid: bool = False) -> Actor:
        """The title names nobody, but the register knows who held the office that day."""
        if actor.rank not in _LEADING or actor.plural or actor.former or self.published is None:
            return actor
        if not solid and actor.field_type is not None and actor.field_type not in body.types:
            return actor  # the head of a narrower field is not that of the body it belongs to
        holder = self.register.holder(body.id, self.published, actor.role or "")
        if holder is None:
            return actor
        changed = replace(actor, name=holder.name, person_id=holder.id, known=True, confidence=0.8)
        office = self.register.office(holder.id, self.published)
        if office is not None and office.body != body.id and self._as_one(holder.id, body):
            changed = _at_body(changed, self.register.bodies[office.body])
        return changed

    def _label(self, type_: str | None, body: Body | None, country: str | None) -> tuple[str | None, str | None, tuple[str, ...]]:
        if body is not None:
            return body.label, body.kind, body.kinds
        known = self.register.fields.get(type_) if type_ else None
        if known is None or type_ is None:
            return None, None, ()
        return self.register.label_for(type_, country), known.kind, (known.kind,)

    def _known(self, phrase: Phrase, name: Name) -> _Draft | None:
        noun = phrase.noun
        body, country, sure = self._body_of_one(noun, phrase, name.ids) if noun is not None else (None, None, False)
        chosen = self._choose(name.ids, body if sure else None, country if sure else None)
        person = self.register.persons[chosen]
        alone = name.full and not person.context and not (name.lineage and chosen not in self.full)
        if not alone and not self._supported(chosen, name, noun, body if sure else None, country if sure else None):
            return self._stranger(phrase, name)
        if person.context and name.lineage:
            return self._stranger(phrase, name)
        office = self._office(chosen, noun, body if sure else None)
        held = self.register.bodies[office.body] if office is not None else None
        if noun is not None and body is not None and sure and (held is None or self._moved(held, body, noun)):
            held = body
        text = phrase.part.text
        role = text[noun.start : noun.end] if noun is not None and not phrase.listed else None
        actor = Actor(
            phrase.part.which, phrase.start, phrase.end, "person", name=person.name, name_in_text=text[name.bare : name.end], role=role,
            country=held.country if held else country, person_id=chosen, known=True,
            rank=noun.rank if noun is not None and noun.rank is not None else office.title.rank if office else None,
            field_type=noun.type if noun is not None and noun.type else next(iter(held.types), None) if held else None,
            former=noun.former if noun is not None else False, confidence=1.0 if name.full else 0.9,
        )  # fmt: skip
        if held is not None:
            actor = _at_body(actor, held)
        return _Draft(actor, phrase)

    def _moved(self, held: Body, body: Body, noun: Noun) -> bool:
        """The text puts a known person at another body than the register does: a new post, if it is one of the same country."""
        if held.id == body.id or held.parent == body.id:
            return False
        if not noun.solid and held.country == body.country and set(held.kinds) & set(body.kinds):
            return False
        if body.country == held.country and set(held.kinds) & set(body.kinds) and len(held.kinds) > 1:
            return False  # one of the bodies that the person leads as one
        return body.country == held.country or body.country in _ABOVE_COUNTRIES or held.country in _ABOVE_COUNTRIES

    def _stranger(self, phrase: Phrase, name: Name) -> _Draft | None:
        """A name that is not that of the register's person: kept only with an office of its own."""
        if phrase.noun is None or phrase.noun.weak:
            return None
        other = Name(name.start, name.end, name.bare, (), name.full, name.honorific)
        return self._unknown(phrase, phrase.noun, other)

    def _choose(self, ids: tuple[str, ...], body: Body | None, country: str | None) -> str:
        """Which of several namesakes: by body, by country, by who is named in full, by what else is named."""
        if len(ids) == 1:
            return ids[0]
        pool = [one for one in ids if one in self.full] or list(ids)
        offices = {one: self.register.persons[one].offices for one in pool}
        country = body.country if body is not None else country
        tests = (
            lambda office: body is not None and office.body == body.id,
            lambda office: country is not None and self.register.bodies[office.body].country == country,
            lambda office: office.body in self.bodies,
            lambda office: self.register.bodies[office.body].country in self.mentioned,
        )
        for test in tests:
            for one in pool:
                if any(test(office) for office in offices[one]):
                    return one
        return pool[0]

    def _supported(self, person_id: str, name: Name, noun: Noun | None, body: Body | None, country: str | None) -> bool:
        """Something besides the name says that it is this person: the full name, the office, or the body named near by."""
        person = self.register.persons[person_id]
        if person_id in self.full and not person.context:
            return True
        held = [self.register.bodies[office.body] for office in person.offices]
        if noun is not None and not noun.weak:
            if body is not None:
                return any(_related(one, body) for one in held)
            if noun.type is not None:
                fits = any(noun.type in one.types for one in held)
                return fits and (country is None or any(one.country == country for one in held))
            if country is not None:
                return any(one.country == country for one in held)
        if any(one.id in self.bodies for one in held):
            return True
        if name.token is not None and (nation := self._nation_before(name.token)) and any(one.country == nation for one in held):
            return True
        if person.context:
            long = name.full and len(person.name.split()) > 2
            return any(
                (self.types & set(one.types) and one.country in self.mentioned) or (long and self.kinds & set(one.kinds))
                for one in held
            )
        if person_id in self.strangers:
            return False
        if person.rare:
            return self.trade or bool(self.kinds & _TRADE) or len(self.rare) > 1
        return bool(self.kinds & _TRADE) and any(one.country in self.mentioned for one in held[:1])

    def _nation_before(self, token: Token) -> str | None:
        """The country of an adjective directly before: "le Tunisien Khaled Nouri"."""
        for part in self.parts:
            number = part.starting.get(token.start)
            if number and part.tokens[number] is token:
                before = part.tokens[number - 1]
                if before.place is not None and before.place.kind == "demonym" and part.gap(before.end, token.start) == "":
                    return before.place.country
        return None

    def _office(self, person_id: str, noun: Noun | None, body: Body | None) -> Office | None:
        """The office that the phrase means, else the one held on the article's day."""
        person = self.register.persons[person_id]
        if noun is not None and body is not None and not self._as_one(person_id, body):
            for office in person.offices:
                if office.body == body.id:
                    return office
        if noun is not None and noun.type is not None and body is None:
            for office in person.offices:
                held = self.register.bodies[office.body]
                if noun.type in held.types and noun.country in (None, held.country) and not self._as_one(person_id, held):
                    return office
        return self.register.latest_office(person_id, self.published)

    def _as_one(self, person_id: str, body: Body) -> bool:
        """The person leads this body together with others, and the first of them stands for all."""
        offices = self.register.persons[person_id].offices
        held = [o for o in offices if o.end is None] if self.published is None else [o for o in offices if o.held(self.published)]
        return len(held) > 1 and any(office.body == body.id for office in held)

    # second looks

    def _counterparts(self, drafts: list[_Draft]) -> None:
        """ "son homologue marocain" has the rank and the field of work of the other party, in its own country."""
        for number, draft in enumerate(drafts):
            if not draft.counterpart and not (draft.phrase.noun is not None and draft.phrase.noun.counterpart):
                continue
            actor = draft.actor
            other = self._party(drafts, number, draft.phrase.place)
            if other is None:
                draft.actor = replace(actor, rank=actor.rank or "head")
                continue
            type_ = actor.field_type if actor.known else actor.field_type or other.field_type
            if len(other.kinds) > 1 and actor.type == "title" and actor.field_type is None:
                type_ = None  # the chief of police and intelligence has a counterpart in either
            changed = replace(actor, rank=actor.rank or other.rank, field_type=type_)
            if not actor.known:
                country = actor.country or self._other_country(other.country)
                changed = self._settled(replace(changed, country=country, body_id=None), type_, country, named=bool(actor.country))
                if changed.kind is None:
                    changed = replace(changed, kind=other.kind, kinds=other.kinds)
            draft.actor = changed
            draft.sure = changed.country is not None

    def _party(self, drafts: Sequence[_Draft], number: int, place: int) -> Actor | None:
        """Whose counterpart it is: the one just before of another country; of a list the one in the same place."""
        actor = drafts[number].actor
        found: list[Actor] = []
        for other in reversed(drafts[max(0, number - _LOOK_BACK) : number]):
            one = other.actor
            if (other.phrase.listed and other.phrase.noun is drafts[number].phrase.noun) or one.type not in ("person", "title"):
                continue
            if one.rank not in (*_LEADING, "deputy", "diplomat") or other.counterpart or one.plural:
                continue
            if (one.field_type or one.kind) and (one.country is None or one.country != actor.country):
                found.append(one)
        plural = drafts[number].phrase.noun
        if plural is not None and plural.plural and found:
            ministers = [one for one in found if one.rank == "minister"] or found
            same = [one for one in ministers if one.country == ministers[0].country][:2]
            same.reverse()
            return same[min(place, len(same) - 1)]
        if found:
            return found[0]
        for other in drafts[number + 1 : number + 6]:
            one = other.actor
            if one.type in ("person", "title") and one.rank in _LEADING and one.field_type and one.country != actor.country:
                return one
        return None

    def _other_country(self, country: str | None) -> str | None:
        return next((one for one in self.ranking if one != country), None) if country is not None else None

    def _settled(self, actor: Actor, type_: str | None, country: str | None, *, named: bool) -> Actor:
        """The actor with the body of that field of work in that country."""
        body = self.register.body_for(type_, country) if type_ is not None and country is not None else None
        label, kind, kinds = self._label(type_, body, country)
        changed = replace(
            actor, country=country, body=label or actor.body, body_id=body.id if body else None, kind=kind or actor.kind,
            kinds=kinds or actor.kinds,
        )  # fmt: skip
        if body is None or not named:
            return changed
        return self._with_holder(changed, body) if changed.type == "title" else self._spelt_otherwise(changed, body)

    def _without_country(self, drafts: list[_Draft]) -> None:
        """Titles and strangers whose country nobody says: not that of the other party, else the outlet's or the one most spoken of."""
        claims = self._claims(drafts)
        said: dict[tuple[str, str | None], Actor] = {}  # the latest of each field of work and rank whose country was said
        for draft in drafts:
            actor = draft.actor
            if draft.sure and actor.country is not None:
                body = self.register.bodies.get(actor.body_id or "")
                for type_ in (actor.field_type, *(body.types if body else ())):
                    said[type_ or "", actor.rank] = actor
            if actor.type == "pronoun-group" or actor.rank == "delegation" or (actor.known and draft.sure):
                continue
            if draft.sure and actor.country is not None:
                continue
            before = said.get((actor.field_type or "", actor.rank)) if actor.type == "title" else None
            if before is not None and before.field == actor.field and self._sentence_ends(draft, before.end):
                country = before.country  # in one sentence it would be the other party
            else:
                country = self._guess(actor, claims)
            if country is None or country == actor.country:
                continue
            draft.actor = self._settled(
                replace(actor, confidence=min(actor.confidence, 0.5)), actor.field_type, country, named=False
            )

    def _sentence_ends(self, draft: _Draft, start: int) -> bool:
        """A sentence ends between there and the mention."""
        return _SENTENCE_END.search(draft.phrase.part.text, start, min(draft.actor.start, start + 400)) is not None

    def _inherited(self, drafts: Sequence[_Draft]) -> None:
        """ "une délégation de la police, conduite par son directeur général, X": X is of the body named just before."""
        for number, draft in enumerate(drafts):
            actor, noun = draft.actor, draft.phrase.noun
            if actor.type != "person" or actor.known or noun is None or noun.country or noun.solid:
                continue
            after = drafts[number + 1].actor if number + 1 < len(drafts) else None
            if after is not None and after.type == "body" and noun.weak and self._is_of(draft, after):
                draft.actor = _of_body(actor, after)
                continue
            if not number:
                continue
            before, part = drafts[number - 1].actor, draft.phrase.part
            if before.type != "body" or not before.country or before.field != actor.field or not 0 <= actor.start - before.end < _NEAR:
                continue
            if noun.weak or any(token.has("led") for token in part.tokens_in(before.end, actor.start)):
                own = before.body is None and actor.field_type is not None
                draft.actor = self._settled(actor, actor.field_type, before.country, named=True) if own else _of_body(actor, before)

    def _is_of(self, draft: _Draft, body: Actor) -> bool:
        """ "le commissaire X, de la DGST"."""
        gap = draft.phrase.part.gap(draft.actor.end, body.start) if body.field == draft.actor.field else None
        return gap is not None and gap[:1] in (",", "(") and gap[1:].strip() in _OF

    def _claims(self, drafts: Sequence[_Draft]) -> _Claims:
        claims = _Claims()
        for draft in drafts:
            actor, noun = draft.actor, draft.phrase.noun
            if actor.country is None or not draft.sure or actor.country in _ABOVE_COUNTRIES:
                continue
            said = noun is not None and draft.phrase.part.names_country(noun)
            if not said and actor.known and actor.type == "person" and actor.country not in claims.local:
                claims.local.append(actor.country)
            if actor.field_type is None or actor.rank not in _LEADING:
                continue
            if draft.counterpart:
                claims.counterparts.setdefault(actor.field_type, set()).add(actor.country)
            if said:
                claims.stated.setdefault(actor.field_type, set()).add(actor.country)
            elif actor.type == "person":
                named = claims.named.setdefault(actor.field_type, [])
                if actor.country not in named:
                    named.append(actor.country)
        return claims

    def _guess(self, actor: Actor, claims: _Claims) -> str | None:
        type_ = actor.field_type or ""
        named = claims.named.get(type_, [])
        facing = claims.counterparts.get(type_, set()) | claims.stated.get(type_, set())
        usual = [one for one in ({"es": "ES"}.get(self.known.language),) if one]
        own = (self.home,) if self.home else ()
        if actor.country is not None and (actor.country in self.mentioned or not self._apart):
            usual.append(actor.country)
        if actor.type == "person" and actor.rank in _LEADING:
            # A second head of the same service is that of another country
            taken = set(named) | facing
            free = (one for one in (*own, *usual, *self._at_home(claims), *self.ranking) if one not in taken)
            return next(free, None) or next(iter(self._apart), None)
        order = (*(one for one in usual if one in named), *named, *usual, *self._at_home(claims), *own, *self.ranking)
        return next((one for one in order if one not in facing or actor.type == "body"), None)

    def _at_home(self, claims: _Claims) -> Iterable[str]:
        """Countries spoken of in their own right, a venue twice, then those of known people of whom the text says none."""
        return (*self._apart, *claims.local)

    def _met_again(self, found: list[Actor]) -> list[Actor]:
        """After "Salman Chaudhry" also "M. Chaudhry": people the register lacks, met again by their last word."""
        names: dict[str, Actor] = {}
        for actor in found:
            if actor.type == "person" and actor.name_in_text:
                words = actor.name_in_text.split()
                if len(words) > 1 and len(words[-1]) > 3 and words[-2] not in _OF_HOUSE:
                    names.setdefault(words[-1], actor)
        if not names:
            return []
        extra: list[Actor] = []
        for part in self.parts:
            cover = Cover(sorted((one.start, one.end) for one in found if one.field == part.which))
            for word in _WORD.finditer(part.text):
                start, met = word.start(), names.get(word[0])
                if met is None and word[0][:1] in "وبل" and word[0][1:] in names:
                    start, met = start + 1, names[word[0][1:]]
                if met is None or cover.inside(start) or self._means_else(part, start):
                    continue
                again = part.text[start : word.end()]
                extra.append(replace(met, field=part.which, start=start, end=word.end(), name_in_text=again, role=None, confidence=0.6))
        return extra

    def _means_else(self, part: Part, start: int) -> bool:
        """The word is one of the role words here, or somebody else of that surname."""
        number = part.starting.get(start)
        return (number is not None and bool(part.tokens[number].entry.words)) or self._other_bearer(part, start)

    def _other_bearer(self, part: Part, start: int) -> bool:
        """Another capitalised word that is a first name stands directly before."""
        before = part.text[max(0, start - 30) : start].split(" ")
        return len(before) > 1 and before[-1] == "" and fold_key(before[-2]) in self.known.given


_SENTENCE_END = re.compile(r"[.!?؟](?=\s)|\n")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u064b-\u0652]|['’-](?=[^\W\d_])){0,40}")
_OF_HOUSE = frozenset(("Al", "al", "Al-", "آل", "bin", "ben", "بن"))


_OF = frozenset(("", "de", "de la", "du", "de l'", "des", "del", "de los", "of", "of the", "from", "from the", "at", "من", "عن"))


def _of_body(actor: Actor, body: Actor) -> Actor:
    return replace(
        actor, body=body.body, body_id=body.body_id, kind=body.kind, kinds=body.kinds, country=body.country, field_type=body.field_type
    )  # fmt: skip


def _at_body(actor: Actor, body: Body) -> Actor:
    return replace(actor, body=body.label, body_id=body.id, kind=body.kind, kinds=body.kinds, country=body.country)


def _related(one: Body, two: Body) -> bool:
    """Two bodies of one house, or of one kind in one country."""
    if one.id == two.id or one.parent == two.id or two.parent == one.id:
        return True
    return one.country == two.country and bool(set(one.kinds) & set(two.kinds))


def _linked(found: Sequence[Actor], register: Register) -> tuple[Actor, ...]:
    """Says which mention refers to which: to the fullest mention of the person, or of the holder of the office."""
    main: dict[str, int] = {}
    for number, actor in enumerate(found):
        key = _identity(actor)
        if key is not None and actor.type == "person":
            best = main.get(key)
            if best is None or _fullness(actor) > _fullness(found[best]):
                main[key] = number
    by_country: dict[str, list[int]] = {}
    for number in sorted(main.values()):
        country = found[number].country
        if country is not None and len(by_country.setdefault(country, [])) < _LOOK_BACK:
            by_country[country].append(number)
    result: list[Actor] = []
    for number, actor in enumerate(found):
        key = _identity(actor)
        target = main.get(key) if key is not None else None
        if key is None and actor.type == "title":
            target = _antecedent(actor, found, by_country.get(actor.country or "", ()), register)
            if target is not None:
                actor = _named_as(actor, found[target])
        result.append(replace(actor, resolved_to=target) if target not in (None, number) else actor)
    return tuple(result)


def _named_as(actor: Actor, other: Actor) -> Actor:
    return replace(
        actor, name=other.name, person_id=other.person_id, known=other.known, body=other.body, body_id=other.body_id, kind=other.kind,
        kinds=other.kinds, field_type=other.field_type or actor.field_type,
    )  # fmt: skip


def _antecedent(actor: Actor, found: Sequence[Actor], candidates: Iterable[int], register: Register) -> int | None:
    """The one person of that country whom a title without a name can mean."""
    if actor.plural or actor.former:
        return None
    fitting = []
    for index in candidates:
        other = found[index]
        if actor.rank != other.rank and not {actor.rank, other.rank} <= _ONE_RANK:
            continue
        if actor.body_id is not None:
            person = register.persons.get(other.person_id or "")
            leads = person is not None and any(o.body == actor.body_id and o.end is None for o in person.offices)
            fits = other.body_id == actor.body_id or (leads and actor.rank in _LEADING)
        elif actor.field_type is not None:
            fits = other.field_type == actor.field_type
        elif actor.rank == "minister":
            fits = other.rank == "minister"
        else:
            fits = other.rank not in ("leader", "diplomat", "liaison")
        if fits:
            fitting.append(index)
    return fitting[0] if len(fitting) == 1 else None


_ONE_RANK = {"head", "minister", "generic", "leader", None}


def _identity(actor: Actor) -> str | None:
    if actor.person_id is not None:
        return actor.person_id
    if actor.type == "person" and actor.name:
        return "name:" + fold_key(actor.name)
    return None


def _fullness(actor: Actor) -> tuple[bool, bool, int]:
    return actor.field == "text", actor.role is not None, len(actor.name_in_text or "")
