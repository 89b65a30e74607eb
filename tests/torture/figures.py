"""Statistics while everybody works: processes record uses, book and charge, others work off the notes, another reads; some are killed.

No reader may see days, months and years that do not agree, nor half of what was recorded in one transaction; a worker killed half-way leaves
the notes and the old figures; in the end everything is as the slow way of tests/scheduling/statistics works it out, and as a rebuild makes it.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, Integer, cast, func, literal, select, union_all
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.catalogue import Instrument
from instruments.database import make_engine, reader
from instruments.errors import PortalError
from instruments.opening import AROUND_THE_CLOCK, set_hours
from instruments.people import Organisation, Person
from instruments.roles import grant
from instruments.timespan import TimeSpan
from portal.schema import upgrade
from scheduling.accounting.charges import Charge
from scheduling.bookings import Booking
from scheduling.changing import cancel
from scheduling.correcting import void_use
from scheduling.particulars import Particulars
from scheduling.recording import UseEntry, record_use
from scheduling.reserving import Wish, book
from scheduling.statistics import rollup
from scheduling.statistics.figures import FIGURES, DayFigure, MonthFigure, YearFigure
from scheduling.statistics.keeping import note_new_day, rebuild, waiting_notes, work_off
from scheduling.usage import UsageRecord
from tests.fixtures.clusters import start_cluster
from tests.scheduling.statistics.slowly import Slowly

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
BEGAN = NOW - timedelta(days=26)
HOUR, DAY, INSTRUMENTS = timedelta(hours=1), timedelta(days=1), 3
SPAWN = multiprocessing.get_context("spawn")


def run(quick: bool) -> None:
    """Hold both databases to it."""
    rounds, kills = (40, 1) if quick else (1500, 20)
    with tempfile.TemporaryDirectory() as folder, start_cluster(fsync=not quick) as cluster:
        for name, url in (("SQLite", f"sqlite:///{folder}/portal.db"), ("PostgreSQL", cluster.url())):
            engine = make_engine(url)
            try:
                furnish(engine)
                looks = race(url, engine, rounds)
                for number in range(kills):
                    die_half_way(url, engine, number)
                check_everything(engine)
            finally:
                engine.dispose()
            print(f"{name}: 2 writers, {rounds} transactions each, 2 workers, {looks} looks, {kills} killed: nothing half, nothing lost")


def furnish(engine: Engine) -> None:
    """Make instruments and their manager, and the figures of a first day."""
    upgrade(engine)
    with Session(engine) as session:
        home = Organisation(code="HOME", name_zh="某大学", kind="university")
        manager = Person(email="m@example.org", name="某", organisation=home, created_at=BEGAN)
        session.add(manager)
        session.flush()
        for number in range(INSTRUMENTS):
            one = Instrument(
                organisation=home, inner_id=str(number), name_zh="仪器", publication="published", published_at=BEGAN, created_at=BEGAN, lanes=2
            )
            session.add(one)
            session.flush()
            set_hours(session, one, AROUND_THE_CLOCK, valid_from=date(2026, 1, 1), now=BEGAN, by=None, on_holidays="as_usual")
            grant(session, manager, "manager", now=BEGAN, instrument=one)
        note_new_day(session, now=NOW)
        session.commit()
    drain(engine)


def drain(engine: Engine) -> None:
    """Work off whatever waits."""
    done = 1
    while done:
        with Session(engine) as session:
            done = work_off(session, now=NOW)
            session.commit()


def race(url: str, engine: Engine, rounds: int) -> int:
    """Write, work off and look at once; give how often somebody looked."""
    stop, looks = SPAWN.Event(), SPAWN.Value("i", 0)
    writers = [SPAWN.Process(target=write, args=(url, seed, rounds)) for seed in range(2)]
    others = [SPAWN.Process(target=work, args=(url, stop)) for _ in range(2)] + [SPAWN.Process(target=look, args=(url, stop, looks))]
    for process in (*writers, *others):
        process.start()
    for process in writers:
        process.join()
    stop.set()
    for process in others:
        process.join()
    assert [process.exitcode for process in (*writers, *others)] == [0] * 5, "a process failed; what it said stands above"
    drain(engine)
    assert looks.value > 0
    return int(looks.value)


def write(url: str, seed: int, rounds: int) -> None:
    """Record two uses at once, take two back at once, book, cancel and charge, each through its verb and in a transaction."""
    engine, chance = make_engine(url), random.Random(seed)
    for number in range(rounds):
        with Session(engine, expire_on_commit=False) as session:
            viewer = load_viewer(session, session.scalars(select(Person)).one())
            instrument = chance.randint(1, INSTRUMENTS)
            at = BEGAN + DAY + chance.randrange(20 * 24) * HOUR + timedelta(seconds=2 * number + seed)
            try:
                (_record, _record, _take_back, _reserve, _charge)[number % 5](session, instrument, at, viewer, chance)
                session.commit()
            except PortalError:  # taken meanwhile
                session.rollback()
    engine.dispose()


def _record(session: Session, instrument: int, at: datetime, viewer: Any, _chance: random.Random) -> None:
    for start in (at, at + 20 * HOUR):  # often the day after
        entry = UseEntry(viewer.person_id, TimeSpan(start, start + 5 * HOUR), mode="sample", known=Particulars(samples=1))
        record_use(session, instrument, entry, viewer=viewer, now=NOW)


def _take_back(session: Session, instrument: int, _at: datetime, viewer: Any, chance: random.Random) -> None:
    mine = select(UsageRecord.id).where(UsageRecord.instrument_id == instrument, UsageRecord.status == "recorded").order_by(UsageRecord.id)
    ids = session.scalars(mine).all()
    if len(ids) > 1:
        first = chance.randrange(len(ids) - 1)
        for usage_id in ids[first : first + 2]:
            void_use(session, usage_id, viewer=viewer, now=NOW, reason="误登")


def _reserve(session: Session, instrument: int, at: datetime, viewer: Any, chance: random.Random) -> None:
    start = at.replace(minute=0, second=0)
    (made,) = book(session, Wish((instrument,), TimeSpan(start, start + 2 * HOUR)), viewer=viewer, now=BEGAN)
    if chance.random() < 0.5:
        cancel(session, made.id, viewer=viewer, now=BEGAN)


def _charge(session: Session, instrument: int, at: datetime, viewer: Any, chance: random.Random) -> None:
    session.add(
        Charge(
            kind="manual", organisation_id=1, user_organisation_id=1, instrument_id=instrument, person_id=viewer.person_id, used_at=at, made_at=NOW,
            total=Decimal(chance.randrange(10_000)) / 100, status="final", final_at=NOW,
        )
    )  # fmt: skip


def work(url: str, stop: Any) -> None:
    """Work off notes until everybody has stopped."""
    engine = make_engine(url)
    while not stop.is_set():
        with Session(engine) as session:
            if not work_off(session, now=NOW):
                time.sleep(0.01)
            session.commit()
    engine.dispose()


def look(url: str, stop: Any, looks: Any) -> None:
    """Read days, months and years at one moment, again and again: they agree, and uses come in pairs."""
    engine = make_engine(url)
    names = ("opening", "used", "effective", "uses", "samples", "booked", "income")
    while not stop.is_set():
        sums = [
            select(literal(number), *(cast(func.coalesce(func.sum(getattr(table, name)), 0), Integer) for name in names))
            for number, table in enumerate((DayFigure, MonthFigure, YearFigure))
        ]
        with Session(reader(engine)) as session:
            days, months, years = (tuple(row)[1:] for row in sorted(map(tuple, session.execute(union_all(*sums)))))
        assert days == months == years, (days, months, years)
        assert days[3] % 2 == 0, f"{days[3]} uses: one of two recorded together"
        looks.value += 1
    engine.dispose()


def die_half_way(url: str, engine: Engine, number: int) -> None:
    """Kill a worker between days and sums: notes and old figures stay, and the next one does it all."""
    with Session(engine, expire_on_commit=False) as session:
        viewer = load_viewer(session, session.scalars(select(Person)).one())
        _record(session, 1, BEGAN + 2 * DAY + timedelta(seconds=100_001 + 7 * number), viewer, random.Random(1))
        session.commit()
    before, waited = everything(engine), waiting(engine)
    assert waited > 0
    victim = SPAWN.Process(target=_die, args=(url,))
    victim.start()
    victim.join()
    assert victim.exitcode == -signal.SIGKILL
    assert (everything(engine), waiting(engine)) == (before, waited)
    _patiently(lambda: drain(engine))
    assert waiting(engine) == 0
    assert everything(engine) != before


def _die(url: str) -> None:
    rollup._sum_up = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]  # it never comes back
    with Session(make_engine(url)) as session:
        work_off(session, now=NOW)


def _patiently(do: Callable[[], None]) -> None:
    """A server needs a moment to see that a client is dead; its locks are held until then."""
    for _ in range(20):
        try:
            return do()
        except OperationalError:
            time.sleep(0.2)
    return do()


def waiting(engine: Engine) -> int:
    """Count the notes."""
    with Session(engine) as session:
        return waiting_notes(session)


def everything(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Give all figures."""
    with Session(engine) as session:
        return {table.__name__: sorted(map(tuple, session.execute(select(table.__table__)))) for table in FIGURES}


def check_everything(engine: Engine) -> None:
    """Compare with the slow way, and with a rebuild."""
    kept = everything(engine)
    with Session(engine) as session:
        assert all(session.scalar(select(func.count()).select_from(table)) for table in (UsageRecord, Booking, Charge))
        for number in range(1, INSTRUMENTS + 1):
            slowly = Slowly(session.connection(), number, since=BEGAN - 2 * DAY, now=NOW)
            columns = [column.name for column in DayFigure.__table__.columns][2:]
            found = {row[1]: dict(zip(columns, row[2:], strict=True)) for row in kept["DayFigure"] if row[0] == number}
            wanted = {day: counts for (day,), counts in slowly.days.items()}
            for day in found | wanted:
                assert {n: v for n, v in found.get(day, {}).items() if v} == {n: v for n, v in wanted.get(day, {}).items() if v}, (number, day)
        rebuild(session, range(1, INSTRUMENTS + 1), now=NOW)
        session.commit()
    assert everything(engine) == kept
