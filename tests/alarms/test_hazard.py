"""A dangerous case rings whoever is on duty at once, wants a cordon by its own clock, and stands on top until then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from dispatch.alarms.ring import ring_due
from dispatch.analysis.questions import cases_behind, counted, stages
from dispatch.cases.act import Receipt
from dispatch.cases.overdue import sweep
from dispatch.cases.read import unsafe
from dispatch.cluster import Urls
from dispatch.evaluation.period import period_of
from dispatch.lifecycle.states import Action
from dispatch.verify import verify
from gis.db import read
from gis.problems import FormIncomplete, NotAllowed
from tests.cases.town import ZONE, Town, look, settled
from tests.duty.town import ENFORCEMENT, LADDERS, LINES, at, rostered

HAZARD = """
[[ladder]]
key = "reported"
clock = "accept"
event = "start"
hazard = true
rungs = [{ wait = 0, call = "duty" }, { wait = 0, call = "centre" }]

[[ladder]]
key = "cordon"
clock = "cordon"
event = "start"
hazard = true
rungs = [{ wait = 0, call = "duty" }, { wait = 5, call = "head" }]

[[ladder]]
key = "no-cordon"
clock = "cordon"
event = "lapse"
rungs = [{ wait = 0, call = "leader" }]
"""
STAGE = '\n[[stages]]\nstage = "cordon"\nlimit = 30\ntime_class = "urgent_minute"\nurgent = true\n'
RANG = """
    SELECT a.ladder, p.login, to_char(k.at AT TIME ZONE 'Asia/Shanghai', 'HH24:MI') AS at
      FROM alarm_call k JOIN alarm a ON a.id = k.alarm_id LEFT JOIN person p ON p.id = k.person_id
     WHERE a.ladder IN ('reported', 'cordon', 'no-cordon') ORDER BY k.at, k.id
"""


@pytest.fixture
def town(fresh_database: Urls, tmp_path: Path) -> Iterator[Town]:
    """Three in the morning of a Sunday; water's person on duty at night is wa: 157 days on, 157 % 3 = 1."""
    folder = rostered(tmp_path, (*LINES, *ENFORCEMENT), LADDERS + HAZARD)
    path = folder / "city.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("\n[reach]", f"{STAGE}\n[reach]", 1), encoding="utf-8")
    with settled(folder) as town:
        town.set(at("2026-06-07T23:00"))
        yield town


def rang() -> list[tuple[str, str | None, str]]:
    return [(row["ladder"], row["login"], row["at"]) for row in look(RANG)]


def run(town: Town, minutes: int) -> None:
    for _ in range(minutes):
        town.later(minutes=1)
        sweep()
        ring_due()


def hazard(town: Town) -> Receipt:
    """A dangerous category with a condition that counts day and night."""
    (row,) = look(
        """SELECT c.code, f.no FROM category c JOIN filing_condition f ON f.edition_id = c.edition_id
              AND f.category = c.code WHERE c.hazard AND f.time_class LIKE 'urgent%%' ORDER BY c.code, f.no LIMIT 1"""
    )
    case = town.report(str(row["code"]), photos=(town.photo(),))
    ring_due()
    town.later(minutes=1)
    town.do(case, Action.ACCEPT, "acceptor", category=row["code"])
    return town.do(case, Action.FILE, "shift_leader", condition=row["no"])


def lane() -> list[str]:
    with read() as tx:
        rows = unsafe(tx)
    assert all(row.unsafe for row in rows)
    return [row.number for row in rows]


def broken() -> list[str]:
    return [breach.words for one in verify() for breach in one.first]


def sent(town: Town, unit: str) -> Receipt:
    case = hazard(town)
    (row,) = look(f"SELECT route_unit FROM cases WHERE id = {case.case_id}")
    return town.do(
        case, Action.DISPATCH, "dispatcher", unit=unit, reason=None if row["route_unit"] == unit else "local"
    )


