"""From a gathered meeting to a report: participants, day, place, mode, topics and categories, each with its quote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from pipelines.detect.cues import Hit, hits_between
from pipelines.detect.dates import DateMention
from pipelines.detect.frames import Frame, read_days
from pipelines.detect.meetings import Draft
from pipelines.detect.mentions import Actor
from pipelines.detect.model import NOWHERE, UNKNOWN_DAYS, Days, Mode, Participant, Place, Quote, Side, Status
from pipelines.detect.parts import Part
from pipelines.detect.people import SECURITY_KINDS, actor_key, same_actor
from pipelines.detect.places import PlaceMention
from pipelines.detect.sentences import Dateline

_CATEGORY = {kind: kind for kind in SECURITY_KINDS} | {"prosecutor": "justice"}
_SLOWEST = 45  # days after which nothing is told as news any more


def participants_of(draft: Draft) -> list[Actor]:
    """Everybody at the table once: named people, then offices and delegations nobody named stands for."""
    stated = [actor for actor in draft.actors if actor.name and (actor.type == "person" or actor.name_in_text)]
    held = [actor for actor in draft.actors if actor.name and actor not in stated]  # a title whose holder only the register names
    chosen: list[Actor] = []
    for actor in stated + held:
        if any(actor_key(actor) == actor_key(one) for one in chosen):
            continue
        if actor in held and any(one.country == actor.country and (actor.field == "title" or one.kind == actor.kind) for one in chosen):
            continue
        chosen.append(actor)
    for actor in sorted(draft.actors, key=lambda one: one.kind not in SECURITY_KINDS):
        if actor.name or actor.type == "pronoun-group":
            continue
        if any(same_actor(actor, one) for one in chosen):
            continue
        if actor.type == "body" and any(one.country == actor.country for one in chosen):
            continue
        if actor.country is None and not actor.body_id:
            continue
        if (actor.body_id is None or actor.field == "title") and any(one.country == actor.country for one in chosen):
            continue
        chosen.append(actor)
    if sum(1 for actor in chosen if actor.kind in SECURITY_KINDS) >= 2:
        # The minister of another field is another appointment of the same visit
        chosen = [actor for actor in chosen if actor.kind != "other"]
    order = {id(actor): index for index, actor in enumerate(draft.actors)}
    return sorted(chosen, key=lambda actor: order.get(id(actor), 0))


def side_of(actor: Actor, draft: Draft) -> Side | None:
    """Host or visitor, where a verb of receiving or a visit says so."""
    for frame in draft.frames:
        part = frame.part
        for cue in frame.cues:
            hit = cue.hit
            if hit.entry.kind != "receive" or hit.entry.noun:
                continue
            passive = _is_passive(part, hit)
            where = [one for one in frame.actors if same_actor(one, actor)]
            if not where:
                continue
            before = where[0].start < part.tokens.starts[hit.first]
            if "\u0600" <= part.tokens.words[hit.first][0] <= "\u06ff":
                # The verb comes first: "استقبل" host, then guest
                after = [one for one in frame.actors if one.start > part.tokens.starts[hit.first] and one.country]
                ahead = any(one.start < part.tokens.starts[hit.first] and one.country for one in frame.actors)
                before = before if ahead else bool(after) and same_actor(after[0], actor)
            if frame.part.field != where[0].field:
                continue
            return ("visitor" if before else "host") if passive else ("host" if before else "visitor")
    return None


def _is_passive(part: Part, hit: Hit) -> bool:
    words = part.tokens.words
    following = words[hit.last : hit.last + 8]
    before = words[max(0, hit.first - 4) : hit.first]
    if any(word in ("par", "por", "by") for word in following[:6]):
        return True
    return any(word in ("ete", "sido", "fue", "fueron", "been", "was", "were", "est", "sont", "chez") for word in before)


def days_of(draft: Draft, parts: Sequence[Part], published: date | None) -> tuple[Days, Quote | None]:
    """When, from the sentence of the cue, else from the sentences that lead; never from the publication time alone."""
    month: tuple[Days, Quote] | None = None
    for part, mentions in _date_sources(draft, parts, published):
        for mention in mentions:
            days = read_days(mention, draft.status)
            if days.first is None or days.last is None or mention.kind == "duration" or days.precision == "unknown":
                continue
            if draft.status is Status.NEW and published is not None and not -1 <= (published - days.last).days <= _SLOWEST:
                continue
            quote = part.quote(mention.start, mention.end)
            if days.precision in ("day", "range"):
                if month is None or (month[0].first and month[0].last and month[0].first <= days.first <= month[0].last):
                    return days, quote
            else:
                month = month or (days, quote)
    if month is not None:
        return month
    return UNKNOWN_DAYS, None


def _date_sources(draft: Draft, parts: Sequence[Part], published: date | None) -> Iterator[tuple[Part, list[DateMention]]]:
    """Where a meeting's day may stand, best first."""
    telling = sorted(draft.frames, key=telling_most, reverse=True)
    telling.sort(key=lambda frame: frame.is_tour)
    for frame in telling:
        yield frame.part, _by_nearness(frame)
    if draft.status is Status.BACKGROUND or published is None:
        return
    for part, number in _around(draft, parts):
        low, high = part.sentences[number].start, part.sentences[number].end
        fresh = []
        for mention in part.dates:
            days = read_days(mention, draft.status)
            if low <= mention.start < high and days.precision in ("day", "range") and days.last is not None and days.first is not None:
                back = (published - days.last).days
                if (0 <= back <= 10 and draft.status is Status.NEW) or (back < 0 and draft.status is Status.PLANNED):
                    fresh.append(mention)
        yield part, fresh


