"""Logging in and out (promise 15)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from portal.auth.credentials import set_password
from portal.auth.sessions import LoginSession

PASSWORD = "correct horse battery"


@pytest.fixture
def somebody(a_person, session, now):
    person = a_person(language="en")
    set_password(session, person, PASSWORD, now=now)
    session.commit()
    return person


@pytest.fixture
def submit(csrf_of):
    def send(browser, url, **fields):
        return browser.post(url, data={"csrf_token": csrf_of(browser), **fields})

    return send


def test_the_right_password_leads_on_to_where_the_reader_was_going(client, somebody, submit):
    answer = submit(client, "/login", email=somebody.email.upper(), password=PASSWORD, next="/me/groups")
    assert answer.status_code == 302
    assert answer.location == "/me/groups"
    assert somebody.name in client.get("/me").text


def test_a_wrong_password_an_unknown_address_and_an_unconfirmed_one_get_the_same_page(client, somebody, a_person, submit, session, now):
    unconfirmed = a_person(status="unconfirmed")
    set_password(session, unconfirmed, PASSWORD, now=now)
    session.commit()
    pages = {
        email: submit(client, "/login", email=email, password=password)
        for email, password in ((somebody.email, "wrong password"), ("nobody@example.org", PASSWORD), (unconfirmed.email, PASSWORD))
    }
    assert {page.status_code for page in pages.values()} == {422}
    texts = {re.sub(r'(value|csrf_token)="[^"]*"', "", page.text) for page in pages.values()}
    assert len(texts) == 1


def test_both_answers_cost_a_password_check(client, somebody, submit, monkeypatch):
    checked = []
    from portal.auth import credentials

    real = credentials.hasher.verify
    monkeypatch.setattr(credentials, "hasher", type("Counting", (), {"verify": staticmethod(lambda *a: checked.append(a[0]) or real(*a))}))
    submit(client, "/login", email=somebody.email, password="wrong password")
    submit(client, "/login", email="nobody@example.org", password="wrong password")
    assert len(checked) == 2
    assert all(each.startswith("$argon2id$") for each in checked)


def test_logging_out_kills_the_login_even_for_a_copied_cookie(client, a_browser, somebody, submit, csrf_of):
    submit(client, "/login", email=somebody.email, password=PASSWORD)
    thief = a_browser()
    thief.set_cookie("portal", client.get_cookie("portal").value)
    assert thief.get("/me").status_code == 200
    client.post("/logout", data={"csrf_token": csrf_token(client)})
    assert thief.get("/me").status_code == 302
    assert client.get("/me").status_code == 302


def csrf_token(browser):
    return re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/me").text).group(1)


def test_the_cookie_of_a_disabled_person_opens_nothing(client, somebody, log_in, session):
    log_in(client, somebody)
    assert client.get("/me").status_code == 200
    somebody.status = "disabled"
    assert client.get("/me").status_code == 302


def test_the_database_holds_only_the_hash_of_the_secret(client, somebody, submit, session):
    submit(client, "/login", email=somebody.email, password=PASSWORD)
    with client.session_transaction() as cookie:
        secret = cookie["_user_id"]
    row = session.scalars(select(LoginSession)).one()
    assert secret not in str(vars(row))
    assert len(secret) >= 32
