"""Schemes of score are drafted as rules are: their effect on last month is seen, a second person publishes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from dashboards.scheme_form import BY_LOSSES, Fields, Row, rows_of
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
    with pytest.raises((Conflict, FormIncomplete), match="knights, nobody"):
        publish(town, submitted(town, strange), "leader")


def typed(scheme: Scheme, *rows: Row, **more: Any) -> Fields:
    """The form as the page sends it: the scheme's own rows, or these."""
    sent = [*(rows or rows_of(scheme)), Row()]
    told: dict[str, Any] = {
        **{name: tuple(getattr(row, name) for row in sent) for name in Row.__dataclass_fields__},
        "bands": "\n".join(f"{band.name} {band.lowest} {band.colour}" for band in scheme.bands),
        "group": scheme.groups,
        "out": tuple(one.unit for one in scheme.leave_out),
        "out_why": tuple(one.reason for one in scheme.leave_out),
        "hand": "\n".join(f"{one.kind} {one.most} {one.name} | {one.name_en}" for one in scheme.hand),
    }
    return Fields(**{**told, **more})


@pytest.mark.parametrize("number", ["1e999999", "1e-999999", "-1", "NaN", "0.00001", "many"])
def test_a_weight_is_a_number_that_can_be_reckoned_with(number: str) -> None:
    (row, _) = rows_of(PLAIN)
    assert typed(PLAIN, replace(row, weight="10.5")).changed(PLAIN).indicators[0].weight == Decimal("10.5")
    with pytest.raises(FormIncomplete):
        typed(PLAIN, replace(row, weight=number)).changed(PLAIN)


@pytest.mark.parametrize("key", [key for key, scheme in standard_schemes().items() if scheme.of != "company"])
def test_a_form_that_nobody_changed_says_the_scheme_again(key: str) -> None:
    scheme = standard_schemes()[key]
    assert typed(scheme).changed(scheme) == scheme


def test_indicators_steps_deductions_groups_and_exclusions_are_added_and_taken_out(town: Town) -> None:
    steps = Row(key="shirk", weight="15", steps="0=100 5=50; 0")
    own = Row(key=BY_LOSSES, weight="25", name="纪律 | Discipline", lose="shirk 0.5\nclose_rate < 90 1 ?")
    kept = [replace(row, weight="60") for row in rows_of(DEPARTMENT) if row.key == "close_rate"]
    said = typed(
        DEPARTMENT, *kept, steps, own, group=("section",), out=("street-a", ""), out_why=("试点", ""),
        bands="A 80 green\nB 0 red", hand="special 5 专项 | Special",
    )  # fmt: skip
    draft = keep(town, begun(town), said.changed(DEPARTMENT))
    read_again = proposed(draft)["gb-department"]
    assert [part.key for part in read_again.indicators] == ["close_rate", "shirk", "own-1"]
    assert read_again.indicators[1].steps == ((Decimal(0), Decimal(100)), (Decimal(5), Decimal(50)))
    loss, rate = read_again.indicators[2].losses
    assert (loss.each, loss.below, rate.below, rate.optional) == (Decimal("0.5"), None, Decimal(90), True)
    assert (read_again.groups, read_again.leave_out) == (("section",), (LeftOut(unit="street-a", reason="试点"),))
    assert [(band.name, band.lowest) for band in read_again.bands] == [("A", 80), ("B", 0)]
    assert [(hand.kind, hand.most, hand.name_en) for hand in read_again.hand] == [("special", 5, "Special")]
    assert typed(read_again).changed(read_again) == read_again
    with read(heavy=True) as tx:
        (moved,) = effect(tx, books(tx), draft)["schemes"]  # the effect on June, before anything takes effect
    assert {row["group"] for row in moved["rows"]} == {"section"}


@pytest.mark.parametrize(
    ("changes", "en", "zh"),
    [
        ({"bands": "A 90 green\nB 75 blue"}, "nothing is said of a score below 75", "低于 75 分的没有等级"),
        ({"bands": "A 75 green\nB 90 blue\nC 0 red"}, "bands go down from 100", "等级须从 100 向下排列"),
        ({"bands": "A green"}, "A band is written like", "等级写作"),
        ({"hand": "Special"}, "A kind of points is written like", "人工计分写作"),
        ({"out": ("street-a",), "out_why": ("",)}, "has a unit and a reason", "写明理由"),
        (
            {"rows": [Row(key="close_rate", weight="90")]},
            "the weights sum to 90, not to 100",
            "权重之和为 90，应为 100",
        ),
        ({"rows": [Row(key="filed", weight="100")]}, "Steps are written like", "分档写作"),
        ({"rows": [Row(key="filed", weight="100", steps="9=1 5=2; 0")]}, "do not go up", "须从小到大"),
        ({"rows": [Row(key=BY_LOSSES, weight="100", name="x")]}, "a line for each", "每项扣分一行"),
        ({"rows": [Row(key=BY_LOSSES, weight="100", name="x", lose="nothing 1")]}, "is written like", "扣分写作"),
        ({"rows": [Row(key=BY_LOSSES, weight="100", name="x", lose="shirk < 90 1")]}, "is not a rate", "不是比率"),
        ({"rows": [Row(key="close_rate", weight="50")] * 2}, "is given twice", "重复"),
        ({"rows": [Row(key="knights", weight="100", steps="5=1; 0")]}, "is not a count", "不是计数"),
    ],
)
def test_a_scheme_fault_is_said_in_both_languages_and_the_draft_kept(
    town: Town, changes: dict[str, Any], en: str, zh: str
) -> None:
    draft = begun(town)
    with pytest.raises(FormIncomplete) as refused:
        keep(town, draft, typed(DEPARTMENT, *changes.pop("rows", ()), **changes).changed(DEPARTMENT))
    assert en in str(refused.value)
    assert zh in refused.value.zh
    with read() as tx:
        assert drafting.draft_of(tx, draft.id, "schemes") == draft
