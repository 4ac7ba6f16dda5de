"""Every list that people look at walks its index, under the centre's role and a department's. Never a timed test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from bench.boards import fill
from dispatch.backlog import backlog
from dispatch.calendars.turn import NEXT
from dispatch.cases import read as look
from dispatch.cases.act import ANSWERED, LOCK, LOCK_NUMBER
from dispatch.cases.duplicates import Limits, Matter, candidates, counted
from dispatch.cases.intake import KNOWN, OPENING
from dispatch.cases.overdue import CLAIM
from dispatch.cases.read import Filters
from dispatch.cases.resting import resting, stock
from dispatch.cases.waiting import listed
from dispatch.city import load
from dispatch.cluster import Cluster, Urls
from dispatch.evaluation.as_of import CHANGED
from dispatch.evaluation.measures import Cut, cases_of, measure
from dispatch.evaluation.period import Period
from dispatch.evaluation.respites import ASKED, CASES
from dispatch.lifecycle.states import Pool, State
from dispatch.live.feed import Token, since
from dispatch.people.me import ME
from dispatch.worker import SOON
from gis.db import ReadTx, reading
from gis.locate import place_of
from gis.tiles import tile
from tests.conftest import TEMPLATE

TOWN = Path(__file__).resolve().parents[1] / "towns" / "tiny"
NOW = datetime.now(UTC)
Ask = Callable[[ReadTx, str], object]
CENTRE, DEPARTMENT = "centre", "department"

LIMITS = Limits(metres=50, hours=24, closed_hours=168)
MATTER = Matter(category="0101", lon=113.5, lat=22.5, at=NOW)

LISTS: dict[str, Ask] = {
    "board": lambda tx, unit: look.board(tx, Pool.ACCEPTOR),
    "board, its second page": lambda tx, unit: look.board(tx, Pool.ACCEPTOR, after=(NOW, 1)),
    "board, of some states": lambda tx, unit: look.board(tx, Pool.ACCEPTOR, states=[State.REPORTED]),
    "inbox": lambda tx, unit: look.inbox(tx, [unit]),
    "tasks": lambda tx, unit: look.tasks(tx, 1),
    "mine": lambda tx, unit: look.mine(tx, 1),
    "list, newest": lambda tx, unit: look.search(tx, Filters()),
    "list of a unit": lambda tx, unit: look.search(tx, Filters(unit=unit)),
    "list of a unit, its second page": lambda tx, unit: look.search(tx, Filters(unit=unit), after=(NOW, 9)),
    "list of a unit, closed, 60 days": lambda tx, unit: look.search(
        tx, Filters(unit=unit, states=(State.CLOSED,), since=NOW - timedelta(days=60))
    ),
    "list of a category": lambda tx, unit: look.search(tx, Filters(category="0101")),
    "a number": lambda tx, unit: look.search(tx, Filters(number="F7", unit=unit)),
    "cases behind a figure": lambda tx, unit: look.by_ids(tx, [1, 2, 3]),
    "case under lock": lambda tx, unit: _plain(tx, LOCK.replace("FOR UPDATE OF c", ""), case=1),
    "case under lock, by number": lambda tx, unit: _plain(tx, LOCK_NUMBER.replace("FOR UPDATE OF c", ""), case="F1"),
    "answered before": lambda tx, unit: _plain(tx, ANSWERED, key=UUID(int=1)),
    "report before": lambda tx, unit: _plain(tx, OPENING.replace("nextval(", "length("), id=UUID(int=1)),
    "report that is known": lambda tx, unit: _plain(tx, KNOWN, id=UUID(int=1)),
    "due next": lambda tx, unit: _plain(tx, CLAIM.replace("FOR UPDATE OF c SKIP LOCKED", ""), now=NOW, limit=20),
    "falls due next": lambda tx, unit: _plain(tx, SOON),
    "what the worker owes": lambda tx, unit: backlog(tx),
    "to be counted anew": lambda tx, unit: _plain(tx, NEXT, reached=5, limit=500),
    "session": lambda tx, unit: _plain(tx, ME, hash=b"x", idle=30),
    "place": lambda tx, unit: place_of(tx, 113.5, 22.5, category="0101"),
    "the same matter": lambda tx, unit: candidates(tx, MATTER, LIMITS),
    "the same matter, counted": lambda tx, unit: counted(tx, [1, 2, 3], LIMITS, latitude=22.5),
    "tile of cases": lambda tx, unit: tile(tx, "case", (14, 13380, 7150), on=NOW.date()),
    "feed": lambda tx, unit: since(tx, Token(1, 1)),
    "a month by unit": lambda tx, unit: measure(tx, Period("m", NOW - timedelta(days=40), NOW - timedelta(days=10))),
    "a month's group": lambda tx, unit: measure(
        tx, Period("m", NOW - timedelta(days=40), NOW - timedelta(days=10)), Cut(by="group", group="bureau")
    ),
    "behind a figure of a month": lambda tx, unit: cases_of(
        tx, Period("m", NOW - timedelta(days=40), NOW - timedelta(days=10)), unit, "should_dispose"
    ),
    "what rests": lambda tx, unit: resting(tx, NOW, unit=unit, band=1),
    "what rests, counted": lambda tx, unit: stock(tx, NOW),
    "asked for by a group": lambda tx, unit: _plain(tx, ASKED, units=[unit], since=NOW - timedelta(days=30), now=NOW),
    "cases of a group": lambda tx, unit: _plain(tx, CASES, units=[unit], since=NOW - timedelta(days=30)),
    "appeals that wait": lambda tx, unit: listed(tx, "appealed"),
    "added to since": lambda tx, unit: _plain(tx, CHANGED, as_of=NOW - timedelta(days=10)),
}
REPORTS = """
    INSERT INTO report (id, case_id, body_hash, source, received_at)
    SELECT report_id, id, sha256(report_id::text::bytea), source, reported_at FROM cases
