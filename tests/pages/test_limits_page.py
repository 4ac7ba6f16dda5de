"""Which limits hold in the city, and which row would hold for a case that nobody has made; in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from html import unescape
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect
from psycopg.types.json import Jsonb

from dispatch.cases.act import Receipt
from dispatch.cases.clocks import clock_of
from gis.db import execute, value, write
from tests.cases.town import ZONE, look
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]
FIRST = {"lon": 114.0005, "lat": 22.5001}  # in a grid of area class 1
FRIDAY = datetime(2026, 6, 12, 16, 30, tzinfo=ZONE)
ROWS = [
    {"no": "L-1", "stage": "dispose", "class": "event:04", "limit": "8", "time_class": "work_hour"},
    {"no": "L-2", "stage": "dispose", "class": "event:04", "area_class": 1, "limit": "6", "time_class": "work_hour"},
    {"no": "L-3", "stage": "dispose", "class": "event:04", "area_class": 1, "from": "06-01", "until": "09-30",
     "limit": "3", "time_class": "work_hour"},
    {"no": "L-4", "stage": "sign", "tier": 2, "limit": "1", "time_class": "work_hour"},
    {"no": "L-5", "stage": "sign", "class": "event:01", "limit": "30", "time_class": "urgent_minute"},
]  # fmt: skip
SOME = [
    {"no": "A-1", "stage": "approve", "tier": 2, "limit": "2", "time_class": "work_hour"},
    {"no": "A-2", "stage": "approve", "class": "event:05", "urgent": True, "limit": "1", "time_class": "work_hour"},
]
QUESTION = {"stage": "dispose", "category": "E0405", "condition": "1", "area": "1", "at": "2026-06-12T16:30"}


@pytest.fixture(scope="module", autouse=True)
def rows(office: Office) -> None:
    """The town's limits get rows of their own, in force since June; from September on approvals have few."""
    office.town.set(FRIDAY)
    with write() as tx:
        stages = value(tx, "SELECT content FROM edition WHERE kind = 'stages'")
        few = [row for row in stages if row["stage"] not in ("approve", "supervise", "appeal")]
        for name, day, content in (("summer", "2026-06-01", [*stages, *ROWS]), ("autumn", "2026-09-01", [*few, *SOME])):
            execute(
                tx,
                """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
                   SELECT kind, %(name)s, %(day)s, 'made up', content_hash, %(content)s
                     FROM edition WHERE kind = 'stages' LIMIT 1""",
                name=name,
                day=day,
                content=Jsonb(content),
            )
        execute(tx, "UPDATE city SET version = version + 1")


def asked(who: Person, **changes: str) -> str:
    return unescape(who.get(f"/limits?{urlencode(QUESTION | changes)}").text)


def answered(text: str) -> str:
    """The card with the answer."""
    return text[text.index("data-answer") :].split("</section>")[0]


def test_the_row_that_wins_is_named_with_what_the_others_lack_and_the_due_time_in_words(person: Enter) -> None:
    said = answered(asked(person("enforcement-a"), lang="en"))
    places = [said.index(f"row {no} of the limits in force since 2026-06-01") for no in ("L-3", "L-2", "L-1")]
    assert places == sorted(places)
    assert "limit 3 working hours, because of class Street order, area class 1, 06-01 to 09-30" in said
    assert said.count("the row above asks for the season") == 1
    assert said.count("the row above asks for the area class") == 1
    assert "the catalogue in force since 2024-01-01" in said
    assert "this table comes before the catalogue's filing conditions" in said
    # Friday 16:30, an hour and a half until closing, the rest on Monday.
    assert "from Friday 2026-06-12 16:30, limit 3 working hours → Monday 2026-06-15 09:30, because" in said


def test_a_real_case_gets_the_limit_that_the_page_names(office: Office, person: Enter) -> None:
    """The same order, the same table: what is asked and what is done agree, with the place alone as well."""
    case = office.town.dispatched(**FIRST)
    clocks = look("SELECT clocks FROM cases WHERE id = %(id)s", id=case.case_id)[0]["clocks"]
    place = {name: str(degrees) for name, degrees in FIRST.items()} | {"area": ""}
    who = person("dispatcher")
    for kind in ("dispose", "sign"):
        clock = clock_of(kind, clocks[kind])
        assert clock.due is not None
        said = answered(asked(who, stage=kind, **place))
        assert f"到期：{clock.due.astimezone(ZONE):%Y-%m-%d %H:%M}" in said
        assert f"#row-{clock.by.rpartition(':')[2].replace(' ', '-')}" in said
        assert "规则 R-" in said


def test_rows_are_narrowed_to_those_that_may_hold_and_an_edition_is_of_its_day(person: Enter) -> None:
    who = person("acceptor")
    everything = who.get("/limits").text
    assert "自 2026-06-01 起施行的时限" in everything
    assert all(f'id="row-{row["no"]}"' in everything for row in ROWS)
    assert everything.index('id="row-L-3"') < everything.index('id="row-L-2"') < everything.index('id="row-L-1"')
    narrowed = who.get("/limits?kind=event:04&zone=2&post=1").text
    assert [no for no in ("L-1", "L-2", "L-3", "L-4", "L-5") if f'id="row-{no}"' in narrowed] == ["L-1"]
    assert "目录里的立案条件" in narrowed
    before = who.get("/limits?day=2026-05-31").text
    assert "tiny-stages-1" in before
    assert "L-1" not in before
    assert 'id="row-L-3"' in who.get("/limits?edition=summer").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"stage": "lunch"}, "没有这个环节"),
        ({"category": "X9"}, "没有该类别"),
        ({"condition": "77"}, "没有这一立案条件"),
        ({"condition": "7" * 5000}, "没有这一立案条件"),
        ({"condition": "one"}, "没有这一立案条件"),
        ({"area": "9"}, "只能是 1、2、3"),
        ({"lon": "114"}, "须同时填写经度和纬度"),
        ({"lon": "nan", "lat": "1e400"}, "须同时填写经度和纬度"),
        ({"at": "soon"}, "既不是日期"),
        ({"at": "2020-01-01"}, "自 2024-01-01 起"),
        ({"at": "9999-12-31T23:59"}, "没有日历"),
        ({"day": "yesterday"}, "这不是日期"),
        ({"edition": "none-such"}, "没有这个版本的时限"),
    ],
)
def test_what_cannot_be_answered_is_said_and_the_table_stays(person: Enter, wrong: dict[str, str], said: str) -> None:
    text = asked(person("acceptor"), **wrong)
    assert said in text
    assert "data-answer" not in text or "day" in wrong or "edition" in wrong
    assert 'id="ask"' in text
    assert "<table" in text


