"""From a district that fell to a bulletin that anybody checks: leader, unit, evaluator, colleague, citizen."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from dashboards.cli import main
from dispatch.cases.act import Receipt
from dispatch.lifecycle.states import Action
from tests.cases.town import MONDAY, ZONE
from tests.pages.conftest import Office
from tests.pages.seats import DESK, PHONE, PHOTO, Seat, Sit

pytestmark = pytest.mark.browser
MONTH = "2026-06"


@pytest.fixture(scope="module")
def late(office: Office) -> Receipt:
    """June: the eastern district did all in time, the western closed one late and left one open. It is July."""
    town = office.town
    for _ in range(3):
        town.closed()
    town.handling("enforcement-b")
    case = town.handling("enforcement-b")
    town.set(MONDAY.replace(day=16))
    town.sweep()
    town.do(case, Action.REPLY, "enforcement-b", photos=(town.photo(2),))
    town.do(case, Action.PASS_TO_CHECK, "dispatcher")
    town.do(case, Action.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)
    town.do(case, Action.CHECK_PASS, "inspector1", photos=(town.photo(3),))
    town.do(case, Action.CLOSE, "shift_leader")
    town.set(datetime(2026, 7, 2, 10, tzinfo=ZONE))
    town.sweep()
    return case


def acted(seat: Seat, case: Receipt, action: str, *, photo: bool = False) -> None:
    """Open a case, and one of its forms; the first reason will do."""
    seat.go(f"/cases/{case.number}")
    form = seat.page.locator("details.act").filter(has=seat.page.locator("summary", has_text=action)).last
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    form.locator("select[name=reason]").select_option(index=1)
    if photo:
        form.locator("input[name=photo]").set_input_files(PHOTO)
        expect(form.get_by_text("已送达")).to_be_visible()
    form.get_by_role("button", name=action, exact=True).click()
    seat.page.wait_for_load_state("load")


def sealed(leader: Seat, colleague: Seat) -> str:
    """A bulletin of the month, sealed by one and published by another; its number in the addresses."""
    leader.go("/bulletins")
    leader.page.get_by_label("时段").fill(MONTH)
    leader.page.get_by_role("button", name="封存一期").click()
    expect(leader.page.get_by_text("须由另一人核对后发布")).to_be_visible()
    address = leader.page.url.removeprefix(leader.address)
    colleague.go(address)
    colleague.page.get_by_role("button", name="发布", exact=True).click()
    expect(colleague.page.locator("main header .chip").first).to_contain_text("已发布")
    return address.rpartition("/")[2]


def test_from_a_district_that_fell_to_a_bulletin_that_anybody_checks(
    sit: Sit, office: Office, late: Receipt, tmp_path: Path
) -> None:
    leader, colleague = sit("leader", DESK), sit("evaluator", DESK)
    leader.go(f"/ranking?period={MONTH}&group=district")
    row = leader.page.get_by_role("row").filter(has_text="西河区平台").first
    expect(row).to_contain_text("0.00 %")
    row.get_by_role("link", name="1", exact=True).first.click()  # why: the one it closed late
    expect(leader.page.get_by_text(late.number).first).to_be_visible()
    leader.go(f"/ranking?period={MONTH}&group=district")
    leader.page.get_by_role("link", name="与当前比较").click()
    expect(leader.page.get_by_text("小字为")).to_be_visible()
    first = sealed(leader, colleague)

    unit = sit("enforcement-b", PHONE)
    acted(unit, late, "申诉", photo=True)
    unit.go(f"/cases/{late.number}")
    expect(unit.page.locator("details.act summary", has_text="申诉")).to_have_count(0)  # once
    acted(colleague, late, "申诉成立")
    office.town.later(hours=1)
    second = sealed(leader, colleague)
    expect(colleague.page.get_by_text("本期案件有申诉 1 件：成立 1 件")).to_be_visible()

    citizen = sit("", PHONE)
    citizen.go(f"/public/bulletins/{first}")
    expect(citizen.page.get_by_text("本期案件没有申诉")).to_be_visible()
    citizen.go(f"/public/bulletins/{second}")
    expect(citizen.page.get_by_role("heading", name="与第 1 版的不同")).to_be_visible()
    assert late.number not in citizen.page.content()
    with citizen.page.expect_download() as paper:
        citizen.page.get_by_role("link", name="PDF（可打印）").click()
    paper.value.save_as(tmp_path / "b.pdf")
    shown = citizen.page.locator("#hash").inner_text()
    assert shown in PdfReader(tmp_path / "b.pdf").pages[0].extract_text().replace("\n", "")
    with citizen.page.expect_download() as whole:
        citizen.page.get_by_role("link", name="下载本期全部依据").click()
    whole.value.save_as(tmp_path / whole.value.suggested_filename)
    _, word, name, *rest = citizen.page.locator("pre").inner_text().split()
    assert main([word, str(tmp_path / name), *rest]) == 0
    assert rest == ["--hash", shown]
