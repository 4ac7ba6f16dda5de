"""Named places where a rehearsal may kill the process or raise: `FAILPOINT=name:n:kill|raise`, at the n-th passing."""

from __future__ import annotations

import os
import signal


class _Passed:
    count = 0


def failpoint(name: str) -> None:
    """Do nothing, unless the environment names this place."""
    wanted = os.environ.get("FAILPOINT")
    if wanted is None:
        return
    place, number, how = wanted.split(":")
    if place != name:
        return
    _Passed.count += 1
    if _Passed.count != int(number):
        return
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise RuntimeError(f"fail point {name}")
