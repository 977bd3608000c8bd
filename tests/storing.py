"""Builders for tests of the store and of joining: readings as detection would give them, made of labels or of a few words."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from pipelines.detect.model import Days, Detection, Participant, Place, Quote, Report, Status
from pipelines.fingerprint import fingerprint
from pipelines.records import Article, Reading

QUALITY = Path(__file__).parent / "quality"


def labelled(*paths: Path) -> list[dict[str, Any]]:
    """All labelled articles of these files."""
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def days_of(label: str | None) -> Days:
    """A label's date as detection would give it."""
    if not label:
        return Days()
    if len(label) == 4:
        return Days(date(int(label), 1, 1), None, "year")
    if len(label) == 7:
        first = date.fromisoformat(f"{label}-01")
        return Days(first, None, "month")
    day = date.fromisoformat(label)
    return Days(day, day, "day")


def report_of(meeting: Mapping[str, Any], *, flagged: bool = True) -> Report:
    """A labelled meeting as a perfect detection of it."""
    participants = tuple(
        Participant(
            name=p.get("latin") or p.get("name"),
            role=p.get("role"),
            body=p.get("org"),
            country=p.get("country"),
            name_in_text=p.get("name"),
        )
        for p in meeting["participants"]
    )
    return Report(
        status=Status(meeting["status"]),
        days=days_of(meeting.get("date")),
        place=Place(meeting.get("city"), meeting.get("country")),
        mode=meeting.get("mode") or "in-person",
        participants=participants,
        topics=tuple(meeting.get("topics", ())),
        security=meeting["status"] == "new" and flagged,
        score=0.9 if flagged else 0.2,
    )


def reading_of(label: Mapping[str, Any]) -> Reading:
    """A labelled article, read and detected without a fault."""
    published = datetime.fromisoformat(label["published"]).astimezone(UTC)
    reports = tuple(report_of(m, flagged=label["flag"]) for m in label["meetings"])
    url = f"https://{re.sub('[^a-z0-9]+', '-', label['outlet'].casefold()).strip('-') or 'outlet'}.example/{label['id']}"
    article = Article(url, label["title"], label["text"], "import", label["lang"], outlet=label["outlet"], published=published)
    return Reading(
        article,
        Detection(label["lang"], label["flag"], False, 0.9 if label["flag"] else 0.0, reports, tuple(label.get("categories", ()))),
        outlet=label["outlet"],
        external_id=label["id"],
        read_at=published,
        fingerprint=fingerprint(label["text"]),
    )


def pairwise(truth: Mapping[str, str], found: Mapping[str, Any]) -> tuple[float, float, list[tuple[str, str]], list[tuple[str, str]]]:
    """Precision and recall of pairs that belong together, the wrongly joined pairs and the missed ones."""
    right = wrong = missed = 0
    joined, lost = [], []
    for a, b in combinations(sorted(truth), 2):
        same, said = truth[a] == truth[b], found.get(a) is not None and found.get(a) == found.get(b)
        right += same and said
        if said and not same:
            wrong += 1
            joined.append((a, b))
        if same and not said:
            missed += 1
            lost.append((a, b))
    return right / (right + wrong or 1), right / (right + missed or 1), joined, lost


