"""The paper forms that offices know: who asked, why, with what evidence, what was answered, and where to sign."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from playwright.sync_api import expect

from dispatch.cases.act import Receipt
from dispatch.lifecycle.states import Action
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

A = Action
Enter = Callable[[str], Person]


@pytest.fixture(scope="module")
def extended(office: Office) -> Receipt:
    """An extension asked for a reason that rests on a paper, and granted; then the leader orders."""
    town = office.town
    case = town.handling()
    town.do(case, A.ASK_DELAY, "enforcement-a", reason="permit", photos=(town.photo(31),), note="占道许可待批")
    town.do(case, A.APPROVE_DELAY, "shift_leader", note="同意顺延")
    town.do(case, A.SUPERVISE, "leader", reason="citizen")
    return case


def lines(person: Person, case: Receipt, kind: str, query: str = "") -> dict[str, str]:
    """Each line of a sheet, word → what stands beside it."""
    shown = person.get(f"/cases/{case.number}/{kind}-sheet{query}").text
    found = re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', shown)
    return {unescape(word): unescape(said) for word, said in found}


def test_the_approval_of_an_extension_says_what_was_asked_and_answered(extended: Receipt, person: Enter) -> None:
    said = lines(person("dispatcher"), extended, "delay")
    assert said["提出人"] == "东河区综合执法队值班员 · 东河区综合执法队"
    assert said["理由"] == "等待审批手续"
    assert said["证明材料"] == "照片 1 张，见附图"
    assert said["原到期时间"] == "2026-06-08 15:00"
    assert said["办理结果"] == "同意延期"
    assert said["新到期时间"] == "2026-06-09 09:00"
    assert {"承办单位意见（盖章）", "派遣员意见", "中心领导意见"} <= said.keys()
    page = person("dispatcher").get(f"/cases/{extended.number}/delay-sheet").text
    assert "占道许可待批" in page
    assert "同意顺延" in page


def test_one_that_nobody_answered_in_time_says_by_default(office: Office, person: Enter) -> None:
    town = office.town
    until = town.now + timedelta(days=9)
    case = town.handling()
    town.do(case, A.ASK_SUSPEND, "enforcement-a", reason="season", until=until)
    waits = lines(person("dispatcher"), case, "suspend")
    assert waits["办理结果"] == "待办理"
    assert waits["申请至"] == until.strftime("%Y-%m-%d %H:%M")
    kept = town.now
    town.later(hours=9)
    town.sweep()
    answered = lines(person("leader"), case, "suspend")
    assert answered["办理结果"] == "同意挂账 · 超期默认"
    town.set(kept)


def test_a_supervise_order_and_a_filing_have_their_sheets(extended: Receipt, person: Enter) -> None:
    leader = person("leader")
    order = lines(leader, extended, "supervise")
    assert (order["理由"], order["办理结果"]) == ("群众再次反映", "待办理")
    filed = lines(leader, extended, "filing")
    assert {"受理员签字", "值班长签字", "立案条件"} <= filed.keys()
    case = leader.get(f"/cases/{extended.number}").text
    for kind in ("filing", "dispatch", "delay", "supervise", "case"):
        assert f"/cases/{extended.number}/{kind}-sheet" in case
    assert "suspend-sheet" not in case


def test_there_is_no_sheet_of_what_has_not_happened_and_none_of_anothers_case(extended: Receipt, person: Enter) -> None:
    leader = person("leader")
    assert leader.get(f"/cases/{extended.number}/suspend-sheet").status_code == 409
    assert leader.get(f"/cases/{extended.number}/delay-sheet?step=1").status_code == 409
    assert leader.get(f"/cases/{extended.number}/other-sheet").status_code == 404
    assert person("enforcement-b").get(f"/cases/{extended.number}/delay-sheet").status_code == 404


@pytest.mark.parametrize("kind", ["filing", "delay", "supervise", "dispatch"])
def test_a_sheet_fits_a_screen_and_one_leaf_and_its_pictures_another(extended: Receipt, sit: Sit, kind: str) -> None:
    for size in (PHONE, DESK):
        seat = sit("leader", size)
        seat.go(f"/cases/{extended.number}/{kind}-sheet")
        seat.go(f"/cases/{extended.number}/{kind}-sheet?lang=en")
    seat.go(f"/cases/{extended.number}/{kind}-sheet?lang=zh")
    if folder := os.environ.get("SHOTS"):
        seat.page.locator(".leaf").screenshot(path=f"{folder}/{kind}.png")
    if kind == "delay":
        expect(seat.page.locator(".annex img")).to_have_count(1)
    leaf = seat.page.pdf(format="A4")
    assert len(re.findall(rb"/Type /Page\b", leaf)) == (2 if kind == "delay" else 1)
