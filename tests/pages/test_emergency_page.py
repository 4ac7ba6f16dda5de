"""The emergency page in a real browser: parts used with a reply, low stock seen, received, corrected by two persons."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from dashboards.app import create_app
from dispatch.cluster import Urls
from dispatch.people.passwords import hash_password
from gis.db import execute, write
from tests.cases.town import look, settled
from tests.duty.town import at
from tests.emergency.town import COVER, handling, stocked
from tests.http.serving import served
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, PHOTO, Sit
from tests.people.made import PASSWORD

Enter = Callable[[str], Person]


@pytest.fixture(scope="module")
def office(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The town with teams and parts, on a Monday before noon."""
    with settled(stocked(tmp_path_factory.mktemp("city"))) as town:
        town.set(at("2026-06-08T09:00"))
        with write() as tx:
            execute(tx, "UPDATE person SET password_hash = %(h)s, must_change = false", h=hash_password(PASSWORD))
        with served(create_app(database.app)) as address:
            yield Office(town, address)


@pytest.mark.browser
def test_parts_are_used_with_a_reply_on_a_phone_restocked_and_corrected_at_a_desk(office: Office, sit: Sit) -> None:
    case = handling(office.town)
    unit = sit("water", PHONE)
    unit.go(f"/cases/{case.number}#acts")
    form = unit.page.locator("details.act[open] form")
    form.get_by_label("使用备件：井盖").fill("9")
    form.locator("input[type=file]").set_input_files(PHOTO)
    form.evaluate("form => { form.noValidate = true }")
    form.get_by_role("button", name="回复").click()
    expect(unit.page.get_by_role("alert")).to_contain_text("库存只有 5")
    unit.faults.clear()  # the console names the refusal
    form = unit.page.locator("details.act[open] form")
    expect(form.get_by_label("使用备件：井盖")).to_have_value("9")
    form.get_by_label("使用备件：井盖").fill("2")
    form.get_by_role("button", name="回复").click()
    expect(unit.page.get_by_role("status").first).to_contain_text("回复")
    expect(unit.page.locator("section[aria-labelledby=hi]")).to_contain_text("用 井盖 2 件")
    unit.fits()

    unit.go("/emergency")
    expect(unit.page.locator("tbody tr").first).to_contain_text("井盖")
    expect(unit.page.locator("tbody tr").first).to_contain_text("库存不足")
    expect(unit.page.locator("#ledger li").first).to_contain_text(case.number)
    store = unit.page.locator("form[action='/emergency/received']")
    store.locator("select").select_option("cover")
    store.get_by_label("数量").fill("10")
    store.get_by_role("button", name="入库").click()
    expect(unit.page.locator("#ledger li").first).to_contain_text("+10")
    expect(unit.page.get_by_role("status")).to_contain_text("已入库")
    check = unit.page.locator("form[action='/emergency/counts']")
    check.locator("select").select_option("cover")
    check.get_by_label("实盘数量").fill("13")
    check.get_by_label("差异原因").fill("数过了")
    check.get_by_role("button", name="提交确认").click()
    expect(unit.page.get_by_role("alert")).to_contain_text("与账面数量一致")
    unit.faults.clear()
    check = unit.page.locator("form[action='/emergency/counts']")
    check.get_by_label("实盘数量").fill("12")
    check.get_by_role("button", name="提交确认").click()
    expect(unit.page.locator("#counts")).to_contain_text("实盘 12（-1）")
    expect(unit.page.locator("#counts").get_by_role("button", name="确认更正")).to_have_count(0)
    unit.fits()

    head = sit("shift_leader", DESK)
    head.go("/emergency")
    head.page.get_by_role("button", name="确认更正").click()
    expect(head.page.locator("#counts")).to_contain_text("没有待确认的盘点")
    expect(head.page.get_by_role("status")).to_contain_text("库存已按实盘更正")
    expect(head.page.locator("#ledger li").first).to_contain_text("数过了")
    expect(head.page.locator("tbody tr", has_text="井盖").locator("td.num").first).to_have_text("12")
    head.go("/emergency?lang=en")
    expect(head.page.get_by_role("heading", name="Spare parts")).to_be_visible()
    expect(head.page.get_by_text("1 of 2 teams ready")).to_be_visible()
    head.fits()


def test_beside_a_danger_stands_who_is_ready_and_near_with_whom_to_call(office: Office, person: Enter) -> None:
    town = office.town
    case = town.dispatched("water", category=COVER, condition=1)
    said = person("dispatcher").get(f"/cases/{case.number}").text
    part = said[said.index('id="tm"') : said.index("</section>", said.index('id="tm"'))]
    assert part.index("抢修二队") < part.index("抢修一队"), "whose shift is on comes before a nearer one that is off"
    assert "2,215 米" in part
    assert 'href="tel:10000000002"' in part
    ordinary = town.dispatched()
    assert 'id="tm"' not in person("dispatcher").get(f"/cases/{ordinary.number}").text


