"""File locks between processes of one data folder; the kernel lets go of them when a process dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gis.problems import Problem

__all__ = ["alone", "only_one"]


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until nobody else is inside, then go in."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock as long as the `with` lasts. Raises Problem, naming the process, if another one holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            raise Problem(
                f"Wangge already runs on the data folder {path.parent} (process {holder}). Nothing was changed. "
                "Stop that one first, or give this one a folder of its own with WANGGE_DATA=FOLDER.",
                zh=f"数据目录 {path.parent} 已有网格系统在运行（进程 {holder}）。未启动也未改动任何内容。",
            ) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
