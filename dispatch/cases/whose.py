"""Place and route a case: from a point and a category to the unit the rulebook names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Unpack

from dispatch.cases.books import Books
from dispatch.cases.draft import Draft
from dispatch.routing.decide import Routing
from dispatch.routing.route import route as rule_on
from dispatch.standard.catalogue import Category
from gis.db import ReadTx
from gis.locate import How, Place, ask_place, place_of


def place_case(
    tx: ReadTx,
    city: Books,
    lon: float | None,
    lat: float | None,
    accuracy_m: float | None,
    *,
    category: str | None,
    component: str | None,
    street: str | None = None,
) -> Place | None:
    """Where it lies now, by the city's own reaches; None where no position was given.

    `street`: a road's name, or an address with one in it.
    """
    if lon is None or lat is None:
        return None
    about: How = {"accuracy_m": accuracy_m, "category": category, "component_code": component, "street": street}
    return place_of(tx, lon, lat, **_in(city, tx.now.astimezone(city.zone).date(), about))


def _in(city: Books, day: date, about: How) -> How:
    """What is asked about, as the city looks around a point on a day."""
    return {**city.reaches, **about, "on": day}


class _Last:
    """By which books and on which day this process placed a report last: the next one is most likely placed alike."""

    by: tuple[Books, date] | None = None


def placing(tx: ReadTx, lon: float, lat: float, **about: Unpack[How]) -> Callable[[Books, date], Place]:
    """Where a report lies, asked before the books are: so the question travels with the one after their version.

    It is asked by the books and the day of the report before. What is given back has the answer, or asks anew if those
    are others by now.
    """
    guess = _Last.by
    ahead = None if guess is None else ask_place(tx, lon, lat, **_in(*guess, about))

    def place(city: Books, day: date) -> Place:
        if ahead is not None and guess is not None and guess[0] is city and guess[1] == day:
            return ahead()
        _Last.by = (city, day)
        return place_of(tx, lon, lat, **_in(city, day, about))

    return place


def route(place: Place | None, category: Category, city: Books, at: datetime) -> Routing:
    """Who answers for `category` at `place`, reported `at`, by the rulebook in force."""
    return rule_on(category, place, city.table, at=at.astimezone(city.zone), names=city.words)


def route_case(draft: Draft, place: Place, city: Books, data: dict[str, Any]) -> None:
    """Route the draft; the decision goes with the case and into the step."""
    category = city.catalogue.categories[draft.case.category or ""]
    routing = route(place, category, city, draft.case.reported_at)
    draft.case.route = data["route"] = routing.document()
    draft.case.route_unit = routing.unit
    if place.component is not None and place.component.category == category.code:
        draft.case.component_code = place.component.code


def route_anew(tx: ReadTx, draft: Draft, city: Books, data: dict[str, Any]) -> None:
    """Look the place up again and route again: the category, the place, or the unit has changed."""
    case = draft.case
    place = place_case(
        tx,
        city,
        case.lon,
        case.lat,
        case.accuracy_m,
        category=case.category,
        component=case.component_code,
        street=(case.route or {}).get("facts", {}).get("street"),
    )
    if place is None or case.category is None:
        return
    draft.place = place
    case.area_id, case.area_path, case.duty_grid = place.area_id, list(place.area_path), place.duty_grid
    case.area_class = place.area_class
    data |= {"area_id": place.area_id, "top_area_id": place.area_path[0] if place.area_path else None}
    data["area_class"] = place.area_class
    route_case(draft, place, city, data)
    cite(tx, draft, city, draft.case.last_at)


def cite(tx: ReadTx, draft: Draft, city: Books, at: datetime) -> None:
    """Put to the trace what a referee ruled before on cases like this one; the rules stay what decides."""
    route = draft.case.route
    if draft.rulings and route is not None:
        found = city.precedents.of(tx, draft.rulings, route["facts"], at)
        if found:
            route["precedents"] = [one.document() for one in found]
