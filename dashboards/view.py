"""What every page is drawn with: the words of one language, the city's names for things, the instant, the person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, Protocol
from urllib.parse import quote, urlencode

from fastapi import Request

from collectors.rehearsal.growth import Growth, growth_in
from dashboards.language import language_of
from dashboards.navigation import Group, ways_of
from dashboards.times import Left, left_of, span, time_left, when
from dashboards.words import LANGUAGES, Words, words
from dispatch.cases.books import Books, books
from dispatch.cases.clocks import holders_clock
from dispatch.config import settings
from dispatch.lifecycle.form import NOBODY_KNOWN
from dispatch.lifecycle.respites import RESPITES, standard_respites
from dispatch.lifecycle.states import Action, Pool, State
from dispatch.people.who import Me
from dispatch.routing.rule import Rule
from dispatch.routing.words import sentence, so_many
from gis.db import ReadTx
from gis.problems import Problem, Unavailable

__all__ = ["SHAPES", "View"]

# State → icon and colour of the design kit: colour, shape and word always stand together.
SHAPES: dict[State, tuple[str, str]] = {
    State.REPORTED: ("st-filed", "st-filed"),
    State.SELF_HANDLED: ("st-filed", "st-filed"),
    State.VERIFYING: ("st-verify", "st-verify"),
    State.VERIFIED: ("st-filed", "st-filed"),
    State.ACCEPTED: ("st-accepted", "st-accepted"),
    State.FILED: ("st-dispatch", "st-dispatch"),
    State.DISPATCHED: ("st-disposing", "st-disposing"),
    State.HANDLING: ("st-disposing", "st-disposing"),
    State.RETURN_ASKED: ("st-dispute", "st-dispute"),
    State.RULING_ASKED: ("st-dispute", "st-dispute"),
    State.DELAY_ASKED: ("st-dispute", "st-dispute"),
    State.SUSPEND_ASKED: ("st-dispute", "st-dispute"),
    State.SUSPENDED: ("st-suspended", "st-suspended"),
    State.FEEDBACK: ("st-dispatch", "st-dispatch"),
    State.CHECK_PENDING: ("st-verify", "st-verify"),
    State.CHECKING: ("st-verify", "st-verify"),
    State.REWORK: ("undo", "st-disposing"),
    State.CHECKED_OK: ("st-accepted", "st-accepted"),
    State.CLOSED: ("st-closed", "st-closed"),
    State.CLOSED_FORCED: ("st-closed", "st-void"),
    State.SELF_CLOSED: ("st-closed", "st-closed"),
    State.REFUSED: ("st-void", "st-void"),
    State.VOID: ("st-void", "st-void"),
    State.MERGED: ("merge", "st-void"),
}
TOKENS = {
    "st-filed": "st-filed",
    "st-accepted": "st-centre",
    "st-dispatch": "st-centre",
    "st-disposing": "st-work",
    "st-verify": "st-check",
    "st-closed": "st-closed",
    "st-dispute": "st-dispute",
    "st-suspended": "st-held",
    "st-void": "st-void",
}


class Named(Protocol):
    """A thing of the city's data with its name in both languages."""

    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str: ...


class Placed(Protocol):
    """Something that lies somewhere, said in both languages."""

    @property
    def place_words(self) -> str: ...
    @property
    def place_words_en(self) -> str: ...


