"""Splitting to the fen, and how income is divided."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import Forbidden, Invalid
from scheduling.accounting.splits import clear_split, income_accounts, set_split, split_amount, split_of

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
    set_split(session, owner.id, parts, viewer=a_keeper(owner), now=now)
    assert [(account.kind, percent) for account, percent in income_accounts(session, one, now)] == [
        ("income", 60), ("income", 25), ("income", 10), ("fee", 5),
    ]  # fmt: skip


def test_an_instrument_may_have_its_own_division_and_give_it_up(session, an_instrument, a_keeper, now):
    one = an_instrument()
    viewer = a_keeper(one.organisation)
    set_split(session, one.organisation_id, {"organisation": Decimal("100")}, viewer=viewer, now=now)
    set_split(
        session, one.organisation_id, {"instrument": Decimal("70"), "management": Decimal("30")}, viewer=viewer, now=now, instrument=one
    )
    assert split_of(session, one.organisation_id, one.id) == {"instrument": 70, "management": 30}
    clear_split(session, one, viewer=viewer)
    assert split_of(session, one.organisation_id, one.id) == {"organisation": 100}


@pytest.mark.parametrize("parts", [
    {"instrument": Decimal("99.99")}, {"instrument": Decimal("60"), "organisation": Decimal("60")},
    {"instrument": Decimal("120"), "management": Decimal("-20")},
    {}, {"instrument": Decimal("NaN")}, {"pocket": Decimal("100")}, {"facility": Decimal("100")},
])  # fmt: skip
def test_a_split_that_is_not_whole_is_refused(session, an_instrument, a_keeper, now, parts):
    one = an_instrument()
    with pytest.raises(Invalid):
        set_split(session, one.organisation_id, parts, viewer=a_keeper(one.organisation), now=now, instrument=one)
    assert split_of(session, one.organisation_id, one.id) == {"instrument": 100}


def test_only_the_organisation_divides_its_income(session, an_instrument, a_viewer, now):
    one = an_instrument()
    with pytest.raises(Forbidden):
        set_split(session, one.organisation_id, {"instrument": Decimal("100")}, viewer=a_viewer(), now=now)
