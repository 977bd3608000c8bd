"""Which of the four languages a text is in, by script and by its commonest words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipelines.detect.fold import fold

_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE = 3000  # letters looked at
_SHORT = 25  # words below which a text is a headline or little more
# Spellings that one of the languages has and the others lack; in a headline they say more than its common words.
# Words with a capital are left out: they may be anybody's name
_MARKS = {
    "fr": re.compile(
        r"\b[a-zà-ÿœ]*(?:[çœæèêëàùûîïâ]|é[a-zà-ÿ]+é|ée)[a-zà-ÿœ]*\b|\b(?:[ldscnjm]|qu)['’](?=[^\W\d_]{2})|\b[LDSCNJ]['’](?=[a-zà-ÿœ]{2})"
    ),
    "es": re.compile(r"\b[a-zñáéíóúü]*[ñáíóú][a-zñáéíóúü]*\b|[¿¡]"),
}
_LEAST = 0.08  # share of common words below which a text of that length is in none of the languages


def identify(text: str, common: Mapping[str, frozenset[str]], given: str | None = None) -> str | None:
    """The language of a text, or None when it is in none of those in `common`. A given language is kept unless the text contradicts it."""
    sample = fold(text[:_SAMPLE]).text
    words = _WORD.findall(sample)
    if not words:
        return given if given in common else None
    arabic = sum(1 for word in words if "\u0600" <= word[0] <= "\u06ff")
    latin = sum(1 for word in words if "a" <= word[0] <= "z")
    if arabic > latin:
        # Persian and Urdu have letters that Arabic lacks; a headline may hold none of its common words
        foreign = sum(1 for letter in text[:_SAMPLE] if letter in "پچژگٹڈڑںے")
        known = _share(words, common["ar"]) >= _LEAST / 4 if "ar" in common else False
        return "ar" if "ar" in common and foreign <= len(words) / 20 and (known or len(words) < 60) else None
    if latin < len(words) / 2:
        return None
    shares = {language: _share(words, known) for language, known in common.items() if language != "ar"}
    if not shares:
        return None
    marks = _marks(text) if len(words) < _SHORT else {}
    for language in shares:
        shares[language] += marks.get(language, 0) / len(words)
    best = max(shares, key=lambda language: shares[language])
    spelt = marks.get(best, 0) >= 2 and not marks.get(given or "")
    if given in shares and ((len(words) < _SHORT and not spelt) or shares[given] >= max(0.75 * shares[best], _LEAST / 2)):
        return given
    if shares[best] < (_LEAST if len(words) >= _SHORT else 0.001):
        return given if given in shares and len(words) < 12 else None
    return best


def _marks(text: str) -> dict[str, int]:
    """How many pieces of a short text are spelt as only one of the languages spells."""
    return {language: len(pattern.findall(text)) for language, pattern in _MARKS.items()}


def _share(words: list[str], common: frozenset[str]) -> float:
    return sum(1 for word in words if word in common) / len(words)
