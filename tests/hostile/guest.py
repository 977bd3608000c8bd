"""How the tests fetch: quickly, and from the hostile server only."""

from __future__ import annotations

from pipelines.fetch import FetchRules

LOOPBACK = ("127.0.0.1/32",)


def rules(**changes: object) -> FetchRules:
    """Rules for quick tests: the hostile server is allowed, the canary is not, deadlines are short."""
    quick: dict[str, object] = {
        "timeout": 1.0,
        "page_timeout": 1.0,
        "pause": 0.0,
        "respect_robots": False,
        "allow_addresses": LOOPBACK,
        "contact": "vigie@news.example",
    }
    return FetchRules(**{**quick, **changes})  # type: ignore[arg-type]
