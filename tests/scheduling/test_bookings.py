"""Who sees and changes a booking, and what a closure hits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.access import ANONYMOUS
from instruments.closures import close
from instruments.errors import NotFound
from instruments.roles import grant
from scheduling.bookings import MODES, OPEN, PURPOSES, STATUSES, STEPS, bookings_on, hit_by, holding, may_change, may_see, seen_booking


@pytest.fixture
def everybody(session, an_instrument, a_facility, a_booking, a_person, a_viewer, a_group, a_manager, now):
    """One booking, and how everybody stands to it."""
    home = a_facility()
    instrument = an_instrument(organisation=home.organisation, facility=home)
    person, pi, fellow = a_person(), a_person(), a_person()
    group = a_group(person, fellow, pi=pi)
    booking = a_booking(instrument=instrument, viewer=a_viewer(person=person), group_id=group.id)

    def with_role(role, **scope):
        holder = a_person()
        grant(session, holder, role, now=now, **scope)
        session.flush()
        return a_viewer(person=holder)

    return booking, {
        "herself": a_viewer(person=person),
        "her PI": a_viewer(person=pi),
        "a fellow of her group": a_viewer(person=fellow),
        "the instrument's manager": a_manager(instrument),
        "the facility's manager": with_role("manager", facility=home),
        "another instrument's manager": a_manager(an_instrument()),
        "the organisation's administrator": with_role("organisation_admin", organisation=home.organisation),
        "another organisation's administrator": with_role("organisation_admin", organisation=an_instrument().organisation),
        "the province": with_role("province_admin"),
        "an auditor": with_role("auditor"),
        "the organisation's auditor": with_role("auditor", organisation=home.organisation),
        "another organisation's auditor": with_role("auditor", organisation=an_instrument().organisation),
        "a stranger": a_viewer(),
        "nobody": ANONYMOUS,
    }


SEE_AND_CHANGE = {
    "herself", "her PI", "the instrument's manager", "the facility's manager", "the organisation's administrator", "the province",
}  # fmt: skip
ONLY_SEE = {"an auditor", "the organisation's auditor"}


def test_everybody_sees_and_changes_what_is_theirs_and_nothing_else(session, everybody):
    booking, viewers = everybody
    assert {who for who, viewer in viewers.items() if may_see(viewer, booking)} == SEE_AND_CHANGE | ONLY_SEE
    assert {who for who, viewer in viewers.items() if may_change(viewer, booking)} == SEE_AND_CHANGE


def test_to_everybody_else_it_is_not_there(session, everybody):
    booking, viewers = everybody
    for who, viewer in viewers.items():
        if who in SEE_AND_CHANGE | ONLY_SEE:
            assert seen_booking(session, booking.id, viewer) is booking
        else:
            with pytest.raises(NotFound):
                seen_booking(session, booking.id, viewer)


def test_an_unknown_booking_is_not_found_either(session, a_viewer):
    with pytest.raises(NotFound):
        seen_booking(session, 999_999, a_viewer())


def test_what_is_held_is_read_with_its_buffers_and_nothing_else(session, an_instrument, a_booking, a_span):
    instrument = an_instrument(lanes=2, cleanup_minutes=30)
    kept, given_up, later = a_booking(instrument=instrument), a_booking(instrument=instrument), a_booking(instrument=instrument, span=a_span(9))
    given_up.status, given_up.holds = "cancelled", False
    session.flush()
    assert holding(session, [instrument.id], a_span(0, 5)) == [(instrument.id, kept.lane, kept.occupied)]
    assert holding(session, [instrument.id], a_span(2.25, 1)) == [(instrument.id, kept.lane, kept.occupied)]
    assert holding(session, [instrument.id], a_span(2.5, 1)) == []
    assert holding(session, [instrument.id], a_span(0, 5), apart_from=[kept.id]) == []
    assert holding(session, [], a_span(0, 50)) == []
    assert later.holds


def test_the_bookings_of_a_day_come_in_order_with_requests_that_hold_nothing(session, an_instrument, a_booking, a_span):
    instrument = an_instrument(rules=[{"kind": "approval", "parameters": {"holds_slot": False}}])
    second, first = a_booking(instrument=instrument, span=a_span(4)), a_booking(instrument=instrument, span=a_span(1))
    assert list(bookings_on(session, [instrument.id], a_span(0, 8))) == [first, second]
    assert list(bookings_on(session, [instrument.id], a_span(2, 2))) == []
    assert list(bookings_on(session, [instrument.id], a_span(0, 8), statuses=("confirmed",))) == []


class TestHitBy:
    def test_a_closure_hits_what_it_overlaps_from_now_on(self, session, an_instrument, a_booking, a_span, now):
        instrument = an_instrument()
        before, hit, after = (a_booking(instrument=instrument, span=a_span(start)) for start in (1, 3, 6))
        a_booking(span=a_span(3))
        closure = close(session, instrument, a_span(2, 4), kind="fault", reason="故障", time_zone="Asia/Shanghai", now=now, by=None)
        session.flush()
        assert hit_by(session, closure, now=now) == [hit]
        assert hit_by(session, closure, now=now + timedelta(hours=9)) == []
        assert before.is_open
        assert after.is_open

    def test_a_facility_closes_all_its_instruments(self, session, a_facility, an_instrument, a_booking, a_span, now):
        home = a_facility()
        hit = [a_booking(instrument=an_instrument(organisation=home.organisation, facility=home)) for _ in range(2)]
        closure = close(session, home, a_span(0, 4), kind="holiday", reason="放假", time_zone="Asia/Shanghai", now=now, by=None)
        session.flush()
        assert hit_by(session, closure, now=now) == hit

    def test_a_closure_that_recurs_hits_each_time(self, session, an_instrument, a_booking, a_span, now):
        instrument = an_instrument()
        first, between, second = (a_booking(instrument=instrument, span=a_span(start)) for start in (2, 26, 170))
        closure = close(
            session, instrument, a_span(1, 3), kind="maintenance", reason="保养", time_zone="Asia/Shanghai", now=now, by=None,
            repeats="weekly", repeat_until=(now + timedelta(days=20)).date(),
        )  # fmt: skip
        session.flush()
        assert hit_by(session, closure, now=now) == [first, second]
        assert between.is_open


def test_every_word_has_both_languages_and_every_step_leads_somewhere():
    for words in (STATUSES, MODES, PURPOSES):
        assert all(sentence.zh and sentence.en for sentence in words.values())
    assert set(STEPS) == OPEN
    assert {target for targets in STEPS.values() for target in targets} <= set(STATUSES)
