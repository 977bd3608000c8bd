"""Feeds that answer well and yet need a person: taken over by somebody else, or empty poll after poll."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, update

from monitor.store.tables import articles, entries, feeds, polls
from pipelines.handover import LEAST_KNOWN, Acquaintance, has_changed_hands, words_of
from pipelines.records import PollResult

CHANGED_HANDS = "ChangedHands"
EMPTY = "EmptyFeed"
SUSPICIONS = (CHANGED_HANDS, EMPTY)
HELD = "held: the feed changed identity"
"""The reason of entries that are kept unread until a person accepts what the feed has become."""

EMPTY_POLLS = 3  # empty answers in a row before it is said: some outlets publish an empty feed while they rebuild it
_REMEMBERED = 60  # entries that tell how a feed speaks
_LOOKED_AT = 200  # polls: about two days


def comes_from_somebody_else(connection: Connection, feed: Any, result: PollResult) -> bool:
    """Whether an answer without any entry we know is no longer the feed that was subscribed to."""
    if not feed.title or feed.entries < LEAST_KNOWN:
        return False
    known = _acquaintance(connection, feed)
    return known is not None and has_changed_hands(
        known, result.title, result.language, [f"{item.title} {item.summary}" for item in result.entries[:_REMEMBERED]]
    )


def _acquaintance(connection: Connection, feed: Any) -> Acquaintance | None:
    own = (
        select(entries.c.title, entries.c.summary, articles.c.language)
        .outerjoin(articles, articles.c.id == entries.c.article_id)
        .where(entries.c.feed_id == feed.id, entries.c.pruned_at.is_(None), or_(entries.c.reason.is_(None), entries.c.reason != HELD))
        .order_by(entries.c.id.desc())
        .limit(_REMEMBERED)
    )
    rows = connection.execute(own).all()
    if len(rows) < LEAST_KNOWN:
        return None
    spoken = {(row.language or "")[:2] for row in rows} | {(feed.language or "")[:2]}
    return Acquaintance(feed.title, frozenset(spoken - {""}), words_of(f"{row.title} {row.summary}" for row in rows))


def suspicion(connection: Connection, feed: Any, result: PollResult, *, somebody_else: bool) -> tuple[str | None, str | None]:
    """What is odd about a good poll, in words, and of which kind; (None, None) if nothing is."""
    if somebody_else:
        now_called = " ".join((result.title or "").split())[:80]
        words = f"the feed changed identity: {feed.title[:80]!r} has become {now_called!r}, in another language; its entries are held"
        return f"{words} until `vigie feeds accept` takes it or another address is configured", CHANGED_HANDS
    if result.not_modified and feed.last_error_kind in SUSPICIONS:
        return feed.last_error, feed.last_error_kind
    if not result.entries and (count := _empty_polls(connection, feed.id, result)) >= EMPTY_POLLS:
        return f"the feed answers but is empty: no entry in {count} polls in a row", EMPTY
    return None, None


def _empty_polls(connection: Connection, feed_id: int, result: PollResult) -> int:
    """How many good polls in a row, this one included, had no entry; an unchanged answer is what the one before it was."""
    empty, unchanged = (0, 1) if result.not_modified else (1, 0)
    past = select(polls.c.not_modified, polls.c.hits).where(polls.c.feed_id == feed_id, polls.c.ok).order_by(polls.c.id.desc())
    for row in connection.execute(past.limit(_LOOKED_AT)):
        if row.not_modified:
            unchanged += 1
        elif row.hits:
            return empty
        else:
            empty, unchanged = empty + unchanged + 1, 0
    return empty


def accept(connection: Connection, feed_id: int, now: datetime) -> int:
    """Take a feed for what it has become: its name is learnt anew and what was held is read. Returns how many entries that is."""
    opened = connection.execute(
        update(entries)
        .where(entries.c.feed_id == feed_id, entries.c.reason == HELD)
        .values(outcome=None, outcome_at=None, reason=None, due_at=now, attempts=0)
    ).rowcount
    learn = update(feeds).where(feeds.c.id == feed_id)
    connection.execute(learn.values(title=None, last_error=None, last_error_kind=None, next_poll_at=now))
    return int(opened)
