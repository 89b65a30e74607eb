"""What holds of any tariff and any use."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import Invalid
from instruments.timespan import TimeSpan
from scheduling.pricing.engine import price
from scheduling.pricing.lines import as_json, from_json, total_of
from scheduling.pricing.needs import needs
from scheduling.pricing.spec import as_data, read_spec
from scheduling.pricing.use import History, Use
from scheduling.pricing.words import sentences, table
from tests.fixtures.pricing import NIGHT, SHANGHAI

ZONES = [SHANGHAI, ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]
FEN = Decimal("0.01")
WEEKEND = {"weekdays": [5, 6]}
MODES = ["self", "assisted", "sample"]
AUDIENCES = ["group", "internal", "academic", "enterprise", "other"]

amounts = st.decimals(0, 500, places=2)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
starts = st.integers(0, 2 * 365 * 1440).map(lambda minute: FIRST + timedelta(minutes=minute))
minutes = st.integers(1, 4 * 1440)


@st.composite
def rates(draw, tiers=True):
    """An hourly rate with any bands, steps, grace and minimum; further hours never cost more."""
    step = draw(st.sampled_from([1, 6, 30, 60, 120]))
    bands = []
    for code, when in draw(st.sets(st.sampled_from(["night", "weekend"]))) and [("night", NIGHT), ("weekend", WEEKEND)]:
        bands.append({"code": code, "whens": [when], "prices": [{"amount": str(draw(amounts))}], "priority": len(bands)})
    price_ = {"amount": str(draw(amounts))}
    if tiers and draw(st.booleans()):
        price_["tiers"] = [{"above": draw(st.integers(1, 20)), "amount": str(draw(amounts))}]
    grace = draw(st.integers(0, step - 1))
    least = draw(st.sampled_from([0, 1, 2]))
    return {"code": "time", "step_minutes": step, "grace_minutes": grace, "minimum": least, "bands": bands, "prices": [price_]}


@st.composite
def tariffs(draw):
    """A tariff with a rate and any of fees, caps, packages and adjustments."""
    has_packages = draw(st.booleans())
    data = {"rates": [draw(rates(tiers=not has_packages))]}  # hours a package takes may leave others in a dearer tier
    if draw(st.booleans()):
        data["fees"] = [{"code": "fee", "on": draw(st.sampled_from(["use", "day"])), "prices": [{"amount": str(draw(amounts))}]}]
    if draw(st.booleans()):
        cycle = {"every": draw(st.sampled_from(["day", "week", "month", "quarter", "year"])), "starts_minute": draw(st.integers(0, 1439))}
        brackets = [{"above": draw(st.integers(0, 2000)), "percent": draw(st.integers(0, 100))}]
        limit = draw(st.sampled_from([{"brackets": brackets}, {"hours": draw(st.integers(0, 30))}]))
        data["caps"] = [{"code": "cap", **limit, **draw(st.sampled_from([{"cycle": cycle}, {"whens": [NIGHT]}, {}]))}]
    if has_packages:
        shape = draw(st.sampled_from([{"minutes": 1440}, {"minutes": 600}, {"whens": [NIGHT]}]))
        data["packages"] = [{"code": "pack", **shape, "prices": [{"amount": str(draw(amounts))}]}]
    if draw(st.booleans()):
        data["adjustments"] = [{"code": "tax", "percent": draw(st.integers(-50, 100))}]
    return data


def a_use(start, length, tz=SHANGHAI, **changes):
    return Use(used=TimeSpan(start, start + timedelta(minutes=length)), tz=tz, **changes)


def dearest(data):
    [rate] = data["rates"]
    prices = [*rate["prices"], *(price_ for band in rate["bands"] for price_ in band["prices"])]
    return max(Decimal(price_["amount"]) for price_ in prices)


def hours(priced):
    return sum((line.quantity for line in priced.lines if line.code.startswith("rate:")), Decimal(0))


@given(rates(tiers=False), starts, minutes, minutes, st.sampled_from(ZONES))
def test_splitting_a_use_changes_no_more_than_the_rounding_of_its_parts(rate, start, first, second, tz):
    """Wherever it is split, at a band's edge too: each part is rounded by less than its own step, and each line by half a fen."""
    data = {"rates": [{**rate, "minimum": 0}]}
    spec = read_spec(data)
    whole = price(spec, a_use(start, first + second, tz))
    parts = [price(spec, a_use(start, first, tz)), price(spec, a_use(start + timedelta(minutes=first), second, tz))]
    step = Decimal(rate["step_minutes"]) / 60
    lines = sum(len(one.lines) for one in (whole, *parts))
    assert abs(sum(hours(one) for one in parts) - hours(whole)) <= step + Decimal("0.00001")
    assert abs(sum(one.total for one in parts) - whole.total) <= 2 * step * dearest(data) + lines * FEN


@given(rates(tiers=False), starts, st.integers(1, 40), st.integers(1, 40), st.sampled_from(ZONES))
def test_splitting_between_whole_steps_changes_nothing_but_fen(rate, start, first, second, tz):
    step = rate["step_minutes"]
    spec = read_spec({"rates": [{**rate, "minimum": 0}]})
    whole = price(spec, a_use(start, (first + second) * step, tz))
    parts = [price(spec, a_use(start, first * step, tz)), price(spec, a_use(start + timedelta(minutes=first * step), second * step, tz))]
    lines = sum(len(one.lines) for one in (whole, *parts))
    assert abs(sum(one.total for one in parts) - whole.total) <= lines * FEN / 2


