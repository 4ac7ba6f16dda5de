"""What a return is weighed against: what the rules say of the facts as the unit sees them, and its budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from dispatch.cases.books import Books
from dispatch.cases.whose import place_case, route
from dispatch.lifecycle.decide import Policy
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from dispatch.routing.decide import Routing
from gis.db import ReadTx, value

__all__ = ["RETURNS", "Budget", "budget_of", "routed_as", "rules_say"]

RETURNS = frozenset({Action.ASK_RETURN, Action.ASK_RULING})
# Index: step_returns.
ASKED = """
    SELECT count(*) FROM step
     WHERE unit_id = %(unit)s AND at > %(since)s AND action IN ('ask_return', 'ask_ruling')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many returns a unit asked for in the last `days`, of how many it may. `most` 0: as many as it likes."""

    asked: int
    most: int
    days: int

    @property
    def left(self) -> bool:
        """Whether one more may be asked."""
        return self.most == 0 or self.asked < self.most


def budget_of(tx: ReadTx, policy: Policy, unit: str | None, at: datetime) -> Budget:
    """A unit's returns up to `at`. In a transaction that sees all steps: what was given back is another unit's now."""
    since = at - timedelta(days=policy.return_budget_days)
    asked = value(tx, ASKED, unit=unit, since=since) if policy.return_budget else 0
    return Budget(asked=asked, most=policy.return_budget, days=policy.return_budget_days)


class Routed(Protocol):
    """What routing looks at of a case."""

    @property
    def category(self) -> str | None: ...
    @property
    def component_code(self) -> str | None: ...
    @property
    def lon(self) -> float | None: ...
    @property
    def lat(self) -> float | None: ...
    @property
    def accuracy_m(self) -> float | None: ...
    @property
    def route(self) -> Mapping[str, Any] | None: ...
    @property
    def reported_at(self) -> datetime: ...


def routed_as(tx: ReadTx, case: Routed, city: Books, form: Form) -> Routing | None:
    """Whose the case would be with the form's category, component or position in the place of its own.

    None: category or position is not known. A corrected position is taken as exact.
    """
    category = city.catalogue.categories.get(form.category or case.category or "")
    moved = form.lon is not None and form.lat is not None
    lon, lat = (form.lon, form.lat) if moved else (case.lon, case.lat)
    place = place_case(
        tx,
        city,
        lon,
        lat,
        None if moved else case.accuracy_m,
        category=category.code if category else None,
        component=form.component or case.component_code,
        street=None if moved else (case.route or {}).get("facts", {}).get("street"),
    )
    return None if category is None or place is None else route(place, category, city, case.reported_at)


def rules_say(tx: ReadTx, case: Routed, city: Books, form: Form) -> dict[str, Any] | None:
    """The same in short, as a step keeps it: the unit, the rule, and why nobody if nobody."""
    found = routed_as(tx, case, city, form)
    return None if found is None else {"unit": found.unit, "rule": found.rule, "doubtful": found.doubtful}
