"""A past that grows backwards says how far it is, until it has come to its end."""

from __future__ import annotations

from datetime import datetime, timedelta

from collectors.rehearsal.growth import FILE, Growth, growth_in, keep_growth
from collectors.simulate import Order, grow
from dispatch import city
from dispatch.cases import books
from dispatch.cluster import Urls
from dispatch.config import settings
from tests.cases.town import ZONE
from tests.simulate.test_simulate import TINY

UNTIL = datetime(2026, 6, 12, 12, tzinfo=ZONE)


def test_how_far_it_has_grown_is_said_until_it_is_whole(database: Urls) -> None:
    books.forget()
    city.load(TINY)
    told = {
        growth_in(settings().data) for _ in grow(Order(days=3, per_day=5, seed=5, until=UNTIL, jobs=1), database.app)
    }
    wanted = UNTIL - timedelta(days=3)
    assert told == {Growth(wanted=wanted, reached=UNTIL - timedelta(days=days)) for days in (0, 2)}
    assert growth_in(settings().data) is None


def test_what_cannot_be_read_says_nothing() -> None:
    folder = settings().data
    keep_growth(folder, Growth(wanted=UNTIL - timedelta(days=9), reached=UNTIL))
    assert growth_in(folder) == Growth(wanted=UNTIL - timedelta(days=9), reached=UNTIL)
    (folder / FILE).write_text("half")
    assert growth_in(folder) is None
    (folder / FILE).unlink()
