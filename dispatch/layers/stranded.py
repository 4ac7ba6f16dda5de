"""Why a second person has to look at a change set: what it would lose, and which rules would lose what they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

from dispatch.routing.facts import Corridor
from dispatch.routing.rulebook import Rulebook
from gis.changes.layer import Layer
from gis.changes.sets import Change, Op
from gis.db import ReadTx, dicts, value

__all__ = ["MOST_LOST", "reasons_to_hold"]

MOST_LOST = 0.3  # of a layer's rows; a refresh that would end more is held
SIZE: dict[str, LiteralString] = {
    "areas": "SELECT count(*) FROM area WHERE valid_to IS NULL AND level = %(level)s",
    "roads": "SELECT count(*) FROM road WHERE valid_to IS NULL",
    "components": "SELECT count(*) FROM component WHERE valid_to IS NULL",
    "duty_grids": "SELECT count(*) FROM duty_grid_entry WHERE valid_to IS NULL",
}
# Of the road classes, road names and owners that the set's rows have now, those that nothing would have afterwards.
LAST_OF_CLASS: LiteralString = """
    SELECT class FROM road r WHERE valid_to IS NULL
     GROUP BY class
    HAVING bool_and(EXISTS (SELECT FROM change c WHERE c.set_id = %(set)s AND c.code = r.code
                               AND (c.op = 'end' OR c.said ->> 'class' <> r.class)))
       AND NOT EXISTS (SELECT FROM change c WHERE c.set_id = %(set)s AND c.op <> 'end' AND c.said ->> 'class' = r.class)
"""
LAST_OF_NAME: LiteralString = """
    SELECT name FROM road r WHERE valid_to IS NULL AND name <> ''
     GROUP BY name
    HAVING bool_and(EXISTS (SELECT FROM change c WHERE c.set_id = %(set)s AND c.code = r.code
                               AND (c.op = 'end' OR c.said ->> 'name' <> r.name)))
       AND NOT EXISTS (SELECT FROM change c WHERE c.set_id = %(set)s AND c.op <> 'end' AND c.said ->> 'name' = r.name)
"""
LAST_OF_OWNER: LiteralString = """
    SELECT owner FROM component o WHERE valid_to IS NULL AND owner IS NOT NULL
     GROUP BY owner
    HAVING bool_and(EXISTS (SELECT FROM change c WHERE c.set_id = %(set)s AND c.code = o.code
                               AND (c.op = 'end' OR c.said ->> 'owner' <> o.owner)))
       AND NOT EXISTS (SELECT FROM change c WHERE c.set_id = %(set)s AND c.op <> 'end' AND c.said ->> 'owner' = o.owner)
"""
TERRITORIES: LiteralString = """
    SELECT unit_id AS unit, code FROM unit_entry JOIN unnest(%(codes)s::text[]) code ON area = %(level)s || ':' || code
     WHERE valid_to IS NULL ORDER BY unit_id
"""


def reasons_to_hold(
    tx: ReadTx, layer: Layer, number: int, changes: Sequence[Change], book: Rulebook
) -> list[dict[str, Any]]:
    """Each reason with its `kind`: lost (a share of the layer), rule (one that would be stranded), unit (a territory).

    Empty: one person may put it in force alone.
    """
    ended = [change.code for change in changes if change.op is Op.END]
    return [*_lost(tx, layer, ended), *_stranded(tx, layer, number, ended, book)]


def _lost(tx: ReadTx, layer: Layer, ended: Sequence[str]) -> Iterable[dict[str, Any]]:
    size = value(tx, SIZE[layer.kind], level=layer.key)
    if size and len(ended) > MOST_LOST * size:
        words = f"it would end {len(ended)} of {size} rows, more than {MOST_LOST:.0%}"
        zh = f"将停用 {size} 行中的 {len(ended)} 行，超过 {MOST_LOST:.0%}"
        yield {"kind": "lost", "ended": len(ended), "of": size, "words": words, "words_zh": zh}


def _stranded(tx: ReadTx, layer: Layer, number: int, ended: Sequence[str], book: Rulebook) -> Iterable[dict[str, Any]]:
    if layer.is_area:
        yield from _rules(book, "area", {f"{layer.key}:{code}" for code in ended})
        for row in dicts(tx, TERRITORIES, level=layer.key, codes=list(ended)):
            unit, code = row["unit"], row["code"]
            words = f"the territory of unit {unit} is {code}, which would be no more"
            yield {"kind": "unit", "unit": unit, "words": words, "words_zh": f"部门 {unit} 的辖区 {code} 将被停用"}
    elif layer.kind == "roads":
        yield from _rules(book, "road", _column(tx, LAST_OF_CLASS, number))
        for clause in ("road_name", "corridor"):
            yield from _rules(book, clause, _column(tx, LAST_OF_NAME, number))
    elif layer.kind == "components":
        yield from _rules(book, "owner", _column(tx, LAST_OF_OWNER, number))


def _rules(book: Rulebook, clause: str, gone: set[str]) -> Iterable[dict[str, Any]]:
    """The rules whose clause names something that would be gone."""
    for rule in book.rules:
        for word in sorted(gone & _named(rule.wants(clause))):
            words = f"rule {rule.no} names {clause} {word}, and nothing would bear it any more"
            zh = f"规则 {rule.no} 引用的 {word} 将不复存在"
            yield {"kind": "rule", "rule": rule.no, "clause": clause, "names": word, "words": words, "words_zh": zh}


def _named(wanted: object) -> frozenset[str]:
    """The words of a clause; a corridor runs along every road of one name; `owner = true` names nobody."""
    if isinstance(wanted, Corridor):
        return frozenset({wanted.road})
    return wanted if isinstance(wanted, frozenset) else frozenset()


def _column(tx: ReadTx, sql: LiteralString, number: int) -> set[str]:
    return {str(row[0]) for row in tx.connection.execute(sql, {"set": number})}
