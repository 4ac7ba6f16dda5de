"""The figures of a period, counted a second time in Python from the same facts, case by case."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg
import pytest

from dispatch.cluster import Urls
from dispatch.evaluation import measures
from dispatch.evaluation.lives import ASTRIDE, ONE, astride, lived
from dispatch.evaluation.measures import CELLS, Cut, cases_of, measure, mix_of, recount, total
from dispatch.evaluation.period import Period
from dispatch.evaluation.ranking import ranking
from dispatch.evaluation.rates import Counts, rates
from dispatch.evaluation.scheme import standard_schemes
from dispatch.verify.figures import lives_breaches
from gis.db import ReadTx, dicts, execute, execute_many, read, value, write

OCTOBER = Period("2026-10", datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
HALVES = (
    Period("first half", datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 16, tzinfo=UTC)),
    Period("second half", datetime(2026, 10, 16, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
)
LONG_AFTER = datetime(2027, 6, 1, tzinfo=UTC)
UNITS = ("north", "north-crew", "south", "bureau", "depot")
PARENTS = {"north-crew": "north"}
GROUPS = {"north": "district", "south": "district", "bureau": "department", "depot": "department"}
FACTS = 3000


def make_units() -> None:
    with write() as tx:
        edition = value(
            tx,
            "INSERT INTO edition (kind, name, in_force, source, content_hash)"
            " VALUES ('units', 'e', '2024-01-01', 's', 'h') RETURNING id",
        )
        for unit in UNITS:
            execute(
                tx,
                "WITH made AS (INSERT INTO unit VALUES (%(id)s))"
                " INSERT INTO unit_entry (unit_id, name, name_en, tier, parent_id, types, ranking_group, terminal,"
                " platform, edition_id, valid_from) VALUES (%(id)s, %(id)s, %(id)s, 1, %(parent)s, '{}', %(group)s,"
                " true, false, %(edition)s, '2024-01-01')",
                id=unit,
                parent=PARENTS.get(unit),
                group=GROUPS.get(unit),
                edition=edition,
            )


def history(draw: Random, case_id: int) -> dict[str, Any]:
    """One case's facts, in an order of instants that can happen, over three months around October."""

    def later(at: datetime | None, hours: float, chance: float) -> datetime | None:
        return None if at is None or draw.random() > chance else at + timedelta(hours=draw.random() * hours)

    reported = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(seconds=draw.randrange(80 * 86_400))
    accepted = later(reported, 2, 0.95)
    filed = later(accepted, 2, 0.95)
    voided = later(filed, 3, 0.03)
    dispatched = None if voided and draw.random() < 0.5 else later(filed, 4, 0.97)
    suspended = later(dispatched, 100, 0.05)
    due = (
        None if suspended or not dispatched or draw.random() < 0.05 else dispatched + timedelta(days=draw.random() * 9)
    )
    disposed = None if suspended or voided else later(dispatched, draw.choice((300, 1500)), 0.85)
    if due and not voided and draw.random() < 0.02:
        disposed = due  # to the second: on time
    closed = later(disposed, 48, 0.9)
    forced = bool(dispatched and not disposed and draw.random() < 0.1)
    return {
        "case_id": case_id,
        "state": "closed_forced" if forced else "void" if voided else "closed" if closed else "handling",
        "source": draw.choice(("inspector", "hotline")),
        "public": draw.random() < 0.4,
        "class_code": draw.choice(("event:01", "component:02")),
        "unit_id": draw.choice(UNITS) if dispatched else None,
        "area_class": draw.choice((1, 2)),
        "reported_at": reported,
        "accepted_at": accepted,
        "filed_at": filed,
        "voided_at": voided,
        "void_after_filing": voided is not None,
        "dispatched_at": dispatched,
        "suspended_at": suspended,
        "due_at": due,
        "disposed_at": disposed,
        "closed_at": later(dispatched, 500, 1) if forced else closed,
        "ontime": None if not (due and disposed) else disposed <= due,
        "forced": forced,
        "self_handled": draw.random() < 0.05,
        "verifier_id": draw.choice((None, 1)),
        "checker_id": draw.choice((None, 1)),
        **{name: draw.choice((None, True, False)) for name in ("ontime_verify", "ontime_send_verify")},
        **{name: draw.choice((None, True, False)) for name in ("ontime_check", "ontime_send_check")},
        "exempt": draw.random() < 0.02,
        "ontime_file": draw.choice((True, True, False)) if filed else None,
        "ontime_dispatch": draw.choice((True, True, False)) if dispatched else None,
        "returns": int(draw.random() < 0.1),
        "reworks": int(draw.random() < 0.1),
        "extensions": int(draw.random() < 0.1),
        "shirks": int(draw.random() < 0.05),
        "suspensions": int(suspended is not None),
        "known_at": reported,
    }