def _around(draft: Draft, parts: Sequence[Part]) -> Iterator[tuple[Part, int]]:
    """The sentences that may lend a meeting its day or place: the one before its first frame, the title, the one after, the lead."""
    first = min((frame for frame in draft.frames if frame.part.field == "text"), key=lambda frame: frame.order, default=None)
    title = next((part for part in parts if part.field == "title"), None)
    text = next((part for part in parts if part.field == "text"), None)
    taken = {frame.segment.sentence for frame in draft.frames if frame.part.field == "text"}
    numbers: list[int] = []
    if first is not None:
        numbers = [first.segment.sentence - 1, first.segment.sentence - 2, first.segment.sentence + 1]
    if text is not None:
        numbers.append(text.lead)
        for number in dict.fromkeys(numbers):
            if not 0 <= number < len(text.sentences) or number in taken or not text.is_prose(number):
                continue
            beside = number <= text.lead + 3 or (first is not None and abs(number - first.segment.sentence) == 1)
            if beside and not any(hit.entry.tag == "recall" for hit in hits_between(text.hits, *text.bounds[number])):
                yield text, number
    if title is not None:
        for number in range(len(title.sentences)):
            yield title, number


def telling_most(frame: Frame) -> tuple[float, int]:
    """Frames that tell most come first: a strong cue with people on both sides, early in the text."""
    countries = len({actor.country for actor in frame.actors if actor.country})
    score = frame.strength + 2.0 * min(2, countries) - (1.5 if frame.part.field == "title" else 0.0)
    if not frame.cues:
        score -= 4
    return score - 0.05 * max(0, frame.order), -frame.order


def _by_nearness(frame: Frame) -> list[DateMention]:
    if not frame.cues:
        return frame.dates
    tokens = frame.part.tokens
    best = max(cue.hit.entry.strength for cue in frame.cues)
    at = [tokens.starts[cue.hit.first] for cue in frame.cues if cue.hit.entry.strength == best]
    return sorted(frame.dates, key=lambda mention: min(abs(mention.start - place) for place in at))


def place_of(draft: Draft, parts: Sequence[Part], line: Dateline | None) -> tuple[Place, Quote | None]:
    """Where: a city named as venue beside the cue, else near by, else where the report was sent from; else the country visited."""
    telling = sorted(draft.frames, key=telling_most, reverse=True)
    countries = {actor.country for actor in draft.actors if actor.country}
    visited: tuple[str, Quote] | None = None
    for frame in telling:
        for place in frame.places:
            if place.kind == "country" and place.prep in ("in", "to") and visited is None and place.country:
                visited = (place.country, frame.part.quote(place.start, place.end))
    sure = [frame for frame in telling if frame.strength >= 2 and frame.pair and frame.part.field == "text"]
    for frame in sure:
        city = _venue(frame.places)
        if city is not None:
            return _city(frame.part, city)
    if sure and draft.status is Status.NEW:
        # "... brought General X to Algiers. He was met by Y."
        part, number = sure[0].part, sure[0].segment.sentence - 1
        if number >= 0 and part.sentences[number].kind == "body":
            low, high = part.sentences[number].start, part.sentences[number].end
            city = _venue([place for place in part.places if low <= place.start < high])
            if city is not None and (city.country in countries or city.prep == "in"):
                return _city(part, city)
    for frame in telling:
        city = _venue(frame.places)
        if city is not None:
            return _city(frame.part, city)
    for frame in telling:
        if frame.cues:
            found = _bare_city(frame.part, frame.places, countries)
            if found is not None:
                return _city(frame.part, found)
    if draft.status is Status.BACKGROUND:
        return (Place(None, visited[0]), visited[1]) if visited else (NOWHERE, None)
    for part, number in _around(draft, parts):
        low, high = part.sentences[number].start, part.sentences[number].end
        here = [place for place in part.places if low <= place.start < high]
        venue = next((place for place in here if place.kind == "city" and place.prep == "in"), None)
        if venue is None and part.field == "title" and draft.status is Status.NEW:
            venue = _bare_city(part, here, countries)
        if venue is not None and (not visited or venue.country == visited[0]):
            return _city(part, venue)
    text = next((part for part in parts if part.field == "text"), None)
    if draft.status is Status.NEW and text is not None and line is not None and line.city_id and line.country in countries:
        sent = next((place for place in text.places if place.city_id == line.city_id and place.start < line.end), None)
        if sent is not None and (not visited or visited[0] == line.country):
            return _city(text, sent)
    if visited is not None:
        return Place(None, visited[0]), visited[1]
    return NOWHERE, None


