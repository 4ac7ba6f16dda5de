"""Each clock of a case says whose it is, what is used and left, and why it ends when it does; in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

from playwright.sync_api import Locator, expect
from psycopg.types.json import Jsonb

from dispatch.cases.overdue import sweep
from dispatch.lifecycle.states import Action
from gis.db import execute, value, write
from tests.cases.town import ZONE, look
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, PHOTO, Seat, Sit

FRIDAY = datetime(2026, 6, 12, 16, 30, tzinfo=ZONE)


def card(seat: Seat) -> Locator:
    """What the case's page says of its deadlines."""
    return seat.page.locator("section[aria-labelledby=dl]")


def open_form(seat: Seat, action: str) -> Locator:
    """An action's form, open."""
    form = seat.page.locator("details.act", has=seat.page.locator(f"input[name=action][value={action}]"))
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    return form


def act(seat: Seat, action: str, **fields: str) -> None:
    """Open an action's form, fill it in, send it."""
    form = open_form(seat, action)
    for name, text in fields.items():
        control = form.locator(f"[name={name}]")
        if control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(text)
        else:
            control.fill(text)
    form.locator("button.block").click()
    expect(seat.page.get_by_role("status")).to_be_visible()


def test_a_limit_over_the_weekend_is_derived_in_words(office: Office, person: Callable[[str], Person]) -> None:
    """Four working hours from Friday 16:30: one and a half on Friday, two and a half on Monday."""
    office.town.set(FRIDAY)
    case = office.town.handling()
    office.town.set(FRIDAY + timedelta(hours=1))
    said = {
        lang: unescape(person("enforcement-a").get(f"/cases/{case.number}?lang={lang}").text) for lang in ("zh", "en")
    }
    assert "2026-06-12 周五 16:30 起算，时限 4个工作时 → 2026-06-15 周一 10:30，因为：" in said["zh"]
    assert "from Friday 2026-06-12 16:30, limit 4 working hours → Monday 2026-06-15 10:30, because " in said["en"]
    assert "not counted: 2026-06-13…06-14" in said["en"]
    assert "已用 1 h · 工作时间 · 周一 06-15 10:30 到期" in said["zh"]
    assert "剩 3 h" in said["zh"]
    assert "色条按自然时间画，夜间和休息日也算在内" in said["zh"]
    assert "The strip is drawn by the wall clock, nights and days off included" in said["en"]
    assert "首问负责：东河区综合执法队值班员" in said["zh"]


def test_a_case_is_in_the_hand_of_who_sent_it_on_until_another_takes_it(
    office: Office, person: Callable[[str], Person]
) -> None:
    case = office.town.dispatched()
    sent = person("enforcement-a").get(f"/cases/{case.number}").text
    office.town.do(case, Action.SIGN, "enforcement-a")
    signed = person("enforcement-a").get(f"/cases/{case.number}").text
    assert [text.split("首问负责：")[-1].split("（")[1].split("）")[0] for text in (sent, signed)] == [
        "派遣员",
        "专业部门",
    ]


def test_lists_name_who_has_a_matter_in_hand_until_it_ends(office: Office, person: Callable[[str], Person]) -> None:
    case, ended = office.town.dispatched(), office.town.closed()
    lists = person("dispatcher").get("/cases").text

    def line(text: str, number: str) -> str:
        return next(part for part in text.split("<tr ") if f">{number}<" in part)

    assert "首问负责：派遣员" in line(lists, case.number)
    assert "首问负责" not in line(lists, ended.number)
    assert "首问负责：派遣员" in person("enforcement-a").get("/cases").text
    office.town.do(case, Action.SIGN, "enforcement-a")
    assert "首问负责：东河区综合执法队值班员" in line(person("dispatcher").get("/cases").text, case.number)


