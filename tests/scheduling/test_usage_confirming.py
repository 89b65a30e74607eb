"""Confirm, open again, correct, rate; and the problem queue that stands before all that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from instruments.errors import Changed, Forbidden, Invalid, NotFound, OutOfOrder, Taken
from instruments.people import join
from scheduling.checkin import check_in, check_out
from scheduling.confirming import confirm_use, rate_use, reopen_use
from scheduling.correcting import correct_use, entry_of, void_use, with_span
from scheduling.unended import note_unended
from scheduling.usageproblems import open_problem, open_problems_of, problems_on, resolve_problem

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def kept(session, an_instrument, a_manager, a_usage):
    """A recorded use and the manager of its instrument."""
    instrument = an_instrument()
    manager = a_manager(instrument)
    return a_usage(instrument=instrument, manager=manager), manager


@pytest.fixture
def walked(session, an_instrument, a_manager, a_viewer, now):
    """A use outside any booking, with its problem, and its manager."""
    instrument = an_instrument()
    record = check_in(session, instrument.id, viewer=a_viewer(), source="qr", now=now - 2 * HOUR)
    manager = a_manager(instrument)
    check_out(session, record.id, viewer=manager, source="web", now=now, ended_at=now - HOUR)
    (problem,) = open_problems_of(session, [record.id])[record.id]
    return record, manager, problem


class TestConfirming:
    def test_the_manager_confirms_and_again_changes_nothing(self, session, kept, now):
        one, manager = kept
        assert confirm_use(session, one.id, viewer=manager, now=now).status == "confirmed"
        again = confirm_use(session, one.id, viewer=manager, now=now + HOUR)
        assert (again.confirmed_by, again.confirmed_at) == (manager.person_id, now)

    def test_nobody_else_does(self, session, kept, a_viewer, a_person, now):
        one, _ = kept
        with pytest.raises(Forbidden):
            confirm_use(session, one.id, viewer=a_viewer(person=one.person), now=now)
        with pytest.raises(NotFound):
            confirm_use(session, one.id, viewer=a_viewer(), now=now)

    def test_not_while_it_runs(self, session, an_instrument, a_viewer, a_manager, now):
        instrument = an_instrument()
        record = check_in(session, instrument.id, viewer=a_viewer(), source="web", now=now)
        with pytest.raises(OutOfOrder):
            confirm_use(session, record.id, viewer=a_manager(instrument), now=now + HOUR)

    def test_not_over_somebody_elses_change(self, session, kept, now):
        one, manager = kept
        with pytest.raises(Changed):
            confirm_use(session, one.id, viewer=manager, now=now, version=one.version + 1)

    def test_a_problem_blocks_it_until_it_is_resolved_with_a_reason(self, session, walked, now):
        one, manager, problem = walked
        with pytest.raises(OutOfOrder) as caught:
            confirm_use(session, one.id, viewer=manager, now=now)
        assert "outside any booking" in caught.value.sentence.en
        with pytest.raises(Invalid):
            resolve_problem(session, problem.id, viewer=manager, now=now, resolution="accepted", reason=" ")
        resolve_problem(session, problem.id, viewer=manager, now=now, resolution="accepted", reason="口头约定")
        assert confirm_use(session, one.id, viewer=manager, now=now).status == "confirmed"
        assert (problem.resolved_by, problem.reason) == (manager.person_id, "口头约定")

    def test_a_confirmation_is_taken_back_with_a_reason(self, session, kept, now):
        one, manager = kept
        confirm_use(session, one.id, viewer=manager, now=now)
        with pytest.raises(Invalid):
            reopen_use(session, one.id, viewer=manager, now=now, reason="")
        assert reopen_use(session, one.id, viewer=manager, now=now, reason="时间有误").status == "recorded"
        with pytest.raises(OutOfOrder):
            reopen_use(session, one.id, viewer=manager, now=now, reason="再来")


class TestCorrecting:
    def test_a_new_record_replaces_the_old_one(self, session, kept, now):
        one, manager = kept
        entry = replace(entry_of(one), known=replace(entry_of(one).known, fault_minutes=15, samples=4))
        new = correct_use(session, one.id, entry, viewer=manager, now=now, reason="扣除故障")
        assert (one.status, one.reason, new.replaces_id, new.status) == ("void", "扣除故障", one.id, "recorded")
        assert (new.effective_minutes, new.samples, new.person_id, new.lane) == (45, 4, one.person_id, one.lane)

    def test_a_time_that_stays_keeps_where_it_comes_from(self, session, walked, now):
        one, manager, _ = walked
        entry = with_span(entry_of(one), one.start_at, one.end_at - 30 * MINUTE)
        new = correct_use(session, one.id, entry, viewer=manager, now=now, reason="提前离开")
        assert (new.start_source, new.start_by, new.end_source, new.end_by) == ("qr", one.start_by, "manager", manager.person_id)
        assert new.effective_minutes == 30

    def test_its_problems_are_closed_with_the_reason(self, session, walked, now):
        one, manager, problem = walked
        new = correct_use(session, one.id, entry_of(one), viewer=manager, now=now, reason="补充说明")
        assert (problem.resolution, problem.reason) == ("corrected", "补充说明")
        assert confirm_use(session, new.id, viewer=manager, now=now).status == "confirmed"

    def test_how_the_user_stood_stays_frozen(self, session, kept, a_group, now):
        one, manager = kept
        group = a_group(organisation=one.owner)
        join(session, group, one.person)
        one.instrument.group_id = group.id
        one.person.organisation_id = one.owner_id
        session.flush()
        new = correct_use(session, one.id, entry_of(one), viewer=manager, now=now, reason="x")
        assert (new.audience, new.is_external, new.organisation_id) == (one.audience, True, one.organisation_id)

    def test_for_another_person_it_is_the_other_persons(self, session, kept, a_person, now):
        one, manager = kept
        other = a_person(organisation=one.owner)
        new = correct_use(session, one.id, replace(entry_of(one), person_id=other.id), viewer=manager, now=now, reason="登记错人")
        assert (new.person_id, new.audience, new.is_external) == (other.id, "internal", False)

    def test_the_booking_goes_along(self, session, a_booking, a_viewer, a_manager):
        viewer = a_viewer()
        booked = a_booking(viewer=viewer)
        record = check_in(session, booked.instrument_id, viewer=viewer, source="web", now=booked.start_at)
        check_out(session, record.id, viewer=viewer, source="web", now=booked.end_at)
        new = correct_use(session, record.id, entry_of(record), viewer=a_manager(booked.instrument), now=booked.end_at, reason="x")
        assert (new.booking_id, record.booking_id, record.status) == (booked.id, booked.id, "void")

    def test_a_reason_is_needed_and_only_the_manager_corrects(self, session, kept, a_viewer, now):
        one, manager = kept
        with pytest.raises(Invalid):
            correct_use(session, one.id, entry_of(one), viewer=manager, now=now, reason="")
        with pytest.raises(Forbidden):
            correct_use(session, one.id, entry_of(one), viewer=a_viewer(person=one.person), now=now, reason="x")

    def test_not_over_another_use(self, session, kept, a_usage, a_past_span, now):
        one, manager = kept
        a_usage(instrument=one.instrument, manager=manager, span=a_past_span(4, 1))
        entry = with_span(entry_of(one), now - 4 * HOUR, now - HOUR)
        with pytest.raises(Taken):
            correct_use(session, one.id, entry, viewer=manager, now=now, reason="x")

    def test_what_is_confirmed_is_opened_first(self, session, kept, now):
        one, manager = kept
        confirm_use(session, one.id, viewer=manager, now=now)
        with pytest.raises(OutOfOrder):
            correct_use(session, one.id, entry_of(one), viewer=manager, now=now, reason="x")
        with pytest.raises(OutOfOrder):
            void_use(session, one.id, viewer=manager, now=now, reason="x")
        reopen_use(session, one.id, viewer=manager, now=now, reason="x")
        assert correct_use(session, one.id, entry_of(one), viewer=manager, now=now, reason="x").status == "recorded"

    def test_what_was_no_use_becomes_void(self, session, kept, now):
        one, manager = kept
        assert void_use(session, one.id, viewer=manager, now=now, reason="误登记").status == "void"
        with pytest.raises(OutOfOrder):
            confirm_use(session, one.id, viewer=manager, now=now)


class TestProblems:
    def test_a_problem_is_there_once_however_often_it_is_found(self, session, kept, now):
        one, _ = kept
        first = open_problem(session, "disagreement", instrument_id=one.instrument_id, usage_id=one.id, detail={"minutes": 20}, now=now)
        again = open_problem(session, "disagreement", instrument_id=one.instrument_id, usage_id=one.id, detail={"minutes": 30}, now=now)
        assert first is again
        assert first.detail == {"minutes": 30}

    def test_to_void_one_is_to_resolve_it(self, session, walked, now):
        one, manager, problem = walked
        resolve_problem(session, problem.id, viewer=manager, now=now, resolution="voided", reason="误扫")
        assert (one.status, problem.resolution) == ("void", "voided")

    def test_it_is_resolved_once_and_by_its_manager(self, session, walked, a_viewer, a_manager, an_instrument, now):
        _, manager, problem = walked
        for stranger in (a_viewer(), a_manager(an_instrument())):
            with pytest.raises(NotFound):
                resolve_problem(session, problem.id, viewer=stranger, now=now, resolution="accepted", reason="x")
        resolve_problem(session, problem.id, viewer=manager, now=now, resolution="accepted", reason="x")
        with pytest.raises(OutOfOrder):
            resolve_problem(session, problem.id, viewer=manager, now=now, resolution="accepted", reason="x")

    def test_readings_without_a_use_are_a_problem_of_the_instrument(self, session, an_instrument, a_manager, now):
        instrument = an_instrument()
        one = open_problem(session, "unmatched", instrument_id=instrument.id, detail={"minutes": 90}, now=now)
        assert problems_on(session, type(instrument).id == instrument.id) == [one]
        resolve_problem(session, one.id, viewer=a_manager(instrument), now=now, resolution="accepted", reason="预热")
        assert problems_on(session, type(instrument).id == instrument.id) == []

    def test_a_use_nobody_ended_is_noticed_after_its_booking(self, session, a_booking, a_viewer, a_manager):
        viewer = a_viewer()
        booked = a_booking(viewer=viewer)
        record = check_in(session, booked.instrument_id, viewer=viewer, source="web", now=booked.start_at)
        assert note_unended(session, now=booked.end_at + 14 * MINUTE) == []
        (problem,) = note_unended(session, now=booked.end_at + 15 * MINUTE)
        assert (problem.kind, problem.usage_id) == ("no_end", record.id)
        assert note_unended(session, now=booked.end_at + HOUR) == []
        manager = a_manager(booked.instrument)
        with pytest.raises(OutOfOrder):
            resolve_problem(session, problem.id, viewer=manager, now=booked.end_at + HOUR, resolution="accepted", reason="x")
        check_out(session, record.id, viewer=manager, source="web", now=booked.end_at + HOUR, ended_at=booked.end_at)
        with pytest.raises(OutOfOrder):
            confirm_use(session, record.id, viewer=manager, now=booked.end_at + HOUR)
        resolve_problem(session, problem.id, viewer=manager, now=booked.end_at + HOUR, resolution="accepted", reason="忘记签退")
        assert confirm_use(session, record.id, viewer=manager, now=booked.end_at + HOUR).status == "confirmed"

    def test_and_a_walk_on_after_a_day(self, session, an_instrument, a_viewer, now):
        check_in(session, an_instrument().id, viewer=a_viewer(), source="qr", now=now)
        assert note_unended(session, now=now + 23 * HOUR) == []
        assert [problem.kind for problem in note_unended(session, now=now + 24 * HOUR)] == ["no_end"]


class TestRating:
    def test_the_user_rates_and_may_think_again(self, session, kept, a_viewer, now):
        one, _ = kept
        user = a_viewer(person=one.person)
        rate_use(session, one.id, "satisfied", viewer=user, now=now)
        rate_use(session, one.id, "fair", " 针尖旧了 ", viewer=user, now=now + HOUR)
        assert (one.rating, one.comment, one.rated_at) == ("fair", "针尖旧了", now + HOUR)

    def test_nobody_else_does(self, session, kept, now):
        one, manager = kept
        with pytest.raises(Forbidden):
            rate_use(session, one.id, "satisfied", viewer=manager, now=now)

    @pytest.mark.parametrize(("rating", "comment"), [("", ""), ("great", ""), ("fair", "x" * 501), ("fair", "\x00")])
    def test_what_cannot_be_is_refused(self, session, kept, a_viewer, now, rating, comment):
        one, _ = kept
        with pytest.raises(Invalid):
            rate_use(session, one.id, rating, comment, viewer=a_viewer(person=one.person), now=now)

    def test_not_before_it_is_over(self, session, an_instrument, a_viewer, now):
        viewer = a_viewer()
        record = check_in(session, an_instrument().id, viewer=viewer, source="web", now=now)
        with pytest.raises(OutOfOrder):
            rate_use(session, record.id, "fair", viewer=viewer, now=now)
