"""From words to meetings: which sentences tell of an encounter, who was there, when and where, and whether it is the news.

A sentence is cut where the time told changes ("... depuis le déplacement de M. X, en juin 2022, au cours duquel il avait vu ...").
Each piece with a cue and somebody in it is a *frame*; frames of one encounter are gathered into a `Draft`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from pipelines.detect.cues import Entry, Hit, Lexicon, Tokens, hits_between, scan, tokens_of
from pipelines.detect.dates import DateMention, find_dates
from pipelines.detect.fold import Folded, fold_key
from pipelines.detect.mentions import Actor
from pipelines.detect.model import UNKNOWN_DAYS, Days, Field, Quote, Status
from pipelines.detect.places import PlaceMention, load_places
from pipelines.detect.sentences import Sentence, split

# A day further back than this is no longer the news; a lead may be slower (weeklies, features)
_NEWS_DAYS = 10
_LEAD_DAYS = 35
_WIDE = 90  # words of a piece beyond which its parts need not belong together
_REACH = 10  # words over which an auxiliary governs a participle ("a eu, ce mardi à Rabat, des entretiens")
_CUT_WORDS = frozenset(("qui", "dont", "lequel", "laquelle", "duquel", "que", "donde", "quien", "who", "which", "where", "when", "الذي", "التي", "حيث", "و"))

SECURITY_KINDS = frozenset(("police", "intelligence", "gendarmerie", "interior", "justice", "prosecutor", "military", "border", "cyber"))


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
class Part:
    """The title or the text with everything found in it."""

    field: Field
    original: str
    tokens: Tokens
    hits: list[Hit]
    sentences: tuple[Sentence, ...]
    bounds: list[tuple[int, int]]  # tokens of each sentence
    dates: tuple[DateMention, ...]
    places: tuple[PlaceMention, ...]
    actors: list[Actor]
    lead: int = 0  # the first sentence that tells something

    def quote(self, start: int, end: int) -> Quote:
        """The words of this part between two offsets."""
        return Quote(self.field, start, end, self.original[start:end])

    def sentence_quote(self, number: int) -> Quote:
        """One whole sentence."""
        sentence = self.sentences[number]
        return self.quote(sentence.start, sentence.end)


@dataclass(slots=True)
class Cue:
    """A cue in its place, with what its words say about status."""

    hit: Hit
    status: Status
    explicit: bool
    near: bool = False  # pluperfect only: may still be the news when the day is


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
        if entry.kind == "sign" and not entry.noun and not any(cue.hit.entry.id in ("memorandum", "agreement", "talks", "gathering") for cue in self.cues):
            return 1  # chiefs sign much at home
        if entry.id == "delegation":
            guests = {actor.country for actor in self.actors if actor.rank == "delegation" and actor.country}
            return 2 if guests and self.implied - guests else 1
        if entry.kind == "session" and not any(cue.hit.entry.kind in ("support", "attend", "meet") for cue in self.cues):
            return 1  # "les délégations à l'assemblée générale" is where people were, not what they did
        if entry.kind in ("receive", "visit", "attend") or entry.id == "discuss":
            # "la police a reçu une information de la DGST": services receive much that is no visitor
            if self.actors and all(actor.type == "body" and actor.rank != "delegation" for actor in self.actors):
                return 1
        return entry.strength

    @property
    def pair(self) -> bool:
        """Whether both parties are told in this one piece."""
        return len({actor.country for actor in self.actors if actor.country} | self.implied) >= 2


@dataclass(slots=True)
class Draft:
    """A meeting as far as it was gathered."""

    status: Status
    frames: list[Frame] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)
    denied: Quote | None = None

    def add(self, frame: Frame, *, actors: bool = True) -> None:
        """Take a frame in."""
        self.frames.append(frame)
        if actors:
            for actor in frame.actors:
                self.join(actor)

    def join(self, actor: Actor) -> None:
        """Take somebody in, once."""
        for index, known in enumerate(self.actors):
            if same_actor(known, actor):
                if _better(actor, known):
                    self.actors[index] = actor
                return
        self.actors.append(actor)

    @property
    def countries(self) -> set[str]:
        return {actor.country for actor in self.actors if actor.country} | {c for frame in self.frames for c in frame.implied}

    @property
    def people(self) -> set[str]:
        return {key for actor in self.actors if (key := actor_key(actor))}


def surname(name: str) -> str:
    """The last word of a name, folded, without the Arabic article."""
    words = fold_key(name).replace("-", " ").split()
    last = words[-1] if words else ""
    return last[2:] if last.startswith("ال") and len(last) > 4 else last


def actor_key(actor: Actor) -> str:
    """What makes two mentions the same one: the register's person, else the surname, else body or office."""
    if actor.person_id:
        return actor.person_id
    if actor.name:
        return "~" + surname(actor.name)
    return ""


def same_actor(one: Actor, two: Actor) -> bool:
    """The same person, or a nameless mention that the named one accounts for."""
    if one.person_id and two.person_id:
        return one.person_id == two.person_id
    if one.name and two.name:
        return surname(one.name) == surname(two.name)
    if one.name or two.name:
        named, bare = (one, two) if one.name else (two, one)
        if bare.country and named.country and bare.country != named.country:
            return False
        if bare.type == "body":
            return bool(bare.country) and bare.country == named.country
        if bare.body_id and named.body_id:
            return bare.body_id == named.body_id or (bare.kind == named.kind and bare.country == named.country and bare.kind == "interior")
        return bool(bare.country) and bare.country == named.country and (bare.kind is None or named.kind is None or bare.kind == named.kind)
    if one.body_id and two.body_id:
        return one.body_id == two.body_id
    if one.country == "INT" and one.kind != two.kind:
        return False
    return one.country == two.country and (one.kind == two.kind or "body" in (one.type, two.type))


def _better(new: Actor, old: Actor) -> bool:
    """A fuller mention of the same one."""
    if bool(new.name) != bool(old.name):
        return bool(new.name)
    if (new.type == "person") != (old.type == "person"):
        return new.type == "person"
    if bool(new.body) != bool(old.body):
        return bool(new.body)
    if new.name_in_text and old.name_in_text and len(new.name_in_text) > len(old.name_in_text) and not (old.role and not new.role):
        return True
    return bool(new.role) and not old.role and len(new.name_in_text or "") >= len(old.name_in_text or "")


# ------------------------------------------------------------------------------------------------ parts


def _sober(actor: Actor) -> Actor:
    """Several nameless people ("des responsables américains") are nobody in particular."""
    if actor.type != "person" and actor.name and actor.plural:
        return replace(actor, name=None, name_in_text=None, person_id=None, known=False)
    return actor


