"""Why an article was flagged, or why not: every stage's verdict on an address, a file, or a stored article."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import detect as detection
from pipelines.errors import PageError, PipelineError
from pipelines.flow import ReadRules, detect_article
from pipelines.records import Article, Entry

if TYPE_CHECKING:
    from monitor.config import Config

MOST_BYTES = 20_000_000


class NothingToExplain(PipelineError):
    """The target is no address, no file and no stored article."""

    permanent = True


@dataclass(frozen=True, slots=True)
class Explained:
    """What each stage made of one article."""

    stages: tuple[tuple[str, str], ...]  # (stage, verdict)
    article: Article
    found: detection.Detection
    outcome: str | None = None  # of a stored article
    meetings: tuple[int, ...] = ()

    def lines(self) -> list[str]:
        """For people."""
        lines = [f"{stage:<9} {verdict}" for stage, verdict in self.stages]
        lines.append("")
        lines += detection.explain(self.found, self.article.title, self.article.text)
        return lines

    def as_fields(self) -> dict[str, Any]:
        """For `--json`: the stages, and the prediction with evidence."""
        told = detection.to_label(self.found, id=self.article.url or "article")
        return {
            "stages": dict(self.stages),
            "title": self.article.title,
            "language": self.found.language,
            "flag": self.found.flag,
            "possible": self.found.possible,
            "score": self.found.score,
            "missing": list(self.found.missing),
            "prediction": told,
            "reports": [_report(report) for report in self.found.reports],
            "mentions": [
                {
                    "kind": m.kind,
                    "id": m.id,
                    "text": m.quote.text,
                    "field": m.quote.field,
                    "start": m.quote.start,
                    "end": m.quote.end,
                }
                for m in self.found.mentions
            ],
        }


def _report(report: Any) -> dict[str, Any]:
    return {
        "status": str(report.status),
        "date": report.days.label,
        "date_precision": report.days.precision,
        "city": report.place.city,
        "country": report.place.country,
        "mode": report.mode,
        "topics": list(report.topics),
        "categories": list(report.categories),
        "security": report.security,
        "score": report.score,
        "reasons": [{"name": r.name, "weight": r.weight, "quote": r.quote.text if r.quote else None} for r in report.reasons],
        "evidence": [
            {"about": e.about, "quote": e.quote.text, "field": e.quote.field, "start": e.quote.start, "end": e.quote.end}
            for e in report.evidence
        ],
        "participants": [
            {"name": p.name, "role": p.role, "body": p.body, "country": p.country, "person_id": p.person_id, "body_id": p.body_id,
             "known": p.known, "side": p.side}
            for p in report.participants
        ],
    }  # fmt: skip


async def explain_target(config: Config, target: str) -> Explained:
    """Read `target` again and say what each stage makes of it.

    `target` is an address (fetched now), a file (text with the title on its first line, HTML, or the first article of a
    JSONL file), or the number of a stored article. Raises NothingToExplain, FetchError or ConfigError.
    """
    from monitor import app

    app.load_register(config)
    rules = app.read_rules(config)
    if re.match(r"https?://", target, re.IGNORECASE):
        return await _address(config, rules, target)
    if Path(target).is_file():
        return _file(rules, Path(target))
    if target.isdecimal():
        return _stored(config, rules, int(target))
    raise NothingToExplain(f"{target}: neither an address (https://...), nor a file, nor the number of a stored article")


async def _address(config: Config, rules: ReadRules, url: str) -> Explained:
    from monitor import app
    from pipelines.extract import read_page

    async with app.make_fetcher(config) as fetcher:
        page = await fetcher.get(url, purpose="page")
    stages = [("fetch", f"{page.status}, {len(page.body):,} bytes from {page.final_url}")]
    entry = Entry(url=url, title="", summary="")
    try:
        article = read_page(page, entry)
    except PageError as problem:
        raise NothingToExplain(f"{url}: {problem.reason}") from None
    return _explained(stages, article, rules=rules)


def _file(rules: ReadRules, path: Path) -> Explained:
    from pipelines.extract import read_page
    from pipelines.records import Page

    if path.stat().st_size > MOST_BYTES:
        raise NothingToExplain(f"{path}: larger than {MOST_BYTES // 1_000_000} MB")
    raw = path.read_bytes()
    stages = [("file", f"{path}, {len(raw):,} bytes")]
    if path.suffix in (".jsonl", ".json", ".ndjson"):
        return _explained(stages, *_first_article(path, raw), rules=rules)
    if re.search(rb"<(html|!doctype html|body|article)\b", raw[:4000], re.IGNORECASE):
        from monitor.app import now

        page = Page(url=path.resolve().as_uri(), final_url=path.resolve().as_uri(), status=200, body=raw, fetched_at=now())
        try:
            article = read_page(page, Entry(url=None, title="", summary=""))
        except PageError as problem:
            raise NothingToExplain(f"{path}: {problem.reason}") from None
        return _explained(stages, article, rules=rules)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise NothingToExplain(f"{path}: not UTF-8 text (byte {problem.start + 1}); save it as UTF-8") from None
    title, _, body = text.strip().partition("\n")
    if not body.strip():
        title, body = "", title
    return _explained(stages, Article(None, title.strip(), body.strip(), "import"), rules=rules)


def _first_article(path: Path, raw: bytes) -> tuple[Article, str | None]:
    from monitor.importing import article_of

    for number, line in enumerate(raw.splitlines(), start=1):
        if line.strip():
            try:
                _, article, outlet = article_of(json.loads(line), f"line {number}")
            except (ValueError, AttributeError) as problem:
                raise NothingToExplain(f"{path}: {problem}") from None
            return article, outlet
    raise NothingToExplain(f"{path}: the file is empty")


def _stored(config: Config, rules: ReadRules, number: int) -> Explained:
    from monitor import app
    from monitor.daemon import sqlite_path

    path = sqlite_path(config.store_url)
    if path is not None and not path.exists():
        raise NothingToExplain(f"{path}: there is no store yet, so no stored article {number}")
    store = app.open_store(config, read_only=True)
    try:
        row = store.article(number)
    finally:
        store.close()
    if row is None:
        raise NothingToExplain(f"there is no stored article {number}; `vigie search WORDS` finds their numbers")
    article = Article(
        url=row["url"],
        title=row["title"],
        text=row["text"] or "",
        text_from=row["text_from"],
        language=row["language"],
        outlet=row["outlet"],
        published=row["published_at"],
        partial=bool(row["partial"]),
    )
    stages = [
        ("store", f"article {number}, version {row['version']}, outcome {row['outcome']}"),
        ("joined", ", ".join(f"meeting {m}" for m in row.get("meeting_ids", ())) or "to no meeting"),
    ]
    return _explained(stages, article, row["outlet"], rules=rules, first_seen=row.get("fetched_at"))


def _explained(
    stages: Sequence[tuple[str, str]],
    article: Article,
    outlet: str | None = None,
    rules: ReadRules | None = None,
    first_seen: datetime | None = None,
) -> Explained:
    rules = rules or ReadRules()
    found = detect_article(article, outlet, rules, first_seen)
    told = f"{article.words} words from {article.text_from}{', partial' if article.partial else ''}"
    if article.problems:
        told += f" ({'; '.join(article.problems)})"
    when = f"{article.published:%Y-%m-%d %H:%M %Z}" if article.published else "no time of publication"
    verdict = "FLAGGED" if found.flag else "possible" if found.possible else "not flagged"
    verdict += f", score {found.score:.2f} (threshold {rules.threshold:.2f}, possible from {rules.possible:.2f})"
    more = [("extract", told), ("language", found.language or "unknown"), ("published", when), ("verdict", verdict)]
    return Explained((*stages, *more), article, found)


__all__ = ["Explained", "NothingToExplain", "explain_target"]
