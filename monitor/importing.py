"""Articles from JSONL: read (`detect`), scored (`evaluate`), or kept as if they had come by a feed (`import`).

Detection runs in as many processes as `[read] workers` says; the store takes articles one by one, in order of publication.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import detect as detection
from pipelines.fingerprint import fingerprint
from pipelines.flow import ReadRules, detect_article
from pipelines.records import Article, Kept, Reading

if TYPE_CHECKING:
    from monitor.config import Config

IN_FLIGHT = 64  # articles handed to the workers ahead of the one that is kept next
LONGEST_TEXT = 5_000_000  # characters; what is beyond is not an article
SMALL = 60  # articles; below that, starting processes costs more than it saves


@dataclass(slots=True)
class Summary:
    """What an import came to."""

    articles: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    new_meetings: int = 0
    problems: list[str] = field(default_factory=list)

    def as_fields(self) -> dict[str, Any]:
        return {
            "articles": self.articles,
            "outcomes": dict(sorted(self.outcomes.items())),
            "new_meetings": self.new_meetings,
            "problems": self.problems,
        }

    def in_words(self) -> str:
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        return f"{self.articles} articles: {outcomes or 'nothing'}; {self.new_meetings} new meetings"


def article_of(row: dict[str, Any], where: str) -> tuple[str, Article, str | None]:
    """(id, article, outlet) of one line. Raises ValueError saying which key is wrong and how."""
    values: dict[str, Any] = {}
    for key in ("id", "title", "text", "lang", "outlet", "url", "published"):
        value = row.get(key)
        if value is not None and not isinstance(value, str | int if key == "id" else str):
            raise ValueError(f"{where}: {key}: expected text, not {type(value).__name__}")
        values[key] = value
    if values["id"] is None or not (values["title"] or values["text"]):
        raise ValueError(f"{where}: an article needs an id, and a title or text")
    text = (values["text"] or "")[:LONGEST_TEXT]
    published = published_time(values["published"], where)
    article = Article(
        url=values["url"],
        title=values["title"] or "",
        text=text,
        text_from="import",
        language=values["lang"],
        outlet=values["outlet"],
        published=published,
    )
    return str(values["id"]), article, values["outlet"]


def published_time(value: str | None, where: str) -> datetime | None:
    """The time of publication with its own zone (UTC where it names none). Raises ValueError."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(f"{where}: published: {value[:40]!r} is not a time such as 2026-03-14T07:30:00+01:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def prediction_of(identifier: str, found: detection.Detection) -> dict[str, Any]:
    """One prediction in the label format."""
    return detection.to_label(found, id=identifier)


_rules = ReadRules()


def _start(rules: ReadRules) -> None:
    """In a worker process: take the rules once, and load what they name."""
    global _rules
    _rules = rules
    detection.load(rules.registers, rules.languages)


def _detect_one(article: Article, outlet: str | None) -> tuple[detection.Detection, tuple[int, ...]]:
    return detect_article(article, outlet, _rules), fingerprint(article.text)


class Detectors:
    """Detection of many articles in order of arrival: in this process for few, in several for many."""

    def __init__(self, rules: ReadRules, workers: int, *, many: bool):
        self._pool: ProcessPoolExecutor | None = None
        if many and workers > 1:
            self._pool = ProcessPoolExecutor(
                workers, multiprocessing.get_context("spawn"), initializer=_start, initargs=(rules,)
            )
        else:
            _start(rules)

    def __enter__(self) -> Detectors:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, articles: Iterable[tuple[Any, Article, str | None]]) -> Iterator[tuple[Any, Article, Any]]:
        """(tag, article, result of detection) for each (tag, article, outlet), in the same order."""
        if self._pool is None:
            for tag, article, outlet in articles:
                yield tag, article, _detect_one(article, outlet)
            return
        waiting: deque[tuple[Any, Article, Future[Any]]] = deque()
        for tag, article, outlet in articles:
            waiting.append((tag, article, self._pool.submit(_detect_one, article, outlet)))
            if len(waiting) >= IN_FLIGHT:
                first, its_article, future = waiting.popleft()
                yield first, its_article, future.result()
        for first, its_article, future in waiting:
            yield first, its_article, future.result()


def rules_of(config: Config) -> ReadRules:
    from monitor import app

    app.load_register(config)
    return app.read_rules(config)


