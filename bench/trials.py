"""What may befall five workers, one after the other, while deadlines fall due: `python -m bench.trials`.

One is frozen between claim and fire and woken; PostgreSQL is killed; two events always fail; the wall clock of the
whole installation is set back by two hours and forward by 400 days, then that of workers and server alone; and all the
while one gateway accepts every connection and never answers. One line a check, as in `bench.chaos`; what is there
afterwards is read from the tables.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import numpy
import psycopg

from bench.deadlines import Drawn, fill_open
from bench.ground import CITIES, Ground, Session, ground
from bench.show import say
from bench.stepped import SteppedClock, stepped_clock
from dispatch.people.reach import set_reach
from gis.db import close, configure, write

WORKERS = 5
A_SECOND = 8
LONG_AWAY = 900  # days: beyond any step
TAKEOVER = 10  # seconds
HOURS, DAYS = -2 * 3600, 400 * 86_400
NOTICES = """
[[channel]]
name = "hangs"
kind = "gateway"
url = "http://127.0.0.1:{hangs}/"
body = '{{"to": "{{to}}", "text": "{{text}}"}}'
allow = ["127.0.0.1"]

[[channel]]
name = "answers"
kind = "gateway"
url = "http://127.0.0.1:{answers}/"
body = '{{"to": "{{to}}", "text": "{{text}}"}}'
allow = ["127.0.0.1"]
"""
# Spread evenly over so many seconds, from the third on.
SOON = """
    UPDATE cases SET next_at = soon, due_at = soon, stage_due_at = soon,
           clocks = jsonb_set(clocks, '{dispose,due}', to_jsonb(soon))
      FROM (SELECT id AS case_id, date_trunc('milliseconds', clock_timestamp())
                   + make_interval(secs => 3 + %(lasts)s::float8 * (id - %(first)s) / %(count)s) AS soon
              FROM cases WHERE id >= %(first)s AND id < %(first)s + %(count)s) AS drawn
     WHERE id = case_id
"""
OF = " AND case_id >= %(first)s AND case_id < %(first)s + %(count)s AND case_id <> ALL (%(aside)s)"
LEFT = f"""
    SELECT %(count)s - cardinality(%(aside)s::bigint[]) - count(DISTINCT case_id) FROM step WHERE action = 'lapse' {OF}
"""
DOUBLED = f"""
    SELECT count(*) FROM (SELECT FROM step WHERE action = 'lapse' {OF} GROUP BY case_id HAVING count(*) > 1) AS twice
"""
ELSEWHEN = f"""
    SELECT count(*) FROM step JOIN cases c ON c.id = case_id WHERE action = 'lapse' AND at <> c.due_at {OF}
"""
LATE = f"""
    SELECT count(*) FROM step WHERE action = 'lapse' {OF}
       AND recorded_at - greatest(at, %(since)s::timestamptz) > make_interval(secs => %(late)s)
"""
EARLY = f"""
    SELECT count(*) FROM step WHERE action = 'lapse' {OF} AND recorded_at < at
"""
LONGEST = f"""
    SELECT coalesce(max(extract(epoch FROM recorded_at - at)), 0)::float8 FROM step WHERE action = 'lapse' {OF}
"""
# Due for a second, not fired, and not to be had: in the hands of whoever is frozen.
HELD = """
    WITH due AS (SELECT id FROM cases WHERE id >= %(first)s AND id < %(first)s + %(count)s
                    AND next_at < clock_timestamp() - interval '1 second'),
         free AS (SELECT c.id FROM cases c JOIN due USING (id) FOR UPDATE OF c SKIP LOCKED)
    SELECT array_agg(id) FROM due WHERE id NOT IN (SELECT id FROM free)
