from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.evaluation import LabelError, read_labels, score

HAMMOUCHI = {"name": "Abdellatif Hammouchi", "org": "DGSN-DGST", "country": "MA"}
BERTHON = {"name": "Céline Berthon", "org": "DGSI", "country": "FR"}
MEETING = {
    "status": "new",
    "date": "2025-09-11",
    "city": "Rabat",
    "country": "MA",
    "mode": "in-person",
    "participants": [HAMMOUCHI, BERTHON],
    "topics": ["terrorism", "sahel"],
}


def article(**more):
    base = {"id": "a", "lang": "fr", "title": "t", "text": "x", "flag": True, "categories": ["police"], "story": "s", "meetings": [MEETING]}
    return base | more


def test_the_labels_themselves_score_one_everywhere():
    told = score([article()], {"a": article()}).as_fields()
    assert told["flag"]["all"]["f1"] == told["participants"]["f1"] == told["topics"]["f1"] == told["categories"]["f1"] == 1.0
    assert told["meetings"]["found"]["share"] == 1.0
    assert told["meetings"]["spurious"] == 0
    assert all(field["share"] == 1.0 for field in told["fields"].values())


def test_a_missing_prediction_is_a_missed_article():
    told = score([article()], {})
    assert told.flags["fr"].missed == 1
    assert told.notes == ["MISSED a [] t"]
    assert told.participants.missed == 2


def test_an_arabic_name_matches_the_latin_one_by_what_stands_in_the_text():
    gold = article(meetings=[MEETING | {"participants": [{"name": "عبد اللطيف حموشي", "latin": "Abdellatif Hammouchi", "country": "MA"}]}])
    said = article(meetings=[MEETING | {"participants": [HAMMOUCHI]}])
    assert score([gold], {"a": said}).participants.f1 == 1.0


def test_another_person_of_the_same_body_is_not_the_same_participant():
    said = article(meetings=[MEETING | {"participants": [HAMMOUCHI, BERTHON | {"name": "Nicolas Lerner"}]}])
    counts = score([article()], {"a": said}).participants
    assert (counts.right, counts.added, counts.missed) == (1, 1, 1)


def test_a_city_counts_in_any_spelling_and_a_visit_as_in_person():
    gold = article(meetings=[MEETING | {"city": "Londres", "mode": "visit"}])
    said = article(meetings=[MEETING | {"city": "لندن", "mode": "in-person"}])
    fields = score([gold], {"a": said}).fields
    assert (fields["city"].value, fields["mode"].value) == (1.0, 1.0)


def test_a_day_where_the_label_has_none_is_invented():
    told = score([article(meetings=[MEETING | {"date": None}])], {"a": article()}).fields
    assert (told["invented_date"].hit, told["invented_date"].of) == (1, 1)


def test_a_meeting_with_nobody_and_no_day_in_common_is_spurious():
    other = MEETING | {"date": "2020-01-01", "participants": [{"name": "X Y", "country": "TR"}]}
    told = score([article()], {"a": article(meetings=[other])})
    assert (told.found.hit, told.spurious) == (0, 1)


def test_joining_is_scored_by_pairs_and_by_group():
    gold = [article(id=name, story=story) for name, story in (("a", "s"), ("b", "s"), ("c", "t"))]
    said = {row["id"]: row | {"meetings": [MEETING | {"meeting_id": 7}], "story": None} for row in gold}
    linking = score(gold, said).linking
    assert linking is not None
    assert (linking.pairs.right, linking.pairs.added, linking.pairs.missed) == (1, 2, 0)
    assert linking.wrong_merges == (("a", "c"), ("b", "c"))
    assert round(linking.bcubed_precision, 3) == 0.556


@pytest.mark.parametrize(
    ("line", "said"),
    [('{"id": 1', ":1: not JSON"), ("[]", "not an object with an id"), ('{"id": "a", "lang": "fr"}', "the key 'title' is missing")],
)
def test_a_broken_label_file_is_named_with_its_line(tmp_path: Path, line: str, said: str):
    path = tmp_path / "labels.jsonl"
    path.write_text(line)
    with pytest.raises(LabelError, match=said):
        read_labels(path)


def test_empty_lines_are_passed_over(tmp_path: Path):
    path = tmp_path / "labels.jsonl"
    path.write_text("\n" + json.dumps(article()) + "\n\n")
    assert len(read_labels(path)) == 1
