"""Every kind that the code writes into the audit trail is in the list of kinds, and has its words in both languages."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.audit import _detail
from dashboards.words import words
from dispatch.audit.trail import Kind
from dispatch.drafts.draft import RULES
from dispatch.drafts.effect import SCHEMES

ROOT = Path(__file__).parents[2]
WRITERS = {"record", "_record", "_recorded"}
STANDS_FOR = {"kind.key": [RULES.key, SCHEMES.key], "state": ["published", "refused"]}  # in a kind that is put together


def written(path: Path) -> Iterator[str]:
    """What a file that writes events hands on as their kind."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)]
    if not any(one.module == "dispatch.audit.trail" for one in imported):
        return
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in WRITERS:
            given = [word.value for word in call.keywords if word.arg == "kind"]
            yield from texts((given or call.args[1:2])[0])


def texts(node: ast.expr) -> list[str]:
    """All that it may be; nothing for a name or a member of the list, whose type says that it is one."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=one, orelse=other):
            return texts(one) + texts(other)
        case ast.JoinedStr(values=parts):
            return ["".join(chosen) for chosen in itertools.product(*map(texts, parts))]
        case ast.FormattedValue(value=ast.IfExp() as either):
            return texts(either)
        case ast.FormattedValue(value=value):
            return STANDS_FOR[ast.unparse(value)]  # a new one has to be told here
        case ast.Name() | ast.Attribute():
            return []
    raise AssertionError(f"a kind that cannot be read: {ast.unparse(node)}")


def test_the_list_has_every_kind_that_the_code_writes() -> None:
    files = [path for package in ("dispatch", "dashboards") for path in sorted((ROOT / package).rglob("*.py"))]
    kinds = {kind for path in files for kind in written(path)}
    assert {"bulletin_sealed", "ledger_refused", "schemes_sent_back", "calendar_refused"} <= kinds
    assert kinds - set(Kind) == set()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_has_its_words(language: str) -> None:
    told = {key.removeprefix("kind_") for key in words(language).under("audit") if key.startswith("kind_")}
    assert told == {kind.value for kind in Kind}


def test_a_detail_shows_no_empty_value_and_no_braces() -> None:
    detail = {"points": None, "old": "None", "changes": {"city": 1, "units": 2}, "shown": 0, "rows": ["a", "b"]}
    assert _detail(detail) == "changes=city 1, units 2 shown=0 rows=a, b"