class Standing(Protocol):
    """What the time left of a case is read from: a list's row or the whole case."""

    @property
    def state(self) -> State: ...
    @property
    def clocks(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class View:
    """Of one request. `books` and `now` are empty where the database could not be asked (a problem's page)."""

    request: Request
    t: Words
    me: Me | None = None
    books: Books | None = None
    now: datetime | None = None

    @classmethod
    def of(cls, request: Request, tx: ReadTx, me: Me | None) -> View:
        """Raises Unavailable if no city is loaded."""
        found = books(tx)
        default = next(iter(found.city.get("languages", LANGUAGES)), LANGUAGES[0])
        return cls(request, words(language_of(request, me, default)), me, found, tx.now)

    @property
    def known(self) -> Books:
        """The city's books. Raises Unavailable on a page that was drawn without asking the database."""
        if self.books is None:
            raise Unavailable("The city's books could not be read", zh="城市资料暂时读不到")
        return self.books

    @property
    def today(self) -> date:
        """The day it is in the city."""
        return (self.now or datetime.now(UTC)).astimezone(self.known.zone).date()

    @property
    def path(self) -> str:
        """Where we are. One slash begins it: two would name another host in a link."""
        return "/" + self.request.url.path.lstrip("/")

    @property
    def zh(self) -> bool:
        """Whether the page is in Chinese, the language that all names of the data have."""
        return self.t.language == "zh"

    @property
    def language(self) -> Literal["zh", "en"]:
        """Of the page."""
        return "zh" if self.zh else "en"

    @property
    def html_lang(self) -> str:
        """As HTML names the language."""
        return "zh-CN" if self.t.language == "zh" else self.t.language

    @cached_property
    def city(self) -> str:
        """The city's name; empty where it is not known."""
        return "" if self.books is None else self._said(self.books.city)

    @cached_property
    def nav(self) -> list[Group]:
        """The ways open to the person, with keys of words."""
        return [] if self.me is None else list(ways_of(self.me.roles, self.path))

    @property
    def growth(self) -> Growth | None:
        """How far the past of a demo city has grown, while it does: figures of earlier days are not whole then."""
        return growth_in(settings().data)

    @property
    def theme(self) -> str:
        """light, dark, or empty to follow the system."""
        chosen = self.request.query_params.get("theme") or self.request.cookies.get("theme") or ""
        return chosen if chosen in ("light", "dark") else ""

    @property
    def large(self) -> bool:
        """Whether large type was chosen (关怀版)."""
        return (self.request.query_params.get("size") or self.request.cookies.get("size")) == "large"

    def with_query(self, **changes: object) -> str:
        """This address with other parameters; None takes one away."""
        kept = [(k, v) for k, v in self.request.query_params.multi_items() if k not in changes]
        added = [(k, str(v)) for k, v in changes.items() if v is not None]
        query = urlencode([*kept, *added], quote_via=quote, safe="")
        return f"{self.path}?{query}" if query else self.path

    # ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def named(self, thing: Named) -> str:
        """Its name in the page's language, else the one it has."""
        return thing.name if self.t.language == "zh" else thing.name_en or thing.name

    def _said(self, row: Mapping[str, Any]) -> str:
        return str(row["name"] if self.t.language == "zh" else row.get("name_en") or row["name"])

    def category(self, code: str | None) -> str:
        """A category's name; its code if the catalogue in force no longer has it."""
        if code is None or self.books is None:
            return self.t("board.unnamed")
        found = self.books.catalogue.categories.get(code)
        return self.named(found) if found else code

    def sentence(self, rule: Rule) -> str:
        """A rule as one sentence, made of the row itself."""
        zh, en = sentence(rule, self.known.words)
        return zh if self.zh else en

    def area_named(self, word: str) -> str:
        """An area, `level:code`, by its name; a unit grid by its code."""
        zh, en = self.known.words("area", word)
        return (zh if self.zh else en).rpartition(":")[2]

    def class_name(self, key: str) -> str:
        """The name of a class, `kind:class`; the key if the catalogue in force no longer has it."""
        found = self.known.catalogue.classes.get(key)
        return key if found is None else (self.zh and found.class_name) or found.class_name_en or found.class_name

    def condition(self, category: str | None, no: int | None) -> str:
        """The text of a filing condition, empty if there is none."""
        found = self.books.catalogue.conditions.get((category or "", no or 0)) if self.books else None
        return "" if found is None else found.text if self.t.language == "zh" else found.text_en or found.text

    def place(self, case: Placed) -> str:
        """Where a case lies, in the page's language."""
        words = case.place_words if self.zh else case.place_words_en or case.place_words
        return words or self.t("board.no_place")

    def unit(self, id: str | None) -> str:
        """A unit's name, also of one that is no more; a dash for none."""
        found = self.books.tree.named(id) if self.books and id else None
        return self.named(found) if found else id or self.t("none")

    def whose(self, id: str) -> str:
        """The unit that a return says is right; words for nobody known."""
        return self.t("form.whose_nobody") if id == NOBODY_KNOWN else self.unit(id)

    @cached_property
    def roads(self) -> dict[str, int]:
        """Class of road → rank, 1 the greatest: how wide the map draws it."""
        return {key: int(row["rank"]) for key, row in self.known.city.get("road_classes", {}).items()}

    @cached_property
    def shapes(self) -> dict[str, tuple[str, str]]:
        """State → icon and colour of the design kit, for the map's pins."""
        return {state.value: (icon, TOKENS[colour]) for state, (icon, colour) in SHAPES.items()}

    def posts(self, roles: Iterable[str]) -> str:
        """Any one of these posts, in words."""
        return self.t("case.or").join(self.t(f"role.{role}") for role in roles)

    def limit(self, value: Decimal | str | None, time_class: str | None) -> str:
        """A disposal limit in the city's own words for its time classes."""
        if value is None or time_class is None or self.books is None:
            return self.t("time.no_limit")
        row = self.books.city.get("time_classes", {}).get(time_class, {"name": time_class})
        return f"{Decimal(value).normalize():f} {so_many(Decimal(value), self._said(row))}"

    def area(self, code: str) -> str:
        """An area's name by its `level:code`; the code itself of one that the city has no more."""
        zh, en = self.known.words("area", code)
        return zh if self.zh else en

    def road_class(self, key: str) -> str:
        """The city's word for a class of road; empty for none."""
        row = self.books.city.get("road_classes", {}).get(key) if self.books else None
        return self._said(row) if row else ""

    def level(self, key: str) -> str:
        """The city's word for a level of area; the key for another layer."""
        row = next((row for row in self.known.levels if row["key"] == key), None)
        return self._said(row) if row else key

    def source(self, key: str) -> str:
        """Where a report came from."""
        return self.t.get(f"source.{key}", key)

    def state(self, state: State | str) -> str:
        """A state's word."""
        return self.t(f"state.{State(state).value}")

    def state_outside(self, state: State | str) -> str:
        """What has come of it, for people who do not know our stages: not what we have to do next."""
        return self.t(f"public.state_{State(state).value}")

    def shape(self, state: State | str) -> tuple[str, str]:
        """A state's icon and colour class."""
        return SHAPES[State(state)]

    def action(self, action: Action | str) -> str:
        """An action's word."""
        return self.t(f"action.{Action(action).value}")

    def message(self, kind: str) -> str:
        """What a message tells of: an action, or `warn:dispose` with the clock it is about."""
        head, _, clock = kind.partition(":")
        if head == "alarm":
            return f"{self.t('calls.title')} {self.ladder(clock)}"
        if head == "silent":
            return f"{self.t('notices.kind_silent')} {self.unit(clock)}"
        word = self.t.get(f"notices.kind_{head}", self.t.get(f"action.{head}", self.t("notices.kind_other")))
        return f"{word} {self.t.get(f'clock.{clock}', '')}".strip()

    def ladder(self, key: str) -> str:
        """A ladder's name; its key where the city no longer has it."""
        found = self.known.ladders.by_key.get(key)
        return key if found is None else self.named(found)

    def pool(self, pool: Pool) -> str:
        """Who holds the case, in words."""
        return self.t(f"pool.{pool.value}")

    def reason(self, action: str, code: str, why: Mapping[str, Any] | None = None) -> str:
        """A reason's words: those it was given with (`why`), ours, the city's; the code itself if data brought it."""
        if why is not None:
            return self._said(why)
        if code == "default":
            return self.t("case.by_default")
        if action in RESPITES:
            offered = (self.known.policy.respites[Action(action)], standard_respites()[Action(action)])
            found = next((one.reasons[code] for one in offered if code in one.reasons), None)
            return code if found is None else self.named(found)
        return self.t.get(f"reason.{action}.{code}", code)

    def problem(self, problem: Problem) -> str:
        """What happened, in the page's language."""
        return problem.zh if self.t.language == "zh" else problem.title

    def wrongs(self, problem: Problem, page: str = "") -> list[tuple[str, str]]:
        """Each field that is missing or wrong, with why: the one place that words it, whoever found it. `page`: the
        section of its words, whose labels come before the names that all pages know."""
        fields = problem.extra.get("fields")
        if not isinstance(fields, Mapping):
            return []
        return [(self._field(name, page), self.wrong(problem, name)) for name in fields]

    def _field(self, name: str, page: str) -> str:
        """A field's name as forms have it; of a request it says first which part of it is meant."""
        plain = name.rpartition(".")[2]
        label = self.t.get(f"{page}.{plain}", self.t.get(f"need.{plain}", plain))
        return re.split(r" ?[(（]", label)[0]

    def wrong(self, problem: Problem, name: str) -> str:
        """Why, by the code that came with it, else by the reason itself where it is one of ours."""
        codes: Mapping[str, Mapping[str, str]] = problem.extra.get("codes", {})  # type: ignore[assignment]
        reason = str(problem.extra["fields"][name])  # type: ignore[index]
        if reason == problem.title:
            return self.problem(problem)
        code = dict(codes.get(name) or {"type": re.sub(r"\W+", "_", reason)})
        text = self.t.get(f"wrong.{code['type']}", "")
        if text:
            return text.format(**code)
        return self.t("wrong.other") if codes or (self.zh and reason.isascii()) else reason

    # ── time ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def when(self, at: datetime | None) -> str:
        """An instant in the city's time, a dash for none."""
        if at is None or self.books is None or self.now is None:
            return self.t("none")
        return when(at, self.now, self.books.calendar, self.t)

    def stamp(self, at: datetime | None) -> str:
        """The same in full, `2026-11-01 00:00`: where it is kept, printed, or sets figures apart."""
        if at is None or self.books is None:
            return self.t("none")
        return at.astimezone(self.books.zone).strftime("%Y-%m-%d %H:%M")

    def stamp_of(self, text: str) -> str:
        """The same of an instant that stands in a document."""
        return self.stamp(datetime.fromisoformat(text))

    def hours(self, since: datetime, until: datetime) -> str:
        """A span of a day by the wall clock, `18:00–08:00`."""
        return "–".join(at.astimezone(self.known.zone).strftime("%H:%M") for at in (since, until))

    def instant(self, text: str) -> str:
        """An instant that stands in a document."""
        return self.when(datetime.fromisoformat(text))

    def clock(self, key: str) -> str:
        """A clock's name, with the unit whose it is where it is one's that assists."""
        kind, _, unit = key.partition(":")
        return f"{self.t(f'clock.{kind}')} {self.unit(unit)}" if unit else self.t(f"clock.{kind}")

    def ago(self, at: datetime) -> str:
        """How long since, by the wall clock."""
        length = (self.now or at) - at
        return self.t("time.now") if length < timedelta(minutes=1) else self.t("time.ago", span=span(length, self.t))

    def length(self, minutes: float) -> str:
        """A length of time by the wall clock, at least a minute."""
        return span(timedelta(minutes=max(1.0, minutes)), self.t)

    def span(self, length: timedelta) -> str:
        """A length of time by the wall clock."""
        return span(length, self.t)

    def left(self, case: Standing, kind: str | None = None) -> Left | None:
        """Time left on the holder's clock, or on the clock `kind`; None if it has none."""
        clock = left_of(case.clocks, kind or holders_clock(case.state, case.clocks))
        if clock is None or self.books is None or self.now is None:
            return None
        return time_left(clock, self.now, self.books.calendar, self.t)

    def part_left(self, case: Standing, units: Iterable[str]) -> Left | None:
        """Time left on the first of these units' own parts; None if they have no clock here."""
        keys = sorted(key for key in (f"assist:{unit}" for unit in units) if key in case.clocks)
        return self.left(case, keys[0]) if keys else None

    def unconfirmed(self, at: datetime | None) -> str:
        """A warning if the year of a due time has no official calendar yet."""
        if at is None or self.books is None:
            return ""
        year = at.astimezone(self.books.calendar.zone).year
        return "" if self.books.calendar.confirmed(year) else self.t("time.unconfirmed", year=year)
