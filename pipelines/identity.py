"""Which meeting is it? Pure decisions: accounts of meetings go in, a partition and its named reasons come out.

Identity is people and offices x days x place. An account is one article's report; a known meeting is the sum of its accounts,
so what one outlet adds (a name, a day) is known when the next one is compared.

    accounts -> arrange -> groups of accounts, one per meeting -> summarize -> the facts of each meeting

`arrange` depends on the accounts alone and not on their order, so that the order of arrival does not change the meetings found.
Days are local days at the place of the meeting; times are UTC.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from difflib import SequenceMatcher
from functools import lru_cache, reduce
from itertools import combinations
from typing import Literal, TypeVar

from pipelines.detect.model import Days, Mode, Participant, Place, Report, Side, Status

Standing = Literal["flagged", "possible", "aside"]
"""What a report is worth as news: flagged; just below the line; or kept without opening a record as a new meeting."""

UNDATED_BEFORE = timedelta(days=10)
"""A new meeting without a day took place at most this long before its article: press reviews are weekly."""

PLANNED_AHEAD = timedelta(days=60)
"""An announced meeting without a day is expected within this time."""

RETOLD_WITHIN = 10
"""Undated recollections of the same people are of one meeting when they are published in one span of so many days."""

ANY_TIME = timedelta(days=400)
"""An undated recollection reaches back this far when the known meetings are searched."""

LONGEST = timedelta(days=31)
"""A span longer than this tells no meetings apart."""

# How surely two seats at two tables are the same one
PERSON, NAME, BODY, KIND, COUNTRY, NOTHING, CLASH = 1.0, 0.9, 0.7, 0.5, 0.3, 0.0, -1.0
STRONG = BODY

NAME_AT = 0.72
"""Likeness of two spellings from which they are one name (among people of one country at one time)."""


@dataclass(frozen=True, slots=True)
class Account:
    """One article's report of a meeting, with what joining must know of the article."""

    report: Report
    published: datetime  # or first seen, where the article gives none
    article: str  # identity of the article, the same whenever it is read again
    ordinal: int  # place of the report within its article
    outlet: str
    family: str  # publisher family of the outlet
    standing: Standing = "aside"


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which a meeting can have been. `exact`: the text gives them; `loose`: too wide to tell meetings apart."""

    first: date
    last: date
    exact: bool = False
    loose: bool = False

    def gap(self, other: Window) -> int:
        """Whole days between the two, 0 when they overlap."""
        return max((other.first - self.last).days, (self.first - other.last).days, 0)


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


@dataclass(frozen=True, slots=True)
class KnownMeeting:
    """The sum of the accounts of one meeting."""

    accounts: tuple[Account, ...]
    seats: tuple[Seat, ...]
    sides: Mapping[str, Sequence[Seat]]  # seats by country; where only one is told, the country of the place is the other
    windows: frozenset[Window]
    day_votes: Mapping[Window, int]  # accounts behind each exact day or range
    city_votes: Mapping[str, int]
    countries: frozenset[str]  # of the place
    modes: frozenset[str]
    statuses: frozenset[Status]
    dates: frozenset[date]  # on which it was told
    published: tuple[datetime, datetime]  # first and last
    told: Mapping[str, tuple[tuple[Status, Window], ...]]  # by article

    @property
    def days(self) -> frozenset[Window]:
        """The days with the most accounts behind them: what a few outlets have wrong is not compared by."""
        return _foremost(self.day_votes)

    @property
    def cities(self) -> frozenset[str]:
        """The cities with the most accounts behind them."""
        return _foremost(self.city_votes)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two accounts are of one meeting. A single veto decides against it."""

    same: bool
    score: float = 0.0
    reasons: tuple[str, ...] = ()
    vetoes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeetingFacts:
    """What the accounts of one meeting come to.

    `contradictions`: the values that outlets disagree on, each with its number of independent supporters, best first.
    """

    status: Status
    possible: bool
    days: Days
    place: Place
    mode: Mode
    participants: tuple[Participant, ...]
    topics: tuple[str, ...]
    categories: tuple[str, ...]
    score: float
    headline: str
    first_reported_at: datetime | None
    outlets: tuple[str, ...]
    contradictions: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()


# ---------------------------------------------------------------------------------------------------------------- days


def window_of(report: Report, published: datetime) -> Window:
    """The days on which the meeting of a report published then (UTC) can have been."""
    return _window(report.days, report.status, published.astimezone(UTC).date())


@lru_cache(maxsize=10_000)
def _window(days: Days, status: Status, day: date) -> Window:
    # A day of tolerance: local days of the place run ahead of UTC
    ahead = day + timedelta(days=1)
    held = status is Status.NEW
    if days.first is not None and days.precision in ("day", "range"):
        last = max(days.last or days.first, days.first)
        return Window(days.first, last, exact=True, loose=last - days.first > LONGEST)
    if days.first is not None and days.precision in ("month", "year"):
        last = days.last or _end_of(days.first, days.precision)
        if status in (Status.NEW, Status.BACKGROUND) and days.first <= ahead:
            last = min(last, ahead)
        return Window(days.first, last, loose=days.precision == "year")
    if held:
        return Window(day - UNDATED_BEFORE, ahead)
    if status is Status.BACKGROUND:
        return Window(day - ANY_TIME, ahead, loose=True)
    behind = timedelta(days=1) if status is Status.PLANNED else timedelta(days=30)
    return Window(day - behind, day + PLANNED_AHEAD, loose=True)


def _end_of(first: date, precision: str) -> date:
    if precision == "year":
        return date(first.year, 12, 31)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return following - timedelta(days=1)


