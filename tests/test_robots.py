"""robots.txt: read as RFC 9309 has it, whatever stands in it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.robots import LONGEST_DELAY, parse_robots, product_token, robots_url

SITE = "https://news.example"


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
        ("User-agent: *\nDisallow: /recherche?", "/recherche?q=1", False),
        ("User-agent: *\nDisallow: /مقال", "/%D9%85%D9%82%D8%A7%D9%84/1", False),
        ("User-agent: vigie\nDisallow: /a\nUser-agent: *\nDisallow: /", "/b", True),
        ("User-agent: VIGIE/2.0\nDisallow: /a\nUser-agent: *\nDisallow: /", "/c", False),
        ("User-agent: *\nDisallow: /\nUser-agent: vigie\nAllow: /", "/a", True),
        ("User-agent: gptbot\nUser-agent: vigie\nDisallow: /a", "/a", False),
        ("User-agent: gptbot\nUser-agent: ccbot\nDisallow: /", "/a", True),
        ("User-agent: gptbot\nDisallow: /\nUser-agent: *\nDisallow: /x", "/a", True),
        ("User-agent: novigieplease\nDisallow: /", "/a", True),
        ("\ufeffUser-agent: *\r\nDisallow: /a # not this\r\n", "/a", False),
        ("User-agent *\nDisallow /a", "/a", False),
        ("Disallow: /a", "/a", True),
        ("<html><body>User-agent: *</body></html>", "/a", True),
    ],
)
def test_a_rule_means_what_the_standard_says(text: str, path: str, allowed: bool) -> None:
    assert parse_robots(text.encode(), "Vigie").allows(SITE + path) is allowed


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("User-agent: *\nCrawl-delay: 2.5", 2.5),
        ("User-agent: *\nCrawl-delay: 3600", LONGEST_DELAY),
        ("User-agent: *\nCrawl-delay: soon", 0.0),
        ("User-agent: *\nCrawl-delay: -1", 0.0),
        ("User-agent: *\nRequest-rate: 1/5", 5.0),
        ("User-agent: gptbot\nCrawl-delay: 9", 0.0),
    ],
)
def test_a_delay_is_kept_up_to_a_limit(text: str, delay: float) -> None:
    assert parse_robots(text.encode(), "Vigie").delay == delay


@pytest.mark.parametrize(
    "body",
    [
        b"".join(b"User-agent: bot%d\n" % n for n in range(20_000)) + b"".join(b"Disallow: /%d\n" % n for n in range(20_000)),
        b"User-agent: *\n" + b"".join(b"Disallow: /%d*a*b*c*d$\n" % n for n in range(20_000)),
        b"User-agent: *\nDisallow: /" + b"*a" * 100_000,
        b"User-agent: *\nDisallow: /" + b"$" * 100_000,
        bytes(600_000),
        b"\xff\xfe" * 200_000,
    ],
)
def test_a_hostile_file_costs_little(body: bytes) -> None:
    started = time.process_time()
    rules = parse_robots(body, "Vigie")
    rules.allows(SITE + "/" + "ab" * 1000)
    assert time.process_time() - started < 1
    assert rules.lines <= 5001


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    parse_robots(b"User-agent: *\n" + body, "Vigie").allows(SITE + "/a")


def test_the_product_token_is_the_name_without_version() -> None:
    assert product_token("Vigie/0.1 (news monitor)") == "Vigie"
    assert product_token("  My-Monitor (+x)") == "My-Monitor"
    assert product_token("0815") == "vigie"


def test_robots_txt_stands_at_the_root_of_the_origin() -> None:
    assert robots_url("http://news.example:8080/a/b?c#d") == "http://news.example:8080/robots.txt"
