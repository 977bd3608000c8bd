"""What detecting costs, on one core, beside what trafilatura takes for the same articles' pages: `python -m benchmarks.detect`.

All times are processor time, the best of some rounds in which the measured things take turns.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from benchmarks.world import Printer, Story, plan

Way = Callable[[Story], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    _start_up()
    _, stories = plan(max(1, arguments.articles // 10), 10, arguments.seed, datetime.now(UTC).replace(microsecond=0))
    _reading(stories, arguments.seed, arguments.rounds)
    _folding(stories, arguments.rounds)


def _start_up() -> None:
    """Processor time of importing the library and of its first answer, each in a fresh interpreter."""
    load = "from pipelines import detect; detect.load()"
    answer = f"{load}; detect.detect('Hammouchi reçoit le patron de la police espagnole', 'Il a été reçu ce jeudi à Rabat.', None, 'fr')"
    bare = _fresh("pass")
    for what, code in (("import", "from pipelines import detect"), ("import and load", load), ("to the first answer", answer)):
        print(f"start-up   {what:<22} {(_fresh(code) - bare) * 1000:7.0f} ms")


def _fresh(code: str) -> float:
    measured = f"{code}\nimport time\nprint(time.process_time())"
    run = [sys.executable, "-c", measured]
    return min(float(subprocess.run(run, check=True, capture_output=True, text=True).stdout) for _ in range(3))


def _reading(stories: Sequence[Story], seed: int, rounds: int) -> None:
    import trafilatura

    from pipelines import detect

    resources = detect.load()
    printer = Printer(seed, 80)
    pages = {story.path: printer.page(story, stories[:15]) for story in stories}

    def whole(story: Story) -> bool:
        return detect.is_candidate(f"{story.told.title}\n{story.text}")

    def detected(story: Story) -> detect.Detection:
        language = story.feed.language
        return detect.detect(story.told.title, story.text, story.published, language, story.feed.outlet, resources=resources)

    def extracted(story: Story) -> object:
        return trafilatura.bare_extraction(pages[story.path], with_metadata=True)

    told = [story for story in stories if detected(story).reports]
    candidates = [story for story in stories if whole(story)]
    others = [story for story in stories if not whole(story)]
    ways: list[tuple[str, Way, Sequence[Story]]] = [
        ("trafilatura", extracted, stories),
        ("is_candidate", whole, stories),
        ("detect, all articles", detected, stories),
        ("detect, candidates", detected, candidates),
        ("detect, no candidates", detected, others),
        ("detect, with reports", detected, told),
    ]
    times = _best(ways, rounds)
    page = times["trafilatura"]
    print(f"\n{'':<24}{'articles':>9}{'ms each':>9}{'of trafilatura':>16}")
    for name, _, of in ways:
        if of:
            print(f"{name:<24}{len(of):>9}{times[name] * 1000:>9.3f}{times[name] / page:>16.3f}")


def _folding(stories: Sequence[Story], rounds: int) -> None:
    from pipelines.detect.fold import fold

    ways: list[tuple[str, Way, Sequence[Story]]] = [
        (language, lambda story: fold(story.text), [story for story in stories if story.feed.language == language])
        for language in ("fr", "ar")
    ]
    times = _best(ways, rounds)
    for language, _, of in ways:
        if of:
            size = sum(len(story.text.encode()) for story in of) / len(of)
            print(f"fold {language}    {size / times[language] / 1e6:5.1f} MB/s")


def _best(ways: Sequence[tuple[str, Way, Sequence[Story]]], rounds: int) -> dict[str, float]:
    """Seconds per article of each way: its best round. The ways take turns, so that a busy moment hits all of them."""
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, way, stories in ways:
            began = time.process_time()
            for story in stories:
                way(story)
            spent = (time.process_time() - began) / max(1, len(stories))
            best[name] = min(best.get(name, spent), spent)
    return best


if __name__ == "__main__":
    main()
