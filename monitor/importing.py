"""Articles from JSONL: read (`detect`), scored (`evaluate`), or kept as if they had come by a feed (`import`).

Detection runs in as many processes as `[read] workers` says; the store takes articles one by one, in order of publication.
"""

from __future__ import annotations

import itertools
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
from typing import TYPE_CHECKING, Any, BinaryIO

from pipelines import detect as detection
from pipelines.fingerprint import fingerprint
from pipelines.flow import ReadRules, detect_article
from pipelines.records import Article, Kept, Reading
from pipelines.store import hash_text

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.store import SqlStore

IN_FLIGHT = 64  # articles handed to the workers ahead of the one that is kept next
LONGEST_TEXT = 5_000_000  # characters; what is beyond is not an article
BATCH = 50  # articles kept in one transaction; a commit waits for the disk
SMALL = 60  # articles; below that, starting processes costs more than it saves


@dataclass(slots=True)
class Summary:
    """What an import came to."""

    articles: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    new_meetings: int = 0
    already: int = 0  # kept by an earlier import, and passed over
    problems: list[str] = field(default_factory=list)

    def count(self, kept: Kept) -> None:
        """Add one article."""
        self.articles += 1
        self.outcomes[str(kept.outcome)] += 1
        self.new_meetings += len(kept.new_meeting_ids)

    def as_fields(self) -> dict[str, Any]:
        return {
            "articles": self.articles,
            "already": self.already,
            "outcomes": dict(sorted(self.outcomes.items())),
            "new_meetings": self.new_meetings,
            "problems": self.problems,
        }

    def in_words(self) -> str:
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        earlier = f"; {self.already} were kept by an earlier import" if self.already else ""
        return f"{self.articles} articles: {outcomes or 'nothing'}; {self.new_meetings} new meetings{earlier}"


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
            self._pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_start, initargs=(rules,))
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
    """Where an article stands in the source, and when it was published."""

    offset: int
    length: int
    number: int
    published: float
    key: str  # what an import that is taken up again knows it by


def _index(stream: BinaryIO, problems: list[str]) -> list[_Line]:
    """Every usable line, in order of publication (those without a time last, in order of the file)."""
    lines = []
    offset = 0
    for number, raw in enumerate(stream, start=1):
        if raw.strip():
            try:
                identifier, article, outlet = article_of(_object(raw, number), f"line {number}")
                when = article.published.timestamp() if article.published else float("inf")
                lines.append(_Line(offset, len(raw), number, when, _key(identifier, outlet, hash_text(article.title, article.text))))
            except ValueError as problem:
                problems.append(str(problem))
        offset += len(raw)
    return sorted(lines, key=lambda line: (line.published, line.number))


def _key(identifier: str, outlet: str | None, text_hash: str) -> str:
    return f"{identifier}\n{outlet or ''}\n{text_hash}"


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
    """Keep every article of `path` as if it had been read at its publication.

    `path` is JSONL, plain or compressed (.gz, .zst), or an archive of pages (.warc, .warc.gz). An import that was cut
    short is taken up where it stopped; one that is run again changes nothing. The results name the records as they stand
    at the end. Raises StoreError, ConfigError, ArchiveError, OSError.
    """
    from monitor import app
    from monitor.archives import as_lines

    rules = rules_of(config)
    summary = Summary()
    store = app.open_store(config)
    try:
        with as_lines(path, config.read.workers, summary.problems) as stream:
            lines = _index(stream, summary.problems)
            journal = _Journal(results) if results else None
            done = journal.done if journal else store.imported()
            todo = [line for line in lines if line.key not in done]
            summary.already = len(lines) - len(todo)
            if results and journal:
                with journal:
                    _keep_all(store, stream, todo, rules, config.read.workers, summary, journal)
                journal.finish(results, store)
            else:
                _keep_all(store, stream, todo, rules, config.read.workers, summary, None)
    finally:
        store.close()
    return summary


def _keep_all(
    store: SqlStore, stream: BinaryIO, lines: list[_Line], rules: ReadRules, workers: int, summary: Summary, journal: _Journal | None
) -> None:
    """Detect in several processes, keep in this one, many articles a transaction."""
    from monitor import app
    from pipelines.store import keep

    with Detectors(rules, workers, many=len(lines) > SMALL) as detectors, _bar(len(lines)) as advance:
        read = detectors.run(_articles(stream, lines))
        while batch := list(itertools.islice(read, BATCH)):
            with store.exclusive():
                for (line, identifier, outlet), article, (found, marks) in batch:
                    when = article.published.astimezone(UTC) if article.published else app.now()
                    reading = Reading(article, found, outlet=outlet, external_id=identifier, read_at=when, fingerprint=marks)
                    kept = keep(reading, store, min(when, app.now()))
                    summary.count(kept)
                    if journal:
                        journal.note(line.key, identifier, found, kept)
                    advance()
            if journal:
                journal.flush()


def _articles(stream: BinaryIO, lines: Iterable[_Line]) -> Iterator[tuple[tuple[_Line, str, str | None], Article, str | None]]:
    for line in lines:
        stream.seek(line.offset)
        identifier, article, outlet = article_of(_object(stream.read(line.length), line.number), f"line {line.number}")
        yield (line, identifier, outlet), article, outlet


class _Journal:
    """What an import has kept so far, beside its results: `OUT.jsonl.part`, a line an article.

    Taken up again after a cut, it says what need not be done anew; at the end it becomes the results.
    """

    def __init__(self, results: Path):
        self._path = results.with_name(results.name + ".part")
        self._lines: list[str] = []
        self.done: set[str] = set()
        if self._path.exists():
            whole = [line for line in self._path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
            self.done = {json.loads(line)["key"] for line in whole}
            self._path.write_bytes(b"".join(whole))  # without a line that the cut left unfinished

    def __enter__(self) -> _Journal:
        self._out = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()

    def note(self, key: str, identifier: str, found: detection.Detection, kept: Kept) -> None:
        """Remember an article. Written by `flush`, once its transaction is through."""
        numbers = {id(report): number for number, report in enumerate(found.reports)}
        told = {
            "key": key,
            "article": kept.article_id,
            "ordinals": [numbers[id(report)] for report in detection.labelled(found)],
            "result": prediction_of(identifier, found) | {"outcome": str(kept.outcome)},
        }
        self._lines.append(json.dumps(told, ensure_ascii=False) + "\n")

    def flush(self) -> None:
        self._out.writelines(self._lines)
        self._out.flush()
        self._lines.clear()

    def finish(self, results: Path, store: SqlStore) -> None:
        """Write the results with the record that each meeting is in now, and let the journal go."""
        temporary = results.with_name(results.name + ".new")
        with self._path.open(encoding="utf-8") as journal, temporary.open("w", encoding="utf-8") as out:
            while batch := [json.loads(line) for line in itertools.islice(journal, 500)]:
                numbers = store.meeting_numbers({told["article"] for told in batch if told["article"] is not None})
                for told in batch:
                    for meeting, ordinal in zip(told["result"]["meetings"], told["ordinals"], strict=True):
                        meeting["meeting_id"] = numbers.get((told["article"], ordinal))
                    out.write(json.dumps(told["result"], ensure_ascii=False) + "\n")
        os.replace(temporary, results)
        self._path.unlink()


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
