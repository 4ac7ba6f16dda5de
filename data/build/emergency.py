"""Emergency teams and spare parts of Binhe. Everything is invented; the telephones are of a form that no line has."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["SPARE_COLUMNS", "TEAM_COLUMNS", "spare_rows", "team_rows"]

TEAM_COLUMNS = "id unit name name_en members phone skills skills_en classes lon lat days hours vehicles vehicles_en"
SPARE_COLUMNS = "id category unit name name_en depot depot_en stock low"

ALWAYS, DAYS, NIGHTS = "00:00-00:00", "08:00-20:00", "20:00-08:00"
_UTILITIES, _ROADS, _GREEN = "component:01", "component:02", "component:04"
# Unit, words for it, members, skills, classes, place, hours of its shift, what it drives.
_TEAMS = (
    ("crew-water", "供水抢修一队", "Water emergency team 1", 8, "管道抢修", "mains repair",
     f"{_UTILITIES}", 114.0205, 22.5402, ALWAYS, "抢修车 2 辆、挖掘机 1 台", "2 repair vans, 1 excavator"),
    ("crew-drain", "排水抢险队", "Drainage emergency team", 10, "疏通、抽排", "clearing, pumping",
     f"{_UTILITIES};event:02", 114.0312, 22.5361, ALWAYS, "吸污车 2 辆、泵车 1 辆", "2 suction trucks, 1 pump truck"),
    ("crew-power", "供电抢修一队", "Power emergency team 1", 6, "带电作业", "live-line work",
     f"{_UTILITIES}", 114.0098, 22.5448, ALWAYS, "抢修车 2 辆、发电车 1 辆", "2 repair vans, 1 generator truck"),
    ("crew-gas", "燃气抢修队", "Gas emergency team", 7, "检漏、带压封堵", "leak detection, pressure plugging",
     f"{_UTILITIES}", 114.0407, 22.5411, ALWAYS, "抢修车 2 辆", "2 repair vans"),
    ("crew-road-1", "道路抢修日班", "Road emergency team, days", 9, "摊铺、围护", "paving, cordons",
     f"{_UTILITIES};{_ROADS}", 114.0254, 22.5289, DAYS, "工程车 2 辆、摊铺机 1 台", "2 work trucks, 1 paver"),
    ("crew-road-2", "道路抢修夜班", "Road emergency team, nights", 6, "围护、临时铺装", "cordons, temporary paving",
     f"{_UTILITIES};{_ROADS}", 114.0351, 22.5307, NIGHTS, "工程车 1 辆", "1 work truck"),
    ("crew-lamp", "路灯抢修班", "Street lamp emergency team", 5, "路灯抢修", "street lamp repair",
     f"{_UTILITIES}", 114.0183, 22.5345, NIGHTS, "高空作业车 1 辆", "1 aerial platform truck"),
    ("crew-trees", "树木抢险队", "Tree emergency team", 8, "伐木、清障", "felling, clearing",
     f"{_GREEN}", 114.0276, 22.5493, ALWAYS, "吊车 1 辆、工程车 1 辆", "1 crane truck, 1 work truck"),
    ("city-fire", "消防救援一队", "Fire and rescue team 1", 12, "破拆、救援", "forcible entry, rescue",
     f"{_UTILITIES};{_ROADS}", 114.0221, 22.5378, ALWAYS, "消防车 2 辆、抢险救援车 1 辆",
     "2 fire engines, 1 rescue truck"),
)  # fmt: skip
# Unit, subclass, part, how many, and below how many they are few.
_SPARES = (
    ("co-water", "C0101", "上水井盖 D700", "Water cover D700", 14, 12),
    ("co-drainage", "C0102", "污水井盖 D700", "Sewer cover D700", 17, 15),
    ("co-drainage", "C0103", "雨水井盖 D700", "Storm-drain cover D700", 18, 15),
    ("co-drainage", "C0104", "雨水箅子 750×450", "Storm grate 750×450", 22, 20),
    ("co-power", "C0105", "电力井盖 D800", "Power cover D800", 9, 8),
    ("city-utilities", "C0106", "路灯井盖 400×400", "Lamp cover 400×400", 30, 10),
    ("co-telecom", "C0107", "通信井盖 D700", "Telecom cover D700", 11, 10),
    ("co-telecom", "C0109", "网络井盖 D600", "Network cover D600", 7, 6),
    ("co-gas", "C0111", "燃气井盖 D600", "Gas cover D600", 20, 6),
    ("city-utilities", "C0137", "LED 灯头 120W", "LED head 120 W", 27, 25),
    ("city-traffic-police", "C0135", "标志立杆 D89", "Sign post D89", 14, 5),
    ("city-traffic-police", "C0213", "交通标志牌面 D60", "Sign plate D60", 17, 15),
    ("city-sanitation", "C0305", "果皮箱内胆", "Litter-bin liner", 22, 20),
    ("city-fire", "C0124", "消火栓闷盖", "Hydrant cap", 7, 6),
    ("city-landscape", "C0402", "树木支撑杆", "Tree stake", 24, 20),
)  # fmt: skip
_DISTRICTS = ("xs", "sp", "gx")
_OF_A_DISTRICT = (
    ("utilities", "C0137", "LED 灯头 60W", "LED head 60 W", 12, 10),
    ("sanitation", "C0305", "果皮箱内胆", "Litter-bin liner", 9, 8),
    ("landscape", "C0402", "树木支撑杆", "Tree stake", 11, 10),
)


def team_rows() -> Iterator[list[str]]:
    """Rows of teams.csv."""
    for number, (unit, name, name_en, members, skills, skills_en, *more) in enumerate(_TEAMS, 1):
        classes, lon, lat, hours, vehicles, vehicles_en = more
        yield [f"team-{number:02d}", unit, name, name_en, str(members), f"1000000{number:04d}", skills, skills_en,
               classes, f"{lon:.4f}", f"{lat:.4f}", "all", hours, vehicles, vehicles_en]  # fmt: skip


def spare_rows() -> Iterator[list[str]]:
    """Rows of spares.csv: a city-wide store for most, one in each district for what breaks everywhere."""
    everywhere = [(f"{district}-{kind}", *more) for district in _DISTRICTS for kind, *more in _OF_A_DISTRICT]
    for number, (unit, category, name, name_en, stock, low) in enumerate([*_SPARES, *everywhere], 1):
        of_district = unit[:2] in _DISTRICTS
        depot = ("所内备件间", "On-site store") if of_district else ("城南备件库", "South depot")
        yield [f"SP{number:03d}", str(category), unit, str(name), str(name_en), *depot, str(stock), str(low)]
