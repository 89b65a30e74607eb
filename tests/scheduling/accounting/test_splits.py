"""Splitting to the fen, and how income is divided."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder
from scheduling.accounting.divisions import (
    IncomeDivision,
    clear_division,
    division_of,
    history_of,
    own_divisions,
    set_division,
    withdraw_division,
)
from scheduling.accounting.incomes import income_accounts
from scheduling.accounting.splits import split_amount

amounts = st.integers(-(10**12), 10**12).map(lambda fen: Decimal(fen) / 100)


@st.composite
def whole_percents(draw):
    cuts = sorted(draw(st.sets(st.integers(1, 9999), max_size=6)))
    edges = [0, *cuts, 10000]
    return [Decimal(after - before) / 100 for before, after in itertools.pairwise(edges)]


@given(amounts, whole_percents())
def test_the_parts_add_up_and_each_is_within_a_fen_of_its_percent(total, percents):
    parts = split_amount(total, percents)
    assert sum(parts) == total
    assert all(abs(part - total * percent / 100) < Decimal("0.01") for part, percent in zip(parts, percents, strict=True))


@given(amounts, whole_percents())
def test_a_reversal_splits_as_the_charge_did(total, percents):
    assert [-part for part in split_amount(total, percents)] == split_amount(-total, percents)


def test_left_over_fen_go_where_most_was_cut_off():
    assert split_amount(Decimal("0.01"), [Decimal("50"), Decimal("50")]) == [Decimal("0.01"), Decimal("0.00")]
    assert split_amount(Decimal("10.00"), [Decimal("33.33"), Decimal("66.67")]) == [Decimal("3.33"), Decimal("6.67")]


def test_without_a_word_the_instrument_keeps_what_it_earns(session, an_instrument, now):
    one = an_instrument()
    ((account, percent),) = income_accounts(session, one, now)
    assert (account.kind, account.instrument_id, percent) == ("income", one.id, 100)


def test_income_is_divided_as_the_organisation_says(session, an_instrument, a_facility, an_organisation, a_keeper, now):
    owner = an_organisation()
    one = an_instrument(organisation=owner, facility=a_facility(organisation=owner))
    parts = {"instrument": Decimal("60"), "facility": Decimal("25"), "organisation": Decimal("10"), "management": Decimal("5")}
    set_division(session, owner.id, parts, viewer=a_keeper(owner), now=now)
    assert [(account.kind, percent) for account, percent in income_accounts(session, one, now)] == [
        ("income", 60), ("income", 25), ("income", 10), ("fee", 5),
    ]  # fmt: skip


def test_an_instrument_may_have_its_own_division_and_give_it_up(session, an_instrument, a_keeper, now):
    one = an_instrument()
    viewer = a_keeper(one.organisation)
    set_division(session, one.organisation_id, {"organisation": Decimal("100")}, viewer=viewer, now=now)
    set_division(
        session, one.organisation_id, {"instrument": Decimal("70"), "management": Decimal("30")}, viewer=viewer, now=now, instrument=one
    )
    assert division_of(session, one.organisation_id, one.id, at=now) == {"instrument": 70, "management": 30}
    clear_division(session, one, viewer=viewer, now=now)
    assert division_of(session, one.organisation_id, one.id, at=now) == {"organisation": 100}


@pytest.mark.parametrize("parts", [
    {"instrument": Decimal("99.99")}, {"instrument": Decimal("60"), "organisation": Decimal("60")},
    {"instrument": Decimal("120"), "management": Decimal("-20")},
    {}, {"instrument": Decimal("NaN")}, {"pocket": Decimal("100")}, {"facility": Decimal("100")},
])  # fmt: skip
def test_a_split_that_is_not_whole_is_refused(session, an_instrument, a_keeper, now, parts):
    one = an_instrument()
    with pytest.raises(Invalid):
        set_division(session, one.organisation_id, parts, viewer=a_keeper(one.organisation), now=now, instrument=one)
    assert division_of(session, one.organisation_id, one.id, at=now) == {"instrument": 100}


def test_only_the_organisation_divides_its_income(session, an_instrument, a_viewer, now):
    one = an_instrument()
    with pytest.raises(Forbidden):
        set_division(session, one.organisation_id, {"instrument": Decimal("100")}, viewer=a_viewer(), now=now)


SHARED = {"instrument": Decimal("80"), "management": Decimal("20")}
ALONE = {"instrument": Decimal("50"), "organisation": Decimal("50")}
DAY = timedelta(days=1)


class TestFromWhenOn:
    @pytest.fixture
    def one(self, an_instrument):
        return an_instrument()

    @pytest.fixture
    def keeper(self, one, a_keeper):
        return a_keeper(one.organisation)

    def test_a_division_holds_from_its_day_on_and_the_one_before_until_then(self, session, one, keeper, now):
        set_division(session, one.organisation_id, SHARED, viewer=keeper, now=now)
        set_division(session, one.organisation_id, ALONE, viewer=keeper, now=now, valid_from=now + DAY)
        held = [division_of(session, one.organisation_id, one.id, at=now + after) for after in (DAY * 0, DAY - timedelta(seconds=1), DAY)]
        assert held == [SHARED, SHARED, ALONE]

    def test_what_is_posted_is_divided_as_on_that_day(self, session, one, keeper, now):
        set_division(session, one.organisation_id, SHARED, viewer=keeper, now=now, instrument=one, valid_from=now + DAY)
        assert [percent for _, percent in income_accounts(session, one, now)] == [100]
        assert [percent for _, percent in income_accounts(session, one, now + DAY)] == [80, 20]

    def test_taken_away_from_a_day_on_it_falls_back_on_the_organisations_of_that_day(self, session, one, keeper, now):
        set_division(session, one.organisation_id, SHARED, viewer=keeper, now=now)
        set_division(session, one.organisation_id, ALONE, viewer=keeper, now=now, instrument=one)
        clear_division(session, one, viewer=keeper, now=now, valid_from=now + DAY)
        assert division_of(session, one.organisation_id, one.id, at=now) == ALONE
        assert division_of(session, one.organisation_id, one.id, at=now + DAY) == SHARED
        assert [each.instrument_id for each in own_divisions(session, one.organisation_id, now)] == [one.id]
        assert own_divisions(session, one.organisation_id, now + DAY) == []

    def test_what_there_is_not_cannot_be_taken_away(self, session, one, keeper, now):
        with pytest.raises(OutOfOrder):
            clear_division(session, one, viewer=keeper, now=now)

    @pytest.mark.parametrize("after", [-timedelta(seconds=1), timedelta(days=1200)])
    def test_the_past_is_not_divided_anew_nor_what_is_years_away(self, session, one, keeper, now, after):
        with pytest.raises(Invalid):
            set_division(session, one.organisation_id, SHARED, viewer=keeper, now=now, valid_from=now + after)

    def test_the_history_stays_and_one_to_come_can_be_taken_back(self, session, one, keeper, now):
        set_division(session, one.organisation_id, SHARED, viewer=keeper, now=now - DAY, instrument=one)
        set_division(session, one.organisation_id, ALONE, viewer=keeper, now=now, instrument=one)
        coming = set_division(session, one.organisation_id, SHARED, viewer=keeper, now=now, instrument=one, valid_from=now + DAY)
        steps = history_of(session, one.organisation_id, one.id, now=now)
        assert [(step.division.parts, step.is_current, step.is_coming) for step in steps] == [
            (SHARED, False, True), (ALONE, True, False), (SHARED, False, False),
        ]  # fmt: skip
        of = {"organisation_id": one.organisation_id, "instrument_id": one.id}
        with pytest.raises(OutOfOrder):
            withdraw_division(session, steps[1].division.id, viewer=keeper, now=now, **of)
        withdraw_division(session, coming.id, viewer=keeper, now=now, **of)
        assert len(history_of(session, one.organisation_id, one.id, now=now)) == 2

    def test_the_same_instant_said_again_replaces(self, session, one, keeper, now):
        for parts in (SHARED, ALONE):
            set_division(session, one.organisation_id, parts, viewer=keeper, now=now)
        assert [step.division.parts for step in history_of(session, one.organisation_id, now=now)] == [ALONE]

    def test_nobody_elses_division_is_taken_back(self, session, one, keeper, a_keeper, an_organisation, now):
        coming = set_division(session, one.organisation_id, SHARED, viewer=keeper, now=now, valid_from=now + DAY)
        other = an_organisation()
        with pytest.raises(NotFound):
            withdraw_division(session, coming.id, viewer=a_keeper(other), now=now, organisation_id=other.id)

    @pytest.mark.parametrize("changes", [{"to_instrument": Decimal("99.99")}, {"to_instrument": Decimal("101"), "to_management": Decimal("-1")}, {}])
    def test_the_database_itself_refuses_what_is_not_whole(self, session, one, now, changes):
        row = {"organisation_id": one.organisation_id, "valid_from": now, "set_at": now, **changes}
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(insert(IncomeDivision).values(row))
