"""Whoever left a number with a report is told three things at most: that it came in, went on, and how it ended."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from dispatch.cases.act import Receipt
from dispatch.cases.reporter import language_to_tell, stop_telling
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.notify.channels import Gateway, TrialFile
from dispatch.notify.configured import citizens_channel, read_channels
from dispatch.notify.deliver import MOST, send_by
from dispatch.notify.letters import letters, told
from dispatch.notify.outbox import send_due
from dispatch.people.reach import masked
from dispatch.verify import verify
from gis.db import execute, read, write
from gis.problems import FormIncomplete, NotFound, Problem
from tests.cases.town import Town, look, settled
from tests.notify.receivers import Receiver, http_receiver

PHONE = "138 0000-4321"
CALLED = "13800004321"
HERE = frozenset({"127.0.0.1"})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def sms(receiver: Receiver, *, citizens: bool = True) -> Gateway:
    url = f"http://127.0.0.1:{receiver.port}/"
    return Gateway(name="sms", url=url, body='{"to": "{to}", "text": "{text}"}', allow=HERE, citizens=citizens)


def real() -> None:
    """No rehearsal: what is put down from now on leaves the house."""
    with write() as tx:
        execute(tx, "UPDATE city SET rehearsal = 0, simulated_now = NULL")


def by_day(hours: str = "03:00-03:01") -> None:
    """Quiet hours of the city for those who report."""
    said = json.dumps({"citizens": {"quiet": hours}})
    with write() as tx:
        execute(tx, "UPDATE city SET document = document || %(said)s::jsonb", said=said)


def reported(town: Town, **more: Any) -> Receipt:
    given = {"contact_phone": PHONE, "tell_in": "zh"} | more
    return town.told(**given)


def walked(town: Town, case: Receipt) -> Receipt:
    """From the report to the close."""
    town.do(case, Action.ACCEPT, "acceptor", category="E0405")
    town.do(case, Action.FILE, "shift_leader", condition=1)
    return to_close(town, case)


def to_close(town: Town, case: Receipt) -> Receipt:
    named = look("SELECT route_unit FROM cases WHERE id = %(id)s", id=case.case_id)[0]["route_unit"]
    reason = None if named == "enforcement-a" else "local"
    town.do(case, Action.DISPATCH, "dispatcher", unit="enforcement-a", reason=reason)
    town.do(case, Action.SIGN, "enforcement-a")
    town.do(case, Action.REPLY, "enforcement-a", photos=(town.photo(2),))
    town.do(case, Action.PASS_TO_CHECK, "dispatcher")
    town.do(case, Action.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)
    town.do(case, Action.CHECK_PASS, "inspector1", photos=(town.photo(3),))
    return town.do(case, Action.CLOSE, "shift_leader")


def kinds(case: Receipt) -> list[str]:
    rows = look(
        """SELECT kind FROM outbox WHERE case_id = %(id)s AND unit_id IS NULL AND person_id IS NULL ORDER BY id""",
        id=case.case_id,
    )
    return [str(row["kind"]) for row in rows]


def sound() -> bool:
    """Whether messages and steps are what they should be; time itself has run on since the town's Monday."""
    return not {finding.no for finding in verify() if not finding.holds} - {"I7"}


def sent(receiver: Receiver) -> list[str]:
    return [json.loads(post.body)["text"] for post in receiver.posts]


def test_receipt_progress_and_result_reach_the_number_that_was_left(town: Town, receiver: Receiver) -> None:
    by_day()
    case = reported(town)
    walked(town, case)
    real()
    send_due([sms(receiver)])
    assert send_by(sms(receiver)) == 3
    assert {json.loads(post.body)["to"] for post in receiver.posts} == {CALLED}
    said = sorted(sent(receiver))
    assert len(said) == 3
    assert all(case.receipt in words for words in said)  # type: ignore[operator]
    for part in ("已收到", "已派遣责任部门", "经现场核查结案"):
        assert sum(part in words for words in said) == 1
    assert len({post.headers["x-wangge-message"] for post in receiver.posts}) == 3
    assert sound()


def test_it_is_said_in_the_language_of_the_form(town: Town, receiver: Receiver) -> None:
    reported(town, tell_in="en")
    real()
    send_due([sms(receiver)])
    send_by(sms(receiver))
    assert sent(receiver)[0].startswith("Your report has been received.")