# --------------------------------------------------------------------------------------------------------------- names


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_ARABIC = {
    letter: sound
    for sound, letters in {
        "b": "بپ", "t": "تثطة", "g": "جغگچڭݣ", "k": "خقكک", "d": "دذض", "s": "زسشصظ", "f": "فڤڥ",
        "r": "ر", "l": "ل", "m": "م", "n": "ن",
    }.items()
    for letter in letters
}  # fmt: skip
_LATIN = {
    letter: sound
    for sound, letters in {
        "b": "bp", "f": "fv", "g": "gj", "k": "kq", "s": "sz", "ks": "x",
        "t": "t", "d": "d", "r": "r", "l": "l", "m": "m", "n": "n",
    }.items()
    for letter in letters
}  # fmt: skip
_DIGRAPHS = {
    "tsch": "s", "sch": "s", "tch": "s", "ch": "s", "sh": "s", "kh": "k", "gh": "g", "ph": "f", "th": "t", "dh": "d", "dj": "g",
    "ck": "k", "ce": "s", "ci": "s", "cy": "s", "c": "k",
}  # fmt: skip
_PARTICLES = _words(
    """al el ben bin ibn ould ouled abu abou de del della du des la le les van von der den di da dos y e et mr mme m
    general colonel docteur dr sheikh cheikh prince emir son altesse royale
    بن ابن ولد آل ال الأمير الامير الشيخ اللواء الفريق الدكتور السيد"""
)


@lru_cache(maxsize=20_000)
def skeletons(name: str) -> tuple[str, ...]:
    """The consonants of each word of a name, alike for Latin and Arabic spellings of one name.

    >>> skeletons("Eric Snoeck"), skeletons("إيريك سنوك")
    (('rk', 'snk'), ('rk', 'snk'))
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c) and c != "ـ")
    words = re.findall(r"\w+", plain.replace("'", "").replace("’", ""))
    told = []
    for word in words:
        if word in _PARTICLES:
            continue
        arabic = any("\u0600" <= c <= "\u06ff" for c in word)
        if arabic and word.startswith("ال") and len(word) > 4:
            word = word[2:]
        bones = "".join(_ARABIC.get(c, "") for c in word) if arabic else _latin_bones(word)
        if bones:
            told.append(re.sub(r"(.)\1+", r"\1", bones))
    return tuple(told)


def _latin_bones(word: str) -> str:
    for letters, sound in _DIGRAPHS.items():
        word = word.replace(letters, sound.upper())
    return "".join(c.lower() if c.isupper() else _LATIN.get(c, "") for c in word)


@lru_cache(maxsize=50_000)
def name_likeness(one: str, other: str) -> float:
    """How alike two spellings of a name are, 0..1, over scripts. A surname alone is as good as the full name it ends."""
    a, b = skeletons(one), skeletons(other)
    if not a or not b:
        return 1.0 if one.casefold().strip() == other.casefold().strip() else 0.0
    if a == b:
        return 1.0
    short, long = sorted((a, b), key=len)
    if len(short) == 1:
        return max(_likeness(short[0], word) for word in ((long[-1],) if len(long) == 2 else long[1:] or long))
    whole = _likeness("".join(a), "".join(b))
    # Every word of the shorter name finds its own in the longer one: middle names come and go
    left = list(long)
    total = 0.0
    for word in short:
        best = max(left, key=lambda w, word=word: _likeness(word, w))  # type: ignore[misc]
        total += _likeness(word, best)
        left.remove(best)
    return max(whole, total / len(short))


@lru_cache(maxsize=50_000)
def _likeness(one: str, other: str) -> float:
    if one == other:
        return 1.0 if len(one) > 1 else 0.8
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


# --------------------------------------------------------------------------------------------------------------- seats

_PLAIN_BODY_WORDS = _words(
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
    return any(_likeness(a, b) >= 0.8 for a in firsts[0] for b in firsts[1])


def _merge_seats(one: Seat, other: Seat) -> Seat:
    somebody = one if one.person_id or not other.person_id else other
    return Seat(
        country=one.country or other.country,
        person_id=one.person_id or other.person_id,
        names=one.names | other.names,
        body_id=somebody.body_id or one.body_id or other.body_id,
        bodies=one.bodies | other.bodies,
        kind=somebody.kind or one.kind or other.kind,
    )


def _add_seats(seats: Sequence[Seat], more: Iterable[Seat]) -> tuple[Seat, ...]:
    table = list(seats)
    for seat in sorted(more, key=_seat_order):
        best = max(range(len(table)), key=lambda i: seat_likeness(table[i], seat), default=None)
        if best is not None and seat_likeness(table[best], seat) >= (COUNTRY if seat.is_vague else BODY):
            table[best] = _merge_seats(table[best], seat)
        else:
            table.append(seat)
    return tuple(table)


def _seat_order(seat: Seat) -> tuple[bool, bool, str, str, str, list[str], list[str]]:
    return (
        not seat.person_id,
        not seat.names,
        seat.country or "~",
        seat.person_id or "",
        seat.body_id or "",
        sorted(seat.names),
        sorted(seat.bodies),
    )


# ------------------------------------------------------------------------------------------------------- known meetings


def known_meeting(accounts: Iterable[Account]) -> KnownMeeting:
    """The sum of these accounts (at least one)."""
    return reduce(add, map(alone, sorted(accounts, key=order_of)))


def seats_of(report: Report) -> tuple[Seat, ...]:
    """Everyone at the table of a report, once each."""
    return _add_seats((), map(seat_of, report.participants))


def alone(account: Account, seats: tuple[Seat, ...] | None = None) -> KnownMeeting:
    """A meeting known from one account. `seats` saves working them out, where that was done."""
    report = account.report
    window = window_of(report, account.published)
    city = city_key(report.place)
    seats = seats_of(report) if seats is None else seats
    countries = frozenset({report.place.country} if report.place.country else ())
    return KnownMeeting(
        accounts=(account,),
        seats=seats,
        sides=_by_side(seats, countries),
        windows=frozenset({window}),
        day_votes={window: 1} if window.exact else {},
        city_votes={city: 1} if city else {},
        countries=countries,
        modes=frozenset({report.mode}),
        statuses=frozenset({report.status}),
        dates=frozenset({account.published.astimezone(UTC).date()}),
        published=(account.published, account.published),
        told={account.article: ((report.status, window),)},
    )


def add(one: KnownMeeting, other: KnownMeeting) -> KnownMeeting:
    """What is known from both."""
    seats = _add_seats(one.seats, other.seats)
    countries = one.countries | other.countries
    told = dict(one.told)
    for article, pairs in other.told.items():
        told[article] = told.get(article, ()) + pairs
    return KnownMeeting(
        accounts=one.accounts + other.accounts,
        seats=seats,
        sides=_by_side(seats, countries),
        windows=one.windows | other.windows,
        day_votes=_votes(one.day_votes, other.day_votes),
        city_votes=_votes(one.city_votes, other.city_votes),
        countries=countries,
        modes=one.modes | other.modes,
        statuses=one.statuses | other.statuses,
        dates=one.dates | other.dates,
        published=(min(one.published[0], other.published[0]), max(one.published[1], other.published[1])),
        told=told,
    )


T = TypeVar("T")


def _votes(one: Mapping[T, int], other: Mapping[T, int]) -> Mapping[T, int]:
    if not one or not other:
        return one or other
    return {value: one.get(value, 0) + other.get(value, 0) for value in one.keys() | other.keys()}


def _foremost(votes: Mapping[T, int]) -> frozenset[T]:
    if len(votes) < 2:
        return frozenset(votes)
    most = max(votes.values())
    return frozenset(value for value, count in votes.items() if count == most)


def _by_side(seats: Iterable[Seat], countries: frozenset[str]) -> dict[str, list[Seat]]:
    sides: dict[str, list[Seat]] = defaultdict(list)
    for seat in seats:
        if seat.country:
            sides[seat.country].append(seat)
    if len(sides) < 2:
        for country in countries - sides.keys():
            sides[country].append(Seat(country))
    return dict(sides)


def order_of(account: Account) -> tuple[object, ...]:
    """The order in which accounts are weighed, whatever order they came in: those that tell most first, then the earliest."""
    report = account.report
    window = window_of(report, account.published)
    somebody = sum(bool(p.person_id or p.name) for p in report.participants)
    return (
        window.loose,
        -somebody,
        not window.exact,
        -len(report.participants),
        account.published,
        account.article,
        account.ordinal,
    )


def city_key(place: Place) -> str | None:
    """A city as it is compared: the register's id, else its plain letters."""
    if place.city_id:
        return place.city_id
    if not place.city:
        return None
    plain = unicodedata.normalize("NFKD", place.city.casefold())
    return "".join(c for c in plain if c.isalnum())


