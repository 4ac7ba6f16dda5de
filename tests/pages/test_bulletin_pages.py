"""A leader seals, a colleague publishes, a citizen downloads and checks, in a real browser; the same in all files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import expect

from dashboards import files
from dashboards.cli import main
from dispatch.bulletins.difference import score_rows
from dispatch.bulletins.freeze import Bulletin, bulletin_of, bulletins, decide, seal
from dispatch.bulletins.listing import FIGURES
from dispatch.lifecycle.states import Action
from gis.db import read, write
from tests.cases.town import look
from tests.pages.conftest import Office, Person, good_and_bad
from tests.pages.seats import DESK, PHONE, Sit

WEEK = "2026-W24"
Enter = Callable[[str], Person]


@pytest.fixture(scope="module")
def lived(office: Office) -> Office:
    """A week with a good unit and a bad one."""
    good_and_bad(office.town)
    return office


def newest(office: Office) -> Bulletin:
    """The last published one; made here if no test before has."""
    with read() as tx:
        if found := bulletins(tx, published_only=True):
            return found[0]
    ids: dict[str, Any] = {name: office.town.people[name].person_id for name in ("leader", "evaluator")}
    with write() as tx:
        made = seal(tx, ids["leader"], period=WEEK)
    with write() as tx:
        return decide(tx, made.id, ids["evaluator"], publish=True)


def test_a_leader_seals_a_colleague_publishes_and_a_citizen_checks(sit: Sit, lived: Office, tmp_path: Path) -> None:
    seat = sit("leader", DESK)
    seat.go("/public/bulletins")
    expect(seat.page.get_by_text("还没有通报")).to_be_visible()
    seat.go("/ranking")
    seat.page.get_by_role("link", name="通报").click()
    seat.page.get_by_label("时段").fill("2026-W25")
    seat.page.get_by_role("button", name="封存一期").click()
    expect(seat.page.get_by_role("alert")).to_contain_text("时段尚未结束")
    expect(seat.page.get_by_label("时段")).to_have_value("2026-W25")
    seat.faults.clear()  # the console names the refusal
    seat.page.get_by_label("时段").fill(WEEK)
    seat.page.get_by_role("button", name="封存一期").click()
    expect(seat.page.get_by_text("须由另一人核对后发布")).to_be_visible()
    expect(seat.page.get_by_role("button", name="发布", exact=True)).to_have_count(0)
    seat.fits()
    address = seat.page.url.removeprefix(seat.address)
    number = address.rpartition("/")[2]

    citizen = sit("", PHONE)
    assert citizen.page.request.get(f"{citizen.address}/public/bulletins/{number}").status == 404
    assert citizen.page.request.get(f"{citizen.address}/public/bulletins/{number}/download").status == 404

    colleague = sit("evaluator", PHONE)
    colleague.go(address)
    colleague.page.get_by_role("button", name="发布", exact=True).click()
    expect(colleague.page.locator("main header .chip").first).to_contain_text("已发布")
    colleague.fits()

    citizen.go("/public")
    citizen.page.get_by_role("link", name="通报").click()
    for title in ("数据截至", "哈希"):  # a citizen on a phone sees of when it is, and by which hash
        cell = citizen.page.locator(f"tbody td[data-th={title}]").first.bounding_box()
        assert cell is not None
        assert 0 <= cell["x"] < cell["x"] + cell["width"] <= PHONE[0]
    citizen.fits()
    citizen.page.get_by_role("link", name=WEEK).click()
    citizen.fits()
    expect(citizen.page.get_by_text("怎样算分")).to_be_visible()
    for title in ("得分", "返工数"):  # the whole of a row is on the screen, and its files above the tables
        cell = citizen.page.locator(f"tbody td[data-th={title}]").first.bounding_box()
        assert cell is not None
        assert cell["x"] + cell["width"] <= PHONE[0]
    link, table = (citizen.page.locator(what).first.bounding_box() for what in ("a[href$='form=pdf']", "table"))
    assert link is not None
    assert table is not None
    assert link["y"] < table["y"]
    citizen.page.get_by_text("全部数量与比率").click()
    citizen.fits()
    expect(citizen.page.get_by_text("执法队", exact=True).first).to_be_visible()
    with citizen.page.expect_download() as waited:
        citizen.page.get_by_role("link", name="下载本期全部依据").click()
    path = tmp_path / waited.value.suggested_filename
    waited.value.save_as(path)
    shown = citizen.page.locator("#hash").inner_text()
    assert shown == newest(lived).hash
    command = citizen.page.locator("pre").inner_text()
    assert command == f"wangge verify-bulletin {path.name} --hash {shown}"
    assert main([*command.split()[1:2], str(path), *command.split()[3:]]) == 0


def test_the_same_figures_stand_on_the_page_and_in_both_files(lived: Office, person: Enter) -> None:
    made = newest(lived)
    whole = next(row for row in score_rows(made.scores) if row["of"] == "city")
    evaluator = person("evaluator")
    page = evaluator.get(f"/bulletins/{made.id}?lang=en").text
    for name in ("should_dispose", "ontime_disposed", "overdue_open", "closed"):
        assert f'figure={name}">{whole[name]}</a></td>' in page
    plain = evaluator.get(f"/bulletins/{made.id}/cases?form=csv&lang=en")
    heads, *rows = csv.reader(io.StringIO(plain.content.decode("utf-8-sig")))
    book = evaluator.get(f"/bulletins/{made.id}/cases?form=xlsx&lang=en")
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).worksheets[0]
    cells = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert cells == [heads, *rows]
    for place, name in enumerate(FIGURES, start=len(heads) - len(FIGURES)):
        assert sum(int(row[place] or 0) for row in rows) == int(whole[name]), name
    assert {row[0] for row in rows} == {row["number"] for row in look("SELECT number FROM cases")}
    assert {row[4] for row in rows} == {"", "no limit"}
    (event,) = look("SELECT detail FROM audit_event WHERE kind = 'export' AND detail ->> 'form' = 'csv'")
    assert event["detail"]["hash"] == made.hash


def test_each_rate_says_of_what_it_is_also_where_that_is_no_column(lived: Office, person: Enter) -> None:
    made = newest(lived)
    page = person("").get(f"/public/bulletins/{made.id}?lang=en").text
    assert "<li>On-time rate: On time ÷ To be disposed of × 100</li>" in page
    assert "<li>Close rate: Closed ÷ To be closed × 100</li><li>To be closed: Closed, and open overdue.</li>" in page
    assert "<li>结案率：结案数 ÷ 应结案数 × 100</li>" in person("").get(f"/public/bulletins/{made.id}?lang=zh").text


def test_who_may_not_is_refused(lived: Office, person: Enter) -> None:
    id = newest(lived).id
    for login in ("", "water", "inspector1"):
        for path in ("/bulletins", f"/bulletins/{id}", f"/bulletins/{id}/cases"):
            answer = person(login).web.get(path, headers={"accept": "text/html"})
            assert answer.status_code in (303, 403), (login, path)
    assert person("dispatcher").get(f"/bulletins/{id}").status_code == 200
    assert person("dispatcher").post("/bulletins", period=WEEK).status_code == 403
    assert person("").get("/public/bulletins/999").status_code == 404
    assert person("").get(f"/public/bulletins/{10**30}").status_code in (404, 422)


def test_a_revision_shows_what_differs_and_leaves_the_first_standing(sit: Sit, lived: Office) -> None:
    first = newest(lived)
    (case,) = look("SELECT min(id) AS id, min(number) AS number FROM cases WHERE state = 'closed'")
    lived.town.do(case["id"], Action.APPEAL, "enforcement-a", reason="wrong")
    lived.town.do(case["id"], Action.GRANT_APPEAL, "evaluator", reason="right")
    lived.town.later(hours=1)
    ids: dict[str, Any] = {name: lived.town.people[name].person_id for name in ("leader", "supervisor")}
    with write() as tx:
        made = seal(tx, ids["leader"], period=WEEK)
    seat = sit("supervisor", DESK)
    seat.go(f"/bulletins/{made.id}")
    expect(seat.page.get_by_role("link", name=case["number"])).to_be_visible()
    expect(seat.page.get_by_role("heading", name="与第 1 版的不同")).to_be_visible()
    with write() as tx:
        decide(tx, made.id, ids["supervisor"], publish=True)
    citizen = sit("", PHONE)
    citizen.go(f"/public/bulletins/{made.id}?lang=en")
    expect(citizen.page.get_by_role("heading", name="What differs from no. 1")).to_be_visible()
    assert case["number"] not in citizen.page.content()
    citizen.go(f"/public/bulletins/{first.id}")
    assert citizen.page.locator("#hash").inner_text() == first.hash
    with read() as tx:
        assert bulletin_of(tx, first.id) == first


def test_every_figure_opens_its_cases_and_what_is_left_out_says_why(sit: Sit, lived: Office, person: Enter) -> None:
    made = newest(lived)
    seat = sit("evaluator", DESK)
    seat.go(f"/bulletins/{made.id}")
    row = seat.page.get_by_role("row").filter(has=seat.page.get_by_text("西河区综合执法队", exact=True)).first
    row.get_by_role("link", name="2", exact=True).first.click()  # what it had to dispose of
    expect(seat.page.locator("h1 + b")).to_have_text("2")
    numbers = seat.page.locator("tbody th a").all_inner_texts()
    late = look("SELECT number FROM cases WHERE unit_id = 'enforcement-b' ORDER BY number")
    assert sorted(numbers) == [case["number"] for case in late]
    seat.fits()
    left_out = person("evaluator").get(f"/bulletins/{made.id}/figure?figure=excluded&lang=en").text
    (unlimited,) = look("SELECT number FROM cases WHERE category = 'E0405' AND condition_no = 2")
    assert left_out.count("no limit") == 1
    assert unlimited["number"] in left_out
    for wrong in ("figure=nonsense", "of=unit&group=section&key=nobody"):
        assert person("evaluator").get(f"/bulletins/{made.id}/figure?{wrong}").status_code == 404
    assert "这个数字是零" in person("evaluator").get(f"/bulletins/{made.id}/figure?figure=shirk&lang=zh").text
    listed = f"/bulletins/{made.id}/cases?form=csv&of=unit&group=section&key=enforcement-b&figure=overdue_open"
    _, *rows = csv.reader(io.StringIO(person("evaluator").get(listed).content.decode("utf-8-sig")))
    assert sorted(row[0] for row in rows) == sorted(numbers)


def test_a_long_file_says_how_far_it_is_and_is_the_same(sit: Sit, lived: Office, tmp_path: Path) -> None:
    made = newest(lived)
    seat = sit("evaluator", DESK)
    seat.go(f"/bulletins/{made.id}")
    with seat.page.expect_download() as waited:
        seat.page.locator("footer [data-file]").filter(has_text="CSV").click()
    waited.value.save_as(tmp_path / "made.csv")
    plain = seat.page.request.get(f"{seat.address}/bulletins/{made.id}/cases?form=csv").body()
    assert (tmp_path / "made.csv").read_bytes() == plain
    assert waited.value.suggested_filename == f"{made.file_name}-cases.csv"
    told = seat.page.request.get(f"{seat.address}/bulletins/{made.id}/cases?form=csv&progress=1").body()
    assert json.loads(told.split(b"\n")[0]).keys() in ({"rows"}, {"name", "bytes"})
    assert told.endswith(plain)


def test_a_file_that_would_be_too_long_is_refused_with_what_to_do(
    sit: Sit, lived: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = newest(lived)
    monkeypatch.setattr(files, "MOST", 2)
    seat = sit("evaluator", DESK)
    seat.go(f"/bulletins/{made.id}")
    seat.page.locator("footer [data-file]").filter(has_text="Excel").click()
    expect(seat.page.get_by_role("status").filter(has_text="超出一个文件的上限")).to_be_visible()
    assert seat.page.request.get(f"{seat.address}/bulletins/{made.id}/cases").status == 422