def store(facts: list[dict[str, Any]]) -> None:
    names = list(facts[0])
    columns, values = ", ".join(names), ", ".join(f"%({name})s" for name in names)
    with write() as tx:
        execute_many(tx, f"INSERT INTO fact ({columns}) VALUES ({values})", facts)
        execute(tx, "ANALYZE fact")


@pytest.fixture(scope="module")
def facts(database: Urls) -> list[dict[str, Any]]:
    """Three thousand made-up histories, in the table that every case's steps keep up."""
    make_units()
    with write() as tx:
        execute(
            tx,
            "INSERT INTO city (name, folder, document, version, simulated_now) VALUES ('t', 't', '{}', 1, %(now)s)",
            now=LONG_AFTER,
        )
    bare_facts(database)
    draw = Random(7)
    made = [history(draw, number) for number in range(1, FACTS + 1)]
    store(made)
    return made


def bare_facts(database: Urls) -> None:
    """Facts without their cases: only here, where the facts themselves are the matter."""
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("ALTER TABLE fact DROP CONSTRAINT fk_fact_case_id")


def cell(fact: dict[str, Any], period: Period, now: datetime = LONG_AFTER) -> str | None:
    """The independent count: in which cell a case is, said as a person would."""
    cut = min(period.end, now)
    due, done = fact["due_at"], fact["disposed_at"] or fact["closed_at"]
    if due is None or fact["exempt"] or fact["forced"] or fact["self_handled"] or due >= cut:
        return None
    if fact["voided_at"] and fact["voided_at"] < cut:
        return None
    if done is not None and done >= cut:
        done = None  # not yet known at the cut
    if due >= period.start:
        return "new_open" if done is None else "new_ontime" if done <= due else "new_late"
    if done is not None and done < period.start:
        return None
    return "carried_open" if done is None else "carried_disposed"


def within(at: datetime | None, period: Period) -> bool:
    return at is not None and period.start <= at < period.end


def counted_by_hand(facts: list[dict[str, Any]], period: Period) -> dict[str, int]:
    tally: Counter[str] = Counter()
    for fact in facts:
        here = cell(fact, period)
        due, done = fact["due_at"], fact["disposed_at"] or fact["closed_at"]
        apart = due is None or fact["forced"] or fact["exempt"] or fact["self_handled"]
        apart = apart or (fact["voided_at"] is not None and fact["voided_at"] < period.end)
        closed = within(fact["closed_at"], period) and not apart
        open_late = here in ("new_open", "carried_open")
        filed = within(fact["filed_at"], period)
        dispatched = filed and fact["dispatched_at"] is not None and fact["dispatched_at"] < period.end
        tally += Counter(
            should_dispose=here is not None,
            disposed=here in ("new_ontime", "new_late", "carried_disposed"),
            ontime_disposed=here == "new_ontime",
            late_disposed=here in ("new_late", "carried_disposed"),
            overdue_open=open_late,
            closed=closed,
            ontime_closed=closed and done <= due,
            should_close=closed or open_late,
            rework=closed and fact["reworks"] > 0,
            extended=(closed or open_late) and fact["extensions"] > 0,
            shirk=here is not None and fact["shirks"] > 0,
            report=within(fact["reported_at"], period),
            filed=filed,
            ontime_filed=filed and fact["ontime_file"] is not False,
            accurate_filed=filed and not fact["void_after_filing"],
            public_report_verified=filed and fact["public"],
            dispatched=dispatched,
            accurate_dispatched=dispatched and fact["returns"] == 0,
            ontime_dispatched=dispatched and fact["ontime_dispatch"] is not False,
            suspended=filed and fact["suspensions"] > 0,
            need_check=within(fact["disposed_at"], period) and fact["checker_id"] is not None,
            ontime_check=within(fact["disposed_at"], period) and fact["ontime_check"] is True,
        )
    return dict(tally)


NAMES = (
    *("should_dispose", "disposed", "ontime_disposed", "late_disposed", "overdue_open", "closed", "ontime_closed"),
    *("should_close", "rework", "extended", "shirk", "report", "filed", "ontime_filed", "accurate_filed"),
    *("public_report_verified", "dispatched", "accurate_dispatched", "ontime_dispatched"),
    *("suspended", "need_check", "ontime_check"),
)


@pytest.mark.parametrize("period", [OCTOBER, *HALVES], ids=lambda period: period.name)
def test_every_units_figures_are_what_a_second_count_finds(facts: list[dict[str, Any]], period: Period) -> None:
    with read() as tx:
        found = {one.key: one for one in measure(tx, period, as_of=LONG_AFTER)}

    for unit in (*UNITS, None):
        mine = [fact for fact in facts if fact["unit_id"] == unit]
        by_hand = counted_by_hand(mine, period)
        assert {name: found[unit].counts.of(name) for name in NAMES} == {n: by_hand.get(n, 0) for n in NAMES}
        cells = Counter(cell(fact, period) for fact in mine)
        assert dict(found[unit].cells) == {name: cells[name] for name in CELLS}
        assert sum(found[unit].triple) == found[unit].counts.should_dispose


