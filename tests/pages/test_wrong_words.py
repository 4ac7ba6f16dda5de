"""What is missing or wrong in a form is said in the page's language, whoever found it: a validator or the product."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from dashboards.view import View
from dashboards.words import words
from dispatch.lifecycle.states import Action
from gis.problems import FormIncomplete, Problem
from tests.pages.conftest import Office, Person

LATIN = re.compile("[A-Za-z]{2,}")


def listed(page: str) -> list[str]:
    """The fields that a page names, each with its reason."""
    found = re.search('<ul class="bul">(.*?)</ul>', unescape(page), re.DOTALL)
    assert found, page
    return re.findall("<li>(.*?)</li>", found[1], re.DOTALL)


@pytest.mark.parametrize(
    ("path", "zh", "en"),
    [
        ("/owners?days=0", "天数：不能小于 1", "days: cannot be less than 1"),
        ("/owners?days=999", "天数：不能大于 365", "days: cannot be more than 365"),
        ("/owners?days=soon", "天数：须是整数", "days: has to be a whole number"),
    ],
)
def test_what_a_validator_says_is_worded_by_the_dictionary(
    person: Callable[[str], Person], path: str, zh: str, en: str
) -> None:
    supervisor = person("leader").web
    for language, said in (("zh", zh), ("en", en)):
        answer = supervisor.get(f"{path}&lang={language}", headers={"accept": "text/html"})
        assert answer.status_code == 422
        assert listed(answer.text) == [said]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/integrity?period=2026-13", "时段：时段写法不对"),
        ("/measures?by=nonsense", "分类：没有这一项"),
        ("/measures/cases?by=unit", "指标：请填写这一项。"),
    ],
)
def test_the_parts_of_an_address_have_names_too(person: Callable[[str], Person], path: str, said: str) -> None:
    answer = person("leader").web.get(path, headers={"accept": "text/html"})
    assert (answer.status_code, listed(answer.text)) == (422, [said])


@pytest.mark.parametrize(
    ("login", "path", "said"),
    [
        ("leader", "/limits?day=soon", "Day: This is no day"),
        ("leader", "/limits?stage=dispose&lon=114", "position: A place needs longitude and latitude"),
        ("leader", "/limits?at=soon&stage=dispose", ["It begins: there is no such day"]),
        ("audit_admin", "/audit?since=2026-01-31&until=2026-01-01", "From: At most 31 days at once"),
        ("leader", "/measures?first=2026-01-01", ["To: Please fill this in."]),
        ("leader", "/owners?days=0", ["days: cannot be less than 1"]),
    ],
)
def test_a_question_that_is_refused_is_asked_again_and_nothing_is_said_of_sending_or_changing(
    person: Callable[[str], Person], login: str, path: str, said: list[str] | str
) -> None:
    answer = person(login).web.get(f"{path}&lang=en", headers={"accept": "text/html"})
    assert answer.status_code == 422
    assert "Please correct it and ask again." in answer.text
    assert "Nothing was" not in answer.text
    if isinstance(said, list):  # each by the page's own label
        assert listed(answer.text) == said
    else:  # the sentence says it all
        note = answer.text.split('role="alert"')[1].split("</div>")[0]
        assert f"<b>{said}" in note
        assert "<li>" not in note


def test_a_program_still_reads_the_field_the_message_and_its_code(person: Callable[[str], Person]) -> None:
    answer = person("leader").web.get("/owners?days=0", headers={"accept": "application/json"}).json()

    assert answer["fields"]["query.days"].startswith("Input should be greater than")
    assert answer["codes"] == {"query.days": {"type": "greater_than_equal", "ge": "1"}}


def test_what_an_act_refuses_is_named_in_chinese_on_a_chinese_page(
    office: Office, person: Callable[[str], Person]
) -> None:
    """A return that names a rule which is not in force, and the unit itself as the right one."""
    case = office.town.handling()
    seat = person("enforcement-a")
    wrong = {"action": Action.ASK_RETURN.value, "reason": "not_ours", "clause": "R-999", "whose": "enforcement-a"}
    answer = seat.send(f"/cases/{case.number}", f"/cases/{case.number}", note="看过现场", **wrong)

    assert answer.status_code == 422
    assert [LATIN.findall(one) for one in listed(answer.text)] == [[], []]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_reason_nobody_has_words_for_is_said_in_general(language: str) -> None:
    class Nothing:
        query_params: dict[str, str] = {}  # noqa: RUF012

    view = View(Nothing(), words(language))  # type: ignore[arg-type]
    text = {"zh": "这一项填得不对", "en": "this is not filled in rightly"}[language]
    codes = {"query.days": {"type": "an_error_of_next_year", "ge": "1"}}

    by_code = FormIncomplete("x", zh="x", fields={"query.days": "Input was odd"}, codes=codes)
    assert view.wrongs(by_code) == [({"zh": "天数", "en": "days"}[language], text)]
    ours = FormIncomplete("x", zh="x", fields={"unit": "something new"})
    assert view.wrongs(ours)[0][1] == (text if language == "zh" else "something new")
    title = FormIncomplete("No such unit", zh="没有该单位", fields={"unit": "No such unit"})
    assert view.wrongs(title)[0][1] == {"zh": "没有该单位", "en": "No such unit"}[language]
    assert view.wrongs(Problem("x")) == []
