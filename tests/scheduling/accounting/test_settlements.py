"""Settlements: marked by the provider with reference and day, posted where money moves, taken back with a reason."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from instruments.access import load_viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder
from scheduling.accounting.accounts import Account
from scheduling.accounting.ledger import LedgerTransaction
from scheduling.accounting.proof import check_books
from scheduling.accounting.settlements import Payment, left_of, settle, settled_amounts, settlements_of, take_back
from scheduling.accounting.statementlist import WantedStatements, page_of_statements

PAID_ON = date(2026, 11, 20)


@pytest.fixture
def owner(an_organisation):
    return an_organisation()


@pytest.fixture
def instrument(an_instrument, owner):
    return an_instrument(organisation=owner)


@pytest.fixture
def person(a_person):
    return a_person()


@pytest.fixture
def keeper(a_keeper, owner):
    return a_keeper(owner)


@pytest.fixture
def stated(a_charge_of_october, closing, instrument, owner, person):
    """A statement of 120 yuan on an account."""

    def make(account):
        a_charge_of_october(instrument=instrument, person=person, accounts=[account])
        return closing(owner)[0]

    return make


@pytest.fixture
def firm(an_account, an_organisation, owner):
    return an_account(kind="credit", organisation=owner, holder=an_organisation(kind="enterprise"), balance="0")


@pytest.fixture
def grant_elsewhere(an_account, a_group, person):
    return an_account(group=a_group(person, pi=person))


def paid(amount="120.00", way="transfer", reference="2026-778", **changes):
    return Payment(Decimal(amount), way, reference, changes.pop("moved_on", PAID_ON), **changes)


def balance(session, number):
    return session.scalar(select(Account.balance).where(Account.number == number))


def wrong(session):
    session.flush()
    return [finding for finding in check_books(session) if not finding.is_right]


def test_a_transfer_fills_the_account_of_a_firm_again(session, stated, firm, owner, keeper, now):
    one = stated(firm)
    settle(session, one.id, paid(note="尾号 1234"), viewer=keeper, now=now)
    assert (left_of(session, one), firm.balance, balance(session, f"OUT-{owner.id}")) == (0, 0, -120)
    assert wrong(session) == []


def test_between_organisations_the_money_goes_from_one_to_the_other(session, stated, grant_elsewhere, owner, keeper, now):
    one = stated(grant_elsewhere)
    settle(session, one.id, paid(way="inner"), viewer=keeper, now=now)
    assert balance(session, f"OUT-{owner.id}") == -120
    assert balance(session, f"OUT-{grant_elsewhere.organisation_id}") == -1000 + 120
    assert grant_elsewhere.balance == 880
    assert wrong(session) == []


def test_within_an_organisation_the_charge_has_moved_it_and_the_mark_alone_is_kept(
    session, stated, an_account, a_group, owner, person, keeper, now
):
    one = stated(an_account(group=a_group(person, pi=person, organisation=owner)))
    mark = settle(session, one.id, paid(way="inner"), viewer=keeper, now=now)
    assert mark.transaction_id is None
    assert left_of(session, one) == 0
    assert wrong(session) == []


def test_what_was_paid_in_before_can_settle_it_once(session, stated, firm, pay_in, keeper, now):
    one = stated(firm)
    with pytest.raises(Invalid, match="received"):
        settle(session, one.id, paid(way="balance"), viewer=keeper, now=now)
    pay_in(firm, "100.00")
    settle(session, one.id, paid("100.00", way="balance"), viewer=keeper, now=now)
    with pytest.raises(Invalid, match="received"):
        settle(session, one.id, paid("20.00", way="balance", reference="2"), viewer=keeper, now=now)
    assert (left_of(session, one), firm.balance) == (20, -20)
    assert wrong(session) == []


def test_parts_add_up_and_no_more_than_is_left_is_taken(session, stated, firm, keeper, now):
    one = stated(firm)
    settle(session, one.id, paid("50.00", reference="1"), viewer=keeper, now=now)
    for amount in ("70.01", "0.00", "-1.00", "NaN", "1e400"):
        with pytest.raises(Invalid):
            settle(session, one.id, paid(amount, reference="2"), viewer=keeper, now=now)
    settle(session, one.id, paid("70.00", reference="2"), viewer=keeper, now=now)
    with pytest.raises(OutOfOrder, match="nothing left"):
        settle(session, one.id, paid("1.00", reference="3"), viewer=keeper, now=now)
    assert settled_amounts(session, [one.id]) == {one.id: 120}


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("reference", {"reference": " "}),
        ("reference", {"reference": "x" * 81}),
        ("reference", {"reference": "a\x00"}),
        ("way", {"way": "cash"}),
        ("moved_on", {"moved_on": date(2026, 11, 25)}),
        ("note", {"note": "x" * 501}),
    ],
)
def test_what_cannot_be_right_is_refused(session, stated, firm, keeper, now, field, changes):
    with pytest.raises(Invalid) as refused:
        settle(session, stated(firm).id, paid(**changes), viewer=keeper, now=now)
    assert refused.value.field == field


def test_the_same_transfer_is_not_marked_twice(session, stated, firm, keeper, now):
    one = stated(firm)
    settle(session, one.id, paid("50.00"), viewer=keeper, now=now)
    with pytest.raises(Invalid, match="already"):
        settle(session, one.id, paid("50.00"), viewer=keeper, now=now)


def test_a_mark_made_in_error_is_taken_back_and_made_again(session, stated, firm, owner, keeper, now):
    one = stated(firm)
    mark = settle(session, one.id, paid(), viewer=keeper, now=now)
    with pytest.raises(Invalid):
        take_back(session, mark.id, " ", viewer=keeper, now=now)
    back = take_back(session, mark.id, "记错单位", viewer=keeper, now=now)
    assert take_back(session, mark.id, "再来", viewer=keeper, now=now) is back
    assert (left_of(session, one), firm.balance, balance(session, f"OUT-{owner.id}")) == (120, -120, 0)
    with pytest.raises(OutOfOrder):
        take_back(session, back.id, "x", viewer=keeper, now=now)
    settle(session, one.id, paid(), viewer=keeper, now=now)
    assert [row.amount for row in settlements_of(session, one.id)] == [120, -120, 120]
    assert len(session.scalars(select(LedgerTransaction.id).where(LedgerTransaction.noun == "statement")).all()) == 3
    assert wrong(session) == []


def test_only_the_provider_marks_it(session, stated, grant_elsewhere, person, a_keeper, keeper, an_auditor_of_all, now):
    one = stated(grant_elsewhere)
    mark = settle(session, one.id, paid("20.00"), viewer=keeper, now=now)
    for viewer in (load_viewer(session, person), a_keeper(grant_elsewhere.organisation), load_viewer(session, an_auditor_of_all())):
        with pytest.raises(Forbidden):
            settle(session, one.id, paid("1.00", reference="9"), viewer=viewer, now=now)
        with pytest.raises(Forbidden):
            take_back(session, mark.id, "x", viewer=viewer, now=now)
    with pytest.raises(NotFound):
        take_back(session, 10**9, "x", viewer=keeper, now=now)


def test_settled_statements_leave_the_list_of_open_ones(session, stated, firm, keeper, owner, now):
    one, asked = stated(firm), WantedStatements(owner.id, open_only=True)
    assert page_of_statements(session, asked, viewer=keeper).total == 1
    settle(session, one.id, paid(), viewer=keeper, now=now)
    assert page_of_statements(session, asked, viewer=keeper).total == 0


def test_the_payment_is_on_the_next_statement_of_the_account(session, stated, firm, closing, owner, keeper, now):
    one = stated(firm)
    settle(session, one.id, paid(), viewer=keeper, now=now)
    (after,) = closing(owner, date(2026, 11, 1), now + timedelta(days=20))
    assert (after.opening, after.charged, after.paid_in, after.closing, after.due) == (-120, 0, 120, 0, 0)


@pytest.mark.parametrize("statement", ["UPDATE settlement SET amount = 1", "DELETE FROM settlement"])
def test_the_database_keeps_every_mark(session, stated, firm, keeper, now, statement):
    settle(session, stated(firm).id, paid(), viewer=keeper, now=now)
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))
