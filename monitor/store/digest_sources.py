"""What a digest is made of: meetings with participants and reports, the ledger, the charts, the state of the watch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any, cast

from sqlalchemy import Connection, RowMapping, Select, and_, func, or_, select

from monitor.store.tables import articles, entries, feeds, meeting_participants, meetings, reports
from pipelines.detect.model import Days, Status
from pipelines.digest import Counted, Earlier, MeetingLine, Source, Told, Trouble, Watch, Who
from pipelines.records import Outcome

MARGIN = timedelta(days=2)
"""How far before the period we look again: a record has the time at which its reading began, and a clock may have been wrong.

What was told already is known by its number, so that looking twice costs nothing but time."""

FAILING_AFTER = timedelta(hours=3)
"""A feed that failed once is no news; one that has not answered for this long is."""

COUNTRIES_SHOWN = 6
ENOUGH_FOR_A_CHART = 3

_BLOCKED_KINDS = ("BotWall", "RobotsRefused")
_BLOCKED_STATUS = (401, 403, 451)
_AT_ONCE = 500  # numbers in one IN (...): SQLite takes 32,766, PostgreSQL is slow beyond some thousands


def meeting_lines(
    connection: Connection, told: Mapping[int, Told], since: datetime, alerted: Mapping[int, datetime]
) -> list[MeetingLine]:
    """The meetings that a digest may speak of: new or changed since then, or mailed before and to be followed."""
    numbers = sorted(_fresh(connection, since - MARGIN) | _followed(connection, told))
    lines = list(lines_of(connection, numbers, alerted))
    known = _ledger(connection, lines)
    return [_with_earlier(line, known) for line in lines]


def lines_of(
    connection: Connection, numbers: Iterable[int], alerted: Mapping[int, datetime] | None = None
) -> Iterator[MeetingLine]:
    """These meetings with everything that can be said of them."""
    numbers = list(numbers)
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        people, (sources, wordings) = _participants(connection, some), _sources(connection, some)
        query = select(meetings).where(meetings.c.id.in_(some)).order_by(meetings.c.id)
        for row in connection.execute(query).mappings():
            said = wordings[row["id"]]
            who = [replace(one, wordings=tuple(said[one.key])) for one in people[row["id"]]]
            yield _line(row, who, sources[row["id"]], (alerted or {}).get(row["id"]))


def newsworthy(connection: Connection, after: datetime, until: datetime, score: float) -> set[int]:
    """Meetings held that became news in this time with at least this score."""
    query = select(meetings.c.id).where(
        meetings.c.news_at > after,
        meetings.c.news_at <= until,
        meetings.c.score >= score,
        meetings.c.status == Status.NEW.value,
        meetings.c.possible.is_(False),
        meetings.c.wrong.is_(False),
        meetings.c.merged_into.is_(None),
    )
    return set(connection.scalars(query))


def _fresh(connection: Connection, since: datetime) -> set[int]:
    """Records opened, made news or changed since then, or reported by an article read since then."""
    changed = select(meetings.c.id).where(
        or_(meetings.c.recorded_at >= since, meetings.c.news_at >= since, meetings.c.changed_at >= since),
        meetings.c.status != Status.BACKGROUND.value,
    )
    reported = (
        select(reports.c.meeting_id)
        .join(articles, articles.c.id == reports.c.article_id)
        .where(articles.c.fetched_at >= since, reports.c.meeting_id.is_not(None))
    )
    return {number for query in (changed, reported) for number in connection.scalars(query)}


def _followed(connection: Connection, told: Mapping[int, Told]) -> set[int]:
    """Of the mailed meetings, the ones that were withdrawn or joined to another, and the announced ones."""
    numbers = list(told)
    found: set[int] = set()
    for start in range(0, len(numbers), _AT_ONCE):
        query = select(meetings.c.id).where(
            meetings.c.id.in_(numbers[start : start + _AT_ONCE]),
            or_(
                meetings.c.wrong.is_(True),
                meetings.c.merged_into.is_not(None),
                meetings.c.status.in_((Status.PLANNED.value, Status.CANCELLED.value, Status.DENIED.value)),
            ),
        )
        found.update(connection.scalars(query))
    return found


def _line(
    row: RowMapping, people: Sequence[Who], sources: Sequence[tuple[Source, bool]], alerted_at: datetime | None
) -> MeetingLine:
    status = Status(row["status"])
    # An article that only recalls a meeting is no source for its being held
    telling = [source for source, _ in sources if source.status is not Status.BACKGROUND] or [source for source, _ in sources]
    return MeetingLine(
        id=row["id"],
        status=status,
        days=Days(row["first_day"], row["last_day"], row["date_precision"]),
        city=row["city"],
        country=row["country"],
        mode=row["mode"],
        participants=tuple(sorted(people, key=lambda who: who.country != row["country"])),  # those at home first
        sources=tuple(telling),
        topics=tuple(row["topics"]),
        categories=tuple(row["categories"]),
        headline=row["headline"],
        score=row["score"],
        flagged=not row["possible"],
        possible=row["possible"],
        first_reported_at=row["first_reported_at"],
        recorded_at=row["recorded_at"],
        withdrawn=(row["why_wrong"] or " ") if row["wrong"] else None,
        merged_into=row["merged_into"],
        alerted_at=alerted_at,
        imported=bool(sources) and all(imported for _, imported in sources),
    )


def _participants(connection: Connection, numbers: Sequence[int]) -> dict[int, list[Who]]:
    query = (
        select(meeting_participants)
        .where(meeting_participants.c.meeting_id.in_(numbers))
        .order_by(meeting_participants.c.meeting_id, meeting_participants.c.position)
    )
    found: dict[int, list[Who]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        found[row["meeting_id"]].append(
            Who(row["name"], row["role"], row["body"], row["country"], row["person_id"], row["body_id"], row["known"])
        )
    return found


Wordings = dict[int, dict[str, list[tuple[str | None, str]]]]
"""Meeting -> participant -> (language, role) as each report has it."""


def _sources(connection: Connection, numbers: Sequence[int]) -> tuple[dict[int, list[tuple[Source, bool]]], Wordings]:
    """The reports of each meeting, one per article, earliest first, with whether it was imported; and what they call people."""
    query = (
        select(
            reports.c.meeting_id,
            reports.c.article_id,
            reports.c.status,
            reports.c.quote,
            reports.c.copy_of,
            reports.c.published_at,
            reports.c.participants,
            articles.c.family,
            articles.c.outlet,
            articles.c.title,
            articles.c.url,
            articles.c.language,
            articles.c.text_from,
        )
        .join(articles, articles.c.id == reports.c.article_id)
        .where(reports.c.meeting_id.in_(numbers))
        .order_by(reports.c.meeting_id, reports.c.published_at, reports.c.article_id, reports.c.ordinal)
    )
    found: dict[int, dict[int, tuple[Source, bool]]] = defaultdict(dict)
    wordings: Wordings = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(query).mappings():
        source = Source(
            row["article_id"],
            row["outlet"],
            row["title"],
            row["url"],
            row["language"],
            row["published_at"],
            Status(row["status"]),
            row["copy_of"],
            row["quote"],
            row["family"],
        )
        for said in row["participants"]:
            if said.get("role"):
                who = Who(*(said.get(key) for key in ("name", "role", "body", "country", "person_id", "body_id")))
                wordings[row["meeting_id"]][who.key].append((row["language"], said["role"]))
        of_meeting = found[row["meeting_id"]]
        known = of_meeting.get(row["article_id"])
        # An article may tell a meeting twice, as its news and as a thing recalled
        if known is None or known[0].status is Status.BACKGROUND:
            of_meeting[row["article_id"]] = (source, row["text_from"] == "import")
    return defaultdict(list, {number: list(of_meeting.values()) for number, of_meeting in found.items()}), wordings


# The ledger


def _ledger(connection: Connection, lines: Sequence[MeetingLine]) -> dict[str, list[tuple[int, date, Days]]]:
    """For each person at one of these tables: the meetings on record that they took part in."""
    people = sorted({who.person_id for line in lines for who in line.participants if who.person_id})
    known: dict[str, list[tuple[int, date, Days]]] = defaultdict(list)
    for start in range(0, len(people), _AT_ONCE):
        query = (
            select(
                meeting_participants.c.person_id,
                meetings.c.id,
                meetings.c.sort_day,
                meetings.c.first_day,
                meetings.c.last_day,
                meetings.c.date_precision,
            )
            .join(meetings, meetings.c.id == meeting_participants.c.meeting_id)
            .where(
                meeting_participants.c.person_id.in_(people[start : start + _AT_ONCE]),
                meetings.c.status.in_((Status.NEW.value, Status.BACKGROUND.value)),
                meetings.c.wrong.is_(False),
                meetings.c.merged_into.is_(None),
            )
        )
        for row in connection.execute(query).mappings():
            days = Days(row["first_day"], row["last_day"], row["date_precision"])
            known[row["person_id"]].append((row["id"], row["sort_day"], days))
    return known


def _with_earlier(line: MeetingLine, known: Mapping[str, Sequence[tuple[int, date, Days]]]) -> MeetingLine:
    """Add what the ledger knows of its known persons having met before, for pairs of different countries."""
    if line.days.first is None or line.status not in (Status.NEW, Status.PLANNED):
        return line
    people = [who for who in line.participants if who.person_id and who.name]
    earlier = []
    for one, other in combinations(people, 2):
        if one.country == other.country:
            continue
        theirs = {number for number, _, _ in known.get(cast(str, other.person_id), ())}
        together = [
            (day, days)
            for number, day, days in known.get(cast(str, one.person_id), ())
            if number in theirs and number != line.id and day < line.days.first
        ]
        if together:
            earlier.append(Earlier(cast(str, one.name), cast(str, other.name), len(together), max(together, key=_by_day)[1]))
    return line if not earlier else replace(line, earlier=tuple(earlier[:2]))


def _by_day(pair: tuple[date, Days]) -> date:
    return pair[0]


# Charts


def meetings_per_month(connection: Connection, today: date) -> tuple[Counted, ...]:
    """Meetings held in each of the last twelve months, this one included; empty if there are too few to look at."""
    first = _months_before(today, 11)
    counts = Counter(day.replace(day=1) for day in connection.scalars(_held(meetings.c.sort_day, first, today)))
    if sum(counts.values()) < ENOUGH_FOR_A_CHART:
        return ()
    return tuple(Counted(month, counts[month]) for month in (_months_before(today, n) for n in range(11, -1, -1)))


def meetings_per_country(connection: Connection, today: date) -> tuple[Counted, ...]:
    """The countries most often at the table in these twelve months; empty if there are too few meetings to look at."""
    held = _held(meetings.c.id, _months_before(today, 11), today).subquery()
    counted = func.count(meeting_participants.c.meeting_id.distinct())
    query = (
        select(meeting_participants.c.country, counted)
        .where(meeting_participants.c.meeting_id.in_(select(held.c.id)), meeting_participants.c.country.not_in(("INT", "EU")))
        .group_by(meeting_participants.c.country)
        .order_by(counted.desc(), meeting_participants.c.country)
        .limit(COUNTRIES_SHOWN)
    )
    found = tuple(Counted(country, number) for country, number in connection.execute(query))
    return found if found and max(bar.meetings for bar in found) >= ENOUGH_FOR_A_CHART else ()


def _held(column: Any, first: date, last: date) -> Select[Any]:
    return select(column).where(
        meetings.c.status == Status.NEW.value,
        meetings.c.possible.is_(False),
        meetings.c.wrong.is_(False),
        meetings.c.merged_into.is_(None),
        meetings.c.sort_day >= first,
        meetings.c.sort_day <= last,
    )


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


# The watch


def watch_state(connection: Connection, since: datetime, now: datetime) -> Watch:
    """How much was watched, and what we did not see."""
    failing, silent, watched = [], [], 0
    query = select(feeds).where(feeds.c.retired_at.is_(None)).order_by(feeds.c.outlet, feeds.c.id)
    for row in connection.execute(query).mappings():
        watched += 1
        last_ok = row["last_ok_at"]
        if row["failures"] and (last_ok is None or now - last_ok >= FAILING_AFTER):
            failing.append(_trouble(row))
        elif not row["failures"] and row["last_error"]:  # it answers, and yet something is wrong with it
            failing.append(replace(_trouble(row), since=row["last_new_at"]))
        elif row["silent_after"] is not None and row["silent_after"] < now and last_ok is not None:
            silent.append(Trouble(row["outlet"], row["url"], row["last_new_at"]))
    # An entry is read within days of being seen; the bound lets the index spare us a million old ones
    ended = and_(entries.c.outcome_at > since, entries.c.first_seen_at > since - timedelta(days=14))
    unreadable = entries.c.outcome.in_((Outcome.GAVE_UP.value, Outcome.NO_TEXT.value))
    return Watch(
        feeds=watched,
        failing=tuple(failing),
        silent=tuple(silent),
        read=_count(connection, entries.c.id, ended, entries.c.article_id.is_not(None), ~unreadable),
        partial=_count(connection, articles.c.id, articles.c.fetched_at > since, articles.c.partial.is_(True)),
        unread=_count(connection, entries.c.id, ended, unreadable),
        waiting=_count(connection, entries.c.id, and_(entries.c.outcome.is_(None), entries.c.due_at.is_not(None))),
    )


def _trouble(row: RowMapping) -> Trouble:
    kind, status = row["last_error_kind"], row["last_status"]
    why = (row["last_error"] or "").removeprefix(f"{row['url']}: ")
    return Trouble(
        row["outlet"],
        row["url"],
        row["last_ok_at"] or row["added_at"],
        why or None,
        blocked=kind in _BLOCKED_KINDS or status in _BLOCKED_STATUS,
        kind=kind,
        status=status,
    )


def _count(connection: Connection, column: Any, *conditions: Any) -> int:
    return connection.scalar(select(func.count(column)).where(*conditions)) or 0
