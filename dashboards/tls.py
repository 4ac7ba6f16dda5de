"""HTTPS for a closed network: an authority of our own, kept in the data folder, and a certificate signed by it.

Browsers hand out position and camera only over HTTPS.
"""

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12

__all__ = ["addresses", "certificate", "for_terminal", "how_to_trust"]

VALID = timedelta(days=800)  # phones refuse a server's certificate of more than 825 days
RENEW = timedelta(days=60)


def certificate(data: Path, hosts: list[str]) -> tuple[Path, Path, Path]:
    """Files of certificate, key and authority for these names and addresses; made anew only if they must be."""
    folder = data / "tls"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = _authority(folder / "authority.pem", folder / "authority-key.pem")
    cert, key = folder / "server.pem", folder / "server-key.pem"
    if not (key.exists() and _still_good(cert, hosts)):
        issued = authority.issue_cert(*hosts, organization_name="Wangge", not_after=datetime.now(UTC) + VALID)
        _keep(key, issued.private_key_pem.bytes())
        _keep(cert, b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return cert, key, folder / "authority.pem"


def for_terminal(data: Path, name: str, password: bytes) -> tuple[bytes, str]:
    """A certificate for a terminal with its key, as PKCS #12 for a browser, and its SHA-256. Neither is kept."""
    folder = data / "tls"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = _authority(folder / "authority.pem", folder / "authority-key.pem")
    issued = authority.issue_cert(common_name=name, organization_name="Wangge", not_after=datetime.now(UTC) + VALID)
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), password=None)
    shown = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())
    if not isinstance(key, EllipticCurvePrivateKey | RSAPrivateKey):
        raise TypeError("the authority made a key that no browser takes")
    locked = serialization.BestAvailableEncryption(password)
    packed = pkcs12.serialize_key_and_certificates(name.encode(), key, shown, None, locked)
    return packed, shown.fingerprint(hashes.SHA256()).hex()


def addresses() -> list[str]:
    """Names and addresses under which this machine may be called."""
    found = {"localhost", "127.0.0.1", socket.gethostname()}
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address: sends nothing, but chooses our own
            found.add(probe.getsockname()[0])
        except OSError:
            pass  # no network at all
    return sorted(found)


def how_to_trust(authority: Path) -> str:
    """What to tell somebody who holds a phone."""
    return (
        f"Send the file {authority} to the phone once, by mail or cable, then\n"
        "  Android: Settings → Security → Encryption & credentials → Install a certificate → CA certificate\n"
        "  iPhone:  open it, Settings → General → VPN & Device Management → install; then\n"
        "           Settings → General → About → Certificate Trust Settings → switch it on\n"
        "  HarmonyOS: 设置 → 安全 → 加密和凭据 → 从存储设备安装 → CA 证书"
    )


def _authority(cert: Path, key: Path) -> trustme.CA:
    if cert.exists() and key.exists():
        return trustme.CA.from_pem(cert.read_bytes(), key.read_bytes())
    made = trustme.CA(organization_name="Wangge", organization_unit_name=socket.gethostname())
    _keep(key, made.private_key_pem.bytes())
    _keep(cert, made.cert_pem.bytes())
    return made


def _still_good(cert: Path, hosts: list[str]) -> bool:
    if not cert.exists():
        return False
    found = x509.load_pem_x509_certificate(cert.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    covered = {str(name.value) for name in names}
    return set(hosts) <= covered and found.not_valid_after_utc - datetime.now(UTC) > RENEW


def _keep(path: Path, content: bytes) -> None:
    """Write for our own eyes; whole or not at all."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    fresh.rename(path)
