"""How uses were, whose people use whose instruments, and how hours spread over the instruments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from instruments.timespan import TimeSpan
from scheduling.statistics.breakdown import Amounts, breakdown, exchanges, instruments_of
from scheduling.statistics.keeping import work_off
from scheduling.statistics.periods import months, quarter, year
from scheduling.statistics.reports import report
from scheduling.statistics.scope import Scope
from scheduling.statistics.spread import Spread, edges_of, quartiles, spreads

HOUR = timedelta(hours=1)


def local(month, day, hour=0):
    return datetime(2026, month, day, hour, tzinfo=UTC) - 8 * HOUR


@pytest.fixture
def town(session, an_organisation, an_instrument, a_person, a_usage, now):
    """A microscope with two insiders' uses and a visitor's, a spectrometer with the visitor's, and a press nobody uses."""
    ours, theirs = an_organisation(city="140100"), an_organisation(city="140200")
    sem, nmr = an_instrument(organisation=ours), an_instrument(organisation=theirs)
    press = an_instrument(organisation=ours)
    insider, visitor = a_person(organisation=ours), a_person(organisation=an_organisation())
    a_usage(instrument=sem, person=insider, span=TimeSpan(local(11, 18, 9), local(11, 18, 13)))
    a_usage(instrument=sem, person=insider, span=TimeSpan(local(11, 19, 9), local(11, 19, 10)), mode="assisted", purpose="teaching")
    a_usage(instrument=sem, person=visitor, span=TimeSpan(local(11, 20, 9), local(11, 20, 11)), mode="sample", samples=6)
    a_usage(instrument=nmr, person=visitor, span=TimeSpan(local(11, 20, 12), local(11, 20, 13)))
    session.flush()
    while work_off(session, now=now):
        session.flush()
    return sem, nmr, press, visitor


class TestKindsOfUse:
    def test_the_parts_of_every_kind_make_the_whole_and_the_whole_is_the_reports(self, session, town):
        found = breakdown(session, year(2026))
        total = report(session, year(2026), "network").total.quantities
        for parts in found.parts.values():
            for name in ("used", "effective", "uses", "samples", "runs", "income", "external"):
                assert sum(getattr(part.amounts, name) for part in parts) == getattr(found.whole, name) == getattr(total, name)
            assert sum(part.share for part in parts) == 1

    def test_each_use_is_under_its_own_mode_and_purpose(self, session, town):
        found = breakdown(session, year(2026), Scope(instrument_id=town[0].id))
        assert {part.key: part.amounts.effective for part in found.parts["mode"]} == {"self": 240, "assisted": 60, "sample": 120}
        assert {part.key: part.amounts.uses for part in found.parts["purpose"]} == {"research": 2, "teaching": 1}
        assert [part.key for part in found.parts["audience"]] == ["internal", "academic"]

    def test_a_quarter_says_the_same_from_its_months_and_an_empty_one_nothing(self, session, town):
        assert breakdown(session, quarter(2026, 4)) == breakdown(session, year(2026))
        empty = breakdown(session, quarter(2026, 1))
        assert (empty.whole.uses, empty.parts["mode"]) == (0, ())


class TestWhichInstrumentsMakeAPart:
    @pytest.mark.parametrize("kind", ["audience", "mode", "purpose"])
    def test_the_instruments_of_every_part_make_it(self, session, town, kind):
        for part in breakdown(session, year(2026)).parts[kind]:
            rows = instruments_of(session, year(2026), kind, part.key)
            assert sum((one.amounts for one in rows), Amounts()) == part.amounts
            assert sum(one.share for one in rows) == 1

    def test_they_come_by_hours_a_page_at_a_time(self, session, town):
        sem, nmr, *_ = town
        every = instruments_of(session, year(2026), "audience", "academic")
        assert [one.key for one in every] == [str(sem.id), str(nmr.id)]
        assert [instruments_of(session, year(2026), "audience", "academic", limit=1, offset=number) for number in range(3)] == [every[:1], every[1:], ()]

    def test_a_part_without_uses_has_none(self, session, town):
        assert instruments_of(session, year(2026), "mode", "remote") == ()


class TestExchanges:
    def test_people_are_counted_once_a_pair_of_organisations(self, session, town):
        sem, nmr, _, visitor = town
        found = {(one.user_id, one.owner_id): (one.users, one.instruments) for one in exchanges(session, year(2026))}
        assert found == {
            (sem.organisation_id, sem.organisation_id): (1, 1),
            (visitor.organisation_id, sem.organisation_id): (1, 1),
            (visitor.organisation_id, nmr.organisation_id): (1, 1),
        }

    def test_those_from_outside_alone_can_be_asked_for_and_the_list_is_bounded(self, session, town):
        assert all(one.is_external for one in exchanges(session, year(2026), only_external=True))
        assert len(exchanges(session, months(local(11, 2).date(), local(12, 2).date()), limit=2)) == 2


class TestSpread:
    def test_every_instrument_of_the_report_stands_in_the_spread(self, session, town):
        found = spreads(session, year(2026))
        assert (found.hours.counts, found.idle) == ({0: 1, 1: 1, 7: 1}, 1)
        assert found.sharing.counts == {285: 1, 1000: 1}
        assert found.hours.number == report(session, year(2026), "network").total.quantities.instruments

    def test_quartiles_lie_between_values(self):
        assert quartiles({100: 1, 200: 1, 300: 1, 400: 1}) == (100, 175, 250, 325, 400)
        assert quartiles({7: 3}) == (7, 7, 7, 7, 7)
        assert quartiles({0: 3, 10: 1}) == (0, 0, 0, Fraction(5, 2), 10)
        assert quartiles({}) is None

    def test_classes_are_few_and_hold_everybody(self):
        spread = Spread({0: 2, 199: 1, 200: 1, 2350: 1}, None)
        edges = edges_of(2350, 100)
        assert edges == tuple(range(0, 2401, 200))
        assert spread.binned(edges) == (3, 1, *[0] * 9, 1)
        assert len(edges_of(100_000, 100)) <= 13
        assert edges_of(0, 100) == (0, 100)
