"""A calendar at its edges: openings that a change of the clocks swallows, years without work, limits of years."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import numpy
import pytest

from dispatch.clock import Limit, Rule, Slots, WorkCalendar, due_at
from dispatch.clock.calendar import FIRST_STRETCH, refuse_shared_days
from dispatch.clock.document import calendar_from, check_calendar
from dispatch.clock.load import season
from dispatch.clock.many import due_times
from dispatch.verify.hours import Hours

NEW_YORK = ZoneInfo("America/New_York")
EVERY_DAY = frozenset(range(1, 8))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def nine_to_five() -> WorkCalendar:
    """Without a day off; it has looked at no day yet."""
    return WorkCalendar(NEW_YORK, EVERY_DAY, (Slots((1, 1), (12, 31), ((time(9), time(17)),)),), {}, frozenset())


def test_an_opening_that_the_change_of_the_clocks_swallows_is_none() -> None:
    """On 8 March 2026 it is three o'clock right after one: nobody works from two to half past."""
    night = WorkCalendar(NEW_YORK, EVERY_DAY, (Slots((1, 1), (12, 31), ((time(2), time(2, 30)),)),), {}, frozenset())

    assert night.spans(date(2026, 3, 8)) == ()
    assert len(night.spans(date(2026, 3, 9))) == 1
    half = Limit(Decimal("0.5"), Rule.WORK_HOUR)
    assert due_at(at("2026-03-07 12:00"), half, night) == at("2026-03-09 02:30")


def test_the_next_opening_may_be_years_away() -> None:
    """Two years closed, then some days of an hour."""
    hour = (Slots((1, 1), (12, 31), ((time(9), time(10)),)),)
    days = {date(2028, 6, day): True for day in (1, 2, 3, 4)}
    rare = WorkCalendar(NEW_YORK, frozenset(), hour, days, frozenset())

    opening = rare.opening(int(at("2026-03-07 12:00").timestamp()))
    assert datetime.fromtimestamp(opening, UTC) == at("2028-06-01 09:00")
    assert due_at(at("2026-03-07 12:00"), Limit(Decimal("1.5"), Rule.WORK_HOUR), rare) == at("2028-06-02 09:30")
    starts = [at(text) for text in ("2026-03-07 12:00", "2028-05-31 12:00", "2028-06-01 09:00", "2028-06-01 09:20")]
    for some in (starts, starts[1:], starts[3:]):  # before the first opening that is looked at, and within it
        many = due_times(
            numpy.array([int(start.timestamp()) for start in some]), Limit(Decimal("0.5"), Rule.WORK_HOUR), rare
        )
        dues = ("2028-06-01 09:30", "2028-06-01 09:30", "2028-06-01 09:30", "2028-06-01 09:50")
        assert [datetime.fromtimestamp(int(due), UTC) for due in many] == [at(due) for due in dues[-len(some) :]]


def test_nothing_is_worked_before_it_begins() -> None:
    day = nine_to_five()
    nine = int(at("2026-06-01 09:00").timestamp())

    assert day.count(nine, nine) == 0
    assert day.count(nine + 3600, nine) == 0
    assert day.count(nine, nine + 1) == 1


@pytest.mark.parametrize(
    ("start", "days"),
    [
        ("2026-03-07 10:00", 1),
        ("2026-03-08 10:00", 1),
        ("2026-03-08 10:00", 238),  # from the one change to the other
        ("2026-10-31 10:00", 1),
        ("2026-11-01 10:00", 1),
    ],
)
def test_clock_days_over_a_change_of_the_clocks_keep_their_time_for_many_too(start: str, days: int) -> None:
    day = nine_to_five()
    seconds = numpy.array([int(at(start).timestamp())])

    (due,) = due_times(seconds, Limit(Decimal(days), Rule.WORK_DAY_CLOCK), day)
    assert datetime.fromtimestamp(int(due), UTC) == at(start) + timedelta(days=days)


@pytest.mark.parametrize("days", range(405, 445))
def test_days_are_counted_over_the_edge_of_what_a_calendar_has_looked_at(days: int) -> None:
    """It looks ahead for somewhat more than a year at once; a day worked in vain would show at one of these."""
    day = nine_to_five()
    start, limit = at("2026-06-01 10:00"), Limit(Decimal(days), Rule.WORK_DAY_CLOCK)

    many = due_times(numpy.array([int(start.timestamp())]), limit, day)
    assert datetime.fromtimestamp(int(many[0]), UTC) == start + timedelta(days=days)
    assert due_at(start, limit, day) == start + timedelta(days=days)
    noon = Limit(Decimal(days), Rule.WORK_DAY_AT, time(12))
    assert due_at(start, noon, nine_to_five()) == at("2026-06-01 12:00") + timedelta(days=days)


def day_of_an_hour() -> tuple[Slots, ...]:
    return (Slots((1, 1), (12, 31), ((time(9), time(10)),)),)


