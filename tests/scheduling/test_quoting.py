"""The quote: what would come of a wish, and nothing is written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from instruments.access import ANONYMOUS
from instruments.errors import Forbidden, Invalid, NotFound, Refused
from instruments.timespan import TimeSpan
from scheduling.bookings import Booking
from scheduling.quoting import quote, quote_move
from scheduling.reserving import Wish, book


@pytest.fixture
def viewer(a_viewer):
    return a_viewer()


def codes(found):
    return [refusal.code for refusal in found]


def test_a_possible_wish_has_nothing_against_it(session, an_instrument, viewer, a_span, now):
    found = quote(session, Wish((an_instrument().id,), a_span()), viewer=viewer, now=now)
    assert found.is_possible
    assert (found.refusals, found.approvals, found.warnings, found.alternatives, found.lines, found.total) == ((), (), (), (), (), None)


def test_every_refusal_comes_with_alternatives(session, an_instrument, a_booking, viewer, a_span, now):
    instrument = an_instrument(rules=[{"kind": "longest", "parameters": {"minutes": 60}}])
    a_booking(instrument=instrument)
    found = quote(session, Wish((instrument.id,), a_span(1, 2)), viewer=viewer, now=now)
    assert codes(found.refusals) == ["taken", "longest"]
    assert not found.is_possible
    assert found.alternatives


def test_approval_and_warnings_are_told_beforehand(session, an_instrument, viewer, a_span, now):
    rules = [{"kind": "approval", "parameters": {}}, {"kind": "shortest", "parameters": {"minutes": 120}, "effect": "warn"}]
    found = quote(session, Wish((an_instrument(rules=rules).id,), a_span()), viewer=viewer, now=now)
    assert (codes(found.approvals), codes(found.warnings), found.is_possible) == (["approval"], ["shortest"], True)


def test_nothing_is_written(session, an_instrument, viewer, a_span, now):
    quote(session, Wish((an_instrument().id,), a_span()), viewer=viewer, now=now)
    assert not session.new
    assert not session.dirty
    assert session.scalar(select(func.count(Booking.id))) == 0


def test_several_are_told_apart(session, an_instrument, a_booking, viewer, a_span, now):
    one, two = an_instrument(name_en="One"), an_instrument(name_en="Two")
    a_booking(instrument=two)
    found = quote(session, Wish((one.id, two.id), a_span()), viewer=viewer, now=now)
    assert [refusal.sentence.en for refusal in found.refusals] == ["Two: This time is taken."]
    assert [case.instrument.id for case in found.cases] == [one.id, two.id]


def test_a_booking_that_would_give_way_is_not_in_the_way(session, an_instrument, a_booking, viewer, a_span, now):
    mine = a_booking(viewer=viewer, span=a_span(1, 2))
    wish = Wish((mine.instrument_id,), a_span(2, 2))
    assert codes(quote(session, wish, viewer=viewer, now=now).refusals) == ["taken"]
    assert quote_move(session, mine, a_span(2, 2), viewer=viewer, now=now).is_possible


def test_a_move_is_judged_for_its_person_whoever_looks(session, an_instrument, a_booking, a_manager, viewer, a_span, now):
    instrument = an_instrument(rules=[{"kind": "longest", "parameters": {"minutes": 60}}, {"kind": "approval", "parameters": {}}])
    theirs, manager = a_booking(instrument=instrument, viewer=viewer), a_manager(instrument)
    theirs.status = "confirmed"
    session.flush()
    for looking, approvals in ((viewer, ["approval"]), (manager, [])):
        found = quote_move(session, theirs, a_span(4), viewer=looking, now=now)
        assert (found.is_possible, codes(found.approvals)) == (True, approvals)
        assert codes(quote_move(session, theirs, a_span(4, 2), viewer=looking, now=now).refusals) == ["longest"]
    assert quote_move(session, theirs, a_span(4), viewer=viewer, now=now, instrument_id=an_instrument().id).is_possible


@pytest.mark.parametrize(
    ("changes", "error"), [({"instrument_ids": (999_999,)}, NotFound), ({"mode": "asleep"}, Invalid), ({"group_id": 5}, Invalid)]
)
def test_what_is_no_wish_is_refused_as_booking_refuses_it(session, an_instrument, viewer, a_span, now, changes, error):
    wish = replace(Wish((an_instrument().id,), a_span()), **changes)
    for verb in (quote, book):
        with pytest.raises(error):
            verb(session, wish, viewer=viewer, now=now)


def test_nobody_without_a_name_is_quoted(session, an_instrument, a_span, now):
    with pytest.raises(Forbidden):
        quote(session, Wish((an_instrument().id,), a_span()), viewer=ANONYMOUS, now=now)


def test_an_instrument_not_published_is_not_told_of(session, an_instrument, viewer, a_span, now):
    with pytest.raises(NotFound):
        quote(session, Wish((an_instrument(publication="draft").id,), a_span()), viewer=viewer, now=now)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rules": [{"kind": "notice", "parameters": {"minutes": 240}}, {"kind": "longest", "parameters": {"minutes": 60}}]},
        {"rules": [{"kind": "approval", "parameters": {}}], "sharing_mode": "internal"},
        {"needs_qualification": True, "hours": None},
        {"accepts_bookings": False, "self_operated": False},
    ],
)
def test_booking_says_exactly_what_the_quote_said(session, an_instrument, viewer, a_span, now, changes):
    wish = Wish((an_instrument(**changes).id,), TimeSpan(a_span().start, a_span(2, 2).end))
    promised = quote(session, wish, viewer=viewer, now=now)
    if promised.refusals:
        with pytest.raises(Refused) as caught:
            book(session, wish, viewer=viewer, now=now)
        assert caught.value.refusals == promised.refusals
    else:
        (made,) = book(session, wish, viewer=viewer, now=now)
        assert (made.status == "requested") == bool(promised.approvals)
