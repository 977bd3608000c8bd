"""How well the detection reads labelled articles: precision, recall and the share of right fields.

Within an article, labelled and predicted meetings are paired one to one by shared participants, day, status and city; a
pair needs a shared participant or the same day. Fields are counted over the pairs whose label states them; `invented`
counts values where the label honestly has none. Participants, topics and categories are micro F1.
"""

from __future__ import annotations

import difflib
import functools
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import PipelineError

if TYPE_CHECKING:
    from monitor.config import Config

Label = dict[str, Any]
FIELDS = ("status", "date", "city", "country", "mode")


class LabelError(PipelineError):
    """A label file cannot be used."""

    permanent = True


@dataclass(slots=True)
class Counts:
    """Right, wrongly added and missed."""

    right: int = 0
    added: int = 0
    missed: int = 0

    def add(self, gold: Iterable[Any], said: Iterable[Any]) -> None:
        """Count two sets against each other."""
        one, two = set(gold), set(said)
        self.right += len(one & two)
        self.added += len(two - one)
        self.missed += len(one - two)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.added) if self.right + self.added else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.added + self.missed) if self.right + self.added + self.missed else 1.0


@dataclass(slots=True)
class Share:
    """So many of so many."""

    hit: int = 0
    of: int = 0

    def count(self, hit: bool) -> None:
        self.hit += hit
        self.of += 1

    @property
    def value(self) -> float:
        return self.hit / self.of if self.of else 1.0


@dataclass(slots=True)
class Scores:
    """All measures over a set of labelled articles, and a line for every difference."""

    articles: int = 0
    flags: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    found: Share = field(default_factory=Share)
    spurious: int = 0
    fields: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    participants: Counts = field(default_factory=Counts)
    topics: Counts = field(default_factory=Counts)
    categories: Counts = field(default_factory=Counts)
    linking: Linking | None = None
    notes: list[str] = field(default_factory=list)

    def as_fields(self) -> dict[str, Any]:
        """For `--json`, in the shape that label scorers of this format use."""
        result: dict[str, Any] = {
            "articles": self.articles,
            "flag": {key: _prf(counts) for key, counts in self.flags.items()},
            "meetings": {"gold": self.found.of, "found": _share(self.found), "spurious": self.spurious},
            "fields": {key: _share(share) for key, share in self.fields.items()},
            "participants": _prf(self.participants),
            "topics": _prf(self.topics),
            "categories": _prf(self.categories),
        }
        if self.linking:
            result["linking"] = self.linking.as_fields()
        return result

    def lines(self) -> list[str]:
        """For people."""
        lines = [f"{self.articles} articles", f"{'':<22}{'precision':>10}{'recall':>10}{'F1':>10}"]
        rows = [(f"flag {key}", counts) for key, counts in self.flags.items()]
        rows += [("participants", self.participants), ("topics", self.topics), ("categories", self.categories)]
        if self.linking:
            rows.append(("same meeting (pairs)", self.linking.pairs))
        lines += [f"{name:<22}{c.precision:>10.3f}{c.recall:>10.3f}{c.f1:>10.3f}" for name, c in rows]
        ratio = self.spurious / self.found.of if self.found.of else 0.0
        lines.append(f"{'meetings found':<22}{self.found.value:>10.3f}   {self.found.hit} of {self.found.of}")
        lines.append(f"{'spurious':<22}{ratio:>10.3f}   {self.spurious} ({ratio:.2f} for each labelled one)")
        for key, share in self.fields.items():
            lines.append(f"{key.replace('_', ' '):<22}{share.value:>10.3f}   {share.hit} of {share.of}")
        return lines


@dataclass(frozen=True, slots=True)
class Linking:
    """Agreement of two groupings of the articles that both flag."""

    articles: int
    pairs: Counts
    bcubed_precision: float
    bcubed_recall: float
    wrong_merges: tuple[tuple[str, str], ...]

    def as_fields(self) -> dict[str, Any]:
        p, r = self.bcubed_precision, self.bcubed_recall
        return {
            "articles": self.articles,
            "pairwise": _prf(self.pairs),
            "bcubed": {"p": round(p, 4), "r": round(r, 4), "f1": round(2 * p * r / (p + r), 4) if p + r else 0.0},
            "wrong_merges": [list(pair) for pair in self.wrong_merges],
        }