def story_truth(labels: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Which flagged article belongs to which story."""
    return {label["id"]: label["story"] for label in labels if label["flag"] and label.get("story")}


def first_news(label: Mapping[str, Any], meeting_ids: Sequence[int | None]) -> int | None:
    """The meeting of an article's first new report, as the evaluation takes it."""
    told = zip(label["meetings"], meeting_ids, strict=True)
    return next((number for meeting, number in told if meeting["status"] == "new" and number), None)


def partition(pairs: Iterable[tuple[Any, Any]]) -> set[frozenset[Any]]:
    """Groups of things that have the same second part."""
    groups: dict[Any, set[Any]] = defaultdict(set)
    for thing, group in pairs:
        groups[group].add(thing)
    return {frozenset(group) for group in groups.values()}


def quote_in(text: str, words: str) -> Quote:
    """The quote of `words` in an article's text."""
    start = text.index(words)
    return Quote("text", start, start + len(words), words)


# People and bodies as the register gives them
_REGISTER = """
hammouchi | Abdellatif Hammouchi | directeur général | DGSN-DGST | MA | ma-pole-dgsn-dgst | police
laftit | Abdelouafi Laftit | ministre de l'Intérieur | Ministère de l'Intérieur | MA | ma-interior | interior
berthon | Céline Berthon | directrice générale | DGSI | FR | fr-dgsi | intelligence
lerner | Nicolas Lerner | directeur général | DGSE | FR | fr-dgse | intelligence
pardo | Francisco Pardo Piqueras | directeur général | CNP | ES | es-cnp | police
marlaska | Fernando Grande-Marlaska | ministre de l'Intérieur | Ministerio del Interior | ES | es-interior | interior
"""
PEOPLE: dict[str, Participant] = {
    fields[0]: Participant(*fields[1:5], person_id=fields[0], body_id=fields[5], kind=fields[6], known=True)
    for line in _REGISTER.strip().splitlines()
    if (fields := [field.strip() for field in line.split("|")])
} | {
    "snoeck": Participant("Eric Snoeck", "commissaire général", "Police fédérale", "BE", body_id="be-police", kind="police"),
    "patron de la DGSI": Participant(None, "patron de la DGSI", "DGSI", "FR", body_id="fr-dgsi", kind="intelligence"),
    "patron de la DGSE": Participant(None, "patron de la DGSE", "DGSE", "FR", body_id="fr-dgse", kind="intelligence"),
    "une délégation française": Participant(None, None, None, "FR"),
    "une délégation marocaine": Participant(None, None, None, "MA"),
}


def who(*names: str | Participant) -> tuple[Participant, ...]:
    """Participants by the short names above."""
    return tuple(PEOPLE[name] if isinstance(name, str) else name for name in names)


def telling(
    *names: str | Participant,
    day: str | Days | None = None,
    city: str | None = "Rabat",
    country: str | None = "MA",
    status: str = "new",
    mode: Any = "in-person",
    topics: Sequence[str] = ("terrorism",),
    score: float = 0.9,
) -> Report:
    """A report of a meeting; `day` as in labels, or as two days with a slash between."""
    if isinstance(day, str) and "/" in day:
        first, last = (date.fromisoformat(part) for part in day.split("/"))
        days = Days(first, last, "range")
    else:
        days = day if isinstance(day, Days) else days_of(day)
    participants = who(*names)
    return Report(
        Status(status),
        days,
        Place(city, country),
        mode,
        participants,
        tuple(topics),
        tuple(sorted({p.kind for p in participants if p.kind})),
        security=True,
        score=score,
        quote=Quote("title", 0, 5, "Rabat"),
    )


def article_with(
    *reports: Report,
    outlet: str = "Le360",
    published: str = "2025-09-12T09:00:00+00:00",
    title: str | None = None,
    text: str | None = None,
    url: str | None = None,
    flag: bool | None = None,
    possible: bool = False,
    **more: Any,
) -> Reading:
    """An article with these reports, flagged if one of them is new."""
    at = datetime.fromisoformat(published).astimezone(UTC)
    flagged = (any(r.status is Status.NEW for r in reports) and not possible) if flag is None else flag
    mark = hashlib.sha256(f"{outlet} {published} {reports} {flagged}".encode()).hexdigest()[:12]
    name = title or f"Titre {mark} {outlet}"
    body = text if text is not None else f"Un article de {outlet} numéro {mark} qui raconte tout cela à sa manière."
    address = url or f"https://{re.sub('[^a-z0-9]', '', outlet.casefold())}.example/{mark}"
    score = max((r.score for r in reports), default=0.0)
    return Reading(
        Article(address, name, body, "page", "fr", outlet=outlet, published=at),
        Detection("fr", flagged, possible, score, tuple(reports)),
        outlet=outlet,
        read_at=at,
        fingerprint=fingerprint(body),
        **more,
    )
