"""A tariff that cannot be right is refused with its place and a sentence."""

import pytest

from instruments.errors import Invalid
from scheduling.pricing.spec import as_data, read_spec
from tests.fixtures.pricing import DAY, NIGHT, a_meter, a_spec


def refused(data):
    with pytest.raises(Invalid) as found:
        read_spec(data)
    assert found.value.sentence.zh
    assert found.value.sentence.en
    return found.value


def a_rate(**changes):
    return {"rates": [a_meter(**changes)]}


def in_band(code, when, amount=50, **changes):
    return {"code": code, "name_zh": code, "whens": [when], "prices": [{"amount": amount}], **changes}


def test_what_was_read_comes_back_and_is_read_again():
    spec = a_spec(
        rate={"bands": [in_band("night", NIGHT)], "minimum": "1.50"},
        fees=[{"code": "f", "prices": [{"amount": "12.345"}]}],
        caps=[{"code": "c", "hours": 8, "cycle": {"every": "day", "starts_minute": 780}}],
        late_cancel=[{"code": "late", "hours": 24, "percent": 50}],
    )
    data = as_data(spec)
    assert read_spec(data) == spec
    assert data["rates"][0]["prices"] == [{"amount": "100"}]
    assert data["fees"][0]["prices"] == [{"amount": "12.345"}]


@pytest.mark.parametrize("data", [None, [], "rates", 7, {}, {"rates": []}, {"rates": "x"}, {"price_lock": "use"}, {"rates": [None]}])
def test_what_is_no_tariff(data):
    refused(data)


@pytest.mark.parametrize(
    "amount", ["NaN", "Infinity", float("nan"), float("inf"), "1e400", "-1", -0.01, "1e12", "0.00001", True, None, "", "十"]
)
def test_an_amount_that_is_no_sensible_number(amount):
    error = refused(a_rate(amount=amount))
    assert error.field.startswith("rates.0.prices.0")
    assert "费率 1" in error.sentence.zh


def test_minus_nothing_is_nothing():
    assert str(read_spec(a_rate(amount="-0")).rates[0].prices[0].amount) == "0"


PRICED = {"code": "x", "prices": [{"amount": 1}]}
ONE_OF_EACH = {
    "rates": PRICED,
    "options": PRICED,
    "fees": PRICED,
    "packages": {**PRICED, "minutes": 60},
    "caps": {"code": "x", "hours": 1},
    "adjustments": {"code": "x", "percent": 1},
    "late_cancel": {"code": "x", "hours": 1},
    "no_show": {"code": "x"},
}


@pytest.mark.parametrize("part", ONE_OF_EACH)
def test_lists_that_are_too_long(part):
    error = refused({**a_rate(), part: [ONE_OF_EACH[part]] * 100_000})
    assert error.field == part
    assert "太多" in error.sentence.zh


def test_names_that_are_not_known():
    error = refused({**a_rate(), "prcie": 1})
    assert (error.field, "prcie" in error.sentence.en) == ("prcie", True)


def test_a_rate_without_a_price():
    assert "没有价格" in refused(a_rate(prices=[])).sentence.zh


def test_two_prices_for_the_same_users():
    twice = [{"audiences": ["internal"], "amount": 1}, {"audiences": ["internal", "group"], "amount": 2}]
    assert "two prices" in refused(a_rate(prices=twice)).sentence.en
    crossed = [{"audiences": ["internal"], "amount": 1}, {"modes": ["self"], "amount": 2}]
    assert "two prices" in refused(a_rate(prices=crossed)).sentence.en
    assert "two prices" in refused({**a_rate(), "fees": [{"code": "f", "prices": [{"amount": 1}, {"amount": 2}]}]}).sentence.en


def test_a_closer_price_goes_before_a_general_one():
    read_spec(a_rate(prices=[{"amount": 1}, {"modes": ["self"], "amount": 2}, {"modes": ["self"], "audiences": ["other"], "amount": 3}]))


def test_two_answers_for_one_hour():
    error = refused(a_rate(bands=[in_band("night", NIGHT), in_band("saturday", {"weekdays": [5]})]))
    assert "周六 00:00" in error.sentence.zh
    read_spec(a_rate(bands=[in_band("night", NIGHT), in_band("saturday", {"weekdays": [5]}, priority=1)]))


def test_a_night_that_runs_into_a_holiday_has_two_answers():
    error = refused(a_rate(bands=[in_band("night", {**NIGHT, "holidays": "not"}), in_band("holiday", {"holidays": "only"})]))
    assert "a holiday" in error.sentence.en


def test_bands_for_different_users_may_meet():
    own, other = ([{"audiences": [who], "amount": 1}] for who in ("internal", "other"))
    read_spec(a_rate(bands=[in_band("a", NIGHT, prices=own), in_band("b", NIGHT, prices=other)]))


def test_seasons_that_meet_are_two_answers():
    summer, july = {"from_day": "06-01", "until_day": "08-31"}, {"from_day": "07-01", "until_day": "07-31"}
    bands = [in_band("summer", {}, seasons=[summer]), in_band("july", {}, seasons=[july])]
    assert "01 Jul" in refused(a_rate(bands=bands)).sentence.en
    bands[1]["seasons"] = [{"from_day": "09-01", "until_day": "05-31"}]
    read_spec(a_rate(bands=bands))


