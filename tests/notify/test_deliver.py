"""At least once, under one id, with growing delay; then a dead letter to be sent again. Nobody waits for another."""

from __future__ import annotations

import json
import logging
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from dispatch.cases.act import act
from dispatch.cluster import Urls
from dispatch.config import read_settings
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from dispatch.notify import deliver
from dispatch.notify.channels import Channel, Gateway, Mail
from dispatch.notify.deliver import MOST, WAITS, resend, send_by
from dispatch.notify.letters import LIST, TOLD, told
from dispatch.notify.notices_command import command
from dispatch.notify.outbox import send_due
from dispatch.people.reach import forget_reach, masked, set_reach
from dispatch.worker import JOBS, run_jobs, with_channels
from gis.db import execute, read, value, write
from gis.problems import FormIncomplete, Problem
from tests.cases.town import Town, look, settled
from tests.notify.receivers import Receiver, http_receiver, smtp_server, until

HERE = frozenset({"127.0.0.1"})
BODY = '{"to": "{to}", "text": "{text}"}'
PHONE = "13800005678"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    """A real city, not a rehearsal; one person of the first department has a phone."""
    with settled() as town:
        with write() as tx:
            set_reach(tx, login(), "phone", PHONE)
        yield town


def login(n: int = 0) -> str:
    people = look("SELECT login FROM person WHERE unit_id = 'enforcement-a' ORDER BY id")
    return str(people[n]["login"])


def sms(receiver: Receiver, name: str = "sms", **more: object) -> Gateway:
    given = {"name": name, "url": f"http://127.0.0.1:{receiver.port}/", "body": BODY, "allow": HERE, "secret": "hush"}
    return Gateway(**given | more)


def mail_by(office: Receiver) -> Mail:
    return Mail(name="mail", host="127.0.0.1", port=office.port, sender="w@example.org", tls="none", allow=HERE)


def owed(town: Town, *channels: Channel, cases: int = 1) -> None:
    """Cases dispatched to the department, put down for these channels."""
    for _ in range(cases):
        town.dispatched()
    with write() as tx:
        execute(tx, "UPDATE city SET rehearsal = 0")
    send_due(channels)


def again() -> None:
    """As if the time to the next attempt were over."""
    with write() as tx:
        execute(tx, "UPDATE delivery SET next_at = clock_timestamp() WHERE next_at IS NOT NULL")


def test_a_notice_put_off_by_a_clock_that_was_ahead_waits_for_no_such_time(town: Town, receiver: Receiver) -> None:
    channel = sms(receiver)
    owed(town, channel)
    with write() as tx:
        execute(tx, "UPDATE delivery SET next_at = next_at + interval '400 days'")
    assert send_by(channel) == 1
    assert [one["sent"] for one in deliveries()] == [True]


def deliveries() -> list[dict[str, object]]:
    return look(
        "SELECT attempts, outcome, masked, sent_at IS NOT NULL AS sent, dead_at IS NOT NULL AS dead FROM delivery"
    )


def test_a_dispatch_reaches_the_departments_phone(town: Town, receiver: Receiver) -> None:
    owed(town, sms(receiver))
    assert receiver.posts == []  # what writes the message sends nothing
    assert send_by(sms(receiver)) == 1
    number = look("SELECT number FROM cases")[0]["number"]
    assert json.loads(receiver.posts[0].body)["to"] == PHONE
    assert number in json.loads(receiver.posts[0].body)["text"]
    assert deliveries() == [{"attempts": 1, "outcome": "sent", "masked": "138****5678", "sent": True, "dead": False}]
    assert send_by(sms(receiver)) == 0


def test_a_rehearsal_tells_nobody_outside(town: Town, receiver: Receiver) -> None:
    town.dispatched()
    assert send_due([sms(receiver)]) == 1
    assert deliveries() == []


