"""A made-up world of meetings and of what outlets tell of them, for measuring joining: who told what is known for sure.

Meetings come with their look-alikes: the same pair weeks later, the same host with another guest that week, the same delegation
next day in another city, two audiences on one day. Accounts leave out what articles leave out: names, days, cities, people.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pipelines.detect.model import Days, Detection, Participant, Place, Report, Status
from pipelines.records import Article, Reading

CITIES = {
    "MA": ["Rabat", "Casablanca", "Tanger", "Marrakech", "Agadir"],
    "FR": ["Paris", "Lyon"],
    "ES": ["Madrid", "Barcelone"],
    "DE": ["Berlin", "Wiesbaden"],
    "BE": ["Bruxelles"],
    "SN": ["Dakar"],
    "MR": ["Nouakchott"],
    "SA": ["Riyad"],
    "QA": ["Doha"],
}
BODIES = [("interior", "Ministère de l'Intérieur"), ("police", "Police nationale"), ("intelligence", "Renseignement intérieur")]
FIRST = re.findall(r"\w+", "Jean Pierre Ali Omar Karim Hans Luis Ana Paolo David Anna Piotr Nina Moussa Salif Cheikh")
LAST = re.findall(r"\w+", "Dubois Lefevre Benali Haddad Schmidt Fischer Garcia Lopez Rossi Johnson Kowalski Traore Ndiaye Sow")


@dataclass(frozen=True)
class Meeting:
    """What really took place."""

    number: int
    people: tuple[Participant, ...]
    first: date
    last: date
    city: str | None
    country: str | None
    mode: Any


def world(seed: int, size: int, days: int = 400) -> tuple[list[Meeting], list[tuple[int, Reading]]]:
    """So many meetings (and a look-alike for every third), and each article with the number of the meeting it tells."""
    chance = random.Random(seed)
    people = {country: [_head(chance, country, kind, body) for kind, body in BODIES] for country in CITIES}
    meetings: list[Meeting] = []

    def hold(
        who: list[Participant], day: date, city: str | None, country: str | None, mode: Any = "in-person", last: date | None = None
    ) -> None:
        meetings.append(Meeting(len(meetings), tuple(who), day, last or day, city, country, mode))

    while len(meetings) < size:
        day = date(2024, 1, 1) + timedelta(days=chance.randrange(days))
        abroad = chance.choice([country for country in CITIES if country != "MA"])
        host, guest = chance.choice(people["MA"]), chance.choice(people[abroad])
        country = chance.choice(["MA", abroad])
        city = chance.choice(CITIES[country])
        call = chance.random() < 0.07
        length = timedelta(days=chance.random() < 0.1)
        if call:
            hold([host, guest], day, None, None)
            continue
        hold([host, guest], day, city, country, last=day + length)
        kind = chance.random()
        if kind < 0.12:
            hold([host, guest], day + timedelta(days=chance.randrange(12, 40)), city, country)
        elif kind < 0.2:
            other = chance.choice([c for c in CITIES if c not in ("MA", abroad)])
            hold([host, chance.choice(people[other])], day + timedelta(days=chance.randrange(4)), chance.choice(CITIES["MA"]), "MA")
        elif kind < 0.28 and len(CITIES[country]) > 1:
            next_city = chance.choice([c for c in CITIES[country] if c != city])
            hold([host, guest], day + length + timedelta(days=1), next_city, country)
        elif kind < 0.33:
            hold([chance.choice([p for p in people["MA"] if p is not host]), guest], day, city, country)
    return meetings, _told(chance, meetings)


def _head(chance: random.Random, country: str, kind: str, body: str) -> Participant:
    known = chance.random() < 0.7
    name, number = f"{chance.choice(FIRST)} {chance.choice(LAST)}", f"{country.lower()}-{kind}"
    return Participant(
        name, "chef", f"{body} {country}", country, None, f"{number}-chef" if known else None, number if known else None, kind, known
    )


def _told(chance: random.Random, meetings: list[Meeting]) -> list[tuple[int, Reading]]:
    told: list[tuple[int, Reading]] = []

    def tell(meeting: Meeting, outlet: str, published: datetime, report: Report) -> None:
        number = len(told)
        words = f"Titre {number} {outlet}", f"Le texte {number} le raconte à sa façon"
        article = Article(f"https://o.example/{number}", *words, "page", "fr", published=published)
        found = Detection("fr", report.status is Status.NEW, False, 0.9, (report,))
        told.append((meeting.number, Reading(article, found, outlet=outlet, read_at=published)))

    for meeting in meetings:
        evening = datetime(meeting.last.year, meeting.last.month, meeting.last.day, 18, tzinfo=UTC)
        exact = Days(meeting.first, meeting.last, "day" if meeting.first == meeting.last else "range")
        month = Days(meeting.first.replace(day=1), None, "month")
        place = Place(meeting.city, meeting.country)
        for outlet in chance.sample(range(40), min(1 + int(chance.expovariate(0.25)), 12)):
            published = evening + timedelta(days=chance.choice([0, 0, 0, 1, 1, 2, 3]), minutes=chance.randrange(300))
            days = chance.choices([exact, Days(), month, Days(meeting.first - timedelta(days=1), None, "day")], [83, 10, 5, 2])[0]
            where = chance.choices([place, Place(None, meeting.country), Place()], [90, 6, 4])[0]
            who = tuple(_as_told(chance, person) for person in meeting.people)
            tell(meeting, f"Journal {outlet}", published, _report(Status.NEW, days, where, meeting.mode, who))
        if chance.random() < 0.15:
            announced = _report(Status.PLANNED, exact, place, meeting.mode, meeting.people)
            tell(meeting, "Agence", evening - timedelta(days=chance.randrange(2, 6)), announced)
        if chance.random() < 0.3:
            later = evening + timedelta(days=chance.randrange(20, 200))
            days = chance.choices([exact, month, Days()], [4, 4, 2])[0]
            tell(meeting, "Revue", later, _report(Status.BACKGROUND, days, place, meeting.mode, meeting.people))
    return told


def _report(status: Status, days: Days, place: Place, mode: Any, who: tuple[Participant, ...]) -> Report:
    return Report(status, days, place, mode, who, ("terrorism",), security=True, score=0.9)


def _as_told(chance: random.Random, person: Participant) -> Participant:
    kind = chance.random()
    if kind < 0.82 or person.name is None:
        return person
    if kind < 0.9:
        return replace(person, name=None, person_id=None, known=False)
    if kind < 0.94:
        return Participant(None, None, None, person.country)
    return replace(person, name=person.name.split()[-1])


def scores(truth: Mapping[Hashable, Hashable], found: Mapping[Hashable, Hashable]) -> tuple[float, float, float]:
    """Pairwise precision and recall, and B-cubed F1, of one grouping against another."""
    right = _pairs(Counter((truth[i], found[i]) for i in truth))
    precision, recall = right / (_pairs(Counter(found.values())) or 1), right / (_pairs(Counter(truth.values())) or 1)
    of_truth, of_found = defaultdict(set), defaultdict(set)
    for i in truth:
        of_truth[truth[i]].add(i)
        of_found[found[i]].add(i)
    shared = {i: len(of_truth[truth[i]] & of_found[found[i]]) for i in truth}
    p = sum(shared[i] / len(of_found[found[i]]) for i in truth) / len(truth)
    r = sum(shared[i] / len(of_truth[truth[i]]) for i in truth) / len(truth)
    return precision, recall, 2 * p * r / (p + r)


def _pairs(counts: Counter[Any]) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())
