"""What the docs say is what the code does."""

from __future__ import annotations

from pathlib import Path

from dispatch.lifecycle.document import as_markdown

ROOT = Path(__file__).parents[2]


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
