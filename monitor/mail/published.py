"""What a profile was told, as an Atom feed and an iCalendar file beside the digests, for readers and calendars to subscribe to.

A meeting keeps its identifier for good; a change raises its SEQUENCE, and what was wrong or called off stays, marked CANCELLED.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import icalendar
from sqlalchemy import Connection

from monitor.log import logger
from monitor.mail import message
from monitor.mail.delivery import write_whole
from monitor.mail.profile import Profile
from monitor.mail.settings import MailSettings
from monitor.mail.view import link_of, names_of, place_of, quote_of
from monitor.mail.words import Frame, frame
from monitor.store import digests as kept
from monitor.store.digest_sources import lines_of
from monitor.store.digests import Store
from pipelines.detect.model import Status
from pipelines.digest import MeetingLine, facts_of

KEPT_FOR = timedelta(days=180)
ENTRIES = 200
"""Entries of the Atom feed, newest change first."""

_ATOM = "http://www.w3.org/2005/Atom"
_XHTML = "http://www.w3.org/1999/xhtml"


@dataclass(frozen=True, slots=True)
class Published:
    """A meeting as it stands in the files."""

    meeting: MeetingLine
    sequence: int
    first_at: datetime
    changed_at: datetime

    @property
    def is_off(self) -> bool:
        """Wrong, joined to another, denied or called off."""
        meeting = self.meeting
        return bool(meeting.withdrawn) or meeting.merged_into is not None or meeting.status in (Status.CANCELLED, Status.DENIED)


def publish(store: Store, profiles: Iterable[Profile], now: datetime, *, settings: MailSettings) -> list[Path]:
    """Bring each profile's `.atom` and `.ics` file up to date and return those that were written anew."""
    written = []
    for profile in profiles:
        told = _bring_up_to_date(store, profile, now)
        for suffix, octets in (("atom", atom(told, profile, settings)), ("ics", calendar(told, profile, settings))):
            path = settings.out_dir / f"{profile.name}.{suffix}"
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                if not path.is_file() or path.read_bytes() != octets:
                    write_whole(path, octets)
                    written.append(path)
            except OSError as problem:
                logger().warning("not-published", path=str(path), error=problem.strerror)
    return written


def _bring_up_to_date(store: Store, profile: Profile, now: datetime) -> list[Published]:
    with store.reading() as connection:
        told = kept.told_ids(connection, profile.name, now - KEPT_FOR)
        lines = list(lines_of(connection, sorted(told)))
        known = kept.published(connection, profile.name)
    changed = [line for line in lines if known.get(line.id, ("",))[0] != _fingerprint(line)]
    if changed:
        with store.writing("published") as connection:
            _keep(connection, profile, changed, now)
    with store.reading() as connection:
        known = kept.published(connection, profile.name)
    return [Published(line, *known[line.id][1:]) for line in lines if line.id in known]


def _keep(connection: Connection, profile: Profile, changed: Sequence[MeetingLine], now: datetime) -> None:
    for line in changed:
        kept.publish_meeting(connection, profile.name, line.id, _fingerprint(line), facts_of(line), now)


def _fingerprint(line: MeetingLine) -> str:
    """Changes with what the files say of the meeting."""
    off = f"{line.withdrawn or ''}|{line.merged_into or ''}"
    return facts_of(line).fingerprint if off == "|" else message.digest_of(f"{facts_of(line).fingerprint}|{off}")


# iCalendar


def calendar(told: Sequence[Published], profile: Profile, settings: MailSettings) -> bytes:
    """RFC 5545: the meetings whose day is known. A range covers its days; a month or an unknown day has no place in a calendar."""
    words = frame(profile.language)
    made = icalendar.Calendar()
    made.add("prodid", "-//Vigie//digest//FR")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", f"Vigie {profile.name}")
    for one in sorted(told, key=lambda one: one.meeting.id):
        days = one.meeting.days
        if days.first is not None and days.precision in ("day", "range"):
            made.add_component(_event(one, words, profile, settings))
    return bytes(made.to_ical())


