"""Worked deadlines of 2010 that an official can check with a pencil."""

import argparse
import csv
import io
import json
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dispatch.clock import (
    Limit,
    Rule,
    Slots,
    WorkCalendar,
    due_at,
    fraction_at,
    left,
    used,
)
from dispatch.clock.due import command

SHANGHAI = ZoneInfo("Asia/Shanghai")
DATA = json.loads((Path(__file__).parent / "deadline_vectors.json").read_text(encoding="utf-8"))


def calendar_of_2010() -> WorkCalendar:
    hours = tuple(
        (time.fromisoformat(slot.split("-")[0]), time.fromisoformat(slot.split("-")[1]))
        for slot in DATA["calendar"]["work_slots"]
    )
    days = {date.fromisoformat(day): False for day in DATA["calendar"]["holidays"]}
    days |= {date.fromisoformat(day): True for day in DATA["calendar"]["makeup_workdays"]}
    return WorkCalendar(
        SHANGHAI,
        frozenset({1, 2, 3, 4, 5}),
        (Slots((1, 1), (12, 31), hours),),
        days,
        frozenset({2010}),
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize("vector", DATA["vectors"], ids=lambda vector: f"{vector['start']} {vector['note']}")
def test_a_worked_deadline_comes_out_to_the_second(vector: dict[str, str]) -> None:
    calendar = calendar_of_2010()
    start, due = at(vector["start"]), at(vector["deadline"])
    limit = Limit(Decimal(vector["limit"]), Rule(vector["time_class"]))

    assert due_at(start, limit, calendar) == due
    assert fraction_at(start, limit, calendar, Decimal(1)) == due
    assert left(start, limit, calendar, at=due).total_seconds() == 0
    assert used(start, due, limit.rule, calendar) == left(start, limit, calendar, at=start)


def test_the_command_gives_the_same_by_the_demo_citys_calendar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anybody can ask: `wangge due --city binhe --in FILE`. The year has its official notice there."""
    table = tmp_path / "vectors.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "start", "limit", "time_class", "until"))
        writer.writerows((v["note"], v["start"], v["limit"], v["time_class"], v["deadline"]) for v in DATA["vectors"])
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)

    assert command.run(parser.parse_args(["--city", "binhe", "--in", str(table), "--lang", "en"])) == 0

    found = {row["id"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    for vector in DATA["vectors"]:
        row = found[vector["note"]]
        assert datetime.fromisoformat(row["due"]) == at(vector["deadline"])
        limit = Limit(Decimal(vector["limit"]), Rule(vector["time_class"]))
        assert (
            float(row["used_seconds"])
            == used(at(vector["start"]), at(vector["deadline"]), limit.rule, calendar_of_2010()).total_seconds()
        )
        assert "confirmed" not in row["why"]
