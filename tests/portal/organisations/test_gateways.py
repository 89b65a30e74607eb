"""The organisation's pages of gateways, channels and cards."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from instruments.roles import grant
from portal.gatewaykeys import card_digest, key_of
from scheduling.cards import AccessCard
from scheduling.gateways import Device, Gateway, known_devices


@pytest.fixture
def instrument(an_instrument):
    return an_instrument()


@pytest.fixture
def browser(client, log_in, session, instrument, a_person, now):
    person = a_person(organisation=instrument.organisation, language="en")
    grant(session, person, "organisation_admin", organisation=instrument.organisation, now=now)
    log_in(client, person)
    return client


@pytest.fixture
def send(browser, csrf_of):
    """`send(address, **form)` posts a form with its hidden field."""
    return lambda address, **form: browser.post(address, data=form | {"csrf_token": csrf_of(browser)})


@pytest.fixture
def gateway(session, send):
    send("/organisation/gateways", name="Basement")
    return session.scalars(select(Gateway)).one()


def test_without_a_gateway_the_page_says_what_one_is_for(browser):
    assert "No gateways yet" in browser.get("/organisation/gateways").text


def test_a_new_gateways_key_is_shown_once(app, session, browser, send):
    made = send("/organisation/gateways", name="Basement")
    gateway = session.scalars(select(Gateway)).one()
    with app.app_context():
        key = key_of(gateway)
    assert key in made.text
    assert key not in browser.get(f"/organisation/gateways/{gateway.id}").text


def test_a_new_key_replaces_the_old(app, session, gateway, send):
    with app.app_context():
        old = key_of(gateway)
    shown = send(f"/organisation/gateways/{gateway.id}/key").text
    session.expire_all()
    with app.app_context():
        assert key_of(gateway) in shown
        assert key_of(gateway) != old


def test_a_channel_is_given_to_an_instrument(session, browser, gateway, instrument, send):
    (device,) = known_devices(session, gateway, [("P1", "power")]).values()
    session.commit()
    page = browser.get(f"/organisation/gateways/{gateway.id}")
    assert "Not given yet" in page.text
    send(f"/organisation/devices/{device.id}", instrument=instrument.id, lane=1, on_above_watts=80)
    session.expire_all()
    found = session.get(Device, device.id)
    assert (found.instrument_id, found.on_above_watts) == (instrument.id, 80)


def test_a_position_that_is_not_there_is_told_beside_the_field(session, gateway, instrument, send):
    (device,) = known_devices(session, gateway, [("P1", "power")]).values()
    session.commit()
    refused = send(f"/organisation/devices/{device.id}", instrument=instrument.id, lane=7, on_above_watts=80)
    assert (refused.status_code, "no such place" in refused.text) == (422, True)


def test_a_card_is_given_and_taken_back(app, session, browser, instrument, a_person, send):
    person = a_person(organisation=instrument.organisation)
    assert "No cards yet" in browser.get("/organisation/cards").text
    send("/organisation/cards", email=person.email, card="04a1b2c3")
    card = session.scalars(select(AccessCard)).one()
    with app.app_context():
        assert (card.person_id, card.digest) == (person.id, card_digest("04A1B2C3"))
    assert person.name in browser.get("/organisation/cards").text
    send(f"/organisation/cards/{card.id}/revoke")
    session.expire_all()
    assert session.get(AccessCard, card.id).revoked_at is not None


def test_a_card_for_a_stranger_is_refused_in_words(a_person, send):
    refused = send("/organisation/cards", email=a_person().email, card="04a1b2c3")
    assert (refused.status_code, "Nobody active in this organisation" in refused.text) == (422, True)


def test_a_gateway_is_shut_out_and_let_in(session, gateway, send):
    for answer, is_active in (("no", False), ("yes", True)):
        send(f"/organisation/gateways/{gateway.id}/active", active=answer)
        session.expire_all()
        assert session.get(Gateway, gateway.id).is_active is is_active
