"""Instruments that move: what was before stays with the organisation, facility, class and city of then, for whoever may read it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, event, select, text, update

from instruments.access import load_viewer
from instruments.catalogue import Instrument
from instruments.editing import edit
from instruments.facilities import Facility
from instruments.roles import grant
from instruments.standing import PastStanding
from instruments.timespan import TimeSpan
from scheduling.statistics.breakdown import breakdown
from scheduling.statistics.change import change_of_sharing
from scheduling.statistics.keeping import work_off
from scheduling.statistics.periods import Period, year
from scheduling.statistics.publishing import publish_year, told
from scheduling.statistics.reports import report
from scheduling.statistics.scope import Scope, has_instruments
from tests.fixtures.moves import move

HOUR = timedelta(hours=1)
SPRING = datetime(2026, 3, 1, tzinfo=UTC)
LATER = datetime(2027, 1, 5, tzinfo=UTC)


def local(in_year, month, day, hour=9):
    return datetime(in_year, month, day, hour, tzinfo=UTC) - 8 * HOUR


@pytest.fixture
def keep_up(session):
    def worked_off():
        session.flush()
        while work_off(session, now=LATER):
            session.flush()

    return worked_off


@pytest.fixture
def two(an_organisation):
    """Two organisations in two cities."""
    return an_organisation(city="140100"), an_organisation(city="140200")


@pytest.fixture
def centres(session, two):
    made = [Facility(name_zh="中心", organisation=owner) for owner in two]
    session.add_all(made)
    session.flush()
    return made


@pytest.fixture
def sem(session, two, centres, an_instrument, a_person, a_usage, keep_up):
    """A microscope used for two hours in 2025 and one in 2026; in the spring between it moves in every respect."""
    visitor = a_person()
    made = an_instrument(organisation=two[0], facility_id=centres[0].id, category_code="010101", city="")
    for in_year, hours in ((2025, 2), (2026, 1)):
        start = local(in_year, 11, 18)
        a_usage(instrument=made, person=visitor, span=TimeSpan(start, start + hours * HOUR), at=start + 9 * HOUR)
    move(session, made, at=SPRING, organisation_id=two[1].id, facility_id=centres[1].id, category_code="040101")
    session.expire(made)
    keep_up()
    return made


@pytest.fixture
def reader(session, a_person, now):
    """Somebody with a role in an organisation, or the whole province's administrator."""

    def make(role, **where):
        person = a_person()
        grant(session, person, role, now=now, **where)
        session.flush()
        return load_viewer(session, person)

    return make


