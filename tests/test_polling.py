from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.polling import CEILING, asks_unconditionally, next_try, plan
from pipelines.records import FeedState, PollResult

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
EVERY = timedelta(minutes=15)
STATE = FeedState(1, "https://outlet.example/feed", "Outlet", "MA", "fr", "feed", EVERY, False)
FINE = PollResult(1, True, NOW)
BAD = PollResult(1, False, NOW, error="DNS", error_kind="FetchError")


def wait(state: FeedState, result: PollResult, new: int = 0) -> timedelta:
    return plan(state, result, new, NOW).next_poll_at - NOW


def test_a_feed_with_news_is_asked_at_its_floor():
    assert EVERY <= wait(replace(STATE, interval=timedelta(hours=2)), FINE, new=3) <= EVERY * 1.1


def test_a_quiet_feed_is_asked_ever_less_often_up_to_two_hours():
    state, seen = STATE, []
    for _ in range(40):
        decided = plan(state, FINE, 0, NOW)
        seen.append(decided.interval)
        state = replace(state, interval=decided.interval)
    assert seen == sorted(seen)
    assert seen[-1] == timedelta(hours=2)


def test_failures_double_the_pause_up_to_a_day_and_never_end_it():
    waits = [wait(replace(STATE, failures=n), BAD) for n in range(30)]
    assert waits == sorted(waits)
    assert timedelta(hours=24) <= waits[-1] <= CEILING * 1.1


def test_success_after_failures_starts_afresh():
    assert plan(replace(STATE, failures=9), FINE, 1, NOW).failures == 0


@pytest.mark.parametrize("hours", [1, 5, 23])
def test_retry_after_wins_when_it_is_later(hours):
    wish = NOW + timedelta(hours=hours)
    assert plan(STATE, replace(BAD, retry_after=wish), 0, NOW).next_poll_at == wish


def test_an_absurd_retry_after_is_held_to_a_day():
    assert wait(STATE, replace(BAD, retry_after=NOW + timedelta(days=36500))) <= CEILING


def test_a_ttl_of_years_does_not_silence_a_feed():
    assert wait(STATE, replace(FINE, ttl=timedelta(days=70000))) <= timedelta(hours=2) * 1.1


def test_a_ttl_of_zero_does_not_go_below_the_floor():
    assert wait(STATE, replace(FINE, ttl=timedelta(0)), new=1) >= EVERY


def test_a_gone_feed_is_looked_at_once_a_day():
    assert wait(STATE, replace(BAD, gone=True)) >= timedelta(hours=24)


def test_a_bot_wall_is_left_alone_for_hours():
    assert wait(STATE, replace(BAD, error_kind="BotWall")) >= timedelta(hours=6)


@pytest.mark.parametrize("status", [401, 402, 451])
def test_a_refusal_that_minutes_do_not_change_is_left_alone_for_hours(status):
    assert wait(STATE, replace(BAD, status=status)) >= timedelta(hours=6)


def test_an_address_that_is_not_there_is_asked_less_often_than_a_server_that_is_down():
    assert wait(STATE, replace(BAD, status=404)) >= 2 * EVERY > wait(STATE, replace(BAD, status=503))
    assert wait(replace(STATE, failures=40), replace(BAD, status=404)) <= timedelta(hours=27)


def test_validators_are_left_out_once_a_day():
    assert asks_unconditionally(STATE, NOW)
    assert not asks_unconditionally(replace(STATE, unconditional_at=NOW - timedelta(hours=2)), NOW)
    assert asks_unconditionally(replace(STATE, unconditional_at=NOW - timedelta(hours=23)), NOW)


def test_an_entry_is_tried_again_with_growing_pauses():
    waits = [next_try(n, NOW) - NOW for n in range(1, 12)]
    assert waits[0] == timedelta(minutes=5)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=12)
    assert next_try(1, NOW, NOW + timedelta(hours=3)) == NOW + timedelta(hours=3)
