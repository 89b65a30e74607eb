"""Take what is due out of the outbox to the mail server: one claim, one connection, one note per letter."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from email.message import EmailMessage
from threading import Event

import structlog
from sqlalchemy.orm import Session

from portal import clock
from portal.config import settings
from portal.language import in_language
from portal.mail import Away, Never, NotNow, Post, letter_of, post_of
from portal.notices import written
from portal.outbox import OutboxFile, OutboxMessage, claim, has_due, mark_failed, mark_sent, put_back
from portal.pages import portal_name
from portal.stopping import KIND, stop_url_of
from portal.transactions import is_away, is_contended, reading, writing

BATCH = 20
WITH_FILE = frozenset({KIND})  # kinds of letters that may have a file
# The slowest letter takes four answers of mail.TIMEOUT; begun within this time it ends within its lease.
START_WITHIN = 20.0
NOTE_WITHIN = 25.0
log = structlog.get_logger()


def deliver(stop: Event | None = None) -> int:
    """Send what is due until nothing is left, the mail server is away, or a stop is asked for; give how many were sent."""
    sent = 0
    while stop is None or not stop.is_set():
        with reading() as session:
            if not has_due(session, clock.now()):
                return sent
        with writing() as session:
            batch = claim(session, clock.now(), secrets.token_hex(12), BATCH)
        if not batch:
            return sent
        done, is_up = _send_batch(batch, stop)
        sent += done
        if not is_up:
            return sent
    return sent


def _send_batch(batch: list[OutboxMessage], stop: Event | None) -> tuple[int, bool]:
    """Send one batch over one connection; give how many went out, and whether the mail server is there."""
    begun, left, sent = time.monotonic(), list(batch), 0
    try:
        with post_of(settings()) as post:
            while left and time.monotonic() - begun < START_WITHIN and not (stop is not None and stop.is_set()):
                message = left.pop(0)
                try:
                    sent += _send(post, message)
                except Away:
                    left.insert(0, message)
                    raise
    except Away as error:
        words = str(error)
        log.warning("mail_server_away", error=words, waiting=len(left))
        _note(lambda session: put_back(session, left, words, now=clock.now()))
        return sent, False
    if left:
        _note(lambda session: put_back(session, left, "", now=clock.now()))
    return sent, True


def _send(post: Post, message: OutboxMessage) -> int:
    try:
        post.send(_letter(message))
    except (NotNow, Never) as error:
        for_good, words = isinstance(error, Never), str(error)
        log.warning("mail_not_taken", id=message.id, kind=message.kind, attempts=message.attempts, for_good=for_good, error=words)
        _note(lambda session: mark_failed(session, message, words, now=clock.now(), for_good=for_good))
        return 0
    _note(lambda session: mark_sent(session, message, now=clock.now()))
    return 1


def _letter(message: OutboxMessage) -> EmailMessage:
    """Lay a letter out. One that cannot be is put off and its error shown, so that it stands in nobody's way."""
    try:
        if message.facts is not None:
            message.subject, message.body, message.ics = written(message)
        with in_language(message.language):
            return letter_of(message, settings(), portal_name(), _file_of(message), stop_url_of(message))
    except Never:
        raise
    except Exception as error:
        log.exception("letter_not_written", id=message.id, kind=message.kind)
        raise NotNow(f"{type(error).__name__}: {error}") from error


def _file_of(message: OutboxMessage) -> OutboxFile | None:
    if message.kind not in WITH_FILE:
        return None
    with reading() as session:
        return session.get(OutboxFile, message.key)


def _note(change: Callable[[Session], None]) -> None:
    """Write down what became of a letter, even if the database is away for a while: a letter sent but not noted goes out twice."""
    until, pauses = time.monotonic() + NOTE_WITHIN, iter(_pauses())
    while True:
        try:
            with writing() as session:
                change(session)
            return
        except Exception as error:
            if not (is_away(error) or is_contended(error)) or time.monotonic() > until:
                raise
            time.sleep(next(pauses))


def _pauses() -> Iterable[float]:
    yield from (0.1, 0.3)
    while True:
        yield 1.0

