"""Two years and more of finished bookings, written in bulk: they are history, so no rule judges them, but the database's own promise does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from instruments.access import Viewer, audience_of, load_viewer
from instruments.catalogue import Instrument
from instruments.opening import openings
from instruments.timespan import TimeSpan
from portal.demo.characters import began
from portal.demo.equipment import Furnished
from portal.demo.population import Population
from scheduling.bookings import Booking

AS_ONE = {"render_nulls": True}  # one statement for all rows, though some of them leave something empty
GUESTS = 0.03  # how often it was one of the sample logins
STATES = ("finished",) * 26 + ("no_show", "cancelled", "cancelled")


def remember_past(session: Session, furnished: Furnished, people: Population, *, now: datetime) -> int:
    """Write the bookings since the portal began, within the opening hours as they were, as each instrument is used; give how many."""
    chance = random.Random(11)
    window = TimeSpan(began(now), now - timedelta(hours=2))
    opened = openings(session, furnished.published, window)
    rows: list[dict[str, Any]] = []
    guests = [load_viewer(session, people.logins[f"{name}@example.org"]) for name in ("researcher", "researcher", "researcher2", "firm")]
    for instrument in furnished.published:
        character = furnished.characters[instrument.id]
        home = [user for user in people.users if user.organisation_id == instrument.organisation_id]
        others = [user for user in people.users if user.organisation_id != instrument.organisation_id]
        for span in opened[instrument.id].open_spans:
            for day in _days(span):
                if chance.random() < character.chance_of(day.start, now):
                    users = guests if chance.random() < GUESTS else others if chance.random() < character.outside else home
                    rows.append(_row(instrument, day, chance.choice(users), chance.choice(character.lengths), people, chance))
    for first in range(0, len(rows), 5000):
        session.execute(insert(Booking), rows[first : first + 5000], execution_options=AS_ONE)
    return len(rows)


def _days(span: TimeSpan) -> Iterator[TimeSpan]:
    """Cut a long open span into days, so that an instrument open around the clock is not used once in two years."""
    start = span.start
    while start < span.end:
        end = min(start + timedelta(days=1), span.end)
        if end - start >= timedelta(hours=2):
            yield TimeSpan(start, end)
        start = end


def _row(
    instrument: Instrument, span: TimeSpan, user: Viewer, hours: float, people: Population, chance: random.Random
) -> dict[str, Any]:  # fmt: skip
    margin = timedelta(minutes=instrument.setup_minutes + instrument.cleanup_minutes)
    room = (span.duration - margin).total_seconds() / 3600
    length = timedelta(hours=min(hours, int(room * 2) / 2))
    slack = int((span.duration - margin - length) / timedelta(minutes=30))
    start = span.start + timedelta(minutes=instrument.setup_minutes) + timedelta(minutes=30) * chance.randrange(slack + 1)
    end, state = start + length, chance.choice(STATES)
    made = start - timedelta(days=chance.randrange(1, 10))
    used = state == "finished"
    return {
        "instrument_id": instrument.id, "lane": 1, "person_id": user.person_id, "group_id": people.group_of.get(user.person_id),
        "start_at": start, "end_at": end, "occupied_from": start - timedelta(minutes=instrument.setup_minutes),
        "occupied_until": end + timedelta(minutes=instrument.cleanup_minutes), "holds": state != "cancelled", "status": state,
        "mode": "self" if instrument.self_operated else "assisted",
        "purpose": chance.choice(("research", "research", "development", "teaching")),
        "audience": audience_of(user, instrument), "note": "", "reason": "", "approval_reasons": "",
        "uid": UUID(int=chance.getrandbits(128)).hex, "sequence": 0, "created_at": made, "changed_at": end,
        "started_at": start if used else None, "ended_at": end if used else None, "version": 1,
    }  # fmt: skip
