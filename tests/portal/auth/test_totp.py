"""The second step: codes from an app, each once, and recovery codes."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from portal.auth import cipher, totp
from portal.auth.credentials import credential_of
from tests.fixtures.accounts import PASSWORD


@pytest.fixture
def code_at(now):
    def make(secret, after=timedelta(0)):
        return pyotp.TOTP(secret).at(int((now + after).timestamp()))

    return make


@pytest.fixture
def enrolled(app, somebody, session, now, code_at):
    """A person with the second step on: her secret and her recovery codes. The code of `now` is used up."""
    secret = pyotp.random_base32()
    with app.app_context():  # the secret is kept under the portal's key
        codes = totp.enable(session, somebody.id, secret, code_at(secret), now=now)
    session.commit()
    return secret, codes


@pytest.fixture
def opens(app, somebody, session, now):
    """`opens(code)` says whether the code, from the app or for recovery, is taken."""

    def use(code, after=timedelta(0)):
        with app.app_context():
            return totp.use_code(session, somebody.id, code, now=now + after)

    return use


@pytest.fixture
def give_password(client, submit, somebody):
    def give():
        return submit(client, "/login", email=somebody.email, password=PASSWORD, next="/me")

    return give


def test_it_is_switched_on_with_a_first_code_and_the_password(client, somebody, log_in, submit, code_at, session):
    log_in(client, somebody)
    page = client.get("/me/totp")
    assert 'src="data:image/svg+xml' in page.text
    secret = re.search(r'class="secret">([A-Z2-7]{32})<', page.text).group(1)
    refused = submit(client, "/me/totp", code=code_at(secret), current="wrong password")
    assert refused.status_code == 422
    shown = submit(client, "/me/totp", code=code_at(secret), current=PASSWORD)
    assert len(re.findall(r"<code>[a-z2-9-]{17}</code>", shown.text)) == 10
    assert credential_of(session, somebody.id).has_totp


def test_the_password_alone_opens_nothing(client, enrolled, give_password):
    answer = give_password()
    assert answer.location == "/login/code?next=/me"
    assert client.get("/me").status_code == 302


def test_a_code_from_the_app_completes_the_login(client, enrolled, give_password, submit, code_at, clock_at, now):
    secret, _ = enrolled
    give_password()
    with clock_at(now + timedelta(seconds=60)):
        answer = submit(client, "/login/code", code=code_at(secret, timedelta(seconds=60)), next="/me")
        assert answer.location == "/me"
        assert client.get("/me").status_code == 200


def test_a_code_works_once(client, a_browser, enrolled, give_password, submit, code_at):
    secret, _ = enrolled
    give_password()
    page = submit(client, "/login/code", code=code_at(secret))
    assert page.status_code == 422
    assert "used before" in page.text


def test_a_recovery_code_works_once(client, enrolled, give_password, submit, session, somebody):
    _, codes = enrolled
    give_password()
    assert submit(client, "/login/code", code=codes[0].upper().replace("-", " ")).status_code == 302
    submit(client, "/logout", form_on="/me")
    give_password()
    assert submit(client, "/login/code", code=codes[0]).status_code == 422
    assert len(credential_of(session, somebody.id).recovery_hashes) == 9


def test_codes_cannot_be_tried_out(client, enrolled, give_password, submit):
    give_password()
    assert [submit(client, "/login/code", code="000000").status_code for _ in range(6)] == [422] * 5 + [429]


def test_the_first_step_is_forgotten_after_ten_minutes(client, enrolled, give_password, clock_at, now):
    give_password()
    with clock_at(now + timedelta(minutes=11)):
        assert client.get("/login/code").location == "/login?next=/"


def test_a_new_password_takes_the_first_step_back(client, enrolled, give_password, submit, with_password, somebody):
    _, codes = enrolled
    give_password()
    with_password(somebody, "a password somebody else has chosen")
    assert submit(client, "/login/code", code=codes[0]).location == "/login"


def test_the_page_for_the_code_is_nobodys_without_the_password(client):
    assert client.get("/login/code").location == "/login?next=/"


def test_it_is_switched_off_with_the_password(client, enrolled, somebody, log_in, submit, session):
    log_in(client, somebody)
    assert submit(client, "/me/totp/off", form_on="/me/totp", current="wrong password").status_code == 422
    assert credential_of(session, somebody.id).has_totp
    submit(client, "/me/totp/off", form_on="/me/totp", current=PASSWORD)
    session.expire_all()
    assert not credential_of(session, somebody.id).has_totp


def test_new_recovery_codes_make_the_old_ones_worthless(client, enrolled, somebody, log_in, submit, opens):
    _, old = enrolled
    log_in(client, somebody)
    page = submit(client, "/me/totp/recovery", form_on="/me/totp", current=PASSWORD)
    fresh = re.findall(r"<code>([a-z2-9-]{17})</code>", page.text)
    assert not opens(old[0])
    assert opens(fresh[0])


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "0" * 5000])
def test_what_is_no_code_is_no_code(enrolled, opens, code):
    assert not opens(code)


def test_whoever_manages_instruments_is_urged_to_switch_it_on(client, somebody, session, submit, now, an_instrument):
    from instruments.roles import grant

    grant(session, somebody, "manager", instrument=an_instrument(), now=now)
    submit(client, "/login", email=somebody.email, password=PASSWORD)
    assert "switch on the second step" in client.get("/me").text


def test_the_database_alone_does_not_give_the_secret_away(app, somebody, enrolled, session):
    secret, _ = enrolled
    kept = credential_of(session, somebody.id).totp_secret
    assert len(kept) == 64
    assert secret not in kept
    with app.app_context():
        assert base64.b32encode(cipher.decrypt(kept, f"totp/{somebody.id}")).decode() == secret
        assert cipher.decrypt(kept, f"totp/{somebody.id + 1}") is None
        assert cipher.decrypt("A" + kept[1:] if kept[0] != "A" else "B" + kept[1:], f"totp/{somebody.id}") is None


@pytest.mark.parametrize("kept", ["", "x", "not base64 at all", "A" * 64, "é"])
def test_what_was_never_encrypted_opens_nothing(app, kept):
    with app.app_context():
        assert cipher.decrypt(kept, "totp/1") is None


def test_after_a_change_of_the_portals_key_a_recovery_code_still_opens(app, enrolled, opens, code_at):
    secret, codes = enrolled
    later, latest = timedelta(minutes=5), timedelta(minutes=10)
    assert opens(code_at(secret, later), later)
    app.extensions["settings"] = replace(app.extensions["settings"], secret_key="another key, just as long as the one before")
    assert not opens(code_at(secret, latest), latest)
    assert opens(codes[0], latest)
