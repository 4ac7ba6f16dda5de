"""An inspector reports for somebody on the street: the number is kept apart, each look recorded."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.cases.town import OFF_ROAD, look
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, PHOTO, Sit
from tests.pages.test_reporter_page import gateway as gateway

Enter = Callable[[str], Person]
NUMBER = "13700001111"


def texts_of(number: str) -> set[str]:
    found = look("SELECT t.kind FROM case_text t JOIN cases c ON c.id = t.case_id WHERE c.number = %(n)s", n=number)
    return {row["kind"] for row in found}


def looks() -> int:
    return len(look("SELECT 1 FROM audit_event WHERE kind = 'read_personal'"))


@pytest.mark.usefixtures("gateway")
@pytest.mark.parametrize(
    ("language", "head", "tick", "look_up"),
    [
        ("zh", "受市民委托上报", "用信息告知来电人", "查看个人信息"),
        ("en", "Somebody asked me to report this", "Tell the caller by message", "Show personal data"),
    ],
)
def test_the_form_folds_it_and_keeps_what_was_typed(
    sit: Sit, language: str, head: str, tick: str, look_up: str
) -> None:
    seat = sit("inspector1", PHONE, place=True)
    page = seat.page
    seat.go(f"/field/report?lang={language}")
    expect(page.locator("#f-contact_phone")).to_be_hidden()  # folded away
    page.get_by_text(head).click()
    expect(page.get_by_label(tick)).to_be_checked()
    page.locator("#f-contact_name").fill("李女士")
    page.locator("#f-contact_phone").fill("问门卫")
    page.locator("input[name=photo]").set_input_files(PHOTO)
    expect(page.locator("input[name=photos]")).to_have_count(1)
    page.locator("input[role=combobox]").first.fill("E0405")
    page.get_by_role("option").first.click()
    page.locator("[data-locate]").click()
    expect(page.locator("[data-said]")).to_contain_text("±6 m")
    page.locator("form[action='/field/report'] button.pri.lg").click()
    expect(page.get_by_role("alert")).to_be_visible()
    seat.faults.clear()  # the console names the refusal
    expect(page.locator("#f-contact_name")).to_be_visible()  # what is wrong is not folded away
    expect(page.locator("#f-contact_name")).to_have_value("李女士")
    seat.fits()
    page.locator("#f-contact_phone").fill(NUMBER)
    page.locator("form[action='/field/report'] button.pri.lg").click()
    page.wait_for_url("**/field?reported=*")
    case = look("SELECT id, number, tell_in, public, source FROM cases ORDER BY id DESC LIMIT 1")[0]
    assert (case["tell_in"], case["public"], case["source"]) == ("zh", False, "inspector")
    assert texts_of(case["number"]) >= {"contact_name", "contact_phone"}
    assert NUMBER not in str(look("SELECT * FROM step WHERE case_id = %(id)s", id=case["id"]))

    desk = sit("acceptor", DESK)
    desk.go(f"/cases/{case['number']}?lang={language}")
    assert NUMBER not in desk.page.content()
    before = looks()
    desk.page.get_by_role("link", name=look_up).click()
    expect(desk.page.get_by_text(NUMBER)).to_be_visible()
    assert looks() == before + 1
    desk.fits()


def test_neither_a_department_nor_the_inspector_reads_the_number(office: Office, person: Enter) -> None:
    case = office.town.handling(contact_name="李女士", contact_phone=NUMBER)
    for who in ("enforcement-a", "inspector1", "inspector2"):
        for path in (f"/cases/{case.number}?personal=1", f"/field/cases/{case.number}", f"/api/v1/cases/{case.number}"):
            answer = person(who).get(path).text
            assert NUMBER not in answer
            assert "李女士" not in answer
    plain = office.town.handling()
    assert "personal=1" not in person("acceptor").get(f"/cases/{plain.number}").text  # nobody asked for it
    assert "personal=1" in person("acceptor").get(f"/cases/{case.number}").text


def test_a_program_of_inspectors_names_the_caller_too(office: Office, person: Enter) -> None:
    inspector = person("inspector1")
    web, token = inspector.web, inspector.get("/account").text.split('name="csrf" value="')[1].split('"')[0]
    body = {
        "id": str(uuid4()),
        "position": {"x": OFF_ROAD[0], "y": OFF_ROAD[1]},
        "category": "E0405",
        "contact_name": "李女士",
        "contact_phone": NUMBER,
        "tell_in": "en",
    }
    headers = {"x-csrf": token}
    answer = web.post("/api/v1/reports", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert web.post("/api/v1/reports", json=body, headers=headers).status_code == 200  # the same report again
    other = web.post("/api/v1/reports", json=body | {"contact_phone": "13900002222"}, headers=headers)
    assert other.status_code == 409
    number = answer.json()["number"]
    assert texts_of(number) == {"contact_name", "contact_phone"}
    assert look("SELECT tell_in FROM cases WHERE number = %(n)s", n=number)[0]["tell_in"] == "en"
