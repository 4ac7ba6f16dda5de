"""A map file into a layer: read, held against its datum, compared with what is in force, proposed as one change set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

from dispatch.cases.books import books
from dispatch.layers.census import Difference, differences, recognised, with_codes
from dispatch.layers.duty import laid_out
from dispatch.layers.publish import Author, Checked, city_of, draft, look, put_in_force
from dispatch.layers.wanted import Wanted, known_of, wanted_of
from gis.changes.layer import Layer, layer_of, layers_of
from gis.changes.sets import Change, difference
from gis.changes.standing import Standing, everything
from gis.db import ReadTx, Tx
from gis.doctor import Diagnosis, Named, examine
from gis.plane import Plane
from gis.problems import FormIncomplete
from gis.sheet import Sheet

__all__ = ["Compared", "compared", "import_sheet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A file beside its layer. `report`: of components only."""

    layer: Layer
    changes: list[Change]
    datum: Diagnosis
    report: list[Difference] = field(default_factory=list)


def compared(tx: ReadTx, sheet: Sheet, key: str, *, mapping: Mapping[str, str], whole: bool = False) -> Compared:
    """What a file says that the layer does not. `whole`: it is all of the layer, and what it lacks is gone.

    Raises FormIncomplete with every row that cannot be read, or if the file does not lie where the layer lies and
    nobody declared its datum.
    """
    document = city_of(tx)
    layer = layer_of(document, key)
    there = everything(tx, layer)
    categories = books(tx).catalogue.categories
    wanted, faults = wanted_of(sheet, layer, mapping, there, known_of(tx, layer, document, list(categories)))
    if faults.errors:
        first = faults.errors[0]
        raise FormIncomplete(
            f"{len(faults.errors)} faults in {sheet.path.name}, nothing was taken in; the first: {first}",
            zh=f"{sheet.path.name} 有 {len(faults.errors)} 处错误，未导入任何内容；第一处：{first}",
            faults=[asdict(fault) for fault in faults.errors],
        )
    datum = _datum(sheet, wanted, there)
    plane = Plane(*document["centre"])
    if layer.kind == "components":
        wanted = with_codes(tx, recognised(wanted, there, plane))
    changes = difference(there, [(row.no, row.code, row.said, row.geom) for row in wanted], complete=whole)
    if layer.kind == "duty_grids":
        changes = laid_out(tx, layers_of(document), changes)
    report = list(differences(changes, there, plane)) if layer.kind == "components" else []
    return Compared(layer=layer, changes=changes, datum=datum, report=report)


def import_sheet(
    tx: Tx,
    found: Compared,
    *,
    by: Author,
    reason: str,
    source: str,
    in_force: date | None = None,
    only_draft: bool = False,
) -> Checked:
    """Propose what was compared as one set and put it in force, or hold it. Raises as `draft` and `put_in_force`."""
    number = draft(tx, found.layer, found.changes, by=by, reason=reason, source=source, in_force=in_force)
    return look(tx, number) if only_draft else put_in_force(tx, number, by=by)


def _datum(sheet: Sheet, wanted: Sequence[Wanted], there: Mapping[str, Standing]) -> Diagnosis:
    """Hold the file against the layer; what fits another datum is refused unless somebody declared this one."""
    mine = [Named(words=(row.code,), shape=row.geom) for row in wanted]
    theirs = [Named(words=(code,), shape=row.geom) for code, row in there.items()]
    found = examine(mine, theirs)
    if found.kind in ("fits", "unknown") or sheet.declared == "asked":
        return found
    raise FormIncomplete(
        f"{sheet.path.name} was read as {sheet.datum}, and nothing was taken in: {found.words}. "
        f"To insist on {sheet.datum}: --datum {sheet.datum}",
        zh=f"{sheet.path.name} 按 {sheet.datum} 读取，未导入：{found.words_zh}。如无误请加 --datum {sheet.datum}",
        fields={"datum": found.words},
    )
