"""A card follows from a lapse and a rule, is contested once by its unit, ruled on by another; errors are counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from psycopg.types.json import Jsonb

from dashboards.view import View
from dashboards.words import words
from dispatch.cards.contest import DAYS, LONGEST, cards, contest, rule, tally
from dispatch.cards.give import GIVE, LOOK_BACK, give
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.verify import verify
from gis.db import execute, read, write
from gis.problems import Conflict, FormIncomplete, NotFound
from tests.cases.town import MONDAY, Town, look, settled

UNIT = "enforcement-a"
RULES = {
    "days": 30,
    "late_click": {"yellow": 1, "red": 3},
    "late_work": {"yellow": 1, "red": 2},
    "wrong_data": {"yellow": 1, "red": 2},
}


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        ruled_by(RULES)
        yield town


def ruled_by(rules: Mapping[str, object]) -> None:
    with write() as tx:
        execute(tx, "UPDATE city SET document = document || %(r)s", r=Jsonb({"cards": rules}))


def lapse(town: Town, number: int = 1) -> None:
    """So many dispatches that nobody signs for or works on, a week on."""
    for _ in range(number):
        town.dispatched()
    town.later(days=5)
    town.sweep()


def given() -> list[tuple[str, str, int]]:
    found = look("SELECT cause, colour, nth FROM card ORDER BY cause, at, seq, id")
    return [(row["cause"], row["colour"], row["nth"]) for row in found]


def broken() -> list[str]:
    return [breach.words for one in verify() if one.no in ("I9", "I12", "I23") for breach in one.first]


def first(cause: str) -> int:
    return int(look("SELECT min(id) AS id FROM card WHERE cause = %(c)s", c=cause)[0]["id"])


def test_a_lapse_of_signing_is_a_late_click_one_of_disposal_late_work_and_each_is_given_once(town: Town) -> None:
    lapse(town)
    assert give() == 2
    assert given() == [("late_click", "yellow", 1), ("late_work", "yellow", 1)]
    assert give() == 0
    told = look("SELECT kind, unit_id FROM outbox WHERE kind LIKE 'card%%'")
    assert told == [{"kind": "card_yellow", "unit_id": UNIT}] * 2
    assert broken() == []


def test_a_reply_that_its_check_finds_untrue_is_wrong_data(town: Town) -> None:
    case = town.checking()
    town.do(case, Action.CHECK_FAIL, "inspector1", photos=(town.photo(4),))
    give()
    assert ("wrong_data", "yellow", 1) in given()
    assert broken() == []


def test_the_third_within_the_days_is_red_and_one_of_before_counts_no_more(town: Town) -> None:
    lapse(town)
    town.later(days=40)
    lapse(town)
    give()
    assert [found for found in given() if found[0] == "late_click"] == [("late_click", "yellow", 1)]
    for _ in range(2):
        lapse(town)
        give()
    clicks = [found[1:] for found in given() if found[0] == "late_click"]
    assert clicks == [("yellow", 1), ("yellow", 2), ("red", 3)]
    assert broken() == []


def test_a_city_without_rules_and_a_cause_without_one_give_none(town: Town) -> None:
    ruled_by({"days": 30, "late_work": {"yellow": 2, "red": 3}})
    lapse(town)
    assert give() == 0
    with write() as tx:
        execute(tx, "UPDATE city SET document = document - 'cards'")
    assert give() == 0


def test_a_unit_contests_once_with_evidence_and_somebody_else_rules(town: Town) -> None:
    lapse(town)
    give()
    card = first("late_click")
    by, judge = (town.people[login].person_id or 0 for login in (UNIT, "supervisor"))
    said: dict[str, Any] = {"by": by, "reason": "system", "words": "当日专线中断"}
    with pytest.raises(NotFound), write() as tx:
        contest(tx, card, ["water"], **said)
    with pytest.raises(FormIncomplete), write() as tx:
        contest(tx, card, [UNIT], **said | {"words": " "})
    with pytest.raises(FormIncomplete), write() as tx:
        contest(tx, card, [UNIT], **said | {"reason": "mood"})
    with pytest.raises(Conflict), write() as tx:
        rule(tx, card, by=judge, ruling="wrong")  # nobody has contested it
    with write() as tx:
        contest(tx, card, [UNIT], **said)
    with pytest.raises(Conflict), write() as tx:
        contest(tx, card, [UNIT], **said)
    with pytest.raises(Conflict), write() as tx:
        rule(tx, card, by=by, ruling="wrong")  # not by the same person, whatever posts he holds
    with write() as tx:
        rule(tx, card, by=judge, ruling="wrong")
    with pytest.raises(Conflict), write() as tx:
        rule(tx, card, by=judge, ruling="stands")
    with read() as tx:
        sums = tally(tx, MONDAY, MONDAY + timedelta(days=30))
        (own, *_) = cards(tx, MONDAY, MONDAY + timedelta(days=30), [UNIT])
        assert cards(tx, MONDAY, MONDAY + timedelta(days=30), ["water"]) == []
    assert (sums.given, sums.contested, sums.ruled, sums.wrong) == (2, 1, 1, 1)
    assert sums.percent == Decimal("50.0")
    assert own.unit == UNIT
    assert broken() == []
    lapse(town)
    give()  # what was found wrong counts for none after it
    assert [found[2] for found in given() if found[0] == "late_click"] == [1, 1]
    assert broken() == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_words_without_end_are_refused_and_told_so(town: Town, language: str) -> None:
    lapse(town)
    give()
    by = town.people[UNIT].person_id or 0
    with pytest.raises(FormIncomplete) as refused, write() as tx:
        contest(tx, first("late_click"), [UNIT], by=by, reason="system", words="停" * (LONGEST + 1))
    view = View(SimpleNamespace(query_params={}), words(language))  # type: ignore[arg-type]
    ((_, told),) = view.wrongs(refused.value)
    assert told == {"zh": "申诉说明不超过 1000 字", "en": "A contest has at most 1000 characters"}[language]
    with write() as tx:
        contest(tx, first("late_click"), [UNIT], by=by, reason="system", words="停" * LONGEST)


def test_after_its_days_a_card_stands(town: Town) -> None:
    lapse(town)
    give()
    town.set(town.now + DAYS)
    by = town.people[UNIT].person_id or 0
    with pytest.raises(Conflict), write() as tx:
        contest(tx, first("late_click"), [UNIT], by=by, reason="system", words="x")


def test_verify_finds_a_card_that_rests_on_nothing_and_one_of_the_wrong_colour(
    town: Town, fresh_database: Urls
) -> None:
    lapse(town)
    give()
    with psycopg.connect(fresh_database.owner) as owner:
        owner.execute("UPDATE card SET colour = 'red' WHERE cause = 'late_click'")
        owner.execute("UPDATE card SET unit_id = 'water' WHERE cause = 'late_work'")
    found = " ".join(broken())
    assert "is red, the 1. of its kind" in found
    assert "late_work of water does not rest on" in found


def test_what_lapsed_while_nobody_looked_is_looked_at_however_long_that_was(town: Town) -> None:
    assert give() == 0
    lapse(town)
    town.later(days=40)  # the cards' job was at a standstill, the deadlines' was not
    assert give() == 2


def test_a_lapse_that_is_noticed_late_is_looked_at_when_it_is_known(town: Town) -> None:
    town.dispatched()
    town.later(days=40)
    assert give() == 0
    town.sweep()
    assert give() == 2


def test_rules_are_not_for_what_was_long_before_them(town: Town) -> None:
    give()
    ruled_by({})
    lapse(town)
    assert give() == 0
    town.later(days=8)
    ruled_by(RULES)
    assert give() == 0


def test_giving_walks_the_index_of_lapses(town: Town) -> None:
    with write() as tx:
        execute(tx, "SET LOCAL enable_seqscan = off")
        asked = {"now": MONDAY, "since": MONDAY - LOOK_BACK, "days": 30, "rules": Jsonb(RULES)}
        asked |= {"unit": None, "aside": []}
        plan = "\n".join(line for (line,) in tx.connection.execute("EXPLAIN " + GIVE, asked))
    assert "step_lapses" in plan


def test_nobody_makes_a_card_another_one(town: Town) -> None:
    lapse(town)
    give()
    for change in ("UPDATE card SET colour = 'yellow'", "UPDATE card SET nth = 1", "DELETE FROM card"):
        with pytest.raises(InsufficientPrivilege), write() as tx:
            execute(tx, change)
