"""`wangge verify-bulletin`: a citizen counts a published bulletin again."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from dispatch.bulletins.archive import check
from dispatch.command import Command

__all__ = ["command"]


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.zip", type=Path, help="the bulletin as downloaded from the public page")
    parser.add_argument("--hash", metavar="HEX", help="the hash that the public page shows")


def _run(arguments: Namespace) -> int:
    """0 if all fits, 1 if something does not, 2 if the file is no bulletin."""
    try:
        found = check(arguments.file, expected=arguments.hash)
    except (OSError, ValueError) as fault:
        sys.stderr.write(f"wangge verify-bulletin: {fault}\n")
        return 2
    sys.stdout.write(f"{found.period}, revision {found.revision}, {found.cases} cases\n{found.hash}\n")
    for words in found.faults:
        sys.stderr.write(f"{words}\n")
    if not found.faults:
        against = "the hash expected" if arguments.hash else "itself; compare the hash with the city's page"
        sys.stderr.write(f"scores counted again: all the same; agrees with {against}\n")
    return 1 if found.faults else 0


command = Command(
    name="verify-bulletin",
    help="count a downloaded bulletin again, without a database: scores and hash",
    add_arguments=_add_arguments,
    run=_run,
    description="Counts every score of a published bulletin again from the facts and rules in its file, and its hash. "
    "Needs no account and no database. Exit code 1 if anything differs, 2 if the file is no bulletin.",
)
