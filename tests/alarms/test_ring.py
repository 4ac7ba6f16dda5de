"""Ladders ring rung by rung, each once; an empty rung is skipped at once, an acknowledged one spares the next."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from dispatch.alarms.answer import acknowledge, by_link, calls_of_case, calls_to
from dispatch.alarms.ring import ring_due
from dispatch.cases.overdue import sweep
from dispatch.city import check
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.notify.channels import Gateway
from dispatch.notify.deliver import send_by
from dispatch.notify.letters import told
from dispatch.notify.outbox import send_due
from dispatch.people.preferences import Preference, set_preference
from dispatch.people.reach import set_reach
from dispatch.verify import verify
from gis.db import execute, read, write
from gis.problems import NotFound
from tests.cases.town import MONDAY, Town, look
from tests.city.spoilt_town import spoil
from tests.duty.town import ENFORCEMENT, LADDERS, LINES, on_duty, rostered
from tests.notify.receivers import http_receiver
from tests.notify.test_preferences import SMS, around_now

RANG = """
    SELECT a.ladder, k.rung, p.login, to_char(k.at AT TIME ZONE 'Asia/Shanghai', 'HH24:MI') AS at
      FROM alarm_call k JOIN alarm a ON a.id = k.alarm_id LEFT JOIN person p ON p.id = k.person_id
     ORDER BY k.at, k.id
"""


@pytest.fixture
def town(fresh_database: Urls, tmp_path: Path) -> Iterator[Town]:
    """Eight in the morning of an ordinary Monday."""
    with on_duty(tmp_path, "2026-06-08T08:00", (*LINES, *ENFORCEMENT), LADDERS) as town:
        yield town


def rang(ladder: str = "") -> list[tuple[str, str | None]]:
    return [(str(row["at"]), row["login"]) for row in look(RANG) if not ladder or row["ladder"] == ladder]


def minute_by_minute(town: Town, minutes: int) -> None:
    """The worker's two jobs, once a minute."""
    for _ in range(minutes):
        town.later(minutes=1)
        sweep()
        ring_due()


def broken() -> list[str]:
    return [breach.words for one in verify() for breach in one.first]


def token(login: str) -> str:
    asked = "SELECT token FROM alarm_call k JOIN person p ON p.id = k.person_id WHERE login = '%s' ORDER BY k.id DESC"
    return str(look(asked % login)[0]["token"])


def test_an_unsigned_dispatch_rings_on_every_fifteen_minutes_until_it_is_signed(town: Town) -> None:
    case = town.dispatched()
    minute_by_minute(town, 14)
    assert rang() == []
    minute_by_minute(town, 20)
    assert rang() == [("08:15", "enforcement-a"), ("08:30", "district-a")]
    town.do(case, Action.SIGN, "enforcement-a")
    minute_by_minute(town, 30)
    assert len(rang("unsigned")) == 2
    (alarm,) = look("SELECT outcome, next_at FROM alarm WHERE ladder = 'unsigned'")
    assert (alarm["outcome"], alarm["next_at"]) == ("silenced", None)
    assert broken() == []


def test_an_empty_rung_is_skipped_at_once_and_said_to_be_empty(town: Town) -> None:
    town.dispatched("landscaping")
    minute_by_minute(town, 20)
    assert rang("unsigned") == [("08:15", None), ("08:15", None), ("08:15", "dispatcher")]
    assert look("SELECT outcome FROM alarm WHERE ladder = 'unsigned'") == [{"outcome": "over"}]
    assert broken() == []


def test_a_late_case_rings_at_the_limit_and_at_its_multiples_counted_by_the_calendar(town: Town) -> None:
    """Four working hours from 08:00: 80 % at 11:12, all at 12:00, one and a half times at 16:00, twice at 18:00."""
    case = town.handling()
    (limit,) = look(f"SELECT limit_value, time_class FROM cases WHERE id = {case.case_id}")
    assert (str(limit["limit_value"]), limit["time_class"]) == ("4", "work_hour")
    minute_by_minute(town, 10 * 60 + 1)
    assert rang("warning") == [("11:12", "enforcement-a"), ("11:42", "enforcement-a")]
    assert rang("late") == [
        ("12:00", "enforcement-a"),
        ("12:15", "district-a"),
        ("16:00", "dispatcher"),
        ("16:10", "leader"),
        ("18:00", "leader"),
    ]
    assert broken() == []


