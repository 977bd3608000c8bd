"""The register: what it promises about offices and bodies, and how it names a mistake."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path

import pytest

from pipelines.detect import resources
from pipelines.detect.resources import LANGUAGES, Register, RegisterError, load

DATA = Path(resources.__file__).parent / "data"


@pytest.fixture(scope="module")
def register() -> Register:
    return load()


@pytest.mark.parametrize(
    ("body", "on", "person"),
    [
        ("fr-dgsi", date(2023, 12, 15), "nicolas-lerner"),
        ("fr-dgsi", date(2025, 9, 11), "celine-berthon"),
        ("fr-dgse", date(2025, 9, 11), "nicolas-lerner"),
        ("fr-interior", date(2024, 4, 22), "gerald-darmanin"),
        ("fr-interior", date(2025, 4, 14), "bruno-retailleau"),
        ("us-cia", date(2023, 4, 7), "william-burns"),
        ("us-cia", date(2025, 3, 1), "john-ratcliffe"),
        ("ma-interior", date(2020, 1, 1), "abdelouafi-laftit"),
        ("ma-pole-dgsn-dgst", date(2022, 9, 15), "abdellatif-hammouchi"),
        ("int-europol", date(2025, 1, 10), "catherine-de-bolle"),
    ],
)
def test_title_finds_its_holder_at_the_day(register, body, on, person):
    holder = register.holder(body, on)
    assert holder is not None and holder.id == person


def test_body_without_a_holder_on_that_day_has_none(register):
    assert register.holder("fr-pnaco", date(2010, 1, 1)) is None
    assert register.holder("no-such-body", date(2024, 1, 1)) is None


def test_of_two_heads_the_title_tells_which_is_meant(register):
    on = date(2025, 3, 1)
    assert register.holder("int-interpol", on, "président d'Interpol").id == "ahmed-naser-al-raisi"
    assert register.holder("int-interpol", on, "الأمين العام للأنتربول").id == "valdecy-urquiza"


def test_deputy_is_never_taken_for_the_head(register):
    assert register.holder("ma-interior", date(2019, 1, 1)).id == "abdelouafi-laftit"  # Noureddine Boutayeb was minister delegate then
    assert register.holder("ma-dgsn", date(2024, 1, 1)).id == "abdellatif-hammouchi"  # not the spokesman
    assert register.holder("sa-interior", date(2024, 1, 1)).id == "abdulaziz-bin-saud"


@pytest.mark.parametrize(
    ("person", "on", "body"),
    [
        ("nicolas-lerner", date(2023, 12, 15), "fr-dgsi"),
        ("nicolas-lerner", date(2024, 6, 28), "fr-dgse"),
        ("laurent-nunez", date(2019, 3, 1), "fr-interior"),
        ("laurent-nunez", date(2023, 3, 1), "fr-prefecture-police"),
        ("laurent-nunez", date(2025, 12, 1), "fr-interior"),
        ("mohamed-bazoum", date(2022, 7, 15), "ne-presidency"),
        ("abdellatif-hammouchi", date(2024, 6, 26), "ma-pole-dgsn-dgst"),
    ],
)
def test_name_finds_its_office_at_the_day(register, person, on, body):
    office = register.office(person, on)
    assert office is not None and office.body == body


def test_person_out_of_office_has_none_but_a_latest_one(register):
    assert register.office("bernard-emie", date(2025, 1, 1)) is None
    assert register.latest_office("bernard-emie", date(2025, 1, 1)).body == "fr-dgse"


def test_day_of_an_office_is_as_wide_as_the_file_says(register):
    offices = {office.body: office for office in register.persons["nicolas-lerner"].offices}
    assert offices["fr-dgsi"].end == date(2024, 1, 31)  # "2024-01"
    assert offices["fr-dgse"].start == date(2024, 1, 1)


@pytest.mark.parametrize(
    ("type_", "country", "body"),
    [
        ("interior", "ES", "es-interior"),
        ("police", "DE", "de-bpol"),
        ("federal-police", "BE", "be-police"),
        ("intel-domestic", "FR", "fr-dgsi"),
        ("territorial", "MA", "ma-dgst"),
        ("intel-military", "JO", "jo-gid"),  # no service of that field: the wider one
        ("national-intel", "US", "us-odni"),
    ],
)
def test_field_of_work_and_country_give_the_body(register, type_, country, body):
    assert register.body_for(type_, country).id == body


def test_body_that_the_register_lacks_still_has_a_label(register):
    assert register.body_for("police", "VN") is None
    assert register.label_for("police", "VN") == "Police vietnamienne"
    assert register.label_for("embassy", "US") == "Ambassade des États-Unis"
    assert register.label_for("embassy", "MA") == "Ambassade du Maroc"
    assert register.label_for("interior", "BJ") == "Ministère de l'Intérieur"
    assert register.label_for("police", None) == "Police"


def test_first_reading_of_a_shared_acronym_is_the_usual_one(register):
    assert register.acronyms["DGSN"][0] == "ma-dgsn"
    assert register.acronyms["DGSI"][0] == "fr-dgsi"


def test_every_body_has_a_label_in_latin_script(register):
    for body in register.bodies.values():
        assert body.label and all(letter < "\u0600" for letter in body.label), body.id


def test_every_language_has_every_table(register):
    tables = {"head", "title", "field", "counterpart", "group", "delegation", "honorific", "former", "modifier", "led", "linker", "stop"}
    for language in LANGUAGES:
        assert tables <= {group.use for group in register.roles[language].groups}, language


def test_every_country_of_a_body_can_be_said_in_a_label(register):
    countries = {body.country for body in register.bodies.values()} - {"INT", "EU"}
    assert countries <= register.countries.keys()


def test_no_surname_is_a_whole_name_of_the_same_person(register):
    for person in register.persons.values():
        assert not set(person.surnames) & {person.name, *person.aliases, *person.aliases_ar} - {"Abdulaziz bin Saud", "عبد العزيز بن سعود"}


# --- files of users ---


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


NEW_PERSON = """
[[person]]
id = "jean-testeur"
name = "Jean Testeur"
surnames = ["Testeur"]
offices = [{ body = "fr-dgsi", title = "directeur général", start = "2031-02", end = "2032" }]
"""


def test_users_file_adds_a_person_in_office(tmp_path):
    register = load((write(tmp_path, NEW_PERSON),))
    assert register.holder("fr-dgsi", date(2031, 2, 1)).id == "jean-testeur"
    assert register.holder("fr-dgsi", date(2032, 12, 31)).id == "jean-testeur"
    assert register.holder("fr-dgsi", date(2033, 1, 1)).id == "celine-berthon"


def test_users_file_extends_a_known_person_with_spellings_and_a_newer_office(tmp_path):
    text = """
