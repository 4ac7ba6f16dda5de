"""What people wrote stays theirs: unreadable in the tables, nowhere else, and gone when its key goes."""

from __future__ import annotations

import subprocess

from dispatch.cases.texts import texts
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.postgres import installed
from dispatch.verify import verify
from gis.db import execute, read, write
from tests.cases.town import Town

CANARIES = ("13912345678", "欧阳锋", "白驼山三号楼", "井盖响了一夜", "已派人垫好")


def dump(urls: Urls) -> str:
    """Every row of every table, as text."""
    tool = installed()[0].bindir / "pg_dump"
    done = subprocess.run([tool, "--data-only", "--dbname", urls.super or ""], capture_output=True, check=True)
    return done.stdout.decode()


def test_no_table_holds_a_name_a_phone_or_a_word_in_clear(town: Town, database: Urls) -> None:
    phone, name, address, words, note = CANARIES
    case = town.report(
        "C0101", "acceptor", public=True, source="hotline", contact_phone=phone, contact_name=name, address=address,
        description=words,
    )  # fmt: skip
    town.do(case, Action.REFUSE, "acceptor", reason="not-ours", note=note)
    with read() as tx:
        kinds = ("note", "description", "address", "contact_name", "contact_phone")
        clear = {text.words for text in texts(tx, case.case_id, kinds)}
    assert clear == set(CANARIES)
    everything = dump(database)
    hidden = (*CANARIES, *(canary.encode().hex() for canary in CANARIES))
    assert case.number in everything
    assert [canary for canary in hidden if canary in everything] == []


def test_texts_can_be_erased_and_the_steps_still_hold(town: Town) -> None:
    case = town.report("E0405", "acceptor", public=True, source="hotline", contact_phone=CANARIES[0])
    with write() as tx:
        execute(tx, "DELETE FROM case_text WHERE case_id = %(id)s", id=case.case_id)
        execute(tx, "DELETE FROM case_key WHERE case_id = %(id)s", id=case.case_id)
    with read() as tx:
        assert texts(tx, case.case_id, ("contact_phone",)) == []
    broken = [breach for finding in verify() for breach in finding.first if breach.number == case.number]
    assert broken == []