@pytest.mark.parametrize(
    ("bands", "moment"),
    [
        ([in_band("day", DAY)], "00:00"),
        ([in_band("day", DAY), in_band("night", {**NIGHT, "weekdays": [0, 1, 2, 3, 4]})], "周一 00:00"),
        ([in_band("day", {**DAY, "holidays": "not"}), in_band("night", NIGHT)], "节假日"),
        ([in_band("most", {}, seasons=[{"from_day": "01-01", "until_day": "12-30"}])], "12-31"),
    ],
)
def test_hours_without_a_price(bands, moment):
    error = refused(a_rate(prices=[], bands=bands))
    assert "没有价格的时间" in error.sentence.zh
    assert moment in error.sentence.zh


def test_bands_that_leave_no_hour_out():
    read_spec(a_rate(prices=[], bands=[in_band("day", DAY), in_band("night", NIGHT)]))


def test_a_hole_for_one_audience_alone():
    bands = [in_band("night", NIGHT, prices=[{"audiences": ["other"], "amount": 3}])]
    assert "hours without a price" in refused(a_rate(prices=[{"audiences": ["internal"], "amount": 1}], bands=bands)).sentence.en


@pytest.mark.parametrize(
    "prices",
    [
        [{}],
        [{"kind": "free", "amount": 3}],
        [{"kind": "request", "amount": 3}],
        [{"kind": "range", "low": 3}],
        [{"kind": "range", "low": 3, "high": 2}],
        [{"amount": 3, "low": 2, "high": 3}],
        [{"kind": "free", "tiers": [{"above": 1, "amount": 1}]}],
        [{"amount": 3, "tiers": [{"above": 2, "amount": 1}, {"above": 1, "amount": 2}]}],
        [{"amount": 3, "tiers": [{"above": 2, "amount": 1}, {"above": 2, "amount": 2}]}],
        [{"amount": 3, "modes": ["flying"]}],
    ],
)
def test_prices_that_contradict_themselves(prices):
    assert refused(a_rate(prices=prices)).field.startswith("rates.0.prices.0")


@pytest.mark.parametrize(
    "changes",
    [
        {"step_minutes": 30, "grace_minutes": 30},
        {"unit": "sample", "step_minutes": 30},
        {"unit": "hour", "unit_minutes": 50},
        {"pack": 10},
        {"unit": "sample", "pack": 0},
        {"tiers_by": "cycle"},
        {"cycle": {"every": "month"}},
        {"tiers_by": "band", "tiers_style": "whole"},
        {"code": "Time"},
        {"code": ""},
        {"name_zh": "长" * 81},
        {"basis": "guessed"},
    ],
)
def test_meters_that_contradict_themselves(changes):
    assert refused(a_rate(**changes)).field.startswith("rates.0")


@pytest.mark.parametrize(
    "changes",
    [
        {"packages": [{"code": "p", "prices": [{"amount": 1}]}]},
        {"packages": [{"code": "p", "minutes": 60, "prices": [{"amount": 1}]}], "rates": []},
        {"packages": [{"code": "p", "minutes": 60, "prices": [{"amount": 1}]}], "rates": [a_meter(unit="sample")]},
        {
            "packages": [{"code": "p", "minutes": 60, "prices": [{"amount": 1}]}],
            "rates": [a_meter(prices=[{"modes": ["self"], "amount": 1}])],
        },
        {"packages": [{"code": "p", "minutes": 60, "whens": [NIGHT], "prices": [{"amount": 1}]}]},
        {"packages": [{"code": "p", "minutes": 60, "prices": [{"kind": "request"}]}]},
        {"packages": [{"code": "p", "minutes": 60, "prices": [{"amount": 1}], "meters": ["nothing"]}]},
        {"packages": [{"code": str(one), "minutes": 60, "prices": [{"amount": 1}]} for one in range(5)]},
        {"caps": [{"code": "c"}]},
        {"caps": [{"code": "c", "hours": 8, "brackets": [{"above": 1}]}]},
        {"caps": [{"code": "c", "hours": 8, "cycle": {}, "whens": [NIGHT]}]},
        {"caps": [{"code": "c", "brackets": [{"above": 2, "percent": 50}, {"above": 1}]}]},
        {"caps": [{"code": "c", "brackets": [{"above": 1}, {"above": 2}]}]},
        {"adjustments": [{"code": "a"}]},
        {"adjustments": [{"code": "a", "percent": 1, "amount": 1}]},
        {"adjustments": [{"code": "a", "percent": -101}]},
        {"adjustments": [{"code": "a", "percent": 1, "unless": ["b"]}, {"code": "b", "percent": 1}]},
        {"adjustments": [{"code": "a", "percent": 1, "only": {"options": ["nothing"]}}]},
        {"late_cancel": [{"code": "l"}]},
        {"late_cancel": [{"code": "l", "hours": 1, "days": 1}]},
        {"no_show": [{"code": "n", "percent": 101}]},
        {"fees": [{"code": "time", "prices": [{"amount": 1}]}]},
        {"fees": [{"code": "f", "only_if_wanted": True, "prices": [{"amount": 1}]}]},
        {"fees": [{"code": "f", "over_minutes": 5, "prices": [{"amount": 1}]}]},
    ],
)
def test_extras_that_contradict_themselves(changes):
    refused({**a_rate(), **changes})


def test_a_season_has_real_days():
    assert "02-30" in refused(a_rate(bands=[in_band("x", {}, seasons=[{"from_day": "02-01", "until_day": "02-30"}])])).sentence.zh


def test_what_only_a_manager_may_say_is_no_choice_of_the_user():
    options = [{"code": "laser", "prices": [{"amount": 1}]}, {"code": "left_on", "by_manager": True}]
    packages = [{"code": "run", "choice": "chosen", "minutes": 60, "prices": [{"amount": 1}]}]
    spec = a_spec(options=options, packages=packages)
    assert [one.code for one in spec.choices] == ["laser", "run"]
    assert [one.code for one in spec.switches] == ["laser", "left_on", "run"]
