"""The rules workbench: the rules in force as people read them, drafts beside them, their replay, and who agreed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, LiteralString

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.drafted import day_of, version_of
from dashboards.lint import SHOWN
from dashboards.rule_form import RuleFields, fields_of, row_of
from dashboards.rule_wanted import MENDED, fields_from, of_finding
from dashboards.shell import go, page
from dashboards.view import View
from dispatch.cases.books import books
from dispatch.drafts import draft as drafting
from dispatch.drafts.draft import RULES, Draft
from dispatch.drafts.nightly import last_check
from dispatch.drafts.replay_command import replay_of
from dispatch.evaluation.period import Period
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from dispatch.routing.lint import Finding
from dispatch.routing.rule import Rule
from dispatch.routing.rulebook import Rulebook
from dispatch.rules import findings_of
from gis.db import ReadTx, Tx, rows
from gis.problems import NotFound, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
SPANS = (30, 90, 365)  # days of history a replay may look at
NEW = "new"
FIRED: LiteralString = """
    SELECT route ->> 'rule' AS rule, count(*)::int AS cases, sum(returns)::int AS returns,
           count(*) FILTER (WHERE route_unit IS NULL)::int AS doubtful
      FROM cases WHERE reported_at >= %(since)s AND route ? 'rule' GROUP BY 1
