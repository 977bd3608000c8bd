"""Days, ranges, months and years in a text, as far as the text and its publication time say. Nothing is guessed.

A text is first read as words; each word that has to do with time becomes one letter (`w` a weekday, `n` a number from 1 to 31,
`m` a month, `l` "last" ...), everything else an underscore. What a date looks like is then a small grammar over these letters, the same
for every language; the words are data (`data/dates/*.toml`). "du lundi 24 au mercredi 26 juin dernier" reads `own Twn ml`.
Every pattern is bounded, so that reading is linear in the text.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pipelines.detect.fold import Folded, fold, fold_key
from pipelines.detect.model import UNKNOWN_DAYS, Days

DateKind = Literal["absolute", "relative", "weekday", "duration"]
Direction = Literal["past", "future", "same"]

_FOLDER = Path(__file__).parent / "data" / "dates"
_LANGUAGES = ("fr", "ar", "es", "en")


@dataclass(frozen=True, slots=True)
class DateMention:
    """A time named in a text: `text[start:end]`.

    `kind`: "absolute" names a month or a year, "weekday" a day of the week, "relative" counts from the publication or from another
    day; "duration" is no day at all (two years, since 2004, by September) and its `days`, if any, only bound it.
    `direction` says where it lies from the publication's day. `alternative` is the other reading of a bare weekday, or of a day or month
    without a year: the coming one where `days` is the past one, and the other way round. `shift` counts days from another day of the
    text ("la veille" -1, "two days later" 2); `days` is then known only if that other day is clear. `since` and `until` tell that the
    words say from when or up to when, `length` how many days a duration has, if it is told in days.
    """

    start: int
    end: int
    days: Days
    kind: DateKind
    direction: Direction | None = None
    alternative: Days | None = None
    shift: int | None = None
    since: bool = False
    until: bool = False
    length: int | None = None


def find_dates(text: str, language: str, published: datetime | None, *, folded: Folded | None = None) -> tuple[DateMention, ...]:
    """The times named in a text, in order.

    `published` carries the zone of its outlet: its local day is what "today" means. Without it relative words stay unknown.
    `folded` spares folding the text again. A language without data finds nothing.
    """
    if language not in _LANGUAGES:
        return ()
    words = _load_words(language)
    tokens = _Lexer(folded or fold(text), words).read()
    return _Reader(tokens, words, published.date() if published else None).read()


def resolve_weekday(weekday: int, today: date | None, *, future: bool = False) -> Days:
    """The last such day up to and with `today` (0 = Monday), or with `future` the first one after it."""
    if today is None:
        return UNKNOWN_DAYS
    back = (today.weekday() - weekday) % 7
    return _day(_moved(today, 7 - back if future else -back))


# --- words -------------------------------------------------------------------------------------------------------------------

# Letter of each kind of word in [words]. In the grammar below: n number 1-31, N other number, y year 1900-2100, q number in words,
# 6 ordinal number, D 12/09/2025, m month, M month that needs company, h Hijri month, w weekday, r relative day, v day counted from
# another, V vaguely, u unit, R units, U two units, H season, W weekend, C time of day, c comma, 1 and 2 parentheses, z dash, 3 slash,
# 4 full stop.
_KINDS = {
    "and": "a", "of": "o", "the": "d", "this": "t", "last": "l", "last_many": "k", "next": "x", "next_many": "X", "following": "O",
    "current": "L", "since": "S", "until": "J", "to": "T", "in": "i", "early": "e", "before": "Y", "between": "E", "ago_before": "g",
    "ago_after": "G", "earlier": "K", "later": "A", "later_before": "B", "within": "f", "for": "F", "day": "j", "part_of_day": "p",
    "few": "I", "equals": "Q", "era": "5", "attack": "Z", "street": "s",
}  # fmt: skip
_UNITS = {
    "day": ("u", "day"), "days": ("R", "day"), "two_days": ("U", "day"),
    "week": ("u", "week"), "weeks": ("R", "week"), "two_weeks": ("U", "week"),
    "month": ("u", "month"), "months": ("R", "month"), "two_months": ("U", "month"),
    "year": ("u", "year"), "years": ("R", "year"), "two_years": ("U", "year"),
    "hours": ("R", "hour"), "decades": ("R", "decade"),
}  # fmt: skip
_PUNCTUATION = {",": "c", "(": "1", ")": "2", "-": "z", "/": "3", ".": "4"}

_NUMERIC = "|".join(rf"\d{{4}}{sign}\d\d?{sign}\d\d?(?!\d)|\d\d?{sign}\d\d?{sign}(?:\d{{4}}|\d\d)(?!\d)" for sign in ("-", "/", r"\."))
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?!\d)|\d{1,2} ?h(?: ?\d{2})?(?![^\W_])"
_NUMBER = re.compile(rf"(?P<D>{_NUMERIC})|(?P<C>{_CLOCK})|\d+(?:[.,]\d+)*")
# How many words before and after a number, month, weekday ... are read: nothing longer belongs to one date
_BEFORE, _AFTER = 6, 4
_ORDINAL = frozenset(("er", "ere", "re", "st", "nd", "rd", "th", "o", "a", "e"))
_PROCLITICS = "وفبلك"
_ANCHORS = "mMwrvVuRUlxWhn"


@dataclass(frozen=True, slots=True)
class _Entry:
    rest: tuple[str, ...]  # the words after the first
    letter: str
    value: int
    unit: str = ""


@dataclass(frozen=True, slots=True)
class _Words:
    """One language's words for times."""

    entries: Mapping[str, tuple[_Entry, ...]]  # by first word, longest first
    numbers: Mapping[str, int]
    capital: frozenset[str]
    bare: frozenset[str]
    abbreviations: frozenset[str]
    attacks: Mapping[tuple[int, int], int]  # (month, day) -> year
    month_first: bool
    arabic: bool
    anchors: frozenset[str]  # words without which there is no date near


@cache
def _load_words(language: str, folder: Path = _FOLDER) -> _Words:
    """The words of one language. ValueError names the file and the key that is wrong."""
    path = folder / f"{language}.toml"
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: {error}") from error
    return _WordsReader(path.name, data).read(arabic=language == "ar")


