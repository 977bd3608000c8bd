"""What joining costs in a store that has grown: a flagged article kept beside 20,000 meetings and a million articles.

    python benchmarks/joining.py [--articles 1000000] [--meetings 20000] [--at PATH]

The store is filled with meetings of known pairs over ten years (seven reports each, through the same joining) and with
articles that report none (written in bulk, the way they lie after years). Then fresh meetings and further reports of known
ones are kept one by one and timed, at a tenth of the size and at the whole of it.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from monitor.store import SqlStore, open_store
from pipelines.detect.model import Days, Detection, Participant, Place, Report, Status
from pipelines.fingerprint import fingerprint
from pipelines.records import Article, Reading
from pipelines.store import keep

START = datetime(2016, 1, 1, 12, tzinfo=UTC)
COUNTRIES = re.findall(r"\w\w", "FRESDEBEITGBUSNLPTSNMLNECIMRTNEGSAAEQABRCNJPKENGGH")
OUTLETS = [f"Journal {number}" for number in range(60)]
WORDS = re.findall(
    r"\w+", "sécurité coopération services police lutte terrorisme échange visite délégation accord frontières drogue réunion"
)


QUIET_ARTICLE = text(
    "INSERT INTO articles (outlet, family, url, link_key, title, fetched_at, published_at, text_from, text_hash, words, partial, version,"
    " outcome, flagged, possible, score, categories, missing, problems) VALUES ('Journal 1', 'journal1', 'https://quiet.example/' || :n,"
    " 'k' || :n, 'Titre ' || :n, '2020-01-01T00:00:00.000000Z', '2020-01-01T00:00:00.000000Z', 'page', 'h' || :n, 260, 0, 1,"
    " 'no-meeting', 0, 0, 0, '[]', '[]', '[]')"
)
QUIET_TEXT = text(
    "INSERT INTO article_texts (article_id, text) SELECT id, :body FROM articles a "
    "WHERE NOT EXISTS (SELECT 1 FROM article_texts t WHERE t.article_id = a.id)"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--meetings", type=int, default=20_000)
    parser.add_argument("--at", type=Path, help="where to keep the store; a temporary place unless given")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        store = open_store(str(arguments.at or Path(place) / "store.sqlite"))
        done = 0
        for share in (0.1, 1.0):
            meetings = int(arguments.meetings * share)
            fill(store, done, meetings, int(arguments.articles * share))
            done = meetings
            measure(store, meetings)
        store.close()


def people(seed: int = 1) -> list[tuple[Participant, Participant]]:
    """Pairs that meet: three heads at home, three of each country, half of these in the register."""
    chance = random.Random(seed)
    home = [Participant(f"Chef {k}", "directeur", f"DGX{k}", "MA", None, f"ma-{k}", f"ma-body-{k}", "police", True) for k in range(3)]
    pairs = []
    for country in COUNTRIES:
        for k in range(3):
            known = chance.random() < 0.5
            name = f"{country.title()}o Nom{chance.randrange(10_000)}"
            guest = Participant(
                name, "chef", f"Corps {k} {country}", country, None, f"{country}-{k}" if known else None, None, "police", known
            )
            pairs += [(host, guest) for host in home]
    return pairs


def meeting_number(number: int, pairs: list[tuple[Participant, Participant]], spacing: timedelta) -> Iterator[Reading]:
    """The reports of one meeting: seven outlets, one of them without a day, one that recalls another of the pair."""
    chance = random.Random(number)
    day = START + spacing * number
    pair = pairs[chance.randrange(len(pairs))]
    for place, outlet in enumerate(chance.sample(OUTLETS, 7)):
        days = Days() if place == 5 else Days(day.date(), day.date(), "day")
        report = Report(Status.NEW, days, Place("Rabat", "MA"), "in-person", pair, ("terrorism",), ("police",), True, 0.9)
        reports = [report]
        if place == 6:
            month = (day - timedelta(days=chance.randrange(40, 300))).date().replace(day=1)
            reports.append(Report(Status.BACKGROUND, Days(month, None, "month"), Place("Rabat", "MA"), "in-person", pair))
        sentences = [" ".join(chance.choices(WORDS, k=14)) for _ in range(12)]
        body = ". ".join(sentences)
        article = Article(
            f"https://o.example/{number}/{outlet}", f"Titre {number} {outlet}", body, "page", "fr", published=day + timedelta(hours=place)
        )
        yield Reading(article, Detection("fr", True, False, 0.9, tuple(reports)), outlet=outlet, read_at=day, fingerprint=fingerprint(body))


def fill(store: SqlStore, done: int, meetings: int, articles: int) -> None:
    """Bring the store to so many meetings and articles."""
    pairs, spacing = people(), timedelta(hours=4)
    started = time.monotonic()
    for first in range(done, meetings, 100):
        with store.exclusive():
            for number in range(first, min(first + 100, meetings)):
                for reading in meeting_number(number, pairs, spacing):
                    keep(reading, store, reading.read_at or START)
    with store.reading() as connection:
        there = connection.execute(text("SELECT count(*) FROM articles")).scalar() or 0
    for first in range(there, articles, 20_000):
        with store.writing() as connection:
            numbers = [{"n": n} for n in range(first, min(first + 20_000, articles))]
            connection.execute(QUIET_ARTICLE, numbers)
    with store.writing() as connection:
        connection.execute(QUIET_TEXT, {"body": " ".join(WORDS * 20)})
    print(f"filled to {meetings} meetings, {articles} articles in {time.monotonic() - started:.0f} s")


def measure(store: SqlStore, meetings: int) -> None:
    """Time single articles, each in its own transaction: of fresh meetings, of known ones, and without any meeting."""
    pairs, spacing = people(), timedelta(hours=4)
    # The next meetings after the last, as a running watch meets them; `fill` keeps them again at the next size without harm
    fresh = [r for n in range(meetings, meetings + 12) for r in meeting_number(n, pairs, spacing)]
    chance = random.Random(7)
    known = [replace_outlet(next(meeting_number(chance.randrange(meetings), pairs, spacing)), k) for k in range(80)]
    none = [quiet(number + meetings) for number in range(80)]
    for name, readings in (("of fresh meetings", fresh), ("of known meetings", known), ("without a meeting", none)):
        spent = [timed(store, reading) for reading in readings]
        wall, cpu = [1000 * w for w, _ in spent], [1000 * c for _, c in spent]
        middle, most = statistics.median(cpu), sorted(cpu)[len(cpu) * 95 // 100]
        print(f"{meetings:>7} meetings, articles {name:<18} CPU median {middle:6.2f} ms, 95 % {most:6.2f} ms;", end=" ")
        print(f"with the commit {statistics.median(wall):6.2f} ms")


def replace_outlet(reading: Reading, number: int) -> Reading:
    """Another outlet's article on the same meeting."""
    article = replace(reading.article, url=f"https://late.example/{number}/{reading.article.url}", title=f"Autre titre {number}")
    return replace(reading, article=article, outlet=f"Tardif {number}")


def quiet(number: int) -> Reading:
    """An article that reports nothing of ours."""
    body = f"Un article sur autre chose, numéro {number}. " + " ".join(WORDS * 30)
    article = Article(f"https://calm.example/{number}", f"Rien {number}", body, "page", "fr", published=START)
    return Reading(article, Detection("fr", False, False, 0.0), outlet="Calme", read_at=START, fingerprint=fingerprint(body))


def timed(store: SqlStore, reading: Reading) -> tuple[float, float]:
    """Seconds of the clock and of CPU for keeping one article."""
    wall, cpu = time.perf_counter(), time.process_time()
    keep(reading, store, reading.read_at or START)
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
