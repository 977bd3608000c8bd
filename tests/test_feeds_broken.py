"""Whatever a feed or page is made of: well-formed XML, entries or an expected failure, and text that can be encoded."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.charset import decode
from pipelines.errors import FeedError, PageError
from pipelines.extract import page_text_quick, read_page
from pipelines.feeds import parse_feed
from pipelines.pagekind import fold
from pipelines.plaintext import plain_text, plain_title, scrub
from pipelines.records import Entry, Page
from pipelines.timestamps import parse_date
from pipelines.wellformed import wellformed

NOW = datetime(2026, 11, 25, tzinfo=UTC)
URL = "https://news.example/feed"

PIECES = st.sampled_from(
    [
        *("<item>", "</item>", "<entry>", "</entry>", "<channel>", "</channel>", "</rss>", "<title>", "</title>", "<link>", "</link>"),
        *(
            "<description>",
            "</description>",
            "<guid isPermaLink='true'>",
            "<pubDate>",
            "</pubDate>",
            "<a:b c:d='e'>",
            "</a:b>",
            "<x:/>",
            "<:y>",
        ),
        *(
            "<media:x>",
            "</media:x>",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "<?php",
            "?>",
            "<!DOCTYPE x [",
            "<!ENTITY a 'b'>",
            "&a;",
            "&",
            "&#0;",
        ),
        *("&#xD800;", "&eacute;", "<", ">", '"', "'", "=", "<p>", "<br>", "<b a=1 a=2 c>", "<category/>", "<source url='x'>", "</source>"),
        *(
            "<xmlns:a>",
            "<a xmlns=''>",
            "<a xmlns:b=''>",
            "<enclosure url='a' length='x'/>",
            "<author><name>",
            "<content:encoded>",
            "https://a.example/",
        ),
        *(
            "\0",
            "\x1b",
            "\ufffe",
            "\ud800",
            "\u202e",
            "é",
            "حموشي",
            "2026-11-12",
            " ",
            "\n",
            "<script>",
            "</script>",
            "<div>",
            "</div>",
            "<h1>",
        ),
    ]
)
MESS = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=40).map("".join)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(
    MESS, st.sampled_from(["<rss>", "<rss version='2.0'><channel>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<rdf:RDF>", "<urlset>"])
)
def test_repaired_documents_are_well_formed(mess: str, root: str) -> None:
    document = wellformed(root + mess)
    assert document is not None
    ElementTree.fromstring(document.xml)


@QUICK
@given(MESS, st.sampled_from(["utf-8", "cp1252", "utf-16"]))
def test_any_feed_gives_entries_or_an_expected_failure(mess: str, encoding: str) -> None:
    body = f"<rss version='2.0'><channel><item><title>T</title></item>{mess}".encode(encoding, "replace")
    try:
        feed = parse_feed(body, URL, now=NOW)
    except FeedError:
        return
    for entry in feed.entries:
        for text in (entry.title, entry.summary, entry.url or "", entry.full_html or "", entry.guid or "", entry.author or ""):
            assert "\0" not in text
            text.encode()
        assert entry.title or entry.url
        assert entry.title_key


@QUICK
@given(MESS)
def test_any_page_gives_an_article_or_an_expected_failure(mess: str) -> None:
    page = Page(url=URL, final_url=URL, status=200, body=f"<html><body>{mess}".encode("utf-8", "replace"), fetched_at=NOW)
    page_text_quick(page.body).encode("utf-8", "replace")
    try:
        article = read_page(page, Entry(url=URL, title="Un titre", summary=""))
    except PageError:
        return
    for text in (article.title, article.text, article.author or "", article.language or ""):
        assert "\0" not in text and "\x1b" not in text
        text.encode()


@QUICK
@given(st.binary(max_size=300), st.one_of(st.none(), st.text(max_size=12)))
def test_any_bytes_can_be_decoded(body: bytes, charset: str | None) -> None:
    decode(body, charset).text.encode("utf-8", "surrogatepass")


@QUICK
@given(MESS)
def test_any_text_can_be_cleaned(mess: str) -> None:
    scrub(mess).encode()
    plain_text(mess).encode()
    assert "\n" not in plain_title(mess)
    fold(mess)
    parse_date(mess)
