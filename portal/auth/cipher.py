"""Secrets that must be read again, such as the one an app's codes are made from, kept so that the database alone does not give them away.

AES-GCM under a key derived from the portal's own. Whose it is goes into the seal, so that a row copied to another person opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.config import settings

NONCE = 12


def encrypt(plain: bytes, owner: str) -> str:
    """Give the text to keep: 20 bytes become 64 characters."""
    nonce = secrets.token_bytes(NONCE)
    return base64.urlsafe_b64encode(nonce + _cipher().encrypt(nonce, plain, owner.encode())).decode()


def decrypt(kept: str, owner: str) -> bytes | None:
    """Give back what was encrypted for this owner; None when it is damaged, another's, or the portal has another key now."""
    try:
        sealed = base64.urlsafe_b64decode(kept)
        return _cipher().decrypt(sealed[:NONCE], sealed[NONCE:], owner.encode())
    except (InvalidTag, binascii.Error, ValueError):
        return None


def _cipher() -> AESGCM:
    return AESGCM(hmac.digest(settings().secret_key.encode(), b"secrets kept in the database", hashlib.sha256))
