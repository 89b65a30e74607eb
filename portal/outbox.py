"""The outbox: mail is a row, written in the transaction of what it tells of, and sent afterwards by whoever holds its lease (promise 7).

A row is claimed for a minute, handed to the mail server outside any transaction, and marked as sent. Who dies in between leaves the row to
the next; the letter then goes out again under the same Message-ID, and only that one. The key is unique: one letter per person and event.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, and_, delete, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.database import Base, Key
from instruments.people import Person, clean_email
from portal.config import settings
from portal.language import current_language
from portal.letters import render
from portal.told import Reader

LEASE = timedelta(seconds=60)
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(hours=2)
MOST_TRIES = 45  # about three days
KEEP_BODIES, KEEP_ROWS = timedelta(days=30), timedelta(days=400)
KEEP_FILES = timedelta(days=1)  # whoever had the letter under her lease when it was sent is done by then
WAITING = "sent_at IS NULL AND failed_at IS NULL"
FORGOTTEN: dict[str, Any] = {"body": "", "ics": None, "facts": None}


class OutboxMessage(Base):
    """One letter: waiting, leased, sent, or given up (failed_at). `is_secret`: its text opens a door, and is forgotten once sent.

    `facts` are those of a letter that is laid out only when it is sent; its subject, text and calendar part stay empty here.
    """

    __tablename__ = "outbox_message"
    __audited__ = False

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    to_address: Mapped[str] = mapped_column(String(254), info={"secret": True})
    to_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    language: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(String(250))
    body: Mapped[str] = mapped_column(Text, info={"secret": True})
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), info={"secret": True})
    ics: Mapped[str | None] = mapped_column(Text)
    ics_method: Mapped[str] = mapped_column(String(10), default="")
    is_secret: Mapped[bool] = mapped_column(default=False)
    message_id: Mapped[str] = mapped_column(String(250))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    lease_owner: Mapped[str] = mapped_column(String(40), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(index=True)
    failed_at: Mapped[datetime | None] = mapped_column(index=True)
    last_error: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (Index("ix_outbox_message_waiting", "due_at", "id", sqlite_where=text(WAITING), postgresql_where=text(WAITING)),)


class OutboxFile(Base):
    """A file that goes with a letter, under the letter's key; forgotten soon after the letter is sent."""

    __tablename__ = "outbox_file"
    __audited__ = False

    key: Mapped[str] = mapped_column(ForeignKey("outbox_message.key"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    content: Mapped[bytes] = mapped_column(LargeBinary, info={"secret": True})


_HAS_TEXT = or_(OutboxMessage.body != "", OutboxMessage.facts.is_not(None))
# Built once: a letter is written on the way of every booking.
ADD = {
    "sqlite": sqlite.insert(Base.metadata.tables["outbox_message"]).on_conflict_do_nothing(index_elements=["key"]),
    "postgresql": postgresql.insert(Base.metadata.tables["outbox_message"]).on_conflict_do_nothing(index_elements=["key"]),
}


def enqueue(
    session: Session, *, to: Person | str, kind: str, context: Mapping[str, Any], now: datetime, language: str | None = None,
    key: str | None = None, due_at: datetime | None = None, ics: str | None = None, ics_method: str = "PUBLISH", is_secret: bool = False,
) -> None:  # fmt: skip
    """Write a letter from templates/mail/<kind>.txt in the reader's language; a key that is there already adds nothing."""
    person = to if isinstance(to, Person) else None
    language = language or (person.language if person else "") or current_language()
    subject, body = render(kind, language, {"person": person, **context})
    address = clean_email(person.email if person else str(to))
    values = _empty(kind, address, language, now, key or f"{kind}/{uuid4().hex}") | {
        "to_person_id": person.id if person else None, "subject": subject, "body": body, "ics": ics, "ics_method": ics_method if ics else "",
        "is_secret": is_secret, "due_at": due_at or now,
    }  # fmt: skip
    _add(session, values)


def enqueue_facts(session: Session, *, to: Reader, kind: str, facts: dict[str, Any], method: str, now: datetime, key: str) -> None:
    """Write down what a letter will say; portal.notices lays it out when it is sent. A key that is there already adds nothing."""
    values = _empty(kind, clean_email(to.email), to.language, now, key)
    _add(session, values | {"to_person_id": to.person_id, "facts": facts, "ics_method": method})


def attach(session: Session, key: str, name: str, media_type: str, content: bytes) -> None:
    """Let a file go with the letter of a key; one that is there already stays."""
    if session.get(OutboxFile, key) is None:
        session.add(OutboxFile(key=key, name=name[-200:], media_type=media_type, content=content))
        session.flush()


def _empty(kind: str, address: str, language: str, now: datetime, key: str) -> dict[str, Any]:
    return {
        "key": key, "kind": kind, "to_address": address, "to_person_id": None, "language": language, "subject": "", "body": "", "facts": None,
        "ics": None, "ics_method": "", "is_secret": False, "message_id": message_id_of(key, settings().base_url), "created_at": now,
        "due_at": now, "lease_owner": "", "attempts": 0, "last_error": "",
    }  # fmt: skip


def _add(session: Session, values: dict[str, Any]) -> None:
    session.execute(ADD[session.get_bind().dialect.name], values)


def message_id_of(key: str, base_url: str) -> str:
    """Give the Message-ID of a letter: the same however often it is sent."""
    host = urlsplit(base_url).hostname or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{host if ':' not in host else 'localhost'}>"


def has_due(session: Session, now: datetime) -> bool:
    """Say whether a letter waits to be sent."""
    return session.scalar(select(OutboxMessage.id).where(*_is_due(now)).limit(1)) is not None


def claim(session: Session, now: datetime, owner: str, most: int) -> list[OutboxMessage]:
    """Lease the oldest letters due, for this owner alone; a letter whose lease ran out may be claimed again."""
    # A CTE runs once; as a plain subquery PostgreSQL may run it again and lease more than was asked for.
    chosen = (
        select(OutboxMessage.id)
        .where(*_is_due(now))
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    claimed = session.scalars(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(select(chosen.c.id)))
        .values(leased_until=now + LEASE, lease_owner=owner, attempts=OutboxMessage.attempts + 1)
        .returning(OutboxMessage),
        execution_options={"synchronize_session": False, "populate_existing": True},
    ).all()
    return sorted(claimed, key=lambda message: (message.due_at, message.id))


def _is_due(now: datetime) -> tuple[Any, ...]:
    lease_is_over = or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until <= now)
    return text(WAITING), OutboxMessage.due_at <= now, lease_is_over


def mark_sent(session: Session, message: OutboxMessage, *, now: datetime) -> None:
    """Note that the mail server has taken the letter."""
    forgotten: dict[str, Any] = FORGOTTEN if message.is_secret else {}
    _settle(session, [message], sent_at=now, last_error="", **forgotten)


def mark_failed(session: Session, message: OutboxMessage, error: str, *, now: datetime, for_good: bool = False) -> None:
    """Put a letter off, longer each time, or give it up: at once where trying again cannot help, else after many tries."""
    gives_up = for_good or message.attempts >= MOST_TRIES
    _settle(session, [message], last_error=error[:300], due_at=now + delay_after(message.attempts), failed_at=now if gives_up else None)


def put_back(session: Session, messages: Sequence[OutboxMessage], error: str, *, now: datetime) -> None:
    """Give letters back that were not tried, which does not count against them; with an error (the server is away) they wait a little."""
    wait: dict[str, Any] = {"last_error": error[:300], "due_at": now + delay_after(1)} if error else {}
    _settle(session, messages, attempts=OutboxMessage.attempts - 1, **wait)


def _settle(session: Session, messages: Sequence[OutboxMessage], **values: Any) -> None:
    # Whoever lost the lease meanwhile says nothing.
    mine = and_(OutboxMessage.id.in_([message.id for message in messages]), OutboxMessage.lease_owner == messages[0].lease_owner)
    session.execute(
        update(OutboxMessage).where(mine, OutboxMessage.sent_at.is_(None)).values(leased_until=None, lease_owner="", **values),
        execution_options={"synchronize_session": False},
    )


def delay_after(attempts: int) -> timedelta:
    """Give how long a letter waits after so many tries: doubling, with a little chance so that not all come back at once."""
    delay: timedelta = min(FIRST_DELAY * 2 ** max(0, min(attempts - 1, 20)), LONGEST_DELAY)
    return delay * random.uniform(0.8, 1.2)


def failures(session: Session, most: int = 100) -> Sequence[OutboxMessage]:
    """List letters that were given up, the newest first, for the province administrator."""
    return session.scalars(
        select(OutboxMessage).where(OutboxMessage.failed_at.is_not(None)).order_by(OutboxMessage.failed_at.desc()).limit(most)
    ).all()


def delayed(session: Session, now: datetime, most: int = 100) -> Sequence[OutboxMessage]:
    """List letters that could not be sent at the first try and still wait: the sign of a mail server that is away."""
    return session.scalars(
        select(OutboxMessage)
        .where(text(WAITING), OutboxMessage.last_error != "", OutboxMessage.created_at < now - FIRST_DELAY)
        .order_by(OutboxMessage.due_at)
        .limit(most)
    ).all()


def send_again(session: Session, message_ids: Iterable[int], *, now: datetime) -> int:
    """Put letters that were given up back in line, and give how many."""
    given_up = (OutboxMessage.id.in_(list(message_ids)), OutboxMessage.failed_at.is_not(None), _HAS_TEXT)
    return int(session.execute(update(OutboxMessage).where(*given_up).values(failed_at=None, attempts=0, due_at=now)).rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


def prune(session: Session, *, now: datetime) -> int:
    """Forget the text of letters sent or given up a month ago, and after a year and more the letters; give how many."""
    old = or_(OutboxMessage.sent_at < now - KEEP_BODIES, OutboxMessage.failed_at < now - KEEP_BODIES)
    done_with = or_(OutboxMessage.sent_at < now - KEEP_FILES, OutboxMessage.failed_at < now - KEEP_BODIES)
    session.execute(delete(OutboxFile).where(OutboxFile.key.in_(select(OutboxMessage.key).where(done_with))))
    blanked = session.execute(update(OutboxMessage).where(old, _HAS_TEXT).values(FORGOTTEN))
    done = or_(OutboxMessage.sent_at < now - KEEP_ROWS, OutboxMessage.failed_at < now - KEEP_ROWS)
    deleted = session.execute(delete(OutboxMessage).where(done))
    return int(blanked.rowcount + deleted.rowcount)  # type: ignore[attr-defined]  # both have one
