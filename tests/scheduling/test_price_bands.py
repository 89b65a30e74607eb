"""What an hour costs, as a search chooses by it: for the reader's own audience, by the rates in force, counted right, in as few statements as before."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from instruments.access import ANONYMOUS, AUDIENCES, audience_of
from instruments.errors import Invalid
from instruments.search import Query, find, rebuild_index
from instruments.search.index import index_prices
from instruments.search.prices import write_bands
from instruments.search.query import PRICE_BANDS
from instruments.search.snapshot import snapshot
from instruments.search.standing import Standing
from instruments.tariffs import publish_tariff, use_tariff
from scheduling.pricebands import band_of, bands_of, refresh_prices
from scheduling.pricing.spec import read_spec


def hourly(**by_audience):
    """A tariff by the hour: hourly(internal="50", other="200")."""
    prices = [{"audiences": [audience], "amount": amount} for audience, amount in by_audience.items()]
    return {"rates": [{"code": "hour", "name_zh": "机时", "prices": prices}]}


def band(spec, audience, now):
    return bands_of(read_spec(spec), now)[audience]


@pytest.mark.parametrize(
    ("yuan", "expected"),
    [("0", "free"), ("0.01", "to100"), ("100", "to100"), ("100.01", "to300"), ("300", "to300"), ("1000", "to1000"), ("1000.01", "above"), (None, "request")],
)
def test_an_amount_belongs_to_one_band_and_its_upper_end_to_the_lower_one(yuan, expected):
    assert band_of(yuan and Decimal(yuan)) == expected


class TestWhatATariffMeans:
    def test_each_audience_pays_its_own(self, now):
        spec = hourly(internal="50", academic="150", enterprise="800", other="2000")
        found = bands_of(read_spec(spec), now)
        assert found == {"group": "request", "internal": "to100", "academic": "to300", "enterprise": "to1000", "other": "above"}

    def test_a_fee_for_each_use_and_a_discount_are_in_it(self, now):
        spec = hourly(internal="90")
        spec["fees"] = [{"code": "start", "name_zh": "开机费", "prices": [{"amount": "50"}]}]
        assert band(spec, "internal", now) == "to300"

    @pytest.mark.parametrize(
        ("price", "expected"), [({"kind": "free"}, "free"), ({"kind": "request"}, "request"), ({"kind": "range", "low": "80", "high": "500"}, "to100")]
    )
    def test_free_on_request_and_from(self, now, price, expected):
        spec = {"rates": [{"code": "hour", "name_zh": "机时", "prices": [price]}]}
        assert band(spec, "internal", now) == expected

    def test_what_is_priced_by_the_sample_has_no_price_by_the_hour(self, now):
        spec = {"rates": [{"code": "sample", "unit": "sample", "name_zh": "样品", "prices": [{"amount": "30"}]}]}
        assert band(spec, "internal", now) == "request"


@pytest.fixture
def searched(session):
    """`searched(viewer, price="free")` gives the ids found, and the counts of the facet."""

    def run(viewer=ANONYMOUS, **choice):
        found = find(session, Query(**choice), viewer=viewer)
        return set(found.ids), {value.value: value.count for value in found.facets["price"]}

    return run


class TestSearch:
    @pytest.fixture
    def three(self, session, an_instrument, a_tariff, now):
        """One that differs by audience, one that is free for all, one without rates."""
        split, free, silent = an_instrument(), an_instrument(), an_instrument()
        a_tariff(split, spec=hourly(internal="50", academic="150", enterprise="800", other="2000"))
        a_tariff(free, spec={"rates": [{"code": "hour", "name_zh": "机时", "prices": [{"kind": "free"}]}]})
        rebuild_index(session)
        refresh_prices(session, now=now)
        return split, free, silent

    def test_who_asks_is_answered_for_herself(self, session, three, searched, a_viewer, an_organisation):
        split, free, silent = three
        own = a_viewer(organisation=split.organisation)
        university, firm = (a_viewer(organisation=an_organisation(kind=kind)) for kind in ("university", "enterprise"))
        for viewer, expected in ((own, "to100"), (university, "to300"), (firm, "to1000"), (ANONYMOUS, "above")):
            ids, counts = searched(viewer, price=expected)
            assert ids == {split.id}, expected
            assert counts == {"free": 1, expected: 1, "request": 1}
        assert searched(price="free")[0] == {free.id}
        assert searched(price="request")[0] == {silent.id}

    def test_every_instrument_is_in_the_band_of_her_audience(self, session, three, a_person, a_viewer, a_group, an_instrument, now):
        person = a_person(organisation=three[0].organisation)
        grouped = an_instrument(group_id=a_group(person).id)
        rebuild_index(session)
        bands = {one.id: dict(zip(AUDIENCES, ("free", "to100", "to300", "to1000", "above"), strict=True)) for one in (*three, grouped)}
        index_prices(session, {key: write_bands(each) for key, each in bands.items()}, as_of=now)
        for viewer in (a_viewer(person=person), ANONYMOUS):
            standing = Standing.of(viewer)
            for one in (*three, grouped):
                mine = [band for band in PRICE_BANDS if standing.paying(snapshot(session), band) >> one.id & 1]
                assert mine == [bands[one.id][audience_of(viewer, one)]]

    def test_other_choices_and_the_price_narrow_each_other(self, three, searched):
        split = three[0]
        ids, counts = searched(organisation_ids=(split.organisation_id,))
        assert (ids, counts) == ({split.id}, {"above": 1})

    def test_a_band_that_is_none_is_refused(self, searched):
        with pytest.raises(Invalid):
            searched(price="cheap")

    def test_where_nobody_has_published_a_price_there_is_nothing_to_choose(self, session, an_instrument, searched):
        an_instrument()
        rebuild_index(session)
        assert searched()[1] == {}


class TestKeptUpToDate:
    def test_a_price_to_come_is_found_from_its_day_on(self, session, an_instrument, a_tariff, searched, now):
        one = an_instrument()
        first = a_tariff(one, spec=hourly(other="50"))
        rebuild_index(session)
        refresh_prices(session, now=now)
        publish_tariff(session, first, hourly(other="5000"), valid_from=now + timedelta(days=1), by=None, now=now)
        session.flush()
        assert refresh_prices(session, now=now + timedelta(hours=1)) == 0
        assert searched(price="to100")[0] == {one.id}
        assert refresh_prices(session, now=now + timedelta(days=1)) == 1
        assert (searched(price="to100")[0], searched(price="above")[0]) == (set(), {one.id})
        assert refresh_prices(session, now=now + timedelta(days=2)) == 0

    def test_without_a_tariff_any_more_it_charges_nothing(self, session, an_instrument, a_tariff, searched, now):
        one = an_instrument()
        a_tariff(one, spec=hourly(other="50"))
        rebuild_index(session)
        refresh_prices(session, now=now)
        use_tariff(session, one, None, valid_from=now + timedelta(hours=1), by=None, now=now)
        refresh_prices(session, now=now + timedelta(hours=1))
        assert searched(price="free")[0] == {one.id}

    def test_what_has_not_changed_disturbs_no_index(self, session, an_instrument, a_tariff, now):
        a_tariff(an_instrument(), spec=hourly(other="50"))
        rebuild_index(session)
        refresh_prices(session, now=now)
        stamp = snapshot(session).stamp
        assert refresh_prices(session, now=now + timedelta(seconds=30)) == 0
        assert snapshot(session).stamp == stamp
