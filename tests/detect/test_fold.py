"""Folding: the same letters for every way of writing a word, and offsets that lead back to the text as given."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.detect.fold import fold, fold_key

SAME = [
    ("Sûreté nationale", "surete nationale"),
    ("SÛRETÉ NATIONALE", "surete nationale"),
    (unicodedata.normalize("NFD", "Sûreté nationale"), "surete nationale"),
    ("S&ucirc;ret&eacute; nationale", "surete nationale"),
    ("S&amp;ucirc;ret&#233; nationale", "surete nationale"),
    ("sû\u00adre\u200bté\u00a0nationale\u200f", "surete nationale"),
    ("L’État, l'Etat, lʼÉtat, l`État, l´État", "l'etat, l'etat, l'etat, l'etat, l'etat"),
    ("cœur et Ægir, Straße, Łódź, ﬁn", "coeur et aegir, strasse, lodz, fin"),
    ("DGSN–DGST — DGSN‑DGST", "dgsn-dgst - dgsn-dgst"),
    ("«\u202fAh\u202f» “bien” „sûr‟", '" ah " "bien" "sur"'),
    ("40\u202f000 ½ 1ᵉʳ n° 5", "40 000 1⁄2 1er n° 5"),
    ("&quot;Oui&quot; quot;nonquot; R&D", '"oui" "non" r&d'),
    ("Tom &amp; Ben &nbsp;&amp;nbsp; fin &unknown; &#xe9;", "tom & ben fin &unknown; e"),
    ("la défense natio-\nnale", "la defense nationale"),
    ("travai1 généra1 vei11e 1'Arabie cybercrimina1ité", "travail general veille l'arabie cybercriminalite"),
    ("le 11 mai 2021, 1er rang, G10, 10h", "le 11 mai 2021, 1er rang, g10, 10h"),
    ("İstanbul ISPARTA ıspanak", "istanbul isparta ispanak"),
    ("عَبْدُ اللَّطِيف الحَمّوشي", "عبد اللطيف الحموشي"),
    ("المــــغرب", "المغرب"),
    ("أخبارنا المغربية ـ الرباط", "اخبارنا المغربيه - الرباط"),
    ("إسبانيا أسبانيا آسبانيا ٱسبانيا", "اسبانيا اسبانيا اسبانيا اسبانيا"),
    ("المدرسة المدرسه", "المدرسه المدرسه"),
    ("فى على علي علی", "في علي علي علي"),
    ("رئيس مسؤول", "رييس مسوول"),
    ("أگادير أݣادير أڭادير أكادير", "اكادير اكادير اكادير اكادير"),
    ("١٢ شتنبر ۲۰۲۵", "12 شتنبر 2025"),
    ("متى؟ نعم، ربما؛", "متي? نعم, ربما;"),
    ("ﻻ ﷲ ﺍﻟﺮﺑﺎﻁ", "لا الله الرباط"),
]


@pytest.mark.parametrize(("written", "plain"), SAME)
def test_every_way_of_writing_folds_to_the_same_letters(written: str, plain: str) -> None:
    assert fold_key(written) == plain


@pytest.mark.parametrize(
    ("text", "plain", "original"),
    [
        ("La Sûreté de l’État", "surete", "Sûreté"),
        (unicodedata.normalize("NFD", "café noir"), "cafe", unicodedata.normalize("NFD", "café")),
        ("le c&oelig;ur bat", "coeur", "c&oelig;ur"),
        ("mon cœur bat", "coeur", "cœur"),
        ("la natio-\nnale dit", "nationale", "natio-\nnale"),
        ("re\u00adnard", "renard", "re\u00adnard"),
        ("\u200fالرباط\u200f هنا", "الرباط", "الرباط"),
        ("قال حمّوشي هنا", "حموشي", "حمّوشي"),
        ("هو المغـــرب", "المغرب", "المغـــرب"),
        ("dit &quot;oui&quot; vite", '"oui"', "&quot;oui&quot;"),
        ("A&nbsp;b", "b", "b"),
        ("دولةٌ", "دوله", "دولةٌ"),
    ],
)
def test_a_found_word_leads_back_to_the_text_as_given(text: str, plain: str, original: str) -> None:
    folded = fold(text)
    start = folded.text.index(plain)
    first, last = folded.span(start, start + len(plain))
    assert text[first:last] == original


def test_half_of_a_letter_that_grew_stands_for_the_whole_letter() -> None:
    folded = fold("œuf")
    assert folded.text == "oeuf"
    assert folded.span(1, 2) == (0, 1)


def test_an_empty_span_stays_empty() -> None:
    folded = fold("é\u0301t\u00adé")
    for offset in range(len(folded.text) + 1):
        first, last = folded.span(offset, offset)
        assert first == last


def test_lines_stay_lines() -> None:
    assert fold("a\r\nb\u2028c\x85d\te").text == "a \nb\nc\nd e"


def test_text_of_other_scripts_passes_through() -> None:
    assert fold("東京 Москва 한국").text == "東京 москва 한국"


def test_tokens_are_words_numbers_signs_and_blank_lines() -> None:
    texts, starts = fold("L'État, 12 mai\n\nà Rabat.").tokens()
    assert texts == ["l'", "etat", ",", "12", "mai", "\n\n", "a", "rabat", "."]
    assert starts == [0, 2, 6, 8, 11, 14, 16, 18, 23]


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=80))
def test_any_text_folds_and_every_span_lies_in_it_and_in_order(text: str) -> None:
    _check_spans(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="aéœ\u0301&;#3quotampnbsp9-\n1'0lŁ ـعَّ\u200b\u00ad\ue000\ue010\ufdfa«", max_size=60))
def test_spans_hold_also_where_entities_marks_and_hyphens_meet(text: str) -> None:
    _check_spans(text)


def _check_spans(text: str) -> None:
    folded = fold(text)
    starts = [folded.span(at, at + 1)[0] for at in range(len(folded.text))]
    ends = [folded.span(at, at + 1)[1] for at in range(len(folded.text))]
    assert starts == sorted(starts)
    assert ends == sorted(ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(starts, ends, strict=True))
    for first in range(len(starts)):
        for last in range(first, min(first + 6, len(starts))):
            assert folded.span(first, last + 1) == (starts[first], ends[last])


@given(st.text(max_size=40))
def test_folding_what_is_folded_changes_nothing_more(text: str) -> None:
    once = fold_key(text)
    if "&" not in once and "quot;" not in once and not any(digit in once for digit in "01"):
        assert fold_key(once) == once


HOSTILE = [
    "&" * 1_000_000,
    "&amp;" * 200_000,
    "\u0301" * 1_000_000,
    "1" * 1_000_000,
    "a1" * 500_000,
    "-\n" * 500_000,
    "ـ" * 1_000_000,
    "q&#3" * 250_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:6]))
def test_a_megabyte_of_hostile_text_takes_no_longer_than_its_length_asks(text: str) -> None:
    whole, half = _seconds(text), _seconds(text[: len(text) // 2])
    # Twice the length may take twice the time (and as much again for noise), not four times
    assert whole < 4 * half + 0.2


def test_mostly_plain_text_folds_at_megabytes_a_second() -> None:
    text = "Le directeur général de la Sûreté nationale s'est entretenu jeudi à Rabat avec son homologue. " * 6_000
    seconds = min(_seconds(text, tokens=False) for _ in range(3))
    # 20 MB/s and more alone on one core; a sixth of it, because other work may share the processor
    assert len(text.encode()) / seconds > 3_500_000


def _seconds(text: str, *, tokens: bool = True) -> float:
    start = time.process_time()
    folded = fold(text)
    if tokens:
        folded.tokens()
        folded.span(0, len(folded.text))
    return time.process_time() - start
