"""The stages in order: language, mentions, frames, meetings, reports, verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from pipelines.detect.candidate import is_candidate
from pipelines.detect.cues import Lexicon, hits_between, load_lexicon
from pipelines.detect.fold import Folded, fold
from pipelines.detect.home import home_of
from pipelines.detect.language import identify
from pipelines.detect.meetings import Draft, gather
from pipelines.detect.mentions import find_actors
from pipelines.detect.model import NOWHERE, Detection, Evidence, Field, Mention, Place, Quote, Report, Status
from pipelines.detect.parts import Part, read_part
from pipelines.detect.people import SECURITY_KINDS, retarget
from pipelines.detect.places import find_places, load_places
from pipelines.detect.reports import categories_of, days_of, mode_of, participant, participants_of, place_of, side_of, telling_most
from pipelines.detect.resources import Register
from pipelines.detect.resources import load as load_register
from pipelines.detect.score import BY_NATURE, Genre, Verdict, genre_of, judge
from pipelines.detect.sentences import Dateline, dateline
from pipelines.detect.topics import by_nature, subject_of, told_in

LANGUAGES = ("fr", "ar", "es", "en")
_LONGEST = 60_000  # letters of a text that are read: no news article is longer, and hostile text must not cost more


@dataclass(frozen=True, slots=True)
class Resources:
    """Register and lexicons, loaded once."""

    register: Register
    lexicons: Mapping[str, Lexicon]

    @property
    def common(self) -> dict[str, frozenset[str]]:
        return {language: lexicon.common for language, lexicon in self.lexicons.items()}


def load(registers: Sequence[Path] = (), languages: Sequence[str] = LANGUAGES) -> Resources:
    """Register, places and lexicons. Raises RegisterError or LexiconError with file and key if a data file is wrong."""
    return _load(tuple(Path(path) for path in registers), tuple(languages))


@lru_cache(maxsize=8)
def _load(registers: tuple[Path, ...], languages: tuple[str, ...]) -> Resources:
    load_places()
    return Resources(load_register(registers), {language: load_lexicon(language) for language in languages})


def nothing(language: str | None, why: str) -> Detection:
    """A detection that found nothing, and why."""
    return Detection(language, False, False, 0.0, missing=(why,))


@dataclass(frozen=True, slots=True)
class Weighed:
    """A gathered meeting with its report and verdict."""

    draft: Draft
    report: Report
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything the stages found, for explaining."""

    parts: tuple[Part, ...]
    drafts: tuple[Draft, ...]
    weighed: tuple[Weighed, ...]
    genre: Genre


def detect(
    title: str,
    text: str,
    published: datetime | None,
    language: str | None = None,
    outlet: str | None = None,
    *,
    resources: Resources | None = None,
    threshold: float = 0.5,
    possible: float = 0.3,
) -> Detection:
    """The meetings an article reports. Never raises for anything in the article."""
    title, text = title or "", (text or "")[:_LONGEST]
    if not title.strip() and not text.strip():
        return nothing(None, "the article is empty")
    if not is_candidate(title + "\n" + text):
        return nothing(language if language in LANGUAGES else None, "no words of an encounter together with words of security")
    known = resources or load()
    spoken = identify(title + "\n" + text, known.common, language)
    if spoken is None:
        return nothing(None, "the language is none of " + ", ".join(known.lexicons))
    reading = read(title, text, published, spoken, outlet, known)
    return decide(reading, spoken, threshold, possible)


def read(title: str, text: str, published: datetime | None, language: str, outlet: str | None, known: Resources) -> Reading:
    """All stages up to the verdicts."""
    lexicon = known.lexicons[language]
    day = published.date() if published else None
    written: tuple[tuple[Field, Folded], ...] = (("title", fold(title)), ("text", fold(text)))
    places = {name: find_places(folded.original, language, folded=folded) for name, folded in written}
    home = home_of(outlet, text) if language == "ar" else None
    actors = retarget(find_actors(title, text, language, day, known.register, home=home, places=(places["title"], places["text"])))
    parts = tuple(
        read_part(name, folded, language, published, actors, places[name], lexicon) for name, folded in written if folded.original.strip()
    )
    drafts = gather(parts, published)
    _refuse(parts, drafts)
    genre = genre_of(parts, outlet)
    line = dateline(text, language, published)
    weighed = tuple(_weigh(draft, drafts, parts, genre, line, day) for draft in drafts)
    return Reading(parts, tuple(drafts), weighed, genre)


