"""A retry never doubles: the first answer to a key is kept, and every repeat gets it.

The key is written in the transaction of the work itself, first of all. A twin that comes at the same time waits there (on PostgreSQL for
the unique index, on SQLite for the file), and then reads the first one's answer; if the first is rolled back, the twin does the work.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, String, UniqueConstraint, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.database import Base, Key, is_sqlite
from instruments.errors import Invalid, PortalError, Sentence
from portal import clock
from portal.transactions import writing

LONGEST_KEY = 200
KEPT = timedelta(hours=48)


class IdempotencyKey(Base):
    """One key of one person, and the answer she got; without a status while the work is under way."""

    __tablename__ = "idempotency_key"
    __audited__ = False

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    route: Mapped[str] = mapped_column(String(100))
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (UniqueConstraint("person_id", "key"),)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: an HTTP status and a payload that JSON can hold."""

    status: int
    payload: dict[str, Any]


class KeyReused(Invalid):
    """The key came with another request before (422)."""

    def __init__(self) -> None:
        super().__init__(
            "Idempotency-Key",
            Sentence("该请求标识已用于另一内容不同的请求。", "This key was sent before, with a different request. Use a new key."),
        )


def once(
    key: str | None, *, person_id: int, route: str, body: Any, do: Callable[[Session], Answer],
    refuse: Callable[[PortalError], Answer] | None = None,
) -> Answer:  # fmt: skip
    """Do the work in a transaction and give its answer; with a key, a repeat gives the first answer and does nothing.

    `do` gets the session, flushes what it needs and does not commit. `refuse` turns an error of ours into an answer, outside any
    transaction, and that answer is kept too; without it the error is raised and nothing is kept. `route` and `body` (anything JSON can
    hold) say what was asked: the same key with something else is KeyReused. Without a key the work is simply done.
    """
    _check_key(key)
    asked = _Asked(key, person_id, route, _digest(route, body))
    try:
        return _at_most_once(asked, do)
    except KeyReused:
        raise
    except PortalError as error:
        if refuse is None:
            raise
        return _at_most_once(asked, _saying(refuse(error)))


def forget_keys(session: Session, *, now: datetime) -> int:
    """Delete keys older than two days; give how many."""
    done = session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT))
    return int(getattr(done, "rowcount", 0))


@dataclass(frozen=True, slots=True)
class _Asked:
    key: str | None
    person_id: int
    route: str
    body_hash: str


def _at_most_once(asked: _Asked, do: Callable[[Session], Answer]) -> Answer:
    with writing() as session:
        earlier = _claim(session, asked)
        if earlier is not None:
            return earlier
        answer = do(session)
        _keep(session, asked, answer)
        return answer


def _saying(answer: Answer) -> Callable[[Session], Answer]:
    """Give work that is only to keep an answer; where a twin has kept its own meanwhile, that one counts."""
    return lambda _session: answer


def _check_key(key: str | None) -> None:
    if key and (len(key) > LONGEST_KEY or not key.isprintable()):
        raise Invalid(
            "Idempotency-Key",
            Sentence(f"请求标识应为不超过 {LONGEST_KEY} 个可见字符。", f"A key is made of at most {LONGEST_KEY} visible characters."),
        )


def _claim(session: Session, asked: _Asked) -> Answer | None:
    """Write the key down as ours, or give the answer that is kept of it."""
    if not asked.key:
        return None
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    values = {"person_id": asked.person_id, "key": asked.key, "route": asked.route, "body_hash": asked.body_hash}
    claim = insert(IdempotencyKey).values(**values, created_at=clock.now()).on_conflict_do_nothing()
    if session.scalar(claim.returning(IdempotencyKey.id)) is not None:
        return None
    found = session.scalars(select(IdempotencyKey).where(*_is_it(asked))).one()
    if found.body_hash != asked.body_hash:
        raise KeyReused
    # Who waited for the key has waited for its answer as well: both are committed together.
    assert found.status is not None
    return Answer(found.status, dict(found.answer or {}))


def _keep(session: Session, asked: _Asked, answer: Answer) -> None:
    if asked.key:
        values = {"status": answer.status, "answer": answer.payload}
        session.execute(update(IdempotencyKey).where(*_is_it(asked)).values(values).execution_options(synchronize_session=False))


def _is_it(asked: _Asked) -> tuple[ColumnElement[bool], ...]:
    return IdempotencyKey.person_id == asked.person_id, IdempotencyKey.key == asked.key


def _digest(route: str, body: Any) -> str:
    text = json.dumps([route, body], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
