"""A department's list goes by its own units' index, and holds what a walk through all cases would find."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from bench.boards import FILL
from dispatch.cases.read import Filters, search
from dispatch.city import load
from dispatch.cluster import Urls
from gis.db import read

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("number", [1, 3])
def test_a_departments_list_is_the_newest_cases_of_all_its_units_page_by_page(
    fresh_database: Urls, tmp_path: Any, number: int
):
    load(ROOT / "tests" / "towns" / "tiny", data=tmp_path)
    with psycopg.connect(fresh_database.super or "", autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(cast(Any, FILL), {"now": datetime.now(UTC), "first": 1, "last": 400})
        found = connection.execute("SELECT unit_id, reported_at, id FROM cases WHERE unit_id IS NOT NULL").fetchall()
    units = sorted({unit for unit, _, _ in found})[:number]
    wanted = [case for unit, _, case in sorted(found, key=lambda row: row[1:], reverse=True) if unit in units]
    with read(as_units=units) as tx:
        first = search(tx, Filters(), limit=30)
        rest = search(tx, Filters(), after=(first[-1].reported_at, first[-1].id), limit=1000)
    assert len(wanted) > 40
    assert [row.id for row in (*first, *rest)] == wanted
