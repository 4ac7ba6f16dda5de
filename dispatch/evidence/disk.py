"""Evidence on the disk: a file is there whole and synced before any row names it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from dispatch.failpoints import failpoint

__all__ = ["write_whole"]


def write_whole(path: Path, content: bytes, *, mode: int) -> None:
    """Whole or not at all, and on the disk when it returns: file synced, renamed, its folder synced."""
    if path.exists() and path.stat().st_size == len(content):
        _sync_folder(path.parent)  # another upload of the same may be between its renaming and its syncing
        return
    new_folders = [folder for folder in (path.parent, *path.parents) if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            failpoint("before-photo-fsync")
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    for folder in dict.fromkeys([path.parent, *(made.parent for made in new_folders)]):
        _sync_folder(folder)
    failpoint("after-photo-write")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
