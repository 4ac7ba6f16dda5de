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


@pytest.mark.parametrize(
    ("text", "said", "said_zh"),
    [
        ("春节:2月15日至23日放假,共8天。", "8 days are announced, 9 are named", "共8天"),
        ("春节:2月15日(周一)放假。", "2026-02-15 is a Sunday", "是周日，不是周一"),
        ("春节:2月30日放假。", "no day 2026-2-30", "没有 2026年2月30日"),
        ("春节:2月16日放假。2月16日上班。", "both a day of work and a day off", "既放假又上班"),
        ("春节:2月16日放假。\n元宵:2月16日放假。", "line 2: 2026-02-16 is given twice", "第 2 行"),
        ("春节:2月16日。", "neither", "没有说明"),
        ("春节:2月16日至1月3日放假。", "no stretch", "不是一段"),
        ("春节:2月16日至6月3日放假。", "no stretch", "不是一段"),
        ("春节:2028年2月16日放假。", "not of 2026", "不属于 2026 年"),
        ("没有日期的话", "no day is said", "没有找到"),
        ("day,kind\n2026-02-30,off\n", "line 2", "第 2 行"),
        ("day,kind\n2026-02-20,maybe\n", "work or off", "work 或 off"),
    ],
)
def test_a_notice_that_cannot_be_right_is_refused_with_its_reason(text: str, said: str, said_zh: str) -> None:
    with pytest.raises(NoticeFault, match=said) as caught:
        read_notice(text, 2026)
    assert said_zh in caught.value.zh
