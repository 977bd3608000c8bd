"""OPML in and out, by defusedxml: no entity, no outside document is ever resolved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from monitor.config import FeedConfig
from pipelines.errors import PipelineError

MOST_BYTES = 20_000_000


class OpmlError(PipelineError):
    """The file is not OPML that can be read."""

    permanent = True


@dataclass(frozen=True, slots=True)
class Found:
    """The feeds of an OPML file, and a line for each outline that could not be taken."""

    feeds: tuple[FeedConfig, ...]
    problems: tuple[str, ...]


def read_opml(path: Path) -> Found:
    """The feeds named in `path`, each address once. Raises OpmlError, or OSError if the file cannot be read."""
    raw = path.read_bytes()
    if len(raw) > MOST_BYTES:
        raise OpmlError(f"{path}: larger than {MOST_BYTES // 1_000_000} MB")
    try:
        root = ElementTree.fromstring(raw, forbid_dtd=True)
    except DefusedXmlException as problem:
        raise OpmlError(f"{path}: refused: it declares entities or a document type ({type(problem).__name__})") from None
    except ElementTree.ParseError as problem:
        raise OpmlError(f"{path}: not OPML: {problem}") from None
    if root.tag.casefold() != "opml":
        raise OpmlError(f"{path}: not OPML but <{root.tag}>")
    feeds: dict[str, FeedConfig] = {}
    problems = []
    for outline in root.iter("outline"):
        address = (outline.get("xmlUrl") or outline.get("xmlurl") or "").strip()
        if not address:
            continue
        name = (outline.get("text") or outline.get("title") or re.sub(r"^https?://(www\.)?|/.*$", "", address)).strip()
        if address in feeds:
            problems.append(f"{address}: stands there twice")
        elif not re.match(r"https?://[^\s/?#]+", address, re.IGNORECASE) or len(address) > 2000:
            problems.append(f"{address[:200]}: not an address that begins with https:// or http://")
        else:
            language = (outline.get("language") or "")[:2].casefold()
            feeds[address] = FeedConfig(
                url=address,
                outlet=name[:200] or address[:200],
                language=language if language in ("fr", "ar", "es", "en") else None,
            )
    return Found(tuple(feeds.values()), tuple(problems))


def write_opml(feeds: Iterable[FeedConfig]) -> str:
    """The feeds as an OPML 2.0 document."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">', "<head><title>Vigie</title></head>", "<body>"]
    for feed in feeds:
        language = f" language={quoteattr(feed.language)}" if feed.language else ""
        lines.append(f'<outline type="rss" text={quoteattr(feed.outlet)} xmlUrl={quoteattr(feed.url)}{language}/>')
    return "\n".join([*lines, "</body>", "</opml>"])


def as_config_lines(feeds: Iterable[FeedConfig]) -> list[str]:
    """The feeds as lines of the configuration's `feeds` list."""
    lines = []
    for feed in feeds:
        values = {"url": feed.url, "outlet": feed.outlet, "country": feed.country, "language": feed.language}
        pairs = ", ".join(f"{key} = {_toml(value)}" for key, value in values.items() if value)
        lines.append(f"  {{ {pairs} }},")
    return lines


def _toml(value: str) -> str:
    """A TOML basic string: JSON's escapes are a part of TOML's, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
