"""What a run costs the machine: processor time of the server's and the database's processes. Linux only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bench.ground import Ground

__all__ = ["Cost", "spent"]

TICK = os.sysconf("SC_CLK_TCK")
GROUP, TIMES = 2, slice(11, 15)  # of /proc/N/stat behind the name: process group; own and ended children's times


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
    serve = here.processes["serve"].pid
    lines = [_line(folder) for folder in Path("/proc").glob("[0-9]*")]
    server = [words for words in lines if words and int(words[GROUP]) == serve]
    database = [_line(Path("/proc") / str(process)) for process in here.cluster.processes()]
    return Cost(_seconds(server), _seconds(database))


def _line(process: Path) -> list[str]:
    """Empty if it has ended meanwhile."""
    try:
        return (process / "stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def _seconds(lines: list[list[str]]) -> float:
    return sum(int(word) for words in lines for word in words[TIMES]) / TICK
