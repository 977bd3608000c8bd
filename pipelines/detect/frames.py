"""Pieces of sentences that tell of an encounter: who, when and where, and whether that is news, recalled or planned.

A sentence is cut where the time told changes ("... depuis le déplacement de M. X, en juin 2022, au cours duquel il avait vu ...").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from pipelines.detect.cues import Entry, Hit, Tokens, hits_between
from pipelines.detect.dates import DateMention
from pipelines.detect.mentions import Actor
from pipelines.detect.model import Days, Status
from pipelines.detect.parts import NEWS_DAYS, Part
from pipelines.detect.people import SECURITY_KINDS
from pipelines.detect.places import PlaceMention
from pipelines.detect.tenses import Cue, cues_of, shifts_of, tense_before

# A day further back than NEWS_DAYS is no longer the news; a lead may be slower (weeklies, features)
_LEAD_DAYS = 35
_WIDE = 90  # words of a piece beyond which its parts need not belong together
_CUT_WORDS = frozenset(
    ("qui", "dont", "lequel", "laquelle", "duquel", "que", "donde", "quien", "who", "which", "where", "when", "الذي", "التي", "حيث", "و")
)
_PRESENT_RANKS = frozenset(("minister", "head", "leader", "deputy", "diplomat", None))
_TOGETHER = Entry("verb", "verb", "together", "meet", 2, "past")


class Segment(NamedTuple):
    """A piece of one sentence that tells of one time."""

    part: Part
    sentence: int
    first: int
    last: int
    status: Status
    explicit: bool  # the words themselves say so (tense, recall words), not only the lack of anything else
    holes: tuple[tuple[int, int], ...] = ()  # stretches inside that tell of another time

    def holds(self, token: int) -> bool:
        """Whether a token belongs to this piece."""
        return self.first <= token < self.last and not any(low <= token < high for low, high in self.holes)


@dataclass(slots=True)
class Frame:
    """One piece of a sentence that tells of an encounter."""

    segment: Segment
    cues: list[Cue]
    actors: list[Actor]
    dates: list[DateMention]
    places: list[PlaceMention]
    order: int
    anaphoric: bool = False
    attendance: bool = False
    implied: set[str] = field(default_factory=set)  # countries named as the place of a visit

    @property
    def part(self) -> Part:
        return self.segment.part

    @property
    def strength(self) -> int:
        """How surely the words tell an encounter: 3 by themselves, 2 with two parties, 1 hardly."""
        return max((self._weight(cue.hit.entry) for cue in self.cues), default=0)

    def _weight(self, entry: Entry) -> int:
        if (
            entry.kind == "sign"
            and not entry.noun
            and not any(cue.hit.entry.id in ("memorandum", "agreement", "talks", "gathering") for cue in self.cues)
        ):
            return 1  # chiefs sign much at home
        if entry.id == "delegation":
            guests = {actor.country for actor in self.actors if actor.rank == "delegation" and actor.country}
            return 2 if guests and self.implied - guests else 1
        if entry.kind == "session" and not any(cue.hit.entry.kind in ("support", "attend", "meet") for cue in self.cues):
            return 1  # "les délégations à l'assemblée générale" is where people were, not what they did
        if entry.noun and self._counted():
            return 1  # "a tenu 42 réunions bilatérales" is a sum, not an encounter
        only_bodies = bool(self.actors) and all(actor.type == "body" and actor.rank != "delegation" for actor in self.actors)
        if only_bodies and (entry.kind in ("receive", "visit", "attend") or entry.id == "discuss"):
            return 1  # "la police a reçu une information de la DGST": services receive much that is no visitor
        return entry.strength

    def _counted(self) -> bool:
        words = self.part.tokens.words
        return any(
            word.isdigit() and 3 < int(word[:6]) < 1900 for cue in self.cues for word in words[max(0, cue.hit.first - 2) : cue.hit.first]
        )

    @property
    def pair(self) -> bool:
        """Whether both parties are told in this one piece."""
        return len({actor.country for actor in self.actors if actor.country} | self.implied) >= 2

    @property
    def is_tour(self) -> bool:
        """A journey with stops in several countries: each stop is a meeting of its own, with its own day."""
        stops = {place.country for place in self.places if place.country and place.kind == "city" and place.prep in ("in", "to")}
        return len(stops) >= 2 and any(cue.hit.entry.kind == "visit" for cue in self.cues)


def frames_of(part: Part, number: int, published: date | None, order: int) -> list[Frame]:
    """The frames of one sentence, cut where the status changes."""
    begin, end = part.bounds[number]
    cues = cues_of(part, number)
    if not any(cue.hit.entry.strength >= 2 and cue.hit.entry.kind not in ("support", "session", "sign") for cue in cues):
        pair = _side_by_side(part, number, order)
        if pair is not None:
            pair.cues += [cue for cue in cues if cue.hit.entry.kind == "session"]
            return [pair]
    if not cues:
        return _attendance(part, number, order)
    regions = shifts_of(part, list(hits_between(part.hits, begin, end)), begin, end)
    frames = _told_aside(part, number, regions, cues, order, published)
    holes = tuple((low, high) for low, high, _ in regions)
    cues = [cue for cue in cues if not any(low <= cue.hit.first < high for low, high in holes)]
    groups: list[list[Cue]] = []
    for cue in cues:
        if groups and (
            groups[-1][-1].status is cue.status or (not cue.explicit and (cue.hit.entry.kind == "support" or cue.hit.entry.noun))
        ):
            groups[-1].append(cue)
        else:
            groups.append([cue])
    first = begin
    for index, group in enumerate(groups):
        last = _clause_start(part, groups[index + 1][0].hit.first, group[-1].hit.last) if index + 1 < len(groups) else end
        segment = Segment(part, number, first, last, group[0].status, any(cue.explicit for cue in group), holes)
        frames.extend(split_by_time(frame_of(segment, group, order), published))
        first = last
    return frames


def _told_aside(
    part: Part, number: int, regions: Sequence[tuple[int, int, Status]], cues: Sequence[Cue], order: int, published: date | None
) -> list[Frame]:
    """The frames of the stretches of a sentence that tell of another time ("cinq jours après le patron de la CIA, ...")."""
    frames = []
    done = 0
    for first, last, status in sorted(regions, key=lambda region: region[0]):
        first = max(first, done)
        if first >= last:
            continue
        done = last
        inside = [replace(cue, status=status) for cue in cues if first <= cue.hit.first < last]
        frame = frame_of(Segment(part, number, first, last, status, True), inside, order)
        if not any(cue.hit.entry.strength >= 2 for cue in inside):
            if not any(actor.kind in SECURITY_KINDS and actor.type != "body" for actor in frame.actors):
                subject = subject_before(
                    part, number, first, {actor.country for actor in frame.actors if actor.kind in SECURITY_KINDS and actor.country}
                )
                if subject is None or not frame.dates or subject.kind not in SECURITY_KINDS:
                    continue
                frame.actors.insert(0, subject)
            actors = frame.actors
            frame = frame_of(frame.segment, [*inside, Cue(Hit(first, last, _TOGETHER), status, True)], order)
            frame.actors = actors
        if any(hit.entry.tag == "celle" and first <= hit.first < last for hit in hits_between(part.hits, first, last)):
            # "la visite au Maroc de X intervient après celle de Y": to Morocco as well
            low, high = part.span(part.bounds[number][0], first)
            frame.places += [place for place in part.places if low <= place.start < high and place.prep in ("in", "to")]
            frame.implied |= {place.country for place in frame.places if place.country and place.prep in ("in", "to")}
        frames.extend(split_by_time(frame, published))
    return frames


def _clause_start(part: Part, at: int, floor: int) -> int:
    """The start of the clause that a cue stands in."""
    for place in range(at, floor, -1):
        if any(stop in part.tokens.gaps[place] for stop in ",;:()") or part.tokens.words[place] in _CUT_WORDS:
            return place
    _, start = tense_before(part, at, floor)
    return max(floor, start)


def frame_of(segment: Segment, cues: list[Cue], order: int) -> Frame:
    part = segment.part
    hits = [hit for hit in hits_between(part.hits, segment.first, segment.last) if segment.holds(hit.first)]
    frame = Frame(
        segment,
        cues,
        present(part, [actor for actor in part.actors if segment.holds(part.tokens.holding(actor.start))], hits),
        [mention for mention in part.dates if segment.holds(part.tokens.holding(mention.start))],
        [place for place in part.places if segment.holds(part.tokens.holding(place.start)) and not place.byline],
        order,
    )
    frame.actors = _of_all(part, frame)
    if segment.last - segment.first > _WIDE:
        # A list of headlines without full stops is no sentence: only what stands near a cue belongs to it
        at = [cue.hit.first for cue in cues]
        frame.actors = [one for one in frame.actors if any(abs(part.tokens.holding(one.start) - place) <= _WIDE // 2 for place in at)]
    frame.anaphoric = any(hit.entry.tag in ("anaphors", "subject_pronouns", "demonstratives") for hit in hits)
    frame.attendance = any(hit.entry.tag == "attend" for hit in hits)
    if any(cue.hit.entry.kind in ("visit", "receive") for cue in cues):
        frame.implied = {p.country for p in frame.places if p.country and p.kind != "demonym" and p.prep in ("in", "to")}
        bare = {p.country for p in frame.places if p.country and p.kind == "city" and p.prep is None}
        if not frame.implied and len(bare) == 1 and any(cue.hit.entry.id == "visit" and not cue.hit.entry.noun for cue in cues):
            frame.implied = bare
    return frame


def _side_by_side(part: Part, number: int, order: int) -> Frame | None:
    """Two chiefs of two countries in one sentence with a day or a venue: an encounter, whatever verb tells it."""
    begin, end = part.bounds[number]
    low, high = part.span(begin, end)
    hits = list(hits_between(part.hits, begin, end))
    tags = {hit.entry.tag for hit in hits}
    if tags & {"denied", "cancelled", "message", "death", "ceremony"}:
        return None
    actors = present(part, [actor for actor in part.actors if low <= actor.start < high and actor.type in ("person", "title")], hits)
    chiefs = [actor for actor in actors if actor.country and actor.rank in _PRESENT_RANKS and not actor.plural and not actor.former]
    day = any(low <= mention.start < high and mention.days.precision in ("day", "range") for mention in part.dates)
    venue = any(low <= place.start < high and place.kind == "city" and place.prep == "in" for place in part.places)
    settled = day and venue
    chiefs = [
        one
        for one in chiefs
        if one.type == "person"
        or (one.rank == "head" and one.body_id and one.kind in ("intelligence", "police", "gendarmerie"))
        or any(one.start <= place.start < one.end for place in part.places)
        or (settled and one.rank in ("head", "deputy") and one.body and one.kind in SECURITY_KINDS)
    ]
    if len({actor.country for actor in chiefs}) < 2 or not any(actor.kind in SECURITY_KINDS for actor in chiefs):
        return None
    if not (day or venue):
        return None
    status = Status.NEW
    fresh = any(
        low <= one.start < high
        and one.direction in ("past", "same")
        and one.days.precision in ("day", "range")
        and (one.alternative is None or "past" in tags)  # "is due in Baghdad on Tuesday, where he will see": the next one
        for one in part.dates
    )
    if "recall" in tags or ("pluperfect" in tags and "past" not in tags):
        status = Status.BACKGROUND
    elif "future" in tags and not fresh:
        status = Status.PLANNED
    cue = Cue(Hit(begin, end, _TOGETHER), status, status is not Status.NEW)
    return frame_of(Segment(part, number, begin, end, status, cue.explicit), [cue], order)


def _of_all(part: Part, frame: Frame) -> list[Actor]:
    """At a session, nameless chiefs of no named country ("les chefs de police") are those of all."""
    if not any(
        cue.hit.entry.kind in ("session", "attend", "support") or cue.hit.entry.id in ("gather", "meet", "sit") for cue in frame.cues
    ) or _at_home(frame):
        return [actor for actor in frame.actors if not (actor.country == "INT" and actor.plural)]
    if not any(cue.hit.entry.kind == "session" or cue.hit.entry.mode == "multilateral" for cue in frame.cues):
        return frame.actors
    found = []
    for actor in frame.actors:
        nameless = actor.plural and not actor.name and actor.kind in SECURITY_KINDS
        if nameless and not any(actor.start - 25 <= place.start < actor.end + 25 for place in frame.places if place.kind != "city"):
            actor = replace(actor, country="INT", body_id=None)
        found.append(actor)
    return found


def _at_home(frame: Frame) -> bool:
    """ "The prime minister chaired a meeting of police chiefs and ministers": his own, when no other country is named and no session."""
    if any(cue.hit.entry.kind == "session" or cue.hit.entry.mode == "multilateral" or cue.hit.entry.id == "gather" for cue in frame.cues):
        return False
    leads = any(actor.country not in (None, "INT", "EU") and actor.type != "body" for actor in frame.actors)
    named = {actor.country for actor in frame.actors} | {place.country for place in frame.places}
    return leads and len(named - {None, "INT"}) <= 1


def _attendance(part: Part, number: int, order: int) -> list[Frame]:
    """A sentence without a cue that says who else was there."""
    begin, end = part.bounds[number]
    hits = list(hits_between(part.hits, begin, end))
    if not any(hit.entry.tag == "attend" for hit in hits):
        return []
    return [frame_of(Segment(part, number, begin, end, Status.NEW, False), [], order)]


def present(part: Part, actors: Iterable[Actor], hits: Sequence[Hit]) -> list[Actor]:
    """Those of the actors who are at the table: nobody who is only quoted, thanked, succeeded or credited."""
    tokens = part.tokens
    aside = {hit.last for hit in hits if hit.entry.tag == "aside_before"}
    after = {hit.first for hit in hits if hit.entry.tag == "aside_after"}
    found = []
    for actor in actors:
        if actor.former and not actor.name:
            continue
        first = tokens.holding(actor.start)
        last = tokens.at(actor.end)
        if any(place in aside and not _crosses(tokens, place, first) for place in range(max(0, first - 2), first + 1)):
            continue
        if actor.type == "body" and any(place in after for place in range(last, last + 3)):
            continue
        found.append(actor)
    return found


def subject_before(part: Part, number: int, before: int | None, countries: set[str]) -> Actor | None:
    """The first person of another country in this sentence up to `before`, else in the sentences above."""
    spans = []
    if before is not None:
        spans.append(part.span(part.bounds[number][0], before))
    spans.extend(part.span(*part.bounds[number - back]) for back in (1, 2) if number >= back)
    for low, high in spans:
        hits = list(hits_between(part.hits, part.tokens.at(low), part.tokens.at(high)))
        for actor in present(part, [one for one in part.actors if low <= one.start < high], hits):
            if actor.country == "INT" and actor.plural:
                continue
            if low <= actor.start < high and actor.type in ("person", "title") and actor.country and actor.country not in countries:
                return actor
    return None


def _crosses(tokens: Tokens, first: int, last: int) -> bool:
    return any("," in tokens.gaps[place] for place in range(first, min(last + 1, len(tokens.gaps))) if place > first)


def split_by_time(frame: Frame, published: date | None) -> list[Frame]:
    """ "à Marrakech en 2022, à Tanger en 2023 et à Fès en 2024" is three meetings; so is "en mai à Riyad ..., puis, en juin, à Doha"."""
    cities = [place for place in frame.places if place.kind == "city" and place.prep in ("in", "to")]
    dates = [mention for mention in frame.dates if mention.kind != "duration"]
    ids = list(dict.fromkeys(place.city_id for place in cities))
    if len(ids) < 2 or not dates or frame.segment.status is Status.NEW:
        return [frame]
    if len(dates) > 1 and len({mention.days for mention in dates}) < 2:
        return [frame]
    if len(dates) < len(ids):
        dates = dates + [dates[-1]] * (len(ids) - len(dates))
    pairs = len(ids)
    firsts = [next(place for place in cities if place.city_id == one) for one in ids][:pairs]
    cuts = []
    for index in range(1, pairs):
        lead = dates[index].start if dates[index] is not dates[index - 1] else firsts[index].start
        cuts.append(max(firsts[index - 1].end, min(firsts[index].start, lead)))
    edges = [0, *cuts, 1 << 60]
    shared = [actor for actor in frame.actors if actor.start < min(firsts[0].start, dates[0].start)]
    frames = []
    for index in range(pairs):
        low, high = edges[index], edges[index + 1]
        piece = Frame(
            frame.segment,
            frame.cues,
            [actor for actor in frame.actors if low <= actor.start < high or actor in shared],
            [dates[index]],
            [firsts[index]],
            frame.order,
            frame.anaphoric,
            frame.attendance,
            {country} if (country := firsts[index].country) else set(),
        )
        frames.append(piece)
    return frames


def span_of(days: Days) -> tuple[date, date] | None:
    if days.first is None or days.precision == "unknown":
        return None
    return days.first, days.last or days.first


def read_days(mention: DateMention, status: Status) -> Days:
    """The days a mention means: of a day without a year or week, the coming one in an announcement, the last one in a recollection."""
    if mention.alternative is not None:
        if status is Status.PLANNED and mention.direction == "past":
            return mention.alternative
        if status is Status.BACKGROUND and mention.direction == "future":
            return mention.alternative
    return mention.days


def _told_days(mention: DateMention, status: Status, published: date) -> Days:
    """The days a mention means beside a cue of that status; what was done in "février" was so in the last one."""
    days = read_days(mention, status)
    last = mention.alternative
    if status is Status.NEW and last is not None and days.first is not None and days.first > published and last.last is not None:
        return last if last.last <= published else days
    return days


def settle(frame: Frame, published: date | None) -> Frame:
    """Let the days named beside the cue correct what its words say about status."""
    if published is None or not frame.cues:
        return frame
    segment = frame.segment
    status = segment.status
    told = [mention for mention in frame.dates if mention.kind != "duration" and _dates_the_cue(frame, mention)]
    spans = [span for mention in told if (span := span_of(_told_days(mention, status, published)))]
    lead = segment.part.field == "title" or segment.sentence <= segment.part.lead + 1
    if status is Status.NEW and spans and not _is_this(frame):
        near = [last for _, last in spans if (published - last).days <= (_LEAD_DAYS if lead else NEWS_DAYS)]
        coming = [first for first, _ in spans if first > published]
        if not near:
            status = Status.BACKGROUND
        elif len(coming) == len(spans) and not is_past(frame):
            status = Status.PLANNED
    elif status is Status.PLANNED and spans and all((published - last).days > 1 for _, last in spans) and not _future_form(frame):
        status = Status.BACKGROUND if all((published - last).days > NEWS_DAYS for _, last in spans) else Status.NEW
    if status is not segment.status:
        frame.segment = segment._replace(status=status)
    return frame


def _is_this(frame: Frame) -> bool:
    """ "cette rencontre": the one just told, whatever other days the sentence names."""
    hits = list(hits_between(frame.part.hits, frame.segment.first, frame.segment.last))
    pointers = {hit.last for hit in hits if hit.entry.tag == "demonstratives"}
    return any(cue.hit.entry.noun and cue.hit.first - step in pointers for cue in frame.cues for step in (0, 1))


_OF = frozenset(("d", "de", "du", "del", "of", "des"))


def _dates_the_cue(frame: Frame, mention: DateMention) -> bool:
    """Whether a day tells when; "ont parlé du scrutin d'octobre" dates the ballot."""
    if any(cue.hit.entry.noun for cue in frame.cues):
        return True
    tokens = frame.part.tokens
    at = tokens.holding(mention.start)
    return at == 0 or tokens.words[at - 1] not in _OF or min(abs(at - cue.hit.last) for cue in frame.cues) <= 3


def is_past(frame: Frame) -> bool:
    return any(cue.explicit and cue.hit.entry.tense in ("participle", "past") for cue in frame.cues)


def _future_form(frame: Frame) -> bool:
    return any(cue.explicit for cue in frame.cues)
