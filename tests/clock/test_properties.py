"""The clock against the independent minute counter of wall.py, to the second, over random histories."""

from datetime import datetime, time, timedelta
from decimal import ROUND_UP, Decimal
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.wall import Town
from dispatch.clock import Limit, Pause, Rule, Slots, WorkCalendar, due_at, fraction_at, left, used

TOWN = cache(Town)
TOWNS = st.integers(0, 17).map(TOWN)
SECONDS = st.integers(0, 9 * 86_400)
PAUSES = st.lists(st.tuples(SECONDS, st.one_of(st.integers(0, 7200), st.integers(0, 3 * 86_400))), max_size=3)
# Whole numbers and halves; at most what seven weeks of a town with short hours hold.
LIMITS = {
    Rule.WORK_HOUR: st.decimals(0, 12, places=2),
    Rule.WORK_DAY: st.decimals(0, 1, places=2),
    Rule.WORK_DAY_CLOCK: st.integers(0, 5).map(Decimal),
    Rule.WORK_DAY_AT: st.integers(1, 5).map(Decimal),
    Rule.DAY_AT: st.integers(1, 20).map(Decimal),
    Rule.URGENT_MINUTE: st.decimals(0, 90, places=1),
    Rule.URGENT_HOUR: st.decimals(0, 48, places=2),
    Rule.URGENT_DAY: st.decimals(0, 3, places=2),
}
CLOCKS = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
ANY_LIMIT = st.sampled_from(list(Rule)).flatmap(
    lambda rule: st.builds(Limit, LIMITS[rule], st.just(rule), CLOCKS if rule.timed else st.none())
)
UNIT = {
    Rule.WORK_HOUR: 3600,
    Rule.WORK_DAY: 28_800,
    Rule.URGENT_MINUTE: 60,
    Rule.URGENT_HOUR: 3600,
    Rule.URGENT_DAY: 86_400,
}
HOURS = ((time(8), time(12)), (time(14), time(18)))
thorough = settings(max_examples=800, deadline=None, suppress_health_check=list(HealthCheck))


def instant(town: Town, seconds: int) -> datetime:
    return town.wall.begin + timedelta(days=1, seconds=seconds)


def pauses_of(town: Town, pauses: list[tuple[int, int]]) -> list[tuple[datetime, datetime]]:
    return [(instant(town, start), instant(town, start + length)) for start, length in pauses]


def counted_by_hand(town: Town, start: datetime, limit: Limit, pauses: list[tuple[datetime, datetime]]) -> datetime:
    if limit.at is not None:
        due = town.wall.on_day(start, int(limit.value), limit.at, limit.rule.working)
        return town.wall.pushed(due, start, pauses, limit.rule.working)
    if limit.rule is Rule.WORK_DAY_CLOCK:
        return town.wall.pushed(town.wall.days_later(start, int(limit.value)), start, pauses)
    seconds = int(limit.value * UNIT[limit.rule] + Decimal("0.5"))
    if seconds == 0:  # a limit of nothing is due at once, or at the next opening
        return town.wall.pushed(town.wall.walk(start, 0), start, pauses) if limit.rule.working else start
    return town.wall.walk(start, seconds, pauses, limit.rule.working)


@thorough
@given(town=TOWNS, start=SECONDS, limit=ANY_LIMIT, pauses=PAUSES)
def test_a_due_time_is_where_the_minute_counter_arrives(
    town: Town, start: int, limit: Limit, pauses: list[tuple[int, int]]
) -> None:
    begin, rests = instant(town, start), pauses_of(town, pauses)

    due = due_at(begin, limit, town.calendar, [Pause(a, b) for a, b in rests])

    if limit.value == 0 and rests:  # nothing to count, so no pause can hold it up for longer than to its end
        assert due is not None
        assert due >= begin
        return
    assert due == counted_by_hand(town, begin, limit, rests)