def test_three_at_most_however_often_it_is_opened_again(town: Town) -> None:
    case = reported(town)
    walked(town, case)
    town.do(case, Action.REOPEN, "shift_leader", reason="other")
    to_close(town, case)
    assert kinds(case) == ["citizen_receipt", "citizen_progress", "citizen_result:closed"]


def test_a_refusal_and_a_merger_are_told_in_their_own_words(town: Town, receiver: Receiver) -> None:
    by_day()
    first, second = town.dispatched(), reported(town)
    town.do(second, Action.MERGE, "acceptor", into=first.case_id)
    town.do(second, Action.UNMERGE, "acceptor", reason="other")
    town.do(second, Action.REFUSE, "acceptor", reason="other")
    assert kinds(second) == ["citizen_receipt", "citizen_progress:merged", "citizen_result:refused"]
    real()
    send_due([sms(receiver)])
    send_by(sms(receiver))
    assert sum("合并办理" in words for words in sent(receiver)) == 1
    assert sum("不属于受理范围" in words for words in sent(receiver)) == 1


def test_who_reported_what_was_merged_hears_how_the_other_goes_on_and_ends(town: Town, receiver: Receiver) -> None:
    by_day()
    main, second, third = town.told(), reported(town), reported(town, tell_in="en")
    town.do(third, Action.MERGE, "acceptor", into=second.case_id)
    town.do(second, Action.MERGE, "acceptor", into=main.case_id)
    assert kinds(second) == kinds(third) == ["citizen_receipt"]  # nobody has it in hand yet
    walked(town, main)
    heard = ["citizen_receipt", "citizen_progress:merged", "citizen_result:closed"]
    assert (kinds(second), kinds(third), kinds(main)) == (heard, heard, [])
    town.do(main, Action.REOPEN, "shift_leader", reason="other")
    to_close(town, main)
    assert kinds(second) == kinds(third) == heard  # three at most
    real()
    send_due([sms(receiver)])
    send_by(sms(receiver))
    said = sent(receiver)
    assert len(said) == 6
    assert all(sum(str(case.receipt) in words for words in said) == 3 for case in (second, third))
    assert not any(str(main.receipt) in words or main.number in words for words in said)
    assert sound()


def test_who_joins_what_is_with_a_department_hears_both_at_once(town: Town) -> None:
    main, second = town.dispatched(), reported(town)
    town.do(second, Action.MERGE, "acceptor", into=main.case_id)
    assert kinds(second) == ["citizen_receipt", "citizen_progress:merged"]
    assert sound()


def test_nobody_is_told_of_another_case_before_the_own_was_merged_into_it(town: Town) -> None:
    """A rehearsal lives its cases one by one: the clock of one may lie behind another's."""
    main, second, third = town.told(), reported(town), reported(town)
    town.later(minutes=40)
    town.do(third, Action.MERGE, "acceptor", into=second.case_id)
    town.do(second, Action.MERGE, "acceptor", into=main.case_id)
    town.later(minutes=-30)
    walked(town, main)
    assert kinds(second) == kinds(third) == ["citizen_receipt", "citizen_progress:merged", "citizen_result:closed"]
    assert sound()


def test_taken_out_again_it_hears_nothing_more_of_the_other(town: Town) -> None:
    main, second = town.told(), reported(town)
    town.do(second, Action.MERGE, "acceptor", into=main.case_id)
    town.do(second, Action.UNMERGE, "acceptor", reason="other")
    walked(town, main)
    assert kinds(second) == ["citizen_receipt"]
    walked(town, second)
    assert kinds(second) == ["citizen_receipt", "citizen_progress", "citizen_result:closed"]
    assert sound()


def test_a_message_about_another_case_than_the_one_it_was_merged_into_is_found(town: Town) -> None:
    main, second, other = town.told(), reported(town), town.told()
    town.do(second, Action.MERGE, "acceptor", into=main.case_id)
    town.later(minutes=7)
    walked(town, other)
    with write() as tx:
        execute(
            tx,
            """INSERT INTO outbox (case_id, kind, created_at)
               SELECT %(id)s, 'citizen_result:closed', last_at FROM cases WHERE id = %(other)s""",
            id=second.case_id,
            other=other.case_id,
        )
    assert not sound()


