"""Chinese words that people read have Chinese signs: 图片，或已损坏, never a half-width comma."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("gis", "dispatch", "collectors", "dashboards")
HAN = "[\u3400-\u9fff]"
# Between Chinese; after it, before a number, a name or the end; before it, after one; a bracket beside it.
HALF = re.compile(rf"{HAN}\s?[,;:!?](?:\s?{HAN}|$|\s?\ue000)|\ue000\s?[,;:!?]\s?{HAN}|{HAN}\s?\(|\)\s?{HAN}")


def faults(text: str) -> bool:
    return HALF.search(text) is not None


def words_of(node: ast.expr) -> Iterator[str]:
    """The pieces of a string expression, what is put in as one sign."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.sub(r"\{[^{}]*\}", "\ue000", node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "\ue000" for part in node.values)
    else:
        yield from (
            words for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr) for words in words_of(child)
        )


def said_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "zh":
            yield from words_of(node.value)


def strings(table: Any) -> Iterator[str]:
    for value in table.values():
        if isinstance(value, dict):
            yield from strings(value)
        elif isinstance(value, str):
            yield re.sub(r"\{[^{}]*\}", "\ue000", value)


@pytest.mark.parametrize(
    ("text", "found"),
    [("图片,或已损坏", True), ("时长(可不填)", True), ("没有该单位:\ue000", True), ("\ue000;草案已保留", True),
     ("图片，或已损坏", False), ("例如 district:440304；多个", False), ("请运行 wangge verify", False)],
)  # fmt: skip
def test_the_law_knows_a_half_width_sign(text: str, found: bool) -> None:
    assert faults(text) is found


@pytest.mark.parametrize("file", ["dashboards/words/zh.toml", "dispatch/notify/words.toml"])
def test_the_words_have_full_width_signs(file: str) -> None:
    words = tomllib.loads((ROOT / file).read_text(encoding="utf-8"))
    assert [text for text in strings(words) if faults(text)] == []


def test_what_the_code_says_in_chinese_has_full_width_signs() -> None:
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    said = [(path.name, text) for path in files for text in said_in(path)]
    assert len(said) > 100
    assert [(name, text) for name, text in said if faults(text)] == []
