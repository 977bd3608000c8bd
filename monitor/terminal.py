"""What strangers wrote, made safe for a terminal or a log line."""

from __future__ import annotations

import re
import sys

# C0 and C1 controls, DEL, and what turns the reading direction or hides: shown as \x.. or \u....
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def plain(text: object) -> str:
    """`text` on one line without anything a terminal would act on; tabs and line ends become spaces."""
    value = re.sub(r"[\t\r\n\u2028\u2029]+", " ", str(text))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", value)


def shortened(text: object, width: int) -> str:
    """`text` on one line, cut to `width` characters with an ellipsis."""
    value = " ".join(plain(text).split())
    return value if len(value) <= width else value[: max(width - 1, 0)].rstrip() + "…"


def is_terminal() -> bool:
    """Whether standard output is a terminal that understands movement of the cursor."""
    import os

    return sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
