"""What is asked of a run of the catalogue. The modules that import this say which rows are theirs (`ROWS_HERE`)."""

from __future__ import annotations

import pytest

from torture import outputs
from torture.catalogue import HEALTHY, TIMEOUT, Row, judge
from torture.run import Run
from torture.table import note

LIMIT_MB = 300  # resident size of the main process (I7)


def test_the_row_holds(run: Run, row: Row, request: pytest.FixtureRequest) -> None:
    seen = run.seen(row)
    try:
        judge(seen)
    except AssertionError as problem:
        note(request.config, row.id, row.fault, False, f"{str(problem).splitlines()[0]} <- {seen.recorded}")
        raise
    note(request.config, row.id, row.fault, True, seen.recorded)


def test_nothing_forbidden_was_reached(run: Run) -> None:
    assert run.web.canary.hits == 0


def test_the_store_is_whole(run: Run) -> None:
    with run.reading() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT count(*) FROM entries WHERE lease_owner IS NOT NULL").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM feeds WHERE lease_owner IS NOT NULL").fetchone() == (0,)


def test_every_attempt_left_a_row_and_every_failure_its_words(run: Run) -> None:
    with run.reading() as connection:
        attempts = connection.execute("SELECT count(*) FROM polls").fetchone()[0]
        unsaid = connection.execute("SELECT count(*) FROM polls WHERE NOT ok AND (error IS NULL OR error_kind IS NULL)").fetchone()
    assert attempts == sum(len(told["polled"]) for told in run.passes)
    assert unsaid == (0,)


def test_the_main_process_stays_small(run: Run) -> None:
    assert run.peak_mb < LIMIT_MB


def test_healthy_feeds_are_not_held_up_by_the_others(run: Run) -> None:
    """Four dozen places, and a dozen feeds that use their whole time: the healthy ones are through long before those are."""
    late = [told["polled"][run.web.at(row.id, row.address)] for row in HEALTHY for told in run.passes[:5]]
    assert max(late) < 2 * TIMEOUT + 4


def test_no_meeting_is_in_two_digests_and_each_is_in_one(run: Run) -> None:
    with run.reading() as connection:
        told = connection.execute("SELECT meeting_id, count(*) FROM digest_items WHERE section = 'new' GROUP BY meeting_id").fetchall()
        found = connection.execute("SELECT count(*) FROM v_meetings WHERE status = 'new'").fetchone()[0]
    assert told and all(count == 1 for _, count in told)
    assert len(told) == found


def test_no_bug_is_in_the_log_and_every_line_is_one(run: Run) -> None:
    log = run.log
    assert "Traceback" not in log and " bug " not in log
    outputs.harmless_text(log)


@pytest.mark.parametrize("where", outputs.TEXTS)
def test_what_goes_to_a_terminal_or_a_file_is_harmless(run: Run, where: str) -> None:
    outputs.harmless_text(outputs.text_of(run, where))


def test_tables_hold_no_live_formula(run: Run) -> None:
    outputs.harmless_table(outputs.command(run, "query", "SELECT title, summary FROM entries", "--csv", "--limit", "100000"))
    outputs.harmless_table(outputs.command(run, "query", "SELECT * FROM v_articles", "--csv", "--limit", "100000"))


def test_pages_hold_no_live_markup(run: Run) -> None:
    pages = outputs.pages(run)
    assert pages
    for page in pages:
        outputs.harmless_page(page)


def test_mails_have_one_head_and_one_recipient(run: Run) -> None:
    mails = outputs.mails(run)
    assert mails
    for mail in mails:
        outputs.harmless_mail(mail)
