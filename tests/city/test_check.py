"""Every fault of a city's folder is named with file, row and reason."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.city import Fault, check
from dispatch.cityfile import check as checks
from dispatch.cityfile.editions import editions_of
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.read import read
from tests.city.spoilt_town import CITIES, TINY, copy_of_tiny, spoil


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return copy_of_tiny(tmp_path)


def errors(town: Path) -> list[Fault]:
    return [fault for fault in check(town) if fault.severity == "error"]


def test_the_tiny_town_has_no_fault() -> None:
    assert check(TINY) == []


@pytest.mark.parametrize("name", ["boston", "binhe", "newyork"])
def test_the_shipped_cities_have_no_error(name: str) -> None:
    assert errors(CITIES / name) == []


# file, what stands there, what is put in its place, row, words of the reason
SPOILT = [
    # units and people
    ("units.csv", "crew,市政抢修队,Utilities repair crew,3,utilities", "crew,x,x,3,nobody", 4, "unknown unit nobody"),
    ("units.csv", "landscaping,园林局", "water,园林局", 5, "unit id water is given twice"),
    ("units.csv", "district:440002", "district:9", 10, "unknown area district:9"),
    ("units.csv", ",company,", ",firm,", 2, "unknown ranking group firm"),
    ("units.csv", "utilities,市政公用局,Municipal utilities bureau,1,,", "utilities,x,x,3,crew,", 3, "its own parent"),
    ("units.csv", "bureau,1,", "bureau,4,", 3, "tier is 4: it wants a whole number from 1 to 3"),
    ("units.csv", "company,yes,no", "company,perhaps,no", 2, "terminal is perhaps"),
    ("units.csv", ",water_supply,", ",,", 2, None),  # nobody answers for water_supply: see the catalogue
    ("people.csv", "acceptor,受理员,,acceptor", "acceptor,受理员,,clerk", 5, "unknown role clerk"),
    ("people.csv", "water,自来水公司值班员,water", "water,x,fire", 14, "unknown unit fire"),
    ("people.csv", "water,自来水公司值班员,water,", "water,x,,", 14, "role department wants a unit"),
    ("people.csv", ",,audit_admin", ",,audit_admin;security_admin", 13, "may not hold together: audit_admin, security"),
    ("people.csv", "inspector2,", "inspector1,", 3, "login inspector1 is given twice"),
    ("duty_grids.csv", "G2,西河责任网格,440002001001001", "G2,x,440001001001001", 6, "is covered twice: G1, G2"),
    ("duty_grids.csv", "inspector1", "inspector9", 2, "unknown inspector inspector9"),
    ("duty_grids.csv", "inspector1", "acceptor", 2, "acceptor is not an inspector"),
    ("duty_grids.csv", "440001001001002", "440001001001009", 3, "unknown unit grid 440001001001009"),
    ("city.toml", 'rework_clock = "rest"', 'rework_clock = "fixed"', None, "fixed wants rework_limit"),
    ("city.toml", "[policy]", '[policy]\nrework_time_class = "fortnight"', None, "unknown time class fortnight"),
    ("city.toml", "[policy]", '[notices.dispatched]\nzh = "x"\n[policy]', None, "notices.dispatched.en"),
    ("city.toml", "[policy]", '[notices.fire]\nzh = "x"\nen = "x"\n[policy]', None, "no such kind of notice"),
    ("city.toml", "[policy]", '[notices.warn]\nzh = "{name}"\nen = "x"\n[policy]', None, "placeholders {case} alone"),
    # terminals
    ("terminals.csv", "sanitation,,", "fire,,", 2, "unknown unit fire"),
    ("terminals.csv", "sanitation,,2026-09-01", "sanitation,,", 2, "has no terminal yet: it wants connect_by"),
    ("terminals.csv", "sanitation,,2026-09-01", "water,,2026-09-01", 2, "water has a terminal"),
    ("terminals.csv", "sanitation,,", "sanitation,10.20.0.1/16,", 2, "10.20.0.1/16 is no network"),
    ("city.toml", "[policy]", "[terminals]\nsilent_minutes = 0\n[policy]", None, "terminals.silent_minutes"),
    # catalogue
    ("catalogue/categories.csv", "sanitation,no,no", "fairies,no,no", 8, "the responsible type fairies"),
    ("catalogue/categories.csv", "E0104,", "E0102,", 8, "category code E0102 is given twice"),
    ("catalogue/conditions.csv", "E0104,1,", "E0105,1,", 12, "unknown category E0105"),
    ("catalogue/conditions.csv", "E0104,1,", "E0102,2,", None, "category E0104 is without limit"),
    ("catalogue/conditions.csv", "4,work_hour", "4,fortnight", 3, "unknown time class fortnight"),
    ("catalogue/conditions.csv", "4,work_hour", "4,", 3, "limit 4 has no time class"),
    ("catalogue/conditions.csv", "4,work_hour", ",work_hour", 3, "time class work_hour without limit"),
    ("catalogue/conditions.csv", "4,work_hour", "-4,work_hour", 3, "limit is -4"),
    ("catalogue/conditions.csv", "C0101,2", "C0101,1", 3, "condition 1 of C0101 is given twice"),
    # rules
    ("rules.toml", "unit:utilities", "unit:nobody", 5, "rule R-001: goes nowhere: unknown unit nobody"),
    ("rules.toml", "unit:utilities", "somebody", 5, "names nobody"),
    ("rules.toml", 'road = ["main"]', 'weather = ["rain"]', 5, "weather"),
    ("rules.toml", 'road = ["main"]', 'road = ["motorway"]', 5, "clause road: unknown motorway"),
    ("rules.toml", 'type = "district_enforcement"', 'type = "fairies"', 41, "clause type: unknown fairies"),
    ("rules.toml", "territory:street:subdistrict_office", "territory:village:x", 50, "unknown level village"),
    ("rules.toml", "territory:street:subdistrict_office", "territory:street:police", 50, "finds none"),
    ("rules.toml", 'no = "R-002"', 'no = "R-001"', 14, "rule R-001 is given twice"),
    ("rules.toml", 'edition = "tiny-rules-1"', 'edition = "tiny-rules-0"', None, "edition is tiny-rules-0"),
    (
        "units.csv",
        "landscaping,,bureau",
        "landscaping;sanitation,,bureau",
        32,
        "type:first finds 2 (landscaping, sanitation)",
    ),
    # components
    ("components.csv", "4400010101000001", "44000101", 2, "code 44000101 breaks the layout"),
    ("components.csv", "4400010101000002", "4400010101000001", 3, "is given twice"),
    ("components.csv", "C0101,上水井盖", "C9999,上水井盖", 2, "unknown category C9999"),
    ("components.csv", "utilities,water,water", "utilities,water,fire", 2, "unknown unit fire"),
    ("components.csv", "114.0005,22.5001", "113.0,22.5001", 2, "stands on no unit grid"),
    ("components.csv", "114.0005,22.5001", "114.0015,22.5001", 2, "stands on 440001001001004, not on 440001001001003"),
    ("components.csv", "114.0005,22.5001", "east,22.5001", 2, "lon is east"),
    ("components.csv", "intact,A", "intact,Z", 2, "accuracy is Z"),
    # places
    ("areas/street.geojson", "440002001", "440003001", 2, "does not begin with its parent's, 440002"),
    ("areas/street.geojson", "440002001", "4400020", 2, "breaks the layout"),
    ("areas/street.geojson", '"parent": "440002"', '"parent": "440007"', 2, "unknown parent 440007"),
    ("areas/grid.geojson", "440001001001002", "440001001001001", 2, "is given twice"),
    (
        "areas/grid.geojson",
        "[114.001, 22.501], [114.001, 22.502]",
        "[114.0012, 22.501], [114.0012, 22.502]",
        1,
        "overlaps",
    ),
    (
        "areas/grid.geojson",
        "[114.001, 22.502], [114.0, 22.502]",
        "[114.001, 22.5025], [114.0, 22.5025]",
        1,
        "outside its parent",
    ),
    (
        "areas/grid.geojson",
        "[114.001, 22.501], [114.001, 22.502]",
        "[114.0008, 22.501], [114.0008, 22.502]",
        None,
        "leave a gap of",
    ),
    (
        "areas/grid.geojson",
        "[114.001, 22.501], [114.001, 22.502]",
        "[114.001, 22.502], [114.001, 22.501]",
        1,
        "invalid polygon",
    ),
    ("areas/grid.geojson", '"area_class": "2"', '"area_class": "7"', 1, "area_class is 7"),
    ("areas/grid.geojson", '"Polygon"', '"Circle"', 1, "geometry cannot be read"),
    ("areas/grid.geojson", "[[[114.0, 22.501]", "[[[1140, 22.501]", 1, "not in degrees"),
    ("roads.geojson", '"class": "main"', '"class": "canal"', 1, "unknown road class canal"),
    ("roads.geojson", '"R2"', '"R1"', 2, "road code R1 is given twice"),
    # the calendar and the city itself
    ("calendar.csv", "2026-10-02", "2026-10-01", 8, "2026-10-01 is given twice"),
    ("calendar.csv", "2026-10-02,off", "2026-10-02,holiday", 8, "kind is holiday"),
    ("calendar.csv", "2026-10-02", "2. Oktober", 8, "wants a day as YYYY-MM-DD"),
    ("city.toml", "Asia/Shanghai", "Asia/Atlantis", None, "time zone Asia/Atlantis is not known"),
    ("city.toml", '"08:00-12:00"', '"12:00-08:00"', None, "calendar: "),
    ("city.toml", '"08:00-12:00"', '"08:00-15:00"', None, "14:00-18:00 overlap others"),
    ("city.toml", "week = [1, 2, 3, 4, 5]", "week = []", None, "the limit never ends"),
    ("city.toml", "hours = [", "until = 2026-12-31\nhours = [", None, "no working time after 2026-12-31"),
    ("city.toml", "hours = [", "since = 2026-12-31\nuntil = 2026-01-01\nhours = [", None, "end before they begin"),
    ("city.toml", "hours = [", 'since = "spring"\nhours = [', None, "calendar.slots.0.since"),
    ("city.toml", "hours = [", "until = 2400-01-01\nhours = [", None, "calendar.slots.0.until"),
    (
        "city.toml",
        "[[calendar.slots]]",
        '[[calendar.slots]]\nfrom = "06-01"\nto = "06-30"\nhours = []\n[[calendar.slots]]',
        None,
        "opening hours of two seasons share 06-01",
    ),
    ("city.toml", 'rule = "work_day"', 'rule = "some_day"', None, "time_classes.work_day.rule"),
    ("city.toml", 'time_class = "urgent_minute"', 'time_class = "jiffy"', None, "unknown time class jiffy"),
    (
        "city.toml",
        'rules = { id = "tiny-rules-1", in_force = 2024-01-01, source = "invented" }\n',
        "",
        None,
        "editions.rules",
    ),
    ("city.toml", 'catalogue = "own"', 'catalogue = "standard:none"', None, "there is no such folder"),
    # files that cannot be read
    ("city.toml", "zoom = 16", "zoom = = 16", 9, "not TOML"),
    ("components.csv", "code,category", "kode,category", 1, "column code is missing"),
    ("components.csv", "intact,A,2024-01-01", "intact", 2, "has not the 12 cells"),
    ("areas/grid.geojson", '"features": [', '"features": [[', None, "not JSON"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "row", "reason"), SPOILT, ids=[f"{s[0]}-{i}" for i, s in enumerate(SPOILT)]
)
def test_a_fault_is_named_with_file_row_and_reason(
    town: Path, file: str, old: str, new: str, row: int | None, reason: str | None
) -> None:
    spoil(town, file, old, new)
    found = errors(town)
    if reason is None:
        assert "no unit answers for the responsible type water_supply" in [fault.reason for fault in found]
        return
    named = [fault for fault in found if reason in fault.reason]
    assert named, [str(fault) for fault in found]
    assert row is None or row in {fault.row for fault in named}, [str(fault) for fault in named]


@pytest.mark.parametrize(
    "file",
    ["rules.toml", "units.csv", "people.csv", "roads.geojson", "areas/street.geojson", "catalogue/conditions.csv"],
)
def test_a_missing_file_is_a_fault(town: Path, file: str) -> None:
    (town / file).unlink()
    assert any("missing" in fault.reason for fault in errors(town) if fault.file == file)


def test_a_file_in_another_encoding_is_a_fault_with_its_line(town: Path) -> None:
    path = town / "units.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    assert (2, "the file is not UTF-8: save it as UTF-8") in [(f.row, f.reason) for f in errors(town)]


def test_a_gzipped_file_is_read_like_a_plain_one(town: Path) -> None:
    plain = town / "components.csv"
    (town / "components.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert check(town) == []


def test_a_sliver_is_no_gap_and_no_overlap(town: Path) -> None:
    """A tenth of a metre: what six decimals of a degree leave behind."""
    spoil(
        town, "areas/grid.geojson", "[114.001, 22.501], [114.001, 22.502]", "[114.000999, 22.501], [114.000999, 22.502]"
    )
    assert check(town) == []


def test_a_component_on_two_overlapping_grids_is_a_fault(town: Path) -> None:
    path = town / "areas" / "grid.geojson"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["features"][3]["geometry"] = document["features"][2]["geometry"]
    path.write_text(json.dumps(document), encoding="utf-8")
    assert any("stands on two unit grids" in fault.reason for fault in errors(town))


def test_a_year_without_an_official_calendar_is_a_warning(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2027, 6, 1, tzinfo=UTC)

    monkeypatch.setattr(checks, "datetime", Later)
    found = check(town)
    assert [(fault.severity, "2028 is unconfirmed" in fault.reason) for fault in found] == [("warning", True)]


def test_a_key_nobody_reads_is_a_warning_and_a_post_nobody_holds_too(town: Path) -> None:
    spoil(town, "city.toml", "zoom = 16", 'zoom = 16\nmotto = "onward"')
    spoil(town, "people.csv", "evaluator,考评员,,evaluator\n", "")
    assert [fault.reason for fault in check(town)] == [
        "motto: nothing reads this key",
        "nobody holds the post evaluator",
    ]


def test_a_rule_that_is_never_reached_is_a_warning(town: Path) -> None:
    spoil(town, "rules.toml", ', road = ["main"] }', " }")
    (found,) = [fault for fault in check(town) if fault.severity == "warning"]
    assert (found.file, found.row) == ("rules.toml", 23)
    assert found.reason.startswith("shadowed: Rule R-003 is never reached: R-001 comes first wherever it holds")


def test_all_faults_are_listed_at_once(town: Path) -> None:
    spoil(town, "units.csv", ",company,", ",firm,")
    spoil(town, "rules.toml", "unit:utilities", "unit:nobody")
    spoil(town, "components.csv", "utilities,water,water", "utilities,water,fire")
    assert {fault.file for fault in errors(town)} == {"units.csv", "rules.toml", "components.csv"}


@pytest.mark.speed
def test_a_thousand_grids_and_forty_thousand_components_are_checked_in_seconds() -> None:
    start = time.monotonic()
    check(CITIES / "binhe")
    assert time.monotonic() - start < 20


SCHEME = """
[[scheme]]
key = "own"
groups = ["district"]
name = "自定"
name_en = "Own"
source = "ours"
sample = ["filed"]
leave_out = [{ unit = "water", reason = "new" }]
indicator = [{ key = "close_rate", weight = 100 }]
"""
NAMED = '[editions]\nschemes = { id = "own-1", in_force = 2026-01-01 }'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", None),
        ("weight = 100", "weight = 90", "scheme own: the weights sum to 90, not to 100"),
        (
            "[[scheme]]",
            '[[band]]\nname = "A"\nfrom = 60\ncolour = "green"\n[[scheme]]',
            "nothing is said of a score below 60",
        ),
        ('["district"]', '["district", "knights"]', "scheme own: group knights is a stranger to city.toml"),
        ('unit = "water"', 'unit = "knights"', "scheme own: leave_out knights is a stranger to units.csv"),
        (
            "[[scheme]]",
            'edition = "own-2"\n[[scheme]]',
            "edition is own-2, but city.toml [editions] schemes says own-1",
        ),
    ],
)
def test_a_citys_schemes_are_checked_with_the_rest(town: Path, old: str, new: str, said: str | None) -> None:
    spoil(town, "city.toml", "[editions]", NAMED)
    (town / "schemes.toml").write_text(SCHEME.replace(old, new, 1), encoding="utf-8")

    found = [str(fault) for fault in errors(town)]

    assert found == [] if said is None else [said in words for words in found] == [True]


def test_a_city_without_schemes_of_its_own_has_no_edition_of_them(town: Path) -> None:
    assert "schemes" not in {edition.kind for edition in editions_of(read(town, Faults()))}


def test_schemes_and_the_edition_that_names_them_go_together(town: Path) -> None:
    (town / "schemes.toml").write_text(SCHEME, encoding="utf-8")
    assert "schemes.toml: error: city.toml [editions] schemes does not say which they are" in map(str, errors(town))
    (town / "schemes.toml").unlink()
    spoil(town, "city.toml", "[editions]", NAMED)
    assert "schemes.toml: error: the file is missing" in map(str, errors(town))
