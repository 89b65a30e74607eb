"""Real rule sets with bands, caps, packages and spend (R57 to R75, R83), worked by hand."""

from decimal import Decimal

import pytest

from scheduling.pricing.engine import price
from scheduling.pricing.needs import needs
from scheduling.pricing.spec import read_spec
from scheduling.pricing.use import History
from tests.fixtures.pricing import a_use, bill, span, until

OWN = ["group", "internal"]
WEEKDAYS = [0, 1, 2, 3, 4]


def clock(start, end, days=WEEKDAYS):
    return {"weekdays": days, "from_minute": start * 60, "until_minute": end * 60}


def band(code, whens, prices):
    return {"code": code, "whens": whens, "prices": prices if isinstance(prices, list) else [{"amount": prices}]}


R57 = read_spec(
    {
        "rates": [{"code": "time", "prices": [{"amount": 60}], "bands": [band("prime", [clock(8, 18)], 80)]}],
        "adjustments": [{"code": "commercial", "percent": 200, "only": {"audiences": ["enterprise"]}}],
        "options": [{"code": "nitrogen", "name_zh": "液氮分摊", "name_en": "Share of liquid nitrogen", "prices": [{"kind": "request"}]}],
    }
)


def test_r57_prime_time_and_evening():
    """Monday 16:00-20:00: two prime hours at 80 = 160, two others at 60 = 120."""
    found = price(R57, a_use(used=until("2026-11-23 16:00", "2026-11-23 20:00")))
    assert bill(found) == ["rate:time:prime 2 x 80 = 160.00", "rate:time 2 x 60 = 120.00", "total 280.00"]


def test_r57_firms_pay_three_times_as_much():
    """Saturday, 3 h at 60 = 180; twice as much on top = 360: 540."""
    assert price(R57, a_use(3, "2026-11-28 10:00", audience="enterprise")).total == Decimal("540.00")


def test_r57_nitrogen_shared_by_the_users_of_a_day_is_a_managers_line():
    """What a share comes to is known when the day is over."""
    found = price(R57, a_use(1, options=["nitrogen"]))
    assert bill(found) == ["rate:time:prime 1 x 80 = 80.00", "option:nitrogen 1 x ? = 0.00", "total None"]


OFF_HOURS = [clock(17, 33, [0, 1, 2, 3]), clock(17, 24, [4]), clock(0, 24, [5, 6]), clock(0, 9, [0])]
SELF = [{"modes": ["self"], "amount": 15, "tiers": [{"above": 4, "amount": 10}]}]
R59 = read_spec({"rates": [{"code": "time", "tiers_by": "band", "prices": [{"amount": 30}], "bands": [band("evening", OFF_HOURS, SELF)]}]})


def test_r59_after_four_evening_hours_the_night_is_cheaper_until_nine():
    """Monday 15:00 to Tuesday 10:00: 2 h at 30 = 60; evening 4 h at 15 = 60; 12 h until 09:00 at 10 = 120; one day hour at 30."""
    found = price(R59, a_use(used=until("2026-11-23 15:00", "2026-11-24 10:00")))
    assert bill(found) == [
        "rate:time 3 x 30 = 90.00",
        "rate:time:evening 4 x 15 = 60.00",
        "rate:time:evening 12 x 10 = 120.00",
        "total 270.00",
    ]


def test_r59_a_weekend_goes_on_until_the_next_working_morning():
    """Friday 17:00 to Monday 09:00 are 64 h: 4 at 15 = 60, 60 at 10 = 600."""
    assert price(R59, a_use(used=until("2026-11-27 17:00", "2026-11-30 09:00"))).total == Decimal("660.00")


def test_r59_with_assistance_the_evening_costs_as_much_as_the_day():
    """Two hours at 30."""
    assert price(R59, a_use(2, "2026-11-23 19:00", mode="assisted")).total == Decimal("60.00")


R61 = read_spec(
    {
        "rates": [{"code": "time", "prices": [{"amount": 25}]}],
        "options": [{"code": "laser", "unit": "hour", "prices": [{"amount": 12}]}, {"code": "intravital"}],
        "caps": [
            {
                "code": "day",
                "hours": 8,
                "cycle": {"every": "day", "starts_minute": 780},
                "covers": ["rates", "options"],
                "only": {"without_options": ["intravital"]},
            }
        ],
    }
)


