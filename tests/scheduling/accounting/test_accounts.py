"""Accounts: opened by their keeper, filled by transfers with evidence."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from instruments.errors import Forbidden, Invalid, OutOfOrder
from scheduling.accounting.accounts import Account, AccountTerms, house_account, open_account, outside_of, set_terms
from scheduling.accounting.deposits import Transfer, deposit, refund

TERMS = AccountTerms(name="经费")


def test_a_grant_belongs_to_a_group_and_its_organisation(session, a_group, now):
    group = a_group()
    made = open_account(session, "grant", TERMS, organisation=group.organisation, group=group, now=now)
    assert (made.holder, made.group, made.balance) == (group.organisation, group, Decimal("0.00"))
    assert made.number == f"GR{made.id:08d}"


def test_a_grant_without_a_group_is_refused(session, an_organisation, now):
    with pytest.raises(Invalid) as caught:
        open_account(session, "grant", TERMS, organisation=an_organisation(), now=now)
    assert caught.value.field == "group"


def test_a_prepaid_account_without_an_owner_is_refused(session, an_organisation, now):
    with pytest.raises(Invalid) as caught:
        open_account(session, "prepaid", TERMS, organisation=an_organisation(), now=now)
    assert caught.value.field == "holder"


@pytest.mark.parametrize("kind", ["income", "outside", "voucher", "gift"])
def test_only_what_people_pay_from_is_opened_by_hand(session, an_organisation, kind, now):
    with pytest.raises(Invalid):
        open_account(session, kind, TERMS, organisation=an_organisation(), holder=an_organisation(), now=now)


def test_a_number_belongs_to_one_account(session, an_account):
    an_account(number="52072345")
    with pytest.raises(Invalid) as caught:
        an_account(number="52072345 ")
    assert caught.value.field == "number"


def test_the_numbers_of_the_books_themselves_are_not_given_away(an_account):
    with pytest.raises(Invalid):
        an_account(number="out-1")


@pytest.mark.parametrize("terms", [
    {"name": " "}, {"name": "x" * 201}, {"valid_from": date(2026, 2, 1), "valid_until": date(2026, 1, 31)}, {"quota_mode": "free"},
    {"approve_above": Decimal("-1")}, {"approve_above": Decimal("NaN")},
])  # fmt: skip
def test_terms_that_contradict_themselves_are_refused(an_account, terms):
    one = an_account()
    with pytest.raises(Invalid):
        set_terms(one, AccountTerms(**{"name": "经费"} | terms))


def test_only_a_credit_account_has_a_credit_limit(an_account):
    assert an_account(kind="credit", credit_limit=Decimal("500")).credit_limit == 500
    assert an_account(kind="prepaid", credit_limit=Decimal("500")).credit_limit == 0


def test_an_account_of_the_books_is_opened_once(session, an_organisation, now):
    owner = an_organisation()
    first = house_account(session, "ORG-7", "income", "收入", organisation_id=owner.id, now=now)
    assert house_account(session, "ORG-7", "income", "收入", organisation_id=owner.id, now=now) is first


def test_a_deposit_is_kept_with_its_evidence(session, an_account, pay_in, now):
    one = an_account(balance="0")
    kept = pay_in(one, "250.50", reference="BANK-1")
    assert one.balance == Decimal("250.50")
    assert outside_of(session, one.organisation_id, now).balance == Decimal("-250.50")
    assert (kept.reference, kept.amount, kept.payer) == ("BANK-1", Decimal("250.50"), "财务处")


def test_the_same_transfer_is_not_booked_twice(an_account, pay_in):
    one = an_account(balance="0")
    pay_in(one, "10", reference="BANK-1")
    with pytest.raises(Invalid) as caught:
        pay_in(one, "10.00", reference=" BANK-1")
    assert caught.value.field == "reference"
    assert one.balance == 10


@pytest.mark.parametrize(("changes", "field"), [
    ({"amount": Decimal("0")}, "amount"), ({"amount": Decimal("-1")}, "amount"), ({"amount": Decimal("NaN")}, "amount"),
    ({"amount": Decimal("1e400")}, "amount"), ({"reference": " "}, "reference"), ({"reference": "x" * 81}, "reference"),
    ({"payer": "\x00"}, "payer"), ({"moved_on": date(2027, 1, 1)}, "moved_on"),
])  # fmt: skip
def test_a_deposit_that_cannot_be_right_is_refused(session, an_account, a_keeper, now, changes, field):
    one = an_account(balance="0")
    values = {"amount": Decimal("10"), "reference": "R", "moved_on": date(2026, 11, 20)}
    with pytest.raises(Invalid) as caught:
        deposit(session, one.id, Transfer(**values | changes), viewer=a_keeper(one.organisation), now=now)
    assert caught.value.field == field
    assert one.balance == 0


def test_only_its_keeper_records_a_deposit(session, an_account, a_keeper, an_organisation, now):
    one = an_account(balance="0")
    with pytest.raises(Forbidden):
        deposit(session, one.id, Transfer(Decimal("10"), "R", date(2026, 11, 20)), viewer=a_keeper(an_organisation()), now=now)


def test_nobody_pays_into_the_income(session, an_organisation, a_keeper, now):
    owner = an_organisation()
    one = house_account(session, "ORG-9", "income", "收入", organisation_id=owner.id, now=now)
    with pytest.raises(OutOfOrder):
        deposit(session, one.id, Transfer(Decimal("10"), "R", date(2026, 11, 20)), viewer=a_keeper(owner), now=now)


def test_a_refund_takes_no_more_than_is_free(session, an_account, a_keeper, now):
    one = an_account(balance="100")
    viewer, back = a_keeper(one.organisation), Transfer(Decimal("60"), "BACK-1", date(2026, 11, 20))
    assert refund(session, one.id, back, viewer=viewer, now=now).amount == -60
    with pytest.raises(Invalid):
        refund(session, one.id, Transfer(Decimal("60"), "BACK-2", date(2026, 11, 20)), viewer=viewer, now=now)
    assert session.scalar(select(Account.balance).where(Account.id == one.id)) == 40
