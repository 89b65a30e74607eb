"""Charge what happened: a use that was confirmed, a booking missed or cancelled too late. Prices come from the rates, never from a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.errors import OutOfOrder, Sentence
from scheduling.accounting.charges import Charge
from scheduling.accounting.charging import Bill, add_charge
from scheduling.accounting.holds import release
from scheduling.accounting.spending import shares_of
from scheduling.bookingquotes import quote_of
from scheduling.rates import price_usage
from scheduling.usage import UsageRecord


def make_charge(session: Session, usage: UsageRecord, *, now: datetime) -> Charge | None:
    """Make the draft of what a confirmed use costs; None where the instrument has no rates: then nothing stays held either."""
    if usage.status != "confirmed":
        raise OutOfOrder(Sentence("请先确认该使用记录。", "Confirm this use first."))
    version, priced = price_usage(session, usage, now=now)
    if priced is None:
        if usage.booking_id is not None:
            release(session, [usage.booking_id], now=now)
        return None
    quote = quote_of(session, usage.booking_id) if usage.booking_id is not None else None
    bill = Bill(
        "use", usage.instrument, usage.person, usage.start_at, priced, version, usage, usage.booking, usage.group_id, usage.organisation_id,
        quote.total if quote else None, shares_of(quote),
    )  # fmt: skip
    return add_charge(session, bill, now=now)


def check_not_charged(session: Session, usage: UsageRecord) -> None:
    """Refuse to open a use again whose charge stands."""
    stands = (Charge.usage_id == usage.id, Charge.status != "reversed", Charge.reverses_id.is_(None))
    if session.scalar(select(Charge.id).where(*stands)) is not None:
        raise OutOfOrder(Sentence("该使用已计费，请先撤销收费。", "This use is charged. Reverse the charge first."))