def test_r61_eight_hours_at_most_from_one_oclock_to_one_oclock():
    """Amounts ours: 25 an hour, laser 12. Monday 10:00 to Tuesday 10:00: 3 h before 13:00 and 8 of the 21 after: 11 h; the laser alike."""
    assert bill(price(R61, a_use(24, "2026-11-23 10:00", options=["laser"]))) == [
        "rate:time 11 x 25 = 275.00",
        "cap:day:time 13 x 0 = 0.00",
        "option:laser 11 x 12 = 132.00",
        "cap:day:laser 13 x 0 = 0.00",
        "total 407.00",
    ]


def test_r61_not_for_living_animals():
    """All 24 h at 25."""
    assert price(R61, a_use(24, "2026-11-23 10:00", options=["intravital"])).total == Decimal("600.00")


@pytest.mark.parametrize(("minutes", "hours"), [(20, "1"), (69, "1"), (70, "1.5"), (99, "1.5"), (100, "2")])
def test_r63_an_hour_at_least_then_half_hours_with_ten_minutes_of_grace(minutes, hours):
    """75 an hour for the time in the room, even when more was booked; others pay 110."""
    rate = {"code": "time", "minimum": 1, "step_minutes": 30, "grace_minutes": 10}
    spec = read_spec({"rates": [{**rate, "prices": [{"audiences": OWN, "amount": 75}, {"amount": 110}]}]})
    use = a_use(booked=span("2026-11-23 09:00", 4), used=span("2026-11-23 09:00", minutes / 60))
    assert price(spec, use).total == Decimal(hours) * 75


R65_PRICES = [{"audiences": OWN, "amount": 127}, {"audiences": ["academic"], "amount": 173}, {"amount": 199}]
R65 = read_spec(
    {
        "rates": [
            {
                "code": "time",
                "basis": "booked",
                "step_minutes": 120,
                "prices": R65_PRICES,
                "bands": [band("after", [clock(17, 24)], [{"audiences": OWN, "amount": 76}])],
            }
        ]
    }
)


def test_r65_after_hours_is_cheaper_for_ones_own_alone():
    """Monday 15:00-19:00: 2 h at 127 = 254 and 2 h at 76 = 152; a member (173) and others (199) pay all four alike: 692, 796."""
    use = {"booked": until("2026-11-23 15:00", "2026-11-23 19:00")}
    assert bill(price(R65, a_use(**use))) == ["rate:time 2 x 127 = 254.00", "rate:time:after 2 x 76 = 152.00", "total 406.00"]
    assert [price(R65, a_use(**use, audience=who)).total for who in ("academic", "enterprise")] == [Decimal("692.00"), Decimal("796.00")]


R67 = read_spec(
    {
        "rates": [
            {"code": "access", "prices": [{"audiences": OWN, "amount": 45}, {"amount": 125}]},
            {"code": "tool", "prices": [{"audiences": OWN, "amount": 70}, {"amount": 450}]},
        ],
        "adjustments": [{"code": "trainee", "percent": 100, "meters": ["access"], "of": "base", "only": {"modes": ["training"]}}],
        "caps": [
            {"code": "year", "brackets": [{"above": 20000, "percent": 50}], "cycle": {"every": "year", "per": "group", "across": True}}
        ],
    }
)


def test_r67_access_and_tool_and_half_beyond_twenty_thousand_a_year():
    """4 h: access 180, tool 280 = 460. The group has spent 19,800: 200 in full, 260 at half = 130: 330."""
    use = a_use(4)
    [need] = needs(R67, use)
    assert bill(price(R67, use, History({need: Decimal(19800)}))) == [
        "rate:access 4 x 45 = 180.00",
        "rate:tool 4 x 70 = 280.00",
        "cap:year 1 x -130 = -130.00",
        "total 330.00",
    ]


def test_r67_a_trainee_pays_the_access_twice():
    """2 h: access 90, tool 140, access again 90 = 320. The trainer's credit is a manager's line on her own charge."""
    assert price(R67, a_use(2, mode="training")).total == Decimal("320.00")


R69 = read_spec(
    {
        "rates": [{"code": "day", "unit": "calendar_day", "prices": [{"amount": 160}]}],
        "options": [{"code": "quarter", "prices": [{"amount": 350}]}, {"code": "subscriber", "by_manager": True}],
        "adjustments": [{"code": "subscriber", "percent": -100, "covers": ["rates"], "only": {"options": ["subscriber", "quarter"]}}],
    }
)


def test_r69_days_or_a_subscription():
    """Two days touched = 320. Who buys the quarter pays 350 on that use and nothing for the days; that it is sold once per person is no price."""
    two_days = until("2026-11-23 20:00", "2026-11-24 02:00")
    assert price(R69, a_use(used=two_days)).total == Decimal("320.00")
    assert price(R69, a_use(used=two_days, options=["quarter"])).total == Decimal("350.00")
    assert price(R69, a_use(used=two_days, options=["subscriber"])).total == 0


