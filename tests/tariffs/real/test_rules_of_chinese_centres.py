"""Real rule sets of Chinese centres (R01 to R29): quantity in, lines and total out, worked by hand.

Where a centre publishes how it counts but not how much, the amount is ours and the docstring says so.
"""

from decimal import Decimal

import pytest

from scheduling.pricing.cancelling import price_late_cancel
from scheduling.pricing.engine import price
from scheduling.pricing.spec import read_spec
from tests.fixtures.pricing import a_use, at, bill, service, span, until

OUTSIDERS = ["academic", "enterprise", "other"]
OWN = ["group", "internal"]


def window(code, amount, start, end, **changes):
    when = {"from_minute": round(start * 60), "until_minute": round(end * 60)}
    return {"code": code, "whens": [when], "choice": "always", "prices": [{"amount": amount}], **changes}


OVERRUN = {"shares": [{"over_minutes": 30, "percent": 50}, {"over_minutes": 60, "percent": 100}]}
R01 = read_spec(
    {
        "rates": [{"code": "time", "basis": "booked_plus_overrun", "prices": [{"kind": "request"}]}],
        "packages": [
            window("noon", 1200, 11.5, 14.5),
            window("a", 1200, 17.5, 20.5),
            window("b", 800, 20.5, 24, **OVERRUN),
            window("c", 400, 0, 7, **OVERRUN),
        ],
        "options": [{"code": "coater", "name_zh": "喷金仪", "name_en": "Sputter coater", "prices": [{"kind": "request"}]}],
    }
)


def test_r01_a_whole_night_is_the_sum_of_its_three_parts():
    """Evening (17:30-20:30) 1200, late (20:30-24:00) 800, night (0:00-7:00) 400: together 2400."""
    found = price(R01, a_use(booked=until("2026-11-23 17:30", "2026-11-24 07:00")))
    assert bill(found) == ["package:a 1 x 1200 = 1200.00", "package:b 1 x 800 = 800.00", "package:c 1 x 400 = 400.00", "total 2400.00"]


@pytest.mark.parametrize(("minutes", "more"), [(30, "0"), (45, "400"), (75, "800")])
def test_r01_running_over_into_the_next_part_costs_half_or_all_of_it(minutes, more):
    """Evening booked for 1200. 30 min over: nothing more; 45 min: half of 800; 75 min: all of it."""
    booked = span("2026-11-23 17:30", 3)
    found = price(R01, a_use(booked=booked, used=span("2026-11-23 17:30", 3 + minutes / 60)))
    assert found.total == 1200 + Decimal(more)


def test_r01_the_coater_and_hours_outside_the_parts_are_for_the_manager():
    """The package covers all accessories but the sputter coater, whose price is not published; nor is that of the daytime."""
    found = price(R01, a_use(booked=span("2026-11-23 17:30", 3), options=["coater"]))
    assert (found.total, [line.code for line in found.lines]) == (None, ["package:a", "option:coater"])
    assert price(R01, a_use(booked=span("2026-11-23 15:00", 1))).total is None


R03 = read_spec(
    {
        "rates": [{"code": "time", "prices": [{"audiences": OWN, "amount": 220}, {"amount": 350}]}],
        "packages": [{"code": "day", "minutes": 1440, "prices": [{"audiences": OWN, "amount": 660}, {"amount": 1300}]}],
        "adjustments": [{"code": "management", "percent": 15, "of": "base"}, {"code": "tax", "percent": 3, "of": "base"}],
    }
)


def test_r03_five_hours_of_ones_own_are_a_day():
    """5 x 220 = 1100 is more than the day at 660. Management 15 % of 660 = 99, tax 3 % of 660 = 19.80: 778.80."""
    assert bill(price(R03, a_use(5))) == [
        "package:day 1 x 660 = 660.00",
        "adjust:management 15 % of 660 = 99.00",
        "adjust:tax 3 % of 660 = 19.80",
        "total 778.80",
    ]


def test_r03_a_firm_for_a_day_and_two_hours():
    """1300 for 24 h and 2 x 350 = 700, together 2000; 15 % = 300 and 3 % = 60: 2360."""
    found = price(R03, a_use(26, audience="enterprise"))
    assert bill(found)[:2] == ["package:day 1 x 1300 = 1300.00", "rate:time 2 x 350 = 700.00"]
    assert found.total == Decimal("2360.00")


