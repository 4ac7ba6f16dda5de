"""Cases of another system go in through the one door, once; Boston's own clock and verdicts are met."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from argparse import ArgumentParser
from collections import Counter
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatch.bulletins.difference import score_rows
from dispatch.bulletins.freeze import seal
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.foreign.records import report_id
from dispatch.importer import Outcome, command, import_cases
from gis.db import read, write
from gis.problems import Conflict
from tests.city.spoilt_town import CITIES, spoil

BOSTON = CITIES / "boston"
YEARS = "2015-01-01..2019-12-31"
MAP, TABLE = BOSTON / "import.toml", BOSTON / "cases.csv.gz"


@pytest.fixture(scope="module")
def boston(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Boston, loaded by the same door as any city, with its records taken in."""
    load(BOSTON, data=tmp_path_factory.mktemp("data"))
    return import_cases("boston", MAP, TABLE)


def ask(statement: str, *values: object) -> list[tuple[Any, ...]]:
    with read() as tx:
        return tx.connection.execute(statement, values or None).fetchall()


def records() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(gzip.decompress(TABLE.read_bytes()).decode())))


def test_every_record_goes_in_once(boston: Outcome) -> None:
    assert (boston.rows, boston.added, boston.repeated, boston.faults) == (2135, 2135, 0, [])
    assert ask("SELECT count(*), count(DISTINCT report_id) FROM cases") == [(2135, 2135)]
    assert ask("SELECT DISTINCT action, from_state, to_state, seq FROM step") == [("import", None, "closed", 1)]


def test_our_due_time_is_the_citys_own(boston: Outcome) -> None:
    every_year, without_2018 = boston.figures
    assert every_year.compared == without_2018.compared == 1049
    assert every_year.share is not None
    assert every_year.share >= 0.958
    assert without_2018.share is not None
    assert without_2018.share >= 0.98


def test_the_on_time_flag_is_the_citys_in_every_row_that_has_both(boston: Outcome) -> None:
    assert (boston.flagged, boston.same_flag) == (1779, 1779)


def test_a_record_without_target_has_no_limit_and_is_in_no_denominator(boston: Outcome) -> None:
    assert boston.without_limit == 355
    assert ask("SELECT count(*), count(ontime) FROM fact WHERE due_at IS NULL") == [(355, 0)]


def test_the_verdicts_by_department_are_those_counted_by_hand(boston: Outcome) -> None:
    wanted: Counter[tuple[str, bool]] = Counter()
    for row in records():
        if row["target_dt"]:
            wanted[row["department"], row["closed_dt"] <= row["target_dt"]] += 1
    found = ask("SELECT unit_id, ontime, count(*) FROM fact WHERE ontime IS NOT NULL GROUP BY 1, 2")
    assert {(unit, ontime): count for unit, ontime, count in found} == dict(wanted)


def wall(stamp: str) -> datetime:
    """The wall clock of a stamp, from which the file has taken the offset once too often."""
    at = datetime.fromisoformat(stamp).replace(tzinfo=ZoneInfo("America/New_York"))
    return at - (at.utcoffset() or timedelta())


def test_a_bulletin_of_five_years_tells_each_departments_on_time_share_as_the_citys_own_flags_do(
    boston: Outcome,
) -> None:
    (person,) = ask("SELECT min(id) FROM person")[0]
    with write() as tx:
        made = seal(tx, person, period=YEARS)
    told = {row["key"]: row for row in score_rows(made.scores) if row["of"] == "unit"}
    flags: dict[str, Counter[str]] = {}
    for row in records():
        if row["target_dt"] and 2015 <= wall(row["target_dt"]).year <= 2019:
            flags.setdefault(row["department"], Counter())[row["ontime_status"]] += 1
    assert len(flags) > 5
    for department, counted in flags.items():
        share = Decimal(100 * counted["ONTIME"]) / counted.total()
        shown = told[department]
        assert (int(shown["ontime_disposed"]), int(shown["should_dispose"])) == (counted["ONTIME"], counted.total())
        assert Decimal(shown["ontime_disposal_rate"]) == share.quantize(Decimal("0.01"), ROUND_HALF_UP), department


