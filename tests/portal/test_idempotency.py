"""A retry never doubles: one key, one piece of work, one answer, however often and however close together it is sent."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.errors import Invalid, PortalError, Refused, Taken
from portal import clock
from portal.idempotency import LONGEST_KEY, Answer, IdempotencyKey, KeyReused, forget_keys, once
from portal.transactions import reading, writing
from scheduling.bookings import Booking
from scheduling.reserving import Wish, book

Send = Callable[..., Answer]


@pytest.fixture
def a_sender(app: Flask, session, a_viewer, now) -> Callable[[Wish], Send]:
    """Somebody who sends the same wish to book again and again; the answer is the booking's id."""
    viewer = a_viewer()

    def sender(wish: Wish) -> Send:
        session.commit()

        def book_it(session: Session) -> Answer:
            (made,) = book(session, wish, viewer=viewer, now=now)
            return Answer(201, {"id": str(made.id)})

        def send(key: str | None, body: object = None, refuse: Callable[[PortalError], Answer] | None = None) -> Answer:
            with app.app_context():
                return once(key, person_id=viewer.person_id, route="book", body=body or str(wish), do=book_it, refuse=refuse)

        return send

    return sender


@pytest.fixture
def count(app: Flask) -> Callable[[type], int]:
    def counted(table: type) -> int:
        with app.app_context(), reading() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    return counted


@pytest.fixture
def a_wish(session, an_instrument, a_span) -> Wish:
    wish = Wish((an_instrument(lanes=100).id,), a_span())
    session.commit()  # and nothing is read by this session any more, which on SQLite would lock the others out
    return wish


def a_refusal(error: PortalError) -> Answer:
    return Answer(409 if isinstance(error, Taken) else 422, {"why": error.sentence.en})


class TestOnce:
    def test_a_repeat_gets_the_first_answer_and_books_nothing(self, a_sender, a_wish, count):
        send = a_sender(a_wish)
        first = send("key")
        assert send("key") == first
        assert count(Booking) == 1

    def test_another_key_is_another_booking(self, a_sender, a_wish, count):
        send = a_sender(a_wish)
        assert send("one") != send("two")
        assert count(Booking) == 2

    def test_without_a_key_every_call_counts(self, a_sender, a_wish, count):
        send = a_sender(a_wish)
        send(None)
        send("")
        assert (count(Booking), count(IdempotencyKey)) == (2, 0)

    def test_the_same_key_of_another_person_is_another_key(self, app, session, a_person):
        ids = [a_person().id, a_person().id]
        session.commit()
        with app.app_context():
            answers = [once("key", person_id=one, route="r", body=1, do=lambda _, one=one: Answer(200, {"whose": one})) for one in ids]
        assert [answer.payload["whose"] for answer in answers] == ids

    @pytest.mark.parametrize("other", [("route", "body 2"), ("route 2", "body")], ids=["another body", "another route"])
    def test_the_same_key_with_something_else_is_told(self, app, session, a_person, other):
        person_id = a_person().id
        session.commit()
        with app.app_context():
            once("key", person_id=person_id, route="route", body="body", do=lambda _: Answer(200, {}))
            with pytest.raises(KeyReused):
                once("key", person_id=person_id, route=other[0], body=other[1], do=lambda _: Answer(200, {}), refuse=a_refusal)

    @pytest.mark.parametrize("key", ["k" * (LONGEST_KEY + 1), "a\x00b", "a\nb"], ids=["too long", "NUL", "line break"])
    def test_a_key_that_cannot_be_kept_is_refused(self, a_sender, a_wish, key, count):
        with pytest.raises(Invalid):
            a_sender(a_wish)(key)
        assert count(Booking) == 0


class TestRefusals:
    def test_a_refusal_is_kept_too(self, a_sender, session, an_instrument, a_span, a_booking, count):
        taken = an_instrument()
        booking = a_booking(instrument=taken)
        send = a_sender(Wish((taken.id,), a_span()))
        first = send("key", refuse=a_refusal)
        assert first.status == 409
        session.delete(booking)
        session.commit()
        assert send("key", refuse=a_refusal) == first
        assert count(Booking) == 0
        assert send("another key", refuse=a_refusal).status == 201

    def test_without_a_way_to_say_it_a_refusal_is_raised_and_forgotten(self, a_sender, session, an_instrument, a_span, count):
        send = a_sender(Wish((an_instrument(hours=None).id,), a_span()))
        with pytest.raises(Refused):
            send("key")
        assert count(IdempotencyKey) == 0

    def test_work_that_fails_can_be_sent_again(self, app, session, a_person):
        person_id = a_person().id
        session.commit()
        answers = iter([RuntimeError("the power goes"), Answer(200, {})])

        def work(_session: Session) -> Answer:
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        with app.app_context():
            with pytest.raises(RuntimeError, match="the power goes"):
                once("key", person_id=person_id, route="r", body=1, do=work, refuse=a_refusal)
            assert once("key", person_id=person_id, route="r", body=1, do=work, refuse=a_refusal).status == 200


class TestTwins:
    def test_fifty_at_once_make_one_booking(self, a_sender, a_wish, count):
        send = a_sender(a_wish)
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: send("key"), range(50)))
        assert {answer.payload["id"] for answer in answers} == {answers[0].payload["id"]}
        assert (count(Booking), count(IdempotencyKey)) == (1, 1)

    def test_fifty_at_once_without_a_key_make_fifty(self, a_sender, a_wish, count):
        """The negative control: it is the key that makes the difference."""
        send = a_sender(a_wish)
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda _: send(None), range(50)))
        assert count(Booking) == 50

    def test_twins_that_are_refused_get_one_answer(self, a_sender, session, an_instrument, a_span, count):
        send = a_sender(Wish((an_instrument(hours=None).id,), a_span()))
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: send("key", refuse=a_refusal), range(16)))
        assert {answer.status for answer in answers} == {422}
        assert count(IdempotencyKey) == 1


def test_keys_are_kept_for_at_least_a_day(app, a_sender, a_wish, now: datetime, count):
    a_sender(a_wish)("key")
    with app.app_context():
        with clock.freeze(now + timedelta(hours=25)), writing() as session:
            assert forget_keys(session, now=clock.now()) == 0
        with clock.freeze(now + timedelta(hours=49)), writing() as session:
            assert forget_keys(session, now=clock.now()) == 1
    assert count(IdempotencyKey) == 0
