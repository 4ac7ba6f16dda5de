"""More time for a unit: extension 延期, deferral 缓办, suspension 挂账. What for, and when no more. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from gis.problems import FormIncomplete

__all__ = ["RESPITES", "Reason", "Respite", "Respites", "check_reason", "refusal", "respites_of", "standard_respites"]

STANDARD = Path(__file__).resolve().parents[2] / "data" / "standard" / "respites.toml"
RESPITES = (Action.ASK_DELAY, Action.ASK_DEFER, Action.ASK_SUSPEND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One of the reasons offered. `evidence`: a picture or a PDF, of the place or of a document; `words`: a note."""

    code: str
    name: str
    name_en: str = ""
    evidence: bool = False
    words: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Respite:
    """One kind: its reasons by code, in the order of the data. `quota`: per cent of a month's cases; None: none set."""

    reasons: Mapping[str, Reason]
    quota: Decimal | None = None


Respites = Mapping[Action, Respite]


def respites_of(document: Mapping[str, Any]) -> Respites:
    """Every kind: as the document has it, else as the standard."""
    return MappingProxyType({kind: _read(document.get(kind) or _standard()[kind]) for kind in RESPITES})


def standard_respites() -> Respites:
    """Every kind where a city says nothing."""
    return respites_of({})


@cache
def _standard() -> Mapping[str, Any]:
    return tomllib.loads(STANDARD.read_text(encoding="utf-8"))


def _read(kind: Mapping[str, Any]) -> Respite:
    quota = kind.get("quota")
    return Respite(
        reasons=MappingProxyType({row["code"]: Reason(**row) for row in kind["reasons"]}),
        quota=None if quota is None else Decimal(str(quota)),
    )


def check_reason(respite: Respite, form: Form) -> None:
    """Raise FormIncomplete for a reason that is not on the list, or comes without what it wants."""
    reason = respite.reasons.get(form.reason or "")
    if reason is None:
        raise FormIncomplete(
            "Choose one of the reasons offered for this",
            zh="理由须从本类申请的理由清单中选择",
            fields={"reason": "none of the list"},
            reasons=list(respite.reasons),
        )
    lacks = {"photos": reason.evidence and not (form.photos or form.documents), "note": reason.words and not form.note}
    faults = {name: "needed" for name, lacking in lacks.items() if lacking}
    if faults:
        raise FormIncomplete(
            f"The reason “{reason.name_en or reason.name}” wants {_EN[tuple(faults)]}",
            zh=f"理由“{reason.name}”须同时提供{_ZH[tuple(faults)]}",
            fields=faults,
        )


_EN = {
    ("photos",): "evidence: a photo of the place or of the document, or a PDF",
    ("note",): "words: write down why",
    ("photos", "note"): "evidence, a photo of the place or of the document or a PDF, and words",
}
_ZH = {
    ("photos",): "证明材料（现场照片、文件照片或 PDF）",
    ("note",): "文字说明",
    ("photos", "note"): "证明材料（现场照片、文件照片或 PDF）和文字说明",
}


class Counted(Protocol):
    """What of a case bars another respite."""

    @property
    def late(self) -> bool: ...
    @property
    def extensions(self) -> int: ...
    @property
    def deferrals(self) -> int: ...
    @property
    def suspensions(self) -> int: ...


class Most(Protocol):
    """How often each may be had."""

    @property
    def max_extensions(self) -> int: ...
    @property
    def max_deferrals(self) -> int: ...
    @property
    def max_suspensions(self) -> int: ...


def refusal(action: Action, case: Counted, policy: Most) -> tuple[str, str] | None:
    """Why this respite cannot be asked (any more) and what to do instead, in English and Chinese; None if it can."""
    if action is Action.ASK_DELAY and case.late:
        return (
            "The deadline has passed; an extension is asked before it. Put the matter right and reply; "
            "if the delay was not yours, appeal when the case is closed",
            "已超期，延期须在到期前申请。请抓紧处置并回复；确非本单位原因的，结案后可以申诉",
        )
    had, most, en, zh = {
        Action.ASK_DELAY: (case.extensions, policy.max_extensions, "extended", "延期"),
        Action.ASK_DEFER: (case.deferrals, policy.max_deferrals, "deferred", "缓办"),
        Action.ASK_SUSPEND: (case.suspensions, policy.max_suspensions, "suspended", "挂账"),
    }[action]
    if had < most:
        return None
    return (
        f"Already {en} {had} times, and {most} is the most. Put the matter right and reply; "
        "if it cannot be done at all, ask the centre for a forced close",
        f"本案已{zh} {had} 次，最多 {most} 次，不能再申请。请抓紧处置并回复；"
        "客观上无法处置的，请联系指挥中心申请非正常结案",
    )
