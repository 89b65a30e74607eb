"""Real instruments priced by time: quantity in, lines and total out, worked by hand. Amounts are taken as yuan, whatever the currency."""

from decimal import Decimal

import pytest

from scheduling.pricing.cancelling import price_late_cancel
from scheduling.pricing.engine import price
from scheduling.pricing.spec import read_spec
from tests.fixtures.pricing import a_use, at, bill, span, until

OWN = ["group", "internal"]
WEEKDAYS = [0, 1, 2, 3, 4]


def hourly(*prices, **changes):
    listed = [one if isinstance(one, dict) else {"amount": one} for one in prices]
    parts = {key: changes.pop(key) for key in ("fees", "options", "packages", "caps", "adjustments", "late_cancel") if key in changes}
    return read_spec({"rates": [{"code": "time", "prices": listed, **changes}], **parts})


def of(amount, *audiences, modes=()):
    return {"audiences": list(audiences), "modes": list(modes), "amount": amount}


def test_an_electron_microscope_with_its_ion_beam():
    """55 an hour, and 35 more with the ion beam: 2.5 h = 137.50 + 87.50 = 225."""
    spec = hourly(55, options=[{"code": "fib", "unit": "hour", "prices": [{"amount": 35}]}])
    assert bill(price(spec, a_use(2.5, options=["fib"]))) == ["rate:time 2.5 x 55 = 137.50", "option:fib 2.5 x 35 = 87.50", "total 225.00"]


def test_an_ellipsometer_with_a_least_amount():
    """10 an hour, 10 at least: 24 min are 4 and 6 to make it up; an hour and a half 15."""
    spec = hourly(10, minimum_amount=10)
    assert bill(price(spec, a_use(0.4))) == ["rate:time 0.4 x 10 = 4.00", "minimum:time 1 x 6 = 6.00", "total 10.00"]
    assert price(spec, a_use(1.5)).total == Decimal("15.00")


def test_a_mask_aligner_whose_least_amount_is_half_an_hour():
    """50 an hour, 25 at least: 20 min 16.67 and 8.33; 40 min 33.33."""
    spec = hourly(50, minimum_amount=25)
    assert bill(price(spec, a_use(1 / 3))) == ["rate:time 0.333333 x 50 = 16.67", "minimum:time 1 x 8.33 = 8.33", "total 25.00"]
    assert price(spec, a_use(2 / 3)).total == Decimal("33.33")


def test_an_etcher_with_a_set_up_fee():
    """150 for setting up and 100 an hour: 3 h 15 min = 325 + 150 = 475."""
    spec = hourly(100, fees=[{"code": "setup", "prices": [{"amount": 150}]}])
    assert bill(price(spec, a_use(3.25))) == ["rate:time 3.25 x 100 = 325.00", "fee:setup 1 x 150 = 150.00", "total 475.00"]


@pytest.mark.parametrize(("minutes", "total"), [(12, "5.25"), (58, "20.00"), (60, "20.00"), (75, "25.25"), (115, "39.25"), (119, "40.00")])
def test_a_flood_exposure_by_five_minutes_or_by_the_hour(minutes, total):
    """1.75 per five minutes or 20 an hour, the cheaper: 12 min are three fives = 5.25; 58 min twelve fives = 21, so the hour; 75 = 20 + 5.25.

    115 min: the hour and eleven fives = 19.25, together 39.25; 119 min: twelve fives would be 21, so two hours.
    """
    spec = read_spec(
        {
            "rates": [{"code": "slot", "unit": "five", "unit_minutes": 5, "prices": [{"amount": "1.75"}]}],
            "packages": [{"code": "hour", "minutes": 60, "prices": [{"amount": 20}]}],
        }
    )
    assert price(spec, a_use(minutes / 60)).total == Decimal(total)


def test_a_dicing_saw_whose_first_hour_costs_twice():
    """50 the first hour, 25 each further one, 50 at least: 20 min 50; 3 h 50 + 50 = 100."""
    spec = hourly({"amount": 50, "tiers": [{"above": 1, "amount": 25}]}, minimum=1)
    assert price(spec, a_use(1 / 3)).total == Decimal("50.00")
    assert bill(price(spec, a_use(3))) == ["rate:time 1 x 50 = 50.00", "rate:time 2 x 25 = 50.00", "total 100.00"]


