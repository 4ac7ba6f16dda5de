"""How far the past of a rehearsal has grown back, in a file beside the data, for whoever waits for a whole month."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

__all__ = ["Growth", "growth_in", "keep_growth"]

FILE = "past-grows.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """`reached`: the past is whole from here on; `wanted`: where it is to begin."""

    wanted: datetime
    reached: datetime


def keep_growth(folder: Path, growth: Growth) -> None:
    """Say how far it is; nothing is said any more of one that has come to its end."""
    file = folder / FILE
    if growth.reached <= growth.wanted:
        file.unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps({name: getattr(growth, name).isoformat() for name in ("wanted", "reached")}))
    draft.replace(file)


def growth_in(folder: Path) -> Growth | None:
    """How far it is, while it grows or where it was interrupted."""
    with suppress(OSError, ValueError, KeyError):
        told = json.loads((folder / FILE).read_text())
        return Growth(**{name: datetime.fromisoformat(told[name]) for name in ("wanted", "reached")})
    return None
