"""From a draft to the rules in force: two persons, a reason, a report; and history replayed beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from dispatch.cases.books import books
from dispatch.cluster import Urls
from dispatch.drafts import draft as drafting
from dispatch.drafts.draft import RULES, Draft
from dispatch.drafts.history import cells_of
from dispatch.drafts.replay_command import replay_of
from dispatch.evaluation.period import Period
from dispatch.routing.rulebook import rulebook_of
from gis.db import dicts, execute, read, write
from gis.problems import Conflict, FormIncomplete
from tests.cases.town import MONDAY, Town, look, settled

DAY = (MONDAY + timedelta(days=3)).date()
STREETS_ANSWER: dict[str, Any] = {
    "no": "R-005",
    "rank": 30,
    "when": {"type": "district_enforcement"},
    "to": "territory:street:subdistrict_office",
    "reason": "街面秩序由所在街道办事处负责",
    "reason_en": "Street order answers to the street office",
    "source": "invented, article 5a",
}


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


OFFICES_ANSWER = {
    "no": "R-006",
    "rank": 30,
    "when": {"type": "subdistrict_office"},
    "to": "territory:street:subdistrict_office",
    "reason": "街道职责由所在街道办事处负责",
    "source": "article 6",
}


def person(town: Town, login: str) -> int:
    found = town.people[login].person_id
    assert found is not None
    return found


def begun(town: Town, name: str = "tiny-rules-2", day: date = DAY) -> Draft:
    with write() as tx:
        return drafting.begin(tx, books(tx), person(town, "dispatcher"), name=name, in_force=day, kind=RULES)


def written(town: Town, who: str = "dispatcher") -> Draft:
    fresh = begun(town)
    with write() as tx:
        return drafting.change(
            tx, fresh.id, person(town, who), version=fresh.version, no="R-005", row=STREETS_ANSWER, kind=RULES
        )


def submitted(town: Town, draft: Draft) -> Draft:
    with write() as tx:
        found = replay_of(tx, books(tx), drafting.rulebook(draft), Period("past", MONDAY - timedelta(days=30), tx.now))
        return drafting.submit(
            tx,
            draft.id,
            person(town, "dispatcher"),
            version=draft.version,
            reason="距离近",
            report=found.document(),
            kind=RULES,
        )


def published(town: Town, draft: Draft, who: str = "leader") -> Draft:
    with write() as tx:
        return drafting.publish(
            tx, books(tx), draft.id, person(town, who), version=draft.version, decision="同意", kind=RULES
        )


def routed(case_id: int) -> dict[str, Any]:
    found: dict[str, Any] = look("SELECT route FROM cases WHERE id = %(id)s", id=case_id)[0]["route"]
    return found


def test_a_published_draft_decides_from_its_day_and_not_before(town: Town) -> None:
    done = published(town, submitted(town, written(town)))
    assert done.state == "published"
    town.later(hours=1)
    before = routed(town.report().case_id)
    assert (before["rule"], before["edition"], before["unit"]) == ("R-005", "tiny-rules-1", "enforcement-a")
    town.later(days=3)
    after = routed(town.report().case_id)
    assert (after["rule"], after["edition"], after["unit"]) == ("R-005", "tiny-rules-2", "street-a")


def test_the_replay_says_what_would_have_gone_elsewhere(town: Town) -> None:
    shops = [*(town.closed() for _ in range(3)), town.handling()]
    town.later(hours=1)
    kept = submitted(town, written(town)).report
    assert kept is not None
    assert (kept["cases"], kept["moved"]) == (4, 4)
    move = kept["moves"][0]
    assert (move["before"], move["after"], move["cases"]) == ("enforcement-a", "street-a", 4)
    numbers = look("SELECT number FROM cases WHERE id = ANY(%(ids)s)", ids=[case.case_id for case in shops])
    assert set(move["samples"]) & {row["number"] for row in numbers}
    named = ("before", "after", "rate_before", "rate_after")
    loads = {row["unit"]: tuple(row[name] for name in named) for row in kept["loads"]}
    # The three that were disposed of were in time; the street has no past, so the class's own share is expected of it.
    assert loads == {"enforcement-a": (4, 0, "100.00", None), "street-a": (0, 4, None, "100.00")}


def test_nobody_publishes_what_he_wrote_not_even_a_line_of_it(town: Town) -> None:
    draft = submitted(town, written(town, "leader"))  # the dispatcher began it, the leader changed a rule
    for who in ("dispatcher", "leader"):
        with pytest.raises(Conflict):
            published(town, draft, who)
    with pytest.raises(psycopg.errors.CheckViolation), write() as tx:  # and no statement goes round it
        execute(
            tx,
            "UPDATE rule_draft SET state = 'published', decided_by = author_id WHERE id = %(id)s",
            id=draft.id,
        )
    assert published(town, draft, "supervisor").state == "published"


def test_a_rule_that_cannot_be_read_is_refused_and_the_draft_is_kept(town: Town) -> None:
    draft = begun(town)
    for wrong in ({"to": "nobody"}, {"when": {"colour": "red"}}, {"no": "R-001"}, {"reason": ""}):
        with pytest.raises(FormIncomplete), write() as tx:
            drafting.change(
                tx, draft.id, person(town, "dispatcher"), version=1, no="R-005", row=STREETS_ANSWER | wrong, kind=RULES
            )
    with read() as tx:
        assert drafting.draft_of(tx, draft.id) == draft


def test_two_who_change_one_draft_do_not_overwrite_each_other(town: Town) -> None:
    draft = written(town)
    with pytest.raises(Conflict), write() as tx:
        drafting.change(
            tx, draft.id, person(town, "leader"), version=draft.version - 1, no="R-006", row=None, kind=RULES
        )
    assert drafting.rulebook(draft).rules[-1].no == "R-006"


def test_a_draft_of_rules_that_have_changed_since_is_not_published(town: Town) -> None:
    slow, quick = written(town), begun(town, "tiny-rules-3")
    with write() as tx:
        quick = drafting.change(
            tx, quick.id, person(town, "dispatcher"), version=1, no="R-006", row=OFFICES_ANSWER, kind=RULES
        )
    published(town, submitted(town, quick))
    with pytest.raises(Conflict, match="have changed since"):
        published(town, submitted(town, slow))


def test_a_draft_that_leaves_a_gap_is_not_published_and_is_kept(town: Town) -> None:
    draft = begun(town)
    with write() as tx:
        draft = drafting.change(tx, draft.id, person(town, "dispatcher"), version=1, no="R-006", row=None, kind=RULES)
    draft = submitted(town, draft)
    with pytest.raises(Conflict, match="keep a rulebook out and is kept as it is; the first: No rule"):
        published(town, draft)
    with read() as tx:
        assert drafting.draft_of(tx, draft.id) == draft


def test_rules_do_not_take_effect_in_the_past_nor_without_a_reason(town: Town) -> None:
    with pytest.raises(FormIncomplete, match="day to come"):
        begun(town, day=(MONDAY - timedelta(days=1)).date())
    draft = written(town)
    with pytest.raises(FormIncomplete), write() as tx:
        drafting.submit(
            tx, draft.id, person(town, "dispatcher"), version=draft.version, reason=" ", report={}, kind=RULES
        )


def test_a_draft_sent_back_can_be_changed_and_submitted_again(town: Town) -> None:
    draft = submitted(town, written(town))
    with write() as tx:
        back = drafting.send_back(
            tx, draft.id, person(town, "leader"), version=draft.version, decision="街道人手不足", kind=RULES
        )
    assert (back.state, back.decision) == ("draft", "街道人手不足")
    with write() as tx:
        writer = person(town, "dispatcher")
        again = drafting.change(tx, back.id, writer, version=back.version, no="R-006", row=OFFICES_ANSWER, kind=RULES)
    assert again.report is None, "a report of other rules proves nothing"
    assert published(town, submitted(town, again)).state == "published"


def test_every_step_of_a_draft_is_in_the_trail(town: Town) -> None:
    published(town, submitted(town, written(town)))
    with read() as tx:
        kinds = [
            row["kind"]
            for row in dicts(tx, "SELECT kind FROM audit_event WHERE object LIKE 'rule_draft:%%' ORDER BY id")
        ]
    assert kinds == ["rules_begun", "rules_changed", "rules_submitted", "rules_published"]


def test_a_corridor_nobody_looked_at_before_is_measured_on_the_past(town: Town) -> None:
    near, far = town.filed(lon=114.0021, lat=22.50035), town.filed(lon=114.0021, lat=22.50105)  # 39 m and 117 m off
    town.later(hours=1)
    row = STREETS_ANSWER | {"no": "R-000", "rank": 1, "when": {"corridor": {"road": "人民大道", "metres": 60}}}
    fresh = begun(town)
    with write() as tx:
        draft = drafting.change(tx, fresh.id, person(town, "dispatcher"), version=1, no="R-000", row=row, kind=RULES)
    kept = submitted(town, draft).report
    assert kept is not None
    numbers = {case.case_id: case.number for case in (near, far)}
    assert [(move["samples"], move["after"]) for move in kept["moves"]] == [([numbers[near.case_id]], "street-b")]


def test_cases_that_differ_in_what_no_rule_asks_are_one_cell(town: Town) -> None:
    for minutes in (3, 4, 5):
        town.filed()
        town.later(minutes=minutes)
    with read() as tx:
        city = books(tx)
        cells = cells_of(tx, city, Period("past", MONDAY, tx.now), (city.rulebook,))
        row = STREETS_ANSWER | {"no": "R-000", "rank": 1, "when": {"hours": ["08:00-12:00"]}}
        by_the_hour = rulebook_of({"rule": [row]})
        apart = cells_of(tx, city, Period("past", MONDAY, tx.now), (city.rulebook, by_the_hour))
    assert [cell.cases for cell in cells] == [3]
    assert sorted(cell.facts.hour for cell in apart) == ["09:00", "09:03", "09:07"]


def test_a_replay_asks_the_same_facts_as_the_routing_did(town: Town) -> None:
    """The rules in force, asked of the past, say what they said then: no case has moved."""
    for spot in ((114.0005, 22.5010), (114.0021, 22.50035), (114.0021, 22.50105), (114.0005, 22.5013)):
        for category in ("E0405", "C0101", "E0505"):
            town.report(category, lon=spot[0], lat=spot[1])
    with read() as tx:
        city = books(tx)
        cells = cells_of(tx, city, Period("past", MONDAY, tx.now + timedelta(seconds=1)), (city.rulebook,))
        asked = {(cell.facts.category, city.table.lookup(cell.facts).unit): 0 for cell in cells}
        for cell in cells:
            asked[cell.facts.category, city.table.lookup(cell.facts).unit] += cell.cases
        sql = "SELECT category, route_unit, count(*)::int AS n FROM cases GROUP BY 1, 2"
        said = {(row["category"], row["route_unit"]): row["n"] for row in dicts(tx, sql)}
    assert asked == said
