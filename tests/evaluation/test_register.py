"""Every measure by every cut: against a count by hand over the steps, in one cell each, and opened to its cases."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt
from typing import Any

import pytest

from dashboards.words import keys
from dispatch.cases.books import books
from dispatch.cluster import Urls
from dispatch.evaluation.measures import COUNTED, MORE, Cut, cases_of, measure, parameters, total
from dispatch.evaluation.measures import RECURRED as RECURRED_SQL
from dispatch.evaluation.measures import TURNS as TURNS_SQL
from dispatch.evaluation.measures_command import command
from dispatch.evaluation.period import Period, period_of
from dispatch.evaluation.rates import RATES, Counts
from dispatch.evaluation.register import FAMILIES, MEASURES, behind, known_of, lines_of
from dispatch.evaluation.spans import SPANS, hours, lasted, quantile, spans
from dispatch.lifecycle.states import ENDED, Action
from gis.db import dicts, read
from tests.cases.town import ZONE, look, settled
from tests.evaluation.test_as_of import BORDER, WEEK, Life

JUNE = "2026-06"
CUTS = (
    *(Cut(by=by) for by in ("unit", "area_class", "kind", "class", "category", "source", "channel", "campaign")),
    *(Cut(by="area", depth=depth) for depth in (1, 2, 3)),
)
BANDS = {"backlog_day": (0, 1), "backlog_3_days": (1, 3), "backlog_week": (3, 7), "backlog_month": (7, 30),
         "backlog_older": (30, 9999)}  # fmt: skip
CASES = "SELECT id, NULL AS component, area_path FROM cases"
REACH = 50  # metres: what tiny does not say otherwise


@dataclass
class Told:
    """One case as its steps told it by an instant, walked by hand."""

    id: int
    row: dict[str, Any]
    state: str = ""
    category: str | None = None
    reported: datetime | None = None
    filed: datetime | None = None
    dispatched: datetime | None = None
    replied: datetime | None = None
    closed: datetime | None = None
    turns: list[tuple[str, datetime]] = field(default_factory=list)

    def place(self, step: dict[str, Any]) -> None:
        """Where it lies: as it was reported, or amended."""
        if step["seq"] == 1 or step["action"] == "amend":
            said = step["data"].get("form", {})
            self.row = self.row | {name: said[name] for name in ("lon", "lat", "component") if name in said}

    def walk(self, step: dict[str, Any]) -> None:
        action, at, data = step["action"], step["at"], step["data"]
        self.state = step["to_state"]
        self.place(step)
        self.reported = self.reported or at
        self.category = data.get("category") or data.get("form", {}).get("category") or self.category
        if action == "file":
            self.filed = at
        if action == "dispatch":
            self.dispatched = at
        if action in ("reply", "reply_for"):
            self.replied = at
        if action in ("dispatch", "approve_return", "rule_other", "reject_reply", "check_fail", "reopen"):
            self.replied = None
        if action in ("close", "force_close", "confirm_handled"):
            self.closed = at
        if action == "reopen":
            self.closed = None
        if action in ("approve_return", "rule_other", "reopen"):
            self.turns.append((action, at))


def told(then: datetime) -> dict[int, Told]:
    """All cases by what was recorded until `then`."""
    rows = {row["id"]: row for row in look(CASES)}
    found: dict[int, Told] = {}
    for step in look("SELECT * FROM step WHERE recorded_at <= %(then)s ORDER BY case_id, seq", then=then):
        found.setdefault(step["case_id"], Told(step["case_id"], rows[step["case_id"]])).walk(step)
    return found


def metres(one: Told, other: Told) -> float:
    a, b, x = radians(one.row["lat"]), radians(other.row["lat"]), radians(one.row["lon"] - other.row["lon"])
    return 2 * 6_371_000 * asin(sqrt(sin((a - b) / 2) ** 2 + cos(a) * cos(b) * sin(x / 2) ** 2))


def again(one: Told, cases: dict[int, Told]) -> bool:
    """Whether the like of it had been closed at its place not thirty days before it was filed."""
    return any(
        other.id != one.id and other.category == one.category and other.closed is not None and one.filed is not None
        and timedelta(0) < one.filed - other.closed < timedelta(days=30)
        and (metres(one, other) <= REACH
             or (one.row["component"] is not None and one.row["component"] == other.row["component"]))
        for other in cases.values()
    )  # fmt: skip


def by_hand(period: Period, then: datetime) -> dict[str, set[int]]:
    """Figure → the cases that count in it."""
    cases, until = told(then), min(period.end, then)

    def within(at: datetime | None) -> bool:
        return at is not None and period.start <= at < until

    found: dict[str, set[int]] = {name: set() for name in MORE}
    for one in cases.values():
        assert one.reported is not None
        if any(action != "reopen" and within(at) for action, at in one.turns):
            found["returned"].add(one.id)
        if any(action == "reopen" and within(at) for action, at in one.turns):
            found["reopened"].add(one.id)
        if within(one.filed) and again(one, cases):
            found["recurred"].add(one.id)
        if one.state not in ENDED:
            found["backlog"].add(one.id)
            days = (then - one.reported) / timedelta(days=1)
            found[next(name for name, (low, high) in BANDS.items() if low <= days < high)].add(one.id)
    return found


@pytest.fixture(scope="module")
def life(databases: Callable[[], AbstractContextManager[Urls]]) -> Iterator[Life]:
    with databases(), settled() as town:
        life = Life(town, 5)
        life.live()
        town.closed()
        town.later(hours=2)
        town.filed()  # the same matter at the same place again
        first = town.closed()
        town.later(minutes=1)
        town.do(first, Action.REOPEN, "shift_leader", reason="back-again")
        town.later(minutes=1)
        yield life


def instants(life: Life) -> list[datetime]:
    return [BORDER, BORDER + timedelta(days=2), life.town.now]


def test_returns_reopening_recurrence_and_backlog_are_what_the_steps_say(life: Life) -> None:
    seen: Counter[str] = Counter()
    for then in instants(life):
        for name in (WEEK, "2026-W25", JUNE):
            period = period_of(name, ZONE)
            expected = by_hand(period, then)
            with read(heavy=True) as tx:
                (city,) = measure(tx, period, Cut(by="city"), as_of=then, more=MORE) or [None]
                opened = {one: set(cases_of(tx, period, "", one, Cut(by="city"), as_of=then)) for one in MORE}
            assert opened == expected, (then, name)
            assert city is not None
            assert {one: city.counts.of(one) for one in MORE} == {one: len(ids) for one, ids in expected.items()}
            seen.update({one: len(ids) for one, ids in expected.items()})
    assert {"returned", "reopened", "recurred", "backlog", "backlog_day", "backlog_3_days"} <= {
        k for k in seen if seen[k]
    }


def test_lengths_of_time_are_those_of_the_cases_by_the_wall_and_by_the_calendar(life: Life) -> None:
    period = period_of(JUNE, ZONE)
    cases = told(life.town.now)
    with read(heavy=True) as tx:
        calendar = books(tx).calendar
        whole = spans(tx, period, Cut(by="city"), as_of=tx.now)[""]
        disposed = cases_of(tx, period, "", "disposed", Cut(by="city"), as_of=tx.now)
        closed = cases_of(tx, period, "", "closed", Cut(by="city"), as_of=tx.now)
    assert len(disposed) > 5
    ways: dict[str, list[int]] = {"dispose": [], "dispose_work": [], "close": []}
    for id in disposed:
        one = cases[id]
        assert one.dispatched is not None
        done = one.replied or one.closed
        assert done is not None
        ways["dispose"].append(int((done - one.dispatched).total_seconds()))
        ways["dispose_work"].append(calendar.count(int(one.dispatched.timestamp()), int(done.timestamp())))
    for id in closed:
        one = cases[id]
        assert one.closed is not None
        assert one.reported is not None
        ways["close"].append(int((one.closed - one.reported).total_seconds()))
    for key, span in SPANS.items():
        lengths = sorted(ways[span.length])
        # the first of them that half (four fifths) of all do not exceed
        expected = next(x for x in lengths if sum(y <= x for y in lengths) * 10 >= span.part * len(lengths))
        assert whole[key] == expected == quantile(lengths, span.part), key
    assert whole["dispose_work_median"] != whole["dispose_median"]


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: f"{cut.by}-{cut.depth}")
def test_every_case_is_in_exactly_one_cell_and_the_cells_add_up(life: Life, cut: Cut) -> None:
    for then in instants(life):
        period = period_of(JUNE, ZONE)
        with read(heavy=True) as tx:
            (city,) = measure(tx, period, Cut(by="city"), as_of=then, more=MORE)
            cells = measure(tx, period, cut, as_of=then, more=MORE)
            assert total(cells) == city.counts
            for figure in ("report", "should_dispose", "closed", "backlog"):
                held = [id for one in cells for id in cases_of(tx, period, one.key, figure, cut, as_of=then)]
                assert sorted(held) == cases_of(tx, period, "", figure, Cut(by="city"), as_of=then)
    assert len(cells) > (cut.by != "kind")  # the town has events only


@pytest.mark.parametrize("cut", [*CUTS, Cut(by="city"), Cut(by="acceptor"), Cut(by="post", post="dispatcher")],
                         ids=lambda cut: f"{cut.by}-{cut.depth}")  # fmt: skip
def test_every_figure_opens_to_lists_that_give_it_again(life: Life, cut: Cut) -> None:
    period, names = period_of(JUNE, ZONE), known_of(cut)
    with read(heavy=True) as tx:
        lines = lines_of(tx, period, cut, names, as_of=tx.now)
        assert lines
        for line in lines[:2]:
            for name in names:
                found = behind(tx, period, line.key, name, cut, as_of=tx.now)
                assert found.value == line.values[name], (line.key, name)
                assert not found.excluded.keys() & (found.above.keys() | found.below.keys())
                if name in RATES and found.below:
                    exact = Decimal(100 * sum(found.above.values())) / sum(found.below.values())
                    assert abs(exact - Decimal(str(found.value))) <= Decimal("0.005")


@pytest.mark.parametrize("cut", [*CUTS, Cut(by="group", group="section"), Cut(by="city")], ids=lambda cut: cut.by)
def test_lengths_of_time_are_those_of_the_cases_looked_at_one_by_one(life: Life, cut: Cut) -> None:
    """The whole lives of a period by one index, the others one by one, and all together: the same as each by itself."""
    seen = 0
    for then in instants(life):
        for name in (WEEK, JUNE):
            period = period_of(name, ZONE)
            with read(heavy=True) as tx:
                for key, told in spans(tx, period, cut, as_of=then).items():
                    if key == "" and cut.by == "group":
                        continue  # all that are in the group
                    whose = Cut(by="city") if key == "" else cut
                    for span in SPANS.values():
                        lengths = [length for _, length in lasted(tx, period, key, span, whose, as_of=then)]
                        assert told[span.key] == quantile(lengths, span.part), (then, name, key, span.key)
                        seen += len(lengths)
    assert seen > 50


def test_the_post_as_a_whole_is_all_its_persons(life: Life) -> None:
    period = period_of(JUNE, ZONE)
    with read(heavy=True) as tx:
        persons = measure(tx, period, Cut(by="acceptor"), as_of=tx.now)
        (post,) = measure(tx, period, Cut(by="post", post="acceptor"), as_of=tx.now)
    assert post.key == "acceptor"
    assert len(persons) >= 1
    assert post.counts == total_of_posts([one.counts for one in persons])


def total_of_posts(counts: list[Counts]) -> Counts:
    known = [name for name in Counts.names() if counts[0].of(name) is not None]
    return Counts(**{name: sum(one.of(name) or 0 for one in counts) for name in known})


def test_a_campaign_holds_its_classes_in_its_days_and_area_and_nothing_is_in_two(life: Life) -> None:
    period, then = period_of(JUNE, ZONE), life.town.now
    areas = {row["id"]: f"{row['level']}:{row['code']}" for row in look("SELECT id, level, code FROM area")}
    with read(heavy=True) as tx:
        inside = set(cases_of(tx, period, "night-stalls", "report", Cut(by="campaign"), as_of=then))
        outside = set(cases_of(tx, period, None, "report", Cut(by="campaign"), as_of=then))
        apart = measure(tx, period, Cut(by="city", campaign=""), as_of=then)
        classes = {row["case_id"]: row["class_code"] for row in dicts(tx, "SELECT case_id, class_code FROM fact")}
    expected = {
        one.id for one in told(then).values()
        if classes[one.id] == "event:04" and "district:440001" in {areas[id] for id in one.row["area_path"] or ()}
    }  # fmt: skip
    assert inside == expected
    assert inside
    assert outside
    assert not inside & outside
    assert apart[0].counts.report == len(outside)


def test_every_measure_has_its_label_and_its_sentence() -> None:
    assert len(MEASURES) == len(set(MEASURES))
    assert set(COUNTED) | set(MORE) | set(SPANS) <= set(MEASURES) <= set(Counts.names()) | set(RATES) | set(SPANS)
    known = keys("zh")
    assert {f"bulletin.of_{name}" for name in MEASURES} <= known
    assert {f"measure.{name}" for name in MEASURES if name not in RATES} <= known
    assert {f"measures.family_{name}" for name in FAMILIES} <= known


def test_hours_are_rounded_half_up_and_nothing_is_no_data() -> None:
    assert [str(hours(n)) for n in (0, 18, 17, 3600, 126_000)] == ["0.00", "0.01", "0.00", "1.00", "35.00"]
    assert hours(None) is None
    assert quantile([], 5) is None
    assert [quantile([1, 2, 3, 4, 5], part) for part in (5, 8)] == [3, 4]


def test_what_facts_do_not_tell_is_found_by_indexes(life: Life) -> None:
    with read(heavy=True) as tx:
        known = parameters(tx, period_of(WEEK, ZONE), Cut(by="city"), None, ("backlog",))
        tx.connection.execute("SET LOCAL enable_seqscan = off")
        more = {"metres": 50, "north": 0.00045, "east": 0.0005}
        turns, recurred = (
            "\n".join(row["QUERY PLAN"] for row in dicts(tx, "EXPLAIN " + sql, **known, **more))
            for sql in (TURNS_SQL, RECURRED_SQL)
        )
    assert "step_turns" in turns
    assert "fact_settled" in recurred or "fact_reported" in recurred
    assert "Seq Scan on" not in turns + recurred


def test_the_command_tells_the_same_and_refuses_strangers(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)

    def said(*options: str) -> tuple[int, str]:
        code = command.run(parser.parse_args(["--period", JUNE, "--json", *options]))
        return code, capsys.readouterr().out

    for word, cut in (("unit", Cut()), ("area:street", Cut(by="area", depth=2)), ("dispatcher", Cut(by="dispatcher"))):
        with read(heavy=True) as tx:
            lines = lines_of(tx, period_of(JUNE, ZONE), cut, known_of(cut))
        rows = json.loads(said("--by", word)[1])
        assert [row["key"] for row in rows] == [line.key for line in lines]
        for row, line in zip(rows, lines, strict=True):
            assert row == {"key": line.key} | {
                name: str(value) if isinstance(value, Decimal) else value for name, value in line.values.items()
            }
    assert json.loads(said("--by", "city", "--measures", "filed,backlog")[1])[0].keys() == {"key", "filed", "backlog"}
    for wrong in (["--by", "nonsense"], ["--measures", "nonsense"], ["--as-of", "2031-01-01"]):
        assert said(*wrong)[0] == 2
