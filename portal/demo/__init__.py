"""The sample province: invented organisations and people, real makes of instrument, two years and more of bookings, and weeks to come.

make() fills an empty database and nothing else; the same seed gives the same province relative to `now`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.people import Organisation, Person
from instruments.search.index import rebuild_index
from portal.demo.ahead import book_ahead
from portal.demo.equipment import Furnished, furnish
from portal.demo.evaluations import evaluate
from portal.demo.figures import count_figures, publish_last_year
from portal.demo.money import settle_past
from portal.demo.past import remember_past
from portal.demo.population import LOGINS, Population, populate, set_passwords
from portal.demo.rates import set_rates
from portal.demo.reports import fill_desks
from portal.demo.returns import hand_in
from portal.demo.uses import remember_uses
from portal.demo.vouchers import give_vouchers


@dataclass(frozen=True, slots=True)
class Province:
    """What was made: the passwords by address, and how much of it."""

    passwords: dict[str, str]
    organisations: int
    instruments: int
    past_bookings: int
    bookings_ahead: int


def is_empty(session: Session) -> bool:
    """Say whether nobody is registered yet, so that a sample would disturb nothing."""
    return session.scalar(select(Organisation.id).limit(1)) is None and session.scalar(select(Person.id).limit(1)) is None


def make(session: Session, *, now: datetime, passwords: dict[str, str]) -> Province:
    """Make the sample province in the caller's transaction; code lists, categories and holidays are seeded already.

    `passwords` gives one for each address of LOGINS.
    """
    people: Population = populate(session, now=now)
    set_passwords(session, people, passwords, now=now)
    furnished: Furnished = furnish(session, people, now=now)
    set_rates(session, furnished, now=now)
    past = remember_past(session, furnished, people, now=now)
    remember_uses(session, now=now)
    settle_past(session, people, now=now)
    give_vouchers(session, people, now=now)
    hand_in(session, people, now=now)
    ahead = book_ahead(session, furnished, people, now=now)
    rebuild_index(session)
    count_figures(session, now=now)
    publish_last_year(session, people.logins["admin@example.org"], now=now)
    evaluate(session, people, now=now)
    fill_desks(session, people, now=now)
    return Province(passwords, len(people.organisations), len(furnished.instruments), past, ahead)


__all__ = ["LOGINS", "Province", "is_empty", "make"]
