"""A bulletin as it is read: tables made once of what was frozen, for the page, the PDF, Excel and CSV alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from dashboards.spreadsheet import Cell, Column, Page
from dashboards.words import Words
from dispatch.bulletins.appeals import VERDICTS
from dispatch.bulletins.content import Rules
from dispatch.bulletins.difference import score_rows
from dispatch.bulletins.freeze import Bulletin
from dispatch.bulletins.recount import FIGURES, Key
from dispatch.evaluation.measures import CELLS
from dispatch.evaluation.rates import RATES

__all__ = ["TEXTS", "Sheet", "Table", "shown"]

# What is said of everybody first; the rest stands behind.
FACE = (
    *("should_dispose", "ontime_disposed", "late_disposed", "overdue_open", "ontime_disposal_rate"),
    *("filed", "closed", "close_rate", "rework"),
)
DISPOSAL = (
    *CELLS,
    *("disposed", "should_close", "ontime_closed", "extended", "suspended", "shirk"),
    *("disposal_rate", "ontime_close_rate", "rework_rate", "extension_rate", "shirk_rate"),
)
CENTRE = (
    *("report", "own_report", "accepted", "valid_report", "self_handled", "void", "missed"),
    *("ontime_filed", "accurate_filed", "need_dispatch", "dispatched", "ontime_dispatched", "accurate_dispatched"),
    *("filing_rate", "dispatch_rate", "accurate_dispatch_rate"),
)
CHECKS = (
    *("need_verify", "verify", "ontime_verify", "need_send_verify", "ontime_send_verify"),
    *("need_check", "check", "ontime_check", "need_send_check", "ontime_send_check"),
    *("ontime_verify_rate", "ontime_check_rate", "verify_sent_ontime_rate", "check_sent_ontime_rate"),
)
TEXTS = frozenset({"place", "name", "band", "kind", "document"})  # columns that are read from the left
WIDTHS = {"name": 28, "place": 10, "kind": 28, "document": 66}
DECIMALS = frozenset({"score", "by_hand", "total", *RATES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`keys`: what each column is, `titles` in words. `of`: whose each row is, as its cases are asked for."""

    title: str
    keys: Sequence[str]
    titles: Sequence[str]
    of: Sequence[Key]
    rows: Sequence[Sequence[Cell]]


def shown(cell: Cell) -> str:
    """A cell as page and print say it: decimals with their two places, a dash for "no data"."""
    return "–" if cell is None else str(cell)