SHARES = """
[[ladder]]
key = "share"
clock = "dispose"
event = "start"
rungs = [
    { at = 0.5, call = "holder" },
    { at = 0.8, call = "duty" },
    { at = 1, call = "head" },
    { at = 1.5, call = "centre" },
]
"""


def test_a_ladder_at_a_half_four_fifths_all_and_half_as_much_again_is_data(
    fresh_database: Urls, tmp_path: Path
) -> None:
    with on_duty(tmp_path, "2026-06-08T08:00", (*LINES, *ENFORCEMENT), SHARES) as town:
        town.handling()
        minute_by_minute(town, 8 * 60 + 1)
        assert rang("share") == [
            ("10:00", "enforcement-a"),
            ("11:12", "enforcement-a"),
            ("12:00", "district-a"),
            ("16:00", "dispatcher"),
        ]
        assert broken() == []


def real_clock() -> None:
    """Notices leave the town: it is a rehearsal no more."""
    with write() as tx:
        execute(tx, "UPDATE city SET rehearsal = 0, simulated_now = NULL")


def test_each_rung_keeps_who_was_told_by_which_channel_and_whether_they_took_the_call(town: Town) -> None:
    team, head = "东河区综合执法队值班员", "东河区平台值班员"
    with write() as tx:
        set_reach(tx, "enforcement-a", "phone", "13800001111")
    case = town.dispatched()
    minute_by_minute(town, 31)
    real_clock()
    with http_receiver() as receiver:
        channel = Gateway(
            name="sms", url=f"http://127.0.0.1:{receiver.port}/", body="{to}", allow=frozenset({"127.0.0.1"})
        )
        send_due([channel])
        send_by(channel)
    with write() as tx:
        assert acknowledge(tx, token=token("enforcement-a"))
        said, calls = told(tx, case.case_id), calls_of_case(tx, case.case_id)
    assert [(one.rung, one.person, one.acknowledged_by) for one in calls] == [(1, head, None), (0, team, "link")]
    assert {(one.person, one.channel, one.sent_at is not None) for one in said if one.kind == "alarm:unsigned"} == {
        (head, "", True),
        (team, "", True),
        (team, "sms", True),
    }


def test_in_quiet_hours_the_holders_warning_waits_and_whoever_is_on_duty_is_rung_on(town: Town) -> None:
    with write() as tx:
        for login in ("enforcement-a", "district-a"):
            set_reach(tx, login, "phone", "13800001111")
    town.handling()
    minute_by_minute(town, 4 * 60 + 16)  # warned at 11:12, then whoever is on duty; at 12:00 late, then the head
    real_clock()
    since, until, end = around_now(timedelta(hours=1), timedelta(hours=1))
    with write() as tx:
        for login in ("enforcement-a", "district-a"):
            set_preference(tx, town.people[login].person_id or 0, Preference(quiet_from=since, quiet_until=until))
    send_due([SMS])
    found = look(
        """SELECT a.ladder, k.rung, d.next_at = %(end)s AS waits FROM delivery d
             JOIN alarm_call k ON k.outbox_id = d.outbox_id JOIN alarm a ON a.id = k.alarm_id ORDER BY k.at, k.id""",
        end=end,
    )
    assert [(row["ladder"], row["rung"], row["waits"]) for row in found] == [
        ("warning", 0, True),
        ("warning", 1, False),
        ("late", 0, False),
        ("late", 1, False),
    ]


def test_an_acknowledgement_spares_the_next_rung_but_no_multiple(town: Town) -> None:
    town.handling()
    minute_by_minute(town, 245)
    assert rang("late") == [("12:00", "enforcement-a")]
    with write() as tx:
        assert acknowledge(tx, token=token("enforcement-a"))
        assert not acknowledge(tx, token=token("enforcement-a"))
        assert by_link(tx, token("enforcement-a")).acknowledged_by == "link"
    minute_by_minute(town, 246)
    assert rang("late") == [("12:00", "enforcement-a"), ("16:00", "dispatcher"), ("16:10", "leader")]
    assert broken() == []


def test_an_acknowledgement_where_nothing_else_is_left_ends_the_alarm(town: Town) -> None:
    town.dispatched()
    minute_by_minute(town, 16)
    me = town.people["enforcement-a"].person_id or 0
    with read() as tx:
        (call,) = calls_to(tx, me)
    with write() as tx:
        with pytest.raises(NotFound):
            acknowledge(tx, id=call.id, me=town.people["leader"].person_id or 0)
        assert acknowledge(tx, id=call.id, me=me)
        assert calls_to(tx, me) == []
    minute_by_minute(town, 40)
    assert rang("unsigned") == [("08:15", "enforcement-a")]
    assert look("SELECT outcome FROM alarm WHERE ladder = 'unsigned'") == [{"outcome": "acknowledged"}]
    assert broken() == []


