"""A PDF as evidence, before real screens: put to an ask, refused, kept, read, printed, contested with."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect
from psycopg.types.json import Jsonb

from dispatch.cards.give import give
from gis.db import execute, write
from tests.cards.test_cards import RULES
from tests.cases.town import look
from tests.evidence import papers
from tests.evidence.papers import paper
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Seat, Sit

FILE = {"name": "会议纪要.pdf", "mimeType": "application/pdf", "buffer": paper(3)}
BAD = {"name": "表单.pdf", "mimeType": "application/pdf", "buffer": paper(1, papers.script)}


def ask(seat: Seat, number: str, action: str) -> None:
    """Open the page of a case at a form."""
    seat.go(f"/cases/{number}?act={action}#acts")


def test_an_extension_rests_on_a_pdf_alone(office: Office, sit: Sit, person: Callable[[str], Person]) -> None:
    case = office.town.handling()
    team = sit("enforcement-a", PHONE)
    ask(team, case.number, "ask_delay")
    form = team.page.locator("details[open] form", has=team.page.locator("[value=ask_delay]"))
    form.locator("[name=reason]").select_option("permit")  # it rests on a paper
    form.locator("[name=note]").fill("许可正在办理")
    form.get_by_label("PDF 材料").set_input_files(BAD)
    form.locator("button.block").click()
    expect(team.page.get_by_role("alert")).to_contain_text("PDF 含有脚本或动作")
    expect(form.locator("[name=note]")).to_have_value("许可正在办理")
    team.fits()
    team.faults.clear()  # the browser's console names every refusal
    form.get_by_label("PDF 材料").set_input_files(FILE)
    form.locator("button.block").click()
    expect(team.page.get_by_role("status")).to_be_visible()
    expect(team.page.get_by_label("书面材料")).to_contain_text("会议纪要.pdf PDF，3 页，1 kB")
    team.fits()

    desk = sit("dispatcher", DESK)
    desk.go(f"/cases/{case.number}?lang=en")
    papers_of = desk.page.get_by_label("Documents")
    expect(papers_of).to_contain_text("会议纪要.pdf PDF, 3 pages, 1 kB")
    with desk.page.expect_download() as download:
        papers_of.get_by_role("link").click()
    assert download.value.suggested_filename == "会议纪要.pdf"
    desk.fits()
    for kind, language, said in (("delay", "zh", "书面材料"), ("delay", "en", "Documents"), ("case", "zh", "书面材料")):
        sheet = person("dispatcher").get(f"/cases/{case.number}/{kind}-sheet?lang={language}").text
        assert "会议纪要.pdf" in sheet, kind
        assert said in sheet, kind
        assert "/api/v1/documents/" not in sheet  # paper has no links
    assert person("enforcement-b").get(f"/cases/{case.number}").status_code == 404


def test_what_came_stays_with_a_form_that_is_refused_for_something_else(
    office: Office, person: Callable[[str], Person]
) -> None:
    case = office.town.handling()
    team = person("enforcement-a")
    page = f"/cases/{case.number}"
    hidden = {name: team.get(page).text.split(f'name="{name}" value="')[1].split('"')[0] for name in ("csrf", "key")}
    sent = {**hidden, "action": "ask_suspend", "reason": "funds", "until": "2020-01-01T00:00"}
    answer = team.web.post(page, data=sent, files={"document": ("a.pdf", paper(2), "application/pdf")})
    assert answer.status_code == 422
    kept = answer.text.split('name="documents" value="')[1].split('"')[0]
    again = team.web.post(page, data=sent | {"until": "2027-01-01T00:00", "documents": kept})
    assert again.status_code == 303, again.text
    found = look("SELECT name, seq FROM case_document WHERE case_id = %(id)s", id=case.case_id)
    assert [row["name"] for row in found] == ["a.pdf"]


def test_three_are_too_many(office: Office, person: Callable[[str], Person]) -> None:
    case = office.town.handling()
    team = person("enforcement-a")
    page = f"/cases/{case.number}"
    hidden = {name: team.get(page).text.split(f'name="{name}" value="')[1].split('"')[0] for name in ("csrf", "key")}
    three = [("document", (f"{n}.pdf", paper(n + 1), "application/pdf")) for n in range(3)]
    answer = team.web.post(page, data={**hidden, "action": "ask_delay", "reason": "permit"}, files=three)
    assert (answer.status_code, "最多 2 个 PDF 文件" in answer.text) == (422, True)


def test_those_that_a_form_names_already_count_and_a_name_twice_is_one(
    office: Office, person: Callable[[str], Person]
) -> None:
    case = office.town.handling()
    team = person("enforcement-a")
    page = f"/cases/{case.number}"
    hidden = {name: team.get(page).text.split(f'name="{name}" value="')[1].split('"')[0] for name in ("csrf", "key")}
    sent = {**hidden, "action": "ask_delay", "reason": "permit"}
    one, two = (
        team.web.post(
            "/api/v1/documents",
            files={"document": (f"{n}.pdf", paper(n), "application/pdf")},
            headers={"x-csrf": hidden["csrf"]},
        ).json()
        for n in (1, 2)
    )
    named = {"documents": [one["sha256"], two["sha256"], one["sha256"]]}
    third = {"document": ("3.pdf", paper(3), "application/pdf")}
    answer = team.web.post(page, data=sent | named, files=third)
    assert (answer.status_code, "最多 2 个 PDF 文件" in answer.text) == (422, True)
    answer = team.web.post(page, data=sent | {"documents": [f"{n:064}" for n in range(900)]})
    assert (answer.status_code, "最多 2 个 PDF 文件" in answer.text) == (422, True)
    again = {"document": ("1.pdf", paper(1), "application/pdf")}
    answer = team.web.post(page, data=sent | named, files=again)
    assert answer.status_code == 303, answer.text
    assert len(look("SELECT FROM case_document WHERE case_id = %(id)s", id=case.case_id)) == 2


def test_a_card_is_contested_with_a_pdf(office: Office, sit: Sit) -> None:
    with write() as tx:
        execute(tx, "UPDATE city SET document = document || %(r)s", r=Jsonb({"cards": RULES}))
    office.town.dispatched()
    office.town.later(days=5)
    office.town.sweep()
    assert give()
    unit = sit("enforcement-a", DESK)
    unit.go("/cards?lang=en")
    card = unit.page.locator("li", has=unit.page.locator("summary")).first
    card.locator("summary").click()
    card.get_by_label("Why it is wrong").select_option("system")
    card.get_by_label("PDF documents").set_input_files(FILE)
    card.get_by_role("button", name="Contest").click()
    expect(unit.page.get_by_text("会议纪要.pdf")).to_be_visible()
    unit.fits()
    judge = sit("supervisor", PHONE)
    judge.go("/cards")
    with judge.page.expect_download():
        judge.page.get_by_role("link", name="会议纪要.pdf").click()
    judge.fits()
