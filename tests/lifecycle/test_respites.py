"""More time: for a reason on the list, with what it wants, in time, and not more often than the rule says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from dispatch.lifecycle.decide import Policy, Standing, decide
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.respites import RESPITES, respites_of, standard_respites
from dispatch.lifecycle.states import Action, State
from dispatch.people.roles import Role
from gis.problems import FormIncomplete, NotAllowed

NOW = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
DEPARTMENT = frozenset({Role.DEPARTMENT})
PAPER = ("a" * 64,)
FROM = {Action.ASK_DELAY: State.HANDLING, Action.ASK_DEFER: State.DISPATCHED, Action.ASK_SUSPEND: State.HANDLING}
UNTIL = Form(until=NOW + timedelta(days=9))


def ask(action: Action, form: Form, policy: Policy = Policy(), **case: Any) -> State:  # noqa: B008  (frozen)
    return decide(Standing(state=FROM[action], **case), action, form, DEPARTMENT, NOW, policy).to


@pytest.mark.parametrize("action", RESPITES)
def test_a_reason_of_another_list_is_none(action: Action) -> None:
    for reason in ("not_owner", "parts", "default"):
        with pytest.raises(FormIncomplete) as refusal:
            ask(action, replace(UNTIL, reason=reason, note="words", photos=PAPER))
        assert refusal.value.extra["fields"] == {"reason": "none of the list"}
        assert refusal.value.extra["reasons"][-1] == "other"


@pytest.mark.parametrize("action", RESPITES)
def test_other_wants_words(action: Action) -> None:
    with pytest.raises(FormIncomplete) as refusal:
        ask(action, replace(UNTIL, reason="other"))
    assert refusal.value.extra["fields"] == {"note": "needed"}
    assert "文字说明" in refusal.value.zh
    assert ask(action, replace(UNTIL, reason="other", note="道路塌陷,等待鉴定"))


@pytest.mark.parametrize(
    ("action", "reason"), [(Action.ASK_DELAY, "permit"), (Action.ASK_DEFER, "joint"), (Action.ASK_SUSPEND, "works")]
)
def test_a_reason_that_rests_on_a_paper_wants_its_picture(action: Action, reason: str) -> None:
    with pytest.raises(FormIncomplete) as refusal:
        ask(action, replace(UNTIL, reason=reason))
    assert refusal.value.extra["fields"] == {"photos": "needed"}
    assert "证明材料" in refusal.value.zh
    assert ask(action, replace(UNTIL, reason=reason, photos=PAPER))


def test_what_a_reason_wants_is_the_citys_to_say() -> None:
    own = {"ask_delay": {"quota": 8, "reasons": [{"code": "flood", "name": "防汛", "evidence": True, "words": True}]}}
    respites = respites_of(own)
    policy = Policy(respites=respites)
    assert list(respites[Action.ASK_DELAY].reasons) == ["flood"]
    assert respites[Action.ASK_DEFER] == standard_respites()[Action.ASK_DEFER]
    with pytest.raises(FormIncomplete):
        ask(Action.ASK_DELAY, Form(reason="weather"), policy)
    with pytest.raises(FormIncomplete) as refusal:
        ask(Action.ASK_DELAY, Form(reason="flood"), policy)
    assert refusal.value.extra["fields"] == {"photos": "needed", "note": "needed"}
    assert ask(Action.ASK_DELAY, Form(reason="flood", note="汛期", photos=PAPER), policy) is State.DELAY_ASKED


def test_an_extension_after_the_deadline_is_refused_with_what_to_do() -> None:
    with pytest.raises(NotAllowed) as refusal:
        ask(Action.ASK_DELAY, Form(reason="weather"), late=True)
    assert "appeal" in refusal.value.title
    assert "申诉" in refusal.value.zh


@pytest.mark.parametrize(
    ("action", "count", "most"),
    [
        (Action.ASK_DELAY, "extensions", 2),
        (Action.ASK_DEFER, "deferrals", 1),
        (Action.ASK_SUSPEND, "suspensions", 1),
    ],
)
def test_more_often_than_the_rule_says_is_refused_with_what_to_do(action: Action, count: str, most: int) -> None:
    form = replace(UNTIL, reason="weather" if action is not Action.ASK_SUSPEND else "season")
    assert ask(action, form, **{count: most - 1})
    with pytest.raises(NotAllowed) as refusal:
        ask(action, form, **{count: most})
    assert f"{most} is the most" in refusal.value.title
    assert "非正常结案" in refusal.value.zh


@pytest.mark.parametrize("action", [Action.ASK_DEFER, Action.ASK_SUSPEND])
def test_what_rests_has_an_end(action: Action) -> None:
    with pytest.raises(FormIncomplete) as refusal:
        ask(action, Form(reason="other", note="words"))
    assert refusal.value.extra["fields"] == {"until": "needed"}


@pytest.mark.parametrize("action", [Action.ASK_DEFER, Action.ASK_SUSPEND])
def test_what_rests_ends_ahead_and_within_the_days_that_the_rule_allows(action: Action) -> None:
    most = NOW + timedelta(days=365)
    for until in (NOW + timedelta(microseconds=1), most):
        assert ask(action, Form(reason="other", note="words", until=until)) is State.SUSPEND_ASKED
    far = (most + timedelta(microseconds=1), datetime.max.replace(tzinfo=timezone(-timedelta(hours=12))))
    for until in (NOW, NOW - timedelta(days=1), datetime.min.replace(tzinfo=UTC), *far):
        with pytest.raises(FormIncomplete) as refusal:
            ask(action, Form(reason="other", note="words", until=until))
        assert refusal.value.extra["fields"] == {"until": "too far" if until in far else "past"}
    with pytest.raises(FormIncomplete):
        ask(action, Form(reason="other", note="words", until=NOW + timedelta(days=9)), Policy(max_suspension_days=8))


def test_a_deferral_and_a_suspension_are_counted_apart() -> None:
    assert ask(Action.ASK_DEFER, replace(UNTIL, reason="traffic"), suspensions=1) is State.SUSPEND_ASKED
    assert ask(Action.ASK_SUSPEND, replace(UNTIL, reason="season"), deferrals=1) is State.SUSPEND_ASKED
