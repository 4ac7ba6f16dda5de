"""The whole week of the National Day in Binhe: every danger is answered by who is on duty; a hole is found beforehand,
by the drill of its night, and skipped at once when it matters."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from collectors.rehearsal.duty import watch_of
from collectors.simulate import Order, history
from dispatch.alarms.answer import acknowledge, calls_to
from dispatch.alarms.nightly import drill_of, look_ahead
from dispatch.alarms.ring import ring_due
from dispatch.alarms.who import lint
from dispatch.cases.act import Receipt
from dispatch.cases.overdue import sweep
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.verify import verify
from gis.db import read, write
from tests.cases.town import ZONE, Town, look, settled
from tests.city.spoilt_town import spoil
from tests.data.binhe_files import CITY, areas, table
from tests.data.test_binhe_roster import people_at
from tests.duty.town import at

NIGHT = "co-power,duty,国庆节,2026-10-01,2026-10-07,all,20:00-08:00,1,co-power-n1;co-power-n2;co-power-n3"
WHOLE = (
    NIGHT.replace("2026-10-07", "2026-10-02"),
    NIGHT.replace("2026-10-01", "2026-10-04"),
)
CALLS = """
    SELECT a.ladder, k.rung, k.unit_id AS unit, p.login FROM alarm_call k JOIN alarm a ON a.id = k.alarm_id
      LEFT JOIN person p ON p.id = k.person_id WHERE a.case_id = {} ORDER BY k.id
"""
ANSWERED = """
    SELECT k.unit_id AS unit, p.login, k.at, a.rungs -> k.rung ->> 'call' AS call
      FROM alarm_call k JOIN alarm a ON a.id = k.alarm_id JOIN person p ON p.id = k.person_id
      JOIN cases c ON c.id = a.case_id
     WHERE a.ladder IN ('hazard-reported', 'hazard', 'no-cordon') AND k.acknowledged_at IS NOT NULL
       AND c.hazard AND c.reported_at < '2026-10-07T15:30Z'
"""
NOBODY_ANSWERED = """
    WITH one AS (SELECT c.id, c.number FROM cases c JOIN alarm a ON a.case_id = c.id
                  WHERE c.hazard ORDER BY c.id LIMIT 1),
    silenced AS (UPDATE alarm_call SET acknowledged_at = NULL, acknowledged_by = NULL
                  WHERE alarm_id IN (SELECT a.id FROM alarm a JOIN one ON one.id = a.case_id))
    SELECT number FROM one
"""
CATEGORY = """
    SELECT c.code, f.no FROM category c JOIN filing_condition f ON f.edition_id = c.edition_id AND f.category = c.code
     WHERE c.hazard AND f.time_class LIKE 'urgent%' ORDER BY c.code, f.no