def _event(one: Published, words: Frame, profile: Profile, settings: MailSettings) -> icalendar.Event:
    meeting, days = one.meeting, one.meeting.days
    assert days.first is not None
    event = icalendar.Event()
    event.add("uid", f"meeting-{meeting.id}.{profile.name}.vigie@{_domain(settings)}")
    event.add("dtstamp", one.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("created", one.first_at.astimezone(UTC).replace(microsecond=0))
    event.add("last-modified", one.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("sequence", one.sequence)
    event.add("dtstart", days.first)
    event.add("dtend", (days.last or days.first) + timedelta(days=1))  # the day after, as the standard has it
    event.add("summary", " – ".join(names_of(meeting, words)))
    event.add("status", "CANCELLED" if one.is_off else "TENTATIVE" if meeting.status is Status.PLANNED else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    where = ", ".join(place_of(meeting, words))
    if where:
        event.add("location", where)
    event.add("description", "\n".join(_lines(one, words)))
    links = [url for source in meeting.independent if (url := link_of(source))]
    if links:
        event.add("url", links[0])
    return event


def _lines(one: Published, words: Frame) -> list[str]:
    """The meeting in a few lines of plain text."""
    meeting = one.meeting
    lines = [_state(one, words)] if one.is_off else []
    lines += ["- " + words.text("frame.separator").join(person) for person in _people(meeting, words)]
    if quote := quote_of(meeting, words.language):
        lines.append(words.text("frame.opening") + quote + words.text("frame.closing"))
    lines += [f"{message.clean(source.outlet)} {link_of(source) or ''}".strip() for source in meeting.independent[:8]]
    return lines


def _people(meeting: MeetingLine, words: Frame) -> list[list[str]]:
    return [
        [message.clean(part) for part in (who.name, who.role, who.body, words.country(who.country)) if part] for who in meeting.participants
    ]


def _state(one: Published, words: Frame) -> str:
    meeting = one.meeting
    if meeting.merged_into is not None:
        return words.text("item.merged")
    if meeting.withdrawn:
        return message.clean(f"{words.text('item.wrong')} {meeting.withdrawn}")
    return words.text(f"item.{meeting.status.value}")


# Atom


def atom(told: Sequence[Published], profile: Profile, settings: MailSettings) -> bytes:
    """RFC 4287: one entry per meeting, the last changed first."""
    words = frame(profile.language)
    recent = sorted(told, key=lambda one: (one.changed_at, one.meeting.id), reverse=True)[:ENTRIES]
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": words.language})
    base = f"tag:{_domain(settings)},2026:vigie/{profile.name}"
    _text(feed, "id", base)
    _text(feed, "title", f"Vigie {profile.name}")
    _text(feed, "subtitle", words.text("frame.tagline"))
    _text(feed, "updated", _stamp(recent[0].changed_at if recent else datetime(1970, 1, 1, tzinfo=UTC)))
    author = ET.SubElement(feed, "author")
    _text(author, "name", "Vigie")
    for one in recent:
        _entry(feed, one, words, base)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(feed, encoding="unicode")}\n'.encode()


def _entry(feed: ET.Element, one: Published, words: Frame, base: str) -> None:
    meeting = one.meeting
    entry = ET.SubElement(feed, "entry")
    _text(entry, "id", f"{base}/meeting/{meeting.id}")
    off = f"[{_state(one, words).rstrip('.')}] " if one.is_off else ""
    where = message.clean(meeting.city or "")
    _text(entry, "title", off + " – ".join(names_of(meeting, words)) + (f" ({where})" if where else ""))
    _text(entry, "published", _stamp(one.first_at))
    _text(entry, "updated", _stamp(one.changed_at))
    sources = [(source, url) for source in meeting.independent if (url := link_of(source))]
    if sources:
        ET.SubElement(entry, "link", {"rel": "alternate", "href": sources[0][1]})
    for topic in meeting.topics:
        ET.SubElement(entry, "category", {"term": message.clean(topic), "label": message.clean(words.label("topic", topic))})
    content = ET.SubElement(entry, "content", {"type": "xhtml"})
    box = ET.SubElement(content, "div", {"xmlns": _XHTML})
    when = words.days(meeting.days, one.changed_at.date())
    _text(box, "p", " · ".join([when, *place_of(meeting, words)]))
    people = ET.SubElement(box, "ul")
    for person in _people(meeting, words):
        _text(people, "li", words.text("frame.separator").join(person)).set("dir", "auto")
    if quote := quote_of(meeting, words.language):
        _text(box, "blockquote", quote).set("dir", "auto")
    listed = ET.SubElement(box, "ul")
    for source, url in sources[:20]:
        item = ET.SubElement(listed, "li")
        _text(item, "a", f"{message.clean(source.outlet)} — {message.clean(source.title)}").set("href", url)
    # An empty list is no XHTML
    for empty in [element for element in (people, listed) if not len(element)]:
        box.remove(empty)


def _text(parent: ET.Element, tag: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    element.text = text
    return element


def _stamp(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _domain(settings: MailSettings) -> str:
    return message.address(settings.sender).rpartition("@")[2]