MACHINE = hourly(
    of(500, "group", modes=["self"]),
    of(1000, "group", modes=["assisted"]),
    of(1000, "internal", modes=["self"]),
    of(2000, "internal", modes=["assisted"]),
    of(2000, "academic", "enterprise", "other", modes=["self"]),
    of(4000, "academic", "enterprise", "other", modes=["assisted"]),
)


@pytest.mark.parametrize(
    ("audience", "mode", "total"),
    [
        ("group", "self", 1000),
        ("group", "assisted", 2000),
        ("internal", "self", 2000),
        ("internal", "assisted", 4000),
        ("academic", "self", 4000),
        ("enterprise", "assisted", 8000),
    ],
)
def test_a_machining_centre_lent_or_worked_by_the_shop(audience, mode, total):
    """Two hours; own department lent 500 or by order 1000, other departments 1000 or 2000, other schools 2000 or 4000."""
    assert price(MACHINE, a_use(2, audience=audience, mode=mode)).total == total


@pytest.mark.parametrize(("audience", "total"), [("group", 0), ("internal", 600), ("academic", 1200)])
def test_hand_tools_free_for_the_own_department(audience, total):
    """Three hours; free, 200 and 400 an hour."""
    spec = hourly({"audiences": ["group"], "kind": "free"}, of(200, "internal"), of(400, "academic", "enterprise", "other"))
    assert price(spec, a_use(3, audience=audience)).total == total


def test_a_mass_spectrometer_with_a_start_up():
    """401.31 to start and 80.92 an hour: 6 h 20 min at 80.92 = 512.4933, rounded 512.49; together 913.80."""
    spec = hourly("80.92", fees=[{"code": "startup", "prices": [{"amount": "401.31"}]}])
    assert bill(price(spec, a_use(19 / 3))) == ["rate:time 6.333333 x 80.92 = 512.49", "fee:startup 1 x 401.31 = 401.31", "total 913.80"]


OFFICE = [{"weekdays": WEEKDAYS, "from_minute": 480, "until_minute": 1020}]
VEGA_DAY = [
    of(40, *OWN, modes=["self"]),
    of(75, *OWN, modes=["assisted"]),
    of(110, "enterprise", modes=["self"]),
    of(180, "enterprise", modes=["assisted"]),
]
VEGA_OFF = [
    of(20, *OWN, modes=["self"]),
    of("37.5", *OWN, modes=["assisted"]),
    of(55, "enterprise", modes=["self"]),
    of(90, "enterprise", modes=["assisted"]),
]


def late(code, amount, audiences, mode):
    return {"code": code, "hours": 24, "amount": amount, "reuse": "keep", "only": {"audiences": audiences, "modes": [mode]}}


VEGA = hourly(
    *VEGA_OFF,
    bands=[{"code": "office", "whens": OFFICE, "prices": VEGA_DAY}],
    late_cancel=[late("own", 40, OWN, "self"), late("own_help", 75, OWN, "assisted"), late("firm", 110, ["enterprise"], "self")],
)


def test_an_electron_microscope_at_half_price_outside_office_hours():
    """Monday 16:00-19:00: an hour at 40, two at 20 = 80; with help 75 + 2 x 37.50 = 150; a firm alone 110 + 2 x 55 = 220."""
    used = until("2026-11-23 16:00", "2026-11-23 19:00")
    assert bill(price(VEGA, a_use(used=used))) == ["rate:time:office 1 x 40 = 40.00", "rate:time 2 x 20 = 40.00", "total 80.00"]
    assert price(VEGA, a_use(used=used, mode="assisted")).total == Decimal("150.00")
    assert price(VEGA, a_use(used=used, audience="enterprise")).total == Decimal("220.00")


def test_its_late_cancellation_costs_an_hour_of_ones_own_rate():
    """Cancelled the same morning: 40; with help 75."""
    booked = span("2026-11-26 14:00", 4)
    cost = [price_late_cancel(VEGA, a_use(booked=booked, mode=mode), at("2026-11-26 08:00")).total for mode in ("self", "assisted")]
    assert cost == [Decimal("40.00"), Decimal("75.00")]