def predict(config: Config, labels: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A prediction for each labelled article; of the label only id, lang, published, title, text and outlet are looked at."""
    articles = []
    for number, row in enumerate(labels, start=1):
        identifier, article, outlet = article_of(row, f"article {number}")
        articles.append((identifier, article, outlet))
    with Detectors(rules_of(config), config.read.workers, many=len(articles) > SMALL) as detectors:
        for identifier, _, (found, _) in detectors.run(articles):
            yield prediction_of(identifier, found)


def detect_lines(config: Config, path: Path) -> Iterator[tuple[str | None, str | None]]:
    """(prediction as a JSON line, None) or (None, what is wrong) for each line of `path`, in order, as they are read."""
    from monitor.cli.context import read_jsonl

    problems: list[str] = []

    def articles() -> Iterator[tuple[str, Article, str | None]]:
        for number, row, problem in read_jsonl(path):
            where = f"line {number}"
            if row is None:
                problems.append(f"{where}: {problem}")
                continue
            try:
                yield article_of(row, where)
            except ValueError as wrong:
                problems.append(str(wrong))

    many = str(path) != "-" and path.stat().st_size > SMALL * 3000
    with Detectors(rules_of(config), config.read.workers, many=many) as detectors:
        for identifier, _, (found, _) in detectors.run(articles()):
            while problems:
                yield None, problems.pop(0)
            yield json.dumps(prediction_of(identifier, found), ensure_ascii=False), None
    for problem in problems:
        yield None, problem


@dataclass(frozen=True, slots=True)
class _Line:
    """Where an article stands in the file, and when it was published."""

    offset: int
    length: int
    number: int
    published: float


def _index(path: Path, problems: list[str]) -> list[_Line]:
    """Every usable line, in order of publication (those without a time last, in order of the file)."""
    lines = []
    with path.open("rb") as stream:
        offset = 0
        for number, raw in enumerate(stream, start=1):
            if raw.strip():
                try:
                    _, article, _ = article_of(_object(raw, number), f"line {number}")
                    when = article.published.timestamp() if article.published else float("inf")
                    lines.append(_Line(offset, len(raw), number, when))
                except ValueError as problem:
                    problems.append(str(problem))
            offset += len(raw)
    return sorted(lines, key=lambda line: (line.published, line.number))


def _object(raw: bytes, number: int) -> dict[str, Any]:
    try:
        value = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as problem:
        raise ValueError(f"line {number}: not UTF-8 text (byte {problem.start + 1} of the line)") from None
    except (ValueError, RecursionError) as problem:
        raise ValueError(f"line {number}: not JSON: {problem}") from None
    if not isinstance(value, dict):
        raise ValueError(f"line {number}: not a JSON object")
    return value


def import_file(config: Config, path: Path, results: Path | None = None) -> Summary:
    """Keep every article of `path` as if it had been read at its publication. Raises StoreError, ConfigError, OSError."""
    from monitor import app
    from pipelines.store import keep

    rules = rules_of(config)
    summary = Summary()
    lines = _index(path, summary.problems)
    store = app.open_store(config)
    temporary = results.with_name(results.name + ".part") if results else None
    out = temporary.open("w", encoding="utf-8") if temporary else None
    try:
        with (
            path.open("rb") as stream,
            Detectors(rules, config.read.workers, many=len(lines) > SMALL) as detectors,
            _bar(len(lines)) as advance,
        ):
            for (identifier, outlet), article, (found, marks) in detectors.run(_articles(stream, lines)):
                when = article.published.astimezone(UTC) if article.published else app.now()
                reading = Reading(article, found, outlet=outlet, external_id=identifier, read_at=when, fingerprint=marks)
                kept = keep(reading, store, min(when, app.now()))
                summary.articles += 1
                summary.outcomes[str(kept.outcome)] += 1
                summary.new_meetings += len(kept.new_meeting_ids)
                if out:
                    out.write(json.dumps(_result(identifier, found, kept), ensure_ascii=False) + "\n")
                advance()
    finally:
        store.close()
        if out:
            out.close()
    if temporary and results:
        os.replace(temporary, results)
    return summary


def _articles(stream: Any, lines: Iterable[_Line]) -> Iterator[tuple[tuple[str, str | None], Article, str | None]]:
    for line in lines:
        stream.seek(line.offset)
        identifier, article, outlet = article_of(_object(stream.read(line.length), line.number), f"line {line.number}")
        yield (identifier, outlet), article, outlet


def _result(identifier: str, found: detection.Detection, kept: Kept) -> dict[str, Any]:
    """The prediction with its outcome and the record each of its meetings was joined to."""
    result = prediction_of(identifier, found)
    result["outcome"] = str(kept.outcome)
    numbers = {id(report): number for report, number in zip(found.reports, kept.meeting_ids, strict=False)}
    for meeting, report in zip(result["meetings"], detection.labelled(found), strict=True):
        meeting["meeting_id"] = numbers.get(id(report))
    return result


class _bar:
    """A progress bar on a terminal's standard error; nothing elsewhere."""

    def __init__(self, total: int):
        self._total = total
        self._progress: Any = None

    def __enter__(self) -> Callable[[], None]:
        if not sys.stderr.isatty() or self._total < SMALL:
            return lambda: None
        from rich.console import Console
        from rich.progress import Progress

        self._progress = Progress(console=Console(stderr=True), transient=True)
        task = self._progress.add_task("articles", total=self._total)
        self._progress.start()
        return lambda: self._progress.update(task, advance=1)

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()
