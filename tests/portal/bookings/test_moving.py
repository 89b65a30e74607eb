"""Moving a booking on its page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal import clock
from tests.fixtures.pageforms import read_form

LATER = "?start=2026-11-25T09:00&end=2026-11-25T11:00"


@pytest.fixture
def booked(researcher, a_viewer, a_booking, a_span, session):
    """A booking of the researcher's, tomorrow from nine to eleven."""

    def make(**changes):
        values = {"viewer": a_viewer(person=researcher), "span": a_span(24, 2)}
        return a_booking(**values | changes)

    return make


def move_page(one, query=LATER):
    return f"/bookings/{one.id}/move{query}"


def test_the_form_shows_where_it_is_now(hers, booked):
    form = read_form(hers.get(move_page(booked(note="three samples"), "")).text, "wish")
    assert (form.fields["start"], form.fields["end"], form.fields["note"]) == ("2026-11-24T09:00", "2026-11-24T11:00", "three samples")


def test_it_moves_and_everybody_concerned_is_told(hers, booked, fill_in, bookings, letters_of):
    answer = fill_in(hers, move_page(booked()), note="four samples")
    old, new = bookings()
    assert (answer.status_code, answer.location) == (303, f"/bookings/{new.id}")
    assert (old.status, new.status, new.previous_id, new.note) == ("moved", "confirmed", old.id, "four samples")
    assert new.start_at == datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
    assert len(letters_of("booking-changed")) == 1
    assert "How it was moved" in hers.get(answer.location).text
    assert f"/bookings/{new.id}" in hers.get(f"/bookings/{old.id}").text


def test_sent_twice_it_moves_once(hers, booked, bookings, letters_of):
    form = read_form(hers.get(move_page(booked())).text, "wish")
    first, second = (hers.post(form.action, data=form.fields) for _ in range(2))
    assert first.location == second.location
    assert (len(bookings()), len(letters_of("booking-changed"))) == (2, 1)


def test_the_rules_say_no_beside_the_form_and_it_stays_where_it_is(hers, booked, a_booking, a_span, fill_in, bookings):
    one = booked()
    a_booking(instrument=one.instrument, span=a_span(49))
    answer = fill_in(hers, move_page(one))
    assert answer.status_code == 409
    assert "Not moved: This time is taken." in answer.text
    assert "/move?start=" in answer.text
    assert [each.status for each in bookings()] == ["confirmed", "confirmed"]


def test_its_own_time_does_not_stand_in_its_way(hers, booked):
    assert "confirmed at once" in hers.get(move_page(booked(), "?start=2026-11-24T10:00&end=2026-11-24T12:00")).text


def test_where_nothing_changes_nothing_is_moved(hers, booked, fill_in, bookings, letters_of):
    one = booked()
    assert "It is at this time now." in hers.get(move_page(one, "")).text
    answer = fill_in(hers, move_page(one, ""), note="only the note")
    assert answer.location == f"/bookings/{one.id}"
    assert [(each.status, each.note) for each in bookings()] == [("confirmed", "only the note")]
    assert letters_of("booking-changed") == []


def test_it_may_go_to_another_instrument_that_was_offered(hers, booked, an_instrument, fill_in, bookings):
    one, other = booked(), an_instrument(name_en="The other one")
    page = move_page(one, f"?start=2026-11-24T09:00&end=2026-11-24T11:00&instrument={other.id}")
    assert "from Scanning electron microscope to The other one" in hers.get(page).text
    fill_in(hers, page)
    assert [each.instrument_id for each in bookings()] == [one.instrument_id, other.id]


def test_looking_first_and_the_live_panel_write_nothing(hers, booked, fill_in, bookings):
    one = booked()
    assert fill_in(hers, move_page(one), check="1").status_code == 200
    form = read_form(hers.get(move_page(one)).text, "wish")
    assert ">Move it here</button>" in hers.get(move_page(one)).text
    assert "confirmed at once" in hers.post(f"/bookings/{one.id}/quote", data=form.fields).text
    assert [each.status for each in bookings()] == ["confirmed"]


def test_who_comes_late_is_told_what_changed(hers, her_browser, researcher, booked, a_manager, session, fill_in, bookings):
    one = booked()
    form = read_form(hers.get(move_page(one)).text, "wish")
    fill_in(her_browser(researcher), move_page(one, "?start=2026-11-26T09:00&end=2026-11-26T11:00"))
    answer = hers.post(form.action, data=form.fields)
    assert answer.status_code == 409
    assert "It is now: Moved" in answer.text
    assert len(bookings()) == 2


def test_a_manager_moves_it_for_the_person_it_is_for(her_browser, a_person, a_manager, researcher, booked, an_instrument, fill_in, bookings, session):
    one = booked(instrument=an_instrument(rules=[{"kind": "longest", "parameters": {"minutes": 120}}]))
    manager = a_person(organisation=one.instrument.organisation, language="en")
    a_manager(one.instrument, person=manager)
    assert fill_in(her_browser(manager), move_page(one)).status_code == 303
    assert [each.person_id for each in bookings()] == [researcher.id, researcher.id]


class TestNotHers:
    def test_another_persons_booking_is_not_there(self, hers, a_booking):
        assert hers.get(move_page(a_booking())).status_code == 404

    def test_nor_its_quote_nor_its_move(self, hers, a_booking, csrf_of, bookings):
        one = a_booking()
        form = {"csrf_token": csrf_of(hers), "start": "2026-11-25T09:00", "end": "2026-11-25T10:00"}
        assert hers.post(f"/bookings/{one.id}/quote", data=form).status_code == 404
        assert hers.post(f"/bookings/{one.id}/move", data=form).status_code == 404
        assert [each.status for each in bookings()] == ["confirmed"]

    @pytest.mark.parametrize("target", ["999999", "x", "9" * 30, "-1"])
    def test_to_an_instrument_that_is_not_there_it_does_not_go(self, hers, booked, target):
        assert hers.get(move_page(booked(), f"{LATER}&instrument={target}")).status_code == 404

    def test_to_a_draft_it_does_not_go(self, hers, booked, an_instrument):
        assert hers.get(move_page(booked(), f"{LATER}&instrument={an_instrument(publication='draft').id}")).status_code == 404

    def test_what_has_begun_or_is_over_is_not_moved(self, hers, booked, now):
        one = booked()
        with clock.freeze(now + timedelta(hours=25)):
            answer = hers.get(move_page(one))
        assert answer.status_code == 409
        assert "cannot be moved now" in answer.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"start": "x"}, "start"),
        ({"end": ""}, "end"),
        ({"end": "2026-11-25T08:00"}, "end"),
        ({"note": "x" * 501}, "note"),
        ({"start": "2126-01-01T09:00", "end": "2126-01-01T10:00"}, "start"),
    ],
)
def test_bad_input_is_told_beside_its_field(hers, booked, fill_in, bookings, changes, field):
    answer = fill_in(hers, move_page(booked()), **changes)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert [each.status for each in bookings()] == ["confirmed"]


@pytest.mark.parametrize("version", ["x", "-1", "1" * 40])
def test_a_senseless_version_is_refused(hers, booked, fill_in, bookings, version):
    assert fill_in(hers, move_page(booked()), version=version).status_code == 422
    assert [each.status for each in bookings()] == ["confirmed"]
