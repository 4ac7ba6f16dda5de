"""The language of a page: chosen in the address, chosen before, the person's, the browser's, the city's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from dashboards.language import preferred
from gis.db import execute, write
from tests.pages.conftest import Office, Person
from tests.people.made import PASSWORD

Enter = Callable[[str], Person]


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("en", ["en"]), ("en-GB,en;q=0.9,zh-CN;q=0.8", ["en", "en", "zh"]), ("zh-CN,zh;q=0.9", ["zh", "zh"]),
        ("zh;q=0.2, en;q=0.7", ["en", "zh"]), ("fr;q=1, en;q=0.1", ["fr", "en"]), ("en;q=0, zh", ["zh"]), ("", [""]),
        ("en;q=often,zh;q=0.1", ["zh"]), ("EN-us ; q = 0.5", ["en"]), ("en;q=1e999", []), ("*", ["*"]),
        ("en;q=٣,zh;q=.5", ["zh"]), (",;=;q", ["", ""]),
    ],
)  # fmt: skip
def test_what_a_browser_wants_is_read_in_its_order(header: str, wanted: list[str]) -> None:
    assert [tag for tag in preferred(header) if tag] == [tag for tag in wanted if tag]


def test_a_header_without_end_is_read_to_a_bound() -> None:
    assert len(preferred("en," * 100_000)) <= 20


def heading(who: Person, path: str, header: str) -> str:
    return who.web.get(path, headers={"accept": "text/html", "accept-language": header}).text.split("<html lang=")[1][
        :7
    ]


def test_a_stranger_gets_the_browsers_language_until_one_is_chosen(person: Enter) -> None:
    stranger = person("")
    assert heading(stranger, "/login", "en-US,en;q=0.9") == '"en" cl'
    assert heading(stranger, "/login", "zh-CN,zh;q=0.9,en;q=0.8") == '"zh-CN"'
    assert heading(stranger, "/login", "fr") == '"zh-CN"'  # neither: the city's
    assert heading(stranger, "/login", "") == '"zh-CN"'
    assert heading(stranger, "/login?lang=zh", "en") == '"zh-CN"'
    assert heading(stranger, "/login", "en") == '"zh-CN"', "chosen in the address, it is kept"


def test_what_a_person_chose_comes_before_the_browser(person: Enter) -> None:
    assert heading(person("dispatcher"), "/account", "en") == '"en" cl'
    with write() as tx:
        execute(tx, "UPDATE person SET language = 'zh' WHERE login = 'dispatcher'")
    assert heading(person("dispatcher"), "/account", "en") == '"zh-CN"'


@pytest.mark.browser
def test_somebody_with_an_english_browser_logs_in_and_stays_in_english(browser: Browser, office: Office) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(office.address + "/login")
    page.get_by_label("Login name").fill("leader")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("navigation", name="Main")).to_contain_text("Cases")
    context.close()


@pytest.mark.parametrize(
    ("language", "title"), [("zh", "小镇城市管理 · 网格 Wangge"), ("en", "Tiny city management · Wangge")]
)
def test_the_title_of_the_public_page_is_words_in_both_languages(person: Enter, language: str, title: str) -> None:
    assert f"<title>{title}</title>" in person("").get(f"/?lang={language}").text