@pytest.mark.parametrize(
    "left", [{"tell_in": None}, {"contact_phone": None}, {"contact_phone": "call my brother"}], ids=["no", "none", "?"]
)
def test_who_does_not_want_it_or_left_no_number_is_told_nothing(town: Town, left: dict[str, Any]) -> None:
    assert kinds(reported(town, **left)) == []


def test_staff_channels_and_rehearsals_tell_no_citizen(town: Town, receiver: Receiver) -> None:
    case = reported(town)
    send_due([sms(receiver)])  # a rehearsal
    real()
    with write() as tx:
        execute(tx, "UPDATE outbox SET sent_at = NULL")
    send_due([sms(receiver, citizens=False)])
    assert look("SELECT 1 FROM delivery") == []
    with read() as tx:
        (record,) = told(tx, case.case_id)
    assert (record.reporter, record.channel, record.kind) == (True, "", "citizen_receipt")


def test_a_rehearsal_writes_what_is_new_into_files_and_its_past_not(town: Town, tmp_path: Path) -> None:
    trial = TrialFile(name="trial", folder=tmp_path / "notices", citizens=True)
    reported(town)
    town.later(hours=2)
    new = reported(town)
    send_due([trial])
    assert look("SELECT channel, person_id FROM delivery") == [{"channel": "trial", "person_id": None}]
    assert send_by(trial) == 1
    (file,) = trial.folder.iterdir()
    assert json.loads(file.read_text())["to"] == masked(CALLED)
    assert CALLED not in file.read_text()
    assert str(new.receipt) in file.read_text()
    assert sound()


def test_only_the_receipt_comes_in_quiet_hours(town: Town, receiver: Receiver) -> None:
    here = datetime.now(ZoneInfo("Asia/Shanghai"))
    end = (here + timedelta(hours=2)).replace(second=0, microsecond=0)
    by_day(f"{here - timedelta(hours=1):%H:%M}-{end:%H:%M}")
    case = reported(town)
    walked(town, case)
    with write() as tx:  # danger wakes those on duty, and nobody who reported it
        execute(tx, "UPDATE cases SET hazard = true WHERE id = %(id)s", id=case.case_id)
    real()
    send_due([sms(receiver)])
    assert send_by(sms(receiver)) == 1
    assert "已收到" in sent(receiver)[0]
    waits = look("SELECT next_at FROM delivery WHERE next_at IS NOT NULL")
    assert [row["next_at"] for row in waits] == [end.astimezone(UTC)] * 2


def test_without_a_word_of_the_city_the_night_is_quiet(town: Town, receiver: Receiver) -> None:
    case = reported(town)
    walked(town, case)
    real()
    send_due([sms(receiver)])
    due = look(
        """SELECT d.next_at AT TIME ZONE 'Asia/Shanghai' AS at FROM delivery d JOIN outbox o ON o.id = d.outbox_id
            WHERE o.kind <> 'citizen_receipt'"""
    )
    assert len(due) == 2
    assert all(8 <= row["at"].hour < 21 for row in due)


def test_who_says_stop_hears_nothing_more_not_even_what_waited(town: Town, receiver: Receiver) -> None:
    by_day()
    case = reported(town)
    real()
    send_due([sms(receiver)])
    with write() as tx:
        stop_telling(tx, str(case.receipt))
    walked(town, case)
    send_due([sms(receiver)])
    send_by(sms(receiver))
    assert receiver.posts == []
    assert kinds(case) == ["citizen_receipt"]
    assert sound()
    with pytest.raises(NotFound), write() as tx:
        stop_telling(tx, "ZZZZZZZZZZZZ")


def test_a_number_whose_key_was_destroyed_is_not_called(town: Town, receiver: Receiver) -> None:
    case = reported(town)
    real()
    send_due([sms(receiver)])
    with write() as tx:
        execute(tx, "DELETE FROM case_key WHERE case_id = %(id)s", id=case.case_id)
    send_by(sms(receiver))
    assert receiver.posts == []
    with read() as tx:
        (letter,) = letters(tx, most=9)
    assert letter.dead_at is not None


