"""`wangge backup` and `wangge restore`: the private database and all files of the data folder, checked both ways."""

import hashlib
import os
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from dispatch.account import Account, account_for, must_enter
from dispatch.cluster import Cluster
from dispatch.command import Command
from dispatch.config import Settings, settings
from dispatch.database import cluster_of, connected, make_data_folder
from dispatch.postgres import installed
from gis.problems import Conflict, NotFound, Problem

__all__ = ["backup", "backup_command", "restore", "restore_command"]

SUMS = "SHA256SUMS"


def backup(chosen: Settings, target: Path) -> Path:
    """Copy everything into a new folder in `target`, while the product runs; the folder.

    The database goes first: a photo is on the disk before the case that names it is committed, so none can be missing.
    """
    cluster = _private(chosen)
    folder = target.absolute() / f"wangge-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    unfinished = folder.with_suffix(".unfinished")
    unfinished.mkdir(parents=True)
    unfinished.chmod(0o711)
    account = account_for(cluster.folder)
    must_enter(account, unfinished)
    with connected(chosen, _say):
        _copy_database(cluster, account, unfinished / "postgres")
    _say("copying photos and other files")
    (unfinished / "files").mkdir(mode=0o700)
    _copy_files(chosen.data, unfinished / "files")
    (unfinished / SUMS).write_text("".join(_sums(unfinished / "files")))
    unfinished.rename(folder)
    return folder


def restore(chosen: Settings, folder: Path) -> None:
    """Bring a backup into an empty data folder. Raises Conflict if it is not empty, Problem on damage."""
    cluster = _private(chosen)
    if not (folder / SUMS).exists():
        raise NotFound(f"{folder} is no finished backup: it has no {SUMS}")
    make_data_folder(chosen)
    if any(chosen.data.iterdir()):
        raise Conflict(
            f"The data folder {chosen.data} is not empty. Nothing was changed. "
            "Restore into a new one: WANGGE_DATA=FOLDER",
            zh=f"数据目录 {chosen.data} 不为空。未做任何改动。",
        )
    _say("checking the backup")
    _check_files(folder)
    account = account_for(cluster.folder)
    must_enter(account, chosen.data)
    _say("copying the database")
    _bring_database(cluster, account, folder / "postgres")
    _say("copying photos and other files")
    shutil.copytree(folder / "files", chosen.data, dirs_exist_ok=True)
    chosen.data.chmod(0o711)


def _copy_database(cluster: Cluster, account: Account, target: Path) -> None:
    target.mkdir(mode=0o700)
    os.chown(target, account.uid, account.gid)
    bindir = cluster.programs().bindir
    _say("copying the database")
    words: list[str | Path] = [
        bindir / "pg_basebackup",
        "-D",
        target,
        "-h",
        cluster.socket,
        "-p",
        "5432",
        "-U",
        "postgres",
    ]
    options = ["--wal-method=stream", "--checkpoint=fast", "--manifest-checksums=SHA256"]
    made = account.run(*words, *options, capture_output=True)
    if made.returncode != 0:
        raise Problem(f"The database could not be copied: {made.stderr.strip()}")
    _verify(bindir, account, target)


def _bring_database(cluster: Cluster, account: Account, source: Path) -> None:
    """Copied beside its place and verified there; it gets its name last."""
    cluster.folder.mkdir(mode=0o700)
    fresh = cluster.data.with_suffix(".new")
    shutil.copytree(source, fresh)
    for path in (cluster.folder, fresh, *fresh.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    major = int((fresh / "PG_VERSION").read_text())
    for programs in installed():
        if programs.major == major:
            _verify(programs.bindir, account, fresh)
    fresh.rename(cluster.data)


def _verify(bindir: Path, account: Account, folder: Path) -> None:
    """By the manifest that pg_basebackup wrote, and by the log that has to be replayed."""
    if not (bindir / "pg_verifybackup").exists():
        return
    checked = account.run(bindir / "pg_verifybackup", folder, capture_output=True)
    if checked.returncode != 0:
        raise Problem(f"The copy of the database is damaged: {checked.stderr.strip()}")


def _copy_files(data: Path, target: Path) -> None:
    for path in data.iterdir():
        if path.name == "postgres" or path.suffix == ".lock":
            continue
        if path.is_dir():
            shutil.copytree(path, target / path.name)
        else:
            shutil.copy2(path, target)


def _sums(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"{_sum(path)}  {path.relative_to(folder.parent)}\n"


def _check_files(folder: Path) -> None:
    for line in (folder / SUMS).read_text().splitlines():
        wanted, _, name = line.partition("  ")
        if not (folder / name).exists() or _sum(folder / name) != wanted:
            raise Problem(f"The backup is damaged: {folder / name} is not what was copied. Nothing was changed")


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _private(chosen: Settings) -> Cluster:
    if cluster := cluster_of(chosen):
        return cluster
    raise Problem("WANGGE_DATABASE_URL names another server: back it up there, by pg_basebackup or pg_dump")


def _say(line: str) -> None:
    sys.stderr.write(f"· {line}\n")


def _add_backup_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="where the backup's own folder is made")


def _add_restore_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="a folder that `wangge backup` made")


def _run_backup(arguments: Namespace) -> int:
    sys.stdout.write(f"{backup(settings(), arguments.folder)}\n")
    return 0


def _run_restore(arguments: Namespace) -> int:
    restore(settings(), arguments.folder.absolute())
    _say(f"restored into {settings().data}")
    return 0


backup_command = Command(
    name="backup",
    help="copy database, photos and keys into a folder, with checksums, while everything runs",
    add_arguments=_add_backup_arguments,
    run=_run_backup,
    description="Makes DIR/wangge-TIME with a checked copy of the private database and of every file of the data "
    "folder. It holds passwords and personal data: keep it as safe as the data folder.",
)
restore_command = Command(
    name="restore",
    help="bring a backup into an empty data folder",
    add_arguments=_add_restore_arguments,
    run=_run_restore,
    description="Checks the backup and copies it into the data folder (WANGGE_DATA), which must be empty.",
)
