"""A wall clock that can be set, for an installation of its own: the machine's is left alone.

Processes started meanwhile, PostgreSQL among them, are preloaded with `stepped.c`, which the C compiler makes here.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SteppedClock", "stepped_clock"]

SOURCE = Path(__file__).with_suffix(".c")


@dataclass(frozen=True, slots=True)
class SteppedClock:
    """The clock of all processes that were started while it stood in the environment."""

    file: Path

    def set(self, ahead: int) -> None:
        """So many seconds ahead of the machine's; negative: behind."""
        with self.file.open("r+b") as file:  # in place: they have it mapped
            file.write(struct.pack("@l", ahead))


@contextmanager
def stepped_clock() -> Iterator[SteppedClock]:
    """Raises RuntimeError where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError(
            "To set a clock that is not the machine's own, a C compiler (cc) is needed: leave `clock` and `machine` out"
        )
    with tempfile.TemporaryDirectory(prefix="wangge-clock-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database's user reads it, too
        library, clock = folder / "stepped.so", SteppedClock(folder / "ahead")
        subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
        clock.file.write_bytes(struct.pack("@l", 0))
        os.environ |= {"LD_PRELOAD": str(library), "STEPPED_CLOCK": str(clock.file)}
        try:
            yield clock
        finally:
            del os.environ["LD_PRELOAD"], os.environ["STEPPED_CLOCK"]
