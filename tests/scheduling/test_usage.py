"""The database's own promises of usage records, whatever the application does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from instruments.database import is_sqlite
from instruments.errors import NotFound
from scheduling.usage import seen_use
from scheduling.useguards import is_second_record, is_use_overlap

HOUR = timedelta(hours=1)


@pytest.fixture
def add(session):
    """Write rows; a refusal of the database leaves the transaction usable."""

    def written(*rows):
        with session.begin_nested():
            session.add_all(rows)
            session.flush()

    return written


@pytest.fixture
def change(session):
    """Change a row; a refusal of the database leaves the transaction usable."""

    def changed(row, **values):
        with session.begin_nested():
            for name, value in values.items():
                setattr(row, name, value)
            session.flush()

    return changed


@pytest.fixture
def without_the_promise(session):
    """Take the promise away, for a negative control."""
    if is_sqlite(session):
        session.execute(text("DROP TRIGGER usage_no_overlap_insert"))
    else:
        session.execute(text("ALTER TABLE usage_record DROP CONSTRAINT usage_no_overlap"))


class TestOverlap:
    @pytest.mark.parametrize(("start", "hours"), [(0, 1), (0.5, 1), (-0.5, 1), (0.25, 0.5), (-1, 3), (0.5, None)])
    def test_two_uses_of_a_lane_at_once_are_refused(self, add, a_use_row, start, hours):
        add(a_use_row())
        with pytest.raises(DBAPIError) as refused:
            add(a_use_row(start, hours))
        assert is_use_overlap(refused.value)

    def test_a_running_use_reaches_without_end(self, add, a_use_row):
        add(a_use_row(-5, None))
        with pytest.raises(DBAPIError) as refused:
            add(a_use_row(-1, 0.5))
        assert is_use_overlap(refused.value)

    def test_one_use_runs_in_a_lane(self, add, a_use_row):
        add(a_use_row(-1, None))
        with pytest.raises(DBAPIError) as refused:
            add(a_use_row(0, None))
        assert is_use_overlap(refused.value)

    @pytest.mark.usefixtures("without_the_promise")
    def test_one_use_runs_in_a_lane_even_without_the_promise_about_overlaps(self, add, a_use_row):
        add(a_use_row(-1, None))
        with pytest.raises(DBAPIError) as refused:
            add(a_use_row(0, None))
        assert is_use_overlap(refused.value)

    @pytest.mark.usefixtures("without_the_promise")
    def test_without_the_promise_two_uses_of_a_lane_at_once_are_written(self, add, a_use_row):
        add(a_use_row(), a_use_row(0.5))

    @pytest.mark.parametrize("start", [1, -1])
    def test_touching_is_not_overlapping(self, add, a_use_row, start):
        add(a_use_row(), a_use_row(start))

    def test_another_lane_or_instrument_is_free(self, add, a_use_row, an_instrument):
        add(a_use_row(), a_use_row(lane=2), a_use_row(instrument=an_instrument()))

    def test_what_does_not_occupy_or_is_void_takes_nothing(self, add, a_use_row):
        add(a_use_row(), a_use_row(occupies=False, mode="sample"), a_use_row(status="void"))

    def test_a_row_cannot_be_changed_into_an_overlap_either(self, add, change, a_use_row):
        other = a_use_row(5)
        add(a_use_row(), other)
        with pytest.raises(DBAPIError) as refused:
            change(other, start_at=other.start_at - 5 * HOUR, end_at=other.end_at - 5 * HOUR)
        assert is_use_overlap(refused.value)

    def test_a_void_row_does_not_come_back_over_another(self, add, change, a_use_row):
        other = a_use_row(status="void")
        add(a_use_row(), other)
        with pytest.raises(DBAPIError) as refused:
            change(other, status="recorded")
        assert is_use_overlap(refused.value)


class TestChecks:
    @pytest.mark.parametrize("hours", [0, -1])
    def test_the_end_comes_after_the_start(self, add, a_use_row, hours):
        with pytest.raises(DBAPIError):
            add(a_use_row(0, hours))

    @pytest.mark.parametrize(
        "changes",
        [{"status": "running"}, {"status": "lost"}, {"end_source": ""}, {"lane": 0}, {"samples": -1}, {"effective_minutes": -1}, {"fault_minutes": -1}],
    )  # fmt: skip
    def test_what_cannot_be_is_refused(self, add, a_use_row, changes):
        with pytest.raises(DBAPIError):
            add(a_use_row(0, 1, **changes))

    def test_only_a_running_use_has_no_end(self, add, a_use_row):
        with pytest.raises(DBAPIError):
            add(a_use_row(0, None, status="recorded"))

    def test_a_booking_has_one_live_record(self, add, a_use_row, a_booking):
        booked = a_booking()
        add(a_use_row(booking=booked, status="void"), a_use_row(booking=booked))
        with pytest.raises(DBAPIError) as refused:
            add(a_use_row(3, booking=booked))
        assert is_second_record(refused.value)


class TestFrozen:
    @pytest.mark.parametrize("name", ["audience", "is_external", "organisation_id", "person_id"])
    def test_who_used_it_for_whom_stays_as_it_was(self, add, change, a_use_row, an_organisation, a_person, name):
        row = a_use_row()
        add(row)
        others = {"audience": "enterprise", "is_external": False, "organisation_id": an_organisation().id, "person_id": a_person().id}
        with pytest.raises(DBAPIError, match="stays as it was"):
            change(row, **{name: others[name]})

    def test_a_record_is_not_deleted(self, session, add, a_use_row):
        row = a_use_row()
        add(row)
        delete = text("DELETE FROM usage_record")
        with pytest.raises(DBAPIError, match="stays as it was"):
            session.execute(delete)


class TestSeeing:
    def test_her_own_her_pis_her_managers_and_the_auditors(self, session, a_usage, a_person, a_viewer, a_group, a_manager):
        student, pi = a_person(), a_person()
        group = a_group(student, pi=pi)
        one = a_usage(person=student, group_id=group.id)
        for viewer in (a_viewer(person=student), a_viewer(person=pi), a_manager(one.instrument)):
            assert seen_use(session, one.id, viewer) is one

    def test_others_do_not_know_of_it(self, session, a_usage, a_person, a_viewer, a_group):
        student, other = a_person(), a_person()
        group = a_group(student, other)
        one = a_usage(person=student, group_id=group.id)
        with pytest.raises(NotFound):
            seen_use(session, one.id, a_viewer(person=other))


def test_provenance_is_the_weaker_of_both_times(a_use_row):
    assert a_use_row(start_source="meter", end_source="meter").provenance == "meter"
    assert a_use_row(start_source="qr", end_source="manager").provenance == "manager"
    assert a_use_row(hours=None, start_source="card").provenance == "card"
