"""Many due times at once are those counted one by one, in every zone, over changes of the clocks."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from random import Random

import numpy
import pytest

from bench.wall import Town
from dispatch.clock import Limit, Rule, due_at
from dispatch.clock.many import due_times

NOON = time(12)
LIMITS = [
    Limit(Decimal(1), Rule.WORK_DAY_AT, NOON),
    Limit(Decimal(6), Rule.WORK_DAY_AT, time(2, 15)),
    Limit(Decimal(2), Rule.DAY_AT, NOON),
    Limit(Decimal(1), Rule.DAY_AT, time(2, 15)),
    *(
        Limit(Decimal(value), rule)
        for value, rule in (
            ("0", Rule.WORK_HOUR),
            ("3.25", Rule.WORK_HOUR),
            ("40", Rule.WORK_HOUR),
            ("2", Rule.WORK_DAY),
            ("0", Rule.WORK_DAY_CLOCK),
            ("1", Rule.WORK_DAY_CLOCK),
            ("9", Rule.WORK_DAY_CLOCK),
            ("1.5", Rule.WORK_DAY_CLOCK),
            ("90", Rule.URGENT_MINUTE),
            ("36", Rule.URGENT_HOUR),
            ("2", Rule.URGENT_DAY),
        )
    ),
]


def spans(town: Town, day: int) -> list[tuple[int, int]]:
    return [(int(a.timestamp()), int(b.timestamp())) for a, b in town.calendar.spans(date.fromordinal(day))]


@pytest.mark.parametrize("number", range(18))
def test_many_due_times_are_those_counted_one_by_one(number: int) -> None:
    draw, town = Random(number), Town(number)
    begin = int(town.wall.begin.timestamp())
    starts = [begin + draw.randrange(40 * 86_400) for _ in range(120)]
    first, last = (datetime.fromtimestamp(begin + days * 86_400, town.zone).date() for days in (1, 9))
    # The seconds in which the town opens and closes are as good a start as any.
    starts += [edge for day in range(first.toordinal(), last.toordinal()) for span in spans(town, day) for edge in span]

    for limit in LIMITS:
        found = due_times(numpy.array(starts, dtype=numpy.int64), limit, town.calendar)
        one_by_one = [due_at(datetime.fromtimestamp(at, UTC), limit, town.calendar) for at in starts]
        assert [datetime.fromtimestamp(int(due), UTC) for due in found] == one_by_one, limit


def test_of_no_cases_nothing_is_asked() -> None:
    nothing = numpy.array([], dtype=numpy.int64)
    assert due_times(nothing, Limit(Decimal(1), Rule.WORK_HOUR), Town(0).calendar).size == 0