def test_the_person_on_duty_and_the_centre_are_rung_at_the_report_and_again_at_dispatch(town: Town) -> None:
    case = sent(town, "water")
    ring_due()
    first = [row for row in rang() if row[0] == "reported"]
    assert [row[2] for row in first] == ["23:00", "23:00"]
    assert first[1][1] == "dispatcher"
    assert ("cordon", "wb", "23:01") in rang()
    town.do(case, Action.SIGN, "water")
    run(town, 6)
    assert rang()[-1][0] == "cordon"
    assert rang()[-1][2] == "23:06"


def test_a_cordon_in_time_silences_and_takes_the_case_off_the_top(town: Town) -> None:
    case = sent(town, "enforcement-a")
    assert lane() == [case.number]
    run(town, 3)
    with pytest.raises(FormIncomplete):
        town.do(case, Action.CORDON, "enforcement-a")
    town.do(case, Action.CORDON, "enforcement-a", photos=(town.photo(5),))
    assert lane() == []
    with pytest.raises(NotAllowed, match="No cordon"):
        town.do(case, Action.CORDON, "enforcement-a", photos=(town.photo(5),))
    run(town, 40)
    assert [row for row in rang() if row[0] == "cordon"] == [("cordon", "enforcement-a", "23:02")]
    assert look("SELECT data -> 'ontime' ->> 'cordon' AS met FROM step WHERE action = 'cordon'") == [{"met": "true"}]
    assert look(f"SELECT kind FROM case_photo WHERE case_id = {case.case_id} ORDER BY seq") == [
        {"kind": "before"},
        {"kind": "cordon"},
    ]
    assert broken() == []


def test_without_a_cordon_the_clock_lapses_and_rings_the_leader_while_the_case_stays_on_top(town: Town) -> None:
    case = sent(town, "enforcement-a")
    run(town, 31)
    assert rang()[-1] == ("no-cordon", "leader", "23:31")
    assert lane() == [case.number]
    town.do(case, Action.SIGN, "enforcement-a")
    town.do(case, Action.REPLY, "enforcement-a", photos=(town.photo(6),))
    assert lane() == []
    assert broken() == []


@pytest.mark.parametrize("ask", [Action.ASK_DELAY, Action.ASK_SUSPEND])
def test_more_time_for_the_work_is_none_for_the_cordon(town: Town, ask: Action) -> None:
    case = sent(town, "enforcement-a")
    town.do(case, Action.SIGN, "enforcement-a")
    rests = ask is Action.ASK_SUSPEND
    more = {"until": town.now + timedelta(days=9)} if rests else {}
    town.do(case, ask, "enforcement-a", reason="other", note="等待电力公司", **more)
    town.do(case, Action.APPROVE_SUSPEND if rests else Action.APPROVE_DELAY, "shift_leader")
    assert lane() == [case.number]
    run(town, 31)
    assert rang()[-1] == ("no-cordon", "leader", "23:31")
    assert lane() == [case.number]
    town.do(case, Action.CORDON, "enforcement-a", photos=(town.photo(5),))
    assert lane() == []
    assert broken() == []


def test_dangers_are_counted_apart_by_how_soon_they_were_made_safe_and_which_were_too_late(town: Town) -> None:
    """One after ten minutes, one by its reply after forty, one not yet; an ordinary case is none of them."""
    soon, late, never = (sent(town, "enforcement-a") for _ in range(3))
    ordinary = town.handling()
    began = {case.case_id: look(f"SELECT dispatched_at FROM cases WHERE id = {case.case_id}") for case in (soon, late)}
    town.set(began[soon.case_id][0]["dispatched_at"] + timedelta(minutes=10))
    town.do(soon, Action.CORDON, "enforcement-a", photos=(town.photo(5),))
    town.set(began[late.case_id][0]["dispatched_at"] + timedelta(minutes=40))
    town.do(late, Action.SIGN, "enforcement-a")
    town.do(late, Action.REPLY, "enforcement-a", photos=(town.photo(6),))
    town.do(ordinary, Action.REPLY, "enforcement-a", photos=(town.photo(6),))
    town.later(hours=1)
    town.sweep()
    june = period_of("2026-06", ZONE)
    with read() as tx:
        took, past = stages(tx, june)["cordon"], counted(tx, "stage", june, ZONE)["cordon"]
        behind = cases_behind(tx, "stage", june, ZONE, key="cordon")
    assert (took.cases, took.median, took.p80) == (2, 10, 40)
    assert (past, behind) == (2, [late.case_id, never.case_id])


