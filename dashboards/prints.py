"""Sheets for paper, as offices know them: filing, dispatch, extension, suspension, supervision, the whole case; each on
record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboards.deadlines import disposal_limit
from dashboards.shell import page
from dashboards.view import View
from dispatch.audit.trail import Kind, record
from dispatch.cases.dossier import Full, Step, full
from dispatch.cases.texts import OPEN_KINDS, texts
from dispatch.http import whence
from dispatch.lifecycle.states import Action
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from gis.db import write
from gis.problems import Conflict, NotFound

__all__ = ["SHEETS", "router"]

router = APIRouter(include_in_schema=False)
A = Action
PHOTOS = 4  # on one sheet
# What nobody would look for on paper.
UNTOLD = frozenset({"warn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One form. `of`: the steps it is about; empty: about the case. `answers`: those that answer them. `signs`: lines
    that are filled in by hand."""

    of: frozenset[Action] = frozenset()
    answers: frozenset[Action] = frozenset()
    signs: tuple[str, ...] = ()


APPROVAL = ("unit_says", "dispatcher_says", "leader_says")
SHEETS: dict[str, Sheet] = {
    "filing": Sheet(of=frozenset({A.FILE}), signs=("acceptor_says", "shift_leader_says")),
    "dispatch": Sheet(signs=("received", "done", "by", "at")),
    "delay": Sheet(of=frozenset({A.ASK_DELAY}), answers=frozenset({A.APPROVE_DELAY, A.REFUSE_DELAY}), signs=APPROVAL),
    "suspend": Sheet(
        of=frozenset({A.ASK_SUSPEND, A.ASK_DEFER}),
        answers=frozenset({A.APPROVE_SUSPEND, A.REFUSE_SUSPEND}),
        signs=APPROVAL,
    ),
    "supervise": Sheet(
        of=frozenset({A.SUPERVISE}), answers=frozenset({A.ANSWER_SUPERVISION}), signs=("unit_says", "leader_says")
    ),
    "case": Sheet(),
}


@router.get("/cases/{number}/{kind}-sheet", **needs(Permission.SEE_CASES))
def sheet(request: Request, me: Signed, number: str, kind: str, step: int = 0) -> Response:
    """One sheet of a case. `step`: which step it is about; 0: the last such.

    Raises NotFound, and Conflict for a sheet about what has not happened.
    """
    if kind not in SHEETS:
        raise NotFound("There is no such sheet", zh="没有这种表单")
    with me.read() as tx:
        view = View.of(request, tx, me)
        file = full(tx, number)
        words = texts(tx, file.case.id, OPEN_KINDS)
    case, form = file.case, SHEETS[kind]
    about = _about(file, kind, step)
    detail: dict[str, Any] = {"sheet": kind, "version": case.version, "unit": case.unit_id}
    with write() as tx:
        record(tx, Kind.PRINT, person_id=me.person_id, whence=whence(request), object=f"case:{case.id}", detail=detail)
    asked = about is not None and bool(form.answers)
    shown: dict[str, Any] = {
        "case": case,
        "kind": kind,
        "limit": disposal_limit(view, file),
        "form": form,
        "steps": [one for one in file.steps if one.action not in UNTOLD] if kind == "case" else [],
        "words": words,
        "photos": [p for p in file.photos if not asked or (about and p.seq == about.seq)][:PHOTOS],
        "documents": [d for d in file.documents if not asked or (about and d.seq == about.seq)],
        "about": about if asked else None,
        "answer": _answer(file.steps, about, form) if asked and about else None,
        "due_before": _due(file.steps, about.seq) if asked and about else None,
    }
    return page(view, "sheet.html", **shown)


def _about(file: Full, kind: str, seq: int) -> Step | None:
    """The step that the sheet is about, None for one about the case. Raises Conflict."""
    form = SHEETS[kind]
    found = [one for one in file.steps if one.action in form.of and seq in (0, one.seq)]
    if (form.of and not found) or (kind == "dispatch" and file.case.unit_id is None):
        raise Conflict(
            "Nothing of this kind has been done in this case yet: there is no such sheet",
            zh="本案尚未办理这一环节，没有这张表单",
            state=file.case.state.value,
        )
    return found[-1] if found else None


def _answer(steps: Iterable[Step], about: Step, form: Sheet) -> Step | None:
    """What was answered to it, None while it waits."""
    later = (one for one in steps if one.seq > about.seq)
    return next((one for one in later if one.action in form.answers), None)


def _due(steps: Iterable[Step], before: int) -> str | None:
    """The disposal deadline as it stood before a step."""
    said = [one.data["dispose_due"] for one in steps if one.seq < before and "dispose_due" in one.data]
    return said[-1] if said else None
