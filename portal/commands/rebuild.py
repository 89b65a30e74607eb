"""Make all figures of statistics anew from the rows they rest on, while the portal may go on serving."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import datetime

from flask import Flask
from sqlalchemy import select

from instruments.catalogue import Instrument
from instruments.database import is_sqlite
from portal import clock
from portal.commands.opened import Progress, open_portal
from portal.transactions import reading, writing
from scheduling.statistics.keeping import rebuild, slices
from scheduling.statistics.notes import take_away, wide_notes

SLICES = {"sqlite": 20, "postgresql": 100}  # instruments in one transaction: SQLite has one writer, and others wait
PROCESSES = 4
Done = tuple[int, int]  # instruments and uses


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add from when on, and how many work at it."""
    parser.add_argument("--from", dest="since", metavar="YEAR", type=_year, help="only figures from this year on; else all of them")
    parser.add_argument(
        "--processes", metavar="N", type=_processes, help=f"how many work at it on PostgreSQL (one for each processor, at most {PROCESSES})"
    )


def run(chosen: argparse.Namespace) -> int:
    """Rebuild slice by slice, each in a transaction of its own; broken off, it is begun anew, and nothing was wrong meanwhile."""
    app, progress, began, now = open_portal(chosen), Progress(), time.monotonic(), clock.now()
    with app.app_context(), reading() as session:
        ids, notes, dialect = session.scalars(select(Instrument.id).order_by(Instrument.id)).all(), wide_notes(session), session.get_bind().dialect.name
    pieces, instruments, uses = list(slices(ids, SLICES[dialect])), 0, 0
    count = 1 if dialect == "sqlite" else min(chosen.processes or min(os.cpu_count() or 1, PROCESSES), max(len(pieces), 1))
    for more, read in _alone(app, pieces, chosen.since, now) if count == 1 else _together(chosen, pieces, count, now):
        instruments, uses = instruments + more, uses + read
        progress.say(f"{instruments:,} / {len(ids):,}")
    progress.end()
    if chosen.since is None:
        with app.app_context(), writing() as session:
            take_away(session, notes)  # all they asked for is done
    took = time.monotonic() - began
    print(f"{instruments:,} 台仪器、{uses:,} 次使用 / instruments, uses: {took:.1f} s, {uses / took:,.0f}/s")
    return 0


def _alone(app: Flask, pieces: Sequence[list[int]], since: int | None, now: datetime) -> Iterator[Done]:
    threshold = gc.get_threshold()
    gc.set_threshold(200_000)  # counts are many small lists, and none of them in a ring
    try:
        for piece in pieces:
            began = time.monotonic()
            with app.app_context(), writing() as session:
                uses, has_one_writer = rebuild(session, piece, now=now, since=since), is_sqlite(session)
            yield len(piece), uses
            if has_one_writer:
                time.sleep(min((time.monotonic() - began) / 4, 0.2))  # others get their turn
    finally:
        gc.set_threshold(*threshold)


def _together(chosen: argparse.Namespace, pieces: Sequence[list[int]], count: int, now: datetime) -> Iterator[Done]:
    """Have several processes work at once, each on slices of its own."""
    with ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin, (chosen,)) as pool:
        for one in as_completed([pool.submit(_work, piece, chosen.since, now) for piece in pieces]):
            yield one.result()


_app: Flask | None = None


def _begin(chosen: argparse.Namespace) -> None:
    global _app
    _app = open_portal(chosen)


def _work(piece: list[int], since: int | None, now: datetime) -> Done:
    assert _app is not None
    return next(_alone(_app, [piece], since, now))


def _year(text: str) -> int:
    year = int(text)
    if not 1990 <= year <= 2200:
        raise argparse.ArgumentTypeError("a year, as 2026")
    return year


def _processes(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 64:
        raise argparse.ArgumentTypeError("1 to 64")
    return count
