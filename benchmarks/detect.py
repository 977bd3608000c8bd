"""What detection costs beside extraction: one core, one run, on the world's own pages. `python -m benchmarks.detect`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from importlib.resources import files

ROUNDS = 3


def cpu(work: Callable[[], object]) -> float:
    """Processor seconds of the quickest of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


def main() -> int:
    """Print milliseconds an article, and each figure's share of trafilatura's time on the same articles as pages."""
    begun = time.process_time()
    from pipelines import detect

    resources = detect.load()
    loading = time.process_time() - begun
    import trafilatura

    from pipelines.detect.fold import fold

    told = json.loads(files("monitor.demo").joinpath("world/articles.json").read_text("utf-8"))["articles"]
    now = datetime(2025, 12, 1, tzinfo=UTC)
    texts = [(a["title"], "\n\n".join(a["paragraphs"])) for a in told]
    ordinary = [("Récolte d'olives", "Les producteurs attendent une récolte moyenne dans les oliveraies du Saïss. " * 25)] * len(texts)
    filler = "<script>var a = 1;</script>" * 400 + "<li><a href='/x'>Une rubrique du site</a></li>" * 300
    pages = [f"<html><body>{filler}<article><h1>{escape(t)}</h1><p>{escape(x)}</p></article></body></html>" for t, x in texts]

    extraction = cpu(lambda: [trafilatura.extract(page, include_comments=False) for page in pages]) / len(pages)
    reading = cpu(lambda: [detect.detect(t, x, now, resources=resources) for t, x in texts]) / len(texts)
    nothing = cpu(lambda: [detect.detect(t, x, now, "fr", resources=resources) for t, x in ordinary]) / len(ordinary)
    long = "".join(x for _, x in texts) * 20
    folding = len(long.encode()) / cpu(lambda: fold(long)) / 1e6
    print(f"loading the library        {loading:8.2f} s")
    print(f"trafilatura, a page        {extraction * 1000:8.2f} ms")
    print(f"detect, a candidate        {reading * 1000:8.2f} ms   {reading / extraction:6.1%} of trafilatura")
    print(f"detect, an ordinary text   {nothing * 1000:8.2f} ms   {nothing / extraction:6.1%} of trafilatura")
    print(f"folding                    {folding:8.1f} MB/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
