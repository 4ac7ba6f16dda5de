"""A town that has lived: cases in every state, late ones, returned ones, imported ones; all through the door."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from dispatch.audit.seal import seal_now
from dispatch.audit.where import heads_file
from dispatch.cases.imports import Imported, receive_import
from dispatch.evidence.documents_api import store
from dispatch.lifecycle.states import Action
from gis.db import write
from tests.cases.town import Town
from tests.evidence.papers import paper

ZONE = ZoneInfo("Asia/Shanghai")


def live(town: Town) -> None:
    """A Friday morning in May, with a weekend behind it, and on to the next week."""
    town.set(datetime(2026, 5, 29, 9, 0, tzinfo=ZONE))
    _quiet(town)
    town.later(minutes=10)
    _busy(town)
    town.later(hours=1)
    _passed_back(town)
    _ruled(town)
    _imported(town)
    town.set(datetime(2026, 6, 2, 11, 30, tzinfo=ZONE))
    town.sweep()
    seal_now(heads_file())


def _quiet(town: Town) -> None:
    """One case waits in each state."""
    inspector = town.people["inspector2"].person_id
    town.report(photos=(town.photo(1),), description="招牌伸出门外")
    verified = town.report(None, "citizen", public=True, source="web", contact_phone="13800000000")
    town.do(verified, Action.SEND_VERIFY, "acceptor", inspector=inspector)
    town.do(verified, Action.VERIFY, "inspector2", result="true")
    called = town.report(None, "citizen", public=True, source="web")
    town.do(called, Action.SEND_VERIFY, "acceptor", inspector=inspector)
    town.do(town.report(), Action.REFUSE, "acceptor", reason="not-ours", note="已告知来电人")
    town.filed()
    town.dispatched()
    town.do(town.filed(), Action.VOID, "shift_leader", reason="mistake")
    town.replied()
    town.checking()
    town.closed()
    merged = town.report()
    town.do(merged, Action.MERGE, "acceptor", into=town.report().case_id)
    town.report("E0401", handled=True, photos=(town.photo(7),))
    town.do(town.report("E0401", handled=True), Action.CONFIRM_HANDLED, "acceptor")
    town.filed("E0405", 2)  # no limit
    for _ in range(2):
        refused = town.do(town.told(), Action.REFUSE, "acceptor", reason="not-ours")
    town.do(refused, Action.ANSWER_CITIZEN, "acceptor", note="已答复来电人")


def _busy(town: Town) -> None:
    """Extended, suspended, reworked, re-routed, reopened, forced."""
    extended = town.handling()
    town.do(extended, Action.ASK_DELAY, "enforcement-a", reason="material")
    town.do(extended, Action.APPROVE_DELAY, "shift_leader")
    resting = town.handling()
    until = town.now + timedelta(days=60)
    town.do(resting, Action.ASK_SUSPEND, "enforcement-a", reason="season", until=until)
    town.do(resting, Action.APPROVE_SUSPEND, "shift_leader")
    waiting = town.dispatched()
    until, shot = town.now + timedelta(days=3), town.photo(21)
    town.do(waiting, Action.ASK_DEFER, "enforcement-a", reason="joint", until=until, photos=(shot,), note="见会议纪要")
    town.do(waiting, Action.APPROVE_SUSPEND, "dispatcher")
    permit = store(paper(2), "许可.pdf", uploaded_by=town.people["enforcement-a"].person_id).sha256
    town.do(town.handling(), Action.ASK_DELAY, "enforcement-a", reason="permit", documents=(permit,))
    waking = town.handling()
    town.do(waking, Action.ASK_SUSPEND, "enforcement-a", reason="season", until=town.now + timedelta(days=1))
    town.do(waking, Action.APPROVE_SUSPEND, "shift_leader")
    again = town.checking()
    town.later(minutes=20)
    town.do(again, Action.CHECK_FAIL, "inspector1", photos=(town.photo(8),))
    town.do(again, Action.SEND_REWORK, "dispatcher")
    town.later(minutes=20)
    town.do(again, Action.REPLY, "enforcement-a", photos=(town.photo(9),))
    amended = town.handling()
    town.do(amended, Action.AMEND, "dispatcher", reason="wrong-class", category="E0201", condition=1)
    corrected = town.handling()
    town.do(corrected, Action.AMEND, "dispatcher", reason="street-trade", category="E0401", condition=1)
    reopened = town.closed()
    town.do(reopened, Action.REOPEN, "shift_leader", reason="back-again")
    town.forced(town.handling())
    town.do(town.handling(), Action.ASK_FORCE_CLOSE, "leader", reason="void")  # nobody answers: refused by default
    appealed = town.closed()
    town.do(appealed, Action.APPEAL, "enforcement-a", reason="wrong")
    town.do(appealed, Action.GRANT_APPEAL, "evaluator", reason="right")


def _passed_back(town: Town) -> None:
    """Returned once, refused once, answered by default once."""
    back = town.handling()
    town.do(back, Action.ASK_RETURN, "enforcement-a", reason="not-ours")
    town.do(back, Action.APPROVE_RETURN, "dispatcher")
    town.do(back, Action.DISPATCH, "dispatcher", unit="street-a", reason="nearer")
    shirked = town.handling()
    town.do(shirked, Action.ASK_RETURN, "enforcement-a", reason="not-ours")
    town.do(shirked, Action.REFUSE_RETURN, "dispatcher", reason="yours")
    town.do(shirked, Action.ASK_RETURN, "enforcement-a", reason="not-ours")
    town.do(shirked, Action.APPROVE_RETURN, "dispatcher")
    town.do(shirked, Action.DISPATCH, "dispatcher", unit="street-a", reason="nearer")
    town.do(town.handling(), Action.ASK_RETURN, "enforcement-a", reason="not-ours")


def _ruled(town: Town) -> None:
    """Returned twice: the second time a referee names the unit."""
    for ruling, form in ((Action.RULE_OTHER, {"unit": "sanitation"}), (Action.RULE_STAY, {})):
        case = town.handling()
        town.do(case, Action.ASK_RETURN, "enforcement-a", reason="not-ours")
        town.do(case, Action.APPROVE_RETURN, "dispatcher")
        town.do(case, Action.DISPATCH, "dispatcher", unit="street-a", reason="nearer")
        town.do(case, Action.ASK_RULING, "street-a", reason="not-ours", clause="R-006", whose="nobody")
        town.do(case, ruling, "supervisor", reason="by_rule", **form)
        if ruling is Action.RULE_OTHER:
            town.do(case, Action.DISPATCH, "dispatcher", unit="sanitation", reason="precedent")


def _imported(town: Town) -> None:
    """One that ended long ago, one that is open."""
    then = town.now - timedelta(days=30)
    times = {"dispatched_at": then + timedelta(hours=1), "due_at": then + timedelta(days=2)}
    ended = {"disposed_at": then + timedelta(days=1), "closed_at": then + timedelta(days=1)}
    for closed, more in ((True, ended), (False, {})):
        with write() as tx:
            receive_import(
                tx,
                Imported(
                    id=uuid4(), source="import", reported_at=then, closed=closed, category="E0405", lon=114.0005,
                    lat=22.501, unit="enforcement-a", **times, **more,
                ),
            )  # fmt: skip
