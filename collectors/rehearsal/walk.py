"""Live cases through: a few at a time, in one transaction, from the report to the end or to `until`.

A life is committed whole or not at all. So a sweep that runs meanwhile never sees one that stands in the past, and a
killed rehearsal leaves no half of one: whatever is missing is simply lived through later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from collectors.rehearsal.finds import Find
from collectors.rehearsal.ledger import case_of
from collectors.rehearsal.life import next_of
from collectors.rehearsal.pages import next_page, turn_page
from collectors.rehearsal.scene import Scene
from collectors.rehearsal.storeroom import restock
from collectors.rehearsal.temptation import with_own_picture, with_own_reply
from collectors.rehearsal.turn import Life, Plan, Turn, lives_of
from dispatch.cases.act import act
from dispatch.cases.intake import receive
from dispatch.cases.overdue import settle_case
from dispatch.lifecycle.states import State
from gis.db import Tx, value
from gis.problems import FormIncomplete, NotAllowed

TOGETHER = 8  # lives in one transaction: about a hundred acts
LONGEST = 400  # acts of one life, after which something goes round in circles


@dataclass
class Tally:
    """What was done so far. `refused`: acts that the door did not allow, in words."""

    cases: int = 0
    acts: int = 0
    refused: list[str] = field(default_factory=list)


def families(finds: Iterable[Find]) -> Iterator[list[Find]]:
    """Reports in groups of about `TOGETHER`; one that repeats another comes in its group, if that is here too."""
    by_leader: dict[UUID, list[Find]] = {}
    for find in finds:
        by_leader.setdefault(find.leader or find.report.id, []).append(find)
    group: list[Find] = []
    for family in by_leader.values():
        group += family
        if len(group) >= TOGETHER:
            yield group
            group = []
    if group:
        yield group


def live_through(
    tx: Tx, scene: Scene, finds: list[Find], *, until: datetime, photos: tuple[str, ...], duty: bool = False
) -> Tally:
    """Take the reports in and let each case live up to `until`. What is then open waits for its next step.

    `duty`: of dangerous cases the calls as well: they ring, and whoever is rung answers, at two more looks a step.
    """
    tally = Tally()
    cases: dict[UUID, int] = {}
    leaders: dict[int, int | None] = {}
    for walked in finds:
        if walked.silent:
            continue
        find = with_own_picture(tx, scene.cheats, walked)
        case_id = receive(tx, find.report, find.by, now=find.at).case_id
        cases[find.report.id] = case_id
        leaders[case_id] = leader_of(tx, find, cases)
        tally.cases, tally.acts = tally.cases + 1, tally.acts + 1
    alive = list(leaders)
    for _ in range(LONGEST):
        # One after the other: what the first does may end the case that the second repeats.
        turns = (Turn(life, scene, still_open(tx, life, leaders[life.id]), photos) for life in lives_of(tx, alive))
        alive = [turn.case.id for turn in turns if _step(tx, turn, until, tally, duty=duty)]
        if not alive:
            return tally
    raise RuntimeError(f"cases {alive} do not come to rest")


def leader_of(tx: Tx, find: Find, cases: dict[UUID, int]) -> int | None:
    """The case that this report repeats; None for a first report, or if there is no such case."""
    if find.leader is None:
        return None
    return cases.get(find.leader) or case_of(tx, find.leader)


def still_open(tx: Tx, life: Life, leader: int | None) -> int | None:
    """The case that a report repeats, while it can be merged into; what repeats an ended case is a new matter."""
    if leader is None or life.state != State.REPORTED:
        return leader
    found: int | None = value(tx, "SELECT id FROM cases WHERE id = %(id)s AND ended_at IS NULL", id=leader)
    return found


def _step(tx: Tx, turn: Turn, until: datetime, tally: Tally, *, duty: bool) -> bool:
    """One event of this life: what time does by itself, or what somebody does. False: nothing more before `until`."""
    due, plan = turn.case.next_at, next_of(turn)
    page = next_page(tx, turn) if duty and turn.case.hazard else None
    others = [until, *([due] if due else []), *([plan.at] if plan else [])]
    if page is not None and page.at <= min(others):
        turn_page(tx, turn, page)
        return True
    if due is not None and (plan is None or due <= plan.at):
        if due > until:
            return False
        tally.acts += settle_case(tx, turn.case.id, now=due)
        return True
    if plan is None or plan.at > until:
        return False
    try:
        carry_out(tx, turn, plan)
    except (NotAllowed, FormIncomplete) as refusal:  # said before anything was written
        tally.refused.append(f"{turn.case.state} {plan.action.value}: {refusal}")
        return False
    tally.acts += 1
    return True


def carry_out(tx: Tx, turn: Turn, plan: Plan, *, version: int | None = None) -> None:
    """Do what was planned, through the door. The key follows from the case and its step: once is enough."""
    case, plan = turn.case, with_own_reply(tx, turn, plan)
    key = uuid5(case.report_id, f"rehearsal:{case.version + 1}")
    restock(tx, plan, key)
    act(tx, case.id, plan.action, plan.by, plan.form, key=key, version=version, now=plan.at)
