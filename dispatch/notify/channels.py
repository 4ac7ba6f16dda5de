"""Ways out of the house behind one Protocol: e-mail by SMTP, a gateway (SMS, messenger) by HTTP; a file for trials."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, quote_plus, urlsplit
from uuid import UUID

from dispatch.notify.sockets import NotSent, connection
from dispatch.people.reach import masked

__all__ = ["PLACEHOLDERS", "Channel", "Gateway", "Mail", "Notice", "TrialFile", "fill"]

SECONDS = 5.0  # to connect; then as many for one notice, from TLS to the answer
PLACEHOLDERS = ("to", "text", "subject", "case", "id", "secret")
HIDDEN = "{secret}"
LONGEST_REFERENCE = 64
MOST_ANSWER = 65_536  # bytes of an answer that are read; none of them is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to one person by one channel. `id` is the same at every attempt: the receiver may drop a second."""

    id: UUID
    to: str = field(repr=False)
    subject: str
    text: str
    case: str


class Channel(Protocol):
    """A way to reach people. `reach`: which of a person's addresses it takes, `mail` or `phone`."""

    @property
    def name(self) -> str:
        """Its name in notices.toml, which deliveries keep."""

    @property
    def reach(self) -> str:
        """`mail` or `phone`."""

    @property
    def citizens(self) -> bool:
        """Whether it also reaches whoever reported a case, at the number left with it."""

    @property
    def inside(self) -> bool:
        """Whether nothing leaves the house: what a rehearsal may use."""

    def send(self, notice: Notice) -> str:
        """Hand it over and return when the other side has taken it: what it calls it, if it says so. Raises NotSent,
        OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Through an SMTP server. `tls`: `tls` from the first byte, `starttls`, or `none`."""

    name: str
    host: str
    port: int
    sender: str
    tls: str = "starttls"
    user: str = ""
    secret: str = field(default="", repr=False)
    allow: frozenset[str] = frozenset()
    reach: str = "mail"
    citizens: bool = False
    inside: bool = False

    def send(self, notice: Notice) -> str:
        """One connection for one notice: a server that hangs up costs no other. What it said when it took it."""
        with connection(self.host, self.port, allow=self.allow, seconds=SECONDS) as plain:
            client = _Smtp(self, plain)
            try:
                self._converse(client, notice)
            except smtplib.SMTPResponseException as error:
                raise NotSent(f"SMTP {error.smtp_code}") from error
            except smtplib.SMTPRecipientsRefused as error:
                code = next(iter(error.recipients.values()))[0]
                raise NotSent(f"SMTP {code}: recipient refused") from error
            except smtplib.SMTPException as error:
                raise NotSent(f"SMTP: {type(error).__name__}") from error
            finally:
                client.close()
        return _reference(client.said, notice, self.secret)

    def _converse(self, client: _Smtp, notice: Notice) -> None:
        code, _ = client.connect(self.host, self.port)
        if code != 220:
            raise NotSent(f"SMTP {code}")
        if self.tls == "starttls":
            client.starttls(context=ssl.create_default_context())
        if self.user:
            client.login(self.user, self.secret)
        client.send_message(self._letter(notice), self.sender, [notice.to])
        # Taken is taken: what happens to the farewell changes nothing.

    def _letter(self, notice: Notice) -> EmailMessage:
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = self.sender, notice.to, " ".join(notice.subject.split())
        letter["Date"] = formatdate()
        letter["Message-ID"] = f"<{notice.id}@{self.sender.rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to a machine
        letter.set_content(notice.text)
        return letter


