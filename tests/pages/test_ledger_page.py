"""The ledger before its screens: entered with a paper by one person, agreed to by another."""

from __future__ import annotations

import hashlib

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import Office
from tests.pages.seats import DESK, PHONE, Sit


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["412", "1440"])
def test_a_case_is_left_out_by_a_paper_and_two_persons(office: Office, sit: Sit, screen: tuple[int, int]) -> None:
    case = office.town.handling()
    paper = f"关于剔除 {case.number} 的批复".encode()
    seat = sit("evaluator", screen)
    page = seat.page
    seat.go("/ledger")
    seat.fits()
    page.get_by_label("案件编号").fill(case.number)
    page.get_by_label("理由").fill("要求不合理")
    page.get_by_label("依据文件编号").fill("城管〔2026〕9号")
    page.get_by_role("button", name="登记").click()
    expect(page.get_by_text("请选择依据文件").first).to_be_visible()
    expect(page.get_by_label("理由")).to_have_value("要求不合理")
    seat.faults.clear()  # a refusal is a 422
    page.locator("#f-document").set_input_files({"name": "批复.pdf", "mimeType": "application/pdf", "buffer": paper})
    page.get_by_role("button", name="登记").click()
    row = page.locator("tr", has_text=case.number)
    expect(row.get_by_text("待审定")).to_be_visible()
    expect(row.locator(f"code[title='{hashlib.sha256(paper).hexdigest()}']")).to_have_count(1)
    expect(row.get_by_role("button", name="同意", exact=True)).to_have_count(0)
    seat.fits()
    other = sit("leader", screen)
    other.go("/ranking?period=2026-06&group=section")
    other.page.get_by_role("link", name="计分台账").click()
    row = other.page.locator("tr", has_text=case.number)
    row.get_by_role("button", name="同意", exact=True).click()
    expect(other.page.locator("tr", has_text=case.number).get_by_text("已审定")).to_be_visible()
    other.fits()


def test_the_empty_ledger_says_what_it_is_for_and_offers_no_form_to_readers(office: Office, sit: Sit) -> None:
    seat = sit("dispatcher", DESK)
    seat.go("/ledger")
    expect(seat.page.get_by_role("button", name="登记")).to_have_count(0)
