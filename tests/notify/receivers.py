"""The other side: a small SMTP server and a small HTTP receiver, on sockets of this machine."""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
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
    passwords: list[str] = field(default_factory=list)
    answer: Callable[[Post], int] = field(default=lambda post: 200)
    said: bytes = b""


@contextmanager
def http_receiver(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Takes every POST, and answers what `answer` says; 302 leads to `/` on itself, -1 hangs for 60 s. `context`: it
    speaks TLS."""
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
            plain, address = super().get_request()
            return _hidden(plain, context), address

        def handle_error(self, *_: object) -> None:
            """The other side hung up: so it should."""

    over = threading.Event()
    with _listening(Server(("127.0.0.1", 0), Handler), receiver):
        yield receiver
        over.set()


def _hidden(plain: socket.socket, context: ssl.SSLContext | None) -> socket.socket:
    """Who connects is let in at once, and does the handshake with a thread of its own."""
    if context is None:
        return plain
    return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)


@contextmanager
def smtp_server(context: ssl.SSLContext | None = None, *, at_once: bool = False) -> Iterator[Receiver]:
    """A post office: recipients at `nobody.` are unknown, those at `slow.` are never answered. `context`: it offers
    STARTTLS, or speaks TLS `at_once`."""
    server = _PostOffice(("127.0.0.1", 0), _Clerk)
    server.context, server.at_once = context, at_once
    with _listening(server, server.receiver):
        yield server.receiver
        server.over.set()


class _PostOffice(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    context: ssl.SSLContext | None = None
    at_once = False

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
        if self.server.at_once:
            self.hide()
        self.say("220 test")
        while (line := self.rfile.readline().decode().strip()) and line.upper() != "QUIT":
            self.obey(line)

    def finish(self) -> None:
        self.connection.close()

    def hide(self) -> None:
        """TLS from here on."""
        assert self.server.context is not None
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")

    def say(self, words: str) -> None:
        self.connection.sendall(f"{words}\r\n".encode())

    def obey(self, line: str) -> None:
        if line.upper().startswith("EHLO"):
            hidden = isinstance(self.connection, ssl.SSLSocket)
            self.say("250-test" + ("\r\n250-STARTTLS" if self.server.context and not hidden else ""))
            self.say("250 AUTH PLAIN")
        elif line.upper() == "STARTTLS":
            self.say("220 go on")
            self.hide()
        elif line.upper().startswith("AUTH PLAIN"):
            self.server.receiver.passwords.append(base64.b64decode(line.split()[2]).decode().split("\0")[2])
            self.say("235 come in")
        elif line.upper().startswith("RCPT"):
            self.to = line.split("<")[1].split(">")[0]
            if "@slow." in self.to:
                self.server.over.wait(60)
            self.say("550 unknown" if "@nobody." in self.to else "250 ok")
        elif line.upper() == "DATA":
            self.say("354 go on")
            lines = iter(self.rfile.readline, b".\r\n")
            self.server.receiver.letters.append(
                (self.to, message_from_bytes(b"".join(one.removeprefix(b".") for one in lines)))
            )
            self.say(f"250 2.0.0 Ok: queued as N{len(self.server.receiver.letters)}")
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
