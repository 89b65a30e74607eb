"""The charges of the past, written in bulk as they were confirmed and accepted: prices are those of the rates, the ledger's own verb posts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.opening import days_around
from instruments.people import Organisation
from instruments.tariffs import Rates, TariffVersion, rates_of
from instruments.timespan import TimeSpan, zone
from portal.demo.past import AS_ONE
from scheduling.accounting.accounts import NOTHING, Account, open_credit_of
from scheduling.accounting.charges import Charge, ChargeLine, ChargeShare
from scheduling.accounting.finalising import posting_key
from scheduling.accounting.incomes import incomes_of
from scheduling.accounting.ledger import Posting, post_all
from scheduling.accounting.splits import WHOLE, split_amount
from scheduling.bookings import Booking
from scheduling.pricing.engine import price
from scheduling.pricing.lines import Priced
from scheduling.pricing.needs import needs
from scheduling.pricing.use import History, Use
from scheduling.rates import spec_of
from scheduling.usage import UsageRecord

AT_ONCE = 1000
REVIEW = timedelta(days=7)
COLUMNS = (
    UsageRecord.id, UsageRecord.booking_id, UsageRecord.instrument_id, UsageRecord.owner_id, UsageRecord.organisation_id, UsageRecord.person_id,
    UsageRecord.group_id, UsageRecord.audience, UsageRecord.mode, UsageRecord.purpose, UsageRecord.start_at, UsageRecord.confirmed_at,
    Booking.start_at.label("booked_from"), Booking.end_at.label("booked_until"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Due:
    """A use, by which version it is charged, and what it costs."""

    use: Any
    version: TariffVersion
    priced: Priced

    @property
    def total(self) -> Decimal:
        """Give the price."""
        return self.priced.total or NOTHING

    @property
    def final_at(self) -> datetime:
        """Say when nobody has objected in time."""
        at: datetime = self.use.confirmed_at + REVIEW
        return at


class Payers:
    """Who pays: a group from its account for what it used from an instant on, while something is left; else the user's organisation owes it."""

    def __init__(self, session: Session, purses: Mapping[int, Account], since: datetime, opened_at: datetime) -> None:
        self.session, self.purses, self.since, self.opened_at = session, purses, since, opened_at
        self.left = {group: account.balance for group, account in purses.items()}
        self.owed: dict[tuple[int, int], int] = {}

    def account_of(self, due: Due) -> int:
        """Give the account that pays a charge."""
        use = due.use
        purse = self.purses.get(use.group_id) if use.start_at >= self.since else None
        if purse is not None and purse.organisation_id == use.owner_id and self.left[use.group_id] >= due.total:
            self.left[use.group_id] -= due.total
            return purse.id
        pair = use.owner_id, use.organisation_id
        if pair not in self.owed:
            holder = self.session.get_one(Organisation, use.organisation_id)
            self.owed[pair] = open_credit_of(self.session, use.owner_id, holder, self.opened_at).id
        return self.owed[pair]


def charge_past(session: Session, home: Organisation, payers: Payers, first: datetime, *, now: datetime) -> int:
    """Charge the confirmed uses since an instant: of people from outside, and at the sample manager's organisation all; give how many."""
    uses = _uses(session, home, first)
    instruments = {one.id: one for one in session.scalars(select(Instrument))}
    earners = incomes_of(session, instruments.values(), payers.opened_at)
    dues = _dues(session, uses, instruments, first, now)
    for at in range(0, len(dues), AT_ONCE):
        some = dues[at : at + AT_ONCE]
        made = insert(Charge).returning(Charge.id, sort_by_parameter_order=True)
        ids = session.scalars(made, [_charge(one) for one in some], execution_options=AS_ONE).all()
        pairs = [(key, one, payers.account_of(one)) for key, one in zip(ids, some, strict=True)]
        session.execute(insert(ChargeLine), [line for key, one, _ in pairs for line in _lines(key, one.priced)], execution_options=AS_ONE)
        session.execute(insert(ChargeShare), [_share(*pair) for pair in pairs])
        over = [pair for pair in pairs if pair[1].final_at <= now]
        post_all(session, [_posting(*pair, earners[pair[1].use.instrument_id]) for pair in over])
        done = update(Charge).where(Charge.id.in_([key for key, _, _ in over]))
        session.execute(done.values(status="final", final_at=Charge.review_until), execution_options={"synchronize_session": False})
    return len(dues)


def _uses(session: Session, home: Organisation, first: datetime) -> Sequence[Any]:
    wanted = or_(UsageRecord.is_external, UsageRecord.owner_id == home.id)
    return session.execute(
        select(*COLUMNS)
        .join(Booking, Booking.id == UsageRecord.booking_id)
        .where(UsageRecord.status == "confirmed", UsageRecord.start_at >= first, wanted)
        .order_by(UsageRecord.start_at, UsageRecord.id)
    ).all()


def _dues(session: Session, uses: Sequence[Any], instruments: Mapping[int, Instrument], first: datetime, now: datetime) -> list[Due]:
    rates = rates_of(session, list(instruments), first, now)
    days = days_around(session, TimeSpan(first, now))
    found = []
    for use in uses:
        version = _version(rates.get(use.instrument_id), use.start_at)
        if version is not None:
            tz = zone(instruments[use.instrument_id].time_zone)
            span = TimeSpan(use.booked_from, use.booked_until)
            asked = Use(booked=span, tz=tz, holidays=days, audience=use.audience, mode=use.mode, purpose=use.purpose)
            # As if it were the first in each cycle: what came before would have to be read for every one of them.
            history = History({need: Decimal(0) for need in needs(spec_of(version), asked)})
            found.append(Due(use, version, price(spec_of(version), asked, history)))
    return [one for one in found if one.total]


def _version(rates: Rates | None, at: datetime) -> TariffVersion | None:
    return rates.at(at) if rates else None


def _charge(due: Due) -> dict[str, Any]:
    use = due.use
    return {
        "kind": "use", "usage_id": use.id, "booking_id": use.booking_id, "organisation_id": use.owner_id,
        "user_organisation_id": use.organisation_id, "instrument_id": use.instrument_id, "person_id": use.person_id, "group_id": use.group_id,
        "used_at": use.start_at, "status": "review", "tariff_version_id": due.version.id, "total": due.total,
        "currency": "CNY", "made_at": use.confirmed_at, "confirmed_at": use.confirmed_at, "review_until": due.final_at, "reason": "", "version": 1,
    }  # fmt: skip


def _lines(charge_id: int, priced: Priced) -> list[dict[str, Any]]:
    return [
        {
            "charge_id": charge_id, "position": position, "code": line.code[:60], "label_zh": line.label.zh[:300], "label_en": line.label.en[:300],
            "quantity": str(line.quantity)[:40], "unit_zh": line.unit.zh[:60], "unit_en": line.unit.en[:60], "rate": line.rate,
            "amount": line.amount, "reason": "",
        }
        for position, line in enumerate(priced.lines, 1)
    ]  # fmt: skip


def _share(charge_id: int, due: Due, payer: int) -> dict[str, Any]:
    return {"charge_id": charge_id, "account_id": payer, "percent": WHOLE, "amount": due.total}


def _posting(charge_id: int, due: Due, payer: int, earners: Sequence[tuple[Account, Decimal]]) -> Posting:
    parts = split_amount(due.total, [percent for _, percent in earners])
    entries = ((payer, -due.total), *((account.id, part) for (account, _), part in zip(earners, parts, strict=True)))
    return Posting(posting_key(charge_id), "charge", entries, due.final_at, None, noun="charge", noun_id=charge_id)