def _refuse(parts: Sequence[Part], drafts: Sequence[Draft]) -> None:
    """Meetings that the article says did not take place, or will not."""
    for tag, status in (("denied", Status.DENIED), ("cancelled", Status.CANCELLED)):
        loud: Quote | None = None
        quiet: dict[tuple[str, int], Quote] = {}
        for part in parts:
            for number, sentence in enumerate(part.sentences):
                hit = next((one for one in hits_between(part.hits, *part.bounds[number]) if one.entry.tag == tag), None)
                if hit is None or sentence.kind not in ("body", "heading"):
                    continue
                if not _tells_encounter(part, number):
                    continue
                quote = part.sentence_quote(number)
                quiet[(part.field, number)] = quote
                if part.field == "title" or number <= part.lead + 1:
                    loud = loud or quote
        for draft in drafts:
            if draft.status not in (Status.NEW, Status.PLANNED):
                continue
            own = next((quiet[key] for frame in draft.frames if (key := (frame.part.field, frame.segment.sentence)) in quiet), None)
            if own is not None and (loud is not None or tag == "denied"):
                draft.status, draft.denied = status, own
            elif loud is not None and (status is Status.DENIED or draft.status is Status.PLANNED):
                draft.status, draft.denied = status, loud


def _tells_encounter(part: Part, number: int) -> bool:
    """Whether a sentence speaks of an encounter, so that a denial in it denies one."""
    return any(
        hit.entry.tag in ("verb", "noun") and hit.entry.kind in ("meet", "receive", "visit")
        for hit in hits_between(part.hits, *part.bounds[number])
    )


def _weigh(
    draft: Draft, drafts: Sequence[Draft], parts: Sequence[Part], genre: Genre, line: Dateline | None, today: date | None
) -> Weighed:
    actors = participants_of(draft)
    days, day_quote = days_of(draft, parts, today)
    place, place_quote = place_of(draft, parts, line)
    mode, mode_quote = mode_of(draft, actors, days)
    subject = by_nature(subject_of(told_in(draft, drafts, parts)), actors, parts)
    verdict = judge(draft, actors, subject, genre, parts)
    by_field = {part.field: part for part in parts}
    sides = [side_of(actor, draft) for actor in actors]
    people = tuple(participant(actor, side, by_field[actor.field]) for actor, side in zip(actors, sides, strict=True))
    if place == NOWHERE:
        host = next((one.country for one in people if one.side == "host" and one.country), None)
        visitors = any(one.side == "visitor" and one.country != host for one in people)
        if host and visitors and mode not in ("call", "video"):
            place = Place(None, host)
    telling = [frame for frame in draft.frames if frame.cues]
    best = max(telling, key=telling_most, default=None)
    quote = best.part.sentence_quote(best.segment.sentence) if best else None
    evidence = [Evidence("participants", quote) for one in people for quote in one.quotes]
    if day_quote:
        evidence.append(Evidence("date", day_quote))
    if place_quote:
        evidence.append(Evidence("place", place_quote))
    if mode_quote:
        evidence.append(Evidence("mode", mode_quote))
    if draft.denied or quote:
        evidence.append(Evidence("status", draft.denied or quote))  # type: ignore[arg-type]
    evidence.extend(Evidence(f"topic:{name}", words) for name, words in subject.topics)
    report = Report(
        draft.status, days, place, mode, people, tuple(name for name, _ in subject.topics), categories_of(actors, draft),
        verdict.security, verdict.score, verdict.reasons, tuple(evidence), quote,
    )  # fmt: skip
    return Weighed(draft, report, verdict)


