"""What makes the rows of each kind of return. Without a `now` the statistics are taken as they stand, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from instruments.people import Organisation
from scheduling.returning.periods import Period
from scheduling.returning.rowdrafts import RowDraft
from scheduling.returning.runningrows import running_rows
from scheduling.returning.schoolrows import school_rows
from scheduling.returning.servicerows import service_rows
from scheduling.returning.yearlyrows import yearly_rows

Maker = Callable[[Session, Organisation, Period, datetime | None], Iterator[RowDraft]]
MAKERS: Mapping[str, Maker] = {
    "service_records": lambda session, organisation, period, _now: service_rows(session, organisation, period),
    "running": running_rows,
    "yearly": yearly_rows,
    "sj3": school_rows,
}
