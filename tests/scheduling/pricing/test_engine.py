"""Prices by audience and mode, and what only a manager can price."""

from decimal import Decimal

import pytest

from instruments.errors import Invalid
from scheduling.pricing.engine import price
from scheduling.pricing.lines import as_json, from_json
from tests.fixtures.pricing import a_spec, a_use, amounts, service, span

PRICES = [
    {"audiences": ["group", "internal"], "modes": ["self"], "amount": 40},
    {"audiences": ["group", "internal"], "amount": 100},
    {"amount": 300},
]


@pytest.mark.parametrize(
    ("audience", "mode", "total"),
    [("internal", "self", 40), ("group", "assisted", 100), ("enterprise", "self", 300), ("other", "remote", 300)],
)
def test_each_user_and_mode_has_its_price(audience, mode, total):
    """R29: 40 operating oneself, 100 with the manager, 300 for others."""
    assert price(a_spec(rate={"prices": PRICES}), a_use(audience=audience, mode=mode)).total == total


def test_who_is_not_named_has_no_price_but_the_managers():
    """R11: only the own organisation may operate the instrument itself."""
    spec = a_spec(rate={"prices": PRICES[:1]}, fees=[{"code": "opening", "prices": [{"amount": 200}]}])
    found = price(spec, a_use(audience="enterprise"))
    assert found.total is None
    assert "管理员" in found.notes[0].zh


def test_a_range_needs_a_manager_and_says_between_what():
    spec = a_spec(
        rate={"unit": "sample", "prices": [{"kind": "range", "low": 70, "high": 260}]}, adjustments=[{"code": "tax", "percent": 10}]
    )
    found = price(spec, service(sample=2))
    assert (found.total, found.low, found.high) == (None, Decimal("154.00"), Decimal("572.00"))
    assert (found.lines[0].rate, found.lines[0].quantity) == (None, 2)
    assert "set by a manager" in found.notes[0].en


def test_on_request_has_no_limits():
    found = price(a_spec(rate={"prices": [{"kind": "request"}]}), a_use())
    assert (found.total, found.low, found.high) == (None, None, None)


def test_one_price_on_request_leaves_the_others_as_they_are():
    spec = a_spec(fees=[{"code": "gold", "prices": [{"kind": "request"}]}])
    found = price(spec, a_use(2))
    assert found.total is None
    assert amounts(found) == [("rate:time", Decimal("200.00")), ("fee:gold", Decimal("0.00"))]


def test_free_is_a_price():
    found = price(a_spec(rate={"prices": [{"kind": "free"}]}), a_use(2))
    assert (found.total, [line.rate for line in found.lines]) == (Decimal("0.00"), [Decimal(0)])


def test_hours_of_a_service_that_are_not_known_yet_are_named():
    rates = [{"code": "time", "prices": [{"amount": 50}]}, {"code": "samples", "unit": "sample", "prices": [{"amount": 100}]}]
    found = price(a_spec(rates=rates), service(sample=2))
    assert found.total == Decimal("200.00")
    assert "not known yet" in found.notes[0].en


def test_a_price_comes_back_as_it_was_stored():
    spec = a_spec(rate={"prices": [{"kind": "range", "low": 1, "high": 2}]}, fees=[{"code": "f", "prices": [{"amount": "3.3"}]}])
    found = price(spec, a_use(1 / 3))
    assert from_json(as_json(found)) == found


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "-1", "1e400"])
def test_a_quantity_that_is_no_number_is_refused(quantity):
    with pytest.raises(Invalid):
        a_use(sample=quantity)


def test_the_quote_of_a_booking_kept_to_is_the_charge():
    spec = a_spec(rate={"basis": "greater", "step_minutes": 30}, fees=[{"code": "f", "prices": [{"amount": 10}]}])
    booked = span("2026-11-23 09:00", 2.5)
    assert price(spec, a_use(booked=booked)) == price(spec, a_use(booked=booked, used=booked))
