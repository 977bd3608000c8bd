"""Seats at a table: how surely two of them are the same one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipelines.detect.model import Participant, Report
from pipelines.identity.names import NAME_AT, likeness, name_likeness, skeletons, words

# How surely two seats at two tables are the same one
PERSON, NAME, BODY, KIND, COUNTRY, NOTHING, CLASH = 1.0, 0.9, 0.7, 0.5, 0.3, 0.0, -1.0
STRONG = BODY


@dataclass(frozen=True, slots=True)
class Seat:
    """One at the table: a person, an office, a body, or just a country."""

    country: str | None
    person_id: str | None = None
    names: frozenset[str] = frozenset()
    body_id: str | None = None
    bodies: frozenset[str] = frozenset()  # folded words that tell the body from others of its country
    kind: str | None = None

    @property
    def is_somebody(self) -> bool:
        """Whether the person is told by name."""
        return bool(self.person_id or self.names)

    @property
    def is_vague(self) -> bool:
        """Whether no more than a country is told."""
        return not (self.person_id or self.names or self.bodies or self.body_id)


_PLAIN_BODY_WORDS = words(
    """de du des la le les l d el al of the and et y e general generale directorate direction directeur national nationale
    service services ministere ministry ministerio police policia"""
)


def seat_of(participant: Participant) -> Seat:
    """A participant as it is compared."""
    words, kind = _body_words(participant.body_id, participant.body, participant.country)
    return Seat(
        country=participant.country,
        person_id=participant.person_id,
        names=frozenset(n for n in (participant.name, participant.name_in_text) if n),
        body_id=participant.body_id,
        bodies=words,
        kind=participant.kind or kind,
    )


# What ministries and forces are called in the four languages, as one word each
_BODY_WORDS = {
    word: meaning
    for meaning, words in {
        "interior": "interieur interior innern داخليه الداخليه للداخليه",
        "justice": "justice justicia justiz عدل العدل للعدل",
        "defence": "defense defence defensa armees verteidigung دفاع الدفاع للدفاع",
        "police": "police policia polizei policial شرطه الشرطه للشرطه",
        "gendarmerie": "gendarmerie gendarmeria درك الدرك للدرك",
        "intelligence": "renseignement renseignements intelligence inteligencia مخابرات المخابرات استخبارات الاستخبارات",
        "federal": "federal federale federales bundes فدراليه الفدراليه اتحاديه الاتحاديه",
        "guard": "guardia garde guard حرس الحرس",
        "border": "frontieres frontiere fronteras border borders حدود الحدود",
    }.items()
    for word in words.split()
}


_KINDS = ("interior", "justice", "gendarmerie", "intelligence", "police", "border")


@lru_cache(maxsize=20_000)
def _body_words(body_id: str | None, body: str | None, country: str | None) -> tuple[frozenset[str], str | None]:
    """The words that tell a body from others of its country, and the kind that they give away."""
    text = " ".join(x for x in (body_id, body) if x)
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c)).replace("ة", "ه")
    words = {_BODY_WORDS.get(w, w) for w in re.findall(r"\w+", plain.replace("’", " ").replace("'", " ").replace("_", " "))}
    if "intelligence" in words:
        words.discard("interior")  # a service that looks inward, not the ministry
    telling = words - _PLAIN_BODY_WORDS - {(country or "").casefold(), "pole"}
    kind = next((kind for kind in _KINDS if kind in words), "military" if "defence" in words else None)
    return frozenset(telling or words), kind


def seat_likeness(one: Seat, other: Seat) -> float:
    """How surely two seats are the same one: PERSON, NAME, BODY, KIND, COUNTRY, NOTHING or CLASH (two different people)."""
    if one.person_id and other.person_id:
        return PERSON if one.person_id == other.person_id else CLASH
    if one.country and other.country and one.country != other.country:
        return NOTHING
    if one.is_somebody and other.is_somebody and one.names and other.names:
        alike = max(name_likeness(a, b) for a in one.names for b in other.names)
        if alike >= NAME_AT:
            return NAME
        # The register's name beside an odd spelling of the same office-holder
        return NAME if alike >= 0.5 and _same_body(one, other) and _first_names_agree(one, other) else CLASH
    if (one.bodies or one.body_id) and (other.bodies or other.body_id):
        if _same_body(one, other):
            return BODY
        return _likeness_of_bodies(one, other)
    return COUNTRY if one.country and one.country == other.country else NOTHING


def _likeness_of_bodies(one: Seat, other: Seat) -> float:
    """For two bodies of one country that share no word: two of the register are two; of others the words may be to blame."""
    if one.body_id and other.body_id:
        return NOTHING
    if one.kind and other.kind:
        return KIND if one.kind == other.kind else NOTHING
    acronyms = all(len(word) <= 6 for seat in (one, other) for word in seat.bodies)
    return NOTHING if acronyms else COUNTRY


def _same_body(one: Seat, other: Seat) -> bool:
    if one.body_id and other.body_id:
        # Bodies of the register are two unless one is a part of the other: ma-dgsn, ma-pole-dgsn-dgst
        ids = (_body_words(seat.body_id, None, seat.country)[0] for seat in (one, other))
        return one.body_id == other.body_id or bool(frozenset.intersection(*ids))
    return bool(one.bodies & other.bodies)


def _first_names_agree(one: Seat, other: Seat) -> bool:
    firsts = [[s[0] for n in seat.names if len(s := skeletons(n)) > 1] for seat in (one, other)]
    return any(likeness(a, b) >= 0.8 for a in firsts[0] for b in firsts[1])


def merge_seats(one: Seat, other: Seat) -> Seat:
    somebody = one if one.person_id or not other.person_id else other
    return Seat(
        country=one.country or other.country,
        person_id=one.person_id or other.person_id,
        names=one.names | other.names,
        body_id=somebody.body_id or one.body_id or other.body_id,
        bodies=one.bodies | other.bodies,
        kind=somebody.kind or one.kind or other.kind,
    )


def add_seats(seats: Sequence[Seat], more: Iterable[Seat]) -> tuple[Seat, ...]:
    table = list(seats)
    for seat in sorted(more, key=seat_order):
        best = max(range(len(table)), key=lambda i: seat_likeness(table[i], seat), default=None)
        if best is not None and seat_likeness(table[best], seat) >= (COUNTRY if seat.is_vague else BODY):
            table[best] = merge_seats(table[best], seat)
        else:
            table.append(seat)
    return tuple(table)


def seat_order(seat: Seat) -> tuple[bool, bool, str, str, str, list[str], list[str]]:
    return (
        not seat.person_id,
        not seat.names,
        seat.country or "~",
        seat.person_id or "",
        seat.body_id or "",
        sorted(seat.names),
        sorted(seat.bodies),
    )


def seats_of(report: Report) -> tuple[Seat, ...]:
    """Everyone at the table of a report, once each."""
    return add_seats((), map(seat_of, report.participants))