def hours(session, in_year, by, scope=None, *, viewer=None, tell=report):
    return {row.key: row.quantities.effective // 60 for row in tell(session, year(in_year), by, scope, viewer=viewer).rows}


class TestReports:
    @pytest.mark.parametrize("by", ["organisation", "facility", "category", "city"])
    def test_a_year_is_told_under_what_the_instrument_was_at_its_end(self, session, sem, two, centres, by):
        before, after = {
            "organisation": [str(one.id) for one in two], "facility": [str(one.id) for one in centres],
            "category": ["010000", "040000"], "city": ["140100", "140200"],
        }[by]  # fmt: skip
        assert hours(session, 2025, by) == {before: 2}
        assert hours(session, 2026, by) == {after: 1}

    def test_the_filters_go_by_the_same(self, session, sem, two, centres):
        for place, in_year, effective in ((0, 2025, 120), (1, 2026, 60)):
            for scope in (
                Scope(organisation_id=two[place].id), Scope(facility_id=centres[place].id), Scope(category=("010000", "040101")[place]),
                Scope(city=("140100", "140200")[place]), Scope(is_dedicated=bool(place)), Scope(organisation_id=two[place].id, is_public=True),
            ):  # fmt: skip
                assert report(session, year(in_year), "network", scope).total.quantities.effective == effective
                other = report(session, year(4051 - in_year), "network", scope).total.quantities
                assert (other.effective, other.instruments) == (0, 0)
                assert breakdown(session, year(in_year), scope).whole.effective == effective
                assert has_instruments(session, scope, year(in_year), None)
                assert not has_instruments(session, scope, year(4051 - in_year), None)

    def test_the_quota_is_that_of_the_class_it_had(self, session, sem):
        assert [report(session, year(one), "network").total.quantities.quota for one in (2025, 2026)] == [1400, 800]

    def test_what_moves_again_is_in_each_period_where_it_was_at_the_end_of_it(self, session, sem, two, keep_up):
        move(session, sem, at=local(2026, 7, 1, 0), organisation_id=two[0].id)  # at midnight: all of June was in the second
        keep_up()

        def owner(month):
            return [row.key for row in report(session, Period(date(2026, month, 1), date(2026, month + 1, 1)), "organisation").rows]

        first, second = ([str(one.id)] for one in two)
        assert [owner(month) for month in (1, 2, 3, 6, 7, 11)] == [first, first, second, second, first, first]

    def test_what_moves_to_and_fro_at_once_has_been_nowhere_else(self, session, sem, two, centres, keep_up):
        for place in (0, 1):
            move(session, sem, at=SPRING, organisation_id=two[place].id)
        assert hours(session, 2025, "organisation") == {str(two[0].id): 2}
        assert hours(session, 2026, "organisation") == {str(two[1].id): 1}

    def test_a_class_or_city_that_was_empty_and_is_filled_in_is_that_of_the_past_too(self, session, an_instrument, now):
        one = an_instrument(category_code=None, city="")
        edit(session, one, {"category_code": "010101", "city": "140200"}, now=now)
        session.flush()
        assert session.scalars(select(PastStanding)).all() == []

    def test_whatever_was_filled_in_later_completes_an_older_standing(self, session, two, an_instrument, a_usage, keep_up):
        one, start = an_instrument(organisation=two[0], category_code=None, city=""), local(2025, 11, 18)
        a_usage(instrument=one, span=TimeSpan(start, start + HOUR), at=start + 9 * HOUR)
        move(session, one, at=SPRING, organisation_id=two[1].id)
        move(session, one, at=SPRING, category_code="010101")
        keep_up()
        assert hours(session, 2025, "category") == {"010000": 1}

    def test_what_has_moved_costs_no_statement_more(self, session, sem, two):
        seen = []
        event.listen(session.get_bind(), "before_cursor_execute", lambda *told: seen.append(told[2]))
        report(session, year(2025), "organisation", Scope(organisation_id=two[0].id))
        with_moves = len(seen)
        session.execute(delete(PastStanding))
        seen.clear()
        report(session, year(2026), "organisation", Scope(organisation_id=two[1].id))
        assert with_moves == len(seen) == 3


class TestChange:
    def test_an_instrument_that_has_left_takes_its_hours_along(self, session, sem, two, an_instrument, a_person, a_usage, keep_up):
        """Of 2 + 1 hours in 2025, none from outside in the second; in 2026 the second alone is left."""
        other = an_instrument(organisation=two[0])
        insider = a_person(organisation=two[0])
        for in_year in (2025, 2026):
            start = local(in_year, 10, 18)
            a_usage(instrument=other, person=insider, span=TimeSpan(start, start + HOUR), at=start + 9 * HOUR)
        keep_up()
        found = change_of_sharing(session, year(2026), year(2025), Scope(organisation_id=two[0].id))
        assert [(one.key, one.effective_then, one.effective_now) for one in found.instruments] == [(str(sem.id), 120, 0)]
        assert found.rest is None or found.rest.effective == 0
        assert sum(one.contribution for one in found.instruments) == found.whole.contribution


class TestRights:
    """Figures of a period are open to those who may inspect the instrument today, and to those who may inspect what it belonged to then."""

    @pytest.mark.parametrize("role", ["organisation_admin", "auditor"])
    @pytest.mark.parametrize("is_published", [False, True])
    def test_an_organisation_keeps_the_years_that_were_its_own_and_none_after(self, session, sem, two, reader, role, is_published):
        if is_published:
            for number in (2025, 2026):
                publish_year(session, number, viewer=reader("province_admin"), now=LATER)
        former, present = (reader(role, organisation=one) for one in two)
        assert hours(session, 2025, "organisation", viewer=former, tell=told) == {str(two[0].id): 2}
        assert hours(session, 2026, "organisation", viewer=former, tell=told) == {}
        assert hours(session, 2025, "organisation", viewer=present, tell=told) == {str(two[0].id): 2}
        assert hours(session, 2026, "organisation", viewer=present, tell=told) == {str(two[1].id): 1}

    def test_a_manager_of_a_facility_keeps_its_years_too(self, session, sem, centres, reader):
        former, present = (reader("manager", facility=one) for one in centres)
        assert [hours(session, one, "network", viewer=former) for one in (2025, 2026)] == [{"network": 2}, {"network": 0}]
        assert [hours(session, one, "network", viewer=present) for one in (2025, 2026)] == [{"network": 2}, {"network": 1}]

    def test_a_stranger_sees_none_of_it_and_the_province_all(self, session, sem, an_organisation, reader):
        stranger, province = reader("organisation_admin", organisation=an_organisation()), reader("province_admin")
        assert [hours(session, one, "network", viewer=stranger) for one in (2025, 2026)] == [{"network": 0}] * 2
        assert [hours(session, one, "network", viewer=province) for one in (2025, 2026)] == [{"network": 2}, {"network": 1}]

    def test_the_rows_of_the_former_organisation_are_the_provinces_own(self, session, sem, two, reader):
        scope = Scope(organisation_id=two[0].id)
        former, province = reader("organisation_admin", organisation=two[0]), reader("province_admin")
        assert report(session, year(2025), "instrument", scope, viewer=former) == report(session, year(2025), "instrument", scope, viewer=province)


class TestTheDatabase:
    def test_no_path_moves_an_instrument_unseen(self, session, two, an_instrument):
        one = an_instrument(organisation=two[0])
        session.execute(update(Instrument).where(Instrument.id == one.id).values(organisation_id=two[1].id))
        session.execute(text("UPDATE instrument SET city = '140200', category_code = '040101'"))
        found = session.scalars(select(PastStanding).order_by(PastStanding.id)).all()
        assert [(row.organisation_id, row.category_code, row.city) for row in found] == [
            (two[0].id, "010101", "140100"), (two[1].id, "010101", "140100")
        ]  # fmt: skip
        assert found[0].until_at <= found[1].until_at

    def test_without_its_trigger_past_hours_move_along(self, session, sem, two, keep_up):
        """The negative control: 2026 is told under the first organisation although the instrument came back to it only afterwards."""
        on = " ON instrument" if session.get_bind().dialect.name == "postgresql" else ""
        session.execute(text(f"DROP TRIGGER instrument_stood{on}"))
        move(session, sem, at=LATER, organisation_id=two[0].id)
        assert hours(session, 2026, "organisation") == {str(two[0].id): 1}

    def test_what_changes_otherwise_leaves_no_row(self, session, an_instrument, now):
        one = an_instrument()
        edit(session, one, {"name_zh": "透射电子显微镜", "lanes": 3}, now=now)
        session.flush()
        assert session.scalars(select(PastStanding)).all() == []

    @pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
    def test_the_time_is_written_as_all_times_are(self, session, an_instrument):
        one = an_instrument()
        one.city = "140200"
        session.flush()
        (written,) = session.scalars(text("SELECT until_at FROM past_standing"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", written)
