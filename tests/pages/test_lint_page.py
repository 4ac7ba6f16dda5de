"""What is wrong with a draft, on a map, and the rule that mends it begun from there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs

from playwright.sync_api import expect

from dashboards.rule_form import fields_of, row_of
from dashboards.rule_wanted import fields_from, of_finding, query_of
from dispatch.drafts.nightly import check_tonight
from dispatch.routing.lint import Finding
from dispatch.routing.rulebook import rulebook_of
from tests.cases.town import MONDAY
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, Sit
from tests.pages.test_rules import ROW, write_rule


def gap(**more: object) -> Finding:
    given: dict[str, object] = {"kind": "gap", "rules": (), "categories": ("E0405",), "cell": {}, "areas": ()}
    return Finding(**{**given, "words": "", "words_en": "", **more})  # type: ignore[arg-type]


def test_a_planted_gap_is_drawn_and_the_missing_rule_begun_from_it(sit: Sit, office: Office) -> None:
    seat = sit("dispatcher", DESK)
    page = seat.page
    seat.go("/rules")
    expect(page.get_by_text("每个类别在全市每处都有且只有一个单位负责")).to_be_visible()
    page.get_by_label("新版本编号").fill("tiny-rules-gap")
    page.get_by_label("生效日期").fill((MONDAY + timedelta(days=40)).date().isoformat())
    page.get_by_role("button", name="起草新版本").click()
    write_rule(page, "R-005", area="district:440001")
    card = page.locator("[data-findings]")
    expect(card.locator("[data-map]")).to_have_attribute("data-drawn", "1")
    card.get_by_role("button", name="在图上看").click()
    expect(card.get_by_role("button", name="在图上看")).to_have_attribute("aria-pressed", "true")
    seat.fits()
    card.get_by_role("link", name="起草所缺的规则").click()
    expect(page.locator("[name=area]")).to_have_value("district:440002 district:440099")
    assert "E0405" in page.locator("[name=category]").input_value()
    for name, text in {"no": "R-050", "to": "territory:street", "reason": "补缺", "source": "纪要"}.items():
        page.locator(f"[name={name}]").fill(text)
    page.get_by_role("button", name="存入草案").click()
    expect(page.get_by_text("每个类别在全市每处都有且只有一个单位负责")).to_be_visible()
    page.get_by_role("button", name="放弃草案").click()


def test_the_polygons_are_for_those_who_see_the_rules(office: Office, person: Callable[[str], Person]) -> None:
    answer = person("dispatcher").get("/rules/lint")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json() == {"type": "FeatureCollection", "features": []}
    assert person("utilities").get("/rules/lint").status_code == 403


def test_a_wanted_rule_is_asked_into_which_draft_and_goes_along_with_a_new_one(
    office: Office, person: Callable[[str], Person]
) -> None:
    clerk = person("dispatcher")
    asked = f"/rules/wanted?{query_of(ROW)}"
    assert "所需的规则会带过去" in clerk.get(asked).text
    day = (MONDAY + timedelta(days=50)).date().isoformat()
    begun = clerk.send(asked, "/rules/drafts", name="tiny-rules-wanted", in_force=day)
    draft, _, query = begun.headers["location"].partition("/rules/new?")
    assert parse_qs(query) == parse_qs(query_of(ROW))
    assert str(clerk.get(asked).url).endswith(f"{draft}/rules/new?{query_of(ROW)}")  # the only one being written


def test_the_form_takes_from_the_address_what_a_row_says_and_no_more() -> None:
    assert row_of(fields_from(query_of(ROW))) == ROW
    assert fields_from("csrf=x&version=9&nothing=1") == fields_from("")
    assert len(fields_from("reason=" + "x" * 9000).reason) == 4000
    assert fields_of(ROW).more in fields_from(query_of(ROW)).more


def test_what_mends_a_finding_comes_before_the_rules_at_fault_and_names_few_areas() -> None:
    book = rulebook_of({"rule": [{**ROW, "when": {"kind": ["event"]}, "rank": 30}]})
    cell = {"road": ("main",), "owner": ("none",)}
    form = fields_from(of_finding(gap(rules=("R-900",), cell=cell, areas=("grid:1",)), book))
    assert (form.rank, form.road, form.owner, form.area) == ("29", ("main",), "none", "grid:1")
    many = fields_from(of_finding(gap(areas=tuple(f"grid:{n}" for n in range(61))), book))
    assert (many.rank, many.area) == ("50", "")


def test_what_mends_a_gap_of_some_hours_of_a_season_names_both() -> None:
    book = rulebook_of({"rule": []})
    row = row_of(fields_from(of_finding(gap(cell={"hour": ("22:00-06:00",), "day": ("11-15..03-15",)}), book)))
    assert row["when"]["hours"] == ["22:00-06:00"]
    assert (row["when"]["from"], row["when"]["until"]) == ("11-15", "03-15")
    whole = row_of(
        fields_from(of_finding(gap(cell={"hour": ("00:00-24:00",), "day": ("2024-01-01", "2026-03-01")}), book))
    )
    assert whole["when"].keys() == {"category"}


def test_the_nights_check_is_shown_with_its_time(office: Office, person: Callable[[str], Person]) -> None:
    assert check_tonight()
    assert "夜间体检" in person("leader").get("/rules").text
