"""`wangge up`: database, demo city, server and worker, until Ctrl-C."""

import json
import signal
import socket
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import LiteralString

import psycopg

from dashboards.children import Child, run_once, supervise
from dashboards.port import need_port
from dispatch.command import Command
from dispatch.config import Settings, settings
from dispatch.database import bring_up_to_date, cluster_of, connected, make_data_folder
from dispatch.locks import only_one
from dispatch.notify.configured import FILE
from gis.problems import Problem

__all__ = ["command"]

FIRST_DAYS, GROWN_DAYS = 14, 61
# A few cheat, so that the tests of integrity have something to find; bulletins, ledger and sheets are kept.
ASKED = ["--cheats", "0.02", "--sparing", "--scores"]
TRIAL_NOTICES = """# The demo tells nobody: what citizens would get is written into notices/ (docs/notices.md).
[[channel]]
name = "trial"
kind = "file"
citizens = true
"""
BEGUN = "first-past-begun"  # a file in the data folder, there from the beginning of the first past to its end


def grow_history() -> list[str]:
    """Words after `wangge` of the process that grows the demo city's past to two months, then lets it live on."""
    return ["simulate", "--grow", str(GROWN_DAYS), "--live", *ASKED]


def first_history() -> list[str]:
    """Words after `wangge` that give the demo city a past which ends now."""
    return ["simulate", "--days", str(FIRST_DAYS), *ASKED]


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--empty", action="store_true", help="load no demo city into an empty database")
    parser.add_argument("--tls", action="store_true", default=settings().tls, help="serve HTTPS, as `serve --tls`")


def _run(arguments: Namespace) -> int:
    chosen = settings()
    make_data_folder(chosen)
    with only_one(chosen.data / "up.lock"):
        need_port(chosen.host, chosen.port, f"WANGGE_PORT={chosen.port + 1} ./run")
        if not chosen.data_chosen and chosen.data.parent == Path("/var/lib"):
            _say(f"the code is in a folder closed to the database's user: the data live in {chosen.data}")
        with connected(chosen, _say):
            _say("bringing the tables up to date")
            urls = bring_up_to_date(chosen)
            rehearsal = _prepare_city(chosen, urls.app, empty=arguments.empty)
            supervise(
                _children(rehearsal=rehearsal, tls=arguments.tls),
                ready=lambda: _greet(chosen, tls=arguments.tls),
                tend=lambda: _tend_database(chosen),
            )
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave the database half stopped
            _say("stopping the database")
    _say("stopped; everything is stored")
    return 0


def _prepare_city(chosen: Settings, url: str, *, empty: bool) -> bool:
    """Load the demo city and its first past where there is none; whether it is the demo city that lives here."""
    if not _asked(url, "SELECT count(*) FROM city"):
        if empty:
            return False
        _say(f"loading the demo city {chosen.city.name}")
        if run_once("city", ["city", "load", str(chosen.city)]) != 0:
            raise Problem(f"The city in {chosen.city} could not be loaded; the lines above say why")
        _try_notices(chosen.data / FILE)
    if not _asked(url, "SELECT count(*) FROM city WHERE folder = %s", chosen.city.name):
        return False
    lives = bool(_asked(url, "SELECT count(*) FROM (SELECT FROM cases LIMIT 1) AS any_case"))
    rehearsal = bool(_asked(url, "SELECT rehearsal::int FROM city"))
    if lives and rehearsal and (chosen.data / BEGUN).exists():
        _say(f"its past was interrupted and has holes; finishing it (or stop, remove {chosen.data} and start anew)")
    elif lives:
        return rehearsal
    return _make_past(chosen.data / BEGUN)


def _try_notices(file: Path) -> None:
    """The demo writes what citizens would be told into files; who has channels of his own keeps them."""
    if not file.exists():
        file.write_text(TRIAL_NOTICES, encoding="utf-8")


def _make_past(mark: Path) -> bool:
    """Whether it came to its end; until it does, `mark` says to the next start that it did not."""
    mark.touch()
    _say(f"letting it live through {FIRST_DAYS} days (a minute or two on an idle machine)")
    if run_once("history", first_history()) != 0:
        _say("its past could not be made to its end; it starts with what there is, and the next start tries again")
        return False
    mark.unlink()
    return True


def _asked(url: str, question: LiteralString, *values: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(question, values).fetchone()
    return int(row[0]) if row else 0


def _children(*, rehearsal: bool, tls: bool) -> list[Child]:
    """A rehearsal goes on living; a real city never gets an invented case."""
    children = [
        Child("serve", ["serve", *(["--tls"] if tls else [])]),
        Child("work", ["work"]),
    ]
    if rehearsal:
        children.append(Child("history", grow_history(), needed=False))
    return children


def _tend_database(chosen: Settings) -> None:
    """Start the private database again if something killed it; the next second tries again if that fails."""
    cluster = cluster_of(chosen)
    if cluster is None or cluster.processes():
        return
    _say("the database has died; starting it again")
    try:
        cluster.start(_say)
    except Problem as problem:
        _say(str(problem))


def _greet(chosen: Settings, *, tls: bool) -> bool:
    """Once the server answers: the address, and one login a role. Whether it was said."""
    if not _listens(chosen):
        return False
    lines = ["", f"  Wangge 网格   {'https' if tls else 'http'}://{chosen.host}:{chosen.port}/", *_logins(chosen.data)]
    sys.stdout.write("\n".join([*lines, "", "  Ctrl-C stops everything.", "", ""]))
    sys.stdout.flush()
    return True


def _logins(data: Path) -> list[str]:
    """From the file that loading the demo city left; empty for any other city."""
    file = data / "demo-logins.json"
    if not file.exists():
        return []
    logins = json.loads(file.read_text())
    return ["", *(f"  {one['role']:<16} {one['login']:<16} {one['password']}" for one in logins)]


def _listens(chosen: Settings) -> bool:
    try:
        socket.create_connection((chosen.host, chosen.port), timeout=1).close()
    except OSError:
        return False
    return True


def _say(line: str) -> None:
    sys.stderr.write(f"· {line}\n")
    sys.stderr.flush()


command = Command(
    name="up",
    help="start everything: database, demo city if there is none, server and worker",
    add_arguments=_add_arguments,
    run=_run,
    description="Starts the private database, brings it up to date, loads the demo city into an empty one, and runs "
    "server and worker until Ctrl-C. A second start takes seconds.",
)
