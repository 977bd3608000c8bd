"""What a site's robots.txt asks of us (RFC 9309), read with protego."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

MAX_BYTES = 512 * 1024  # RFC 9309 asks for at least 500 KiB; what follows is not read
LONGEST_DELAY = 15.0  # seconds; a Crawl-delay of an hour would keep a newspaper's day out of the digest
_MAX_LINES = 5_000  # of rules; more than a hundred are rare, and protego needs 30 µs a line

_AGENT_LINE = re.compile(r"\s*user[ -]?agent\s*[:\s]\s*([^#]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site for one program. `delay`: seconds between requests, 0 if none are asked for; `lines` of rules."""

    rules: Protego | None
    agent: str
    delay: float = 0.0
    lines: int = 0

    def allows(self, url: str) -> bool:
        """Whether this page may be fetched."""
        return self.rules is None or bool(self.rules.can_fetch(url, self.agent))


def parse_robots(body: bytes, agent: str) -> Robots:
    """Read a robots.txt for the program whose product token is `agent` ("Vigie"). Never raises: no rules, all allowed."""
    text = _ours(body[:MAX_BYTES].decode("utf-8", "replace").lstrip("\ufeff"), agent.lower())
    if not text:
        return Robots(None, agent)
    rules = Protego.parse(text)
    delay = rules.crawl_delay(agent) or 0.0
    rate = rules.request_rate(agent)
    if rate is not None and rate.requests:
        delay = max(delay, rate.seconds / rate.requests)
    return Robots(rules, agent, min(delay, LONGEST_DELAY), text.count("\n") + 1)


def robots_url(url: str) -> str:
    """Where the rules for an address stand."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"


def product_token(user_agent: str) -> str:
    """The name robots.txt knows a program by: the first word of its User-Agent without version."""
    found = re.match(r"\s*([A-Za-z_-]+)", user_agent)
    return found[1] if found else "vigie"


def _ours(text: str, agent: str) -> str:
    """The lines that can concern `agent`, other programs' names folded into one.

    A file that lists thousands of programs above thousands of rules would cost their product in memory.
    """
    kept: list[str] = []
    for line in text.splitlines():
        found = _AGENT_LINE.match(line)
        if found:
            name = found[1].strip().lower()
            bare = name.replace("*", "")
            line = f"User-agent: {name if not bare or bare in agent or agent in bare else 'someone-else'}"
        if not line or line.isspace() or (found and kept and line == kept[-1]):
            continue
        kept.append(line)
        if len(kept) >= _MAX_LINES:
            break
    return "\n".join(kept)
