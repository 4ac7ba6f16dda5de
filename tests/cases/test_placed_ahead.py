"""The place of a report is asked before the books are, by those of the report before; it is what they say now."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from dispatch.cases import whose
from dispatch.cases.act import act
from dispatch.cases.books import books
from dispatch.cases.intake import Report, receive
from dispatch.cluster import Urls
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from gis.db import Tx, write
from tests.cases.town import Town, look, settled

BY_THE_AVENUE = {"lon": 114.00065, "lat": 22.5003}  # 33 m from its middle


@pytest.fixture(scope="module")
def town(database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def placed(town: Town) -> dict[str, Any]:
    """Where the database says that a report lies."""
    case = town.report("C0135", **BY_THE_AVENUE)
    columns = "area_id, area_path, duty_grid, road_id, road_class, road_m, place_words"
    return look(f"SELECT {columns} FROM cases WHERE id = %(id)s", id=case.case_id)[0]


def test_a_report_lies_where_the_books_in_force_say_whatever_was_in_force_before(town: Town) -> None:
    first = placed(town)
    assert (first["road_class"], first["area_id"] is not None) == ("main", True)
    with write() as tx:
        present, day = books(tx), tx.now.astimezone(books(tx).zone).date()
    assert whose._Last.by is not None
    assert (whose._Last.by[0] is present, whose._Last.by[1]) == (True, day)
    narrow = replace(present, city={**present.city, "reach": {"road_m": 1}})
    for other in ((narrow, day), (present, date(2000, 1, 1)), None):
        whose._Last.by = other
        assert placed(town) == first
        assert whose._Last.by == (present, day)


def test_a_report_and_an_act_have_one_packet_before_the_one_that_commits_them(town: Town) -> None:
    case = town.report()
    report = Report(id=uuid4(), source="inspector", category="E0405", lon=114.0005, lat=22.501)
    form = Form(category="E0405")
    assert packets(lambda tx: receive(tx, report, town.people["inspector1"])) == 1
    assert packets(lambda tx: act(tx, case.number, Action.ACCEPT, town.people["acceptor"], form, key=uuid4())) == 1


def packets(run: Callable[[Tx], object]) -> int:
    """How many are sent while it runs: each ends with a sync."""
    with tempfile.TemporaryFile() as trace:
        with write(together=True) as tx:
            tx.connection.pgconn.trace(trace.fileno())
            run(tx)
            tx.connection.pgconn.untrace()
        trace.seek(0)
        return sum(b"\tSync" in line for line in trace)
