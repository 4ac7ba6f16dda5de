"""A case is explained by the names of the day on which it was decided; lists and new cases by today's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dispatch.city import load
from tests.city.spoilt_town import copy_of_tiny, spoil
from tests.pages.conftest import Office, Person

Enter = Callable[[str], Person]


def test_a_unit_renamed_since_bears_its_old_name_where_the_case_says_why(
    office: Office, person: Enter, tmp_path: Path
) -> None:
    before = office.town.dispatched()
    folder = copy_of_tiny(tmp_path)
    spoil(folder, "units.csv", "东河区综合执法队", "东河区城管大队")
    old = 'units = { id = "tiny-units-1", in_force = 2024-01-01'
    spoil(folder, "city.toml", old, 'units = { id = "tiny-units-2", in_force = 2026-06-10')
    load(folder, data=tmp_path / "data")
    office.town.later(days=7)
    after = office.town.dispatched()

    def why(number: str) -> str:
        shown = person("dispatcher").get(f"/cases/{number}").text
        return shown[shown.index('id="tr"') : shown.index("</section>", shown.index('id="tr"'))]

    assert "东河区综合执法队" in why(before.number)
    assert "东河区城管大队" in why(after.number)
    assert "东河区城管大队" in person("dispatcher").get(f"/cases/{before.number}").text  # who has it is called so today
