"""My bookings, the page of one, and its calendar entry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from icalendar import Calendar

from portal import clock
from scheduling.changing import cancel, move


@pytest.fixture
def booked(researcher, a_viewer, a_booking, a_span):
    def make(**changes):
        values = {"viewer": a_viewer(person=researcher), "span": a_span(24, 2)}
        return a_booking(**values | changes)

    return make


class TestMine:
    def test_one_row_is_one_booking_with_its_steps(self, hers, booked):
        one = booked()
        page = hers.get("/bookings").text
        assert page.count("<tbody>") == 1
        assert "Tue 24 Nov, 09:00-11:00" in page
        assert f"/bookings/{one.id}/move" in page
        assert f"/bookings/{one.id}#cancel" in page
        assert "Start" not in page.partition("<tbody>")[2]

    def test_start_and_finish_are_offered_when_it_is_time(self, hers, booked):
        one = booked()
        with clock.freeze(one.start_at):
            assert f'action="/bookings/{one.id}/start"' in hers.get("/bookings").text

    def test_each_part_has_its_own_list_and_count(self, hers, researcher, booked, an_instrument, a_viewer, session, now):
        booked(instrument=an_instrument(name_en="Asked for", rules=[{"kind": "approval", "parameters": {}}]))
        gone = booked(instrument=an_instrument(name_en="Given up"))
        cancel(session, gone.id, viewer=a_viewer(person=researcher), now=now)
        assert "Asked for" in hers.get("/bookings?show=requests").text
        assert "Given up" in hers.get("/bookings?show=past").text
        assert "Given up" not in hers.get("/bookings").text

    @pytest.mark.parametrize("part", ["upcoming", "requests", "running", "past"])
    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_an_empty_list_says_why_and_leads_to_the_search(self, her_browser, a_person, part, language):
        page = her_browser(a_person(language=language)).get(f"/bookings?show={part}").text
        assert 'class="empty"' in page
        assert 'href="/instruments"' in page

    def test_pages_are_turned_by_key(self, hers, booked, a_span, an_instrument):
        instrument = an_instrument()
        for after in range(30):
            booked(instrument=instrument, span=a_span(24 + after))
        first = hers.get("/bookings").text
        assert first.count('<th scope="row">') == 25
        cursor = first.partition("cursor=")[2].partition('"')[0].partition("&")[0]
        assert hers.get(f"/bookings?cursor={cursor}").text.count('<th scope="row">') == 5

    def test_it_is_narrowed_by_the_instrument(self, hers, booked, an_instrument):
        booked(instrument=an_instrument(name_en="Mass spectrometer"))
        assert "Mass spectrometer" in hers.get("/bookings?q=mass").text
        assert "No booking matches" in hers.get("/bookings?q=laser").text

    def test_a_pi_sees_her_groups(self, her_browser, a_person, a_viewer, a_group, a_booking, hers):
        student, pi = a_person(name="Student Qi"), a_person(language="en")
        group = a_group(student, pi=pi)
        a_booking(viewer=a_viewer(person=student), group_id=group.id)
        assert "Student Qi" in her_browser(pi).get("/bookings?whose=groups").text
        assert "Student Qi" not in her_browser(pi).get("/bookings").text
        assert "Student Qi" not in hers.get("/bookings?whose=groups").text

    @pytest.mark.parametrize("query", ["show=x", "q=" + "x" * 200, "q=%00", "cursor=x", "cursor=WyJ4IiwgMV0", "cursor=WyIyMDI2LTExLTI0IiwgMV0"])
    def test_a_senseless_address_is_told(self, hers, query):
        assert hers.get(f"/bookings?{query}").status_code == 422

    def test_it_costs_the_same_statements_however_many_there_are(self, hers, booked, a_span, an_instrument, statements):
        instrument = an_instrument()

        def cost():
            hers.get("/bookings")
            with statements() as seen:
                hers.get("/bookings")
            return len(seen)

        booked(instrument=instrument)
        first = cost()
        for after in range(30, 50):
            booked(instrument=instrument, span=a_span(after))
        assert cost() == first


class TestOne:
    def test_it_says_everything_about_itself(self, hers, booked, an_instrument):
        one = booked(instrument=an_instrument(building="Block 5", room="201", contact="Dr Wei", phone="0351-123"), note="two samples")
        page = hers.get(f"/bookings/{one.id}").text
        for text in ("Tue 24 Nov, 09:00-11:00", "2 h", "Confirmed", "Self-operated", "Research", "two samples", "Dr Wei 0351-123", "201 Block 5", "Booked"):
            assert text in page

    def test_a_strangers_is_not_there(self, hers, a_booking):
        one = a_booking()
        for address in (f"/bookings/{one.id}", f"/bookings/{one.id}.ics", "/bookings/999999", f"/bookings/{2**63 - 1}"):
            assert hers.get(address).status_code == 404

    def test_who_is_not_logged_in_is_led_to_the_login(self, client, a_booking):
        assert "/login?next=/bookings/" in client.get(f"/bookings/{a_booking().id}").location

    def test_why_it_needs_approval_is_said_in_one_language(self, hers, booked, an_instrument):
        page = hers.get(f"/bookings/{booked(instrument=an_instrument(rules=[{'kind': 'approval', 'parameters': {}}])).id}").text
        assert "A manager approves each booking" in page
        assert "预约须经管理员审批" not in page

    def test_what_was_moved_leads_on_to_what_it_became(self, hers, researcher, booked, a_viewer, a_span, session, now):
        old = booked()
        new = move(session, old.id, a_span(48), viewer=a_viewer(person=researcher), now=now)
        page = hers.get(f"/bookings/{old.id}").text
        assert "This booking was moved." in page
        assert f'href="/bookings/{new.id}"' in page
        assert 'name="version"' not in page

    def test_what_is_over_offers_nothing_but_to_book_again(self, hers, booked, a_viewer, researcher, session, now):
        one = booked()
        cancel(session, one.id, viewer=a_viewer(person=researcher), now=now)
        page = hers.get(f"/bookings/{one.id}").text
        assert "Book it again" in page
        assert "/cancel" not in page

    def test_scripts_in_what_people_wrote_stay_text(self, hers, booked, an_instrument):
        evil = "<script>alert(1)</script>"
        one = booked(instrument=an_instrument(name_en=evil, room=evil, contact=evil), note=evil)
        for address in ("/bookings", f"/bookings/{one.id}", f"/bookings/{one.id}/move", f"/instruments/{one.instrument_id}/book"):
            assert "<script>alert" not in hers.get(address).text

    def test_its_calendar_entry_can_be_read(self, hers, booked):
        one = booked()
        answer = hers.get(f"/bookings/{one.id}.ics")
        assert answer.mimetype == "text/calendar"
        assert answer.headers["Content-Disposition"] == f"attachment; filename=booking-{one.id}.ics"
        (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
        assert event["UID"].startswith(one.uid)
        assert event.start == one.start_at

    def test_of_what_was_cancelled_the_entry_is_cancelled(self, hers, booked, a_viewer, researcher, session, now):
        one = booked()
        cancel(session, one.id, viewer=a_viewer(person=researcher), now=now + timedelta(minutes=1))
        assert b"METHOD:CANCEL" in hers.get(f"/bookings/{one.id}.ics").data