# In Arabic one word is the country and its capital; the press means the city where people meet
_CITY_STATES = frozenset(("TN", "DZ", "KW", "DJ", "SG", "LU"))


def _venues(part: Part, language: str) -> tuple[PlaceMention, ...]:
    """The places, with "la capitale malienne" read as Bamako, "visited Tunis" as going there, and no "sale" for Salé."""
    known = load_places()
    tokens = part.tokens
    leads = {hit.last for hit in part.hits if hit.entry.tag == "towards"}
    found: list[PlaceMention] = []
    for place in part.places:
        written = part.original[place.start : place.end]
        if place.kind == "city" and written.islower() and written.isascii():
            continue
        if place.prep is None and place.kind in ("city", "country") and tokens.holding(place.start) in leads:
            place = replace(place, prep="to")
        if language == "ar" and place.kind == "country" and place.country in _CITY_STATES and place.prep in ("in", "to"):
            city = known.capitals.get(place.country)
            if city:
                place = replace(place, kind="city", city_id=city, city=known.cities[city][0])
        found.append(place)
    found.extend(_unknown_towns(part, language, found))
    for hit in part.hits:
        if hit.entry.tag != "capital":
            continue
        beside = next((place for place in found if place.country and place.kind in ("demonym", "country") and 0 <= tokens.holding(place.start) - hit.last <= 2 and "," not in tokens.gaps[tokens.holding(place.start)]), None)
        city = known.capitals.get(beside.country) if beside is not None and beside.country else None
        if city and beside is not None:
            start, end = tokens.starts[hit.first], max(tokens.ends[hit.last - 1], beside.end)
            found.append(PlaceMention(start, end, city, known.cities[city][0], beside.country, "city", "in"))
    return tuple(sorted(found, key=lambda place: place.start))


_TOWN_PREPOSITIONS = {"fr": ("à",), "es": ("en",), "en": ("in", "at")}
_TOWN = re.compile(r"[A-ZÀ-Ý][\w’'-]{2,}(?: (?:[A-ZÀ-Ý][\w’'-]+|el|al|de|la|del))*(?<! el| al| de| la)")


def _unknown_towns(part: Part, language: str, known: Sequence[PlaceMention]) -> list[PlaceMention]:
    """Towns that no gazetteer holds, by "à", "en" or "in" and a capital letter, beside a day or a comma."""
    prepositions = _TOWN_PREPOSITIONS.get(language)
    if prepositions is None or part.original.isupper():
        return []
    taken = [(one.start, one.end) for one in known] + [(one.start, one.end) for one in part.actors]
    taken += [(one.start, one.end) for one in part.dates]
    tokens = part.tokens
    towns = []
    for at in range(1, len(tokens.words)):
        start = tokens.starts[at]
        if not part.original[start : start + 1].isupper() or part.original[tokens.starts[at - 1] : tokens.ends[at - 1]].lower() not in prepositions:
            continue
        if tokens.gaps[at] != " " or any(low <= start < high for low, high in taken):
            continue
        match = _TOWN.match(part.original, start)
        if match is None or not (match.end() >= len(part.original) or part.original[match.end()] in ",.;: )\n"):
            continue
        follows = part.original[match.end() : match.end() + 1]
        dated = any(-18 <= one.start - match.end() <= 3 or 0 <= start - one.end <= 12 for one in part.dates)
        if follows in (",", ".") or dated:
            towns.append(PlaceMention(start, match.end(), None, match[0], None, "city", "in"))
    return towns


def _with_counterparts(part: Part) -> list[Actor]:
    """The actors, delegations with the country that stands beside them, and nameless parties ("ses interlocuteurs algériens")."""
    tokens = part.tokens
    taken = [(actor.start, actor.end) for actor in part.actors if actor.country]
    sides = [(tokens.holding(place.start), tokens.at(place.end), place) for place in part.places if place.country and place.kind != "city"]
    actors = list(part.actors)
    for hit in part.hits:
        if hit.entry.tag != "counterparts":
            continue
        near = next(
            (
                (first, last, place)
                for first, last, place in sides
                if (0 <= first - hit.last <= 2 or 0 <= hit.first - last <= 0) and not any(low <= place.start < high for low, high in taken)
                and not any(stop in tokens.gaps[step] for step in range(min(first, hit.last) + 1, max(first, hit.last)) for stop in ",;:.")
            ),
            None,
        )
        if near is None:
            continue
        start, end = tokens.starts[min(hit.first, near[0])], tokens.ends[max(hit.last, near[1]) - 1]
        bare = next((i for i, one in enumerate(actors) if one.country is None and one.start < end and start < one.end), None)
        if bare is not None:
            actors[bare] = replace(actors[bare], country=near[2].country)
        elif not any(low < end and start < high for low, high in taken):
            actors.append(
                Actor(part.field, start, end, "title", role=part.original[start:end], country=near[2].country, rank="generic", plural=True, confidence=0.5)
            )
    agents = {hit.last: hit for hit in part.hits if hit.entry.tag == "agents"}
    for index, actor in enumerate(actors):
        if actor.type != "body" or actor.rank == "delegation" or not actor.country:
            continue
        first = tokens.holding(actor.start)
        led = next((agents[place] for place in range(first, max(0, first - 10), -1) if place in agents), None)
        if led is not None and not any("," in tokens.gaps[step] or "." in tokens.gaps[step] for step in range(led.last, min(first + 1, len(tokens.gaps)))):
            start = tokens.starts[led.first]
            if not any(one.start < actor.start and start < one.end for one in actors if one is not actor):
                # "le colonel qui commande ... le GIGN": somebody of that body
                actors[index] = replace(actor, type="title", start=start, role=part.original[start : actor.end], rank="deputy", confidence=0.6)
    for hit in part.hits:
        if not hit.entry.tag.startswith("all-"):
            continue
        start, end = tokens.starts[hit.first], tokens.ends[hit.last - 1]
        if any(abs(first - hit.last) <= 2 or abs(last - hit.first) <= 1 for first, last, _ in sides):
            continue
        kind = hit.entry.tag.removeprefix("all-")
        over = [one for one in actors if one.start < end and start < one.end]
        if any(one.name or not (one.plural or one.type == "body") for one in over):
            continue
        actors = [one for one in actors if one not in over]
        actors.append(Actor(part.field, start, end, "title", role=part.original[start:end], country="INT", kind=kind, rank="head", plural=True, confidence=0.5))
    return sorted(actors, key=lambda actor: (actor.start, actor.end))


