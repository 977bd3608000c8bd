"""Articles, reports and meetings: the writing half. The decisions are `pipelines.identity`'s; here they are fed and written down.

    a report arrives -> neighbours by key and days -> identity.arrange -> records kept, opened, merged, revived -> facts rewritten

The facts of a meeting are worked out anew from all its reports each time, so that the order of arrival leaves no trace
and every correction can be undone.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from hashlib import blake2b
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, bindparam, delete, func, insert, or_, select, text, type_coerce, update

from monitor.store.entries import EntryStore, end_entry
from monitor.store.feeds import chunks, clean
from monitor.store.tables import (
    article_prints,
    article_texts,
    article_versions,
    articles,
    corrections,
    entries,
    evidence,
    meeting_changes,
    meeting_participants,
    meetings,
    report_keys,
    reports,
    rulings,
)
from monitor.store.words import plain
from pipelines.detect.model import Days, Participant, Place, Report, Status
from pipelines.fingerprint import COPY_AT, containment
from pipelines.identity import (
    ANY_TIME,
    LONGEST,
    SLACK,
    Account,
    KnownMeeting,
    MeetingFacts,
    Ruling,
    Telling,
    alone,
    apart_from_article,
    arrange,
    copies,
    could_be_one,
    independent_reports,
    is_loose,
    known_meeting,
    opens_a_record,
    sameness,
    seats_of,
    skeletons,
    summarize,
    tier_of,
    traces_of,
    window_of,
)
from pipelines.identity import compare as compare_meetings
from pipelines.records import Outcome
from pipelines.store import ArticleRow, Joined, KnownArticle

MOST_NEIGHBOURS = 600
"""Accounts looked at for one new report. Real neighbourhoods hold some dozens; this bounds what a flood of look-alikes can cost."""

MOST_ROWS = 4_000  # index rows read for one question: a report has about a dozen keys
NEAREST = 200  # ... for an undated account, which belongs to a meeting near its article if to any

OVERDUE_AFTER = timedelta(days=21)  # an announced meeting nobody has reported so long after its day was not seen


class MeetingStore(EntryStore):
    """What the store writes of articles and meetings."""

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[SqlDesk]:
        """One write transaction, alone in this process and among processes; joins the one open in this thread."""
        with self.writing("kept") as connection:
            yield SqlDesk(connection)


class SqlDesk:
    """What `pipelines.store.keep` asks for, inside one transaction."""

    def __init__(self, connection: Connection):
        self.connection = connection

    def known_article(self, *, entry_id: int | None, link_key: str | None, text_hash: str, outlet: str) -> KnownArticle | None:
        """The article stored for this entry or link, else the same text of the same outlet."""
        row = None
        if entry_id is not None:
            row = self.connection.execute(_BY_ENTRY, {"entry": entry_id}).first()
        if row is None and link_key:
            row = self.connection.execute(_BY_LINK, {"link": link_key}).first()
        if row is None:
            row = self.connection.execute(_BY_TEXT, {"hash": text_hash, "outlet": outlet}).first()
        if row is None:
            return None
        told = self.connection.execute(_REPORTS_OF_ARTICLE, {"article": row.id})
        return KnownArticle(
            id=row.id,
            entry_id=row.entry_id,
            outlet=row.outlet,
            link_key=row.link_key,
            text_hash=row.text_hash,
            title=row.title,
            text=row.text or "",
            version=row.version,
            outcome=Outcome(row.outcome),
            flagged=row.flagged,
            reports=tuple((report.id, report.meeting_id) for report in told),
        )

    def add_article(self, row: ArticleRow, now: datetime) -> int:
        """Store a new article with its text, search index and fingerprint."""
        values = _article_values(row) | {"entry_id": row.entry_id, "feed_id": row.feed_id, "external_id": row.external_id}
        article_id = _new_id(self.connection.execute(_ADD_ARTICLE, values | {"fetched_at": row.read_at, "version": 1}))
        self.connection.execute(_ADD_TEXT, {"article_id": article_id, "text": clean(row.article.text) or ""})
        self._index(article_id, row)
        self._print(article_id, row)
        return article_id

    def revise_article(self, known: KnownArticle, row: ArticleRow, now: datetime) -> int:
        """Store a new version over a known article; the earlier words are kept. Returns its number."""
        old = {"article_id": known.id, "version": known.version, "title": known.title, "text": known.text, "until": now}
        self.connection.execute(insert(article_versions).values(old))
        values = _article_values(row) | {"version": known.version + 1, "fetched_at": row.read_at}
        if known.link_key:
            del values["link_key"]  # the identity it was first known by stays
        self.connection.execute(update(articles).where(articles.c.id == known.id).values(values))
        changed = update(article_texts).where(article_texts.c.article_id == known.id).values(text=clean(row.article.text) or "")
        if not self.connection.execute(changed).rowcount:
            self.connection.execute(insert(article_texts).values(article_id=known.id, text=clean(row.article.text) or ""))
        self.connection.execute(text("DELETE FROM article_search WHERE rowid = :id"), {"id": known.id})
        self._index(known.id, row)
        self.connection.execute(delete(article_prints).where(article_prints.c.article_id == known.id))
        self._print(known.id, row)
        return known.version + 1

    def rewrite_article(self, article_id: int, row: ArticleRow) -> Outcome:
        """Write anew what was found in an article whose words are the same. Returns the outcome it had."""
        found = row.detection
        before = self.connection.execute(select(articles.c.outcome).where(articles.c.id == article_id)).scalar_one()
        values = {
            "language": found.language or row.article.language,
            "flagged": found.flag,
            "possible": found.possible,
            "score": found.score,
            "categories": list(found.categories),
            "missing": list(found.missing),
        }
        self.connection.execute(update(articles).where(articles.c.id == article_id).values(values))
        if not self.connection.execute(select(article_prints.c.hash).where(article_prints.c.article_id == article_id).limit(1)).first():
            self._print(article_id, row)
        return Outcome(before)

    def set_outcome(self, article_id: int, outcome: Outcome) -> None:
        """Write the outcome of an article and of the entry that brought it."""
        self.connection.execute(_SET_OUTCOME, {"article": article_id, "said": str(outcome)})
        self.connection.execute(_SET_ENTRY_OUTCOME, {"article": article_id, "said": str(outcome)})

    def end_entry(self, entry_id: int, outcome: Outcome, article_id: int | None, reason: str | None, now: datetime) -> None:
        """Give an entry its outcome and free it."""
        end_entry(self.connection, entry_id, outcome, article_id, reason, now)

    def join(self, article_id: int, accounts: Sequence[Account], now: datetime) -> Joined:
        """Store the reports of an article in the place of its earlier ones, and join them to meetings."""
        return Joining(self.connection, now, article_id).replace_reports(accounts)

    def _index(self, article_id: int, row: ArticleRow) -> None:
        index_article(self.connection, article_id, row.article.title, row.article.text)

    def _print(self, article_id: int, row: ArticleRow) -> None:
        """Keep the fingerprint of an article that reports meetings: only these are ever compared."""
        if row.fingerprint and row.detection.reports:
            hashes = [{"article_id": article_id, "hash": value} for value in sorted(set(row.fingerprint))[:MOST_PRINTS]]
            self.connection.execute(_ADD_PRINTS, hashes)


MOST_PRINTS = 400  # sentences; a book-length page needs no more to be told from others


def index_article(connection: Connection, article_id: int, title: str, body: str) -> None:
    """Put an article into the full-text index."""
    values = {"id": article_id, "title": clean(plain(title)), "body": clean(plain(body))}
    connection.execute(_INDEX_SQLITE if connection.dialect.name == "sqlite" else _INDEX_POSTGRESQL, values)


def _new_id(result: Any) -> int:
    return int(result.inserted_primary_key[0])


def _article_values(row: ArticleRow) -> dict[str, Any]:
    article, found = row.article, row.detection
    return {
        "outlet": row.outlet,
        "family": row.family,
        "url": clean(article.url),
        "link_key": row.link_key,
        "title": clean(article.title[:2_000]),
        "language": found.language or article.language,
        "author": clean(article.author[:300]) if article.author else None,
        "published_at": article.published,
        "modified_at": article.modified,
        "text_from": article.text_from,
        "text_hash": row.text_hash,
        "words": article.words,
        "partial": article.partial,
        "outcome": str(row.outcome),
        "flagged": found.flag,
        "possible": found.possible,
        "score": found.score,
        "categories": list(found.categories),
        "missing": list(found.missing),
        "problems": list(article.problems),
        "gave_up": row.gave_up,
    }


# ---------------------------------------------------------------------------------------------------------------- joining


@dataclass(frozen=True, slots=True)
class Kin:
    """A stored report as joining sees it."""

    id: int
    article_id: int
    account: Account
    content: Content
    meeting_id: int | None
    home_id: int | None
    copy_of: int | None

    @property
    def known(self) -> KnownMeeting:
        """A meeting known from this report alone."""
        return alone(self.account, self.content.seats)


class Content:
    """What any number of reports tell alike: all that joining compares by, worked out once."""

    def __init__(self, account: Account):
        self.seats = seats_of(account.report)
        self.known = apart_from_article(alone(account, self.seats), f"like {next(_NUMBERS)}")
        self.sameness = sameness(self.known)
        self.window = window_of(account.report, account.published)
        self.tier = tier_of(account)
        self._account = account

    @cached_property
    def firm(self) -> frozenset[int]:
        """Keys of firm accounts that may be of the same meeting."""
        return frozenset(map(key_number, traces_of(self._account).firm))

    @cached_property
    def loose(self) -> frozenset[int]:
        """Keys of vague ones."""
        return frozenset(map(key_number, traces_of(self._account).loose))


_NUMBERS = count()


class Joining:
    """One change of reports, and what follows for the meetings around it."""

    def __init__(self, connection: Connection, now: datetime, article_id: int | None = None):
        self.connection = connection
        self.now = now
        self.article_id = article_id
        self.kin: dict[int, Kin] = {}
        self._verdicts: dict[frozenset[Hashable], bool] = {}
        self._held: dict[int, set[int]] = {}
        self._answers: dict[tuple[Hashable, str], set[int]] = {}
        self._has_rulings = connection.execute(_ANY_RULING).first() is not None

    def replace_reports(self, accounts: Sequence[Account]) -> Joined:
        """Put `accounts` in the place of the article's reports, and join."""
        assert self.article_id is not None
        old = self._load_by(_KIN_OF_ARTICLE, {"article": self.article_id})
        if not old and not accounts:
            return Joined((), ())
        touched = {k.meeting_id for k in old.values() if k.meeting_id}
        ids = self._write(old, accounts)
        self.kin.clear()
        self._held.clear()
        news = self.rejoin(ids, touched)
        places = self.kin
        return Joined(
            tuple(places[i].meeting_id for i in ids),
            tuple(dict.fromkeys(m for i in ids if (m := places[i].meeting_id) and m in news)),
        )

    def rejoin(self, changed: Collection[int], touched: Collection[int]) -> set[int]:
        """Arrange anew what lies around the reports `changed` and in the meetings `touched`. Returns the meetings that are news now."""
        ids = self._neighbourhood(changed, touched)
        order = sorted(ids)
        kin = [self.kin[i] for i in order]
        groups = arrange([k.account for k in kin], self._rulings(order), [k.known for k in kin])
        # Records are opened in the order in which their first reports came
        numbered = sorted(([order[position] for position in group] for group in groups), key=min)
        settled = self._settle(numbered, touched)
        return self._write_meetings(settled, set(changed))

    # reports

    def _write(self, old: Mapping[int, Kin], accounts: Sequence[Account]) -> list[int]:
        """Write the article's reports. One that tells the same meeting as an earlier version's report keeps its number."""
        kept = _same_tellings(list(old.values()), accounts)
        gone = set(old) - {i for i in kept if i is not None}
        if gone:
            self.connection.execute(delete(reports).where(reports.c.id.in_(gone)))
        for number in kept:
            if number is not None:
                # Free the places first: two reports may change places
                self.connection.execute(update(reports).where(reports.c.id == number).values(ordinal=-number))
                self.connection.execute(delete(report_keys).where(report_keys.c.report_id == number))
                self.connection.execute(delete(evidence).where(evidence.c.report_id == number))
        ids = []
        for number, account in zip(kept, accounts, strict=True):
            values = _report_values(account) | {"article_id": self.article_id}
            if number is None:
                number = _new_id(self.connection.execute(_ADD_REPORT, values))
            else:
                self.connection.execute(update(reports).where(reports.c.id == number).values(values))
            ids.append(number)
            window = window_of(account.report, account.published)
            keys = [
                {"key": key_number(key), "first_day": window.first, "last_day": window.last, "report_id": number}
                for key in traces_of(account).kept
            ]
            if keys:
                self.connection.execute(_ADD_KEYS, keys)
            told = _evidence(account.report)
            if told:
                self.connection.execute(_ADD_EVIDENCE, [{"report_id": number} | row for row in told])
        return ids

    def _load(self, ids: Collection[int]) -> dict[int, Kin]:
        """These reports, read if they were not yet."""
        for some in chunks(i for i in ids if i not in self.kin):
            self._load_by(_KIN_BY_ID, {"ids": some})
        return {i: self.kin[i] for i in ids if i in self.kin}

    def _load_by(self, query: Any, values: Mapping[str, Any]) -> dict[int, Kin]:
        found: dict[int, Kin] = {}
        for row in self.connection.execute(query, values):
            if row.id not in self.kin:
                self.kin[row.id] = _kin(row)
            found[row.id] = self.kin[row.id]
        return found

    # neighbours

    def _neighbourhood(self, changed: Collection[int], touched: Collection[int]) -> set[int]:
        """All reports whose place may depend on the changed ones."""
        start = set(self._load(set(changed) | self._members(touched)))
        start |= self._partners(start)
        dated = self._dated(self._tier(start, 1))
        beside = self._members(self._records(dated))
        undated = self._undated(self._tier(start | beside | self._alike(dated, "firm"), 2))
        alone = self._unclaimed(undated)
        beside |= self._members(self._records(alone))
        loose = self._loose(self._tier(start | beside, 3) | self._alike(dated | alone, "loose"))
        # What a vague account may be claimed by is needed with all that decides on it
        undated |= self._news_beside(undated | loose)
        undated |= self._unclaimed(self._tier(self._alike(loose, "firm"), 2))
        undated = self._undated(undated)
        dated |= self._dated(self._tier(self._alike(undated | loose, "firm"), 1))
        return dated | undated | loose | self._partners(dated | undated | loose)

    def _records(self, ids: Iterable[int]) -> set[int]:
        return {m for i in ids if (m := self.kin[i].meeting_id)}

    def _members(self, meeting_ids: Collection[int]) -> set[int]:
        for some in chunks(meeting_id for meeting_id in meeting_ids if meeting_id not in self._held):
            self._held |= {meeting_id: set() for meeting_id in some}
            for known in self._load_by(_KIN_OF_MEETINGS, {"ids": some}).values():
                self._held[known.meeting_id or 0].add(known.id)
        return {number for meeting_id in meeting_ids for number in self._held[meeting_id]}

    def _tier(self, ids: Collection[int], tier: int) -> set[int]:
        return {i for i in ids if self.kin[i].content.tier == tier}

    def _unclaimed(self, ids: Collection[int]) -> set[int]:
        """Those in whose records no report tells the day: they hold together by themselves."""
        self._members(self._records(ids))
        dated = {m for m in self._records(ids) if self._tier(self._held[m], 1)}
        return {i for i in ids if self.kin[i].meeting_id not in dated}

    def _dated(self, start: set[int]) -> set[int]:
        """These and the other reports with a day that they hang together with, or are in one record with."""

        def more(edge: set[int]) -> set[int]:
            found = self._tier(self._alike(edge, "firm"), 1)
            return found | self._tier(self._members(self._records(found)), 1)

        return self._closure(start, more)

    def _undated(self, start: set[int]) -> set[int]:
        """These and the unclaimed reports without a day that they hang together with."""
        return self._closure(start, lambda edge: self._unclaimed(self._tier(self._alike(edge, "firm"), 2)))

    def _loose(self, start: set[int]) -> set[int]:
        """These and the vague reports that they hang together with."""
        return self._closure(start, lambda edge: self._alike(edge, "loose"))

    def _closure(self, start: set[int], more: Callable[[set[int]], set[int]]) -> set[int]:
        closed, edge = set(start), set(start)
        while edge and len(closed) < MOST_NEIGHBOURS:
            edge = more(edge) - closed
            closed |= edge
        return closed

    def _news_beside(self, ids: Collection[int]) -> set[int]:
        """What the articles of these recollections and announcements tell as their news without a day: it is claimed first."""
        articles_of_others = {self.kin[i].article_id for i in ids if self.kin[i].account.report.status is not Status.NEW}
        found: set[int] = set()
        for some in chunks(articles_of_others):
            found |= self._load_by(_KIN_OF_ARTICLES, {"ids": some}).keys()
        return {i for i in self._tier(found, 2) if self.kin[i].account.report.status is Status.NEW}

    def _alike(self, ids: Collection[int], kind: str) -> set[int]:
        """The reports of one kind (firm, loose) that could be of one meeting with one of these, by themselves."""
        mine = {content.sameness: content for content in (self.kin[i].content for i in ids)}
        unasked = {key: content for key, content in mine.items() if (key, kind) not in self._answers}
        if unasked:
            answer = self._find(unasked.values(), kind)
            self._answers |= {(key, kind): answer for key in unasked}
        found: set[int] = set().union(*(self._answers[key, kind] for key in mine))
        # Copies of one text tell the very same: each pair of tellings is compared once
        alike: dict[Hashable, bool] = {}
        for number in found - set(ids):
            other = self.kin[number].content
            if other.sameness not in alike:
                alike[other.sameness] = any(self._could_be_one(one, other) for one in mine.values())
        return {number for number in found - set(ids) if alike[self.kin[number].content.sameness]}

    def _could_be_one(self, one: Content, other: Content) -> bool:
        pair = frozenset((one.sameness, other.sameness))
        verdict = self._verdicts.get(pair)
        if verdict is None:
            verdict = self._verdicts[pair] = could_be_one(one.known, other.known)
        return verdict

    def _find(self, contents: Iterable[Content], kind: str) -> set[int]:
        """Reports of one kind (firm, loose) whose days overlap those of one of `contents` and that share a key with it.

        Of very many the ones nearest in time: those next before a vague account's article, those next after a firm one's day.
        """
        found: set[int] = set()
        for first, last, keys in _questions(contents, kind):
            wide = last - first > LONGEST
            longest, query = (ANY_TIME, _FIND_AFTER) if kind == "loose" else (LONGEST, _FIND_BEFORE)
            span = {"from": first - longest - 2 * SLACK, "until": last + SLACK, "since": first - SLACK}
            most = NEAREST if wide else MOST_ROWS
            for some in chunks(sorted(keys)):
                found.update(self.connection.execute(query, span | {"keys": some, "most": most}).scalars())
        self._load(found)
        return found

    # rulings

    def _partners(self, ids: Collection[int]) -> set[int]:
        """Reports that a person has ruled to be of one meeting with one of these."""
        found: set[int] = set()
        for some in chunks(ids) if self._has_rulings else ():
            for one, other in self.connection.execute(_PARTNERS, {"ids": some}):
                found |= {one, other}
        self._load(found)
        return found

    def _rulings(self, order: Sequence[int]) -> list[Ruling]:
        position = {number: i for i, number in enumerate(order)}
        found = []
        for some in chunks(order) if self._has_rulings else ():
            found += [
                Ruling(position[one], position[other], kind == "same")
                for one, other, kind in self.connection.execute(_RULINGS, {"ids": some})
                if one in position and other in position
            ]
        return found + self._copies_of_ruled(order, found)

    def _copies_of_ruled(self, order: Sequence[int], found: Sequence[Ruling]) -> list[Ruling]:
        """A text that was split off takes its copies with it: they are of the meeting of the report they repeat most of."""
        apart = {i for ruling in found if not ruling.same for i in (ruling.one, ruling.other)}
        if not apart:
            return []
        kin = [self.kin[number] for number in order]
        prints = self._prints({k.article_id for k in kin})
        rulings_of_copies = []
        for position, known in enumerate(kin):
            if position in apart:
                continue
            shared = [
                (containment(prints[known.article_id], prints[kin[i].article_id]), -kin[i].id, i)
                for i in sorted(apart)
                if kin[i].account.report.status is known.account.report.status
            ]
            if shared and max(shared)[0] >= COPY_AT:
                rulings_of_copies.append(Ruling(max(shared)[2], position, True, copy=True))
        return rulings_of_copies

    def _wrong(self, ids: Collection[int]) -> str | None:
        """Why a person ruled one of these reports' meeting to be wrong; None if nobody did."""
        for some in chunks(ids) if self._has_rulings else ():
            found = self.connection.execute(_WRONG, {"ids": some}).first()
            if found is not None:
                return found.why or "marked as wrong"
        return None

    # records

    def _settle(self, groups: Sequence[Sequence[int]], touched: Collection[int]) -> dict[int, set[int]]:
        """Give each group its record: the one that holds most of it, an earlier one of its own, or a new one.

        A group that comes from several records keeps the oldest; the others become its aliases. Returns the members of
        every record whose members changed, those that lost all of them included.
        """
        holds: dict[int, Counter[int]] = defaultdict(Counter)
        for position, group in enumerate(groups):
            for number in group:
                if meeting_id := self.kin[number].meeting_id:
                    holds[meeting_id][position] += 1
        owner: dict[int, int] = {}  # record -> group
        for meeting_id, counts in holds.items():
            # The greatest part keeps the record; of equal ones the one with the earliest report
            owner[meeting_id] = max(counts, key=lambda p: (counts[p], -min(groups[p])))
        changed: dict[int, set[int]] = {}
        for position, group in enumerate(groups):
            accounts = [self.kin[number].account for number in group]
            mine = sorted(m for m, p in owner.items() if p == position)
            if not opens_a_record(accounts):
                self._assign(group, None)
                changed.update((m, set()) for m in mine)
                continue
            target = mine[0] if mine else self._revive(group, set(owner)) or self._open(accounts)
            before = {number for number in group if self.kin[number].meeting_id == target}
            if set(group) != before or len(mine) > 1 or target in touched or sum(holds[target].values()) != len(before):
                changed[target] = set(group)
            for alias in mine[1:]:
                self._alias(alias, target)
            self._assign(group, target)
        for meeting_id in touched:
            if meeting_id not in changed and not self._members([meeting_id]):
                changed[meeting_id] = set()
        return changed

    def _assign(self, group: Iterable[int], meeting_id: int | None) -> None:
        self._held.clear()
        for number in group:
            known = self.kin[number]
            if known.meeting_id == meeting_id and (known.home_id or meeting_id is None):
                continue
            home = known.home_id or meeting_id
            self.connection.execute(_PLACE, {"report": number, "record": meeting_id, "home": home})
            self.kin[number] = replace(known, meeting_id=meeting_id, home_id=home)

    def _revive(self, group: Sequence[int], taken: Collection[int]) -> int | None:
        """A record that once was this group's own and stands for nothing now: it comes back under its number."""
        homes = sorted({h for number in group if (h := self.kin[number].home_id) and h not in taken})
        for home in homes:
            if not self.connection.execute(select(reports.c.id).where(reports.c.meeting_id == home).limit(1)).first():
                self.connection.execute(update(meetings).where(meetings.c.id == home).values(merged_into=None))
                return home
        return None

    def _open(self, accounts: Sequence[Account]) -> int:
        facts = summarize(accounts)
        values = _meeting_values(facts) | {
            "articles": 0,
            "independent_reports": 0,
            "wrong": False,
            "recorded_at": self.now,
            "changed_at": self.now,
        }
        return _new_id(self.connection.execute(_ADD_MEETING, values))

    def _alias(self, alias: int, target: int) -> None:
        self.connection.execute(
            update(meetings).where(or_(meetings.c.id == alias, meetings.c.merged_into == alias)).values(merged_into=target)
        )
        self.connection.execute(update(reports).where(reports.c.meeting_id == alias).values(meeting_id=target))
        self.kin |= {i: replace(known, meeting_id=target) for i, known in self.kin.items() if known.meeting_id == alias}
        self._held.clear()
        self._note(target, "merged", None, alias)

    # facts

    def _write_meetings(self, changed: Mapping[int, set[int]], fresh: Collection[int]) -> set[int]:
        """Work out the facts of these records anew. Returns those that are news from now on."""
        news = set()
        for meeting_id, group in changed.items():
            row = self.connection.execute(_MEETING, {"record": meeting_id}).one()
            members = set(group) | self._members([meeting_id])
            if not members:
                if row.merged_into is None:
                    self._withdraw(row)
                continue
            if self._write_meeting(row, members):
                news.add(meeting_id)
        return news

    def _write_meeting(self, row: Any, members: Collection[int]) -> bool:
        kin = [self.kin[number] for number in sorted(members)]
        accounts = [k.account for k in kin]
        copy_of, independent = self._copies(kin)
        facts = summarize(accounts, copy_of)
        why = self._wrong(members)
        values = _meeting_values(facts) | {
            "articles": len({k.article_id for k in kin}),
            "independent_reports": independent,
            "wrong": why is not None,
            "why_wrong": why,
        }
        is_news = facts.status is Status.NEW and not facts.possible and why is None
        opened = row.articles == 0 and row.news_at is None and not row.wrong
        becomes_news = is_news and row.news_at is None
        if becomes_news:
            values["news_at"] = self.now
        stored = [] if opened else [dict(p) for p in self.connection.execute(_PARTICIPANTS, {"record": row.id}).mappings()]
        changes = [] if opened else self._changes(row, facts, why, stored)
        for what, before, after in [("opened", None, str(facts.status))] if opened else changes:
            self._note(row.id, what, before, after)
        if opened or changes:
            values["changed_at"] = self.now
        different = {name: value for name, value in values.items() if getattr(row, name) != value}
        if different:
            self.connection.execute(update(meetings).where(meetings.c.id == row.id).values(different))
        self._write_participants(row.id, facts.participants, stored)
        self._write_copies(kin, copy_of)
        return becomes_news

    def _copies(self, kin: Sequence[Kin]) -> tuple[dict[str, str], int]:
        """Which articles repeat which (by article key), and the number of independent voices."""
        first = {k.article_id: k.account for k in kin}
        prints = self._prints(first)
        tellings = [
            Telling(account.article, account.published, account.outlet, account.family, frozenset(prints[article_id]))
            for article_id, account in first.items()
        ]
        copy_of = copies(tellings)
        return copy_of, independent_reports(tellings, copy_of)

    def _prints(self, article_ids: Collection[int]) -> dict[int, set[int]]:
        prints: dict[int, set[int]] = defaultdict(set)
        for some in chunks(article_ids):
            for article_id, value in self.connection.execute(_PRINTS, {"ids": some}):
                prints[article_id].add(value)
        return prints

    def _write_copies(self, kin: Sequence[Kin], copy_of: Mapping[str, str]) -> None:
        ids = {k.account.article: k.article_id for k in kin}
        wanted = {k.id: ids.get(copy_of.get(k.account.article, "")) for k in kin}
        for known in kin:
            if known.copy_of != wanted[known.id]:
                self.connection.execute(update(reports).where(reports.c.id == known.id).values(copy_of=wanted[known.id]))

    def _write_participants(self, meeting_id: int, participants: Sequence[Participant], stored: list[dict[str, Any]]) -> None:
        rows = [_participant_row(meeting_id, i, p) for i, p in enumerate(participants)]
        if stored == rows:
            return
        if stored:
            self.connection.execute(delete(meeting_participants).where(meeting_participants.c.meeting_id == meeting_id))
        if rows:
            self.connection.execute(_ADD_PARTICIPANTS, rows)

    def _changes(self, row: Any, facts: MeetingFacts, why: str | None, stored: Sequence[Mapping[str, Any]]) -> list[tuple[str, Any, Any]]:
        """What people would call a change: status, days, place, who."""
        changes: list[tuple[str, Any, Any]] = []
        told_before = "possible" if row.possible else row.status
        told_now = "possible" if facts.possible else str(facts.status)
        if told_before != told_now:
            changes.append(("status", told_before, told_now))
        days = [_iso(row.first_day), _iso(row.last_day)], [_iso(facts.days.first), _iso(facts.days.last or facts.days.first)]
        if days[0] != days[1]:
            changes.append(("days", *days))
        if row.city != facts.place.city or row.country != facts.place.country:
            changes.append(("place", [row.city, row.country], [facts.place.city, facts.place.country]))
        if bool(row.wrong) != (why is not None):
            changes.append(("wrong", row.why_wrong, why) if why else ("restored", row.why_wrong, None))
        before = [(p["person_id"], p["name"], p["body"], p["country"]) for p in stored]
        after = [(p.person_id, p.name, p.body, p.country) for p in facts.participants]
        if {_who(*p) for p in before} != {_who(*p) for p in after}:
            changes.append(("participants", [_named(*p) for p in before], [_named(*p) for p in after]))
        return changes

    def _withdraw(self, row: Any) -> None:
        """No report tells this meeting any longer: an article was edited, or its text is read otherwise today."""
        if row.wrong:
            return
        why = "no article reports it any longer"
        self.connection.execute(
            update(meetings)
            .where(meetings.c.id == row.id)
            .values(wrong=True, why_wrong=why, articles=0, independent_reports=0, changed_at=self.now)
        )
        self._note(row.id, "wrong", None, why)

    def _note(self, meeting_id: int, what: str, before: Any, after: Any) -> None:
        told = {"meeting_id": meeting_id, "at": self.now, "what": what, "before": before, "after": after}
        self.connection.execute(_ADD_CHANGE, told | {"article_id": self.article_id})


