"""The `wangge` command: one line a subcommand, each in its room."""

import argparse
import errno
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import FrameType

import psycopg

import gis.db
from dispatch.command import Command, sentence
from dispatch.config import settings
from dispatch.database import bring_up_to_date, connected, is_migrated
from gis.problems import Problem

__all__ = ["COMMANDS", "main"]


@dataclass(frozen=True, slots=True)
class Room:
    """Where a subcommand lives. `database`: it is run with the database at hand, started for it if need be;
    `unless`: not where this argument is given."""

    name: str
    where: str
    database: bool = True
    unless: str = ""


COMMANDS = (
    Room("up", "dashboards.up:command", database=False),
    Room("serve", "dashboards.serve:command"),
    Room("work", "dispatch.worker:command"),
    Room("terminal", "dashboards.terminal_command:command", database=False),
    Room("migrate", "dashboards.serve:migrate_command", database=False),
    Room("city check", "dispatch.city:check_command", database=False),
    Room("city load", "dispatch.city:load_command"),
    Room("layers", "dispatch.layers.command:command"),
    Room("grid draw", "dispatch.layers.grid_command:command"),
    Room("components nearest", "dispatch.bulk.nearest:command", unless="city"),
    Room("components history", "dispatch.layers.history_command:command"),
    Room("components diff", "dispatch.layers.import_command:diff_command"),
    Room("user", "dispatch.people.user_command:command"),
    Room("notices", "dispatch.notify.notices_command:command"),
    Room("duty", "dispatch.alarms.command:command"),
    Room("who", "dispatch.who:command", unless="city"),
    Room("geocode", "dispatch.geocode:command", unless="city"),
    Room("rules lint", "dispatch.rules:lint_command", unless="folder"),
    Room("rules learn", "dispatch.drafts.learn_command:command", database=False),
    Room("due", "dispatch.clock.due:command", database=False),
    Room("score", "dispatch.evaluation.score_command:command"),
    Room("measures", "dispatch.evaluation.measures_command:command"),
    Room("owners learnt", "dispatch.evaluation.owners_command:command"),
    Room("replay", "dispatch.drafts.replay_command:command"),
    Room("simulate", "collectors.simulate:command"),
    Room("integrity measure", "collectors.integrity_command:command"),
    Room("import", "dispatch.importer:command"),
    Room("verify", "dispatch.verify:command"),
    Room("verify-bulletin", "dispatch.bulletins.command:command", database=False),
    Room("routes", "dashboards.routes:command", database=False),
    Room("backup", "dispatch.backup:backup_command", database=False),
    Room("restore", "dispatch.backup:restore_command", database=False),
)
GROUPS = {
    "city": "check a city's folder, or take it in",
    "integrity": "tests of integrity",
    "owners": "who really does what where",
    "grid": "unit grids drawn by the product",
    "components": "the register of components: the nearest to a point, a census beside it",
    "rules": "look the rules over, or learn some from past cases",
}
EPILOG = (
    "Settings come from the environment: WANGGE_DATA, WANGGE_DATABASE_URL, WANGGE_PORT and others (docs/settings.md)."
)


def main(words: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit code. What a person can act on ends as one line, never as a traceback."""
    words = list(sys.argv[1:] if words is None else words)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(words)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `| head` has seen enough
        return 0
    except (Problem, psycopg.Error, OSError) as error:
        if os.environ.get("WANGGE_DEBUG", "0") not in ("", "0"):
            raise
        print(f"wangge: {_in_words(error)}", file=sys.stderr)
        return 1


def _run(words: list[str]) -> int:
    asked = [room for room in COMMANDS if _asked_for(room, words) and _command(room)]
    arguments = _parser(asked or list(COMMANDS)).parse_args(words)
    if not arguments.database or (arguments.unless and getattr(arguments, arguments.unless) is not None):
        return int(arguments.command.run(arguments))
    with connected(settings(), _say) as urls:
        if not is_migrated(urls):
            bring_up_to_date(settings())
        gis.db.configure(urls.app)
        try:
            return int(arguments.command.run(arguments))
        finally:
            gis.db.close()


def _asked_for(room: Room, words: list[str]) -> bool:
    return words[: len(room.name.split())] == room.name.split()


def _parser(rooms: list[Room]) -> argparse.ArgumentParser:
    """A parser for these subcommands only: a room that is not asked for is not imported."""
    parser = argparse.ArgumentParser(
        prog="wangge", description="Wangge (网格): every case from the street to the ranking.", epilog=EPILOG
    )
    top = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for room in rooms:
        if (command := _command(room)) is None:
            continue
        *group, name = room.name.split()
        if group and group[0] not in groups:
            inner = top.add_parser(group[0], help=GROUPS[group[0]], description=sentence(GROUPS[group[0]]))
            groups[group[0]] = inner.add_subparsers(title="commands", metavar="COMMAND", required=True)
        below = groups[group[0]] if group else top
        words = command.description or sentence(command.help)
        one = below.add_parser(name, help=command.help, description=words, epilog=EPILOG)
        command.add_arguments(one)
        one.set_defaults(command=command, database=room.database, unless=room.unless)
    return parser


def _command(room: Room) -> Command | None:
    """The room's command; None if the room is not part of this installation."""
    module, _, name = room.where.partition(":")
    try:
        if find_spec(module) is None:
            return None
    except ModuleNotFoundError:  # not even its package
        return None
    found = getattr(import_module(module), name, None)
    return found if isinstance(found, Command) else None


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(f"· {line}", file=sys.stderr, flush=True)


def _in_words(error: Exception) -> str:
    if isinstance(error, psycopg.OperationalError):
        return f"the database cannot be reached: {str(error).strip().splitlines()[-1]}"
    if isinstance(error, psycopg.errors.DiskFull) or getattr(error, "errno", 0) == errno.ENOSPC:
        return "the disk is full; make room and try again. What was stored is safe"
    return str(error).strip()


if __name__ == "__main__":
    sys.exit(main())
