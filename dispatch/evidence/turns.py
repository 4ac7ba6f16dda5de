"""Turns at work that is heavy: whoever finds no turn soon is told to come again, instead of holding a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gis.problems import Unavailable

__all__ = ["Turns", "later"]


class Turns:
    """`at_once` of them; a wait ends after `seconds`."""

    def __init__(self, at_once: int, *, seconds: float) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._seconds = seconds

    @contextmanager
    def taken(self) -> Iterator[None]:
        """One's turn. Raises Unavailable if none comes."""
        if not self._free.acquire(timeout=self._seconds):
            raise later()
        try:
            yield
        finally:
            self._free.release()


def later() -> Unavailable:
    """What is said to whoever has no turn."""
    return Unavailable(
        "Too many files are being checked now; try again in a moment, nothing is lost",
        zh="正在检查的文件过多，请稍后重试，已填内容不会丢失",
    )
