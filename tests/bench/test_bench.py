"""The bench runs from end to end with tiny numbers: its figures are there, nothing was refused. Never a timed test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TINY = ("--few", "200", "--many", "400", "--seconds", "0.3", "--rounds", "1", "--city", "../../tests/towns/tiny")


def test_every_figure_is_measured_in_one_run():
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--json", *TINY], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    figures = {figure["name"]: figure for figure in json.loads(done.stdout)["figures"]}
    for clients in (1, 8):
        for what in ("report", "act"):
            assert figures[f"{what} over HTTP to raw rows, {clients} clients, ratio"]["value"] > 0
        assert figures[f"report with a 200 kB photo, {clients} clients, a second"]["value"] > 0
    assert {"board, acceptor, centre, many to few cases, ratio", "a month by unit, whole city, seconds"} <= set(figures)
    assert not [figure["name"] for figure in figures.values() if "REFUSED" in figure["note"]]
