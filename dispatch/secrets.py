"""Free text, names, phones and mail addresses under a key of the case's or person's own: destroy the key, and they are
noise; the steps stay whole."""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


def new_key() -> bytes:
    """A key for one case or person: 256 bits."""
    return AESGCM.generate_key(bit_length=256)


def conceal(key: bytes, text: str) -> bytes:
    """Nonce and ciphertext (AES-256-GCM)."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), None)


def reveal(key: bytes, body: bytes) -> str:
    """The text. Raises cryptography.exceptions.InvalidTag if key or body are not what they were."""
    return AESGCM(key).decrypt(body[:NONCE], body[NONCE:], None).decode()


def salted_hash(key: bytes, text: str) -> bytes:
    """HMAC-SHA-256: binds a step to its text without telling it."""
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
