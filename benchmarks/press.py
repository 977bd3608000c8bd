"""Ordinary press and a few security meetings, written by a seeded generator, in French and Arabic.

Every text is made of sentences of ours with changing parts (`press.toml`), so that two texts are alike in kind and differ in
words. The same seed gives the same texts on every machine.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

Language = Literal["fr", "ar"]
LANGUAGES: tuple[Language, ...] = ("fr", "ar")

_DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_name("press.toml").read_text("utf-8"))
_GAP = re.compile(r"\{(\w+)\}")
_ELISION = re.compile(r"\b([Dd])e (?=[aeiouyéèêàâôAEIOUYÉÈÊÀÂÔ])")


@dataclass(frozen=True, slots=True)
class Told:
    """What an article says."""

    title: str
    standfirst: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Encounter:
    """A security meeting of the world: who received whom where, and about what, in both languages."""

    host: Mapping[str, str]
    guest: Mapping[str, str]
    topic: Mapping[str, str]


def ordinary(rng: random.Random, language: Language) -> Told:
    """An article about anything but our subject: 150 to 900 words, most of them on one subject, with a digression."""
    subject, other = _subject(rng, language), _subject(rng, language)
    paragraphs = []
    for number in range(rng.randint(5, 13)):
        pool = (other if number > 3 and rng.random() < 0.3 else subject)["sentences"]
        chosen = rng.sample(pool, min(len(pool), rng.randint(2, 4)))
        paragraphs.append(" ".join(_filled(rng, language, template) for template in chosen))
    title = _capital(_filled(rng, language, rng.choice(subject["headlines"])))
    return Told(title, _filled(rng, language, rng.choice(subject["sentences"])), tuple(paragraphs))


def headline(rng: random.Random, language: Language) -> str:
    """A headline as it stands in the boxes around an article."""
    return _capital(_filled(rng, language, rng.choice(_subject(rng, language)["headlines"])))


def sentence(rng: random.Random, language: Language) -> str:
    """One sentence, as teasers and readers' comments have them."""
    return _filled(rng, language, rng.choice(_subject(rng, language)["sentences"]))


def page_words(language: Language) -> dict[str, Any]:
    """What stands on a page around the article: menu, captions, footer."""
    words: dict[str, Any] = _DATA["page"][language]
    return words


def encounters(rng: random.Random, count: int) -> list[Encounter]:
    """So many meetings: no two have the same two sides as long as there are enough of them."""
    pairs = [(host, guest) for guest in _DATA["guests"] for host in _DATA["hosts"]]
    rng.shuffle(pairs)
    return [Encounter(*pairs[number % len(pairs)], rng.choice(_DATA["topics"])) for number in range(count)]


def report(rng: random.Random, language: Language, meeting: Encounter, published: datetime) -> Told:
    """One outlet's article on a meeting held on the day of publication."""
    words = _DATA["reports"][language]
    host = meeting.host[language]
    parts = {
        "host": host,
        "short": host.rstrip(",").split(", ")[-1],
        "guest": meeting.guest[language],
        "city": meeting.host[f"city_{language}"],
        "topic": meeting.topic[language],
        "day": words["days"][published.weekday()],
    }
    lead = _capital(words["lead"].format(**parts))
    more = [line.format(**parts) for line in words["more"]]
    rng.shuffle(more)
    filler = " ".join(sentence(rng, language) for _ in range(rng.randint(2, 6)))
    return Told(_capital(words["title"].format(**parts)), lead, (lead, " ".join(more[:2]), " ".join(more[2:]), filler))


def _subject(rng: random.Random, language: Language) -> dict[str, Any]:
    subjects: list[dict[str, Any]] = list(_DATA[language]["subjects"].values())
    return rng.choices(subjects, [subject["weight"] for subject in subjects])[0]


def _filled(rng: random.Random, language: Language, template: str) -> str:
    """A template with its gaps filled, no two of them by the same word."""
    words = _DATA[language]["words"]
    used: set[str] = set()

    def choose(gap: re.Match[str]) -> str:
        word = str(rng.choice([word for word in words[gap[1]] if word not in used]))
        used.add(word)
        return word

    text = _GAP.sub(choose, template)
    return _ELISION.sub(r"\1'", text) if language == "fr" else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
