"""Joining: a change of reports, and what follows for the meetings around it. The decisions are `pipelines.identity`'s.

    a report arrives -> neighbours by key and days -> identity.arrange -> records kept, opened, merged, revived -> facts rewritten

The facts of a meeting are worked out anew from all its reports each time, so that the order of arrival leaves no trace
and every correction can be undone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from monitor.store.feeds import chunks
from monitor.store.kin import KIN_OF_ARTICLE, Kin, any_of, evidence_rows, key_number, report_values
from monitor.store.neighbours import IN_FORCE, Neighbours
from monitor.store.tables import (
    article_prints,
    corrections,
    evidence,
    meeting_changes,
    meeting_participants,
    meetings,
    report_keys,
    reports,
    rulings,
)
from pipelines.detect.model import Participant, Status
from pipelines.fingerprint import COPY_AT, containment
from pipelines.identity import (
    Account,
    MeetingFacts,
    Ruling,
    Telling,
    arrange,
    copies,
    independent_reports,
    known_meeting,
    opens_a_record,
    skeletons,
    summarize,
    traces_of,
    window_of,
)
from pipelines.identity import compare as compare_meetings
from pipelines.store import Joined

OVERDUE_AFTER = timedelta(days=21)  # an announced meeting nobody has reported so long after its day was not seen


class Joining(Neighbours):
    """One change of reports, and what follows for the meetings around it."""

    def __init__(self, connection: Connection, now: datetime, article_id: int | None = None):
        super().__init__(connection)
        self.now = now
        self.article_id = article_id

    def replace_reports(self, accounts: Sequence[Account]) -> Joined:
        """Put `accounts` in the place of the article's reports, and join."""
        assert self.article_id is not None
        old = self._load_by(KIN_OF_ARTICLE, {"article": self.article_id})
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
            values = report_values(account) | {"article_id": self.article_id}
            if number is None:
                number = new_id(self.connection.execute(_ADD_REPORT, values))
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
            told = evidence_rows(account.report)
            if told:
                self.connection.execute(_ADD_EVIDENCE, [{"report_id": number} | row for row in told])
        return ids

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
        return new_id(self.connection.execute(_ADD_MEETING, values))

    def _alias(self, alias: int, target: int) -> None:
        self.connection.execute(
            update(meetings).where(or_(meetings.c.id == alias, meetings.c.merged_into == alias)).values(merged_into=target)
        )
        self.connection.execute(update(reports).where(reports.c.meeting_id == alias).values(meeting_id=target))
        self.kin |= {i: replace(known, meeting_id=target) for i, known in self.kin.items() if known.meeting_id == alias}
        self._held.clear()
        self._note(target, "merged", None, alias)

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


def new_id(result: Any) -> int:
    return int(result.inserted_primary_key[0])


# Statements made once: building them costs three times what running them does, and joining runs some thirty

_ADD_REPORT = insert(reports)
_ADD_KEYS = insert(report_keys)
_ADD_EVIDENCE = insert(evidence)
_PLACE = update(reports).where(reports.c.id == bindparam("report"))
_PLACE = _PLACE.values(meeting_id=bindparam("record"), home_id=bindparam("home"))
_RULINGS = IN_FORCE.where(rulings.c.kind != "wrong", any_of(rulings.c.one))
_WRONG = IN_FORCE.where(rulings.c.kind == "wrong", any_of(rulings.c.one)).with_only_columns(corrections.c.why).limit(1)
_MEETING = select(meetings).where(meetings.c.id == bindparam("record"))
_ADD_MEETING = insert(meetings)
_PARTICIPANTS = select(meeting_participants).where(meeting_participants.c.meeting_id == bindparam("record"))
_PARTICIPANTS = _PARTICIPANTS.order_by(meeting_participants.c.position)
_ADD_PARTICIPANTS = insert(meeting_participants)
_ADD_CHANGE = insert(meeting_changes)
_PRINTS = select(article_prints.c.article_id, article_prints.c.hash).where(any_of(article_prints.c.article_id))
