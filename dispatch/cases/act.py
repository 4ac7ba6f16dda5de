"""The one door: lock, settle what has lapsed, decide, write. The only way a case changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from dispatch.cases.actor import Actor
from dispatch.cases.apply import apply
from dispatch.cases.assists import OF_AN_ASSISTANT
from dispatch.cases.books import books
from dispatch.cases.clocks import running
from dispatch.cases.corrected import amendment_of, key_before
from dispatch.cases.draft import CaseRow, Draft
from dispatch.cases.references import check_references
from dispatch.cases.save import save
from dispatch.cases.settle import settle
from dispatch.cases.spares import draw, to_take
from dispatch.cases.steps import form_hash
from dispatch.failpoints import failpoint
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action, State
from dispatch.people.roles import Role
from dispatch.secrets import new_key, salted_hash
from gis.db import Tx, value
from gis.problems import Conflict, NotFound

# Everything that hangs on the case's version stands in its own row: of other tables this statement's snapshot is
# older than the lock it may have waited for. Areas are never altered: any snapshot knows those of a path.
LOCK = """
    SELECT c.id, c.number, c.report_id, c.receipt, c.version, c.state, c.source, c.public, c.category,
    c.condition_no, c.hazard,
           c.limit_value, c.time_class, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat, c.accuracy_m, c.area_id, c.area_path,
           (SELECT a.area_class FROM area a WHERE a.id = ANY (c.area_path) AND a.area_class IS NOT NULL
             ORDER BY a.depth DESC LIMIT 1) AS area_class,
           c.duty_grid, c.road_class, c.component_code, c.unit_id, c.route, c.route_unit, c.reporter_id, c.tell_in,
           c.inspector_id,
           c.merged_into, c.supervised, c.reworks, c.returns, c.extensions, c.deferrals, c.suspensions, c.appealed,
           c.asked, c.close_asked, c.supervision, c.assists, c.assisting,
           c.editions,
           c.reported_at, c.suspended_until, c.dispatched_at, c.ended_at, c.due_at, c.late, c.last_at, c.last_hash,
           c.clocks, coalesce(city.simulated_now, clock_timestamp()) AS now, city.version AS city_version,
           city.rulings
      FROM cases c, city
     WHERE c.id = %(case)s
       FOR UPDATE OF c
"""
LOCK_NUMBER = LOCK.replace("c.id = %(case)s", "c.number = %(case)s")
# A statement of its own: its snapshot sees whatever the lock before it waited for.
ANSWERED = """
    SELECT s.case_id, s.seq, s.form_hash, s.to_state, s.unit_id,
           (SELECT (d.data ->> 'dispose_due')::timestamptz FROM step d
             WHERE d.case_id = s.case_id AND d.seq <= s.seq AND d.data ? 'dispose_due' ORDER BY d.seq DESC LIMIT 1)
      FROM step s WHERE s.key = %(key)s
"""
KEY = "SELECT key FROM case_key WHERE case_id = %(id)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What an act or a report is answered with; the same key is answered the same for ever."""

    case_id: int
    number: str
    state: str
    version: int
    unit_id: str | None = None
    due_at: datetime | None = None
    receipt: str | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A case under lock: its draft, the instant, the city's version; `answered`: the step under the asked key."""

    draft: Draft
    now: datetime
    city_version: int
    answered: tuple[Any, ...] | None


