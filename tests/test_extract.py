"""Pages to articles: saved pages with what must and must not be found on them, and pages built to break the extractor."""

from __future__ import annotations

import gzip
import json
import pickle
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import PageError
from pipelines.extract import MAX_TEXT, page_text_quick, read_feed_text, read_page
from pipelines.records import Article, Entry, Page

NOW = datetime(2026, 12, 24, tzinfo=UTC)
PAGES = sorted((Path(__file__).parent / "pages").glob("*.json"))
URL = "https://news.example/politique/1234567.html"


def page_of(body: bytes | str, **known: Any) -> Page:
    given: dict[str, Any] = {"url": URL, "status": 200, "fetched_at": NOW} | known
    given.setdefault("final_url", given["url"])
    return Page(body=body.encode() if isinstance(body, str) else body, **given)


def entry_of(title: str = "", summary: str = "", **known: Any) -> Entry:
    return Entry(url=URL, title=title, summary=summary, **known)


def read(body: bytes | str, title: str = "", summary: str = "", **known: Any) -> Article:
    return read_page(page_of(body, **known), entry_of(title, summary))


STORY = (
    "Le directeur général de la Sûreté nationale a reçu mercredi à Rabat le chef de la police espagnole. "
    "Les deux responsables ont examiné la coopération contre le terrorisme et le trafic de stupéfiants. "
    "Une nouvelle réunion est prévue à Madrid au printemps, selon le communiqué publié à l’issue des entretiens."
)


def story_page(before: str = "", after: str = "", head: str = "") -> str:
    return (
        f'<html lang="fr"><head><meta charset="utf-8"><title>Réunion à Rabat</title>{head}</head><body>{before}'
        f"<article><h1>Réunion à Rabat</h1><p>{STORY}</p><p>{STORY[::-1]}</p></article>{after}</body></html>"
    )


@pytest.mark.parametrize("saved", PAGES, ids=lambda path: path.stem)
def test_a_saved_page_gives_what_stands_beside_it(saved: Path) -> None:
    told = json.loads(saved.read_text())
    expected = told["expect"]
    article = read_page(page_of(saved.with_suffix(".html").read_bytes(), **told["page"]), entry_of(**told["entry"]))
    for sentence in expected.pop("contains"):
        assert sentence in article.text
    for sentence in expected.pop("lacks"):
        assert sentence not in article.text
    expected["problems"] = tuple(expected["problems"])
    for name in ("published", "modified"):
        if expected.get(name):
            expected[name] = datetime.fromisoformat(expected[name])
    assert {name: getattr(article, name) for name in expected} == expected


def test_paragraphs_are_split_by_a_blank_line_and_the_title_is_not_one_of_them() -> None:
    article = read(story_page(), "Réunion à Rabat")
    assert article.text.split("\n\n") == [STORY, STORY[::-1]]
    assert article.title == "Réunion à Rabat"


def test_an_article_can_travel_between_processes() -> None:
    article = read(story_page())
    assert pickle.loads(pickle.dumps(article)) == article


@pytest.mark.parametrize("charset", [None, "utf-8", "iso-8859-1"])
def test_the_charset_of_the_header_does_not_garble_utf8(charset: str | None) -> None:
    assert STORY in read(story_page(), charset=charset).text


def test_the_page_title_stands_in_for_a_missing_or_cut_one() -> None:
    assert read(story_page(), "").title == "Réunion à Rabat"
    assert read(story_page(), "Réunion…").title == "Réunion à Rabat"


def test_a_page_about_something_else_is_noted() -> None:
    page = story_page(head='<meta property="og:title" content="Réunion de sécurité tenue à Rabat">')
    article = read(page, "Botola : le Raja écrase le Wydad dans un derby fou")
    assert article.problems == ("title differs from the page's",)


def test_a_redirect_to_the_front_page_is_no_article() -> None:
    article = read(story_page(), "Tout autre chose", "Le résumé du fil.", final_url="https://news.example/")
    assert (article.text, article.text_from, article.problems) == ("Le résumé du fil.", "summary", ("soft-404",))


@pytest.mark.parametrize(
    ("body", "content_type", "kind"),
    [
        (b"", "text/html", "empty"),
        (b" \r\n\t\0 ", "text/html", "empty"),
        (b"<html><body></body></html>", "text/html", "empty"),
        (b"%PDF-1.7 ...", "application/pdf", "not-html"),
        (b"%PDF-1.7 <html>", "text/html", "not-html"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "text/html", "not-html"),
        (b"just words without markup", "text/plain", "not-html"),
        (b'{"title": "x"}', "application/json", "not-html"),
        (gzip.compress(gzip.compress(b"<p>text</p>" * 1000, mtime=0), mtime=0), "text/html", "not-html"),
        (gzip.compress(bytes(50 << 20), mtime=0), "text/html", "not-html"),
    ],
)
def test_what_is_no_page_leaves_the_summary_and_says_why(body: bytes, content_type: str, kind: str) -> None:
    article = read(body, "Titre", "Le résumé du fil.", content_type=content_type)
    assert (article.text, article.text_from, article.partial, article.problems) == ("Le résumé du fil.", "summary", True, (kind,))


