"""Logs for people who keep the portal running: one short line each, and nothing in them that opens a door."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from flask import Flask, Response, g, request

HIDDEN = "***"
SECRET_KEYS = re.compile(r"password|passwd|secret|token|authorization|cookie|csrf|totp|code$", re.IGNORECASE)
EMAIL = re.compile(r"([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+)")
IN_TEXT = (
    (re.compile(r"\bip_[A-Za-z0-9_-]{8,}"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+\S+"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)\b(password|secret|token|code|key)=[^\s&;,'\"]+"), rf"\1={HIDDEN}"),
    (re.compile(r"(://[^/\s:@]*):[^@\s]*@"), rf"\1:{HIDDEN}@"),
    (re.compile(r"(/(?:reset|register/confirm|calendars/feeds)/)[^/\s?]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(/reports/\d+/stop/)[^/\s?]+"), rf"\1{HIDDEN}"),
    (EMAIL, r"\1***@\2"),
)
BEFORE: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

# Our own lines go the way of the libraries' lines, so that one mask sees them all.
structlog.configure(
    processors=[*BEFORE, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)


def init_logs(app: Flask) -> None:
    """Log each answer: method, path without what stands behind the question mark, status, time taken."""
    app.before_request(_note_start)
    app.after_request(_log_answer)


def set_up_logs(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send everything, the libraries' words too, to standard error or to a stream: readable on a terminal, JSON elsewhere."""
    stream = stream or sys.stderr
    # Tracebacks without the values of variables: passwords are among them.
    pretty = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    writer: Any = pretty if stream.isatty() else structlog.processors.JSONRenderer(ensure_ascii=False)
    last = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.format_exc_info, mask, writer]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=BEFORE))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("alembic", "apscheduler", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide tokens, passwords and most of each address in a log line."""
    for key, value in event.items():
        event[key] = HIDDEN if SECRET_KEYS.search(key) and key != "code" else masked(value)
    return event


def masked(value: Any) -> Any:
    """Hide what opens a door in a text, or in the texts inside a value."""
    if isinstance(value, str):
        for pattern, instead in IN_TEXT:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, dict):
        return {key: HIDDEN if SECRET_KEYS.search(str(key)) else masked(inner) for key, inner in value.items()}
    return [masked(inner) for inner in value] if isinstance(value, list | tuple) else value


def _note_start() -> None:
    g.started, g.trace = time.perf_counter(), secrets.token_hex(4)
    # All lines of one request carry one number, which an error page shows.
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(trace=g.trace)


def _log_answer(response: Response) -> Response:
    if request.endpoint not in ("static", "health.healthz", "health.readyz"):
        took = round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1)
        structlog.get_logger("access").info("request", method=request.method, path=request.path, status=response.status_code, ms=took)
    return response
