"""Who is responsible in Binhe: bureaus and companies of the city, services of the districts, street offices, crews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from areas import Area

__all__ = ["DISTRICT_KEYS", "Unit", "connections", "units"]

DISTRICT_KEYS = {"449902": "xs", "449903": "sp", "449971": "gx"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One row of units.csv, in the order of its columns."""

    id: str
    name: str
    name_en: str
    tier: int
    parent: str = ""
    types: str = ""
    area: str = ""
    group: str = ""
    terminal: str = "yes"
    platform: str = "no"

    def row(self) -> list[str]:
        return [str(getattr(self, field.name)) for field in fields(self)]


_BUREAUS = (
    ("city-utilities", "市政公用局", "Municipal Utilities Bureau", "municipal_utilities"),
    ("city-landscape", "园林绿化管理处", "Landscaping Administration", "landscaping"),
    ("city-sanitation", "环境卫生管理处", "Sanitation Administration", "sanitation"),
    ("city-enforcement", "城市管理综合执法支队", "City Enforcement Detachment", "city_enforcement_team"),
    ("city-order", "市容秩序管理科", "Street Order Section", "street_order_section"),
    ("city-traffic-police", "公安局交通警察支队", "Traffic Police Detachment", "traffic_police"),
    ("city-police", "公安局", "Public Security Bureau", "police"),
    ("city-fire", "消防救援支队", "Fire and Rescue Detachment", "fire"),
    ("city-water-authority", "水务局", "Water Authority", "water_authority"),
    ("city-environment", "生态环境局", "Ecology and Environment Bureau", "environment"),
    ("city-transport", "交通运输局", "Transport Bureau", "transport"),
    ("city-housing", "住房和城乡建设局", "Housing and Construction Bureau", "housing_construction"),
    ("city-property", "物业管理指导中心", "Property Management Centre", "property_management"),
    ("city-civil-affairs", "民政局", "Civil Affairs Bureau", "civil_affairs"),
    ("city-place-names", "地名办公室", "Place Names Office", "place_name_office"),
    ("city-emergency", "应急管理局", "Emergency Management Bureau", "emergency_management"),
    ("city-health", "卫生健康委员会", "Health Commission", "health"),
    ("city-culture", "文化市场综合执法支队", "Culture Market Enforcement Detachment", "culture_market"),
    ("city-civil-defence", "人民防空办公室", "Civil Defence Office", "civil_defence"),
    ("city-weather", "气象局", "Meteorological Bureau", "meteorology"),
    ("city-data", "城市运行数据中心", "City Data Centre", "city_data_centre"),
    ("city-assets", "国有资产管理中心", "State Assets Centre", "asset_owner"),
)
_COMPANIES = (
    ("co-water", "供水有限公司", "Water Supply Company", "water_supply"),
    ("co-drainage", "排水有限公司", "Drainage Company", "drainage"),
    ("co-power", "供电公司", "Power Company", "power_company"),
    ("co-telecom", "通信设施服务有限公司", "Telecom Facilities Company", "telecom"),
    ("co-gas", "燃气热力有限公司", "Gas and Heating Company", "heating_gas"),
    ("co-pipeline", "油气管道有限公司", "Oil and Gas Pipeline Company", "pipeline_company"),
    ("co-transit", "公共交通有限公司", "Public Transport Company", "public_transport"),
    ("co-post", "邮政报刊服务公司", "Post and Press Company", "press_post"),
)
# Units without a terminal: by when they are to have one, and who in the centre acts for them until then.
_WITHOUT_TERMINAL = {
    "city-weather": ("2026-12-31", "派遣员一组(代办窗口)"),
    "co-pipeline": ("2027-06-30", "派遣员二组(代办窗口)"),
}
_PARENTS = {"city-place-names": "city-civil-affairs", "city-property": "city-housing", "city-order": "city-enforcement"}
_SERVICES = (
    ("enforcement", "城市管理综合执法大队", "Enforcement Brigade", "district_enforcement"),
    ("sanitation", "环境卫生管理所", "Sanitation Station", "sanitation"),
    ("landscape", "园林绿化管理所", "Landscaping Station", "landscaping"),
    ("utilities", "市政设施养护所", "Municipal Maintenance Station", "municipal_utilities"),
)
_CREWS = (
    ("crew-road-1", "道路抢修一班", "Road repair crew 1", "city-utilities"),
    ("crew-road-2", "道路抢修二班", "Road repair crew 2", "city-utilities"),
    ("crew-lamp", "路灯维修班", "Street lamp crew", "city-utilities"),
    ("crew-water", "供水抢修队", "Water main crew", "co-water"),
    ("crew-drain", "排水疏通队", "Drain clearing crew", "co-drainage"),
    ("crew-power", "供电抢修队", "Power repair crew", "co-power"),
    ("crew-gas", "燃气抢修队", "Gas emergency crew", "co-gas"),
    ("crew-trees", "树木养护队", "Tree care crew", "city-landscape"),
)
_SHORT = {"449902": "香山区", "449903": "沙浦区", "449971": "高新区"}
_SHORT_EN = {"449902": "Xiangshan", "449903": "Shapu", "449971": "High-tech Zone"}


