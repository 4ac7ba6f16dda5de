"""The server's end of a connection: it tells the application which certificate the other end has shown."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from dispatch.people.who import CERTIFICATE

__all__ = ["SeesCertificates"]

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol as Protocol
else:
    Protocol = AutoHTTPProtocol  # whichever of the two is there


class SeesCertificates(Protocol):
    """HTTP, and what becomes of it (WebSockets get the same state), with the SHA-256 of the peer's certificate.

    The handshake has proved by then that the peer holds its key, and that our authority signed it.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """One connection has come in."""
        super().connection_made(transport)
        peer = transport.get_extra_info("ssl_object")
        shown = None if peer is None else peer.getpeercert(binary_form=True)
        if shown:
            self.app_state = {**self.app_state, CERTIFICATE: hashlib.sha256(shown).hexdigest()}
