"""What a rule or a referee says of a dispatch beyond the unit: the answer to a question, a limit, a ruling. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dispatch.lifecycle.states import Action
from gis.problems import FormIncomplete

__all__ = ["limit_ruled", "ruled_unit", "settled"]

Document = Mapping[str, Any]
RULED = ("assist", "limit", "assist_limit")


def settled(route: Document, key: str, unit: str) -> dict[str, Any]:
    """The routing of a doubtful place once its question is answered: decided, with the answer kept in it.

    Raises FormIncomplete if the routing has no such answer, or it leads to another unit.
    """
    answer = next((one for one in route.get("answers", ()) if one["key"] == key), None)
    if answer is None:
        raise FormIncomplete(
            "This is no answer to the question that is open here; look again",
            zh="本案没有这个待确认的选项，请刷新后再选",
            fields={"answer": "unknown"},
        )
    if answer["unit"] != unit:
        raise FormIncomplete(
            "This answer leads to another unit", zh="该选项对应的是另一单位", fields={"unit": "not of the answer"}
        )
    asked = ("question", "question_en", "answers", "doubtful", *RULED)
    kept = {name: given for name, given in route.items() if name not in asked}
    ruled = {name: answer[name] for name in RULED if answer.get(name)}
    said = {name: answer[name] for name in ("key", "words", "words_en")}
    said |= {"question": route.get("question"), "question_en": route.get("question_en")}
    return {**kept, "doubtful": None, "unit": unit, "rule": answer["rule"], "answered": said, **ruled}


def limit_ruled(route: Document | None) -> tuple[Decimal, str] | None:
    """The limit of the rule that the dispatch followed, number and time class; None if it sets none."""
    if not route or not route.get("followed") or not route.get("limit"):
        return None
    number, time_class = route["limit"]
    return Decimal(number), str(time_class)


def ruled_unit(asked: Mapping[str, Any] | None) -> str | None:
    """The unit that a referee named and the case has not been dispatched to yet."""
    return asked["unit"] if asked and asked.get("action") == Action.RULE_OTHER.value else None
