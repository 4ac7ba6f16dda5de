"""What a scheme of score is, read from data: a scheme that does not hold is refused with every reason. Pure.

Indicators are rates, numbers that earn points by steps, or points to lose by deductions. Form: docs/evaluation.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AliasChoices, ConfigDict, Field, TypeAdapter, ValidationError

from dispatch.evaluation.rates import RATES, Counts

__all__ = [
    "SCHEME",
    "STANDARD",
    "Band",
    "Contract",
    "Hand",
    "Indicator",
    "LeftOut",
    "Loss",
    "Scheme",
    "SchemeFault",
    "contracts_of",
    "scheme_document",
    "schemes_of",
    "standard_schemes",
]

STANDARD = Path(__file__).resolve().parents[2] / "data" / "standard" / "schemes.toml"
EXACT = ConfigDict(extra="forbid")
Positive = Annotated[Decimal, Field(gt=0)]
Document = Mapping[str, Any]


def _as(file: str, frozen: str) -> Any:
    """A table's name in a file is that of one row; a frozen document has a list."""
    return Field(validation_alias=AliasChoices(file, frozen), serialization_alias=frozen)


class Reason(NamedTuple):
    """Why a document does not hold, in both languages."""

    en: str
    zh: str

    def of(self, en: str, zh: str) -> Reason:
        """The same, beginning with whose it is."""
        return Reason(f"{en}: {self.en}", f"{zh}:{self.zh}")


class SchemeFault(ValueError):
    """A document of schemes that does not hold; `faults`: each reason, beginning with the scheme's key; `zh`: all of
    them in Chinese."""

    def __init__(self, faults: list[Reason]) -> None:
        self.faults = [one.en for one in faults]
        self.zh = ";".join(one.zh for one in faults)
        super().__init__("; ".join(self.faults))


