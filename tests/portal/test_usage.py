"""Uses on the pages: at the instrument, one's own, rated; and the tick that notices what nobody ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from instruments.access import load_viewer
from portal.jobs import run_once
from portal.qrmarks import mark_of
from scheduling.checkin import check_in
from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem

HOUR = timedelta(hours=1)


def uses(session):
    session.commit()
    return session.scalars(select(UsageRecord).order_by(UsageRecord.id)).all()


class TestAtTheInstrument:
    def test_the_code_leads_to_one_large_button(self, app, a_user_browser, post_form, an_instrument, session, now, clock_at):
        browser, person = a_user_browser
        instrument = an_instrument()
        session.commit()
        with app.app_context():
            mark = mark_of(instrument.id)
        page = browser.get(f"/instruments/{instrument.id}/use?at={mark}")
        assert page.status_code == 200
        assert mark in page.text
        begun = post_form(browser, f"/instruments/{instrument.id}/use", at=mark, mode="self", purpose="research", project="alloy")
        assert begun.status_code == 302
        assert "You are using it" in browser.get(begun.location).text
        (record,) = uses(session)
        assert (record.start_source, record.person_id, record.status) == ("qr", person.id, "running")
        with clock_at(now + HOUR):
            ended = post_form(
                browser, f"/usage/{record.id}/end", at=mark, samples="3", fault_minutes="10", outcome="ok", content="fracture"
            )
        assert ended.status_code == 302
        (record,) = uses(session)
        assert (record.end_source, record.effective_minutes, record.samples, record.outcome) == ("qr", 50, 3, "ok")
        assert "To be confirmed" in browser.get(ended.location).text

    def test_a_mark_of_ones_own_is_not_the_code(self, a_user_browser, post_form, an_instrument, session):
        browser, _ = a_user_browser
        post_form(browser, f"/instruments/{an_instrument().id}/use", at="f" * 20, mode="self", purpose="research")
        assert uses(session)[0].start_source == "web"

    def test_a_booking_that_is_due_is_begun(self, a_user_browser, post_form, a_booking, session, clock_at):
        browser, person = a_user_browser
        booked = a_booking(viewer=load_viewer(session, person))
        with clock_at(booked.start_at):
            assert "Your booking" in browser.get(f"/instruments/{booked.instrument_id}/use").text
            post_form(browser, f"/instruments/{booked.instrument_id}/use")
        assert uses(session)[0].booking_id == booked.id

    def test_why_not_is_told(self, a_user_browser, post_form, an_instrument):
        browser, _ = a_user_browser
        refused = post_form(browser, f"/instruments/{an_instrument(needs_qualification=True).id}/use", mode="self", purpose="research")
        assert refused.status_code == 422
        assert "Book it" in refused.text

    def test_who_else_uses_it_is_not_named(self, a_user_browser, an_instrument, a_viewer, a_person, session, now):
        browser, _ = a_user_browser
        instrument = an_instrument(phone="0351-7")
        check_in(session, instrument.id, viewer=a_viewer(person=a_person(name="秘密人")), source="web", now=now)
        page = browser.get(f"/instruments/{instrument.id}/use").text
        assert "Somebody is using it" in page
        assert "秘密人" not in page

    @pytest.mark.parametrize(
        "form", [{"samples": "-1"}, {"samples": "1e400"}, {"fault_minutes": "NaN"}, {"outcome": "x"}, {"content": "x" * 501}]
    )
    def test_what_cannot_be_is_refused_and_the_use_goes_on(self, a_user_browser, post_form, an_instrument, session, now, clock_at, form):
        browser, _ = a_user_browser
        post_form(browser, f"/instruments/{an_instrument().id}/use", mode="self", purpose="research")
        with clock_at(now + HOUR):
            assert post_form(browser, f"/usage/{uses(session)[0].id}/end", **form).status_code == 422
        assert uses(session)[0].status == "running"


class TestMine:
    def test_an_empty_list_says_what_to_do(self, a_user_browser):
        assert "No uses yet" in a_user_browser[0].get("/usage").text

    def test_her_uses_are_listed_and_rated(self, a_user_browser, post_form, a_usage, session):
        browser, person = a_user_browser
        record = a_usage(person=person)
        assert "Rate it" in browser.get("/usage").text
        assert post_form(browser, f"/usage/{record.id}/rate", rating="satisfied", comment="fine").status_code == 302
        assert uses(session)[0].rating == "satisfied"
        assert "Satisfied" in browser.get("/usage").text

    def test_without_a_choice_nothing_is_rated(self, a_user_browser, post_form, a_usage):
        browser, person = a_user_browser
        refused = post_form(browser, f"/usage/{a_usage(person=person).id}/rate")
        assert refused.status_code == 422
        assert "Choose how satisfied" in refused.text

    def test_a_pi_sees_those_of_her_group(self, a_user_browser, a_usage, a_person, a_group):
        browser, pi = a_user_browser
        student = a_person(name="学生甲")
        group = a_group(student, pi=pi)
        a_usage(person=student, group_id=group.id)
        assert "学生甲" not in browser.get("/usage").text
        assert "学生甲" in browser.get("/usage?whose=groups").text

    def test_pages_are_turned_by_key(self, a_user_browser, a_usage, an_instrument, a_manager, a_past_span):
        browser, person = a_user_browser
        instrument = an_instrument()
        manager = a_manager(instrument)
        for number in range(27):
            a_usage(person=person, instrument=instrument, manager=manager, span=a_past_span(2 * number + 2, 1))
        first = browser.get("/usage")
        assert "25 of 27 shown" in first.text
        following = first.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        assert browser.get(following).text.count('<th scope="row">') == 2
        assert browser.get("/usage?cursor=nonsense").status_code == 422


def test_the_tick_puts_what_nobody_ended_into_the_queue(app, session, an_instrument, a_viewer, now, clock_at):
    check_in(session, an_instrument().id, viewer=a_viewer(), source="web", now=now)
    session.commit()
    with clock_at(now + 25 * HOUR):
        run_once(app, "unended")
        run_once(app, "unended")
    session.commit()
    assert [problem.kind for problem in session.scalars(select(UsageProblem))] == ["no_end"]
