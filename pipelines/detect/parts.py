"""The title or the text with everything that the layers below find in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.detect.cues import Hits, Lexicon, Tokens, scan, tokens_of
from pipelines.detect.dates import DateMention, find_dates
from pipelines.detect.fold import Folded
from pipelines.detect.mentions import Actor
from pipelines.detect.model import Field, Quote
from pipelines.detect.people import sober
from pipelines.detect.places import PlaceMention, load_places
from pipelines.detect.sentences import Sentence, split

_MOST_SENTENCES = 250  # of one text; the longest features have about 150
NEWS_DAYS = 10  # days after which a beginning is no news
SINCE = ("depuis", "desde", "since", "منذ")
# In Arabic one word is the country and its capital; the press means the city where people meet
_CITY_STATES = frozenset(("TN", "DZ", "KW", "DJ", "SG", "LU"))
_TOWN_PREPOSITIONS = {"fr": ("à",), "es": ("en",), "en": ("in", "at")}
_TOWN = re.compile(r"[A-ZÀ-Ý][\w’'-]{2,}(?: (?:[A-ZÀ-Ý][\w’'-]+|el|al|de|la|del))*(?<! el| al| de| la)")


@dataclass(slots=True)
class Part:
    """The title or the text with everything found in it."""

    field: Field
    original: str
    tokens: Tokens
    hits: Hits
    sentences: tuple[Sentence, ...]
    bounds: list[tuple[int, int]]  # tokens of each sentence
    dates: tuple[DateMention, ...]
    places: tuple[PlaceMention, ...]
    actors: list[Actor]
    language: str = ""
    lead: int = 0  # the first sentence that tells something

    def quote(self, start: int, end: int) -> Quote:
        """The words of this part between two offsets."""
        return Quote(self.field, start, end, self.original[start:end])

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Offsets of the tokens from `first` up to and without `last`; (0, 0) if there are none."""
        return (self.tokens.starts[first], self.tokens.ends[last - 1]) if first < last else (0, 0)

    def is_prose(self, number: int) -> bool:
        """Whether a sentence is told to the reader: no related link, credit, share line or file name."""
        sentence = self.sentences[number]
        return sentence.kind in ("body", "heading") and len(self.original[sentence.start : sentence.end].split(None, 1)) > 1

    def sentence_quote(self, number: int) -> Quote:
        """One whole sentence."""
        sentence = self.sentences[number]
        return self.quote(sentence.start, sentence.end)


def read_part(
    name: Field,
    folded: Folded,
    language: str,
    published: datetime | None,
    actors: Sequence[Actor],
    places: tuple[PlaceMention, ...],
    lexicon: Lexicon,
) -> Part:
    """Everything the layers below find in the title or the text."""
    text = folded.original
    tokens = tokens_of(folded)
    sentences = split(text, language, folded=folded)
    sentences = sentences[:_MOST_SENTENCES]
    bounds = [(tokens.at(sentence.start), tokens.at(sentence.end)) for sentence in sentences]
    mine = sorted((sober(actor) for actor in actors if actor.field == name), key=lambda actor: (actor.start, actor.end))
    part = Part(
        name,
        text,
        tokens,
        scan(tokens, lexicon),
        sentences,
        bounds,
        _outside(find_dates(text, language, published, folded=folded), mine, text, published),
        places,
        mine,
        language,
    )
    part.places = _venues(part, language)
    part.actors = _with_counterparts(part)
    part.lead = next((i for i, s in enumerate(sentences) if s.kind == "body" and bounds[i][1] - bounds[i][0] > 7), 0)
    return part


