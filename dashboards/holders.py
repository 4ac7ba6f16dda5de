"""Who holds a case now, in words: every page, list and note names them by this one function."""

from __future__ import annotations

from typing import Protocol

from dashboards.view import View
from dispatch.lifecycle.states import Pool, State
from dispatch.people.roles import Role

__all__ = ["Held", "held_by"]


class Held(Protocol):
    """What the holder is read from: a list's row or the whole case."""

    @property
    def state(self) -> State: ...
    @property
    def pool(self) -> Pool: ...
    @property
    def unit_id(self) -> str | None: ...
    @property
    def extends_more(self) -> bool: ...


def held_by(view: View, case: Held) -> str:
    """Its unit by name; of an extension that is beyond the dispatcher whoever may grant it; else the post."""
    if case.pool is Pool.UNIT and case.unit_id:
        return view.unit(case.unit_id)
    if case.state is State.DELAY_ASKED:
        policy = view.known.policy
        posts = (*(() if case.extends_more else policy.extend_first), *policy.extend_more)
        if posts and Role.DISPATCHER not in posts:
            return view.posts(posts)
    return view.pool(case.pool)
