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


def test_the_page_of_rooms_names_every_room_and_none_that_is_not_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## Rooms")[1]
    rows = [line.split("|")[2] for line in page.splitlines() if line.startswith("| ")][2:]
    told = {name for row in rows[:-1] for name in re.findall(r"`([a-z_]+)`", row)}
    rooms = {
        path.stem
        for package in ("gis", "dispatch", "collectors")
        for path in (ROOT / package).iterdir()
        if path.stem != "__init__" and (path.suffix == ".py" or (path.is_dir() and any(path.glob("*.[ps]*"))))
    }
    assert told == rooms


def test_the_two_readmes_show_the_same_commands_in_lines_that_fit() -> None:
    pages = [(ROOT / name).read_text(encoding="utf-8").splitlines() for name in ("README.md", "README.zh.md")]
    assert [line for page in pages for line in page if len(line) > 140] == []
    shown = [[line.split("#")[0].strip() for line in page if line.startswith("    ./run")] for page in pages]
    assert shown[0] == shown[1]


def test_every_code_word_of_the_terms_is_one_that_code_says() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for package in ("gis", "dispatch", "collectors", "dashboards")
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", ".sql")
    )
    page = (ROOT / "docs" / "terms.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("|")][2:]
    told = {word for row in rows for word in re.split(r"[,:\s]+", row[3]) if word not in ("", "-")}
    wanted = {word: r"\b" + word.replace("*", r"\w+") + r"\b" for word in sorted(told)}
    assert [word for word, pattern in wanted.items() if not re.search(pattern, code)] == []