def is_loose(account: Account) -> bool:
    """Whether the account tells too little to bridge between meetings: days too wide, or people of one country only."""
    return is_wide(account) or len(sides_of(account.report)) < 2


def tier_of(account: Account) -> int:
    """How much an account is worth for telling meetings apart.

    1: two sides, and the day. 2: two sides, and a month or the days before the article. 3: a vague one (`is_loose`).
    Those of a higher tier join what those of a lower one have made, and leave it as it is.
    """
    if is_loose(account):
        return 3
    return 1 if window_of(account.report, account.published).exact else 2


def is_wide(account: Account) -> bool:
    """Whether the account's days are too wide to tell meetings apart."""
    return window_of(account.report, account.published).loose


def sides_of(report: Report) -> frozenset[str]:
    """The countries and international bodies at the table; where only one is named, the country of the place is the other."""
    told = frozenset(p.country for p in report.participants if p.country)
    if len(told) < 2 and report.place.country:
        told |= {report.place.country}
    return told


@dataclass(frozen=True, slots=True)
class Traces:
    """Under which keys an account is kept, and under which those are found that may be of the same meeting.

    Whatever `compare` or a retelling can join is found: the relation is symmetric, and the days must overlap but for `SLACK`.
    """

    kept: frozenset[str]
    firm: frozenset[str]  # keys of accounts that tell enough
    loose: frozenset[str]  # keys of vague accounts


SLACK = timedelta(days=2)
"""Days of two accounts of one meeting lie at most this far apart."""

MOST_SIDES = 8  # a summit of forty countries is found by its city


def traces_of(account: Account) -> Traces:
    """The keys of an account.

    Two countries suffice to find one another when the days are known; over a wide span of time two of the same people or bodies
    are asked for, or one at the same city.
    """
    report = account.report
    sides = sorted(sides_of(report))
    tokens = _tokens(report)
    everyone = frozenset(t for told in tokens.values() for t in told)
    city = city_key(report.place)
    pairs = {f"{a}+{b}" for a, b in combinations(sides[:MOST_SIDES], 2)}
    if report.mode == "multilateral" and city:
        pairs.add(f"multilateral@{city}")
    telling = {
        f"{min(x, y)}&{max(x, y)}" for a, b in combinations(sorted(tokens)[:MOST_SIDES], 2) for x in tokens[a] for y in tokens[b]
    } | {f"{x}@{city}" for x in everyone if city}
    if is_wide(account):
        retold = frozenset(f"r:{_span(account)}:{key}" for key in telling)
        return Traces(retold | {f"w:{key}" for key in telling}, frozenset(f"s:{key}" for key in telling), retold)
    if len(sides) < 2:
        alone = frozenset(f"o:{key}" for key in everyone)
        return Traces(alone, frozenset(f"p:{key}" for key in everyone), alone)
    firm = frozenset(f"f:{key}" for key in pairs)
    return Traces(
        firm | {f"s:{key}" for key in telling} | {f"p:{key}" for key in everyone},
        firm,
        frozenset(f"w:{key}" for key in telling) | {f"o:{key}" for key in everyone},
    )


def _span(account: Account) -> int:
    """The span of RETOLD_WITHIN days in which the article was published."""
    return account.published.astimezone(UTC).toordinal() // RETOLD_WITHIN


def _tokens(report: Report) -> dict[str, frozenset[str]]:
    """By side, what two seats of one strength share: the person, the bones of the name, the words of the body."""
    sides: dict[str, set[str]] = defaultdict(set)
    for participant in report.participants:
        seat = seat_of(participant)
        told = sides[seat.country or "?"]
        if seat.person_id:
            told.add(f"p {seat.person_id}")
        for name in seat.names:
            told.update(f"n {bones}" for bones in skeletons(name)[-1:])
        told.update(f"b {seat.country} {word}" for word in seat.bodies)
    return {side: frozenset(told) for side, told in sides.items()}


