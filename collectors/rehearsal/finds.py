"""A day's reports: inspectors who walk their duty grids in shifts, and the public's calls.

Drawn from seed and day only, so that a day is the same whether it is lived through, grown afterwards or lived live.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import hypot
from random import Random
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from collectors.rehearsal.scene import Beat, Scene, Spot, Staff
from dispatch.cases.actor import CITIZEN, Actor
from dispatch.cases.intake import Report
from dispatch.people.roles import Role
from dispatch.standard.catalogue import Category
from gis.crs import metres_per_degree

CALLS = 0.2  # of all reports come from the public
SOURCES = (("hotline", 40), ("12345", 30), ("web", 24), ("media", 3), ("leader", 3))
AGAIN = 0.08  # of the public's reports are made once more by somebody else
SHIFTS = ((time(7), time(14)), (time(14), time(21)))
PACE_M_S = 1.2
LOOK = timedelta(minutes=4)  # to take a picture and write the report
HANDLED = 0.2  # of what inspectors find in events is put right on the spot
HOURS = tuple(range(6, 23))
CALL_WEIGHTS = (2, 4, 8, 9, 9, 8, 6, 6, 7, 8, 8, 7, 6, 6, 5, 4, 2)
WEEKEND, HOLIDAY = 0.8, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """A report about to be made: when, by whom. `number`: its place in the day; `leader`: the report it repeats;
    `shift`: beginning and end of the inspector's, on foot in `duty_grid`; `login`: his.

    `silent`: seen and not reported; `away`: the phone says that he stood elsewhere."""

    at: datetime
    report: Report
    by: Actor
    number: int
    leader: UUID | None = None
    shift: tuple[datetime, datetime] | None = None
    duty_grid: str | None = None
    login: str = ""
    silent: bool = False
    away: bool = False


def again(leader: UUID) -> UUID:
    """The id of the report that repeats another."""
    return uuid5(leader, "again")


def finds_of(scene: Scene, day: date, per_day: int, photos: tuple[str, ...]) -> list[Find]:
    """All reports of one local day, in order of time. `per_day`: their mean number over a year's working days."""
    rng = scene.rng(day, "finds")
    total = max(0, round(per_day * _liveliness(scene, day) * rng.gauss(1.0, 0.06)))
    calls = sum(rng.random() < CALLS for _ in range(total))
    patrols = _patrols(scene, day, total - calls)
    finds = [_walked(scene, day, number, photos, stop) for number, stop in enumerate(patrols)]
    for number in range(len(finds), len(finds) + calls):
        finds += _called(scene, day, number, photos)
    return sorted(finds, key=lambda find: (find.at, find.report.id))


def _liveliness(scene: Scene, day: date) -> float:
    calendar = scene.books.calendar
    if calendar.is_working(day):
        return 1.0
    return HOLIDAY if calendar.is_exception(day) else WEEKEND


# ------------------------------------------------------------------------------------------------------- on patrol


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Where an inspector stops: when, in which shift."""

    at: datetime
    beat: Beat
    staff: Staff
    spot: Spot
    shift: tuple[datetime, datetime]


def _patrols(scene: Scene, day: date, wanted: int) -> Iterator[Stop]:
    """Where inspectors stop, at which instant: in each shift one walks each duty grid, at a walker's pace."""
    rng = scene.rng(day, "patrols")
    walked = [beat for beat in scene.beats if beat.inspectors] or list(scene.beats)
    stops: dict[tuple[int, int], int] = defaultdict(int)
    for _ in range(wanted):
        stops[rng.randrange(len(walked)), rng.random() < 0.42] += 1
    for (place, shift), count in sorted(stops.items()):
        beat = walked[place]
        staff = beat.inspectors or scene.posts[Role.INSPECTOR]
        person = staff[(day.toordinal() + shift) % len(staff)]
        begin, end = (datetime.combine(day, clock, scene.books.zone) for clock in SHIFTS[shift])
        for at, spot in _walk(beat, (begin, end), count, rng):
            yield Stop(at=at, beat=beat, staff=person, spot=spot, shift=(begin, end))


def _walk(beat: Beat, shift: tuple[datetime, datetime], count: int, rng: Random) -> Iterator[tuple[datetime, Spot]]:
    begin, end = shift
    length = (end - begin).total_seconds()
    here, free = rng.choice(beat.spots), begin
    for at in sorted(begin + timedelta(seconds=rng.random() * length) for _ in range(count)):
        spot = min((rng.choice(beat.spots) for _ in range(3)), key=lambda there: _metres(here, there))
        at = max(at, free + timedelta(seconds=_metres(here, spot) / PACE_M_S))
        yield at.replace(microsecond=0), spot
        here, free = spot, at + LOOK


