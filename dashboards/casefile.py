"""The case page: what it is, where, whose by which rule, what happened, and every action its reader may do now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboards.acting import SHOWS, Fields, Offer, barred, chosen, form_of, offers, own_parts, uuid_of, version_of
from dashboards.deadlines import Deadline, deadlines, disposal_limit
from dashboards.pictures import BODY, filed, kept, together
from dashboards.shell import go, page
from dashboards.strip import Segment, strip
from dashboards.view import View
from dispatch.alarms.answer import Rang, calls_of_case
from dispatch.alarms.who import who
from dispatch.audit.trail import Kind, record
from dispatch.cases.act import act
from dispatch.cases.books import books_on
from dispatch.cases.dossier import Case, Full, Inspector, full, inspectors
from dispatch.cases.duplicates import Candidate, Limits, Matter, candidates
from dispatch.cases.read import Row, board, inbox, unsafe
from dispatch.cases.returns import Budget, budget_of
from dispatch.cases.texts import OPEN_KINDS, PERSONAL_KINDS, CaseText, texts
from dispatch.config import settings
from dispatch.duty.roster import Post
from dispatch.emergency.store import Named, Shelf, named, shelves
from dispatch.emergency.teams import Team, near
from dispatch.evaluation.respites import Share, shares
from dispatch.http import whence
from dispatch.lifecycle.respites import RESPITES
from dispatch.lifecycle.states import Action, Pool, State
from dispatch.lifecycle.table import HIGHER
from dispatch.notify.configured import citizens_channel, trial_channels
from dispatch.notify.letters import Told, told
from dispatch.notify.words import text_of
from dispatch.people.may import UNIT
from dispatch.people.roles import Permission, Role
from dispatch.people.who import Me, Signed, needs
from dispatch.units.tree import Tree, Unit
from gis.db import ReadTx
from gis.problems import NotFound, Problem

__all__ = ["POOLS", "queue_of", "router"]

router = APIRouter(include_in_schema=False)
POOLS: dict[Role, Pool] = {
    Role.ACCEPTOR: Pool.ACCEPTOR,
    Role.SHIFT_LEADER: Pool.SHIFT_LEADER,
    Role.DISPATCHER: Pool.DISPATCHER,
}
WAITING = (State.DELAY_ASKED, State.SUSPEND_ASKED)
NEAREST = 3  # teams shown beside a danger
INSPECTORS = frozenset({Action.SEND_VERIFY, Action.SEND_CHECK})


@dataclass(frozen=True)
class Sheet:
    """Everything the page shows, read in one transaction. `then`: with the names of the day it was sent to its unit."""

    file: Full
    then: View
    offers: list[Offer]
    barred: Mapping[Action, tuple[str, str]]
    asks: bool
    words: dict[int, list[CaseText]]
    personal: list[CaseText]
    near: Sequence[Candidate]
    merge: Offer | None
    inspectors: list[Inspector]
    units: list[Unit]
    below: list[Unit]
    queue: list[Row]
    strip: list[Segment]
    deadlines: list[Deadline]
    limit: str
    told: list[Told]
    unsent: Mapping[int, str]
    trial: frozenset[str]
    tells: bool
    calls: Sequence[Rang]
    orderer: str
    on_duty: Sequence[str] | None
    budget: Budget | None = None
    shares: Mapping[str, Share] = field(default_factory=dict)
    parts: Sequence[Unit] = ()
    spares: Sequence[Shelf] = ()
    teams: Sequence[Team] = ()
    used: Mapping[str, Named] = field(default_factory=dict)


@router.get("/cases/{number}", **needs(Permission.SEE_CASES))
def case_page(request: Request, me: Signed, number: str, done: str = "", act: str = "", personal: int = 0) -> Response:
    """One case. `personal=1` shows who reported it, to those who may, and records the look; `act`: a form to open."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        sheet = _sheet(tx, view, me, number)
    if personal and me.may(Permission.SEE_PERSONAL):
        sheet.personal.extend(_personal(request, me, sheet.file.case.id))
    said = done if done in frozenset(Action) else ""
    wanted = act if act in [offer.action for offer in sheet.offers] else ""
    return page(view, "case.html", sheet=sheet, done=said, problem=None, fields=Fields(action=wanted))


