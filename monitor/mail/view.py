"""A digest in the words of one frame: plain values for the templates, every text clean, with its language and direction."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from monitor.mail.message import SUBJECT_LENGTH, clean, cut, scrub
from monitor.mail.names import Names
from monitor.mail.words import Frame, direction
from pipelines.detect.fold import fold_key
from pipelines.detect.model import Status
from pipelines.digest import Change, Counted, Digest, Earlier, Item, MeetingLine, Source, Trouble, Who, is_title, lead_names, role_in

QUOTE_LENGTH = 420
TITLE_LENGTH = 180
ROLE_LENGTH = 160
TOPICS = 5
LINKS = 8
"""Independent sources with their headline; the rest is named."""

ANNOUNCING = 5

MONTHS = 6
"""Months that the chart shows at least."""

FEW_DAYS = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Words:
    """A text with its direction, and its language where that is known."""

    text: str
    dir: str
    lang: str | None = None

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class Person:
    """A participant: the name (or what stands for it) and the rest."""

    name: Words
    rest: tuple[Words, ...]  # role, body, country


@dataclass(frozen=True, slots=True)
class Link:
    """An article of an outlet."""

    outlet: Words
    title: Words | None
    url: str | None
    day: str | None
    copies: tuple[Link, ...] = ()  # the same text elsewhere
    more: tuple[Link, ...] = ()  # further articles of the same publisher


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled line: a change, a note."""

    label: str
    values: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One meeting as printed."""

    number: int
    section: str
    title: tuple[Words, ...]  # names to be joined by dashes
    more: str | None
    when: str
    where: tuple[Words, ...]  # city, country
    mode: str | None
    badge: str | None
    calm: bool  # whether the badge is no cause for alarm
    people: tuple[Person, ...]
    topics: str | None
    quote: Words | None
    quoted_from: Words | None
    counted: str | None
    links: tuple[Link, ...]
    folded: tuple[Link, ...] = ()  # sources named only
    announced: tuple[Link, ...] = ()  # who had announced it
    notes: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    compact: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart; `share` of the longest in percent."""

    label: str
    count: int
    share: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A feed we do not see through."""

    outlet: Words
    since: str | None
    why: Words | None


@dataclass(frozen=True, slots=True)
class Block:
    """A heading with its cards."""

    key: str
    heading: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class View:
    """All that the templates print."""

    language: str
    dir: str
    subject: str
    preheader: str
    profile: str
    date: str
    counts: str
    period: str
    notices: tuple[str, ...]  # late, catch-up
    warning: str | None  # we see too little
    quiet: str | None
    quiet_why: str | None
    blocks: tuple[Block, ...]
    months: tuple[Bar, ...]
    countries: tuple[Bar, ...]
    watch: str
    reading: str | None
    gaps: tuple[tuple[str, tuple[Gap, ...]], ...]
    why: str
    leave: str
    leave_url: str | None
    words: Frame = field(repr=False)
    alert: bool = False


def view_of(
    digest: Digest,
    frame: Frame,
    zone: str,
    *,
    contact: str | None = None,
    alert: bool = False,
    names: Names | None = None,
) -> View:
    """The digest in words. `zone` is the profile's; `contact` takes back a subscription; `names` are the register's."""
    names = names or Names()
    make = _Maker(digest, frame, zone, names)
    blocks = tuple(make.blocks())
    warning, quiet, quiet_why = make.silence()
    return View(
        language=frame.language,
        dir=frame.direction,
        subject=subject_of(digest, frame, alert=alert, names=names),
        preheader=cut(make.preheader(), 90),
        profile=digest.profile,
        date=frame.day(digest.local_date),
        counts=make.counts(),
        period=frame.text("frame.period", start=make.clock(digest.period_from), end=make.clock(digest.period_to)),
        notices=tuple(make.notices()),
        warning=warning,
        quiet=quiet,
        quiet_why=quiet_why,
        blocks=blocks,
        months=_bars((frame.month_short(bar.label), bar.meetings) for bar in _begun(digest.months) if isinstance(bar.label, date)),
        countries=_bars((frame.country(str(bar.label)) or "", bar.meetings) for bar in digest.countries),
        watch=make.watch(),
        reading=make.reading(),
        gaps=tuple(make.gaps()),
        why=frame.text("frame.why", profile=digest.profile),
        leave=frame.text("frame.leave"),
        leave_url=f"mailto:{quote(contact, safe='@+')}?subject={quote(f'unsubscribe {digest.profile}')}" if contact else None,
        words=frame,
        alert=alert,
    )


def subject_of(
    digest: Digest,
    frame: Frame,
    *,
    alert: bool = False,
    part: tuple[int, int] | None = None,
    names: Names | None = None,
) -> str:
    """At most 70 characters: what and how many, then the lead meeting. `part` is (number, of how many)."""
    numbered = f" ({part[0]}/{part[1]})" if part and part[1] > 1 else ""
    late = f" {frame.text('subject.late')}" if digest.covers > 1 else ""
    room = SUBJECT_LENGTH - len(numbered) - len(late)
    first = next(iter(digest.items), None)
    if alert:
        head = frame.text("subject.alert")
    elif digest.news:
        head, first = frame.count("new", len(digest.news)), digest.news[0]
    elif first is None:
        head = frame.text("subject.quiet")
    else:
        kind = kind_of(first)
        head = frame.count(kind, sum(kind_of(item) == kind for item in digest.items))
    if first is None:
        return scrub(cut(scrub(head), room) + late + numbered)
    leads = [f"{scrub(head)}{frame.text('frame.colon')}{lead}" for lead in _leads(first.meeting, frame, names or Names())]
    fitting = next((scrub(lead) for lead in leads if len(scrub(lead)) <= room), None)
    return scrub((fitting or cut(scrub(leads[-1]), room)) + late + numbered)


def kind_of(item: Item) -> str:
    """What an item is counted as: the name of its counts in the frames."""
    if item.section == "planned":
        return "off" if item.meeting.status is not Status.PLANNED else "lapsed" if item.lapsed else "planned"
    return {"correction": "corrections", "held": "new"}.get(item.section, item.section)


def title_of(meeting: MeetingLine, frame: Frame, names: Names) -> tuple[tuple[str, ...], int]:
    """The names that stand for a meeting, and how many more took part."""
    leading, more = lead_names(meeting.participants)
    if not any(who.name or who.body or who.role for who in leading):
        told = next((source.title for source in meeting.telling if clean(source.title)), meeting.headline)
        return (cut(clean(told or "") or frame.text("item.undetailed"), TITLE_LENGTH),), 0
    return tuple(_name(who, frame, names) for who in leading), more


def names_of(meeting: MeetingLine, frame: Frame, names: Names | None = None) -> tuple[str, ...]:
    """The names that stand for a meeting, with the count of the others last if there are any."""
    leading, more = title_of(meeting, frame, names or Names())
    return (*leading, f"+{more}") if more else leading


def place_of(meeting: MeetingLine, frame: Frame, names: Names | None = None) -> tuple[str, ...]:
    """City and country, as far as known."""
    city = (names or Names()).city(meeting.city, meeting.country, frame.language)
    return tuple(clean(part) for part in (city, frame.country(meeting.country)) if part)


def quote_of(meeting: MeetingLine, language: str | None = None) -> str | None:
    """The telling quote, cut to a readable length."""
    quoted = meeting.best_quote(language)
    return cut(clean(quoted.quote), QUOTE_LENGTH) if quoted and quoted.quote else None


def link_of(source: Source) -> str | None:
    """A source's address, if it is one that may be followed."""
    return safe_url(source.url)


