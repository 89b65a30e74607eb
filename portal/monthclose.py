"""The one place from which a month or another cycle is closed, on the page and at the command line: the statements, and the letters about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy.orm import Session

from instruments.access import Viewer
from portal import clock
from portal.moneynotices import statements_notice
from scheduling.accounting.closingcycles import PeriodClose
from scheduling.accounting.periods import close_period


def close_month(
    session: Session, organisation_id: int, month: date, *, viewer: Viewer, told: Callable[[int], None] = lambda _lines: None
) -> PeriodClose:
    """Close the cycle a month lies in now, and tell those who answer for its accounts; `told` is told how many lines are on statements."""
    now = clock.now()
    made = close_period(session, organisation_id, month, viewer=viewer, now=now, told=told)
    statements_notice(session, made, now)
    return made
