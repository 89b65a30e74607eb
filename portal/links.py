"""Addresses: for readers who are not on a page (mail, calendars, exports; never from a Host header), and the numbers in them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from werkzeug.routing import IntegerConverter, Map

from portal.config import settings

LARGEST_KEY = 2**63 - 1


class Key(IntegerConverter):
    """A row's number in an address: one that no database could hold leads nowhere."""

    regex = "[0-9]{1,19}"

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:
        super().__init__(map, *args, **{"max": LARGEST_KEY, **options})


def outside_url(endpoint: str, **values: Any) -> str:
    """Give the full address of a page, under PORTAL_BASE_URL, with or without a request."""
    base = urlsplit(settings().base_url)
    adapter = current_app.url_map.bind(base.netloc, script_name=base.path or "/", url_scheme=base.scheme)
    return adapter.build(endpoint, values, force_external=True)


def outside_path(path: str) -> str:
    """Give the full address of a path that is fixed."""
    return settings().base_url + path
