"""Is it alive, is it ready: for whatever watches over the portal."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from instruments.errors import NotFound
from portal.config import settings
from portal.schema import is_current
from portal.transactions import engine

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify(status="alive")


@health.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether the database answers and has the schema this code needs."""
    found = _readiness()
    return jsonify(found), 200 if found["status"] == "ready" else 503


@health.get("/metrics")
def metrics() -> Response:
    """Give figures for Prometheus, where PORTAL_METRICS is on."""
    if not settings().metrics:
        raise NotFound
    from portal.metrics import figures

    return figures()


def _readiness() -> dict[str, Any]:
    try:
        with engine().connect() as connection:
            connection.execute(text("SELECT 1"))
        is_fit = is_current(engine())
    except SQLAlchemyError as error:
        current_app.logger.warning("not ready: %s", type(error).__name__)
        return {"status": "away", "database": False, "schema": False}
    return {"status": "ready" if is_fit else "outdated", "database": True, "schema": is_fit}
