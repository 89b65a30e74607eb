"""Instruments registered late: reported more than 30 working days after acceptance, or not yet (国科发基〔2017〕289号 Art. 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.errors import Sentence
from instruments.holidays import special_days
from instruments.publication import WORKING_DAYS_TO_REPORT, days_to_report
from scheduling.statistics.marks import Look

EARLIEST = date(1990, 1, 1)
STILL_DUE = ("draft", "refused")


@dataclass(frozen=True, slots=True)
class Latecomer:
    """An instrument with by how many working days it is or was late, and whether it is still not reported."""

    instrument_id: int
    figures: tuple[int, int]


class Late:
    """Registered late, with by how many working days."""

    code = "late"
    title = Sentence("迟报", "Registered late")

    def sentence(self, look: Look) -> Sentence:
        """Say the clause and which ones are listed."""
        days = WORKING_DAYS_TO_REPORT
        return Sentence(
            f"验收后 {days} 个工作日内应报送：{look.year} 年迟报的，以及至今未报送的。",
            f"Due within {days} working days of acceptance: those reported late in {look.year}, and those not reported yet.",
        )

    def words(self, look: Look, figures: Sequence[int]) -> Sentence:
        """Say by how much."""
        late, is_open = figures
        days = "working day" if late == 1 else "working days"
        if is_open:
            return Sentence(f"尚未报送，已超期 {late} 个工作日", f"Not reported yet, {late} {days} late")
        return Sentence(f"迟报 {late} 个工作日", f"{late} {days} late")


LATE = Late()


def latecomers(session: Session, look: Look) -> list[Latecomer]:
    """Give those late in the year of the look, in order of id; two statements."""
    rows: Sequence[Any] = session.execute(_candidates(look)).all()
    first = min((row.accepted_on for row in rows), default=look.first)
    holidays = special_days(session, max(first, EARLIEST), look.now.date() + timedelta(days=1)) if rows else {}
    found = []
    for row in rows:
        left = days_to_report(row, look.now, holidays)
        if left is not None and left < 0:
            found.append(Latecomer(row.id, (-left, int(row.publication in STILL_DUE))))
    return found


def _candidates(look: Look) -> Select[Any]:
    """Select what may be late: accepted at least 30 days before, and reported in the year or not yet."""
    reported = func.coalesce(Instrument.submitted_at, Instrument.published_at)
    start, end = (datetime(number, 1, 1, tzinfo=look.now.tzinfo) for number in (look.year, look.year + 1))
    still_due = Instrument.publication.in_(STILL_DUE)
    in_year = (reported >= start) & (reported < end) & ~still_due
    columns: list[Any] = [Instrument.id, Instrument.accepted_on, Instrument.submitted_at, Instrument.published_at, Instrument.publication, Instrument.time_zone]
    return (
        select(*columns)
        .where(look.mine, ~Instrument.is_exempt, or_(still_due, in_year))
        .where(Instrument.accepted_on <= min(look.now.date(), date(look.year, 12, 31)) - timedelta(days=WORKING_DAYS_TO_REPORT))
        .where(Instrument.original_value >= look.limits.least_value)
        .order_by(Instrument.id)
    )