def test_an_act_rolled_back_is_told_to_nobody(town: Town, receiver: Receiver) -> None:
    case = town.filed()
    by, form = town.people["dispatcher"], Form(unit="enforcement-a", reason="local")
    waiting = "SELECT kind FROM outbox WHERE case_id = %(c)s AND unit_id = 'enforcement-a'"
    with pytest.raises(ZeroDivisionError), write() as tx:
        act(tx, case.case_id, Action.DISPATCH, by, form, key=uuid4())
        assert value(tx, waiting, c=case.case_id) == "dispatched"  # with the act, in its transaction
        raise ZeroDivisionError
    assert look(waiting, c=case.case_id) == []
    with write() as tx:
        execute(tx, "UPDATE city SET rehearsal = 0")
    send_due([sms(receiver)])
    assert deliveries() == []


def test_every_attempt_has_the_same_id_and_the_last_one_leaves_a_dead_letter(
    town: Town, receiver: Receiver, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answer = lambda post: 500
    owed(town, sms(receiver))
    with caplog.at_level(logging.DEBUG):
        for _ in range(MOST + 2):
            send_by(sms(receiver))
            again()
    assert len(receiver.posts) == MOST
    assert len({post.headers["x-wangge-message"] for post in receiver.posts}) == 1
    assert deliveries() == [
        {"attempts": MOST, "outcome": "HTTP 500", "masked": "138****5678", "sent": False, "dead": True}
    ]
    assert command.run(asked("list")) == 0
    listed = capsys.readouterr().out
    assert "HTTP 500" in listed
    assert PHONE not in listed + caplog.text
    assert "hush" not in listed + caplog.text
    receiver.answer = lambda post: 200
    for _ in range(2):  # two who press at once, or one who presses again
        assert command.run(asked("resend", "--all")) == 0
    send_by(sms(receiver))
    assert deliveries()[0]["sent"]
    assert command.run(asked("resend", "--all")) == 0
    assert send_by(sms(receiver)) == 0
    assert len(receiver.posts) == MOST + 1
    assert len({post.headers["x-wangge-message"] for post in receiver.posts}) == 1


def test_an_address_that_is_none_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notices.toml").write_text('[[channel]]\nname="m"\nkind="mail"\nhost="h"\nport=25\nsender="w@e.org"\n')
    chosen = read_settings({"WANGGE_DATA": str(tmp_path)})
    monkeypatch.setattr("dispatch.notify.notices_command.settings", lambda: chosen)
    for to in ("a@b.org\r\nRCPT TO:<c@d.org>", "13800005678"):
        with pytest.raises(Problem, match="This is no mail address"):
            command.run(asked("try", "m", to))


def asked(*words: str) -> Namespace:
    parser = ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


def test_the_delay_grows_as_the_table_says(town: Town, receiver: Receiver) -> None:
    receiver.answer = lambda post: 503
    owed(town, sms(receiver))
    for wait in WAITS[:-1]:
        send_by(sms(receiver))
        left = look("SELECT extract(epoch FROM next_at - clock_timestamp())::float8 AS s FROM delivery")[0]["s"]
        assert wait - 5 < left <= wait * 1.2
        again()
    page = (Path(__file__).parents[2] / "docs" / "notices.md").read_text(encoding="utf-8")
    table = [line.split("|")[2].strip() for line in page.splitlines() if re.match(r"\| \d \|", line)]
    assert table == [f"{wait:.0f} s" for wait in WAITS[:-1]]


def test_a_gateway_that_hangs_holds_up_neither_mail_nor_deadlines(town: Town, receiver: Receiver) -> None:
    receiver.answer = lambda post: -1
    with smtp_server() as post_office:
        mail = mail_by(post_office)
        with write() as tx:
            set_reach(tx, login(), "mail", "wang@example.org")
        owed(town, sms(receiver), mail, cases=6)
        jobs = with_channels([sms(receiver), mail])
        assert {job.name for job in JOBS} < {job.name for job in jobs}
        scheduler = run_jobs(jobs)
        try:
            assert until(lambda: len(post_office.letters) == 6, 10)
            # Each of the gateway's hangs for five seconds: not one of them is over.
            assert not look("SELECT 1 FROM delivery WHERE channel = 'sms' AND outcome NOT IN ('', 'under way')")
            assert until(lambda: look("SELECT 1 FROM delivery WHERE outcome LIKE 'HTTP: %'"), 20)
        finally:
            receiver.answer = lambda post: 200
            scheduler.shutdown()


def test_one_notice_that_hangs_or_breaks_holds_up_no_other_of_its_channel(town: Town) -> None:
    with smtp_server() as post_office:
        mail = mail_by(post_office)
        for n, address in enumerate(("a@slow.org", "b@nobody.org", "c@example.org")):
            with write() as tx:
                execute(
                    tx,
                    """INSERT INTO person (login, name, unit_id, password_hash, must_change, created_at)
                       VALUES (%(n)s, 'x', 'enforcement-a', '!', false, now())""",
                    n=f"extra{n}",
                )
                set_reach(tx, f"extra{n}", "mail", address)
        with write() as tx:  # sealed under another key: cannot be opened
            execute(
                tx,
                """UPDATE person_reach SET key = sha256(key)
                    WHERE person_id = (SELECT id FROM person WHERE login = 'extra1')""",
            )
        owed(town, mail, cases=3)
        send_by(mail)
        assert [to for to, _ in post_office.letters] == ["c@example.org"] * 3
    said = look("SELECT outcome, count(*) AS n FROM delivery WHERE sent_at IS NULL GROUP BY outcome ORDER BY outcome")
    assert {row["outcome"]: row["n"] for row in said} == {"InvalidTag": 3, "SMTP: SMTPServerDisconnected": 3}
    taken = look("SELECT outcome FROM delivery WHERE sent_at IS NOT NULL ORDER BY outcome")
    assert [row["outcome"] for row in taken] == [f"sent: 2.0.0 Ok: queued as N{n}" for n in (1, 2, 3)]


def test_a_worker_that_slept_through_its_claim_changes_nothing(town: Town, receiver: Receiver) -> None:
    owed(town, sms(receiver))
    asleep = deliver._claim(sms(receiver))
    assert asleep is not None
    again()
    send_by(sms(receiver))
    deliver._mark(asleep, "HTTP 500", "x", over=True)
    assert deliveries() == [{"attempts": 2, "outcome": "sent", "masked": "138****5678", "sent": True, "dead": False}]


def test_a_worker_that_died_at_the_last_attempt_leaves_a_dead_letter(town: Town, receiver: Receiver) -> None:
    owed(town, sms(receiver))
    for _ in range(MOST):
        assert deliver._claim(sms(receiver)) is not None
        again()
    assert send_by(sms(receiver)) == 0
    assert deliveries()[0]["dead"]


def test_a_message_about_no_case_goes_out_as_well(town: Town, receiver: Receiver) -> None:
    with write() as tx:
        execute(
            tx,
            """INSERT INTO outbox (kind, person_id, created_at)
               SELECT 'rules', person_id, now() FROM person_reach""",
        )
        execute(tx, "UPDATE city SET rehearsal = 0")
    send_due([sms(receiver)])
    assert send_by(sms(receiver)) == 1
    assert json.loads(receiver.posts[0].body)["text"] == "有新情况，请登录系统查看。"


def test_five_workers_send_each_notice_once(town: Town, receiver: Receiver) -> None:
    owed(town, sms(receiver), cases=12)
    workers = [run_jobs(with_channels([sms(receiver)])) for _ in range(5)]
    try:
        assert until(lambda: not look("SELECT 1 FROM delivery WHERE sent_at IS NULL"))
    finally:
        for scheduler in workers:
            scheduler.shutdown()
    ids = [post.headers["x-wangge-message"] for post in receiver.posts]
    assert len(ids) == len(set(ids)) == 12


def test_who_left_or_took_the_address_back_is_not_written_to(town: Town, receiver: Receiver) -> None:
    owed(town, sms(receiver))
    with write() as tx:
        forget_reach(tx, login(), "phone")
    send_by(sms(receiver))
    assert receiver.posts == []
    assert deliveries()[0]["dead"]
    with write() as tx:
        assert resend(tx, None) == 1


def test_a_city_says_it_in_words_of_its_own(town: Town, receiver: Receiver) -> None:
    own = {"dispatched": {"zh": "来活了:{case}", "en": "Work: {case}"}}
    with write() as tx:
        execute(tx, "UPDATE city SET document = document || %(own)s::jsonb", own=json.dumps({"notices": own}))
    owed(town, sms(receiver))
    send_by(sms(receiver))
    assert json.loads(receiver.posts[0].body)["text"] == f"来活了:{look('SELECT number FROM cases')[0]['number']}"


@pytest.mark.parametrize(
    ("city", "chosen", "said"),
    [
        ("zh", "", "已派遣到本部门"),
        ("en", "", "has been dispatched"),
        ("en", "zh", "已派遣"),
        ("zh", "en", "has been dispatched"),
    ],
)
def test_a_notice_is_in_the_language_of_whoever_gets_it_else_in_the_citys(
    town: Town, receiver: Receiver, city: str, chosen: str, said: str
) -> None:
    languages = json.dumps({"languages": [city, "zh" if city == "en" else "en"]})
    with write() as tx:
        execute(tx, "UPDATE city SET document = document || %(said)s::jsonb", said=languages)
        execute(tx, "UPDATE person SET language = %(chosen)s", chosen=chosen)
    owed(town, sms(receiver))
    send_by(sms(receiver))
    assert said in json.loads(receiver.posts[0].body)["text"]


def test_the_record_of_a_case_says_who_was_told_by_which_way_and_whether_it_arrived(
    town: Town, receiver: Receiver
) -> None:
    receiver.answer = lambda post: 500
    with write() as tx:
        set_reach(tx, login(), "mail", "wang@nobody.example.org")
    with smtp_server() as post_office:
        owed(town, sms(receiver), mail_by(post_office))
        send_by(mail_by(post_office))
        for _ in range(MOST + 1):
            send_by(sms(receiver))
            again()
    case = int(look("SELECT id FROM cases")[0]["id"])
    with read() as tx:
        record = told(tx, case)
    outside = {one.channel: one for one in record if one.channel}
    sent_as = {post.headers["x-wangge-message"] for post in receiver.posts}
    assert {str(outside["sms"].message)} == sent_as
    assert [(one.kind, one.unit, one.sent_at is not None) for one in record if not one.channel] == [
        ("dispatched", "enforcement-a", True)
    ]
    assert (outside["sms"].dead_at is not None, outside["sms"].outcome) == (True, "HTTP 500")
    assert outside["mail"].sent_at is None
    assert outside["mail"].attempts == 1
    assert {one.masked for one in outside.values()} == {"138****5678", "w***@nobody.example.org"}


def test_a_department_reads_what_its_own_people_were_told(town: Town, receiver: Receiver) -> None:
    owed(town, sms(receiver))
    case = int(look("SELECT id FROM cases")[0]["id"])
    with read(as_units=["enforcement-a"]) as tx:
        assert {one.channel for one in told(tx, case)} == {"", "sms"}
    with read(as_units=["water"]) as tx:
        assert told(tx, case) == []
        assert value(tx, "SELECT count(*) FROM delivery") == 0


def test_addresses_lie_sealed_and_are_checked(town: Town) -> None:
    assert PHONE.encode() not in look("SELECT body FROM person_reach")[0]["body"]
    for kind, address in (("mail", "a@b.org\r\nBcc: x@y.org"), ("mail", "a b@c.org"), ("phone", "138-1"), ("mail", "")):
        with pytest.raises(FormIncomplete), write() as tx:
            set_reach(tx, login(), kind, address)
    assert masked("wang@example.org") == "w***@example.org"
    assert masked("12345") == "****45"


def test_the_claim_walks_its_index(town: Town) -> None:
    with write() as tx:
        execute(tx, "SET LOCAL enable_seqscan = off")
        plan = tx.connection.execute(
            "EXPLAIN " + deliver.CLAIM, {"channel": "sms", "waits": list(WAITS), "most": MOST}
        ).fetchall()
    assert any("delivery_due" in line for (line,) in plan)


@pytest.mark.parametrize(
    ("sql", "given", "indexes"),
    [(LIST, {"most": 200}, ["delivery_dead", "delivery_due"]), (TOLD, {"case": 1, "most": 100}, ["outbox_case"])],
)
def test_the_lists_walk_their_indexes(town: Town, sql: str, given: dict[str, int], indexes: list[str]) -> None:
    with write() as tx:
        execute(tx, "SET LOCAL enable_seqscan = off")
        plan = "\n".join(line for (line,) in tx.connection.execute("EXPLAIN " + sql, given))
    assert all(index in plan for index in indexes), plan
