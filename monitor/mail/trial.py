"""A made-up digest with one of everything, to try a user's own templates on before a morning depends on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from monitor.mail import render
from monitor.mail.view import LINKS, view_of
from monitor.mail.words import frame
from pipelines.detect.model import Days, Status
from pipelines.digest import Counted, Digest, Earlier, MeetingLine, Section, Source, Told, Trouble, Watch, Who, choose, facts_of

_TODAY = date(2026, 3, 2)
_NOW = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)


def template_problems(templates: Path, languages: Iterable[str]) -> list[str]:
    """What is wrong with the templates in this folder, one line each; empty if a digest and an alert can be made with them."""
    made = sample()
    found: dict[str, None] = {}
    for language in sorted(languages):
        for alert in (False, True):
            view = view_of(made, frame(language), "Africa/Casablanca", contact="vigie@example.org", alert=alert)
            found.update(dict.fromkeys(render.template_problems(templates, view)))
    return list(found)


def sample() -> Digest:
    """A digest that has an item in every section, sources of every kind, gaps and charts."""
    held = _meeting(1)
    lone = replace(held, sources=held.sources[:1])
    before: tuple[tuple[int, Section, MeetingLine], ...] = (
        (2, "new", replace(lone, city="Fès", participants=held.participants[:1])),
        (3, "new", held),
        (4, "planned", replace(lone, status=Status.PLANNED)),
        (5, "new", lone),
        (9, "planned", _announced(9)),
    )
    mailed = {
        number: Told(number, section, number, _TODAY - timedelta(days=2), facts_of(meeting))
        for number, section, meeting in before
    }
    meetings = [
        held,
        replace(held, id=2),
        replace(held, id=3, withdrawn="a namesake"),
        replace(held, id=4),
        replace(held, id=5),
        _announced(6),
        replace(_announced(7), status=Status.CANCELLED),
        replace(held, id=8, flagged=False, possible=True, participants=()),
        _announced(9),
        replace(held, id=10, days=Days(date(2025, 9, 1), date(2025, 9, 1), "day")),
    ]
    items, reminders = choose(meetings, mailed, today=_TODAY, period_from=_NOW - timedelta(days=1))
    gaps = tuple(Trouble(f"Outlet {n}", f"https://outlet{n}.example/feed", _NOW - timedelta(days=n), "HTTP 500") for n in (1, 2))
    return Digest(
        "sample",
        _TODAY,
        _NOW - timedelta(days=1),
        _NOW,
        _NOW,
        items,
        Watch(5, gaps, (Trouble("Outlet 3", "https://outlet3.example/feed", _NOW),), 100, 3, 2, 1),
        reminders,
        covers=2,
        late=timedelta(hours=2),
        months=tuple(Counted(date(2025 + (n > 9), (n + 2) % 12 + 1, 1), n) for n in range(12)),
        countries=(Counted("MA", 9), Counted("INT", 3)),
    )


def _meeting(number: int) -> MeetingLine:
    sources = [_source(n, f"Outlet {n}") for n in range(1, LINKS + 3)]
    sources += [_source(50, "Outlet 50", copy_of=1), _source(51, "Outlet 1"), _source(52, "صحيفة", language="ar", url=None)]
    return MeetingLine(
        number,
        Status.NEW,
        Days(_TODAY - timedelta(days=1), _TODAY - timedelta(days=1), "day"),
        "Rabat",
        "MA",
        "in-person",
        (Who("A. Name", "directeur", "DGSN", "MA"), Who("علي", None, None, "AE"), Who(None, "attaché", None, "FR")),
        (*sources, _source(60, "Outlet 60", status=Status.PLANNED)),
        topics=("terrorism", "drugs", "migration", "sahel", "arms", "training"),
        score=0.9,
        first_reported_at=_NOW,
        earlier=(Earlier("A. Name", "علي", 2, Days(date(2025, 1, 1), date(2025, 1, 1), "day")),),
        alerted_at=_NOW - timedelta(hours=9),
    )


def _announced(number: int) -> MeetingLine:
    day = _TODAY + timedelta(days=number % 5 + 1)
    meeting = _meeting(number)
    sources = tuple(replace(source, status=Status.PLANNED) for source in meeting.sources)
    return replace(meeting, status=Status.PLANNED, days=Days(day, day, "day"), sources=sources)


def _source(number: int, outlet: str, language: str = "fr", url: str | None = "", **more: object) -> Source:
    address = f"https://news.example/{number}" if url == "" else url
    title, said = f"Headline {number} & <more>", f"What article {number} says."
    return Source(number, outlet, title, address, language, _NOW - timedelta(days=5), quote=said, **more)  # type: ignore[arg-type]
