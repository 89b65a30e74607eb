"""Refused attempts: which instrument stood in the way and why, nobody's name, no flood, and not for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from instruments.errors import Refusal, Refused, Sentence, Taken
from scheduling.attempts import KEPT, MOST_AN_HOUR, RefusedAttempt, codes_by_instrument, note_attempt, prune
from scheduling.reserving import Wish, book


def says_no(*codes, **allowed):
    return Refused([Refusal(code, Sentence("不行。", "No."), allowed) for code in codes])


def refusal_of(session, wish, viewer, now):
    with pytest.raises(Refused) as caught:
        book(session, wish, viewer=viewer, now=now)
    return caught.value


def test_what_was_wanted_is_noted_with_every_rule_that_said_no(session, an_instrument, a_viewer, a_span, now):
    rules = [{"kind": "notice", "parameters": {"minutes": 600}}, {"kind": "longest", "parameters": {"minutes": 60}}]
    instrument, viewer, span = an_instrument(rules=rules), a_viewer(), a_span(1, 3)
    error = refusal_of(session, Wish((instrument.id,), span), viewer, now)
    (noted,) = note_attempt(session, error, [instrument.id], span, viewer=viewer, now=now)
    assert (noted.instrument_id, noted.at, noted.start_at, noted.end_at) == (instrument.id, now, span.start, span.end)
    assert (noted.codes, noted.audience, noted.is_taken, noted.is_move) == (["longest", "notice"], "academic", False, False)


def test_a_time_that_somebody_else_has_is_noted_as_taken(session, an_instrument, a_viewer, a_booking, a_span, now):
    instrument, viewer = an_instrument(), a_viewer()
    a_booking(instrument=instrument)
    error = refusal_of(session, Wish((instrument.id,), a_span()), viewer, now)
    assert isinstance(error, Taken)
    (noted,) = note_attempt(session, error, [instrument.id], a_span(), viewer=viewer, now=now)
    assert noted.is_taken
    assert noted.codes == ["taken"]


def test_of_several_together_only_those_in_the_way_are_noted(session, an_instrument, a_viewer, a_booking, a_span, now):
    free, busy, viewer = an_instrument(), an_instrument(), a_viewer()
    a_booking(instrument=busy)
    error = refusal_of(session, Wish((free.id, busy.id), a_span()), viewer, now)
    noted = note_attempt(session, error, [free.id, busy.id], a_span(), viewer=viewer, now=now)
    assert [one.instrument_id for one in noted] == [busy.id]


def test_a_refusal_that_names_no_instrument_counts_for_all_of_them():
    assert codes_by_instrument(says_no("funds"), [3, 5]) == {3: ["funds"], 5: ["funds"]}
    assert codes_by_instrument(says_no("notice", "notice", instrument="5"), [3, 5]) == {5: ["notice"]}


def test_nobody_is_named_in_the_table():
    people = [key for key in RefusedAttempt.__table__.foreign_keys if key.column.table.name == "person"]
    assert people == []


class TestAFlood:
    @pytest.fixture
    def attempt(self, session, an_instrument, a_viewer, a_span, now):
        instrument, viewer = an_instrument(), a_viewer()

        def make(after=timedelta(), hours=1, who=viewer, code="notice"):
            return note_attempt(session, says_no(code), [instrument.id], a_span(hours), viewer=who, now=now + after)

        return make

    def test_the_same_asked_again_at_once_is_one_attempt(self, attempt):
        assert attempt()
        assert not attempt(after=timedelta(seconds=59))
        assert attempt(after=timedelta(seconds=61))

    @pytest.mark.parametrize("other", [{"hours": 2}, {"code": "longest"}])
    def test_another_time_or_another_reason_is_another_attempt(self, attempt, other):
        assert attempt()
        assert attempt(**other)

    def test_somebody_who_stands_otherwise_to_the_instrument_is_another_attempt(self, attempt, a_viewer, an_organisation):
        assert attempt()
        assert attempt(who=a_viewer(organisation=an_organisation(kind="enterprise")))

    def test_no_instrument_takes_more_than_so_many_an_hour(self, attempt, session):
        for number in range(MOST_AN_HOUR + 5):
            attempt(hours=number + 1)
        assert len(session.scalars(select(RefusedAttempt)).all()) == MOST_AN_HOUR
        assert attempt(after=timedelta(minutes=61))


def test_after_three_years_it_is_forgotten(session, an_instrument, a_viewer, a_span, now):
    instrument, viewer = an_instrument(), a_viewer()
    note_attempt(session, says_no("notice"), [instrument.id], a_span(), viewer=viewer, now=now)
    assert prune(session, now=now + KEPT) == 0
    assert prune(session, now=now + KEPT + timedelta(seconds=1)) == 1
