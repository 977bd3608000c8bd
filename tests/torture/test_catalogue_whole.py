"""Every row of the catalogue in one store and one process, the slow ones too, and the digest in a real browser."""

from __future__ import annotations

import os

import pytest

from torture import outputs
from torture.catalogue import ROWS
from torture.judging import *  # noqa: F403
from torture.run import Run

pytestmark = [pytest.mark.torture, pytest.mark.timeout(1800)]

ROWS_HERE = ROWS


@pytest.mark.parametrize("where", outputs.LONG_TEXTS)
def test_what_else_goes_to_a_terminal_is_harmless(run: Run, where: str) -> None:
    outputs.harmless_text(outputs.text_of(run, where))


@pytest.mark.browser
def test_a_browser_that_shows_a_digest_loads_nothing_and_runs_nothing(run: Run) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    shown: list[str] = []
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        except sync_api.Error:
            if os.environ.get("VIGIE_TEST_BROWSER") == "required":
                raise
            pytest.skip("no Chromium here")
        for path in outputs.files(run, "*.html"):
            page, asked, opened = browser.new_page(), [], []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.on("dialog", lambda dialog, opened=opened: opened.append(dialog.message))
            page.goto(path.as_uri())
            page.wait_for_timeout(300)
            assert asked == [path.as_uri()]
            assert opened == []
            assert page.evaluate("getComputedStyle(document.body).display") != "none"
            shown.append(page.inner_text("body"))
        browser.close()
    assert any("Hammouchi" in text for text in shown)
