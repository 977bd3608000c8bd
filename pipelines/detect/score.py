"""How sure we are that a gathered meeting is a security-cooperation meeting: a number with named reasons, and what was missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.detect.meetings import Draft
from pipelines.detect.mentions import Actor
from pipelines.detect.model import Quote, Reason, Status
from pipelines.detect.parts import Part
from pipelines.detect.people import SECURITY_KINDS
from pipelines.detect.topics import Subject

# Two services that keep a country safe talk about nothing else; ministers may
BY_NATURE = frozenset(("police", "intelligence", "gendarmerie", "border", "cyber", "military"))
_LOW = frozenset(("generic", "body", None))
_CEILING = 0.45  # what a meeting of two countries on security can reach whose parties are not clear: listed as possible at most
_FLOOR = 0.25  # ... and one that lacks a second country, a security body, an encounter or security as its subject: not even that
_ESSENTIAL = frozenset(
    (
        "no second country",
        "no security body leads or represents",
        "nobody met",
        "subject not security",
        "the two parties are not told together",
    )
)

# Words of another kind of article: how many it takes, how much each such kind takes away
_GENRES = {
    "satire": (1, 0.7), "fiction": (2, 0.6), "sport": (3, 0.35), "trial": (4, 0.3), "death": (2, 0.2), "message": (2, 0.45),
    "poll": (2, 0.3), "history": (3, 0.3), "local": (1, 0.3), "company": (4, 0.25), "ceremony": (3, 0.15), "operation": (4, 0.1),
    "review": (2, 0.3),
}  # fmt: skip
# Whose own chiefs papers of a language name by office alone
_AT_HOME: dict[str, frozenset[str | None]] = {
    "fr": frozenset(("FR", "MA")), "es": frozenset(("ES",)), "en": frozenset(("GB", "US")), "ar": frozenset(),
}  # fmt: skip
_SATIRES = frozenset((
    "le gorafi", "gorafi", "el mundo today", "the onion", "newsthump", "nordpresse", "el manchar",
    "the daily mash", "private eye", "الحدود", "alhudood",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """Score, why, whether security was a subject, and what was missing."""

    score: float
    security: bool
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Genre:
    """Signs that the article is of another kind: genre -> first words that say so."""

    signs: tuple[tuple[str, Quote | None], ...]
    headed: frozenset[str] = frozenset()  # those the title shows


def genre_of(parts: Sequence[Part], outlet: str | None) -> Genre:
    """The kinds of article this one may be instead of a report of a meeting."""
    counts: Counter[str] = Counter()
    first: dict[str, Quote] = {}
    headed: set[str] = set()
    lengths = sum(len(part.tokens.words) for part in parts)
    for part in parts:
        for hit in part.hits:
            if hit.entry.group.startswith("genre."):
                tag = hit.entry.tag
                counts[tag] += 2 if part.field == "title" and tag not in ("ceremony", "operation", "trial") else 1
                if part.field == "title":
                    headed.add(tag)
                first.setdefault(tag, part.quote(part.tokens.starts[hit.first], part.tokens.ends[hit.last - 1]))
    signs: list[tuple[str, Quote | None]] = [
        (tag, first[tag]) for tag, (least, _) in _GENRES.items() if counts[tag] >= least * max(1.0, lengths / 700)
    ]
    if outlet and outlet.casefold().strip() in _SATIRES and not any(tag == "satire" for tag, _ in signs):
        signs.append(("satire", None))
    return Genre(tuple(signs), frozenset(headed))


def judge(draft: Draft, participants: Sequence[Actor], subject: Subject, genre: Genre, parts: Sequence[Part] = ()) -> Verdict:
    """Weigh one meeting."""
    reasons: list[Reason] = []
    missing: list[str] = []
    told = {place.country for part in parts for place in part.places} | _AT_HOME.get(parts[0].language, frozenset()) if parts else None
    countries = {actor.country for actor in participants if actor.country and not _only_guessed(actor, told, participants)}
    countries |= {c for frame in draft.frames for c in frame.implied}
    bodies = [actor for actor in participants if actor.kind in SECURITY_KINDS]
    only_named = all(actor.type == "body" and actor.rank != "delegation" for actor in bodies)
    met = any(cue.hit.entry.kind in ("session", "meet") for frame in draft.frames for cue in frame.cues if frame.strength >= 2)
    if only_named and not met and len({actor.country for actor in bodies}) < 2:
        bodies = []  # a head of state on an alliance's base
    strength = max((frame.strength for frame in draft.frames), default=0)
    sentences = [frame.part.quote(*_bounds(frame.part, frame.segment.first, frame.segment.last)) for frame in draft.frames if frame.cues]
    quote = sentences[0] if sentences else None
    score = 0.0
    if len(countries) >= 2 or "INT" in countries:
        named = sum(1 for actor in participants if actor.country) >= 2
        weight = 0.3 if named else 0.2
        score += weight
        reasons.append(Reason("two countries", weight))
    else:
        missing.append("no second country")
    if bodies:
        weight = 0.2
        score += weight
        reasons.append(Reason("a security body", weight))
    else:
        missing.append("no security body leads or represents")
    weight = (0.05, 0.12, 0.22, 0.3)[strength]
    score += weight
    reasons.append(Reason("words of an encounter", weight, quote))
    if strength < 1:
        missing.append("nobody met")
    security, why = _security(bodies, subject, strength)
    if security:
        score += 0.2
        reasons.append(Reason(why, 0.2, subject.topics[0][1] if subject.topics else subject.security[0] if subject.security else None))
    else:
        missing.append("subject not security")
    if not missing and not _told_together(draft, participants):
        missing.append("the two parties are not told together")
    if not missing and not _two_sides(draft, participants, strength):
        missing.append("the other side is only a body that is named")
    if not missing and "INT" not in countries and not any(actor.rank not in _LOW or actor.name for actor in bodies) and strength < 3:
        missing.append("nobody who leads or represents a body")
    if missing:
        score = min(score, _CEILING if _ESSENTIAL.isdisjoint(missing) else _FLOOR)
    for tag, sign in genre.signs:
        if tag == "trial" and len({actor.country for actor in bodies if actor.kind in ("prosecutor", "justice")}) >= 2:
            continue  # prosecutors who meet speak of courts and suspects
        weight = -_GENRES[tag][1] * (2 if tag in genre.headed and tag not in ("satire", "fiction", "message") else 1)
        score += weight
        reasons.append(Reason(f"reads like {tag}", weight, sign))
    if draft.status is Status.DENIED:
        missing.append("the meeting is denied")
    elif draft.status is Status.CANCELLED:
        missing.append("the meeting is called off")
    return Verdict(round(min(1.0, max(0.0, score)), 3), security, tuple(reasons), tuple(missing))


def _only_guessed(actor: Actor, told: set[str | None] | None, participants: Sequence[Actor]) -> bool:
    """A nameless "director general of national security" of a country that no word of the article names: its own country's, rather."""
    if told is None or actor.name or actor.type != "title" or actor.country in told or actor.country in ("INT", "EU"):
        return False
    if any(one.name and one.country == actor.country for one in participants):
        return False
    return not any(len(word) >= 3 and word.isupper() and word.isascii() for word in (actor.role or "").replace("-", " ").split())


