"""One plain form of a text for comparing, with a way back to the text that was given.

Folding makes `Sûreté`, `SURETE`, `su\u0301rete\u0301` without its accents and `S&ucirc;ret&eacute;` the same letters, and likewise the
many ways of writing one Arabic word. Register, lexicon and article text go through the same function, so that they meet.

Two steps, both linear. One `str.translate` gives every character exactly one other; what will vanish or grow is given a place holder.
Only where such a place holder (or the rest of an HTML entity) occurs is the text rebuilt and a map of offsets kept.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

# Place holders of the first step: private-use characters, which no text needs. In a text they become a space.
_MARK = "\ue000"  # belongs to the letter before it: accents, vowel signs
_INVISIBLE = "\ue001"  # belongs to nothing: soft hyphen, zero width, direction marks
_TATWEEL = "\ue002"  # a stretched letter; between spaces it is written for a dash
_FIRST_GROWING, _LAST_GROWING = 0xE010, 0xF8FF  # one per character that becomes several letters

_APOSTROPHES = "'’‘ʼʹʻʽˈ`´′‛＇ꞌ՚"
_QUOTES = '"“”„‟«»‹›″〝〞＂❝❞'
_DASHES = "−⁃˗﹘ー─━"
_LINE_ENDS = "\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"

# Letters whose accent is not a separate mark in Unicode, and Arabic spellings that print as the same word.
_LETTERS = {
    "ł": "l", "đ": "d", "ð": "d", "ø": "o", "ħ": "h", "ı": "i", "ŧ": "t", "ŀ": "l", "œ": "oe", "æ": "ae", "þ": "th", "ß": "ss",
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ٲ": "ا", "ٳ": "ا",
    "ى": "ي", "ی": "ي", "ې": "ي", "ے": "ي", "ئ": "ي", "ؤ": "و", "ۆ": "و",
    "ة": "ه", "ۃ": "ه", "ہ": "ه", "ھ": "ه", "ە": "ه", "ۀ": "ه", "ۂ": "ه",
    "ک": "ك", "گ": "ك", "ڭ": "ك", "ݣ": "ك", "ڤ": "ف", "ڥ": "ف", "پ": "ب", "چ": "ج",
    "،": ",", "؛": ";", "؟": "?", "٪": "%", "٫": ".", "٬": ",", "۔": ".",
}  # fmt: skip


def _plain(character: str) -> str:
    """The letters one character stands for ("" for a mark or an invisible one)."""
    if character in _LETTERS:
        return _LETTERS[character]
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    letters = [_LETTERS.get(letter, letter) for letter in parts if not unicodedata.category(letter).startswith("M")]
    return unicodedata.normalize("NFC", "".join(letters))


class _Table(dict[int, str]):
    """Code point -> one character, worked out when first met, so that importing costs nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.growing: dict[str, str] = {}  # place holder -> letters
        self._holders: dict[str, str] = {}  # letters -> place holder

    def __missing__(self, code: int) -> str:
        one = self._one(chr(code))
        # Beyond the basic plane nothing is kept, so that no text can fill the memory
        if code < 0x10000:
            self[code] = one
        return one

    def _one(self, character: str) -> str:
        if character in _APOSTROPHES:
            return "'"
        if character in _QUOTES:
            return '"'
        if character in _DASHES:
            return "-"
        if character in _LINE_ENDS:
            return "\n"
        if character == "ـ":
            return _TATWEEL
        if "\ue000" <= character <= "\uf8ff":
            return " "
        category = unicodedata.category(character)
        if category == "Pd":
            return "-"
        if category == "Cf":
            return _INVISIBLE
        if category in ("Zs", "Cc"):
            return " "
        if category == "Nd":
            return str(unicodedata.digit(character))
        if category.startswith("M"):
            return _MARK
        letters = _plain(character)
        if len(letters) == 1:
            return letters
        return self._holder(letters) if letters else _INVISIBLE

    def _holder(self, letters: str) -> str:
        holder = self._holders.get(letters)
        if holder is None:
            code = _FIRST_GROWING + len(self.growing)
            if code > _LAST_GROWING:
                return " "
            holder = chr(code)
            self._holders[letters] = holder
            self.growing[holder] = letters
        return holder


_TABLE = _Table()

