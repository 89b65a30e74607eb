"""Real rule sets about bookings that are cancelled, cut short or overrun (R49 to R55, R77, R81, R35), worked by hand."""

from decimal import Decimal

import pytest

from scheduling.pricing.cancelling import price_late_cancel, price_no_show
from scheduling.pricing.engine import price
from scheduling.pricing.spec import read_spec
from tests.fixtures.pricing import NIGHT, a_use, at, bill, span

BOOKED = span("2026-11-26 10:00", 4)  # Thursday


def hourly(amount, **changes):
    return {"code": "time", "prices": [{"amount": amount}], **changes}


R49 = read_spec(
    {
        "rates": [hourly(30)],
        "caps": [{"code": "day", "brackets": [{"above": 200}], "cycle": {"every": "day"}}],
        "options": [{"code": "live"}, {"code": "left_on", "by_manager": True}],
        "fees": [{"code": "fine", "prices": [{"amount": 50}], "only": {"options": ["left_on"]}}],
        "late_cancel": [
            {"code": "fixed", "hours": 24, "percent": 50, "reuse": "waive", "only": {"without_options": ["live"]}},
            {"code": "cells", "hours": 4, "percent": 20, "reuse": "waive", "only": {"options": ["live"]}},
        ],
    }
)


def test_r49_half_for_fixed_samples_a_fifth_for_live_cells():
    """Rate ours: 30 an hour, 4 h = 120. Cancelled 3 h before: 50 % = 60 for fixed samples, 20 % = 24 for live cells."""
    late = at("2026-11-26 07:00")
    assert bill(price_late_cancel(R49, a_use(booked=BOOKED), late)) == ["cancel:fixed 50 % of 120 = 60.00", "total 60.00"]
    assert bill(price_late_cancel(R49, a_use(booked=BOOKED, options=["live"]), late))[0] == "cancel:cells 20 % of 120 = 24.00"
    assert price_late_cancel(R49, a_use(booked=BOOKED, options=["live"]), at("2026-11-26 05:59")).total == 0


def test_r49_nothing_when_somebody_uses_the_slot():
    """Cancelled the evening before, an hour of it used by another: nothing."""
    found = price_late_cancel(R49, a_use(booked=BOOKED), at("2026-11-25 20:00"), [span("2026-11-26 12:00")])
    assert found.total == 0


def test_r49_the_fine_stands_outside_the_cap():
    """Cap ours: 200 a day. 8 h = 240, capped at 200; left on overnight 50 more: 250."""
    assert bill(price(R49, a_use(8, options=["left_on"]))) == [
        "rate:time 8 x 30 = 240.00",
        "fee:fine 1 x 50 = 50.00",
        "cap:day 1 x -40 = -40.00",
        "total 250.00",
    ]


ANALYSER = read_spec(
    {
        "rates": [hourly(60, basis="greater")],
        "late_cancel": [
            {"code": "day", "hours": 24, "percent": 100, "reuse": "waive", "starting": {"from_minute": 480, "until_minute": 1080}},
            {"code": "night", "hours": 0, "percent": 100, "reuse": "waive", "starting": NIGHT},
        ],
    }
)
SORTER = read_spec(
    {
        "rates": [hourly(90, basis="greater")],
        "late_cancel": [
            {"code": "day", "hours": 48, "percent": 100, "reuse": "waive", "starting": {"from_minute": 480, "until_minute": 1080}},
            {"code": "evening", "hours": 168, "percent": 100, "reuse": "waive", "starting": NIGHT},
        ],
    }
)


@pytest.mark.parametrize(("used", "hours"), [(1, 3), (3, 3), (4.5, "4.5")])
def test_r51_the_longer_of_reserved_and_logged(used, hours):
    """Rate ours, 60 an hour. Three hours reserved: one logged 180, three 180, four and a half 270."""
    use = a_use(booked=span("2026-11-26 10:00", 3), used=span("2026-11-26 10:00", used))
    assert bill(price(ANALYSER, use))[0] == f"rate:time {hours} x 60 = {Decimal(hours) * 60:.2f}"


@pytest.mark.parametrize(
    ("spec", "start", "cancelled", "fee"),
    [
        (ANALYSER, "2026-11-26 10:00", "2026-11-25 09:00", 0),
        (ANALYSER, "2026-11-26 10:00", "2026-11-25 11:00", 240),
        (ANALYSER, "2026-11-26 19:00", "2026-11-26 18:00", 0),
        (SORTER, "2026-11-26 10:00", "2026-11-24 09:00", 0),
        (SORTER, "2026-11-26 10:00", "2026-11-25 09:00", 360),
        (SORTER, "2026-11-26 19:00", "2026-11-20 10:00", 360),
    ],
)
def test_r51_the_deadline_depends_on_instrument_and_time_of_day(spec, start, cancelled, fee):
    """Analysers: days 24 h, nights on the day. Sorters: days 48 h, evenings seven days. 4 h at 60 = 240, at 90 = 360."""
    assert price_late_cancel(spec, a_use(booked=span(start, 4)), at(cancelled)).total == fee


BY_CLASS = [{"audiences": ["group", "internal"], "amount": 20}, {"audiences": ["academic"], "amount": 31}, {"amount": 60}]
R53 = read_spec(
    {
        "rates": [hourly(0, prices=BY_CLASS, basis="greater", step_minutes=30)],
        "fees": [
            {"code": "unused", "on": "unused", "over_minutes": 60, "prices": BY_CLASS},
            {"code": "overrun", "on": "overrun", "only_if_wanted": True, "prices": BY_CLASS},
        ],
        "no_show": [{"code": "missed", "percent": 50}],
    }
)


