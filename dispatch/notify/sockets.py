"""The only way out: a connection to an address that was looked at after its name was resolved, and to no other."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

__all__ = ["NotSent", "connection", "is_public", "open_socket"]

Address = IPv4Address | IPv6Address
TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64: the last 32 bits are an IPv4 address
GIVEN_OUT = IPv6Network("2000::/3")  # all of IPv6 that the Internet uses; much of the rest is old forms of inside
ASSIGNMENTS = IPv4Network("192.0.0.0/24")  # for protocols; some clouds answer there, and older Pythons call it global


class NotSent(Exception):
    """A channel could not hand a notice over. The words hold neither address, text nor secret: people read them."""


def open_socket(host: str, port: int, *, allow: frozenset[str], seconds: float) -> socket.socket:
    """A connection to `host`; `allow` holds the names the operator lets lead anywhere. Raises NotSent.

    All addresses of the name must be public, not only the one taken: a name with two faces is not trusted. The
    connection goes to what was looked at, so a name that resolves otherwise a moment later gains nothing.
    """
    end = time.monotonic() + seconds
    found = _resolved(host, port)
    if host.lower() not in allow and not all(is_public(ip_address(place[0])) for place in found):
        raise NotSent("address not public; the operator may allow the host by name")
    for place in found:
        # A name server that answers slowly is the resolver's to bound; connections are ours, all of them together.
        left = end - time.monotonic()
        if left <= 0:
            break
        with contextlib.suppress(OSError):
            connection = socket.create_connection((place[0], port), timeout=left)
            connection.settimeout(seconds)
            return connection
    raise NotSent("no connection")


def _resolved(host: str, port: int) -> list[tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent("name not found") from error
    return [(str(place[4][0]).split("%")[0], port) for place in found]


def is_public(address: Address) -> bool:
    """Whether it lies in the open Internet. IPv6 forms that carry an IPv4 address are as public as that one."""
    inner = _carried(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, IPv6Address):
        return address.is_global and address in GIVEN_OUT
    return address.is_global and not address.is_multicast and address not in ASSIGNMENTS


def _carried(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


@contextmanager
def connection(host: str, port: int, *, allow: frozenset[str], seconds: float) -> Iterator[socket.socket]:
    """A connection as of `open_socket`, shut when so many seconds more are over, TLS and all: a peer that sends a byte
    now and then holds nobody. Raises NotSent, also for a certificate that is not to be trusted."""
    plain = open_socket(host, port, allow=allow, seconds=seconds)
    handle = plain.dup()  # of its own: what wraps the connection into TLS takes the first one away
    timer = threading.Timer(seconds, _shut, [handle])
    timer.daemon = True
    timer.start()
    try:
        yield plain
    except ssl.SSLCertVerificationError as error:
        raise NotSent(f"TLS: {error.verify_message}") from error
    except ssl.SSLError as error:
        raise NotSent(f"TLS: {error.reason or type(error).__name__}") from error
    finally:
        timer.cancel()
        timer.join()
        handle.close()
        plain.close()


def _shut(handle: socket.socket) -> None:
    with contextlib.suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)
