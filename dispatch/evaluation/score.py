"""Pure: a scheme and counts make points, a score, a band; scores make a ranking. Schemes are data."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from dispatch.evaluation.rates import RATES, Counts, exact, rounded

__all__ = [
    "Band",
    "Entry",
    "Indicator",
    "Ranked",
    "Scheme",
    "Score",
    "rank",
    "ranked",
    "read_schemes",
    "score",
    "standard_schemes",
]

STANDARD = Path(__file__).resolve().parents[2] / "data" / "standard" / "schemes.toml"

OBJECTS = ("unit", "area", "inspector", "acceptor", "shift_leader", "dispatcher")


@dataclass(frozen=True, slots=True)
class Band:
    """Scores from `lowest` up to the next band."""

    name: str
    lowest: Decimal
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A rate, or a number that earns points by steps of (upper bound, points) and `above` beyond the last."""

    key: str
    weight: Decimal  # percent
    good: bool = True
    steps: tuple[tuple[Decimal, Decimal], ...] = ()
    above: Decimal = Decimal(0)
    per: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How something is scored; a change of content wants a new edition. `sample`: where the number of cases is read.

    `of`: what is scored: units, areas (of `area_class`), or the persons of a post.
    """

    key: str
    edition: str
    in_force: date
    name: str
    name_en: str
    source: str
    indicators: tuple[Indicator, ...]
    bands: tuple[Band, ...]
    sample: tuple[str, ...]
    of: str = "unit"
    area_class: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """`points`: 0 to 100 of each indicator before its weight; None is "no data", and then there is no total either."""

    points: Mapping[str, Decimal | None]
    total: Decimal | None
    band: Band | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Who takes part in a ranking, in which group, with what score over how many cases."""

    unit: str
    group: str
    score: Score
    cases: int | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """`place` None: shown apart, `apart` says why ("no data" or "small sample")."""

    unit: str
    group: str
    score: Score
    cases: int | None
    place: int | None
    apart: str | None


def score(scheme: Scheme, counts: Counts) -> Score:
    """The score by exact fractions, rounded once, half up to two places."""
    points = {indicator.key: _points(indicator, counts) for indicator in scheme.indicators}
    shown = {key: None if value is None else rounded(value) for key, value in points.items()}
    total = Fraction(0)
    for indicator in scheme.indicators:
        value = points[indicator.key]
        if value is None:
            return Score(shown, None, None)
        total += value * Fraction(indicator.weight) / 100
    result = rounded(total)
    return Score(shown, result, next(band for band in scheme.bands if result >= band.lowest))


def cases_in(scheme: Scheme, counts: Counts) -> int | None:
    """How many cases the score rests on."""
    return next((number for name in scheme.sample if (number := counts.of(name)) is not None), None)


def ranked(found: Mapping[str, tuple[str, Counts]], scheme: Scheme, small_sample: int) -> list[Ranked]:
    """The ranking of all who take part, each with its group and counts: the one way any page or command ranks."""
    entries = (Entry(key, group, score(scheme, here), cases_in(scheme, here)) for key, (group, here) in found.items())
    return rank(entries, small_sample)


def rank(rows: Iterable[Entry], small_sample: int) -> list[Ranked]:
    """Groups apart, each by score from the top; equal scores share the place (1, 1, 3), names decide nothing but order.

    Those without data or with fewer than `small_sample` cases come last in their group, unranked.
    """
    placing: list[Ranked] = []
    for _, group in groupby(sorted(rows, key=lambda row: row.group), key=lambda row: row.group):
        members = [(row, _apart(row, small_sample)) for row in group]
        placed = sorted((row for row, apart in members if apart is None), key=_from_the_top)
        totals = [row.score.total for row in placed]
        placing += [_ranked(row, totals.index(row.score.total) + 1, None) for row in placed]
        placing += [_ranked(row, None, apart) for row, apart in members if apart is not None]
    return placing


def read_schemes(path: Path) -> dict[str, Scheme]:
    """The schemes of a file by key. Raises ValueError naming the scheme whose weights, steps or bands do not hold."""
    document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    bands = tuple(Band(row["name"], Decimal(row["from"]), row["colour"]) for row in document["band"])
    if [band.lowest for band in bands] != sorted({band.lowest for band in bands}, reverse=True) or bands[-1].lowest:
        raise ValueError(f"{path.name}: bands must go down to 0")
    return {row["key"]: _scheme(row, bands, document["in_force"]) for row in document["scheme"]}


@cache
def standard_schemes() -> dict[str, Scheme]:
    """The schemes all cities share."""
    return read_schemes(STANDARD)


def _points(indicator: Indicator, counts: Counts) -> Fraction | None:
    if not indicator.steps:
        share = exact(counts, indicator.key)
        return None if share is None else (share if indicator.good else 1 - share) * 100
    number = counts.of(indicator.key)
    if number is None:
        return None
    # A count given without its grids is one grid's.
    parts = counts.of(indicator.per) if indicator.per else 1
    if parts == 0:
        return None
    average = Fraction(number, parts or 1)
    reached = (points for bound, points in indicator.steps if average <= Fraction(bound))
    return Fraction(next(reached, indicator.above))


def _apart(row: Entry, small_sample: int) -> str | None:
    if row.score.total is None:
        return "no data"
    return "small sample" if row.cases is not None and row.cases < small_sample else None


def _from_the_top(row: Entry) -> tuple[Decimal, str]:
    return -(row.score.total or Decimal(0)), row.unit


def _ranked(row: Entry, place: int | None, apart: str | None) -> Ranked:
    return Ranked(row.unit, row.group, row.score, row.cases, place, apart)


def _scheme(row: Mapping[str, Any], bands: tuple[Band, ...], in_force: date) -> Scheme:
    indicators = tuple(_indicator(row["key"], part) for part in row["indicator"])
    if sum(part.weight for part in indicators) != 100:
        raise ValueError(f"scheme {row['key']}: weights do not sum to 100")
    return Scheme(
        key=row["key"],
        edition=row["edition"],
        in_force=row.get("in_force", in_force),
        name=row["name"],
        name_en=row["name_en"],
        source=row["source"],
        indicators=indicators,
        bands=bands,
        sample=tuple(row["sample"]),
        of=_object(row),
        area_class=row.get("area_class"),
    )


def _object(row: Mapping[str, Any]) -> str:
    if row["of"] not in OBJECTS:
        raise ValueError(f"scheme {row['key']}: {row['of']} is none of {', '.join(OBJECTS)}")
    return str(row["of"])


def _indicator(scheme: str, part: Mapping[str, Any]) -> Indicator:
    steps = tuple((Decimal(bound), Decimal(points)) for bound, points in part.get("steps", ()))
    bounds = [bound for bound, _ in steps]
    if part["key"] not in (Counts.names() if steps else RATES):
        raise ValueError(f"scheme {scheme}: {part['key']} is not a {'count' if steps else 'rate'}")
    if bounds != sorted(set(bounds)):
        raise ValueError(f"scheme {scheme}: the steps of {part['key']} do not go up")
    return Indicator(
        key=part["key"],
        weight=Decimal(part["weight"]),
        good=part.get("good", True),
        steps=steps,
        above=Decimal(part.get("above", 0)),
        per=part.get("per"),
    )
