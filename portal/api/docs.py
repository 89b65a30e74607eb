"""The description of the API: the OpenAPI document, and a page that can be read without any outside address."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Blueprint, Response, jsonify, render_template

from portal.api.openapi import PREFIX, api, document
from portal.version import VERSION

docs = Blueprint("docs", __name__)


@cache
def description() -> dict[str, Any]:
    """Write the document once per process: it changes with the code only."""
    return document("Instrument portal", VERSION)


@api.blueprint.get("/openapi.json", endpoint="openapi")
def openapi() -> Response:
    """Give the OpenAPI 3.1 document."""
    return jsonify(description())


def calls() -> list[dict[str, Any]]:
    """List every call for the page, in order of address."""
    found = [
        {"method": method.upper(), "path": PREFIX + path, **entry}
        for path, entries in description()["paths"].items()
        for method, entry in entries.items()
    ]
    return sorted(found, key=lambda one: (one["path"], one["method"]))


@docs.get("/api/docs")
def show() -> str:
    """Show the calls, their values and answers."""
    return render_template("api/docs.html", calls=calls(), shapes=description()["components"]["schemas"])
