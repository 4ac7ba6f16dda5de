"""A return that is agreed to carries the facts that it corrected over to the case: a step of its own, an amendment."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from dispatch.cases.books import Books
from dispatch.cases.draft import CaseRow
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action

__all__ = ["AGREED", "amendment_of", "key_before"]

AGREED = "by_return"


def amendment_of(case: CaseRow, action: Action, form: Form, city: Books) -> Form | None:
    """What is to be amended once `action` has agreed to the return that was asked for; None: nothing.

    Another category of a filed case needs a filing condition: the one in the form, or the only one that there is. Where
    neither is at hand the category stays, for a person to amend.
    """
    asked: dict[str, Any] = case.asked or {}
    if action is not Action.APPROVE_RETURN:
        return None
    category, condition = asked.get("category"), None
    if category == case.category:
        category = None
    elif category is not None and case.condition_no is not None:
        condition = form.condition or _only(city, category)
        category = None if condition is None else category
    component = asked.get("component") if asked.get("component") != case.component_code else None
    lon, lat = asked.get("lon"), asked.get("lat")
    if (category, component, lon) == (None, None, None) or (lon is None) != (lat is None):
        return None
    return Form(category=category, condition=condition, component=component, lon=lon, lat=lat, reason=AGREED)


def _only(city: Books, category: str) -> int | None:
    numbers = [no for code, no in city.catalogue.conditions if code == category]
    return numbers[0] if len(numbers) == 1 else None


def key_before(case: CaseRow, action: Action) -> UUID:
    """The key of a step that another one follows in the same act: the caller's key stands with the last, which is what
    he is answered with. It follows from the chain, so that no stranger's key can be there before it."""
    return uuid5(NAMESPACE_OID, f"{case.last_hash.hex()}:{case.version + 1}:{action.value}")