"""
# One that the core refuses, one that the database refuses: it takes the whole transaction with it.
POISON = """
    WITH void AS (UPDATE cases SET state = 'void' WHERE id = %(first)s)
    INSERT INTO fired (case_id, kind, epoch, event, seq, at)
    SELECT id, 'dispose', (clocks #>> '{dispose,epoch}')::int, 'lapse', 1, now() FROM cases WHERE id = %(first)s + 1
"""
SEEN = "SELECT count(*) > 0 FROM parked WHERE kind = 'job' AND key = 'clock' AND position(%(word)s IN fault) > 0"
TOLD = (
    "INSERT INTO outbox (kind, unit_id, created_at) SELECT 'warned', min(id), clock_timestamp() FROM unit RETURNING id"
)


@dataclass
class Run:
    """Where it happens. `next`: the first case that no trial has taken; `late`: seconds that others may wait."""

    here: Ground
    late: int
    lasts: int
    clock: SteppedClock | None
    next: int = 1
    well: bool = True
    fed: list[float] = field(default_factory=list)

    def ask(self, sql: str, **params: object) -> Any:
        """The first value, from the tables."""
        with psycopg.connect(self.here.urls.super or "", autocommit=True) as connection:
            (found,) = cast(Any, connection.execute(cast(Any, sql), params or None).fetchone())
            return found

    def tell(self, sql: str, **params: object) -> None:
        """Change something as nobody may."""
        with psycopg.connect(self.here.urls.super or "", autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(cast(Any, sql), params)

    def check(self, name: str, value: int, *, n: int, target: int = 0) -> None:
        """One line; the value has to be the target."""
        good = value == target
        self.well = self.well and good
        sys.stdout.write(f"CHECK P10 {name} value={value} target=={target} n={n} {'PASS' if good else 'FAIL'}\n")
        sys.stdout.flush()


@dataclass
class Block:
    """The deadlines of one trial. `aside`: those that are no part of what is asked."""

    run: Run
    name: str
    first: int
    count: int
    aside: list[int] = field(default_factory=list)

    def ask(self, sql: str, **more: object) -> Any:
        """A figure of these deadlines alone."""
        return self.run.ask(sql, first=self.first, count=self.count, aside=self.aside, **more)

    def finished(self, seconds: float) -> None:
        """Wait until all have fired, then say whether each did once, at its instant."""
        _until(lambda: self.ask(LEFT) == 0, seconds)
        n = self.count - len(self.aside)
        self.run.check(f"{self.name}-missing", self.ask(LEFT), n=n)
        self.run.check(f"{self.name}-doubled", self.ask(DOUBLED), n=n)
        self.run.check(f"{self.name}-at-another-instant", self.ask(ELSEWHEN), n=n)
        self.run.check(f"{self.name}-early", self.ask(EARLY), n=n)
        say(f"{self.name}: the longest wait {self.ask(LONGEST):.1f} s")

    def waited(self, what: str, late: int, since: object = None) -> None:
        """How many were recorded later than `late` seconds after their instant, or after `since`."""
        count = self.ask(LATE, late=late, since=since)
        self.run.check(f"{self.name}-{what}-later-than-{late}-s", count, n=self.count - len(self.aside))


def _block(run: Run, name: str) -> Block:
    """Deadlines that fall due from in three seconds on."""
    block = Block(run, name, run.next, A_SECOND * run.lasts)
    run.next += block.count
    run.tell(SOON, first=block.first, count=block.count, lasts=run.lasts)
    return block


def _until(condition: Callable[[], object], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(psycopg.OperationalError):
            if condition():
                return True
        time.sleep(0.2)
    return False


# -------------------------------------------------------------------------------------------------------------- trials


def frozen(run: Run) -> None:
    """One worker stops with deadlines in its hand, before it has fired them; it is woken when all is over."""
    run.here.stop("work-5", signal.SIGKILL)
    run.here.start("doomed", "work", FAILPOINT="between-claim-and-fire:1:stop")
    process = run.here.processes["doomed"]
    _until(lambda: "working" in run.here.last_words("doomed"), 180)
    block = _block(run, "frozen")
    stopped = _until(lambda: _state(process.pid) == "T", 60)
    held: list[int] = []
    _until(lambda: held or held.extend(run.ask(HELD, first=block.first, count=block.count) or ()), TAKEOVER / 2)
    run.check("frozen-with-deadlines-in-hand", int(stopped and bool(held)), target=1, n=len(held))
    _until(lambda: block.ask(LEFT) == 0, run.lasts + 60)
    os.killpg(process.pid, signal.SIGCONT)
    time.sleep(3.0)
    block.finished(1)
    block.waited("waited", max(TAKEOVER, run.late))
    block.aside = held
    block.waited("others-waited", run.late)
    run.check("woken-and-working", int(process.poll() is None), target=1, n=1)
    run.here.stop("doomed")
    run.here.start("work-5", "work")


def poison(run: Run) -> None:
    """Two events fail, whoever tries."""
    block = _block(run, "poison")
    block.aside = [block.first, block.first + 1]
    run.tell(POISON, first=block.first)
    block.finished(run.lasts + 60)
    block.waited("others-waited", run.late)
    run.check("poison-parked", run.ask("SELECT count(*) FROM parked"), target=2, n=2)
    admin = run.here.log_in("system_admin")
    run.check(
        "poison-on-the-page", _seen(run, admin, "/work", [f"D{block.first}", f"D{block.first + 1}"]), target=2, n=2
    )
    run.check("poison-in-the-metrics", _seen(run, admin, "/metrics", ["wangge_parked_cases 2"]), target=1, n=1)


def gateway(run: Run) -> None:
    """One gateway has hung all the time: what goes by the other, and in the product, is not held up."""
    before = run.ask("SELECT coalesce(max(id), 0) FROM outbox")
    block = _block(run, "gateway")
    block.finished(run.lasts + 60)
    block.waited("others-waited", run.late)
    mine = f"FROM delivery d JOIN outbox o ON o.id = d.outbox_id WHERE o.id > {before}"
    _until(lambda: run.ask(f"SELECT count(*) = 0 {mine} AND channel = 'answers' AND d.sent_at IS NULL"), 30)
    n = run.ask(f"SELECT count(*) {mine} AND channel = 'answers'")
    late = f"> make_interval(secs => {run.late})"
    slow = run.ask(f"SELECT count(*) {mine} AND channel = 'answers' AND (d.sent_at - d.created_at {late}) IS NOT FALSE")
    run.check(f"gateway-others-later-than-{run.late}-s", slow, n=n)
    run.check("gateway-others-were-told", int(n > 0 and len(run.fed) >= n), target=1, n=len(run.fed))
    # Cards are looked for once a minute, and told as of the lapse that each is for.
    told = f"FROM outbox WHERE id > {before} AND kind NOT LIKE 'card%'"
    _until(lambda: run.ask(f"SELECT count(*) = 0 {told} AND sent_at IS NULL"), 30)  # the last has its second, too
    slow = run.ask(f"SELECT count(*) {told} AND (sent_at - created_at {late}) IS NOT FALSE")
    run.check(f"gateway-in-the-product-later-than-{run.late}-s", slow, n=run.ask(f"SELECT count(*) {told}"))
    run.check(
        "gateway-hung-one-sent",
        run.ask("SELECT count(*) FROM delivery WHERE channel = 'hangs' AND sent_at IS NOT NULL"),
        n=n,
    )
    tried = run.ask("SELECT count(*) FROM delivery WHERE channel = 'hangs' AND attempts > 0")
    run.check("gateway-hung-one-tried", int(tried > 0), target=1, n=tried)


def database(run: Run) -> None:
    """PostgreSQL is killed, and away for longer than a connection is waited for."""
    block, cluster = _block(run, "database-killed"), run.here.cluster
    time.sleep(3 + run.lasts / 3)
    os.kill(int((cluster.data / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)
    time.sleep(15)
    cluster.start()
    back = run.ask("SELECT clock_timestamp()")
    block.finished(run.lasts + 60)
    block.waited("back-waited", max(TAKEOVER, run.late), since=back)


def clock(run: Run) -> None:
    """The wall clock of workers and database is two hours behind for a while, then 400 days ahead, then right again."""
    assert run.clock is not None  # noqa: S101  (main made it)
    block = _block(run, "clock-set-back")
    time.sleep(2)
    run.clock.set(HOURS)
    _told(run, "clock-set-back")
    time.sleep(run.lasts)
    run.clock.set(0)
    _told(run, "clock-right-again")
    block.finished(run.lasts + 60)
    block = _block(run, "clock-set-forward")
    run.clock.set(DAYS)
    _told(run, "clock-set-forward")
    block.finished(run.lasts + 60)
    run.clock.set(0)
    _told(run, "clock-right-after-all")
    block = _block(run, "clock-right-after-all")
    block.finished(run.lasts + 60)
    block.waited("waited", max(TAKEOVER, run.late))


def machine(run: Run) -> None:
    """The wall clock of workers and server is two hours behind, then 400 days ahead; the database's is right."""
    own = SteppedClock(run.here.folder / "machine")
    own.file.write_bytes(bytes(8))
    _restart(run, STEPPED_CLOCK=str(own.file))
    for name, ahead in (("machine-set-back", HOURS), ("machine-set-forward", DAYS)):
        block = _block(run, name)
        time.sleep(2)
        own.set(ahead)
        _told(run, name)
        block.finished(run.lasts + 60)
        block.waited("waited", max(TAKEOVER, run.late))
        word = "behind" if ahead < 0 else "ahead"
        seen = _until(partial(run.ask, SEEN, word=word), 75)
        run.check(f"{name}-seen", int(seen), target=1, n=1)
        admin = run.here.log_in("system_admin")
        run.check(f"{name}-on-the-page", _seen(run, admin, "/work", ["时钟相差太多"]), target=1, n=1)
    _restart(run)


def _restart(run: Run, **more: str) -> None:
    run.here.stop("serve")
    run.here.serve(workers=1, **more)
    for number in range(1, WORKERS + 1):
        run.here.stop(f"work-{number}")
        run.here.start(f"work-{number}", "work", **more)
    _sent(run, 180)


def _told(run: Run, name: str) -> None:
    """A message put down now is sent by some worker within a takeover, whatever its clock says."""
    run.check(f"{name}-jobs-go-on", int(_sent(run, TAKEOVER)), target=1, n=1)


def _sent(run: Run, seconds: float) -> bool:
    """Whether some worker sends a message that is put down now."""
    message = run.ask(TOLD)
    return _until(lambda: run.ask("SELECT sent_at IS NOT NULL FROM outbox WHERE id = %(id)s", id=message), seconds)


TRIALS = {
    "frozen": frozen,
    "poison": poison,
    "gateway": gateway,
    "database": database,
    "clock": clock,
    "machine": machine,
}
SET = {"clock", "machine"}  # those that set a clock


def _state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]


