"""What further units cost: by quantity, by consecutive hours, by hours in a cycle."""

from decimal import Decimal

import pytest

from scheduling.pricing.engine import price
from scheduling.pricing.needs import needs
from scheduling.pricing.use import History
from tests.fixtures.pricing import NIGHT, a_spec, a_use, amounts, at, until

INJECTIONS = [{"amount": 57, "tiers": [{"above": 100, "amount": 48}, {"above": 300, "amount": 39}, {"above": 500, "amount": 31}]}]


@pytest.mark.parametrize(
    ("injections", "total"),
    [(1, "57.00"), (100, "5700.00"), (101, "5748.00"), (300, "15300.00"), (600, "26200.00")],
)
def test_further_injections_cost_less(injections, total):
    """600: 100 x 57 + 200 x 48 + 200 x 39 + 100 x 31 = 5700 + 9600 + 7800 + 3100."""
    spec = a_spec(rate={"unit": "injection", "prices": INJECTIONS})
    assert price(spec, a_use(injection=injections)).total == Decimal(total)


def test_each_tier_is_a_line_with_its_own_rate():
    spec = a_spec(rate={"unit": "injection", "prices": INJECTIONS})
    lines = price(spec, a_use(injection=150)).lines
    assert [(line.quantity, line.rate) for line in lines] == [(100, 57), (50, 48)]


def test_a_tier_may_cover_the_whole_quantity():
    spec = a_spec(rate={"unit": "injection", "prices": INJECTIONS, "tiers_style": "whole"})
    assert price(spec, a_use(injection=150)).total == Decimal("7200.00")


def test_the_first_hour_costs_more_than_the_others():
    spec = a_spec(rate={"prices": [{"amount": 50, "tiers": [{"above": 1, "amount": 25}]}], "minimum": 1})
    assert price(spec, a_use(0.5)).total == Decimal("50.00")
    assert price(spec, a_use(3)).total == Decimal("100.00")


def test_after_four_consecutive_evening_hours_the_night_is_cheaper():
    """R59: 16:00-24:00 is two day hours at 100, then four evening hours at 40 and two at 25."""
    evening = {"code": "evening", "whens": [NIGHT], "prices": [{"amount": 40, "tiers": [{"above": 4, "amount": 25}]}]}
    spec = a_spec(rate={"bands": [evening], "tiers_by": "band"})
    found = price(spec, a_use(used=until("2026-11-23 16:00", "2026-11-24 00:00")))
    assert amounts(found) == [
        ("rate:time", Decimal("200.00")),
        ("rate:time:evening", Decimal("160.00")),
        ("rate:time:evening", Decimal("50.00")),
    ]


def test_each_evening_begins_anew():
    evening = {"code": "evening", "whens": [NIGHT], "prices": [{"amount": 40, "tiers": [{"above": 10, "amount": 25}]}]}
    spec = a_spec(rate={"bands": [evening], "tiers_by": "band", "prices": [{"kind": "free"}]})
    found = price(spec, a_use(used=until("2026-11-23 18:00", "2026-11-25 08:00")))
    assert found.total == Decimal("1000.00")  # twice 10 x 40 + 4 x 25


def test_hours_used_just_before_count_as_consecutive():
    spec = a_spec(rate={"prices": [{"amount": 100, "tiers": [{"above": 4, "amount": 60}]}], "tiers_by": "consecutive"})
    assert price(spec, a_use(2, consecutive_before_minutes=180)).total == Decimal("160.00")


def test_hours_of_the_month_count_before_this_use():
    """9 h before in November, so one hour of this use is at 100 and the second at 60."""
    tier = {"amount": 100, "tiers": [{"above": 10, "amount": 60}]}
    spec = a_spec(rate={"prices": [tier], "tiers_by": "cycle", "cycle": {"every": "month", "per": "group", "across": True}})
    use = a_use(2)
    [need] = needs(spec, use)
    assert (need.what, need.per, need.tariff_wide) == ("hours", "group", True)
    assert (need.start, need.end) == (at("2026-11-01 00:00"), use.used.start)
    assert price(spec, use, History({need: Decimal(9)})).total == Decimal("160.00")
    assert price(spec, use).total == Decimal("200.00")


def test_tiers_of_a_use_go_on_over_the_edge_of_a_band():
    """15:00-21:00: three hours by day at 100; of three by night one is within four at 40, two are beyond at 25."""
    night = {"code": "night", "whens": [NIGHT], "prices": [{"amount": 40, "tiers": [{"above": 4, "amount": 25}]}]}
    found = price(a_spec(rate={"bands": [night]}), a_use(6, "2026-11-23 15:00"))
    assert amounts(found) == [("rate:time", 300), ("rate:time:night", 40), ("rate:time:night", 50)]


def test_a_tier_begins_beyond_its_quantity_not_at_it():
    spec = a_spec(rate={"unit": "injection", "prices": INJECTIONS, "tiers_style": "whole"})
    assert price(spec, a_use(injection=100)).total == Decimal("5700.00")
