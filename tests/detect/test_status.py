"""New, recalled, planned, denied or called off: what the words of one sentence say, in four languages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.detect import detect
from pipelines.detect.model import Report, Status

THURSDAY = datetime(2025, 6, 12, 18, 0, tzinfo=UTC)


def meetings(language: str, text: str) -> list[Report]:
    return list(detect("", text, THURSDAY, language).reports)


TOLD = [
    ("fr", "new", "Abdellatif Hammouchi a reçu jeudi à Rabat Céline Berthon, directrice générale de la DGSI, pour parler de terrorisme."),
    ("fr", "new", ("Abdellatif Hammouchi et Céline Berthon, directrice de la DGSI, ont eu, ce jeudi à Rabat, "
    "des entretiens sur le terrorisme.")),
    ("fr", "new", "Céline Berthon, patronne de la DGSI, a été reçue hier à Rabat par Abdellatif Hammouchi. Terrorisme au menu."),
    ("fr", "planned", "Abdellatif Hammouchi recevra lundi à Rabat Céline Berthon, directrice de la DGSI, pour parler de terrorisme."),
    ("fr", "planned", "Céline Berthon, directrice de la DGSI, doit rencontrer lundi à Rabat Abdellatif Hammouchi. Terrorisme au menu."),
    ("fr", "planned", "Céline Berthon, directrice de la DGSI, est attendue lundi à Rabat pour y rencontrer Abdellatif Hammouchi."),
    ("fr", "background", "En juin 2022, Abdellatif Hammouchi avait rencontré à Washington William Burns, le directeur de la CIA."),
    ("fr", "background", ("Pour rappel, Abdellatif Hammouchi a reçu à Rabat, en mars 2024, Frédéric Veaux, "
    "patron de la police nationale française.")),
    ("fr", "denied", ("La DGST a démenti toute rencontre entre Abdellatif Hammouchi et le directeur du Mossad, "
    "David Barnea, jeudi à Rabat.")),
    ("fr", "cancelled", "La visite que Bruno Retailleau, ministre français de l'Intérieur, devait effectuer lundi à Rabat a été annulée."),
    ("es", "new", ("Fernando Grande-Marlaska se ha reunido este jueves en Rabat con su homólogo marroquí, "
    "Abdelouafi Laftit, sobre migración.")),
    ("es", "new", "Fernando Grande-Marlaska mantuvo ayer en Rabat un encuentro con Abdelouafi Laftit sobre inmigración irregular."),
    ("es", "planned", ("Fernando Grande-Marlaska se reunirá el lunes en Rabat con su homólogo marroquí, "
    "Abdelouafi Laftit, sobre migración.")),
    ("es", "planned", "Fernando Grande-Marlaska tiene previsto reunirse el lunes en Rabat con Abdelouafi Laftit para hablar de migración."),
    ("es", "background", "En febrero de 2024, Fernando Grande-Marlaska se había reunido en Rabat con Abdelouafi Laftit."),
    ("es", "denied", "Interior desmiente que Fernando Grande-Marlaska se haya reunido el jueves en Rabat con Abdelouafi Laftit."),
    ("es", "cancelled", "La reunión que Fernando Grande-Marlaska iba a mantener el lunes en Rabat con Abdelouafi Laftit ha sido aplazada."),
    ("en", "new", "CIA Director John Ratcliffe met Abdellatif Hammouchi in Rabat on Wednesday to discuss terrorism."),
    ("en", "new", "CIA Director John Ratcliffe held talks on Wednesday in Rabat with Morocco's Abdellatif Hammouchi on terrorism."),
    ("en", "planned", "CIA Director John Ratcliffe will meet Abdellatif Hammouchi in Rabat on Monday to discuss terrorism."),
    ("en", "planned", "CIA Director John Ratcliffe is due to hold talks with Abdellatif Hammouchi in Rabat on Monday."),
    ("en", "background", "In June 2022 Abdellatif Hammouchi had met CIA Director William Burns in Washington."),
    ("en", "denied", "Rabat denied that Abdellatif Hammouchi had met Mossad director David Barnea in Rabat on Thursday."),
    ("en", "cancelled", ("The talks that CIA Director John Ratcliffe was due to hold with Abdellatif Hammouchi "
    "in Rabat on Monday were called off.")),
    ("ar", "new", "استقبل عبد اللطيف حموشي، اليوم الخميس بالرباط، المديرة العامة للأمن الداخلي الفرنسي سيلين بيرتون لبحث مكافحة الإرهاب."),
    ("ar", "new", "أجرى عبد الوافي لفتيت، أمس الأربعاء بالرباط، مباحثات مع وزير الداخلية الفرنسي برونو روتايو حول الهجرة."),
    ("ar", "planned", "سيستقبل عبد اللطيف حموشي، يوم الاثنين المقبل بالرباط، المديرة العامة للأمن الداخلي الفرنسي سيلين بيرتون."),
    ("ar", "planned", ("من المرتقب أن يلتقي وزير الداخلية الفرنسي برونو روتايو، يوم الاثنين المقبل بالرباط، "
    "نظيره المغربي عبد الوافي لفتيت.")),
    ("ar", "background", "وكان عبد الوافي لفتيت قد التقى في يناير 2024 بباريس وزير الداخلية الفرنسي برونو روتايو."),
    ("ar", "denied", "نفت المديرية العامة للأمن الوطني أن يكون عبد اللطيف حموشي قد التقى بالرباط رئيس الموساد دافيد برنياع."),
    ("ar", "cancelled", "تم تأجيل زيارة وزير الداخلية الفرنسي برونو روتايو إلى الرباط التي كانت مقررة يوم الاثنين."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "status", "text"), TOLD, ids=[f"{language}-{status}-{i}" for i, (language, status, _) in enumerate(TOLD)]
)
def test_the_words_of_a_sentence_give_the_status(language: str, status: str, text: str) -> None:
    assert [one.status for one in meetings(language, text)] == [Status(status)]


def test_a_recalled_meeting_in_a_news_sentence_is_its_own() -> None:
    text = (
        "Abdellatif Hammouchi a accueilli, jeudi à Rabat, le directeur de la CIA, John Ratcliffe, trois ans après le déplacement de "
        "M. Hammouchi aux États-Unis, en juin 2022, au cours duquel il avait vu Avril Haines, directrice du renseignement national."
    )
    found = {one.status: one for one in meetings("fr", text)}
    assert found[Status.NEW].days.label == "2025-06-12"
    assert found[Status.BACKGROUND].days.label == "2022-06"
    assert "Avril Haines" not in {person.name for person in found[Status.NEW].participants}
    assert "Avril Haines" in {person.name for person in found[Status.BACKGROUND].participants}


def test_a_pluperfect_of_yesterday_is_still_the_news_when_there_is_no_other() -> None:
    found = meetings(
        "fr", "Abdellatif Hammouchi avait reçu mercredi à Rabat Céline Berthon, directrice de la DGSI, pour parler de terrorisme."
    )
    assert [one.status for one in found] == [Status.NEW]


def test_a_headline_in_the_present_follows_its_text_into_the_future() -> None:
    detection = detect(
        "Marlaska viaja hoy a Rabat",
        "El ministro del Interior, Fernando Grande-Marlaska, viajará este jueves a Rabat, donde se reunirá con Abdelouafi Laftit.",
        THURSDAY,
        "es",
    )
    assert not detection.flag
    assert {one.status for one in detection.reports} == {Status.PLANNED}


def test_sessions_of_several_years_are_several_meetings() -> None:
    text = (
        "Les chefs d'agences antiterroristes se sont réunis jeudi à Agadir pour leur quatrième réunion de haut niveau sur le terrorisme. "
        "Les éditions précédentes s'étaient tenues à Marrakech en 2022, à Tanger en 2023 et à Fès en 2024."
    )
    recalled = [one for one in meetings("fr", text) if one.status is Status.BACKGROUND]
    assert [one.place.city for one in recalled] == ["Marrakech", "Tanger", "Fès"]


def test_the_day_is_never_the_publication_day_by_default() -> None:
    found = meetings("fr", "Abdellatif Hammouchi a reçu à Rabat Céline Berthon, directrice de la DGSI, pour parler de terrorisme.")
    assert found[0].days.label is None


def test_an_old_beginning_is_not_the_day_of_a_meeting() -> None:
    found = meetings(
        "es",
        (
            "Sidiki Kaba, ministro senegalés del Interior desde hace tres meses, se reunió ayer en Dakar con "
            "Fernando Grande-Marlaska sobre migración."
        ),
    )
    assert [one.status for one in found] == [Status.NEW]
    assert found[0].days.label == "2025-06-11"
