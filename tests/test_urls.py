"""Addresses: read as browsers read them, and one identity for all spellings of an article's address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.urls import MAX_LENGTH, absolute, canonical, host_of, is_google_news, link_key, same_site, site_of

FEED = "https://www.news.example/fr/rss.xml"


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("http://a.example/x", "http://a.example/x"),
        ("/monde/a.html", "https://www.news.example/monde/a.html"),
        ("a.html", "https://www.news.example/fr/a.html"),
        ("../a.html", "https://www.news.example/a.html"),
        ("?p=12", "https://www.news.example/fr/rss.xml?p=12"),
        ("//b.example/x", "https://b.example/x"),
        ("HTTP://B.Example:80/X", "http://b.example/X"),
        ("https://b.example:443", "https://b.example/"),
        ("https://b.example:8443/", "https://b.example:8443/"),
        ("https://b.example./x", "https://b.example/x"),
        ("  https://b.example/x\n", "https://b.example/x"),
        ("https://b.example/a b/é?q=été#là", "https://b.example/a%20b/%C3%A9?q=%C3%A9t%C3%A9#l%C3%A0"),
        ("https://b.example/مقال", "https://b.example/%D9%85%D9%82%D8%A7%D9%84"),
        ("https://b.example/%D9%85%d9%82", "https://b.example/%D9%85%d9%82"),
        ("https://b.example/100%", "https://b.example/100%25"),
        ("https://b.example/?u=http://c.example/", "https://b.example/?u=http://c.example/"),
        ("https://مثال.example/x", "https://xn--mgbh0fb.example/x"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://b.example/\u202egro.live\u202c/a", "https://b.example/gro.live/a"),
        ("https://b\u200b.example/", "https://b.example/"),
        ("https:\\\\b.example\\a?b\\c", "https://b.example/a?b%5Cc"),
        ("ht\ntps://b.exa\tmple/x", "https://b.example/x"),
        ("http://user:pass@b.example/", "http://b.example/"),
        ("http://%31%32%37.0.0.1/", "http://127.0.0.1/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://[::FFFF:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
    ],
)
def test_a_link_is_read_as_a_browser_reads_it(link: str, address: str) -> None:
    assert absolute(FEED, link) == address


@pytest.mark.parametrize(
    "link",
    [
        "", "   ", "javascript:alert(1)", "mailto:a@b.example", "file:///etc/passwd", "ftp://b.example/", "data:text/html,x",
        "tel:+212", "tag:b.example,2026:1", "urn:uuid:1", "http://", "http:///x", "http://[bad", "http://a b/", "http://a..b/",
        "http://b.example:99999/", "http://b.example:x/", "http://b.example:0/", "http://-b.example/", "http://b_\x00.example/",
        "http://256.256.256.256/", "http://1.2.3.4.5/", "http://" + "a" * 300 + ".example/", "https://b.example/" + "a" * MAX_LENGTH,
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_none(link: str) -> None:
    assert absolute(FEED, link) is None


def test_a_link_without_a_usable_base_is_none() -> None:
    assert absolute("", "a.html") is None
    assert absolute("not a base", "/a") is None
    assert absolute("", "https://b.example/a") == "https://b.example/a"


ONE = "https://news.example/monde/visite-a-rabat?id=7&page=2"


@pytest.mark.parametrize(
    "spelling",
    [
        "http://news.example/monde/visite-a-rabat?id=7&page=2",
        "https://www.news.example/monde/visite-a-rabat?id=7&page=2",
        "https://m.news.example/monde/visite-a-rabat/?id=7&page=2",
        "https://amp.news.example/monde/visite-a-rabat?id=7&page=2",
        "https://www.news.example/monde/visite-a-rabat/amp/?id=7&page=2",
        "HTTPS://NEWS.EXAMPLE:443/monde/visite-a-rabat?page=2&id=7",
        "https://news.example./monde//visite-a-rabat/?id=7&page=2#commentaires",
        "https://news.example/monde/./x/../visite-a-rabat?id=7&page=2",
        "https://news.example/monde/visite%2Da%2Drabat?id=7&page=2",
        "https://news.example/monde/visite-a-rabat?id=7&page=2&utm_source=rss&utm_medium=feed&fbclid=IwAR0",
        "https://news.example/monde/visite-a-rabat?xtor=RSS-32&id=7&page=2&at_medium=custom7&ns_campaign=x",
        "https://news.example/monde/visite-a-rabat?id=7&amp;page=2&amp;utm_campaign=rss",
        "https://news.example/monde/visite-a-rabat?PHPSESSID=0f3a9c&id=7&page=2&sid=9b1c22f0&ref=homepage&_=1732442000",
        "https://news.example/monde/visite-a-rabat;jsessionid=9B1C22?id=7&page=2&ts=1732442000&source=rss_feed",
        " https://news.example/monde/visite-a-rabat?id=7&page=2&&",
    ],
)
def test_all_spellings_of_an_address_are_one(spelling: str) -> None:
    assert canonical(spelling) == canonical(ONE)
    assert link_key(spelling) == link_key(ONE)


@pytest.mark.parametrize(
    "other",
    [
        "https://news.example/monde/visite-a-rabat?id=8&page=2",
        "https://news.example/monde/visite-a-rabat?id=7",
        "https://news.example/monde/Visite-a-rabat?id=7&page=2",
        "https://news.example/visite-a-rabat?id=7&page=2",
        "https://news.example:8443/monde/visite-a-rabat?id=7&page=2",
        "https://fr.news.example/monde/visite-a-rabat?id=7&page=2",
        "https://othernews.example/monde/visite-a-rabat?id=7&page=2",
    ],
)
def test_another_article_is_another_address(other: str) -> None:
    assert link_key(other) != link_key(ONE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.example/article.php?sid=1234", "http://a.example/article.php?sid=1235"),
        ("http://a.example/?source=12", "http://a.example/?source=13"),
        ("http://a.example/?t=12", "http://a.example/?t=13"),
        ("http://a.example/?v=abc", "http://a.example/?v=abd"),
        ("http://a.example/%E9", "http://a.example/%E8"),
        ("http://m.example/", "http://www.example/"),
    ],
)
def test_numbers_of_articles_are_not_taken_for_sessions(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_arabic_addresses_are_one_whether_escaped_or_not() -> None:
    assert canonical("https://a.example/مقال/") == canonical("https://a.example/%d9%85%D9%82%D8%A7%D9%84")


@pytest.mark.parametrize("garbage", ["", "   ", "http://[bad", "not an address", "tag:a,2026:1", "\ud800", "http://x:99999/", "\x00"])
def test_garbage_is_its_own_identity(garbage: str) -> None:
    assert canonical(garbage) == garbage.strip(" \x00")
    assert len(link_key(garbage)) == 64


@given(st.text(max_size=80), st.sampled_from(["", "http://", "https://a.example/", "//", "http://[", "?", "http://a.example/?"]))
def test_no_text_raises(text: str, start: str) -> None:
    link = start + text
    address = absolute(FEED, link)
    if address is not None:
        assert address.isascii() and address.startswith(("http://", "https://")) and " " not in address
        assert absolute(address, address) == address
        assert canonical(canonical(link)) == canonical(link)
        assert host_of(address)
    for function in (canonical, link_key, host_of, site_of, is_google_news):
        function(link)
    same_site(link, FEED)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://WWW.News.Example/x", "www.news.example"),
        ("http://a.example:80/", "a.example"),
        ("https://a.example:80/", "a.example:80"),
        ("http://127.0.0.1:8001/", "127.0.0.1:8001"),
        ("http://user@a.example./", "a.example"),
        ("http://[::1]:80/", "[::1]"),
        ("http://مثال.example/", "xn--mgbh0fb.example"),
        ("nonsense", ""),
        ("http://[bad", ""),
    ],
)
def test_the_host_is_who_is_asked(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://fr.le360.example/x", "le360.example"),
        ("https://www.dgsn.gov.ma/", "dgsn.gov.ma"),
        ("https://www.bbc.co.uk/", "bbc.co.uk"),
        ("https://www.lemonde.fr/", "lemonde.fr"),
        ("http://localhost:8/", "localhost"),
        ("http://127.0.0.1:8/", "127.0.0.1"),
        ("http://[::1]:8/", "[::1]"),
        ("", ""),
    ],
)
def test_the_site_is_the_registered_name(url: str, site: str) -> None:
    assert site_of(url) == site


def test_sites_are_told_apart() -> None:
    assert same_site("https://fr.le360.ma/a", "https://le360.ma/b")
    assert not same_site("https://a.gov.ma/", "https://b.gov.ma/")
    assert not same_site("", "")


def test_google_news_is_known_by_its_host() -> None:
    assert is_google_news("https://news.google.com/rss/articles/CBMi?oc=5")
    assert not is_google_news("https://news.example/?u=news.google.com")
    assert not is_google_news("https://news.google.com.evil.example/")