def retarget(actors: Sequence[Actor]) -> list[Actor]:
    """A title whose holder the text does not name goes to the person of that country and kind whom the text does name."""
    named = [actor for actor in actors if actor.type == "person" and actor.name]
    found = []
    for actor in actors:
        if actor.type != "person" and actor.person_id and actor.resolved_to is None:
            same = [one for one in named if one.country == actor.country and one.kind == actor.kind]
            if same and not any(one.person_id == actor.person_id for one in named) and len({actor_key(one) for one in same}) == 1:
                actor = replace(actor, name=same[0].name, person_id=same[0].person_id, name_in_text=same[0].name_in_text, body_id=same[0].body_id)
        found.append(actor)
    return found


_SINCE = ("depuis", "desde", "since", "منذ")


def _outside(dates: Iterable[DateMention], actors: Sequence[Actor], text: str, published: datetime | None) -> tuple[DateMention, ...]:
    """The dates that are no part of a name (Avril Haines) or of a file name, and no beginning long ago ("depuis 2005")."""
    names = [(actor.start, actor.end) for actor in actors if actor.name_in_text]
    kept = []
    for mention in dates:
        if text[mention.end : mention.end + 1] == "-" or text[mention.start - 1 : mention.start] == "-":
            if mention.days.precision != "day":
                continue
        before = text[max(0, mention.start - 10) : mention.start].casefold().split()
        if text[mention.start : mention.end].casefold() == "mañana" and before and before[-1] in ("una", "la", "esta", "cada", "media"):
            continue
        if before and before[-1] in _SINCE and published is not None:
            if mention.days.last is None or (published.date() - mention.days.last).days > _NEWS_DAYS:
                continue
        if any(low <= mention.start < high for low, high in names) and mention.days.precision in ("month", "unknown"):
            continue
        kept.append(mention)
    return tuple(kept)


def read_part(
    name: Field,
    folded: Folded,
    language: str,
    published: datetime | None,
    actors: Sequence[Actor],
    places: tuple[PlaceMention, ...],
    lexicon: Lexicon,
) -> Part:
    """Everything the layers below find in the title or the text."""
    text = folded.original
    tokens = tokens_of(folded)
    sentences = split(text, language, folded=folded)
    bounds = [(tokens.at(sentence.start), tokens.at(sentence.end)) for sentence in sentences]
    mine = sorted((_sober(actor) for actor in actors if actor.field == name), key=lambda actor: (actor.start, actor.end))
    part = Part(
        name,
        text,
        tokens,
        scan(tokens, lexicon),
        sentences,
        bounds,
        _outside(find_dates(text, language, published, folded=folded), mine, text, published),
        places,
        mine,
    )
    part.places = _venues(part, language)
    part.actors = _with_counterparts(part)
    part.lead = next((i for i, s in enumerate(sentences) if s.kind == "body" and bounds[i][1] - bounds[i][0] > 7), 0)
    return part


# ------------------------------------------------------------------------------------------------ status of each cue


def _tense_before(part: Part, at: int, begin: int) -> tuple[str | None, int]:
    """The auxiliary that governs a participle: its tense and where it begins; (None, at) if there is none."""
    tokens = part.tokens
    ends = {hit.last: hit for hit in hits_between(part.hits, max(begin, at - _REACH - 3), at) if hit.entry.group == "tense"}
    found: tuple[str | None, int] = (None, at)
    for place in range(at, max(begin, at - _REACH) - 1, -1):
        if place < at and any(stop in tokens.gaps[place] for stop in ";:.?!\n("):
            break
        hit = ends.get(place)
        if hit is None or hit.entry.tag in ("subject_pronouns", "negation", "copula"):
            continue
        if part.original[tokens.starts[hit.first] : tokens.ends[hit.first]] in ("à", "À"):
            continue
        found = (hit.entry.tag, hit.first)
        # "doit être reçu", "avait été reçu", "est attendu ... pour être reçu": a modal further left decides
        left = ends.get(hit.first)
        if left is not None and left.entry.tag in ("future", "pluperfect", "conditional"):
            found = (left.entry.tag, left.first)
        return found
    return found


def _copula(part: Part, at: int, begin: int) -> bool:
    """Arabic "كان (قد) استقبل": a past verb made earlier than the news."""
    for hit in hits_between(part.hits, max(begin, at - 7), at):
        if hit.entry.tag == "copula":
            return True
    return False


def _verb_status(part: Part, hit: Hit, begin: int) -> tuple[Status | None, bool]:
    """What a verb's own form says: status (None = nothing) and whether it is only a pluperfect."""
    form = hit.entry.tense
    if form == "future":
        return Status.PLANNED, False
    if form == "infinitive" and part.field == "title" and part.tokens.words[hit.first] == "to":
        return Status.PLANNED, False  # "FBI director to visit Rabat"
    if form in ("participle", "infinitive"):
        tag, _ = _tense_before(part, hit.first, begin)
        if tag == "future":
            return Status.PLANNED, False
        if tag == "pluperfect":
            return Status.BACKGROUND, True
        if tag in ("past", "conditional"):
            return Status.NEW, False
        return None, False
    if _copula(part, hit.first, begin):
        return Status.BACKGROUND, True
    tag, place = _tense_before(part, hit.first, begin)
    if tag == "future" and hit.first - place <= 6:
        return Status.PLANNED, False
    return Status.NEW, False


def _is_cue(part: Part, hit: Hit, begin: int) -> bool:
    """Whether a phrase of the lexicon really is a cue here: its auxiliary fits, and nobody says "match" or "ne ... pas"."""
    entry = hit.entry
    if entry.tag not in ("verb", "noun"):
        return False
    if entry.noun:
        return True
    if entry.id in ("presence", "invite"):
        reach = part.tokens.ends[min(hit.last + 7, len(part.tokens.ends)) - 1]
        low = part.tokens.starts[hit.first]
        if not any(low < place.start < reach and place.prep in ("in", "to") and place.kind == "city" for place in part.places):
            return False
        opening = part.tokens.starts[begin]
        return any(opening <= actor.start < low and actor.type != "body" for actor in part.actors) or any(
            one.entry.tag in ("subject_pronouns", "anaphors") for one in hits_between(part.hits, begin, hit.first)
        )
    if hit.first > begin and any(one.last == hit.first and one.entry.tag == "negation" for one in hits_between(part.hits, hit.first - 1, hit.first)):
        return False
    if entry.tense == "participle":
        tag, place = _tense_before(part, hit.first, begin)
        if tag is None:
            return entry.bare
        if place > begin and any(one.last == place and one.entry.tag == "negation" for one in hits_between(part.hits, place - 1, place)):
            return False
        if entry.reflexive:
            aux = part.tokens.words[place]
            return aux not in ("a", "ont", "avait", "avaient", "ha", "han", "habia", "habian", "has", "have", "had")
    return True


