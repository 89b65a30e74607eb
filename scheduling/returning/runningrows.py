"""Running records (运行记录): one row for each instrument and month of the quarter, with its minutes as the statistics count them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from instruments.people import Organisation
from scheduling.returning.figurerows import NOTHING, bring_up_to_date, figure, monthly_counts, reported
from scheduling.returning.formats import format_of
from scheduling.returning.periods import Period
from scheduling.returning.rowdrafts import RowDraft


def running_rows(session: Session, organisation: Organisation, period: Period, now: datetime | None) -> Iterator[RowDraft]:
    """Give the rows of a quarter by instrument and month; a month without figures has noughts."""
    if now is not None:
        bring_up_to_date(session, organisation, period, now)
    counted = [field for field in format_of("running").fields if field.counts]
    for some in reported(session, organisation, period):
        found = monthly_counts(session, [one.id for one in some], period)
        for one in some:
            for month in period.months:
                counts = found.get((one.id, month), NOTHING)
                said = {"innerId": one.inner_id, "insCode": organisation.code, "month": month.strftime("%Y-%m")}
                yield RowDraft(one.id, said | {field.name: figure(field, counts) for field in counted})
