"""The outbox: every letter goes out, once, whoever dies in between and however the mail server behaves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, func, inspect, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from instruments.audit import AuditEntry
from instruments.errors import Invalid
from instruments.people import Person
from portal import clock, delivery, outbox
from portal.letters import render
from portal.mail import Away, Never, NotNow
from portal.outbox import LEASE, MOST_TRIES, OutboxMessage, claim, enqueue, has_due, mark_failed, mark_sent, put_back
from portal.transactions import reading, writing

CONTEXT = {"url": "http://localhost/x", "days": 3}


class FakePost:
    """Takes letters, or does not, as the test says."""

    def __init__(self, answers: list[Exception | None] | None = None) -> None:
        self.taken: list[str] = []
        self.answers = answers or []

    def __enter__(self) -> FakePost:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send(self, letter: object) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.taken.append(str(letter["Message-ID"]))


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> FakePost:
    fake = FakePost()
    monkeypatch.setattr(delivery, "post_of", lambda _settings: fake)
    return fake


@pytest.fixture
def write(app: Flask, session: Session, a_person: Callable[..., Person], now: datetime) -> Iterator[Callable[..., None]]:
    """Put letters into the outbox, committed, inside the portal's context."""
    person = a_person()
    session.commit()

    def put(count: int = 1, to: Person | str = person, **changes: object) -> None:
        with writing() as writer:
            # the test's own session must not begin anything while this one writes
            whom = to if isinstance(to, str) else writer.get_one(Person, inspect(to).identity)
            for _ in range(count):
                enqueue(writer, **({"to": whom, "kind": "confirm", "context": CONTEXT, "now": now} | changes))

    with app.app_context():
        yield put


def rows(session: Session) -> list[OutboxMessage]:
    """Every letter as it now is; nothing stays open that would keep others from writing."""
    session.expire_on_commit = False
    session.rollback()
    found = list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id).execution_options(populate_existing=True)))
    session.commit()
    return found


def test_a_letter_is_written_in_the_readers_language(write: Callable, session: Session, a_person: Callable) -> None:
    english = a_person(language="en", name="Ada")
    session.commit()
    write()
    write(to=english)
    zh, en = rows(session)
    assert zh.subject == "请确认您的邮箱"
    assert "您好" in zh.body
    assert en.subject == "Please confirm your e-mail address"
    assert "Dear Ada," in en.body


def test_the_same_key_adds_no_second_letter(write: Callable, session: Session) -> None:
    write(key="confirmed/1/1")
    write(key="confirmed/1/1")
    assert len(rows(session)) == 1


def test_a_letter_that_is_rolled_back_was_never_written(app: Flask, write: Callable, session: Session, now: datetime) -> None:
    def book_and_fail() -> None:
        with writing() as writer:
            enqueue(writer, to="a@example.org", kind="confirm", context={**CONTEXT, "person": Person(name="x")}, now=now, language="en")
            raise RuntimeError("the booking failed")

    with pytest.raises(RuntimeError):
        book_and_fail()
    assert rows(session) == []


def test_an_address_that_is_none_is_refused(write: Callable) -> None:
    with pytest.raises(Invalid):
        write(to="x@example.org\r\nBcc: all@example.org", context={**CONTEXT, "person": Person(name="x")})


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


def test_a_letter_is_delivered_to_a_file_when_there_is_no_server(write: Callable, app: Flask, session: Session) -> None:
    write()
    assert delivery.deliver() == 1
    (file,) = (app.extensions["settings"].data_dir / "mail").iterdir()
    letter = message_from_bytes(file.read_bytes(), policy=policy.default)
    (row,) = rows(session)
    assert letter["To"] == row.to_address
    assert letter["Subject"] == "请确认您的邮箱"
    assert file.stat().st_mode & 0o777 == 0o600
    assert row.sent_at is not None


def test_sending_again_writes_the_same_file_again(write: Callable, app: Flask, session: Session) -> None:
    write()
    delivery.deliver()
    (sent,) = rows(session)
    sent.sent_at = None
    session.commit()
    assert delivery.deliver() == 1
    assert len(list((app.extensions["settings"].data_dir / "mail").iterdir())) == 1


