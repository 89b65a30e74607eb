"""The keys by which gateways sign what they send. They are derived from the portal's own key and kept nowhere."""

from __future__ import annotations

import hashlib
import hmac

from portal.config import settings
from scheduling.gateways import Gateway


def key_of(gateway: Gateway) -> str:
    """Give the key of a gateway, to be shown once to who sets it up."""
    return _derived(f"gateway/{gateway.id}/{gateway.key_number}")


def is_signed(gateway: Gateway, body: bytes, signature: str) -> bool:
    """Say whether a body was signed by this gateway: HMAC-SHA256 of the body with its key, in hexadecimal."""
    wanted = hmac.new(key_of(gateway).encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.strip().lower().encode("utf-8", "replace"))


def card_digest(number: str) -> str:
    """Give what is kept of the number on a card; without the portal's key nobody can go through all numbers there are."""
    return _derived(f"card/{number.strip().upper()}")


def _derived(what: str) -> str:
    return hmac.new(settings().secret_key.encode(), what.encode(), hashlib.sha256).hexdigest()
