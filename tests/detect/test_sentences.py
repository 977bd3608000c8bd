"""Sentences and lines: where one ends, and what is prose and what is not."""

from __future__ import annotations

import re
import time
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.detect import sentences
from pipelines.detect.sentences import dateline, split


def cut(text: str, language: str | None = "fr") -> list[str]:
    return [text[one.start : one.end] for one in split(text, language)]


def kinds(text: str, language: str | None = "fr") -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in split(text, language)]


PROSE = "Le directeur général a reçu jeudi son homologue espagnol et les deux hommes ont parlé de terrorisme."


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("fr", "M. Hammouchi a reçu Mme Haines. Le Dr. A. Benali y était. Puis ils ont dîné.", 3),
        ("fr", "Le gén. Haramou et le St. Siège, cf. art. 12, ont signé. Rien de plus.", 2),
        ("fr", "Plus de 8.913 fonctionnaires et 2,4 millions de visiteurs. Voilà.", 2),
        ("fr", "« Que faire ? » demande-t-il. « Rien ! » Le ministre se tait.", 3),
        ("fr", "«C'est fini.» Le chef est parti.", 2),
        ("fr", "Il l'a dit. » Puis il est parti.", 2),
        ("fr", "Il hésite… puis parle. Elle hésite... Elle se tait.", 3),
        ("fr", "RABAT, 12 sept. 2025 (MAP) - Le ministre a parlé. Il est parti.", 2),
        ("fr", "La criminalité transfrontalière.(Le360.ma)", 2),
        ("fr", "Les deux pays.Le ministre a ensuite parlé.", 2),
        ("fr", "Le site Le360.ma et 2M.ma ont publié la note. Fin.", 2),
        ("fr", "A. Hammouchi, J.-P. Dupont et S.M. le Roi étaient là. Bien.", 2),
        ("es", "EE. UU. y el Sr. Pérez firmaron. La Dra. Ruiz asistió.", 2),
        ("es", "¿Qué hacer? Nada. ¡Vamos! El ministro calló.", 4),
        ("en", "Gen. Smith met U.S. officials at 3 p.m. on Friday. Mr. Burns left.", 2),
        ("en", 'He said "no." Then he left.', 2),
        ("ar", "استقبل المدير العام نظيره. من حضر؟ الجميع! انتهى الاجتماع.", 4),
        ("ar", "من الرباط إلى بروكسل.. عشرة أيام من الدبلوماسية الأمنية", 1),
        ("ar", "حضر د. أحمد و م. علي. ثم غادرا.", 2),
    ],
)
def test_a_full_stop_ends_a_sentence_only_where_it_does(language: str, text: str, count: int) -> None:
    assert len(cut(text, language)) == count, cut(text, language)


def test_the_closing_quote_stays_with_its_sentence() -> None:
    assert cut("« Il est venu. » Puis rien.") == ["« Il est venu. »", "Puis rien."]
    assert cut("«Il est venu.» Puis rien.") == ["«Il est venu.»", "Puis rien."]
    assert cut("“He came.” Then nothing.", "en") == ["“He came.”", "Then nothing."]


def test_a_dateline_stays_in_its_sentence() -> None:
    assert cut("DAKAR, 30 Oct. (EUROPA PRESS) - El ministro llegó. Luego salió.", "es")[0].startswith("DAKAR, 30 Oct.")


def test_paragraphs_are_counted() -> None:
    text = f"{PROSE} {PROSE}\n\n{PROSE}\n\n\n{PROSE}"
    assert [one.paragraph for one in split(text, "fr")] == [0, 0, 1, 2]


def test_a_sentence_wrapped_over_lines_is_one() -> None:
    text = "La Direction était mardi à Riyad, où son directeur menait une déléga-\ntion à la session\nde ce conseil. Il a parlé."
    assert len(cut(text)) == 2


