"""The sample's statistics: counted at once, so that a first look shows them; afterwards the ticks keep them up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from scheduling.statistics.keeping import note_new_day, rebuild, slices
from scheduling.statistics.touched import TouchedSpan


def count_figures(session: Session, *, now: datetime) -> None:
    """Make the figures of everything that has been made so far."""
    session.flush()
    session.execute(delete(TouchedSpan))
    note_new_day(session, now=now)
    for ids in slices(session.scalars(select(Instrument.id).order_by(Instrument.id)).all()):
        rebuild(session, ids, now=now)