class _Smtp(smtplib.SMTP):
    """smtplib's client on a connection that was looked at. `said`: of the server, when it took the letter."""

    def __init__(self, given: Mail, plain: socket.socket) -> None:
        super().__init__(timeout=SECONDS)
        self.given, self.plain, self.said = given, plain, ""
        self._host = given.host  # whose certificate STARTTLS asks for

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        if self.given.tls != "tls":
            return self.plain
        return ssl.create_default_context().wrap_socket(self.plain, server_hostname=host)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """As the library has it, which then forgets what the server said."""
        code, said = super().data(msg)
        self.said = said.decode("ascii", "replace")
        return code, said


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """POST to a URL. `body` holds placeholders in braces; each value is escaped for `content_type`. `headers`: more of
    them. In these, in the body, and in the path or query of the URL `{secret}` stands for the secret. `taken`: what an
    answer says that took the notice, where its status alone does not tell; what its first group matches is kept as the
    gateway's own number of the notice.

    X-Wangge-Message carries the id; X-Wangge-Signature `t=SECONDS,v1=HEX`: HMAC-SHA-256 under the secret over the
    seconds, a full stop, the id, a full stop, and the body.
    """

    name: str
    url: str
    body: str
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    taken: str = ""
    secret: str = field(default="", repr=False)
    allow: frozenset[str] = frozenset()
    reach: str = "phone"
    citizens: bool = False
    inside: bool = False

    def send(self, notice: Notice) -> str:
        """A 2xx whose answer says so is an acceptance; a redirect is none, and is not followed."""
        parts = urlsplit(self.url)
        secure, host = parts.scheme == "https", parts.hostname or ""
        port = parts.port or (443 if secure else 80)
        with connection(host, port, allow=self.allow, seconds=SECONDS) as plain:
            client = http.client.HTTPConnection(host, port, timeout=SECONDS)
            client.auto_open = 0  # never a second connection, which nobody would have looked at
            client.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if secure else plain
            try:
                status, answer = self._ask(client, notice)
            except (http.client.HTTPException, TimeoutError) as error:
                raise NotSent(f"HTTP: {type(error).__name__}") from error
            finally:
                client.close()
        if not 200 <= status < 300:
            raise NotSent(f"HTTP {status}")
        said = re.search(self.taken, answer.decode("utf-8", "replace"))
        if said is None:
            raise NotSent(f"HTTP {status}, and its answer does not say that it was taken")
        return _reference(said[1] or "" if said.re.groups else "", notice, self.secret)

    def _ask(self, client: http.client.HTTPConnection, notice: Notice) -> tuple[int, bytes]:
        body = fill(self.body, self.content_type, notice, self.secret).encode()
        parts = urlsplit(self.url)
        path = ((parts.path or "/") + (f"?{parts.query}" if parts.query else "")).replace(
            HIDDEN, quote(self.secret, safe="")
        )
        headers = {name: said.replace(HIDDEN, self.secret) for name, said in self.headers.items()}
        headers |= {"Content-Type": f"{self.content_type}; charset=utf-8", "X-Wangge-Message": str(notice.id)}
        if self.secret:
            headers["X-Wangge-Signature"] = _signature(self.secret, notice.id, body)
        client.request("POST", path, body=body, headers=headers)
        answer = client.getresponse()
        return answer.status, answer.read(MOST_ANSWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFile:
    """A line of JSON for each notice, in a file for each day under `folder`: for trials. Nobody is told anything.

    The address is masked: the files stay, and so do their copies.
    """

    name: str
    folder: Path
    reach: str = "phone"
    citizens: bool = False
    inside: bool = True

    def send(self, notice: Notice) -> str:
        """One write to the end of the file, on the disk when it returns: several workers may write at once."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        now = datetime.now(UTC)
        to = masked(notice.to)
        said = {"at": now.isoformat(timespec="seconds"), "id": str(notice.id), "to": to, "text": notice.text}
        opened = os.open(self.folder / f"{now:%Y-%m-%d}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(opened, json.dumps(said, ensure_ascii=False).encode() + b"\n")
            os.fsync(opened)
        finally:
            os.close(opened)
        return ""


def _signature(secret: str, message: UUID, body: bytes) -> str:
    at = int(time.time())
    signed = hmac.new(secret.encode(), f"{at}.{message}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


def _reference(said: str, notice: Notice, secret: str) -> str:
    """What the other side calls a notice, on one short line; nothing that holds the secret, the address, most of a
    number however it is written, or stars for the rest of one."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())
    plain, name = line.casefold(), notice.to.partition("@")[0][-7:].casefold()
    held = name in plain or name in re.sub(r"\D", "", line) or "*" in line or (secret and secret.casefold() in plain)
    return "" if held else line[:LONGEST_REFERENCE]


ESCAPES: dict[str, Callable[[str], str]] = {
    "application/json": lambda words: json.dumps(words, ensure_ascii=False)[1:-1],
    "application/x-www-form-urlencoded": quote_plus,
}


def fill(template: str, content_type: str, notice: Notice, secret: str) -> str:
    """The body with its placeholders filled; whatever a value holds, it stays one value. Raises KeyError."""
    escape = ESCAPES[content_type]
    values = {"to": notice.to, "text": notice.text, "subject": notice.subject, "case": notice.case}
    values |= {"id": str(notice.id), "secret": secret}
    return re.sub(r"\{(" + "|".join(PLACEHOLDERS) + r")\}", lambda found: escape(values[found[1]]), template)
