"""The price a booking was made at (报价): its lines as they were, the version they came from, and who is to pay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.database import Base, Key
from instruments.tariffs import TariffVersion
from scheduling.accounting.accounts import Account
from scheduling.bookings import Booking
from scheduling.pricing.lines import Priced, as_json, from_json


class BookingQuote(Base):
    """What a booking was to cost when it was made or moved; a charge is compared with it.

    `total` is None where a manager must set the price. `shares` is [{"account": id, "percent": "60"}, ...] where several accounts pay.
    `quantities` is {unit code: "3.5"}, `options` the codes chosen. An instrument without rates has a row only where an account is named.
    """

    __tablename__ = "booking_quote"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), unique=True)
    tariff_version_id: Mapped[int | None] = mapped_column(ForeignKey("tariff_version.id"), index=True)
    priced: Mapped[dict[str, Any]] = mapped_column(JSON)
    total: Mapped[Decimal | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    shares: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    quantities: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    options: Mapped[list[str]] = mapped_column(JSON, default=list)
    made_at: Mapped[datetime]

    booking: Mapped[Booking] = relationship()
    version: Mapped[TariffVersion | None] = relationship()
    account: Mapped[Account | None] = relationship()

    @property
    def price(self) -> Priced:
        """Give the lines as they were."""
        return from_json(self.priced)


def keep_quote(
    session: Session, one: Booking, version: TariffVersion | None, priced: Priced | None, *, account_id: int | None,
    quantities: tuple[tuple[str, Decimal], ...] = (), options: tuple[str, ...] = (), shares: Sequence[dict[str, str]] = (), now: datetime,
) -> BookingQuote | None:  # fmt: skip
    """Keep what a booking was priced at; nothing is kept where there are no rates and nobody to pay."""
    if priced is None and account_id is None:
        return None
    found = priced or Priced()
    made = BookingQuote(
        booking=one, version=version, priced=as_json(found), total=found.total, account_id=account_id, shares=list(shares),
        quantities={code: format(amount, "f") for code, amount in quantities}, options=list(options), made_at=now,
    )  # fmt: skip
    session.add(made)
    return made


def quote_of(session: Session, booking_id: int) -> BookingQuote | None:
    """Give the quote a booking was made at, or None where nothing was to be paid."""
    return session.scalar(select(BookingQuote).where(BookingQuote.booking_id == booking_id))


def quotes_of(session: Session, booking_ids: Iterable[int]) -> Mapping[int, BookingQuote]:
    """Give the quotes of many bookings with the versions they froze; one statement."""
    asked = select(BookingQuote).where(BookingQuote.booking_id.in_(list(booking_ids))).options(joinedload(BookingQuote.version))
    rows = session.scalars(asked)
    return {row.booking_id: row for row in rows}