@given(rates(), starts, minutes, minutes, st.sampled_from(ZONES))
def test_a_longer_use_never_costs_less(rate, start, length, more, tz):
    spec = read_spec({"rates": [rate]})
    assert price(spec, a_use(start, length, tz)).total <= price(spec, a_use(start, length + more, tz)).total


@given(tariffs(), starts, minutes, minutes, st.sampled_from(ZONES))
def test_nor_with_caps_packages_and_fees_but_for_the_rounding_of_lines(data, start, length, more, tz):
    spec = read_spec(data)
    short, long = price(spec, a_use(start, length, tz)), price(spec, a_use(start, length + more, tz))
    assert short.total <= long.total + 2 * (len(short.lines) + len(long.lines)) * FEN


@given(rates(), starts, st.sampled_from(ZONES))
def test_no_time_costs_the_minimum_or_nothing(rate, start, tz):
    spec = read_spec({"rates": [rate]})
    found = price(spec, a_use(start, 60, tz, effective_minutes=0))
    assert hours(found) == rate["minimum"]
    if not rate["minimum"]:
        assert (found.total, found.lines) == (0, ())


@given(rates(), starts, minutes, st.sampled_from(ZONES))
def test_the_hours_on_the_lines_are_the_hours_charged(rate, start, length, tz):
    """No hour is lost or doubled at an edge, nor on the days the clocks change."""
    found = price(read_spec({"rates": [rate]}), a_use(start, length, tz))
    charged = hours(found) * 60
    steps = round(charged / rate["step_minutes"])
    assert abs(charged - steps * rate["step_minutes"]) < Decimal("0.001") or charged == rate["minimum"] * 60
    assert length - rate["grace_minutes"] <= charged + Decimal("0.001")
    assert charged < max(length + rate["step_minutes"], rate["minimum"] * 60 + 1)


@given(tariffs(), starts, minutes, st.sampled_from(ZONES))
def test_a_total_is_the_sum_of_its_lines_and_each_amount_follows_from_its_line(data, start, length, tz):
    found = price(read_spec(data), a_use(start, length, tz))
    assert found.total == total_of(found.lines) >= 0
    for line in found.lines:
        share = 100 if line.unit.en == "%" else 1
        assert abs(line.quantity * line.rate / share - line.amount) <= FEN
        assert line.amount == line.amount.quantize(FEN)
    assert from_json(as_json(found)) == found


@given(tariffs(), starts, minutes, st.integers(0, 5000), st.integers(0, 5000))
def test_who_has_spent_more_never_pays_more(data, start, length, spent, more):
    spec, use = read_spec(data), a_use(start, length)
    asked = needs(spec, use)
    before, after = (History(dict.fromkeys(asked, Decimal(figure))) for figure in (spent, spent + more))
    assert price(spec, use, after).total <= price(spec, use, before).total + 4 * FEN


@given(tariffs(), starts, minutes)
def test_only_the_figures_asked_for_matter(data, start, length):
    spec, use = read_spec(data), a_use(start, length)
    strange = {replace(need, tariff_wide=not need.tariff_wide): Decimal(10**6) for need in needs(spec, use)}
    assert price(spec, use, History(strange)) == price(spec, use)


@given(tariffs())
def test_a_stored_tariff_is_the_same_tariff_and_can_be_said(data):
    spec = read_spec(data)
    assert read_spec(as_data(spec)) == spec
    assert all(one.zh and one.en for one in sentences(spec))
    assert all(len(row.cells) == len(table(spec).columns) for row in table(spec).rows)


prices = st.fixed_dictionaries({"amount": amounts.map(str)}, optional={"audiences": st.sets(st.sampled_from(AUDIENCES)).map(list)})


@given(st.lists(prices, min_size=1, max_size=4), st.sampled_from(AUDIENCES), st.sampled_from(MODES))
def test_a_tariff_that_is_read_has_one_answer_or_none_for_everybody(listed, audience, mode):
    try:
        spec = read_spec({"rates": [{"code": "time", "prices": listed}]})
    except Invalid:
        return
    named = [Decimal(one["amount"]) for one in listed if audience in one.get("audiences", ())]
    general = [Decimal(one["amount"]) for one in listed if not one.get("audiences")]
    found = price(
        spec, Use(used=TimeSpan(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 1, tzinfo=UTC)), audience=audience, mode=mode)
    )
    assert found.total == next(iter(named or general), None)


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["1e400", "NaN", "-1", "hour", "06-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["code", "prices", "amount", "bands", "unit", "kind"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["rates", "options", "fees", "packages", "caps", "adjustments", "no_show", "note_zh"]), json))
def test_whatever_comes_is_read_or_refused_in_words(data):
    assert all(one.zh and one.en for one in _read_or_refused(data))


def _read_or_refused(data):
    try:
        return sentences(read_spec(data))
    except Invalid as error:
        return [error.sentence]


def test_a_tariff_as_large_as_may_be_is_read_in_sensible_work():
    """The count of days looked at bounds the work; a hostile tariff must not hold a worker."""
    whens = [{"weekdays": [day], "from_minute": 60 * day, "until_minute": 60 * day + 30, "holidays": "not"} for day in range(7)]
    seasons = [{"from_day": f"{month:02d}-01", "until_day": f"{month:02d}-02"} for month in (3, 9)]
    bands = [{"code": f"b{one}", "whens": whens, "seasons": seasons, "priority": one, "prices": [{"amount": 1}]} for one in range(8)]
    spec = read_spec({"rates": [{"code": f"r{one}", "bands": bands, "prices": [{"amount": 2}]} for one in range(3)]})
    assert len(spec.rates) == 3
    with pytest.raises(Invalid):
        read_spec({"rates": [{"code": f"r{one}", "bands": bands, "prices": [{"amount": 2}]} for one in range(8)]})
