"""The town that the tests of a file share, and its Monday."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dispatch.cluster import Urls
from tests.cases.town import MONDAY, Town, settled


@pytest.fixture(scope="module")
def town(database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


@pytest.fixture
def monday(town: Town) -> None:
    """The test begins at nine on a Monday."""
    town.set(MONDAY)
