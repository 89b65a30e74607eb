"""Start, finish, no-show: the desk beside the instrument."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.errors import Forbidden, NotFound, OutOfOrder
from instruments.rulebooks import publish_rules
from scheduling.changing import cancel
from scheduling.desk import due_no_shows, finish, mark_no_show, start

NO_SHOW = {"kind": "no_show", "parameters": {"after_minutes": 30}}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def someone(a_viewer):
    return a_viewer()


class TestStart:
    @pytest.mark.parametrize("minutes", [-15, 0, 59])
    def test_from_a_quarter_of_an_hour_before_until_the_end(self, session, a_booking, someone, minutes):
        one = a_booking(viewer=someone)
        at = one.start_at + minutes * MINUTE
        assert start(session, one.id, viewer=someone, now=at).status == "running"
        assert one.started_at == at

    @pytest.mark.parametrize("minutes", [-16, 60])
    def test_not_earlier_and_not_later(self, session, a_booking, someone, minutes):
        one = a_booking(viewer=someone)
        with pytest.raises(OutOfOrder):
            start(session, one.id, viewer=someone, now=one.start_at + minutes * MINUTE)

    def test_one_use_runs_at_a_time(self, session, a_booking, an_instrument, someone, a_span):
        instrument = an_instrument()
        first, second = a_booking(instrument=instrument, viewer=someone), a_booking(instrument=instrument, span=a_span(2), viewer=someone)
        start(session, first.id, viewer=someone, now=first.start_at)
        session.commit()
        with pytest.raises(OutOfOrder) as caught, session.begin_nested():
            start(session, second.id, viewer=someone, now=second.start_at)
        assert "Finish it first" in caught.value.sentence.en
        session.refresh(first)
        finish(session, first.id, viewer=someone, now=second.start_at)
        session.flush()
        assert start(session, second.id, viewer=someone, now=second.start_at).status == "running"

    def test_each_lane_runs_by_itself(self, session, a_booking, an_instrument, someone):
        instrument = an_instrument(lanes=2)
        for one in (a_booking(instrument=instrument, viewer=someone) for _ in range(2)):
            assert start(session, one.id, viewer=someone, now=one.start_at).status == "running"

    def test_her_manager_may_start_it_for_her(self, session, a_booking, someone, a_manager):
        one = a_booking(viewer=someone)
        assert start(session, one.id, viewer=a_manager(one.instrument), now=one.start_at).status == "running"

    def test_her_pi_may_not(self, session, a_booking, a_person, a_viewer, a_group):
        student, pi = a_person(), a_person()
        group = a_group(student, pi=pi)
        one = a_booking(viewer=a_viewer(person=student), group_id=group.id)
        with pytest.raises(Forbidden):
            start(session, one.id, viewer=a_viewer(person=pi), now=one.start_at)

    def test_others_do_not_know_of_it(self, session, a_booking, a_viewer, now):
        one = a_booking()
        with pytest.raises(NotFound):
            start(session, one.id, viewer=a_viewer(), now=one.start_at)

    def test_a_request_is_not_started(self, session, a_booking, an_instrument, someone):
        one = a_booking(instrument=an_instrument(rules=[{"kind": "approval", "parameters": {}}]), viewer=someone)
        with pytest.raises(OutOfOrder):
            start(session, one.id, viewer=someone, now=one.start_at)


class TestFinish:
    def test_what_is_left_is_given_back_after_the_clean_up(self, session, a_booking, an_instrument, someone, a_span):
        instrument = an_instrument(cleanup_minutes=10, step_minutes=10)
        one = a_booking(instrument=instrument, viewer=someone, span=a_span(1, 3))
        start(session, one.id, viewer=someone, now=one.start_at)
        done = finish(session, one.id, viewer=someone, now=one.start_at + 50 * MINUTE)
        assert (done.status, done.ended_at) == ("finished", one.start_at + 50 * MINUTE)
        assert done.occupied_until == one.start_at + 60 * MINUTE
        assert done.end_at == a_span(1, 3).end
        session.flush()
        assert a_booking(instrument=instrument, span=a_span(2), at=done.ended_at).status == "confirmed"

    def test_who_overran_holds_no_longer_than_was_booked(self, session, a_booking, someone):
        one = a_booking(viewer=someone)
        start(session, one.id, viewer=someone, now=one.start_at)
        late = finish(session, one.id, viewer=someone, now=one.end_at + 90 * MINUTE)
        assert (late.occupied_until, late.ended_at) == (one.end_at, one.end_at + 90 * MINUTE)

    def test_who_started_early_and_finished_before_the_time_keeps_a_minute_of_record(self, session, a_booking, someone):
        one = a_booking(viewer=someone)
        start(session, one.id, viewer=someone, now=one.start_at - 15 * MINUTE)
        done = finish(session, one.id, viewer=someone, now=one.start_at - 10 * MINUTE)
        session.flush()
        assert done.occupied_until == one.start_at + MINUTE

    def test_what_was_not_started_is_not_finished(self, session, a_booking, someone, now):
        with pytest.raises(OutOfOrder):
            finish(session, a_booking(viewer=someone).id, viewer=someone, now=now)


class TestNoShow:
    def test_the_manager_marks_it_and_the_rest_is_given_back(self, session, a_booking, an_instrument, a_manager, a_span):
        instrument = an_instrument()
        one = a_booking(instrument=instrument, span=a_span(1, 3))
        at = one.start_at + 60 * MINUTE
        missed = mark_no_show(session, one.id, viewer=a_manager(instrument), now=at)
        assert (missed.status, missed.occupied_until) == ("no_show", at)
        session.flush()
        assert a_booking(instrument=instrument, span=a_span(2), at=at).status == "confirmed"

    def test_nobody_misses_what_has_not_begun(self, session, a_booking, a_manager):
        one = a_booking()
        with pytest.raises(OutOfOrder):
            mark_no_show(session, one.id, viewer=a_manager(one.instrument), now=one.start_at - MINUTE)

    def test_the_person_herself_does_not_mark_it(self, session, a_booking, someone):
        one = a_booking(viewer=someone)
        with pytest.raises(Forbidden):
            mark_no_show(session, one.id, viewer=someone, now=one.start_at)


class TestDueNoShows:
    def test_whoever_does_not_start_in_time_has_missed_it(self, session, a_booking, an_instrument):
        one = a_booking(instrument=an_instrument(rules=[NO_SHOW]))
        assert due_no_shows(session, now=one.start_at + 29 * MINUTE) == []
        assert due_no_shows(session, now=one.start_at + 30 * MINUTE) == [one]
        assert (one.status, one.occupied_until) == ("no_show", one.start_at + 30 * MINUTE)

    def test_without_such_a_rule_nobody_has(self, session, a_booking):
        one = a_booking()
        assert due_no_shows(session, now=one.start_at + timedelta(hours=9)) == []

    def test_who_started_or_cancelled_has_not(self, session, a_booking, an_instrument, someone, a_span, now):
        instrument = an_instrument(rules=[NO_SHOW])
        one, two = a_booking(instrument=instrument, viewer=someone), a_booking(instrument=instrument, viewer=someone, span=a_span(2))
        start(session, one.id, viewer=someone, now=one.start_at)
        cancel(session, two.id, viewer=someone, now=now)
        session.flush()
        assert due_no_shows(session, now=two.end_at) == []

    def test_only_those_the_rule_concerns(self, session, a_booking, an_instrument, a_viewer):
        instrument = an_instrument(rules=[{**NO_SHOW, "who": {"audiences": ["enterprise"]}}])
        one = a_booking(instrument=instrument)
        assert due_no_shows(session, now=one.end_at) == []

    def test_the_rule_in_force_at_its_start_counts(self, session, a_booking, an_instrument, a_span, now):
        instrument = an_instrument(rules=[NO_SHOW])
        one = a_booking(instrument=instrument, span=a_span(1, 8))
        publish_rules(session, instrument, [], valid_from=one.start_at + 10 * MINUTE, by=None, now=now)
        session.flush()
        assert due_no_shows(session, now=one.start_at + 60 * MINUTE) == [one]

    def test_many_bookings_without_the_rule_do_not_hide_one_with_it(self, session, a_booking, an_instrument, a_span):
        lenient = an_instrument(lanes=6)
        for _ in range(5):
            a_booking(instrument=lenient)
        one = a_booking(instrument=an_instrument(rules=[NO_SHOW]), span=a_span(1.5))
        assert due_no_shows(session, now=one.end_at, most=2) == [one]

    def test_it_is_done_in_portions(self, session, a_booking, an_instrument):
        instrument = an_instrument(rules=[NO_SHOW], lanes=3)
        bookings = [a_booking(instrument=instrument) for _ in range(3)]
        later = bookings[0].end_at
        assert [len(due_no_shows(session, now=later, most=2)) for _ in range(3) if session.flush() is None] == [2, 1, 0]
