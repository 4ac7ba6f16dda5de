"""The words of the closed loop: states, actions, who holds a case, and which clock runs."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a case stands. Folded from its steps, never typed."""

    REPORTED = "reported"  # 待受理
    SELF_HANDLED = "self_handled"  # 自行处置待审
    VERIFYING = "verifying"  # 待核实
    VERIFIED = "verified"  # 已核实
    ACCEPTED = "accepted"  # 待立案
    FILED = "filed"  # 待派遣
    DISPATCHED = "dispatched"  # 待签收
    HANDLING = "handling"  # 处置中
    RETURN_ASKED = "return_asked"  # 退单待批
    RULING_ASKED = "ruling_asked"  # 退单待裁定
    DELAY_ASKED = "delay_asked"  # 延期待批
    SUSPEND_ASKED = "suspend_asked"  # 挂账待批
    SUSPENDED = "suspended"  # 挂账
    FEEDBACK = "feedback"  # 已回复
    CHECK_PENDING = "check_pending"  # 待发核查
    CHECKING = "checking"  # 待核查
    REWORK = "rework"  # 返工待派
    CHECKED_OK = "checked_ok"  # 待结案
    CLOSED = "closed"  # 已结案
    CLOSED_FORCED = "closed_forced"  # 非正常结案
    SELF_CLOSED = "self_closed"  # 自行处置结案
    REFUSED = "refused"  # 不予受理
    VOID = "void"  # 作废
    MERGED = "merged"  # 已合并


ENDED = frozenset({State.CLOSED, State.CLOSED_FORCED, State.SELF_CLOSED, State.REFUSED, State.VOID, State.MERGED})
OPEN = frozenset(State) - ENDED


class Pool(StrEnum):
    """Who holds the case: exactly one at any time."""

    ACCEPTOR = "acceptor"
    SHIFT_LEADER = "shift_leader"
    DISPATCHER = "dispatcher"
    REFEREE = "referee"
    UNIT = "unit"
    INSPECTOR = "inspector"
    NOBODY = "nobody"


HOLDER: dict[State, Pool] = {
    State.REPORTED: Pool.ACCEPTOR,
    State.SELF_HANDLED: Pool.ACCEPTOR,
    State.VERIFYING: Pool.INSPECTOR,
    State.VERIFIED: Pool.ACCEPTOR,
    State.ACCEPTED: Pool.SHIFT_LEADER,
    State.FILED: Pool.DISPATCHER,
    State.DISPATCHED: Pool.UNIT,
    State.HANDLING: Pool.UNIT,
    State.RETURN_ASKED: Pool.DISPATCHER,
    State.RULING_ASKED: Pool.REFEREE,
    State.DELAY_ASKED: Pool.DISPATCHER,
    State.SUSPEND_ASKED: Pool.DISPATCHER,
    State.SUSPENDED: Pool.UNIT,
    State.FEEDBACK: Pool.DISPATCHER,
    State.CHECK_PENDING: Pool.ACCEPTOR,
    State.CHECKING: Pool.INSPECTOR,
    State.REWORK: Pool.DISPATCHER,
    State.CHECKED_OK: Pool.SHIFT_LEADER,
} | dict.fromkeys(ENDED, Pool.NOBODY)


