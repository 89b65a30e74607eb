"""The ledger: what is posted adds up to nothing, is posted once, and stays as it was."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from instruments.people import Organisation
from scheduling.accounting.accounts import Account
from scheduling.accounting.ledger import LedgerEntry, LedgerTransaction, Unbalanced, entries_of, post

TEN = Decimal("10.00")


@pytest.fixture
def two(an_account):
    return an_account(balance="0"), an_account(balance="0")


def entry(session, two, now, key="k", amount=TEN):
    source, target = two
    return post(session, key=key, kind="adjustment", entries=[(source, -amount), (target, amount)], at=now, by=None)


def balances(session):
    return dict(session.execute(select(Account.id, Account.balance)).all())


def test_a_posting_moves_money_between_accounts(session, two, now):
    source, target = two
    entry(session, two, now)
    assert (source.balance, target.balance) == (-TEN, TEN)
    assert balances(session)[source.id] == -TEN
    assert balances(session)[target.id] == TEN


def test_the_same_key_is_posted_once(session, two, now):
    first, again = entry(session, two, now), entry(session, two, now)
    assert first is again
    assert two[1].balance == TEN
    assert len(entries_of(session, two[1].id)) == 1


def test_a_key_does_not_name_two_postings(session, two, now):
    entry(session, two, now)
    with pytest.raises(Unbalanced):
        entry(session, two, now, amount=Decimal("11.00"))


def test_what_does_not_add_up_is_refused(session, two, now):
    with pytest.raises(Unbalanced):
        post(session, key="k", kind="adjustment", entries=[(two[0], -TEN), (two[1], Decimal("9.99"))], at=now, by=None)
    assert session.scalars(select(LedgerTransaction)).all() == []


def test_a_posting_of_nothing_is_refused(session, two, now):
    with pytest.raises(Unbalanced):
        post(session, key="k", kind="adjustment", entries=[(two[0], -TEN), (two[0], TEN)], at=now, by=None)


def test_an_unknown_kind_is_refused(session, two, now):
    with pytest.raises(Unbalanced):
        post(session, key="k", kind="gift", entries=[(two[0], -TEN), (two[1], TEN)], at=now, by=None)


@pytest.mark.parametrize("statement", [
    "UPDATE ledger_entry SET amount = 1", "DELETE FROM ledger_entry", "UPDATE ledger_transaction SET reason = 'x'", "DELETE FROM ledger_transaction",
    "UPDATE deposit SET amount = 1", "DELETE FROM deposit",
])  # fmt: skip
def test_the_database_itself_keeps_what_was_posted(session, an_account, statement):
    an_account()
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))


def test_postgresql_does_not_empty_the_ledger(session, two, now, backend):
    entry(session, two, now)
    if backend == "sqlite":  # has no TRUNCATE; DELETE is refused above
        return
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text("TRUNCATE ledger_entry CASCADE"))


def test_what_goes_past_post_is_refused_at_the_commit_by_postgresql_and_found_by_the_check_on_sqlite(clean_engine, backend, now):
    with Session(clean_engine) as own:
        sides = _accounts(own, now)
        made = LedgerTransaction(key="k", kind="adjustment", at=now)
        own.add(made)
        own.flush()
        own.add(LedgerEntry(transaction_id=made.id, account_id=sides[0], amount=TEN))
        if backend == "postgresql":
            with pytest.raises(DBAPIError, match="does not add up to zero"):
                own.commit()
        else:
            own.commit()


def _accounts(session, now):
    owner = Organisation(code="X", name_zh="某大学", kind="university")
    session.add(owner)
    session.flush()
    made = [Account(number=f"N{n}", kind="adjustment", name="调整", organisation_id=owner.id, created_at=now) for n in (1, 2)]
    session.add_all(made)
    session.flush()
    return [one.id for one in made]
