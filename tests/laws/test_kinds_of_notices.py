"""Whatever people are told of has words of its own in both languages: in the notice, and where it is listed."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from dashboards.words import LANGUAGES, words
from dispatch.cases import effects
from dispatch.notify.words import TO_REPORTER, standard_words, text_of

ROOT = Path(__file__).parents[2]
LITERAL = re.compile(r"""tell\((?:tx, )?"(\w+)\"""")
# Kinds that stand in SQL or are put together.
OTHERS = {
    *("warn", "lapse", "lapse:supervise", "alarm", "silent", "card_yellow", "card_red", "card_ruled", "stock_low"),
    *("duty_unsound", "duty_drill", "rules_unsound", "stand_in_agreed", "stand_in_refused", "assist_report"),
}


def told_by_the_name_of_the_action() -> set[str]:
    tree = ast.parse(Path(effects.__file__).read_text(encoding="utf-8"))
    bodies = {one.name: ast.unparse(one) for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
    telling = {name for name, body in bodies.items() if "tell(effect.data['action']" in body}
    while more := {n for n, body in bodies.items() if any(f"{one}(effect)" in body for one in telling)} - telling:
        telling |= more
    return {action.value for action, effect in effects.EFFECTS.items() if effect.__name__ in telling}


def kinds() -> set[str]:
    files = sorted((ROOT / "dispatch").rglob("*.py"))
    literal = {kind for file in files for kind in LITERAL.findall(file.read_text(encoding="utf-8"))}
    return literal | told_by_the_name_of_the_action() | OTHERS


def test_all_of_them_are_found() -> None:
    assert {"dispatched", "resumed", "supervise", "send_check", "refuse_delay", "duty_changed"} <= kinds()


def test_each_says_what_has_happened_and_not_that_there_is_news() -> None:
    for kind in kinds():
        for language in ("zh", "en"):
            said = text_of(kind, case="BH-1", language=language)
            assert said != text_of("other", case="BH-1", language=language), kind


def test_each_is_named_where_it_is_listed() -> None:
    for language in LANGUAGES:
        said = words(language)
        for kind in kinds() - {"alarm"}:  # by the name of its ladder
            head = kind.partition(":")[0]
            assert said.get(f"notices.kind_{head}", said.get(f"action.{head}", "")), kind


def test_every_entry_is_there_in_both_languages_and_only_reporters_are_told_by_receipt() -> None:
    for kind, said in standard_words().items():
        assert set(said) == {"zh", "en"}, kind
        assert all(said.values()), kind
        assert any("{receipt}" in sentence for sentence in said.values()) == kind.startswith(TO_REPORTER), kind
