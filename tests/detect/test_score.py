"""Why a meeting is flagged: named reasons that add up, and what was missing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.detect import detect
from pipelines.detect.model import Detection

THURSDAY = datetime(2025, 6, 12, 18, 0, tzinfo=UTC)


def read(text: str, title: str = "") -> Detection:
    return detect(title, text, THURSDAY, "fr")


def test_the_reasons_add_up_to_the_score() -> None:
    (report,) = read(
        "Abdellatif Hammouchi s'est entretenu jeudi à Rabat avec Céline Berthon, directrice de la DGSI, du terrorisme."
    ).reports
    assert report.score == pytest.approx(sum(reason.weight for reason in report.reasons), abs=0.001)
    assert all(reason.name for reason in report.reasons)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Abdellatif Hammouchi s'est entretenu jeudi à Rabat avec Mohamed Haramou de la lutte contre le terrorisme.", "no second country"),
        (
            "Le ministre des Affaires étrangères, Nasser Bourita, s'est entretenu jeudi à Rabat avec son homologue français, "
            "Jean-Noël Barrot, de commerce et de police.",
            "no security body leads or represents",
        ),
        (
            "Le ministre de l'Intérieur, Abdelouafi Laftit, s'est entretenu jeudi à Rabat avec l'ambassadeur "
            "de France, Christophe Lecourtier, "
            "de commerce, d'investissements, d'agriculture et de tourisme.",
            "subject not security",
        ),
    ],
)
def test_an_unflagged_article_names_what_is_missing(text: str, missing: str) -> None:
    detection = read(text)
    assert not detection.flag
    assert missing in detection.missing


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Abdellatif Hammouchi recevra lundi à Rabat Céline Berthon, directrice de la DGSI.", "a meeting is only announced"),
        (
            "En juin 2022, Abdellatif Hammouchi avait rencontré à Washington William Burns, directeur de la CIA.",
            "a meeting is only recalled",
        ),
        (
            "La DGST a démenti toute rencontre à Rabat entre Abdellatif Hammouchi et David Barnea, directeur du Mossad.",
            "the meeting is denied",
        ),
    ],
)
def test_an_article_without_news_says_what_its_meetings_are(text: str, missing: str) -> None:
    detection = read(text)
    assert not detection.flag
    assert missing in detection.missing


def test_a_meeting_without_a_second_country_is_not_even_possible() -> None:
    detection = read("Abdellatif Hammouchi s'est entretenu jeudi à Rabat avec Mohamed Haramou de la lutte contre le terrorisme.")
    assert not detection.flag
    assert not detection.possible
    assert detection.score < 0.3
    assert "no second country" in detection.missing


def test_fiction_and_sport_take_from_the_score() -> None:
    told = "Abdellatif Hammouchi s'est entretenu jeudi à Rabat avec Céline Berthon, directrice de la DGSI, du terrorisme."
    film = read(
        told + " Ce film, un thriller dont le scénario et les acteurs séduisent, est signé d'un grand réalisateur.", "Cinéma : un film"
    )
    assert film.score < read(told).score
    assert any(reason.name == "reads like fiction" for report in film.reports for reason in report.reasons) or not film.reports


@pytest.mark.parametrize(
    ("text", "categories"),
    [
        ("Le directeur général de la police nationale française, Louis Laugier, s'est entretenu jeudi à Rabat avec la DGSN.", set()),
        (
            "Le Directeur général de la Sûreté nationale et de la Surveillance du territoire, Abdellatif Hammouchi, a reçu jeudi à Rabat "
            "Louis Laugier, directeur général de la police nationale française. Le terrorisme a été évoqué.",
            {"police", "intelligence"},
        ),
        (
            "Abdelouafi Laftit, ministre de l'Intérieur, a reçu jeudi à Rabat son homologue français, Bruno "
            "Retailleau, pour parler de migration.",
            {"interior"},
        ),
        (
            "Olivier Christen, procureur national antiterroriste français, a été reçu jeudi à Rabat par "
            "Hicham Balaoui, procureur général du Roi, "
            "pour parler d'extradition.",
            {"justice"},
        ),
    ],
)
def test_categories_are_the_kinds_of_the_bodies_at_the_table(text: str, categories: set[str]) -> None:
    detection = read(text)
    if categories:
        assert set(detection.categories) == categories
    else:
        assert set(detection.categories) <= {"police"}


def test_a_list_of_meetings_held_in_a_year_is_no_meeting() -> None:
    text = (
        "La DGSN a publié jeudi son bilan annuel. Abdellatif Hammouchi a tenu 42 réunions bilatérales avec "
        "des services étrangers, dont la DGSI."
    )
    assert not read(text).flag