def test_lines_that_a_page_was_wrapped_to_are_joined_also_before_a_capital() -> None:
    text = (
        "Le ministre de l'Intérieur a reçu lundi dans la capitale\n"
        "Abdellatif Hammouchi, directeur général de la sûreté et\n"
        "de la surveillance du territoire, pour un long entretien.\n"
    )
    assert len(cut(text)) == 1


def test_headlines_on_lines_of_their_own_are_not_joined() -> None:
    text = "Un sommet à Rabat\nLa police recrute\nLe temps de demain"
    assert len(cut(text)) == 3


@pytest.mark.parametrize(
    ("language", "opener"),
    [
        ("fr", "Lire aussi"),
        ("fr", "LIRE AUSSI :"),
        ("fr", "À lire aussi"),
        ("fr", "A voir aussi"),
        ("fr", "Sur le même sujet"),
        ("fr", "Articles similaires"),
        ("fr", "La rédaction vous conseille"),
        ("ar", "اقرأ أيضا"),
        ("ar", "إقرأ أيضًا:"),
        ("ar", "مواضيع ذات صلة"),
        ("es", "Lea también"),
        ("es", "Te puede interesar"),
        ("es", "Noticias relacionadas"),
        ("en", "Read also"),
        ("en", "Related articles"),
        ("en", "More on this story"),
        ("fr", "Read also"),
    ],
)
@pytest.mark.parametrize(
    "headline", ["Hammouchi reçoit à Rabat le directeur de la CIA", "Hammouchi reçoit à Rabat le directeur de la CIA."]
)
def test_headlines_below_a_pointer_to_other_articles_are_related(language: str, opener: str, headline: str) -> None:
    text = f"{PROSE}\n\n{opener}\n{headline}\nSécurité: le chef du BKA chez Hammouchi\n\n{PROSE}"
    found = [kind for kind, _ in kinds(text, language)]
    assert found == ["body", "related", "related", "related", "body"]


@pytest.mark.parametrize(
    "line",
    [
        "Lire aussi : Hammouchi reçoit à Rabat le directeur de la CIA",
        "A lire également - Hammouchi reçoit à Rabat le directeur de la CIA",
        "اقرأ أيضا: حموشي يستقبل مدير وكالة المخابرات المركزية بالرباط",
        "Lea también: Hammouchi recibe en Rabat al director de la CIA",
        "Read also: Hammouchi receives the CIA director in Rabat",
        "► Lire aussi | Hammouchi reçoit le patron du FBI",
        "+ La visite de Lerner intervient après celle de Frédéric Veaux, patron de la police nationale française +",
    ],
)
def test_a_headline_behind_a_pointer_is_related(line: str) -> None:
    assert [kind for kind, _ in kinds(f"{PROSE}\n\n{line}\n\n{PROSE}", None)] == ["body", "related", "body"]


