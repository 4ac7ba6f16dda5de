"""All time of the city goes through one clock; what looks at another one is named here, with the reason."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gis", "dispatch", "collectors", "dashboards")
# The city's instant is `tx.now` (gis/db.py): the database's clock, or a rehearsal's. These ask this machine's.
MACHINE = re.compile(r"datetime\.now\(|date\.today\(|time\.time\(|utcnow\(|time\.(local|gm)time\(")
OF_THE_MACHINE = {
    "dispatch/backlog.py": "to compare it with the database's",
    "dispatch/backup.py": "the name of a folder",
    "dispatch/bulk/town.py": "files of points are answered without a database",
    "dispatch/cityfile/check.py": "a folder is checked without a database",
    "dispatch/notify/channels.py": "the date of a mail, the stamp of a signature",
    "dispatch/ticker.py": "when a job is to look again; what is due is read from the tables",
    "dispatch/worker.py": "which month's partition is made",
    "dashboards/audit.py": "the trail keeps the real clock, also in a rehearsal",
    "dashboards/tls.py": "how long a certificate lasts",
    "dashboards/view.py": "a page drawn while the database is away",
}
# And these ask the database's own, past a rehearsal's: sessions, throttles, waits, the trail.
DATABASE = re.compile(
    r"\b(clock_timestamp|now|statement_timestamp|transaction_timestamp)\(\)|\bCURRENT_(DATE|TIME(STAMP)?)\b|\blocaltime"
)
SIMULATED = re.compile(r"coalesce\(\(?(SELECT )?(city\.)?simulated_now( FROM city\))?, clock_timestamp\(\)\)")
OF_THE_DATABASE = {
    "dispatch/alarms/ring.py": "what is put aside waits by real time",
    "dispatch/audit/seal.py": "blocks are sealed by real time",
    "dispatch/audit/trail.py": "the trail keeps the real clock",
    "dispatch/backlog.py": "how long nothing was sealed; to compare the machine's clock with it",
    "dispatch/cases/overdue.py": "what is put aside waits by real time",
    "dispatch/cityfile/load_people.py": "when an account was made",
    "dispatch/layers/publish.py": "when an edition was published",
    "dispatch/notify/deliver.py": "gateways are tried again by real time",
    "dispatch/notify/outbox.py": "what is put aside waits by real time; quiet hours are those of people",
    "dispatch/parked.py": "waits of what fails",
    "dispatch/people/accounts.py": "when an account was made",
    "dispatch/people/entry.py": "log-in and its throttle",
    "dispatch/people/me.py": "sessions",
    "dispatch/people/sessions.py": "sessions",
    "dispatch/people/standing.py": "sessions and throttles",
    "dispatch/people/throttle.py": "throttles",
    "dispatch/verify/checks.py": "how long nothing was sealed",
    "dispatch/worker.py": "sessions and throttles that have ended",
    "gis/changes/tables.py": "when a change was begun",
    "gis/tables.py": "when an edition was published",
}


def texts() -> dict[str, str]:
    """Code and SQL, without what the migrations of the past say."""
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in (".py", ".sql"))
    found = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    return {name: text for name, text in found.items() if "/migrations/" not in name}


def test_no_room_but_those_named_asks_the_machines_clock() -> None:
    assert {name for name, text in texts().items() if MACHINE.search(text)} == set(OF_THE_MACHINE)


def test_no_statement_but_those_named_asks_the_databases_clock_past_the_citys() -> None:
    """`coalesce(simulated_now, clock_timestamp())` is the city's clock itself."""
    asked = {name for name, text in texts().items() if DATABASE.search(SIMULATED.sub("", text))}
    assert asked == set(OF_THE_DATABASE)
