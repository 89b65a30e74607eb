"""Statistics at the size of a province: a year of uses made into figures, one new use worked off, and what it takes on disk.

`python -m tests.bench --statistics [--instruments 10000] [--uses 3000000 | --full] [--processes 2] [--database both]`. What pages and reports
take on top of the same figures is measured by the functions in READS: each takes the engine and gives lines to print.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.database import make_engine
from portal.commands.rebuild import SLICES
from scheduling.statistics.figures import FIGURES, YearFigure
from scheduling.statistics.keeping import BUDGET, rebuild, slices, waiting_notes, work_off
from scheduling.usage import UsageRecord
from tests.bench.figurepages import read_pages
from tests.bench.figures import NOW, furnish
from tests.bench.reports import read_reports
from tests.fixtures.clusters import start_cluster

READS: list[Callable[[Engine], Iterator[str]]] = [read_reports, read_pages]
FULL = 10_000_000
ROUNDS, MOST_TURNS = 30, 40


def main(arguments: Sequence[str]) -> None:
    """Measure on the databases asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench --statistics", description=__doc__)
    parser.add_argument("--instruments", type=int, default=10_000)
    parser.add_argument("--uses", type=int, default=3_000_000)
    parser.add_argument("--full", action="store_true", help=f"{FULL:,} uses")
    parser.add_argument("--processes", type=int, default=2, help="on PostgreSQL; SQLite has one writer")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asked = parser.parse_args(arguments)
    for backend in ("sqlite", "postgresql") if asked.database == "both" else (asked.database,):
        with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder, _database(backend, Path(folder)) as url:
            measure(backend, url, asked.instruments, FULL if asked.full else asked.uses, asked.processes)


@contextmanager
def _database(backend: str, folder: Path) -> Iterator[str]:
    if backend == "sqlite":
        yield f"sqlite:///{folder}/bench.db"
        return
    with start_cluster(fsync=True, shared_buffers="512MB", max_wal_size="4GB") as cluster:
        yield cluster.url()


def measure(backend: str, url: str, instruments: int, uses: int, processes: int) -> None:
    """Make the year, rebuild it, work off one use, and print."""
    engine, began = make_engine(url), time.monotonic()
    furnish(engine, instruments, uses)
    print(f"\n{backend}: {instruments:,} instruments, {uses:,} uses of a year, made in {time.monotonic() - began:.0f} s", flush=True)
    before = _size(engine)
    for count in (1,) if backend == "sqlite" or processes == 1 else (1, processes):
        print(f"  {_rebuilt(engine, url, count)}", flush=True)
    print(f"  {_rows(engine)}, {(_size(engine) - before) / 1e6:,.0f} MB beside {before / 1e6:,.0f} MB of rows", flush=True)
    _settle()
    for read in READS:
        for line in read(engine):
            print(f"  {line}", flush=True)
    for change in (_one_use, _one_closure, _all_hours):
        print(f"  {change(engine)}", flush=True)
    engine.dispose()


def _settle() -> None:
    """Have the collector leave alone what is loaded, as a worker of the server does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@dataclass(frozen=True, slots=True)
class Share:
    """What one process has done: uses read, seconds of processor, most memory in MB, the longest transaction in seconds."""

    uses: int
    seconds: float
    memory: float
    longest: float


def _rebuilt(engine: Engine, url: str, processes: int) -> str:
    with Session(engine) as session:
        ids = list(session.scalars(select(Instrument.id).order_by(Instrument.id)))
    pieces = list(slices(ids, SLICES[engine.dialect.name]))
    engine.dispose()
    began = time.monotonic()
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        shares = list(pool.map(_rebuild, [url] * processes, [pieces[number::processes] for number in range(processes)]))
    took, done = time.monotonic() - began, sum(one.uses for one in shares)
    busy, memory = sum(one.seconds for one in shares), max(one.memory for one in shares)
    return (
        f"rebuild, {processes} process{'es' if processes > 1 else ''}: {took:.0f} s, {done / took:,.0f} uses/s; {busy:.0f} s of its processor, "
        f" {memory:.0f} MB each, longest transaction {max(one.longest for one in shares):.2f} s"
    )


def _rebuild(url: str, pieces: list[list[int]]) -> Share:
    engine, uses, longest = make_engine(url), 0, 0.0
    gc.set_threshold(200_000)  # as the command does
    for piece in pieces:
        began = time.monotonic()
        with Session(engine) as session:
            uses += rebuild(session, piece, now=NOW)
            session.commit()
        longest = max(longest, time.monotonic() - began)
    engine.dispose()
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Share(uses, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, longest)


def _rows(engine: Engine) -> str:
    with Session(engine) as session:
        counts = [session.scalar(select(func.count()).select_from(table)) or 0 for table in FIGURES]
        used = session.scalar(select(func.sum(YearFigure.uses))) or 0
    return f"{sum(counts):,} rows of figures for {used:,} uses"


def _size(engine: Engine) -> int:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
        pages = [int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in ("page_count", "page_size", "freelist_count")]
        return (pages[0] - pages[2]) * pages[1]


def _one_use(engine: Engine) -> str:
    """Work off one changed use at a time, of another instrument each."""
    took = []
    for number in range(1, ROUNDS + 1):
        with Session(engine) as session:
            chosen = session.scalar(select(func.min(UsageRecord.id)).where(UsageRecord.instrument_id == number))
            session.execute(text("UPDATE usage_record SET samples = samples + 1 WHERE id = :id"), {"id": chosen})
            session.commit()
            took.append(_work_off(engine))
    ordered = sorted(took)
    return (
        f"one changed use worked off: p50 {1000 * statistics.median(ordered):.0f} ms, p95 {1000 * ordered[int(len(ordered) * 0.95)]:.0f} ms"
    )


def _one_closure(engine: Engine) -> str:
    """Note a day of 500 instruments, as a closure of their facility does, and work that off."""
    with Session(engine) as session:
        each = "INSERT INTO touched_span (instrument_id, start_at, end_at) SELECT id, :at, :at FROM instrument WHERE id <= 500"
        kept = NOW - timedelta(days=40)
        session.execute(text(each), {"at": kept.replace(tzinfo=None).isoformat(" ") if engine.dialect.name == "sqlite" else kept})
        session.commit()
    took = []
    with Session(engine) as session:
        while waiting_notes(session):
            session.rollback()
            took.append(_work_off(engine))
    return f"a month of 500 instruments worked off: {sum(took):.1f} s in {len(took)} transactions, the longest {max(took):.2f} s"


def _all_hours(engine: Engine) -> str:
    """Change the hours of every instrument as of two months ago, and work that off."""
    began = time.monotonic()
    with Session(engine) as session:
        session.execute(text("UPDATE opening_hours SET valid_from = :on"), {"on": f"{NOW - timedelta(days=60):%Y-%m-%d}"})
        session.commit()
        noted, left = time.monotonic() - began, waiting_notes(session)
    took = [_work_off(engine)]
    while took[-1] and len(took) < MOST_TURNS and _waits(engine):
        took.append(_work_off(engine))
    return (
        f"hours of all instruments changed: noted in {noted:.2f} s ({left:,} notes), {len(took)} transactions of {sum(took) / len(took):.2f} s, "
        f"the longest {max(took):.2f} s, {len(took) * BUDGET / sum(took):,.0f} months of instruments/s"
    )


def _waits(engine: Engine) -> int:
    with Session(engine) as session:
        return waiting_notes(session)


def _work_off(engine: Engine) -> float:
    began = time.monotonic()
    with Session(engine) as session:
        work_off(session, now=NOW)
        session.commit()
    return time.monotonic() - began
