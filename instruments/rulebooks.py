"""Rule books (预约规则): versioned lists of entries; what an entry means is the business of scheduling/rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, bindparam, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.catalogue import Instrument
from instruments.database import Base, Key

Entry = dict[str, Any]


class RuleBook(Base):
    """One version of an instrument's rules, in force from an instant until the next version's.

    An entry: {"kind", "parameters": {...}, "who": {...}, "when": {...}, "effect": "refuse" | "approve" | "warn"}.
    """

    __tablename__ = "rule_book"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    number: Mapped[int]
    valid_from: Mapped[datetime]
    entries: Mapped[list[Entry]] = mapped_column(JSON)
    published_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("instrument_id", "number"), UniqueConstraint("instrument_id", "valid_from"))


def publish_rules(
    session: Session, instrument: Instrument, entries: list[Entry], *, valid_from: datetime, by: int | None, now: datetime
) -> RuleBook:
    """Put a new version in force from an instant on; a version that starts at the same instant is replaced by the newer one.

    The entries must have been read by scheduling.rules first, which refuses what it cannot express.
    """
    same = session.scalar(
        select(RuleBook).where(RuleBook.instrument_id == instrument.id, RuleBook.valid_from == valid_from.astimezone(UTC))
    )
    if same is not None:
        same.entries, same.published_by, same.published_at = entries, by, now
        book = same
    else:
        number = session.scalar(select(func.max(RuleBook.number)).where(RuleBook.instrument_id == instrument.id)) or 0
        book = RuleBook(
            instrument_id=instrument.id, number=number + 1, valid_from=valid_from, entries=entries, published_by=by, published_at=now
        )
        session.add(book)
    instrument.schedule_version += 1
    return book


# Built once, as on the way of every booking.
HISTORY = (
    select(RuleBook)
    .where(RuleBook.instrument_id.in_(bindparam("ids", expanding=True)))
    .order_by(RuleBook.instrument_id, RuleBook.valid_from)
)


def rule_book_history(session: Session, instrument_ids: Iterable[int]) -> Mapping[int, list[RuleBook]]:
    """Give every version of the rule books of many instruments, oldest first, in one statement."""
    books: dict[int, list[RuleBook]] = {}
    for book in session.scalars(HISTORY, {"ids": list(instrument_ids)}):
        books.setdefault(book.instrument_id, []).append(book)
    return books


def in_force(books: list[RuleBook], at: datetime) -> list[Entry]:
    """Pick the entries in force at an instant; before the first version there are none."""
    current: list[Entry] = []
    for book in books:
        if book.valid_from <= at:
            current = book.entries
    return current
