"""Short articles written for the project: who met whom, where and when, in four languages, and what is no meeting."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.detect import detect
from pipelines.detect.fold import fold_key
from pipelines.detect.model import Detection, Quote, Report, Status
from pipelines.detect.places import load_places

ARTICLES = [json.loads(line) for line in (Path(__file__).parent / "encounters.jsonl").read_text(encoding="utf-8").splitlines()]
MET = [article for article in ARTICLES if article["meetings"]]
LISTED = (Status.NEW, Status.BACKGROUND, Status.PLANNED)


def read(article: dict[str, Any]) -> Detection:
    return detect(article["title"], article["text"], datetime.fromisoformat(article["published"]), article["lang"])


def last_word(name: str) -> str:
    return fold_key(name).replace("-", " ").split()[-1].removeprefix("ال")


def names(report: Report) -> set[str]:
    return {last_word(name) for one in report.participants for name in (one.name, one.name_in_text) if name}


def report_of(detection: Detection, meeting: dict[str, Any]) -> Report | None:
    """The report of a meeting: same status, and the day or most of the people."""
    found = [one for one in detection.reports if one.status == meeting["status"]]
    wanted = {last_word(name) for name in meeting["people"]}
    return max(found, key=lambda one: (len(wanted & names(one)), one.days.label == meeting["date"]), default=None)


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article["id"])
def test_an_article_is_flagged_when_its_news_is_a_security_meeting(article: dict[str, Any]) -> None:
    detection = read(article)
    assert detection.flag is article["flag"], detection.missing


@pytest.mark.parametrize("article", MET, ids=lambda article: article["id"])
def test_a_meeting_has_its_status_day_and_people(article: dict[str, Any]) -> None:
    detection = read(article)
    for meeting in article["meetings"]:
        report = report_of(detection, meeting)
        assert report is not None, f"no {meeting['status']} meeting among {[one.status for one in detection.reports]}"
        if meeting["date"]:
            assert report.days.label == meeting["date"]
        missing = {last_word(name) for name in meeting["people"]} - names(report)
        assert len(missing) <= len(meeting["people"]) // 3, missing


@pytest.mark.parametrize("article", [one for one in MET if one["flag"]], ids=lambda article: article["id"])
def test_a_new_meeting_has_the_place_the_text_names(article: dict[str, Any]) -> None:
    cities = load_places().cities
    meeting = next(one for one in article["meetings"] if one["status"] == "new")
    report = report_of(read(article), meeting)
    assert report is not None
    if meeting["country"]:
        assert report.place.country == meeting["country"]
    if meeting["city"]:
        told = {report.place.city, report.place.city_in_text}
        assert meeting["city"] in told or (report.place.city_id in cities and report.place.country == meeting["country"])
    else:
        assert report.place.city is None


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article["id"])
def test_every_quote_stands_in_the_article(article: dict[str, Any]) -> None:
    detection = read(article)
    texts = {"title": article["title"], "text": article["text"]}
    quotes: list[Quote] = [mention.quote for mention in detection.mentions]
    for report in detection.reports:
        quotes += [evidence.quote for evidence in report.evidence]
        quotes += [quote for person in report.participants for quote in person.quotes]
        quotes += [reason.quote for reason in report.reasons if reason.quote]
        quotes += [report.quote] if report.quote else []
    for quote in quotes:
        assert texts[quote.field][quote.start : quote.end] == quote.text


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article["id"])
def test_an_unflagged_article_says_what_was_missing(article: dict[str, Any]) -> None:
    detection = read(article)
    assert bool(detection.missing) is not detection.flag


def test_a_name_in_a_report_is_in_the_text_or_the_register() -> None:
    for article in ARTICLES:
        whole = fold_key(article["title"] + " " + article["text"])
        for report in read(article).reports:
            for one in report.participants:
                if one.name and not one.known:
                    assert fold_key(one.name) in whole


def test_no_more_meetings_are_told_than_the_texts_hold() -> None:
    told = sum(
        1 for article in ARTICLES for one in read(article).reports if one.status in LISTED and (one.status != "new" or article["flag"])
    )
    held = sum(len(article["meetings"]) for article in ARTICLES)
    assert told <= held * 1.15
