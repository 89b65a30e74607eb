"""Surcharges and discounts in their order."""

from decimal import Decimal

import pytest

from scheduling.pricing.engine import price
from tests.fixtures.pricing import a_spec, a_use, amounts

URGENT = {"code": "urgent", "name_zh": "加急", "name_en": "Expedited", "percent": 50, "only": {"options": ["urgent"]}}
OUTSIDE = {
    "code": "outside",
    "name_zh": "所外",
    "name_en": "Outside",
    "percent": 25,
    "only": {"audiences": ["academic", "enterprise", "other"]},
}


def spec(*adjustments, **changes):
    return a_spec(adjustments=list(adjustments), options=[{"code": "urgent"}], **changes)


def test_one_surcharge_on_top_of_another():
    """R09: 150 % for haste and 1.25 for those from outside: 100, +50, +25 % of 150."""
    found = price(spec(URGENT, OUTSIDE), a_use(audience="academic", options=["urgent"]))
    assert amounts(found) == [("rate:time", 100), ("adjust:urgent", 50), ("adjust:outside", Decimal("37.50"))]


def test_one_surcharge_beside_another():
    found = price(spec(URGENT, {**OUTSIDE, "of": "base"}), a_use(audience="academic", options=["urgent"]))
    assert found.total == Decimal("175.00")


def test_the_order_of_the_list_decides():
    fixed = {"code": "fixed", "amount": 20}
    assert price(spec(fixed, {**URGENT, "only": {}}), a_use()).total == Decimal("180.00")
    assert price(spec({**URGENT, "only": {}}, fixed), a_use()).total == Decimal("170.00")


def test_a_discount_that_another_excludes():
    member = {"code": "member", "percent": -20}
    bulk = {"code": "bulk", "percent": -10, "unless": ["member"]}
    assert price(spec(member, bulk), a_use()).total == Decimal("80.00")
    assert price(spec({**member, "only": {"audiences": ["group"]}}, bulk), a_use()).total == Decimal("90.00")


def test_what_a_surcharge_covers():
    fee = {"code": "opening", "prices": [{"amount": 30}]}
    assert price(spec({"code": "tax", "percent": 10}, fees=[fee]), a_use()).total == Decimal("143.00")
    assert price(spec({"code": "tax", "percent": 10, "covers": ["rates"]}, fees=[fee]), a_use()).total == Decimal("140.00")
    assert price(spec({"code": "tax", "percent": 10, "meters": ["opening"]}, fees=[fee]), a_use()).total == Decimal("133.00")


@pytest.mark.parametrize(("hazard", "total"), [(1, "100.00"), (2, "130.00")])
def test_dangerous_samples_cost_more(hazard, total):
    assert price(spec({"code": "bsl", "percent": 30, "only": {"hazard_from": 2}}), a_use(hazard=hazard)).total == Decimal(total)


def test_teaching_is_free_of_charge():
    found = price(spec({"code": "teaching", "percent": -100, "only": {"purposes": ["teaching"]}}), a_use(purpose="teaching"))
    assert found.total == Decimal("0.00")


def test_discounts_never_bring_a_price_below_nothing():
    found = price(spec({"code": "coupon", "amount": -168}), a_use())
    assert amounts(found) == [("rate:time", 100), ("adjust:coupon", -100)]


def test_a_percentage_shows_what_it_is_taken_of():
    line = price(spec({"code": "tax", "percent": "3.5"}), a_use(2)).lines[-1]
    assert (line.quantity, line.unit.en, line.rate, line.amount) == (Decimal("3.5"), "%", 200, 7)


def test_each_line_is_rounded_once_and_the_total_is_their_sum():
    found = price(spec({"code": "tax", "percent": "3"}, rate={"amount": "33.33"}), a_use(1 / 3))
    assert [line.amount for line in found.lines] == [Decimal("11.11"), Decimal("0.33")]
    assert found.total == Decimal("11.44")
