"""Named places where a rehearsal may kill, freeze or fail the process at the n-th passing:
`FAILPOINT=name:n:kill|stop|raise`."""

from __future__ import annotations

import os
import signal
import threading


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
    if (
        how == "stop"
    ):  # until somebody sends SIGCONT; sent to the process, it lets this thread run on until another takes it
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        return
    raise RuntimeError(f"fail point {name}")
