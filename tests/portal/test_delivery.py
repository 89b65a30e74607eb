"""Delivery: every letter goes out, once, whoever dies in between and however the mail server behaves (promise 7)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal import clock, delivery, outbox
from portal.mail import Away, Never, NotNow
from portal.outbox import MOST_TRIES, OutboxMessage
from portal.transactions import reading, writing
from tests.fixtures.letters import FakePost


def test_a_letter_is_delivered_to_a_file_when_there_is_no_server(write_letters: Callable, app: Flask, letters: Callable) -> None:
    write_letters()
    assert delivery.deliver() == 1
    (file,) = (app.extensions["settings"].data_dir / "mail").iterdir()
    letter = message_from_bytes(file.read_bytes(), policy=policy.default)
    (row,) = letters()
    assert letter["To"] == row.to_address
    assert letter["Subject"] == "请确认您的邮箱"
    assert file.stat().st_mode & 0o777 == 0o600
    assert row.sent_at is not None


def test_sending_again_writes_the_same_file_again(write_letters: Callable, app: Flask, letters: Callable) -> None:
    write_letters()
    delivery.deliver()
    with writing() as writer:
        writer.get_one(OutboxMessage, letters()[0].id).sent_at = None
    assert delivery.deliver() == 1
    assert len(list((app.extensions["settings"].data_dir / "mail").iterdir())) == 1


def test_a_full_disk_loses_nothing(write_letters: Callable, app: Flask, monkeypatch: pytest.MonkeyPatch, now: datetime, letters: Callable) -> None:
    write_letters(3)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("portal.mail.os.fsync", full)
        assert delivery.deliver() == 0
    assert list((app.extensions["settings"].data_dir / "mail").iterdir()) == []
    assert [row.attempts for row in letters()] == [0, 0, 0]
    with clock.freeze(now + timedelta(minutes=1)):
        assert delivery.deliver() == 3


def test_many_letters_go_out_in_one_go_and_in_order(write_letters: Callable, post: FakePost, letters: Callable) -> None:
    write_letters(delivery.BATCH * 2 + 5)
    assert delivery.deliver() == delivery.BATCH * 2 + 5
    assert post.taken == [row.message_id for row in letters()]
    assert delivery.deliver() == 0


def test_a_letter_is_not_sent_before_it_is_due(write_letters: Callable, post: FakePost, now: datetime) -> None:
    write_letters(due_at=now + timedelta(hours=1))
    assert delivery.deliver() == 0
    with clock.freeze(now + timedelta(hours=1)):
        assert delivery.deliver() == 1


def test_a_server_that_is_away_counts_against_no_letter(write_letters: Callable, post: FakePost, now: datetime, letters: Callable) -> None:
    write_letters(5)
    for hours in range(100):  # a dead week-end
        with clock.freeze(now + timedelta(hours=hours)):
            post.answers = [Away("connection refused")]
            assert delivery.deliver() == 0
    assert [(row.attempts, row.failed_at, row.last_error) for row in letters()] == [(0, None, "connection refused")] * 5
    with clock.freeze(now + timedelta(hours=101)):
        assert delivery.deliver() == 5


def test_a_server_that_goes_away_half_way_sends_the_rest_later_and_nothing_twice(write_letters: Callable, post: FakePost, now: datetime) -> None:
    write_letters(6)
    post.answers = [None, None, Away("421 closing")]
    assert delivery.deliver() == 2
    with clock.freeze(now + timedelta(minutes=1)):
        assert delivery.deliver() == 4
    assert len(post.taken) == len(set(post.taken)) == 6


def test_a_letter_not_taken_now_waits_longer_each_time(write_letters: Callable, post: FakePost, now: datetime, letters: Callable) -> None:
    write_letters()
    at, waits = now, []
    for _ in range(9):
        post.answers = [NotNow("451 try again")]
        with clock.freeze(at):
            delivery.deliver()
        (row,) = letters()
        waits.append(row.due_at - at)
        at = row.due_at
    assert all(0.8 * 30 * 2**n <= wait.total_seconds() <= 1.2 * 30 * 2**n for n, wait in enumerate(waits[:8]))
    assert max(waits) <= outbox.LONGEST_DELAY * 1.2
    with clock.freeze(at):
        assert delivery.deliver() == 1


def test_a_letter_is_given_up_after_many_tries_and_can_be_sent_again(write_letters: Callable, post: FakePost, now: datetime) -> None:
    write_letters()
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


def test_a_letter_refused_for_good_is_given_up_at_once_and_stops_no_other(write_letters: Callable, post: FakePost, letters: Callable) -> None:
    write_letters(3)
    post.answers = [Never("550 no such user")]
    assert delivery.deliver() == 2
    assert [row.failed_at is not None for row in letters()] == [True, False, False]
    assert letters()[0].last_error == "550 no such user"


def test_a_header_unfit_for_mail_fails_that_letter_alone(write_letters: Callable, post: FakePost, letters: Callable) -> None:
    write_letters(2)
    with writing() as writer:
        writer.get_one(OutboxMessage, letters()[0].id).subject = "x\r\nBcc: all@example.org"
    assert delivery.deliver() == 1
    assert letters()[0].failed_at is not None
    assert len(post.taken) == 1


def test_delayed_letters_are_shown_with_their_reason(write_letters: Callable, post: FakePost, now: datetime) -> None:
    write_letters()
    post.answers = [Away("connection refused")]
    delivery.deliver()
    with reading() as reader:
        assert [row.last_error for row in outbox.delayed(reader, now + timedelta(minutes=5))] == ["connection refused"]


def test_threads_that_deliver_at_once_send_nothing_twice(app: Flask, write_letters: Callable, post: FakePost) -> None:
    write_letters(60)

    def run() -> None:
        with app.app_context():
            delivery.deliver()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(post.taken) == len(set(post.taken)) == 60


def test_a_stop_that_is_asked_for_is_heeded_between_letters(write_letters: Callable, post: FakePost, monkeypatch: pytest.MonkeyPatch) -> None:
    write_letters(10)
    stop = threading.Event()
    take = post.send

    def send_and_stop(letter: object) -> None:
        take(letter)
        stop.set()

    monkeypatch.setattr(post, "send", send_and_stop)
    assert delivery.deliver(stop) == 1
    assert delivery.deliver() == 9


def test_a_database_that_is_away_while_noting_is_asked_again(
    write_letters: Callable, post: FakePost, monkeypatch: pytest.MonkeyPatch, letters: Callable
) -> None:
    write_letters()
    fails = [OperationalError("UPDATE", {}, Exception("database is locked"))] * 2
    note = outbox.mark_sent

    def fail_twice(*arguments: object, **more: object) -> None:
        if fails:
            raise fails.pop()
        note(*arguments, **more)

    monkeypatch.setattr(delivery, "mark_sent", fail_twice)
    assert delivery.deliver() == 1
    assert len(post.taken) == 1
    assert letters()[0].sent_at is not None


def test_no_letter_lies_about_half_written(write_letters: Callable, app: Flask) -> None:
    write_letters(5)
    delivery.deliver()
    folder: Path = app.extensions["settings"].data_dir / "mail"
    assert all(file.suffix == ".eml" for file in folder.iterdir())
