"""Subsidies of a year: what counts of each organisation's charges, why not the rest, the cap, and what was approved stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from instruments.access import load_viewer
from instruments.errors import Forbidden, Invalid, OutOfOrder
from scheduling.accounting.awards import approve_award, award
from scheduling.accounting.charges import Charge
from scheduling.accounting.related import relate

LAST_MAY, THIS_MAY = datetime(2025, 5, 6, 2, tzinfo=UTC), datetime(2026, 5, 6, 2, tzinfo=UTC)
KINDS = ["university", "institute", "hospital", "enterprise", "public"]
TWENTY = {"brackets": [{"above": "0", "percent": "20"}]}


@pytest.fixture
def hefei(a_programme):
    """20 % of last year's sharing income to providers, 20 % of this year's spending to users; caps low enough to be met."""
    return a_programme(
        kind="subsidy", quota=None, applicants=KINDS, provider=TWENTY | {"cap": "5000", "of_last_year": True}, user=TWENTY | {"cap": "2000"}
    )


@pytest.fixture
def centre(an_organisation):
    return an_organisation(kind="institute", name_zh="测试中心")


@pytest.fixture
def earned(session, centre, an_instrument, a_person, now):
    """A final charge of the centre for somebody's organisation."""
    one = an_instrument(organisation=centre)

    def make(amount, user, *, kind="use", at=LAST_MAY, **changes):
        made = Charge(
            kind=kind, organisation_id=centre.id, user_organisation_id=user.id if user else None, instrument_id=one.id,
            person_id=a_person(organisation=user).id if user else a_person().id, used_at=at, status="final", total=Decimal(amount), made_at=at,
            final_at=at + timedelta(days=9), **changes,
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made

    return make


def told(unit):
    return {(line.kind, line.reason): line.amount for line in unit.lines}


def test_what_counts_and_why_not_the_rest(session, hefei, centre, earned, an_organisation, a_firm, province):
    sister = an_organisation(name_zh="附属公司")
    relate(session, centre, sister, "全资子公司", viewer=province)
    earned("1000.00", a_firm)
    earned("500.00", None)  # somebody without an organisation is from outside
    earned("300.00", centre)
    earned("200.00", sister)
    earned("50.00", a_firm, kind="no_show")
    earned("9999.00", a_firm, at=THIS_MAY)  # of this year, and so of next year's subsidy
    (unit,) = award(session, hefei.id, 2026, "provider").units
    assert told(unit) == {
        ("use", ""): Decimal("1500.00"), ("use", "own"): Decimal("300.00"), ("use", "related"): Decimal("200.00"), ("no_show", "missed"): Decimal("50.00"),
    }  # fmt: skip
    assert (unit.eligible, unit.subsidy, unit.is_capped) == (Decimal("1500.00"), Decimal("300.00"), False)


def test_a_reversed_charge_counts_nothing(session, hefei, earned, a_firm):
    wrong = earned("1000.00", a_firm)
    earned("-1000.00", a_firm, reverses_id=wrong.id)
    (unit,) = award(session, hefei.id, 2026, "provider").units
    assert (unit.eligible, unit.subsidy) == (Decimal(0), Decimal(0))


def test_a_service_the_programme_leaves_out_does_not_count(session, a_programme, a_claim, province, now):
    one = a_programme(kind="subsidy", quota=None, applicants=KINDS, user=TWENTY)
    claim = a_claim("12000.00")
    (unit,) = award(session, one.id, 2026, "user").units
    assert (unit.eligible, unit.subsidy) == (Decimal("12000.00"), Decimal("2400.00"))
    session.execute(text("UPDATE voucher_use SET service = 'medical' WHERE claim_id = :id"), {"id": claim.id})
    (unit,) = award(session, one.id, 2026, "user").units
    assert told(unit) == {("manual", "medical"): Decimal("12000.00")}
    assert unit.subsidy == 0


def test_the_user_gets_of_this_year_and_no_more_than_the_cap(session, hefei, earned, a_firm):
    earned("20000.00", a_firm, at=THIS_MAY)
    (unit,) = award(session, hefei.id, 2026, "user").units
    assert (unit.organisation_id, unit.subsidy, unit.is_capped) == (a_firm.id, Decimal("2000.00"), True)


def test_who_may_not_apply_gets_nothing(session, a_programme, earned, a_firm):
    one = a_programme(kind="subsidy", quota=None, applicants=["enterprise"], provider=TWENTY | {"of_last_year": True})
    earned("1000.00", a_firm)
    assert award(session, one.id, 2026, "provider").units == ()


def test_years_and_sides_there_are_not_are_refused(session, hefei, a_programme):
    for year, party in ((2020, "provider"), (2026, "nobody")):
        with pytest.raises(Invalid):
            award(session, hefei.id, year, party)
    with pytest.raises(Invalid):
        award(session, a_programme().id, 2026, "provider")


def test_a_bracket_without_a_percent_refuses(session, a_programme, earned, a_firm):
    one = a_programme(kind="subsidy", quota=None, applicants=KINDS, provider={"brackets": [{"above": "0", "percent": None}], "of_last_year": True})
    earned("1000.00", a_firm)
    with pytest.raises(OutOfOrder):
        award(session, one.id, 2026, "provider")


def test_what_was_approved_stays_whatever_comes_later(session, hefei, earned, a_firm, province, a_person, now):
    earned("1000.00", a_firm)
    with pytest.raises(Forbidden):
        approve_award(session, hefei.id, 2026, "provider", viewer=load_viewer(session, a_person()), now=now)
    with pytest.raises(OutOfOrder):
        approve_award(session, hefei.id, 2026, "user", viewer=province, now=now)  # this year is not over
    approve_award(session, hefei.id, 2026, "provider", viewer=province, now=now)
    earned("7000.00", a_firm)
    hefei.terms = hefei.terms | {"provider": {"brackets": [{"above": "0", "percent": "90"}], "of_last_year": True}}
    session.flush()
    found = award(session, hefei.id, 2026, "provider")
    assert (found.total, found.units[0].eligible, found.approved_at) == (Decimal("200.00"), Decimal("1000.00"), now)
    with pytest.raises(OutOfOrder):
        approve_award(session, hefei.id, 2026, "provider", viewer=province, now=now)
    with pytest.raises(DBAPIError, match="never changed"):
        session.execute(text("DELETE FROM subsidy_award"))