def test_the_number_is_nowhere_but_with_the_gateway_and_each_read_is_on_record(
    town: Town, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answer = lambda post: 500
    case = reported(town)
    real()
    send_due([sms(receiver)])
    with caplog.at_level(logging.DEBUG):
        for _ in range(MOST):
            send_by(sms(receiver))
            with write() as tx:
                execute(tx, "UPDATE delivery SET next_at = clock_timestamp() WHERE next_at IS NOT NULL")
    assert len({post.headers["x-wangge-message"] for post in receiver.posts}) == 1
    assert look("SELECT attempts, outcome, masked, dead_at IS NOT NULL AS dead FROM delivery") == [
        {"attempts": MOST, "outcome": "HTTP 500", "masked": "", "dead": True}
    ]
    with read() as tx:
        shown = repr([*letters(tx, most=9), *told(tx, case.case_id)])
    tables = ("outbox", "delivery", "feed", "audit_event", "cases", "step", "report", "case_text")
    kept = "".join(str(look(f"SELECT t::text FROM {table} t")) for table in tables)
    for digits in (PHONE, CALLED, CALLED[-4:]):
        assert digits not in shown + caplog.text
    for digits in (PHONE, CALLED):
        assert digits not in kept
    reads = look("SELECT object, whence FROM audit_event WHERE kind = 'read_personal'")
    assert reads == [{"object": f"case:{case.case_id}", "whence": "worker"}] * MOST


def test_a_department_is_not_shown_what_the_reporter_was_told(town: Town, receiver: Receiver) -> None:
    case = reported(town)
    walked(town, case)
    real()
    send_due([sms(receiver)])
    with read(as_units=["enforcement-a"]) as tx:
        assert {one.reporter for one in told(tx, case.case_id)} == {False}
    with read() as tx:
        assert sum(one.reporter for one in told(tx, case.case_id)) == 3


@pytest.mark.parametrize(
    ("phone", "wanted", "said"),
    [(PHONE, True, "en"), ("(0755) 8200.1234", True, "en"), ("", True, None), (PHONE, False, None), ("?", False, None)],
)
def test_the_wish_needs_a_number(phone: str, wanted: bool, said: str | None) -> None:
    assert language_to_tell(phone, "en", wanted=wanted) == said


def test_a_wish_with_something_that_is_no_number_comes_back() -> None:
    with pytest.raises(FormIncomplete) as refused:
        language_to_tell("ask for me", "zh", wanted=True)
    assert refused.value.extra["fields"] == {"contact_phone": "form"}


URL = "https://sms.example.org/"
SMS = f'[[channel]]\nname="s{{n}}"\nkind="gateway"\nurl="{URL}"\nbody="1"\ncitizens={{to}}\n'


def test_one_channel_is_for_citizens_and_it_is_a_telephone(tmp_path: Path) -> None:
    file = tmp_path / "notices.toml"
    assert not citizens_channel(tmp_path)
    file.write_text(SMS.format(n=1, to="false"))
    assert not citizens_channel(tmp_path)
    file.write_text(SMS.format(n=1, to="true") + SMS.format(n=2, to="false"))
    assert citizens_channel(tmp_path)
    for wrong in (SMS.format(n=1, to="true") + SMS.format(n=2, to="true"), SMS.format(n=1, to="true") + 'reach="mail"'):
        file.write_text(wrong)
        with pytest.raises(Problem, match="citizens"):
            read_channels(tmp_path, {})
        assert not citizens_channel(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "INSERT INTO outbox (case_id, kind, created_at) SELECT max(id), 'citizen_progress', now() FROM cases",
            "did not",
        ),
        ("UPDATE cases SET tell_in = 'en' WHERE id = (SELECT min(id) FROM cases)", "in another way"),
    ],
)
def test_verify_finds_a_reporter_told_otherwise_than_was_asked_for(
    town: Town, fresh_database: Urls, change: str, words: str
) -> None:
    reported(town)
    reported(town, tell_in=None)
    assert sound()
    assert fresh_database.super is not None
    with psycopg.connect(fresh_database.super) as owner:
        owner.execute(change)  # type: ignore[arg-type]
    assert [one for found in verify() if found.no == "I9" for one in found.first if words in one.words]


def test_somebody_on_the_street_asks_an_inspector_to_report_and_is_told(town: Town) -> None:
    asked = town.report(contact_name="李女士", contact_phone=PHONE, tell_in="zh")
    assert kinds(asked) == ["citizen_receipt"]
    handled = town.report("E0401", handled=True, photos=(town.photo(7),), contact_phone=PHONE, tell_in="zh")
    town.do(handled, Action.CONFIRM_HANDLED, "acceptor")
    assert kinds(handled) == ["citizen_receipt", "citizen_result:self_closed"]
    assert kinds(town.report()) == []
    assert sound()
