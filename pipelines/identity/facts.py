"""What the accounts of one meeting come to: its status, days, place and people, and the line it is called by."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.detect.model import Days, Mode, Participant, Place, Side, Status
from pipelines.identity.accounts import Account, city_key
from pipelines.identity.seats import BODY, COUNTRY, NOTHING, Seat, merge_seats, seat_likeness, seat_of, seat_order


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
    for seat, participant in sorted(everyone, key=lambda pair: seat_order(pair[0])):
        best = max(range(len(table)), key=lambda i: seat_likeness(table[i][0], seat), default=None)
        alike = NOTHING if best is None else seat_likeness(table[best][0], seat)
        if best is not None and alike >= (COUNTRY if seat.is_vague else BODY):
            known_seat, known, count = table[best]
            table[best] = (merge_seats(known_seat, seat), _merged(known, participant), count + 1)
        else:
            table.append((seat, participant, 1))
    ranked = sorted(table, key=lambda row: (-row[2], seat_order(row[0])))
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
