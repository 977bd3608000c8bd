"""Names as they are compared: alike for the Latin and Arabic spellings of one name."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

NAME_AT = 0.72
"""Likeness of two spellings from which they are one name (among people of one country at one time)."""


def words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_ARABIC = {
    letter: sound
    for sound, letters in {
        "b": "بپ", "t": "تثطة", "g": "جغگچڭݣ", "k": "خقكک", "d": "دذض", "s": "زسشصظ", "f": "فڤڥ",
        "r": "ر", "l": "ل", "m": "م", "n": "ن",
    }.items()
    for letter in letters
}  # fmt: skip


_LATIN = {
    letter: sound
    for sound, letters in {
        "b": "bp", "f": "fv", "g": "gj", "k": "kq", "s": "sz", "ks": "x",
        "t": "t", "d": "d", "r": "r", "l": "l", "m": "m", "n": "n",
    }.items()
    for letter in letters
}  # fmt: skip


_DIGRAPHS = {
    "tsch": "s", "sch": "s", "tch": "s", "ch": "s", "sh": "s", "kh": "k", "gh": "g", "ph": "f", "th": "t", "dh": "d", "dj": "g",
    "ck": "k", "ce": "s", "ci": "s", "cy": "s", "c": "k",
}  # fmt: skip


_PARTICLES = words(
    """al el ben bin ibn ould ouled abu abou de del della du des la le les van von der den di da dos y e et mr mme m
    general colonel docteur dr sheikh cheikh prince emir son altesse royale
    بن ابن ولد آل ال الأمير الامير الشيخ اللواء الفريق الدكتور السيد"""
)


@lru_cache(maxsize=20_000)
def skeletons(name: str) -> tuple[str, ...]:
    """The consonants of each word of a name, alike for Latin and Arabic spellings of one name.

    >>> skeletons("Eric Snoeck"), skeletons("إيريك سنوك")
    (('rk', 'snk'), ('rk', 'snk'))
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c) and c != "ـ")
    words = re.findall(r"\w+", plain.replace("'", "").replace("’", ""))
    told = []
    for word in words:
        if word in _PARTICLES:
            continue
        arabic = any("\u0600" <= c <= "\u06ff" for c in word)
        if arabic and word.startswith("ال") and len(word) > 4:
            word = word[2:]
        bones = "".join(_ARABIC.get(c, "") for c in word) if arabic else _latin_bones(word)
        if bones:
            told.append(re.sub(r"(.)\1+", r"\1", bones))
    return tuple(told)


def _latin_bones(word: str) -> str:
    for letters, sound in _DIGRAPHS.items():
        word = word.replace(letters, sound.upper())
    return "".join(c.lower() if c.isupper() else _LATIN.get(c, "") for c in word)


@lru_cache(maxsize=50_000)
def name_likeness(one: str, other: str) -> float:
    """How alike two spellings of a name are, 0..1, over scripts. A surname alone is as good as the full name it ends."""
    a, b = skeletons(one), skeletons(other)
    if not a or not b:
        return 1.0 if one.casefold().strip() == other.casefold().strip() else 0.0
    if a == b:
        return 1.0
    short, long = sorted((a, b), key=len)
    if len(short) == 1:
        return max(likeness(short[0], word) for word in ((long[-1],) if len(long) == 2 else long[1:] or long))
    whole = likeness("".join(a), "".join(b))
    # Every word of the shorter name finds its own in the longer one: middle names come and go
    left = list(long)
    total = 0.0
    for word in short:
        best = max(left, key=lambda w, word=word: likeness(word, w))  # type: ignore[misc]
        total += likeness(word, best)
        left.remove(best)
    return max(whole, total / len(short))


@lru_cache(maxsize=50_000)
def likeness(one: str, other: str) -> float:
    if one == other:
        return 1.0 if len(one) > 1 else 0.8
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
