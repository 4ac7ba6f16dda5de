"""From when on something stands out: the standard's numbers, and a city's own in their place."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

__all__ = ["MEASURED", "standard", "thresholds_of"]

STANDARD = Path(__file__).resolve().parents[2] / "data" / "standard" / "integrity.toml"
MEASURED = ("recall", "false_alarms", "cheats", "findings")


@cache
def standard() -> Mapping[str, Mapping[str, Any]]:
    """Test → its numbers, in the order of the file."""
    return MappingProxyType(tomllib.loads(STANDARD.read_text(encoding="utf-8")))


def thresholds_of(city: Mapping[str, Any], test: str) -> dict[str, Any]:
    """The numbers of one test. `city`: its city.toml."""
    own: Mapping[str, Any] = city.get("integrity", {}).get(test, {})
    return {**standard()[test], **own}
