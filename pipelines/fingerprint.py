"""Which texts are copies of one another: hashes of sentences, compared by containment.

A text that says the same thing in its own words shares no sentence; an agency text that was shortened, re-titled or
lightly edited shares most of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from hashlib import blake2b

from pipelines.detect.fold import fold

COPY_AT = 0.25
"""Share of the shorter text's sentences found in the longer one from which it counts as a copy: recall .95-1.0 on copies and
rewrites with 0.05 % wrong; MinHash with LSH reached .28-.79 and 5-12 % wrong on template text (measured on news pages)."""

FEWEST_WORDS = 5  # shorter sentences ("Lire aussi", "Photo d'archives") are on every page
_END = re.compile(r"[.!?;:…؟؛\n]+")
_WORD = re.compile(r"\w+")


def fingerprint(text: str) -> tuple[int, ...]:
    """The text's sentences as sorted 63-bit hashes, blind to case, accents, punctuation and Arabic spelling variants.

    A text without a sentence of five words gives one hash of the whole, an empty one none.
    """
    folded = fold(text).text
    sentences = [words for part in _END.split(folded) if len(words := _WORD.findall(part)) >= FEWEST_WORDS]
    if not sentences and (words := _WORD.findall(folded)):
        sentences = [words]
    return tuple(sorted({_hash(" ".join(words)) for words in sentences}))


def containment(one: Collection[int], other: Collection[int]) -> float:
    """The share of the shorter fingerprint that the longer one holds, 0..1."""
    shorter = min(len(one), len(other))
    return len(set(one) & set(other)) / shorter if shorter else 0.0


def is_copy(one: Collection[int], other: Collection[int]) -> bool:
    """Whether two texts are copies of one text. Texts of a single sentence must be the same sentence."""
    return containment(one, other) >= COPY_AT


def _hash(text: str) -> int:
    # 63 bits, so that it fits a signed integer of a database
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big") >> 1
