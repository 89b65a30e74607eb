"""Rule books (预约规则): versioned lists of entries; what an entry means is the business of scheduling/rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.errors import Changed, Invalid, OutOfOrder, Sentence

Entry = dict[str, Any]
FURTHEST = timedelta(days=3 * 366)


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
    session: Session, instrument: Instrument, entries: list[Entry], *, valid_from: datetime, by: int | None, now: datetime,
    seen: int | None = None,
) -> RuleBook:  # fmt: skip
    """Put a new version in force from an instant on; a version that starts at the same instant is replaced by the newer one.

    The entries must have been read by scheduling.rules first, which refuses what it cannot express. Only the first version may begin in
    the past. `seen` is the number of the newest version the person started from; when there is a newer one it is Changed.
    """
    books = session.scalars(select(RuleBook).where(RuleBook.instrument_id == instrument.id)).all()
    newest = max((book.number for book in books), default=0)
    if seen is not None and seen != newest:
        raise Changed(Sentence("规则刚刚被他人更新，请刷新后再改。", "Somebody has just changed these rules. Reload and change them again."))
    _check_start(valid_from, now, is_first=not books)
    book = next((book for book in books if book.valid_from == valid_from), None)
    if book is None:
        book = RuleBook(instrument_id=instrument.id, number=newest + 1, valid_from=valid_from)
        session.add(book)
    book.entries, book.published_by, book.published_at = entries, by, now
    instrument.schedule_version += 1
    return book


def _check_start(valid_from: datetime, now: datetime, *, is_first: bool) -> None:
    if valid_from < now and not is_first:
        raise Invalid("valid_from", Sentence("规则不能从过去开始生效。", "Rules cannot come into force in the past."))
    if valid_from > now + FURTHEST:
        raise Invalid("valid_from", Sentence("生效时间不能晚于三年以后。", "Rules come into force within three years."))


def withdraw_rules(session: Session, instrument: Instrument, book: RuleBook, *, now: datetime) -> None:
    """Take back a version that is not in force yet; what was in force stays for the record."""
    if book.valid_from <= now:
        raise OutOfOrder(Sentence("该版本已生效，不能撤回。", "This version is in force already; it cannot be taken back."))
    session.delete(book)
    instrument.schedule_version += 1


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
