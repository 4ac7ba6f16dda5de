"""Addresses that change their mind, names with two faces, proxies, headers: nothing leads a notice into the house."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from dispatch.notify.channels import Gateway, Mail, Notice
from dispatch.notify.configured import read_channels
from dispatch.notify.sockets import NotSent, open_socket
from gis.problems import Problem
from tests.notify.receivers import Receiver, http_receiver

NOTICE = Notice(id=uuid4(), to="13800005678", subject="", text="x", case="7")
OUTSIDE, INSIDE = "203.0.114.7", "127.0.0.1"  # a public address to which nothing here leads


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


class Names:
    """A name server that answers each question with the next of its answers, the last one for ever."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int, *_: object, **__: object) -> list[tuple[Any, ...]]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]


class Calls:
    """The system's way to a connection, written down; it leads to the listener only where it was asked to."""

    def __init__(self) -> None:
        self.places: list[tuple[str, int]] = []
        self.waits: list[float] = []

    def __call__(self, place: tuple[str, int], timeout: float, **_: object) -> socket.socket:
        self.places.append(place)
        self.waits.append(timeout)
        raise ConnectionRefusedError


def gateway(host: str, receiver: Receiver, **more: Any) -> Gateway:
    return Gateway(**{"name": "sms", "url": f"http://{host}:{receiver.port}/", "body": "{}"} | more)


def test_a_name_that_turns_inside_after_the_look_is_connected_to_where_it_was_looked_at(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, calls = Names((OUTSIDE,), (INSIDE,)), Calls()
    monkeypatch.setattr(socket, "getaddrinfo", names)
    monkeypatch.setattr(socket, "create_connection", calls)
    with pytest.raises(NotSent, match="no connection"):
        gateway("rebind.example.org", receiver).send(NOTICE)
    assert calls.places == [(OUTSIDE, receiver.port)]
    assert names.asked == 1
    with pytest.raises(NotSent, match="not public"):  # the next attempt looks anew
        gateway("rebind.example.org", receiver).send(NOTICE)
    assert receiver.connections == 0


@pytest.mark.parametrize("faces", [(OUTSIDE, INSIDE), (INSIDE, OUTSIDE), (OUTSIDE, "169.254.169.254")])
def test_a_name_with_two_faces_is_not_connected_to_at_all(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, faces: tuple[str, ...]
) -> None:
    calls = Calls()
    monkeypatch.setattr(socket, "getaddrinfo", Names(faces))
    monkeypatch.setattr(socket, "create_connection", calls)
    with pytest.raises(NotSent, match="not public"):
        gateway("two.example.org", receiver).send(NOTICE)
    with pytest.raises(NotSent, match="not public"):
        Mail(name="m", host="two.example.org", port=25, sender="a@example.org").send(NOTICE)
    assert calls.places == []


def test_what_is_allowed_by_name_is_that_name_and_no_other(receiver: Receiver) -> None:
    gateway("LOCALHOST", receiver, allow=frozenset({"localhost"})).send(NOTICE)
    for host in (INSIDE, "localhost.", "127.1"):
        with pytest.raises(NotSent, match=r"not public|name not found"):
            gateway(host, receiver, allow=frozenset({"localhost"})).send(NOTICE)
    assert len(receiver.posts) == 1


def test_a_proxy_of_the_environment_is_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with http_receiver() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}/")
        gateway(INSIDE, receiver, allow=frozenset({INSIDE})).send(NOTICE)
        assert (len(receiver.posts), proxy.connections) == (1, 0)


def test_many_addresses_share_one_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 200, 2))
    calls = Calls()
    monkeypatch.setattr(socket, "getaddrinfo", Names(tuple(f"203.0.114.{n}" for n in range(1, 60))))
    monkeypatch.setattr(socket, "create_connection", calls)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    with pytest.raises(NotSent, match="no connection"):
        open_socket("many.example.org", 80, allow=frozenset(), seconds=5.0)
    assert calls.waits == [3.0, 1.0]  # each look at the clock takes two seconds


def test_a_gateway_may_want_the_secret_itself_and_say_in_its_answer_whether_it_took_the_notice(
    receiver: Receiver,
) -> None:
    own = {"headers": {"Authorization": "Bearer {secret}"}, "secret": "hush", "allow": frozenset({INSIDE})}
    receiver.said = b'{"errcode": 0}'
    gateway(INSIDE, receiver, taken='"errcode": *0', **own).send(NOTICE)
    assert receiver.posts[0].headers["authorization"] == "Bearer hush"
    receiver.said = b'{"errcode": 45009, "errmsg": "13800005678 hush"}'
    with pytest.raises(NotSent, match=r"^HTTP 200, and its answer does not say that it was taken$"):
        gateway(INSIDE, receiver, taken='"errcode": *0\\b', **own).send(NOTICE)


SMS = '[[channel]]\nname="s"\nkind="gateway"\nurl="https://sms.example.org/"\nbody="1"\nsecret_env="KEY"\n'


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ('headers={Host="127.0.0.1"}', "Host"),
        ('headers={content-length="0"}', "content-length"),
        ('headers={X-Wangge-Signature="1"}', "X-Wangge-Signature"),
        ('headers={"A B"="1"}', "A B"),
        ('headers={"A\\r\\nB"="1"}', "headers"),
        ('headers={A="1\\r\\nHost: inside"}', "A is no line"),
        ("headers={A=1}", "A is no line"),
        ('headers={A="{secret}"}', "A is no line"),
        ("taken='('", "taken"),
    ],
)
def test_headers_and_patterns_that_cannot_be_meant_are_refused(tmp_path: Path, more: str, named: str) -> None:
    (tmp_path / "notices.toml").write_text(f"{SMS}{more}\n")
    with pytest.raises(Problem, match=named) as refused:
        read_channels(tmp_path, {"KEY": "a\nb"})
    assert "a\nb" not in str(refused.value)


def test_a_gateway_that_answers_twice_took_one_notice_and_holds_up_nobody() -> None:
    """And goes on talking on a connection that nobody listens to any more."""
    asked: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(2):
            peer, _ = server.accept()
            with peer, contextlib.suppress(OSError):
                asked.append(peer.recv(65_536))
                peer.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 no\r\nContent-Length: 2\r\n\r\nno"
                )
                peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n" * 1000)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    twice = Gateway(name="s", url=f"http://{INSIDE}:{server.getsockname()[1]}/", body="{}", allow=frozenset({INSIDE}))
    assert [twice.send(NOTICE), twice.send(NOTICE)] == ["", ""]
    server.close()
    thread.join(5)
    ids = {line for request in asked for line in request.split(b"\r\n") if line.lower().startswith(b"x-wangge-message")}
    assert (len(asked), len(ids)) == (2, 1)  # a second attempt has the id of the first: the gateway may drop it
