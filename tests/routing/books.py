"""Any rulebook and any facts, for properties that must hold of all of them."""

from __future__ import annotations

from hypothesis import strategies as st

from dispatch.routing.facts import Facts
from tests.routing.town import EAST, WEST, book, rule

TYPES = ("municipal", "order", "lamps", "water_supply", "asset_owner", "nobody")
UNITS = (None, "gas", "water", "dissolved")
ANY_FACTS = st.builds(
    Facts,
    category=st.sampled_from(["C0101", "E0505", "E0601"]),
    kind=st.sampled_from(["component", "event"]),
    category_class=st.sampled_from(["component:01", "event:06"]),
    types=st.lists(st.sampled_from(TYPES), max_size=3).map(tuple),
    road=st.sampled_from(["main", "secondary", "branch", "alley", "none"]),
    road_name=st.sampled_from(["人民路", "红荔巷", ""]),
    corridors=st.sampled_from([(), ("人民路:60",), ("人民路:60", "红荔巷:20")]),
    areas=st.sampled_from([EAST, WEST, EAST[:1], ()]),
    owner=st.sampled_from(UNITS),
    maintainer=st.sampled_from(UNITS),
    day=st.sampled_from(["", "2026-01-10", "2026-07-01", "2026-11-15", "2026-12-31"]),
    hour=st.sampled_from(["", "00:00", "05:59", "06:00", "21:59", "22:00", "23:59"]),
)
WHEN = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["component", "event"]),
        "type": st.sampled_from(TYPES),
        "types": st.lists(st.sampled_from(TYPES), min_size=1, max_size=2),
        "road": st.lists(st.sampled_from(["main", "alley", "none"]), min_size=1, max_size=2),
        "road_name": st.sampled_from(["人民路", "红荔巷"]),
        "corridor": st.sampled_from([{"road": "人民路", "metres": 60}, {"road": "红荔巷", "metres": 20}]),
        "area": st.sampled_from([["district:01"], ["street:02001"]]),
        "owner": st.sampled_from([True, False, ["gas"]]),
        "hours": st.sampled_from(["22:00-06:00", ["06:00-22:00"], ["00:00-24:00"]]),
        "season": st.sampled_from([("11-15", "03-15"), ("06-01", "08-31"), ("2026-01-01", "2026-01-31")]),
    },
)
TO = st.sampled_from(
    [
        "owner",
        "maintainer",
        "unit:gas",
        "unit:nowhere",
        "type:first",
        "type:lamps",
        "territory:district",
        "territory:district:order",
    ]
)
ANY_BOOK = st.lists(st.tuples(st.integers(1, 4), WHEN, TO), max_size=6).map(
    lambda rows: book(*(rule(f"R-{n}", rank, to, **when) for n, (rank, when, to) in enumerate(rows)))
)
