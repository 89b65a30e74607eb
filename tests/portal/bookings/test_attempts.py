"""What the booking page, the page of a move and the API refuse is remembered; what they show, accept or do not understand is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduling.attempts import RefusedAttempt

TOMORROW = "?start=2026-11-24T09:00&end=2026-11-24T11:00"
NOTICE = {"kind": "notice", "parameters": {"minutes": 60 * 24 * 7}}


def book_page(instrument):
    return f"/instruments/{instrument.id}/book{TOMORROW}"


@pytest.fixture
def noted(session):
    """`noted()` gives (instrument, codes, taken, move) of every attempt that is remembered."""

    def read():
        session.rollback()
        rows = session.scalars(select(RefusedAttempt).order_by(RefusedAttempt.id)).all()
        return [(one.instrument_id, one.codes, one.is_taken, one.is_move) for one in rows]

    return read


class TestOnThePage:
    def test_a_refused_booking_is_remembered_and_a_look_is_not(self, hers, fill_in, an_instrument, noted):
        instrument = an_instrument(rules=[NOTICE])
        assert fill_in(hers, book_page(instrument), check="1").status_code == 200
        assert noted() == []
        assert fill_in(hers, book_page(instrument)).status_code == 422
        assert noted() == [(instrument.id, ["notice"], False, False)]

    def test_nothing_of_the_refused_booking_itself_stays(self, hers, fill_in, an_instrument, bookings, noted):
        fill_in(hers, book_page(an_instrument(rules=[NOTICE])))
        assert noted()
        assert bookings() == []

    def test_a_booking_that_is_made_leaves_no_attempt(self, hers, fill_in, an_instrument, bookings, noted):
        fill_in(hers, book_page(an_instrument()))
        assert len(bookings()) == 1
        assert noted() == []

    def test_what_cannot_be_understood_is_no_refusal(self, hers, fill_in, an_instrument, noted):
        assert fill_in(hers, book_page(an_instrument(rules=[NOTICE])), end="2026-11-24T08:00").status_code == 422
        assert noted() == []

    def test_a_refused_move_is_remembered_as_one(self, hers, fill_in, researcher, an_instrument, a_booking, a_viewer, a_span, noted):
        instrument = an_instrument()
        mine = a_booking(instrument=instrument, viewer=a_viewer(person=researcher), span=a_span(24, 2))
        a_booking(instrument=instrument, span=a_span(30, 2))
        refused = fill_in(hers, f"/bookings/{mine.id}/move", start="2026-11-24T15:00", end="2026-11-24T17:00")
        assert refused.status_code == 409
        assert noted() == [(instrument.id, ["taken"], True, True)]


class TestOverTheApi:
    def test_a_refused_booking_is_remembered_once_however_often_its_key_is_sent(
        self, an_api, a_person, an_instrument, a_wish, clock_at, now, noted
    ):
        instrument = an_instrument(rules=[NOTICE])
        call = an_api(a_person())
        assert call("POST", "/bookings", a_wish(instrument), Idempotency_Key="k1").status_code == 422
        with clock_at(now + timedelta(minutes=5)):
            assert call("POST", "/bookings", a_wish(instrument), Idempotency_Key="k1").status_code == 422
            assert len(noted()) == 1
            assert call("POST", "/bookings", a_wish(instrument), Idempotency_Key="k2").status_code == 422
        assert noted() == [(instrument.id, ["notice"], False, False)] * 2

    def test_asking_the_price_or_what_is_free_is_no_attempt(self, an_api, a_person, an_instrument, a_wish, noted):
        call = an_api(a_person())
        answered = call("POST", "/quotes", a_wish(an_instrument(rules=[NOTICE])))
        assert answered.status_code == 200, answered.text
        assert noted() == []

    def test_a_refused_move_is_remembered_as_one(self, an_api, an_instrument, a_person, a_wish, noted):
        instrument = an_instrument()
        assert an_api(a_person())("POST", "/bookings", a_wish(instrument, after_hours=5)).status_code == 201
        call = an_api(a_person())
        mine = call("POST", "/bookings", a_wish(instrument))
        later = {key: a_wish(instrument, after_hours=5)[key] for key in ("start", "end")}
        moved = call("PATCH", f"/bookings/{mine.json['id']}", later, If_Match=mine.headers["ETag"])
        assert moved.status_code == 409
        assert noted() == [(instrument.id, ["taken"], True, True)]

    def test_an_instrument_nobody_may_see_leaves_no_attempt(self, an_api, a_person, an_instrument, a_wish, noted):
        assert an_api(a_person())("POST", "/bookings", a_wish(an_instrument(publication="draft"))).status_code == 404
        assert noted() == []
