"""What the docs say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from dispatch.lifecycle.document import as_markdown

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "docs" / "decisions"


def test_the_page_of_transitions_is_the_table() -> None:
    assert (ROOT / "docs" / "transitions.md").read_text(encoding="utf-8") == as_markdown()


def test_no_lock_holds_an_address() -> None:
    locks = [*ROOT.glob("*.lock"), ROOT / "package-lock.json"]
    assert len(locks) == 3
    assert [path.name for path in locks if "://" in path.read_text(encoding="utf-8")] == []


def test_no_committed_text_names_a_package_registry_or_a_path_of_one_machine() -> None:
    words = ("pypi" + ".org", "registry.npm" + "js", "deb.debian" + ".org", "files.python" + "hosted", "/work" + "/")
    faults = []
    looked_at = [path for pattern in ("*.md", "docs/**/*.md", "*.lock", "*.toml", "run") for path in ROOT.glob(pattern)]
    for path in looked_at:
        text = path.read_text(encoding="utf-8")
        faults += [f"{path.name}: {word}" for word in words if word in text]
    assert not faults


def test_each_decision_has_a_number_of_its_own_which_its_head_bears() -> None:
    numbers = [(int(file.name[:4]), file.read_text(encoding="utf-8")) for file in sorted(DECISIONS.glob("*.md"))]
    assert [number for number, _ in numbers] == sorted({number for number, _ in numbers})
    for number, text in numbers:
        assert re.match(rf"# 0*{number}\b", text), f"{number}: {text[:40]}"
