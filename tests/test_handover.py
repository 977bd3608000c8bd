"""Telling a feed that was taken over from one that was renamed or had a quiet month."""

from __future__ import annotations

import pytest

from pipelines.handover import Acquaintance, has_changed_hands, words_of

KNOWN_TEXTS = [
    "Le conseil de la commune a voté le budget de la voirie et des écoles du quartier",
    "La sécurité des plages de Tanger a été renforcée pour les vacances d'été",
    "Un séisme de faible magnitude a été ressenti à Al Hoceima dans la nuit de mardi",
]
KNOWN = Acquaintance("Le Fil de Tanger", frozenset({"fr"}), words_of(KNOWN_TEXTS))
CASINO = ["Best online slots and free spins this week", "Play now and win the big jackpot with our new bonus codes"]
NEWS = ["Le budget de la région sera voté mardi dans la soirée", "La nuit a été calme sur les plages de Fnideq et des environs"]


def test_another_name_in_another_language_is_somebody_else() -> None:
    assert has_changed_hands(KNOWN, "Lucky Spin Casino", "en", CASINO)


def test_the_language_is_heard_also_where_none_is_declared() -> None:
    assert has_changed_hands(KNOWN, "Lucky Spin Casino", None, CASINO)
    assert has_changed_hands(KNOWN, "Lucky Spin Casino", "fr", CASINO)


@pytest.mark.parametrize(
    ("title", "language", "texts"),
    [
        ("Nord Actu", "fr", NEWS),  # renamed
        ("Nord Actu", None, NEWS),
        ("Le Fil", "en", CASINO),  # a part in another language
        ("", "en", CASINO),  # no name to tell by
        (None, "en", CASINO),
        ("Nord Actu", None, ["Bonjour"]),  # too little to hear a language in
    ],
)
def test_a_new_name_or_a_new_language_alone_is_no_other_feed(title: str | None, language: str | None, texts: list[str]) -> None:
    assert not has_changed_hands(KNOWN, title, language, texts)
