"""The clients: prepared requests over kept connections, in a process of their own; they take little of the cores."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

__all__ = ["Sent", "apart", "request", "send_all"]


@dataclass(slots=True)
class Sent:
    """What came of it. `times`: seconds of each request; `answers`: bodies, if they were asked for."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)
    answers: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Done a second."""
        return len(self.times) / self.seconds if self.seconds else 0.0


def request(method: str, path: str, body: bytes, *, kind: str, headers: dict[str, str]) -> bytes:
    """A whole request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"content-type: {kind}", f"content-length: {len(body)}"]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def send_all(port: int, turns: Sequence[Sequence[bytes]], clients: int, seconds: float, keep: bool = False) -> Sent:
    """Send one turn (one or more requests) after the other until all are sent or the time is over."""
    sent, place, lock = Sent(), iter(turns), threading.Lock()
    begin = time.perf_counter()

    def client() -> None:
        with socket.create_connection(("127.0.0.1", port), 30) as wire:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.perf_counter() - begin < seconds:
                with lock:
                    turn = next(place, None)
                if turn is None:
                    return
                _take(wire, turn, sent, keep)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent.seconds = time.perf_counter() - begin
    return sent


def _take(wire: socket.socket, turn: Sequence[bytes], sent: Sent, keep: bool) -> None:
    start = time.perf_counter()
    for one in turn:
        wire.sendall(one)
        status, body = _answer(wire)
        if status >= 300:
            sent.refused[status] = sent.refused.get(status, 0) + 1
            return
    sent.times.append(time.perf_counter() - start)
    if keep:
        sent.answers.append(body)


def _answer(wire: socket.socket) -> tuple[int, bytes]:
    got = b""
    while b"\r\n\r\n" not in got:
        more = wire.recv(65536)
        if not more:
            raise ConnectionError("the server hung up")
        got += more
    head, body = got.split(b"\r\n\r\n", 1)
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    while len(body) < length:
        body += wire.recv(65536)
    return int(head.split(b" ", 2)[1]), body


def apart(function: Callable[..., Sent], *arguments: object) -> Sent:
    """Run a function of this package in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()