def test_a_cordon_that_never_begins_a_place_outside_and_a_condition_not_chosen_are_said(person: Enter) -> None:
    who = person("acceptor")
    assert "围护只在险情案件里计时" in answered(asked(who, stage="cordon"))
    assert "不在城市各区域内" in answered(asked(who, lon="10", lat="10", area=""))
    unfiled = answered(asked(who, condition=""))
    assert "还没有选立案条件" in unfiled
    assert "condition=1" in unfiled


@pytest.mark.parametrize(
    ("lang", "depends", "false"),
    [
        ("zh", "处置时限取决于立案条件。请选择类别和其中一条立案条件", "不计时"),
        ("en", "The limit of the disposal depends on the filing condition. Choose a category", "no clock"),
    ],
)
def test_a_disposal_that_only_its_filing_condition_limits_is_not_said_to_have_none(
    person: Enter, lang: str, depends: str, false: str
) -> None:
    who = person("acceptor")
    for category in ("C0101", ""):
        said = answered(asked(who, category=category, condition="", area="", lang=lang))
        assert depends in said
        assert false not in said
        assert ("condition=1" in said) == bool(category)
    assert depends not in answered(asked(who, category="C0101", condition="1", area="", lang=lang))


@pytest.mark.parametrize(
    ("stage", "given", "wanted"),
    [
        ("supervise", {"category": "", "condition": ""}, "danger, class, level of the unit"),
        ("supervise", {"category": "E0405", "condition": ""}, "level of the unit"),
        ("supervise", {"category": "E0405", "level": "3"}, ""),
        ("supervise", {"category": "E0405", "danger": "yes"}, "level of the unit"),
        ("appeal", {"category": "", "condition": ""}, ""),
    ],
)
def test_no_row_for_what_is_given_is_not_no_clock_where_more_would_decide(
    person: Enter, stage: str, given: dict[str, str], wanted: str
) -> None:
    """From September on approvals, and supervise orders with them, have rows for one level and a class in danger."""
    question = {"stage": stage, "area": "", "lang": "en", "at": "2026-09-02T09:00"}
    said = answered(asked(person("dispatcher"), **(question | given)))
    if wanted:
        assert f"limits of this stage also ask for: {wanted}. Say it" in said
        assert "no clock" not in said
    else:
        assert "No row holds for such a case: it has no clock at this stage" in said


def test_everybody_logged_in_may_look_and_nobody_else(person: Enter) -> None:
    for login in ("inspector1", "enforcement-a", "leader"):
        assert 'id="row-L-1"' in person(login).get("/limits").text, login
    assert 'id="row-L-1"' not in person("").get("/limits").text


def test_what_lies_at_a_point_is_told_only_to_those_who_may_see_the_map(person: Enter) -> None:
    place = {name: str(degrees) for name, degrees in FIRST.items()} | {"area": ""}
    assert "该点在" in answered(asked(person("inspector1"), **place))
    for login in ("system_admin", "security_admin", "audit_admin"):
        text = asked(person(login), **place, address="人民路")
        assert "该点在" not in answered(text), login
        assert answered(text) == answered(asked(person(login), area="")), login
        assert 'name="lon"' not in text
        assert 'name="address"' not in text


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["412", "1440"])
def test_from_the_deadline_of_a_case_to_its_row_and_on_to_a_question(
    office: Office, sit: Sit, size: tuple[int, int]
) -> None:
    case: Receipt = office.town.dispatched(**FIRST)
    seat = sit("dispatcher", size)
    seat.go(f"/cases/{case.number}")
    seat.page.locator("section[aria-labelledby=dl]").get_by_role("link", name="L-3").click()
    expect(seat.page).to_have_url(f"{seat.address}/limits?edition=summer#row-L-3")
    expect(seat.page.locator("tr:target")).to_contain_text("3个工作时")
    top = seat.page.locator("tr:target").evaluate("row => row.getBoundingClientRect().top")
    assert 40 < top < size[1] - 60, "the row stands free below the edge, and the head of the table"
    seat.fits()
    form = seat.page.locator("form#ask")
    form.get_by_label("环节").select_option("sign")
    form.locator("select[name=level]").select_option("2")
    form.get_by_label("起算时刻").fill("2026-06-12T16:30")
    form.get_by_role("button", name="查询").click()
    expect(seat.page.locator("[data-answer]")).to_contain_text("第 L-4 行")
    expect(seat.page.locator("[data-answer]")).to_contain_text("2026-06-12 17:30")
    seat.fits()
    seat.page.reload()  # the address is the question
    expect(seat.page.locator("[data-answer]")).to_contain_text("第 L-4 行")
    seat.go(f"/limits?{urlencode(QUESTION | {'lang': 'en'})}")
    expect(seat.page.locator("[data-answer]")).to_contain_text("because of class Street order, area class 1")