def _outside(dates: Iterable[DateMention], actors: Sequence[Actor], text: str, published: datetime | None) -> tuple[DateMention, ...]:
    """The dates that are no part of a name (Avril Haines) or of a file name, and no beginning long ago ("depuis 2005")."""
    names = [(actor.start, actor.end) for actor in actors if actor.name_in_text]
    kept = []
    for mention in dates:
        hyphens = text[mention.end : mention.end + 1] == "-" or text[mention.start - 1 : mention.start] == "-"
        if hyphens and mention.days.precision != "day":
            continue
        before = text[max(0, mention.start - 10) : mention.start].casefold().split()
        if text[mention.start : mention.end].casefold() == "mañana" and before and before[-1] in ("una", "la", "esta", "cada", "media"):
            continue
        old = mention.days.last is None or (published is not None and (published.date() - mention.days.last).days > NEWS_DAYS)
        if before and before[-1] in SINCE and published is not None and old:
            continue
        if any(low <= mention.start < high for low, high in names) and mention.days.precision in ("month", "unknown"):
            continue
        kept.append(mention)
    return tuple(kept)


def _venues(part: Part, language: str) -> tuple[PlaceMention, ...]:
    """The places, with "la capitale malienne" read as Bamako, "visited Tunis" as going there, and no "sale" for Salé."""
    known = load_places()
    tokens = part.tokens
    leads = {hit.last for hit in part.hits if hit.entry.tag == "towards"}
    found: list[PlaceMention] = []
    for place in part.places:
        written = part.original[place.start : place.end]
        if place.kind == "city" and written.islower() and written.isascii() and " " not in written:
            continue
        if place.prep is None and place.kind in ("city", "country") and tokens.holding(place.start) in leads:
            place = replace(place, prep="to")
        if language == "ar" and place.kind == "country" and place.country in _CITY_STATES and place.prep in ("in", "to"):
            city = known.capitals.get(place.country)
            if city:
                place = replace(place, kind="city", city_id=city, city=known.cities[city][0])
        found.append(place)
    found.extend(_unknown_towns(part, language, found))
    for hit in part.hits:
        if hit.entry.tag != "capital":
            continue
        beside = next(
            (
                place
                for place in found
                if place.country
                and place.kind in ("demonym", "country")
                and 0 <= tokens.holding(place.start) - hit.last <= 2
                and "," not in tokens.gaps[tokens.holding(place.start)]
            ),
            None,
        )
        city = known.capitals.get(beside.country) if beside is not None and beside.country else None
        if city and beside is not None:
            start, end = tokens.starts[hit.first], max(tokens.ends[hit.last - 1], beside.end)
            found.append(PlaceMention(start, end, city, known.cities[city][0], beside.country, "city", "in"))
    return tuple(sorted(found, key=lambda place: place.start))


def _unknown_towns(part: Part, language: str, known: Sequence[PlaceMention]) -> list[PlaceMention]:
    """Towns that no gazetteer holds, by "à", "en" or "in" and a capital letter, beside a day or a comma."""
    prepositions = _TOWN_PREPOSITIONS.get(language)
    if prepositions is None or part.original.isupper():
        return []
    taken = [(one.start, one.end) for one in known] + [(one.start, one.end) for one in part.actors]
    taken += [(one.start, one.end) for one in part.dates]
    tokens = part.tokens
    towns = []
    for at in range(1, len(tokens.words)):
        start = tokens.starts[at]
        if (
            not part.original[start : start + 1].isupper()
            or part.original[tokens.starts[at - 1] : tokens.ends[at - 1]].lower() not in prepositions
        ):
            continue
        if tokens.gaps[at] != " " or any(low <= start < high for low, high in taken):
            continue
        match = _TOWN.match(part.original, start)
        if match is None or not (match.end() >= len(part.original) or part.original[match.end()] in ",.;: )\n"):
            continue
        follows = part.original[match.end() : match.end() + 1]
        dated = any(-18 <= one.start - match.end() <= 3 or 0 <= start - one.end <= 12 for one in part.dates)
        if follows in (",", ".") or dated:
            towns.append(PlaceMention(start, match.end(), None, match[0], None, "city", "in"))
    return towns


