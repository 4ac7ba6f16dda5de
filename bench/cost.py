"""What a run costs the machine: processor time of the server's and the database's processes. Linux only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bench.ground import Ground

__all__ = ["Cost", "spent"]

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor time since the processes began."""

    server: float
    database: float

    def since(self, before: Cost) -> Cost:
        """What was spent between two looks."""
        return Cost(self.server - before.server, self.database - before.database)


def spent(here: Ground) -> Cost:
    """As it stands now."""
    serve = here.processes.get("serve")
    server = [process for process in _all() if serve is not None and os.getpgid(process) == serve.pid]
    return Cost(sum(map(_seconds, server)), sum(map(_seconds, here.cluster.processes())))


def _all() -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            os.getpgid(int(folder.name))
        except ProcessLookupError:
            continue
        found.append(int(folder.name))
    return found


def _seconds(process: int) -> float:
    """Own time and that of children that have ended."""
    try:
        words = (Path("/proc") / str(process) / "stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(word) for word in words[11:15]) / TICK
