"""A department opens every page its post lets it open, and every link that those pages show: none breaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from dashboards.app import create_app
from dispatch.cluster import Urls
from dispatch.people.may import may
from dispatch.people.roles import Role
from dispatch.people.who import rights
from tests.pages.conftest import Office, Person

Enter = Callable[[str], Person]
LINK = re.compile(r'href="(/[^"#]*)')
NEEDED = {"/measures/cases": "?figure=report", "/ranking/cases": "?unit=enforcement-a&figure=report"}


@pytest.fixture(scope="module")
def number(office: Office) -> str:
    """A case in the unit's hands."""
    return office.town.handling().number


def ways(database: Urls, number: str) -> list[str]:
    """Every address that is read, where a department's post has the permission; a place in it gets the case."""
    app = create_app(database.app)
    found = [
        right.path
        for right in rights(app.routes)
        if right.method == "GET" and right.permission and may(frozenset({Role.DEPARTMENT}), right.permission)
    ]
    filled = (re.sub(r"\{number(:\w+)?\}", number, path) for path in found)
    return [re.sub(r"\{\w+(:\w+)?\}", "1", path) + NEEDED.get(path, "") for path in filled]


def test_no_page_a_department_may_open_breaks(database: Urls, number: str, person: Enter) -> None:
    web = person("enforcement-a").web
    seen: dict[str, int] = {}
    linked: set[str] = set()
    for path in ways(database, number):
        answer = web.get(path, headers={"accept": "text/html"})
        seen[path] = answer.status_code
        if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
            linked |= {unescape(found) for found in LINK.findall(answer.text)}
    for path in sorted(linked - seen.keys()):
        seen[path] = web.get(path, headers={"accept": "text/html"}).status_code

    assert {path: status for path, status in seen.items() if status >= 500} == {}
    assert seen["/calendar"] == 200
    assert len(seen) > 60
