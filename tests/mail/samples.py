"""Meetings and digests to test and look at. Written by us; outlets and addresses are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from pipelines.detect.model import Days, Status
from pipelines.digest import (
    Counted,
    Digest,
    Earlier,
    MeetingLine,
    Source,
    Told,
    Trouble,
    Watch,
    Who,
    choose,
    facts_of,
)

TODAY = date(2026, 11, 25)
MORNING = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
ZONE = "Africa/Casablanca"


def on(day: date) -> Days:
    return Days(day, day, "day")


HAMMOUCHI = Who(
    "Abdellatif Hammouchi", "Directeur général", "DGSN-DGST", "MA", "abdellatif-hammouchi", "ma-pole-dgsn-dgst", True
)


def source(article: int, outlet: str, title: str, language: str = "fr", hours: int = 12, **more) -> Source:
    return Source(
        article,
        outlet,
        title,
        f"https://news.example/articles/{article}",
        language,
        MORNING - timedelta(hours=hours),
        **more,
    )


def rabat_talks(**changes) -> MeetingLine:
    """Seven articles in three languages, three of them independent."""
    line = MeetingLine(
        id=1,
        status=Status.NEW,
        days=on(date(2026, 11, 24)),
        city="Rabat",
        country="MA",
        mode="in-person",
        participants=(
            HAMMOUCHI,
            Who("Louis Laugier", "Directeur général de la Police nationale", "DGPN", "FR", "louis-laugier", "fr-dgpn", True),
            Who(None, "Attaché de sécurité intérieure près l’ambassade de France à Rabat", None, "FR"),
        ),
        sources=(
            source(
                11,
                "Le Méridien",
                "À Rabat, Abdellatif Hammouchi reçoit le directeur général de la Police nationale française",
                quote="Le directeur général de la Sûreté nationale et de la Surveillance du territoire, Abdellatif Hammouchi, a reçu "
                "mardi à Rabat son homologue français, avec lequel il a passé en revue la coopération contre le crime organisé "
                "et la préparation de la Coupe du monde 2030.",
            ),
            source(12, "Atlas Matin", "Hammouchi reçoit le patron de la police française", copy_of=11),
            source(13, "Rif Info", "Sécurité : entretiens maroco-français à Rabat", copy_of=11),
            source(14, "Agadir Presse", "Coopération policière : Rabat et Paris font le point", copy_of=11),
            source(15, "أخبار الرباط", "حموشي يستقبل المدير العام للشرطة الوطنية الفرنسية", "ar", 10),
            source(16, "صوت المغرب", "حموشي يتباحث مع مسؤول أمني فرنسي رفيع", "ar", 10, copy_of=15),
            source(17, "Diario del Estrecho", "Marruecos y Francia refuerzan su cooperación policial", "es", 8),
        ),
        topics=("organised-crime", "event-security", "drugs"),
        categories=("police", "intelligence"),
        headline="À Rabat, Abdellatif Hammouchi reçoit le directeur général de la Police nationale française",
        score=0.93,
        first_reported_at=MORNING - timedelta(hours=12),
        earlier=(Earlier("Abdellatif Hammouchi", "Louis Laugier", 2, on(date(2025, 6, 17))),),
    )
    return replace(line, **changes)


def arabic_talks(**changes) -> MeetingLine:
    line = MeetingLine(
        id=2,
        status=Status.NEW,
        days=Days(date(2026, 11, 23), date(2026, 11, 24), "range"),
        city="Abou Dhabi",
        country="AE",
        mode="visit",
        participants=(
            HAMMOUCHI,
            Who("علي بن حماد الشامسي", "رئيس جهاز أمن الدولة", None, "AE"),
        ),
        sources=(
            source(
                21,
                "الخليج اليومي",
                "حموشي في زيارة عمل إلى أبوظبي لتعزيز التعاون الأمني",
                "ar",
                20,
                quote="أجرى المدير العام للأمن الوطني ومراقبة التراب الوطني، عبد اللطيف حموشي، يومي الاثنين والثلاثاء بأبوظبي "
                "مباحثات مع علي بن حماد الشامسي همت تبادل المعلومات الاستخباراتية ومكافحة الإرهاب.",
            ),
            source(22, "أخبار الرباط", "حموشي يبحث مع مسؤول إماراتي مكافحة الإرهاب", "ar", 16),
        ),
        topics=("terrorism", "intelligence-sharing"),
        categories=("police", "intelligence"),
        score=0.88,
        first_reported_at=MORNING - timedelta(hours=20),
    )
    return replace(line, **changes)


def spanish_talks(**changes) -> MeetingLine:
    line = MeetingLine(
        id=3,
        status=Status.NEW,
        days=Days(date(2026, 11, 1), date(2026, 11, 30), "month"),
        city=None,
        country="ES",
        mode="multilateral",
        participants=(
            Who(None, "Comisario general de Información", "Policía Nacional", "ES", None, "es-policia-nacional"),
            Who(None, None, "BKA", "DE", None, "de-bka"),
            Who(None, None, "DGST", "MA", None, "ma-dgst"),
            Who(None, None, "Europol", "EU", None, "eu-europol"),
            Who(None, "une délégation", None, "PT"),
        ),
        sources=(
            source(
                31,
                "Diario del Estrecho",
                "Cuatro servicios europeos y Marruecos se reúnen para frenar el yihadismo",
                "es",
                30,
                quote="Responsables de la Policía Nacional, del BKA, de Europol y de la DGST marroquí se han reunido este mes para "
                "coordinar la lucha contra el terrorismo yihadista.",
            ),
        ),
        topics=("terrorism", "sahel", "border-security"),
        categories=("police", "intelligence"),
        score=0.71,
        first_reported_at=MORNING - timedelta(hours=30),
    )
    return replace(line, **changes)


def planned_visit(**changes) -> MeetingLine:
    line = MeetingLine(
        id=4,
        status=Status.PLANNED,
        days=on(date(2026, 11, 30)),
        city="Madrid",
        country="ES",
        mode="in-person",
        participants=(
            Who(
                "Fernando Grande-Marlaska",
                "ministre de l’Intérieur",
                "Interior",
                "ES",
                "fernando-grande-marlaska",
                "es-interior",
                True,
            ),
            Who("Abdelouafi Laftit", "ministre de l’Intérieur", "Intérieur", "MA", "abdelouafi-laftit", "ma-interior", True),
        ),
        sources=(
            source(
                41,
                "Le Méridien",
                "Laftit attendu lundi à Madrid",
                quote="Le ministre de l’Intérieur Abdelouafi Laftit est attendu lundi à Madrid pour une réunion consacrée aux "
                "frontières, annonce son ministère.",
                status=Status.PLANNED,
            ),
        ),
        topics=("migration", "border-security"),
        categories=("interior",),
        score=0.8,
        first_reported_at=MORNING - timedelta(hours=9),
    )
    return replace(line, **changes)


def possible_talks(**changes) -> MeetingLine:
    line = MeetingLine(
        id=5,
        status=Status.NEW,
        days=Days(),
        city="Dakar",
        country="SN",
        mode="in-person",
        participants=(
            Who(None, "une délégation sécuritaire marocaine", None, "MA"),
            Who("Mamadou Ndiaye Sarr", "commissaire", "Police nationale", "SN"),
        ),
        sources=(
            source(
                51,
                "Dakar Quotidien",
                "Formation : une délégation marocaine chez la police",
                quote="Une délégation sécuritaire marocaine a été vue à l’école de police, où elle aurait rencontré le commissaire Sarr.",
            ),
        ),
        topics=("training",),
        categories=("police",),
        score=0.41,
        flagged=False,
        possible=True,
        first_reported_at=MORNING - timedelta(hours=14),
    )
    return replace(line, **changes)


def told(meeting: MeetingLine, section: str = "new", days_ago: int = 1, position: int = 1) -> Told:
    return Told(meeting.id, section, position, TODAY - timedelta(days=days_ago), facts_of(meeting))


def feeds(**changes) -> Watch:
    watch = Watch(
        feeds=74,
        failing=(
            Trouble(
                "Atlas Matin",
                "https://atlas-matin.example/feed",
                MORNING - timedelta(days=3),
                "timed out after 30 s",
                kind="TimedOut",
            ),
            Trouble(
                "Le Quotidien",
                "https://lequotidien.example/rss",
                MORNING - timedelta(days=9),
                "403",
                blocked=True,
                kind="BotWall",
                status=403,
            ),
        ),
        silent=(Trouble("Rif Info", "https://rif-info.example/rss", MORNING - timedelta(days=6)),),
        read=412,
        partial=31,
        unread=4,
    )
    return replace(watch, **changes)


MONTHS = tuple(
    Counted(date(2025 + (m > 12), (m - 1) % 12 + 1, 1), n)
    for m, n in zip(range(12, 24), (4, 6, 3, 9, 12, 5, 7, 0, 2, 11, 8, 10), strict=True)
)
COUNTRIES = tuple(Counted(code, n) for code, n in (("MA", 71), ("FR", 24), ("ES", 22), ("US", 9), ("AE", 6), ("INT", 5)))


def digest(meetings, mailed=(), watch: Watch | None = None, **more) -> Digest:
    """A digest of these meetings as the choice makes it."""
    items, reminders = choose(
        meetings, {one.meeting_id: one for one in mailed}, today=TODAY, period_from=MORNING - timedelta(days=1)
    )
    values = {
        "profile": "matin",
        "local_date": TODAY,
        "period_from": MORNING - timedelta(days=1),
        "period_to": MORNING,
        "built_at": MORNING + timedelta(seconds=20),
        "items": items,
        "watch": watch if watch is not None else feeds(),
        "reminders": reminders,
        "months": MONTHS,
        "countries": COUNTRIES,
    }
    return Digest(**values | more)


def full_digest(**more) -> Digest:
    """One of everything."""
    known = replace(
        spanish_talks(id=6, city="Lisbonne", country="PT"),
        participants=(
            HAMMOUCHI,
            Who(None, "Directeur national", "PJ", "PT", None, "pt-pj"),
            Who(None, None, "FBI", "US", None, "us-fbi"),
        ),
        days=Days(date(2026, 11, 1), date(2026, 11, 30), "month"),
    )
    better = replace(
        known,
        days=on(date(2026, 11, 20)),
        participants=(
            HAMMOUCHI,
            Who("Luís Neves", "Directeur national", "PJ", "PT", "luis-neves", "pt-pj", True),
            known.participants[2],
        ),
        sources=(
            *known.sources,
            source(62, "Le Méridien", "Hammouchi et le patron de la police judiciaire portugaise à Lisbonne"),
        ),
    )
    reported = replace(rabat_talks(id=7), city="Paris", country="FR", days=on(date(2026, 11, 18)))
    reported = replace(reported, sources=reported.sources[:1])
    again = replace(
        reported, sources=(*reported.sources, source(72, "Atalaya", "París y Rabat, de nuevo en la misma mesa", "es", 5))
    )
    wrong = replace(rabat_talks(id=8), withdrawn="Homonyme : il s’agissait d’un entraîneur de football.")
    soon = planned_visit(id=9, days=on(date(2026, 11, 27)), city="Alger", country="DZ")
    meetings = [rabat_talks(), arabic_talks(), spanish_talks(), better, again, wrong, planned_visit(), soon, possible_talks()]
    mailed = [
        told(known, position=2, days_ago=3),
        told(reported, days_ago=6),
        told(rabat_talks(id=8), position=3),
        told(soon, "planned", 4, 5),
    ]
    return digest(meetings, mailed, **more)