@router.post("/cases/{number}", **needs(Permission.ACT, body=BODY))
def act_on(request: Request, me: Signed, number: str, fields: Annotated[Fields, Depends()]) -> Response:
    """Do one action; on a refusal the page comes again with all that was typed and the case as it stands now."""
    try:
        action = chosen(fields)
        fields.photos = kept(me.person_id, fields.photo, fields.photos)
        fields.documents = together(fields.documents, filed(me.person_id, fields.document))
        with me.write() as tx:
            case = full(tx, number).case
            view = View.of(request, tx, me)
            form = form_of(tx, fields, SHOWS[action], zone=view.known.zone, photos=fields.photos)
            act(tx, case.id, action, me.actor(), form, key=uuid_of(fields.key), version=version_of(fields.version))
    except NotFound:
        raise
    except Problem as problem:
        return _again(request, me, number, fields, problem)
    return go(f"/cases/{quote(number)}?done={action.value}")


def _again(request: Request, me: Me, number: str, fields: Fields, problem: Problem) -> Response:
    with me.read() as tx:
        view = View.of(request, tx, me)
        sheet = _sheet(tx, view, me, number)
    return page(view, "case.html", status=problem.status, sheet=sheet, done="", problem=problem, fields=fields)


def _sheet(tx: ReadTx, view: View, me: Me, number: str) -> Sheet:
    tree = view.known.tree
    file = full(tx, number)
    budget = _budget(tx, view, file.case) if me.roles & UNIT and file.case.unit_id in me.units else None
    open_to = offers(file.case, me, view.known, budget_left=budget is None or budget.left)
    said: dict[int, list[CaseText]] = {}
    for text in texts(tx, file.case.id, OPEN_KINDS):
        said.setdefault(text.seq, []).append(text)
    then = _then(tx, view, file.case)
    messages, trial = told(tx, file.case.id), trial_channels(settings().data)
    wants_inspector = any(offer.action in INSPECTORS for offer in open_to)
    merge = next((offer for offer in open_to if offer.action is Action.MERGE), None)
    return Sheet(
        file=file,
        then=then,
        offers=open_to,
        barred=barred(file.case, me, view.known),
        asks=any(offer.action is Action.DISPATCH for offer in open_to),
        words=said,
        personal=[],
        near=_near(tx, view, file.case) if merge else (),
        merge=merge,
        inspectors=_others(tx, file.case) if wants_inspector else [],
        units=_units(tree, file.case.route),
        below=[u for u in tree.units.values() if u.id in _under(tree, file.case.unit_id)],
        queue=queue_of(tx, me),
        strip=strip(view, file),
        deadlines=deadlines(tx, view, file.case),
        limit=disposal_limit(then, file),
        told=messages,
        unsent=_unsent(view, file, messages, trial),
        trial=trial,
        tells=citizens_channel(settings().data) is not None,
        calls=_calls(tx, me, file.case.id),
        on_duty=_on_duty(tx, view, me, file.case),
        orderer=next((s.name or "" for s in reversed(file.steps) if s.action == Action.SUPERVISE), ""),
        budget=budget,
        shares=_shares(tx, view, file.case, open_to),
        spares=_spares(tx, view, file.case) if any("spares" in offer.shows for offer in open_to) else (),
        teams=_teams(tx, view, file.case),
        used=_used(tx, file),
        parts=[unit for part in own_parts(file.case, me) if (unit := tree.get(part))],
    )


def _calls(tx: ReadTx, me: Me, case: int) -> list[Rang]:
    """Who was rung, for whom the case has been shown to already: a department of its own people only."""
    with tx.as_centre():
        return [one for one in calls_of_case(tx, case) if not me.is_department_only or one.unit in me.units]


def _on_duty(tx: ReadTx, view: View, me: Me, case: Case) -> list[str] | None:
    """Names of whoever is on duty now at the unit of an open case; None where the city or the reader has no such list.

    A department is told of its own units alone, as on the duty page.
    """
    hidden = me.is_department_only and case.unit_id not in me.units
    if hidden or case.unit_id is None or case.pool is Pool.NOBODY or not view.known.roster.lines:
        return None
    with tx.as_centre():
        called = who(tx, view.known, case.unit_id, tx.now) if view.known.tree.get(case.unit_id) else []
    here = [one for one in called if (one.unit, one.post) == (case.unit_id, Post.DUTY)]
    return [one.person.name for one in here if one.person]


def _unsent(view: View, file: Full, messages: Sequence[Told], trial: Collection[str]) -> dict[int, str]:
    """What was to be said to whoever reported it, by message, where it did not leave; the receipt is theirs."""
    own, receipt = view.known.city.get("notices"), f"{file.case.receipt[:4]}-····-····"
    language = file.steps[0].data.get("tell_in", "") if file.steps else ""
    return {
        one.id: text_of(one.kind, case=file.case.number, language=language, own=own, receipt=receipt)
        for one in messages
        if one.reporter and (not one.channel or one.channel in trial)
    }


def _spares(tx: ReadTx, view: View, case: Case) -> list[Shelf]:
    """The parts that a reply may use: of the case's subclass, in the stores of its unit, above and below it."""
    with tx.as_centre():
        return shelves(tx, category=case.category or "", units=view.known.tree.kin(case.unit_id or ""))


