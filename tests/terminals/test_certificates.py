"""What a proxy says of a browser's certificate counts if the proxy is trusted; a command makes one for a terminal."""

from __future__ import annotations

import hashlib
import ssl
from argparse import ArgumentParser
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import trustme

from dashboards.terminal_command import command
from dispatch.http import behind_proxy
from dispatch.people.who import CERTIFICATE
from gis.problems import Conflict

PEM = trustme.CA().cert_pem.bytes().decode()
DER = ssl.PEM_cert_to_DER_cert(PEM)
VERSION = DER.index(b"\xa0\x03\x02\x01") + 4  # [0] INTEGER, one byte long
NO_SUCH_VERSION = ssl.DER_cert_to_PEM_cert(DER[:VERSION] + b"\x09" + DER[VERSION + 1 :])
SHOWN = hashlib.sha256(DER).hexdigest()


def seen(client: str, header: str | None, own: str | None = None) -> str | None:
    headers = [] if header is None else [(b"x-ssl-client-cert", header.encode())]
    scope: dict[str, Any] = {"type": "http", "client": (client, 1), "headers": headers, "scheme": "http"}
    if own is not None:
        scope["state"] = {CERTIFICATE: own}
    behind_proxy(scope, [ip_network("10.0.0.1/32")])
    found: str | None = scope.get("state", {}).get(CERTIFICATE)
    return found


@pytest.mark.parametrize(
    ("client", "header", "own", "counts"),
    [
        ("10.0.0.1", quote(PEM), None, SHOWN),
        ("10.0.0.2", quote(PEM), None, None),  # no proxy of ours
        ("10.0.0.2", quote(PEM), "own", "own"),
        ("10.0.0.1", None, "the proxy's own", None),  # is not its browser's
        ("10.0.0.1", SHOWN, None, None),
        ("10.0.0.1", quote(NO_SUCH_VERSION), None, None),
        ("10.0.0.1", "-----BEGIN CERTIFICATE-----%0A%25%0A-----END CERTIFICATE-----", None, None),
    ],
    # By name: the certificate is another one in each process of a test run, which all must know the same tests.
    ids=[
        "of our proxy",
        "of a stranger",
        "of a stranger with its own",
        "the proxy's own",
        "no certificate",
        "of a version there is none of",
        "a broken one",
    ],
)
def test_whose_word_counts(client: str, header: str | None, own: str | None, counts: str | None) -> None:
    assert seen(client, header, own) == counts


def test_the_command_writes_once_and_tells_the_fingerprint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = ArgumentParser()
    command.add_arguments(parser)
    asked = parser.parse_args(["water 1", str(tmp_path / "water.p12")])
    assert command.run(asked) == 0
    told = capsys.readouterr()
    assert len(told.out.strip()) == 64
    assert (tmp_path / "water.p12").stat().st_mode & 0o077 == 0
    with pytest.raises(Conflict):
        command.run(asked)
