"""Schemes of score as people read them, and drafts of them beside their effect on the last month."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.drafted import day_of, version_of
from dashboards.scheme_form import BY_LOSSES, Fields, rows_of
from dashboards.shell import go, page
from dashboards.view import View
from dispatch.cases.books import books
from dispatch.drafts import draft as drafting
from dispatch.drafts.effect import SCHEMES, document_of, effect, proposed
from dispatch.evaluation.rates import RATES, Counts
from dispatch.evaluation.scheme import Scheme
from dispatch.evaluation.terms import schemes_on
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import Tx
from gis.problems import NotFound, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
KIND = SCHEMES.key


@router.get("/schemes", **needs(Permission.SEE_RANKING))
def schemes_page(request: Request, me: Signed) -> Response:
    """The schemes in force, and the drafts."""
    return _list(request, me)


def _list(request: Request, me: Me, asked: dict[str, str] | None = None, problem: Problem | None = None) -> Response:
    with me.read() as tx:
        view = View.of(request, tx, me)
        schemes = schemes_on(tx, view.today)
        found = drafting.drafts(tx, KIND)
    more: dict[str, Any] = {"schemes": list(schemes.values()), "drafts": found, "rates": RATES}
    status = problem.status if problem else 200
    return page(
        view, "schemes.html", status=status, asked=asked or {"name": "", "in_force": ""}, problem=problem, **more
    )


@router.post("/schemes/drafts", **needs(Permission.KEEP_SCORES))
def begin_draft(
    request: Request,
    me: Signed,
    name: Annotated[str, Posted(max_length=80)] = "",
    in_force: Annotated[str, Posted(max_length=10)] = "",
) -> Response:
    """A draft of the city's schemes, under a new name and with its day."""
    try:
        with me.write() as tx:
            made = drafting.begin(tx, books(tx), me.person_id, name=name, in_force=day_of(in_force), kind=SCHEMES)
    except Problem as problem:
        return _list(request, me, {"name": name, "in_force": in_force}, problem)
    return go(f"/schemes/drafts/{made.id}")


@router.get("/schemes/drafts/{id}", **needs(Permission.SEE_RANKING))
def draft_page(request: Request, me: Signed, id: int, scheme: str = "") -> Response:
    """A draft beside the schemes in force, with its effect on the last month."""
    return _draft(request, me, id, scheme=scheme)


def _draft(
    request: Request, me: Me, id: int, *, scheme: str = "", fields: Fields | None = None, problem: Problem | None = None
) -> Response:
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        draft = drafting.draft_of(tx, id, KIND)
        report = draft.report if draft.report is not None else effect(tx, view.known, draft)
        present = schemes_on(tx, view.today)
    ours = proposed(draft)
    chosen = ours.get(scheme) or ours["gb-department"]
    more: dict[str, Any] = {"report": report, "schemes": list(ours.values()), "chosen": chosen, "rates": RATES}
    more |= {"present": present.get(chosen.key), "mine": me.person_id in draft.writers, "fields": fields}
    more |= {"typed": _typed(chosen, fields), "counts": Counts.names(), "by_losses": BY_LOSSES}
    more["groups"] = view.known.city.get("ranking", {}).get("groups", ())
    status = problem.status if problem else 200
    return page(view, "scheme_draft.html", status=status, draft=draft, problem=problem, **more)


def _typed(chosen: Scheme, fields: Fields | None) -> dict[str, Any]:
    """What stands in the form: as it was typed, if it was refused; else the scheme as it is."""
    if fields is not None and fields.what == "change":
        return {
            **{"rows": fields.rows, "groups": fields.group, "out": fields.left_out},
            **{"bands": fields.bands, "hand": fields.hand},
        }
    out = [*((one.unit, one.reason) for one in chosen.leave_out), ("", "")]
    bands = "\n".join(f"{band.name} {band.lowest} {band.colour}" for band in chosen.bands)
    hand = "\n".join(f"{one.kind} {one.most} {one.name} | {one.name_en}" for one in chosen.hand)
    return {"rows": rows_of(chosen), "groups": chosen.groups, "out": out, "bands": bands, "hand": hand}


@router.post("/schemes/drafts/{id}", **needs(Permission.KEEP_SCORES))
def write_draft(request: Request, me: Signed, id: int, fields: Annotated[Fields, Depends()]) -> Response:
    """Change a scheme of the draft, submit it, or give it up; a refusal keeps what was typed."""
    try:
        report = _report(request, me, id) if fields.what == "submit" else {}
        with me.write() as tx:
            _write(tx, me, id, fields, report)
    except Problem as problem:
        return _draft(request, me, id, scheme=fields.scheme, fields=fields, problem=problem)
    return go(f"/schemes/drafts/{id}?scheme={fields.scheme}")


def _report(request: Request, me: Me, id: int) -> dict[str, Any]:
    """The effect a draft is submitted with; made before anything is locked."""
    with me.read(heavy=True) as tx:
        return effect(tx, View.of(request, tx, me).known, drafting.draft_of(tx, id, KIND))


def _write(tx: Tx, me: Me, id: int, fields: Fields, report: dict[str, Any]) -> None:
    version = version_of(fields.version)
    if fields.what == "change":
        scheme = proposed(drafting.draft_of(tx, id, KIND)).get(fields.scheme)
        if scheme is None:
            raise NotFound("There is no such scheme", zh="没有这个方案")
        row = document_of(fields.changed(scheme))
        drafting.change(tx, id, me.person_id, version=version, no=scheme.key, row=row, kind=SCHEMES)
    elif fields.what == "submit":
        drafting.submit(tx, id, me.person_id, version=version, reason=fields.words, report=report, kind=SCHEMES)
    elif fields.what == "drop":
        drafting.drop(tx, id, me.person_id, version=version, kind=SCHEMES)
    else:
        raise NotFound("There is no such action", zh="没有这个操作")


@router.post("/schemes/drafts/{id}/decision", **needs(Permission.KEEP_SCORES))
def decide_draft(request: Request, me: Signed, id: int, fields: Annotated[Fields, Depends()]) -> Response:
    """Publish a submitted draft, or send it back with a word why."""
    try:
        with me.write() as tx:
            told: dict[str, Any] = {"version": version_of(fields.version), "decision": fields.words, "kind": SCHEMES}
            if fields.what == "publish":
                drafting.publish(tx, books(tx), id, me.person_id, **told)
            elif fields.what == "back":
                drafting.send_back(tx, id, me.person_id, **told)
            else:
                raise NotFound("There is no such action", zh="没有这个操作")
    except Problem as problem:
        return _draft(request, me, id, fields=fields, problem=problem)
    return go(f"/schemes/drafts/{id}")
