"""The system user that the private database runs as: never root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gis.problems import Problem

__all__ = ["Account", "account_for", "must_enter"]

NAMES = ("wangge", "postgres")


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system."""

    name: str
    uid: int
    gid: int

    def run(self, *command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, in a session of its own, so that it outlives us and holds none of our pipes."""
        identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            identity = {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(
            [str(word) for word in command],
            **{"text": True, "check": False, "stdin": subprocess.DEVNULL, **options, **identity},
            umask=0o077,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )


def account_for(folder: Path) -> Account:
    """Who runs the database in `folder`: we ourselves; if we are root, the folder's owner, else a system user."""
    if os.geteuid() != 0:
        return _account(pwd.getpwuid(os.geteuid()))
    if folder.exists() and folder.stat().st_uid != 0:
        return _account(pwd.getpwuid(folder.stat().st_uid))
    for name in NAMES:
        if found := _named(name):
            return found
    return _create(NAMES[0])


def must_enter(account: Account, folder: Path) -> None:
    """Raise Problem, naming the folder and the remedy, if the account cannot go through to `folder`."""
    if account.run("test", "-x", folder).returncode == 0:
        return
    for closed in (*reversed(folder.parents), folder):
        if account.run("test", "-x", closed).returncode != 0:
            raise Problem(
                f"The database runs as the system user {account.name}, who cannot enter {closed}. Nothing was changed. "
                f"Choose another data folder (WANGGE_DATA=/var/lib/wangge), or type: chmod o+x {closed}",
                zh=f"数据库以系统用户 {account.name} 运行，无法进入 {closed}。未做任何改动。",
            )


def _named(name: str) -> Account | None:
    try:
        return _account(pwd.getpwnam(name))
    except KeyError:
        return None


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create(name: str) -> Account:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    if useradd is None:
        raise Problem("The database may not run as root, and there is no useradd here: create a system user `wangge`")
    subprocess.run([useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name], check=True)
    return _account(pwd.getpwnam(name))


def _environment() -> dict[str, str]:
    """Ours without PostgreSQL's own variables, which would point its programs elsewhere; messages in English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8"}