def _questions(contents: Iterable[Content], kind: str) -> list[tuple[date, date, set[int]]]:
    """Spans of days with the keys to be looked for within them. Days that lie near one another make one question."""
    asked: list[tuple[date, date, set[int]]] = []
    for content in sorted(contents, key=lambda content: (content.window.first, content.window.last)):
        keys = set(content.firm if kind == "firm" else content.loose)
        first, last = content.window.first, content.window.last
        if asked and max(asked[-1][1], last) - asked[-1][0] <= LONGEST:
            asked[-1] = asked[-1][0], max(asked[-1][1], last), asked[-1][2] | keys
        elif keys:
            asked.append((first, last, keys))
    return asked


def _same_tellings(old: Sequence[Kin], accounts: Sequence[Account]) -> list[int | None]:
    """For each new report of an article the number of the earlier report that told the same meeting, if any."""
    left = sorted(old, key=lambda k: k.account.ordinal)
    kept: list[int | None] = []
    for account in accounts:
        new = known_meeting([account])
        best = None
        for candidate in left:
            if candidate.account.report.status is account.report.status and (
                candidate.account.ordinal == account.ordinal or compare_meetings(known_meeting([candidate.account]), new).same
            ):
                best = candidate
                break
        if best is not None:
            left.remove(best)
        kept.append(best.id if best else None)
    return kept


