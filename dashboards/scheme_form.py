"""The form of a scheme in a draft: every part may be added, changed or taken out; an empty row is no part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import Annotated

from fastapi import Form as Posted

from dispatch.evaluation.rates import RATES, Counts
from dispatch.evaluation.scheme import Band, Hand, Indicator, LeftOut, Loss, Scheme
from gis.problems import FormIncomplete

__all__ = ["BY_LOSSES", "Fields", "Row", "rows_of"]

BY_LOSSES = "by-losses"  # what is chosen for an indicator of one's own, which loses points
LARGEST, PLACES = 1_000_000, 4  # scores are fractions: 1e999999 would be a whole number of a million digits
MOST_ROWS = 40
Texts = Annotated[tuple[str, ...], Posted(max_length=MOST_ROWS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An indicator as it stands in the form. `key`: a rate, a count, or BY_LOSSES; `own`: the key of such a one."""

    key: str = ""
    own: str = ""
    name: str = ""
    weight: str = ""
    good: str = "good"
    steps: str = ""
    lose: str = ""


def rows_of(scheme: Scheme) -> list[Row]:
    """The indicators of a scheme, and an empty row for one more."""
    return [*(_row(part) for part in scheme.indicators), Row()]


def _row(part: Indicator) -> Row:
    steps = " ".join(f"{bound}={points}" for bound, points in part.steps)
    per = f" / {part.per}" if part.per else ""
    lose = (
        f"{loss.key}{f' < {loss.below}' if loss.below is not None else ''} {loss.each}{' ?' if loss.optional else ''}"
        for loss in part.losses
    )
    return Row(
        key=BY_LOSSES if part.losses else part.key,
        own=part.key if part.losses else "",
        name=_both(part.name, part.name_en),
        weight=str(part.weight),
        good="good" if part.good else "bad",
        steps=f"{steps}; {part.above}{per}" if part.steps else "",
        lose="\n".join(lose),
    )


def _both(zh: str, en: str) -> str:
    return f"{zh} | {en}" if en and en != zh else zh


@dataclass
class Fields:
    """What a draft's forms send. Of each indicator in turn the texts of a Row; `group`: those that it ranks, none for
    all; `out`, `out_why`: units left out; `bands`, `hand`: a line each."""

    version: Annotated[str, Posted(max_length=12)] = ""
    what: Annotated[str, Posted(max_length=12)] = ""
    words: Annotated[str, Posted(max_length=1000)] = ""
    scheme: Annotated[str, Posted(max_length=80)] = ""
    key: Texts = ()
    own: Texts = ()
    name: Texts = ()
    weight: Texts = ()
    good: Texts = ()
    steps: Texts = ()
    lose: Texts = ()
    group: Texts = ()
    out: Texts = ()
    out_why: Texts = ()
    bands: Annotated[str, Posted(max_length=2000)] = ""
    hand: Annotated[str, Posted(max_length=2000)] = ""

    @property
    def rows(self) -> list[Row]:
        """The indicators as typed, in their order. Raises FormIncomplete if the form came in pieces."""
        told = (self.key, self.own, self.name, self.weight, self.good, self.steps, self.lose)
        if len({len(texts) for texts in told}) != 1:
            raise FormIncomplete("The form has lost its indicators; load the page again", zh="表单不完整，请刷新页面")
        return [
            Row(key=key, own=own, name=name, weight=weight, good=good, steps=steps, lose=lose)
            for key, own, name, weight, good, steps, lose in zip(*told, strict=True)
        ]

    @property
    def left_out(self) -> list[tuple[str, str]]:
        """Units left out with the reason, as typed, and an empty one more."""
        return [pair for pair in zip_longest(self.out, self.out_why, fillvalue="") if any(pair)] + [("", "")]

    def changed(self, scheme: Scheme) -> Scheme:
        """The scheme as typed. Raises FormIncomplete for what cannot be read."""
        taken = [row.own for row in self.rows if row.key == BY_LOSSES and row.own]
        return replace(
            scheme,
            indicators=tuple(_part(row, taken) for row in self.rows if row.key),
            bands=tuple(_band(line) for line in _lines(self.bands)),
            groups=tuple(self.group),
            leave_out=tuple(_left_out(unit, why) for unit, why in self.left_out if unit or why),
            hand=tuple(_hand(line) for line in _lines(self.hand)),
        )


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.strip())