def _metres(here: Spot, there: Spot) -> float:
    kx, ky = metres_per_degree(here.lat)
    return hypot((there.lon - here.lon) * kx, (there.lat - here.lat) * ky)


def _walked(scene: Scene, day: date, number: int, photos: tuple[str, ...], stop: Stop) -> Find:
    rng, at = scene.rng(day, number), stop.at
    category, spot = _seen(scene, stop.beat, stop.spot, rng)
    thing = category.kind == "component"
    report = Report(
        id=_id(scene, day, number),
        source="inspector",
        category=category.code,
        accuracy_m=round(rng.uniform(0.5, 4.0) if rng.random() < 0.85 else rng.uniform(4.0, 15.0), 1),
        component=spot.code if thing and spot.code else None,
        photos=_one_of(photos, rng),
        handled=not thing and not category.hazard and rng.random() < HANDLED,
        captured_at=at - timedelta(seconds=rng.randrange(5, 90)),
        **_position(scene, spot, rng, spread=1.5 if thing else 4.0),
    )
    beat = stop.beat.code or None
    return Find(
        at=at,
        report=report,
        by=stop.staff.actor,
        number=number,
        shift=stop.shift,
        duty_grid=beat,
        login=stop.staff.login,
    )


def _seen(scene: Scene, beat: Beat, spot: Spot, rng: Random) -> tuple[Category, Spot]:
    """What is found: of components one that stands in this duty grid, else an event where the inspector stands."""
    category = scene.finds.draw(rng)
    if category.kind != "component":
        return category, spot
    things = beat.by_category.get(category.code) or beat.by_class.get(category.class_code)
    if not things:
        return scene.calls.draw(rng), spot
    thing = rng.choice(things)
    return scene.books.catalogue.categories[thing.category], thing


# --------------------------------------------------------------------------------------------------- by the public


def _called(scene: Scene, day: date, number: int, photos: tuple[str, ...]) -> list[Find]:
    """A call, and the second one about the same thing where there is one."""
    rng = scene.rng(day, number)
    hour = rng.choices(HOURS, CALL_WEIGHTS)[0]
    at = datetime.combine(day, time(hour, rng.randrange(60), rng.randrange(60)), scene.books.zone)
    source = rng.choices([name for name, _ in SOURCES], [weight for _, weight in SOURCES])[0]
    id, spot = _id(scene, day, number), rng.choice(rng.choice(scene.beats).spots)
    category = scene.called(id)
    by = CITIZEN if source == "web" else scene.on_duty(Role.ACCEPTOR, at, rng)
    report = Report(
        id=id,
        source=source,
        public=True,
        category=category.code if rng.random() < 0.6 else None,
        accuracy_m=round(rng.uniform(3.0, 25.0), 1) if source == "web" else None,
        hand_placed=source != "web",
        photos=_one_of(photos, rng) if source == "web" and rng.random() < 0.7 else (),
        description=f"{category.name}，请尽快处理。",
        contact_phone=f"000{rng.randrange(10**8):08d}" if rng.random() < 0.7 else None,
        tell_in="zh",
        hand_back_at=at + timedelta(days=5) if source == "12345" else None,
        **_position(scene, spot, rng, spread=6.0),
    )
    first = Find(at=at, report=report, by=by, number=number)
    return [first, _repeated(first, scene, rng)] if rng.random() < AGAIN else [first]


def _repeated(first: Find, scene: Scene, rng: Random) -> Find:
    spot = Spot(lon=first.report.lon or 0.0, lat=first.report.lat or 0.0)
    report = replace(
        first.report,
        id=again(first.report.id),
        source="web",
        photos=(),
        accuracy_m=20.0,
        hand_placed=False,
        hand_back_at=None,
        **_position(scene, spot, rng, spread=8.0),
    )
    at = first.at + timedelta(minutes=rng.randrange(4, 50))
    return Find(at=at, report=report, by=CITIZEN, number=first.number, leader=first.report.id)


def _id(scene: Scene, day: date, number: int) -> UUID:
    return uuid5(NAMESPACE_OID, f"rehearsal:{scene.seed}:{day}:{number}")


def _one_of(photos: tuple[str, ...], rng: Random) -> tuple[str, ...]:
    return (rng.choice(photos),) if photos else ()


def _position(scene: Scene, spot: Spot, rng: Random, *, spread: float) -> dict[str, Any]:
    """A fix near the spot; `spread`: standard deviation in metres."""
    kx, ky = metres_per_degree(spot.lat)
    lon = round(spot.lon + max(-2.0, min(2.0, rng.gauss(0, 1))) * spread / kx, 7)
    lat = round(spot.lat + max(-2.0, min(2.0, rng.gauss(0, 1))) * spread / ky, 7)
    return {"lon": lon, "lat": lat, "raw": {"crs": "wgs84", "x": lon, "y": lat, "rehearsal": scene.seed}}
