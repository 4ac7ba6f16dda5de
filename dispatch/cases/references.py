"""What a form points at must exist: what this very person uploaded, an inspector, a case to merge into."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import ENDED
from gis.db import ReadTx, value
from gis.problems import FormIncomplete

# A hash is no secret: only who sent the bytes himself may put the picture to a case.
CHECK = """
    SELECT (SELECT count(*) FROM unnest(%(photos)s::text[]) AS p
             WHERE NOT EXISTS (SELECT FROM photo_upload u
                                WHERE u.sha256 = p AND u.person_id IS NOT DISTINCT FROM %(by)s)),
           (SELECT count(*) FROM unnest(%(documents)s::text[]) AS d
             WHERE NOT EXISTS (SELECT FROM document_upload u WHERE u.sha256 = d AND u.person_id = %(by)s)),
           %(inspector)s::bigint IS NULL OR EXISTS (
               SELECT FROM person_role r JOIN person p ON p.id = r.person_id
                WHERE r.person_id = %(inspector)s AND r.role = 'inspector' AND NOT p.disabled)
"""
# Held until the merge is written, or it might end meanwhile, and what is merged into it with it.
HOLD = "SELECT 1 FROM cases WHERE id = %(into)s AND state <> ALL (%(ended)s) FOR SHARE"


def check_references(tx: ReadTx, form: Form, by: int | None) -> None:
    """Raise FormIncomplete naming what is not there; asks the database only if the form points at something."""
    check(tx, by, photos=form.photos, documents=form.documents, inspector=form.inspector, into=form.into)


def check(
    tx: ReadTx,
    by: int | None,
    *,
    photos: Sequence[str],
    documents: Sequence[str] = (),
    inspector: int | None = None,
    into: int | None = None,
) -> None:
    """The same for single fields. `by`: the person, None without an account.

    A case to merge into has to be open, and is locked until the transaction ends.
    """
    if not photos and not documents and inspector is None and into is None:
        return
    named = {"photos": list(photos), "documents": list(documents), "inspector": inspector, "by": by}
    missing, unsent, inspector_known = tx.connection.execute(CHECK, named).fetchone() or (0, 0, True)
    faults = {
        "photos": "not uploaded by you" if missing else None,
        "documents": "not uploaded by you" if unsent else None,
        "inspector": None if inspector_known else "no inspector",
        "into": None if into is None or value(tx, HOLD, into=into, ended=sorted(ENDED)) else "no open case",
    }
    found = {name: why for name, why in faults.items() if why}
    if found:
        raise FormIncomplete(
            "Something the form points at is not there: " + ", ".join(found.values()),
            zh="表单引用的内容不存在：" + "、".join(found),
            fields=found,
        )