def safe_url(url: str | None) -> str | None:
    """The address if it is a plain http or https one, with anything unusual percent-encoded; else None."""
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname or parts.username is not None:
            return None
        host = parts.hostname.encode("idna").decode("ascii") if not parts.hostname.isascii() else parts.hostname
        if not re.fullmatch(r"[a-z0-9.:_-]+", host):
            return None
        where = f"[{host}]" if ":" in host else host
        parts = parts._replace(netloc=f"{where}:{parts.port}" if parts.port else where)
        return quote(urlunsplit(parts), safe="%/:?#[]@!$&'()*+,;=~-._", errors="replace")
    except ValueError:
        return None


class _Maker:
    """Puts one digest into the words of one frame."""

    def __init__(self, digest: Digest, frame: Frame, zone: str, names: Names):
        self.digest, self.frame, self.zone, self.names = digest, frame, zone, names
        self.today = digest.local_date

    def clock(self, when: datetime) -> str:
        return self.frame.clock(when, self.zone, self.today)

    # The top

    def counts(self) -> str:
        counted = Counter(kind_of(item) for item in self.digest.items)
        kinds = ("new", "corrections", "updated", "off", "planned", "lapsed", "older", "possible")
        pairs = [(kind, counted[kind]) for kind in kinds]
        # A count does not part from its noun at the end of a line
        return " · ".join(self.frame.count(what, n).replace(" ", "\u00a0") for what, n in pairs if n)

    def preheader(self) -> str:
        news = [_lead(item.meeting, self.frame, self.names) for item in self.digest.news[1:4]]
        return clean(" · ".join([*news, self.counts() or self.frame.text("frame.quiet"), self.watch()]))

    def notices(self) -> Iterable[str]:
        if self.digest.covers > 1:
            yield self.frame.count("catch_up", self.digest.covers)
        # A few minutes are the time it takes to build and nobody's concern
        if self.digest.late >= timedelta(minutes=30):
            yield self.frame.text("frame.late", late=self.frame.length(self.digest.late))

    def silence(self) -> tuple[str | None, str | None, str | None]:
        """(warning that we see too little, that there is nothing new, whether that is to be believed)"""
        watch, frame = self.digest.watch, self.frame
        if watch.feeds == 0:
            warning = frame.text("frame.no_feeds")
        elif watch.is_blind:
            warning = frame.text("frame.blind", failing=len(watch.failing), feeds=watch.feeds)
        else:
            warning = None
        if self.digest.news:
            return warning, None, None
        why = None
        if warning is None:
            why = frame.text("frame.quiet_partly" if watch.failing or watch.silent else "frame.quiet_sure")
        return warning, frame.text("frame.quiet"), why

    # The meetings

    def blocks(self) -> Iterable[Block]:
        digest, frame = self.digest, self.frame
        updated, planned = digest.of("updated"), digest.of("planned")
        only_reports = tuple(item for item in updated if {change.kind for change in item.changes} == {"reports"})
        groups: list[tuple[str, Iterable[Item], Callable[[Item], Card]]] = [
            ("new", digest.news, self.card),
            ("correction", digest.of("correction"), self.short_card),
            ("updated", [item for item in updated if item not in only_reports], self.short_card),
            ("reports", only_reports, self.short_card),
            ("off", [item for item in planned if kind_of(item) == "off"], self.announced_card),
            ("planned", [item for item in planned if kind_of(item) == "planned"], self.announced_card),
            ("lapsed", [item for item in planned if kind_of(item) == "lapsed"], self.announced_card),
            ("older", digest.of("older"), self.card),
            ("possible", digest.of("possible"), self.possible_card),
        ]
        for key, items, make in groups:
            cards = tuple(make(item) for item in items)
            if cards:
                yield Block(key, frame.text(f"sections.{key}"), cards)
            if key == "planned" and digest.reminders:
                reminded = tuple(self.reminder(meeting) for meeting in digest.reminders)
                yield Block("reminders", frame.text("sections.reminders"), reminded)

    def card(self, item: Item) -> Card:
        meeting = item.meeting
        quoted = self.telling_quote(meeting)
        return Card(
            number=item.position,
            section=item.section,
            people=tuple(self.person(who, meeting.days.first) for who in meeting.participants),
            topics=self.topics(meeting),
            quote=_quote(quoted),
            quoted_from=_words(quoted.outlet) if quoted and quoted.quote else None,
            counted=self.counted(meeting),
            links=tuple(self.links(meeting))[:LINKS],
            folded=tuple(replace(link, title=None) for link in self.links(meeting))[LINKS:],
            announced=tuple(replace(self.link(source), title=None) for source in meeting.announcing[:ANNOUNCING]),
            notes=tuple(self.notes(item)),
            **self._top(meeting),  # type: ignore[arg-type]
            badge=self.badge(item),
            calm=meeting.status is Status.PLANNED,
        )

    def telling_quote(self, meeting: MeetingLine) -> Source | None:
        arabic = {who.key: name for who in meeting.participants if (name := self.names.name(who, "ar"))}
        return meeting.best_quote(self.frame.language, arabic)

    def announced_card(self, item: Item) -> Card:
        """What has not been held is set smaller than what was, and says so."""
        return replace(self.card(item), compact=True, counted=None)

    def short_card(self, item: Item) -> Card:
        """For what was told before: what is different, and the reports that say so."""
        meeting = item.meeting
        told = set(item.told.facts.outlets) if item.told else set()
        correction = item.section == "correction"
        links = [replace(link, copies=(), more=()) for link in self.links(meeting) if correction or link.outlet.text not in told]
        return Card(
            number=item.position,
            section=item.section,
            people=(),
            topics=None,
            quote=None,
            quoted_from=None,
            counted=None,
            links=tuple(links[: 1 if correction else 4]),
            notes=tuple(self.notes(item)),
            facts=tuple(fact for change in item.changes if (fact := self.change(change, item)) is not None),
            **self._top(meeting),  # type: ignore[arg-type]
            badge=None,
            calm=True,
            compact=True,
        )

    def unlike(self, title: str, link: Link) -> Link:
        """The link without its headline if that stands above it already."""
        return replace(link, title=None) if link.title and link.title.text == title else link

    def possible_card(self, item: Item) -> Card:
        meeting = item.meeting
        title = title_of(meeting, self.frame, self.names)[0][0]
        quoted = self.telling_quote(meeting)
        return Card(
            number=item.position,
            section=item.section,
            people=(),
            topics=None,
            quote=_quote(quoted),
            quoted_from=_words(quoted.outlet) if quoted and quoted.quote else None,
            counted=None,
            links=tuple(self.unlike(title, replace(link, copies=(), more=())) for link in self.links(meeting))[:3],
            **self._top(meeting),  # type: ignore[arg-type]
            badge=None,
            calm=True,
            compact=True,
        )

    def reminder(self, meeting: MeetingLine) -> Card:
        return Card(
            number=0,
            section="reminders",
            people=(),
            topics=None,
            quote=None,
            quoted_from=None,
            counted=None,
            links=(),
            **self._top(meeting),  # type: ignore[arg-type]
            badge=None,
            calm=True,
            compact=True,
        )

    def _top(self, meeting: MeetingLine) -> dict[str, object]:
        names, more = title_of(meeting, self.frame, self.names)
        return {
            "title": tuple(_words(name) for name in names),
            "more": self.frame.count("more", more) if more else None,
            "when": self.frame.days(meeting.days, self.today),
            "where": self.place(meeting.city, meeting.country),
            "mode": clean(self.frame.label("mode", meeting.mode)) if meeting.mode else None,
        }

    def badge(self, item: Item) -> str | None:
        status = item.meeting.status
        off = status in (Status.CANCELLED, Status.DENIED)
        return self.frame.text(f"item.{status.value}") if off or status is Status.PLANNED else None

    def place(self, city: str | None, country: str | None) -> tuple[Words, ...]:
        city = self.names.city(city, country, self.frame.language)
        return tuple(_words(part) for part in (city, self.frame.country(country)) if part)

    def ours(self, text: str) -> Words:
        return Words(text, self.frame.direction, self.frame.language)

    def embed(self, text: str) -> str:
        """A name inside one of our own sentences; isolated (U+2068, U+2069) if it runs the other way."""
        text = clean(text)
        return text if direction(text) == self.frame.direction else f"\u2068{text}\u2069"

    def person(self, who: Who, on: date | None) -> Person:
        name = clean(self.names.name(who, self.frame.language) or "")
        # Of someone without a name the text's own words are all there is
        role = clean((self.role(who, on) if name else who.role) or "")
        body, country = clean(self.names.body(who, self.frame.language) or ""), clean(self.frame.country(who.country) or "")
        rest = [cut(role, ROLE_LENGTH)]
        called = (body, who.body or "", *self.names.bodies(who, self.frame.language))
        if body and not any(_is_said(one, role, country) for one in called):
            rest.append(body)
        if not name:
            # What the text says of them stands where the name would
            name = next((part for part in rest if part), self.frame.text("item.unnamed"))
            rest = [part for part in rest if part != name]
        parts = [_words(part) for part in rest if part]
        # That Interpol is international need not be said
        if country and (who.country != "INT" or not who.body):
            parts.append(Words(country, self.frame.direction, self.frame.language))
        return Person(_words(name), tuple(parts))

    def role(self, who: Who, on: date | None) -> str | None:
        """In the frame's language if an article or the register has it so, else as an article says it."""
        own = who.role if who.role and is_title(who.role) else None
        language, country = self.frame.language, self.frame.country(who.country)
        return role_in(who, language, country) or self.names.title(who, on, language) or own or role_in(who)

    def topics(self, meeting: MeetingLine) -> str | None:
        named = [clean(self.frame.label("topic", topic)) for topic in meeting.topics[:TOPICS]]
        if len(meeting.topics) > TOPICS:
            named.append("…")
        return self.frame.text("frame.separator").join(named) or None

    def counted(self, meeting: MeetingLine) -> str | None:
        if not meeting.sources:
            return None
        articles = self.frame.count("articles", len(meeting.telling))
        separator = self.frame.text("frame.separator")
        return f"{articles}{separator}{self.frame.count('independent', len(meeting.independent))}"

    def links(self, meeting: MeetingLine) -> Iterable[Link]:
        """Independent accounts, those in the reader's language first, else in the order they came."""
        voices = sorted(meeting.voices, key=lambda voice: voice.lead.language != self.frame.language)
        for voice in voices:
            more = tuple(self.link(source) for source in voice.more)
            yield replace(self.link(voice.lead), copies=tuple(self.link(copy) for copy in voice.copies), more=more)

    def link(self, source: Source) -> Link:
        day = None
        if source.published_at is not None:
            local = source.published_at.astimezone(ZoneInfo(self.zone)).date()
            # The day of an article is worth a word only where it is not the meeting's own morning
            day = self.frame.short(local) if self.today - local > FEW_DAYS else None
        title = cut(clean(source.title), TITLE_LENGTH)
        return Link(
            outlet=_words(source.outlet),
            title=_words(title, source.language) if title else None,
            url=safe_url(source.url),
            day=day,
        )

    def notes(self, item: Item) -> Iterable[str]:
        frame, meeting, told = self.frame, item.meeting, item.told
        day = frame.day(told.local_date, self.today) if told else ""
        if item.section == "held":
            yield frame.text("item.held", date=day)
        elif item.section == "new" and told:
            yield frame.text("item.was_possible", date=day)
        elif told:
            yield frame.text("item.told", position=told.position, date=day)
        if meeting.alerted_at is not None and item.section in ("new", "held"):
            yield frame.text("item.alerted", when=self.clock(meeting.alerted_at))
        if item.lapsed:
            yield frame.text("item.lapsed")
        if item.section == "correction" and meeting.merged_into is not None:
            yield frame.text("item.merged")
        elif item.section == "correction" and meeting.withdrawn:
            yield f"{frame.text('item.wrong')} {self.embed(meeting.withdrawn)}".strip()
        if item.section in ("new", "held", "planned"):
            for earlier in meeting.earlier:
                yield self.ledger(earlier)

    def ledger(self, earlier: Earlier) -> str:
        last = self.frame.days(earlier.last, self.today)
        return self.frame.count("earlier", earlier.times, one=self.embed(earlier.one), other=self.embed(earlier.other), last=last)

    def change(self, change: Change, item: Item) -> Fact | None:
        frame, told, meeting = self.frame, item.told, item.meeting
        if told is None:
            return None
        if change.kind in ("people", "named"):
            people = tuple(self.ours(self.in_one_line(who, meeting.days.first)) for who in change.people)
            return Fact(frame.text(f"item.change_{change.kind}"), people)
        if change.kind == "reports":
            return Fact(frame.text("item.change_reports"), tuple(_words(outlet) for outlet in change.outlets))
        if change.kind == "days":
            after, before = (frame.days(days, self.today) for days in (meeting.days, told.facts.days))
        elif change.kind == "place":
            places = (self.place(meeting.city, meeting.country), self.place(told.facts.city, told.facts.country))
            after, before = (self.in_a_row(place) or frame.text("item.nowhere") for place in places)
        elif change.kind == "status":
            after, before = (frame.label("item", status).lower() for status in (meeting.status.value, told.facts.status))
        else:
            return None
        said = frame.text(f"item.change_{change.kind}", after=after, before=before)
        return Fact("", (self.ours(said),))

    def in_one_line(self, who: Who, on: date | None) -> str:
        person = self.person(who, on)
        return self.in_a_row((person.name, *person.rest))

    def in_a_row(self, words: Iterable[Words]) -> str:
        return self.frame.text("frame.separator").join(self.embed(part.text) for part in words)

    # The foot

    def watch(self) -> str:
        watch, frame = self.digest.watch, self.frame
        parts = [frame.count("feeds", watch.feeds)]
        if watch.broken:
            parts.append(frame.count("failing", len(watch.broken)))
        if watch.blocked:
            parts.append(frame.count("blocked", len(watch.blocked)))
        if not watch.failing and watch.feeds:
            parts.append(frame.text("watch.all_answer"))
        if watch.silent:
            parts.append(frame.count("silent", len(watch.silent)))
        return frame.text("frame.separator").join(parts)

    def reading(self) -> str | None:
        watch, frame = self.digest.watch, self.frame
        parts = [frame.count("read", watch.read)]
        parts += [
            frame.count(what, n)
            for what, n in (("partial", watch.partial), ("unread", watch.unread), ("waiting", watch.waiting))
            if n
        ]
        return frame.text("frame.separator").join(parts) if watch.feeds else None

    def gaps(self) -> Iterable[tuple[str, tuple[Gap, ...]]]:
        watch = self.digest.watch
        for key, troubles in (("failing", watch.broken), ("blocked", watch.blocked), ("silent", watch.silent)):
            if troubles:
                yield self.frame.text(f"watch.{key}"), tuple(self.gap(trouble) for trouble in troubles)

    def gap(self, trouble: Trouble) -> Gap:
        since = None
        if trouble.since is not None:
            local = trouble.since.astimezone(ZoneInfo(self.zone)).date()
            since = self.frame.text("watch.since", when=self.frame.day(local, self.today))
        return Gap(_words(trouble.outlet), since, self.why(trouble))

    def why(self, trouble: Trouble) -> Words | None:
        """What is wrong with a feed, in the frame's language where it has words for it."""
        known = self.frame.words["trouble"].get(trouble.kind or "")
        if known:
            return self.ours(str(known).format(status=trouble.status or ""))
        return _words(cut(clean(trouble.why), 120)) if trouble.why else None