"""


@pytest.fixture
def city(fresh_database: Urls, tmp_path: Path) -> Iterator[Town]:
    """Binhe on the first of October, with the night of the third planted empty at the power company."""
    folder = Path(shutil.copytree(CITY, tmp_path / "binhe"))
    spoil(folder, "roster.csv", NIGHT, "\n".join(WHOLE))
    with settled(folder) as town:
        town.set(at("2026-09-26T02:00"))
        yield town


def danger(town: Town, rng: random.Random, kinds: list[dict[str, object]]) -> Receipt:
    """Reported by an inspector somewhere, passed on by the centre within minutes, to whom the rules say."""
    spot = rng.choice(sorted(areas("grid").items()))[1].representative_point()
    kind = rng.choice(kinds)
    case = town.report(str(kind["code"]), who="insp001", lon=spot.x, lat=spot.y, photos=(town.photo(),))
    ring_due()
    town.later(minutes=2)
    town.do(case, Action.ACCEPT, "acc1", category=kind["code"])
    town.do(case, Action.FILE, "lead1", condition=kind["no"])
    (row,) = look(f"SELECT route_unit FROM cases WHERE id = {case.case_id}")
    unit = str(row["route_unit"] or "co-power")
    return town.do(case, Action.DISPATCH, "disp1", unit=unit, reason=None if row["route_unit"] else "owner_known")


def test_every_danger_of_the_week_is_answered_by_who_is_on_duty_and_the_planted_hole_is_found(city: Town) -> None:
    with read() as tx:
        found = lint(tx, at("2026-10-01T00:00"), at("2026-10-08T00:00"), ())
    assert [(one.kind.value, one.unit, one.since, one.until) for one in found] == [
        ("hole", "co-power", at("2026-10-03T20:00"), at("2026-10-04T08:00"))
    ]
    city.set(at("2026-09-26T02:00"))  # seven days and eighteen hours before
    assert look_ahead()
    told = {row["login"] for row in look("SELECT login FROM outbox JOIN person p ON p.id = person_id")}
    assert {"co-power-h1", "co-power-h2", "leader1"} <= told

    rows = table(CITY / "roster.csv")
    rng, kinds = random.Random(20261001), look(CATEGORY)
    moment, answered = at("2026-10-01T00:30"), 0
    while moment < at("2026-10-08T00:00"):
        city.set(moment)
        case = danger(city, rng, kinds)
        ring_due()
        now = city.now.astimezone(ZONE).replace(tzinfo=None)
        calls = [row for row in look(CALLS.format(case.case_id)) if row["ladder"] == "hazard"]
        unit = str(calls[0]["unit"])
        on_duty = people_at([r for r in rows if (r["unit"], r["post"]) == (unit, "duty")], now)
        hole = unit == "co-power" and at("2026-10-03T20:00") <= city.now < at("2026-10-04T08:00")
        assert calls[0]["login"] == (None if hole else on_duty[0])
        who = str(calls[-1]["login"])
        assert len(calls) == (2 if hole else 1), "an empty rung is skipped at once, another waits"
        city.later(minutes=1)
        me = city.people[who].person_id or 0
        with write() as tx:
            assert acknowledge(tx, id=calls_to(tx, me)[0].id, me=me)
        city.do(case, Action.CORDON, who, photos=(city.photo(3),))
        answered += 1
        city.later(minutes=20)
        sweep()
        ring_due()
        if (night := moment.replace(hour=2, minute=0)) == at("2026-10-04T02:00") and moment.hour < 6:
            city.set(max(city.now, night))
            look_ahead()
        moment += timedelta(hours=6)
    assert answered == 28
    assert look(
        "SELECT count(*) AS n FROM step WHERE action = 'cordon' AND data -> 'ontime' ->> 'cordon' = 'true'"
    ) == [{"n": 28}]
    with read() as tx:
        paged = {one.unit: one.outcome for one in drill_of(tx, at("2026-10-04T02:00").date())}
    assert paged["co-power"] == "nobody"
    assert {outcome for unit, outcome in paged.items() if unit != "co-power"} == {"no_channel"}
    assert [breach.words for one in verify() for breach in one.first] == []


def test_the_simulated_week_says_who_on_duty_answered_and_what_was_foreseen(city: Town, fresh_database: Urls) -> None:
    """`wangge simulate --duty`: people who report, act and are rung, by a seed."""
    until = at("2026-10-08T00:00")
    watch = history(Order(days=7, per_day=60, seed=3, until=until, jobs=1, duty=True), fresh_database.app).watch
    assert watch is not None
    assert watch.dangers > 10
    assert watch.missed == []
    assert watch.in_vain, "somebody heard nothing, and the next rung rang"
    assert watch.holes == ["hole co-power duty 2026-10-03T20:00 2026-10-04T08:00"]
    assert watch.drills == ["2026-10-04 co-power duty"]
    rows = table(CITY / "roster.csv")
    answers = look(ANSWERED)
    assert len(answers) == sum(watch.answered.values())
    for answer in answers:
        local = answer["at"].astimezone(ZONE).replace(tzinfo=None)
        post = "leader" if answer["call"] == "leader" else "head" if answer["call"] == "head" else "duty"
        assert answer["login"] in people_at(
            [r for r in rows if (r["unit"], r["post"]) == (answer["unit"], post)], local
        )
    with psycopg.connect(fresh_database.owner) as owner:  # as if nobody had answered for one of them
        (case,) = owner.execute(NOBODY_ANSWERED).fetchone() or ("",)
    with read() as tx:
        assert watch_of(tx, until - timedelta(days=7), until).missed == [case]
    assert [breach.words for one in verify() for breach in one.first] == []
