"""Whose the manager's pages are (promise 11): every address, by every kind of person, on one's own instrument and a foreign one."""

from __future__ import annotations

import pytest

from instruments.closures import close
from instruments.opening import AROUND_THE_CLOCK, set_hours
from instruments.qualifications import grant_qualification
from instruments.roles import grant
from instruments.rulebooks import publish_rules
from instruments.timespan import TimeSpan
from tests.fixtures.accounts import token_in

LISTS = ("", "/requests", "/desk", "/qualifications", "/people")
OF_ONE = ("", "/hours", "/closures", "/rules", "/qualifications", "/documents", "/publication")


@pytest.fixture
def things(session, an_instrument, a_booking, a_person, now, codes):
    """`things(instrument)` gives something of each kind that belongs to an instrument, as the addresses to change them."""

    def make(one):
        booking = a_booking(instrument=one)
        held = grant_qualification(session, a_person().id, one.id, grade=1, expires_on=None, by=None, now=now)
        from_now = TimeSpan(now.replace(month=12), now.replace(month=12, hour=5))
        closure = close(session, one, from_now, kind="other", reason="x", time_zone="Asia/Shanghai", now=now, by=None)
        plan = set_hours(session, one, AROUND_THE_CLOCK, valid_from=now.date().replace(month=12), now=now, by=None)
        book = publish_rules(session, one, [], valid_from=now.replace(month=12), by=None, now=now)
        session.flush()
        base = f"/instruments/{one.id}"
        return [
            base, f"{base}/hours", f"{base}/hours/preview", f"{base}/hours/{plan.id}/take-back", f"{base}/closures", f"{base}/closures/{closure.id}/lift",
            f"{base}/rules", f"{base}/rules/preview", f"{base}/rules/{book.id}/withdraw", f"{base}/qualifications", f"{base}/documents", f"{base}/photo",
            f"{base}/photo/remove", f"{base}/documents/1/remove", f"{base}/publication/suspend", f"{base}/exemption", f"/requests/{booking.id}/approve",
            f"/requests/{booking.id}/decline", f"/desk/{booking.id}/start", f"/desk/{booking.id}/finish", f"/desk/{booking.id}/no_show",
            f"/qualifications/{held.id}/grant", f"/qualifications/{held.id}/refuse", f"/qualifications/{held.id}/revoke",
        ]  # fmt: skip

    return make


def token(browser):
    return token_in(browser.get("/me").text)


def test_strangers_are_led_to_the_login_page(client, instrument):
    paths = [f"/manage{path}" for path in LISTS] + [f"/manage/instruments/{instrument.id}{path}" for path in OF_ONE]
    assert {client.get(path).status_code for path in paths} == {302}


def test_a_researcher_finds_nothing_here(somebody_with, instrument, things):
    browser = somebody_with()
    paths = [f"/manage{path}" for path in LISTS] + [f"/manage/instruments/{instrument.id}{path}" for path in OF_ONE]
    assert {browser.get(path).status_code for path in paths} == {404}
    assert {browser.post(f"/manage{path}", data={"csrf_token": token(browser)}).status_code for path in things(instrument)} == {404}


def test_her_own_pages_open_to_the_manager_in_both_languages(manager, instrument):
    paths = [f"/manage{path}" for path in LISTS] + [f"/manage/instruments/{instrument.id}{path}" for path in OF_ONE]
    assert {manager.get(f"{path}?lang={language}").status_code for path in paths for language in ("zh", "en")} == {200}


def test_a_foreign_instrument_is_not_there_for_a_manager_of_another(manager, an_instrument, things):
    foreign = an_instrument()
    assert {manager.get(f"/manage/instruments/{foreign.id}{path}").status_code for path in OF_ONE} == {404}
    answers = {path: manager.post(f"/manage{path}", data={"csrf_token": token(manager)}).status_code for path in things(foreign)}
    assert set(answers.values()) == {404}, answers


def test_what_belongs_to_another_instrument_is_not_there_under_one_s_own(manager, instrument, an_instrument, things, session):
    foreign = things(an_instrument())
    for path in (path for path in foreign if "/hours/" in path or "/closures/" in path or "/rules/" in path):
        kind, rest = path.split("/")[3], path.split("/", 3)[3]
        if "preview" not in rest:
            assert manager.post(f"/manage/instruments/{instrument.id}/{rest}", data={"csrf_token": token(manager)}).status_code == 404, kind


def test_an_auditor_looks_at_everything_and_changes_nothing(somebody_with, instrument, things):
    browser = somebody_with("auditor")
    paths = [f"/manage{path}" for path in LISTS] + [f"/manage/instruments/{instrument.id}{path}" for path in OF_ONE]
    assert {browser.get(path).status_code for path in paths} == {200}
    assert {browser.post(f"/manage{path}", data={"csrf_token": token(browser)}).status_code for path in things(instrument)} == {403}
    assert {browser.post(f"/manage{path}", data={"csrf_token": token(browser)}).status_code for path in ("/instruments/new", "/qualifications/extend")} == {403}


def test_an_auditor_is_shown_no_button_that_changes_anything(somebody_with, instrument, things):
    things(instrument)
    browser = somebody_with("auditor")
    for path in OF_ONE:
        page = browser.get(f"/manage/instruments/{instrument.id}{path}").text.partition("<main")[2].partition("</main>")[0]
        assert 'method="post"' not in page or "<fieldset disabled>" in page, path


def test_who_audits_another_organisation_finds_nothing(somebody_with, instrument, an_organisation):
    browser = somebody_with("auditor", organisation=an_organisation())
    assert {browser.get(f"/manage/instruments/{instrument.id}{path}").status_code for path in OF_ONE} == {404}


def test_who_manages_here_and_audits_elsewhere_may_only_look_there(session, a_browser, log_in, a_person, instrument, an_instrument, things, now):
    person, foreign = a_person(organisation=instrument.organisation), an_instrument()
    grant(session, person, "manager", instrument=instrument, now=now)
    grant(session, person, "auditor", now=now)
    browser = log_in(a_browser(), person)
    assert {browser.get(f"/manage/instruments/{foreign.id}{path}").status_code for path in OF_ONE} == {200}
    answers = {path: browser.post(f"/manage{path}", data={"csrf_token": token(browser)}).status_code for path in things(foreign)}
    assert {status for path, status in answers.items() if "preview" not in path} == {403}, answers


def test_without_the_hidden_field_nothing_is_taken(manager, instrument, things):
    assert {manager.post(f"/manage{path}").status_code for path in things(instrument)} == {400}


def test_facilities_are_closed_by_those_who_manage_the_whole_of_one(session, somebody_with, an_instrument, a_facility, codes):
    facility = a_facility()
    one = an_instrument(organisation=facility.organisation, facility_id=facility.id)
    fields = {"scope": "facility", "start": "2026-11-27T15:00", "end": "2026-11-27T17:00", "kind": "other", "reason": "停电", "make": "1", "treat": "keep"}
    of_one, of_all = somebody_with("manager", instrument=one), somebody_with("manager", facility=facility)
    assert of_one.post(f"/manage/instruments/{one.id}/closures", data={"csrf_token": token(of_one), **fields}).status_code == 422
    assert of_all.post(f"/manage/instruments/{one.id}/closures", data={"csrf_token": token(of_all), **fields}).status_code == 302
