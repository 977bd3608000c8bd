"""What every stage found in an article, in words, with the quotes; for an unflagged one also what was missing."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.detect.model import Detection, Mention, Participant, Quote, Report, Status

_STATUS = {
    Status.NEW: "reported as news",
    Status.BACKGROUND: "recalled",
    Status.PLANNED: "still to come",
    Status.DENIED: "denied",
    Status.CANCELLED: "called off",
}
_KINDS = (
    ("person", "people"),
    ("office", "offices"),
    ("body", "bodies"),
    ("place", "places"),
    ("date", "days"),
    ("cue", "words of an encounter"),
    ("topic", "topics"),
)
_SHOWN = 12  # mentions of one kind that are listed
_LONGEST = 240  # letters of a quote


def explain(detection: Detection, title: str, text: str) -> list[str]:
    """The verdicts of all stages as lines to print. `title` and `text` are those the detection was made from."""
    lines = [f"language: {detection.language or 'unknown'}", *_verdict(detection)]
    lines.extend(_found(detection.mentions, {"title": title, "text": text}))
    for number, report in enumerate(detection.reports, 1):
        lines.append("")
        lines.extend(_told(number, report))
    return lines


def _verdict(detection: Detection) -> list[str]:
    if detection.flag:
        kinds = ", ".join(detection.categories) or "none"
        return [f"verdict: flagged, score {detection.score:.2f}, categories {kinds}"]
    word = "possible, just below the line" if detection.possible else "not flagged"
    return [f"verdict: {word}, score {detection.score:.2f}", *(f"  missing: {why}" for why in detection.missing)]


def _found(mentions: Iterable[Mention], texts: dict[str, str]) -> list[str]:
    lines = []
    by_kind: dict[str, list[str]] = {}
    for mention in mentions:
        quote = mention.quote
        # Only what stands in the text is shown, wherever the detection came from
        words = " ".join(texts[quote.field][quote.start : quote.end].split())
        said = f"{words} ({mention.id})" if mention.id and mention.kind in ("person", "office", "body", "date") else words
        if said and said not in by_kind.setdefault(mention.kind, []):
            by_kind[mention.kind].append(said)
    for kind, name in _KINDS:
        found = by_kind.get(kind, [])
        if found:
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            lines.append(f"{name}: {'; '.join(found[:_SHOWN])}{more}")
        else:
            lines.append(f"{name}: none")
    return lines


def _told(number: int, report: Report) -> list[str]:
    where = ", ".join(part for part in (report.place.city, report.place.country) if part) or "unknown"
    days = report.days.label or "unknown"
    if report.days.precision == "range" and report.days.last:
        days += f" to {report.days.last.isoformat()}"
    lines = [f"meeting {number}: {_STATUS[report.status]}, {report.mode}, day {days}, place {where}, score {report.score:.2f}"]
    if report.quote:
        lines.append(f"  told: {_shown(report.quote)}")
    lines.extend(f"  at the table: {_who(one)}" for one in report.participants)
    shown = (evidence for evidence in report.evidence if evidence.about not in ("participants", "status"))
    lines.extend(f"  {evidence.about}: {_shown(evidence.quote)}" for evidence in shown)
    lines.extend(
        f"  {reason.weight:+.2f} {reason.name}" + (f": {_shown(reason.quote)}" if reason.quote else "") for reason in report.reasons
    )
    if not report.security:
        lines.append("  security is no subject")
    return lines


def _who(one: Participant) -> str:
    name = one.name or one.role or one.body or "somebody"
    rest = ", ".join(part for part in (one.role if one.name else None, one.body, one.country, one.side) if part)
    quote = f": {_shown(one.quotes[0])}" if one.quotes else ""
    return f"{name} ({rest}){quote}" if rest else f"{name}{quote}"


def _shown(quote: Quote) -> str:
    words = " ".join(quote.text.split())
    return f"“{words if len(words) <= _LONGEST else words[: _LONGEST - 1] + '…'}”"