def act(
    tx: Tx,
    case: int | str,
    action: Action,
    by: Actor,
    form: Form = Form(),  # noqa: B008  (frozen: one empty form serves all)
    *,
    key: UUID,
    version: int | None = None,
    now: datetime | None = None,
) -> Receipt:
    """Do one action on one case, named by its id or its number.

    `key`: the caller's idempotency key; a repeat returns the first answer. `version`: what the caller last saw, if he
    wants to be told of a change in between. `now`: only for a rehearsal's clock and past records.
    Raises NotFound, NotAllowed (carries what is allowed), Conflict (stale version, key used otherwise), FormIncomplete.
    """
    with locked(tx, case, key) as held:
        draft = held.draft
        given = _form_hash(tx, draft, action, by, form)
        if held.answered is not None:
            return _answered(held.answered, given, draft.case)
        if version is not None and version != draft.case.version:
            raise Conflict(
                "Somebody acted on this case meanwhile; look again",
                zh="本案已被他人处理，请查看最新状态",
                state=draft.case.state.value,
                version=draft.case.version,
            )
        moment = max(held.now if now is None else now, draft.case.last_at)
        city = books(tx, held.city_version, moment)
        _sees(draft.case, action, by, form)
        check_references(tx, form, by.person_id)
        settle(tx, draft, city, moment, acting=True)
        taken = to_take(tx, draft.case, action, form, city)
        more = amendment_of(draft.case, action, form, city)
        first = key if more is None else key_before(draft.case, action)
        apply(tx, draft, city, action=action, by=by, form=form, key=first, given=given, at=moment, known=moment)
        if more is not None:
            amend = Action.AMEND
            apply(tx, draft, city, action=amend, by=by, form=more, key=key, given=given, at=moment, known=moment)
        draw(tx, draft, taken, by.person_id)
        failpoint("before-commit")
        save(tx, draft)
    return receipt_of(draft)


def _form_hash(tx: Tx, draft: Draft, action: Action, by: Actor, form: Form) -> bytes:
    """The form's hash; people's words enter it under the case's key only, so that it says nothing once that is gone."""
    words = form.texts()
    if words:
        draft.key = value(tx, KEY, id=draft.case.id)
        if draft.key is None:
            draft.key, draft.new_key = new_key(), True
    hashes = {kind: salted_hash(draft.key, text) for kind, text in words.items()} if draft.key else {}
    return form_hash(draft.case.id, action.value, by.person_id, form.given(), hashes)


def receipt_of(draft: Draft) -> Receipt:
    """The answer after the draft's last step."""
    case = draft.case
    return Receipt(
        case_id=case.id,
        number=case.number,
        state=case.state.value,
        version=case.version,
        unit_id=case.unit_id,
        due_at=case.due_at,
        receipt=case.receipt,
    )


@contextmanager
def locked(tx: Tx, case: int | str, key: UUID | None = None) -> Iterator[Held]:
    """The case, locked under the caller's own rights; what is then recorded is recorded as the centre.

    What a step under `key` was answered with is asked for at the same time, before it is known whether there is a case.
    """
    with tx.connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(LOCK if isinstance(case, int) else LOCK_NUMBER, {"case": case})
        with tx.as_centre():
            asked = None if key is None else tx.connection.execute(ANSWERED, {"key": key})
            row = cursor.fetchone()
            if row is None:
                raise NotFound("There is no such case, or it is not yours", zh="没有这个案件，或者不归您办理")
            yield held_of(row, None if asked is None else asked.fetchone())


def held_of(row: dict[str, Any], answered: tuple[Any, ...] | None = None) -> Held:
    """A row of `LOCK` as a draft."""
    now, city_version, rulings = row.pop("now"), row.pop("city_version"), row.pop("rulings")
    clocks = running(row.pop("clocks"))
    row["state"] = State(row["state"])
    return Held(Draft(CaseRow(**row), clocks, rulings=rulings), now, city_version, answered)


def _answered(step: tuple[Any, ...], given: bytes, case: CaseRow) -> Receipt:
    """The first answer again. Raises Conflict if the key stands for something else."""
    case_id, seq, first, state, unit, due = step
    if case_id != case.id or first != given:
        raise Conflict("This key was used for something else", zh="该请求标识已用于其他操作", state=case.state.value)
    return Receipt(
        case_id=case.id,
        number=case.number,
        state=state,
        version=seq,
        unit_id=unit,
        due_at=due,
        receipt=case.receipt,
        repeated=True,
    )


def _sees(case: CaseRow, action: Action, by: Actor, form: Form) -> None:
    """A department acts on its own cases only, and on its own part where it assists; row security has refused others
    already. The two are not told apart."""
    outside = Role.DEPARTMENT in by.roles or Role.PLATFORM in by.roles
    acting = form.unit if action in OF_AN_ASSISTANT else case.unit_id
    if outside and not by.roles - {Role.DEPARTMENT, Role.PLATFORM} and acting not in by.units:
        raise NotFound("There is no such case, or it is not yours", zh="没有这个案件，或者不归您办理")
