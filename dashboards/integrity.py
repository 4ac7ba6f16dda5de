"""The integrity board: whoever stands out in each test, the evidence, and what was said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.leader import period_asked
from dashboards.shell import go, page
from dashboards.view import View
from dispatch.cases.read import by_ids
from dispatch.integrity.board import TESTS, Test, found_by
from dispatch.integrity.judge import Finding
from dispatch.integrity.marks import VERDICTS, mark, marks_of
from dispatch.integrity.thresholds import thresholds_of
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import ReadTx, dicts
from gis.problems import NotFound, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
MOST = 300
NAMES = "SELECT login, name FROM person WHERE login = ANY (%(logins)s)"
GRIDS = "SELECT duty_grid AS code, name FROM duty_grid_entry WHERE valid_to IS NULL AND duty_grid = ANY (%(codes)s)"


class Asked:
    """Which test, in which period; `subject`: of which finding."""

    def __init__(self, test: str = "invented_find", period: str = "", subject: str = "") -> None:
        self.test, self.period, self.subject = test, period, subject


@router.get("/integrity", **needs(Permission.SEE_INTEGRITY))
def board(request: Request, me: Signed, asked: Annotated[Asked, Depends()]) -> Response:
    """One test's findings, how well it is known to work, and what was said."""
    return _board(request, me, asked)


def _board(
    request: Request, me: Me, asked: Asked, *, said: Mapping[str, str] | None = None, problem: Problem | None = None
) -> Response:
    with me.read(heavy=True) as tx:
        view, test = View.of(request, tx, me), _test(asked.test)
        period = period_asked(view, asked.period)
        thresholds = thresholds_of(view.known.city, test.name)
        found = found_by(tx, test, period, thresholds)
        marks = marks_of(tx, test.name, period.name)
        names = _names(tx, view, [*(one.subject for one in found), *marks])
    gone = {subject: words for subject, words in marks.items() if subject not in {one.subject for one in found}}
    return page(
        view, "integrity.html", status=problem.status if problem else 200, problem=problem, said=said or {},
        test=test, tests=list(TESTS), period=period, found=found, marks=marks, gone=gone, names=names,
        thresholds=thresholds, verdicts=VERDICTS,
    )  # fmt: skip


@router.get("/integrity/cases", **needs(Permission.SEE_INTEGRITY))
def evidence(request: Request, me: Signed, asked: Annotated[Asked, Depends()]) -> Response:
    """The cases of one finding; their number is the figure."""
    with me.read(heavy=True) as tx:
        view, test = View.of(request, tx, me), _test(asked.test)
        period = period_asked(view, asked.period)
        one = _finding(tx, view, test, period_name=period.name, subject=asked.subject)
        rows = by_ids(tx, one.cases, limit=MOST)
        name = _names(tx, view, [one.subject])[one.subject]
    title = view.t("integrity.which", test=view.t(f"integrity.{test.name}"), who=name)
    back = f"/integrity?test={test.name}&period={period.name}"
    return page(view, "behind.html", title=title, back=back, rows=rows, count=len(one.cases), period=period.name)


@router.post("/integrity/marks", **needs(Permission.SEE_INTEGRITY))
def say(
    request: Request, me: Signed, asked: Annotated[Asked, Depends(lambda: Asked())],
    test: Annotated[str, Posted(max_length=40)], period: Annotated[str, Posted(max_length=40)],
    subject: Annotated[str, Posted(max_length=200)], verdict: Annotated[str, Posted(max_length=20)] = "",
    reason: Annotated[str, Posted(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Say of a finding that it was looked at, or that it is a false alarm; a refusal keeps what was typed."""
    asked.test, asked.period = test, period
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        name = period_asked(view, period).name
        one = _finding(tx, view, _test(test), period_name=name, subject=subject)
    try:
        with me.write() as tx:
            mark(tx, test, name, subject=subject, verdict=verdict, reason=reason, cases=one.cases, by=me.person_id)
    except Problem as problem:
        return _board(request, me, asked, said={subject: reason}, problem=problem)
    return go(f"/integrity?test={test}&period={name}")


def _test(name: str) -> Test:
    if name not in TESTS:
        raise NotFound("There is no such test", zh="没有这项检验")
    return TESTS[name]


def _finding(tx: ReadTx, view: View, test: Test, *, period_name: str, subject: str) -> Finding:
    """Raises NotFound where the subject does not stand out, or does so no longer."""
    period = period_asked(view, period_name)
    found = found_by(tx, test, period, thresholds_of(view.known.city, test.name))
    one = next((one for one in found if one.subject == subject), None)
    if one is None:
        raise NotFound("This finding is not there (any more)", zh="该线索已不存在")
    return one


def _names(tx: ReadTx, view: View, subjects: list[str]) -> dict[str, str]:
    """Each subject as it is read: a person with the login, a unit, both, or a duty grid with its code."""
    logins = sorted({subject.partition("|")[0] for subject in subjects})
    known: dict[str, Any] = {row["login"]: row["name"] for row in dicts(tx, NAMES, logins=logins)}
    grids = {row["code"]: row["name"] for row in dicts(tx, GRIDS, codes=subjects)}

    def told(subject: str) -> str:
        first, _, second = subject.partition("|")
        if first in known:
            return f"{known[first]} {first}" + (view.t("dot") + view.unit(second) if second else "")
        return f"{grids[subject]} {subject}" if subject in grids else view.unit(subject)

    return {subject: told(subject) for subject in subjects}
