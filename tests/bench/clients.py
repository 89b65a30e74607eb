"""Clients that cost little: raw HTTP over kept connections, each in a process of its own, so that the server is measured and not they."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Tally:
    """What clients saw: statuses, seconds."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Give answers a second."""
        return sum(self.statuses.values()) / self.seconds if self.seconds else 0.0


def posts_per_second(url: str, headers: Sequence[dict[str, str]], body_of: Callable[[int, int], dict[str, Any]], seconds: float) -> Tally:
    """Post without pause, one client for each set of headers; `body_of(client, turn)` writes what is sent."""
    context = multiprocessing.get_context("fork")
    results: Any = context.SimpleQueue()
    clients = [context.Process(target=_post, args=(url, one, number, body_of, seconds, results)) for number, one in enumerate(headers)]
    for client in clients:
        client.start()
    tally = Tally()
    for _ in clients:
        statuses, took = results.get()
        tally.statuses.update(statuses)
        tally.seconds = max(tally.seconds, took)
    for client in clients:
        client.join()
    return tally


def _post(
    url: str, headers: dict[str, str], number: int, body_of: Callable[[int, int], dict[str, Any]], seconds: float, results: Any
) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    statuses: Counter[int] = Counter()
    began, turn = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        connection.request("POST", parts.path, json.dumps(body_of(number, turn)), {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        answer.read()
        statuses[answer.status] += 1
        turn += 1
    results.put((dict(statuses), time.monotonic() - began))


def percentiles(url: str, paths: Sequence[str], headers: dict[str, str] | None = None) -> tuple[float, float]:
    """Get each path once over one connection, after a first round to warm up; give the median and the 95th percentile in milliseconds."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    times: list[float] = []
    for turn, path in enumerate([*paths[:3], *paths]):
        began = time.perf_counter()
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        if turn >= len(paths[:3]):
            times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.95))]
