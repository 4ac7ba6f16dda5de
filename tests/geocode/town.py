"""The tiny town with doors on its alley and two places."""

from __future__ import annotations

from pathlib import Path

from tests.city.spoilt_town import copy_of_tiny

PLACES = """code,kind,name,name_en,road,number,lon,lat
D1,door,,,河东巷,3,114.00052,22.5009
D2,door,,,河东巷,5,114.00052,22.5012
D3,door,,,河东巷,4,114.00045,22.5010
D4,door,,,河东巷,8,114.00045,22.5016
P1,school,第一小学,First School,,,114.0015,22.5012
P2,market,农贸市场,Market,,,114.0035,22.5012
"""


def with_places(folder: Path) -> Path:
    """A copy of the tiny town that has them."""
    town = copy_of_tiny(folder)
    (town / "places.csv").write_text(PLACES, encoding="utf-8")
    return town
