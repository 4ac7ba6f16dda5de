"""A long list leaf by leaf: which cases stand on the leaf that begins behind a given one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["SIZE", "Leaf", "leaf_of"]

SIZE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """`ids`: what stands on it, the newest first; `first`, `last`: their places in the whole list, from 1, of `of`.

    `after` and `before` are the cursors of the next leaf and of the one before: an id, 0 for the first leaf, None where
    there is no such leaf.
    """

    ids: list[int]
    first: int
    last: int
    of: int
    after: int | None
    before: int | None


def leaf_of(ids: Iterable[int], after: int | None) -> Leaf:
    """What comes behind `after`, which need not be in the list any more; None or 0: from the newest on."""
    newest = sorted(ids, reverse=True)
    start = bisect_left(newest, -after + 1, key=lambda id: -id) if after else 0
    end = min(start + SIZE, len(newest))
    back = max(start - SIZE, 0)
    return Leaf(
        ids=newest[start:end],
        first=min(start + 1, len(newest)),
        last=end,
        of=len(newest),
        after=newest[end - 1] if end < len(newest) else None,
        before=None if start == 0 else newest[back - 1] if back else 0,
    )
