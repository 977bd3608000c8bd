from __future__ import annotations

import io
import json
import logging

import pytest

from monitor import log
from monitor.terminal import plain, shortened


@pytest.fixture
def written(monkeypatch):
    """What was logged, as text."""
    monkeypatch.delenv("VIGIE_LOG", raising=False)
    stream = io.StringIO()
    log.configure(stream=stream)
    return stream


def test_a_line_tells_the_event_first_and_then_its_facts(written):
    log.logger().info("feed-polled", outlet="Le Fil", url="https://a.example/f", new=3, note=None)
    line = written.getvalue()
    assert line.count("\n") == 1
    assert line.split(" ", 2)[1:] == ["info", 'feed-polled outlet="Le Fil" url=https://a.example/f new=3\n']


@pytest.mark.parametrize("poison", ["a\nb=c", "a\x1b[2Jb", "a\r\n2026 info forged", "a\u2028b", "a\u202eb", "a\x00b", "a\ud800b"])
def test_nothing_from_a_feed_forges_a_line_or_moves_the_cursor(written, poison):
    log.logger().info("entry-done", title=poison)
    line = written.getvalue()
    assert len(line.splitlines()) == 1
    assert not any(c in line for c in "\x1b\x00\u202e\u2028\r")
    line.encode("utf-8")


def test_a_bug_keeps_its_traceback_with_every_line_made_plain(written):
    try:
        raise ValueError("from a title: \x1b[31m")
    except ValueError:
        log.logger().exception("bug", url="https://a.example")
    assert "ValueError" in written.getvalue()
    assert "\x1b" not in written.getvalue()


def test_json_lines_on_request(monkeypatch):
    monkeypatch.setenv("VIGIE_LOG", "json")
    stream = io.StringIO()
    log.configure(stream=stream)
    log.logger().warning("feed-failed", outlet="Le Fil", failures=2)
    told = json.loads(stream.getvalue())
    assert (told["event"], told["level"], told["outlet"], told["failures"]) == ("feed-failed", "warning", "Le Fil", 2)


def test_quiet_leaves_warnings():
    stream = io.StringIO()
    log.configure(stream=stream, quiet=True)
    log.logger().info("unheard")
    log.logger().warning("heard")
    assert "unheard" not in stream.getvalue()
    assert "heard" in stream.getvalue()


def test_what_a_library_warns_of_comes_in_the_same_form(written):
    logging.getLogger("some.library").warning("odd %s", "thing\x1b[0m")
    assert 'library source=some.library message="odd thing\\\\u001b[0m"' in written.getvalue()


def test_plain_text_stays_on_one_line_and_keeps_its_letters():
    assert plain("Le\tchef\r\nde la DGSI, السيد") == "Le chef de la DGSI, السيد"
    assert shortened("un titre bien trop long", 10) == "un titre…"
    assert shortened("court", 10) == "court"
