"""A yearly notice as it is published, and each way in which one can be wrong."""

from datetime import date

import pytest

from dispatch.clock.notice import Day, NoticeFault, read_notice

NOTICE = """国务院办公厅关于2026年部分节假日安排的通知
一、元旦:1月1日(周四)至3日(周六)放假调休,共3天。1月4日(周日)上班。
二、春节：2月15日(农历腊月二十八、周日)至23日(农历正月初七、周一)放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节:4月4日(周六)至6日(周一)放假,共3天。
节假日期间,各地区、各部门要妥善安排好值班。
"""


def test_the_published_words_are_read() -> None:
    days = read_notice(NOTICE, 2026)

    assert [day for day, said in days.items() if said.works] == [
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
    ]
    assert sum(not said.works for said in days.values()) == 3 + 9 + 3
    assert days[date(2026, 2, 23)] == Day(False, "春节")
    assert list(days) == sorted(days)


def test_a_holiday_over_new_year_and_days_without_their_month_are_read() -> None:
    days = read_notice("元旦:2026年12月31日至1月2日放假,共3天。12月26日、27日上班。", 2027)

    assert [day.isoformat() for day, said in days.items() if not said.works] == [
        "2026-12-31",
        "2027-01-01",
        "2027-01-02",
    ]
    assert [day for day, said in read_notice("国庆节:10月3日、4日上班。", 2027).items() if said.works] == [
        date(2027, 10, 3),
        date(2027, 10, 4),
    ]


def test_a_table_is_read() -> None:
    assert read_notice("\ufeffday,kind,name\n2026-02-14,work,春节\n2026-02-16,off,\n", 2026) == {
        date(2026, 2, 14): Day(True, "春节"),
        date(2026, 2, 16): Day(False, ""),
    }


def test_spaces_and_the_other_word_for_sunday_do_not_matter() -> None:
    days = read_notice("春\u3000节 : 2月 15日(星期天) 至\u300023日 放 假,共 9 天。2月28 日(周六) 上 班,共1天。", 2026)

    assert [(len(days), days[date(2026, 2, 15)], days[date(2026, 2, 28)])] == [
        (10, Day(False, "春节"), Day(True, "春节"))
    ]


def test_a_name_is_kept_as_far_as_forty_characters() -> None:
    assert read_notice(f"  \n\nday,kind,name\n2026-02-14,work,{'长' * 41}\n", 2026)[date(2026, 2, 14)].name == "长" * 40


@pytest.mark.parametrize(("last", "days"), [("1月10日", 1), ("2月19日", 41)])
def test_a_stretch_is_a_day_at_least_and_forty_more_at_most(last: str, days: int) -> None:
    assert len(read_notice(f"假期:1月10日至{last}放假,共{days}天。", 2026)) == days


@pytest.mark.parametrize("day", ["2025-12-01", "2026-01-01", "2026-12-31"])
def test_a_notice_is_for_its_year_and_the_month_before_it(day: str) -> None:
    assert list(read_notice(f"day,kind\n{day},off\n", 2026)) == [date.fromisoformat(day)]


@pytest.mark.parametrize(
    ("text", "said", "said_zh"),
    [
        ("春节:2月15日至23日放假,共8天。", "line 1: 8 days are announced, 9 are named", "第 1 行：写明共8天，列出9天"),
        (
            "春节:2月15日(周一)放假。",
            "line 1: 2026-02-15 is a Sunday, not 周一",
            "第 1 行：2026-02-15 是周日，不是周一",
        ),
        (
            "春节:2月14日至15日(周一)放假。",
            "line 1: 2026-02-15 is a Sunday, not 周一",
            "第 1 行：2026-02-15 是周日，不是周一",
        ),
        ("春节:2月30日放假。", "line 1: there is no day 2026-2-30", "第 1 行：没有 2026年2月30日 这一天"),
        ("\n春节:2月1日至30日放假。", "line 2: there is no day 2026-2-30", "第 2 行：没有 2026年2月30日 这一天"),
        ("春节:15日放假。", "line 1: there is no day 2026-?-15", "第 1 行：没有 2026年?月15日 这一天"),
        (
            "春节:2月16日放假。2月16日上班。",
            "line 1: 2026-02-16 is both a day of work and a day off",
            "第 1 行：2026-02-16 既放假又上班",
        ),
        (
            "春节:2月16日放假。\n元宵:2月16日放假。",
            "line 2: 2026-02-16 is given twice",
            "第 2 行：2026-02-16 重复出现",
        ),
        (
            "春节:2月16日。",
            "line 1: “2月16日” does not say one of 放假 and 上班",
            "第 1 行：“2月16日”应写明放假或上班（一句只写一种）",
        ),
        (
            "春节:2月16日放假,2月14日上班。",
            "line 1: “2月16日放假,2月14日上班” does not say one of 放假 and 上班",
            "第 1 行：“2月16日放假,2月14日上班”应写明放假或上班（一句只写一种）",
        ),
        (
            "春节:2月16日至1月3日放假。",
            "line 1: 2026-02-16 to 2027-01-03 is no stretch of days off",
            "第 1 行：2026-02-16 至 2027-01-03 不是一段假期",
        ),
        (
            "春节:2月16日至3月29日放假。",
            "line 1: 2026-02-16 to 2026-03-29 is no stretch of days off",
            "第 1 行：2026-02-16 至 2026-03-29 不是一段假期",
        ),
        ("春节:2025年11月30日放假。", "line 1: 2025-11-30 is not of 2026", "第 1 行：2025-11-30 不属于 2026 年"),
        ("春节:2027年1月1日放假。", "line 1: 2027-01-01 is not of 2026", "第 1 行：2027-01-01 不属于 2026 年"),
        ("没有日期的话", "line 1: no day is said to be off or worked", "第 1 行：没有找到放假或上班的日期"),
        *(
            (
                f"day,kind\n{row}\n",
                "line 2: a day (YYYY-MM-DD) and work or off are wanted",
                "第 2 行：应为日期（YYYY-MM-DD）和 work 或 off",
            )
            for row in ("2026-02-30,off", "2026-02-20,maybe", "2026-02-20")
        ),
    ],
)
def test_a_notice_that_cannot_be_right_is_refused_with_its_reason(text: str, said: str, said_zh: str) -> None:
    with pytest.raises(NoticeFault) as caught:
        read_notice(text, 2026)
    assert (str(caught.value), caught.value.zh) == (said, said_zh)
