"""What people rule about meetings: it takes effect, it is remembered, it can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from storing import article_with, telling

from monitor.store import NoSuchRow, SqlStore, open_store
from pipelines.records import Kept, Outcome, Reading
from pipelines.store import MeetingFilter, keep

NOW = datetime(2025, 9, 12, 12, 0, tzinfo=UTC)
AGENCY = (
    "Le directeur général de la Sûreté nationale a reçu jeudi la directrice générale de la sécurité intérieure à Rabat. "
    "Les entretiens ont porté sur la lutte contre le terrorisme et le crime organisé. "
    "Cette visite traduit la qualité de la coopération entre les services des deux pays amis."
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(str(tmp_path / "store.sqlite"))
    yield opened
    opened.close()


def kept(store: SqlStore, *readings: Reading) -> list[Kept]:
    return [keep(reading, store, NOW) for reading in readings]


def berthon(outlet: str, day: str = "2025-09-11", **more: Any) -> Reading:
    return article_with(telling("hammouchi", "berthon", day=day), outlet=outlet, published=f"{day}T18:00:00+00:00", **more)


def everything(store: SqlStore) -> dict[str, list[tuple[Any, ...]]]:
    """All rows that people and digests see, but for the history of changes."""
    return {
        view: sorted(store.run_sql(f"SELECT {columns} FROM {view}", 10_000)[1], key=repr)
        for view, columns in {
            "v_meetings": "id, status, first_day, last_day, city, headline, articles, independent_reports, outlets, topics, news_at",
            "v_participants": "*",
            "v_reports": "*",
            "v_possible": "id",
        }.items()
    }


def test_a_meeting_marked_wrong_leaves_every_list_and_returns_when_that_is_undone(store: SqlStore) -> None:
    (first,) = kept(store, berthon("Le360"))
    number = first.meeting_ids[0] or 0
    before = everything(store)
    correction = store.mark_wrong(number, "un exercice, pas une rencontre", NOW)
    assert store.meetings(MeetingFilter()) == []
    assert [m["why_wrong"] for m in store.meetings(MeetingFilter(wrong=True))] == ["un exercice, pas une rencontre"]
    assert store.run_sql("SELECT count(*) FROM v_reports")[1] == [(0,)]
    assert store.undo(correction) == [number]
    assert everything(store) == before


@pytest.mark.parametrize(
    "later",
    [
        berthon("Hespress"),
        berthon("Le Matin", text=AGENCY),
        article_with(telling("hammouchi", "berthon"), outlet="RFI", published="2025-09-13T10:00:00+00:00"),
        article_with(
            telling("hammouchi", "berthon", day="2025-09", status="background"), outlet="RFI", published="2025-11-13T10:00:00+00:00"
        ),
    ],
)
def test_later_reports_of_a_meeting_marked_wrong_stay_wrong(store: SqlStore, later: Reading) -> None:
    (first,) = kept(store, berthon("MAP", text=AGENCY))
    store.mark_wrong(first.meeting_ids[0] or 0, "démenti", NOW)
    (second,) = kept(store, later)
    assert second.new_meeting_ids == ()
    assert second.outcome is not Outcome.NEW_MEETING
    assert store.meetings(MeetingFilter(possible=None)) == []


def test_a_wrong_meeting_read_again_by_its_outlet_stays_wrong(store: SqlStore) -> None:
    url = "https://map.example/x"
    (first,) = kept(store, berthon("MAP", url=url, text=AGENCY))
    store.mark_wrong(first.meeting_ids[0] or 0, "démenti", NOW)
    kept(store, berthon("MAP", url=url, text=AGENCY + " Un paragraphe de plus a été ajouté par la rédaction."))
    assert store.meetings(MeetingFilter()) == []


def test_another_meeting_of_the_same_people_is_not_wrong_for_that(store: SqlStore) -> None:
    (first,) = kept(store, berthon("MAP"))
    store.mark_wrong(first.meeting_ids[0] or 0, "démenti", NOW)
    (second,) = kept(store, berthon("MAP", "2025-10-20"))
    assert second.outcome is Outcome.NEW_MEETING


def two_records(store: SqlStore) -> tuple[int, int]:
    """One meeting that two outlets tell so differently that it is kept twice."""
    first, second = kept(store, berthon("Le360"), article_with(telling("laftit", "marlaska", day="2025-09-14"), outlet="ABC"))
    return first.meeting_ids[0] or 0, second.meeting_ids[0] or 0


def test_two_records_made_one_keep_the_older_number_and_the_other_leads_to_it(store: SqlStore) -> None:
    one, other = two_records(store)
    before = everything(store)
    correction = store.merge(other, one, "même rencontre", NOW)
    (meeting,) = store.meetings(MeetingFilter())
    assert (meeting["id"], meeting["articles"]) == (one, 2)
    alias = store.meeting(other)
    assert alias is not None and (alias["id"], alias["aliases"]) == (one, [other])
    assert set(store.undo(correction)) == {one, other}
    assert everything(store) == before


def test_a_merge_holds_for_reports_that_come_later(store: SqlStore) -> None:
    one, other = two_records(store)
    store.merge(one, other, None, NOW)
    later = kept(store, berthon("Hespress"), article_with(telling("laftit", "marlaska", day="2025-09-14"), outlet="El País"))
    assert [k.meeting_ids for k in later] == [(one,), (one,)]
    assert len(store.meetings(MeetingFilter())) == 1


def test_an_article_split_off_takes_later_copies_of_its_text_with_it_and_undoing_brings_the_same_rows_back(store: SqlStore) -> None:
    first, second = kept(
        store, berthon("Le360"), berthon("Blog", text="Un récit tout à fait différent de la même journée, dit-on à Rabat.")
    )
    one = first.meeting_ids[0] or 0
    before = everything(store)
    correction = store.split(one, second.article_id or 0, "autre rencontre", NOW)
    assert [m["articles"] for m in store.meetings(MeetingFilter())] == [1, 1]
    assert set(store.undo(correction)) == {one}
    assert everything(store) == before


def test_a_split_holds_when_more_reports_of_both_come(store: SqlStore) -> None:
    first, second = kept(store, berthon("Le360"), berthon("Blog"))
    one = first.meeting_ids[0] or 0
    store.split(one, second.article_id or 0, None, NOW)
    kept(store, berthon("Hespress"))
    assert len(store.meetings(MeetingFilter())) == 2


def test_corrections_are_listed_and_counted_as_precision(store: SqlStore) -> None:
    one, other = two_records(store)
    assert store.precision(NOW) == (2, 2)
    correction = store.mark_wrong(one, "football", NOW)
    assert store.precision(NOW) == (1, 2)
    assert store.precision(NOW + timedelta(days=40)) == (0, 0)
    (row,) = store.corrections()
    assert (row["kind"], row["meeting_id"], row["why"]) == ("wrong", one, "football")
    store.undo(correction)
    assert store.corrections() == []
    assert len(store.corrections(undone=True)) == 1
    assert other


def test_what_cannot_be_corrected_is_said_in_words(store: SqlStore) -> None:
    (first,) = kept(store, berthon("Le360"))
    number = first.meeting_ids[0] or 0
    with pytest.raises(NoSuchRow, match="there is no meeting 99"):
        store.mark_wrong(99, "x")
    with pytest.raises(NoSuchRow, match="one record already"):
        store.merge(number, number)
    with pytest.raises(NoSuchRow, match="does not report"):
        store.split(number, 99)
    with pytest.raises(NoSuchRow, match="nothing to split"):
        store.split(number, first.article_id or 0)
    with pytest.raises(NoSuchRow, match="there is no correction 7"):
        store.undo(7)
    correction = store.mark_wrong(number, "x")
    store.undo(correction)
    with pytest.raises(NoSuchRow, match="undone already"):
        store.undo(correction)


def test_every_correction_and_its_undoing_is_in_the_history(store: SqlStore) -> None:
    one, other = two_records(store)
    store.undo(store.mark_wrong(one, "x", NOW))
    store.undo(store.merge(one, other, None, NOW))
    told = store.meeting(one)
    assert told is not None
    assert [c["what"] for c in told["changes"]][:3] == ["opened", "wrong", "restored"]
    assert "merged" in [c["what"] for c in told["changes"]]


def test_corrections_can_be_stacked_and_undone_in_any_order(store: SqlStore) -> None:
    one, other = two_records(store)
    before = everything(store)
    merged = store.merge(one, other, None, NOW)
    wrong = store.mark_wrong(one, "x", NOW)
    store.undo(merged)
    assert store.meetings(MeetingFilter()) == []
    store.undo(wrong)
    assert everything(store) == before


def test_a_correction_is_kept_whole_or_not_at_all(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.store import corrections

    one, other = two_records(store)
    before = everything(store)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(corrections.Joining, "rejoin", broken)
    with pytest.raises(RuntimeError):
        store.merge(one, other)
    assert everything(store) == before
    assert store.corrections(undone=True) == []


def test_readings_that_are_not_of_these_people_are_left_alone(store: SqlStore) -> None:
    one, other = two_records(store)
    (third,) = kept(store, replace(article_with(telling("hammouchi", "pardo", day="2025-09-11"), outlet="EFE"), feed_id=None))
    store.merge(one, other, None, NOW)
    assert third.meeting_ids[0] in {m["id"] for m in store.meetings(MeetingFilter())}


def test_a_copy_of_a_text_that_was_split_off_goes_with_it(store: SqlStore) -> None:
    own = "Un récit tout à fait différent de la même journée, à ce que l'on dit à Rabat. Il y fut question de tout autre chose."
    first, second = kept(store, berthon("Le360", text=AGENCY), berthon("Blog", text=own))
    store.split(first.meeting_ids[0] or 0, second.article_id or 0, None, NOW)
    (third, fourth) = kept(store, berthon("Miroir du blog", text=own), berthon("Copie de l'agence", text=AGENCY))
    places = dict(store.run_sql("SELECT article_id, meeting_id FROM v_reports")[1])
    assert places[third.article_id] == places[second.article_id] != places[first.article_id] == places[fourth.article_id]
