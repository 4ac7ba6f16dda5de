"""Which PostgreSQL with PostGIS this machine has. Standard library only: `./run` asks before anything is installed."""

import glob
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["OLDEST", "Programs", "installed"]

OLDEST = 14
FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
)


@dataclass(frozen=True, slots=True)
class Programs:
    """One PostgreSQL: its major version and the folder of its programs."""

    major: int
    bindir: Path


def installed() -> list[Programs]:
    """Every PostgreSQL ≥ 14 here that has PostGIS, newest first."""
    folders = {Path(found) for pattern in FOLDERS for found in glob.glob(pattern)}
    if on_path := shutil.which("postgres"):
        folders.add(Path(on_path).resolve().parent)
    found = [
        Programs(major, folder)
        for folder in folders
        if (major := _major(folder)) >= OLDEST and _has_postgis(folder, major)
    ]
    return sorted(found, key=lambda programs: programs.major, reverse=True)


def _major(bindir: Path) -> int:
    """0 where there is no server in the folder (a client's programs alone)."""
    if not all((bindir / name).exists() for name in ("postgres", "initdb", "pg_ctl")):
        return 0
    version = subprocess.run([bindir / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"\) (\d+)", version)
    return int(number[1]) if number else 0


def _has_postgis(bindir: Path, major: int) -> bool:
    share = [Path(f"/usr/share/postgresql/{major}"), bindir.parent / "share"]
    if (bindir / "pg_config").exists():
        asked = subprocess.run([bindir / "pg_config", "--sharedir"], capture_output=True, text=True, check=False)
        share.insert(0, Path(asked.stdout.strip() or "/nowhere"))
    return any((folder / "extension" / "postgis.control").exists() for folder in share)


if __name__ == "__main__":
    sys.exit(0 if installed() else 1)
