"""The flow with a fetcher and workers that do what the test says; what they fetch and run is real."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.errors import (
    AddressRefused,
    BadAnswer,
    BotWall,
    FetchError,
    Gone,
    RateLimited,
    RobotsRefused,
    TimedOut,
    TooLarge,
    WorkerFailure,
)
from pipelines.flow import MOST_TRIES, ReadRules, TryLater, poll_feed, read_entry
from pipelines.records import Entry, FeedState, Page, PendingEntry

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
URL = "https://outlet.example/a"
FEED = FeedState(1, "https://outlet.example/feed", "Le Fil", "MA", "fr", "feed", timedelta(minutes=15), False)
RSS = (
    b"<rss version='2.0'><channel><title>Le Fil</title><item><title>Un titre</title><link>https://outlet.example/a</link>"
    b"<guid>1</guid></item></channel></rss>"
)
STORY = (
    "Le directeur général de la Sûreté nationale et de la Surveillance du territoire, Abdellatif Hammouchi, a reçu mercredi à Rabat "
    "la directrice générale de la sécurité intérieure française (DGSI), Céline Berthon. La lutte contre le terrorisme a dominé "
    "leurs entretiens, indique un communiqué. Les deux responsables ont salué la solidité de leur coopération."
)
MORE = (
    "Cette visite de travail s'inscrit dans le cadre de la coopération entre les services des deux pays, qui échangent depuis des années "
    "des renseignements sur les réseaux criminels et sur les filières de départ. Les équipes doivent se revoir dans les prochains mois."
)
HTML = f"<html lang='fr'><body><article><h1>Hammouchi reçoit Berthon</h1><p>{STORY}</p><p>{MORE}</p></article></body></html>"


class Server:
    """Answers with pages, or fails."""

    def __init__(self, answer: bytes | Exception, **more):
        self.answer, self.more, self.asked = answer, more, []

    async def get(self, url, *, purpose, etag=None, last_modified=None):
        self.asked.append((url, purpose, etag, last_modified))
        if isinstance(self.answer, Exception):
            raise self.answer
        return Page(url, url, 200, self.answer, NOW, content_type="text/html", **self.more)


class Here:
    """Runs the work in this process; fails as often as it was told to."""

    def __init__(self, failures: int = 0):
        self.failures = failures

    async def call(self, function, *args, timeout):
        if self.failures:
            self.failures -= 1
            raise WorkerFailure("not finished after 15 s")
        return function(*args)


def pending(**more) -> PendingEntry:
    summary = "Le patron de la DGSN-DGST a reçu mercredi la patronne de la DGSI, Céline Berthon."
    entry = Entry(URL, "Hammouchi reçoit Berthon à Rabat", summary)
    return replace(PendingEntry(7, 1, "Le Fil", "MA", entry, NOW, language="fr"), **more)


async def read(answer, *, workers=None, rules=None, **more):
    server = Server(answer)
    return await read_entry(pending(**more), server, workers or Here(), rules or ReadRules(), NOW), server


async def test_a_page_is_read_and_its_meeting_found():
    reading, _ = await read(HTML.encode())
    assert reading.article.text_from == "page"
    assert reading.detection.flag
    assert reading.entry_id == 7
    assert reading.fingerprint


@pytest.mark.parametrize(
    "problem",
    [
        TimedOut(URL, "no answer within 45 s"),
        BadAnswer(URL, "short body"),
        Gone(URL, "404", status=404),
        RobotsRefused(URL, "robots.txt: 503"),
        AddressRefused(URL, "points to a private address"),
        FetchError(URL, "DNS: name not known"),
    ],
)
async def test_what_may_heal_is_tried_again_later(problem):
    with pytest.raises(TryLater) as later:
        await read(problem)
    assert later.value.retry_at == NOW + timedelta(minutes=5)
    assert later.value.counts


@pytest.mark.parametrize(
    "problem",
    [
        Gone(URL, "410: gone for good", status=410, permanent=True),
        BotWall(URL, "blocked by bot protection", status=403),
        RobotsRefused(URL, "robots.txt asks us not to", permanent=True),
        AddressRefused(URL, "a private address", permanent=True),
    ],
)
async def test_what_cannot_heal_leaves_title_and_summary_to_be_read(problem):
    reading, _ = await read(problem)
    assert reading.gave_up == problem.reason
    assert reading.article.text_from == "summary"
    assert reading.article.partial
    assert reading.detection.flag


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<html><title>Page introuvable</title><h1>Page introuvable</h1><p>La page que vous cherchez n'existe pas.</p>", "an error page"),
        ("%PDF-1.7\n1 0 obj", "not an HTML page"),
        ("<html><body> </body></html>", "no text"),
    ],
)
async def test_a_page_that_is_no_article_leaves_the_summary_and_says_why(body, why):
    reading, _ = await read(body.encode())
    assert why in reading.gave_up
    assert reading.article.text_from == "summary" and reading.article.partial
    assert reading.detection.flag


async def test_an_item_whose_link_was_refused_says_so():
    reading, server = await read(HTML.encode(), entry=Entry(None, "Un titre", "Un résumé.", problems=("link refused: file:///etc/passwd",)))
    assert server.asked == []
    assert reading.gave_up == "link refused: file:///etc/passwd"


async def test_tries_end_and_the_summary_is_read():
    reading, _ = await read(TimedOut(URL, "no answer"), attempts=MOST_TRIES - 1)
    assert reading.gave_up == f"no answer ({MOST_TRIES} tries)"
    assert reading.detection.flag


async def test_a_page_that_is_too_large_is_not_fetched_over_and_over():
    with pytest.raises(TryLater):
        await read(TooLarge(URL, "larger than 5 MB"))
    reading, _ = await read(TooLarge(URL, "larger than 5 MB"), attempts=1)
    assert reading.gave_up == "larger than 5 MB"


async def test_silence_that_a_host_wished_for_is_no_try_however_long_it_lasts():
    wish = NOW + timedelta(hours=3)
    with pytest.raises(TryLater) as later:
        await read(RateLimited(URL, "asked for silence", retry_after=wish), attempts=50)
    assert not later.value.counts
    assert later.value.retry_at >= wish


async def test_a_page_that_breaks_its_worker_is_tried_once_more_and_then_its_summary_is_read():
    with pytest.raises(TryLater):
        await read(HTML.encode(), workers=Here(failures=1))
    reading, _ = await read(HTML.encode(), workers=Here(failures=1), attempts=1)
    assert reading.gave_up == "the page could not be extracted: not finished after 15 s"
    assert reading.article.text_from == "summary"


async def test_when_even_the_summary_breaks_workers_the_title_is_kept():
    reading, _ = await read(HTML.encode(), workers=Here(failures=2), attempts=1)
    assert reading.article.title == "Hammouchi reçoit Berthon à Rabat"
    assert not reading.detection.flag


@pytest.mark.parametrize("more", [{"full_text": True}, {"entry": Entry("https://news.google.com/rss/articles/CBM", "Un titre", "")}])
async def test_pages_of_full_text_feeds_and_of_search_portals_are_not_fetched(more):
    reading, server = await read(HTML.encode(), **more)
    assert server.asked == []
    assert reading.article.title


async def test_candidates_mode_leaves_ordinary_pages_unextracted():
    page = "<html><body><article><h1>Récolte d'olives</h1>" + "<p>Une année moyenne pour les oliveraies du Saïss.</p>" * 9
    ordinary = pending(entry=Entry(URL, "Récolte d'olives", "Une année moyenne."))
    rules = ReadRules(mode="candidates")
    reading = await read_entry(ordinary, Server(page.encode()), Here(), rules, NOW)
    assert not reading.candidate
    assert (await read_entry(pending(), Server(HTML.encode()), Here(), rules, NOW)).detection.flag


async def test_a_poll_brings_entries_and_validators():
    result = await poll_feed(FEED, Server(RSS, etag='W/"x"'), Here(), ReadRules(), NOW)
    assert result.ok
    assert [entry.title for entry in result.entries] == ["Un titre"]
    assert (result.etag, result.keep_validators) == ('W/"x"', True)


async def test_an_unchanged_body_is_not_parsed_again():
    first = await poll_feed(FEED, Server(RSS), Here(), ReadRules(), NOW)
    again = await poll_feed(replace(FEED, body_hash=first.body_hash), Server(RSS), Here(failures=1), ReadRules(), NOW)
    assert again.ok
    assert again.not_modified


async def test_validators_are_sent_byte_for_byte_and_left_out_once_a_day():
    server = Server(RSS)
    state = replace(FEED, etag="unquoted", last_modified="garbage", unconditional_at=NOW - timedelta(hours=1))
    await poll_feed(state, server, Here(), ReadRules(), NOW)
    await poll_feed(replace(state, unconditional_at=NOW - timedelta(hours=30)), server, Here(), ReadRules(), NOW)
    assert [asked[2:] for asked in server.asked] == [("unquoted", "garbage"), (None, None)]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<html><body>Bonjour</body></html>", "HTML"),
        (b"", "empty"),
        (TimedOut(FEED.url, "no answer within 30 s"), "no answer within 30 s"),
    ],
)
async def test_a_poll_that_fails_says_why_in_one_line_and_keeps_no_validators(answer, said):
    result = await poll_feed(FEED, Server(answer), Here(), ReadRules(), NOW)
    assert not result.ok
    assert said in (result.error or "")
    assert not result.keep_validators


async def test_a_cut_feed_gives_its_whole_items_and_keeps_no_validators():
    cut = RSS.replace(b"</channel></rss>", b"<item><title>Coup")
    result = await poll_feed(FEED, Server(cut, etag='"x"'), Here(), ReadRules(), NOW)
    assert [entry.title for entry in result.entries] == ["Un titre"]
    assert not result.keep_validators
    assert result.body_hash is None


async def test_a_feed_that_breaks_its_worker_is_a_failed_poll():
    result = await poll_feed(FEED, Server(RSS), Here(failures=1), ReadRules(), NOW)
    assert result.error_kind == "WorkerFailure"
