"""What a city may say of a campaign."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dispatch.city import check

TINY = Path(__file__).parents[1] / "towns" / "tiny"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("to = 2026-06-30", "to = 2026-05-30", "campaigns night-stalls: it ends before it begins"),
        ('area = "district:440001"', 'area = "county:440001"', "campaigns night-stalls: county:440001 is of no level"),
        ('classes = ["event:04"]\narea', "classes = []\narea", "campaigns.0.classes"),
    ],
)
def test_a_campaign_that_cannot_be_is_a_fault(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(TINY, folder)
    text = (folder / "city.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "city.toml").write_text(text.replace(old, new), encoding="utf-8")
    faults = [fault.reason for fault in check(folder)]
    assert [reason for reason in faults if said in reason], faults