# Each pattern begins with one set of characters: the engine then skips everything else without trying (45 -> 4 ns a character)
_SPECIAL = re.compile(
    r"[\ue000-\uf8ff&q\-](?:"
    r"(?<=\ue000)\ue000*|(?<=\ue001)\ue001*|(?<=\ue002)\ue002*|(?<=[\ue010-\uf8ff])"
    r"|(?<=[a-z]-)\n(?=[a-z])"
    r"|(?<=&)(?:amp;){0,4}(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,15});"
    r"|(?<=q)uot;)"
)
_UNUSUAL = re.compile(r"[\ue000-\uf8ff]")
# A scanned "l" or "o" that became a digit: inside a word, at the end of one after a vowel, or before an apostrophe
_SCANNED = re.compile(r"[01](?:(?<=1)(?<![a-z0-9]{2})(?='[a-z])|(?<=[a-z]{2}[01])[01]{0,3}(?=[a-z])|(?<=[a-z][aeiou]1)(?![a-z0-9]))")
_TOKEN = re.compile(r"[^\W\d_]+'?|\d+|[^\w\s]|\n\s*\n")
_SCAN_LETTERS = str.maketrans("01", "ol")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. `span` leads from offsets in `text` back to offsets in `original`."""

    text: str
    original: str
    _at: tuple[int, ...] = ()  # folded offset at which a change of length begins
    _after: tuple[int, ...] = ()  # ... and ends
    _from: tuple[int, ...] = ()  # the same in the original
    _to: tuple[int, ...] = ()
    _kept: tuple[int, ...] = ()  # how far a word that ends there reaches in the original: accents stay with their letter
    _tokens: list[tuple[list[str], list[int]]] = field(default_factory=list, repr=False, compare=False)

    def tokens(self) -> tuple[list[str], list[int]]:
        """The words (with the apostrophe of an elision), numbers, signs and blank lines of `text`, and where each begins.

        Worked out once; the lists are shared and must not be changed.
        """
        if not self._tokens:
            found = [(match[0], match.start()) for match in _TOKEN.finditer(self.text)]
            self._tokens.append(([token for token, _ in found], [start for _, start in found]))
        return self._tokens[0]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original of `text[start:end]`; accents written apart stay with the letter before them."""
        if not self._at:
            return start, end
        first = self.start(start)
        return (first, first) if start >= end else (first, self.end(end))

    def start(self, offset: int) -> int:
        """Offset in the original at which the letter at `offset` begins."""
        index = bisect_right(self._at, offset) - 1
        if index < 0:
            return offset
        if offset < self._after[index]:
            return self._from[index]
        return self._to[index] + offset - self._after[index]

    def end(self, offset: int) -> int:
        """Offset in the original at which the letter before `offset` ends."""
        index = bisect_right(self._at, offset) - 1
        if index < 0:
            return offset
        if offset == self._at[index]:
            # Nothing of this change is inside, except what belongs to the letter before it
            if self._kept[index] > self._from[index]:
                return self._kept[index]
            index -= 1
            return offset if index < 0 else self._to[index] + offset - self._after[index]
        if offset <= self._after[index]:
            return self._to[index]
        return self._to[index] + offset - self._after[index]


def fold(text: str) -> Folded:
    """The text in its plain form: no case, no accents, one kind of apostrophe, quote, dash, space and digit; entities resolved."""
    plain = text.translate(_TABLE)
    if "1" in plain or "0" in plain:
        plain = _SCANNED.sub(_as_letters, plain)
    if not (_UNUSUAL.search(plain) or "&" in plain or "quot;" in plain or "-\n" in plain):
        return Folded(plain, text)
    return _rebuild(plain, text)


def fold_key(text: str) -> str:
    """The plain form of an entry of the data, with single spaces."""
    return " ".join(fold(text).text.split())


def _as_letters(match: re.Match[str]) -> str:
    return match[0].translate(_SCAN_LETTERS)


def _changes(plain: str, text: str) -> Iterator[tuple[int, int, str]]:
    """Each change of length: from, to (offsets in the original) and what stands there instead."""
    for match in _SPECIAL.finditer(plain):
        start, end, found = match.start(), match.end(), match[0]
        if found[0] in (_MARK, _INVISIBLE):
            yield start, end, ""
        elif found[0] == _TATWEEL:
            alone = plain[start - 1 : start] in ("", " ", "\n") and plain[end : end + 1] in ("", " ", "\n")
            yield start, end, "-" if alone else ""
        elif found == "-\n":
            if text[end].islower():
                yield start, end, ""
        elif found in _TABLE.growing:
            yield start, end, _TABLE.growing[found]
        else:
            resolved = _resolve(found)
            if resolved is not None:
                yield start, end, resolved


def _resolve(entity: str) -> str | None:
    """What is left of an HTML entity, folded; None if it is not one."""
    if entity == "quot;":
        return '"'
    name = entity.rsplit("&", 1)[-1]
    while name.startswith("amp;") and len(name) > 4:
        name = name[4:]
    character = html.unescape("&" + name)
    if character == "&" + name or len(character) > 2:
        return None
    letters = "".join(_TABLE[ord(one)] for one in character)
    return "".join(_TABLE.growing.get(one, "" if one in (_MARK, _INVISIBLE, _TATWEEL) else one) for one in letters)


def _rebuild(plain: str, text: str) -> Folded:
    pieces: list[str] = []
    at, after, source, target, kept = [], [], [], [], []
    done = length = 0
    for start, end, instead in _changes(plain, text):
        pieces.append(plain[done:start])
        length += start - done
        at.append(length)
        pieces.append(instead)
        length += len(instead)
        after.append(length)
        source.append(start)
        target.append(end)
        kept.append(end if not instead and plain[start] in (_MARK, _TATWEEL) else start)
        done = end
    pieces.append(plain[done:])
    return Folded("".join(pieces), text, tuple(at), tuple(after), tuple(source), tuple(target), tuple(kept))