def test_wherever_time_left_stands_the_instant_stands_beside_it(
    office: Office, person: Callable[[str], Person]
) -> None:
    """Also on a phone, and in the queue beside a case."""
    office.town.set(FRIDAY)
    cases = [office.town.filed(), office.town.filed(), office.town.handling(), office.town.handling()]
    office.town.later(minutes=2)
    for who, paths in (
        ("dispatcher", ("/console", "/cases", f"/cases/{cases[0].number}")),
        ("enforcement-a", ("/cases", f"/cases/{cases[2].number}")),
    ):
        for path in paths:
            text = unescape(person(who).get(path).text)
            items = [item for item in re.findall(r'<li class="qi.*?</li>', text, re.DOTALL) if "剩 " in item]
            assert items, (who, path)
            assert [item for item in items if "到期" not in item] == [], (who, path)


def test_a_year_without_its_notice_is_shown_wherever_a_due_time_of_it_stands(
    office: Office, person: Callable[[str], Person]
) -> None:
    office.town.set(datetime(2028, 6, 12, 9, 0, tzinfo=ZONE))
    case = office.town.handling()
    staff = person("dispatcher")
    for path in (f"/cases/{case.number}", f"/cases/{case.number}/dispatch-sheet"):
        assert "2028 年放假安排尚未公布" in staff.get(path).text, path
    assert "暂定" in person("enforcement-a").get("/desk").text
    assert "暂定" in staff.get("/cases?number=&since=2028-06-12").text
    receipt = look("SELECT receipt FROM cases WHERE id = %(id)s", id=case.case_id)[0]["receipt"]
    assert "2028 年放假安排尚未公布" in person("").get(f"/r/{receipt}").text
    danger = office.town.handling("utilities", category="E0505")  # by the 24-hour clock, on all days
    assert "放假安排尚未公布" not in staff.get(f"/cases/{danger.number}").text
    for stage, provisional in (("check", True), ("accept", False)):
        text = staff.get(f"/limits?stage={stage}&category=E0405&at=2028-06-12T09:00").text
        assert ("2028 年放假安排尚未公布，到期时间为暂定" in text) is provisional, stage
    office.town.set(FRIDAY)


def test_an_extension_is_asked_and_refused_and_the_deadline_stays(office: Office, sit: Sit) -> None:
    office.town.set(FRIDAY)
    case = office.town.handling()
    team = sit("enforcement-a", PHONE)
    team.go(f"/cases/{case.number}")
    form = open_form(team, "ask_delay")
    expect(form.locator("[data-respite]")).to_contain_text("本月本单位：承办")
    form.locator("[name=reason]").select_option("permit")  # it rests on a paper
    form.locator("[name=note]").fill("占道许可正在办理")
    form.locator("button.block").click()
    expect(team.page.get_by_role("alert")).to_contain_text("理由“等待审批手续”须同时提供证明材料")
    expect(form.locator("[name=note]")).to_have_value("占道许可正在办理")
    team.fits()
    team.faults.clear()  # the browser's console names every refusal
    form.locator("input[name=photo]").set_input_files(PHOTO)
    expect(form.locator("input[name=photos]")).to_have_count(1)
    form.locator("button.block").click()
    expect(team.page.get_by_role("status")).to_be_visible()
    expect(card(team).locator("li").first).to_contain_text("审批")  # another clock is on now: the dispatcher's
    expect(card(team).locator("li").first).to_contain_text("派遣员")
    team.fits()

    desk = sit("dispatcher", DESK)
    desk.go(f"/cases/{case.number}")
    expect(desk.page.locator("[data-respite]")).to_contain_text("承办")
    expect(desk.page.locator(".said-note").first).to_have_text("占道许可正在办理")
    expect(desk.page.get_by_alt_text("证明材料")).to_be_visible()
    act(desk, "refuse_delay", reason="not_founded")
    team.go(f"/cases/{case.number}")
    expect(team.page.locator(".hist").first).to_contain_text("驳回延期")
    expect(card(team)).to_contain_text("周一 06-15 10:30 到期")
    expect(card(team)).to_contain_text("首问负责：东河区综合执法队值班员")  # who refuses has not taken it on
    if folder := os.environ.get("SHOTS"):
        team.page.screenshot(path=f"{folder}/team.png", full_page=True)
        desk.page.screenshot(path=f"{folder}/desk.png", full_page=True)


