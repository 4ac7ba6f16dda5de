"""A yearly notice of days off, as published (节假日安排的通知) or as a table: read into days, or refused."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["Day", "NoticeFault", "read_notice"]

LONGEST = 40  # days in a row; whoever writes more has mistyped a month
WEEKDAYS = "一二三四五六日"
_DAY = r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(?:[(（](?:[^)）周星]*(?:周|星期)([一二三四五六日天]))?[^)）]*[)）])?"
DAYS = re.compile(rf"{_DAY}(?:(?:至|到|[-—–~～]){_DAY})?")
TITLE = re.compile(r"^[一二三四五六七八九十\d]*[、.．]?\s*([^:：\d]{1,20})[:：](.+)$")
TOTAL = re.compile(r"共(\d+)天")
OFF, WORK = "放假", "上班"
KINDS = {"work": True, "off": False}


@dataclass(frozen=True, slots=True)
class Day:
    """What a day is by the notice, and what for."""

    works: bool
    name: str


class NoticeFault(ValueError):
    """Why a notice cannot be taken, in English; `zh` in Chinese."""

    def __init__(self, line: int, en: str, zh: str) -> None:
        super().__init__(f"line {line}: {en}")
        self.zh = f"第 {line} 行：{zh}"


def read_notice(text: str, year: int) -> dict[date, Day]:
    """The days of a notice for `year`, in order. Raises NoticeFault.

    Either a table `day,kind[,name]` with work or off, or lines like
    `春节:2月15日至23日放假调休,共9天。2月14日(周六)、2月28日(周六)上班。` Lines without such days are passed over.
    """
    found: dict[date, Day] = {}
    table = text.removeprefix("\ufeff").lstrip()
    for line, day, said in _table(table) if table.startswith("day,") else _prose(text, year):
        before = found.get(day)
        if before is not None and before.works != said.works:
            raise NoticeFault(line, f"{day} is both a day of work and a day off", f"{day} 既放假又上班")
        if before is not None:
            raise NoticeFault(line, f"{day} is given twice", f"{day} 重复出现")
        if not date(year - 1, 12, 1) <= day <= date(year, 12, 31):  # the New Year's holidays may begin before it
            raise NoticeFault(line, f"{day} is not of {year}", f"{day} 不属于 {year} 年")
        found[day] = said
    if not found:
        raise NoticeFault(1, "no day is said to be off or worked", "没有找到放假或上班的日期")
    return dict(sorted(found.items()))


def _table(text: str) -> Iterator[tuple[int, date, Day]]:
    rows = csv.DictReader(text.splitlines())
    for number, row in enumerate(rows, start=2):
        try:
            yield number, date.fromisoformat(row["day"]), Day(KINDS[row["kind"]], (row.get("name") or "")[:40])
        except (KeyError, TypeError, ValueError) as fault:
            raise NoticeFault(
                number, "a day (YYYY-MM-DD) and work or off are wanted", "应为日期（YYYY-MM-DD）和 work 或 off"
            ) from fault


def _prose(text: str, year: int) -> Iterator[tuple[int, date, Day]]:
    for number, line in enumerate(text.splitlines(), start=1):
        title = TITLE.match(line.strip().replace(" ", "").replace("\u3000", ""))
        if title is None or not DAYS.search(title[2]):
            continue
        said = [part for part in re.split("[。;；]", title[2]) if DAYS.search(part)]
        for part in said:
            works = WORK in part
            if works is (OFF in part):  # neither, or days of both kinds in one breath
                raise NoticeFault(
                    number, f"“{part}” does not say one of 放假 and 上班", f"“{part}”应写明放假或上班（一句只写一种）"
                )
            days = list(_days(number, part, year))
            total = TOTAL.search(part)
            if total is not None and int(total[1]) != len(days):
                raise NoticeFault(
                    number,
                    f"{total[1]} days are announced, {len(days)} are named",
                    f"写明共{total[1]}天，列出{len(days)}天",
                )
            yield from ((number, day, Day(works, title[1])) for day in days)


def _days(line: int, part: str, year: int) -> Iterator[date]:
    month = "?"  # until one is named
    for match in DAYS.finditer(part):
        first_year, first_month, first_day, first_week = match.group(1, 2, 3, 4)
        last_year, last_month, last_day, last_week = match.group(5, 6, 7, 8)
        month = first_month or month
        first = _day(line, first_year or str(year), month, first_day, first_week)
        if last_day is None:
            yield first
            continue
        month = last_month or month
        turn = last_year or str(first.year + (int(month) < first.month))
        last = _day(line, turn, month, last_day, last_week)
        if not first <= last <= first + timedelta(days=LONGEST):
            raise NoticeFault(line, f"{first} to {last} is no stretch of days off", f"{first} 至 {last} 不是一段假期")
        yield from (first + timedelta(days=n) for n in range((last - first).days + 1))


def _day(line: int, year: str, month: str, day: str, weekday: str | None) -> date:
    """Raises NoticeFault where there is no such day, or it is another day of the week."""
    try:
        found = date(int(year), int(month), int(day))
    except ValueError as fault:
        raise NoticeFault(
            line, f"there is no day {year}-{month}-{day}", f"没有 {year}年{month}月{day}日 这一天"
        ) from fault
    if weekday is not None and WEEKDAYS[found.weekday()] != weekday.replace("天", "日"):
        raise NoticeFault(
            line,
            f"{found} is a {found:%A}, not 周{weekday}",
            f"{found} 是周{WEEKDAYS[found.weekday()]}，不是周{weekday}",
        )
    return found