def test_a_link_that_is_nobodys_is_refused(town: Town) -> None:
    with write() as tx, pytest.raises(NotFound):
        acknowledge(tx, token="x" * 22)


def test_what_was_rung_is_told_in_the_product_by_the_outbox(town: Town) -> None:
    town.dispatched()
    minute_by_minute(town, 16)
    send_due()
    told = look(
        """SELECT login, sent_at IS NOT NULL AS sent FROM outbox JOIN person p ON p.id = person_id
            WHERE kind = 'alarm:unsigned'"""
    )
    assert told == [{"login": "enforcement-a", "sent": True}]


def test_a_supervise_order_nobody_answers_rings_the_head_then_the_centre_then_the_leader(town: Town) -> None:
    case = town.handling()
    town.do(case, Action.SUPERVISE, "leader", reason="citizen")
    (row,) = look(
        "SELECT (clocks #>> '{supervise,due}')::timestamptz AS due FROM cases WHERE id = %(c)s", c=case.case_id
    )
    town.set(row["due"])
    sweep()
    ring_due()
    assert [login for _, login in rang("unanswered-order")] == ["district-a"]
    minute_by_minute(town, 40)
    assert [login for _, login in rang("unanswered-order")] == ["district-a", "dispatcher", "leader"]
    town.do(case, Action.ANSWER_SUPERVISION, "enforcement-a", note="迟复")
    assert look("SELECT DISTINCT next_at FROM alarm WHERE ladder = 'unanswered-order'") == [{"next_at": None}]
    assert broken() == []


def test_the_holder_is_warned_by_the_ladder_alone(town: Town) -> None:
    town.handling()
    minute_by_minute(town, 200)
    kinds = look("SELECT kind, count(*) FROM outbox WHERE kind LIKE 'warn%' OR kind LIKE 'alarm:warn%' GROUP BY kind")
    assert kinds == [{"kind": "alarm:warning", "count": 1}]


def test_a_suspension_silences_and_a_late_case_that_goes_on_rings_from_the_beginning(town: Town) -> None:
    case = town.handling()
    minute_by_minute(town, 245)
    town.do(case, Action.ASK_SUSPEND, "enforcement-a", reason="season", until=MONDAY + timedelta(days=30))
    town.do(case, Action.APPROVE_SUSPEND, "dispatcher")
    minute_by_minute(town, 60)
    assert rang("late") == [("12:00", "enforcement-a")]
    town.do(case, Action.RESUME, "dispatcher")
    minute_by_minute(town, 1)
    assert rang("late")[1:] == [("13:06", "enforcement-a")]
    assert broken() == []


def test_five_workers_at_once_ring_each_rung_once(town: Town) -> None:
    for _ in range(8):
        town.dispatched()
    town.later(minutes=15)
    workers = [threading.Thread(target=ring_due) for _ in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while ring_due():
        pass
    assert rang() == [("08:15", "enforcement-a")] * 8
    assert look("SELECT count(*) AS n FROM outbox WHERE kind = 'alarm:unsigned'") == [{"n": 8}]
    assert broken() == []


def test_after_hours_without_a_worker_one_rung_rings_and_the_next_waits(town: Town) -> None:
    town.dispatched()
    town.later(hours=1, minutes=5)
    assert ring_due() == 1
    assert ring_due() == 0
    minute_by_minute(town, 15)
    assert rang("unsigned") == [("09:05", "enforcement-a"), ("09:20", "district-a")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE alarm SET next_at = next_at - interval '1 hour'", "was due at"),
        ("UPDATE alarm_call SET rung = 2 WHERE rung = 1", "never rang, and nobody had acknowledged"),
        ("UPDATE alarm_call SET at = at - interval '20 minutes' WHERE rung = 1", "did not wait for its time"),
        ("UPDATE alarm SET epoch = epoch + 1", "no longer runs in epoch"),
        ("UPDATE alarm SET rung = 1", "rang though it lay ahead"),
        (
            """INSERT INTO alarm_call (alarm_id, rung, at)
               SELECT alarm_id, rung, at + interval '1 minute' FROM alarm_call WHERE rung = 0""",
            "rang 2 times",
        ),
        ("DELETE FROM alarm_call WHERE rung = 0", "never rang"),
        ("UPDATE outbox SET person_id = person_id + 1 WHERE kind LIKE 'alarm%'", "told another than it says"),
    ],
)
def test_verify_finds_what_is_not_so(town: Town, change: str, words: str, fresh_database: Urls) -> None:
    town.dispatched()
    minute_by_minute(town, 31)
    with psycopg.connect(fresh_database.super) as owner:
        owner.execute(change)
    assert [one for one in broken() if words in one]


