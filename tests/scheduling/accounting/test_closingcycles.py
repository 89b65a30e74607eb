"""Closing by quarter, half-year or year: chosen ahead, never cutting a running cycle anew, and everything on exactly one statement."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from instruments.access import load_viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder
from scheduling.accounting.charges import Charge
from scheduling.accounting.closingcycles import (
    AHEAD,
    ClosingCycle,
    PeriodClose,
    choose_cycle,
    chosen_cycles,
    cycle_of,
    cycle_under_way,
    first_days,
    plan_of,
)
from scheduling.accounting.cycles import LENGTHS, Cycle, Plan, months_later, plan_from
from scheduling.accounting.journal import journal_of
from scheduling.accounting.ledger import LedgerEntry
from scheduling.accounting.periods import check_list, close_period, closed_months, month_to_close
from scheduling.accounting.proof import check_books
from scheduling.accounting.statementlist import WantedStatements, page_of_statements
from scheduling.accounting.statements import Statement, StatementLine

OCTOBER, NOVEMBER, DECEMBER, JANUARY = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)


def at(year, month, day=5):
    """Noon of a day in Shanghai."""
    return datetime(year, month, day, 4, 0, tzinfo=UTC)


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
def grants(an_account, a_group, a_person):
    """Two groups' accounts, with whom they pay for."""
    people = [a_person(), a_person()]
    return [(an_account(group=a_group(one, pi=one), balance="100000.00"), one) for one in people]


@pytest.fixture
def charge(a_charge_of_october, instrument, grants):
    """A charge on one of the accounts that was used, confirmed and accepted at a time."""

    def make(when, who=0, amount="60.00"):
        account, person = grants[who]
        return a_charge_of_october(instrument=instrument, person=person, accounts=[account], amount=amount, at=when)

    return make


@pytest.fixture
def choose(session, owner, keeper, now):
    def make(months, since, when=now):
        return choose_cycle(session, owner.id, months, since, viewer=keeper, now=when)

    return make


@pytest.fixture
def close(session, owner, keeper):
    def make(month, when):
        made = close_period(session, owner.id, month, viewer=keeper, now=when)
        session.flush()
        return made

    return make


def statements_of(session, closed):
    where = (Statement.organisation_id == closed.organisation_id, Statement.month == closed.month)
    return session.scalars(select(Statement).where(*where).order_by(Statement.serial)).all()


def wrong(session):
    session.flush()
    return [finding for finding in check_books(session) if not finding.is_right]


class TestChoosing:
    def test_without_a_choice_each_month_is_a_cycle(self, session, owner):
        assert cycle_of(session, owner.id, date(2026, 2, 28)) == Cycle(date(2026, 2, 1), 1)

    def test_a_quarter_begins_with_the_month_that_was_asked(self, session, owner, choose):
        assert choose(3, JANUARY).begins == JANUARY
        assert cycle_of(session, owner.id, DECEMBER) == Cycle(DECEMBER, 1)
        assert cycle_of(session, owner.id, date(2027, 3, 31)) == Cycle(JANUARY, 3)
        assert cycle_of(session, owner.id, date(2027, 4, 1)) == Cycle(date(2027, 4, 1), 3)

    def test_the_cycle_under_way_is_not_cut_anew(self, choose):
        assert choose(3, OCTOBER).begins == DECEMBER  # November runs

    def test_a_change_in_the_middle_of_a_quarter_takes_effect_after_it(self, session, owner, choose):
        choose(3, JANUARY)
        assert choose(1, date(2027, 2, 1), at(2027, 2)).begins == date(2027, 4, 1)
        assert choose(12, date(2028, 5, 1), at(2027, 2)).begins == date(2028, 5, 1)  # months run then
        assert plan_of(session, owner.id).steps == (Cycle(JANUARY, 3), Cycle(date(2027, 4, 1), 1), Cycle(date(2028, 5, 1), 12))

    def test_a_change_asked_for_within_a_later_cycle_waits_for_its_end(self, choose):
        choose(12, date(2027, 9, 1))
        assert choose(6, date(2028, 3, 1)).begins == date(2028, 9, 1)

    def test_a_choice_that_had_not_begun_is_replaced_and_stays_in_the_history(self, session, owner, choose):
        choose(3, JANUARY)
        choose(1, DECEMBER)
        assert cycle_of(session, owner.id, date(2027, 2, 1)) == Cycle(date(2027, 2, 1), 1)
        assert [(one.begins, one.months) for one in chosen_cycles(session, owner.id)] == [(DECEMBER, 1), (JANUARY, 3)]

    def test_what_holds_already_is_not_chosen_again(self, choose):
        with pytest.raises(Invalid, match="already"):
            choose(1, DECEMBER)
        choose(3, JANUARY)
        with pytest.raises(Invalid, match="already"):
            choose(3, date(2027, 7, 1))

    @pytest.mark.parametrize(("months", "since"), [(2, JANUARY), (0, JANUARY), (3, date(2029, 1, 1)), (3, date(2199, 12, 1))])
    def test_other_lengths_and_far_years_are_refused(self, choose, months, since):
        with pytest.raises(Invalid):
            choose(months, since)

    def test_only_its_administrator_chooses(self, session, owner, instrument, a_manager, a_keeper, an_organisation, a_province_admin, now):
        for viewer in (a_manager(instrument), a_keeper(an_organisation())):
            with pytest.raises(Forbidden):
                choose_cycle(session, owner.id, 3, JANUARY, viewer=viewer, now=now)
        with pytest.raises(NotFound):
            choose_cycle(session, 10**9, 3, JANUARY, viewer=load_viewer(session, a_province_admin()), now=now)

    def test_the_day_is_the_organisations_own(self, session, owner, choose):
        midnight = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
        assert choose(3, OCTOBER, midnight - timedelta(seconds=1)).begins == DECEMBER
        assert choose(6, OCTOBER, midnight).begins == date(2027, 3, 1)  # the quarter from December on runs

    def test_the_days_to_choose_from_are_ends_of_cycles(self, session, owner, choose, now):
        choose(3, JANUARY)
        plan = plan_of(session, owner.id)
        days = first_days(plan, cycle_under_way(plan, owner, now))
        assert days[:4] == [DECEMBER, JANUARY, date(2027, 4, 1), date(2027, 7, 1)]
        assert days[-1] == date(2028, 10, 1)

    @pytest.mark.parametrize("statement", ["UPDATE closing_cycle SET months = 1", "DELETE FROM closing_cycle"])
    def test_the_database_keeps_the_history(self, session, choose, statement):
        choose(3, JANUARY)
        with pytest.raises(DBAPIError, match="history of closing cycles"):
            session.execute(text(statement))