def test_every_figure_opens_to_exactly_its_cases(facts: list[dict[str, Any]]) -> None:
    with read() as tx:
        for name in CELLS:
            by_hand = [f["case_id"] for f in facts if f["unit_id"] == "bureau" and cell(f, OCTOBER) == name]
            assert by_hand
            assert cases_of(tx, OCTOBER, "bureau", name, as_of=LONG_AFTER) == by_hand
        counted = {one.key: one.counts for one in measure(tx, OCTOBER, as_of=LONG_AFTER)}
        for figure in ("filed", "should_close", "rework", "check"):
            assert len(cases_of(tx, OCTOBER, "south", figure, as_of=LONG_AFTER)) == counted["south"].of(figure)
        with pytest.raises(ValueError, match="not a figure"):
            cases_of(tx, OCTOBER, "south", "true; DROP TABLE fact", as_of=LONG_AFTER)


def test_sums_over_any_cut_equal_the_city(facts: list[dict[str, Any]]) -> None:
    with read() as tx:
        (city,) = measure(tx, OCTOBER, Cut(by="city"), as_of=LONG_AFTER)
        for cut in (Cut(), Cut(by="class"), Cut(by="source"), Cut(by="channel"), Cut(by="kind"), Cut(by="area_class")):
            assert total(measure(tx, OCTOBER, cut, as_of=LONG_AFTER)) == city.counts
        (hotline,) = measure(tx, OCTOBER, Cut(by="city", channel="hotline"), as_of=LONG_AFTER)
        (inspector,) = measure(tx, OCTOBER, Cut(by="city", channel="inspector"), as_of=LONG_AFTER)
    assert (hotline.counts.filed or 0) + (inspector.counts.filed or 0) == city.counts.filed


def test_over_periods_a_case_is_newly_due_once_and_carried_afterwards(facts: list[dict[str, Any]]) -> None:
    seen: Counter[int] = Counter()
    with read() as tx:
        for period in HALVES:
            for name in ("new_ontime", "new_late", "new_open"):
                seen.update(cases_of(tx, period, "", name, Cut(by="city"), as_of=LONG_AFTER))
        open_then = set(cases_of(tx, HALVES[0], "", "overdue_open", Cut(by="city"), as_of=LONG_AFTER))
        carried = {case for name in ("carried_disposed", "carried_open")
                   for case in cases_of(tx, HALVES[1], "", name, Cut(by="city"), as_of=LONG_AFTER)}  # fmt: skip
    assert set(seen.values()) == {1}
    assert open_then == carried


def test_a_platform_answers_for_those_below_it_and_groups_stand_apart(facts: list[dict[str, Any]]) -> None:
    with read() as tx:
        found = {
            one.key: one.counts for one in measure(tx, OCTOBER, Cut(by="group", group="district"), as_of=LONG_AFTER)
        }
        apart = {one.key: one.counts for one in measure(tx, OCTOBER, as_of=LONG_AFTER)}
        ranked = ranking(
            tx, OCTOBER, "district", standard_schemes()["gb-department"], small_sample=20, as_of=LONG_AFTER
        )

    assert set(found) == {"north", "south"}
    assert found["north"] == total_of(apart["north"], apart["north-crew"])
    assert [row.place for row in ranked] == [1, 2]
    by_hand = counted_by_hand([f for f in facts if f["unit_id"] in ("north", "north-crew")], OCTOBER)
    north = next(row for row in ranked if row.unit == "north")
    assert (
        north.score.points["close_rate"]
        == rates(Counts(closed=by_hand["closed"], should_close=by_hand["should_close"]))["close_rate"]
    )


def total_of(*counts: Counts) -> Counts:
    names = [name for name in Counts.names() if name != "grids" and counts[0].of(name) is not None]
    return Counts(**{name: sum(one.of(name) or 0 for one in counts) for name in names})


def test_a_period_under_way_ends_now_for_its_deadlines(facts: list[dict[str, Any]]) -> None:
    now = datetime(2026, 10, 12, 9, tzinfo=UTC)
    with write() as tx:
        execute(tx, "UPDATE city SET simulated_now = %(n)s", n=now)
        (city,) = measure(tx, OCTOBER, Cut(by="city"))
        execute(tx, "UPDATE city SET simulated_now = %(n)s", n=LONG_AFTER)
    cells = Counter(cell(fact, OCTOBER, now) for fact in facts)
    assert dict(city.cells) == {name: cells[name] for name in CELLS}