@dataclass(frozen=True)
class Sheet:
    """What a bulletin froze, nothing of today's, in the words of one language."""

    made: Bulletin
    t: Words

    @cached_property
    def rules(self) -> Mapping[str, Any]:
        """rules.json."""
        return Rules.read(self.made.rules).document

    @cached_property
    def rows(self) -> list[dict[str, str]]:
        """scores.csv."""
        return score_rows(self.made.scores)

    def city(self, key: str) -> Cell:
        """A figure of the whole city."""
        return self._cell(next(row for row in self.rows if row["of"] == "city"), key)

    def stamp(self, at: datetime) -> str:
        """An instant by the clock of the city that it is the bulletin of."""
        return at.astimezone(ZoneInfo(str(self.rules["time_zone"]))).strftime("%Y-%m-%d %H:%M")

    @property
    def standing(self) -> list[str]:
        """Which revision it is, as of when, and since when it is out."""
        made = self.made
        told = [
            self.t("bulletin.no", n=made.revision),
            self.t("bulletin.frozen", at=self.stamp(made.as_of), n=made.cases),
        ]
        if made.decided_at and made.state == "published":
            return [*told, self.t("bulletin.published_at", at=self.stamp(made.decided_at))]
        return [*told, self.t(f"bulletin.state_{made.state}")]

    @property
    def command(self) -> str:
        """What a citizen types to count it again."""
        return f"wangge verify-bulletin {self.made.file_name}.zip --hash {self.made.hash}"

    @cached_property
    def first(self) -> list[Table]:
        """Places, scores and what happened to the cases: a table for each ranking group, then the districts."""
        placed = ("place", "name", *self.total, "band", *FACE)
        told = [self._table(name, rows, placed) for name, rows in self._groups()]
        of_areas = placed if self._scores_areas else ("name", *FACE)
        return [*told, self._table(self.t("bulletin.districts"), self._areas(), of_areas)]

    @property
    def _scores_areas(self) -> bool:
        return bool(self.rules["scheme"].get("of") == "area")

    @cached_property
    def behind(self) -> list[Table]:
        """Every other figure: the points of each indicator, the counts and the rates."""
        points = [name for name in self.rows[0] if name.startswith("points_")]
        areas = [(self.t("bulletin.districts"), self._areas()[:-1])] if self._scores_areas else []
        placed = ("place", "name", "cases", *points, *self.total)
        told = [self._table(name, rows, placed) for name, rows in (*self._groups(), *areas)]
        for title, keys in (("disposal", DISPOSAL), ("centre", CENTRE), ("checks", CHECKS)):
            everybody = [*self._groups(), (self.t("bulletin.districts"), self._areas())]
            told += [
                self._table(f"{name}{self.t('dot')}{self.t(f'bulletin.table_{title}')}", rows, ("name", *keys))
                for name, rows in everybody
            ]
        return [
            *told,
            *([self.given] if self.total != ("score",) else []),
            *([self.appeals] if self.rules.get("appeals") else []),
        ]

    @property
    def total(self) -> tuple[str, ...]:
        """What a unit is ranked by: the score measured, and where points were given by hand, these and the sum."""
        columns = ("score", "by_hand", "total")
        return columns if self.rules["form"] > 1 and self.rules["by_hand"] else columns[:1]

    @property
    def given(self) -> Table:
        """The points given by hand, each with its kind and the SHA-256 of the paper it rests on."""
        keys = ("name", "kind", "by_hand", "document")
        kinds = {hand["kind"]: self._said(hand) for hand in self.rules["scheme"]["hand"]}
        of: list[Key] = [("unit", "", one["unit"]) for one in self.rules["by_hand"]]
        rows: list[list[Cell]] = [
            [
                self.name("unit", one["unit"]),
                kinds.get(one["kind"], one["kind"]),
                Decimal(one["points"]),
                one["document"],
            ]
            for one in self.rules["by_hand"]
        ]
        titles = [self.title(key) for key in keys]
        return Table(title=self.t("bulletin.given"), keys=keys, titles=titles, of=of, rows=rows)

    @property
    def appeals(self) -> Table:
        """What units contested, and how it was ruled: of the cases in this bulletin, by when it was frozen."""
        keys = ("name", "appeals", *VERDICTS)
        ruled = self.rules.get("appeals", [])
        counts = [[sum(row[v] for v in VERDICTS), *(row[v] for v in VERDICTS)] for row in ruled]
        names = [self.name("unit", row["unit"]) for row in ruled]
        rows: list[list[Cell]] = [[name, *numbers] for name, numbers in zip(names, counts, strict=True)]
        rows.append([self.t("bulletin.city"), *(sum(column) for column in zip(*counts, strict=True))])
        of = [("unit", "", row["unit"]) for row in ruled] + [("city", "", "")]
        titles = [self.title(key) for key in keys]
        return Table(title=self.t("bulletin.appeals"), keys=keys, titles=titles, of=of, rows=rows)

    @property
    def appealed(self) -> str:
        """The appeals in one sentence."""
        if not self.rules.get("appeals"):
            return self.t("bulletin.appealed_none")
        numbers = dict(zip(self.appeals.keys[1:], self.appeals.rows[-1][1:], strict=True))
        return self.t("bulletin.appealed", **numbers)

    @cached_property
    def all_in_one(self) -> Table:
        """All rows with all figures: what a program reads."""
        keys = ("of", "group", "key", "name", *(name for name in self.rows[0] if name not in ("of", "group", "key")))
        return self._table(self.made.period, self.rows, keys)

    @property
    def pages(self) -> Iterator[Page]:
        """The tables as a workbook, after a sheet that says of what, with the hash."""
        told = [*self.standing, self.scheme, self.t("bulletin.hash"), self.made.hash, self.command]
        yield Page(
            self.made.period, [Column(self.t("bulletin.of", period=self.made.period), 100)], [[text] for text in told]
        )
        for table in (*self.first, *self.behind):
            columns = [Column(title, WIDTHS.get(key, 9)) for key, title in zip(table.keys, table.titles, strict=True)]
            yield Page(table.title, columns, table.rows)

    def _table(self, title: str, rows: Sequence[Mapping[str, str]], keys: Sequence[str]) -> Table:
        keys = [key for key in keys if key == "name" or key in self.rows[0]]  # an older form may lack a figure
        titles = [self.title(key) for key in keys]
        of = [(row["of"], row["group"], row["key"]) for row in rows]
        return Table(
            of=of, title=title, keys=keys, titles=titles, rows=[[self._cell(row, key) for key in keys] for row in rows]
        )

    def title(self, key: str) -> str:
        """A column in words; a rate with its unit."""
        if key.startswith("points_"):
            return self.t("bulletin.points", of=self.figure(key.removeprefix("points_")))
        return f"{self.figure(key)} %" if key in RATES else self.figure(key)

    def figure(self, key: str) -> str:
        """A figure in the pages' words, or as the scheme names an indicator of its own; else its key."""
        return self.t.get(f"bulletin.of_{key}", self.t.get(f"bulletin.is_{key}", self._own.get(key, key)))

    def rates(self, table: Table) -> list[str]:
        """What each rate of a table is of what, and of a denominator that is no column of it what that counts."""
        told = []
        for rate in (RATES[key] for key in table.keys if key in RATES):
            above, below = self.figure(rate.numerator), self.figure(rate.denominator)
            told.append((self.figure(rate.key), self.t("bulletin.rate_good", above=above, below=below)))
            if rate.denominator not in table.keys:
                told.append((below, self.t(f"measure.{rate.denominator}")))
        return [self.t("sep").join(both) for both in dict.fromkeys(told)]

    @cached_property
    def _own(self) -> dict[str, str]:
        parts = self.rules["scheme"]["indicators"]
        return {part["key"]: self._said(part) for part in parts if part.get("name")}

    def counted(self, table: Table, row: int, column: int) -> str | None:
        """The address's part that asks for the cases of a cell; None for one that is no number of cases."""
        key = table.keys[column]
        if key not in FIGURES:
            return None
        of, group, name = table.of[row]
        return urlencode({"of": of, "group": group, "key": name, "figure": key})

    def _cell(self, row: Mapping[str, str], key: str) -> Cell:
        text = self._named(row) if key == "name" else row[key]
        if key == "place" and not text and row["apart"]:
            return self._apart(row["apart"])
        if key == "apart":
            return self._apart(text) if text else None
        if key in DECIMALS or key.startswith("points_"):
            return Decimal(text) if text else None
        if key in ("of", "group", "key", "name", "band"):
            return text or None
        return int(text) if text.isdecimal() else text or None

    def _apart(self, why: str) -> str:
        return self.t(f"bulletin.apart_{why.replace(' ', '_')}")

    def _named(self, row: Mapping[str, str]) -> str:
        if row["of"] == "city":
            return self.t("bulletin.city")
        return self.name(row["of"], row["key"]) or self.t("board.no_place")

    def _groups(self) -> Iterator[tuple[str, list[dict[str, str]]]]:
        """The ranking groups with units in them, by name, each in the order of the scores."""
        for group in self.rules["groups"]:
            here = [row for row in self.rows if (row["of"], row["group"]) == ("unit", str(group["key"]))]
            if here:
                yield self._said(group), here

    def _areas(self) -> list[dict[str, str]]:
        """The districts, and the city last."""
        return [row for row in self.rows if row["of"] != "unit"]

    def name(self, of: str, key: str) -> str:
        """What a unit or a district was called on the period's last day; its code if it had no name."""
        if of == "unit":
            return self._said(self.rules["units"][key]) if key in self.rules["units"] else key
        return next((self._said(row) for row in self.rules["districts"] if row["code"] == key), key)

    def _said(self, row: Mapping[str, Any]) -> str:
        return str(row["name"] if self.t.language == "zh" else row.get("name_en") or row["name"])

    @property
    def scheme(self) -> str:
        """The name of the scheme it was scored by."""
        return self._said(self.rules["scheme"])

    @property
    def formula(self) -> list[tuple[str, str]]:
        """Each indicator of the scheme with its weight, and in a sentence how its points come about."""
        scheme = self.rules["scheme"]
        kinds = [self.t("bulletin.hand", name=self._said(hand), most=hand["most"]) for hand in scheme.get("hand", ())]
        beside = [(self.figure("by_hand"), self.t("comma").join([*kinds, self.t("bulletin.beside")]))] if kinds else []
        return [(self._weight(part), self._points(part)) for part in scheme["indicators"]] + beside

    def _weight(self, part: Mapping[str, Any]) -> str:
        return f"{self.figure(part['key'])} {self.t('bulletin.weighs', n=part['weight'])}"

    def _points(self, part: Mapping[str, Any]) -> str:
        if part.get("steps"):
            steps = [self.t("bulletin.step", bound=bound, points=points) for bound, points in part["steps"]]
            return self.t("comma").join([*steps, self.t("bulletin.step_above", points=part["above"])])
        if part.get("lose"):
            return self.t("comma").join(self._loss(loss) for loss in part["lose"])
        rate = RATES[part["key"]]
        words = "bulletin.rate_good" if part["good"] else "bulletin.rate_bad"
        return self.t(words, above=self.figure(rate.numerator), below=self.figure(rate.denominator))

    def _loss(self, loss: Mapping[str, Any]) -> str:
        words = "bulletin.loss_case" if loss.get("below") is None else "bulletin.loss_rate"
        return self.t(words, name=self.figure(loss["key"]), below=loss.get("below"), each=loss["each"])

    @property
    def bands(self) -> str:
        """The bands in one line."""
        return self.t("comma").join(f"{band['name']} ≥ {band['from']}" for band in self.rules["scheme"]["bands"])
