"""Base counts and the rates made of them. Pure; decimals, never floats."""

from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

__all__ = ["RATES", "Counts", "Rate", "exact", "percent", "rates"]

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What is counted of one unit, area or person in one period; None is "not known", which is not zero.

    Of the family of GB/T 30428.4. `accurate_*`: not voided after filing, never sent on to another unit.
    `public_report_verified`: reports of the public found true and filed. `grids`: unit grids of an area.
    `own_report`: reports of inspectors, without those they handled on the spot. `rework_often`: failed the check three
    times or more. `rework_often` to `urgent_ontime` only come from
    elsewhere; from `refused_report` on, of collection companies (`refused_report` of inspectors, too).
    """

    report: int | None = None  # 上报数
    own_report: int | None = None  # 监督员上报数
    public_report_verified: int | None = None  # 监督举报核实立案数
    accepted: int | None = None  # 受理数
    ontime_accepted: int | None = None  # 按时受理数
    valid_report: int | None = None  # 有效上报数
    missed: int | None = None  # 漏报数
    need_verify: int | None = None  # 应核实数
    verify: int | None = None  # 核实数
    ontime_verify: int | None = None  # 按时核实数
    need_check: int | None = None  # 应核查数
    check: int | None = None  # 核查数
    ontime_check: int | None = None  # 按时核查数
    need_send_verify: int | None = None  # 应发核实数
    ontime_send_verify: int | None = None  # 按时发核实数
    need_send_check: int | None = None  # 应发核查数
    ontime_send_check: int | None = None  # 按时发核查数
    filed: int | None = None  # 立案数
    ontime_filed: int | None = None  # 按时立案数
    accurate_filed: int | None = None  # 准确立案数
    need_dispatch: int | None = None  # 应派遣数
    dispatched: int | None = None  # 派遣数
    ontime_dispatched: int | None = None  # 按时派遣数
    accurate_dispatched: int | None = None  # 准确派遣数
    should_dispose: int | None = None  # 应处置数
    disposed: int | None = None  # 处置数
    ontime_disposed: int | None = None  # 按期处置数
    late_disposed: int | None = None  # 超期处置数
    overdue_open: int | None = None  # 超期未处置数
    should_close: int | None = None  # 应结案数
    closed: int | None = None  # 结案数
    ontime_closed: int | None = None  # 按期结案数
    rework: int | None = None  # 返工数
    shirk: int | None = None  # 推诿数
    extended: int | None = None  # 延期数
    suspended: int | None = None  # 挂账数
    void: int | None = None  # 作废数
    self_handled: int | None = None  # 自行处置数
    grids: int | None = None  # 单元网格数
    rework_often: int | None = None  # 三次及以上返工数
    faked: int | None = None  # 弄虚作假数
    urgent_should: int | None = None  # 应结紧急案件数
    urgent_closed: int | None = None  # 紧急案件结案数
    urgent_ontime: int | None = None  # 紧急案件按期结案数
    refused_report: int | None = None  # 不予受理数
    need_patrol: int | None = None  # 应巡责任网格日
    patrolled: int | None = None  # 已巡责任网格日
    quota: int | None = None  # 合同定额
    quota_met: int | None = None  # 定额内有效上报数
    returned: int | None = None  # 退单数
    reopened: int | None = None  # 重开数
    recurred: int | None = None  # 复发数
    backlog: int | None = None  # 在办数
    backlog_day: int | None = None  # 在办不满1日
    backlog_3_days: int | None = None  # 在办1至3日
    backlog_week: int | None = None  # 在办3至7日
    backlog_month: int | None = None  # 在办7至30日
    backlog_older: int | None = None  # 在办30日以上

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))

    def of(self, name: str) -> int | None:
        """The count by its name. Raises AttributeError for a name that is none."""
        number: int | None = getattr(self, name)
        return number


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate: what is divided by what."""

    key: str
    name: str
    numerator: str
    denominator: str


RATES: dict[str, Rate] = {
    rate.key: rate
    for rate in (
        Rate("filing_rate", "立案率", "filed", "accepted"),
        Rate("dispatch_rate", "派遣率", "dispatched", "filed"),
        Rate("disposal_rate", "处置率", "disposed", "should_dispose"),
        Rate("ontime_disposal_rate", "按期处置率", "ontime_disposed", "should_dispose"),
        Rate("close_rate", "结案率", "closed", "should_close"),
        Rate("ontime_close_rate", "按期结案率", "ontime_closed", "should_close"),
        Rate("rework_rate", "返工率", "rework", "should_close"),
        Rate("extension_rate", "延期率", "extended", "should_close"),
        Rate("public_report_rate", "监督举报率", "public_report_verified", "filed"),
        Rate("valid_report_rate", "有效上报率", "valid_report", "own_report"),
        Rate("missed_rate", "漏报率", "missed", "filed"),
        Rate("ontime_verify_rate", "按时核实率", "ontime_verify", "need_verify"),
        Rate("ontime_check_rate", "按时核查率", "ontime_check", "need_check"),
        Rate("ontime_accept_rate", "按时受理率", "ontime_accepted", "accepted"),
        Rate("verify_sent_ontime_rate", "核实按时派发率", "ontime_send_verify", "need_send_verify"),
        Rate("check_sent_ontime_rate", "核查按时派发率", "ontime_send_check", "need_send_check"),
        Rate("ontime_filing_rate", "按时立案率", "ontime_filed", "filed"),
        Rate("accurate_filing_rate", "准确立案率", "accurate_filed", "filed"),
        Rate("ontime_dispatch_rate", "按时派遣率", "ontime_dispatched", "need_dispatch"),
        Rate("accurate_dispatch_rate", "准确派遣率", "accurate_dispatched", "need_dispatch"),
        # The shift leader answers for the cases he closed, not for those that should have been.
        Rate("ontime_closing_rate", "按时结案率", "ontime_closed", "closed"),
        Rate("shirk_rate", "推诿率", "shirk", "should_dispose"),
        Rate("recurrence_rate", "复发率", "recurred", "filed"),
        Rate("refused_rate", "不予受理率", "refused_report", "own_report"),
        Rate("coverage_rate", "责任网格在岗率", "patrolled", "need_patrol"),
        Rate("quota_rate", "定额完成率", "quota_met", "quota"),
        Rate("urgent_close_rate", "紧急案件结案率", "urgent_closed", "urgent_should"),
        Rate("urgent_ontime_rate", "紧急案件按期结案率", "urgent_ontime", "urgent_should"),
    )
}


def exact(counts: Counts, key: str) -> Fraction | None:
    """A rate as the fraction it is, 0 to 1. None ("no data") if a count is not known or the denominator is zero."""
    rate = RATES[key]
    above, below = counts.of(rate.numerator), counts.of(rate.denominator)
    return None if above is None or not below else Fraction(above, below)


def percent(share: Fraction) -> Decimal:
    """Percent of `share`, half up to two places."""
    return rounded(share * 100)


def rounded(value: Fraction) -> Decimal:
    """Half up to two places: exact, because the half is looked for in whole numbers."""
    hundredths = (2 * 100 * value.numerator + value.denominator) // (2 * value.denominator)
    return (Decimal(hundredths) / 100).quantize(CENT, ROUND_HALF_UP)


def rates(counts: Counts) -> dict[str, Decimal | None]:
    """Every rate in percent, half up to two places; None is "no data", not 0 and not 100."""
    shares = {key: exact(counts, key) for key in RATES}
    return {key: None if share is None else percent(share) for key, share in shares.items()}
