"""Builders for tests of the store and of joining: readings as detection would give them, made of labels or of a few words."""

from __future__ import annotations

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
