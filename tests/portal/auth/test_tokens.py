"""API tokens: shown once, kept as a hash, revocable; and what a token may not do (promises 13 and 15)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.auth import tokens, viewer
from portal.auth.current import login_required
from portal.auth.tokens import ApiToken


@pytest.fixture
def app(fresh_app):
    """A portal of its own for each test: they add routes."""
    return fresh_app


@pytest.fixture
def api(app):
    """A call of the API that tells who is asking, and one that needs a login."""

    @login_required
    def who():
        return {"name": viewer().name}

    app.add_url_rule("/api/v1/for-tests/who", "who", who, methods=["GET", "POST"])
    app.add_url_rule("/for-tests/who", "who_page", who, methods=["GET"])
    return "/api/v1/for-tests/who"


@pytest.fixture
def token(somebody, session, now):
    made = tokens.create(session, somebody.id, "for tests", now=now, days=30)
    session.commit()
    return made


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_a_token_is_shown_once_and_kept_as_a_hash(client, somebody, log_in, submit, session):
    log_in(client, somebody)
    page = submit(client, "/me/tokens", label="laptop", days=30)
    shown = re.search(r'id="new-token">([^<]+)<', page.text).group(1)
    assert len(shown) >= 32
    assert shown not in client.get("/me/tokens").text
    assert shown not in str(vars(session.scalars(select(ApiToken)).one()))


def test_a_token_opens_the_api_in_its_persons_name(client, api, somebody, token):
    assert client.get(api, headers=bearer(token)).json == {"name": somebody.name}
    assert client.post(api, headers=bearer(token)).status_code == 200


def test_without_a_token_the_api_asks_for_one_and_changes_nothing(client, api):
    answer = client.post(api)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Bearer \x00", "Basic Zm9vOmJhcg==", "Bearer ip_" + "x" * 4000])
def test_a_wrong_token_is_401(client, api, header):
    assert client.get(api, headers={"Authorization": header}).status_code == 401


def test_a_token_opens_no_page(client, api, token):
    assert client.get("/for-tests/who", headers=bearer(token)).status_code == 302


def test_a_revoked_an_expired_and_a_disabled_persons_token_are_dead(client, api, somebody, token, log_in, submit, session, clock_at, now):
    with clock_at(now + timedelta(days=31)):
        assert client.get(api, headers=bearer(token)).status_code == 401
    somebody.status = "disabled"
    assert client.get(api, headers=bearer(token)).status_code == 401
    somebody.status = "active"
    browser = log_in(client, somebody)
    number = session.scalars(select(ApiToken.id)).one()
    submit(browser, f"/me/tokens/{number}/revoke", form_on="/me/tokens")
    assert client.get(api, headers=bearer(token)).status_code == 401


def test_nobody_revokes_anothers_token(client, api, a_person, token, log_in, submit, session):
    number = session.scalars(select(ApiToken.id)).one()
    log_in(client, a_person())
    assert submit(client, f"/me/tokens/{number}/revoke", form_on="/me/tokens").status_code == 404
    assert client.get(api, headers=bearer(token)).status_code == 200


def test_a_call_with_the_cookie_needs_the_header_against_forged_forms(client, api, somebody, log_in):
    log_in(client, somebody)
    assert client.post(api).status_code == 400
    page = client.get("/me")
    marker = re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)
    assert client.post(api, headers={"X-CSRFToken": marker}).json == {"name": somebody.name}


def test_a_made_up_token_does_not_let_a_cookie_past_the_check(client, api, somebody, log_in):
    log_in(client, somebody)
    assert client.post(api, headers=bearer("made-up")).status_code == 401


def test_with_a_token_the_cookie_counts_for_nothing(client, api, somebody, a_person, token, log_in):
    log_in(client, a_person(name="Somebody Else"))
    assert client.get(api, headers=bearer(token)).json == {"name": somebody.name}