# ------------------------------------------------------------------------------------------------------------- verdicts


def compare(one: KnownMeeting, other: KnownMeeting, *, tolerant: bool = True) -> Verdict:
    """Whether two sets of accounts are of one meeting, with named reasons and vetoes. Symmetric.

    `tolerant` allows for one contradiction between outlets that tell the same meeting: a day beside the other, another city.
    """
    apart = _told_apart(one, other)
    if apart:
        return Verdict(False, vetoes=(apart,))
    day, day_score = _compare_days(one, other)
    if day == "other-days":
        return Verdict(False, vetoes=("other-days",))
    place, place_score = _compare_places(one, other)
    levels, veto = _compare_seats(one, other)
    multilateral = "multilateral" in one.modes and "multilateral" in other.modes
    strong = sum(level >= STRONG for level in levels.values())
    matched = sum(level >= COUNTRY for level in levels.values())
    same_day, same_city = day == "same-days", place == "same-city"
    if veto and not (multilateral and same_day and same_city and strong):
        return Verdict(False, vetoes=(veto,))
    people = sum(levels.values()) / max(len(levels), 2)
    reasons = (f"people-{people:.2f}", day, place)
    score = 3 * people + 0.1 * min(matched, 5) + day_score + place_score
    if not tolerant and (day == "next-day" or place == "other-city"):
        return Verdict(False, score, reasons, (day if day == "next-day" else place,))
    refusal = _refusal(one, other, levels, day, place, strong, matched, multilateral)
    if refusal:
        return Verdict(False, score, reasons, (refusal,))
    return Verdict(True, score, reasons)


def apart_from_article(known: KnownMeeting, name: str) -> KnownMeeting:
    """A single account without its article and hour, so that it stands for all that tell the very same."""
    ((told, *_),) = known.told.values()
    return replace(known, told={name: (told,)}, published=(_EVER[0], _EVER[1]))


_EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def could_be_one(one: KnownMeeting, other: KnownMeeting) -> bool:
    """Whether one group could come to hold both single accounts: directly, as a vague one, or as retellings."""
    if compare(one, other).same:
        return True
    return is_loose(one.accounts[0]) and is_loose(other.accounts[0]) and _same_retelling(one, other)


def _refusal(
    one: KnownMeeting,
    other: KnownMeeting,
    levels: Mapping[str, float],
    day: str,
    place: str,
    strong: int,
    matched: int,
    multilateral: bool,
) -> str | None:
    """What is missing for these two to be one meeting; None if nothing is."""
    exact_people = strong >= 2 and len(levels) >= 2
    calls = _is_call(one), _is_call(other)
    if place == "other-country":
        return "other-country"
    if place == "other-city" and not (day == "same-days" and exact_people and one.sides.keys() == other.sides.keys()):
        return "other-city"
    if calls[0] is not calls[1] and None not in calls and not (day == "same-days" and exact_people):
        return "other-mode"
    if day == "next-day":
        same_table = exact_people and one.sides.keys() == other.sides.keys() and place in ("same-city", "no-place")
        if not (same_table and _same_news(one, other)):
            return "next-day"
    elif day == "loose-days" and not (exact_people or (strong and place == "same-city")):
        return "too-vague"
    if matched >= 2 and strong >= 1:
        return None
    if matched >= 2:
        return None if day == "same-days" and place != "other-city" else "countries-only"
    if strong and day == "same-days" and place == "same-city" and (multilateral or _is_one_sided(one) or _is_one_sided(other)):
        return None
    return "other-people"


def _told_apart(one: KnownMeeting, other: KnownMeeting) -> str | None:
    """An article that tells both as two meetings knows better than we do."""
    for article in one.told.keys() & other.told.keys():
        for status, window in one.told[article]:
            for other_status, other_window in other.told[article]:
                if status is not other_status or window.gap(other_window):
                    return "told-apart"
    return None


def _compare_days(one: KnownMeeting, other: KnownMeeting) -> tuple[str, float]:
    exact = [list(m.days) for m in (one, other)]
    if all(exact):
        gap = min(a.gap(b) for a in exact[0] for b in exact[1])
        if gap == 0:
            return "same-days", 1.5
        statuses = one.statuses | other.statuses
        # A meeting announced for one day is often held the day after
        shifted = Status.PLANNED in statuses and len(statuses) > 1
        return ("next-day", 0.2) if gap <= (2 if shifted else 1) else ("other-days", 0.0)
    firm = [[w for w in m.windows if not w.loose] for m in (one, other)]
    if all(firm):
        if min(a.gap(b) for a in firm[0] for b in firm[1]):
            return "other-days", 0.0
        return "within-days", 0.5 + 0.4 * _closeness(one, other, exact)
    if min(a.gap(b) for a in one.windows for b in other.windows):
        return "other-days", 0.0
    return "loose-days", 0.1 + 0.1 * _closeness(one, other, exact)


def _closeness(one: KnownMeeting, other: KnownMeeting, exact: list[list[Window]]) -> float:
    """1 when the day lies right before the undated article, falling to 0 over the time an undated one reaches back."""
    if exact[0] and not exact[1]:
        days, undated = exact[0], other
    elif exact[1] and not exact[0]:
        days, undated = exact[1], one
    else:
        days, undated = [], one
    if not days:
        apart = min(abs((a - b).days) for a in one.dates for b in other.dates)
    else:
        apart = min(abs((a - w.last).days) for a in undated.dates for w in days)
    return max(0.0, 1 - apart / UNDATED_BEFORE.days)


def _compare_places(one: KnownMeeting, other: KnownMeeting) -> tuple[str, float]:
    if one.city_votes and other.city_votes:
        if one.cities & other.cities:
            return "same-city", 1.0
        if one.countries and other.countries and not one.countries & other.countries:
            return "other-country", 0.0
        return "other-city", -0.5
    if one.countries and other.countries:
        return ("same-country", 0.4) if one.countries & other.countries else ("other-country", 0.0)
    told = one.city_votes or other.city_votes or one.countries or other.countries
    return ("place-in-one", 0.0) if told else ("no-place", 0.1)


