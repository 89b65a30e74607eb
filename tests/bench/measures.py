"""The measurements themselves."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import Engine, event, insert

from portal import create_app
from portal.config import Settings
from scheduling.bookings import Booking
from tests.bench.clients import percentiles, posts_per_second
from tests.bench.province import Province, _row
from tests.fixtures.served import ServedPortal

WORDS = (
    "SEM",
    "质谱",
    "zhipu",
    "扫描电镜",
    "核磁共振",
    "XRD",
    "LC-MS",
    "D8 ADVANCE",
    "zeiss",
    "显微镜",
    "raman",
    "Bruker",
    "X射线",
    "gc",
    "激光",
)


def bare_insert_rate(engine: Engine, seconds: float = 2.0) -> float:
    """Insert one booking a transaction, with nothing around it."""
    chance, began, done = random.Random(9), time.monotonic(), 0
    start = datetime(2090, 1, 1, tzinfo=UTC)
    while time.monotonic() - began < seconds:
        row = _row(1, start + timedelta(hours=3 * done), chance)
        with engine.begin() as connection:
            connection.execute(insert(Booking.__table__), row)
        done += 1
    with engine.begin() as connection:
        connection.execute(Booking.__table__.delete().where(Booking.start_at >= start))
    return done / seconds


def statements(engine: Engine, province: Province) -> Iterator[str]:
    """Count the statements of each request, in one process."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder), database_url="sqlite://", secret_key="bench only", base_url="http://localhost", sample=False
        )
        client = create_app(settings, engine).test_client()
        for name, method, path, body in _requests(province):
            counted: list[str] = []
            note = lambda *details, counted=counted: counted.append(details[2])  # noqa: E731 - a listener that is taken off again
            client.open(path, method=method, json=body, headers=_bearer(province, 0))  # once to warm up
            event.listen(engine, "before_cursor_execute", note)
            answer = client.open(path, method=method, json=_later(body), headers=_bearer(province, 0))
            event.remove(engine, "before_cursor_execute", note)
            asked = [one for one in counted if not one.startswith(("PRAGMA", "BEGIN"))]
            yield f"statements, {name}: {len(asked)} ({answer.status_code})"


def _later(body: dict[str, Any] | None) -> dict[str, Any] | None:
    return body and _booking(20, 5, 1000)


def _requests(province: Province) -> list[tuple[str, str, str, dict[str, Any] | None]]:
    return [
        ("search", "GET", "/api/v1/instruments?q=SEM&limit=20", None),
        ("free between", "GET", _free_path("质谱"), None),
        ("week of an instrument", "GET", "/instruments/1/week", None),
        ("timeline of 50", "GET", "/timeline", None),
        ("booking", "POST", "/api/v1/bookings", _booking(20, 4, 1000)),
    ]


def over_http(portal: ServedPortal, province: Province, rounds: int, seconds: float) -> Iterator[str]:
    """Time each page over HTTP with one client, then post bookings with one client and with eight."""
    pages = {
        "search with facets": [f"/api/v1/instruments?limit=20&q={quote(WORDS[n % len(WORDS)])}" for n in range(rounds)],
        "free between (some 1,000 candidates)": [_free_path(WORDS[n % len(WORDS)]) for n in range(rounds)],
        "week of an instrument with ten years behind": [f"/instruments/{n % 20 + 1}/week" for n in range(rounds)],
        "week of any instrument": [f"/instruments/{n * 37 % province.size.instruments + 1}/week" for n in range(rounds)],
        "timeline of 50 instruments": ["/timeline"] * rounds,
    }
    for name, paths in pages.items():
        median, late = percentiles(portal.url, paths)
        yield f"{name}: p50 {median:.1f} ms, p95 {late:.1f} ms"
    for clients in (1, 8):
        headers = [_bearer(province, number) for number in range(clients)]
        tally = posts_per_second(f"{portal.url}/api/v1/bookings", headers, partial(_wish, province.size.instruments, clients), seconds)
        made = tally.statuses[201] / tally.seconds
        yield f"booking POST, {clients} client{'s' if clients > 1 else ''}: {made:.0f} made/s, {tally.per_second:.0f} answers/s {dict(tally.statuses)}"


def _bearer(province: Province, number: int) -> dict[str, str]:
    return {"Authorization": f"Bearer {province.tokens[number]}"}


def _free_path(word: str) -> str:
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=7)
    asked = {
        "q": word,
        "limit": 20,
        "free_from": start.isoformat(),
        "free_until": (start + timedelta(days=5)).isoformat(),
        "duration": "PT2H",
    }
    return "/api/v1/instruments?" + urlencode(asked)


def _wish(instruments: int, hour: int, client: int, turn: int) -> dict[str, Any]:
    return _booking(client, turn, instruments, hour)


def _booking(client: int, turn: int, instruments: int, hour: int = 1) -> dict[str, Any]:
    """Give a wish nobody else has: a week of its own for each client, another instrument each turn, another day once they are through."""
    rounds, instrument = divmod(turn, instruments)
    monday = datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    monday += timedelta(days=105 + 7 * client - monday.weekday())
    start = monday + timedelta(days=rounds % 5, minutes=30 * (rounds // 5))
    return {"instrument": str(instrument + 1), "start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat()}
