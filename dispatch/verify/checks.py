"""The invariants in order, each with the query or the walk that checks it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from dispatch.audit.seal import verify_chain
from dispatch.audit.where import heads_file
from dispatch.bulletins.content import COLUMNS
from dispatch.lifecycle.respites import Respite, standard_respites
from dispatch.lifecycle.states import HOLDER, OPEN, Action, Pool, State
from dispatch.lifecycle.table import TRANSITIONS
from dispatch.people.roles import Role
from dispatch.verify.bulletins import bulletin_breaches, late_breaches
from dispatch.verify.figures import lives_breaches, month_breaches
from dispatch.verify.files import file_breaches
from dispatch.verify.finding import SHOWN, Breach, Finding, found
from dispatch.verify.history import check_history
from dispatch.verify.rights import right_breaches, units_of
from dispatch.verify.settlements import settlement_breaches
from gis.db import ReadTx, value

__all__ = ["CHECKS", "everything"]

GRACE = 10  # seconds that the scheduler may be behind, as promised on a busy machine
MAX_RETURNS, REFEREE_FROM = 2, 2  # where the city's policy does not say
# Of all editions so far the most: a case is bound by that of the day on which it was asked.
MOST: LiteralString = "SELECT max((content #>> '{policy,max_returns}')::int) FROM edition WHERE kind = 'settings'"
REFEREE: LiteralString = """
    SELECT CASE WHEN min(first) = 0 THEN 0 ELSE max(first) END
      FROM (SELECT coalesce((content #>> '{policy,referee_from}')::int, %(default)s) AS first
              FROM edition WHERE kind = 'settings') AS said
"""
# Where a worker has sealed before, and steps have come for minutes since its last block. A stopped city is quiet.
UNSEALED: LiteralString = """
    SELECT count(*) || ' steps, the oldest of ' || to_char(min(recorded_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
           || ' UTC, are in no block: see whether `wangge work` runs and what it says'
      FROM step, (SELECT to_tx, at FROM audit_block ORDER BY no DESC LIMIT 1) AS last
     WHERE step.tx >= last.to_tx AND last.at < transaction_timestamp() - %(late)s
    HAVING max(recorded_at) - min(recorded_at) > %(late)s
"""
SEAL_LATE = timedelta(minutes=5)
FOLDER = Path(__file__).parent / "sql"

CHECKS: dict[str, str] = {
    "I1": "an answered report is never lost, nor its photos and documents",
    "I2": "one report, one case",
    "I3": "one state, one holder",
    "I4": "the state is what the steps lead to; no step is missing or changed",
    "I5": "no case is passed back more often than allowed, nor again without a referee",
    "I6": "every due time is right, counted a second time",
    "I7": "every deadline fires once",
    "I8": "no event of an ended epoch fires",
    "I9": "messages leave for acts on record only, under an id that stays",
    "I10": "published bulletins can be counted again",
    "I11": "facts are what the steps say; tables add up",
    "I12": "a department sees its own cases only",
    "I13": "the audit chain is whole",
    "I17": "a late report changes no published bulletin; the next one marks it",
    "I18": "every place has its unit, by a rule on record",
    "I19": "the part of a unit that assists is what the steps say",
    "I20": "every rung of a ladder that was due rang, and rang once",
    "I21": "a terminal is called silent only while it could have been seen, and receipts name one there is",
    "I22": "a supervise order stands on its case until it is answered",
    "I23": "a card rests on a lapse of its own unit, by the rule on it, and two persons contest and rule",
    "I24": "more time is asked for a reason on the list, with its evidence, in time; another one answers",
    "I25": "stock is the sum of its movements, never below nothing; what was used, a reply on record says",
    "I26": "points by hand and cases left out rest on a paper and two persons; bulletins have those of before",
    "I27": "a settlement sheet says what follows from its counts, and both sides signed that",
    "I28": "a case is contested and ruled on once; a bulletin leaves out what was let off by its cut, no more",
}
COUNTED: dict[str, LiteralString] = {
    "I1": "SELECT count(*) FROM report",
    "I2": "SELECT count(*) FROM report",
    "I3": "SELECT count(*) FROM cases",
    "I5": "SELECT count(*) FROM cases",
    "I7": "SELECT count(*) FROM fired",
    "I8": "SELECT count(*) FROM fired",
    "I9": "SELECT count(*) FROM outbox",
    "I11": "SELECT count(*) FROM fact",
    "I13": "SELECT count(*) FROM audit_block",
    "I17": "SELECT coalesce(sum(cases), 0) FROM bulletin JOIN bulletin_decision ON bulletin_id = id"
    " WHERE decision = 'published'",
    "I18": "SELECT count(*) FROM cases WHERE route IS NOT NULL",
    "I21": "SELECT (SELECT count(*) FROM silence) + (SELECT count(*) FROM step WHERE data ? 'terminal')",
    "I23": "SELECT count(*) FROM card",
    "I25": "SELECT count(*) FROM stock_movement",
    "I26": "SELECT count(*) FROM ledger_entry",
    "I27": "SELECT count(*) FROM settlement",
    "I28": "SELECT count(*) FROM cases WHERE appealed",
    "I22": "SELECT count(*) FROM step WHERE action = 'supervise'",
    "I19": "SELECT coalesce(sum(jsonb_array_length(assists)), 0) FROM cases WHERE assists IS NOT NULL",
    "I20": "SELECT count(*) FROM alarm_call",
    "I24": "SELECT count(*) FROM step WHERE action IN ('ask_delay', 'ask_defer', 'ask_suspend')",
}
BY_QUERY = (
    *("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9", "I11", "I18", "I19"),
    *("I20", "I21", "I22", "I23", "I24", "I25", "I26", "I27", "I28"),
)

# A case in none of these pools has no unit yet, or no more.
UNITLESS = frozenset(
    {State.REPORTED, State.SELF_HANDLED, State.VERIFYING, State.VERIFIED, State.ACCEPTED, State.FILED, State.REFUSED,
     State.SELF_CLOSED, State.VOID, State.MERGED}
)  # fmt: skip
TASKS = frozenset(state for state in OPEN if HOLDER[state] is Pool.INSPECTOR)


def everything(tx: ReadTx, data: Path, told: Callable[[Finding], None]) -> list[Finding]:
    """All findings, in order. `tx`: a read transaction in which nothing has been read yet."""
    # One snapshot for all: what is written meanwhile is not there. The file outside is no part of it: its length is
    # taken before, so that heads of blocks sealed meanwhile do not look like those of blocks that are gone.
    heads = heads_file()
    length = heads.stat().st_size if heads.exists() else 0
    tx.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    for bound in ("statement_timeout", "idle_in_transaction_session_timeout", "jit"):
        tx.connection.execute("SELECT set_config(%s, %s, true)", [bound, "off" if bound == "jit" else "0"])
    tx.connection.execute("SELECT set_config('work_mem', '128MB', true)")
    findings = {no: Finding(no=no, says=says) for no, says in CHECKS.items()}
    _timed(findings["I6"], lambda: check_history(tx, findings))
    for no in BY_QUERY:
        _timed(findings[no], lambda no=no: _merge(findings[no], _queried(tx, no)))  # type: ignore[misc]
    _timed(findings["I1"], lambda: _add(findings["I1"], file_breaches(tx, data)))
    _timed(findings["I10"], lambda: _bulletins(tx, findings["I10"]))
    zone = _params(tx)["zone"]
    _timed(findings["I11"], lambda: _add(findings["I11"], month_breaches(tx, zone)))
    _timed(findings["I11"], lambda: _add(findings["I11"], lives_breaches(tx, zone)))
    _timed(findings["I12"], lambda: _add(findings["I12"], right_breaches(tx)))
    findings["I12"].checked = len(units_of(tx))
    _timed(findings["I13"], lambda: _chain(tx, findings["I13"], length))
    _timed(findings["I17"], lambda: _add(findings["I17"], late_breaches(tx)))
    _timed(findings["I27"], lambda: _add(findings["I27"], settlement_breaches(tx)))
    for finding in findings.values():
        if finding.no in COUNTED:
            finding.checked = int(value(tx, COUNTED[finding.no]))
        told(finding)
    return list(findings.values())


def _timed(finding: Finding, check: Callable[[], None]) -> None:
    begin = time.perf_counter()
    check()
    finding.seconds += time.perf_counter() - begin


def _add(finding: Finding, breaches: Iterable[Breach]) -> None:
    for breach in breaches:
        finding.add(breach.number, breach.words)


def _merge(finding: Finding, other: Finding) -> None:
    finding.count += other.count
    finding.first = (finding.first + other.first)[:SHOWN]


def _queried(tx: ReadTx, no: str) -> Finding:
    """The breaches of one query: number and words, the first ones by number; all are counted."""
    sql = f"SELECT number, words, count(*) OVER () FROM ({_sql(no)}) AS broken ORDER BY number LIMIT {SHOWN}"
    rows = tx.connection.execute(sql, _params(tx)).fetchall()
    finding = found(no, "", (Breach(number, words) for number, words, _ in rows), checked=0)
    finding.count = rows[0][2] if rows else 0
    return finding


@cache
def _sql(no: str) -> str:
    return (FOLDER / f"i{int(no[1:]):02d}.sql").read_text()


def _params(tx: ReadTx) -> dict[str, Any]:
    with_unit = [state.value for state, pool in HOLDER.items() if state not in UNITLESS and pool is not Pool.NOBODY]
    policy = value(tx, MOST)
    return {
        "now": tx.now,
        "grace": GRACE,
        "zone": value(tx, "SELECT document ->> 'time_zone' FROM city") or "UTC",
        "most": MAX_RETURNS if policy is None else policy,
        "referee": value(tx, REFEREE, default=REFEREE_FROM) or 0,
        "legal": Jsonb(_legal()),
        "respites": Jsonb({kind: {"reasons": _reasons(one)} for kind, one in standard_respites().items()}),
        "holder": Jsonb({state.value: pool.value for state, pool in HOLDER.items()}),
        "units": [*with_unit, State.CLOSED.value],
        "no_unit": sorted(UNITLESS),
        "tasks": sorted(TASKS),
        "exempt": COLUMNS.index("exempt") + 1,
    }


def _reasons(respite: Respite) -> list[dict[str, Any]]:
    return [asdict(reason) for reason in respite.reasons.values()]


def _legal() -> list[dict[str, str]]:
    """The table of transitions as data; an amended or imported case may also come to stand elsewhere."""
    found = [
        {"frm": state or "", "action": row.action.value, "dest": row.to or state or ""}
        for row in TRANSITIONS
        for state in (row.frm or {None})
    ]
    amended = {
        state for row in TRANSITIONS if row.action is Action.AMEND and Role.DISPATCHER in row.by for state in row.frm
    }
    found += [{"frm": state, "action": "amend", "dest": State.FILED} for state in sorted(amended)]
    found += [{"frm": "", "action": "import", "dest": state} for state in (State.FILED, State.HANDLING)]
    return found


def _bulletins(tx: ReadTx, finding: Finding) -> None:
    for _, faults in bulletin_breaches(tx):
        finding.checked += 1
        for words in faults:
            finding.add(None, words)


def _chain(tx: ReadTx, finding: Finding, length: int) -> None:
    for fault in verify_chain(tx, heads_file(), length=length):
        number = fault.case_id and value(tx, "SELECT number FROM cases WHERE id = %(id)s", id=fault.case_id)
        finding.add(number or None, fault.words)
    if unsealed := value(tx, UNSEALED, late=SEAL_LATE):
        finding.add(None, unsealed)
