"""Reports filed and acts done over HTTP, beside the database's own rate for the same rows."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
from collections.abc import Iterator
from statistics import median
from uuid import uuid4

import psycopg
from PIL import Image

from bench.ground import Ground, Session, headers_of
from bench.load import Sent, apart, request, send_all
from bench.raw import act_rows, file_rows
from bench.show import line

__all__ = ["measure_filing"]

ROUNDS = 3
PHOTO_BYTES = 200_000
Turn = list[bytes]


def measure_filing(here: Ground, seconds: float) -> None:
    """Print the rates; every round does each of them once, so that a busy machine is unfair to all alike."""
    inspector, acceptor = here.log_in("inspector"), here.log_in("acceptor")
    for clients in (1, 8):
        filed = [_round(here, inspector, clients, seconds, run) for run in range(clients * 10, clients * 10 + ROUNDS)]
        _tell_filing(clients, filed)
    for clients in (1, 8):
        _acts(here, acceptor, clients, seconds)


def _round(here: Ground, who: Session, clients: int, seconds: float, run: int) -> dict[str, Sent]:
    plain = list(_reports(here, who, int(1500 * seconds)))
    pictured = list(_reports(here, who, int(60 * seconds), photos=True))
    return {
        "http": apart(send_all, here.port, plain, clients, seconds),
        "raw": apart(file_rows, here.urls.app, clients, seconds, False, 2 * run),
        "http with photo": apart(send_all, here.port, pictured, clients, seconds),
        "raw, one round trip": apart(file_rows, here.urls.app, clients, seconds, True, 2 * run + 1),
    }


def _tell_filing(clients: int, rounds: list[dict[str, Sent]]) -> None:
    rate = {name: median(one[name].rate for one in rounds) for name in rounds[0]}
    for name in rate:
        aim = 300.0 if name == "http" and clients == 8 else None
        line(f"filed a second, {clients} clients, {name}", rate[name], at_least=aim, note=_late(rounds, name))
    ratio = median(one["http"].rate / one["raw"].rate for one in rounds)
    line(f"filing over HTTP to raw, {clients} clients", ratio, at_least=0.5)


def _late(rounds: list[dict[str, Sent]], name: str) -> str:
    times = sorted(t for one in rounds for t in one[name].times)
    refused = sum(sum(one[name].refused.values()) for one in rounds)
    slow = (
        f"p50 {times[len(times) // 2] * 1000:.1f} ms, p95 {times[len(times) * 95 // 100] * 1000:.1f} ms"
        if times
        else ""
    )
    return slow + (f", {refused} refused: {rounds[-1][name].refused}" if refused else "")


def _acts(here: Ground, who: Session, clients: int, seconds: float) -> None:
    rounds = []
    for run in range(ROUNDS):
        turns = list(_accepts(here, who, int(700 * seconds)))
        rounds.append(
            {
                "http": apart(send_all, here.port, turns, clients, seconds),
                "raw": apart(act_rows, here.urls.app, clients, seconds, False, clients * 10 + run),
            }
        )
    for name in rounds[0]:
        rate = median(one[name].rate for one in rounds)
        line(f"acts a second, {clients} clients, {name}", rate, note=_late(rounds, name))
    line(
        f"acting over HTTP to raw, {clients} clients",
        median(o["http"].rate / o["raw"].rate for o in rounds),
        at_least=0.5,
    )


def _reports(here: Ground, who: Session, count: int, *, photos: bool = False) -> Iterator[Turn]:
    with psycopg.connect(here.urls.app) as connection:
        spots = connection.execute(
            "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(geom) AS p FROM area WHERE finest = 1) AS spots"
        ).fetchall()
        codes = [code for (code,) in connection.execute("SELECT code FROM category WHERE kind = 'event' ORDER BY code")]
    chance, fresh = random.Random(count), _photos()  # noqa: S311  (which spot comes next)
    for _ in range(count):
        lon, lat = chance.choice(spots)
        body = {"id": str(uuid4()), "position": {"x": lon, "y": lat}, "category": chance.choice(codes)}
        turn = []
        if photos:
            raw, body["photos"] = next(fresh)
            turn.append(request("POST", "/api/v1/photos", raw, kind="image/jpeg", headers=headers_of(who)))
        sent = json.dumps(body).encode()
        yield [*turn, request("POST", "/api/v1/reports", sent, kind="application/json", headers=headers_of(who))]


def _photos() -> Iterator[tuple[bytes, list[str]]]:
    """Pictures of 200 kB, each another one."""
    out = io.BytesIO()
    grain = Image.effect_noise((1000, 750), 40).convert("RGB")
    quality = 60
    grain.save(out, "JPEG", quality=quality)
    while out.tell() > PHOTO_BYTES and quality > 10:
        quality -= 5
        out = io.BytesIO()
        grain.save(out, "JPEG", quality=quality)
    picture = out.getvalue()
    while True:
        raw = picture + os.urandom(max(16, PHOTO_BYTES - len(picture)))
        yield raw, [hashlib.sha256(raw).hexdigest()]


def _accepts(here: Ground, who: Session, count: int) -> Iterator[Turn]:
    asked = "SELECT number, category FROM cases WHERE state = 'reported' AND id < 1000000000 ORDER BY random() LIMIT %s"
    with psycopg.connect(here.urls.app) as connection:
        found = connection.execute(asked, [count]).fetchall()
    for number, category in found:
        body = {"action": "accept", "key": str(uuid4()), "form": {"category": category}}
        path = f"/api/v1/cases/{number}/actions"
        yield [request("POST", path, json.dumps(body).encode(), kind="application/json", headers=headers_of(who))]
