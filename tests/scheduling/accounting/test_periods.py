"""Closing a month: over, in order, with nothing open; the journal of it; and the proof that statements are right."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from instruments.access import load_viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Refused
from instruments.timespan import TimeSpan
from scheduling.accounting.charging import confirm_charge
from scheduling.accounting.disputes import dispute
from scheduling.accounting.journal import COLUMNS, cells_of, journal_of
from scheduling.accounting.periods import check_list, close_period, closed_months, month_to_close
from scheduling.accounting.proof import check_books
from scheduling.accounting.settlements import Payment, settle, take_back
from scheduling.accounting.statementproof import STATEMENT_LOOKS
from scheduling.accounting.statements import Statement, month_of
from scheduling.usageproblems import open_problem

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)


@pytest.fixture
def instrument(an_instrument):
    return an_instrument()


@pytest.fixture
def owner(instrument):
    return instrument.organisation


@pytest.fixture
def keeper(a_keeper, owner):
    return a_keeper(owner)


@pytest.fixture
def person(a_person):
    return a_person()


@pytest.fixture
def grant(an_account, a_group, person):
    return an_account(group=a_group(person, pi=person))


class TestTurn:
    def test_the_month_before_this_one_is_closed_first_and_then_one_after_the_other(self, session, owner, keeper, now):
        assert month_to_close(session, owner, now) == OCTOBER
        close_period(session, owner.id, OCTOBER, viewer=keeper, now=now)
        assert month_to_close(session, owner, now) == NOVEMBER
        assert [one.month for one in closed_months(session, owner.id)] == [OCTOBER]
        for month in (SEPTEMBER, date(2026, 12, 1)):
            with pytest.raises(Invalid, match="2026-11"):
                close_period(session, owner.id, month, viewer=keeper, now=now + timedelta(days=60))

    def test_closing_again_gives_the_same(self, session, owner, keeper, now):
        first = close_period(session, owner.id, OCTOBER, viewer=keeper, now=now)
        assert close_period(session, owner.id, date(2026, 10, 17), viewer=keeper, now=now + timedelta(days=1)) is first

    def test_a_month_that_is_not_over_stays_open(self, session, owner, keeper, now):
        with pytest.raises(OutOfOrder, match="not over"):
            close_period(session, owner.id, NOVEMBER, viewer=keeper, now=now)

    def test_the_month_is_the_organisations_own(self, owner, october):
        midnight = october(31).replace(hour=16)
        assert (month_of(midnight - timedelta(seconds=1), owner), month_of(midnight, owner)) == (OCTOBER, NOVEMBER)

    def test_only_its_administrator_closes_it(self, session, owner, instrument, person, a_manager, a_keeper, an_organisation, now):
        for viewer in (load_viewer(session, person), a_manager(instrument), a_keeper(an_organisation())):
            with pytest.raises(Forbidden):
                close_period(session, owner.id, OCTOBER, viewer=viewer, now=now)

    def test_an_organisation_that_is_none_has_no_month(self, session, a_province_admin, now):
        with pytest.raises(NotFound):
            close_period(session, 10**9, OCTOBER, viewer=load_viewer(session, a_province_admin()), now=now)


class TestCheckList:
    def refused(self, session, owner, keeper, now):
        with pytest.raises(Refused) as refused:
            close_period(session, owner.id, OCTOBER, viewer=keeper, now=now)
        return [(one.code, one.allowed["count"]) for one in refused.value.refusals]

    def counts(self, session, owner):
        return {one.code: one.count for one in check_list(session, owner, OCTOBER)}

    def test_nothing_open(self, session, owner):
        checks = check_list(session, owner, OCTOBER)
        assert {one.code for one in checks} == {"problems", "unconfirmed", "drafts", "disputes", "books", "review"}
        assert all(one.is_done for one in checks)

    def test_everything_that_is_open_is_told_at_once(
        self, session, owner, instrument, keeper, person, grant, a_usage, a_charge, a_manager, october, now
    ):
        manager = a_manager(instrument)
        use = a_usage(instrument=instrument, person=person, manager=manager, span=TimeSpan(october(), october() + timedelta(hours=1)))
        open_problem(session, "unmatched", instrument_id=instrument.id, now=october(), usage_id=use.id)
        open_problem(session, "unmatched", instrument_id=instrument.id, now=october())
        a_charge(instrument=instrument, person=person, accounts=[grant], used_at=october())
        disputed = a_charge(instrument=instrument, person=person, accounts=[grant], used_at=october())
        confirm_charge(session, disputed.id, viewer=manager, now=now)
        dispute(session, disputed.id, "没做", viewer=load_viewer(session, person), now=now)
        assert self.refused(session, owner, keeper, now) == [
            ("open_problems", 2), ("open_unconfirmed", 1), ("open_drafts", 1), ("open_disputes", 1),
        ]  # fmt: skip

    def test_what_is_of_later_or_of_others_keeps_nothing_open(
        self, session, owner, keeper, an_instrument, instrument, person, a_charge, a_usage, now, october
    ):
        a_charge(instrument=instrument, person=person, used_at=now)
        a_charge(instrument=an_instrument(), person=person, used_at=october())
        a_usage(instrument=instrument, person=person)
        open_problem(session, "unmatched", instrument_id=instrument.id, now=now)
        close_period(session, owner.id, OCTOBER, viewer=keeper, now=now)

    def test_a_charge_under_review_is_told_and_waits_for_the_next(
        self, session, owner, keeper, instrument, person, grant, a_charge, a_manager, october, now
    ):
        one = a_charge(instrument=instrument, person=person, accounts=[grant], used_at=october())
        confirm_charge(session, one.id, viewer=a_manager(instrument), now=now)
        assert self.counts(session, owner)["review"] == 1
        assert close_period(session, owner.id, OCTOBER, viewer=keeper, now=now).statements == 0

    def test_books_that_do_not_agree_keep_it_open(self, session, owner, keeper, grant, now):
        session.execute(text(f"UPDATE account SET balance = balance + 1 WHERE id = {grant.id}"))
        assert self.refused(session, owner, keeper, now) == [("open_books", 1)]
        assert session.scalars(select(Statement.id)).all() == []


def test_the_journal_has_both_sides_of_everything_that_concerns_an_organisation(
    session, owner, instrument, person, grant, a_charge_of_october, closing, an_instrument, october, now
):
    one = a_charge_of_october(instrument=instrument, person=person, accounts=[grant])
    a_charge_of_october(instrument=an_instrument(), person=person, accounts=[grant], amount="7.00")
    a_charge_of_october(instrument=instrument, person=person, accounts=[grant], amount="9.00", at=october(2, month=11))
    (statement,) = closing(owner)
    rows = list(journal_of(session, owner, OCTOBER))
    assert [(row.amount, row.charge_id) for row in rows] == [(-120, one.id), (120, one.id)]
    assert sum(row.amount for row in journal_of(session, grant.organisation, NOVEMBER)) == 0
    out = dict(zip(COLUMNS, cells_of(rows[0], owner.time_zone), strict=True))
    assert out["entry_id"] == f"E{rows[0].entry_id}"
    assert (out["debit"], out["credit"], out["date"], out["statement"]) == ("120.00", "", "2026-10-20", statement.number)
    assert (out["account_number"], out["charge_id"], out["posting_key"]) == (grant.number, f"C{one.id}", f"charge/{one.id}")
    again = list(journal_of(session, owner, OCTOBER))
    assert again == rows


@pytest.fixture
def books(session, owner, keeper, instrument, person, grant, an_account, an_organisation, a_charge_of_october, closing, now):
    """A statement settled, taken back and settled again: ids by name."""
    firm = an_account(kind="credit", organisation=owner, holder=an_organisation(kind="enterprise"), balance="0")
    one = a_charge_of_october(instrument=instrument, person=person, accounts=[firm])
    (made,) = closing(owner)
    payment = Payment(Decimal("120.00"), "transfer", "1", date(2026, 11, 20))
    mark = settle(session, made.id, payment, viewer=keeper, now=now)
    take_back(session, mark.id, "错", viewer=keeper, now=now)
    settle(session, made.id, payment, viewer=keeper, now=now)
    second = a_charge_of_october(instrument=instrument, person=person, accounts=[firm], at=now)
    (last,) = closing(owner, NOVEMBER, now + timedelta(days=20))
    return {
        "statement": made.id, "last": last.id, "mark": mark.id, "owner": owner.id, "charge": one.id, "second": second.id, "grant": grant.id,
        "november": closed_months(session, owner.id)[0].id,
    }  # fmt: skip


TAMPERED = [
    ("lines of statements", "statement {statement}", "UPDATE statement SET charged = 1, closing = -1 WHERE id = {statement}"),
    ("lines of statements", "statement {statement}", "DELETE FROM statement_line WHERE statement_id = {statement}"),
    (
        "lines of statements",
        "statement {last}",
        "UPDATE statement_line SET position = position + 100 WHERE statement_id = {last} AND position > 1",
    ),
    ("statements in the ledger", "line", "UPDATE statement_line SET amount = -1 WHERE statement_id = {statement}"),
    ("statements in the ledger", "line", "UPDATE statement SET account_id = {grant} WHERE id = {statement}"),
    ("numbers of statements", "organisation {owner}", "UPDATE statement SET serial = 7 WHERE id = {last}"),
    ("numbers of statements", "organisation {owner}", "UPDATE statement_counter SET last = 3 WHERE year = 2026"),
    ("balances of statements", "statement {last}", "UPDATE statement SET opening = 5, closing = 5 + paid_in - charged WHERE id = {last}"),
    ("charges on statements", "charge {charge}", "UPDATE charge SET statement_id = {last} WHERE id = {charge}"),
    ("closed cycles", "closing {november}", "UPDATE period_close SET month = '2026-12-01' WHERE id = {november}"),
    ("closed cycles", "closing {november}", "UPDATE period_close SET months = 3 WHERE id <> {november}"),
    ("cycles of statements", "statement {last}", "UPDATE statement SET months = 3 WHERE id = {last}"),
    ("settled amounts", "statement {statement}", "UPDATE settlement SET amount = 99999 WHERE id = {mark}"),
    ("settlements in the ledger", "settlement {mark}", "UPDATE settlement SET amount = 1 WHERE id = {mark}"),
]


def _switch_off(session, backend):
    if backend == "sqlite":
        names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
        statements = [f"DROP TRIGGER {name}" for name in names]
    else:
        tables = ("statement", "statement_line", "settlement", "charge", "period_close")
        statements = ["SET CONSTRAINTS ALL IMMEDIATE", *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables)]
    for statement in statements:
        session.execute(text(statement))


def test_sound_statements_have_nothing_wrong(session, books):
    assert [finding for finding in check_books(session) if not finding.is_right] == []


@pytest.mark.parametrize(("name", "row", "statement"), TAMPERED)
def test_a_statement_that_was_tampered_with_is_named(session, books, backend, name, row, statement):
    _switch_off(session, backend)
    session.execute(text(statement.format(**books)))
    found = {finding.name: finding for finding in check_books(session)}[name]
    assert not found.is_right
    assert row.format(**books) in found.detail, found.detail


def test_every_look_at_statements_has_been_shown_something_wrong():
    assert {look()[0] for look in STATEMENT_LOOKS} == {name for name, _, _ in TAMPERED}
