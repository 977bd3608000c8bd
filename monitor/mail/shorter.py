"""A mail that a server finds too big, as several small ones: the text part alone, cut between meetings."""

from __future__ import annotations

from collections.abc import Iterable

SMALLEST = 3_000
"""Bytes of text that a server must take; less is no mail server."""

ENVELOPE = 2_500
"""Bytes for header lines and what carriers add."""


def pieces(text: str, limit: int) -> list[str]:
    """The text in pieces of at most `limit` bytes as they travel, cut at empty lines where that is possible. Nothing is left out."""
    made: list[list[str]] = [[]]
    used = 0
    for block in _blocks(text, limit):
        size = travelling(block)
        if made[-1] and used + size > limit:
            made.append([])
            used = 0
        made[-1].append(block)
        used += size
    return ["".join(blocks) for blocks in made]


def travelling(text: str) -> int:
    """Bytes that a text may take at most when it is written for the way (quoted-printable or base64)."""
    octets = text.encode("utf-8", "replace")
    beyond = sum(byte > 126 for byte in octets)
    return len(octets) * 4 // 3 + len(octets) // 57 * 2 + 4 if beyond * 6 > len(octets) else len(octets) + 3 * beyond + 4 * text.count("\n")


def _blocks(text: str, limit: int) -> Iterable[str]:
    """Paragraphs with the empty lines after them; one that alone is too long comes in lines."""
    block = ""
    for line in text.splitlines(keepends=True):
        if block and (travelling(block + line) > limit or (block.endswith("\n\n") and line.strip())):
            yield block
            block = ""
        block += line
    if block:
        yield block