def test_a_diffractometer_counted_in_whole_hours():
    """Part of an hour counts as one: 2 h 10 min are three; 600, 1000 or 2000 an hour."""
    spec = hourly(of(600, *OWN), of(1000, "academic"), of(2000, "enterprise", "other"), step_minutes=60)
    totals = [price(spec, a_use(13 / 6, audience=who)).total for who in ("internal", "academic", "enterprise")]
    assert totals == [Decimal("1800.00"), Decimal("3000.00"), Decimal("6000.00")]


def test_a_confocal_microscope_by_the_half_hour():
    """150 each half hour, twice as much for others: 1 h 40 min are four = 600 or 1200."""
    spec = hourly(of(150, *OWN), 300, unit="half_hour")
    assert price(spec, a_use(5 / 3)).total == Decimal("600.00")
    assert price(spec, a_use(5 / 3, audience="enterprise")).total == Decimal("1200.00")


def test_a_training_at_twice_the_rate():
    """25 an hour; 35 for other universities, 120 for industry. Training doubles: 2 h = 50 + 50; industry 240 + 240."""
    spec = hourly(
        of(25, *OWN), of(35, "academic"), 120, adjustments=[{"code": "training", "percent": 100, "only": {"modes": ["training"]}}]
    )
    assert bill(price(spec, a_use(2, mode="training"))) == [
        "rate:time 2 x 25 = 50.00",
        "adjust:training 100 % of 50 = 50.00",
        "total 100.00",
    ]
    assert price(spec, a_use(2, mode="training", audience="enterprise")).total == Decimal("480.00")


SORTER = hourly(
    of(116, *OWN, modes=["assisted"]),
    of(232, "academic", "enterprise", "other"),
    step_minutes=15,
    minimum="0.5",
    late_cancel=[{"code": "late", "hours": 48, "percent": 50}],
)


def test_a_sorter_that_is_never_operated_alone():
    """Quarter hours, two at least: 1 h 50 min assisted are 2 h = 232. Alone there is no price."""
    assert bill(price(SORTER, a_use(11 / 6, mode="assisted")))[0] == "rate:time 2 x 116 = 232.00"
    assert price(SORTER, a_use(0.1, mode="assisted")).total == Decimal("58.00")
    assert price(SORTER, a_use(2)).total is None


def test_the_sorter_cancelled_the_day_before():
    """4 h at 116 = 464, half of it 232; one hour taken by others: a quarter off, 174."""
    use = a_use(booked=span("2026-11-26 10:00", 4), mode="assisted")
    assert price_late_cancel(SORTER, use, at("2026-11-25 10:00"), [span("2026-11-26 10:00")]).total == Decimal("174.00")


def test_a_microprobe_with_an_hour_at_least_and_twelve_a_day_at_most():
    """45 an hour alone, 65 with the operator. Monday 18:00 to Tuesday 20:00: 6 h and 12 of 20 h = 18 at 45 = 810. 20 min: an hour, 65."""
    prices = [
        of(45, *OWN, "academic", modes=["self"]),
        of(65, *OWN, "academic"),
        of(183, "enterprise", modes=["self"]),
        of(266, "enterprise"),
    ]
    spec = hourly(*prices, minimum=1, caps=[{"code": "day", "hours": 12, "cycle": {"every": "day"}}])
    found = price(spec, a_use(used=until("2026-11-23 18:00", "2026-11-24 20:00")))
    assert bill(found) == ["rate:time 18 x 45 = 810.00", "cap:day:time 8 x 0 = 0.00", "total 810.00"]
    assert price(spec, a_use(1 / 3, mode="assisted")).total == Decimal("65.00")


def test_a_flow_cytometer_with_half_an_hour_at_least():
    """36 an hour, 50 for other universities: 10 min count as 30: 18 and 25."""
    spec = hourly(of(36, *OWN), 50, minimum="0.5")
    assert [price(spec, a_use(1 / 6, audience=who)).total for who in ("internal", "academic")] == [Decimal("18.00"), Decimal("25.00")]
