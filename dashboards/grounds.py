"""What gave a clock its limit, in words: the row of data with what it asks for, its number and its edition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from dashboards.view import View
from dispatch.cases.books import limits_edition
from dispatch.cases.clocks import Clock
from dispatch.cases.granted import BY_CONDITION, BY_ROW, BY_RULE, Granted
from dispatch.clock.keyed import number_of
from dispatch.clock.why import amount
from gis.db import ReadTx, value

__all__ = ["SAY", "anchor", "asked_for", "because", "cite_of", "ground", "leads_to"]

Row = Mapping[str, Any]

# Key of a row → its words, in the order in which the keys count.
SAY: dict[str, Callable[[View, Row], str]] = {
    "urgent": lambda view, row: view.t("limit.urgent") if row["urgent"] else "",
    "category": lambda view, row: view.category(row["category"]),
    "condition": lambda view, row: view.t("limit.condition", no=row["condition"]),
    "class": lambda view, row: view.t("limit.class", name=view.class_name(row["class"])),
    "area_class": lambda view, row: view.t(f"limit.area_class_{row['area_class']}"),
    "tier": lambda view, row: view.t(f"limit.tier_{row['tier']}"),
    "from": lambda view, row: view.t("limit.season", start=row["from"], end=row["until"]),
    "catalogue": lambda view, row: view.t("limit.catalogue", name=row["catalogue"]),
}


def asked_for(view: View, row: Row, keys: Iterable[str] = SAY, nothing: str | None = None) -> str:
    """What a row of the city's limits asks for, or of some keys only; `nothing`, else "all cases", for none."""
    said = [words for key in keys if key in row and (words := SAY[key](view, row))]
    return view.t("limit.and").join(said) or (view.t("limit.every") if nothing is None else nothing)


def anchor(no: str) -> str:
    """Where a row stands on the page of the limits."""
    return f"row-{no.replace(' ', '-')}"


def cite_of(by: str) -> tuple[str, str, str]:
    """What is kept as what gave a limit: its kind, the edition's name, its number there."""
    kind, _, rest = by.partition(":")
    edition, _, no = rest.rpartition(":")
    return kind, edition, no


def leads_to(by: str) -> str:
    """The address of the row that gave a limit; empty where it was no row of the city's limits."""
    kind, edition, no = cite_of(by)
    return f"/limits?edition={quote(edition, safe='')}#{quote(anchor(no))}" if kind == BY_ROW else ""


def ground(tx: ReadTx, view: View, clock: Clock) -> str:
    """Why the clock has the limit that it has; empty where older records do not say."""
    return because(tx, view, Granted(clock.limit, clock.by))


def because(tx: ReadTx, view: View, given: Granted) -> str:
    """What gave a limit, in words: an edition is told by the day from which it holds, which its name need not say."""
    if not given.by:
        return ""
    kind, edition, no = cite_of(given.by)
    day = value(tx, "SELECT in_force FROM edition WHERE kind = %(kind)s AND name = %(name)s", kind=kind, name=edition)
    told = {"limit": amount(given.limit, view.language), "day": day or edition}
    if kind == BY_ROW:
        row = next((one for one in limits_edition(tx, edition) if number_of(one) == no), {})
        told |= {"keys": asked_for(view, row)}
        if row and "no" not in row:  # one of `[[stages]]` has no number: it is told by its stage
            return view.t("limit.because_stage", stage=view.clock(row["stage"]), **told)
        return view.t("limit.because", no=no, **told)
    if kind == BY_CONDITION:
        category, _, condition = no.rpartition("/")
        keys = asked_for(view, {"category": category, "condition": condition})
        return view.t("limit.by_condition", keys=keys, **told)
    return view.t("limit.by_rule" if kind == BY_RULE else "limit.by_setting", no=no, **told)