[[person]]
id = "celine-berthon"
aliases = ["C. Berthon-Test"]
offices = [{ body = "fr-dgse", title = "directeur général", start = "2027" }]
"""
    known = load((write(tmp_path, text),)).persons["celine-berthon"]
    assert "C. Berthon-Test" in known.aliases
    assert [one.body for one in known.offices] == ["fr-dgse", "fr-dgsi"]
    assert "C. Berthon-Test" not in load().persons["celine-berthon"].aliases


def test_users_file_adds_a_body_and_somebody_there(tmp_path):
    text = """
[[body]]
id = "xx-service"
label = "SX"
country = "LU"
kind = "intelligence"
fr = ["Service X"]

[[person]]
id = "anna-x"
name = "Anna X"
offices = [{ body = "xx-service", title = "cheffe du Service X" }]
"""
    register = load((write(tmp_path, text),))
    assert register.persons["anna-x"].offices[0].title.en == "cheffe du Service X"  # free text stays as it is
    assert register.bodies["xx-service"].kinds == ("intelligence",)


def person(**more: str) -> str:
    keys = {"id": '"a"', "name": '"A"', "offices": '[{ body = "fr-dgsi", title = "x" }]'} | more
    return "[[person]]\n" + "\n".join(f"{key} = {value}" for key, value in keys.items() if value)


def office(**more: str) -> str:
    keys = {"body": '"fr-dgsi"', "title": '"x"'} | more
    return person(offices="[{ " + ", ".join(f"{key} = {value}" for key, value in keys.items() if value) + " }]")


def body(**more: str) -> str:
    keys = {"id": '"b"', "label": '"X"', "country": '"FR"', "kind": '"police"'} | more
    return "[[body]]\n" + "\n".join(f"{key} = {value}" for key, value in keys.items())


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        (person(ofices="[]"), "person.a.ofices", "did you mean 'offices'"),
        ('[[persons]]\nid = "a"', "persons", "did you mean 'person'"),
        (person(id=""), "person[0].id", "is missing"),
        (person(name=""), "person.a.name", "is missing"),
        (person(offices=""), "person.a.offices", "is missing"),
        (person(offices="[]"), "person.a.offices", "at least one"),
        (person(aliases="[]"), "person.a.aliases", "not empty"),
        (person(aliases="[3]"), "person.a.aliases", "no text"),
        (person(name='" "'), "person.a.name", "not empty"),
        (person(context='"yes"'), "person.a.context", "true or false"),
        (office(body='"fr-dgsj"'), "person.a.offices[0].body", "did you mean 'fr-dgs"),
        (office(start='"2024-13"'), "person.a.offices[0].start", "no date"),
        (office(end='"soon"'), "person.a.offices[0].end", "no date"),
        (office(start='"2024"', end='"2023"'), "person.a.offices[0].end", "before the start"),
        (office(title="", titel='"x"'), "person.a.offices[0].titel", "did you mean 'title'"),
        (body(id='"fr-dgsi"'), "body.fr-dgsi.id", "is already in"),
        (body(kind='"polise"'), "body.b.kind", "did you mean 'police'"),
        (body(country='"France"'), "body.b.country", "two capital letters"),
        (body(parent='"fr-interieur"'), "body.b.parent", "did you mean 'fr-interior'"),
        (body(types='["polise"]'), "body.b.types", "did you mean 'police'"),
        ('acronyms = { XYZ = ["no-body"] }', "acronyms.XYZ", "is not known"),
        ('[[title]]\nfr = "a"\nar = "b"\nes = "c"\nen = "d"\nrank = "boss"', "title[0].rank", "is not known"),
        ('[countries]\nZZ = ["x"]', "countries.ZZ", "French adjective"),
        ("person = 3", "person", "[[person]]"),
        ("[[person", "file", "is not TOML"),
    ],
)
def test_mistake_in_a_users_file_is_named_with_file_and_key(tmp_path, text, key, problem):
    path = write(tmp_path, text)
    with pytest.raises(RegisterError) as caught:
        load((path,))
    assert (caught.value.file, caught.value.key) == (str(path), key)
    assert problem in caught.value.problem
    assert isinstance(caught.value, ValueError)


def test_duplicate_person_in_one_file_is_a_mistake(tmp_path):
    with pytest.raises(RegisterError, match="is already in"):
        load((write(tmp_path, NEW_PERSON + NEW_PERSON),))


def test_file_that_is_missing_or_no_text_is_named(tmp_path):
    with pytest.raises(RegisterError, match="cannot be read"):
        load((tmp_path / "none.toml",))
    path = tmp_path / "latin.toml"
    path.write_bytes("name = 'é'".encode("latin-1"))
    with pytest.raises(RegisterError, match="is not UTF-8"):
        load((path,))


@pytest.mark.parametrize(
    ("file", "find", "instead", "key"),
    [
        ("fr.toml", 'type = "interior"', 'type = "interieur"', "title.type"),
        ("es.toml", 'rank = "head"', 'rank = "haed"', "head[0].rank"),
        ("en.toml", 'language = "en"', 'langage = "en"', "langage"),
        ("ar.toml", "alone = true", "allone = true", "head[4].allone"),
        ("fields.toml", 'wider = "interior"', 'wider = "interiors"', "field.security.wider"),
    ],
)
def test_mistake_in_a_role_file_is_named_with_file_and_key(tmp_path, file, find, instead, key):
    reader = resources._Reader()
    caught = None
    for name in (*LANGUAGES, "fields"):
        path = tmp_path / f"{name}.toml"
        text = (DATA / "roles" / f"{name}.toml").read_text("utf-8")
        path.write_text(text.replace(find, instead, 1) if path.name == file else text, encoding="utf-8")
        try:
            reader.read_roles(path)
        except RegisterError as error:
            caught = error
            break
    assert caught is not None and Path(caught.file).name == file
    assert caught.key == key


def test_shipped_files_hold_no_key_twice_in_a_table_and_no_machine_path():
    for path in DATA.glob("ro*/*.toml"):
        text = path.read_text("utf-8")
        tomllib.loads(text)
        assert "/work" not in text and "/root" not in text


def test_role_words_of_one_table_stand_in_one_group_only(register):
    for language in LANGUAGES:
        seen: dict[tuple[str, str], str] = {}
        for group in register.roles[language].groups:
            for word in group.words:
                where = seen.setdefault((group.use, word), json.dumps([group.type, group.rank, group.plural]))
                assert where == json.dumps([group.type, group.rank, group.plural]), (language, group.use, word)
