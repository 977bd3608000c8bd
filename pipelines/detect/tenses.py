"""What the words of a cue say about its time: done, done before the news, or still to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.detect.cues import Hit, hits_between
from pipelines.detect.model import Status
from pipelines.detect.parts import SINCE, Part

_CLAUSES = frozenset(("حيث", "اذ", "الذي", "التي", "بينما", "فيما"))  # folded words that begin another clause
_WITH = frozenset(("مع", "رفقه", "برفقه"))
_REACH = 10  # words over which an auxiliary governs a participle ("a eu, ce mardi à Rabat, des entretiens")


@dataclass(slots=True)
class Cue:
    """A cue in its place, with what its words say about status."""

    hit: Hit
    status: Status
    explicit: bool
    near: bool = False  # pluperfect only: may still be the news when the day is


def cues_of(part: Part, number: int) -> list[Cue]:
    """The cues of one sentence, each with the status its words give it."""
    begin, end = part.bounds[number]
    hits = list(hits_between(part.hits, begin, end))
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
    forced = shifts_of(part, hits, begin, end)
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
            if hit.entry.mode in (None, "multilateral") and any(
                -4 <= one.first - hit.last < reach and _same_clause(part, one, hit) for one in nears
            ):
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


def _is_cue(part: Part, hit: Hit, begin: int) -> bool:
    """Whether a phrase of the lexicon really is a cue here: its auxiliary fits, and nobody says "match" or "ne ... pas"."""
    entry = hit.entry
    if entry.tag not in ("verb", "noun"):
        return False
    if entry.noun:
        return True
    if entry.partner and not _has_partner(part, hit):
        return False
    if entry.id in ("presence", "invite"):
        if part.tokens.words[hit.first - 1] == "s" and hit.first > begin:
            return False  # "s'étaient succédé"
        if any(one.entry.tag == "verb" and one.entry.tense == "participle" for one in hits_between(part.hits, hit.last, hit.last + 1)):
            return False  # "était reçu"
        reach = part.tokens.ends[min(hit.last + 7, len(part.tokens.ends)) - 1]
        low = part.tokens.starts[hit.first]
        if not any(low < place.start < reach and place.prep in ("in", "to") and place.kind == "city" for place in part.places):
            return False
        opening = part.tokens.starts[begin]
        return any(opening <= actor.start < low and actor.type != "body" for actor in part.actors) or any(
            one.entry.tag in ("subject_pronouns", "anaphors") for one in hits_between(part.hits, begin, hit.first)
        )
    if hit.first > begin and any(
        one.last == hit.first and one.entry.tag == "negation" for one in hits_between(part.hits, hit.first - 1, hit.first)
    ):
        return False
    if entry.tense == "participle":
        tag, place = tense_before(part, hit.first, begin)
        if tag is None:
            return entry.bare
        if place > begin and any(one.last == place and one.entry.tag == "negation" for one in hits_between(part.hits, place - 1, place)):
            return False
        if entry.reflexive:
            aux = part.tokens.words[place]
            return aux not in ("a", "ont", "avait", "avaient", "ha", "han", "habia", "habian", "has", "have", "had")
    return True


def _has_partner(part: Part, hit: Hit) -> bool:
    """Arabic "بحث X ... مع Y": the verb has its subject behind it and then the other party; else it is a noun or one party's business."""
    tokens = part.tokens
    at = [actor for actor in part.actors if actor.type != "body" or actor.rank == "delegation"]
    who = next((one for one in at if hit.last <= tokens.holding(one.start) <= hit.last + 2), None)
    if who is None:
        return False
    end = next((bound[1] for bound in part.bounds if bound[0] <= hit.first < bound[1]), len(tokens.words))
    for other in at:
        first = tokens.holding(other.start)
        if other.start < who.end or first >= end:
            continue
        between = tokens.words[hit.last : first + 1]
        if any(word in _WITH for word in between) or (between and between[-1][0] == "و"):
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
        # The "to" of "is due to hold" belongs to both
        tag, _ = tense_before(part, hit.first + (part.tokens.words[hit.first] == "to"), begin)
        if tag == "future":
            return Status.PLANNED, False
        if tag == "pluperfect":
            return Status.BACKGROUND, True
        if tag in ("past", "conditional"):
            return Status.NEW, False
        return None, False
    if _copula(part, hit.first, begin):
        return Status.BACKGROUND, True
    tag, place = tense_before(part, hit.first, begin)
    if tag == "future" and hit.first - place <= 6:
        return Status.PLANNED, False
    return Status.NEW, False


def tense_before(part: Part, at: int, begin: int) -> tuple[str | None, int]:
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
    """Arabic "كان (قد) استقبل": a past verb made earlier than the news; not across "حيث" or a comma unless "قد" goes with the verb."""
    tokens = part.tokens
    low = max(begin, at - 7)
    if at > begin and tokens.words[at - 1] != "قد":
        for place in range(at, low, -1):
            if tokens.words[place] in _CLAUSES or any(stop in tokens.gaps[place] for stop in "،,؛;:"):
                low = place
                break
    return any(hit.entry.tag == "copula" for hit in hits_between(part.hits, low, at))


def _earlier_clause(part: Part, hits: Sequence[Hit]) -> int | None:
    """Arabic "كان ... قد": where a clause begins that tells what was before the news."""
    words = part.tokens.words
    for hit in hits:
        if hit.entry.tag == "copula" and "قد" in words[hit.last : hit.last + 7]:
            return hit.first
    return None


def _since(part: Part, hit: Hit) -> bool:
    """ "desde hace un mes" says how long, not when."""
    return hit.first > 0 and part.tokens.words[hit.first - 1] in SINCE


def _same_clause(part: Part, one: Hit, two: Hit) -> bool:
    low, high = sorted((one.first, two.first))
    return not any(stop in part.tokens.gaps[place] for place in range(low + 1, high + 1) for stop in ",;:.(")


def shifts_of(part: Part, hits: Sequence[Hit], begin: int, end: int) -> list[tuple[int, int, Status]]:
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
                    if hit.first <= one.first < reach
                    and one.last > hit.last - 1
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
            if (
                tag == "background_intro"
                and noun.entry.id == "visit"
                and any(one.entry.tag == "returned" and 0 <= hit.first - one.last <= 25 for one in hits)
            ):
                continue  # "returned home after a visit to Y": the visit is the news
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
        return any(low <= actor.start < high for actor in part.actors) or any(
            low <= p.start < high and p.kind != "demonym" for p in part.places
        )
    return False


def _shift_end(part: Part, anchor: Hit, begin: int, end: int, start: int | None = None) -> int:
    """Where a shift ends: at the first comma after it when it opens the sentence, else with the sentence."""
    if (anchor.first if start is None else start) - begin > 4:
        return end
    for place in range(anchor.last + 1, end):
        if "," in part.tokens.gaps[place]:
            return place
    return end