def _cues(part: Part, number: int) -> list[Cue]:
    """The cues of one sentence, each with the status its words give it."""
    begin, end = part.bounds[number]
    hits = [hit for hit in hits_between(part.hits, begin, end)]
    cue_hits = [hit for hit in hits if _is_cue(part, hit, begin)]
    if cue_hits:
        # "الجمعة" is Friday, not "he gathered"
        days = [(one.start, one.end) for one in part.dates]
        starts = part.tokens.starts
        cue_hits = [hit for hit in cue_hits if not any(low <= starts[hit.first] < high for low, high in days)]
    if part.field == "text":
        # "Similar visits are planned": in a sentence the plural of the noun, in a headline the verb
        nouns = {(hit.first, hit.last) for hit in cue_hits if hit.entry.noun}
        cue_hits = [hit for hit in cue_hits if hit.entry.noun or hit.entry.tense != "present" or (hit.first, hit.last) not in nouns]
    spoken = [hit for hit in cue_hits if not hit.entry.noun]
    cue_hits = [hit for hit in cue_hits if not hit.entry.noun or not any(one.first < hit.last and hit.first < one.last for one in spoken)]
    if not cue_hits:
        return []
    forced = _shifts(part, hits, begin, end)
    recalled = next((hit for hit in hits if hit.entry.tag == "recall" and not _since(part, hit)), None)
    supports = [hit for hit in cue_hits if hit.entry.kind == "support"]
    earlier = _earlier_clause(part, hits)
    nears = [hit for hit in hits if hit.entry.tag == "planned_near"]
    futures = [hit for hit in hits if hit.entry.group == "tense" and hit.entry.tag == "future"]
    cues = []
    for hit in cue_hits:
        status: Status | None = None
        near = False
        if not hit.entry.noun:
            status, near = _verb_status(part, hit, begin)
            if hit.entry.tense == "present" and any(0 <= one.first - hit.last <= 3 for one in futures):
                status = Status.PLANNED
        else:
            support = min(
                (one for one in supports if abs(one.first - hit.first) <= 14),
                key=lambda one: abs(one.first - hit.first),
                default=None,
            )
            if support is not None:
                status, near = _verb_status(part, support, begin)
            elif earlier is not None and 0 <= hit.first - earlier <= 16:
                status, near = Status.BACKGROUND, True
            reach = 9 if hit.entry.kind == "visit" else 4
            if hit.entry.mode in (None, "multilateral") and any(-4 <= one.first - hit.last < reach and _same_clause(part, one, hit) for one in nears):
                status = Status.PLANNED
            if status is None and any(0 <= hit.first - one.last <= 6 or 0 <= one.first - hit.last <= 8 for one in futures):
                status = Status.PLANNED
        explicit = status is not None
        region = next((value for first, last, value in forced if first <= hit.first < last), None)
        if region is not None and not (region is Status.BACKGROUND and status is Status.PLANNED):
            status, explicit, near = region, True, False
        elif recalled is not None and not forced and status in (None, Status.NEW, Status.BACKGROUND) and hit.first >= recalled.first - 12:
            status, explicit, near = Status.BACKGROUND, True, False
        cues.append(Cue(hit, status or Status.NEW, explicit, near))
    return cues


def _earlier_clause(part: Part, hits: Sequence[Hit]) -> int | None:
    """Arabic "كان ... قد": where a clause begins that tells what was before the news."""
    words = part.tokens.words
    for hit in hits:
        if hit.entry.tag == "copula" and "قد" in words[hit.last : hit.last + 7]:
            return hit.first
    return None


def _since(part: Part, hit: Hit) -> bool:
    """ "desde hace un mes" says how long, not when."""
    return hit.first > 0 and part.tokens.words[hit.first - 1] in _SINCE


def _same_clause(part: Part, one: Hit, two: Hit) -> bool:
    low, high = sorted((one.first, two.first))
    return not any(stop in part.tokens.gaps[place] for place in range(low + 1, high + 1) for stop in ",;:.(")


def _shifts(part: Part, hits: Sequence[Hit], begin: int, end: int) -> list[tuple[int, int, Status]]:
    """Stretches of a sentence that tell of an earlier or a coming meeting, by the words that lead into them."""
    found = []
    for hit in hits:
        tag = hit.entry.tag
        if tag == "background_units":
            found.append((max(begin, hit.first - 2), _shift_end(part, hit, begin, end), Status.BACKGROUND))
        elif tag in ("background_intro", "planned_intro"):
            reach = hit.last + 4
            noun = next(
                (
                    one
                    for one in hits
                    if hit.first <= one.first < reach and one.last > hit.last - 1
                    and ((one.entry.tag == "noun" and one.entry.id != "delegation") or one.entry.tag == "celle")
                ),
                None,
            )
            if noun is None:
                continue
            if any(one.entry.tag == "demonstratives" and hit.first <= one.first < noun.first for one in hits):
                continue
            if not _has_complement(part, noun, end):
                continue
            status = Status.BACKGROUND if tag == "background_intro" else Status.PLANNED
            found.append((hit.first, _shift_end(part, noun, begin, end, hit.first), status))
    return found


def _has_complement(part: Part, noun: Hit, end: int) -> bool:
    """ "après la visite *de X*", "*en juin*": without one, "après la rencontre" means this one."""
    low = part.tokens.starts[noun.first]
    high = part.tokens.ends[min(end, noun.last + 9) - 1]
    stop = next((i for i in range(noun.last, min(end, noun.last + 9)) if "," in part.tokens.gaps[i]), None)
    if stop is not None and stop > noun.last:
        high = part.tokens.ends[stop - 1]
    if any(low <= mention.start < high for mention in part.dates):
        return True
    if noun.entry.kind == "visit" or noun.entry.tag == "celle":
        return any(low <= actor.start < high for actor in part.actors) or any(low <= p.start < high and p.kind != "demonym" for p in part.places)
    return False


def _shift_end(part: Part, anchor: Hit, begin: int, end: int, start: int | None = None) -> int:
    """Where a shift ends: at the first comma after it when it opens the sentence, else with the sentence."""
    if (anchor.first if start is None else start) - begin > 4:
        return end
    for place in range(anchor.last + 1, end):
        if "," in part.tokens.gaps[place]:
            return place
    return end


# ------------------------------------------------------------------------------------------------ segments and frames


def _usable(part: Part, sentence: Sentence) -> bool:
    return sentence.kind in ("body", "heading") and " " in part.original[sentence.start : sentence.end]