def _is_said(body: str, role: str, country: str = "") -> bool:
    """Whether the role names the body already: "ministre de l'Intérieur" of the "ministère espagnol de l'Intérieur"."""
    said, telling, of = (re.findall(r"[^\W\d_]{2,}", fold_key(text)) for text in (role, body, country))
    # The country is said beside them; its adjective begins as it does in most languages ("espagnol", "Espagne")
    left = {word for word in telling if not any(word[:4] == name[:4] for name in of if len(name) > 3)} - _GENERIC
    if any(word.startswith(_MINISTER) for word in said):
        # A country has one ministry of a name
        return bool(left & set(said))
    return bool(left) and left <= set(said)


_MINISTER = ("minist", "وزير")
_GENERIC = frozenset(
    re.findall(
        r"\S+",
        "ministere ministerio ministry direction direccion directorate departement department service servicio of the de del "
        "la le les des du el los and et وزاره مديريه اداره",
    )
)


def _lead(meeting: MeetingLine, frame: Frame, register: Names) -> str:
    return _leads(meeting, frame, register)[0]


def _leads(meeting: MeetingLine, frame: Frame, register: Names) -> list[str]:
    """A meeting in a few words, from most to fewest: with place and count, with the count, the names alone."""
    names, more = title_of(meeting, frame, register)
    who, city = " – ".join(names), clean(register.city(meeting.city, meeting.country, frame.language) or "")
    counted = who + (f" +{more}" if more else "")
    return list(dict.fromkeys([counted + (f" ({city})" if city else ""), counted, who]))


