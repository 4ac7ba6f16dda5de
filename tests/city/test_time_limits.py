"""The city's own limits: every fault of `limits.csv` is named with its row; what is sound is part of an edition."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.city import check
from dispatch.cityfile.editions import editions_of
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.read import read
from tests.city.spoilt_town import copy_of_tiny, spoil

HEAD = "no,stage,class,category,condition,area_class,tier,from,until,urgent,catalogue,limit,time_class,source\n"
SOUND = """A,,,C0101,2,1,,,,,,2,work_hour,art. 1
B,,,C0101,2,,,11-15,03-15,,tiny-catalogue-1,6,work_hour,art. 2
C,sign,component:01,,,,,,,,,1,work_hour,
D,sign,,,,,2,,,,,3,work_hour,
E,accept,event:05,,,,,,,yes,,3,urgent_minute,
"""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    folder = copy_of_tiny(tmp_path)
    (folder / "limits.csv").write_text(HEAD + SOUND, encoding="utf-8")
    return folder


def faults(town: Path) -> list[str]:
    return [f"{fault.row} {fault.reason}" for fault in check(town) if fault.file == "limits.csv"]


def test_sound_limits_have_no_fault_and_belong_to_the_edition_of_the_stages(town: Path) -> None:
    assert check(town) == []
    stages = next(one for one in editions_of(read(town, Faults())) if one.kind == "stages")
    assert '"area_class": 1, "category": "C0101", "condition": 2, "limit": "2", "no": "A"' in str(stages.content)
    (town / "limits.csv").unlink()
    without = next(one for one in editions_of(read(town, Faults())) if one.kind == "stages")
    assert "C0101" not in str(without.content)
    assert without.content_hash != stages.content_hash


def test_a_stage_without_a_limit_is_pointed_out(tmp_path: Path) -> None:
    town = copy_of_tiny(tmp_path)
    text = (town / "city.toml").read_text(encoding="utf-8")
    (town / "city.toml").write_text(text.replace('stage = "sign"', 'stage = "cordon"'), encoding="utf-8")

    found = [str(fault) for fault in check(town)]
    assert len(found) == 1
    assert "no limit of the stage sign: its clock never runs" in found[0]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("X,,,C0101,2,1,,,,,,5,work_hour,", "A and X ask for the same and may both hold"),
        ("X,,,C0101,2,,,03-01,04-01,,tiny-catalogue-1,5,work_hour,", "B and X ask for the same"),
        ("X,sign,,,,,,,,,,5,work_hour,", "ask for the same and may both hold"),  # as the stage of city.toml does
        ("A,,,C0103,2,,,,,,,5,work_hour,", "A is given twice"),
        ("sign,close,,,,1,,,,,,5,work_hour,", "sign is given twice"),
        ("X,,,C0101,2,3,,,,,,5,work_hour,", "X: unknown area_class 3: nothing in this city has it"),
        ("X,,,C0101,2,4,,,,,,5,work_hour,", "area_class is 4: it wants a whole number from 1 to 3"),
        ("X,,,C0101,2,,4,,,,,5,work_hour,", "tier is 4: it wants a whole number from 1 to 3"),
        ("X,,,C0101,2,,,11-15,,,,5,work_hour,", "season: from and until are both MM-DD or both YYYY-MM-DD"),
        ("X,,,C0101,2,,,winter,winter,,,5,work_hour,", "season: from and until"),
        ("X,nap,,,,,,,,,,5,work_hour,", "X: unknown stage nap"),
        ("X,,,C0109,,,,,,,,5,work_hour,", "X: unknown category C0109"),
        ("X,,component:09,,,,,,,,,5,work_hour,", "X: unknown class component:09"),
        ("X,,,C0101,9,,,,,,,5,work_hour,", "X: C0101 has no filing condition 9"),
        ("X,,component:01,,2,,,,,,,5,work_hour,", "X: a condition wants its category"),
        ("X,accept,,C0101,2,,,,,,,5,work_hour,", "X: condition is not known yet when accept begins"),
        ("X,file,,C0101,,,2,,,,,5,work_hour,", "X: tier is not known yet when file begins"),
        ("X,,,C0101,2,,,,,,,5,fortnight,", "X: unknown time class fortnight"),
        ("X,,,C0101,2,,,,,,,,work_hour,", "limit is empty"),
        ("X,,,C0101,2,,,,,,,0,work_hour,", "limit is 0"),
        (",,,C0101,2,,,,,,,5,work_hour,", "no is empty"),
        ("X,,,C0101,2,,,,,perhaps,,5,work_hour,", "urgent is perhaps"),
        # E0405 condition 2 has no limit of its own: the row gives one in one area class, in one season alone.
        ("X,,,E0405,2,1,,,,,,5,work_hour,", "class event:04 is left without a limit of dispose: E0405, area class 2"),
        ("X,,event:04,,,,,11-15,03-15,,,5,work_hour,", "class event:04 is left without a limit of dispose: E0405"),
        # No stage of city.toml sets this limit; one class has it, so the others lack it.
        ("X,supervise,event:04,,,,,,,,,5,work_hour,", "class component:01 is left without a limit of supervise"),
    ],
)
def test_a_row_that_decides_nothing_or_twice_is_refused_with_its_reason(town: Path, wrong: str, said: str) -> None:
    (town / "limits.csv").write_text(f"{HEAD}{SOUND}{wrong}\n", encoding="utf-8")

    found = faults(town)
    assert any(said in fault for fault in found), found


def test_a_row_of_another_edition_of_the_catalogue_may_name_what_this_one_has_not(town: Path) -> None:
    rows = f"{HEAD}{SOUND}X,,,C9999,7,,,,,,tiny-catalogue-0,5,work_hour,\n"
    (town / "limits.csv").write_text(rows, encoding="utf-8")

    assert faults(town) == []


def test_a_class_that_every_cell_gives_a_limit_is_not_left_out(town: Path) -> None:
    rows = "X,,,E0405,2,1,,,,,,5,work_hour,\nY,,,E0405,2,2,,,,,,9,work_hour,\n"
    (town / "limits.csv").write_text(HEAD + SOUND + rows, encoding="utf-8")

    assert faults(town) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("city.toml", '[time_classes]\n', '[time_classes]\nnoon = { rule = "day_at", name = "n" }\n', "wants `at`"),
        (
            "city.toml", '[time_classes]\n', '[time_classes]\nx = { rule = "work_day", at = "12:00", name = "n" }\n',
            "has no `at`",
        ),
        (
            "city.toml", '[time_classes]\n', '[time_classes]\nnoon = { rule = "day_at", at = "noon", name = "n" }\n',
            "time_classes.noon.at",
        ),
        ("catalogue/conditions.csv", "5,work_day_clock", "5,day_at", "unknown time class day_at"),
        ("catalogue/conditions.csv", "5,work_day_clock", "1.5,noon", "noon counts whole days, from 1 up"),
        ("city.toml", 'time_class = "work_hour"', 'time_class = "noon"\n', None),
        ("rules.toml", 'no = "R-001"', 'no = "R-001"\nlimit = { value = 0.5, time_class = "noon" }', "whole days"),
    ],
)  # fmt: skip
def test_a_time_class_names_its_time_of_day_and_takes_whole_days(
    tmp_path: Path, file: str, old: str, new: str, said: str | None
) -> None:
    town = copy_of_tiny(tmp_path)
    if ("noon" in new and "[time_classes]" not in new) or file != "city.toml":
        spoil(
            town,
            "city.toml",
            "[time_classes]\n",
            '[time_classes]\nnoon = { rule = "day_at", at = "12:00", name = "n" }\n',
        )
    spoil(town, file, old, new)

    found = [fault.reason for fault in check(town) if fault.severity == "error"]
    assert any(said in reason for reason in found) if said else found == [], found
