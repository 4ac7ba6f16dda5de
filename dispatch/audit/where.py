"""Where the heads of the sealed blocks are written, outside the database."""

from __future__ import annotations

from pathlib import Path

from dispatch.config import settings

__all__ = ["heads_file"]


def heads_file() -> Path:
    """One line a block. Copy it to another machine: who changes the database cannot change that copy."""
    return settings().data / "audit" / "heads"
