"""`wangge serve --tls`: who trusts the local authority reaches the pages, and the browser gives position and camera."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, pkcs12
from playwright.sync_api import expect, sync_playwright
from websockets.sync.client import connect

from dashboards.tls import for_terminal
from dispatch.cluster import Urls
from dispatch.people.passwords import hash_password
from gis.db import execute, write
from tests.cases.town import OFF_ROAD, settled
from tests.pages.seats import CHROMIUM, FLAGS, PHONE
from tests.people.made import PASSWORD

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
UNIT, PACKED, LIVE = "enforcement-a", b"pass", "/live"
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
HAS_CAMERA = "navigator.mediaDevices.getUserMedia({video: true}).then(stream => stream.getVideoTracks().length)"


@dataclass
class Server:
    """Where it serves, and the folder with its authority."""

    address: str
    tls: Path
    said: Path


@pytest.fixture(scope="module")
def secure(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("tls")
    with settled(), write() as tx:
        execute(tx, "UPDATE person SET password_hash = %(h)s, must_change = false", h=hash_password(PASSWORD))
    with _serving(database, data) as server:
        yield server


@contextmanager
def _serving(database: Urls, data: Path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"WANGGE_DATABASE_URL": database.owner, "WANGGE_DATA": str(data), "PYTHONPATH": str(ROOT)}
    environment["WANGGE_TLS"] = "1"  # as --tls
    said = data / "said"
    command = [sys.executable, "-m", "dashboards.cli", "serve", "--port", str(port), "--workers", "1"]
    with said.open("w") as log:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=log, stdout=log)
    try:
        _wait(process, port)
        yield Server(f"https://127.0.0.1:{port}", data / "tls", said)
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("it does not serve")


def test_only_who_trusts_the_authority_gets_in(secure: Server) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(secure.address)
    trusting = ssl.create_default_context(cafile=str(secure.tls / "authority.pem"))
    with httpx.Client(base_url=secure.address, verify=trusting) as web:
        answer = web.post("/login", data={"login": "inspector1", "password": PASSWORD, "next": "/"})
        assert answer.status_code == 303
        assert "secure" in answer.headers["set-cookie"].lower()


def test_it_says_how_a_phone_trusts_it(secure: Server) -> None:
    said = secure.said.read_text()
    assert str(secure.tls / "authority.pem") in said
    assert {word for word in ("Android", "iPhone", "HarmonyOS") if word not in said} == set()
    assert (secure.tls / "authority-key.pem").stat().st_mode & 0o077 == 0


def test_a_browser_that_trusts_it_gives_position_and_camera(secure: Server, tmp_path: Path) -> None:
    flags = [*FLAGS, *CAMERA, *_trust(secure, tmp_path)]
    with sync_playwright() as playwright:
        home = {**os.environ, "HOME": str(tmp_path)}
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=CHROMIUM, args=flags, env=home, locale="zh-CN",
            viewport={"width": PHONE[0], "height": PHONE[1]}, permissions=["geolocation", "camera"],
            geolocation={"longitude": OFF_ROAD[0], "latitude": OFF_ROAD[1], "accuracy": 6},
        )  # fmt: skip
        page = context.new_page()
        page.goto(secure.address + "/login")
        page.get_by_label("账号").fill("inspector1")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.get_by_role("link", name="拍照上报").click()
        assert page.evaluate("isSecureContext")
        page.get_by_role("button", name="用我的位置").click()
        expect(page.get_by_text("已定位，±6 m")).to_be_visible()
        assert page.evaluate(HAS_CAMERA) == 1
        context.close()


def client_of(secure: Server, certificate: tuple[bytes, str] | None, folder: Path) -> httpx.Client:
    """Somebody of a department, logged in, whose browser shows this certificate."""
    context = ssl.create_default_context(cafile=str(secure.tls / "authority.pem"))
    if certificate is not None:
        key, shown, _ = pkcs12.load_key_and_certificates(certificate[0], PACKED)
        assert key is not None
        assert shown is not None
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "both.pem").write_bytes(plain + shown.public_bytes(Encoding.PEM))
        context.load_cert_chain(folder / "both.pem")
    web = httpx.Client(base_url=secure.address, verify=context, headers={"accept": "text/html"})
    assert web.post("/login", data={"login": UNIT, "password": PASSWORD, "next": "/"}).status_code == 303
    return web


def test_a_terminal_bound_to_a_certificate_is_used_by_who_shows_it(secure: Server, tmp_path: Path) -> None:
    mine, other = (for_terminal(secure.tls.parent, name, PACKED) for name in ("东河 一楼", "another"))
    with write() as tx:
        execute(
            tx,
            """INSERT INTO connection (unit_id, networks, certificates, proxy)
               VALUES (%(unit)s, '{}', %(shown)s, '')""",
            unit=UNIT,
            shown=[mine[1]],
        )
    for certificate, words in ((None, "未出示可识读的证书"), (other, "出示的证书不符")):
        with closing(client_of(secure, certificate, tmp_path)) as web:
            refused = web.get("/desk", headers={"x-ssl-client-cert": "of no trusted proxy"})
            assert (refused.status_code, words in refused.text) == (403, True)
            assert web.get("/api/v1/me").status_code == 200  # who I am, and the way out, stay open
    with closing(client_of(secure, mine, tmp_path)) as web:
        assert web.get("/desk").status_code == 200
        cookie = "; ".join(f"{name}={word}" for name, word in web.cookies.items())
    context = ssl.create_default_context(cafile=str(secure.tls / "authority.pem"))
    context.load_cert_chain(tmp_path / "both.pem")
    live = secure.address.replace("https", "wss") + LIVE
    with connect(live, ssl=context, origin=secure.address, additional_headers={"cookie": cookie}) as heard:  # type: ignore[arg-type]
        assert heard.recv(timeout=20)
    with write() as tx:
        execute(tx, "DELETE FROM connection WHERE unit_id = %(unit)s", unit=UNIT)


def test_a_certificate_of_nobody_we_know_is_refused_by_the_connection(secure: Server, tmp_path: Path) -> None:
    foreign = for_terminal(tmp_path, "x", PACKED)
    with pytest.raises(httpx.TransportError):
        client_of(secure, foreign, tmp_path)


def _trust(secure: Server, home: Path) -> list[str]:
    """The authority among the browser's own, where the tool for that is; else this one key, as its flag allows."""
    store = home / ".pki" / "nssdb"
    if certutil := shutil.which("certutil"):
        store.mkdir(parents=True)
        authority = str(secure.tls / "authority.pem")
        subprocess.run([certutil, "-d", f"sql:{store}", "-N", "--empty-password"], check=True)
        subprocess.run([certutil, "-d", f"sql:{store}", "-A", "-t", "C,,", "-n", "w", "-i", authority], check=True)
        return []
    key = x509.load_pem_x509_certificate((secure.tls / "server.pem").read_bytes()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return [f"--ignore-certificate-errors-spki-list={base64.b64encode(digest).decode()}"]
