"""The yearly report: one row for each instrument in the national field names; hours and income are computed, never typed.

runMachine are effective hours, serviceMachine those for users outside the organisation, serviceIncome what these paid, in 万元 (REGISTER: single set).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from instruments.exchange.national import national
from instruments.exchange.vocabulary import read_vocabulary
from instruments.people import Organisation
from scheduling.returning.figurerows import NOTHING, bring_up_to_date, counts_of, figure, reported
from scheduling.returning.formats import format_of
from scheduling.returning.periods import Period
from scheduling.returning.rowdrafts import RowDraft


def yearly_rows(session: Session, organisation: Organisation, period: Period, now: datetime | None) -> Iterator[RowDraft]:
    """Give the rows of a year by inner id."""
    if now is not None:
        bring_up_to_date(session, organisation, period, now)
    layout, words = format_of("yearly"), read_vocabulary(session)
    for some in reported(session, organisation, period):
        found = counts_of(session, [one.id for one in some], period)
        for one in some:
            known, counts = national(one, words, image=one.photo, code=organisation.code), found.get(one.id, NOTHING)
            yield RowDraft(one.id, {field.name: figure(field, counts) if field.counts else known[field.name] for field in layout.fields})