def test_a_return_takes_the_clock_and_leaves_the_case_on_top(town: Town) -> None:
    case = sent(town, "enforcement-a")
    town.do(case, Action.ASK_RETURN, "enforcement-a", reason="not_ours")
    town.do(case, Action.APPROVE_RETURN, "dispatcher")
    assert lane() == [case.number]
    (row,) = look(f"SELECT clocks ? 'cordon' AS runs FROM cases WHERE id = {case.case_id}")
    assert not row["runs"]
    assert broken() == []


def test_an_ordinary_case_has_no_such_clock_and_no_such_action(town: Town) -> None:
    case = town.dispatched()
    (row,) = look(f"SELECT clocks ? 'cordon' AS runs FROM cases WHERE id = {case.case_id}")
    assert not row["runs"]
    assert lane() == []
    with pytest.raises(NotAllowed):
        town.do(case, Action.CORDON, "enforcement-a", photos=(town.photo(5),))


def test_the_lane_is_found_by_its_index(town: Town) -> None:
    sent(town, "enforcement-a")
    plan = look(
        """EXPLAIN SELECT id FROM cases c WHERE c.hazard AND (c.unit_id IS NULL OR c.clocks ? 'cordon')
            AND c.state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')
            ORDER BY c.reported_at, c.id LIMIT 50"""
    )
    assert any("cases_unsafe" in str(row) for row in plan)


def test_the_dangers_of_a_period_are_found_by_an_index_of_theirs(town: Town) -> None:
    """They are few: whoever asks how soon they were made safe does not read every case of a year."""
    sent(town, "enforcement-a")
    for _ in range(3):
        town.handling()
    plan = look(
        """EXPLAIN SELECT id FROM cases c
            WHERE c.hazard AND c.reported_at >= '2026-01-01' AND c.reported_at < '2027-01-01' ORDER BY c.reported_at"""
    )
    assert any("cases_hazard" in str(row) for row in plan)


# ---------------------------------------------------------------------------- danger that is seen after the report


def dangerous(urgent: bool = True) -> tuple[str, int]:
    """A dangerous category, with a condition that counts day and night, or that does not."""
    found = look(
        f"""SELECT c.code, f.no FROM category c JOIN filing_condition f ON f.edition_id = c.edition_id
               AND f.category = c.code
             WHERE c.hazard AND f.time_class {"" if urgent else "NOT"} LIKE 'urgent%%' ORDER BY c.code, f.no LIMIT 1"""
    )
    return str(found[0]["code"]), int(found[0]["no"])


def began() -> list[tuple[str, str, str]]:
    """Ladders for danger alone, as they began: ladder, clock, event."""
    sql = "SELECT ladder, clock, event FROM alarm WHERE ladder IN ('reported', 'cordon') ORDER BY id"
    return [(row["ladder"], row["clock"], row["event"]) for row in look(sql)]


