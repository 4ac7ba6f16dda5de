"""Reports filed and acts done over HTTP, beside the database's own rate for the same rows."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count, product
from statistics import median
from uuid import uuid4

import psycopg
from PIL import Image

from bench.cost import Cost, spent
from bench.ground import Ground, Session, headers_of
from bench.load import Sent, apart, request, send_all
from bench.raw import BEGIN_AT, SAMPLE, act_rows, file_rows
from bench.show import line, say

__all__ = ["measure_filing", "pictures"]

ROUNDS = 3
CLIENTS = (1, 8)
PHOTO_BYTES = 200_000
MOST_A_SECOND = 1500  # reports made ready: more than can be filed
# How the raw rows of a transaction are sent.
RAW = {"statement by statement": False, "one packet": True}
# The newest stay as they were reported: raw rows are copies of them.
WAITING = """
    SELECT number, category
      FROM (SELECT number, category FROM cases WHERE state = 'reported' AND id < %s ORDER BY id DESC OFFSET %s) AS rest
     ORDER BY random() LIMIT %s
"""
Turn = list[bytes]
Trial = Callable[[], Sent]
RUNS = count(1)


@dataclass
class Series:
    """The same thing measured in every round."""

    sent: list[Sent] = field(default_factory=list)
    cost: list[Cost] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median round's, a second."""
        return median(one.rate for one in self.sent)

    def note(self) -> str:
        """How long one took, what it cost, and what was refused."""
        times = sorted(spent for one in self.sent for spent in one.times)
        if not times:
            return "none done"
        words = f"p50 {times[len(times) // 2] * 1000:.1f} ms, p95 {times[len(times) * 95 // 100] * 1000:.1f} ms"
        names = ("server", "database")
        each = [sum(getattr(one, name) for one in self.cost) / len(times) * 1000 for name in names]
        client = sum(one.cpu for one in self.sent) / len(times) * 1000
        words += f"; CPU ms each: client {client:.2f}, server {each[0]:.2f}, database {each[1]:.2f}"
        refused = sum(sum(one.refused.values()) for one in self.sent)
        return words + (f"; REFUSED {refused}" if refused else "")


def measure_filing(here: Ground, seconds: float, rounds: int = ROUNDS) -> None:
    """Print the rates; every round does each of them once, so that a busy machine is unfair to all alike."""
    inspector, acceptor = here.log_in("inspector"), here.log_in("acceptor")
    _warm_up(here, inspector)
    for clients in CLIENTS:
        kinds = {"report with a 200 kB photo": Series()}
        for what in ("report", "act"):
            kinds |= {f"{what} over HTTP": Series()} | {f"{what}, raw rows, {how}": Series() for how in RAW}
        for _ in range(rounds):
            _round(here, kinds, inspector, acceptor, clients=clients, seconds=seconds)
        _tell(kinds, clients)


def _warm_up(here: Ground, who: Session) -> None:
    """Until every connection of the server has its statements prepared. Raises RuntimeError if anything was refused:
    the rates would be those of refusals."""
    sent = apart(send_all, here.port, list(_reports(here, who, 400)), max(CLIENTS), 60.0)
    if sent.refused:
        raise RuntimeError(f"reports over HTTP were refused: {sent.refusals()}; {here.last_words('serve')}")


def _round(
    here: Ground, kinds: dict[str, Series], inspector: Session, acceptor: Session, *, clients: int, seconds: float
) -> None:
    plain = list(_reports(here, inspector, int(MOST_A_SECOND * seconds)))
    pictured = list(_reports(here, inspector, int(100 * seconds), photos=True))
    url = here.urls.app
    _measure(here, kinds, "report over HTTP", lambda: apart(send_all, here.port, plain, clients, seconds))
    for how, packet in RAW.items():
        filing = partial(file_rows, url, clients, seconds, next(RUNS), packet=packet)
        _measure(here, kinds, f"report, raw rows, {how}", filing)
    _measure(here, kinds, "report with a 200 kB photo", lambda: apart(send_all, here.port, pictured, clients, seconds))
    accepts = list(_accepts(here, acceptor, int(MOST_A_SECOND * seconds)))
    _measure(here, kinds, "act over HTTP", lambda: apart(send_all, here.port, accepts, clients, seconds))
    file_rows(url, clients, seconds, next(RUNS))  # acts take rows that were filed, and must not run out of them
    for how, packet in RAW.items():
        acting = partial(act_rows, url, clients, seconds, next(RUNS), packet=packet)
        _measure(here, kinds, f"act, raw rows, {how}", acting)


def _measure(here: Ground, kinds: dict[str, Series], name: str, trial: Trial) -> None:
    series, before = kinds[name], spent(here)
    series.sent.append(trial())
    series.cost.append(spent(here).since(before))
    if series.sent[-1].refused:
        say(f"REFUSED, {name}: {series.sent[-1].refusals()}")


def _tell(kinds: dict[str, Series], clients: int) -> None:
    for name, series in kinds.items():
        aim = 300.0 if name == "report over HTTP" and clients == max(CLIENTS) else None
        line(f"{name}, {clients} clients, a second", series.rate, at_least=aim, note=series.note())
    for what, how in product(("report", "act"), RAW):
        pairs = zip(kinds[f"{what} over HTTP"].sent, kinds[f"{what}, raw rows, {how}"].sent, strict=True)
        ratio = median(http.rate / raw.rate for http, raw in pairs if raw.rate)
        line(f"{what} over HTTP to raw rows, {how}, {clients} clients, ratio", ratio, at_least=0.5)


def _reports(here: Ground, who: Session, number: int, *, photos: bool = False) -> Iterator[Turn]:
    with psycopg.connect(here.urls.app) as connection:
        spots = connection.execute(
            "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(geom) AS p FROM area WHERE finest = 1) AS spots"
        ).fetchall()
        codes = [code for (code,) in connection.execute("SELECT code FROM category WHERE kind = 'event' ORDER BY code")]
    chance, fresh = random.Random(number), pictures()  # noqa: S311  (which spot comes next)
    for _ in range(number):
        lon, lat = chance.choice(spots)
        body = {"id": str(uuid4()), "position": {"x": lon, "y": lat}, "category": chance.choice(codes)}
        turn = []
        if photos:
            raw, body["photos"] = next(fresh)
            turn.append(request("POST", "/api/v1/photos", raw, kind="image/jpeg", headers=headers_of(who)))
        sent = json.dumps(body).encode()
        yield [*turn, request("POST", "/api/v1/reports", sent, kind="application/json", headers=headers_of(who))]


def pictures() -> Iterator[tuple[bytes, list[str]]]:
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


def _accepts(here: Ground, who: Session, number: int) -> Iterator[Turn]:
    with psycopg.connect(here.urls.app) as connection:
        found = connection.execute(WAITING, [BEGIN_AT, SAMPLE, number]).fetchall()
    for case, category in found:
        body = {"action": "accept", "key": str(uuid4()), "form": {"category": category}}
        path = f"/api/v1/cases/{case}/actions"
        yield [request("POST", path, json.dumps(body).encode(), kind="application/json", headers=headers_of(who))]
