"""Copies of one text, editions of one publisher: how many independent voices tell a meeting."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.identity.names import words


def family_of(outlet: str) -> str:
    """The publisher family of an outlet, so that its editions do not count as independent: `Le360 arabe` -> `le360`."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", outlet.casefold()) if not unicodedata.combining(c))
    plain = re.sub(r"\([^)]*\)", " ", plain)
    plain = re.sub(r"\.(com|ma|fr|net|org|info|ma/fr|es|tn|dz)\b", " ", plain)
    words = re.findall(r"\w+", plain)
    while len(words) > 1 and words[-1] in _EDITIONS:
        words.pop()
    return "".join(words)


_EDITIONS = words(
    """fr ar en es arabe arabic arabi francais french english anglais espanol espagnol spanish maroc ma kiosque afrique
    عربي عربية فرنسية"""
)


@dataclass(frozen=True, slots=True)
class Telling:
    """An article of a meeting, for telling copies from independent reports. `key` as in `Account.article`."""

    key: str
    published: datetime
    outlet: str
    family: str
    fingerprint: frozenset[int]


def copies(tellings: Sequence[Telling], is_copy: float = 0.25) -> dict[str, str]:
    """For each article that repeats another one's text: the earliest article with that text, never itself a copy."""
    ordered = sorted(tellings, key=lambda t: (t.published, t.key))
    origin: dict[str, str] = {}
    for i, telling in enumerate(ordered):
        for earlier in ordered[:i]:
            shorter = min(len(telling.fingerprint), len(earlier.fingerprint))
            if shorter and len(telling.fingerprint & earlier.fingerprint) / shorter >= is_copy:
                origin[telling.key] = origin.get(earlier.key, earlier.key)
                break
    return origin


def independent_reports(tellings: Sequence[Telling], copy_of: Mapping[str, str]) -> int:
    """How many voices tell a meeting: copies of one text are one voice, and so are the editions of one publisher."""
    families: dict[str, str] = {}
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.get(key, key) != key:
            key = parent[key]
        return key

    for telling in tellings:
        parent.setdefault(telling.key, telling.key)
    for telling in tellings:
        if telling.key in copy_of and copy_of[telling.key] in parent:
            parent[root(telling.key)] = root(copy_of[telling.key])
        first = families.setdefault(telling.family, telling.key)
        parent[root(telling.key)] = root(first)
    return len({root(telling.key) for telling in tellings})
