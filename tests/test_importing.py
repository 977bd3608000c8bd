"""Back-filling an archive: any source, any order, cut short or run twice, the store is the same."""

from __future__ import annotations

import gzip
import io
import json
import random
from pathlib import Path

import pytest
import zstandard

from monitor.archives import ArchiveError
from monitor.config import load_config
from monitor.importing import Summary, import_file
from pipelines.store import MeetingFilter

BODY = (
    "Le directeur général de la Sûreté nationale et de la Surveillance du territoire, Abdellatif Hammouchi, a reçu {day} à Rabat "
    "{who}. Les deux responsables ont évoqué la lutte contre le terrorisme et l'échange de renseignements. {tail}"
)
PEOPLE = [
    "la directrice générale de la sécurité intérieure française (DGSI), Céline Berthon",
    "le directeur général de la police nationale espagnole, Francisco Pardo Piqueras",
    "le directeur du FBI, Kash Patel",
]


def articles() -> list[dict[str, str]]:
    """Three meetings on three days, each told by three outlets; two ordinary articles beside each."""
    return [
        row
        for number, who in enumerate(PEOPLE)
        for row in (
            *(report(number, who, hour, outlet) for hour, outlet in enumerate(("Le Fil", "La Gazette", "L'Écho"))),
            *(ordinary(number, extra) for extra in range(2)),
        )
    ]


def report(number: int, who: str, hour: int, outlet: str) -> dict[str, str]:
    return {
        "id": f"{number}-{outlet}",
        "outlet": outlet,
        "lang": "fr",
        "published": f"2025-09-{11 + 7 * number:02}T1{hour}:00:00+01:00",
        "title": f"Rabat : entretiens de M. Hammouchi ({outlet})",
        "text": BODY.format(day="jeudi", who=who, tail=f"Notre correspondant de {outlet} ajoute que le climat est bon."),
        "url": f"https://{outlet[-3:].lower()}.example/{number}",
    }


def ordinary(number: int, extra: int) -> dict[str, str]:
    return {
        "id": f"x{number}{extra}",
        "outlet": "Le Fil",
        "lang": "fr",
        "published": f"2025-09-{12 + 7 * number:02}T08:00:00+01:00",
        "title": f"Récolte {number}{extra}",
        "text": "Les producteurs d'olives attendent une récolte moyenne cette année.",
    }


