"""Words as the full-text index holds them: folded, and Arabic ones without the article and what is written on to it."""

from __future__ import annotations

import re

from pipelines.detect.fold import fold

# The article, alone or behind "and", "so", "by", "as", "for" (لل is ل + ال); what is left must still be a word
_ARTICLE = re.compile(r"\b(?:[وفبك]?ال|[وف]?لل)(?=[\u0621-\u064a]{3})")


def plain(text: str) -> str:
    """The text as it is indexed and searched. Words keep their order; offsets do not survive."""
    return _ARTICLE.sub("", fold(text).text)
