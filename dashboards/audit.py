"""The trail for the audit administrator: by person, kind and day, and the state of the chain. Reading is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboards.shell import page
from dashboards.view import View
from dispatch.audit.reading import Event, chain, events
from dispatch.audit.trail import Kind, record
from dispatch.audit.where import heads_file
from dispatch.http import whence
from dispatch.people.roles import Permission
from dispatch.people.standing import accounts
from dispatch.people.who import Signed, needs
from gis.db import ReadTx, Tx, write
from gis.problems import Problem, wrong

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
MOST = 200
LONGEST = 31  # days at once
MOST_PERSONS = 50
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; a person by name or login name, days of the city, `before` an event of the last page."""

    who: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    before: int | None = None

    def days(self, today: date) -> tuple[date, date]:
        """The first and the last; today where none is said. Raises FormIncomplete."""
        try:
            last = date.fromisoformat(self.until) if self.until else None
            first = date.fromisoformat(self.since) if self.since else last or today
            last = last or (first if self.since else today)
        except ValueError as fault:
            raise wrong("since", "This is no day", "这不是日期") from fault
        if not timedelta(0) <= last - first < LONGEST * DAY or last.year > 9000:
            title = f"At most {LONGEST} days at once, the first before the last"
            raise wrong("since", title, f"一次最多查 {LONGEST} 天，起在前、止在后")
        return first, last


@router.get("/audit", **needs(Permission.SEE_AUDIT))
def audit(request: Request, me: Signed, wanted: Annotated[Wanted, Depends()]) -> Response:
    """What happened on these days; names and addresses show, so that the reading itself is recorded."""
    problem, found, more = None, [], False
    with write() as tx:
        view, state = View.of(request, tx, me), chain(tx, heads_file())
        first = last = datetime.now(UTC).astimezone(view.known.zone).date()  # the trail keeps the real clock
        try:
            first, last = wanted.days(first)
            found = _events(tx, view, wanted, first, last)
            _note(tx, request, me.person_id, wanted, first, last, len(found))
        except Problem as fault:
            problem = fault
    more, found = len(found) > MOST, found[:MOST]
    return page(
        view, "audit.html", status=problem.status if problem else 200, problem=problem, wanted=wanted, found=found,
        more=more, first=first, last=last, chain=state, kinds=list(Kind), detail=_detail,
    )  # fmt: skip


def _persons(tx: ReadTx, who: str) -> list[int]:
    """Raises FormIncomplete for more than are looked for at once: with some left out the trail would seem whole."""
    found = accounts(tx, who, limit=MOST_PERSONS + 1)
    if len(found) > MOST_PERSONS:
        raise wrong(
            "who",
            f"This finds more than {MOST_PERSONS} accounts; nothing was searched. Narrow it down: more of the name, or "
            "the login name",
            f"符合的账号超过 {MOST_PERSONS} 个，没有查询。请缩小范围：写全姓名，或填登录名",
        )
    return [one.id for one in found]


def _events(tx: ReadTx, view: View, wanted: Wanted, first: date, last: date) -> list[Event]:
    who = wanted.who.strip()[:64].replace("\0", "")
    persons = _persons(tx, who) if who else None
    begin, end = (datetime.combine(day, time(0), view.known.zone) for day in (first, last + DAY))
    kinds = [wanted.kind] if wanted.kind else None
    return events(tx, since=begin, until=end, kinds=kinds, persons=persons, before=wanted.before, limit=MOST + 1)


def _note(tx: Tx, request: Request, me: int, wanted: Wanted, first: date, last: date, shown: int) -> None:
    """Codes and counts: whom was looked for is not written, for a name may have been typed."""
    detail: dict[str, object] = {"since": str(first), "until": str(last), "shown": min(shown, MOST)}
    detail |= {"kind": wanted.kind} if wanted.kind in set(Kind) else {}
    record(tx, Kind.READ_PERSONAL, person_id=me, whence=whence(request), object="trail", detail=detail)


def _detail(detail: Mapping[str, Any]) -> str:
    """The codes of an event on one line, without those that say nothing (the ledger writes "None")."""
    return " ".join(f"{key}={_code(value)}" for key, value in detail.items() if value not in (None, "", "None", [], {}))


def _code(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_code(one)}" for key, one in value.items())
    return ", ".join(map(_code, value)) if isinstance(value, list) else str(value)
