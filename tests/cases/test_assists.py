"""Lead and assisting units 主协办: each that assists has a part, a clock of its own, and sees no more than it needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from dispatch.cases.act import Receipt
from dispatch.cases.read import Filters, search
from dispatch.cluster import Urls
from dispatch.evaluation.assists import assisted
from dispatch.evaluation.measures import measure
from dispatch.evaluation.period import period_of
from dispatch.lifecycle.states import Action, State
from dispatch.verify import verify
from gis.db import dicts, read, value
from gis.problems import FormIncomplete, NotAllowed, NotFound
from tests.cases.town import ZONE, Town, look, settled

A = Action
BY_THE_AVENUE = {"lon": 114.0015, "lat": 22.5001}
MORE = {
    "assist": ["unit:landscaping", "unit:water"],
    "limit": {"value": 3, "time_class": "urgent_hour"},
    "assist_limit": {"value": 1, "time_class": "urgent_hour"},
}


@pytest.fixture(scope="module")
def town(database: Urls) -> Iterator[Town]:
    """The town, where two units assist on main roads: three hours for the lead, one for them."""
    with settled() as town:
        with psycopg.connect(database.owner) as owner:
            owner.execute(
                """UPDATE edition SET content = jsonb_set(content, '{rule,0}', content #> '{rule,0}' || %s::jsonb)
                    WHERE kind = 'rules'""",
                (json.dumps(MORE),),
            )
            owner.execute("UPDATE city SET version = version + 1")
        yield town


def sent(town: Town) -> Receipt:
    return town.handling("utilities", category="C0135", **BY_THE_AVENUE)


def row(case: Receipt) -> dict[str, Any]:
    return look(
        "SELECT assists, assisting, clocks, due_at, unit_id, late FROM cases WHERE id = %(id)s", id=case.case_id
    )[0]


def parts(case: Receipt) -> dict[str, str]:
    return {part["unit"]: part["state"] for part in row(case)["assists"]}


def clocks(case: Receipt) -> set[str]:
    return set(row(case)["clocks"])


def done(town: Town, case: Receipt, unit: str) -> None:
    town.do(case, A.ASSIST_SIGN, unit, unit=unit)
    town.do(case, A.ASSIST_REPORT, unit, unit=unit, note="已配合完成")


def told(case: Receipt, unit: str) -> list[str]:
    found = look(
        "SELECT kind FROM outbox WHERE case_id = %(id)s AND unit_id = %(unit)s ORDER BY id", id=case.case_id, unit=unit
    )
    return [row["kind"] for row in found]


def seen(case: Receipt, unit: str, table: str) -> int:
    with read(as_units=[unit]) as tx:
        column = "id" if table == "cases" else "case_id"
        return len(dicts(tx, f"SELECT 1 FROM {table} WHERE {column} = %(id)s", id=case.case_id))  # type: ignore[arg-type]


def test_a_dispatch_by_its_rule_gives_each_assistant_a_part_with_the_rules_own_limit(town: Town) -> None:
    case = sent(town)
    kept = row(case)
    assert (kept["unit_id"], kept["assisting"]) == ("utilities", ["landscaping", "water"])
    assert parts(case) == {"landscaping": "sent", "water": "sent"}
    assert [datetime.fromisoformat(part["due"]) for part in kept["assists"]] == [town.now + timedelta(hours=1)] * 2
    assert kept["due_at"] == town.now + timedelta(hours=3)
    assert told(case, "water") == ["assist"]


def test_without_a_limit_of_their_own_assistants_have_the_leads(town: Town, database: Urls) -> None:
    change = "UPDATE edition SET content = content #- '{rule,0,assist_limit}' WHERE kind = 'rules'"
    back = (
        """UPDATE edition SET content = jsonb_set(content, '{rule,0,assist_limit}', %s::jsonb) WHERE kind = 'rules'"""
    )
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute(change)
        owner.execute("UPDATE city SET version = version + 1")
        kept = row(sent(town))
        owner.execute(back, (json.dumps(MORE["assist_limit"]),))
        owner.execute("UPDATE city SET version = version + 1")
    assert {part["due"] for part in kept["assists"]} == {kept["clocks"]["dispose"]["due"]}


def test_who_dispatches_to_another_unit_than_the_rule_names_gives_no_parts(town: Town) -> None:
    case = town.handling("crew", category="C0135", **BY_THE_AVENUE)
    assert row(case)["assists"] is None
    assert seen(case, "water", "cases") == 0


def test_an_assistant_signs_and_reports_in_words_or_by_a_photo(town: Town) -> None:
    case = sent(town)
    with pytest.raises(NotAllowed):
        town.do(case, A.ASSIST_REPORT, "water", unit="water", note="已完成")
    town.do(case, A.ASSIST_SIGN, "water", unit="water")
    with pytest.raises(FormIncomplete):
        town.do(case, A.ASSIST_REPORT, "water", unit="water")
    receipt = town.do(case, A.ASSIST_REPORT, "water", unit="water", photos=(town.photo(4),))
    assert (receipt.state, receipt.unit_id) == ("handling", "utilities")
    assert parts(case) == {"landscaping": "sent", "water": "done"}
    assert clocks(case) == {"dispose", "assist:landscaping"}
    assert told(case, "utilities")[-1] == "assist_report"
    with pytest.raises(NotAllowed):
        town.do(case, A.ASSIST_REPORT, "water", unit="water", note="再报一次")


def test_an_assistant_acts_on_its_own_part_only(town: Town) -> None:
    case = sent(town)
    for action, form in (
        (A.REPLY, {"photos": (town.photo(2),)}),
        (A.ASK_DELAY, {"reason": "weather"}),
        (A.ASSIST_SIGN, {"unit": "landscaping"}),
    ):
        with pytest.raises(NotFound):
            town.do(case, action, "water", **form)
    with pytest.raises(NotFound):  # the lead does not sign for those who assist
        town.do(case, A.ASSIST_SIGN, "utilities", unit="water")
    with pytest.raises(NotFound):
        town.do(case, A.ASSIST_SIGN, "sanitation", unit="sanitation")
    assert parts(case) == {"landscaping": "sent", "water": "sent"}


def test_an_assistant_sees_the_case_and_no_words_of_people(town: Town) -> None:
    case = town.report(
        "C0135",
        "acceptor",
        source="hotline",
        public=True,
        contact_phone="13800000000",
        description="井盖塌陷",
        **BY_THE_AVENUE,
    )
    town.do(case, A.ACCEPT, "acceptor", category="C0135")
    town.do(case, A.FILE, "shift_leader", condition=1)
    assert seen(case, "water", "cases") == 0
    town.do(case, A.DISPATCH, "dispatcher", unit="utilities")
    whole = {table: seen(case, "utilities", table) > 0 for table in ("cases", "step", "case_text", "case_key", "fact")}
    assert whole == dict.fromkeys(whole, True)
    part = {table: seen(case, "water", table) > 0 for table in whole}
    assert part == {"cases": True, "step": True, "case_text": False, "case_key": False, "fact": False}
    assert seen(case, "sanitation", "cases") == 0


def listed(unit: str, **narrowed: Any) -> list[str]:
    with read(as_units=[unit]) as tx:
        return [found.number for found in search(tx, Filters(**narrowed))]


def test_an_assistants_list_has_the_cases_it_assists_in_once_and_no_others(town: Town) -> None:
    case, other = sent(town), town.handling("utilities")
    for unit in ("water", "landscaping", "utilities"):
        assert listed(unit).count(case.number) == 1
        assert (other.number in listed(unit)) == (unit == "utilities")
    assert case.number not in listed("sanitation")
    assert case.number in listed("water", category="C0135")
    assert case.number not in listed("water", category="E0101")
    newest = look("SELECT number FROM cases WHERE assisting @> '{water}' ORDER BY reported_at DESC, id DESC LIMIT 1")
    assert listed("water")[0] == newest[0]["number"]


def test_a_case_that_ended_is_still_listed_to_who_assisted_to_its_end(town: Town) -> None:
    ended, left, taken = sent(town), sent(town), sent(town)
    town.do(ended, A.REPLY, "utilities", photos=(town.photo(2),), reason="not_needed")
    town.forced(ended)
    town.do(taken, A.ASK_RETURN, "utilities", reason="not_owner", clause="R-005", whose="nobody")
    town.do(taken, A.APPROVE_RETURN, "dispatcher")
    for unit in ("water", "landscaping", "utilities"):
        assert listed(unit).count(ended.number) == 1
        assert listed(unit, states=(State.CLOSED_FORCED,)).count(ended.number) == 1
        assert left.number in listed(unit)
    assert ended.number not in listed("sanitation")
    assert taken.number not in listed("water")
    with read(as_units=["sanitation"]) as tx:  # asked for others' it tells nothing
        assert value(tx, "SELECT assisted_ended('{water}')") == []


def test_the_lead_waits_for_its_assistants_or_says_why_not(town: Town) -> None:
    case, photo = sent(town), town.photo(2)
    done(town, case, "water")
    with pytest.raises(FormIncomplete) as refusal:
        town.do(case, A.REPLY, "utilities", photos=(photo,))
    assert refusal.value.extra["units"] == ["landscaping"]
    town.do(case, A.REPLY, "utilities", photos=(photo,), reason="not_needed")
    assert parts(case) == {"landscaping": "dropped", "water": "done"}
    assert clocks(case) == {"dispose"}
    assert told(case, "landscaping") == ["assist", "assist_dropped"]
    waited = sent(town)
    for unit in ("water", "landscaping"):
        done(town, waited, unit)
    assert town.do(waited, A.REPLY, "utilities", photos=(photo,)).state == "feedback"


def test_a_part_is_warned_of_and_lapses_at_its_true_instant_and_not_the_case(town: Town) -> None:
    case, begun = sent(town), town.now
    town.do(case, A.ASSIST_SIGN, "water", unit="water")
    town.later(minutes=95)
    town.sweep()
    fired = look(
        "SELECT kind, event, at FROM fired WHERE case_id = %(id)s AND kind LIKE 'assist:%%' ORDER BY kind, at",
        id=case.case_id,
    )
    assert [(one["kind"], one["event"], one["at"] - begun) for one in fired] == [
        (f"assist:{unit}", event, timedelta(minutes=minutes))
        for unit in ("landscaping", "water")
        for event, minutes in (("warn", 48), ("lapse", 60))
    ]
    kept = row(case)
    assert [part["late"] for part in kept["assists"]] == [True, True]
    assert not kept["late"]
    assert told(case, "water") == ["assist", "warn:assist", "lapse:assist"]
    town.do(case, A.ASSIST_REPORT, "water", unit="water", note="迟到的反馈")
    for unit in ("landscaping",):
        done(town, case, unit)
    town.do(case, A.REPLY, "utilities", photos=(town.photo(2),))
    assert look("SELECT ontime FROM fact WHERE case_id = %(id)s", id=case.case_id)[0][
        "ontime"
    ]  # late parts are not its


def test_a_suspension_rests_the_parts_and_a_return_ends_them(town: Town) -> None:
    case = sent(town)
    town.do(case, A.ASK_SUSPEND, "utilities", reason="season", until=town.now + timedelta(days=5))
    town.do(case, A.APPROVE_SUSPEND, "shift_leader")
    assert row(case)["clocks"]["assist:water"]["due"] is None
    with pytest.raises(NotAllowed):
        town.do(case, A.ASSIST_SIGN, "water", unit="water")
    town.later(hours=5)
    town.do(case, A.RESUME, "dispatcher")
    assert datetime.fromisoformat(row(case)["assists"][1]["due"]) == town.now + timedelta(hours=1)
    back = sent(town)
    town.do(back, A.ASK_RETURN, "utilities", reason="not_owner")
    done(town, back, "water")  # the part goes on while the lead asks
    town.do(back, A.APPROVE_RETURN, "dispatcher")
    assert (parts(back), row(back)["assisting"]) == ({"landscaping": "dropped", "water": "done"}, None)
    assert seen(back, "water", "cases") == 0
    again = town.do(back, A.DISPATCH, "dispatcher", unit="utilities")
    assert [part["state"] for part in row(again)["assists"]] == ["dropped", "done", "sent", "sent"]


def test_a_forced_close_ends_the_parts_which_their_units_may_still_look_at(town: Town) -> None:
    case = sent(town)
    town.forced(case)
    assert (parts(case), clocks(case) - {"reply_citizen"}) == ({"landscaping": "dropped", "water": "dropped"}, set())
    assert seen(case, "water", "cases") == 1


def test_parts_are_counted_by_unit_and_apart(town: Town) -> None:
    month = period_of("2026-06", ZONE)
    with read() as tx:
        found = {one.unit: one for one in assisted(tx, month)}
    given = [part for row in look("SELECT assists FROM cases WHERE assists IS NOT NULL") for part in row["assists"]]
    for unit in ("landscaping", "water"):
        mine = [part for part in given if part["unit"] == unit]
        one = found[unit]
        assert one.given == len(mine) > 0
        assert one.ontime == sum(part["state"] == "done" and not part["late"] for part in mine)
        assert one.late == sum(part["state"] == "done" and part["late"] for part in mine) > 0
        assert one.open_late == sum(part["state"] in ("sent", "signed") and part["late"] for part in mine)
        assert one.dropped == sum(part["state"] == "dropped" for part in mine) > 0
    with read() as tx:
        assert {one.key for one in measure(tx, month)} & set(found) == set()


def test_all_invariants_hold_of_cases_with_assistants(town: Town) -> None:
    town.sweep()
    found = {finding.no: [breach.words for breach in finding.first] for finding in verify() if not finding.holds}
    found.pop("I13", None)  # nothing seals here
    assert found == {}


CHANGED = (
    ("I19", "UPDATE cases SET assists = jsonb_set(assists, '{0,state}', '\"done\"') WHERE id = %s"),
    ("I19", "UPDATE cases SET assists = jsonb_set(assists, '{0,late}', 'true') WHERE id = %s"),
    ("I19", "UPDATE cases SET assisting = '{water}' WHERE id = %s"),
    ("I6", "UPDATE cases SET clocks = clocks - 'assist:water' WHERE id = %s"),
)


@pytest.mark.parametrize(("no", "change"), CHANGED)
def test_verify_names_what_was_changed_of_a_part(town: Town, database: Urls, no: str, change: str) -> None:
    case = sent(town)
    kept = look("SELECT assists, assisting, clocks FROM cases WHERE id = %(id)s", id=case.case_id)[0]
    back = "UPDATE cases SET assists = %s, assisting = %s, clocks = %s WHERE id = %s"
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute(change, (case.case_id,))
        found = {finding.no: finding.first for finding in verify()}
        owner.execute(back, (Jsonb(kept["assists"]), kept["assisting"], Jsonb(kept["clocks"]), case.case_id))
    assert [breach.number for breach in found[no]] == [case.number]
