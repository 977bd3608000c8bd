"""The command line as a user meets it: real processes, their output, errors and exit codes."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

VIGIE = [sys.executable, "-c", "from monitor.cli import main; main()"]
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("VIGIE_")} | {"NO_COLOR": "1"}


def vigie(*arguments: object, cwd: Path, given: str | None = None, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*VIGIE, *map(str, arguments)], cwd=cwd, input=given, capture_output=True, text=True, timeout=timeout, env=ENVIRONMENT
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text('[fetch]\nallow_addresses = ["127.0.0.0/8"]\n[[profiles]]\nname = "daily"\n')
    return tmp_path


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose store holds two reports of one meeting and one article without any."""
    home = tmp_path_factory.mktemp("filled")
    (home / "config.toml").write_text('[[profiles]]\nname = "daily"\n')
    rows = [
        article(
            "a1",
            "Le Fil",
            "Abdellatif Hammouchi reçoit à Rabat la directrice de la DGSI",
            "Le directeur général de la Sûreté nationale et de la Surveillance du territoire, Abdellatif Hammouchi, a reçu ce jeudi "
            "à Rabat la directrice générale de la sécurité intérieure française (DGSI), Céline Berthon.\n\nLes deux responsables "
            "ont évoqué la lutte contre le terrorisme et le crime organisé.",
        ),
        article(
            "a2",
            "La Gazette",
            "Entretiens Hammouchi-Berthon à Rabat",
            "Céline Berthon, patronne de la DGSI, s'est entretenue jeudi à Rabat avec Abdellatif Hammouchi. La menace terroriste au "
            "Sahel était au centre de leurs échanges, a indiqué la DGST.",
        ),
        article("a3", "Le Fil", "Récolte d'olives : une année moyenne", "Les producteurs d'olives attendent une récolte moyenne."),
    ]
    (home / "in.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    done = vigie("import", "in.jsonl", "--results", "out.jsonl", cwd=home)
    assert done.returncode == 0, done.stderr
    return home


def article(identifier: str, outlet: str, title: str, text: str) -> dict[str, str]:
    return {
        "id": identifier,
        "outlet": outlet,
        "published": "2025-09-11T18:05:00+01:00",
        "title": title,
        "text": text,
        "lang": "fr",
        "url": f"https://{identifier}.example/article",
    }


def test_help_answers_at_once(tmp_path):
    """Processor seconds of the whole process: what the clock shows on an idle machine, and steady on a busy one."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(4):
        assert vigie("--help", cwd=tmp_path).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 4 < 0.5


def test_help_loads_nothing_heavy(tmp_path):
    code = "import sys\nsys.argv=['vigie','--help']\nfrom monitor.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "print([m for m in ('sqlalchemy','pydantic','trafilatura','httpx','feedparser','lxml','structlog') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.strip().endswith("[]")


def test_every_command_of_the_agreement_is_there(tmp_path):
    told = vigie("--help", cwd=tmp_path).stdout
    agreed = ["run", "poll", "digest", "meetings", "search", "query", "explain", "detect", "import", "evaluate", "feeds", "check", "db"]
    for command in agreed:
        assert f"\n  {command} " in told


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nonsense"], 2, "No such command"),
        (["meetings", "--status", "foo"], 2, "--status: 'foo' is not one of new, background"),
        (["meetings", "--since", "yesterday"], 2, "is not a day such as 2026-03-14"),
        (["meetings"], 1, "there is no store yet; `vigie poll` or `vigie run` makes one"),
        (["--config", "nowhere.toml", "check"], 2, "nowhere.toml: no such configuration file"),
        (["detect", "nowhere.jsonl"], 2, "nowhere.jsonl: no such file"),
        (["explain", "what-is-this"], 1, "neither an address"),
        (["digest", "--profile", "nobody"], 2, "'nobody' is not one of daily"),
        (["db", "prune"], 2, "say --yes"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(home, arguments, code, said):
    done = vigie(*arguments, cwd=home, given="")
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_configuration_stops_everything_with_exit_2(home):
    (home / "config.toml").write_text("[shedule]\n")
    done = vigie("poll", cwd=home)
    assert done.returncode == 2
    assert "shedule: unknown key (did you mean 'schedule'?)" in done.stderr


def test_an_unknown_register_id_in_a_profile_is_refused_with_the_nearest(home):
    (home / "config.toml").write_text('[[profiles]]\nname = "a"\npersons = ["abdellatif-hamouchi"]\n')
    done = vigie("poll", cwd=home)
    assert done.returncode == 2
    assert "profiles[1].persons: 'abdellatif-hamouchi' is not in the register (did you mean 'abdellatif-hammouchi'?)" in done.stderr


def test_a_mistake_in_the_users_register_is_named_with_file_and_key(home):
    (home / "mine.toml").write_text('[[person]]\nid = "x"\nnam = "X Y"\n')
    (home / "config.toml").write_text('[detect]\nregisters = ["mine.toml"]\n')
    done = vigie("poll", cwd=home)
    assert done.returncode == 2
    assert "mine.toml" in done.stderr
    assert "nam" in done.stderr


def test_two_reports_are_one_meeting_with_its_quotes(filled):
    rows = json.loads(vigie("meetings", "--json", cwd=filled).stdout)
    assert len(rows) == 1
    assert (rows[0]["city"], str(rows[0]["first_day"]), rows[0]["articles"]) == ("Rabat", "2025-09-11", 2)
    shown = vigie("meetings", "show", rows[0]["id"], cwd=filled)
    for words in ("Abdellatif Hammouchi", "Céline Berthon", "DGSI", "Le Fil", "La Gazette", "https://a1.example/article"):
        assert words in shown.stdout


def test_import_tells_which_record_each_meeting_joined(filled):
    results = {row["id"]: row for row in map(json.loads, (filled / "out.jsonl").read_text(encoding="utf-8").splitlines())}
    assert results["a1"]["meetings"][0]["meeting_id"] == results["a2"]["meetings"][0]["meeting_id"]
    assert [results[name]["outcome"] for name in ("a1", "a2", "a3")] == ["new-meeting", "known-meeting", "no-meeting"]


def test_importing_twice_changes_nothing(filled):
    before = vigie("meetings", "--json", cwd=filled).stdout
    again = vigie("import", "in.jsonl", "--json", cwd=filled)
    assert json.loads(again.stdout)["new_meetings"] == 0
    assert vigie("meetings", "--json", cwd=filled).stdout == before


@pytest.mark.parametrize(
    ("option", "value", "count"),
    [
        ("--country", "fr", 1),
        ("--country", "ES", 0),
        ("--person", "berthon", 1),
        ("--person", "abdellatif-hammouchi", 1),
        ("--body", "DGSI", 1),
        ("--body", "Guardia Civil", 0),
        ("--since", "2025-09-11", 1),
        ("--since", "2025-09-12", 0),
        ("--status", "new", 1),
        ("--status", "planned", 0),
        ("--text", "terrorisme", 1),
        ("--text", "olives", 0),
    ],
)
def test_meetings_can_be_filtered(filled, option, value, count):
    assert len(json.loads(vigie("meetings", option, value, "--json", cwd=filled).stdout)) == count


def test_search_does_not_mind_accents(filled):
    found = json.loads(vigie("search", "recolte", "--json", cwd=filled).stdout)
    assert [row["title"] for row in found] == ["Récolte d'olives : une année moyenne"]


def test_query_reads_the_views_and_never_writes(filled):
    done = vigie("query", "SELECT city, articles FROM v_meetings", "--csv", cwd=filled)
    assert done.stdout == "city,articles\nRabat,2\n"
    refused = vigie("query", "DELETE FROM articles", cwd=filled)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert json.loads(vigie("query", "SELECT count(*) AS n FROM v_articles", "--json", cwd=filled).stdout) == [{"n": 3}]


def test_csv_holds_no_live_formula(filled):
    done = vigie("query", "SELECT '=HYPERLINK(1)' AS a, '+1' AS b, -5 AS c", "--csv", cwd=filled)
    assert done.stdout == "a,b,c\n'=HYPERLINK(1),'+1,-5\n"


def test_explain_tells_of_a_stored_article_a_file_and_why_one_is_not_flagged(filled, tmp_path):
    stored = vigie("explain", "1", cwd=filled)
    assert "FLAGGED" in stored.stdout
    assert "Berthon" in stored.stdout
    (tmp_path / "olives.txt").write_text("Récolte d'olives\nLes producteurs d'olives attendent une récolte moyenne.\n", encoding="utf-8")
    plain = vigie("explain", tmp_path / "olives.txt", cwd=filled)
    assert "not flagged" in plain.stdout
    told = json.loads(vigie("explain", tmp_path / "olives.txt", "--json", cwd=filled).stdout)
    assert told["flag"] is False
    assert told["missing"]


def test_detect_streams_one_line_an_article_and_names_bad_ones(home):
    good = json.dumps(article("a", "Le Fil", "Un titre", "Un texte sans rien."), ensure_ascii=False)
    done = vigie("detect", "-", cwd=home, given=f"{good}\n\nnot json\n{good}\n[]\n")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["a", "a"]
    assert done.returncode == 1
    assert "line 3: not JSON" in done.stderr
    assert "line 5: not a JSON object" in done.stderr


def test_evaluate_prints_scores(home):
    label = article("a", "Le Fil", "Un titre", "Un texte.") | {"flag": False, "kind": "negative", "meetings": [], "story": None}
    (home / "labels.jsonl").write_text(json.dumps(label))
    done = vigie("evaluate", "labels.jsonl", "--json", cwd=home)
    assert json.loads(done.stdout)["flag"]["all"]["tp"] == 0
    assert "precision" in vigie("evaluate", "labels.jsonl", cwd=home).stdout


def test_digest_preview_shows_the_meeting(filled, tmp_path):
    done = vigie("digest", "--date", "2025-09-12", "--preview", tmp_path / "d.html", cwd=filled)
    assert done.returncode == 0, done.stderr
    assert "Berthon" in (tmp_path / "d.html").read_text(encoding="utf-8")


def test_check_tells_each_part_and_what_to_do(home):
    done = vigie("check", cwd=home)
    for part in ("python", "config", "register", "profiles", "store", "disk", "clock", "mail"):
        assert f" {part} " in done.stdout
    assert "put" in done.stdout or "give outlets an address" in done.stdout


def test_check_fails_for_a_folder_that_cannot_be_written(home):
    (home / "config.toml").write_text('[store]\nurl = "sqlite:////proc/nothing/vigie.sqlite"\n')
    done = vigie("check", cwd=home)
    assert done.returncode == 1
    assert "FAIL  store" in done.stdout


def test_poll_says_what_to_do_when_the_store_cannot_be_made(home):
    (home / "config.toml").write_text('[store]\nurl = "sqlite:////proc/nothing/vigie.sqlite"\n')
    done = vigie("poll", cwd=home)
    assert done.returncode == 1
    assert "/proc/nothing" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_backup_is_a_whole_store(filled, tmp_path):
    assert vigie("db", "backup", tmp_path / "copy.sqlite", cwd=filled).returncode == 0
    (tmp_path / "config.toml").write_text('[store]\nurl = "sqlite:///copy.sqlite"\n')
    assert len(json.loads(vigie("meetings", "--json", cwd=tmp_path).stdout)) == 1
    assert vigie("db", "check", cwd=tmp_path).returncode == 0


def test_corrections_are_remembered_listed_and_undone(filled):
    (meeting,) = json.loads(vigie("meetings", "--json", cwd=filled).stdout)
    assert vigie("wrong", meeting["id"], "--why", "a trial", cwd=filled).returncode == 0
    assert json.loads(vigie("meetings", "--json", cwd=filled).stdout) == []
    (correction,) = json.loads(vigie("corrections", "--json", cwd=filled).stdout)["corrections"]
    assert (correction["kind"], correction["why"]) == ("wrong", "a trial")
    assert vigie("undo", correction["id"], cwd=filled).returncode == 0
    assert [row["id"] for row in json.loads(vigie("meetings", "--json", cwd=filled).stdout)] == [meeting["id"]]


def test_a_report_can_be_split_off_and_brought_back(filled):
    (meeting,) = json.loads(vigie("meetings", "--json", cwd=filled).stdout)
    done = vigie("split", meeting["id"], 2, cwd=filled)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(vigie("meetings", "--json", cwd=filled).stdout)) == 2
    (correction,) = json.loads(vigie("corrections", "--json", cwd=filled).stdout)["corrections"]
    vigie("undo", correction["id"], cwd=filled)
    (again,) = json.loads(vigie("meetings", "--json", cwd=filled).stdout)
    assert (again["id"], again["articles"]) == (meeting["id"], 2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wrong", 999, "--why", "x"], "there is no meeting 999"),
        (["split", 1, 999], "article 999 does not report meeting 1"),
        (["merge", 1, 1], "are one record already"),
        (["undo", 999], "there is no correction 999"),
        (["meetings", "show", 999], "there is no meeting 999"),
        (["digests", "show", 999], "there is no digest 999"),
    ],
)
def test_a_number_that_is_not_there_is_told(filled, arguments, said):
    done = vigie(*arguments, cwd=filled)
    assert done.returncode == 1
    assert said in done.stderr


def test_the_ledger_tells_who_met_whom(filled):
    (pair,) = json.loads(vigie("ledger", "--country", "FR", "--json", cwd=filled).stdout)
    assert (pair["one"], pair["other"], pair["meetings"]) == ("FR", "MA", 1)
    assert len(json.loads(vigie("ledger", "--body", "dgsi", "--json", cwd=filled).stdout)) == 1
    assert len(json.loads(vigie("ledger", "--person", "berthon", "--json", cwd=filled).stdout)) == 1


def test_replay_tells_the_difference_before_it_is_made(filled, tmp_path):
    nothing = vigie("replay", cwd=filled)
    assert "3 articles read again: 0 gained, 0 lost, 0 changed" in nothing.stdout
    strict = tmp_path / "strict.toml"
    strict.write_text(f'[store]\nurl = "sqlite:///{filled}/var/vigie.sqlite"\n[detect]\nlanguages = ["es"]\n')
    lost = json.loads(vigie("--config", strict, "replay", "--json", cwd=tmp_path).stdout)
    assert (len(lost["lost"]), lost["applied"]) == (1, False)
    assert len(json.loads(vigie("meetings", "--json", cwd=filled).stdout)) == 1