def test_gzip_data_under_an_html_label_is_unpacked_once() -> None:
    assert STORY in read(gzip.compress(story_page().encode())).text


def test_nothing_at_all_is_an_error_with_its_kind() -> None:
    with pytest.raises(PageError, match="no text") as caught:
        read("<html><body></body></html>")
    assert caught.value.kind == "empty" and caught.value.url == URL


def test_a_title_alone_is_kept_as_a_part() -> None:
    article = read("", "Hammouchi reçoit le patron du FBI")
    assert (article.text, article.partial) == ("Hammouchi reçoit le patron du FBI", True)


def test_the_feeds_full_text_wins_over_a_much_shorter_page() -> None:
    feed = "".join(f"<p>{STORY} Partie {number}.</p>" for number in range(6))
    article = read_page(page_of("<html><body><p>Un début de texte sans plus, coupé là.</p></body></html>"), entry_of("T", full_html=feed))
    assert article.text_from == "feed" and article.text.endswith("Partie 5.") and not article.partial


def test_the_page_wins_over_an_equal_feed_text() -> None:
    article = read_page(page_of(story_page()), entry_of("Réunion à Rabat", full_html=f"<p>{STORY}</p>"))
    assert article.text_from == "page"


def test_feed_text_keeps_paragraphs_and_leaves_out_furniture() -> None:
    markup = (
        f"<p>{STORY}</p><script>alert(1)</script><p>Lire aussi : Autre sujet</p><div class='sharedaddy share'>Partager</div>"
        f"<ul><li>Premier point de l’accord signé par les deux parties ;</li></ul>{STORY[::-1]}<br><br>Fin de la dépêche."
        '<p>The post <a href="/x">Réunion</a> appeared first on Site.</p>'
    )
    article = read_feed_text(entry_of("T", "Résumé", full_html=markup), problems=("robots",))
    assert article.text.split("\n\n") == [
        STORY,
        "Premier point de l’accord signé par les deux parties ;",
        STORY[::-1],
        "Fin de la dépêche.",
    ]
    assert (article.text_from, article.partial, article.problems) == ("feed", False, ("robots",))


def test_a_shortened_feed_text_is_marked_as_a_part() -> None:
    article = read_feed_text(entry_of("T", "", full_html=f"<p>{STORY} Et encore […]</p>"))
    assert article.partial


def test_a_summary_is_the_last_resort() -> None:
    assert read_feed_text(entry_of("T", "Le résumé.")).text_from == "summary"
    with pytest.raises(PageError):
        read_feed_text(entry_of())


def test_dates_authors_and_canonical_addresses_that_cannot_be_are_left_out() -> None:
    head = (
        '<link rel="canonical" href="https://other.example/elsewhere"><meta property="og:url" content="/"><meta name="author" '
        'content="https://facebook.example/journal"><meta property="article:published_time" content="hier vers midi">'
    )
    article = read(story_page(head=head), "Réunion à Rabat")
    assert (article.canonical_url, article.author, article.published) == (None, None, None)
    assert article.problems == ("date not understood: hier vers midi",)


def test_nothing_of_a_page_that_is_not_the_article_is_kept() -> None:
    head = '<link rel="canonical" href="/connexion-abonnes-2026"><meta name="author" content="Service clients">'
    form = '<h1>Connexion</h1><form><input type="password"></form>'
    body = f'<html lang="en"><head><title>Connexion</title>{head}</head><body>{form}</body></html>'
    article = read(body, "Titre du fil", "Le résumé du fil.", final_url="https://news.example/login?next=1")
    assert (article.url, article.canonical_url, article.author, article.language) == (URL, None, None, None)


@pytest.mark.parametrize("canonical", ["/", "/index.php", "/politique/", "https://other.example/2026/a-b-c", "javascript:x"])
def test_an_address_that_may_stand_on_every_page_is_not_the_articles(canonical: str) -> None:
    assert read(story_page(head=f'<link rel="canonical" href="{canonical}">'), "Réunion à Rabat").canonical_url is None


@pytest.mark.parametrize("canonical", ["/politique/reunion-a-rabat.html", "https://m.news.example/7654321", "/index.php?article=7654321"])
def test_the_address_of_one_article_is_kept(canonical: str) -> None:
    assert read(story_page(head=f'<link rel="canonical" href="{canonical}">'), "Réunion à Rabat").canonical_url is not None