def _prf(c: Counts) -> dict[str, Any]:
    values = {"p": round(c.precision, 4), "r": round(c.recall, 4), "f1": round(c.f1, 4)}
    return values | {"tp": c.right, "fp": c.added, "fn": c.missed}


def _share(share: Share) -> dict[str, Any]:
    return {"share": round(share.value, 4), "hit": share.hit, "of": share.of}


def evaluate_files(config: Config, labels: Sequence[Path], predictions: Path | None = None) -> Scores:
    """Score the detection (or given predictions) on label files. Raises LabelError naming file and line."""
    from monitor.importing import predict

    gold = [label for path in labels for label in read_labels(path)]
    if predictions:
        said = {row["id"]: row for row in _rows(predictions)}
    else:
        said = {row["id"]: row for row in predict(config, gold)}
    return score(gold, said)


def read_labels(path: Path) -> list[Label]:
    """The labelled articles of a file. Raises LabelError naming file, line and what is missing."""
    rows = []
    for number, row in enumerate(_rows(path), start=1):
        for key in ("id", "lang", "title", "text", "flag"):
            if key not in row:
                raise LabelError(f"{path}: article {number}: the key {key!r} is missing")
        rows.append(row)
    return rows


def _rows(path: Path) -> list[Label]:
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as problem:
                raise LabelError(f"{path}:{number}: not JSON: {problem}") from None
            if not isinstance(row, dict) or "id" not in row:
                raise LabelError(f"{path}:{number}: not an object with an id")
            rows.append(row)
    return rows


def score(gold: Sequence[Label], said: dict[str, Label]) -> Scores:
    """Compare labels with predictions by article id. A missing prediction counts as not flagged."""
    scores = Scores(articles=len(gold))
    for article in gold:
        _score_article(article, said.get(article["id"], {"flag": False, "meetings": []}), scores)
    scores.linking = link_scores(gold, said)
    if scores.linking:
        scores.notes += [f"WRONG MERGE {one} {two}" for one, two in scores.linking.wrong_merges]
    return scores


def _score_article(article: Label, said: Label, scores: Scores) -> None:
    for key in ("all", article["lang"]):
        counts = scores.flags[key]
        counts.right += article["flag"] and said["flag"]
        counts.added += said["flag"] and not article["flag"]
        counts.missed += article["flag"] and not said["flag"]
    if article["flag"] != said["flag"]:
        kind = "MISSED" if article["flag"] else "FALSE ALARM"
        scores.notes.append(f"{kind} {article['id']} [{article.get('kind', '')}] {article['title']}")
    wanted, told = article.get("meetings", []), said.get("meetings", [])
    pairs = paired_meetings(wanted, told)
    scores.found.hit += len(pairs)
    scores.found.of += len(wanted)
    scores.spurious += len(told) - len(pairs)
    for meeting in _unpaired(wanted, [gold for gold, _ in pairs]):
        scores.participants.missed += len(meeting.get("participants", []))
        scores.topics.missed += len(set(meeting.get("topics", [])))
    for meeting in _unpaired(told, [prediction for _, prediction in pairs]):
        scores.participants.added += len(meeting.get("participants", []))
        scores.topics.added += len(set(meeting.get("topics", [])))
    for gold, prediction in pairs:
        _score_pair(article["id"], gold, prediction, scores)
    if article["flag"] and said["flag"]:
        scores.categories.add(article.get("categories", []), said.get("categories", []))


def _unpaired(meetings: Sequence[Label], paired: Sequence[Label]) -> list[Label]:
    return [meeting for meeting in meetings if not any(meeting is other for other in paired)]


def _score_pair(identifier: str, gold: Label, said: Label, scores: Scores) -> None:
    shared = shared_participants(gold, said)
    scores.participants.right += shared
    scores.participants.added += len(said.get("participants", [])) - shared
    scores.participants.missed += len(gold.get("participants", [])) - shared
    scores.topics.add(gold.get("topics", []), said.get("topics", []))
    for name in FIELDS:
        if gold.get(name) is not None:
            right = _canonical(name, gold[name]) == _canonical(name, said.get(name))
            scores.fields[name].count(right)
            if not right:
                scores.notes.append(f"{name.upper()} {identifier}: labelled {gold[name]}, read {said.get(name)}")
    for name in ("date", "city"):
        if gold.get(name) is None:
            scores.fields[f"invented_{name}"].count(said.get(name) is not None)


