"""What a manager writes down afterwards: past uses, sample services; and what is refused."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Taken
from instruments.roles import grant
from instruments.timespan import TimeSpan
from scheduling.checkin import WalkOn, check_in
from scheduling.desk import mark_no_show
from scheduling.particulars import Particulars, particulars_of
from scheduling.recording import UseEntry, record_use
from scheduling.usageproblems import open_problems_of
from scheduling.usepolicy import Policy, policy_of, set_policy

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def settings(session, a_person, a_viewer, now):
    def give(organisation, **changes):
        admin = a_person()
        grant(session, admin, "organisation_admin", organisation=organisation, now=now)
        session.flush()
        set_policy(session, organisation.id, Policy(**changes), viewer=a_viewer(person=admin), now=now)
        session.flush()

    return give


class TestRecording:
    def test_the_manager_writes_down_a_use_that_is_over(self, a_usage, a_past_span, a_person):
        person = a_person()
        one = a_usage(person=person, span=a_past_span(3, 1.5), startup_minutes=20, post_minutes=10, samples=2, purpose="development")
        assert (one.status, one.person_id, one.effective_minutes, one.samples) == ("recorded", person.id, 120, 2)
        assert (one.provenance, one.start_source, one.end_source, one.purpose) == ("manager", "manager", "manager", "development")
        assert one.occupies

    def test_the_users_standing_is_the_users_not_the_managers(self, a_usage, an_instrument, a_person, an_organisation):
        one = a_usage(person=a_person(organisation=an_organisation(kind="enterprise")), instrument=an_instrument())
        assert (one.audience, one.is_external) == ("enterprise", True)

    @pytest.mark.parametrize(("hours_ago", "hours"), [(1, 1.5), (-1, 1)], ids=["ends later", "begins later"])
    def test_the_future_is_refused(self, a_usage, a_past_span, hours_ago, hours):
        with pytest.raises(Invalid) as caught:
            a_usage(span=a_past_span(hours_ago, hours))
        assert "future" in caught.value.sentence.en

    def test_up_to_this_moment_is_fine(self, a_usage, a_past_span):
        assert a_usage(span=a_past_span(1, 1)).effective_minutes == 60

    def test_the_end_before_the_start_is_no_span(self, now):
        with pytest.raises(Invalid) as caught:
            TimeSpan(now, now - HOUR)
        assert caught.value.field == "end"

    def test_over_another_use_of_the_lane_is_refused(self, a_usage, an_instrument, a_past_span):
        instrument = an_instrument()
        a_usage(instrument=instrument, span=a_past_span(3, 2), lane=1)
        with pytest.raises(Taken) as caught:
            a_usage(instrument=instrument, span=a_past_span(2, 2))
        assert caught.value.refusals[0].code == "use_overlap"

    def test_another_lane_is_found(self, a_usage, an_instrument, a_past_span):
        instrument = an_instrument(lanes=2)
        assert [a_usage(instrument=instrument, span=a_past_span(3, 2)).lane for _ in range(2)] == [1, 2]

    @pytest.mark.parametrize("lane", [0, 3])
    def test_a_lane_it_does_not_have_is_refused(self, a_usage, an_instrument, lane):
        with pytest.raises(Invalid):
            a_usage(instrument=an_instrument(lanes=2), lane=lane)

    def test_over_one_that_is_running_is_refused(self, session, a_usage, an_instrument, a_viewer, a_past_span, now):
        instrument = an_instrument()
        check_in(session, instrument.id, viewer=a_viewer(), source="web", now=now - HOUR)
        with pytest.raises(Taken):
            a_usage(instrument=instrument, span=a_past_span(0.5, 0.25))
        assert a_usage(instrument=instrument, span=a_past_span(2, 1)).status == "recorded"

    @pytest.mark.parametrize(("days", "is_late"), [(91, False), (93, True)])
    def test_only_within_the_back_fill_period(self, a_usage, now, days, is_late):
        span = TimeSpan(now - days * DAY, now - days * DAY + HOUR)
        if is_late:
            with pytest.raises(Invalid) as caught:
                a_usage(span=span)
            assert "92 days" in caught.value.sentence.en
        else:
            assert a_usage(span=span).status == "recorded"

    def test_the_period_is_the_organisations(self, a_usage, an_instrument, settings, now):
        instrument = an_instrument()
        settings(instrument.organisation, backfill_days=7)
        with pytest.raises(Invalid):
            a_usage(instrument=instrument, span=TimeSpan(now - 8 * DAY, now - 8 * DAY + HOUR))

    def test_nobody_else_writes_it_down(self, session, an_instrument, a_viewer, a_past_span, now):
        viewer = a_viewer()
        with pytest.raises(Forbidden):
            record_use(session, an_instrument().id, UseEntry(viewer.person_id, a_past_span()), viewer=viewer, now=now)
        with pytest.raises(NotFound):
            record_use(session, an_instrument(publication="draft").id, UseEntry(viewer.person_id, a_past_span()), viewer=viewer, now=now)

    @pytest.mark.parametrize(
        "changes",
        [
            {"mode": "x"}, {"purpose": "x"}, {"operator_id": 10**6}, {"group_id": 10**6}, {"booking_id": 10**6}, {"outcome": "x"},
            {"samples": -1}, {"runs": 10**7}, {"fault_minutes": 61}, {"effective_minutes": 61}, {"content": "x" * 501}, {"content": "a\x00"},
            {"quantities": (("g", Decimal("NaN")),)}, {"quantities": (("g", Decimal("1e400")),)}, {"quantities": (("g", Decimal(-1)),)},
            {"quantities": (("", Decimal(1)),)}, {"options": ("x" * 41,)},
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_refused(self, a_usage, changes):
        with pytest.raises(Invalid):
            a_usage(**changes)

    def test_nobody_unknown_uses_anything(self, session, an_instrument, a_manager, a_past_span, now):
        instrument = an_instrument()
        with pytest.raises(Invalid):
            record_use(session, instrument.id, UseEntry(10**6, a_past_span()), viewer=a_manager(instrument), now=now)

    def test_particulars_come_back_as_they_were_told(self, a_usage):
        told = {
            "quantities": (("gas", Decimal("2.5")),),
            "options": ("cryo",),
            "effective_minutes": 45,
            "content": "断口",
            "project": "合金",
            "runs": 3,
        }
        assert particulars_of(a_usage(**told)) == Particulars(**told)


class TestBookings:
    def test_the_booking_of_that_time_is_found_and_done_with(self, session, a_usage, a_booking, a_person, a_viewer, a_past_span, now):
        person = a_person()
        one = a_booking(viewer=a_viewer(person=person), span=a_past_span(2, 1), at=now - 3 * HOUR)
        record = a_usage(instrument=one.instrument, person=person, span=a_past_span(2, 1))
        assert (record.booking_id, one.status, one.started_at, one.ended_at) == (one.id, "finished", record.start_at, record.end_at)
        assert open_problems_of(session, [record.id]) == {}

    def test_one_booking_has_one_record(self, a_usage, a_booking, a_person, a_viewer, a_past_span, now):
        person = a_person()
        one = a_booking(viewer=a_viewer(person=person), span=a_past_span(3, 2), at=now - 4 * HOUR)
        a_usage(instrument=one.instrument, person=person, span=a_past_span(3, 1))
        with pytest.raises(OutOfOrder):
            a_usage(instrument=one.instrument, person=person, span=a_past_span(2, 1), booking_id=one.id)
        assert a_usage(instrument=one.instrument, person=person, span=a_past_span(2, 1)).booking_id is None

    def test_somebody_elses_booking_is_not_taken(self, a_usage, a_booking, a_past_span, now):
        one = a_booking(span=a_past_span(2, 1), at=now - 3 * HOUR)
        with pytest.raises(Invalid):
            a_usage(instrument=one.instrument, span=a_past_span(2, 1), booking_id=one.id)
        assert a_usage(instrument=one.instrument, span=a_past_span(2, 1)).booking_id is None

    def test_a_booking_nobody_came_to_was_not_used(self, session, a_usage, a_booking, a_person, a_viewer, a_manager, a_past_span, now):
        person = a_person()
        one = a_booking(viewer=a_viewer(person=person), span=a_past_span(2, 1), at=now - 3 * HOUR)
        mark_no_show(session, one.id, viewer=a_manager(one.instrument), now=now)
        with pytest.raises(OutOfOrder):
            a_usage(instrument=one.instrument, person=person, span=a_past_span(2, 1), booking_id=one.id)

    def test_the_group_is_the_bookings(self, a_usage, a_booking, a_person, a_viewer, a_group, a_past_span, now):
        person = a_person()
        group = a_group(person)
        one = a_booking(viewer=a_viewer(person=person), span=a_past_span(2, 1), at=now - 3 * HOUR, group_id=group.id)
        assert a_usage(instrument=one.instrument, person=person, span=a_past_span(2, 1)).group_id == group.id


class TestSamples:
    def test_a_sample_service_takes_nobodys_time_on_the_instrument(self, a_usage, an_instrument, a_past_span):
        instrument = an_instrument()
        a_usage(instrument=instrument, span=a_past_span(3, 2))
        one = a_usage(instrument=instrument, span=a_past_span(3, 2), mode="sample", samples=12, effective_minutes=90, content="XRD 物相")
        assert (one.occupies, one.samples, one.effective_minutes, one.booking_id) == (False, 12, 90, None)

    def test_unless_it_is_said_to(self, a_usage, an_instrument, a_past_span):
        instrument = an_instrument()
        a_usage(instrument=instrument, span=a_past_span(3, 2))
        with pytest.raises(Taken):
            a_usage(instrument=instrument, span=a_past_span(3, 2), mode="sample", occupies=True)

    def test_without_samples_it_is_none(self, a_usage):
        with pytest.raises(Invalid) as caught:
            a_usage(mode="sample", samples=0)
        assert caught.value.field == "samples"

    def test_the_same_service_is_not_recorded_twice(self, a_usage, an_instrument, a_person, a_past_span):
        instrument, person = an_instrument(), a_person()
        a_usage(instrument=instrument, person=person, mode="sample")
        with pytest.raises(OutOfOrder):
            a_usage(instrument=instrument, person=person, mode="sample")


class TestPolicy:
    def test_an_organisation_that_said_nothing_has_the_defaults(self, session, an_organisation):
        assert policy_of(session, an_organisation().id) == Policy(92, 15, 24, True, None)

    def test_what_must_be_captured_automatically_is_looked_at(self, session, a_usage, an_instrument, settings):
        instrument = an_instrument(original_value=Decimal("500000.00"))
        settings(instrument.organisation, automatic_from_value=Decimal("500000.00"))
        one = a_usage(instrument=instrument)
        assert [problem.kind for problem in open_problems_of(session, [one.id])[one.id]] == ["unmatched"]

    def test_below_the_value_a_managers_word_is_enough(self, session, a_usage, an_instrument, settings):
        instrument = an_instrument(original_value=Decimal("499999.99"))
        settings(instrument.organisation, automatic_from_value=Decimal("500000.00"))
        assert open_problems_of(session, [a_usage(instrument=instrument).id]) == {}

    @pytest.mark.parametrize(
        "changes", [{"backfill_days": -1}, {"tolerance_minutes": 1441}, {"longest_hours": 0}, {"automatic_from_value": Decimal("NaN")}]
    )
    def test_what_cannot_be_is_refused(self, an_organisation, settings, changes):
        with pytest.raises(Invalid):
            settings(an_organisation(), **changes)

    def test_only_its_administrator_sets_it(self, session, an_organisation, a_viewer, now):
        with pytest.raises(NotFound):
            set_policy(session, an_organisation().id, Policy(), viewer=a_viewer(), now=now)


def test_the_manager_may_let_a_disabled_person_walk_on_no_more(session, an_instrument, a_person, a_manager, now):
    instrument = an_instrument()
    with pytest.raises(Invalid):
        check_in(
            session, instrument.id, viewer=a_manager(instrument), source="web", now=now, walk_on=WalkOn(a_person(status="disabled").id)
        )
