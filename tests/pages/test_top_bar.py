"""The top bar: few ways, grouped by the question that leads to them, by mouse, finger and keyboard."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest
from playwright.sync_api import expect

from dashboards.navigation import FEW, NAVIGATION, WITHIN, ways_of
from dispatch.people.may import may
from dispatch.people.roles import Role
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

MOST = 7  # of entries that a newcomer has to read


@pytest.mark.parametrize("role", list(Role))
def test_every_post_reads_few_entries_and_reaches_all_it_may(role: Role) -> None:
    groups = list(ways_of([role], "/"))
    assert len(groups) <= MOST
    assert all(bool(group.word) == (len(group.ways) > 1) for group in groups)
    assert all(not group.word for group in groups) or sum(len(group.ways) for group in groups) > FEW
    reached = {way.path for group in groups for way in group.ways}
    assert reached == {path for _, ways in NAVIGATION for path, _, needed in ways if may(frozenset({role}), needed)}


@pytest.mark.parametrize("roles", list(combinations(Role, 2)), ids=lambda roles: "+".join(roles))
def test_of_two_posts_too_a_group_is_never_a_menu_of_one_way(roles: tuple[Role, ...]) -> None:
    groups = list(ways_of(roles, "/"))
    assert all(bool(group.word) == (len(group.ways) > 1) for group in groups)


@pytest.mark.parametrize(
    ("role", "home", "said"),
    [("security_admin", "/people", "Accounts"), ("audit_admin", "/audit", "Sealed chain"),
     ("system_admin", "/notices", "Notices")],
)  # fmt: skip
def test_an_administrator_begins_on_a_page_of_its_own_in_the_language_asked_for(
    person: Callable[[str], Person], role: str, home: str, said: str
) -> None:
    began = person(role).get("/?lang=en")
    assert began.url.path == home
    assert said in began.text


def test_a_page_within_lights_its_way_and_group() -> None:
    for page, way in WITHIN.items():
        (lit,) = [group for group in ways_of(list(Role), page) if group.here]
        assert [item.path for item in lit.ways if item.here] == [way]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["412", "1440"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_leader_opens_a_group_goes_there_and_sees_where_it_is(
    office: Office, sit: Sit, size: tuple[int, int], language: str
) -> None:
    seat = sit("leader", size)
    page = seat.page
    seat.go(f"/cases?lang={language}")
    nav = page.locator("nav.nav")
    group = nav.locator("summary").filter(has_text={"zh": "评价", "en": "How well"}[language])
    analysis = nav.get_by_role("link", name={"zh": "分析", "en": "Analysis"}[language])
    expect(analysis).to_be_hidden()
    group.click()
    seat.fits()
    expect(analysis).to_be_visible()
    nav.locator("summary").filter(has_text={"zh": "值守", "en": "On watch"}[language]).click()
    expect(analysis).to_be_hidden()  # one menu at a time
    page.mouse.click(size[0] - 8, size[1] - 8)
    expect(nav.locator("details[open]")).to_have_count(0)
    group.focus()
    page.keyboard.press("Enter")
    expect(analysis).to_be_visible()
    page.keyboard.press("Escape")
    expect(analysis).to_be_hidden()
    group.click()
    analysis.click()
    page.wait_for_url("**/analysis*")
    expect(nav.locator("summary[aria-current]")).to_have_count(1)
    seat.fits()
