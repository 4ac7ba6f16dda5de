"""The processes that `wangge up` keeps alive: started, listened to, restarted, stopped."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Child", "run_once", "supervise"]

LONGEST_PAUSE = 60.0  # seconds between two attempts
STEADY = 60.0  # seconds of life after which earlier crashes are forgotten
PATIENCE = 10.0  # seconds from SIGTERM to SIGKILL


@dataclass
class Child:
    """One process. `needed=False`: it may end well and is then left alone."""

    name: str
    words: list[str]
    needed: bool = True
    process: subprocess.Popen[str] | None = None
    started: float = 0.0
    crashes: int = 0
    again_at: float = 0.0

    def start(self) -> None:
        """Run `wangge WORDS`; what it says is passed on behind its name."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            _command(self.words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C reaches us alone, and we tell them in order
        )
        threading.Thread(target=_pass_on, args=(self.name, self.process), daemon=True).start()

    def signal(self, sign: signal.Signals) -> None:
        """Tell the process and all it started."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, sign)
            except ProcessLookupError:
                return


def run_once(name: str, words: list[str]) -> int:
    """Run `wangge WORDS` to its end, passing on what it says; its exit code."""
    child = Child(name, words)
    child.start()
    try:
        return child.process.wait() if child.process else 1
    finally:
        stop([child])


def supervise(children: list[Child], *, ready: Callable[[], bool], tend: Callable[[], None]) -> None:
    """Keep the children alive until Ctrl-C or SIGTERM, then stop them all.

    `ready` is asked until it says yes; `tend` is called every second, and looks after what is not a child.
    """
    is_ready, tended = False, 0.0
    try:
        for child in children:
            child.start()
        while True:
            is_ready = is_ready or ready()
            if time.monotonic() - tended > 1:
                tend()
                tended = time.monotonic()
            for child in children:
                _look_after(child, time.monotonic())
            time.sleep(0.2)
    except KeyboardInterrupt:
        _say("stopping")
    finally:
        stop(children)


def stop(children: list[Child]) -> None:
    """Ask all to end, wait, insist. A second Ctrl-C does not hurry it."""
    before = [(sign, signal.signal(sign, signal.SIG_IGN)) for sign in (signal.SIGINT, signal.SIGTERM)]
    for child in children:
        child.signal(signal.SIGTERM)
    end = time.monotonic() + PATIENCE
    for child in children:
        if child.process is not None:
            try:
                child.process.wait(timeout=max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                _say(f"{child.name} does not end; it is killed")
        child.signal(signal.SIGKILL)
        if child.process is not None:
            child.process.wait()
    for sign, handler in before:
        signal.signal(sign, handler)


def _look_after(child: Child, now: float) -> None:
    if child.process is None:
        if child.again_at and now >= child.again_at:
            child.again_at = 0.0
            child.start()
        return
    code = child.process.poll()
    if code is None:
        return
    child.signal(signal.SIGKILL)  # what it left behind
    child.process = None
    if code == 0 and not child.needed:
        return
    child.crashes = 1 if now - child.started > STEADY else child.crashes + 1
    pause = min(2.0 ** (child.crashes - 1), LONGEST_PAUSE)
    child.again_at = now + pause
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    _say(f"{child.name} {how}; started again in {pause:.0f} s")


def _command(words: list[str]) -> list[str]:
    """With setpriv where there is one: the child then ends even if we are killed."""
    guard = [found, "--pdeathsig", "TERM", "--"] if (found := shutil.which("setpriv")) else []
    return [*guard, sys.executable, "-m", "dashboards.cli", *words]


def _pass_on(name: str, process: subprocess.Popen[str]) -> None:
    if process.stdout is None:
        return
    with process.stdout as lines:
        for line in lines:
            sys.stdout.write(f"{name:>8} | {line}")
            sys.stdout.flush()


def _say(line: str) -> None:
    sys.stderr.write(f"· {line}\n")
    sys.stderr.flush()