def test_a_pointer_within_a_paragraph_is_related_up_to_its_end() -> None:
    text = f"{PROSE} (Lire aussi: Hammouchi reçoit le directeur de la CIA). {PROSE}"
    assert [kind for kind, _ in kinds(text)] == ["body", "related", "related"]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("fr", "Partager"),
        ("fr", "Commenter"),
        ("fr", "Partagez cet article sur Facebook"),
        ("fr", "Abonnez-vous pour lire la suite"),
        ("fr", "Bien s’informer, mieux décider"),
        ("fr", "Inscrivez-vous à notre newsletter"),
        ("fr", "Publié le 10/04/2024 à 13h10"),
        ("fr", "Le 10/04/2024 à 13h10"),
        ("fr", "Mis à jour le 12 septembre 2025 à 10:15"),
        ("fr", "Tags : sécurité, Maroc, France"),
        ("fr", "© Copyright Le360. Tous droits réservés."),
        ("fr", "A A A A A   Ecouter l'article   Temps de lecture : 1 minute"),
        ("fr", "12:45 Le Raja bat le Wydad"),
        ("ar", "- 20:55 برشلونة يقلب الطاولة في دوري الأبطال"),
        ("ar", "تابعونا على فيسبوك"),
        ("ar", "في 10/09/2025 على الساعة 16:25"),
        ("ar", "جميع الحقوق محفوظة"),
        ("es", "Compartir"),
        ("es", "Si quieres seguir toda la actualidad sin límites, únete a EL PAÍS"),
        ("es", "Publicado el 12/09/2025 a las 10:30 h"),
        ("en", "Follow us on X and WhatsApp"),
        ("en", "The post CIA director in Rabat appeared first on Morocco World News."),
        ("en", "3 min read"),
        ("en", "Published on 12 September 2025 at 10:15 GMT"),
    ],
)
def test_what_stands_around_an_article_is_share(language: str, line: str) -> None:
    found = kinds(f"{PROSE}\n\n{line}\n\n{PROSE}", language)
    assert [kind for kind, _ in found[1:-1]] in (["share"], ["caption"]), found


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("fr", "Photo : MAP"),
        ("fr", "Crédit photo : DR"),
        ("fr", "© AFP"),
        ("fr", "photo_camera PHOTO/AP - Drapeaux du Maroc et des États-Unis"),
        ("fr", "abdellatif-hammouchi-direccion-general-seguridad-marruecos"),
        ("fr", "Abdellatif Hammouchi et Céline Berthon. © DGSN"),
        ("ar", "صورة: و م ع"),
        ("es", "Foto: EFE/Mariscal"),
        ("en", "Photo: Reuters"),
    ],
)
def test_photo_credits_are_captions(language: str, line: str) -> None:
    assert {kind for kind, _ in kinds(f"{PROSE}\n\n{line}\n\n{PROSE}", language)[1:-1]} == {"caption"}


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("fr", "Par Mohamed Chakir"),
        ("fr", "Avec MAP"),
        ("fr", "Par Le360"),
        ("fr", "(Le360.ma)"),
        ("fr", "MK/Sf/APA"),
        ("fr", "De notre correspondant à Madrid"),
        ("fr", "Rabat, 12 septembre 2025 (MAP)"),
        ("ar", "هسبريس – مراكش"),
        ("ar", "هسبريس من الرباط"),
        ("ar", "أبوظبي (الاتحاد)"),
        ("ar", "تونس: «الشرق الأوسط»"),
        ("ar", "كيش تيفي – طنجة"),
        ("ar", "وكالات - أبوظبي"),
        ("ar", "أَحْدَاث.أَنْفُو"),
        ("ar", "أخبارنا المغربية ـ الرباط"),
        ("ar", "مدريد، 16/10/2025"),
        ("ar", "الرياض ٢٨ رمضان ١٤٤٧ هـ الموافق ١٧ مارس ٢٠٢٦ م واس"),
        ("ar", "بقلم: محمد العلوي"),
        ("ar", "خ. ع"),
        ("ar", "-مل-"),
        ("es", "DAKAR, 30 Oct. (EUROPA PRESS) -"),
        ("es", "(SERVIMEDIA)"),
        ("es", "Por Ana Pérez"),
        ("en", "By John Smith"),
        ("en", "LONDON (Reuters) -"),
    ],
)
def test_who_sent_the_text_from_where_is_a_byline(language: str, line: str) -> None:
    assert [kind for kind, _ in kinds(f"{line}\n\n{PROSE}", language)] == ["byline", "body"]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("fr", "Un sommet discret"),
        ("es", "Marruecos y Estados Unidos intensifican la colaboración en materia de seguridad"),
        ("ar", "تعاون أمني متجدد بين البلدين"),
    ],
)
def test_a_short_line_without_a_full_stop_is_a_heading(language: str, line: str) -> None:
    assert [kind for kind, _ in kinds(f"{PROSE}\n\n{line}\n\n{PROSE}", language)] == ["body", "heading", "body"]


