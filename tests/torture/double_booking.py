"""Promise 1: no double booking, over HTTP with several processes, on both databases, on every path that makes time scarce."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import requests

from tests.torture._arena import BACKENDS, Arena, Outcome, arena, held, overlaps, race, wish

TOMORROW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
ACCEPTABLE = {200, 201, 404, 409, 422}


def random_spans(one: Arena, clients: int, tries: int) -> Outcome:
    """Have clients book, move and cancel random overlapping and offset spans of a few busy days."""
    api = f"{one.portal.url}/api/v1/bookings"

    def act(number: int, http: requests.Session, outcome: Outcome) -> None:
        chance, mine = random.Random(number), []
        for _ in range(tries):
            start = TOMORROW + timedelta(minutes=15 * chance.randrange(4 * 24))
            instrument = chance.choice(one.instruments)
            minutes = 15 * chance.randrange(1, 9)
            if mine and chance.random() < 0.3:
                body = {"start": start.isoformat(), "end": (start + timedelta(minutes=minutes)).isoformat()}
                answer = http.patch(f"{api}/{mine.pop()}", json=body)
            elif mine and chance.random() < 0.2:
                answer = http.post(f"{api}/{mine.pop()}/cancel", json={})
            else:
                answer = http.post(api, json=wish(instrument, start, minutes))
            outcome.add(answer)
            if answer.status_code in (200, 201) and answer.json()["status"] == "confirmed":
                mine.append(answer.json()["id"])

    return race(one, clients, act)


def one_slot(one: Arena, clients: int) -> Outcome:
    """Have all clients ask for the same slot at the same moment."""
    slot = TOMORROW + timedelta(days=3)
    body = wish(one.instruments[0], slot, 60)
    return race(one, clients, lambda number, http, outcome: outcome.add(http.post(f"{one.portal.url}/api/v1/bookings", json=body)))


def approvals(one: Arena, clients: int) -> Outcome:
    """Have requests that hold nothing be approved all at once: one slot, one approval."""
    slot = TOMORROW + timedelta(days=5)
    api = f"{one.portal.url}/api/v1/bookings"
    body = wish(one.instruments[0], slot, 60)
    asked = race(one, clients, lambda number, http, outcome: outcome.add(http.post(api, json=body)))
    waiting = [content["id"] for status, content in asked.answers if status == 201 and content["status"] == "requested"]
    manager = {"Authorization": f"Bearer {one.manager}"}

    def act(number: int, http: requests.Session, outcome: Outcome) -> None:
        outcome.add(http.post(f"{api}/{waiting[number]}/approve", json={}, headers=manager))

    assert len(waiting) > 1, "several people should be waiting for the same slot"
    return race(one, len(waiting), act)


def check(backend: str, quick: bool) -> None:
    """Run the races on one database and judge what it holds."""
    clients, tries = (8, 12) if quick else (32, 100)
    with arena(backend, people=clients, instruments=6 if quick else 50, lanes=1) as one:
        mixed = random_spans(one, clients, tries)
        contested = one_slot(one, 40 if quick else 200)
        print(f"{backend}: {sum(mixed.statuses.values())} mixed calls {dict(mixed.statuses)}; one slot: {dict(contested.statuses)}")
        assert overlaps(one.engine) == [], "two bookings hold the same lane at the same time"
        assert set(mixed.statuses) <= ACCEPTABLE, f"unexpected answers: {mixed.statuses}"
        assert contested.statuses[201] == 1, f"one slot gave {contested.statuses[201]} bookings"
        assert set(contested.statuses) <= {201, 409}, f"unexpected answers: {contested.statuses}"
        assert set(contested.made()) <= held(one.engine), "an acknowledged booking is not there"
    with arena(backend, people=clients, instruments=2, lanes=3) as one:
        random_spans(one, clients, tries)
        contested = one_slot(one, clients)
        assert overlaps(one.engine) == [], "two bookings hold the same lane at the same time"
        assert contested.statuses[201] == 3, f"three lanes took {contested.statuses[201]} bookings"
    rules = [{"kind": "approval", "parameters": {"holds_slot": False}}]
    with arena(backend, people=8, instruments=1, rules=rules) as one:
        one.tokens = one.tokens[1:]  # the manager's own wishes need no approval
        approved = approvals(one, 8)
        assert approved.statuses[200] == 1, f"one slot was approved {approved.statuses[200]} times"
        assert set(approved.statuses) <= {200, 409}, f"unexpected answers: {approved.statuses}"
        assert overlaps(one.engine) == [], "two approved bookings hold the same lane at the same time"


def run(quick: bool) -> None:
    """Race on both databases."""
    for backend in BACKENDS:
        check(backend, quick)
