"""The security administrator's accounts and the audit administrator's trail, in a real browser, without any command."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from dispatch.audit.seal import seal_now
from dispatch.audit.trail import Kind, record
from dispatch.audit.where import heads_file
from dispatch.people.roles import Role
from dispatch.people.standing import locked
from dispatch.people.throttle import name_key
from gis.db import execute, write
from tests.cases.town import look
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit
from tests.people.made import PASSWORD, make_person

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


def token_of(keeper: Person) -> str:
    """What a form of any page sends along."""
    return keeper.get("/people/water").text.split('name="csrf" value="')[1].split('"')[0]


def test_what_there_is_not_is_said(person: Enter) -> None:
    keeper = person("security_admin")
    for what in ("promote", "end"):
        assert keeper.post("/people/water", csrf=token_of(keeper), what=what).status_code == 404, what
    assert keeper.get("/people/nobody").status_code == 404
    assert keeper.get("/people?q=%00%25'&standing=odd").status_code == 200


@pytest.mark.parametrize("path", ["/people", "/people/water", "/audit"])
def test_the_three_administrators_keep_apart_and_nobody_else_comes_in(person: Enter, path: str) -> None:
    may = "audit_admin" if path == "/audit" else "security_admin"
    for login in ("system_admin", "security_admin", "audit_admin", "leader", "acceptor", "enforcement-a"):
        assert person(login).get(path).status_code == (200 if login == may else 403), login


def standing_of(login: str) -> list[dict[str, object]]:
    """The account with its sessions."""
    return look(
        """SELECT p.password_hash, p.must_change, p.disabled,
                  (SELECT count(*) FROM session s WHERE s.person_id = p.id) AS sessions
             FROM person p WHERE p.login = %(login)s""",
        login=login,
    )


@pytest.mark.parametrize("whose", ["system_admin", "security_admin", "audit_admin"])
def test_one_administrator_gets_nothing_done_with_the_account_of_another_nor_with_the_own(
    person: Enter, whose: str
) -> None:
    keeper, theirs = person("security_admin"), person(whose)
    token, before, changes = token_of(keeper), standing_of(whose), [noted(kind) for kind in ("grant", "revoke")]
    session = look(
        """SELECT encode(token_hash, 'hex') AS id FROM session s JOIN person p ON p.id = s.person_id
            WHERE p.login = %(login)s LIMIT 1""",
        login=whose,
    )[0]["id"]
    shown = keeper.get(f"/people/{whose}").text
    assert "wangge user；" in shown
    assert 'name="what"' not in shown
    for what in ("password", "close", "open", "unlock", "end"):
        answer = keeper.post(f"/people/{whose}", csrf=token, what=what, session=session)
        assert answer.status_code == 403, what
        assert "data-first" not in answer.text
        assert "未作任何改动" in answer.text
    english = keeper.web.post(f"/people/{whose}?lang=en", data={"csrf": token, "what": "password"}).text
    assert "Nothing was changed" in english
    assert standing_of(whose) == before
    assert [noted(kind) for kind in ("grant", "revoke")] == changes
    assert theirs.web.get("/account").status_code == 200


@pytest.mark.parametrize("login", ["a/b", "/x", "a?b#c"])
def test_an_account_has_its_page_whatever_signs_its_name_has(person: Enter, login: str) -> None:
    make_person(login)
    keeper = person("security_admin")
    (way,) = re.findall(rf'href="(/people/[^"]+)">{re.escape(login)}</a>', keeper.get("/people").text)
    closed = keeper.send(way, way, what="close")
    assert (closed.status_code, closed.headers["location"]) == (303, way)
    assert look("SELECT disabled FROM person WHERE login = %(login)s", login=login) == [{"disabled": True}]


def test_of_several_locks_the_last_to_end_is_told(person: Enter) -> None:
    ends = [datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=n) for n in (5, 50, 20)]
    make_person("tried")
    with write() as tx:
        for n, until in enumerate(ends):
            key = f"pair:{name_key('tried')}@10.0.0.{n}"
            execute(tx, "INSERT INTO throttle VALUES (%(key)s, 9, now(), %(until)s)", key=key, until=until)
        assert locked(tx)["tried"] == max(ends)


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
    assert len(written) - before == 3  # its home, the search, and that of days without events
    assert written[-1]["detail"] == {
        "since": str(today - timedelta(days=400)),
        "until": str(today - timedelta(days=399)),
        "shown": 0,
    }
    assert written[-1]["by"] == "audit_admin"
    assert written[-1]["object"] == "trail"
    assert "acceptor" not in str(written[-2]["detail"])
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


def test_a_name_that_too_many_have_is_not_searched_by_halves(person: Enter) -> None:
    for n in range(50):
        make_person(f"crowd{n}")
    reader = person("audit_admin")
    before = len(noted("read_personal"))
    assert reader.get("/audit?who=crowd").status_code == 200
    make_person("crowd50")
    refused = reader.get("/audit?who=crowd")
    assert (refused.status_code, "请缩小范围" in refused.text) == (422, True)
    assert "Narrow it down" in reader.get("/audit?who=crowd&lang=en").text
    assert len(noted("read_personal")) == before + 1


def test_older_events_follow_on_the_next_page(person: Enter) -> None:
    reader = person("audit_admin")
    text = reader.get("/audit?kind=log_in").text
    assert "登录" in text
    ids = [row["id"] for row in look("SELECT id FROM audit_event WHERE kind = 'log_in' ORDER BY at DESC, id DESC")]
    older = reader.get(f"/audit?kind=log_in&before={ids[0]}").text
    assert older.count("<tr>") == text.count("<tr>") - 1 or len(ids) > 200


def test_events_of_ledger_and_bulletin_are_told_in_words_and_can_be_filtered(person: Enter) -> None:
    with write() as tx:
        record(tx, Kind.LEDGER_ENTERED, object="ledger:1", detail={"points": "None", "changes": {"city": 1}})
    reader = person("audit_admin")
    for language, words in (("zh", "台账已登记"), ("en", "ledger entry made")):
        text = reader.get(f"/audit?kind=ledger_entered&lang={language}").text
        assert f'<option value="ledger_entered" selected>{words}</option>' in text
        assert (f">{words}</td>" in text, "changes=city 1" in text, "points=" in text) == (True, True, False)
        assert 'value="bulletin_published"' in text


def test_an_entry_names_its_case_by_number_and_leads_there_whoever_may_see_cases(office: Office, person: Enter) -> None:
    case = office.town.report()
    make_person("both", Role.AUDIT_ADMIN, Role.EVALUATOR)
    with write() as tx:
        record(tx, Kind.PRINT, object=f"case:{case.case_id}")
        record(tx, Kind.PRINT, object="case:999999999")
    way = f'<a href="/cases/{case.number}">{case.number}</a>'
    for login, leads in (("audit_admin", False), ("both", True)):
        text = person(login).get("/audit?kind=print").text
        assert case.number in text
        assert f"case:{case.case_id}" not in text
        assert "case:999999999" in text
        assert (way in text) == leads, login


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["412", "1440"])
def test_no_column_of_the_trail_breaks_a_word(office: Office, sit: Sit, size: tuple[int, int]) -> None:
    with write() as tx:
        detail = {"changes": {"categories": 263, "components": 3431}, "edition": "catalogue", "hash": "0" * 64}
        record(tx, Kind.LAYERS, object="change_set:20260612-components", detail=detail)
    seat = sit("audit_admin", size)
    seat.go("/audit?kind=layers&lang=en")
    expect(seat.page.locator("tbody tr")).not_to_have_count(0)
    assert seat.broken() == []


def test_days_that_cannot_be_are_not_said_to_be_without_events(person: Enter) -> None:
    text = person("audit_admin").get("/audit?since=soon").text
    assert "这些天没有这样的记录" not in text