def test_the_feeds_date_counts_before_the_pages() -> None:
    head = '<meta property="article:published_time" content="2026-11-20T10:00:00Z">'
    published = datetime(2026, 11, 19, 8, tzinfo=UTC)
    article = read_page(page_of(story_page(head=head)), entry_of("Réunion à Rabat", published=published))
    assert article.published == published


def test_controls_and_hidden_marks_leave_the_text() -> None:
    dirty = STORY.replace("Rabat", "Ra\0bat\x0b").replace("Madrid", "\u202eMadrid\u202c").replace("terrorisme", "terro\u00adrisme\u200b")
    assert STORY in read(story_page().replace(STORY, dirty), "Réunion à Rabat").text


def test_comments_of_readers_are_left_out() -> None:
    comments = "".join(f'<div class="comment"><p>Un avis de lecteur numéro {n} sur la rencontre de demain.</p></div>' for n in range(2000))
    article = read(story_page(after=f'<div id="comments">{comments}</div>'), "Réunion à Rabat")
    assert "avis de lecteur" not in article.text and STORY in article.text


# Pages made to hang, crash or swell the extractor. The limit is far above what is measured (0.1 to 2 s)


def is_quick(body: str | bytes, **known: Any) -> Article:
    start = time.process_time()
    article = read(body, "Réunion à Rabat", "Le résumé du fil.", **known)
    assert time.process_time() - start < 10
    assert len(article.text) <= MAX_TEXT
    return article


def test_five_megabytes_on_one_line_are_not_extracted() -> None:
    assert is_quick(story_page(before="<div>" + "mot " * 1_300_000 + "</div>")).problems == ("too-long",)


def test_large_scripts_styles_and_images_do_not_count() -> None:
    heavy = f"<script>{'x=1;' * 1_000_000}</script><style>{'a{b:c}' * 200_000}</style><img src='data:image/png;base64,{'A' * 2_000_000}'>"
    assert STORY in is_quick(story_page(before=heavy)).text


def test_deep_nesting_does_not_crash() -> None:
    is_quick(story_page(before="<div>" * 100_000))
    is_quick(story_page(after="<div>" * 25_000))
    assert STORY in is_quick(story_page(after="<div>" * 25_000)).text


def test_unclosed_inline_tags_do_not_crash() -> None:
    is_quick(story_page(after="<b>" * 200_000))
    is_quick(story_page(after="<b><i>" * 25_000))


def test_thousands_of_tiny_paragraphs_links_and_rows_are_refused_or_quick() -> None:
    assert is_quick(story_page(after="<p>deux mots</p>" * 50_000)).problems == ("too-long",)
    assert is_quick(story_page(after='<a href="/x">lien</a>' * 100_000)).problems == ("too-long",)
    assert is_quick("<table>" + "<tr><td>1</td><td>2</td></tr>" * 200_000 + "</table>").problems == ("too-long",)
    assert STORY in is_quick(story_page(after='<a href="/x">lien</a>' * 8_000)).text


@pytest.mark.parametrize("tag", ["span", "sup", "a href=/x", "img", "q", "x-foo", "br"])
def test_thousands_of_tags_in_one_paragraph_are_read_quickly(tag: str) -> None:
    assert STORY in is_quick(story_page(after="<p>" + f"<{tag}>mot</{tag.split()[0]}> " * 8_000 + "</p>")).text


def test_bait_for_regular_expressions_is_harmless() -> None:
    for bait in (
        "1" * 300_000,
        " " * 300_000,
        "'" * 300_000,
        '"' * 300_000,
        "a" * 300_000,
        "<" * 50_000,
        "<p " * 15_000,
        "<!--" * 50_000,
        "&" * 300_000,
    ):
        is_quick(story_page(after=f"<p>{bait}"))
        page_text_quick(bait.encode())


def test_megabytes_of_broken_json_ld_do_no_harm() -> None:
    broken = '<script type="application/ld+json">{"a":' + '[{"@type":"NewsArticle",' * 200_000 + "</script>"
    nested = '<script type="application/ld+json">' + "[" * 100_000 + "</script>"
    assert STORY in is_quick(story_page(head=broken + nested)).text


def test_a_page_is_read_alike_at_every_fetch() -> None:
    first = read(story_page(before="<div>12:01:07</div><p>3 visiteurs</p>"), "Réunion à Rabat")
    second = read(story_page(before="<div>12:09:44</div><p>71 visiteurs</p>"), "Réunion à Rabat")
    assert first.text == second.text


def test_the_quick_text_holds_every_word_of_the_page_and_no_script() -> None:
    text = page_text_quick(story_page(before="<nav>Menu &eacute;t&eacute;</nav><script>var hidden = 1</script>").encode())
    assert STORY in text and "Menu été" in text and "hidden" not in text
    assert "اليوم بالرباط" in page_text_quick("<p>استقبل المدير العام اليوم بالرباط</p>".encode("cp1256"))