class Action(StrEnum):
    """What may be done to a case. The numbers of the closed loop's 33 transitions stand in `table.TRANSITIONS`."""

    REPORT = "report"  # 上报
    REGISTER = "register"  # 登记
    REPORT_HANDLED = "report_handled"  # 自行处置上报
    CONFIRM_HANDLED = "confirm_handled"  # 确认自行处置
    CONTEST_HANDLED = "contest_handled"  # 转为正常案件
    IMPORT = "import"  # 导入
    MERGE = "merge"  # 合并
    UNMERGE = "unmerge"  # 撤销合并
    SEND_VERIFY = "send_verify"  # 发核实
    VERIFY = "verify"  # 核实
    REFUSE = "refuse"  # 不予受理
    ACCEPT = "accept"  # 受理
    FILE = "file"  # 立案
    VOID = "void"  # 作废
    DISPATCH = "dispatch"  # 派遣
    SUBDISPATCH = "subdispatch"  # 二级派遣
    SIGN = "sign"  # 签收
    ASK_RETURN = "ask_return"  # 申请退单
    APPROVE_RETURN = "approve_return"  # 同意退单
    REFUSE_RETURN = "refuse_return"  # 驳回退单
    ASK_RULING = "ask_ruling"  # 申请裁定
    RULE_OTHER = "rule_other"  # 裁定改派
    RULE_STAY = "rule_stay"  # 裁定维持
    ASK_DELAY = "ask_delay"  # 申请延期
    APPROVE_DELAY = "approve_delay"  # 同意延期
    REFUSE_DELAY = "refuse_delay"  # 驳回延期
    ASK_DEFER = "ask_defer"  # 申请缓办
    ASK_SUSPEND = "ask_suspend"  # 申请挂账
    APPROVE_SUSPEND = "approve_suspend"  # 同意挂账
    REFUSE_SUSPEND = "refuse_suspend"  # 驳回挂账
    RESUME = "resume"  # 恢复处置
    REPLY = "reply"  # 回复
    REJECT_REPLY = "reject_reply"  # 退回重办
    PASS_TO_CHECK = "pass_to_check"  # 转核查  # noqa: S105  (no password)
    SEND_CHECK = "send_check"  # 发核查
    CHECK_PASS = "check_pass"  # 核查通过  # noqa: S105  (no password)
    CHECK_FAIL = "check_fail"  # 核查不通过
    SEND_REWORK = "send_rework"  # 发回返工
    CLOSE = "close"  # 结案
    SUPERVISE = "supervise"  # 督办
    ANSWER_SUPERVISION = "answer_supervision"  # 回复督办
    ASK_FORCE_CLOSE = "ask_force_close"  # 申请非正常结案
    FORCE_CLOSE = "force_close"  # 批准非正常结案
    REFUSE_FORCE_CLOSE = "refuse_force_close"  # 驳回非正常结案
    APPEAL = "appeal"  # 申诉
    GRANT_APPEAL = "grant_appeal"  # 申诉成立
    REFUSE_APPEAL = "refuse_appeal"  # 申诉不成立
    AMEND = "amend"  # 更正
    REOPEN = "reopen"  # 重开
    ANSWER_CITIZEN = "answer_citizen"  # 回复群众
    REVISIT = "revisit"  # 回访
    SIGN_FOR = "sign_for"  # 代签收
    REPLY_FOR = "reply_for"  # 代回复
    ASSIST_SIGN = "assist_sign"  # 协办签收
    ASSIST_REPORT = "assist_report"  # 协办反馈
    CORDON = "cordon"  # 设置围护
    WARN = "warn"  # 预警
    LAPSE = "lapse"  # 超期
    RECOUNT = "recount"  # 日历调整


class ClockKind(StrEnum):
    """The clock of a stage. The disposal clock runs through the unit's whole work; the others follow the holder.

    `SIGN` runs beside it until the unit has signed; `REPLY_CITIZEN` from a public case's end until it was answered;
    `APPEAL` of an ended case, while an appeal waits for its ruling;
    `FORCE_CLOSE` beside whatever goes on, while a forced close waits for the second person; `ASSIST` for each unit
    that assists, until it has reported; `CORDON` of a dangerous case, from dispatch until it is made safe;
    `SUPERVISE` until an order was answered."""

    ACCEPT = "accept"
    VERIFY = "verify"
    FILE = "file"
    DISPATCH = "dispatch"
    SIGN = "sign"
    DISPOSE = "dispose"
    APPROVE = "approve"
    SEND_CHECK = "send_check"
    CHECK = "check"
    CLOSE = "close"
    REPLY_CITIZEN = "reply_citizen"
    FORCE_CLOSE = "force_close"
    APPEAL = "appeal"
    ASSIST = "assist"
    CORDON = "cordon"
    SUPERVISE = "supervise"
