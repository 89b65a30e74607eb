"""No more than so many hours or so much money, per use, window or cycle."""

from decimal import Decimal

import pytest

from scheduling.pricing.engine import price
from scheduling.pricing.needs import needs
from scheduling.pricing.use import History, Need
from tests.fixtures.pricing import NIGHT, a_spec, a_use, amounts, at, until


def cap(**changes):
    return {"code": "cap", "name_zh": "封顶", "name_en": "Cap", **changes}


def up_to(amount, **changes):
    return cap(brackets=[{"above": amount}], **changes)


def test_a_use_costs_at_most_so_much():
    found = price(a_spec(caps=[up_to(450)]), a_use(6))
    assert amounts(found) == [("rate:time", Decimal("600.00")), ("cap:cap", Decimal("-150.00"))]


def test_a_day_begins_at_one_in_the_afternoon():
    """R61: at most 8 h are charged in 24 h from 13:00. From 09:00 to 09:00 are 4 h before 13:00 and 20 h after, of which 8 count."""
    spec = a_spec(caps=[cap(hours=8, cycle={"every": "day", "starts_minute": 780})])
    found = price(spec, a_use(24))
    assert amounts(found) == [("rate:time", Decimal("1200.00")), ("cap:cap:time", Decimal("0.00"))]
    assert [line.quantity for line in found.lines] == [12, 12]


def test_hours_charged_earlier_that_day_count():
    spec = a_spec(caps=[cap(hours=8, cycle={"every": "day", "starts_minute": 780})])
    use = a_use(4, "2026-11-23 15:00")
    [need] = needs(spec, use)
    assert need == Need("hours", "person", at("2026-11-23 13:00"), at("2026-11-24 13:00"), False)
    assert price(spec, use, History({need: Decimal(6)})).total == Decimal("200.00")
    assert price(spec, use, History({need: Decimal(9)})).total == Decimal("0.00")


def test_each_day_has_its_own_cap():
    """20:00 to 04:00: four hours on either side of midnight, 300 each."""
    spec = a_spec(caps=[up_to(300, cycle={"every": "day"})])
    assert price(spec, a_use(used=until("2026-11-23 20:00", "2026-11-24 04:00"))).total == Decimal("600.00")
    assert price(spec, a_use(8)).total == Decimal("300.00")


def test_each_night_has_its_own_cap():
    spec = a_spec(caps=[up_to(300, whens=[NIGHT])])
    found = price(spec, a_use(used=until("2026-11-23 17:00", "2026-11-24 19:00")))
    assert found.total == Decimal("100.00") + 300 + 1000 + 100


def test_beyond_a_yearly_spend_of_the_group_half_is_charged_across_the_tools():
    """R67: 19,900 spent; of 300 more, 100 in full and 200 at half."""
    spec = a_spec(caps=[cap(brackets=[{"above": 20000, "percent": 50}], cycle={"every": "year", "per": "group", "across": True})])
    use = a_use(3)
    [need] = needs(spec, use)
    assert need == Need("spend", "group", at("2026-01-01 00:00"), at("2027-01-01 00:00"), True)
    assert price(spec, use, History({need: Decimal(19900)})).total == Decimal("200.00")


def test_the_year_may_begin_in_september():
    spec = a_spec(caps=[up_to(1, cycle={"every": "year", "starts_month": 9})])
    [need] = needs(spec, a_use(1, "2026-03-02 09:00"))
    assert (need.start, need.end) == (at("2025-09-01 00:00"), at("2026-09-01 00:00"))


@pytest.mark.parametrize(
    ("every", "start", "end"),
    [("week", "2026-11-23", "2026-11-30"), ("month", "2026-11-01", "2026-12-01"), ("quarter", "2026-10-01", "2027-01-01")],
)
def test_cycles_begin_where_the_calendar_says(every, start, end):
    [need] = needs(a_spec(caps=[up_to(1, cycle={"every": every})]), a_use())
    assert (need.start, need.end) == (at(f"{start} 00:00"), at(f"{end} 00:00"))


@pytest.mark.parametrize(("before", "total"), [(0, "550.00"), (400, "350.00"), (500, "300.00"), (1250, "150.00"), (1200, "175.00")])
def test_monthly_spend_brings_further_discounts(before, total):
    """R71: in full to 500, then half to 1250, then a quarter. With 1200 spent: 50 paid for the first 100, then 500 x 25 % = 125."""
    brackets = [{"above": 500, "percent": 50}, {"above": 1250, "percent": 25}]
    spec = a_spec(caps=[cap(brackets=brackets, cycle={"every": "month"})])
    [need] = needs(spec, a_use(6))
    assert price(spec, a_use(6), History({need: Decimal(before)})).total == Decimal(total)


def test_a_fine_stands_outside_the_cap():
    spec = a_spec(caps=[up_to(100)], fees=[{"code": "fine", "prices": [{"amount": 50}]}])
    assert price(spec, a_use(6)).total == Decimal("150.00")
    inside = a_spec(caps=[up_to(100, covers=["rates", "fees"])], fees=[{"code": "fine", "prices": [{"amount": 50}]}])
    assert price(inside, a_use(6)).total == Decimal("100.00")


def test_a_second_cap_sees_what_the_first_one_left():
    spec = a_spec(caps=[up_to(400), {**up_to(300), "code": "other"}])
    found = price(spec, a_use(6))
    assert amounts(found)[1:] == [("cap:cap", Decimal("-200.00")), ("cap:other", Decimal("-100.00"))]


def test_a_cap_may_mean_only_some_users():
    spec = a_spec(caps=[up_to(100, only={"without_options": ["alive"]})], options=[{"code": "alive"}])
    assert price(spec, a_use(3)).total == Decimal("100.00")
    assert price(spec, a_use(3, options=["alive"])).total == Decimal("300.00")


def test_what_is_free_beyond_the_cap_stands_on_the_bill():
    [_, free] = price(a_spec(caps=[cap(hours=2)]), a_use(5)).lines
    assert (free.label.en, free.quantity, free.amount) == ("Cap", 3, Decimal("0.00"))


def test_a_morning_belongs_to_the_day_that_began_at_one_oclock_before():
    spec = a_spec(caps=[cap(hours=8, cycle={"every": "day", "starts_minute": 780})])
    first, second = needs(spec, a_use(6, "2026-11-23 10:00"))
    assert (first.start, first.end, second.start) == (at("2026-11-22 13:00"), at("2026-11-23 13:00"), at("2026-11-23 13:00"))
    assert price(spec, a_use(6, "2026-11-23 10:00"), History({first: Decimal(7)})).total == Decimal("400.00")
