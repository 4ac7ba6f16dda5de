"""Tiles over HTTP: unchanged ones are answered without being drawn, and nobody's mark is another's."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx

from dispatch.live.feed import seen
from gis.db import execute, read, write
from tests.gis.test_tiles import at
from tests.pages.conftest import Office, Person

Enter = Callable[[str], Person]
CASES = "/tiles/case/{}/{}/{}".format(*at(114.0005, 22.5010, 15))
AREAS = "/tiles/area/{}/{}/{}".format(*at(114.0005, 22.5010, 15))


def again(person: Person, path: str, first: httpx.Response) -> int:
    """The status of the same request by a browser that has the tile."""
    return person.web.get(path, headers={"if-none-match": first.headers["etag"]}).status_code


def test_a_tile_that_has_not_changed_is_answered_304(office: Office, person: Enter) -> None:
    acceptor = person("acceptor")
    office.town.report()
    cases, areas = acceptor.web.get(CASES), acceptor.web.get(AREAS)
    assert (again(acceptor, CASES, cases), again(acceptor, AREAS, areas)) == (304, 304)
    office.town.report()
    assert (again(acceptor, CASES, cases), again(acceptor, AREAS, areas)) == (200, 304)
    assert acceptor.web.get(CASES).headers["etag"] != cases.headers["etag"]
    assert acceptor.web.get(AREAS).headers["cache-control"] == "private, no-cache"


def test_the_ground_is_asked_for_anew_once_an_edition_is_published(office: Office, person: Enter) -> None:
    acceptor = person("acceptor")
    areas = acceptor.web.get(AREAS)
    with write() as tx:
        execute(
            tx,
            """INSERT INTO edition (kind, name, in_force, source, content_hash)
               VALUES ('areas', 'later', '2026-01-02', 'invented', '')""",
        )
    assert again(acceptor, AREAS, areas) == 200


def test_another_day_is_another_tile(person: Enter) -> None:
    stranger = person("")
    today, then = stranger.web.get(AREAS), stranger.web.get(f"{AREAS}?on=1999-12-31")
    assert today.content
    assert then.content == b""
    assert today.headers["etag"] != then.headers["etag"]
    assert stranger.web.get(f"{AREAS}?on=yesterday").status_code == 422


def test_a_department_has_its_own_cases_and_a_mark_of_its_own(office: Office, person: Enter) -> None:
    office.town.handling("enforcement-a")
    marks = {}
    for login in ("acceptor", "enforcement-a", "enforcement-b"):
        found = person(login).web.get(CASES)
        marks[login] = (found.headers["etag"], bool(found.content))
    assert len({mark for mark, _ in marks.values()}) == 3
    assert [marks[login][1] for login in marks] == [True, True, False]


def test_a_step_that_commits_late_changes_the_mark() -> None:
    """A slower transaction holds a lower number: the last number alone would not tell."""

    def told() -> str:
        with read() as tx:
            return seen(tx)

    hold, written = threading.Event(), threading.Event()
    feed = """INSERT INTO feed (at, case_id, seq, action, state) VALUES (now(), %(case)s, 1, 'report', 'reported')"""

    def slow() -> None:
        with write() as tx:
            execute(tx, feed, case=1)
            written.set()
            hold.wait(20)

    thread = threading.Thread(target=slow)
    thread.start()
    written.wait(20)
    with write() as tx:
        execute(tx, feed, case=2)
    before = told()
    assert told() == before
    hold.set()
    thread.join()
    after = told()
    assert after != before
    assert told() == after


def test_components_far_off_are_a_number_for_each_class(person: Enter) -> None:
    place = at(114.0005, 22.5010, 14)
    found = person("acceptor").web.get("/tiles/component/{}/{}/{}".format(*place)).content
    assert b"n01" in found
    assert b"C0101" not in found