def test_times_are_the_wall_clocks_and_unknown_stages_stay_unknown(boston: Outcome) -> None:
    reported = dict(ask("SELECT report_id, reported_at FROM cases"))
    lost = {
        reported[report_id("boston311", row["case_enquiry_id"])].replace(tzinfo=None)
        - datetime.fromisoformat(row["open_dt"])
        for row in records()
    }
    assert lost == {timedelta(hours=8), timedelta(hours=10)}  # UTC beside the stamp: the offset, twice
    stages = "accepted_at, filed_at, dispatched_at, signed_at, checked_at"
    assert ask(
        f"SELECT count(*) FROM fact WHERE coalesce({stages}) IS NOT NULL OR disposed_at IS DISTINCT FROM closed_at"
    ) == [(0,)]


def test_a_record_with_a_position_lies_in_a_neighbourhood(boston: Outcome) -> None:
    assert ask("SELECT count(*) FROM cases WHERE geom IS NULL") == [(20,)]
    assert ask("SELECT count(*) FROM cases WHERE geom IS NOT NULL AND area_id IS NULL") == [(0,)]


def test_a_second_import_adds_nothing(boston: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    before = ask("SELECT count(*), max(recorded_at) FROM step")
    assert run("--city", "boston", "--map", str(MAP), str(TABLE), "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["added"], printed["repeated"]) == (0, 2135)
    assert [round(figure["share"], 3) for figure in printed["figures"]] == [0.958, 0.982]
    assert ask("SELECT count(*), max(recorded_at) FROM step") == before


def test_bad_rows_are_listed_and_the_rest_goes_in(
    boston: Outcome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = records()[:4]
    for number, row in enumerate(rows):
        row["case_enquiry_id"] = f"new-{number}"
    rows[1]["department"] = "MOON"
    rows[2]["open_dt"] = "2091-01-01 00:00:00"
    rows[2]["closed_dt"] = "2091-01-02 00:00:00"
    rows[3]["case_status"] = "Open"
    rows[3]["closed_dt"] = rows[3]["ontime_status"] = ""
    table = tmp_path / "more.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert run("--city", "boston", "--map", str(MAP), str(table)) == 1
    printed = capsys.readouterr().out
    assert "unknown unit 'MOON'" in printed
    assert "lies ahead of now" in printed
    assert "2 of 4" not in printed
    assert ask("SELECT count(*) FROM cases") == [(2137,)]
    ((state, unit, due),) = ask("SELECT state, unit_id, due_at FROM cases WHERE state <> 'closed'")
    assert state != "closed"
    assert unit == rows[3]["department"]
    assert (due is None) == (not rows[3]["target_dt"])


def test_a_figure_that_falls_short_is_said(boston: Outcome, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The city's own targets follow no calendar without any holiday so closely."""
    (tmp_path / "calendar.csv").write_text("day,kind,name,source\n", encoding="utf-8")
    figure = '[[figures]]\nname = "no holidays"\ncalendar = "calendar.csv"\nat_least = 0.958\n'
    (tmp_path / "map.toml").write_text(MAP.read_text(encoding="utf-8").split("[[figures]]")[0] + figure)
    assert run("--city", "boston", "--map", str(tmp_path / "map.toml"), str(TABLE)) == 1
    assert "no holidays: 88.08%" in capsys.readouterr().err


def test_a_year_with_cases_and_no_official_calendar_is_warned_of(boston: Outcome, tmp_path: Path) -> None:
    town = Path(shutil.copytree(BOSTON, tmp_path / "boston"))
    spoil(town, "city.toml", "confirmed = [2015, 2016,", "confirmed = [2015,")
    spoil(
        town,
        "city.toml",
        'calendar = { id = "boston-calendar-1", in_force = 2015',
        'calendar = { id = "b2", in_force = 2016',
    )
    reasons = [fault.reason for fault in load(town, data=tmp_path).warnings]
    assert any(reason.startswith("2016 is unconfirmed") for reason in reasons)


def test_another_citys_name_is_refused(boston: Outcome) -> None:
    with pytest.raises(Conflict, match="This database holds boston, not binhe"):
        import_cases("binhe", MAP, TABLE)


def run(*words: str) -> int:
    parser = ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))
