"""The clients: prepared requests over kept connections, driven by one thread of a process of their own.

Lean on purpose: what a client spends, the server on the same two cores has not.
"""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context

__all__ = ["Sent", "apart", "request", "send_all"]

PATIENCE = 30.0


@dataclass(slots=True)
class Sent:
    """What came of it. `times`: seconds of each turn; `cpu`: the clients' own.

    `refused`: how often by status; `problems`: what the first of each status said.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    times: list[float] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Done a second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    def refusals(self) -> str:
        """What was refused, how often and why; empty if nothing was."""
        return "; ".join(f"{often} × {status} {self.problems[status]}" for status, often in self.refused.items())


class _Client:
    """One connection; sends the requests of a turn one after the other."""

    def __init__(self, port: int, turns: Iterator[Sequence[bytes]], sent: Sent) -> None:
        self.wire = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.turns, self.sent = turns, sent
        self.rest: list[bytes] = []
        self.got = b""
        self.begun = 0.0

    def begin(self) -> bool:
        """Take the next turn; False if there is none."""
        turn = next(self.turns, None)
        if turn is None:
            return False
        self.rest, self.begun = list(turn), time.perf_counter()
        self.wire.sendall(self.rest.pop(0))
        return True

    def hear(self) -> bool:
        """Read what came; True if the turn is over."""
        more = self.wire.recv(65536)
        if not more:
            raise ConnectionError("the server hung up")
        self.got += more
        end = _end_of(self.got)
        if end is None or len(self.got) < end:
            return False
        status, answer, self.got = int(self.got[9:12]), self.got, b""
        if status >= 300:
            self.sent.refused[status] = self.sent.refused.get(status, 0) + 1
            self.sent.problems.setdefault(status, _problem_of(answer.partition(b"\r\n\r\n")[2]))
            return True
        if self.rest:
            self.wire.sendall(self.rest.pop(0))
            return False
        self.sent.times.append(time.perf_counter() - self.begun)
        return True


def _problem_of(body: bytes) -> str:
    """The title of a problem and the fields that say more; or the beginning of whatever else came."""
    with suppress(ValueError, AttributeError):
        said = json.loads(body)
        more = {name: text for name, text in said.items() if name not in ("type", "title", "title_zh", "status")}
        return f"{said.get('title')} {more or ''}".strip()
    return body[:200].decode(errors="replace")


def _end_of(got: bytes) -> int | None:
    """Where the answer ends, None if its head is not whole yet."""
    head = got.find(b"\r\n\r\n")
    if head < 0:
        return None
    at = got.lower().find(b"content-length:", 0, head)
    return head + 4 + (int(got[at + 15 : got.find(b"\r\n", at)]) if at >= 0 else 0)


def request(method: str, path: str, body: bytes, *, kind: str, headers: dict[str, str]) -> bytes:
    """A whole request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"content-type: {kind}", f"content-length: {len(body)}"]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def send_all(port: int, turns: Sequence[Sequence[bytes]], clients: int, seconds: float) -> Sent:
    """Send one turn (one or more requests) after the other until all are sent or the time is over."""
    sent, rest, ears = Sent(), iter(turns), selectors.DefaultSelector()
    begin, cpu = time.perf_counter(), time.process_time()
    for client in [_Client(port, rest, sent) for _ in range(clients)]:
        if client.begin():
            ears.register(client.wire, selectors.EVENT_READ, client)
    while ears.get_map():
        for key, _ in ears.select(PATIENCE):
            over = key.data.hear()
            if over and (time.perf_counter() - begin > seconds or not key.data.begin()):
                ears.unregister(key.data.wire)
                key.data.wire.close()
    sent.seconds, sent.cpu = time.perf_counter() - begin, time.process_time() - cpu
    return sent


def apart(function: Callable[..., Sent], *arguments: object) -> Sent:
    """Run a function of this package in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return pool.submit(function, *arguments).result()