@lru_cache(maxsize=100_000)
def key_number(key: str) -> int:
    """A key of `traces_of` as it is stored: 63 bits of its hash."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") >> 1


def _report_values(account: Account) -> dict[str, Any]:
    report = account.report
    window = window_of(report, account.published)
    quote = report.quote
    return {
        "ordinal": account.ordinal,
        "status": str(report.status),
        "standing": account.standing,
        "published_at": account.published,
        "first_day": report.days.first,
        "last_day": report.days.last,
        "date_precision": report.days.precision,
        "window_first": window.first,
        "window_last": window.last,
        "loose": is_loose(account),
        "city": clean(report.place.city),
        "city_id": report.place.city_id,
        "city_in_text": clean(report.place.city_in_text),
        "country": report.place.country,
        "mode": report.mode,
        "topics": list(report.topics),
        "categories": list(report.categories),
        "security": report.security,
        "score": report.score,
        "participants": [_participant_json(p) for p in report.participants],
        "reasons": [[r.name, r.weight, clean(r.quote.text) if r.quote else None] for r in report.reasons],
        "quote": clean(quote.text) if quote else None,
        "quote_field": quote.field if quote else None,
        "quote_start": quote.start if quote else None,
        "quote_end": quote.end if quote else None,
    }


def _participant_json(participant: Participant) -> dict[str, Any]:
    values = asdict(participant)
    del values["quotes"]
    return {name: clean(value[:500]) if isinstance(value, str) else value for name, value in values.items() if value not in (None, False)}


def _evidence(report: Report) -> list[dict[str, Any]]:
    told = [(e.about, e.quote) for e in report.evidence]
    told += [(f"participant:{i}", quote) for i, p in enumerate(report.participants) for quote in p.quotes]
    return [
        {"position": i, "about": about[:64], "quote": clean(q.text), "field": q.field, "start": q.start, "end": q.end}
        for i, (about, q) in enumerate(told)
    ]


_KIN = select(
    reports.c.id,
    reports.c.article_id,
    reports.c.meeting_id,
    reports.c.home_id,
    reports.c.copy_of,
    # As text where the database holds text: most reports are known already and need no dates made of them
    type_coerce(reports.c.published_at, Text).label("published_at"),
    func.coalesce(articles.c.link_key, articles.c.text_hash).label("article"),
    reports.c.ordinal,
    articles.c.outlet,
    articles.c.family,
    reports.c.standing,
    reports.c.score,
    reports.c.status,
    type_coerce(reports.c.first_day, Text).label("first_day"),
    type_coerce(reports.c.last_day, Text).label("last_day"),
    reports.c.date_precision,
    reports.c.city,
    reports.c.city_id,
    reports.c.country,
    reports.c.mode,
    type_coerce(reports.c.topics, Text).label("topics"),
    type_coerce(reports.c.categories, Text).label("categories"),
    reports.c.security,
    type_coerce(reports.c.participants, Text).label("participants"),
).join(articles, articles.c.id == reports.c.article_id)


_TOLD = tuple(column.key for column in _KIN.selected_columns)[12:]  # what the article tells of the meeting itself
_PRECISION = _TOLD.index("date_precision")

# Statements made once: building them costs three times what running them does, and joining runs some thirty


def _any_of(column: ColumnElement[Any], name: str = "ids") -> ColumnElement[bool]:
    return column.in_(bindparam(name, expanding=True))


_ARTICLE = select(articles, article_texts.c.text).outerjoin(article_texts, article_texts.c.article_id == articles.c.id)
_ARTICLE = _ARTICLE.order_by(articles.c.id).limit(1)
_BY_ENTRY = _ARTICLE.where(articles.c.entry_id == bindparam("entry"))
_BY_LINK = _ARTICLE.where(articles.c.link_key == bindparam("link"))
_BY_TEXT = _ARTICLE.where(articles.c.text_hash == bindparam("hash"), articles.c.outlet == bindparam("outlet"))
_REPORTS_OF_ARTICLE = select(reports.c.id, reports.c.meeting_id).where(reports.c.article_id == bindparam("article"))
_REPORTS_OF_ARTICLE = _REPORTS_OF_ARTICLE.order_by(reports.c.ordinal)
_ADD_ARTICLE = insert(articles)
_ADD_TEXT = insert(article_texts)
_ADD_PRINTS = insert(article_prints)
_SET_OUTCOME = update(articles).where(articles.c.id == bindparam("article")).values(outcome=bindparam("said"))
_SET_ENTRY_OUTCOME = update(entries).where(
    entries.c.article_id == bindparam("article"),
    entries.c.outcome.is_not(None),
    entries.c.outcome != Outcome.DUPLICATE.value,
)
_SET_ENTRY_OUTCOME = _SET_ENTRY_OUTCOME.values(outcome=bindparam("said"))
_INDEX_SQLITE = text("INSERT INTO article_search (rowid, title, body) VALUES (:id, :title, :body)")
_INDEX_POSTGRESQL = text(
    "INSERT INTO article_search (rowid, words) VALUES (:id, setweight(to_tsvector('simple', :title), 'A') || to_tsvector('simple', :body))"
)
_KIN_BY_ID = _KIN.where(_any_of(reports.c.id))
_KIN_OF_MEETINGS = _KIN.where(_any_of(reports.c.meeting_id))
_KIN_OF_ARTICLES = _KIN.where(_any_of(reports.c.article_id))
_KIN_OF_ARTICLE = _KIN.where(reports.c.article_id == bindparam("article"))
_ADD_REPORT = insert(reports)
_ADD_KEYS = insert(report_keys)
_ADD_EVIDENCE = insert(evidence)
_PLACE = update(reports).where(reports.c.id == bindparam("report"))
_PLACE = _PLACE.values(meeting_id=bindparam("record"), home_id=bindparam("home"))
_FIND = select(report_keys.c.report_id).where(
    _any_of(report_keys.c.key, "keys"),
    report_keys.c.first_day >= bindparam("from"),
    report_keys.c.first_day <= bindparam("until"),
    report_keys.c.last_day >= bindparam("since"),
)
_FIND_AFTER = _FIND.order_by(report_keys.c.first_day).limit(bindparam("most"))
_FIND_BEFORE = _FIND.order_by(report_keys.c.first_day.desc()).limit(bindparam("most"))
_IN_FORCE: Any = select(rulings.c.one, rulings.c.other, rulings.c.kind).join(corrections, corrections.c.id == rulings.c.correction_id)
_IN_FORCE = _IN_FORCE.where(corrections.c.undone_at.is_(None))
_ANY_RULING = _IN_FORCE.limit(1)
_RULINGS = _IN_FORCE.where(rulings.c.kind != "wrong", _any_of(rulings.c.one))
_PARTNERS = _IN_FORCE.where(rulings.c.kind == "same", or_(_any_of(rulings.c.one), _any_of(rulings.c.other)))
_PARTNERS = _PARTNERS.with_only_columns(rulings.c.one, rulings.c.other)
_WRONG = _IN_FORCE.where(rulings.c.kind == "wrong", _any_of(rulings.c.one)).with_only_columns(corrections.c.why).limit(1)
_MEETING = select(meetings).where(meetings.c.id == bindparam("record"))
_ADD_MEETING = insert(meetings)
_PARTICIPANTS = select(meeting_participants).where(meeting_participants.c.meeting_id == bindparam("record"))
_PARTICIPANTS = _PARTICIPANTS.order_by(meeting_participants.c.position)
_ADD_PARTICIPANTS = insert(meeting_participants)
_ADD_CHANGE = insert(meeting_changes)
_PRINTS = select(article_prints.c.article_id, article_prints.c.hash).where(_any_of(article_prints.c.article_id))


def _kin(row: Any) -> Kin:
    number, article_id, meeting_id, home_id, copy_of, published, article, ordinal, outlet, family, standing, score, *told = row
    published = datetime.fromisoformat(published) if isinstance(published, str) else published
    exact = told[_PRECISION] == "day"
    # An exact day is the same whenever it was told, an undated one reaches back from its article
    content, report = _content(None if exact else published.astimezone(UTC).date(), *map(_raw, told))
    account = Account(replace(report, score=score), published, article, ordinal, outlet, family, standing)
    return Kin(number, article_id, account, content, meeting_id, home_id, copy_of)


# Copies of an agency text tell the same again and again. About 4 kB each.
@lru_cache(maxsize=4_000)
def _content(published: date | None, *fields: Any) -> tuple[Content, Report]:
    told = dict(zip(_TOLD, fields, strict=True))
    report = Report(
        status=Status(told["status"]),
        days=Days(_day(told["first_day"]), _day(told["last_day"]), told["date_precision"]),
        place=Place(told["city"], told["country"], told["city_id"]),
        mode=told["mode"],
        participants=_participants(told["participants"]),
        topics=_texts(told["topics"]),
        categories=_texts(told["categories"]),
        security=told["security"],
    )
    day = published or report.days.first or date(1970, 1, 1)
    return Content(Account(report, datetime(day.year, day.month, day.day, tzinfo=UTC), "", 0, "", "")), report


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _raw(value: Any) -> Any:
    """JSON as text: SQLite gives it so, PostgreSQL's driver has parsed it already."""
    return json.dumps(value) if isinstance(value, list | dict) else value