def test_work_is_found_by_a_calendar_that_has_seen_none_yet() -> None:
    for seconds in (1, 1800):
        rare = WorkCalendar(NEW_YORK, frozenset(), day_of_an_hour(), {date(2028, 6, 1): True}, frozenset())
        due = rare.advance(int(at("2026-03-07 12:00").timestamp()), seconds)
        assert datetime.fromtimestamp(due, UTC) == at("2028-06-01 09:00") + timedelta(seconds=seconds)


def test_days_beyond_those_looked_at_are_looked_at_when_they_are_asked_for() -> None:
    """Whoever asked for a day in June made the calendar look at some about it; those beyond are not closed."""
    ahead = 24 * (FIRST_STRETCH - 8)
    for hours in (*range(-24 * 14, 0, 5), *range(ahead - 24 * 6, ahead + 24 * 6, 5)):
        day, now = nine_to_five(), int(at("2026-06-20 10:00").timestamp())
        assert day.count(now, now + 3600) == 3600
        assert day.count(now + (hours - 24) * 3600, now + hours * 3600) == 8 * 3600
    rare = WorkCalendar(NEW_YORK, frozenset(), day_of_an_hour(), {date(2028, 6, 1): True}, frozenset())
    nine = int(at("2028-06-01 09:00").timestamp())
    assert rare.count(nine + 600, nine + 1800) == 1200  # within the very first opening that is known


def test_no_time_ends_at_once_and_a_second_a_second_later() -> None:
    day = nine_to_five()
    night, nine = (int(at(f"2026-06-01 {clock}").timestamp()) for clock in ("20:00", "09:00"))

    assert day.advance(night, 0) == night
    assert day.advance(nine, 1) == nine + 1


@pytest.mark.parametrize(
    ("limit", "due"),
    [
        # Eight hours a day without a day off: 9,600 hours are 1,200 days, from Monday nine to the last five o'clock.
        (Limit(Decimal(9600), Rule.WORK_HOUR), at("2026-06-01 17:00") + timedelta(days=1199)),
        (Limit(Decimal(1200), Rule.WORK_DAY_CLOCK), at("2026-06-01 09:00") + timedelta(days=1200)),
        (Limit(Decimal(1200), Rule.WORK_DAY_AT, time(12)), at("2026-06-01 12:00") + timedelta(days=1200)),
        (Limit(Decimal(1200), Rule.DAY_AT, time(12)), at("2026-06-01 12:00") + timedelta(days=1200)),
    ],
)
def test_a_limit_of_years_is_counted_through_them(limit: Limit, due: datetime) -> None:
    day = nine_to_five()
    start = at("2026-06-01 09:00")

    many = due_times(numpy.array([int(start.timestamp())]), limit, day)
    assert datetime.fromtimestamp(int(many[0]), UTC) == due
    assert due_at(start, limit, day) == due


def test_a_calendar_is_read_from_the_document_of_its_edition() -> None:
    document = {
        "zone": "America/New_York",
        "week": [1, 2, 3, 4, 5],
        "slots": [
            {"from": "04-01", "to": "09-30", "hours": ["08:00-12:00", "13:00-24:00"]},
            {"from": "10-01", "to": "03-31", "hours": ["09:00-17:00"]},
        ],
        "exceptions": {"2026-06-01": False, "2026-06-06": True},
        "confirmed": [2026],
        "names": {"2026-06-01": "a holiday"},
    }
    calendar = calendar_from(document)

    assert calendar.zone == NEW_YORK
    assert calendar.hours(date(2026, 6, 1)) == ()
    assert calendar.hours(date(2026, 6, 6)) == ((time(8), time(12)), (time(13), time(0)))
    assert calendar.hours(date(2026, 12, 1)) == ((time(9), time(17)),)
    assert (calendar.confirmed(2026), calendar.confirmed(2027)) == (True, False)


SUMMER = {
    "zone": "Asia/Shanghai",
    "week": [1, 2, 3, 4, 5],
    "slots": [
        {"from": "05-01", "to": "09-30", "hours": ["08:00-12:00", "14:00-18:00"], "until": "2026-07-14"},
        {"from": "01-01", "to": "12-31", "hours": ["07:00-11:00"], "since": "2026-07-15", "until": "2026-08-14"},
        {"from": "05-01", "to": "09-30", "hours": ["08:00-12:00", "14:00-18:00"], "since": "2026-08-15"},
        {"from": "10-01", "to": "04-30", "hours": ["09:00-17:00"]},
    ],
    "exceptions": {},
    "confirmed": [2026],
}
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-07-14 16:00", "4", "2026-07-15 09:00"),  # Tuesday two hours, then two of the hot month's morning
        ("2026-07-14 18:30", "5", "2026-07-16 08:00"),
        ("2026-08-14 10:00", "2", "2026-08-17 09:00"),  # Friday the last of them, then Monday from eight
        ("2027-07-15 07:30", "1", "2027-07-15 09:00"),  # the year after is as ever
        ("2026-09-30 17:00", "2", "2026-10-01 10:00"),
    ],
)
def test_opening_hours_of_some_dates_hold_on_these_alone(start: str, hours: str, due: str) -> None:
    """Counted by the clock, by the clock for many, and by the counter of `wangge verify`."""
    calendar = calendar_from(SUMMER)
    begin, end = (datetime.fromisoformat(text).replace(tzinfo=SHANGHAI) for text in (start, due))
    limit = Limit(Decimal(hours), Rule.WORK_HOUR)

    assert due_at(begin, limit, calendar) == end
    assert due_times(numpy.array([int(begin.timestamp())]), limit, calendar)[0] == end.timestamp()
    assert Hours(SUMMER).due(int(begin.timestamp()), [(hours, "work_hour")], []) == end.timestamp()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"since": "2026-08-14"}, "opening hours of two seasons share 2026-08-14"),
        ({"since": "2026-08-15", "until": "2026-09-30"}, "share 2026-08-15"),
        ({"since": "2030-01-01"}, "share 05-01"),
        ({"since": "2026-08-20", "until": "2026-08-19"}, "since 2026-08-20 end before they begin, on 2026-08-19"),
        ({"since": "2026-08"}, "calendar.slots 05-01 to 09-30"),
    ],
)
def test_opening_hours_of_dates_that_share_a_day_are_refused(more: dict[str, str], said: str) -> None:
    row = {"from": "05-01", "to": "09-30", "hours": ["10:00-11:00"], **more}
    with pytest.raises(ValueError, match=said):
        calendar_from({**SUMMER, "slots": [*SUMMER["slots"], row]})  # type: ignore[misc]


