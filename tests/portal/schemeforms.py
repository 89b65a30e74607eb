"""Evaluation schemes as a browser would send their form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from instruments import data
from instruments.evaluationterms import read_terms
from portal.province.schemeform import form_of

SHIPPED = {one["code"]: one["terms"] for one in data.read("schemes.json")}


def sent(raw: dict[str, Any], **more: str) -> dict[str, str]:
    """Flatten a form into the fields that are sent."""
    return dict(_fields(raw, "")) | more


def _fields(raw: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for key, value in raw.items():
        if isinstance(value, list):
            yield f"n:{path}{key}", str(len(value))
            for place, one in enumerate(value):
                yield from _fields(one, f"{path}{key}.{place}.")
        elif isinstance(value, dict):
            yield from _fields(value, f"{path}{key}.")
        elif value is not False:
            yield path + key, "1" if value is True else value


def form_of_shipped(shipped: str, **more: str) -> dict[str, str]:
    """Give the form of a shipped scheme, with some of its fields filled in otherwise."""
    return sent(form_of(read_terms(SHIPPED[shipped])).raw) | more


A_VERSION = form_of_shipped(
    "moe-2000", do="make", after="1", first_year="2027", source="省通知", reason="机时更重要", **{"parts.0.weight": "0.40", "parts.1.weight": "0.15"}
)
A_SCHEME = form_of_shipped("moe-2000", do="make", name_zh="本省评价", name_en="Our evaluation", code="ours", first_year="2027", source="省通知")
