"""What a form points at must exist: photos that were uploaded, an inspector, a case to merge into."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.lifecycle.form import Form
from gis.db import ReadTx
from gis.problems import FormIncomplete

CHECK = """
    SELECT (SELECT count(*) FROM unnest(%(photos)s::text[]) AS p WHERE NOT EXISTS (SELECT FROM photo WHERE sha256 = p)),
           %(inspector)s::bigint IS NULL OR EXISTS (
               SELECT FROM person_role r JOIN person p ON p.id = r.person_id
                WHERE r.person_id = %(inspector)s AND r.role = 'inspector' AND NOT p.disabled),
           %(into)s::bigint IS NULL OR EXISTS (SELECT FROM cases WHERE id = %(into)s AND state <> 'merged')
"""


def check_references(tx: ReadTx, form: Form) -> None:
    """Raise FormIncomplete naming what is not there; asks the database only if the form points at something."""
    check(tx, photos=form.photos, inspector=form.inspector, into=form.into)


def check(tx: ReadTx, *, photos: Sequence[str], inspector: int | None = None, into: int | None = None) -> None:
    """The same for single fields."""
    if not photos and inspector is None and into is None:
        return
    row = tx.connection.execute(CHECK, {"photos": list(photos), "inspector": inspector, "into": into}).fetchone()
    missing, inspector_known, into_known = row or (0, True, True)
    faults = {
        "photos": "not uploaded" if missing else None,
        "inspector": None if inspector_known else "no inspector",
        "into": None if into_known else "no case to merge into",
    }
    found = {name: why for name, why in faults.items() if why}
    if found:
        raise FormIncomplete(
            "Something the form points at is not there: " + ", ".join(found.values()),
            zh="表单引用的内容不存在:" + "、".join(found),
            fields=found,
        )
