"""Whether a feed is still the one that was subscribed to: domains lapse, and what answers at the old address is somebody else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass

LEAST_KNOWN = 3  # entries that a feed must have brought before a change can be told
FOREIGN_BELOW = 0.15  # share of distinct words met before: two days of one outlet share 0.25 to 0.5, two languages under 0.1
LEAST_WORDS = 15  # distinct words from which that share says something

_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """What is known of a feed: its title, the languages of its articles ("fr"), and words its entries have used."""

    title: str
    languages: frozenset[str]
    words: frozenset[str]


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """The distinct words of some texts, without case."""
    return frozenset(word for text in texts for word in _WORD.findall(text.casefold()))


def shares_a_word(one: str, other: str) -> bool:
    """Whether two titles have a word in common. An empty title shares one with any: nothing can be told from it."""
    mine, theirs = words_of([one]), words_of([other])
    return not mine or not theirs or bool(mine & theirs)


def has_changed_hands(known: Acquaintance, title: str | None, language: str | None, texts: Collection[str]) -> bool:
    """Whether an answer in which no entry is known comes from somebody else: another name, and another language.

    `language` is what the feed now declares, `texts` the titles and summaries of its items. A name or a language alone
    is not enough: outlets rename feeds and publish in several languages.
    """
    if shares_a_word(known.title, title or ""):
        return False
    declared = (language or "")[:2].casefold()
    if declared and known.languages and declared not in known.languages:
        return True
    return _speaks_otherwise(words_of(texts), known.words)


def _speaks_otherwise(words: Set[str], known: Set[str]) -> bool:
    if min(len(words), len(known)) < LEAST_WORDS:
        return False
    return len(words & known) < FOREIGN_BELOW * len(words)
