"""A due time derived in words, so that nobody need argue with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

from dispatch.clock.calendar import WorkCalendar
from dispatch.clock.limits import Limit, Pause, Rule, due_at

__all__ = ["amount", "why"]

Language = Literal["zh", "en"]
MOST_DAYS = 60  # so far days are named one by one, later ones are counted

UNITS: dict[Rule, tuple[str, str, str]] = {
    Rule.WORK_HOUR: ("个工作时", "working hour", "working hours"),
    Rule.WORK_DAY: ("个工作日", "working day of 8 hours", "working days of 8 hours"),
    Rule.WORK_DAY_CLOCK: (
        "个工作日（同一钟点）",
        "working day by the clock",
        "working days by the clock",
    ),
    Rule.WORK_DAY_AT: (
        "个工作日后的{at:%H:%M}",
        "working day after, at {at:%H:%M}",
        "working days after, at {at:%H:%M}",
    ),
    Rule.DAY_AT: ("天后的{at:%H:%M}", "day after, at {at:%H:%M}", "days after, at {at:%H:%M}"),
    Rule.URGENT_MINUTE: (
        "分钟（24小时制）",
        "minute of the 24-hour clock",
        "minutes of the 24-hour clock",
    ),
    Rule.URGENT_HOUR: (
        "个紧急工作时",
        "hour of the 24-hour clock",
        "hours of the 24-hour clock",
    ),
    Rule.URGENT_DAY: ("个紧急工作日", "day of 24 hours", "days of 24 hours"),
}


@dataclass(frozen=True, slots=True)
class _Words:
    weekdays: tuple[str, ...]
    stamp: str  # wall time with its day
    twice: str  # of a wall time that comes twice, because clocks are set back
    opens: str
    other_hours: str
    closed: str
    off: str
    in_all: str
    moved: str
    around_clock: str
    any_day: str
    next_day: str
    paused: str
    resting: str
    unconfirmed: str
    due: str
    because: str
    between: str


WORDS: dict[str, _Words] = {
    "zh": _Words(
        weekdays=("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
        stamp="{day:%Y-%m-%d} {weekday} {clock}",
        twice="{stamp}（UTC{offset}）",
        opens="当日工作时段 {hours}",
        other_hours="{day} 起 {hours}",
        closed="{start} 不在工作时段内，从 {opening} 起算",
        off="不计 {days}",
        in_all="共 {n} 天",
        moved="{days} 为调休上班日",
        around_clock="24小时连续计时，节假日照计",
        any_day="按日历日计，节假日照计",
        next_day="起算当日不计",
        paused="暂停 {start} 至 {end} 不计",
        resting="自 {start} 起暂停，期间无到期时间",
        unconfirmed="{year} 年日历尚无正式通知（未确认）",
        due="{start} 起算，时限 {limit} → {due}",
        because="，因为：",
        between="；",
    ),
    "en": _Words(
        weekdays=(
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ),
        stamp="{weekday} {day:%Y-%m-%d} {clock}",
        twice="{stamp} (UTC{offset})",
        opens="opening hours that day {hours}",
        other_hours="from {day} on {hours}",
        closed="{start} is outside the opening hours, so it counts from {opening}",
        off="not counted: {days}",
        in_all="{n} days in all",
        moved="{days} worked as moved working day",
        around_clock="the 24-hour clock runs on all days",
        any_day="days off count too",
        next_day="the day of the start does not count",
        paused="paused from {start} to {end}",
        resting="paused since {start}: no due time runs",
        unconfirmed="the calendar of {year} is not confirmed by an official notice",
        due="from {start}, limit {limit} → {due}",
        because=", because ",
        between="; ",
    ),
}


def why(
    start: datetime,
    limit: Limit,
    calendar: WorkCalendar,
    pauses: Sequence[Pause] = (),
    *,
    extra: Sequence[Limit] = (),
    language: Language = "zh",
) -> str:
    """One sentence: from when, how long, until when, and what was left out on the way. Wall time of the city."""
    words = WORDS[language]
    due = due_at(start, limit, calendar, pauses, extra)
    reasons = words.between.join(_reasons(start, due, limit, calendar, pauses=pauses, words=words))
    head = words.due.format(
        start=_stamp(start, calendar, words),
        limit=" + ".join(amount(part, language) for part in (limit, *extra)),
        due="–" if due is None else _stamp(due, calendar, words),
    )
    return f"{head}{words.because}{reasons}"


def _reasons(
    start: datetime,
    due: datetime | None,
    limit: Limit,
    calendar: WorkCalendar,
    *,
    pauses: Sequence[Pause],
    words: _Words,
) -> Iterator[str]:
    if limit.rule.timed:
        yield words.next_day
    elif limit.rule.working:
        yield from _opening_reasons(start, due, calendar, words)
    if limit.rule.working:
        yield from _day_reasons(start, due, calendar, words)
    else:
        yield words.any_day if limit.rule.timed else words.around_clock
    for pause in sorted(pauses, key=lambda pause: pause.start):
        if due is not None and pause.start >= due:
            continue  # what is due already is not paused
        begin = _stamp(pause.start, calendar, words)
        if pause.end is None:
            yield words.resting.format(start=begin)
        elif pause.end > max(start, pause.start):
            yield words.paused.format(start=begin, end=_stamp(pause.end, calendar, words))


def _opening(start: datetime, calendar: WorkCalendar) -> datetime:
    return datetime.fromtimestamp(calendar.opening(int(start.timestamp())), calendar.zone)


def _opening_reasons(start: datetime, due: datetime | None, calendar: WorkCalendar, words: _Words) -> Iterator[str]:
    begin = _opening(start, calendar)
    if int(begin.timestamp()) != int(start.timestamp()):
        yield words.closed.format(start=_stamp(start, calendar, words), opening=_stamp(begin, calendar, words))
    told = calendar.hours(begin.date())
    yield words.opens.format(hours=_hours(told))
    for day in _days(begin, begin if due is None else due, calendar):
        hours = calendar.hours(day)
        if hours and hours != told:
            yield words.other_hours.format(day=day, hours=_hours(hours))
            told = hours


def _day_reasons(start: datetime, due: datetime | None, calendar: WorkCalendar, words: _Words) -> Iterator[str]:
    days = _days(start, _opening(start, calendar) if due is None else due, calendar)
    if off := [day for day in days if not calendar.is_working(day)]:
        yield words.off.format(days=_ranges(off, days, words))
    if moved := [
        day for day in days if day.isoweekday() > 5 and calendar.is_exception(day) and calendar.is_working(day)
    ]:
        yield words.moved.format(days=_ranges(moved, days, words))
    for year in range(days[0].year, days[-1].year + 1):
        if not calendar.confirmed(year):
            yield words.unconfirmed.format(year=year)


def _days(start: datetime, end: datetime, calendar: WorkCalendar) -> list[date]:
    """The city's days from one instant to another, both inside; one at least, though clocks go back over midnight."""
    first, last = (at.astimezone(calendar.zone).date() for at in (start, end))
    return [first + timedelta(days=n) for n in range(max(0, (last - first).days) + 1)]