def _used(tx: ReadTx, file: Full) -> dict[str, Named]:
    """What the parts are called that its replies used."""
    ids = {part for step in file.steps for part, _ in step.data.get("form", {}).get("spares", ())}
    if not ids:
        return {}
    with tx.as_centre():
        return named(tx, ids)


def _teams(tx: ReadTx, view: View, case: Case) -> list[Team]:
    """Who could come to a danger, nearest first; those whose shift is on before the others."""
    category = view.known.catalogue.categories.get(case.category or "")
    if not case.hazard or case.pool is Pool.NOBODY or category is None or case.lon is None or case.lat is None:
        return []
    with tx.as_centre():
        found = near(tx, case.lon, case.lat, f"{category.kind}:{category.class_code}")
        return sorted(found, key=lambda one: one.ready_until(tx.now, view.known.calendar) is None)[:NEAREST]


def _then(tx: ReadTx, view: View, case: Case) -> View:
    """With the city's books of the day on which the case was sent to its unit: what it is explained by."""
    if case.dispatched_at is None:
        return view
    try:
        return replace(view, books=books_on(tx, case.dispatched_at.astimezone(view.known.zone).date()))
    except NotFound:  # taken in from another system, of a time before the city's first books
        return view


def _budget(tx: ReadTx, view: View, case: Case) -> Budget | None:
    """Of the unit's returns; counted with the centre's eyes, for what it gave back it sees no more. None: no budget."""
    policy = view.known.policy
    if not policy.return_budget:
        return None
    with tx.as_centre():
        return budget_of(tx, policy, case.unit_id, tx.now)


def _shares(tx: ReadTx, view: View, case: Case, open_to: Sequence[Offer]) -> Mapping[str, Share]:
    """How often the unit asks for more time, beside its peers; counted with the centre's eyes. Where one may ask, and
    where an ask waits for its answer."""
    asks = any(offer.action in RESPITES for offer in open_to)
    if case.unit_id is None or not (asks or case.state in WAITING):
        return {}
    with tx.as_centre():
        return {kind.value: share for kind, share in shares(tx, view.known, case.unit_id, tx.now).items()}


def _others(tx: ReadTx, case: Case) -> list[Inspector]:
    """Whom a task may be sent to: everybody but who has it already."""
    return [one for one in inspectors(tx, case) if one.id != case.inspector_id]


def _near(tx: ReadTx, view: View, case: Case) -> list[Candidate]:
    if case.lon is None or case.lat is None or case.category is None:
        return []
    matter = Matter(
        category=case.category,
        lon=case.lon,
        lat=case.lat,
        at=case.reported_at,
        component=case.component_code,
        road_id=case.road_id,
        case_id=case.id,
    )
    return candidates(tx, matter, Limits.of(view.known))


def _units(tree: Tree, route: Mapping[str, Any] | None) -> list[Unit]:
    """Every unit, those the routing names or wavers between first, then by tier."""
    named = {(route or {}).get("unit"), *(route or {}).get("between", ())}
    return sorted(tree.units.values(), key=lambda u: (u.id not in named, u.tier))


def _under(tree: Tree, unit: str | None) -> frozenset[str]:
    """The units below one, itself left out."""
    return tree.below(unit) - {unit} if unit else frozenset()


def _personal(request: Request, me: Me, case_id: int) -> list[CaseText]:
    """Who reported it; the look is recorded in the same transaction."""
    with me.write() as tx:
        record(tx, Kind.READ_PERSONAL, person_id=me.person_id, whence=whence(request), object=f"case:{case_id}")
        return texts(tx, case_id, PERSONAL_KINDS)


def queue_of(tx: ReadTx, me: Me, limit: int = 50) -> list[Row]:
    """What waits for this person beside the case at hand; dangers that nobody has made safe on top."""
    own = me.is_department_only
    hazards = unsafe(tx, units=me.units if own else None, limit=limit)
    first = {row.id for row in hazards}
    return [*hazards, *(row for row in _waiting(tx, me, limit) if row.id not in first)][:limit]


def _waiting(tx: ReadTx, me: Me, limit: int) -> list[Row]:
    if me.roles & UNIT and not me.roles & POOLS.keys():
        return inbox(tx, me.units, limit=limit)
    pools = [pool for role, pool in POOLS.items() if role in me.roles]
    pools += [Pool.REFEREE] if me.roles & HIGHER else []
    found = [row for pool in pools for row in board(tx, pool, limit=limit)]
    return sorted(found, key=lambda row: (row.stage_due_at is None, row.stage_due_at or row.reported_at, row.id))[
        :limit
    ]
