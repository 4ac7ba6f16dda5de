"""Settings: read once from the environment, then frozen. `docs/settings.md` lists every one."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gis.problems import Problem

__all__ = ["Settings", "read_settings", "settings"]

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment decides. Paths are absolute; `data` need not exist yet."""

    data: Path
    data_chosen: bool  # False: nobody named the folder, so a better one may be taken
    database_url: str | None
    host: str
    port: int
    workers: int
    city: Path
    failpoint: str | None
    debug: bool
    tls: bool
    url: str  # where people reach the product from outside, without a slash at the end; empty: nobody has said
    metrics_token: str | None


@cache
def settings() -> Settings:
    """This process's settings."""
    return read_settings(os.environ)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings out of an environment. Raises Problem where a number is none."""
    chosen = environment.get("WANGGE_DATA")
    return Settings(
        data=Path(chosen).expanduser().absolute() if chosen else default_data(),
        data_chosen=bool(chosen),
        database_url=environment.get("WANGGE_DATABASE_URL") or None,
        host=environment.get("WANGGE_HOST") or "127.0.0.1",
        port=_number(environment, "WANGGE_PORT", 8000),
        workers=_number(environment, "WANGGE_WORKERS", os.cpu_count() or 1),
        city=Path(environment.get("WANGGE_CITY") or ROOT / "data" / "cities" / "binhe").absolute(),
        failpoint=environment.get("FAILPOINT") or None,
        debug=environment.get("WANGGE_DEBUG", "") not in ("", "0"),
        tls=environment.get("WANGGE_TLS", "") not in ("", "0"),
        url=(environment.get("WANGGE_URL") or "").rstrip("/"),
        metrics_token=environment.get("WANGGE_METRICS_TOKEN") or None,
    )


def default_data() -> Path:
    """`var` beside the code; a folder in the user's home when installed.

    /var/lib where the code is in a closed folder of root's (a home is 0700): the database never runs as root.
    """
    if not (ROOT / "pyproject.toml").exists():
        return Path.home() / ".local" / "share" / "wangge"
    if os.geteuid() == 0 and not all(folder.stat().st_mode & 0o001 for folder in (ROOT, *ROOT.parents)):
        return Path("/var/lib") / f"wangge-{hashlib.sha256(bytes(ROOT)).hexdigest()[:8]}"
    return ROOT / "var"


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Problem(f"{name}={text} is not a number between 1 and 65535")
    return int(text)
