"""Reports: the same instruments behind every figure of a row, and each person counted once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from instruments.errors import Invalid
from instruments.timespan import TimeSpan
from scheduling.statistics.keeping import work_off
from scheduling.statistics.periods import months, quarter, school_year, year
from scheduling.statistics.reports import report
from scheduling.statistics.scope import Scope

HOUR = timedelta(hours=1)
WORKDAYS = tuple((weekday, 480, 1080) for weekday in range(5))


def local(month, day, hour=0):
    return datetime(2026, month, day, hour, tzinfo=UTC) - 8 * HOUR


@pytest.fixture
def town(session, an_organisation, an_instrument, a_person, a_usage, now):
    """Two organisations with an instrument each; one person uses both, another the first twice."""
    ours, theirs = an_organisation(city="140100"), an_organisation(city="140200")
    sem = an_instrument(organisation=ours, hours=WORKDAYS, original_value=Decimal(800_000), category_code="010101")
    nmr = an_instrument(organisation=theirs, hours=WORKDAYS, original_value=Decimal(300_000), category_code="040101")
    insider, visitor = a_person(organisation=ours), a_person()
    a_usage(instrument=sem, person=insider, span=TimeSpan(local(11, 18, 9), local(11, 18, 13)))
    a_usage(instrument=sem, person=visitor, span=TimeSpan(local(11, 19, 9), local(11, 19, 10)))
    a_usage(instrument=nmr, person=visitor, span=TimeSpan(local(11, 20, 9), local(11, 20, 11)))
    session.flush()
    while work_off(session, now=now):
        session.flush()
    return sem, nmr


def minutes(rows, *names):
    return {row.key: tuple(getattr(row.quantities, name) for name in names) for row in rows}


class TestRows:
    def test_rows_of_organisations_add_up_to_the_network_but_people_do_not(self, session, town):
        sem, nmr = town
        found = report(session, year(2026), "organisation")
        assert minutes(found.rows, "effective", "external", "users", "external_users") == {
            str(sem.organisation_id): (300, 60, 2, 1), str(nmr.organisation_id): (120, 120, 1, 1)
        }  # fmt: skip
        total = found.total.quantities
        assert (total.effective, total.external, total.users, total.instruments) == (420, 180, 2, 2)

    @pytest.mark.parametrize("by", ["organisation", "city", "category", "facility", "instrument", "month"])
    def test_every_grouping_adds_up_to_the_same_total(self, session, town, by):
        found = report(session, year(2026), by)
        for name in ("opening", "used", "effective", "external", "uses"):
            assert sum(getattr(row.quantities, name) for row in found.rows) == getattr(found.total.quantities, name)

    def test_classes_and_cities_have_their_names(self, session, town):
        first = report(session, year(2026), "category").rows[0]
        assert (first.key, first.label.zh) == ("010000", "分析仪器")
        assert {row.key for row in report(session, year(2026), "city").rows} == {"140100"}

    def test_months_show_the_network_as_large_as_it_was(self, session, town):
        rows = report(session, year(2026), "month").rows
        assert len(rows) == 12
        november = rows[10]
        assert (november.key, november.quantities.users, november.quantities.instruments) == ("2026-11", 2, 2)
        assert november.years == Fraction(1, 12)

    def test_the_quota_of_class_04_is_800_hours(self, session, town):
        found = report(session, year(2026), "category")
        assert minutes(found.rows, "quota") == {"010000": (1400,), "040000": (800,)}


class TestScope:
    def test_a_least_value_narrows_every_figure(self, session, town):
        found = report(session, year(2026), "network", Scope(least_value=Decimal(500_000)))
        assert (found.total.quantities.instruments, found.total.quantities.effective) == (1, 300)

    def test_a_threshold_below_zero_is_refused(self):
        with pytest.raises(Invalid):
            Scope(least_value=Decimal(-1))

    def test_a_scope_without_instruments_has_no_rates_and_says_why(self, session, town):
        total = report(session, year(2026), "network", Scope(city="149999")).total
        assert total.quantities.instruments == 0
        assert total.indicators["mean_effective_hours"].value is None
        assert total.indicators["mean_effective_hours"].reason is not None

    def test_an_administrator_of_one_organisation_sees_its_figures_only(self, session, town, a_person, now):
        from instruments.access import load_viewer
        from instruments.roles import grant

        sem, _ = town
        person = a_person(organisation=sem.organisation)
        grant(session, person, "organisation_admin", organisation=sem.organisation, now=now)
        session.flush()
        found = report(session, year(2026), "organisation", viewer=load_viewer(session, person))
        assert [row.key for row in found.rows] == [str(sem.organisation_id)]
        assert found.total.quantities.effective == 300


class TestPeriods:
    @pytest.mark.parametrize(("period", "effective"), [
        (year(2026), 420), (year(2025), 0), (quarter(2026, 4), 420), (quarter(2026, 3), 0), (school_year(2026), 420),
        (months(date(2026, 11, 1), date(2026, 12, 1)), 420),
    ])  # fmt: skip
    def test_a_period_counts_what_lies_in_it(self, session, town, period, effective):
        assert report(session, period, "network").total.quantities.effective == effective

    @pytest.mark.parametrize("wrong", [lambda: year(0), lambda: year(10**9), lambda: quarter(2026, 5)])
    def test_times_that_cannot_be_meant_are_refused(self, wrong):
        with pytest.raises(Invalid):
            wrong()
