"""Asking the store: the state of things, meetings, full text, and SQL that cannot write."""

from __future__ import annotations

import contextlib
import re
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, or_, select, text

from monitor.store.database import connect_file, sqlite_module
from monitor.store.errors import QueryRefused
from monitor.store.feeds import chunks
from monitor.store.meetings import MeetingStore
from monitor.store.tables import (
    article_texts,
    article_versions,
    articles,
    corrections,
    entries,
    evidence,
    feeds,
    meeting_changes,
    meeting_participants,
    meetings,
    polls,
    reports,
)
from monitor.store.words import plain
from pipelines.detect.fold import fold
from pipelines.store import MeetingFilter, StoreStatus

SNIPPET_CHARS = 160
QUERY_SECONDS = 20.0


class QueryStore(MeetingStore):
    """What the store answers."""

    def status(self, now: datetime) -> StoreStatus:
        """The store in numbers."""
        with self.reading() as connection:

            def count(query: Any) -> int:
                return int(connection.execute(query).scalar() or 0)

            watched = feeds.c.retired_at.is_(None)
            stands = and_(meetings.c.merged_into.is_(None), ~meetings.c.wrong)
            kinds: dict[str, int] = defaultdict(int)
            for status, possible, number in connection.execute(
                select(meetings.c.status, meetings.c.possible, func.count()).where(stands).group_by(meetings.c.status, meetings.c.possible)
            ):
                kinds["possible" if possible else status] += number
            of_feeds = select(func.count()).select_from(feeds).where(watched)
            pending = select(func.count()).select_from(entries).where(entries.c.due_at.is_not(None))
            return StoreStatus(
                feeds=count(of_feeds),
                failing=count(of_feeds.where(feeds.c.failures > 0)),
                silent=count(of_feeds.where(feeds.c.failures == 0, feeds.c.silent_after < now)),
                due=count(of_feeds.where(or_(feeds.c.next_poll_at.is_(None), feeds.c.next_poll_at <= now))),
                entries=count(select(func.count()).select_from(entries)),
                pending=count(pending),
                ready=count(pending.where(entries.c.due_at <= now)),
                articles=count(select(func.count()).select_from(articles)),
                flagged=count(select(func.count()).select_from(articles).where(articles.c.flagged)),
                meetings=kinds["new"],
                possible=kinds["possible"],
                planned=kinds["planned"],
                background=kinds["background"],
                new_today=count(select(func.count()).select_from(meetings).where(stands, meetings.c.news_at > now - timedelta(days=1))),
                next_poll_at=connection.execute(select(func.min(feeds.c.next_poll_at)).where(watched)).scalar(),
                next_try_at=connection.execute(select(func.min(entries.c.due_at))).scalar(),
                last_poll_at=connection.execute(select(func.max(polls.c.at))).scalar(),
            )

    def meetings(self, wanted: MeetingFilter) -> list[dict[str, Any]]:
        """The meetings that fit, latest first, with their participants."""
        query = _matching(wanted, self.is_sqlite).order_by(meetings.c.sort_day.desc(), meetings.c.id.desc()).limit(wanted.limit)
        with self.reading() as connection:
            rows = [_meeting_dict(row) for row in connection.execute(query).mappings()]
            people = _participants_of(connection, [row["id"] for row in rows])
        return [row | {"participants": people[row["id"]]} for row in rows]

    def meeting(self, meeting_id: int) -> dict[str, Any] | None:
        """One meeting whole: participants, reports with quotes and evidence, aliases, changes. An alias gives the record it stands for."""
        with self.reading() as connection:
            row = connection.execute(select(meetings).where(meetings.c.id == meeting_id)).mappings().first()
            while row is not None and row["merged_into"] is not None:
                row = connection.execute(select(meetings).where(meetings.c.id == row["merged_into"])).mappings().first()
            if row is None:
                return None
            number = row["id"]
            return _meeting_dict(row) | {
                "participants": _participants_of(connection, [number])[number],
                "reports": _reports_of(connection, number),
                "aliases": list(connection.execute(select(meetings.c.id).where(meetings.c.merged_into == number)).scalars()),
                "changes": [
                    dict(change)
                    for change in connection.execute(
                        select(
                            meeting_changes.c.at,
                            meeting_changes.c.what,
                            meeting_changes.c.before,
                            meeting_changes.c.after,
                            meeting_changes.c.article_id,
                        )
                        .where(meeting_changes.c.meeting_id == number)
                        .order_by(meeting_changes.c.id)
                    ).mappings()
                ],
                "corrections": [
                    dict(c)
                    for c in connection.execute(
                        select(corrections).where(or_(corrections.c.meeting_id == number, corrections.c.other_id == number))
                    ).mappings()
                ],
            }

    def stories(self, meeting_ids: Collection[int]) -> dict[int, int]:
        """For each meeting the number of its story: the earliest record of one visit.

        Two audiences of one visit are two meetings and one story. An article shows it by telling both as its news: of the
        same people or bodies, in the same city (or country, where one city is not told), on the same day or the next.
        """
        with self.reading() as connection:
            closed: dict[int, Any] = {}
            links: dict[int, set[int]] = defaultdict(set)
            edge = set(meeting_ids)
            while edge:
                closed |= {row.id: row for row in connection.execute(select(meetings).where(meetings.c.id.in_(edge)))}
                beside = _told_beside(connection, edge)
                wanted = {other for _, other in beside}
                closed |= {row.id: row for row in connection.execute(select(meetings).where(meetings.c.id.in_(wanted - closed.keys())))}
                seats = _seats_of(connection, wanted | edge)
                fresh = set()
                for one, other in beside:
                    if _is_one_visit(closed[one], closed[other], seats):
                        fresh |= {other} - links.keys()
                        links[one].add(other)
                        links[other].add(one)
                edge = {number for number in fresh if number not in meeting_ids} - edge
            return {number: min(_connected(links, number)) for number in meeting_ids}

    def search(self, words: str, limit: int = 20) -> list[dict[str, Any]]:
        """Articles that hold all the words (`"a phrase"`, `word*`, `-not`), best first, with a snippet of the text as printed."""
        match = search_expression(words, sqlite=self.is_sqlite)
        if not match:
            return []
        if self.is_sqlite:
            # The rank is worked out on the index alone; a hit in the title weighs ten times one in the text
            sql = "SELECT rowid FROM article_search WHERE article_search MATCH :match ORDER BY bm25(article_search, 10.0, 1.0) LIMIT :limit"
        else:
            sql = (
                "SELECT rowid FROM article_search, to_tsquery('simple', :match) AS wanted WHERE words @@ wanted "
                "ORDER BY ts_rank(words, wanted) DESC LIMIT :limit"
            )
        with self.reading() as connection:
            ids = list(connection.execute(text(sql), {"match": match, "limit": limit}).scalars())
            query = (
                select(
                    articles.c.id,
                    articles.c.outlet,
                    articles.c.title,
                    articles.c.url,
                    articles.c.language,
                    articles.c.published_at,
                    articles.c.outcome,
                    article_texts.c.text,
                )
                .outerjoin(article_texts, article_texts.c.article_id == articles.c.id)
                .where(articles.c.id.in_(ids))
            )
            rows = {row["id"]: dict(row) for row in connection.execute(query).mappings()}
            joined: dict[int, list[int]] = defaultdict(list)
            told = select(reports.c.article_id, reports.c.meeting_id).where(reports.c.article_id.in_(ids))
            for article_id, meeting_id in connection.execute(told.where(reports.c.meeting_id.is_not(None))):
                joined[article_id].append(meeting_id)
        found = [rows[i] for i in ids if i in rows]
        looked_for = [word for word in _words(words) if not word.startswith("-")]
        return [row | {"snippet": snippet(row.pop("text") or "", looked_for), "meetings": joined[row["id"]]} for row in found]

    def run_sql(self, sql: str, limit: int = 1000, *, seconds: float = QUERY_SECONDS) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run one query that only reads; names of the columns, and at most `limit` rows. Raises QueryRefused in words."""
        if self.path is None:
            return self._run_sql_elsewhere(sql, limit, seconds)
        module = sqlite_module()
        with self.in_words(), contextlib.closing(connect_file(self.path, read_only=True, query_only=True)) as connection:
            deadline = time.monotonic() + seconds
            connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
            connection.set_authorizer(_only_reads(module))
            try:
                cursor = connection.execute(sql)
                columns = [str(column[0]) for column in cursor.description or ()]
                return columns, [tuple(row) for row in cursor.fetchmany(limit)]
            except (module.Error, module.Warning, ValueError) as problem:
                raise QueryRefused(_refusal(problem, sql, seconds)) from problem

    def _run_sql_elsewhere(self, sql: str, limit: int, seconds: float) -> tuple[list[str], list[tuple[Any, ...]]]:
        from sqlalchemy.exc import DBAPIError

        with self.reading() as connection:
            connection.execute(text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}"))
            try:
                result = connection.exec_driver_sql(sql)
                return list(result.keys()), [tuple(row) for row in result.fetchmany(limit)]
            except DBAPIError as problem:
                raise QueryRefused(f"the query was refused: {problem.orig}") from problem

    def feeds(self) -> list[dict[str, Any]]:
        """All watched feeds as `v_feeds` shows them, by outlet."""
        with self.reading() as connection:
            rows = connection.execute(text("SELECT * FROM v_feeds WHERE retired_at IS NULL ORDER BY outlet, id")).mappings()
            return [dict(row) | {"silent": bool(row["silent"])} for row in rows]

    def imported(self) -> set[str]:
        """What imports have kept: id, outlet and text of each article, as `monitor.importing` writes them."""
        query = select(articles.c.external_id, articles.c.outlet, articles.c.text_hash).where(articles.c.external_id.is_not(None))
        with self.reading() as connection:
            return {f"{row.external_id}\n{row.outlet}\n{row.text_hash}" for row in connection.execute(query)}

    def meeting_numbers(self, article_ids: Collection[int]) -> dict[tuple[int, int], int]:
        """The record that each report of these articles is in now, by article and place in it."""
        found: dict[tuple[int, int], int] = {}
        with self.reading() as connection:
            for some in chunks(sorted(article_ids), 500):
                query = select(reports.c.article_id, reports.c.ordinal, reports.c.meeting_id).where(
                    reports.c.article_id.in_(some), reports.c.meeting_id.is_not(None)
                )
                found |= {(row.article_id, row.ordinal): row.meeting_id for row in connection.execute(query)}
        return found

    def article(self, which: int | str) -> dict[str, Any] | None:
        """One article with its text, versions and reports, by number or address."""
        from pipelines.urls import link_key

        query = (
            select(articles, article_texts.c.text, feeds.c.url.label("feed"))
            .outerjoin(article_texts, article_texts.c.article_id == articles.c.id)
            .outerjoin(feeds, feeds.c.id == articles.c.feed_id)
        )
        if isinstance(which, int):
            query = query.where(articles.c.id == which)
        else:
            query = query.where(or_(articles.c.url == which, articles.c.link_key == link_key(which)))
        with self.reading() as connection:
            row = connection.execute(query.order_by(articles.c.id).limit(1)).mappings().first()
            if row is None:
                return None
            versions = connection.execute(
                select(article_versions).where(article_versions.c.article_id == row["id"]).order_by(article_versions.c.version)
            ).mappings()
            told = connection.execute(select(reports).where(reports.c.article_id == row["id"]).order_by(reports.c.ordinal))
            return dict(row) | {
                "versions": [dict(version) for version in versions],
                "reports": [dict(report) for report in told.mappings()],
            }


def _told_beside(connection: Connection, ids: Collection[int]) -> list[tuple[int, int]]:
    """Pairs of meetings that one article tells as its news."""
    one, other = reports.alias(), reports.alias()
    query = (
        select(one.c.meeting_id, other.c.meeting_id)
        .distinct()
        .join(other, and_(other.c.article_id == one.c.article_id, other.c.meeting_id != one.c.meeting_id))
        .where(one.c.meeting_id.in_(ids), one.c.standing == "flagged", other.c.standing == "flagged")
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def _seats_of(connection: Connection, ids: Collection[int]) -> dict[int, set[str]]:
    seats: dict[int, set[str]] = defaultdict(set)
    people = meeting_participants
    for row in connection.execute(select(people).where(people.c.meeting_id.in_(ids))):
        seats[row.meeting_id] |= {told for told in (row.person_id, row.name, row.body_id or row.body) if told}
    return seats


def _is_one_visit(one: Any, other: Any, seats: Mapping[int, set[str]]) -> bool:
    if not seats[one.id] & seats[other.id]:
        return False
    if one.country != other.country or (one.city and other.city and one.city != other.city):
        return False
    if one.first_day is None or other.first_day is None:
        return True
    day = timedelta(days=1)
    before, after = sorted((one, other), key=lambda meeting: meeting.first_day)
    return bool(after.first_day - (before.last_day or before.first_day) <= day)


def _connected(links: Mapping[int, set[int]], start: int) -> set[int]:
    found, edge = {start}, {start}
    while edge:
        edge = {other for number in edge for other in links.get(number, ())} - found
        found |= edge
    return found


def _matching(wanted: MeetingFilter, sqlite: bool) -> Select[Any]:
    query = select(meetings).where(meetings.c.merged_into.is_(None), meetings.c.wrong if wanted.wrong else ~meetings.c.wrong)
    if wanted.possible is not None and not wanted.wrong:
        query = query.where(meetings.c.possible if wanted.possible else ~meetings.c.possible)
    if wanted.since:
        query = query.where(func.coalesce(meetings.c.last_day, meetings.c.sort_day) >= wanted.since)
    if wanted.until:
        query = query.where(meetings.c.sort_day <= wanted.until)
    if wanted.status:
        query = query.where(meetings.c.status == wanted.status)
    if wanted.category:
        query = query.where(_lists(meetings.c.categories, wanted.category, sqlite))
    person = meeting_participants
    of_it = exists().where(person.c.meeting_id == meetings.c.id)
    if wanted.country:
        query = query.where(or_(meetings.c.country == wanted.country, of_it.where(person.c.country == wanted.country)))
    if wanted.person:
        like = f"%{_escaped(wanted.person)}%"
        named = or_(person.c.person_id == wanted.person, person.c.name.ilike(like, escape="\\"))
        query = query.where(of_it.where(or_(named, person.c.name_in_text.ilike(like, escape="\\"))))
    if wanted.body:
        like = f"%{_escaped(wanted.body)}%"
        query = query.where(of_it.where(or_(person.c.body_id == wanted.body, person.c.body.ilike(like, escape="\\"))))
    if wanted.text:
        match = search_expression(wanted.text, sqlite=sqlite)
        if not match:
            return query.where(text("1 = 0"))
        sql = (
            "SELECT rowid FROM article_search WHERE article_search MATCH :match"
            if sqlite
            else "SELECT rowid FROM article_search WHERE words @@ to_tsquery('simple', :match)"
        )
        hits = text(sql).bindparams(match=match).columns(articles.c.id).scalar_subquery()
        query = query.where(exists().where(reports.c.meeting_id == meetings.c.id, reports.c.article_id.in_(hits)))
    return query


def _lists(column: Any, value: str, sqlite: bool) -> Any:
    from sqlalchemy import Text, cast, type_coerce

    words = type_coerce(column, Text) if sqlite else cast(column, Text)
    return words.like(f'%"{_escaped(value)}"%', escape="\\")


def _escaped(value: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", value)


def _meeting_dict(row: Any) -> dict[str, Any]:
    return dict(row)


def _participants_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    query = select(meeting_participants).where(meeting_participants.c.meeting_id.in_(ids))
    for row in connection.execute(query.order_by(meeting_participants.c.meeting_id, meeting_participants.c.position)).mappings():
        values = dict(row)
        found[values.pop("meeting_id")].append(values)
    return found


def _reports_of(connection: Connection, meeting_id: int) -> list[dict[str, Any]]:
    query = (
        select(
            reports,
            articles.c.outlet,
            articles.c.family,
            articles.c.title,
            articles.c.url,
            articles.c.language,
            articles.c.text_from,
            articles.c.partial,
        )
        .join(articles, articles.c.id == reports.c.article_id)
        .where(reports.c.meeting_id == meeting_id)
        .order_by(reports.c.published_at, reports.c.id)
    )
    rows = [dict(row) for row in connection.execute(query).mappings()]
    told: dict[int, list[dict[str, Any]]] = defaultdict(list)
    wanted = select(evidence).where(evidence.c.report_id.in_([row["id"] for row in rows]))
    for quote in connection.execute(wanted.order_by(evidence.c.report_id, evidence.c.position)).mappings():
        values = dict(quote)
        told[values.pop("report_id")].append(values)
    return [row | {"evidence": told[row["id"]]} for row in rows]


# -------------------------------------------------------------------------------------------------------------- full text


def _words(query: str) -> list[str]:
    """The words and quoted phrases of a search, folded; `-` before one means without it, `*` after it any ending."""
    found = []
    for sign, phrase, word in re.findall(r'(-?)(?:"([^"]*)"|(\S+))', query):
        star = "*" if word.endswith("*") else ""
        told = " ".join(re.findall(r"\w+", plain(phrase or word)))
        if told:
            found.append(f"{sign}{told}{star}")
    return found


def search_expression(query: str, *, sqlite: bool) -> str:
    """A search as the full-text index takes it. Whatever people type is words, never syntax."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for word in _words(query):
        (unwanted if word.startswith("-") else wanted).append(word.lstrip("-"))
    if not wanted:
        return ""
    if sqlite:
        terms = " AND ".join(_fts_term(word) for word in wanted)
        return f"({terms})" + "".join(f" NOT {_fts_term(word)}" for word in unwanted)
    return " & ".join([_ts_term(word) for word in wanted] + [f"!{_ts_term(word)}" for word in unwanted])


