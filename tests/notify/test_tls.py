"""Who is told a notice or a password has shown a certificate for the name that was asked for, and is cut in time."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import trustme

from dispatch.notify import channels
from dispatch.notify.channels import Gateway, Mail, Notice
from dispatch.notify.sockets import NotSent
from tests.notify.receivers import http_receiver, smtp_server

HERE = frozenset({"localhost"})
NOTICE = Notice(id=uuid4(), to="wang@example.org", subject="7", text="x", case="7")
MAIL = Mail(name="m", host="localhost", port=0, sender="w@example.org", user="w", secret="hush", allow=HERE)
GATEWAY = Gateway(name="g", url="", body="{}", secret="hush", allow=HERE)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """One that this machine trusts, as the operator of a closed network would have it."""
    authority = trustme.CA()
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return authority


def shown(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_a_letter_and_a_password_go_to_whom_the_authority_vouches_for(authority: trustme.CA, tls: str) -> None:
    with smtp_server(shown(authority), at_once=tls == "tls") as office:
        assert replace(MAIL, port=office.port, tls=tls).send(NOTICE) == "2.0.0 Ok: queued as N1"
        assert [to for to, _ in office.letters] == [NOTICE.to]
        assert office.passwords == ["hush"]


@pytest.mark.parametrize("tls", ["tls", "starttls"])
@pytest.mark.parametrize(("who", "name", "why"), [
    ("a stranger", "localhost", "unable to get local issuer certificate"),
    ("ours", "mail.example.org", "Hostname mismatch"),
])  # fmt: skip
def test_nobody_else_learns_the_password_or_the_letter(
    authority: trustme.CA, tls: str, who: str, name: str, why: str
) -> None:
    issuer = trustme.CA() if who == "a stranger" else authority
    with smtp_server(shown(issuer, name), at_once=tls == "tls") as office:
        with pytest.raises(NotSent, match=f"^TLS: {why}"):
            replace(MAIL, port=office.port, tls=tls).send(NOTICE)
        assert (office.letters, office.passwords) == ([], [])


def test_a_server_that_offers_no_tls_is_not_spoken_to_in_the_open(authority: trustme.CA) -> None:
    with smtp_server() as office:
        with pytest.raises(NotSent, match="SMTPNotSupportedError"):
            replace(MAIL, port=office.port, tls="starttls").send(NOTICE)
        with pytest.raises(NotSent, match="TLS: "):
            replace(MAIL, port=office.port, tls="tls").send(NOTICE)
        assert (office.letters, office.passwords) == ([], [])


def test_a_gateway_shows_its_certificate_too(authority: trustme.CA) -> None:
    with http_receiver(shown(authority)) as receiver:
        replace(GATEWAY, url=f"https://localhost:{receiver.port}/").send(NOTICE)
        assert len(receiver.posts) == 1
    for issuer, name in ((trustme.CA(), "localhost"), (authority, "sms.example.org")):
        with http_receiver(shown(issuer, name)) as receiver:
            with pytest.raises(NotSent, match="TLS: "):
                replace(GATEWAY, url=f"https://localhost:{receiver.port}/").send(NOTICE)
            assert receiver.posts == []


@contextmanager
def drip(context: ssl.SSLContext, *, offered: bool) -> Iterator[int]:
    """A server that speaks TLS, `offered` by STARTTLS or at once, then sends a byte now and then, for ten seconds."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            peer, _ = server.accept()
            if offered:
                peer.sendall(b"220 test\r\n")
                peer.recv(1000)
                peer.sendall(b"250-test\r\n250 STARTTLS\r\n")
                peer.recv(1000)
                peer.sendall(b"220 go on\r\n")
            with context.wrap_socket(peer, server_side=True) as hidden:
                end = time.monotonic() + 10
                while time.monotonic() < end:
                    hidden.sendall(b"2")
                    time.sleep(0.2)
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.close()
    thread.join(11)


WAYS: dict[str, Callable[[int], Mail | Gateway]] = {
    "mail": lambda port: replace(MAIL, port=port, tls="tls"),
    "starttls": lambda port: replace(MAIL, port=port, tls="starttls"),
    "gateway": lambda port: replace(GATEWAY, url=f"https://localhost:{port}/"),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_answers_with_a_byte_now_and_then_is_cut_behind_tls_too(
    authority: trustme.CA, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "SECONDS", 1.0)
    with drip(shown(authority), offered=way == "starttls") as port:
        begun = time.monotonic()
        with pytest.raises((NotSent, OSError)):
            WAYS[way](port).send(NOTICE)
        assert time.monotonic() - begun < 4
