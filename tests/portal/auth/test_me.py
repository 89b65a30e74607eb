"""A person's own pages."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from portal.auth import feeds
from portal.auth.sessions import LoginSession
from tests.fixtures.accounts import PASSWORD, token_in

NEW_PASSWORD = "another fine sentence"


@pytest.fixture
def mine(client, somebody, log_in):
    return log_in(client, somebody)


@pytest.mark.parametrize("path", ["", "/groups", "/sessions", "/password", "/totp", "/tokens", "/feed", "/data.json"])
def test_every_page_needs_a_login(client, path):
    assert client.get(f"/me{path}").status_code == 302


@pytest.mark.parametrize("path", ["", "/groups", "/sessions", "/password", "/totp", "/tokens", "/feed"])
def test_every_page_opens_in_both_languages_and_is_kept_by_nobody(mine, path):
    for language, word in (("zh", "退出登录"), ("en", "Log out")):
        page = mine.get(f"/me{path}?lang={language}")
        assert page.status_code == 200
        assert word in page.text
        assert page.headers["Cache-Control"] == "no-store"


def test_details_are_saved(mine, somebody, submit):
    submit(mine, "/me", name="王 <b>五</b>", phone="0351 123", language="zh")
    assert (somebody.name, somebody.phone, somebody.language) == ("王 <b>五</b>", "0351 123", "zh")
    assert "王 &lt;b&gt;五&lt;/b&gt;" in mine.get("/me").text


def test_the_language_is_remembered_and_leads_back(mine, somebody, submit):
    answer = submit(mine, "/me/language", form_on="/me", language="zh", next="/me/groups")
    assert answer.location == "/me/groups"
    assert somebody.language == "zh"
    assert submit(mine, "/me/language", form_on="/me", language="fr").status_code == 422
    assert submit(mine, "/me/language", form_on="/me", language="en", next="//evil.example").location == "/me"


def test_a_new_password_ends_the_other_logins_and_keeps_this_one(mine, a_browser, log_in, somebody, submit, letters_of):
    elsewhere = log_in(a_browser(), somebody)
    answer = submit(mine, "/me/password", current=PASSWORD, password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert answer.location == "/me/sessions"
    assert mine.get("/me").status_code == 200
    assert elsewhere.get("/me").status_code == 302
    assert len(letters_of("password-changed")) == 1


def test_the_password_is_changed_only_by_who_knows_it(mine, submit, session, somebody):
    page = submit(mine, "/me/password", current="wrong password", password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert page.status_code == 422
    assert "This is not your password." in page.text


def test_one_login_or_all_others_can_be_ended(mine, a_browser, log_in, somebody, submit, session):
    browsers = [log_in(a_browser(), somebody) for _ in range(3)]
    numbers = session.scalars(select(LoginSession.id).order_by(LoginSession.id)).all()
    assert mine.get("/me/sessions").text.count("<tr>") == 1 + 4
    submit(mine, f"/me/sessions/{numbers[1]}/end", form_on="/me/sessions")
    assert [browser.get("/me").status_code for browser in browsers] == [302, 200, 200]
    submit(mine, "/me/sessions/end-others", form_on="/me/sessions")
    assert [browser.get("/me").status_code for browser in (mine, *browsers)] == [200, 302, 302, 302]


def test_nobody_ends_anothers_login(mine, a_browser, a_person, log_in, submit, session):
    other = log_in(a_browser(), a_person())
    number = session.scalars(select(LoginSession.id).order_by(LoginSession.id.desc())).first()
    assert submit(mine, f"/me/sessions/{number}/end", form_on="/me/sessions").status_code == 404
    assert other.get("/me").status_code == 200


def test_the_feeds_address_is_shown_once_replaced_and_revoked(mine, submit, session, somebody):
    first, second = (re.search(r"/calendars/feeds/([\w-]+)\.ics", submit(mine, "/me/feed").text).group(1) for _ in range(2))
    assert first not in mine.get("/me/feed").text
    assert feeds.person_of_feed(session, first) is None
    assert feeds.person_of_feed(session, second) == somebody
    submit(mine, "/me/feed/revoke", form_on="/me/feed")
    session.expire_all()
    assert feeds.person_of_feed(session, second) is None


def test_a_disabled_persons_feed_is_dead(somebody, session, now):
    secret = feeds.create(session, somebody.id, now=now)
    session.flush()
    assert feeds.person_of_feed(session, secret) == somebody
    somebody.status = "disabled"
    session.flush()
    assert feeds.person_of_feed(session, secret) is None


def test_groups_and_roles_are_listed(mine, somebody, a_group, a_person, session, now, an_organisation):
    from instruments.roles import grant

    group = a_group(somebody, a_person(name="Zhou Qi"), organisation=an_organisation(name_en="Lüliang Institute"))
    grant(session, somebody, "organisation_admin", organisation=group.organisation, now=now)
    page = mine.get("/me/groups").text
    assert "Zhou Qi" in page
    assert "Organisation administrator: Lüliang Institute" in page


def test_everything_kept_about_a_person_is_hers_to_take_without_secrets_and_without_others(mine, somebody, a_person, a_group, submit):
    submit(mine, "/me/tokens", label="laptop", days=30)
    a_group(somebody, a_person(name="Zhou Qi"))
    answer = mine.get("/me/data.json")
    tables = answer.json["tables"]
    assert tables["person"][0]["email"] == somebody.email
    assert tables["api_token"][0]["label"] == "laptop"
    assert len(tables["group_member"]) == 1
    assert "password_hash" not in answer.text
    assert "token_hash" not in answer.text
    assert "Zhou Qi" not in answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_form_grown_old_is_explained(mine):
    token_in(mine.get("/me").text)
    page = mine.post("/me", data={"name": "x", "csrf_token": "old"})
    assert page.status_code == 400
    assert "grown old" in page.text
