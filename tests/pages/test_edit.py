"""Drawing on the map in a real browser: a zone that had no outline is drawn, checked, put in force and routed by."""

from __future__ import annotations

from collections.abc import Callable
from math import asinh, pi, radians, tan

import pytest
from playwright.sync_api import Page, expect

from dispatch.cases.books import books
from dispatch.cases.whose import place_case
from gis.db import read
from tests.cases.town import look
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Seat, Sit

Enter = Callable[[str], Person]
CENTRE, ZOOM = (114.003, 22.501), 16
SCALE = 256 * 2**ZOOM  # px around the earth


def pixel(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a place lies on the screen while the map stands as it was opened."""
    box = page.locator("#map").bounding_box()
    assert box is not None

    def flat(x: float, y: float) -> tuple[float, float]:
        return (x + 180) / 360 * SCALE, (1 - asinh(tan(radians(y))) / pi) / 2 * SCALE

    (x, y), (cx, cy) = flat(lon, lat), flat(*CENTRE)
    return box["x"] + box["width"] / 2 + x - cx, box["y"] + box["height"] / 2 + y - cy


def click(page: Page, lon: float, lat: float, *, off: tuple[int, int] = (0, 0), twice: bool = False) -> None:
    x, y = pixel(page, lon, lat)
    page.mouse.move(x + off[0], y + off[1])
    (page.mouse.dblclick if twice else page.mouse.click)(x + off[0], y + off[1])
    page.wait_for_timeout(300)  # two clicks at one place within a quarter of a second would be a double click


def ready(page: Page, layer: str) -> None:
    expect(page.locator(f"#map[data-loaded={layer}]")).to_be_visible()


def opened(seat: Seat, layer: str) -> Page:
    """The editor with a layer chosen and drawn."""
    seat.go("/map/edit")
    ready(seat.page, "district")
    seat.page.get_by_label("图层").select_option(layer)
    ready(seat.page, layer)
    return seat.page


@pytest.mark.browser
def test_a_zone_without_an_outline_is_drawn_and_used(office: Office, sit: Sit) -> None:
    seat = sit("supervisor", DESK)
    page = seat.page
    seat.go("/map/edit")
    ready(page, "district")
    page.get_by_role("button", name="绘制").click()
    # The western corners are some pixels beside those of the neighbour: they snap.
    click(page, 114.006, 22.5, off=(5, 4))
    click(page, 114.008, 22.5)
    click(page, 114.008, 22.502)
    click(page, 114.006, 22.502, off=(4, -5))
    click(page, 114.006, 22.5, off=(3, 3))
    expect(page.locator("[data-one]")).to_be_visible()
    expect(page.get_by_label("编码", exact=True)).to_have_value("440100")
    page.get_by_label("名称", exact=True).fill("临港开发区")
    page.get_by_label("变更理由").fill("开发区此前没有边界")
    page.get_by_role("button", name="检查").click()
    expect(page.locator("[data-outcome]")).to_contain_text("检查通过")
    assert look("SELECT count(*) AS n FROM area WHERE code LIKE '440100%%'")[0]["n"] == 0  # tried, not done
    page.get_by_role("button", name="生效").click()
    expect(page.locator("[data-outcome]")).to_contain_text("已生效")
    found = look("SELECT level, ST_AsText(geom) AS shape FROM area WHERE code LIKE '440100%%' ORDER BY depth")
    assert [row["level"] for row in found] == ["district", "street", "community", "grid"]
    corners = found[0]["shape"]
    assert "114.006 22.5," in corners
    assert "114.006 22.502," in corners
    with read() as tx:
        place = place_case(tx, books(tx), 114.007, 22.501, None, category="E0405", component=None)
    assert place is not None
    assert place.area_codes[0] == "district:440100"
    assert not seat.faults


@pytest.mark.browser
def test_a_gap_is_shown_and_nothing_is_changed_and_a_stroke_is_undone(office: Office, sit: Sit) -> None:
    seat = sit("supervisor", DESK)
    page = opened(seat, "grid")
    click(page, 114.0005, 22.5015)
    expect(page.locator("[data-heading]")).to_contain_text("440001001001001")
    page.get_by_role("button", name="停用").click()
    expect(page.locator("[data-count]")).to_have_text("1")
    page.get_by_label("变更理由").fill("试一试")
    page.get_by_role("button", name="检查").click()
    expect(page.locator("[data-outcome]")).to_contain_text("检查没有通过")
    expect(page.locator("[data-outcome]")).to_contain_text("未被覆盖")
    expect(page.get_by_role("button", name="生效")).to_be_disabled()
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("[data-count]")).to_have_text("0")
    page.get_by_role("button", name="重做").click()
    expect(page.locator("[data-count]")).to_have_text("1")


@pytest.mark.browser
def test_a_shared_corner_moves_for_all_that_share_it(office: Office, sit: Sit) -> None:
    seat = sit("leader", DESK)
    page = opened(seat, "grid")
    x, y = pixel(page, 114.001, 22.501)  # where four grids meet
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 9, y - 15, steps=6)
    page.mouse.up()
    expect(page.locator("[data-count]")).to_have_text("4")
    page.get_by_label("变更理由").fill("按围墙实测调整")
    page.get_by_role("button", name="检查").click()
    expect(page.locator("[data-outcome]")).to_contain_text("检查通过")
    page.get_by_role("button", name="生效").click()
    expect(page.locator("[data-outcome]")).to_contain_text("已生效")
    assert look("SELECT count(*) AS n FROM area WHERE finest = 1 AND valid_to IS NULL")[0]["n"] in (12, 13)


@pytest.mark.browser
def test_a_component_is_placed_and_a_road_gets_another_class(office: Office, sit: Sit) -> None:
    seat = sit("supervisor", DESK)
    page = opened(seat, "components")
    page.get_by_role("button", name="绘制").click()
    click(page, 114.0003, 22.5013)
    page.select_option("select[name=category]", "C0135", force=True)
    page.get_by_label("权属单位").select_option("utilities")
    page.get_by_label("变更理由").fill("新装路灯")
    page.get_by_role("button", name="检查").click()
    expect(page.locator("[data-outcome]")).to_contain_text("检查通过")
    page.get_by_role("button", name="生效").click()
    expect(page.locator("[data-outcome]")).to_contain_text("已生效")
    (lamp,) = look("SELECT code, owner, area_id IS NOT NULL AS stands FROM component ORDER BY id DESC LIMIT 1")
    assert (lamp["owner"], lamp["stands"]) == ("utilities", True)
    assert lamp["code"].startswith("4400010135")  # the next of its district and category: nobody typed one
    assert len(lamp["code"]) == 16
    page.get_by_label("图层").select_option("roads")
    ready(page, "roads")
    click(page, 114.0015, 22.5)
    expect(page.locator("[data-heading]")).to_contain_text("人民大道")


def put_in_force(page: Page, reason: str) -> None:
    """Give a reason, check, put in force."""
    page.get_by_label("变更理由").fill(reason)
    page.get_by_role("button", name="检查").click()
    expect(page.locator("[data-outcome]")).to_contain_text("检查通过")
    page.get_by_role("button", name="生效").click()
    expect(page.locator("[data-outcome]")).to_contain_text("已生效")


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From place to place, as a hand does."""
    page.mouse.move(*pixel(page, *start))
    page.mouse.down()
    page.mouse.move(*pixel(page, *end), steps=6)
    page.mouse.up()


LAMP = """SELECT round(ST_X(geom)::numeric, 5)::text || ' ' || round(ST_Y(geom)::numeric, 5) AS at,
                 valid_to IS NULL AS open
            FROM component WHERE code = '4400010135009002' ORDER BY id"""


@pytest.mark.browser
def test_a_component_is_moved_and_retired_and_both_are_taken_back(office: Office, sit: Sit) -> None:
    seat = sit("supervisor", DESK)
    page = opened(seat, "components")
    page.get_by_role("button", name="绘制").click()
    click(page, 114.0012, 22.5004)
    page.get_by_label("编码", exact=True).fill("4400010135009002")
    page.select_option("select[name=category]", "C0135", force=True)
    put_in_force(page, "新装路灯")
    ready(page, "components")
    drag(page, (114.0012, 22.5004), (114.0015, 22.5007))
    expect(page.locator("[data-heading]")).to_contain_text("4400010135009002")
    expect(page.locator("[data-changes] li")).to_have_text(["修改 4400010135009002"])
    put_in_force(page, "实测移位")
    moved = look(LAMP)
    assert [row["open"] for row in moved] == [False, True]
    assert moved[0]["at"] == "114.00120 22.50040"
    east, north = map(float, moved[1]["at"].split())
    assert (east, north) == (pytest.approx(114.0015, abs=2e-5), pytest.approx(22.5007, abs=2e-5))
    ready(page, "components")
    click(page, 114.0015, 22.5007)
    page.get_by_role("button", name="停用").click()
    expect(page.locator("[data-changes] li")).to_have_text(["停用 4400010135009002"])
    put_in_force(page, "已拆除")
    assert [row["open"] for row in look(LAMP)] == [False, False]
    seat.go("/map/edit")
    for reason in ("误报拆除", "误报移位"):
        page.locator("#sets li").filter(has_text="已生效").filter(has_text="整批撤回").first.locator("summary").click()
        page.locator("#sets details[open] input[name=reason]").fill(reason)
        page.locator("#sets details[open] button").click()
        page.wait_for_load_state("load")
    assert [row for row in look(LAMP) if row["open"]] == [{"at": "114.00120 22.50040", "open": True}]
    assert not seat.faults


@pytest.mark.browser
def test_a_duty_grid_is_drawn_and_taken_back(office: Office, sit: Sit) -> None:
    seat = sit("supervisor", DESK)
    page = opened(seat, "duty_grids")
    click(page, 114.0005, 22.5015)
    expect(page.locator("[data-heading]")).to_contain_text("G1")
    expect(page.get_by_label("监督员")).to_have_values(["inspector1"])
    page.get_by_role("button", name="绘制").click()
    # Around the western two of its four unit grids, by hand: the middle of a grid decides.
    for corner in ((113.9999, 22.4999), (114.0011, 22.4998), (114.0012, 22.5021), (113.9998, 22.5022)):
        click(page, *corner)
    click(page, 113.9999, 22.4999)
    expect(page.get_by_label("编码", exact=True)).to_have_value("G4")
    page.get_by_label("名称", exact=True).fill("东河西片")
    page.get_by_label("监督员").select_option(["inspector2", "inspector3"])
    put_in_force(page, "人手增加")
    tours = "SELECT duty_grid, count(*) AS n FROM duty_grid_area WHERE valid_to IS NULL GROUP BY 1 ORDER BY 1"
    assert [(row["duty_grid"], row["n"]) for row in look(tours)] == [("G1", 2), ("G2", 4), ("G3", 4), ("G4", 2)]
    with read() as tx:
        place = place_case(tx, books(tx), 114.0005, 22.5015, None, category="E0405", component=None)
    assert place is not None
    assert place.duty_grid == "G4"
    seat.go("/map/edit")
    page.locator("#sets summary").first.click()
    page.locator("#sets details[open] input[name=reason]").fill("恢复原状")
    page.locator("#sets details[open] button").click()
    page.wait_for_load_state("load")
    assert [(row["duty_grid"], row["n"]) for row in look(tours)] == [("G1", 4), ("G2", 4), ("G3", 4)]
    assert not seat.faults


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_the_pages_fit(sit: Sit, size: tuple[int, int], lang: str) -> None:
    seat = sit("supervisor", size)
    for path in ("/map", "/map/edit"):
        seat.go(f"{path}?lang={lang}")
        seat.page.wait_for_timeout(300)
        seat.fits()
    assert not seat.faults


def test_only_those_who_keep_layers_draw(person: Enter) -> None:
    for login, status in (("acceptor", 403), ("water", 403), ("supervisor", 200)):
        assert person(login).web.get("/map/edit").status_code == status
    refused = person("acceptor").web.post("/map/edit/strokes", json={}, headers={"x-csrf": "x"})
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"geometry": {"type": "Polygon", "coordinates": "no"}},
        {"geometry": {"type": "Polygon", "coordinates": [[[500, 0], [501, 0], [501, 1], [500, 0]]]}},
        {"geometry": None},
        {"code": ""},
        {"said": {"name": "x" * 300}},
        {"said": {"area_class": "many"}},
    ],
)
def test_a_stroke_that_cannot_be_read_is_refused_and_says_why(person: Enter, wrong: dict[str, object]) -> None:
    seat = person("supervisor")
    token = seat.get("/map/edit").text.split('data-csrf="')[1].split('"')[0]
    square = {"type": "Polygon", "coordinates": [[[114.1, 22.5], [114.2, 22.5], [114.2, 22.6], [114.1, 22.5]]]}
    stroke = {"op": "add", "code": "440200", "said": {"name": "区"}, "geometry": square} | wrong
    body = {"reason": "r", "trial": True, "sets": [{"layer": "district", "changes": [stroke]}]}
    answer = seat.web.post("/map/edit/strokes", json=body, headers={"x-csrf": token, "accept": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["title_zh"]
