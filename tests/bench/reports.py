"""How long reports take over what has been counted: the whole network by each dimension, a quarter, and one instrument's days and rows."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from instruments.database import reader
from scheduling.statistics.figures import DayFigure
from scheduling.statistics.periods import Period, quarter, year
from scheduling.statistics.reports import report
from scheduling.usage import UsageRecord
from tests.bench.figures import YEAR

ROUNDS = 20
BY = ("network", "organisation", "category", "city", "instrument", "month")


def read_reports(engine: Engine) -> Iterator[str]:
    """Measure each report, p50 and p95 in ms, with the number of its statements."""
    for title, period in ((f"{YEAR}", year(YEAR)), ("a quarter", quarter(YEAR, 2))):
        for by in BY:
            yield _measured(engine, f"report of {title} by {by}", _reporting(period, by))
    yield _measured(engine, "an instrument's days of a year", _days)
    yield _measured(engine, "the uses behind one day", _uses)


def _reporting(period: Period, by: str) -> Callable[[Session], object]:
    return lambda session: report(session, period, by, limit=100)


def _days(session: Session) -> object:
    mine = DayFigure.instrument_id == 7, DayFigure.starts_on >= date(YEAR, 1, 1), DayFigure.starts_on < date(YEAR + 1, 1, 1)
    return session.scalars(select(DayFigure).where(*mine).order_by(DayFigure.starts_on)).all()


def _uses(session: Session) -> object:
    return session.scalars(select(UsageRecord).where(UsageRecord.instrument_id == 7).order_by(UsageRecord.start_at).limit(50)).all()


def _measured(engine: Engine, name: str, read: Callable[[Session], object]) -> str:
    took, said = [], 0

    def count(*_: object) -> None:
        nonlocal said
        said += 1

    event.listen(engine, "before_cursor_execute", count)
    for _ in range(ROUNDS):
        with Session(reader(engine)) as session:
            began = time.perf_counter()
            read(session)
            took.append((time.perf_counter() - began) * 1000)
    event.remove(engine, "before_cursor_execute", count)
    return f"{name}: {statistics.median(took):.0f} / {statistics.quantiles(took, n=20)[18]:.0f} ms, {said // ROUNDS} statements"
