"""What a case is: its category, filing condition and place, as accepted and filed, and as amended later."""

from __future__ import annotations

from dispatch.cases.assists import drop_parts
from dispatch.cases.books import Books
from dispatch.cases.moves import Effect, begin_clock, granted_to, keep_clock, move_clocks, stop_clock
from dispatch.cases.ruled import ruled_unit
from dispatch.lifecycle.states import Action, ClockKind, State
from dispatch.lifecycle.table import BY_ACTION
from dispatch.standard.catalogue import Category, Condition
from gis.problems import FormIncomplete

__all__ = ["accept", "after_amend", "amend", "dangerous", "file"]


def _categorise(effect: Effect, code: str) -> None:
    category = effect.books.catalogue.categories.get(code)
    if category is None:
        raise FormIncomplete("No such category in the catalogue", zh="目录中没有该类别", fields={"category": "unknown"})
    case = effect.draft.case
    case.category, case.hazard = code, category.hazard
    case.editions["catalogue"] = effect.books.catalogue.edition
    effect.data.update({"category": code, "class_code": f"{category.kind}:{category.class_code}"})


def accept(effect: Effect) -> None:
    """The category is taken, or corrected: then the case is routed anew."""
    case = effect.draft.case
    effect.draft.moved = case.category != effect.form.category or case.route is None
    _categorise(effect, effect.form.category or "")


def file(effect: Effect) -> None:
    """The filing condition is chosen, and with it the limit."""
    case = effect.draft.case
    condition = effect.books.catalogue.conditions.get((case.category or "", effect.form.condition or 0))
    if condition is None:
        raise FormIncomplete(
            "Choose a filing condition of this category", zh="请选择该类别的立案条件", fields={"condition": "unknown"}
        )
    case.condition_no = condition.no
    case.editions["catalogue"] = effect.books.catalogue.edition
    case.limit_value, case.time_class = condition.limit_value, condition.time_class
    limit = condition.limit_value
    effect.data["limit"] = None if limit is None else [str(limit), condition.time_class]
    case.hazard = dangerous(effect.books.catalogue.categories[condition.category], condition, effect.books)


def dangerous(category: Category, condition: Condition | None, books: Books) -> bool:
    """Whether a case is: before filing as its category may be; filed, where its condition counts by the clock."""
    if condition is None or not category.hazard:
        return category.hazard
    return condition.time_class is not None and not books.time_class(condition.time_class).rule.working


def amend(effect: Effect) -> None:
    """Another category, component or place: routed anew; if another unit answers, the case goes back to be
    dispatched."""
    case, form = effect.draft.case, effect.form
    if (form.category, form.condition, form.component, form.lon) == (None, None, None, None):
        raise FormIncomplete("Say what is to be amended", zh="请填写要更正的内容", fields={"category": "needed"})
    was = case.hazard
    before = {"category": case.category, "component": case.component_code, "unit": case.unit_id}
    effect.data["before"] = before | {"route": case.route_unit}
    if ruled_unit(case.asked) is not None:
        case.asked = None  # the ruling was on other facts
    if form.category is not None:
        if case.condition_no is not None and form.category != case.category and form.condition is None:
            raise FormIncomplete(
                "A filed case of another category needs one of that category's filing conditions",
                zh="已立案的案件更正类别时须同时选择新类别的立案条件",
                fields={"condition": "needed"},
            )
        _categorise(effect, form.category)
    if form.condition is not None:
        file(effect)
        _restart(effect)
    _cordon(effect, was=was)
    if form.component is not None:
        case.component_code = form.component
    if form.lon is not None and form.lat is not None:
        case.lon, case.lat = form.lon, form.lat
    effect.draft.moved = True


def _cordon(effect: Effect, *, was: bool) -> None:
    """What turns out to be dangerous with its unit is to be made safe from now on; what does not, no longer."""
    case, waits = effect.draft.case, ClockKind.CORDON in effect.draft.clocks
    if waits and not case.hazard:
        stop_clock(effect, ClockKind.CORDON)
    elif case.hazard and not was and (case.state, Action.CORDON) in BY_ACTION:
        begin_clock(effect, ClockKind.CORDON, granted_to(effect, ClockKind.CORDON))


def _restart(effect: Effect) -> None:
    """Another filing condition: the disposal clock counts its limit from the same dispatch, in a new epoch."""
    old = effect.draft.clocks.get(ClockKind.DISPOSE)
    granted = None if old is None else granted_to(effect, ClockKind.DISPOSE, old.start)
    if old is not None and granted is not None:
        keep_clock(effect, "=", effect.books.keeper.change(old, granted.limit, effect.now, by=granted.by))


def after_amend(effect: Effect) -> State:
    """An amended case is routed anew (`draft.case.route_unit`): if another unit answers now, it is dispatched again."""
    case = effect.draft.case
    same = case.route_unit in (None, case.unit_id, effect.data["before"]["route"])
    if case.unit_id is None or same:
        # The rule names nobody else than before, whoever was then chosen to do it: the work stays where it is.
        return case.state
    effect.data["returned_from"] = case.unit_id
    case.unit_id, case.due_at, case.late = None, None, False
    case.asked, case.suspended_until, case.inspector_id = None, None, None
    effect.data["dispose_due"] = None
    drop_parts(effect)
    ended = " ".join(f"-{key}" for key in effect.draft.clocks if key != ClockKind.FORCE_CLOSE)
    move_clocks(effect, f"{ended} +dispatch")
    return State.FILED
