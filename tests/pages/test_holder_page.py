"""Who holds a case is named alike on its page, in the note after an action and in lists: whoever can act on it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from html import unescape

import pytest

from dashboards.words import LANGUAGES, words
from dispatch.lifecycle.states import HOLDER, OPEN, Action, Pool, State
from tests.pages.conftest import Office, Person

Enter = Callable[[str], Person]
HIGHER = "领导或督查员"
# No unit has it yet, or none any more.
NO_UNIT = {State.REPORTED, State.SELF_HANDLED, State.VERIFYING, State.VERIFIED, State.ACCEPTED, State.FILED}


def _note(who: Person, number: str, done: Action) -> str:
    """What the green note after an action says."""
    text = unescape(who.get(f"/cases/{number}?done={done}").text)
    return text.split('<div class="note good" role="status">')[1].split("<span>")[1].split("</span>")[0]


def test_an_extension_of_ones_own_length_is_the_leaders_on_page_note_and_list(office: Office, person: Enter) -> None:
    case = office.town.handling()
    unit = person("enforcement-a")
    hint = "自填时长的，只能由领导或督查员批准"
    assert hint in unit.get(f"/cases/{case.number}").text
    office.town.do(case, Action.ASK_DELAY, "enforcement-a", reason="material", limit=Decimal(8))
    assert f"，由{HIGHER}办理。" in _note(unit, case.number, Action.ASK_DELAY)
    page = unit.get(f"/cases/{case.number}").text
    assert f"现在由{HIGHER}办理" in page
    assert f'<b>审批</b><span class="sec">{HIGHER}</span>' in page
    assert f"{HIGHER} · " in unit.get("/desk").text
    leader = person("leader")
    assert case.number in leader.get("/console?q=extends_more").text
    offered = leader.get(f"/cases/{case.number}").text
    assert all(f'name="action" value="{answer}_delay"' in offered for answer in ("approve", "refuse"))
    office.town.do(case, Action.APPROVE_DELAY, "leader")
    assert "本案已延期过" in unit.get(f"/cases/{case.number}").text
    office.town.do(case, Action.ASK_DELAY, "enforcement-a", reason="material")
    assert f"，由{HIGHER}办理。" in _note(unit, case.number, Action.ASK_DELAY)
    assert leader.send(
        f"/cases/{case.number}", f"/cases/{case.number}", action="refuse_delay", reason="urgent"
    ).is_redirect


def test_a_first_extension_of_the_usual_length_is_the_dispatchers(office: Office, person: Enter) -> None:
    case = office.town.handling()
    office.town.do(case, Action.ASK_DELAY, "enforcement-a", reason="material")
    unit = person("enforcement-a")
    assert "已办：申请延期。现在是“延期待批”，由派遣员办理。" in _note(unit, case.number, Action.ASK_DELAY)
    assert "现在由派遣员办理" in unit.get(f"/cases/{case.number}").text
    assert case.number not in person("leader").get("/console?q=extends_more").text


@pytest.mark.parametrize(
    ("stage", "done", "holder"), [("replied", "reply", "派遣员"), ("checking", "send_check", "监督员")]
)
def test_the_note_after_an_action_names_who_has_the_case_now(
    office: Office, person: Enter, stage: str, done: str, holder: str
) -> None:
    case = getattr(office.town, stage)()
    assert f"，由{holder}办理。" in _note(person("shift_leader"), case.number, Action(done))


def test_of_an_ended_case_the_note_says_only_that_it_has_ended(office: Office, person: Enter) -> None:
    case = office.town.closed()
    assert _note(person("shift_leader"), case.number, Action.CLOSE) == "已办：结案。现在是“已结案”。"


def _head(who: Person, number: str, language: str = "zh") -> str:
    """The line below the title of a case."""
    text = unescape(who.get(f"/cases/{number}?lang={language}").text)
    return text.split('<p class="line">')[1].split("</p>")[0]


def test_the_head_tells_the_responsible_unit_from_whoever_has_the_case_now(office: Office, person: Enter) -> None:
    head = person("shift_leader")
    unit = "东河区综合执法队"
    assert "<span>现在办理：派遣员</span>" in _head(head, office.town.filed().number)
    assert f"<span>责任单位（现在办理）：{unit}</span>" in _head(head, office.town.handling().number)
    checked = office.town.checking().number
    why = "现在在监督员手里，因为责任单位已回复，等现场核查"
    assert f"<span>责任单位：{unit}</span><span>{why}</span>" in _head(head, checked)
    assert "Now with the inspector, because the work is to be checked on the spot" in _head(head, checked, "en")
    ended = _head(head, office.town.closed().number)
    assert f"<span>责任单位：{unit}</span>" in ended
    assert "现在" not in ended


@pytest.mark.parametrize("state", sorted(OPEN))
def test_wherever_a_case_leaves_its_unit_for_a_while_the_head_has_words_for_why(state: State) -> None:
    away = HOLDER[state] is not Pool.UNIT and state not in NO_UNIT
    for language in LANGUAGES:
        assert bool(words(language).get(f"case.held_{state}", "")) == away
