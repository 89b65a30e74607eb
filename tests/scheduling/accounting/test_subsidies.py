"""What a party gets, worked by hand from published programmes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import data
from instruments.errors import Invalid, OutOfOrder
from instruments.programmes import read_scheme
from scheduling.accounting.subsidies import most_subsidy, subsidy

SHIPPED = {one["code"]: one["scheme"] for one in data.read("programmes.json")}
HEFEI = read_scheme(SHIPPED["anhui-hefei-2022"])
SHANXI = read_scheme(SHIPPED["shanxi-2017"])
# The same with the ratio of the excess set to 40 %.
FILLED = SHANXI.model_copy(
    update={
        "user": SHANXI.user.model_copy(
            update={"brackets": (SHANXI.user.brackets[0], SHANXI.user.brackets[1].model_copy(update={"percent": Decimal(40)}))}
        )
    }
)


@pytest.mark.parametrize(
    ("party", "eligible", "total", "is_capped"),
    [
        ("provider", "1234567.89", "246913.58", False),  # 20 % is 246,913.578
        ("provider", "25000000.00", "5000000.00", False),  # 20 % is the cap exactly
        ("provider", "30000000.00", "5000000.00", True),  # 20 % would be 6,000,000
        ("user", "100000.00", "20000.00", False),
        ("user", "10000000.01", "2000000.00", False),  # 20 % is 2,000,000.002
        ("user", "12000000.00", "2000000.00", True),  # 20 % would be 2,400,000
        ("user", "0.00", "0.00", False),
    ],
)
def test_hefei_gives_a_fifth_up_to_its_caps(party, eligible, total, is_capped):
    found = subsidy(HEFEI, party, Decimal(eligible))
    assert (found.total, found.is_capped) == (Decimal(total), is_capped)


def test_shanxi_pays_the_actual_cost_up_to_fifty_thousand():
    found = subsidy(SHANXI, "user", Decimal("50000.00"))
    assert [(line.part, line.percent, line.amount) for line in found.lines] == [(Decimal("50000.00"), 100, Decimal("50000.00"))]
    assert found.total == Decimal("50000.00")


def test_shanxi_does_not_settle_the_excess_before_its_ratio_is_filled_in():
    with pytest.raises(OutOfOrder):
        subsidy(SHANXI, "user", Decimal("50000.01"))
    assert most_subsidy(SHANXI, "user", Decimal("60000.00")) == Decimal("60000.00")


def test_the_excess_is_paid_at_the_ratio_once_it_is_filled_in():
    """80,000: 50,000 at 100 % and 30,000 at 40 % = 62,000. 600,000: 50,000 + 220,000 = 270,000, capped at 200,000."""
    found = subsidy(FILLED, "user", Decimal("80000.00"))
    assert [(line.above, line.until, line.part, line.amount) for line in found.lines] == [
        (0, Decimal(50000), Decimal("50000.00"), Decimal("50000.00")),
        (Decimal(50000), None, Decimal("30000.00"), Decimal("12000.00")),
    ]
    assert found.total == Decimal("62000.00")
    assert subsidy(FILLED, "user", Decimal("600000.00")).total == Decimal("200000.00")


def test_a_side_without_terms_and_amounts_that_are_none_are_refused():
    with pytest.raises(Invalid):
        subsidy(SHANXI, "provider", Decimal(1))
    for amount in ("NaN", "1e400", "-1"):
        with pytest.raises(Invalid):
            subsidy(HEFEI, "user", Decimal(amount))


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_never_gives_less_and_never_more_than_the_amount_or_the_cap(first, second):
    less, more = sorted((Decimal(first) / 100, Decimal(second) / 100))
    assert subsidy(FILLED, "user", less).total <= subsidy(FILLED, "user", more).total <= min(more, Decimal(200000))
