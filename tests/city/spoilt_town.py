"""The tiny town in a folder of its own, to be spoilt in one place."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

from gis.crs import to_map

TINY = Path(__file__).resolve().parents[1] / "towns" / "tiny"
CITIES = Path(__file__).resolve().parents[2] / "data" / "cities"


def copy_of_tiny(folder: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(TINY, folder / "tiny"))


def spoil(town: Path, file: str, old: str, new: str) -> None:
    """Replace the first `old` in a file; it must be there."""
    path = town / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def shift_town(town: Path, datum: str) -> None:
    """Rewrite every position of the folder in another datum."""
    spoil(town, "city.toml", 'datum = "wgs84"', f'datum = "{datum}"')
    for path in (*town.glob("areas/*.geojson"), town / "roads.geojson"):
        document = json.loads(path.read_text(encoding="utf-8"))
        for feature in document["features"]:
            feature["geometry"]["coordinates"] = _shifted(feature["geometry"]["coordinates"], datum)
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    with (town / "components.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (town / "components.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        for row in rows:
            lon, lat = to_map(float(row["lon"]), float(row["lat"]), datum)
            writer.writerow({**row, "lon": str(lon), "lat": str(lat)})


def _shifted(part: Any, datum: str) -> Any:
    if isinstance(part[0], float):
        return list(to_map(part[0], part[1], datum))
    return [_shifted(inner, datum) for inner in part]
