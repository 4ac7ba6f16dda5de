"""One rule as a form: its row taken apart into fields, and what was typed put together again. Pure.

What the form has no field for stays, as TOML, in the field `more`: no clause is lost by being edited here.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Form as Posted

from gis.problems import FormIncomplete

__all__ = ["LISTS", "RuleFields", "fields_of", "row_of"]

Document = Mapping[str, Any]
LISTS = ("kind", "class", "category", "type", "types", "road", "road_name", "area")  # clauses of words
TEXTS = ("reason", "reason_en", "source")
OWNER = {"known": True, "none": False}


@dataclass
class RuleFields:
    """What a rule's form sends, as text; lists are words with spaces between."""

    csrf: Annotated[str, Posted()] = ""
    version: Annotated[str, Posted(max_length=12)] = ""
    no: Annotated[str, Posted(max_length=40)] = ""
    rank: Annotated[str, Posted(max_length=9)] = ""
    kind: Annotated[str, Posted(max_length=200)] = ""
    class_: Annotated[str, Posted(alias="class", max_length=2000)] = ""
    category: Annotated[str, Posted(max_length=4000)] = ""
    type: Annotated[str, Posted(max_length=1000)] = ""
    types: Annotated[str, Posted(max_length=1000)] = ""
    road: Annotated[tuple[str, ...], Posted()] = ()
    road_name: Annotated[str, Posted(max_length=2000)] = ""
    area: Annotated[str, Posted(max_length=4000)] = ""
    owner: Annotated[str, Posted(max_length=2000)] = ""
    to: Annotated[str, Posted(max_length=200)] = ""
    reason: Annotated[str, Posted(max_length=500)] = ""
    reason_en: Annotated[str, Posted(max_length=500)] = ""
    source: Annotated[str, Posted(max_length=500)] = ""
    more: Annotated[str, Posted(max_length=4000)] = ""


def fields_of(row: Document) -> RuleFields:
    """The form that says what the row says."""
    when = dict(row.get("when", {}))
    lists = {name: _words(when.pop(name, [])) for name in LISTS}
    owner = when.pop("owner", "")
    rest = {f"when.{name}": value for name, value in when.items()}
    rest |= {name: value for name, value in row.items() if name not in ("no", "rank", "to", "when", *TEXTS)}
    return RuleFields(
        no=str(row.get("no", "")),
        rank=str(row.get("rank", "")),
        to=str(row.get("to", "")),
        kind=" ".join(lists["kind"]),
        class_=" ".join(lists["class"]),
        category=" ".join(lists["category"]),
        type=" ".join(lists["type"]),
        types=" ".join(lists["types"]),
        road=tuple(lists["road"]),
        road_name=" ".join(lists["road_name"]),
        area=" ".join(lists["area"]),
        owner=_owner_text(owner),
        more="\n".join(f"{name} = {_toml(value)}" for name, value in rest.items()),
        **{name: str(row.get(name, "")) for name in TEXTS},
    )


def row_of(fields: RuleFields) -> dict[str, Any]:
    """The row that the form says. Raises FormIncomplete; whether the row makes a rule is the rulebook's to say."""
    when: dict[str, Any] = {name: words for name in LISTS if (words := _typed(fields, name))}
    if fields.owner.strip():
        when["owner"] = OWNER.get(fields.owner.strip(), fields.owner.split())
    if not fields.rank.strip().lstrip("-").isdecimal():
        raise FormIncomplete("The rank is a whole number", zh="优先级须为整数", fields={"rank": "a whole number"})
    more = _more(fields.more)
    further = more.pop("when", {})
    if not isinstance(further, dict):
        zh = "其他条件写作 when.名称 = …"
        raise FormIncomplete("Write a further clause as when.name = …", zh=zh, fields={"more": "when"})
    row = {"no": fields.no.strip(), "rank": int(fields.rank), "when": when | further, "to": fields.to.strip()}
    return row | {name: getattr(fields, name).strip() for name in TEXTS} | more


def _typed(fields: RuleFields, name: str) -> list[str]:
    text = getattr(fields, "class_" if name == "class" else name)
    return list(text) if isinstance(text, tuple) else text.split()


def _more(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise FormIncomplete(
            f"The further clauses are not TOML: {fault}",
            zh=f"其他条件格式不对（TOML）：{fault}",
            fields={"more": str(fault)},
        ) from fault


def _words(wanted: Any) -> list[str]:
    return [wanted] if isinstance(wanted, str) else [str(word) for word in wanted]


def _owner_text(owner: Any) -> str:
    named = next((word for word, value in OWNER.items() if value is owner), None)
    return named if named is not None else " ".join(_words(owner))


def _toml(value: Any) -> str:
    """A value as TOML writes it in one line: tables inline, the rest as JSON does."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
