"""The rates of the sample province can be read, and cost each kind of user what is fair."""

from __future__ import annotations

from decimal import Decimal

import pytest

from instruments.tariffs import versions_at
from portal.demo.equipment import Furnished
from portal.demo.rates import CLASSES, KINDS, set_rates, spec_of_kind
from scheduling.pricing.engine import price
from scheduling.pricing.spec import read_spec
from scheduling.pricing.use import Use


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hour", [hour for _, _, hour in CLASSES])
def test_who_is_nearer_pays_less(a_span, kind, hour):
    spec = read_spec(spec_of_kind(kind, Decimal(hour)))
    totals = [price(spec, Use(booked=a_span(1, 2), audience=one)).total for one in ("group", "internal", "academic", "other", "enterprise")]
    assert totals == sorted(set(totals))


def test_a_sample_is_charged_by_the_sample(a_span):
    spec = read_spec(spec_of_kind("s", Decimal(100)))
    use = Use(booked=None, mode="sample", audience="internal", quantities={"sample": Decimal(3)})
    assert price(spec, use).total == Decimal("180.00")


def test_nine_instruments_of_ten_have_rates(session, an_instrument, an_organisation, now):
    home = an_organisation()
    many = [an_instrument(organisation=home, original_value=Decimal(worth)) for worth in (100_000, 500_000, 9_000_000) * 4][:10]
    made = set_rates(session, Furnished(many, {one.id: "qn" if one.id % 2 else "" for one in many}, many), now=now)
    versions = versions_at(session, [one.id for one in many], now)
    assert (len(versions), {version.number for version in versions.values()}) == (9, {2})
    assert made == len({version.tariff_id for version in versions.values()})