def test_the_first_day_that_two_seasons_share_is_that_which_a_look_at_every_day_finds() -> None:
    """Some of one day, of 29 February, over New Year, between dates; both may have ended before they meet."""
    draw, shared = Random("seasons"), 0
    edges = [(1, 1), (2, 28), (2, 29), (3, 1), (12, 31)]

    def season_of_one() -> Slots:
        ends = [draw.choice([*edges, (draw.randint(1, 12), draw.randint(1, 28))]) for _ in range(2)]
        since = date(2023, 1, 1) + timedelta(days=draw.randrange(900))
        return Slots(ends[0], draw.choice(ends), (), since, since + timedelta(days=draw.choice((0, 40, 400, 2000))))

    for _ in range(600):
        pair = (season_of_one(), season_of_one())
        days = [pair[0].since + timedelta(days=n) for n in range((pair[0].until - pair[0].since).days + 1)]
        first = next((day for day in days if all(one.covers(day) for one in pair)), None)
        if first is None:
            refuse_shared_days(pair)
            continue
        shared += 1
        with pytest.raises(ValueError, match=f"share {first}"):
            refuse_shared_days(pair)
    assert shared > 50


def test_as_many_seasons_as_a_form_holds_are_told_apart_without_looking_at_every_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(220)]
    asked = 0

    def in_season(self: Slots, day: date) -> bool:
        nonlocal asked
        asked += 1
        return self.from_day <= (day.month, day.day) <= self.to_day

    monkeypatch.setattr(Slots, "in_season", in_season)
    refuse_shared_days([Slots((day.month, day.day), (day.month, day.day), ()) for day in days])
    pairs = len(days) * (len(days) - 1) // 2
    assert asked < 6 * pairs


def test_hours_that_end_on_the_day_before_others_begin_share_none() -> None:
    assert season({"from": "01-01", "to": "12-31", "hours": [], "since": date(2026, 5, 1)}).since == date(2026, 5, 1)
    assert calendar_from(SUMMER).hours(date(2026, 7, 14)) != calendar_from(SUMMER).hours(date(2026, 7, 15))


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({}, True),
        ({"week": []}, False),
        ({"slots": []}, False),
        ({"slots": SUMMER["slots"][:2]}, False),  # works until 14 August, and never after
        ({"slots": [{"from": "05-01", "to": "05-02", "hours": ["08:00-09:00"]}]}, True),
        ({"week": [], "exceptions": {f"2026-07-{day}": True for day in range(15, 31)}}, False),
        ({"week": [], "exceptions": {"9999-12-31": True}}, False),
        ({"exceptions": {"9999-12-31": False}}, True),
    ],
)
def test_a_calendar_under_which_a_limit_never_ends_is_refused(changes: dict[str, object], ends: bool) -> None:
    """Also one that works for a while, and never again behind the last day that it names."""
    document = {**SUMMER, **changes}
    if ends:
        check_calendar(document, date(2026, 7, 1))
    else:
        with pytest.raises(ValueError, match=r"no working time after .*: the limit never ends"):
            check_calendar(document, date(2026, 7, 1))


def test_a_season_of_one_day_is_that_day_and_one_over_new_year_holds_its_last_day() -> None:
    leap = Slots((2, 29), (2, 29), ())
    assert [leap.covers(day) for day in (date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1))] == [
        False,
        True,
        False,
    ]
    winter = Slots((11, 1), (3, 31), ())
    ends = (date(2026, 10, 31), date(2026, 11, 1), date(2027, 3, 31), date(2027, 4, 1))
    assert [winter.covers(day) for day in ends] == [False, True, True, False]
    day = date(2026, 10, 1)
    decree = Slots((1, 1), (12, 31), (), since=day, until=day)
    assert [decree.covers(day + timedelta(days=n)) for n in (-1, 0, 1)] == [False, True, False]
