"""Kill what can be killed while reports come in, and see that nothing was lost or doubled: `python -m bench.chaos`.

One line a check, `CHECK P05 … PASS`. Only an answered report counts as answered; one that was cut off is sent again
under its own id until it is answered. What is there afterwards is read from the tables, never asked of the program.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from bench.filing import pictures
from bench.ground import Ground, Session, by_chance, ground, headers_of
from bench.show import say
from dispatch.cases.overdue import BATCH

SUBMITTERS = 16
GIVE_UP = 180.0
AT_HTTP = ("before-commit", "after-commit", "before-answer")
AT_PHOTO = ("before-photo-fsync", "after-photo-write")
AT_SWEEP = ("between-claim-and-fire", "after-fire")


@dataclass
class Run:
    """What was sent and answered, what was killed, and how the checks came out."""

    here: Ground
    inspector: Session
    chance: random.Random
    sent: set[str] = field(default_factory=set)
    answered: dict[str, str] = field(default_factory=dict)
    tries: int = 0
    killed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    spots: list[tuple[float, float]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    def check(self, no: str, name: str, value: int, *, n: int, target: int = 0) -> None:
        """One line; the value has to be the target."""
        well = value == target
        line = f"CHECK {no} {name} value={value} target=={target} n={n} {'PASS' if well else 'FAIL'}"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        if not well:
            self.failed.append(line)


# ---------------------------------------------------------------------------------------------------------- submitting


def submit(run: Run, count: int, *, rate: float, photos: bool = False) -> None:
    """Send reports from many clients, each until it is answered."""
    todo = iter(range(count))
    lock = threading.Lock()
    fresh = pictures()

    def client() -> None:
        while True:
            with lock:
                if next(todo, None) is None:
                    return
                picture = next(fresh) if photos else None
                body = _body(run)
            _until_answered(run, body, picture)
            time.sleep(SUBMITTERS / rate)

    threads = [threading.Thread(target=client, daemon=True) for _ in range(SUBMITTERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _body(run: Run) -> dict[str, Any]:
    lon, lat = run.chance.choice(run.spots)
    body = {"id": str(uuid4()), "position": {"x": lon, "y": lat}, "category": run.chance.choice(run.codes)}
    run.sent.add(str(body["id"]))
    return body


def _until_answered(run: Run, body: dict[str, Any], picture: tuple[bytes, list[str]] | None) -> None:
    end = time.monotonic() + GIVE_UP
    if picture is not None:
        body["photos"] = picture[1]
    while time.monotonic() < end:
        run.tries += 1
        with suppress(OSError, HTTPException, ValueError):
            if picture is not None and _post(run, "/api/v1/photos", picture[0], "image/jpeg")[0] >= 300:
                continue
            status, said = _post(run, "/api/v1/reports", json.dumps(body).encode(), "application/json")
            if status in (200, 201):
                run.answered[str(body["id"])] = said["number"]
                return
        time.sleep(0.1)


def _post(run: Run, path: str, body: bytes, kind: str) -> tuple[int, dict[str, Any]]:
    connection = HTTPConnection("127.0.0.1", run.here.port, timeout=15)
    try:
        connection.request("POST", path, body, {"content-type": kind, **headers_of(run.inspector)})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


# ------------------------------------------------------------------------------------------------------------- killing


def web_workers(here: Ground) -> list[int]:
    """Processes that answer requests: the children of the server's own."""
    parent = here.processes["serve"].pid
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
            command = (process / "cmdline").read_bytes()
            if int(fields[1]) == parent and b"spawn_main" in command:
                found.append(int(process.name))
    return found


def kill_web_worker(run: Run) -> None:
    """One of them, at random; the server starts another one."""
    if workers := web_workers(run.here):
        os.kill(run.chance.choice(workers), signal.SIGKILL)
        run.killed.append("web worker")


def kill_scheduler(run: Run) -> None:
    """One of the two; it is started again, as `wangge up` would."""
    name = run.chance.choice(["work-1", "work-2"])
    run.here.stop(name, signal.SIGKILL)
    run.killed.append("scheduler")
    time.sleep(1)
    run.here.start(name, "work")


