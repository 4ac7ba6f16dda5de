"""All transitions of a case as rows: the code runs them, the docs print them, the tests walk them.

`no` is the number in the closed loop of the field (案件流转); `clock` says what happens to the clocks:
`+kind` starts a new epoch, `-kind` stops, `~kind` pauses, `^kind` resumes, `-*` stops all that run. A clock runs only
where the city sets its limit, and `reply_citizen` only where somebody of the public waits for an answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.lifecycle.states import OPEN, Action, State
from dispatch.people.roles import Role

S, A, R = State, Action, Role
SAME = None  # the case keeps its state

DEPARTMENT = frozenset({R.DEPARTMENT, R.PLATFORM})
CENTRE = frozenset({R.DISPATCHER, R.SHIFT_LEADER, R.SYSTEM})
HIGHER = frozenset({R.LEADER, R.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Transition:
    """One row. `frm` empty: the action begins a case; `to` None: the case stays where it is."""

    no: int
    frm: frozenset[State]
    action: Action
    to: State | None
    by: frozenset[Role]
    needs: frozenset[str] = frozenset()
    clock: str = ""


def _row(no: int, frm: set[State] | State | None, action: Action, to: State | None, by: set[Role] | frozenset[Role] | Role,
         needs: str = "", clock: str = "") -> Transition:  # fmt: skip
    states = frozenset() if frm is None else frozenset({frm}) if isinstance(frm, State) else frozenset(frm)
    roles = frozenset({by}) if isinstance(by, Role) else frozenset(by)
    return Transition(no, states, action, to, roles, frozenset(needs.split()), clock)


WORKING = {S.DISPATCHED, S.HANDLING}
ASSISTED = WORKING | {S.RETURN_ASKED, S.RULING_ASKED, S.DELAY_ASKED, S.SUSPEND_ASKED}
UNFILED = {S.REPORTED, S.SELF_HANDLED, S.VERIFYING, S.VERIFIED, S.ACCEPTED}
DONE = {S.CLOSED, S.CLOSED_FORCED}
ANSWERABLE = DONE | {S.REFUSED}
PUBLIC = {R.ACCEPTOR, R.CITIZEN, R.SYSTEM}

# 首问负责: by these somebody takes a matter on, or is done with it and sends it on, and holds it until another does; who answers
# what a unit asks does neither.
TAKES_ON = frozenset({
    A.REPORT, A.REGISTER, A.REPORT_HANDLED, A.CONTEST_HANDLED, A.UNMERGE, A.ACCEPT, A.SEND_VERIFY, A.VERIFY, A.FILE,
    A.DISPATCH, A.SUBDISPATCH, A.SIGN, A.SIGN_FOR, A.ASK_DEFER, A.REPLY, A.REPLY_FOR, A.REJECT_REPLY, A.PASS_TO_CHECK,
    A.SEND_CHECK, A.CHECK_PASS, A.CHECK_FAIL, A.SEND_REWORK, A.APPROVE_RETURN, A.RULE_OTHER, A.REOPEN,
})  # fmt: skip

# fmt: off
# ruff: noqa: E501  (a table wants its columns)
TRANSITIONS: tuple[Transition, ...] = (
    #    no  from                      action               to               who                        needs               clock
    _row(1,  None,                     A.REPORT,            S.REPORTED,      R.INSPECTOR,               "category lon lat", "+accept"),
    _row(2,  None,                     A.REGISTER,          S.REPORTED,      PUBLIC,                    "",                 "+accept"),
    _row(3,  None,                     A.REPORT_HANDLED,    S.SELF_HANDLED,  R.INSPECTOR,               "category lon lat", "+accept"),
    _row(3,  S.SELF_HANDLED,           A.CONFIRM_HANDLED,   S.SELF_CLOSED,   R.ACCEPTOR,                "",                 "-*"),
    _row(3,  S.SELF_HANDLED,           A.CONTEST_HANDLED,   S.REPORTED,      R.ACCEPTOR,                "reason",           ""),
    _row(4,  {S.REPORTED, S.VERIFIED}, A.MERGE,             S.MERGED,        R.ACCEPTOR,                "into",             "-*"),
    _row(4,  S.MERGED,                 A.UNMERGE,           S.REPORTED,      R.ACCEPTOR,                "reason",           "+accept"),
    _row(5,  S.REPORTED,               A.SEND_VERIFY,       S.VERIFYING,     R.ACCEPTOR,                "inspector",        "~accept +verify"),
    _row(5,  S.VERIFYING,              A.SEND_VERIFY,       S.VERIFYING,     R.ACCEPTOR,                "inspector",        "-verify +verify"),
    _row(6,  S.VERIFYING,              A.VERIFY,            S.VERIFIED,      R.INSPECTOR,               "result",           "-verify ^accept"),
    _row(7,  {S.REPORTED, S.VERIFIED}, A.REFUSE,            S.REFUSED,       R.ACCEPTOR,                "reason",           "-* +reply_citizen"),
    _row(8,  {S.REPORTED, S.VERIFIED}, A.ACCEPT,            S.ACCEPTED,      R.ACCEPTOR,                "category",         "-accept +file"),
    _row(9,  S.ACCEPTED,               A.FILE,              S.FILED,         R.SHIFT_LEADER,            "condition",        "-file +dispatch"),
    _row(10, {S.ACCEPTED, S.FILED},    A.VOID,              S.VOID,          R.SHIFT_LEADER,            "reason",           "-*"),
    _row(11, S.FILED,                  A.DISPATCH,          S.DISPATCHED,    {R.DISPATCHER, R.SYSTEM},  "unit",             "-dispatch +dispose +sign +cordon"),
    _row(12, WORKING,                  A.SUBDISPATCH,       S.DISPATCHED,    R.PLATFORM,                "unit",             "-sign +sign"),
    _row(13, S.DISPATCHED,             A.SIGN,              S.HANDLING,      DEPARTMENT,                "",                 "-sign"),
    _row(14, WORKING,                  A.ASK_RETURN,        S.RETURN_ASKED,  DEPARTMENT,                "reason whose",           "-sign +approve"),
    _row(14, WORKING,                  A.ASK_RULING,        S.RULING_ASKED,  DEPARTMENT,                "reason whose",     "-sign +approve"),
    _row(15, S.RETURN_ASKED,           A.APPROVE_RETURN,    S.FILED,         {R.DISPATCHER, R.SYSTEM},  "",                 "-approve -dispose -cordon +dispatch"),
    _row(15, S.RULING_ASKED,           A.RULE_OTHER,        S.FILED,         HIGHER,                    "unit reason",      "-approve -dispose -cordon +dispatch"),
    _row(16, S.RETURN_ASKED,           A.REFUSE_RETURN,     S.HANDLING,      {R.DISPATCHER, R.SYSTEM},  "reason",           "-approve"),
    _row(16, S.RULING_ASKED,           A.RULE_STAY,         S.HANDLING,      HIGHER | {R.SYSTEM},       "reason",           "-approve"),
    _row(17, S.HANDLING,               A.ASK_DELAY,         S.DELAY_ASKED,   DEPARTMENT,                "reason",           "+approve"),
    _row(17, S.DELAY_ASKED,            A.APPROVE_DELAY,     S.HANDLING,      CENTRE | HIGHER,                    "",                 "-approve"),
    _row(17, S.DELAY_ASKED,            A.REFUSE_DELAY,      S.HANDLING,      CENTRE | HIGHER,           "reason",           "-approve"),
    # 缓办 is asked before work starts, 挂账 in the middle of it; both rest the disposal clock until a day, and wake alike.
    _row(18, S.DISPATCHED,             A.ASK_DEFER,         S.SUSPEND_ASKED, DEPARTMENT,                "reason until",     "-sign +approve"),
    _row(18, S.HANDLING,               A.ASK_SUSPEND,       S.SUSPEND_ASKED, DEPARTMENT,                "reason until",     "+approve"),
    _row(18, S.SUSPEND_ASKED,          A.APPROVE_SUSPEND,   S.SUSPENDED,     CENTRE,                    "",                 "-approve ~dispose"),
    _row(18, S.SUSPEND_ASKED,          A.REFUSE_SUSPEND,    S.HANDLING,      CENTRE,                    "reason",           "-approve"),
    _row(19, S.SUSPENDED,              A.RESUME,            S.HANDLING,      {R.DISPATCHER, R.SYSTEM},  "",                 "^dispose"),
    _row(20, S.HANDLING,               A.REPLY,             S.FEEDBACK,      DEPARTMENT,                "photos",           "~dispose -cordon"),
    _row(21, S.FEEDBACK,               A.REJECT_REPLY,      S.HANDLING,      {R.DISPATCHER},            "reason",           "^dispose"),
    _row(22, S.FEEDBACK,               A.PASS_TO_CHECK,     S.CHECK_PENDING, {R.DISPATCHER, R.SYSTEM},  "",                 "+send_check"),
    _row(23, S.CHECK_PENDING,          A.SEND_CHECK,        S.CHECKING,      {R.ACCEPTOR, R.SYSTEM},    "inspector",        "-send_check +check"),
    _row(23, S.CHECKING,               A.SEND_CHECK,        S.CHECKING,      {R.ACCEPTOR, R.SYSTEM},    "inspector",        "-check +check"),
    _row(24, S.CHECKING,               A.CHECK_PASS,        S.CHECKED_OK,    R.INSPECTOR,               "photos",           "-check +close"),
    _row(25, S.CHECKING,               A.CHECK_FAIL,        S.REWORK,        R.INSPECTOR,               "photos",           "-check +dispatch"),
    _row(25, S.REWORK,                 A.SEND_REWORK,       S.HANDLING,      {R.DISPATCHER, R.SYSTEM},  "",                 "-dispatch ^dispose"),
    _row(26, S.CHECKED_OK,             A.CLOSE,             S.CLOSED,        R.SHIFT_LEADER,            "",                 "-* +reply_citizen"),
    _row(27, set(OPEN),                A.SUPERVISE,         SAME,            {R.LEADER, R.SUPERVISOR, R.SHIFT_LEADER, R.SYSTEM}, "reason", "-supervise +supervise"),
    # Whoever has the matter answers: before it is with a unit, the centre.
    _row(27, UNFILED | {S.FILED},      A.ANSWER_SUPERVISION, SAME,           {R.ACCEPTOR, R.SHIFT_LEADER, R.DISPATCHER}, "note", "-supervise"),
    _row(27, set(OPEN) - UNFILED - {S.FILED}, A.ANSWER_SUPERVISION, SAME,    DEPARTMENT,                "note",             "-supervise"),
    _row(28, set(OPEN),                A.ASK_FORCE_CLOSE,   SAME,            HIGHER | {R.SHIFT_LEADER, R.DISPATCHER}, "reason",  "+force_close"),
    _row(28, set(OPEN),                A.FORCE_CLOSE,       S.CLOSED_FORCED, HIGHER | {R.SYSTEM},       "",                 "-* +reply_citizen"),
    _row(28, set(OPEN),                A.REFUSE_FORCE_CLOSE, SAME,           HIGHER | {R.SYSTEM},       "reason",           "-force_close"),
    _row(29, DONE,                     A.APPEAL,            SAME,            DEPARTMENT,                "reason",           "+appeal"),
    _row(29, DONE,                     A.GRANT_APPEAL,      SAME,            {R.SUPERVISOR, R.EVALUATOR, R.SYSTEM}, "reason", "-appeal"),
    _row(29, DONE,                     A.REFUSE_APPEAL,     SAME,            {R.SUPERVISOR, R.EVALUATOR, R.SYSTEM}, "reason", "-appeal"),
    _row(30, UNFILED,                  A.AMEND,             SAME,            {R.ACCEPTOR, R.SHIFT_LEADER}, "reason",        ""),
    _row(30, set(OPEN) - UNFILED,      A.AMEND,             SAME,            R.DISPATCHER,              "reason",           ""),
    _row(31, DONE,                     A.REOPEN,            S.FILED,         R.SHIFT_LEADER,            "reason",           "-reply_citizen +dispatch"),
    _row(32, ANSWERABLE,               A.ANSWER_CITIZEN,    SAME,            R.ACCEPTOR,                "note",             "-reply_citizen"),
    _row(32, ANSWERABLE,               A.REVISIT,           SAME,            R.ACCEPTOR,                "satisfied",        ""),
    _row(33, S.DISPATCHED,             A.SIGN_FOR,          S.HANDLING,      R.DISPATCHER,              "proxy",            "-sign"),
    _row(33, S.HANDLING,               A.REPLY_FOR,         S.FEEDBACK,      R.DISPATCHER,              "proxy photos",     "~dispose -cordon"),
    # The part of a unit that assists (主协办): it goes on beside whatever the lead does or asks, and moves no state.
    _row(0,  ASSISTED,                 A.ASSIST_SIGN,       SAME,            DEPARTMENT,                "unit",             ""),
    _row(0,  ASSISTED,                 A.ASSIST_REPORT,     SAME,            DEPARTMENT,                "unit",             ""),
    # A dangerous case is cordoned off, or else made safe, before it is put right (险情先围护).
    _row(0,  ASSISTED | {S.SUSPENDED}, A.CORDON,            SAME,            DEPARTMENT,                "photos",           "-cordon"),
    # A case of another system, with the times that are known of it; open ones go on where their last known time leaves them.
    _row(0,  None,                     A.IMPORT,            S.CLOSED,        R.SYSTEM,                  "",                 ""),
    # The scheduler's own, not numbered in the field: a warning and a lapse take effect at their true instant.
    _row(0,  set(OPEN | ANSWERABLE),   A.WARN,              SAME,            R.SYSTEM,                  "",                 ""),
    _row(0,  set(OPEN | ANSWERABLE),   A.LAPSE,             SAME,            R.SYSTEM,                  "",                 ""),
    _row(0,  set(OPEN | ANSWERABLE),   A.RECOUNT,           SAME,            R.SYSTEM,                  "",                 ""),
)
# fmt: on

BY_ACTION: dict[tuple[State | None, Action], Transition] = {
    (state, row.action): row for row in TRANSITIONS for state in (row.frm or {None})
}