def test_a_suspension_rests_the_clock_and_wakes_on_its_day(office: Office, sit: Sit) -> None:
    office.town.set(FRIDAY)
    case = office.town.handling()
    team, desk = sit("enforcement-a", PHONE), sit("dispatcher", DESK)
    team.go(f"/cases/{case.number}")
    act(team, "ask_suspend", reason="season", until="2026-06-18T10:00")
    desk.go(f"/cases/{case.number}")
    act(desk, "approve_suspend")
    team.go(f"/cases/{case.number}")
    expect(card(team)).to_contain_text("计时暂停")
    expect(card(team)).to_contain_text("自 2026-06-12 周五 16:30 起暂停")
    other = sit("enforcement-b", PHONE)  # what rests is open to everybody inside, as a line
    other.go("/suspended")
    row = other.page.locator("tr", has_text=case.number)
    expect(row).to_contain_text("须待季节（如补种）")
    expect(row.locator("a")).to_have_count(0)
    desk.go("/suspended")
    desk.page.locator("tr", has_text=case.number).get_by_role("link").click()
    expect(desk.page).to_have_url(f"{desk.address}/cases/{case.number}")

    office.town.set(datetime(2026, 6, 18, 10, 0, 1, tzinfo=ZONE))
    sweep()
    team.go(f"/cases/{case.number}")
    expect(team.page.locator(".hist").first).to_contain_text("恢复处置")
    expect(team.page.locator(".acts")).to_contain_text("本案已挂账 1 次，最多 1 次，不能再申请")
    other.go("/suspended")
    expect(other.page.locator("tr", has_text=case.number)).to_have_count(0)
    # The whole limit was left on Thursday: two hours that morning, two after the break.
    expect(card(team)).to_contain_text("今天 16:00 到期")
    expect(card(team)).to_contain_text("暂停 2026-06-12 周五 16:30 至 2026-06-18 周四 10:00 不计")


def test_each_clock_says_which_row_of_the_citys_limits_it_has_its_limit_from(
    office: Office, person: Callable[[str], Person]
) -> None:
    """A row by class, area class and season; a stage of city.toml; before the row there was the filing condition."""
    office.town.set(FRIDAY)
    before = office.town.dispatched()
    asks = {"class": "event:04", "area_class": 1, "from": "06-01", "until": "09-30"}
    row = {"no": "L-7", "stage": "dispose", "limit": "6", "time_class": "work_hour", **asks}
    with write() as tx:
        stages = value(tx, "SELECT content FROM edition WHERE kind = 'stages'")
        execute(
            tx,
            """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
               SELECT kind, 'summer', in_force, source, content_hash, %(content)s FROM edition WHERE kind = 'stages'""",
            content=Jsonb([*stages, row]),
        )
        execute(tx, "UPDATE city SET version = version + 1")
    case = office.town.dispatched(lon=114.0005, lat=22.5001)
    said = {
        (number, lang): unescape(person("enforcement-a").get(f"/cases/{number}?lang={lang}").text)
        for number in (before.number, case.number)
        for lang in ("zh", "en")
    }

    assert (
        "时限 6个工作时，因为街面秩序类、一类区域、06-01 至 09-30：2024-01-01 起施行的时限表第 L-7 行"
        in said[case.number, "zh"]
    )
    assert (
        "limit 6 working hours, because of class Street order, area class 1, 06-01 to 09-30: "
        "row L-7 of the limits in force since 2024-01-01" in said[case.number, "en"]
    )
    assert "because of all cases: stage “Sign” of the limits in force since 2024-01-01" in said[case.number, "en"]
    assert "因为各类案件：2024-01-01 起施行的时限表中“签收”环节" in said[case.number, "zh"]
    assert "时限 4个工作时，因为店外经营、立案条件 1：2024-01-01 起施行的立案目录" in said[before.number, "zh"]
    # The limit among the facts is the one that counts, on paper too.
    assert "6个工作时" in person("dispatcher").get(f"/cases/{case.number}/dispatch-sheet?lang=zh").text
    assert "4个工作时" in person("dispatcher").get(f"/cases/{before.number}/dispatch-sheet?lang=zh").text
