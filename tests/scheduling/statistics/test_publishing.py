"""Published years: told as they were, whatever is corrected later, and the corrections told beside them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from instruments.access import load_viewer
from instruments.errors import Forbidden, NotFound, OutOfOrder
from instruments.roles import grant
from instruments.timespan import TimeSpan
from scheduling.statistics.breakdown import breakdown, exchanges
from scheduling.statistics.keeping import work_off
from scheduling.statistics.periods import quarter, school_year, year
from scheduling.statistics.publishing import PublishedFigure, PublishedYear, corrections, publish_year, source_of, told
from scheduling.statistics.reports import report
from scheduling.statistics.scope import Scope
from scheduling.usageproblems import void

HOUR = timedelta(hours=1)
NEXT_YEAR = datetime(2027, 1, 5, tzinfo=UTC)


def local(day, hour):
    return datetime(2026, 11, day, hour, tzinfo=UTC) - 8 * HOUR


@pytest.fixture
def province(session, a_person, now):
    person = a_person()
    grant(session, person, "province_admin", now=now)
    session.flush()
    return load_viewer(session, person)


@pytest.fixture
def keep_up(session):
    def worked_off():
        session.flush()
        while work_off(session, now=NEXT_YEAR):
            session.flush()

    return worked_off


@pytest.fixture
def used(an_instrument, a_person, a_usage, keep_up):
    """An instrument with two uses of two hours by two people, counted."""
    instrument = an_instrument(hours=None)
    uses = [a_usage(instrument=instrument, person=a_person(), span=TimeSpan(local(day, 9), local(day, 11))) for day in (18, 19)]
    keep_up()
    return instrument, uses


class TestPublishing:
    def test_a_published_year_stays_as_it_was_when_a_record_is_taken_back(self, session, used, province, keep_up):
        _, uses = used
        publish_year(session, 2026, viewer=province, now=NEXT_YEAR)
        void(session, uses[0], "误登", uses[0].start_by, NEXT_YEAR)
        keep_up()
        found = told(session, year(2026), "instrument")
        assert found.is_published
        assert [(row.quantities.effective, row.quantities.users) for row in found.rows] == [(240, 2)]
        assert report(session, year(2026), "network").total.quantities.effective == 120
        changed = {one.name: (one.published, one.now) for one in corrections(session, year(2026), "instrument")}
        assert changed == {"used": (240, 120), "effective": (240, 120), "external": (240, 120), "uses": (2, 1), "external_uses": (2, 1)}

    def test_how_it_was_used_and_by_whose_people_stays_as_published_too(self, session, used, province, keep_up):
        _, uses = used
        publish_year(session, 2026, viewer=province, now=NEXT_YEAR)
        then = source_of(session, year(2026))
        before = breakdown(session, year(2026), source=then), exchanges(session, year(2026), source=then)
        assert before == (breakdown(session, year(2026)), exchanges(session, year(2026)))
        void(session, uses[0], "误登", uses[0].start_by, NEXT_YEAR)
        keep_up()
        assert (breakdown(session, year(2026), source=then), exchanges(session, year(2026), source=then)) == before
        assert breakdown(session, year(2026)).whole.uses == 1
        assert breakdown(session, year(2026), source=then).whole.effective == told(session, year(2026), "network").total.quantities.effective

    @pytest.mark.parametrize("by", ["network", "organisation", "facility", "category", "city", "instrument", "month"])
    def test_what_is_published_is_what_was_told_before(self, session, used, province, by):
        before = report(session, year(2026), by, Scope(is_public=True))
        publish_year(session, 2026, viewer=province, now=NEXT_YEAR)
        after = told(session, year(2026), by, Scope(is_public=True))
        assert (after.rows, after.total) == (before.rows, before.total)

    def test_an_instrument_that_moves_or_goes_stays_where_it_was_in_a_published_year(self, session, used, province):
        instrument, _ = used
        publish_year(session, 2026, viewer=province, now=NEXT_YEAR)
        instrument.city, instrument.publication = "149900", "retired"
        session.flush()
        assert [row.key for row in told(session, year(2026), "city").rows] == ["140100"]
        assert told(session, year(2026), "network").total.quantities.instruments == 1

    def test_a_quarter_of_a_published_year_is_told_as_published_and_a_school_year_over_two_is_not(self, session, used, province):
        publish_year(session, 2026, viewer=province, now=NEXT_YEAR)
        assert told(session, quarter(2026, 4), "network").is_published
        assert not told(session, school_year(2026), "network").is_published

    def test_later_hours_of_a_year_not_published_are_simply_told(self, session, used):
        assert not told(session, year(2026), "network").is_published
        assert corrections(session, year(2026), "network") == []


class TestRefusals:
    def test_a_year_is_published_once(self, session, used, province):
        publish_year(session, 2026, viewer=province, now=NEXT_YEAR)
        with pytest.raises(OutOfOrder):
            publish_year(session, 2026, viewer=province, now=NEXT_YEAR)

    def test_a_year_that_is_not_over_or_not_counted_yet_is_refused(self, session, used, province, a_usage, now):
        with pytest.raises(OutOfOrder):
            publish_year(session, 2026, viewer=province, now=now)
        a_usage(instrument=used[0], span=TimeSpan(local(20, 9), local(20, 11)))
        with pytest.raises(OutOfOrder):
            publish_year(session, 2026, viewer=province, now=NEXT_YEAR)

    def test_a_year_without_figures_is_refused(self, session, used, province):
        with pytest.raises(NotFound):
            publish_year(session, 2010, viewer=province, now=NEXT_YEAR)

    def test_only_the_province_publishes(self, session, used, a_viewer):
        with pytest.raises(Forbidden):
            publish_year(session, 2026, viewer=a_viewer(), now=NEXT_YEAR)

    @pytest.mark.parametrize("change", [
        delete(PublishedYear), update(PublishedFigure).values(effective=0),
        delete(PublishedFigure).where(PublishedFigure.starts_on == date(2026, 11, 1)),
    ])  # fmt: skip
    def test_the_database_keeps_published_figures(self, session, used, province, change):
        publish_year(session, 2026, viewer=province, now=NEXT_YEAR)
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(change)
