"""What devices saw, matched with what people recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from instruments.access import Grant, Viewer
from instruments.errors import OutOfOrder, Sentence
from instruments.timespan import TimeSpan
from scheduling.bookings import Booking
from scheduling.cards import give_card, take_card_back
from scheduling.confirming import confirm_use
from scheduling.gateways import Device, add_gateway, assign
from scheduling.matching import match_due
from scheduling.readings import Sample, take_batch
from scheduling.switchedon import SwitchedOn, work_off
from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem

MINUTE = timedelta(minutes=1)


@pytest.fixture
def instrument(an_instrument):
    return an_instrument()


@pytest.fixture
def keeper(instrument, a_person):
    return Viewer(person_id=a_person().id, grants=(Grant("organisation_admin", organisation_id=instrument.organisation_id),))


@pytest.fixture
def gateway(session, instrument, keeper, now):
    return add_gateway(session, instrument.organisation_id, "Basement", viewer=keeper, now=now)


@pytest.fixture
def see(session, gateway, instrument, keeper, now):
    """`see(from_minute, until_minute)`: the meter sees the instrument on between these minutes before now, and all is matched."""
    batches = []

    def run(start, end, *, card="", drift=0):
        kind = "card" if card else "power"
        if card:
            samples = [Sample("K1", kind, now - start * MINUTE, 1, card), Sample("K1", kind, now - end * MINUTE, 0, card)]
        else:
            samples = [Sample("P1", kind, now - minute * MINUTE, 500_000) for minute in range(end + 1, start + 1)]
            samples.append(Sample("P1", kind, now - end * MINUTE, 0))
        batches.append(1)
        take_batch(session, gateway, f"b{len(batches)}", str(len(batches)), samples, sent_at=now + timedelta(seconds=drift), now=now)
        for device in session.scalars(select(Device).where(Device.instrument_id.is_(None))):
            assign(session, device.id, instrument.id, viewer=keeper)
        session.flush()
        work_off(session)
        session.flush()
        match_due(session, now=now)
        session.flush()

    return run


def spanned(now, start, end):
    return TimeSpan(now - start * MINUTE, now - end * MINUTE)


def uses(session):
    return session.scalars(select(UsageRecord).order_by(UsageRecord.start_at)).all()


def problems(session):
    return {one.kind: one for one in session.scalars(select(UsageProblem).where(UsageProblem.resolved_at.is_(None)))}


class TestAgreement:
    def test_a_record_takes_the_meters_times_where_both_mean_the_same(self, session, instrument, a_usage, see, now):
        use = a_usage(instrument=instrument, span=spanned(now, 120, 60))
        see(125, 58)
        assert (use.start_at, use.end_at) == (now - 125 * MINUTE, now - 58 * MINUTE)
        assert (use.start_source, use.end_source, use.start_by, use.effective_minutes) == ("meter", "meter", None, 67)
        assert problems(session) == {}

    def test_a_confirmed_use_keeps_its_times(self, instrument, a_usage, see, now):
        use = a_usage(instrument=instrument, span=spanned(now, 120, 60), confirmed=True)
        see(125, 58)
        assert (use.start_at, use.start_source) == (now - 120 * MINUTE, "manager")

    def test_minutes_that_were_stated_stay_stated(self, instrument, a_usage, see, now):
        use = a_usage(instrument=instrument, span=spanned(now, 120, 60), effective_minutes=30)
        see(125, 58)
        assert use.effective_minutes == 30

    def test_left_on_between_two_users_nobodys_time_is_the_others(self, session, instrument, a_usage, see, now):
        first, second = (
            a_usage(instrument=instrument, span=spanned(now, 120, 60)),
            a_usage(instrument=instrument, span=spanned(now, 60, 10)),
        )
        see(121, 8)
        assert (first.start_at, first.end_at) == (now - 121 * MINUTE, now - 60 * MINUTE)
        assert (second.start_at, second.end_at) == (now - 60 * MINUTE, now - 8 * MINUTE)
        assert problems(session) == {}


class TestDisagreement:
    def test_a_use_in_the_dark_goes_to_the_queue_and_cannot_be_confirmed(self, session, instrument, a_usage, a_manager, see, now):
        use = a_usage(instrument=instrument, span=spanned(now, 180, 60))
        see(180, 120)
        problem = problems(session)["disagreement"]
        assert (problem.usage_id, problem.detail["off_minutes"]) == (use.id, 60)
        with pytest.raises(Exception, match="problems"):
            confirm_use(session, use.id, viewer=a_manager(instrument), now=now)

    def test_readings_that_come_later_settle_it(self, session, instrument, a_usage, see, now):
        a_usage(instrument=instrument, span=spanned(now, 180, 60))
        see(180, 120)
        see(120, 60)
        assert problems(session) == {}
        assert session.scalars(select(UsageProblem)).one().resolution == "accepted"

    def test_running_on_long_after_the_recorded_end_goes_to_the_queue(self, session, instrument, a_usage, see, now):
        use = a_usage(instrument=instrument, span=spanned(now, 180, 120))
        see(180, 30)
        problem = problems(session)["disagreement"]
        assert (problem.usage_id, problem.detail["on_minutes"]) == (use.id, 90)

    def test_times_by_a_clock_that_is_wrong_are_told(self, session, instrument, a_usage, see, now):
        a_usage(instrument=instrument, span=spanned(now, 120, 60))
        see(120, 60, drift=600)
        assert problems(session)["clock"].detail == {"drift_seconds": 600}


class TestWithoutARecord:
    def test_the_booking_it_meets_says_whose_use_it_was(self, session, instrument, a_booking, a_viewer, see, now):
        booked = a_booking(instrument=instrument, viewer=a_viewer(), span=spanned(now, 120, 60), at=now - timedelta(hours=5))
        see(118, 62)
        (use,) = uses(session)
        assert (use.booking_id, use.person_id, use.status, use.provenance) == (booked.id, booked.person_id, "recorded", "meter")
        assert session.get(Booking, booked.id).status == "finished"

    def test_a_cards_holder_says_it_too_and_no_booking_is_told(self, session, instrument, a_person, keeper, see, now):
        person = a_person(organisation=instrument.organisation)
        give_card(session, person, "digest", viewer=keeper, now=now - timedelta(days=1))
        see(120, 60, card="digest")
        (use,) = uses(session)
        assert (use.person_id, use.provenance, set(problems(session))) == (person.id, "card", {"outside_booking"})

    def test_a_card_in_somebodys_hands_is_not_given_to_another(self, session, instrument, a_person, keeper, now):
        give_card(session, a_person(organisation=instrument.organisation), "digest", viewer=keeper, now=now)
        other = a_person(organisation=instrument.organisation)
        with pytest.raises(OutOfOrder):
            give_card(session, other, "digest", viewer=keeper, now=now)

    def test_a_card_taken_back_says_nothing_of_later_times(self, session, instrument, a_person, keeper, see, now):
        card = give_card(session, a_person(organisation=instrument.organisation), "digest", viewer=keeper, now=now - timedelta(days=2))
        take_card_back(session, card.id, viewer=keeper, now=now - timedelta(days=1))
        see(120, 60, card="digest")
        assert uses(session) == []

    def test_nobody_known_goes_to_the_queue_of_the_instrument(self, session, instrument, see, now):
        see(120, 60)
        problem = problems(session)["outside_booking"]
        assert (problem.usage_id, problem.instrument_id, problem.detail["on_minutes"]) == (None, instrument.id, 60)
        assert session.scalars(select(SwitchedOn)).one().matching == "unmatched"

    def test_one_that_cannot_be_recorded_keeps_no_other_waiting(self, session, instrument, see, now, monkeypatch):
        def refuse(*_args, **_kwargs):
            raise OutOfOrder(Sentence("不行", "No"))

        monkeypatch.setattr("scheduling.matching._compare", refuse)
        monkeypatch.setattr("scheduling.matching._record", refuse)
        see(120, 60)
        assert problems(session)["outside_booking"].detail["why"] == "不行 / No"

    def test_a_running_use_is_waited_for(self, session, instrument, a_use_row, see, now):
        session.add(a_use_row(start=-2, hours=None, instrument=instrument))
        see(120, 60)
        assert session.scalars(select(SwitchedOn)).one().matching == "new"
        assert problems(session) == {}