def _frames_of(part: Part, number: int, published: date | None, order: int) -> list[Frame]:
    """The frames of one sentence, cut where the status changes."""
    begin, end = part.bounds[number]
    cues = _cues(part, number)
    if not any(cue.hit.entry.strength >= 2 and cue.hit.entry.kind != "support" for cue in cues):
        pair = _side_by_side(part, number, order)
        if pair is not None:
            return [pair]
    if not cues:
        return _attendance(part, number, order)
    regions = _shifts(part, list(hits_between(part.hits, begin, end)), begin, end)
    frames = _told_aside(part, number, regions, cues, order, published)
    holes = tuple((low, high) for low, high, _ in regions)
    cues = [cue for cue in cues if not any(low <= cue.hit.first < high for low, high in holes)]
    groups: list[list[Cue]] = []
    for cue in cues:
        if groups and (groups[-1][-1].status is cue.status or (cue.hit.entry.kind == "support" and not cue.explicit)):
            groups[-1].append(cue)
        else:
            groups.append([cue])
    first = begin
    for index, group in enumerate(groups):
        last = _clause_start(part, groups[index + 1][0].hit.first, group[-1].hit.last) if index + 1 < len(groups) else end
        segment = Segment(part, number, first, last, group[0].status, any(cue.explicit for cue in group), holes)
        frames.extend(_split_by_time(_frame(segment, group, order), published))
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
        frame = _frame(Segment(part, number, first, last, status, True), inside, order)
        if not any(cue.hit.entry.strength >= 2 for cue in inside):
            if not any(actor.kind in SECURITY_KINDS and actor.type != "body" for actor in frame.actors):
                subject = _subject_before(part, number, first, {actor.country for actor in frame.actors if actor.kind in SECURITY_KINDS and actor.country})
                if subject is None or not frame.dates or subject.kind not in SECURITY_KINDS:
                    continue
                frame.actors.insert(0, subject)
            actors = frame.actors
            frame = _frame(frame.segment, [*inside, Cue(Hit(first, last, _TOGETHER), status, True)], order)
            frame.actors = actors
        if any(hit.entry.tag == "celle" and first <= hit.first < last for hit in hits_between(part.hits, first, last)):
            # "la visite au Maroc de X intervient après celle de Y": to Morocco as well
            low, high = _within(part, part.bounds[number][0], first)
            frame.places += [place for place in part.places if low <= place.start < high and place.prep in ("in", "to")]
            frame.implied |= {place.country for place in frame.places if place.country and place.prep in ("in", "to")}
        frames.extend(_split_by_time(frame, published))
    return frames


def _clause_start(part: Part, at: int, floor: int) -> int:
    """The start of the clause that a cue stands in."""
    for place in range(at, floor, -1):
        if any(stop in part.tokens.gaps[place] for stop in ",;:()") or part.tokens.words[place] in _CUT_WORDS:
            return place
    _, start = _tense_before(part, at, floor)
    return max(floor, start)


def _within(part: Part, first: int, last: int) -> tuple[int, int]:
    if first >= last:
        return 0, 0
    return part.tokens.starts[first], part.tokens.ends[last - 1]


def _frame(segment: Segment, cues: list[Cue], order: int) -> Frame:
    part = segment.part
    hits = [hit for hit in hits_between(part.hits, segment.first, segment.last) if segment.holds(hit.first)]
    frame = Frame(
        segment,
        cues,
        _present(part, [actor for actor in part.actors if segment.holds(part.tokens.holding(actor.start))], hits),
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


_PRESENT_RANKS = frozenset(("minister", "head", "leader", "deputy", "diplomat", None))
_TOGETHER = Entry("verb", "verb", "together", "meet", 2, "past")


def _side_by_side(part: Part, number: int, order: int) -> Frame | None:
    """Two chiefs of two countries in one sentence with a day or a venue: an encounter, whatever verb tells it."""
    begin, end = part.bounds[number]
    low, high = _within(part, begin, end)
    hits = list(hits_between(part.hits, begin, end))
    tags = {hit.entry.tag for hit in hits}
    if tags & {"denied", "cancelled", "message", "death"}:
        return None
    actors = _present(part, [actor for actor in part.actors if low <= actor.start < high and actor.type in ("person", "title")], hits)
    chiefs = [actor for actor in actors if actor.country and actor.rank in _PRESENT_RANKS and not actor.plural and not actor.former]
    chiefs = [one for one in chiefs if one.type == "person" or any(one.start <= place.start < one.end for place in part.places)]
    if len({actor.country for actor in chiefs}) < 2 or not any(actor.kind in SECURITY_KINDS for actor in chiefs):
        return None
    day = any(low <= mention.start < high and mention.days.precision in ("day", "range") for mention in part.dates)
    venue = any(low <= place.start < high and place.kind == "city" and place.prep == "in" for place in part.places)
    if not (day or venue):
        return None
    status = Status.NEW
    fresh = any(low <= one.start < high and one.direction in ("past", "same") and one.days.precision in ("day", "range") for one in part.dates)
    if "recall" in tags or "pluperfect" in tags and "past" not in tags:
        status = Status.BACKGROUND
    elif "future" in tags and not fresh:
        status = Status.PLANNED
    cue = Cue(Hit(begin, end, _TOGETHER), status, status is not Status.NEW)
    return _frame(Segment(part, number, begin, end, status, cue.explicit), [cue], order)


def _of_all(part: Part, frame: Frame) -> list[Actor]:
    """At a session, nameless chiefs of no named country ("les chefs de police") are those of all."""
    if not any(cue.hit.entry.kind in ("session", "attend", "support") or cue.hit.entry.id in ("gather", "meet", "sit") for cue in frame.cues):
        return [actor for actor in frame.actors if not (actor.country == "INT" and actor.plural)]
    if not any(cue.hit.entry.kind == "session" or cue.hit.entry.mode == "multilateral" for cue in frame.cues):
        return frame.actors
    found = []
    for actor in frame.actors:
        if actor.plural and not actor.name and actor.kind in SECURITY_KINDS:
            if not any(actor.start - 25 <= place.start < actor.end + 25 for place in frame.places if place.kind != "city"):
                actor = replace(actor, country="INT", body_id=None)
        found.append(actor)
    return found


def _attendance(part: Part, number: int, order: int) -> list[Frame]:
    """A sentence without a cue that says who else was there."""
    begin, end = part.bounds[number]
    hits = list(hits_between(part.hits, begin, end))
    if not any(hit.entry.tag == "attend" for hit in hits):
        return []
    return [_frame(Segment(part, number, begin, end, Status.NEW, False), [], order)]


def _present(part: Part, actors: Iterable[Actor], hits: Sequence[Hit]) -> list[Actor]:
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


def _crosses(tokens: Tokens, first: int, last: int) -> bool:
    return any("," in tokens.gaps[place] for place in range(first, min(last + 1, len(tokens.gaps))) if place > first)


def _split_by_time(frame: Frame, published: date | None) -> list[Frame]:
    """ "à Marrakech en 2022, à Tanger en 2023 et à Fès en 2024" is three meetings; also "en février à Riyad ..., puis, en avril, à Doha"."""
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
            {firsts[index].country} if firsts[index].country else set(),
        )
        frames.append(piece)
    return frames


