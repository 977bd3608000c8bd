"""The library's face: whatever a text is, an answer with reasons and true quotes, and never an exception."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.detect import LANGUAGES, detect, explain, is_candidate, load, to_label
from pipelines.detect.model import Status

FRIDAY = datetime(2025, 9, 12, 9, 0, tzinfo=UTC)
TITLE = "Hammouchi reçoit à Rabat la patronne de la DGSI"
TEXT = (
    "Abdellatif Hammouchi a reçu jeudi à Rabat Céline Berthon, directrice générale de la DGSI.\n\n"
    "Les deux responsables ont évoqué la lutte contre le terrorisme au Sahel et le trafic de drogue."
)


def test_importing_the_package_loads_no_data() -> None:
    code = "import sys, pipelines.detect as d; print(sorted(m for m in sys.modules if m.startswith('pipelines.detect.')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "pipelines.detect.detector" not in loaded
    assert "pipelines.detect.resources" not in loaded


def test_loading_twice_gives_the_same_resources() -> None:
    assert load() is load()


def test_a_wrong_register_stops_loading_with_its_file(tmp_path: Path) -> None:
    wrong = tmp_path / "mine.toml"
    wrong.write_text('[[person]]\nid = "x"\nsurprise = 1\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine\.toml"):
        load([wrong])


def test_a_plain_report_is_flagged_with_everything_in_it() -> None:
    detection = detect(TITLE, TEXT, FRIDAY, "fr")
    assert detection.flag
    assert detection.language == "fr"
    (report,) = detection.reports
    assert (report.status, report.days.label, report.place.city, report.place.country) == (Status.NEW, "2025-09-11", "Rabat", "MA")
    assert [one.name for one in report.participants] == ["Abdellatif Hammouchi", "Céline Berthon"]
    assert [one.side for one in report.participants] == ["host", "visitor"]
    assert set(report.topics) == {"terrorism", "sahel", "drugs"}
    assert "intelligence" in detection.categories


@pytest.mark.parametrize("language", [None, "fr", "es", "ar", "de"])
def test_a_wrong_or_missing_language_is_found_out(language: str | None) -> None:
    detection = detect(TITLE, TEXT, FRIDAY, language)
    assert detection.language == "fr"
    assert detection.flag


@pytest.mark.parametrize(
    ("title", "text", "why"),
    [
        ("", "", "the article is empty"),
        (" \n ", "\t\n", "the article is empty"),
        ("Météo", "Il fera beau dimanche sur tout le pays.", "no words of an encounter"),
        ("警察", "警察庁長官は木曜日、ラバトで会談した。DGSI police meeting", "language"),
        ("Полиция", "Глава полиции встретился с министром внутренних дел. police meeting", "language"),
        ("Die Polizei", "Der Chef der Polizei hat sich am Donnerstag mit dem Innenminister getroffen und über Terrorismus gesprochen.", ""),
    ],
)
def test_what_cannot_hold_a_meeting_says_why(title: str, text: str, why: str) -> None:
    detection = detect(title, text, FRIDAY)
    assert not detection.flag
    assert not detection.reports
    assert detection.missing
    assert why in " ".join(detection.missing)


def test_without_a_publication_time_no_day_is_worked_out() -> None:
    detection = detect(TITLE, TEXT, None, "fr")
    assert detection.flag
    assert detection.reports[0].days.label is None


def test_a_text_of_five_megabytes_is_answered_quickly() -> None:
    text = (TEXT + "\n\n") * (5_000_000 // len(TEXT))
    started = time.process_time()
    detection = detect(TITLE, text, FRIDAY, "fr")
    assert time.process_time() - started < 10
    assert detection.flag


@pytest.mark.parametrize(
    "piece",
    [
        "a eu, ce mardi, ",
        "Hammouchi met his Spanish counterpart in Rabat on Thursday. ",
        "كان قد استقبل عبد اللطيف حموشي بالرباط ",
        "((((((((((",
        "recu par a recu ",
        "s'est, ",
    ],
)
def test_a_million_hostile_letters_cost_seconds_at_most(piece: str) -> None:
    started = time.process_time()
    detect("police reçoit", piece * (1_000_000 // len(piece)), FRIDAY)
    assert time.process_time() - started < 8


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=120), st.text(max_size=400), st.sampled_from([None, *LANGUAGES]), st.booleans())
def test_no_text_makes_it_raise(title: str, text: str, language: str | None, dated: bool) -> None:
    detection = detect(title + " police", "reçu " + text, FRIDAY if dated else None, language)
    json.dumps(to_label(detection, id="x"))
    assert explain(detection, title + " police", "reçu " + text)


_BITS = st.sampled_from(
    ["Hammouchi", "Céline Berthon", "a reçu", "à Rabat", "jeudi", ",", ".", "\n\n", "le directeur de la CIA", "avait", "sera", "homologue",
     "حموشي", "استقبل", "بالرباط", "met", "in", "police", "se reunió con", "2022", "après", "la visite de", "&amp;", "«", "terrorisme"]
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_BITS, max_size=60), st.sampled_from(LANGUAGES))
def test_quotes_are_true_for_any_jumble_of_words(bits: list[str], language: str) -> None:
    text = " ".join(bits)
    detection = detect("", text, FRIDAY, language)
    for report in detection.reports:
        for evidence in report.evidence:
            assert text[evidence.quote.start : evidence.quote.end] == evidence.quote.text
        for person in report.participants:
            assert person.name is None or person.known or any(part in text for part in person.name.split())


def test_threshold_and_possible_decide_what_is_flagged_and_what_lies_below() -> None:
    assert detect(TITLE, TEXT, FRIDAY, "fr", threshold=1.01).flag is False
    below = detect(TITLE, TEXT, FRIDAY, "fr", threshold=1.01, possible=0.9)
    assert below.possible
    assert below.reports
    assert not detect(TITLE, TEXT, FRIDAY, "fr", threshold=1.01, possible=1.01).possible


def test_denied_and_cancelled_meetings_stay_out_of_the_label() -> None:
    text = "La DGST a démenti jeudi toute rencontre entre Abdellatif Hammouchi et Céline Berthon, directrice de la DGSI, à Rabat."
    detection = detect("", text, FRIDAY, "fr")
    assert [one.status for one in detection.reports] == [Status.DENIED]
    label = to_label(detection, id="a")
    assert label["flag"] is False
    assert label["meetings"] == []


def test_a_label_holds_what_the_label_format_asks() -> None:
    label = to_label(detect(TITLE, TEXT, FRIDAY, "fr"), id="x-1")
    assert label["id"] == "x-1"
    meetings = label["meetings"]
    assert isinstance(meetings, list)
    meeting = meetings[0]
    assert {"status", "date", "city", "country", "mode", "topics", "participants", "score", "reasons", "quotes"} <= set(meeting)
    assert {"name", "name_in_text", "role", "org", "country"} == set(meeting["participants"][0])


def test_a_headline_in_a_related_box_flags_nothing() -> None:
    text = (
        "Il fera beau dimanche sur tout le pays, annonce la météo.\n\nLire aussi : Hammouchi reçoit à "
        "Rabat le directeur de la CIA John Ratcliffe"
    )
    assert not detect("Météo : la police appelle à la prudence", text, FRIDAY, "fr").flag


@pytest.mark.parametrize(
    "noisy",
    [
        TEXT.upper(),
        TEXT.replace("é", "e\u0301").replace("ê", "e\u0302"),
        TEXT.replace("é", "e").replace("à", "a"),
        TEXT.replace("é", "&eacute;").replace("à", "&agrave;"),
        TEXT.replace(" ", "\u00a0"),
        TEXT.replace("directrice", "direc-\ntrice"),
        "Photo : DR\n\n" + TEXT + "\n\nPartager sur Facebook\n\nLire aussi : le match de dimanche",
    ],
    ids=["capitals", "decomposed", "no accents", "entities", "hard spaces", "hyphenated", "photo and share lines"],
)
def test_noise_does_not_hide_a_meeting(noisy: str) -> None:
    detection = detect(TITLE, noisy, FRIDAY, "fr")
    assert detection.flag
    report = next(one for one in detection.reports if one.status is Status.NEW)
    assert report.days.label == "2025-09-11"
    assert {one.person_id for one in report.participants} >= {"abdellatif-hammouchi", "celine-berthon"}


def test_satire_is_known_by_its_outlet() -> None:
    assert not detect(TITLE, TEXT, FRIDAY, "fr", "Le Gorafi").flag


@pytest.mark.parametrize("text", [TEXT, TEXT.upper(), TEXT.replace("é", "e\u0301"), "استقبل حموشي نظيره", "Marlaska recibió a su homólogo"])
def test_whatever_may_hold_a_meeting_is_a_candidate(text: str) -> None:
    assert is_candidate(text)


def test_an_ordinary_article_is_no_candidate() -> None:
    assert not is_candidate("Le prix des tomates a encore augmenté cette semaine sur les marchés de la région.")


def test_the_explanation_quotes_a_flagged_article_and_says_what_an_unflagged_one_lacks() -> None:
    lines = "\n".join(explain(detect(TITLE, TEXT, FRIDAY, "fr"), TITLE, TEXT))
    assert "verdict: flagged" in lines
    assert "Céline Berthon" in lines
    assert "“jeudi”" in lines
    alone = "Abdellatif Hammouchi a reçu jeudi à Rabat les directeurs de la police judiciaire pour parler de terrorisme."
    lines = "\n".join(explain(detect("", alone, FRIDAY, "fr"), "", alone))
    assert "not flagged" in lines or "possible" in lines
    assert "missing: no second country" in lines


def test_the_module_explains_a_file(tmp_path: Path) -> None:
    article = tmp_path / "article.txt"
    article.write_text(f"{TITLE}\n\n{TEXT}", encoding="utf-8")
    command = [sys.executable, "-m", "pipelines.detect", str(article), "--published", "2025-09-12T09:00:00+00:00"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "day 2025-09-11, place Rabat, MA" in shown


def test_the_module_reads_lines_and_names_the_one_that_is_none(tmp_path: Path) -> None:
    rows = tmp_path / "articles.jsonl"
    good = json.dumps({"id": "a", "title": TITLE, "text": TEXT, "published": "2025-09-12T09:00:00+00:00"}, ensure_ascii=False)
    rows.write_text(f"{good}\n\nnot json\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "pipelines.detect", "--json", str(rows)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["flag"] is True
    assert "articles.jsonl:3" in done.stderr
