"""Queries that are kept whole in a file of their own, under `gis/sql`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, LiteralString, cast

__all__ = ["query"]


@cache
def query(name: str) -> LiteralString:
    """The text of `gis/sql/<name>.sql` without comments and indents; read once.

    Short, because psycopg works a statement of over 4096 characters out anew each time.
    """
    text = (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    lines = (re.sub(r"\s*--.*", "", line).strip() for line in text.splitlines())
    bare: Any = "\n".join(line for line in lines if line)
    return cast(LiteralString, bare)
