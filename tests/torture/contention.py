"""Promise 2: contention stays fast. The advisory lock taken first gives no deadlock; the constraint alone gives many."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import count

import psycopg
from sqlalchemy import make_url

from instruments.database import make_engine
from portal.schema import upgrade
from scheduling.locks import SPACE
from tests.fixtures.clusters import start_cluster

START = datetime(2027, 3, 1, tzinfo=UTC)
AFTERWARDS = datetime(2127, 3, 1, tzinfo=UTC)
INSERT = (
    "INSERT INTO booking (instrument_id, lane, person_id, start_at, end_at, occupied_from, occupied_until, holds, status, mode, purpose, audience,"
    " note, reason, approval_reasons, uid, sequence, created_at, changed_at, version) VALUES (%s, 1, 1, %s, %s, %s, %s, true, 'confirmed', 'self',"
    " 'research', 'internal', '', '', '', %s, 0, now(), now(), 1)"
)
LOCK = "SELECT pg_advisory_xact_lock((%s::bigint << 32) # %s)"
CLIENTS = 8


class Tally:
    """What a race came to."""

    def __init__(self) -> None:
        self.done = self.taken = self.deadlocks = 0
        self.seconds = 0.0

    @property
    def per_second(self) -> float:
        """Give transactions a second, refused ones included."""
        return (self.done + self.taken + self.deadlocks) / self.seconds


def race(url: str, *, with_lock: bool, seconds: float, instruments: int = 3) -> Tally:
    """Have clients insert two overlapping-prone bookings a transaction, on two instruments in random order."""
    tally, guard = Tally(), threading.Lock()
    wave = count()
    until = time.monotonic() + seconds

    def client(number: int) -> None:
        chance = random.Random(number)
        with psycopg.connect(url) as connection:
            while time.monotonic() < until:
                ids = chance.sample(range(1, instruments + 1), 2)
                slot = next(wave) // CLIENTS  # everybody wants the same few slots at the same moment
                what = _transact(connection, ids, slot, chance, with_lock=with_lock)
                with guard:
                    setattr(tally, what, getattr(tally, what) + 1)

    began = time.monotonic()
    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.seconds = time.monotonic() - began
    return tally


def _transact(connection: psycopg.Connection, ids: list[int], slot: int, chance: random.Random, *, with_lock: bool) -> str:
    try:
        with connection.transaction(), connection.cursor() as cursor:
            if with_lock:
                for one in sorted(ids):
                    cursor.execute(LOCK, (SPACE, one))
            for one in sorted(ids) if with_lock else ids:
                start = (START if with_lock else AFTERWARDS) + timedelta(minutes=30 * slot + 15 * chance.randrange(2))
                end = start + timedelta(minutes=30)
                cursor.execute(INSERT, (one, start, end, start, end, f"{chance.getrandbits(128):032x}"))
        return "done"
    except psycopg.errors.ExclusionViolation:
        return "taken"
    except psycopg.errors.DeadlockDetected:
        return "deadlocks"


def prepare(url: str, instruments: int = 8) -> str:
    """Make the schema, one person and some instruments; give the address for the bare driver."""
    engine = make_engine(url)
    upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO organisation (id, code, name_zh, name_en, kind, city, time_zone, website, mail_domain, is_active, is_sample, version)"
            " VALUES (1, 'O', '某大学', 'A university', 'university', '', 'Asia/Shanghai', '', '', true, false, 1)"
        )
        connection.exec_driver_sql(
            "INSERT INTO person (id, email, name, organisation_id, language, phone, status, status_note, created_at, version)"
            " VALUES (1, 'a@example.org', '某人', 1, 'zh', '', 'active', '', now(), 1)"
        )
    from sqlalchemy.orm import Session

    from instruments.catalogue import Instrument

    with Session(engine) as session:
        for number in range(1, instruments + 1):
            session.add(Instrument(id=number, organisation_id=1, inner_id=str(number), name_zh="仪器", created_at=START))
        session.commit()
    engine.dispose()
    parts = make_url(url)
    return f"host={parts.query['host']} user={parts.username} dbname={parts.database}"


def run(quick: bool) -> None:
    """Race with the lock and without it, on a durable cluster."""
    seconds = 3.0 if quick else 20.0
    with start_cluster(fsync=not quick, deadlock_timeout="'50ms'") as cluster:
        bare = prepare(cluster.url())
        kept = race(bare, with_lock=True, seconds=seconds)
        control = race(bare, with_lock=False, seconds=seconds)
    print(f"with the lock: {kept.per_second:.0f} transactions/s, {kept.done} kept, {kept.taken} taken, {kept.deadlocks} deadlocks")
    print(
        f"without it:    {control.per_second:.0f} transactions/s, {control.done} kept, {control.taken} taken, {control.deadlocks} deadlocks"
    )
    assert kept.deadlocks == 0, f"{kept.deadlocks} deadlocks although locks are taken in order"
    assert control.deadlocks > 0, "without the lock there should be deadlocks: the race is no race"