def _hours(spans: Sequence[tuple[time, time]]) -> str:
    return " ".join(f"{a:%H:%M}–{'24:00' if b == time(0) else f'{b:%H:%M}'}" for a, b in spans)


def _ranges(found: list[date], days: list[date], words: _Words) -> str:
    """2010-09-22…24 rather than three dates; of those later than `MOST_DAYS` only how many there are."""
    runs: list[list[date]] = []
    near = [day for day in found if day <= days[0] + timedelta(days=MOST_DAYS)]
    for day in near:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    named = [f"{run[0]}" if len(run) == 1 else f"{run[0]}…{run[-1]:%m-%d}" for run in runs]
    return ", ".join([*named, *([f"… {words.in_all.format(n=len(found))}"] if len(near) < len(found) else [])])


def amount(limit: Limit, language: Language) -> str:
    """A limit in words: 4 working hours."""
    zh, one, many = (unit.format(at=limit.at) for unit in UNITS[limit.rule])
    value = f"{limit.value.normalize():f}"
    if language == "zh":
        return f"{value}{zh}"
    return f"{value} {one if limit.value == Decimal(1) else many}"


def _stamp(at: datetime, calendar: WorkCalendar, words: _Words) -> str:
    local = at.astimezone(calendar.zone)
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    stamp = words.stamp.format(weekday=words.weekdays[local.weekday()], day=local, clock=clock)
    if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
        return stamp
    return words.twice.format(stamp=stamp, offset=local.isoformat()[-6:])