def test_a_full_disk_loses_nothing(write: Callable, app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    write(3)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("portal.mail.os.fsync", full)
        assert delivery.deliver() == 0
    assert list((app.extensions["settings"].data_dir / "mail").iterdir()) == []
    assert [row.attempts for row in rows(session)] == [0, 0, 0]
    with clock.freeze(now + timedelta(minutes=1)):
        assert delivery.deliver() == 3


def test_many_letters_go_out_in_one_go_and_in_order(write: Callable, post: FakePost, session: Session) -> None:
    write(delivery.BATCH * 2 + 5)
    assert delivery.deliver() == delivery.BATCH * 2 + 5
    assert post.taken == [row.message_id for row in rows(session)]
    assert delivery.deliver() == 0


def test_a_letter_is_not_sent_before_it_is_due(write: Callable, post: FakePost, now: datetime) -> None:
    write(due_at=now + timedelta(hours=1))
    assert delivery.deliver() == 0
    with clock.freeze(now + timedelta(hours=1)):
        assert delivery.deliver() == 1


def test_a_server_that_is_away_counts_against_no_letter(write: Callable, post: FakePost, session: Session, now: datetime) -> None:
    write(5)
    for hours in range(100):  # a dead week-end
        with clock.freeze(now + timedelta(hours=hours)):
            post.answers = [Away("connection refused")]
            assert delivery.deliver() == 0
    assert [(row.attempts, row.failed_at, row.last_error) for row in rows(session)] == [(0, None, "connection refused")] * 5
    with clock.freeze(now + timedelta(hours=101)):
        assert delivery.deliver() == 5


def test_a_server_that_goes_away_half_way_sends_the_rest_later_and_nothing_twice(write: Callable, post: FakePost, now: datetime) -> None:
    write(6)
    post.answers = [None, None, Away("421 closing")]
    assert delivery.deliver() == 2
    with clock.freeze(now + timedelta(minutes=1)):
        assert delivery.deliver() == 4
    assert len(post.taken) == len(set(post.taken)) == 6


def test_a_letter_not_taken_now_waits_longer_each_time(write: Callable, post: FakePost, session: Session, now: datetime) -> None:
    write()
    at, waits = now, []
    for _ in range(9):
        post.answers = [NotNow("451 try again")]
        with clock.freeze(at):
            delivery.deliver()
        (row,) = rows(session)
        waits.append(row.due_at - at)
        at = row.due_at
    assert all(0.8 * 30 * 2**n <= wait.total_seconds() <= 1.2 * 30 * 2**n for n, wait in enumerate(waits[:8]))
    assert max(waits) <= outbox.LONGEST_DELAY * 1.2
    with clock.freeze(at):
        assert delivery.deliver() == 1


def test_a_letter_is_given_up_after_many_tries_and_can_be_sent_again(write: Callable, post: FakePost, session: Session, now: datetime) -> None:
    write()
    at = now
    for _ in range(MOST_TRIES):
        post.answers = [NotNow("451 try again")]
        with clock.freeze(at):
            delivery.deliver()
        at += timedelta(hours=3)
    with reading() as reader:
        (row,) = outbox.failures(reader)
    assert row.last_error == "451 try again"
    with clock.freeze(at):
        assert delivery.deliver() == 0
        with writing() as writer:
            assert outbox.send_again(writer, [row.id], now=at) == 1
        assert delivery.deliver() == 1
    with reading() as reader:
        assert outbox.failures(reader) == []


def test_a_letter_refused_for_good_is_given_up_at_once_and_stops_no_other(write: Callable, post: FakePost, session: Session) -> None:
    write(3)
    post.answers = [Never("550 no such user")]
    assert delivery.deliver() == 2
    assert [row.failed_at is not None for row in rows(session)] == [True, False, False]
    assert rows(session)[0].last_error == "550 no such user"


def test_a_header_unfit_for_mail_fails_that_letter_alone(write: Callable, post: FakePost, session: Session) -> None:
    write(2)
    first, _ = rows(session)
    first.subject = "x\r\nBcc: all@example.org"
    session.commit()
    assert delivery.deliver() == 1
    assert rows(session)[0].failed_at is not None
    assert len(post.taken) == 1


def test_delayed_letters_are_shown_with_their_reason(write: Callable, post: FakePost, now: datetime) -> None:
    write()
    post.answers = [Away("connection refused")]
    delivery.deliver()
    with reading() as reader:
        assert [row.last_error for row in outbox.delayed(reader, now + timedelta(minutes=5))] == ["connection refused"]


def test_two_who_claim_get_different_letters(write: Callable, clean_engine: Engine, now: datetime) -> None:
    write(10)
    with writing() as one:
        first = claim(one, now, "one", 6)
    with writing() as other:
        second = claim(other, now, "other", 6)
    assert len(first) == 6
    assert len(second) == 4
    assert not {message.id for message in first} & {message.id for message in second}


@pytest.mark.parametrize("backend", ["postgresql"])  # SQLite has one writer at a time: there the second waits for the first
def test_whoever_claims_while_another_does_waits_for_nobody(write: Callable, clean_engine: Engine, now: datetime) -> None:
    write(10)
    with Session(clean_engine) as one, Session(clean_engine) as other:
        first = claim(one, now, "one", 6)  # not committed yet
        second = claim(other, now, "other", 6)
        assert len(first) == 6
        assert len(second) == 4
        assert not {message.id for message in first} & {message.id for message in second}


def test_threads_that_deliver_at_once_send_nothing_twice(app: Flask, write: Callable, post: FakePost) -> None:
    write(60)

    def run() -> None:
        with app.app_context():
            delivery.deliver()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(post.taken) == len(set(post.taken)) == 60


def test_without_the_lease_letters_would_be_claimed_twice(write: Callable, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(outbox, "LEASE", timedelta(0))
    write(3)
    with writing() as session:
        first = claim(session, now, "one", 5)
    with writing() as session:
        second = claim(session, now, "other", 5)
    assert {message.id for message in first} == {message.id for message in second}


def test_a_lease_that_ran_out_passes_to_the_next(write: Callable, session: Session, now: datetime) -> None:
    write()
    with writing() as writer:
        (dead,) = claim(writer, now, "dead", 5)
    later = now + LEASE
    with writing() as writer:
        assert claim(writer, later - timedelta(seconds=1), "early", 5) == []
        (again,) = claim(writer, later, "next", 5)
    assert again.message_id == dead.message_id
    with writing() as writer:
        mark_failed(writer, dead, "I thought it was mine", now=later)  # whoever lost the lease says nothing
    (row,) = rows(session)
    assert (row.lease_owner, row.last_error) == ("next", "")
    with writing() as writer:
        mark_sent(writer, again, now=later)
    assert rows(session)[0].sent_at == later


def test_letters_given_back_are_due_at_once(write: Callable, session: Session, now: datetime) -> None:
    write(2)
    with writing() as writer:
        put_back(writer, claim(writer, now, "stopping", 5), "", now=now)
    with writing() as writer:
        assert has_due(writer, now)
        assert [message.attempts for message in claim(writer, now, "next", 5)] == [1, 1]


def test_a_stop_that_is_asked_for_is_heeded_between_letters(write: Callable, post: FakePost, monkeypatch: pytest.MonkeyPatch) -> None:
    write(10)
    stop = threading.Event()
    take = post.send

    def send_and_stop(letter: object) -> None:
        take(letter)
        stop.set()

    monkeypatch.setattr(post, "send", send_and_stop)
    assert delivery.deliver(stop) == 1
    assert delivery.deliver() == 9


def test_a_letter_that_opens_a_door_is_forgotten_once_sent(write: Callable, post: FakePost, session: Session) -> None:
    write(is_secret=True)
    write()
    assert "http://localhost/x" in rows(session)[0].body
    delivery.deliver()
    assert [row.body != "" for row in rows(session)] == [False, True]


def test_old_letters_lose_their_text_and_then_go(write: Callable, post: FakePost, session: Session, now: datetime) -> None:
    write()
    delivery.deliver()
    write()
    post.answers = [Away("away")]
    delivery.deliver()
    for days, left in ((29, [True, True]), (31, [False, True]), (401, [True])):
        with writing() as writer:
            outbox.prune(writer, now=now + timedelta(days=days))
        assert [row.body != "" for row in rows(session)] == left


def test_message_ids_are_stable_and_differ() -> None:
    assert outbox.message_id_of("a", "https://portal.test/x") == outbox.message_id_of("a", "https://portal.test/y")
    assert outbox.message_id_of("a", "https://portal.test") != outbox.message_id_of("b", "https://portal.test")
    assert outbox.message_id_of("a", "https://portal.test").endswith("@portal.test>")


def test_a_database_that_is_away_while_noting_is_asked_again(write: Callable, post: FakePost, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    fails = [OperationalError("UPDATE", {}, Exception("database is locked"))] * 2
    note = outbox.mark_sent

    def fail_twice(*arguments: object, **more: object) -> None:
        if fails:
            raise fails.pop()
        note(*arguments, **more)

    monkeypatch.setattr(delivery, "mark_sent", fail_twice)
    assert delivery.deliver() == 1
    assert len(post.taken) == 1
    assert rows(session)[0].sent_at is not None


def test_letters_are_not_in_the_audit_log(write: Callable, session: Session) -> None:
    write()
    session.rollback()
    assert session.scalar(select(func.count()).where(AuditEntry.noun == "outbox_message")) == 0


def test_no_letter_lies_about_half_written(write: Callable, app: Flask) -> None:
    write(5)
    delivery.deliver()
    folder: Path = app.extensions["settings"].data_dir / "mail"
    assert all(file.suffix == ".eml" for file in folder.iterdir())
