"""Which meeting is it: names over scripts, seats, days, verdicts with reasons, and grouping whatever the order."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from storing import PEOPLE, telling

from pipelines.detect.model import Days, Participant, Place, Report, Status
from pipelines.identity import (
    CLASH,
    COUNTRY,
    KIND,
    NAME_AT,
    NOTHING,
    Account,
    Ruling,
    Telling,
    arrange,
    compare,
    copies,
    family_of,
    headline,
    independent_reports,
    known_meeting,
    merge_participants,
    name_likeness,
    seat_likeness,
    seat_of,
    summarize,
    traces_of,
    window_of,
)

PUBLISHED = datetime(2025, 9, 12, 9, 0, tzinfo=UTC)


def account(report: Report, published: datetime = PUBLISHED, *, article: str = "", outlet: str = "Le360") -> Account:
    standing: Any = "flagged" if report.status is Status.NEW else "aside"
    name = article or f"{outlet} {published:%d%H} {hash(report)}"
    return Account(report, published, name, 0, outlet, family_of(outlet), standing)


def meeting(*names: Any, **more: Any) -> Any:
    published = more.pop("published", PUBLISHED)
    return known_meeting([account(telling(*names, **more), published)])


# --- names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Eric Snoeck", "إيريك سنوك"),
        ("Eric Snoeck", "إريك سنويك"),
        ("Francisca Bostyn", "فرانسيسكا بوستين"),
        ("Francisca Bosteels", "فرانسيسكا بوستين"),
        ("Abdellatif Hammouchi", "عبد اللطيف حموشي"),
        ("Abdelatif Hamuchi", "عبد اللّطيف حمّوشي"),
        ("Abdelatif Hamouchi", "Abdellatif Hammouchi"),
        ("Holger Münch", "هولغر مينش"),
        ("Dieter Romann", "ديتر رومان"),
        ("Dieter Romann", "دييتر رومان"),
        ("Fernando Grande-Marlaska", "فيرناندو غراندى مارلاسكا"),
        ("Grande-Marlaska", "Fernando Grande-Marlaska Gómez"),
        ("Gérald Darmanin", "جيرالد دارمانان"),
        ("Mesgharou Ould Sidi Leghweizi", "Misgharou Ould Seyidi"),
        ("Retailleau", "Bruno Retailleau"),
        ("Sébastien Lecornu", "Sebastien Lecornu"),
        ("Tené Birahima Ouattara", "Ouattara"),
        ("محمد أحمد ولد محمد الأمين", "Mohamed Ahmed Ould Mohamed Lemine"),
        ("سيف بن زايد آل نهيان", "Saif bin Zayed Al Nahyan"),
    ],
)
def test_spellings_of_one_name_are_alike_over_scripts(one: str, other: str) -> None:
    assert name_likeness(one, other) >= NAME_AT
    assert name_likeness(other, one) == name_likeness(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Céline Berthon", "Nicolas Lerner"),
        ("Dieter Romann", "Holger Münch"),
        ("Dieter Romann", "هولغر مينش"),
        ("Frédéric Veaux", "Frédéric Péchenard"),
        ("Jean-Luc Dupont", "Jean-Pierre Martin"),
        ("William Burns", "Christopher Wray"),
        ("Abdellatif Hammouchi", "Abdelouafi Laftit"),
        ("عبد اللطيف حموشي", "عبد الوافي لفتيت"),
        ("Mohamed Haddad", "Mohamed Mansouri"),
        ("Bruno Retailleau", "Gérald Darmanin"),
    ],
)
def test_names_of_different_people_are_not(one: str, other: str) -> None:
    assert name_likeness(one, other) < NAME_AT


# --- seats


def seat(name: str | None = None, body: str | None = None, country: str | None = "FR", **more: Any) -> Any:
    return seat_of(Participant(name, None, body, country, **more))


@pytest.mark.parametrize(
    ("one", "other", "least"),
    [
        (seat("Céline Berthon", "DGSI", person_id="berthon"), seat("C. Berthon", "DGSI", person_id="berthon"), 1.0),
        (seat("Céline Berthon", "DGSI", person_id="berthon"), seat("سيلين بيرتون", "DGSI"), 0.9),
        (seat("Céline Berthon", "DGSI", person_id="berthon"), seat(None, "DGSI"), 0.7),
        (seat(None, "DGSN", "MA", body_id="ma-dgsn"), seat(None, "DGSN-DGST", "MA", body_id="ma-pole-dgsn-dgst"), 0.7),
        (seat(None, "Ministère de l'Intérieur", "ES"), seat(None, "Ministerio del Interior", "ES"), 0.7),
        (seat(None, "Interior Ministry", "SA"), seat(None, "وزارة الداخلية", "SA"), 0.7),
        (seat(None, "Police fédérale", "BE"), seat(None, "Federal Police", "BE"), 0.7),
        (seat(None, None), seat("Céline Berthon", "DGSI"), COUNTRY),
        (seat(None, "Police nationale", kind="police"), seat(None, "DGPN", kind="police"), KIND),
    ],
)
def test_seats_that_can_be_one(one: Any, other: Any, least: float) -> None:
    assert seat_likeness(one, other) >= least
    assert seat_likeness(other, one) == seat_likeness(one, other)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (seat("Céline Berthon", "DGSI", person_id="berthon"), seat("Nicolas Lerner", "DGSI", person_id="lerner"), CLASH),
        (seat("Céline Berthon", "DGSI"), seat("Nicolas Lerner", "DGSI"), CLASH),
        (seat(None, "DGSI", body_id="fr-dgsi"), seat(None, "DGSE", body_id="fr-dgse"), NOTHING),
        (seat(None, "DGSI"), seat(None, "DGSE"), NOTHING),
        (seat(None, "Ministère de l'Intérieur"), seat(None, "Ministère de la Justice"), NOTHING),
        (seat(None, "Ministère de l'Intérieur", "FR"), seat(None, "Ministère de l'Intérieur", "ES"), NOTHING),
    ],
)
def test_seats_that_cannot(one: Any, other: Any, expected: float) -> None:
    assert seat_likeness(one, other) == seat_likeness(other, one) == expected


# --- days


@pytest.mark.parametrize(
    ("status", "days", "first", "last", "exact", "loose"),
    [
        ("new", Days(date(2025, 9, 11), date(2025, 9, 11), "day"), date(2025, 9, 11), date(2025, 9, 11), True, False),
        ("new", Days(date(2025, 9, 11), date(2025, 9, 12), "range"), date(2025, 9, 11), date(2025, 9, 12), True, False),
        ("new", Days(date(2025, 9, 1), None, "month"), date(2025, 9, 1), date(2025, 9, 13), False, False),
        ("background", Days(date(2025, 6, 1), None, "month"), date(2025, 6, 1), date(2025, 6, 30), False, False),
        ("background", Days(date(2024, 12, 1), None, "month"), date(2024, 12, 1), date(2024, 12, 31), False, False),
        ("background", Days(date(2024, 1, 1), None, "year"), date(2024, 1, 1), date(2024, 12, 31), False, True),
        ("new", Days(), date(2025, 9, 2), date(2025, 9, 13), False, False),
        ("background", Days(), date(2024, 8, 8), date(2025, 9, 13), False, True),
        ("planned", Days(), date(2025, 9, 11), date(2025, 11, 11), False, True),
        ("background", Days(date(2025, 1, 1), date(2025, 6, 1), "range"), date(2025, 1, 1), date(2025, 6, 1), True, True),
    ],
)  # fmt: skip
def test_the_days_on_which_a_meeting_can_have_been(status: str, days: Days, first: date, last: date, exact: bool, loose: bool) -> None:
    window = window_of(telling("hammouchi", "berthon", day=days, status=status), PUBLISHED)
    assert (window.first, window.last, window.exact, window.loose) == (first, last, exact, loose)


# --- verdicts


def test_a_verdict_names_its_reasons_and_a_veto_decides() -> None:
    one = meeting("hammouchi", "berthon", day="2025-09-11")
    same = compare(one, meeting("hammouchi", "patron de la DGSI", day="2025-09-11"))
    assert same.same and {"same-days", "same-city"} < set(same.reasons) and same.vetoes == ()
    assert compare(one, meeting("hammouchi", "lerner", day="2025-09-11")).vetoes == ("other-counterpart",)
    assert compare(one, meeting("hammouchi", "patron de la DGSE", day="2025-09-11")).vetoes == ("other-body",)
    assert compare(one, meeting("hammouchi", "berthon", day="2025-10-11")).vetoes == ("other-days",)
    assert compare(one, meeting("hammouchi", "berthon", day="2025-09-12", city="Tanger")).vetoes == ("other-city",)
    assert compare(one, meeting("hammouchi", "berthon", day="2025-09-11", city="Paris", country="FR")).vetoes == ("other-country",)
    assert compare(one, meeting("laftit", "pardo", day="2025-09-11")).vetoes


def test_an_article_that_tells_two_meetings_keeps_them_apart() -> None:
    first = account(telling("hammouchi", "berthon", day="2025-09-11"), article="x")
    second = account(telling("hammouchi", "berthon", day=None, status="background"), article="x")
    assert compare(known_meeting([first]), known_meeting([second])).vetoes == ("told-apart",)


def test_two_subsets_of_one_summit_are_one_meeting() -> None:
    nigeria = Participant("Nuhu Ribadu", "conseiller", "ONSA", "NG")
    one = meeting("hammouchi", "une délégation française", nigeria, day="2025-06-17", city="Agadir", mode="multilateral")
    other = meeting("hammouchi", "pardo", "marlaska", day="2025-06-17", city="Agadir", mode="multilateral")
    assert compare(one, other).same
    assert not compare(one, meeting("laftit", "pardo", day="2025-06-17", city="Rabat", mode="multilateral")).same


WHO = [
    ("hammouchi", "berthon"),
    ("hammouchi", "lerner"),
    ("hammouchi", "patron de la DGSI"),
    ("hammouchi", "une délégation française"),
    ("laftit", "berthon"),
    ("hammouchi", "pardo"),
    ("laftit", "marlaska"),
    ("une délégation marocaine", "marlaska"),
    ("hammouchi",),
]
DAYS = [None, "2025-09", "2025-09-08", "2025-09-11", "2025-09-12", "2025-09-11/2025-09-12", "2025-10-02"]
PLACES = [("Rabat", "MA"), ("Tanger", "MA"), (None, "MA"), (None, None), ("Paris", "FR")]

accounts = st.builds(
    lambda who, day, place, status, published, mode: account(
        telling(*who, day=day, city=place[0], country=place[1], status=status, mode=mode),
        datetime(2025, 9, 12, tzinfo=UTC) + timedelta(hours=published),
    ),
    st.sampled_from(WHO),
    st.sampled_from(DAYS),
    st.sampled_from(PLACES),
    st.sampled_from(["new", "new", "new", "background", "planned", "cancelled"]),
    st.integers(0, 200),
    st.sampled_from(["in-person", "in-person", "visit", "call"]),
)


def distinct(drawn: list[Account]) -> list[Account]:
    return [replace(a, article=f"article {number}") for number, a in enumerate(drawn)]


@settings(max_examples=120, deadline=None)
@given(drawn=st.lists(accounts, min_size=2, max_size=14), seed=st.integers(0, 2**32))
def test_grouping_depends_on_the_accounts_and_not_on_their_order(drawn: list[Account], seed: int) -> None:
    told = distinct(drawn)
    mixed = list(told)
    random.Random(seed).shuffle(mixed)
    assert groups_of(told) == groups_of(mixed)


def groups_of(told: list[Account]) -> set[frozenset[str]]:
    return {frozenset(told[i].article for i in group) for group in arrange(told)}


@settings(max_examples=100, deadline=None)
@given(drawn=st.lists(accounts, min_size=1, max_size=12))
def test_every_account_is_in_exactly_one_group(drawn: list[Account]) -> None:
    assert sorted(i for group in arrange(distinct(drawn)) for i in group) == list(range(len(drawn)))


@settings(max_examples=200, deadline=None)
@given(one=accounts, other=accounts)
def test_comparing_is_symmetric_and_whatever_is_joined_can_be_found(one: Account, other: Account) -> None:
    one, other = replace(one, article="1"), replace(other, article="2")
    there, back = compare(known_meeting([one]), known_meeting([other])), compare(known_meeting([other]), known_meeting([one]))
    assert (there.same, there.vetoes) == (back.same, back.vetoes)
    if len(arrange([one, other])) == 1:
        mine, theirs = traces_of(one), traces_of(other)
        assert (mine.firm | mine.loose) & theirs.kept
        assert (theirs.firm | theirs.loose) & mine.kept


@settings(max_examples=60, deadline=None)
@given(drawn=st.lists(accounts, min_size=2, max_size=10), data=st.data())
def test_what_people_ruled_holds(drawn: list[Account], data: st.DataObject) -> None:
    told = distinct(drawn)
    one, other = data.draw(st.permutations(range(len(told))))[:2]
    (together,) = [g for g in arrange(told, [Ruling(one, other, True)]) if one in g]
    assert other in together
    (apart,) = [g for g in arrange(told, [Ruling(one, other, False)]) if one in g]
    assert other not in apart


def test_many_outlets_on_each_of_two_days_tell_two_meetings() -> None:
    told = [
        account(telling("hammouchi", "berthon", day=f"2025-09-{day}"), datetime(2025, 9, 12, hour, tzinfo=UTC), outlet=f"O{day}{hour}")
        for day in (10, 11)
        for hour in range(4)
    ]
    assert len(arrange(told)) == 2
    assert len(arrange(told[:5])) == 1


def test_an_account_that_fits_two_meetings_equally_is_of_neither() -> None:
    berthon = account(telling("hammouchi", "berthon", day="2025-09-11"), outlet="A")
    lerner = account(telling("hammouchi", "lerner", day="2025-09-11"), outlet="B")
    vague = account(telling("hammouchi", "une délégation française", day="2025-09-11"), outlet="C")
    assert len(arrange([berthon, lerner, vague])) == 3
    more = [replace(berthon, article=f"more {number}") for number in range(4)]
    assert len(arrange([berthon, lerner, vague, *more])) == 2


# --- facts


def test_the_facts_do_not_depend_on_the_order_of_the_accounts() -> None:
    told = distinct([account(telling("hammouchi", who, day=day)) for who in ("berthon", "patron de la DGSI") for day in DAYS[:4]])
    wanted = summarize(told)
    for seed in range(10):
        mixed = list(told)
        random.Random(seed).shuffle(mixed)
        assert summarize(mixed) == wanted


def test_copies_add_no_voice_when_outlets_disagree() -> None:
    agency = [account(telling("hammouchi", "berthon", day="2025-09-10"), article=f"copy {n}", outlet=f"Copy {n}") for n in range(3)]
    own = [account(telling("hammouchi", "berthon", day="2025-09-11"), article=f"own {n}", outlet=f"Own {n}") for n in range(2)]
    assert summarize(agency + own).days.first == date(2025, 9, 10)
    facts = summarize(agency + own, {"copy 1": "copy 0", "copy 2": "copy 0"})
    assert facts.days.first == date(2025, 9, 11)
    assert facts.contradictions == (("days", (("2025-09-11", 2), ("2025-09-10", 1))),)


def test_a_day_beats_a_month_and_news_beat_a_recollection() -> None:
    month = account(telling("hammouchi", "berthon", day="2025-09"), article="1")
    recalled = [account(telling("hammouchi", "berthon", day="2025-09-10", status="background"), article=f"r{n}") for n in range(3)]
    day = account(telling("hammouchi", "berthon", day="2025-09-11"), article="2")
    assert summarize([month, day]).days.label == "2025-09-11"
    assert summarize([month, day, *recalled]).days.label == "2025-09-11"
    assert summarize([month, *recalled]).days.label == "2025-09-10"
    assert summarize([month]).days.label == "2025-09"


def test_everybody_is_named_once_and_a_title_takes_the_name_it_belongs_to() -> None:
    told = [
        account(telling("hammouchi", "patron de la DGSI", day="2025-09-11"), article="1"),
        account(telling("une délégation marocaine", "berthon", day="2025-09-11"), article="2"),
        account(telling(Participant("عبد اللطيف حموشي", None, "DGSN-DGST", "MA"), "une délégation française"), article="3"),
    ]
    assert sorted(p.name or "?" for p in merge_participants(told)) == ["Abdellatif Hammouchi", "Céline Berthon"]


RABAT, PARIS, CAIRO, MADRID = Place("Rabat", "MA"), Place("Paris", "FR"), Place("Le Caire", "EG"), Place("Madrid", "ES")
HEADLINES: list[tuple[str, Place, Any, str, str]] = [
    ("hammouchi, berthon", RABAT, "in-person", "new", "Abdellatif Hammouchi reçoit Céline Berthon à Rabat"),
    ("hammouchi, berthon", PARIS, "visit", "new", "Céline Berthon reçoit Abdellatif Hammouchi à Paris"),
    ("hammouchi, berthon", CAIRO, "in-person", "new", "Rencontre : Abdellatif Hammouchi et Céline Berthon au Caire"),
    ("hammouchi, berthon", Place(), "in-person", "new", "Rencontre : Abdellatif Hammouchi et Céline Berthon"),
    ("hammouchi, berthon", Place(), "call", "new", "Appel : Abdellatif Hammouchi et Céline Berthon"),
    ("laftit, lerner", RABAT, "in-person", "planned", "Prévu : Abdelouafi Laftit reçoit Nicolas Lerner à Rabat"),
    ("laftit, patron de la DGSI", RABAT, "in-person", "new", "Abdelouafi Laftit reçoit patron de la DGSI (DGSI) à Rabat"),
    ("laftit, une délégation française", RABAT, "visit", "cancelled", "Annulé : Abdelouafi Laftit reçoit une délégation (FR) à Rabat"),
    (
        "laftit, pardo, lerner",
        MADRID,
        "multilateral",
        "new",
        "Réunion à Madrid : Abdelouafi Laftit, Francisco Pardo Piqueras, Nicolas Lerner",
    ),
    ("laftit, hammouchi, lerner", RABAT, "visit", "new", "Abdelouafi Laftit, Abdellatif Hammouchi reçoivent Nicolas Lerner à Rabat"),
]


@pytest.mark.parametrize(("names", "place", "mode", "status", "expected"), HEADLINES)
def test_a_headline_is_made_of_the_facts(names: str, place: Place, mode: Any, status: str, expected: str) -> None:
    assert headline(Status(status), [PEOPLE[name] for name in names.split(", ")], place, mode) == expected


# --- copies


@pytest.mark.parametrize(
    ("outlet", "family"),
    [
        ("Le360", "le360"),
        ("Le360 arabe", "le360"),
        ("Le360 (Kiosque)", "le360"),
        ("Hespress FR", "hespress"),
        ("Hespress English", "hespress"),
        ("MAP arabe", "map"),
        ("L'Économiste", "leconomiste"),
        ("Médias24", "medias24"),
        ("Maroc Hebdo", "marochebdo"),
        ("هسبريس", "هسبريس"),
    ],
)
def test_editions_of_one_outlet_are_one_family(outlet: str, family: str) -> None:
    assert family_of(outlet) == family


def telling_of(key: str, hour: int, outlet: str, *sentences: int) -> Telling:
    return Telling(key, datetime(2025, 9, 12, hour, tzinfo=UTC), outlet, family_of(outlet), frozenset(sentences))


def test_copies_lead_to_the_earliest_text_and_voices_are_counted_without_them() -> None:
    told = [
        telling_of("late copy", 12, "Libération", 1, 2, 3, 9),
        telling_of("agency", 8, "MAP", 1, 2, 3, 4),
        telling_of("copy", 9, "Le Matin", 1, 2, 3, 4),
        telling_of("own", 10, "Le360", 50, 51, 52),
        telling_of("own, arabic", 11, "Le360 arabe", 60, 61),
        telling_of("empty", 11, "Blog"),
    ]
    copy_of = copies(told)
    assert copy_of == {"copy": "agency", "late copy": "agency"}
    assert independent_reports(told, copy_of) == 3
    assert copies(list(reversed(told))) == copy_of
