"""A whole installation of its own in a folder that goes away: durable PostgreSQL, a city, servers, workers."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from types import FrameType

from dispatch.cluster import Cluster, Urls
from dispatch.config import read_settings
from dispatch.database import connected
from dispatch.migrate import migrate

__all__ = ["CITIES", "ROOT", "Ground", "Session", "by_chance", "ground"]

ROOT = Path(__file__).resolve().parent.parent
CITIES = ROOT / "data" / "cities"
PATIENCE = 60.0


def by_chance(parser: argparse.ArgumentParser, *, twin: str) -> argparse.Namespace:
    """What a run is told that strikes at random. Its seed is said at once: with it, it can be lived again."""
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)))
    parser.add_argument("--city", type=Path, default=CITIES / "binhe", help="folder of a demo city")
    parser.add_argument("--twin", action="store_true", help=twin)
    chosen = parser.parse_args()
    sys.stdout.write(f"seed={chosen.seed}\n")
    return chosen


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody logged in."""

    person_id: int
    cookie: str
    csrf: str


@dataclass
class Ground:
    """Where one run happens. `logins`: role → (login, password)."""

    folder: Path
    cluster: Cluster
    port: int
    logins: dict[str, tuple[str, str]] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def urls(self) -> Urls:
        """The database."""
        return self.cluster.urls()

    def environment(self, **more: str) -> dict[str, str]:
        """What the processes are told."""
        plain = {name: text for name, text in os.environ.items() if name not in ("FAILPOINT", "WANGGE_DATABASE_URL")}
        return {**plain, "WANGGE_DATA": str(self.folder), "WANGGE_PORT": str(self.port), **more}

    def run(self, *words: str) -> None:
        """Run `wangge WORDS` to its end."""
        done = subprocess.run(self._command(words), env=self.environment(), cwd=ROOT, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"wangge {' '.join(words)}: {done.stderr.decode(errors='replace')[-2000:]}")

    def start(self, name: str, *words: str, **more: str) -> None:
        """Start `wangge WORDS` as process `name`; what it says goes to a file."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self._command(words), env=self.environment(**more), cwd=ROOT, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def serve(self, *, workers: int = 2, **more: str) -> None:
        """Start the web server and wait until it answers."""
        self.start("serve", "serve", "--workers", str(workers), **more)
        self.wait_for_answer()

    def wait_for_answer(self) -> None:
        """Raises TimeoutError with the server's last words if it never answers."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with suppress(OSError):
                if self.ask("GET", "/login")[0] == 200:
                    return
            time.sleep(0.05)
        raise TimeoutError(self.last_words("serve"))

    def last_words(self, name: str) -> str:
        """The end of what a process said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def ask(self, method: str, path: str, body: object = None, session: Session | None = None) -> tuple[int, bytes]:
        """One request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            headers = {"content-type": "application/json", **(headers_of(session) if session else {})}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def log_in(self, role: str) -> Session:
        """A session of the demo's person of this post."""
        login, password = self.logins[role]
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        body = json.dumps({"login": login, "password": password})
        connection.request("POST", "/api/v1/session", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        said = json.loads(answer.read())
        if answer.status != 201:
            raise RuntimeError(f"{role} cannot log in: {said}")
        cookie = (answer.getheader("set-cookie") or "").split(";")[0]
        connection.close()
        return Session(said["person_id"], cookie, said["csrf"])

    def stop(self, name: str, sign: signal.Signals = signal.SIGTERM) -> None:
        """End one process and all it started."""
        process = self.processes.pop(name, None)
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @staticmethod
    def _command(words: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "dashboards.cli", *words]


def headers_of(session: Session) -> dict[str, str]:
    """What a program sends with everything that changes something."""
    return {"cookie": session.cookie, "x-csrf": session.csrf}


@contextmanager
def ground(city: Path) -> Iterator[Ground]:
    """An installation with `city` loaded; nothing of it is left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="wangge-bench-"))
    folder.chmod(0o711)
    here = Ground(folder, Cluster(folder / "postgres"), _free_port())
    signal.signal(signal.SIGTERM, _interrupt)  # ended from outside, too, it leaves nothing running
    try:
        # As one of its users: it would stop with the last of them, such as the loader.
        with connected(read_settings(here.environment())):
            migrate(here.urls.owner)
            here.run("city", "load", str(city))
            file = folder / "demo-logins.json"
            here.logins = {one["role"]: (one["login"], one["password"]) for one in json.loads(file.read_text())}
            yield here
            _stop(here)
    finally:
        _stop(here)
        here.cluster.stop(seconds=20)
        shutil.rmtree(folder, ignore_errors=True)


def _stop(here: Ground) -> None:
    for name in list(here.processes):
        here.stop(name)


def _remove(folder: Path) -> None:
    """A server that was just stopped may still be taking its files away."""
    for _ in range(5):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.5)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
