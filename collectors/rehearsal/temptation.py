"""What cheats make of a day's finds and of a case's pictures. Each way leaves only the traces it would leave in a city:
a picture used before, a position that is not there, an instant too near the deadline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid5

from collectors.rehearsal import pictures
from collectors.rehearsal.cheats import Cheats
from collectors.rehearsal.finds import Find
from collectors.rehearsal.turn import Plan, Turn
from dispatch.config import settings
from dispatch.evidence.photos import decode, keep
from dispatch.lifecycle.states import Action
from gis.db import Tx

__all__ = ["tempted", "with_own_picture", "with_own_reply"]

PADDED = 2  # reports more, out of one matter
STEP = 0.00009  # degrees between them: about ten metres
HUSHED = 0.75  # of what is there in a grid that is kept quiet
STOCK = 5  # pictures that a cheat uses again and again
SMALL = (320, 240)
REPLIES = (Action.REPLY, Action.REPLY_FOR)


def tempted(cheats: Cheats | None, finds: Iterable[Find]) -> Iterator[Find]:
    """A day's finds as they come out: some kept quiet though walked past, some made into several."""
    for find in finds:
        if cheats is None or find.shift is None:
            yield find
        elif find.duty_grid in cheats.under_reporting and Random(f"hush:{find.report.id}").random() < HUSHED:
            yield replace(find, silent=True)
        else:
            away = find.login in cheats.invented_find and cheats.does(find.report.id, "invented")
            yield replace(find, away=away or cheats.slips(find.report.id, "no fix"))
            if find.login in cheats.volume_padding and cheats.does(find.report.id, "padded"):
                yield from (_once_more(find, number) for number in range(1, PADDED + 1))


def _once_more(find: Find, number: int) -> Find:
    """The same matter again, some metres and minutes on; no component is found twice."""
    later, report = timedelta(minutes=3 * number), find.report
    lon = round((report.lon or 0.0) + STEP * number, 7)
    again = replace(
        report,
        id=uuid5(report.id, f"padded {number}"),
        lon=lon,
        raw={**report.raw, "x": lon},
        component=None,
        captured_at=report.captured_at and report.captured_at + later,
    )
    return replace(find, report=again, at=find.at + later)


# -------------------------------------------------------------------------------------------------------- pictures


def with_own_picture(tx: Tx, cheats: Cheats | None, find: Find) -> Find:
    """A find on patrol with a picture of its own, where the plain rehearsal shares a dozen; a cheat's is from his
    stock."""
    report, taken = find.report, find.report.captured_at
    if cheats is None or find.shift is None or taken is None or find.by.person_id is None:
        return find
    invented = find.away and find.login in cheats.invented_find
    if cheats.sparing and not invented:
        return find
    stock = invented or cheats.slips(report.id, "old picture")
    scene = _of_stock(find.login, report.id) if stock else _scene(report.id)
    photo = _shot(tx, scene, taken, after=False, by=find.by.person_id)
    return replace(find, report=replace(report, photos=(photo,)))


def with_own_reply(tx: Tx, turn: Turn, plan: Plan) -> Plan:
    """A reply with a picture of its own: of the matter put right, or of the unit's stock, from before it was sent."""
    cheats, case, person = turn.scene.cheats, turn.case, plan.by.person_id
    if cheats is None or plan.action not in REPLIES or person is None or case.unit_id is None:
        return plan
    if cheats.sparing and not turn.stages:
        return plan
    stock = turn.stages or cheats.slips(case.report_id, case.version, "old picture")
    scene = _of_stock(case.unit_id, case.report_id) if stock else _scene(case.report_id)
    taken = case.reported_at - timedelta(days=9) if turn.stages else plan.at - timedelta(minutes=4)
    photo = _shot(tx, scene, taken, after=True, by=person)
    return replace(plan, form=replace(plan.form, photos=(photo,)))


def _scene(report: UUID) -> int:
    return report.int % 10**9


def _of_stock(whose: str, report: UUID) -> int:
    return Random(f"stock:{whose}:{report.int % STOCK}").randrange(10**9)


def _shot(tx: Tx, scene: int, taken: datetime, *, after: bool, by: int) -> str:
    """Taken, saved by some camera's ways, and kept: the same scene again is never the same bytes."""
    quality = 70 + int(taken.timestamp()) % 20
    raw = pictures.draw(scene, after=after, size=SMALL, quality=quality, taken_at=taken.astimezone(UTC))
    return keep(tx, raw, decode(raw), folder=settings().data / "photos", uploaded_by=by).sha256
