"""The bench runs from end to end with tiny numbers: its figures are there, nothing was refused. Never a timed test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi import FastAPI

from bench.boards import fill
from bench.load import request, send_all
from dispatch.cases.actor import CITIZEN
from dispatch.cases.intake import Report, receive
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.http import install
from dispatch.people.roles import Permission
from dispatch.people.who import needs
from gis.db import write
from gis.problems import Conflict
from tests.http.serving import served

ROOT = Path(__file__).resolve().parents[2]
TINY = (
    "--few",
    "200",
    "--many",
    "400",
    "--components",
    "500",
    "--seconds",
    "0.3",
    "--rounds",
    "1",
    "--city",
    "../../tests/towns/tiny",
)


def test_every_figure_is_measured_in_one_run():
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--json", *TINY], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    figures = {figure["name"]: figure for figure in json.loads(done.stdout)["figures"]}
    for clients in (1, 8):
        for what in ("report", "act"):
            for how in ("one packet", "statement by statement"):
                assert figures[f"{what} over HTTP to raw rows, {how}, {clients} clients, ratio"]["value"] > 0
        assert figures[f"report with a 200 kB photo, {clients} clients, a second"]["value"] > 0
    assert {"board, acceptor, centre, many to few cases, ratio", "a month by unit, whole city, seconds"} <= set(figures)
    assert "tile unchanged, 95 of 100 below, ms" in figures
    assert figures["place and roads of a point, database, ms"]["value"] > 0
    assert figures["points placed and routed from a file, a second"]["value"] > 0
    for layer in ("area", "duty", "road", "component", "case"):
        assert [name for name in figures if name.startswith(f"tile of layer {layer},")]
    assert not [figure["name"] for figure in figures.values() if "REFUSED" in figure["note"]]


def test_a_report_after_a_fill_gets_an_id_of_its_own(fresh_database: Urls, tmp_path: Any):
    load(ROOT / "tests" / "towns" / "tiny", data=tmp_path)
    fill(fresh_database.super or "", 50)
    with write() as tx:
        taken = receive(tx, Report(id=uuid4(), source="web", public=True), CITIZEN)
    assert taken.case_id > 50


def test_what_is_refused_is_said_with_its_problem():
    app = FastAPI(openapi_url=None)

    @app.post("/taken", **needs(Permission.PUBLIC))
    def taken() -> None:
        raise Conflict("This id is another's", state="closed")

    install(app)
    turn = [request("POST", "/taken", b"{}", kind="application/json", headers={})]
    with served(app) as address:
        sent = send_all(int(address.rsplit(":", 1)[1]), [turn, turn, turn], 2, 30.0)
    assert sent.refusals() == "3 × 409 This id is another's {'state': 'closed'}"
    assert not sent.times