@thorough
@given(town=TOWNS, start=SECONDS, length=SECONDS, rule=st.sampled_from(list(Rule)), pauses=PAUSES)
def test_time_used_is_what_the_minute_counter_counts(
    town: Town, start: int, length: int, rule: Rule, pauses: list[tuple[int, int]]
) -> None:
    begin, until, rests = instant(town, start), instant(town, start + length), pauses_of(town, pauses)

    counted = used(begin, until, rule, town.calendar, [Pause(a, b) for a, b in rests])

    assert counted.total_seconds() == town.wall.count(begin, until, rests, rule.working)


@thorough
@given(town=TOWNS, start=SECONDS, limit=ANY_LIMIT, pauses=PAUSES, part=st.decimals("0.01", "1", places=2))
def test_used_left_part_and_due_time_tell_one_story(
    town: Town, start: int, limit: Limit, pauses: list[tuple[int, int]], part: Decimal
) -> None:
    begin = instant(town, start)
    rests = [Pause(a, b) for a, b in pauses_of(town, pauses)]
    due = due_at(begin, limit, town.calendar, rests)
    assert due is not None

    assert left(begin, limit, town.calendar, at=due, pauses=rests) == timedelta(0)
    whole = left(begin, limit, town.calendar, at=begin, pauses=rests)
    assert used(begin, due, limit.rule, town.calendar, rests) == whole
    warn = fraction_at(begin, limit, town.calendar, part, rests)
    assert warn is not None
    if whole:
        reached = used(begin, warn, limit.rule, town.calendar, rests)
        assert abs(Decimal(reached.total_seconds()) - part * Decimal(whole.total_seconds())) <= Decimal("0.5")
        assert warn <= due


@thorough
@given(town=TOWNS, start=SECONDS, limit=ANY_LIMIT, pauses=PAUSES, cut=st.floats(0, 1), empty=SECONDS)
def test_splitting_a_pause_or_adding_an_empty_one_changes_nothing(
    town: Town, start: int, limit: Limit, pauses: list[tuple[int, int]], cut: float, empty: int
) -> None:
    begin = instant(town, start)
    whole = pauses_of(town, pauses)
    split = [(instant(town, empty), instant(town, empty))]
    for a, b in whole:
        middle = (a + (b - a) * cut).replace(microsecond=0)
        split += [(middle, b), (a, middle)]

    one = due_at(begin, limit, town.calendar, [Pause(a, b) for a, b in whole])
    other = due_at(begin, limit, town.calendar, [Pause(a, b) for a, b in split])

    assert one == other


@thorough
@given(town=TOWNS, start=SECONDS, limit=ANY_LIMIT, later=st.integers(0, 86_400), more=st.decimals(0, 2, places=1))
def test_who_starts_later_or_is_given_more_is_never_due_earlier(
    town: Town, start: int, limit: Limit, later: int, more: Decimal
) -> None:
    begin = instant(town, start)
    due = due_at(begin, limit, town.calendar)
    after = due_at(instant(town, start + later), limit, town.calendar)
    more = more.to_integral_value(ROUND_UP) or Decimal(1) if limit.rule.timed else more
    extended = due_at(begin, limit, town.calendar, (), (Limit(more, *limit.time_class),))
    assert due is not None
    assert after is not None
    assert extended is not None

    assert due <= after
    assert due <= extended
    assert extended == due_at(begin, Limit(limit.value + more, *limit.time_class), town.calendar)


@settings(max_examples=300, deadline=None)
@given(start=st.integers(0, 86_400 * 200), limit=ANY_LIMIT, weeks=st.integers(1, 300))
def test_shifting_everything_by_whole_weeks_shifts_the_due_time(start: int, limit: Limit, weeks: int) -> None:
    plain = WorkCalendar(ZoneInfo("UTC"), frozenset({1, 2, 4, 6}), (Slots((1, 1), (12, 31), HOURS),), {}, frozenset())
    begin, shift = (
        datetime.fromisoformat("2020-01-01T00:00:00+00:00") + timedelta(seconds=start),
        timedelta(weeks=weeks),
    )

    due = due_at(begin, limit, plain)
    assert due is not None

    assert due_at(begin + shift, limit, plain) == due + shift
