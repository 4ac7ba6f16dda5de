"""The shape of city.toml, as a model that names every key that is missing, wrong or unknown."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from dispatch.cityfile.faults import Faults
from dispatch.cityfile.settings_names import FILE, check_names
from dispatch.clock import Rule
from dispatch.notify.words import CASE, RECEIPT, TO_REPORTER, standard_words

__all__ = ["check_document"]

STAGES = Literal[
    "accept",
    "verify",
    "file",
    "dispatch",
    "sign",
    "cordon",
    "send_check",
    "check",
    "close",
    "approve",
    "force_close",
    "appeal",
    "supervise",
    "reply_citizen",
]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise ValueError(f"time zone {name} is not known") from unknown
    return name


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as fault:
        raise ValueError(f"{text} is not a pattern: {fault}") from fault
    return text


def _season_day(text: str) -> str:
    date.fromisoformat(f"2000-{text}")
    return text


def _hours(text: str) -> str:
    start, _, end = text.partition("-")
    time.fromisoformat(start)
    time.fromisoformat("00:00" if end == "24:00" else end)
    return text


def _case_pattern(text: str) -> str:
    text.format(date="20260101", area="0", seq=1)
    if "{seq" not in text:
        raise ValueError("a case number needs {seq}")
    return text


def _sentence(text: str) -> str:
    if not text.isprintable() or set(re.findall(r"\{.*?\}", text)) - {CASE, RECEIPT}:
        raise ValueError(f"one line of text, and of placeholders {CASE} alone ({RECEIPT} to those who reported)")
    return text


def _quiet(text: str) -> str:
    begin, _, end = text.partition("-")
    if time.fromisoformat(begin) == time.fromisoformat(end):
        raise ValueError("quiet hours have a beginning and another end, as 21:00-08:00")
    return text


def _notice_kind(kind: str) -> str:
    if kind not in standard_words():
        raise ValueError(f"no such kind of notice; there are {', '.join(standard_words())}")
    return kind


Pattern = Annotated[str, AfterValidator(_pattern)]
SeasonDay = Annotated[str, AfterValidator(_season_day)]
Hours = Annotated[str, AfterValidator(_hours)]
CalendarDay = Annotated[date, Field(ge=date(1970, 1, 1), lt=date(2200, 1, 1))]
Sentence = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_sentence)]
Quiet = Annotated[str, AfterValidator(_quiet)]
NoticeKind = Annotated[str, AfterValidator(_notice_kind)]
IntegrityTest = Literal[
    "invented_find",
    "staged_fix",
    "clock_gaming",
    "clock_gaming_person",
    "one_reason",
    "one_reason_person",
    "far_above",
    "far_above_person",
    "self_dealing",
    "volume_padding",
    "under_reporting",
]
RespiteKind = Literal["ask_delay", "ask_defer", "ask_suspend"]
Word = Annotated[str, Field(min_length=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]

Posts = Annotated[list[Literal["dispatcher", "shift_leader", "leader", "supervisor"]], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Edition(_Part):
    id: Word
    in_force: date
    source: str = ""


class _Editions(_Part):
    areas: _Edition
    roads: _Edition
    components: _Edition
    units: _Edition
    calendar: _Edition
    catalogue: _Edition
    rules: _Edition
    stages: _Edition
    settings: _Edition | None = None
    duty_grids: _Edition | None = None
    roster: _Edition | None = None
    schemes: _Edition | None = None
    ladders: _Edition | None = None


class _Level(_Part):
    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    name: Word
    name_en: str = ""
    code: Pattern
    prefix: bool = False


class _ComponentCode(_Part):
    pattern: Pattern


class _CaseNumber(_Part):
    pattern: Annotated[str, AfterValidator(_case_pattern)]
    fallback: str


class _RoadClass(_Part):
    name: Word
    name_en: str = ""
    rank: Annotated[int, Field(ge=1)]
    osm: list[str] = []


class _TimeClass(_Part):
    rule: Literal[
        "work_hour",
        "work_day",
        "work_day_clock",
        "work_day_at",
        "day_at",
        "urgent_minute",
        "urgent_hour",
        "urgent_day",
    ]
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    name: Word
    name_en: str = ""

    @model_validator(mode="after")
    def _timed(self) -> Self:
        if (self.at is not None) is not Rule(self.rule).timed:
            raise ValueError(f"rule {self.rule} {'wants' if self.at is None else 'has no'} `at`, a time of day")
        return self


class _Slots(_Part):
    from_: Annotated[SeasonDay, Field(alias="from")]
    to: SeasonDay
    hours: list[Hours]
    since: CalendarDay | None = None
    until: CalendarDay | None = None


class _Calendar(_Part):
    week: list[Annotated[int, Field(ge=1, le=7)]]
    confirmed: list[int] = []
    slots: Annotated[list[_Slots], Field(min_length=1)]


class _Stage(_Part):
    stage: STAGES
    limit: Annotated[float, Field(gt=0)]
    time_class: str
    urgent: bool


class _Reach(_Part):
    road_m: Positive
    duplicate_m: Positive
    duplicate_hours: Positive
    duplicate_closed_hours: Positive = 168
    component_m: Positive
    tie_m: Annotated[float, Field(ge=0)] = 2


class _Policy(_Part):
    rework_clock: Literal["rest", "full", "fixed"]
    rework_limit: Positive | None = None
    rework_time_class: Word | None = None
    warn_at: Annotated[float, Field(gt=0, lt=1)]
    return_within_hours: Positive
    max_returns: Count
    referee_from: Count | None = None
    return_budget: Count | None = None
    return_budget_days: Annotated[int, Field(ge=1)] | None = None
    max_extensions: Count
    max_deferrals: Count | None = None
    max_suspensions: Count | None = None
    extend_first: Posts | None = None
    extend_more: Posts | None = None
    max_suspension_days: Count
    reopen_within_days: Count
    unanswered: Literal["grant", "refuse"]
    unanswered_force_close: Literal["grant", "refuse"] | None = None
    unanswered_appeal: Literal["grant", "refuse"] | None = None
    self_dispatch: bool


class _Reason(_Part):
    code: Annotated[str, Field(pattern=r"^[a-z0-9_:-]{1,40}$")]
    name: Word
    name_en: str = ""
    evidence: bool = False
    words: bool = False


class _Respite(_Part):
    quota: Annotated[float, Field(gt=0, le=100)] | None = None
    reasons: Annotated[list[_Reason], Field(min_length=1)]


class _Group(_Part):
    key: Word
    name: Word
    name_en: str = ""


class _Ranking(_Part):
    small_sample: Count
    scored_from: date | None = None
    groups: list[_Group]


class _Check(_Part):
    sliver_m: Positive


class _Integrity(_Part):
    least: Annotated[int, Field(ge=1)] | None = None
    times: Annotated[float, Field(ge=1)] | None = None
    chance: Annotated[int, Field(ge=1)] | None = None
    near_m: Positive | None = None
    near_minutes: Positive | None = None
    last_minutes: Positive | None = None
    same: Annotated[float, Field(gt=0, le=1)] | None = None
    picture_bits: Annotated[int, Field(ge=0, le=3)] | None = None


class _CardRule(_Part):
    yellow: Annotated[int, Field(ge=1)]
    red: Annotated[int, Field(ge=1)]


class _Cards(_Part):
    days: Annotated[int, Field(ge=1, le=366)] = 30
    late_work: _CardRule | None = None
    late_click: _CardRule | None = None
    wrong_data: _CardRule | None = None


class _Terminals(_Part):
    silent_minutes: Annotated[int, Field(ge=2, le=24 * 60)]


class _Campaign(_Part):
    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    name: Word
    name_en: str = ""
    classes: Annotated[list[Word], Field(min_length=1)]
    area: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*:\S+$")] | None = None
    from_: Annotated[date, Field(alias="from")]
    to: date


class _Sentence(_Part):
    zh: Sentence
    en: Sentence


def _for_whom(notices: dict[str, _Sentence]) -> dict[str, _Sentence]:
    """A receipt is for whoever reported the case, and for nobody else."""
    for kind, said in notices.items():
        if RECEIPT in said.zh + said.en and not kind.startswith(TO_REPORTER):
            raise ValueError(f"{kind}: {RECEIPT} is for kinds that begin with {TO_REPORTER}")
    return notices


class _Citizens(_Part):
    quiet: Quiet


class _CityToml(_Part):
    name: Word
    name_en: str = ""
    time_zone: Annotated[str, AfterValidator(_zone)]
    datum: Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
    languages: Annotated[list[Literal["zh", "en"]], Field(min_length=1)]
    centre: Annotated[list[float], Field(min_length=2, max_length=2)]
    zoom: float
    catalogue: Word
    demo: bool = False
    editions: _Editions
    levels: Annotated[list[_Level], Field(min_length=1)]
    component_code: _ComponentCode | None = None
    case_number: _CaseNumber
    road_classes: dict[str, _RoadClass]
    time_classes: dict[str, _TimeClass]
    calendar: _Calendar
    stages: list[_Stage]
    reach: _Reach
    policy: _Policy
    respites: dict[RespiteKind, _Respite] = {}
    ranking: _Ranking
    check: _Check | None = None
    notices: Annotated[dict[NoticeKind, _Sentence], AfterValidator(_for_whom)] = {}
    citizens: _Citizens | None = None
    integrity: dict[IntegrityTest, _Integrity] = {}
    campaigns: list[_Campaign] = []
    terminals: _Terminals | None = None
    cards: _Cards | None = None


def check_document(document: dict[str, Any], faults: Faults) -> bool:
    """Whether city.toml can be worked with; every key that is wrong is a fault, one nobody knows a warning."""
    try:
        _CityToml.model_validate(document)
    except ValidationError as wrong:
        for fault in wrong.errors(include_url=False):
            key = ".".join(str(part) for part in fault["loc"])
            if fault["type"] == "extra_forbidden":
                faults.warning(FILE, None, f"{key}: nothing reads this key")
            else:
                faults.error(FILE, None, f"{key}: {fault['msg'].removeprefix('Value error, ')}")
        if faults.errors:
            return False
    check_names(document, faults)
    return not faults.errors
