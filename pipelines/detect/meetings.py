"""Frames gathered into meetings: which pieces tell of one encounter, and who else was in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pipelines.detect.cues import hits_between
from pipelines.detect.frames import (
    Frame,
    Segment,
    frame_of,
    frames_of,
    is_past,
    present,
    read_days,
    settle,
    span_of,
    split_by_time,
    subject_before,
)
from pipelines.detect.mentions import Actor
from pipelines.detect.model import Quote, Status
from pipelines.detect.parts import Part
from pipelines.detect.people import SECURITY_KINDS, actor_key, fuller, same_actor
from pipelines.detect.tenses import Cue


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
                if fuller(actor, known):
                    self.actors[index] = actor
                return
        self.actors.append(actor)

    @property
    def countries(self) -> set[str]:
        return {actor.country for actor in self.actors if actor.country} | {c for frame in self.frames for c in frame.implied}

    @property
    def people(self) -> set[str]:
        return {key for actor in self.actors if (key := actor_key(actor))}


def gather(parts: Sequence[Part], published: datetime | None) -> list[Draft]:
    """The meetings told in the title and text, each with its frames, in the order in which the text tells them."""
    today = published.date() if published else None
    frames: list[Frame] = []
    hero = _protagonist(parts)
    for part in sorted(parts, key=lambda one: one.field == "title"):
        found: list[Frame] = []
        for number in range(len(part.sentences)):
            if not part.is_prose(number):
                continue
            order = number if part.field == "text" else -1
            found.extend(settle(frame, today) for frame in frames_of(part, number, today, order))
        found.extend(_ellipses(part, found))
        found.sort(key=lambda one: (one.order, one.segment.first))
        for frame in found:
            _lend_hero(frame, hero)
        _resolve_subjects(part, found)
        _join_stays(found)
        frames.extend(found)
    drafts: list[Draft] = []
    news = [frame for frame in frames if frame.segment.status is Status.NEW]
    for frame in sorted(news, key=lambda one: not one.cues):
        _place_frame(frame, drafts)
    for draft in drafts:
        _complete(draft, drafts, parts)
    _complete_from_title(drafts, parts)
    for frame in frames:
        if frame.segment.status is not Status.NEW:
            _place_frame(frame, drafts)
    _follow_text(drafts)
    _promote(drafts, today)
    return _join_background(drafts)


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
    held_by = [one for one in draft.frames if not one.is_tour]
    days, held = _stretches([frame], draft.status), _stretches(held_by, draft.status)
    cities, places = _cities([frame]), _cities(held_by)
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


def _latest(drafts: Sequence[Draft], frame: Frame, status: Status) -> Draft | None:
    own = [draft for draft in drafts if draft.status is status]
    if not own:
        return None
    return min(own, key=lambda draft: min(abs(frame.order - one.order) for one in draft.frames))


def _lend_parties(frame: Frame, drafts: Sequence[Draft]) -> None:
    """ "les deux hommes s'étaient vus à Madrid", "la session précédente": the parties of the meeting told before."""
    if any(actor.country for actor in frame.actors) or not (frame.dates or any(place.prep in ("in", "to") for place in frame.places)):
        return
    group = any(actor.type == "pronoun-group" for actor in frame.actors)
    session = any(
        (cue.hit.entry.noun and cue.hit.entry.kind in ("session", "meet")) or cue.hit.entry.mode == "multilateral" for cue in frame.cues
    )
    plain = any(cue.hit.entry.kind == "meet" and not cue.hit.entry.noun for cue in frame.cues)
    if not (group or session or plain):
        return
    told = next(
        (draft for draft in drafts if draft.status is not frame.segment.status and len(draft.countries) >= 1 and draft.actors), None
    )
    if told is None:
        return
    bodies = [actor for actor in told.actors if actor.country == "INT"]
    frame.actors = frame.actors + (
        bodies[:1] if bodies and session else [actor for actor in told.actors if actor.kind in SECURITY_KINDS][:3]
    )


def _ellipses(part: Part, frames: Sequence[Frame]) -> list[Frame]:
    """ "En juin, à Berlin, puis à Paris.": a short sentence with a time and a place after a recalled or planned visit goes on with it."""
    told: dict[int, Frame] = {}
    for frame in frames:
        if frame.cues and frame.segment.status is not Status.NEW:
            told[frame.segment.sentence] = frame
    found: list[Frame] = []
    for number, (begin, end) in enumerate(part.bounds):
        before = told.get(number - 1)
        if before is None or number in told or end - begin > 16 or not part.is_prose(number):
            continue
        low, high = part.span(begin, end)
        dates = [one for one in part.dates if low <= one.start < high and one.kind != "duration"]
        cities = [one for one in part.places if low <= one.start < high and one.kind == "city" and one.prep in ("in", "to")]
        if not dates or not cities or any(frame.segment.sentence == number for frame in frames):
            continue
        cue = Cue(before.cues[-1].hit, before.segment.status, True)
        piece = frame_of(Segment(part, number, begin, end, before.segment.status, True), [cue], number)
        traveller = [actor for actor in before.actors if actor.type == "person" or actor.name][:1]
        if not piece.actors:
            piece.actors = traveller
        pieces = split_by_time(piece, None)
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


def _means_both(frame: Frame) -> bool:
    """ "les deux hommes", "ambos": all the parties told before, not one of them."""
    if any(actor.type == "pronoun-group" for actor in frame.actors):
        return True
    hits = hits_between(frame.part.hits, frame.segment.first, frame.segment.last)
    plain = any(cue.hit.entry.kind == "meet" and not cue.hit.entry.noun for cue in frame.cues)
    return plain and any(hit.entry.tag == "anaphors" for hit in hits)


def _lend_hero(frame: Frame, hero: Actor | None) -> None:
    """A recalled or planned visit whose traveller is only "le responsable" or "il" is the protagonist's."""
    if hero is None or not frame.cues or frame.segment.status is Status.NEW or len({a.country for a in frame.actors if a.country}) > 1:
        return
    if any(same_actor(hero, one) for one in frame.actors) or any(one.country == hero.country for one in frame.actors):
        return
    if _means_both(frame):
        return
    pronoun = any(hit.entry.tag == "subject_pronouns" for hit in hits_between(frame.part.hits, frame.segment.first, frame.segment.last))
    aside = (
        frame.segment.explicit
        and frame.segment.first > frame.part.bounds[frame.segment.sentence][0]
        and frame.segment.status is Status.BACKGROUND
    )
    if not frame.actors or pronoun or aside or any(actor.country is None or actor.type == "pronoun-group" for actor in frame.actors):
        frame.actors.insert(0, hero)


