"""On what terms a period is ranked: the schemes, groups and bounds of its last day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString

from dispatch.cases.books import books_then
from dispatch.evaluation.ledger import Given, given
from dispatch.evaluation.measures import counted_until
from dispatch.evaluation.period import Period
from dispatch.evaluation.rates import Counts
from dispatch.evaluation.scheme import Contract, Scheme, contracts_of, schemes_of, standard_schemes
from dispatch.evaluation.score import Ranked, ranked
from gis.db import ReadTx, dicts
from gis.problems import FormIncomplete

__all__ = ["SMALL_SAMPLE", "Terms", "contracts_on", "schemes_on", "terms_of"]

SMALL_SAMPLE = 20
LATEST: LiteralString = """
    SELECT name, in_force, content FROM edition
     WHERE kind = 'schemes' AND in_force <= %(day)s ORDER BY in_force DESC, id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for a ranking. `groups`: of units, in the city's order. `trial`: the period begins before the day from
    which the city's figures are ranked. `given`: points of the ledger, those agreed by the instant asked for, or by
    now: they are given when the period is over."""

    schemes: Mapping[str, Scheme]
    groups: list[Mapping[str, Any]]
    small_sample: int
    trial: bool
    given: Sequence[Given] = ()

    def by_hand(self, scheme: Scheme) -> dict[str, Decimal]:
        """The points given by hand under a scheme, by unit."""
        found: dict[str, Decimal] = {}
        for one in self.given:
            if one.scheme == scheme.key:
                found[one.unit] = found.get(one.unit, Decimal(0)) + one.points
        return found

    def ranked(self, found: Mapping[str, tuple[str, Counts]], scheme: Scheme) -> list[Ranked]:
        """The ranking on these terms of all who take part, each with its group and counts."""
        return ranked(found, scheme, self.small_sample, trial=self.trial, by_hand=self.by_hand(scheme))

    def scheme(self, key: str, group: str | None = None) -> Scheme:
        """A scheme by its key, for a group of units. Raises FormIncomplete for a stranger of either kind."""
        found = self.schemes.get(key)
        if found is None:
            raise _strange("scheme", key, self.schemes, "评价方案")
        named = [str(row["key"]) for row in self.groups]
        if found.of == "unit" and group is not None and group not in (found.groups or named):
            raise _strange("group", group, found.groups or named, "评价分组")
        return found

    def groups_of(self, scheme: Scheme) -> list[str]:
        """The groups that a scheme ranks, each apart; persons and areas are one group."""
        if scheme.of != "unit":
            return [scheme.of]
        return [str(row["key"]) for row in self.groups if not scheme.groups or row["key"] in scheme.groups]


def terms_of(tx: ReadTx, period: Period, as_of: datetime | None = None) -> Terms:
    """The terms of a period's last day, or of the instant if it lies within. Raises FormIncomplete for a period that
    has not begun."""
    if period.start > tx.now:
        raise FormIncomplete(
            f"{period.name} has not begun yet: there is nothing to score",
            zh="时段尚未开始，无可评价",
            fields={"period": "ahead"},
        )
    until = counted_until(tx, period, as_of)
    then = books_then(tx, until)
    day = (until - timedelta(seconds=1)).astimezone(then.zone).date()
    section: Mapping[str, Any] = then.city.get("ranking", {})
    from_ = section.get("scored_from")
    first = date.fromisoformat(str(from_)) if from_ else date.min
    return Terms(
        schemes=schemes_on(tx, day),
        groups=list(section.get("groups", ())),
        small_sample=int(section.get("small_sample", SMALL_SAMPLE)),
        trial=period.start.astimezone(then.zone).date() < first,
        given=given(tx, period.name, by=as_of or tx.now),
    )


def schemes_on(tx: ReadTx, day: date) -> dict[str, Scheme]:
    """The city's schemes as they were in force on a day, over those that all cities share."""
    for row in dicts(tx, LATEST, day=day):
        unsaid = {"edition": row["name"], "in_force": row["in_force"]}
        return schemes_of({**unsaid, **row["content"]}, standard_schemes())
    return dict(standard_schemes())


def contracts_on(tx: ReadTx, day: date) -> list[Contract]:
    """The contracts with collection companies in force on a day."""
    schemes = schemes_on(tx, day)
    return [one for row in dicts(tx, LATEST, day=day) for one in contracts_of(row["content"], schemes)]


def _strange(field: str, said: str, known: Any, zh: str) -> FormIncomplete:
    names = ", ".join(sorted(known)) or "none"
    return FormIncomplete(
        f"{said} is no {field} here: {names}", zh=f"没有此{zh}：{said}（现有 {names}）", fields={field: said}
    )
