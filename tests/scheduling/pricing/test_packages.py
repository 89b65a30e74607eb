"""One price for a stretch of time: always, when chosen, or when it is cheaper."""

from decimal import Decimal

import pytest

from scheduling.pricing.engine import price
from tests.fixtures.pricing import NIGHT, a_spec, a_use, amounts, span, until


def package(amount, **changes):
    return {"code": "pack", "name_zh": "包天", "name_en": "Day price", "prices": [{"amount": amount}], **changes}


@pytest.mark.parametrize(("hours", "total"), [(2, "200.00"), (3, "300.00"), (4, "300.00"), (24, "300.00"), (25, "400.00"), (40, "600.00")])
def test_the_day_price_counts_where_it_is_cheaper(hours, total):
    """R03: a day costs as much as three hours."""
    assert price(a_spec(packages=[package(300, minutes=1440)]), a_use(hours)).total == Decimal(total)


def test_half_days_and_days_are_combined():
    """30 h: a day at 500, and a half day at 300 for the other six."""
    packages = [package(500, minutes=1440), {**package(300, minutes=720), "code": "half"}]
    found = price(a_spec(packages=packages), a_use(30))
    assert amounts(found) == [("package:pack", Decimal("500.00")), ("package:half", Decimal("300.00"))]


def test_a_chosen_package_is_charged_and_the_rest_by_the_hour():
    """R83: the fixed run, then further hours as metered."""
    spec = a_spec(packages=[package(237, minutes=240, choice="chosen")])
    found = price(spec, a_use(6, options=["pack"]))
    assert amounts(found) == [("package:pack", Decimal("237.00")), ("rate:time", Decimal("200.00"))]
    assert price(spec, a_use(6)).total == Decimal("600.00")
    assert price(spec, a_use(1, options=["pack"])).total == Decimal("237.00")


def test_several_of_a_chosen_package():
    spec = a_spec(packages=[package(237, minutes=240, choice="chosen")])
    assert price(spec, a_use(9, options=["pack"], pack=2)).total == Decimal("574.00")


def test_a_window_has_one_price_however_long_it_is_used():
    spec = a_spec(packages=[package(120, whens=[NIGHT], choice="always")])
    found = price(spec, a_use(used=until("2026-11-23 17:00", "2026-11-23 19:00")))
    assert sorted(amounts(found)) == [("package:pack", Decimal("120.00")), ("rate:time", Decimal("100.00"))]
    assert price(spec, a_use(used=until("2026-11-23 18:00", "2026-11-25 08:00"))).total == Decimal("240.00") + 1000


def test_a_window_may_be_taken_only_where_it_is_cheaper():
    spec = a_spec(packages=[package(250, whens=[NIGHT])])
    assert price(spec, a_use(2, "2026-11-23 18:00")).total == Decimal("200.00")
    assert price(spec, a_use(5, "2026-11-23 18:00")).total == Decimal("250.00")


def test_hours_beside_a_window_may_fall_into_another_tier():
    """First hour free, then 100: an hour before the window and two in it would be 200; with the window at 150 the hour before stays free."""
    spec = a_spec(rate={"prices": [{"amount": 0, "tiers": [{"above": 1, "amount": 100}]}]}, packages=[package(150, whens=[NIGHT])])
    found = price(spec, a_use(3, "2026-11-23 17:00"))
    assert sorted(amounts(found)) == [("package:pack", Decimal("150.00")), ("rate:time", Decimal("0.00"))]


@pytest.mark.parametrize(("overrun", "more"), [(20, 0), (30, 0), (31, 400), (60, 400), (61, 800), (180, 800)])
def test_an_overrun_into_the_next_window_costs_half_or_all_of_it(overrun, more):
    """R01: A is 17:30-20:30 at 1200; more than half an hour of B (20:30-24:00, 800) costs half of it, more than an hour all of it."""
    a, b = ({"from_minute": 1050, "until_minute": 1230}, {"from_minute": 1230, "until_minute": 1440})
    shares = [{"over_minutes": 30, "percent": 50}, {"over_minutes": 60, "percent": 100}]
    packages = [
        {**package(1200, whens=[a], choice="always"), "code": "a"},
        {**package(800, whens=[b], choice="always", shares=shares), "code": "b"},
    ]
    spec = a_spec(rate={"basis": "booked_plus_overrun"}, packages=packages)
    use = a_use(booked=span("2026-11-23 17:30", 3), used=span("2026-11-23 17:30", 3 + overrun / 60))
    assert price(spec, use).total == Decimal(1200 + more)


def test_a_package_may_stand_for_some_meters_only():
    rates = [{"code": "time", "prices": [{"amount": 100}]}, {"code": "operator", "prices": [{"amount": 30}]}]
    spec = a_spec(rates=rates, packages=[package(300, minutes=1440, meters=["time"])])
    assert price(spec, a_use(10)).total == Decimal("600.00")


def test_a_package_is_for_those_it_has_a_price_for():
    spec = a_spec(packages=[package(0, minutes=1440, prices=[{"audiences": ["internal"], "amount": 300}])])
    assert price(spec, a_use(10, audience="enterprise")).total == Decimal("1000.00")
    assert price(spec, a_use(10)).total == Decimal("300.00")


def test_five_minutes_or_an_hour_whichever_is_cheaper():
    """1.75 per five minutes or 20 an hour: 80 minutes are 20 + 4 x 1.75."""
    rate = {"unit": "slot", "unit_minutes": 5, "unit_zh": "5 分钟", "unit_en": "5 min", "prices": [{"amount": "1.75"}]}
    spec = a_spec(rate=rate, packages=[package(20, minutes=60)])
    assert price(spec, a_use(80 / 60)).total == Decimal("27.00")
    assert price(spec, a_use(20 / 60)).total == Decimal("7.00")
    assert price(spec, a_use(58 / 60)).total == Decimal("20.00")


def test_a_package_is_not_topped_up_to_the_least_amount_of_the_hours():
    spec = a_spec(rate={"minimum_amount": 400}, packages=[package(300, minutes=240, choice="chosen")])
    assert price(spec, a_use(3, options=["pack"])).total == Decimal("300.00")
    assert price(spec, a_use(3)).total == Decimal("400.00")
