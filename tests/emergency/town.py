"""The tiny town with a roster, two emergency teams and parts for water's manhole covers."""

from __future__ import annotations

from pathlib import Path

from dispatch.cases.act import Receipt
from tests.cases.town import Town
from tests.duty.town import LINES, rostered

COVER = "C0101"
TEAMS = """id,unit,name,name_en,members,phone,skills,skills_en,classes,lon,lat,days,hours,vehicles,vehicles_en
near,water,抢修一队,Team 1,6,10000000001,抽水,pumping,component:01,114.0005,22.5020,all,22:00-06:00,,
far,water,抢修二队,Team 2,8,10000000002,,,component:01;event:04,114.0005,22.5210,work,08:00-18:00,泵车,2 pump trucks
"""
SPARES = """id,category,unit,name,name_en,depot,depot_en,stock,low
cover,C0101,water,井盖,Cover,水库,Water depot,5,4
ring,C0101,water,井圈,Ring,水库,Water depot,9,1
tree,C0402,landscaping,树撑,Tree stake,园林库,Park depot,7,2
"""


def stocked(folder: Path) -> Path:
    """The town's folder with both files."""
    town = rostered(folder, LINES)
    (town / "teams.csv").write_text(TEAMS, encoding="utf-8")
    (town / "spares.csv").write_text(SPARES, encoding="utf-8")
    return town


def handling(town: Town) -> Receipt:
    """A broken cover that water works on."""
    return town.handling("water", category=COVER, condition=1)
