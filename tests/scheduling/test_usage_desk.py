"""Start and finish at the desk keep the usage record; check-in and check-out do the same, and let people walk on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from instruments.closures import close
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Refused, Taken
from instruments.people import join
from instruments.qualifications import grant_qualification
from instruments.roles import grant
from instruments.timespan import TimeSpan
from scheduling.checkin import WalkOn, check_in, check_out
from scheduling.desk import finish, mark_no_show, start
from scheduling.particulars import Particulars
from scheduling.usage import UsageRecord
from scheduling.usageproblems import open_problems_of
from scheduling.usepolicy import Policy, set_policy

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def someone(a_viewer):
    return a_viewer()


def record_of(session, booking):
    return session.scalar(select(UsageRecord).where(UsageRecord.booking_id == booking.id))


def kinds_of(session, record):
    return [problem.kind for problem in open_problems_of(session, [record.id]).get(record.id, [])]


class TestDesk:
    def test_starting_opens_the_record(self, session, a_booking, someone):
        one = a_booking(viewer=someone, mode="assisted", purpose="teaching")
        start(session, one.id, viewer=someone, now=one.start_at)
        record = record_of(session, one)
        assert (record.status, record.start_at, record.end_at, record.lane) == ("running", one.start_at, None, one.lane)
        assert (record.mode, record.purpose, record.person_id) == ("assisted", "teaching", someone.person_id)
        assert (record.start_source, record.start_by, record.start_noted_at) == ("web", someone.person_id, one.start_at)

    def test_finishing_closes_it(self, session, a_booking, someone):
        one = a_booking(viewer=someone)
        start(session, one.id, viewer=someone, now=one.start_at)
        finish(session, one.id, viewer=someone, now=one.start_at + 50 * MINUTE)
        record = record_of(session, one)
        assert (record.status, record.end_at, record.effective_minutes) == ("recorded", one.start_at + 50 * MINUTE, 50)
        assert (record.end_source, record.end_by) == ("web", someone.person_id)
        assert kinds_of(session, record) == []

    def test_the_managers_hand_is_told_apart(self, session, a_booking, someone, a_manager):
        one = a_booking(viewer=someone)
        manager = a_manager(one.instrument)
        start(session, one.id, viewer=manager, now=one.start_at)
        record = record_of(session, one)
        assert (record.person_id, record.start_source, record.start_by) == (someone.person_id, "manager", manager.person_id)

    def test_how_she_stood_to_the_instrument_is_frozen(self, session, a_booking, an_instrument, a_person, a_viewer, a_group):
        instrument, person = an_instrument(), a_person(organisation=None)
        one = a_booking(instrument=instrument, viewer=a_viewer(person=person))
        start(session, one.id, viewer=a_viewer(person=person), now=one.start_at)
        record = record_of(session, one)
        person.organisation_id = instrument.organisation_id
        session.flush()
        session.expire(person)
        group = a_group(organisation=instrument.organisation)
        join(session, group, person)
        instrument.group_id = group.id
        finish(session, one.id, viewer=a_viewer(person=person), now=one.end_at)
        assert (record.audience, record.is_external) == ("academic", True)
        assert record.organisation_id != record.owner_id == instrument.organisation_id

    def test_one_of_the_house_is_not_external(self, session, a_booking, an_instrument, a_viewer):
        instrument = an_instrument()
        viewer = a_viewer(organisation=instrument.organisation)
        one = a_booking(instrument=instrument, viewer=viewer)
        start(session, one.id, viewer=viewer, now=one.start_at)
        assert (record_of(session, one).audience, record_of(session, one).is_external) == ("internal", False)

    def test_running_over_is_a_problem_beyond_the_tolerance(self, session, a_booking, someone):
        one, other = a_booking(viewer=someone), a_booking(viewer=someone)
        for booked, late, expected in ((one, 15, []), (other, 16, ["overrun"])):
            start(session, booked.id, viewer=someone, now=booked.start_at)
            finish(session, booked.id, viewer=someone, now=booked.end_at + late * MINUTE)
            assert kinds_of(session, record_of(session, booked)) == expected

    def test_ending_in_the_moment_of_the_start_counts_no_minute_and_keeps_nobody_out(
        self, session, a_booking, an_instrument, someone, a_span
    ):
        instrument = an_instrument()
        one, next_one = a_booking(instrument=instrument, viewer=someone), a_booking(instrument=instrument, viewer=someone, span=a_span(2))
        start(session, one.id, viewer=someone, now=next_one.start_at - 10 * MINUTE)
        finish(session, one.id, viewer=someone, now=next_one.start_at - 10 * MINUTE)
        assert record_of(session, one).effective_minutes == 0
        assert start(session, next_one.id, viewer=someone, now=next_one.start_at - 10 * MINUTE).status == "running"

    def test_what_ran_before_there_were_records_gets_its_record_at_the_end(self, session, a_booking, someone):
        one = a_booking(viewer=someone)
        one.status, one.started_at = "running", one.start_at
        session.flush()
        finish(session, one.id, viewer=someone, now=one.end_at)
        record = record_of(session, one)
        assert (record.start_at, record.end_at, record.status) == (one.start_at, one.end_at, "recorded")

    def test_who_did_not_come_used_nothing(self, session, a_booking, a_manager):
        one = a_booking()
        mark_no_show(session, one.id, viewer=a_manager(one.instrument), now=one.start_at + HOUR)
        assert record_of(session, one) is None


class TestCheckIn:
    def test_her_booking_that_is_due_begins(self, session, a_booking, someone):
        one = a_booking(viewer=someone)
        record = check_in(session, one.instrument_id, viewer=someone, source="qr", now=one.start_at - 10 * MINUTE)
        assert (record.booking_id, record.start_source, one.status) == (one.id, "qr", "running")

    def test_checking_out_finishes_the_booking_with_what_is_told(self, session, a_booking, someone):
        one = a_booking(viewer=someone)
        record = check_in(session, one.instrument_id, viewer=someone, source="qr", now=one.start_at)
        known = Particulars(startup_minutes=10, fault_minutes=20, samples=3, outcome="partial")
        done = check_out(session, record.id, viewer=someone, source="qr", now=one.start_at + 40 * MINUTE, known=known)
        assert (done.status, one.status, done.end_source) == ("recorded", "finished", "qr")
        assert (done.effective_minutes, done.samples, done.outcome) == (30, 3, "partial")

    def test_it_does_not_end_twice(self, session, a_booking, someone):
        one = a_booking(viewer=someone)
        record = check_in(session, one.instrument_id, viewer=someone, source="web", now=one.start_at)
        check_out(session, record.id, viewer=someone, source="web", now=one.end_at)
        with pytest.raises(OutOfOrder):
            check_out(session, record.id, viewer=someone, source="web", now=one.end_at)

    def test_the_manager_says_that_it_ended_earlier(self, session, a_booking, someone, a_manager):
        one = a_booking(viewer=someone)
        record = check_in(session, one.instrument_id, viewer=someone, source="web", now=one.start_at)
        manager = a_manager(one.instrument)
        done = check_out(session, record.id, viewer=manager, source="web", now=one.end_at + 9 * HOUR, ended_at=one.end_at)
        assert (done.end_at, done.end_source, one.ended_at) == (one.end_at, "manager", one.end_at)
        assert kinds_of(session, done) == []

    @pytest.mark.parametrize("minutes", [-1, 0, 600])
    def test_not_before_it_began_nor_in_the_future(self, session, a_booking, someone, a_manager, minutes):
        one = a_booking(viewer=someone)
        record = check_in(session, one.instrument_id, viewer=someone, source="web", now=one.start_at)
        with pytest.raises(Invalid):
            check_out(
                session, record.id, viewer=a_manager(one.instrument), source="web", now=one.end_at, ended_at=one.start_at + minutes * MINUTE
            )

    def test_the_user_does_not_choose_the_end(self, session, a_booking, someone):
        one = a_booking(viewer=someone)
        record = check_in(session, one.instrument_id, viewer=someone, source="web", now=one.start_at)
        with pytest.raises(Forbidden):
            check_out(session, record.id, viewer=someone, source="web", now=one.end_at, ended_at=one.start_at + MINUTE)

    def test_others_end_nothing(self, session, a_booking, someone, a_viewer):
        one = a_booking(viewer=someone)
        record = check_in(session, one.instrument_id, viewer=someone, source="web", now=one.start_at)
        with pytest.raises(NotFound):
            check_out(session, record.id, viewer=a_viewer(), source="web", now=one.end_at)

    def test_an_instrument_in_use_is_not_begun_again(self, session, a_booking, an_instrument, someone, a_viewer):
        instrument = an_instrument()
        one = a_booking(instrument=instrument, viewer=someone)
        check_in(session, instrument.id, viewer=someone, source="web", now=one.start_at)
        with pytest.raises(OutOfOrder) as caught:
            check_in(session, instrument.id, viewer=a_viewer(), source="web", now=one.start_at + MINUTE)
        assert "Finish it first" in caught.value.sentence.en


class TestWalkOn:
    def test_anybody_who_could_book_it_walks_on_and_somebody_looks_at_it(self, session, an_instrument, someone, now):
        record = check_in(session, an_instrument().id, viewer=someone, source="qr", now=now, walk_on=WalkOn(project="合金"))
        assert (record.booking_id, record.start_source, record.status, record.project) == (None, "qr", "running", "合金")
        done = check_out(session, record.id, viewer=someone, source="qr", now=now + HOUR)
        assert (done.effective_minutes, kinds_of(session, done)) == (60, ["outside_booking"])

    def test_the_project_told_at_the_beginning_stays_unless_another_is_told(self, session, an_instrument, someone, now):
        begun = [check_in(session, an_instrument().id, viewer=someone, source="qr", now=now, walk_on=WalkOn(project="合金")) for _ in range(2)]
        tell = {"viewer": someone, "source": "qr", "now": now + HOUR}
        assert check_out(session, begun[0].id, known=Particulars(samples=2), **tell).project == "合金"
        assert check_out(session, begun[1].id, known=Particulars(project="陶瓷"), **tell).project == "陶瓷"

    def test_it_lies_between_the_steps_without_harm(self, session, an_instrument, someone, now):
        assert check_in(session, an_instrument().id, viewer=someone, source="web", now=now + 7 * MINUTE).status == "running"

    def test_the_manager_lets_somebody_walk_on(self, session, an_instrument, someone, a_manager, now):
        instrument = an_instrument(needs_qualification=True)
        record = check_in(session, instrument.id, viewer=a_manager(instrument), source="web", now=now, walk_on=WalkOn(someone.person_id))
        assert (record.person_id, record.start_source) == (someone.person_id, "manager")
        assert kinds_of(session, check_out(session, record.id, viewer=someone, source="web", now=now + HOUR)) == []

    def test_nobody_walks_on_for_somebody_else(self, session, an_instrument, someone, a_viewer, now):
        with pytest.raises(Forbidden):
            check_in(session, an_instrument().id, viewer=someone, source="web", now=now, walk_on=WalkOn(a_viewer().person_id))

    def test_who_is_not_qualified_is_refused(self, session, an_instrument, a_person, a_viewer, now):
        instrument, person = an_instrument(needs_qualification=True), a_person()
        with pytest.raises(Refused) as caught:
            check_in(session, instrument.id, viewer=a_viewer(person=person), source="web", now=now)
        assert [refusal.code for refusal in caught.value.refusals] == ["qualification"]
        grant_qualification(session, person.id, instrument.id, grade=1, expires_on=None, by=person.id, now=now)
        assert check_in(session, instrument.id, viewer=a_viewer(person=person), source="web", now=now).status == "running"

    def test_a_closed_instrument_is_not_used(self, session, an_instrument, someone, now):
        instrument = an_instrument()
        span = TimeSpan(now - HOUR, now + HOUR)
        close(session, instrument, span, kind="maintenance", reason="保养", time_zone="Asia/Shanghai", now=now, by=None)
        session.flush()
        with pytest.raises(Refused) as caught:
            check_in(session, instrument.id, viewer=someone, source="web", now=now)
        assert [refusal.code for refusal in caught.value.refusals] == ["closed"]

    def test_where_a_booking_needs_approval_one_asks_first(self, session, an_instrument, someone, now):
        instrument = an_instrument(rules=[{"kind": "approval", "parameters": {}}])
        with pytest.raises(Refused) as caught:
            check_in(session, instrument.id, viewer=someone, source="web", now=now)
        assert [refusal.code for refusal in caught.value.refusals] == ["ask_first"]

    def test_an_organisation_may_want_bookings(self, session, an_instrument, someone, a_person, a_viewer, now):
        instrument, admin = an_instrument(), a_person()
        grant(session, admin, "organisation_admin", organisation=instrument.organisation, now=now)
        session.flush()
        set_policy(session, instrument.organisation_id, Policy(walk_on=False), viewer=a_viewer(person=admin), now=now)
        session.flush()
        with pytest.raises(Refused) as caught:
            check_in(session, instrument.id, viewer=someone, source="web", now=now)
        assert [refusal.code for refusal in caught.value.refusals] == ["book_first"]

    def test_what_is_booked_by_another_is_taken_but_not_for_its_manager(self, session, an_instrument, a_booking, someone, a_manager):
        instrument = an_instrument()
        one = a_booking(instrument=instrument)
        with pytest.raises(Taken):
            check_in(session, instrument.id, viewer=someone, source="web", now=one.start_at)
        manager = a_manager(instrument)
        record = check_in(session, instrument.id, viewer=manager, source="web", now=one.start_at, walk_on=WalkOn(someone.person_id))
        assert record.lane == one.lane

    def test_the_free_lane_is_taken(self, session, an_instrument, a_booking, someone, now):
        instrument = an_instrument(lanes=2)
        one = a_booking(instrument=instrument)
        assert check_in(session, instrument.id, viewer=someone, source="web", now=one.start_at).lane == 2

    def test_a_foreign_group_is_refused(self, session, an_instrument, someone, a_group, now):
        with pytest.raises(Invalid):
            check_in(session, an_instrument().id, viewer=someone, source="web", now=now, walk_on=WalkOn(group_id=a_group().id))

    def test_an_unpublished_instrument_is_not_there(self, session, an_instrument, someone, now):
        with pytest.raises(NotFound):
            check_in(session, an_instrument(publication="draft").id, viewer=someone, source="web", now=now)
