"""The uses of the past: a record for every finished booking, written in bulk; the last week's wait to be confirmed, and a few have a problem."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.people import Person
from portal.demo.past import AS_ONE
from scheduling.bookings import Booking
from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem

RECENT = timedelta(days=7)
AT_ONCE = 2000
RATINGS = ("very_satisfied",) * 6 + ("satisfied",) * 4 + ("fair", "", "", "", "", "")
SOURCES = ("qr", "qr", "web", "card", "manager")
CONTENTS = ("形貌观察", "成分分析", "物相鉴定", "含量测定", "结构表征", "")
FINISHED = (
    select(
        Booking.id, Booking.instrument_id, Booking.lane, Booking.person_id, Booking.group_id, Booking.started_at, Booking.ended_at, Booking.mode,
        Booking.purpose, Booking.audience, Person.organisation_id, Instrument.organisation_id.label("owner_id"),
    )
    .join(Person, Person.id == Booking.person_id)
    .join(Instrument, Instrument.id == Booking.instrument_id)
    .where(Booking.status == "finished", Booking.started_at < Booking.ended_at)
    .order_by(Booking.id)
)  # fmt: skip


def remember_uses(session: Session, *, now: datetime) -> int:
    """Write a use for every finished booking; give how many."""
    chance, count = random.Random(12), 0
    rows = session.execute(FINISHED).all()
    for first in range(0, len(rows), AT_ONCE):
        some = [_row(row, now, chance) for row in rows[first : first + AT_ONCE]]
        session.execute(insert(UsageRecord), some, execution_options=AS_ONE)
        count += len(some)
    if problems := list(_problems(session)):
        session.execute(insert(UsageProblem), problems)
    return count


def _row(row: Any, now: datetime, chance: random.Random) -> dict[str, Any]:
    """Begin a little late and end a little early, as people do; what is confirmed was so two days later."""
    booked = int((row.ended_at - row.started_at) / timedelta(minutes=1))
    start = row.started_at + timedelta(minutes=chance.randrange(min(10, booked // 4)))
    end = row.ended_at - timedelta(minutes=chance.randrange(min(15, booked // 4)))
    minutes, source = int((end - start) / timedelta(minutes=1)), chance.choice(SOURCES)
    fault = chance.randrange(5, 15) if chance.random() < 0.03 and minutes > 30 else 0
    is_confirmed, rating = end < now - RECENT, chance.choice(RATINGS)
    by = None if source == "card" else row.person_id
    return {
        "instrument_id": row.instrument_id, "lane": row.lane, "booking_id": row.id, "person_id": row.person_id, "group_id": row.group_id,
        "organisation_id": row.organisation_id, "owner_id": row.owner_id, "audience": row.audience,
        "is_external": row.organisation_id != row.owner_id, "mode": row.mode, "purpose": row.purpose, "project": "",
        "start_at": start, "end_at": end, "effective_minutes": minutes - fault, "startup_minutes": 0, "post_minutes": 0, "fault_minutes": fault,
        "samples": chance.randrange(1, 9), "runs": 0, "quantities": {}, "options": [], "content": chance.choice(CONTENTS), "outcome": "ok",
        "status": "confirmed" if is_confirmed else "recorded", "occupies": True, "start_source": source, "start_by": by, "start_noted_at": start,
        "end_source": source, "end_by": by, "end_noted_at": end, "rating": rating, "comment": "", "rated_at": end if rating else None,
        "confirmed_at": end + timedelta(days=2) if is_confirmed else None, "reason": "", "created_at": start, "changed_at": end, "version": 1,
    }  # fmt: skip


def _problems(session: Session) -> Iterator[dict[str, Any]]:
    """Open a problem with every sixteenth use that waits."""
    waiting = (
        select(UsageRecord.id, UsageRecord.instrument_id, UsageRecord.end_at)
        .where(UsageRecord.status == "recorded")
        .order_by(UsageRecord.id)
    )
    for number, row in enumerate(session.execute(waiting)):
        if number % 16 == 0:
            yield {
                "usage_id": row.id, "instrument_id": row.instrument_id, "kind": ("overrun", "disagreement")[number % 2],
                "detail": {"minutes": 25}, "opened_at": row.end_at, "resolution": "", "reason": "",
            }  # fmt: skip
