"""Codes of grids and components, as the standard's layouts have them and as a city may change them."""

from __future__ import annotations

import pytest

from gis.codes import ComponentCode, GridCode, component_code, fault_of, grid_code, layouts_of

CITY = {
    "levels": [
        {"key": "district", "code": r"^\d{6}$", "prefix": True},
        {"key": "grid", "code": r"^\d{15}$", "prefix": True},
        {"key": "neighbourhood", "code": r"^[A-Z][A-Za-z ]+$"},
    ],
    "component_code": {"pattern": r"^\d{16}$"},
}


def test_a_grid_code_is_district_street_community_number() -> None:
    found = grid_code("150204001003012")
    assert found == GridCode("150204", "001", "003", 12)
    assert found.parent == "150204001003"
    assert str(found) == "150204001003012"


def test_a_component_code_is_district_class_subclass_number() -> None:
    found = component_code("3205080101000001")
    assert found == ComponentCode("320508", "01", "01", 1)
    assert str(found) == "3205080101000001"


@pytest.mark.parametrize(
    "wrong", ["", "15020400100301", "1502040010030120", "15020400100301a", "150204001003000", "１５0204001003012"]
)
def test_a_grid_code_of_another_shape_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"15 digits|begin at 1"):
        grid_code(wrong)


@pytest.mark.parametrize("wrong", [GridCode("150204", "001", "003", 1000), GridCode("1502", "001", "003", 1)])
def test_a_grid_code_put_together_wrongly_is_refused(wrong: GridCode) -> None:
    with pytest.raises(ValueError, match="15 digits"):
        grid_code(wrong)


@pytest.mark.parametrize("wrong", ["320508010100001", "3205080101000000", "32050801010000011"])
def test_a_component_code_of_another_shape_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"16 digits|begin at 1"):
        component_code(wrong)


@pytest.mark.parametrize(
    ("level", "code", "parent", "words"),
    [
        ("district", "440301", None, None),
        ("district", "4403", None, "is not"),
        ("district", "440301\n", None, "is not"),
        ("grid", "440301001002003", "440301001002", None),
        ("grid", "440301001002003", "440301001009", "does not begin"),
        ("neighbourhood", "Back Bay", "Boston", None),
        ("component", "3205080101000001", None, None),
        ("component", "32050801", None, "is not"),
    ],
)
def test_a_citys_own_layouts_are_data(level: str, code: str, parent: str | None, words: str | None) -> None:
    found = fault_of(code, layouts_of(CITY)[level], parent=parent)
    assert found is None if words is None else found is not None and words in found


def test_a_city_without_component_codes_has_no_layout_for_them() -> None:
    assert "component" not in layouts_of({"levels": []})
