"""Keeping readings: one record per real meeting, one outcome per entry, whatever the order."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from storing import QUALITY, article_with, first_news, labelled, pairwise, partition, reading_of, story_truth, telling

from monitor.store import SqlStore, open_store
from pipelines.detect.model import Days, Detection, Participant, Report
from pipelines.records import Kept, Outcome, Reading
from pipelines.store import MeetingFilter, keep

NOW = datetime(2025, 9, 12, 12, 0, tzinfo=UTC)
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # a failing order of twenty is short enough to read


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(str(tmp_path / "store.sqlite"))
    yield opened
    opened.close()


def kept(store: SqlStore, *readings: Reading) -> list[Kept]:
    return [keep(reading, store, reading.read_at or NOW) for reading in readings]


def where_all_went(store: SqlStore) -> dict[tuple[str, int], int | None]:
    """The meeting of every report, by address of the article and place in it."""
    sql = "SELECT a.url, r.ordinal, r.meeting_id FROM reports r JOIN articles a ON a.id = r.article_id"
    return {(url, ordinal): meeting for url, ordinal, meeting in store.run_sql(sql, 100_000)[1]}


BERTHON = ("hammouchi", "berthon")


def le360(**more: Any) -> Reading:
    return article_with(telling(*BERTHON, day="2025-09-11"), outlet="Le360", published="2025-09-11T18:00:00+00:00", **more)


# --- same meeting


def other_outlet_same_day() -> Reading:
    return article_with(telling(*BERTHON, day="2025-09-11"), outlet="Hespress", published="2025-09-11T20:00:00+00:00")


def other_outlet_without_a_day() -> Reading:
    return article_with(telling(*BERTHON), outlet="Hespress", published="2025-09-12T08:00:00+00:00")


def press_review_three_days_later() -> Reading:
    return article_with(telling(*BERTHON, day=None, city=None, country=None), outlet="Jeune Afrique", published="2025-09-14T08:00:00+00:00")


def month_only() -> Reading:
    return article_with(telling(*BERTHON, day="2025-09"), outlet="Maroc Hebdo", published="2025-09-19T08:00:00+00:00")


def a_title_instead_of_her_name() -> Reading:
    return article_with(telling("hammouchi", "patron de la DGSI", day="2025-09-11"), outlet="RFI", published="2025-09-12T08:00:00+00:00")


def a_delegation_instead_of_her_name() -> Reading:
    return article_with(
        telling("hammouchi", "une délégation française", day="2025-09-11"), outlet="RFI", published="2025-09-12T08:00:00+00:00"
    )


def in_arabic_with_names_nobody_knows() -> Reading:
    hammouchi = Participant("عبد اللطيف حموشي", "المدير العام", "DGSN-DGST", "MA")
    berthon = Participant("سيلين بيرتون", "المديرة العامة", "DGSI", "FR")
    report = telling(hammouchi, berthon, day="2025-09-11")
    return article_with(report, outlet="Hespress arabe", published="2025-09-11T21:00:00+00:00")


def two_days_of_a_visit() -> Reading:
    return article_with(telling(*BERTHON, day="2025-09-11/2025-09-12", mode="visit"), outlet="MAP", published="2025-09-12T18:00:00+00:00")


def the_day_before_in_another_outlet() -> Reading:
    return article_with(telling(*BERTHON, day="2025-09-10"), outlet="Libération", published="2025-09-11T22:00:00+00:00")


def recalled_in_november() -> Reading:
    return article_with(telling(*BERTHON, day="2025-09", status="background"), outlet="Le Monde", published="2025-11-20T10:00:00+00:00")


def recalled_by_day() -> Reading:
    report = telling(*BERTHON, day="2025-09-11", city=None, country=None, status="background")
    return article_with(report, outlet="Le Monde", published="2025-11-20T10:00:00+00:00")


def recalled_without_any_day() -> Reading:
    return article_with(telling(*BERTHON, status="background"), outlet="Le Monde", published="2025-11-20T10:00:00+00:00")


def announced_before() -> Reading:
    return article_with(telling(*BERTHON, day="2025-09-11", status="planned"), outlet="Le Monde", published="2025-09-09T10:00:00+00:00")


SAME = [
    other_outlet_same_day,
    other_outlet_without_a_day,
    press_review_three_days_later,
    month_only,
    a_title_instead_of_her_name,
    a_delegation_instead_of_her_name,
    in_arabic_with_names_nobody_knows,
    two_days_of_a_visit,
    the_day_before_in_another_outlet,
    recalled_in_november,
    recalled_by_day,
    recalled_without_any_day,
    announced_before,
]


@pytest.mark.parametrize("later", SAME)
@pytest.mark.parametrize("backwards", [False, True])
def test_another_account_is_a_source_not_a_meeting(store: SqlStore, later: Any, backwards: bool) -> None:
    readings = [le360(), later()]
    kept(store, *(reversed(readings) if backwards else readings))
    assert len(set(where_all_went(store).values())) == 1
    (meeting,) = store.meetings(MeetingFilter())
    assert (meeting["status"], meeting["articles"], meeting["independent_reports"]) == ("new", 2, 2)
    assert str(meeting["first_day"]) == "2025-09-11" or later is the_day_before_in_another_outlet


# --- other meetings


def same_pair_weeks_later() -> Reading:
    return article_with(telling(*BERTHON, day="2025-10-02"), outlet="Hespress", published="2025-10-02T18:00:00+00:00")


def same_pair_next_week_without_a_city() -> Reading:
    return article_with(telling(*BERTHON, day="2025-09-18", city=None), outlet="Hespress", published="2025-09-18T18:00:00+00:00")


def other_counterpart_same_day() -> Reading:
    return article_with(telling("hammouchi", "lerner", day="2025-09-11"), outlet="Hespress", published="2025-09-11T19:00:00+00:00")


def other_body_same_day() -> Reading:
    return article_with(
        telling("hammouchi", "patron de la DGSE", day="2025-09-11"), outlet="Hespress", published="2025-09-11T19:00:00+00:00"
    )


def other_country_same_day() -> Reading:
    return article_with(telling("hammouchi", "pardo", day="2025-09-11"), outlet="Hespress", published="2025-09-11T19:00:00+00:00")


def next_day_in_another_city() -> Reading:
    return article_with(telling(*BERTHON, day="2025-09-12", city="Tanger"), outlet="Hespress", published="2025-09-12T19:00:00+00:00")


def next_day_abroad() -> Reading:
    report = telling(*BERTHON, day="2025-09-12", city="Paris", country="FR")
    return article_with(report, outlet="Hespress", published="2025-09-12T19:00:00+00:00")


def other_host_same_day() -> Reading:
    return article_with(telling("laftit", "berthon", day="2025-09-11"), outlet="Hespress", published="2025-09-11T19:00:00+00:00")


def recalled_from_another_month() -> Reading:
    return article_with(telling(*BERTHON, day="2025-06", status="background"), outlet="Le Monde", published="2025-11-20T10:00:00+00:00")


def a_call_next_day() -> Reading:
    report = telling(*BERTHON, day="2025-09-12", city=None, country=None, mode="call")
    return article_with(report, outlet="Hespress", published="2025-09-12T19:00:00+00:00")


OTHER = [
    same_pair_weeks_later,
    same_pair_next_week_without_a_city,
    other_counterpart_same_day,
    other_body_same_day,
    other_country_same_day,
    next_day_in_another_city,
    next_day_abroad,
    other_host_same_day,
    recalled_from_another_month,
    a_call_next_day,
]


@pytest.mark.parametrize("other", OTHER)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_look_alike_is_another_meeting(store: SqlStore, other: Any, backwards: bool) -> None:
    readings = [le360(), other()]
    kept(store, *(reversed(readings) if backwards else readings))
    assert len(set(where_all_went(store).values())) == 2


def test_two_meetings_told_by_one_article_stay_two_for_everybody(store: SqlStore) -> None:
    both = article_with(
        telling("hammouchi", "pardo", day="2025-01-28", city="Madrid", country="ES"),
        telling("hammouchi", "pardo", day="2025-01-29", city="Madrid", country="ES"),
        outlet="Walaw",
        published="2025-01-29T21:00:00+00:00",
    )
    one = article_with(
        telling("hammouchi", "pardo", day="2025-01-29", city="Madrid", country="ES"),
        outlet="Assabah",
        published="2025-01-30T07:00:00+00:00",
    )
    kept(store, both, one)
    places = where_all_went(store)
    assert len(set(places.values())) == 2
    assert places[(one.article.url, 0)] == places[(both.article.url, 1)]


def test_a_later_report_shows_two_records_to_be_one(store: SqlStore) -> None:
    """A delegation without names and an unknown name: only the third outlet tells both."""
    vague = article_with(
        telling(
            "hammouchi",
            Participant(None, "chef de la police fédérale", "Police fédérale", "BE"),
            day="2024-12-05",
            city="Bruxelles",
            country="BE",
        ),
        outlet="MAP",
        published="2024-12-05T17:00:00+00:00",
    )
    named = article_with(
        telling("une délégation marocaine", Participant("Eric Snoeck", None, None, "BE"), day="2024-12-05", city="Bruxelles", country="BE"),
        outlet="Le Soir",
        published="2024-12-05T18:00:00+00:00",
    )
    whole = article_with(
        telling("hammouchi", "snoeck", day="2024-12-05", city="Bruxelles", country="BE"),
        outlet="Hespress",
        published="2024-12-05T19:00:00+00:00",
    )
    first, second, third = kept(store, vague, named, whole)
    assert len(set(where_all_went(store).values())) == 1
    (meeting,) = store.meetings(MeetingFilter())
    assert {p["name"] for p in meeting["participants"]} == {"Abdellatif Hammouchi", "Eric Snoeck"}
    for number in {*first.meeting_ids, *second.meeting_ids, *third.meeting_ids}:
        told = store.meeting(number)
        assert told is not None and told["id"] == meeting["id"]


def test_a_name_learned_from_another_outlet_fills_the_title(store: SqlStore) -> None:
    kept(store, a_title_instead_of_her_name(), le360())
    (meeting,) = store.meetings(MeetingFilter())
    assert sorted((p["name"], p["body"]) for p in meeting["participants"]) == [
        ("Abdellatif Hammouchi", "DGSN-DGST"),
        ("Céline Berthon", "DGSI"),
    ]
    assert meeting["headline"] == "Abdellatif Hammouchi reçoit Céline Berthon à Rabat"


def test_outlets_that_disagree_on_the_day_are_shown_and_the_better_supported_day_wins(store: SqlStore) -> None:
    kept(store, the_day_before_in_another_outlet(), le360(), other_outlet_same_day())
    (meeting,) = store.meetings(MeetingFilter())
    assert str(meeting["first_day"]) == "2025-09-11"
    assert meeting["contradictions"] == {"days": [["2025-09-11", 2], ["2025-09-10", 1]]}


def test_an_undated_article_belongs_to_the_nearest_meeting_of_the_pair(store: SqlStore) -> None:
    week_before = article_with(telling(*BERTHON, day="2025-09-04"), outlet="MAP", published="2025-09-04T18:00:00+00:00")
    undated = other_outlet_without_a_day()
    kept(store, week_before, undated, le360())
    places = where_all_went(store)
    assert places[(undated.article.url, 0)] == places[(le360().article.url, 0)] != places[(week_before.article.url, 0)]


# --- outcomes


def test_the_first_to_tell_brings_the_meeting_and_the_others_are_told_it_is_known(store: SqlStore) -> None:
    first, second = kept(store, le360(), other_outlet_same_day())
    assert (first.outcome, second.outcome) == (Outcome.NEW_MEETING, Outcome.KNOWN_MEETING)
    assert first.new_meeting_ids == first.meeting_ids == second.meeting_ids
    assert second.new_meeting_ids == ()


@pytest.mark.parametrize(
    ("reading", "outcome"),
    [
        (article_with(telling(*BERTHON, day="2025-06", status="background")), Outcome.BACKGROUND),
        (article_with(telling(*BERTHON, day="2025-10-06", status="planned")), Outcome.PLANNED),
        (article_with(telling(*BERTHON, day="2025-09-06", status="denied")), Outcome.PLANNED),
        (article_with(telling(*BERTHON, day="2025-09-11"), possible=True), Outcome.POSSIBLE),
        (article_with(), Outcome.NO_MEETING),
        (article_with(text="", title="Titre"), Outcome.NO_TEXT),
        (replace(article_with(), gave_up="404 (3 tries)"), Outcome.GAVE_UP),
        (replace(article_with(), candidate=False), Outcome.NO_CANDIDATE),
        (replace(article_with(), detection=Detection(None, False, False, 0.0)), Outcome.UNKNOWN_LANGUAGE),
        (replace(le360(), gave_up="paywall"), Outcome.NEW_MEETING),
    ],
)
def test_every_reading_ends_in_its_outcome(store: SqlStore, reading: Reading, outcome: Outcome) -> None:
    assert keep(reading, store, NOW).outcome is outcome
    assert store.run_sql("SELECT outcome FROM v_articles")[1] == [(str(outcome),)]


def test_an_unflagged_account_alone_opens_no_record_and_a_flagged_one_takes_it_up(store: SqlStore) -> None:
    doubtful = article_with(telling(*BERTHON, day="2025-09-11"), flag=False, outlet="Blog")
    (first,) = kept(store, doubtful)
    assert (first.outcome, first.meeting_ids) == (Outcome.NO_MEETING, (None,))
    assert store.meetings(MeetingFilter(possible=None)) == []
    (second,) = kept(store, le360())
    assert second.outcome is Outcome.NEW_MEETING
    (meeting,) = store.meetings(MeetingFilter())
    assert meeting["articles"] == 2


def test_a_possible_meeting_is_listed_apart_until_a_flagged_report_makes_it_news(store: SqlStore) -> None:
    (first,) = kept(store, article_with(telling(*BERTHON, day="2025-09-11"), possible=True, outlet="Blog"))
    assert store.meetings(MeetingFilter()) == []
    assert [m["id"] for m in store.meetings(MeetingFilter(possible=True))] == list(first.meeting_ids)
    assert store.run_sql("SELECT count(*) FROM v_meetings")[1] == [(0,)]
    (second,) = kept(store, le360())
    assert second.new_meeting_ids == first.meeting_ids
    assert [m["status"] for m in store.meetings(MeetingFilter())] == ["new"]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["planned"], "planned"),
        (["planned", "cancelled"], "cancelled"),
        (["planned", "denied"], "denied"),
        (["planned", "cancelled", "planned"], "planned"),
        (["planned", "new"], "new"),
        (["background"], "background"),
        (["planned", "background"], "background"),
        (["background", "new"], "new"),
        (["new", "denied"], "new"),
    ],
)
def test_what_becomes_of_a_meeting(store: SqlStore, statuses: list[str], expected: str) -> None:
    for day, status in enumerate(statuses, 8):
        report = telling(*BERTHON, day="2025-09-11", status=status)
        kept(store, article_with(report, outlet=f"Journal {day}", published=f"2025-09-{day:02}T08:00:00+00:00"))
    (meeting,) = store.meetings(MeetingFilter())
    assert meeting["status"] == expected


def test_a_planned_meeting_that_was_held_is_news_and_keeps_its_number(store: SqlStore) -> None:
    first, second = kept(store, announced_before(), le360())
    assert first.outcome is Outcome.PLANNED and second.outcome is Outcome.NEW_MEETING
    assert first.meeting_ids == second.meeting_ids == second.new_meeting_ids
    told = store.meeting(first.meeting_ids[0] or 0)
    assert told is not None
    assert [(c["what"], c["before"], c["after"]) for c in told["changes"]] == [("opened", None, "planned"), ("status", "planned", "new")]


def test_an_announced_meeting_nobody_reported_is_said_to_be_not_seen(store: SqlStore) -> None:
    kept(store, article_with(telling(*BERTHON, day="2020-09-11", status="planned"), published="2020-09-01T08:00:00+00:00"))
    assert store.run_sql("SELECT status, follow_up FROM v_meetings")[1] == [("planned", "not-seen")]


# --- articles


def test_the_same_article_again_changes_nothing(store: SqlStore) -> None:
    first, second = kept(store, le360(), le360())
    assert second == replace(first, new_meeting_ids=())
    assert store.run_sql("SELECT count(*) FROM articles")[1] == store.run_sql("SELECT count(*) FROM reports")[1] == [(1,)]


def test_the_same_text_of_the_same_outlet_at_another_address_is_a_duplicate(store: SqlStore) -> None:
    again = le360(url="https://le360.example/amp/other")
    first, second = kept(store, le360(), replace(again, article=replace(again.article, title=le360().article.title)))
    assert second.article_id == first.article_id
    assert store.run_sql("SELECT articles FROM v_meetings")[1] == [(1,)]


def test_the_same_text_in_three_outlets_is_three_articles_one_meeting_one_voice(store: SqlStore) -> None:
    text = (
        "Le directeur général de la Sûreté nationale a reçu jeudi à Rabat la directrice générale de la sécurité intérieure. "
        "Cette visite traduit la qualité de la coopération entre les services des deux pays. Ils ont évoqué le terrorisme."
    )
    readings = [
        article_with(telling(*BERTHON, day="2025-09-11"), outlet=outlet, published=f"2025-09-11T1{i}:00:00+00:00", text=text)
        for i, outlet in enumerate(["MAP", "Le Matin", "Libération"])
    ]
    results = kept(store, *readings)
    assert [r.outcome for r in results] == [Outcome.NEW_MEETING, Outcome.KNOWN_MEETING, Outcome.KNOWN_MEETING]
    (meeting,) = store.meetings(MeetingFilter())
    assert (meeting["articles"], meeting["independent_reports"], meeting["outlets"]) == (3, 1, ["MAP", "Le Matin", "Libération"])
    copies = store.run_sql("SELECT outlet, copy_of FROM v_reports ORDER BY published_at")[1]
    assert copies == [("MAP", None), ("Le Matin", results[0].article_id), ("Libération", results[0].article_id)]


def test_editions_of_one_publisher_are_one_voice(store: SqlStore) -> None:
    french = le360()
    arabic = article_with(
        telling(*BERTHON, day="2025-09-11"), outlet="Le360 arabe", published="2025-09-11T19:00:00+00:00", text="نص آخر تماما"
    )
    kept(store, french, arabic)
    assert store.run_sql("SELECT articles, independent_reports FROM v_meetings")[1] == [(2, 1)]


def test_an_edited_article_is_a_new_version_whose_report_replaces_the_old_one(store: SqlStore) -> None:
    before = le360(url="https://le360.example/x", text="La rencontre a eu lieu jeudi à Rabat, dit le premier texte.")
    after = article_with(
        telling(*BERTHON, day="2025-09-10"),
        outlet="Le360",
        published="2025-09-11T18:00:00+00:00",
        url="https://le360.example/x",
        text="Rectificatif : la rencontre a eu lieu mercredi à Rabat, dit le second texte.",
    )
    first, second = kept(store, before, after)
    assert (second.article_id, second.version, second.meeting_ids) == (first.article_id, 2, first.meeting_ids)
    assert second.outcome is Outcome.NEW_MEETING
    (meeting,) = store.meetings(MeetingFilter())
    assert (str(meeting["first_day"]), meeting["articles"]) == ("2025-09-10", 1)
    article = store.article(first.article_id or 0)
    assert article is not None and [v["text"] for v in article["versions"]] == [before.article.text]
    told = store.meeting(meeting["id"])
    assert told is not None and [c["what"] for c in told["changes"]] == ["opened", "days"]


def test_a_corrected_misprint_is_silent(store: SqlStore) -> None:
    before = le360(url="https://le360.example/x", text="La rencontre a eu lieu jeudi a Rabat .")
    after = le360(url="https://le360.example/x", text="La rencontre a eu lieu jeudi à Rabat.")
    assert kept(store, before, after)[1].version == 1


def test_an_article_edited_so_that_its_meeting_is_gone_takes_the_record_with_it(store: SqlStore) -> None:
    url = "https://le360.example/x"
    first, second = kept(
        store, le360(url=url, text="Une rencontre."), article_with(outlet="Le360", url=url, text="Ce n'était qu'une rumeur.")
    )
    assert second.outcome is Outcome.NO_MEETING
    assert store.meetings(MeetingFilter()) == []
    told = store.meeting(first.meeting_ids[0] or 0)
    assert told is not None and told["wrong"]


def test_a_site_that_gives_all_its_pages_one_canonical_address_keeps_its_articles_apart(store: SqlStore) -> None:
    readings = [
        replace(reading, article=replace(reading.article, canonical_url="https://site.example/news"))
        for reading in (
            le360(title="Hammouchi reçoit Berthon", text="Le patron de la police a reçu une visiteuse française à Rabat jeudi soir."),
            replace(
                same_pair_weeks_later(),
                article=replace(
                    same_pair_weeks_later().article,
                    title="Drogue saisie au port",
                    text="Une tonne de résine a été saisie hier matin au port de Tanger.",
                ),
            ),
        )
    ]
    kept(store, *readings)
    assert store.run_sql("SELECT count(*), max(version) FROM articles")[1] == [(2, 1)]


def test_a_summary_read_later_does_not_replace_the_text(store: SqlStore) -> None:
    url = "https://le360.example/x"
    summary = le360(url=url, text="Un résumé.")
    summary = replace(summary, article=replace(summary.article, text_from="summary", partial=True))
    first, second = kept(store, le360(url=url, text="Le texte entier."), summary)
    assert second.version == first.version == 1
    assert (store.article(url) or {})["text"] == "Le texte entier."


def test_evidence_is_kept_with_its_offsets(store: SqlStore) -> None:
    from storing import quote_in

    from pipelines.detect.model import Evidence

    text_ = "Abdellatif Hammouchi a reçu jeudi Céline Berthon à Rabat."
    report = replace(
        telling(*BERTHON, day="2025-09-11"), quote=quote_in(text_, "a reçu jeudi"), evidence=(Evidence("date", quote_in(text_, "jeudi")),)
    )
    (first,) = kept(store, article_with(report, text=text_))
    told = store.meeting(first.meeting_ids[0] or 0)
    assert told is not None
    (shown,) = told["reports"]
    assert shown["quote"] == "a reçu jeudi" == text_[shown["quote_start"] : shown["quote_end"]]
    assert [(e["about"], text_[e["start"] : e["end"]]) for e in shown["evidence"]] == [("date", "jeudi")]


# --- order, crowds, crashes


def shuffles(readings: Sequence[Reading], seeds: int) -> Iterator[list[Reading]]:
    for seed in range(seeds):
        mixed = list(readings)
        random.Random(seed).shuffle(mixed)
        yield mixed


STORY = [le360(), *(make() for make in SAME), *(make() for make in OTHER)]


@settings(max_examples=15, deadline=None, phases=NO_SHRINKING, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(STORY))), some=st.integers(4, len(STORY)))
def test_the_order_of_arrival_does_not_change_the_meetings(tmp_path_factory: pytest.TempPathFactory, order: list[int], some: int) -> None:
    chosen = order[:some]
    outcomes = []
    for arrival in (sorted(chosen), chosen):
        store = open_store(str(tmp_path_factory.mktemp("order") / "store.sqlite"))
        kept(store, *(STORY[i] for i in arrival))
        shown = store.run_sql(
            "SELECT status, first_day, city, headline, articles, independent_reports, outlets, topics FROM v_meetings ORDER BY 2, 4, 5, 1"
        )
        outcomes.append((partition(where_all_went(store).items()), shown))
        store.close()
    assert outcomes[0] == outcomes[1]


def test_labelled_articles_are_joined_as_people_join_them_in_any_order(tmp_path: Path) -> None:
    labels = labelled(*sorted(QUALITY.glob("*.jsonl")))
    truth = story_truth(labels)
    by_time = sorted(labels, key=lambda label: datetime.fromisoformat(label["published"]))
    partitions = []
    for number, order in enumerate([by_time, *shuffles(by_time, 2)]):  # type: ignore[list-item]
        store = open_store(str(tmp_path / f"{number}.sqlite"))
        with store.exclusive():
            for label in order:
                keep(reading_of(label), store, datetime.fromisoformat(label["published"]).astimezone(UTC))
        rows = store.run_sql("SELECT a.external_id, r.ordinal, r.meeting_id FROM reports r JOIN articles a ON a.id = r.article_id", 10_000)[
            1
        ]
        places = {(article, ordinal): meeting for article, ordinal, meeting in rows}
        store.close()
        partitions.append(partition(places.items()))
        found = {
            label["id"]: first_news(label, [places.get((label["id"], i)) for i in range(len(label["meetings"]))])
            for label in labels
            if label["id"] in truth
        }
        precision, recall, joined, missed = pairwise(truth, found)
        assert (precision, joined) == (1.0, [])
        assert recall >= 0.99, missed
    assert partitions[0] == partitions[1] == partitions[2]


def _keep_in_another_process(path: str, seed: int, done: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    store = open_store(path)
    mixed = list(STORY)
    random.Random(seed).shuffle(mixed)
    kept(store, *mixed)
    store.close()
    done.put(seed)


def test_processes_that_keep_at_once_come_to_the_same_meetings(tmp_path: Path) -> None:
    path = str(tmp_path / "store.sqlite")
    open_store(path).close()
    context = multiprocessing.get_context("spawn")
    done = context.Queue()
    processes = [context.Process(target=_keep_in_another_process, args=(path, seed, done)) for seed in range(3)]
    for process in processes:
        process.start()
    for _ in processes:
        done.get(timeout=100)
    for process in processes:
        process.join()
    alone = open_store(str(tmp_path / "alone.sqlite"))
    kept(alone, *STORY)
    crowd = open_store(path)
    assert partition(where_all_went(crowd).items()) == partition(where_all_went(alone).items())
    assert crowd.run_sql("SELECT count(*) FROM articles")[1] == [(len(STORY),)]
    assert all(f.state == "ok" for f in crowd.check() if f.what in ("integrity", "references"))


def test_a_failure_in_the_middle_of_keeping_leaves_no_trace(store: SqlStore) -> None:
    broken = replace(le360(), detection=replace(le360().detection, reports=(replace(telling(*BERTHON), topics=(object(),)),)))  # type: ignore[arg-type]
    with pytest.raises(Exception, match="JSON serializable"):
        keep(broken, store, NOW)
    for table in ("articles", "reports", "meetings", "article_search"):
        assert store.run_sql(f"SELECT count(*) FROM {table}")[1] == [(0,)]
    assert kept(store, le360())[0].outcome is Outcome.NEW_MEETING


def test_many_can_be_kept_in_one_transaction_or_none_of_them(store: SqlStore) -> None:
    def begins_and_fails() -> None:
        with store.exclusive():
            kept(store, le360(), other_outlet_same_day())
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        begins_and_fails()
    assert store.run_sql("SELECT count(*) FROM articles")[1] == [(0,)]


def test_hundreds_of_look_alikes_are_kept_in_bounded_time(store: SqlStore) -> None:
    """The same pair meets every day for a year, and is recalled without a date each time."""
    start = datetime(2025, 1, 1, 10, tzinfo=UTC)
    with store.exclusive():
        for number in range(120):
            day = start + timedelta(days=3 * number)
            readings = [
                article_with(
                    telling(*BERTHON, day=f"{day:%Y-%m-%d}"),
                    telling(*BERTHON, status="background", city=None, country=None),
                    outlet=outlet,
                    published=day.isoformat(),
                )
                for outlet in ("MAP", "Le Matin")
            ]
            kept(store, *readings)
    assert len(store.meetings(MeetingFilter(status="new", limit=1000))) == 120


def test_days_of_every_precision_can_be_kept(store: SqlStore) -> None:
    for number, days in enumerate(
        [Days(), Days(datetime(2022, 1, 1).date(), None, "year"), Days(datetime(2022, 6, 1).date(), None, "month")]
    ):
        report: Report = telling(*BERTHON, day=days, status="background", city=None, country=None)
        kept(store, article_with(report, outlet=f"O{number}"))
    assert store.run_sql("SELECT count(*) FROM v_reports")[1] == [(3,)]


def test_two_meetings_of_one_visit_are_one_story_and_the_next_city_is_another(store: SqlStore) -> None:
    both = article_with(
        telling("hammouchi", "pardo", day="2025-01-28", city="Madrid", country="ES"),
        telling("hammouchi", "pardo", "lerner", day="2025-01-29", city="Madrid", country="ES"),
        telling("hammouchi", "pardo", day="2025-01-30", city="Séville", country="ES"),
        outlet="Walaw",
    )
    one = article_with(telling("hammouchi", "pardo", "lerner", day="2025-01-29", city="Madrid", country="ES"), outlet="Assabah")
    first, second = kept(store, both, one)
    numbers = [number for number in first.meeting_ids if number]
    stories = store.stories(numbers)
    assert stories[numbers[0]] == stories[numbers[1]] == numbers[0] != stories[numbers[2]]
    assert store.stories([second.meeting_ids[0] or 0]) == {numbers[1]: numbers[0]}


@pytest.mark.parametrize(
    "published", ["1970-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00", "9999-12-31T23:00:00+00:00", "0001-01-02T00:00:00+00:00"]
)
def test_an_article_with_an_absurd_date_counts_from_when_it_was_read(store: SqlStore, published: str) -> None:
    undated = article_with(telling(*BERTHON), outlet="Blog", published=published)
    (first, second) = (keep(reading, store, NOW) for reading in (replace(undated, read_at=NOW), le360()))
    assert first.meeting_ids == second.meeting_ids
    (meeting,) = store.meetings(MeetingFilter())
    assert meeting["first_reported_at"] == le360().article.published


def test_texts_that_no_name_should_hold_are_cut_and_cleaned(store: SqlStore) -> None:
    odd = Participant("N\x00\ud800" + "n" * 5000, "r" * 5000, "b" * 5000, "FR")
    kept(store, article_with(telling("hammouchi", odd, day="2025-09-11"), title="t\ud800\x00", text="x\ud800 \x00y" + " mot" * 200_000))
    (meeting,) = store.meetings(MeetingFilter())
    assert len(meeting["headline"]) < 300
    assert store.run_sql("SELECT max(length(name)) <= 500 FROM v_participants")[1] == [(1,)]


def test_a_meeting_of_which_nothing_is_told_but_its_place_is_kept(store: SqlStore) -> None:
    kept(store, article_with(telling(day="2025-09-11")), article_with(telling(Participant(None, None, None, None)), outlet="B"))
    assert {m["headline"] for m in store.meetings(MeetingFilter())} == {"Rencontre à Rabat", "Rencontre : une délégation (?) à Rabat"}
