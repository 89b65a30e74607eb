"""A researcher who is logged in, and times as she would write them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from scheduling.bookings import Booking


@pytest.fixture
def researcher(a_person):
    return a_person(language="en", name="Lin Yue")


@pytest.fixture
def hers(client, log_in, researcher):
    """The researcher's browser."""
    return log_in(client, researcher)


@pytest.fixture
def her_browser(a_browser, log_in):
    """`her_browser(person)` is a browser in which that person is logged in."""

    def make(person):
        return log_in(a_browser(), person)

    return make


@pytest.fixture
def bookings(session):
    """All bookings as they are now, the first one first."""

    def read():
        session.rollback()
        return session.scalars(select(Booking).order_by(Booking.id).execution_options(populate_existing=True)).all()

    return read
