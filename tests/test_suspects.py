"""Feeds that answer well and yet need a person: what is said of them, what is held, and how a person accepts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.store import NoSuchRow, SqlStore, open_store
from monitor.store.digest_sources import watch_state
from pipelines.polling import plan
from pipelines.records import Entry, PollResult
from pipelines.store import FeedSpec, PollSaved
from pipelines.urls import link_key

NOW = datetime.now(UTC).replace(microsecond=0)  # the view asks the clock of the database whether a silence is long
HOUR = timedelta(hours=1)
URL = "https://a.example/feed"
OURS = [f"Le conseil de Tanger vote le budget de la voirie, séance {n}" for n in range(1, 5)]
CASINO = ["Best online slots and free spins this week", "Play now and win the big jackpot with our new bonus codes"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(str(tmp_path / "store.sqlite"))
    opened.sync_feeds([FeedSpec(URL, "Le Matin", "MA", "fr")], NOW)
    yield opened
    opened.close()


def item(title: str) -> Entry:
    link = "https://a.example/" + title.replace(" ", "-")
    return Entry(link, title, title, link_key=link_key(link))


def poll(
    store: SqlStore, hour: int, titles: list[str], *, name: str = "Le Fil de Tanger", language: str | None = "fr", **more: Any
) -> PollSaved:
    now = NOW + hour * HOUR
    (state,) = store.claim_feeds(now, owner="me", limit=1, lease=HOUR / 6, per_host=9, everything=True)
    result = PollResult(state.id, True, now, entries=tuple(map(item, titles)), status=200, title=name, language=language)
    return store.save_poll(replace(result, **more), now, plan=plan)


def told(store: SqlStore) -> str | None:
    return store.feeds()[0]["last_error"]  # type: ignore[no-any-return]


def waiting(store: SqlStore, hour: int) -> list[str]:
    now = NOW + hour * HOUR
    claimed = store.claim_entries(now, owner="me", limit=99, lease=HOUR / 6, per_host=99)
    store.release("me")
    return sorted(entry.entry.title for entry in claimed)


def taken_over(store: SqlStore) -> None:
    poll(store, 0, OURS)
    poll(store, 1, CASINO, name="Lucky Spin Casino", language="en")


def test_a_feed_that_became_somebody_elses_is_said_and_its_entries_are_held(store: SqlStore) -> None:
    taken_over(store)
    assert "changed identity: 'Le Fil de Tanger' has become 'Lucky Spin Casino'" in (told(store) or "")
    assert store.feeds()[0]["failures"] == 0
    assert waiting(store, 2) == sorted(OURS)
    _, rows = store.run_sql("SELECT title, outcome, reason FROM v_entries WHERE reason IS NOT NULL")
    assert sorted(rows) == sorted((title, "gave-up", "held: the feed changed identity") for title in CASINO)


def test_it_is_said_once_in_the_log_and_every_morning_in_the_digest(store: SqlStore) -> None:
    taken_over(store)
    assert poll(store, 2, CASINO, name="Lucky Spin Casino", language="en").suspected is None
    with store.reading() as connection:
        (trouble,) = watch_state(connection, NOW, NOW + 2 * HOUR).failing
    assert (trouble.outlet, trouble.kind) == ("Le Matin", "ChangedHands")


def test_it_stays_held_over_failures_and_further_items_and_unchanged_answers(store: SqlStore) -> None:
    taken_over(store)
    poll(store, 2, [], ok=False, error="no answer", error_kind="TimedOut")
    assert told(store) == "no answer"
    poll(store, 3, [*CASINO, "Free roulette tonight for all new players"], name="Lucky Spin Casino", language="en")
    assert "changed identity" in (told(store) or "")
    poll(store, 4, [], not_modified=True, title=None)
    assert "changed identity" in (told(store) or "")
    assert waiting(store, 5) == sorted(OURS)


def test_when_the_old_feed_is_back_nothing_is_said_any_more(store: SqlStore) -> None:
    taken_over(store)
    poll(store, 2, [*OURS, "Une nouvelle école ouvre à Fnideq"])
    assert told(store) is None
    assert "Une nouvelle école ouvre à Fnideq" in waiting(store, 3)


def test_a_person_can_accept_what_it_has_become(store: SqlStore) -> None:
    taken_over(store)
    assert store.accept_feed(URL, NOW + 2 * HOUR) == 2
    assert waiting(store, 3) == sorted([*OURS, *CASINO])
    poll(store, 4, [*CASINO, "Free roulette tonight for all new players"], name="Lucky Spin Casino", language="en")
    assert told(store) is None
    assert store.feeds()[0]["title"] == "Lucky Spin Casino"
    with pytest.raises(NoSuchRow, match="vigie feeds list"):
        store.accept_feed("https://elsewhere.example/", NOW)


def test_a_renamed_feed_and_one_in_two_languages_are_left_alone(store: SqlStore) -> None:
    poll(store, 0, OURS)
    poll(store, 1, ["Le budget de Fnideq sera voté mardi", "La voirie de Tanger attend le conseil"], name="Nord Actu")
    assert told(store) is None
    poll(store, 2, CASINO, name="Nord Actu", language="en")
    assert told(store) is None


def test_a_feed_that_is_empty_poll_after_poll_is_said(store: SqlStore) -> None:
    poll(store, 0, OURS)
    poll(store, 1, [])
    poll(store, 2, [])
    assert told(store) is None
    poll(store, 3, [], not_modified=True)
    assert told(store) == "the feed answers but is empty: no entry in 3 polls in a row"
    poll(store, 4, OURS)
    assert told(store) is None


def test_unchanged_answers_of_a_full_feed_are_not_empty_ones(store: SqlStore) -> None:
    poll(store, 0, OURS)
    for hour in range(1, 6):
        poll(store, hour, [], not_modified=True)
    assert told(store) is None


def test_a_silent_feed_says_so_in_words(tmp_path: Path) -> None:
    """By the clock of the database: the view asks it whether the silence is long."""
    past = datetime.now(UTC) - timedelta(days=40)
    store = open_store(str(tmp_path / "old.sqlite"))
    store.sync_feeds([FeedSpec(URL, "Le Matin", "MA", "fr")], past)
    (state,) = store.claim_feeds(past, owner="me", limit=1, lease=HOUR / 6, per_host=9)
    store.save_poll(PollResult(state.id, True, past, entries=(item(OURS[0]),), title="Le Fil"), past, plan=plan)
    (feed,) = store.feeds()
    store.close()
    assert feed["silent"]
    assert feed["last_error"] == f"silent: no new entry since {past:%Y-%m-%d}"
