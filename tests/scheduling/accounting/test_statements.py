"""Statements: everything of a month on one, numbered without gaps, and never changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.errors import Invalid, NotFound
from scheduling.accounting import issuing
from scheduling.accounting.charging import confirm_charge
from scheduling.accounting.closingcycles import PeriodClose
from scheduling.accounting.disputes import reverse_charge
from scheduling.accounting.periods import close_period
from scheduling.accounting.proof import check_books
from scheduling.accounting.statementlist import (
    WantedStatements,
    all_lines,
    lines_of,
    own_sum,
    page_of_statements,
    parts_of,
    seen_statement,
    sees_whole,
)  # fmt: skip
from scheduling.accounting.statements import Statement, StatementLine, next_serial, read_month

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


@pytest.fixture
def instrument(an_instrument):
    return an_instrument()


@pytest.fixture
def owner(instrument):
    return instrument.organisation


@pytest.fixture
def people(a_person):
    return [a_person(name=name) for name in ("甲", "乙", "丙")]


@pytest.fixture
def grant(an_account, a_group, people):
    return an_account(group=a_group(*people[:2], pi=people[2]))


@pytest.fixture
def firm(an_account, an_organisation, owner):
    return an_account(kind="credit", organisation=owner, holder=an_organisation(kind="enterprise"), balance="0", credit_limit=Decimal(5000))


def wrong(session):
    session.flush()
    return [finding for finding in check_books(session) if not finding.is_right]


def test_all_charges_of_a_month_are_on_the_statement_of_the_account_that_pays(
    session, a_charge_of_october, closing, instrument, owner, people, grant, firm, october
):
    first = a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant], at=october(3))
    both = a_charge_of_october(instrument=instrument, person=people[1], accounts=[grant, firm], percents=["25", "75"], at=october(5))
    of_grant, of_firm = closing(owner)
    assert (of_grant.charged, of_grant.due, of_grant.line_count, of_grant.opening) == (150, 150, 2, None)
    assert (of_firm.charged, of_firm.due, of_firm.opening, of_firm.closing) == (90, 90, 0, -90)
    lines = session.scalars(select(StatementLine).where(StatementLine.statement_id == of_grant.id).order_by(StatementLine.position)).all()
    assert [(line.charge_id, line.person, line.amount) for line in lines] == [(first.id, "甲", -120), (both.id, "乙", -30)]
    session.refresh(first)
    assert first.statement_id == of_grant.id
    assert wrong(session) == []


def test_what_comes_late_is_on_the_next_statement(session, a_charge_of_october, closing, instrument, owner, people, grant, october, now):
    a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant])
    (first,) = closing(owner)
    late = a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant], amount="60.00", at=october(30))
    (second,) = closing(owner, NOVEMBER, now + timedelta(days=20))
    assert (first.charged, second.charged) == (120, 60)
    lines, _ = lines_of(session, second, load_viewer(session, people[2]))
    assert [line.charge_id for line in lines] == [late.id]
    assert [one.number.rsplit("-", 1)[1] for one in (first, second)] == ["00001", "00002"]


def test_what_became_final_after_the_end_of_the_month_waits(
    session, a_charge_of_october, closing, instrument, owner, people, grant, october
):
    a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant], at=october(2, month=11))
    assert closing(owner) == []
    assert session.scalar(select(PeriodClose.statements)) == 0


def test_the_month_ends_at_midnight_of_the_organisation(a_charge_of_october, closing, instrument, owner, people, grant, october):
    midnight = october(31).replace(hour=16)  # in Shanghai
    a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant], at=midnight - timedelta(seconds=1))
    a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant], at=midnight, amount="7.00")
    (made,) = closing(owner)
    assert made.charged == 120


def test_a_reversal_is_a_line_of_its_own_and_may_leave_the_provider_owing(
    session, a_charge_of_october, closing, a_manager, instrument, owner, people, grant, now
):
    one = a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant])
    closing(owner)
    reverse_charge(session, one.id, "误收", viewer=a_manager(instrument), now=now)
    (back,) = closing(owner, NOVEMBER, now + timedelta(days=20))
    assert (back.charged, back.due, back.line_count) == (-120, -120, 1)
    assert wrong(session) == []


def test_deposits_are_on_the_statement_of_an_account_the_provider_keeps(
    a_charge_of_october, closing, pay_in, an_account, an_organisation, instrument, owner, people, october, now
):
    account = an_account(kind="prepaid", organisation=owner, holder=an_organisation(kind="enterprise"), balance="0")
    a_charge_of_october(instrument=instrument, person=people[0], accounts=[account])
    pay_in(account, "500.00")  # in November
    (first,) = closing(owner)
    assert (first.opening, first.charged, first.paid_in, first.closing, first.due) == (0, 120, 0, -120, 0)
    (second,) = closing(owner, NOVEMBER, now + timedelta(days=20))
    assert (second.opening, second.charged, second.paid_in, second.closing) == (-120, 0, 500, 380)


def test_what_costs_nothing_is_on_no_statement(
    a_charge_of_october, closing, instrument, owner, people, grant, session, a_charge, a_manager, now
):
    free = a_charge(instrument=instrument, person=people[0], accounts=[grant], amount="0.00")
    confirm_charge(session, free.id, viewer=a_manager(instrument), now=now)
    assert closing(owner) == []


def test_a_long_account_is_put_onto_several_statements(
    session, a_charge_of_october, closing, monkeypatch, instrument, owner, people, grant
):
    monkeypatch.setattr(issuing, "MOST_LINES", 2)
    for _ in range(5):
        a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant])
    assert [(one.serial, one.line_count) for one in closing(owner)] == [(1, 2), (2, 2), (3, 1)]
    assert wrong(session) == []


def test_names_stay_as_they_were(session, a_charge_of_october, closing, instrument, owner, people, grant):
    a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant])
    (made,) = closing(owner)
    known = made.account_name, made.provider_zh
    instrument.name_zh, people[0].name, grant.name, owner.name_zh = "新名", "新人", "新账户", "新单位"
    session.flush()
    session.expire_all()
    line = session.scalars(select(StatementLine)).one()
    assert (made.account_name, made.provider_zh) == known
    assert "新" not in line.instrument_zh + line.person


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE statement SET charged = 1, closing = opening + paid_in - 1",
        "DELETE FROM statement",
        "UPDATE statement_line SET amount = 1",
        "DELETE FROM statement_line",
        "INSERT INTO statement_line (statement_id, position, entry_id, kind, at, person, instrument_zh, instrument_en, reference, amount)"
        " SELECT statement_id, 2, entry_id + 1, kind, at, '', '', '', '', 1 FROM statement_line",
        "UPDATE period_close SET statements = 9",
        "DELETE FROM period_close",
    ],
)
def test_the_database_lets_nobody_change_a_statement(session, a_charge_of_october, closing, instrument, owner, people, grant, statement):
    a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant])
    closing(owner)
    with pytest.raises(DBAPIError, match=r"never (changed|added to)|stays closed"), session.begin_nested():
        session.execute(text(statement))


class TestWhoSees:
    @pytest.fixture
    def made(self, a_charge_of_october, closing, instrument, owner, people, grant):
        a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant])
        a_charge_of_october(instrument=instrument, person=people[1], accounts=[grant], amount="30.00")
        (one,) = closing(owner)
        return one

    def seen(self, session, viewer, made):
        lines = list(all_lines(session, seen_statement(session, made.id, viewer), viewer))
        listed = page_of_statements(session, WantedStatements(), viewer=viewer)
        assert [one.id for one in listed.statements] == [made.id]
        assert (sees_whole(viewer, made), listed.total) == (len(lines) == 2, 1)
        return [line.person for line in lines]

    def test_a_pi_sees_all_of_it_and_a_member_her_own(self, session, made, people):
        member, _, pi = (load_viewer(session, one) for one in people)
        assert self.seen(session, pi, made) == ["甲", "乙"]
        assert self.seen(session, member, made) == ["甲"]
        assert own_sum(session, made, member.person_id) == 120

    def test_the_providers_administrator_and_auditors_see_all_of_it(self, session, made, owner, a_keeper, an_auditor_of_all):
        assert self.seen(session, a_keeper(owner), made) == ["甲", "乙"]
        assert self.seen(session, load_viewer(session, an_auditor_of_all()), made) == ["甲", "乙"]

    def test_to_others_it_is_not_there(self, session, made, a_person, a_keeper, an_organisation, instrument, a_manager):
        for viewer in (load_viewer(session, a_person()), a_keeper(an_organisation()), a_manager(instrument)):
            with pytest.raises(NotFound):
                seen_statement(session, made.id, viewer)
            assert page_of_statements(session, WantedStatements(), viewer=viewer).total == 0

    def test_the_lines_of_the_price_are_on_it(self, session, made, people):
        lines, more = lines_of(session, made, load_viewer(session, people[2]), limit=1)
        assert more == 1
        (part,) = parts_of(session, lines)[lines[0].charge_id]
        assert (part.code, part.quantity, part.rate, part.amount) == ("rate:hourly", "2", 60, 120)


def test_a_page_ends_where_the_next_begins(session, a_charge_of_october, closing, monkeypatch, instrument, owner, people, grant, a_keeper):
    monkeypatch.setattr(issuing, "MOST_LINES", 1)
    for _ in range(3):
        a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant])
    made, viewer = closing(owner), a_keeper(owner)
    page = page_of_statements(session, WantedStatements(organisation_id=owner.id, month=OCTOBER), viewer=viewer, limit=2)
    rest = page_of_statements(session, WantedStatements(account_id=grant.id), viewer=viewer, limit=2, before=page.next)
    assert [one.id for one in (*page.statements, *rest.statements)] == [one.id for one in reversed(made)]
    assert (page.total, rest.next) == (3, None)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-1", "1899-01", "9999-12", "２０２６-01x", "2026-10-01"])
def test_a_month_that_is_none_is_refused(text):
    with pytest.raises(Invalid):
        read_month(text)


class TestNumbers:
    @pytest.fixture
    def session(self, clean_engine):
        with Session(clean_engine, expire_on_commit=False) as session:
            yield session

    def test_closing_twenty_months_at_once_leaves_no_gap_and_no_double(
        self, session, clean_engine, a_charge_of_october, an_account, a_group, an_instrument, a_person, a_keeper, now
    ):
        instrument, person = an_instrument(), a_person()
        accounts = [an_account(group=a_group(person, pi=person)) for _ in range(4)]
        for account in accounts:
            a_charge_of_october(instrument=instrument, person=person, accounts=[account])
        owner = instrument.organisation
        keepers = [a_keeper(owner) for _ in range(8)]
        session.commit()

        def close(viewer):
            with Session(clean_engine) as own:
                found = close_period(own, owner.id, OCTOBER, viewer=viewer, now=now).statements
                own.commit()
                return found

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(close, keepers)) == {4}
        assert session.scalars(select(Statement.serial).order_by(Statement.serial)).all() == [1, 2, 3, 4]
        assert len(session.scalars(select(PeriodClose.id)).all()) == 1
        assert wrong(session) == []

    def test_numbers_taken_at_once_are_in_a_row_even_when_some_are_given_back(self, session, clean_engine, an_organisation):
        owner = an_organisation()
        session.commit()

        def take(number):
            with Session(clean_engine) as own:
                found = next_serial(own, owner.id, 2026)
                if number % 3 == 0:
                    own.rollback()
                    return None
                own.commit()
                return found

        with ThreadPoolExecutor(8) as pool:
            found = [number for number in pool.map(take, range(24)) if number is not None]
        assert sorted(found) == list(range(1, 17))

    def test_a_closing_that_is_rolled_back_leaves_nothing_and_its_numbers_free(
        self, session, a_charge_of_october, an_account, a_group, an_instrument, a_person, a_keeper, now
    ):
        instrument, person = an_instrument(), a_person()
        a_charge_of_october(instrument=instrument, person=person, accounts=[an_account(group=a_group(person, pi=person))])
        keeper, owner_id = a_keeper(instrument.organisation), instrument.organisation_id
        session.commit()
        close_period(session, owner_id, OCTOBER, viewer=keeper, now=now)
        session.rollback()
        assert session.scalars(select(Statement.id)).all() == []
        close_period(session, owner_id, OCTOBER, viewer=keeper, now=now)
        session.commit()
        assert session.scalars(select(Statement.serial)).all() == [1]
        assert wrong(session) == []
