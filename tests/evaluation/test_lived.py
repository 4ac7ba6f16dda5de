"""Rankings of a town that lived a week through the door, against a second count: in Python, from the steps alone."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from dashboards.leader import _line
from dispatch.cases.act import Receipt
from dispatch.cases.actor import Actor
from dispatch.cluster import Urls
from dispatch.evaluation.measures import FIGURES, NOTHING, Cut, cases_of, measure, mix_of
from dispatch.evaluation.moved import flaws
from dispatch.evaluation.period import Period, period_of
from dispatch.evaluation.ranking import cut_of, ranking, taking_part
from dispatch.evaluation.scheme import standard_schemes
from dispatch.evaluation.score import ranked
from dispatch.evaluation.score_command import command
from dispatch.lifecycle.states import Action
from gis.db import execute, read, value, write
from tests.cases.town import MONDAY, ZONE, Town, look, settled

WEEK = "2026-W24"
POINT = """
    SELECT ST_X(p) AS lon, ST_Y(p) AS lat
      FROM (SELECT ST_PointOnSurface(geom) AS p FROM area WHERE finest = 1 AND code = %(code)s) AS x
"""
Step = dict[str, Any]


def second(town: Town, login: str) -> None:
    """Another person of the same post: login2."""
    with write() as tx:
        number = value(
            tx,
            "INSERT INTO person (login, name, password_hash, must_change, created_at)"
            " VALUES (%(login)s, %(login)s, '!', false, now()) RETURNING id",
            login=login + "2",
        )
        execute(tx, "INSERT INTO person_role VALUES (%(id)s, %(role)s)", id=number, role=login)
    town.people[login + "2"] = Actor(person_id=number, roles=town.people[login].roles, units=frozenset())


def where(code: str) -> dict[str, Any]:
    """A point in a unit grid."""
    return look(POINT, code=code)[0]


def check(town: Town, case: Receipt, unit: str, sender: str = "acceptor") -> None:
    town.do(case, Action.REPLY, unit, photos=(town.photo(2),))
    town.do(case, Action.PASS_TO_CHECK, "dispatcher")
    town.do(case, Action.SEND_CHECK, sender, inspector=town.people["inspector1"].person_id)


def end(town: Town, case: Receipt) -> None:
    town.do(case, Action.CHECK_PASS, "inspector1", photos=(town.photo(3),))
    town.do(case, Action.CLOSE, "shift_leader")


def again(town: Town, case: Receipt, who: str, unit: str) -> None:
    """Given back, rightly, and dispatched to another unit."""
    town.do(case, Action.ASK_RETURN, "enforcement-a", reason="not-ours")
    town.do(case, Action.APPROVE_RETURN, "dispatcher")
    town.do(case, Action.DISPATCH, who, unit=unit, reason="nearer")


def live(town: Town) -> None:
    """A Monday morning of good and bad work, looked at on Wednesday."""
    for login in ("acceptor", "dispatcher"):
        second(town, login)
    west = where("440002001001003")
    for _ in range(3):
        town.closed()
    town.closed("enforcement-b", **west)
    failed = town.checking()
    town.do(failed, Action.CHECK_FAIL, "inspector1", photos=(town.photo(8),))
    town.do(failed, Action.SEND_REWORK, "dispatcher")
    check(town, failed, "enforcement-a", "acceptor2")
    end(town, failed)
    resting = town.checking()
    town.do(resting, Action.CHECK_FAIL, "inspector1", photos=(town.photo(8),))
    shirked = town.handling()
    town.do(shirked, Action.ASK_RETURN, "enforcement-a", reason="not-ours")
    town.do(shirked, Action.REFUSE_RETURN, "dispatcher", reason="yours")
    again(town, shirked, "dispatcher2", "enforcement-b")
    town.do(shirked, Action.SIGN, "enforcement-b")
    reported = town.report(None, "citizen", public=True, source="web")
    town.do(reported, Action.SEND_VERIFY, "acceptor2", inspector=town.people["inspector2"].person_id)
    town.do(reported, Action.VERIFY, "inspector2", result="true")
    town.do(reported, Action.ACCEPT, "acceptor2", category="E0405")
    town.do(reported, Action.FILE, "shift_leader", condition=1)
    town.do(reported, Action.DISPATCH, "dispatcher2", unit="enforcement-a")
    town.report(None, "citizen", public=True, source="web")  # nobody looks at it
    never_sent = town.replied("enforcement-b", **west)
    town.do(never_sent, Action.PASS_TO_CHECK, "dispatcher")
    late = town.handling()
    town.handling("enforcement-b", **west)  # and left
    town.report(handled=True)
    town.later(hours=9)
    check(town, late, "enforcement-a", "acceptor2")
    town.later(hours=20)  # the check is long due
    end(town, late)
    town.set(MONDAY.replace(day=10, hour=12))


@pytest.fixture(scope="module")
def town(database: Urls) -> Iterator[Town]:
    with settled() as town:
        live(town)
        yield town


@dataclass
class Told:
    """What the steps of one case say, walked by hand."""

    case: int
    path: list[int]
    public: bool
    own: bool
    unit: str | None = None
    taken_from: str | None = None
    due: datetime | None = None
    replied: datetime | None = None
    closed: datetime | None = None
    filed: bool = False
    reworks: int = 0
    shirks: int = 0
    last: Step | None = None

    def walk(self, step: Step) -> None:
        action, data = step["action"], step["data"]
        if action == "dispatch" and self.taken_from not in (None, step["unit_id"]):
            self.reworks = self.shirks = 0
        self.filed |= action == "file"
        self.reworks += action == "check_fail"
        self.shirks += action == "refuse_return"
        self.taken_from = data.get("returned_from", self.taken_from)
        if "dispose_due" in data:
            self.due = data["dispose_due"] and datetime.fromisoformat(data["dispose_due"])
        if action == "reply":
            self.replied = step["at"]
        if action in ("dispatch", "check_fail", "approve_return"):
            self.replied = None
        self.closed = step["at"] if action == "close" else self.closed
        self.unit, self.last = step["unit_id"], step


def told() -> list[Told]:
    found: dict[int, Told] = {}
    for step in look(
        "SELECT s.*, c.area_path, c.public, c.source FROM step s JOIN cases c ON c.id = s.case_id ORDER BY case_id, seq"
    ):
        number = step["case_id"]
        case = found.setdefault(
            number,
            Told(number, step["area_path"], step["public"], step["source"] == "inspector" and not step["public"]),
        )
        case.walk(step)
    return list(found.values())


def tally(cases: list[Told], now: datetime) -> Counter[str]:
    """All that the week's cases count for, of one unit or area; nothing was carried into the week."""
    tally: Counter[str] = Counter()
    for case in cases:
        due = case.due is not None and case.due < now
        closed = case.closed is not None and case.due is not None
        open_late = due and case.replied is None
        ontime = case.replied is not None and case.due is not None and case.replied <= case.due
        tally.update({
            "filed": case.filed, "public_report_verified": case.filed and case.public, "closed": closed,
            "ontime_closed": closed and ontime, "should_close": closed or open_late, "should_dispose": due,
            "ontime_disposed": due and ontime, "overdue_open": open_late, "rework": closed and case.reworks > 0,
            "shirk": due and case.shirks > 0,
        })  # fmt: skip
    return tally


