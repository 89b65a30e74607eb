"""Forged forms, foreign hosts, redirects, headers (promise 13; that reading writes nothing has a file of its own)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import redirect, request

from instruments.roles import grant
from portal import create_app
from portal.config import Settings
from portal.security import csrf_check, own_path
from tests.fixtures.routes import READING, UNSAFE, addresses

ABROAD = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "https://evil.example",
    "https:evil.example",
    "//evil.example@localhost",
    "https://localhost@evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "/\x00/evil.example",
    "/" + "a" * 3000,
    "",
    None,
)


@pytest.fixture
def app(fresh_app):
    """A portal of its own for each test: they add routes."""
    return fresh_app


@pytest.fixture
def administrator(a_person, session, now):
    person = a_person(language="en")
    grant(session, person, "province_admin", now=now)
    return person


def test_every_unsafe_route_refuses_a_form_that_is_not_ours(client, app, administrator, log_in):
    log_in(client, administrator)
    answers = {(method, url): client.open(url, method=method).status_code for method, url in addresses(app, UNSAFE)}
    assert len(answers) > 15
    assert {address: status for address, status in answers.items() if status != 400} == {}


def test_without_the_check_the_same_forms_would_be_read(client, app, administrator, log_in, monkeypatch):
    log_in(client, administrator)
    monkeypatch.setattr(csrf_check, "protect", lambda: None)
    answers = [client.open(url, method=method).status_code for method, url in addresses(app, ("POST",)) if url.startswith("/me")]
    assert answers
    assert 400 not in answers


def test_no_route_crashes_on_what_nobody_has(client, app, administrator, log_in):
    log_in(client, administrator)
    app.testing = False
    answers = {}
    for method, url in addresses(app, READING):
        with client.open(url, method=method) as answer:
            answers[method, url] = answer.status_code
    assert {address: status for address, status in answers.items() if status >= 500} == {}


@pytest.mark.parametrize("target", ABROAD)
def test_a_way_on_that_leads_abroad_stays_home(target):
    assert own_path(target, "/home") == "/home"


@pytest.mark.parametrize("target", ["/", "/me?lang=zh", "/instruments/1?week=2026-W48#rules", "/instruments?q=%2F%2F", "/a//b", "/名称"])
def test_a_way_on_within_the_portal_is_followed(target):
    assert own_path(target) == target


@pytest.mark.parametrize("target", [target for target in ABROAD if target])
def test_logging_in_never_leads_abroad(client, administrator, log_in, target):
    log_in(client, administrator)
    assert client.get("/login", query_string={"next": target}).location == "/"


def test_the_corpus_would_show_a_way_abroad(client, app):
    app.add_url_rule("/for-tests/open", "open", lambda: redirect(request.args["next"]))
    followed = [
        client.get("/for-tests/open", query_string={"next": target}).location for target in ("//evil.example", "https://evil.example")
    ]
    assert followed == ["//evil.example", "https://evil.example"]


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost@evil.example"]
)
@pytest.mark.parametrize("path", ["/login", "/nothing-here", "/api/v1/nothing-here", "/healthz"])
def test_a_foreign_host_is_refused(client, host, path):
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_the_portals_own_names_are_answered(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/login", "/nothing-here", "/healthz", "/api/v1/nothing-here", "/static/css/tokens.css"])
def test_every_answer_carries_the_headers(client, path):
    with client.get(path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_over_https_browsers_are_told_to_stay_with_it(client):
    answer = client.get("/login", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(client):
    cookie = client.get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_never_travels_without_it(portal_settings, clean_engine):
    settings: Settings = replace(portal_settings, base_url="https://localhost")
    settings.data_dir.mkdir(parents=True)
    assert "Secure" in create_app(settings, clean_engine).test_client().get("/login").headers["Set-Cookie"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client, app):
    app.config["MAX_CONTENT_LENGTH"] = 1000
    assert client.post("/login", data={"email": "x" * 2000}).status_code == 413


@pytest.mark.parametrize(("proxies", "is_believed"), [(0, False), (1, True)])
def test_only_a_trusted_proxy_is_believed_about_https_and_addresses(portal_settings, clean_engine, proxies, is_believed):
    portal_settings.data_dir.mkdir(parents=True)
    app = create_app(replace(portal_settings, trusted_proxies=proxies), clean_engine)
    app.add_url_rule("/for-tests/address", "address", lambda: str(request.remote_addr))
    told = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    answer = app.test_client().get("/for-tests/address", headers=told)
    assert (answer.text == "203.0.113.9") is is_believed
    assert ("Strict-Transport-Security" in answer.headers) is is_believed


def test_a_trusted_proxy_cannot_bring_a_foreign_host(portal_settings, clean_engine):
    portal_settings.data_dir.mkdir(parents=True)
    browser = create_app(replace(portal_settings, trusted_proxies=1), clean_engine).test_client()
    assert browser.get("/login", headers={"X-Forwarded-Host": "evil.example"}).status_code == 400
