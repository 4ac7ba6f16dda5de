"""A case's whole life through the door, and what each step leaves on the case, the fact and the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dispatch.lifecycle.states import Action
from tests.cases.town import MONDAY, Town, look

pytestmark = pytest.mark.usefixtures("monday")


def row(case_id: int) -> dict[str, object]:
    return look("SELECT * FROM cases WHERE id = %(id)s", id=case_id)[0]


def fact(case_id: int) -> dict[str, object]:
    return look("SELECT * FROM fact WHERE case_id = %(id)s", id=case_id)[0]


def local(hours: int, minutes: int = 0, days: int = 0) -> datetime:
    return MONDAY.replace(hour=hours, minute=minutes) + timedelta(days=days)


def test_a_case_lives_from_the_street_to_its_close(town: Town) -> None:
    case = town.report()
    assert (row(case.case_id)["state"], row(case.case_id)["pool"]) == ("reported", "acceptor")
    assert row(case.case_id)["stage_due_at"] == MONDAY + timedelta(minutes=15)
    assert row(case.case_id)["route_unit"] == "enforcement-a"
    town.later(minutes=5)
    town.do(case, Action.ACCEPT, "acceptor", category="E0405")
    assert row(case.case_id)["stage_due_at"] == MONDAY + timedelta(minutes=35)
    town.later(minutes=5)
    town.do(case, Action.FILE, "shift_leader", condition=1)  # four working hours
    town.later(minutes=5)
    town.do(case, Action.DISPATCH, "dispatcher", unit="enforcement-a")
    # dispatched at 09:15: 2 h 45 min to noon, the rest from two o'clock
    assert row(case.case_id)["due_at"] == local(15, 15)
    assert fact(case.case_id)["due_at"] == local(15, 15)
    town.later(minutes=45)
    town.do(case, Action.SIGN, "enforcement-a")
    town.later(hours=1)
    town.do(case, Action.REPLY, "enforcement-a", photos=(town.photo(2),))
    assert fact(case.case_id)["ontime"] is True
    assert fact(case.case_id)["disposed_at"] == town.now
    town.do(case, Action.PASS_TO_CHECK, "dispatcher")
    town.do(case, Action.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)
    assert row(case.case_id)["inspector_id"] == town.people["inspector1"].person_id
    town.do(case, Action.CHECK_PASS, "inspector1", photos=(town.photo(3),))
    last = town.do(case, Action.CLOSE, "shift_leader")
    assert (last.state, last.version) == ("closed", 10)
    closed = row(case.case_id)
    assert (closed["pool"], closed["clocks"], closed["next_at"], closed["inspector_id"]) == ("nobody", {}, None, None)
    met = fact(case.case_id)
    assert met["closed_at"] == town.now
    assert [met[f"ontime_{stage}"] for stage in ("accept", "file", "dispatch", "send_check", "check", "close")] == [
        True
    ] * 6


def test_a_reply_checked_false_gives_only_the_rest_of_the_limit_back(town: Town) -> None:
    case = town.dispatched()  # at 09:00, due at 15:00
    assert row(case.case_id)["due_at"] == local(15)
    town.later(minutes=30)
    town.do(case, Action.SIGN, "enforcement-a")
    town.later(minutes=30)  # 10:00: an hour is used
    town.do(case, Action.REPLY, "enforcement-a", photos=(town.photo(2),))
    town.do(case, Action.PASS_TO_CHECK, "dispatcher")
    town.do(case, Action.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)
    town.later(hours=1)
    town.do(case, Action.CHECK_FAIL, "inspector1", photos=(town.photo(4),))
    assert fact(case.case_id)["disposed_at"] is None
    assert fact(case.case_id)["reworks"] == 1
    again = town.do(case, Action.SEND_REWORK, "dispatcher")  # at 11:00, with three hours left
    assert again.state == "handling"
    assert row(case.case_id)["due_at"] == local(16)


@pytest.mark.parametrize(
    ("policy", "due"),
    [
        ({"rework_clock": "full"}, local(17)),  # four hours again
        ({"rework_clock": "fixed", "rework_limit": 1.5, "rework_time_class": "work_hour"}, local(14, 30)),
        ({"rework_clock": "fixed", "rework_limit": 30, "rework_time_class": "urgent_minute"}, local(11, 30)),
    ],
)
def test_rework_has_the_limit_that_the_city_gives_it(town: Town, policy: dict[str, object], due: datetime) -> None:
    case = town.checking()
    town.later(hours=2)
    with town.policy(**policy):
        town.do(case, Action.CHECK_FAIL, "inspector1", photos=(town.photo(4),))
        town.do(case, Action.SEND_REWORK, "dispatcher")  # at 11:00
    assert (row(case.case_id)["due_at"], fact(case.case_id)["due_at"]) == (due, due)
    town.set(due + timedelta(minutes=1))
    town.do(case, Action.REPLY, "enforcement-a", photos=(town.photo(2),))
    assert fact(case.case_id)["ontime"] is False


def test_a_clock_starts_anew_with_each_dispatch(town: Town) -> None:
    case = town.handling()
    town.later(hours=1)
    town.do(case, Action.ASK_RETURN, "enforcement-a", reason="not-ours")
    town.do(case, Action.APPROVE_RETURN, "dispatcher")
    assert row(case.case_id)["unit_id"] is None
    assert row(case.case_id)["due_at"] is None
    town.later(hours=1)  # 11:00
    town.do(case, Action.DISPATCH, "dispatcher", unit="street-a", reason="nearer")
    assert row(case.case_id)["due_at"] == local(17)
    assert fact(case.case_id)["returns"] == 1
    assert fact(case.case_id)["unit_id"] == "street-a"


def test_an_extension_moves_the_due_time(town: Town) -> None:
    case = town.handling()
    town.do(case, Action.ASK_DELAY, "enforcement-a", reason="material")
    town.do(case, Action.APPROVE_DELAY, "dispatcher")
    assert row(case.case_id)["due_at"] == local(9, days=1)  # seven hours today, one tomorrow
    assert fact(case.case_id)["extensions"] == 1


def test_a_suspended_case_wakes_by_itself_on_its_day(town: Town) -> None:
    case = town.handling()
    town.later(hours=1)
    town.do(case, Action.ASK_SUSPEND, "enforcement-a", reason="season", until=local(9, days=2))
    town.do(case, Action.APPROVE_SUSPEND, "shift_leader")
    assert row(case.case_id)["due_at"] is None
    town.set(local(9, 0, days=3))
    assert town.sweep() >= 1
    woken = look("SELECT action, at, data FROM step WHERE case_id = %(id)s ORDER BY seq", id=case.case_id)
    resumed = next(step for step in woken if step["action"] == "resume")
    assert resumed["at"] == local(9, days=2)  # at its true instant, whoever noticed it
    assert resumed["data"]["dispose_due"] == local(12, days=2).astimezone(resumed["at"].tzinfo).isoformat()


def test_an_approval_nobody_gives_is_granted_by_default_at_its_true_instant(town: Town) -> None:
    case = town.handling()
    town.do(case, Action.ASK_RETURN, "enforcement-a", reason="not-ours")  # 09:00; four working hours to answer
    town.set(local(18))
    town.sweep()
    steps = look("SELECT action, at, recorded_at FROM step WHERE case_id = %(id)s ORDER BY seq", id=case.case_id)
    granted = next(step for step in steps if step["action"] == "approve_return")
    assert (granted["at"], granted["recorded_at"]) == (local(15), local(18))
    assert row(case.case_id)["unit_id"] is None


def test_an_event_fires_once_however_often_one_looks(town: Town) -> None:
    case = town.dispatched()
    town.set(local(16))
    first = town.sweep()
    assert first > 0
    assert town.sweep() == 0
    fired = look("SELECT event, kind, at FROM fired WHERE case_id = %(id)s ORDER BY at", id=case.case_id)
    assert [(f["event"], f["at"]) for f in fired if f["kind"] == "dispose"] == [
        ("warn", local(14, 12)),  # 80 % of four hours
        ("lapse", local(15)),
    ]
    assert row(case.case_id)["late"] is True


def test_an_amended_class_routes_the_case_anew(town: Town) -> None:
    case = town.handling()
    amended = town.do(case, Action.AMEND, "dispatcher", reason="wrong_class", category="E0201", condition=1)
    assert amended.state == "filed"  # another unit answers: to be dispatched again
    assert row(case.case_id)["route_unit"] == "street-a"
    assert fact(case.case_id)["category"] == "E0201"


def test_a_merged_case_can_be_taken_apart_again(town: Town) -> None:
    first, second = town.report(), town.report()
    town.do(second, Action.MERGE, "acceptor", into=first.case_id)
    assert row(second.case_id)["merged_into"] == first.case_id
    assert town.do(second, Action.UNMERGE, "acceptor", reason="not_the_same").state == "reported"
    assert row(second.case_id)["merged_into"] is None
    assert row(second.case_id)["stage_due_at"] is not None


def test_a_closed_case_is_reopened_within_its_days(town: Town) -> None:
    case = town.closed()
    town.later(days=3)
    assert town.do(case, Action.REOPEN, "shift_leader", reason="back_again").state == "filed"
    assert fact(case.case_id)["closed_at"] is None
    assert fact(case.case_id)["reopens"] == 1


def test_a_unit_without_terminal_is_answered_for(town: Town) -> None:
    case = town.filed("E0104")
    town.do(case, Action.DISPATCH, "dispatcher", unit="sanitation")
    town.do(case, Action.SIGN_FOR, "dispatcher", proxy="sheet-17")
    assert town.do(case, Action.REPLY_FOR, "dispatcher", proxy="sheet-17", photos=(town.photo(5),)).state == "feedback"


def test_a_forced_close_ends_everything(town: Town) -> None:
    case = town.handling()
    assert town.forced(case).state == "closed_forced"
    ended = row(case.case_id)
    assert (ended["clocks"], ended["next_at"]) == ({}, None)
    assert fact(case.case_id)["forced"] is True


def test_what_one_unit_did_is_not_charged_to_the_next(town: Town) -> None:
    case = town.handling()
    town.do(case, Action.ASK_DELAY, "enforcement-a", reason="material")
    town.do(case, Action.APPROVE_DELAY, "dispatcher")
    town.do(case, Action.ASK_RETURN, "enforcement-a", reason="not-ours")
    town.do(case, Action.REFUSE_RETURN, "dispatcher", reason="yours")
    town.do(case, Action.ASK_RETURN, "enforcement-a", reason="not-ours")
    assert (fact(case.case_id)["shirks"], fact(case.case_id)["extensions"]) == (1, 1)
    town.do(case, Action.APPROVE_RETURN, "dispatcher")
    town.do(case, Action.DISPATCH, "dispatcher", unit="street-a", reason="nearer")

    found = fact(case.case_id)
    assert [found[name] for name in ("shirks", "extensions", "reworks", "suspensions")] == [0, 0, 0, 0]
    assert found["returns"] == 1


def test_the_same_unit_again_keeps_what_it_did_and_sub_units_inherit_it(town: Town) -> None:
    case = town.dispatched("district-a")
    town.do(case, Action.ASK_RETURN, "district-a", reason="not-ours")
    town.do(case, Action.REFUSE_RETURN, "dispatcher", reason="yours")
    town.do(case, Action.SUBDISPATCH, "district-a", unit="enforcement-a")
    assert fact(case.case_id)["shirks"] == 1
    town.do(case, Action.SIGN, "enforcement-a")
    town.do(case, Action.ASK_RETURN, "enforcement-a", reason="not-ours")
    town.do(case, Action.APPROVE_RETURN, "dispatcher")
    town.do(case, Action.DISPATCH, "dispatcher", unit="enforcement-a")
    assert fact(case.case_id)["shirks"] == 1


def test_nothing_is_due_between_a_failed_check_and_the_work_sent_back(town: Town) -> None:
    case = town.checking()
    town.later(hours=1)
    town.do(case, Action.CHECK_FAIL, "inspector1", photos=(town.photo(4),))
    assert (fact(case.case_id)["due_at"], row(case.case_id)["due_at"]) == (None, None)
    town.later(days=3)
    town.do(case, Action.SEND_REWORK, "dispatcher")
    assert fact(case.case_id)["due_at"] == row(case.case_id)["due_at"]
    assert fact(case.case_id)["due_at"] > town.now


@pytest.mark.parametrize("suspended", [True, False])
def test_an_amended_case_that_another_unit_gets_counts_for_that_one_anew(town: Town, suspended: bool) -> None:
    case = town.handling() if suspended else town.checking()
    if suspended:
        until = town.now + timedelta(days=3)
        town.do(case, Action.ASK_SUSPEND, "enforcement-a", reason="season", until=until)
        town.do(case, Action.APPROVE_SUSPEND, "shift_leader")
    town.do(case, Action.AMEND, "dispatcher", reason="wrong-class", category="E0201", condition=1)
    found = fact(case.case_id)
    assert [found[name] for name in ("state", "suspended_at", "disposed_at", "ontime", "due_at")] == [
        "filed", None, None, None, None
    ]  # fmt: skip