# ------------------------------------------------------------------------------------------------ status by day


def _span(days: Days) -> tuple[date, date] | None:
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


def _settle(frame: Frame, published: date | None) -> Frame:
    """Let the days named beside the cue correct what its words say about status."""
    if published is None or not frame.cues:
        return frame
    segment = frame.segment
    status = segment.status
    spans = [span for mention in frame.dates if mention.kind != "duration" and (span := _span(_told_days(mention, status, published)))]
    lead = segment.part.field == "title" or segment.sentence <= segment.part.lead + 1
    if status is Status.NEW and spans and not _is_this(frame):
        near = [last for _, last in spans if (published - last).days <= (_LEAD_DAYS if lead else _NEWS_DAYS)]
        coming = [first for first, _ in spans if first > published]
        if not near:
            status = Status.BACKGROUND
        elif len(coming) == len(spans) and not _past_form(frame):
            status = Status.PLANNED
    elif status is Status.PLANNED and spans and all((published - last).days > 1 for _, last in spans) and not _future_form(frame):
        status = Status.BACKGROUND if all((published - last).days > _NEWS_DAYS for _, last in spans) else Status.NEW
    if status is not segment.status:
        frame.segment = segment._replace(status=status)
    return frame


def _is_this(frame: Frame) -> bool:
    """ "cette rencontre": the one just told, whatever other days the sentence names."""
    hits = list(hits_between(frame.part.hits, frame.segment.first, frame.segment.last))
    pointers = {hit.last for hit in hits if hit.entry.tag == "demonstratives"}
    return any(cue.hit.entry.noun and cue.hit.first - step in pointers for cue in frame.cues for step in (0, 1))


def _past_form(frame: Frame) -> bool:
    return any(cue.explicit and cue.hit.entry.tense in ("participle", "past") for cue in frame.cues)


def _future_form(frame: Frame) -> bool:
    return any(cue.explicit for cue in frame.cues)


# ------------------------------------------------------------------------------------------------ frames into meetings


def gather(parts: Sequence[Part], published: datetime | None) -> list[Draft]:
    """The meetings told in the title and text, each with its frames, in the order in which the text tells them."""
    today = published.date() if published else None
    frames: list[Frame] = []
    hero = _protagonist(parts)
    for part in sorted(parts, key=lambda one: one.field == "title"):
        found = []
        for number, sentence in enumerate(part.sentences):
            if not _usable(part, sentence):
                continue
            for frame in _frames_of(part, number, today, number if part.field == "text" else -1):
                found.append(_settle(frame, today))
        found.extend(_ellipses(part, found))
        found.sort(key=lambda one: (one.order, one.segment.first))
        for frame in found:
            _lend_hero(frame, hero)
        _resolve_subjects(part, found)
        frames.extend(found)
    drafts: list[Draft] = []
    for frame in sorted(frames, key=lambda one: not one.cues):
        _place_frame(frame, drafts)
    for draft in drafts:
        if draft.status is Status.NEW:
            _complete(draft, drafts, parts)
    _follow_text(drafts)
    _promote(drafts, today)
    drafts = _join_background(drafts)
    return drafts


def _ellipses(part: Part, frames: Sequence[Frame]) -> list[Frame]:
    """ "En juin, à Berlin, puis à Paris.": a short sentence with a time and a place after a recalled or planned visit goes on with it."""
    told: dict[int, Frame] = {}
    for frame in frames:
        if frame.cues and frame.segment.status is not Status.NEW:
            told[frame.segment.sentence] = frame
    found: list[Frame] = []
    for number, (begin, end) in enumerate(part.bounds):
        before = told.get(number - 1)
        if before is None or number in told or end - begin > 16 or not _usable(part, part.sentences[number]):
            continue
        low, high = _within(part, begin, end)
        dates = [one for one in part.dates if low <= one.start < high and one.kind != "duration"]
        cities = [one for one in part.places if low <= one.start < high and one.kind == "city" and one.prep in ("in", "to")]
        if not dates or not cities or any(frame.segment.sentence == number for frame in frames):
            continue
        cue = Cue(before.cues[-1].hit, before.segment.status, True)
        piece = _frame(Segment(part, number, begin, end, before.segment.status, True), [cue], number)
        traveller = [actor for actor in before.actors if actor.type == "person" or actor.name][:1]
        if not piece.actors:
            piece.actors = traveller
        pieces = _split_by_time(piece, None)
        for one in pieces:
            if not one.actors:
                one.actors = traveller
        found.extend(pieces)
        told[number] = pieces[-1]
    return found


def _protagonist(parts: Sequence[Part]) -> Actor | None:
    """The person of a security body whom the article is about: named in the title or lead, and most often."""
    counts: dict[str, int] = {}
    first: dict[str, Actor] = {}
    for part in parts:
        for actor in part.actors:
            key = actor_key(actor)
            if key and actor.kind in SECURITY_KINDS and actor.country:
                counts[key] = counts.get(key, 0) + (3 if part.field == "title" else 1)
                if key not in first or (part.field == "text" and first[key].field == "title"):
                    first[key] = actor
    if not counts:
        return None
    best = max(counts, key=lambda key: counts[key])
    return first[best] if counts[best] >= 3 else None


def _lend_hero(frame: Frame, hero: Actor | None) -> None:
    """A recalled or planned visit whose traveller is only "le responsable" or "il" is the protagonist's."""
    if hero is None or not frame.cues or frame.segment.status is Status.NEW or len({a.country for a in frame.actors if a.country}) > 1:
        return
    if any(same_actor(hero, one) for one in frame.actors) or any(one.country == hero.country for one in frame.actors):
        return
    if any(actor.type == "pronoun-group" for actor in frame.actors):
        return
    pronoun = any(hit.entry.tag == "subject_pronouns" for hit in hits_between(frame.part.hits, frame.segment.first, frame.segment.last))
    aside = frame.segment.explicit and frame.segment.first > frame.part.bounds[frame.segment.sentence][0] and frame.segment.status is Status.BACKGROUND
    if not frame.actors or pronoun or aside or any(actor.country is None or actor.type == "pronoun-group" for actor in frame.actors):
        frame.actors.insert(0, hero)


def _anchored(frame: Frame) -> bool:
    """A cue with a day or a venue beside it: told as something that happened, not spoken of in general."""
    if frame.strength < 2 or all(cue.hit.entry.kind in ("support", "sign") for cue in frame.cues):
        return False
    return any(one.kind != "duration" for one in frame.dates) or any(place.prep == "in" and place.kind == "city" for place in frame.places)


