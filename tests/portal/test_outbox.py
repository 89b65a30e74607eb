"""The outbox: one letter per person and event, in the reader's language, claimed by one sender at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from instruments.audit import AuditEntry
from instruments.errors import Invalid
from instruments.people import Person
from portal import delivery, outbox
from portal.letters import render
from portal.mail import Away
from portal.outbox import LEASE, claim, enqueue, has_due, mark_failed, mark_sent, put_back
from portal.transactions import writing
from tests.fixtures.letters import CONTEXT, FakePost


def test_a_letter_is_written_in_the_readers_language(write_letters: Callable, session: Session, a_person: Callable, letters: Callable) -> None:
    english = a_person(language="en", name="Ada")
    session.commit()
    write_letters()
    write_letters(to=english)
    zh, en = letters()
    assert zh.subject == "请确认您的邮箱"
    assert "您好" in zh.body
    assert en.subject == "Please confirm your e-mail address"
    assert "Dear Ada," in en.body


def test_the_same_key_adds_no_second_letter(write_letters: Callable, letters: Callable) -> None:
    write_letters(key="confirmed/1/1")
    write_letters(key="confirmed/1/1")
    assert len(letters()) == 1


def test_a_letter_that_is_rolled_back_was_never_written(app: Flask, write_letters: Callable, now: datetime, letters: Callable) -> None:
    def book_and_fail() -> None:
        with writing() as writer:
            enqueue(writer, to="a@example.org", kind="confirm", context={**CONTEXT, "person": Person(name="x")}, now=now, language="en")
            raise RuntimeError("the booking failed")

    with pytest.raises(RuntimeError):
        book_and_fail()
    assert letters() == []


def test_an_address_that_is_none_is_refused(write_letters: Callable) -> None:
    with pytest.raises(Invalid):
        write_letters(to="x@example.org\r\nBcc: all@example.org", context={**CONTEXT, "person": Person(name="x")})


@pytest.mark.parametrize("name", ["王\r\nBcc: all@example.org", "王\x00\x1b[31m\u2028Subject: no", "{url} {0} {{ 7*7 }} %s"])
def test_a_hostile_name_stays_one_line_of_text(app: Flask, name: str) -> None:
    with app.app_context():
        plain_subject, plain = render("confirm", "en", {**CONTEXT, "person": Person(name="x")})
        subject, body = render("confirm", "en", {**CONTEXT, "person": Person(name=name)})
        waiting, _ = render("person-waiting", "en", {"person_name": name, "person_email": name, "url": "u"})
    assert subject == plain_subject
    assert body.count("\n") == plain.count("\n")
    assert all(c.isprintable() for c in waiting + body.replace("\n", ""))
    assert "49" not in body


def test_two_who_claim_get_different_letters(write_letters: Callable, clean_engine: Engine, now: datetime) -> None:
    write_letters(10)
    with writing() as one:
        first = claim(one, now, "one", 6)
    with writing() as other:
        second = claim(other, now, "other", 6)
    assert len(first) == 6
    assert len(second) == 4
    assert not {message.id for message in first} & {message.id for message in second}


@pytest.mark.parametrize("backend", ["postgresql"])  # SQLite has one writer at a time: there the second waits for the first
def test_whoever_claims_while_another_does_waits_for_nobody(write_letters: Callable, clean_engine: Engine, now: datetime) -> None:
    write_letters(10)
    with Session(clean_engine) as one, Session(clean_engine) as other:
        first = claim(one, now, "one", 6)  # not committed yet
        second = claim(other, now, "other", 6)
        assert len(first) == 6
        assert len(second) == 4
        assert not {message.id for message in first} & {message.id for message in second}


def test_without_the_lease_letters_would_be_claimed_twice(write_letters: Callable, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(outbox, "LEASE", timedelta(0))
    write_letters(3)
    with writing() as session:
        first = claim(session, now, "one", 5)
    with writing() as session:
        second = claim(session, now, "other", 5)
    assert {message.id for message in first} == {message.id for message in second}


def test_a_lease_that_ran_out_passes_to_the_next(write_letters: Callable, now: datetime, letters: Callable) -> None:
    write_letters()
    with writing() as writer:
        (dead,) = claim(writer, now, "dead", 5)
    later = now + LEASE
    with writing() as writer:
        assert claim(writer, later - timedelta(seconds=1), "early", 5) == []
        (again,) = claim(writer, later, "next", 5)
    assert again.message_id == dead.message_id
    with writing() as writer:
        mark_failed(writer, dead, "I thought it was mine", now=later)  # whoever lost the lease says nothing
    (row,) = letters()
    assert (row.lease_owner, row.last_error) == ("next", "")
    with writing() as writer:
        mark_sent(writer, again, now=later)
    assert letters()[0].sent_at == later


def test_letters_given_back_are_due_at_once(write_letters: Callable, now: datetime) -> None:
    write_letters(2)
    with writing() as writer:
        put_back(writer, claim(writer, now, "stopping", 5), "", now=now)
    with writing() as writer:
        assert has_due(writer, now)
        assert [message.attempts for message in claim(writer, now, "next", 5)] == [1, 1]


def test_a_letter_that_opens_a_door_is_forgotten_once_sent(write_letters: Callable, post: FakePost, letters: Callable) -> None:
    write_letters(is_secret=True)
    write_letters()
    assert "http://localhost/x" in letters()[0].body
    delivery.deliver()
    assert [row.body != "" for row in letters()] == [False, True]


def test_old_letters_lose_their_text_and_then_go(write_letters: Callable, post: FakePost, now: datetime, letters: Callable) -> None:
    write_letters()
    delivery.deliver()
    write_letters()
    post.answers = [Away("away")]
    delivery.deliver()
    for days, left in ((29, [True, True]), (31, [False, True]), (401, [True])):
        with writing() as writer:
            outbox.prune(writer, now=now + timedelta(days=days))
        assert [row.body != "" for row in letters()] == left


def test_message_ids_are_stable_and_differ() -> None:
    assert outbox.message_id_of("a", "https://portal.test/x") == outbox.message_id_of("a", "https://portal.test/y")
    assert outbox.message_id_of("a", "https://portal.test") != outbox.message_id_of("b", "https://portal.test")
    assert outbox.message_id_of("a", "https://portal.test").endswith("@portal.test>")


def test_letters_are_not_in_the_audit_log(write_letters: Callable, session: Session) -> None:
    write_letters()
    session.rollback()
    assert session.scalar(select(func.count()).where(AuditEntry.noun == "outbox_message")) == 0
