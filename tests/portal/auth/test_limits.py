"""Limits on guessing, per account and per address (promise 15)."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import func, select

from portal.auth import limits
from portal.auth.limits import LIMITS, Attempt, Limit, count_attempt, forgive, prune
from portal.errors import TooMany
from portal.transactions import writing
from tests.fixtures.accounts import PASSWORD


@pytest.fixture
def guess(client, submit):
    def send(email, password="wrong password", address="198.51.100.7"):
        client.environ_base["REMOTE_ADDR"] = address
        return submit(client, "/login", email=email, password=password)

    return send


@pytest.fixture
def three_guesses(monkeypatch):
    """So that the tests need not hash a hundred passwords."""
    monkeypatch.setitem(LIMITS, "login", Limit(3, 6, timedelta(minutes=15)))


@pytest.mark.usefixtures("three_guesses")
def test_after_too_many_guesses_even_the_right_password_has_to_wait(guess, somebody):
    answers = [guess(somebody.email).status_code for _ in range(3)]
    last = guess(somebody.email, PASSWORD)
    assert [*answers, last.status_code] == [422, 422, 422, 429]
    assert int(last.headers["Retry-After"]) == 900
    assert "15 minutes" in last.text


@pytest.mark.usefixtures("three_guesses")
def test_without_the_limit_the_right_password_would_be_found(guess, somebody, monkeypatch):
    monkeypatch.setattr(limits, "count_attempt", lambda *args, **kwargs: None)
    for _ in range(4):
        guess(somebody.email)
    assert guess(somebody.email, PASSWORD).status_code == 302


@pytest.mark.usefixtures("three_guesses")
def test_addresses_nobody_has_are_limited_alike_so_that_the_limit_tells_nothing(guess):
    assert [guess("nobody@example.org").status_code for _ in range(4)] == [422, 422, 422, 429]


@pytest.mark.usefixtures("three_guesses")
def test_one_network_address_may_not_try_many_accounts(guess, somebody):
    answers = [guess(f"nobody{number}@example.org").status_code for number in range(7)]
    assert answers == [422] * 6 + [429]
    assert guess(somebody.email, PASSWORD).status_code == 429
    assert guess(somebody.email, PASSWORD, address="198.51.100.8").status_code == 302


@pytest.mark.usefixtures("three_guesses")
def test_the_window_slides(guess, somebody, clock_at, now):
    for _ in range(4):
        guess(somebody.email)
    with clock_at(now + timedelta(minutes=16)):
        assert guess(somebody.email, PASSWORD).status_code == 302


@pytest.mark.usefixtures("three_guesses")
def test_the_right_password_forgives_the_wrong_ones_before(guess, somebody, client, submit):
    for _ in range(3):
        guess(somebody.email)
        assert guess(somebody.email, PASSWORD).status_code == 302
        submit(client, "/logout", form_on="/me")


def test_parallel_guesses_all_count(app, monkeypatch, session, now):
    monkeypatch.setitem(LIMITS, "login", Limit(5, 1000, timedelta(minutes=15)))
    session.commit()
    passed = []

    def guess_once():
        with app.app_context():
            try:
                with writing() as own:
                    count_attempt(own, "login", "a@example.org", "198.51.100.7", now=now)
            except TooMany:
                return
            passed.append(True)

    threads = [Thread(target=guess_once) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 5


def test_addresses_of_one_ipv6_subscriber_count_as_one(session, now):
    for number in range(LIMITS["login"].per_address):
        count_attempt(session, "login", f"{number}@example.org", f"2001:db8::{number:x}", now=now)
    with pytest.raises(TooMany):
        count_attempt(session, "login", "one.more@example.org", "2001:db8::ffff", now=now)


def test_what_counts_no_more_is_deleted(session, now):
    count_attempt(session, "login", "a@example.org", "198.51.100.7", now=now - timedelta(hours=2))
    count_attempt(session, "login", "a@example.org", "198.51.100.7", now=now)
    assert prune(session, now=now) == 2
    forgive(session, "login", "a@example.org", "198.51.100.7")
    assert session.scalar(select(func.count()).select_from(Attempt)) == 0