def kill_database(run: Run) -> None:
    """The postmaster; its children end with it. It recovers from its log when it is started again."""
    cluster = run.here.cluster
    first = int((cluster.data / "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(first, signal.SIGKILL)
    run.killed.append("postgres")
    time.sleep(0.5)
    cluster.start()


@contextmanager
def meanwhile(run: Run, kills: list[Callable[[Run], None]], pause: float) -> Iterator[None]:
    """Kill one after the other while the `with` lasts."""

    def killer() -> None:
        for kill in kills:
            time.sleep(pause)
            kill(run)

    thread = threading.Thread(target=killer, daemon=True)
    thread.start()
    yield
    thread.join()


# ------------------------------------------------------------------------------------------------------------ checking


def ask(run: Run, sql: str, *params: object) -> Any:
    """One value, from the table itself."""
    with psycopg.connect(run.here.urls.super or "") as connection:
        row = connection.execute(sql, params).fetchone()  # type: ignore[arg-type]
    return row[0] if row else None


def check_reports(run: Run, no: str, name: str) -> None:
    """Every answered report is there once, under the number that was answered; nothing else is."""
    there: dict[str, list[str]] = {}
    with psycopg.connect(run.here.urls.super or "") as connection:
        rows = connection.execute("SELECT r.id::text, c.number FROM report r LEFT JOIN cases c ON c.report_id = r.id")
        for report, number in rows:
            there.setdefault(report, []).append(number)
    lost = sum(report not in there for report in run.answered)
    doubled = sum(len(numbers) > 1 for numbers in there.values())
    other = sum(there[report] != [number] for report, number in run.answered.items() if report in there)
    n = len(run.answered)
    run.check(no, f"{name}-unanswered", len(run.sent) - n, n=len(run.sent))
    run.check(no, f"{name}-lost", lost, n=n)
    run.check(no, f"{name}-doubled", doubled, n=n)
    run.check(no, f"{name}-other-number", other, n=n)
    run.check(no, f"{name}-never-sent", sum(report not in run.sent for report in there), n=len(there))


def check_deadlines(run: Run, no: str, name: str) -> None:
    """Every case's accept clock has warned once and lapsed once."""
    wait_for(run, "SELECT count(*) = 0 FROM cases WHERE next_at <= (SELECT simulated_now FROM city)", 90)
    missing = ask(
        run,
        """SELECT count(*) FROM cases c CROSS JOIN unnest(ARRAY['warn', 'lapse']) AS e(event)
            WHERE NOT EXISTS (SELECT FROM fired f
                               WHERE f.case_id = c.id AND f.kind = 'accept' AND f.event = e.event)""",
    )
    doubled = ask(
        run,
        """SELECT count(*) FROM (SELECT FROM step WHERE action IN ('warn', 'lapse')
            GROUP BY case_id, action, data ->> 'clock', data ->> 'epoch' HAVING count(*) > 1) AS twice""",
    )
    n = ask(run, "SELECT count(*) FROM fired")
    run.check(no, f"{name}-missing", missing, n=n)
    run.check(no, f"{name}-doubled", doubled, n=n)


def check_verify(run: Run, name: str) -> None:
    """`wangge verify` finds every invariant whole."""
    words = [sys.executable, "-m", "dashboards.cli", "verify"]
    done = subprocess.run(words, env=run.here.environment(), capture_output=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stderr.decode(errors="replace"))
    run.check("P01", f"verify-{name}", done.returncode, n=ask(run, "SELECT count(*) FROM step"))


def wait_for(run: Run, sql: str, seconds: float) -> bool:
    """Until the database says yes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(psycopg.OperationalError):
            if ask(run, sql):
                return True
        time.sleep(0.2)
    return False


# ------------------------------------------------------------------------------------------------------- the programme


def storm(run: Run, count: int) -> None:
    """P05, P06: reports come in while web workers, schedulers and PostgreSQL are killed among them."""
    kills = [kill_web_worker, kill_scheduler, kill_database, kill_web_worker, kill_scheduler]
    with meanwhile(run, kills, pause=1.5):
        submit(run, count, rate=count / 12)
    check_reports(run, "P05", "killed-" + "-".join(dict.fromkeys(k.replace(" ", "-") for k in run.killed)))


def same_report(run: Run, rounds: int = 5, copies: int = 32) -> None:
    """P03: copies of one report at once, over all web workers."""
    wrong = 0
    for _ in range(rounds):
        body, numbers = json.dumps(_body(run)).encode(), set()

        def send(body: bytes = body, numbers: set[str] = numbers) -> None:
            status, said = _post(run, "/api/v1/reports", body, "application/json")
            numbers.add(said["number"] if status in (200, 201) else f"refused {status}")

        threads = [threading.Thread(target=send) for _ in range(copies)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        run.answered[json.loads(body)["id"]] = next(iter(numbers))
        wrong += len(numbers) - 1
    run.check("P03", "same-report-other-answers", wrong, n=rounds * copies)
    check_reports(run, "P03", "same-report")


def deadlines(run: Run) -> None:
    """P09, P10: all accept clocks lapse at once; two schedulers, one of them killed while it fires."""
    ask_time(run, 3600)
    for _ in range(3):
        time.sleep(0.4)
        kill_scheduler(run)
    check_deadlines(run, "P09", "two-schedulers-killed")


def ask_time(run: Run, seconds: int) -> None:
    """Move the city's clock on from where it stands: over real cases only a superuser can, past the guard."""
    with psycopg.connect(run.here.urls.super or "", autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE city SET simulated_now = coalesce(simulated_now, clock_timestamp()) + make_interval(secs => %s)",
            [seconds],
        )


def fail_points(run: Run, count: int) -> None:
    """Die at each named place on the way of a report, at every seventh passing of each worker."""
    for place in (*AT_HTTP, *AT_PHOTO):
        run.here.stop("serve")
        run.here.serve(FAILPOINT=f"{place}:7:kill")
        before = run.tries
        submit(run, count, rate=40, photos=place in AT_PHOTO)
        died = run.tries - before - count
        run.check("P05", f"died-at-{place}", int(died > 0), target=1, n=died)
        check_reports(run, "P05", place)
    run.here.stop("serve")
    run.here.serve()


def sweep_points(run: Run) -> None:
    """Die between claim and fire, and after it; then somebody else takes over."""
    for name in ("work-1", "work-2"):
        run.here.stop(name)
    for place in AT_SWEEP:
        submit(run, 3 * BATCH, rate=100)
        ask_time(run, 3600)
        run.here.start("doomed", "work", FAILPOINT=f"{place}:2:kill")
        code = run.here.processes["doomed"].wait(60)
        run.here.processes.pop("doomed")
        run.check("P09", f"died-at-{place}", code, target=-signal.SIGKILL, n=1)
        run.here.start("work-1", "work")
        check_deadlines(run, "P09", place)
        run.here.stop("work-1")


def lose_one(run: Run) -> None:
    """The bad twin: an answered report vanishes. The checks must say so."""
    with psycopg.connect(run.here.urls.super or "", autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM report WHERE id = %s", [next(iter(run.answered))])


def main() -> int:
    """0 if every check passed."""
    parser = argparse.ArgumentParser(prog="bench.chaos", description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=200, help="reports in the storm (default: %(default)s)")
    chosen = by_chance(parser, twin="lose a report on purpose: the checks must FAIL")
    with ground(chosen.city) as here:
        here.serve(workers=2)
        run = Run(here, here.log_in("inspector"), random.Random(chosen.seed))  # noqa: S311  (what is killed next)
        _look_around(run)
        for name in ("work-1", "work-2"):
            here.start(name, "work")
        storm(run, chosen.count)
        if chosen.twin:
            lose_one(run)
            check_reports(run, "P05", "twin")
            return 1 if run.failed else 0
        same_report(run)
        deadlines(run)
        fail_points(run, 30)
        sweep_points(run)
        check_verify(run, "after-all")
        say(f"{len(run.answered)} answered in {run.tries} tries; killed: {', '.join(run.killed)}")
    return 1 if run.failed else 0


def _look_around(run: Run) -> None:
    with psycopg.connect(run.here.urls.app) as connection:
        spots = "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(geom) AS p FROM area WHERE finest = 1) AS s"
        run.spots = [(lon, lat) for lon, lat in connection.execute(spots)]
        run.codes = [code for (code,) in connection.execute("SELECT code FROM category WHERE NOT hazard ORDER BY 1")]


if __name__ == "__main__":
    sys.exit(main())
