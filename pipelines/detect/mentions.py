"""People, offices and bodies in a text: who is named, by which office, for which body and country.

    tokens (scan.py) -> noun phrases (office + body + country) -> names beside them -> what is left: persons, bodies, groups
    -> which country, body and person each means -> which earlier one it refers back to

A full name of the register matches alone. A surname only where a full name or an office has introduced the person. A title finds its holder
on the article's day, a name its office. People the register lacks are taken with what the text says of them.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from pipelines.detect.fold import fold, fold_key
from pipelines.detect.places import PlaceMention, find_places
from pipelines.detect.resources import Body, Office, Register
from pipelines.detect.scan import Lexicon, Token, lexicon, tokens

ActorType = Literal["person", "title", "body", "pronoun-group"]


@dataclass(frozen=True, slots=True)
class Actor:
    """One mention of somebody who may act in a meeting. `start` and `end` span the whole phrase in the title or text given.

    `resolved_to` is the index, in the same tuple, of the actor it refers back to (or, in a title, forward to).
    """

    field: Literal["title", "text"]
    start: int
    end: int
    type: ActorType
    name: str | None = None  # the register's form for a known person, else as the text has it
    name_in_text: str | None = None
    role: str | None = None  # as the text has it
    body: str | None = None  # label
    body_id: str | None = None
    kind: str | None = None
    kinds: tuple[str, ...] = ()
    country: str | None = None
    person_id: str | None = None
    known: bool = False
    rank: str | None = None  # leader, minister, head, deputy, diplomat, liaison, generic; delegation, body
    field_type: str | None = None  # field of work: interior, police, intel-domestic ...
    plural: bool = False
    former: bool = False  # an office no longer held, or held then
    confidence: float = 1.0
    resolved_to: int | None = None


def find_actors(
    title: str,
    text: str,
    language: str,
    published: date | None,
    register: Register,
    *,
    home: str | None = None,
    places: tuple[Iterable[PlaceMention], Iterable[PlaceMention]] | None = None,
) -> tuple[Actor, ...]:
    """All mentions in title and text, title first, each in order. Either may be empty.

    `home` is the outlet's country (ISO 3166), for titles without any; `places` what `find_places` gave for title and text, to save a scan.
    """
    known = lexicon(register, language)
    title_places, text_places = places or (None, None)
    parts = [
        _Part("title", title, known, language, title_places),
        _Part("text", text, known, language, text_places),
    ]
    return _Reader(register, known, language, published, home, parts).read()


# --- the text, its tokens and their neighbourhood ---

_UPPER = "".join(c for c in map(chr, range(0x41, 0x250)) if unicodedata.category(c) in ("Lu", "Lt")) + "".join(
    c for c in map(chr, range(0x1E00, 0x1F00)) if unicodedata.category(c) == "Lu"
)
_REST = r"[^\W\d_\u0600-\u06ff]|[\u0300-\u036f]|['’‘ʼ-](?=[^\W\d_])"
_WORD = rf"[{_UPPER}](?:\.(?=\s?[{_UPPER}])|(?:{_REST})*)"
_PARTICLE = (
    r"(?:[dD]e|[dD]el|[dD]u|[dD]es|[dD]a|[dD]as|[dD]o|[dD]os|[dD]i|della|[eE]l|[aA]l|[aA]l|[bB]en|[bB]in|[bB]int|[iI]bn|[oO]uld|[uU]ld"
    r"|[vV]an|[vV]on|[dD]er|[dD]en|[tT]en|[tT]er|[zZ]u|[lL]e|[lL]a|[lL]os|las|[yY]|e|[aA]g|[aA]ou|[aA]bou|[aA]bu|[bB]ou|[aA]it|[aA]ït|[sS]t\.?)"
)
_NAME = re.compile(rf"(?:{_PARTICLE}[ \u00a0-]){{0,2}}{_WORD}(?:[ \u00a0\u202f-](?:{_PARTICLE}[ \u00a0-]){{0,3}}{_WORD}){{0,5}}")
_NAME_WORD = re.compile(rf"{_WORD}")
_BEFORE_NAME = re.compile(r"(?:\s*\([^()]{1,60}\))?[\s\u00a0]*(?:[,:–—][\s\u00a0]*)?")
_ARABIC_WORD = re.compile(r"[\u0621-\u063a\u0641-\u065f\u0670-\u06d3]+")
_ARABIC_BEFORE = re.compile(r"(?:\s*\([^()]{1,60}\))?\s*(?:[،,:–-]\s*)?")
_TAIL_ARTICLE = re.compile(r"(?:(?<![^\W_])(?:le|la|les|l['’]|el|los|the|un|une|an|a|son|sa|su|his|her)[\s\u00a0]*)$", re.IGNORECASE)
_OPENING = re.compile(r"([,(–—]|\s-)[\s\u00a0]*$")
# Words with a capital only because a sentence or headline begins there, or because they always have one; none is part of a name
_NO_NAME = frozenset(
    fold_key(
        "le la les l un une des du de au aux avec mais pour selon par dans sur sous entre apres avant chez vers depuis pendant lors ce cet cette ces son sa"
        " ses leur leurs il elle ils elles on nous vous qui que quand si et ou ni car donc or en y a notre votre aussi ainsi puis enfin outre face"
        " el los las una unos con pero para segun por sobre tras desde durante este esta estos su sus ellos ella que cuando si y o como ambos al del"
        " the an with but for according by in on under between after before at to from since during this that these his her their he she they it we"
        " who when if and or as both its also meanwhile earlier later his"
        " lundi mardi mercredi jeudi vendredi samedi dimanche janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre"
        " lunes martes miercoles jueves viernes sabado domingo enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
        " monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december"
        " coupe jeux monde euro can mondial copa world cup olympics constitution conseil agence union nations direction ministere bureau police surete"
        " afp map efe reuters ap mm m mme monsieur madame sm sem interpol europol onu ue royaume republique state kingdom security"
    ).split()
)


class _Part:
    """Title or text with its tokens."""

    def __init__(self, which: Literal["title", "text"], text: str, known: Lexicon, language: str, places: Iterable[PlaceMention] | None):
        self.which: Literal["title", "text"] = which
        self.text = text
        folded = fold(text)
        self.places = tuple(find_places(text, language, folded=folded) if places is None else places)
        self.tokens = tokens(known, folded, self.places)
        self.starting = {token.start: number for number, token in enumerate(self.tokens)}
        self.ending = {token.end: number for number, token in enumerate(self.tokens)}
        words = _NAME_WORD.findall(text[:400]) if which == "title" else []
        # In a headline that gives most words a capital, a capital says nothing of names
        self.capitals = which == "title" and len(words) > 3 and len(words) > 0.6 * len([w for w in text[:400].split() if len(w) > 3])
        self._gaps: dict[str, str | None] = {}

    def gap(self, start: int, end: int) -> str | None:
        """What stands between, folded and stripped; None if it is too long to join two words."""
        if end - start > 32 or end < start:
            return None
        raw = self.text[start:end]
        if raw in (" ", ""):
            return ""
        found = self._gaps.get(raw)
        if found is None and raw not in self._gaps:
            found = None if "\n\n" in raw else fold_key(raw)
            self._gaps[raw] = found
        return found


@dataclass(slots=True)
class _Noun:
    """A noun phrase that names an office: "le ministre espagnol de l'Intérieur"."""

    part: _Part
    start: int
    end: int
    rank: str | None = None
    type: str | None = None
    bodies: tuple[str, ...] = ()  # what its body may be
    solid: bool = False  # the body was named, not only its field
    country: str | None = None
    stated: bool = False  # the country is in the phrase
    default: str | None = None
    counterpart: bool = False
    plural: bool = False
    former: bool = False
    weak: bool = True  # an office without body, field or country
    alone: bool = False  # it means something all the same
    name: _Name | None = None
    role_start: int = 0
    role_end: int = 0
    others: list[_Name] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    article: bool = False


@dataclass(slots=True)
class _Name:
    """A name in the text: of a known person (ids, most likely first), or of somebody the register lacks."""

    part: _Part
    start: int
    end: int
    ids: tuple[str, ...] = ()
    full: bool = False
    bare: int = 0  # where the name begins without honorifics
    honorific: bool = False
    token: Token | None = None


class _Reader:
    """Reads one article."""

    def __init__(
        self, register: Register, known: Lexicon, language: str, published: date | None, home: str | None, parts: list[_Part]
    ):
        self.register = register
        self.known = known
        self.arabic = language == "ar"
        self.language = language
        self.published = published
        self.home = home
        self.parts = parts
        self.full: set[str] = set()  # persons named in full
        self.bodies: set[str] = set()  # bodies named
        self.unknown: dict[str, _Name] = {}

    def read(self) -> tuple[Actor, ...]:
        for part in self.parts:
            for token in part.tokens:
                self.full.update(token.entry.persons)
                self.bodies.update(token.entry.bodies)
        phrases: list[_Phrase] = []
        for part in self.parts:
            nouns = self._nouns(part)
            for noun in nouns:
                self.bodies.update(noun.bodies)
            phrases += self._named(part, nouns)
        return _Resolver(self, phrases).actors()

    # noun phrases

    def _nouns(self, part: _Part) -> list[_Noun]:
        found = []
        number = 0
        all_tokens = part.tokens
        while number < len(all_tokens):
            noun = self._noun(part, number)
            if noun is None:
                number += 1
                continue
            found.append(noun)
            end = noun.end
            while number < len(all_tokens) and all_tokens[number].start < end:
                number += 1
        return found

    def _noun(self, part: _Part, number: int) -> _Noun | None:
        token = part.tokens[number]
        words = token.entry.words
        if token.taken or not ("head" in words or "title" in words or "counterpart" in words):
            return self._then(part, number) if "former" in words and not token.taken else None
        if token.entry.persons or (token.entry.surnames and "title" not in words and "counterpart" not in words):
            return None
        noun = _Noun(part, token.start, token.end, role_start=token.start, role_end=token.end)
        self._take_head(noun, token)
        self._leftwards(noun, number)
        self._rightwards(noun, number)
        start, end = noun.start, noun.end
        noun.role_start, noun.role_end = start, end
        noun.article = bool(_TAIL_ARTICLE.search(part.text[max(0, start - 5) : start])) and not self.arabic
        return noun

    def _then(self, part: _Part, number: int) -> _Noun | None:
        """ "alors à la DGSI": a body with no office, after a name."""
        token = part.tokens[number]
        if number + 1 >= len(part.tokens) or self.arabic:
            return None
        after = part.tokens[number + 1]
        if not after.entry.bodies or not part.gap(token.end, after.start):
            return None
        if part.gap(token.end, after.start) not in self.known.linkers or not _OPENING.search(part.text[max(0, token.start - 3) : token.start]):
            return None
        noun = _Noun(part, token.start, after.end, rank="head", former=True, weak=False, role_start=token.start, role_end=after.end)
        self._take_body(noun, after)
        token.taken = after.taken = True
        return noun

    def _take_head(self, noun: _Noun, token: Token) -> None:
        words = token.entry.words
        token.taken = True
        noun.tokens.append(token)
        if "counterpart" in words:
            noun.counterpart = True
            noun.weak = False
            noun.plural = noun.plural or words["counterpart"].plural
            return
        group = words.get("title") or words["head"]
        if noun.rank is None or (noun.rank in ("generic", "deputy") and group.rank in ("minister", "head", "leader")):
            noun.rank = group.rank
        if group.type is not None and (noun.type is None or "title" in words):
            noun.type = group.type
            noun.weak = False
        if group.country is not None and noun.country is None:
            noun.default = group.country
        noun.alone = noun.alone or group.alone
        noun.plural = noun.plural or group.plural
        if token.entry.bodies:
            self._take_body(noun, token)

    def _take_body(self, noun: _Noun, token: Token) -> None:
        """The body named, or the field of work; a second one only adds (an acronym in brackets)."""
        entry = token.entry
        group = entry.words.get("field")
        noun.tokens.append(token)
        if group is not None and noun.type is None:
            noun.type = group.type
            noun.default = noun.default or group.country
        if entry.bodies:
            if not noun.solid or (noun.bodies and not entry.acronym):
                noun.bodies = entry.bodies if not noun.bodies else noun.bodies
            both = tuple(one for one in noun.bodies if one in entry.bodies)
            if entry.acronym and not both:
                noun.bodies = entry.bodies
            elif both:
                noun.bodies = both
            noun.solid = noun.solid or group is None
        noun.weak = False

    def _take_country(self, noun: _Noun, token: Token) -> None:
        place = token.place
        assert place is not None
        noun.tokens.append(token)
        token.taken = True
        if not noun.stated and place.country is not None:
            noun.country = place.country
            noun.stated = True
        if noun.type is not None or noun.rank in ("minister", "leader", "diplomat", "liaison", "generic") or noun.counterpart or noun.bodies:
            noun.weak = False
        elif noun.rank is not None and noun.rank != "deputy":
            noun.weak = False

    def _leftwards(self, noun: _Noun, number: int) -> None:
        part = noun.part
        english = self.language == "en"
        at = number - 1
        while at >= 0:
            token = part.tokens[at]
            if token.taken or token.entry.persons:
                return
            gap = part.gap(token.end, noun.start)
            if gap is None or gap not in ("", "'s", "'"):
                return
            words = token.entry.words
            if "former" in words and gap == "":
                noun.former = True
            elif english and token.place is not None:
                if token.place.kind == "demonym" or gap or token.place.kind == "country":
                    self._take_country(noun, token)
                else:
                    return
            elif english and ("field" in words or token.entry.bodies):
                self._take_body(noun, token)
            elif "modifier" in words and gap == "":
                pass
            else:
                return
            token.taken = True
            noun.start = token.start
            at -= 1

    def _rightwards(self, noun: _Noun, number: int) -> None:
        part = noun.part
        text = part.text
        linkers = self.known.linkers
        at = number + 1
        while at < len(part.tokens):
            token = part.tokens[at]
            gap = part.gap(noun.end, token.start - len(token.clitic))
            if gap is None:
                return
            gap += token.clitic if token.clitic != "ال" else ""
            bracket = gap == "("
            if not bracket and gap not in linkers:
                return
            entry = token.entry
            words = entry.words
            if entry.persons:
                return
            if bracket:
                if not entry.bodies:
                    return
                self._take_body(noun, token)
                close = text.find(")", token.end, token.end + 60)
                noun.end = close + 1 if close >= 0 else token.end
                token.taken = True
                at += 1
                while at < len(part.tokens) and part.tokens[at].start < noun.end:
                    part.tokens[at].taken = True
                    at += 1
                continue
            joined = gap in ("et", "y", "and", "و") or gap.startswith(("et ", "y ", "and "))
            if token.place is not None and not entry.bodies and "field" not in words:
                if not self._place_joins(noun, token, gap, joined):
                    return
            elif entry.bodies or "field" in words:
                if joined and not (noun.type or noun.bodies):
                    return
                if entry.weak and not gap:
                    return
                self._take_body(noun, token)
                if token.place is not None and not entry.bodies:
                    self._take_country(noun, token)
            elif "head" in words or "title" in words:
                # "secretaria de Estado y directora del CNI", "Premier ministre, ministre de l'Intérieur": one person, two offices
                if not (joined and not token.clitic and gap in ("et", "y", "and")) and not (self.arabic and gap == "" and noun.rank != "generic"):
                    return
                if joined and (noun.plural or self._starts_other(part, token)):
                    return
                self._take_head(noun, token)
            elif "former" in words:
                noun.former = True
            elif "modifier" in words:
                if joined:
                    return
                if words["modifier"].rank == "deputy" or entry.key in _DEPUTY:
                    noun.rank = "deputy" if noun.rank in ("head", "minister") else noun.rank
            else:
                return
            token.taken = True
            noun.end = token.end
            at += 1

    def _starts_other(self, part: _Part, token: Token) -> bool:
        """The second office has an article, so it is somebody else's."""
        return bool(_TAIL_ARTICLE.search(part.text[max(0, token.start - 5) : token.start]))

    def _place_joins(self, noun: _Noun, token: Token, gap: str, joined: bool) -> bool:
        place = token.place
        assert place is not None
        if joined:
            return False
        if place.kind == "demonym":
            if gap or noun.stated and noun.rank != "diplomat":
                return False
            self._take_country(noun, token)
            return True
        venue = gap in _AT_PLACE
        if place.kind == "country":
            if noun.stated or (venue and (noun.counterpart or noun.solid)):
                if noun.rank in ("diplomat", "liaison") and noun.stated:
                    token.taken = True
                    return True
                return False
            self._take_country(noun, token)
            return True
        if venue or noun.counterpart or not gap:
            return noun.rank in ("diplomat", "liaison") and venue
        if noun.type is None and not noun.bodies:
            return False
        if not noun.stated and not noun.solid:
            self._take_country(noun, token)
        return True

    # names

    def _named(self, part: _Part, nouns: list[_Noun]) -> list[_Phrase]:
        phrases: list[_Phrase] = []
        used: set[int] = set()
        for number, noun in enumerate(nouns):
            limit = nouns[number + 1].start if number + 1 < len(nouns) else len(part.text)
            name = self._name_after(part, noun, limit)
            if name is None:
                before = nouns[number - 1].end if number else 0
                name = self._name_before(part, noun, before, used)
            if name is not None:
                noun.name = name
                used.add(name.start)
                if name.token is not None:
                    name.token.taken = True
                noun.start, noun.end = min(noun.start, name.start), max(noun.end, name.end)
                if noun.plural or noun.counterpart:
                    noun.others = self._more_names(part, noun)
                    used.update(other.start for other in noun.others)
            elif noun.weak and not noun.alone:
                continue
            phrases.append(_Phrase(part, noun.start, noun.end, noun=noun, name=name))
            phrases += [_Phrase(part, other.start, other.end, noun=noun, name=other, listed=True) for other in noun.others]
        taken = sorted((p.start, p.end) for p in phrases)
        phrases += self._loose(part, taken)
        phrases.sort(key=lambda phrase: (phrase.start, phrase.end))
        return phrases

    def _name_after(self, part: _Part, noun: _Noun, limit: int) -> _Name | None:
        before = (_ARABIC_BEFORE if self.arabic else _BEFORE_NAME).match(part.text, noun.end)
        at = before.end() if before else noun.end
        between = part.text[noun.end : at]
        if "\n" in between or at - noun.end > 70:
            return None
        return self._name_at(part, at, limit, comma="," in between or "،" in between or ":" in between)

    def _name_at(self, part: _Part, at: int, limit: int, *, comma: bool) -> _Name | None:
        start = at
        honorific = False
        if not self.arabic:
            article = re.compile(r"(?:le|la|l['’]|el|the)[\s\u00a0]*", re.IGNORECASE).match(part.text, at)
            skipped = article.end() if article else at
            if article and skipped in part.starting and part.tokens[part.starting[skipped]].has("honorific"):
                at = skipped
        while (number := part.starting.get(at)) is not None:
            token = part.tokens[number]
            if not token.has("honorific") or token.entry.persons:
                break
            honorific = True
            step = re.compile(r"[\s\u00a0.]*").match(part.text, token.end)
            at = step.end() if step else token.end
            limit = max(limit, min(len(part.text), at + 1)) if at >= limit else limit
        if at >= len(part.text):
            return None
        number = part.starting.get(at)
        if number is not None:
            token = part.tokens[number]
            if token.entry.persons:
                end = self._extended(part, token)
                return _Name(part, start, end, token.entry.persons, True, at, honorific, token)
            if token.entry.surnames and not self.arabic and not self._longer(part, token):
                return _Name(part, start, token.end, token.entry.surnames, False, at, honorific, token)
            if token.entry.surnames and self.arabic and not token.clitic.strip("ال"):
                return _Name(part, start, token.end, token.entry.surnames, False, at, honorific, token)
        end = self._unknown_end(part, at, honorific, comma)
        return _Name(part, start, end, (), True, at, honorific) if end is not None else None

    def _longer(self, part: _Part, token: Token) -> bool:
        """The surname is the first word of a longer name."""
        name = _NAME.match(part.text, token.start)
        return name is not None and name.end() > token.end and not part.capitals

    def _extended(self, part: _Part, token: Token) -> int:
        """A known name may go on: a second surname, or `bin X Al Y`."""
        end = token.end
        text = part.text
        if self.arabic:
            for _ in range(4):
                words = re.compile(r" (بن|آل|ال|ولد) ?([\u0621-\u064a\u064b-\u0652]+)(?: ([\u0621-\u064a\u064b-\u0652]+))?").match(text, end)
                if words is None:
                    return end
                end = words.end(2)
            return end
        if part.capitals:
            return end
        more = re.compile(rf"[ \u00a0](?:{_PARTICLE}[ \u00a0-]){{0,2}}{_WORD}").match(text, end)
        if more is not None and text[more.end() - 1] != "." and more.start() + 1 not in part.starting:
            word = fold_key(more[0])
            if word not in _NO_NAME and len(word) > 2 and not more[0].strip().isupper():
                return more.end()
        return end

    def _unknown_end(self, part: _Part, at: int, honorific: bool, comma: bool) -> int | None:
        return self._arabic_end(part, at, honorific, comma) if self.arabic else self._latin_end(part, at, honorific, comma)

    def _latin_end(self, part: _Part, at: int, honorific: bool, comma: bool) -> int | None:
        if part.capitals:
            return None
        match = _NAME.match(part.text, at)
        if match is None:
            return None
        end = match.end()
        # A name ends where something else is known to begin
        for number in self._tokens_in(part, at, end):
            token = part.tokens[number]
            if token.start == at and (token.place is not None or token.entry.bodies or token.entry.words):
                if token.end >= end or token.entry.bodies:
                    return None
                continue
            if token.start > at and (token.entry.bodies or "title" in token.entry.words or "head" in token.entry.words or token.entry.persons):
                end = token.start
                break
        found = part.text[at:end].rstrip(" \u00a0\u202f-")
        words = found.split()
        while words and fold_key(words[-1]) in _NO_NAME:
            words.pop()
            found = found[: found.rfind(" ")].rstrip() if " " in found else ""
        if not words or fold_key(words[0]) in _NO_NAME and len(words) < 3:
            return None
        if len(words) == 1 and not honorific and comma:
            return None
        if len(words) == 1 and len(words[0]) < 3:
            return None
        return at + len(found)

    def _arabic_end(self, part: _Part, at: int, honorific: bool, comma: bool) -> int | None:
        end = self._arabic_words(part, at, 6)
        if end is None:
            return None
        count = len(part.text[at:end].split())
        return end if count >= 2 or honorific else None

    def _arabic_words(self, part: _Part, at: int, most: int) -> int | None:
        end = None
        for number in range(most):
            word = _ARABIC_WORD.match(part.text, at)
            if word is None:
                break
            inside = part.starting.get(at)
            if inside is not None and not self._name_like(part.tokens[inside]):
                break
            if not self._name_word(word[0], number):
                break
            end = word.end()
            at = end + 1
            if part.text[end : end + 1] != " ":
                break
        return end

    def _name_like(self, token: Token) -> bool:
        entry = token.entry
        if entry.bodies or token.place is not None and token.place.kind != "city":
            return bool(entry.surnames)
        return not ({"head", "title", "field", "counterpart", "group", "delegation", "former"} & entry.words.keys()) and token.place is None

    def _name_word(self, word: str, number: int) -> bool:
        """An Arabic word that may stand in a name, as its first word (0) or a later one."""
        folded = fold_key(word)
        known = self.known
        if folded in known.given:
            return True
        if folded in known.stops or len(folded) < 2 and folded != "د":
            return False
        if folded.startswith(("بال", "وال", "لل", "فال", "كال")):
            return False
        if folded[0] in "وبلفكس" and (folded[1:] in known.stops or folded[1:] in known.given and number > 0):
            return False
        return not (folded.startswith("و") and number > 0 and len(folded) > 3)

    def _tokens_in(self, part: _Part, start: int, end: int) -> range:
        numbers = [n for s in range(start, end) if (n := part.starting.get(s)) is not None]
        return range(numbers[0], numbers[-1] + 1) if numbers else range(0)

    def _name_before(self, part: _Part, noun: _Noun, after: int, used: set[int]) -> _Name | None:
        text = part.text
        start = noun.start
        if self.arabic:
            return self._arabic_before(part, noun, after, used)
        article = _TAIL_ARTICLE.search(text, max(after, start - 6), start)
        at = article.start() if article else start
        opening = _OPENING.search(text, max(after, at - 4), at)
        if opening is None:
            # "M. Hammouchi patron de": only a known name stands directly before its office
            end = at - 1 if at and text[at - 1] == " " and not article else -1
            number = part.ending.get(end)
            if number is not None and part.tokens[number].entry.persons and part.tokens[number].start not in used:
                return self._known_name(part, part.tokens[number])
            return None
        at = opening.start()
        if text[at:at + 1] in " \u00a0":
            at = len(text[:at].rstrip())
        number = part.ending.get(at)
        if number is not None and not part.tokens[number].taken:
            token = part.tokens[number]
            if token.start in used:
                return None
            if token.entry.persons:
                return self._known_name(part, token)
            if token.entry.surnames and not self._first_name_before(part, token):
                return _Name(part, token.start, token.end, token.entry.surnames, False, token.start, False, token)
        window = max(after, at - 90)
        last = None
        for match in _NAME.finditer(text, window, at):
            last = match
        if last is None or last.end() != at:
            return None
        begin = last.start()
        words = last[0].split()
        while words and fold_key(words[0]) in _NO_NAME:
            begin += len(words[0]) + 1
            words = words[1:]
        for number in self._tokens_in(part, begin, at):
            token = part.tokens[number]
            if token.entry.persons and token.end <= at:
                if token.start in used:
                    return None
                name = self._known_name(part, token)
                name.end = at
                return name
            if token.entry.bodies or token.place is not None and token.end == at or token.entry.words.keys() - {"honorific", "modifier"}:
                return None
        if len(words) < 2 or noun.weak or begin in used:
            return None
        if article and text[noun.end : noun.end + 1] not in ",).;:" and not noun.alone:
            return None
        return _Name(part, begin, at, (), True, begin)

    def _known_name(self, part: _Part, token: Token) -> _Name:
        start, honorific = self._honorific_start(part, token)
        return _Name(part, start, self._extended(part, token), token.entry.persons, True, token.start, honorific, token)

    def _honorific_start(self, part: _Part, token: Token) -> tuple[int, bool]:
        start = token.start
        found = False
        for _ in range(4):
            number = part.starting.get(start)
            if number is None or number == 0:
                break
            before = part.tokens[number - 1]
            if not before.has("honorific") or before.taken or part.gap(before.end, start - len(token.clitic if start == token.start else "")) not in ("", "."):
                break
            start = before.start
            found = True
        return start, found

    def _arabic_before(self, part: _Part, noun: _Noun, after: int, used: set[int]) -> _Name | None:
        text = part.text
        at = noun.start
        head = text[:0]
        back = max(after, at - 3)
        between = text[back:at]
        comma = re.search(r"[،,–(-]\s*$", between)
        at = back + comma.start() if comma else at
        while at > after and text[at - 1] == " ":
            at -= 1
        number = part.ending.get(at)
        if number is not None and not part.tokens[number].taken and part.tokens[number].start not in used:
            token = part.tokens[number]
            if token.entry.persons and (comma or not noun.weak):
                return self._known_name(part, token)
            if token.entry.surnames and comma:
                return _Name(part, token.start, token.end, token.entry.surnames, False, token.start, False, token)
        if noun.weak:
            return None
        begin = self._arabic_back(part, at, max(after, at - 80))
        if begin is None or begin in used:
            return None
        count = len(text[begin:at].split())
        honorific = False
        start = begin
        number = part.ending.get(begin - 1)
        while number is not None and part.tokens[number].has("honorific") and not part.tokens[number].taken and part.tokens[number].start >= after:
            honorific = True
            start = part.tokens[number].start
            number = part.ending.get(start - 1)
        if count < 2 or not comma and not honorific:
            return None
        for one in self._tokens_in(part, begin, at):
            if part.tokens[one].entry.persons:
                token = part.tokens[one]
                return None if token.start in used else _Name(part, start, at, token.entry.persons, True, token.start, honorific, token)
        del head
        return _Name(part, start, at, (), True, begin, honorific)

    def _arabic_back(self, part: _Part, at: int, floor: int) -> int | None:
        """Where the words of a name that end at `at` begin."""
        text = part.text
        begin = None
        for number in range(6):
            start = at
            while start > floor and _ARABIC_WORD.fullmatch(text, start - 1, at):
                start -= 1
            if start == at:
                break
            word = text[start:at]
            inside = part.starting.get(start)
            if inside is not None and not self._name_like(part.tokens[inside]):
                break
            if inside is not None and part.tokens[inside].has("honorific"):
                break
            clitic = next((n for s in range(start + 1, min(start + 3, at)) if (n := part.starting.get(s)) is not None), None)
            if clitic is not None and not self._name_like(part.tokens[clitic]):
                break
            folded = fold_key(word)
            if folded not in self.known.given and folded[0] in "وبلف" and folded[1:] in self.known.given:
                # "and Dieter": the name begins behind the clitic
                return start + 1
            if not self._name_word(word, 1 if begin is not None and folded.startswith("و") and False else 0):
                break
            if folded.startswith("و") and folded not in self.known.given and len(folded) > 4:
                return start + 1
            begin = start
            if text[start - 1 : start] != " ":
                break
            at = start - 1
            del number
            number = 0
        return begin

    def _more_names(self, part: _Part, noun: _Noun) -> list[_Name]:
        """ "leurs homologues X et Y": the names after the first."""
        found: list[_Name] = []
        at = noun.end
        if not noun.plural:
            return found
        for _ in range(4):
            link = re.compile(r"\s*(?:,|et|y|and|،|و)\s*(?=\S)").match(part.text, at)
            if link is None:
                break
            name = self._name_at(part, link.end(), len(part.text), comma=True)
            if name is None:
                break
            if name.token is not None:
                name.token.taken = True
            found.append(name)
            at = name.end
        return found

    # what is left

    def _first_name_before(self, part: _Part, token: Token) -> bool:
        """Another first name stands before the surname, so it is somebody else."""
        text = part.text
        start = token.start - len(token.clitic)
        if self.arabic:
            before = re.search(r"([\u0621-\u064a]+) $", text[max(0, start - 20) : start])
            return bool(before) and not token.clitic and fold_key(before[1]) in self.known.given if before else False
        before = re.search(rf"({_WORD})[ \u00a0]$", text[max(0, start - 24) : start])
        if before is None or part.capitals:
            return False
        word = fold_key(before[1])
        if word in _NO_NAME or word.endswith("."):
            return False
        number = part.ending.get(start - 1)
        if number is not None:
            return False
        at = max(0, start - 24) + before.start(1)
        # At the start of a sentence or title a verb or noun has a capital too
        opening = text[:at].rstrip()
        return not (not opening or opening[-1] in ".!?:«\"“\n" or text[max(0, at - 2) : at].count("\n") > 0) or word in self._given()

    def _given(self) -> frozenset[str]:
        """First names of the register's persons."""
        return frozenset(person.name.split()[0].casefold() for person in self.register.persons.values())

    def _loose(self, part: _Part, taken: list[tuple[int, int]]) -> list[_Phrase]:
        """Persons, bodies, delegations and groups outside the noun phrases."""
        found: list[_Phrase] = []
        covered = _Cover(taken)
        done = -1
        for number, token in enumerate(part.tokens):
            if token.taken or token.start < done or covered.inside(token.start):
                continue
            entry = token.entry
            phrase: _Phrase | None = None
            if entry.persons:
                name = self._known_name(part, token)
                phrase = _Phrase(part, name.start, name.end, name=name)
            elif entry.surnames and not self._first_name_before(part, token):
                if token.clitic.endswith("ال") and not self.arabic:
                    continue
                start, honorific = self._honorific_start(part, token)
                name = _Name(part, start, token.end, entry.surnames, False, token.start, honorific, token)
                phrase = _Phrase(part, start, token.end, name=name)
            elif "group" in entry.words:
                phrase = _Phrase(part, token.start, token.end, group=entry.words["group"].rank)
            elif "delegation" in entry.words:
                phrase = self._delegation(part, number)
            elif (entry.bodies and not entry.weak) or ("field" in entry.words and entry.words["field"].alone):
                phrase = self._body(part, number)
            if phrase is not None:
                found.append(phrase)
                done = phrase.end
        return found

    def _delegation(self, part: _Part, number: int) -> _Phrase:
        token = part.tokens[number]
        noun = _Noun(part, token.start, token.end, rank="delegation", alone=True)
        self._rightwards(noun, number)
        if self.language == "en":
            self._leftwards(noun, number)
        return _Phrase(part, noun.start, noun.end, noun=noun)

    def _body(self, part: _Part, number: int) -> _Phrase:
        token = part.tokens[number]
        noun = _Noun(part, token.start, token.end, rank="body")
        self._take_body(noun, token)
        token.taken = True
        if token.place is not None and not token.entry.bodies:
            self._take_country(noun, token)
        self._rightwards(noun, number)
        if self.language == "en":
            self._leftwards(noun, number)
        return _Phrase(part, noun.start, noun.end, noun=noun)