R05 = read_spec(
    {
        "rates": [
            {"code": "test", "unit": "session", "unit_zh": "组", "unit_en": "series", "prices": [{"amount": 27000}]},
            {"code": "spin", "included": 4, "step_minutes": 120, "prices": [{"kind": "request"}]},
            {"code": "occupied", "unit": "day", "basis": "booked", "prices": [{"audiences": OUTSIDERS, "amount": 3500}]},
        ],
    }
)
WEEK = {"booked": span("2026-11-23 09:00", 168), "used": span("2026-11-23 09:00", 168)}


def test_r05_a_series_within_a_week_and_four_hours_of_spinning():
    """One series 27000; 3.5 of the 4 h included."""
    assert bill(price(R05, a_use(**WEEK, effective_minutes=210))) == ["rate:test 1 x 27000 = 27000.00", "total 27000.00"]


def test_r05_others_also_pay_for_the_days_the_arm_is_occupied():
    """27000 and seven days at 3500 = 24500: 51500."""
    assert price(R05, a_use(**WEEK, effective_minutes=210, audience="enterprise")).total == Decimal("51500.00")


def test_r05_spinning_longer_counts_in_twos_and_is_priced_by_the_manager():
    """5 h of spinning: one beyond four, counted as two; what these cost is not published."""
    found = price(R05, a_use(**WEEK, effective_minutes=300))
    assert bill(found) == ["rate:test 1 x 27000 = 27000.00", "rate:spin 2 x ? = 0.00", "total None"]


def test_r07_parts_of_an_experiment_each_with_its_own_period():
    """Amounts ours: a slot at 6000 per 30 days, a sensor at 20 a day, a logger at 900 per 30 days.

    Forty days: the slot counts two periods = 12000; five sensors 40 days each = 200 sensor days = 4000; one logger for 30 days = 900: 16900.
    """
    spec = read_spec(
        {
            "rates": [{"code": "slot", "unit": "days30", "unit_minutes": 43200, "prices": [{"amount": 6000}]}],
            "options": [
                {"code": "sensor", "unit": "sensor_day", "prices": [{"amount": 20}]},
                {"code": "logger", "unit": "logger_month", "prices": [{"amount": 900}]},
            ],
        }
    )
    use = a_use(40 * 24, options=["sensor", "logger"], sensor_day=200, logger_month=1)
    assert bill(price(spec, use)) == [
        "rate:slot 2 x 6000 = 12000.00",
        "option:sensor 200 x 20 = 4000.00",
        "option:logger 1 x 900 = 900.00",
        "total 16900.00",
    ]


def further(code, unit, amount):
    own = {"step_minutes": 60, "included": 1, "included_per": unit, "only": {"units": [unit]}}
    return {"code": code, **own, "prices": [{"amount": amount}]}


R09 = read_spec(
    {
        "rates": [
            {"code": "proton", "unit": "proton", "prices": [{"amount": 150}]},
            {"code": "other", "unit": "nucleus", "prices": [{"amount": 200}]},
            further("other_time", "nucleus", 50),
            {"code": "warm", "unit": "temperature_run", "prices": [{"amount": 400}]},
            further("warm_time", "temperature_run", 100),
        ],
        "options": [{"code": "urgent"}],
        "adjustments": [
            {"code": "urgent", "percent": 50, "only": {"options": ["urgent"]}},
            {"code": "outside", "percent": 25, "only": {"audiences": OUTSIDERS}},
        ],
    }
)


def test_r09_proton_spectra_by_the_sample_whatever_time_they_take():
    """Three at 150."""
    assert bill(price(R09, a_use(4, proton=3))) == ["rate:proton 3 x 150 = 450.00", "total 450.00"]


def test_r09_the_surcharge_for_outsiders_is_taken_of_the_one_for_haste_too():
    """Two carbon spectra in 5 h: 2 x 200 = 400 with an hour each, 3 h more at 50 = 150; haste 50 % of 550 = 275; outside 25 % of 825 = 206.25."""
    assert bill(price(R09, a_use(5, nucleus=2, options=["urgent"], audience="academic"))) == [
        "rate:other 2 x 200 = 400.00",
        "rate:other_time 3 x 50 = 150.00",
        "adjust:urgent 50 % of 550 = 275.00",
        "adjust:outside 25 % of 825 = 206.25",
        "total 1031.25",
    ]


def test_r09_a_measurement_at_other_temperatures():
    """400 with the first hour, 2.5 h more count as three at 100: 700."""
    assert price(R09, a_use(3.5, temperature_run=1)).total == Decimal("700.00")


