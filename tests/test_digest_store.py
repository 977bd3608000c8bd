"""Digests of a real store: owed by the clock, built from what was kept, delivered once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from mail.desk import ANNE, BADR, mail_to, parse
from mail.samples import MORNING, TODAY, ZONE
from mail.servers import GoodSmtp
from mail.world import LAUGIER, NEVES, open_world, polled, talks, told_by, watched

from monitor.mail import service
from monitor.mail.profile import Profile
from monitor.mail.settings import MailSettings
from monitor.store import digests as kept
from pipelines.detect.model import Days, Place, Status

MATIN = Profile("matin", (ANNE, BADR), timezone=ZONE)
SETTINGS = MailSettings(sender="Vigie <vigie@watch.test>")
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path):
    store = open_world(tmp_path / "vigie.sqlite")
    watched(store, "https://atlas.example/feed", "https://rif.example/feed")
    service.owe(store, [MATIN], MORNING - DAY)  # first seen
    yield store
    store.close()


def morning(store, now=MORNING, profile=MATIN, settings=SETTINGS):
    """Owe and build what is due at `now`; the digests."""
    return [service.build_digest(store, profile, slot, now, settings=settings) for slot in service.owe(store, [profile], now)]


def text_of(store, built) -> str:
    with store.reading() as connection:
        return "\n".join(
            connection.exec_driver_sql("SELECT text FROM digest_parts WHERE digest_id = ? ORDER BY part", (built.digest_id,)).scalars()
        )


def test_the_first_milestone_a_digest_from_a_store_by_mail_and_as_files(store, tmp_path):
    told_by(store, "Atlas", talks())
    told_by(store, "Rif", talks())
    (built,) = morning(store)
    assert (built.new, built.mails, built.parts) == (1, 2, 1)
    text = text_of(store, built)
    assert "Abdellatif Hammouchi – Louis Laugier" in text and "2 articles, 2 sources indépendantes" in text
    assert "hier, mardi 24 novembre · Rabat, Maroc" in text


async def test_it_goes_out_by_smtp_once(store):
    told_by(store, "Atlas", talks())
    (built,) = morning(store)
    async with GoodSmtp() as server:
        report = await service.deliver(store, mail_to(server.port), MORNING)
        again = await service.deliver(store, mail_to(server.port), MORNING + DAY)
    assert (report.sent, again.any) == (2, False)
    assert {parse(mail.octets)["Subject"] for mail in server.taken} == {built.subject}


async def test_without_a_server_it_is_written_to_files(store, tmp_path):
    told_by(store, "Atlas", talks())
    morning(store)
    report = await service.deliver(store, replace(SETTINGS, out_dir=tmp_path / "out"), MORNING)
    assert report.written == 2
    assert "Louis Laugier" in (tmp_path / "out" / "2026-11-25-matin.html").read_text("utf-8")


async def test_a_profile_without_recipients_is_read_as_files_also_beside_a_mail_server(store, tmp_path):
    alone = Profile("seul", timezone=ZONE)
    service.owe(store, [alone], MORNING - DAY)
    told_by(store, "Atlas", talks())
    morning(store, profile=alone)
    async with GoodSmtp() as server:
        report = await service.deliver(store, mail_to(server.port, out_dir=tmp_path / "out"), MORNING)
    assert report.written == 1 and server.taken == []


def test_a_slot_is_built_once_whoever_asks(store):
    told_by(store, "Atlas", talks())
    (slot,) = service.owe(store, [MATIN], MORNING)
    first = service.build_digest(store, MATIN, slot, MORNING, settings=SETTINGS)
    second = service.build_digest(store, MATIN, slot, MORNING, settings=SETTINGS)
    assert first.digest_id is not None and (second.digest_id, second.skipped) == (None, "built already")
    assert service.owe(store, [MATIN], MORNING + timedelta(hours=5)) == []


def test_a_slot_that_was_owed_before_a_crash_is_still_owed(store):
    (slot,) = service.owe(store, [MATIN], MORNING)
    assert service.owe(store, [MATIN], MORNING + timedelta(minutes=3)) == [slot]


def test_three_mornings_missed_are_one_digest_that_says_so(store):
    told_by(store, "Atlas", talks(date(2026, 11, 25)), at=MORNING + timedelta(hours=2))
    told_by(store, "Atlas", talks(date(2026, 11, 27), NEVES), at=MORNING + 2 * DAY)
    (built,) = morning(store, MORNING + 3 * DAY + timedelta(hours=3))
    text = text_of(store, built)
    assert built.new == 2 and "il couvre 4 matins" in text and "Établi avec 3 h 00 de retard." in text
    assert service.owe(store, [MATIN], MORNING + 3 * DAY + timedelta(hours=4)) == []


def test_nothing_is_owed_from_before_a_profile_was_known(store):
    late = Profile("tard", timezone=ZONE)
    assert service.owe(store, [late], MORNING + timedelta(hours=2)) == []
    (slot,) = service.owe(store, [late], MORNING + DAY)
    assert slot.local_date == TODAY + DAY and slot.covers == 1


def test_a_clock_set_back_owes_nothing_again_and_one_set_forward_loses_nothing(store):
    told_by(store, "Atlas", talks())
    assert morning(store)[0].new == 1
    assert service.owe(store, [MATIN], MORNING - timedelta(hours=1)) == []
    assert service.owe(store, [MATIN], MORNING - DAY) == []
    ahead = morning(store, MORNING + DAY)
    assert len(ahead) == 1
    told_by(store, "Rif", talks(date(2026, 11, 25), NEVES), at=MORNING + timedelta(hours=1))  # the clock is right again
    assert service.owe(store, [MATIN], MORNING + timedelta(hours=2)) == []
    (then,) = morning(store, MORNING + 2 * DAY)
    assert then.new == 1


def test_each_profile_gets_its_digest_at_its_own_local_hour(store):
    tokyo = Profile("tokyo", (ANNE,), "en", timezone="Asia/Tokyo")
    service.owe(store, [tokyo], MORNING - DAY)
    due = {slot.profile: slot.due_at for slot in service.owe(store, [MATIN, tokyo], MORNING)}
    assert due == {"matin": MORNING, "tokyo": datetime(2026, 11, 24, 22, 30, tzinfo=UTC)}


def test_a_profile_moved_to_a_later_hour_gets_no_second_digest_that_day(store):
    morning(store)
    assert service.owe(store, [replace(MATIN, digest_at=time(9, 0))], MORNING + timedelta(hours=3)) == []


def test_a_meeting_is_in_one_digest_and_then_only_what_changed(store):
    told_by(store, "Atlas", talks(other=replace(LAUGIER, name=None, person_id=None, known=False)))
    assert morning(store)[0].new == 1
    told_by(store, "Rif", talks(), at=MORNING + timedelta(hours=3))
    (second,) = morning(store, MORNING + DAY)
    assert (second.new, second.updated) == (0, 1)
    text = text_of(store, second)
    assert "Nom connu depuis" in text and "Louis Laugier" in text and "Aussi rapportée par\u00a0: Rif" in text
    assert "N° 1 du mercredi 25 novembre" in text
    (third,) = morning(store, MORNING + 2 * DAY)
    assert (third.new, third.updated) == (0, 0)


async def test_an_update_replies_to_the_mail_that_first_carried_its_meeting(store):
    told_by(store, "Atlas", talks())
    morning(store)
    async with GoodSmtp() as server:
        settings = mail_to(server.port)
        await service.deliver(store, settings, MORNING)
        told_by(store, "Rif", talks(), at=MORNING + timedelta(hours=3))
        morning(store, MORNING + DAY, settings=settings)
        await service.deliver(store, settings, MORNING + DAY)
    first = {mail.recipients[0]: parse(mail.octets) for mail in server.taken[:2]}
    then = {mail.recipients[0]: parse(mail.octets) for mail in server.taken[2:]}
    assert set(then) == {ANNE, BADR}
    for reader, mail in then.items():
        assert mail["In-Reply-To"] == first[reader]["Message-ID"] and first[reader]["Message-ID"] in mail["References"]


def test_an_announced_meeting_is_reminded_of_and_then_held(store):
    visit = talks(date(2026, 11, 27), status=Status.PLANNED)
    told_by(store, "Atlas", visit)
    assert morning(store)[0].planned == 1
    assert "RAPPEL" in text_of(store, morning(store, MORNING + DAY)[0])
    told_by(store, "Rif", talks(date(2026, 11, 27)), at=MORNING + 2 * DAY + timedelta(hours=8))
    (held,) = morning(store, MORNING + 3 * DAY)
    assert held.new == 1 and "Annoncée dans le numéro du mercredi 25 novembre" in text_of(store, held)


def test_a_meeting_marked_as_wrong_is_corrected_in_the_next_digest_only(store):
    kept_as = told_by(store, "Atlas", talks())
    morning(store)
    store.mark_wrong(kept_as.new_meeting_ids[0], "Homonyme", MORNING + timedelta(hours=1))
    (second,) = morning(store, MORNING + DAY)
    assert second.corrections == 1 and "Signalée à tort. Homonyme" in text_of(store, second)
    assert morning(store, MORNING + 2 * DAY)[0].corrections == 0


def test_meetings_joined_by_hand_are_corrected(store):
    one = told_by(store, "Atlas", talks()).new_meeting_ids[0]
    other = told_by(store, "Rif", talks(date(2026, 11, 20), NEVES)).new_meeting_ids[0]
    assert morning(store)[0].new == 2
    store.merge(one, other, "même visite", MORNING + timedelta(hours=1))
    (second,) = morning(store, MORNING + DAY)
    assert second.corrections == 1 and "la même rencontre" in text_of(store, second)


def test_possible_meetings_stand_apart_until_they_are_sure(store):
    told_by(store, "Atlas", talks(score=0.4), possible=True)
    (first,) = morning(store)
    assert (first.new, first.possible) == (0, 1)
    told_by(store, "Rif", talks(), at=MORNING + timedelta(hours=3))
    (second,) = morning(store, MORNING + DAY)
    assert second.new == 1 and "elle est confirmée" in " ".join(text_of(store, second).split())


def test_a_recalled_meeting_fills_the_ledger_and_is_no_news(store):
    told_by(store, "Atlas", talks(date(2025, 6, 17), status=Status.BACKGROUND))
    told_by(store, "Atlas", talks(), title="Nouvelle")
    (built,) = morning(store)
    assert built.new == 1
    assert "1 rencontre antérieure connue, mardi 17 juin 2025" in " ".join(text_of(store, built).split())


def test_imported_articles_of_years_ago_are_not_tomorrows_news(store):
    told_by(store, "Atlas", talks(date(2025, 3, 3)), at=datetime(2025, 3, 4, tzinfo=UTC), imported=True)
    (built,) = morning(store)
    assert (built.new, built.older) == (0, 0)


def test_copies_are_folded(store):
    text = "Abdellatif Hammouchi et Louis Laugier se sont rencontrés. " + " ".join(
        f"Phrase numéro {n} de la même dépêche." for n in range(20)
    )
    for outlet in ("Atlas", "Rif", "Souss"):
        told_by(store, outlet, talks(), text=text)
    (built,) = morning(store)
    assert "3 articles, 1 source indépendante" in text_of(store, built)


@pytest.mark.parametrize(
    ("wish", "new"),
    [
        ({"countries": ("PT",)}, 1),
        ({"countries": ("ES",)}, 0),
        ({"persons": ("louis-laugier",)}, 1),
        ({"bodies": ("pt-pj",)}, 1),
        ({"categories": ("military",)}, 0),
        ({"keywords_any": ("rencontrés",)}, 2),
        ({"keywords_any": ("RENCONTRES", "xyz")}, 2),
        ({"keywords_all": ("laugier", "rabat")}, 1),
        ({"keywords_none": ("Neves",)}, 1),
        ({"keywords_any": ("/lau[gj]ier/",)}, 1),
        ({"keywords_any": ("contr",)}, 0),
        ({"minimum_score": 0.95}, 0),
    ],
)
def test_a_profile_gets_what_it_asks_for(store, wish, new):
    told_by(store, "Atlas", talks())
    told_by(store, "Rif", talks(date(2026, 11, 23), NEVES))
    wanting = Profile("choix", (ANNE,), timezone=ZONE, **wish)
    service.owe(store, [wanting], MORNING - DAY)
    assert morning(store, profile=wanting)[0].new == new


def test_an_empty_day_is_skipped_where_that_is_asked_for_also_with_closed_eyes(store):
    for feed in (1, 2):
        polled(store, feed, MORNING - timedelta(minutes=10), error="x: refused", kind="FetchError", status=None)
    quiet = replace(MATIN, empty="skip")
    (built,) = morning(store, profile=quiet)
    assert (built.digest_id, built.skipped, built.mails) == (None, "nothing new", 0)
    assert service.owe(store, [quiet], MORNING + timedelta(hours=1)) == []
    told_by(store, "Atlas", talks(day=date(2026, 11, 25)), at=MORNING + timedelta(hours=3))
    (then,) = morning(store, MORNING + DAY, profile=quiet)
    assert then.new == 1 and "Vue réduite" in text_of(store, then)


def test_an_empty_day_is_one_short_mail_otherwise(store):
    for feed in (1, 2):
        polled(store, feed, MORNING - timedelta(minutes=10))
    (built,) = morning(store)
    assert built.digest_id is not None and built.subject == "Pas de nouvelle rencontre"
    assert "2 flux surveillés, tous répondent" in text_of(store, built)


def test_feeds_that_fail_are_named_with_the_day_since_when(store):
    polled(store, 1, MORNING - 4 * DAY)
    for hour in range(5):
        polled(store, 1, MORNING - timedelta(hours=6 - hour), error="https://atlas.example/feed: timed out", kind="TimedOut", status=None)
    polled(store, 2, MORNING - 2 * DAY)
    polled(store, 2, MORNING - timedelta(hours=1), error="https://rif.example/feed: 403", kind="BotWall", status=403)
    told_by(store, "Atlas", talks())
    text = text_of(store, morning(store)[0]).replace("\u00a0", " ")
    assert "2 flux surveillés, 1 en échec, 1 nous refuse l’accès" in text
    assert "Atlas, depuis samedi 21 novembre — pas de réponse dans le temps prévu" in text
    assert "Rif, depuis lundi 23 novembre — les robots sont écartés (403)" in text


def test_a_feed_that_failed_once_just_now_is_not_worth_a_line(store):
    for feed in (1, 2):
        polled(store, feed, MORNING - timedelta(hours=1))
        polled(store, feed, MORNING - timedelta(minutes=1), error="x", kind="TimedOut", status=None)
    assert "2 flux surveillés, tous répondent" in text_of(store, morning(store)[0])


def test_a_preview_stores_and_owes_nothing(store):
    told_by(store, "Atlas", talks())
    subject, html, text, mail = service.preview(store, MATIN, (MORNING - DAY, MORNING), MORNING, settings=SETTINGS)
    assert "Abdellatif Hammouchi" in subject and "Louis Laugier" in html and "Louis Laugier" in text
    assert parse(mail)["To"] == ANNE
    with store.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM digests").scalar() == 0
    assert morning(store)[0].new == 1


def test_a_digest_asked_for_by_hand_takes_the_place_of_the_days_own(store):
    told_by(store, "Atlas", talks())
    early = MORNING - timedelta(hours=1)
    slot = service.slot_for(store, MATIN, early)
    assert service.build_digest(store, MATIN, slot, early, settings=SETTINGS).new == 1
    assert morning(store) == []
    told_by(store, "Rif", talks(date(2026, 11, 25), NEVES), at=MORNING)
    (next_day,) = morning(store, MORNING + DAY)
    assert next_day.new == 1


def test_every_flagged_meeting_of_ten_days_is_in_exactly_one_digest(store):
    expected = set()
    for hour in range(0, 240, 5):
        at = MORNING - DAY + timedelta(hours=hour)
        day = (at - timedelta(hours=5)).date()
        other = replace(LAUGIER, name=f"Personne {hour}", person_id=f"p{hour}")
        expected |= set(told_by(store, "Atlas", talks(day, other), at=at).new_meeting_ids)
        morning(store, at)
    morning(store, MORNING + 10 * DAY)
    with store.reading() as connection:
        told = list(connection.exec_driver_sql("SELECT meeting_id FROM digest_items WHERE section = 'new'").scalars())
    assert sorted(told) == sorted(expected) and len(expected) == 48


def test_the_store_knows_its_digests_through_the_public_view(store):
    told_by(store, "Atlas", talks())
    morning(store)
    with store.reading() as connection:
        (row,) = connection.exec_driver_sql("SELECT profile, local_date, new_meetings, mails, sent FROM v_digests").all()
    assert tuple(row) == ("matin", "2026-11-25", 1, 2, 0)


def test_a_meeting_without_day_or_place_is_told_as_unknown(store):
    told_by(store, "Atlas", talks(days=Days(), place=Place()))
    text = text_of(store, morning(store)[0])
    assert "jour non précisé" in text


def test_covered_until_is_the_last_period(store):
    morning(store)
    with store.reading() as connection:
        assert kept.covered_until(connection, "matin", MORNING + DAY) == MORNING
        assert kept.owed_slots(connection, "matin") == []
