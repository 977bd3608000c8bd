"""Feeds: which are watched, which are due, and what a poll brought, in one transaction."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, insert, or_, select, true, update

from monitor.store import suspects
from monitor.store.database import Database
from monitor.store.errors import NoSuchRow
from monitor.store.suspects import suspicion
from monitor.store.tables import entries, entry_bodies, entry_keys, feeds, hosts, polls, sightings
from pipelines.records import Entry, FeedState, Outcome, PollResult
from pipelines.store import FeedSpec, Planner, PollSaved, SyncResult
from pipelines.urls import host_of, is_google_news

KEEP_POLLS = timedelta(days=30)  # rows of single polls, for the failing and silent feeds' story
AGREEING_POLLS = 3  # so many polls in a row must be sent on to one address before it is adopted: maintenance pages redirect too
CLOCK_SLACK = timedelta(minutes=10)  # a time further ahead than this was written by a clock that has been set back since
LONGEST_PAUSE = timedelta(hours=25)  # Retry-After is clamped to 24 h; a longer pause comes from a wrong clock

EXTRA_KEYS = 8  # a feed that makes up new guids at every poll must not grow the store; the first key still finds the entry

TITLE_CHARS = 1_000
SUMMARY_CHARS = 20_000
HTML_CHARS = 1_000_000
CHUNK = 400  # values in one IN list; SQLite allows 32,766, short lists keep the statement cache small


class FeedStore(Database):
    """What the store knows of feeds."""

    def sync_feeds(self, specs: Sequence[FeedSpec], now: datetime) -> SyncResult:
        """Make the watched feeds those of `specs`. A feed that is gone from them is retired: kept with its entries, not polled.

        A feed that comes back is taken up where it was; changed settings make it due at once.
        """
        wanted = {spec.url: spec for spec in specs}
        with self.writing("feeds synced") as connection:
            known = {row.url: row for row in connection.execute(select(feeds))}
            added = changed = 0
            for url, spec in wanted.items():
                values = _of_spec(spec)
                row = known.get(url)
                if row is None:
                    connection.execute(insert(feeds).values(url=url, added_at=now, next_poll_at=now, **values))
                    added += 1
                elif row.retired_at is not None:
                    values |= {"retired_at": None, "next_poll_at": now, "failures": 0, "last_error": None}
                    connection.execute(update(feeds).where(feeds.c.id == row.id).values(values))
                    added += 1
                elif any(getattr(row, name) != value for name, value in values.items()):
                    connection.execute(update(feeds).where(feeds.c.id == row.id).values(next_poll_at=now, **values))
                    changed += 1
            gone = [row.id for row in known.values() if row.url not in wanted and row.retired_at is None]
            for ids in chunks(gone):
                retire = update(feeds).where(feeds.c.id.in_(ids))
                connection.execute(retire.values(retired_at=now, lease_owner=None, lease_until=None))
        return SyncResult(added, changed, len(gone))

    def active_feed_ids(self) -> list[int]:
        """The feeds that are watched, in the order they were added."""
        with self.reading() as connection:
            return list(connection.execute(select(feeds.c.id).where(feeds.c.retired_at.is_(None)).order_by(feeds.c.id)).scalars())

    def claim_feeds(
        self,
        now: datetime,
        *,
        owner: str,
        limit: int,
        lease: timedelta,
        per_host: int,
        everything: bool = False,
        only: Collection[int] | None = None,
    ) -> list[FeedState]:
        """Lease up to `limit` feeds that are due (or any, with `everything`), the longest due first, to one owner alone.

        No host is given more than `per_host` leases at a time, over all owners, nor any while it asked to be left in
        peace. A lease that lies further ahead than a lease is long comes from a wrong clock and does not count.
        """
        if limit <= 0:
            return []
        with self.writing("feeds claimed") as connection:
            busy = _live_lease(feeds, now, lease)
            paused = set(
                connection.execute(
                    select(hosts.c.host).where(hosts.c.paused_until > now, hosts.c.paused_until <= now + LONGEST_PAUSE)
                ).scalars()
            )
            taken: Counter[str] = Counter()
            for host, count in connection.execute(select(feeds.c.host, func.count()).where(busy).group_by(feeds.c.host)):
                taken[host] = count
            due = true() if everything else or_(feeds.c.next_poll_at.is_(None), feeds.c.next_poll_at <= now, _from_the_future(now))
            query = select(feeds.c.id, feeds.c.host).where(feeds.c.retired_at.is_(None), ~busy, due)
            if only is not None:
                query = query.where(feeds.c.id.in_(list(only)))
            chosen: list[int] = []
            for feed_id, host in connection.execute(query.order_by(feeds.c.next_poll_at, feeds.c.id)):
                if host in paused or taken[host] >= per_host:
                    continue
                taken[host] += 1
                chosen.append(feed_id)
                if len(chosen) >= limit:
                    break
            if not chosen:
                return []
            connection.execute(update(feeds).where(feeds.c.id.in_(chosen)).values(lease_owner=owner, lease_until=now + lease))
            rows = {row.id: row for row in connection.execute(select(feeds).where(feeds.c.id.in_(chosen)))}
        return [_state(rows[feed_id]) for feed_id in chosen]

    def save_poll(self, result: PollResult, now: datetime, *, plan: Planner) -> PollSaved:
        """Store one poll whole: its unknown entries without an outcome, edits of known ones, validators, next time, the attempt.

        One transaction, so that a validator is never kept without the entries it stands for. Frees the feed.
        """
        with self.writing("poll saved") as connection:
            feed = connection.execute(select(feeds).where(feeds.c.id == result.feed_id)).one()
            incoming = _Incoming(connection, feed, now)
            incoming.store(result)
            planned = plan(_state(feed), result, incoming.new, now)
            error, kind = result.error, result.error_kind
            if result.ok:
                error, kind = suspicion(connection, feed, result, somebody_else=incoming.somebody_else)
            values: dict[str, Any] = {
                "last_polled_at": now,
                "next_poll_at": planned.next_poll_at,
                "interval_s": round(planned.interval.total_seconds()),
                "failures": planned.failures,
                "entries": feed.entries + incoming.new + incoming.shared,
                "last_status": result.status,
                "last_error": error,
                "last_error_kind": kind,
                "problems": list(result.problems[:10]) or None,
                "lease_owner": None,
                "lease_until": None,
            }
            if result.ok:
                values["last_ok_at"] = now
            if result.ok and not incoming.somebody_else:
                values["title"] = _cut(result.title, TITLE_CHARS) or feed.title
            if result.unconditional:
                values["unconditional_at"] = now
            if result.keep_validators:
                values |= {"etag": result.etag, "last_modified": result.last_modified}
            if result.keep_validators and result.body_hash:
                values["body_hash"] = result.body_hash
            if incoming.new:
                values |= {"last_new_at": now, "silent_after": now + _usual_silence(feed, now)}
            elif feed.silent_after is None:
                values["silent_after"] = now + timedelta(days=7)
            adopted = _moving(feed, result, values)
            connection.execute(update(feeds).where(feeds.c.id == feed.id).values(values))
            if result.host_wide and result.retry_after:
                _pause_host(connection, result.host or feed.host, min(result.retry_after, now + timedelta(hours=24)), result.error)
            connection.execute(insert(polls).values(_attempt(result, incoming, now)))
            connection.execute(delete(polls).where(polls.c.feed_id == feed.id, polls.c.at < now - KEEP_POLLS))
        suspected = error if result.ok and error != feed.last_error else None
        return PollSaved(incoming.new, incoming.changed, planned.next_poll_at, adopted, suspected)


    def accept_feed(self, url: str, now: datetime) -> int:
        """Take a feed whose identity changed for what it has become; returns how many held entries will be read. Raises NoSuchRow."""
        with self.writing("feed accepted") as connection:
            feed_id = connection.execute(select(feeds.c.id).where(feeds.c.url == url, feeds.c.retired_at.is_(None))).scalar()
            if feed_id is None:
                raise NoSuchRow(f"no feed with the address {url} is watched; `vigie feeds list` shows them")
            return suspects.accept(connection, feed_id, now)

    def pause_host(self, host: str, until: datetime, now: datetime, *, reason: str) -> None:
        """Leave a host in peace until then, a day at most: its wish, told to one of its pages, holds for all and over restarts."""
        with self.writing("host paused") as connection:
            _pause_host(connection, host, min(until, now + timedelta(hours=24)), reason[:500])

    def pauses(self, now: datetime) -> dict[str, timedelta]:
        """The hosts to be left in peace, and for how long yet."""
        running = select(hosts).where(hosts.c.paused_until > now, hosts.c.paused_until <= now + LONGEST_PAUSE)
        with self.reading() as connection:
            return {row.host: row.paused_until - now for row in connection.execute(running)}


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterable[list[Any]]:
    """`values` in lists of at most `size`."""
    listed = list(values)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def clean(text: str | None) -> str | None:
    """Text that every database takes: without NUL and lone surrogates."""
    if text is None:
        return None
    if "\x00" in text:
        text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _cut(text: str | None, length: int) -> str | None:
    return clean(text[:length]) if text else text


def _of_spec(spec: FeedSpec) -> dict[str, Any]:
    values = asdict(spec)
    del values["url"]
    values["every_s"] = round(values.pop("every").total_seconds())
    return values | {"host": host_of(spec.url)}


def _state(row: Any) -> FeedState:
    return FeedState(
        id=row.id,
        url=row.moved_to or row.url,
        outlet=row.outlet,
        country=row.country,
        language=row.language,
        kind=row.kind,
        every=timedelta(seconds=row.every_s),
        full_text=row.full_text,
        etag=row.etag,
        last_modified=row.last_modified,
        body_hash=row.body_hash,
        unconditional_at=row.unconditional_at,
        interval=timedelta(seconds=row.interval_s) if row.interval_s else None,
        failures=row.failures,
        entries=row.entries,
        title=row.title,
    )


def _live_lease(table: Any, now: datetime, lease: timedelta) -> ColumnElement[bool]:
    return and_(table.c.lease_until.is_not(None), table.c.lease_until > now, table.c.lease_until <= now + lease + CLOCK_SLACK)


def _from_the_future(now: datetime) -> ColumnElement[bool]:
    """Polled by a clock that has been set back since: its next poll may lie years ahead."""
    return and_(feeds.c.last_polled_at.is_not(None), feeds.c.last_polled_at > now + CLOCK_SLACK)


def _usual_silence(feed: Any, now: datetime) -> timedelta:
    """After how long without an unknown entry a feed's silence is unusual: four times its mean pause, 2 to 30 days."""
    if feed.last_new_at is None or feed.entries < 5:
        return timedelta(days=7)
    mean: timedelta = (now - feed.added_at) / max(feed.entries, 1)
    return min(max(4 * mean, timedelta(days=2)), timedelta(days=30))