@dataclass(frozen=True, slots=True)
class Band:
    """Scores from `lowest` per cent of the most a scheme gives up to the next band; `highest`: where it is said."""

    __pydantic_config__ = EXACT
    name: str
    lowest: Annotated[Decimal, Field(alias="from")]
    colour: str
    highest: Annotated[Decimal | None, Field(alias="to")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Points lost: `each` for every per cent that a rate stays below `below`, or for every case of a count.

    `optional`: what nobody counted, or a rate over nothing, costs nothing; else it is "no data".
    """

    __pydantic_config__ = EXACT
    key: str
    each: Positive
    below: Decimal | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A rate; or a number that earns points by steps of (upper bound, points) and `above` beyond the last; or, with
    `losses`, the points of its whole weight less what is lost, never below nothing.

    `weight`: how many points of the whole it can bring. `name`: of one that is no rate and no count.
    """

    __pydantic_config__ = EXACT
    key: str
    weight: Positive
    good: bool = True
    steps: tuple[tuple[Decimal, Decimal], ...] = ()
    above: Decimal = Decimal(0)
    per: str | None = None
    losses: Annotated[tuple[Loss, ...], Field(alias="lose")] = ()
    name: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """A kind of points given by hand, through the ledger: `most` of them up or down, beside what is measured."""

    __pydantic_config__ = EXACT
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    name: str
    name_en: str
    most: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A unit that the scheme does not rank, and why."""

    __pydantic_config__ = EXACT
    unit: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a collection company is owed for a period. `quota`: valid reports for each duty grid and working day;
    `pay`: steps of (lowest score, per cent of the fee), from the top down to 0."""

    __pydantic_config__ = EXACT
    unit: str
    no: str
    fee: Positive
    quota: Positive
    pay: Annotated[tuple[tuple[Decimal, Decimal], ...], Field(min_length=1)]
    scheme: str = "collection-company"

    def percent(self, score: Decimal) -> Decimal:
        """Of the fee, for a score."""
        return next(percent for lowest, percent in self.pay if score >= lowest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How something is scored; a change of content wants a new edition. `sample`: where the number of cases is read.

    `of`: what is scored: units (of `groups`, empty for all), areas (of `area_class`), or the persons of a post.
    `full`: the most points there are, the sum of the weights. `share`: the rate whose interval is shown.
    `hand`: what may be given by hand, on top of `full`.
    """

    __pydantic_config__ = EXACT
    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    edition: str
    in_force: date
    name: str
    name_en: str
    source: str
    indicators: Annotated[tuple[Indicator, ...], _as("indicator", "indicators"), Field(min_length=1)]
    bands: Annotated[tuple[Band, ...], _as("band", "bands"), Field(min_length=1)]
    sample: Annotated[tuple[str, ...], Field(min_length=1)]
    of: Literal["unit", "area", "inspector", "acceptor", "shift_leader", "dispatcher", "company"] = "unit"
    area_class: int | None = None
    full: Positive = Decimal(100)
    groups: tuple[str, ...] = ()
    leave_out: tuple[LeftOut, ...] = ()
    share: str | None = None
    hand: tuple[Hand, ...] = ()
    source_en: str = ""


SCHEME = TypeAdapter(Scheme)
CONTRACT = TypeAdapter(Contract)


def scheme_document(scheme: Scheme) -> dict[str, Any]:
    """A scheme as one JSON value, every decimal as text; `SCHEME` reads it again."""
    document: dict[str, Any] = SCHEME.dump_python(scheme, mode="json", by_alias=True)
    return document


def schemes_of(document: Document, standard: Mapping[str, Scheme] | None = None) -> dict[str, Scheme]:
    """The schemes of a document by key, over those of the `standard` that it does not tell anew.

    `edition`, `in_force` and `[[band]]` of the document hold for every scheme that does not say its own; without bands
    of its own it has the standard's. Raises SchemeFault.
    """
    faults: list[Reason] = []
    found: dict[str, Scheme] = {}
    unsaid: dict[str, Any] = {"band": next((one.bands for one in (standard or {}).values()), ())}
    unsaid |= {key: document[key] for key in ("edition", "in_force", "band") if key in document}
    rows = document.get("scheme", [])
    for row in rows if isinstance(rows, list) else [rows]:
        key = str(row.get("key", "?")) if isinstance(row, Mapping) else "?"
        said = [Reason(f"{key} is given twice", f"{key} 重复")] if key in found else []
        scheme, wrong = _scheme(_whole(unsaid, row) if isinstance(row, Mapping) else row)
        faults += [reason.of(f"scheme {key}", f"方案 {key}") for reason in (*said, *wrong)]
        if scheme is not None:
            found[key] = scheme
    if faults:
        raise SchemeFault(faults)
    return {**(standard or {}), **found}


def contracts_of(document: Document, schemes: Mapping[str, Scheme]) -> list[Contract]:
    """The contracts of a document. Raises SchemeFault."""
    faults: list[Reason] = []
    found: list[Contract] = []
    for row in document.get("contract", ()):
        try:
            contract = CONTRACT.validate_python(row)
        except ValidationError as wrong:
            faults += [_words(fault).of("contract", "合同") for fault in wrong.errors(include_url=False)]
            continue
        faults += [one.of(f"contract {contract.no}", f"合同 {contract.no}") for one in _unpayable(contract, schemes)]
        found.append(contract)
    if faults:
        raise SchemeFault(faults)
    return found


def _unpayable(contract: Contract, schemes: Mapping[str, Scheme]) -> Iterator[Reason]:
    scheme = schemes.get(contract.scheme)
    if scheme is None or scheme.of != "company":
        yield Reason(f"{contract.scheme} is no scheme of companies", f"{contract.scheme} 不是企业评价方案")
    bounds = [lowest for lowest, _ in contract.pay]
    if bounds != sorted(set(bounds), reverse=True) or bounds[-1] != 0:
        yield Reason("pay must go down to a score of 0", "付费分档须从高到低直至 0 分")


@cache
def standard_schemes() -> dict[str, Scheme]:
    """The schemes all cities share."""
    return schemes_of(tomllib.loads(STANDARD.read_text(encoding="utf-8")))


def _whole(unsaid: Document, row: Document) -> Document:
    """A row with what it leaves to the document; one that was frozen brings its bands along under their other name."""
    return {**{key: said for key, said in unsaid.items() if key != "band" or "bands" not in row}, **row}


def _scheme(row: Any) -> tuple[Scheme | None, list[Reason]]:
    try:
        scheme = SCHEME.validate_python(row)
    except ValidationError as wrong:
        return None, [_words(fault) for fault in wrong.errors(include_url=False)]
    return scheme, list(_faults(scheme))


def _words(fault: Mapping[str, Any]) -> Reason:
    where = ".".join(str(part) for part in fault["loc"])
    if "unexpected" in fault["type"]:
        return Reason("nothing reads this key", "没有这一项").of(where, where)
    return Reason(fault["msg"], f"填写有误（{fault['msg']}）").of(where, where)


def _faults(scheme: Scheme) -> Iterator[Reason]:
    weights = sum(part.weight for part in scheme.indicators)
    if weights != scheme.full:
        yield Reason(f"the weights sum to {weights}, not to {scheme.full}", f"权重之和为 {weights}，应为 {scheme.full}")
    yield from _holes(scheme.bands)
    keys = [part.key for part in scheme.indicators]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    yield from (Reason(f"indicator {key} is given twice", f"指标 {key} 重复") for key in twice)
    for part in scheme.indicators:
        yield from _unreadable(part)
    counts = Counts.names()
    yield from (
        Reason(f"{n} is not a count", f"{n} 不是计数").of("sample", "样本") for n in scheme.sample if n not in counts
    )
    kinds = [hand.kind for hand in scheme.hand]
    if "exclusion" in kinds or len(set(kinds)) < len(kinds):
        yield Reason("hand: every kind has a name of its own, and exclusion is the ledger's", "人工计分的类别不得重复")
    if scheme.share is not None and scheme.share not in RATES:
        yield Reason(f"share: {scheme.share} is not a rate", f"区间所依的 {scheme.share} 不是比率")


def _holes(bands: tuple[Band, ...]) -> Iterator[Reason]:
    """Every score from 0 to 100 falls in exactly one band."""
    upper = Decimal(100)
    for band in bands:
        if band.highest not in (None, upper):
            yield Reason(
                f"band {band.name} goes to {band.highest}, and the next begins at {upper}: no score may fall between",
                f"等级 {band.name} 止于 {band.highest}，上一等级始于 {upper}，中间有空档",
            )
        if band.lowest >= upper:
            yield Reason(
                f"band {band.name} begins at {band.lowest}: bands go down from 100",
                f"等级 {band.name} 始于 {band.lowest}：等级须从 100 向下排列",
            )
        upper = band.lowest
    if upper != 0:
        yield Reason(
            f"bands must go down to 0: nothing is said of a score below {upper}",
            f"等级须直至 0：低于 {upper} 分的没有等级",
        )


def _unreadable(part: Indicator) -> Iterator[Reason]:
    counts = Counts.names()
    bounds = [bound for bound, _ in part.steps]
    if bounds != sorted(set(bounds)):
        yield Reason(f"the steps of {part.key} do not go up", f"{part.key} 的分档须从小到大")
    if part.steps and part.losses:
        yield Reason(f"{part.key} earns by steps and loses by cases: one of the two", f"{part.key} 不能既分档又扣分")
    if part.per is not None and part.per not in counts:
        yield Reason(f"{part.key}: {part.per} is not a count", f"{part.key}：{part.per} 不是计数")
    if not part.losses and part.key not in (counts if part.steps else RATES):
        known = ("count", "计数") if part.steps else ("rate", "比率")
        yield Reason(f"{part.key} is not a {known[0]}", f"{part.key} 不是{known[1]}")
    for loss in part.losses:
        if loss.key not in (RATES if loss.below is not None else counts):
            known = ("rate", "比率") if loss.below is not None else ("count", "计数")
            yield Reason(f"{part.key}: {loss.key} is not a {known[0]}", f"{part.key}：{loss.key} 不是{known[1]}")
