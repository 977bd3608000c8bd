"""The lexicon: what a language file may say, and how its phrases are found in a text."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipelines.detect.cues import LexiconError, Tokens, hits_between, load_lexicon, scan, tokens_of, variants
from pipelines.detect.fold import fold

LANGUAGES = ("fr", "ar", "es", "en")
SHIPPED = Path(load_lexicon.__wrapped__.__globals__["_DIRECTORY"])


def words(text: str) -> Tokens:
    return tokens_of(fold(text))


def found(language: str, text: str, tag: str) -> list[str]:
    tokens = words(text)
    return [" ".join(tokens.words[hit.first : hit.last]) for hit in scan(tokens, load_lexicon(language)) if hit.entry.tag == tag]


@pytest.fixture
def edited(tmp_path: Path) -> object:
    """A copy of the French file in which one piece is replaced."""

    def edit(old: str, new: str) -> Path:
        content = (SHIPPED / "fr.toml").read_text(encoding="utf-8")
        assert old in content
        path = tmp_path / "fr.toml"
        path.write_text(content.replace(old, new, 1), encoding="utf-8")
        return path

    return edit


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_language_has_cues_tenses_and_all_sixteen_topics(language: str) -> None:
    lexicon = load_lexicon(language)
    assert len(lexicon.topics) == 16
    assert lexicon.common
    assert len(lexicon.by_word) > 700


def test_the_languages_name_the_same_topics() -> None:
    assert len({frozenset(load_lexicon(language).topics) for language in LANGUAGES}) == 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('language = "fr"', 'language = "de"', "language"),
        ("[identify]", "[surprise]\nx = 1\n[identify]", "surprise: unknown key"),
        ("[tense]\n", '[tense]\nyesterday = ["hier"]\n', "tense.yesterday: unknown key"),
        ('id = "talk"', 'id = "meet"', "is there twice"),
        ('id = "receive"\nkind = "receive"', 'id = "receive"\nkind = "greet"', "needs kind"),
        ('demonstratives = ["cette"', 'demonstratives = []\nunused = ["cette"', "reference.unused: unknown key"),
        ('celle = ["celle", "celui", "celles", "ceux"]', "celle = []", "reference.celle: must be a list of phrases, not empty"),
        ('"terrorisme", ', '"ter*", ', "a stem needs at least"),
        ('"terrorisme", ', '"~ terrorisme", ', "must begin and end with a word"),
        ('"terrorisme", ', '"…", ', "must begin and end with a word"),
    ],
)
def test_a_mistake_in_a_language_file_names_file_and_key(edited: object, old: str, new: str, told: str) -> None:
    path = edited(old, new)  # type: ignore[operator]
    with pytest.raises(LexiconError, match=r"^fr\.toml: ") as raised:
        load_lexicon("fr", path)
    assert told in str(raised.value)


def test_a_missing_or_broken_language_file_is_a_lexicon_error(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match=r"fr\.toml"):
        load_lexicon("fr", tmp_path / "fr.toml")
    (tmp_path / "es.toml").write_text("language = ", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"es\.toml"):
        load_lexicon("es", tmp_path / "es.toml")


def test_the_longest_phrase_of_a_group_wins() -> None:
    assert found("fr", "Ils ont eu un entretien téléphonique.", "noun") == ["entretien telephonique"]


def test_accents_case_and_apostrophes_make_no_difference() -> None:
    for text in ("s’est entretenu à huis clos", "S'EST ENTRETENU A HUIS CLOS", "s'est entretenu\u00a0à huis clos"):
        assert "entretenu" in found("fr", text, "verb")


def test_a_phrase_does_not_reach_across_a_comma_or_a_full_stop() -> None:
    assert found("fr", "la séance de, travail", "noun") == ["seance"]
    assert "seance de travail" in found("fr", "la séance de travail", "noun")


def test_a_tilde_stands_for_a_few_words_only() -> None:
    near = "échanger plus vite leurs renseignements"
    far = "échanger, sans plus attendre et dans un cadre rénové, des renseignements"
    assert found("fr", near, "topic") == ["echanger plus vite leurs renseignements"]
    assert "intelligence-sharing" not in {hit.entry.id for hit in scan(words(far), load_lexicon("fr"))}


def test_a_stem_finds_every_ending() -> None:
    assert found("fr", "antiterroriste, contre-terrorisme, jihadistes", "topic") == ["antiterroriste", "contre terrorisme", "jihadistes"]


def test_arabic_words_are_found_behind_their_clitics() -> None:
    assert {"الرباط", "رباط"} <= set(variants("وبالرباط"))
    assert "لقاء" in variants("واللقاء")
    assert "زياره" in variants("زيارته")
    assert found("ar", "وللتباحث خلال اللقاءات الثنائية", "noun")
    assert found("ar", "فاستقبله بالرباط", "verb")


def test_the_hits_of_a_stretch_are_those_that_begin_in_it() -> None:
    tokens = words("a reçu, puis a reçu, puis a reçu")
    hits = scan(tokens, load_lexicon("fr"))
    inside = hits_between(hits, 3, 5)
    assert inside
    assert all(3 <= hit.first < 5 for hit in inside)
    assert [hit for hit in hits if 3 <= hit.first < 5] == list(inside)


def test_offsets_of_words_lead_back_into_the_text_given() -> None:
    text = "Su\u0302rete\u0301 nationale &amp; s&ucirc;ret&eacute;"
    tokens = words(text)
    assert tokens.words == ("surete", "nationale", "surete")
    assert text[tokens.starts[0] : tokens.ends[0]] == "Su\u0302rete\u0301"
    assert text[tokens.starts[2] : tokens.ends[2]] == "s&ucirc;ret&eacute;"


@pytest.mark.parametrize("language", LANGUAGES)
def test_scanning_takes_time_in_proportion_to_the_text(language: str) -> None:
    lexicon = load_lexicon(language)
    piece = {"fr": "a reçu ", "ar": "كان قد استقبل ", "es": "se ha reunido con ", "en": "is due to meet "}[language]
    spent = []
    for times in (2_000, 16_000):
        tokens = words(piece * times)
        started = time.process_time()
        scan(tokens, lexicon)
        spent.append(time.process_time() - started)
    assert spent[1] < 8 * spent[0] * 3 + 0.2