def _moving(feed: Any, result: PollResult, values: dict[str, Any]) -> str | None:
    """Adopt a new address once several good polls in a row were sent on to it; leave it when it fails. Returns an adopted one."""
    asked = feed.moved_to or feed.url
    if not result.ok:
        if feed.moved_to and values["failures"] >= AGREEING_POLLS:
            values |= {"moved_to": None, "moving_to": None, "moving_polls": 0, "etag": None, "last_modified": None, "body_hash": None}
        return None
    if result.not_modified and not result.moved_to:
        return None
    if not result.moved_to or result.moved_to == asked:
        values |= {"moving_to": None, "moving_polls": 0}
        return None
    count = feed.moving_polls + 1 if feed.moving_to == result.moved_to else 1
    values |= {"moving_to": result.moved_to, "moving_polls": count}
    if count < AGREEING_POLLS:
        return None
    values |= {"moved_to": result.moved_to if result.moved_to != feed.url else None, "moving_to": None, "moving_polls": 0}
    values["host"] = host_of(result.moved_to)
    return result.moved_to


def _pause_host(connection: Connection, host: str, until: datetime, reason: str | None) -> None:
    known = connection.execute(select(hosts.c.paused_until).where(hosts.c.host == host)).scalar()
    if known is None:
        connection.execute(insert(hosts).values(host=host, paused_until=until, reason=reason))
    elif known < until:
        connection.execute(update(hosts).where(hosts.c.host == host).values(paused_until=until, reason=reason))