class TestClosing:
    @pytest.fixture
    def by_quarter(self, choose, close):
        """October to December 2026 closed by month, quarters from January 2027 on."""
        choose(3, JANUARY)
        for month in (OCTOBER, NOVEMBER, DECEMBER):
            close(month, at(2027, 1))

    def test_a_quarter_closes_as_one_statement_for_each_account(self, session, owner, by_quarter, charge, close):
        for month in (1, 2, 3):
            charge(at(2027, month, 20))
        charge(at(2027, 2, 20), who=1)
        closed = close(date(2027, 2, 1), at(2027, 4))
        assert (closed.month, closed.months, closed.statements) == (JANUARY, 3, 2)
        first, second = statements_of(session, closed)
        assert [(one.cycle, one.line_count, one.charged, one.year) for one in (first, second)] == [
            (Cycle(JANUARY, 3), 3, 180, 2027),
            (Cycle(JANUARY, 3), 1, 60, 2027),
        ]
        assert [one.number.rsplit("-", 1)[1] for one in (first, second)] == ["00001", "00002"]
        assert close(JANUARY, at(2027, 4, 9)) is close(date(2027, 3, 31), at(2027, 4, 9)) is closed
        assert wrong(session) == []

    def test_it_is_closed_when_it_is_over_and_the_next_is_the_next_quarter(self, session, owner, by_quarter, close):
        with pytest.raises(OutOfOrder, match="period is not over"):
            close(JANUARY, at(2027, 3, 31))
        assert month_to_close(session, owner, at(2027, 4)) == JANUARY
        with pytest.raises(Invalid, match="2027-01 to 2027-03 is next"):
            close(date(2027, 4, 1), at(2027, 7))
        close(JANUARY, at(2027, 4))
        assert month_to_close(session, owner, at(2027, 4)) == date(2027, 4, 1)

    def test_a_late_record_goes_to_the_next_cycle(self, session, by_quarter, charge, close):
        charge(at(2027, 1, 20))
        (first,) = statements_of(session, close(JANUARY, at(2027, 4)))
        charge(at(2027, 4, 2), amount="7.00")
        (second,) = statements_of(session, close(date(2027, 4, 1), at(2027, 7)))
        assert (first.charged, second.charged, second.cycle) == (60, 7, Cycle(date(2027, 4, 1), 3))

    def test_what_is_open_anywhere_in_the_quarter_is_on_the_check_list(
        self, session, owner, by_quarter, a_charge, instrument, grants, close
    ):
        a_charge(instrument=instrument, person=grants[0][1], accounts=[grants[0][0]], used_at=at(2027, 3, 20))
        assert {one.code: one.count for one in check_list(session, owner, JANUARY)}["drafts"] == 1

    def test_a_month_that_was_closed_is_never_charged_again(self, session, owner, choose, charge, close):
        charge(at(2026, 10, 20))
        october = close(OCTOBER, at(2026, 11))
        assert choose(3, OCTOBER, at(2026, 11)).begins == DECEMBER  # the fourth quarter holds a closed month
        charge(at(2026, 11, 20), amount="7.00")
        charge(at(2026, 12, 20), amount="8.00")
        november, quarter = close(NOVEMBER, at(2027, 3)), close(DECEMBER, at(2027, 3))
        assert [one.charged for closed in (october, november, quarter) for one in statements_of(session, closed)] == [60, 7, 8]
        assert close(OCTOBER, at(2027, 3)) is october
        assert [one.cycle for one in closed_months(session, owner.id)] == [Cycle(DECEMBER, 3), Cycle(NOVEMBER, 1), Cycle(OCTOBER, 1)]

    def test_the_journal_of_a_quarter_is_that_of_its_months(self, session, owner, by_quarter, charge):
        for month in (1, 2, 3, 4):
            charge(at(2027, month, 20))
        months = [row for month in (1, 2, 3) for row in journal_of(session, owner, date(2027, month, 1))]
        assert list(journal_of(session, owner, JANUARY, 3)) == months != []

    def test_a_statement_is_found_by_each_month_of_its_quarter(self, session, by_quarter, charge, close, keeper):
        charge(at(2027, 2, 20))
        close(JANUARY, at(2027, 4))
        found = [
            page_of_statements(session, WantedStatements(month=date(2027, month, 1)), viewer=keeper).total for month in (1, 2, 3, 4)
        ] + [page_of_statements(session, WantedStatements(month=DECEMBER), viewer=keeper).total]
        assert found == [1, 1, 1, 0, 0]

    def test_a_first_closing_takes_the_whole_cycle(self, session, owner, choose, close):
        choose(6, JANUARY)
        assert month_to_close(session, owner, at(2027, 7)) == JANUARY
        assert close(date(2027, 5, 1), at(2027, 7)).cycle == Cycle(JANUARY, 6)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_however_cycles_change_every_final_charge_is_on_exactly_one_statement(session, owner, choose, charge, close, seed):
    chance, month, tried = random.Random(seed), NOVEMBER, 0
    close(OCTOBER, at(2026, 11))
    for _ in range(22):
        for who in (0, 1):
            if chance.random() < 0.5:
                charge(at(month.year, month.month, chance.randint(1, 28)), who=who, amount=f"{chance.randint(1, 99)}.00")
        if chance.random() < 0.4:
            tried += _try_to_choose(choose, chance, month)
        month = months_later(month, 1)
        if chance.random() < 0.6:
            _close_what_is_over(session, owner, close, month)
    _close_what_is_over(session, owner, close, months_later(month, 24))
    assert tried > 2
    _everything_once(session)
    _without_holes(session, owner)
    assert wrong(session) == []


