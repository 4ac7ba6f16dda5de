"""Tables on a phone and on a small desk: no word is broken and nothing stands beyond the edge, long as names may be."""

from __future__ import annotations

import psycopg
import pytest

from dispatch.cluster import Urls
from tests.pages.conftest import Office, good_and_bad
from tests.pages.seats import Sit

LONG = "Environmental Sanitation Administration Detachment"
PAGES = [
    (
        "leader",
        ("/ranking", "/measures", "/limits", "/duty", "/cards", "/suspended", "/cases", "/emergency", "/terminals"),
    ),
    ("dispatcher", ("/console",)),
    ("enforcement-a", ("/desk",)),
    ("system_admin", ("/work",)),
    ("security_admin", ("/people",)),
    ("audit_admin", ("/audit",)),
]


@pytest.fixture(scope="module", autouse=True)
def long_names(office: Office, database: Urls) -> None:
    """A week of cases, of units with names as cities have them."""
    good_and_bad(office.town)
    assert database.super
    with psycopg.connect(database.super) as connection:
        connection.execute("UPDATE unit_entry SET name_en = %s", (LONG,))
        connection.execute("UPDATE city SET version = version + 1")


@pytest.mark.browser
@pytest.mark.parametrize("size", [(390, 844), (1280, 800)], ids=["390", "1280"])
@pytest.mark.parametrize(("login", "paths"), PAGES, ids=[login for login, _ in PAGES])
def test_tables_break_no_word_and_fit(sit: Sit, size: tuple[int, int], login: str, paths: tuple[str, ...]) -> None:
    seat = sit(login, size)
    for path in paths:
        seat.go(f"{path}?lang=en")
        assert seat.broken() == [], path