def paired_meetings(gold: Sequence[Label], said: Sequence[Label]) -> list[tuple[Label, Label]]:
    """The best one-to-one pairs, strongest first."""
    options = []
    for i, one in enumerate(gold):
        for j, two in enumerate(said):
            people = shared_participants(one, two)
            day = bool(one.get("date")) and one.get("date") == two.get("date")
            if people or day:
                city = bool(one.get("city")) and _canonical("city", one["city"]) == _canonical("city", two.get("city"))
                options.append((-(2 * people + 2 * day + (one.get("status") == two.get("status")) + city), i, j))
    pairs, left, right = [], set(), set()
    for _, i, j in sorted(options):
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
            pairs.append((gold[i], said[j]))
    return pairs


def shared_participants(gold: Label, said: Label) -> int:
    """How many participants two meetings have in common; named ones are paired first."""
    free = list(said.get("participants", []))
    shared = 0
    for person in sorted(gold.get("participants", []), key=lambda p: not p.get("name")):
        match = next((other for other in free if _same_participant(person, other)), None)
        if match is not None:
            free = [other for other in free if other is not match]
            shared += 1
    return shared


def _same_participant(gold: Label, said: Label) -> bool:
    one, two = _names(gold), _names(said)
    if any(_same_name(a, b) for a in one for b in two):
        return True
    if gold.get("name") and said.get("name"):
        return False
    if _folded(gold.get("org")) and _folded(gold.get("org")) == _folded(said.get("org")):
        return True
    return bool(gold.get("country")) and gold.get("country") == said.get("country")


def _names(participant: Label) -> list[str]:
    return [name for key in ("name", "name_in_text", "latin") if (name := _folded(participant.get(key)))]


def _same_name(one: str, two: str) -> bool:
    if one == two:
        return True
    last, other = _surname(one), _surname(two)
    return (last == other and len(last) > 2) or difflib.SequenceMatcher(None, one, two).ratio() >= 0.82


def _surname(name: str) -> str:
    last = name.split()[-1]
    return last[2:] if last.startswith("ال") and len(last) > 4 else last


@functools.lru_cache(maxsize=50_000)
def _folded(text: str | None) -> str:
    from pipelines.detect.fold import fold_key

    return " ".join("".join(c if c.isalnum() else " " for c in fold_key(text or "")).split())


def _canonical(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "city":
        return _city(str(value))
    return "in-person" if name == "mode" and value == "visit" else str(value).casefold()


@functools.lru_cache(maxsize=10_000)
def _city(name: str) -> str:
    """One spelling for a city in any language, by the register of places."""
    from pipelines.detect.places import find_places

    for language in ("fr", "ar", "es", "en"):
        for mention in find_places(name, language):
            if mention.city_id and mention.end - mention.start >= len(name.strip()) - 1:
                return mention.city_id
    return _folded(name)


def link_scores(gold: Sequence[Label], said: dict[str, Label]) -> Linking | None:
    """How well predicted meeting ids group the articles of one story; None where no prediction carries any."""
    wanted = {row["id"]: str(row["story"]) for row in gold if row["flag"] and row.get("story")}
    told = {key: story for key in wanted if key in said and said[key]["flag"] and (story := _story(said[key]))}
    if not told:
        return None
    ids = sorted(told)
    pairs, wrong = Counts(), []
    for number, one in enumerate(ids):
        for two in ids[number + 1 :]:
            same, joined = wanted[one] == wanted[two], told[one] == told[two]
            pairs.right += same and joined
            pairs.missed += same and not joined
            if joined and not same:
                pairs.added += 1
                wrong.append((one, two))
    precision = recall = 0.0
    for key in ids:
        group = {other for other in ids if told[other] == told[key]}
        truth = {other for other in ids if wanted[other] == wanted[key]}
        precision += len(group & truth) / len(group)
        recall += len(group & truth) / len(truth)
    return Linking(len(ids), pairs, precision / len(ids), recall / len(ids), tuple(wrong))


def _story(said: Label) -> str | None:
    if said.get("story"):
        return str(said["story"])
    for meeting in said.get("meetings", []):
        if meeting.get("status") == "new" and meeting.get("meeting_id") is not None:
            return str(meeting["meeting_id"])
    return None
