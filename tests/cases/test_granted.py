"""A clock's limit comes from the most specific row of the city's limits, and says which one gave it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from dispatch.cases.act import Receipt
from dispatch.cases.books import limits_edition
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.verify.finding import Finding
from dispatch.verify.history import check_history
from gis.db import execute, read, value, write
from gis.problems import FormIncomplete
from tests.cases.town import MONDAY, ZONE, Town, look, settled

IN_CLASS_1 = (114.0005, 22.5001)  # in grid 440001001001003, whose area class is 1
IN_CLASS_2 = (114.0005, 22.5015)
PRESENT = "SELECT content FROM edition WHERE kind = %(kind)s ORDER BY in_force DESC, id DESC LIMIT 1"
NOON = {"rule": "day_at", "at": "12:00", "name": "天后中午", "name_en": "days later at noon"}


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def publish(kind: str, content: object) -> None:
    """Another edition, in force since the day of the one before."""
    with write() as tx:
        execute(
            tx,
            """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
               SELECT kind, %(name)s, in_force, source, content_hash, %(content)s
                 FROM edition WHERE kind = %(kind)s ORDER BY in_force DESC, id DESC LIMIT 1""",
            kind=kind,
            name=f"new-{kind}",
            content=Jsonb(content),
        )
        execute(tx, "UPDATE city SET version = version + 1")


def present(kind: str) -> Any:
    with write() as tx:
        return value(tx, PRESENT, kind=kind)


def with_limits(*rows: dict[str, Any]) -> None:
    publish("stages", [*present("stages"), *rows])


def clock(case: Receipt, key: str = "dispose") -> dict[str, Any]:
    found: dict[str, Any] = look("SELECT clocks FROM cases WHERE id = %(id)s", id=case.case_id)[0]["clocks"][key]
    return found


def sound() -> list[str]:
    """What a second counter, sharing nothing with the clock, finds wrong of the due times on record."""
    found = {no: Finding(no=no, says="") for no in ("I4", "I6", "I7", "I8", "I11")}
    with read() as tx:
        check_history(tx, found)
    return [breach.words for finding in found.values() for breach in finding.first]


def row(no: str, stage: str = "dispose", limit: str = "3", **asked: Any) -> dict[str, Any]:
    return {"no": no, "stage": stage, "limit": limit, "time_class": "work_hour", **asked}


def test_without_a_row_the_filing_condition_gives_the_limit_and_is_named(town: Town) -> None:
    case = town.dispatched()

    assert clock(case)["limit"] == "4"
    assert clock(case)["by"] == "catalogue:tiny-catalogue-1:E0405/1"
    assert clock(case, "sign")["by"] == "stages:tiny-stages-1:sign"
    step = look("SELECT data FROM step WHERE case_id = %(id)s AND action = 'dispatch'", id=case.case_id)[0]["data"]
    assert ["+", "dispose", 4, "4", "work_hour", "catalogue:tiny-catalogue-1:E0405/1"] in step["clocks"]


def test_the_class_of_the_area_decides_and_the_row_is_named(town: Town) -> None:
    with_limits(row("L-1", category="E0405", condition=1, area_class=1), row("L-2", **{"class": "event:04"}, limit="7"))

    one = town.dispatched(lon=IN_CLASS_1[0], lat=IN_CLASS_1[1])
    other = town.dispatched(lon=IN_CLASS_2[0], lat=IN_CLASS_2[1])

    assert (clock(one)["limit"], clock(one)["by"]) == ("3", "stages:new-stages:L-1")
    assert (clock(other)["limit"], clock(other)["by"]) == ("7", "stages:new-stages:L-2")
    assert sound() == []


def test_a_case_that_turns_out_to_lie_elsewhere_gets_the_limit_of_there(town: Town) -> None:
    with_limits(row("L-1", area_class=1), row("L-2", area_class=2, limit="6"))
    case = town.filed(lon=IN_CLASS_1[0], lat=IN_CLASS_1[1])

    town.do(case, Action.AMEND, "dispatcher", reason="place", lon=IN_CLASS_2[0], lat=IN_CLASS_2[1])
    town.do(case, Action.DISPATCH, "dispatcher", unit="enforcement-a")

    assert clock(case)["by"] == "stages:new-stages:L-2"


@pytest.mark.parametrize(("day", "no"), [("2026-11-16", "winter"), ("2027-03-15", "winter"), ("2027-03-16", "rest")])
def test_the_season_is_that_of_the_day_on_which_the_clock_begins(town: Town, day: str, no: str) -> None:
    with_limits(
        row("rest", category="E0405"), row("winter", category="E0405", limit="6", **{"from": "11-15", "until": "03-15"})
    )
    town.set(datetime.fromisoformat(f"{day} 09:00").replace(tzinfo=ZONE))

    assert clock(town.dispatched())["by"] == f"stages:new-stages:{no}"


def test_the_level_is_that_of_the_unit_which_has_the_case(town: Town) -> None:
    """A platform of tier 2 signs within an hour, its crew of tier 3 within three; the disposal has one limit."""
    with_limits(row("district", "sign", "1", tier=2), row("street", "sign", tier=3), row("lead", tier=2, limit="9"))
    case = town.dispatched("district-a")

    assert clock(case, "sign")["by"] == "stages:new-stages:district"
    assert clock(case)["by"] == "stages:new-stages:lead"
    town.do(case, Action.SUBDISPATCH, "district-a", unit="street-a")
    assert clock(case, "sign")["by"] == "stages:new-stages:street"
    assert clock(case)["by"] == "stages:new-stages:lead"
    assert sound() == []


def test_danger_keeps_the_limit_of_danger_wherever_it_lies(town: Town) -> None:
    with_limits(row("L-1", "sign", "9", area_class=1), row("L-2", "sign", "8", **{"class": "event:05"}))

    case = town.dispatched("utilities", category="E0505", lon=IN_CLASS_1[0], lat=IN_CLASS_1[1])

    assert clock(case, "sign")["by"] == "stages:new-stages:sign urgent"


def test_another_condition_gets_its_own_row_from_the_same_beginning(town: Town) -> None:
    with_limits(row("one", category="E0405", condition=1), row("two", category="E0405", condition=2, limit="8"))
    case = town.handling()
    begun = clock(case)["start"]
    town.later(hours=1)

    town.do(case, Action.AMEND, "dispatcher", reason="condition", condition=2)

    assert (clock(case)["by"], clock(case)["start"]) == ("stages:new-stages:two", begun)
    assert sound() == []


def test_a_row_of_one_edition_of_the_catalogue_holds_for_cases_filed_by_it(town: Town) -> None:
    with_limits(
        row("old", category="E0405", catalogue="tiny-catalogue-0"), row("this", limit="5", catalogue="tiny-catalogue-1")
    )

    assert clock(town.dispatched())["by"] == "stages:new-stages:this"


def test_the_rule_that_sent_the_case_comes_before_every_row(town: Town) -> None:
    with_limits(row("L-1", category="E0405", condition=1))
    rules = present("rules")
    for rule in rules["rule"]:
        rule["limit"] = {"value": 2, "time_class": "work_hour"}
    publish("rules", rules)

    case = town.dispatched()
    route = look("SELECT route FROM cases WHERE id = %(id)s", id=case.case_id)[0]["route"]
    assert clock(case)["limit"] == "2"
    assert clock(case)["by"] == f"rules:{route['edition']}:{route['rule']}"


def test_by_noon_of_the_day_after_tomorrow(town: Town) -> None:
    """Dispatched on a Monday at nine: due on Wednesday at twelve; extended once, on Friday."""
    settings = present("settings")
    publish("settings", settings | {"time_classes": settings["time_classes"] | {"noon": NOON}})
    with_limits(row("L-1", category="E0405", limit="2") | {"time_class": "noon"})
    case = town.handling()

    assert clock(case)["rule"] == "day_at@12:00"
    assert datetime.fromisoformat(clock(case)["due"]) == datetime(2026, 6, 10, 12, 0, tzinfo=ZONE)
    # Eighty in a hundred of 51 hours.
    assert datetime.fromisoformat(clock(case)["warn"]) == MONDAY + timedelta(hours=40.8)

    town.do(case, Action.ASK_DELAY, "enforcement-a", reason="weather")
    town.do(case, Action.APPROVE_DELAY, "dispatcher")
    assert datetime.fromisoformat(clock(case)["due"]) == datetime(2026, 6, 12, 12, 0, tzinfo=ZONE)
    assert sound() == []

    town.set(datetime(2026, 6, 12, 12, 0, 1, tzinfo=ZONE))
    town.sweep()
    assert look("SELECT late FROM cases WHERE id = %(id)s", id=case.case_id)[0]["late"]
    assert sound() == []


def test_half_a_day_of_such_a_limit_cannot_be_asked_for(town: Town) -> None:
    settings = present("settings")
    publish("settings", settings | {"time_classes": settings["time_classes"] | {"noon": NOON}})
    case = town.handling()

    with pytest.raises(FormIncomplete, match="counts whole days"):
        town.do(case, Action.ASK_DELAY, "enforcement-a", reason="weather", limit=Decimal("1.5"), time_class="noon")
    town.do(case, Action.ASK_DELAY, "enforcement-a", reason="weather", limit=Decimal(2), time_class="noon")
    # Nobody answers in time: granted by default, never for more than was there before.
    town.later(days=3)
    town.sweep()
    assert clock(case)["extra"] == [["4", "work_hour"]]


def test_an_edition_that_is_no_more_in_force_can_still_be_read(town: Town) -> None:
    with_limits(row("L-1"))

    with read() as tx:
        assert limits_edition(tx, "new-stages")[-1]["no"] == "L-1"
        assert limits_edition(tx, "tiny-stages-1")
        assert limits_edition(tx, "none") == []
