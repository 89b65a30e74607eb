"""Returns that are overdue: of each kind the last period that is over, and which organisations have not handed it in though it was due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from instruments.people import Organisation
from instruments.timespan import zone
from scheduling.returning.formats import ReturnFormat, formats
from scheduling.returning.lateness import deadlines, due_on, reporting
from scheduling.returning.periods import Period, last_over
from scheduling.returning.returns import Return

HOME = "Asia/Shanghai"
HANDED_IN = ("signed", "accepted")


@dataclass(frozen=True, slots=True)
class Overdue:
    """How many organisations have not handed in a kind of return for its last period, and for how many days it has been due."""

    layout: ReturnFormat
    period: Period
    count: int
    days: int


def overdue_returns(session: Session, organisation_ids: Sequence[int] | None, *, now: datetime) -> list[Overdue]:
    """Count what is overdue of some organisations (None: of all), kind by kind; a statement for each kind whose day has passed, and one more."""
    today, days = now.astimezone(zone(HOME)).date(), deadlines(session)
    found = []
    for kind, layout in formats().items():
        period = last_over(layout.period, now, HOME)
        late = (today - due_on(period, days[kind])).days
        if late > 0:
            found.append(Overdue(layout, period, _missing(session, kind, period, organisation_ids), late))
    return [one for one in found if one.count]


def _missing(session: Session, kind: str, period: Period, organisation_ids: Sequence[int] | None) -> int:
    handed_in = exists().where(
        Return.organisation_id == Organisation.id, Return.kind == kind, Return.starts_on == period.start, Return.state.in_(HANDED_IN)
    )
    asked = reporting(kind).where(~handed_in)
    if organisation_ids is not None:
        asked = asked.where(Organisation.id.in_(list(organisation_ids)))
    return session.scalar(select(func.count()).select_from(asked.subquery())) or 0