@pytest.mark.parametrize(
    "line",
    [
        "Partager les renseignements est devenu une habitude entre les deux services, dit-il.",
        "Par ailleurs, les deux ministres ont signé un accord.",
        "Avec les deux premiers, il a été question de terrorisme.",
        "La photo de famille a été prise de dos.",
        "Recevez-vous des menaces ? lui a demandé le juge.",
        "À découvrir ces archives, on comprend que le directeur avait vu son homologue, le soir même, à Paris, et qu'ils avaient "
        "longuement parlé de cette affaire et de quelques autres que la presse ignorait encore à cette date.",
        "Source de tensions, le dossier a été abordé.",
        "Suivez son regard : il va vers Madrid.",
        "Madrid et Rabat se parlent de nouveau.",
    ],
)
def test_prose_that_begins_like_something_else_stays_prose(line: str) -> None:
    assert {kind for kind, _ in kinds(f"{PROSE}\n\n{line}\n\n{PROSE}")} == {"body"}


def test_a_text_of_one_line_is_prose_even_without_a_full_stop() -> None:
    assert kinds("Hammouchi reçoit à Rabat le directeur de la CIA") == [("body", "Hammouchi reçoit à Rabat le directeur de la CIA")]


@pytest.mark.parametrize(
    ("language", "text", "head", "city", "country", "day"),
    [
        ("fr", "RABAT, 12 sept (MAP) - Le ministre a reçu", "RABAT, 12 sept (MAP) -", "rabat", "MA", date(2025, 9, 12)),
        ("fr", "RABAT, 14 avr 2025 (AFP) - Le ministre", "RABAT, 14 avr 2025 (AFP) -", "rabat", "MA", date(2025, 4, 14)),
        ("fr", "Rabat - Le Directeur général", "Rabat -", "rabat", "MA", None),
        ("fr", "Rabat (MAP)- Le Directeur", "Rabat (MAP)-", "rabat", "MA", None),
        ("fr", "Paris, le 11 septembre 2025 – La ministre", "Paris, le 11 septembre 2025 –", "paris", "FR", date(2025, 9, 11)),
        ("fr", "Agadir: la DGSN et la police brésilienne liées", "Agadir:", "agadir", "MA", None),
        ("ar", "الرباط – استقبل المدير العام", "الرباط –", "rabat", "MA", None),
        ("ar", "الرباط 12 شتنبر 2025 (ومع) - استقبل", "الرباط 12 شتنبر 2025 (ومع) -", "rabat", "MA", date(2025, 9, 12)),
        ("ar", "هسبريس من الرباط\n\nاستقبل", "هسبريس من الرباط\n", "rabat", "MA", None),
        ("ar", "هسبريس – مراكش\n\nتحولت باحات", "هسبريس – مراكش\n", "marrakech", "MA", None),
        ("ar", "أبوظبي في 20 يناير / وام / التقى الفريق", "أبوظبي في 20 يناير / وام /", "abou-dhabi", "AE", date(2025, 1, 20)),
        ("ar", "الأخبار (نواكشوط) - احتضن مقر", "الأخبار (نواكشوط) -", "nouakchott", "MR", None),
        ("ar", "إيلاف من الرباط: قليل الكلام", "إيلاف من الرباط:", "rabat", "MA", None),
        ("ar", "مدريد، 16/10/2025\n\nاحتضن مقر", "مدريد، 16/10/2025\n", "madrid", "ES", date(2025, 10, 16)),
        ("es", "DAKAR, 30 Oct. (EUROPA PRESS) -\n\nEl ministro", "DAKAR, 30 Oct. (EUROPA PRESS) -", "dakar", "SN", date(2025, 10, 30)),
        ("es", "Rabat, 10 feb (EFE).- El ministro", "Rabat, 10 feb (EFE).-", "rabat", "MA", date(2025, 2, 10)),
        ("en", "RABAT, Sept. 11 (Xinhua) -- Morocco's", "RABAT, Sept. 11 (Xinhua) --", "rabat", "MA", date(2025, 9, 11)),
    ],
)
def test_the_dateline_gives_place_and_day(language: str, text: str, head: str, city: str, country: str, day: date | None) -> None:
    found = dateline(text, language, datetime.fromisoformat("2025-09-12T18:00:00+01:00"))
    assert found is not None
    assert text[found.start : found.end].rstrip() == head.rstrip()
    assert (found.city_id, found.country) == (city, country)
    assert (found.date.days.first if found.date else None) == day


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", PROSE),
        ("fr", "Abdellatif Hammouchi a reçu à Rabat - en secret - son homologue."),
        ("fr", "Maroc-France : trois jours à Paris"),
        ("fr", "Rabat et Madrid se parlent - enfin, dit-on"),
        ("fr", ""),
        ("ar", "استقبل المدير العام بالرباط نظيره الإسباني"),
        ("en", "The Rabat-based agency said"),
        (None, "- - - -"),
    ],
)
def test_without_a_dateline_there_is_none(language: str | None, text: str) -> None:
    assert dateline(text, language) is None


