"""A manager at her browser, with the instruments she manages."""

from __future__ import annotations

import pytest

from instruments.codes import seed_codes
from instruments.roles import grant
from tests.fixtures.accounts import token_in


@pytest.fixture
def codes(session):
    seed_codes(session)
    session.flush()


@pytest.fixture
def instrument(an_instrument, codes):
    """A published instrument that takes bookings around the clock."""
    return an_instrument(name_zh="一号电镜", name_en="First microscope")


@pytest.fixture
def somebody_with(session, a_person, a_browser, log_in, now):
    """`somebody_with("manager", instrument=one)` gives the browser of a person with this role."""

    def make(role=None, **scope):
        person = a_person(organisation=scope["instrument"].organisation) if "instrument" in scope else a_person()
        if role:
            grant(session, person, role, now=now, **scope)
            session.flush()
        return log_in(a_browser(), person)

    return make


@pytest.fixture
def manager(somebody_with, instrument):
    """The browser of the instrument's manager."""
    return somebody_with("manager", instrument=instrument)


@pytest.fixture
def post(manager):
    """`post(path, **fields)` sends a form as the manager, with the hidden field of a page of hers."""

    def send(path, browser=None, **fields):
        browser = browser or manager
        return browser.post(f"/manage{path}", data={"csrf_token": token_in(browser.get("/me").text), **fields})

    return send
