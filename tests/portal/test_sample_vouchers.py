"""The vouchers of the sample province: a firm finds one partly used, one it has applied for, and claims at every desk."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from instruments.roles import grant
from portal.demo.population import Population
from portal.demo.vouchers import give_vouchers
from scheduling.accounting.claims import Claim, charges_to_claim, claims_of, left_on
from scheduling.accounting.proof import check_books
from scheduling.accounting.vouchers import Voucher


@pytest.fixture
def people(session, an_organisation, an_instrument, a_person, of_firm, a_firm, now):
    """The people of the sample that vouchers are about, and a home with an instrument."""
    home, keeper = an_organisation(), an_organisation()
    logins = {"firm@example.org": of_firm, "orgadmin@example.org": a_person(organisation=home), "admin@example.org": a_person(organisation=keeper)}
    grant(session, logins["orgadmin@example.org"], "organisation_admin", organisation=home, now=now)
    grant(session, logins["admin@example.org"], "province_admin", now=now)
    session.flush()
    return Population(organisations={"SX-FHLG": home, "SX-SJFX": keeper, "SX-YLXC": a_firm}, logins=logins)


@pytest.fixture
def given(app, session, people, an_instrument, a_final_charge, now):
    """`given(12)` gives the vouchers to a firm with so many final charges at home; gives the one that is partly used."""

    def make(charges):
        instrument = an_instrument(organisation=people.organisations["SX-FHLG"])
        for _ in range(charges):
            a_final_charge("800.00", instrument=instrument)
        with app.app_context():
            return give_vouchers(session, people, now=now)

    return make


def test_its_claims_are_paid_with_the_province_and_with_the_provider(session, given, buyer):
    held = given(12)
    assert {one.status: len(one.live_uses) for one in claims_of(session, held.id)} == {"settled": 4, "confirmed": 3, "submitted": 2}
    assert 0 < left_on(session, held) < Decimal(12000)
    assert len(charges_to_claim(session, held, buyer)) == 3


def test_another_waits_for_the_province(session, given):
    given(2)
    assert sorted(session.scalars(select(Voucher.status))) == ["applied", "granted"]


@pytest.mark.parametrize(("charges", "claims"), [(0, 0), (2, 1), (5, 2)])
def test_with_few_charges_there_are_fewer_claims(session, given, charges, claims):
    assert len(claims_of(session, given(charges).id)) == claims


def test_its_papers_can_be_opened(session, given, client, log_in, of_firm):
    given(1)
    (one,) = session.scalars(select(Claim)).all()
    browser = log_in(client, of_firm)
    for document in one.documents:
        with browser.get(f"/claims/{one.id}/documents/{document.id}") as answer:
            assert answer.get_data().startswith(b"%PDF")
    assert len(one.documents) == 3


def test_the_books_of_the_vouchers_agree(session, given):
    given(12)
    assert all(finding.is_right for finding in check_books(session))