def _name(who: Who, frame: Frame, names: Names) -> str:
    """The shortest that stands for a participant."""
    if who.name:
        return clean(names.name(who, frame.language) or who.name)
    country = clean(frame.country(who.country) or "") if who.country != "INT" else ""
    seat = clean(names.body(who, frame.language) or who.role or "") or frame.text("item.unnamed")
    # A body without a name needs its country: there is a "Police nationale" in many
    return f"{cut(seat, 80)} ({country})" if country and not who.body_id else cut(seat, 80)


# "RABAT - ", "Rabat (MAP) – ": where an agency's text was written says nothing that the card does not say
_DATELINE = re.compile(r"^(?:[A-ZÀ-Ý][A-ZÀ-Ý' ]{2,30}|[A-ZÀ-Ý][\w'’ ]{2,30} ?\([A-Z]{2,6}\)) ?[-–—] ?(?=\S)")


def _quote(source: Source | None) -> Words | None:
    return _words(cut(_DATELINE.sub("", clean(source.quote), count=1), QUOTE_LENGTH), source.language) if source and source.quote else None


def _words(text: str, language: str | None = None) -> Words:
    text = clean(text)
    turned = direction(text)
    return Words(text, turned, language or ("ar" if turned == "rtl" else None))


def _begun(months: Sequence[Counted]) -> Sequence[Counted]:
    """The months from the first with a meeting on, six at least: before that nobody was watching."""
    empty = next((number for number, month in enumerate(months) if month.meetings), len(months))
    return months[min(empty, max(len(months) - MONTHS, 0)) :]


def _bars(pairs: Iterable[tuple[str, int]]) -> tuple[Bar, ...]:
    listed = list(pairs)
    longest = max((count for _, count in listed), default=0)
    return tuple(Bar(label, count, round(100 * count / longest) if longest else 0) for label, count in listed)

