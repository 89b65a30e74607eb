"""How much is charged: basis, steps, grace, extra and included time, minimum."""

from decimal import Decimal

import pytest

from scheduling.pricing.engine import price
from tests.fixtures.pricing import a_spec, a_use, amounts, span


def total(use, **rate):
    return price(a_spec(rate=rate), use).total


def test_an_hour_at_a_hundred_costs_a_hundred_and_says_why():
    [line] = price(a_spec(), a_use(1.5)).lines
    assert (line.code, line.quantity, line.rate, line.amount) == ("rate:time", Decimal("1.5"), Decimal(100), Decimal("150.00"))
    assert (line.label.zh, line.unit.en) == ("机时费", "h")


def test_an_hour_is_counted_by_the_minute_unless_steps_are_set():
    assert total(a_use(61 / 60)) == Decimal("101.67")


@pytest.mark.parametrize(
    ("minutes", "charged"),
    [(1, 30), (30, 30), (39, 30), (40, 60), (60, 60), (69, 60), (70, 90)],
)
def test_half_hours_count_from_ten_minutes_on(minutes, charged):
    """R15: the least is half an hour; ten minutes beyond (included) count as the next half hour."""
    assert total(a_use(minutes / 60), step_minutes=30, grace_minutes=10) == Decimal(100) * charged / 60


def test_less_than_two_hours_count_as_two():
    assert total(a_use(0.5), minimum=2) == Decimal("200.00")


def test_a_least_amount_is_topped_up_on_a_line_of_its_own():
    found = price(a_spec(rate={"minimum_amount": 25}), a_use(0.1))
    assert amounts(found) == [("rate:time", Decimal("10.00")), ("minimum:time", Decimal("15.00"))]


def test_the_first_hour_is_included():
    assert total(a_use(3), included=1) == Decimal("200.00")
    assert total(a_use(1), included=1) == Decimal("0.00")


def test_included_time_grows_with_the_samples():
    assert total(a_use(5, sample=3), included=1, included_per="sample") == Decimal("200.00")


def test_preparation_is_charged_on_top():
    assert total(a_use(2), extra_minutes=60) == Decimal("300.00")


@pytest.mark.parametrize(
    ("basis", "hours"),
    [("booked", 4), ("used", 3), ("greater", 4), ("booked_plus_overrun", 5), ("from_booked_start", 5)],
)
def test_each_basis_charges_its_own_time(basis, hours):
    """Booked 9-13, used 11-14."""
    use = a_use(booked=span("2026-11-23 09:00", 4), used=span("2026-11-23 11:00", 3))
    assert total(use, basis=basis) == Decimal(100) * hours


@pytest.mark.parametrize("basis", ["booked", "used", "greater", "booked_plus_overrun", "from_booked_start"])
def test_a_quote_takes_the_booked_time_and_a_walk_on_use_the_used_time(basis):
    assert total(a_use(booked=span("2026-11-23 09:00", 4)), basis=basis) == Decimal("400.00")
    assert total(a_use(2), basis=basis) == Decimal("200.00")


def test_faults_are_not_charged():
    assert total(a_use(3, effective_minutes=90)) == Decimal("150.00")


def test_start_up_and_post_processing_are_charged():
    assert total(a_use(1, effective_minutes=100), step_minutes=10) == Decimal("166.67")


def test_zero_use_of_an_hourly_rate_is_the_minimum_or_zero():
    assert total(a_use(effective_minutes=0)) == Decimal("0.00")
    assert total(a_use(effective_minutes=0), minimum=2) == Decimal("200.00")


def test_seconds_are_not_charged():
    assert total(a_use(1 + 59 / 3600)) == Decimal("100.00")


@pytest.mark.parametrize(
    ("unit", "hours", "units"),
    [("half_hour", 1.2, 3), ("day", 25, 2), ("week", 24, 1), ("session", 7, 1), ("calendar_day", 16, 2)],
)
def test_time_units_count_whole(unit, hours, units):
    """Sixteen hours from 09:00 touch two calendar days."""
    assert total(a_use(hours), unit=unit) == Decimal(100) * units


def test_a_unit_may_have_any_length():
    assert total(a_use(30 * 24 + 1), unit="month30", unit_minutes=43200, unit_zh="30 天", unit_en="30 days") == Decimal("200.00")


def test_samples_times_temperatures():
    assert total(a_use(sample=3, temperature=5), unit="sample", times="temperature") == Decimal("1500.00")
    assert total(a_use(sample=3), unit="sample", times="temperature") == Decimal("300.00")


def test_hours_times_persons():
    """R11: training costs 400 an hour and person."""
    use = a_use(2, person=3)
    [line] = price(a_spec(rate={"amount": 400, "times": "person"}), use).lines
    assert (line.quantity, line.rate, line.amount) == (2, 1200, Decimal("2400.00"))


def test_a_meter_may_count_only_beside_a_quantity():
    rates = [{"code": "h", "unit": "h_spectrum", "prices": [{"amount": 150}]}]
    rates.append(
        {"code": "further", "prices": [{"amount": 50}], "included": 1, "included_per": "c_spectrum", "only": {"units": ["c_spectrum"]}}
    )
    assert price(a_spec(rates=rates), a_use(3, h_spectrum=1)).total == Decimal("150.00")
    assert price(a_spec(rates=rates), a_use(3, c_spectrum=1)).total == Decimal("100.00")


def test_packs_count_whole_after_what_is_included():
    """5 per 250 beyond 1000: 1600 is 600 beyond, three packs."""
    assert total(a_use(angstrom=1600), amount=5, unit="angstrom", included=1000, pack=250) == Decimal("15.00")


def test_without_any_number_there_is_no_price():
    found = price(a_spec(rate={"unit": "sample"}), a_use())
    assert found.total is None
    assert "数量" in found.notes[0].zh


def test_no_samples_cost_nothing():
    found = price(a_spec(rate={"unit": "sample"}), a_use(sample=0))
    assert (found.total, found.lines) == (Decimal("0.00"), ())
