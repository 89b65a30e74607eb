"""Random secrets handed to people, and the hashes kept of them: who reads the database cannot use what is in it."""

from __future__ import annotations

import hashlib
import secrets

BYTES = 24  # 192 bits of chance


def new_secret(prefix: str = "") -> str:
    """Make a secret for a cookie, a link or a program."""
    return prefix + secrets.token_urlsafe(BYTES)


def digest(secret: str) -> str:
    """Give the SHA-256 of a secret; enough, because nobody can guess 192 bits whatever the hash costs."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