def _seen(run: Run, who: Session, path: str, words: list[str]) -> int:
    page = run.here.ask("GET", path, session=who)[1].decode()
    return sum(word in page for word in words)


# -------------------------------------------------------------------------------------------------------------- around


@contextmanager
def _gateways(fed: list[float]) -> Iterator[dict[str, int]]:
    """Two receivers: one takes connections and is silent for ever, one answers; `fed`: when it did."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()
            fed.append(time.monotonic())

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    with socket.create_server(("127.0.0.1", 0), backlog=512) as hangs:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {"hangs": hangs.getsockname()[1], "answers": server.server_address[1]}
        server.shutdown()


def _prepare(run: Run, wanted: list[str]) -> None:
    """Open cases that are due in years, people with phones, the server, five workers."""
    count = A_SECOND * run.lasts * (len(wanted) + 3)
    now = int(time.time())
    day = numpy.full(count, 86_400, dtype=numpy.int64)
    fill_open(run.here.urls.super or "", Drawn(now - 2 * day, now - day, now + LONG_AWAY * day, fired="warn"))
    logins = "SELECT array_agg(login) FROM (SELECT DISTINCT ON (unit_id) login FROM person WHERE unit_id IS NOT NULL) p"
    configure(run.here.urls.app)
    with write() as tx:
        for number, login in enumerate(run.ask(logins)):
            set_reach(tx, login, "phone", f"1380000{number:04d}")
    close()
    run.here.serve(workers=1)
    for number in range(1, WORKERS + 1):
        run.here.start(f"work-{number}", "work")


def main() -> int:
    """0 if every check passed."""
    parser = argparse.ArgumentParser(prog="bench.trials", description="What may befall five workers (docs/bench.md).")
    parser.add_argument("--only", nargs="+", choices=TRIALS, default=list(TRIALS), help="these trials (default: all)")
    parser.add_argument("--seconds", type=int, default=20, help="how long deadlines fall due in each (%(default)s)")
    parser.add_argument("--late", type=int, default=2, help="seconds that others may wait (default: %(default)s)")
    parser.add_argument("--city", type=Path, default=CITIES / "binhe", help="folder of a demo city")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        steps = stack.enter_context(stepped_clock()) if SET & set(chosen.only) else None
        here = stack.enter_context(ground(chosen.city))
        run = Run(here, chosen.late, chosen.seconds, steps)
        ports = stack.enter_context(_gateways(run.fed))
        (here.folder / "notices.toml").write_text(NOTICES.format(**ports))
        _prepare(run, chosen.only)
        for name in chosen.only:
            begin = time.monotonic()
            TRIALS[name](run)
            say(f"{name}: {time.monotonic() - begin:.0f} s")
    return 0 if run.well else 1


if __name__ == "__main__":
    sys.exit(main())