def _part(row: Row, taken: list[str]) -> Indicator:
    weight = _number(row.weight, "weight")
    if row.key == BY_LOSSES:
        zh, en = _names(row.name)
        losses = tuple(_loss(line) for line in _lines(row.lose))
        if not losses or not zh:
            lacks = "An indicator by deductions has a name, and a line for each of them", "扣分项须有名称，每项扣分一行"
            raise _unread("lose", row.lose, *lacks)
        return Indicator(key=row.own or _free(taken), weight=weight, losses=losses, name=zh, name_en=en)
    if row.key in RATES:
        return Indicator(key=row.key, weight=weight, good=row.good != "bad")
    steps, above, per = _steps(row.steps)
    return Indicator(key=row.key, weight=weight, steps=steps, above=above, per=per)


def _free(taken: list[str]) -> str:
    """A key that no other indicator of the form has."""
    number = next(n for n in range(1, len(taken) + 2) if f"own-{n}" not in taken)
    taken.append(f"own-{number}")
    return taken[-1]


def _names(text: str) -> tuple[str, str]:
    zh, _, en = (part.strip() for part in text.partition("|"))
    return zh, en or zh


def _steps(text: str) -> tuple[tuple[tuple[Decimal, Decimal], ...], Decimal, str | None]:
    told, _, per = text.partition("/")
    pairs, _, above = told.rpartition(";")
    found = [pair.split("=") for pair in pairs.split()]
    if not found or any(len(pair) != 2 for pair in found):
        raise _unread("steps", text, "Steps are written like 50=100 100=90; 0", "分档写作 50=100 100=90; 0")
    steps = tuple((_number(bound, "steps"), _number(points, "steps")) for bound, points in found)
    return steps, _number(above, "steps"), per.strip() or None


def _loss(line: str) -> Loss:
    found = re.fullmatch(r"\s*(\w+)(?:\s*<\s*(\S+))?\s+([^\s?]+)(\s*\?)?\s*", line)
    if not found or (found[1] not in RATES and found[1] not in Counts.names()):
        raise _unread(
            "lose",
            line,
            "A deduction is written like close_rate < 90 1, or shirk 0.5",
            "扣分写作 close_rate < 90 1 或 shirk 0.5",
        )
    below = None if found[2] is None else _number(found[2], "lose")
    return Loss(key=found[1], each=_number(found[3], "lose"), below=below, optional=bool(found[4]))


def _band(line: str) -> Band:
    words = line.split()
    if len(words) != 3:
        raise _unread("bands", line, "A band is written like A 90 green", "等级写作 A 90 green")
    return Band(words[0], _number(words[1], "bands"), words[2])


def _left_out(unit: str, why: str) -> LeftOut:
    if not unit or not why.strip():
        raise _unread("out", unit, "Whoever is left out has a unit and a reason", "不参评的须选单位并写明理由")
    return LeftOut(unit=unit, reason=why.strip())


def _hand(line: str) -> Hand:
    found = re.fullmatch(r"\s*([a-z][a-z0-9-]*)\s+(\S+)\s+(\S.*)", line)
    if not found:
        raise _unread(
            "hand",
            line,
            "A kind of points is written like special 5 专项 | Special",
            "人工计分写作 special 5 专项 | Special",
        )
    zh, en = _names(found[3])
    return Hand(kind=found[1], name=zh, name_en=en, most=_number(found[2], "hand"))


def _number(text: str, field: str) -> Decimal:
    try:
        found = Decimal(text.strip())
    except InvalidOperation as fault:
        raise _unread(field, text, f"{text} is not a number", f"{text} 不是数字") from fault
    if not found.is_finite() or found < 0 or found > LARGEST or int(found.as_tuple().exponent) < -PLACES:
        raise _unread(
            field,
            text,
            f"{text} is no number from 0 to {LARGEST:,} with {PLACES} places at most",
            f"{text} 不是 0 至 {LARGEST} 之间、至多 {PLACES} 位小数的数字",
        )
    return found


def _unread(field: str, said: str, en: str, zh: str) -> FormIncomplete:
    return FormIncomplete(f"{en}; the draft is kept as it is", zh=f"{zh}；草案已保留", fields={field: said or "needed"})
