"""When to ask a feed again. Pure decisions: the time is an argument."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.records import FeedState, PollResult

CEILING = timedelta(hours=24)  # no wish of a server and no failure silences a feed for longer
QUIET_CEILING = timedelta(hours=2)  # a feed that rarely changes is still asked this often
GONE_PAUSE = timedelta(hours=24)  # 410: a slow re-check, so that a mistake of the outlet heals by itself
WALL_PAUSE = timedelta(hours=6)  # a bot wall: asking more often only hardens it
REFUSED_PAUSE = timedelta(hours=6)  # credentials, payment or a court are missing: the next minutes change nothing
REFUSED = frozenset((401, 402, 451))
UNCONDITIONAL_EVERY = timedelta(hours=20)  # a stuck cache that answers 304 for ever is found out within a day
JITTER = 0.1  # share of the interval by which feeds are spread, so that they do not all fall due together


@dataclass(frozen=True, slots=True)
class PollPlan:
    """What follows from one poll for the next: its time (UTC), the adapted interval and the failures in a row."""

    next_poll_at: datetime
    interval: timedelta
    failures: int


def plan(state: FeedState, result: PollResult, new: int, now: datetime) -> PollPlan:
    """When to ask this feed again after `result`, which brought `new` unknown entries.

    A feed that brings news is asked at its configured floor; one that does not, a quarter less often each time up to
    two hours. Failures double the pause up to a day and never end the polling. The server's own wish (Retry-After,
    ttl) wins where it is later, up to a day.
    """
    floor = state.every
    if result.ok:
        known = state.interval or floor
        grown = floor if new else min(known * 1.25, max(floor, QUIET_CEILING))
        interval = max(floor, grown)
        wait = max(interval, min(result.ttl, QUIET_CEILING)) if result.ttl else interval
        failures = 0
    else:
        failures = state.failures + 1
        interval = state.interval or floor
        wait = min(floor * 2 ** min(failures - 1, 10), CEILING)
        if result.gone:
            wait = GONE_PAUSE
        elif result.error_kind == "BotWall":
            wait = max(wait, WALL_PAUSE)
        elif result.status in REFUSED:
            wait = max(wait, REFUSED_PAUSE)
        elif result.status == 404:
            wait = min(2 * wait, CEILING)  # an address that is not there is less likely to come back than a server that is down
    wait = min(wait, CEILING)
    at = now + wait * (1 + JITTER * _spread(state.url))
    if result.retry_after:
        at = max(at, min(result.retry_after, now + CEILING))
    return PollPlan(at, interval, failures)


def asks_unconditionally(state: FeedState, now: datetime) -> bool:
    """Whether this poll leaves the validators out, as it must do about daily (FAULTS: the same ETag for ever)."""
    return state.unconditional_at is None or now - state.unconditional_at >= UNCONDITIONAL_EVERY


def next_try(attempts: int, now: datetime, retry_after: datetime | None = None) -> datetime:
    """When to try an entry again that could not be read: 5 minutes, doubling up to 12 hours; the server's wish wins."""
    pause = timedelta(minutes=5 * 2 ** min(max(attempts, 1) - 1, 10))
    at = now + min(pause, timedelta(hours=12))
    return max(at, min(retry_after, now + CEILING)) if retry_after else at


def _spread(url: str) -> float:
    """A steady number in 0..1 for a feed, so that restarts do not change the order of polls."""
    return int.from_bytes(hashlib.sha256(url.encode()).digest()[:4], "big") / 2**32
