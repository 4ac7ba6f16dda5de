"""From a pasted notice to the calendar in force: two persons, and each way in which a change is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dispatch import city
from dispatch.calendars.change import Asked, decide, latest, proposal, propose, withdraw
from dispatch.calendars.year import changed_days, hours_of, name_of, year_of
from dispatch.cases.books import books
from dispatch.cluster import Urls
from gis.db import execute, read, write
from gis.problems import Conflict, FormIncomplete
from tests.cases.town import MONDAY, Town, settled
from tests.city.spoilt_town import copy_of_tiny, spoil

TODAY = date(2026, 6, 8)
BEFORE: dict[str, Any] = {
    "zone": "Asia/Shanghai",
    "week": [1, 2, 3, 4, 5],
    "slots": [{"from": "01-01", "to": "12-31", "hours": ["08:00-12:00", "14:00-18:00"]}],
    "exceptions": {"2026-06-19": False, "2027-01-04": False},
    "confirmed": [2026],
}
NEW_YEAR = Asked(
    notice="元旦:1月1日(周五)至3日(周日)放假,共3天。1月9日(周六)上班。", year=2027, in_force=date(2026, 6, 9)
)


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def after(asked: Asked) -> dict[str, Any]:
    return proposal(BEFORE, asked, today=TODAY, earliest=date(2024, 1, 1))


def test_an_official_notice_is_the_whole_of_its_year_and_confirms_it() -> None:
    found = after(NEW_YEAR)

    assert changed_days(BEFORE, found) == {
        date(2027, 1, 1): (True, False),
        date(2027, 1, 4): (False, True),  # what stood there before the notice is gone
        date(2027, 1, 9): (False, True),
    }
    assert found["exceptions"]["2026-06-19"] is False
    assert found["confirmed"] == [2026, 2027]
    assert found["names"]["2027-01-01"] == "元旦"
    cells = [cell for week in year_of(found, 2027, BEFORE)[0] for cell in week if cell]
    assert [(cell.day.day, cell.kind, cell.changed) for cell in cells[:4]] == [
        (1, "off", True),
        (2, "rest", False),
        (3, "rest", False),
        (4, "work", True),
    ]


def test_a_notice_names_its_days_in_its_own_language_and_leaves_the_english_of_the_others() -> None:
    before = {**BEFORE, "names_en": {"2026-06-19": "Dragon Boat Festival", "2027-01-04": "Founding Day"}}
    found = proposal(before, NEW_YEAR, today=TODAY, earliest=date(2024, 1, 1))
    assert found["names_en"] == {"2026-06-19": "Dragon Boat Festival"}
    assert name_of(found, date(2026, 6, 19), "en") == "Dragon Boat Festival"
    assert name_of(found, date(2027, 1, 1), "en") == "元旦"


def test_a_decree_adds_to_its_year_and_confirms_nothing() -> None:
    found = after(replace(NEW_YEAR, notice="day,kind,name\n2027-01-05,off,台风\n", official=False))

    assert list(changed_days(BEFORE, found)) == [date(2027, 1, 5)]
    assert found["confirmed"] == [2026]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (replace(NEW_YEAR, notice="元旦:1月1日放假。1月1日上班。"), "both a day of work and a day off"),
        (replace(NEW_YEAR, notice="元旦:1月1日放假。\n元旦:1月1日放假。"), "given twice"),
        (replace(NEW_YEAR, notice=""), "no day is said"),
        (replace(NEW_YEAR, notice="x" * 20_001), "at most 20000 characters"),
        (replace(NEW_YEAR, in_force=date(2026, 6, 7)), "at the earliest"),
        (replace(NEW_YEAR, year=99), "no year"),
        (replace(NEW_YEAR, seasons="01-01 12-31 08:00-12:00 11:00-18:00"), "overlap"),
        (replace(NEW_YEAR, seasons="01-01 07-01 08:00-12:00\n06-01 12-31 08:00-12:00"), "seasons share 06-01"),
        (replace(NEW_YEAR, seasons="01-01"), "line 1"),
        (replace(NEW_YEAR, seasons="01-01 12-31 08:00-08:00"), "before they begin"),
        (replace(NEW_YEAR, seasons="2026-07-15 2026-06-15 08:00-09:00"), "line 1: .*end before they begin"),
        (replace(NEW_YEAR, seasons="2026-07-15 08-15 08:00-09:00"), "line 1: 2026-07-15 and 08-15 are not both"),
        (replace(NEW_YEAR, seasons="2026-07-15 2026-08-15 8-9"), "line 1"),
        (replace(NEW_YEAR, seasons="2200-07-15 2200-08-15 08:00-09:00"), "line 1: 2200 is no year of a calendar"),
        (
            replace(NEW_YEAR, seasons="2026-07-15 2026-08-15 08:00-09:00\n2026-08-15 2026-08-20 08:00-09:00"),
            "two seasons share 2026-08-15",
        ),
        (replace(NEW_YEAR, seasons="2026-06-08 2026-08-15 08:00-09:00"), "2026-06-08 lies before the day of force"),
        (replace(NEW_YEAR, seasons="01-01 12-31 08:00-12:00", in_force=TODAY), "from tomorrow at the earliest"),
        (replace(NEW_YEAR, notice="day,kind\n2026-06-08,off\n", year=2026, official=False), "before the day of force"),
        (
            replace(NEW_YEAR, notice="day,kind\n2026-06-19,off\n", year=2026, official=False),
            "Nothing would change",
        ),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_its_reason(asked: Asked, said: str) -> None:
    with pytest.raises(FormIncomplete, match=said):
        after(asked)


def test_a_day_that_has_begun_cannot_become_a_day_of_work() -> None:
    free = {**BEFORE, "exceptions": {"2026-06-08": False}}
    asked = Asked(notice="day,kind\n2026-06-08,work\n", year=2026, in_force=TODAY, official=False)

    with pytest.raises(FormIncomplete, match="has begun"):
        proposal(free, asked, today=TODAY, earliest=date(2024, 1, 1))


def test_hours_of_every_year_hold_from_the_day_of_force_and_those_before_stay() -> None:
    """Time that has been counted stays as it was, also where the day is worked before and after."""
    found = after(replace(NEW_YEAR, notice="", seasons="05-01 09-30 09:00-17:00\n10-01 04-30 10:00-16:00"))

    assert found["slots"] == [
        {"from": "01-01", "to": "12-31", "hours": ["08:00-12:00", "14:00-18:00"], "until": "2026-06-08"},
        {"from": "05-01", "to": "09-30", "hours": ["09:00-17:00"], "since": "2026-06-09"},
        {"from": "10-01", "to": "04-30", "hours": ["10:00-16:00"], "since": "2026-06-09"},
    ]
    assert [row["from"] for row in hours_of(found, 2025)] == ["01-01"]
    assert [row["from"] for row in hours_of(found, 2026)] == ["01-01", "05-01", "10-01"]
    assert [row["from"] for row in hours_of(found, 2027)] == ["05-01", "10-01"]
    again = Asked(notice="", seasons="01-01 12-31 08:00-12:00", year=2027, in_force=date(2026, 10, 1))
    assert [(row.get("since"), row.get("until")) for row in proposal(
        found, again, today=TODAY, earliest=TODAY
    )["slots"]] == [
        (None, "2026-06-08"), ("2026-06-09", "2026-09-30"), ("2026-06-09", "2026-09-30"), ("2026-10-01", None)
    ]  # fmt: skip


def test_hours_of_some_dates_take_the_place_of_the_usual_ones_on_these_alone() -> None:
    hot = "2026-07-15 2026-08-14 07:00-11:00"
    found = after(replace(NEW_YEAR, notice="", seasons=hot))

    usual = {"from": "01-01", "to": "12-31", "hours": ["08:00-12:00", "14:00-18:00"]}
    assert found["slots"] == [
        {**usual, "until": "2026-07-14"},
        {**usual, "since": "2026-08-15"},
        {"from": "01-01", "to": "12-31", "hours": ["07:00-11:00"], "since": "2026-07-15", "until": "2026-08-14"},
    ]
    both = after(replace(NEW_YEAR, notice="", seasons=f"{hot}\n01-01 12-31 09:00-17:00"))
    assert [(row["hours"], row.get("since"), row.get("until")) for row in both["slots"]] == [
        (usual["hours"], None, "2026-06-08"), (["09:00-17:00"], "2026-06-09", "2026-07-14"),
        (["09:00-17:00"], "2026-08-15", None), (["07:00-11:00"], "2026-07-15", "2026-08-14"),
    ]  # fmt: skip


def test_hours_are_not_published_on_the_day_they_begin(town: Town) -> None:
    """Who waited too long with the second signature proposes it anew: a day that has begun keeps its hours."""
    author, other = (town.people[who].person_id or 0 for who in ("dispatcher", "leader"))
    asked = Asked(notice="", seasons="01-01 12-31 09:00-17:00", year=2026, in_force=date(2026, 6, 9))
    with write() as tx:
        made = propose(tx, books(tx), author, asked, name="tiny-hours", reason="notice")
    town.later(days=1)
    with write() as tx, pytest.raises(FormIncomplete, match="from tomorrow at the earliest"):
        decide(tx, books(tx), made.id, other, publish=True, decision="")


def test_a_calendar_that_leaves_a_limit_without_end_is_refused() -> None:
    with pytest.raises(FormIncomplete, match="never ends"):
        proposal({**BEFORE, "week": []}, NEW_YEAR, today=TODAY, earliest=date(2024, 1, 1))


def test_another_person_publishes_it_and_it_holds_from_its_day(town: Town) -> None:
    author, other = (town.people[who].person_id or 0 for who in ("dispatcher", "leader"))
    with write() as tx:
        made = propose(tx, books(tx), author, NEW_YEAR, name="tiny-calendar-2", reason="国办发明电")
        with pytest.raises(Conflict, match="Another person"):
            decide(tx, books(tx), made.id, author, publish=True, decision="")
        done = decide(tx, books(tx), made.id, other, publish=True, decision="同意")
        assert (done.state, done.decider is not None) == ("published", True)
        assert latest(tx).name == "tiny-calendar-2"
        assert books(tx).names["calendar"] != "tiny-calendar-2"
    town.set(MONDAY.replace(hour=0) + (date(2026, 6, 9) - MONDAY.date()))
    with read() as tx:
        assert books(tx).names["calendar"] == "tiny-calendar-2"
        assert books(tx).calendar_since == town.now
    with write() as tx, pytest.raises(Conflict, match="published already"):
        decide(tx, books(tx), made.id, other, publish=True, decision="")


def test_a_change_is_sent_back_withdrawn_or_overtaken(town: Town) -> None:
    author, other = (town.people[who].person_id or 0 for who in ("dispatcher", "leader"))
    with write() as tx:
        first, second, third = (
            propose(tx, books(tx), author, NEW_YEAR, name=f"tiny-{n}", reason="notice") for n in range(3)
        )
        with pytest.raises(FormIncomplete, match="why"):
            decide(tx, books(tx), first.id, other, publish=False, decision=" ")
        assert decide(tx, books(tx), first.id, other, publish=False, decision="year").state == "refused"
        with pytest.raises(Conflict, match="Only its author"):
            withdraw(tx, second.id, other)
        withdraw(tx, second.id, author)
        fourth = propose(tx, books(tx), author, NEW_YEAR, name="tiny-4", reason="notice")
        decide(tx, books(tx), third.id, other, publish=True, decision="")
        with pytest.raises(Conflict, match="propose it anew"):
            decide(tx, books(tx), fourth.id, other, publish=True, decision="")


def test_the_database_holds_the_two_persons_too(town: Town) -> None:
    author = town.people["dispatcher"].person_id or 0
    with write() as tx:
        made = propose(tx, books(tx), author, NEW_YEAR, name="tiny-calendar-2", reason="notice")
    with pytest.raises(psycopg.errors.CheckViolation), write() as tx:
        execute(
            tx,
            "UPDATE calendar_change SET state = 'published', decided_by = author_id WHERE id = %(id)s",
            id=made.id,
        )


USUAL = 'hours = ["08:00-12:00", "14:00-18:00"]'
ENDED = f"""until = 2026-06-09
{USUAL}

[[calendar.slots]]
from = "01-01"
to = "12-31"
since = 2026-06-10
hours = ["09:00-17:00"]"""


@pytest.mark.parametrize(("hours", "warned"), [('hours = ["09:00-17:00"]', True), (ENDED, False)])
def test_a_folder_that_changes_hours_of_days_already_counted_is_warned_of(
    town: Town, tmp_path: Path, hours: str, warned: bool
) -> None:
    """The page keeps them; a folder says so by `since` and `until`."""
    town.report()
    folder = copy_of_tiny(tmp_path)
    spoil(folder, "city.toml", '"tiny-calendar-1", in_force = 2024-01-01', '"tiny-calendar-2", in_force = 2026-06-10')
    spoil(folder, "city.toml", USUAL, hours)

    said = [fault.reason for fault in city.load(folder).warnings if "counted anew" in fault.reason]
    assert said == (
        [
            "calendar: 2026-06-08 and 1 more, before its day of force 2026-06-10, get other hours than they were "
            "counted by: open deadlines are counted anew from their beginning"
        ]
        if warned
        else []
    )
    assert [fault for fault in city.load(folder).warnings if "counted anew" in fault.reason] == []  # loaded already