def discount(code, every, audience, *brackets):
    steps = [{"above": above, "percent": percent} for above, percent in brackets]
    cycle = {"every": every, "per": "group", "across": True}
    return {"code": code, "brackets": steps, "cycle": cycle, "only": {"audiences": audience}}


def test_r71_discounts_on_the_spend_of_a_month_or_year():
    """Rate ours, 100 an hour. Own: 400 spent this month, 6 h = 600: 100 in full, 500 at half = 250: 350. Firm: 19,900 this year: 100 + 500 x 90 % = 550."""
    month, year = discount("month", "month", OWN, (500, 50), (1250, 25)), discount("year", "year", ["enterprise"], (20000, 90), (90000, 65))
    spec = read_spec({"rates": [{"code": "time", "prices": [{"amount": 100}]}], "caps": [month, year]})
    [own], [firm] = needs(spec, a_use(6)), needs(spec, a_use(6, audience="enterprise"))
    assert price(spec, a_use(6), History({own: Decimal(400)})).total == Decimal("350.00")
    assert price(spec, a_use(6, audience="enterprise"), History({firm: Decimal(19900)})).total == Decimal("550.00")


def test_r73_a_sample_of_three_injections_counts_as_three():
    """57 down to 31 at 100, 300, 500; the two prices between are ours, 48 and 39. 60 samples are 180: 100 x 57 = 5700, 80 x 48 = 3840."""
    tiers = [{"above": 100, "amount": 48}, {"above": 300, "amount": 39}, {"above": 500, "amount": 31}]
    rate = {"code": "run", "unit": "sample", "times": "injection", "prices": [{"amount": 57, "tiers": tiers}]}
    found = price(read_spec({"rates": [rate]}), a_use(sample=60, injection=3))
    assert bill(found) == ["rate:run 100 x 57 = 5700.00", "rate:run 80 x 48 = 3840.00", "total 9540.00"]


@pytest.mark.parametrize(("audience", "total"), [("internal", "310.00"), ("academic", "413.85"), ("enterprise", "710.00")])
def test_r75_prices_by_class_and_the_overhead_of_funders(audience, total):
    """Two samples: 2 x 155; 2 x 179 = 358 and 15.6 % of it, 55.848, rounded 55.85; 2 x 355."""
    prices = [{"audiences": OWN, "amount": 155}, {"audiences": ["academic"], "amount": 179}, {"amount": 355}]
    overhead = {"code": "indirect", "percent": "15.6", "only": {"audiences": ["academic"]}}
    spec = read_spec({"rates": [{"code": "samples", "unit": "sample", "prices": prices}], "adjustments": [overhead]})
    assert price(spec, a_use(sample=2, audience=audience)).total == Decimal(total)


def twice(amount):
    return [{"audiences": OWN, "amount": amount}, {"amount": str(Decimal(amount) * 2)}]


R83 = read_spec(
    {
        "rates": [
            {
                "code": "time",
                "prices": twice("32.00"),
                "bands": [
                    band("peak", [clock(9, 17)], twice("44.60")),
                    band(
                        "overnight",
                        [clock(22, 32, [0, 1, 2, 3]), clock(22, 24, [4]), clock(0, 24, [5, 6]), clock(0, 8, [0])],
                        twice("22.30"),
                    ),
                ],
            }
        ],
        "packages": [
            {"code": "half_day", "minutes": 240, "choice": "chosen", "prices": twice("237")},
            {"code": "day", "minutes": 480, "choice": "chosen", "prices": twice("423")},
        ],
    }
)


def test_r83_from_friday_evening_to_monday_morning():
    """Friday 21:00 to Monday 09:00: an hour at 32 on either side = 64; 58 h at 22.30 = 1293.40."""
    found = price(R83, a_use(used=until("2026-11-27 21:00", "2026-11-30 09:00")))
    assert bill(found) == ["rate:time 2 x 32 = 64.00", "rate:time:overnight 58 x 22.3 = 1293.40", "total 1357.40"]


def test_r83_a_fixed_run_and_further_hours_as_metered():
    """A half-day run (4 h ours) from 13:00 at 237; 17:00-19:00 off-peak 2 x 32 = 64. Others pay twice as much."""
    use = {"used": until("2026-11-23 13:00", "2026-11-23 19:00"), "options": ["half_day"]}
    assert bill(price(R83, a_use(**use))) == ["package:half_day 1 x 237 = 237.00", "rate:time 2 x 32 = 64.00", "total 301.00"]
    assert price(R83, a_use(**use, audience="academic")).total == Decimal("602.00")
