"""Move, note and cancel."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.errors import Changed, Forbidden, Invalid, NotFound, OutOfOrder, Refused, Taken
from instruments.people import join
from instruments.roles import grant
from instruments.timespan import TimeSpan
from scheduling.bookings import Booking
from scheduling.changing import annotate, cancel, move

APPROVAL = {"kind": "approval", "parameters": {}}


@pytest.fixture
def someone(a_viewer):
    return a_viewer()


class TestMove:
    def test_it_is_a_new_version_linked_to_the_old(self, session, a_booking, someone, a_span, now):
        old = a_booking(viewer=someone, note="样品 3", mode="assisted", purpose="teaching")
        new = move(session, old.id, a_span(5, 2), viewer=someone, now=now)
        assert (old.status, old.holds) == ("moved", False)
        assert (new.uid, new.sequence, new.previous_id) == (old.uid, 1, old.id)
        assert (new.span, new.status, new.note, new.mode, new.purpose) == (a_span(5, 2), "confirmed", "样品 3", "assisted", "teaching")

    def test_its_own_time_does_not_stand_in_its_way(self, session, a_booking, someone, a_span, now):
        old = a_booking(viewer=someone, span=a_span(1, 2))
        assert move(session, old.id, a_span(2, 2), viewer=someone, now=now).span == a_span(2, 2)

    def test_its_own_time_does_not_use_up_its_quota(self, session, a_booking, an_instrument, someone, a_span, now):
        quota = {"kind": "quota", "parameters": {"most": 2, "period": "day"}}
        old = a_booking(instrument=an_instrument(rules=[quota]), viewer=someone, span=a_span(1, 2))
        assert move(session, old.id, a_span(4, 2), viewer=someone, now=now).status == "confirmed"

    def test_it_obeys_the_rules_and_leaves_everything_where_they_say_no(self, session, a_booking, an_instrument, someone, a_span, now):
        instrument = an_instrument(rules=[{"kind": "longest", "parameters": {"minutes": 60}}])
        old = a_booking(instrument=instrument, viewer=someone)
        a_booking(instrument=instrument, span=a_span(4))
        with pytest.raises(Taken) as caught:
            move(session, old.id, a_span(4, 2), viewer=someone, now=now)
        assert [refusal.code for refusal in caught.value.refusals] == ["taken", "longest"]
        assert (old.status, old.holds) == ("confirmed", True)

    def test_it_may_go_to_another_instrument(self, session, a_booking, an_instrument, someone, a_span, now):
        old, other = a_booking(viewer=someone), an_instrument()
        new = move(session, old.id, old.span, viewer=someone, now=now, instrument_id=other.id)
        assert (new.instrument_id, new.span, old.status) == (other.id, old.span, "moved")

    def test_to_an_instrument_that_is_not_there_or_not_to_be_seen_it_does_not_go(self, session, a_booking, an_instrument, someone, a_span, now):
        old = a_booking(viewer=someone)
        for target in (999_999, an_instrument(publication="draft").id):
            with pytest.raises(NotFound):
                move(session, old.id, a_span(4), viewer=someone, now=now, instrument_id=target)

    def test_to_where_it_is_it_stays_the_same_booking(self, session, a_booking, someone, a_span, now):
        old = a_booking(viewer=someone)
        same = move(session, old.id, a_span(), viewer=someone, now=now, note="新备注")
        assert (same.id, same.status, same.note, same.sequence) == (old.id, "confirmed", "新备注", 0)

    def test_where_approval_is_needed_it_is_asked_for_again(self, session, a_booking, an_instrument, someone, a_span, now):
        old = a_booking(instrument=an_instrument(rules=[APPROVAL]), viewer=someone)
        old.status = "confirmed"
        assert move(session, old.id, a_span(4), viewer=someone, now=now).status == "requested"

    def test_a_manager_who_moves_it_approves_it_thereby(self, session, a_booking, an_instrument, someone, a_manager, a_span, now):
        instrument = an_instrument(rules=[APPROVAL])
        old = a_booking(instrument=instrument, viewer=someone)
        old.status = "confirmed"
        new = move(session, old.id, a_span(4), viewer=a_manager(instrument), now=now)
        assert (new.status, new.person_id, new.audience) == ("confirmed", someone.person_id, "academic")

    def test_a_request_a_manager_moves_stays_a_request(self, session, a_booking, an_instrument, someone, a_manager, a_span, now):
        instrument = an_instrument(rules=[APPROVAL])
        old = a_booking(instrument=instrument, viewer=someone)
        assert move(session, old.id, a_span(4), viewer=a_manager(instrument), now=now).status == "requested"

    def test_it_is_judged_by_the_standing_of_its_person_not_of_who_moves_it(self, session, a_booking, an_instrument, someone, a_manager, a_span, now):
        instrument = an_instrument(rules=[{"kind": "quota", "parameters": {"most": 3, "period": "day"}}])
        manager = a_manager(instrument)
        a_booking(instrument=instrument, viewer=manager, span=a_span(8, 3))
        mine = a_booking(instrument=instrument, viewer=someone, span=a_span(1))
        a_booking(instrument=instrument, viewer=someone, span=a_span(2))
        with pytest.raises(Refused) as caught:
            move(session, mine.id, a_span(4, 3), viewer=manager, now=now)
        assert [refusal.code for refusal in caught.value.refusals] == ["quota"]
        assert move(session, mine.id, a_span(4, 2), viewer=manager, now=now).person_id == someone.person_id

    def test_a_pi_moves_what_her_group_booked(self, session, a_booking, a_person, a_viewer, a_group, a_span, now):
        student, pi = a_person(), a_person()
        group = a_group(student, pi=pi)
        old = a_booking(viewer=a_viewer(person=student), group_id=group.id)
        new = move(session, old.id, a_span(4), viewer=a_viewer(person=pi), now=now)
        assert (new.person_id, new.group_id) == (student.id, group.id)

    def test_who_left_the_group_still_moves_what_was_booked_for_it(self, session, a_booking, a_person, a_viewer, a_group, a_span, now):
        student = a_person()
        group = a_group(student)
        old = a_booking(viewer=a_viewer(person=student), group_id=group.id)
        session.delete(join(session, group, student))
        session.flush()
        assert move(session, old.id, a_span(4), viewer=a_viewer(person=student), now=now).group_id == group.id

    def test_another_persons_booking_is_not_found(self, session, a_booking, a_viewer, a_span, now):
        with pytest.raises(NotFound):
            move(session, a_booking().id, a_span(4), viewer=a_viewer(), now=now)

    def test_a_group_member_who_is_no_pi_does_not_even_see_it(self, session, a_booking, a_person, a_viewer, a_group, a_span, now):
        one, two = a_person(), a_person()
        group = a_group(one, two)
        old = a_booking(viewer=a_viewer(person=one), group_id=group.id)
        with pytest.raises(NotFound):
            move(session, old.id, a_span(4), viewer=a_viewer(person=two), now=now)

    def test_what_has_begun_is_moved_by_the_manager_only(self, session, a_booking, someone, a_manager, a_span, now):
        old = a_booking(viewer=someone, span=a_span(1, 4))
        later = now + timedelta(hours=2)
        with pytest.raises(OutOfOrder):
            move(session, old.id, a_span(5), viewer=someone, now=later)
        assert move(session, old.id, a_span(5), viewer=a_manager(old.instrument), now=later).status == "confirmed"

    @pytest.mark.parametrize("status", ["moved", "cancelled", "declined", "expired", "finished", "no_show", "running"])
    def test_what_is_over_or_running_stays(self, session, a_booking, someone, a_span, now, status):
        old = a_booking(viewer=someone)
        old.status, old.holds = status, status in ("finished", "no_show", "running")
        session.flush()
        with pytest.raises(OutOfOrder):
            move(session, old.id, a_span(4), viewer=someone, now=now)

    def test_who_saw_an_older_version_is_told_how_it_is_now(self, session, a_booking, someone, a_span, now):
        one = a_booking(viewer=someone)
        annotate(session, one.id, "changed", viewer=someone, now=now)
        session.flush()
        with pytest.raises(Changed) as caught:
            move(session, one.id, a_span(4), viewer=someone, now=now, version=1)
        assert caught.value.changes["status"] == ("confirmed", None)
        assert "confirmed" in caught.value.sentence.en

    @pytest.mark.parametrize(("hours", "field"), [(24 * 93, "end"), (1, "start")])
    def test_times_out_of_all_bounds_are_refused(self, session, a_booking, someone, now, hours, field):
        old = a_booking(viewer=someone)
        start = now + timedelta(days=1 if field == "end" else 5000)
        with pytest.raises(Invalid) as caught:
            move(session, old.id, TimeSpan(start, start + timedelta(hours=hours)), viewer=someone, now=now)
        assert caught.value.field == field

    def test_a_chain_of_moves_can_be_followed_back(self, session, a_booking, someone, a_span, now):
        one = a_booking(viewer=someone)
        two = move(session, one.id, a_span(4), viewer=someone, now=now)
        three = move(session, two.id, a_span(6), viewer=someone, now=now)
        assert (three.sequence, three.previous_id, session.get(Booking, three.previous_id).previous_id) == (2, two.id, one.id)


class TestNote:
    def test_only_the_note_changes(self, session, a_booking, someone, now):
        one = annotate(session, a_booking(viewer=someone).id, " 改了 ", viewer=someone, now=now)
        assert (one.note, one.status, one.sequence) == ("改了", "confirmed", 0)

    def test_a_note_too_long_is_refused(self, session, a_booking, someone, now):
        with pytest.raises(Invalid):
            annotate(session, a_booking(viewer=someone).id, "x" * 501, viewer=someone, now=now)

    def test_what_is_over_keeps_its_note(self, session, a_booking, someone, now):
        one = cancel(session, a_booking(viewer=someone).id, viewer=someone, now=now)
        session.flush()
        with pytest.raises(OutOfOrder):
            annotate(session, one.id, "later", viewer=someone, now=now)


class TestCancel:
    def test_it_gives_the_time_back(self, session, a_booking, an_instrument, someone, now):
        instrument = an_instrument()
        one = cancel(session, a_booking(instrument=instrument, viewer=someone).id, viewer=someone, now=now)
        assert (one.status, one.holds) == ("cancelled", False)
        session.flush()
        assert a_booking(instrument=instrument).status == "confirmed"

    def test_a_request_is_withdrawn(self, session, a_booking, an_instrument, someone, now):
        one = a_booking(instrument=an_instrument(rules=[APPROVAL]), viewer=someone)
        assert cancel(session, one.id, viewer=someone, now=now).status == "cancelled"

    def test_a_manager_says_why(self, session, a_booking, someone, a_manager, now):
        one = a_booking(viewer=someone)
        manager = a_manager(one.instrument)
        with pytest.raises(Invalid) as caught:
            cancel(session, one.id, viewer=manager, now=now, reason="  ")
        assert caught.value.field == "reason"
        assert cancel(session, one.id, viewer=manager, now=now, reason="真空故障").reason == "真空故障"

    def test_her_own_booking_she_cancels_without(self, session, a_booking, an_instrument, a_manager, now):
        instrument = an_instrument()
        manager = a_manager(instrument)
        one = a_booking(instrument=instrument, viewer=manager)
        assert cancel(session, one.id, viewer=manager, now=now).status == "cancelled"

    def test_what_has_begun_is_cancelled_by_the_manager_only(self, session, a_booking, someone, a_manager, now):
        one = a_booking(viewer=someone)
        with pytest.raises(OutOfOrder):
            cancel(session, one.id, viewer=someone, now=one.start_at + timedelta(minutes=1))
        later = one.start_at + timedelta(minutes=1)
        assert cancel(session, one.id, viewer=a_manager(one.instrument), now=later, reason="没来").status == "cancelled"

    def test_nothing_is_cancelled_twice(self, session, a_booking, someone, now):
        one = cancel(session, a_booking(viewer=someone).id, viewer=someone, now=now)
        session.flush()
        with pytest.raises(OutOfOrder):
            cancel(session, one.id, viewer=someone, now=now)

    def test_an_auditor_sees_and_may_not(self, session, a_booking, a_person, a_viewer, now):
        auditor = a_person()
        grant(session, auditor, "auditor", now=now)
        session.flush()
        with pytest.raises(Forbidden):
            cancel(session, a_booking().id, viewer=a_viewer(person=auditor), now=now)