def _try_to_choose(choose, chance, month):
    try:
        made = choose(chance.choice(list(LENGTHS)), months_later(month, chance.randint(-2, 6)), at(month.year, month.month, 15))
    except Invalid:
        return 0
    assert made.begins > month
    return 1


def _close_what_is_over(session, owner, close, month):
    when = at(month.year, month.month)
    while cycle_of(session, owner.id, month_to_close(session, owner, when)).until <= month:
        close(month_to_close(session, owner, when), when)


def _everything_once(session):
    lines = session.execute(select(StatementLine.charge_id, func.count()).group_by(StatementLine.charge_id)).all()
    final = session.scalars(select(Charge.id).where(Charge.status == "final")).all()
    entries = session.scalars(select(func.count(LedgerEntry.id)).where(LedgerEntry.id.in_(select(StatementLine.entry_id)))).one()
    assert sorted((charge, count) for charge, count in lines) == [(charge, 1) for charge in sorted(final)]
    assert entries == len(final) > 10
    strays = select(StatementLine.id).join(Statement).join(PeriodClose, PeriodClose.month == Statement.month)
    assert session.scalars(strays.where(PeriodClose.months != Statement.months)).all() == []


def _without_holes(session, owner):
    closed = [one.cycle for one in session.scalars(select(PeriodClose).order_by(PeriodClose.month))]
    assert all(one.until == following.first for one, following in pairwise(closed))
    assert closed[0].first == OCTOBER
    assert len({one.months for one in closed}) > 1
    plan = plan_of(session, owner.id)
    assert [plan.cycle_of(one.first) for one in closed] == closed
    assert session.scalar(select(func.count(ClosingCycle.id))) > 2


CHANGES = st.lists(st.tuples(st.sampled_from(list(LENGTHS)), st.integers(0, AHEAD), st.integers(0, 7)), max_size=8)


@given(CHANGES, st.integers(0, 200))
def test_the_cycles_of_a_plan_follow_each_other_whatever_is_chosen(changes, months):
    plan, today = Plan(), OCTOBER
    before = []
    for length, ahead, later in changes:
        today = months_later(today, later)
        running = plan.cycle_of(today)
        plan = plan.changed(Cycle(plan.first_from(max(months_later(today, ahead), running.until)), length))
        before.append((running, today))
    cycle = plan.cycle_of(OCTOBER)
    while cycle.first < months_later(OCTOBER, months):
        assert plan.cycle_of(cycle.last_month.replace(day=28)) == cycle
        following = plan.cycle_of(cycle.until)
        assert following.first == cycle.until
        cycle = following
    assert [plan.cycle_of(day) for _, day in before] == [running for running, _ in before]  # no running cycle was cut
    assert plan_from(plan.steps) == plan
