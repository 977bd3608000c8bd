"""Constructions of the Arabic press: who discussed what with whom, names beside offices, titles without a country."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.detect import detect
from pipelines.detect.home import OutletError, home_of, load_homes
from pipelines.detect.model import Detection

_PUBLISHED = datetime(2025, 10, 15, 17, tzinfo=UTC)


def read(text: str, title: str = "", outlet: str | None = None) -> Detection:
    return detect(title, text, _PUBLISHED, "ar", outlet)


def names(detection: Detection) -> set[str]:
    return {person.name_in_text or "" for report in detection.reports for person in report.participants} - {""}


@pytest.mark.parametrize(
    ("text", "who", "day", "city"),
    [
        (
            "بحث وزير الداخلية الأردني مازن الفراية، أمس الثلاثاء في عمان، مع نظيره العراقي عبد الأمير الشمري ضبط الحدود وتهريب المخدرات.",
            {"مازن الفراية", "عبد الأمير الشمري"},
            "2025-10-14",
            "Amman",
        ),
        (
            "التقى قائد حرس الحدود السعودي اللواء شايع الودعاني، الاثنين بأثينا، قائد خفر السواحل اليوناني تريفون كونتيزاس لبحث التهريب.",
            {"شايع الودعاني", "تريفون كونتيزاس"},
            "2025-10-13",
            "Athènes",
        ),
        (
            "استقبل مدير عام الشرطة القطرية اللواء محمد جاسم السليطي بمدينة الدوحة أمس رئيس جهاز المخابرات القبرصية تاسوس تزيونيس.",
            {"محمد جاسم السليطي", "تاسوس تزيونيس"},
            "2025-10-14",
            "Doha",
        ),
    ],
)
def test_both_parties_are_read_with_day_and_city(text: str, who: set[str], day: str, city: str) -> None:
    detection = read(text)
    assert detection.flag
    assert names(detection) == who
    assert [(report.days.label, report.place.city) for report in detection.reports] == [(day, city)]


def test_a_preposition_before_the_counterpart_ends_a_name_although_it_looks_like_the_word_for_son() -> None:
    detection = read("جمع لقاء، أمس بالجزائر العاصمة، المدير العام للأمن الوطني علي بداوي بنظيره التركي محمود دميرطاش حول الإرهاب.")
    assert names(detection) == {"علي بداوي", "محمود دميرطاش"}


def test_discussing_a_subject_at_home_is_no_meeting() -> None:
    assert not read("بحث وزير الداخلية العراقي سبل مكافحة المخدرات على الحدود مع سوريا في جلسة لمجلس النواب.").flag


def test_a_report_that_is_said_to_be_untrue_is_denied() -> None:
    text = "أكدت وزارة الداخلية العراقية أن لا صحة لما نشر حول لقاء وزير الداخلية عبد الأمير الشمري بنظيره التركي علي يرلي قايا."
    assert not read(text).flag


def test_only_a_likely_meeting_of_two_countries_is_possible() -> None:
    for text in (
        "ترأس المدير العام للأمن الوطني اجتماعا لكبار مسؤولي المديرية لتقييم الحصيلة الأمنية السنوية.",
        "وقع وزير الطاقة السعودي مع نظيره الروسي مذكرة تفاهم حول أمن الطاقة وأمن الإمدادات.",
        "أكد وزير الداخلية الفرنسي في حوار تلفزيوني أن التعاون مع المغرب في مكافحة الإرهاب ممتاز.",
    ):
        detection = read(text)
        assert not detection.flag
        assert not detection.possible


@pytest.mark.parametrize(
    ("outlet", "text", "country"),
    [
        ("النهار", "", "LB"),
        (None, "عمان 4 تشرين الثاني (بترا) - بحث مدير الأمن العام", "JO"),
        (None, "أبوظبي في 19 مايو / وام / بحث وزير الداخلية", "AE"),
        (None, "العُمانية: عُقدت جلسة مباحثات", "OM"),
        ("الشرق الأوسط", "الرياض: بحث وزير الداخلية", None),
        (None, "", None),
    ],
)
def test_an_outlet_or_an_agency_is_at_home_in_a_country(outlet: str | None, text: str, country: str | None) -> None:
    assert home_of(outlet, text) == country


def test_a_wrong_list_of_outlets_names_file_and_key(tmp_path: Path) -> None:
    source = tmp_path / "outlets.toml"
    for content, key in (
        ('[[outlet]]\ncountry = "jo"\nnames = ["a"]\ntags = ["b"]', "country"),
        ('[[outlet]]\ncountry = "JO"\nnames = []\ntags = ["b"]', "names"),
        ('[[outlet]]\ncountry = "JO"\nnames = ["a"]\ntags = ["b"]\nextra = 1', "extra"),
    ):
        source.write_text(content, encoding="utf-8")
        load_homes.cache_clear()
        with pytest.raises(OutletError, match=f"outlets.toml: .*{key}"):
            load_homes(source)
    load_homes.cache_clear()
