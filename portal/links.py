"""Addresses for readers who are not on a page: in mail, calendars and exports. They never come from a Host header."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from portal.config import settings


def outside_url(endpoint: str, **values: Any) -> str:
    """Give the full address of a page, under PORTAL_BASE_URL, with or without a request."""
    base = urlsplit(settings().base_url)
    adapter = current_app.url_map.bind(base.netloc, script_name=base.path or "/", url_scheme=base.scheme)
    return adapter.build(endpoint, values, force_external=True)
