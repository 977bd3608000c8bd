"""Log lines: time, level, event, then key=value with the same keys everywhere (`outlet`, `url`, `outcome`, `ms`).

`VIGIE_LOG=json` writes one JSON object a line instead, `VIGIE_LOG=debug` adds the lines of level debug.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from monitor.terminal import plain

_BARE = re.compile(r"[^\s\"=\\]+")
_FIRST = ("timestamp", "level", "event")


def configure(stream: TextIO | None = None, *, quiet: bool = False) -> None:
    """Send log lines to `stream` (default standard error); `quiet` leaves only warnings and errors."""
    wish = os.environ.get("VIGIE_LOG", "").casefold()
    level = logging.DEBUG if "debug" in wish else logging.WARNING if quiet else logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True),
            structlog.processors.format_exc_info,
            _as_json if "json" in wish else _as_line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries that log by themselves: only what they warn of, in the same form
    logging.basicConfig(level=logging.WARNING, handlers=[_Passing()], force=True)
    for noisy in ("trafilatura", "htmldate", "courlan", "httpx", "httpcore", "apscheduler", "alembic", "charset_normalizer"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def logger() -> Any:
    """The logger of the application."""
    return structlog.get_logger()


class _Passing(logging.Handler):
    """Hands what libraries log to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            logger().log(record.levelno, "library", source=record.name, message=record.getMessage())
        except Exception:
            self.handleError(record)


def _as_line(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    head = " ".join(plain(event.pop(key, "")) for key in _FIRST)
    trace = event.pop("exception", None)
    pairs = "".join(f" {key}={_value(value)}" for key, value in event.items() if value is not None)
    # A traceback is ours, but the message in it may quote a stranger: every line of it is made plain
    tail = "".join(f"\n    {plain(line)}" for line in str(trace).splitlines()) if trace else ""
    return f"{head}{pairs}{tail}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    text = plain(value)
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _as_json(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    ordered = {key: event.pop(key) for key in _FIRST if key in event} | dict(event)
    safe = {
        key: value if isinstance(value, bool | int | float) or value is None else plain(value) for key, value in ordered.items()
    }
    return json.dumps(safe, ensure_ascii=False)
