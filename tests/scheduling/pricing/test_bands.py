"""Prices by hour, weekday, holiday and season, on the instrument's wall clock."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from instruments.holidays import SpecialDay
from scheduling.pricing.engine import price
from tests.fixtures.pricing import NIGHT, a_spec, a_use, amounts, until

BERLIN = ZoneInfo("Europe/Berlin")
HOLIDAY = SpecialDay(is_workday=False, worked_as=0)


def band(code, amount, when=None, **changes):
    prices = changes.pop("prices", [{"amount": amount}])
    return {"code": code, "whens": changes.pop("whens", [when or {}]), "prices": prices, **changes}


def night_spec(**rate):
    return a_spec(rate={"bands": [band("night", 40, NIGHT)], **rate})


def test_a_use_over_an_edge_has_a_line_for_each_side():
    found = price(night_spec(), a_use(used=until("2026-11-23 16:00", "2026-11-23 20:00")))
    assert amounts(found) == [("rate:time", Decimal("200.00")), ("rate:time:night", Decimal("80.00"))]


def test_a_night_runs_into_the_morning():
    found = price(night_spec(), a_use(used=until("2026-11-24 06:00", "2026-11-24 09:00")))
    assert amounts(found) == [("rate:time:night", Decimal("80.00")), ("rate:time", Decimal("100.00"))]


def test_two_nights_make_one_line():
    found = price(night_spec(), a_use(used=until("2026-11-23 18:00", "2026-11-25 08:00")))
    assert amounts(found) == [("rate:time:night", Decimal("1120.00")), ("rate:time", Decimal("1000.00"))]


def test_a_weekend_from_friday_evening_to_monday_morning():
    """Peak 8-22 on weekdays; the block from Friday 22:00 to Monday 08:00 is cheap throughout."""
    block = [
        {"weekdays": [4], "from_minute": 1320, "until_minute": 1440},
        {"weekdays": [5, 6]},
        {"weekdays": [0], "from_minute": 0, "until_minute": 480},
    ]
    spec = a_spec(rate={"bands": [band("block", 10, whens=block)]})
    found = price(spec, a_use(used=until("2026-11-27 21:00", "2026-11-30 09:00")))
    assert amounts(found) == [("rate:time", Decimal("200.00")), ("rate:time:block", Decimal("580.00"))]


def test_a_holiday_has_its_own_price_and_a_make_up_day_is_a_weekday():
    spec = a_spec(
        rate={
            "bands": [band("weekend", 60, {"weekdays": [5, 6], "holidays": "not"}), band("holiday", 20, {"holidays": "only"})],
        }
    )
    use = a_use(used=until("2026-10-01 09:00", "2026-10-01 10:00"), holidays={date(2026, 10, 1): HOLIDAY})
    assert price(spec, use).total == Decimal("20.00")
    saturday = until("2026-10-10 09:00", "2026-10-10 10:00")
    assert price(spec, a_use(used=saturday)).total == Decimal("60.00")
    worked = {date(2026, 10, 10): SpecialDay(is_workday=True, worked_as=2)}
    assert price(spec, a_use(used=saturday, holidays=worked)).total == Decimal("100.00")


def test_of_two_bands_that_meet_the_one_of_higher_priority_wins():
    spec = a_spec(rate={"bands": [band("night", 40, NIGHT), band("sunday", 25, {"weekdays": [6]}, priority=1)]})
    found = price(spec, a_use(used=until("2026-11-28 22:00", "2026-11-29 20:00")))
    assert amounts(found) == [("rate:time:night", Decimal("80.00")), ("rate:time:sunday", Decimal("500.00"))]


def test_a_season_begins_and_ends_at_local_midnight_and_may_run_over_new_year():
    spec = a_spec(rate={"bands": [band("winter", 50, seasons=[{"from_day": "12-01", "until_day": "02-28"}])]})
    found = price(spec, a_use(used=until("2026-11-30 23:00", "2026-12-01 02:00")))
    assert amounts(found) == [("rate:time", Decimal("100.00")), ("rate:time:winter", Decimal("100.00"))]
    assert price(spec, a_use(1, "2027-02-28 23:00")).total == Decimal("50.00")
    assert price(spec, a_use(1, "2027-03-01 00:00")).total == Decimal("100.00")


def test_a_band_for_one_audience_leaves_the_others_at_the_usual_price():
    """R65: the price after hours is for the own organisation alone."""
    spec = a_spec(rate={"bands": [band("night", 0, NIGHT, prices=[{"audiences": ["internal"], "amount": 76}])]})
    assert price(spec, a_use(1, "2026-11-23 20:00")).total == Decimal("76.00")
    assert price(spec, a_use(1, "2026-11-23 20:00", audience="enterprise")).total == Decimal("100.00")


def test_what_is_not_time_goes_by_the_band_in_which_the_use_begins():
    spec = night_spec(unit="session")
    assert price(spec, a_use(3, "2026-11-23 17:59")).total == Decimal("100.00")
    assert price(spec, a_use(3, "2026-11-23 18:00")).total == Decimal("40.00")


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2027-03-27 22:00", "2027-03-28 08:00", 9),
        ("2027-10-30 22:00", "2027-10-31 08:00", 11),
        ("2027-10-31 02:00", "2027-10-31 03:00", 2),
    ],
)
def test_the_night_the_clocks_change_is_charged_for_the_hours_it_has(start, end, hours):
    found = price(night_spec(), a_use(used=until(start, end, BERLIN), tz=BERLIN))
    assert amounts(found) == [("rate:time:night", Decimal(40 * hours).quantize(Decimal("0.01")))]


def test_a_band_edge_inside_the_jump_of_the_clock_loses_no_time():
    """02:30 does not exist on 28 March 2027 in Berlin; the band begins where the clock jumps to."""
    spec = a_spec(rate={"bands": [band("late", 10, {"from_minute": 150, "until_minute": 480})]})
    found = price(spec, a_use(used=until("2027-03-28 01:00", "2027-03-28 05:00", BERLIN), tz=BERLIN))
    assert amounts(found) == [("rate:time", Decimal("100.00")), ("rate:time:late", Decimal("20.00"))]


def test_the_last_step_runs_on_over_the_edge_of_a_band():
    found = price(night_spec(step_minutes=60), a_use(used=until("2026-11-23 17:30", "2026-11-23 18:10")))
    assert amounts(found) == [("rate:time", Decimal("50.00")), ("rate:time:night", Decimal("20.00"))]
