"""How a digest looks: complete in both parts, safe whatever the feeds say, and saying nothing that no source says."""

from __future__ import annotations

import re
import string
import time
import tomllib
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from lxml import html as lxml_html
from mail.samples import (
    HAMMOUCHI,
    MORNING,
    TODAY,
    ZONE,
    arabic_talks,
    digest,
    feeds,
    full_digest,
    planned_visit,
    possible_talks,
    rabat_talks,
    source,
    told,
)

from monitor.mail.names import Names
from monitor.mail.render import COLUMNS, HTML_LIMIT, TemplateError, render, template_problems
from monitor.mail.view import safe_url, subject_of, view_of
from monitor.mail.words import LANGUAGES, FrameError, direction, frame
from pipelines.detect import resources
from pipelines.detect.fold import fold_key
from pipelines.detect.model import Days, Status
from pipelines.digest import Counted, Digest, Who, is_title

FRAMES = Path(__file__).parent.parent / "monitor" / "templates" / "frames"
MANY = 500


def shown(made: Digest, language: str = "fr", **more):
    return render(view_of(made, frame(language), ZONE, contact="vigie@watch.test"), **more)


def page(made: Digest, language: str = "fr") -> str:
    (part,) = shown(made, language)
    return part.html


def pieces_of(html: str) -> str:
    """The text with a space between elements, for looking words up."""
    return " ".join(lxml_html.fromstring(html).body.itertext())


def words_of(html: str) -> str:
    return " ".join(lxml_html.fromstring(html).body.text_content().split())


# The frames


def _leaves(words, path=""):
    for key, value in words.items():
        if isinstance(value, dict) and path != "counts":
            yield from _leaves(value, key if not path else f"{path}.{key}")
        else:
            yield f"{path}.{key}", value


def _holders(value) -> set[str]:
    texts = value.values() if isinstance(value, dict) else [value]
    return {name.split(":")[0] for text in texts for _, name, _, _ in string.Formatter().parse(text) if name} - {"n"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word_with_the_same_place_holders(language):
    french, other = (dict(_leaves(tomllib.loads((FRAMES / f"{name}.toml").read_text("utf-8")))) for name in ("fr", language))
    assert sorted(other) == sorted(french)
    for key, value in other.items():
        if not key.startswith("."):
            assert _holders(value) == _holders(french[key]), key
            assert all(text.strip() or key == "frame.colon" for text in (value.values() if isinstance(value, dict) else [value])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_of_a_language_has_its_form(language):
    words = frame(language)
    categories = {words.locale.plural_form(n) for n in range(200)}
    for what, forms in words.words["counts"].items():
        assert categories <= set(forms) | ({"many"} if language in ("fr", "es") else set()), what


def test_counts_are_right_in_each_language():
    assert [frame("fr").count("articles", n) for n in (0, 1, 7)] == ["0 article", "1 article", "7 articles"]
    assert [frame("en").count("articles", n) for n in (0, 1, 7)] == ["0 articles", "1 article", "7 articles"]
    assert [frame("ar").count("articles", n) for n in (1, 2, 7, 11, 100)] == [
        "مقال واحد",
        "مقالان",
        "7 مقالات",
        "11 مقالا",
        "100 مقال",
    ]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (Days(), "jour non précisé"),
        (Days(TODAY, TODAY, "day"), "aujourd’hui, mercredi 25 novembre"),
        (Days(date(2026, 11, 24), date(2026, 11, 24), "day"), "hier, mardi 24 novembre"),
        (Days(date(2025, 6, 17), date(2025, 6, 17), "day"), "mardi 17 juin 2025"),
        (Days(date(2026, 11, 23), date(2026, 11, 24), "range"), "du lundi 23 au mardi 24 novembre"),
        (Days(date(2026, 10, 31), date(2026, 11, 1), "range"), "du samedi 31 octobre au dimanche 1 novembre"),
        (Days(date(2025, 12, 31), date(2026, 1, 1), "range"), "du mercredi 31 décembre 2025 au jeudi 1 janvier"),
        (Days(date(2022, 6, 1), date(2022, 6, 30), "month"), "en juin 2022, jour non précisé"),
        (Days(date(2022, 1, 1), date(2022, 12, 31), "year"), "en 2022, date non précisée"),
    ],
)
def test_days_are_said_in_words(days, words):
    assert frame("fr").days(days, TODAY) == words


