"""What a booking costs that is cancelled late or not used."""

from datetime import date
from decimal import Decimal

import pytest

from instruments.holidays import SpecialDay
from scheduling.pricing.cancelling import price_late_cancel, price_no_show
from tests.fixtures.pricing import NIGHT, a_spec, a_use, amounts, at, span

BOOKED = span("2026-11-26 10:00", 4)  # a Thursday


def late(percent=100, **changes):
    deadline = {} if {"hours", "working_days", "days"} & set(changes) else {"hours": 24}
    return {"code": "late", "name_zh": "逾期取消", "name_en": "Late cancellation", "percent": percent, **deadline, **changes}


def cancelled(text, *fees, reused=(), use=None, **changes):
    return price_late_cancel(a_spec(late_cancel=list(fees), **changes), use or a_use(booked=BOOKED), at(text), reused)


def test_in_time_it_costs_nothing():
    assert cancelled("2026-11-25 10:00", late()).total == Decimal("0.00")
    assert cancelled("2026-11-25 10:01", late()).total == Decimal("400.00")


def test_without_a_fee_it_costs_nothing():
    assert cancelled("2026-11-26 09:59").total == Decimal("0.00")


def test_a_share_and_a_fixed_amount_are_told_apart():
    found = cancelled("2026-11-26 09:00", late(50, amount=40))
    assert amounts(found) == [("cancel:late", Decimal("200.00")), ("cancel:late", Decimal("40.00"))]
    assert found.lines[0].rate == Decimal("400.00")


def test_what_others_used_comes_off():
    """One of the four hours was used by somebody else: a quarter off."""
    found = cancelled("2026-11-26 09:00", late(), reused=[span("2026-11-26 11:00", 1)])
    assert amounts(found) == [("cancel:late", Decimal("400.00")), ("cancel:late:reuse", Decimal("-100.00"))]


def test_any_re_use_may_waive_the_fee_or_none():
    reused = [span("2026-11-26 13:00", 3)]
    assert cancelled("2026-11-26 09:00", late(reuse="waive"), reused=reused).total == Decimal("0.00")
    assert cancelled("2026-11-26 09:00", late(reuse="keep"), reused=reused).total == Decimal("400.00")


def test_time_reused_elsewhere_does_not_count():
    assert cancelled("2026-11-26 09:00", late(), reused=[span("2026-11-26 14:00", 3)]).total == Decimal("400.00")


@pytest.mark.parametrize(
    ("text", "is_late"),
    [
        ("2026-11-20 23:59", False),
        ("2026-11-21 12:00", False),
        ("2026-11-22 23:59", False),
        ("2026-11-23 00:00", True),
        ("2026-11-25 00:00", True),
    ],
)
def test_three_full_working_days(text, is_late):
    """R55: the Monday, Tuesday and Wednesday before a Thursday; Monday itself is then too late."""
    assert (cancelled(text, late(working_days=3)).total > 0) is is_late


def test_holidays_are_no_working_days():
    use = a_use(booked=BOOKED, holidays={date(2026, 11, 25): SpecialDay(is_workday=False, worked_as=0)})
    assert cancelled("2026-11-24 12:00", late(working_days=1)).total == Decimal("0.00")
    assert cancelled("2026-11-24 12:00", late(working_days=1), use=use).total == Decimal("400.00")
    assert cancelled("2026-11-23 12:00", late(working_days=1), use=use).total == Decimal("0.00")


@pytest.mark.parametrize(("text", "is_late"), [("2026-11-25 17:00", False), ("2026-11-25 17:01", True)])
def test_until_five_the_day_before(text, is_late):
    assert (cancelled(text, late(days=1, at_minute=1020)).total > 0) is is_late


def test_the_deadline_goes_by_the_time_of_day_the_booking_begins():
    """R51: nights may be cancelled on the same day until 18:00, days 24 h before."""
    day = late(starting={"from_minute": 480, "until_minute": 1080})
    night = {**late(days=0, at_minute=1080, starting=NIGHT), "code": "night"}
    evening = a_use(booked=span("2026-11-26 19:00", 2))
    assert cancelled("2026-11-26 09:00", day, night, use=evening).total == Decimal("0.00")
    assert cancelled("2026-11-26 18:30", day, night, use=evening).total == Decimal("200.00")
    assert cancelled("2026-11-26 09:00", day, night).total == Decimal("400.00")


def test_the_deadline_goes_by_the_kind_of_experiment():
    """R49: half within a day for fixed samples, a fifth within four hours for live cells."""
    fixed = late(50, only={"without_options": ["live"]})
    live = {**late(20, hours=4, only={"options": ["live"]}), "code": "live_late"}
    options = [{"code": "live"}]
    assert cancelled("2026-11-26 05:00", fixed, live, options=options).total == Decimal("200.00")
    with_cells = a_use(booked=BOOKED, options=["live"])
    assert cancelled("2026-11-26 05:00", fixed, live, options=options, use=with_cells).total == Decimal("0.00")
    assert cancelled("2026-11-26 08:00", fixed, live, options=options, use=with_cells).total == Decimal("80.00")


def test_of_several_fees_the_dearest_counts():
    assert cancelled("2026-11-26 09:00", late(20), {**late(50), "code": "other"}).total == Decimal("200.00")


def test_fees_and_surcharges_count_where_the_whole_price_is_meant():
    changes = {"fees": [{"code": "f", "prices": [{"amount": 50}]}], "adjustments": [{"code": "tax", "percent": 10}]}
    assert cancelled("2026-11-26 09:00", late(), **changes).total == Decimal("400.00")
    assert cancelled("2026-11-26 09:00", late(of="total"), **changes).total == Decimal("495.00")


def test_a_booking_without_a_fixed_price_needs_a_manager():
    found = cancelled("2026-11-26 09:00", late(), rate={"prices": [{"kind": "request"}]})
    assert (found.total, len(found.notes)) == (None, 1)
    assert cancelled("2026-11-26 09:00", late(0, amount=40), rate={"prices": [{"kind": "request"}]}).total == Decimal("40.00")


def test_who_does_not_come_pays_half():
    spec = a_spec(no_show=[{"code": "missed", "percent": 50}])
    assert price_no_show(spec, a_use(booked=BOOKED)).total == Decimal("200.00")
    assert amounts(price_no_show(spec, a_use(booked=BOOKED), [BOOKED])) == [("no_show:missed", 200), ("no_show:missed:reuse", -200)]


def test_nobody_pays_for_a_no_show_that_has_no_fee():
    assert price_no_show(a_spec(), a_use(booked=BOOKED)).total == Decimal("0.00")


def test_the_fee_is_of_the_price_of_the_booking_not_of_a_use():
    spec = a_spec(no_show=[{"code": "missed", "percent": 50}])
    assert price_no_show(spec, a_use(booked=BOOKED, used=span("2026-11-26 10:00", 1))).total == Decimal("200.00")
