"""Where imported articles come from: JSONL, plain or compressed, or WARC archives of pages. warcio is used here only.

Whatever the source, what is handed on is a seekable stream of JSONL; compressed sources and archives are unpacked into a
temporary file, which the system removes however we end.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import tempfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.errors import PageError, PipelineError
from pipelines.extract import read_page
from pipelines.records import Entry, Page

LARGEST_PAGE = 5_000_000  # bytes of one archived page; what is beyond is no article
CHUNK = 1 << 20


class ArchiveError(PipelineError):
    """The file is not an archive that can be read to its end."""

    permanent = True


@contextlib.contextmanager
def as_lines(path: Path, workers: int, problems: list[str]) -> Iterator[BinaryIO]:
    """`path` as a seekable stream of JSONL. Records of an archive that hold no article are passed over, broken ones are named.

    Raises ArchiveError naming the file, or OSError.
    """
    name = path.name.lower()
    if name.endswith((".warc", ".warc.gz")):
        with tempfile.TemporaryFile(prefix="vigie-import-") as unpacked:
            _unpack_warc(path, unpacked, workers, problems)
            unpacked.seek(0)
            yield unpacked
    elif name.endswith((".gz", ".zst")):
        with tempfile.TemporaryFile(prefix="vigie-import-") as unpacked:
            _unpack(path, unpacked)
            unpacked.seek(0)
            yield unpacked
    else:
        with path.open("rb") as stream:
            yield stream


def _unpack(path: Path, unpacked: BinaryIO) -> None:
    import zstandard

    try:
        with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else zstandard.open(path, "rb") as packed:
            while piece := packed.read(CHUNK):
                unpacked.write(piece)
    except (gzip.BadGzipFile, EOFError, zlib.error, zstandard.ZstdError) as problem:
        raise ArchiveError(f"{path}: damaged or cut: {problem}; fetch it again") from None


def _unpack_warc(path: Path, unpacked: BinaryIO, workers: int, problems: list[str]) -> None:
    """The articles of the archived pages, a line each, extracted in several processes."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(max(1, workers), multiprocessing.get_context("spawn")) as pool:
        waiting: list[tuple[int, Any]] = []

        def write(most: int) -> None:
            while len(waiting) > most:
                number, future = waiting.pop(0)
                row, problem = future.result()
                if problem:
                    problems.append(f"record {number}: {problem}")
                if row:
                    unpacked.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")

        for number, page in _pages(path):
            waiting.append((number, pool.submit(article_row, page)))
            write(4 * workers)
        write(0)


def _pages(path: Path) -> Iterator[tuple[int, Page]]:
    """(number of the record, page) for every archived answer 200 with HTML in it."""
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    try:
        with path.open("rb") as stream:
            for number, record in enumerate(ArchiveIterator(stream), start=1):
                if record.rec_type != "response" or not record.http_headers or record.http_headers.get_statuscode() != "200":
                    continue
                kind = record.http_headers.get_header("Content-Type") or ""
                if "html" not in kind.lower():
                    continue
                body = record.content_stream().read(LARGEST_PAGE + 1)
                url = record.rec_headers.get_header("WARC-Target-URI") or ""
                if len(body) > LARGEST_PAGE or not url.startswith(("http://", "https://")):
                    continue
                yield number, Page(url, url, 200, body, _date(record.rec_headers.get_header("WARC-Date")), content_type=kind)
    except (ArchiveLoadFailed, EOFError, zlib.error) as problem:
        raise ArchiveError(f"{path}: not a WARC archive, or a damaged one: {str(problem).strip().splitlines()[0]}") from None


def _date(value: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat(value or "")
    except ValueError:
        return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def article_row(page: Page) -> tuple[dict[str, Any] | None, str | None]:
    """(a line of JSONL, None), (None, None) for a page without an article, or (None, what is wrong). In a worker."""
    from pipelines.urls import host_of

    try:
        article = read_page(page, Entry(url=page.url, title="", summary=""))
    except PageError:
        return None, None
    except Exception as bug:  # one page of a stranger must not end the import
        return None, f"{page.url}: {type(bug).__name__}: {bug}"
    if article.partial and not article.text.strip():
        return None, None
    published = article.published or page.fetched_at
    return {
        "id": page.url,
        "url": page.url,
        "title": article.title,
        "text": article.text,
        "lang": article.language,
        "outlet": article.outlet or host_of(page.url),
        "published": published.isoformat(),
    }, None