def test_moroccan_months_are_used_in_arabic():
    assert frame("ar").days(Days(date(2026, 11, 20), date(2026, 11, 20), "day"), TODAY) == "الجمعة 20 نونبر"


def test_an_unknown_language_or_word_is_named():
    with pytest.raises(FrameError, match="'de'"):
        frame("de")
    with pytest.raises(FrameError, match=r"item\.nonsense"):
        frame("fr").text("item.nonsense")


# What is printed


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_parts_tell_everything(language):
    (part,) = shown(full_digest(), language)
    told_in_html = words_of(part.html)
    for kind, text in (("html", told_in_html), ("text", " ".join(part.text.split()))):
        for expected in (
            "Abdellatif Hammouchi",
            "Louis Laugier",
            "DGSN-DGST",
            "علي بن حماد الشامسي",
            "Policía Nacional",
            "Rabat",
            "Luís Neves",
        ):
            assert expected in text, (kind, expected)
        assert "Coupe du monde 2030" in text and "Homonyme" in text
    for article in (11, 15, 17, 21, 31, 41, 62, 72):
        link = f"https://news.example/articles/{article}"
        assert f'href="{link}"' in part.html and link in part.text


def test_copies_are_folded_behind_their_original_and_counted():
    text = words_of(page(digest([rabat_talks()])))
    assert "7 articles, 3 sources indépendantes" in text
    assert "Même texte : Atlas Matin, Rif Info, Agadir Presse" in text.replace("\u00a0", " ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_part_keeps_to_its_columns(language):
    (part,) = shown(full_digest(), language)
    long = [line for line in part.text.splitlines() if len(line) > COLUMNS and "://" not in line]
    assert long == []


def test_what_the_watch_missed_is_said_by_name_and_since_when():
    text = words_of(page(digest([]))).replace("\u00a0", " ")
    assert "74 flux surveillés, 1 en échec, 1 nous refuse l’accès, 1 muet au-delà de son habitude" in text
    assert "Atlas Matin, depuis dimanche 22 novembre — pas de réponse dans le temps prévu" in text
    assert "Le Quotidien, depuis lundi 16 novembre — les robots sont écartés (403)" in text
    assert "412 articles lus, dont 31 en partie seulement, 4 restés illisibles" in text


@pytest.mark.parametrize(
    ("watch", "words"),
    [
        (feeds(failing=(), silent=()), "le silence est celui de l’actualité"),
        (feeds(), "voir plus bas ce que nous ne voyons pas"),
        (feeds(feeds=3), "Vue réduite : 2 flux sur 3 ne répondent pas"),
        (feeds(feeds=0, failing=(), silent=()), "Aucun flux n’est surveillé"),
    ],
)
def test_an_empty_morning_says_whether_it_is_quiet_or_blind(watch, words):
    text = words_of(page(digest([], watch=watch))).replace("\u00a0", " ")
    assert "Pas de nouvelle rencontre" in text and words in text


def test_a_blind_morning_warns_also_above_news():
    text = words_of(page(digest([rabat_talks()], watch=feeds(feeds=4))))
    assert "Vue réduite" in text and "Pas de nouvelle rencontre" not in text


def test_a_catch_up_says_what_it_covers_and_how_late_it_is():
    made = digest([rabat_talks()], covers=3, late=timedelta(hours=3, minutes=4), period_from=MORNING - timedelta(days=3))
    text = words_of(page(made)).replace("\u00a0", " ")
    assert "il couvre 3 matins" in text and "Établi avec 3 h 04 de retard." in text
    assert "Du dimanche 22 novembre à 07:30 au mercredi 25 novembre à 07:30" in text


def test_an_alerted_meeting_is_marked_as_known():
    made = digest([rabat_talks(alerted_at=MORNING - timedelta(hours=10))])
    assert "Déjà annoncée par une alerte, mardi 24 novembre à 21:30." in words_of(page(made))


def test_a_held_a_lapsed_and_a_cancelled_visit_say_so():
    held = digest([planned_visit(status=Status.NEW)], [told(planned_visit(), "planned", 8)])
    assert "Annoncée dans le numéro du mardi 17 novembre" in words_of(page(held))
    lapsed = digest([planned_visit(days=Days(date(2026, 11, 23), date(2026, 11, 23), "day"))])
    assert "nous n’avons vu aucun compte rendu" in words_of(page(lapsed))
    assert "Annulée" in words_of(page(digest([planned_visit(status=Status.CANCELLED)])))


# Subjects


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "made",
    [
        full_digest(),
        full_digest(covers=4),
        digest([]),
        digest([planned_visit()]),
        digest([rabat_talks(withdrawn="non")], [told(rabat_talks())]),
        digest([rabat_talks(participants=(Who("N" * 200, country="MA"), Who("Autre", country="FR")))]),
        digest([rabat_talks(participants=(), headline="")]),
    ],
)
def test_a_subject_is_one_line_of_at_most_seventy_characters(made, language):
    for part in (None, (2, 13)):
        subject = subject_of(made, frame(language), part=part)
        assert 5 < len(subject) <= 70 and "\n" not in subject
        assert part is None or subject.endswith("(2/13)")


