"""A report → its place → whose it is → a case. The other half of the one door: how a case begins."""

from __future__ import annotations

import hashlib
import re
import secrets as random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from dispatch.cases.act import Receipt, receipt_of
from dispatch.cases.actor import Actor
from dispatch.cases.apply import apply
from dispatch.cases.books import Books, books
from dispatch.cases.draft import CaseRow, Draft, Text
from dispatch.cases.facts import BORN_WITH, born
from dispatch.cases.references import check
from dispatch.cases.save import case_columns, place_columns, save_fact, save_history
from dispatch.cases.steps import first_link, form_hash
from dispatch.cases.whose import cite, placing, route_case
from dispatch.failpoints import failpoint
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from dispatch.people.reach import phone_of
from dispatch.people.roles import Role
from dispatch.secrets import new_key, salted_hash
from gis.db import Tx, dicts
from gis.locate import Place
from gis.problems import Conflict, FormIncomplete

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # a receipt is read out over the telephone: no 0 O 1 I L
RECEIPT_LENGTH = 12

# The lock makes a second copy of the same report wait for the first, whatever its outcome; the statement after
# it looks.
ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%(id)s::text, 1))"
OPENING = """
    SELECT coalesce(city.simulated_now, clock_timestamp()) AS now, city.version, city.rulings,
           nextval('case_number') AS number, nextval('cases_id_seq') AS case_id,
           (SELECT r.case_id FROM report r WHERE r.id = %(id)s) AS known
      FROM city
"""
KNOWN = """
    SELECT r.body_hash, c.id, c.number, c.receipt, k.key, s.to_state AS state
      FROM report r JOIN cases c ON c.id = r.case_id JOIN step s ON s.case_id = r.case_id AND s.seq = 1
           LEFT JOIN case_key k ON k.case_id = r.case_id
     WHERE r.id = %(id)s
"""
CASE = """
    INSERT INTO cases (id, number, receipt, report_id, version, state, pool, source, public, category, hazard, geom,
                       accuracy_m,
                       hand_placed, area_id, area_path, duty_grid, road_id, road_class, road_m, component_code,
                       place_words, place_words_en,
                       unit_id, route, route_unit, reporter_id, tell_in, editions, reported_at, hand_back_at, clocks,
                       next_at, due_at,
                       stage_due_at, last_at, last_hash, ended_at)
    OVERRIDING SYSTEM VALUE
    VALUES (%(id)s, %(number)s, %(receipt)s, %(report_id)s, %(version)s, %(state)s, %(pool)s, %(source)s, %(public)s,
            %(category)s, %(hazard)s, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490), %(accuracy_m)s, %(hand_placed)s,
            %(area_id)s, %(area_path)s, %(duty_grid)s, %(road_id)s, %(road_class)s, %(road_m)s, %(component_code)s,
            %(place_words)s, %(place_words_en)s, %(unit_id)s, %(route)s, %(route_unit)s, %(reporter_id)s,
            %(tell_in)s,
            %(editions)s, %(reported_at)s,
            %(hand_back_at)s, %(clocks)s, %(next_at)s, %(due_at)s, %(stage_due_at)s, %(last_at)s,
            %(last_hash)s, %(ended_at)s)
"""
REPORT = """
    INSERT INTO report (id, case_id, body_hash, source, reporter_id, position, captured_at, received_at)
    VALUES (%(id)s, %(case_id)s, %(body_hash)s, %(source)s, %(reporter_id)s, %(position)s, %(captured_at)s,
    %(received_at)s)
"""
FACT = """
    INSERT INTO fact (case_id, state, source, public, category, class_code, unit_id, area_id, top_area_id, area_class,
                      reporter_id, reported_at, imported, stage_due_at, known_at)
    VALUES (%(case_id)s, %(state)s, %(source)s, %(public)s, %(category)s, %(class_code)s, %(unit_id)s, %(area_id)s,
            %(top_area_id)s, %(area_class)s, %(reporter_id)s, %(reported_at)s, %(imported)s,
            %(stage_due_at)s, %(known_at)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a reporter sends. `id` is his own: the same id is one case for ever. Degrees are the store's (WGS-84,
    CGCS2000).

    `street_name`: the road it is on, as the reporter calls it; without it the address is looked through for one.
    `raw`: the position as sent (crs, x, y); `captured_at`: the device's claim, kept beside the time it came in;
    `handled`: the inspector put it right on the spot. `tell_in`: the language in which whoever reported it wants to be
    told at `contact_phone`.
    """

    id: UUID
    source: str
    public: bool = False
    category: str | None = None
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    hand_placed: bool = False
    component: str | None = None
    street_name: str | None = None
    captured_at: datetime | None = None
    photos: tuple[str, ...] = ()
    description: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    tell_in: str | None = None
    address: str | None = None
    handled: bool = False
    raw: dict[str, Any] = field(default_factory=dict)
    hand_back_at: datetime | None = None

    def body_hash(self, key: bytes | None) -> bytes:
        """What a second report with the same id must be equal to; people's words enter it under the case's key only."""
        words = dict(self.texts())
        body = {name: getattr(self, name) for name in type(self).__slots__ if name not in words}
        body |= {kind: salted_hash(key, text).hex() if key else "" for kind, text in words.items()}
        for later in ("street_name", "tell_in"):  # as reports were hashed that could not name one
            if body[later] is None:
                del body[later]
        return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS, default=str)).digest()

    def texts(self) -> list[tuple[str, str]]:
        """The erasable words, by kind."""
        kinds = ("description", "contact_name", "contact_phone", "address")
        return [(kind, words) for kind in kinds if (words := getattr(self, kind))]


