"""Quiet hours and channels not wanted hold back what is not urgent; a danger or a duty call comes through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from dispatch.cluster import Urls
from dispatch.notify.channels import Gateway, Mail
from dispatch.notify.outbox import send_due
from dispatch.people.preferences import Preference, preference_of, set_preference
from dispatch.people.reach import set_reach
from gis.db import execute, read, value, write
from gis.problems import FormIncomplete
from tests.cases.town import Town, look, settled

SMS = Gateway(name="sms", url="http://127.0.0.1:9/", body="{}")
MAIL = Mail(name="mail", host="127.0.0.1", port=9, sender="w@example.org", tls="none")
OWED = """
    SELECT d.channel, d.next_at, d.created_at FROM delivery d JOIN outbox o ON o.id = d.outbox_id
     WHERE o.kind = '%s' ORDER BY d.channel
"""
ME = "enforcement-a"


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        with write() as tx:
            set_reach(tx, ME, "phone", "13800005678")
            set_reach(tx, ME, "mail", "a@example.org")
        yield town


def prefer(**wanted: object) -> None:
    with write() as tx:
        set_preference(tx, _id(tx), Preference(**wanted))  # type: ignore[arg-type]


def _id(tx: object) -> int:
    return int(value(tx, "SELECT id FROM person WHERE login = %(l)s", l=ME))  # type: ignore[arg-type]


def send(kind: str, *, urgent: bool = False, case: int | None = None) -> list[dict[str, object]]:
    with write() as tx:
        execute(tx, "UPDATE city SET rehearsal = 0, simulated_now = NULL")
        execute(
            tx,
            """INSERT INTO outbox (kind, person_id, created_at, urgent, case_id)
               VALUES (%(kind)s, %(me)s, clock_timestamp(), %(urgent)s, %(case)s)""",
            kind=kind,
            me=_id(tx),
            urgent=urgent,
            case=case,
        )
    send_due([SMS, MAIL])
    return look(OWED % kind)


def around_now(before: timedelta, after: timedelta) -> tuple[time, time, datetime]:
    """Quiet hours about this moment, by the city's clocks, and when they end."""
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    end = (now + after).replace(second=0, microsecond=0)
    return (now - before).time().replace(second=0, microsecond=0), end.time(), end.astimezone(UTC)


@pytest.mark.parametrize("hours", [(1, 1), (11, 2), (2, 11), (11, 12)])
def test_what_is_not_urgent_waits_until_the_quiet_hours_end(town: Town, hours: tuple[int, int]) -> None:
    since, until, end = around_now(timedelta(hours=hours[0]), timedelta(hours=hours[1]))
    prefer(quiet_from=since, quiet_until=until)
    assert [row["next_at"] for row in send("news")] == [end, end]
    assert [row["next_at"] == row["created_at"] or row["next_at"] < end for row in send("call", urgent=True)] == [
        True
    ] * 2


def test_outside_the_quiet_hours_nothing_waits(town: Town) -> None:
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    since, until = (now + timedelta(hours=2)).time(), (now + timedelta(hours=5)).time()
    prefer(quiet_from=since, quiet_until=until)
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert all(row["next_at"] < later for row in send("news"))  # type: ignore[operator]


def test_a_channel_not_wanted_is_kept_for_what_is_urgent(town: Town) -> None:
    prefer(muted=["sms"])
    assert [row["channel"] for row in send("news")] == ["mail"]
    assert [row["channel"] for row in send("call", urgent=True)] == ["mail", "sms"]


def test_news_of_a_dangerous_case_is_urgent(town: Town) -> None:
    since, until, end = around_now(timedelta(hours=1), timedelta(hours=1))
    prefer(quiet_from=since, quiet_until=until, muted=["sms", "mail"])
    case = town.dispatched()
    with write() as tx:
        execute(tx, "UPDATE cases SET hazard = true WHERE id = %(id)s", id=case.case_id)
    assert send("poster", case=town.dispatched().case_id) == []
    told = send("danger", case=case.case_id)
    assert [row["channel"] for row in told] == ["mail", "sms"]  # no wish hides a danger
    assert all(row["next_at"] < end for row in told)  # type: ignore[operator]


def test_a_preference_that_cannot_be_is_refused_and_another_replaces_the_first(town: Town) -> None:
    for wrong in (
        {"quiet_from": time(22)},
        {"quiet_from": time(22), "quiet_until": time(22)},
        {"language": "fr"},
    ):
        with pytest.raises(FormIncomplete):
            prefer(**wrong)
    prefer(language="en", quiet_from=time(22), quiet_until=time(6))
    prefer(language="zh", muted=["mail"])
    with read() as tx:
        assert preference_of(tx, _id(tx)) == Preference(language="zh", muted=["mail"])