@pytest.mark.browser
@pytest.mark.parametrize(("login", "size"), [("water", PHONE), ("shift_leader", DESK)], ids=["412", "1440"])
def test_a_team_is_put_out_of_service_and_back_and_no_danger_offers_it_meanwhile(
    office: Office, sit: Sit, person: Enter, login: str, size: tuple[int, int]
) -> None:
    case = office.town.dispatched("water", category=COVER, condition=1)
    before = len(look("SELECT id FROM team_service"))
    seat = sit(login, size)
    seat.go("/emergency")
    team = seat.page.locator("section[aria-labelledby=e-teams] li", has_text="抢修二队")
    team.locator("summary", has_text="停用").click()
    team.get_by_label("停用原因").fill("泵坏了")
    team.get_by_label("停用到").fill("2026-06-01T08:00")
    team.get_by_role("button", name="停用").click()
    expect(seat.page.get_by_role("alert")).to_contain_text("须晚于现在")
    seat.faults.clear()  # the console names the refusal
    expect(team.get_by_label("停用原因")).to_have_value("泵坏了")
    team.get_by_label("停用到").fill("2026-06-10T08:00")
    team.get_by_role("button", name="停用").click()
    expect(team).to_contain_text("停用至 2026-06-10 08:00")
    expect(seat.page.get_by_role("status")).to_contain_text("抢修二队已停用，至 2026-06-10 08:00")
    expect(seat.page.locator("#service li").first).to_contain_text("泵坏了")
    expect(seat.page.get_by_text("在岗队伍 0/2")).to_be_visible()
    seat.fits()
    danger = person("dispatcher").get(f"/cases/{case.number}").text
    assert "抢修一队" in danger
    assert "抢修二队" not in danger

    team.get_by_role("button", name="恢复使用").click()
    expect(seat.page.locator("#service li").first).to_contain_text("恢复")
    expect(seat.page.get_by_role("status")).to_contain_text("抢修二队已恢复使用")
    seat.fits()
    seat.go("/emergency?done=out&of=far")
    expect(seat.page.get_by_role("status")).to_have_count(0)  # it is not out: nothing is said to be done
    expect(team).to_contain_text("在岗")
    assert "抢修二队" in person("dispatcher").get(f"/cases/{case.number}").text
    assert len(look("SELECT id FROM team_service")) == before + 2
    team.locator("summary", has_text="记一次演练").click()
    team.get_by_label("演练内容").fill("夜间抽排")
    team.get_by_label("演练日期").evaluate("input => { input.value = '2026-06-09'; input.form.noValidate = true }")
    team.get_by_role("button", name="记一次演练").click()
    expect(seat.page.get_by_role("alert")).to_contain_text("演练日期须为今天或以前")
    seat.faults.clear()  # the console names the refusal
    team.get_by_label("演练日期").fill("2026-06-01")
    team.get_by_role("button", name="记一次演练").click()
    expect(team).to_contain_text("最近演练 2026-06-01：夜间抽排")
    expect(seat.page.get_by_role("status")).to_contain_text("已记下抢修二队 2026-06-01 的演练")
    seat.fits()
    danger = person("dispatcher").get(f"/cases/{case.number}?lang=en").text
    assert "last drill 2026-06-01" in danger
    assert "vehicles: 2 pump trucks" in danger
    seat.go("/emergency?lang=en")
    expect(seat.page.get_by_role("heading", name="Out of service and back")).to_be_visible()


def test_only_its_own_unit_and_the_heads_of_the_centre_put_a_team_out(office: Office, person: Enter) -> None:
    before = look("SELECT count(*) AS n FROM team_service")
    said = {"why": "x", "until": "2026-06-10T08:00"}
    for login, team, status in (("landscaping", "far", 404), ("dispatcher", "far", 404), ("inspector1", "far", 403),
                                ("water", "none", 404)):  # fmt: skip
        who = person(login)
        csrf = who.get("/account").text.split('name="csrf" value="')[1].split('"')[0]
        for what in ("out", "back", "drill"):
            assert who.post(f"/emergency/teams/{team}/{what}", csrf=csrf, **said).status_code == status, login
        page = who.get("/emergency").text
        assert login == "water" or "/emergency/teams/" not in page
        if login != "inspector1":
            assert ("您在这里只能查看" in page) == (login == "dispatcher")
    assert look("SELECT count(*) AS n FROM team_service") == before


def test_another_unit_sees_neither_stock_nor_telephone_and_keeps_no_store_but_its_own(
    office: Office, person: Enter
) -> None:
    other = person("landscaping").get("/emergency").text
    assert "树撑" in other
    assert "井盖" not in other
    assert "10000000001" not in other
    assert "没有应急队伍" in other
    given = {"spare": "cover", "quantity": "3", "key": "8a5b1f0e-0c52-4a9c-9f0e-3f6ff7d6b001"}
    before = look("SELECT count(*) AS n FROM stock_movement")
    for login, status in (("landscaping", 404), ("dispatcher", 404), ("inspector1", 403), ("", 401)):
        who = person(login)
        page = who.get("/account").text if login else ""
        csrf = page.split('name="csrf" value="')[1].split('"')[0] if 'name="csrf"' in page else ""
        assert who.post("/emergency/received", csrf=csrf, **given).status_code in (status, 303 if not login else status)
    assert look("SELECT count(*) AS n FROM stock_movement") == before
    assert person("inspector1").get("/emergency").status_code == 403
    leader = person("leader").get("/emergency").text
    assert "10000000001" in leader
