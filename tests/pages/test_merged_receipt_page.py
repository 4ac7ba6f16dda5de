"""The receipt of a report that was merged: how the case goes that it was joined to, and nothing else of that one."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from dispatch.cases.dossier import public_case, public_steps
from dispatch.lifecycle.states import Action
from gis.db import read
from tests.cases.town import look
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]


def test_the_receipt_of_a_merged_report_tells_how_the_other_goes_and_nothing_else(
    office: Office, person: Enter, sit: Sit
) -> None:
    town = office.town
    main, second = town.dispatched(), town.told()
    town.do(second, Action.MERGE, "acceptor", into=main.case_id)
    secret = look("SELECT receipt, number FROM cases WHERE id = %(id)s", id=main.case_id)[0]
    citizen = person("")
    page = citizen.get(f"/r/{second.receipt}").text
    assert "已合并办理" in page
    assert "已经派给责任单位" in page
    assert secret["receipt"] not in page
    assert secret["number"] not in page
    town.later(minutes=5)
    town.do(main, Action.SIGN, "enforcement-a")
    town.do(main, Action.REPLY, "enforcement-a", photos=(town.photo(2),))
    town.do(main, Action.PASS_TO_CHECK, "dispatcher")
    town.do(main, Action.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)
    town.do(main, Action.CHECK_PASS, "inspector1", photos=(town.photo(3),))
    town.do(main, Action.CLOSE, "shift_leader")
    for language, said in (("zh", "本案已结"), ("en", "Checked on the spot and put right")):
        page = citizen.get(f"/r/{second.receipt}?lang={language}").text
        assert said in page, page
        assert secret["receipt"] not in page
    for size in (PHONE, DESK):
        seat = sit("", size)
        seat.go(f"/r/{second.receipt}")
        expect(seat.page.locator(".psteps li").first).to_contain_text("已结案")
    town.do(second, Action.UNMERGE, "acceptor", reason="other")
    page = citizen.get(f"/r/{second.receipt}?lang=en").text
    assert "Checked on the spot" not in page
    assert "We have it and are looking into it" in page


def test_along_a_chain_each_case_tells_what_came_after_the_one_before_was_joined_to_it(
    office: Office, person: Enter
) -> None:
    town = office.town
    third, second, first = town.told(), town.told(), town.told()
    town.later(minutes=1)
    town.do(first, Action.MERGE, "acceptor", into=second.case_id)
    town.later(minutes=1)
    town.do(second, Action.SEND_VERIFY, "acceptor", inspector=town.people["inspector1"].person_id)
    town.do(second, Action.VERIFY, "inspector1", result="true")
    town.later(minutes=1)
    town.do(third, Action.ACCEPT, "acceptor", category="E0405")
    town.later(minutes=1)
    town.do(second, Action.MERGE, "acceptor", into=third.case_id)
    town.later(minutes=1)
    town.do(third, Action.VOID, "shift_leader", reason="other")
    with read() as tx:
        steps = public_steps(tx, public_case(tx, first.receipt))
    assert [step.action for step in steps] == ["register", "merge", "send_verify", "verify", "merge", "void"]