def units(districts: Sequence[Area], streets: Sequence[Area]) -> list[Unit]:
    """Every unit, parents before children."""
    return [*_city(), *(unit for area in districts for unit in _district(area)), *map(_street, streets), *_crews()]


def connections() -> list[list[str]]:
    """Rows of terminals.csv: unit, networks, connect_by, proxy."""
    return [[unit, "", day, proxy] for unit, (day, proxy) in _WITHOUT_TERMINAL.items()]


def _city() -> list[Unit]:
    centre = Unit(
        id="centre", name="滨河市城市管理监督指挥中心", name_en="Binhe Supervision and Command Centre", tier=1
    )
    collectors = [
        Unit(id=key, name=name, name_en=name_en, tier=2, parent="centre")
        for key, name, name_en in (
            ("collect-a", "众和信息采集服务有限公司", "Zhonghe Collection Company"),
            ("collect-b", "明察信息采集服务有限公司", "Mingcha Collection Company"),
        )
    ]
    bureaus = [_city_wide(*row, group="bureau") for row in _BUREAUS]
    return [centre, *collectors, *bureaus, *(_city_wide(*row, group="company") for row in _COMPANIES)]


def _city_wide(key: str, name: str, name_en: str, types: str, *, group: str) -> Unit:
    return Unit(
        id=key,
        name=f"滨河市{name}" if group == "bureau" else f"滨河{name}",
        name_en=f"Binhe {name_en}",
        tier=1,
        parent=_PARENTS.get(key, ""),
        types=types,
        group=group,
        terminal="no" if key in _WITHOUT_TERMINAL else "yes",
    )


def _district(area: Area) -> list[Unit]:
    key, place = DISTRICT_KEYS[area.code], f"district:{area.code}"
    platform = Unit(
        id=f"{key}-platform",
        name=f"{_SHORT[area.code]}城市管理指挥平台",
        name_en=f"{_SHORT_EN[area.code]} Command Platform",
        tier=2,
        area=place,
        group="district",
        platform="yes",
    )
    services = [
        Unit(
            id=f"{key}-{service}",
            name=f"{_SHORT[area.code]}{name}",
            name_en=f"{_SHORT_EN[area.code]} {name_en}",
            tier=2,
            parent=platform.id,
            types=types,
            area=place,
            group="section",
        )
        for service, name, name_en, types in _SERVICES
    ]
    return [platform, *services]


def _street(area: Area) -> Unit:
    return Unit(
        id=f"street-{area.code[3:]}",
        name=f"{area.name}办事处",
        name_en=f"{area.name_en.removesuffix(' Sub-district')} Street Office",
        tier=3,
        parent=f"{DISTRICT_KEYS[area.parent]}-platform",
        types="subdistrict_office",
        area=f"street:{area.code}",
        group="street",
    )


def _crews() -> list[Unit]:
    return [Unit(id=key, name=name, name_en=name_en, tier=3, parent=parent) for key, name, name_en, parent in _CREWS]
