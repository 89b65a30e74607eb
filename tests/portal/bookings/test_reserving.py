"""The booking page: what it shows, what it refuses, and that it books once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from tests.fixtures.pageforms import read_form

APPROVAL = {"kind": "approval", "parameters": {"decide_within_hours": 48}}
TOMORROW = "?start=2026-11-24T09:00&end=2026-11-24T11:00"


def book_page(instrument, query=TOMORROW):
    return f"/instruments/{instrument.id}/book{query}"


class TestThePage:
    def test_a_link_fills_in_its_times_on_the_instruments_clock(self, hers, an_instrument):
        instrument = an_instrument()
        for query in (TOMORROW, "?start=2026-11-24T01:00Z&end=2026-11-24T03:00Z"):
            form = read_form(hers.get(book_page(instrument, query)).text, "wish")
            assert (form.fields["start"], form.fields["end"]) == ("2026-11-24T09:00", "2026-11-24T11:00")

    def test_without_times_the_next_free_one_is_proposed(self, hers, an_instrument, a_booking, a_span):
        instrument = an_instrument()
        a_booking(instrument=instrument, span=a_span(0, 3))
        form = read_form(hers.get(book_page(instrument, "")).text, "wish")
        assert (form.fields["start"], form.fields["end"]) == ("2026-11-23T12:00", "2026-11-23T13:00")

    def test_a_start_alone_gets_the_usual_length(self, hers, an_instrument):
        form = read_form(hers.get(book_page(an_instrument(), "?start=2026-11-25T10:00")).text, "wish")
        assert form.fields["end"] == "2026-11-25T11:00"

    def test_it_names_the_clock_its_times_are_on(self, hers, an_instrument):
        assert "Central European Time" in hers.get(book_page(an_instrument(time_zone="Europe/Berlin"))).text

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_every_rule_has_a_tick_or_its_reason(self, her_browser, a_person, an_instrument, language):
        rules = [{"kind": "longest", "parameters": {"minutes": 60}}, {"kind": "notice", "parameters": {"minutes": 30}}]
        page = her_browser(a_person(language=language)).get(book_page(an_instrument(rules=rules))).text
        known = {"zh": ("符合：", "不符合：", "每次最多预约 1 小时。"), "en": ("Met: ", "Not met: ", "A booking lasts at most 1 h.")}[language]
        assert all(text in page for text in known)

    def test_the_button_says_what_it_does(self, hers, an_instrument):
        assert ">Book</button>" in hers.get(book_page(an_instrument())).text
        assert ">Ask for approval</button>" in hers.get(book_page(an_instrument(rules=[APPROVAL]))).text

    def test_a_refused_time_comes_with_others_that_work(self, hers, an_instrument, a_booking, a_span):
        busy, near = an_instrument(), an_instrument(name_en="Another microscope")
        a_booking(instrument=busy, span=a_span(24, 2))
        page = hers.get(book_page(busy)).text
        assert "This time is taken." in page
        assert f"/instruments/{busy.id}/book?start=2026-11-24T03:00Z&amp;end=2026-11-24T05:00Z" in page
        assert f"/instruments/{near.id}/book?start=2026-11-24T01:00Z" in page
        assert "Another microscope" in page

    def test_who_lacks_the_qualification_is_led_to_asking_for_it(self, hers, an_instrument):
        instrument = an_instrument(needs_qualification=True)
        page = hers.get(book_page(instrument)).text
        assert "You hold no qualification" in page
        assert f'href="/instruments/{instrument.id}/qualification"' in page
        assert "You can have it" in hers.get(book_page(instrument, TOMORROW + "&mode=assisted")).text

    def test_her_groups_are_offered_and_only_those_modes_there_are(self, hers, researcher, a_group, an_instrument):
        a_group(researcher, name_en="Coal chemistry")
        page = hers.get(book_page(an_instrument(self_operated=False))).text
        assert "Coal chemistry" in page
        assert 'value="assisted"' in page
        assert 'value="self"' not in page
        assert 'value="maintenance"' not in page

    def test_who_is_not_logged_in_is_led_to_the_login_and_back(self, client, an_instrument):
        answer = client.get(book_page(an_instrument()))
        assert answer.status_code == 302
        assert "/login?next=/instruments/" in answer.location

    @pytest.mark.parametrize("publication", ["draft", "suspended", "retired"])
    def test_an_instrument_not_published_is_not_there(self, hers, an_instrument, publication):
        assert hers.get(book_page(an_instrument(publication=publication))).status_code == 404

    @pytest.mark.parametrize("number", ["999999", str(2**63 - 1), str(2**63), "9" * 40, "-1", "x"])
    def test_an_unknown_instrument_is_not_there(self, hers, number):
        assert hers.get(f"/instruments/{number}/book").status_code == 404

    def test_it_costs_the_same_statements_whatever_the_history(self, hers, researcher, a_viewer, an_instrument, a_booking, a_span, statements):
        instrument = an_instrument()

        def cost():
            hers.get(book_page(instrument))
            with statements() as seen:
                hers.get(book_page(instrument))
            return len(seen)

        first = cost()
        for after in range(30, 60):
            a_booking(instrument=instrument, viewer=a_viewer(person=researcher), span=a_span(after))
        assert cost() == first


class TestBooking:
    def test_a_free_time_is_booked_and_the_page_says_what_comes_next(self, hers, researcher, an_instrument, fill_in, bookings, letters_of):
        instrument = an_instrument()
        answer = fill_in(hers, book_page(instrument), note="Two samples")
        (made,) = bookings()
        assert (answer.status_code, answer.location) == (303, f"/bookings/{made.id}?made=1")
        assert (made.status, made.person_id, made.note, made.mode, made.purpose) == ("confirmed", researcher.id, "Two samples", "self", "research")
        assert made.start_at == datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
        page = hers.get(answer.location).text
        assert "It is booked." in page
        assert f"/bookings/{made.id}.ics" in page
        assert "Press Start" in page or "press Start" in page
        assert len(letters_of("booking-confirmed")) == 1

    def test_a_request_waits_and_the_manager_is_told(self, hers, an_instrument, a_manager, fill_in, bookings, letters_of):
        instrument = an_instrument(rules=[APPROVAL])
        a_manager(instrument)
        answer = fill_in(hers, book_page(instrument))
        assert [one.status for one in bookings()] == ["requested"]
        assert "Your request is on its way." in hers.get(answer.location).text
        assert (len(letters_of("booking-requested")), len(letters_of("booking-to-decide"))) == (1, 1)

    def test_it_is_booked_for_the_group_that_was_chosen(self, hers, researcher, a_group, an_instrument, fill_in, bookings):
        group = a_group(researcher)
        fill_in(hers, book_page(an_instrument()), group=str(group.id))
        fill_in(hers, book_page(an_instrument()), group="")
        assert [one.group_id for one in bookings()] == [group.id, None]

    def test_a_taken_time_is_told_with_every_reason_and_nothing_is_booked(self, hers, an_instrument, a_booking, a_span, fill_in, bookings):
        instrument = an_instrument(rules=[{"kind": "longest", "parameters": {"minutes": 60}}])
        a_booking(instrument=instrument, span=a_span(24))
        answer = fill_in(hers, book_page(instrument), note="keep my words")
        assert answer.status_code == 409
        assert "Not booked: This time is taken. A booking lasts at most 1 h." in answer.text
        assert read_form(answer.text, "wish").fields["note"] == "keep my words"
        assert len(bookings()) == 1

    def test_a_time_the_rules_refuse_is_422(self, hers, an_instrument, fill_in, bookings):
        answer = fill_in(hers, book_page(an_instrument(rules=[{"kind": "notice", "parameters": {"minutes": 9000}}])))
        assert (answer.status_code, bookings()) == (422, [])

    def test_a_form_sent_twice_books_once(self, hers, an_instrument, bookings, letters_of):
        form = read_form(hers.get(book_page(an_instrument())).text, "wish")
        first, second = (hers.post(form.action, data=form.fields) for _ in range(2))
        assert first.location == second.location
        assert (len(bookings()), len(letters_of("booking-confirmed"))) == (1, 1)

    def test_a_form_sent_again_with_another_time_books_nothing_and_says_so(self, hers, an_instrument, bookings):
        form = read_form(hers.get(book_page(an_instrument())).text, "wish")
        hers.post(form.action, data=form.fields)
        again = hers.post(form.action, data=form.fields | {"start": "2026-11-25T09:00", "end": "2026-11-25T10:00"})
        assert (again.status_code, len(bookings())) == (409, 1)
        assert "This form was sent already" in again.text
        anew = read_form(again.text, "wish")
        assert hers.post(anew.action, data=anew.fields).status_code == 303
        assert len(bookings()) == 2

    def test_a_hundred_clicks_at_once_book_once(self, app, session, hers, researcher, log_in, an_instrument, bookings, letters_of):
        form = read_form(hers.get(book_page(an_instrument())).text, "wish")
        clicks = [FlaskClient(app, app.response_class) for _ in range(10)]
        with hers.session_transaction() as cookie:
            known = dict(cookie)
        for click in clicks:
            with click.session_transaction() as cookie:
                cookie.update(known)
        session.commit()
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda number: clicks[number % 10].post(form.action, data=form.fields), range(100)))
        assert {answer.status_code for answer in answers} == {303}
        assert len({answer.location for answer in answers}) == 1
        assert (len(bookings()), len(letters_of("booking-confirmed"))) == (1, 1)

    def test_looking_first_books_nothing(self, hers, an_instrument, fill_in, bookings):
        answer = fill_in(hers, book_page(an_instrument()), check="1")
        assert (answer.status_code, bookings()) == (200, [])
        assert "You can have it" in answer.text

    def test_the_live_panel_judges_the_form_as_it_stands_and_writes_nothing(self, hers, an_instrument, a_booking, a_span, bookings):
        instrument = an_instrument()
        a_booking(instrument=instrument, span=a_span(24))
        form = read_form(hers.get(book_page(instrument, "?start=2026-11-25T09:00&end=2026-11-25T10:00")).text, "wish")
        address = f"/instruments/{instrument.id}/quote"
        free = hers.post(address, data=form.fields)
        taken = hers.post(address, data=form.fields | {"start": "2026-11-24T09:00", "end": "2026-11-24T10:00"})
        unread = hers.post(address, data=form.fields | {"end": "soon"})
        assert ("confirmed at once" in free.text, "This time is taken." in taken.text, "such as 2026-11-24 09:00" in unread.text) == (True,) * 3
        assert [answer.status_code for answer in (free, taken, unread)] == [200] * 3
        assert "<html" not in free.text
        assert len(bookings()) == 1

    def test_a_form_without_its_token_is_refused(self, hers, an_instrument, bookings):
        form = read_form(hers.get(book_page(an_instrument())).text, "wish")
        del form.fields["csrf_token"]
        assert hers.post(form.action, data=form.fields).status_code == 400
        assert bookings() == []


BAD = [
    ({"start": ""}, "start", "Please give a day and a time."),
    ({"end": ""}, "end", "Please give a day and a time."),
    ({"start": "soon"}, "start", "such as 2026-11-24 09:00"),
    ({"start": "2026-02-30T09:00"}, "start", "such as 2026-11-24 09:00"),
    ({"start": "24/11/2026 09:00"}, "start", "such as 2026-11-24 09:00"),
    ({"start": "2026-11-24T09:00:30"}, "start", "such as 2026-11-24 09:00"),
    ({"end": "9" * 5000}, "end", "such as 2026-11-24 09:00"),
    ({"end": "2026-11-24T09:00"}, "end", "The end must come after the start."),
    ({"end": "2026-11-23T09:00"}, "end", "The end must come after the start."),
    ({"end": "2027-11-24T09:00"}, "end", "92 days at most"),
    ({"start": "9999-12-31T22:00", "end": "9999-12-31T23:00"}, "start", "within the next three years"),
    ({"start": "0001-01-01T00:00", "end": "0001-01-02T00:00"}, "start", "such as 2026-11-24 09:00"),
    ({"mode": "asleep"}, "mode", "Not a valid choice"),
    ({"mode": "maintenance"}, "mode", "Not a valid choice"),
    ({"purpose": "<script>alert(1)</script>"}, "purpose", "Not a valid choice"),
    ({"group": "1"}, "group", "Not a valid choice"),
    ({"group": "' OR 1=1 --"}, "group", "Not a valid choice"),
    ({"note": "x" * 501}, "note", "At most 500 characters."),
    ({"note": "a\x00b"}, "note", "cannot be seen"),
]


class TestBadInput:
    @pytest.mark.parametrize(("changes", "field", "words"), BAD, ids=lambda value: str(value)[:60])
    def test_it_is_told_beside_its_field_and_nothing_is_booked(self, hers, an_instrument, fill_in, bookings, changes, field, words):
        answer = fill_in(hers, book_page(an_instrument()), **changes)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert words in answer.text
        assert "<script>alert" not in answer.text
        assert bookings() == []

    @pytest.mark.parametrize(("changes", "field", "words"), [({"end": ""}, "end", "请填写日期和时间。"), ({"note": "x" * 501}, "note", "最多 500 个字符。")])
    def test_in_the_readers_language(self, her_browser, a_person, an_instrument, fill_in, changes, field, words):
        answer = fill_in(her_browser(a_person(language="zh")), book_page(an_instrument()), **changes)
        assert words in answer.text.partition(f'id="{field}-error"')[2][:200]

    @pytest.mark.parametrize(
        "query", ["?start=soon", "?start=2026-11-24T09:00&end=x", "?start=2026-11-24T11:00&end=2026-11-24T09:00", "?week=2026-W99", "?day=x"]
    )
    def test_a_broken_link_is_told_and_breaks_nothing(self, hers, an_instrument, query):
        assert hers.get(book_page(an_instrument(), query)).status_code == 422

    def test_what_a_link_says_wrongly_of_the_rest_is_passed_over(self, hers, an_instrument):
        form = read_form(hers.get(book_page(an_instrument(), TOMORROW + "&mode=asleep&group=5&purpose=teaching")).text, "wish")
        assert (form.fields["mode"], form.fields.get("group", ""), form.fields["purpose"]) == ("self", "", "teaching")

    def test_a_missing_form_key_still_books(self, hers, an_instrument, fill_in, bookings):
        assert fill_in(hers, book_page(an_instrument()), form_key="").status_code == 303
        assert len(bookings()) == 1

    def test_a_senseless_form_key_is_told(self, hers, an_instrument, fill_in, bookings):
        assert fill_in(hers, book_page(an_instrument()), form_key="k" * 500).status_code == 422
        assert bookings() == []


class TestClockChanges:
    @pytest.fixture
    def abroad(self, an_instrument):
        return an_instrument(time_zone="Europe/Berlin")

    def test_a_time_that_does_not_exist_is_told(self, hers, abroad, fill_in):
        answer = fill_in(hers, book_page(abroad), start="2027-03-28T02:30", end="2027-03-28T05:00")
        assert answer.status_code == 422
        assert "skip 02:30" in answer.text

    def test_a_time_that_comes_twice_is_asked_about_and_then_booked(self, hers, abroad, fill_in, bookings):
        asked = fill_in(hers, book_page(abroad), start="2027-10-31T02:30", end="2027-10-31T04:00")
        assert asked.status_code == 422
        assert "02:30 comes twice" in asked.text
        form = read_form(asked.text, "wish")
        assert hers.post(form.action, data=form.fields | {"start_again": "second"}).status_code == 303
        assert bookings()[0].start_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)

    def test_a_link_with_an_offset_means_one_of_the_two(self, hers, abroad, fill_in, bookings):
        answer = fill_in(hers, book_page(abroad, "?start=2027-10-31T00:30Z&end=2027-10-31T01:30Z"))
        assert answer.status_code == 303
        assert bookings()[0].start_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


class TestSeveral:
    @pytest.fixture
    def two(self, an_instrument):
        return an_instrument(name_en="First"), an_instrument(name_en="Second", rules=[APPROVAL])

    def address(self, *instruments, query="&start=2026-11-24T09:00&end=2026-11-24T11:00"):
        return f"/bookings/several?ids={','.join(str(one.id) for one in instruments)}{query}"

    def test_all_are_booked(self, hers, two, fill_in, bookings, letters_of):
        answer = fill_in(hers, self.address(*two))
        assert [one.status for one in bookings()] == ["confirmed", "requested"]
        page = hers.get(answer.location).text
        assert "Booked together with it" in page
        assert len(letters_of("booking-requested")) == 1

    def test_or_none_and_it_says_which_stands_in_the_way(self, hers, two, a_booking, a_span, fill_in, bookings):
        a_booking(instrument=two[1], span=a_span(24))
        answer = fill_in(hers, self.address(*two))
        assert answer.status_code == 409
        assert "Not booked: Second: This time is taken." in answer.text
        assert "/bookings/several?start=" in answer.text  # times at which all are to be had
        assert len(bookings()) == 1

    def test_without_a_time_the_next_at_which_all_are_free_is_proposed(self, hers, two, a_booking, a_span):
        a_booking(instrument=two[0], span=a_span(0, 3))
        form = read_form(hers.get(self.address(*two, query="")).text, "wish")
        assert form.fields["start"] == "2026-11-23T12:00"

    def test_the_live_panel_tells_them_apart(self, hers, two):
        form = read_form(hers.get(self.address(*two)).text, "wish")
        answer = hers.post(f"/bookings/several/quote?ids={two[0].id}&ids={two[1].id}", data=form.fields)
        assert "First: all" in answer.text
        assert "Second: not all rules are met" in answer.text

    def test_with_none_chosen_it_says_what_to_do(self, hers):
        assert "No instrument is chosen yet" in hers.get("/bookings/several").text

    @pytest.mark.parametrize("ids", ["999999", "x", "1,x", "-1", str(2**63), "9" * 50, "1%00"])
    def test_what_is_not_there_is_not_found(self, hers, ids):
        assert hers.get(f"/bookings/several?ids={ids}").status_code == 404

    def test_a_draft_among_them_is_not_found(self, hers, two, an_instrument):
        assert hers.get(self.address(*two, an_instrument(publication="draft"))).status_code == 404

    def test_too_many_are_refused(self, hers):
        assert hers.get(f"/bookings/several?ids={','.join(map(str, range(1, 30)))}").status_code == 422

    def test_different_clocks_are_refused(self, hers, two, an_instrument):
        assert hers.get(self.address(*two, an_instrument(time_zone="Europe/Berlin"))).status_code == 422
