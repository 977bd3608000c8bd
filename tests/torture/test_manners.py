"""What a host asked for holds for all of it and outlives the process that was asked (I10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hostile.server import Ask, Wire

from torture.catalogue import Row
from torture.documents import document, three
from torture.run import Run, configure, order, vigie
from torture.web import Web

MINUTE = timedelta(minutes=1)


async def three_items(ask: Ask, wire: Wire) -> None:
    await wire.answer(document(three(ask)).encode())


async def later_please(ask: Ask, wire: Wire) -> None:
    await wire.answer(status=429, headers=[("Retry-After", "3600")], content_type="text/plain")


def one_process_after_another(web: Web, folder: Path, feeds: list[str], *offsets: timedelta) -> Run:
    """A process for each pass, as if it had been killed in between."""
    run, start = Run(web, folder), datetime.now(UTC)
    for offset in offsets:
        with vigie(folder) as process:
            assert process.stdout is not None and process.stdout.readline(), run.log[-2000:]
            run.passes.append(order(process, do="pass", at=(start + offset).isoformat(), feeds=feeds))
    return run


def test_a_pages_wish_for_silence_holds_for_its_host_and_over_a_restart(tmp_path: Path) -> None:
    row = Row("W01", "a page answers 429", ())
    web = Web(["W01"])
    web.route("/W01", three_items)
    for number in (1, 2, 3):
        web.route(f"/a/W01/{number}", later_please)
    with web.running():
        configure(tmp_path, web, [row])
        run = one_process_after_another(web, tmp_path, [web.at("W01")], 0 * MINUTE, 10 * MINUTE, 50 * MINUTE)
        paths = [ask.path for ask in web.asked_at("W01")]
        # Two pages may be in flight at a time; after the first answer nobody asks again, not even for the feed
        assert paths[0] == "/W01" and 1 <= len(paths[1:]) <= 2, paths
        with run.reading() as connection:
            assert connection.execute("SELECT count(*) FROM entries WHERE outcome IS NULL").fetchone() == (3,)


@pytest.mark.torture
def test_a_wish_is_that_of_the_host_that_uttered_it_whoever_sent_us_there(tmp_path: Path) -> None:
    """W02 redirects its feed to W03, which wants to be left in peace: W02 may be asked, W03 may not, by any way."""
    web = Web(["W02", "W03"])
    web.route("/W03", later_please)

    async def elsewhere(ask: Ask, wire: Wire) -> None:
        await wire.redirect(web.at("W03"))

    web.route("/W02", elsewhere)
    with web.running():
        configure(tmp_path, web, [Row("W02", "", ()), Row("W03", "", ())])
        feeds = [web.at("W02"), web.at("W03")]
        one_process_after_another(web, tmp_path, feeds[:1], 0 * MINUTE)
        one_process_after_another(web, tmp_path, feeds, 10 * MINUTE, 20 * MINUTE)
        assert len(web.asked_at("W03")) == 1
        assert len(web.asked_at("W02")) == 3