"""
WHOLE = {"cases", "fact", "step", "report", "feed", "feed_part_rest", "road", "component", "session", "person"}
CALLED = {"units_on"}  # a function that is not drawn into the statement is planned and opened at each call
FACTS = {"fact_life", "fact_settled"}
WALKED: list[tuple[str, str, set[str]]] = [
    ("board", CENTRE, {"cases_pool_due"}),
    ("board, its second page", CENTRE, {"cases_pool_due"}),
    ("board, of some states", CENTRE, {"cases_pool_due"}),
    ("inbox", CENTRE, {"cases_unit_due"}),
    ("inbox", DEPARTMENT, {"cases_unit_due"}),
    ("tasks", CENTRE, {"cases_inspector"}),
    ("mine", CENTRE, {"cases_reporter"}),
    ("list, newest", CENTRE, {"cases_reported"}),
    ("list, newest", DEPARTMENT, {"cases_unit_reported"}),
    ("list of a unit", CENTRE, {"cases_unit_reported"}),
    ("list of a unit", DEPARTMENT, {"cases_unit_reported"}),
    ("list of a unit, its second page", CENTRE, {"cases_unit_reported"}),
    ("list of a unit, its second page", DEPARTMENT, {"cases_unit_reported"}),
    ("list of a unit, closed, 60 days", CENTRE, {"cases_unit_reported"}),
    ("list of a unit, closed, 60 days", DEPARTMENT, {"cases_unit_reported"}),
    ("list of a category", CENTRE, {"cases_category_reported"}),
    ("a number", CENTRE, {"uq_cases_number"}),
    ("a number", DEPARTMENT, {"uq_cases_number"}),
    ("cases behind a figure", CENTRE, {"pk_cases"}),
    ("case under lock", CENTRE, {"pk_cases"}),
    ("case under lock", DEPARTMENT, {"pk_cases"}),
    ("case under lock, by number", DEPARTMENT, {"uq_cases_number"}),
    ("answered before", CENTRE, {"uq_step_key"}),
    ("report before", CENTRE, {"pk_report"}),
    ("report that is known", CENTRE, {"pk_report", "pk_cases", "pk_step"}),
    ("due next", CENTRE, {"cases_next"}),
    ("falls due next", CENTRE, {"cases_next"}),
    ("session", CENTRE, set()),  # by whichever: there is none
    ("place", CENTRE, {"area_geom", "road_geom"}),
    # By their place or by category and day: whichever is shorter. A town of 4,000 cases does not tell.
    ("the same matter", CENTRE, set()),
    ("the same matter", DEPARTMENT, set()),
    ("the same matter, counted", CENTRE, set()),
    ("the same matter, counted", DEPARTMENT, set()),
    ("tile of cases", CENTRE, {"cases_open_spot"}),
    ("tile of cases", DEPARTMENT, {"cases_open_spot"}),
    ("feed", CENTRE, {"feed_part_rest_tx_id_idx"}),
    ("a month by unit", CENTRE, FACTS),
    ("a month's group", CENTRE, FACTS),
    ("behind a figure of a month", CENTRE, FACTS),
    ("what rests", CENTRE, {"cases_resting", "pk_fact", "pk_step"}),
    ("what rests, counted", CENTRE, {"cases_resting", "pk_fact"}),
    ("asked for by a group", CENTRE, {"step_respites"}),
    ("cases of a group", CENTRE, {"cases_unit_reported"}),
    ("appeals that wait", CENTRE, {"cases_appealed"}),
    ("added to since", CENTRE, {"fact_settled"}),
]


def _plain(tx: ReadTx, sql: str, **params: object) -> object:
    return tx.connection.execute(sql, params).fetchall()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def filled(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Urls, str]]:
    """A town with two years of cases, and the unit that has most of them."""
    import gis.db

    urls = cluster.create_database("t_plans", template=TEMPLATE)
    gis.db.configure(urls.app)
    load(TOWN, data=tmp_path_factory.mktemp("plans"))
    fill(urls.super or "", 4000)
    with psycopg.connect(urls.super or "", autocommit=True) as connection:
        connection.execute(REPORTS)
        connection.execute("ANALYZE report")
        row = connection.execute("SELECT unit_id FROM fact WHERE unit_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC")
        ((unit,), *_) = row.fetchall()
    yield urls, unit
    gis.db.close()
    cluster.drop_database("t_plans")


@pytest.mark.parametrize("kept", ["for all values", "for these values"])
@pytest.mark.parametrize(("name", "role", "indexes"), WALKED, ids=[f"{name}, {role}" for name, role, _ in WALKED])
def test_it_walks_its_index_and_never_the_whole_table(
    filled: tuple[Urls, str], name: str, role: str, indexes: set[str], kept: str
):
    urls, unit = filled
    used, walked = _plan(urls.super or "", name, role, unit, generic=kept == "for all values")
    assert indexes <= used
    assert not walked & (WHOLE | CALLED)


def _plan(url: str, name: str, role: str, unit: str, *, generic: bool) -> tuple[set[str], set[str]]:
    """The indexes that are used; the tables that are read whole and the functions called, as PostgreSQL tells."""
    told: list[str] = []
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
        for line in SETTINGS:
            connection.execute(line)
        connection.execute(f"SET plan_cache_mode = {'force_generic_plan' if generic else 'force_custom_plan'}")
        if role == CENTRE:
            connection.execute("SET ROLE wangge_app")
        with reading(connection, [unit] if role == DEPARTMENT else None) as tx:
            LISTS[name](tx, unit)
    used: set[str] = set()
    walked: set[str] = set()
    for words in told:
        for node in _nodes(json.loads(words.partition("plan:")[2])["Plan"]):
            used |= {node["Index Name"]} if "Index Name" in node else set()
            walked |= {node["Relation Name"]} if node["Node Type"] == "Seq Scan" else set()
            walked |= {node["Function Name"]} if node["Node Type"] == "Function Scan" else set()
    return used, walked


# A few thousand rows are read whole in no time: without that way out the plan is the one of a million.
SETTINGS = (
    "SET enable_seqscan = off",
    "LOAD 'auto_explain'",
    "SET auto_explain.log_min_duration = 0",
    "SET auto_explain.log_format = json",
    "SET client_min_messages = log",
)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What is carried out: nothing below a condition that is known to be false, such as another zoom's."""
    yield plan
    for part in () if plan.get("One-Time Filter") == "false" else plan.get("Plans", ()):
        yield from _nodes(part)


ASIDE = """
    INSERT INTO parked (kind, key, fault, times, first_at, last_at, again_at)
    SELECT 'case', id::text, '', 1, now(), now(), now()
      FROM cases WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 2
"""
OPEN = "UPDATE cases SET next_at = now() + id * interval '1 minute' WHERE ended_at IS NULL OR id % 2 = 0"


def test_what_falls_due_next_is_found_without_looking_at_the_others(filled: tuple[Urls, str]) -> None:
    """Walking all of the index is walking an index, too."""
    with closing(psycopg.connect(filled[0].super or "")) as connection:  # nothing of it is committed
        connection.execute(SETTINGS[0])
        owed = connection.execute(OPEN).rowcount
        connection.execute("ANALYZE cases")
        connection.execute(ASIDE)
        ((found,),) = connection.execute("EXPLAIN (ANALYZE, FORMAT json) " + SOON).fetchall()
    looked = [node["Actual Rows"] for node in _nodes(found[0]["Plan"]) if node.get("Relation Name") == "cases"]
    assert owed > 100
    assert sum(looked) == 3