def _resolve_subjects(part: Part, frames: Sequence[Frame]) -> None:
    """ "Elle y a rencontré ...", "c'est X qui l'a reçu": give a frame with a pronoun the person the words before it were about."""
    for frame in frames:
        if not frame.cues:
            continue
        countries = {actor.country for actor in frame.actors if actor.country and (actor.type != "body" or actor.rank == "delegation")}
        if len(countries) > 1 or (not countries and _means_both(frame)):
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
        person = subject_before(part, frame.segment.sentence, frame.segment.first if inside else None, countries)
        if person is not None and not any(same_actor(person, one) for one in frame.actors):
            frame.actors.insert(0, person)


def _join_stays(frames: Sequence[Frame]) -> None:
    """ "Il avait rencontré X au cours de cette visite": earlier than the return told before it, but the same news."""
    before: Frame | None = None
    for frame in frames:
        segment = frame.segment
        if (
            before is not None
            and segment.status is Status.BACKGROUND
            and before.segment.status is Status.NEW
            and segment.sentence - before.segment.sentence <= 2
            and frame.cues
            and not any(mention.kind != "duration" for mention in frame.dates)
            and any(hit.entry.tag == "meanwhile" for hit in hits_between(frame.part.hits, segment.first, segment.last))
            and not any(hit.entry.tag == "recall" for hit in hits_between(frame.part.hits, segment.first, segment.last))
        ):
            frame.segment = segment._replace(status=Status.NEW)
        if frame.actors and frame.strength >= 2:
            before = frame


def _anchored(frame: Frame) -> bool:
    """A cue with a day or a venue beside it: told as something that happened, not spoken of in general."""
    if frame.strength < 2 or all(cue.hit.entry.kind in ("support", "sign") for cue in frame.cues):
        return False
    return any(one.kind != "duration" for one in frame.dates) or any(place.prep == "in" and place.kind == "city" for place in frame.places)


def _complete(draft: Draft, drafts: Sequence[Draft], parts: Sequence[Part]) -> None:
    """A strong cue with one party, or none: the other is looked for in the sentences beside it."""
    here = {actor.country for actor in draft.actors if actor.country and actor.type != "body"}
    if len(here) >= 2 or not any(_anchored(frame) for frame in draft.frames):
        return
    wanted = draft.countries - here  # "X pasó por Madrid. La directora Y le abrió las puertas": somebody of the country visited
    taken = {(frame.part.field, frame.segment.sentence) for one in drafts if one is not draft for frame in one.frames}
    for frame in draft.frames:
        if frame.part.field != "text" or not _anchored(frame):
            continue
        part, number = frame.part, frame.segment.sentence
        for near in _neighbours(number, bool(frame.actors) and not wanted):
            if not 0 <= near < len(part.bounds) or (part.field, near) in taken or not part.is_prose(near):
                continue
            begin, end = part.bounds[near]
            hits = list(hits_between(part.hits, begin, end))
            if any(hit.entry.tag in ("recall", "denied") for hit in hits):
                continue
            low, high = part.span(begin, end)
            inside = [
                one
                for one in part.actors
                if not (one.country == "INT" and one.plural)
                and low <= one.start < high
                and one.country
                and not one.former
                and (one.type in ("person", "title") or one.rank == "delegation")
            ]
            for actor in present(part, inside, hits):
                if not wanted or actor.country in wanted or not frame.actors:
                    draft.join(actor)
            if len({actor.country for actor in draft.actors if actor.country and actor.type != "body"}) >= 2:
                return