def _compare_seats(one: KnownMeeting, other: KnownMeeting) -> tuple[dict[str, float], str | None]:
    """The best likeness for each side both have, and a veto when a side is held by different people or bodies."""
    a, b = one.sides, other.sides
    levels: dict[str, float] = {}
    veto = None
    for side in sorted(a.keys() & b.keys()):
        found = [seat_likeness(x, y) for x in a[side] for y in b[side]]
        best = max(found)
        if best > NOTHING:
            levels[side] = best
        else:
            veto = "other-counterpart" if CLASH in found else "other-body"
    for x in one.seats:
        for y in other.seats:
            # Sides that the texts give different or no countries to
            if (not x.country or not y.country or x.country != y.country) and seat_likeness(x, y) >= NAME:
                levels.setdefault(x.country or y.country or f"?{min(x.names, default='')}", NAME)
    return levels, veto


def _is_one_sided(meeting: KnownMeeting) -> bool:
    return len({seat.country for seat in meeting.seats if seat.country}) < 2


def _is_call(meeting: KnownMeeting) -> bool | None:
    """Whether all accounts tell a call; None if they differ."""
    told = {mode in ("call", "video") for mode in meeting.modes}
    return told.pop() if len(told) == 1 else None


def _same_news(one: KnownMeeting, other: KnownMeeting) -> bool:
    """Whether days that differ by one may be two readings of one: told at the same time, or one of them recalled or planned."""
    if one.statuses | other.statuses != {Status.NEW}:
        return True
    return max(one.published[0], other.published[0]) - min(one.published[1], other.published[1]) <= timedelta(hours=48)


# ------------------------------------------------------------------------------------------------------------- arranging


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person has ruled on accounts (by position): these two are of one meeting, or are not.

    `copy`: the second repeats the text of the first, on which a person has ruled, and goes where that goes.
    """

    one: int
    other: int
    same: bool
    copy: bool = False


def arrange(
    accounts: Sequence[Account], rulings: Collection[Ruling] = (), known: Sequence[KnownMeeting] | None = None
) -> list[tuple[int, ...]]:
    """Group the positions of accounts by meeting. The grouping depends on the accounts alone, not on their order.

    Accounts that tell much are placed first; those that tell little join the one meeting they fit, or one another.
    `known` are the accounts as `alone` makes them, where that was done.
    """
    order = sorted(range(len(accounts)), key=lambda i: order_of(accounts[i]))
    apart = _Apart(rulings)
    newcomers = _newcomers(accounts, known or [alone(account) for account in accounts], order, rulings)
    dated, undated, loose = ([group for group, tier in newcomers if tier == wanted] for wanted in (1, 2, 3))
    placed = _gather(dated, apart)
    placed += _gather(_unclaimed(undated, placed, apart, TORN), apart)
    vague = _unclaimed(loose, placed, apart, CLEARLY)
    found = [group.members | group.guests for group in placed] + _retellings(vague, apart)
    return [tuple(sorted(group)) for group in _united(found, rulings)]


def _gather(newcomers: Sequence[_Group], apart: _Apart) -> list[_Group]:
    """Group accounts of one strength with one another."""
    placed: list[_Group] = []
    torn = [newcomer for newcomer in newcomers if not _place(newcomer, placed, apart)]
    _merge(placed, apart, tolerant=False)
    _merge(placed, apart, tolerant=True)
    alone: list[_Group] = []
    for newcomer in _unclaimed(torn, placed, apart, CLEARLY):
        if not _place(newcomer, alone, apart):
            alone.append(newcomer)
    return placed + alone


def _unclaimed(newcomers: Sequence[_Group], placed: Sequence[_Group], apart: _Apart, margin: float) -> list[_Group]:
    """Let meetings claim the vague accounts that are theirs; the others are returned.

    What an article tells as its news goes first: what it recalls beside it is another meeting.
    """
    left = []
    for newcomer in sorted(newcomers, key=lambda group: Status.NEW not in group.known.statuses):
        host = _host(newcomer, _fitting(newcomer, placed, apart), margin)
        if host is None:
            left.append(newcomer)
        else:
            host.claim(newcomer)
    return left


TORN = 0.1
"""An account that fits two different meetings as well as this is of neither for sure: `une délégation française`, two received."""

FAR_MORE = 3
"""A vague account is taken for the meeting that this many times more articles tell than any other it fits."""

CLEARLY = 0.35
"""By how much the best meeting must fit a vague account better than the next one."""


def _united(groups: list[set[int]], rulings: Collection[Ruling]) -> list[set[int]]:
    """Unite the groups that a person has ruled to be one. What each draws to it is drawn to the whole.

    A later ruling that would put together what was ruled apart is left out.
    """
    apart = {frozenset((r.one, r.other)) for r in rulings if not r.same}
    for ruling in rulings:
        if ruling.same:
            one, other = (next(g for g in groups if i in g) for i in (ruling.one, ruling.other))
            if one is not other and not any(frozenset((a, b)) in apart for a in one for b in other):
                one |= other
                groups.remove(other)
    return groups


def _host(newcomer: _Group, fitting: Sequence[tuple[float, _Group]], margin: float) -> _Group | None:
    """The meeting a vague account is of: the one it fits clearly best, or that far more tell, or, undated, the nearest one.

    Articles that recall a meeting without a day mean the last one; those that announce one mean the next.
    """
    if len(fitting) < 2:
        return fitting[0][1] if fitting else None
    best = [group for score, group in fitting if score > fitting[0][0] - margin]
    if len(best) == 1:
        return best[0]
    first, second = sorted((len(group.known.told) for group in best), reverse=True)[:2]
    if first >= FAR_MORE * second:
        return max(best, key=lambda group: len(group.known.told))
    if not all(a.report.days.first is None for a in newcomer.known.accounts):
        return None
    published = min(a.published for a in newcomer.known.accounts).astimezone(UTC).date()
    nearest = {id(group): min(_distance(w, published) for w in group.known.windows) for group in best}
    closest = min(nearest.values())
    near = [group for group in best if nearest[id(group)] == closest]
    return near[0] if len(near) == 1 else None


def _distance(window: Window, day: date) -> int:
    return max((window.first - day).days, (day - window.last).days, 0)


class _Group:
    """A meeting in the making. `guests` are vague accounts: they do not change what it is compared by."""

    __slots__ = ("claimed", "guests", "known", "members")

    def __init__(self, known: KnownMeeting, members: set[int]):
        self.known = known
        self.members = members
        self.guests: set[int] = set()
        self.claimed: dict[str, frozenset[Status]] = {}  # how the articles of the guests tell it

    def take(self, other: _Group) -> None:
        self.known = add(self.known, other.known)
        self.members |= other.members

    def claim(self, guest: _Group) -> None:
        self.guests |= guest.members
        for article in guest.known.told:
            self.claimed[article] = self.claimed.get(article, frozenset()) | guest.known.statuses

    def tells_otherwise(self, newcomer: _Group) -> bool:
        """Whether a guest's article tells the newcomer as another meeting: as an earlier or a coming one."""
        told = [self.claimed[article] for article in newcomer.known.told if article in self.claimed]
        return any(statuses != newcomer.known.statuses for statuses in told)