def test_verify_finds_an_event_that_began_no_ladder(town: Town, fresh_database: Urls) -> None:
    town.handling()
    minute_by_minute(town, 200)
    with psycopg.connect(fresh_database.super) as owner:
        owner.execute("UPDATE edition SET published_at = '2026-01-01' WHERE kind = 'ladders'")
        owner.execute("DELETE FROM alarm_call USING alarm a WHERE a.id = alarm_id AND a.ladder = 'warning'")
        owner.execute("DELETE FROM alarm WHERE ladder = 'warning'")
    assert [one for one in broken() if "the warn of clock dispose in step" in one]


SPOILT = [
    ('then = "leaders"', 'then = "late"', "ladder late: it leads back to itself, through late"),
    ('key = "leaders"', 'key = "leaders"\nthen = "late"', "ladder leaders: it leads back to itself, through late"),
    ('then = "leaders"', 'then = "bosses"', "there is no ladder bosses"),
    (
        '{ wait = 15, call = "head" }',
        '{ wait = 15, call = "mayor" }',
        "ladder unsigned, rung 2: a rung to nobody: call is 'mayor'",
    ),
    ('{ wait = 15, call = "head" }', "{ wait = 15 }", "rung 2: a rung to nobody"),
    ('{ wait = 15, call = "head" }', '{ call = "head" }', "rung 2: it wants call, and either wait or at"),
    ('{ wait = 15, call = "head" }', '{ wait = -1, call = "head" }', "rung 2: wait is -1"),
    ("at = 1.5", "at = 99", "at is 99: multiples of the limit grow"),
    ('event = "lapse"', 'event = "warn"', "ladder late: warning begins with the same event"),
    ('clock = "sign"', 'clock = "sing"', "unknown clock sing"),
    ('event = "start"\nrungs', 'event = "start"\nrungs = []\nrings', "it would ring nobody"),
]


@pytest.mark.parametrize(("old", "new", "words"), SPOILT)
def test_a_ladder_that_cannot_be_is_refused_with_its_reason(old: str, new: str, words: str, tmp_path: Path) -> None:
    folder = rostered(tmp_path, (*LINES, *ENFORCEMENT), LADDERS)
    assert [fault for fault in check(folder) if fault.severity == "error"] == []
    spoil(folder, "ladders.toml", old, new)
    assert [f.reason for f in check(folder) if words in f.reason and f.file == "ladders.toml"]


def test_a_ladder_of_a_clock_without_a_limit_is_pointed_out(tmp_path: Path) -> None:
    more = LADDERS + SHARES.replace("dispose", "cordon")
    folder = rostered(tmp_path, (*LINES, *ENFORCEMENT), more)
    assert [(fault.severity, fault.reason) for fault in check(folder) if fault.file == "ladders.toml"] == [
        ("warning", "ladder share: no limit of the stage cordon: it never begins")
    ]


def test_a_rung_to_a_post_that_nobody_holds_is_refused(tmp_path: Path) -> None:
    folder = rostered(tmp_path, [line for line in LINES if ",head," not in line], LADDERS)
    assert any("a rung to nobody: the roster has no head" in fault.reason for fault in check(folder))


def test_a_call_is_of_those_who_are_on_duty_when_it_rings(town: Town) -> None:
    """Water at night is another person than by day: the case sent at 17:50 rings at 18:05."""
    town.set(town.now.replace(hour=17, minute=50))
    town.dispatched("water")
    minute_by_minute(town, 16)
    # 8 June is 158 days after the first of January, 158 % 3 = 2: wc at night.
    assert rang("unsigned") == [("18:05", "wc")]
    with write() as tx:
        execute(tx, "UPDATE person SET disabled = true WHERE login = 'wh1'")
        execute(tx, "UPDATE person SET disabled = true WHERE login = 'wh2'")
    minute_by_minute(town, 15)
    assert rang("unsigned")[1:] == [("18:20", None), ("18:20", "dispatcher")]
