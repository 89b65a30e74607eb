"""Fixed fees and add-ons."""

from decimal import Decimal

import pytest

from scheduling.pricing.engine import price
from tests.fixtures.pricing import a_spec, a_use, amounts, service, span


def fee(amount=200, **changes):
    return {"code": "opening", "name_zh": "开机费", "name_en": "Start-up", "prices": [{"amount": amount}], **changes}


def test_each_use_pays_the_start_up():
    assert amounts(price(a_spec(fees=[fee()]), a_use(2))) == [("rate:time", Decimal("200.00")), ("fee:opening", Decimal("200.00"))]


def test_a_fee_may_be_only_for_samples_that_are_sent():
    spec = a_spec(rate={"unit": "sample"}, fees=[fee(prices=[{"modes": ["sample"], "amount": 200}])])
    assert price(spec, service(sample=2)).total == Decimal("400.00")
    assert price(spec, a_use(sample=2)).total == Decimal("200.00")


def test_a_fee_by_calendar_day():
    assert price(a_spec(fees=[fee(on="day")]), a_use(16)).total == Decimal("2000.00")


@pytest.mark.parametrize(("used", "wanted", "due"), [(3, True, 0), (3.1, True, 50), (3.1, False, 0), (4, True, 50)])
def test_running_into_somebody_elses_time_costs_a_fee(used, wanted, due):
    """R53: an overrun into another's slot costs extra; it is waived when nobody wanted the time."""
    spec = a_spec(rate={"basis": "booked"}, fees=[fee(50, on="overrun", only_if_wanted=True)])
    use = a_use(booked=span("2026-11-23 09:00", 3), used=span("2026-11-23 09:00", used), overrun_was_wanted=wanted)
    assert price(spec, use).total == Decimal(300 + due)


@pytest.mark.parametrize(("used", "due"), [(3, 0), (2, 0), (1.9, 50)])
def test_leaving_more_than_an_hour_unused_costs_a_fee(used, due):
    spec = a_spec(rate={"basis": "greater"}, fees=[fee(50, on="unused", over_minutes=60)])
    use = a_use(booked=span("2026-11-23 09:00", 3), used=span("2026-11-23 09:00", used))
    assert price(spec, use).total == Decimal(300 + due)


def test_a_quote_knows_of_no_overrun():
    spec = a_spec(fees=[fee(50, on="overrun"), {**fee(50, on="unused"), "code": "unused"}])
    assert price(spec, a_use(booked=span("2026-11-23 09:00", 3))).total == Decimal("300.00")


def test_an_add_on_is_charged_when_it_is_chosen():
    laser = {"code": "laser", "unit": "hour", "prices": [{"amount": 20}]}
    spec = a_spec(options=[laser, {"code": "holder", "prices": [{"amount": 15}]}])
    assert price(spec, a_use(3)).total == Decimal("300.00")
    assert amounts(price(spec, a_use(3, options=["laser", "holder"])))[1:] == [
        ("option:laser", Decimal("60.00")),
        ("option:holder", Decimal("15.00")),
    ]


def test_several_meters_run_at_once():
    rates = [
        {"code": "time", "prices": [{"amount": 100}]},
        {"code": "operator", "prices": [{"modes": ["assisted"], "amount": 35}]},
        {"code": "gas", "unit": "litre", "prices": [{"amount": "2.5"}]},
    ]
    found = price(a_spec(rates=rates), a_use(2, mode="assisted", litre=7))
    assert amounts(found) == [("rate:time", Decimal("200.00")), ("rate:operator", Decimal("70.00")), ("rate:gas", Decimal("17.50"))]


def test_a_free_use_has_no_least_amount():
    spec = a_spec(rate={"prices": [{"kind": "free"}], "minimum_amount": 25})
    assert amounts(price(spec, a_use(2))) == [("rate:time", Decimal("0.00"))]


def test_an_overrun_may_cost_a_fee_whoever_wanted_the_time():
    spec = a_spec(rate={"basis": "booked"}, fees=[fee(50, on="overrun")])
    use = a_use(booked=span("2026-11-23 09:00", 3), used=span("2026-11-23 09:00", 4), overrun_was_wanted=False)
    assert price(spec, use).total == Decimal("350.00")