def receive(tx: Tx, report: Report, by: Actor, *, now: datetime | None = None) -> Receipt:
    """Take a report in: located, routed, numbered, its accept clock started.

    The same report again gives the same receipt. Raises Conflict (same id, other content), FormIncomplete.
    """
    placed = _placing(tx, report)
    opening = open_case(tx, report.id)
    if opening["known"] is not None:
        return known(tx, report)
    check(tx, by.person_id, photos=report.photos)
    at = now or opening["now"]
    city = books(tx, opening["version"], at)
    place = placed and placed(city, opening["now"].astimezone(city.zone).date())
    draft = draft_of(report, by, city, place, at=at, opening=opening)
    form, data = _form(report), described(report, city, place, draft)
    cite(tx, draft, city, at)
    draft.key, draft.new_key = (new_key(), True) if report.texts() else (None, False)
    draft.texts = [Text(1, kind, words) for kind, words in report.texts()]
    if draft.key is not None:
        data["texts"] = {kind: salted_hash(draft.key, words).hex() for kind, words in report.texts()}
    action = _action(report, by)
    given = form_hash(report.id, action.value, by.person_id, form.given())
    apply(tx, draft, city, action=action, by=by, form=form, key=report.id, given=given, at=at, known=at, extra=data)
    failpoint("before-commit")
    insert(tx, draft, report, place, data)
    return receipt_of(draft)


def _placing(tx: Tx, report: Report) -> Callable[[Books, date], Place] | None:
    """Where it lies; None where no position was given."""
    if report.lon is None or report.lat is None:
        return None
    return placing(
        tx,
        report.lon,
        report.lat,
        accuracy_m=report.accuracy_m,
        category=report.category,
        component_code=report.component,
        street=report.street_name or report.address,
    )


def open_case(tx: Tx, report_id: UUID) -> dict[str, Any]:
    """Wait for any other copy of the same report, then: the instant, a running number, an id, or the case it is
    already."""
    with tx.at_once(), tx.connection.cursor(row_factory=dict_row) as cursor:
        tx.connection.execute(ALONE, {"id": report_id})
        opening = cursor.execute(OPENING, {"id": report_id}).fetchone()
    if opening is None:
        raise FormIncomplete(
            "No city has been loaded yet: wangge city load DIR", zh="尚未载入城市：wangge city load 目录"
        )
    return opening


def known(tx: Tx, report: Report) -> Receipt:
    """The receipt of a report that came before. Raises Conflict if it says something else now."""
    (before,) = dicts(tx, KNOWN, id=report.id)
    if bytes(before["body_hash"]) != report.body_hash(before["key"]):
        raise Conflict(
            "A report with this id and other content was received before; nothing was changed",
            zh="相同编号、不同内容的上报已经收到，未作任何更改",
            number=before["number"],
        )
    return Receipt(
        case_id=before["id"],
        number=before["number"],
        state=before["state"],
        version=1,
        receipt=before["receipt"],
        repeated=True,
    )


def _action(report: Report, by: Actor) -> Action:
    if report.public or Role.INSPECTOR not in by.roles:
        return Action.REGISTER
    return Action.REPORT_HANDLED if report.handled else Action.REPORT


def _form(report: Report) -> Form:
    return Form(
        category=report.category, component=report.component, lon=report.lon, lat=report.lat, photos=report.photos
    )


