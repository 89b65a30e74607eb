"""The sample's statistics: counted at once, so that a first look shows them; afterwards the ticks keep them up."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.catalogue import Instrument
from instruments.people import Person
from scheduling.statistics.keeping import note_new_day, rebuild, slices
from scheduling.statistics.periods import this_year
from scheduling.statistics.publishing import publish_year
from scheduling.statistics.touched import TouchedSpan


def publish_last_year(session: Session, admin: Person, *, now: datetime) -> None:
    """Publish the figures of the year that is over, as a province does in spring, or as soon as there is somebody to look at them."""
    year = this_year(now)
    spring = datetime(year, 3, 20, 2, tzinfo=UTC)
    publish_year(session, year - 1, viewer=load_viewer(session, admin), now=min(now, spring), note="年度统计公报 / Yearly bulletin")


def count_figures(session: Session, *, now: datetime) -> None:
    """Make the figures of everything that has been made so far."""
    session.flush()
    session.execute(delete(TouchedSpan))
    note_new_day(session, now=now)
    for ids in slices(session.scalars(select(Instrument.id).order_by(Instrument.id)).all()):
        rebuild(session, ids, now=now)