def _attempt(result: PollResult, incoming: _Incoming, now: datetime) -> dict[str, Any]:
    return {
        "feed_id": result.feed_id,
        "at": now,
        "ok": result.ok,
        "not_modified": result.not_modified,
        "status": result.status,
        "error": result.error,
        "error_kind": result.error_kind,
        "hits": len(result.entries),
        "new": incoming.new,
        "changed": incoming.changed,
        "bytes": result.bytes,
        "ms": result.elapsed_ms,
    }


def digest_key(kind: str, scope: object, key: str) -> bytes:
    """An identity as it is stored: 16 bytes of sha256 over kind, scope and key."""
    return hashlib.sha256(f"{kind}\x1f{scope}\x1f{key}".encode()).digest()[:16]


class _Incoming:
    """The items of one answer, told apart into unknown, known and edited ones.

    Identity: the guid within the feed, then the address in the whole store, then title and day within the outlet (only for
    items with neither). A new guid with a known address is that entry.
    """

    def __init__(self, connection: Connection, feed: Any, now: datetime):
        self.connection = connection
        self.feed = feed
        self.now = now
        self.new = 0
        self.changed = 0
        self.shared = 0  # first seen in another feed
        self.somebody_else = False  # the feed changed identity: what is new is kept unread

    def store(self, result: PollResult) -> None:
        items = result.entries
        if not items:
            return
        keys = [self._keys(item) for item in items]
        known = self._known(keys)
        rows = self._rows(set(known.values()))
        if all(row.reason == suspects.HELD for row in rows.values()):
            self.somebody_else = suspects.comes_from_somebody_else(self.connection, self.feed, result)
        seen_here = self._seen_here(set(known.values()))
        fresh: list[tuple[Entry, dict[str, bytes]]] = []
        place: dict[bytes, int] = {}  # key -> position in `fresh`
        more_keys: dict[bytes, int] = {}
        room = {entry_id: EXTRA_KEYS - row.extra_keys for entry_id, row in rows.items()}
        sighted: list[int] = []
        for item, own in zip(items, keys, strict=True):
            entry_id = next((known[key] for key in own.values() if key in known), None)
            if entry_id is not None:
                for key in own.values():
                    if key not in known and room[entry_id] > 0:
                        known[key] = more_keys[key] = entry_id
                        room[entry_id] -= 1
                if entry_id not in seen_here:
                    seen_here.add(entry_id)
                    sighted.append(entry_id)
                self._note_edit(rows[entry_id], item)
                continue
            position = next((place[key] for key in own.values() if key in place), None)
            if position is None:
                position = len(fresh)
                fresh.append((item, dict(own)))
            for key in own.values():
                place.setdefault(key, position)
        self._add(fresh, place)
        if more_keys:
            rows_to_add = [{"key": key, "entry_id": entry_id} for key, entry_id in more_keys.items()]
            self.connection.execute(insert(entry_keys), rows_to_add)
            for entry_id, count in Counter(more_keys.values()).items():
                grown = entries.c.extra_keys + count
                self.connection.execute(update(entries).where(entries.c.id == entry_id).values(extra_keys=grown))
        if sighted:
            self.shared = len(sighted)
            self.connection.execute(
                insert(sightings),
                [{"entry_id": entry_id, "feed_id": self.feed.id, "first_seen_at": self.now} for entry_id in sighted],
            )

    def _keys(self, item: Entry) -> dict[str, bytes]:
        keys = {}
        if item.guid_key:
            keys["guid"] = digest_key("guid", self.feed.id, item.guid_key)
        if item.link_key:
            keys["link"] = digest_key("link", "", item.link_key)
        if not keys and item.title_key:
            keys["title"] = digest_key("title", self.feed.outlet, item.title_key)
        return keys

    def _known(self, keys: Sequence[Mapping[str, bytes]]) -> dict[bytes, int]:
        known: dict[bytes, int] = {}
        query = select(entry_keys.c.key, entry_keys.c.entry_id)
        for some in chunks({key for own in keys for key in own.values()}):
            known.update((row.key, row.entry_id) for row in self.connection.execute(query.where(entry_keys.c.key.in_(some))))
        return known

    def _rows(self, ids: Collection[int]) -> dict[int, Any]:
        columns = select(
            entries.c.id,
            entries.c.content_hash,
            entries.c.extra_keys,
            entries.c.edits,
            entries.c.outcome,
            entries.c.article_id,
            entries.c.pruned_at,
            entries.c.reason,
        )
        rows: dict[int, Any] = {}
        for some in chunks(ids):
            rows.update((row.id, row) for row in self.connection.execute(columns.where(entries.c.id.in_(some))))
        return rows

    def _seen_here(self, ids: Collection[int]) -> set[int]:
        seen: set[int] = set()
        query = select(sightings.c.entry_id).where(sightings.c.feed_id == self.feed.id)
        for some in chunks(ids):
            seen.update(self.connection.execute(query.where(sightings.c.entry_id.in_(some))).scalars())
        return seen

    def _note_edit(self, row: Any, item: Entry) -> None:
        """Keep the latest words of a known entry. Typography is no edit; a tombstone stays one."""
        content = content_hash(item)
        if row.pruned_at is not None or row.content_hash == content:
            return
        self.changed += 1
        values: dict[str, Any] = {
            "title": _cut(item.title, TITLE_CHARS) or "",
            "summary": _cut(item.summary, SUMMARY_CHARS) or "",
            "updated_at": item.updated,
            "content_hash": content,
            "edits": row.edits + 1,
            "edited_at": self.now,
        }
        if _is_read_again(row):
            values |= {"due_at": self.now, "attempts": 0}
        self.connection.execute(update(entries).where(entries.c.id == row.id).values(values))

    def _add(self, fresh: Sequence[tuple[Entry, Mapping[str, bytes]]], place: Mapping[bytes, int]) -> None:
        if not fresh:
            return
        rows = [self._row(item) for item, _ in fresh]
        ids: list[int] = []
        # RETURNING in the order of the rows; PostgreSQL and SQLite both keep their counters right this way
        adding = insert(entries).returning(entries.c.id, sort_by_parameter_order=True)
        for some in chunks(rows):
            ids += self.connection.execute(adding, some).scalars()
        self.connection.execute(insert(entry_keys), [{"key": key, "entry_id": ids[position]} for key, position in place.items()])
        self.connection.execute(
            insert(sightings), [{"entry_id": entry_id, "feed_id": self.feed.id, "first_seen_at": self.now} for entry_id in ids]
        )
        bodies = [
            {"entry_id": entry_id, "html": _cut(item.full_html, HTML_CHARS)}
            for entry_id, (item, _) in zip(ids, fresh, strict=True)
            if item.full_html
        ]
        if bodies:
            self.connection.execute(insert(entry_bodies), bodies)
        self.new = len(ids)

    def _outlet_of(self, item: Entry) -> str:
        """The feed's outlet; for an item of a search portal the outlet it comes from, so that independent voices are counted."""
        if item.source and item.url and is_google_news(item.url):
            return _cut(item.source, 200) or self.feed.outlet
        return str(self.feed.outlet)

    def _row(self, item: Entry) -> dict[str, Any]:
        return {
            "feed_id": self.feed.id,
            "outlet": self._outlet_of(item),
            "host": host_of(item.url) if item.url else self.feed.host,
            "url": clean(item.url),
            "title": _cut(item.title, TITLE_CHARS) or "",
            "summary": _cut(item.summary, SUMMARY_CHARS) or "",
            "author": _cut(item.author, 300),
            "language": _cut(item.language, 32),
            "published_at": item.published,
            "updated_at": item.updated,
            "guid_key": item.guid_key,
            "link_key": item.link_key,
            "title_key": item.title_key,
            "content_hash": content_hash(item),
            "problems": list(item.problems[:10]) or None,
            "first_seen_at": self.now,
            **self._fate(),
        }

    def _fate(self) -> dict[str, Any]:
        """What becomes of new entries: read as soon as may be, or held."""
        if self.somebody_else:
            return {"due_at": None, "outcome": str(Outcome.GAVE_UP), "outcome_at": self.now, "reason": suspects.HELD}
        return {"due_at": self.now, "outcome": None, "outcome_at": None, "reason": None}


REREADINGS = 3
"""An entry that reported meetings is read again when its feed shows it edited, this often at most (feeds edit at every poll)."""


def _is_read_again(row: Any) -> bool:
    return row.outcome in _TOLD and row.edits < REREADINGS


_TOLD = ("new-meeting", "known-meeting", "background", "planned", "possible")


def content_hash(item: Entry) -> str:
    """sha256 hex of what an item says, blind to spaces and case."""
    words = " ".join(f"{item.title}\x1f{item.summary}".casefold().split())
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def pause_of(connection: Connection, host: str, now: datetime) -> datetime | None:
    """Until when a host asked to be left in peace."""
    found = connection.execute(select(hosts.c.paused_until).where(hosts.c.host == bindparam("host")), {"host": host}).scalar()
    return found if found and now < found <= now + LONGEST_PAUSE else None
