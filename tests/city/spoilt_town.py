"""The tiny town in a folder of its own, to be spoilt in one place."""

from __future__ import annotations

import shutil
from pathlib import Path

TINY = Path(__file__).resolve().parents[1] / "towns" / "tiny"
CITIES = Path(__file__).resolve().parents[2] / "data" / "cities"


def copy_of_tiny(folder: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(TINY, folder / "tiny"))


def spoil(town: Path, file: str, old: str, new: str) -> None:
    """Replace the first `old` in a file; it must be there."""
    path = town / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
