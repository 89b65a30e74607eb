"""The proof of the books: finds nothing in sound ones, and names the row in others."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from instruments.access import load_viewer
from scheduling.accounting.charging import accept, confirm_charge
from scheduling.accounting.deposits import Deposit
from scheduling.accounting.disputes import reverse_charge
from scheduling.accounting.holds import Wanted, place
from scheduling.accounting.proof import LOOKS, check_books


@pytest.fixture
def books(session, an_account, a_booking, a_charge, a_manager, now):
    """A deposit, a hold, a posted charge, a reversed one: their ids by name."""
    grant, booking = an_account(), a_booking()
    (hold,) = place(session, [Wanted(booking.id, booking.person_id, grant.id, 30)], now=now)
    manager, user = a_manager(booking.instrument), load_viewer(session, booking.person)
    charges = []
    for _ in range(2):
        one = a_charge(instrument=booking.instrument, person=booking.person, accounts=[grant])
        confirm_charge(session, one.id, viewer=manager, now=now)
        charges.append(accept(session, one.id, viewer=user, now=now))
    back = reverse_charge(session, charges[1].id, "误收", viewer=manager, now=now)
    deposit, paid_in = session.execute(select(Deposit.id, Deposit.transaction_id)).one()
    return {
        "grant": grant.id, "hold": hold.id, "first": charges[0].id, "second": charges[1].id, "back": back.id, "deposit": deposit,
        "paid_in": paid_in, "organisation": booking.instrument.organisation_id,
    }  # fmt: skip


TAMPERED = [
    ("ledger adds up", "transaction {paid_in}", "UPDATE ledger_entry SET amount = amount + 1 WHERE account_id = {grant} AND transaction_id = {paid_in}"),
    ("account balances", "account {grant}", "UPDATE account SET balance = balance + 1 WHERE id = {grant}"),
    ("account balances", "account {grant}", "UPDATE ledger_entry SET amount = amount * 2 WHERE transaction_id = {paid_in}"),
    ("held amounts", "account {grant}", "UPDATE account SET held = held - 1 WHERE id = {grant}"),
    ("holds of bookings", "hold {hold}", "UPDATE booking SET status = 'cancelled', holds = FALSE"),
    ("lines of charges", "charge {first}", "UPDATE charge_line SET amount = 1 WHERE charge_id = {first}"),
    ("shares of charges", "charge {first}", "UPDATE charge_share SET percent = 9999 WHERE charge_id = {first}"),
    ("shares of charges", "charge {first}", "DELETE FROM charge_share WHERE charge_id = {first}"),
    ("charges in the ledger", "charge {first}", "UPDATE charge SET final_at = NULL, status = 'review' WHERE id = {first}"),
    ("payments of charges", "charge {first}", "UPDATE charge_share SET amount = amount + 1 WHERE charge_id = {first}"),
    ("reversals", "charge {back}", "UPDATE charge SET status = 'final' WHERE id = {second}"),
    ("deposits in the ledger", "deposit {deposit}", "UPDATE deposit SET amount = amount + 1"),
    (
        "divisions of income", "division 7",
        "INSERT INTO income_division (id, organisation_id, to_instrument, to_facility, to_organisation, to_management, valid_from, set_at)"
        " VALUES (7, {organisation}, 0, 0, 9000, 0, '2026-11-23 01:00:00', '2026-11-23 01:00:00')",
    ),
]  # fmt: skip
TABLES = ("ledger_entry", "ledger_transaction", "deposit", "charge", "charge_line", "charge_share", "booking")


def test_sound_books_have_nothing_wrong(session, books):
    assert [finding for finding in check_books(session) if not finding.is_right] == []


@pytest.mark.parametrize(
    ("name", "row", "statement"), TAMPERED, ids=lambda value: value if " " in str(value) and len(str(value)) < 30 else ""
)
def test_a_row_that_was_tampered_with_is_named(session, books, backend, name, row, statement):
    _switch_off(session, backend)
    session.execute(text(statement.format(**books)))
    found = {finding.name: finding for finding in check_books(session)}[name]
    assert not found.is_right
    assert found.detail.endswith(row.format(**books)), found.detail


def test_every_look_has_been_shown_something_wrong():
    assert {look()[0] for look in LOOKS} == {name for name, _, _ in TAMPERED}


def _switch_off(session, backend):
    """Take away what would keep the rows: the triggers and checks, until the test's transaction is rolled back."""
    if backend == "sqlite":
        names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
        statements = [*(f"DROP TRIGGER {name}" for name in names), "PRAGMA ignore_check_constraints = ON"]
    else:
        statements = ["SET CONSTRAINTS ALL IMMEDIATE", "ALTER TABLE income_division DROP CONSTRAINT ck_income_division_whole"]
        statements += [*(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in TABLES)]
    for statement in statements:
        session.execute(text(statement))
