"""Figures for Prometheus: requests counted by each process, and what waits in the database, read when asked.

Imported only where PORTAL_METRICS is on: the counting library looks at the environment when it is imported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select, text

from instruments.audit import AuditEntry
from instruments.people import Person
from portal import clock
from portal.outbox import WAITING, OutboxMessage
from portal.transactions import reading
from scheduling.bookings import Booking

ANSWERS = Counter("portal_answers", "Answers given", ["method", "endpoint", "status"])
SECONDS = Histogram(
    "portal_answer_seconds", "Time to answer", ["endpoint"], buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
)


def init_metrics(app: Flask) -> None:
    """Count every answer of this application."""
    app.before_request(_note_start)
    app.after_request(_count)


def figures() -> Response:
    """Give all figures, of every process of this server, as Prometheus reads them."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)
        counted = generate_latest(registry)
    else:
        counted = generate_latest(REGISTRY)
    waiting = CollectorRegistry()
    waiting.register(InTheDatabase())
    return Response(counted + generate_latest(waiting), content_type=CONTENT_TYPE_LATEST)


class InTheDatabase(Collector):
    """What waits: letters, requests to decide, people to admit, changes to seal."""

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Say nothing before being asked for figures, so that registering reads nothing."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Count what waits; one statement each."""
        counts = {
            "portal_letters_waiting": ("Letters to be sent", select(func.count()).select_from(OutboxMessage).where(text(WAITING))),
            "portal_letters_failed": ("Letters given up", select(func.count()).where(OutboxMessage.failed_at.is_not(None))),
            "portal_bookings_requested": ("Requests to decide", select(func.count()).where(Booking.status == "requested")),
            "portal_bookings_running": ("Uses under way", select(func.count()).where(Booking.status == "running")),
            "portal_bookings_ahead": ("Bookings ahead", select(func.count()).where(Booking.holds, Booking.occupied_from > clock.now())),
            "portal_people_waiting": ("People to be admitted", select(func.count()).where(Person.status == "waiting")),
            "portal_changes_unsealed": ("Audit entries not sealed yet", select(func.count()).where(AuditEntry.seal.is_(None))),
        }
        with reading() as session:
            for name, (about, counting) in counts.items():
                yield GaugeMetricFamily(name, about, value=session.scalar(counting) or 0)


def _note_start() -> None:
    g.counted_from = time.perf_counter()


def _count(response: Response) -> Response:
    # By endpoint, not by path: paths hold numbers and secrets, and there is no end of them.
    endpoint = request.endpoint or "none"
    ANSWERS.labels(request.method if request.url_rule else "other", endpoint, response.status_code).inc()
    SECONDS.labels(endpoint).observe(time.perf_counter() - g.get("counted_from", time.perf_counter()))
    return response
