"""Limits of the city's own, each with other keys: by condition and season, class, area class, level, urgency."""

from __future__ import annotations

from collections.abc import Iterator

LIMIT_COLUMNS = "no stage class category condition area_class tier from until urgent catalogue limit time_class source"
CATALOGUE = "yuncheng-2020"
BY = "滨河市城市管理案卷流转时限规定（虚构）"

# What is asked for by its key, the limit, its time class and the article it rests on.
RULES: list[tuple[dict[str, str], str, str, str]] = [
    # Street trees are planted from November to March; in summer there is longer.
    (
        {"category": "C0402", "condition": "2", "from": "11-01", "until": "03-31", "catalogue": CATALOGUE},
        "15",
        "work_day",
        "第十一条",
    ),
    ({"category": "C0402", "condition": "2", "catalogue": CATALOGUE}, "30", "work_day", "第十一条"),
    # Standing water in the flood season; bills where everybody passes; rubble by noon of the day after tomorrow.
    (
        {"category": "C0207", "condition": "1", "from": "04-15", "until": "10-15", "catalogue": CATALOGUE},
        "1",
        "urgent_hour",
        "第十二条",
    ),
    (
        {"category": "E0104", "condition": "2", "area_class": "1", "catalogue": CATALOGUE},
        "4",
        "work_hour",
        "第十三条",
    ),
    ({"category": "E0111", "condition": "1", "area_class": "1", "catalogue": CATALOGUE}, "2", "noon", "第十三条"),
    (
        {"class": "event:02", "area_class": "1", "from": "11-15", "until": "03-15"},
        "4",
        "work_hour",
        "第十四条：冬春市容保障期",
    ),
    # Stages: by class, and by the level that has the case.
    ({"stage": "accept", "class": "event:05", "urgent": "yes"}, "3", "urgent_minute", "第四条"),
    ({"stage": "verify", "class": "event:05", "urgent": "yes"}, "20", "urgent_minute", "第四条"),
    ({"stage": "dispatch", "class": "event:05", "urgent": "yes"}, "5", "urgent_minute", "第五条"),
    ({"stage": "sign", "class": "event:04"}, "30", "urgent_minute", "第六条"),
    ({"stage": "sign", "tier": "2"}, "1", "work_hour", "第六条：区级平台"),
    ({"stage": "check", "area_class": "1"}, "90", "urgent_minute", "第七条"),
]


def limit_rows() -> Iterator[list[str]]:
    """The rows of `limits.csv`, numbered in their order."""
    for number, (asked, limit, time_class, article) in enumerate(RULES, start=1):
        row = asked | {"no": f"L-{number:03d}", "limit": limit, "time_class": time_class, "source": f"{BY}{article}"}
        yield [row.get(column, "") for column in LIMIT_COLUMNS.split()]
