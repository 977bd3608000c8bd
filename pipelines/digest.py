"""What goes into a digest, in which section and order. Pure: meetings and what was mailed before in, a digest out.

The order of the choice for one meeting:

    withdrawn, merged or denied after it was mailed as held   -> correction
    mailed before, and what was said has changed              -> updated (only the changes are said)
    mailed as planned or possible, now held                   -> held, or new
    never mailed: held                                        -> new, or older if it lies well before the period
                  announced (or called off)                   -> planned
                  just below the line                         -> possible
    anything else                                             -> not in this digest
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from pipelines.detect.model import UNKNOWN_DAYS, Days, Precision, Status

Section = Literal["new", "held", "updated", "planned", "older", "possible", "correction"]
SECTIONS: tuple[Section, ...] = ("new", "held", "correction", "updated", "planned", "older", "possible")
"""In the order of printing. `new` and `held` are one heading."""

ChangeKind = Literal["status", "days", "place", "people", "named", "mode", "reports"]

OLDER_AFTER = timedelta(days=21)
"""A meeting that ended, or was first reported, longer than this before the period is not this morning's news."""

LAPSED_FOR = timedelta(days=3)
"""Reports of a meeting that was held have come by then: silence after that is worth a line to those who were told of it,
and no line at all to those who were not."""

REMIND_WITHIN = timedelta(days=7)
"""An announced meeting is named again, in one line, when its day is this near."""


@dataclass(frozen=True, slots=True)
class Who:
    """One who took part, as the texts or the register name them."""

    name: str | None
    role: str | None = None
    body: str | None = None
    country: str | None = None
    person_id: str | None = None
    body_id: str | None = None
    known: bool = False
    wordings: tuple[tuple[str | None, str], ...] = ()  # (language of the article, role as it says it), all reports

    @property
    def key(self) -> str:
        """The same for the same participant, whichever article named them."""
        if self.person_id:
            return f"person:{self.person_id}"
        if self.name:
            return f"name:{self.name.casefold()}"
        return f"seat:{self.body_id or (self.body or self.role or '').casefold()}:{self.country or ''}"

    @property
    def seat(self) -> str | None:
        """The body they sit for, to tell that a title without a name has found its name."""
        return f"{self.body_id or self.body.casefold()}:{self.country or ''}" if self.body else None


@dataclass(frozen=True, slots=True)
class Source:
    """One article's account of a meeting."""

    article_id: int
    outlet: str
    title: str
    url: str | None
    language: str | None = None
    published_at: datetime | None = None
    status: Status = Status.NEW
    copy_of: int | None = None  # article whose text this one repeats
    quote: str | None = None
    family: str | None = None  # publisher: its editions are one voice