_DEPUTY = frozenset(fold_key("adjoint adjointe délégué déléguée adjunto adjunta delegado delegada deputy assistant delegate المساعد المساعدة المنتدب المنتدبة").split())
_AT_PLACE = frozenset(("a", "au", "aux", "en", "in", "at", "في", "فى", "ب", "en la", "en el"))


class _Cover:
    """Ranges already read."""

    def __init__(self, ranges: Sequence[tuple[int, int]]):
        self._ranges = ranges
        self._at = 0

    def inside(self, offset: int) -> bool:
        """The offset lies in a range; offsets must be asked in order."""
        while self._at < len(self._ranges) and self._ranges[self._at][1] <= offset:
            self._at += 1
        return self._at < len(self._ranges) and self._ranges[self._at][0] <= offset


@dataclass(slots=True)
class _Phrase:
    """One mention before it is known what it means."""

    part: _Part
    start: int
    end: int
    noun: _Noun | None = None
    name: _Name | None = None
    group: str | None = None
    listed: bool = False


# --- what the mentions mean ---


class _Resolver:
    """Gives each phrase its person, body and country, then says which refers back to which."""

    def __init__(self, reader: _Reader, phrases: list[_Phrase]):
        self.reader = reader
        self.register = reader.register
        self.published = reader.published
        self.phrases = phrases
        self.mentioned = self._countries()

    def _countries(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for part in self.reader.parts:
            for place in part.places:
                if place.country:
                    counts[place.country] += 1
        return counts

    def actors(self) -> tuple[Actor, ...]:
        found: list[Actor] = []
        for phrase in self.phrases:
            actor = self._actor(phrase)
            if actor is not None:
                found.append(actor)
        found = self._counterparts(found)
        found = self._homeless(found)
        found += self._later_surnames(found)
        found.sort(key=lambda one: (one.field != "title", one.start, one.end))
        return self._linked(found)

    def _actor(self, phrase: _Phrase) -> Actor | None:
        noun, name = phrase.noun, phrase.name
        if phrase.group is not None:
            return Actor(phrase.part.which, phrase.start, phrase.end, "pronoun-group", rank=phrase.group, plural=True, confidence=0.6)
        if name is not None and name.ids:
            return self._known(phrase, name)
        if noun is None:
            return None
        body, country = self._body(noun)
        label, kind, kinds = self._label(noun, body, country)
        text = phrase.part.text
        role = None if noun.rank in ("body", "delegation") else text[noun.role_start : noun.role_end]
        called = text[name.bare : name.end] if name is not None else None
        kind_of: ActorType = "person" if name is not None else "body" if noun.rank in ("body", "delegation") else "title"
        actor = Actor(
            phrase.part.which, phrase.start, phrase.end, kind_of,
            name=called, name_in_text=called, role=role, body=label, body_id=body.id if body else None, kind=kind, kinds=kinds,
            country=country, rank=noun.rank, field_type="?counterpart" if noun.counterpart and noun.type is None else noun.type,
            plural=noun.plural and name is None, former=noun.former, confidence=0.7 if name is not None else 0.6,
        )  # fmt: skip
        if kind_of == "body" and country is None and body is None and noun.rank != "delegation":
            return None
        if kind_of == "title" and noun.weak and not noun.alone:
            return None
        if name is None and kind_of == "title" and not noun.former and not noun.plural and body is not None and self.published is not None:
            actor = self._with_holder(actor, body)
        return actor

    def _with_holder(self, actor: Actor, body: Body) -> Actor:
        """The title names nobody, but the register knows who held it that day."""
        if actor.rank not in ("head", "minister", "leader") or self.published is None:
            return actor
        holder = self.register.holder(body.id, self.published)
        if holder is None:
            return actor
        return replace(actor, name=holder.name, person_id=holder.id, known=True, confidence=0.8)

    def _known(self, phrase: _Phrase, name: _Name) -> Actor | None:
        noun = phrase.noun
        ids = name.ids
        body = country = None
        if noun is not None:
            body, country = self._body(noun)
        chosen = self._choose(ids, noun, body, country)
        if chosen is None:
            return None
        if not name.full and not self._supported(chosen, noun, body, country):
            return self._stranger(phrase, name)
        person = self.register.persons[chosen]
        if name.full and person.context and not self._supported(chosen, noun, body, country):
            return self._stranger(phrase, name) if noun is not None else None
        office = self._office(chosen, noun, body)
        held = self.register.bodies[office.body] if office is not None else None
        if noun is not None and not noun.weak and body is not None and (held is None or not self._same(held, body)):
            if not (held is not None and not noun.solid and held.country == body.country and held.kind == body.kind):
                held = body if noun.solid or noun.type != "other" else held
        text = phrase.part.text
        role = text[noun.role_start : noun.role_end] if noun is not None and not phrase.listed else None
        return Actor(
            phrase.part.which, phrase.start, phrase.end, "person",
            name=person.name, name_in_text=text[name.bare : name.end], role=role,
            body=held.label if held else None, body_id=held.id if held else None, kind=held.kind if held else None,
            kinds=held.kinds if held else (), country=held.country if held else country, person_id=chosen, known=True,
            rank=noun.rank if noun is not None and noun.rank is not None else office.title.rank if office else None,
            field_type=noun.type if noun is not None and noun.type else held.types[0] if held and held.types else None,
            former=noun.former if noun is not None else False, confidence=1.0 if name.full else 0.9,
        )  # fmt: skip

    def _stranger(self, phrase: _Phrase, name: _Name) -> Actor | None:
        """A name that is not the register's person: kept only with an office of its own."""
        if phrase.noun is None or phrase.noun.weak:
            return None
        other = _Name(name.part, name.start, name.end, (), name.full, name.bare, name.honorific)
        return self._actor(replace(phrase, name=other))

    def _choose(self, ids: tuple[str, ...], noun: _Noun | None, body: Body | None, country: str | None) -> str | None:
        if len(ids) == 1:
            return ids[0]
        named = [one for one in ids if one in self.reader.full]
        pool = named or list(ids)
        if body is not None:
            for one in pool:
                if any(o.body == body.id for o in self.register.persons[one].offices):
                    return one
        if country is not None:
            for one in pool:
                if any(self.register.bodies[o.body].country == country for o in self.register.persons[one].offices):
                    return one
        if len(named) == 1:
            return named[0]
        here = [one for one in pool if any(o.body in self.reader.bodies for o in self.register.persons[one].offices)]
        if here:
            return here[0]
        places = [
            one for one in pool if any(self.register.bodies[o.body].country in self.mentioned for o in self.register.persons[one].offices)
        ]
        return (places or pool)[0]

    def _supported(self, person_id: str, noun: _Noun | None, body: Body | None, country: str | None) -> bool:
        """Something besides the surname says that it is this person: the full name, the office, or the body named near by."""
        person = self.register.persons[person_id]
        if person_id in self.reader.full and not person.context:
            return True
        offices = {o.body for o in person.offices}
        countries = {self.register.bodies[one].country for one in offices}
        if noun is not None and not noun.weak:
            if body is not None:
                return any(self._same(self.register.bodies[one], body) for one in offices)
            if noun.counterpart or noun.type is not None:
                types = {t for one in offices for t in self.register.bodies[one].types}
                fits = noun.type in types if noun.type is not None else True
                return fits and (country is None or country in countries)
            if country is not None:
                return country in countries
        return bool(offices & self.reader.bodies)

    def _same(self, one: Body, two: Body) -> bool:
        return one.id == two.id or one.parent == two.id or two.parent == one.id or (one.country == two.country and one.kind == two.kind) or (
            one.country == two.country and bool(set(one.kinds) & set(two.kinds))
        )

    def _office(self, person_id: str, noun: _Noun | None, body: Body | None) -> Office | None:
        person = self.register.persons[person_id]
        if noun is not None and body is not None:
            fitting = [o for o in person.offices if o.body == body.id]
            if fitting and noun.solid and not self._acting_as_one(person_id, body):
                return fitting[0]
            if fitting and not self._acting_as_one(person_id, body):
                return fitting[0]
        if noun is not None and noun.type is not None and body is None:
            typed = [o for o in person.offices if noun.type in self.register.bodies[o.body].types]
            if typed:
                return typed[0]
        return self.register.latest_office(person_id, self.published)

    def _acting_as_one(self, person_id: str, body: Body) -> bool:
        """One person leads several bodies at once, and the first of them stands for all."""
        if self.published is None:
            first = self.register.persons[person_id].offices[0]
            return first.end is None
        office = self.register.office(person_id, self.published)
        held = [o for o in self.register.persons[person_id].offices if o.held(self.published)]
        return office is not None and len(held) > 1 and any(o.body == body.id for o in held)

    def _body(self, noun: _Noun) -> tuple[Body | None, str | None]:
        """The body a phrase means and its country."""
        bodies = self.register.bodies
        country = noun.country if noun.stated else None
        if noun.bodies:
            if country is not None:
                for one in noun.bodies:
                    if bodies[one].country == country:
                        return bodies[one], country
                first = bodies[noun.bodies[0]]
                if first.country in ("INT", "EU"):
                    return first, first.country
                type_ = noun.type or (first.types[0] if first.types else None)
                if type_ is not None:
                    return self.register.body_for(type_, country), country
                return first, first.country
            if len(noun.bodies) == 1 and noun.solid:
                first = bodies[noun.bodies[0]]
                return first, first.country
            return self._likely(noun)
        if noun.type is not None and country is None:
            country = noun.default
        if noun.type is not None and country is not None:
            return self.register.body_for(noun.type, country), country
        return None, country

    def _likely(self, noun: _Noun) -> tuple[Body | None, str | None]:
        """Of several bodies of one name: the one whose country is named near by, else the usual one."""
        bodies = self.register.bodies
        near = self._near(noun)
        for country in near:
            for one in noun.bodies:
                if bodies[one].country == country:
                    return bodies[one], country
        if noun.solid:
            first = bodies[noun.bodies[0]]
            return first, first.country
        if noun.name is not None and noun.name.ids:
            return None, None
        first = bodies[noun.bodies[0]]
        if first.country in self.mentioned or self.reader.home == first.country or len(noun.bodies) > 1:
            return first, first.country
        return (first, first.country) if not noun.type else (None, None)

    def _near(self, noun: _Noun) -> list[str]:
        """Countries of known bodies and people in the same phrase; then demonyms of the same sentence."""
        if noun.name is not None and noun.name.ids:
            return [self.register.bodies[o.body].country for one in noun.name.ids for o in self.register.persons[one].offices]
        return []

    def _label(self, noun: _Noun, body: Body | None, country: str | None) -> tuple[str | None, str | None, tuple[str, ...]]:
        if body is not None:
            return body.label, body.kind, body.kinds
        known = self.register.fields.get(noun.type) if noun.type else None
        if known is None:
            return None, None, ()
        return self.register.label_for(noun.type or "", country), known.kind, (known.kind,)

    # second looks

    def _counterparts(self, found: list[Actor]) -> list[Actor]:
        """ "son homologue marocain" has the rank and field of the other party, in its own country."""
        result: list[Actor] = []
        for actor in found:
            if actor.field_type != "?counterpart":
                result.append(actor)
                continue
            other = self._party(result, actor) or self._party([a for a in found if a.start > actor.end], actor)
            if other is None:
                result.append(replace(actor, field_type=None, rank=actor.rank or "head"))
                continue
            type_ = other.field_type if other.field_type and other.field_type != "?counterpart" else None
            changed = replace(actor, rank=other.rank, field_type=type_)
            if actor.person_id is None and type_ is not None:
                body = self.register.body_for(type_, actor.country) if actor.country else None
                known = self.register.fields[type_]
                changed = replace(
                    changed,
                    body=body.label if body else self.register.label_for(type_, actor.country),
                    body_id=body.id if body else None,
                    kind=body.kind if body else known.kind,
                    kinds=body.kinds if body else (known.kind,),
                )
                if body is not None and changed.type == "title" and not changed.plural and not changed.former:
                    changed = self._with_holder(changed, body)
            elif actor.person_id is None:
                changed = replace(changed, kind=other.kind, kinds=other.kinds)
            result.append(changed)
        return result

    def _party(self, found: Sequence[Actor], actor: Actor) -> Actor | None:
        for other in reversed(found):
            if other.type in ("person", "title") and other.rank in ("head", "minister", "leader", "deputy", "diplomat"):
                if other.country is not None and other.country == actor.country:
                    continue
                if other.field_type or other.kind:
                    return other
        return None

    def _homeless(self, found: list[Actor]) -> list[Actor]:
        """Titles without a country: not that of the other party; the outlet's, or the one most spoken of."""
        result: list[Actor] = []
        for number, actor in enumerate(found):
            if actor.country is not None or actor.type == "pronoun-group" or actor.rank == "delegation":
                result.append(actor)
                continue
            country = self._guess(actor, found, number)
            if country is None:
                result.append(actor)
                continue
            changed = replace(actor, country=country, confidence=min(actor.confidence, 0.5))
            if actor.field_type and actor.field_type in self.register.fields:
                body = self.register.body_for(actor.field_type, country)
                if body is not None:
                    changed = replace(changed, body=body.label, body_id=body.id, kind=body.kind, kinds=body.kinds)
                    if changed.type == "title" and not changed.plural and not changed.former:
                        changed = self._with_holder(changed, body)
                else:
                    changed = replace(changed, body=self.register.label_for(actor.field_type, country))
            result.append(changed)
        return result

    def _guess(self, actor: Actor, found: Sequence[Actor], number: int) -> str | None:
        others = {
            other.country
            for other in found
            if other is not actor and other.country and other.type in ("person", "title") and other.field_type == actor.field_type
            and other.field_type is not None
        }  # fmt: skip
        usual = {"es": "ES"}.get(self.reader.language)
        for choice in (usual, self.reader.home):
            if choice is not None and choice not in others:
                return choice
        ranked = [country for country, _ in self.mentioned.most_common() if country not in others]
        del number
        return ranked[0] if ranked else None

    def _later_surnames(self, found: list[Actor]) -> list[Actor]:
        """After "Salman Chaudhry" also "M. Chaudhry": names the register lacks, met again by their last word."""
        names: dict[str, tuple[Actor, str]] = {}
        for actor in found:
            if actor.type == "person" and not actor.known and actor.name_in_text:
                words = actor.name_in_text.split()
                if len(words) > 1 and len(words[-1]) > 3:
                    names.setdefault(words[-1], (actor, actor.name_in_text))
                    if len(words) > 2:
                        names.setdefault(" ".join(words[-2:]), (actor, actor.name_in_text))
        if not names:
            return []
        pattern = re.compile(
            r"(?<![\w-])(?:" + "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) + r")(?![\w-])"
        )
        extra: list[Actor] = []
        for part in self.reader.parts:
            spans = sorted((a.start, a.end) for a in found if a.field == part.which)
            cover = _Cover(spans)
            for match in pattern.finditer(part.text):
                if cover.inside(match.start()):
                    continue
                actor, _ = names[match[0]]
                extra.append(
                    replace(actor, field=part.which, start=match.start(), end=match.end(), name_in_text=match[0], role=None, confidence=0.6)
                )
        return extra

    def _linked(self, found: list[Actor]) -> tuple[Actor, ...]:
        """Says which mention refers to which: the fullest mention of each person, and earlier offices of the same body."""
        main: dict[str, int] = {}
        for number, actor in enumerate(found):
            key = _identity(actor)
            if key is None or actor.type != "person":
                continue
            best = main.get(key)
            if best is None or _fullness(actor) > _fullness(found[best]):
                main[key] = number
        result: list[Actor] = []
        for number, actor in enumerate(found):
            target = None
            key = _identity(actor)
            if key is not None:
                target = main.get(key)
                target = None if target == number else target
            elif actor.type == "title":
                target = self._antecedent(found, number, main)
            if target is not None and actor.type == "title" and actor.person_id is None:
                other = found[target]
                actor = replace(
                    actor, name=other.name, person_id=other.person_id, known=other.known, body=other.body, body_id=other.body_id,
                    kind=other.kind, kinds=other.kinds, field_type=other.field_type or actor.field_type,
                )  # fmt: skip
            result.append(replace(actor, resolved_to=target) if target is not None else actor)
        return tuple(result)

    def _antecedent(self, found: Sequence[Actor], number: int, main: dict[str, int]) -> int | None:
        """The person whom a title without a name means: same body, or same country and rank, named elsewhere."""
        actor = found[number]
        if actor.plural or actor.former or actor.country is None:
            return None
        fitting = []
        for index in sorted(main.values()):
            other = found[index]
            if other.country != actor.country:
                continue
            if actor.body_id is not None:
                if other.body_id == actor.body_id:
                    fitting.append(index)
                continue
            if actor.field_type is not None and other.field_type != actor.field_type:
                continue
            if actor.rank == "minister" and other.rank != "minister":
                continue
            if actor.rank == "generic" and other.rank in ("leader", "diplomat"):
                continue
            fitting.append(index)
        return fitting[0] if len(fitting) == 1 else None


def _identity(actor: Actor) -> str | None:
    if actor.person_id is not None:
        return actor.person_id
    if actor.type == "person" and actor.name:
        return "name:" + fold_key(actor.name)
    return None


def _fullness(actor: Actor) -> tuple[bool, bool, int]:
    return actor.field == "text", actor.role is not None, len(actor.name_in_text or "")


def _main(arguments: Sequence[str]) -> int:
    """Prints the actors of a text file, for a look by hand."""
    from pathlib import Path

    from pipelines.detect.resources import load

    text = Path(arguments[0]).read_text("utf-8")
    for actor in find_actors("", text, arguments[1], None, load()):
        print(actor)
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
