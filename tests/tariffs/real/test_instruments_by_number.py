"""Real instruments priced by run, sample or element: quantity in, lines and total out, worked by hand. Amounts are taken as yuan."""

from decimal import Decimal

import pytest

from scheduling.pricing.engine import price
from scheduling.pricing.spec import read_spec
from tests.fixtures.pricing import a_use, bill, service

OWN = ["group", "internal"]


def counted(code, unit, own, others=None, **changes):
    prices = [{"amount": own}] if others is None else [{"audiences": OWN, "amount": own}, {"amount": others}]
    return {"code": code, "unit": unit, "prices": prices, **changes}


def test_a_deposition_by_the_run():
    """100 a run, three runs in one evening."""
    spec = read_spec({"rates": [counted("run", "run", 100)]})
    assert bill(price(spec, a_use(5, run=3))) == ["rate:run 3 x 100 = 300.00", "total 300.00"]


EVAPORATION = read_spec(
    {
        "rates": [counted("run", "run", 50), counted("thickness", "angstrom", 5, included=1000, included_per="run", pack=250)],
        "options": [{"code": "gold", "name_zh": "金", "name_en": "Gold", "prices": [{"kind": "request"}]}],
    }
)


@pytest.mark.parametrize(("thickness", "total"), [(900, "50.00"), (1000, "50.00"), (1001, "55.00"), (1600, "65.00")])
def test_an_evaporation_by_run_and_thickness(thickness, total):
    """50 a run up to 1000 angstrom, then 5 for each 250 begun: 1600 is 600 more, three of them = 15."""
    assert price(EVAPORATION, a_use(run=1, angstrom=thickness)).total == Decimal(total)


def test_gold_by_weight_is_a_managers_line():
    """The run is 50; what the gold costs is weighed afterwards."""
    found = price(EVAPORATION, a_use(run=1, angstrom=500, options=["gold"]))
    assert bill(found) == ["rate:run 1 x 50 = 50.00", "option:gold 1 x ? = 0.00", "total None"]


def test_isotope_analyses_at_two_prices():
    """Ten for carbon and nitrogen at 23.50, four with little nitrogen at 25: 235 + 100."""
    spec = read_spec({"rates": [counted("isotopes", "analysis", "23.50"), counted("low", "low_nitrogen", 25)]})
    assert bill(price(spec, service(analysis=10, low_nitrogen=4))) == [
        "rate:isotopes 10 x 23.5 = 235.00",
        "rate:low 4 x 25 = 100.00",
        "total 335.00",
    ]


def test_thin_sections_made_oneself_or_by_the_laboratory():
    """Eight at 5 oneself or 10 by the laboratory; firms 15 and 20."""
    own = [{"audiences": OWN, "modes": ["self"], "amount": 5}, {"audiences": OWN, "amount": 10}]
    firms = [{"audiences": ["enterprise"], "modes": ["self"], "amount": 15}, {"audiences": ["enterprise"], "amount": 20}]
    spec = read_spec({"rates": [counted("section", "sample", 0) | {"prices": own + firms}]})
    ways = [(who, mode) for who in ("internal", "enterprise") for mode in ("self", "sample")]
    assert [price(spec, a_use(sample=8, audience=who, mode=mode)).total for who, mode in ways] == [40, 80, 120, 160]


def test_forming_tests_between_two_prices():
    """Four tensile tests at 70 to 260 and one model at 6000 to 12000: between 6280 and 13040, as the manager says; others by agreement."""
    between = [("tension", "tension", 70, 260), ("sheet", "sheet", 750, 1500), ("model", "model", 6000, 12000)]
    rates = [{"code": code, "unit": unit, "prices": [{"kind": "range", "low": low, "high": high}]} for code, unit, low, high in between]
    spec = read_spec({"rates": [*rates, {"code": "other", "unit": "other_test", "prices": [{"kind": "request"}]}]})
    found = price(spec, service(tension=4, model=1))
    assert (found.total, found.low, found.high) == (None, Decimal("6280.00"), Decimal("13040.00"))
    assert bill(found) == ["rate:tension 4 x ? = 0.00", "rate:model 1 x ? = 0.00", "total None"]
    assert price(spec, service(tension=4, other_test=1)).low is None


@pytest.mark.parametrize(("audience", "total"), [("internal", 1050), ("academic", 2100)])
def test_images_by_the_sample(audience, total):
    """Seven at 150, or 300 for others."""
    assert price(read_spec({"rates": [counted("sem", "sample", 150, 300)]}), service(sample=7, audience=audience)).total == total


def test_direct_injection_or_with_chromatography():
    """Three direct at 50 and two with the column at 200: 150 + 400; others twice."""
    spec = read_spec({"rates": [counted("direct", "direct", 50, 100), counted("lc", "lc", 200, 400)]})
    assert bill(price(spec, service(direct=3, lc=2))) == ["rate:direct 3 x 50 = 150.00", "rate:lc 2 x 200 = 400.00", "total 550.00"]
    assert price(spec, service(direct=3, lc=2, audience="other")).total == Decimal("1100.00")


def test_elements_times_samples():
    """20 an element: six samples with five elements each are 30 = 600."""
    spec = read_spec({"rates": [counted("icp", "sample", 20, 40, times="element")]})
    assert bill(price(spec, service(sample=6, element=5))) == ["rate:icp 30 x 20 = 600.00", "total 600.00"]


SORTER = read_spec(
    {
        "rates": [
            counted("analysis", "sample", 30, 60),
            counted("sort_time", "half_hour", 75, 150, only={"options": ["sorting"]}),
        ],
        "options": [{"code": "sorting", "name_zh": "分选", "name_en": "Sorting"}],
    }
)


def test_analyses_by_the_sample_and_sorting_by_the_half_hour():
    """Four analyses = 120. Sorting for 1 h 10 min, three half hours at 75 = 225."""
    assert bill(price(SORTER, a_use(7 / 6, sample=4))) == ["rate:analysis 4 x 30 = 120.00", "total 120.00"]
    assert bill(price(SORTER, a_use(7 / 6, options=["sorting"]))) == ["rate:sort_time 3 x 75 = 225.00", "total 225.00"]


def test_the_number_of_samples_must_be_known():
    """Without it there is no price, and no use is charged nothing by oversight."""
    found = price(SORTER, a_use(1))
    assert (found.total, found.lines) == (None, ())
