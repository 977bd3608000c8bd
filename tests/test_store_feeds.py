"""Feeds and entries in the store: claims, identity, validators, leases."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.store import SqlStore, open_store
from pipelines.polling import plan
from pipelines.records import Entry, FeedState, Outcome, PollResult
from pipelines.store import FeedSpec, SyncResult
from pipelines.urls import link_key

NOW = datetime(2025, 9, 12, 8, 0, tzinfo=UTC)
LEASE = timedelta(minutes=10)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(str(tmp_path / "store.sqlite"))
    yield opened
    opened.close()


def spec(host: str = "a.example", path: str = "feed", outlet: str = "Le Matin") -> FeedSpec:
    return FeedSpec(f"https://{host}/{path}", outlet, "MA", "fr")


def digest(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def item(number: int | str, *, guid: str | None = "", link: str | None = "", title: str | None = None, summary: str = "Résumé") -> Entry:
    """An item whose guid and link follow its number unless given; None leaves them out."""
    guid = f"guid-{number}" if guid == "" else guid
    link = f"https://a.example/{number}" if link == "" else link
    name = title or f"Titre {number}"
    return Entry(
        link,
        name,
        summary,
        guid=guid,
        guid_key=digest(guid) if guid else None,
        link_key=link_key(link) if link else None,
        title_key=digest(name),
    )


def answer(feed: FeedState, *items: Entry, at: datetime = NOW, **more: object) -> PollResult:
    settings: dict[str, object] = {"etag": '"1"', "keep_validators": True, "status": 200, "body_hash": digest(repr(items))}
    return PollResult(feed.id, True, at, entries=items, **(settings | more))  # type: ignore[arg-type]


def claim(
    store: SqlStore, at: datetime = NOW, *, owner: str = "me", limit: int = 100, per_host: int = 100, **more: object
) -> list[FeedState]:
    return store.claim_feeds(at, owner=owner, limit=limit, lease=LEASE, per_host=per_host, **more)  # type: ignore[arg-type]


def take(store: SqlStore, at: datetime = NOW, *, owner: str = "me", limit: int = 100, per_host: int = 100):  # type: ignore[no-untyped-def]
    return store.claim_entries(at, owner=owner, limit=limit, lease=LEASE, per_host=per_host)


def polled(store: SqlStore, *items: Entry, at: datetime = NOW, feed: FeedSpec | None = None) -> FeedState:
    """The store after one poll of one feed."""
    watched = feed or spec()
    store.sync_feeds([watched], at)
    (state,) = claim(store, at)
    store.save_poll(answer(state, *items, at=at), at, plan=plan)
    return state


def count(store: SqlStore, table: str) -> int:
    return int(store.run_sql(f"SELECT count(*) FROM {table}")[1][0][0])


# --- which feeds


def test_feeds_follow_the_configuration_and_a_retired_one_keeps_its_entries(store: SqlStore) -> None:
    one, two = spec("a.example"), spec("b.example")
    assert store.sync_feeds([one, two], NOW) == SyncResult(2, 0, 0)
    (first, _) = claim(store)
    store.save_poll(answer(first, item(1)), NOW, plan=plan)
    assert store.sync_feeds([two], NOW) == SyncResult(0, 0, 1)
    assert count(store, "entries") == 1
    assert [f.url for f in claim(store, NOW + 24 * HOUR)] == [two.url]
    assert store.sync_feeds([one, two], NOW) == SyncResult(1, 0, 0)
    assert claim(store, NOW + 48 * HOUR)[0].entries == 1


def test_a_changed_setting_is_taken_over_and_nothing_else_counts_as_a_change(store: SqlStore) -> None:
    store.sync_feeds([spec()], NOW)
    assert store.sync_feeds([spec()], NOW).changed == 0
    slower = FeedSpec("https://a.example/feed", "Le Matin", "MA", "fr", every=timedelta(hours=2))
    assert store.sync_feeds([slower], NOW).changed == 1
    assert claim(store)[0].every == timedelta(hours=2)


# --- claims


def test_two_owners_never_get_the_same_feed(store: SqlStore) -> None:
    store.sync_feeds([spec(path=str(i)) for i in range(10)], NOW)
    first, second = claim(store, owner="one", limit=6), claim(store, owner="two", limit=6)
    assert len(first) == 6 and len(second) == 4
    assert not {f.id for f in first} & {f.id for f in second}


def test_no_host_gets_more_than_its_cap_over_all_owners(store: SqlStore) -> None:
    store.sync_feeds([spec("a.example", str(i)) for i in range(5)] + [spec("b.example", str(i)) for i in range(5)], NOW)
    first = claim(store, owner="one", per_host=2)
    assert sorted(f.url[8:17] for f in first) == ["a.example", "a.example", "b.example", "b.example"]
    assert claim(store, owner="two", per_host=2) == []


def test_an_expired_lease_is_free_again_and_so_is_one_from_a_clock_that_ran_ahead(store: SqlStore) -> None:
    store.sync_feeds([spec()], NOW)
    claim(store, NOW)
    assert claim(store, NOW + LEASE - timedelta(seconds=1)) == []
    assert len(claim(store, NOW + LEASE)) == 1
    ahead = NOW + timedelta(days=365)
    assert len(claim(store, ahead, owner="ahead")) == 1
    assert len(claim(store, NOW + HOUR, owner="set back")) == 1


def test_a_feed_polled_by_a_clock_that_was_set_back_is_due(store: SqlStore) -> None:
    polled(store, item(1), at=NOW + timedelta(days=400))
    assert len(claim(store, NOW)) == 1


def test_a_host_that_asked_for_a_pause_gets_it_for_all_its_feeds_and_entries(store: SqlStore) -> None:
    store.sync_feeds([spec("a.example", "1"), spec("a.example", "2"), spec("b.example")], NOW)
    first = next(f for f in claim(store) if f.url.endswith("/1"))
    store.save_poll(answer(first, item(1)), NOW, plan=plan)
    store.release("me")
    until = NOW + timedelta(minutes=30)
    refusal = PollResult(first.id, False, NOW, error="429", error_kind="RateLimited", status=429, retry_after=until, host_wide=True)
    store.save_poll(refusal, NOW, plan=plan)
    assert [f.url for f in claim(store, NOW + timedelta(minutes=29), everything=True)] == ["https://b.example/feed"]
    assert take(store, NOW + timedelta(minutes=29)) == []
    assert len(take(store, until)) == 1
    store.release("me")
    assert len(claim(store, until, everything=True)) == 3


def test_a_pause_of_a_hundred_years_is_cut_to_a_day(store: SqlStore) -> None:
    state = polled(store, item(1))
    refusal = PollResult(state.id, False, NOW, error="429", retry_after=NOW + timedelta(days=36500), host_wide=True)
    store.save_poll(refusal, NOW, plan=plan)
    assert len(claim(store, NOW + timedelta(hours=28))) == 1


def test_everything_and_only_choose_feeds_that_are_not_due(store: SqlStore) -> None:
    state = polled(store, item(1))
    assert claim(store, NOW) == []
    assert claim(store, NOW, everything=True, only=[state.id + 1]) == []
    assert len(claim(store, NOW, everything=True, only=[state.id])) == 1
    assert store.active_feed_ids() == [state.id]


def _claim_from_another_process(path: str, results: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    store = open_store(path)
    results.put(
        [
            f.id
            for _ in range(10)
            for f in store.claim_feeds(NOW, owner=f"p{multiprocessing.current_process().pid}", limit=3, lease=LEASE, per_host=99)
        ]
    )
    store.close()


def test_processes_that_claim_at_once_share_the_feeds_without_overlap(tmp_path: Path) -> None:
    path = str(tmp_path / "store.sqlite")
    store = open_store(path)
    store.sync_feeds([spec(path=str(i)) for i in range(60)], NOW)
    store.close()
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_claim_from_another_process, args=(path, results)) for _ in range(3)]
    for process in processes:
        process.start()
    claimed = [feed for _ in processes for feed in results.get(timeout=60)]
    for process in processes:
        process.join()
    assert sorted(claimed) == sorted(set(claimed)) and len(claimed) == 60


# --- polls


def test_validators_are_kept_as_they_came_and_only_when_the_poll_says_so(store: SqlStore) -> None:
    state = polled(store)
    odd = 'W/"é\u00ff" , x'
    store.save_poll(answer(state, item(1), etag=odd, last_modified="garbage"), NOW, plan=plan)
    cut = answer(state, item(2), etag='"2"', keep_validators=False, body_hash=None)
    store.save_poll(cut, NOW, plan=plan)
    again = claim(store, NOW + 24 * HOUR)[0]
    assert (again.etag, again.last_modified) == (odd, "garbage")
    assert again.body_hash is not None
    assert again.entries == 2


def test_a_poll_that_cannot_be_stored_whole_leaves_no_trace(store: SqlStore) -> None:
    state = polled(store)

    def broken(*_: object) -> None:
        raise RuntimeError("a bug in planning")

    with pytest.raises(RuntimeError):
        store.save_poll(answer(state, item(1), etag='"new"'), NOW, plan=broken)  # type: ignore[arg-type]
    assert count(store, "entries") == 0
    assert claim(store, NOW + 24 * HOUR)[0].etag != '"new"'


def test_every_attempt_leaves_a_row(store: SqlStore) -> None:
    state = polled(store, item(1), item(2))
    store.save_poll(PollResult(state.id, True, NOW, not_modified=True, status=304), NOW, plan=plan)
    store.save_poll(PollResult(state.id, False, NOW, error="timed out", error_kind="TimedOut", elapsed_ms=60_000), NOW, plan=plan)
    rows = store.run_sql("SELECT ok, not_modified, status, error_kind, hits, new, ms FROM polls ORDER BY id")[1]
    assert rows == [(1, 0, 200, None, 2, 2, 0), (1, 1, 304, None, 0, 0, 0), (0, 0, None, "TimedOut", 0, 0, 60_000)]
    (shown,) = store.feeds()
    assert (shown["failures"], shown["last_error"], shown["entries"]) == (1, "timed out", 2)


def test_a_new_address_is_adopted_after_three_agreeing_polls_and_left_when_it_fails(store: SqlStore) -> None:
    state = polled(store, item(1))
    new = "https://new.example/feed"
    saved = [store.save_poll(answer(state, moved_to=new), NOW, plan=plan).moved_to for _ in range(3)]
    assert saved == [None, None, new]
    later = NOW + 24 * HOUR
    assert claim(store, later)[0].url == new
    for _ in range(3):
        store.save_poll(PollResult(state.id, False, later, error="404"), later, plan=plan)
    assert claim(store, later + 48 * HOUR)[0].url == spec().url


def test_a_feed_that_brings_nothing_for_long_is_called_silent(store: SqlStore) -> None:
    state = polled(store, item(1))
    assert store.status(NOW + timedelta(days=6)).silent == 0
    assert store.status(NOW + timedelta(days=8)).silent == 1
    store.save_poll(answer(state, item(2), at=NOW + timedelta(days=8)), NOW + timedelta(days=8), plan=plan)
    assert store.status(NOW + timedelta(days=9)).silent == 0


# --- identity of entries


def poll_again(store: SqlStore, state: FeedState, *items: Entry, at: datetime = NOW) -> tuple[int, int]:
    saved = store.save_poll(answer(state, *items, at=at), at, plan=plan)
    return saved.new, saved.changed


def test_the_same_items_are_stored_once_however_often_they_are_shown(store: SqlStore) -> None:
    state = polled(store, item(1), item(2), item(3))
    assert poll_again(store, state, item(3), item(1), item(2)) == (0, 0)
    assert count(store, "entries") == 3


def test_a_new_guid_with_a_known_address_is_the_known_entry(store: SqlStore) -> None:
    state = polled(store, item(1), item(2))
    for turn in range(30):
        assert poll_again(store, state, item(1, guid=f"made-up-{turn}"), item(2, guid=f"other-{turn}")) == (0, 0)
    assert count(store, "entries") == 2
    assert count(store, "entry_keys") <= 2 * 10


def test_a_new_address_with_a_known_guid_is_the_known_entry(store: SqlStore) -> None:
    state = polled(store, item(1))
    for turn in range(30):
        assert poll_again(store, state, item(1, link=f"https://a.example/{turn}/other")) == (0, 0)
    assert count(store, "entry_keys") <= 10


def test_two_guids_for_one_address_in_one_answer_are_one_entry(store: SqlStore) -> None:
    polled(store, item(1, guid="x"), item(1, guid="y"))
    assert count(store, "entries") == 1


def test_one_guid_used_for_two_addresses_in_one_answer_loses_neither_when_nothing_else_joins_them(store: SqlStore) -> None:
    polled(store, item(1, guid=None), item(2, guid=None))
    assert count(store, "entries") == 2


def test_an_item_without_guid_and_address_is_known_by_its_title(store: SqlStore) -> None:
    bare = item(1, guid=None, link=None)
    state = polled(store, bare)
    assert poll_again(store, state, bare) == (0, 0)
    assert poll_again(store, state, item(2, guid=None, link=None)) == (1, 0)


def test_items_with_one_title_and_different_addresses_are_two(store: SqlStore) -> None:
    polled(store, item(1, title="Revue de presse"), item(2, title="Revue de presse"))
    assert count(store, "entries") == 2


def test_guids_are_those_of_their_feed_and_addresses_those_of_the_world(store: SqlStore) -> None:
    one, two = spec("a.example"), spec("b.example")
    store.sync_feeds([one, two], NOW)
    states = claim(store)
    first = store.save_poll(answer(states[0], item(1, guid="1", link="https://a.example/x")), NOW, plan=plan)
    second = store.save_poll(
        answer(states[1], item(1, guid="1", link="https://b.example/y"), item(2, guid="2", link="https://a.example/x?utm_source=rss")),
        NOW,
        plan=plan,
    )
    assert (first.new, second.new) == (1, 1)
    assert count(store, "entries") == 2
    assert count(store, "sightings") == 3


def test_an_edit_keeps_the_latest_words_and_is_counted_but_typography_is_none(store: SqlStore) -> None:
    state = polled(store, item(1, title="Rabat : réunion"))
    assert poll_again(store, state, item(1, title="RABAT :  réunion")) == (0, 0)
    assert poll_again(store, state, item(1, title="Rabat : réunion", summary="MISE À JOUR 14h05")) == (0, 1)
    (row,) = store.run_sql("SELECT title, summary, edits FROM entries")[1]
    assert row == ("Rabat : réunion", "MISE À JOUR 14h05", 1)


def test_a_pruned_entry_that_returns_is_not_new(store: SqlStore) -> None:
    state = polled(store, item(1))
    (pending,) = take(store)
    with store.exclusive() as desk:
        desk.end_entry(pending.id, Outcome.NO_MEETING, None, None, NOW)
    later = NOW + timedelta(days=400)
    assert store.prune(later, 30, 365)["entries"] == 1
    assert store.run_sql("SELECT title, outcome, pruned_at IS NOT NULL FROM entries")[1] == [("", "no-meeting", 1)]
    assert poll_again(store, state, item(1), at=later) == (0, 0)
    assert take(store, later) == []


def test_ten_thousand_items_are_stored_in_seconds_and_known_at_once(store: SqlStore) -> None:
    items = [item(i) for i in range(10_000)]
    state = polled(store, *items)
    assert store.status(NOW).entries == 10_000
    assert poll_again(store, state, *items) == (0, 0)


def test_words_that_no_database_takes_are_cleaned_and_long_ones_cut(store: SqlStore) -> None:
    polled(store, item(1, title="a\x00b\ud800c", summary="x" * 5_000_000), item(2, title="t" * 1_000_000))
    rows = store.run_sql("SELECT title, length(summary) FROM entries ORDER BY id")[1]
    assert rows[0] == ("ab\ufffdc", 20_000)
    assert len(rows[1][0]) == 1_000


def test_sql_in_a_title_is_a_title(store: SqlStore) -> None:
    nasty = "'); DROP TABLE entries; --"
    polled(store, item(1, title=nasty))
    assert store.run_sql("SELECT title FROM entries")[1] == [(nasty,)]


# --- entries on their way


def test_entries_are_claimed_once_with_everything_needed_to_read_them(store: SqlStore) -> None:
    full = item(1)
    polled(store, Entry(full.url, full.title, full.summary, guid_key=full.guid_key, link_key=full.link_key, full_html="<p>Tout</p>"))
    (pending,) = take(store)
    assert (pending.outlet, pending.country, pending.attempts) == ("Le Matin", "MA", 0)
    assert (pending.entry.title, pending.entry.full_html) == ("Titre 1", "<p>Tout</p>")
    assert take(store, owner="other") == []


def test_claiming_is_fair_to_hosts_and_to_the_feeds_of_a_host(store: SqlStore) -> None:
    big, small, other = spec("a.example", "big"), spec("a.example", "small"), spec("b.example")
    store.sync_feeds([big, small, other], NOW)
    states = {f.url: f for f in claim(store)}
    store.save_poll(answer(states[big.url], *[item(i) for i in range(500)]), NOW, plan=plan)
    store.save_poll(answer(states[small.url], item("small", guid="s")), NOW, plan=plan)
    store.save_poll(
        answer(states[other.url], *[item(f"b{i}", guid=f"b{i}", link=f"https://b.example/{i}") for i in range(5)]), NOW, plan=plan
    )
    urls = [p.entry.url for p in take(store, limit=4, per_host=2)]
    assert urls[:2] == ["https://a.example/0", "https://b.example/0"]
    assert "https://a.example/small" in urls


def test_a_postponed_entry_waits_counts_its_try_and_keeps_the_reason(store: SqlStore) -> None:
    polled(store, item(1))
    (pending,) = take(store)
    store.postpone_entry(pending.id, NOW, reason="timed out", retry_at=NOW + HOUR)
    assert take(store, NOW + HOUR - timedelta(seconds=1)) == []
    (again,) = take(store, NOW + HOUR)
    assert again.attempts == 1
    assert store.run_sql("SELECT reason FROM entries")[1] == [("timed out",)]


def test_a_reader_that_died_has_used_a_try_and_one_that_gave_back_has_not(store: SqlStore) -> None:
    polled(store, item(1))
    take(store, owner="dies")
    (second,) = take(store, NOW + LEASE, owner="gives back")
    assert second.attempts == 1
    assert store.release("gives back") == 1
    (third,) = take(store, NOW + LEASE)
    assert third.attempts == 1


def test_an_entry_postponed_by_a_clock_years_ahead_is_claimed_all_the_same(store: SqlStore) -> None:
    polled(store, item(1))
    (pending,) = take(store)
    store.postpone_entry(pending.id, NOW, reason="x", retry_at=NOW + timedelta(days=900))
    assert len(take(store, NOW + LEASE)) == 1


def test_an_ended_entry_is_not_claimed_again_and_cannot_be_postponed(store: SqlStore) -> None:
    polled(store, item(1))
    (pending,) = take(store)
    with store.exclusive() as desk:
        desk.end_entry(pending.id, Outcome.NO_TEXT, None, "nothing to read", NOW)
    store.postpone_entry(pending.id, NOW, reason="late", retry_at=NOW)
    assert take(store, NOW + 24 * HOUR) == []
    status = store.status(NOW)
    assert (status.entries, status.pending) == (1, 0)


def test_an_item_of_a_search_portal_is_of_the_outlet_it_comes_from(store: SqlStore) -> None:
    portal = "https://news.google.com/rss/articles/CBMiX"
    polled(store, replace(item(1, link=portal), source="Médias24"), replace(item(2), source="Elsewhere"))
    _, rows = store.run_sql("SELECT outlet FROM v_entries ORDER BY id")
    assert [row[0] for row in rows] == ["Médias24", "Le Matin"]
