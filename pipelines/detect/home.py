"""The country where an outlet is at home, so that a title without any country finds its own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipelines.detect.fold import fold, fold_key

_FILE = Path(__file__).parent / "data" / "outlets.toml"
_HEAD = 160  # letters of a text in which its agency stands
_TAG = re.compile(r"[(/]\s{0,2}([\w .]{2,24}?)\s{0,2}[)/]|^[^\n]{0,50}?(?:^|[\s—–-])([\w ]{2,24}?)\s{0,2}[:–—-](?=\s)")


class OutletError(ValueError):
    """The list of outlets is wrong; the message names file and key."""


class Homes(NamedTuple):
    """Countries by folded outlet name, and by the folded tag that agency copy opens with."""

    names: Mapping[str, str]
    tags: Mapping[str, str]


def home_of(outlet: str | None, text: str) -> str | None:
    """The ISO 3166 country of an Arabic article's outlet or agency, or None if neither is known."""
    homes = load_homes()
    found = homes.names.get(fold_key(outlet)) if outlet else None
    if found is not None:
        return found
    for match in _TAG.finditer(fold(text[:_HEAD]).text):
        words = _plain(match[1] or match[2] or "").split()
        for length in (3, 2, 1):
            tag = " ".join(words[-length:])
            if len(words) >= length and tag in homes.tags:
                return homes.tags[tag]
    return None


@cache
def load_homes(path: Path | None = None) -> Homes:
    """The outlets of the data file. Raises OutletError with file and key if it is wrong."""
    source = path or _FILE
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise OutletError(f"{source.name}: {error}") from error
    names: dict[str, str] = {}
    tags: dict[str, str] = {}
    for number, row in enumerate(data.get("outlet", ()), 1):
        key = f"outlet[{number}]"
        unknown = set(row) - {"country", "names", "tags"}
        if unknown:
            raise OutletError(f"{source.name}: {key}.{min(unknown)}: unknown key")
        country = row.get("country")
        if not isinstance(country, str) or not re.fullmatch("[A-Z]{2}", country):
            raise OutletError(f"{source.name}: {key}.country: must be two capitals")
        for field, into in (("names", names), ("tags", tags)):
            words = row.get(field)
            if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
                raise OutletError(f"{source.name}: {key}.{field}: must be a list of words, not empty")
            for word in words:
                folded = fold_key(word) if field == "names" else _plain(fold_key(word))
                if into.setdefault(folded, country) != country:
                    raise OutletError(f"{source.name}: {key}.{field}: {word!r} is there for another country")
    return Homes(names, tags)


def _plain(text: str) -> str:
    return " ".join(text.replace(".", " ").split())
