"""The security administrator's accounts and the audit administrator's trail, in a real browser, without any command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from dispatch.audit.seal import seal_now
from dispatch.audit.where import heads_file
from tests.cases.town import look
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit
from tests.people.made import PASSWORD

Enter = Callable[[str], Person]


def noted(kind: str) -> list[dict[str, object]]:
    """Events of a kind, with who did it and to whom, oldest first."""
    return look(
        """SELECT p.login AS by, o.login AS whom, e.object, e.detail FROM audit_event e
             LEFT JOIN person p ON p.id = e.person_id LEFT JOIN person o ON e.object = 'person:' || o.id
            WHERE e.kind = %(kind)s ORDER BY e.id""",
        kind=kind,
    )


@pytest.mark.browser
@pytest.mark.parametrize(("size", "whose"), [(PHONE, "water"), (DESK, "utilities")], ids=["412", "1440"])
def test_a_locked_account_is_unlocked_its_session_ended_and_a_first_password_shown_once(
    sit: Sit, person: Enter, size: tuple[int, int], whose: str
) -> None:
    theirs = person(whose)
    stranger = person("")
    for _ in range(6):
        stranger.web.post("/login", data={"login": whose, "password": "wrong", "next": "/"})
    seat = sit("security_admin", size)
    expect(seat.page).to_have_url(f"{seat.address}/people")
    seat.go("/people?standing=locked")
    seat.page.locator("tbody tr", has_text=whose).get_by_role("link").click()
    if seat.page.get_by_role("button", name="解除锁定").count():
        seat.page.get_by_role("button", name="解除锁定").click()
        assert noted("grant")[-1]["by"] == "security_admin"
        assert noted("grant")[-1]["whom"] == whose
    expect(seat.page.get_by_text("锁定至")).to_have_count(0)
    seat.fits()

    assert theirs.web.get("/account").status_code == 200
    seat.page.get_by_role("button", name="结束会话").first.click()
    expect(seat.page.get_by_text("现在没有登录")).to_be_visible()
    assert theirs.web.get("/account").status_code == 401
    assert noted("revoke")[-1] | {"object": ""} == {
        "by": "security_admin", "whom": whose, "object": "", "detail": {"session": True}
    }  # fmt: skip

    seat.page.get_by_text("生成新的初始密码").first.click()
    seat.page.get_by_role("button", name="生成新的初始密码").click()
    first = seat.page.locator("[data-first]").inner_text()
    assert len(first) == 19
    seat.fits()
    assert noted("password")[-1]["detail"] == {"generated": True}
    seat.go(f"/people/{whose}")
    expect(seat.page.locator("[data-first]")).to_have_count(0)
    assert first not in seat.page.content()
    assert stranger.web.post("/login", data={"login": whose, "password": first}).headers["location"] == "/password"


def test_a_closed_account_logs_in_no_more_until_it_is_opened_again(person: Enter) -> None:
    keeper = person("security_admin")
    gone = person("landscaping")
    assert keeper.send("/people/landscaping", "/people/landscaping", what="close").status_code == 303
    assert gone.web.get("/account").status_code == 401
    assert "已停用" in keeper.get("/people?standing=closed").text
    tried = {"login": "landscaping", "password": PASSWORD}
    assert person("").web.post("/login", data=tried).status_code == 401
    assert keeper.send("/people/landscaping", "/people/landscaping", what="open").status_code == 303
    assert person("").web.post("/login", data=tried).status_code == 303
    assert [row["detail"] for row in noted("revoke")][-1] == {"disabled": True}


def test_nobody_closes_the_own_account_or_does_what_there_is_not(person: Enter) -> None:
    keeper = person("security_admin")
    csrf = keeper.get("/people/security_admin").text
    assert "须由另一名安全管理员办理" in csrf
    token = csrf.split('name="csrf" value="')[1].split('"')[0]
    for what, status in (("close", 403), ("password", 403), ("promote", 404), ("end", 404)):
        assert keeper.post("/people/security_admin", csrf=token, what=what).status_code == status, what
    assert keeper.get("/people/nobody").status_code == 404
    assert keeper.get("/people?q=%00%25'&standing=odd").status_code == 200


@pytest.mark.parametrize("path", ["/people", "/people/water", "/audit"])
def test_the_three_administrators_keep_apart_and_nobody_else_comes_in(person: Enter, path: str) -> None:
    may = "audit_admin" if path == "/audit" else "security_admin"
    for login in ("system_admin", "security_admin", "audit_admin", "leader", "acceptor", "enforcement-a"):
        assert person(login).get(path).status_code == (200 if login == may else 403), login


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["412", "1440"])
def test_the_trail_is_searched_by_person_kind_and_day_and_the_search_is_written_down(
    office: Office, sit: Sit, person: Enter, size: tuple[int, int]
) -> None:
    acceptor = person("acceptor")
    acceptor.get("/audit")  # refused
    seal_now(heads_file())
    before = len(noted("read_personal"))
    seat = sit("audit_admin", size)
    expect(seat.page).to_have_url(f"{seat.address}/audit")
    expect(seat.page.get_by_text("库外记录一致")).to_be_visible()
    seat.page.get_by_label("姓名、登录名或单位").fill("acceptor")
    seat.page.get_by_label("种类").select_option("refused")
    seat.page.get_by_role("button", name="查找").click()
    rows = seat.page.locator("tbody tr")
    expect(rows.first).to_contain_text("/audit")
    expect(rows.first).to_contain_text("受理员")
    expect(rows.filter(has_not_text="受理员")).to_have_count(0)
    seat.fits()
    today = datetime.now(UTC).date()
    far = f"since={today - timedelta(days=400)}&until={today - timedelta(days=399)}"
    assert "这些天没有这样的记录" in person("audit_admin").get(f"/audit?{far}").text
    written = noted("read_personal")
    assert len(written) - before == 2  # its home and the search; nothing was shown for days without events
    assert written[-1]["by"] == "audit_admin"
    assert written[-1]["object"] == "trail"
    assert "acceptor" not in str(written[-1]["detail"])
    seat.go("/audit?lang=en")
    expect(seat.page.get_by_role("heading", name="Sealed chain")).to_be_visible()


def test_days_that_cannot_be_and_a_head_that_was_changed_are_said(office: Office, person: Enter) -> None:
    reader = person("audit_admin")
    for days in ("since=soon", "since=2026-01-31&until=2026-01-01", "since=2026-01-01&until=2026-12-31"):
        assert reader.get(f"/audit?{days}").status_code == 422, days
    assert reader.get("/audit?before=x").status_code == 422
    seal_now(heads_file())
    kept = heads_file().read_text()
    try:
        heads_file().write_text(kept[:-100] + kept[-100:].replace("a", "b").replace("0", "1"))
        assert "库外记录不一致" in reader.get("/audit").text
        heads_file().unlink()
        assert "库外没有记录" in reader.get("/audit").text
    finally:
        heads_file().write_text(kept)


def test_older_events_follow_on_the_next_page(person: Enter) -> None:
    reader = person("audit_admin")
    text = reader.get("/audit?kind=log_in").text
    assert "登录" in text
    ids = [row["id"] for row in look("SELECT id FROM audit_event WHERE kind = 'log_in' ORDER BY at DESC, id DESC")]
    older = reader.get(f"/audit?kind=log_in&before={ids[0]}").text
    assert older.count("<tr>") == text.count("<tr>") - 1 or len(ids) > 200