R11 = read_spec(
    {
        "rates": [
            {"code": "self", "prices": [{"audiences": OWN, "modes": ["self"], "amount": 150}]},
            {"code": "service", "unit": "sample", "times": "point", "prices": [{"modes": ["sample"], "amount": 100}]},
            {"code": "training", "times": "person", "prices": [{"modes": ["training"], "amount": 400}]},
        ],
        "fees": [{"code": "opening", "prices": [{"modes": ["sample"], "amount": 200}]}],
        "options": [{"code": "again", "name_zh": "同内容再次培训", "name_en": "Same training again"}],
        "adjustments": [{"code": "again", "percent": 50, "only": {"options": ["again"], "modes": ["training"]}}],
    }
)


def test_r11_operating_it_oneself():
    """From room temperature to room temperature, 6.5 h at 150 = 975; only for the own organisation."""
    assert price(R11, a_use(6.5)).total == Decimal("975.00")
    assert price(R11, a_use(6.5, audience="enterprise")).total is None


def test_r11_a_service_by_samples_and_temperatures():
    """Three samples at five temperatures are 15 at 100 = 1500, and the start-up 200: 1700."""
    assert bill(price(R11, service(sample=3, point=5))) == [
        "rate:service 15 x 100 = 1500.00",
        "fee:opening 1 x 200 = 200.00",
        "total 1700.00",
    ]


def test_r11_the_same_training_a_second_time():
    """Two persons for 3 h: 3 x 800 = 2400; half as much again = 3600."""
    assert price(R11, a_use(3, mode="training", person=2, options=["again"])).total == Decimal("3600.00")


R15 = read_spec(
    {
        "rates": [{"code": "time", "unit": "half_hour", "grace_minutes": 10, "prices": [{"amount": 60}]}],
        "late_cancel": [{"code": "late", "hours": 24, "percent": 100, "reuse": "keep"}],
    }
)


@pytest.mark.parametrize(("minutes", "halves"), [(5, 1), (39, 1), (40, 2), (69, 2), (70, 3), (240, 8)])
def test_r15_half_hours_with_ten_minutes_of_grace(minutes, halves):
    """Amount ours: 60 a half hour. The first counts whole; up to 9 min beyond a half hour are not counted, 10 are."""
    assert bill(price(R15, a_use(minutes / 60)))[0] == f"rate:time {halves} x 60 = {60 * halves}.00"


def test_r15_cancelled_within_a_day_the_booking_is_charged():
    """Three hours are six half hours = 360."""
    use = a_use(booked=span("2026-11-26 10:00", 3))
    assert bill(price_late_cancel(R15, use, at("2026-11-25 12:00"))) == ["cancel:late 100 % of 360 = 360.00", "total 360.00"]
    assert price_late_cancel(R15, use, at("2026-11-25 09:59")).total == 0


@pytest.mark.parametrize(
    ("audience", "mode", "total"), [("internal", "self", 120), ("internal", "assisted", 300), ("enterprise", "assisted", 900)]
)
def test_r29_prices_by_audience_and_mode(audience, mode, total):
    """3 h: 40 an hour operating oneself, 100 with the manager, 300 for others."""
    prices = [{"audiences": OWN, "modes": ["self"], "amount": 40}, {"audiences": OWN, "amount": 100}, {"amount": 300}]
    assert price(read_spec({"rates": [{"code": "time", "prices": prices}]}), a_use(3, audience=audience, mode=mode)).total == total


def test_r21_teaching_is_free():
    """Use for undergraduate teaching costs nothing; amount ours, 80 an hour otherwise. Test vouchers are no price but a way to pay."""
    spec = read_spec({"rates": [{"code": "time", "prices": [{"modes": ["teaching"], "kind": "free"}, {"amount": 80}]}]})
    assert bill(price(spec, a_use(2, mode="teaching"))) == ["rate:time 2 x 0 = 0.00", "total 0.00"]


def test_r23_costs_shared_out_afterwards_are_a_managers_line():
    """The gas of a month is shared over the groups by their hours: no price is known when a booking is made, nor from the use alone."""
    spec = read_spec({"rates": [{"code": "gas", "name_zh": "气体分摊", "name_en": "Share of the gas", "prices": [{"kind": "request"}]}]})
    found = price(spec, a_use(2))
    assert (bill(found), found.notes[0].zh) == (["rate:gas 2 x ? = 0.00", "total None"], "“气体分摊”由管理员定价。")
