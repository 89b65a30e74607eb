"""A person's bookings as she thinks of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from scheduling.agenda import PARTS, agenda
from scheduling.changing import cancel, move, versions_of
from scheduling.desk import start


@pytest.fixture
def someone(a_viewer):
    return a_viewer()


@pytest.fixture
def listed(session, someone, now):
    def of(part, at=None, **options):
        found = agenda(session, part, viewer=someone, now=at or now, **options)
        return list(found.bookings)

    return of


def test_each_booking_is_in_exactly_one_part(session, someone, a_booking, an_instrument, a_span, listed, now):
    waits = a_booking(viewer=someone, instrument=an_instrument(rules=[{"kind": "approval", "parameters": {}}]))
    comes, runs = a_booking(viewer=someone, span=a_span(4)), a_booking(viewer=someone)
    given_up = cancel(session, a_booking(viewer=someone).id, viewer=someone, now=now)
    start(session, runs.id, viewer=someone, now=runs.start_at)
    session.flush()
    assert {part: listed(part) for part in PARTS} == {"upcoming": [comes], "requests": [waits], "running": [runs], "past": [given_up]}
    assert agenda(session, "past", viewer=someone, now=now).counts == dict.fromkeys(PARTS, 1)
    # what was never started is over when its time is
    assert listed("past", at=comes.end_at) == [comes, given_up]
    assert listed("upcoming", at=comes.end_at) == []


def test_what_comes_is_sorted_by_what_is_next_and_what_is_over_by_what_was_last(session, someone, a_booking, a_span, listed, now):
    third, first, second = (a_booking(viewer=someone, span=a_span(start)) for start in (9, 2, 5))
    assert listed("upcoming") == [first, second, third]
    assert listed("past", at=now + timedelta(days=2)) == [third, second, first]


@pytest.mark.parametrize("part", ["upcoming", "past"])
def test_pages_follow_one_another_without_a_gap(session, someone, an_instrument, a_booking, a_span, part, now):
    instrument = an_instrument(lanes=9)
    made = [a_booking(viewer=someone, instrument=instrument, span=a_span(2 + number // 3)) for number in range(9)]
    at, after, seen = now if part == "upcoming" else now + timedelta(days=2), None, []
    while True:
        page = agenda(session, part, viewer=someone, now=at, after=after, limit=2)
        seen += page.bookings
        after = page.next
        if after is None:
            break
    assert seen == (made if part == "upcoming" else sorted(made, key=lambda one: (one.start_at, one.id), reverse=True))


def test_other_peoples_bookings_are_not_in_it(a_booking, a_viewer, listed):
    a_booking(viewer=a_viewer())
    assert listed("upcoming") == []


def test_a_pi_sees_what_her_group_booked(session, a_booking, a_person, a_viewer, a_group, now):
    student, pi = a_person(), a_person()
    group = a_group(student, pi=pi)
    one = a_booking(viewer=a_viewer(person=student), group_id=group.id)
    assert list(agenda(session, "upcoming", viewer=a_viewer(person=pi), now=now, of_groups=True).bookings) == [one]
    assert list(agenda(session, "upcoming", viewer=a_viewer(person=student), now=now, of_groups=True).bookings) == []


@pytest.mark.parametrize(("text", "is_found"), [("电子", True), ("SCANNING", True), ("jsm", True), ("%", False), ("质谱", False)])
def test_it_can_be_narrowed_by_the_instruments_name_or_model(someone, a_booking, listed, text, is_found):
    one = a_booking(viewer=someone)
    assert listed("upcoming", text=text) == ([one] if is_found else [])


def test_a_moved_booking_is_listed_once_and_its_versions_can_be_followed_from_any(session, someone, a_booking, a_span, listed, now):
    one = a_booking(viewer=someone)
    two = move(session, one.id, a_span(4), viewer=someone, now=now)
    three = move(session, two.id, a_span(6), viewer=someone, now=now)
    other = a_booking(viewer=someone)
    assert listed("upcoming") == [other, three]
    assert listed("past") == []
    for each in (one, two, three):
        assert versions_of(session, each) == [one, two, three]
    assert versions_of(session, other) == [other]


def test_a_page_costs_two_statements(session, someone, a_booking, a_span, now):
    for after in range(6):
        a_booking(viewer=someone, span=a_span(1 + after))
    session.flush()
    session.expunge_all()
    seen = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *told: seen.append(told[2]))
    page = agenda(session, "upcoming", viewer=someone, now=now)
    assert all(one.instrument.organisation.name_zh and one.person.name for one in page.bookings)
    assert len(seen) == 2