def week() -> Period:
    return period_of(WEEK, ZONE)


def command_rows(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, dict[str, Any]]:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(["--period", WEEK, "--small-sample", "1", "--json", *options])) == 0
    return {row["unit"]: row for row in json.loads(capsys.readouterr().out)}


def cents(number: Decimal | float) -> Decimal:
    return Decimal(number).quantize(Decimal("0.01"))


def test_departments_are_ranked_by_what_they_themselves_did(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    scheme = standard_schemes()["gb-department"]
    with read() as tx:
        found = {p.name: p.measure.counts for p in taking_part(tx, week(), scheme, group="section")}
        ranked = ranking(tx, week(), "section", scheme, small_sample=1)
        mix = mix_of(tx, week(), cut_of(scheme, "section"))
    shown = command_rows(capsys, "--group", "section")
    by_hand = {unit: tally([c for c in told() if c.unit == unit], town.now) for unit in found}

    scores = {}
    for unit, here in by_hand.items():
        assert {name: found[unit].of(name) for name in here} == dict(here)
        if here["should_close"]:
            close, ontime = here["closed"] / here["should_close"], here["ontime_disposed"] / here["should_dispose"]
            scores[unit] = cents(10 + 30 * close + 30 * ontime + 30 * (1 - here["rework"] / here["should_close"]))
    assert by_hand["enforcement-a"]["rework"] == 1
    assert by_hand["enforcement-b"]["shirk"] == 0  # the refusal was of enforcement-a's wish
    assert by_hand["enforcement-a"]["shirk"] == 0  # and the case is not its own any more
    assert {row.unit: row.score.total for row in ranked if row.place} == scores
    for unit, here in by_hand.items():
        kinds = [one for one in mix if one.key == unit]
        assert sum(one.cases for one in kinds) == here["should_dispose"]
        assert sum(one.ontime for one in kinds) == here["ontime_disposed"]
        assert {one.season for one in kinds} <= {2}
        assert str(shown[unit]["observed"] or 0) == str(here["ontime_disposed"])
    assert [row.unit for row in ranked if row.place] == sorted(scores, key=lambda unit: -scores[unit])
    assert {row.unit: (row.place, row.apart) for row in ranked} == {
        u: (r["rank"], r["apart"]) for u, r in shown.items()
    }


@pytest.mark.parametrize("area_class", [1, 2])
def test_areas_are_scored_by_their_grids_of_the_class(
    town: Town, capsys: pytest.CaptureFixture[str], area_class: int
) -> None:
    areas = {row["id"]: row for row in look("SELECT id, code, path, depth, finest, area_class FROM area")}
    grids = {id: row for id, row in areas.items() if row["finest"] and row["area_class"] == area_class}
    shown = command_rows(capsys, "--scheme", f"gb-area-{area_class}")
    with read() as tx:
        parts = taking_part(tx, week(), standard_schemes()[f"gb-area-{area_class}"])
        found = {part.name: part.measure.counts for part in parts}

    assert set(found) == {areas[row["path"][0]]["code"] for row in grids.values()} == set(shown)
    for code, counts in found.items():
        mine = [c for c in told() if c.path[-1] in grids and areas[c.path[0]]["code"] == code]
        here = tally(mine, town.now)
        assert {name: counts.of(name) for name in here} == dict(here)
        assert counts.grids == sum(areas[row["path"][0]]["code"] == code for row in grids.values())
        if here["should_close"]:
            average = here["filed"] / (counts.grids or 0)
            bounds = (0, 2, 4, 6, 8) if area_class == 1 else (0, 3, 5, 7, 9)
            volume = next((p for b, p in zip(bounds, (100, 90, 75, 60, 40), strict=True) if average <= b), 0)
            points = 10 * (1 - here["public_report_verified"] / here["filed"]) + volume * 0.2
            points += (30 * here["closed"] + 40 * here["ontime_closed"]) / here["should_close"]
            assert Decimal(shown[code]["score"]) == cents(points)
    assert any(tally([c for c in told() if c.path[-1] in grids], town.now).values())


def by_person(action: str) -> Counter[str]:
    return Counter(r["login"] for r in look(
        "SELECT p.login FROM step s JOIN person p ON p.id = s.actor_id WHERE s.action = %(action)s", action=action
    ))  # fmt: skip


def test_acceptors_answer_for_what_they_sent_and_for_what_they_never_sent(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = command_rows(capsys, "--scheme", "gb-acceptor")
    with read() as tx:
        parts = taking_part(tx, week(), standard_schemes()["gb-acceptor"])
        found = {part.name: part.measure.counts for part in parts}
        (nobody,) = [m for m in measure(tx, week(), Cut(by="acceptor")) if m.key is None]

    accepted, sent, verifies = by_person("accept"), by_person("send_check"), by_person("send_verify")
    waiting = [case for case in told() if case.last and case.last["to_state"] == "check_pending"]
    assert len(waiting) == 1
    assert {who: counts.accepted for who, counts in found.items()} == dict(accepted)
    assert all(counts.ontime_accepted == accepted[who] for who, counts in found.items())  # each within his minutes
    assert found["acceptor"].need_send_check == sent["acceptor"] + 1  # he accepted the one that waits
    assert found["acceptor"].ontime_send_check == sent["acceptor"]
    assert found["acceptor2"].need_send_check == found["acceptor2"].ontime_send_check == sent["acceptor2"]
    assert found["acceptor2"].need_send_verify == verifies["acceptor2"] == 1
    assert nobody.counts.need_send_verify == 1
    assert Decimal(shown["acceptor"]["check_sent_ontime_rate"]) == cents(
        Decimal(100 * sent["acceptor"]) / (sent["acceptor"] + 1)
    )
    with read() as tx:
        key = str(town.people["acceptor"].person_id)
        (city,) = measure(tx, week(), Cut(by="city"))
        opened = cases_of(tx, week(), key, "need_send_check", Cut(by="acceptor"))
    assert waiting[0].case in opened
    assert city.counts.need_send_verify == 2  # one sent, one left lying
    # The city counts a case once, by its last reply: the one checked twice was sent twice, the one at rest has none.
    assert city.counts.need_send_check == sum(sent.values()) + 1 - 2


def test_a_wrong_dispatch_is_charged_to_who_made_it(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    command_rows(capsys, "--scheme", "gb-dispatcher")
    with read() as tx:
        parts = taking_part(tx, week(), standard_schemes()["gb-dispatcher"])
    found = {part.name: part.measure.counts for part in parts}
    made = by_person("dispatch")
    assert {who: counts.dispatched for who, counts in found.items()} == dict(made)
    assert found["dispatcher"].accurate_dispatched == made["dispatcher"] - 1
    assert found["dispatcher2"].accurate_dispatched == made["dispatcher2"]


def test_inspectors_answer_for_their_own_reports_only(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    shown = command_rows(capsys, "--scheme", "gb-inspector")
    own = [c for c in told() if c.own]
    with read() as tx:
        parts = taking_part(tx, week(), standard_schemes()["gb-inspector"])
    found = {part.name: part.measure.counts for part in parts}
    assert found["inspector1"].own_report == len(own) < len(told())
    assert found["inspector1"].valid_report == sum(case.filed for case in own)
    public = [c for c in told() if c.public and c.filed]
    assert len(public) == found["inspector1"].missed == 1  # it lies in his duty grid
    assert found["inspector1"].filed == sum(case.filed for case in own) + 1
    assert (found["inspector2"].need_verify, found["inspector2"].ontime_verify) == (1, 1)
    checks = by_person("check_pass") + by_person("check_fail")
    assert found["inspector1"].check == checks["inspector1"]
    assert found["inspector1"].ontime_check == checks["inspector1"] - 1
    assert shown["inspector3"]["apart"] == "no data"


def test_shift_leaders_are_scored_by_their_own_filing_and_closing(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = command_rows(capsys, "--scheme", "gb-shift-leader")
    with read() as tx:
        (part,) = taking_part(tx, week(), standard_schemes()["gb-shift-leader"])
    assert part.measure.counts.filed == by_person("file")["shift_leader"]
    assert part.measure.counts.closed == by_person("close")["shift_leader"]
    assert shown["shift_leader"]["score"] == "100.00"


def test_the_page_ranks_as_the_command_does(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    scheme = standard_schemes()["gb-department"]
    with read() as tx:
        parts = {p.name: p.measure for p in taking_part(tx, week(), scheme, group="section")}
        lines = [_line(row, parts[row.unit]) for row in ranking(tx, week(), "section", scheme, small_sample=1)]
    shown = command_rows(capsys, "--group", "section")
    assert {x.unit: x.place for x in lines} == {unit: row["rank"] for unit, row in shown.items()}
    assert {x.unit: x.rate and str(x.rate) for x in lines} == {u: r["ontime_disposal_rate"] for u, r in shown.items()}
    # 1/800: 0.125 % is printed 0.13, where a float's half would go to the even 0.12
    rare = replace(parts["enforcement-a"], counts=replace(NOTHING, ontime_disposed=1, should_dispose=800))
    assert str(_line(ranked({"x": ("section", NOTHING)}, scheme, 1)[0], rare).rate) == "0.13"


def test_the_cases_that_cost_are_those_that_are_missing_from_the_good_figures(town: Town) -> None:
    cut = Cut(by="group", group="section")
    for unit in ("enforcement-a", "enforcement-b"):
        with read() as tx:
            found = flaws(tx, week(), cut, unit)
            behind = {name: set(cases_of(tx, week(), unit, name, cut)) for name in FIGURES}
        late = behind["should_dispose"] - behind["ontime_disposed"]
        closed_late = behind["closed"] - behind["ontime_closed"]
        assert sum(one.cases for one in found) == len(late | closed_late | behind["rework"] | behind["shirk"]) > 0
        assert {id for one in found if one.late for id in one.first} == late
        assert {id for one in found if one.open for id in one.first} == behind["overdue_open"]
        assert {id for one in found if one.closed_late for id in one.first} == closed_late
        assert {id for one in found if one.rework for id in one.first} == behind["rework"]
