"""Many charges at once: as many statements as for few, the same postings, and a journal that is the same however it is sliced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from scheduling.accounting import finalising, journal
from scheduling.accounting.charging import confirm_charge, finalise_due
from scheduling.accounting.ledger import LedgerTransaction, Posting, Unbalanced, post, post_all
from scheduling.accounting.proof import check_books
from tests.fixtures.closing import OCTOBER


@pytest.fixture
def session(clean_engine: Engine) -> Iterator[Session]:
    """The builders' session, over the engine whose statements are counted."""
    with Session(clean_engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def asked(session, statements, an_instrument, a_manager, a_person, a_group, an_account, a_charge, now):
    """Put so many charges on the books at once, and give how often the database was asked; what is written of each charge apart."""
    instrument, person = an_instrument(), a_person()
    manager, account = a_manager(instrument), an_account(group=a_group(person, pi=person))

    def finalise(many):
        for _ in range(many):
            made = a_charge(instrument=instrument, person=person, accounts=[account], amount="10.00")
            confirm_charge(session, made.id, viewer=manager, now=now)
        session.commit()
        with statements() as seen:
            assert len(finalise_due(session, now=now + timedelta(days=9))) == many
        session.commit()
        return len([one for one in seen if one.startswith("SELECT")])

    return finalise


def test_many_charges_are_posted_with_as_many_questions_as_one(session, asked):
    asked(1)  # opens the account of the instrument's income
    assert asked(12) == asked(2)
    assert [finding.name for finding in check_books(session) if not finding.is_right] == []


def test_reading_the_shares_one_by_one_would_be_noticed(session, asked, monkeypatch):
    """The negative control."""
    together = finalising._shares_of
    monkeypatch.setattr(finalising, "_shares_of", lambda own, charges: {key: row for one in charges for key, row in together(own, [one]).items()})
    asked(1)
    assert asked(12) != asked(2)


def test_postings_made_at_once_are_each_made_once(session, an_account, now):
    one, other = an_account(), an_account(balance="0")
    first = post(session, key="a", kind="adjustment", entries=[(one, -5), (other, 5)], at=now, by=None)
    again = Posting("a", "adjustment", ((one, -5), (other, 5)), now, None)
    new = Posting("b", "adjustment", ((one.id, -7), (other.id, 7)), now, None)
    assert [made.id for made in post_all(session, [new, again])][1] == first.id
    assert (one.balance, other.balance) == (988, 12)
    assert session.scalars(select(LedgerTransaction.key).where(LedgerTransaction.kind == "adjustment")).all() == ["a", "b"]
    with pytest.raises(Unbalanced):
        post_all(session, [Posting("a", "adjustment", ((one, -6), (other, 6)), now, None)])


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_journal_is_the_same_however_it_is_sliced(session, an_instrument, a_person, a_charge_of_october, monkeypatch, size):
    instrument, person = an_instrument(), a_person()
    for _ in range(3):
        a_charge_of_october(instrument=instrument, person=person)
    whole = list(journal.journal_of(session, instrument.organisation, OCTOBER))
    monkeypatch.setattr(journal, "AT_ONCE", size)
    assert len(whole) == 6
    assert list(journal.journal_of(session, instrument.organisation, OCTOBER)) == whole