def test_a_report_accepted_as_dangerous_rings_at_once_the_unit_it_will_go_to_and_the_centre(town: Town) -> None:
    code, no = dangerous()
    case = town.told()
    assert began() == []
    town.later(minutes=1)
    town.do(case, Action.ACCEPT, "acceptor", category=code)
    assert began() == [("reported", "file", "danger")]
    ring_due()
    (row,) = look(f"SELECT route_unit FROM cases WHERE id = {case.case_id}")
    on_duty = {"water": "wb", "enforcement-a": "enforcement-a"}.get(str(row["route_unit"]))
    assert rang() == [("reported", on_duty, "23:01"), ("reported", "dispatcher", "23:01")]
    town.later(minutes=1)
    town.do(case, Action.FILE, "shift_leader", condition=no)
    run(town, 20)
    assert [row[2] for row in rang()] == ["23:01", "23:01"], "once only"
    assert broken() == []


def test_a_danger_found_on_filing_after_it_was_taken_for_none_has_rung_already_and_does_not_again(town: Town) -> None:
    code, no = dangerous()
    case = town.report(code)
    ring_due()
    assert len(rang()) == 2
    town.do(case, Action.ACCEPT, "acceptor", category="E0405")
    town.do(case, Action.AMEND, "shift_leader", category=code, reason="wrong_class")
    town.do(case, Action.FILE, "shift_leader", condition=no)
    run(town, 10)
    assert began() == [("reported", "accept", "start")]
    assert len(rang()) == 2


@pytest.mark.parametrize(
    ("stands", "clock"), [("reported", "accept"), ("accepted", "file"), ("filed", "dispatch"), ("verifying", "verify")]
)
def test_an_amendment_to_a_danger_rings_whoever_is_on_duty_on_the_clock_that_runs(
    town: Town, stands: str, clock: str
) -> None:
    code, no = dangerous()
    case = town.told() if stands != "filed" else town.filed()
    if stands == "accepted":
        town.do(case, Action.ACCEPT, "acceptor", category="E0405")
    if stands == "verifying":
        town.do(case, Action.SEND_VERIFY, "acceptor", inspector=town.people["inspector1"].person_id)
    who = "dispatcher" if stands == "filed" else "acceptor"
    town.do(case, Action.AMEND, who, category=code, condition=no if stands == "filed" else None, reason="wrong_class")
    assert began() == [("reported", clock, "danger")]
    ring_due()
    assert rang()[-1] == ("reported", "dispatcher", "23:00")
    (call,) = look("SELECT unit_id FROM alarm_call WHERE rung = 0")
    (row,) = look(f"SELECT route_unit FROM cases WHERE id = {case.case_id}")
    assert call["unit_id"] == (row["route_unit"] or "hall"), "not the inspector's unit"
    assert lane() == [case.number]
    assert broken() == []


@pytest.mark.parametrize("asked", [False, True])
def test_an_amendment_while_the_unit_has_it_rings_the_unit_once_by_the_ladder_of_the_cordon(
    town: Town, asked: bool
) -> None:
    code, no = dangerous()
    (row,) = look(f"SELECT route_unit FROM cases WHERE id = {town.filed(code, no).case_id}")
    unit = str(row["route_unit"] or "enforcement-a")
    case = town.handling(unit)
    if asked:
        town.do(case, Action.ASK_DELAY, unit, reason="weather")
    town.do(case, Action.AMEND, "dispatcher", category=code, condition=no, reason="wrong_class")
    mine = f"SELECT ladder, clock, event FROM alarm WHERE case_id = {case.case_id} AND ladder IN ('reported', 'cordon')"
    assert look(mine) == [{"ladder": "cordon", "clock": "cordon", "event": "start"}]
    assert case.number in lane()


def test_verify_names_a_dangerous_case_that_never_rang(town: Town, fresh_database: Urls) -> None:
    code, _ = dangerous()
    case = town.told()
    with psycopg.connect(fresh_database.super) as owner:
        owner.execute("UPDATE edition SET published_at = '2026-01-01' WHERE kind = 'ladders'")
        owner.commit()
        town.do(case, Action.ACCEPT, "acceptor", category=code)
        assert broken() == []
        owner.execute("DELETE FROM alarm")
    assert broken() == ["it is dangerous, and no ladder for danger ever began"]