def test_a_group_nobody_belongs_to_has_no_ranking_and_a_unit_without_cases_no_data(facts: list[dict[str, Any]]) -> None:
    empty = Period("2025", datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    with read() as tx:
        assert (
            ranking(tx, OCTOBER, "nobody", standard_schemes()["gb-department"], small_sample=20, as_of=LONG_AFTER) == []
        )
        ranked = ranking(
            tx, empty, "department", standard_schemes()["gb-department"], small_sample=20, as_of=LONG_AFTER
        )
    assert [(row.unit, row.place, row.apart) for row in ranked] == [
        ("bureau", None, "no data"),
        ("depot", None, "no data"),
    ]


CUTS = (
    *(Cut(), Cut(by="city"), Cut(by="class"), Cut(by="source"), Cut(by="area_class"), Cut(by="channel")),
    *(Cut(by="kind"), Cut(by="category"), Cut(units=("south", "depot"))),
    *(Cut(by="group", group="district"), Cut(channel="hotline"), Cut(class_code="event:01", area_class=2)),
)


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.by)
def test_cases_counted_by_what_their_lives_have_in_common_are_as_many_as_counted_one_by_one(
    facts: list[dict[str, Any]], cut: Cut
) -> None:
    with read() as tx:
        for period in (OCTOBER, *HALVES, Period("all", datetime(2026, 1, 1, tzinfo=UTC), LONG_AFTER)):
            assert measure(tx, period, cut, as_of=LONG_AFTER) == recount(tx, period, cut, as_of=LONG_AFTER)
            mix = Counter[str | None]()
            for stratum in mix_of(tx, period, cut, as_of=LONG_AFTER):
                mix[stratum.key] += stratum.cases
            due = {one.key: one.counts.should_dispose for one in recount(tx, period, cut, as_of=LONG_AFTER)}
            assert dict(mix) == {key: number for key, number in due.items() if number}


def test_the_strata_of_lives_are_those_of_their_cases(facts: list[dict[str, Any]]) -> None:
    by_hand = Counter(
        (f["unit_id"], f["class_code"], f["area_class"], (f["due_at"].month + 2) // 3)
        for f in facts
        if cell(f, OCTOBER)
    )
    with read() as tx:
        mix = mix_of(tx, OCTOBER, Cut(), as_of=LONG_AFTER)
    assert {(one.key, *one.kind): one.cases for one in mix} == by_hand


def test_most_cases_of_a_period_are_not_looked_at_one_by_one(facts: list[dict[str, Any]]) -> None:
    with read() as tx:
        params = measures.parameters(tx, OCTOBER, Cut(), LONG_AFTER)
        whole = [case for one in lived(tx, params, ids=True) for case in one.ids]
        others = astride(tx, params)
    ended = {f["case_id"] for f in facts if f["state"] != "handling"}
    begun = {f["case_id"] for f in facts if within(f["reported_at"], OCTOBER)}
    assert set(whole) < ended & begun
    assert not set(whole) & set(others)
    assert begun < {*whole, *others}
    assert len(whole) > 300


def test_the_verifier_names_whose_lives_are_not_those_of_their_cases(
    facts: list[dict[str, Any]], database: Urls
) -> None:
    with psycopg.connect(database.owner) as owner:
        assert list(lives_breaches(ReadTx(owner), "UTC")) == []
        owner.execute("ALTER TABLE fact DISABLE TRIGGER fact_rests")
        owner.execute("UPDATE fact SET life = 0 WHERE unit_id = 'south' AND life IS NOT NULL")
        found = [breach.words for breach in lives_breaches(ReadTx(owner), "UTC")]
        owner.rollback()
    assert found == ["figures of south in 2026 differ, counted case by case"]


def test_the_plan_reads_indexes_and_never_the_whole_table(facts: list[dict[str, Any]]) -> None:
    week = Period("week", datetime(2026, 9, 7, tzinfo=UTC), datetime(2026, 9, 8, tzinfo=UTC))
    with read() as tx:
        tx.connection.execute("SET LOCAL enable_seqscan = off")
        params = measures.parameters(tx, week, Cut(), None) | {"only": None}
        one_by_one, lives, others = (
            "\n".join(row["QUERY PLAN"] for row in dicts(tx, "EXPLAIN " + sql, **params))
            for sql in (measures.MEASURE, ONE, ASTRIDE)
        )
    for plan in (one_by_one, lives, others):
        assert "Seq Scan on fact" not in plan
    assert "fact_settled" in one_by_one or "fact_reported" in one_by_one  # whichever end leaves fewer
    assert "Index Only Scan using fact_life" in lives
    for index in ("fact_settled", "fact_long"):
        assert index in others
