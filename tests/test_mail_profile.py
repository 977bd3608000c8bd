"""Filters of a profile: words, phrases and patterns, found in linear time whatever the feeds say."""

from __future__ import annotations

import time

import pytest
from mail.samples import arabic_talks, rabat_talks, source

from monitor.mail.profile import Filter, Keyword, Profile, keyword_problems, text_of


def wants(meeting, **keywords) -> bool:
    return Profile("p", **{f"keywords_{kind}": tuple(words) for kind, words in keywords.items()}).filter().lets_through(meeting)


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("hammouchi", True),
        ("HAMMOUCHI", True),
        ("Sûreté nationale", True),
        ("surete   nationale", True),
        ("police nationale française", True),
        ("police française nationale", False),
        ("hammouch", False),
        ("mouchi", False),
        ("coupe du monde 2030", True),
        ("policial", True),
        ("حموشي", True),
        ("drugs", True),
    ],
)
def test_a_word_or_phrase_is_found_whole_and_whatever_its_accents(word, found):
    assert wants(rabat_talks(), any=[word]) is found


@pytest.mark.parametrize("word", ["الإرهاب", "ارهاب", "إرهاب", "الاستخباراتية", "أبوظبي", "ابوظبي", "التراب الوطني"])
def test_arabic_words_are_found_behind_their_proclitics_and_in_any_spelling(word):
    assert wants(arabic_talks(), any=[word])


def test_any_all_and_none_are_met_together():
    assert wants(rabat_talks(), any=["xyz", "rabat"], all=["hammouchi", "laugier"], none=["football"])
    assert not wants(rabat_talks(), all=["hammouchi", "xyz"])
    assert not wants(rabat_talks(), any=["rabat"], none=["coupe du monde"])


def test_a_pattern_stands_between_slashes():
    assert wants(rabat_talks(), any=[r"/lau[gj]ier\b/"])
    assert not wants(rabat_talks(), any=[r"/^laugier$/"])


@pytest.mark.parametrize("pattern", ["/(a+)+$/", "/(a|aa)+$/", r"/(\w+\s?)+$/", "/(?:x+x+)+y/"])
def test_a_pattern_that_runs_away_is_refused_when_the_configuration_is_read(pattern):
    started = time.perf_counter()
    (problem,) = keyword_problems([pattern, "innocent"])
    assert pattern in problem and "runs away" in problem
    assert time.perf_counter() - started < 2
    with pytest.raises(ValueError, match="runs away"):
        Profile("p", keywords_any=(pattern,))


def test_a_pattern_that_runs_away_only_on_a_strange_text_stops_in_time():
    # None of the baits looks like this, the article does
    keyword = Keyword("/(?:wz|wzwz)+$/")
    meeting = rabat_talks(sources=(source(1, "A", "wz" * 2500 + "!"),))
    started = time.perf_counter()
    assert not Filter(any=(keyword,)).lets_through(meeting)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(("word", "words"), [("/(/", "not a pattern"), ("...", "no letter"), ("", "no letter")])
def test_a_keyword_that_cannot_be_used_is_named(word, words):
    assert words in keyword_problems([word])[0]


def test_five_thousand_keywords_are_looked_for_in_no_time():
    many = Profile("p", keywords_none=tuple(f"mot{n} clef" for n in range(5000))).filter()
    started = time.process_time()
    for _ in range(20):
        assert many.lets_through(rabat_talks())
    assert time.process_time() - started < 2


def test_each_kind_of_wish_must_be_met():
    meeting = rabat_talks()
    for wish, met in (
        ({"countries": ("FR", "XX")}, True),
        ({"countries": ("DZ",)}, False),
        ({"persons": ("louis-laugier",)}, True),
        ({"bodies": ("fr-dgpn",), "countries": ("DZ",)}, False),
        ({"categories": ("police",)}, True),
        ({"categories": ("cyber",)}, False),
        ({}, True),
    ):
        assert Profile("p", **wish).filter().lets_through(meeting) is met, wish


def test_the_country_of_the_place_counts_too():
    assert Profile("p", countries=("MA",)).filter().lets_through(rabat_talks(participants=()))


def test_keywords_are_looked_for_in_headlines_quotes_names_and_places():
    text = text_of(rabat_talks())
    for part in ("Rabat", "Louis Laugier", "DGPN", "Sécurité : entretiens", "Coupe du monde 2030", "organised-crime"):
        assert part in text
