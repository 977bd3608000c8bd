"""Which meetings go into a digest, in which section, and what is said of those already told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from mail.samples import (
    HAMMOUCHI,
    MORNING,
    TODAY,
    arabic_talks,
    on,
    planned_visit,
    possible_talks,
    rabat_talks,
    source,
    spanish_talks,
    told,
)

from pipelines.detect.model import Days, Status
from pipelines.digest import Who, changes, choose, facts_as_json, facts_from_json, facts_of, lead_names, role_in

YESTERDAY = MORNING - timedelta(days=1)


def chosen(meetings, mailed=(), **more):
    items, _ = choose(meetings, {one.meeting_id: one for one in mailed}, today=TODAY, period_from=YESTERDAY, **more)
    return [(item.section, item.meeting.id) for item in items]


def only(meeting, mailed=(), **more):
    items, _ = choose([meeting], {one.meeting_id: one for one in mailed}, today=TODAY, period_from=YESTERDAY, **more)
    (item,) = items
    return item


def test_sections_come_in_the_order_of_reading_and_are_numbered_through():
    meetings = [possible_talks(), planned_visit(), rabat_talks(), spanish_talks()]
    items, _ = choose(meetings, {}, today=TODAY, period_from=YESTERDAY)
    assert [(item.position, item.section) for item in items] == [(1, "new"), (2, "new"), (3, "planned"), (4, "possible")]


def test_known_people_and_more_sources_come_first():
    assert chosen([spanish_talks(), arabic_talks(), rabat_talks()]) == [("new", 1), ("new", 2), ("new", 3)]


def test_a_meeting_is_told_as_new_once():
    assert chosen([rabat_talks()], [told(rabat_talks())]) == []


def test_a_meeting_told_before_is_followed_even_if_the_filter_no_longer_wants_it():
    later = rabat_talks(city="Salé")
    assert chosen([later], [told(rabat_talks())], wanted=[]) == [("updated", 1)]
    assert chosen([rabat_talks()], wanted=[]) == []


def test_below_the_profiles_own_score_nothing_is_new():
    assert chosen([rabat_talks()], minimum_score=0.95) == []
    assert chosen([rabat_talks()], minimum_score=0.93) == [("new", 1)]
    assert chosen([possible_talks(), planned_visit()], minimum_score=0.95) == []


def test_a_recalled_meeting_is_no_news():
    assert chosen([rabat_talks(status=Status.BACKGROUND)]) == []


def test_a_meeting_of_long_ago_is_told_apart_and_an_imported_one_not_at_all():
    old = rabat_talks(days=on(TODAY - timedelta(days=60)))
    assert chosen([old]) == [("older", 1)]
    assert chosen([replace(old, imported=True)]) == []
    reported_long_ago = rabat_talks(first_reported_at=MORNING - timedelta(days=40), days=Days())
    assert chosen([reported_long_ago]) == [("older", 1)]


def test_what_was_only_possible_is_news_once_it_is_sure():
    sure = possible_talks(flagged=True, possible=False, score=0.8)
    item = only(sure, [told(possible_talks(), "possible")])
    assert item.section == "new" and item.told is not None
    assert chosen([possible_talks()], [told(possible_talks(), "possible")]) == []


def test_an_announced_meeting_that_took_place_says_so():
    held = planned_visit(status=Status.NEW)
    assert only(held, [told(planned_visit(), "planned", days_ago=8)]).section == "held"


def test_an_announced_meeting_whose_day_has_passed_without_a_report_says_so():
    assert only(planned_visit(days=on(TODAY - timedelta(days=2)))).lapsed
    assert not only(planned_visit()).lapsed
    assert not only(planned_visit(days=Days(date(2026, 11, 1), date(2026, 11, 30), "month"))).lapsed


def test_an_announced_meeting_that_nobody_reported_is_said_so_once():
    visit = planned_visit(days=on(TODAY - timedelta(days=4)))
    item = only(visit, [told(visit, "planned", days_ago=6)])
    assert (item.section, item.lapsed, item.changes) == ("updated", True, ())
    assert chosen([visit], [told(visit, "updated", days_ago=0)]) == []
    assert (
        chosen([planned_visit(days=on(TODAY - timedelta(days=2)))], [told(planned_visit(days=on(TODAY - timedelta(days=2))), "planned", 4)])
        == []
    )


def test_an_announced_meeting_is_remembered_in_its_last_week_only():
    for away, reminded in ((3, True), (7, True), (8, False), (-1, False)):
        visit = planned_visit(days=on(TODAY + timedelta(days=away)))
        items, reminders = choose([visit], {4: told(visit, "planned", 5)}, today=TODAY, period_from=YESTERDAY)
        assert items == () and bool(reminders) is reminded, away


def test_a_visit_called_off_is_news_to_those_who_were_not_told_and_an_update_to_the_others():
    off = planned_visit(status=Status.CANCELLED)
    assert chosen([off]) == [("planned", 4)]
    item = only(off, [told(planned_visit(), "planned", 3)])
    assert item.section == "updated" and [change.kind for change in item.changes] == ["status"]


@pytest.mark.parametrize(
    "now",
    [
        rabat_talks(withdrawn="namesake"),
        rabat_talks(merged_into=77),
        rabat_talks(status=Status.DENIED),
        rabat_talks(status=Status.CANCELLED),
    ],
)
def test_what_was_told_and_is_not_so_is_corrected_once(now):
    item = only(now, [told(rabat_talks())])
    assert item.section == "correction"
    assert chosen([now], [replace(told(now), section="correction")]) == []


def test_a_wrong_meeting_nobody_was_told_of_is_not_mentioned():
    assert chosen([rabat_talks(withdrawn="namesake"), arabic_talks(merged_into=1)]) == []


def test_only_what_changed_is_said():
    before = rabat_talks()
    laugier = before.participants[1]
    unnamed = replace(laugier, name=None, person_id=None, known=False)
    cases = {
        "days": (rabat_talks(days=Days(date(2026, 11, 1), date(2026, 11, 30), "month")), before),
        "place": (rabat_talks(city=None), before),
        "people": (rabat_talks(participants=before.participants[:2]), before),
        "named": (rabat_talks(participants=(HAMMOUCHI, unnamed, before.participants[2])), before),
        "status": (rabat_talks(status=Status.PLANNED), before),
    }
    for kind, (then, now) in cases.items():
        assert [change.kind for change in changes(now, facts_of(then))] == [kind]


def test_less_detail_than_before_is_no_change():
    poorer = rabat_talks(days=Days(), city=None, country=None, participants=rabat_talks().participants[:1])
    assert changes(poorer, facts_of(rabat_talks())) == ()


def test_another_independent_outlet_is_worth_a_line_and_a_copy_is_not():
    before = rabat_talks(sources=rabat_talks().sources[:1])
    copied = replace(before, sources=(*before.sources, source(90, "Copie", "La même", copy_of=11)))
    joined = replace(before, sources=(*before.sources, source(91, "Autre", "À sa façon")))
    assert chosen([copied], [told(before)]) == []
    item = only(joined, [told(before)])
    assert item.section == "updated" and item.changes[0].outlets == ("Autre",)


def test_an_announced_visit_reported_by_one_more_outlet_is_no_update():
    more = planned_visit(sources=(*planned_visit().sources, source(92, "Autre", "Visite attendue", status=Status.PLANNED)))
    assert chosen([more], [told(planned_visit(), "planned")]) == []


def test_updates_that_only_add_sources_come_after_the_others():
    before = rabat_talks(sources=rabat_talks().sources[:1])
    more = replace(before, sources=(*before.sources, source(91, "Autre", "À sa façon")))
    moved = spanish_talks(city="Madrid")
    assert chosen([more, moved], [told(before), told(spanish_talks())]) == [("updated", 3), ("updated", 1)]


def test_facts_survive_the_store():
    facts = facts_of(arabic_talks())
    again = facts_from_json(facts_as_json(facts))
    assert again == facts and again.fingerprint == facts.fingerprint and again.days == arabic_talks().days
    assert facts_of(arabic_talks(city="Dubaï")).fingerprint != facts.fingerprint


def test_a_title_names_one_of_each_country_and_the_known_first():
    people = (
        Who("Un Inconnu", country="ES"),
        Who("Une Autre", country="ES"),
        Who(None, body="FBI", country="US"),
        HAMMOUCHI,
    )
    names, more = lead_names(people)
    assert [who.name for who in names] == ["Abdellatif Hammouchi", "Un Inconnu"] and more == 2
    assert lead_names(()) == ((), 0)


def test_copies_stand_behind_the_text_they_repeat():
    meeting = rabat_talks()
    assert [s.article_id for s in meeting.independent] == [11, 15, 17]
    assert [s.article_id for s in meeting.voices[0].copies] == [12, 13, 14]


def test_what_one_publisher_writes_is_one_voice():
    one = source(1, "Hespress", "a", family="hespress")
    same = source(2, "Hespress FR", "b", family="hespress")
    copy = source(3, "Autre", "b", copy_of=2)
    (voice,) = rabat_talks(sources=(one, same, copy)).voices
    assert (voice.lead, voice.copies, voice.more) == (one, (copy,), (same,))


def test_who_announced_a_meeting_is_no_witness_of_its_being_held():
    announced = source(1, "Avant", "a", status=Status.PLANNED)
    held = source(2, "Après", "b")
    meeting = rabat_talks(sources=(announced, held))
    assert (meeting.independent, meeting.announcing) == ((held,), (announced,))
    assert planned_visit(sources=(announced,)).independent == (announced,)


def test_a_role_is_said_in_the_readers_language_and_neither_by_comparison_nor_in_passing():
    who = replace(
        HAMMOUCHI,
        wordings=(
            ("ar", "المدير العام"),
            ("fr", "homologue français"),
            ("fr", "directeur général"),
            ("fr", "patron de la DGSN"),
            ("fr", "patron de la DGSN"),
            ("fr", "directeur général"),
        ),
    )
    assert role_in(who, "fr") == "directeur général"
    assert role_in(who, "ar") == "المدير العام"
    assert role_in(who, "es") is None


def test_a_role_need_not_repeat_the_country_that_stands_beside_it():
    once = replace(HAMMOUCHI, wordings=(("fr", "ministre marocain de l'Intérieur"), ("fr", "ministre de l'Intérieur")))
    assert role_in(once, "fr", "Maroc") == "ministre de l'Intérieur"
    assert role_in(once, "fr") == "ministre marocain de l'Intérieur"
    only = replace(HAMMOUCHI, wordings=(("fr", "ministre marocain de l'Intérieur"),))
    assert role_in(only, "fr", "Maroc") == "ministre marocain de l'Intérieur"


def test_an_announcement_without_a_counterpart_or_a_day_is_not_worth_a_line():
    vague = planned_visit(participants=planned_visit().participants[:1], days=Days())
    assert chosen([vague]) == []
    assert chosen([replace(vague, days=planned_visit().days)]) == [("planned", 4)]
    assert chosen([planned_visit(days=on(TODAY - timedelta(days=9)))]) == []


def test_a_copy_whose_original_is_gone_counts_as_a_source():
    meeting = rabat_talks(sources=(source(12, "Atlas Matin", "x", copy_of=999),))
    assert len(meeting.independent) == 1


def test_the_telling_quote_is_that_of_an_independent_report_of_the_same_status():
    recalled = source(1, "A", "a", quote="rappelle", status=Status.BACKGROUND)
    copy = source(2, "B", "b", quote="copie", copy_of=3)
    own = source(3, "C", "c", quote="original")
    assert rabat_talks(sources=(recalled, copy, own)).best_quote() is own


def test_the_telling_quote_names_those_at_the_table():
    dull = source(1, "A", "a", quote="Les travaux ont duré deux heures.")
    telling = source(2, "B", "b", "es", quote="Hammouchi y Laugier se reunieron en Rabat.")
    same = source(3, "C", "c", "fr", quote="Hammouchi et Laugier se sont vus.")
    assert rabat_talks(sources=(dull, telling)).best_quote("fr") is telling
    assert rabat_talks(sources=(dull, telling, same)).best_quote("fr") is same