class _Apart:
    def __init__(self, rulings: Collection[Ruling]):
        self.pairs = {frozenset((r.one, r.other)) for r in rulings if not r.same}

    def __call__(self, one: _Group, other: _Group) -> bool:
        if not self.pairs:
            return False
        theirs = other.members | other.guests
        return any(frozenset((a, b)) in self.pairs for a in one.members | one.guests for b in theirs)


def _newcomers(
    accounts: Sequence[Account], known: Sequence[KnownMeeting], order: Sequence[int], rulings: Collection[Ruling]
) -> list[tuple[_Group, int]]:
    """The accounts in the order in which they are placed, and their tier.

    Accounts that tell the very same are placed as one, and so are copies of a text that was ruled on.
    """
    together = [{i} for i in range(len(accounts))]
    ruled = {i for ruling in rulings for i in (ruling.one, ruling.other)}
    first: dict[tuple[object, ...], int] = {}
    pairs = [(ruling.one, ruling.other) for ruling in rulings if ruling.same and ruling.copy]
    for i in order:
        if i not in ruled and tier_of(accounts[i]) == 1:
            twin = first.setdefault(sameness(known[i]), i)
            if twin != i:
                pairs.append((twin, i))
    for one, other in pairs:
        if together[one] is not together[other]:
            merged = together[one] | together[other]
            for i in merged:
                together[i] = merged
    newcomers: list[tuple[_Group, int]] = []
    seen: set[int] = set()
    for i in order:
        if i not in seen:
            seen |= together[i]
            members = [j for j in order if j in together[i]] if len(together[i]) > 1 else [i]
            newcomers.append((_Group(reduce(add, (known[j] for j in members)), set(members)), tier_of(accounts[i])))
    return newcomers


def sameness(known: KnownMeeting) -> tuple[object, ...]:
    """All that a single account is compared by. When it was told counts only where the day was not."""
    dated = all(window.exact and not window.loose for window in known.windows)
    return (
        frozenset(known.seats),
        known.windows,
        frozenset(known.city_votes),
        known.countries,
        known.modes,
        known.statuses,
        None if dated else known.dates,
    )


def _fitting(newcomer: _Group, placed: Sequence[_Group], apart: _Apart) -> list[tuple[float, _Group]]:
    found = [
        (verdict.score, group)
        for group in placed
        if not (apart(group, newcomer) or group.tells_otherwise(newcomer))
        and (verdict := compare(group.known, newcomer.known, tolerant=False)).same
    ]
    return sorted(found, key=lambda pair: -pair[0])


def _place(newcomer: _Group, placed: list[_Group], apart: _Apart) -> bool:
    """Put the newcomer where it fits best, or by itself. False, and it is put nowhere, if it fits two that are not one."""
    fitting = _fitting(newcomer, placed, apart)
    if not fitting:
        placed.append(newcomer)
        return True
    near = [group for score, group in fitting if score > fitting[0][0] - TORN]
    if len(near) > 1 and any(not compare(near[0].known, other.known).same for other in near[1:]):
        return False
    fitting[0][1].take(newcomer)
    return True


def _merge(placed: list[_Group], apart: _Apart, *, tolerant: bool) -> None:
    """Join groups that turn out to be one, best pair first, until none is left.

    A contradiction is only forgiven to the few: what many outlets tell of two days or two cities are two meetings.
    """
    scores = {(i, j): _merging(placed[i], placed[j], apart, tolerant) for i, j in combinations(range(len(placed)), 2)}
    gone: set[int] = set()
    while True:
        found = [(score, -i, -j) for (i, j), score in scores.items() if score is not None]
        if not found:
            break
        _, i, j = max(found)
        one, other = -i, -j
        placed[one].take(placed[other])
        gone.add(other)
        scores = {pair: score for pair, score in scores.items() if other not in pair}
        for pair in scores:
            if one in pair:
                scores[pair] = _merging(placed[pair[0]], placed[pair[1]], apart, tolerant)
    placed[:] = [group for i, group in enumerate(placed) if i not in gone]


