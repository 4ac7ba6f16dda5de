"""An ask for more time is held against the reasons of its own day, whatever the city offers later (I24)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.verify import verify
from gis.db import execute, value, write
from gis.problems import Problem
from tests.cases.town import Town, look, settled


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def published(town: Town, reasons: list[dict[str, Any]]) -> int:
    """Settings that offer only these reasons for a suspension, in force from tomorrow."""
    with write() as tx:
        edition: int = value(
            tx,
            """INSERT INTO edition (kind, name, in_force, source, content_hash, content, published_at)
               SELECT kind, 'fewer reasons', %(since)s, source, content_hash, content || %(more)s, %(now)s
                 FROM edition WHERE kind = 'settings' ORDER BY in_force DESC, id DESC LIMIT 1 RETURNING id""",
            since=(town.now + timedelta(days=1)).date(),
            more=Jsonb({"respites": {"ask_suspend": {"limit": 99, "reasons": reasons}}}),
            now=town.now,
        )
        execute(tx, "UPDATE city SET version = version + 1")
    return edition


def broken() -> list[str]:
    return [breach.words for one in verify() if one.no == "I24" for breach in one.first]


def test_a_reason_taken_off_the_list_stays_good_for_who_gave_it_before(town: Town, fresh_database: Urls) -> None:
    case, other = town.handling(), town.handling()
    asked = {"reason": "season", "until": town.now + timedelta(days=9)}
    town.do(case, Action.ASK_SUSPEND, "enforcement-a", **asked)
    edition = published(
        town, [{"code": "weather", "name": "天气", "name_en": "weather", "words": False, "evidence": False}]
    )
    assert broken() == []
    town.later(days=1)
    with pytest.raises(Problem):
        town.do(other, Action.ASK_SUSPEND, "enforcement-a", **asked)
    assert broken() == []
    assert look("SELECT count(*) AS n FROM step WHERE action = 'ask_suspend'") == [{"n": 1}]
    change = "UPDATE step SET data = jsonb_set(data, '{why,settings}', to_jsonb(%s)) WHERE action = 'ask_suspend'"
    with psycopg.connect(fresh_database.super or "") as owner:  # as if it had been asked by the later list
        owner.execute("SET session_replication_role = replica")
        owner.execute(change, [edition])
    assert broken() == ["asked in step 6 for a reason that is not offered: season"]
