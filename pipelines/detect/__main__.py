"""`python -m pipelines.detect FILE`: what was found in an article, and why.

FILE is a text (first line the title) or a JSONL file of articles (`title`, `text`, `published`, optional `id`, `lang`, `outlet`).
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path

from pipelines.detect import LANGUAGES, detect, explain, to_label


def main(arguments: list[str] | None = None) -> int:
    """Print the explanation of every article in a file; 1 if the file cannot be read or a line of it is no article."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.detect", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--published", type=datetime.fromisoformat, help="publication time of a text file, ISO 8601")
    parser.add_argument("--language", choices=LANGUAGES)
    parser.add_argument("--json", action="store_true", help="predictions in the label format, one a line")
    options = parser.parse_args(arguments)
    try:
        content = options.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        return 1
    if options.file.suffix == ".jsonl":
        return _lines(content, options.file, options.json)
    title, _, text = content.partition("\n")
    _show("1", title, text.strip(), options.published, options.language, None, options.json)
    return 0


def _lines(content: str, file: Path, as_json: bool) -> int:
    failed = 0
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            published = datetime.fromisoformat(row["published"]) if row.get("published") else None
            title, text = str(row.get("title") or ""), str(row.get("text") or "")
        except (ValueError, TypeError, AttributeError) as error:
            print(f"{file}:{number}: no article: {error}", file=sys.stderr)
            failed = 1
            continue
        _show(str(row.get("id", number)), title, text, published, row.get("lang"), row.get("outlet"), as_json)
    return failed


def _show(name: str, title: str, text: str, published: datetime | None, language: str | None, outlet: str | None, as_json: bool) -> None:
    detection = detect(title, text, published, language, outlet)
    if as_json:
        print(json.dumps(to_label(detection, id=name), ensure_ascii=False))
        return
    print(f"== {name}: {title}")
    print("\n".join(explain(detection, title, text)))
    print()


if __name__ == "__main__":
    sys.exit(main())
