"""`wangge terminal`: a certificate for a unit's terminal, signed by this installation's own authority."""

from __future__ import annotations

import os
import secrets
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from dashboards.tls import for_terminal
from dispatch.command import Command
from dispatch.config import settings
from gis.problems import Conflict

__all__ = ["command"]


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name", help="what the browser shows it as, such as the unit and the room")
    parser.add_argument("file", type=Path, help="the PKCS #12 file to write (.p12)")


def _run(arguments: Namespace) -> int:
    """Write the file; its password and its fingerprint are told once. Raises Conflict."""
    password = secrets.token_urlsafe(12)
    packed, fingerprint = for_terminal(settings().data, arguments.name, password.encode())
    try:
        with os.fdopen(os.open(arguments.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(packed)
    except FileExistsError as error:
        raise Conflict(f"{arguments.file} is there already", zh=f"文件 {arguments.file} 已存在") from error
    sys.stdout.write(f"{fingerprint}\n")
    sys.stderr.write(
        f"Password of {arguments.file}: {password}\n"
        "Import the file into the terminal's browser, and put the fingerprint above into the column certificates of\n"
        "terminals.csv; then: wangge city load\n"
    )
    return 0


command = Command(
    name="terminal",
    help="make a certificate to which a unit's terminal can be bound",
    add_arguments=_add_arguments,
    run=_run,
)
