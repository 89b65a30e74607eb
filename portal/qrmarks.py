"""The code on an instrument: its address with a mark that only the portal can make, so that "by QR code" means that somebody stood there."""

from __future__ import annotations

import hashlib
import hmac

import segno
from flask import current_app
from markupsafe import Markup

from portal.links import outside_url

LENGTH = 20


def mark_of(instrument_id: int) -> str:
    """Give the mark of an instrument; it stays as long as the portal's key does."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"instrument-code/{instrument_id}".encode(), hashlib.sha256).hexdigest()[:LENGTH]


def source_of(instrument_id: int, mark: str) -> str:
    """Say where a check-in comes from: 'qr' with the instrument's mark, else 'web'."""
    given = mark.encode("utf-8", "surrogatepass")
    return "qr" if hmac.compare_digest(given, mark_of(instrument_id).encode()) else "web"


def address_of(instrument_id: int) -> str:
    """Give the full address that the code holds."""
    return outside_url("usage.at", instrument_id=instrument_id, at=mark_of(instrument_id))


def code_of(instrument_id: int) -> Markup:
    """Draw the code as SVG for the page; error correction M survives a scratch."""
    drawn: str = segno.make(address_of(instrument_id), error="m", micro=False).svg_inline(scale=6, border=4, svgclass="qr", lineclass=None)
    return Markup(drawn)
