"""Stored articles read again with today's register and rules: what would be gained, lost or changed."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.localtime import local_time
from pipelines.records import Article, Reading

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.store import SqlStore
    from pipelines.store import Replayed, StoredArticle


def replay(config: Config, store: SqlStore, *, apply: bool, since: datetime | None = None) -> Replayed:
    """Read every stored text again. With `apply` the difference is made, in one transaction; nothing of it is mailed.

    Raises ConfigError for a register that cannot be used, StoreError for a store that cannot be written.
    """
    from monitor.importing import Detectors, rules_of

    rules = rules_of(config)
    with Detectors(rules, config.read.workers, many=True) as detectors, _counting() as tick:

        countries = {feed.outlet: feed.country for feed in config.feeds}

        def readings() -> Iterator[tuple[int, Reading]]:
            stored = ((one, _article(one, countries.get(one.outlet)), one.outlet) for one in store.stored_articles(since=since))
            for one, article, (found, marks) in detectors.run(stored):
                tick()
                yield one.id, Reading(article, found, outlet=one.outlet, read_at=one.read_at, fingerprint=marks, gave_up=one.gave_up)

        return store.replay(readings(), apply=apply)


def _article(stored: StoredArticle, country: str | None) -> Article:
    return Article(
        stored.url,
        stored.title,
        stored.text,
        stored.text_from,
        language=stored.language,
        outlet=stored.outlet,
        # Without a time of publication the one at which it was read counts, as it did then
        published=local_time(stored.published or stored.read_at, country),
        partial=stored.partial,
    )


@contextlib.contextmanager
def _counting() -> Iterator[Callable[[], None]]:
    """A counter on a terminal's standard error; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns: tuple[Any, ...] = (SpinnerColumn(), TextColumn("{task.completed} articles read again"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda: progress.update(task, advance=1)
