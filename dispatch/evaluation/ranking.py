"""Who takes part in a ranking by a scheme, with what figures; also those who had nothing to do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import LiteralString, cast

from dispatch.evaluation.measures import (
    CELLS,
    NOTHING,
    UNITS,
    By,
    Cut,
    Measure,
    counted_until,
    grids_of,
    measure,
)
from dispatch.evaluation.period import Period
from dispatch.evaluation.posts import POSTS
from dispatch.evaluation.rates import Counts
from dispatch.evaluation.scheme import Scheme
from dispatch.evaluation.score import Ranked, ranked
from gis.db import ReadTx, dicts
from gis.problems import FormIncomplete

__all__ = ["Part", "cut_of", "ranking", "taking_part"]

# In this order: key of the cut, name shown.
AREAS: LiteralString = """
    SELECT id::text AS key, code AS name
      FROM area, (SELECT city_day(%(until)s - interval '1 second') AS last) d
     WHERE depth = %(depth)s AND valid_from <= d.last AND (valid_to IS NULL OR valid_to > d.last) ORDER BY code
"""
PERSONS: LiteralString = """
    SELECT p.id::text AS key, p.login AS name
      FROM person p JOIN person_role r ON r.person_id = p.id
     WHERE r.role = %(post)s AND (NOT p.disabled OR p.id::text = ANY(%(seen)s::text[])) ORDER BY p.login
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One that is ranked: a unit by its id, an area by its code, a person by the log-in."""

    name: str
    measure: Measure


def ranking(
    tx: ReadTx, period: Period, group: str, scheme: Scheme, *, small_sample: int, as_of: datetime | None = None
) -> list[Ranked]:
    """The units of a group by their scores; a unit that had nothing to do stands in it with no data."""
    parts = taking_part(tx, period, scheme, group=group, as_of=as_of)
    return ranked({one.name: (group, one.measure.counts) for one in parts}, scheme, small_sample)


def taking_part(
    tx: ReadTx,
    period: Period,
    scheme: Scheme,
    *,
    group: str | None = None,
    depth: int = 1,
    as_of: datetime | None = None,
) -> list[Part]:
    """Everybody the scheme scores: the units of `group`, the areas of a level that have unit grids of the scheme's
    class, or the persons of the scheme's post. `as_of`: as `measure` takes it."""
    if scheme.of == "company":
        raise FormIncomplete(
            "Companies are scored on their settlement sheets",
            zh="采集公司在结算单上评价",
            fields={"scheme": scheme.key},
        )
    cut = cut_of(scheme, group, depth)
    found = {one.key: one for one in measure(tx, period, cut, as_of=as_of)}
    seen = [key for key in found if key is not None]
    until = counted_until(tx, period, as_of)
    grids = grids_of(tx, cut, until)
    sql = {"unit": UNITS, "area": AREAS}.get(scheme.of, PERSONS)
    named = dicts(tx, sql, group=group, depth=depth, post=scheme.of, seen=seen, since=period.start, until=until)
    return [
        Part(row["name"], found.get(row["key"]) or _idle(row["key"], scheme, grids))
        for row in named
        if scheme.of != "area" or row["key"] in grids
    ]


def cut_of(scheme: Scheme, group: str | None, depth: int = 1) -> Cut:
    """How figures are cut for a scheme."""
    if scheme.of == "unit":
        return Cut(by="group", group=group)
    return Cut(by=cast(By, scheme.of), depth=depth, area_class=scheme.area_class)


def _idle(key: str, scheme: Scheme, grids: Mapping[str | None, int]) -> Measure:
    """One that had nothing to do."""
    counts = Counts(**dict.fromkeys(POSTS[scheme.of], 0)) if scheme.of in POSTS else NOTHING
    return Measure(key, replace(counts, grids=grids.get(key)), dict.fromkeys(CELLS, 0))