def _follow_text(drafts: list[Draft]) -> None:
    """A headline's present tense ("viaja hoy a Rabat") is what the text says it is: still to come."""
    for draft in list(drafts):
        if draft.status is not Status.NEW or not any(frame.part.field == "title" for frame in draft.frames):
            continue
        if any(
            frame.part.field == "text" and frame.actors and frame.strength >= 2 and (frame.pair or _past_form(frame)) for frame in draft.frames
        ):
            continue
        if any(one.status is Status.NEW and one is not draft and len(one.countries) >= 2 for one in drafts):
            continue
        planned = next(
            (one for one in drafts if one.status is Status.PLANNED and any(same_actor(a, b) for a in one.actors for b in draft.actors)), None
        )
        if planned is not None:
            for frame in draft.frames:
                planned.add(frame)
            drafts.remove(draft)


def _promote(drafts: Sequence[Draft], today: date | None) -> None:
    """A text that tells its only encounter in the pluperfect ("avait reçu jeudi") still has it as its news, if it is fresh."""
    if today is None or any(draft.status in (Status.NEW, Status.PLANNED) and len(draft.countries) >= 2 for draft in drafts):
        return
    for draft in drafts:
        if draft.status is Status.BACKGROUND and len(draft.countries) >= 2 and all(cue.near for frame in draft.frames for cue in frame.cues):
            days = _day_set(draft.frames, Status.NEW)
            if days and all(0 <= (today - day).days <= 3 for day in days):
                draft.status = Status.NEW
                return


def _complete(draft: Draft, drafts: Sequence[Draft], parts: Sequence[Part]) -> None:
    """A strong cue with one party, or none: the other is looked for in the sentences beside it."""
    if len(draft.countries) >= 2 or not any(_anchored(frame) for frame in draft.frames):
        return
    taken = {(frame.part.field, frame.segment.sentence) for one in drafts if one is not draft for frame in one.frames}
    for frame in draft.frames:
        if frame.part.field != "text" or not _anchored(frame):
            continue
        part, number = frame.part, frame.segment.sentence
        for near in (number - 1, number, number - 2) if frame.actors else (number - 1, number, number - 2, number + 1):
            if not 0 <= near < len(part.bounds) or (part.field, near) in taken or not _usable(part, part.sentences[near]):
                continue
            begin, end = part.bounds[near]
            hits = list(hits_between(part.hits, begin, end))
            if any(hit.entry.tag in ("recall", "denied") for hit in hits):
                continue
            low, high = _within(part, begin, end)
            inside = [one for one in part.actors if not (one.country == "INT" and one.plural) and low <= one.start < high and one.country and not one.former and (one.type in ("person", "title") or one.rank == "delegation")]
            for actor in _present(part, inside, hits):
                draft.join(actor)
            if len(draft.countries) >= 2:
                return


def _resolve_subjects(part: Part, frames: Sequence[Frame]) -> None:
    """ "Elle y a rencontré ...", "c'est X qui l'a reçu": give a frame with a pronoun the person the words before it were about."""
    for frame in frames:
        if not frame.cues:
            continue
        countries = {actor.country for actor in frame.actors if actor.country}
        if len(countries) > 1 or (not countries and any(actor.type == "pronoun-group" for actor in frame.actors)):
            continue
        first_cue = min(cue.hit.first for cue in frame.cues)
        begin, _ = part.bounds[frame.segment.sentence]
        inside = frame.segment.first > begin
        hits = hits_between(part.hits, frame.segment.first, min(frame.segment.last, first_cue + 4))
        pronoun = any(hit.entry.tag == "subject_pronouns" and abs(hit.first - first_cue) <= 8 for hit in hits)
        if not pronoun and not inside:
            continue
        if frame.actors and not pronoun and all(cue.hit.entry.kind in ("visit", "support", "session") for cue in frame.cues):
            continue
        person = _subject_before(part, frame.segment.sentence, frame.segment.first if inside else None, countries)
        if person is not None and not any(same_actor(person, one) for one in frame.actors):
            frame.actors.insert(0, person)


def _subject_before(part: Part, number: int, before: int | None, countries: set[str]) -> Actor | None:
    """The first person of another country in this sentence up to `before`, else in the sentences above."""
    spans = []
    if before is not None:
        spans.append(_within(part, part.bounds[number][0], before))
    for back in (1, 2):
        if number >= back:
            spans.append(_within(part, *part.bounds[number - back]))
    for low, high in spans:
        hits = list(hits_between(part.hits, part.tokens.at(low), part.tokens.at(high)))
        for actor in _present(part, [one for one in part.actors if low <= one.start < high], hits):
            if actor.country == "INT" and actor.plural:
                continue
            if low <= actor.start < high and actor.type in ("person", "title") and actor.country and actor.country not in countries:
                return actor
    return None


def _day_set(frames: Iterable[Frame], status: Status) -> set[date]:
    found = set()
    for frame in frames:
        for mention in frame.dates:
            days = read_days(mention, status)
            if days.first is not None and days.precision in ("day", "range") and mention.kind != "duration":
                found.add(days.first)
                if days.last:
                    found.add(days.last)
    return found


def _stretches(frames: Iterable[Frame], status: Status) -> list[tuple[date, date]]:
    """The days (not months) that frames name, each as first and last."""
    found = []
    for frame in frames:
        for mention in frame.dates:
            days = read_days(mention, status)
            if days.first is not None and days.precision in ("day", "range") and mention.kind != "duration":
                found.append((days.first, days.last or days.first))
    return found


def _cities(frames: Iterable[Frame]) -> set[str]:
    return {p.city_id for frame in frames for p in frame.places if p.city_id and p.kind == "city" and p.prep in ("in", "to")}


def _place_frame(frame: Frame, drafts: list[Draft]) -> None:
    """Give a frame to the meeting it tells of, or begin one."""
    status = frame.segment.status
    if frame.attendance and not frame.cues:
        draft = _latest(drafts, frame, status)
        if draft is not None and min(abs(frame.order - one.order) for one in draft.frames) <= 2:
            draft.add(frame)
        return
    own = [draft for draft in drafts if draft.status is status]
    if status is not Status.NEW:
        _lend_parties(frame, drafts)
    if not frame.actors:
        draft = _latest(drafts, frame, status)
        if draft is not None and (frame.order - draft.frames[-1].order <= 2 or status is Status.NEW):
            draft.frames.append(frame)
        elif frame.strength >= 2 and (frame.dates or any(place.prep == "in" for place in frame.places)):
            drafts.append(Draft(status, [frame]))
        return
    if status is Status.BACKGROUND:
        for draft in reversed(own):
            if _same_recalled(draft, frame):
                draft.add(frame)
                return
    else:
        best = max(own, key=lambda draft: _fit(draft, frame), default=None)
        if best is not None and _fit(best, frame) > 0:
            best.add(frame)
            return
    if frame.strength < 2 and not frame.implied:
        return
    draft = Draft(status)
    draft.add(frame)
    if own and any(hit.entry.tag == "together" for hit in hits_between(frame.part.hits, frame.segment.first, frame.segment.last)):
        for country in own[-1].countries - draft.countries:
            chief = next((actor for actor in own[-1].actors if actor.country == country and actor.name), None)
            if chief is not None:
                draft.join(chief)
    drafts.append(draft)


