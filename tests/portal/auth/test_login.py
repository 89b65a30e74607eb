"""Logging in and out (promise 15)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from portal.auth import credentials, sessions
from portal.auth.sessions import LoginSession
from tests.fixtures.accounts import PASSWORD


def without_tokens(text):
    return re.sub(r'(value|content)="[^"]*"', "", text)


def test_the_right_password_leads_on_to_where_the_reader_was_going(client, somebody, submit):
    answer = submit(client, "/login", email=somebody.email.upper(), password=PASSWORD, next="/me/groups")
    assert answer.status_code == 302
    assert answer.location == "/me/groups"
    assert somebody.name in client.get("/me").text


def test_a_page_behind_the_login_leads_to_it_and_back(client, somebody):
    answer = client.get("/me/tokens?lang=en")
    assert answer.status_code == 302
    assert answer.location == "/login?next=/me/tokens?lang%3Den"


def test_a_wrong_password_an_unknown_address_and_an_unconfirmed_one_get_the_same_page(client, somebody, a_person, with_password, submit):
    unconfirmed = with_password(a_person(status="unconfirmed"))
    tried = ((somebody.email, "wrong password"), ("nobody@example.org", PASSWORD), (unconfirmed.email, PASSWORD))
    pages = [submit(client, "/login", email=email, password=password) for email, password in tried]
    assert {page.status_code for page in pages} == {422}
    assert len({without_tokens(page.text) for page in pages}) == 1


def test_an_unknown_address_costs_the_same_password_check(client, true_cost, somebody, submit, monkeypatch):
    checked = []
    real = credentials.hasher

    class Counting:
        def verify(self, password_hash, password):
            checked.append(password_hash)
            return real.verify(password_hash, password)

    monkeypatch.setattr(credentials, "hasher", Counting())
    submit(client, "/login", email=somebody.email, password="wrong password")
    submit(client, "/login", email="nobody@example.org", password="wrong password")
    parameters = [each.rsplit("$", 2)[0] for each in checked]
    assert parameters == ["$argon2id$v=19$m=47104,t=2,p=1"] * 2


def test_somebody_who_waits_for_her_organisation_is_told_so_but_only_with_the_right_password(client, a_person, with_password, submit):
    waiting = with_password(a_person(status="waiting"))
    assert "has yet to admit you" in submit(client, "/login", email=waiting.email, password=PASSWORD).text
    assert "has yet to admit you" not in submit(client, "/login", email=waiting.email, password="wrong password").text


def test_logging_out_kills_the_login_even_for_a_copied_cookie(client, a_browser, somebody, submit):
    submit(client, "/login", email=somebody.email, password=PASSWORD)
    thief = a_browser()
    thief.set_cookie("portal", client.get_cookie("portal").value)
    assert thief.get("/me").status_code == 200
    submit(client, "/logout", form_on="/me")
    assert client.get("/me").status_code == 302
    assert thief.get("/me").status_code == 302


def test_a_copied_cookie_would_live_on_if_logging_out_only_took_the_cookie_back(client, a_browser, somebody, submit, monkeypatch):
    monkeypatch.setattr(sessions, "end", lambda *args, **kwargs: None)
    submit(client, "/login", email=somebody.email, password=PASSWORD)
    thief = a_browser()
    thief.set_cookie("portal", client.get_cookie("portal").value)
    submit(client, "/logout", form_on="/me")
    assert thief.get("/me").status_code == 200


def test_the_cookie_of_a_disabled_person_opens_nothing(client, somebody, log_in):
    log_in(client, somebody)
    assert client.get("/me").status_code == 200
    somebody.status = "disabled"
    assert client.get("/me").status_code == 302


def test_a_login_ends_after_a_fortnight(client, somebody, log_in, session, now):
    log_in(client, somebody)
    session.scalars(select(LoginSession)).one().expires_at = now
    assert client.get("/me").status_code == 302


def test_the_database_holds_only_the_hash_of_the_cookies_secret(client, somebody, submit, session):
    submit(client, "/login", email=somebody.email, password=PASSWORD)
    with client.session_transaction() as cookie:
        secret = cookie["_user_id"]
    row = session.scalars(select(LoginSession)).one()
    assert secret not in str(vars(row))
    assert len(secret) >= 32


def test_logging_in_leaves_nothing_of_an_earlier_visitor_in_the_cookie(client, somebody, submit):
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    submit(client, "/login", email=somebody.email, password=PASSWORD)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie


def test_knowing_who_reads_the_page_costs_two_statements(client, somebody, log_in, app, statements):
    log_in(client, somebody)
    client.get("/me")  # whatever is read once per process
    with statements() as seen:
        client.get("/register/confirmed")
    assert len(seen) == 2, seen


@pytest.mark.parametrize("field", ["email", "password"])
def test_nothing_filled_in_is_said_beside_the_field(client, submit, field):
    page = submit(client, "/login")
    assert page.status_code == 422
    assert f'id="{field}-error"' in page.text
