"""Text in, meetings with quotes out: who met whom, where, when, about what, and whether that is new, recalled or planned.

Importing this costs nothing; data is loaded by `load`, or on first use.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.detect.candidate import is_candidate
from pipelines.detect.model import Detection, Report

if TYPE_CHECKING:
    from pipelines.detect.detector import Resources

__all__ = ["LANGUAGES", "Detection", "detect", "explain", "is_candidate", "labelled", "load", "to_label"]
LANGUAGES = ("fr", "ar", "es", "en")


def load(registers: Sequence[Path] = (), languages: Sequence[str] = LANGUAGES) -> Resources:
    """What `detect` needs: register, places and the lexicons of `languages`; the same object again for the same arguments.

    Raises `resources.RegisterError` or `cues.LexiconError`, both ValueErrors that name file and key, if a data file is wrong.
    """
    from pipelines.detect import detector

    return detector.load(registers, languages)


def detect(
    title: str,
    text: str,
    published: datetime | None,
    language: str | None = None,
    outlet: str | None = None,
    *,
    resources: Resources | None = None,
    threshold: float = 0.5,
    possible: float = 0.3,
) -> Detection:
    """The meetings that an article reports, with the quotes that prove them; an answer with reasons for whatever the text is.

    `published` places "jeudi" and "hier"; its own zone is used. `threshold` is the score of a flagged meeting, `possible` that of
    one listed just below the line.
    """
    from pipelines.detect import detector

    return detector.detect(title, text, published, language, outlet, resources=resources, threshold=threshold, possible=possible)


def to_label(detection: Detection, *, id: str) -> dict[str, object]:
    """One prediction in the label format: a line of `vigie detect`."""
    from pipelines.detect import detector

    return detector.to_label(detection, id=id)


def labelled(detection: Detection) -> list[Report]:
    """The reports of `detection` that `to_label` lists, in the same order."""
    from pipelines.detect import detector

    return detector.labelled(detection)


def explain(detection: Detection, title: str, text: str) -> list[str]:
    """Every stage's verdict in lines, with quotes; for an unflagged article also what was missing."""
    from pipelines.detect import explanation

    return explanation.explain(detection, title, text)
