"""Limits that end at a time of day some days later, such as the day after tomorrow at noon. Worked by hand."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy
import pytest

from dispatch.clock import Limit, Pause, Rule, Slots, TimeClass, WorkCalendar, due_at, fraction_at, left, used, why
from dispatch.clock.calendar import BEYOND
from dispatch.clock.limits import time_class_of
from dispatch.clock.load import time_classes_from
from dispatch.clock.many import due_times
from dispatch.verify.hours import Hours
from tests.clock.test_vectors import calendar_of_2010

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = time(12)
EVERY_DAY = frozenset(range(1, 8))
WEEKDAYS = frozenset(range(1, 6))
HOURS = (Slots((1, 1), (12, 31), ((time(8), time(12)), (time(14), time(18)))),)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


# 2010: 22-24 September (Wednesday to Friday) off for Mid-Autumn, 19, 25 and 26 (weekend) worked instead; 1-7 October
# off, 9 October (Saturday) worked.
WORKED = [
    # start, days, rule, clock, due
    ("2010-09-20 09:00", 2, Rule.DAY_AT, "12:00", "2010-09-22 12:00"),  # the day after tomorrow is a day off: counts
    ("2010-09-20 00:00", 2, Rule.DAY_AT, "12:00", "2010-09-22 12:00"),
    ("2010-09-20 23:59:59", 2, Rule.DAY_AT, "12:00", "2010-09-22 12:00"),
    ("2010-09-21 00:00", 2, Rule.DAY_AT, "12:00", "2010-09-23 12:00"),  # one second later is another day
    ("2010-12-30 15:00", 2, Rule.DAY_AT, "12:00", "2011-01-01 12:00"),
    ("2010-09-20 09:00", 1, Rule.WORK_DAY_AT, "12:00", "2010-09-21 12:00"),
    ("2010-09-20 09:00", 2, Rule.WORK_DAY_AT, "12:00", "2010-09-25 12:00"),  # over Mid-Autumn to the moved Saturday
    ("2010-09-20 20:00", 1, Rule.WORK_DAY_AT, "09:30", "2010-09-21 09:30"),  # after closing it is still Monday
    ("2010-09-23 10:00", 1, Rule.WORK_DAY_AT, "12:00", "2010-09-25 12:00"),  # from a day off: the first that works
    ("2010-09-30 17:00", 1, Rule.WORK_DAY_AT, "17:30", "2010-10-08 17:30"),
    ("2010-10-08 09:00", 1, Rule.WORK_DAY_AT, "12:00", "2010-10-09 12:00"),
    ("2010-09-20 09:00", 1, Rule.WORK_DAY_AT, "13:00", "2010-09-21 13:00"),  # in the noon break all the same
    ("2010-09-20 09:00", 1, Rule.WORK_DAY_AT, "23:00", "2010-09-21 23:00"),
]


@pytest.mark.parametrize(("start", "days", "rule", "clock", "due"), WORKED)
def test_it_is_due_at_that_time_of_the_day_counted(start: str, days: int, rule: Rule, clock: str, due: str) -> None:
    calendar, limit = calendar_of_2010(), Limit(Decimal(days), rule, time.fromisoformat(clock))

    assert due_at(at(start), limit, calendar) == at(due)
    assert fraction_at(at(start), limit, calendar, Decimal(1)) == at(due)
    many = due_times(numpy.array([int(at(start).timestamp())]), limit, calendar)
    assert datetime.fromtimestamp(int(many[0]), UTC) == at(due)


@pytest.mark.parametrize(
    ("zone", "start", "days", "clock", "due"),
    [
        # New York, 8 March 2026: 02:00 becomes 03:00. 1 November: 02:00 becomes 01:00 again.
        ("America/New_York", "2026-03-06T12:00-05:00", 2, "12:00", "2026-03-08T12:00-04:00"),
        (
            "America/New_York",
            "2026-03-07T10:00-05:00",
            1,
            "02:30",
            "2026-03-08T03:00-04:00",
        ),  # no such time: the change
        ("America/New_York", "2026-10-30T09:00-04:00", 2, "01:30", "2026-11-01T01:30-04:00"),  # twice: the first
        ("America/New_York", "2026-10-30T09:00-04:00", 2, "12:00", "2026-11-01T12:00-05:00"),
        # Newfoundland, 7 November 2010: at 00:01 it is 23:01 of the day before again; the 7th had begun.
        ("America/St_Johns", "2010-11-06T23:30-02:30", 1, "12:00", "2010-11-07T12:00-03:30"),
        ("America/St_Johns", "2010-11-06T23:30-03:30", 1, "12:00", "2010-11-08T12:00-03:30"),
        # Lord Howe, 5 April 2026: half an hour back at 02:00.
        ("Australia/Lord_Howe", "2026-04-03T09:00+11:00", 2, "12:00", "2026-04-05T12:00+10:30"),
    ],
)
def test_clocks_that_are_set_do_not_move_noon(zone: str, start: str, days: int, clock: str, due: str) -> None:
    calendar = WorkCalendar(ZoneInfo(zone), EVERY_DAY, HOURS, {}, frozenset())
    begin, end, hour = datetime.fromisoformat(start), datetime.fromisoformat(due), time.fromisoformat(clock)

    for rule in (Rule.DAY_AT, Rule.WORK_DAY_AT):
        limit = Limit(Decimal(days), rule, hour)
        assert due_at(begin, limit, calendar) == end
        assert due_times(numpy.array([int(begin.timestamp())]), limit, calendar)[0] == end.timestamp()
        document = json.loads(f"""{{"zone": "{zone}", "week": [1, 2, 3, 4, 5, 6, 7], "exceptions": {{}},
            "slots": [{{"from": "01-01", "to": "12-31", "hours": ["08:00-12:00", "14:00-18:00"]}}]}}""")
        counted_again = Hours(document).due(int(begin.timestamp()), [(str(days), str(limit.time_class))], [])
        assert counted_again == end.timestamp()


def test_a_pause_pushes_by_the_time_it_took_and_an_open_one_leaves_no_due_time() -> None:
    calendar = calendar_of_2010()
    start, rests = at("2010-09-20 09:00"), at("2010-09-20 17:00")
    noon, working = Limit(Decimal(2), Rule.DAY_AT, NOON), Limit(Decimal(2), Rule.WORK_DAY_AT, NOON)
    two_hours_of_work = [
        Pause(rests, at("2010-09-21 09:00"))
    ]  # 17:00-18:00 and 08:00-09:00; sixteen hours by the clock

    assert due_at(start, noon, calendar, two_hours_of_work) == at("2010-09-23 04:00")
    assert due_at(start, working, calendar, two_hours_of_work) == at("2010-09-25 16:00")
    assert due_at(start, noon, calendar, [Pause(rests, None)]) is None


def test_two_extensions_by_days_are_days_more_and_end_at_the_same_time_of_day() -> None:
    calendar, limit = calendar_of_2010(), Limit(Decimal(1), Rule.WORK_DAY_AT, NOON)
    evening = Limit(Decimal(1), Rule.WORK_DAY_AT, time(18))
    start = at("2010-09-20 09:00")

    assert due_at(start, limit, calendar, (), (limit, limit)) == at("2010-09-26 12:00")  # 21, 25, 26
    assert due_at(start, limit, calendar, (), (evening,)) == at(
        "2010-09-25 18:00"
    )  # another time: from the due time on


def test_used_and_left_are_working_time_where_the_days_are() -> None:
    calendar = calendar_of_2010()
    start, later = at("2010-09-20 09:00"), at("2010-09-21 09:00")
    working, noon = Limit(Decimal(2), Rule.WORK_DAY_AT, NOON), Limit(Decimal(2), Rule.DAY_AT, NOON)

    # Monday 09-12, 14-18; Tuesday 8 hours; Saturday 08-12: nineteen hours, of which eight are gone on Tuesday at nine.
    assert left(start, working, calendar, at=start) == timedelta(hours=19)
    assert left(start, working, calendar, at=later) == timedelta(hours=11)
    assert used(start, later, working.rule, calendar) == timedelta(hours=8)
    assert left(start, noon, calendar, at=start) == timedelta(hours=51)
    assert left(start, noon, calendar, at=later) == timedelta(hours=27)
    assert fraction_at(start, noon, calendar, Decimal("0.5")) == at("2010-09-21 10:30")


@pytest.mark.parametrize("value", ["0", "0.5", "1.5", "-1", "NaN"])
def test_it_counts_whole_days_from_tomorrow_on(value: str) -> None:
    assert not TimeClass(Rule.DAY_AT, NOON).takes(Decimal(value))
    with pytest.raises(ValueError, match="not a limit"):
        Limit(Decimal(value), Rule.DAY_AT, NOON)


def test_a_timed_rule_wants_a_time_and_another_has_none() -> None:
    with pytest.raises(ValueError, match="day_at wants a time of day"):
        Limit(Decimal(1), Rule.DAY_AT)
    with pytest.raises(ValueError, match="work_day has no time of day"):
        Limit(Decimal(1), Rule.WORK_DAY, NOON)


def test_it_is_kept_as_text_and_read_back() -> None:
    for one in (TimeClass(Rule.WORK_DAY_AT, time(9, 5)), TimeClass(Rule.DAY_AT, NOON), TimeClass(Rule.WORK_HOUR)):
        assert time_class_of(str(one)) == one
    assert str(TimeClass(Rule.DAY_AT, NOON)) == "day_at@12:00"


def test_a_city_names_the_time_and_the_bare_rule_is_no_time_class() -> None:
    classes = time_classes_from({"noon": {"rule": "day_at", "at": "12:00"}})

    assert classes["noon"] == (Rule.DAY_AT, NOON)
    assert "day_at" not in classes
    assert classes["work_hour"] == (Rule.WORK_HOUR, None)
    for row in ({"rule": "day_at"}, {"rule": "work_hour", "at": "12:00"}):
        with pytest.raises(ValueError, match="time class noon"):
            time_classes_from({"noon": row})


def test_a_limit_beyond_the_years_is_refused_with_its_reason() -> None:
    calendar = calendar_of_2010()
    last = date.max.toordinal() - date(2010, 9, 20).toordinal()
    with pytest.raises(ValueError, match=BEYOND):
        due_at(at("2010-09-20 09:00"), Limit(Decimal(last), Rule.DAY_AT, NOON), calendar)
    for rule in (Rule.DAY_AT, Rule.WORK_DAY_AT):
        with pytest.raises(ValueError, match=BEYOND):
            due_at(at("2010-09-20 09:00"), Limit(Decimal(4_000_000), rule, NOON), calendar)


def test_it_is_derived_in_words() -> None:
    calendar, start = calendar_of_2010(), at("2010-09-20 09:00")

    noon = why(start, Limit(Decimal(2), Rule.DAY_AT, NOON), calendar, language="en")
    working = why(start, Limit(Decimal(1), Rule.WORK_DAY_AT, NOON), calendar, language="en")
    assert noon == (
        "from Monday 2010-09-20 09:00, limit 2 days after, at 12:00 → Wednesday 2010-09-22 12:00, because the day of "
        "the start does not count; days off count too"
    )
    assert working.startswith(
        "from Monday 2010-09-20 09:00, limit 1 working day after, at 12:00 → Tuesday 2010-09-21 12:00"
    )
    assert why(start, Limit(Decimal(2), Rule.WORK_DAY_AT, NOON), calendar) == (
        "2010-09-20 周一 09:00 起算，时限 2个工作日后的12:00 → 2010-09-25 周六 12:00，因为：起算当日不计；"
        "不计 2010-09-22…09-24；2010-09-25 为调休上班日"
    )


@pytest.mark.parametrize(("rule", "due"), [(Rule.DAY_AT, "2010-09-23 12:00"), (Rule.WORK_DAY_AT, "2010-09-26 12:00")])
def test_extensions_by_the_same_time_of_day_add_their_days(rule: Rule, due: str) -> None:
    calendar, noon = calendar_of_2010(), Limit(Decimal(1), rule, NOON)
    assert due_at(at("2010-09-20 09:00"), noon, calendar, extra=[noon, noon]) == at(due)
