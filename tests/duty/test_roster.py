"""A line of the roster is a span, taken in turns; a plan stands in the place of what is ordinary."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.city import check
from dispatch.clock.document import calendar_from
from dispatch.duty.lint import holes
from dispatch.duty.roster import Post, Roster, Shift, StandIn, line_of, with_stand_ins
from tests.city.spoilt_town import spoil
from tests.duty.town import HEAD, LINES, at, rostered

CALENDAR = calendar_from(
    {
        "zone": "Asia/Shanghai",
        "week": [1, 2, 3, 4, 5],
        "slots": [{"from": "01-01", "to": "12-31", "hours": ["08:00-12:00"]}],
        "exceptions": {"2026-10-01": False},
        "confirmed": [],
    }
)


def roster() -> Roster:
    names = HEAD.strip().split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in LINES]
    lines = [
        line_of(
            row | {"until": row["until"] or None, "people": row["people"].split(";"), "turn": int(row["turn"] or 1)}
        )
        for row in rows
    ]
    return Roster(tuple(lines))


def on(day: str, post: Post = Post.DUTY) -> list[tuple[str, str, str]]:
    found = roster().shifts(("water", post), date.fromisoformat(day), CALENDAR)
    return [
        (f"{s.since.astimezone(CALENDAR.zone):%d %H}", f"{s.until.astimezone(CALENDAR.zone):%d %H}", s.person)
        for s in found
    ]


# 1 January: wa at night; each day the next. 30 September is 272 days on, 272 % 3 = 2: wc.
@pytest.mark.parametrize(
    ("day", "shifts"),
    [
        ("2026-01-01", [("01 08", "01 18", "water"), ("01 18", "02 08", "wa")]),
        ("2026-01-03", [("03 08", "03 18", "wa"), ("03 18", "04 08", "wc")]),  # a Saturday
        ("2026-09-30", [("30 08", "30 18", "water"), ("30 18", "01 08", "wc")]),
        ("2026-10-01", [("01 08", "01 20", "wa"), ("01 20", "02 08", "wb")]),  # the plan
        ("2026-10-03", [("03 08", "03 18", "wa"), ("03 18", "04 08", "wc")]),  # after it, a Saturday
        ("2025-12-31", []),
    ],
)
def test_who_is_on_duty_on_a_day(day: str, shifts: list[tuple[str, str, str]]) -> None:
    assert on(day) == shifts


def test_a_head_holds_a_turn_for_as_many_days_as_the_line_says() -> None:
    names = [on(f"2026-01-{day:02d}", Post.HEAD)[0][2] for day in range(1, 16)]
    assert names == ["wh1"] * 7 + ["wh2"] * 7 + ["wh1"]


SHIFT = Shift(unit="water", post=Post.DUTY, person="wa", since=at("2026-10-03T08:00"), until=at("2026-10-03T18:00"))


def stand(person: str | None, stand_in: str, since: str, until: str) -> StandIn:
    return StandIn(
        unit="water", post=Post.DUTY, person=person, stand_in=stand_in,
        since=at(f"2026-10-03T{since}"), until=at(f"2026-10-03T{until}"),
    )  # fmt: skip


def told(agreed: list[StandIn]) -> list[tuple[str, str, str, str | None]]:
    return [(f"{s.since:%H}", f"{s.until:%H}", s.person, s.instead_of) for s in with_stand_ins([SHIFT], agreed)]


def test_a_stand_in_takes_a_part_of_a_shift_and_a_later_one_a_part_of_that() -> None:
    first = stand("wa", "wb", "10:00", "14:00")
    assert told([first]) == [("08", "10", "wa", None), ("10", "14", "wb", "wa"), ("14", "18", "wa", None)]
    assert told([first, stand("wb", "wc", "12:00", "20:00")]) == [
        ("08", "10", "wa", None),
        ("10", "12", "wb", "wa"),
        ("12", "14", "wc", "wb"),
        ("14", "18", "wa", None),
    ]
    assert told([stand("wc", "wb", "10:00", "14:00")]) == [("08", "18", "wa", None)]
    assert told([stand(None, "wb", "18:00", "19:00")]) == [("08", "18", "wa", None), ("18", "19", "wb", None)]


def test_holes_are_what_no_span_covers_to_the_instant() -> None:
    start = datetime(2026, 10, 1, tzinfo=UTC)
    h = [start + timedelta(hours=n) for n in range(25)]
    assert holes([(h[0], h[8]), (h[6], h[20])], h[0], h[24]) == [(h[20], h[24])]
    assert holes([(h[9], h[12]), (h[2], h[8])], h[0], h[10]) == [(h[0], h[2]), (h[8], h[9])]
    assert holes([], h[0], h[1]) == [(h[0], h[1])]
    assert holes([(h[0] - timedelta(hours=1), h[24])], h[0], h[24]) == []


SPOILT = [
    ("wb;wc;wa", "wb;nobody;wa", 3, "a stranger: nobody has the login nobody"),
    ("wb;wc;wa", "wb;landscaping;wa", 3, "a stranger: landscaping is of landscaping, not of water"),
    ("water,head,,2026", "fire,head,,2026", 5, "unknown unit fire"),
    ("water,head", "water,chief", 5, "post is chief: it wants one of duty, head, leader"),
    ("water,head", "water,leader", None, "leaders are of one unit, the centre: hall, water"),
    ("18:00-08:00", "18:00-25:00", 4, "it wants wall time as 18:00-08:00"),
    ("work,08:00", "8,08:00", 2, "days is 8"),
    (",wa\nwater,duty,国庆节", ",\nwater,duty,国庆节", 6, "people is empty: a shift of nobody"),
    ("国庆节,2026-10-01,2026-10-02,all,20:00", "国庆节,2026-10-01,,all,20:00", 7, "has no end"),
    ("国庆节,2026-10-01,2026-10-02,all,20:00", "国庆节,2026-10-01,2026-09-02,all,20:00", 7, "before it begins"),
]


@pytest.mark.parametrize(("old", "new", "row", "words"), SPOILT)
def test_a_roster_that_cannot_be_is_refused_with_its_reason(
    old: str, new: str, row: int | None, words: str, tmp_path: Path
) -> None:
    town = rostered(tmp_path)
    assert [fault for fault in check(town) if fault.severity == "error"] == []
    spoil(town, "roster.csv", old, new)
    assert [(f.file, f.row) for f in check(town) if words in f.reason] == [("roster.csv", row)]
