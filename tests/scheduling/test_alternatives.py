"""When rules say no: the nearest times that would work, here and on equivalent instruments."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from instruments.rulebooks import publish_rules
from instruments.timespan import TimeSpan
from scheduling.alternatives import alternatives
from scheduling.changing import cancel
from scheduling.reserving import Wish, book

HOUR = timedelta(hours=1)
DAYTIME = [(day, 480, 1080) for day in range(7)]


@pytest.fixture
def viewer(a_viewer):
    return a_viewer()


@pytest.fixture
def found(session, viewer, now):
    """What is offered instead of a wish, as pairs of instrument id and span."""

    def offered(instrument, span, **changes):
        wish = Wish((instrument.id,), span, **changes)
        return [(one.instrument.id, one.span) for one in alternatives(session, wish, viewer=viewer, now=now)]

    return offered


@pytest.fixture
def alone(an_instrument):
    """An instrument with no equivalent."""

    def make(**changes):
        return an_instrument(category_code=None, **changes)

    return make


class TestHere:
    def test_the_nearest_free_times_come_first(self, alone, a_booking, a_span, found):
        instrument = alone()
        a_booking(instrument=instrument, span=a_span(3, 2))
        times = [span for _, span in found(instrument, a_span(3))]
        assert times[:2] == [a_span(2), a_span(5)]
        assert len(times) == 5

    def test_the_same_time_of_another_day_is_among_them(self, alone, a_booking, a_span, found):
        instrument = alone(hours=[(day, 540, 600) for day in range(7)])  # nine to ten, and nine is now
        a_booking(instrument=instrument, span=a_span(24))
        assert found(instrument, a_span(24))[0] == (instrument.id, a_span(0))
        assert found(instrument, a_span(24))[1] == (instrument.id, a_span(48))

    def test_every_one_of_them_can_be_booked(self, session, alone, a_booking, a_span, viewer, found, now):
        rules = [{"kind": "longest", "parameters": {"minutes": 120}}, {"kind": "notice", "parameters": {"minutes": 90}}]
        instrument = alone(hours=DAYTIME, rules=rules, setup_minutes=30, cleanup_minutes=30)
        a_booking(instrument=instrument, span=a_span(3, 2))
        offered = found(instrument, a_span(4))
        assert offered
        for instrument_id, span in offered:
            (made,) = book(session, Wish((instrument_id,), span), viewer=viewer, now=now)
            cancel(session, made.id, viewer=viewer, now=now)
            session.flush()

    def test_the_last_time_before_closing_is_found(self, alone, a_span, found):
        instrument = alone(hours=DAYTIME)
        # open to 18:00, which is nine hours from now; two hours from 17:00 do not fit
        assert found(instrument, a_span(8, 2))[0] == (instrument.id, a_span(7, 2))

    def test_a_buffer_off_the_grid_does_not_hide_it(self, alone, a_booking, a_span, found, now):
        instrument = alone(setup_minutes=10, hours=DAYTIME)
        a_booking(instrument=instrument, span=a_span(4, 5))
        a_booking(instrument=instrument, span=a_span(0, 2))
        # free 11:10-12:50 of this day: one half hour on the grid each side of noon
        assert (instrument.id, TimeSpan(now + 2.5 * HOUR, now + 3.5 * HOUR)) in found(instrument, a_span(4))

    @pytest.mark.parametrize(
        ("rule", "wished", "offered"),
        [
            ({"kind": "longest", "parameters": {"minutes": 120}}, 5, 2),
            ({"kind": "shortest", "parameters": {"minutes": 180}}, 1, 3),
            ({"kind": "quota", "parameters": {"most": 3, "period": "day"}}, 5, 3),
            ({"kind": "time_grid", "parameters": {"step_minutes": 60}}, 1.5, 2),
        ],
    )
    def test_a_length_that_may_not_be_becomes_the_nearest_that_may(self, alone, a_span, found, rule, wished, offered):
        instrument = alone(rules=[rule])
        assert found(instrument, a_span(2, wished))[0] == (instrument.id, a_span(2, offered))

    def test_the_grid_of_the_rule_book_counts(self, alone, a_booking, a_span, found, now):
        instrument = alone(rules=[{"kind": "time_grid", "parameters": {"step_minutes": 180, "offset_minutes": 150}}])
        first = found(instrument, a_span(1, 3))[0][1]  # 10:00-13:00 is off the grid of 2:30, 5:30, 8:30, 11:30 ...
        assert first.start == now + 2.5 * HOUR

    def test_the_rules_in_force_at_each_time_count(self, session, alone, a_booking, a_span, found, now):
        instrument = alone()
        never = [{"kind": "audience", "parameters": {"allowed": ["group"]}}]
        publish_rules(session, instrument, never, valid_from=now + 5 * HOUR, by=None, now=now)
        session.flush()
        a_booking(instrument=instrument, span=a_span(2, 2))
        assert all(span.start < now + 5 * HOUR for _, span in found(instrument, a_span(2)))

    @pytest.mark.parametrize(
        ("rule", "wished", "offered"),
        [({"kind": "notice", "parameters": {"minutes": 1000}}, 2, 17), ({"kind": "horizon", "parameters": {"days": 2}}, 24 * 9, 48)],
    )
    def test_too_soon_or_too_far_gives_the_nearest_time_that_is_not(self, alone, a_span, found, rule, wished, offered):
        assert found(alone(rules=[rule]), a_span(wished))[0][1] == a_span(offered)

    def test_what_would_need_approval_says_so(self, session, alone, a_booking, a_span, viewer, now):
        instrument = alone(rules=[{"kind": "approval", "parameters": {}}])
        a_booking(instrument=instrument, span=a_span(2))
        assert all(one.needs_approval for one in alternatives(session, Wish((instrument.id,), a_span(2)), viewer=viewer, now=now))

    def test_what_may_not_be_at_any_time_has_none(self, alone, a_span, found):
        assert found(alone(self_operated=False), a_span(2)) == []
        assert found(alone(accepts_bookings=False), a_span(2)) == []

    def test_the_booking_that_would_give_way_is_not_in_the_way(self, session, alone, a_booking, a_span, viewer, now):
        instrument = alone()
        mine = a_booking(instrument=instrument, viewer=viewer, span=a_span(2, 2))
        a_booking(instrument=instrument, span=a_span(4, 2))
        offered = alternatives(session, Wish((instrument.id,), a_span(3, 2)), viewer=viewer, now=now, moved=mine)
        assert offered[0].span == a_span(2, 2)

    def test_a_time_long_past_offers_what_comes_now(self, alone, a_span, found, now):
        instrument = alone()
        assert found(instrument, a_span(-5))[0] == (instrument.id, a_span(0))
        assert found(instrument, a_span(-24 * 40)) == []


class TestElsewhere:
    def test_equivalent_instruments_are_offered_after_this_one(self, an_instrument, a_booking, a_span, found):
        busy, near, far, other = (
            an_instrument(), an_instrument(), an_instrument(city="datong"), an_instrument(category_code="010102"),
        )  # fmt: skip
        a_booking(instrument=busy)
        offered = found(busy, a_span())
        assert [instrument_id for instrument_id, _ in offered] == [busy.id, busy.id, busy.id, near.id, far.id]
        assert offered[3] == (near.id, a_span())
        assert other.id not in [instrument_id for instrument_id, _ in offered]

    def test_none_that_this_person_cannot_reach(self, an_instrument, a_booking, a_span, found):
        busy = an_instrument()
        for changes in ({"sharing_mode": "internal"}, {"publication": "draft"}, {"accepts_bookings": False}, {"needs_qualification": True}):
            an_instrument(**changes)
        a_booking(instrument=busy)
        assert {instrument_id for instrument_id, _ in found(busy, a_span())} == {busy.id}

    def test_one_of_the_own_house_is_reached(self, session, an_instrument, a_booking, a_person, a_viewer, a_span, now):
        person = a_person()
        busy, ours = an_instrument(), an_instrument(sharing_mode="internal", organisation=person.organisation)
        a_booking(instrument=busy)
        offered = alternatives(session, Wish((busy.id,), a_span()), viewer=a_viewer(person=person), now=now)
        assert ours.id in [one.instrument.id for one in offered]

    def test_an_instrument_not_to_be_seen_is_not_told_of(self, an_instrument, a_span, found):
        assert found(an_instrument(publication="draft"), a_span()) == []


class TestSeveral:
    def test_times_are_offered_at_which_all_are_to_be_had(self, session, alone, a_booking, a_span, viewer, now):
        one, two, three = alone(), alone(step_minutes=60), alone(lanes=2)
        a_booking(instrument=one, span=a_span(2, 2))
        a_booking(instrument=two, span=a_span(5))
        wish = Wish((one.id, two.id, three.id), a_span(3, 2))
        found = alternatives(session, wish, viewer=viewer, now=now)
        assert [(each.instrument.id, each.span) for each in found[:2]] == [(one.id, a_span(0, 2)), (one.id, a_span(6, 2))]
        for each in found:
            made = book(session, replace(wish, span=each.span), viewer=viewer, now=now)
            for booking in made:
                cancel(session, booking.id, viewer=viewer, now=now)
            session.flush()

    def test_where_one_can_never_be_had_there_are_none(self, session, alone, a_span, viewer, now):
        wish = Wish((alone().id, alone(accepts_bookings=False).id), a_span())
        assert alternatives(session, wish, viewer=viewer, now=now) == []

    def test_where_one_is_not_to_be_seen_there_are_none(self, session, alone, a_span, viewer, now):
        for other in (alone(publication="draft").id, 999_999):
            assert alternatives(session, Wish((alone().id, other), a_span()), viewer=viewer, now=now) == []


def test_they_cost_ten_statements_at_most(session, an_instrument, a_booking, a_span, viewer, now):
    quota = [{"kind": "quota", "parameters": {"most": 400}}]
    instruments = [an_instrument(rules=quota) for _ in range(10)]
    for instrument in instruments:
        a_booking(instrument=instrument)
    wish = Wish((instruments[0].id,), a_span())
    session.flush()
    session.expunge_all()
    seen = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *told: seen.append(told[2]))
    assert len(alternatives(session, wish, viewer=viewer, now=now)) == 5
    assert len(seen) <= 10
