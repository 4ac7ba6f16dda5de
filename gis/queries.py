"""Queries that are kept whole in a file of their own, under `gis/sql`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, LiteralString, cast

__all__ = ["query"]


@cache
def query(name: str) -> LiteralString:
    """The text of `gis/sql/<name>.sql`; read once."""
    text: Any = (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return cast(LiteralString, text)
