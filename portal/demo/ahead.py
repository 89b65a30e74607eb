"""The weeks to come, booked by the verb everybody uses; requests wait for the sample manager, and some uses are on right now."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy.orm import Session

from instruments.access import Viewer, load_viewer
from instruments.catalogue import Instrument
from instruments.errors import Refused
from instruments.schedules import schedule_of
from instruments.timespan import TimeSpan
from portal.demo.equipment import Furnished
from portal.demo.population import Population
from scheduling.availability import availabilities
from scheduling.bookings import Booking
from scheduling.desk import start
from scheduling.reserving import Wish, book

TRIES = 260
AHEAD = timedelta(days=14)
LENGTH = timedelta(hours=2)
AT_HOME = 5


def book_ahead(session: Session, furnished: Furnished, people: Population, *, now: datetime) -> int:
    """Book some two hundred uses in the next two weeks; give how many the rules let through."""
    chance = random.Random(5)
    made = 0
    researcher = load_viewer(session, people.logins["researcher@example.org"])
    plain = [one for one in furnished.published if not one.needs_qualification and not furnished.traits[one.id]]
    home = [one for one in plain if one.organisation_id == people.organisations["SX-FHLG"].id]
    for instrument in home[:3]:
        made += _try_book(session, instrument, researcher, people, chance, now) is not None
    waiting = [one for one in furnished.published if "a" in furnished.traits[one.id]]
    for number in range(TRIES):
        instrument = chance.choice(waiting) if number % 8 == 0 else chance.choice(furnished.published)
        made += _try_book(session, instrument, chance.choice(people.users), people, chance, now) is not None
    return made + _begin_some(session, furnished, people, now)


def _try_book(
    session: Session, instrument: Instrument, viewer: Viewer, people: Population, chance: random.Random, now: datetime
) -> Booking | None:
    schedule = schedule_of(instrument)
    length = timedelta(hours=chance.choice((1, 2, 2, 3)))
    window = TimeSpan(now + timedelta(hours=2), now + AHEAD)
    starts = list(availabilities(session, [schedule], window)[instrument.id].starts(length, not_before=window.start))
    if not starts:
        return None
    begin = chance.choice(starts)
    mode = "self" if instrument.self_operated else "assisted"
    wish = Wish((instrument.id,), TimeSpan(begin, begin + length), mode, group_id=people.group_of.get(viewer.person_id))
    try:
        return book(session, wish, viewer=viewer, now=now)[0]
    except Refused:
        return None  # this person may not, or not then: another of the tries will


def _begin_some(session: Session, furnished: Furnished, people: Population, now: datetime) -> int:
    """Have instruments that are open now be in use. Some are the sample manager's, so that her desk is not empty, and one user there has not come."""
    begin = now - timedelta(seconds=now.timestamp() % 1800)
    home = [one for one in furnished.published if one.organisation_id == people.organisations["SX-FHLG"].id]
    elsewhere = [one for one in furnished.published[::7] if one not in home]
    at_home = list(islice(_used_now(session, home, begin, people), AT_HOME))
    uses = [*at_home[:1], *at_home[2:], *_used_now(session, elsewhere, begin, people)]
    for made, user in uses:
        if made.status == "confirmed":
            start(session, made.id, viewer=user, now=now)
    return len(uses) + len(at_home[1:2])


def _used_now(session: Session, instruments: Sequence[Instrument], begin: datetime, people: Population) -> Iterator[tuple[Booking, Viewer]]:
    for instrument in instruments:
        theirs = [user for user in people.users if user.organisation_id == instrument.organisation_id]
        user = theirs[instrument.id % len(theirs)]
        mode = "self" if instrument.self_operated else "assisted"
        wish = Wish((instrument.id,), TimeSpan(begin, begin + LENGTH), mode, group_id=people.group_of.get(user.person_id))
        try:
            yield book(session, wish, viewer=user, now=begin)[0], user
        except Refused:
            continue  # closed now, or booked, or this person is not qualified