def _merging(one: _Group, other: _Group, apart: _Apart, tolerant: bool) -> float | None:
    """How well two groups fit as one; None if they do not."""
    few, many = sorted((len(one.known.told), len(other.known.told)))
    if apart(one, other) or (tolerant and few > max(1, many // 2)):
        return None
    verdict = compare(one.known, other.known, tolerant=tolerant)
    return verdict.score if verdict.same else None


def _retellings(vague: Sequence[_Group], apart: _Apart) -> list[set[int]]:
    """Group vague accounts that fit no known meeting: the same people, told within days of one another."""
    found: list[list[_Group]] = []
    for newcomer in vague:
        for group in found:
            if all(not apart(g, newcomer) for g in group) and any(_same_retelling(g.known, newcomer.known) for g in group):
                group.append(newcomer)
                break
        else:
            found.append([newcomer])
    return [{i for g in group for i in g.members} for group in found]


def _same_retelling(one: KnownMeeting, other: KnownMeeting) -> bool:
    # Fixed spans of time, not a distance: recollections that follow one another would chain up over years
    spans = [{_span(a) if is_wide(a) else None for a in m.accounts} for m in (one, other)]
    if not spans[0] & spans[1]:
        return False
    if _told_apart(one, other) or one.sides.keys() != other.sides.keys():
        return False
    place, _ = _compare_places(one, other)
    levels, veto = _compare_seats(one, other)
    if veto or place in ("other-city", "other-country") or _compare_days(one, other)[0] == "other-days":
        return False
    kinds = [{a.report.status is Status.BACKGROUND for a in m.accounts} for m in (one, other)]
    if kinds[0] != kinds[1]:
        return False
    strong = sum(level >= STRONG for level in levels.values())
    return strong >= 2 or (strong >= 1 and place == "same-city")


# ------------------------------------------------------------------------------------------------------------ the facts


def family_of(outlet: str) -> str:
    """The publisher family of an outlet, so that its editions do not count as independent: `Le360 arabe` -> `le360`."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", outlet.casefold()) if not unicodedata.combining(c))
    plain = re.sub(r"\([^)]*\)", " ", plain)
    plain = re.sub(r"\.(com|ma|fr|net|org|info|ma/fr|es|tn|dz)\b", " ", plain)
    words = re.findall(r"\w+", plain)
    while len(words) > 1 and words[-1] in _EDITIONS:
        words.pop()
    return "".join(words)


_EDITIONS = _words(
    """fr ar en es arabe arabic arabi francais french english anglais espanol espagnol spanish maroc ma kiosque afrique
    عربي عربية فرنسية"""
)


def status_of(accounts: Sequence[Account]) -> tuple[Status, bool]:
    """The meeting's status from how its accounts tell it, and whether it is only a possible one.

    A flagged report makes it new, whatever else is said; then a recollection proves that it was held; then the latest of
    announcement, denial and cancellation holds.
    """
    if any(a.standing == "flagged" for a in accounts):
        return Status.NEW, False
    told = {a.report.status for a in accounts}
    if Status.BACKGROUND in told:
        return Status.BACKGROUND, False
    open_ones = [a for a in accounts if a.report.status in _WEIGHT]
    if open_ones:
        return max(open_ones, key=lambda a: (a.published, _WEIGHT[a.report.status])).report.status, False
    return Status.NEW, any(a.standing == "possible" for a in accounts)


_WEIGHT = {Status.PLANNED: 0, Status.DENIED: 1, Status.CANCELLED: 2}


def opens_a_record(accounts: Sequence[Account]) -> bool:
    """Whether these accounts are worth a record: unflagged, not even possible reports of new meetings alone are not."""
    return any(a.standing != "aside" or a.report.status is not Status.NEW for a in accounts)


def summarize(accounts: Sequence[Account], copy_of: Mapping[str, str] | None = None) -> MeetingFacts:
    """The facts of a meeting. Where outlets differ the value with more independent supporters wins, then the earlier report.

    `copy_of` names, by article, the article whose text it copies: copies do not add a voice.
    """
    copies = copy_of or {}
    told = sorted(accounts, key=lambda a: (a.published, a.article, a.ordinal))
    status, possible = status_of(told)
    # What is said of a planned meeting no longer counts once it was held
    speaking = [a for a in told if (a.report.status in _HELD) == (status in _HELD)] or told
    voices = {id(a): copies.get(a.article, a.article) for a in speaking}
    days, other_days = _best_days(speaking, voices)
    place, other_places = _best_place(speaking, voices)
    mode = _best_mode(speaking, voices)
    participants = merge_participants(speaking)
    topics = _counted(t for a in speaking for t in a.report.topics)
    news = [a for a in speaking if a.standing == "flagged"] or speaking
    categories = _counted(c for a in news for c in a.report.categories)
    reported = [a for a in told if a.report.status is Status.NEW] or told
    contradictions = tuple((n, v) for n, v in (("days", other_days), ("city", other_places)) if len(v) > 1)
    return MeetingFacts(
        status=status,
        possible=possible,
        days=days,
        place=place,
        mode=mode,
        participants=participants,
        topics=topics,
        categories=categories,
        score=max(a.report.score for a in told),
        headline=headline(status, participants, place, mode),
        first_reported_at=min(a.published for a in reported),
        outlets=tuple(dict.fromkeys(a.outlet for a in told)),
        contradictions=contradictions,
    )


_HELD = frozenset({Status.NEW, Status.BACKGROUND})


def _counted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value for value, _ in sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


Votes = tuple[tuple[str, int], ...]
_PRECISION = {"day": 4, "range": 4, "month": 2, "year": 1, "unknown": 0}


def _best_days(accounts: Sequence[Account], voices: Mapping[int, str]) -> tuple[Days, Votes]:
    exact = [a for a in accounts if a.report.days.precision in ("day", "range") and a.report.days.first]
    if not exact:
        vague = [a for a in accounts if a.report.days.first]
        if not vague:
            return Days(), ()
        best = max(vague, key=lambda a: _PRECISION[a.report.days.precision])
        return best.report.days, ()
    supporters: dict[Days, set[str]] = defaultdict(set)
    for account in exact:
        supporters[account.report.days].add(voices[id(account)])
    # A new report knows its day better than one that recalls it; dicts keep the order of publication
    fresh = {a.report.days for a in exact if a.report.status is Status.NEW}
    ranked = sorted(supporters, key=lambda d: (d not in fresh, -len(supporters[d]), d.precision != "day"))
    firsts = Counter(d.first.isoformat() for d in ranked if d.first for _ in supporters[d])
    return ranked[0], tuple(sorted(firsts.items(), key=lambda pair: (-pair[1], pair[0])))


def _best_place(accounts: Sequence[Account], voices: Mapping[int, str]) -> tuple[Place, Votes]:
    supporters: dict[str, set[str]] = defaultdict(set)
    first: dict[str, Place] = {}
    for account in accounts:
        key = city_key(account.report.place)
        if key:
            supporters[key].add(voices[id(account)])
            first.setdefault(key, account.report.place)
    if supporters:
        ranked = sorted(supporters, key=lambda k: -len(supporters[k]))
        return first[ranked[0]], tuple((first[k].city or k, len(supporters[k])) for k in ranked)
    countries = Counter(a.report.place.country for a in accounts if a.report.place.country)
    return Place(country=countries.most_common(1)[0][0] if countries else None), ()


def _best_mode(accounts: Sequence[Account], voices: Mapping[int, str]) -> Mode:
    supporters: dict[Mode, set[str]] = defaultdict(set)
    for account in accounts:
        supporters[account.report.mode].add(voices[id(account)])
    return max(supporters, key=lambda mode: len(supporters[mode]))


def merge_participants(accounts: Sequence[Account]) -> tuple[Participant, ...]:
    """Everyone the accounts name, once each: a title without a name found its name when any account tells it."""
    table: list[tuple[Seat, Participant, int]] = []
    everyone = [(seat_of(p), p) for a in accounts for p in a.report.participants]
    for seat, participant in sorted(everyone, key=lambda pair: _seat_order(pair[0])):
        best = max(range(len(table)), key=lambda i: seat_likeness(table[i][0], seat), default=None)
        alike = NOTHING if best is None else seat_likeness(table[best][0], seat)
        if best is not None and alike >= (COUNTRY if seat.is_vague else BODY):
            known_seat, known, count = table[best]
            table[best] = (_merge_seats(known_seat, seat), _merged(known, participant), count + 1)
        else:
            table.append((seat, participant, 1))
    ranked = sorted(table, key=lambda row: (-row[2], _seat_order(row[0])))
    return tuple(participant for _, participant, _ in ranked)


def _merged(known: Participant, more: Participant) -> Participant:
    return replace(
        known,
        name=known.name or more.name,
        role=known.role or more.role,
        body=known.body or more.body,
        body_id=known.body_id or more.body_id,
        country=known.country or more.country,
        name_in_text=known.name_in_text or more.name_in_text,
        person_id=known.person_id or more.person_id,
        kind=known.kind or more.kind,
        known=known.known or more.known,
        side=known.side or more.side,
    )


def headline(status: Status, participants: Sequence[Participant], place: Place, mode: Mode) -> str:
    """One line in French, made of the facts alone: `Abdellatif Hammouchi reçoit Céline Berthon à Rabat`."""
    hosts = [p for p in participants if _side(p, place) == "host"]
    guests = [p for p in participants if _side(p, place) == "visitor"]
    where = f" {_at(place.city)}" if place.city and mode not in ("call", "video") else ""
    if mode == "multilateral" or len({p.country for p in participants}) > 2:
        text = f"Réunion{where} : {_names(participants, 4)}"
    elif hosts and guests and mode not in ("call", "video"):
        text = f"{_names(hosts, 2)} {'reçoivent' if len(hosts) > 1 else 'reçoit'} {_names(guests, 3)}{where}"
    else:
        groups = defaultdict(list)
        for participant in participants:
            groups[participant.country].append(participant)
        sides = list(groups.values())
        verb = {"call": "Appel", "video": "Visioconférence"}.get(mode, "Rencontre")
        people = " et ".join(_names(side, 2) for side in sides[:2])
        text = f"{verb} : {people}{where}" if people else f"{verb}{where}"
    return f"{_MARK.get(status, '')}{text}"


_MARK = {Status.PLANNED: "Prévu : ", Status.DENIED: "Démenti : ", Status.CANCELLED: "Annulé : "}


def _side(participant: Participant, place: Place) -> Side | None:
    if place.country and participant.country:
        return "host" if participant.country == place.country else "visitor"
    return participant.side


def _names(participants: Sequence[Participant], most: int) -> str:
    named = [p for p in participants if p.name] or list(participants)
    told = list(dict.fromkeys(_called(p) for p in named))
    listed = ", ".join(told[:most])
    return f"{listed} et {len(told) - most} autres" if len(told) > most + 1 else ", ".join(told[: most + 1])


def _called(participant: Participant) -> str:
    if participant.name:
        called = participant.name
    elif participant.role and participant.body:
        called = f"{participant.role} ({participant.body})"
    else:
        called = participant.role or participant.body or f"une délégation ({participant.country or '?'})"
    return called if len(called) <= LONGEST_NAME else f"{called[: LONGEST_NAME - 1].rstrip()}…"


LONGEST_NAME = 120  # characters; what is longer is no name but a sentence taken for one


def _at(city: str) -> str:
    if city.startswith("Le "):
        return f"au {city[3:]}"
    return f"aux {city[4:]}" if city.startswith("Les ") else f"à {city}"


# --------------------------------------------------------------------------------------------------- copies of one text


@dataclass(frozen=True, slots=True)
class Telling:
    """An article of a meeting, for telling copies from independent reports. `key` as in `Account.article`."""

    key: str
    published: datetime
    outlet: str
    family: str
    fingerprint: frozenset[int]


def copies(tellings: Sequence[Telling], is_copy: float = 0.25) -> dict[str, str]:
    """For each article that repeats another one's text: the earliest article with that text, never itself a copy."""
    ordered = sorted(tellings, key=lambda t: (t.published, t.key))
    origin: dict[str, str] = {}
    for i, telling in enumerate(ordered):
        for earlier in ordered[:i]:
            shorter = min(len(telling.fingerprint), len(earlier.fingerprint))
            if shorter and len(telling.fingerprint & earlier.fingerprint) / shorter >= is_copy:
                origin[telling.key] = origin.get(earlier.key, earlier.key)
                break
    return origin


def independent_reports(tellings: Sequence[Telling], copy_of: Mapping[str, str]) -> int:
    """How many voices tell a meeting: copies of one text are one voice, and so are the editions of one publisher."""
    families: dict[str, str] = {}
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.get(key, key) != key:
            key = parent[key]
        return key

    for telling in tellings:
        parent.setdefault(telling.key, telling.key)
    for telling in tellings:
        if telling.key in copy_of and copy_of[telling.key] in parent:
            parent[root(telling.key)] = root(copy_of[telling.key])
        first = families.setdefault(telling.family, telling.key)
        parent[root(telling.key)] = root(first)
    return len({root(telling.key) for telling in tellings})