def _venue(places: Sequence[PlaceMention]) -> PlaceMention | None:
    """The city that the words make a venue: "in" before "to"."""
    for prep, known in (("in", True), ("to", True), ("in", False)):
        for place in places:
            if place.kind == "city" and place.prep == prep and (place.city_id is not None) is known:
                return place
    return None


def _city(part: Part, place: PlaceMention) -> tuple[Place, Quote]:
    quote = part.quote(place.start, place.end)
    return Place(place.city, place.country, place.city_id, quote.text), quote


def _bare_city(part: Part, places: Sequence[PlaceMention], countries: set[str]) -> PlaceMention | None:
    """The only city named without a preposition, if it is in a country of the parties and no part of a name."""
    found = [
        place
        for place in places
        if place.kind == "city"
        and place.prep is None
        and not place.byline
        and place.country in countries
        and not any(actor.start <= place.start < actor.end for actor in part.actors)
    ]
    return found[0] if len({place.city_id for place in found}) == 1 else None


def mode_of(draft: Draft, participants: Sequence[Actor], days: Days) -> tuple[Mode, Quote | None]:
    """How they met."""
    best: tuple[Mode, Quote | None] = ("in-person", None)
    for frame in draft.frames:
        for cue in frame.cues:
            mode = cue.hit.entry.mode
            told: Mode | None = "call" if mode == "call" else "video" if mode == "video" else None
            quote = _words(frame.part, cue.hit)
            if told is not None and (frame.actors or best[0] == "in-person"):
                return told, quote
            if mode == "multilateral" and best[0] == "in-person":
                best = ("multilateral", quote)
            if cue.hit.entry.kind == "visit" and best[0] == "in-person":
                best = ("visit", quote)
    countries = {actor.country for actor in participants if actor.country}
    if len(countries) >= 3 or (best[0] == "multilateral" and "INT" in countries):
        return "multilateral", best[1]
    if best[0] == "multilateral":
        best = ("in-person", None)
    if days.precision == "range" and best[0] == "in-person":
        return "visit", None
    return best


def _words(part: Part, hit: Hit) -> Quote:
    return part.quote(part.tokens.starts[hit.first], part.tokens.ends[hit.last - 1])


def categories_of(participants: Sequence[Actor], draft: Draft) -> tuple[str, ...]:
    """Kinds of the bodies at the table. The chief of two services stands for those his titles name, else for his counterpart's kind."""
    found: set[str] = set()
    pole = [actor for actor in participants if actor.body == "DGSN-DGST" or actor.body_id in ("ma-pole-dgsn-dgst", "ma-dgsn", "ma-dgst")]
    for actor in participants:
        if actor in pole:
            continue
        if actor.kind in _CATEGORY:
            found.add(_CATEGORY[actor.kind])
    if pole:
        said = _pole_kinds(draft)
        if said:
            found |= said
        elif not found & {"police", "intelligence"}:
            found |= {"police"}
    return tuple(sorted(found))


def _pole_kinds(draft: Draft) -> set[str]:
    found: set[str] = set()
    for frame in draft.frames:
        words = frame.part.tokens.words[frame.segment.first : frame.segment.last]
        text = " ".join(words)
        if (
            "surveillance du territoire" in text
            or "مراقبه التراب" in text
            or "vigilancia del territorio" in text
            or "territorial surveillance" in text
            or "dgst" in words
        ):
            found.add("intelligence")
        if (
            "surete nationale" in text
            or "الامن الوطني" in text
            or "seguridad nacional" in text
            or "national security" in text
            or "dgsn" in words
        ):
            found.add("police")
    return found


def participant(actor: Actor, side: Side | None, part: Part) -> Participant:
    """One at the table, as the model says it."""
    quote = part.quote(actor.start, actor.end)
    return Participant(
        actor.name, actor.role, actor.body, actor.country, actor.name_in_text, actor.person_id, actor.body_id, actor.kind,
        actor.known, side, (quote,),
    )  # fmt: skip
