"""A forgotten password."""

from __future__ import annotations

from datetime import timedelta

from tests.fixtures.accounts import PASSWORD

NEW_PASSWORD = "another fine sentence"


def test_the_answer_is_the_same_whether_or_not_the_address_is_known(client, somebody, submit, letters_of):
    known = submit(client, "/reset", email=somebody.email)
    unknown = submit(client, "/reset", email="nobody@example.org")
    assert known.status_code == unknown.status_code == 200
    assert known.text.replace(somebody.email, "nobody@example.org") == unknown.text
    assert [letter.to_address for letter in letters_of("reset")] == [somebody.email]


def test_an_unknown_address_costs_as_much_work(client, somebody, submit, statements):
    told = []
    for email in (somebody.email, "nobody@example.org"):
        client.get("/reset")
        with statements() as seen:
            submit(client, "/reset", email=email)
        told.append(sum("outbox_message" in statement for statement in seen))
    assert told == [1, 1]


def test_a_new_password_works_the_old_one_does_not_and_every_login_ends(client, a_browser, somebody, log_in, submit, link_in, letters_of):
    elsewhere = log_in(a_browser(), somebody)
    submit(client, "/reset", email=somebody.email)
    assert submit(client, link_in("reset"), password=NEW_PASSWORD, again=NEW_PASSWORD).location == "/login"
    assert elsewhere.get("/me").status_code == 302
    assert submit(client, "/login", email=somebody.email, password=PASSWORD).status_code == 422
    assert submit(client, "/login", email=somebody.email, password=NEW_PASSWORD).status_code == 302
    assert [letter.to_person_id for letter in letters_of("password-changed")] == [somebody.id]


def test_a_link_works_once_and_only_the_newest(client, somebody, submit, link_in):
    submit(client, "/reset", email=somebody.email)
    first = link_in("reset")
    submit(client, "/reset", email=somebody.email)
    assert client.get(first).status_code == 410
    link = link_in("reset")
    submit(client, link, password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert client.get(link).status_code == 410


def test_a_link_dies_after_two_hours(client, somebody, submit, link_in, clock_at, now):
    submit(client, "/reset", email=somebody.email)
    link = link_in("reset")
    with clock_at(now + timedelta(minutes=119)):
        assert client.get(link).status_code == 200
    with clock_at(now + timedelta(minutes=121)):
        assert client.get(link).status_code == 410


def test_a_link_to_confirm_an_address_does_not_change_a_password(client, an_organisation, submit, link_in):
    submit(client, "/register", email="x@example.org", name="X", organisation=an_organisation().id)
    token = link_in("confirm").rsplit("/", 1)[1]
    assert client.get(f"/reset/{token}").status_code == 410


def test_the_letters_text_is_forgotten_once_sent_because_it_opens_a_door(client, somebody, submit, letters_of):
    submit(client, "/reset", email=somebody.email)
    assert letters_of("reset")[0].is_secret


def test_two_different_entries_are_refused(client, somebody, submit, link_in):
    submit(client, "/reset", email=somebody.email)
    page = submit(client, link_in("reset"), password=NEW_PASSWORD, again=NEW_PASSWORD + "!")
    assert page.status_code == 422
    assert "not the same" in page.text
