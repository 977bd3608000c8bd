"""The Atom feed and the calendar of a profile, read by real clients."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree

import feedparser
import icalendar
import pytest
from mail.desk import ANNE
from mail.samples import MORNING, ZONE
from mail.world import LAUGIER, NEVES, open_world, talks, told_by

from monitor.mail import service
from monitor.mail.profile import Profile
from monitor.mail.published import publish
from monitor.mail.settings import MailSettings
from pipelines.detect.model import Days, Status

MATIN = Profile("matin", (ANNE,), timezone=ZONE)
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path):
    store = open_world(tmp_path / "vigie.sqlite")
    service.owe(store, [MATIN], MORNING - DAY)
    yield store
    store.close()


@pytest.fixture
def settings(tmp_path):
    return MailSettings(sender="Vigie <vigie@watch.test>", out_dir=tmp_path / "out")


def morning(store, settings, now):
    for slot in service.owe(store, [MATIN], now):
        service.build_digest(store, MATIN, slot, now, settings=settings)
    return publish(store, [MATIN], now, settings=settings)


def events(settings) -> dict[str, icalendar.Event]:
    read = icalendar.Calendar.from_ical((settings.out_dir / "matin.ics").read_bytes())
    return {str(event["uid"]): event for event in read.walk("VEVENT")}


def entries(settings):
    read = feedparser.parse((settings.out_dir / "matin.atom").read_bytes())
    assert not read.bozo and read.version == "atom10"
    return read.entries


def test_what_was_told_is_in_both_files(store, settings):
    told_by(store, "Atlas", talks())
    told_by(store, "Rif", talks(date(2026, 11, 29), NEVES, status=Status.PLANNED))
    assert sorted(path.name for path in morning(store, settings, MORNING)) == ["matin.atom", "matin.ics"]
    held, awaited = sorted(events(settings).values(), key=lambda event: event["dtstart"].dt)
    assert str(held["summary"]) == "Abdellatif Hammouchi – Louis Laugier"
    assert (held["dtstart"].dt, held["dtend"].dt) == (date(2026, 11, 24), date(2026, 11, 25))
    assert (str(held["status"]), str(awaited["status"]), int(held["sequence"])) == ("CONFIRMED", "TENTATIVE", 0)
    assert str(held["location"]) == "Rabat, Maroc" and "se sont rencontrés" in str(held["description"])
    titles = [entry.title for entry in entries(settings)]
    assert "Abdellatif Hammouchi – Louis Laugier (Rabat)" in titles and len(titles) == 2
    assert all(entry.link.startswith("https://") and entry.id.startswith("tag:watch.test,2026:") for entry in entries(settings))


def test_nothing_is_written_again_while_nothing_changes(store, settings):
    told_by(store, "Atlas", talks())
    morning(store, settings, MORNING)
    assert publish(store, [MATIN], MORNING + timedelta(hours=5), settings=settings) == []


def test_a_change_keeps_the_identifier_and_raises_the_sequence(store, settings):
    told_by(store, "Atlas", talks(other=replace(LAUGIER, name=None, person_id=None, known=False)))
    morning(store, settings, MORNING)
    (before,) = events(settings).items()
    told_by(store, "Rif", talks(), at=MORNING + timedelta(hours=2))
    morning(store, settings, MORNING + DAY)
    (after,) = events(settings).items()
    assert after[0] == before[0] and int(after[1]["sequence"]) > int(before[1]["sequence"])
    assert after[1]["dtstamp"].dt > before[1]["dtstamp"].dt
    (entry,) = entries(settings)
    assert entry.updated > entry.published


def test_what_was_wrong_is_cancelled_and_stays(store, settings):
    meeting = told_by(store, "Atlas", talks()).new_meeting_ids[0]
    morning(store, settings, MORNING)
    store.mark_wrong(meeting, "Homonyme", MORNING + timedelta(hours=1))
    morning(store, settings, MORNING + DAY)
    (event,) = events(settings).values()
    assert str(event["status"]) == "CANCELLED" and int(event["sequence"]) == 1 and "Homonyme" in str(event["description"])
    assert entries(settings)[0].title.startswith("[Signalée à tort. Homonyme] ")


def test_a_range_covers_its_days_and_an_unknown_day_has_no_event(store, settings):
    told_by(store, "Atlas", talks(days=Days(date(2026, 11, 23), date(2026, 11, 24), "range")))
    told_by(store, "Rif", talks(other=NEVES, days=Days(date(2026, 11, 1), date(2026, 11, 30), "month")))
    morning(store, settings, MORNING)
    (event,) = events(settings).values()
    assert (event["dtstart"].dt, event["dtend"].dt) == (date(2026, 11, 23), date(2026, 11, 25))
    assert len(entries(settings)) == 2


def test_possible_meetings_and_other_profiles_stay_out(store, settings):
    told_by(store, "Atlas", talks(score=0.4), possible=True)
    morning(store, settings, MORNING)
    assert entries(settings) == [] and events(settings) == {}


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>]]>", "a\r\nBEGIN:VEVENT\r\nUID:x", "nul\0 \u202e \ud800 &amp; é"])
def test_hostile_text_breaks_neither_file(store, settings, evil):
    told_by(
        store,
        evil.replace("\0", "").replace("\ud800", "") or "x",
        talks(other=replace(LAUGIER, name=evil, person_id=None)),
        title=evil,
        address="javascript:alert(1)",
    )
    morning(store, settings, MORNING)
    assert len(events(settings)) == 1
    (entry,) = entries(settings)
    assert not entry.get("link", "").startswith("javascript") and not entry.get("links")
    tree = ElementTree.fromstring((settings.out_dir / "matin.atom").read_bytes())
    assert not [element for element in tree.iter() if element.tag.endswith("script")]


def test_an_unwritable_folder_is_no_disaster(store, settings, tmp_path):
    (tmp_path / "out").write_text("in the way")
    told_by(store, "Atlas", talks())
    assert morning(store, settings, MORNING) == []
