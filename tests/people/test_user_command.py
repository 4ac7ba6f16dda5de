"""`wangge user`: accounts from the machine itself."""

from __future__ import annotations

import argparse
import json

import pytest

from dispatch.people import entry
from dispatch.people.accounts import By, set_password
from dispatch.people.me import person_of
from dispatch.people.roles import Role
from dispatch.people.user_command import command
from gis.db import read, value, write
from gis.problems import Conflict, NotFound, Unauthorised
from tests.people.made import make_unit

pytestmark = pytest.mark.usefixtures("fresh_database")


def user(*words: str) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(words)) == 0


def first_password(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.strip().rsplit(" ", 1)[1]


def test_a_new_account_gets_a_first_password_that_must_be_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    make_unit("bureau")
    user("add", "wang", "王", "--unit", "bureau", "--role", "department")
    me = person_of(entry.enter("wang", first_password(capsys), whence="10.0.0.1").token)
    assert me is not None
    assert me.must_change
    assert me.roles == {Role.DEPARTMENT}
    user("list", "--json")
    assert json.loads(capsys.readouterr().out) == [
        {"login": "wang", "name": "王", "unit": "bureau", "roles": "department", "standing": "first password"}
    ]


@pytest.mark.parametrize("words", [("grant", "wang", "leader"), ("revoke", "wang", "acceptor"), ("disable", "wang")])
def test_a_change_of_posts_or_standing_ends_the_sessions_and_is_recorded(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    user("add", "wang", "王", "--role", "acceptor")
    token = entry.enter("wang", first_password(capsys), whence="10.0.0.1").token
    user(*words)
    assert person_of(token) is None
    with read() as tx:
        assert value(tx, "SELECT count(*) FROM audit_event WHERE kind IN ('grant', 'revoke')") == 2
        assert str(value(tx, "SELECT whence FROM audit_event ORDER BY id LIMIT 1")).startswith("machine:")


def test_a_new_first_password_replaces_the_old_one(capsys: pytest.CaptureFixture[str]) -> None:
    user("add", "wang", "王")
    old = first_password(capsys)
    user("password", "wang")
    new = first_password(capsys)
    with pytest.raises(Unauthorised):
        entry.enter("wang", old, whence="10.0.0.1")
    assert entry.enter("wang", new, whence="10.0.0.1").must_change


def test_an_unlocked_account_may_try_again(capsys: pytest.CaptureFixture[str]) -> None:
    user("add", "wang", "王")
    password = first_password(capsys)
    for number in range(5):
        with pytest.raises(Unauthorised):
            entry.enter("wang", "wrong", whence=f"10.0.0.{number}")
    user("unlock", "wang")
    assert entry.enter("wang", password, whence="10.0.0.9").token


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("post", ["system_admin", "security_admin", "audit_admin"])
def test_an_administrators_post_comes_with_a_password_that_nobody_knew_before(
    capsys: pytest.CaptureFixture[str], post: str, replaced: bool
) -> None:
    """The security administrator made wang a first password, and may even have replaced it in wang's name."""
    user("add", "wang", "王", "--role", "acceptor")
    capsys.readouterr()
    with write() as tx:
        known = set_password(tx, "wang", By(1, "10.0.0.1"))
    if replaced:
        mine = entry.enter("wang", known, whence="10.0.0.1")
        entry.change_password(mine.person_id, old=known, new="known to two people", whence="10.0.0.1")
        known = "known to two people"
    user("grant", "wang", post)
    first = first_password(capsys)
    with pytest.raises(Unauthorised):
        entry.enter("wang", known, whence="10.0.0.1")
    assert entry.enter("wang", first, whence="10.0.0.1").must_change


def test_any_other_post_leaves_the_password_alone(capsys: pytest.CaptureFixture[str]) -> None:
    user("add", "wang", "王", "--role", "acceptor")
    first = first_password(capsys)
    user("grant", "wang", "shift_leader")
    assert capsys.readouterr().out == "wang holds the post shift_leader\n"
    assert entry.enter("wang", first, whence="10.0.0.1").token


def test_the_administrators_are_different_people() -> None:
    user("add", "adm", "管理", "--role", "system_admin")
    with pytest.raises(Conflict):
        user("grant", "adm", "audit_admin")
    with pytest.raises(Conflict):
        user("add", "two", "两", "--role", "security_admin", "--role", "system_admin")


def test_who_or_what_is_not_there_is_named() -> None:
    for words in (("grant", "nobody", "leader"), ("unlock", "nobody"), ("add", "x", "x", "--unit", "nowhere")):
        with pytest.raises(NotFound, match=r"nobody|nowhere"):
            user(*words)
