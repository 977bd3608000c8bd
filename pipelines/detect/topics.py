"""What a meeting was about: topics of the label format, and whether security was a subject at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipelines.detect.cues import Hit, hits_between
from pipelines.detect.frames import Frame
from pipelines.detect.meetings import Draft
from pipelines.detect.mentions import Actor
from pipelines.detect.model import Quote, Status
from pipelines.detect.parts import Part


@dataclass(frozen=True, slots=True)
class Subject:
    """Topics with the words that name them; how often security and how often something else is spoken of."""

    topics: tuple[tuple[str, Quote], ...]
    security: tuple[Quote, ...]
    other: tuple[Quote, ...]


def _inside(hits: Sequence[Hit], tag: str) -> list[tuple[int, int]]:
    return [(hit.first, hit.last) for hit in hits if hit.entry.tag == tag]


def _quote(part: Part, hit: Hit) -> Quote:
    return part.quote(part.tokens.starts[hit.first], part.tokens.ends[hit.last - 1])


def subject_of(pieces: Iterable[tuple[Part, int, int]]) -> Subject:
    """The subject of some stretches of text (part, first token, last token)."""
    topics: dict[str, Quote] = {}
    security: list[Quote] = []
    other: list[Quote] = []
    for part, first, last in pieces:
        hits = list(hits_between(part.hits, first, last))
        blocked = _inside(hits, "not_security")
        names = [(actor.start, actor.end) for actor in part.actors if actor.confidence > 0.5]
        for hit in hits:
            tag = hit.entry.tag
            start = part.tokens.starts[hit.first]
            if tag in ("topic", "security") and any(low <= start < high for low, high in names):
                continue  # "the counter-terrorism office" names a body, not a subject
            if tag == "topic":
                topics.setdefault(hit.entry.id, _quote(part, hit))
            elif tag == "security":
                if not any(low <= hit.first < high for low, high in blocked):
                    security.append(_quote(part, hit))
            elif tag in ("other", "not_security"):
                other.append(_quote(part, hit))
    return Subject(tuple(topics.items()), tuple(security), tuple(other))


def by_nature(subject: Subject, participants: Sequence[Actor], parts: Sequence[Part]) -> Subject:
    """Two countries' defence chiefs speak of military cooperation even where the text names no such words."""
    chiefs = [actor for actor in participants if actor.kind == "military" and actor.country]
    if len({actor.country for actor in chiefs}) < 2 or any(name == "military-cooperation" for name, _ in subject.topics):
        return subject
    part = next(part for part in parts if part.field == chiefs[0].field)
    return replace(subject, topics=(*subject.topics, ("military-cooperation", part.quote(chiefs[0].start, chiefs[0].end))))


def told_in(draft: Draft, drafts: Sequence[Draft], parts: Sequence[Part]) -> list[tuple[Part, int, int]]:
    """The stretches that say what a meeting was about: its frames, and for the news the sentences that go on about it."""
    pieces: dict[tuple[str, int, int], Part] = {}
    for frame in draft.frames:
        pieces[(frame.part.field, frame.segment.first, frame.segment.last)] = frame.part
    main = next((one for one in drafts if one.status is Status.NEW and len(one.countries) >= 2), None) or next(
        (one for one in drafts if one.status is Status.PLANNED), None
    )
    if draft is not main and draft.status is not Status.NEW:
        return _pieces(pieces)
    taken = {(frame.part.field, frame.segment.sentence) for one in drafts if one is not draft for frame in one.frames}
    mine = {(frame.part.field, frame.segment.sentence): frame for frame in draft.frames}
    for part in parts:
        owner: Frame | None = None
        for number, sentence in enumerate(part.sentences):
            key = (part.field, number)
            if key in mine:
                owner = mine[key]
                continue
            if key in taken or sentence.kind not in ("body", "heading"):
                if key in taken:
                    owner = None
                continue
            first, last = part.bounds[number]
            if part.field == "title" or _goes_on(part, number, draft, owner):
                pieces[(part.field, first, last)] = part
    return _pieces(pieces)


def _pieces(pieces: dict[tuple[str, int, int], Part]) -> list[tuple[Part, int, int]]:
    return [(part, first, last) for (_, first, last), part in pieces.items()]


def _goes_on(part: Part, number: int, draft: Draft, owner: Frame | None) -> bool:
    """Whether a sentence without a frame of its own still tells what was spoken of."""
    first, last = part.bounds[number]
    hits = list(hits_between(part.hits, first, last))
    tags = {hit.entry.tag for hit in hits}
    if "recall" in tags:
        return False
    if "agenda" in tags or "anaphors" in tags or "subject_pronouns" in tags:
        return True
    if owner is not None and number - owner.segment.sentence <= 2:
        return True
    first_told = min((frame.segment.sentence for frame in draft.frames if frame.part is part), default=None)
    if first_told is not None and part.lead <= number < first_told and first_told - number <= 2:
        return True
    low, high = part.sentences[number].start, part.sentences[number].end
    for actor in part.actors:
        if low <= actor.start < high and actor.type in ("person", "title") and any(actor.country == one.country for one in draft.actors):
            return number <= part.lead + 6
    return False
