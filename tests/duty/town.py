"""The tiny town with a duty roster: water has day, night and a plan for two days of October; the centre is a unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.cases.town import Town, settled
from tests.city.spoilt_town import copy_of_tiny, spoil

ZONE = ZoneInfo("Asia/Shanghai")
HEAD = "unit,post,plan,from,until,days,hours,turn,people\n"
# 2026-10-03 is a Saturday. wa, wb and wc take turns from the first of January, a Thursday.
LINES = (
    "water,duty,,2026-01-01,,work,08:00-18:00,,water",
    "water,duty,,2026-01-01,,off,08:00-18:00,,wb;wc;wa",
    "water,duty,,2026-01-01,,all,18:00-08:00,,wa;wb;wc",
    "water,head,,2026-01-01,,all,08:00-08:00,7,wh1;wh2",
    "water,duty,国庆节,2026-10-01,2026-10-02,all,08:00-20:00,,wa",
    "water,duty,国庆节,2026-10-01,2026-10-02,all,20:00-08:00,,wb",
    "hall,duty,,2026-01-01,,all,00:00-00:00,,dispatcher",
    "hall,head,,2026-01-01,,all,00:00-00:00,,shift_leader",
    "hall,leader,,2026-01-01,,all,00:00-00:00,,leader",
)
# What the first district's enforcement needs to be rung: one person who is always there, one head.
ENFORCEMENT = (
    "enforcement-a,duty,,2026-01-01,,all,00:00-00:00,,enforcement-a",
    "enforcement-a,head,,2026-01-01,,all,00:00-00:00,,district-a",
)
LADDERS = """
[[ladder]]
key = "unsigned"
clock = "sign"
event = "start"
rungs = [{ wait = 15, call = "duty" }, { wait = 15, call = "head" }, { wait = 15, call = "centre" }]

[[ladder]]
key = "warning"
clock = ["dispose", "assist"]
event = "warn"
rungs = [{ wait = 0, call = "holder" }, { wait = 30, call = "duty" }]

[[ladder]]
key = "late"
clock = ["dispose", "assist"]
event = "lapse"
rungs = [{ wait = 0, call = "duty" }, { wait = 15, call = "head" }, { at = 1.5, call = "centre" }]
then = "leaders"

[[ladder]]
key = "unanswered-order"
clock = "supervise"
event = "lapse"
rungs = [{ wait = 0, call = "head" }, { wait = 30, call = "centre" }]
then = "leaders"

[[ladder]]
key = "leaders"
rungs = [{ wait = 10, call = "leader" }, { at = 2, call = "leader" }]
"""
PEOPLE = "".join(f"{login},{login},water,department\n" for login in ("wa", "wb", "wc", "wh1", "wh2"))


def at(text: str) -> datetime:
    """Wall time of the town."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def rostered(folder: Path, lines: Sequence[str] = LINES, ladders: str = "") -> Path:
    """The town's folder with these lines in its roster, and these ladders."""
    town = copy_of_tiny(folder)
    with (town / "units.csv").open("a", encoding="utf-8") as file:
        file.write("hall,城管中心,Centre,1,,,,,yes,no\n")
    with (town / "people.csv").open("a", encoding="utf-8") as file:
        file.write(PEOPLE)
    for login in ("dispatcher", "shift_leader", "leader"):
        row = next(
            row for row in (town / "people.csv").read_text(encoding="utf-8").splitlines() if row.startswith(f"{login},")
        )
        spoil(town, "people.csv", row, row.replace(",,", ",hall,"))
    if ladders:
        (town / "ladders.toml").write_text(ladders, encoding="utf-8")
    (town / "roster.csv").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return town


@contextmanager
def on_duty(folder: Path, now: str, lines: Sequence[str] = LINES, ladders: str = "") -> Iterator[Town]:
    """The town loaded, its clock standing at wall time `now`."""
    with settled(rostered(folder, lines, ladders)) as town:
        town.set(at(now))
        yield town
