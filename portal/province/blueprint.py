"""The blueprint of the province's pages: its administrators change, auditors of the whole network may look."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from instruments.errors import Forbidden, NotFound
from portal.auth import viewer
from portal.auth.current import ask_to_log_in

province = Blueprint("province", __name__, url_prefix="/province")


@province.before_request
def _administrators_only() -> Any:
    who = viewer()
    if who.is_anonymous:
        return ask_to_log_in()
    if who.is_province_admin:
        return None
    if who.may_audit(None):
        if request.method in ("GET", "HEAD"):
            return None
        raise Forbidden
    raise NotFound