"""


MOST_SPOTS = 2000  # drawn on a map a hand wide
SPOTS: LiteralString = """
    SELECT id, ST_X(p) AS lon, ST_Y(p) AS lat FROM area, ST_PointOnSurface(geom) p WHERE id = ANY (%(ids)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Spot:
    """The middle of a unit grid."""

    id: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Fired:
    """How one rule fared in the last thirty days: its cases, returns agreed to, and what it left to a dispatcher."""

    rule: str | None
    cases: int
    returns: int
    doubtful: int


@router.get("/rules", **needs(Permission.SEE_RULES))
def rules_page(request: Request, me: Signed, q: str = "") -> Response:
    """The rules in force, and the drafts."""
    return _rules(request, me, q=q, asked={})


def _rules(
    request: Request, me: Me, *, asked: Mapping[str, str], q: str = "", problem: Problem | None = None
) -> Response:
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        fired = {one.rule: one for one in rows(tx, Fired, FIRED, since=tx.now - timedelta(days=30))}
        found = drafting.drafts(tx)
        kept = last_check(tx)
        tonight = kept is not None and kept.holds(view.known, tx.now.astimezone(view.known.zone).date())
        findings = kept.found if kept is not None and tonight else findings_of(tx, view.known)[0]
    wanted = q.strip().casefold()
    more: dict[str, Any] = {
        "rules": [rule for rule in view.known.rulebook.rules if wanted in _text(view, rule)],
        "fired": fired,
        "drafts": found,
        "findings": findings,
        "shown": SHOWN,
        "kept": kept,
        "tonight": tonight,
        "mend": _mend(me, findings, view.known.rulebook, "/rules/wanted"),
    }
    status = problem.status if problem else 200
    return page(view, "rules.html", status=status, q=q, problem=problem, asked=asked, **more)


def _mend(me: Me, findings: Sequence[Finding], book: Rulebook, form: str) -> dict[int, str]:
    """Where the rule is drafted that mends a finding, for those who may write rules; by number in the list."""
    if not me.may(Permission.WRITE_RULES):
        return {}
    return {n: f"{form}?{of_finding(one, book)}" for n, one in enumerate(findings[:SHOWN]) if one.kind in MENDED}


@router.get("/rules/wanted", **needs(Permission.WRITE_RULES))
def wanted_page(request: Request, me: Signed) -> Response:
    """A rule is wanted, as the address says: on to the one draft that is being written, or a choice of drafts."""
    asked = request.url.query
    with me.read() as tx:
        open_ = [draft for draft in drafting.drafts(tx) if draft.state == "draft"]
    if len(open_) == 1:
        return go(f"/rules/drafts/{open_[0].id}/rules/{NEW}?{asked}")
    return _rules(request, me, asked={"rule": asked})


def _text(view: View, rule: Rule) -> str:
    return f"{view.sentence(rule)} {rule.reason} {rule.reason_en} {rule.source}".casefold()


@router.post("/rules/drafts", **needs(Permission.WRITE_RULES))
def begin_draft(
    request: Request,
    me: Signed,
    name: Annotated[str, Posted(max_length=80)] = "",
    in_force: Annotated[str, Posted()] = "",
    rule: Annotated[str, Posted(max_length=40_000)] = "",
) -> Response:
    """A draft of the rules in force, under a new name and with its day; on to the `rule` it is begun for."""
    try:
        with me.write() as tx:
            made = drafting.begin(tx, books(tx), me.person_id, name=name, in_force=day_of(in_force), kind=RULES)
    except Problem as problem:
        return _rules(request, me, problem=problem, asked={"name": name, "in_force": in_force, "rule": rule})
    return go(f"/rules/drafts/{made.id}" + (f"/rules/{NEW}?{rule}" if rule else ""))


@router.get("/rules/drafts/{id}", **needs(Permission.SEE_RULES))
def draft_page(request: Request, me: Signed, id: int, days: int = SPANS[0]) -> Response:
    """A draft beside the rules in force, with its replay over the last days."""
    return _draft(request, me, id, days=days)


def _draft(
    request: Request, me: Me, id: int, *, days: int = SPANS[0], problem: Problem | None = None, words: str = ""
) -> Response:
    days = days if days in SPANS else SPANS[0]
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        draft = drafting.draft_of(tx, id)
        report = draft.report if draft.report is not None else _report(tx, view, draft, days)
        book = drafting.rulebook(draft)
        spots = _spots(tx, report.get("grids", {}))
        findings = findings_of(tx, view.known, book)[0] if draft.state in ("draft", "submitted") else []
    base = view.known.rulebook.by_no
    ours = book.rules
    more: dict[str, Any] = {
        "findings": findings,
        "shown": SHOWN,
        "mend": _mend(me, findings, book, f"/rules/drafts/{id}/rules/{NEW}") if draft.state == "draft" else {},
        "report": report,
        "moved_at": spots,
        "days": days,
        "spans": SPANS,
        "changes": _changes(ours, base),
        "rules": ours,
    }
    mine = me.person_id in draft.writers
    status = problem.status if problem else 200
    return page(view, "draft.html", status=status, draft=draft, mine=mine, problem=problem, typed=words, **more)


def _report(tx: ReadTx, view: View, draft: Draft, days: int) -> dict[str, Any]:
    span = Period(f"{days} days", tx.now - timedelta(days=days), tx.now)
    return replay_of(tx, view.known, drafting.rulebook(draft), span).document() | {"days": days}


def _spots(tx: ReadTx, grids: Mapping[str, int]) -> list[tuple[float, float, int]]:
    """Longitude, latitude and moved cases of the unit grids with the most of them."""
    most = dict(Counter(grids).most_common(MOST_SPOTS))
    found = rows(tx, Spot, SPOTS, ids=[int(grid) for grid in most])
    return [(round(spot.lon, 6), round(spot.lat, 6), most[str(spot.id)]) for spot in found]


def _changes(ours: Iterable[Rule], base: Mapping[str, Rule]) -> dict[str, str]:
    """Number of each rule that the draft changes → new, changed or removed."""
    found = {rule.no: rule for rule in ours}
    changed = {no: "new" if no not in base else "changed" for no, rule in found.items() if base.get(no) != rule}
    return changed | {no: "removed" for no in base if no not in found}


@router.get("/rules/drafts/{id}/rules/{rule}", **needs(Permission.WRITE_RULES))
def rule_page(request: Request, me: Signed, id: int, rule: str) -> Response:
    """One rule as a form; `new` is an empty one, or what the address says of it."""
    with me.read() as tx:
        draft = drafting.draft_of(tx, id)
    row = draft.rule(rule)
    if row is None and rule != NEW:
        raise NotFound("The draft has no such rule", zh="草案中没有这条规则")
    fields = fields_of(row) if row is not None else fields_from(request.url.query)
    return _form(request, me, draft, rule, fields)


def _form(
    request: Request, me: Me, draft: Draft, rule: str, fields: RuleFields, problem: Problem | None = None
) -> Response:
    with me.read() as tx:
        view = View.of(request, tx, me)
    status = problem.status if problem else 200
    return page(view, "rule_form.html", status=status, draft=draft, rule=rule, fields=fields, problem=problem)


@router.post("/rules/drafts/{id}/rules/{rule}", **needs(Permission.WRITE_RULES))
def change_rule(request: Request, me: Signed, id: int, rule: str, fields: Annotated[RuleFields, Depends()]) -> Response:
    """Keep one rule of the draft as typed; a refusal shows it again unchanged."""
    try:
        row = row_of(fields)
        with me.write() as tx:
            drafting.change(tx, id, me.person_id, version=version_of(fields.version), no=rule, row=row, kind=RULES)
    except Problem as problem:
        with me.read() as tx:
            draft = drafting.draft_of(tx, id)
        return _form(request, me, draft, rule, fields, problem)
    return go(f"/rules/drafts/{id}")


@dataclass
class Said:
    """What a draft's buttons send."""

    version: Annotated[str, Posted(max_length=12)] = ""
    what: Annotated[str, Posted(max_length=12)] = ""
    words: Annotated[str, Posted(max_length=1000)] = ""
    no: Annotated[str, Posted(max_length=40)] = ""


@router.post("/rules/drafts/{id}", **needs(Permission.WRITE_RULES))
def write_draft(request: Request, me: Signed, id: int, said: Annotated[Said, Depends()]) -> Response:
    """Take a rule out, submit the draft, or give it up."""
    try:
        report = _replayed(request, me, id) if said.what == "submit" else {}
        with me.write() as tx:
            _write(tx, me, id, said, report)
    except Problem as problem:
        return _draft(request, me, id, problem=problem, words=said.words)
    return go(f"/rules/drafts/{id}")


def _replayed(request: Request, me: Me, id: int) -> dict[str, Any]:
    """The report a draft is submitted with; made before anything is locked."""
    with me.read(heavy=True) as tx:
        return _report(tx, View.of(request, tx, me), drafting.draft_of(tx, id), SPANS[1])


def _write(tx: Tx, me: Me, id: int, said: Said, report: dict[str, Any]) -> None:
    version = version_of(said.version)
    if said.what == "remove":
        drafting.change(tx, id, me.person_id, version=version, no=said.no, row=None, kind=RULES)
    elif said.what == "submit":
        drafting.submit(tx, id, me.person_id, version=version, reason=said.words, report=report, kind=RULES)
    elif said.what == "drop":
        drafting.drop(tx, id, me.person_id, version=version, kind=RULES)
    else:
        raise NotFound("There is no such action", zh="没有这个操作")


@router.post("/rules/drafts/{id}/decision", **needs(Permission.PUBLISH_RULES))
def decide_draft(request: Request, me: Signed, id: int, said: Annotated[Said, Depends()]) -> Response:
    """Publish a submitted draft, or send it back with a word why."""
    try:
        with me.write() as tx:
            version = version_of(said.version)
            if said.what == "publish":
                drafting.publish(tx, books(tx), id, me.person_id, version=version, decision=said.words, kind=RULES)
            elif said.what == "back":
                drafting.send_back(tx, id, me.person_id, version=version, decision=said.words, kind=RULES)
            else:
                raise NotFound("There is no such action", zh="没有这个操作")
    except Problem as problem:
        return _draft(request, me, id, problem=problem, words=said.words)
    return go(f"/rules/drafts/{id}")
