"""Phrases that name people: an office with its body and country, the name beside it, and what stands alone.

    nouns     "le ministre espagnol de l'Intérieur", "مدير المخابرات", "Spain's police chief": read to the left and right of an office
    names     after the office or before it, known to the register or not
    loose     persons, bodies, delegations and groups ("les deux ministres") outside the noun phrases

Nothing here decides who is meant; that is the work of mentions.py. All offsets are into the text given. Every look around is bounded,
so that the time is linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipelines.detect.fold import fold, fold_key
from pipelines.detect.places import PlaceMention, find_places
from pipelines.detect.scan import Lexicon, Token, tokens

_UPPER = "".join(c for c in map(chr, (*range(0x41, 0x250), *range(0x1E00, 0x1F00))) if unicodedata.category(c) in ("Lu", "Lt"))
_LETTER = r"(?:[^\W\d_\u0600-\u06ff]|[\u0300-\u036f]|['’‘ʼ-](?=[^\W\d_]))"
_WORD = rf"[{_UPPER}](?:\.(?=\s?[{_UPPER}])|{_LETTER}{{0,40}})"
_PARTICLE = (
    r"(?:[dD]e|[dD]el|[dD]u|[dD]es|[dD]as?|[dD]os?|[dD]i|[dD]ella|[eE]l|[aA]l|[bB]en|[bB]int?|[iI]bn|[oO]?[uU]ld|[vV]an|[vV]on|[dD]er"
    r"|[dD]en|[tT]en|[tT]er|[zZ]u|[lL]e|[lL]a|[lL]os|las|[yY]|e|[aA]g|[aA]bou|[aA]bu|[bB]ou|[aA][iï]t|[sS]t\.?)"
)
_JOINT = r"[ \u00a0\u202f]"
NAME = re.compile(rf"(?:{_PARTICLE}{_JOINT}){{0,2}}{_WORD}(?:(?:{_JOINT}|-)(?:{_PARTICLE}(?:{_JOINT}|-)){{0,3}}{_WORD}){{0,5}}")
_CAPITAL_WORD = re.compile(_WORD)
_MORE_NAME = re.compile(rf"{_JOINT}(?:{_PARTICLE}{_JOINT}){{0,2}}{_WORD}")
_DESCENT = re.compile(rf"{_JOINT}(?:[bB][ie]nt?|[iI]bn|[aA]l|[oO]uld)[ -]")
_LAST_CAPITAL = re.compile(rf"({_WORD}){_JOINT}$")
_ARABIC_WORD = re.compile(r"[\u0621-\u063a\u0641-\u065f\u0670-\u06d3]{1,40}")
_ARABIC_LINEAGE = re.compile(r" (?:(?:بن|ابن|ولد|بنت) |آل ?)[\u0621-\u064a\u064b-\u0652]{1,30}(?: (?=(?:بن|ابن) |آل))?")
_POSSESSOR = re.compile(rf"({_WORD})['’]s?{_JOINT}$")
_OWN = re.compile(r"['’]s ")
_SHORT_COUNTRIES = {"US": "US", "UK": "GB", "UAE": "AE", "EU": "EU", "UN": "INT"}
_SHORT_COUNTRY = re.compile(r"(?<![^\W_])(U\.?S\.?|U\.?K\.?|UAE|EU|UN)(?:['’]s)?\s$")
_LAST_ARABIC = re.compile(r"([\u0621-\u063a\u0641-\u064a]{2,20}) $")
_AFTER = re.compile(r"(?:\s{0,2}\([^()\n]{1,60}\))?[^\S\n]{0,2}\n?(?:([,:،–—-])\s{0,2})?")
_ARTICLE_BEFORE = re.compile(r"(?<![^\W_])(?:le|la|les|l['’]|el|los|las|the|un|une|uno|una|an|a|son|sa|su|his|her)\s?$", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:le|la|l['’]|el|the)\s{0,2}(?=\S)", re.IGNORECASE)
_OPENING = re.compile(r"\s{0,2}[,(–—،-]\s{0,2}$")
_LINK = re.compile(r"\s{0,2}(?:,|et|y|e|and|ainsi que|،|و)\s{0,2}(?:(?:les?|la|el|the)\s)?(?=\S)")
_BLANK = re.compile(r"[\s.]{0,3}")
# "ministre de l'Intérieur, de la Décentralisation et du Développement local, X": what else a minister has in charge
_CHARGES = re.compile(
    r"(?:,?\s(?:et\s|y\s|and\s)?(?:de la|de l['’]|du|des|de|del|for)\s?[\w'’-]{3,25}(?:\s[a-zà-ÿ'’-]{1,20}){0,3}?){1,4}(?=\s{0,2},|\s\()"
)
_ARABIC_CHARGES = re.compile(
    r"(?:\s{1,2}و[\u0621-\u064a]{3,14}(?:\s{1,2}[\u0621-\u064a]{3,14})?){1,4}?"
    r"(?=\s{0,2}،|\s{1,2}(?:السيد|معالي|سعادة|الفريق|اللواء|الجنرال|الدكتور))"
)

_FEW = re.compile(r"(?<![^\W_])(?:deux|trois|dos|ambos|ambas|tres|two|both|three)\s", re.IGNORECASE)

_NOT_FIRST = "يلبكو"  # with these verbs and clitics begin; the first names that do are in the role file
# Only words between, of which the last says "of" or "at"
_BEYOND = re.compile(
    r"\s(?:de|du|des|d['’]|del|of|for|[\u0621-\u064a])[\w\s'’-]{2,50}\s"
    r"(?:(?:de la|de l['’]|du|de|des|à la|au|à l['’]|del|of the|of|at the|at|en la|en el)\s+|\s?[بل])"
)
_SENTENCE = 120  # characters; about what a sentence has between its subject and who led it
_AT_PLACE = frozenset(("a", "au", "aux", "en", "in", "at", "في", "فى", "ب", "en la", "en el"))
_AND = frozenset(("et", "y", "e", "and", "و"))
_LOOSE_FIELDS = frozenset(("services", "security", "other"))  # the next field named says it better
_MARKED = frozenset(("head", "title", "field", "counterpart", "group", "delegation", "former"))


class Part:
    """The title or the text, with its tokens."""

    def __init__(self, which: Literal["title", "text"], text: str, known: Lexicon, places: Iterable[PlaceMention] | None):
        folded = fold(text)
        self.which: Literal["title", "text"] = which
        self.text = text
        self.places = tuple(find_places(text, known.language, folded=folded) if places is None else places)
        self.tokens = tokens(known, folded, self.places)
        self.starting = {token.start: number for number, token in enumerate(self.tokens)}
        self.ending = {token.end: number for number, token in enumerate(self.tokens)}
        self._adjectives = [place.start for place in self.places if place.kind == "demonym"]
        self.capitals = which == "title" and _most_have_capitals(text)
        self._gaps: dict[str, str | None] = {}

    def gap(self, start: int, end: int) -> str | None:
        """What stands between, folded and stripped; None if it is too much to join two words."""
        if end - start > 32 or end < start:
            return None
        raw = self.text[start:end]
        if raw in (" ", ""):
            return ""
        if raw not in self._gaps:
            self._gaps[raw] = None if raw.count("\n") > 1 else fold_key(raw)
        return self._gaps[raw]

    def tokens_in(self, start: int, end: int) -> list[Token]:
        """The tokens that begin in a short stretch."""
        return [self.tokens[number] for at in range(start, end) if (number := self.starting.get(at)) is not None]

    def names_country(self, noun: Noun) -> bool:
        """The phrase itself says of which country it speaks."""
        at = bisect_left(self._adjectives, noun.start)
        return noun.country is not None or (at < len(self._adjectives) and self._adjectives[at] < noun.end)

    def article_before(self, start: int, floor: int = 0) -> int | None:
        """Where an article or possessive directly before `start` begins."""
        found = _ARTICLE_BEFORE.search(self.text, max(floor, start - 6), start)
        return found.start() if found else None


def _most_have_capitals(text: str) -> bool:
    """A headline that gives most long words a capital: there a capital says nothing of names."""
    words = [word for word in text[:400].split() if len(word) > 3 and word[0].isalpha()]
    return len(words) > 3 and sum(word[0].isupper() for word in words) > 0.7 * len(words)


@dataclass(slots=True)
class Name:
    """A name: of persons of the register (ids), or of somebody it lacks. `bare` is where it begins without honorifics."""

    start: int
    end: int
    bare: int
    ids: tuple[str, ...] = ()
    full: bool = True
    honorific: bool = False
    token: Token | None = None
    country: str | None = None  # "le Français X": said of this name alone
    lineage: bool = False  # it goes on beyond the register's form


@dataclass(slots=True)
class Noun:
    """A phrase that names an office, body or delegation."""

    start: int
    end: int
    rank: str | None = None
    type: str | None = None  # field of work
    bare: str | None = None
    bodies: tuple[str, ...] = ()  # what the body named may be
    solid: bool = False  # a body was named, not only a field of work
    country: str | None = None  # said in the phrase
    default: str | None = None  # of a title that exists in one country only
    countries: tuple[str, ...] = ()  # "les ministres espagnol et portugais": all of them
    counterpart: bool = False
    plural: bool = False
    former: bool = False
    alone: bool = False  # it means something without body, field and country
    article: bool = False
    settled: bool = False  # a second post named does not change whose minister it is

    @property
    def weak(self) -> bool:
        """Nothing says of what it is an office."""
        if self.type or self.bodies or self.counterpart:
            return False
        return self.country is None or self.rank in ("deputy", None)


@dataclass(slots=True)
class Phrase:
    """One mention. `listed` = a further name of a plural noun, number `place` in its list."""

    part: Part
    start: int
    end: int
    noun: Noun | None = None
    name: Name | None = None
    group: str | None = None
    place: int = 0
    listed: bool = False


class Phrases:
    """Reads one part. `fits(ids, noun)` says whether one of these persons may hold the office of the noun."""

    def __init__(self, known: Lexicon, fits: Callable[[tuple[str, ...], Noun], bool]):
        self.known = known
        self.fits = fits
        self.arabic = known.language == "ar"
        self.english = known.language == "en"

    def read(self, part: Part) -> list[Phrase]:
        """All mentions of a part, in order."""
        nouns = self._nouns(part)
        found = self._named(part, nouns)
        found += self._loose(part, sorted((phrase.start, phrase.end) for phrase in found))
        found.sort(key=lambda phrase: (phrase.start, phrase.end))
        return found

    # offices

    def _nouns(self, part: Part) -> list[Noun]:
        found: list[Noun] = []
        done = -1
        for number, token in enumerate(part.tokens):
            if token.start < done or token.taken:
                continue
            noun = self._noun(part, number)
            if noun is not None:
                found.append(noun)
                done = noun.end
        return found

    def _noun(self, part: Part, number: int) -> Noun | None:
        token = part.tokens[number]
        words = token.entry.words
        if not ("head" in words or "title" in words or "counterpart" in words):
            return self._once(part, number) or self._chief_by_acronym(part, number)
        if token.entry.persons or (token.entry.surnames and "title" not in words and "counterpart" not in words):
            return None
        noun = Noun(token.start, token.end)
        if token.clitic == "ex":
            noun.start, noun.former = token.outer, True
        self._take_head(noun, token)
        self._leftwards(part, noun, number)
        self._rightwards(part, noun, number)
        if noun.type is None and noun.country is not None and not noun.bodies:
            noun.type = noun.bare
        if noun.weak and not noun.alone and noun.rank not in ("minister", "leader"):
            self._beyond(part, noun)
        noun.article = part.article_before(noun.start) is not None and not self.arabic
        return noun

    def _beyond(self, part: Part, noun: Noun) -> None:
        """ "directeur de la coopération à la DGSN": words we do not know, then the body; whoever it is does not lead it."""
        number = next((n for at in range(noun.end, noun.end + 64) if (n := part.starting.get(at)) is not None), None)
        for at in range(number or len(part.tokens), min(len(part.tokens), (number or 0) + 4)):
            token = part.tokens[at]
            if not token.entry.bodies and not (token.has("field") and token.entry.words["field"].alone):
                if token.entry.words.keys() & {"modifier", "field", "trade"}:
                    continue
                return
            between = part.text[noun.end : token.outer] + " " + token.clitic
            if len(between) > 66 or not _BEYOND.fullmatch(between):
                return
            self._take_body(noun, token)
            noun.end, noun.rank = token.end, "deputy"
            self._rightwards(part, noun, at)
            return

    def _once(self, part: Part, number: int) -> Noun | None:
        """ "X, alors à la DGSI": a body without an office, after a name."""
        token = part.tokens[number]
        if "former" not in token.entry.words or number + 1 >= len(part.tokens) or self.arabic:
            return None
        after = part.tokens[number + 1]
        gap = part.gap(token.end, after.start)
        if not after.entry.bodies or not gap or gap not in self.known.linkers:
            return None
        if not _OPENING.search(part.text, max(0, token.start - 4), token.start):
            return None
        noun = Noun(token.start, after.end, rank="head", former=True)
        token.taken = True
        self._take_body(noun, after)
        return noun

    def _chief_by_acronym(self, part: Part, number: int) -> Noun | None:
        """ "le DGSN algérien": the acronym of a (feminine) direction with a masculine article is its director."""
        token = part.tokens[number]
        entry = token.entry
        if not (entry.acronym and entry.key.startswith("dg") and self.known.language == "fr"):
            return None
        at = part.article_before(token.start)
        if at is None or part.text[at : token.start].strip().casefold() != "le":
            return None
        noun = Noun(token.start, token.end, rank="head", article=True)
        self._take_body(noun, token)
        self._rightwards(part, noun, number)
        return noun

    def _take_head(self, noun: Noun, token: Token) -> None:
        words = token.entry.words
        token.taken = True
        group = words.get("counterpart") or words.get("title") or words["head"]
        noun.plural = noun.plural or group.plural
        if group.use == "counterpart":
            noun.counterpart = True
            return
        if noun.rank is None or (noun.rank in ("generic", "deputy") and group.rank in ("minister", "head", "leader")):
            noun.rank = group.rank
        if group.type is not None and (noun.type is None or group.use == "title"):
            noun.type = group.type
            noun.rank = group.rank or noun.rank
        noun.default = noun.default or group.country
        noun.alone = noun.alone or group.alone
        noun.bare = noun.bare or group.bare
        if token.entry.bodies:
            self._take_body(noun, token)
        if token.place is not None:
            self._take_country(noun, token)

    def _take_body(self, noun: Noun, token: Token, *, bracket: bool = False) -> None:
        """The body named, or the field of work. A second one only says it more exactly."""
        entry = token.entry
        token.taken = True
        group = entry.words.get("field")
        if group is not None and (noun.type is None or noun.type in _LOOSE_FIELDS):
            noun.type = group.type
            noun.default = noun.default or group.country
        if not entry.bodies or noun.settled:
            return
        both = tuple(one for one in noun.bodies if one in entry.bodies)
        if not noun.bodies or bracket or not noun.solid:
            noun.bodies = both or entry.bodies
        elif both:
            noun.bodies = both
        noun.solid = noun.solid or bracket or group is None

    def _take_country(self, noun: Noun, token: Token) -> None:
        place = token.place
        token.taken = True
        if place is not None and noun.country is None:
            noun.country = place.country

    def _leftwards(self, part: Part, noun: Noun, number: int) -> None:
        """ "ancien", "ex-"; in English also "Moroccan", "Spain's", "CIA", "federal police"."""
        for at in range(number - 1, max(-1, number - 8), -1):
            token = part.tokens[at]
            if token.taken or token.entry.persons:
                return
            gap = part.gap(token.end, noun.start)
            words = token.entry.words
            if gap == "and" and self.english and noun.type is not None and "field" in words:
                gap = ""  # "police and intelligence chief"
            if gap is None or gap not in ("", "-", "'s", "'"):
                break
            if gap in ("", "-") and "former" in words:
                noun.former = True
            elif self.english and token.place is not None and (gap or token.place.kind in ("demonym", "country")):
                self._take_country(noun, token)
            elif self.english and ("field" in words or token.entry.bodies):
                self._take_body(noun, token)
            elif not (gap == "" and "modifier" in words):
                return
            token.taken = True
            noun.start = token.start
        if self.english and noun.country is None:
            self._capital_before(part, noun)

    def _capital_before(self, part: Part, noun: Noun) -> None:
        """ "Washington's ambassador": a capital speaks for its country, also where its name alone might be something else."""
        short = _SHORT_COUNTRY.search(part.text, max(0, noun.start - 8), noun.start)
        if short is not None:
            noun.country, noun.start = _SHORT_COUNTRIES[short[1].replace(".", "")], short.start(1)
            return
        before = _POSSESSOR.search(part.text, max(0, noun.start - 40), noun.start)
        if before is None:
            return
        for place in find_places(f"in {before[1]}", "en"):
            if place.country is not None and place.kind in ("city", "country"):
                noun.country, noun.start = place.country, before.start(1)

    def _rightwards(self, part: Part, noun: Noun, number: int) -> None:
        """What the office is of: fields, bodies, countries, brackets with an acronym, a second office of the same person."""
        reach = noun.end
        for at in range(number + 1, min(len(part.tokens), number + 16)):
            token = part.tokens[at]
            if token.start < noun.end:
                token.taken = True  # inside a bracket
                continue
            reach = max(reach, noun.end)
            gap = part.gap(reach, token.outer)
            if gap is None or token.entry.persons:
                return
            if gap == "(":
                if not self._bracket(part, noun, token):
                    return
                continue
            if gap[:1] == "," and token.place is not None and self._further_country(noun, token, gap):
                token.taken = True
                noun.end = token.end
                continue
            gap += token.clitic if token.clitic != "ال" else ""
            if gap not in self.known.linkers or not self._joins(part, noun, token, at, gap):
                return
            reach = token.end
            if gap and token.entry.words.keys() == {"modifier"}:
                continue  # "du service": only what follows may make it part of the phrase
            token.taken = True
            noun.end = token.end

    def _bracket(self, part: Part, noun: Noun, token: Token) -> bool:
        if not token.entry.bodies:
            return False
        self._take_body(noun, token, bracket=True)
        close = part.text.find(")", token.end, token.end + 60)
        noun.end = close + 1 if close >= 0 else token.end
        return True

    def _joins(self, part: Part, noun: Noun, token: Token, at: int, gap: str) -> bool:
        """The token belongs to the phrase; then it has been taken in."""
        words = token.entry.words
        first = gap.split(" ")[0]
        joined = first in _AND or (first[:1] == "و" and self.arabic)
        if token.entry.bodies or "field" in words:
            if token.entry.weak and not gap and noun.rank not in ("diplomat", "liaison"):
                return False
            if joined and (noun.rank in ("body", "delegation") or not (noun.type or noun.bodies)):
                return False
            if joined and part.article_before(token.start) is not None and gap in _AND:
                return False
            self._take_body(noun, token)
            if token.place is not None and not token.entry.bodies:
                self._take_country(noun, token)
            return True
        if token.place is not None:
            return self._place_joins(part, noun, token, at, gap, joined)
        if "head" in words or "title" in words:
            return self._second_office(part, noun, token, gap)
        if "former" in words and not joined:
            noun.former = True
            return True
        if "modifier" in words and not joined:
            if words["modifier"].rank == "deputy" and noun.rank in ("head", "minister"):
                noun.rank = "deputy"
            return True
        return False

    def _second_office(self, part: Part, noun: Noun, token: Token, gap: str) -> bool:
        """ "secretaria de Estado y directora del CNI", "نائب رئيس الوزراء وزير الداخلية": one person, two offices."""
        if self.arabic and token.clitic == "و" and noun.type == "government":
            self._take_head(noun, token)  # "نائب رئيس الوزراء ووزير الداخلية"
            return True
        if noun.plural or token.clitic or part.article_before(token.start) is not None:
            return False
        if not (gap in _AND or (self.arabic and gap == "" and noun.rank != "generic" and not noun.weak)):
            return False
        noun.settled = noun.rank == "minister" and noun.type is not None
        self._take_head(noun, token)
        return True

    def _place_joins(self, part: Part, noun: Noun, token: Token, at: int, gap: str, joined: bool) -> bool:
        place = token.place
        assert place is not None
        if joined:
            return self._further_country(noun, token, gap)
        if place.kind == "demonym":
            if gap and not (self.english and self._leads_on(part, at)):
                return False
            if noun.country is not None and noun.rank not in ("diplomat", "liaison"):
                return False
            self._take_country(noun, token)
            return True
        venue = gap in _AT_PLACE
        envoy = noun.rank in ("diplomat", "liaison")
        if place.kind == "country":
            if noun.country is not None or (venue and (noun.counterpart or noun.solid)):
                return envoy and noun.country is not None
            if not gap and not self.arabic:
                return False
            self._take_country(noun, token)
            return True
        governor = noun.bare == "interior"
        if place.kind != "city" or (venue and not governor) or noun.counterpart or not (gap or self.arabic):
            return envoy and venue
        if noun.type is None and not noun.bodies and not governor:
            return False
        if not noun.solid:
            self._take_country(noun, token)
        return True

    def _further_country(self, noun: Noun, token: Token, gap: str) -> bool:
        """ "les ministres espagnol et portugais", "of Spain and Morocco"."""
        place = token.place
        if place is None or place.country is None or not noun.plural or noun.country is None or place.kind == "city":
            return False
        if gap.split(" ")[0] not in (*_AND, ",") and not gap.startswith("و"):
            return False
        noun.countries = (*(noun.countries or (noun.country,)), place.country)
        return True

    def _leads_on(self, part: Part, at: int) -> bool:
        """ "head of the Moroccan police": behind the adjective stands what it belongs to."""
        if at + 1 >= len(part.tokens):
            return False
        after = part.tokens[at + 1]
        return part.gap(part.tokens[at].end, after.start) == "" and bool(after.entry.bodies or after.has("field"))

    # names beside offices

    def _named(self, part: Part, nouns: list[Noun]) -> list[Phrase]:
        found: list[Phrase] = []
        used: set[int] = set()
        for number, noun in enumerate(nouns):
            if found and self._goes_on(part, found[-1], noun):
                continue
            floor = nouns[number - 1].end if number else 0
            ceiling = nouns[number + 1].start if number + 1 < len(nouns) else len(part.text)
            name = self._name_of(part, noun, floor, ceiling, used)
            if name is None:
                if not noun.weak or noun.alone:
                    found += self._per_country(part, noun)
                else:
                    for token in part.tokens_in(noun.start, noun.end):
                        token.taken = False
                continue
            if noun.weak and noun.type is None and noun.rank != "deputy":
                noun.type = noun.bare
            used.add(name.bare)
            start, end = min(noun.start, name.start), max(noun.end, name.end)
            found.append(Phrase(part, start, end, noun, name))
            if noun.plural:
                for place, other in enumerate(self._more_names(part, name.end, used), 1):
                    found.append(Phrase(part, other.start, other.end, noun, other, place=place, listed=True))
        return found

    def _goes_on(self, part: Part, phrase: Phrase, noun: Noun) -> bool:
        """ "le wali Khalid Zerouali, directeur de la migration": a second office of somebody just named is part of that mention."""
        name = phrase.name
        if name is None or phrase.listed or name.end != phrase.end or phrase.noun is None or noun.weak or noun.counterpart:
            return False
        gap = part.gap(phrase.end, noun.start)
        if gap not in (",", "،", "(") or (name.ids and not self.fits(name.ids, noun)):
            return False
        after, _ = self._name_after(part, noun, len(part.text))
        if after is not None and not self._has_own_office(part, after):
            return False
        if phrase.noun.weak:
            noun.start = phrase.noun.start
            phrase.noun = noun
        phrase.end = noun.end
        return True

    def _per_country(self, part: Part, noun: Noun) -> list[Phrase]:
        """One mention, or one per country of "les ministres espagnol et portugais"; "les deux ministres" is a group."""
        if len(noun.countries) < 2:
            few = noun.plural and noun.country is None and not noun.solid and not noun.counterpart
            if few and (_FEW.search(part.text, max(0, noun.start - 12), noun.start + 9) or self._dual(part, noun)):
                return [Phrase(part, noun.start, noun.end, group=noun.rank)]
            return [Phrase(part, noun.start, noun.end, noun)]
        found = []
        for country in noun.countries:
            one = replace(noun, country=country, countries=(), plural=False)
            found.append(Phrase(part, noun.start, noun.end, one))
        return found

    def _dual(self, part: Part, noun: Noun) -> bool:
        """ "وزيرا الداخلية", "الوزيران": exactly two."""
        word = _ARABIC_WORD.match(part.text, noun.start)
        return word is not None and self.arabic and word[0].endswith(("ا", "ان", "ي", "ين"))

    def _name_of(self, part: Part, noun: Noun, floor: int, ceiling: int, used: set[int]) -> Name | None:
        """The name that belongs to the office: directly after, directly before, or behind or before a comma."""
        after, apart = self._name_after(part, noun, ceiling)
        if after is not None and (after.bare in used or not self._suits(after, noun)):
            after = None
        if after is not None and not apart:
            return self._use(after)
        before, behind_comma = self._name_before(part, noun, floor, used)
        if before is not None and not self._suits(before, noun):
            before = None
        if before is None or after is None:
            chosen = after or before
        elif not behind_comma:
            chosen = before
        elif bool(before.ids) != bool(after.ids) and not noun.weak:
            chosen = before if before.ids else after
        elif self._has_own_office(part, after):
            chosen = before
        else:
            chosen = after if noun.article else before
        return self._use(chosen) if chosen is not None else None

    def _use(self, name: Name) -> Name:
        if name.token is not None:
            name.token.taken = True
        return name

    def _suits(self, name: Name, noun: Noun) -> bool:
        return not name.ids or self.fits(name.ids, noun)

    def _has_own_office(self, part: Part, name: Name) -> bool:
        """Another office follows the name: "X, directeur de la DGSI, Y, ministre ..." gives Y to the second."""
        number = part.starting.get(self._skip_article(part, name.end))
        return number is not None and (part.tokens[number].has("head") or part.tokens[number].has("title"))

    def _skip_article(self, part: Part, at: int) -> int:
        after = _AFTER.match(part.text, at)
        at = after.end() if after else at
        article = _ARTICLE.match(part.text, at)
        return article.end() if article and not self.arabic and at not in part.starting else at

    def _name_after(self, part: Part, noun: Noun, ceiling: int) -> tuple[Name | None, bool]:
        """The name after the office, and whether a comma stands between."""
        end = noun.end
        if noun.rank == "minister":
            charges = (_ARABIC_CHARGES if self.arabic else _CHARGES).match(part.text, end)
            if charges is not None and charges.end() <= ceiling and self._only_words(part, charges):
                end = charges.end()
        between = _AFTER.match(part.text, end)
        if between is None:
            return None, False
        apart = between[1] is not None
        at = between.end()
        if self.arabic and apart and self._joined_word(part, at):
            return None, apart
        return self._name_at(part, at, ceiling, apart=apart or "\n" in between[0]), apart

    def _only_words(self, part: Part, charges: re.Match[str]) -> bool:
        return not any(t.entry.persons or t.entry.surnames or t.has("honorific") for t in part.tokens_in(charges.start(), charges.end()))

    def _joined_word(self, part: Part, at: int) -> bool:
        """An Arabic word with "and" before it: the next of a list, not an apposition."""
        word = _ARABIC_WORD.match(part.text, at)
        if word is None or word[0][0] != "و":
            return False
        return at not in part.starting and fold_key(word[0]) not in self.known.given

    def _name_at(self, part: Part, at: int, ceiling: int, *, apart: bool) -> Name | None:
        """The name that begins here, honorifics included; `apart` = behind a comma, where a single word is no name."""
        start = at
        if not self.arabic and (article := _ARTICLE.match(part.text, at)) is not None:
            number = part.starting.get(article.end())
            if number is not None and (part.tokens[number].has("honorific") or part.tokens[number].entry.persons):
                at = article.end()
        honorific = False
        for _ in range(5):
            number = part.starting.get(at)
            if number is None or not part.tokens[number].has("honorific") or part.tokens[number].entry.persons:
                break
            blank = _BLANK.match(part.text, part.tokens[number].end)
            honorific = True
            at = blank.end() if blank else part.tokens[number].end
        if at >= len(part.text) or (at >= ceiling and not honorific):
            return None
        number = part.starting.get(at)
        token = part.tokens[number] if number is not None else None
        if token is not None and token.entry.persons:
            end = self._lengthened(part, token)
            return Name(start, end, at, token.entry.persons, True, honorific, token, lineage=self._is_other(part, token, end))
        if token is not None and token.entry.surnames and not self._is_longer(part, token):
            return Name(start, token.end, at, token.entry.surnames, False, honorific, token)
        end_ = self._arabic_end(part, at, honorific, apart) if self.arabic else self._latin_end(part, at, honorific, apart)
        return Name(start, end_, at, (), True, honorific) if end_ is not None else None

    def _is_longer(self, part: Part, token: Token) -> bool:
        """A surname that is the beginning of a longer name."""
        if self.arabic:
            end = self._arabic_words(part, token.start, 3)
            return end is not None and end > token.end
        name = NAME.match(part.text, token.start)
        return name is not None and name.end() > token.end and not part.capitals

    def _lengthened(self, part: Part, token: Token) -> int:
        """Where a known name ends that goes on with a second surname, or with `bin X Al Y`."""
        end = token.end
        if self.arabic:
            for _ in range(4):
                lineage = _ARABIC_LINEAGE.match(part.text, end)
                if lineage is None:
                    break
                end = lineage.end() - (1 if part.text[lineage.end() - 1] == " " else 0)
            return end
        more = _MORE_NAME.match(part.text, end)
        if more is None or part.capitals or part.text[token.start : end].isupper():
            return end
        word = fold_key(more[0])
        if word in self.known.no_name or len(word) < 3 or any(True for _ in part.tokens_in(end + 1, more.end())):
            return end
        return more.end()

    def _is_other(self, part: Part, token: Token, end: int) -> bool:
        """The name goes on with what may make it that of somebody else: a further surname, but not his line of descent."""
        return end > token.end and not self.arabic and _DESCENT.match(part.text, token.end) is None

    def _latin_end(self, part: Part, at: int, honorific: bool, apart: bool) -> int | None:
        """Where a name the register lacks ends: a run of words with capitals."""
        found = NAME.match(part.text, at)
        if found is None or part.capitals or not part.text[at].isupper():
            return None
        end = found.end()
        if not apart and not honorific and at > 12 and part.text[at - 12 : at].isupper():
            return None  # among capitals a capital says nothing
        for token in part.tokens_in(at, end):
            entry = token.entry
            if token.start == at:
                if entry.bodies or (token.place is not None and not honorific) or (token.end >= end and entry.words):
                    return None
            elif entry.bodies or "title" in entry.words or "head" in entry.words or entry.persons:
                end = token.start
                break
        words = part.text[at:end].split()
        while words and (fold_key(words[-1]) in self.known.no_name or words[-1].endswith(("'s", "’s"))):
            words.pop()
        if not words:
            return None
        first = fold_key(words[0])
        if first in self.known.no_name and not (len(words) > 1 and first in ("le", "la", "el", "de")):
            return None
        if len(words) == 1 and (len(words[0]) < 3 or (apart and not honorific)):
            return None
        last = part.text.find(words[-1], at + sum(len(word) + 1 for word in words[:-1]) if len(words) > 1 else at)
        return last + len(words[-1]) if at <= last < end else None

    def _arabic_end(self, part: Part, at: int, honorific: bool, apart: bool) -> int | None:
        end = self._arabic_words(part, at, 6)
        if end is None:
            return None
        words = part.text[at:end].split()
        if honorific:
            return end
        if len(words) < 2:
            return None
        first = fold_key(words[0])
        # Else a verb, a clitic, or a noun with its complement ("ملفات الإرهاب")
        like = first[0] not in _NOT_FIRST and not words[0].startswith("ال") and not words[1].startswith("ال")
        if first[-1] == "ت" and len(first) > 3 and first not in self.known.given:
            return None  # "شملت", "أجرت": a verb
        return end if apart or like or first in self.known.name_words else None

    def _arabic_words(self, part: Part, at: int, most: int) -> int | None:
        """Where a run of at most so many Arabic words that may be a name ends."""
        end = None
        for number in range(most):
            word = _ARABIC_WORD.match(part.text, at)
            if word is None or not self._may_be_name(part, word[0], at, first=number == 0):
                break
            end = word.end()
            if part.text[end : end + 1] not in (" ", "\u00a0"):
                break
            at = end + 1
        return end

    def _may_be_name(self, part: Part, word: str, at: int, *, first: bool) -> bool:
        """An Arabic word that may stand in a name. Known name words always may; words with clitics and verbs may not."""
        known = self.known
        folded = fold_key(word)
        if word == "على":
            return False  # folded it is the name Ali
        number = part.starting.get(at)
        if number is not None and not self._like_name(part.tokens[number]):
            return False
        if folded in known.name_words:
            return True
        if folded in known.stops or len(folded) < 2 or folded.startswith(("بال", "وال", "لل", "فال", "كال")):
            return False
        if first and folded.endswith("ات") and len(folded) > 4:
            return False  # a plural: "شبكات"
        for inner in range(at + 1, at + min(4, len(word))):
            number = part.starting.get(inner)
            if number is not None and not self._like_name(part.tokens[number]):
                return False
        if folded[0] in "وبلفكس" and (folded[1:] in known.stops or folded[1:] in known.given):
            return False
        return first or folded[0] not in "وي"

    def _like_name(self, token: Token) -> bool:
        """A token that does not end a name."""
        entry = token.entry
        if entry.surnames or entry.persons:
            return True
        return not entry.bodies and token.place is None and not (_MARKED & entry.words.keys())

    def _name_before(self, part: Part, noun: Noun, floor: int, used: set[int]) -> tuple[Name | None, bool]:
        """The name before the office, and whether a comma stands between."""
        article = None if self.arabic else part.article_before(noun.start, floor)
        at = noun.start if article is None else article
        opening = _OPENING.search(part.text, max(floor, at - 5), at)
        if opening is None:
            end = at
            while end > floor and part.text[end - 1] in " \u00a0" and at - end < 3:
                end -= 1
            number = part.ending.get(end)
            token = part.tokens[number] if number is not None else None
            # "M. Hammouchi patron de": only a known name, or in Arabic one with an honorific, stands directly before its office
            if token is not None and token.entry.persons and article is None and end < at and token.start not in used:
                return self._known(part, token), False
            return (self._arabic_before(part, noun, end, floor, used, apart=False) if self.arabic and end < at else None), False
        at = opening.start()
        number = part.ending.get(at)
        if number is not None:
            token = part.tokens[number]
            if token.start not in used and not token.taken:
                if token.entry.persons:
                    return self._known(part, token), True
                if token.entry.surnames and not self.other_first_name(part, token):
                    return Name(token.start, token.end, token.start, token.entry.surnames, False, False, token), True
        if noun.weak:
            return None, True
        if self.arabic:
            return self._arabic_before(part, noun, at, floor, used, apart=True), True
        return self._latin_before(part, noun, at, floor, used, article is not None), True

    def _latin_before(self, part: Part, noun: Noun, at: int, floor: int, used: set[int], article: bool) -> Name | None:
        window = max(floor, at - 90)
        last = None
        for match in NAME.finditer(part.text, window, at):
            last = match
        if last is None or last.end() != at:
            return None
        begin = last.start()
        words = last[0].split()
        while words and (fold_key(words[0]) in self.known.no_name or self._is_honorific(part, begin)):
            begin = part.text.find(words[1], begin + len(words[0])) if len(words) > 1 else at
            words = words[1:]
        for token in part.tokens_in(begin, at):
            entry = token.entry
            if entry.persons:
                if token.start in used:
                    return None
                name = self._known(part, token)
                name.end = at
                name.lineage = self._is_other(part, token, at)
                return name
            if entry.bodies or (token.place is not None and token.end == at) or entry.words.keys() - {"honorific", "modifier"}:
                return None
        if len(words) < 2 or begin in used:
            return None
        start, honorific = self._honorifics_before(part, begin, floor)
        # "Le Figaro, le ministre a dit": with an article it is an apposition only if a comma closes it
        if article and part.text[noun.end : noun.end + 1] not in (",", ")", ".", ";", ":", "") and not noun.alone:
            return None
        return Name(start if honorific else begin, at, begin, (), True, honorific)

    def _is_honorific(self, part: Part, at: int) -> bool:
        number = part.starting.get(at)
        return number is not None and part.tokens[number].has("honorific")

    def _arabic_before(self, part: Part, noun: Noun, at: int, floor: int, used: set[int], *, apart: bool) -> Name | None:
        if noun.weak:
            return None
        begin = self._arabic_back(part, at, max(floor, at - 80))
        if begin is None or begin in used:
            return None
        start, honorific = self._honorifics_before(part, begin, floor)
        if " " not in part.text[begin:at] or not (apart or honorific):
            return None
        for token in part.tokens_in(begin, at):
            if token.entry.persons:
                return None if token.start in used else Name(start, at, token.start, token.entry.persons, True, honorific, token)
        return Name(start, at, begin, (), True, honorific)

    def _arabic_back(self, part: Part, at: int, floor: int) -> int | None:
        """Where the words of an Arabic name that ends at `at` begin; a leading "and" is left out."""
        begin = None
        for _ in range(9):
            start = at
            while start > floor and _ARABIC_WORD.fullmatch(part.text, start - 1, at):
                start -= 1
            if start == at:
                break
            word = part.text[start:at]
            folded = fold_key(word)
            inner = part.starting.get(start + 1)
            if word[0] == "و" and folded not in self.known.given:
                joined = folded[1:] in self.known.given or (inner is not None and bool(part.tokens[inner].entry.persons))
                return start + 1 if joined else begin
            number = part.starting.get(start)
            if number is not None and part.tokens[number].has("honorific"):
                break
            if not self._may_be_name(part, word, start, first=True):
                break
            begin = start
            if part.text[start - 1 : start] not in (" ", "\u00a0") or start == 0:
                break
            at = start - 1
        return begin

    def _honorifics_before(self, part: Part, start: int, floor: int) -> tuple[int, bool]:
        """Where the honorifics before a name begin, and whether there are any."""
        found = False
        for _ in range(5):
            end = start
            while end > floor and part.text[end - 1] in " \u00a0." and start - end < 3:
                end -= 1
            number = part.ending.get(end)
            if number is None:
                number = part.ending.get(end + 1)  # "M." ends with its point
            token = part.tokens[number] if number is not None else None
            if token is None or not token.has("honorific") or token.taken or token.start < floor or token.end > start:
                break
            start = token.start
            found = True
        return start, found

    def _known(self, part: Part, token: Token) -> Name:
        start, honorific = self._honorifics_before(part, token.outer, 0)
        if not honorific:
            start = token.start
        end = self._lengthened(part, token)
        return Name(start, end, token.start, token.entry.persons, True, honorific, token, lineage=self._is_other(part, token, end))

    def _more_names(self, part: Part, at: int, used: set[int]) -> list[Name]:
        """The further names of a plural office: "X et Y", "espagnol X et portugais Y"."""
        found: list[Name] = []
        for _ in range(6):
            link = _LINK.match(part.text, at)
            if link is None:
                break
            begin = link.end()
            country = None
            number = part.starting.get(begin)
            place = part.tokens[number].place if number is not None else None
            if number is not None and place is not None and place.kind in ("demonym", "country"):
                country = place.country
                part.tokens[number].taken = True
                begin = self._skip_article(part, part.tokens[number].end)
            name = self._name_at(part, begin, len(part.text), apart=country is None)
            if name is None or name.bare in used:
                break
            name.country = country
            found.append(self._use(name))
            used.add(name.bare)
            at = name.end
        return found

    def named_in_full(self, part: Part, token: Token) -> bool:
        """The token is a whole name, not part of a longer one of somebody else."""
        if self._is_other(part, token, self._lengthened(part, token)):
            return False
        start = token.outer
        before = (_LAST_ARABIC if self.arabic else _LAST_CAPITAL).search(part.text, max(0, start - 42), start)
        if before is None or token.clitic or part.ending.get(before.end(1)) is not None:
            return True
        return fold_key(before[1]) not in self.known.given

    # what stands alone

    def other_first_name(self, part: Part, token: Token) -> bool:
        """Another first name stands directly before the surname, so it is somebody else."""
        start = token.outer
        if self.arabic:
            before = _LAST_ARABIC.search(part.text, max(0, start - 22), start)
            return before is not None and not token.clitic and fold_key(before[1]) in self.known.given
        before = _LAST_CAPITAL.search(part.text, max(0, start - 42), start)
        if before is None or part.capitals or part.ending.get(before.end(1)) is not None:
            return False
        word = fold_key(before[1])
        if word in self.known.no_name:
            return False
        # At the start of a sentence a verb or noun has a capital too
        opening = part.text[max(0, before.start(1) - 3) : before.start(1)].rstrip()
        return (bool(opening) and opening[-1] not in ".!?:«\"“") or word in self.known.given

    def _loose(self, part: Part, taken: list[tuple[int, int]]) -> list[Phrase]:
        found: list[Phrase] = []
        cover = Cover(taken)
        done = -1
        for number, token in enumerate(part.tokens):
            if token.taken or token.start < done or cover.inside(token.start):
                continue
            phrase = self._led(part, token, found) if token.has("led") else self._alone(part, number, token)
            if phrase is not None:
                found.append(phrase)
                done = phrase.end
        return found

    def _led(self, part: Part, token: Token, before: list[Phrase]) -> Phrase | None:
        """ "une délégation de la police pakistanaise conduite par X": X is of that body, also where no office is given."""
        parties = [one.noun for one in reversed(before[-3:]) if one.noun is not None and token.start - one.end < _SENTENCE]
        party = next((one for one in parties if one.bodies or one.type or one.country), None)
        blank = _BLANK.match(part.text, token.end)
        name = self._name_at(part, blank.end() if blank else token.end, len(part.text), apart=False)
        if party is None or name is None or name.ids or any(one.taken for one in part.tokens_in(name.start, name.end)):
            return None
        if self._has_own_office(part, name):
            return None
        noun = Noun(name.start, name.start, "head", party.type, None, party.bodies, party.solid, party.country, party.default, alone=True)
        return Phrase(part, name.start, name.end, noun, name)

    def _national(self, part: Part, token: Token) -> Phrase | None:
        """ "le Britannique Alex Pinfield", "Senegal's Jean Baptiste Tine": a nationality and a name, no office."""
        place = token.place
        if place is None or self.arabic or part.capitals or place.kind == "region":
            return None
        if place.kind == "demonym":
            if self.english or part.article_before(token.start) is None:
                return None
            begin = token.end
        else:
            own = _OWN.match(part.text, token.end)
            if own is None or not self.english:
                return None
            begin = own.end() - 1
        at = begin + 1
        end = self._latin_end(part, at, False, True) if part.text[begin : begin + 1] == " " else None
        if end is None or part.tokens_in(at, end) or self._has_own_office(part, name := Name(at, end, at)):
            return None
        return Phrase(part, token.start, end, Noun(token.start, token.end, country=place.country, alone=True), name)

    def _alone(self, part: Part, number: int, token: Token) -> Phrase | None:
        entry = token.entry
        if entry.persons:
            name = self._known(part, token)
            return Phrase(part, name.start, name.end, name=name)
        if entry.surnames and not self.other_first_name(part, token) and not (self.arabic and self._is_longer(part, token)):
            start, honorific = self._honorifics_before(part, token.outer, 0)
            name = Name(start if honorific else token.start, token.end, token.start, entry.surnames, False, honorific, token)
            return Phrase(part, name.start, name.end, name=name)
        if "group" in entry.words:
            return Phrase(part, token.start, token.end, group=entry.words["group"].rank)
        if token.place is not None and not entry.bodies and "field" not in entry.words:
            return self._national(part, token)
        if "delegation" in entry.words:
            return self._body(part, number, "delegation")
        if (entry.bodies and not entry.weak and not entry.inner) or ("field" in entry.words and entry.words["field"].alone):
            after = part.tokens[number + 1] if self.english and number + 1 < len(part.tokens) else None
            if after is not None and after.has("delegation") and part.gap(token.end, after.start) == "":
                return None  # "a Dutch police delegation" is read from its end
            return self._body(part, number, "body")
        return None

    def _body(self, part: Part, number: int, rank: str) -> Phrase:
        token = part.tokens[number]
        noun = Noun(token.start, token.end, rank=rank, alone=True)
        if rank == "body":
            self._take_body(noun, token)
            if token.place is not None and not token.entry.bodies:
                self._take_country(noun, token)
        if self.english:
            self._leftwards(part, noun, number)
        self._rightwards(part, noun, number)
        return Phrase(part, noun.start, noun.end, noun)


class Cover:
    """Ranges already read; asked for offsets in order."""

    def __init__(self, ranges: Sequence[tuple[int, int]]):
        self._ranges = ranges
        self._at = 0

    def inside(self, offset: int) -> bool:
        """The offset lies in one of the ranges."""
        while self._at < len(self._ranges) and self._ranges[self._at][1] <= offset:
            self._at += 1
        return self._at < len(self._ranges) and self._ranges[self._at][0] <= offset
