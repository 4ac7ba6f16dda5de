"""All checks of a folder that was read."""

from __future__ import annotations

from dispatch.cityfile.faults import Faults
from dispatch.cityfile.rows import CityFiles

__all__ = ["check_files"]


def check_files(city: CityFiles, faults: Faults) -> None:
    """Every fault the rows have among each other."""