def _fts_term(word: str) -> str:
    star = " *" if word.endswith("*") else ""
    return f'"{word.rstrip("*")}"{star}'


def _ts_term(word: str) -> str:
    star = ":*" if word.endswith("*") else ""
    return "(" + " <-> ".join(f"'{part}'{star}" for part in word.rstrip("*").split()) + ")"


def snippet(body: str, words: Iterable[str]) -> str:
    """The piece of a text round the first of the words, as printed, cut at spaces."""
    folded = fold(body)
    start = -1
    for word in words:
        found = re.search(rf"\b\w{{0,3}}{re.escape(word.rstrip('*'))}", folded.text)
        if found:
            start = folded.span(found.start(), found.end())[0]
            break
    if start < 0:
        start = 0
    begin = max(0, start - SNIPPET_CHARS // 3)
    if begin:
        begin = body.find(" ", begin, start) + 1 or begin
    end = min(len(body), begin + SNIPPET_CHARS)
    if end < len(body):
        end = max(body.rfind(" ", begin, end), begin + 1)
    piece = " ".join(body[begin:end].split())
    return f"{'… ' if begin else ''}{piece}{' …' if end < len(body) else ''}"


# ------------------------------------------------------------------------------------------------------- read-only SQL

_HARMLESS_PRAGMAS = frozenset({"table_info", "table_xinfo", "table_list", "index_list", "index_info", "foreign_key_list", "data_version"})
_REFUSED_FUNCTIONS = frozenset({"load_extension", "writefile", "readfile", "edit", "fts3_tokenizer"})


def _only_reads(module: Any) -> Any:
    """An authorizer of SQLite that lets a query read and nothing else, whatever it says."""
    reading = {module.SQLITE_SELECT, module.SQLITE_READ, getattr(module, "SQLITE_RECURSIVE", 33)}

    def authorize(action: int, one: str | None, other: str | None, _database: str | None, _trigger: str | None) -> int:
        if action in reading:
            return int(module.SQLITE_OK)
        if action == module.SQLITE_FUNCTION:
            return int(module.SQLITE_DENY if (other or "").lower() in _REFUSED_FUNCTIONS else module.SQLITE_OK)
        if action == module.SQLITE_PRAGMA and (one or "").lower() in _HARMLESS_PRAGMAS:
            return int(module.SQLITE_OK)
        return int(module.SQLITE_DENY)

    return authorize


def _refusal(problem: BaseException, sql: str, seconds: float) -> str:
    said = str(problem)
    if "interrupted" in said:
        return f"the query took longer than {seconds:g} s; ask for less, or give it a LIMIT"
    if "not authorized" in said or "prohibited" in said or "readonly" in said:
        return "only queries that read are allowed here (SELECT ...)"
    if "one statement" in said:
        return "one query at a time, please"
    return f"the query cannot be run: {said}"