def test_r53_leaving_more_than_an_hour_unused_costs_an_hour_more():
    """Four hours reserved at 20 = 80, two and a half used: one and a half unused, so an hour at 20 more = 100."""
    use = a_use(booked=BOOKED, used=span("2026-11-26 10:00", 2.5))
    assert bill(price(R53, use)) == ["rate:time 4 x 20 = 80.00", "fee:unused 1 x 20 = 20.00", "total 100.00"]


@pytest.mark.parametrize(("wanted", "total"), [(True, "170.50"), (False, "139.50")])
def test_r53_running_into_somebody_elses_slot(wanted, total):
    """4 h 20 min count as 4.5 h at 31 = 139.50 and the hour of penalty 31 = 170.50; waived 139.50 when the slot was free."""
    use = a_use(booked=BOOKED, used=span("2026-11-26 10:00", 13 / 3), audience="academic", overrun_was_wanted=wanted)
    assert price(R53, use).total == Decimal(total)


def test_r53_not_coming_costs_half():
    """Four hours at 60 = 240, half of it 120."""
    assert bill(price_no_show(R53, a_use(booked=BOOKED, audience="enterprise"))) == ["no_show:missed 50 % of 240 = 120.00", "total 120.00"]


R55 = read_spec(
    {
        "rates": [hourly(84, basis="from_booked_start", extra_minutes=60)],
        "options": [{"code": "coupon", "by_manager": True}, {"code": "sort"}],
        "adjustments": [
            {"code": "biosafety", "percent": 40, "only": {"hazard_from": 2}},
            {"code": "coupon", "amount": -168, "only": {"options": ["coupon"]}},
        ],
        "late_cancel": [
            {"code": "sort", "working_days": 3, "percent": 100, "of": "total", "only": {"options": ["sort"]}},
            {"code": "analysis", "working_days": 1, "percent": 100, "of": "total", "only": {"without_options": ["sort"]}},
        ],
    }
)


def test_r55_from_the_scheduled_start_with_an_hour_of_set_up():
    """A coupon of 168 is two hours, so 84 an hour. Booked at 10, begun at 10:30, done at 12: 2 h and 1 h set-up = 252, less the coupon 84."""
    use = a_use(booked=BOOKED, used=span("2026-11-26 10:30", 1.5), options=["coupon"])
    assert bill(price(R55, use)) == ["rate:time 3 x 84 = 252.00", "adjust:coupon 1 x -168 = -168.00", "total 84.00"]


def test_r55_samples_of_a_higher_biosafety_level():
    """Surcharge ours, 40 %: 3 h with set-up 252, 40 % = 100.80."""
    assert price(R55, a_use(2, hazard=2)).total == Decimal("352.80")


@pytest.mark.parametrize(
    ("options", "cancelled", "fee"), [((), "2026-11-24 20:00", 0), ((), "2026-11-25 08:00", 420), (("sort",), "2026-11-23 08:00", 420)]
)
def test_r55_full_working_days(options, cancelled, fee):
    """A Thursday: one full working day is the Wednesday, three begin on Monday. 4 h and the set-up at 84 = 420."""
    assert price_late_cancel(R55, a_use(booked=BOOKED, options=options), at(cancelled)).total == fee


def test_r77_a_slot_given_to_others_is_charged_all_the_same():
    """Rate ours, 50 an hour: 15 min late frees the slot, the 200 stay."""
    spec = read_spec({"rates": [hourly(50)], "no_show": [{"code": "missed", "percent": 100, "reuse": "keep"}]})
    assert price_no_show(spec, a_use(booked=BOOKED), [BOOKED]).total == Decimal("200.00")


def test_r81_two_hours_at_least_and_forty_for_cancelling_late():
    """Rate ours, 45 an hour: one hour counts as two = 90."""
    spec = read_spec({"rates": [hourly(45, minimum=2)], "late_cancel": [{"code": "late", "hours": 24, "amount": 40, "reuse": "keep"}]})
    assert bill(price(spec, a_use(1))) == ["rate:time 2 x 45 = 90.00", "total 90.00"]
    assert bill(price_late_cancel(spec, a_use(booked=BOOKED), at("2026-11-25 12:00"))) == ["cancel:late 1 x 40 = 40.00", "total 40.00"]


def test_r65_nothing_when_the_time_is_taken_by_others():
    """After-hours slot at 76 an hour, 2 h = 152; half of it replaced: 76."""
    spec = read_spec({"rates": [hourly(76)], "late_cancel": [{"code": "late", "hours": 24, "percent": 100}]})
    found = price_late_cancel(spec, a_use(booked=span("2026-11-26 18:00", 2)), at("2026-11-26 08:00"), [span("2026-11-26 19:00", 1)])
    assert bill(found) == ["cancel:late 100 % of 152 = 152.00", "cancel:late:reuse -50 % of 152 = -76.00", "total 76.00"]


def test_r35_time_lost_to_the_user_before_is_not_charged():
    """Rate ours, 100 a half hour. Booked 9-11; the one before left 40 min late: 80 min of effective time are three half hours = 300."""
    spec = read_spec({"rates": [hourly(100, unit="half_hour")]})
    use = a_use(booked=span("2026-11-26 09:00", 2), used=span("2026-11-26 09:00", 2), effective_minutes=80)
    assert price(spec, use).total == Decimal("300.00")
