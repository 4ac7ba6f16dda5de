"""What the worked deadlines and the counter leave unsaid: edges, pauses that are open, changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dispatch.clock import Limit, Pause, Rule, Slots, WorkCalendar, due_at, fraction_at, left, used, why

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
WEEK = frozenset({1, 2, 3, 4, 5})
DAY = ((time(8), time(12)), (time(14), time(18)))
ALL_YEAR = (Slots((1, 1), (12, 31), DAY),)
PLAIN = WorkCalendar(SHANGHAI, WEEK, ALL_YEAR, {}, frozenset({2026}))
NIGHT_AND_DAY = (Slots((1, 1), (12, 31), ((time(0), time(0)),)),)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def limit(value: str, rule: Rule) -> Limit:
    return Limit(Decimal(value), rule)


FOUR_HOURS = limit("4", Rule.WORK_HOUR)


def test_a_limit_that_ends_with_the_day_is_due_at_closing_not_next_morning() -> None:
    assert due_at(at("2026-11-23 14:00"), FOUR_HOURS, PLAIN) == at("2026-11-23 18:00")
    assert due_at(at("2026-11-23 12:30"), FOUR_HOURS, PLAIN) == at("2026-11-23 18:00")


def test_a_limit_of_nothing_is_due_at_once_or_at_the_next_opening() -> None:
    assert due_at(at("2026-11-23 12:30"), limit("0", Rule.WORK_DAY), PLAIN) == at("2026-11-23 14:00")
    assert due_at(at("2026-11-23 12:30"), limit("0", Rule.URGENT_HOUR), PLAIN) == at("2026-11-23 12:30")


def test_the_second_is_kept_and_its_fraction_dropped() -> None:
    assert due_at(at("2026-11-23 17:59:59.900"), limit("0.01", Rule.WORK_HOUR), PLAIN) == at("2026-11-24 08:00:35")


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        due_at(datetime(2026, 11, 23, 9), FOUR_HOURS, PLAIN)  # noqa: DTZ001 - that is the fault


def test_half_a_second_of_a_limit_is_a_second() -> None:
    """0.00125 hours are four and a half seconds; the even one would be four."""
    assert due_at(at("2026-11-23 08:00"), limit("0.00125", Rule.WORK_HOUR), PLAIN) == at("2026-11-23 08:00:05")


@pytest.mark.parametrize("value", ["-1", "NaN", "Infinity"])
def test_a_limit_must_be_a_number_of_something(value: str) -> None:
    with pytest.raises(ValueError, match="not a limit"):
        limit(value, Rule.WORK_DAY)


def test_an_open_pause_leaves_no_due_time_unless_it_began_after_it() -> None:
    start = at("2026-11-23 08:00")

    assert due_at(start, FOUR_HOURS, PLAIN, [Pause(at("2026-11-23 10:00"), None)]) is None
    assert due_at(start, FOUR_HOURS, PLAIN, [Pause(at("2026-11-23 12:00"), None)]) == at("2026-11-23 12:00")
    assert fraction_at(start, FOUR_HOURS, PLAIN, Decimal("0.8"), [Pause(at("2026-11-23 10:00"), None)]) is None
    assert fraction_at(start, FOUR_HOURS, PLAIN, Decimal("0.5"), [Pause(at("2026-11-23 10:00"), None)]) == at(
        "2026-11-23 10:00"
    )


def test_time_left_stands_still_in_a_pause_and_goes_below_zero_when_overdue() -> None:
    start, pause = at("2026-11-23 08:00"), Pause(at("2026-11-23 10:00"), None)

    assert left(start, FOUR_HOURS, PLAIN, at=at("2026-11-30 10:00"), pauses=[pause]) == timedelta(hours=2)
    assert left(start, FOUR_HOURS, PLAIN, at=at("2026-11-23 15:30")) == -timedelta(hours=1, minutes=30)
    assert used(start, at("2026-11-30 10:00"), Rule.WORK_HOUR, PLAIN, [pause]) == timedelta(hours=2)


def test_a_limit_by_clock_days_moves_on_by_the_working_time_paused() -> None:
    start, days = at("2026-11-23 10:00"), limit("2", Rule.WORK_DAY_CLOCK)

    assert due_at(start, days, PLAIN) == at("2026-11-25 10:00")
    pause = Pause(at("2026-11-23 17:00"), at("2026-11-24 09:00"))  # one hour before closing, one after opening
    assert due_at(start, days, PLAIN, [pause]) == at("2026-11-25 12:00")


def test_part_of_a_clock_day_is_that_part_of_its_working_time() -> None:
    assert due_at(at("2026-11-23 10:00"), limit("1.5", Rule.WORK_DAY_CLOCK), PLAIN) == at("2026-11-24 16:00")


def test_a_clock_day_is_bounded_by_a_day_that_closes_earlier_or_opens_later() -> None:
    summer = Slots((5, 1), (9, 30), ((time(7), time(12)), (time(13), time(19))))
    winter = Slots((10, 1), (4, 30), ((time(8), time(12)), (time(14), time(18))))
    calendar = WorkCalendar(SHANGHAI, WEEK, (summer, winter), {}, frozenset())
    day = limit("1", Rule.WORK_DAY_CLOCK)

    assert due_at(at("2026-09-30 18:40"), day, calendar) == at("2026-10-01 18:00")
    assert due_at(at("2026-09-30 07:20"), day, calendar) == at("2026-10-01 08:00")
    assert due_at(at("2026-09-30 13:20"), day, calendar) == at("2026-10-01 13:20")  # kept in the noon break


def test_an_extension_adds_its_own_limit_and_mixed_rules_follow_one_another() -> None:
    start = at("2026-11-23 08:00")

    assert due_at(start, FOUR_HOURS, PLAIN, (), [FOUR_HOURS]) == at("2026-11-23 18:00")
    assert due_at(start, FOUR_HOURS, PLAIN, (), [limit("3", Rule.URGENT_HOUR)]) == at("2026-11-23 15:00")
    mixed = [limit("3", Rule.URGENT_HOUR), limit("1", Rule.WORK_DAY_CLOCK)]
    assert due_at(start, FOUR_HOURS, PLAIN, (), mixed) == at("2026-11-24 15:00")
    assert left(start, FOUR_HOURS, PLAIN, at=start, extra=mixed) == timedelta(hours=4 + 3 + 8)
    assert left(start, FOUR_HOURS, PLAIN, at=at("2026-11-23 13:00"), extra=mixed) == timedelta(hours=2 + 8)
    assert fraction_at(start, FOUR_HOURS, PLAIN, Decimal("0.2"), extra=mixed) == at("2026-11-23 11:00")
    assert fraction_at(start, FOUR_HOURS, PLAIN, Decimal("0.4"), extra=mixed) == at("2026-11-23 14:00")
    assert fraction_at(start, FOUR_HOURS, PLAIN, Decimal(1), extra=mixed) == at("2026-11-24 15:00")
    assert fraction_at(start, FOUR_HOURS, PLAIN, Decimal(2), extra=mixed) == at("2026-11-26 12:00")


def test_behind_an_open_pause_a_later_extension_has_no_time_of_its_own_yet() -> None:
    start, pause = at("2026-11-23 08:00"), Pause(at("2026-11-23 10:00"), None)
    extra = [limit("3", Rule.URGENT_HOUR)]

    assert due_at(start, FOUR_HOURS, PLAIN, [pause], extra) is None
    assert fraction_at(start, FOUR_HOURS, PLAIN, Decimal("0.9"), [pause], extra) is None
    assert left(start, FOUR_HOURS, PLAIN, at=at("2026-11-24 10:00"), pauses=[pause], extra=extra) == timedelta(hours=5)


def test_behind_an_open_pause_no_later_extension_has_begun() -> None:
    """An hour of two is used when the pause begins; half an hour of the clock and a day more wait behind it."""
    start, pause = at("2026-11-23 09:00"), Pause(at("2026-11-23 10:00"), None)
    extra = [limit("30", Rule.URGENT_MINUTE), limit("1", Rule.WORK_DAY_CLOCK)]

    for now in ("2026-11-23 11:00", "2026-11-24 10:00"):
        rest = left(start, limit("2", Rule.WORK_HOUR), PLAIN, at=at(now), pauses=[pause], extra=extra)
        assert rest == timedelta(hours=1 + 8, minutes=30)


def test_an_extension_begins_where_the_limit_ends_after_its_pauses() -> None:
    """Four hours of work from eight; a pause from eleven to one takes one of them: the extension begins at three."""
    start, rests = at("2026-11-23 08:00"), [Pause(at("2026-11-23 11:00"), at("2026-11-23 13:00"))]

    rest = left(start, FOUR_HOURS, PLAIN, at=at("2026-11-23 15:30"), pauses=rests, extra=[limit("1", Rule.URGENT_HOUR)])
    assert rest == timedelta(minutes=30)


def test_the_part_that_ends_a_limit_is_used_when_it_ends_not_when_the_next_begins() -> None:
    """Four hours of the clock from six in the evening, then four of work from the next morning on."""
    start, more = at("2026-11-23 18:00"), [FOUR_HOURS]

    assert fraction_at(start, limit("4", Rule.URGENT_HOUR), PLAIN, Decimal("0.5"), (), more) == at("2026-11-23 22:00")


def test_a_pause_by_night_is_time_of_the_24_hour_clock_and_no_working_time() -> None:
    start, until = at("2026-11-23 17:00"), at("2026-11-24 10:00")
    rests = [Pause(at("2026-11-23 20:00"), at("2026-11-24 06:00"))]

    assert used(start, until, Rule.URGENT_HOUR, PLAIN, rests) == timedelta(hours=7)
    assert used(start, until, Rule.WORK_HOUR, PLAIN, rests) == timedelta(hours=3)
    assert used(start, start, Rule.URGENT_HOUR, PLAIN) == timedelta(0)


def test_all_of_a_limit_by_days_is_used_when_it_is_due_after_its_pauses() -> None:
    start, rests = at("2026-11-23 09:00"), [Pause(at("2026-11-23 10:00"), at("2026-11-23 11:00"))]

    assert fraction_at(start, limit("1", Rule.WORK_DAY_CLOCK), PLAIN, Decimal(1), rests) == at("2026-11-24 10:00")


def test_time_left_of_two_rules_is_the_sum_of_what_each_has_left() -> None:
    """An hour of work from nine, then two hours of the clock: at half past eleven half an hour of the second."""
    start, hour, more = at("2026-11-23 09:00"), limit("1", Rule.WORK_HOUR), limit("2", Rule.URGENT_HOUR)

    assert left(start, hour, PLAIN, at=at("2026-11-23 11:30"), extra=(more,)) == timedelta(minutes=30)
    assert left(start, hour, PLAIN, at=at("2026-11-23 09:30"), extra=(more,)) == timedelta(hours=2, minutes=30)


def test_part_of_a_limit_comes_later_by_what_a_pause_took() -> None:
    """Six hours of work from eight, with a pause from half past eleven, through noon, until half past two."""
    rests = [Pause(at("2026-11-23 11:30"), at("2026-11-23 14:30"))]

    assert fraction_at(at("2026-11-23 08:00"), FOUR_HOURS, PLAIN, Decimal("1.5"), rests) == at("2026-11-23 17:00")
    assert fraction_at(at("2026-11-23 08:00"), FOUR_HOURS, PLAIN, Decimal("0.5"), rests) == at("2026-11-23 10:00")


def test_a_pause_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        Pause(at("2026-11-23 10:00"), at("2026-11-23 09:00"))
    none = Pause(at("2026-11-23 10:00"), at("2026-11-23 10:00"))
    assert due_at(at("2026-11-23 08:00"), FOUR_HOURS, PLAIN, [none]) == at("2026-11-23 12:00")


@pytest.mark.parametrize(
    ("zone", "start", "hours", "due"),
    [
        (NEW_YORK, "2026-03-07 20:00", "8", "2026-03-08 05:00"),  # an hour is missing
        (NEW_YORK, "2026-10-31 20:00", "8", "2026-11-01 03:00"),  # an hour comes twice
        (SHANGHAI, "1986-05-03 20:00", "8", "1986-05-04 05:00"),  # China had a summer time from 1986 to 1991
        (SHANGHAI, "1991-04-13 20:00", "8", "1991-04-14 05:00"),
        (SHANGHAI, "1991-09-14 20:00", "8", "1991-09-15 03:00"),
        (LORD_HOWE, "2026-10-03 20:00", "8", "2026-10-04 04:30"),  # there it is half an hour
        (LORD_HOWE, "2026-04-04 20:00", "8", "2026-04-05 03:30"),
    ],
)
@pytest.mark.parametrize("rule", [Rule.WORK_HOUR, Rule.URGENT_HOUR])
def test_hours_are_real_hours_when_the_clocks_change(
    zone: ZoneInfo, start: str, hours: str, due: str, rule: Rule
) -> None:
    calendar = WorkCalendar(zone, frozenset(range(1, 8)), NIGHT_AND_DAY, {}, frozenset())

    assert due_at(at(start, zone), limit(hours, rule), calendar) == at(due, zone)


def test_six_years_of_summer_time_and_leap_days_are_as_many_hours_as_they_have_days() -> None:
    begin, end = (
        at("1986-01-01 00:00"),
        at("1992-01-01 00:00"),
    )  # 2,191 days with 29 February 1988, 1,565 from Monday to Friday
    assert used(begin, end, Rule.URGENT_HOUR, PLAIN) == timedelta(days=2191)
    assert used(begin, end, Rule.WORK_HOUR, PLAIN) == timedelta(hours=8 * 1565)
    assert due_at(begin, limit("2191", Rule.URGENT_DAY), PLAIN) == end
    assert due_at(at("2024-02-28 10:00"), limit("1", Rule.WORK_DAY), PLAIN) == at("2024-02-29 10:00")
    assert due_at(at("2024-02-28 10:00"), limit("2", Rule.WORK_DAY_CLOCK), PLAIN) == at("2024-03-01 10:00")
    assert due_at(at("2023-02-28 10:00"), limit("1", Rule.URGENT_DAY), PLAIN) == at("2023-03-01 10:00")


def test_an_opening_at_a_time_that_does_not_exist_begins_with_the_change() -> None:
    hours = (Slots((1, 1), (12, 31), ((time(2, 30), time(6)),)),)
    calendar = WorkCalendar(NEW_YORK, frozenset(range(1, 8)), hours, {}, frozenset())

    (span,) = calendar.spans(date(2026, 3, 8))
    assert span == (at("2026-03-08 03:00", NEW_YORK), at("2026-03-08 06:00", NEW_YORK))
    assert calendar.spans(date(2026, 3, 8))[0][0].astimezone(UTC) == datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_a_clock_day_across_the_change_keeps_the_clock_time() -> None:
    calendar = WorkCalendar(NEW_YORK, WEEK, ALL_YEAR, {}, frozenset())

    assert due_at(at("2026-03-06 09:15", NEW_YORK), limit("1", Rule.WORK_DAY_CLOCK), calendar) == at(
        "2026-03-09 09:15", NEW_YORK
    )


@pytest.mark.parametrize("rule", [Rule.WORK_HOUR, Rule.WORK_DAY, Rule.WORK_DAY_CLOCK])
def test_a_calendar_that_never_works_is_refused_rather_than_searched_for_ever(rule: Rule) -> None:
    never = WorkCalendar(SHANGHAI, frozenset(), ALL_YEAR, {date(2026, 11, 23): True}, frozenset())

    with pytest.raises(ValueError, match="no working time after"):
        due_at(at("2026-11-23 09:00"), limit("9", rule), never)


@pytest.mark.parametrize("rule", Rule)
def test_a_limit_of_centuries_is_refused(rule: Rule) -> None:
    with pytest.raises(ValueError, match="beyond the years"):
        due_at(at("2026-11-23 09:00"), Limit(Decimal("9e20"), rule, time(12) if rule.timed else None), PLAIN)


def test_days_long_ago_and_far_ahead_are_counted_by_the_same_calendar() -> None:
    calendar = WorkCalendar(SHANGHAI, WEEK, ALL_YEAR, {}, frozenset())

    assert due_at(at("2026-11-23 10:00"), limit("1", Rule.WORK_DAY), calendar) == at("2026-11-24 10:00")
    assert due_at(at("2001-01-05 10:00"), limit("1", Rule.WORK_DAY), calendar) == at("2001-01-08 10:00")
    assert due_at(at("2040-01-06 10:00"), limit("1", Rule.WORK_DAY), calendar) == at("2040-01-09 10:00")
    assert due_at(at("2026-11-23 10:00"), limit("1", Rule.WORK_DAY), calendar) == at("2026-11-24 10:00")
    weeks = (date(2040, 1, 9) - date(2001, 1, 8)).days // 7
    assert used(at("2001-01-08 00:00"), at("2040-01-09 00:00"), Rule.WORK_HOUR, calendar) == timedelta(hours=40 * weeks)


@pytest.mark.parametrize(
    "hours",
    [
        ((time(8), time(8)),),
        ((time(9), time(8)),),
        ((time(8), time(12)), (time(11), time(18))),
        ((time(8), time(0)), (time(1), time(2))),
    ],
)
def test_opening_hours_that_overlap_or_run_backwards_are_refused(hours: tuple[tuple[time, time], ...]) -> None:
    with pytest.raises(ValueError, match="overlap"):
        Slots((1, 1), (12, 31), hours)


def test_seasons_that_share_a_day_are_refused() -> None:
    with pytest.raises(ValueError, match="share 05-01"):
        WorkCalendar(SHANGHAI, WEEK, (Slots((10, 1), (5, 1), DAY), Slots((5, 1), (9, 30), DAY)), {}, frozenset())
    leap = (Slots((1, 1), (2, 29), DAY), Slots((2, 29), (12, 31), DAY))  # once in four years
    with pytest.raises(ValueError, match="share 02-29"):
        WorkCalendar(SHANGHAI, WEEK, leap, {}, frozenset())


def test_a_calendar_says_what_it_knows_of_a_day() -> None:
    holiday, moved = date(2026, 10, 1), date(2026, 10, 10)
    calendar = WorkCalendar(SHANGHAI, WEEK, ALL_YEAR, {holiday: False, moved: True}, frozenset({2026}))

    assert not calendar.is_working(holiday)
    assert calendar.is_working(moved)
    assert not calendar.is_working(date(2026, 10, 11))
    assert calendar.spans(holiday) == ()
    assert calendar.spans(moved)[1] == (at("2026-10-10 14:00"), at("2026-10-10 18:00"))
    assert calendar.confirmed(2026)
    assert not calendar.confirmed(2027)


def test_the_reason_names_start_limit_due_time_and_every_day_left_out() -> None:
    days = {date(2026, 10, 9): False, date(2026, 10, 10): True}
    calendar = WorkCalendar(SHANGHAI, WEEK, ALL_YEAR, days, frozenset())
    start = at("2026-10-08 19:00")
    pause = Pause(at("2026-10-10 09:00"), at("2026-10-10 10:00"))

    english = why(start, limit("1.5", Rule.WORK_DAY), calendar, [pause], language="en")

    assert english == (
        "from Thursday 2026-10-08 19:00, limit 1.5 working days of 8 hours → Monday 2026-10-12 15:00, because "
        "Thursday 2026-10-08 19:00 is outside the opening hours, so it counts from Saturday 2026-10-10 08:00; "
        "opening hours that day 08:00–12:00 14:00–18:00; not counted: 2026-10-09, 2026-10-11; "
        "2026-10-10 worked as moved working day; the calendar of 2026 is not confirmed by an official notice; "
        "paused from Saturday 2026-10-10 09:00 to Saturday 2026-10-10 10:00"
    )
    assert why(start, limit("1", Rule.URGENT_DAY), calendar, [Pause(start, None)]) == (
        "2026-10-08 周四 19:00 起算，时限 1个紧急工作日 → –，因为：24小时连续计时，节假日照计；"
        "自 2026-10-08 周四 19:00 起暂停，期间无到期时间"
    )


def test_the_reason_names_extensions_and_seconds() -> None:
    said = why(at("2026-11-23 08:00:05"), FOUR_HOURS, PLAIN, extra=[limit("1", Rule.URGENT_HOUR)], language="en")
    assert said == (
        "from Monday 2026-11-23 08:00:05, limit 4 working hours + 1 hour of the 24-hour clock → "
        "Monday 2026-11-23 15:00:05, because opening hours that day 08:00–12:00 14:00–18:00"
    )


def test_the_days_of_a_reason_are_the_citys() -> None:
    """Early in Shanghai it is still the day before in Greenwich. A Friday that is worked is no moved working day."""
    early = (Slots((1, 1), (12, 31), ((time(7), time(15)),)),)
    days = {date(2026, 11, 27): True, date(2026, 11, 28): True}
    calendar = WorkCalendar(SHANGHAI, WEEK, early, days, frozenset({2026}))

    assert why(at("2026-11-23 06:30"), limit("1", Rule.WORK_HOUR), calendar, language="en") == (
        "from Monday 2026-11-23 06:30, limit 1 working hour → Monday 2026-11-23 08:00, because "
        "Monday 2026-11-23 06:30 is outside the opening hours, so it counts from Monday 2026-11-23 07:00; "
        "opening hours that day 07:00–15:00"
    )
    assert why(at("2026-11-27 14:30"), limit("1", Rule.WORK_HOUR), calendar, language="en") == (
        "from Friday 2026-11-27 14:30, limit 1 working hour → Saturday 2026-11-28 07:30, because "
        "opening hours that day 07:00–15:00; 2026-11-28 worked as moved working day"
    )


def test_the_reason_names_no_pause_that_moved_nothing() -> None:
    start = at("2026-11-23 08:00")
    rests = [
        Pause(at("2026-11-22 08:00"), at("2026-11-23 08:00")),  # over when it begins
        Pause(at("2026-11-23 09:00"), at("2026-11-23 09:00")),
        Pause(at("2026-11-23 12:00"), at("2026-11-23 13:00")),  # due by then
        Pause(at("2026-11-23 15:00"), None),
    ]

    said = why(start, FOUR_HOURS, PLAIN, rests, language="en")
    assert said == (
        "from Monday 2026-11-23 08:00, limit 4 working hours → Monday 2026-11-23 12:00, because "
        "opening hours that day 08:00–12:00 14:00–18:00"
    )


def test_the_reason_names_the_hours_of_each_season_it_passes_through() -> None:
    summer = Slots((5, 1), (9, 30), ((time(7), time(12)), (time(13), time(0))))
    winter = Slots((10, 1), (4, 30), ((time(8), time(12)), (time(14), time(18))))
    days = {date(2026, 10, day): False for day in range(1, 9)}
    calendar = WorkCalendar(SHANGHAI, WEEK, (summer, winter), days, frozenset({2026}))

    assert why(at("2026-09-30 22:00"), limit("4", Rule.WORK_HOUR), calendar, language="en") == (
        "from Wednesday 2026-09-30 22:00, limit 4 working hours → Friday 2026-10-09 10:00, because "
        "opening hours that day 07:00–12:00 13:00–24:00; from 2026-10-09 on 08:00–12:00 14:00–18:00; "
        "not counted: 2026-10-01…10-08"
    )
    assert "；2026-10-09 起 08:00–12:00 14:00–18:00；" in why(at("2026-09-30 22:00"), FOUR_HOURS, calendar)


def test_the_reason_of_a_long_limit_names_two_months_of_days_off_and_counts_them_all() -> None:
    """From Monday 23 November 50 working days: eleven weekends, up to the first of February."""
    said = why(at("2026-11-23 08:00"), limit("50", Rule.WORK_DAY), PLAIN, language="en")

    assert "→ Friday 2027-01-29 18:00, because" in said
    assert "not counted: 2026-11-28…11-29, " in said
    assert "2027-01-16…01-17, … 18 days in all" in said  # the sixtieth day after the start is the 22nd
    assert "，… 共 18 天" in why(at("2026-11-23 08:00"), limit("50", Rule.WORK_DAY), PLAIN).replace(", …", "，…")


def test_the_reason_is_told_where_clocks_go_back_over_midnight() -> None:
    """In St. John's it was 23:01 on the 6th again at one minute past midnight of the 7th."""
    zone = ZoneInfo("America/St_Johns")
    calendar = WorkCalendar(zone, frozenset(range(1, 8)), NIGHT_AND_DAY, {}, frozenset({2010}))
    start = datetime.fromisoformat("2010-11-07T00:00:30-02:30")

    said = why(start, limit("0.25", Rule.WORK_HOUR), calendar, language="en")
    assert "→ Saturday 2010-11-06 23:15:30 (UTC-03:30), because" in said
