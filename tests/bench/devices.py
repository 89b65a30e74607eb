"""200 gateways that report all at once: signed batches over HTTP, and how long it takes to make intervals of what they sent."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from instruments.people import Organisation
from scheduling.gateways import Gateway
from scheduling.readings import Reading
from scheduling.switchedon import SwitchedOn, work_off
from tests.fixtures.served import ServedPortal

GATEWAYS, READINGS, CLIENTS = 200, 50, 8
SECRET = "the key of the bench, of no use elsewhere"


def add_gateways(engine: Engine) -> list[int]:
    """Put the gateways up."""
    with Session(engine) as session:
        organisation = session.scalars(select(Organisation.id).limit(1)).one()
        made = [Gateway(organisation_id=organisation, name=f"G{number}", created_at=datetime.now(UTC)) for number in range(GATEWAYS)]
        session.add_all(made)
        session.commit()
        return [one.id for one in made]


def report(portal: ServedPortal, seconds: float) -> Iterator[str]:
    """Report without pause, several clients each with its share of the gateways; then make the intervals."""
    gateways = add_gateways(portal.engine)
    context = multiprocessing.get_context("fork")
    results: Any = context.SimpleQueue()
    shares = [gateways[number::CLIENTS] for number in range(CLIENTS)]
    clients = [context.Process(target=_report, args=(portal.url, share, seconds, results)) for share in shares]
    for client in clients:
        client.start()
    answers = [results.get() for _ in clients]
    for client in clients:
        client.join()
    statuses = sum((Counter(one) for one, _ in answers), Counter[int]())
    took = max(one for _, one in answers)
    with Session(portal.engine) as session:
        kept = session.scalar(select(func.count()).select_from(Reading)) or 0
    yield f"readings of {GATEWAYS} gateways in batches of {READINGS}: {kept / took:.0f}/s kept, {dict(statuses)}"
    yield _intervals(portal.engine, kept)


def _report(url: str, gateways: Sequence[int], seconds: float, results: Any) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    statuses: Counter[int] = Counter()
    began, turn = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        body, headers = _batch(gateways[turn % len(gateways)], turn // len(gateways))
        connection.request("POST", "/api/v1/readings", body, headers)
        answer = connection.getresponse()
        answer.read()
        statuses[answer.status] += 1
        turn += 1
    results.put((dict(statuses), time.monotonic() - began))


def _batch(gateway: int, turn: int) -> tuple[bytes, dict[str, str]]:
    start = datetime.now(UTC) - timedelta(days=300) + timedelta(minutes=turn * READINGS)
    readings = [
        {"kind": "power", "channel": "P1", "at": (start + timedelta(minutes=minute)).isoformat(), "watts": 400 if minute % 40 < 30 else 2}
        for minute in range(READINGS)
    ]
    sent = {"gateway": str(gateway), "batch": f"b{turn}", "sent_at": datetime.now(UTC).isoformat(), "readings": readings}
    body = json.dumps(sent).encode()
    key = hmac.new(SECRET.encode(), f"gateway/{gateway}/1".encode(), hashlib.sha256).hexdigest()
    return body, {"Content-Type": "application/json", "X-Signature": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


def _intervals(engine: Engine, kept: int) -> str:
    began = time.monotonic()
    worked = 1
    while worked:
        with Session(engine) as session:
            worked = work_off(session)
            session.commit()
    took = time.monotonic() - began
    with Session(engine) as session:
        made = session.scalar(select(func.count()).select_from(SwitchedOn)) or 0
    return f"intervals made of them: {made:,} in {took:.1f} s, {kept / took:.0f} readings/s"
