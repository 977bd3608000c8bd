"""Pictures of the digest in Chromium: wide, narrow, dark, Arabic; and the README's, of the demonstration's digest.

`python tests/screenshots.py [FOLDER]`, then look at them.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from mail.samples import ZONE, digest, feeds, full_digest
from playwright.sync_api import Browser, sync_playwright

from monitor import log
from monitor.demo import show
from monitor.mail.names import Names
from monitor.mail.render import render
from monitor.mail.view import view_of
from monitor.mail.words import frame
from pipelines.detect.resources import load

SHOTS = (
    ("wide", "fr", 800, "light", full_digest),
    ("narrow", "fr", 375, "light", full_digest),
    ("dark", "fr", 800, "dark", full_digest),
    ("dark-narrow", "en", 375, "dark", full_digest),
    ("arabic", "ar", 800, "light", full_digest),
    ("arabic-narrow", "ar", 375, "light", full_digest),
    ("spanish", "es", 800, "light", full_digest),
    ("quiet", "fr", 800, "light", lambda: digest([], watch=feeds(failing=(), silent=()))),
    ("blind", "fr", 800, "light", lambda: digest([], watch=feeds(feeds=3))),
)


README = Path(__file__).parent.parent / "docs" / "digest.png"
README_SIZE = {"width": 900, "height": 1100}


def picture_for_readme(browser: Browser, html: str) -> None:
    """The top of a digest as a mail client shows it."""
    page = browser.new_page(viewport=README_SIZE)
    page.set_content(html)
    page.screenshot(path=README)
    page.close()
    print(README)


def digest_of_demo() -> str:
    """The HTML of what `vigie demo` writes."""
    log.configure(quiet=True)
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(show(Path(folder), say=lambda line: None))
        return Path(outcome["digest"]).read_text(encoding="utf-8")


def main(folder: Path) -> None:
    """Write one PNG per shot into `folder`; fail if a page asks for anything from the network or scrolls sideways."""
    folder.mkdir(parents=True, exist_ok=True)
    demo = digest_of_demo()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, language, width, scheme, make in SHOTS:
            view = view_of(make(), frame(language), ZONE, contact="vigie@example.org", names=Names(load()))
            html = render(view)[0].html
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.set_content(html)
            page.screenshot(path=folder / f"digest-{name}.png", full_page=True)
            sideways = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            page.close()
            if asked or sideways:
                raise SystemExit(f"{name}: asked for {asked}" if asked else f"{name}: wider than {width} px")
            print(folder / f"digest-{name}.png")
        picture_for_readme(browser, demo)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("var/screenshots"))
