"""Teams and spare parts of Binhe: each where it can be used; at every hour teams are ready for a broken cover."""

from __future__ import annotations

import re

from tests.data.binhe_files import CATALOGUE, CITY, areas, table


def test_each_part_lies_with_a_unit_that_owns_things_of_its_subclass_or_with_one_above_or_below() -> None:
    parents = {row["id"]: row["parent"] for row in table(CITY / "units.csv")}
    owners: dict[str, set[str]] = {}
    for row in table(CITY / "components.csv.gz"):
        owners.setdefault(row["category"], set()).add(row["owner"])
    parts = table(CITY / "spares.csv")
    assert len(parts) == len({row["id"] for row in parts}) == 24
    for row in parts:
        kin = {row["unit"], parents[row["unit"]], *(unit for unit, above in parents.items() if above == row["unit"])}
        assert kin & owners[row["category"]], row
        assert int(row["stock"]) > int(row["low"]) > 0, "the city begins with enough of everything"


def test_at_every_hour_two_teams_are_ready_for_every_danger_of_a_component() -> None:
    dangers = {
        f"{row['kind']}:{row['class_code']}" for row in table(CATALOGUE / "categories.csv") if row["hazard"] == "yes"
    }
    teams = table(CITY / "teams.csv")
    answered = {code for row in teams for code in row["classes"].split(";")}
    for code in {"component:01"} & dangers:
        for hour in range(24):
            ready = [row for row in teams if code in row["classes"].split(";") and within(hour, row["hours"])]
            assert len(ready) >= 2, (code, hour)
    assert "component:01" in answered
    city = next(iter(areas("district").values())).bounds
    assert all(abs(float(row["lon"]) - city[0]) < 0.2 and abs(float(row["lat"]) - city[1]) < 0.2 for row in teams)


def within(hour: int, hours: str) -> bool:
    """Whether a shift covers the hour; one that ends as it begins is the whole day."""
    first, last = (int(part[:2]) for part in hours.split("-"))
    return first == last or (first <= hour < last if first < last else hour >= first or hour < last)


def test_the_telephones_are_none_that_could_ring() -> None:
    assert all(re.fullmatch(r"1000000\d{4}", row["phone"]) for row in table(CITY / "teams.csv"))
