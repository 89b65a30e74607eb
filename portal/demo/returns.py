"""Returns of the sample manager's organisation: running records that were accepted and that wait, and service records still being prepared."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from instruments.access import load_viewer
from portal.demo.population import Population
from scheduling.returning.generating import generate
from scheduling.returning.periods import Period, last_over
from scheduling.returning.steps import accept, sign

HANDED_IN, REVIEWED = timedelta(days=12), timedelta(days=19)


def hand_in(session: Session, people: Population, *, now: datetime) -> int:
    """Make the returns and give how many."""
    home = people.organisations["SX-FHLG"]
    keeper, province = (load_viewer(session, people.logins[f"{who}@example.org"]) for who in ("orgadmin", "admin"))
    last = last_over("quarter", now, home.time_zone)

    def at(period: Period, after: timedelta) -> datetime:
        return min(now, period.span(home.time_zone).end + after)

    for period in (last.before, last):
        one = generate(session, home.id, "running", period, viewer=keeper, now=at(period, HANDED_IN))
        nothing = one.row_count == 0
        sign(session, one.id, digest=one.digest, viewer=keeper, now=at(period, HANDED_IN), nothing_to_report=nothing)
        if period is not last:
            accept(session, one.id, viewer=province, now=at(period, REVIEWED), remark="数据完整。")
    generate(session, home.id, "service_records", last, viewer=keeper, now=now)
    return 3
