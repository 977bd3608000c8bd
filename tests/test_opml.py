from __future__ import annotations

import pytest

from monitor.config import FeedConfig, load_config
from monitor.opml import OpmlError, as_config_lines, read_opml, write_opml


def opml(tmp_path, body: str, head: str = ""):
    path = tmp_path / "feeds.opml"
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>{head}<opml version="2.0"><body>{body}</body></opml>', encoding="utf-8")
    return path


def test_feeds_are_found_in_nested_folders(tmp_path):
    found = read_opml(
        opml(tmp_path, '<outline text="Maroc"><outline type="rss" text="Le Fil &amp; Cie" xmlUrl="https://a.example/feed"/></outline>')
    )
    assert [(f.outlet, f.url) for f in found.feeds] == [("Le Fil & Cie", "https://a.example/feed")]


def test_what_was_exported_comes_back(tmp_path):
    feeds = [
        FeedConfig(url="https://a.example/f?x=1&y=2", outlet='Le "Fil"', language="fr"),
        FeedConfig(url="https://b.example/f", outlet="صحيفة"),
    ]
    path = tmp_path / "out.opml"
    path.write_text(write_opml(feeds), encoding="utf-8")
    assert [(f.url, f.outlet, f.language) for f in read_opml(path).feeds] == [(f.url, f.outlet, f.language) for f in feeds]


def test_the_printed_lines_are_valid_configuration(tmp_path):
    feeds = [FeedConfig(url="https://a.example/f", outlet='Quote " and \\ and é', language="fr", country="MA")]
    path = tmp_path / "config.toml"
    path.write_text("feeds = [\n" + "\n".join(as_config_lines(feeds)) + "\n]\n", encoding="utf-8")
    assert load_config(path).feeds[0] == feeds[0]


def test_bad_rows_are_listed_and_the_rest_is_kept(tmp_path):
    found = read_opml(
        opml(
            tmp_path,
            '<outline xmlUrl="file:///etc/passwd"/><outline xmlUrl="https://a.example/f"/><outline xmlUrl="https://a.example/f"/>',
        )
    )
    assert len(found.feeds) == 1
    assert [p.split(": ", 1)[1] for p in found.problems] == ["not an address that begins with https:// or http://", "stands there twice"]


@pytest.mark.parametrize(
    "head",
    ['<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]>', '<!DOCTYPE opml [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'],
)
def test_entities_are_refused_not_resolved(tmp_path, head):
    with pytest.raises(OpmlError, match="refused"):
        read_opml(opml(tmp_path, '<outline text="&x;" xmlUrl="https://a.example/f"/>', head))


@pytest.mark.parametrize("text", ["", "not xml", "<rss/>", "<opml><body>"])
def test_another_document_is_named_as_such(tmp_path, text):
    path = tmp_path / "x.opml"
    path.write_text(text)
    with pytest.raises(OpmlError, match="not OPML"):
        read_opml(path)


def test_ten_thousand_feeds_are_read(tmp_path):
    rows = "".join(f'<outline text="o{n}" xmlUrl="https://h{n}.example/f"/>' for n in range(10_000))
    assert len(read_opml(opml(tmp_path, rows)).feeds) == 10_000
