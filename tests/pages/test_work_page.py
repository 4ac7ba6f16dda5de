"""The system administrator sees what the worker owes and has put aside; a monitor reads the same figures."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

import httpx
import psycopg
import pytest
from playwright.sync_api import expect

from collectors.rehearsal.growth import FILE, Growth, keep_growth
from dashboards import work
from dispatch import backlog
from dispatch.audit.seal import seal_now
from dispatch.audit.where import heads_file
from dispatch.cases.overdue import sweep
from dispatch.cluster import Urls
from dispatch.config import read_settings, settings
from dispatch.parked import Kind, note, park
from dispatch.worker import JOBS, ClockAmiss, noted
from gis.db import execute, write
from tests.cases.town import ZONE, look
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit


def figures(text: str) -> dict[str, float]:
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_a_case_put_aside_is_seen_and_tried_again(office: Office, sit: Sit) -> None:
    case = office.town.report()
    seat = sit("system_admin", DESK)
    seat.go("/work")
    expect(seat.page.get_by_text("没有搁置的事项")).to_be_visible()
    office.town.later(hours=1)
    with write() as tx:
        execute(tx, "UPDATE cases SET state = 'void' WHERE id = %(id)s", id=case.case_id)
    sweep()
    seat.go("/work")
    row = seat.page.get_by_role("row", name=case.number)
    expect(row).to_contain_text("已试 1 次")
    if folder := os.environ.get("SHOTS"):
        seat.page.screenshot(path=f"{folder}/work.png", full_page=True)
    with write() as tx:
        execute(tx, "UPDATE cases SET state = 'reported' WHERE id = %(id)s", id=case.case_id)
    row.get_by_role("button", name="立即再试").click()
    sweep()
    phone = sit("system_admin", PHONE)
    phone.go("/work?lang=en")
    expect(phone.page.get_by_text("Nothing is put aside")).to_be_visible()


def test_whatever_is_put_aside_is_named_and_a_job_is_tried_at_its_own_pace(
    office: Office, sit: Sit, person: Callable[[str], Person]
) -> None:
    case = office.town.dispatched()
    message = look("SELECT max(id) AS id FROM outbox WHERE case_id = %(c)s", c=case.case_id)[0]["id"]
    park(Kind.MESSAGE, {message: ValueError("of one message")})
    park(Kind.CARDS, {"landscaping": ValueError("of one unit")})
    note(Kind.JOB, {"sealing": ValueError("as a whole"), "channel sms": ValueError("its channel")})
    seat = sit("system_admin", DESK)
    seat.go("/work")
    rows = seat.page.get_by_role("row")
    expect(rows.filter(has_text="消息").filter(has_text=case.number)).to_contain_text("ValueError: of one message")
    expect(rows.filter(has_text="landscaping")).to_contain_text("红黄牌")
    job = rows.filter(has_text="封存")
    expect(job).to_contain_text("随作业间隔")
    expect(job.get_by_role("button")).to_have_count(0)
    assert figures(person("system_admin").get("/metrics").text)["wangge_parked_others"] == 4
    rows.filter(has_text=case.number).get_by_role("button", name="立即再试").click()
    due = "SELECT again_at <= clock_timestamp() AS due FROM parked WHERE kind = 'message'"
    assert look(due) == [{"due": True}]


def test_clocks_that_are_far_apart_are_an_alarm_until_they_agree(
    office: Office, sit: Sit, person: Callable[[str], Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """This machine's is set; the database's goes on, and with it every deadline."""
    job = noted(next(job for job in JOBS if job.name == "clock"))
    page = person("system_admin")
    for ahead, far in ((0, False), (4, False), (7, True), (400 * 86_400, True), (-7200, True)):

        class Set(datetime):
            by = timedelta(seconds=ahead)

            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + cls.by

        monkeypatch.setattr(backlog, "datetime", Set)
        assert figures(page.get("/metrics").text)["wangge_clock_skew_seconds"] == pytest.approx(abs(ahead), abs=1)
        assert ("本机时钟与数据库的时钟相差太多" in page.get("/work").text) is far, ahead
        if far:
            with pytest.raises(
                ClockAmiss, match=f"{abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'} the database"
            ):
                job.run()
        else:
            job.run()
        assert ("核对时钟" in page.get("/work").text) is far, ahead
    monkeypatch.undo()
    job.run()
    seat = sit("system_admin", PHONE)
    seat.go("/work?lang=en")
    expect(seat.page.get_by_text("comparing clocks")).to_have_count(0)
    expect(seat.page.get_by_text("far apart")).to_have_count(0)


def test_the_demo_says_how_far_its_past_has_grown(office: Office, sit: Sit, person: Callable[[str], Person]) -> None:
    seat = sit("system_admin", DESK)
    seat.go("/work")
    expect(seat.page.get_by_text("历史正在补全")).to_have_count(0)
    day = datetime(2026, 6, 1, tzinfo=ZONE)
    keep_growth(settings().data, Growth(wanted=day, reached=day + timedelta(days=3)))
    try:
        seat.go("/work")
        expect(seat.page.get_by_text("2026-06-04 00:00 起已齐全，将补到 2026-06-01 00:00")).to_be_visible()
        for page in ("/ranking", "/measures", "/cases", "/analysis"):
            assert "2026-06-04 00:00 起已齐全；更早的案件和数字还会增加" in person("leader").get(page).text, page
    finally:
        (settings().data / FILE).unlink()
    assert "data-grows" not in person("leader").get("/ranking").text


def test_the_metrics_are_for_who_knows_the_token_and_for_the_administrator(
    office: Office, person: Callable[[str], Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        office.town.report()
    office.town.later(hours=1)
    known = read_settings({"WANGGE_METRICS_TOKEN": "known"})
    monkeypatch.setattr(work, "settings", lambda: known)
    asked = [
        httpx.get(f"{office.address}/metrics", headers={"authorization": token}).status_code
        for token in ("", "Bearer other", "Bearer known")
    ]
    assert asked == [403, 403, 200]
    assert person("leader").get("/metrics").status_code == 403
    found = figures(person("system_admin").get("/metrics").text)
    assert found["wangge_deadlines_due"] == 3
    assert found["wangge_deadlines_lag_seconds"] == 3600 - 12 * 60  # the warning is due at twelve minutes
    sweep()
    after = figures(person("system_admin").get("/metrics").text)
    assert after["wangge_deadlines_due"] == 0
    assert after["wangge_deadlines_longest_wait_seconds"] == 3600 - 12 * 60


def test_ladders_and_notices_that_nobody_handles_are_seen_to_be_late(
    office: Office, person: Callable[[str], Person]
) -> None:
    case = office.town.dispatched()
    before = figures(person("system_admin").get("/metrics").text)
    with write() as tx:
        execute(
            tx,
            """INSERT INTO alarm (case_id, ladder, clock, epoch, event, rungs, opened_at, next_at)
               VALUES (%(c)s, 'x', 'sign', 1, 'lapse', '[]', %(now)s, %(now)s)""",
            c=case.case_id,
            now=tx.now,
        )
        execute(
            tx,
            """INSERT INTO delivery (outbox_id, person_id, channel, created_at, next_at)
               SELECT max(o.id), min(p.id), 'sms', clock_timestamp(), clock_timestamp() - interval '90 seconds'
                 FROM outbox o CROSS JOIN person p""",
        )
    office.town.later(seconds=45)
    found = figures(person("system_admin").get("/metrics").text)
    assert (before["wangge_alarms_lag_seconds"], before["wangge_notices_lag_seconds"]) == (0, 0)
    assert found["wangge_alarms_lag_seconds"] == 45
    assert 90 <= found["wangge_notices_lag_seconds"] < 120
    page = person("system_admin").get("/work?lang=en").text
    assert 'The oldest rung not yet rung is late by</dt><dd class="b">45.0 s' in page
    (alarm,) = look("SELECT id FROM alarm WHERE ladder = 'x'")
    park(Kind.ALARM, {alarm["id"]: ValueError("broken")})
    assert figures(person("system_admin").get("/metrics").text)["wangge_alarms_lag_seconds"] == 0
    with write() as tx:
        execute(tx, "UPDATE delivery SET next_at = NULL, sent_at = clock_timestamp()")


def test_sealing_that_stands_still_is_a_fault_with_words_what_to_do(office: Office, sit: Sit) -> None:
    office.town.report()
    seat = sit("system_admin", DESK)
    office.town.later(minutes=2)
    seat.go("/work")
    expect(seat.page.get_by_role("alert")).to_contain_text("wangge work")
    expect(seat.page.locator("dd.bad-t")).to_have_count(1)
    seal_now(heads_file())
    seat.go("/work")
    expect(seat.page.get_by_text("最早未封存的步骤已等")).to_be_visible()
    expect(seat.page.get_by_text("封存已停滞")).to_have_count(0)


def test_what_fell_due_before_a_worker_first_ran_is_no_delay_of_it_and_the_figure_says_so(
    office: Office, person: Callable[[str], Person], database: Urls
) -> None:
    """A demo city's first past ends some minutes before its worker starts: what fell due meanwhile waited for none. The
    last of these tests: the town goes by the real clock from here on."""
    admin, waited = person("system_admin"), "wangge_deadlines_longest_wait_seconds"
    office.town.set(datetime.now(UTC) - timedelta(minutes=50))
    office.town.report()
    office.town.later(minutes=30)
    sweep()
    seal_now(heads_file())
    assert database.super
    with psycopg.connect(database.super, autocommit=True) as owner:
        owner.execute("UPDATE city SET simulated_now = NULL")
        assert figures(admin.get("/metrics").text)[waited] == 0
        owner.execute("ALTER TABLE audit_block DISABLE TRIGGER USER")
        owner.execute("UPDATE audit_block SET at = at - interval '1 day' WHERE no = (SELECT min(no) FROM audit_block)")
        assert figures(admin.get("/metrics").text)[waited] == pytest.approx((30 - 12) * 60, abs=1)
    said = admin.get("/work?lang=en").text
    assert f"fell due since {datetime.now(ZONE) - timedelta(hours=1):%Y-%m-%d}" in said
    assert "as in a past that was loaded, does not count" in said
