"""Registering, without telling anybody who has an account (promise 15)."""

from __future__ import annotations

import re

import pytest

from instruments.people import person_by_email
from instruments.roles import grant
from tests.fixtures.accounts import PASSWORD

NEW = "new.person@example.org"


@pytest.fixture
def university(an_organisation):
    return an_organisation(name_en="Fenhe University")


@pytest.fixture
def register(client, submit, university):
    def send(email=NEW, browser=client, **fields):
        return submit(browser, "/register", email=email, **{"name": "Li Ming", "organisation": university.id} | fields)

    return send


def test_a_researcher_confirms_her_address_chooses_a_password_and_waits_for_her_organisation(client, register, link_in, submit, session):
    assert register().status_code == 200
    link = link_in("confirm")
    answer = submit(client, link, password=PASSWORD, again=PASSWORD)
    assert answer.location == "/register/confirmed"
    assert "your organisation admits you" in client.get(answer.location).text
    assert person_by_email(session, NEW).status == "waiting"
    assert "has yet to admit you" in submit(client, "/login", email=NEW, password=PASSWORD).text


def test_those_who_may_admit_her_are_told(client, register, link_in, submit, letters_of, a_person, university, session, now):
    administrator = a_person(organisation=university)
    grant(session, administrator, "organisation_admin", organisation=university, now=now)
    register()
    submit(client, link_in("confirm"), password=PASSWORD, again=PASSWORD)
    assert [letter.to_person_id for letter in letters_of("person-waiting")] == [administrator.id]


def test_opening_the_link_confirms_nothing(client, register, link_in, session):
    register()
    for _ in range(2):  # a mail scanner opens links too
        assert client.get(link_in("confirm")).status_code == 200
    assert person_by_email(session, NEW).status == "unconfirmed"


def test_a_link_works_once(client, register, link_in, submit):
    register()
    link = link_in("confirm")
    submit(client, link, password=PASSWORD, again=PASSWORD)
    assert client.get(link).status_code == 410


def test_a_link_dies_with_time(client, register, link_in, clock_at, now):
    from datetime import timedelta

    register()
    with clock_at(now + timedelta(days=4)):
        assert client.get(link_in("confirm")).status_code == 410


def test_the_answer_is_the_same_whether_or_not_the_address_is_known(client, register, somebody, letters_of):
    known, unknown = register(email=somebody.email), register(email=NEW)
    assert known.status_code == unknown.status_code == 200
    assert known.text.replace(somebody.email, NEW) == unknown.text
    assert [letter.to_address for letter in letters_of("already-registered")] == [somebody.email]
    assert [letter.to_address for letter in letters_of("confirm")] == [NEW]


def test_registering_again_under_the_address_changes_nothing_of_an_account(register, somebody):
    before = (somebody.name, somebody.organisation_id, somebody.status)
    register(email=somebody.email, name="Somebody Else")
    assert (somebody.name, somebody.organisation_id, somebody.status) == before


def test_nobody_can_prepare_an_account_in_anothers_name(client, a_browser, register, link_in, submit):
    """The password is chosen behind the mailed link, which only the owner of the address has; a second request kills the first link."""
    register()
    first = link_in("confirm")
    register(browser=a_browser())
    assert client.get(first).status_code == 410
    assert submit(client, link_in("confirm"), password=PASSWORD, again=PASSWORD).status_code == 302


def test_a_fourth_request_for_one_address_within_the_hour_has_to_wait(register):
    assert [register().status_code for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "no address", "valid e-mail"),
        ("email", "a@b.example\r\nBcc: x@example.org", "valid e-mail"),
        ("name", "", "fill this in"),
        ("name", "x" * 101, "At most 100"),
        ("organisation", "999999", "Not a valid choice"),
        ("organisation", "", "fill this in"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(register, field, value, words):
    page = register(**{field: value})
    assert page.status_code == 422
    assert words in re.search(rf'id="{field}-error">(.*?)</p>', page.text, re.DOTALL).group(1)


@pytest.mark.parametrize("password", ["short", "1234567890", "aaaaaaaaaaaa", "new.person@example.org", "password123"])
def test_a_password_that_would_be_guessed_is_refused_and_the_link_stays_good(client, register, link_in, submit, password):
    register()
    link = link_in("confirm")
    assert submit(client, link, password=password, again=password).status_code == 422
    assert client.get(link).status_code == 200