def _owned(part: Part, actor: Actor, sides: Sequence[tuple[int, int, PlaceMention]]) -> Actor:
    """ "Britain's border security minister, ...": an unknown office is its possessor's, not the country last spoken of."""
    if actor.known or actor.type not in ("person", "title") or any(actor.start <= place.start < actor.end for _, _, place in sides):
        return actor
    words = part.tokens.words
    first = part.tokens.holding(actor.start)
    for _, last, place in sides:
        if 0 < first - last <= 4 and words[last] == "s" and not any("," in part.tokens.gaps[step] for step in range(last, first + 1)):
            return actor if place.country == actor.country else replace(actor, country=place.country, body_id=None)
    return actor


def _with_counterparts(part: Part) -> list[Actor]:
    """The actors, delegations with the country that stands beside them, and nameless parties ("ses interlocuteurs algériens")."""
    tokens = part.tokens
    taken = [(actor.start, actor.end) for actor in part.actors if actor.country]
    sides = [(tokens.holding(place.start), tokens.at(place.end), place) for place in part.places if place.country and place.kind != "city"]
    actors = list(part.actors)
    for hit in part.hits:
        if hit.entry.tag != "counterparts":
            continue
        near = next(
            (
                (first, last, place)
                for first, last, place in sides
                if (0 <= first - hit.last <= 2 or 0 <= hit.first - last <= 0)
                and not any(low <= place.start < high for low, high in taken)
                and not any(stop in tokens.gaps[step] for step in range(min(first, hit.last) + 1, max(first, hit.last)) for stop in ",;:.")
            ),
            None,
        )
        if near is None:
            continue
        start, end = tokens.starts[min(hit.first, near[0])], tokens.ends[max(hit.last, near[1]) - 1]
        bare = next((i for i, one in enumerate(actors) if one.country is None and one.start < end and start < one.end), None)
        if bare is not None:
            actors[bare] = replace(actors[bare], country=near[2].country)
        elif not any(low < end and start < high for low, high in taken):
            actors.append(
                Actor(
                    part.field,
                    start,
                    end,
                    "title",
                    role=part.original[start:end],
                    country=near[2].country,
                    rank="generic",
                    plural=True,
                    confidence=0.5,
                )
            )
    actors = [_owned(part, actor, sides) for actor in actors]
    agents = {hit.last: hit for hit in part.hits if hit.entry.tag == "agents"}
    for index, actor in enumerate(actors):
        if actor.type != "body" or actor.rank == "delegation" or not actor.country:
            continue
        first = tokens.holding(actor.start)
        led = next((agents[place] for place in range(first, max(0, first - 10), -1) if place in agents), None)
        if led is not None and not any(
            "," in tokens.gaps[step] or "." in tokens.gaps[step] for step in range(led.last, min(first + 1, len(tokens.gaps)))
        ):
            start = tokens.starts[led.first]
            if not any(one.start < actor.start and start < one.end for one in actors if one is not actor):
                # "le colonel qui commande ... le GIGN": somebody of that body
                actors[index] = replace(
                    actor, type="title", start=start, role=part.original[start : actor.end], rank="deputy", confidence=0.6
                )
    for hit in part.hits:
        if not hit.entry.tag.startswith("all-"):
            continue
        start, end = tokens.starts[hit.first], tokens.ends[hit.last - 1]
        if any(abs(first - hit.last) <= 2 or abs(last - hit.first) <= 1 for first, last, _ in sides):
            continue
        kind = hit.entry.tag.removeprefix("all-")
        over = [one for one in actors if one.start < end and start < one.end]
        if any(one.name or not (one.plural or one.type == "body") for one in over):
            continue
        actors = [one for one in actors if one not in over]
        actors.append(
            Actor(
                part.field,
                start,
                end,
                "title",
                role=part.original[start:end],
                country="INT",
                kind=kind,
                rank="head",
                plural=True,
                confidence=0.5,
            )
        )
    return sorted(actors, key=lambda actor: (actor.start, actor.end))
