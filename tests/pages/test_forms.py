"""The pages without scripts: what each post sees, forms that lose nothing, one report sent twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from dispatch.evidence.photos import MOST
from dispatch.lifecycle.states import Action
from gis.db import value, write
from tests.cases.town import OFF_ROAD, look, picture
from tests.pages.conftest import Office, Person
from tests.people.made import PASSWORD

Enter = Callable[[str], Person]
LON, LAT = (str(degrees) for degrees in OFF_ROAD)


def state_of(number: str) -> str:
    return str(look("SELECT state FROM cases WHERE number = %(n)s", n=number)[0]["state"])


def reports() -> int:
    return int(look("SELECT count(*) AS n FROM report")[0]["n"])


def token(who: Person) -> str:
    """What a form of this person has to carry."""
    return who.get("/account").text.split('name="csrf" value="')[1].split('"')[0]


def test_a_wrong_password_keeps_the_name_and_says_so(person: Enter) -> None:
    answer = person("").post("/login", login="acceptor", password="not it", next="/console")
    assert answer.status_code == 401
    assert 'value="acceptor"' in answer.text
    assert 'value="/console"' in answer.text
    assert "not it" not in answer.text


@pytest.mark.parametrize("next_page", ["//evil.example", "/\\evil.example", "https://evil.example", "evil"])
def test_a_log_in_never_leads_to_another_host(person: Enter, next_page: str) -> None:
    answer = person("").post("/login", login="acceptor", password=PASSWORD, next=next_page)
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("login", "start"),
    [
        ("inspector1", "/field"),
        ("acceptor", "/console"),
        ("shift_leader", "/console"),
        ("dispatcher", "/console"),
        ("utilities", "/desk"),
        ("district-a", "/desk"),
        ("leader", "/ranking"),
        ("supervisor", "/ranking"),
        ("system_admin", "/notices"),
    ],
)
def test_each_post_begins_where_its_work_is(person: Enter, login: str, start: str) -> None:
    answer = person(login).get("/")
    assert answer.status_code == 200
    assert answer.url.path == start


def test_a_stranger_is_sent_to_log_in_and_comes_back(person: Enter) -> None:
    stranger = person("")
    page = stranger.get("/cases?late=1")
    assert page.url.path == "/login"
    assert 'name="next" value="/cases?late=1"' in page.text


@pytest.mark.parametrize("path", ["/console", "/desk", "/field", "/cases", "/ranking", "/map", "/console/register"])
def test_an_administrator_sees_no_cases(person: Enter, path: str) -> None:
    assert person("security_admin").get(path).status_code == 403


def test_a_first_password_must_be_replaced_before_anything_else(office: Office, person: Enter) -> None:
    evaluator = person("evaluator")
    with write() as tx:
        value(tx, "UPDATE person SET must_change = true WHERE login = 'evaluator' RETURNING 1")
    assert evaluator.get("/cases").url.path == "/password"
    answer = evaluator.send("/password", "/password", old=PASSWORD, new="a longer sentence 1", again="another one")
    assert answer.status_code == 422
    answer = evaluator.send(
        "/password", "/password", old=PASSWORD, new="a longer sentence 1", again="a longer sentence 1"
    )
    assert answer.status_code == 303
    evaluator.web.cookies.update(answer.cookies)
    assert evaluator.get("/cases").url.path == "/cases"


def test_the_language_is_chosen_in_the_address_and_remembered(person: Enter) -> None:
    acceptor = person("acceptor")
    assert '<html lang="zh-CN"' in acceptor.get("/console").text
    assert "To accept" in acceptor.get("/cases?lang=en").text
    assert '<html lang="en"' in acceptor.get("/console").text


def test_a_call_is_registered_once_however_often_it_is_sent(person: Enter) -> None:
    acceptor = person("acceptor")
    mine = {"id": str(uuid4()), "source": "12345", "category": "E0405", "lon": LON, "lat": LAT}
    mine |= {"description": "店外经营", "contact_phone": "13800000000", "hand_back": "2026-06-10T17:30"}
    first = acceptor.send("/console/register", "/console/register", **mine)
    second = acceptor.send("/console/register", "/console/register", **mine)
    assert first.status_code == second.status_code == 303, first.text
    assert first.headers["location"] == second.headers["location"]
    page = acceptor.get(first.headers["location"])
    assert "店外经营" in page.text
    assert "13800000000" not in page.text
    assert "周三 06-10 17:30" in page.text


def test_who_called_is_shown_only_on_request_and_the_look_is_recorded(person: Enter) -> None:
    acceptor = person("acceptor")
    call = {"source": "hotline", "address": "东街 3 号", "contact_phone": "13912345678"}
    where = acceptor.send("/console/register", "/console/register", **call).headers["location"].split("?")[0]
    assert "13912345678" in acceptor.get(f"{where}?personal=1").text
    assert look("SELECT 1 FROM audit_event WHERE kind = 'read_personal'")
    assert "13912345678" not in person("dispatcher").get(f"{where}?personal=1").text


def test_a_refused_call_keeps_all_that_was_typed(person: Enter) -> None:
    call = {"source": "media", "contact_name": "李女士", "lon": "here", "lat": LAT, "description": "夜间噪声"}
    answer = person("acceptor").send("/console/register", "/console/register", **call)
    assert answer.status_code == 422
    assert all(text in answer.text for text in ("李女士", "夜间噪声", 'value="here"', 'value="media" checked'))
    assert 'role="alert"' in answer.text


def test_an_inspector_reports_with_a_photo_in_the_form_itself(office: Office, person: Enter) -> None:
    inspector = person("inspector1")
    page = inspector.get("/field/report").text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields = hidden | {"category": "E0102", "lon": LON, "lat": LAT, "component": "", "description": "两袋"}
    answer = inspector.web.post("/field/report", data=fields, files={"photo": ("a.jpg", picture(40), "image/jpeg")})
    assert answer.status_code == 303, answer.text
    assert "暴露垃圾" in inspector.get("/field/mine").text
    again = inspector.web.post("/field/report", data=fields, files={"photo": ("a.jpg", picture(40), "image/jpeg")})
    assert again.headers["location"] == answer.headers["location"]


def test_an_inspectors_report_without_a_photo_comes_back_whole(person: Enter) -> None:
    fields = {"category": "E0102", "lon": LON, "lat": LAT, "description": "三袋垃圾"}
    answer = person("inspector1").send("/field/report", "/field/report", **fields)
    assert answer.status_code == 422
    assert "三袋垃圾" in answer.text
    assert f'value="{LON}"' in answer.text
    assert '<option value="E0102" selected>' in answer.text


def test_a_case_walks_from_report_to_close_by_its_forms_alone(office: Office, person: Enter) -> None:
    case = office.town.report("E0405")
    page = f"/cases/{case.number}"
    inspector = str(office.town.people["inspector2"].person_id)
    photo = office.town.photo(7)
    walk = [
        ("acceptor", page, {"action": "accept", "category": "E0405"}, "accepted"),
        ("shift_leader", page, {"action": "file", "condition": "1"}, "filed"),
        ("dispatcher", page, {"action": "dispatch", "unit": "enforcement-a", "reason": "agreed"}, "dispatched"),
        ("enforcement-a", page, {"action": "sign"}, "handling"),
        ("enforcement-a", page, {"action": "ask_delay", "reason": "weather", "note": "下雨"}, "delay_asked"),
        ("dispatcher", page, {"action": "approve_delay"}, "handling"),
        ("enforcement-a", page, {"action": "reply", "photos": photo, "note": "已整改"}, "feedback"),
        ("dispatcher", page, {"action": "pass_to_check"}, "check_pending"),
        ("acceptor", page, {"action": "send_check", "inspector": inspector}, "checking"),
        ("inspector2", f"/field{page}", {"action": "check_pass", "photos": photo}, "checked_ok"),
        ("shift_leader", page, {"action": "close"}, "closed"),
    ]
    for who, where, fields, after in walk:
        hidden = fields if who != "inspector2" else fields | {}
        answer = _send(person(who), where, hidden)
        assert answer.status_code == 303, (fields, answer.text)
        assert state_of(case.number) == after
    history = person("leader").get(page).text
    assert all(word in history for word in ("结案", "核查通过", "同意延期", "已整改", "下雨"))


def _send(who: Person, where: str, fields: dict[str, str]) -> object:
    if not where.startswith("/field"):
        return who.send(where, where, **fields)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', who.get(where).text))
    return who.post(where, **(hidden | fields))


def test_a_stale_form_is_refused_and_shows_the_case_as_it_stands(office: Office, person: Enter) -> None:
    case = office.town.report("E0405")
    page = f"/cases/{case.number}"
    slow = person("acceptor")
    form = slow.get(page).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', form)
    assert csrf is not None
    office.town.do(case, Action.ACCEPT, "acceptor", category="E0405")
    fields = {
        "action": "refuse",
        "reason": "other",
        "note": "不归我们",
        "key": str(uuid4()),
        "version": str(case.version),
    }
    answer = slow.post(page, csrf=csrf[1], **fields)
    assert answer.status_code == 409
    assert "没有提交" in answer.text
    assert state_of(case.number) == "accepted"


def test_a_refusal_of_the_rules_keeps_the_forms_text(office: Office, person: Enter) -> None:
    case = office.town.handling()
    page = f"/cases/{case.number}"
    answer = person("enforcement-a").send(
        page, page, action="ask_suspend", reason="season", note="等待拨款", until="2020-01-01T00:00"
    )
    assert answer.status_code == 422
    assert "等待拨款" in answer.text
    assert '<option value="season" selected>' in answer.text


def test_a_department_finds_only_its_own_cases(office: Office, person: Enter) -> None:
    theirs, mine = office.town.handling(), office.town.handling("enforcement-b", lon=114.0032, lat=22.5010)
    stranger = person("enforcement-b")
    assert stranger.get(f"/cases/{theirs.number}").status_code == 404
    assert stranger.get(f"/cases/{mine.number}").status_code == 200
    shown = stranger.get("/desk").text + stranger.get("/cases").text
    assert mine.number in shown
    assert theirs.number not in shown


def test_a_post_is_offered_only_what_it_may_do(office: Office, person: Enter) -> None:
    case = office.town.filed()
    assert "这个环节不归您办理" in person("acceptor").get(f"/cases/{case.number}").text
    page = person("dispatcher").get(f"/cases/{case.number}").text
    assert 'name="action" value="dispatch"' in page
    assert 'name="action" value="void"' not in page


def test_an_inspector_sees_only_what_he_reported_or_must_look_at(office: Office, person: Enter) -> None:
    case = office.town.report("E0405")
    assert person("inspector1").get(f"/field/cases/{case.number}").status_code == 200
    assert person("inspector3").get(f"/field/cases/{case.number}").status_code == 404


def test_a_citizen_reports_without_an_account_and_follows_the_receipt(person: Enter) -> None:
    citizen = person("")
    fields = {"address": "西街 9 号", "description": "井盖响", "contact_phone": "13700000000", "handled": "yes"}
    answer = citizen.send("/report", "/report", **fields)
    assert answer.status_code == 303, answer.text
    page = citizen.get(answer.headers["location"])
    assert page.status_code == 200
    assert "我们收到了" in page.text
    assert not any(text in page.text for text in ("13700000000", "井盖响", "西街 9 号"))
    assert citizen.get("/r/ZZZZZZZZZZZZ").status_code == 404


def test_a_citizens_report_without_a_place_comes_back_whole(person: Enter) -> None:
    answer = person("").send("/report", "/report", description="很吵", contact_phone="13700000001")
    assert answer.status_code == 422
    assert "很吵" in answer.text
    assert "13700000001" in answer.text


@pytest.mark.parametrize(
    "path", ["/console", "/console?q=verified", "/desk", "/field", "/field/mine", "/cases?unit=water"]
)
def test_an_empty_list_says_what_it_is_for(person: Enter, path: str) -> None:
    who = {"/desk": "water", "/field": "inspector3", "/field/mine": "inspector3"}.get(path, "shift_leader")
    page = person(who).get(path)
    assert page.status_code == 200
    if path != "/console":
        assert 'class="empty"' in page.text


def test_categories_are_found_by_part_of_a_name_or_code(person: Enter) -> None:
    stranger = person("")
    assert [c["code"] for c in stranger.get("/api/v1/categories?q=井盖").json()["items"]] == ["C0101", "C0103"]
    assert [c["code"] for c in stranger.get("/api/v1/categories?q=c0135").json()["items"]] == ["C0135"]
    assert [c["code"] for c in stranger.get("/api/v1/categories?q=vendor").json()["items"]] == ["E0401"]


def test_the_ground_is_drawn_for_everybody_and_cases_only_for_those_logged_in(person: Enter) -> None:
    stranger = person("")
    assert stranger.web.get("/tiles/road/14/13377/7141").status_code == 200
    assert stranger.web.get("/tiles/component/17/1/1").status_code == 401
    assert person("acceptor").web.get("/tiles/case/14/13377/7141").status_code == 200
    assert stranger.web.get("/tiles/nonsense/1/1/1").status_code in (401, 404)


def test_every_figure_of_the_ranking_opens_as_many_cases_as_it_says(office: Office, person: Enter) -> None:
    office.town.closed()
    office.town.later(days=1)  # a deadline still ahead is nobody's duty yet
    page = person("leader").get("/ranking?period=2026-06&group=section").text
    links = re.findall(r'href="(/ranking/cases\?[^"]+)">(\d+)</a>', page)
    assert links
    for link, figure in links:
        listed = person("leader").get(link.replace("&amp;", "&")).text
        assert f"<b>{figure}</b>" in listed
        assert listed.count('href="/cases/2') in (int(figure), 2 * int(figure))


def test_an_inspectors_old_form_decides_nothing_on_a_case_that_has_gone_on(office: Office, person: Enter) -> None:
    town = office.town
    case = town.checking()
    old = {"action": "check_pass", "version": str(case.version), "note": "已清", "photos": town.photo(31)}
    town.do(case, Action.CHECK_FAIL, "inspector1", photos=(town.photo(32),))
    town.do(case, Action.SEND_REWORK, "dispatcher")
    town.do(case, Action.REPLY, "enforcement-a", photos=(town.photo(33),))
    town.do(case, Action.PASS_TO_CHECK, "dispatcher")
    town.do(case, Action.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)
    inspector = person("inspector1")
    answer = inspector.post(f"/field/cases/{case.number}", key=str(uuid4()), csrf=token(inspector), **old)
    assert answer.status_code == 409
    assert "已清" in answer.text


def test_a_refused_draft_keeps_the_words_that_were_sent_with_it(person: Enter) -> None:
    writer, decider = person("dispatcher"), person("supervisor")
    mine = {"csrf": token(writer)}
    draft = writer.post("/rules/drafts", name="tiny-words", in_force="2027-06-01", **mine).headers["location"]
    answer = writer.post(draft, version="0", what="submit", words="因机构改革", **mine)
    assert answer.status_code == 409
    assert "因机构改革</textarea>" in answer.text
    said = {"csrf": token(decider), "version": "1", "words": "好"}
    assert decider.post(f"{draft}/decision", what="x", **said).status_code == 404
    assert writer.post(draft, version="1", what="drop", **mine).status_code == 303


def test_no_link_of_a_page_names_another_host_however_the_address_begins(office: Office) -> None:
    found = httpx.get(f"{office.address}//evil.example/x", headers={"accept": "text/html"})
    assert found.status_code == 404
    assert 'href="/evil.example/x?lang=en"' in found.text
    assert '"//' not in found.text


@pytest.mark.parametrize(
    ("login", "form", "api"),
    [
        ("inspector1", "/field/report", "/api/v1/reports"), ("acceptor", "/console/register", "/api/v1/registrations"),
        ("", "/report", "/api/v1/public/reports"),
    ],
)  # fmt: skip
def test_a_report_takes_as_many_photos_by_form_as_by_the_api(person: Enter, login: str, form: str, api: str) -> None:
    who, named, before = person(login), [f"{n:064x}" for n in range(MOST + 1)], reports()
    mark = token(who) if login else ""
    given = {"csrf": mark, "id": str(uuid4()), "category": "E0405", "lon": LON, "lat": LAT, "source": "hotline"}
    files = [("photo", (f"{n}.jpg", picture(n), "image/jpeg")) for n in (31, 32)]
    html, headers = {"accept": "text/html"}, {"x-csrf": mark}

    refused = who.web.post(form, data={**given, "photos": named}, headers=html)
    assert (refused.status_code, f"最多 {MOST} 项" in refused.text) == (422, True)
    both = who.web.post(form, data={**given, "photos": named[: MOST - 1]}, files=files, headers=html)
    assert (both.status_code, f"最多 {MOST} 张照片" in both.text) == (422, True)
    body = {"id": str(uuid4()), "position": {"x": OFF_ROAD[0], "y": OFF_ROAD[1]}, "category": "E0405"}
    said = who.web.post(api, json=body | {"photos": named}, headers=headers)
    assert said.status_code == 422
    assert f"at most {MOST} items" in said.json()["fields"]["body.photos"]
    assert reports() == before
    # Named twice it is one: what a refused form had, sent again.
    sent = who.web.post("/api/v1/photos", content=picture(33), headers=headers | {"content-type": "image/jpeg"})
    taken = who.web.post(form, data={**given, "photos": [sent.json()["sha256"]] * MOST}, headers=html)
    assert taken.status_code == 303, taken.text
