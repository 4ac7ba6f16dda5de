"""The other side: a small SMTP server and a small HTTP receiver, on sockets of this machine."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Post:
    """What was posted."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A listener; `answer` and `said`, what an answer holds, may be exchanged while it listens."""

    port: int = 0
    connections: int = 0
    posts: list[Post] = field(default_factory=list)
    letters: list[tuple[str, Message]] = field(default_factory=list)
    answer: Callable[[Post], int] = field(default=lambda post: 200)
    said: bytes = b""


@contextmanager
def http_receiver() -> Iterator[Receiver]:
    """Takes every POST, and answers what `answer` says; 302 leads to `/` on itself, -1 hangs for 60 s."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            post = Post(self.path, {name.lower(): word for name, word in self.headers.items()}, body)
            receiver.posts.append(post)
            status = receiver.answer(post)
            if status < 0:
                over.wait(60)
                return
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/")
            self.send_header("Content-Length", str(len(receiver.said)))
            self.end_headers()
            self.wfile.write(receiver.said)

        def do_GET(self) -> None:
            receiver.posts.append(Post(self.path, {}, b""))

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def get_request(self) -> Any:
            receiver.connections += 1
            return super().get_request()

        def handle_error(self, *_: object) -> None:
            """The other side hung up: so it should."""

    over = threading.Event()
    with _listening(Server(("127.0.0.1", 0), Handler), receiver):
        yield receiver
        over.set()


@contextmanager
def smtp_server() -> Iterator[Receiver]:
    """A post office: recipients at `nobody.` are unknown, those at `slow.` are never answered."""
    server = _PostOffice(("127.0.0.1", 0), _Clerk)
    with _listening(server, server.receiver):
        yield server.receiver
        server.over.set()


class _PostOffice(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.receiver, self.over = Receiver(), threading.Event()

    def handle_error(self, *_: object) -> None:
        """The other side hung up: so it should."""


class _Clerk(socketserver.StreamRequestHandler):
    """Speaks as much of RFC 5321 as a letter needs."""

    server: _PostOffice
    to = ""

    def handle(self) -> None:
        self.server.receiver.connections += 1
        self.say("220 test")
        while (line := self.rfile.readline().decode().strip()) and line.upper() != "QUIT":
            self.obey(line)

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def obey(self, line: str) -> None:
        if line.upper().startswith("RCPT"):
            self.to = line.split("<")[1].split(">")[0]
            if "@slow." in self.to:
                self.server.over.wait(60)
            self.say("550 unknown" if "@nobody." in self.to else "250 ok")
        elif line.upper() == "DATA":
            self.say("354 go on")
            lines = iter(self.rfile.readline, b".\r\n")
            self.server.receiver.letters.append((self.to, message_from_bytes(b"".join(lines))))
            self.say("250 taken")
        else:
            self.say("250 ok")


@contextmanager
def _listening(server: socketserver.TCPServer, receiver: Receiver) -> Iterator[None]:
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def until(condition: Callable[[], object], seconds: float = 20) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