def _told_together(draft: Draft, participants: Sequence[Actor]) -> bool:
    """Both parties in one piece of the text, or both by name: a body here and an official there are no meeting."""
    if any(frame.pair and frame.strength >= 2 for frame in draft.frames):
        return True
    if any(frame.strength >= 2 and any(actor.country == "INT" for actor in frame.actors) for frame in draft.frames):
        return True  # the members of an international body, at their session
    named = {actor.country for actor in participants if actor.country and (actor.name or actor.rank not in _LOW)}
    implied = {country for frame in draft.frames for country in frame.implied}
    return len(named) >= 2 or bool(named and implied - named)


def _two_sides(draft: Draft, participants: Sequence[Actor], strength: int) -> bool:
    """Somebody on each side, or bodies that the words themselves bring together; "NATO wants" is nobody at a table."""
    people = {actor.country for actor in participants if actor.country and actor.type != "body"}
    guests = {actor.country for actor in participants if actor.country and actor.rank == "delegation"}
    implied = {country for frame in draft.frames for country in frame.implied}
    if len(people | guests) >= 2 or (people | guests and implied - people - guests):
        return True
    session = any(frame.strength >= 2 and any(cue.hit.entry.kind == "session" for cue in frame.cues) for frame in draft.frames)
    if people == {"INT"} or (session and any(actor.country == "INT" for actor in participants)):
        return session
    return any(
        frame.pair
        and any(
            cue.hit.entry.kind in ("meet", "sign") and cue.hit.entry.strength >= 2 and cue.hit.entry.id not in ("discuss", "agree")
            for cue in frame.cues
        )
        for frame in draft.frames
    )


def _bounds(part: Part, first: int, last: int) -> tuple[int, int]:
    return (part.tokens.starts[first], part.tokens.ends[last - 1]) if last > first else (0, 0)


def _security(bodies: Sequence[Actor], subject: Subject, strength: int) -> tuple[bool, str]:
    topics, words, other = len(subject.topics), len(subject.security), len(subject.other)
    services = [actor for actor in bodies if actor.kind in BY_NATURE]
    if services and topics + words:
        return True, "services that keep a country safe"
    if len({actor.country for actor in services if actor.country != "INT"}) > 1 and strength >= 3 and other <= 2:
        return True, "services that keep their countries safe"
    if topics >= 2 or (topics and other <= 2 * (topics + words)):
        return True, "security topics"
    if words >= 2 and words >= other:
        return True, "security is spoken of"
    if bodies and len({actor.country for actor in bodies}) > 1 and not other:
        return True, "both stand for security bodies"
    return False, ""
