"""Uses nobody ended: put into the problem queue once their booking, or the longest walk-on, is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem, open_problem
from scheduling.usepolicy import Policy, policies_of


def note_unended(session: Session, *, now: datetime, most: int = 500) -> list[UsageProblem]:
    """Open a problem for each running use that should have ended; give the new ones. Doing it again changes nothing."""
    known = exists().where(UsageProblem.usage_id == UsageRecord.id, UsageProblem.kind == "no_end", UsageProblem.resolved_at.is_(None))
    running = session.scalars(
        select(UsageRecord)
        .options(joinedload(UsageRecord.booking))
        .where(UsageRecord.status == "running", ~known)
        .order_by(UsageRecord.start_at)
    ).all()
    policies = policies_of(session, {one.owner_id for one in running})
    late = [one for one in running if due_at(one, policies) <= now][:most]
    return [
        open_problem(session, "no_end", instrument_id=one.instrument_id, usage_id=one.id, detail={"due": due_at(one, policies).isoformat()}, now=now)
        for one in late
    ]  # fmt: skip


def due_at(one: UsageRecord, policies: Mapping[int, Policy]) -> datetime:
    """Say when a running use should have ended: its booking's end and the tolerance, or after the longest walk-on."""
    policy = policies[one.owner_id]
    if one.booking is not None:
        return max(one.booking.end_at, one.start_at) + timedelta(minutes=policy.tolerance_minutes)
    return one.start_at + timedelta(hours=policy.longest_hours)
