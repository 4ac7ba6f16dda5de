"""Pages say the city's time, whatever zone the browser is in; and what is typed there is the city's time."""

from __future__ import annotations

import re
from datetime import timedelta

from dispatch.lifecycle.states import Action
from tests.cases.town import MONDAY, ZONE, look
from tests.pages.conftest import Office
from tests.pages.seats import DESK, PHONE, Sit
from tests.worker.test_clock_steps import ZONES


def test_every_browser_is_told_the_citys_time(office: Office, sit: Sit) -> None:
    office.town.set(MONDAY + timedelta(hours=7, minutes=30))  # in New York it is half past four in the morning
    case = office.town.handling()
    paths = [f"/cases/{case.number}", "/cases", "/calendar", "/limits?stage=sign&at=2026-06-12T16:30"]
    read: dict[str, list[str]] = {path: [] for path in paths}
    for zone in ZONES:
        seat = sit("dispatcher", DESK, zone=zone)
        for path in paths:
            seat.go(path)
            read[path].append(re.sub(r"\s+", " ", seat.page.locator("main").inner_text()))
    for path, texts in read.items():
        assert len(set(texts)) == 1, path
    assert "明天 10:30 到期" in read[paths[0]][0]


def test_a_time_typed_in_another_zone_is_the_citys(office: Office, sit: Sit) -> None:
    office.town.set(MONDAY + timedelta(hours=1))
    case = office.town.handling()
    seat = sit("enforcement-a", PHONE, zone="America/New_York")
    seat.go(f"/cases/{case.number}")
    form = seat.page.locator("details.act", has=seat.page.locator("input[name=action][value=ask_suspend]"))
    form.locator("summary").click()
    form.locator("[name=reason]").select_option("season")
    form.locator("[name=until]").fill("2026-06-18T10:00")
    form.locator("button.block").click()
    seat.page.get_by_role("status").wait_for()
    office.town.do(case, Action.APPROVE_SUSPEND, "dispatcher")
    (row,) = look("SELECT suspended_until FROM cases WHERE id = %(id)s", id=case.case_id)
    assert f"{row['suspended_until'].astimezone(ZONE):%Y-%m-%d %H:%M}" == "2026-06-18 10:00"
