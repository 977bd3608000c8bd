"""Entries on their way to an outcome: claimed for reading, put off, freed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, case, delete, func, or_, select, update

from monitor.store.feeds import LONGEST_PAUSE, FeedStore, _live_lease, chunks
from monitor.store.tables import entries, entry_bodies, feeds, hosts
from pipelines.records import Entry, Outcome, PendingEntry


class EntryStore(FeedStore):
    """What the store knows of entries."""

    def claim_entries(
        self, now: datetime, *, owner: str, limit: int, lease: timedelta, per_host: int, attempts_max: int | None = None
    ) -> list[PendingEntry]:
        """Lease up to `limit` entries that may be read now, to one owner alone.

        Fair: every host gets its turn before one gets a second, and so does every feed within a host. No host has more
        than `per_host` leases at a time, nor any while it is paused. Claiming counts as a try, so that an entry that
        kills its reader is noticed; `attempts` are the tries before this one. With `attempts_max`, entries with more
        tries than that are left alone.
        """
        if limit <= 0:
            return []
        with self.writing("entries claimed") as connection:
            busy = _live_lease(entries, now, lease)
            taken: Counter[str] = Counter()
            leased = select(entries.c.host, func.count()).where(entries.c.due_at.is_not(None), busy).group_by(entries.c.host)
            for host, count in connection.execute(leased):
                taken[host] = count
            paused = set(
                connection.execute(
                    select(hosts.c.host).where(hosts.c.paused_until > now, hosts.c.paused_until <= now + LONGEST_PAUSE)
                ).scalars()
            )
            chosen: list[int] = []
            for entry_id, host in connection.execute(_in_turn(now, lease, per_host, attempts_max)):
                if host in paused or taken[host] >= per_host:
                    continue
                taken[host] += 1
                chosen.append(entry_id)
                if len(chosen) >= limit:
                    break
            if not chosen:
                return []
            claim = update(entries).where(entries.c.id.in_(chosen))
            connection.execute(claim.values(lease_owner=owner, lease_until=now + lease, attempts=entries.c.attempts + 1))
            query = (
                select(entries, feeds.c.country, feeds.c.full_text, feeds.c.language.label("feed_language"), entry_bodies.c.html)
                .join(feeds, feeds.c.id == entries.c.feed_id)
                .outerjoin(entry_bodies, entry_bodies.c.entry_id == entries.c.id)
                .where(entries.c.id.in_(chosen))
            )
            rows = {row.id: row for row in connection.execute(query)}
        return [_pending(rows[entry_id]) for entry_id in chosen]

    def postpone_entry(self, entry_id: int, now: datetime, *, reason: str, retry_at: datetime, counts: bool = True) -> None:
        """Put an entry off until `retry_at` and free it. The try is counted, unless nobody was asked (`counts` False)."""
        with self.writing("entry postponed") as connection:
            leased = entries.c.lease_owner.is_not(None)  # claiming it has counted already
            if counts:
                uncounted = case((leased, 0), else_=1)
            else:
                uncounted = case((and_(leased, entries.c.attempts > 0), -1), else_=0)
            connection.execute(
                update(entries)
                .where(entries.c.id == entry_id, entries.c.due_at.is_not(None))
                .values(
                    reason=reason[:500],
                    due_at=max(retry_at, now),
                    lease_owner=None,
                    lease_until=None,
                    attempts=entries.c.attempts + uncounted,
                )
            )

    def lease_owners(self) -> set[str]:
        """Who holds feeds or entries now."""
        with self.reading() as connection:
            of_feeds = select(feeds.c.lease_owner).where(feeds.c.lease_owner.is_not(None))
            # Only what is due can be held; the index on that spares a walk through all entries
            of_entries = select(entries.c.lease_owner).where(entries.c.due_at.is_not(None), entries.c.lease_owner.is_not(None))
            return {owner for query in (of_feeds, of_entries) for owner in connection.execute(query.distinct()).scalars()}

    def take_over(self, owner: str) -> int:
        """Free what a process held that is no more. What it was reading has used a try: it may be what killed it."""
        free = {"lease_owner": None, "lease_until": None}
        with self.writing("taken over") as connection:
            return sum(
                connection.execute(update(table).where(table.c.lease_owner == owner).values(free)).rowcount for table in (feeds, entries)
            )

    def release(self, owner: str) -> int:
        """Free everything this owner has leased, as if it had not been claimed. Returns how much that was."""
        with self.writing("released") as connection:
            return _free(connection, entries, entries.c.lease_owner == owner) + _free(connection, feeds, feeds.c.lease_owner == owner)

    def give_back(self, owner: str, *, feed_ids: Collection[int] = (), entry_ids: Collection[int] = ()) -> int:
        """Free these, as far as this owner has leased them, as if they had not been claimed. Returns how many that was."""
        freed = 0
        with self.writing("given back") as connection:
            for table, ids in ((feeds, feed_ids), (entries, entry_ids)):
                for some in chunks(ids):
                    freed += _free(connection, table, and_(table.c.lease_owner == owner, table.c.id.in_(some)))
        return freed


def _free(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    values: dict[str, Any] = {"lease_owner": None, "lease_until": None}
    if "attempts" in table.c:
        values["attempts"] = case((table.c.attempts > 0, table.c.attempts - 1), else_=0)
    return connection.execute(update(table).where(which).values(values)).rowcount


def _in_turn(now: datetime, lease: timedelta, per_host: int, attempts_max: int | None) -> Any:
    """Ids and hosts of entries that may be claimed, in the order of their turn."""
    # Postponed by a clock that has been set back since: its time would never come
    stale = entries.c.due_at > now + LONGEST_PAUSE
    ready = [entries.c.due_at.is_not(None), or_(entries.c.due_at <= now, stale), ~_live_lease(entries, now, lease)]
    if attempts_max is not None:
        ready.append(entries.c.attempts <= attempts_max)
    by_feed = (
        select(
            entries.c.id,
            entries.c.host,
            func.row_number().over(partition_by=entries.c.feed_id, order_by=entries.c.id).label("in_feed"),
        )
        .where(and_(*ready))
        .subquery()
    )
    by_host = (
        select(
            by_feed.c.id,
            by_feed.c.host,
            func.row_number().over(partition_by=by_feed.c.host, order_by=(by_feed.c.in_feed, by_feed.c.id)).label("turn"),
        )
        .where(by_feed.c.in_feed <= per_host)
        .subquery()
    )
    return select(by_host.c.id, by_host.c.host).where(by_host.c.turn <= per_host).order_by(by_host.c.turn, by_host.c.id)


def _pending(row: Any) -> PendingEntry:
    return PendingEntry(
        id=row.id,
        feed_id=row.feed_id,
        outlet=row.outlet,
        country=row.country,
        entry=Entry(
            url=row.url,
            title=row.title,
            summary=row.summary,
            full_html=row.html,
            author=row.author,
            published=row.published_at,
            updated=row.updated_at,
            language=row.language,
            guid_key=row.guid_key,
            link_key=row.link_key,
            title_key=row.title_key,
            problems=tuple(row.problems or ()),
        ),
        first_seen=row.first_seen_at,
        full_text=row.full_text,
        language=row.feed_language,
        attempts=max(row.attempts - 1, 0),  # without the one that claiming has counted
    )


def end_entry(connection: Connection, entry_id: int, outcome: Outcome, article_id: int | None, reason: str | None, now: datetime) -> None:
    """Give an entry its outcome, inside the caller's transaction."""
    connection.execute(
        update(entries)
        .where(entries.c.id == entry_id)
        .values(
            outcome=str(outcome),
            outcome_at=now,
            reason=reason[:500] if reason else None,
            article_id=article_id,
            due_at=None,
            lease_owner=None,
            lease_until=None,
        )
    )
    connection.execute(delete(entry_bodies).where(entry_bodies.c.entry_id == entry_id))
