"""Each night once: seven days looked ahead, what is new told; everybody on duty paged, who was not reached named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.alarms import nightly
from dispatch.alarms.nightly import drill_of, look_ahead
from dispatch.cluster import Urls
from dispatch.duty.lint import Finding
from dispatch.notify.channels import Gateway
from dispatch.notify.deliver import send_by
from dispatch.notify.outbox import send_due
from dispatch.notify.words import text_of
from dispatch.people.reach import set_reach
from gis.db import ReadTx, execute, read, value, write
from tests.cases.town import Town, look
from tests.duty.town import ENFORCEMENT, LINES, at, on_duty
from tests.notify.receivers import Receiver, http_receiver

TOLD = """
    SELECT DISTINCT login FROM outbox o JOIN person p ON p.id = o.person_id
     WHERE kind = 'duty_unsound' AND o.created_at = (SELECT simulated_now FROM city) ORDER BY login
"""
# Water's night of the third of October is nobody's: the ordinary line ends before, another begins after.
PLANTED = [
    *(line for line in LINES if "all,18:00" not in line),
    "water,duty,,2026-01-01,2026-10-02,all,18:00-08:00,,wa;wb;wc",
    "water,duty,,2026-10-04,,all,18:00-08:00,,wa;wb;wc",
    *ENFORCEMENT,
]


@pytest.fixture
def town(fresh_database: Urls, tmp_path: Path) -> Iterator[Town]:
    with on_duty(tmp_path, "2026-09-25T01:59", PLANTED) as town:
        yield town


def told() -> list[str]:
    return [str(row["login"]) for row in look(TOLD)]


def holes() -> list[tuple[str, str, str]]:
    rows = look("SELECT findings FROM duty_check ORDER BY day DESC LIMIT 1")
    return [(r["unit"], r["since"], r["until"]) for r in rows[0]["findings"] if r["kind"] == "hole"]


def test_one_worker_looks_at_a_time_and_the_others_do_not_even_begin(town: Town) -> None:
    town.set(at("2026-09-26T02:00"))
    with read() as other:
        assert value(other, nightly.ALONE)
        assert not look_ahead()
    assert look_ahead()


def test_a_look_may_take_longer_than_an_open_transaction_may_be_silent_and_is_told_when_it_is_known(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience: list[str] = []

    def ponder(tx: ReadTx, *_: object) -> list[Finding]:
        patience.append(value(tx, "SHOW idle_in_transaction_session_timeout"))
        town.later(minutes=1)
        return []

    monkeypatch.setattr(nightly, "lint", ponder)
    town.set(at("2026-09-26T02:00"))
    assert look_ahead()
    assert patience == ["5min"]
    paged = look("SELECT DISTINCT created_at FROM outbox WHERE kind = 'duty_drill'")
    assert [row["created_at"] for row in paged] == [at("2026-09-26T02:01")]


def test_a_hole_is_told_seven_whole_days_ahead_to_the_heads_and_once(town: Town) -> None:
    assert not look_ahead()
    town.set(at("2026-09-25T02:00"))
    assert look_ahead()
    assert not look_ahead()
    assert holes() == []
    town.set(at("2026-09-26T02:00"))
    assert look_ahead()
    assert at("2026-10-03T18:00") - town.now > timedelta(days=7)
    assert holes() == [("water", "2026-10-03T10:00:00+00:00", "2026-10-03T18:00:00+00:00")]
    assert told() == ["leader", "shift_leader", "supervisor", "wh1", "wh2"]
    town.set(at("2026-09-27T03:00"))
    assert look_ahead()
    assert told() == []


def test_the_drill_of_that_night_finds_nobody_there(town: Town) -> None:
    town.set(at("2026-10-04T02:00"))
    assert look_ahead()
    with read() as tx:
        paged = {one.unit: (one.person, one.outcome) for one in drill_of(tx)}
    assert paged["water"] == (None, "nobody")
    assert paged["hall"] == ("派遣员", "no_channel")
    assert paged["enforcement-a"][1] == "no_channel"
    assert "landscaping" not in paged


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


def test_the_drill_tells_who_was_reached_and_whose_number_is_wrong(town: Town, receiver: Receiver) -> None:
    with write() as tx:
        set_reach(tx, "wb", "phone", "13800001111")
        set_reach(tx, "dispatcher", "phone", "13800002222")
    channel = Gateway(
        name="sms", url=f"http://127.0.0.1:{receiver.port}/", body='{"to": "{to}", "text": "{text}"}',
        allow=frozenset({"127.0.0.1"}),
    )  # fmt: skip
    receiver.answer = lambda post: 200 if b"13800001111" in post.body else 500
    town.set(at("2026-09-29T02:00"))  # 28 September is 270 days on: wa; the night before's is its own
    with write() as tx:
        set_reach(tx, "wa", "phone", "13800001111")
    look_ahead(("phone",))
    with write() as tx:
        execute(tx, "UPDATE city SET rehearsal = 0")
    send_due([channel])
    send_by(channel)
    with read() as tx:
        outcomes = {one.unit: one.outcome for one in drill_of(tx)}
    assert outcomes == {"water": "reached", "hall": "waits", "enforcement-a": "no_channel"}
    with write() as tx:
        execute(tx, "UPDATE delivery SET next_at = NULL, dead_at = clock_timestamp() WHERE sent_at IS NULL")
    with read() as tx:
        assert {one.unit: one.outcome for one in drill_of(tx)}["hall"] == "failed"


def test_a_notice_about_no_case_says_what_it_is_about() -> None:
    assert text_of("duty_drill", case="", language="zh").startswith("值班测试")
    assert text_of("dispatched", case="", language="zh") == text_of("other", case="", language="zh")
