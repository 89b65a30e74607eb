"""The JSON API under /api/v1: the same verbs as the pages, described by its own OpenAPI 3.1 document.

openapi: the layer between a view and its description. shapes: what goes in and out. One file per noun after that.
"""

from __future__ import annotations

from portal.api import (
    accounts,
    attention,
    bookings,
    catalogue,
    charges,
    checkins,
    docs,
    evaluations,
    figures,
    finding,
    me,
    purchases,
    quotes,
    quoting,
    readings,
    register,
    returns,
    statements,
    statistics,
    steps,
    usage,
    vouchers,
)
from portal.api.openapi import api

api_blueprint = api.blueprint

__all__ = [
    "accounts",
    "api",
    "api_blueprint",
    "attention",
    "bookings",
    "catalogue",
    "charges",
    "checkins",
    "docs",
    "evaluations",
    "figures",
    "finding",
    "me",
    "purchases",
    "quotes",
    "quoting",
    "readings",
    "register",
    "returns",
    "statements",
    "statistics",
    "steps",
    "usage",
    "vouchers",
]