@dataclass(frozen=True, slots=True)
class Voice:
    """One independent account: the report it is known by, the outlets that repeat its text, and more of the same publisher."""

    lead: Source
    copies: tuple[Source, ...] = ()
    more: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the ledger knows of two participants having met before."""

    one: str
    other: str
    times: int  # earlier meetings on record
    last: Days = UNKNOWN_DAYS  # of the latest of them


@dataclass(frozen=True, slots=True)
class MeetingLine:
    """A meeting with all that a digest can say of it."""

    id: int
    status: Status
    days: Days
    city: str | None
    country: str | None
    mode: str
    participants: tuple[Who, ...]
    sources: tuple[Source, ...]
    topics: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    headline: str | None = None
    score: float = 0.0
    flagged: bool = True  # security cooperation is a subject and the score is at or above the line
    possible: bool = False  # just below it
    first_reported_at: datetime | None = None
    recorded_at: datetime | None = None  # when we first kept it
    earlier: tuple[Earlier, ...] = ()
    withdrawn: str | None = None  # why it was marked as wrong
    merged_into: int | None = None
    alerted_at: datetime | None = None  # an alert for this profile carried it
    imported: bool = False  # known from imported articles only

    @property
    def telling(self) -> tuple[Source, ...]:
        """The reports that tell the meeting as it stands: of one that was held, not those that announced it."""
        same = tuple(source for source in self.sources if source.status is self.status)
        return same or self.sources

    @property
    def announcing(self) -> tuple[Source, ...]:
        """Of a meeting that was held: the reports that had announced it."""
        if self.status is not Status.NEW:
            return ()
        return tuple(source for source in self.sources if source.status is Status.PLANNED)

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The independent accounts, earliest first: copies of one text are one, and so is what one publisher writes."""
        parent = {source.article_id: source.article_id for source in self.telling}

        def root(article: int) -> int:
            while parent[article] != article:
                article = parent[article]
            return article

        families: dict[str, int] = {}
        for source in self.telling:
            first = families.setdefault(source.family or source.outlet, source.article_id)
            parent[root(source.article_id)] = root(first)
            if source.copy_of in parent:
                parent[root(source.article_id)] = root(source.copy_of)
        voices: dict[int, list[Source]] = {}
        for source in self.telling:
            voices.setdefault(root(source.article_id), []).append(source)
        return tuple(_voice(sources) for sources in voices.values())

    @property
    def independent(self) -> tuple[Source, ...]:
        """The report that each voice is known by, earliest first."""
        return tuple(voice.lead for voice in self.voices)

    def best_quote(self, language: str | None = None, also_called: Mapping[str, str] | None = None) -> Source | None:
        """The report whose quote tells the meeting best: the one that names most of those at the table.

        Among equals the language asked for, then the earliest. Copies repeat, and are not asked. `also_called` has another
        spelling for some participants, by their key: a quote in other letters names them by that.
        """
        quoted = [source for source in self.independent if source.quote] or [source for source in self.telling if source.quote]
        also = also_called or {}
        names = [[name.split()[-1] for name in (who.name, also.get(who.key)) if name and name.strip()] for who in self.participants]
        return max(
            quoted,
            key=lambda source: (sum(any(name in (source.quote or "") for name in of) for of in names), source.language == language),
            default=None,
        )


def _voice(sources: Sequence[Source]) -> Voice:
    known = {source.article_id for source in sources}
    lead = next((source for source in sources if source.copy_of not in known), sources[0])
    copies = tuple(source for source in sources if source is not lead and source.copy_of in known)
    return Voice(lead, copies, tuple(source for source in sources if source is not lead and source not in copies))


# What places someone by another ("his Spanish counterpart") says nothing once the other is named beside them, what is said of
# a chief in passing ("the boss of") is no title, and what is said of several at once ("the interior ministers") is nobody's
_NO_TITLE = re.compile(
    r"homologue|counterpart|opposite number|hom[óo]log|\bcolega|alter ego|نظير|\bpatron|\bboss\b|jefe m[áa]ximo"
    r"|^(?:les |los |the )?(?:ministres|ministros|ministers|directeurs|directores|directors|chefs|jefes|chiefs|heads|patrons"
    r"|responsables de|dirigeants|leaders|bosses|officials|وزيرا|وزيري|وزراء|مديرا|مديري|مدراء)\b"
    r"|\b(?:ministers|directors|chiefs|heads|bosses|officials)$",
    re.IGNORECASE,
)


def is_title(role: str) -> bool:
    """Whether a role says what someone is, and not only whose counterpart or that they are one of several."""
    return _NO_TITLE.search(role) is None


def role_in(who: Who, language: str | None = None, country: str | None = None) -> str | None:
    """The role as the articles of that language (None: of any) say it: the commonest, then the fullest. None if none does.

    `country` is the name of theirs that is said beside the role: a wording that repeats it as an adjective comes second.
    """
    said = Counter(role for of, role in who.wordings if language in (None, of) and is_title(role))
    return max(said, key=lambda role: (said[role], not _repeats(country, role), len(role)), default=None)


def _repeats(country: str | None, role: str) -> bool:
    """Whether a word of the role begins as the country does, as most adjectives of countries do ("marocain", "Maroc")."""
    beginnings = {word[:4] for word in (country or "").casefold().split() if len(word) > 3}
    return any(word[:4] in beginnings for word in role.casefold().split())


