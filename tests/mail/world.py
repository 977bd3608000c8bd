"""Articles as they are read, kept in a real store through `pipelines.store.keep`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from mail.samples import MORNING, on
from sqlalchemy import insert

from monitor.store import open_store
from monitor.store.sqlstore import SqlStore
from monitor.store.tables import articles, meeting_participants, meetings, reports
from pipelines.detect.model import Days, Detection, Participant, Place, Quote, Report, Status
from pipelines.fingerprint import fingerprint
from pipelines.polling import plan
from pipelines.records import Article, Entry, Kept, PollResult, Reading
from pipelines.store import FeedSpec, keep

HAMMOUCHI = Participant(
    "Abdellatif Hammouchi", "Directeur général", "DGSN-DGST", "MA", "Hammouchi", "abdellatif-hammouchi", "ma-pole-dgsn-dgst", "police", True
)
LAUGIER = Participant("Louis Laugier", "Directeur général", "DGPN", "FR", "Laugier", "louis-laugier", "fr-dgpn", "police", True)
NEVES = Participant("Luís Neves", "Directeur national", "PJ", "PT", "Neves", "luis-neves", "pt-pj", "police", True)


def open_world(path: Path) -> SqlStore:
    return open_store(f"sqlite:///{path}")


def talks(day: date = date(2026, 11, 24), other: Participant = LAUGIER, **more) -> Report:
    """Talks in Rabat on a day."""
    values = {
        "status": Status.NEW,
        "days": on(day),
        "place": Place("Rabat", "MA", "ma-rabat"),
        "mode": "in-person",
        "participants": (HAMMOUCHI, other),
        "topics": ("terrorism",),
        "categories": ("police",),
        "security": True,
        "score": 0.9,
    }
    return Report(**values | more)


def told_by(
    store: SqlStore,
    outlet: str,
    report: Report,
    *,
    text: str | None = None,
    language: str = "fr",
    at: datetime = MORNING - timedelta(hours=10),
    possible: bool = False,
    address: str | None = None,
    title: str | None = None,
    imported: bool = False,
) -> Kept:
    """One outlet's article about one meeting, read and kept at `at`."""
    names = " et ".join(p.name or p.role or p.body or "?" for p in report.participants)
    title = title or f"{outlet} : entretiens entre {names}"
    text = text or f"{names} se sont rencontrés à {report.place.city}. " + " ".join(f"{outlet} raconte la phrase {n}." for n in range(12))
    quote = Quote("text", 0, text.index(".") + 1, text[: text.index(".") + 1])
    report = replace(report, quote=quote)
    flag = report.status is Status.NEW and report.security and not possible
    reading = Reading(
        article=Article(
            url=address or f"https://{outlet.lower().replace(' ', '-')}.example/{abs(hash((title, text))) % 10**9}",
            title=title,
            text=text,
            text_from="import" if imported else "page",
            language=language,
            outlet=outlet,
            published=at,
        ),
        detection=Detection(language, flag, possible, report.score, (report,), report.categories),
        outlet=outlet,
        read_at=at,
        fingerprint=fingerprint(text),
    )
    return keep(reading, store, at)


def watched(store: SqlStore, *urls: str, at: datetime = MORNING - timedelta(days=30)) -> dict[str, int]:
    """Feeds that are configured. Returns their numbers."""
    store.sync_feeds([FeedSpec(url, url.split("/")[2].split(".")[0].title()) for url in urls], at)
    return {state.url: state.id for state in store.claim_feeds(at, owner="t", limit=100, lease=timedelta(0), per_host=100, everything=True)}


def polled(
    store: SqlStore, feed: int, at: datetime, *, error: str | None = None, kind: str | None = None, status: int | None = 200, titles=()
) -> None:
    entries = tuple(Entry(f"https://news.example/{t}", t, "", published=at) for t in titles)
    store.save_poll(PollResult(feed, error is None, at, entries=entries, error=error, error_kind=kind, status=status), at, plan=plan)


UNKNOWN = Days()


def crowded(store: SqlStore, meetings_wanted: int, reports_each: int = 3, *, at: datetime = MORNING - timedelta(hours=10)) -> None:
    """Many meetings of one morning, written straight into the tables: what `keep` costs is not what is looked at here."""
    with store.writing() as connection:
        for number in range(1, meetings_wanted + 1):
            connection.execute(
                insert(meetings).values(
                    id=number, status="new", possible=False, wrong=False, first_day=date(2026, 11, 24), last_day=date(2026, 11, 24),
                    date_precision="day", sort_day=date(2026, 11, 24), city=f"Ville {number}", country="MA", mode="in-person",
                    categories=["police"], topics=["terrorism", "drugs"], headline=f"Rencontre {number}", score=0.8,
                    first_reported_at=at, articles=reports_each, independent_reports=reports_each, outlets=["Atlas"], contradictions=[],
                    recorded_at=at, news_at=at, changed_at=at,
                )
            )  # fmt: skip
            for position, who in enumerate((HAMMOUCHI, LAUGIER)):
                connection.execute(
                    insert(meeting_participants).values(
                        meeting_id=number, position=position, name=f"{who.name} {number}", role=who.role, body=who.body,
                        country=who.country, person_id=f"p{number}-{position}", body_id=who.body_id, known=True,
                    )
                )  # fmt: skip
            for report in range(reports_each):
                article = number * 10 + report
                connection.execute(
                    insert(articles).values(
                        id=article, outlet=f"Journal {report}", family="x", url=f"https://news.example/{article}",
                        title=f"Titre {article} d'un article sur la rencontre {number}", language="fr", published_at=at, fetched_at=at,
                        text_from="page", text_hash=str(article), words=300, partial=False, version=1, outcome="new-meeting",
                        flagged=True, possible=False, score=0.8, categories=[], missing=[], problems=[],
                    )
                )  # fmt: skip
                connection.execute(
                    insert(reports).values(
                        article_id=article, ordinal=0, meeting_id=number, status="new", standing="flagged", published_at=at,
                        date_precision="day", window_first=date(2026, 11, 24), window_last=date(2026, 11, 24), loose=False,
                        mode="in-person", topics=[], categories=[], security=True, score=0.8, participants=[], reasons=[],
                        quote=f"La phrase {article} raconte la rencontre {number} en assez de mots pour tenir sur deux lignes du bulletin.",
                    )
                )  # fmt: skip
