"""Why a sharing rate changed, and which rows a figure is made of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from instruments.closures import close
from instruments.timespan import TimeSpan
from scheduling.statistics.change import change_of_sharing, shifted
from scheduling.statistics.keeping import work_off
from scheduling.statistics.periods import quarter, year
from scheduling.statistics.scope import Scope
from scheduling.statistics.tracing import days_of, trace

HOUR = timedelta(hours=1)


def local(day, hour=0, *, month=11, in_year=2026):
    return datetime(in_year, month, day, hour, tzinfo=UTC) - 8 * HOUR


@pytest.fixture
def keep_up(session, now):
    def worked_off():
        session.flush()
        while work_off(session, now=now):
            session.flush()

    return worked_off


@pytest.fixture
def town(an_organisation, an_instrument, a_person, a_usage, keep_up):
    """In 2025 a visitor used the microscope for 8 h of 10, the spectrometer for 4 of 10; in 2026 the microscope not at all."""
    ours = an_organisation()
    sem, nmr = an_instrument(organisation=ours), an_instrument(organisation=ours)
    insider, visitor = a_person(organisation=ours), a_person()

    def used(instrument, person, start, hours):
        a_usage(instrument=instrument, person=person, span=TimeSpan(start, start + hours * HOUR), at=start + (hours + 1) * HOUR)

    used(sem, visitor, local(10, 8, in_year=2025), 8)
    used(sem, insider, local(11, 8, in_year=2025), 2)
    used(nmr, visitor, local(10, 8, in_year=2025, month=10), 4)
    used(nmr, insider, local(11, 8, in_year=2025, month=10), 6)
    used(sem, insider, local(10, 8), 10)
    used(nmr, visitor, local(10, 8), 4)
    used(nmr, insider, local(11, 8), 6)
    keep_up()
    return sem, nmr


class TestTheChange:
    def test_the_parts_add_up_to_the_change_exactly_by_instrument_and_by_month(self, session, town):
        found = change_of_sharing(session, year(2026), year(2025))
        assert found.whole.contribution == Fraction(4, 20) - Fraction(12, 20)
        assert sum(one.contribution for one in found.instruments) == found.whole.contribution
        assert sum(one.contribution for one in found.months) == found.whole.contribution
        assert found.rest is None

    def test_the_instrument_that_made_the_difference_comes_first(self, session, town):
        sem, _ = town
        (first,) = change_of_sharing(session, year(2026), year(2025)).instruments
        assert (first.key, first.external, first.effective, first.contribution) == (str(sem.id), -480, 0, Fraction(-8, 20))

    def test_the_example_of_its_formula(self, session, town):
        sem, _ = town
        found = change_of_sharing(session, year(2026), year(2025), Scope(instrument_id=sem.id))
        assert found.whole.contribution == Fraction(0) - Fraction(8, 10)

    def test_what_does_not_fit_on_the_list_is_told_as_the_rest(self, session, town):
        found = change_of_sharing(session, quarter(2026, 4), quarter(2025, 4), limit=0)
        assert found.rest is not None
        assert found.rest.contribution == found.whole.contribution

    def test_without_hours_before_nothing_can_be_taken_apart(self, session, town):
        assert change_of_sharing(session, year(2025), year(2024)).whole.contribution is None

    def test_a_period_is_shifted_by_whole_years(self):
        assert shifted(quarter(2026, 4), -1) == quarter(2025, 4)


class TestRowsBehindADay:
    def test_the_parts_of_the_rows_shown_make_the_figure(self, session, an_instrument, a_usage, a_booking, keep_up, now):
        instrument = an_instrument(lanes=2)
        a_usage(instrument=instrument, span=TimeSpan(local(19, 22), local(20, 2)), effective_minutes=200, samples=4)
        a_usage(instrument=instrument, span=TimeSpan(local(20, 9), local(20, 11)), samples=2)
        booked = a_booking(instrument=instrument, span=TimeSpan(local(20, 13), local(20, 15)), at=local(19, 9))
        close(session, instrument, TimeSpan(local(20, 16), local(20, 17)), kind="fault", reason="真空泵", time_zone="Asia/Shanghai", now=now, by=None)
        keep_up()
        found = trace(session, instrument, date(2026, 11, 20))
        assert found.is_settled
        for name in ("used", "effective", "external", "uses", "samples", "runs"):
            assert found.sum_of_uses(name) == getattr(found.figures, name)
        assert (found.figures.used, found.figures.effective, found.figures.uses) == (240, 220, 1)
        assert sum(part.booked for part in found.bookings) == found.figures.booked == 120
        assert [part.booking.id for part in found.bookings] == [booked.id]
        assert [(one.kind, span.minutes) for one, span in found.closures] == [("fault", 60)]
        assert not found.more

    def test_a_change_not_worked_in_yet_is_told(self, session, an_instrument, a_usage, keep_up):
        instrument = an_instrument()
        keep_up()
        a_usage(instrument=instrument, span=TimeSpan(local(20, 9), local(20, 11)))
        session.flush()
        found = trace(session, instrument, date(2026, 11, 20))
        assert not found.is_settled
        assert (found.figures.used, found.recounted.used, found.sum_of_uses("used")) == (0, 120, 120)

    def test_days_of_a_month_add_up_to_it_and_days_without_anything_are_there(self, session, town):
        sem, _ = town
        days = days_of(session, sem.id, quarter(2026, 4))
        assert len(days) == 92
        assert sum(day.quantities.effective for day in days) == 600