def decide(reading: Reading, language: str, threshold: float, possible: float) -> Detection:
    """The verdict on the article out of the verdicts on its meetings."""
    news = [one for one in reading.weighed if one.report.status is Status.NEW]
    best = max(news, key=lambda one: one.verdict.score, default=None)
    score = best.verdict.score if best else 0.0
    flagged = [one for one in news if one.verdict.score >= threshold and not one.verdict.missing]
    kept = []
    for one in reading.weighed:
        if one.report.status is Status.NEW:
            if one.report.participants and one.verdict.score >= possible and (not flagged or not one.verdict.missing):
                kept.append(one.report)
        elif _worth_keeping(one, bool(flagged)):
            kept.append(one.report)
    missing: tuple[str, ...] = ()
    if not flagged:
        missing = best.verdict.missing or ("the score is below the line",) if best else _why_none(reading)
    categories = tuple(sorted({category for one in flagged for category in one.report.categories}))
    return Detection(
        language, bool(flagged), not flagged and score >= possible, score, tuple(kept), categories, missing, _mentions(reading.parts)
    )


def _worth_keeping(one: Weighed, flagged: bool) -> bool:
    """A recalled or planned meeting is kept when somebody of a security body is in it."""
    if one.report.status is Status.PLANNED and all(
        cue.hit.entry.kind in ("sign", "support") for frame in one.draft.frames for cue in frame.cues
    ):
        return False  # a treaty that will be signed is no meeting yet
    kinds = {person.kind for person in one.report.participants}
    if kinds & BY_NATURE or (kinds & SECURITY_KINDS and one.report.status in (Status.DENIED, Status.CANCELLED)):
        return True
    return bool(kinds & SECURITY_KINDS) and (one.verdict.security or flagged or not one.verdict.missing)


def _why_none(reading: Reading) -> tuple[str, ...]:
    statuses = {one.report.status for one in reading.weighed}
    said = {
        Status.BACKGROUND: "a meeting is only recalled",
        Status.PLANNED: "a meeting is only announced",
        Status.DENIED: "the meeting is denied",
        Status.CANCELLED: "the meeting is called off",
    }
    found = tuple(words for status, words in said.items() if status in statuses)
    if found:
        return found
    if not any(part.actors for part in reading.parts):
        return ("nobody of a security body is named",)
    return ("no words of an encounter beside the people named",)


def _mentions(parts: Sequence[Part]) -> tuple[Mention, ...]:
    found = []
    for part in parts:
        for actor in part.actors:
            kind = "person" if actor.name else "body" if actor.type == "body" else "office"
            found.append(Mention(kind, part.quote(actor.start, actor.end), actor.person_id or actor.body_id))
        found.extend(Mention("place", part.quote(one.start, one.end), one.city_id or one.country) for one in part.places)
        found.extend(Mention("date", part.quote(one.start, one.end), one.days.label) for one in part.dates)
        for hit in part.hits:
            if hit.entry.tag in ("verb", "noun", "topic"):
                words = part.quote(part.tokens.starts[hit.first], part.tokens.ends[hit.last - 1])
                found.append(Mention("topic" if hit.entry.tag == "topic" else "cue", words, hit.entry.id))
    return tuple(found)


def labelled(detection: Detection) -> list[Report]:
    """The reports that have a place in the label format, in order: not what was denied or called off, no doubtful news."""
    off = (Status.DENIED, Status.CANCELLED)
    return [one for one in detection.reports if one.status not in off and (detection.flag or one.status is not Status.NEW)]


def to_label(detection: Detection, *, id: str) -> dict[str, object]:
    """One prediction in the label format."""
    meetings = [_meeting_label(report) for report in labelled(detection)]
    return {
        "id": id,
        "flag": detection.flag,
        "categories": list(detection.categories),
        "meetings": meetings,
        "score": detection.score,
        "missing": list(detection.missing),
        "language": detection.language,
    }


def _meeting_label(report: Report) -> dict[str, object]:
    quotes = [{"about": one.about, "text": one.quote.text} for one in report.evidence]
    return {
        "status": report.status.value,
        "date": report.days.label,
        "city": report.place.city,
        "country": report.place.country,
        "mode": report.mode,
        "topics": list(report.topics),
        "participants": [
            {"name": one.name, "name_in_text": one.name_in_text, "role": one.role, "org": one.body, "country": one.country}
            for one in report.participants
        ],
        "quote": report.quote.text if report.quote else None,
        "quotes": quotes,
        "score": report.score,
        "reasons": [{"name": one.name, "weight": one.weight, "quote": one.quote.text if one.quote else None} for one in report.reasons],
    }