def _complete_from_title(drafts: Sequence[Draft], parts: Sequence[Part]) -> None:
    """A lead that names one party only, under a headline that names both ("le patron de la police du Panama chez X")."""
    if any(len({actor.country for actor in draft.actors if actor.country}) >= 2 for draft in drafts):
        return
    draft = next((one for one in drafts if any(frame.strength >= 2 and frame.part.field == "text" for frame in one.frames)), None)
    title = next((part for part in parts if part.field == "title"), None)
    if draft is None or title is None:
        return
    shown = [
        actor
        for actor in present(title, title.actors, list(title.hits))
        if actor.country and not actor.plural and not actor.former and (actor.type in ("person", "title") or actor.rank == "delegation")
    ]
    here = {actor.country for actor in draft.actors if actor.country}
    if len({actor.country for actor in shown}) != 2 or (here and not here & {actor.country for actor in shown}):
        return
    for actor in shown:
        draft.join(actor)


def _neighbours(number: int, told: bool) -> tuple[int, ...]:
    return (number - 1, number, number - 2) if told else (number - 1, number, number - 2, number + 1)


def _follow_text(drafts: list[Draft]) -> None:
    """A headline's present tense ("viaja hoy a Rabat") is what the text says it is: still to come."""
    for draft in list(drafts):
        if draft.status is not Status.NEW or not any(frame.part.field == "title" for frame in draft.frames):
            continue
        if any(
            frame.part.field == "text" and frame.actors and frame.strength >= 2 and (frame.pair or is_past(frame)) for frame in draft.frames
        ):
            continue
        if any(one.status is Status.NEW and one is not draft and len(one.countries) >= 2 for one in drafts):
            continue
        planned = next(
            (one for one in drafts if one.status is Status.PLANNED and any(same_actor(a, b) for a in one.actors for b in draft.actors)),
            None,
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
        if (
            draft.status is Status.BACKGROUND
            and len(draft.countries) >= 2
            and all(cue.near for frame in draft.frames for cue in frame.cues)
        ):
            days = _day_set(draft.frames, Status.NEW)
            if days and all(0 <= (today - day).days <= 3 for day in days):
                draft.status = Status.NEW
                return


def _join_background(drafts: list[Draft]) -> list[Draft]:
    """Drop what is recalled without a day, a place or a subject of its own, and what is only the news told again."""
    news = [draft for draft in drafts if draft.status is Status.NEW and draft.actors]
    kept = []
    for draft in drafts:
        if draft.status is Status.BACKGROUND:
            spans = _recalled_days(draft.frames)
            again = next(
                (one for one in news if spans and any(_overlap(a, b) for a in spans for b in _near(one)) and _same_party(draft, one)),
                None,
            )
            if again is not None:
                for frame in draft.frames:
                    again.add(frame, actors=len(draft.countries | again.countries) <= max(2, len(again.countries)))
                continue
            where = any(place.prep in ("in", "to") for frame in draft.frames for place in frame.places)
            people = [actor for actor in draft.actors if actor.type != "body" or actor.rank == "delegation"]
            if not (spans or where or _counted_back(draft)) or not (people or _has_sides(draft)):
                continue
        elif draft.status is Status.PLANNED and not _has_sides(draft):
            continue
        kept.append(draft)
    return kept


def _counted_back(draft: Draft) -> bool:
    """ "cinq jours après le patron de la CIA": no day, but a time."""
    return any(
        hit.entry.tag == "background_units"
        for frame in draft.frames
        for hit in hits_between(frame.part.hits, frame.segment.first, frame.segment.last)
    )


def _has_sides(draft: Draft) -> bool:
    """Whether a recalled or planned meeting has two sides, be one of them only the country gone to."""
    people = [actor for actor in draft.actors if actor.country and (actor.type != "body" or actor.rank == "delegation")]
    bodies = {actor.country for actor in draft.actors if actor.country}
    gone = {place.country for frame in draft.frames for place in frame.places if place.country and place.prep in ("in", "to")}
    gone |= {country for frame in draft.frames for country in frame.implied}
    countries = {actor.country for actor in people}
    return "INT" in bodies or len(bodies) >= 2 or bool(countries and gone - countries)


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


def _recalled_days(frames: Iterable[Frame]) -> list[tuple[date, date]]:
    return [span for frame in frames for mention in frame.dates if mention.kind != "duration" and (span := span_of(mention.days))]


def _overlap(one: tuple[date, date], two: tuple[date, date]) -> bool:
    return one[0] <= two[1] and two[0] <= one[1]