@pytest.mark.parametrize("text", ["", " ", "\n\n\n", "\u200b"])
def test_an_empty_text_has_no_sentences(text: str) -> None:
    assert split(text, "fr") == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text + '\nother = ["a"]\n', "fr.toml: other: unknown key"),
        (lambda text: text.replace('"lire aussi", ', '"lire aussi", "Lire aussi", '), "fr.toml: related: 'Lire aussi' stands twice"),
        (lambda text: text.replace("related = [", "related = []\nx = [", 1), "fr.toml: x: unknown key"),
        (
            lambda text: "\n".join(line for line in text.split("\n") if not line.startswith("share_inside")),
            "fr.toml: share_inside: must be a list",
        ),
        (lambda text: text.replace("share_inside = [", "share_inside = [] #", 1), "fr.toml: share_inside: empty list"),
    ],
)
def test_a_mistake_in_the_words_names_file_and_key(tmp_path: Path, change, message: str) -> None:
    original = (Path(sentences.__file__).parent / "data" / "blocks" / "fr.toml").read_text("utf-8")
    path = tmp_path / "fr.toml"
    path.write_text(change(original), "utf-8")
    with pytest.raises(ValueError, match=message):
        sentences._read_file(path)


_LETTERS = re.compile(r"[A-Za-z0-9]")
_ENTITY = re.compile(r"&#?[A-Za-z0-9]+;|quot;", re.IGNORECASE)  # what is left of one may stand for a space
PIECES = [
    "Lire aussi",
    "M. ",
    "A.",
    "…",
    "« ",
    " »",
    ".",
    "\n",
    "\n\n",
    "Rabat",
    " - ",
    "(MAP)",
    "12/09/2025",
    "Par ",
    "©",
    "يوم",
    "..",
    "؟",
    "natio-\nnale",
    "+ a +",
    "&nbsp;",
]


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)),
    st.sampled_from(["fr", "ar", "es", "en", None, "xx"]),
)
def test_any_text_is_cut_in_order_and_nothing_but_space_is_left_out(text: str, language: str | None) -> None:
    last = 0
    for one in split(text, language):
        assert last <= one.start < one.end <= len(text)
        assert not _LETTERS.search(_ENTITY.sub("", text[last : one.start]))
        last = one.end
    assert not _LETTERS.search(_ENTITY.sub("", text[last:]))
    dateline(text, language)


@pytest.mark.parametrize("piece", [".", "a. ", "\n", "a\n", "M. ", "« ", "...a", "Lire aussi\n", "Rabat - ", "-\n", "a\n\n", ".'", "x"])
def test_hostile_text_is_cut_in_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        start = time.process_time()
        split(text, "fr")
        dateline(text, "fr")
        return time.process_time() - start

    half, whole = seconds(150_000), seconds(300_000)
    assert whole < 4 * half + 0.3
