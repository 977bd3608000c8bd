"""Alerts to chat rooms, telephones and the like, through Apprise. It is an extra: nothing of the digest needs it.

Addresses hold secrets. Outside the process they are known by a key alone: the kind of service and a few digits of a hash.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Iterable
from types import ModuleType

from monitor.mail.smtp import Deferred, Misconfigured

PREFIX = "push:"

SECONDS = 60.0
"""For one service; Apprise itself waits 4 s for a connection and 4 s for an answer, and may try a second address."""

INSTALL = "alert addresses need Apprise: pip install 'vigie[alerts]'"

BODY_LENGTH = 3500
"""Characters; many chat services refuse more than 4,000."""


def key_of(url: str) -> str:
    """What an address is called in the store and in the log."""
    kind = re.match(r"[a-z0-9]{1,20}(?=://)", url.lower())
    return f"{PREFIX}{kind[0] if kind else 'unknown'}:{hashlib.sha256(url.encode('utf-8', 'replace')).hexdigest()[:12]}"


def is_push(recipient: str) -> bool:
    """Whether a recipient in the outbox is a service and no mail address."""
    return recipient.startswith(PREFIX)


def problems(urls: Iterable[str]) -> list[str]:
    """What keeps these addresses from being used, one line each, without their secrets; empty if nothing does."""
    urls = list(urls)
    if not urls:
        return []
    try:
        apprise = _apprise()
    except Misconfigured as missing:
        return [missing.reply]
    return [
        f"alert address {number} ({key_of(url).removeprefix(PREFIX)}) is not one that Apprise knows"
        for number, url in enumerate(urls, 1)
        if apprise.Apprise.instantiate(url, suppress_exceptions=True) is None
    ]


async def push(url: str, title: str, text: str) -> None:
    """Tell one service. Raises Misconfigured without Apprise or for an address it does not know, Deferred if it was not taken."""
    apprise = _apprise()
    service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if service is None:
        raise Misconfigured(f"{key_of(url)} is not an address that Apprise knows")
    room = apprise.Apprise()
    room.add(service)
    body = text.partition("\n-- \n")[0].strip()
    if len(body) > BODY_LENGTH:
        body = body[:BODY_LENGTH].rpartition("\n")[0].rstrip() + "\n…"
    try:
        async with asyncio.timeout(SECONDS):
            taken = await asyncio.to_thread(room.notify, title=title, body=body)
    except TimeoutError:
        raise Deferred(f"{key_of(url)} did not answer in {SECONDS:.0f} s") from None
    if not taken:
        raise Deferred(f"{key_of(url)} did not take the alert")


def _apprise() -> ModuleType:
    try:
        import apprise
    except ImportError:
        raise Misconfigured(INSTALL) from None
    # Its lines quote addresses
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    return apprise  # type: ignore[no-any-return, unused-ignore]  # without types where it is not installed
