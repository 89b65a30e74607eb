"""The blueprint of a person's own pages: nobody else's, and nobody's without a login."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from portal.auth import viewer
from portal.auth.current import ask_to_log_in

me = Blueprint("me", __name__, url_prefix="/me")


@me.before_request
def _log_in_first() -> Any:
    return ask_to_log_in() if viewer().is_anonymous else None