def draft_of(
    report: Report, by: Actor, city: Books, place: Place | None, *, at: datetime, opening: dict[str, Any]
) -> Draft:
    """A case that has no step yet. `opening`: its id and running number.

    Raises FormIncomplete (unknown category, due back in the past).
    """
    category = city.catalogue.categories.get(report.category or "")
    if report.category and category is None:
        raise FormIncomplete("No such category in the catalogue", zh="目录中没有该类别", fields={"category": "unknown"})
    if report.hand_back_at is not None and report.hand_back_at <= at:
        raise FormIncomplete(
            "It would be due back before it was registered: look at the date, or leave it empty if it has passed",
            zh="回办期限早于登记时间：请核对日期；确已过期的请留空",
            fields={"hand_back": "past"},
        )
    case = CaseRow(
        id=opening["case_id"],
        number=case_number(city, place, at, opening["number"]),
        report_id=report.id,
        receipt=_receipt(),
        version=0,
        state=None,  # type: ignore[arg-type]  # it has none before its first step
        source=report.source,
        public=report.public,
        category=report.category,
        condition_no=None,
        hazard=category is not None and category.hazard,
        limit_value=None,
        time_class=None,
        lon=report.lon,
        lat=report.lat,
        accuracy_m=report.accuracy_m,
        area_id=place.area_id if place else None,
        area_path=list(place.area_path) if place else [],
        area_class=place.area_class if place else None,
        duty_grid=place.duty_grid if place else None,
        road_class=place.road_class if place else "none",
        component_code=report.component,
        unit_id=None,
        route=None,
        route_unit=None,
        reporter_id=None if report.public else by.person_id,
        tell_in=report.tell_in if phone_of(report.contact_phone or "") else None,
        inspector_id=None,
        merged_into=None,
        supervised=False,
        reworks=0,
        returns=0,
        extensions=0,
        deferrals=0,
        suspensions=0,
        appealed=False,
        asked=None,
        close_asked=None,
        supervision=None,
        assists=None,
        assisting=None,
        editions=dict(city.editions),
        reported_at=at,
        suspended_until=None,
        dispatched_at=None,
        ended_at=None,
        due_at=None,
        late=False,
        last_at=at,
        last_hash=first_link(report.id),
    )
    return Draft(case, {}, place=place, rulings=opening["rulings"])


def _receipt() -> str:
    """Drawn at once: letter by letter the system would be asked twelve times for chance."""
    drawn, letters = random.randbelow(len(ALPHABET) ** RECEIPT_LENGTH), []
    for _ in range(RECEIPT_LENGTH):
        drawn, letter = divmod(drawn, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def case_number(city: Books, place: Place | None, at: datetime, sequence: int) -> str:
    """The city's layout (`[case_number]`): local date, code of the top area, a running number with gaps."""
    layout = city.city["case_number"]
    area = place.area_codes[0].split(":", 1)[1] if place and place.area_codes else str(layout["fallback"])
    return str(layout["pattern"]).format(date=at.astimezone(city.zone).strftime("%Y%m%d"), area=area, seq=sequence)


def described(report: Report, city: Books, place: Place | None, draft: Draft) -> dict[str, Any]:
    """What the first step keeps besides the form: source, class, place, route."""
    data: dict[str, Any] = {"source": report.source, "public": report.public}
    if draft.case.tell_in is not None:
        data["tell_in"] = draft.case.tell_in
    category = city.catalogue.categories.get(report.category or "")
    if category is not None:
        data["class_code"] = f"{category.kind}:{category.class_code}"
    if place is not None:
        data |= {
            "area_id": place.area_id,
            "top_area_id": place.area_path[0] if place.area_path else None,
            "area_class": place.area_class,
            "areas": list(place.area_codes),
            "road": [place.road_class, place.road_m],
        }
    if category is not None and place is not None:
        route_case(draft, place, city, data)
    return data


FIRST = tuple(name for name in CaseRow.__slots__ if f"%({name})s" in CASE)
HOLDS = frozenset(re.findall(r"%\((\w+)\)s", CASE))


def insert(
    tx: Tx, draft: Draft, report: Report, place: Place | None, data: dict[str, Any], *, imported: bool = False
) -> None:
    """Write a new case with its report, fact and history in one round trip."""
    case = draft.case
    nowhere = {"area_id": None, "road_id": None, "road_m": None, "place_words": "", "place_words_en": ""}
    where = place_columns(place) if place is not None else nowhere
    columns = {name: getattr(case, name) for name in FIRST} | case_columns(draft) | where
    columns |= {
        "lon": case.lon,
        "lat": case.lat,
        "hand_placed": report.hand_placed,
        "hand_back_at": report.hand_back_at,
    }
    brought = {name: getattr(case, name) for name in BORN_WITH[1:]} | {"case_id": case.id}
    fact = born(brought, case.category, data) | {"imported": imported, "stage_due_at": draft.stage_due_at}
    fact |= {"state": case.state.value, "unit_id": case.unit_id}
    with tx.at_once():
        # No value more than the statement holds: with over 50 psycopg works it out anew each time.
        tx.connection.execute(CASE, {name: columns[name] for name in HOLDS})
        tx.connection.execute(
            REPORT,
            {
                "id": report.id,
                "case_id": case.id,
                "body_hash": report.body_hash(draft.key),
                "source": report.source,
                "reporter_id": case.reporter_id,
                "position": Jsonb(report.raw) if report.raw else None,
                "captured_at": report.captured_at,
                "received_at": case.reported_at if not imported else case.last_at,
            },
        )
        tx.connection.execute(FACT, fact)
        if draft.add or draft.set.keys() - fact.keys():  # an import, a report handled on the spot
            save_fact(tx, case.id, draft)
        save_history(tx, draft)


__all__ = ["Report", "case_number", "described", "draft_of", "insert", "known", "open_case", "receive"]