def _lend_parties(frame: Frame, drafts: Sequence[Draft]) -> None:
    """ "les deux hommes s'étaient vus à Madrid", "la session précédente": the parties of the meeting told before."""
    if any(actor.country for actor in frame.actors) or not (frame.dates or any(place.prep in ("in", "to") for place in frame.places)):
        return
    group = any(actor.type == "pronoun-group" for actor in frame.actors)
    session = any(cue.hit.entry.noun and cue.hit.entry.kind in ("session", "meet") or cue.hit.entry.mode == "multilateral" for cue in frame.cues)
    plain = any(cue.hit.entry.kind == "meet" and not cue.hit.entry.noun for cue in frame.cues)
    if not (group or session or plain):
        return
    told = next((draft for draft in drafts if draft.status is not frame.segment.status and len(draft.countries) >= 1 and draft.actors), None)
    if told is None:
        return
    bodies = [actor for actor in told.actors if actor.country == "INT"]
    frame.actors = frame.actors + (bodies[:1] if bodies and session else [actor for actor in told.actors if actor.kind in SECURITY_KINDS][:3])


def _latest(drafts: Sequence[Draft], frame: Frame, status: Status) -> Draft | None:
    own = [draft for draft in drafts if draft.status is status]
    if not own:
        return None
    return min(own, key=lambda draft: min(abs(frame.order - one.order) for one in draft.frames))


def _fit(draft: Draft, frame: Frame) -> float:
    """How well a frame fits a meeting of the same status; 0 or less = another meeting."""
    title = frame.part.field == "title" or all(one.part.field == "title" for one in draft.frames)
    people = {key for actor in frame.actors if (key := actor_key(actor))}
    shared = len(people & draft.people)
    shared += sum(1 for actor in frame.actors if not actor_key(actor) and any(same_actor(actor, one) for one in draft.actors))
    countries = {actor.country for actor in frame.actors if actor.country}
    if len(countries) < 2:
        countries |= frame.implied
    known = draft.countries
    fresh = people - draft.people
    days, held = _stretches([frame], draft.status), _stretches(draft.frames, draft.status)
    cities, places = _cities([frame]), _cities(draft.frames)
    apart = bool(days and held and not any(_overlap(one, two) for one in days for two in held))
    elsewhere = bool(cities and places and not cities & places)
    if title:
        return 1.0 + shared + (0.5 if countries & known else 0.0) if (shared or countries & known or not countries) else 0.2
    joint = any(hit.entry.tag == "together" for hit in hits_between(frame.part.hits, frame.segment.first, frame.segment.last))
    if joint and countries - known and len(known) >= 2 and frame.order != draft.frames[-1].order:
        return -1.0  # a session of three after one of two
    others = bool(fresh and draft.people - people)
    if elsewhere and (apart or countries - known or others):
        return -1.0
    if apart and others:
        return -1.0
    if countries and countries <= known and (shared or len(known) < 3 or frame.anaphoric):
        return 1.0 + shared
    if not draft.people and abs(frame.order - draft.frames[-1].order) <= 2 and not (countries and known and not countries & known):
        return 0.5 + shared
    if len(known) < 2 or len(countries) < 2:
        # One of them is still incomplete: the same run of sentences tells of one encounter
        near = frame.order - draft.frames[-1].order
        if shared or (near <= 2 and frame.anaphoric) or near <= 1:
            if len(known | countries) > 2 and not shared and len(known) >= 2:
                return -1.0 if near > 1 else 0.3
            return 0.6 + shared
        return -1.0
    if shared >= 2:
        return 1.0 + shared
    if shared and any(hit.entry.tag == "together" for hit in hits_between(frame.part.hits, frame.segment.first, frame.segment.last)):
        return 0.8
    return -1.0


def _same_recalled(draft: Draft, frame: Frame) -> bool:
    """Whether a recalled frame goes on about a recalled meeting."""
    days, held = _recalled_days([frame]), _recalled_days(draft.frames)
    if days and held and not any(_overlap(one, two) for one in days for two in held):
        return False
    cities, places = _cities([frame]), _cities(draft.frames)
    if cities and places and not cities & places:
        return False
    near = frame.order - draft.frames[-1].order
    shared = any(same_actor(one, two) for one in frame.actors for two in draft.actors)
    return shared and (near <= 2 or bool(days and held))


def _recalled_days(frames: Iterable[Frame]) -> list[tuple[date, date]]:
    return [
        span
        for frame in frames
        for mention in frame.dates
        if mention.kind != "duration" and (span := _span(mention.days))
    ]


def _overlap(one: tuple[date, date], two: tuple[date, date]) -> bool:
    return one[0] <= two[1] and two[0] <= one[1]


def _join_background(drafts: list[Draft]) -> list[Draft]:
    """Drop what is recalled without a day, a place or a subject of its own, and what is only the news told again."""
    news = [draft for draft in drafts if draft.status is Status.NEW and draft.actors]
    kept = []
    for draft in drafts:
        if draft.status is Status.BACKGROUND:
            spans = _recalled_days(draft.frames)
            again = next(
                (
                    one
                    for one in news
                    if spans and any(_overlap(a, b) for a in spans for b in _near(one)) and _same_party(draft, one)
                ),
                None,
            )
            if again is not None:
                for frame in draft.frames:
                    again.add(frame, actors=len(draft.countries | again.countries) <= max(2, len(again.countries)))
                continue
            where = any(place.prep in ("in", "to") for frame in draft.frames for place in frame.places)
            if not draft.actors or not (spans or where):
                continue
        elif draft.status is Status.PLANNED and not draft.actors:
            continue
        kept.append(draft)
    return kept


def _same_party(recalled: Draft, news: Draft) -> bool:
    """Whether a recalled meeting has nobody whom the news has not, and both sides of it."""
    if not recalled.actors:
        return True
    if not all(any(same_actor(one, two) for two in news.actors) for one in recalled.actors):
        return False
    return len(recalled.actors) == 1 or len(news.countries) <= len(recalled.countries)


def _near(draft: Draft) -> list[tuple[date, date]]:
    """The days of a meeting, one more on each side: a dinner on its eve belongs to it."""
    days = _day_set(draft.frames, draft.status)
    return [(min(days) - timedelta(1), max(days) + timedelta(1))] if days else []