def lines(rows: list[dict[str, str]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def run(home: Path, name: str, data: bytes, results: Path | None = None) -> Summary:
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text("[read]\nworkers = 2\n")
    (home / name).write_bytes(data)
    return import_file(load_config(home / "config.toml"), home / name, results)


def meetings(home: Path) -> list[tuple]:
    from monitor import app

    store = app.open_store(load_config(home / "config.toml"), read_only=True)
    try:
        rows = store.meetings(MeetingFilter(limit=1000))
        return sorted((str(r["first_day"]), r["city"], r["headline"], r["articles"], r["independent_reports"], r["outlets"]) for r in rows)
    finally:
        store.close()


@pytest.fixture(scope="module")
def in_order(tmp_path_factory) -> list[tuple]:
    home = tmp_path_factory.mktemp("order") / "home"
    summary = run(home, "in.jsonl", lines(articles()))
    assert (summary.articles, summary.new_meetings) == (15, 3)
    return meetings(home)


def test_three_meetings_are_three_records(in_order):
    assert [row[0] for row in in_order] == ["2025-09-11", "2025-09-18", "2025-09-25"]
    assert [row[3] for row in in_order] == [3, 3, 3]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_lines_does_not_change_the_meetings(tmp_path, in_order, seed):
    rows = articles()
    random.Random(seed).shuffle(rows)
    run(tmp_path / "h", "in.jsonl", lines(rows))
    assert meetings(tmp_path / "h") == in_order


@pytest.mark.parametrize(("name", "pack"), [("in.jsonl.gz", gzip.compress), ("in.jsonl.zst", zstandard.ZstdCompressor().compress)])
def test_compressed_files_are_read_as_they_are(tmp_path, in_order, name, pack):
    run(tmp_path / "h", name, pack(lines(articles())))
    assert meetings(tmp_path / "h") == in_order


def test_a_second_import_passes_over_everything_and_changes_nothing(tmp_path, in_order):
    run(tmp_path / "h", "in.jsonl", lines(articles()))
    again = run(tmp_path / "h", "in.jsonl", lines(articles()))
    assert (again.articles, again.already, again.new_meetings) == (0, 15, 0)
    assert meetings(tmp_path / "h") == in_order


def test_an_import_that_was_cut_is_taken_up_and_its_results_are_whole(tmp_path, in_order):
    home, out = tmp_path / "h", tmp_path / "out.jsonl"
    run(home, "in.jsonl", lines(articles()[:7]), out)
    first = out.read_text(encoding="utf-8")
    # as the cut leaves it: a journal of what was kept, with an unfinished last line
    run(home, "in.jsonl", lines(articles()[:7]), None)
    part = tmp_path / "out.jsonl.part"
    config = load_config(home / "config.toml")
    out.unlink()
    (home / "all.jsonl").write_bytes(lines(articles()))
    part.write_text('{"key": "unfinished', encoding="utf-8")
    import_file(config, home / "all.jsonl", out)
    told = {row["id"]: row for row in map(json.loads, out.read_text(encoding="utf-8").splitlines())}
    assert len(told) == 15
    assert not part.exists()
    assert meetings(home) == in_order
    for row in map(json.loads, first.splitlines()):
        assert told[row["id"]]["flag"] == row["flag"]


def test_results_name_the_record_that_each_meeting_is_in_at_the_end(tmp_path):
    out = tmp_path / "out.jsonl"
    run(tmp_path / "h", "in.jsonl", lines(articles()), out)
    told = [row for row in map(json.loads, out.read_text(encoding="utf-8").splitlines()) if row["flag"]]
    groups = {}
    for row in told:
        groups.setdefault(row["id"][0], set()).add(row["meetings"][0]["meeting_id"])
    assert all(len(numbers) == 1 for numbers in groups.values())
    assert len(set.union(*groups.values())) == 3


def test_pages_of_a_warc_archive_go_through_the_same_extraction(tmp_path):
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True)
    story = articles()[0]
    paragraphs = f"<p>{story['text']}</p><p>{'La coopération entre les deux services est ancienne. ' * 8}</p>"
    head, article = f"<title>{story['title']}</title>", f"<article><h1>{story['title']}</h1>{paragraphs}</article>"
    page = f"<html lang='fr'><head>{head}</head><body>{article}</body></html>"
    for url, kind, body in [
        ("https://fil.example/a", "text/html; charset=utf-8", page.encode()),
        ("https://fil.example/photo.jpg", "image/jpeg", b"\xff\xd8"),
        ("https://fil.example/empty", "text/html", b""),
    ]:
        headers = StatusAndHeaders("200 OK", [("Content-Type", kind)], protocol="HTTP/1.1")
        record = writer.create_warc_record(
            url, "response", payload=io.BytesIO(body), http_headers=headers, warc_headers_dict={"WARC-Date": "2025-09-11T18:00:00Z"}
        )
        writer.write_record(record)
    summary = run(tmp_path / "h", "in.warc.gz", buffer.getvalue())
    assert summary.problems == []
    assert summary.articles == 1
    (row,) = meetings(tmp_path / "h")
    assert row[0] == "2025-09-11"


@pytest.mark.parametrize(("name", "data"), [("x.jsonl.gz", b"not gzip"), ("x.jsonl.zst", b"not zstd"), ("x.warc", b"not a warc\r\n\r\n")])
def test_a_damaged_archive_is_named_and_nothing_is_kept(tmp_path, name, data):
    with pytest.raises(ArchiveError, match=name):
        run(tmp_path / "h", name, data)


def test_a_cut_gzip_is_refused_whole(tmp_path):
    with pytest.raises(ArchiveError, match="damaged or cut"):
        run(tmp_path / "h", "x.jsonl.gz", gzip.compress(lines(articles()))[:-30])


def test_bad_lines_are_named_with_their_numbers_and_the_rest_is_kept(tmp_path):
    data = lines(articles()[:1]) + b"\n[]\n{\n" + '{"id": "é", "text": "\n'.encode("latin-1") + lines(articles()[1:2])
    summary = run(tmp_path / "h", "in.jsonl", data)
    assert summary.articles == 2
    assert [problem.split(":")[0] for problem in summary.problems] == ["line 3", "line 4", "line 5"]
