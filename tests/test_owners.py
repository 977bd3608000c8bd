"""Leases of processes that were killed are freed at once; those of the living are left alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.owners import free_the_dead, is_dead, owner_name, remember
from monitor.store import open_store
from pipelines.polling import plan
from pipelines.records import Entry, PollResult
from pipelines.store import FeedSpec
from pipelines.urls import link_key

NOW = datetime(2026, 3, 12, 8, 0, tzinfo=UTC)
LEASE = timedelta(minutes=10)
HOST = socket.gethostname()[:32]


def gone_process() -> int:
    """The number of a process that has ended."""
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True)
    return int(ended.stdout)


def test_the_living_and_those_of_other_hosts_are_not_dead() -> None:
    assert not is_dead(owner_name())
    assert not is_dead(f"{HOST}:{os.getppid()}:aa")
    assert not is_dead("elsewhere:1:aa")
    assert not is_dead("no such form")


def test_the_ended_are_dead_and_so_is_who_had_our_number_before_us() -> None:
    assert is_dead(f"{HOST}:{gone_process()}:aa")
    earlier = f"{HOST}:{os.getpid()}:before-us"
    assert is_dead(earlier)
    remember(earlier)
    assert not is_dead(earlier)


def test_what_a_killed_process_held_can_be_claimed_at_once_and_its_try_is_counted(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store.sqlite"))
    store.sync_feeds([FeedSpec(f"https://{name}.example/feed", name) for name in "abc"], NOW)
    mine, dead = owner_name(), f"{HOST}:{gone_process()}:aa"

    def claim(owner: str, limit: int) -> list[int]:
        return [feed.id for feed in store.claim_feeds(NOW, owner=owner, limit=limit, lease=LEASE, per_host=9)]

    def read(owner: str) -> list[int]:
        return [entry.attempts for entry in store.claim_entries(NOW, owner=owner, limit=9, lease=LEASE, per_host=9)]

    (polled,) = claim(mine, 1)
    item = Entry("https://a.example/1", "Titre", "Résumé", link_key=link_key("https://a.example/1"))
    store.save_poll(PollResult(polled, True, NOW, entries=(item,)), NOW, plan=plan)
    assert len(claim(dead, 1)) == len(claim(mine, 1)) == 1
    assert read(dead) == [0]
    assert claim(mine, 9) == read(mine) == []
    assert free_the_dead(store) == 2
    assert len(claim(mine, 9)) == 1  # the dead one's; what a living process holds stays with it
    assert read(mine) == [1]
    store.close()