def test_a_subject_names_how_many_and_the_first():
    assert subject_of(digest([arabic_talks(), planned_visit()]), frame("fr")).startswith("1 nouvelle rencontre : Abdellatif Hammouchi")
    assert subject_of(digest([]), frame("fr")) == "Pas de nouvelle rencontre"
    assert subject_of(digest([planned_visit()]), frame("en")).startswith("1 coming up: Fernando Grande-Marlaska")


# Directions


class _Directions(HTMLParser):
    """For each text, the direction its nearest marked ancestor gives it."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag, attributes):
        if tag not in ("br", "meta", "img", "link"):
            self.stack.append(dict(attributes).get("dir") or (self.stack[-1] if self.stack else "ltr"))

    def handle_endtag(self, tag):
        if tag not in ("br", "meta", "img", "link"):
            self.stack.pop()

    def handle_data(self, text):
        if text.strip():
            self.found.append((text.strip(), self.stack[-1] if self.stack else "ltr"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_other_direction_is_marked_as_such(language):
    reader = _Directions()
    reader.feed(page(full_digest(), language))
    assert f'dir="{frame(language).direction}"' in page(full_digest(), language)
    ours = frame(language).direction
    for text, marked in reader.found:
        plain = re.sub("\u2068.*?\u2069", "", text)
        if re.search(r"[^\W\d_]", plain) and text != "Vigie" and not plain.startswith((".bdi", "@media")):
            assert direction(plain) == marked or marked == ours, text
    quotes = [(text, marked) for text, marked in reader.found if "مباحثات" in text or "Coupe du monde" in text]
    assert {marked for _, marked in quotes} == {"rtl", "ltr"}


# Whatever the feeds say


HOSTILE = [
    "<script>alert(1)</script><img src=https://evil.test/x.png onerror=alert(1)>",
    '"><style>body{display:none}</style><a href="https://evil.test">',
    "</td></tr></table></body></html><!--cut--><!--foot--><!--end--><!--part-->",
    "{{ 7*7 }} {% raw %} ${7*7} #{7*7}",
    "\u202egnp.exe\u202c \u2066x",
    "nul\0 bell\a esc\x1b[2J half \ud800",
    "=?utf-8?Q?=0D=0ABcc:_x?=",
    "a\r\nb\u2028c\u2029d",
    "&lt;b&gt; &amp;amp; &#x3C;i&#x3E;",
    'style="position:fixed" expression(alert(1)) url(https://evil.test/y)',
]


@pytest.mark.parametrize("evil", HOSTILE)
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_hostile_text_is_shown_as_text_everywhere(evil, language):
    one = source(1, evil, evil, quote=evil)
    copy = source(2, evil, evil, copy_of=1)
    meeting = rabat_talks(
        sources=(one, copy),
        participants=(Who(evil, evil, evil, "MA"), Who(None, evil, evil, evil)),
        city=evil,
        topics=(evil,),
        headline=evil,
    )
    wrong = replace(rabat_talks(id=2), withdrawn=evil)
    watch = feeds(failing=(replace(feeds().failing[0], outlet=evil, why=evil, kind=None),))
    (part,) = shown(digest([meeting, wrong], [told(rabat_talks(id=2))], watch=watch), language)
    tree = lxml_html.fromstring(part.html)
    assert not tree.xpath("//script|//img|//iframe|//object|//embed|//form|//input|//link|//svg|//body//style|//base")
    for element in tree.iter():
        assert not any(name.lower().startswith("on") or name in ("src", "background", "srcset") for name in element.attrib)
        assert "position" not in element.get("style", "") and "url(" not in element.get("style", "")
    hrefs = {element.get("href") for element in tree.iter("a")}
    assert all(href.startswith(("https://news.example/", "mailto:vigie@watch.test")) for href in hrefs), hrefs
    for text in (part.html, part.text):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066\u2067\u2028\u2029\ud800-\udfff]", text)
        assert "49" not in re.sub(r"#[0-9a-f]{6}|\d+px|&#\d+;", "", text) or "7*7" in text
    assert len(tree.xpath("//h3")) == 2 and tree.xpath("//p[@class='legal']")


def test_nothing_is_loaded_from_afar():
    html = page(full_digest())
    assert not re.search(r"url\(|@import|<link|<img|src=", html)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://le360.example/a?b=1&c=2#d", "https://le360.example/a?b=1&c=2#d"),
        ("http://news.example:8080/é à", "http://news.example:8080/%C3%A9%20%C3%A0"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("//news.example/x", None),
        ("https://user:secret@news.example/", None),
        ('https://news.example/"onmouseover=x', "https://news.example/%22onmouseover=x"),
        ("https:///x", None),
        ("https://a b/", None),
        ("http://[::1", None),
        ("", None),
        (None, None),
        ("https://news.example/a\r\nb", "https://news.example/ab"),
    ],
)
def test_only_plain_web_addresses_become_links(url, safe):
    assert safe_url(url) == safe


# Size


def crowd(n: int = MANY):
    return [
        rabat_talks(
            id=number,
            city=f"Ville {number}",
            sources=tuple(
                replace(s, article_id=s.article_id + 100 * number, copy_of=s.copy_of and s.copy_of + 100 * number)
                for s in rabat_talks().sources
            ),
        )
        for number in range(1, n + 1)
    ]


def test_five_hundred_meetings_come_in_numbered_parts_with_nothing_left_out():
    started = time.perf_counter()
    parts = shown(digest(crowd()))
    took = time.perf_counter() - started
    assert took < 5
    assert [part.number for part in parts] == list(range(1, len(parts) + 1)) and {part.of for part in parts} == {len(parts)}
    assert max(len(part.html.encode()) for part in parts) <= HTML_LIMIT
    assert [position for part in parts for position in part.positions] == list(range(1, MANY + 1))
    for part in parts:
        assert f"Partie {part.number} sur {part.of}" in words_of(part.html) and f"Partie {part.number} sur {part.of}" in part.text
        assert "Nouvelles rencontres" in words_of(part.html)
        assert part.html.startswith("<!DOCTYPE html>") and part.html.rstrip().endswith("</html>")
    printed = "\n".join(part.text for part in parts)
    for number in range(1, MANY + 1):
        assert f"Ville {number}," in printed
    assert sum("État de la veille" in words_of(part.html) for part in parts) == 1


def test_an_ordinary_digest_is_one_part_and_says_nothing_of_parts():
    (part,) = shown(full_digest())
    assert "Partie" not in part.text and "Partie" not in words_of(part.html)
    assert len(part.html.encode()) < HTML_LIMIT / 2
    assert "<!--" not in part.html


# Templates of the user's own


def test_a_broken_template_is_named_with_its_line(tmp_path):
    (tmp_path / "digest.html.j2").write_text("<html>\n{% for x in %}\n</html>")
    view = view_of(full_digest(), frame("fr"), ZONE)
    assert "line 2" in template_problems(tmp_path, view)[0]
    (tmp_path / "digest.html.j2").write_text("<html>{{ nonsense.more }}</html>")
    with pytest.raises(TemplateError, match="nonsense"):
        render(view, templates=tmp_path)


def test_a_template_without_its_marks_is_refused(tmp_path):
    (tmp_path / "digest.html.j2").write_text("<html><body>{{ v.subject }}</body></html>")
    assert "mark" in template_problems(tmp_path, view_of(full_digest(), frame("fr"), ZONE))[0]


def test_ones_own_style_sheet_stands_before_the_shipped_one(tmp_path):
    (tmp_path / "digest.css").write_text(".wordmark { color: #123456; }")
    (part,) = shown(full_digest(), templates=tmp_path)
    assert "#123456" in part.html


# What the register calls them


def test_known_people_are_called_as_the_readers_language_writes_them():
    register = Names(resources.load())
    laugier = replace(rabat_talks().participants[1], role="نظيره الفرنسي")
    meeting = rabat_talks(participants=(replace(HAMMOUCHI, role="نظيره المغربي"), laugier))

    def people(language: str) -> str:
        (part,) = render(view_of(digest([meeting]), frame(language), ZONE, names=register))
        return words_of(part.html)

    assert "Abdellatif Hammouchi, directeur général, DGSN-DGST, Maroc" in people("fr")
    assert "Abdellatif Hammouchi, director general, DGSN-DGST, Marruecos" in people("es")
    arabic = people("ar")
    assert "عبد اللطيف حموشي – " in arabic and "، المدير العام، " in arabic and "نظيره" not in arabic


def test_what_the_articles_say_stands_before_the_register():
    said = replace(HAMMOUCHI, wordings=(("fr", "directeur général de la Sûreté nationale"), ("ar", "المدير العام للأمن الوطني")))
    (part,) = render(view_of(digest([rabat_talks(participants=(said,))]), frame("fr"), ZONE, names=Names(resources.load())))
    assert "Abdellatif Hammouchi, directeur général de la Sûreté nationale, DGSN-DGST, Maroc" in words_of(part.html)


def test_a_body_that_its_role_names_already_is_not_named_twice():
    minister = Who("X Y", "ministre de l'Intérieur", "Ministère de l'Intérieur", "FR")
    assert "X Y, ministre de l'Intérieur, France" in words_of(page(digest([rabat_talks(participants=(minister,))])))


def test_a_role_that_only_compares_gives_way_to_a_title_of_any_report():
    spaniard = Who("X Y", "homologue espagnol", None, "ES", wordings=(("fr", "homologue espagnol"), ("es", "director adjunto operativo")))
    nobody = Who("Z W", "leur homologue", None, "PT", wordings=(("fr", "leur homologue"),))
    text = words_of(page(digest([rabat_talks(participants=(spaniard, nobody))])))
    assert "X Y, director adjunto operativo, Espagne" in text and "Z W, Portugal" in text and "homologue espagnol" not in text


@pytest.mark.parametrize(
    ("role", "is_one"),
    [
        ("directeur général", True), ("ministre français de l'Intérieur", True), ("head of the domestic agency", True),
        ("patron de la DGSN", False), ("Moroccan opposite number", False),
        ("interior ministers", False), ("ministers of the interior", False),
        ("ministros del Interior de España", False), ("colega mauritano", False), ("وزيري الداخلية", False), ("وزير الداخلية", True),
    ],
)  # fmt: skip
def test_what_is_a_title(role, is_one):
    assert is_title(role) is is_one


def test_bodies_are_called_as_the_readers_language_calls_them_and_acronyms_stay():
    names = Names(resources.load())
    minister = Who("X Y", None, "Ministère de l'Intérieur", "MA", None, "ma-interior")
    assert [names.body(minister, language) for language in ("fr", "en", "es")] == [
        "Ministère de l'Intérieur", "Moroccan Ministry of Interior", "Ministerio del Interior de Marruecos",
    ]  # fmt: skip
    assert names.body(Who("X", None, "DGSN-DGST", "MA", None, "ma-pole-dgsn-dgst"), "en") == "DGSN-DGST"
    assert names.body(Who("X", None, "ONU", "INT", None, "int-un"), "en") == "United Nations"
    spaniard = Who("X Y", "ministre de l'Intérieur", "Ministerio del Interior", "ES", None, "es-interior")
    (part,) = render(view_of(digest([rabat_talks(participants=(spaniard,))]), frame("fr"), ZONE, names=names))
    assert "X Y, ministre de l'Intérieur, Espagne" in words_of(part.html)


def test_cities_are_written_in_arabic_for_an_arabic_reader():
    names = Names(resources.load())
    assert [names.city("Rabat", "MA", "ar"), names.city("Rabat", "MA", "en"), names.city("Nulle-Part", "MA", "ar")] == [
        "الرباط", "Rabat", "Nulle-Part",
    ]  # fmt: skip


def test_an_arabic_quote_is_known_to_name_those_at_the_table_by_their_arabic_names():
    french = source(1, "Le Méridien", "a", quote="Abdellatif Hammouchi a reçu Louis Laugier.")
    arabic = source(2, "أخبار", "b", "ar", quote="استقبل عبد اللطيف حموشي لويس لوجيي.")
    meeting = rabat_talks(sources=(french, arabic), participants=(HAMMOUCHI,))
    (part,) = render(view_of(digest([meeting]), frame("ar"), ZONE, names=Names(resources.load())))
    assert "استقبل عبد اللطيف حموشي" in words_of(part.html) and "a reçu" not in words_of(part.html)


def test_an_international_body_is_not_called_international_beside_its_name():
    assert "Interpol, " not in words_of(page(digest([rabat_talks(participants=(HAMMOUCHI, Who(None, None, "Interpol", "INT")))])))


def test_a_possible_meeting_of_nobody_known_is_called_by_its_headline_once():
    vague = possible_talks(participants=(Who(None, None, None, "JP"),))
    text = words_of(page(digest([vague])))
    assert "non nommé" not in text and text.count(vague.sources[0].title) == 1


def test_where_a_text_was_written_is_left_out_of_its_quote():
    def quoted(said: str) -> str:
        return words_of(page(digest([rabat_talks(sources=(source(1, "A", "a", quote=said),))])))

    for said in ("RABAT - Le ministre a reçu X.", "RABAT – Le ministre a reçu X.", "Rabat (MAP) – Le ministre a reçu X."):
        assert "Le ministre a reçu X." in quoted(said) and said not in quoted(said)
    assert "Sous-préfets - Le ministre a reçu X." in quoted("Sous-préfets - Le ministre a reçu X.")


def test_what_is_announced_is_marked_as_such_and_never_counted_as_held():
    off, soon = planned_visit(id=5, status=Status.CANCELLED), planned_visit(id=6)
    gone = planned_visit(id=7, days=Days(TODAY - timedelta(days=2), TODAY - timedelta(days=2), "day"))
    text = words_of(page(digest([off, soon, gone])))
    assert "1 démentie ou annulée · 1 à venir · 1 annoncée sans compte rendu" in text.replace("\u00a0", " ")
    headings = ["Démenties ou annulées", "À venir", "Annoncées, sans compte rendu à ce jour"]
    assert [text.index(heading) for heading in headings] == sorted(text.index(heading) for heading in headings)
    assert subject_of(digest([off]), frame("fr")).startswith("1 démentie ou annulée : ")


def test_the_chart_begins_with_the_first_month_that_has_a_meeting():
    months = tuple(Counted(date(2025 + (n > 0), (n - 1) % 12 + 1, 1), count) for n, count in enumerate((0,) * 9 + (3, 5, 2)))
    made = replace(digest([rabat_talks()]), months=months)
    assert [bar.count for bar in view_of(made, frame("fr"), ZONE).months] == [0, 0, 0, 3, 5, 2]
    grown = replace(made, months=tuple(replace(month, meetings=month.meetings or 1) for month in months))
    assert len(view_of(grown, frame("fr"), ZONE).months) == 12


def test_a_subject_leaves_out_the_place_before_it_cuts_a_name():
    long = rabat_talks(city="Villeneuve-lès-Avignon-sur-Mer")
    assert subject_of(digest([long]), frame("fr")).endswith("Abdellatif Hammouchi – Louis Laugier +1")


def test_the_sources_in_the_readers_language_come_first():
    text = words_of(page(digest([rabat_talks()]), "es"))
    assert text.index("Diario del Estrecho —") < text.index("Le Méridien —")


# Nothing that no source says


def _said_by_sources(made: Digest) -> str:
    lines = []
    for meeting in [item.meeting for item in made.items] + list(made.reminders):
        lines += [meeting.city, meeting.withdrawn, meeting.headline]
        lines += [text for who in meeting.participants for text in (who.name, who.role, who.body)]
        lines += [text for s in meeting.sources for text in (s.outlet, s.title, s.quote)]
        lines += [text for earlier in meeting.earlier for text in (earlier.one, earlier.other)]
    lines += [trouble.outlet for trouble in (*made.watch.failing, *made.watch.silent)]
    return fold_key("\n".join(line for line in lines if line))


def _said_by_frame(language: str) -> str:
    words = frame(language)
    texts = [text for _, value in _leaves(words.words) for text in (value.values() if isinstance(value, dict) else [value])]
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(760)]
    texts += (
        [words.day(day) for day in days[::9]] + [words.short(day) for day in days[::9]] + [words.month_short(day) for day in days[::28]]
    )
    texts += [words.country(code) or "" for code in ("MA", "FR", "AE", "ES", "DE", "EU", "PT", "SN", "US", "DZ", "INT")]
    return fold_key(" ".join(texts) + " vigie matin contact mailto subject unsubscribe news example articles https watch test")


def _numbers(made: Digest) -> set[str]:
    """Every number we may print, and why it is one of ours."""
    days = [MORNING.date(), made.local_date, date(2025, 6, 17)]
    found = {"07", "30", "24"}  # the hour of the period and the days it spans
    for meeting in [item.meeting for item in made.items] + list(made.reminders):
        days += [day for day in (meeting.days.first, meeting.days.last) if day]
        found |= {str(len(meeting.sources)), str(len(meeting.independent)), str(len(meeting.participants))}
        found |= {str(n) for n in range(len(meeting.participants))}  # "and 3 others"
        found |= {str(earlier.times) for earlier in meeting.earlier}
    for item in made.items:
        found |= {str(item.position)}
        if item.told:
            days += [item.told.local_date, *(day for day in (item.told.facts.days.first, item.told.facts.days.last) if day)]
            found.add(str(item.told.position))
    for trouble in (*made.watch.failing, *made.watch.silent):
        days.append(trouble.since.date())
        found.add(str(trouble.status))
    for section in ("new", "held", "correction", "updated", "planned", "older", "possible"):
        found.add(str(len(made.of(section))))
    watch = made.watch
    found |= {
        str(n)
        for n in (
            watch.feeds,
            len(watch.broken),
            len(watch.blocked),
            len(watch.silent),
            watch.read,
            watch.partial,
            watch.unread,
        )
    }
    found |= {str(bar.meetings) for bar in (*made.months, *made.countries)}
    for day in days:
        found |= {str(day.day), str(day.year)}
    return found


def _said_by_register(made: Digest, language: str) -> str:
    register, texts = resources.load(), []
    for who in [who for item in made.items for who in item.meeting.participants]:
        person, body = register.persons.get(who.person_id or ""), register.bodies.get(who.body_id or "")
        texts += person.aliases_ar if person else ()
        texts += [office.title.in_language(language) for office in person.offices] if person else ()
        texts += body.names.get(language, ()) if body else ()
    meetings = [*(item.meeting for item in made.items), *made.reminders]
    places = {(meeting.city, meeting.country) for meeting in meetings}
    places |= {(item.told.facts.city, item.told.facts.country) for item in made.items if item.told}
    texts += [Names(register).city(city, country, language) or "" for city, country in places]
    return fold_key(" ".join(texts))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("made", [full_digest(), full_digest(covers=1), digest([rabat_talks(), arabic_talks()]), digest([])])
def test_no_name_date_or_number_appears_that_no_source_says(language, made):
    register = Names(resources.load())
    (part,) = render(view_of(made, frame(language), ZONE, contact="vigie@watch.test", names=register))
    said = " ".join((_said_by_sources(made), _said_by_frame(language), _said_by_register(made, language)))
    known = set(re.findall(r"[^\W\d_]+", said))
    in_sources = set(re.findall(r"\d+", _said_by_sources(made)))
    for text in (pieces_of(part.html), re.sub(r"(https?://|mailto:)\S+", "", part.text)):
        text = re.sub("[\u2068\u2069]", " ", text)
        words = set(re.findall(r"[^\W\d_]+", fold_key(text)))
        assert words <= known, sorted(words - known)
        numbers = set(re.findall(r"\d+", text))
        assert numbers <= _numbers(made) | in_sources, sorted(numbers - _numbers(made) - in_sources)
