"""A bulletin of areas, sealed by its form, published by another, printed, and counted again by a citizen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from dashboards.cli import main
from dispatch.bulletins.difference import score_rows
from dispatch.bulletins.freeze import bulletins
from gis.db import read
from tests.pages.conftest import Office, Person, good_and_bad
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]


@pytest.fixture(scope="module")
def published(office: Office) -> str:
    """Its number in the addresses."""
    good_and_bad(office.town)
    return "/bulletins"


def sent(who: Person, page: str, to: str, **fields: object) -> httpx.Response:
    """A form of a page, as a browser sends it."""
    (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', who.get(page).text))
    return who.post(to, csrf=csrf, **fields)


def test_it_goes_the_way_of_every_bulletin(published: str, person: Enter, sit: Sit, tmp_path: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    leader, colleague, citizen = person("leader"), person("evaluator"), person("")
    assert "一类区域评价" in leader.get(published).text
    sealed = sent(leader, published, published, period="2026-W24", scheme="gb-area-2")
    assert sealed.status_code == 303, sealed.text
    where = sealed.headers["location"]
    assert sent(colleague, where, f"{where}/decision", what="publish").status_code == 303
    with read() as tx:
        (made,) = bulletins(tx)
    rows = {row["key"]: row for row in score_rows(made.scores) if row["of"] == "district"}
    assert [row["place"] for row in rows.values() if row["place"]] == ["1"], rows
    shown = citizen.get(f"/public{where}?lang=en").text
    assert "Areas of class 2" in shown
    assert all(row["score"] in shown for row in rows.values() if row["score"])
    pdf = citizen.get(f"/public{where}/file?form=pdf")
    assert pdf.content.startswith(b"%PDF")
    csv = citizen.get(f"/public{where}/file?form=csv&lang=en").content.decode("utf-8-sig")
    assert all(row["score"] in csv for row in rows.values() if row["score"])
    archive = tmp_path / "bulletin.zip"
    whole = citizen.get(f"/public{where}/download")
    assert whole.headers["content-disposition"].endswith("''bulletin-2026-W24-gb-area-2-1.zip")
    assert "bulletin-2026-W24-gb-area-2-1.zip --hash" in shown
    archive.write_bytes(whole.content)
    assert main(["verify-bulletin", str(archive), "--hash", made.hash]) == 0
    assert "all the same" in capsys.readouterr().err
    opened = leader.get(f"{where}?lang=en").text
    link = re.search(r'href="(/bulletins/\d+/figure\?of=district[^"]*figure=should_dispose)">(\d+)</a>', opened)
    assert link is not None
    behind = leader.get(link[1].replace("&amp;", "&")).text
    assert f"<b>{link[2]}</b>" in behind
    for size in (PHONE, DESK):
        seat = sit("leader", size)
        seat.go(where)
        seat.go(published)