class _WordsReader:
    """Checks one file of words and turns it into a table."""

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self.name = name
        self.data = data
        self.entries: dict[str, dict[tuple[str, ...], _Entry]] = {}
        self.seen: dict[tuple[str, ...], str] = {}
        self.anchors: set[str] = set()

    def read(self, *, arabic: bool) -> _Words:
        self._known(
            self.data, "", {"months", "weekdays"},
            {"weak", "abbreviations", "ordinals", "hijri", "seasons", "weekend", "ignored", "attacks", "first", "bare", "capital",
             "month_first", "words", "units", "numbers", "relative", "anchored", "vague"},
        )  # fmt: skip
        wanting = {key: {fold_key(word) for word in self._list(self.data, key)} for key in ("weak", "abbreviations")}
        weak = wanting["weak"] | wanting["abbreviations"]
        for key, letter, size in (("months", "m", 12), ("weekdays", "w", 7)):
            if len(self.data[key]) != size:
                raise self._wrong(key, f"has {len(self.data[key])} lists, not {size}")
            for number, spellings in enumerate(self.data[key]):
                for spelling in self._strings(spellings, f"{key}[{number}]"):
                    self._add(spelling, "M" if letter == "m" and fold_key(spelling) in weak else letter, number, key)
        for key, words in wanting.items():
            for word in sorted(words - {" ".join(one) for one in self.seen}):
                raise self._wrong(key, f"{word!r} is no month")
        for key, letter in (("hijri", "h"), ("seasons", "H"), ("weekend", "W"), ("ignored", "_"), ("first", "n")):
            for spelling in self._list(self.data, key):
                self._add(spelling, letter, 1, key)
        self._words_and_units()
        for number, spellings in enumerate(self.data.get("ordinals", ()), 1):
            for spelling in self._strings(spellings, f"ordinals[{number}]"):
                self._add(spelling, "6", number, "ordinals")
        for key, letter in (("relative", "r"), ("anchored", "v")):
            for offset, spellings in self.data.get(key, {}).items():
                for spelling in self._strings(spellings, f"{key}.{offset}"):
                    self._add(spelling, letter, self._number(offset, key), f"{key}.{offset}")
        vague = self.data.get("vague", {})
        self._known(vague, "vague.", set(), {"past", "future"})
        for key, spellings in vague.items():
            for spelling in self._strings(spellings, f"vague.{key}"):
                self._add(spelling, "V", -1 if key == "past" else 1, f"vague.{key}")
        return self._table(arabic)

    def _words_and_units(self) -> None:
        words = self.data.get("words", {})
        self._known(words, "words.", set(), set(_KINDS))
        for key, spellings in words.items():
            for spelling in self._strings(spellings, f"words.{key}"):
                self._add(spelling, _KINDS[key], 0, f"words.{key}")
        units = self.data.get("units", {})
        self._known(units, "units.", set(), set(_UNITS))
        for key, spellings in units.items():
            for spelling in self._strings(spellings, f"units.{key}"):
                letter, unit = _UNITS[key]
                self._add(spelling, letter, 2 if letter == "U" else 1, f"units.{key}", unit)

    def _table(self, arabic: bool) -> _Words:
        numbers = {}
        for number, spellings in self.data.get("numbers", {}).items():
            for spelling in self._strings(spellings, f"numbers.{number}"):
                folded = fold_key(spelling)
                numbers[folded] = self._number(number, "numbers")
                if tuple(_LEX_WORDS.findall(folded)) not in self.seen:
                    self._add(spelling, "q", numbers[folded], f"numbers.{number}")
        attacks = {}
        for text in self._list(self.data, "attacks"):
            try:
                day = date.fromisoformat(text)
            except ValueError:
                raise self._wrong("attacks", f"{text!r} is no day") from None
            attacks[day.month, day.day] = day.year
        return _Words(
            {first: tuple(sorted(some.values(), key=lambda entry: -len(entry.rest))) for first, some in self.entries.items()},
            numbers,
            frozenset(fold_key(word) for word in self._list(self.data, "capital")),
            frozenset(fold_key(word) for word in self._list(self.data, "bare")),
            frozenset(fold_key(word) for word in self._list(self.data, "abbreviations")),
            attacks,
            self.data.get("month_first") is True,
            arabic,
            frozenset(_with_proclitics(self.anchors) if arabic else self.anchors | {word + "'" for word in self.anchors}),
        )

    def _add(self, spelling: str, letter: str, value: int, key: str, unit: str = "") -> None:
        words = tuple(_LEX_WORDS.findall(fold_key(spelling)))
        if not words:
            raise self._wrong(key, f"{spelling!r} has no letters")
        if words in self.seen:
            raise self._wrong(key, f"{spelling!r} stands also under {self.seen[words]}")
        self.seen[words] = key
        if letter in _ANCHORS:
            self.anchors.add(max(reversed(words), key=len))
        self.entries.setdefault(words[0], {})[words[1:]] = _Entry(words[1:], letter, value, unit)

    def _known(self, table: Any, prefix: str, needed: set[str], others: set[str]) -> None:
        if not isinstance(table, dict):
            raise self._wrong(prefix.rstrip("."), "must be a table")
        for key in table:
            if key not in needed and key not in others:
                raise self._wrong(prefix + key, "unknown key")
        for key in sorted(needed - set(table)):
            raise self._wrong(prefix + key, "missing")

    def _list(self, table: dict[str, Any], key: str) -> list[str]:
        return self._strings(table[key], key) if key in table else []

    def _strings(self, value: Any, key: str) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._wrong(key, "must be a list of words")
        if not value:
            raise self._wrong(key, "empty list")
        return value

    def _number(self, text: str, key: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise self._wrong(f"{key}.{text}", "must be a number") from None

    def _wrong(self, key: str, reason: str) -> ValueError:
        return ValueError(f"{self.name}: {key}: {reason}")


_LEX_WORDS = re.compile(r"[^\W\d_]+'?|\d+|[^\w\s]")


# --- reading words -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Tokens:
    """The text as letters, one per time word; runs of other words are one underscore."""

    plain: Folded
    letters: str
    items: list[_Item]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Offsets in the original text of the words from `first` up to `last`."""
        texts, starts = self.plain.tokens()
        end = self.items[last - 1].last
        return self.plain.span(starts[self.items[first].first] + self.items[first].skip, starts[end] + len(texts[end].rstrip("'") or "'"))


class _Item(NamedTuple):
    """One letter's words (places in the text's tokens) and what they say."""

    first: int
    last: int
    value: int = 0
    unit: str = ""
    skip: int = 0  # letters taken off the first word
    text: str = ""  # a number as written


class _Lexer:
    """Finds the longest entry at each word that stands near a number, month, weekday or the like."""

    def __init__(self, plain: Folded, words: _Words) -> None:
        self.plain = plain
        self.words = words
        self.texts, self.starts = plain.tokens()
        self.letters: list[str] = []
        self.items: list[_Item] = []

    def read(self) -> _Tokens:
        anchors, texts = self.words.anchors, self.texts
        done = 0
        for anchor in [at for at, token in enumerate(texts) if token in anchors or token[0] in "0123456789"]:
            if anchor - _BEFORE > done:
                done = anchor - _BEFORE
                self._other(done)
            done = self._window(done, min(anchor + _AFTER, len(texts)))
        return _Tokens(self.plain, "".join(self.letters), self.items)

    def _window(self, at: int, last: int) -> int:
        """Reads the words from `at` up to `last`; the place after the last one read."""
        entries, texts = self.words.entries, self.texts
        while at < last:
            token = texts[at]
            first = token[0]
            if token[-1] == "'" and token not in entries:
                token = token[:-1]
            found = entries.get(token)
            if found is not None:
                at = self._entry(at, found, token)
            elif first in "0123456789":
                at = self._number(at)
            elif first in _PUNCTUATION:
                self._put(_PUNCTUATION[first], _Item(at, at))
                at += 1
            elif first in _PROCLITICS and len(token) > 2 and self.words.arabic:
                at = self._after_proclitic(at)
            else:
                self._put("0", _Item(at, at)) if first == "\n" else self._other(at)
                at += 1
        return at

    def _other(self, at: int) -> None:
        """A word that has nothing to do with time; many in a row count once."""
        if not self.letters or self.letters[-1] != "_":
            self._put("_", _Item(at, at))

    def _put(self, letter: str, item: _Item) -> None:
        self.letters.append(letter)
        self.items.append(item)

    def _entry(self, at: int, found: tuple[_Entry, ...], token: str, skip: int = 0) -> int:
        """Puts the longest phrase that begins here; the place after it."""
        texts = self.texts
        for entry in found:
            size = len(entry.rest)
            if size and tuple(texts[at + 1 : at + 1 + size]) != entry.rest:
                continue
            letter = entry.letter
            if letter == "w" and token in self.words.bare and (not self.letters or self.letters[-1] not in "jp"):
                letter = "_"
            elif token in self.words.capital and letter in "mM":
                start = self.plain.start(self.starts[at] + skip)
                if not self.plain.original[start : start + 1].isupper():
                    letter = "_"
            self._put(letter, _Item(at, at + size, entry.value, entry.unit, skip, token))
            return at + size + 1
        if token in _PUNCTUATION:
            self._put(_PUNCTUATION[token], _Item(at, at))
        else:
            self._other(at)
        return at + 1

    def _after_proclitic(self, at: int) -> int:
        """Arabic writes "and", "in", "for" as one letter before the word; "for the" drops the alef of the article."""
        token = self.texts[at]
        for skip, stem in _without_proclitics(token):
            found = self.words.entries.get(stem)
            if found is None:
                continue
            if token[0] == "و":
                self._put("a", _Item(at, at))
            return self._entry(at, found, stem, skip)
        self._other(at)
        return at + 1

    def _glued_date(self, number: str, after: int) -> bool:
        """Arabic news often forgets the space: `اليوم24 جانفي`, `فيفري2017`. Without a month `اليوم24` is an outlet, and no today."""
        last = self.letters[-1] if self.letters and self.words.arabic else "_"
        if last in "mM":
            return len(number) == 4
        if last not in "rjwp":
            return False
        month = after < len(self.texts) and any(entry.letter in "mM" for entry in self.words.entries.get(self.texts[after], ()))
        if not month and last == "r":
            self.letters[-1] = "_"
        return month

    def _number(self, at: int) -> int:
        """Puts a number, a date in figures or a time of day; the place after it."""
        start, texts = self.starts[at], self.texts
        match = _NUMBER.match(self.plain.text, start)
        end = match.end() if match else start + 1
        after = bisect_left(self.starts, end, at, len(texts))
        text = self.plain.text[start:end]
        before = self.plain.text[start - 1 : start]
        if before.isalpha() and texts[at - 1] not in ("و", "ل", "ب") and not self._glued_date(text, after):
            self._other(at)
            return after
        if match and match.lastgroup:
            self._put(match.lastgroup, _Item(at, after - 1, text=text))
            return after
        glued = texts[after] if after < len(texts) and self.starts[after] == end and texts[after][0].isalpha() else ""
        if glued in _ORDINAL:
            after += 1
        elif glued and not (self.words.arabic and glued in self.words.entries):
            self._other(at)
            return after + 1
        value = int(text) if text.isdigit() and len(text) <= 4 else 0
        letter = "n" if 1 <= value <= 31 and len(text) <= 2 else "y" if 1900 <= value <= 2100 else "N"
        self._put(letter, _Item(at, after - 1, value, text=text))
        return after


def _with_proclitics(words: set[str]) -> set[str]:
    """Arabic words with every proclitic that `_without_proclitics` takes off."""
    found = set(words)
    for word in words:
        found.update(first + second + word for first in ("", "و", "ف") for second in ("", "ب", "ل", "ك"))
        if word.startswith("ال"):
            found.update(first + "ل" + word[1:] for first in ("", "و", "ف"))
    return found


def _without_proclitics(token: str) -> list[tuple[int, str]]:
    """(letters taken off, rest) of an Arabic word, for each way of taking proclitics off."""
    rests = [(1, token[1:])]
    if token.startswith("لل"):
        rests.append((1, "ا" + token[1:]))
    if token[0] in "وف" and token[1] in "بلك" and len(token) > 3:
        rests.append((2, token[2:]))
        if token.startswith("لل", 1):
            rests.append((2, "ا" + token[2:]))
    return rests


# --- grammar -----------------------------------------------------------------------------------------------------------------

# A day of a month, with the weekday and the like before it
_NUM = r"[djouRi]{0,2}(?:n|6(?=o))"
_WEEKDAYS = r"(?:w[lx]?p?[aczT1]{1,2}[doTj]{0,2}){0,3}w[lx]?p?[c12zj]{0,2}"
_LEAD = rf"[ESJY]?(?:v[c1]?)?p?(?:j?r[c1]?)?p?[djtluReixo]{{0,3}}(?:{_WEEKDAYS})?"
_NEXT = r"(?:c?[aTzJ]{1,2}|c|3)[oTdj]{0,2}(?:w[c1z]?)?"
_MONTH = r"[mM](?:[31]?[mM]2?)?"
_OF_MONTH = rf"4?[oijz]{{0,2}}(?:uo?)?{_MONTH}4?2?"
_YEAR = r"(?:[ocdz1]{0,3}u?y2?|[oc]?[dt]?(?:u[lxL]|[ltx]u))?"
_DAYS_OF = rf"{_NUM}(?:{_NEXT}{_NUM}){{0,5}}{_OF_MONTH}{_YEAR}[lxLO]?"
_ABSOLUTE = rf"{_LEAD}{_DAYS_OF}(?:{_NEXT}{_DAYS_OF}){{0,2}}"
_MONTH_FIRST = rf"{_LEAD}[mM]4?d?n(?:{_NEXT}d?n){{0,5}}(?:c?y)?(?:{_NEXT}[mM]4?d?n(?:c?y)?){{0,2}}[lxLO]?"
_HIJRI = r"[djR]{0,2}n[ou]{0,2}hN?5?2?"
_EQUALS = r"5?[Q1c3z]{1,2}[oj]?"
_RELATIVE_DAY = r"j?p?j?rp?(?:[c1]{0,2}[jtp]?w2?p?)?"
_WEEKDAY = r"(?:e(?=d?w))?(?:p[odj]{0,2})?[dtjlxi]{0,3}p?j?w[lxLOk]?p?"
_POINT = rf"(?:{_RELATIVE_DAY}|{_WEEKDAY})"
_POINTS = rf"[ESo]?d?{_POINT}(?:(?:c{_POINT}){{0,3}}(?:c?[aTJz]{{1,2}})[dSoiJTE]{{0,2}}{_POINT}){{0,2}}[lkxX]?"
_QUANTITY = r"[nNqM]"

_GRAMMAR = (
    ("hijri", rf"(?:{_WEEKDAYS})?{_HIJRI}(?:{_EQUALS}{_DAYS_OF}5?2?)?"),
    ("absolute", rf"{_ABSOLUTE}(?:{_EQUALS}{_HIJRI})?"),
    ("month_first", _MONTH_FIRST),
    ("numeric", r"(?:w[c1]?)?[djui]{0,2}D"),
    ("day_of_this", rf"[djo]?n(?:{_NEXT}n){{0,4}}(?:L|o[dt]{{0,2}}u[lLx]?|o[dt]?[lx]u|tu)"),
    ("weekday_number", r"[dtjo]{0,2}wd?n(?![uRU4n])"),
    (
        "months",
        rf"(?:[EodiS]{{0,2}}{_MONTH}(?:[oc]?y)?[Tz][edoi]{{0,2}}|E[di]?{_MONTH}(?:[oc]?y)?a[edo]?|[odi]{{0,2}}{_MONTH}[ac]){_MONTH}"
        r"(?:[oc]{0,2}y)?",
    ),
    ("points", _POINTS),
    ("ago", rf"g(?:[nNqMI]{{0,2}}[uR]|U)|{_QUANTITY}[uR]G|I?RG"),
    ("from_another", rf"[nNqMI][uR][KAY]|U[KAY]|R[KA]|B(?:{_QUANTITY}?[uR]|U)|v"),
    ("within", rf"f(?:{_QUANTITY}[uR]|U|IR)"),
    ("many", rf"[tdi]{{0,2}}(?:[kXlx]{_QUANTITY}?|{_QUANTITY}[kXlx])R|[tdi]{{0,2}}[kX]{_QUANTITY}?u|{_QUANTITY}[kX]u|R[kXlx]|tR"),
    ("duration", r"[nNqMI]z?[kX]?[uRU]|U"),
    ("month", rf"(?:e[od]?)?[iedltxoSYJKLF]{{0,2}}(?:uo?)?{_MONTH}(?:4(?=y))?{_YEAR}[lxLO]?"),
    ("unit", r"(?:[eK][od]?)?[dti]{0,2}(?:[lxO]u|u[lxO]|uL|tuL?)|e[od]{1,2}u(?!y)"),
    ("weekend", r"[dtlx]{0,2}W[lxL]?"),
    ("season", r"[idetlxT]{0,3}H(?:o?d?(?:y|u[lx]|[lx]))?"),
    ("years", r"[EoSU]?[dou]{0,2}y[zaT3]{1,2}[dou]{0,2}y|[EoSYJTUR][dou]{0,2}y"),
    ("year", r"[ieu][diou]{0,2}y"),
    ("vague", r"V"),
)


@cache
def _pattern(month_first: bool) -> re.Pattern[str]:
    """The whole grammar as one pattern; made at first use: it takes 7 ms to compile."""
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _GRAMMAR if month_first or name != "month_first"))


_SEGMENT = re.compile(r"[^_0]+")
_ANCHOR = re.compile(r"[nDmMhwrvVuRUHWy]")


# --- meaning -----------------------------------------------------------------------------------------------------------------


def _day(day: date) -> Days:
    return Days(day, day, "day")


def _moved(day: date, days: int) -> date:
    """`day` moved by so many days, kept inside the calendar."""
    try:
        return day + timedelta(days)
    except OverflowError:
        return day


def _at(year: int, month: int, day: int) -> date | None:
    """That day, or None if there is no such day. `month` counts from 0."""
    try:
        return date(year, month + 1, day)
    except ValueError:
        return None


def _month(year: int, month: int) -> Days:
    """A whole month; `month` counts from 0 and may run over."""
    year, month = year + month // 12, month % 12
    if not 1 <= year <= 9998:
        return UNKNOWN_DAYS
    first = date(year, month + 1, 1)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return Days(first, following - timedelta(1), "month")


def _year(year: int) -> Days:
    return Days(date(year, 1, 1), date(year, 12, 31), "year") if 1 <= year <= 9999 else UNKNOWN_DAYS


def _week(first: date, last: date) -> Days:
    """Days known only as a week or weekend: the month where it lies in one, else unknown; the bounds stay."""
    return Days(first, last, "month" if (first.year, first.month) == (last.year, last.month) else "unknown")


def _range(first: date, last: date) -> Days:
    if first > last:
        first, last = last, first
    return _day(first) if first == last else Days(first, last, "range")


_DAY_LETTERS = "n6"
_NEAR = 400  # characters: the sentence before, and the one a word stands in
_HYPHENED = re.compile(r"nz[mM]")  # "le 11-Septembre" is the attack
# Without a year the same calendar year is meant if that is past, unless the coming one is this near and the past one this far (days)
_COMING, _LONG_PAST = 45, 180
# A written day this near the publication is believed even if the weekday beside it is another: the date wins
_CLEARLY_NEAR = 60


@dataclass(frozen=True, slots=True)
class _Point:
    """One day of a month as far as it is written."""

    day: int
    month: int | None = None
    year: int | None = None
    weekday: int | None = None


class _Reader:
    """Gives the letters their meaning on one publication day."""

    def __init__(self, tokens: _Tokens, words: _Words, today: date | None) -> None:
        self.tokens = tokens
        self.words = words
        self.today = today
        self.found: list[DateMention] = []

    def read(self) -> tuple[DateMention, ...]:
        pattern = _pattern(self.words.month_first)
        letters = self.tokens.letters
        for segment in _SEGMENT.finditer(letters):
            if not _ANCHOR.search(letters, segment.start(), segment.end()):
                continue
            for match in pattern.finditer(letters, segment.start(), segment.end()):
                self._meaning(match.lastgroup or "", match.start(), match.end())
        return tuple(self.found)

    def _meaning(self, rule: str, first: int, last: int) -> None:
        meaning: Callable[[int, int], DateMention | None] = getattr(self, f"_read_{rule}")
        mention = meaning(first, last)
        if mention is not None:
            self.found.append(mention)

    # Tools

    def _mention(
        self, first: int, last: int, days: Days, kind: DateKind, direction: Direction | None = None, *,
        alternative: Days | None = None, shift: int | None = None,
    ) -> DateMention:  # fmt: skip
        """The mention of tokens `first` up to `last`, without small words at either end."""
        letters = self.tokens.letters
        before = letters[first - 1] if first else "_"
        while first < last - 1 and letters[first] in "odiaTESJcFY":
            before = letters[first] if letters[first] in "SJY" else before
            first += 1
        while last > first + 1 and letters[last - 1] in "c134z":
            last -= 1
        since, until = before == "S", before == "J"
        if before == "Y" and alternative and self._direction(days) == "past":
            days, alternative = alternative, days
        start, end = self.tokens.span(first, last)
        if before in "YJg":
            kind = "duration"
        return DateMention(start, end, days, kind, direction or self._direction(days), alternative, shift, since, until)

    def _direction(self, days: Days) -> Direction | None:
        if self.today is None or days.first is None or days.last is None:
            return None
        if days.last < self.today:
            return "past"
        return "future" if days.first > self.today else "same"

    def _values(self, first: int, last: int, wanted: str) -> list[int]:
        letters, items = self.tokens.letters, self.tokens.items
        return [items[at].value for at in range(first, last) if letters[at] in wanted]

    def _unit(self, first: int, last: int) -> str:
        letters = self.tokens.letters
        return next((self.tokens.items[at].unit for at in range(first, min(last, len(letters))) if letters[at] in "uRU"), "")

    def _has(self, first: int, last: int, wanted: str) -> bool:
        return any(letter in wanted for letter in self.tokens.letters[first:last])

    def _quantity(self, first: int, last: int) -> int | None:
        """The number before a unit; None if it is not told exactly."""
        letters, tokens = self.tokens.letters, self.tokens
        for at in range(first, last):
            if letters[at] == "I":
                return None
            if letters[at] in "nNqM":
                text = tokens.items[at].text
                number = self.words.numbers.get(text, int(text) if text.isdigit() and len(text) < 6 else 0)
                return number or None
            if letters[at] == "U":
                return 2
            if letters[at] == "u":
                return 1
        return None

    # Days of a month

    def _read_absolute(self, first: int, last: int) -> DateMention | None:
        letters = self.tokens.letters
        number = next(at for at in range(first, last) if letters[at] in _DAY_LETTERS)
        if (number > 0 and letters[number - 1] == "s") or (number > 1 and letters[number - 2 : number] == "so"):
            return None
        hijri = letters.find("h", first, last)
        # The same day in the other calendar: its number is the last one before the Hijri month
        points, weekdays = self._points(first, last if hijri < 0 else letters.rfind("n", first, hijri))
        return self._of_points(first, last, points, weekdays)

    _read_month_first = _read_absolute

    def _read_hijri(self, first: int, last: int) -> DateMention | None:
        month = self.tokens.letters.index("h", first)
        if not self._has(month, last, "mM"):
            return self._mention(first, last, UNKNOWN_DAYS, "absolute")
        points, weekdays = self._points(month + 1, last)
        return self._of_points(first, last, points, weekdays)

    def _points(self, first: int, last: int) -> tuple[list[_Point], list[int]]:
        """The days written between two tokens, each with its month and year, and the weekdays that stand before the first."""
        letters, items = self.tokens.letters, self.tokens.items
        points: list[_Point] = []
        weekdays: list[int] = []
        month_first = next((letters[at] for at in range(first, last) if letters[at] in "n6mM"), "n") in "mM"
        month: int | None = None
        for at in range(first, last):
            letter, value = letters[at], items[at].value
            if letter == "w":
                weekdays.append(value)
            elif letter in _DAY_LETTERS:
                points.append(_Point(value, month, None, weekdays[-1] if weekdays else None))
                if len(points) > 1 or len(weekdays) == 1:
                    weekdays = []
            elif letter in "mM":
                if self._same_month_again(first, at):
                    continue
                month = value if month_first else None
                if not month_first:
                    points = [replace(point, month=value) if point.month is None else point for point in points]
            elif letter == "y" or letter == "u":
                year = value if letter == "y" else self._relative_year(at, first, last)
                own = [point.year is None and point.month == points[-1].month for point in points]
                points = [replace(point, year=year) if mine else point for point, mine in zip(points, own, strict=True)]
        return points, weekdays[:-1] if weekdays and points and points[0].weekday == weekdays[-1] else []

    def _same_month_again(self, first: int, at: int) -> bool:
        """`شتنبر/أيلول`: two names of one month."""
        letters, items = self.tokens.letters, self.tokens.items
        return any(letters[back] in "mM" and items[back].value == items[at].value for back in range(max(first, at - 2), at))

    def _relative_year(self, at: int, first: int, last: int) -> int | None:
        if self.today is None or self.tokens.items[at].unit != "year":
            return None
        around = self.tokens.letters[max(first, at - 1) : min(last, at + 2)]
        if "y" in self.tokens.letters[at : min(last, at + 2)]:
            return None
        if "l" in around:
            return self.today.year - 1
        if "x" in around:
            return self.today.year + 1
        return self.today.year if "t" in around or "L" in around else None

    def _of_points(self, first: int, last: int, points: list[_Point], weekdays: list[int]) -> DateMention | None:
        if not points or any(point.month is None for point in points):
            return None
        tense = self._tense(first, last)
        year = self._attack_year(first, last, points[0]) if points[0].year is None else None
        if year is not None:
            points = [replace(point, year=year) for point in points]
        week = "u" in self.tokens.letters[first:last] and self._unit(first, last) == "week" and len(points) == 1
        ends = self._dated([points[0], points[-1]] if len(points) > 1 else points, tense)
        if ends is None:
            return self._mention(first, last, UNKNOWN_DAYS, "absolute")
        days, alternative = ends
        if week and days.first:
            # "la semaine du 8 septembre"
            monday = _moved(days.first, -days.first.weekday())
            days, alternative = _week(monday, _moved(monday, 6)), None
        if weekdays and days.precision == "day" and days.first:
            # "de mardi à jeudi 12 juin": the first weekday lies before the written day
            back = (days.first.weekday() - weekdays[0]) % 7
            days = _range(_moved(days.first, -back), days.first)
            alternative = None
        return self._mention(first, last, days, "absolute", alternative=alternative)

    def _tense(self, first: int, last: int) -> int:
        """-1 if the words say last, 1 if they say next, else 0."""
        letters = self.tokens.letters
        for at in range(first, last):
            if letters[at] in "lx" and self._unit(at - 1 if at > first else at, at + 2) != "year":
                return -1 if letters[at] == "l" else 1
        return 0

    def _attack_year(self, first: int, last: int, point: _Point) -> int | None:
        known = self.words.attacks.get(((point.month or 0) + 1, point.day))
        if not known:
            return None
        letters = self.tokens.letters
        return (
            known
            if "Z" in letters[max(0, first - 4) : first + 2] + letters[last : last + 1] or _HYPHENED.search(letters, first, last)
            else None
        )

    def _dated(self, points: Sequence[_Point], tense: int) -> tuple[Days, Days | None] | None:
        """The day or range that one or two written days mean, and the other reading; None if there is no such day."""
        start, end = points[0], points[-1]
        year = end.year
        if year is None and start.year is not None and len(points) > 1:
            year = start.year + ((end.month or 0, end.day) < (start.month or 0, start.day))
        readings = [year] if year is not None else self._likely_years(end, tense)
        days = [found for year in readings if (found := self._span_in(start, end, year)) is not None]
        if not days:
            return None
        return days[0], days[1] if len(days) > 1 else None

    def _span_in(self, start: _Point, end: _Point, year: int) -> Days | None:
        last = _at(year, end.month or 0, end.day)
        if start is end:
            return _day(last) if last else None
        early = start.year
        if early is None:
            early = year - ((start.month or 0, start.day) > (end.month or 0, end.day))
        first = _at(early, start.month or 0, start.day)
        return _range(first, last) if first and last else None

    def _likely_years(self, point: _Point, tense: int) -> list[int]:
        """Years for a day without one: the likelier first. A weekday beside it decides where it can."""
        if self.today is None:
            return []
        today = self.today
        some = [(day, year) for year in range(today.year - 1, today.year + 2) if (day := _at(year, point.month or 0, point.day))]
        past = [(day, year) for day, year in some if day <= today]
        future = [(day, year) for day, year in some if day > today]
        if tense:
            chosen = [one for one in past if one[0] < today] if tense < 0 else future
            return [max(chosen)[1] if tense < 0 else min(chosen)[1]] if chosen else []
        near = [max(past)] if past else []
        near += [min(future)] if future else []
        soon = bool(past and future) and (min(future)[0] - today).days <= _COMING and (today - max(past)[0]).days > _LONG_PAST
        near.sort(key=lambda one: (soon or not (one[0] <= today and one[1] == today.year), abs((one[0] - today).days)))
        if point.weekday is not None and near and abs((near[0][0] - today).days) > _CLEARLY_NEAR:
            near.sort(key=lambda one: one[0].weekday() != point.weekday)
            if near[0][0].weekday() == point.weekday and (len(near) == 1 or near[1][0].weekday() != point.weekday):
                return [near[0][1]]
        return [year for _, year in near]

    def _read_numeric(self, first: int, last: int) -> DateMention:
        at = self.tokens.letters.index("D", first)
        parts = re.split(r"[-/.]", self.tokens.items[at].text)
        return self._mention(first, last, self._numeric([int(part) for part in parts], len(parts[0]) == 4), "absolute")

    def _numeric(self, parts: list[int], year_first: bool) -> Days:
        if year_first:
            day = _at(parts[0], parts[1] - 1, parts[2])
            return _day(day) if day else UNKNOWN_DAYS
        one, two, year = parts
        year += 2000 if year < 100 else 0
        readings = {found for found in (_at(year, two - 1, one), _at(year, one - 1, two)) if found and 1900 <= year <= 2100}
        if not self.words.month_first and (day := _at(year, two - 1, one)) and day in readings:
            return _day(day)
        if len(readings) == 1:
            return _day(readings.pop())
        if self.today and readings:
            # English prints both orders: only one of them may lie near the publication
            near = [day for day in readings if abs((day - self.today).days) <= 40]
            if len(near) == 1:
                return _day(near[0])
        return UNKNOWN_DAYS

    def _read_day_of_this(self, first: int, last: int) -> DateMention | None:
        if self._unit(first, last) not in ("month", ""):
            return None
        days = UNKNOWN_DAYS
        if self.today:
            month = _month(self.today.year, self.today.month - 1 + self._tense(first, last)).first
            numbers = self._values(first, last, "n")
            ends = [_at(month.year, month.month - 1, number) if month else None for number in (numbers[0], numbers[-1])]
            if ends[0] and ends[1]:
                days = _range(ends[0], ends[1])
        return self._mention(first, last, days, "relative")

    # Weekdays and relative days

    def _read_weekday_number(self, first: int, last: int) -> DateMention:
        weekday, number = self._values(first, last, "w")[0], self._values(first, last, "n")[0]
        if self.today:
            around = [_moved(self.today, offset) for offset in (*range(0, -32, -1), *range(1, 32))]
            fitting = [day for day in around if day.day == number and day.weekday() == weekday]
            if fitting:
                return self._mention(first, last, _day(fitting[0]), "absolute")
        at = self.tokens.letters.index("w", first)
        return self._weekday(first, at + 1)

    def _weekday(self, first: int, last: int) -> DateMention:
        days, alternative = self._point(first, last, None)
        return self._mention(first, last, days, "weekday", alternative=alternative)

    def _read_points(self, first: int, last: int) -> DateMention | None:
        letters = self.tokens.letters
        pieces = [(match.start(), match.end()) for match in _ONE_POINT.finditer(letters, first, last)]
        kind: DateKind = "relative" if self._has(first, last, "r") else "weekday"
        tense_end = letters[last - 1]
        direction: Direction | None = None
        if tense_end in "lk" or self._has(first, last, "l"):
            direction = "past"
        elif tense_end in "xX" or self._has(first, last, "x"):
            direction = "future"
        if self._has(first, last, "O"):
            return self._mention(first, last, UNKNOWN_DAYS, "relative", direction)
        if len(pieces) == 1:
            days, alternative = self._point(*pieces[0], None)
        else:
            days, alternative = self._several(pieces, tense_end)
        return self._mention(first, last, days, kind, None if days.first else direction, alternative=alternative)

    def _several(self, pieces: list[tuple[int, int]], tense_end: str) -> tuple[Days, Days | None]:
        """Monday and Tuesday, yesterday and today: from the first to the last."""
        mark = {"l": "l", "k": "l", "x": "x", "X": "x"}.get(tense_end)
        last, later = self._point(*pieces[-1], mark)
        if last.first is None:
            return UNKNOWN_DAYS, None
        readings = []
        for end in (last.first, later.first if later else None):
            start = self._before(pieces[0], end) if end else None
            if start and end:
                readings.append(_range(start, end))
        if any(self._has(*piece, "r") for piece in pieces):
            del readings[1:]
        return (readings[0], readings[1] if len(readings) > 1 else None) if readings else (UNKNOWN_DAYS, None)

    def _before(self, piece: tuple[int, int], end: date) -> date | None:
        """The first day of a range that ends on `end`."""
        if self._has(*piece, "r") or not self._has(*piece, "w"):
            return self._point(*piece, None)[0].first
        weekday = self._values(*piece, "w")[0]
        return _moved(end, -((end.weekday() - weekday) % 7))

    def _point(self, first: int, last: int, mark: str | None) -> tuple[Days, Days | None]:
        """One weekday or relative day: what it means, and the other reading."""
        if self.today is None:
            return UNKNOWN_DAYS, None
        today = self.today
        offsets, weekdays = self._values(first, last, "r"), self._values(first, last, "w")
        if offsets:
            day = _moved(today, offsets[0])
            return (_day(_fitting(day, weekdays[0], today) if weekdays else day)), None
        weekday = weekdays[0]
        if mark is None:
            mark = next((letter for letter in self.tokens.letters[first:last] if letter in "lxt"), None)
        past, coming = resolve_weekday(weekday, today), resolve_weekday(weekday, today, future=True)
        if mark == "l":
            return (_day(_moved(today, -7)) if past.first == today else past), None
        if mark == "x":
            return coming, None
        if mark == "t" and past.first and coming.first and (coming.first - today).days < (today - past.first).days:
            return coming, past
        return past, coming

    # Units

    def _read_ago(self, first: int, last: int) -> DateMention:
        number, unit = self._quantity(first, last), self._unit(first, last)
        letters = self.tokens.letters[first:last]
        if "I" in letters or ("R" in letters and not self._has(first, last, "nNqM")):
            number = None
        return self._whole(first, last, self._counted(-number, unit) if number else UNKNOWN_DAYS, "past")

    def _whole(self, first: int, last: int, days: Days, direction: Direction | None) -> DateMention:
        start, end = self.tokens.span(first, last)
        return DateMention(start, end, days, "relative", direction)

    def _counted(self, number: int, unit: str) -> Days:
        """So many days, weeks, months or years from today. Only days are exact."""
        if self.today is None or abs(number) > 4000:
            return UNKNOWN_DAYS
        if unit == "day":
            return _day(_moved(self.today, number))
        if unit == "week":
            middle = _moved(self.today, 7 * number)
            month = _month(middle.year, middle.month - 1)
            first, last = _moved(middle, -3), _moved(middle, 3)
            inside = max(first, month.first or first), min(last, month.last or last)
            # Most of those seven days in one month: that month
            return _week(*inside) if (inside[1] - inside[0]).days >= 4 else _week(first, last)
        if unit == "month":
            return _month(self.today.year, self.today.month - 1 + number)
        return _year(self.today.year + number) if unit == "year" else UNKNOWN_DAYS

    def _read_within(self, first: int, last: int) -> DateMention:
        number, unit = self._quantity(first, last), self._unit(first, last)
        days = self._counted(number, unit) if number and unit == "day" else UNKNOWN_DAYS
        return self._whole(first, last, days, "future")

    def _read_from_another(self, first: int, last: int) -> DateMention:
        letters = self.tokens.letters
        if letters[first] == "v":
            shift: int | None = self.tokens.items[first].value
        else:
            unit = self._unit(first, last)
            number = self._quantity(first, last)
            exact = unit == "day" and number is not None and self._has(first, last, "nNqMUu")
            sign = 1 if self._has(first, last, "AB") else -1
            shift = sign * number if exact and number else None
        anchor = self._anchor(first)
        days = _day(_moved(anchor, shift)) if anchor is not None and shift is not None else UNKNOWN_DAYS
        return replace(self._whole(first, last, days, self._direction(days)), shift=shift)

    def _anchor(self, first: int) -> date | None:
        """The day named last before this token, if it is near and one day."""
        if not self.found:
            return None
        last = self.found[-1]
        here = self.tokens.span(first, first + 1)[0]
        if last.kind == "duration" or last.days.precision != "day" or here - last.end > _NEAR:
            return None
        return last.days.first

    def _read_many(self, first: int, last: int) -> DateMention:
        """Several units, last or next: "ces derniers jours" is vague, "ces dernières années" no time at all."""
        if self._has(first, last, "t") and not self._has(first, last, "klxX"):
            # "ces jours-ci", "هاد الأيام": about now
            days = _week(_moved(self.today, -6), self.today) if self.today and self._unit(first, last) == "day" else UNKNOWN_DAYS
            return self._whole(first, last, days, "past") if self._unit(first, last) == "day" else self._whole_duration(first, last)
        direction: Direction = "past" if self._has(first, last, "kl") else "future"
        if self._unit(first, last) in ("day", "week") and not self._has(first, last, "nNqM"):
            return self._whole(first, last, UNKNOWN_DAYS, direction)
        return replace(self._whole(first, last, UNKNOWN_DAYS, direction), kind="duration")

    def _read_unit(self, first: int, last: int) -> DateMention | None:
        unit = self._unit(first, last)
        if self._has(first, last, "O"):
            return self._mention(first, last, UNKNOWN_DAYS, "relative")
        tense = -1 if self._has(first, last, "lk") else 1 if self._has(first, last, "x") else 0
        direction: Direction = ("same", "future", "past")[tense]
        if unit in ("day", "hour", "decade", ""):
            return None
        days = UNKNOWN_DAYS
        if self.today:
            if unit == "week":
                days = self._whole_week(tense)
            else:
                days = _month(self.today.year, self.today.month - 1 + tense) if unit == "month" else _year(self.today.year + tense)
        return self._mention(first, last, days, "relative", direction)

    def _whole_week(self, tense: int) -> Days:
        """Monday to Sunday; of this week only the days in the month of publication."""
        assert self.today is not None
        monday = _moved(self.today, 7 * tense - self.today.weekday())
        sunday = _moved(monday, 6)
        if tense == 0:
            month = _month(self.today.year, self.today.month - 1)
            monday, sunday = max(monday, month.first or monday), min(sunday, month.last or sunday)
        return _week(monday, sunday)

    def _read_weekend(self, first: int, last: int) -> DateMention:
        days = UNKNOWN_DAYS
        tense = self._tense(first, last)
        if self.today:
            saturday = _moved(self.today, 5 - self.today.weekday() - (7 if tense < 0 or self.today.weekday() < 3 else 0))
            if tense > 0:
                saturday = _moved(self.today, (5 - self.today.weekday()) % 7 or 7)
            days = _week(saturday, _moved(saturday, 1))
        return self._mention(first, last, days, "relative")

    def _read_season(self, first: int, last: int) -> DateMention | None:
        if not self._has(first, last, "idtlxeTyu"):
            return None
        years = self._values(first, last, "y")
        direction: Direction | None = "past" if self._has(first, last, "l") else "future" if self._has(first, last, "x") else None
        if years and self.today and years[0] != self.today.year:
            direction = "past" if years[0] < self.today.year else "future"
        return self._mention(first, last, UNKNOWN_DAYS, "absolute", direction)

    # Months and years

    def _read_month(self, first: int, last: int) -> DateMention | None:
        letters, items = self.tokens.letters, self.tokens.items
        at = next(index for index in range(first, last) if letters[index] in "mM")
        years = self._values(first, last, "y")
        alone = at == first and last == at + 1
        if items[at].text in self.words.abbreviations and not years:
            return None
        if letters[at] == "M" and (alone or not (years or self._has(first, last, "ieltxoSYJKuLFO"))):
            return None
        if alone and letters[at - 1 : at] == "n" and at > 0:
            return None
        kind: DateKind = "duration" if self._has(first, at, "SYJ") or (first and letters[first - 1] in "YJgS") else "absolute"
        if years:
            return self._mention(first, last, _month(years[0], items[at].value), kind)
        if self.today is None:
            return self._mention(first, last, UNKNOWN_DAYS, kind)
        unit_year = next((self._relative_year(index, first, last) for index in range(at, last) if letters[index] == "u"), None)
        if unit_year is not None:
            return self._mention(first, last, _month(unit_year, items[at].value), kind)
        if self._has(first, last, "O"):
            return self._mention(first, last, UNKNOWN_DAYS, kind)
        return self._month_near(first, last, items[at].value, kind)

    def _month_near(self, first: int, last: int, month: int, kind: DateKind) -> DateMention:
        """A month without a year: this year's if it is past, else the nearer one; the other reading beside it."""
        assert self.today is not None
        year, now = self.today.year, self.today.month - 1
        tense = self._tense(first, last)
        past, future = year - (month > now), year + (month <= now)
        if tense < 0 or self._has(first, last, "L"):
            past -= month == now and tense < 0
            return self._mention(first, last, _month(past, month), kind)
        if tense > 0:
            return self._mention(first, last, _month(future, month), kind)
        if kind == "duration" and self._has(first, last, "Y"):
            return self._mention(first, last, _month(future if month != now else year, month), kind)
        back = (now - month) % 12
        if back <= 6 or (past == year and back <= 9):
            return self._mention(first, last, _month(past, month), kind, alternative=_month(future, month))
        told = self._month_after(month, first)
        if told is not None:
            return self._mention(first, last, told, kind, alternative=_month(future, month))
        return self._mention(first, last, _month(future, month), kind, alternative=_month(past, month))

    def _month_after(self, month: int, first: int) -> Days | None:
        """In "January 2025 and again in February" the second has the year of the first, or the next; None if that is not past."""
        last = self.found[-1] if self.found else None
        if last is None or last.kind != "absolute" or last.direction != "past" or last.days.first is None or self.today is None:
            return None
        if self.tokens.span(first, first + 1)[0] - last.end > _NEAR:
            return None
        days = _month(last.days.first.year + (month < last.days.first.month - 1), month)
        return days if days.last and days.last < self.today else None

    def _read_months(self, first: int, last: int) -> DateMention | None:
        if self._has(first, last, "M") and not self._has(first, last, "ym"):
            return None
        return self._whole_duration(first, last)

    def _whole_duration(self, first: int, last: int) -> DateMention:
        return replace(self._whole(first, last, UNKNOWN_DAYS, None), kind="duration")

    def _read_years(self, first: int, last: int) -> DateMention:
        years = self._values(first, last, "y")
        if self.tokens.letters[first] == "o" and len(years) == 1:
            return self._mention(first, last, _year(years[0]), "absolute")
        return self._whole_duration(first, last)

    def _read_year(self, first: int, last: int) -> DateMention | None:
        if self._has(first, last, "u") and self._unit(first, last) not in ("year", ""):
            return None
        return self._mention(first, last, _year(self._values(first, last, "y")[0]), "absolute")

    def _read_duration(self, first: int, last: int) -> DateMention:
        days = self._quantity(first, last) if self._unit(first, last) == "day" else None
        return replace(self._whole_duration(first, last), length=days)

    def _read_vague(self, first: int, last: int) -> DateMention:
        return self._whole(first, last, UNKNOWN_DAYS, "past" if self.tokens.items[first].value < 0 else "future")


_ONE_POINT = re.compile(_POINT)


def _fitting(day: date, weekday: int, today: date) -> date:
    """The day of that name that a relative word means: names win over the clock, which may have passed midnight."""
    for offset in (0, -1, 1):
        near = _moved(day, offset)
        if near.weekday() == weekday:
            return near
    found = resolve_weekday(weekday, today).first
    return found if found is not None else day
