"""A doubtful place is dispatched by the answer to its question; a rule's own limit counts if it is followed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from gis.problems import FormIncomplete
from tests.cases.town import Town, look, settled

A = Action
BY_THE_AVENUE = {"lon": 114.0015, "lat": 22.5001}


@pytest.fixture(scope="module")
def town(database: Urls) -> Iterator[Town]:
    """The town, whose rule for main roads has a limit and an assistant of its own."""
    with settled() as town:
        more = {"limit": {"value": 3, "time_class": "urgent_hour"}, "assist": ["territory:district"]}
        with psycopg.connect(database.owner) as owner:
            owner.execute(
                """UPDATE edition SET content = jsonb_set(content, '{rule,0}', content #> '{rule,0}' || %s::jsonb)
                    WHERE kind = 'rules'""",
                (json.dumps(more),),
            )
            owner.execute("UPDATE city SET version = version + 1")
        yield town


def case_row(case_id: int) -> dict[str, Any]:
    return look("SELECT route, route_unit, unit_id, clocks FROM cases WHERE id = %(id)s", id=case_id)[0]


def last_step(case_id: int) -> dict[str, Any]:
    found: dict[str, Any] = look("SELECT data FROM step WHERE case_id = %(id)s ORDER BY seq DESC", id=case_id)[0][
        "data"
    ]
    return found


def test_a_doubtful_place_is_dispatched_by_an_answer_which_is_kept(town: Town) -> None:
    case = town.filed("C0135", accuracy_m=45, **BY_THE_AVENUE)
    route = case_row(case.case_id)["route"]
    assert (route["unit"], route["doubtful"]) == (None, "place")
    assert route["question"].startswith("在路缘的哪一侧：在人民大道（")
    assert [(one["key"], one["unit"], one["rule"]) for one in route["answers"]] == [
        ("road=main", "utilities", "R-001"),
        ("road=none", "district-a", "R-003"),
    ]
    sent = town.do(case, A.DISPATCH, "dispatcher", unit="utilities", answer="road=main")
    assert sent.unit_id == "utilities"
    row, step = case_row(case.case_id), last_step(case.case_id)
    assert (row["route_unit"], row["route"]["rule"], row["route"]["doubtful"]) == ("utilities", "R-001", None)
    assert (step["rule"], step["follows"], step["answered"]["key"]) == ("R-001", True, "road=main")
    assert step["answered"]["question_en"].startswith("Which side of the kerb")
    assert row["route"]["assist"] == ["district-a"]


def test_an_answer_that_is_none_or_leads_elsewhere_is_refused(town: Town) -> None:
    case = town.filed("C0135", accuracy_m=45, **BY_THE_AVENUE)
    with pytest.raises(FormIncomplete) as refusal:
        town.do(case, A.DISPATCH, "dispatcher", unit="utilities", answer="road=alley")
    assert refusal.value.extra["fields"] == {"answer": "unknown"}
    with pytest.raises(FormIncomplete) as refusal:
        town.do(case, A.DISPATCH, "dispatcher", unit="water", answer="road=main")
    assert refusal.value.extra["fields"] == {"unit": "not of the answer"}
    assert town.do(case, A.DISPATCH, "dispatcher", unit="water").unit_id == "water"


def test_a_rules_own_limit_counts_if_the_dispatch_follows_it(town: Town) -> None:
    case = town.filed("C0135", **BY_THE_AVENUE)
    followed = town.do(case, A.DISPATCH, "dispatcher", unit="utilities")
    assert followed.due_at == town.now + timedelta(hours=3)
    other = town.filed("C0135", **BY_THE_AVENUE)
    elsewhere = town.do(other, A.DISPATCH, "dispatcher", unit="water", reason="local")
    assert elsewhere.due_at is not None
    assert elsewhere.due_at > followed.due_at
