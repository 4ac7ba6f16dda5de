"""Schemes of score are drafted as rules are: their effect on last month is seen, a second person publishes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from dashboards.schemes import Fields
from dispatch.cases.books import books
from dispatch.cluster import Urls
from dispatch.drafts import draft as drafting
from dispatch.drafts.draft import Draft
from dispatch.drafts.effect import SCHEMES, document_of, effect, proposed
from dispatch.evaluation.period import period_of
from dispatch.evaluation.scheme import LeftOut, Scheme, standard_schemes
from dispatch.evaluation.terms import schemes_on, terms_of
from gis.db import read, value, write
from gis.problems import Conflict, FormIncomplete, NotFound
from tests.cases.town import ZONE, Town, settled

DAY = date(2026, 7, 10)
PLAIN, DEPARTMENT = standard_schemes()["plain-ontime"], standard_schemes()["gb-department"]


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    """June is over: enforcement-a was on time and slow to close, enforcement-b the other way round."""
    with settled() as town:
        town.closed()
        town.replied()
        town.closed("enforcement-b")
        town.set(datetime(2026, 7, 2, 9, 0, tzinfo=ZONE))
        town.sweep()
        yield town


def who(town: Town, login: str) -> int:
    person = town.people[login].person_id
    assert person is not None
    return person


def begun(town: Town, name: str = "own-1") -> Draft:
    with write() as tx:
        return drafting.begin(tx, books(tx), who(town, "evaluator"), name=name, in_force=DAY, kind=SCHEMES)


def keep(town: Town, draft: Draft, scheme: Scheme) -> Draft:
    with write() as tx:
        return drafting.change(
            tx,
            draft.id,
            who(town, "evaluator"),
            version=draft.version,
            no=scheme.key,
            row=document_of(scheme),
            kind=SCHEMES,
        )


def seen(draft: Draft) -> dict[str, object]:
    with read(heavy=True) as tx:
        return effect(tx, books(tx), draft)


def submitted(town: Town, draft: Draft) -> Draft:
    report = seen(draft)
    with write() as tx:
        told = {"version": draft.version, "reason": "按期优先", "report": report, "kind": SCHEMES}
        return drafting.submit(tx, draft.id, who(town, "evaluator"), **told)  # type: ignore[arg-type]


def publish(town: Town, draft: Draft, login: str) -> Draft:
    with write() as tx:
        told = {"version": draft.version, "decision": "同意", "kind": SCHEMES}
        return drafting.publish(tx, books(tx), draft.id, who(town, login), **told)  # type: ignore[arg-type]


def weighed(**weights: int) -> Scheme:
    parts = tuple(replace(p, weight=Decimal(weights[p.key])) for p in DEPARTMENT.indicators if p.key in weights)
    return replace(DEPARTMENT, indicators=parts)


def test_a_drafts_effect_on_last_month_is_old_and_new_score_and_place(town: Town) -> None:
    draft = begun(town)
    assert (seen(draft)["schemes"], draft.base) == ([], "")

    draft = keep(town, draft, weighed(close_rate=100))

    told = seen(draft)
    (scheme,) = told["schemes"]  # type: ignore[misc]
    rows = {row["unit"]: row for row in scheme["rows"]}
    with read(heavy=True) as tx:
        terms = terms_of(tx, period_of("2026-06", ZONE))
    assert told["period"] == "2026-06"
    assert terms.small_sample == 2  # so that one case is shown apart, and two are ranked
    assert rows["enforcement-a"]["score_before"] == "100.00"
    assert rows["enforcement-a"]["score_after"] == "100.00"
    assert rows["enforcement-b"]["place_after"] is None
    assert rows["district-z"]["score_after"] is None


def test_a_published_draft_scores_from_its_day_on_and_not_before(town: Town) -> None:
    draft = submitted(town, keep(town, begun(town), weighed(close_rate=100)))
    with pytest.raises(Conflict, match="Another person"):
        publish(town, draft, "evaluator")

    publish(town, draft, "leader")

    with read() as tx:
        before, after = schemes_on(tx, date(2026, 7, 9)), schemes_on(tx, DAY)
        kinds = value(tx, "SELECT array_agg(kind ORDER BY id) FROM audit_event WHERE kind LIKE 'schemes_%%'")
    assert before == standard_schemes()
    assert [part.key for part in after["gb-department"].indicators] == ["close_rate"]
    assert (after["gb-department"].edition, after["gb-department"].in_force) == ("own-1", DAY)
    assert after["plain-ontime"] == PLAIN
    assert kinds == ["schemes_begun", "schemes_changed", "schemes_submitted", "schemes_published"]
    with pytest.raises(Conflict, match="own-1 already"):
        begun(town)


def test_a_scheme_that_does_not_hold_is_refused_and_the_draft_is_kept(town: Town) -> None:
    draft = begun(town)
    for wrong, said in (
        (weighed(close_rate=90), "the weights sum to 90"),
        (replace(DEPARTMENT, bands=DEPARTMENT.bands[:2]), "nothing is said of a score below 75"),
    ):
        with pytest.raises(FormIncomplete, match=said):
            keep(town, draft, wrong)
    with read() as tx:
        assert drafting.draft_of(tx, draft.id, "schemes") == draft
        with pytest.raises(NotFound):
            drafting.draft_of(tx, draft.id)  # it is no draft of rules
    strange = keep(town, draft, replace(PLAIN, groups=("knights",), leave_out=(LeftOut(unit="nobody", reason="x"),)))
    assert proposed(strange)["plain-ontime"].groups == ("knights",)
    with pytest.raises((Conflict, FormIncomplete), match="knights"):
        publish(town, submitted(town, strange), "leader")


@pytest.mark.parametrize("typed", ["1e999999", "1e-999999", "-1", "NaN", "0.00001", "many"])
def test_a_weight_is_a_number_that_can_be_reckoned_with(typed: str) -> None:
    count = len(PLAIN.indicators)
    sent = Fields(weight=("10.5",) * count, steps=("",) * count)
    assert sent.changed(PLAIN).indicators[0].weight == Decimal("10.5")
    with pytest.raises(FormIncomplete):
        replace(sent, weight=(typed, *sent.weight[1:])).changed(PLAIN)
