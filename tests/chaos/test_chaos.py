"""Reports come in while web workers, schedulers and PostgreSQL are killed, and deadlines fall due before
workers that are killed and frozen: `python -m bench.chaos`, `bench.storm` and `bench.trials`, in small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TINY = ROOT / "tests" / "towns" / "tiny"

pytestmark = pytest.mark.chaos


def chaos(*words: str) -> tuple[int, list[str]]:
    return run("bench.chaos", "--seed", "7", *words)


def run(module: str, *words: str) -> tuple[int, list[str]]:
    """Run it to its end: exit code and the CHECK lines."""
    command = [sys.executable, "-m", module, "--city", str(TINY), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("CHECK")]
    assert lines, done.stderr
    return done.returncode, lines


def test_nothing_answered_is_lost_and_every_deadline_fires_once() -> None:
    code, lines = chaos()
    assert [line for line in lines if not line.endswith("PASS")] == []
    assert code == 0
    assert {line.split()[1] for line in lines} == {"P01", "P03", "P05", "P09"}


def test_a_lost_report_does_not_pass_unseen() -> None:
    code, lines = chaos("--count", "40", "--twin")
    assert code == 1
    assert [line.split()[2] for line in lines if line.endswith("FAIL")] == ["twin-lost"]


def test_every_deadline_fires_once_though_workers_are_killed_and_frozen() -> None:
    code, lines = run("bench.storm", "--seed", "7", "--cases", "600", "--blows", "4")
    assert [line for line in lines if not line.endswith("PASS")] == []
    assert code == 0


def test_a_deadline_that_did_not_fire_does_not_pass_unseen() -> None:
    code, lines = run("bench.storm", "--seed", "7", "--cases", "60", "--blows", "0", "--twin")
    assert code == 1
    assert [line.split()[2] for line in lines if line.endswith("FAIL")] == ["missing"]


def test_no_deadline_is_missed_or_doubled_whatever_befalls_five_workers() -> None:
    """Setting the clock of PostgreSQL itself wants a C compiler: that trial is run by hand."""
    trials = ("frozen", "poison", "gateway", "database")
    code, lines = run("bench.trials", "--seconds", "12", "--late", "60", "--only", *trials)
    assert [line for line in lines if not line.endswith("PASS")] == []
    assert code == 0