# Copies of an agency text bring the same participants again and again
@lru_cache(maxsize=4_000)
def _participants(raw: str) -> tuple[Participant, ...]:
    empty = {"name": None, "role": None, "body": None, "country": None}
    return tuple(Participant(**(empty | values)) for values in json.loads(raw))


@lru_cache(maxsize=4_000)
def _texts(raw: str) -> tuple[str, ...]:
    return tuple(json.loads(raw))


def _meeting_values(facts: MeetingFacts) -> dict[str, Any]:
    reported = facts.first_reported_at
    first, last = facts.days.first, facts.days.last or facts.days.first
    sort_day = first or (reported.astimezone(UTC).date() if reported else date(1970, 1, 1))
    return {
        "status": str(facts.status),
        "possible": facts.possible,
        "merged_into": None,
        "first_day": first,
        "last_day": last,
        "date_precision": facts.days.precision,
        "sort_day": sort_day,
        "city": facts.place.city,
        "city_id": facts.place.city_id,
        "country": facts.place.country,
        "mode": facts.mode,
        "categories": list(facts.categories),
        "topics": list(facts.topics),
        "headline": facts.headline,
        "score": facts.score,
        "first_reported_at": reported,
        "outlets": list(facts.outlets),
        "contradictions": {name: [list(v) for v in votes] for name, votes in facts.contradictions},
        "followed_by": (last or sort_day) + OVERDUE_AFTER if facts.status is Status.PLANNED else None,
    }


def _participant_row(meeting_id: int, position: int, participant: Participant) -> dict[str, Any]:
    return {
        "meeting_id": meeting_id,
        "position": position,
        "name": participant.name,
        "name_in_text": participant.name_in_text,
        "role": participant.role,
        "body": participant.body,
        "country": participant.country,
        "person_id": participant.person_id,
        "body_id": participant.body_id,
        "kind": participant.kind,
        "known": participant.known,
        "side": participant.side,
    }


def _who(person_id: str | None, name: str | None, body: str | None, country: str | None) -> tuple[Any, ...]:
    if person_id:
        return (person_id,)
    return skeletons(name) if name else (body, country)


def _named(person_id: str | None, name: str | None, body: str | None, country: str | None) -> str:
    return name or body or country or "?"


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
