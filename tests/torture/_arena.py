"""A served portal with people, tokens and instruments, for races over HTTP; and what the database holds afterwards."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.opening import AROUND_THE_CLOCK, set_hours
from instruments.people import Organisation, Person
from instruments.roles import grant
from instruments.rulebooks import publish_rules
from instruments.timespan import TimeSpan
from portal.auth import tokens
from scheduling.bookings import Booking
from tests.fixtures.clusters import start_cluster
from tests.fixtures.served import ServedPortal, serve_portal

BACKENDS = ("sqlite", "postgresql")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Arena:
    """A portal under attack."""

    portal: ServedPortal
    tokens: list[str] = field(default_factory=list)
    manager: str = ""
    instruments: list[int] = field(default_factory=list)

    @property
    def engine(self) -> Engine:
        """Give the database behind the portal."""
        return self.portal.engine


@contextmanager
def arena(
    backend: str,
    *,
    people: int,
    instruments: int,
    lanes: int = 1,
    workers: int = 2,
    rules: Sequence[dict[str, Any]] = (),
    fsync: bool = False,
) -> Iterator[Arena]:
    """Serve a portal on a database of its own, with as many people and instruments."""
    with (
        tempfile.TemporaryDirectory(prefix="portal-arena-") as folder,
        _database(backend, Path(folder), fsync) as url,
        serve_portal(url, Path(folder) / "served", workers=workers, jobs=False) as portal,
    ):
        made = Arena(portal)
        furnish(made, people, instruments, lanes, rules)
        yield made


@contextmanager
def _database(backend: str, folder: Path, fsync: bool) -> Iterator[str]:
    if backend == "sqlite":
        yield f"sqlite:///{folder}/arena.db"
        return
    with start_cluster(fsync=fsync) as cluster:
        yield cluster.url()


def furnish(made: Arena, people: int, instruments: int, lanes: int, rules: Sequence[dict[str, Any]]) -> None:
    """Make the people with a token each, one of them the manager, and instruments open around the clock."""
    now = datetime.now(UTC)
    with Session(made.engine) as session:
        organisation = Organisation(code="ARENA", name_zh="竞技大学", name_en="Arena University", kind="university")
        session.add(organisation)
        persons = [Person(email=f"p{n}@example.org", name=f"人{n}", organisation=organisation, created_at=now) for n in range(people + 1)]
        session.add_all(persons)
        session.flush()
        for number in range(instruments):
            one = Instrument(
                organisation=organisation, inner_id=f"A{number}", name_zh=f"仪器{number}", name_en=f"Instrument {number}", lanes=lanes,
                step_minutes=15, publication="published", created_at=now, setup_minutes=15 * (number % 2), cleanup_minutes=15 * (number % 3 == 0),
            )  # fmt: skip
            session.add(one)
            session.flush()
            set_hours(session, one, AROUND_THE_CLOCK, valid_from=date(2020, 1, 1), now=LONG_AGO, by=None, on_holidays="as_usual")
            if rules:
                publish_rules(session, one, list(rules), valid_from=LONG_AGO, by=None, now=LONG_AGO)
            made.instruments.append(one.id)
        grant(session, persons[0], "organisation_admin", organisation=organisation, now=now)
        made.tokens = [tokens.create(session, person.id, "arena", now=now) for person in persons]
        made.manager = made.tokens[0]
        session.commit()


@dataclass
class Outcome:
    """The answers of a race: by status, and each with its content."""

    statuses: Counter[int] = field(default_factory=Counter)
    answers: list[tuple[int, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, answer: requests.Response) -> None:
        """Note an answer."""
        with self.lock:
            self.statuses[answer.status_code] += 1
            self.answers.append((answer.status_code, answer.json() if answer.content else None))

    def made(self) -> list[str]:
        """Give the ids of the bookings that were acknowledged."""
        return [content["id"] for status, content in self.answers if status == 201]


def race(arena_: Arena, clients: int, act: Callable[[int, requests.Session, Outcome], None]) -> Outcome:
    """Let clients act at once, each with the token of its own person; an exception in any of them fails the race."""
    outcome, gate, failures = Outcome(), threading.Barrier(clients), []

    def client(number: int) -> None:
        with requests.Session() as http:
            http.headers["Authorization"] = f"Bearer {arena_.tokens[number % len(arena_.tokens)]}"
            gate.wait()
            try:
                act(number, http, outcome)
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, f"a client failed: {failures[0]!r}"
    return outcome


def wish(instrument: int, start: datetime, minutes: int, **more: Any) -> dict[str, Any]:
    """Write the body of a booking."""
    return {"instrument": str(instrument), "start": start.isoformat(), "end": (start + timedelta(minutes=minutes)).isoformat(), **more}


def overlaps(engine: Engine) -> list[tuple[int, int]]:
    """Find pairs of holding bookings that overlap in one lane, by looking at every pair: slow and obvious."""
    with Session(engine) as session:
        rows = session.scalars(select(Booking).where(Booking.holds)).all()
        lanes: dict[tuple[int, int], list[tuple[TimeSpan, int]]] = {}
        for row in rows:
            lanes.setdefault((row.instrument_id, row.lane), []).append((row.occupied, row.id))
    found = []
    for spans in lanes.values():
        spans.sort()
        found += [(a[1], b[1]) for i, a in enumerate(spans) for b in spans[i + 1 :] if a[0].overlaps(b[0])]
    return found


def held(engine: Engine) -> set[str]:
    """Give the ids of all bookings that hold time."""
    with Session(engine) as session:
        return {str(one) for one in session.scalars(select(Booking.id).where(Booking.holds))}
