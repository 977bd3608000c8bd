"""How well the detection reads the project's own labelled articles. Floors rise on purpose and never fall by accident."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from monitor.evaluation import Scores, read_labels, score
from pipelines.detect import detect, to_label

CORPUS = Path(__file__).parent / "quality"
LANGUAGES = ("fr", "ar", "es", "en")

FLOORS = {
    "flag fr": 0.94,
    "flag ar": 0.91,
    "flag es": 0.88,
    "flag en": 0.86,
    "precision": 0.97,
    "participants": 0.74,
    "topics": 0.72,
    "categories": 0.91,
    "found": 0.74,
    "status": 0.95,
    "date": 0.89,
    "city": 0.85,
    "country": 0.85,
}
MOST_SPURIOUS = 0.10  # meetings that no label has, for each labelled one


@pytest.fixture(scope="module")
def scores() -> Scores:
    labels = [label for path in sorted(CORPUS.glob("*.jsonl")) for label in read_labels(path)]
    said = {}
    for label in labels:
        published = datetime.fromisoformat(label["published"])
        found = detect(label["title"], label["text"], published, label["lang"], label.get("outlet"))
        said[label["id"]] = to_label(found, id=label["id"])
    return score(labels, said)


def measured(scores: Scores, name: str) -> float:
    if name.startswith("flag "):
        return scores.flags[name.removeprefix("flag ")].f1
    if name == "precision":
        return scores.flags["all"].precision
    if name == "found":
        return scores.found.value
    if name in ("participants", "topics", "categories"):
        return float(getattr(scores, name).f1)
    return scores.fields[name].value


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_reading_is_not_worse_than_its_floor(scores, name):
    assert measured(scores, name) >= FLOORS[name]


def test_hardly_a_meeting_is_made_up(scores):
    assert scores.spurious / scores.found.of <= MOST_SPURIOUS


def test_the_corpus_is_large_and_in_four_languages(scores):
    assert scores.articles >= 250
    assert set(LANGUAGES) <= set(scores.flags)


def test_every_label_keeps_to_the_format():
    topics = {
        *("terrorism", "organised-crime", "drugs", "migration", "cybercrime", "intelligence-sharing", "event-security", "training"),
        *("sahel", "espionage", "cbrn", "extradition", "money-laundering", "border-security", "military-cooperation", "arms"),
    }
    seen = set()
    for path in sorted(CORPUS.glob("*.jsonl")):
        for label in read_labels(path):
            assert label["id"] not in seen
            seen.add(label["id"])
            assert datetime.fromisoformat(label["published"]).tzinfo
            assert bool(label["categories"]) <= label["flag"]
            for meeting in label["meetings"]:
                assert meeting["status"] in ("new", "background", "planned")
                assert set(meeting["topics"]) <= topics
            assert label["flag"] == any(meeting["status"] == "new" for meeting in label["meetings"]) or not label["flag"]