@dataclass(frozen=True, slots=True)
class Facts:
    """What a mail said of a meeting: kept, so that the next one says only what changed."""

    status: str
    first: str | None
    last: str | None
    precision: str
    city: str | None
    country: str | None
    mode: str
    people: tuple[tuple[str, str, str | None], ...]  # key, how it was printed, seat
    independent: int
    outlets: tuple[str, ...]

    @property
    def days(self) -> Days:
        """The days that were printed."""
        precision: Precision = self.precision  # type: ignore[assignment]  # written by facts_of
        return Days(_day(self.first), _day(self.last), precision)

    @property
    def fingerprint(self) -> str:
        """Sha256 hex of the facts."""
        return hashlib.sha256(json.dumps(facts_as_json(self), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def facts_of(meeting: MeetingLine) -> Facts:
    """The facts a mail prints of this meeting."""
    return Facts(
        status=meeting.status.value,
        first=meeting.days.first.isoformat() if meeting.days.first else None,
        last=meeting.days.last.isoformat() if meeting.days.last else None,
        precision=meeting.days.precision,
        city=meeting.city,
        country=meeting.country,
        mode=meeting.mode,
        people=tuple((who.key, who.name or who.role or who.body or "", who.seat) for who in meeting.participants),
        independent=len(meeting.independent),
        outlets=tuple(dict.fromkeys(source.outlet for source in meeting.telling)),
    )


def facts_as_json(facts: Facts) -> dict[str, Any]:
    """For a JSON column."""
    plain = {name: getattr(facts, name) for name in Facts.__slots__}
    return plain | {"people": [list(person) for person in facts.people], "outlets": list(facts.outlets)}


def facts_from_json(plain: Mapping[str, Any]) -> Facts:
    """The inverse of `facts_as_json`."""
    return Facts(
        **{
            **plain,
            "people": tuple((str(key), str(shown), seat) for key, shown, seat in plain["people"]),
            "outlets": tuple(plain["outlets"]),
        }
    )


@dataclass(frozen=True, slots=True)
class Told:
    """The last mail of this profile that carried a meeting, and what it said."""

    meeting_id: int
    section: Section
    position: int
    local_date: date
    facts: Facts


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different from what was mailed."""

    kind: ChangeKind
    people: tuple[Who, ...] = ()  # came to light since (`people`), or were a title only and have a name now (`named`)
    outlets: tuple[str, ...] = ()  # report it since (`reports`)


@dataclass(frozen=True, slots=True)
class Item:
    """One meeting in a digest."""

    position: int  # 1, 2, ... through the digest, as printed
    section: Section
    meeting: MeetingLine
    told: Told | None = None
    changes: tuple[Change, ...] = ()
    lapsed: bool = False  # announced, its day has passed, no report seen


@dataclass(frozen=True, slots=True)
class Trouble:
    """A feed we do not see through, since when and why."""

    outlet: str
    url: str
    since: datetime | None
    why: str | None = None  # as it was logged
    blocked: bool = False  # the outlet refuses us
    kind: str | None = None  # class of the error, and the HTTP status if there was one
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """What was watched: whether silence means quiet or blind."""

    feeds: int = 0
    failing: tuple[Trouble, ...] = ()
    silent: tuple[Trouble, ...] = ()
    read: int = 0  # articles read in the period
    partial: int = 0  # of which only a summary or teaser could be read
    unread: int = 0  # given up or without text in the period
    waiting: int = 0  # entries not read yet

    @property
    def blocked(self) -> tuple[Trouble, ...]:
        """The failing ones that refuse us."""
        return tuple(trouble for trouble in self.failing if trouble.blocked)

    @property
    def broken(self) -> tuple[Trouble, ...]:
        """The failing ones that fail otherwise."""
        return tuple(trouble for trouble in self.failing if not trouble.blocked)

    @property
    def is_blind(self) -> bool:
        """Nothing is watched, or so many feeds fail (a third) that an empty morning says little."""
        return self.feeds == 0 or 3 * len(self.failing) >= self.feeds


@dataclass(frozen=True, slots=True)
class Counted:
    """A bar: a month (its first day) or a country, and its meetings."""

    label: date | str
    meetings: int


@dataclass(frozen=True, slots=True)
class Digest:
    """All that one mail says."""

    profile: str
    local_date: date
    period_from: datetime
    period_to: datetime
    built_at: datetime
    items: tuple[Item, ...]
    watch: Watch
    reminders: tuple[MeetingLine, ...] = ()
    covers: int = 1
    late: timedelta = timedelta(0)
    months: tuple[Counted, ...] = ()
    countries: tuple[Counted, ...] = ()

    def of(self, *sections: Section) -> tuple[Item, ...]:
        """The items of these sections, in order."""
        return tuple(item for item in self.items if item.section in sections)

    @property
    def news(self) -> tuple[Item, ...]:
        """Meetings held that the reader has not been told of."""
        return self.of("new", "held")

    @property
    def is_empty(self) -> bool:
        """Nothing to tell but the state of the watch."""
        return not self.items


def choose(
    meetings: Iterable[MeetingLine],
    told: Mapping[int, Told],
    *,
    today: date,
    period_from: datetime,
    minimum_score: float = 0.0,
    wanted: Iterable[int] | None = None,
) -> tuple[tuple[Item, ...], tuple[MeetingLine, ...]]:
    """The items of a digest, numbered in printing order, and the announced meetings to remind of.

    `told` holds what this profile was mailed, by meeting. `wanted` are the meetings that the profile's filter lets
    through (None: all); one that was mailed already is followed whatever the filter says now. `today` is the profile's
    local date.
    """
    wanted = None if wanted is None else frozenset(wanted)
    items: list[Item] = []
    reminders: list[MeetingLine] = []
    for meeting in meetings:
        before = told.get(meeting.id)
        if before is None and wanted is not None and meeting.id not in wanted:
            continue
        item = _follow(meeting, before, today) if before else _first_time(meeting, today, period_from, minimum_score)
        if item is not None:
            items.append(item)
        elif before and is_upcoming(meeting, today) and meeting.days.first and meeting.days.first - today <= REMIND_WITHIN:
            reminders.append(meeting)
    items.sort(key=_place)
    numbered = tuple(replace(item, position=number) for number, item in enumerate(items, 1))
    return numbered, tuple(sorted(reminders, key=lambda meeting: (meeting.days.first or date.max, meeting.id)))


def is_upcoming(meeting: MeetingLine, today: date) -> bool:
    """Announced, and its day has not passed as far as known."""
    return meeting.status is Status.PLANNED and not _has_passed(meeting, today)


def changes(meeting: MeetingLine, before: Facts) -> tuple[Change, ...]:
    """What is different from what was mailed. More detail counts, less does not: a record is never told backwards."""
    now = facts_of(meeting)
    found: list[Change] = []
    if now.status != before.status:
        found.append(Change("status"))
    if (now.first, now.last, now.precision) != (before.first, before.last, before.precision) and now.precision != "unknown":
        found.append(Change("days"))
    if (now.city and now.city != before.city) or (now.country and now.country != before.country):
        found.append(Change("place"))
    known = {key for key, _, _ in before.people}
    unnamed_seats = {seat for key, _, seat in before.people if key.startswith("seat:") and seat}
    came = [who for who in meeting.participants if who.key not in known]
    named = tuple(who for who in came if who.name and who.seat in unnamed_seats)
    others = tuple(who for who in came if who not in named)
    if named:
        found.append(Change("named", people=named))
    if others:
        found.append(Change("people", people=others))
    if now.independent > before.independent:
        new_outlets = tuple(dict.fromkeys(s.outlet for s in meeting.independent if s.outlet not in before.outlets))
        if new_outlets:
            found.append(Change("reports", outlets=new_outlets))
    return tuple(found)


def _follow(meeting: MeetingLine, told: Told, today: date) -> Item | None:
    if meeting.withdrawn or meeting.merged_into is not None:
        return None if told.section == "correction" else Item(0, "correction", meeting, told)
    was_held = told.facts.status == Status.NEW.value and told.section != "possible"
    if meeting.status in (Status.DENIED, Status.CANCELLED) and was_held:
        return Item(0, "correction", meeting, told, (Change("status"),))
    if told.section == "possible":
        # It was only listed apart: once it is above the line it is news like any other
        return Item(0, "new", meeting, told) if meeting.status is Status.NEW and meeting.flagged else None
    if told.facts.status == Status.PLANNED.value and meeting.status is Status.NEW:
        return Item(0, "held", meeting, told) if meeting.flagged else None
    if meeting.status is Status.BACKGROUND:
        return None
    found = changes(meeting, told.facts)
    if any(change.kind != "reports" for change in found) or (found and was_held):
        return Item(0, "updated", meeting, told, found)
    if meeting.status is Status.PLANNED and _lapsed_since(meeting, told.local_date, today):
        return Item(0, "updated", meeting, told, lapsed=True)
    return None


def _lapsed_since(meeting: MeetingLine, told_on: date, today: date) -> bool:
    """Its day is past for long enough that a report would have come, and that was not so when it was last told of."""
    ended = _last_possible_day(meeting.days)
    return ended is not None and told_on <= ended + LAPSED_FOR < today


def _first_time(meeting: MeetingLine, today: date, period_from: datetime, minimum_score: float) -> Item | None:
    if meeting.withdrawn or meeting.merged_into is not None or meeting.status is Status.BACKGROUND or meeting.score < minimum_score:
        return None
    if meeting.status is Status.NEW and meeting.flagged:
        if not _is_old(meeting, period_from):
            return Item(0, "new", meeting)
        # Old articles that were imported fill the ledger; they are nobody's morning news
        return None if meeting.imported else Item(0, "older", meeting)
    if meeting.status is Status.NEW and meeting.possible and not _is_old(meeting, period_from):
        return Item(0, "possible", meeting)
    if meeting.status in (Status.PLANNED, Status.CANCELLED, Status.DENIED) and meeting.flagged:
        if _is_old(meeting, period_from) or not _is_worth_announcing(meeting, today):
            return None
        return Item(0, "planned", meeting, lapsed=meeting.status is Status.PLANNED and _has_passed(meeting, today))
    return None


def _is_worth_announcing(meeting: MeetingLine, today: date) -> bool:
    """Somebody is to meet somebody, or on a known day; and that day has not long passed without our having told of it."""
    ended = _last_possible_day(meeting.days)
    if meeting.status is Status.PLANNED and ended is not None and today - ended > LAPSED_FOR:
        return False
    return len(meeting.participants) > 1 or meeting.days.precision in ("day", "range")


def _is_old(meeting: MeetingLine, period_from: datetime) -> bool:
    line = period_from - OLDER_AFTER
    if meeting.first_reported_at is not None and meeting.first_reported_at < line:
        return True
    ended = _last_possible_day(meeting.days)
    return ended is not None and ended < line.date()


def _has_passed(meeting: MeetingLine, today: date) -> bool:
    ended = _last_possible_day(meeting.days)
    return ended is not None and ended < today


def _last_possible_day(days: Days) -> date | None:
    if days.precision == "unknown" or days.first is None:
        return None
    if days.precision == "month":
        return (days.first.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    if days.precision == "year":
        return date(days.first.year, 12, 31)
    return days.last or days.first


def _place(item: Item) -> tuple[Any, ...]:
    """Sort key: sections as printed, and in each the weightiest first; announced ones by their day."""
    meeting = item.meeting
    section = SECTIONS.index("new" if item.section == "held" else item.section)
    if item.section == "planned":
        return (section, item.lapsed, meeting.days.first or date.max, -meeting.score, meeting.id)
    only_reports = item.section == "updated" and bool(item.changes) and all(change.kind == "reports" for change in item.changes)
    known = any(who.known for who in meeting.participants)
    reports = min(len(meeting.independent), 5)
    return (section, only_reports, -known, -(meeting.score + 0.1 * reports), -_ordinal(meeting), meeting.id)


def _ordinal(meeting: MeetingLine) -> int:
    return (meeting.days.last or meeting.days.first or date.min).toordinal()


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def lead_names(participants: Sequence[Who], limit: int = 2) -> tuple[tuple[Who, ...], int]:
    """The ones a title names, one for each country first and those with a name first, and how many are left out."""
    ranked = sorted(enumerate(participants), key=lambda pair: (not pair[1].name, not pair[1].known, pair[0]))
    first_of_country: list[tuple[int, Who]] = []
    rest: list[tuple[int, Who]] = []
    seen: set[str | None] = set()
    for order, who in ranked:
        (rest if who.country in seen else first_of_country).append((order, who))
        seen.add(who.country)
    taken = sorted((first_of_country + rest)[:limit], key=lambda pair: (not pair[1].known, pair[0]))
    return tuple(who for _, who in taken), len(participants) - len(taken)
